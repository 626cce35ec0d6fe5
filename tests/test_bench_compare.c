/* SPDX-License-Identifier: MIT */
/* Comparing two runs of mlp-bench: the statistics, the rule, and files that hold
 * anything but a run. */
#include "../benchmarks/compare.h"
#include "../benchmarks/samples.h"
#include "../benchmarks/stats.h"
#include "folder.h"

#include "alloc.h"
#include "suite.h"

#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Documents ------------------------------------------------------------------- */

enum { REPS = 9 };

/* JSON with ' for ", which C makes hard to read. */
static json_t *parse(const char *text)
{
    char copy[1024];
    json_error_t error;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *value = json_loads(copy, JSON_DECODE_ANY, &error);
    ck_assert_msg(value != NULL, "%s: %s", text, error.text);
    return value;
}

static json_t *make_document(void)
{
    json_t *root = json_object();
    json_object_set_new(
        root, "context",
        parse("{'cpu': 'A CPU', 'num_cpus': 2, 'cpus_usable': 2, 'memory_bytes': 8000000000,"
              " 'caches': [{'type': 'Data', 'level': 1, 'size': 49152, 'num_sharing': 1}],"
              " 'system': 'Linux', 'governor': 'unknown', 'compiler': 'gcc 12',"
              " 'library_build_type': 'release', 'mlp_bench_schema': 1, 'mlp_version': '0.1.0',"
              " 'data': null, 'min_time': 0.1, 'reps': 9, 'pin': false, 'cold_cache': 'none',"
              " 'noise_floor': null, 'interrupted': false}"));
    json_object_set_new(root, "benchmarks", json_array());
    return root;
}

/* What a case's entries have in common. */
static json_t *make_entry(const char *name, const char *type, size_t reps, double time, double cpu)
{
    json_t *entry = parse("{'threads': 1, 'iterations': 3, 'time_unit': 'ns'}");
    json_object_set_new(entry, "name", json_string(name));
    json_object_set_new(entry, "run_name", json_string(name));
    json_object_set_new(entry, "run_type", json_string(type));
    json_object_set_new(entry, "repetitions", json_integer((json_int_t)reps));
    json_object_set_new(entry, "real_time", json_real(time));
    json_object_set_new(entry, "cpu_time", json_real(cpu));
    return entry;
}

static void add_median(json_t *root, const char *name, size_t reps, double time, const char *share)
{
    json_t *entry = make_entry(name, "aggregate", reps, time, time);
    json_object_set_new(entry, "aggregate_name", json_string("median"));
    json_object_set_new(entry, "binding", json_string("FMA"));
    json_object_set_new(entry, "share_of_binding", parse(share));
    json_array_append_new(json_object_get(root, "benchmarks"), entry);
}

static void add_repetition(json_t *root, const char *name, size_t reps, size_t rep, double time,
                           double cpu)
{
    json_t *entry = make_entry(name, "iteration", reps, time, cpu);
    json_object_set_new(entry, "repetition_index", json_integer((json_int_t)rep));
    json_array_append_new(json_object_get(root, "benchmarks"), entry);
}

/* A case whose repetitions lie up to `spread` above `time`; `salt` varies them. */
static void add_case(json_t *root, const char *name, double time, double spread, size_t salt)
{
    char share[32];
    for (size_t i = 0; i < REPS; i++) {
        double each = time * (1 + spread * (double)((i * 5 + salt) % 11) / 10);
        add_repetition(root, name, REPS, i, each, each);
    }
    snprintf(share, sizeof share, "%.6f", 100 / time);
    add_median(root, name, REPS, time, share);
}

/* Sets the member at a path like "benchmarks.3.real_time"; removes it where
 * `value` is NULL. */
static void set(json_t *root, const char *path, json_t *value)
{
    char copy[128];
    snprintf(copy, sizeof copy, "%s", path);
    json_t *at = root;
    char *key = strtok(copy, "."), *next;
    for (; (next = strtok(NULL, ".")); key = next)
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(key)) : json_object_get(at, key);
    if (json_is_array(at))
        json_array_set_new(at, (size_t)atoi(key), value);
    else if (value)
        json_object_set_new(at, key, value);
    else
        json_object_del(at, key);
}

/* Writes `root` and lets it go. */
static void save(json_t *root, const char *name)
{
    ck_assert_int_eq(json_dump_file(root, in_folder(name), 0), 0);
    json_decref(root);
}

static json_t *plain_run(size_t salt)
{
    json_t *root = make_document();
    add_case(root, "math/exp/256x256/c/t1", 1000, 0.01, salt);
    add_case(root, "math/log/256x256/c/t1", 2000, 0.01, salt + 1);
    return root;
}

/* --- Running --------------------------------------------------------------------- */

static char *out, *err;
static mlp_error error;

static int redirect(int fd, const char *name)
{
    int kept = dup(fd), file = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    ck_assert_int_ge(kept, 0);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(dup2(file, fd), fd);
    close(file);
    return kept;
}

static void restore(int fd, int kept)
{
    ck_assert_int_eq(dup2(kept, fd), fd);
    close(kept);
}

/* Compares files `old` and `new` of the folder; `out` and `err` have what was
 * printed. */
static mlp_status compare(double threshold, bool *regressed)
{
    size_t size;
    fflush(stdout);
    int kept_out = redirect(1, "out"), kept_err = redirect(2, "err");
    mlp_status status =
        bench_compare(in_folder("old"), in_folder("new"), threshold, regressed, &error);
    fflush(stdout);
    restore(1, kept_out);
    restore(2, kept_err);
    free(out);
    free(err);
    out = get_file(in_folder("out"), &size);
    err = get_file(in_folder("err"), &size);
    return status;
}

static bool regresses(void)
{
    bool regressed;
    ck_assert_msg(compare(0.05, &regressed) == MLP_OK, "%s", error.message);
    return regressed;
}

/* Fails with one line that names the file `name` and says `reason`, prints
 * nothing and leaves nothing allocated. */
static void expect_failure(mlp_status expected, const char *name, const char *reason)
{
    bool regressed = true;
    long live = mlp_alloc_live();
    mlp_status status = compare(0.05, &regressed);
    ck_assert_msg(status == expected, "status %d, expected %d: %s", status, expected, reason);
    ck_assert_int_eq(error.status, expected);
    ck_assert_msg(strstr(error.message, reason) != NULL, "'%s' says not '%s'", error.message,
                  reason);
    ck_assert_ptr_nonnull(strstr(error.message, in_folder(name)));
    ck_assert_ptr_null(strchr(error.message, '\n'));
    ck_assert(!regressed);
    ck_assert_str_eq(out, "");
    ck_assert_str_eq(err, "");
    ck_assert_int_eq(mlp_alloc_live(), live);
}

/* --- Statistics -------------------------------------------------------------------- */

static void check_p(double found, double expected)
{
    ck_assert_msg(fabs(found - expected) <= 1e-6 * expected, "p %.9g, expected %.9g", found,
                  expected);
}

/* Against scipy.stats.mannwhitneyu, and with ties against a count of all
 * choices. */
START_TEST(mann_whitney)
{
    double low[BENCH_MAX_REPS], high[BENCH_MAX_REPS], mixed[BENCH_MAX_REPS];
    for (size_t i = 0; i < BENCH_MAX_REPS; i++) {
        low[i] = (double)i;
        high[i] = 1000 + (double)i;
        mixed[i] = (double)(i * 37 % 50) + 0.5;
    }
    check_p(bench_mann_whitney(9, low, 9, high), 2 / 48620.0);
    check_p(bench_mann_whitney(9, high, 9, low), 2 / 48620.0);
    check_p(bench_mann_whitney(1, low, 1, high), 1);
    check_p(bench_mann_whitney(3, low, 2, high), 0.2);
    check_p(bench_mann_whitney(2, low, 3, high), 0.2);
    check_p(bench_mann_whitney(9, low, 9, mixed), 0.00275606746);
    check_p(bench_mann_whitney(20, low, 30, mixed), 0.000221405874);
    check_p(bench_mann_whitney(99, low, 99, mixed), 4.52192237e-09);
    ck_assert(bench_mann_whitney(99, low, 99, high) < 1e-30);
    /* 1 1 2 and 2 3 3: of the 20 choices of 3 ranks, 2 as far from the mean. */
    check_p(bench_mann_whitney(3, (double[]){1, 2, 1}, 3, (double[]){3, 2, 3}), 0.2);
    /* All alike. */
    double same[BENCH_MAX_REPS] = {0};
    check_p(bench_mann_whitney(9, same, 9, same), 1);
    check_p(bench_mann_whitney(99, same, 99, same), 1);
}
END_TEST

START_TEST(median_interval)
{
    double sorted[BENCH_MAX_REPS], low, high;
    for (size_t i = 0; i < BENCH_MAX_REPS; i++)
        sorted[i] = (double)i + 1;
    static const size_t cases[][3] = {{1, 1, 1},  {5, 1, 5},   {6, 1, 6},    {8, 1, 8},   {9, 2, 8},
                                      {10, 2, 9}, {20, 6, 15}, {50, 18, 33}, {99, 40, 60}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench_median_interval(cases[i][0], sorted, &low, &high);
        ck_assert_msg(low == (double)cases[i][1] && high == (double)cases[i][2],
                      "%zu values: %g to %g", cases[i][0], low, high);
    }
}
END_TEST

/* --- Rule ----------------------------------------------------------------------------- */

START_TEST(same_run_is_the_same)
{
    save(plain_run(0), "old");
    save(plain_run(0), "new");
    ck_assert(!regresses());
    ck_assert_str_eq(err, "");
    ck_assert_ptr_nonnull(strstr(out, "2 cases: 0 slower, 0 faster, 0 unsure, 2 the same"));
    save(plain_run(5), "new");
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "2 the same"));
}
END_TEST

START_TEST(slower_and_faster)
{
    json_t *run = make_document();
    add_case(run, "math/exp/256x256/c/t1", 1100, 0.01, 3);
    add_case(run, "math/log/256x256/c/t1", 2000, 0.01, 4);
    save(plain_run(0), "old");
    save(run, "new");
    ck_assert(regresses());
    ck_assert_ptr_nonnull(strstr(out, "1 slower, 0 faster"));
    ck_assert_ptr_nonnull(strstr(out, "SLOWER"));
    ck_assert_int_eq(rename(in_folder("old"), in_folder("kept")), 0);
    ck_assert_int_eq(rename(in_folder("new"), in_folder("old")), 0);
    ck_assert_int_eq(rename(in_folder("kept"), in_folder("new")), 0);
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "0 slower, 1 faster"));
}
END_TEST

START_TEST(threshold)
{
    bool regressed;
    json_t *run = make_document();
    add_case(run, "math/exp/256x256/c/t1", 1100, 0.01, 3);
    save(plain_run(0), "old");
    save(run, "new");
    ck_assert(compare(0.05, &regressed) == MLP_OK && regressed);
    ck_assert(compare(0, &regressed) == MLP_OK && regressed);
    ck_assert(compare(0.08, &regressed) == MLP_OK && !regressed);
    ck_assert(compare(10, &regressed) == MLP_OK && !regressed);
    ck_assert_int_eq(compare(-0.01, &regressed), MLP_ERROR_USAGE);
    ck_assert_int_eq(compare(NAN, &regressed), MLP_ERROR_USAGE);
    ck_assert_int_eq(compare(11, &regressed), MLP_ERROR_USAGE);
}
END_TEST

static json_t *slow_run(void)
{
    json_t *run = make_document();
    add_case(run, "math/exp/256x256/c/t1", 1100, 0.01, 3);
    add_case(run, "math/log/256x256/c/t1", 2000, 0.01, 4);
    return run;
}

/* What speaks against a slow-down by 10 %, each alone. */
START_TEST(noise_is_no_regression)
{
    save(plain_run(0), "old");
    json_t *run = slow_run(); /* one repetition as fast as before: the minimum */
    set(run, "benchmarks.2.real_time", json_real(1000));
    set(run, "benchmarks.2.cpu_time", json_real(1000));
    save(run, "new");
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "1 unsure"));

    run = slow_run(); /* the ceiling fell as well: the clock */
    set(run, "benchmarks.9.share_of_binding", json_real(0.1));
    save(run, "new");
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "1 unsure"));
    run = slow_run(); /* not known */
    set(run, "benchmarks.9.share_of_binding", json_null());
    save(run, "new");
    ck_assert(regresses());

    run = slow_run(); /* another process had a CPU for a while */
    for (size_t i = 0; i < REPS; i++) {
        char path[64];
        snprintf(path, sizeof path, "benchmarks.%zu.cpu_time", i);
        set(run, path, json_real(1000));
    }
    save(run, "new");
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "1 unsure"));

    run = slow_run(); /* it hangs on where its arrays are */
    set(run, "benchmarks.9.binding", json_string("L2"));
    save(run, "new");
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "1 unsure"));

    run = slow_run(); /* the run itself says that it is noisy */
    set(run, "context.noise_floor", parse("{'name': 'x', 'ratio': 0.9, 'p': 0.01}"));
    save(run, "new");
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "noise floor 11.1 %"));

    run = make_document(); /* a spread as wide as the change */
    add_case(run, "math/exp/256x256/c/t1", 1060, 0.2, 3);
    save(run, "new");
    run = make_document();
    add_case(run, "math/exp/256x256/c/t1", 1000, 0.2, 3);
    save(run, "old");
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "1 unsure"));
}
END_TEST

/* Runs of a case in which the first `disturbed` repetitions took three times as
 * long, because somebody else had the CPU. */
static void save_disturbed(const char *file, const char *binding, double time, size_t disturbed)
{
    char path[64];
    json_t *run = make_document();
    add_case(run, "gemm/dw/256x256x256/c/t1", time, 0.01, 3);
    for (size_t i = 0; i < disturbed; i++) {
        snprintf(path, sizeof path, "benchmarks.%zu.real_time", i);
        set(run, path, json_real(3 * time));
    }
    set(run, "benchmarks.9.binding", json_string(binding));
    save(run, file);
}

START_TEST(disturbed_repetitions)
{
    save_disturbed("old", "FMA", 1000, 1);
    save_disturbed("new", "FMA", 1500, 2);
    ck_assert(regresses()); /* 8 repetitions against 7 */
    ck_assert_ptr_nonnull(strstr(out, "3.1e-04"));
    save_disturbed("new", "FMA", 1500, 3);
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(err, "1 of 1 cases have too few repetitions"));
    ck_assert_ptr_nonnull(strstr(out, "1 unsure"));
    save_disturbed("old", "L2", 1000, 1);
    save_disturbed("new", "L2", 1500, 1);
    ck_assert(regresses());
    save_disturbed("new", "L2", 1500, 3);
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "1 unsure"));
}
END_TEST

START_TEST(few_repetitions_tell_nothing)
{
    for (int i = 0; i < 2; i++) {
        json_t *run = make_document();
        for (size_t rep = 0; rep < 8; rep++)
            add_repetition(run, "epoch/reference/c/t1", 8, rep, i ? 2000 : 1000, 1);
        save(run, i ? "new" : "old");
    }
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "1 unsure"));
}
END_TEST

/* --- Conditions ----------------------------------------------------------------------- */

static const struct {
    const char *member, *value, *says;
    bool counts; /* a regression is still one */
} other_conditions[] = {
    {"context.cpu", "'Another'", "different machines: cpu was \"A CPU\", is \"Another\"", false},
    {"context.num_cpus", "64", "different machines: num_cpus was 2, is 64", false},
    {"context.memory_bytes", "16e9", "different machines: memory_bytes", false},
    {"context.caches", "[]", "different machines: caches", false},
    {"context.compiler", "'clang 14'", "different builds: compiler", true},
    {"context.library_build_type", "'debug'", "different builds: library_build_type", true},
    {"context.pin", "true", "settings: pin was false, is true", true},
    {"context.cold_cache", "'all'", "settings: cold_cache was \"none\", is \"all\"", true},
    {"context.data", "'data/mnist'", "settings: data was null, is \"data/mnist\"", true},
    {"context.min_time", "0.5", "settings: min_time", true},
    {"context.governor", "'powersave'", "settings: governor", true},
    {"context.system", "'\\u001b[31m'", "settings: system", true},
    {"context.cpus_usable", "1", "settings: cpus_usable", true},
    {"context.interrupted", "true", "interrupted", true},
};

START_TEST(conditions_differ)
{
    json_t *run = slow_run();
    set(run, other_conditions[_i].member, parse(other_conditions[_i].value));
    save(plain_run(0), "old");
    save(run, "new");
    ck_assert_int_eq(regresses(), other_conditions[_i].counts);
    ck_assert_ptr_nonnull(strstr(out, "1 slower"));
    ck_assert_msg(strstr(err, other_conditions[_i].says) != NULL, "%s", err);
    ck_assert_ptr_null(strchr(err, '\033'));
    ck_assert_int_eq(strstr(err, "exit code") == NULL, other_conditions[_i].counts);
    /* A little more memory is the same machine. */
    run = slow_run();
    set(run, "context.memory_bytes", parse("8100000000"));
    save(run, "new");
    ck_assert(regresses());
    ck_assert_str_eq(err, "");
}
END_TEST

START_TEST(cases_of_one_file)
{
    char name[64];
    json_t *run = plain_run(0);
    for (size_t i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "only/%zu", i);
        add_case(run, name, 1000, 0.01, i);
    }
    save(run, "old");
    run = plain_run(0);
    add_case(run, "alone", 1000, 0.01, 1);
    save(run, "new");
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(err, "5 cases are only in"));
    ck_assert_ptr_nonnull(strstr(err, "only/0, only/1, only/2, ...\n"));
    ck_assert_ptr_nonnull(strstr(err, "1 case is only in"));
    ck_assert_ptr_nonnull(strstr(err, ": alone\n"));
    run = make_document();
    add_case(run, "alone", 1000, 0.01, 1);
    save(run, "old");
    run = make_document();
    add_case(run, "lonely", 1000, 0.01, 1);
    save(run, "new");
    expect_failure(MLP_ERROR_DATA, "new", "no case is in both");
}
END_TEST

START_TEST(table_fits_the_terminal)
{
    char name[BENCH_MAX_NAME + 1];
    static const double times[] = {1e-6, 0.5, 999.9, 1e6, 9.9999e9, 1e18};
    for (int i = 0; i < 2; i++) {
        json_t *run = make_document();
        for (size_t t = 0; t < sizeof times / sizeof times[0]; t++) {
            memset(name, 'a' + (int)t, sizeof name - 1);
            name[t ? 37 * t : 1] = 0;
            add_case(run, name, i ? times[5 - t] : times[t], 0, t);
        }
        save(run, i ? "new" : "old");
    }
    ck_assert(regresses());
    for (const char *line = out; *line;) {
        size_t length = strcspn(line, "\n");
        ck_assert_msg(length <= 100, "%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}
END_TEST

/* --- Files that are no run ---------------------------------------------------------------- */

static const struct {
    const char *text, *reason;
} damaged[] = {
    {"", "empty"},
    {"{", "line 1, byte 1: damaged JSON"},
    {"{\n\"context\": }", "line 2, byte 14: damaged JSON"},
    {"{'context': {}, 'context': {}}", "duplicate"},
    {"{'a': NaN}", "damaged"},
    {"{'a': 1e999}", "damaged"},
    {"{'a': 99999999999999999999}", "damaged"},
    {"{'a': '\xff'}", "damaged"},
    {"{'a': '\\u0000'}", "damaged"},
    {"{} {}", "damaged"},
    {"17", "damaged"},
    {"[]", "no object 'context'"},
    {"{}", "no object 'context'"},
    {"{'context': 1}", "no object 'context'"},
    {"{'context': {}}", "no context.mlp_bench_schema"},
    {"{'context': {'caches': [], 'library_build_type': 'release'}, 'benchmarks': []}",
     "Google's compare.py"},
    {"{'context': {'mlp_bench_schema': 2}}", "schema 2, expected 1"},
    {"{'context': {'mlp_bench_schema': 0}}", "schema 0, expected 1"},
    {"{'context': {'mlp_bench_schema': '1'}}", "context.mlp_bench_schema"},
    {"{'context': {'mlp_bench_schema': 1}}", "context.cpu: missing"},
};

START_TEST(damaged_file)
{
    char text[256];
    snprintf(text, sizeof text, "%s", damaged[_i].text);
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    save(plain_run(0), "old");
    save(plain_run(0), "new");
    put_file(in_folder(_i % 2 ? "new" : "old"), text, strlen(text));
    expect_failure(MLP_ERROR_DATA, _i % 2 ? "new" : "old", damaged[_i].reason);
}
END_TEST

/* Entries 0 to 8 are the repetitions of the first case, 9 is its median. */
static const struct {
    const char *member, *value, *reason; /* NULL: without this member */
} bad_members[] = {
    {"context.cpu", "1", "context.cpu: a wrong value, expected a string"},
    {"context.cpu", NULL, "context.cpu: missing"},
    {"context.num_cpus", "0", "context.num_cpus"},
    {"context.num_cpus", "1.5", "context.num_cpus"},
    {"context.cpus_usable", "'2'", "context.cpus_usable"},
    {"context.caches", "{}", "context.caches"},
    {"context.caches.0", "[]", "context.caches"},
    {"context.caches.0.size", "-1", "size"},
    {"context.caches.0.level", "'1'", "level"},
    {"context.caches.0.type", "null", "type"},
    {"context.caches.0.num_sharing", NULL, "num_sharing"},
    {"context.memory_bytes", "-1", "context.memory_bytes"},
    {"context.memory_bytes", "null", "context.memory_bytes"},
    {"context.system", "[]", "context.system"},
    {"context.governor", "false", "context.governor"},
    {"context.compiler", "null", "context.compiler"},
    {"context.library_build_type", "3", "context.library_build_type"},
    {"context.mlp_version", "1.0", "context.mlp_version"},
    {"context.data", "0", "context.data"},
    {"context.min_time", "'0.1'", "context.min_time"},
    {"context.pin", "0", "context.pin"},
    {"context.cold_cache", "false", "context.cold_cache"},
    {"context.noise_floor", "1.01", "context.noise_floor"},
    {"context.noise_floor", "{}", "context.noise_floor.name"},
    {"context.noise_floor", "{'name': 'x', 'ratio': -1}", "context.noise_floor.ratio"},
    {"context.interrupted", "'no'", "context.interrupted"},
    {"benchmarks", NULL, "benchmarks: expected an array"},
    {"benchmarks", "{}", "benchmarks: expected an array"},
    {"benchmarks", "[]", "no case was measured"},
    {"benchmarks",
     "[{'name': 'a_mean', 'run_name': 'a', 'run_type': 'aggregate', 'aggregate_name': 'mean'}]",
     "no case was measured"},
    {"benchmarks.3", "7", "benchmarks[3]: expected an object"},
    {"benchmarks.3", "null", "benchmarks[3]: expected an object"},
    {"benchmarks.3.name", NULL, "benchmarks[3].name"},
    {"benchmarks.3.run_name", "null", "benchmarks[3].run_name"},
    {"benchmarks.3.run_name", "''", "benchmarks[3].run_name"},
    {"benchmarks.3.run_name", "'a\\nb'", "benchmarks[3].run_name"},
    {"benchmarks.3.run_name", "'a\\u009bb'", "benchmarks[3].run_name"},
    {"benchmarks.3.run_name", "'another'", "case 'another' is there twice, or not whole"},
    {"benchmarks.3.run_type", "'slow'", "benchmarks[3].run_type"},
    {"benchmarks.3.run_type", NULL, "benchmarks[3].run_type"},
    {"benchmarks.3.run_type", "'aggregate'", "benchmarks[3].aggregate_name"},
    {"benchmarks.3.repetitions", "8", "benchmarks[3].repetitions is 8"},
    {"benchmarks.3.repetitions", "0", "benchmarks[3].repetitions"},
    {"benchmarks.3.repetitions", "100", "benchmarks[3].repetitions"},
    {"benchmarks.3.repetitions", "9.0", "benchmarks[3].repetitions"},
    {"benchmarks.3.repetition_index", "9", "benchmarks[3].repetition_index"},
    {"benchmarks.3.repetition_index", "-1", "benchmarks[3].repetition_index"},
    {"benchmarks.3.repetition_index", "4", "is there twice"},
    {"benchmarks.3.repetition_index", NULL, "benchmarks[3].repetition_index"},
    {"benchmarks.3.iterations", "0", "benchmarks[3].iterations"},
    {"benchmarks.3.real_time", "0", "benchmarks[3].real_time"},
    {"benchmarks.3.real_time", "-5.0", "benchmarks[3].real_time"},
    {"benchmarks.3.real_time", "1e-300", "benchmarks[3].real_time"},
    {"benchmarks.3.real_time", "1e300", "benchmarks[3].real_time"},
    {"benchmarks.3.real_time", "null", "benchmarks[3].real_time"},
    {"benchmarks.3.real_time", "'1000'", "benchmarks[3].real_time"},
    {"benchmarks.3.cpu_time", "-1", "benchmarks[3].cpu_time"},
    {"benchmarks.3.cpu_time", "true", "benchmarks[3].cpu_time"},
    {"benchmarks.3.time_unit", "'us'", "benchmarks[3].time_unit"},
    {"benchmarks.9.aggregate_name", "5", "benchmarks[9].aggregate_name"},
    {"benchmarks.9.repetitions", "10", "benchmarks[9].repetitions is 10"},
    {"benchmarks.9.real_time", "0", "benchmarks[9].real_time"},
    {"benchmarks.9.binding", "17", "benchmarks[9].binding"},
    {"benchmarks.9.share_of_binding", "-1", "benchmarks[9].share_of_binding"},
    {"benchmarks.9.share_of_binding", "'high'", "benchmarks[9].share_of_binding"},
    {"benchmarks.9.run_name", "'another'", "case 'another' has 0 repetitions"},
    {"benchmarks.9.run_name", "'math/log/256x256/c/t1'", "is there twice"},
};

START_TEST(bad_member)
{
    const char *value = bad_members[_i].value;
    json_t *run = plain_run(0);
    set(run, bad_members[_i].member, value ? parse(value) : NULL);
    save(plain_run(0), "old");
    save(run, "new");
    expect_failure(MLP_ERROR_DATA, "new", bad_members[_i].reason);
}
END_TEST

START_TEST(case_there_twice)
{
    json_t *run = plain_run(0);
    add_case(run, "math/exp/256x256/c/t1", 1000, 0.01, 0);
    save(plain_run(0), "old");
    save(run, "new");
    expect_failure(MLP_ERROR_DATA, "new", "case 'math/exp/256x256/c/t1' is there twice");
}
END_TEST

START_TEST(name_too_long)
{
    char name[BENCH_MAX_NAME + 2];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    json_t *run = plain_run(0);
    add_case(run, name, 1000, 0.01, 0);
    save(plain_run(0), "old");
    save(run, "new");
    expect_failure(MLP_ERROR_DATA, "new", "benchmarks[20].run_name");
    run = plain_run(0);
    add_case(run, name + 1, 1000, 0.01, 0);
    save(run, "new");
    ck_assert(!regresses());
}
END_TEST

START_TEST(deep_nesting)
{
    enum { DEPTH = 1 << 20 };
    char *text = malloc(DEPTH);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', DEPTH);
    save(plain_run(0), "old");
    put_file(in_folder("new"), text, DEPTH);
    free(text);
    expect_failure(MLP_ERROR_DATA, "new", "depth");
}
END_TEST

START_TEST(file_that_cannot_be_read)
{
    save(plain_run(0), "old");
    expect_failure(MLP_ERROR_INTERNAL, "new", "No such file");
    ck_assert_int_eq(rename(in_folder("old"), in_folder("new")), 0);
    expect_failure(MLP_ERROR_INTERNAL, "old", "No such file");
}
END_TEST

START_TEST(file_too_large)
{
    save(plain_run(0), "old");
    save(plain_run(0), "new");
    ck_assert_int_eq(truncate(in_folder("new"), (256 << 20) + 1), 0);
    expect_failure(MLP_ERROR_DATA, "new", "at most 256 MiB");
}
END_TEST

START_TEST(every_byte_cut_off)
{
    size_t size;
    save(plain_run(0), "old");
    char *text = get_file(in_folder("old"), &size);
    for (size_t length = 1; length < size; length += 1 + length / 50) {
        put_file(in_folder("new"), text, length);
        expect_failure(MLP_ERROR_DATA, "new", "damaged JSON");
    }
    free(text);
}
END_TEST

/* As many entries as nobody measures; a case for every nine. */
START_TEST(many_entries)
{
    enum { CASES = 5000 };
    FILE *file = fopen(in_folder("old"), "w");
    ck_assert_ptr_nonnull(file);
    json_t *run = make_document();
    char *context = json_dumps(json_object_get(run, "context"), 0);
    fprintf(file, "{\"context\":%s,\"benchmarks\":[", context);
    for (size_t i = 0; i < CASES * REPS; i++)
        fprintf(file,
                "%s{\"name\":\"c%zu\",\"run_name\":\"c%zu\",\"run_type\":\"iteration\","
                "\"repetitions\":9,\"repetition_index\":%zu,\"iterations\":1,\"real_time\":%zu,"
                "\"cpu_time\":0,\"time_unit\":\"ns\"}",
                i ? "," : "", i % CASES, i % CASES, i / CASES, 1000 + i / CASES);
    fputs("]}", file);
    ck_assert_int_eq(fclose(file), 0);
    free(context);
    json_decref(run);
    ck_assert_int_eq(link(in_folder("old"), in_folder("new")), 0);
    ck_assert(!regresses());
    ck_assert_ptr_nonnull(strstr(out, "5000 cases: 0 slower"));
}
END_TEST

START_TEST(memory_runs_out)
{
    bool regressed;
    unsigned long n = 0;
    mlp_status status;
    save(plain_run(0), "old");
    save(slow_run(), "new");
    long live = mlp_alloc_live();
    do {
        mlp_alloc_fail_at(++n, 0);
        status = compare(0.05, &regressed);
        mlp_alloc_fail_at(0, 0);
        ck_assert_int_eq(mlp_alloc_live(), live);
        ck_assert(status == MLP_OK || status == MLP_ERROR_INTERNAL);
        ck_assert_int_eq(regressed, status == MLP_OK);
    } while (status != MLP_OK && n < 100);
    ck_assert_uint_gt(n, 5);
    ck_assert_int_eq(status, MLP_OK);
}
END_TEST

int main(void)
{
    TCase *statistics = tcase_create("statistics");
    tcase_add_test(statistics, mann_whitney);
    tcase_add_test(statistics, median_interval);

    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, folder_make, folder_remove);
    tcase_set_timeout(files, 280);
    tcase_add_test(files, same_run_is_the_same);
    tcase_add_test(files, slower_and_faster);
    tcase_add_test(files, threshold);
    tcase_add_test(files, noise_is_no_regression);
    tcase_add_test(files, disturbed_repetitions);
    tcase_add_test(files, few_repetitions_tell_nothing);
    tcase_add_loop_test(files, conditions_differ, 0,
                        sizeof other_conditions / sizeof other_conditions[0]);
    tcase_add_test(files, cases_of_one_file);
    tcase_add_test(files, table_fits_the_terminal);
    tcase_add_loop_test(files, damaged_file, 0, sizeof damaged / sizeof damaged[0]);
    tcase_add_loop_test(files, bad_member, 0, sizeof bad_members / sizeof bad_members[0]);
    tcase_add_test(files, case_there_twice);
    tcase_add_test(files, name_too_long);
    tcase_add_test(files, deep_nesting);
    tcase_add_test(files, file_that_cannot_be_read);
    tcase_add_test(files, file_too_large);
    tcase_add_test(files, every_byte_cut_off);
    tcase_add_test(files, many_entries);
    tcase_add_test(files, memory_runs_out);

    Suite *suite = suite_create("bench_compare");
    suite_add_tcase(suite, statistics);
    suite_add_tcase(suite, files);
    return suite_run(suite);
}
