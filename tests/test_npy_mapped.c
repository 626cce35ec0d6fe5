/* SPDX-License-Identifier: MIT */
/* Training on inputs that stay in their npy file, which may be larger than memory. */
#include "bytes.h"
#include "folder.h"
#include "npy_files.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__has_feature)
#define UNDER_SANITIZER                                                                            \
    (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                        \
     __has_feature(memory_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER 1
#else
#define UNDER_SANITIZER 0
#endif

static mlp_dataset *opened(const char *path)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status = mlp_dataset_open(path, MLP_TRAIN, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return data;
}

/* The fingerprint of a small net after two epochs. */
static void train(const mlp_dataset *data, size_t hidden, char fingerprint[65])
{
    const mlp_layer_spec layers[] = {{.units = hidden, .activation = MLP_TANH}, {.units = 2}};
    const mlp_spec spec = {
        .inputs = mlp_dataset_features(data), .layer_count = 2, .layers = layers};
    mlp_train_options options = mlp_train_options_default();
    mlp_model *model;
    mlp_error error;
    options.epochs = 2;
    options.batch = 32;
    options.threads = 1;
    ck_assert_msg(mlp_model_create(&spec, 1, &model, &error) == MLP_OK, "%s", error.message);
    ck_assert_msg(mlp_model_standardize(model, data, false, &error) == MLP_OK, "%s", error.message);
    ck_assert_msg(mlp_train(model, data, NULL, &options, NULL, NULL, &error) == MLP_OK, "%s",
                  error.message);
    mlp_model_fingerprint(model, fingerprint);
    mlp_model_destroy(model);
}

/* In the file, unpacked, and an array of the caller's. */
START_TEST(training_has_the_same_bits_wherever_inputs_are)
{
    enum { COUNT = 60, FEATURES = 5 };
    float values[COUNT * FEATURES];
    uint8_t labels[COUNT];
    char expected[65], fingerprint[65];
    for (size_t i = 0; i < COUNT * FEATURES; i++)
        values[i] = (float)(i * i % 97) / 7;
    for (size_t i = 0; i < COUNT; i++)
        labels[i] = values[i * FEATURES] > values[i * FEATURES + 1];
    struct bytes bytes = npy_f32_file("(60, 5)", values, COUNT * FEATURES);
    mlp_dataset *data;
    ck_assert_int_eq(mlp_dataset_wrap_f32(values, labels, COUNT, FEATURES, 2, &data, NULL), MLP_OK);
    train(data, 8, expected);
    mlp_dataset_destroy(data);

    put("y.npy", npy_file("|u1", "(60,)", labels, COUNT));
    const char *paths[] = {put("x.npy", bytes), put("X.npy", packed(bytes))};
    for (size_t i = 0; i < 2; i++) {
        data = opened(paths[i]);
        train(data, 8, fingerprint);
        mlp_dataset_destroy(data);
        ck_assert_str_eq(fingerprint, expected);
    }
}
END_TEST

enum { LARGE_COUNT = 8192, LARGE_FEATURES = 8192 }; /* 256 MiB of floats */

/* Every 64th sample is not zero; the file has holes. */
static void make_large(float *values)
{
    struct bytes start = npy_file("<f4", "(8192, 8192)", "", 0);
    struct bytes labels = npy_file("|u1", "(8192,)", "", 0);
    unsigned char bytes[4 * 16];
    put("x.npy", start);
    FILE *file = fopen(in_folder("x.npy"), "r+b");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < LARGE_COUNT; i += 64) {
        float *sample = values + i * LARGE_FEATURES;
        for (size_t c = 0; c < 16; c++)
            sample[c] = (float)(i + c) / 1000;
        mlp_store_f32(bytes, sample, 16);
        ck_assert_int_eq(
            fseek(file, (long)(start.size + i * LARGE_FEATURES * sizeof *sample), SEEK_SET), 0);
        ck_assert_uint_eq(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    }
    ck_assert_int_eq(fflush(file), 0);
    size_t size = start.size + (size_t)LARGE_COUNT * LARGE_FEATURES * sizeof *values;
    ck_assert_int_eq(ftruncate(fileno(file), (off_t)size), 0);
    fclose(file);
    put("y.npy", labels);
    ck_assert_int_eq(truncate(in_folder("y.npy"), (off_t)(labels.size + LARGE_COUNT)), 0);
}

/* With half as much memory as the inputs take: what is mapped does not count. */
START_TEST(inputs_larger_than_memory)
{
    enum { LIMIT = 128 << 20 };
    const size_t size = (size_t)LARGE_COUNT * LARGE_FEATURES * sizeof(float);
    char expected[65], fingerprint[65];
    if (UNDER_SANITIZER || sizeof(size_t) < 8) {
        puts("inputs_larger_than_memory: not run, a sanitizer's memory has no limit");
        return;
    }
    float *values = calloc(1, size);
    uint8_t *labels = calloc(1, LARGE_COUNT);
    ck_assert(values && labels);
    make_large(values);
    mlp_dataset *data;
    ck_assert_int_eq(
        mlp_dataset_wrap_f32(values, labels, LARGE_COUNT, LARGE_FEATURES, 2, &data, NULL), MLP_OK);
    train(data, 2, expected);
    mlp_dataset_destroy(data);
    free(values);
    free(labels);

    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_DATA, &limit), 0);
    limit.rlim_cur = LIMIT;
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    void *volatile too_much = malloc(size);
    free(too_much);
    if (too_much) {
        puts("inputs_larger_than_memory: not run, this system does not limit memory");
        return;
    }
    data = opened(in_folder("x.npy"));
    train(data, 2, fingerprint);
    mlp_dataset_destroy(data);
    ck_assert_str_eq(fingerprint, expected);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npy_mapped");
    TCase *tests = tcase_create("npy_mapped");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, training_has_the_same_bits_wherever_inputs_are);
    tcase_add_test(tests, inputs_larger_than_memory);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
