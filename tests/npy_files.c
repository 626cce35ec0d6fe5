/* SPDX-License-Identifier: MIT */
#include "npy_files.h"

#include "bytes.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct bytes npy_start(int version, const char *dict)
{
    static const char blanks[64] =
        "                                                               ";
    struct bytes file = {0};
    unsigned char prefix[] = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0}, length[4];
    size_t size = version == 1 ? 2 : 4, start = sizeof prefix + size + strlen(dict) + 1;
    size_t padding = (64 - start % 64) % 64;
    mlp_store_u32(length, (uint32_t)(strlen(dict) + padding + 1));
    add(&file, prefix, sizeof prefix);
    add(&file, length, size);
    add(&file, dict, strlen(dict));
    add(&file, blanks, padding);
    add(&file, "\n", 1);
    ck_assert_uint_eq(file.size % 64, 0);
    return file;
}

struct bytes npy_file(const char *descr, const char *shape, const void *values, size_t size)
{
    char dict[256];
    snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr,
             shape);
    struct bytes file = npy_start(1, dict);
    add(&file, values, size);
    return file;
}

struct bytes npy_u8_file(const char *shape, size_t count)
{
    unsigned char values[BYTES_SIZE];
    ck_assert_uint_le(count, sizeof values);
    for (size_t i = 0; i < count; i++)
        values[i] = (unsigned char)i;
    return npy_file("|u1", shape, values, count);
}

struct bytes npy_f32_file(const char *shape, const float *values, size_t count)
{
    unsigned char bytes[BYTES_SIZE];
    ck_assert_uint_le(count, sizeof bytes / sizeof(float));
    mlp_store_f32(bytes, values, count);
    return npy_file("<f4", shape, bytes, count * sizeof(float));
}
