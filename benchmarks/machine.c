/* SPDX-License-Identifier: MIT */
#include "machine.h"

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
#endif

#if defined(__clang__)
#define TEXT_OF(x) #x
#define VERSION(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)
#define COMPILER "clang " VERSION(__clang_major__, __clang_minor__, __clang_patchlevel__)
#else
#define COMPILER "gcc " __VERSION__
#endif

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

static void read_governor(struct bench_machine *m)
{
    snprintf(m->governor, sizeof m->governor, "unknown");
}

#else

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
    while (*list >= '0' && *list <= '9') {
        char *end;
        long first = strtol(list, &end, 10), last = first;
        if (*end == '-')
            last = strtol(end + 1, &end, 10);
        count += (int)(last - first + 1);
        list = *end == ',' ? end + 1 : end;
    }
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

static void read_governor(struct bench_machine *m)
{
    if (!read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", m->governor,
                   sizeof m->governor))
        snprintf(m->governor, sizeof m->governor, "unknown");
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
    read_caches(m);
    read_governor(m);
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
