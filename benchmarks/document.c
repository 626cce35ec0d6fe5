/* SPDX-License-Identifier: MIT */
#include "document.h"

#include "metrics.h"
#include "peers.h"

#include <mlp/mlp.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* All of these take over the values that they are given, and pass NULL on,
 * which is how jansson reports that memory is short. */

/* Text from outside, which need not be UTF-8 as JSON is. */
static json_t *text_json(const char *text)
{
    json_t *value = json_string(text);
    char copy[512];
    if (value)
        return value;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *c = copy; *c; c++)
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    return json_string(copy);
}

static json_t *optional_text(const char *text)
{
    return text && *text ? text_json(text) : json_null();
}

/* null where a number is unknown: JSON has no NaN. */
static json_t *optional_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* With times in nanoseconds, as everywhere in the document. */
static json_t *stats_json(const struct bench_stats *stats, double unit)
{
    return json_pack("{s:f,s:f,s:f,s:f}", "median", stats->median * unit, "minimum",
                     stats->minimum * unit, "maximum", stats->maximum * unit, "mad",
                     stats->mad * unit);
}

static const double nanoseconds = 1e9;

/* --- Context ---------------------------------------------------------------------- */

static json_t *caches_json(const struct bench_machine *m)
{
    json_t *caches = json_array();
    for (size_t i = 0; i < m->cache_count; i++)
        json_array_append_new(caches,
                              json_pack("{s:s,s:i,s:I,s:i}", "type",
                                        m->caches[i].level == 1 ? "Data" : "Unified", "level",
                                        m->caches[i].level, "size", (json_int_t)m->caches[i].bytes,
                                        "num_sharing", m->caches[i].shared_by));
    return caches;
}

static json_t *load_json(void)
{
    double load[3];
    json_t *list = json_array();
    int count = getloadavg(load, 3);
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_real(load[i]));
    return list;
}

static json_t *ceilings_json(const struct bench_context *context)
{
    const struct bench_ceilings *c = &context->ceilings;
    json_t *list = json_array();
    for (size_t r = 0; r < c->count; r++) {
        const struct bench_ceiling_row *row = &c->rows[r];
        json_t *read = json_object();
        for (size_t i = 0; i < row->level_count; i++)
            json_object_set_new(read, bench_level_name(&context->machine, i),
                                stats_json(&row->read[i], 1));
        json_array_append_new(list,
                              json_pack("{s:s,s:i,s:o,s:o}", "isa", row->isa, "threads",
                                        row->threads, "flops_per_second", stats_json(&row->fma, 1),
                                        "read_bytes_per_second", read));
    }
    return list;
}

static json_t *peers_json(void)
{
    json_t *list = json_array();
    for (size_t i = 0; bench_peer_at(i); i++)
        json_array_append_new(list,
                              json_pack("{s:s,s:o}", "name", bench_peer_at(i)->name, "description",
                                        text_json(bench_peer_at(i)->description)));
    return list;
}

static json_t *warnings_json(const struct bench_warnings *warnings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < warnings->count; i++)
        json_array_append_new(list, text_json(warnings->text[i]));
    return list;
}

static json_t *noise_json(const struct bench_noise *noise)
{
    if (!noise->measured)
        return json_null();
    return json_pack("{s:s,s:f,s:f}", "name", noise->name, "ratio", noise->ratio, "p", noise->p);
}

/* What Google Benchmark's context has. */
static bool add_common_context(json_t *object, const struct bench_context *context)
{
    const struct bench_machine *m = &context->machine;
    char date[40] = "", host[256] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local))
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S%z", &local);
    gethostname(host, sizeof host - 1);
    bool scaling = strcmp(m->governor, "unknown") != 0 && strcmp(m->governor, "performance") != 0;
    return json_object_set_new(object, "date", json_string(date)) == 0 &&
           json_object_set_new(object, "host_name", text_json(host)) == 0 &&
           json_object_set_new(object, "executable", json_string("mlp-bench")) == 0 &&
           json_object_set_new(object, "num_cpus", json_integer(m->cpus)) == 0 &&
           json_object_set_new(object, "mhz_per_cpu", json_integer(0)) == 0 &&
           json_object_set_new(object, "cpu_scaling_enabled", json_boolean(scaling)) == 0 &&
           json_object_set_new(object, "caches", caches_json(m)) == 0 &&
           json_object_set_new(object, "load_avg", load_json()) == 0 &&
           json_object_set_new(object, "library_build_type",
                               json_string(context->release ? "release" : "debug")) == 0;
}

static json_t *hidden_json(const struct bench_options *o)
{
    json_t *list = json_array();
    for (size_t i = 0; i < o->hidden_count; i++)
        json_array_append_new(list, json_integer((json_int_t)o->hidden[i]));
    return list;
}

static json_t *context_json(const struct bench_context *context)
{
    const struct bench_machine *m = &context->machine;
    const struct bench_options *o = context->options;
    json_t *isas = json_array(), *threads = json_array();
    for (size_t i = 0; i < context->isa_count; i++)
        json_array_append_new(isas, json_string(mlp_isa_name(context->isas[i])));
    for (size_t i = 0; i < o->thread_count; i++)
        json_array_append_new(threads, json_integer(o->threads[i]));
    const char *counters = bench_counters_text(context);
    json_t *counters_json =
        json_pack("{s:b,s:o}", "available", bench_counters_any(context->counters), "reason",
                  optional_text(counters));
    json_t *object =
        json_pack("{s:i,s:s,s:s,s:o,s:i,s:I,s:o,s:o,s:o,s:o,s:o}", "mlp_bench_schema", BENCH_SCHEMA,
                  "mlp_version", mlp_version(), "compiler", m->compiler, "cpu", text_json(m->cpu),
                  "cpus_usable", m->cpus_usable, "memory_bytes", (json_int_t)m->memory, "system",
                  text_json(m->system), "governor", text_json(m->governor), "isas", isas, "threads",
                  threads, "data", optional_text(o->data));
    json_t *more =
        json_pack("{s:f,s:I,s:b,s:s,s:o,s:I,s:o,s:o,s:o,s:o,s:o,s:b}", "min_time", o->min_time,
                  "reps", (json_int_t)o->reps, "pin", o->pin, "cold_cache",
                  bench_cold_name(o->cold), "hidden", hidden_json(o), "batch", (json_int_t)o->batch,
                  "ceilings", ceilings_json(context), "noise_floor", noise_json(&context->noise),
                  "counters", counters_json, "peers", peers_json(), "warnings",
                  warnings_json(&context->warnings), "interrupted", context->interrupted);
    bool good = object && more && add_common_context(object, context) &&
                json_object_update(object, more) == 0;
    json_decref(more);
    if (good)
        return object;
    json_decref(object);
    return NULL;
}

/* --- Results ---------------------------------------------------------------------- */

/* One repetition, as Google Benchmark has it. */
static json_t *repetition_json(const struct bench_result *result, size_t family, size_t rep)
{
    const struct bench_case *test = result->test;
    return json_pack("{s:s,s:I,s:i,s:s,s:s,s:I,s:I,s:i,s:I,s:f,s:f,s:s}", "name", test->name,
                     "family_index", (json_int_t)family, "per_family_instance_index", 0, "run_name",
                     test->name, "run_type", "iteration", "repetitions", (json_int_t)result->reps,
                     "repetition_index", (json_int_t)rep, "threads", test->threads, "iterations",
                     (json_int_t)result->iterations, "real_time",
                     result->seconds[rep] * nanoseconds, "cpu_time", result->cpu[rep] * nanoseconds,
                     "time_unit", "ns");
}

static json_t *phases_json(const struct bench_result *result)
{
    json_t *phases = json_object();
    for (int p = 0; p < MLP_PHASE_COUNT; p++) {
        struct bench_stats stats = bench_stats(result->reps, result->phases[p]);
        json_object_set_new(phases, mlp_phase_name((enum mlp_phase)p),
                            stats_json(&stats, nanoseconds));
    }
    return phases;
}

static json_t *bits_json(enum bench_bits bits)
{
    return bits == BENCH_BITS_UNKNOWN ? json_null() : json_boolean(bits == BENCH_BITS_EQUAL);
}

static json_t *layout_json(enum bench_layout layout)
{
    static const char *const names[] = {NULL, "trainer", "plain"};
    return optional_text(names[layout]);
}

static json_t *what_json(const struct bench_case *test)
{
    char operation[BENCH_NAME_SIZE], shape[BENCH_NAME_SIZE];
    bench_case_operation(test, operation, sizeof operation);
    bench_case_shape(test, shape, sizeof shape);
    return json_pack("{s:s,s:s,s:s,s:s,s:b,s:o,s:f,s:f}", "suite", bench_suite_name(test->suite),
                     "operation", operation, "shape", shape, "isa", test->isa, "peer",
                     test->peer != NULL, "layout", layout_json(test->layout), "flops", test->flops,
                     "bytes", test->bytes);
}

static json_t *metrics_json(const struct bench_result *result, const struct bench_metrics *m)
{
    return json_pack("{s:f,s:f,s:f,s:f,s:f,s:s,s:f,s:f,s:f,s:o,s:o,s:b}", "minimum",
                     m->time.minimum * nanoseconds, "mad", m->time.mad * nanoseconds, "gflops",
                     m->flops_per_second / 1e9, "gigabytes_per_second", m->bytes_per_second / 1e9,
                     "flop_per_byte", m->flop_per_byte, "binding", m->binding, "ceiling",
                     m->ceiling, "share_of_peak", m->share_of_peak, "share_of_binding",
                     m->share_of_binding, "equal_bits", bits_json(result->check.bits), "error_eps",
                     optional_number(result->check.error), "wrong", m->wrong);
}

static json_t *counts_json(const struct bench_metrics *m)
{
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "cycles", optional_number(m->cycles),
                     "instructions", optional_number(m->instructions), "ipc",
                     optional_number(m->ipc), "flop_per_cycle", optional_number(m->flop_per_cycle),
                     "ghz", optional_number(m->ghz), "l1_misses", optional_number(m->l1_misses),
                     "l2_misses", optional_number(m->l2_misses), "llc_misses",
                     optional_number(m->llc_misses));
}

static bool add_extras(json_t *object, const struct bench_result *result,
                       const struct bench_metrics *m)
{
    const struct bench_case *test = result->test;
    const struct bench_latency *latency = &result->latency;
    bool good = true;
    if (test->kind->profile)
        good = json_object_set_new(object, "phases", phases_json(result)) == 0;
    if (test->samples > 0)
        good = json_object_set_new(object, "samples_per_second",
                                   json_real(m->samples_per_second)) == 0 &&
               good;
    if (latency->calls > 0)
        good = json_object_set_new(object, "latency",
                                   json_pack("{s:f,s:f,s:f,s:I}", "p50", latency->p50 * nanoseconds,
                                             "p99", latency->p99 * nanoseconds, "p999",
                                             latency->p999 * nanoseconds, "calls",
                                             (json_int_t)latency->calls)) == 0 &&
               good;
    return good;
}

/* Adds the members of `part`, which is taken over. */
static bool add_members(json_t *object, json_t *part)
{
    bool good = part && json_object_update(object, part) == 0;
    json_decref(part);
    return good;
}

/* The median, an aggregate of Google Benchmark's, with everything of our own. */
static json_t *median_json(const struct bench_result *result, const struct bench_ceilings *ceilings)
{
    const struct bench_case *test = result->test;
    struct bench_metrics m = bench_metrics(result, ceilings);
    char name[BENCH_NAME_SIZE + 8];
    snprintf(name, sizeof name, "%s_median", test->name);
    json_t *object =
        json_pack("{s:s,s:s,s:s,s:I,s:i,s:s,s:s,s:I,s:f,s:f,s:s}", "name", name, "run_name",
                  test->name, "run_type", "aggregate", "repetitions", (json_int_t)result->reps,
                  "threads", test->threads, "aggregate_name", "median", "aggregate_unit", "time",
                  "iterations", (json_int_t)result->reps, "real_time", m.time.median * nanoseconds,
                  "cpu_time", m.cpu.median * nanoseconds, "time_unit", "ns");
    if (object && add_members(object, what_json(test)) &&
        add_members(object, metrics_json(result, &m)) && add_members(object, counts_json(&m)) &&
        add_extras(object, result, &m))
        return object;
    json_decref(object);
    return NULL;
}

json_t *bench_document(const struct bench_context *context, const struct bench_result *results,
                       size_t count)
{
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < count && complete; i++) {
        for (size_t rep = 0; rep < results[i].reps && complete; rep++)
            complete = json_array_append_new(list, repetition_json(&results[i], i, rep)) == 0;
        if (results[i].reps > 0 && complete)
            complete =
                json_array_append_new(list, median_json(&results[i], &context->ceilings)) == 0;
    }
    json_t *object = json_pack("{s:o,s:o}", "context", context_json(context), "benchmarks", list);
    if (object && complete)
        return object;
    json_decref(object);
    return NULL;
}

bool bench_print_json(const json_t *document)
{
    return json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0 &&
           putchar('\n') != EOF;
}

/* --- CSV (RFC 4180) ---------------------------------------------------------------- */

static const char *const csv_columns[] = {
    "run_name",
    "suite",
    "operation",
    "shape",
    "isa",
    "peer",
    "layout",
    "threads",
    "repetitions",
    "real_time",
    "minimum",
    "mad",
    "cpu_time",
    "flops",
    "bytes",
    "gflops",
    "gigabytes_per_second",
    "flop_per_byte",
    "binding",
    "ceiling",
    "share_of_peak",
    "share_of_binding",
    "equal_bits",
    "error_eps",
    "wrong",
    "samples_per_second",
    "cycles",
    "instructions",
    "ipc",
    "flop_per_cycle",
    "ghz",
    "l1_misses",
    "l2_misses",
    "llc_misses",
    "latency_p50",
    "latency_p99",
    "latency_p999",
};

enum { CSV_COLUMNS = sizeof csv_columns / sizeof csv_columns[0] };

/* A member, or of "latency_p50" that member of the object "latency"; NULL where there is none. */
static const json_t *csv_member(const json_t *entry, const char *column)
{
    if (strncmp(column, "latency_", 8) == 0)
        return json_object_get(json_object_get(entry, "latency"), column + 8);
    return json_object_get(entry, column);
}

/* Empty where a value is unknown. Names have neither commas nor quotes. */
static void print_csv_value(const json_t *value)
{
    if (json_is_string(value))
        printf("%s", json_string_value(value));
    else if (json_is_boolean(value))
        printf("%s", json_is_true(value) ? "true" : "false");
    else if (json_is_integer(value))
        printf("%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        printf("%.9g", json_real_value(value));
}

bool bench_print_csv(const json_t *document)
{
    size_t i;
    json_t *entry;
    for (size_t c = 0; c < CSV_COLUMNS; c++)
        printf("%s%s", c ? "," : "", csv_columns[c]);
    putchar('\n');
    json_array_foreach(json_object_get(document, "benchmarks"), i, entry)
    {
        if (!json_object_get(entry, "aggregate_name"))
            continue;
        for (size_t c = 0; c < CSV_COLUMNS; c++) {
            if (c > 0)
                putchar(',');
            print_csv_value(csv_member(entry, csv_columns[c]));
        }
        putchar('\n');
    }
    return !ferror(stdout);
}
