/* SPDX-License-Identifier: MIT */
#include "formats/npy_header.h"

#include "alloc.h"
#include "bytes.h"
#include "error.h"

#include <stdio.h>
#include <string.h>

enum {
    MAGIC_SIZE = 6,
    VERSION_SIZE = 2,
    PREFIX_SIZE = MAGIC_SIZE + VERSION_SIZE,
    NEWEST_VERSION = 3,
    MAX_HEADER = 1 << 16, /* of a dict with three entries; NumPy itself stops at 10,000 */
    LONGEST_WORD = 32,    /* of a key or a type */
};

static const unsigned char magic[MAGIC_SIZE] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

mlp_status mlp_npy_read_exactly(const struct mlp_npy_stream *stream, uint64_t offset, void *to,
                                size_t size, const char *what, mlp_error *error)
{
    size_t count;
    mlp_status status = stream->read(stream->from, to, size, &count, error);
    if (status == MLP_OK && count < size)
        return mlp_fail(error, MLP_ERROR_DATA, "%s: ends at %s %llu, expected %zu bytes of %s",
                        stream->name, stream->unit, (unsigned long long)(offset + count), size,
                        what);
    return status;
}

const char *mlp_npy_shape(const struct mlp_npy_header *header, char text[MLP_NPY_SHAPE_TEXT])
{
    size_t length = 0;
    for (size_t i = 0; i < header->dimensions; i++)
        length += (size_t)snprintf(text + length, MLP_NPY_SHAPE_TEXT - length, "%s%llu",
                                   i == 0 ? "(" : ", ", (unsigned long long)header->dimension[i]);
    snprintf(text + length, MLP_NPY_SHAPE_TEXT - length, header->dimensions == 1 ? ",)" : ")");
    return text;
}

/* --- The dict ---------------------------------------------------------------- */

enum key { DESCR, FORTRAN_ORDER, SHAPE, KEYS };

static const char *const keys[KEYS] = {"descr", "fortran_order", "shape"};

/* The text of a header that is being parsed. */
struct parser {
    const struct mlp_npy_stream *stream;
    const char *text;
    size_t size, at;
    uint64_t offset; /* of the text in the content */
    mlp_error *error;
};

static mlp_status fail_at(const struct parser *p, size_t at, const char *found,
                          const char *expected)
{
    return mlp_fail(p->error, MLP_ERROR_DATA, "%s: %s %llu: found %s, expected %s", p->stream->name,
                    p->stream->unit, (unsigned long long)(p->offset + at), found, expected);
}

/* The failure at the next character. */
static mlp_status fail_next(const struct parser *p, const char *expected)
{
    char found[24] = "the header's end";
    if (p->at < p->size && p->text[p->at] > ' ' && p->text[p->at] <= '~')
        snprintf(found, sizeof found, "'%c'", p->text[p->at]);
    else if (p->at < p->size)
        snprintf(found, sizeof found, "byte 0x%02x", (unsigned char)p->text[p->at]);
    return fail_at(p, p->at, found, expected);
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->size && strchr(" \t\r\n", p->text[p->at]) && p->text[p->at] != '\0')
        p->at++;
}

/* Takes the character `c`, after blanks; false where there is another. */
static bool take(struct parser *p, char c)
{
    skip_blanks(p);
    if (p->at == p->size || p->text[p->at] != c)
        return false;
    p->at++;
    return true;
}

/* Takes a text in quotes of either kind, without escapes. */
static mlp_status take_text(struct parser *p, char to[LONGEST_WORD], const char *expected)
{
    skip_blanks(p);
    if (p->at == p->size || (p->text[p->at] != '\'' && p->text[p->at] != '"'))
        return fail_next(p, expected);
    size_t start = p->at + 1;
    const char *end = memchr(p->text + start, p->text[p->at], p->size - start);
    size_t length = end ? (size_t)(end - p->text) - start : p->size - start;
    bool whole = end && length < LONGEST_WORD;
    memcpy(to, p->text + start, whole ? length : 0);
    to[whole ? length : 0] = '\0';
    if (!end)
        return fail_at(p, p->at, "a quote that is not closed", expected);
    if (!whole || strlen(to) < length || strchr(to, '\\'))
        return fail_at(p, p->at, "another text", expected);
    p->at = start + length + 1;
    return MLP_OK;
}

static bool is_known(char kind, unsigned size)
{
    switch (kind) {
    case 'f':
        return size == 4 || size == 8;
    case 'i':
    case 'u':
        return size == 1 || size == 2 || size == 4 || size == 8;
    case 'b':
        return size == 1;
    default:
        return false;
    }
}

static mlp_status parse_descr(struct parser *p, struct mlp_npy_header *header)
{
    static const char expected[] =
        "'<' or '>' (of one byte: '|') and f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 or b1";
    char text[LONGEST_WORD], found[LONGEST_WORD + 16];
    size_t at = p->at;
    mlp_status status = take_text(p, text, expected);
    if (status != MLP_OK)
        return status;
    if (strchr(text, 'O'))
        return fail_at(p, at, "Python objects, which are never unpickled", expected);
    unsigned size =
        strlen(text) == 3 && text[2] > '0' && text[2] < '9' ? (unsigned)text[2] - '0' : 0;
    bool ordered = size > 0 && (text[0] == '<' || text[0] == '>');
    if (size == 0 || !is_known(text[1], size) ||
        (!ordered && (size > 1 || (text[0] != '|' && text[0] != '=')))) {
        snprintf(found, sizeof found, "the type '%s'", text);
        return fail_at(p, at, found, expected);
    }
    header->kind = text[1];
    header->size = size;
    header->big_endian = text[0] == '>';
    return MLP_OK;
}

static mlp_status parse_fortran_order(struct parser *p, struct mlp_npy_header *header)
{
    static const char *const words[] = {"False", "True"};
    skip_blanks(p);
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(words[i]);
        if (p->size - p->at >= length && memcmp(p->text + p->at, words[i], length) == 0) {
            header->fortran = i == 1;
            p->at += length;
            return MLP_OK;
        }
    }
    return fail_next(p, "True or False");
}

/* A decimal number without sign, and without a zero before it, as Python wants it. */
static mlp_status parse_dimension(struct parser *p, uint64_t *value)
{
    static const char expected[] = "a dimension, from 1 to 2^63 - 1";
    size_t start = p->at;
    *value = 0;
    for (; p->at < p->size && p->text[p->at] >= '0' && p->text[p->at] <= '9'; p->at++) {
        unsigned digit = (unsigned)(p->text[p->at] - '0');
        if (*value > ((uint64_t)INT64_MAX - digit) / 10)
            return fail_at(p, start, "a larger number", expected);
        *value = 10 * *value + digit;
    }
    if (p->at == start)
        return fail_next(p, expected);
    if (p->text[start] == '0' && p->at - start > 1)
        return fail_at(p, start, "a number that begins with 0", expected);
    if (*value == 0)
        return fail_at(p, start, "0", "a dimension of at least 1: the data set is empty");
    return MLP_OK;
}

static mlp_status parse_shape(struct parser *p, struct mlp_npy_header *header)
{
    size_t at = p->at;
    if (!take(p, '('))
        return fail_next(p, "'(', as a shape begins");
    bool goes_on = true;
    while (!take(p, ')')) {
        if (!goes_on)
            return fail_next(p, "',' or ')'");
        if (header->dimensions == MLP_NPY_DIMENSIONS)
            return fail_at(p, at, "more than 4 dimensions", "1 to 4");
        mlp_status status = parse_dimension(p, &header->dimension[header->dimensions]);
        if (status != MLP_OK)
            return status;
        header->dimensions++;
        goes_on = take(p, ',');
    }
    if (header->dimensions == 0)
        return fail_at(p, at, "no dimensions", "1 to 4");
    if (header->dimensions == 1 && !goes_on)
        return fail_at(p, at, "a number in parentheses", "a comma behind a single dimension");
    return MLP_OK;
}

/* One entry: its key, a colon, its value. */
static mlp_status parse_entry(struct parser *p, bool seen[KEYS], struct mlp_npy_header *header)
{
    static const char expected[] = "one of the keys 'descr', 'fortran_order' and 'shape'";
    char text[LONGEST_WORD], found[LONGEST_WORD + 32];
    skip_blanks(p);
    size_t at = p->at, key = 0;
    mlp_status status = take_text(p, text, expected);
    if (status != MLP_OK)
        return status;
    while (key < KEYS && strcmp(keys[key], text) != 0)
        key++;
    if (key == KEYS || seen[key]) {
        snprintf(found, sizeof found, "the key '%s'%s", text, key == KEYS ? "" : " again");
        return fail_at(p, at, found, expected);
    }
    seen[key] = true;
    if (!take(p, ':'))
        return fail_next(p, "':'");
    skip_blanks(p);
    if (key == DESCR)
        return parse_descr(p, header);
    return key == SHAPE ? parse_shape(p, header) : parse_fortran_order(p, header);
}

static mlp_status parse_dict(struct parser *p, struct mlp_npy_header *header)
{
    bool seen[KEYS] = {false}, goes_on = true;
    if (!take(p, '{'))
        return fail_next(p, "'{', as a dict begins");
    while (!take(p, '}')) {
        if (!goes_on)
            return fail_next(p, "',' or '}'");
        mlp_status status = parse_entry(p, seen, header);
        if (status != MLP_OK)
            return status;
        goes_on = take(p, ',');
    }
    for (size_t key = 0; key < KEYS; key++) {
        char expected[LONGEST_WORD];
        snprintf(expected, sizeof expected, "the key '%s'", keys[key]);
        if (!seen[key])
            return fail_at(p, p->at - 1, "the dict's end", expected);
    }
    skip_blanks(p);
    return p->at == p->size ? MLP_OK : fail_next(p, "the header's end");
}

/* --- Sizes --------------------------------------------------------------------- */

/* Compares what the header promises with what there can be. */
static mlp_status check_size(const struct mlp_npy_stream *stream, struct mlp_npy_header *header,
                             mlp_error *error)
{
    char text[MLP_NPY_SHAPE_TEXT];
    uint64_t size = header->size, most = stream->limit - header->start;
    for (size_t i = 0; i < header->dimensions; i++) {
        if (size > UINT64_MAX / header->dimension[i])
            return mlp_fail(error, MLP_ERROR_DATA,
                            "%s: %s %llu: found the shape %s, expected fewer than 2^64 bytes",
                            stream->name, stream->unit, (unsigned long long)header->start,
                            mlp_npy_shape(header, text));
        size *= header->dimension[i];
    }
    if (size > most || (size < most && stream->exact))
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: %s %llu: found the shape %s, %llu bytes, expected %llu%s in a file of "
                        "this length",
                        stream->name, stream->unit, (unsigned long long)header->start,
                        mlp_npy_shape(header, text), (unsigned long long)size,
                        (unsigned long long)most, stream->exact ? "" : " at most");
    if (size > SIZE_MAX / 8) /* floats of bytes are four times as large */
        return mlp_fail_memory(error, stream->name);
    header->values_size = size;
    return MLP_OK;
}

static mlp_status check_prefix(const struct mlp_npy_stream *stream,
                               const unsigned char prefix[PREFIX_SIZE], mlp_error *error)
{
    const unsigned char *version = prefix + MAGIC_SIZE;
    if (memcmp(prefix, magic, sizeof magic) != 0)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: %s 0: found %02x %02x %02x %02x %02x %02x%s, expected 93 4e 55 4d 50 "
                        "59 as npy files have",
                        stream->name, stream->unit, prefix[0], prefix[1], prefix[2], prefix[3],
                        prefix[4], prefix[5], prefix[0] == '<' ? " (a web page?)" : "");
    if (version[0] < 1 || version[0] > NEWEST_VERSION || version[1] != 0)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: %s %d: found version %d.%d, expected 1.0, 2.0 or 3.0", stream->name,
                        stream->unit, MAGIC_SIZE, version[0], version[1]);
    return MLP_OK;
}

/* The header's length, whose last byte is before `start`. */
static mlp_status check_length(const struct mlp_npy_stream *stream, uint64_t start, size_t length,
                               mlp_error *error)
{
    uint64_t rest = stream->limit > start ? stream->limit - start : 0;
    uint64_t most = rest < MAX_HEADER ? rest : MAX_HEADER;
    if (length > most)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: %s %d: found a header of %zu bytes, expected %llu at most%s",
                        stream->name, stream->unit, PREFIX_SIZE, length, (unsigned long long)most,
                        most < MAX_HEADER ? " in a file of this length" : "");
    if (length == 0)
        return mlp_fail(error, MLP_ERROR_DATA, "%s: %s %d: found an empty header, expected a dict",
                        stream->name, stream->unit, PREFIX_SIZE);
    return MLP_OK;
}

/* Reads magic string, version and length of the header, up to its text. */
static mlp_status read_prefix(const struct mlp_npy_stream *stream, uint64_t *start, size_t *length,
                              mlp_error *error)
{
    unsigned char prefix[PREFIX_SIZE], bytes[4] = {0};
    mlp_status status = mlp_npy_read_exactly(stream, 0, prefix, sizeof prefix,
                                             "an npy magic string and version", error);
    if (status == MLP_OK)
        status = check_prefix(stream, prefix, error);
    if (status != MLP_OK)
        return status;
    size_t size = prefix[MAGIC_SIZE] == 1 ? 2 : 4;
    status = mlp_npy_read_exactly(stream, PREFIX_SIZE, bytes, size, "the length of an npy header",
                                  error);
    *start = PREFIX_SIZE + size;
    *length = mlp_load_u32(bytes);
    return status == MLP_OK ? check_length(stream, *start, *length, error) : status;
}

mlp_status mlp_npy_read_header(const struct mlp_npy_stream *stream, struct mlp_npy_header *out,
                               mlp_error *error)
{
    *out = (struct mlp_npy_header){0};
    uint64_t start = 0;
    size_t length = 0;
    mlp_status status = read_prefix(stream, &start, &length, error);
    if (status != MLP_OK)
        return status;
    char *text = mlp_alloc_uninitialized(length, 1);
    if (!text)
        return mlp_fail_memory(error, stream->name);
    struct parser parser = {
        .stream = stream, .text = text, .size = length, .offset = start, .error = error};
    status = mlp_npy_read_exactly(stream, start, text, length, "an npy header", error);
    if (status == MLP_OK)
        status = parse_dict(&parser, out);
    mlp_free(text);
    out->start = start + length;
    out->fortran = out->fortran && out->dimensions > 1;
    return status == MLP_OK ? check_size(stream, out, error) : status;
}
