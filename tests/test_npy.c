/* SPDX-License-Identifier: MIT */
/* Reading npy files (formats/npy.h) as data sets; the numbers of the cases are those of
 * tests/bad_input.md. Each case is tried plain and gz-compressed. */
#include "alloc.h"
#include "bytes.h"
#include "data.h"
#include "file.h"
#include "folder.h"
#include "npy_files.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const mlp_source_options unlabelled = {.unlabelled = true};

static void assert_path_refused(const char *path, const mlp_source_options *options,
                                mlp_status expected, const char *begin, const char *part)
{
    mlp_dataset *data;
    mlp_error error;
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_dataset_open_as(path, MLP_TRAIN, options, &data, &error), expected);
    assert_error(&error, expected, begin, part);
    ck_assert_ptr_null(data);
    ck_assert_int_eq(mlp_alloc_live(), live);
    ck_assert_int_eq(mlp_dataset_open_as(path, MLP_TRAIN, options, &data, NULL), expected);
}

/* As inputs; the messages name `offset`, of the file or of the unpacked content. */
static void assert_refused_at(struct bytes bytes, size_t offset, const char *part)
{
    char at[64];
    const char *path = put("plain.npy", bytes);
    snprintf(at, sizeof at, ": byte %zu: ", offset);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path, at);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path, part);
    path = put("packed.npy.gz", packed(bytes));
    snprintf(at, sizeof at, ": unpacked byte %zu: ", offset);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path, at);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path, part);
}

/* A header of version 1; the offset is that in its text. */
static void assert_dict_refused(const char *dict, size_t offset, const char *part)
{
    struct bytes bytes = npy_start(1, dict);
    static const unsigned char zeros[64];
    add(&bytes, zeros, sizeof zeros);
    assert_refused_at(bytes, 10 + offset, part);
}

static mlp_dataset *opened(const char *path, const mlp_source_options *options)
{
    mlp_dataset *data;
    mlp_error error;
    mlp_status status = mlp_dataset_open_as(path, MLP_TRAIN, options, &data, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return data;
}

/* The file of inputs gives these floats, plain and packed. */
static void assert_floats(struct bytes bytes, size_t count, size_t features, const float *values)
{
    const char *paths[] = {put("plain.npy", bytes), put("packed.npy", packed(bytes))};
    for (size_t i = 0; i < 2; i++) {
        mlp_dataset *data = opened(paths[i], &unlabelled);
        ck_assert_uint_eq(mlp_dataset_count(data), count);
        ck_assert_uint_eq(mlp_dataset_features(data), features);
        ck_assert_ptr_null(mlp_dataset_u8_at(data, 0));
        ck_assert_mem_eq(mlp_dataset_f32_at(data, 0), values, count * features * sizeof *values);
        mlp_dataset_destroy(data);
    }
}

/* --- Values ------------------------------------------------------------------ */

static const struct {
    const char *descr, *hex;
    float values[3];
} types[] = {
    {"<f4", "0000c03f 000010c0 01000000", {1.5f, -2.25f, 0x1p-149f}},
    {">f4", "3fc00000 c0100000 00000001", {1.5f, -2.25f, 0x1p-149f}},
    /* 1/3; halfway between 1 and the next float, to even; half the smallest float, to even */
    {"<f8", "555555555555d53f 000000100000f03f 0000000000009036", {1.0f / 3, 1.0f, 0.0f}},
    /* 1 + 3 * 2^-24, halfway, to even; rounded up to a power of two */
    {">f8",
     "3fd5555555555555 3ff0000030000000 beeffffffffffff0",
     {1.0f / 3, 0x1.000004p0f, -0x1p-16f}},
    {"|i1", "00 7f 80", {0, 127, -128}},
    {"<i1", "ff 01 fe", {-1, 1, -2}},
    {"<i2", "ff7f 0080 feff", {32767, -32768, -2}},
    {">i2", "7fff 8000 fffe", {32767, -32768, -2}},
    {"<i4", "ffffff7f 01000001 00000080", {0x1p31f, 0x1p24f, -0x1p31f}},
    {">i4", "7fffffff 01000001 80000000", {0x1p31f, 0x1p24f, -0x1p31f}},
    {"<i8", "ffffffffffffff7f 0300000100000000 ffffffffffffffff", {0x1p63f, 16777220.0f, -1}},
    {">i8", "7fffffffffffffff 0000000001000003 8000000000000000", {0x1p63f, 16777220.0f, -0x1p63f}},
    {"<u2", "ffff 0100 0080", {65535, 1, 32768}},
    {">u2", "ffff 0001 8000", {65535, 1, 32768}},
    {"<u4", "ffffffff 01000000 00000080", {0x1p32f, 1, 0x1p31f}},
    {">u4", "ffffffff 00000001 80000000", {0x1p32f, 1, 0x1p31f}},
    /* just above halfway between 2^63 and the next float, and halfway */
    {"<u8",
     "ffffffffffffffff 0100000080000080 0000000080000080",
     {0x1p64f, 0x1.000002p63f, 0x1p63f}},
    {">u8",
     "ffffffffffffffff 8000008000000001 8000008000000000",
     {0x1p64f, 0x1.000002p63f, 0x1p63f}},
    {"|b1", "00 01 01", {0, 1, 1}},
    {"|b1", "01 00 00", {1, 0, 0}},
};

START_TEST(case_55_every_type_in_both_byte_orders)
{
    char dict[128];
    snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': (3,)}",
             types[_i].descr);
    struct bytes bytes = npy_start(1, dict);
    add_hex(&bytes, types[_i].hex);
    assert_floats(bytes, 3, 1, types[_i].values);
}
END_TEST

START_TEST(bytes_stay_u8_and_in_the_file)
{
    struct bytes bytes = npy_u8_file("(3, 4)", 12);
    const char *paths[] = {put("a.npy", bytes), put("b.npy", packed(bytes))};
    for (size_t i = 0; i < 2; i++) {
        mlp_dataset *data = opened(paths[i], &unlabelled);
        ck_assert_uint_eq(mlp_dataset_count(data), 3);
        ck_assert_uint_eq(mlp_dataset_features(data), 4);
        ck_assert_uint_eq(mlp_dataset_classes(data), 0);
        ck_assert_ptr_null(mlp_dataset_f32_at(data, 0));
        ck_assert_mem_eq(mlp_dataset_u8_at(data, 0), bytes.at + bytes.size - 12, 12);
        ck_assert_uint_eq(data->map.size, i == 0 ? bytes.size : 0);
        mlp_dataset_destroy(data);
    }
}
END_TEST

static const float numbers[24] = {0,  -0.0f, 1.5f, 3e38f, -3e38f, 1e-45f, 6,  7,  8,  9,  10, 11,
                                  12, 13,    14,   15,    16,     17,     18, 19, 20, 21, 22, 23};

/* In place and copied are the same bits. */
START_TEST(floats_stay_in_the_file_where_they_can)
{
    struct bytes bytes = npy_f32_file("(6, 4)", numbers, 24), moved;
    mlp_dataset *data = opened(put("a.npy", bytes), &unlabelled);
    const uint16_t one = 1;
    if (*(const unsigned char *)&one == 1)
        ck_assert_uint_eq(data->map.size, bytes.size);
    mlp_dataset_destroy(data);
    assert_floats(bytes, 6, 4, numbers);

    /* Values that do not begin at a multiple of 4: numpy pads, others may not. */
    moved = bytes;
    moved.size = bytes.size - sizeof numbers - 1;
    moved.at[8] -= 1;
    add(&moved, bytes.at + bytes.size - sizeof numbers, sizeof numbers);
    data = opened(put("a.npy", moved), &unlabelled);
    ck_assert_uint_eq(data->map.size, 0);
    mlp_dataset_destroy(data);
    assert_floats(moved, 6, 4, numbers);
}
END_TEST

START_TEST(shapes_of_one_to_four_dimensions)
{
    static const struct {
        const char *shape;
        size_t count, features, height, width;
    } cases[] = {{"(24,)", 24, 1, 0, 0},
                 {"(6, 4)", 6, 4, 0, 0},
                 {"(2, 3, 4)", 2, 12, 3, 4},
                 {"(2, 3, 2, 2)", 2, 12, 0, 0},
                 {"( 4,6 ,)", 4, 6, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t height, width;
        struct bytes bytes = npy_f32_file(cases[i].shape, numbers, 24);
        assert_floats(bytes, cases[i].count, cases[i].features, numbers);
        mlp_dataset *data = opened(put("a.npy", bytes), &unlabelled);
        ck_assert_int_eq(mlp_dataset_image(data, &height, &width), cases[i].height > 0);
        ck_assert_uint_eq(height, cases[i].height);
        ck_assert_uint_eq(width, cases[i].width);
        mlp_dataset_destroy(data);
    }
}
END_TEST

/* Array [2][3][4] of 0, 1, 2... in C order, its file in Fortran order. */
START_TEST(case_60_fortran_order)
{
    static const unsigned dimension[3] = {2, 3, 4};
    unsigned char u8[24], f4[24 * 4], expected[24];
    float floats[24];
    size_t at = 0;
    for (unsigned k = 0; k < dimension[2]; k++)
        for (unsigned j = 0; j < dimension[1]; j++)
            for (unsigned i = 0; i < dimension[0]; i++)
                u8[at++] = (unsigned char)(12 * i + 4 * j + k);
    for (size_t i = 0; i < 24; i++) {
        floats[i] = u8[i];
        expected[i] = (unsigned char)i;
    }
    mlp_store_f32(f4, floats, 24);
    for (size_t i = 0; i < 24; i++)
        floats[i] = (float)i;
    struct bytes bytes =
        npy_start(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 4), }");
    add(&bytes, f4, sizeof f4);
    assert_floats(bytes, 2, 12, floats);

    bytes = npy_start(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }");
    add(&bytes, u8, sizeof u8);
    mlp_dataset *data = opened(put("a.npy", bytes), &unlabelled);
    ck_assert_mem_eq(mlp_dataset_u8_at(data, 0), expected, sizeof expected);
    mlp_dataset_destroy(data);

    bytes = npy_start(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (24,), }");
    add(&bytes, f4, sizeof f4);
    data = opened(put("a.npy", bytes), &unlabelled);
    ck_assert_float_eq(*mlp_dataset_f32_at(data, 1), 12); /* one dimension: the same order */
    mlp_dataset_destroy(data);
}
END_TEST

START_TEST(versions_1_to_3_and_any_order_of_the_keys)
{
    static const char *const dicts[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6, 4), }",
        "{\"shape\":(6,4),\"descr\":\"<f4\",\"fortran_order\":False}",
        " { 'fortran_order' : False , 'shape' : ( 6 , 4 ) , 'descr' : '<f4' } ",
    };
    unsigned char values[sizeof numbers];
    mlp_store_f32(values, numbers, 24);
    for (int version = 1; version <= 3; version++) {
        for (size_t i = 0; i < sizeof dicts / sizeof dicts[0]; i++) {
            struct bytes bytes = npy_start(version, dicts[i]);
            add(&bytes, values, sizeof values);
            assert_floats(bytes, 6, 4, numbers);
        }
    }
}
END_TEST

/* More values than are converted at a time. */
START_TEST(many_blocks_give_what_a_map_gives)
{
    enum { COUNT = 30011, FEATURES = 3 };
    size_t size = (size_t)COUNT * FEATURES * sizeof(float);
    unsigned char *values = malloc(size), *fortran = malloc(size);
    ck_assert(values && fortran);
    for (size_t i = 0; i < (size_t)COUNT * FEATURES; i++) {
        float value = (float)i / 3, sign = i % 2 ? -1.0f : 1.0f;
        value *= sign;
        mlp_store_f32(values + i * sizeof value, &value, 1);
        memcpy(fortran + (i % FEATURES * COUNT + i / FEATURES) * sizeof value,
               values + i * sizeof value, sizeof value);
    }
    struct bytes c =
        npy_start(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (30011, 3), }");
    struct bytes f = npy_start(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (30011, 3), }");
    const struct mlp_chunk c_file[] = {{c.at, c.size}, {values, size}};
    const struct mlp_chunk f_file[] = {{f.at, f.size}, {fortran, size}};
    ck_assert_int_eq(mlp_file_write(in_folder("c.npy"), c_file, 2, NULL), MLP_OK);
    ck_assert_int_eq(mlp_file_write(in_folder("f.npy"), f_file, 2, NULL), MLP_OK);
    mlp_dataset *mapped = opened(in_folder("c.npy"), &unlabelled);
    mlp_dataset *copied = opened(in_folder("f.npy"), &unlabelled);
    char hashes[2][33];
    mlp_dataset_hash(mapped, hashes[0]);
    mlp_dataset_hash(copied, hashes[1]);
    ck_assert_str_eq(hashes[0], hashes[1]);
    ck_assert_uint_eq(copied->map.size, 0);
    mlp_dataset_destroy(mapped);
    mlp_dataset_destroy(copied);
    free(values);
    free(fortran);
}
END_TEST

/* Wherever it is, and whichever way it takes. */
START_TEST(values_that_are_not_finite)
{
    static const struct {
        float value;
        const char *name;
    } bad[] = {{NAN, "found NaN"}, {INFINITY, "found infinity"}, {-INFINITY, "found infinity"}};
    for (size_t at = 0; at < 24; at++) {
        float values[24];
        char part[64];
        memcpy(values, numbers, sizeof values);
        values[at] = bad[at % 3].value;
        snprintf(part, sizeof part, "%s as value %zu, expected a finite number", bad[at % 3].name,
                 at);
        assert_refused_at(npy_f32_file("(6, 4)", values, 24), 128 + 4 * at, part);
    }
    struct bytes bytes = npy_start(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }");
    add_hex(&bytes, "000000000000f047"); /* 2^128 */
    assert_refused_at(bytes, 128, "a number beyond a float's range, as value 0");
}
END_TEST

/* Threads look at parts of a mapped file: the first bad value is named, in whichever part it is. */
START_TEST(the_first_of_several_values_that_are_not_finite)
{
    enum { COUNT = 5 << 20 };
    static const size_t at[] = {COUNT - 1, 3 << 20, (1 << 20) + 7, (1 << 20) - 1};
    size_t size = (size_t)COUNT * sizeof(float);
    unsigned char *values = calloc(COUNT, sizeof(float));
    ck_assert(values);
    struct bytes start =
        npy_start(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (5242880,), }");
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        char part[96];
        mlp_store_f32(values + at[i] * sizeof(float), &(float){NAN}, 1);
        const struct mlp_chunk file[] = {{start.at, start.size}, {values, size}};
        ck_assert_int_eq(mlp_file_write(in_folder("x.npy"), file, 2, NULL), MLP_OK);
        snprintf(part, sizeof part, "byte %zu: found NaN as value %zu, expected a finite number",
                 start.size + at[i] * sizeof(float), at[i]);
        const char *path = in_folder("x.npy");
        assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path, part);
    }
    free(values);
}
END_TEST

START_TEST(bools_are_0_or_1)
{
    assert_refused_at(npy_file("|b1", "(3,)", "\1\0\2", 3), 130, "neither 0 nor 1 as value 2");
}
END_TEST

/* --- Headers ----------------------------------------------------------------- */

START_TEST(case_48_bad_magic)
{
    struct bytes bytes = npy_f32_file("(6, 4)", numbers, 24);
    for (size_t i = 0; i < 6; i++) {
        struct bytes damaged = bytes;
        damaged.at[i] ^= 0x20;
        assert_refused_at(damaged, 0, "expected 93 4e 55 4d 50 59 as npy files have");
    }
    struct bytes page = {0};
    add(&page, "<!DOCTYPE html>", 15);
    assert_refused_at(page, 0, "(a web page?)");
}
END_TEST

START_TEST(case_49_another_version)
{
    static const unsigned char versions[][2] = {{0, 0}, {4, 0}, {9, 0}, {1, 1}, {255, 255}};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct bytes bytes = npy_f32_file("(6, 4)", numbers, 24);
        char part[64];
        memcpy(bytes.at + 6, versions[i], 2);
        snprintf(part, sizeof part, "found version %d.%d, expected 1.0, 2.0 or 3.0", versions[i][0],
                 versions[i][1]);
        assert_refused_at(bytes, 6, part);
    }
}
END_TEST

START_TEST(case_50_header_length_past_the_end)
{
    struct bytes bytes = npy_start(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6, 4)}");
    char part[80];
    bytes.at[8]++;
    const char *path = put("a.npy", bytes);
    snprintf(part, sizeof part, "byte 8: found a header of %d bytes, expected %zu at most",
             bytes.at[8], bytes.size - 10);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path, part);
    path = put("b.npy", packed(bytes)); /* which may hold so much */
    snprintf(part, sizeof part, "ends at unpacked byte %zu, expected %d bytes of an npy header",
             bytes.size, bytes.at[8]);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path, part);

    bytes.at[8] = bytes.at[9] = 0;
    assert_refused_at(bytes, 8, "found an empty header");
}
END_TEST

START_TEST(case_51_header_length_near_2_to_the_32)
{
    struct bytes bytes = npy_start(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (6, 4)}");
    mlp_store_u32(bytes.at + 8, 0xfffffff0U);
    assert_refused_at(bytes, 8, "found a header of 4294967280 bytes");
}
END_TEST

START_TEST(case_52_not_a_dict)
{
    assert_dict_refused("['descr', '<f4']", 0, "found '[', expected '{', as a dict begins");
    assert_dict_refused("x", 0, "found 'x', expected '{'");
    assert_dict_refused("  ", 53 + 1, "found the header's end, expected '{'");
    assert_dict_refused("{'descr' '<f4'}", 9, "found ''', expected ':'");
    assert_dict_refused("{'descr': '<f4' 'shape': (1,)}", 16, "expected ',' or '}'");
    assert_dict_refused("{,}", 1, "found ',', expected one of the keys");
    assert_dict_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (16,)} x", 57,
                        "found 'x', expected the header's end");
    assert_dict_refused("{'descr", 1, "a quote that is not closed");
    assert_dict_refused("{'descr': '<f4', 'fortran_order': Falso, 'shape': (16,)}", 34,
                        "expected True or False");
    assert_dict_refused("{'descr': '<f4', 'fortran_order': 1, 'shape': (16,)}", 34,
                        "found '1', expected True or False");
    assert_dict_refused("{'descr': exit(), 'fortran_order': False, 'shape': (16,)}", 10,
                        "found 'e', expected");
    assert_dict_refused("\x01", 0, "found byte 0x01");
}
END_TEST

START_TEST(case_53_missing_extra_or_repeated_key)
{
    assert_dict_refused("{'fortran_order': False, 'shape': (16,)}", 39, "the key 'descr'");
    assert_dict_refused("{'descr': '<f4', 'shape': (16,)}", 31, "the key 'fortran_order'");
    assert_dict_refused("{'descr': '<f4', 'fortran_order': False}", 39, "the key 'shape'");
    assert_dict_refused("{}", 1, "found the dict's end, expected the key 'descr'");
    assert_dict_refused("{'descr': '<f4', 'more': 1, 'fortran_order': False, 'shape': (16,)}", 17,
                        "found the key 'more', expected one of the keys");
    assert_dict_refused("{'descr': '<f4', 'descr': '<f4'}", 17, "found the key 'descr' again");
    assert_dict_refused("{'descr\\': '<f4'}", 1, "found another text");
}
END_TEST

static void assert_descr_refused(const char *descr, const char *part)
{
    char dict[128];
    snprintf(dict, sizeof dict, "{'descr': %s, 'fortran_order': False, 'shape': (1,)}", descr);
    assert_dict_refused(dict, 10, part);
}

START_TEST(case_54_objects_are_never_unpickled)
{
    static const char *const descrs[] = {"'|O'", "'O'", "'|O8'", "'<O4'"};
    for (size_t i = 0; i < sizeof descrs / sizeof descrs[0]; i++)
        assert_descr_refused(descrs[i], "found Python objects, which are never unpickled");
}
END_TEST

START_TEST(case_56_empty_or_unknown_type)
{
    static const char *const descrs[] = {"",    "f4",  "<",    "<f",   "<f2",  "<f16", "<c8", "|S4",
                                         "<U4", "<M8", "|f4",  "=i4",  "!f4",  "<f5",  "<i3", "<b4",
                                         "|V4", "<f0", "<f44", "<u16", "<f4 ", "|b2"};
    for (size_t i = 0; i < sizeof descrs / sizeof descrs[0]; i++) {
        char descr[16], part[48];
        snprintf(descr, sizeof descr, "'%s'", descrs[i]);
        snprintf(part, sizeof part, "found the type '%s', expected '<' or '>'", descrs[i]);
        assert_descr_refused(descr, part);
    }
    assert_descr_refused("[('a', '<f4')]", "found '[', expected '<' or '>'");
    assert_descr_refused("'<f4444444444444444444444444444444444444'", "found another text");
}
END_TEST

static void assert_shape_refused(const char *shape, size_t offset, const char *part)
{
    char dict[256];
    snprintf(dict, sizeof dict, "{'descr': '|u1', 'fortran_order': False, 'shape': %s}", shape);
    assert_dict_refused(dict, 50 + offset, part);
}

START_TEST(case_57_negative_and_other_wrong_dimensions)
{
    assert_shape_refused("(-1, 4)", 1, "found '-', expected a dimension");
    assert_shape_refused("(4, -1)", 4, "found '-', expected a dimension");
    assert_shape_refused("(1.5,)", 2, "found '.', expected ',' or ')'");
    assert_shape_refused("(4, 4L)", 5, "found 'L'");
    assert_shape_refused("(1e3,)", 2, "found 'e'");
    assert_shape_refused("(0x40,)", 1, "found 0");
    assert_shape_refused("(064,)", 1, "found a number that begins with 0");
    assert_shape_refused("(0, 4)", 1, "found 0, expected a dimension of at least 1");
    assert_shape_refused("(64, 0)", 5, "the data set is empty");
    assert_shape_refused("()", 0, "found no dimensions, expected 1 to 4");
    assert_shape_refused("(64)", 0, "found a number in parentheses");
    assert_shape_refused("64", 0, "found '6', expected '(', as a shape begins");
    assert_shape_refused("[64]", 0, "found '['");
    assert_shape_refused("(,)", 1, "found ','");
    assert_shape_refused("(64,,)", 4, "found ','");
    assert_shape_refused("(4 16)", 3, "found '1', expected ',' or ')'");
    assert_shape_refused("(1, 1, 1, 8, 8)", 0, "found more than 4 dimensions");
    assert_shape_refused("(9223372036854775808,)", 1, "found a larger number");
    assert_shape_refused("(99999999999999999999999,)", 1, "found a larger number");
}
END_TEST

START_TEST(case_58_shape_product_overflow)
{
    const char *const shapes[] = {"(9223372036854775807, 9223372036854775807)",
                                  "(4294967296, 4294967296)", "(65536, 65536, 65536, 65536)"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        assert_refused_at(npy_file("<f4", shapes[i], "", 0), 128, "expected fewer than 2^64 bytes");
    /* Large, but no overflow; and a product that wraps to what there is. */
    assert_refused_at(npy_file("|u1", "(9223372036854775807,)", "x", 1), 128,
                      "in a file of this length");
    assert_refused_at(npy_file("<f8", "(2305843009213693953,)", "12345678", 8), 128,
                      "expected fewer than 2^64 bytes");
}
END_TEST

/* What was meant is (2621, 401): the file has more values than the shape says. */
START_TEST(case_59_a_comma_within_a_number)
{
    static const unsigned char values[2621];
    struct bytes bytes = npy_file("|u1", "(2,621, 1)", values, sizeof values);
    const char *path = put("a.npy", bytes);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path,
                        "found the shape (2, 621, 1), 1242 bytes, expected 2621");
    path = put("b.npy", packed(bytes));
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path,
                        "goes on at unpacked byte 1370 with 0x00");
}
END_TEST

START_TEST(case_61_short_data)
{
    struct bytes whole = npy_f32_file("(6, 4)", numbers, 24);
    for (size_t size = 0; size < whole.size; size++) {
        struct bytes bytes = whole;
        char part[80];
        bytes.size = size;
        const char *path = put("a.npy", bytes);
        assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path,
                            size < 10 ? "ends at byte" : "expected");
        path = put("b.npy.gz", packed(bytes));
        snprintf(part, sizeof part, "ends at unpacked byte %zu, expected", size);
        assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path, part);
    }
    whole.size--;
    const char *path = put("a.npy", whole);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path,
                        "byte 128: found the shape (6, 4), 96 bytes, expected 95 in a file");
}
END_TEST

START_TEST(case_62_trailing_data)
{
    struct bytes bytes = npy_f32_file("(6, 4)", numbers, 24);
    add(&bytes, "!", 1);
    const char *path = put("a.npy", bytes);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path,
                        "byte 128: found the shape (6, 4), 96 bytes, expected 97");
    path = put("b.npy.gz", packed(bytes));
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path,
                        "goes on at unpacked byte 224 with 0x21, expected its end");
    bytes = npy_file(">f4", "(1,)", "12345", 5);
    path = put("a.npy", bytes);
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path,
                        "found the shape (1,), 4 bytes, expected 5");
}
END_TEST

START_TEST(samples_beyond_2_to_the_32)
{
    struct bytes start = npy_file("|u1", "(4294967296,)", "", 0);
    FILE *file = fopen(in_folder("a.npy"), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(start.at, 1, start.size, file), start.size);
    int cut = ftruncate(fileno(file), (off_t)start.size + ((off_t)1 << 32));
    fclose(file);
    if (cut != 0) {
        puts("samples_beyond_2_to_the_32: not run, the file system has no such files");
        return;
    }
    const char *path = in_folder("a.npy");
    assert_path_refused(path, &unlabelled, MLP_ERROR_DATA, path,
                        "expected fewer than 2^32 samples");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npy");
    TCase *tests = tcase_create("npy");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, case_55_every_type_in_both_byte_orders, 0,
                        sizeof types / sizeof types[0]);
    tcase_add_test(tests, bytes_stay_u8_and_in_the_file);
    tcase_add_test(tests, floats_stay_in_the_file_where_they_can);
    tcase_add_test(tests, shapes_of_one_to_four_dimensions);
    tcase_add_test(tests, case_60_fortran_order);
    tcase_add_test(tests, versions_1_to_3_and_any_order_of_the_keys);
    tcase_add_test(tests, many_blocks_give_what_a_map_gives);
    tcase_add_test(tests, values_that_are_not_finite);
    tcase_add_test(tests, the_first_of_several_values_that_are_not_finite);
    tcase_add_test(tests, bools_are_0_or_1);
    tcase_add_test(tests, case_48_bad_magic);
    tcase_add_test(tests, case_49_another_version);
    tcase_add_test(tests, case_50_header_length_past_the_end);
    tcase_add_test(tests, case_51_header_length_near_2_to_the_32);
    tcase_add_test(tests, case_52_not_a_dict);
    tcase_add_test(tests, case_53_missing_extra_or_repeated_key);
    tcase_add_test(tests, case_54_objects_are_never_unpickled);
    tcase_add_test(tests, case_56_empty_or_unknown_type);
    tcase_add_test(tests, case_57_negative_and_other_wrong_dimensions);
    tcase_add_test(tests, case_58_shape_product_overflow);
    tcase_add_test(tests, case_59_a_comma_within_a_number);
    tcase_add_test(tests, case_61_short_data);
    tcase_add_test(tests, case_62_trailing_data);
    tcase_add_test(tests, samples_beyond_2_to_the_32);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
