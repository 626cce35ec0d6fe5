/* SPDX-License-Identifier: MIT */
/* Hardware counters of mlp-bench: scaling, plausibility, the kinds of cores found
 * in a /proc and /sys made here, the reasons, a simulated kernel; and this
 * machine's own, counts or reason. */
#include "../benchmarks/counters.h"
#include "folder.h"
#include "suite.h"
#include "tree.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* --- Scaling ---------------------------------------------------------------------- */

START_TEST(scaling)
{
    struct bench_record whole = {1000, 500, 500}, half = {1000, 500, 250}, never = {0, 500, 0},
                        hardly = {1, 1000000, 10}, none = {0, 0, 0}, jitter = {1000, 500, 501};
    ck_assert(bench_scale(1, &whole) == 1000);
    ck_assert(bench_scale(1, &half) == 2000);
    ck_assert(bench_scale(1, &jitter) == 1000);
    ck_assert(isnan(bench_scale(1, &never)));
    ck_assert(isnan(bench_scale(1, &hardly)));
    ck_assert(isnan(bench_scale(1, &none)));
    /* A count of 0 is a count, where the counter ran. */
    ck_assert(bench_scale(1, &(struct bench_record){0, 500, 500}) == 0);
    /* A cache line's count may pass 2^53. */
    ck_assert(bench_scale(1, &(struct bench_record){UINT64_C(1) << 60, 8, 8}) == 0x1p60);
}
END_TEST

START_TEST(kinds_of_cores_add_up)
{
    struct bench_record split[] = {{600, 100, 70}, {200, 100, 29}}; /* 99 % known */
    ck_assert(fabs(bench_scale(2, split) - 800 / 0.99) < 1e-9);
    struct bench_record one_side[] = {{600, 100, 100}, {0, 100, 0}};
    ck_assert(bench_scale(2, one_side) == 600);
    /* The event exists on one kind only. */
    struct bench_record stayed[] = {{600, 100, 100}, {0, 0, 0}};
    ck_assert(bench_scale(2, stayed) == 600);
    struct bench_record strayed[] = {{600, 100, 60}, {0, 0, 0}};
    ck_assert(isnan(bench_scale(2, strayed)));
    struct bench_record multiplexed[] = {{600, 100, 30}, {200, 100, 30}};
    ck_assert(isnan(bench_scale(2, multiplexed)));
}
END_TEST

/* --- Plausibility ------------------------------------------------------------------- */

/* A second at 3 GHz and 2 instructions a cycle. */
static const struct bench_counts good = {
    .of = {3e9, 6e9, 1e7, 1e6, 1e3},
    .seconds = 1,
};

static void expect_only(const struct bench_counts *counts, int event, const char *doubt)
{
    ck_assert_ptr_nonnull(counts->doubts[event]);
    ck_assert_str_eq(bench_counts_doubt(counts), counts->doubts[event]);
    ck_assert_msg(strstr(counts->doubts[event], doubt) != NULL, "%s", counts->doubts[event]);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
        ck_assert_msg(isnan(counts->of[e]) == (e == event), "%d: %g", e, counts->of[e]);
        ck_assert(!counts->doubts[e] == (e != event));
    }
}

START_TEST(plausible_counts_stay)
{
    struct bench_counts counts = good;
    bench_counts_check(&counts);
    ck_assert_ptr_null(bench_counts_doubt(&counts));
    ck_assert_mem_eq(counts.of, good.of, sizeof good.of);
    counts.of[BENCH_LLC_MISSES] = 0; /* all that is needed may be in the caches */
    bench_counts_check(&counts);
    ck_assert(counts.of[BENCH_LLC_MISSES] == 0);
    ck_assert(bench_counts_ipc(&counts) == 2);
    ck_assert(fabs(bench_counts_ghz(&counts) - 3) < 1e-12);
}
END_TEST

static const struct {
    int event;
    double count;
    const char *doubt;
} impossible[] = {
    {BENCH_CYCLES, 0, "cycles stood still"},
    {BENCH_CYCLES, 11e9, "no CPU"},
    {BENCH_CYCLES, 0.04e9, "no CPU"},
    {BENCH_INSTRUCTIONS, 0, "instructions stood still"},
    {BENCH_INSTRUCTIONS, 49e9, "more instructions"},
    {BENCH_L1_MISSES, 0, "L1 misses stood still"},
    {BENCH_L1_MISSES, 7e9, "more misses"},
    {BENCH_L2_MISSES, 7e9, "more misses"},
    {BENCH_LLC_MISSES, 7e9, "more misses"},
};

START_TEST(impossible_counts_go)
{
    struct bench_counts counts = good;
    counts.of[impossible[_i].event] = impossible[_i].count;
    bench_counts_check(&counts);
    expect_only(&counts, impossible[_i].event, impossible[_i].doubt);
    if (impossible[_i].event == BENCH_CYCLES) {
        ck_assert(isnan(bench_counts_ghz(&counts)));
        ck_assert(isnan(bench_counts_ipc(&counts)));
    }
}
END_TEST

START_TEST(inner_cache_passes_on)
{
    struct bench_counts counts = good;
    counts.of[BENCH_L2_MISSES] = 0;
    counts.of[BENCH_LLC_MISSES] = 5;
    bench_counts_check(&counts);
    expect_only(&counts, BENCH_L2_MISSES, "L2 misses stood still");
}
END_TEST

START_TEST(unknown_stays_unknown)
{
    struct bench_counts counts = bench_counts_unknown();
    bench_counts_check(&counts);
    struct bench_tally empty = {.pmus = 1};
    struct bench_counts none = bench_counts_of(&empty);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(isnan(counts.of[e]) && isnan(none.of[e]));
    ck_assert_ptr_null(bench_counts_doubt(&counts));
    ck_assert_ptr_null(bench_counts_doubt(&none));
    ck_assert(isnan(bench_counts_ghz(&none)) && isnan(bench_counts_ipc(&none)));
    ck_assert(isnan(none.seconds));
}
END_TEST

START_TEST(tallies)
{
    struct bench_tally tally = {.pmus = 1};
    tally.sum[BENCH_CYCLES][0] = (struct bench_record){3000000000, 1000000000, 1000000000};
    tally.sum[BENCH_INSTRUCTIONS][0] = (struct bench_record){6000000000, 1000000000, 1000000000};
    tally.sum[BENCH_L1_MISSES][0] = (struct bench_record){50000, 1000000000, 500000000};
    tally.sum[BENCH_L2_MISSES][0] = (struct bench_record){0, 1000000000, 0};
    tally.sum[BENCH_LLC_MISSES][0] = (struct bench_record){7, 1000000000, 1000000000};
    tally.missing[BENCH_LLC_MISSES] = true;
    struct bench_counts counts = bench_counts_of(&tally);
    ck_assert(counts.of[BENCH_CYCLES] == 3e9 && counts.seconds == 1);
    ck_assert(counts.of[BENCH_L1_MISSES] == 100000);
    ck_assert(isnan(counts.of[BENCH_L2_MISSES]) && isnan(counts.of[BENCH_LLC_MISSES]));
    ck_assert_ptr_nonnull(strstr(counts.doubts[BENCH_L2_MISSES], "not running"));
    ck_assert_ptr_nonnull(strstr(counts.doubts[BENCH_LLC_MISSES], "a thread could not"));
}
END_TEST

/* --- The machine's lists --------------------------------------------------------------- */

static void expect_code(const struct bench_pmu *pmu, int event, uint32_t type, uint64_t config)
{
    const struct bench_code *code = &pmu->codes[event];
    ck_assert(code->known);
    ck_assert_msg(code->type == type && code->config == config, "%d: %u %#llx", event, code->type,
                  (unsigned long long)code->config);
}

#define INTEL(model, flags)                                                                        \
    "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: " model                \
    "\nmodel name\t: Some CPU\nflags\t\t: fpu " flags "\n\nprocessor\t: 1\nmodel\t\t: 1\n"

START_TEST(intel_of_one_kind)
{
    struct bench_pmus pmus;
    tree_put("proc/cpuinfo", INTEL("158", "vme"));
    tree_put("proc/sys/kernel/perf_event_paranoid", "2\n");
    tree_put("sys/bus/event_source/devices/cpu/type", "4\n");
    tree_put("sys/bus/event_source/devices/uncore_imc_0/cpumask", "0\n");
    bench_pmus_read(folder, &pmus);
    ck_assert_uint_eq(pmus.count, 1);
    ck_assert(!pmus.hypervisor && pmus.paranoid == 2);
    expect_code(&pmus.pmu[0], BENCH_CYCLES, 0, 0);
    expect_code(&pmus.pmu[0], BENCH_INSTRUCTIONS, 0, 1);
    expect_code(&pmus.pmu[0], BENCH_L1_MISSES, 3, 0x10000);
    expect_code(&pmus.pmu[0], BENCH_L2_MISSES, 4, 0x3F24);
    expect_code(&pmus.pmu[0], BENCH_LLC_MISSES, 0, 3);

    tree_put("proc/cpuinfo", INTEL("92", "vme hypervisor")); /* an Atom */
    bench_pmus_read(folder, &pmus);
    ck_assert(pmus.hypervisor && !pmus.pmu[0].codes[BENCH_L2_MISSES].known);
}
END_TEST

START_TEST(intel_of_two_kinds)
{
    struct bench_pmus pmus;
    tree_put("proc/cpuinfo", INTEL("151", "vme"));
    tree_put("sys/bus/event_source/devices/cpu_core/type", "4\n");
    tree_put("sys/bus/event_source/devices/cpu_core/cpus", "0-7\n");
    tree_put("sys/bus/event_source/devices/cpu_atom/type", "10\n");
    tree_put("sys/bus/event_source/devices/cpu_atom/cpus", "8-15\n");
    tree_put("sys/bus/event_source/devices/software/type", "1\n");
    bench_pmus_read(folder, &pmus);
    ck_assert_uint_eq(pmus.count, 2);
    size_t core = pmus.pmu[0].codes[BENCH_CYCLES].config == UINT64_C(4) << 32 ? 0 : 1;
    expect_code(&pmus.pmu[core], BENCH_CYCLES, 0, UINT64_C(4) << 32);
    expect_code(&pmus.pmu[core], BENCH_L2_MISSES, 4, 0x3F24);
    expect_code(&pmus.pmu[!core], BENCH_INSTRUCTIONS, 0, UINT64_C(10) << 32 | 1);
    expect_code(&pmus.pmu[!core], BENCH_L1_MISSES, 3, UINT64_C(10) << 32 | 0x10000);
    ck_assert(!pmus.pmu[!core].codes[BENCH_L2_MISSES].known);
}
END_TEST

START_TEST(zen_and_older)
{
    struct bench_pmus pmus;
    tree_put("proc/cpuinfo", "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\n\n");
    bench_pmus_read(folder, &pmus);
    expect_code(&pmus.pmu[0], BENCH_CYCLES, 0, 0);
    expect_code(&pmus.pmu[0], BENCH_L2_MISSES, 4, 0x0964);
    expect_code(&pmus.pmu[0], BENCH_LLC_MISSES, 4, 0x4843);
    ck_assert_int_eq(pmus.paranoid, BENCH_PARANOID_UNKNOWN);

    tree_put("proc/cpuinfo", "vendor_id\t: AuthenticAMD\ncpu family\t: 21\nmodel\t\t: 2\n\n");
    bench_pmus_read(folder, &pmus);
    ck_assert(!pmus.pmu[0].codes[BENCH_L2_MISSES].known);
    expect_code(&pmus.pmu[0], BENCH_LLC_MISSES, 3, 0x10002);
}
END_TEST

static void put_events(const char *pmu, const char *type, const char *const (*events)[2])
{
    char path[256];
    snprintf(path, sizeof path, "sys/bus/event_source/devices/%s/cpus", pmu);
    tree_put(path, "0-3\n");
    snprintf(path, sizeof path, "sys/bus/event_source/devices/%s/type", pmu);
    tree_put(path, type);
    for (; (*events)[0]; events++) {
        snprintf(path, sizeof path, "sys/bus/event_source/devices/%s/events/%s", pmu, (*events)[0]);
        tree_put(path, (*events)[1]);
    }
}

static const char *const arm_events[][2] = {
    {"cpu_cycles", "event=0x0011\n"},
    {"inst_retired", "event=0x0008\n"},
    {"l1d_cache_refill", "event=0x0003\n"},
    {"l2d_cache_refill", "event=0x0017\n"},
    {"ll_cache_miss_rd", "event=0x0037\n"},
    {"sw_incr", "event=0x0000\n"},
    {NULL, NULL},
};

START_TEST(arm_of_three_kinds)
{
    struct bench_pmus pmus;
    tree_put("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd46\n\n");
    bench_pmus_read(folder, &pmus);
    ck_assert_uint_eq(pmus.count, 1);
    expect_code(&pmus.pmu[0], BENCH_CYCLES, 0, 0); /* generic */
    put_events("armv8_cortex_a510", "8\n", arm_events);
    put_events("armv8_cortex_a715", "9\n", arm_events);
    put_events("armv8_cortex_x3", "10\n", arm_events);
    bench_pmus_read(folder, &pmus);
    ck_assert_uint_eq(pmus.count, 3);
    unsigned types = 0;
    for (size_t p = 0; p < 3; p++) {
        uint32_t type = pmus.pmu[p].codes[BENCH_CYCLES].type;
        types |= 1u << type;
        expect_code(&pmus.pmu[p], BENCH_CYCLES, type, 0x11);
        expect_code(&pmus.pmu[p], BENCH_INSTRUCTIONS, type, 0x08);
        expect_code(&pmus.pmu[p], BENCH_L1_MISSES, type, 0x03);
        expect_code(&pmus.pmu[p], BENCH_L2_MISSES, type, 0x17);
        expect_code(&pmus.pmu[p], BENCH_LLC_MISSES, type, 0x37);
    }
    ck_assert_uint_eq(types, 0x700);
}
END_TEST

START_TEST(arm_with_few_events)
{
    static const char *const apple[][2] = {
        {"cycles", "event=0x2\n"}, {"instructions", "event=0x8c\n"}, {NULL, NULL}};
    struct bench_pmus pmus;
    tree_put("proc/cpuinfo", "CPU implementer\t: 0x61\n\n");
    put_events("apple_firestorm_pmu", "11\n", apple);
    bench_pmus_read(folder, &pmus);
    ck_assert_uint_eq(pmus.count, 1);
    expect_code(&pmus.pmu[0], BENCH_CYCLES, 11, 0x2);
    expect_code(&pmus.pmu[0], BENCH_INSTRUCTIONS, 11, 0x8C);
    for (int e = BENCH_L1_MISSES; e < BENCH_EVENT_COUNT; e++)
        ck_assert(!pmus.pmu[0].codes[e].known);
}
END_TEST

START_TEST(nothing_to_read)
{
    struct bench_pmus pmus;
    char longest[3000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    const char *const roots[] = {"/nowhere", folder, longest};
    for (int i = 0; i < 3; i++) {
        bench_pmus_read(roots[i], &pmus);
        ck_assert_uint_eq(pmus.count, 1);
        ck_assert(pmus.pmu[0].codes[BENCH_CYCLES].known && !pmus.hypervisor);
    }
}
END_TEST

/* --- Reasons ---------------------------------------------------------------------------- */

static const struct {
    int error, paranoid;
    bool hypervisor;
    const char *text;
} reasons[] = {
    {ENOENT, 2, true, "virtual machine"},
    {EOPNOTSUPP, 2, true, "virtual machine"},
    {ENOENT, 2, false, "none for this CPU"},
    {EACCES, 4, false, "kernel.perf_event_paranoid is 4, at most 2"},
    {EPERM, 3, true, "kernel.perf_event_paranoid is 3, at most 2"},
    {EPERM, 2, false, "though kernel.perf_event_paranoid is 2: a container"},
    {EPERM, BENCH_PARANOID_UNKNOWN, false, "hidden; a container?"},
    {ENOSYS, 2, false, "no perf_event_open on this system"},
    {EMFILE, 2, false, "too many open files"},
    {EBUSY, 2, false, "another program"},
    {EFAULT, 2, false, ""}, /* whatever the C library calls it */
};

START_TEST(reason_of_an_error)
{
    struct bench_pmus pmus = {.paranoid = reasons[_i].paranoid,
                              .hypervisor = reasons[_i].hypervisor};
    char text[BENCH_REASON_SIZE] = "";
    bench_pmus_explain(&pmus, reasons[_i].error, text);
    ck_assert_msg(text[0] && strstr(text, reasons[_i].text) != NULL, "%s", text);
}
END_TEST

/* --- A simulated kernel --------------------------------------------------------------------- */

enum { MOST_OPEN = 128 };

/* Counters advance by a fixed amount each time that they are stopped. */
struct simulation {
    pthread_mutex_t lock;
    int errors[BENCH_EVENT_COUNT]; /* of opening an event */
    int allowed;                   /* counters that can be opened in all */
    int group_size;                /* members that fit; 0: any number */
    bool stands;                   /* nothing advances */
    double share;                  /* of the time that counters run */
    int opened, closed, started, members[MOST_OPEN], group[MOST_OPEN], event[MOST_OPEN];
    struct bench_record now[MOST_OPEN];
};

static const uint64_t steps[BENCH_EVENT_COUNT] = {30000000, 60000000, 4000, 300, 20};

/* The event of an Arm code; the simulated machine is one. */
static int event_of(const struct bench_code *code)
{
    static const uint64_t codes[BENCH_EVENT_COUNT] = {0x11, 0x08, 0x03, 0x17, 0x37};
    for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
        if (codes[e] == code->config)
            return e;
    }
    ck_abort_msg("no such code");
}

static int simulated_open(void *context, const struct bench_code *code, int group)
{
    struct simulation *s = context;
    int event = event_of(code);
    if (s->errors[event])
        return -s->errors[event];
    pthread_mutex_lock(&s->lock);
    int result;
    if (s->opened >= s->allowed) {
        result = -EMFILE;
    } else if (group >= 0 && s->group_size && s->members[group] >= s->group_size) {
        result = -EINVAL;
    } else {
        result = s->opened++;
        s->event[result] = event;
        s->group[result] = group < 0 ? result : group;
        s->members[s->group[result]]++;
    }
    pthread_mutex_unlock(&s->lock);
    return result;
}

static bool simulated_run(void *context, int group, bool on)
{
    struct simulation *s = context;
    pthread_mutex_lock(&s->lock);
    ck_assert_int_eq(s->group[group], group);
    s->started += on ? 1 : -1;
    for (int i = 0; !on && i < s->opened; i++) {
        if (s->group[i] != group)
            continue;
        s->now[i].enabled += 10000000;
        s->now[i].running += (uint64_t)(10000000 * s->share);
        s->now[i].value += s->stands ? 0 : (uint64_t)((double)steps[s->event[i]] * s->share);
    }
    pthread_mutex_unlock(&s->lock);
    return true;
}

static bool simulated_read(void *context, int counter, struct bench_record *record)
{
    struct simulation *s = context;
    pthread_mutex_lock(&s->lock);
    *record = s->now[counter];
    pthread_mutex_unlock(&s->lock);
    return true;
}

static void simulated_close(void *context, int counter)
{
    struct simulation *s = context;
    pthread_mutex_lock(&s->lock);
    ck_assert_int_lt(counter, s->opened);
    s->closed++;
    pthread_mutex_unlock(&s->lock);
}

static _Thread_local char here;

static long simulated_thread(void *context)
{
    (void)context;
    return (long)(intptr_t)&here;
}

static struct bench_kernel simulate(struct simulation *s)
{
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->allowed = MOST_OPEN;
    s->share = 1;
    tree_put("proc/cpuinfo", "CPU implementer\t: 0x41\n\n");
    put_events("armv8_pmuv3_0", "8\n", arm_events);
    return (struct bench_kernel){simulated_open,  simulated_run,    simulated_read,
                                 simulated_close, simulated_thread, s,
                                 folder};
}

struct member {
    struct bench_counters *counters;
    int thread, sections;
};

static void *count_as_member(void *argument)
{
    const struct member *member = argument;
    bench_counters_attach(member->counters, member->thread);
    for (int i = 0; i < member->sections; i++) {
        bench_counters_begin(member->counters, member->thread);
        bench_counters_end(member->counters, member->thread);
    }
    return NULL;
}

/* Two threads, of which this one is the first, count `sections` times. */
static struct bench_counts count_in_team(struct bench_counters *counters, int sections)
{
    struct member first = {counters, 0, sections}, second = {counters, 1, sections};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, count_as_member, &second), 0);
    count_as_member(&first);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    struct bench_tally tally = {.pmus = 0};
    bench_counters_take(counters, 2, &tally);
    return bench_counts_of(&tally);
}

static void finish(struct bench_counters *counters, const struct simulation *s)
{
    bench_counters_destroy(counters);
    ck_assert_int_eq(s->opened, s->closed);
    ck_assert_int_eq(s->started, 0);
}

START_TEST(a_team_counts)
{
    struct simulation s;
    struct bench_kernel kernel = simulate(&s);
    struct bench_counters *counters = bench_counters_create(2, &kernel);
    ck_assert_str_eq(bench_counters_reason(counters), "");
    ck_assert(bench_counters_any(counters));
    for (int round = 1; round <= 3; round++) {
        struct bench_counts counts = count_in_team(counters, round);
        for (int e = 0; e < BENCH_EVENT_COUNT; e++)
            ck_assert(counts.of[e] == (double)steps[e] * 2 * round);
        ck_assert(fabs(bench_counts_ghz(&counts) - 3) < 1e-9);
        ck_assert(bench_counts_ipc(&counts) == 2);
    }
    /* Five counters a thread; new threads, new counters. */
    ck_assert_int_le(s.opened, 4 * BENCH_EVENT_COUNT);
    ck_assert_int_eq(s.members[0], 2);
    ck_assert_int_eq(s.members[2], 3);
    finish(counters, &s);
}
END_TEST

START_TEST(counters_take_turns)
{
    struct simulation s;
    struct bench_kernel kernel = simulate(&s);
    s.share = 0.5;
    struct bench_counters *counters = bench_counters_create(2, &kernel);
    struct bench_counts counts = count_in_team(counters, 1);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(counts.of[e] == (double)steps[e] * 2);
    s.share = 0;
    counts = count_in_team(counters, 1);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(isnan(counts.of[e]) && counts.doubts[e]);
    finish(counters, &s);
}
END_TEST

START_TEST(one_event_is_missing)
{
    struct simulation s;
    struct bench_kernel kernel = simulate(&s);
    s.errors[BENCH_L1_MISSES] = ENOENT; /* would have led the second group */
    struct bench_counters *counters = bench_counters_create(2, &kernel);
    ck_assert_str_eq(bench_counters_reason(counters),
                     "no counters of L1 misses: the kernel has none for this CPU");
    struct bench_counts counts = count_in_team(counters, 1);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(e == BENCH_L1_MISSES ? isnan(counts.of[e])
                                       : counts.of[e] == (double)steps[e] * 2);
    ck_assert_ptr_null(bench_counts_doubt(&counts));
    finish(counters, &s);
}
END_TEST

START_TEST(groups_too_large)
{
    struct simulation s;
    struct bench_kernel kernel = simulate(&s);
    s.group_size = 1;
    struct bench_counters *counters = bench_counters_create(2, &kernel);
    ck_assert_str_eq(bench_counters_reason(counters), "");
    struct bench_counts counts = count_in_team(counters, 1);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(counts.of[e] == (double)steps[e] * 2);
    finish(counters, &s);
}
END_TEST

START_TEST(second_thread_gets_none)
{
    struct simulation s;
    struct bench_kernel kernel = simulate(&s);
    s.allowed = 7;
    struct bench_counters *counters = bench_counters_create(2, &kernel);
    struct bench_counts counts = count_in_team(counters, 1);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(e < 2 ? counts.of[e] == (double)steps[e] * 2 : isnan(counts.of[e]));
    ck_assert_ptr_nonnull(bench_counts_doubt(&counts));
    finish(counters, &s);
}
END_TEST

START_TEST(team_is_larger_than_planned)
{
    struct simulation s;
    struct bench_kernel kernel = simulate(&s);
    struct bench_counters *counters = bench_counters_create(1, &kernel);
    struct bench_counts counts = count_in_team(counters, 1);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(isnan(counts.of[e]));
    finish(counters, &s);
}
END_TEST

START_TEST(counters_that_do_not_count)
{
    struct simulation s;
    struct bench_kernel kernel = simulate(&s);
    s.stands = true;
    struct bench_counters *counters = bench_counters_create(2, &kernel);
    ck_assert_str_eq(bench_counters_reason(counters),
                     "no counters of cycles, instructions, L1 misses, L2 misses: it does not "
                     "count");
    s.stands = false; /* they stay out */
    struct bench_counts counts = count_in_team(counters, 1);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(isnan(counts.of[e]) == (e != BENCH_LLC_MISSES));
    finish(counters, &s);
}
END_TEST

/* As in the middle of a run. */
START_TEST(counters_that_stop)
{
    struct simulation s;
    struct bench_kernel kernel = simulate(&s);
    struct bench_counters *counters = bench_counters_create(2, &kernel);
    s.stands = true;
    struct bench_counts counts = count_in_team(counters, 1);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
        ck_assert(isnan(counts.of[e]));
        ck_assert_ptr_nonnull(strstr(counts.doubts[e], "stood still"));
        ck_assert_ptr_nonnull(strstr(counts.doubts[e], bench_event_name((enum bench_event)e)));
    }
    finish(counters, &s);
}
END_TEST

START_TEST(no_counters_at_all)
{
    struct simulation s;
    struct bench_kernel kernel = simulate(&s);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        s.errors[e] = EACCES;
    tree_put("proc/sys/kernel/perf_event_paranoid", "3\n");
    struct bench_counters *counters = bench_counters_create(2, &kernel);
    ck_assert(!bench_counters_any(counters));
    ck_assert_str_eq(bench_counters_reason(counters),
                     "no counters of cycles, instructions, L1 misses, L2 misses, LLC misses: not "
                     "permitted: kernel.perf_event_paranoid is 3, at most 2 is needed");
    struct bench_counts counts = count_in_team(counters, 1);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(isnan(counts.of[e]));
    ck_assert_int_eq(s.opened, 0);
    finish(counters, &s);
}
END_TEST

START_TEST(turned_off)
{
    struct bench_counts counts = count_in_team(NULL, 2);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        ck_assert(isnan(counts.of[e]));
    ck_assert(!bench_counters_any(NULL));
    ck_assert_str_eq(bench_counters_reason(NULL), "");
    bench_counters_destroy(NULL);
}
END_TEST

/* --- This machine --------------------------------------------------------------------------- */

/* Does not end before it has run through `count` rounds, whatever the compiler
 * thinks of that. */
static void loop(long count)
{
    for (volatile long i = 0; i < count;)
        i = i + 1;
}

START_TEST(this_machine)
{
    enum { ROUNDS = 20000000 };
    struct bench_counters *counters = bench_counters_create(1, NULL);
    ck_assert_ptr_nonnull(counters);
    printf("this machine: %s\n",
           *bench_counters_reason(counters) ? bench_counters_reason(counters) : "all counters");
    ck_assert(bench_counters_any(counters) || *bench_counters_reason(counters));
    ck_assert_ptr_null(strchr(bench_counters_reason(counters), '\n'));
    struct bench_tally tally = {.pmus = 0};
    bench_counters_attach(counters, 0);
    bench_counters_begin(counters, 0);
    loop(ROUNDS);
    bench_counters_end(counters, 0);
    loop(ROUNDS); /* not counted */
    bench_counters_take(counters, 1, &tally);
    struct bench_counts counts = bench_counts_of(&tally);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++)
        printf("%s: %g%s%s\n", bench_event_name((enum bench_event)e), counts.of[e],
               counts.doubts[e] ? ": " : "", counts.doubts[e] ? counts.doubts[e] : "");
    /* A round is three to some ten instructions, more with a sanitizer. */
    double instructions = counts.of[BENCH_INSTRUCTIONS];
    ck_assert(isnan(instructions) || (instructions > 2.0 * ROUNDS && instructions < 60.0 * ROUNDS));
    if (!bench_counters_any(counters)) {
        for (int e = 0; e < BENCH_EVENT_COUNT; e++)
            ck_assert(isnan(counts.of[e]));
    }
    bench_counters_destroy(counters);
}
END_TEST

/* The kernel counts some things without hardware: nanoseconds of the thread
 * stand in for cycles and instructions, page faults for misses of L1. */
static int open_software(void *context, const struct bench_code *code, int group)
{
    enum { TYPE_SOFTWARE = 1, CPU_CLOCK = 0, TASK_CLOCK = 1, PAGE_FAULTS = 2 };
    static const uint64_t configs[] = {TASK_CLOCK, CPU_CLOCK, PAGE_FAULTS};
    int event = event_of(code);
    struct bench_code instead = {true, TYPE_SOFTWARE, event < 3 ? configs[event] : 0};
    return event < 3 ? bench_kernel_system.open(context, &instead, group) : -ENOENT;
}

START_TEST(software_counters)
{
    enum { PAGES = 1000, PAGE = 4096, ROUNDS = 3 };
    struct bench_kernel kernel = bench_kernel_system;
    kernel.open = open_software;
    kernel.root = folder;
    tree_put("proc/cpuinfo", "CPU implementer\t: 0x41\n\n");
    put_events("armv8_pmuv3_0", "8\n", arm_events);
    struct bench_counters *counters = bench_counters_create(1, &kernel);
    printf("software: %s\n", bench_counters_reason(counters));
    bool any = bench_counters_any(counters); /* not so in some containers */
    struct bench_tally tally = {.pmus = 0};
    for (int round = 0; round < ROUNDS; round++) {
        char *pages =
            mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert(pages != MAP_FAILED);
        bench_counters_attach(counters, 0);
        bench_counters_begin(counters, 0);
        for (size_t i = 0; i < PAGES; i++)
            ((volatile char *)pages)[i * PAGE] = 1;
        loop(1000000);
        bench_counters_end(counters, 0);
        munmap(pages, PAGES * PAGE);
        bench_counters_take(counters, 1, &tally);
    }
    struct bench_counts counts = bench_counts_of(&tally);
    printf("software: %g GHz, %g IPC, %g page faults\n", bench_counts_ghz(&counts),
           bench_counts_ipc(&counts), counts.of[BENCH_L1_MISSES]);
    if (any) {
        ck_assert(fabs(bench_counts_ghz(&counts) - 1) < 0.2);
        ck_assert(fabs(bench_counts_ipc(&counts) - 1) < 0.2);
        /* Large pages, of this system or of an emulator, make fewer. */
        ck_assert(counts.of[BENCH_L1_MISSES] > 0);
        ck_assert(counts.of[BENCH_L1_MISSES] < 20 * ROUNDS * PAGES); /* a sanitizer has its own */
    }
    ck_assert(isnan(counts.of[BENCH_L2_MISSES]) && isnan(counts.of[BENCH_LLC_MISSES]));
    bench_counters_destroy(counters);
}
END_TEST

int main(void)
{
    TCase *pure = tcase_create("counts");
    tcase_add_test(pure, scaling);
    tcase_add_test(pure, kinds_of_cores_add_up);
    tcase_add_test(pure, plausible_counts_stay);
    tcase_add_loop_test(pure, impossible_counts_go, 0, sizeof impossible / sizeof impossible[0]);
    tcase_add_test(pure, inner_cache_passes_on);
    tcase_add_test(pure, unknown_stays_unknown);
    tcase_add_test(pure, tallies);

    TCase *lists = tcase_create("machines");
    tcase_add_checked_fixture(lists, folder_make, folder_remove);
    tcase_add_test(lists, intel_of_one_kind);
    tcase_add_test(lists, intel_of_two_kinds);
    tcase_add_test(lists, zen_and_older);
    tcase_add_test(lists, arm_of_three_kinds);
    tcase_add_test(lists, arm_with_few_events);
    tcase_add_test(lists, nothing_to_read);
    tcase_add_loop_test(lists, reason_of_an_error, 0, sizeof reasons / sizeof reasons[0]);

    TCase *teams = tcase_create("teams");
    tcase_add_checked_fixture(teams, folder_make, folder_remove);
    tcase_set_timeout(teams, 60);
    tcase_add_test(teams, a_team_counts);
    tcase_add_test(teams, counters_take_turns);
    tcase_add_test(teams, one_event_is_missing);
    tcase_add_test(teams, groups_too_large);
    tcase_add_test(teams, second_thread_gets_none);
    tcase_add_test(teams, team_is_larger_than_planned);
    tcase_add_test(teams, counters_that_do_not_count);
    tcase_add_test(teams, counters_that_stop);
    tcase_add_test(teams, no_counters_at_all);
    tcase_add_test(teams, turned_off);
    tcase_add_test(teams, this_machine);
    tcase_add_test(teams, software_counters);

    Suite *suite = suite_create("bench_counters");
    suite_add_tcase(suite, pure);
    suite_add_tcase(suite, lists);
    suite_add_tcase(suite, teams);
    return suite_run(suite);
}
