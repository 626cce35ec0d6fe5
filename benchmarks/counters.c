/* SPDX-License-Identifier: MIT */
#include "counters.h"

#include "alloc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#if defined(__linux__)
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* One thread's counters. Only that thread writes here while it runs. */
struct thread_counters {
    long owner; /* the thread that opened them; runtimes replace theirs */
    bool attached;
    int counter[BENCH_MAX_PMUS][BENCH_EVENT_COUNT]; /* -1: none */
    bool leads[BENCH_MAX_PMUS][BENCH_EVENT_COUNT];  /* a group */
    bool failed[BENCH_EVENT_COUNT];
    struct bench_record last[BENCH_MAX_PMUS][BENCH_EVENT_COUNT];
    struct bench_record section[BENCH_EVENT_COUNT][BENCH_MAX_PMUS];
};

struct bench_counters {
    struct bench_kernel kernel;
    struct bench_pmus pmus; /* the codes that the kernel refused are no longer `known` */
    char why[BENCH_EVENT_COUNT][BENCH_REASON_SIZE]; /* there is no such counter; "" there is */
    char reason[BENCH_EVENT_COUNT * (BENCH_REASON_SIZE + 24)];
    size_t count;
    struct thread_counters *threads; /* [count] */
};

/* --- The kernel ------------------------------------------------------------------ */

#if defined(__linux__)

static int system_open(void *context, const struct bench_code *code, int group)
{
    (void)context;
    struct perf_event_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.size = sizeof attr;
    attr.type = code->type;
    attr.config = code->config;
    attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    attr.disabled = group < 0;
    attr.exclude_kernel = 1;
    attr.exclude_hv = 1;
    long counter = syscall(SYS_perf_event_open, &attr, 0, -1, group, PERF_FLAG_FD_CLOEXEC);
    return counter < 0 ? -errno : (int)counter;
}

static bool system_run(void *context, int group, bool on)
{
    (void)context;
    return ioctl(group, on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0) == 0;
}

/* A stopped group does not move, so its members can be read one by one. */
static bool system_read(void *context, int counter, struct bench_record *record)
{
    (void)context;
    uint64_t values[3]; /* in the order of perf_event_open(2) */
    if (read(counter, values, sizeof values) != (ssize_t)sizeof values)
        return false;
    *record = (struct bench_record){values[0], values[1], values[2]};
    return true;
}

static void system_close(void *context, int counter)
{
    (void)context;
    close(counter);
}

static long system_thread(void *context)
{
    (void)context;
    return syscall(SYS_gettid);
}

#else

static int system_open(void *context, const struct bench_code *code, int group)
{
    (void)context, (void)code, (void)group;
    return -ENOSYS;
}

/* Nothing is ever open. */
static bool system_run(void *context, int group, bool on)
{
    (void)context, (void)group, (void)on;
    return false;
}

static bool system_read(void *context, int counter, struct bench_record *record)
{
    (void)context, (void)counter, (void)record;
    return false;
}

static void system_close(void *context, int counter)
{
    (void)context, (void)counter;
}

static long system_thread(void *context)
{
    (void)context;
    return 0;
}

#endif

const struct bench_kernel bench_kernel_system = {
    system_open, system_run, system_read, system_close, system_thread, NULL, "",
};

/* --- A thread's counters ----------------------------------------------------------- */

static void clear(struct thread_counters *own)
{
    memset(own, 0, sizeof *own);
    for (int p = 0; p < BENCH_MAX_PMUS; p++) {
        for (int e = 0; e < BENCH_EVENT_COUNT; e++)
            own->counter[p][e] = -1;
    }
}

/* Opens an event in the group of `*leader`, or as one that later events may
 * join. Where the group is too large for the hardware it counts alone. Returns
 * the errno, 0 where all is well. */
static int open_event(const struct bench_kernel *kernel, struct thread_counters *own, size_t pmu,
                      int event, const struct bench_code *code, int *leader)
{
    int counter = kernel->open(kernel->context, code, *leader);
    bool leads = *leader < 0;
    if (counter == -EINVAL && !leads) {
        counter = kernel->open(kernel->context, code, -1);
        leads = true;
    }
    if (counter < 0)
        return -counter;
    own->counter[pmu][event] = counter;
    own->leads[pmu][event] = leads;
    if (*leader < 0)
        *leader = counter;
    return 0;
}

/* Opens all known events. errors[p][e] is 0 where that went well. */
static void open_all(const struct bench_counters *counters, struct thread_counters *own,
                     int errors[BENCH_MAX_PMUS][BENCH_EVENT_COUNT])
{
    for (size_t p = 0; p < counters->pmus.count; p++) {
        int leader = -1;
        for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
            if (e == BENCH_L1_MISSES)
                leader = -1; /* the second group */
            const struct bench_code *code = &counters->pmus.pmu[p].codes[e];
            errors[p][e] =
                code->known ? open_event(&counters->kernel, own, p, e, code, &leader) : 0;
        }
    }
}

static void close_all(const struct bench_counters *counters, struct thread_counters *own)
{
    /* Members before the leader of their group. */
    for (int e = BENCH_EVENT_COUNT - 1; e >= 0; e--) {
        for (size_t p = 0; p < counters->pmus.count; p++) {
            if (own->counter[p][e] >= 0)
                counters->kernel.close(counters->kernel.context, own->counter[p][e]);
        }
    }
    clear(own);
}

static struct thread_counters *of_thread(struct bench_counters *counters, int thread)
{
    return counters && (size_t)thread < counters->count ? &counters->threads[thread] : NULL;
}

void bench_counters_attach(struct bench_counters *counters, int thread)
{
    struct thread_counters *own = of_thread(counters, thread);
    if (!own)
        return;
    long self = counters->kernel.thread(counters->kernel.context);
    if (own->attached && own->owner == self)
        return;
    close_all(counters, own);
    own->attached = true;
    own->owner = self;
    int errors[BENCH_MAX_PMUS][BENCH_EVENT_COUNT];
    open_all(counters, own, errors);
    for (size_t p = 0; p < counters->pmus.count; p++) {
        for (int e = 0; e < BENCH_EVENT_COUNT; e++)
            own->failed[e] |= errors[p][e] != 0;
    }
}

static void run_groups(const struct bench_counters *counters, struct thread_counters *own, bool on)
{
    for (size_t p = 0; p < counters->pmus.count; p++) {
        for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
            if (own->leads[p][e] &&
                !counters->kernel.run(counters->kernel.context, own->counter[p][e], on))
                own->failed[e] = true;
        }
    }
}

void bench_counters_begin(struct bench_counters *counters, int thread)
{
    struct thread_counters *own = of_thread(counters, thread);
    if (own)
        run_groups(counters, own, true);
}

/* Adds what the counter did since it was last read. */
static bool advance(const struct bench_kernel *kernel, int counter, struct bench_record *last,
                    struct bench_record *section)
{
    struct bench_record now;
    if (!kernel->read(kernel->context, counter, &now))
        return false;
    section->value += now.value - last->value;
    section->enabled += now.enabled - last->enabled;
    section->running += now.running - last->running;
    *last = now;
    return true;
}

void bench_counters_end(struct bench_counters *counters, int thread)
{
    struct thread_counters *own = of_thread(counters, thread);
    if (!own)
        return;
    run_groups(counters, own, false);
    for (size_t p = 0; p < counters->pmus.count; p++) {
        for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
            int counter = own->counter[p][e];
            if (counter >= 0 &&
                !advance(&counters->kernel, counter, &own->last[p][e], &own->section[e][p]))
                own->failed[e] = true;
        }
    }
}

void bench_counters_take(struct bench_counters *counters, int threads, struct bench_tally *tally)
{
    if (!counters)
        return;
    tally->pmus = counters->pmus.count;
    for (int t = 0; t < threads; t++) {
        struct thread_counters *own = of_thread(counters, t);
        for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
            if (counters->why[e][0])
                continue;
            tally->missing[e] |= !own || !own->attached || own->failed[e];
            for (size_t p = 0; own && p < tally->pmus; p++) {
                tally->sum[e][p].value += own->section[e][p].value;
                tally->sum[e][p].enabled += own->section[e][p].enabled;
                tally->sum[e][p].running += own->section[e][p].running;
            }
        }
        if (own)
            memset(own->section, 0, sizeof own->section);
    }
}

/* --- What there is ------------------------------------------------------------------- */

static const char unknown_event[] = "no such event of this CPU is known";

/* Ten milliseconds of work that no cache of a core can hold. */
static void exercise(void)
{
    const size_t size = (size_t)1 << 24, line = 64;
    volatile char *memory = mlp_alloc(1, size);
    for (size_t i = 0; memory && i < size; i += line)
        memory[i] = 1;
    mlp_free((void *)memory);
    for (volatile int i = 0; i < 1000000;)
        i = i + 1;
}

/* Some virtual machines have counters that do not count. What stands still here
 * does so always, and is left out; counters that had no turn in this short time
 * may have one later. */
static void self_test(struct bench_counters *counters)
{
    struct bench_tally tally = {.pmus = 0};
    bench_counters_begin(counters, 0);
    exercise();
    bench_counters_end(counters, 0);
    bench_counters_take(counters, 1, &tally);
    for (int e = BENCH_CYCLES; e <= BENCH_L2_MISSES; e++) {
        if (bench_scale(tally.pmus, tally.sum[e]) == 0)
            snprintf(counters->why[e], sizeof counters->why[e], "it does not count");
    }
}

/* Forgets the codes that the kernel refuses, so that threads do not try them
 * again, and says why an event can be counted on no kind of cores. */
static void probe(struct bench_counters *counters)
{
    int errors[BENCH_MAX_PMUS][BENCH_EVENT_COUNT];
    struct thread_counters *own = &counters->threads[0];
    open_all(counters, own, errors);
    own->attached = true;
    own->owner = counters->kernel.thread(counters->kernel.context);
    for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
        int error = 0;
        bool open = false;
        for (size_t p = 0; p < counters->pmus.count; p++) {
            open |= own->counter[p][e] >= 0;
            error = errors[p][e] ? errors[p][e] : error;
            counters->pmus.pmu[p].codes[e].known &= errors[p][e] == 0;
        }
        if (open)
            continue;
        if (error)
            bench_pmus_explain(&counters->pmus, error, counters->why[e]);
        else
            snprintf(counters->why[e], sizeof counters->why[e], "%s", unknown_event);
    }
    self_test(counters);
}

/* Where nothing can be counted, an event that is not known is no news. */
static void simplify(struct bench_counters *counters)
{
    for (int e = BENCH_CYCLES + 1; e < BENCH_EVENT_COUNT; e++) {
        if (!bench_counters_any(counters) && strcmp(counters->why[e], unknown_event) == 0)
            memcpy(counters->why[e], counters->why[BENCH_CYCLES], sizeof counters->why[e]);
    }
}

static void append(struct bench_counters *counters, const char *text)
{
    size_t length = strlen(counters->reason);
    snprintf(counters->reason + length, sizeof counters->reason - length, "%s", text);
}

/* "no counters of cycles, instructions: this; of L2 misses: that" */
static void compose(struct bench_counters *counters)
{
    bool told[BENCH_EVENT_COUNT] = {false};
    for (int e = 0; e < BENCH_EVENT_COUNT; e++) {
        if (told[e] || !counters->why[e][0])
            continue;
        append(counters, counters->reason[0] ? "; of " : "no counters of ");
        for (int other = e; other < BENCH_EVENT_COUNT; other++) {
            if (strcmp(counters->why[other], counters->why[e]) != 0)
                continue;
            append(counters, other > e ? ", " : "");
            append(counters, bench_event_name((enum bench_event)other));
            told[other] = true;
        }
        append(counters, ": ");
        append(counters, counters->why[e]);
    }
}

struct bench_counters *bench_counters_create(int threads, const struct bench_kernel *kernel)
{
    struct bench_counters *counters = mlp_alloc(1, sizeof *counters);
    if (!counters)
        return NULL;
    counters->kernel = kernel ? *kernel : bench_kernel_system;
    counters->count = threads > 0 ? (size_t)threads : 1;
    counters->threads = mlp_alloc(counters->count, sizeof *counters->threads);
    if (!counters->threads) {
        mlp_free(counters);
        return NULL;
    }
    for (size_t t = 0; t < counters->count; t++)
        clear(&counters->threads[t]);
    bench_pmus_read(counters->kernel.root, &counters->pmus);
    probe(counters);
    simplify(counters);
    compose(counters);
    return counters;
}

void bench_counters_destroy(struct bench_counters *counters)
{
    if (!counters)
        return;
    for (size_t t = 0; t < counters->count; t++)
        close_all(counters, &counters->threads[t]);
    mlp_free(counters->threads);
    mlp_free(counters);
}

bool bench_counters_any(const struct bench_counters *counters)
{
    for (int e = 0; counters && e < BENCH_EVENT_COUNT; e++) {
        if (!counters->why[e][0])
            return true;
    }
    return false;
}

const char *bench_counters_reason(const struct bench_counters *counters)
{
    return counters ? counters->reason : "";
}
