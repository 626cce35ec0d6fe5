/* SPDX-License-Identifier: MIT */
#include "st_files.h"

#include "bytes.h"
#include "folder.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 16 };

static unsigned char content[MOST_BYTES];

static size_t element_size(const char *type)
{
    if (strcmp(type, "F64") == 0 || strcmp(type, "I64") == 0)
        return 8;
    return strcmp(type, "F32") == 0 ? 4 : 2;
}

/* Of a number that is normal in IEEE 754's binary16 and exact there, or zero. */
static unsigned half_bits(double value)
{
    int exponent;
    double fraction = frexp(fabs(value), &exponent);
    unsigned sign = signbit(value) ? 0x8000 : 0;
    if (value == 0)
        return sign;
    return sign | (unsigned)(exponent + 14) << 10 | ((unsigned)(fraction * 2048) & 1023);
}

static unsigned long long bits_of(const char *type, double value)
{
    float narrow = (float)value;
    uint32_t word;
    uint64_t wide;
    memcpy(&word, &narrow, sizeof word);
    memcpy(&wide, &value, sizeof wide);
    if (strcmp(type, "F64") == 0)
        return wide;
    if (strcmp(type, "I64") == 0)
        return (unsigned long long)value;
    if (strcmp(type, "F32") == 0)
        return word;
    return strcmp(type, "BF16") == 0 ? word >> 16 : half_bits(value);
}

static void store(unsigned char *to, unsigned long long bits, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(bits >> (8 * i));
}

static size_t count_of(const struct st_tensor *t)
{
    return (t->rows > 0 ? t->rows : 1) * (t->columns > 0 ? t->columns : 1);
}

static size_t add_entry(char *header, size_t size, const struct st_tensor *t, size_t begin,
                        bool first)
{
    char shape[64] = "";
    size_t end = begin + count_of(t) * element_size(t->type), length = strlen(header);
    if (t->columns > 0)
        snprintf(shape, sizeof shape, "%zu,%zu", t->rows, t->columns);
    else if (t->rows > 0)
        snprintf(shape, sizeof shape, "%zu", t->rows);
    int added = snprintf(header + length, size - length,
                         "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
                         first ? "" : ",", t->name, t->type, shape, begin, end);
    ck_assert_int_lt(added, (int)(size - length));
    return end;
}

/* Writes header and data into `content`; returns where the data begin, and their size. */
static size_t make(const struct st_tensor *tensors, const char *metadata, size_t *size)
{
    static char header[1 << 14];
    header[0] = '\0';
    snprintf(header, sizeof header, "{%s%s", metadata ? "\"__metadata__\":" : "",
             metadata ? metadata : "");
    *size = 0;
    for (const struct st_tensor *t = tensors; t->name; t++)
        *size = add_entry(header, sizeof header, t, *size, t == tensors && !metadata);
    strcat(header, "}");
    size_t length = strlen(header), start = 8 + length;
    ck_assert_uint_le(start + *size, MOST_BYTES);
    mlp_store_u64(content, length);
    memcpy(content + 8, header, length);
    unsigned char *at = content + start;
    for (const struct st_tensor *t = tensors; t->name; t++) {
        for (size_t k = 0; k < count_of(t); k++, at += element_size(t->type))
            store(at, bits_of(t->type, t->first + (double)k / 8), element_size(t->type));
    }
    return start;
}

const char *put_tensors(const struct st_tensor *tensors, const char *metadata)
{
    size_t size, start = make(tensors, metadata, &size);
    put_file(in_folder("foreign"), content, start + size);
    return in_folder("foreign");
}

const char *put_tensors_with(const struct st_tensor *tensors, size_t at, unsigned long long bits)
{
    size_t size, start = make(tensors, NULL, &size);
    const struct st_tensor *last = tensors;
    while (last[1].name)
        last++;
    size_t element = element_size(last->type);
    store(content + start + size - (count_of(last) - at) * element, bits, element);
    put_file(in_folder("foreign"), content, start + size);
    return in_folder("foreign");
}
