/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include "alloc.h"
#include "error.h"
#include "samples.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The p, for all cases together, that a difference must stay below. */
static const double significance = 0.05;

enum verdict { SAME, FASTER, SLOWER, UNSURE };

static const char *const verdict_names[] = {
    [SAME] = "same",
    [FASTER] = "faster",
    [SLOWER] = "SLOWER",
    [UNSURE] = "unsure",
};

/* A case that is in both files. */
struct pair {
    const struct bench_sample *old, *new;
    struct bench_stats was, is; /* of the times */
    double ratio, low, high;    /* of the medians, and its confidence interval */
    double p;                   /* for all cases together */
    enum verdict verdict;
};

/* --- Warnings ----------------------------------------------------------------------- */

static void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Files and their names may hold anything: one line, and no escape sequence. */
static void make_printable(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
    }
}

/* One line on stderr. */
static void warn(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    make_printable(text);
    fprintf(stderr, "mlp-bench: warning: %s\n", text);
}

/* What a difference of a member means. */
enum kind { MACHINE, BUILD, SETTING };

static const char *const kind_names[] = {
    [MACHINE] = "different machines",
    [BUILD] = "different builds",
    [SETTING] = "runs with different settings",
};

/* What the times depend on besides the code that is compared. */
static const struct {
    const char *name;
    enum kind kind;
} conditions[] = {
    {"cpu", MACHINE},
    {"num_cpus", MACHINE},
    {"caches", MACHINE},
    {"compiler", BUILD},
    {"library_build_type", BUILD},
    {"system", SETTING},
    {"cpus_usable", SETTING},
    {"governor", SETTING},
    {"data", SETTING},
    {"min_time", SETTING},
    {"pin", SETTING},
    {"cold_cache", SETTING},
};

/* The value as text: JSON on one line. */
static void value_text(const json_t *value, char *text, size_t size)
{
    size_t length =
        json_dumpb(value, text, size - 1,
                   JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
    if (length < size)
        text[length] = 0;
    else
        snprintf(text + size - 4, 4, "...");
}

static void warn_difference(const char *name, enum kind kind, const json_t *old, const json_t *new)
{
    char was[256], is[256];
    value_text(old, was, sizeof was);
    value_text(new, is, sizeof is);
    warn("the files are from %s: %s was %s, is %s", kind_names[kind], name, was, is);
}

/* Machines report a little more or less memory from one boot to the next. */
static bool memory_differs(const json_t *old, const json_t *new)
{
    double was = json_number_value(old), is = json_number_value(new);
    return was > 0 && is > 0 && fabs(was - is) > 0.1 * fmax(was, is);
}

/* Warns of everything in which the runs differ; returns whether the machines
 * do. */
static bool compare_conditions(const json_t *old, const json_t *new)
{
    bool machines = false;
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        const json_t *was = json_object_get(old, conditions[i].name);
        const json_t *is = json_object_get(new, conditions[i].name);
        if (json_equal(was, is))
            continue;
        warn_difference(conditions[i].name, conditions[i].kind, was, is);
        machines = machines || conditions[i].kind == MACHINE;
    }
    const json_t *was = json_object_get(old, "memory_bytes");
    const json_t *is = json_object_get(new, "memory_bytes");
    if (memory_differs(was, is)) {
        warn_difference("memory_bytes", MACHINE, was, is);
        machines = true;
    }
    if (machines)
        warn("the table shows what is slower, but the exit code does not: on another machine that "
             "is no regression");
    return machines;
}

static void warn_state(const char *path, const struct bench_samples *samples)
{
    const json_t *context = samples->context;
    size_t doubtful = 0;
    for (size_t i = 0; i < samples->count; i++)
        doubtful += !samples->cases[i].enough;
    const char *build = json_string_value(json_object_get(context, "library_build_type"));
    if (strcmp(build, "release") != 0)
        warn("%s: not of a release build: the figures say little", path);
    if (json_is_true(json_object_get(context, "interrupted")))
        warn("%s: of a run that was interrupted", path);
    if (doubtful > 0)
        warn("%s: %zu of %zu cases have too few repetitions that no other program disturbed: no "
             "verdict",
             path, doubtful, samples->count);
}

/* --- Cases in both files --------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const struct bench_sample *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* Sets `partner` of all cases that are in both files; returns their number, or
 * -1 where there is no memory. */
static long find_partners(struct bench_samples *old, struct bench_samples *new)
{
    struct bench_sample **sorted = mlp_alloc(old->count, sizeof(struct bench_sample *));
    long found = 0;
    if (!sorted)
        return -1;
    for (size_t i = 0; i < old->count; i++)
        sorted[i] = &old->cases[i];
    qsort(sorted, old->count, sizeof *sorted, compare_names);
    for (size_t i = 0; i < new->count; i++) {
        struct bench_sample *key = &new->cases[i];
        struct bench_sample **match =
            bsearch(&key, sorted, old->count, sizeof *sorted, compare_names);
        if (!match)
            continue;
        key->partner = *match;
        (*match)->partner = key;
        found++;
    }
    mlp_free(sorted);
    return found;
}

/* Names the first few cases that only this file has. */
static void warn_lonely(const char *path, const struct bench_samples *samples)
{
    enum { SHOWN = 3 };
    char names[SHOWN * (BENCH_MAX_NAME + 2) + 1] = "";
    size_t count = 0, used = 0;
    for (size_t i = 0; i < samples->count; i++) {
        if (samples->cases[i].partner)
            continue;
        if (count < SHOWN)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", count ? ", " : "",
                                     samples->cases[i].name);
        count++;
    }
    if (count > 0)
        warn("%zu case%s only in %s: %s%s", count, count == 1 ? " is" : "s are", path, names,
             count > SHOWN ? ", ..." : "");
}

/* --- Rule ------------------------------------------------------------------------------- */

static void measure_pair(struct pair *pair)
{
    const struct bench_sample *old = pair->old, *new = pair->new;
    double old_low, old_high, new_low, new_high;
    pair->was = bench_stats(old->reps, old->times);
    pair->is = bench_stats(new->reps, new->times);
    bench_median_interval(old->reps, old->times, &old_low, &old_high);
    bench_median_interval(new->reps, new->times, &new_low, &new_high);
    pair->ratio = pair->is.median / pair->was.median;
    pair->low = new_low / old_high;
    pair->high = new_high / old_low;
    pair->p = bench_mann_whitney(old->reps, old->times, new->reps, new->times);
}

static int compare_p(const void *a, const void *b)
{
    const struct pair *const *x = a, *const *y = b;
    return ((*x)->p > (*y)->p) - ((*x)->p < (*y)->p);
}

/* Makes each p hold for all cases together (Holm 1979). */
static bool correct_p(struct pair *pairs, size_t count)
{
    struct pair **order = mlp_alloc(count, sizeof(struct pair *));
    double most = 0;
    if (!order)
        return false;
    for (size_t i = 0; i < count; i++)
        order[i] = &pairs[i];
    qsort(order, count, sizeof *order, compare_p);
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fmin(1, order[i]->p * (double)(count - i)));
        order[i]->p = most;
    }
    mlp_free(order);
    return true;
}

/* Factor between two runs of one build that repetitions within a run do not
 * show, measured: see compare.h. */
static double run_to_run(const struct pair *pair)
{
    return pair->old->near_core && pair->new->near_core ? 1.02 : 1.2;
}

/* Whether a case became slower by more than the factor `least`, and beyond the
 * noise: THE rule, which compare.h explains. `limit` is `least` times what runs
 * of one build differ by. With `reverse`, whether it became faster. */
static bool slower(const struct pair *pair, bool reverse, double least, double limit)
{
    const struct bench_sample *old = reverse ? pair->new : pair->old;
    const struct bench_sample *new = reverse ? pair->old : pair->new;
    double ratio = reverse ? 1 / pair->ratio : pair->ratio;
    double low = reverse ? 1 / pair->high : pair->low;
    bool times = ratio > limit && new->times[0] > limit * old->times[0];
    bool spread = pair->p < significance && low > least;
    /* Comparisons with a NAN, which is what was not measured, are false. */
    bool work = !(new->cpu_time <= least * old->cpu_time);
    bool undisturbed = !(new->busy < (1 - BENCH_MOST_LOST) * old->busy);
    bool share = !(old->share <= least * new->share);
    return times && spread && work && undisturbed && share;
}

static enum verdict judge(const struct pair *pair, double threshold, double noise)
{
    double least = 1 + threshold, limit = least * fmax(noise, run_to_run(pair));
    bool enough = pair->old->enough && pair->new->enough &&noise <= 1 + BENCH_MOST_NOISE;
    if (enough && slower(pair, false, least, limit))
        return SLOWER;
    if (enough && slower(pair, true, least, limit))
        return FASTER;
    return fmax(pair->ratio, 1 / pair->ratio) > least ? UNSURE : SAME;
}

/* What the file says of two measurements of one case in one run: the factor
 * between them, 1 or greater. */
static double noise_floor(const json_t *context)
{
    double ratio =
        json_number_value(json_object_get(json_object_get(context, "noise_floor"), "ratio"));
    return ratio > 0 ? fmax(ratio, 1 / ratio) : 1;
}

/* --- Table ------------------------------------------------------------------------------ */

enum { NAME_WIDTH = 40, TEXT_SIZE = 32 };

/* Nanoseconds with a unit that fits, at most 9 characters. */
static const char *duration(double ns, char text[TEXT_SIZE])
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    size_t unit = 0;
    for (; unit < 3 && ns >= 999.95; unit++)
        ns /= 1000;
    if (ns < 0.01 || ns >= 99999.5)
        snprintf(text, TEXT_SIZE, "%.0e %s", ns, units[unit]);
    else
        snprintf(text, TEXT_SIZE, "%.*f %s",
                 ns < 9.9995   ? 3
                 : ns < 99.995 ? 2
                               : 1,
                 ns, units[unit]);
    return text;
}

/* At most 5 characters. */
static const char *ratio_text(double ratio, char text[TEXT_SIZE])
{
    if (ratio < 0.001 || ratio >= 999.5)
        snprintf(text, TEXT_SIZE, "%.0e", ratio);
    else
        snprintf(text, TEXT_SIZE, "%.*f", ratio < 9.9995 ? 3 : ratio < 99.95 ? 1 : 0, ratio);
    return text;
}

static void print_pair(const struct pair *pair)
{
    char was[TEXT_SIZE], is[TEXT_SIZE], ratio[TEXT_SIZE], low[TEXT_SIZE], high[TEXT_SIZE];
    char interval[2 * TEXT_SIZE];
    const char *name = pair->new->name;
    snprintf(interval, sizeof interval, "%s-%s", ratio_text(pair->low, low),
             ratio_text(pair->high, high));
    if (strlen(name) > NAME_WIDTH) { /* a line of its own */
        printf("%.100s\n", name);
        name = "";
    }
    printf("%-*s %9s %9s  %5s  %-11s  %7.1e  %s\n", NAME_WIDTH, name,
           duration(pair->was.median, was), duration(pair->is.median, is),
           ratio_text(pair->ratio, ratio), interval, pair->p, verdict_names[pair->verdict]);
}

static void print_path(const char *label, const char *path)
{
    char text[96]; /* a line has 100 columns */
    snprintf(text, sizeof text, "%s", path);
    make_printable(text);
    printf("%s: %s\n", label, text);
}

static void print_table(const char *old_path, const char *new_path, const struct pair *pairs,
                        size_t count, double threshold, double noise)
{
    size_t verdicts[sizeof verdict_names / sizeof verdict_names[0]] = {0};
    print_path("old", old_path);
    print_path("new", new_path);
    printf("\n%-*s %9s %9s  %5s  %-11s  %7s  %s\n", NAME_WIDTH, "case", "old", "new", "ratio",
           "error bars", "p", "verdict");
    for (size_t i = 0; i < count; i++) {
        print_pair(&pairs[i]);
        verdicts[pairs[i].verdict]++;
    }
    printf("\n%zu case%s: %zu slower, %zu faster, %zu unsure, %zu the same; threshold %g %%, noise "
           "floor %.1f %%\n",
           count, count == 1 ? "" : "s", verdicts[SLOWER], verdicts[FASTER], verdicts[UNSURE],
           verdicts[SAME], 100 * threshold, 100 * (noise - 1));
}

/* --- Comparison ---------------------------------------------------------------------------- */

/* The pairs in the order of the new file. */
static mlp_status make_pairs(const struct bench_samples *new, struct pair *pairs, size_t count,
                             mlp_error *error)
{
    struct pair *next = pairs;
    for (size_t i = 0; i < new->count; i++) {
        if (!new->cases[i].partner)
            continue;
        *next = (struct pair){.old = new->cases[i].partner, .new = &new->cases[i]};
        measure_pair(next++);
    }
    return correct_p(pairs, count) ? MLP_OK : mlp_fail_memory(error, "the comparison");
}

struct files {
    const char *old_path, *new_path;
    struct bench_samples old, new;
    struct pair *pairs;
};

static mlp_status compare_files(struct files *f, double threshold, bool *regressed,
                                mlp_error *error)
{
    long found = find_partners(&f->old, &f->new);
    if (found == 0)
        return mlp_fail(error, MLP_ERROR_DATA, "%s and %s: no case is in both", f->old_path,
                        f->new_path);
    size_t count = (size_t)found;
    f->pairs = found > 0 ? mlp_alloc(count, sizeof *f->pairs) : NULL;
    if (!f->pairs)
        return mlp_fail_memory(error, "the comparison");
    mlp_status status = make_pairs(&f->new, f->pairs, count, error);
    if (status != MLP_OK)
        return status;

    double noise = fmax(noise_floor(f->old.context), noise_floor(f->new.context));
    if (noise > 1 + BENCH_MOST_NOISE)
        warn("a case of these runs differs from itself by %.0f %%: no verdicts", 100 * (noise - 1));
    bool machines = compare_conditions(f->old.context, f->new.context);
    warn_state(f->old_path, &f->old);
    warn_state(f->new_path, &f->new);
    warn_lonely(f->old_path, &f->old);
    warn_lonely(f->new_path, &f->new);
    for (size_t i = 0; i < count; i++) {
        f->pairs[i].verdict = judge(&f->pairs[i], threshold, noise);
        *regressed = *regressed || (f->pairs[i].verdict == SLOWER && !machines);
    }
    print_table(f->old_path, f->new_path, f->pairs, count, threshold, noise);
    return MLP_OK;
}

mlp_status bench_compare(const char *old_path, const char *new_path, double threshold,
                         bool *regressed, mlp_error *error)
{
    struct files files = {.old_path = old_path, .new_path = new_path};
    *regressed = false;
    if (!(threshold >= 0 && threshold <= 10))
        return mlp_fail(error, MLP_ERROR_USAGE, "--threshold: expected 0 %% to 1000 %%");
    mlp_status status = bench_samples_read(old_path, &files.old, error);
    if (status == MLP_OK)
        status = bench_samples_read(new_path, &files.new, error);
    if (status == MLP_OK)
        status = compare_files(&files, threshold, regressed, error);
    bench_samples_clear(&files.old);
    bench_samples_clear(&files.new);
    mlp_free(files.pairs);
    return status;
}
