/* SPDX-License-Identifier: MIT */
/* The real MNIST files: in the folder that MLP_MNIST_DIR names, else in
 * ../shared/data/mnist or data/mnist beside the sources (MLP_SOURCE_ROOT). */
#include "suite.h"

#include <mlp/dataset.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { PATH_SIZE = 4096 };

static char mnist[PATH_SIZE];

static int find_mnist(void)
{
    static const char *const places[] = {"../shared/data/mnist", "data/mnist"};
    const char *given = getenv("MLP_MNIST_DIR"), *root = getenv("MLP_SOURCE_ROOT");
    if (given && *given) {
        snprintf(mnist, sizeof mnist, "%s", given);
        return mlp_dataset_has(mnist, MLP_TRAIN);
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(mnist, sizeof mnist, "%s/%s", root && *root ? root : ".", places[i]);
        if (mlp_dataset_has(mnist, MLP_TRAIN))
            return 1;
    }
    return 0;
}

/* The CRC-32 of a file: an IDX header of these bytes, then the values. */
static uint32_t checksum(const uint8_t *header, unsigned header_size, const uint8_t *values,
                         size_t size)
{
    return (uint32_t)crc32(crc32(0, header, header_size), values, (unsigned)size);
}

/* The checksums are those of the files whose SHA-256 tools/fetch-mnist knows. */
static void assert_split(mlp_split split, size_t count, uint32_t images, uint32_t labels)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status = mlp_dataset_open(mnist, split, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    ck_assert_uint_eq(mlp_dataset_count(data), count);
    ck_assert_uint_eq(mlp_dataset_features(data), 784);
    ck_assert_uint_eq(mlp_dataset_classes(data), 10);
    size_t height, width;
    ck_assert(mlp_dataset_image(data, &height, &width));
    ck_assert_uint_eq(height, 28);
    ck_assert_uint_eq(width, 28);
    uint8_t header[16] = {0, 0,  8, 3, 0, 0, (uint8_t)(count >> 8), (uint8_t)count, 0, 0,
                          0, 28, 0, 0, 0, 28};
    ck_assert_uint_eq(checksum(header, 16, mlp_dataset_u8_at(data, 0), count * 784), images);
    header[3] = 1;
    ck_assert_uint_eq(checksum(header, 8, mlp_dataset_labels(data), count), labels);
    mlp_dataset_destroy(data);
}

START_TEST(training_set)
{
    assert_split(MLP_TRAIN, 60000, 0xe9f4d8b3, 0xe0cb4ad2);
}
END_TEST

START_TEST(test_set)
{
    assert_split(MLP_TEST, 10000, 0x91373bdf, 0x4ab9eff9);
}
END_TEST

int main(void)
{
    if (!find_mnist()) {
        printf("skipped: MNIST's files are not here: set MLP_MNIST_DIR or run "
               "tools/fetch-mnist\n");
        return 77;
    }
    Suite *suite = suite_create("mnist");
    TCase *tests = tcase_create("mnist");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, training_set);
    tcase_add_test(tests, test_set);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
