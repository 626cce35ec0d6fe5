/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <mlp/mlp.h>

#include <jansson.h>
#include <stdio.h>

/* All of these take over the values that they are given, and pass NULL on,
 * which is how jansson reports that memory is short. */

static json_t *optional_text(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *stats_json(const struct bench_stats *stats)
{
    return json_pack("{s:f,s:f,s:f,s:f}", "median", stats->median, "minimum", stats->minimum,
                     "maximum", stats->maximum, "mad", stats->mad);
}

static json_t *machine_json(const struct bench_machine *m)
{
    json_t *caches = json_array();
    for (size_t i = 0; i < m->cache_count; i++)
        json_array_append_new(caches, json_pack("{s:i,s:I,s:i}", "level", m->caches[i].level,
                                                "bytes", (json_int_t)m->caches[i].bytes,
                                                "shared_by", m->caches[i].shared_by));
    return json_pack("{s:s,s:i,s:i,s:o,s:I,s:s,s:s}", "cpu", m->cpu, "cpus", m->cpus, "cpus_usable",
                     m->cpus_usable, "caches", caches, "memory_bytes", (json_int_t)m->memory,
                     "system", m->system, "governor", m->governor);
}

static json_t *ceilings_json(const struct bench_context *context)
{
    json_t *list = json_array();
    for (size_t r = 0; r < context->row_count; r++) {
        const struct bench_ceiling_row *row = &context->rows[r];
        json_t *read = json_object();
        for (size_t i = 0; i < row->level_count; i++)
            json_object_set_new(read, bench_level_name(&context->machine, i),
                                stats_json(&row->read[i]));
        json_array_append_new(list,
                              json_pack("{s:s,s:i,s:o,s:o}", "isa", row->isa, "threads",
                                        row->threads, "flops_per_second", stats_json(&row->fma),
                                        "read_bytes_per_second", read));
    }
    return list;
}

static json_t *context_json(const struct bench_context *context)
{
    json_t *isas = json_array(), *threads = json_array();
    for (size_t i = 0; i < context->isa_count; i++)
        json_array_append_new(isas, json_string(mlp_isa_name(context->isas[i])));
    for (size_t i = 0; i < context->options->thread_count; i++)
        json_array_append_new(threads, json_integer(context->options->threads[i]));
    return json_pack("{s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:o}", "version", mlp_version(), "compiler",
                     context->machine.compiler, "release", context->release, "machine",
                     machine_json(&context->machine), "isas", isas, "threads", threads, "data",
                     optional_text(context->options->data), "ceilings", ceilings_json(context));
}

static json_t *phases_json(const struct bench_result *result)
{
    json_t *phases = json_object();
    for (int p = 0; p < MLP_PHASE_COUNT; p++) {
        struct bench_stats stats = bench_stats(result->reps, result->phases[p]);
        json_object_set_new(phases, mlp_phase_name((enum mlp_phase)p), stats_json(&stats));
    }
    return phases;
}

static json_t *result_json(const struct bench_result *result)
{
    const struct bench_case *test = result->test;
    struct bench_stats time = bench_stats(result->reps, result->seconds);
    struct bench_stats ceiling = bench_stats(result->reps, result->ceilings);
    struct bench_stats share = bench_stats(result->reps, result->shares);
    bool flops = test->flops > 0;
    double rate = (flops ? test->flops : test->bytes) / time.median / 1e9;
    json_t *object = json_pack(
        "{s:s,s:s,s:i,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:f}", "name", test->name, "isa",
        test->kernels.isa, "threads", test->threads, "repetitions", (json_int_t)result->reps,
        "iterations", (json_int_t)result->iterations, "median", time.median, "minimum",
        time.minimum, "mad", time.mad, flops ? "gflops" : "gigabytes_per_second", rate,
        flops ? "peak_gflops" : "peak_gigabytes_per_second", ceiling.median / 1e9, "share_of_peak",
        share.median);
    if (object && test->kind->profile)
        json_object_set_new(object, "phases", phases_json(result));
    return object;
}

bool bench_print_json(const struct bench_context *context, const struct bench_result *results,
                      size_t count)
{
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < count; i++)
        complete = json_array_append_new(list, result_json(&results[i])) == 0 && complete;
    json_t *object = json_pack("{s:o,s:o}", "context", context_json(context), "benchmarks", list);
    bool good = object && complete &&
                json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0 &&
                putchar('\n') != EOF;
    json_decref(object);
    return good;
}
