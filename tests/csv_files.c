/* SPDX-License-Identifier: MIT */
#include "csv_files.h"

#include "alloc.h"
#include "file.h"
#include "folder.h"

#include <check.h>
#include <string.h>

const char *put_text(const char *name, const char *text)
{
    const char *path = in_folder(name);
    put_file(path, text, strlen(text));
    return path;
}

mlp_dataset *open_csv(const char *path, const mlp_source_options *options)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status = mlp_dataset_open_as(path, MLP_TRAIN, options, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return data;
}

static void assert_path_refused(const char *path, const mlp_source_options *options,
                                mlp_status status, const char *part)
{
    mlp_dataset *data;
    mlp_error error;
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_dataset_open_as(path, MLP_TRAIN, options, &data, &error), status);
    assert_error(&error, status, path, part);
    ck_assert_ptr_null(data);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

void assert_csv_refused(const char *text, const mlp_source_options *options, mlp_status status,
                        const char *part)
{
    struct bytes bytes = {0};
    add(&bytes, text, strlen(text));
    assert_path_refused(put("bad.csv", bytes), options, status, part);
    assert_path_refused(put("bad.csv.gz", packed(bytes)), options, status, part);
}

void assert_csv(const char *text, const mlp_source_options *options, size_t count, size_t features,
                const float *inputs, const uint8_t *labels)
{
    mlp_dataset *data = open_csv(put_text("right.csv", text), options);
    ck_assert_uint_eq(mlp_dataset_count(data), count);
    ck_assert_uint_eq(mlp_dataset_features(data), features);
    ck_assert_ptr_null(mlp_dataset_u8_at(data, 0));
    ck_assert_mem_eq(mlp_dataset_f32_at(data, 0), inputs, count * features * sizeof *inputs);
    if (labels)
        ck_assert_mem_eq(mlp_dataset_labels(data), labels, count);
    else
        ck_assert_ptr_null(mlp_dataset_labels(data));
    mlp_dataset_destroy(data);
}

/* --- Failures ---------------------------------------------------------------- */

enum seam { ALLOCATIONS, ALLOCATION_ONCE, CALL, CALLS };

static void set_seam(enum seam seam, unsigned long n)
{
    if (seam == CALLS && n > 0)
        mlp_file_fail_from(n);
    else if (seam == CALL || seam == CALLS)
        mlp_file_fail_at(n);
    else
        mlp_alloc_fail_at(n, seam == ALLOCATIONS);
}

/* Opens with a failure at the nth place; whether there was none that far. */
static bool survives(const char *path, const mlp_source_options *options, enum seam seam,
                     unsigned long n)
{
    mlp_dataset *data;
    mlp_error error;
    long live = mlp_alloc_live();
    set_seam(seam, n);
    mlp_status status = mlp_dataset_open_as(path, MLP_TRAIN, options, &data, &error);
    set_seam(seam, 0);
    if (status == MLP_OK) {
        mlp_dataset_destroy(data);
    } else {
        ck_assert_ptr_null(data);
        bool call = seam == CALL || seam == CALLS;
        assert_error(&error, MLP_ERROR_INTERNAL, call ? "" : "out of memory for ",
                     call ? "Input/output error" : "");
    }
    ck_assert_int_eq(mlp_alloc_live(), live);
    return status == MLP_OK;
}

/* The first place that is never reached. */
static unsigned long find_end(const char *path, const mlp_source_options *options, enum seam seam)
{
    unsigned long n = 1;
    while (!survives(path, options, seam, n) && n < 1000)
        n++;
    ck_assert_uint_lt(n, 1000);
    return n;
}

void assert_every_failure(const char *path, const mlp_source_options *options,
                          unsigned long allocations, unsigned long calls)
{
    unsigned long end = find_end(path, options, ALLOCATIONS);
    ck_assert_uint_gt(end, allocations);
    for (unsigned long n = 1; n < end; n++) /* libcsv asks for less where it gets none */
        survives(path, options, ALLOCATION_ONCE, n);
    ck_assert_uint_gt(find_end(path, options, CALL), calls);
    ck_assert_uint_gt(find_end(path, options, CALLS), calls);
}
