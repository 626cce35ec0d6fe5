/* SPDX-License-Identifier: MIT */
#include "load.h"

#include "alloc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Shares of the CPUs' time above which there is a warning. */
static const double most_others = 0.05, most_steal = 0.02;

static const double least_seconds = 0.5;

/* How long to look at the processes, and how much of one CPU is busy. */
static const double look = 0.1, busy_share = 0.25;

enum { MAX_PROCESSES = 8192 };

/* --- All CPUs ----------------------------------------------------------------------- */

/* user, nice, system, idle, iowait, irq, softirq, steal; what follows are guests,
 * which `user` and `nice` have too. */
bool bench_times_add(const char *line, const struct bench_cpus *usable, double tick,
                     struct bench_times *times)
{
    enum { IDLE = 3, IOWAIT = 4, STEAL = 7, FIELDS = 8 };
    if (strncmp(line, "cpu", 3) != 0)
        return false;
    if (line[3] < '0' || line[3] > '9')
        return true; /* the sum */
    char *at;
    long cpu = strtol(line + 3, &at, 10);
    if (!bench_cpus_has(usable, (int)cpu))
        return true;
    for (int field = 0; field < FIELDS; field++) {
        char *end;
        double seconds = (double)strtoull(at, &end, 10) * tick;
        if (end == at)
            break; /* an older kernel */
        at = end;
        times->all += seconds;
        if (field == STEAL)
            times->steal += seconds;
        else if (field != IDLE && field != IOWAIT)
            times->busy += seconds;
    }
    return true;
}

void bench_times_judge(const struct bench_times *before, const struct bench_times *after,
                       size_t cpus, struct bench_warnings *warnings)
{
    double all = after->all - before->all;
    if (cpus == 0 || !(all / (double)cpus >= least_seconds))
        return;
    double others = (after->busy - before->busy - (after->own - before->own)) / all;
    double steal = (after->steal - before->steal) / all;
    if (others > most_others)
        bench_warn(warnings,
                   "other programs took %.0f %% of the CPUs' time during the run: the figures say "
                   "little",
                   100 * others);
    if (steal > most_steal)
        bench_warn(warnings,
                   "the hypervisor took %.0f %% of the CPUs' time during the run for something "
                   "else: the figures say little",
                   100 * steal);
}

static double tick_seconds(void)
{
    long ticks = sysconf(_SC_CLK_TCK);
    return ticks > 0 ? 1.0 / (double)ticks : 0.01;
}

static double own_seconds(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static bool read_times(const struct bench_load *load, struct bench_times *times)
{
    char path[1024], line[1024];
    snprintf(path, sizeof path, "%.1000s/proc/stat", load->root);
    FILE *file = fopen(path, "r");
    *times = (struct bench_times){.own = own_seconds()};
    if (!file)
        return false;
    while (fgets(line, sizeof line, file)) {
        if (!bench_times_add(line, &load->usable, tick_seconds(), times))
            break; /* the CPUs' lines come first */
    }
    fclose(file);
    return times->all > 0;
}

/* --- Single processes ------------------------------------------------------------------ */

/* "pid (name) state" and more fields, of which the 14th and 15th are the ticks in
 * user and kernel mode; a name may have any character. */
bool bench_process_parse(const char *line, struct bench_process *out)
{
    const char *open = strchr(line, '('), *close = strrchr(line, ')');
    double user, kernel;
    if (!open || !close || close < open)
        return false;
    out->pid = strtol(line, NULL, 10);
    snprintf(out->name, sizeof out->name, "%.*s", (int)(close - open - 1), open + 1);
    for (char *at = out->name; *at; at++) {
        if (*at < ' ' || *at > '~')
            *at = '?'; /* names go to a terminal */
    }
    if (out->pid <= 0 || sscanf(close + 1,
                                " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
                                " %lf %lf",
                                &user, &kernel) != 2)
        return false;
    out->ticks = user + kernel;
    return true;
}

bool bench_process_busiest(const struct bench_process *before, size_t before_count,
                           const struct bench_process *after, size_t after_count, long self,
                           struct bench_process *out)
{
    *out = (struct bench_process){.ticks = 0};
    size_t b = 0;
    for (size_t a = 0; a < after_count; a++) {
        while (b < before_count && before[b].pid < after[a].pid)
            b++;
        bool known = b < before_count && before[b].pid == after[a].pid;
        double ticks = after[a].ticks - (known ? before[b].ticks : 0);
        if (after[a].pid == self || !(ticks > out->ticks))
            continue;
        *out = after[a];
        out->ticks = ticks;
    }
    return out->ticks > 0;
}

static int compare_pids(const void *a, const void *b)
{
    long x = ((const struct bench_process *)a)->pid, y = ((const struct bench_process *)b)->pid;
    return (x > y) - (x < y);
}

static bool read_process(const char *folder, const char *pid, struct bench_process *out)
{
    char path[1400], line[512];
    snprintf(path, sizeof path, "%.1000s/%.255s/stat", folder, pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool good = fgets(line, sizeof line, file) && bench_process_parse(line, out);
    fclose(file);
    return good;
}

/* The processes that are visible, ascending by pid. */
static size_t read_processes(const char *root, struct bench_process *list)
{
    char path[1024];
    size_t count = 0;
    snprintf(path, sizeof path, "%.1000s/proc", root);
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    for (struct dirent *entry; count < MAX_PROCESSES && (entry = readdir(folder)) != NULL;) {
        bool pid = entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
        if (pid && read_process(path, entry->d_name, &list[count]))
            count++;
    }
    closedir(folder);
    qsort(list, count, sizeof *list, compare_pids);
    return count;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void warn_busiest(const char *root, struct bench_warnings *warnings)
{
    struct bench_process *list = mlp_alloc_uninitialized(2 * (size_t)MAX_PROCESSES, sizeof *list);
    if (!list)
        return; /* then there is no warning */
    struct bench_process *after = list + MAX_PROCESSES, busiest;
    size_t before_count = read_processes(root, list);
    double begin = now();
    if (before_count > 0)
        nanosleep(&(struct timespec){.tv_nsec = (long)(look * 1e9)}, NULL);
    size_t after_count = read_processes(root, after);
    double seconds = now() - begin;
    if (bench_process_busiest(list, before_count, after, after_count, (long)getpid(), &busiest)) {
        double share = busiest.ticks * tick_seconds() / seconds;
        if (share > busy_share)
            bench_warn(warnings, "%s (pid %ld) is busy: it takes %.0f %% of a CPU", busiest.name,
                       busiest.pid, 100 * share);
    }
    mlp_free(list);
}

/* --- A run ------------------------------------------------------------------------------- */

void bench_load_begin(struct bench_load *load, const char *root, struct bench_warnings *warnings)
{
    load->root = root;
    bench_cpus_usable(&load->usable);
    warn_busiest(root, warnings);
    load->known = read_times(load, &load->begin);
}

void bench_load_end(const struct bench_load *load, struct bench_warnings *warnings)
{
    struct bench_times end;
    if (load->known && read_times(load, &end))
        bench_times_judge(&load->begin, &end, load->usable.count, warnings);
}
