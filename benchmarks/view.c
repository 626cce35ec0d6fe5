/* SPDX-License-Identifier: MIT */
#include "view.h"

#include "alloc.h"

#include <limits.h>
#include <math.h>
#include <string.h>

const char *view_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

double view_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

bool view_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* A rate or time that can be drawn; what is not above 0 was not measured. */
static double positive(const json_t *object, const char *key)
{
    double value = view_number(object, key);
    return value > 0 ? value : (double)NAN;
}

static int whole(const json_t *object, const char *key)
{
    double value = view_number(object, key);
    return value >= 0 && value <= INT_MAX ? (int)value : 0;
}

static size_t series_of(struct view *view, const char *name, bool peer)
{
    for (size_t i = 0; i < view->series_count; i++) {
        if (strcmp(view->series[i].name, name) == 0)
            return i;
    }
    if (view->series_count == VIEW_MAX_SERIES)
        return VIEW_MAX_SERIES - 1;
    view->series[view->series_count] = (struct view_series){.name = name, .peer = peer};
    return view->series_count++;
}

/* Those that the run was about come first, so that a colour does not depend on
 * the order of its cases. */
static void read_series(struct view *view)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(view->context, "isas"), i, item)
    {
        if (json_is_string(item))
            series_of(view, json_string_value(item), false);
    }
    json_array_foreach(json_object_get(view->context, "peers"), i, item)
    {
        if (*view_text(item, "name"))
            series_of(view, view_text(item, "name"), true);
    }
}

static void add_threads(struct view *view, int threads)
{
    size_t at = 0;
    while (at < view->thread_count && view->threads[at] < threads)
        at++;
    if ((at < view->thread_count && view->threads[at] == threads) ||
        view->thread_count == VIEW_MAX_THREADS)
        return;
    memmove(view->threads + at + 1, view->threads + at,
            (view->thread_count - at) * sizeof *view->threads);
    view->threads[at] = threads;
    view->thread_count++;
}

static enum view_bits read_bits(const json_t *item)
{
    const json_t *equal = json_object_get(item, "equal_bits");
    if (json_is_true(equal))
        return VIEW_EQUAL;
    return json_is_false(equal) ? VIEW_DIFFERENT : VIEW_UNCHECKED;
}

/* What "gemm/nn/256x256x256/avx2/t1" has before the instruction set. */
static size_t kernel_length(const char *name, const char *isa)
{
    const char *threads = strrchr(name, '/');
    size_t length = threads ? (size_t)(threads - name) : 0, last = strlen(isa);
    if (length > last && name[length - last - 1] == '/' &&
        strncmp(name + length - last, isa, last) == 0)
        return length - last - 1;
    return strlen(name);
}

static void read_case(struct view *view, const json_t *item, struct view_case *out)
{
    *out = (struct view_case){
        .json = item,
        .name = view_text(item, "run_name"),
        .suite = view_text(item, "suite"),
        .wrong = json_is_true(json_object_get(item, "wrong")),
        .operation = view_text(item, "operation"),
        .shape = view_text(item, "shape"),
        .isa = view_text(item, "isa"),
        .binding = view_text(item, "binding"),
        .peer = view_true(item, "peer"),
        .threads = whole(item, "threads"),
        .median = positive(item, "real_time"),
        .minimum = positive(item, "minimum"),
        .mad = view_number(item, "mad"),
        .gflops = positive(item, "gflops"),
        .gigabytes = positive(item, "gigabytes_per_second"),
        .intensity = positive(item, "flop_per_byte"),
        .share = positive(item, "share_of_binding"),
        .share_of_peak = positive(item, "share_of_peak"),
        .error = view_number(item, "error_eps"),
        .samples = positive(item, "samples_per_second"),
        .bits = read_bits(item),
    };
    /* A document of somebody else's has no parts of a name. */
    if (!*out->operation)
        out->operation = out->name;
    if (!*out->isa)
        out->isa = "other";
    out->kernel_length = kernel_length(out->name, out->isa);
    out->series = series_of(view, out->isa, out->peer);
    view->series[out->series].cases++;
    add_threads(view, out->threads);
}

/* A case is the row of its median. */
static bool is_case(const json_t *item)
{
    return strcmp(view_text(item, "aggregate_name"), "median") == 0 && *view_text(item, "run_name");
}

static bool read_cases(struct view *view, const json_t *list)
{
    size_t i, count = 0;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        count += is_case(item);
    }
    if (count == 0)
        return true;
    view->cases = mlp_alloc(count, sizeof *view->cases);
    if (!view->cases)
        return false;
    json_array_foreach(list, i, item)
    {
        if (is_case(item))
            read_case(view, item, &view->cases[view->case_count++]);
    }
    return true;
}

static void read_roof(const json_t *row, struct view_roof *out)
{
    *out = (struct view_roof){
        .isa = view_text(row, "isa"),
        .threads = whole(row, "threads"),
        .gflops = positive(json_object_get(row, "flops_per_second"), "median") / 1e9,
    };
    const char *name;
    json_t *level;
    json_object_foreach(json_object_get(row, "read_bytes_per_second"), name, level)
    {
        double rate = positive(level, "median") / 1e9;
        if (rate > 0 && out->level_count < VIEW_MAX_LEVELS)
            out->levels[out->level_count++] = (struct view_level){name, rate};
    }
}

static bool read_roofs(struct view *view)
{
    const json_t *list = json_object_get(view->context, "ceilings");
    if (json_array_size(list) == 0)
        return true;
    view->roofs = mlp_alloc(json_array_size(list), sizeof *view->roofs);
    if (!view->roofs)
        return false;
    size_t i;
    const json_t *row;
    json_array_foreach(list, i, row)
    {
        read_roof(row, &view->roofs[view->roof_count++]);
    }
    return true;
}

bool view_create(struct view *out, const json_t *run)
{
    *out = (struct view){.context = json_object_get(run, "context")};
    read_series(out);
    if (!read_roofs(out) || !read_cases(out, json_object_get(run, "benchmarks")))
        return false;
    /* A run that was interrupted early has ceilings and nothing else. */
    for (size_t i = 0; i < out->roof_count && out->case_count == 0; i++)
        add_threads(out, out->roofs[i].threads);
    return true;
}

void view_clear(struct view *view)
{
    mlp_free(view->cases);
    mlp_free(view->roofs);
    *view = (struct view){.context = NULL};
}

bool view_same_kernel(const struct view_case *a, const struct view_case *b)
{
    return a->kernel_length == b->kernel_length && strncmp(a->name, b->name, a->kernel_length) == 0;
}

static bool has_series(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->series_count; i++) {
        if (view->series[i].cases > 0 && strcmp(view->series[i].name, name) == 0)
            return true;
    }
    return false;
}

const struct view_roof *view_fastest(const struct view *view, int threads)
{
    const struct view_roof *best = NULL;
    bool best_measured = false;
    for (size_t i = 0; i < view->roof_count; i++) {
        const struct view_roof *roof = &view->roofs[i];
        bool measured = has_series(view, roof->isa);
        if (roof->threads != threads || !(roof->gflops > 0) || measured < best_measured)
            continue;
        if (!best || measured > best_measured || roof->gflops > best->gflops) {
            best = roof;
            best_measured = measured;
        }
    }
    return best;
}
