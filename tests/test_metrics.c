/* SPDX-License-Identifier: MIT */
/* Metrics against scikit-learn's, on the cases of vectors/make_metrics.py. */
#include <mlp/metrics.h>

#include "alloc.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct cell {
    size_t label, prediction, count;
};

/* Outputs in units of 1/64; the confusion matrix without its zeros. */
struct classification_case {
    const char *name;
    size_t count, classes, width, top_k;
    const int16_t *outputs;
    const uint8_t *predictions, *labels;
    const struct cell *confusion;
    size_t cells;
    const mlp_class_metrics *by_class;
    double accuracy, top_k_accuracy, log_loss;
    mlp_averages macro, weighted;
    double auc;
};

struct regression_case {
    const char *name;
    size_t count, outputs;
    const int32_t *predictions, *targets; /* in units of 1/64 */
    double mse, mae, r2;
};

#include "suite.h"
#include "vectors/metrics.inc"

enum {
    CLASSIFICATION_COUNT = sizeof CLASSIFICATIONS / sizeof CLASSIFICATIONS[0],
    REGRESSION_COUNT = sizeof REGRESSIONS / sizeof REGRESSIONS[0],
};

/* scikit-learn adds in another order, hence not to the bit. Of the log loss too: the
 * outputs are exact, and divided and taken the logarithm of in double. */
static const double TOLERANCE = 1e-12;

static int is_near(double found, double want)
{
    if (isnan(want))
        return isnan(found);
    return fabs(found - want) <= TOLERANCE * fabs(want);
}

#define CHECK_NEAR(of, found, want)                                                                \
    do {                                                                                           \
        double found_ = (found), want_ = (want);                                                   \
        if (!is_near(found_, want_))                                                               \
            ck_abort_msg("%s: " #found " is %.17g, expected %.17g", of, found_, want_);            \
    } while (0)

static void check_averages(const char *name, const mlp_averages *found, const mlp_averages *want)
{
    CHECK_NEAR(name, found->precision, want->precision);
    CHECK_NEAR(name, found->recall, want->recall);
    CHECK_NEAR(name, found->f1, want->f1);
}

static void check_classes(const struct classification_case *want, const mlp_classification *found)
{
    for (size_t c = 0; c < want->classes; c++) {
        const mlp_class_metrics *f = &found->by_class[c], *w = &want->by_class[c];
        CHECK_NEAR(want->name, f->precision, w->precision);
        CHECK_NEAR(want->name, f->recall, w->recall);
        CHECK_NEAR(want->name, f->f1, w->f1);
        CHECK_NEAR(want->name, f->auc, w->auc);
        ck_assert_uint_eq(f->support, w->support);
    }
}

static void check_confusion(const struct classification_case *want, const size_t *confusion)
{
    size_t size = want->classes * want->classes;
    size_t *expected = calloc(size, sizeof *expected);
    ck_assert_ptr_nonnull(expected);
    for (size_t i = 0; i < want->cells; i++)
        expected[want->confusion[i].label * want->classes + want->confusion[i].prediction] =
            want->confusion[i].count;
    ck_assert_mem_eq(confusion, expected, size * sizeof *expected);
    free(expected);
}

/* The case's outputs as floats; the caller frees them. */
static float *outputs_of(const struct classification_case *c)
{
    float *outputs = malloc(c->count * c->width * sizeof *outputs);
    ck_assert_ptr_nonnull(outputs);
    for (size_t i = 0; i < c->count * c->width; i++)
        outputs[i] = (float)c->outputs[i] / 64;
    return outputs;
}

static mlp_classification *measure(const struct classification_case *c, const float *outputs,
                                   size_t top_k)
{
    mlp_classification *found = NULL;
    mlp_error error = {.message = ""};
    mlp_status status = mlp_classification_create(outputs, c->width, c->predictions, c->labels,
                                                  c->count, c->classes, top_k, &found, &error);
    ck_assert_msg(status == MLP_OK, "%s: %s", c->name, error.message);
    return found;
}

START_TEST(test_classification)
{
    const struct classification_case *want = &CLASSIFICATIONS[_i];
    float *outputs = outputs_of(want);
    mlp_classification *found = measure(want, outputs, want->top_k);
    ck_assert_uint_eq(found->count, want->count);
    ck_assert_uint_eq(found->classes, want->classes);
    ck_assert_uint_eq(found->top_k, want->top_k);
    CHECK_NEAR(want->name, found->accuracy, want->accuracy);
    CHECK_NEAR(want->name, found->top_k_accuracy, want->top_k_accuracy);
    CHECK_NEAR(want->name, found->log_loss, want->log_loss);
    CHECK_NEAR(want->name, found->auc, want->auc);
    check_averages(want->name, &found->macro, &want->macro);
    check_averages(want->name, &found->weighted, &want->weighted);
    check_classes(want, found);
    check_confusion(want, found->confusion);
    mlp_classification_destroy(found);
    free(outputs);
}
END_TEST

START_TEST(test_top_k_above_classes)
{
    const struct classification_case *c = &CLASSIFICATIONS[_i];
    float *outputs = outputs_of(c);
    mlp_classification *found = measure(c, outputs, SIZE_MAX);
    ck_assert_uint_eq(found->top_k, c->classes);
    ck_assert(found->top_k_accuracy == 1);
    mlp_classification_destroy(found);
    free(outputs);
}
END_TEST

/* All pairs, one by one, of outputs that no vector has: infinities, subnormals, both
 * zeros, neighbours. */
START_TEST(test_auc_is_the_share_of_pairs)
{
    static const float VALUES[] = {-INFINITY, -0x1p127f, -1.5f,         -0x1p-149f,
                                   -0.0f,     0.0f,      0x1p-149f,     0x1p-126f,
                                   1,         0x1.fp0f,  0x1.fffffep0f, INFINITY};
    enum { COUNT = 150, KINDS = sizeof VALUES / sizeof VALUES[0] };
    float outputs[COUNT];
    uint8_t labels[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        outputs[i] = VALUES[i * 7 % KINDS];
        labels[i] = i * i % 11 < 4 + i % 3;
    }
    double pairs = 0, right = 0;
    for (size_t a = 0; a < COUNT; a++)
        for (size_t b = 0; b < COUNT; b++)
            if (labels[a] == 1 && labels[b] == 0) {
                pairs++;
                right += outputs[a] > outputs[b] ? 1 : outputs[a] == outputs[b] ? 0.5 : 0;
            }
    mlp_classification *found = NULL;
    ck_assert_int_eq(
        mlp_classification_create(outputs, 1, labels, labels, COUNT, 2, 1, &found, NULL), MLP_OK);
    ck_assert(found->auc == right / pairs);
    ck_assert(found->by_class[0].auc == found->auc);
    ck_assert(isnan(found->log_loss));
    mlp_classification_destroy(found);
}
END_TEST

/* The logarithm itself, nearer than the vectors ask, down to the last float and beside 1. */
START_TEST(test_log_loss_of_all_magnitudes)
{
    for (int exponent = -149; exponent <= 0; exponent++) {
        float power = ldexpf(1, exponent);
        float outputs[] = {power, 0.7f * power, 0.72f * power, 1 - power};
        for (size_t i = 0; i < 4; i++) {
            mlp_classification *found = NULL;
            const uint8_t one = 1;
            if (outputs[i] == 0)
                continue;
            ck_assert_int_eq(
                mlp_classification_create(&outputs[i], 1, &one, &one, 1, 2, 1, &found, NULL),
                MLP_OK);
            double want = -log(outputs[i]);
            if (!(fabs(found->log_loss - want) <= 4 * DBL_EPSILON * want))
                ck_abort_msg("-log %a is %.17g, expected %.17g", (double)outputs[i],
                             found->log_loss, want);
            mlp_classification_destroy(found);
        }
    }
}
END_TEST

START_TEST(test_no_probability_no_log_loss)
{
    static const float BAD_OUTPUTS[] = {INFINITY, -0.25f, -0x1p-149f};
    for (size_t i = 0; i < sizeof BAD_OUTPUTS / sizeof BAD_OUTPUTS[0]; i++) {
        const float outputs[] = {0.5f, 0.5f, BAD_OUTPUTS[i], 1};
        const uint8_t labels[] = {0, 1};
        mlp_classification *found = NULL;
        ck_assert_int_eq(
            mlp_classification_create(outputs, 2, labels, labels, 2, 2, 1, &found, NULL), MLP_OK);
        ck_assert(isnan(found->log_loss));
        ck_assert(found->accuracy == 1);
        mlp_classification_destroy(found);
    }
}
END_TEST

/* One thing wrong in what would be right otherwise. */
static const struct bad_case {
    size_t count, width, classes, top_k;
    uint8_t label, prediction; /* of sample 1 */
    float output;              /* its output 2 */
    mlp_status want;
    const char *message;
} BAD[] = {
    {3, 3, 3, 1, 2, 2, 1, MLP_OK, ""},
    {0, 3, 3, 1, 2, 2, 1, MLP_ERROR_USAGE, "metrics of 0 samples"},
    {3, 1, 1, 1, 2, 2, 1, MLP_ERROR_USAGE, "metrics of 1 classes"},
    {3, 0, 0, 1, 2, 2, 1, MLP_ERROR_USAGE, "metrics of 0 classes"},
    {3, 257, 257, 1, 2, 2, 1, MLP_ERROR_USAGE, "metrics of 257 classes"},
    {3, 2, 3, 1, 2, 2, 1, MLP_ERROR_USAGE, "metrics of 3 classes from 2 outputs a sample"},
    {3, 1, 3, 1, 2, 2, 1, MLP_ERROR_USAGE, "metrics of 3 classes from 1 outputs a sample"},
    {3, 3, 3, 0, 2, 2, 1, MLP_ERROR_USAGE, "top_k is 0"},
    {3, 3, 3, 1, 3, 2, 1, MLP_ERROR_DATA, "sample 1: found label 3, expected below 3"},
    {3, 3, 3, 1, 2, 255, 1, MLP_ERROR_DATA, "sample 1: found prediction 255, expected below 3"},
    {3, 3, 3, 1, 2, 2, NAN, MLP_ERROR_DATA, "sample 1: found NaN as output 2"},
};

START_TEST(test_bad_classification)
{
    const struct bad_case *bad = &BAD[_i];
    float outputs[] = {1, 0, 0, 0, 1, bad->output, 0, 0, 1};
    uint8_t labels[] = {0, bad->label, 1}, predictions[] = {0, bad->prediction, 1};
    long live = mlp_alloc_live();
    mlp_classification *found = NULL;
    mlp_error error = {.message = ""};
    mlp_status status =
        mlp_classification_create(outputs, bad->width, predictions, labels, bad->count,
                                  bad->classes, bad->top_k, &found, &error);
    ck_assert_int_eq(status, bad->want);
    ck_assert_int_eq(error.status, bad->want);
    ck_assert_msg(strncmp(error.message, bad->message, strlen(bad->message)) == 0, "%s",
                  error.message);
    ck_assert_int_eq(found == NULL, bad->want != MLP_OK);
    mlp_classification_destroy(found);
    ck_assert_int_eq(mlp_alloc_live(), live);
    ck_assert_int_eq(mlp_classification_create(outputs, bad->width, predictions, labels, bad->count,
                                               bad->classes, bad->top_k, &found, NULL),
                     bad->want);
    mlp_classification_destroy(bad->want == MLP_OK ? found : NULL);
}
END_TEST

START_TEST(test_failing_allocation)
{
    static const float OUTPUTS[] = {0.25f, 0.75f};
    static const uint8_t LABELS[] = {0, 1};
    long live = mlp_alloc_live();
    unsigned long n = 1;
    for (;; n++) {
        ck_assert_uint_le(n, 10);
        mlp_classification *found = NULL;
        mlp_error error = {.status = MLP_OK};
        mlp_alloc_fail_at(n, 0);
        mlp_status status =
            mlp_classification_create(OUTPUTS, 1, LABELS, LABELS, 2, 2, 1, &found, &error);
        mlp_alloc_fail_at(0, 0);
        if (status == MLP_OK) {
            mlp_classification_destroy(found);
            break;
        }
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert_int_eq(error.status, MLP_ERROR_INTERNAL);
        ck_assert_str_ne(error.message, "");
        ck_assert_ptr_null(found);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
    ck_assert_uint_eq(n, 5); /* the result, its two arrays, the sort's */
    ck_assert_int_eq(mlp_alloc_live(), live);
}
END_TEST

static float *values_of(const int32_t *units, size_t count)
{
    float *values = malloc(count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)units[i] / 64;
    return values;
}

START_TEST(test_regression)
{
    const struct regression_case *want = &REGRESSIONS[_i];
    float *predictions = values_of(want->predictions, want->count * want->outputs);
    float *targets = values_of(want->targets, want->count * want->outputs);
    mlp_regression found;
    mlp_error error = {.message = ""};
    mlp_status status =
        mlp_regression_of(predictions, targets, want->count, want->outputs, &found, &error);
    ck_assert_msg(status == MLP_OK, "%s: %s", want->name, error.message);
    ck_assert_uint_eq(found.count, want->count);
    ck_assert_uint_eq(found.outputs, want->outputs);
    CHECK_NEAR(want->name, found.mse, want->mse);
    CHECK_NEAR(want->name, found.mae, want->mae);
    CHECK_NEAR(want->name, found.r2, want->r2);
    free(targets);
    free(predictions);
}
END_TEST

/* A target whose mean in double is not the target, and squares beyond any float. */
START_TEST(test_regression_at_the_limits)
{
    enum { COUNT = 1000 };
    float targets[COUNT], predictions[COUNT];
    mlp_regression found;
    for (size_t i = 0; i < COUNT; i++)
        targets[i] = predictions[i] = 0.1f;
    ck_assert_int_eq(mlp_regression_of(predictions, targets, COUNT, 1, &found, NULL), MLP_OK);
    ck_assert(found.r2 == 1);
    predictions[COUNT - 1] = 0.2f;
    ck_assert_int_eq(mlp_regression_of(predictions, targets, COUNT, 1, &found, NULL), MLP_OK);
    ck_assert(found.r2 == 0);
    targets[0] = targets[1] = 0x1p127f;
    predictions[0] = predictions[1] = -0x1p127f;
    ck_assert_int_eq(mlp_regression_of(predictions, targets, 2, 1, &found, NULL), MLP_OK);
    ck_assert(found.mse == 0x1p256 && found.mae == 0x1p128 && found.r2 == 0);
}
END_TEST

START_TEST(test_bad_regression)
{
    const float good[] = {1, 2, 3, 4}, bad[] = {NAN, INFINITY, -INFINITY};
    mlp_regression found;
    mlp_error error;
    ck_assert_int_eq(mlp_regression_of(good, good, 0, 1, &found, &error), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_regression_of(good, good, 1, 0, &found, &error), MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_regression_of(good, good, SIZE_MAX / 2, 4, &found, &error),
                     MLP_ERROR_USAGE);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const float values[] = {1, 2, 3, bad[i]};
        ck_assert_int_eq(mlp_regression_of(values, good, 2, 2, &found, &error), MLP_ERROR_DATA);
        ck_assert_ptr_nonnull(strstr(error.message, "sample 1: "));
        ck_assert_ptr_nonnull(strstr(error.message, "prediction 1"));
        ck_assert_int_eq(mlp_regression_of(good, values, 2, 2, &found, &error), MLP_ERROR_DATA);
        ck_assert_ptr_nonnull(strstr(error.message, "target 1"));
    }
}
END_TEST

int main(void)
{
    TCase *classification = tcase_create("classification");
    tcase_add_loop_test(classification, test_classification, 0, CLASSIFICATION_COUNT);
    tcase_add_loop_test(classification, test_top_k_above_classes, 0, CLASSIFICATION_COUNT);
    tcase_add_test(classification, test_auc_is_the_share_of_pairs);
    tcase_add_test(classification, test_log_loss_of_all_magnitudes);
    tcase_add_test(classification, test_no_probability_no_log_loss);
    tcase_add_loop_test(classification, test_bad_classification, 0, sizeof BAD / sizeof BAD[0]);
    tcase_add_test(classification, test_failing_allocation);

    TCase *regression = tcase_create("regression");
    tcase_add_loop_test(regression, test_regression, 0, REGRESSION_COUNT);
    tcase_add_test(regression, test_regression_at_the_limits);
    tcase_add_test(regression, test_bad_regression);

    Suite *suite = suite_create("metrics");
    suite_add_tcase(suite, classification);
    suite_add_tcase(suite, regression);
    return suite_run(suite);
}
