/* SPDX-License-Identifier: MIT */
/* Parts of data sets (mlp_dataset_divide). */
#include <mlp/dataset.h>

#include "alloc.h"
#include "digits.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { MAX_COUNT = 1000 };

/* Arrays of a set whose samples tell what they are: sample i has the inputs i % 251 and i / 251,
 * the targets i and -i, and the weight i / 2. */
static struct {
    uint8_t u8[MAX_COUNT][2], labels[MAX_COUNT];
    float f32[MAX_COUNT][2], targets[MAX_COUNT][2], weights[MAX_COUNT];
} arrays;

static void fill_arrays(void)
{
    for (size_t i = 0; i < MAX_COUNT; i++) {
        for (size_t f = 0; f < 2; f++) {
            arrays.u8[i][f] = (uint8_t)(f == 0 ? i % 251 : i / 251);
            arrays.f32[i][f] = arrays.u8[i][f];
            arrays.targets[i][f] = f == 0 ? (float)i : -(float)i;
        }
        arrays.weights[i] = (float)i / 2;
        arrays.labels[i] = (uint8_t)(i * i % 7 % 5); /* of classes 0, 1, 2 and 4 */
    }
}

static mlp_arrays with_everything(size_t count)
{
    return (mlp_arrays){
        .count = count,
        .features = 2,
        .u8 = arrays.u8[0],
        .labels = arrays.labels,
        .classes = 256,
        .targets = arrays.targets[0],
        .outputs = 2,
        .weights = arrays.weights,
    };
}

static mlp_dataset *wrap(const mlp_arrays *content)
{
    mlp_dataset *data;
    mlp_error error;
    ck_assert_msg(mlp_dataset_wrap(content, &data, &error) == MLP_OK, "%s", error.message);
    return data;
}

struct parts {
    mlp_dataset *rest, *part;
};

static struct parts divide(const mlp_dataset *data, double fraction, uint64_t seed)
{
    struct parts parts;
    mlp_error error;
    mlp_status status = mlp_dataset_divide(data, fraction, seed, &parts.rest, &parts.part, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return parts;
}

static void destroy(struct parts parts)
{
    mlp_dataset_destroy(parts.rest);
    mlp_dataset_destroy(parts.part);
}

/* Which sample of the arrays sample i of a set is. */
static size_t origin(const mlp_dataset *data, size_t i)
{
    if (mlp_dataset_u8_at(data, i))
        return mlp_dataset_u8_at(data, i)[0] + (size_t)251 * mlp_dataset_u8_at(data, i)[1];
    return (size_t)mlp_dataset_f32_at(data, i)[0] + 251 * (size_t)mlp_dataset_f32_at(data, i)[1];
}

/* Everything that belongs to a sample has come with its inputs. */
static void assert_whole(const mlp_dataset *data, const mlp_arrays *content)
{
    ck_assert_uint_eq(mlp_dataset_features(data), content->features);
    ck_assert_uint_eq(mlp_dataset_classes(data), content->classes);
    ck_assert_uint_eq(mlp_dataset_outputs(data), content->outputs);
    ck_assert_int_eq(!mlp_dataset_labels(data), !content->labels);
    ck_assert_int_eq(!mlp_dataset_targets(data), !content->targets);
    ck_assert_int_eq(!mlp_dataset_weights(data), !content->weights);
    for (size_t i = 0; i < mlp_dataset_count(data); i++) {
        size_t from = origin(data, i);
        ck_assert_int_eq(!mlp_dataset_u8_at(data, i), !content->u8);
        ck_assert_int_eq(!mlp_dataset_f32_at(data, i), !content->f32);
        if (content->labels)
            ck_assert_uint_eq(mlp_dataset_labels(data)[i], arrays.labels[from]);
        if (content->targets)
            ck_assert_mem_eq(mlp_dataset_targets(data) + 2 * i, arrays.targets[from],
                             sizeof arrays.targets[from]);
        if (content->weights)
            ck_assert_mem_eq(&mlp_dataset_weights(data)[i], &arrays.weights[from], sizeof(float));
    }
}

/* Each sample of `data` is in one of the parts, in the old order. */
static void assert_partition(const mlp_dataset *data, struct parts parts)
{
    size_t rest = 0, part = 0, count = mlp_dataset_count(data);
    ck_assert_uint_eq(mlp_dataset_count(parts.rest) + mlp_dataset_count(parts.part), count);
    for (size_t i = 0; i < count; i++) {
        if (part < mlp_dataset_count(parts.part) && origin(parts.part, part) == origin(data, i))
            part++;
        else if (rest < mlp_dataset_count(parts.rest) &&
                 origin(parts.rest, rest) == origin(data, i))
            rest++;
        else
            ck_abort_msg("sample %zu is in no part, or out of order", i);
    }
}

static size_t count_class(const mlp_dataset *data, uint8_t class)
{
    size_t count = 0;
    for (size_t i = 0; i < mlp_dataset_count(data); i++)
        count += mlp_dataset_labels(data)[i] == class;
    return count;
}

START_TEST(parts_are_whole_disjoint_and_in_order)
{
    static const double fractions[] = {0.001, 0.1, 0.25, 1.0 / 3, 0.5, 0.9, 0.999};
    for (unsigned kind = 0; kind < 8; kind++) {
        mlp_arrays content = with_everything(MAX_COUNT);
        if (kind & 1) {
            content.u8 = NULL;
            content.f32 = arrays.f32[0];
        }
        if (kind & 2) {
            content.labels = NULL;
            content.classes = 0;
        }
        if (kind & 4)
            content.weights = NULL;
        if ((kind & 2) == 0 && kind != 0) {
            content.targets = NULL;
            content.outputs = 0;
        }
        mlp_dataset *data = wrap(&content);
        for (size_t f = 0; f < sizeof fractions / sizeof fractions[0]; f++) {
            struct parts parts = divide(data, fractions[f], 1 + f);
            ck_assert_uint_eq(mlp_dataset_count(parts.part),
                              (size_t)floor(fractions[f] * MAX_COUNT + 0.5));
            assert_partition(data, parts);
            assert_whole(parts.rest, &content);
            assert_whole(parts.part, &content);
            destroy(parts);
        }
        mlp_dataset_destroy(data);
    }
}
END_TEST

START_TEST(every_class_gives_the_same_share)
{
    mlp_arrays content = with_everything(MAX_COUNT);
    mlp_dataset *data = wrap(&content);
    for (double fraction = 0.01; fraction < 1; fraction += 0.07) {
        struct parts parts = divide(data, fraction, 3);
        for (unsigned c = 0; c < 5; c++) {
            double share = fraction * (double)count_class(data, (uint8_t)c);
            double given = (double)count_class(parts.part, (uint8_t)c);
            ck_assert_double_ge(given, floor(share));
            ck_assert_double_le(given, floor(share) + 1);
        }
        destroy(parts);
    }
    mlp_dataset_destroy(data);
}
END_TEST

/* What the header says, in numbers. */
START_TEST(the_largest_remainders_round_up)
{
    static const struct {
        size_t counts[4];
        double fraction;
        size_t expected[4];
    } cases[] = {
        {{5, 3, 2, 0}, 0.5, {3, 1, 1, 0}},        /* 2.5, 1.5, 1: of equal remainders the lower */
        {{4, 3, 3, 0}, 0.25, {1, 1, 1, 0}},       /* 1, 0.75, 0.75: 2.5 rounds up */
        {{1, 9, 0, 0}, 0.2, {0, 2, 0, 0}},        /* 0.2, 1.8: a class that is not in the part */
        {{1, 9, 0, 0}, 0.8, {1, 7, 0, 0}},        /* 0.8, 7.2: one that is not in the rest */
        {{1, 1, 1, 1}, 0.5, {1, 1, 0, 0}},        /* one sample each */
        {{1, 1, 1, 1}, 0.75, {1, 1, 1, 0}},       /* three of four */
        {{0, 1, 0, 1}, 0.5, {0, 1, 0, 0}},        /* two classes without samples */
        {{2, 0, 0, 0}, 0.5, {1, 0, 0, 0}},        /* the smallest that can be divided */
        {{10, 20, 30, 40}, 0.1, {1, 2, 3, 4}},    /* no remainders but those of binary fractions */
        {{7, 7, 7, 7}, 0.125, {1, 1, 1, 1}},      /* 0.875 each, 3.5 in all */
        {{7, 7, 7, 6}, 0.125, {1, 1, 1, 0}},      /* 0.75 and 3.375 */
        {{100, 1, 1, 1}, 0.995, {99, 1, 1, 1}},   /* 99.5, 0.995: 102 of 103 */
        {{0, 0, 0, 999}, 0.9985, {0, 0, 0, 998}}, /* 997.5015 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static uint8_t labels[MAX_COUNT];
        mlp_arrays content = with_everything(0);
        for (uint8_t c = 0; c < 4; c++)
            for (size_t k = 0; k < cases[i].counts[c]; k++)
                labels[content.count++] = c;
        content.labels = labels;
        mlp_dataset *data = wrap(&content);
        struct parts parts = divide(data, cases[i].fraction, i);
        for (uint8_t c = 0; c < 4; c++) {
            ck_assert_msg(count_class(parts.part, c) == cases[i].expected[c],
                          "case %zu: %zu of class %d", i, count_class(parts.part, c), c);
            ck_assert_uint_eq(count_class(parts.rest, c),
                              cases[i].counts[c] - cases[i].expected[c]);
        }
        ck_assert_uint_eq(mlp_dataset_classes(parts.part), 256);
        destroy(parts);
        mlp_dataset_destroy(data);
    }
}
END_TEST

START_TEST(all_256_classes_of_one_sample)
{
    uint8_t labels[256];
    for (unsigned i = 0; i < 256; i++)
        labels[i] = (uint8_t)(255 - i);
    mlp_arrays content = with_everything(256);
    content.labels = labels;
    mlp_dataset *data = wrap(&content);
    for (size_t wanted = 1; wanted < 256; wanted += 127) {
        struct parts parts = divide(data, (double)wanted / 256, 9);
        assert_partition(data, parts);
        ck_assert_uint_eq(mlp_dataset_count(parts.part), wanted);
        for (size_t i = 0; i < wanted; i++)
            ck_assert_uint_lt(mlp_dataset_labels(parts.part)[i], wanted);
        destroy(parts);
    }
    mlp_dataset_destroy(data);
}
END_TEST

static void assert_same(const mlp_dataset *a, const mlp_dataset *b, bool same)
{
    ck_assert_uint_eq(mlp_dataset_count(a), mlp_dataset_count(b));
    size_t equal = 0;
    for (size_t i = 0; i < mlp_dataset_count(a); i++)
        equal += origin(a, i) == origin(b, i);
    ck_assert_int_eq(equal == mlp_dataset_count(a), same);
}

START_TEST(the_seed_decides)
{
    mlp_arrays content = with_everything(100);
    mlp_dataset *data = wrap(&content);
    struct parts one = divide(data, 0.2, 1), again = divide(data, 0.2, 1);
    struct parts two = divide(data, 0.2, 2), far = divide(data, 0.2, 1 | UINT64_C(1) << 63);
    assert_same(one.part, again.part, true);
    assert_same(one.rest, again.rest, true);
    assert_same(one.part, two.part, false);
    assert_same(one.part, far.part, false);
    destroy(one);
    destroy(again);
    destroy(two);
    destroy(far);
    mlp_dataset_destroy(data);
}
END_TEST

/* A validation set must not change between versions or machines. */
START_TEST(the_choice_is_the_golden_one)
{
    static const size_t golden[10] = {2, 5, 10, 15, 26, 27, 29, 31, 35, 38};
    mlp_arrays content = with_everything(40);
    mlp_dataset *data = wrap(&content);
    struct parts parts = divide(data, 0.25, 1);
    ck_assert_uint_eq(mlp_dataset_count(parts.part), 10);
    for (size_t i = 0; i < 10; i++)
        ck_assert_uint_eq(origin(parts.part, i), golden[i]);
    destroy(parts);
    mlp_dataset_destroy(data);
}
END_TEST

/* In 2,000 divisions each of ten samples comes 600 times by chance, give or take 20.5; each pair
 * 2,000 * 3/10 * 2/9 = 133 times, give or take 11. */
START_TEST(each_sample_has_the_same_chance)
{
    enum { SEEDS = 2000, COUNT = 10 };
    size_t taken[COUNT][COUNT] = {{0}};
    mlp_arrays content = with_everything(COUNT);
    content.labels = NULL;
    content.classes = 0;
    mlp_dataset *data = wrap(&content);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct parts parts = divide(data, 0.3, seed);
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < 3; j++)
                taken[origin(parts.part, i)][origin(parts.part, j)]++;
        destroy(parts);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            double expected = i == j ? 600 : 400.0 / 3, most = i == j ? 80 : 45;
            ck_assert_double_le(fabs((double)taken[i][j] - expected), most);
        }
    }
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(parts_can_be_divided)
{
    mlp_arrays content = with_everything(MAX_COUNT);
    mlp_dataset *data = wrap(&content);
    struct parts outer = divide(data, 0.4, 1), inner = divide(outer.part, 0.25, 1);
    struct parts innermost = divide(inner.rest, 0.5, 1);
    ck_assert_uint_eq(mlp_dataset_count(outer.part), 400);
    ck_assert_uint_eq(mlp_dataset_count(inner.part), 100);
    ck_assert_uint_eq(mlp_dataset_count(innermost.part), 150);
    assert_partition(outer.part, inner);
    assert_partition(inner.rest, innermost);
    assert_whole(inner.part, &content);
    assert_whole(innermost.rest, &content);
    assert_whole(innermost.part, &content);
    destroy(innermost);
    destroy(inner);
    destroy(outer);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(parts_of_digits_are_images)
{
    mlp_dataset *data;
    ck_assert_int_eq(mlp_dataset_open("digits", MLP_TEST, &data, NULL), MLP_OK);
    struct parts parts = divide(data, 0.1, 1);
    for (uint8_t digit = 0; digit < 10; digit++)
        ck_assert_uint_eq(count_class(parts.part, digit), 100);
    size_t height, width;
    ck_assert(mlp_dataset_image(parts.part, &height, &width));
    ck_assert_uint_eq(height, MLP_DIGITS_SIDE);
    ck_assert_uint_eq(width, MLP_DIGITS_SIDE);
    destroy(parts);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(fractions_that_make_no_sense)
{
    static const struct {
        double fraction;
        const char *part;
    } cases[] = {
        {0, "expected a fraction above 0 and below 1"},
        {-0.5, "expected a fraction above 0 and below 1"},
        {1, "expected a fraction above 0 and below 1"},
        {1e300, "expected a fraction above 0 and below 1"},
        {INFINITY, "expected a fraction above 0 and below 1"},
        {NAN, "expected a fraction above 0 and below 1"},
        {0.04, "a fraction of 0.04 of 10 samples is 0, expected at least 1 on both sides"},
        {0.95, "a fraction of 0.95 of 10 samples is 10, expected at least 1 on both sides"},
    };
    mlp_arrays content = with_everything(10);
    mlp_dataset *data = wrap(&content);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct parts parts = {data, data};
        mlp_error error;
        long live = mlp_alloc_live();
        ck_assert_int_eq(
            mlp_dataset_divide(data, cases[i].fraction, 1, &parts.rest, &parts.part, &error),
            MLP_ERROR_USAGE);
        ck_assert_int_eq(error.status, MLP_ERROR_USAGE);
        ck_assert_msg(strstr(error.message, cases[i].part) != NULL, "%s", error.message);
        ck_assert_ptr_null(parts.rest);
        ck_assert_ptr_null(parts.part);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
    destroy(divide(data, 0.05, 1)); /* 0.5 rounds up */
    destroy(divide(data, 0.9, 1));
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(one_sample_cannot_be_divided)
{
    mlp_arrays content = with_everything(1);
    mlp_dataset *data = wrap(&content);
    struct parts parts;
    ck_assert_int_eq(mlp_dataset_divide(data, 0.5, 1, &parts.rest, &parts.part, NULL),
                     MLP_ERROR_USAGE);
    ck_assert_int_eq(mlp_dataset_divide(data, 0.4, 1, &parts.rest, &parts.part, NULL),
                     MLP_ERROR_USAGE);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(every_allocation_fails_once)
{
    mlp_arrays content = with_everything(10);
    mlp_dataset *data = wrap(&content);
    long live = mlp_alloc_live();
    unsigned long n = 0;
    mlp_status status = MLP_ERROR_INTERNAL;
    struct parts parts;
    while (status != MLP_OK && n < 100) {
        mlp_error error;
        mlp_alloc_fail_at(++n, 0);
        status = mlp_dataset_divide(data, 0.3, 1, &parts.rest, &parts.part, &error);
        mlp_alloc_fail_at(0, 0);
        if (status != MLP_OK) {
            ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
            ck_assert_ptr_nonnull(strstr(error.message, "out of memory for "));
            ck_assert_ptr_null(parts.rest);
            ck_assert_ptr_null(parts.part);
            ck_assert_int_eq(mlp_alloc_live(), live);
        }
    }
    ck_assert_uint_eq(n, 11); /* four arrays and the struct, twice */
    assert_partition(data, parts);
    destroy(parts);
    ck_assert_int_eq(mlp_alloc_live(), live);
    mlp_dataset_destroy(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("divide");
    TCase *tests = tcase_create("divide");
    fill_arrays();
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, parts_are_whole_disjoint_and_in_order);
    tcase_add_test(tests, every_class_gives_the_same_share);
    tcase_add_test(tests, the_largest_remainders_round_up);
    tcase_add_test(tests, all_256_classes_of_one_sample);
    tcase_add_test(tests, the_seed_decides);
    tcase_add_test(tests, the_choice_is_the_golden_one);
    tcase_add_test(tests, each_sample_has_the_same_chance);
    tcase_add_test(tests, parts_can_be_divided);
    tcase_add_test(tests, parts_of_digits_are_images);
    tcase_add_test(tests, fractions_that_make_no_sense);
    tcase_add_test(tests, one_sample_cannot_be_divided);
    tcase_add_test(tests, every_allocation_fails_once);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
