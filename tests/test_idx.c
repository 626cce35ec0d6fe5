/* SPDX-License-Identifier: MIT */
/* Reading IDX files (formats/idx.h); the numbers of the cases are those of tests/bad_input.md. Each
 * case is tried plain and gz-compressed. */
#include "alloc.h"
#include "file.h"
#include "folder.h"
#include "formats/idx.h"
#include "idx_files.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static void fail_allocation(unsigned long n)
{
    mlp_alloc_fail_at(n, 0);
}

static struct bytes from_hex(const char *hex)
{
    struct bytes bytes = {0};
    add_hex(&bytes, hex);
    return bytes;
}

static void assert_path_refused(const char *path, enum mlp_idx_content content, mlp_status expected,
                                const char *part)
{
    struct mlp_idx idx;
    mlp_error error;
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_idx_read(path, content, &idx, &error), expected);
    assert_error(&error, expected, path, part);
    ck_assert_ptr_null(idx.u8);
    ck_assert_ptr_null(idx.f32);
    ck_assert_uint_eq(idx.count, 0);
    ck_assert_int_eq(mlp_alloc_live(), live);
    ck_assert_int_eq(mlp_idx_read(path, content, &idx, NULL), expected);
}

/* The messages name `offset`, of the file or of the unpacked content. */
static void assert_refused_at(struct bytes bytes, enum mlp_idx_content content, int offset,
                              const char *part)
{
    char at[64];
    const char *path = put("plain", bytes);
    snprintf(at, sizeof at, ": byte %d: ", offset);
    assert_path_refused(path, content, MLP_ERROR_DATA, at);
    assert_path_refused(path, content, MLP_ERROR_DATA, part);
    path = put("packed", packed(bytes));
    snprintf(at, sizeof at, ": unpacked byte %d: ", offset);
    assert_path_refused(path, content, MLP_ERROR_DATA, at);
    assert_path_refused(path, content, MLP_ERROR_DATA, part);
}

/* The file ends before a part of `size` bytes is complete. */
static void assert_ends(struct bytes bytes, enum mlp_idx_content content, size_t size,
                        const char *what)
{
    char part[128];
    snprintf(part, sizeof part, "ends at byte %zu, expected %zu bytes of %s", bytes.size, size,
             what);
    assert_path_refused(put("plain", bytes), content, MLP_ERROR_DATA, part);
    snprintf(part, sizeof part, "ends at unpacked byte %zu, expected %zu bytes of %s", bytes.size,
             size, what);
    assert_path_refused(put("packed", packed(bytes)), content, MLP_ERROR_DATA, part);
}

static void assert_reads(struct bytes bytes, enum mlp_idx_content content, size_t count,
                         size_t features)
{
    const char *paths[] = {put("plain", bytes), put("packed", packed(bytes))};
    for (size_t i = 0; i < 2; i++) {
        struct mlp_idx idx;
        mlp_error error;
        mlp_status status = mlp_idx_read(paths[i], content, &idx, &error);
        ck_assert_msg(status == MLP_OK, "%s", error.message);
        ck_assert_uint_eq(idx.count, count);
        ck_assert_uint_eq(idx.features, features);
        ck_assert_mem_eq(idx.u8, bytes.at + bytes.size - count * features, count * features);
        ck_assert_ptr_null(idx.f32);
        mlp_free(idx.u8);
    }
}

static void assert_reads_f32(struct bytes bytes, enum mlp_idx_content content, size_t count,
                             size_t features, const float *values)
{
    const char *paths[] = {put("plain", bytes), put("packed", packed(bytes))};
    for (size_t i = 0; i < 2; i++) {
        struct mlp_idx idx;
        mlp_error error;
        mlp_status status = mlp_idx_read(paths[i], content, &idx, &error);
        ck_assert_msg(status == MLP_OK, "%s", error.message);
        ck_assert_uint_eq(idx.count, count);
        ck_assert_uint_eq(idx.features, features);
        ck_assert_mem_eq(idx.f32, values, count * features * sizeof *values);
        ck_assert_ptr_null(idx.u8);
        mlp_free(idx.f32);
    }
}

START_TEST(images_of_two_to_four_dimensions)
{
    assert_reads(idx_file(2, (const uint32_t[]){3, 5}, 256), MLP_IDX_IMAGES, 3, 5);
    assert_reads(two_images(), MLP_IDX_IMAGES, 2, 6);
    assert_reads(idx_file(4, (const uint32_t[]){2, 3, 4, 3}, 256), MLP_IDX_IMAGES, 2, 36);
    assert_reads(idx_file(3, (const uint32_t[]){1, 1, 1}, 256), MLP_IDX_IMAGES, 1, 1);
}
END_TEST

START_TEST(labels)
{
    assert_reads(two_labels(), MLP_IDX_LABELS, 2, 1);
    assert_reads(idx_file(1, (const uint32_t[]){300}, 256), MLP_IDX_LABELS, 300, 1);
}
END_TEST

static const float floats12[12] = {0.0f,    -0.0f,  1.5f,   -2.25f, 1e-45f, -1e-40f,
                                   3.4e38f, -3e38f, 0x1p0f, 0.1f,   -7.0f,  255.0f};

START_TEST(inputs_and_targets_of_f32)
{
    static const uint32_t twelve[] = {12}, table[] = {4, 3}, images[] = {2, 2, 3},
                          deep[] = {1, 2, 2, 3};
    struct bytes file = idx_f32_file(2, table, floats12);
    static const unsigned char third[4] = {0x3f, 0xc0, 0, 0}; /* 1.5, its sign first */
    ck_assert_mem_eq(file.at + 12 + 2 * 4, third, sizeof third);
    assert_reads_f32(file, MLP_IDX_IMAGES, 4, 3, floats12);
    assert_reads_f32(file, MLP_IDX_LABELS, 4, 3, floats12);
    assert_reads_f32(idx_f32_file(1, twelve, floats12), MLP_IDX_LABELS, 12, 1, floats12);
    assert_reads_f32(idx_f32_file(3, images, floats12), MLP_IDX_IMAGES, 2, 6, floats12);
    assert_reads_f32(idx_f32_file(4, deep, floats12), MLP_IDX_IMAGES, 1, 12, floats12);
}
END_TEST

START_TEST(three_dimensions_are_an_image)
{
    static const uint32_t dimension[4] = {2, 2, 3, 1};
    for (unsigned dimensions = 2; dimensions <= 4; dimensions++) {
        const struct bytes files[] = {idx_file(dimensions, dimension, 256),
                                      idx_f32_file(dimensions, dimension, floats12)};
        for (size_t i = 0; i < 2; i++) {
            struct mlp_idx idx;
            ck_assert_int_eq(mlp_idx_read(put("a", files[i]), MLP_IDX_IMAGES, &idx, NULL), MLP_OK);
            ck_assert_uint_eq(idx.height, dimensions == 3 ? 2 : 0);
            ck_assert_uint_eq(idx.width, dimensions == 3 ? 3 : 0);
            mlp_free(idx.u8);
            mlp_free(idx.f32);
        }
    }
}
END_TEST

START_TEST(a_value_that_is_not_finite)
{
    static const struct {
        const char *hex, *found;
    } cases[] = {{"7fc00000", "NaN"},
                 {"ff800001", "NaN"},
                 {"7f800000", "infinity"},
                 {"ff800000", "infinity"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char part[64];
        snprintf(part, sizeof part, "found %s, expected a finite number", cases[i].found);
        struct bytes last = from_hex("00 00 0d 02 00000002 00000002 3f800000 00000000");
        ck_assert_uint_eq(last.size, 20);
        add_hex(&last, "bf800000");
        add_hex(&last, cases[i].hex);
        assert_refused_at(last, MLP_IDX_LABELS, 24, part);
        assert_refused_at(last, MLP_IDX_IMAGES, 24, part);
        struct bytes first = from_hex("00 00 0d 01 00000002");
        add_hex(&first, cases[i].hex);
        add_hex(&first, cases[i].hex);
        assert_refused_at(first, MLP_IDX_LABELS, 8, part);
    }
}
END_TEST

START_TEST(short_and_long_bodies_of_f32)
{
    struct bytes bytes = idx_f32_file(2, (const uint32_t[]){4, 3}, floats12);
    bytes.size--;
    assert_path_refused(put("plain", bytes), MLP_IDX_LABELS, MLP_ERROR_DATA,
                        "byte 4: found the dimensions 4 x 3, 48 bytes, expected 47 at most");
    assert_path_refused(put("packed", packed(bytes)), MLP_IDX_LABELS, MLP_ERROR_DATA,
                        "ends at unpacked byte 59, expected 48 bytes of IDX values");
    bytes.size += 2;
    assert_path_refused(put("plain", bytes), MLP_IDX_LABELS, MLP_ERROR_DATA,
                        "goes on at byte 60 with 0x00, expected its end");
}
END_TEST

START_TEST(case_1_empty_file)
{
    assert_ends(from_hex(""), MLP_IDX_IMAGES, 4, "an IDX magic number");
    assert_ends(from_hex(""), MLP_IDX_LABELS, 4, "an IDX magic number");
}
END_TEST

START_TEST(case_2_three_bytes)
{
    assert_ends(from_hex("00 00 08"), MLP_IDX_IMAGES, 4, "an IDX magic number");
}
END_TEST

START_TEST(case_3_wrong_magic)
{
    struct bytes bytes = two_images();
    bytes.at[0] = 1;
    assert_refused_at(bytes, MLP_IDX_IMAGES, 0,
                      "found the IDX magic number 01 00 08 03, expected 00 00, 08 or 0d, and 02, "
                      "03 or 04 as image files have");
    assert_refused_at(bytes, MLP_IDX_LABELS, 0, "expected 00 00 08 01");
    assert_refused_at(bytes, MLP_IDX_LABELS, 0, "(targets: 00 00 0d and 01 or 02)");
}
END_TEST

START_TEST(case_4_byte_swapped_magic)
{
    assert_refused_at(from_hex("03 08 00 00 02000000 02000000 03000000"), MLP_IDX_IMAGES, 0,
                      "found the IDX magic number 03 08 00 00 (byte-swapped)");
    assert_refused_at(from_hex("01 0d 00 00 02000000"), MLP_IDX_LABELS, 0,
                      "found the IDX magic number 01 0d 00 00 (byte-swapped)");
}
END_TEST

START_TEST(case_5_unknown_element_type)
{
    static const unsigned char types[] = {0x00, 0x07, 0x09, 0x0b, 0x0c, 0x0e, 0xff};
    for (size_t i = 0; i < sizeof types; i++) {
        struct bytes bytes = two_images();
        char part[64];
        bytes.at[2] = types[i];
        snprintf(part, sizeof part, "00 00 %02x 03 (another element type)", types[i]);
        assert_refused_at(bytes, MLP_IDX_IMAGES, 0, part);
    }
}
END_TEST

START_TEST(case_6_zero_dimensions)
{
    assert_refused_at(from_hex("00 00 08 00"), MLP_IDX_IMAGES, 0, "(another number of dimensions)");
    assert_refused_at(from_hex("00 00 08 00"), MLP_IDX_LABELS, 0, "(another number of dimensions)");
}
END_TEST

START_TEST(case_7_255_dimensions)
{
    assert_refused_at(from_hex("00 00 08 ff 00000001"), MLP_IDX_IMAGES, 0,
                      "00 00 08 ff (another number of dimensions)");
    assert_refused_at(from_hex("00 00 08 05 00000001"), MLP_IDX_IMAGES, 0,
                      "00 00 08 05 (another number of dimensions)");
}
END_TEST

START_TEST(case_8_truncated_dimensions)
{
    for (size_t size = 4; size < 16; size++) {
        struct bytes bytes = two_images();
        bytes.size = size;
        assert_ends(bytes, MLP_IDX_IMAGES, 12, "IDX dimensions");
    }
}
END_TEST

START_TEST(case_9_a_dimension_of_zero)
{
    for (int i = 0; i < 3; i++) {
        struct bytes bytes = two_images();
        memset(bytes.at + 4 + 4 * i, 0, 4);
        bytes.size = 16;
        char part[128];
        snprintf(part, sizeof part,
                 "found 0 as dimension %d, expected at least 1: the data set is empty", i + 1);
        assert_refused_at(bytes, MLP_IDX_IMAGES, 4 + 4 * i, part);
    }
    assert_refused_at(from_hex("00 00 08 01 00000000"), MLP_IDX_LABELS, 4, "the data set is empty");
}
END_TEST

START_TEST(case_10_dimensions_of_ffffffff)
{
    assert_refused_at(from_hex("00 00 08 01 ffffffff"), MLP_IDX_LABELS, 4,
                      "found the dimensions 4294967295, 4294967295 bytes, expected");
    assert_refused_at(from_hex("00 00 08 02 ffffffff ffffffff"), MLP_IDX_IMAGES, 4,
                      "4294967295 x 4294967295, 18446744065119617025 bytes, expected");
}
END_TEST

START_TEST(case_11_the_product_wraps)
{
    assert_refused_at(from_hex("00 00 08 03 ffffffff ffffffff ffffffff"), MLP_IDX_IMAGES, 4,
                      "expected a product below 2^64");
    assert_refused_at(from_hex("00 00 08 04 00010000 00010000 00010000 00010000"), MLP_IDX_IMAGES,
                      4, "expected a product below 2^64");
    assert_refused_at(from_hex("00 00 0d 02 80000000 80000000"), MLP_IDX_IMAGES, 4,
                      "expected a product below 2^62");
}
END_TEST

START_TEST(case_12_short_body)
{
    /* A plain file's length is known beforehand. */
    struct bytes bytes = two_images();
    bytes.size--;
    assert_path_refused(put("plain", bytes), MLP_IDX_IMAGES, MLP_ERROR_DATA,
                        "byte 4: found the dimensions 2 x 2 x 3, 12 bytes, expected 11 at most");
    assert_path_refused(put("packed", packed(bytes)), MLP_IDX_IMAGES, MLP_ERROR_DATA,
                        "ends at unpacked byte 27, expected 12 bytes of IDX values");
    bytes.size = 16;
    assert_path_refused(put("plain", bytes), MLP_IDX_IMAGES, MLP_ERROR_DATA, "expected 0 at most");
    assert_path_refused(put("packed", packed(bytes)), MLP_IDX_IMAGES, MLP_ERROR_DATA,
                        "ends at unpacked byte 16");
}
END_TEST

START_TEST(case_13_trailing_bytes)
{
    struct bytes bytes = two_images();
    add_hex(&bytes, "ab");
    assert_path_refused(put("plain", bytes), MLP_IDX_IMAGES, MLP_ERROR_DATA,
                        "goes on at byte 28 with 0xab, expected its end");
    assert_path_refused(put("packed", packed(bytes)), MLP_IDX_IMAGES, MLP_ERROR_DATA,
                        "goes on at unpacked byte 28 with 0xab, expected its end");
}
END_TEST

START_TEST(case_16_images_given_as_labels)
{
    assert_refused_at(two_images(), MLP_IDX_LABELS, 0, "00 00 08 03 (an image file), expected");
    assert_refused_at(two_labels(), MLP_IDX_IMAGES, 0, "00 00 08 01 (a label file), expected");
    struct bytes targets = idx_f32_file(3, (const uint32_t[]){2, 2, 3}, floats12);
    assert_refused_at(targets, MLP_IDX_LABELS, 0, "00 00 0d 03 (an image file), expected");
    targets = idx_f32_file(1, (const uint32_t[]){12}, floats12);
    assert_refused_at(targets, MLP_IDX_IMAGES, 0, "00 00 0d 01 (a label file), expected");
}
END_TEST

START_TEST(a_web_page_saved_as_gz)
{
    static const char page[] = "<!DOCTYPE html>\n<title>Not found</title>\n";
    const char *path = in_folder("train-images-idx3-ubyte.gz");
    put_file(path, page, sizeof page - 1);
    assert_path_refused(path, MLP_IDX_IMAGES, MLP_ERROR_DATA,
                        "byte 0: found the IDX magic number 3c 21 44 4f (a web page?), expected");
}
END_TEST

START_TEST(case_19_damage_behind_the_last_value_is_found)
{
    struct bytes bytes = packed(two_images());
    bytes.at[bytes.size - 8] ^= 1;
    assert_path_refused(put("crc", bytes), MLP_IDX_IMAGES, MLP_ERROR_DATA, "found the CRC-32");
    bytes = packed(two_images());
    add_hex(&bytes, "00");
    assert_path_refused(put("garbage", bytes), MLP_IDX_IMAGES, MLP_ERROR_DATA, "of garbage");
    bytes = packed(two_images());
    bytes.size -= 2;
    assert_path_refused(put("short", bytes), MLP_IDX_IMAGES, MLP_ERROR_DATA, "ends at byte ");
}
END_TEST

START_TEST(case_23_a_bomb_stops_behind_the_promise)
{
    enum { PART = 1 << 20, PARTS = 64 };
    static unsigned char zeros[PART];
    struct bytes start = two_images();
    const char *path = in_folder("bomb.gz");
    gzFile bomb = gzopen(path, "wb9");
    ck_assert_int_eq(gzwrite(bomb, start.at, 16), 16);
    for (int i = 0; i < PARTS; i++)
        ck_assert_int_eq(gzwrite(bomb, zeros, PART), PART);
    ck_assert_int_eq(gzclose(bomb), Z_OK);
    assert_path_refused(path, MLP_IDX_IMAGES, MLP_ERROR_DATA,
                        "goes on at unpacked byte 28 with 0x00, expected its end");
}
END_TEST

/* The file's length times 1032, deflate's best, is the limit; a size within it
 * is believed until the content ends. */
START_TEST(a_promise_that_no_gz_file_could_hold_is_refused_first)
{
    struct bytes start = from_hex("00 00 08 01 00000001");
    struct bytes file = packed(start);
    for (uint32_t excess = 0; excess < 2; excess++) {
        uint32_t limit = (uint32_t)(1032 * file.size - 8), count = limit + excess;
        for (unsigned b = 0; b < 4; b++)
            start.at[4 + b] = (unsigned char)(count >> (24 - 8 * b));
        struct bytes changed = packed(start);
        ck_assert_uint_eq(changed.size, file.size);
        char part[128];
        if (excess)
            snprintf(part, sizeof part, "%u bytes, expected %u at most", count, limit);
        else
            snprintf(part, sizeof part, "ends at unpacked byte 8, expected %u bytes", count);
        assert_path_refused(put("a.gz", changed), MLP_IDX_LABELS, MLP_ERROR_DATA, part);
    }
}
END_TEST

START_TEST(case_103_folders_pipes_and_devices_are_refused)
{
    ck_assert_int_eq(mkdir(in_folder("folder"), 0777), 0);
    ck_assert_int_eq(mkfifo(in_folder("pipe"), 0666), 0);
    assert_path_refused(in_folder("folder"), MLP_IDX_IMAGES, MLP_ERROR_INTERNAL, "it is a folder");
    assert_path_refused(in_folder("pipe"), MLP_IDX_LABELS, MLP_ERROR_INTERNAL, "it is a pipe");
    assert_path_refused("/dev/zero", MLP_IDX_IMAGES, MLP_ERROR_INTERNAL, "it is a device");
}
END_TEST

START_TEST(case_104_a_missing_file)
{
    assert_path_refused(in_folder("nothing"), MLP_IDX_IMAGES, MLP_ERROR_INTERNAL, "No such file");
}
END_TEST

START_TEST(every_allocation_and_system_call_fails_once)
{
    const char *path = put("a.gz", packed(two_images()));
    static void (*const seams[])(unsigned long) = {fail_allocation, mlp_file_fail_at};
    for (size_t s = 0; s < 2; s++) {
        struct mlp_idx idx;
        mlp_error error;
        long live = mlp_alloc_live();
        unsigned long n = 0;
        mlp_status status = MLP_ERROR_INTERNAL;
        while (status != MLP_OK && n < 100) {
            seams[s](++n);
            status = mlp_idx_read(path, MLP_IDX_IMAGES, &idx, &error);
            seams[s](0);
            if (status != MLP_OK) {
                ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
                ck_assert_ptr_nonnull(strstr(error.message, path));
                ck_assert_int_eq(mlp_alloc_live(), live);
            }
        }
        ck_assert_int_eq(status, MLP_OK);
        ck_assert_uint_gt(n, 4);
        mlp_free(idx.u8);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("idx");
    TCase *tests = tcase_create("idx");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, images_of_two_to_four_dimensions);
    tcase_add_test(tests, labels);
    tcase_add_test(tests, inputs_and_targets_of_f32);
    tcase_add_test(tests, three_dimensions_are_an_image);
    tcase_add_test(tests, a_value_that_is_not_finite);
    tcase_add_test(tests, short_and_long_bodies_of_f32);
    tcase_add_test(tests, case_1_empty_file);
    tcase_add_test(tests, case_2_three_bytes);
    tcase_add_test(tests, case_3_wrong_magic);
    tcase_add_test(tests, case_4_byte_swapped_magic);
    tcase_add_test(tests, case_5_unknown_element_type);
    tcase_add_test(tests, case_6_zero_dimensions);
    tcase_add_test(tests, case_7_255_dimensions);
    tcase_add_test(tests, case_8_truncated_dimensions);
    tcase_add_test(tests, case_9_a_dimension_of_zero);
    tcase_add_test(tests, case_10_dimensions_of_ffffffff);
    tcase_add_test(tests, case_11_the_product_wraps);
    tcase_add_test(tests, case_12_short_body);
    tcase_add_test(tests, case_13_trailing_bytes);
    tcase_add_test(tests, case_16_images_given_as_labels);
    tcase_add_test(tests, a_web_page_saved_as_gz);
    tcase_add_test(tests, case_19_damage_behind_the_last_value_is_found);
    tcase_add_test(tests, case_23_a_bomb_stops_behind_the_promise);
    tcase_add_test(tests, a_promise_that_no_gz_file_could_hold_is_refused_first);
    tcase_add_test(tests, case_103_folders_pipes_and_devices_are_refused);
    tcase_add_test(tests, case_104_a_missing_file);
    tcase_add_test(tests, every_allocation_and_system_call_fails_once);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
