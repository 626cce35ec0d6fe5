/* SPDX-License-Identifier: MIT */
#include "png.h"

#include <string.h>
#include <zlib.h>

enum {
    RAW = PNG_SIDE * (PNG_SIDE + 1), /* a filter byte before each row */
    PACKED = RAW + RAW / 1000 + 64,  /* at least compressBound(RAW) */
    FILE_SIZE = PACKED + 256 * 3 + 128,
    GREY = 0,
    INDEXED = 3,
};

struct bytes {
    size_t size;
    uint8_t data[FILE_SIZE];
};

static void append(struct bytes *to, const void *data, size_t size)
{
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void append_u32(struct bytes *to, uint32_t number)
{
    const uint8_t big_endian[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                  (uint8_t)(number >> 8), (uint8_t)number};
    append(to, big_endian, sizeof big_endian);
}

static void append_chunk(struct bytes *to, const char *type, const void *data, size_t size)
{
    append_u32(to, (uint32_t)size);
    size_t begin = to->size;
    append(to, type, 4);
    append(to, data, size);
    append_u32(to, (uint32_t)crc32(0, to->data + begin, (uInt)(size + 4)));
}

static void append_header(struct bytes *to, const struct png *png)
{
    const uint8_t size[] = {0, 0, 0, (uint8_t)png->width, 0, 0, 0, (uint8_t)png->height};
    const uint8_t format[] = {8, png->palette_size > 0 ? INDEXED : GREY, 0, 0, 0};
    uint8_t header[sizeof size + sizeof format];
    memcpy(header, size, sizeof size);
    memcpy(header + sizeof size, format, sizeof format);
    append(to, "\x89PNG\r\n\x1a\n", 8);
    append_chunk(to, "IHDR", header, sizeof header);
}

static void append_pixels(struct bytes *to, const struct png *png)
{
    uint8_t rows[RAW] = {0}, packed[PACKED];
    uLongf size = sizeof packed;
    for (size_t y = 0; y < png->height; y++)
        memcpy(rows + y * (png->width + 1) + 1, png->pixels + y * png->width, png->width);
    if (compress2(packed, &size, rows, png->height * (png->width + 1), Z_BEST_COMPRESSION) != Z_OK)
        size = 0; /* no memory: a picture that shows as broken */
    append_chunk(to, "IDAT", packed, size);
}

static void write_base64(FILE *out, const struct bytes *bytes)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes->size; i += 3) {
        size_t left = bytes->size - i;
        const uint8_t *b = bytes->data + i;
        uint32_t group =
            (uint32_t)b[0] << 16 | (left > 1 ? (uint32_t)b[1] << 8 : 0) | (left > 2 ? b[2] : 0);
        putc(DIGITS[group >> 18], out);
        putc(DIGITS[group >> 12 & 63], out);
        putc(left > 1 ? DIGITS[group >> 6 & 63] : '=', out);
        putc(left > 2 ? DIGITS[group & 63] : '=', out);
    }
}

void png_write_uri(FILE *out, const struct png *png)
{
    struct bytes bytes = {.size = 0};
    append_header(&bytes, png);
    if (png->palette_size > 0)
        append_chunk(&bytes, "PLTE", png->palette, 3 * png->palette_size);
    append_pixels(&bytes, png);
    append_chunk(&bytes, "IEND", "", 0);
    fputs("data:image/png;base64,", out);
    write_base64(out, &bytes);
}
