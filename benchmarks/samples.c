/* SPDX-License-Identifier: MIT */
#include "samples.h"

#include "alloc.h"
#include "error.h"
#include "file.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* FLOPs a byte below which a kernel's time depends on where its arrays lie, though the
 * FMA units are the lower roof: it passes its operands by the sums only a few times. */
static const double much_movement = 16;

/* A run writes a few megabytes. What is larger is something else, and would
 * take many times its length in memory. */
static const uint64_t most_bytes = UINT64_C(256) << 20;

/* Nanoseconds that can be true, from far below a cycle to 30 years: the ratio of
 * any two is a finite number. */
static const double least_time = 1e-6, most_time = 1e18;

/* What went wrong in which file. */
struct reader {
    const char *path;
    mlp_error *error;
};

/* --- Members with a type --------------------------------------------------------- */

enum type { TEXT, TEXT_OR_NULL, BOOLEAN, COUNT, NUMBER, NUMBER_OR_NULL, ARRAY, OBJECT_OR_NULL };

static const char *const type_names[] = {
    [TEXT] = "a string",
    [TEXT_OR_NULL] = "a string or null",
    [BOOLEAN] = "true or false",
    [COUNT] = "a whole number above 0",
    [NUMBER] = "a number not below 0",
    [NUMBER_OR_NULL] = "a number not below 0 or null",
    [ARRAY] = "an array",
    [OBJECT_OR_NULL] = "an object or null",
};

static bool has_type(const json_t *value, enum type type)
{
    bool number = json_is_number(value) && json_number_value(value) >= 0;
    switch (type) {
    case TEXT:
        return json_is_string(value);
    case TEXT_OR_NULL:
        return json_is_string(value) || json_is_null(value);
    case BOOLEAN:
        return json_is_boolean(value);
    case COUNT:
        return json_is_integer(value) && json_integer_value(value) > 0;
    case NUMBER:
        return number;
    case NUMBER_OR_NULL:
        return number || json_is_null(value);
    case ARRAY:
        return json_is_array(value);
    case OBJECT_OR_NULL:
        return json_is_object(value) || json_is_null(value);
    }
    return false;
}

struct member {
    const char *name;
    enum type type;
};

/* All members that `object` must have; `where` names the object. */
static mlp_status check_members(const struct reader *r, const json_t *object, const char *where,
                                const struct member *members, size_t count)
{
    if (!json_is_object(object))
        return mlp_fail(r->error, MLP_ERROR_DATA, "%s: %s: expected an object", r->path, where);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, members[i].name);
        if (!value || !has_type(value, members[i].type))
            return mlp_fail(r->error, MLP_ERROR_DATA, "%s: %s.%s: %s, expected %s", r->path, where,
                            members[i].name, value ? "a wrong value" : "missing",
                            type_names[members[i].type]);
    }
    return MLP_OK;
}

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* --- Context ------------------------------------------------------------------------ */

static const struct member context_members[] = {
    {"cpu", TEXT},
    {"num_cpus", COUNT},
    {"cpus_usable", COUNT},
    {"caches", ARRAY},
    {"memory_bytes", NUMBER},
    {"system", TEXT},
    {"governor", TEXT},
    {"compiler", TEXT},
    {"library_build_type", TEXT},
    {"mlp_version", TEXT},
    {"data", TEXT_OR_NULL},
    {"min_time", NUMBER},
    {"pin", BOOLEAN},
    {"cold_cache", TEXT},
    {"noise_floor", OBJECT_OR_NULL},
    {"interrupted", BOOLEAN},
};

static const struct member cache_members[] = {
    {"type", TEXT},
    {"level", COUNT},
    {"size", COUNT},
    {"num_sharing", COUNT},
};

static const struct member noise_members[] = {
    {"name", TEXT},
    {"ratio", NUMBER},
};

/* Whether this is a file of ours and of this schema: that first, because a
 * foreign file lacks everything else as well. */
static mlp_status check_schema(const struct reader *r, const json_t *root)
{
    const json_t *context = json_object_get(root, "context");
    const json_t *schema = json_object_get(context, "mlp_bench_schema");
    if (!json_is_object(context))
        return mlp_fail(r->error, MLP_ERROR_DATA,
                        "%s: not a result of mlp-bench --json: no object 'context'", r->path);
    if (!schema &&
        (json_object_get(context, "caches") || json_object_get(context, "library_build_type")))
        return mlp_fail(r->error, MLP_ERROR_DATA,
                        "%s: a result of Google Benchmark, not of mlp-bench (no "
                        "context.mlp_bench_schema): compare it with Google's compare.py",
                        r->path);
    if (!schema)
        return mlp_fail(r->error, MLP_ERROR_DATA,
                        "%s: not a result of mlp-bench --json: no context.mlp_bench_schema",
                        r->path);
    if (!json_is_integer(schema))
        return mlp_fail(r->error, MLP_ERROR_DATA,
                        "%s: context.mlp_bench_schema: expected the number %d", r->path,
                        BENCH_SCHEMA);
    if (json_integer_value(schema) != BENCH_SCHEMA)
        return mlp_fail(r->error, MLP_ERROR_DATA,
                        "%s: schema %" JSON_INTEGER_FORMAT ", expected %d: written by another "
                        "version of mlp-bench",
                        r->path, json_integer_value(schema), BENCH_SCHEMA);
    return MLP_OK;
}

static mlp_status check_context(const struct reader *r, const json_t *context)
{
    mlp_status status =
        check_members(r, context, "context", context_members, LENGTH(context_members));
    const json_t *caches = json_object_get(context, "caches");
    for (size_t i = 0; i < json_array_size(caches) && status == MLP_OK; i++)
        status = check_members(r, json_array_get(caches, i), "a cache of context.caches",
                               cache_members, LENGTH(cache_members));
    const json_t *noise = json_object_get(context, "noise_floor");
    if (json_is_object(noise) && status == MLP_OK)
        status =
            check_members(r, noise, "context.noise_floor", noise_members, LENGTH(noise_members));
    return status;
}

/* --- Entries ------------------------------------------------------------------------- */

/* An entry of `benchmarks`: a repetition, or the aggregate `median`. */
struct entry {
    const char *name; /* of the case */
    size_t at;        /* in the file */
    size_t reps;
    json_int_t rep; /* -1: the aggregate */
    double value;   /* the time of a repetition; the share of an aggregate or NAN */
    double cpu;     /* the CPUs' time of a repetition */
    bool near_core; /* of an aggregate */
};

static mlp_status fail_entry(const struct reader *r, size_t at, const char *member,
                             const char *expected)
{
    return mlp_fail(r->error, MLP_ERROR_DATA, "%s: benchmarks[%zu]%s: expected %s", r->path, at,
                    member, expected);
}

/* Names are printed: nothing in them may move the cursor or overrun a line. */
static bool good_name(const char *name)
{
    size_t length = 0;
    for (; name[length]; length++) {
        if (name[length] <= ' ' || name[length] >= 0x7f || length == BENCH_MAX_NAME)
            return false;
    }
    return length > 0;
}

static bool is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool is_count(const json_t *value, json_int_t least, json_int_t most)
{
    return json_is_integer(value) && json_integer_value(value) >= least &&
           json_integer_value(value) <= most;
}

static bool is_time(const json_t *value, double least)
{
    /* NaN passes no comparison. */
    return json_is_number(value) && json_number_value(value) >= least &&
           json_number_value(value) <= most_time;
}

static mlp_status read_repetition(const struct reader *r, const json_t *object, struct entry *out)
{
    const json_t *index = json_object_get(object, "repetition_index");
    const json_t *time = json_object_get(object, "real_time");
    if (!is_count(index, 0, (json_int_t)out->reps - 1))
        return fail_entry(r, out->at, ".repetition_index",
                          "a whole number from 0 to the repetitions less 1");
    if (!is_count(json_object_get(object, "iterations"), 1, INT64_MAX))
        return fail_entry(r, out->at, ".iterations", "a whole number above 0");
    if (!is_time(time, least_time))
        return fail_entry(r, out->at, ".real_time", "nanoseconds from 1e-6 to 1e18");
    if (!is_time(json_object_get(object, "cpu_time"), 0))
        return fail_entry(r, out->at, ".cpu_time", "nanoseconds from 0 to 1e18");
    out->rep = json_integer_value(index);
    out->value = json_number_value(time);
    out->cpu = json_number_value(json_object_get(object, "cpu_time"));
    return MLP_OK;
}

static mlp_status read_median(const struct reader *r, const json_t *object, struct entry *out)
{
    const json_t *share = json_object_get(object, "share_of_binding");
    const json_t *binding = json_object_get(object, "binding");
    if (!is_time(json_object_get(object, "real_time"), least_time))
        return fail_entry(r, out->at, ".real_time", "nanoseconds from 1e-6 to 1e18");
    if (binding && !has_type(binding, TEXT_OR_NULL))
        return fail_entry(r, out->at, ".binding", type_names[TEXT_OR_NULL]);
    if (share && !has_type(share, NUMBER_OR_NULL))
        return fail_entry(r, out->at, ".share_of_binding", type_names[NUMBER_OR_NULL]);
    out->rep = -1;
    const json_t *intensity = json_object_get(object, "flop_per_byte");
    bool moves_much = json_is_number(intensity) && json_number_value(intensity) < much_movement;
    out->near_core = (is_text(binding, "FMA") || is_text(binding, "L1")) && !moves_much;
    /* A share of 0 is one that was not measured. */
    out->value = json_number_value(share) > 0 ? json_number_value(share) : NAN;
    return MLP_OK;
}

/* Reads entry `at`; *wanted is false for aggregates that tell nothing more. */
static mlp_status read_entry(const struct reader *r, const json_t *object, size_t at,
                             struct entry *out, bool *wanted)
{
    const json_t *name = json_object_get(object, "run_name");
    const json_t *type = json_object_get(object, "run_type");
    const json_t *reps = json_object_get(object, "repetitions");
    const json_t *aggregate = json_object_get(object, "aggregate_name");
    bool repetition = is_text(type, "iteration");
    *wanted = repetition || is_text(aggregate, "median");
    if (!json_is_object(object))
        return fail_entry(r, at, "", "an object");
    if (!json_is_string(json_object_get(object, "name")))
        return fail_entry(r, at, ".name", type_names[TEXT]);
    if (!json_is_string(name) || !good_name(json_string_value(name)))
        return fail_entry(r, at, ".run_name",
                          "the name of a case: at most 200 printable ASCII characters");
    if (!repetition && !is_text(type, "aggregate"))
        return fail_entry(r, at, ".run_type", "'iteration' or 'aggregate'");
    if (!repetition && !json_is_string(aggregate))
        return fail_entry(r, at, ".aggregate_name", type_names[TEXT]);
    if (!*wanted)
        return MLP_OK;
    if (!is_count(reps, 1, BENCH_MAX_REPS))
        return fail_entry(r, at, ".repetitions", "a whole number from 1 to 99");
    if (!is_text(json_object_get(object, "time_unit"), "ns"))
        return fail_entry(r, at, ".time_unit", "'ns'");
    out->name = json_string_value(name);
    out->at = at;
    out->reps = (size_t)json_integer_value(reps);
    return repetition ? read_repetition(r, object, out) : read_median(r, object, out);
}

/* By name, then by repetition: cases come in one piece, the aggregate first. */
static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (order == 0)
        order = (x->rep > y->rep) - (x->rep < y->rep);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int compare_places(const void *a, const void *b)
{
    const struct bench_sample *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* Looks for the repetitions that had their CPUs for almost as much of the time
 * as the best one had: the others were interrupted. Where more than a quarter
 * were, the case says nothing. A case near the core keeps the others alone; of
 * cases in memory all count, because who interrupts leaves cold caches to the
 * repetitions that follow. */
static void set_times(const struct entry *reps, size_t count, struct bench_sample *out)
{
    double cpu[BENCH_MAX_REPS], busy[BENCH_MAX_REPS], most = 0;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, reps[i].cpu / reps[i].value);
    for (size_t i = 0; i < count; i++)
        kept += reps[i].cpu / reps[i].value >= most * (1 - BENCH_MOST_LOST);
    out->enough = count >= BENCH_MIN_REPS && kept >= count - count / 4;
    most = out->near_core && out->enough ? most : 0;
    out->reps = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(reps[i].cpu / reps[i].value >= most * (1 - BENCH_MOST_LOST)))
            continue;
        out->times[out->reps] = reps[i].value;
        cpu[out->reps] = reps[i].cpu;
        busy[out->reps++] = reps[i].cpu / reps[i].value;
    }
    qsort(out->times, out->reps, sizeof *out->times, compare_times);
    out->cpu_time = bench_stats(out->reps, cpu).median;
    out->busy = bench_stats(out->reps, busy).median;
    if (!(out->cpu_time > 0))
        out->cpu_time = out->busy = NAN;
}

/* Makes a case of `count` entries of one name; takes its times at `times`. */
static mlp_status make_case(const struct reader *r, const struct entry *entries, size_t count,
                            double *times, struct bench_sample *out)
{
    bool aggregate = entries[0].rep < 0;
    const struct entry *reps = entries + aggregate;
    size_t rep_count = count - aggregate;
    *out = (struct bench_sample){
        .name = entries[0].name,
        .first = entries[0].at,
        .times = times,
        .near_core = aggregate && entries[0].near_core,
        .share = aggregate ? entries[0].value : NAN,
    };
    for (size_t i = 0; i < rep_count; i++) {
        if (reps[i].rep != (json_int_t)i) /* they are sorted */
            return mlp_fail(r->error, MLP_ERROR_DATA,
                            "%s: case '%s' is there twice, or not whole (benchmarks[%zu])", r->path,
                            out->name, reps[i].at);
        out->first = reps[i].at < out->first ? reps[i].at : out->first;
    }
    for (size_t i = 0; i < count; i++) {
        if (entries[i].reps != rep_count) /* at least 1: also where there is none */
            return mlp_fail(r->error, MLP_ERROR_DATA,
                            "%s: case '%s' has %zu repetitions, but benchmarks[%zu].repetitions "
                            "is %zu",
                            r->path, out->name, rep_count, entries[i].at, entries[i].reps);
    }
    set_times(reps, rep_count, out);
    return MLP_OK;
}

/* Groups `count` entries, sorted, into cases in the order of the file. */
static mlp_status make_cases(const struct reader *r, const struct entry *entries, size_t count,
                             struct bench_samples *out)
{
    double *times = out->times;
    size_t end;
    for (size_t i = 0; i < count; i = end) {
        for (end = i + 1; end < count && strcmp(entries[end].name, entries[i].name) == 0;)
            end++;
        struct bench_sample *sample = &out->cases[out->count++];
        mlp_status status = make_case(r, entries + i, end - i, times, sample);
        if (status != MLP_OK)
            return status;
        times += sample->reps;
    }
    qsort(out->cases, out->count, sizeof *out->cases, compare_places);
    return MLP_OK;
}

static mlp_status read_entries(const struct reader *r, struct bench_samples *out)
{
    const json_t *list = json_object_get(out->root, "benchmarks");
    size_t total = json_array_size(list), count = 0;
    if (!json_is_array(list))
        return mlp_fail(r->error, MLP_ERROR_DATA, "%s: benchmarks: expected an array", r->path);
    if (total == 0)
        return mlp_fail(r->error, MLP_ERROR_DATA, "%s: benchmarks: no case was measured", r->path);
    struct entry *entries = mlp_alloc(total, sizeof *entries);
    out->cases = mlp_alloc(total, sizeof *out->cases);
    out->times = mlp_alloc(total, sizeof *out->times);
    mlp_status status = MLP_OK;
    if (!entries || !out->cases || !out->times)
        status = mlp_fail_memory(r->error, r->path);
    for (size_t i = 0; i < total && status == MLP_OK; i++) {
        bool wanted;
        status = read_entry(r, json_array_get(list, i), i, &entries[count], &wanted);
        count += wanted;
    }
    if (status == MLP_OK && count == 0)
        status =
            mlp_fail(r->error, MLP_ERROR_DATA, "%s: benchmarks: no case was measured", r->path);
    if (status == MLP_OK) {
        qsort(entries, count, sizeof *entries, compare_entries);
        status = make_cases(r, entries, count, out);
    }
    mlp_free(entries);
    return status;
}

/* --- File ----------------------------------------------------------------------------- */

static mlp_status parse(const struct reader *r, const char *text, size_t size, json_t **out)
{
    json_error_t reason;
    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES, &reason);
    if (*out)
        return MLP_OK;
    if (json_error_code(&reason) == json_error_out_of_memory)
        return mlp_fail_memory(r->error, r->path);
    return mlp_fail(r->error, MLP_ERROR_DATA,
                    "%s: line %d, byte %d: damaged JSON: %s; expected what mlp-bench --json prints",
                    r->path, reason.line, reason.position, reason.text);
}

static mlp_status read_json(const struct reader *r, json_t **out)
{
    int fd;
    uint64_t size;
    mlp_status status = mlp_file_open(r->path, &fd, &size, r->error);
    if (status != MLP_OK)
        return status;
    char *text = NULL;
    if (size > most_bytes)
        status = mlp_fail(r->error, MLP_ERROR_DATA,
                          "%s: %llu bytes, expected a result of mlp-bench --json, at most 256 MiB",
                          r->path, (unsigned long long)size);
    else if (size == 0)
        status =
            mlp_fail(r->error, MLP_ERROR_DATA,
                     "%s: line 1, byte 0: empty, expected what mlp-bench --json prints", r->path);
    else if (!(text = mlp_alloc_uninitialized((size_t)size, 1)))
        status = mlp_fail_memory(r->error, r->path);
    if (status == MLP_OK)
        status = mlp_file_read(fd, r->path, 0, text, (size_t)size, r->error);
    close(fd);
    if (status == MLP_OK)
        status = parse(r, text, (size_t)size, out);
    mlp_free(text);
    return status;
}

mlp_status bench_samples_read(const char *path, struct bench_samples *out, mlp_error *error)
{
    struct reader r = {path, error};
    *out = (struct bench_samples){0};
    mlp_status status = read_json(&r, &out->root);
    if (status == MLP_OK)
        status = check_schema(&r, out->root);
    out->context = json_object_get(out->root, "context");
    if (status == MLP_OK)
        status = check_context(&r, out->context);
    if (status == MLP_OK)
        status = read_entries(&r, out);
    return status;
}

void bench_samples_clear(struct bench_samples *samples)
{
    json_decref(samples->root);
    mlp_free(samples->cases);
    mlp_free(samples->times);
    *samples = (struct bench_samples){0};
}
