/* SPDX-License-Identifier: MIT */
/* The program `mlp-bench`: its cases, its output and bad options, but no time;
 * and what its figures rest on: the statistics and the ceilings' kernels. */
#include "../benchmarks/stats.h"
#include "folder.h"
#include "kernels.h"

#include <mlp/mlp.h>

#include <check.h>
#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* --- Running the program ------------------------------------------------------ */

/* As short as a measurement can be. */
#define QUICK "--min-time 0.0001 --reps 10 "

static char *out, *err;

/* Runs a shell command in the folder, where $BENCH is the program; returns its
 * exit code. */
static int shell(const char *format, ...)
{
    char command[2048], line[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "cd '%s' && BENCH='%s' && { %s; } >out 2>err", folder, MLP_BENCH,
             command);
    int status = system(line);
    size_t size;
    free(out);
    free(err);
    out = get_file(in_folder("out"), &size);
    err = get_file(in_folder("err"), &size);
    ck_assert_msg(WIFEXITED(status), "%s", command);
    return WEXITSTATUS(status);
}

static void expect_success(const char *command)
{
    int code = shell("%s", command);
    ck_assert_msg(code == 0, "%s: exit code %d: %s", command, code, err);
}

/* Fails with `code`, one line on stderr that says `reason`, and no result. */
static void expect_failure(int code, const char *reason, const char *command)
{
    int found = shell("%s", command);
    ck_assert_msg(found == code, "%s: exit code %d, expected %d: %s", command, found, code, err);
    ck_assert_msg(strstr(err, reason) != NULL, "%s: '%s' says not '%s'", command, err, reason);
    ck_assert_msg(strchr(err, '\n') == err + strlen(err) - 1, "%s: not one line: %s", command, err);
    ck_assert_msg(strncmp(err, "mlp-bench: ", 11) == 0, "%s: %s", command, err);
    ck_assert_str_eq(out, "");
}

static json_t *parse_output(void)
{
    json_error_t error;
    json_t *value = json_loads(out, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(value != NULL, "%s: %s", error.text, out);
    return value;
}

static double number(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_number(value), "no number '%s'", key);
    return json_number_value(value);
}

static void set_up(void)
{
    folder_make();
    put_file(in_folder("out"), "", 0);
    put_file(in_folder("err"), "", 0);
}

/* Whether a line of `out` begins with `start`. */
static bool line_begins(const char *start)
{
    size_t length = strlen(start);
    for (const char *line = out; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, start, length) == 0)
            return true;
    }
    return false;
}

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
        ck_assert_msg(line_begins(start), "%s", start);
    }
}
END_TEST

START_TEST(options_choose_cases)
{
    expect_success("$BENCH --list --isa c --threads 2,2,5 --filter '^math/(exp|log)/'");
    ck_assert_str_eq(out, "math/exp/256x256/c/t2\nmath/log/256x256/c/t2\n"
                          "math/exp/256x256/c/t5\nmath/log/256x256/c/t5\n");
    expect_success("$BENCH --list --isa c --threads 1 --filter gemm/forward --shape 3x5x7");
    ck_assert_str_eq(out, "gemm/forward/3x5x7/c/t1\n");
    expect_success("MLP_ISA=c $BENCH --list --threads 1 --filter gemm/dx/256x256x10/");
    ck_assert_str_eq(out, "gemm/dx/256x256x10/c/t1\n");
}
END_TEST

START_TEST(help_and_version)
{
    static const char *const options[] = {"list",     "filter", "isa",  "threads", "shape",  "data",
                                          "min-time", "reps",   "json", "help",    "version"};
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
    {"--min-time 0", "--min-time '0'"},
    {"--min-time nan", "--min-time 'nan'"},
    {"--min-time inf", "--min-time 'inf'"},
    {"--min-time -1", "--min-time '-1'"},
    {"--min-time 1s", "--min-time '1s'"},
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

/* --- Measurements ------------------------------------------------------------------ */

/* Median, minimum and median absolute deviation that can be true. */
static void check_times(const json_t *result)
{
    ck_assert(number(result, "minimum") > 0);
    ck_assert(number(result, "median") >= number(result, "minimum"));
    ck_assert(number(result, "mad") >= 0);
}

static const json_t *find_result(const json_t *all, const char *name)
{
    size_t i;
    json_t *result;
    json_array_foreach(json_object_get(all, "benchmarks"), i, result)
    {
        if (strcmp(json_string_value(json_object_get(result, "name")), name) == 0)
            return result;
    }
    ck_abort_msg("no result '%s'", name);
    return NULL;
}

START_TEST(json_has_what_was_measured)
{
    const char *isa = mlp_isa_selected();
    char name[128];
    int code = shell("$BENCH " QUICK "--json --isa %s --threads 1,2 --shape 13x17x19 "
                     "--filter '^(gemm|layout)/'",
                     isa);
    ck_assert_msg(code == 0, "exit code %d: %s", code, err);
    json_t *all = parse_output(), *context = json_object_get(all, "context");
    ck_assert_str_eq(json_string_value(json_object_get(context, "version")), mlp_version());

    json_t *ceilings = json_object_get(context, "ceilings");
    ck_assert_uint_eq(json_array_size(ceilings), 2);
    for (int t = 1; t <= 2; t++) {
        json_t *row = json_array_get(ceilings, (size_t)t - 1);
        ck_assert_str_eq(json_string_value(json_object_get(row, "isa")), isa);
        ck_assert(number(row, "threads") == t);
        check_times(json_object_get(row, "flops_per_second"));
        check_times(json_object_get(json_object_get(row, "read_bytes_per_second"), "memory"));
        snprintf(name, sizeof name, "gemm/forward/13x17x19/%s/t%d", isa, t);
        const json_t *result = find_result(all, name);
        check_times(result);
        /* --reps is the least: more fit into the time where a run is short. */
        ck_assert(number(result, "repetitions") >= 10);
        ck_assert(number(result, "repetitions") <= BENCH_MAX_REPS);
        ck_assert(number(result, "share_of_peak") > 0);
        double flops = number(result, "gflops") * number(result, "median") * 1e9;
        ck_assert_msg(fabs(flops / (2 * 13 * 17 * 19) - 1) < 1e-6, "%g FLOP", flops);
        snprintf(name, sizeof name, "layout/transpose/784x256/%s/t%d", isa, t);
        result = find_result(all, name);
        check_times(result);
        ck_assert(number(result, "gigabytes_per_second") > 0);
    }
    json_decref(all);
}
END_TEST

/* IDX files with `count` images of 2 x 2 pixels. */
static void put_images(unsigned count)
{
    unsigned char images[16 + 4 * 400] = {0, 0, 8, 3}, labels[8 + 400] = {0, 0, 8, 1};
    images[6] = labels[6] = (unsigned char)(count >> 8);
    images[7] = labels[7] = (unsigned char)count;
    images[11] = images[15] = 2;
    for (unsigned i = 0; i < count; i++) {
        labels[8 + i] = (unsigned char)(i % 10);
        memset(images + 16 + 4 * (size_t)i, (int)(i % 256), 4);
    }
    ck_assert_int_eq(mkdir(in_folder("data"), 0777), 0);
    put_file(in_folder("data/train-images-idx3-ubyte"), images, 16 + 4 * (size_t)count);
    put_file(in_folder("data/train-labels-idx1-ubyte"), labels, 8 + (size_t)count);
}

START_TEST(phases_of_a_step)
{
    const char *isa = mlp_isa_selected();
    char name[64];
    put_images(400);
    int code = shell("$BENCH " QUICK "--json --isa %s --threads 2 --data data "
                     "--filter '^(step|epoch)/reference/'",
                     isa);
    ck_assert_msg(code == 0, "exit code %d: %s", code, err);
    json_t *all = parse_output();
    static const char *const phases[] = {"gather", "forward", "loss", "dx", "dw", "wait"};
    snprintf(name, sizeof name, "step/reference/%s/t2", isa);
    const json_t *step = find_result(all, name);
    for (size_t p = 0; p < sizeof phases / sizeof phases[0]; p++)
        ck_assert(number(json_object_get(json_object_get(step, "phases"), phases[p]), "median") >=
                  0);
    snprintf(name, sizeof name, "epoch/reference/%s/t2", isa);
    const json_t *epoch = find_result(all, name);
    ck_assert_ptr_null(json_object_get(epoch, "phases"));

    /* 4-256-256-10: 2 FLOP x (2 x (1024 + 65536 + 2560) + 65536 + 2560) a sample. */
    double sample = 412672;
    ck_assert(fabs(number(step, "gflops") * number(step, "median") * 1e9 / (256 * sample) - 1) <
              1e-6);
    ck_assert(fabs(number(epoch, "gflops") * number(epoch, "median") * 1e9 / (400 * sample) - 1) <
              1e-6);
    json_decref(all);
}
END_TEST

START_TEST(tables_fit_the_terminal)
{
    int code = shell("$BENCH " QUICK "--isa %s --threads %d --shape 13x17x19 "
                     "--filter '^(gemm/dw_adam|derivative)/'",
                     mlp_isa_selected(), omp_get_num_procs() + 1);
    ck_assert_msg(code == 0, "exit code %d: %s", code, err);
    ck_assert_ptr_nonnull(strstr(err, "CPUs")); /* the warning */
    ck_assert_ptr_nonnull(strstr(out, "\ngemm/dw_adam/13x17x19/"));
    ck_assert_ptr_nonnull(strstr(out, "\nderivative/leaky_relu/256x256/"));
    for (const char *line = out; *line;) {
        size_t length = strcspn(line, "\n");
        bool title = strncmp(line, "CPU ", 4) == 0 || strncmp(line, "build ", 6) == 0;
        ck_assert_msg(length <= 100 || title, "%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
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
    tcase_add_checked_fixture(program, set_up, folder_remove);
    tcase_set_timeout(program, 280);
    tcase_add_test(program, names_are_unique);
    tcase_add_test(program, list_follows_the_registries);
    tcase_add_test(program, options_choose_cases);
    tcase_add_test(program, help_and_version);
    tcase_add_loop_test(program, bad_option, 0, sizeof bad_options / sizeof bad_options[0]);
    tcase_add_test(program, bad_environment);
    tcase_add_test(program, missing_data);
    tcase_add_test(program, full_disk);
    tcase_add_test(program, json_has_what_was_measured);
    tcase_add_test(program, phases_of_a_step);
    tcase_add_test(program, tables_fit_the_terminal);

    TCase *parts = tcase_create("parts");
    tcase_add_test(parts, statistics);
    tcase_add_test(parts, ceilings_do_their_work);

    Suite *suite = suite_create("bench");
    suite_add_tcase(suite, program);
    suite_add_tcase(suite, parts);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
