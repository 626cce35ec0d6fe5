/* SPDX-License-Identifier: MIT */
/* The program `mlp-bench`: its cases and bad options; and what its figures rest
 * on: the statistics and the ceilings' kernels. */
#include "../benchmarks/stats.h"
#include "bench_shell.h"
#include "folder.h"
#include "kernels.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Names ---------------------------------------------------------------------- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

START_TEST(names_are_unique)
{
    expect_success("$BENCH --list --threads 1,2,3 --shape 7x8x9 --shape 9x8x7");
    char *names[4096];
    size_t count = 0;
    for (char *name = strtok(out, "\n"); name && count < 4096; name = strtok(NULL, "\n"))
        names[count++] = name;
    ck_assert_uint_gt(count, 100);
    qsort(names, count, sizeof *names, compare_text);
    for (size_t i = 1; i < count; i++)
        ck_assert_str_ne(names[i - 1], names[i]);
}
END_TEST

START_TEST(list_follows_the_registries)
{
    char start[128];
    expect_success("$BENCH --list --threads 3");
    for (size_t i = 0; mlp_isa_name(i); i++) {
        const char *isa = mlp_isa_name(i);
        snprintf(start, sizeof start, "gemm/forward/256x256x784/%s/t3\n", isa);
        ck_assert_int_eq(line_begins(start), mlp_isa_supported(i));
        for (size_t a = 1; mlp_isa_supported(i) && mlp_activation_name(a); a++) {
            if (a == MLP_SOFTMAX) /* a copy, like the identity */
                continue;
            snprintf(start, sizeof start, "activation/%s/256x256/%s/t3\n", mlp_activation_name(a),
                     isa);
            ck_assert_msg(line_begins(start), "%s", start);
        }
        for (size_t o = 0; mlp_isa_supported(i) && mlp_optimizer_name(o); o++) {
            snprintf(start, sizeof start, "gemm/dw_%s/784x256x256/%s/t3\n", mlp_optimizer_name(o),
                     isa);
            ck_assert_msg(line_begins(start), "%s", start);
        }
    }
    const mlp_recipe *recipe;
    for (size_t r = 0; (recipe = mlp_recipe_at(r)); r++) {
        snprintf(start, sizeof start, "epoch/%s/c/t3\n", recipe->name);
        bool images = strcmp(recipe->data, "digits") == 0; /* the others' nets are tiny */
        ck_assert_msg(line_begins(start) == images, "%s", start);
    }
}
END_TEST

START_TEST(options_choose_cases)
{
    expect_success("$BENCH --list --isa c --threads 2,2,5 --filter '^math/(exp|log)/'");
    ck_assert_str_eq(out, "math/exp/256x256/c/t2\nmath/log/256x256/c/t2\n"
                          "math/exp/256x256/c/t5\nmath/log/256x256/c/t5\n");
    expect_success("$BENCH --list --isa c --threads 1 --filter gemm/forward.*/c/ --shape 3x5x7");
    ck_assert_str_eq(out, "gemm/forward/3x5x7/c/t1\n");
    expect_success("$BENCH --list --isa c --threads 1 --suite gemm --shape tn/3x5x7 "
                   "--shape tt/2x2x2 --shape nn/1x1x1 "
                   "--filter '^gemm/(forward|dw|dw_sgd|dw_adam|nn|tn|tt)/.*/c/t1$'");
    ck_assert_str_eq(out, "gemm/forward/1x1x1/c/t1\ngemm/dw/3x5x7/c/t1\n"
                          "gemm/dw_sgd/3x5x7/c/t1\ngemm/dw_adam/3x5x7/c/t1\n"
                          "gemm/nn/1x1x1/c/t1\ngemm/tn/3x5x7/c/t1\ngemm/tt/2x2x2/c/t1\n");
    expect_success(
        "$BENCH --list --isa c --threads 1 --suite infer,step --hidden 30,20 --batch 64");
    ck_assert_str_eq(out, "infer/784-30-20-10/b64/c/t1\nstep/784-30-20-10/b64/c/t1\n");
    expect_success("$BENCH --list --isa c --threads 1 --suite epoch --batch 64");
    ck_assert_str_eq(out, "epoch/reference/b64/c/t1\n");
    expect_success("$BENCH --list --isa c --threads 1 --suite files");
    ck_assert_str_eq(out, "open/csv-integers/c/t1\nopen/csv-fractions/c/t1\n"
                          "open/npy-f4/c/t1\nopen/safetensors/c/t1\n");
    expect_success("MLP_ISA=c $BENCH --list --threads 1 --filter gemm/dx/256x256x10/c/");
    ck_assert_str_eq(out, "gemm/dx/256x256x10/c/t1\n");
}
END_TEST

START_TEST(help_and_version)
{
    static const char *const options[] = {
        "list",  "suite",    "filter",    "shape",    "isa",     "threads", "hidden",
        "batch", "data",     "cblas",     "min-time", "reps",    "pin",     "cold-cache",
        "csv",   "counters", "dry-run",   "record",   "seconds", "json",    "html",
        "svg",   "compare",  "threshold", "help",     "version",
    };
    char start[32];
    expect_success("$BENCH --help");
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        snprintf(start, sizeof start, "  --%s ", options[i]);
        ck_assert_msg(line_begins(start), "%s", start);
    }
    expect_success("$BENCH --version");
    ck_assert_int_eq(strncmp(out, "mlp-bench ", 10), 0);
    ck_assert_int_eq(strncmp(out + 10, mlp_version(), strlen(mlp_version())), 0);
}
END_TEST

/* --- Bad options ------------------------------------------------------------------ */

static const struct {
    const char *options, *reason;
} bad_options[] = {
    {"--frobnicate", "--frobnicate"},
    {"-x", "-x"},
    {"--list=yes", "--list=yes"},
    {"words", "words"},
    {"--filter '('", "--filter '('"},
    {"--filter gemm --filter '['", "--filter '['"},
    {"--filter", "--filter"},
    {"--filter '^no such case$'", "no case"},
    {"--filter '^gemm/foward/'", "did you mean gemm/forward?"},
    {"--suite gem", "did you mean gemm?"},
    {"--suite ''", "--suite ''"},
    {"--suite gemm,", "--suite 'gemm,'"},
    {"--hidden 0", "--hidden '0'"},
    {"--hidden 1,2,3,4,5", "more than"},
    {"--hidden 10x", "--hidden '10x'"},
    {"--batch 0", "--batch '0'"},
    {"--batch 99999999999999999999", "--batch"},
    {"--cold-cache hot", "--cold-cache 'hot'"},
    {"--counters on", "--counters 'on'"},
    {"--seconds 1", "only with --record"},
    {"--threshold 5%", "only with --compare"},
    {"--list --json", "only where results are measured"},
    {"--seconds 0", "--seconds '0'"},
    {"--seconds forever", "--seconds 'forever'"},
    {"--record 'no such case'", "no such case"},
    {"--record gemm/foward/256x256x256/c/t1 --threads 1",
     "did you mean gemm/forward/256x256x256/c/t1?"},
    {"--json --csv", "--json and --csv"},
    {"--threshold 0%", "--threshold '0%'"},
    {"--threshold 5percent", "--threshold '5percent'"},
    {"--threshold nan", "--threshold 'nan'"},
    {"--compare one.json", "OLD.json NEW.json"},
    {"--cblas nowhere.so", "nowhere.so"},
    {"--cblas ./err", "./err"},
    {"--cblas " MLP_EMPTY_LIBRARY, "no function cblas_sgemm"},
    {"--isa mmx", "mmx"},
    {"--threads 0", "--threads '0'"},
    {"--threads -1", "--threads '-1'"},
    {"--threads 4x", "--threads '4x'"},
    {"--threads ''", "--threads ''"},
    {"--threads 1,", "--threads '1,'"},
    {"--threads 1,,2", "--threads '1,,2'"},
    {"--threads 1000000000", "--threads '1000000000'"},
    {"--threads 99999999999999999999", "--threads"},
    {"--threads 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "more than"},
    {"--shape 1x2", "--shape '1x2'"},
    {"--shape 1x2x3x4", "--shape '1x2x3x4'"},
    {"--shape 1x2x", "--shape '1x2x'"},
    {"--shape 0x2x3", "--shape '0x2x3'"},
    {"--shape 1x-2x3", "--shape '1x-2x3'"},
    {"--shape 1x2x99999999999999999999", "--shape"},
    {"--shape mnxmnxmn", "--shape 'mnxmnxmn'"},
    {"--shape nt1x2x3", "--shape 'nt1x2x3'"},
    {"--shape 1000000x1000000x2", "of memory, the machine has"},
    {"--min-time 0", "--min-time '0'"},
    {"--min-time nan", "--min-time 'nan'"},
    {"--min-time inf", "--min-time 'inf'"},
    {"--min-time -1", "--min-time '-1'"},
    {"--min-time 1s", "--min-time '1s'"},
    {"--min-time 1e-9", "--min-time '1e-9'"},
    {"--html same --svg same", "both name 'same'"},
    {"--cold-cache all --suite step", "--cold-cache"},
    {"--record math/exp/256x256/c/t1 --threads 1 --cold-cache all", "--cold-cache"},
    {"--min-time ''", "--min-time ''"},
    {"--reps 8", "--reps '8'"},
    {"--reps 100", "--reps '100'"},
    {"--reps ten", "--reps 'ten'"},
};

START_TEST(bad_option)
{
    char command[256];
    snprintf(command, sizeof command, "$BENCH %s", bad_options[_i].options);
    expect_failure(2, bad_options[_i].reason, command);
}
END_TEST

START_TEST(bad_environment)
{
    expect_failure(2, "mmx", "MLP_ISA=mmx $BENCH --list");
    expect_failure(2, "OMP_THREAD_LIMIT", "OMP_THREAD_LIMIT=1 $BENCH --threads 2");
}
END_TEST

START_TEST(missing_data)
{
    int code = shell("$BENCH " QUICK "--isa c --threads 1 --filter step/reference --data nowhere");
    ck_assert_int_ne(code, 0);
    ck_assert_ptr_nonnull(strstr(err, "nowhere"));
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(full_disk)
{
    ck_assert_int_eq(shell("$BENCH --list >/dev/full"), 1);
    ck_assert_ptr_nonnull(strstr(err, "mlp-bench: "));
}
END_TEST

/* --- Statistics and ceilings --------------------------------------------------------- */

START_TEST(statistics)
{
    struct bench_stats odd = bench_stats(5, (double[]){9, 1, 3, 100, 2});
    ck_assert(odd.median == 3 && odd.minimum == 1 && odd.maximum == 100 && odd.mad == 2);
    struct bench_stats even = bench_stats(4, (double[]){4, 1, 3, 2});
    ck_assert(even.median == 2.5 && even.minimum == 1 && even.maximum == 4 && even.mad == 1);
    struct bench_stats one = bench_stats(1, (double[]){7});
    ck_assert(one.median == 7 && one.minimum == 7 && one.maximum == 7 && one.mad == 0);
}
END_TEST

START_TEST(ceilings_do_their_work)
{
    enum { COUNT = 4 * 64 };
    _Alignas(64) float x[COUNT];
    for (size_t i = 0; i < mlp_isa_count(); i++) {
        if (!mlp_isa_supported(i))
            continue;
        struct mlp_kernels kernels;
        mlp_kernels_fill(i, &kernels);
        ck_assert_uint_eq(kernels.peak_fma(0), 0);
        ck_assert_uint_gt(kernels.peak_fma(1), 0);
        ck_assert_uint_eq(kernels.peak_fma(1000), 1000 * kernels.peak_fma(1));
        /* Every bit of every value counts. */
        for (size_t at = 0; at < COUNT; at++) {
            uint32_t bits = UINT32_C(1) << at % 32;
            memset(x, 0, sizeof x);
            memcpy(&x[at], &bits, sizeof bits);
            ck_assert_uint_eq(kernels.peak_read(COUNT, x), bits);
        }
    }
}
END_TEST

int main(void)
{
    TCase *program = tcase_create("program");
    tcase_add_checked_fixture(program, shell_set_up, folder_remove);
    tcase_set_timeout(program, 280);
    tcase_add_test(program, names_are_unique);
    tcase_add_test(program, list_follows_the_registries);
    tcase_add_test(program, options_choose_cases);
    tcase_add_test(program, help_and_version);
    tcase_add_loop_test(program, bad_option, 0, sizeof bad_options / sizeof bad_options[0]);
    tcase_add_test(program, bad_environment);
    tcase_add_test(program, missing_data);
    tcase_add_test(program, full_disk);

    TCase *parts = tcase_create("parts");
    tcase_add_test(parts, statistics);
    tcase_add_test(parts, ceilings_do_their_work);

    Suite *suite = suite_create("bench");
    suite_add_tcase(suite, program);
    suite_add_tcase(suite, parts);
    return suite_run(suite);
}
