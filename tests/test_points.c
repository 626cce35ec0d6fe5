/* SPDX-License-Identifier: MIT */
/* The built-in sets (mlp_dataset_builtin_name), and of those of points what their names promise. */
#include <mlp/dataset.h>

#include "alloc.h"
#include "bytes.h"
#include "points.h"
#include "suite.h"

#include <check.h>
#include <math.h>
#include <sha256.h>
#include <string.h>

enum { MAX_COUNT = 1000, SPLITS = 2 };

static const double PI = 3.14159265358979;

static const struct golden {
    const char *name;
    size_t count[SPLITS], features, classes, outputs;
    const char *hash[SPLITS]; /* SHA-256 of inputs, labels, targets, floats little-endian */
} GOLDEN[] = {
    {"and",
     {4, 4},
     2,
     2,
     0,
     {"612fa7dc284844ba73cc4cb6d6aeb8f7de083f621e1b7bd3128a41b16b85703e",
      "612fa7dc284844ba73cc4cb6d6aeb8f7de083f621e1b7bd3128a41b16b85703e"}},
    {"or",
     {4, 4},
     2,
     2,
     0,
     {"62e45917b88391a6338316b04b8d74b731b36dcf2af3b90c4145fd74238b4a08",
      "62e45917b88391a6338316b04b8d74b731b36dcf2af3b90c4145fd74238b4a08"}},
    {"xor",
     {4, 4},
     2,
     2,
     0,
     {"f5e9aa9ae64243a6463833095e6d86dc5afb0ee83c0b2ac9480032c29fcf09b3",
      "f5e9aa9ae64243a6463833095e6d86dc5afb0ee83c0b2ac9480032c29fcf09b3"}},
    {"blobs",
     {400, 200},
     2,
     2,
     0,
     {"82b2f4a7752077a5e426a4668c345a7271902b184c063b2351d661aff1a73301",
      "9aacc7bacb3af0056ed40e47a4f53334317a688aaedc7596233c5ba9ead05ae3"}},
    {"moons",
     {1000, 500},
     2,
     2,
     0,
     {"d27607011478fb54240976104d9823a0d23c4898157ee872c2d9d0bfafdf8244",
      "1054326cff44e4b3c2bddf0a27df643cfc7c47e5eadd75d55ae5c84953a14880"}},
    {"spirals",
     {1000, 500},
     2,
     2,
     0,
     {"0baecff79b4f4853178ea23f4c0b751d20f8a6d2917278e4e10fcbe9f3cbeda0",
      "ce5a3e54a0d6a04107685d9215b697141961c46c78e43552b114c9188573d5d8"}},
    {"sine",
     {500, 250},
     1,
     0,
     1,
     {"875f78f56e1b09a8918b12c55c330dc42e9e43af5db79bc0ea5bd94b5f0a20e1",
      "a4914ce90ee653518f8cc5b7c0c69ba3e21e169bcb65fecb20cfd25219f01163"}},
};

enum { SETS = sizeof GOLDEN / sizeof GOLDEN[0] };

static mlp_dataset *make(const char *name, mlp_split split)
{
    mlp_dataset *data = NULL;
    mlp_error error;
    ck_assert_msg(mlp_dataset_open(name, split, &data, &error) == MLP_OK, "%s", error.message);
    return data;
}

static void add_floats(SHA256_CTX *hash, const float *values, size_t count)
{
    static unsigned char bytes[MAX_COUNT * 2 * 4];
    ck_assert_uint_le(count * 4, sizeof bytes);
    mlp_store_f32(bytes, values, count);
    SHA256Update(hash, bytes, count * 4);
}

static void assert_hash(const mlp_dataset *data, const char *expected)
{
    size_t count = mlp_dataset_count(data);
    SHA256_CTX hash;
    char hex[SHA256_DIGEST_STRING_LENGTH];
    SHA256Init(&hash);
    add_floats(&hash, mlp_dataset_f32_at(data, 0), count * mlp_dataset_features(data));
    if (mlp_dataset_labels(data))
        SHA256Update(&hash, mlp_dataset_labels(data), count);
    if (mlp_dataset_targets(data))
        add_floats(&hash, mlp_dataset_targets(data), count * mlp_dataset_outputs(data));
    SHA256End(&hash, hex);
    ck_assert_str_eq(hex, expected);
}

START_TEST(every_set_is_the_golden_one)
{
    const struct golden *want = &GOLDEN[_i / SPLITS];
    mlp_split split = _i % SPLITS ? MLP_TEST : MLP_TRAIN;
    mlp_dataset *data = make(want->name, split);
    ck_assert_uint_eq(mlp_dataset_count(data), want->count[split]);
    ck_assert_uint_eq(mlp_dataset_features(data), want->features);
    ck_assert_uint_eq(mlp_dataset_classes(data), want->classes);
    ck_assert_uint_eq(mlp_dataset_outputs(data), want->outputs);
    ck_assert_int_eq(!mlp_dataset_labels(data), want->classes == 0);
    ck_assert_int_eq(!mlp_dataset_targets(data), want->outputs == 0);
    ck_assert_ptr_null(mlp_dataset_weights(data));
    ck_assert_ptr_null(mlp_dataset_u8_at(data, 0));
    size_t height, width;
    ck_assert(!mlp_dataset_image(data, &height, &width));
    assert_hash(data, want->hash[split]);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(the_names_are_listed_and_open)
{
    ck_assert_str_eq(mlp_dataset_builtin_name(0), "digits");
    for (size_t i = 0; i < SETS; i++) {
        ck_assert_str_eq(mlp_dataset_builtin_name(1 + i), GOLDEN[i].name);
        ck_assert_str_eq(mlp_points_name(i), GOLDEN[i].name);
    }
    ck_assert_ptr_null(mlp_dataset_builtin_name(1 + SETS));
    ck_assert_ptr_null(mlp_dataset_builtin_name(SIZE_MAX));
    for (size_t i = 0; mlp_dataset_builtin_name(i); i++)
        for (int split = 0; split < SPLITS; split++)
            ck_assert(mlp_dataset_has(mlp_dataset_builtin_name(i), (mlp_split)split));

    mlp_dataset *data;
    ck_assert_int_eq(mlp_dataset_open("moon", MLP_TRAIN, &data, NULL), MLP_ERROR_INTERNAL);
    ck_assert_int_eq(mlp_dataset_open("Moons", MLP_TRAIN, &data, NULL), MLP_ERROR_INTERNAL);
}
END_TEST

/* What a wrapped array would be checked for, and that the numbers suit a net as they are. */
START_TEST(values_are_finite_and_small)
{
    const struct golden *set = &GOLDEN[_i / SPLITS];
    mlp_dataset *data = make(set->name, _i % SPLITS ? MLP_TEST : MLP_TRAIN);
    const float *x = mlp_dataset_f32_at(data, 0), *targets = mlp_dataset_targets(data);
    float most = set->features == 1 ? 3.1415927f : 2.5f;
    for (size_t i = 0; i < mlp_dataset_count(data) * set->features; i++)
        ck_assert(fabsf(x[i]) <= most);
    for (size_t i = 0; i < mlp_dataset_count(data); i++) {
        ck_assert(!targets || fabsf(targets[i]) <= 1.6f);
        ck_assert(targets || mlp_dataset_labels(data)[i] < 2);
    }
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(a_set_of_random_points_has_none_twice)
{
    const struct golden *set = &GOLDEN[_i];
    if (set->count[0] == 4)
        return;
    mlp_dataset *sets[SPLITS] = {make(set->name, MLP_TRAIN), make(set->name, MLP_TEST)};
    size_t train = set->count[0], both = train + set->count[1], size = set->features * 4;
    for (size_t i = 0; i < both; i++) {
        const float *a = mlp_dataset_f32_at(sets[i >= train], i >= train ? i - train : i);
        for (size_t j = 0; j < i; j++) {
            const float *b = mlp_dataset_f32_at(sets[j >= train], j >= train ? j - train : j);
            if (memcmp(a, b, size) == 0)
                ck_abort_msg("%s: samples %zu and %zu are the same", set->name, j, i);
        }
    }
    mlp_dataset_destroy(sets[0]);
    mlp_dataset_destroy(sets[1]);
}
END_TEST

START_TEST(truth_tables)
{
    static const struct {
        const char *name;
        uint8_t labels[4];
    } tables[] = {{"and", {0, 0, 0, 1}}, {"or", {0, 1, 1, 1}}, {"xor", {0, 1, 1, 0}}};
    static const float inputs[8] = {0, 0, 0, 1, 1, 0, 1, 1};
    for (size_t t = 0; t < 3; t++) {
        for (int split = 0; split < SPLITS; split++) {
            mlp_dataset *data = make(tables[t].name, (mlp_split)split);
            ck_assert_mem_eq(mlp_dataset_f32_at(data, 0), inputs, sizeof inputs);
            ck_assert_mem_eq(mlp_dataset_labels(data), tables[t].labels, 4);
            mlp_dataset_destroy(data);
        }
    }
}
END_TEST

/* Sums over the noise of a set: it is centred, and as wide as it should be. */
struct noise {
    double sum, squares;
    size_t count;
};

static void add_noise(struct noise *noise, double value)
{
    noise->sum += value;
    noise->squares += value * value;
    noise->count++;
}

/* Mean and deviation lie within four standard errors. */
static void assert_noise(const struct noise *noise, double deviation)
{
    double n = (double)noise->count, error = 4 * deviation / sqrt(n);
    ck_assert_double_le(fabs(noise->sum / n), error);
    ck_assert_double_le(fabs(sqrt(noise->squares / n) - deviation), error / sqrt(2));
}

/* The margin that the header promises: 0.2 on either side of a line. */
START_TEST(blobs_are_separated_by_a_line)
{
    mlp_dataset *data = make("blobs", _i ? MLP_TEST : MLP_TRAIN);
    struct noise x = {0}, y = {0};
    for (size_t i = 0; i < mlp_dataset_count(data); i++) {
        const float *at = mlp_dataset_f32_at(data, i);
        int label = mlp_dataset_labels(data)[i];
        double distance = (2 * (double)at[0] + (double)at[1] - 0.5) / sqrt(5);
        ck_assert_uint_eq(label, i % 2);
        ck_assert_double_ge(label ? distance : -distance, 0.2);
        add_noise(&x, (double)at[0] - (label ? 1 : -1));
        add_noise(&y, (double)at[1] - label);
    }
    assert_noise(&x, 0.4);
    assert_noise(&y, 0.4);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(moons_are_half_circles)
{
    mlp_dataset *data = make("moons", _i ? MLP_TEST : MLP_TRAIN);
    struct noise across = {0};
    for (size_t i = 0; i < mlp_dataset_count(data); i++) {
        const float *at = mlp_dataset_f32_at(data, i);
        int label = mlp_dataset_labels(data)[i];
        double x = (double)at[0] - label, y = (double)at[1] - 0.5 * label;
        ck_assert_uint_eq(label, i % 2);
        ck_assert_double_ge(label ? -y : y, -0.4); /* each its half, and four deviations */
        add_noise(&across, sqrt(x * x + y * y) - 1);
    }
    assert_noise(&across, 0.1);
    mlp_dataset_destroy(data);
}
END_TEST

/* How far a point is from a spiral, turned by half a turn where label is 1. */
static double spiral_distance(const float *at, int label)
{
    double least = INFINITY;
    for (int step = 0; step <= 500; step++) {
        double t = step / 500.0, radius = (label ? -1 : 1) * (0.2 + 1.6 * t);
        double x = radius * cos(3 * PI * t), y = radius * sin(3 * PI * t);
        least = fmin(least, hypot((double)at[0] - x, (double)at[1] - y));
    }
    return least;
}

START_TEST(spirals_wind_through_each_other)
{
    mlp_dataset *data = make("spirals", _i ? MLP_TEST : MLP_TRAIN);
    double squares = 0, count = (double)mlp_dataset_count(data);
    for (size_t i = 0; i < mlp_dataset_count(data); i++) {
        const float *at = mlp_dataset_f32_at(data, i);
        int label = mlp_dataset_labels(data)[i];
        double own = spiral_distance(at, label);
        ck_assert_uint_eq(label, i % 2);
        ck_assert_double_lt(own, spiral_distance(at, 1 - label));
        squares += own * own;
    }
    double deviation = sqrt(squares / count);
    ck_assert_double_le(fabs(deviation - 0.05), 4 * 0.05 / sqrt(2 * count));
    mlp_dataset_destroy(data);
}
END_TEST

/* The most samples that a line with this direction of its normal can tell apart, either side of
 * the line being either class. */
static size_t best_split(const mlp_dataset *data, double x, double y)
{
    size_t best = 0, count = mlp_dataset_count(data);
    for (int step = -20; step <= 20; step++) {
        size_t right = 0;
        for (size_t i = 0; i < count; i++) {
            const float *at = mlp_dataset_f32_at(data, i);
            bool above = x * (double)at[0] + y * (double)at[1] > step / 10.0;
            right += above == mlp_dataset_labels(data)[i];
        }
        right = right > count - right ? right : count - right;
        best = right > best ? right : best;
    }
    return best;
}

START_TEST(no_line_tells_xor_moons_and_spirals_apart)
{
    static const struct {
        const char *name;
        double most; /* share that a line gets right */
    } cases[] = {{"xor", 0.75}, {"moons", 0.92}, {"spirals", 0.7}};
    for (size_t c = 0; c < 3; c++) {
        mlp_dataset *data = make(cases[c].name, MLP_TRAIN);
        size_t best = 0;
        for (int degrees = 0; degrees < 180; degrees += 3) {
            size_t right = best_split(data, cos(degrees * PI / 180), sin(degrees * PI / 180));
            best = right > best ? right : best;
        }
        ck_assert_double_le((double)best, cases[c].most * (double)mlp_dataset_count(data));
        mlp_dataset_destroy(data);
    }
}
END_TEST

START_TEST(sine_is_a_sine)
{
    mlp_dataset *data = make("sine", _i ? MLP_TEST : MLP_TRAIN);
    struct noise noise = {0}, x = {0};
    for (size_t i = 0; i < mlp_dataset_count(data); i++) {
        double at = (double)mlp_dataset_f32_at(data, i)[0];
        add_noise(&noise, (double)mlp_dataset_targets(data)[i] - sin(2 * at));
        add_noise(&x, at);
    }
    assert_noise(&noise, 0.1);
    assert_noise(&x, PI / sqrt(3)); /* of a uniform number */
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(every_allocation_fails_once)
{
    for (size_t i = 0; i < SETS; i++) {
        long live = mlp_alloc_live();
        unsigned long n = 0;
        mlp_status status = MLP_ERROR_INTERNAL;
        mlp_dataset *data = NULL;
        while (status != MLP_OK && n < 100) {
            mlp_error error;
            mlp_alloc_fail_at(++n, 0);
            status = mlp_dataset_open(GOLDEN[i].name, MLP_TEST, &data, &error);
            mlp_alloc_fail_at(0, 0);
            if (status != MLP_OK) {
                ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
                ck_assert_ptr_nonnull(strstr(error.message, "out of memory for "));
                ck_assert_ptr_null(data);
                ck_assert_int_eq(mlp_alloc_live(), live);
            }
        }
        ck_assert_uint_eq(n, 4); /* inputs, labels or targets, the struct */
        mlp_dataset_destroy(data);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("points");
    TCase *tests = tcase_create("points");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, every_set_is_the_golden_one, 0, SETS * SPLITS);
    tcase_add_test(tests, the_names_are_listed_and_open);
    tcase_add_loop_test(tests, values_are_finite_and_small, 0, SETS * SPLITS);
    tcase_add_loop_test(tests, a_set_of_random_points_has_none_twice, 0, SETS);
    tcase_add_test(tests, truth_tables);
    tcase_add_loop_test(tests, blobs_are_separated_by_a_line, 0, SPLITS);
    tcase_add_loop_test(tests, moons_are_half_circles, 0, SPLITS);
    tcase_add_loop_test(tests, spirals_wind_through_each_other, 0, SPLITS);
    tcase_add_test(tests, no_line_tells_xor_moons_and_spirals_apart);
    tcase_add_loop_test(tests, sine_is_a_sine, 0, SPLITS);
    tcase_add_test(tests, every_allocation_fails_once);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
