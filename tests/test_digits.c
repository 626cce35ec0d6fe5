/* SPDX-License-Identifier: MIT */
/* The built-in digits: the same bytes everywhere, balanced, made whole or not at all. */
#include "digits.h"

#include "alloc.h"
#include "suite.h"

#include <check.h>
#include <sha256.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = MLP_DIGITS_SIDE * MLP_DIGITS_SIDE, CLASSES = 10, HASHED = 1000 };

static const struct split_case {
    mlp_split split;
    size_t count;
    /* SHA-256 over the first 1,000 images, then their labels. */
    const char *golden;
} SPLITS[] = {
    {MLP_TRAIN, 60000, "3fe64c2f2e2d8c4c565443e9831ed8c8d0ba7eb8964ffe5c29aa16fd4b9c22da"},
    {MLP_TEST, 10000, "fea9b06a07ff0c3588a3b85fd03ff5ae566bf0c0fdc31a42fa7c481dd405399f"},
};

enum { SPLIT_COUNT = sizeof SPLITS / sizeof SPLITS[0] };

static mlp_dataset *make(mlp_split split)
{
    mlp_dataset *data = NULL;
    mlp_error error;
    ck_assert_msg(mlp_digits_create(split, &data, &error) == MLP_OK, "%s", error.message);
    ck_assert_ptr_nonnull(data);
    return data;
}

static void check_golden_bytes(const mlp_dataset *data, const struct split_case *want)
{
    ck_assert_uint_eq(mlp_dataset_count(data), want->count);
    ck_assert_uint_eq(mlp_dataset_features(data), PIXELS);
    ck_assert_uint_eq(mlp_dataset_classes(data), CLASSES);
    ck_assert_ptr_null(mlp_dataset_f32_at(data, 0));
    size_t height, width;
    ck_assert(mlp_dataset_image(data, &height, &width));
    ck_assert_uint_eq(height, MLP_DIGITS_SIDE);
    ck_assert_uint_eq(width, MLP_DIGITS_SIDE);

    SHA256_CTX hash;
    SHA256Init(&hash);
    SHA256Update(&hash, mlp_dataset_u8_at(data, 0), (size_t)HASHED * PIXELS);
    SHA256Update(&hash, mlp_dataset_labels(data), HASHED);
    char hex[SHA256_DIGEST_STRING_LENGTH];
    SHA256End(&hash, hex);
    ck_assert_str_eq(hex, want->golden);
}

/* Every digit equally often, and not in a fixed order. */
static void check_labels(const mlp_dataset *data)
{
    const uint8_t *labels = mlp_dataset_labels(data);
    size_t count = mlp_dataset_count(data), seen[256] = {0}, repeats = 0;
    for (size_t i = 0; i < count; i++) {
        seen[labels[i]]++;
        repeats += i >= CLASSES && labels[i] == labels[i - CLASSES];
    }
    for (size_t digit = 0; digit < CLASSES; digit++)
        ck_assert_uint_eq(seen[digit], count / CLASSES);
    ck_assert_uint_lt(repeats, count / 5); /* one in ten by chance, all in a fixed order */
}

/* No image is empty, all ink, or the same as the one of its label before. */
static void check_images(const mlp_dataset *data)
{
    const uint8_t *previous[CLASSES] = {0};
    for (size_t i = 0; i < mlp_dataset_count(data); i++) {
        const uint8_t *image = mlp_dataset_u8_at(data, i);
        const uint8_t **before = &previous[mlp_dataset_labels(data)[i]];
        size_t inked = 0;
        for (size_t p = 0; p < PIXELS; p++)
            inked += image[p] >= 100;
        /* An assertion that passes writes to a file: too slow for every image. */
        if (inked < 5 || inked > PIXELS / 2)
            ck_abort_msg("image %zu has %zu inked pixels", i, inked);
        if (*before && memcmp(image, *before, PIXELS) == 0)
            ck_abort_msg("image %zu is the one of its label before", i);
        *before = image;
    }
}

START_TEST(test_golden_bytes_labels_and_images)
{
    mlp_dataset *data = make(SPLITS[_i].split);
    check_golden_bytes(data, &SPLITS[_i]);
    check_labels(data);
    check_images(data);
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(test_thread_count_changes_nothing)
{
    static const char *const THREADS[] = {"1", "2", "3"};
    mlp_dataset *first = NULL;
    for (size_t t = 0; t < sizeof THREADS / sizeof THREADS[0]; t++) {
        ck_assert_int_eq(setenv("OMP_NUM_THREADS", THREADS[t], 1), 0);
        mlp_dataset *data = make(MLP_TEST);
        if (!first) {
            first = data;
            continue;
        }
        size_t count = mlp_dataset_count(first);
        ck_assert_mem_eq(mlp_dataset_u8_at(data, 0), mlp_dataset_u8_at(first, 0), count * PIXELS);
        ck_assert_mem_eq(mlp_dataset_labels(data), mlp_dataset_labels(first), count);
        mlp_dataset_destroy(data);
    }
    mlp_dataset_destroy(first);
}
END_TEST

START_TEST(test_train_and_test_differ)
{
    mlp_dataset *train = make(MLP_TRAIN), *test = make(MLP_TEST);
    size_t count = mlp_dataset_count(test);
    size_t same = 0;
    for (size_t i = 0; i < count; i++)
        same += memcmp(mlp_dataset_u8_at(train, i), mlp_dataset_u8_at(test, i), PIXELS) == 0;
    ck_assert_uint_eq(same, 0);
    ck_assert_int_ne(memcmp(mlp_dataset_labels(train), mlp_dataset_labels(test), count), 0);
    mlp_dataset_destroy(test);
    mlp_dataset_destroy(train);
}
END_TEST

START_TEST(test_failing_allocation)
{
    long live = mlp_alloc_live();
    unsigned long n = 1;
    for (;; n++) {
        ck_assert_uint_le(n, 10);
        mlp_dataset *data = NULL;
        mlp_error error = {.status = MLP_OK};
        mlp_alloc_fail_at(n, 0);
        mlp_status status = mlp_digits_create(MLP_TEST, &data, &error);
        mlp_alloc_fail_at(0, 0);
        if (status == MLP_OK) {
            mlp_dataset_destroy(data);
            break;
        }
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert_int_eq(error.status, MLP_ERROR_INTERNAL);
        ck_assert_str_ne(error.message, "");
        ck_assert_ptr_null(data);
        ck_assert_int_eq(mlp_alloc_live(), live);
    }
    ck_assert_uint_gt(n, 1); /* at least one allocation did fail */
    ck_assert_int_eq(mlp_alloc_live(), live);
}
END_TEST

int main(void)
{
    TCase *bytes = tcase_create("bytes");
    tcase_add_loop_test(bytes, test_golden_bytes_labels_and_images, 0, SPLIT_COUNT);
    tcase_add_test(bytes, test_thread_count_changes_nothing);
    tcase_add_test(bytes, test_train_and_test_differ);
    tcase_add_test(bytes, test_failing_allocation);
    tcase_set_timeout(bytes, 600); /* sanitizers and emulators are slow */

    Suite *suite = suite_create("digits");
    suite_add_tcase(suite, bytes);
    return suite_run(suite);
}
