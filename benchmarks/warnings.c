/* SPDX-License-Identifier: MIT */
#include "warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void bench_warn(struct bench_warnings *warnings, const char *format, ...)
{
    if (warnings->count == BENCH_MAX_WARNINGS)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(warnings->text[warnings->count++], BENCH_WARNING_SIZE, format, arguments);
    va_end(arguments);
}

static void warn_threads(const struct bench_machine *machine, int threads,
                         struct bench_warnings *warnings)
{
    if (threads > machine->cpus_usable)
        bench_warn(warnings, "%d threads on %d CPUs: the figures say little", threads,
                   machine->cpus_usable);
    else if (machine->cores_usable > 0 && threads > machine->cores_usable)
        bench_warn(warnings,
                   "%d threads on %d cores: threads that share a core share its arithmetic",
                   threads, machine->cores_usable);
    if (machine->quota > 0 && threads > machine->quota)
        bench_warn(warnings,
                   "%d threads, but the quota of the cgroup is %.4g CPUs: threads are stopped "
                   "again and again",
                   threads, machine->quota);
}

void bench_warn_machine(const struct bench_machine *machine, int threads, bool release,
                        struct bench_warnings *warnings)
{
    if (!release)
        bench_warn(warnings, "not a release build (meson setup --buildtype=release): the figures "
                             "say little");
    warn_threads(machine, threads, warnings);
    if (strcmp(machine->governor, "unknown") != 0 && strcmp(machine->governor, "performance") != 0)
        bench_warn(warnings,
                   "the clock governor is %s: the clock follows the load (as root: cpupower "
                   "frequency-set -g performance)",
                   machine->governor);
}
