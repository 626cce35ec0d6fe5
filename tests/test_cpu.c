/* SPDX-License-Identifier: MIT */
/* Detection and dispatch: what the CPU can do, the table of instruction sets,
 * the choice. Also run under emulators of older CPUs, where every kernel that
 * is chosen must be one that they can execute. */
#include "cpu.h"
#include "kernels.h"
#include "select.h"
#include "suite.h"

#include <mlp/cpu.h>

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Detection ------------------------------------------------------------ */

START_TEST(test_flags)
{
#if defined(__x86_64__) || defined(__i386__)
    /* The compiler's own run-time library knows as well. */
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    ck_assert_uint_eq(mlp_cpu_flags() & MLP_CPU_AVX2, avx2 ? MLP_CPU_AVX2 : 0);
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    ck_assert_uint_eq(mlp_cpu_flags() & MLP_CPU_AVX512, avx512 ? MLP_CPU_AVX512 : 0);
#elif defined(__aarch64__)
    ck_assert_uint_eq(mlp_cpu_flags() & MLP_CPU_NEON, MLP_CPU_NEON);
#else
    ck_assert_uint_eq(mlp_cpu_flags(), 0);
#endif
}
END_TEST

static void *store_flags(void *flags)
{
    *(unsigned *)flags = mlp_cpu_flags();
    return NULL;
}

/* In a process of its own: the threads are the first to ask. */
START_TEST(test_flags_from_threads)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    unsigned flags[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, store_flags, &flags[i]), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_uint_eq(flags[i], mlp_cpu_flags());
}
END_TEST

START_TEST(test_name)
{
    char name[128];
    mlp_cpu_name(name, sizeof name);
    printf("CPU: %s, flags %#x\n", name, mlp_cpu_flags());
    ck_assert_uint_gt(strlen(name), 0);
    ck_assert_int_ne(name[0], ' ');
    ck_assert_int_ne(name[strlen(name) - 1], ' ');

    char little[6] = {'x', 'x', 'x', 'x', 'x', 'x'};
    mlp_cpu_name(little, 5);
    ck_assert_uint_le(strlen(little), 4);
    ck_assert_int_eq(strncmp(little, name, 4), 0);
    ck_assert_int_eq(little[5], 'x');
    mlp_cpu_name(little, 1);
    ck_assert_str_eq(little, "");
}
END_TEST

/* --- The table ------------------------------------------------------------ */

START_TEST(test_table)
{
    size_t count = mlp_isa_table_size();
    const struct mlp_isa *table = mlp_isa_table();
    ck_assert_uint_ge(count, 1);
    ck_assert_uint_eq(mlp_isa_count(), count);
    ck_assert_str_eq(table[0].name, "c");
    ck_assert_uint_eq(table[0].cpu_flags, 0);
    for (size_t i = 0; i < count; i++) {
        ck_assert_str_eq(mlp_isa_name(i), table[i].name);
        ck_assert(mlp_isa_supported(i) ==
                  ((table[i].cpu_flags & mlp_cpu_flags()) == table[i].cpu_flags));
        ck_assert(i == 0 || table[i].cpu_flags != 0);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(table[i].name, table[j].name);
    }
    ck_assert_ptr_null(mlp_isa_name(count));
    ck_assert(!mlp_isa_supported(count));
}
END_TEST

/* The functions of a table, as so many bytes each. */
enum { FIRST_KERNEL = offsetof(struct mlp_kernels, gemm_forward) };

static const unsigned char *kernel_bytes(const struct mlp_kernels *kernels, size_t i)
{
    return (const unsigned char *)kernels + FIRST_KERNEL + i * sizeof(mlp_map_fn *);
}

/* Every kernel is there, an instruction set that is supported has all of its
 * own, and one that is not changes nothing. */
START_TEST(test_fill)
{
    const size_t kernel_count = (sizeof(struct mlp_kernels) - FIRST_KERNEL) / sizeof(mlp_map_fn *);
    static const unsigned char null[sizeof(mlp_map_fn *)];
    struct mlp_kernels c = {0}, last = {0};
    mlp_kernels_fill(0, &c);
    for (size_t i = 0; i < mlp_isa_table_size(); i++) {
        struct mlp_kernels k = {0};
        mlp_kernels_fill(i, &k);
        ck_assert_uint_gt(k.mr, 0);
        ck_assert_uint_gt(k.kc, 0);
        ck_assert_uint_eq(k.kc % MLP_NR, 0);
        for (size_t f = 0; f < kernel_count; f++) {
            ck_assert_msg(memcmp(kernel_bytes(&k, f), null, sizeof null) != 0,
                          "%s: kernel %zu is missing", mlp_isa_name(i), f);
            bool own = memcmp(kernel_bytes(&k, f), kernel_bytes(&c, f), sizeof null) != 0;
            ck_assert_msg(i == 0 || !mlp_isa_supported(i) || own, "%s: kernel %zu is that of c",
                          mlp_isa_name(i), f);
        }
        if (mlp_isa_supported(i))
            ck_assert_str_eq(k.isa, mlp_isa_name(i));
        else
            ck_assert_mem_eq(&k, &last, sizeof k);
        last = k;
    }
}
END_TEST

/* --- The choice ----------------------------------------------------------- */

static const char *fastest(void)
{
    const char *name = NULL;
    for (size_t i = 0; i < mlp_isa_count(); i++) {
        if (mlp_isa_supported(i))
            name = mlp_isa_name(i);
    }
    return name;
}

START_TEST(test_choice_by_itself)
{
    unsetenv("MLP_ISA");
    ck_assert_str_eq(mlp_isa_selected(), fastest());
    setenv("MLP_ISA", "", 1);
    ck_assert_int_eq(mlp_isa_select(NULL, NULL), MLP_OK);
    ck_assert_str_eq(mlp_isa_selected(), fastest());
}
END_TEST

START_TEST(test_choice_by_name)
{
    size_t others = 0;
    for (size_t i = 0; i < mlp_isa_count(); i++) {
        mlp_error error = {.message = ""};
        if (mlp_isa_supported(i)) {
            ck_assert_int_eq(mlp_isa_select(mlp_isa_name(i), &error), MLP_OK);
            ck_assert_str_eq(mlp_isa_selected(), mlp_isa_name(i));
            ck_assert_str_eq(mlp_kernels_selected(NULL)->isa, mlp_isa_name(i));
            continue;
        }
        others++;
        const char *before = mlp_isa_selected();
        ck_assert_int_eq(mlp_isa_select(mlp_isa_name(i), &error), MLP_ERROR_USAGE);
        ck_assert_ptr_nonnull(strstr(error.message, mlp_isa_name(i)));
        ck_assert_str_eq(mlp_isa_selected(), before);
    }
    printf("%zu instruction sets of this build that this CPU lacks were refused\n", others);
}
END_TEST

START_TEST(test_forced_c)
{
    setenv("MLP_ISA", fastest(), 1);
    ck_assert_int_eq(mlp_isa_select("c", NULL), MLP_OK);
    const struct mlp_kernels *k = mlp_kernels_selected(NULL);
    ck_assert_str_eq(k->isa, "c");
    ck_assert(k->gemm_forward == mlp_gemm_forward_c);
    ck_assert(k->softmax_xent == mlp_softmax_xent_c);
}
END_TEST

START_TEST(test_choice_by_environment)
{
    setenv("MLP_ISA", "c", 1);
    ck_assert_str_eq(mlp_isa_selected(), "c");
}
END_TEST

START_TEST(test_unknown_name)
{
    mlp_error error = {.message = ""};
    ck_assert_int_eq(mlp_isa_select("c", &error), MLP_OK);
    ck_assert_int_eq(mlp_isa_select("AVX-2", &error), MLP_ERROR_USAGE);
    ck_assert_int_eq(error.status, MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.message, "AVX-2"));
    ck_assert_ptr_nonnull(strstr(error.message, fastest()));
    ck_assert_str_eq(mlp_isa_selected(), "c");
}
END_TEST

/* The first use reports what MLP_ISA has wrong. */
START_TEST(test_unknown_environment)
{
    mlp_error error = {.message = ""};
    setenv("MLP_ISA", "mmx", 1);
    ck_assert_ptr_null(mlp_kernels_selected(&error));
    ck_assert_int_eq(error.status, MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.message, "MLP_ISA"));
    ck_assert_ptr_nonnull(strstr(error.message, "mmx"));
    ck_assert_int_eq(mlp_isa_select(NULL, NULL), MLP_ERROR_USAGE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cpu");
    TCase *tcase = tcase_create("cpu");
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, test_flags);
    tcase_add_test(tcase, test_flags_from_threads);
    tcase_add_test(tcase, test_name);
    tcase_add_test(tcase, test_table);
    tcase_add_test(tcase, test_fill);
    tcase_add_test(tcase, test_choice_by_itself);
    tcase_add_test(tcase, test_choice_by_name);
    tcase_add_test(tcase, test_forced_c);
    tcase_add_test(tcase, test_choice_by_environment);
    tcase_add_test(tcase, test_unknown_name);
    tcase_add_test(tcase, test_unknown_environment);
    return suite_run(suite);
}
