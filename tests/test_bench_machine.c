/* SPDX-License-Identifier: MIT */
/* What mlp-bench knows of its machine, in a /proc and /sys made here, and the
 * warnings that follow from it. */
#include "../benchmarks/load.h"
#include "../benchmarks/machine.h"
#include "../benchmarks/warnings.h"
#include "folder.h"
#include "suite.h"
#include "tree.h"

#include "threads.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void expect_warning(const struct bench_warnings *warnings, size_t at, const char *part)
{
    ck_assert_uint_gt(warnings->count, at);
    ck_assert_msg(strstr(warnings->text[at], part) != NULL, "'%s' says not '%s'",
                  warnings->text[at], part);
}

/* --- Clocks and cores --------------------------------------------------------------------- */

static const struct bench_cpus four = {4, {0, 1, 2, 3}};

static void put_cpu(int cpu, const char *file, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%d/%s", cpu, file);
    tree_put(path, text);
}

START_TEST(hidden)
{
    struct bench_machine machine = {.cpus = 4};
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_str_eq(machine.governor, "unknown");
    ck_assert_int_eq(machine.boost, -1);
    ck_assert_int_eq(machine.cores_usable, 0);
}
END_TEST

START_TEST(clock_governors)
{
    struct bench_machine machine;
    for (int cpu = 0; cpu < 4; cpu++)
        put_cpu(cpu, "cpufreq/scaling_governor", "performance\n");
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_str_eq(machine.governor, "performance");
    put_cpu(2, "cpufreq/scaling_governor", "powersave\n");
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_str_eq(machine.governor, "performance+powersave");
    /* Only the usable ones count. */
    bench_machine_read_cpus(folder, &(struct bench_cpus){2, {0, 3}}, &machine);
    ck_assert_str_eq(machine.governor, "performance");
    put_cpu(0, "cpufreq/scaling_governor", "power\n"); /* the beginning of another */
    put_cpu(1, "cpufreq/scaling_governor", "schedutil\n");
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_uint_lt(strlen(machine.governor), sizeof machine.governor);
    ck_assert_int_eq(strncmp(machine.governor, "power+schedutil+powersave+", 26), 0);
}
END_TEST

START_TEST(boost)
{
    struct bench_machine machine;
    tree_put("sys/devices/system/cpu/cpufreq/boost", "1\n");
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_int_eq(machine.boost, 1);
    tree_put("sys/devices/system/cpu/cpufreq/boost", "0\n");
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_int_eq(machine.boost, 0);
    tree_put("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_int_eq(machine.boost, 1);
    tree_put("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_int_eq(machine.boost, 0);
}
END_TEST

START_TEST(cores)
{
    struct bench_machine machine;
    const char *file = "topology/thread_siblings_list";
    put_cpu(0, file, "0,2\n");
    put_cpu(2, file, "0,2\n");
    put_cpu(1, file, "1,3\n");
    put_cpu(3, file, "1,3\n");
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_int_eq(machine.cores_usable, 2);
    bench_machine_read_cpus(folder, &(struct bench_cpus){3, {0, 2, 3}}, &machine);
    ck_assert_int_eq(machine.cores_usable, 2);
    bench_machine_read_cpus(folder, &(struct bench_cpus){2, {1, 3}}, &machine);
    ck_assert_int_eq(machine.cores_usable, 1);
    put_cpu(0, file, "0-1\n"); /* neighbours */
    put_cpu(1, file, "0-1\n");
    put_cpu(2, file, "2-3\n");
    put_cpu(3, file, "2-3\n");
    bench_machine_read_cpus(folder, &four, &machine);
    ck_assert_int_eq(machine.cores_usable, 2);
}
END_TEST

START_TEST(this_machine)
{
    struct bench_machine machine;
    struct bench_cpus usable;
    bench_machine_read(&machine);
    bench_cpus_usable(&usable);
    printf("%zu CPUs, %d cores, quota %g, governor %s, boost %d\n", usable.count,
           machine.cores_usable, machine.quota, machine.governor, machine.boost);
    ck_assert_uint_ge(usable.count, 1);
    ck_assert_int_le(machine.cores_usable, (int)usable.count);
    ck_assert(machine.quota >= 0 && machine.quota <= MLP_MAX_THREADS);
    for (size_t i = 1; i < usable.count; i++)
        ck_assert_int_lt(usable.ids[i - 1], usable.ids[i]);
    ck_assert(bench_cpus_has(&usable, usable.ids[0]) && !bench_cpus_has(&usable, -1));
}
END_TEST

/* --- Warnings about the machine -------------------------------------------------------------- */

static const struct bench_machine quiet = {
    .governor = "performance", .boost = 0, .cpus = 8, .cpus_usable = 8, .cores_usable = 4};

START_TEST(nothing_to_warn_about)
{
    struct bench_warnings warnings = {.count = 0};
    struct bench_machine hides = {.governor = "unknown", .boost = -1, .cpus = 8, .cpus_usable = 8};
    bench_warn_machine(&quiet, 4, true, &warnings);
    bench_warn_machine(&hides, 8, true, &warnings);
    ck_assert_uint_eq(warnings.count, 0);
}
END_TEST

START_TEST(each_cause_warns)
{
    static const char *const governors[] = {"powersave", "schedutil", "ondemand",
                                            "performance+powersave"};
    struct bench_warnings warnings = {.count = 0};
    struct bench_machine machine = quiet;
    bench_warn_machine(&machine, 4, false, &warnings);
    expect_warning(&warnings, 0, "not a release build");
    bench_warn_machine(&machine, 5, true, &warnings);
    expect_warning(&warnings, 1, "5 threads on 4 cores");
    bench_warn_machine(&machine, 9, true, &warnings);
    expect_warning(&warnings, 2, "9 threads on 8 CPUs");
    machine.quota = 1.5;
    bench_warn_machine(&machine, 2, true, &warnings);
    expect_warning(&warnings, 3, "quota of the cgroup is 1.5 CPUs");
    bench_warn_machine(&machine, 1, true, &warnings);
    machine.quota = 0;
    for (size_t i = 0; i < 4; i++) {
        snprintf(machine.governor, sizeof machine.governor, "%s", governors[i]);
        bench_warn_machine(&machine, 1, true, &warnings);
        expect_warning(&warnings, 4 + i, governors[i]);
    }
    ck_assert_uint_eq(warnings.count, 8);
}
END_TEST

START_TEST(lists_have_an_end)
{
    char longest[2 * BENCH_WARNING_SIZE];
    struct bench_warnings warnings = {.count = 0};
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    for (int i = 0; i < 2 * BENCH_MAX_WARNINGS; i++)
        bench_warn(&warnings, "%d %s", i, longest);
    ck_assert_uint_eq(warnings.count, BENCH_MAX_WARNINGS);
    for (size_t i = 0; i < warnings.count; i++) {
        ck_assert_uint_eq(strlen(warnings.text[i]), BENCH_WARNING_SIZE - 1);
        ck_assert_int_eq(atoi(warnings.text[i]), (int)i);
    }
}
END_TEST

/* --- Others' time ------------------------------------------------------------------------------
 */

START_TEST(times_of_cpus)
{
    const struct bench_cpus usable = {2, {0, 12}};
    struct bench_times times = {.all = 0};
    ck_assert(bench_times_add("cpu  9 9 9 9 9 9 9 9 9 9\n", &usable, 0.01, &times));
    ck_assert(bench_times_add("cpu1 9 9 9 9 9 9 9 9 9 9\n", &usable, 0.01, &times));
    ck_assert(times.all == 0);
    ck_assert(bench_times_add("cpu0 100 200 300 4000 50 60 70 80 90 90\n", &usable, 0.01, &times));
    ck_assert(fabs(times.busy - 7.3) < 1e-9);
    ck_assert(fabs(times.steal - 0.8) < 1e-9);
    ck_assert(fabs(times.all - 48.6) < 1e-9);
    ck_assert(bench_times_add("cpu12 100 0 0 100\n", &usable, 0.01, &times)); /* Linux 2.4 */
    ck_assert(fabs(times.busy - 8.3) < 1e-9 && fabs(times.all - 50.6) < 1e-9);
    ck_assert(!bench_times_add("intr 12 0 9\n", &usable, 0.01, &times));
    ck_assert(!bench_times_add("", &usable, 0.01, &times));
}
END_TEST

static const struct {
    double busy, steal, all, own;
    const char *first, *second; /* NULL: none */
} runs[] = {
    {10.0, 0.0, 20, 9.9, NULL, NULL}, /* 0.5 % */
    {10.0, 0.0, 20, 8.0, "other programs took 10 %", NULL},
    {10.0, 0.0, 20, 11.0, NULL, NULL}, /* ticks are coarse */
    {10.0, 2.0, 20, 10.0, "the hypervisor took 10 %", NULL},
    {12.0, 1.0, 20, 10.0, "other programs took 10 %", "the hypervisor took 5 %"},
    {0.5, 0.0, 0.9, 0.0, NULL, NULL}, /* too short a run: 0.45 s on two CPUs */
    {0.0, 0.0, 0.0, 0.0, NULL, NULL},
};

START_TEST(others_are_named)
{
    struct bench_times begin = {1000, 50, 5000, 1}, end = begin;
    struct bench_warnings warnings = {.count = 0};
    end.busy += runs[_i].busy;
    end.steal += runs[_i].steal;
    end.all += runs[_i].all;
    end.own += runs[_i].own;
    bench_times_judge(&begin, &end, 2, &warnings);
    ck_assert_uint_eq(warnings.count, (size_t)(!!runs[_i].first + !!runs[_i].second));
    if (runs[_i].first)
        expect_warning(&warnings, 0, runs[_i].first);
    if (runs[_i].second)
        expect_warning(&warnings, 1, runs[_i].second);
}
END_TEST

#define STAT(user, kernel)                                                                         \
    " R 1 2 3 34816 77 4194304 12 0 0 0 " user " " kernel " 5 6 20 0 1 0 123 456 789\n"

START_TEST(processes)
{
    struct bench_process p;
    ck_assert(bench_process_parse("77 (make)" STAT("40", "2"), &p));
    ck_assert(p.pid == 77 && p.ticks == 42);
    ck_assert_str_eq(p.name, "make");
    ck_assert(bench_process_parse("78 (a) b (c\x1b)" STAT("1", "2"), &p));
    ck_assert_str_eq(p.name, "a) b (c?");
    ck_assert(bench_process_parse("79 (nobody-has-a-name-as-long-as-this-one)" STAT("1", "2"), &p));
    ck_assert_uint_lt(strlen(p.name), sizeof p.name);
    static const char *const bad[] = {"",
                                      "77",
                                      "77 (make",
                                      "77 )make(" STAT("1", "2"),
                                      "77 (make) R 1 2 3\n",
                                      "x (make)" STAT("1", "2")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!bench_process_parse(bad[i], &p), "%s", bad[i]);
}
END_TEST

START_TEST(busiest_process)
{
    static const struct bench_process before[] = {
        {1, "init", 500}, {7, "ended", 9}, {10, "busy", 100}, {20, "self", 1000}};
    static const struct bench_process after[] = {
        {1, "init", 501}, {10, "busy", 109}, {20, "self", 2000}, {30, "new", 3}};
    struct bench_process p;
    ck_assert(bench_process_busiest(before, 4, after, 4, 20, &p));
    ck_assert(p.pid == 10 && p.ticks == 9);
    ck_assert_str_eq(p.name, "busy");
    ck_assert(bench_process_busiest(NULL, 0, after + 3, 1, 20, &p) && p.pid == 30);
    ck_assert(!bench_process_busiest(before, 4, before, 4, 20, &p));
    ck_assert(!bench_process_busiest(before, 4, NULL, 0, 20, &p));
}
END_TEST

/* Two readings of one system that does not change meanwhile, then of none. */
START_TEST(a_run_in_a_made_up_system)
{
    struct bench_warnings warnings = {.count = 0};
    struct bench_load load;
    struct bench_cpus usable;
    char line[128], text[512] = "cpu  1 1 1 1 1 1 1 1 1 1\n";
    bench_cpus_usable(&usable);
    snprintf(line, sizeof line, "cpu%d 0 0 0 100 0 0 0 0 0 0\nintr 5\n", usable.ids[0]);
    strcat(text, line);
    tree_put("proc/stat", text);
    tree_put("proc/77/stat", "77 (make)" STAT("40", "2"));
    tree_put("proc/self/stat", "78 (self)" STAT("40", "2"));
    bench_load_begin(&load, folder, &warnings);
    ck_assert(load.known && fabs(load.begin.all - 100.0 / (double)sysconf(_SC_CLK_TCK)) < 1e-9);
    bench_load_end(&load, &warnings);
    ck_assert_uint_eq(warnings.count, 0);
    snprintf(text, sizeof text, "cpu  1 1 1 1\ncpu%d 900000 0 0 100 0 0 0 100000 0 0\n",
             usable.ids[0]);
    tree_put("proc/stat", text);
    bench_load_end(&load, &warnings);
    ck_assert_uint_eq(warnings.count, 2);
    expect_warning(&warnings, 0, "other programs took 9"); /* of CPUs without a line, nothing */
    expect_warning(&warnings, 1, "the hypervisor took 10 %");

    bench_load_begin(&load, "/nowhere", &warnings);
    bench_load_end(&load, &warnings);
    ck_assert(!load.known);
    ck_assert_uint_eq(warnings.count, 2);
}
END_TEST

/* Whatever else runs here. */
START_TEST(a_run_on_this_machine)
{
    struct bench_warnings warnings = {.count = 0};
    struct bench_load load;
    bench_load_begin(&load, "", &warnings);
    for (volatile long i = 0; i < 300000000;)
        i = i + 1;
    bench_load_end(&load, &warnings);
    for (size_t i = 0; i < warnings.count; i++)
        printf("%s\n", warnings.text[i]);
    ck_assert_uint_le(warnings.count, 3);
}
END_TEST

int main(void)
{
    TCase *machines = tcase_create("machines");
    tcase_add_checked_fixture(machines, folder_make, folder_remove);
    tcase_add_test(machines, hidden);
    tcase_add_test(machines, clock_governors);
    tcase_add_test(machines, boost);
    tcase_add_test(machines, cores);
    tcase_add_test(machines, this_machine);

    TCase *warnings = tcase_create("warnings");
    tcase_add_test(warnings, nothing_to_warn_about);
    tcase_add_test(warnings, each_cause_warns);
    tcase_add_test(warnings, lists_have_an_end);

    TCase *load = tcase_create("load");
    tcase_add_checked_fixture(load, folder_make, folder_remove);
    tcase_set_timeout(load, 120);
    tcase_add_test(load, times_of_cpus);
    tcase_add_loop_test(load, others_are_named, 0, sizeof runs / sizeof runs[0]);
    tcase_add_test(load, processes);
    tcase_add_test(load, busiest_process);
    tcase_add_test(load, a_run_in_a_made_up_system);
    tcase_add_test(load, a_run_on_this_machine);

    Suite *suite = suite_create("bench_machine");
    suite_add_tcase(suite, machines);
    suite_add_tcase(suite, warnings);
    suite_add_tcase(suite, load);
    return suite_run(suite);
}
