/* SPDX-License-Identifier: MIT */
/* What the kernel tests share: the walk over instruction sets, memory between
 * guard pages, values that break things, comparison of bits. */
#ifndef MLP_TESTS_KERNEL_TEST_H
#define MLP_TESTS_KERNEL_TEST_H

#include "kernels.h"

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs a suite and returns the program's exit code: 1 where a test failed, 77
 * where one passed over an instruction set that this CPU lacks. Prints the seed
 * (MLP_TEST_SEED overrides it). */
int kt_main(Suite *suite);

/* A test case of the suite whose time limit leaves room for emulators. */
TCase *kt_tcase(Suite *suite, const char *name);

/* Adds `test` as a loop test over the instruction sets other than C; it gets
 * their table index as _i. */
#define kt_add_isa_test(tcase, test) tcase_add_loop_test(tcase, test, 1, (int)mlp_isa_table_size())

/* The kernels of table row `i`; NULL, with a message, where this CPU lacks
 * them. */
const struct mlp_kernels *kt_kernels(int i);

/* The C kernels. */
const struct mlp_kernels *kt_c(void);

/* Rows of the registries (mlp_activation_name, mlp_optimizer_name): the values
 * of their enums go from 0 to below these. */
int kt_activations(void);
int kt_optimizers(void);

/* Names the case that runs next, e.g. "gemm_forward_6x16_avx2_m7_n32_k3", for
 * the messages of a failure or a crash. */
void kt_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *kt_case_name(void);

/* ck_assert_msg, which writes to a file each time that it passes, for loops. */
#define kt_require(condition, ...)                                                                 \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg(__VA_ARGS__);                                                             \
    } while (0)

/* --- Numbers -------------------------------------------------------------- */

/* The next random number; every test starts from the seed. */
uint64_t kt_random(void);
size_t kt_random_below(size_t n);

enum kt_values {
    KT_ORDINARY, /* in (-2, 2) */
    KT_EXTREME,  /* zeros of both signs, subnormals, tiny, huge, ordinary */
    KT_SPECIAL,  /* the same with infinities and NaNs */
    KT_VALUES,
};

const char *kt_values_name(enum kt_values values);
float kt_value(enum kt_values values);
void kt_fill(float *x, size_t n, enum kt_values values);

/* --- Memory --------------------------------------------------------------- */

/* Where a buffer touches a page that cannot be accessed. */
enum kt_side {
    KT_AT_END,
    KT_AT_START,
    KT_SIDES,
};

enum { KT_SLOTS = 16 };

/* `size` bytes in slot `slot`, flush against the guard page on that side, with
 * canaries on the other. Valid until the slot's next use. */
void *kt_place(int slot, size_t size, enum kt_side side);

/* The same with room for n floats, or with a copy of n floats. */
float *kt_floats(int slot, size_t n, enum kt_side side);
float *kt_copy(int slot, const float *x, size_t n, enum kt_side side);

/* Fails where the canaries of a slot have changed. */
void kt_check_canaries(int slot);

/* --- Comparison ----------------------------------------------------------- */

/* Whether the bits are equal; a NaN equals any NaN. */
bool kt_same(float a, float b);

/* Fails with the case's name and the first difference. */
void kt_expect_same(const char *what, const float *want, const float *got, size_t n);

#endif
