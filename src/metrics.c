/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include "alloc.h"
#include "error.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    MAX_CLASSES = 256,
    DIGIT_BITS = 8, /* of a pass of the sort */
    DIGITS = 1 << DIGIT_BITS,
    COLUMNS = 16, /* outputs of a regression that one pass takes: a cache line */
};

/* Twice the pairs of a class's samples and others still fit 64 bits. */
static const size_t MAX_COUNT = UINT32_MAX;

/* The smallest float above 0: a probability of 0 is taken for it. */
static const double LEAST_PROBABILITY = 0x1p-149;

/* What is to be judged, as the caller gave it. */
struct samples {
    const float *outputs;
    size_t width; /* outputs a sample */
    const uint8_t *predictions, *labels;
    size_t count, classes;
};

static double quotient(size_t a, size_t b)
{
    return b == 0 ? 0 : (double)a / (double)b;
}

/* --- Checks ---------------------------------------------------------------- */

static mlp_status check_shape(const struct samples *s, size_t top_k, mlp_error *error)
{
    if (s->count == 0 || s->count > MAX_COUNT)
        return mlp_fail(error, MLP_ERROR_USAGE, "metrics of %zu samples, expected 1 to %zu",
                        s->count, MAX_COUNT);
    if (s->classes < 2 || s->classes > MAX_CLASSES)
        return mlp_fail(error, MLP_ERROR_USAGE, "metrics of %zu classes, expected 2 to %d",
                        s->classes, MAX_CLASSES);
    if (s->width != s->classes && !(s->width == 1 && s->classes == 2))
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "metrics of %zu classes from %zu outputs a sample, expected one a class",
                        s->classes, s->width);
    if (top_k == 0)
        return mlp_fail(error, MLP_ERROR_USAGE, "top_k is 0, expected at least 1");
    return MLP_OK;
}

static mlp_status check_samples(const struct samples *s, mlp_error *error)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->labels[i] >= s->classes)
            return mlp_fail(error, MLP_ERROR_DATA, "sample %zu: found label %d, expected below %zu",
                            i, s->labels[i], s->classes);
        if (s->predictions[i] >= s->classes)
            return mlp_fail(error, MLP_ERROR_DATA,
                            "sample %zu: found prediction %d, expected below %zu", i,
                            s->predictions[i], s->classes);
        for (size_t c = 0; c < s->width; c++)
            if (isnan(s->outputs[i * s->width + c]))
                return mlp_fail(error, MLP_ERROR_DATA,
                                "sample %zu: found NaN as output %zu, expected a number", i, c);
    }
    return MLP_OK;
}

/* --- Counts ---------------------------------------------------------------- */

static void count_confusions(const struct samples *s, size_t *confusion)
{
    for (size_t i = 0; i < s->count; i++)
        confusion[s->labels[i] * s->classes + s->predictions[i]]++;
}

/* How many classes come before the label when the outputs are sorted. */
static size_t rank_of_label(const struct samples *s, size_t i)
{
    size_t label = s->labels[i], before = 0;
    if (s->width == 1)
        return s->predictions[i] != label;
    const float *outputs = s->outputs + i * s->width;
    for (size_t c = 0; c < s->classes; c++)
        before += outputs[c] > outputs[label] || (outputs[c] == outputs[label] && c < label);
    return before;
}

static double top_k_accuracy(const struct samples *s, size_t top_k)
{
    size_t hits = 0;
    for (size_t i = 0; i < s->count; i++)
        hits += rank_of_label(s, i) < top_k;
    return quotient(hits, s->count);
}

/* From the confusion matrix: accuracy, and of the classes all but auc. */
static void rate_classes(mlp_classification *m)
{
    size_t classes = m->classes, correct = 0, occurring = 0;
    mlp_averages sum = {0}, weighted = {0};
    for (size_t c = 0; c < classes; c++) {
        mlp_class_metrics *of = &m->by_class[c];
        size_t right = m->confusion[c * classes + c], predicted = 0;
        for (size_t other = 0; other < classes; other++) {
            of->support += m->confusion[c * classes + other];
            predicted += m->confusion[other * classes + c];
        }
        of->precision = quotient(right, predicted);
        of->recall = quotient(right, of->support);
        of->f1 = quotient(2 * right, of->support + predicted);
        correct += right;
        occurring += of->support + predicted > 0;
        /* Of a class that does not occur all are 0. */
        sum.precision += of->precision;
        sum.recall += of->recall;
        sum.f1 += of->f1;
        weighted.precision += (double)of->support * of->precision;
        weighted.recall += (double)of->support * of->recall;
        weighted.f1 += (double)of->support * of->f1;
    }
    double n = (double)occurring, all = (double)m->count;
    m->accuracy = quotient(correct, m->count);
    m->macro = (mlp_averages){sum.precision / n, sum.recall / n, sum.f1 / n};
    m->weighted =
        (mlp_averages){weighted.precision / all, weighted.recall / all, weighted.f1 / all};
}

/* --- Log loss -------------------------------------------------------------- */

/* ln x of a normal x > 0, to a few units in the last place; not libm's, whose last bits
 * differ from system to system. x = 2^k m with m in (sqrt(1/2), sqrt(2)]; ln m is
 * 2 artanh(s), s = (m - 1) / (m + 1), whose series has |s| < 0.172. */
static double natural_log(double x)
{
    static const double LN2_HI = 0x1.62e42feep-1, LN2_LO = 0x1.a39ef35793c76p-33;
    enum { TERMS = 12 };
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int k = (int)(bits >> 52) - 1023;
    bits = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(1023) << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 0x1.6a09e667f3bcdp+0) {
        m *= 0.5;
        k++;
    }
    double s = (m - 1) / (m + 1), square = s * s, series = 0;
    for (int i = TERMS - 1; i >= 0; i--)
        series = series * square + 1.0 / (2 * i + 1);
    return k * LN2_HI + (k * LN2_LO + 2 * s * series);
}

/* The probability that sample i's outputs give its label; NaN where they are no
 * probabilities, even after division by their sum. */
static double label_probability(const struct samples *s, size_t i)
{
    const float *outputs = s->outputs + i * s->width;
    if (s->width == 1) {
        double p = outputs[0];
        return p >= 0 && p <= 1 ? (s->labels[i] == 1 ? p : 1 - p) : NAN;
    }
    double sum = 0;
    for (size_t c = 0; c < s->classes; c++) {
        if (outputs[c] < 0)
            return NAN;
        sum += outputs[c];
    }
    return isfinite(sum) && sum > 0 ? outputs[s->labels[i]] / sum : NAN;
}

static double log_loss(const struct samples *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        double p = label_probability(s, i);
        if (isnan(p))
            return NAN;
        sum -= natural_log(p < LEAST_PROBABILITY ? LEAST_PROBABILITY : p);
    }
    return sum / (double)s->count;
}

/* --- Area under the ROC curve ---------------------------------------------- */

/* A sample as one number: its output, as an integer of the same order, and above it
 * whether it is of the class. */
enum { MEMBER_BIT = 32 };

static uint64_t sort_key(float x, bool member)
{
    uint32_t bits = 0;
    if (x != 0) /* -0 equals 0 */
        memcpy(&bits, &x, sizeof bits);
    bits = bits >> 31 ? ~bits : bits | UINT32_C(1) << 31;
    return bits | (uint64_t)member << MEMBER_BIT;
}

/* Sorts by the low 32 bits, digit by digit from the lowest; an even number of passes
 * ends where it began. */
static void sort_keys(uint64_t *keys, uint64_t *spare, size_t count)
{
    for (int shift = 0; shift < MEMBER_BIT; shift += DIGIT_BITS) {
        size_t starts[DIGITS + 1] = {0};
        for (size_t i = 0; i < count; i++)
            starts[(keys[i] >> shift) % DIGITS + 1]++;
        for (size_t d = 1; d < DIGITS; d++)
            starts[d] += starts[d - 1];
        for (size_t i = 0; i < count; i++)
            spare[starts[(keys[i] >> shift) % DIGITS]++] = keys[i];
        uint64_t *sorted = spare;
        spare = keys;
        keys = sorted;
    }
}

/* The share of pairs of a member and another sample in which the member's key is the
 * larger, pairs of equal keys counted half. */
static double area(const uint64_t *sorted, size_t count)
{
    uint64_t members = 0, others = 0, twice = 0;
    for (size_t i = 0; i < count;) {
        uint64_t equal[2] = {0, 0};
        uint32_t key = (uint32_t)sorted[i];
        for (; i < count && (uint32_t)sorted[i] == key; i++)
            equal[sorted[i] >> MEMBER_BIT]++;
        twice += equal[1] * (2 * others + equal[0]);
        members += equal[1];
        others += equal[0];
    }
    return members > 0 && others > 0 ? (double)twice / (double)(2 * members * others) : NAN;
}

/* keys [2][count] */
static double class_auc(const struct samples *s, size_t class, uint64_t *keys)
{
    size_t scored = class;
    if (s->width == 1) { /* as many pairs are in order for class 0 as for class 1 */
        scored = 0;
        class = 1;
    }
    for (size_t i = 0; i < s->count; i++)
        keys[i] = sort_key(s->outputs[i * s->width + scored], s->labels[i] == class);
    sort_keys(keys, keys + s->count, s->count);
    return area(keys, s->count);
}

static void measure_auc(const struct samples *s, uint64_t *keys, mlp_classification *m)
{
    double sum = 0;
    size_t defined = 0;
    for (size_t c = 0; c < m->classes; c++) {
        double auc = class_auc(s, c, keys);
        m->by_class[c].auc = auc;
        if (!isnan(auc)) {
            sum += auc;
            defined++;
        }
    }
    if (m->classes == 2)
        m->auc = m->by_class[1].auc;
    else
        m->auc = defined > 0 ? sum / (double)defined : NAN;
}

/* --- Classification -------------------------------------------------------- */

static mlp_classification *allocate(size_t classes)
{
    mlp_classification *m = mlp_alloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->by_class = mlp_alloc(classes, sizeof *m->by_class);
    m->confusion = mlp_alloc(classes * classes, sizeof *m->confusion);
    if (m->by_class && m->confusion)
        return m;
    mlp_classification_destroy(m);
    return NULL;
}

mlp_status mlp_classification_create(const float *outputs, size_t outputs_per_sample,
                                     const uint8_t *predictions, const uint8_t *labels,
                                     size_t count, size_t classes, size_t top_k,
                                     mlp_classification **out, mlp_error *error)
{
    const struct samples s = {outputs, outputs_per_sample, predictions, labels, count, classes};
    mlp_status status = check_shape(&s, top_k, error);
    if (status == MLP_OK)
        status = check_samples(&s, error);
    if (status != MLP_OK)
        return status;
    mlp_classification *m = allocate(classes);
    uint64_t *keys = mlp_alloc_uninitialized(count, 2 * sizeof *keys);
    if (!m || !keys) {
        mlp_free(keys);
        mlp_classification_destroy(m);
        return mlp_fail_memory(error, "metrics");
    }
    m->count = count;
    m->classes = classes;
    m->top_k = top_k < classes ? top_k : classes;
    count_confusions(&s, m->confusion);
    rate_classes(m);
    m->top_k_accuracy = top_k_accuracy(&s, m->top_k);
    m->log_loss = log_loss(&s);
    measure_auc(&s, keys, m);
    mlp_free(keys);
    *out = m;
    return MLP_OK;
}

void mlp_classification_destroy(mlp_classification *metrics)
{
    if (!metrics)
        return;
    mlp_free(metrics->confusion);
    mlp_free(metrics->by_class);
    mlp_free(metrics);
}

/* --- Regression ------------------------------------------------------------ */

static mlp_status check_values(const float *values, const char *what, size_t count, size_t outputs,
                               mlp_error *error)
{
    for (size_t i = 0; i < count * outputs; i++)
        if (!isfinite(values[i]))
            return mlp_fail(error, MLP_ERROR_DATA,
                            "sample %zu: found %f as %s %zu, expected a finite number", i / outputs,
                            (double)values[i], what, i % outputs);
    return MLP_OK;
}

/* Of one output, over the samples in ascending order. */
struct residual {
    double squared, absolute;
    double mean, total; /* of the targets, and their squared distances from it */
    bool varies;
};

/* Of outputs first to first + width. The total in a second pass around the mean:
 * a difference of sums of squares would lose it where the mean is large. */
static void measure_residuals(const float *predictions, const float *targets, size_t count,
                              size_t outputs, size_t width, struct residual *of)
{
    for (size_t i = 0; i < count; i++)
        for (size_t o = 0; o < width; o++) {
            double target = targets[i * outputs + o];
            double difference = predictions[i * outputs + o] - target;
            of[o].squared += difference * difference;
            of[o].absolute += difference < 0 ? -difference : difference;
            of[o].mean += target;
            of[o].varies |= targets[i * outputs + o] != targets[o];
        }
    for (size_t o = 0; o < width; o++)
        of[o].mean /= (double)count;
    for (size_t i = 0; i < count; i++)
        for (size_t o = 0; o < width; o++) {
            double difference = targets[i * outputs + o] - of[o].mean;
            of[o].total += difference * difference;
        }
}

static double r2_of(const struct residual *of)
{
    if (of->varies)
        return 1 - of->squared / of->total;
    return of->squared == 0;
}

static mlp_regression regression_of(const float *predictions, const float *targets, size_t count,
                                    size_t outputs)
{
    double squared = 0, absolute = 0, r2 = 0;
    for (size_t first = 0; first < outputs; first += COLUMNS) {
        struct residual of[COLUMNS] = {{0}};
        size_t width = outputs - first < COLUMNS ? outputs - first : COLUMNS;
        measure_residuals(predictions + first, targets + first, count, outputs, width, of);
        for (size_t o = 0; o < width; o++) {
            squared += of[o].squared;
            absolute += of[o].absolute;
            r2 += r2_of(&of[o]);
        }
    }
    double values = (double)count * (double)outputs;
    return (mlp_regression){
        .count = count,
        .outputs = outputs,
        .mse = squared / values,
        .mae = absolute / values,
        .r2 = r2 / (double)outputs,
    };
}

double mlp_r_squared(const float *predictions, const float *targets, size_t count, size_t outputs)
{
    return regression_of(predictions, targets, count, outputs).r2;
}

mlp_status mlp_regression_of(const float *predictions, const float *targets, size_t count,
                             size_t outputs, mlp_regression *out, mlp_error *error)
{
    if (count == 0 || outputs == 0 || count > SIZE_MAX / sizeof(float) / outputs)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "metrics of %zu samples with %zu outputs, expected at least one of each, "
                        "and no more than memory holds",
                        count, outputs);
    mlp_status status = check_values(predictions, "prediction", count, outputs, error);
    if (status == MLP_OK)
        status = check_values(targets, "target", count, outputs, error);
    if (status != MLP_OK)
        return status;
    *out = regression_of(predictions, targets, count, outputs);
    return MLP_OK;
}
