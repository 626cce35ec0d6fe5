/* SPDX-License-Identifier: MIT */
#include "kernel_test.h"
#include "suite.h"

#include "cpu.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    EXIT_SKIPPED = 77,
    CANARY = 0xa5,
    CANARY_BYTES = 512,
    SLOT_BYTES = 4 << 20,
};

/* --- Running -------------------------------------------------------------- */

static uint64_t random_state;
static uint64_t seed = UINT64_C(20240607);

static void start_from_seed(void)
{
    random_state = seed;
}

/* Instruction sets of this build that this CPU lacks, each with a message. */
static int print_missing(void)
{
    int missing = 0;
    for (size_t i = 1; i < mlp_isa_table_size(); i++) {
        const struct mlp_isa *isa = &mlp_isa_table()[i];
        if (isa->cpu_flags & ~mlp_cpu_flags()) {
            printf("skipped: %s, which this CPU lacks\n", isa->name);
            missing++;
        }
    }
    return missing;
}

int kt_main(Suite *suite)
{
    const char *text = getenv("MLP_TEST_SEED");
    if (text && *text)
        seed = strtoull(text, NULL, 0);
    printf("seed %" PRIu64 " (MLP_TEST_SEED)\n", seed);
    int missing = print_missing();
    fflush(stdout);

    if (suite_run(suite) != EXIT_SUCCESS)
        return EXIT_FAILURE;
    return missing ? EXIT_SKIPPED : EXIT_SUCCESS;
}

static char case_name[256] = "(no case yet)";

/* A write or read over the edge: say where, then die of the signal. */
static void on_fault(int signal_number)
{
    static const char before[] = "fault in case ";
    ssize_t written = write(STDERR_FILENO, before, sizeof before - 1);
    written += write(STDERR_FILENO, case_name, strlen(case_name));
    written += write(STDERR_FILENO, "\n", 1);
    (void)written;
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void set_up(void)
{
    start_from_seed();
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    signal(SIGILL, on_fault);
}

TCase *kt_tcase(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, set_up, NULL);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int kt_activations(void)
{
    int count = 0;
    while (mlp_activation_name((size_t)count))
        count++;
    return count;
}

int kt_optimizers(void)
{
    int count = 0;
    while (mlp_optimizer_name((size_t)count))
        count++;
    return count;
}

const struct mlp_kernels *kt_kernels(int i)
{
    static struct mlp_kernels kernels;
    const struct mlp_isa *isa = &mlp_isa_table()[i];
    if (isa->cpu_flags & ~mlp_cpu_flags())
        return NULL;
    mlp_kernels_fill((size_t)i, &kernels);
    ck_assert_str_eq(kernels.isa, isa->name);
    return &kernels;
}

const struct mlp_kernels *kt_c(void)
{
    static struct mlp_kernels kernels;
    if (!kernels.isa)
        mlp_kernels_fill(0, &kernels);
    return &kernels;
}

void kt_case(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(case_name, sizeof case_name, format, arguments);
    va_end(arguments);
}

const char *kt_case_name(void)
{
    return case_name;
}

/* --- Numbers -------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea and Flood 2014). */
uint64_t kt_random(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

size_t kt_random_below(size_t n)
{
    return (size_t)(kt_random() % n);
}

const char *kt_values_name(enum kt_values values)
{
    static const char *const names[KT_VALUES] = {"ordinary", "extreme", "special"};
    return names[values];
}

float kt_value(enum kt_values values)
{
    /* The last four are special or ordinary. */
    static const float list[] = {
        0.0f,
        -0.0f,
        FLT_TRUE_MIN,
        -FLT_TRUE_MIN,
        0x1.fffffcp-127f,
        -0x1.fffffcp-127f,
        FLT_MIN,
        -FLT_MIN,
        0x1p-100f,
        -0x1p-70f,
        1.0f,
        -1.0f,
        0x1p70f,
        -0x1p100f,
        FLT_MAX,
        -FLT_MAX,
        INFINITY,
        -INFINITY,
        NAN,
        0x1.fffffep-1f,
    };
    enum { ALL = sizeof list / sizeof list[0], EXTREME = ALL - 4 };
    uint64_t bits = kt_random();
    size_t choice = (bits & 63) % (2 * ALL);
    float ordinary = (float)((int64_t)bits >> 38) * 0x1p-24f;
    if (values == KT_SPECIAL && choice < ALL)
        return list[choice];
    if (values == KT_EXTREME && choice < EXTREME)
        return list[choice];
    return ordinary;
}

void kt_fill(float *x, size_t n, enum kt_values values)
{
    for (size_t i = 0; i < n; i++)
        x[i] = kt_value(values);
}

/* --- Memory --------------------------------------------------------------- */

struct slot {
    unsigned char *start; /* SLOT_BYTES between guard pages */
    unsigned char *canaries;
};

static struct slot slots[KT_SLOTS];

static void map_slot(struct slot *slot)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    ck_assert_uint_eq(SLOT_BYTES % page, 0);
    unsigned char *all =
        mmap(NULL, SLOT_BYTES + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(all, MAP_FAILED);
    slot->start = all + page;
    ck_assert_int_eq(mprotect(slot->start, SLOT_BYTES, PROT_READ | PROT_WRITE), 0);
}

void *kt_place(int slot_number, size_t size, enum kt_side side)
{
    struct slot *slot = &slots[slot_number];
    kt_require(size + CANARY_BYTES <= SLOT_BYTES, "%s: slots are too small", case_name);
    if (!slot->start)
        map_slot(slot);
    unsigned char *place = side == KT_AT_END ? slot->start + SLOT_BYTES - size : slot->start;
    slot->canaries = side == KT_AT_END ? place - CANARY_BYTES : place + size;
    memset(slot->canaries, CANARY, CANARY_BYTES);
    return place;
}

float *kt_floats(int slot, size_t n, enum kt_side side)
{
    return kt_place(slot, n * sizeof(float), side);
}

float *kt_copy(int slot, const float *x, size_t n, enum kt_side side)
{
    float *copy = kt_floats(slot, n, side);
    memcpy(copy, x, n * sizeof *x);
    return copy;
}

void kt_check_canaries(int slot)
{
    for (int i = 0; i < CANARY_BYTES; i++) {
        if (slots[slot].canaries[i] != CANARY)
            ck_abort_msg("%s: wrote beside the buffer in slot %d", case_name, slot);
    }
}

/* --- Comparison ----------------------------------------------------------- */

bool kt_same(float a, float b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

void kt_expect_same(const char *what, const float *want, const float *got, size_t n)
{
    if (memcmp(want, got, n * sizeof *want) == 0)
        return;
    for (size_t i = 0; i < n; i++) {
        if (!kt_same(want[i], got[i]))
            ck_abort_msg("%s: %s[%zu] is %a, expected %a (seed %" PRIu64 ")", case_name, what, i,
                         (double)got[i], (double)want[i], seed);
    }
}
