/* SPDX-License-Identifier: MIT */
#include "threads.h"

#include <mlp/cpu.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#endif

/* OMP_NUM_THREADS as a positive number, the first of a list; 0 where it is
 * unset or something else. */
static int from_environment(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    if (!text)
        return 0;
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    while (*end == ' ')
        end++;
    if (end == text || errno || (*end && *end != ',') || value < 1 || value > MLP_MAX_THREADS)
        return 0;
    return (int)value;
}

#if defined(__linux__)

static int usable_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN); /* more CPUs than the set holds */
}

/* CPUs that quota / period microseconds amount to; 0: no limit. */
static double quota_cpus(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    double cpus = (double)quota / (double)period;
    return cpus > MLP_MAX_THREADS ? 0 : cpus;
}

static bool read_number(const char *folder, const char *name, long long *value)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool ok = fscanf(file, "%lld", value) == 1;
    fclose(file);
    return ok;
}

/* The limit of one cgroup folder, version 2 (cpu.max: "quota period" or "max
 * period") or 1; 0: none. */
static double folder_limit(const char *folder)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    FILE *file = fopen(path, "re");
    long long quota = 0, period = 0;
    if (file) {
        if (fscanf(file, "%lld %lld", &quota, &period) != 2)
            quota = 0;
        fclose(file);
    } else if (!read_number(folder, "cpu.cfs_quota_us", &quota) ||
               !read_number(folder, "cpu.cfs_period_us", &period)) {
        return 0;
    }
    return quota_cpus(quota, period);
}

/* The smallest limit from `path` below `root` up to `root` itself. */
static double hierarchy_limit(const char *root, char *path)
{
    double limit = 0;
    for (;;) {
        char folder[4096 + 64];
        snprintf(folder, sizeof folder, "%s%s", root, path);
        double here = folder_limit(folder);
        if (here > 0 && (limit == 0 || here < limit))
            limit = here;
        char *slash = strrchr(path, '/');
        if (!slash)
            return limit;
        *slash = '\0';
    }
}

double mlp_cpu_quota(void)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file)
        return 0;
    double limit = 0;
    char line[4096];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        /* "0::/path" (version 2) or "4:cpu,cpuacct:/path" (version 1). */
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        controllers++;
        const char *root = NULL;
        if (*controllers == '\0')
            root = "/sys/fs/cgroup";
        else if (strcmp(controllers, "cpu") == 0 || strncmp(controllers, "cpu,", 4) == 0 ||
                 strstr(controllers, ",cpu,"))
            root = "/sys/fs/cgroup/cpu";
        if (!root)
            continue;
        double here = hierarchy_limit(root, path);
        if (here > 0 && (limit == 0 || here < limit))
            limit = here;
    }
    fclose(file);
    return limit;
}

#else

static int usable_cpus(void)
{
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

double mlp_cpu_quota(void)
{
    return 0;
}

#endif

int mlp_default_threads(void)
{
    int threads = from_environment();
    if (threads > 0)
        return threads;
    threads = usable_cpus();
    double limit = mlp_cpu_quota();
    if (limit > 0 && limit < threads)
        threads = (int)limit + (limit > (int)limit); /* rounded up */
    return threads > 0 ? threads : 1;
}

int mlp_threads_or_default(int threads)
{
    return threads > 0 ? threads : mlp_default_threads();
}

int mlp_threads_for(size_t parts)
{
    int threads = parts > 1 ? mlp_default_threads() : 1;
    return parts > 1 && parts < (size_t)threads ? (int)parts : threads;
}
