/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "threads.h"

#include <mlp/cpu.h>

#include <omp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__linux__)
#include <sched.h>
#endif

#if defined(__clang__)
#define TEXT_OF(x) #x
#define VERSION(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)
#define COMPILER "clang " VERSION(__clang_major__, __clang_minor__, __clang_patchlevel__)
#else
#define COMPILER "gcc " __VERSION__
#endif

/* The first line of a small file of /sys. */
static bool read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool good = fgets(line, (int)size, file) != NULL;
    fclose(file);
    if (good)
        line[strcspn(line, "\n")] = 0;
    return good;
}

/* A part of a list of CPUs such as "0-3,8". */
struct range {
    const char *rest;
    long first, last;
};

static bool next_range(struct range *range)
{
    char *end;
    if (*range->rest < '0' || *range->rest > '9')
        return false;
    range->first = range->last = strtol(range->rest, &end, 10);
    if (*end == '-')
        range->last = strtol(end + 1, &end, 10);
    range->rest = *end == ',' ? end + 1 : end;
    return true;
}

/* --- The usable CPUs ---------------------------------------------------------- */

/* A file of /sys/devices/system/cpu or, where `cpu` is not negative, of one CPU. */
static bool read_cpu_line(const char *root, int cpu, const char *name, char *line, size_t size)
{
    char path[1024], of_cpu[16] = "";
    if (cpu >= 0)
        snprintf(of_cpu, sizeof of_cpu, "cpu%d/", cpu);
    int length = snprintf(path, sizeof path, "%s/sys/devices/system/cpu/%s%s", root, of_cpu, name);
    return length > 0 && (size_t)length < sizeof path && read_line(path, line, size);
}

/* Marks the CPUs of OpenMP's places. Where the user asks for places, the runtime
 * binds the first thread to one before main: its own mask says nothing then. */
static bool mark_places(bool usable[BENCH_MAX_CPUS])
{
    int places = omp_get_num_places();
    for (int p = 0; p < places; p++) {
        int ids[BENCH_MAX_CPUS], count = omp_get_place_num_procs(p);
        if (count > BENCH_MAX_CPUS)
            return false;
        omp_get_place_proc_ids(p, ids);
        for (int i = 0; i < count; i++) {
            if (ids[i] >= 0 && ids[i] < BENCH_MAX_CPUS)
                usable[ids[i]] = true;
        }
    }
    return places > 0;
}

static bool mark_affinity(bool usable[BENCH_MAX_CPUS])
{
#if defined(__linux__)
    cpu_set_t set; /* of BENCH_MAX_CPUS */
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return false;
    for (int i = 0; i < BENCH_MAX_CPUS; i++)
        usable[i] = CPU_ISSET(i, &set);
    return true;
#else
    (void)usable;
    return false;
#endif
}

void bench_cpus_usable(struct bench_cpus *out)
{
    bool usable[BENCH_MAX_CPUS] = {false};
    out->count = 0;
    if (!mark_places(usable) && !mark_affinity(usable)) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        for (int i = 0; i < online && i < BENCH_MAX_CPUS; i++)
            usable[i] = true;
    }
    for (int i = 0; i < BENCH_MAX_CPUS; i++) {
        if (usable[i])
            out->ids[out->count++] = i;
    }
}

bool bench_cpus_has(const struct bench_cpus *cpus, int id)
{
    for (size_t i = 0; i < cpus->count; i++) {
        if (cpus->ids[i] == id)
            return true;
    }
    return false;
}

/* Whether `names`, joined by '+', has this one. */
static bool has_name(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; *at; at += strcspn(at, "+"), at += *at == '+') {
        if (strcspn(at, "+") == length && strncmp(at, name, length) == 0)
            return true;
    }
    return false;
}

static void read_governors(const char *root, const struct bench_cpus *usable, char *names,
                           size_t size)
{
    names[0] = '\0';
    for (size_t i = 0; i < usable->count; i++) {
        char line[32];
        size_t length = strlen(names);
        if (read_cpu_line(root, usable->ids[i], "cpufreq/scaling_governor", line, sizeof line) &&
            !has_name(names, line))
            snprintf(names + length, size - length, "%s%s", length ? "+" : "", line);
    }
    if (!names[0])
        snprintf(names, size, "unknown");
}

static int read_boost(const char *root)
{
    char line[32];
    if (read_cpu_line(root, -1, "intel_pstate/no_turbo", line, sizeof line))
        return line[0] == '0';
    if (read_cpu_line(root, -1, "cpufreq/boost", line, sizeof line))
        return line[0] == '1';
    return -1;
}

/* Cores of the usable CPUs: a core counts with the first usable one of its CPUs. */
static int count_cores(const char *root, const struct bench_cpus *usable)
{
    int cores = 0;
    for (size_t i = 0; i < usable->count; i++) {
        char line[256];
        struct range range = {.rest = line};
        bool first = true;
        if (!read_cpu_line(root, usable->ids[i], "topology/thread_siblings_list", line,
                           sizeof line))
            return 0;
        while (next_range(&range)) {
            for (long cpu = range.first; cpu <= range.last && cpu < usable->ids[i]; cpu++)
                first &= !bench_cpus_has(usable, (int)cpu);
        }
        cores += first;
    }
    return cores;
}

void bench_machine_read_cpus(const char *root, const struct bench_cpus *usable,
                             struct bench_machine *m)
{
    read_governors(root, usable, m->governor, sizeof m->governor);
    m->boost = read_boost(root);
    m->cores_usable = count_cores(root, usable);
}

/* --- Caches ------------------------------------------------------------------- */

#if defined(__APPLE__)

static void read_caches(struct bench_machine *m)
{
    static const char *const names[] = {"hw.l1dcachesize", "hw.l2cachesize", "hw.l3cachesize"};
    for (int i = 0; i < 3; i++) {
        int64_t bytes = 0;
        size_t size = sizeof bytes;
        if (sysctlbyname(names[i], &bytes, &size, NULL, 0) == 0 && bytes > 0)
            m->caches[m->cache_count++] = (struct bench_cache){i + 1, (size_t)bytes, 1};
    }
}

#else

static bool read_cache_line(int index, const char *name, char *line, size_t size)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    return read_line(path, line, size);
}

/* CPUs in a list such as "0-3,8". */
static int count_list(const char *list)
{
    int count = 0;
    struct range range = {.rest = list};
    while (next_range(&range))
        count += (int)(range.last - range.first + 1);
    return count > 0 ? count : 1;
}

static void read_caches(struct bench_machine *m)
{
    char line[256];
    for (int i = 0; m->cache_count < BENCH_MAX_CACHES; i++) {
        if (!read_cache_line(i, "type", line, sizeof line))
            return;
        if (strcmp(line, "Instruction") == 0)
            continue;
        struct bench_cache cache = {0, 0, 1};
        if (read_cache_line(i, "level", line, sizeof line))
            cache.level = atoi(line);
        if (read_cache_line(i, "size", line, sizeof line)) {
            char *end;
            cache.bytes = strtoul(line, &end, 10);
            cache.bytes <<= *end == 'K' ? 10 : *end == 'M' ? 20 : 0;
        }
        if (read_cache_line(i, "shared_cpu_list", line, sizeof line))
            cache.shared_by = count_list(line);
        if (cache.bytes > 0)
            m->caches[m->cache_count++] = cache;
    }
}

#endif

void bench_machine_read(struct bench_machine *m)
{
    *m = (struct bench_machine){.compiler = COMPILER};
    mlp_cpu_name(m->cpu, sizeof m->cpu);
    struct utsname name;
    if (uname(&name) == 0)
        snprintf(m->system, sizeof m->system, "%.20s %.24s %.16s", name.sysname, name.release,
                 name.machine);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    m->cpus_usable = omp_get_num_procs();
    m->cpus = cpus > 0 ? (int)cpus : m->cpus_usable;
    m->memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (!(m->memory > 0))
        m->memory = 0;
    m->quota = mlp_cpu_quota();
    read_caches(m);
    struct bench_cpus usable;
    bench_cpus_usable(&usable);
    bench_machine_read_cpus("", &usable, m);
}

const char *bench_bytes(double bytes, char text[BENCH_BYTES_SIZE])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    for (; bytes >= 1024 && unit < 4; unit++)
        bytes /= 1024;
    snprintf(text, BENCH_BYTES_SIZE, "%.4g %s", bytes, units[unit]);
    return text;
}
