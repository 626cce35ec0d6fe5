/* SPDX-License-Identifier: MIT */
#include "idx_files.h"

#include "folder.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

void add(struct bytes *bytes, const void *data, size_t size)
{
    ck_assert_uint_le(size, BYTES_SIZE - bytes->size);
    if (size > 0)
        memcpy(bytes->at + bytes->size, data, size);
    bytes->size += size;
}

void add_hex(struct bytes *bytes, const char *hex)
{
    unsigned value;
    int length;
    while (sscanf(hex, " %2x%n", &value, &length) == 1) {
        unsigned char byte = (unsigned char)value;
        add(bytes, &byte, 1);
        hex += length;
    }
    ck_assert_uint_eq(strspn(hex, " "), strlen(hex));
}

void add_gz(struct bytes *bytes, const void *data, size_t size)
{
    z_stream stream = {0};
    unsigned char copy[BYTES_SIZE];
    ck_assert_uint_le(size, sizeof copy);
    if (size > 0)
        memcpy(copy, data, size);
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = copy;
    stream.avail_in = (unsigned)size;
    stream.next_out = bytes->at + bytes->size;
    stream.avail_out = (unsigned)(BYTES_SIZE - bytes->size);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    bytes->size += stream.total_out;
    deflateEnd(&stream);
}

static void add_big_endian(struct bytes *bytes, uint32_t value)
{
    unsigned char big_endian[4];
    for (unsigned b = 0; b < 4; b++)
        big_endian[b] = (unsigned char)(value >> (24 - 8 * b));
    add(bytes, big_endian, sizeof big_endian);
}

/* Starts a file and returns how many values it is to have. */
static size_t start(struct bytes *file, unsigned type, unsigned dimensions,
                    const uint32_t *dimension)
{
    *file = (struct bytes){.size = 4, .at = {0, 0, (unsigned char)type, (unsigned char)dimensions}};
    size_t count = 1;
    for (unsigned i = 0; i < dimensions; i++) {
        add_big_endian(file, dimension[i]);
        count *= dimension[i];
    }
    return count;
}

struct bytes idx_file(unsigned dimensions, const uint32_t *dimension, unsigned modulus)
{
    struct bytes file;
    size_t count = start(&file, 8, dimensions, dimension);
    for (size_t i = 0; i < count; i++) {
        unsigned char value = (unsigned char)(i % modulus);
        add(&file, &value, 1);
    }
    return file;
}

struct bytes idx_f32_file(unsigned dimensions, const uint32_t *dimension, const float *values)
{
    struct bytes file;
    size_t count = start(&file, 0x0d, dimensions, dimension);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        add_big_endian(&file, bits);
    }
    return file;
}

struct bytes two_images(void)
{
    return idx_file(3, (const uint32_t[]){2, 2, 3}, 256);
}

struct bytes two_labels(void)
{
    return idx_file(1, (const uint32_t[]){2}, 10);
}

struct bytes packed(struct bytes bytes)
{
    struct bytes result = {0};
    add_gz(&result, bytes.at, bytes.size);
    return result;
}

const char *put(const char *name, struct bytes bytes)
{
    const char *path = in_folder(name);
    put_file(path, bytes.at, bytes.size);
    return path;
}

void assert_error(const mlp_error *error, mlp_status status, const char *path, const char *part)
{
    ck_assert_int_eq(error->status, status);
    ck_assert_msg(strncmp(error->message, path, strlen(path)) == 0, "'%s' does not begin with '%s'",
                  error->message, path);
    ck_assert_msg(strstr(error->message, part) != NULL, "'%s' does not hold '%s'", error->message,
                  part);
    ck_assert_ptr_null(strchr(error->message, '\n'));
}
