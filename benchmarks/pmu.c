/* SPDX-License-Identifier: MIT */
#include "pmu.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in linux/perf_event.h, which other systems lack. A generic event of a
 * machine with several kinds of cores has the kind above bit 32. */
enum { TYPE_HARDWARE = 0, TYPE_CACHE = 3, TYPE_RAW = 4, KIND_SHIFT = 32 };
enum { HARDWARE_CYCLES = 0, HARDWARE_INSTRUCTIONS = 1, HARDWARE_CACHE_MISSES = 3 };
enum { CACHE_L1D_READ_MISS = 0x10000, CACHE_LAST_READ_MISS = 0x10002 };

enum vendor { OTHER, INTEL, ZEN, ARM };

struct cpu {
    enum vendor vendor;
    int model;
    bool hypervisor;
};

/* --- Event codes --------------------------------------------------------------- */

/* Intel's cores (not the Atoms, which number their events in another way) that
 * have L2_RQSTS.MISS as event 24h, mask 3Fh: Haswell to Granite Rapids. The
 * event of an unknown model could mean anything. */
static const unsigned char intel_models[] = {
    0x3C, 0x3F, 0x45, 0x46,             /* Haswell */
    0x3D, 0x47, 0x4F, 0x56,             /* Broadwell */
    0x4E, 0x55, 0x5E, 0x8E, 0x9E,       /* Skylake, Cascade Lake, Coffee Lake */
    0xA5, 0xA6,                         /* Comet Lake */
    0x6A, 0x6C, 0x7D, 0x7E, 0xA7,       /* Ice Lake, Rocket Lake */
    0x8C, 0x8D,                         /* Tiger Lake */
    0x8F, 0xCF, 0xAD, 0xAE,             /* Sapphire, Emerald, Granite Rapids */
    0x97, 0x9A, 0xB7, 0xBA, 0xBF,       /* Alder and Raptor Lake */
    0xAA, 0xAC, 0xB5, 0xBD, 0xC5, 0xC6, /* Meteor, Lunar and Arrow Lake */
};

static bool has_l2_rqsts(const struct cpu *cpu, const char *pmu)
{
    if (cpu->vendor != INTEL || strcmp(pmu, "cpu_atom") == 0 || strcmp(pmu, "cpu_lowpower") == 0)
        return false;
    for (size_t i = 0; i < sizeof intel_models; i++) {
        if (cpu->model == intel_models[i])
            return true;
    }
    return false;
}

static void set(struct bench_pmu *pmu, enum bench_event event, uint32_t type, uint64_t config)
{
    pmu->codes[event] = (struct bench_code){true, type, config};
}

/* The events that all kernels name, and those of x86 CPUs that we know. `kind` is
 * the number of the kind of cores; 0 where there is but one. */
static void generic_codes(struct bench_pmu *pmu, const struct cpu *cpu, const char *name,
                          uint32_t kind)
{
    uint64_t shifted = (uint64_t)kind << KIND_SHIFT;
    uint32_t raw = kind ? kind : TYPE_RAW;
    set(pmu, BENCH_CYCLES, TYPE_HARDWARE, shifted | HARDWARE_CYCLES);
    set(pmu, BENCH_INSTRUCTIONS, TYPE_HARDWARE, shifted | HARDWARE_INSTRUCTIONS);
    set(pmu, BENCH_L1_MISSES, TYPE_CACHE, shifted | CACHE_L1D_READ_MISS);
    set(pmu, BENCH_LLC_MISSES, TYPE_CACHE, shifted | CACHE_LAST_READ_MISS);
    if (cpu->vendor == INTEL) /* LONGEST_LAT_CACHE.MISS, without prefetches to L3 */
        set(pmu, BENCH_LLC_MISSES, TYPE_HARDWARE, shifted | HARDWARE_CACHE_MISSES);
    if (has_l2_rqsts(cpu, name))
        set(pmu, BENCH_L2_MISSES, raw, 0x3F24);
    if (cpu->vendor == ZEN) {
        /* The requests of the L1 caches that miss L2, and the fills of L1 data
         * from memory, both without what L2's prefetchers do: a core does not
         * count the misses of L3. */
        set(pmu, BENCH_L2_MISSES, raw, 0x0964);
        set(pmu, BENCH_LLC_MISSES, raw, 0x4843);
    }
}

/* --- The CPU, from /proc/cpuinfo --------------------------------------------------- */

static bool open_below(const char *root, const char *path, FILE **file)
{
    char whole[1024];
    int length = snprintf(whole, sizeof whole, "%s%s", root, path);
    *file = length > 0 && (size_t)length < sizeof whole ? fopen(whole, "r") : NULL;
    return *file != NULL;
}

/* The value of "key : value" where the line has that key, else NULL. */
static const char *value_of(const char *line, const char *key)
{
    size_t length = strlen(key);
    if (strncmp(line, key, length) != 0)
        return NULL;
    const char *rest = line + length + strspn(line + length, " \t");
    return *rest == ':' ? rest + 1 + strspn(rest + 1, " \t") : NULL;
}

static void read_cpu_line(const char *line, struct cpu *cpu, int *family)
{
    const char *value;
    if ((value = value_of(line, "vendor_id")) != NULL) {
        if (strncmp(value, "GenuineIntel", 12) == 0)
            cpu->vendor = INTEL;
        else if (strncmp(value, "AuthenticAMD", 12) == 0 || strncmp(value, "HygonGenuine", 12) == 0)
            cpu->vendor = ZEN;
    } else if (value_of(line, "CPU implementer")) {
        cpu->vendor = ARM;
    } else if ((value = value_of(line, "cpu family")) != NULL) {
        *family = atoi(value);
    } else if ((value = value_of(line, "model")) != NULL) {
        cpu->model = atoi(value);
    } else if ((value = value_of(line, "flags")) != NULL) {
        cpu->hypervisor = strstr(value, " hypervisor") != NULL;
    }
}

/* The first CPU's lines: up to an empty one. */
static struct cpu read_cpu(const char *root)
{
    struct cpu cpu = {.vendor = OTHER};
    int family = 0;
    char line[8192];
    FILE *file;
    if (!open_below(root, "/proc/cpuinfo", &file))
        return cpu;
    while (fgets(line, sizeof line, file) && line[0] != '\n')
        read_cpu_line(line, &cpu, &family);
    fclose(file);
    if ((cpu.vendor == INTEL && family != 6) || (cpu.vendor == ZEN && family < 0x17))
        cpu.vendor = OTHER;
    return cpu;
}

/* --- The kernel's lists ------------------------------------------------------------ */

static const char devices[] = "/sys/bus/event_source/devices";

static bool read_int(const char *root, const char *path, int *value)
{
    FILE *file;
    if (!open_below(root, path, &file))
        return false;
    bool good = fscanf(file, "%d", value) == 1;
    fclose(file);
    return good;
}

/* Arm's kernels list the events that a kind of cores has, as in "event=0x0011".
 * They take other codes as well, which then count nothing. */
static void arm_codes(const char *root, const char *name, uint32_t type, struct bench_pmu *pmu)
{
    static const struct {
        enum bench_event event;
        const char *name;
    } names[] = {
        {BENCH_CYCLES, "cpu_cycles"},
        {BENCH_INSTRUCTIONS, "inst_retired"},
        {BENCH_L1_MISSES, "l1d_cache_refill"},
        {BENCH_L2_MISSES, "l2d_cache_refill"},
        {BENCH_LLC_MISSES, "ll_cache_miss_rd"}, /* Apple's: */
        {BENCH_CYCLES, "cycles"},
        {BENCH_INSTRUCTIONS, "instructions"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[400];
        FILE *file;
        unsigned code;
        snprintf(path, sizeof path, "%s/%.255s/events/%s", devices, name, names[i].name);
        if (!open_below(root, path, &file))
            continue;
        if (fscanf(file, "event=%x", &code) == 1)
            set(pmu, names[i].event, type, code);
        fclose(file);
    }
}

/* Whether these are counters of cores of one kind: the file `cpus` lists them.
 * The only kind of an x86 machine is called "cpu" and has no such file. */
static bool is_kind(const char *root, const char *name, int *type)
{
    char path[400];
    FILE *file;
    snprintf(path, sizeof path, "%s/%.255s/cpus", devices, name);
    if (name[0] == '.' || !open_below(root, path, &file))
        return false;
    fclose(file);
    snprintf(path, sizeof path, "%s/%.255s/type", devices, name);
    return read_int(root, path, type) && *type > 0;
}

static void read_kinds(const char *root, const struct cpu *cpu, struct bench_pmus *out)
{
    char path[1024];
    int length = snprintf(path, sizeof path, "%s%s", root, devices);
    DIR *folder = length > 0 && (size_t)length < sizeof path ? opendir(path) : NULL;
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL && out->count < BENCH_MAX_PMUS;) {
        int type;
        if (!is_kind(root, entry->d_name, &type))
            continue;
        struct bench_pmu *pmu = &out->pmu[out->count++];
        if (cpu->vendor == ARM)
            arm_codes(root, entry->d_name, (uint32_t)type, pmu);
        else
            generic_codes(pmu, cpu, entry->d_name, (uint32_t)type);
    }
    closedir(folder);
}

void bench_pmus_read(const char *root, struct bench_pmus *out)
{
    struct cpu cpu = read_cpu(root);
    *out = (struct bench_pmus){.hypervisor = cpu.hypervisor, .paranoid = BENCH_PARANOID_UNKNOWN};
    read_int(root, "/proc/sys/kernel/perf_event_paranoid", &out->paranoid);
    read_kinds(root, &cpu, out);
    if (out->count > 0)
        return;
    out->count = 1;
    generic_codes(&out->pmu[0], &cpu, "cpu", 0);
}

/* --- Reasons ------------------------------------------------------------------------- */

/* Up to 2, the highest of the mainline kernel, a program may count itself in
 * user mode; Debian and others know 3 and 4, which forbid it. */
static void explain_forbidden(const struct bench_pmus *pmus, char text[BENCH_REASON_SIZE])
{
    if (pmus->paranoid == BENCH_PARANOID_UNKNOWN)
        snprintf(text, BENCH_REASON_SIZE,
                 "not permitted (kernel.perf_event_paranoid is hidden; "
                 "a container?)");
    else if (pmus->paranoid > 2)
        snprintf(text, BENCH_REASON_SIZE,
                 "not permitted: kernel.perf_event_paranoid is %d, at most 2 is needed",
                 pmus->paranoid);
    else
        snprintf(text, BENCH_REASON_SIZE,
                 "not permitted, though kernel.perf_event_paranoid is %d: a container's system "
                 "call filter?",
                 pmus->paranoid);
}

void bench_pmus_explain(const struct bench_pmus *pmus, int error, char text[BENCH_REASON_SIZE])
{
    switch (error) {
    case EACCES:
    case EPERM:
        explain_forbidden(pmus, text);
        return;
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
    case ENXIO:
        snprintf(text, BENCH_REASON_SIZE,
                 pmus->hypervisor ? "this virtual machine has none: its hypervisor passes none on"
                                  : "the kernel has none for this CPU");
        return;
    case ENOSYS:
        snprintf(text, BENCH_REASON_SIZE, "no perf_event_open on this system");
        return;
    case EMFILE:
    case ENFILE:
        snprintf(text, BENCH_REASON_SIZE, "too many open files");
        return;
    case EBUSY:
        snprintf(text, BENCH_REASON_SIZE, "another program has the counters for itself");
        return;
    default:
        snprintf(text, BENCH_REASON_SIZE, "%.140s", strerror(error));
    }
}
