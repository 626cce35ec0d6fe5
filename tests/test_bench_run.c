/* SPDX-License-Identifier: MIT */
/* What `mlp-bench` measures and writes: right results, its JSON and CSV, peers,
 * interruption; but no time. */
#include "../benchmarks/stats.h"
#include "bench_shell.h"
#include "folder.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- JSON and CSV ------------------------------------------------------------------- */

/* Median, minimum and median absolute deviation that can be true. */
static void check_stats(const json_t *stats)
{
    ck_assert(number_at(stats, "minimum") > 0);
    ck_assert(number_at(stats, "median") >= number_at(stats, "minimum"));
    ck_assert(number_at(stats, "mad") >= 0);
}

/* The median of an entry is that of its repetitions, which are all there. */
static void check_repetitions(const json_t *run, const json_t *median)
{
    double times[BENCH_MAX_REPS];
    size_t i, count = 0;
    json_t *entry;
    const char *name = text_at(median, "run_name");
    json_array_foreach(json_object_get(run, "benchmarks"), i, entry)
    {
        if (strcmp(text_at(entry, "run_type"), "iteration") != 0 ||
            strcmp(text_at(entry, "name"), name) != 0)
            continue;
        ck_assert_uint_lt(count, BENCH_MAX_REPS);
        ck_assert(number_at(entry, "repetition_index") == (double)count);
        ck_assert(number_at(entry, "iterations") >= 1);
        ck_assert(number_at(entry, "cpu_time") >= 0);
        times[count++] = number_at(entry, "real_time");
    }
    ck_assert(number_at(median, "repetitions") == (double)count);
    struct bench_stats stats = bench_stats(count, times);
    ck_assert(fabs(number_at(median, "real_time") / stats.median - 1) < 1e-6);
    ck_assert(fabs(number_at(median, "minimum") / stats.minimum - 1) < 1e-6);
}

/* A counter is a number above 0, or null: never 0. */
static void check_counters(const json_t *run, const json_t *result)
{
    static const char *const names[] = {"cycles", "instructions", "ipc",       "flop_per_cycle",
                                        "ghz",    "l1_misses",    "l2_misses", "llc_misses"};
    const json_t *counters = json_object_get(json_object_get(run, "context"), "counters");
    bool available = json_is_true(json_object_get(counters, "available"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *value = json_object_get(result, names[i]);
        ck_assert_msg(json_is_null(value) || (available && json_number_value(value) > 0), "%s",
                      names[i]);
    }
    if (!available)
        ck_assert_str_ne(text_at(counters, "reason"), "");
}

START_TEST(json_has_what_was_measured)
{
    const char *isa = mlp_isa_selected();
    char name[128];
    int code = shell("$BENCH " QUICK "--json --isa %s --threads 1,2 --shape 13x17x19 "
                     "--filter '^(gemm|layout)/.*/%s/'",
                     isa, isa);
    ck_assert_msg(code == 0, "exit code %d: %s", code, err);
    json_t *run = parse_json(out), *context = json_object_get(run, "context");
    ck_assert(number_at(context, "mlp_bench_schema") == 1);
    ck_assert_str_eq(text_at(context, "mlp_version"), mlp_version());

    json_t *ceilings = json_object_get(context, "ceilings");
    ck_assert_uint_eq(json_array_size(ceilings), 2);
    for (int t = 1; t <= 2; t++) {
        json_t *row = json_array_get(ceilings, (size_t)t - 1);
        ck_assert_str_eq(text_at(row, "isa"), isa);
        ck_assert(number_at(row, "threads") == t);
        check_stats(json_object_get(row, "flops_per_second"));
        check_stats(json_object_get(json_object_get(row, "read_bytes_per_second"), "memory"));
        snprintf(name, sizeof name, "gemm/forward/13x17x19/%s/t%d", isa, t);
        const json_t *result = find_result(run, name);
        check_repetitions(run, result);
        check_counters(run, result);
        /* --reps is the least: more fit into the time where a run is short. */
        ck_assert(number_at(result, "repetitions") >= 10);
        ck_assert_str_eq(text_at(result, "operation"), "gemm/forward");
        ck_assert_str_eq(text_at(result, "shape"), "13x17x19");
        ck_assert_str_eq(text_at(result, "layout"), "trainer");
        ck_assert(number_at(result, "share_of_binding") > 0);
        ck_assert(number_at(result, "flops") == 2 * 13 * 17 * 19);
        ck_assert(number_at(result, "bytes") == 4 * (13 * 19 + 19 * 17 + 13 * 17));
        double flops = number_at(result, "gflops") * number_at(result, "real_time");
        ck_assert_msg(fabs(flops / (2 * 13 * 17 * 19) - 1) < 1e-6, "%g FLOP", flops);
        snprintf(name, sizeof name, "layout/transpose/784x256/%s/t%d", isa, t);
        result = find_result(run, name);
        check_repetitions(run, result);
        ck_assert(number_at(result, "gigabytes_per_second") > 0);
    }
    json_t *noise = json_object_get(context, "noise_floor");
    ck_assert(number_at(noise, "ratio") > 0);
    ck_assert(number_at(noise, "p") >= 0 && number_at(noise, "p") <= 1);
    json_decref(run);
}
END_TEST

START_TEST(counters_can_be_off)
{
    expect_success("$BENCH " QUICK "--json --isa c --threads 1 --counters off --filter math/exp");
    json_t *run = parse_json(out);
    const json_t *counters = json_object_get(json_object_get(run, "context"), "counters");
    ck_assert(json_is_false(json_object_get(counters, "available")));
    ck_assert_ptr_nonnull(strstr(text_at(counters, "reason"), "--counters off"));
    check_counters(run, find_result(run, "math/exp/256x256/c/t1"));
    json_decref(run);
}
END_TEST

/* Commas in a line, up to `end`. */
static size_t count_commas(const char *line, const char *end)
{
    size_t count = 0;
    for (; line < end; line++)
        count += *line == ',';
    return count;
}

START_TEST(csv_has_a_line_for_every_case)
{
    expect_success("$BENCH " QUICK "--csv --isa c --threads 1 --filter '^math/|^infer/.*/b1/'");
    ck_assert_int_eq(strncmp(out, "run_name,suite,operation,shape,isa,", 35), 0);
    size_t commas = count_commas(out, strchr(out, '\n')), lines = 0;
    for (const char *line = out; *line; lines++) {
        const char *end = strchr(line, '\n');
        ck_assert_uint_eq(count_commas(line, end), commas);
        line = end + 1;
    }
    ck_assert_uint_eq(lines, 4);
    ck_assert(line_begins("math/exp/256x256/c/t1,elementwise,math/exp,256x256,c,false,,1,"));
    ck_assert(line_begins("infer/reference/b1/c/t1,infer,infer,reference/b1,c,false,,1,"));
}
END_TEST

/* Files are made, opened, compared and removed. */
START_TEST(files_are_opened)
{
    expect_success("mkdir t");
    expect_success("TMPDIR=$PWD/t $BENCH " QUICK "--json --threads 1 --isa c --filter '^open/npy'");
    json_t *run = parse_json(out);
    const json_t *result = find_result(run, "open/npy-f4/c/t1");
    ck_assert(json_is_true(json_object_get(result, "equal_bits")));
    ck_assert(json_is_false(json_object_get(result, "wrong")));
    json_decref(run);
    expect_success("ls t");
    ck_assert_str_eq(out, "");
    int code = shell("TMPDIR=nowhere $BENCH " QUICK "--isa c --threads 1 --filter '^open/npy'");
    ck_assert_int_eq(code, 1);
    ck_assert_ptr_nonnull(strstr(err, "nowhere: cannot make a folder in it"));
}
END_TEST

/* --- Results -------------------------------------------------------------------------- */

START_TEST(results_are_the_c_kernels_bits)
{
    size_t i, count = 0;
    json_t *result;
    /* Sizes with tails in every direction, and one that takes several blocks. */
    expect_success("$BENCH " QUICK "--json --threads 1,3 --shape 13x17x19 --shape 230x35x300 "
                   "--shape tt/50x600x40 --shape 1x100x30 "
                   "--filter '^(gemm|math|activation|derivative|loss|update|layout)/'");
    json_t *run = parse_json(out);
    each_result(run, i, result)
    {
        const char *name = text_at(result, "run_name");
        double error = number_at(result, "error_eps");
        bool peer = json_is_true(json_object_get(result, "peer"));
        ck_assert_msg(json_is_false(json_object_get(result, "wrong")), "%s", name);
        ck_assert_msg(peer || json_is_true(json_object_get(result, "equal_bits")), "%s", name);
        ck_assert_msg(error >= 0 && error < 8, "%s: %g eps", name, error);
        count++;
    }
    ck_assert_uint_gt(count, 100);
    json_decref(run);
}
END_TEST

START_TEST(prediction_and_training_have_the_c_kernels_bits)
{
    size_t i, count = 0;
    json_t *result;
    int code = shell("$BENCH " QUICK "--json --isa %s --threads 1,2 --hidden 40,30 --batch 200 "
                     "--filter '^(infer|step|epoch)/'",
                     mlp_isa_selected());
    ck_assert_msg(code == 0, "exit code %d: %s", code, err);
    json_t *run = parse_json(out);
    each_result(run, i, result)
    {
        ck_assert_msg(json_is_true(json_object_get(result, "equal_bits")), "%s",
                      text_at(result, "run_name"));
        ck_assert(number_at(result, "samples_per_second") > 0);
        count++;
    }
    ck_assert_uint_eq(count, 6);
    json_decref(run);
}
END_TEST

START_TEST(latency_has_percentiles)
{
    expect_success("$BENCH " QUICK "--json --threads 1 --hidden 16 --filter '^infer/.*/b1/c/'");
    json_t *run = parse_json(out);
    const json_t *result = find_result(run, "infer/784-16-10/b1/c/t1");
    const json_t *latency = json_object_get(result, "latency");
    ck_assert(number_at(latency, "calls") >= 10000);
    ck_assert(number_at(latency, "p50") > 0);
    ck_assert(number_at(latency, "p99") >= number_at(latency, "p50"));
    ck_assert(number_at(latency, "p999") >= number_at(latency, "p99"));
    json_decref(run);
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
    json_t *run = parse_json(out);
    static const char *const phases[] = {"gather", "forward", "loss", "dx", "dw", "wait"};
    snprintf(name, sizeof name, "step/reference/%s/t2", isa);
    const json_t *step = find_result(run, name);
    for (size_t p = 0; p < sizeof phases / sizeof phases[0]; p++)
        ck_assert(
            number_at(json_object_get(json_object_get(step, "phases"), phases[p]), "median") >= 0);
    snprintf(name, sizeof name, "epoch/reference/%s/t2", isa);
    const json_t *epoch = find_result(run, name);
    ck_assert_ptr_null(json_object_get(epoch, "phases"));

    /* 4-256-256-10: 2 FLOP x (2 x (1024 + 65536 + 2560) + 65536 + 2560) a sample. */
    double sample = 412672;
    ck_assert(number_at(step, "flops") == 256 * sample);
    ck_assert(number_at(epoch, "flops") == 400 * sample);
    json_decref(run);
}
END_TEST

START_TEST(batch_beyond_the_data)
{
    put_images(100);
    int code = shell("$BENCH " QUICK "--isa c --threads 1 --data data --batch 101 --suite "
                     "elementwise,step");
    ck_assert_int_eq(code, 2);
    ck_assert_str_eq(out, ""); /* said before anything is measured */
    ck_assert_ptr_nonnull(strstr(err, "less than a minibatch"));
}
END_TEST

/* --- Tables --------------------------------------------------------------------------- */

static void expect_narrow_lines(void)
{
    for (const char *line = out; *line;) {
        size_t length = strcspn(line, "\n");
        ck_assert_msg(length <= 100, "%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

START_TEST(tables_fit_the_terminal)
{
    int code = shell("$BENCH " QUICK "--threads %d --hidden 16 --batch 300 --shape 13x17x19 "
                     "--filter '/[0-9x]*/(c|%s)/'",
                     omp_get_num_procs() + 1, mlp_isa_selected());
    ck_assert_msg(code == 0, "exit code %d: %s", code, err);
    ck_assert_ptr_nonnull(strstr(err, "threads on")); /* the warning */
    ck_assert_ptr_nonnull(strstr(out, "\ngemm/dw_adam/13x17x19/"));
    ck_assert_ptr_nonnull(strstr(out, "\nderivative/leaky_relu/256x256/"));
    expect_narrow_lines();
}
END_TEST

START_TEST(caches_can_be_cold)
{
    expect_success("$BENCH " QUICK "--isa c --threads 1,2 --cold-cache all --shape 13x17x19 "
                   "--filter '^(gemm|math|update|infer/reference/b1/|step/reference)'");
    ck_assert_ptr_nonnull(strstr(out, "all operands flushed"));
    ck_assert_ptr_nonnull(strstr(out, "\ngemm/nn/13x17x19/c/t2"));
    ck_assert_ptr_null(strstr(out, "\nstep/")); /* cannot be cold */
    expect_success("$BENCH " QUICK "--isa c --threads 1 --cold-cache weights --json --pin "
                   "--shape 13x17x19 --filter '^gemm/dw'");
    json_t *run = parse_json(out);
    ck_assert_str_eq(text_at(json_object_get(run, "context"), "cold_cache"), "weights");
    json_decref(run);
}
END_TEST

START_TEST(dry_run_measures_nothing)
{
    expect_success("$BENCH --dry-run --isa c --threads 1 --filter '^math/'");
    ck_assert(line_begins("math/exp/256x256/c/t1 "));
    ck_assert_ptr_nonnull(strstr(out, "\n2 cases, "));
    ck_assert_ptr_null(strstr(out, "GFLOP/s"));
}
END_TEST

START_TEST(record_runs_one_case)
{
    expect_success("$BENCH --record gemm/nn/13x17x19/c/t1 --shape 13x17x19 --threads 1 "
                   "--seconds 0.05");
    ck_assert_ptr_nonnull(strstr(out, "perf record -g -p "));
    ck_assert_ptr_nonnull(strstr(out, " iterations in "));
}
END_TEST

/* --- Peers ---------------------------------------------------------------------------- */

START_TEST(peer_is_measured)
{
    const char *isa = mlp_isa_selected();
    int code = shell("$BENCH " QUICK "--isa %s --threads 1,2 --shape 13x17x19 --shape tt/5x6x7 "
                     "--cblas " MLP_STUB_THREADS " --cblas " MLP_STUB_THREADS
                     " --cblas " MLP_STUB_RIGHT " --filter '^gemm/'",
                     isa);
    ck_assert_msg(code == 0, "exit code %d: %s", code, err);
    ck_assert_ptr_nonnull(strstr(err, "told 1\n"));
    ck_assert_ptr_nonnull(strstr(err, "told 2\n"));
    ck_assert_ptr_nonnull(strstr(out, "openblas: a stub, for tests"));
    ck_assert_ptr_nonnull(strstr(out, "\ngemm/tn/13x17x19/openblas-2/t2 "));
    ck_assert_ptr_nonnull(strstr(out, "\ngemm/tt/5x6x7/stub-right/t1 "));
    ck_assert_ptr_null(strstr(out, "/stub-right/t2")); /* has no call for threads */
    ck_assert_ptr_nonnull(strstr(out, "\nnt/13x17x19 t2 "));
    ck_assert_ptr_null(strstr(out, "WRONG"));
    expect_narrow_lines();
}
END_TEST

START_TEST(wrong_peer_does_not_look_good)
{
    int code = shell("$BENCH " QUICK "--isa %s --threads 1 --shape nn/13x17x19 "
                     "--cblas " MLP_STUB_WRONG " --filter '^gemm/nn/'",
                     mlp_isa_selected());
    ck_assert_msg(code == 0, "exit code %d: %s", code, err);
    ck_assert(line_begins("gemm/nn/13x17x19/stub-wrong/t1"));
    ck_assert_ptr_nonnull(strstr(out, "THE RESULT IS WRONG"));
    ck_assert_ptr_null(strstr(out, "\nnn/13x17x19 t1 ")); /* no ratio to it */
    expect_success("$BENCH " QUICK "--json --isa c --threads 1 --shape nn/13x17x19 "
                   "--cblas " MLP_STUB_WRONG " --filter /stub-wrong/");
    json_t *run = parse_json(out);
    const json_t *result = find_result(run, "gemm/nn/13x17x19/stub-wrong/t1");
    ck_assert(json_is_true(json_object_get(result, "wrong")));
    ck_assert(json_is_false(json_object_get(result, "equal_bits")));
    ck_assert(number_at(result, "error_eps") > 1000);
    json_decref(run);
}
END_TEST

/* --- Files and signals ------------------------------------------------------------------ */

START_TEST(outputs_are_checked_first)
{
    ck_assert_int_eq(shell("$BENCH --html nowhere/page.html"), 1);
    ck_assert_ptr_nonnull(strstr(err, "nowhere/page.html"));
    ck_assert_str_eq(out, "");
    ck_assert_int_eq(shell("$BENCH --svg ."), 1);
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(full_disk)
{
    ck_assert_int_eq(shell("$BENCH " QUICK "--json --isa c --threads 1 --filter exp >/dev/full"),
                     1);
    ck_assert_ptr_nonnull(strstr(err, "mlp-bench: stdout: "));
    ck_assert_int_eq(shell("$BENCH " QUICK "--csv --isa c --threads 1 --filter exp >/dev/full "
                           "--svg roof.svg"),
                     1);
    size_t size; /* the picture is there all the same */
    char *picture = get_file(in_folder("roof.svg"), &size);
    ck_assert_ptr_nonnull(strstr(picture, "</svg>"));
    free(picture);
}
END_TEST

/* Sends the signal when the first results are there: --min-time holds the second
 * thread count for long. */
static int interrupt(const char *signal, const char *options)
{
    return shell("env --default-signal=%s $BENCH --isa c --threads 1,2 --min-time 30 --reps 9 "
                 "--filter '^gemm/forward/256x256x256|^math/log' %s >result & "
                 "until [ -s started ]; do sleep 0.1; grep -s Ceilings result err >started; done; "
                 "sleep 0.3; kill -%s $!; wait $!",
                 signal, options, signal);
}

START_TEST(interruption_prints_what_there_is)
{
    size_t size;
    ck_assert_int_eq(interrupt("INT", ""), 130);
    char *text = get_file(in_folder("result"), &size);
    ck_assert_ptr_nonnull(strstr(text, "\nInterrupted: "));
    free(text);
}
END_TEST

START_TEST(termination_does_too)
{
    size_t size;
    ck_assert_int_eq(interrupt("TERM", "--html page.html"), 143);
    char *text = get_file(in_folder("result"), &size);
    ck_assert_ptr_nonnull(strstr(text, "\nInterrupted: "));
    free(text);
    text = get_file(in_folder("page.html"), &size);
    ck_assert_ptr_nonnull(strstr(text, "nterrupted"));
    free(text);
}
END_TEST

/* --- Comparison ------------------------------------------------------------------------- */

/* Times without noise: a repetition is a little slower than the one before, and all
 * of them by `factor`. */
static void set_times(json_t *entry, double factor)
{
    const json_t *index = json_object_get(entry, "repetition_index");
    double reps = number_at(entry, "repetitions"),
           rep = index ? json_number_value(index) : reps / 2;
    double time = factor * (1000 + rep);
    json_object_set_new(entry, "real_time", json_real(time));
    json_object_set_new(entry, "cpu_time", json_real(time));
    if (index)
        return;
    json_object_set_new(entry, "minimum", json_real(factor * 1000));
    json_object_set_new(entry, "mad", json_real(factor * reps / 4));
    json_object_set_new(entry, "share_of_binding", json_real(0.5 / factor));
}

/* Writes a copy of `run` with such times, those of a case multiplied. */
static void put_slower(const json_t *run, const char *name, double factor, const char *file)
{
    json_t *copy = json_deep_copy(run), *entry;
    size_t i;
    json_array_foreach(json_object_get(copy, "benchmarks"), i, entry)
    {
        bool chosen = strcmp(text_at(entry, "run_name"), name) == 0;
        set_times(entry, chosen ? factor : 1);
    }
    ck_assert_int_eq(json_dump_file(copy, in_folder(file), 0), 0);
    json_decref(copy);
}

START_TEST(comparison_finds_what_is_slower)
{
    expect_success("$BENCH " QUICK "--json --isa c --threads 1 --filter '^math/'");
    json_t *run = parse_json(out);
    put_slower(run, "math/exp/256x256/c/t1", 1, "old.json");
    put_slower(run, "math/exp/256x256/c/t1", 1.5, "new.json");
    json_decref(run);
    expect_success("$BENCH --compare old.json old.json");
    ck_assert_ptr_nonnull(strstr(out, "math/exp/256x256/c/t1"));
    ck_assert_int_eq(shell("$BENCH --compare old.json new.json"), 1);
    ck_assert_ptr_nonnull(strstr(out, "math/exp/256x256/c/t1"));
    expect_success("$BENCH --compare new.json old.json");
    expect_success("$BENCH --compare old.json new.json --threshold 60%");
    expect_failure(1, "nowhere.json", "$BENCH --compare old.json nowhere.json");
    expect_success("echo '{' >damaged");
    expect_failure(3, "err", "$BENCH --compare old.json err");
    expect_failure(3, "damaged", "$BENCH --compare damaged old.json");
}
END_TEST

int main(void)
{
    TCase *program = tcase_create("program");
    tcase_add_checked_fixture(program, shell_set_up, folder_remove);
    tcase_set_timeout(program, 280);
    tcase_add_test(program, json_has_what_was_measured);
    tcase_add_test(program, counters_can_be_off);
    tcase_add_test(program, csv_has_a_line_for_every_case);
    tcase_add_test(program, files_are_opened);
    tcase_add_test(program, results_are_the_c_kernels_bits);
    tcase_add_test(program, prediction_and_training_have_the_c_kernels_bits);
    tcase_add_test(program, latency_has_percentiles);
    tcase_add_test(program, phases_of_a_step);
    tcase_add_test(program, batch_beyond_the_data);
    tcase_add_test(program, tables_fit_the_terminal);
    tcase_add_test(program, caches_can_be_cold);
    tcase_add_test(program, dry_run_measures_nothing);
    tcase_add_test(program, record_runs_one_case);
    tcase_add_test(program, peer_is_measured);
    tcase_add_test(program, wrong_peer_does_not_look_good);
    tcase_add_test(program, outputs_are_checked_first);
    tcase_add_test(program, full_disk);
    tcase_add_test(program, interruption_prints_what_there_is);
    tcase_add_test(program, termination_does_too);
    tcase_add_test(program, comparison_finds_what_is_slower);

    Suite *suite = suite_create("bench_run");
    suite_add_tcase(suite, program);
    return suite_run(suite);
}
