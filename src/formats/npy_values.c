/* SPDX-License-Identifier: MIT */
#include "formats/npy_values.h"

#include "alloc.h"
#include "error.h"
#include "file.h"
#include "threads.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum {
    BLOCK = 1 << 13,        /* values that are converted at a time: they stay in the cache */
    MAPPED_BLOCK = 1 << 20, /* that a thread checks at a time */
    LARGEST = 8,            /* bytes of a value */
};

/* --- Values ------------------------------------------------------------------ */

static inline uint64_t load(const unsigned char *from, size_t size, bool big_endian)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t)from[big_endian ? size - 1 - i : i] << (8 * i);
    return bits;
}

/* The number of `size` bytes in two's complement. */
static inline int64_t to_signed(uint64_t bits, size_t size)
{
    uint64_t sign = (uint64_t)1 << (8 * size - 1);
    return (int64_t)((bits ^ sign) - sign);
}

static inline float to_float(char kind, size_t size, uint64_t bits)
{
    uint32_t half = (uint32_t)bits;
    float single;
    double large;
    if (kind == 'i')
        return (float)to_signed(bits, size);
    if (kind != 'f')
        return (float)bits;
    memcpy(&single, &half, sizeof single);
    memcpy(&large, &bits, sizeof large);
    return size == sizeof single ? single : (float)large;
}

/* Called with constants, so that each type has a loop of its own. */
static inline void convert(const unsigned char *from, size_t n, char kind, size_t size,
                           bool big_endian, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = to_float(kind, size, load(from + i * size, size, big_endian));
}

static void convert_f32(const struct mlp_npy_header *header, const unsigned char *from, size_t n,
                        float *to)
{
    bool big = header->big_endian;
    if (header->kind == 'f' && header->size == 4 && !big)
        convert(from, n, 'f', 4, false, to);
    else if (header->kind == 'f' && header->size == 4)
        convert(from, n, 'f', 4, true, to);
    else if (header->kind == 'f' && !big)
        convert(from, n, 'f', 8, false, to);
    else
        convert(from, n, header->kind, header->size, big, to);
}

/* --- Finite ------------------------------------------------------------------ */

/* Not finite is an exponent of ones alone. Without a branch, so that compilers take many values at
 * a time. */
static bool all_finite(const float *values, size_t n)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bad |= (bits & exponent) == exponent;
    }
    return bad == 0;
}

static mlp_status fail_value(const struct mlp_npy_stream *stream,
                             const struct mlp_npy_header *header, uint64_t index, const char *found,
                             const char *expected, mlp_error *error)
{
    return mlp_fail(error, MLP_ERROR_DATA, "%s: %s %llu: found %s as value %llu, expected %s",
                    stream->name, stream->unit,
                    (unsigned long long)(header->start + index * header->size), found,
                    (unsigned long long)index, expected);
}

/* Names the value that is not finite, of those from number `first` of the file on. Where the file's
 * own type is larger, it may be finite there. */
static mlp_status fail_infinite(const struct mlp_npy_stream *stream,
                                const struct mlp_npy_header *header, const float *values,
                                uint64_t first, mlp_error *error)
{
    size_t i = 0;
    while (isfinite(values[i]))
        i++;
    const char *infinity =
        header->size == 8 ? "infinity, or a number beyond a float's range," : "infinity";
    return fail_value(stream, header, first + i, isnan(values[i]) ? "NaN" : infinity,
                      "a finite number", error);
}

/* The smaller of *least and `value`, whichever thread comes first. */
static void note_least(_Atomic size_t *least, size_t value)
{
    size_t now = *least;
    while (value < now && !atomic_compare_exchange_weak(least, &now, value))
        ;
}

mlp_status mlp_npy_check_finite(const struct mlp_npy_stream *stream,
                                const struct mlp_npy_header *header, const float *values,
                                mlp_error *error)
{
    size_t count = (size_t)(header->values_size / header->size);
    _Atomic size_t bad = SIZE_MAX;
    size_t blocks = count / MAPPED_BLOCK + (count % MAPPED_BLOCK > 0);
    int threads = mlp_threads_for(blocks);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t b = 0; b < blocks; b++) {
        size_t first = b * MAPPED_BLOCK;
        size_t n = count - first < MAPPED_BLOCK ? count - first : MAPPED_BLOCK;
        mlp_file_touch(values + first, n * sizeof *values);
        if (!all_finite(values + first, n))
            note_least(&bad, first);
    }
    return bad == SIZE_MAX ? MLP_OK : fail_infinite(stream, header, values + bad, bad, error);
}

/* --- Order ------------------------------------------------------------------- */

/* The next value of a file in Fortran order: the sample runs fastest, then the second index. */
struct place {
    const struct mlp_npy_header *header;
    size_t sample, feature; /* feature in C order */
    uint64_t index[MLP_NPY_DIMENSIONS];
};

static void advance(struct place *place)
{
    const struct mlp_npy_header *header = place->header;
    if (++place->sample < header->dimension[0])
        return;
    place->sample = 0;
    for (size_t d = 1; d < header->dimensions; d++) {
        if (++place->index[d] < header->dimension[d])
            break;
        place->index[d] = 0;
    }
    place->feature = 0;
    for (size_t d = 1; d < header->dimensions; d++)
        place->feature = place->feature * (size_t)header->dimension[d] + (size_t)place->index[d];
}

static void scatter_f32(struct place *place, const float *from, size_t n, float *to)
{
    size_t features = mlp_npy_features(place->header);
    for (size_t i = 0; i < n; i++, advance(place))
        to[place->sample * features + place->feature] = from[i];
}

static void scatter_u8(struct place *place, const uint8_t *from, size_t n, uint8_t *to)
{
    size_t features = mlp_npy_features(place->header);
    for (size_t i = 0; i < n; i++, advance(place))
        to[place->sample * features + place->feature] = from[i];
}

/* --- Reading ----------------------------------------------------------------- */

/* An array that is being read, block by block. */
struct reading {
    const struct mlp_npy_stream *stream;
    const struct mlp_npy_header *header;
    mlp_error *error;
    struct place place;
    unsigned char raw[BLOCK * LARGEST]; /* the block as it is in the file */
    float f32[BLOCK];
};

/* Takes the n values in raw[], from number `first` of the file on. */
typedef mlp_status take_block(struct reading *r, uint64_t first, size_t n, void *to);

static mlp_status take_f32(struct reading *r, uint64_t first, size_t n, void *to)
{
    const struct mlp_npy_header *header = r->header;
    float *values = header->fortran ? r->f32 : (float *)to + first;
    convert_f32(header, r->raw, n, values);
    if (header->kind == 'f' && !all_finite(values, n))
        return fail_infinite(r->stream, header, values, first, r->error);
    for (size_t i = 0; header->kind == 'b' && i < n; i++) {
        if (r->raw[i] > 1)
            return fail_value(r->stream, header, first + i, "neither 0 nor 1", "a bool", r->error);
    }
    if (header->fortran)
        scatter_f32(&r->place, values, n, to);
    return MLP_OK;
}

static mlp_status take_u8(struct reading *r, uint64_t first, size_t n, void *to)
{
    if (r->header->fortran)
        scatter_u8(&r->place, r->raw, n, to);
    else
        memcpy((uint8_t *)to + first, r->raw, n);
    return MLP_OK;
}

static mlp_status fail_label(const struct reading *r, uint64_t index, uint64_t bits)
{
    const struct mlp_npy_header *header = r->header;
    int64_t number = to_signed(bits, header->size);
    bool negative = header->kind == 'i' && number < 0;
    return mlp_fail(r->error, MLP_ERROR_DATA,
                    "%s: %s %llu: found %s%llu as label %llu, expected a class from 0 to %d%s",
                    r->stream->name, r->stream->unit,
                    (unsigned long long)(header->start + index * header->size), negative ? "-" : "",
                    (unsigned long long)(negative ? -(uint64_t)number : bits),
                    (unsigned long long)index, header->kind == 'b' ? 1 : 255,
                    header->kind == 'b' ? "" : " (targets are of f4 or f8)");
}

static mlp_status take_labels(struct reading *r, uint64_t first, size_t n, void *to)
{
    const struct mlp_npy_header *header = r->header;
    uint8_t *labels = (uint8_t *)to + first;
    uint64_t most = header->kind == 'b' ? 1 : UINT8_MAX;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = load(r->raw + i * header->size, header->size, header->big_endian);
        bool negative = header->kind == 'i' && to_signed(bits, header->size) < 0;
        if (negative || bits > most)
            return fail_label(r, first + i, bits);
        labels[i] = (uint8_t)bits;
    }
    return MLP_OK;
}

static mlp_status expect_end(const struct mlp_npy_stream *stream,
                             const struct mlp_npy_header *header, mlp_error *error)
{
    unsigned char byte;
    size_t count;
    mlp_status status = stream->read(stream->from, &byte, 1, &count, error);
    if (status != MLP_OK || count == 0)
        return status;
    return mlp_fail(error, MLP_ERROR_DATA, "%s: goes on at %s %llu with 0x%02x, expected its end",
                    stream->name, stream->unit,
                    (unsigned long long)(header->start + header->values_size), byte);
}

static mlp_status read_blocks(struct reading *r, take_block *take, void *to)
{
    const struct mlp_npy_header *header = r->header;
    uint64_t count = header->values_size / header->size;
    mlp_status status = MLP_OK;
    for (uint64_t first = 0; first < count && status == MLP_OK; first += BLOCK) {
        size_t n = count - first < BLOCK ? (size_t)(count - first) : BLOCK;
        status = mlp_npy_read_exactly(r->stream, header->start + first * header->size, r->raw,
                                      n * header->size, "npy values", r->error);
        if (status == MLP_OK)
            status = take(r, first, n, to);
    }
    return status == MLP_OK ? expect_end(r->stream, header, r->error) : status;
}

/* Reads all values, each of which takes `size` bytes of what it returns. */
static mlp_status read_values(const struct mlp_npy_stream *stream,
                              const struct mlp_npy_header *header, take_block *take, size_t size,
                              void **out, mlp_error *error)
{
    *out = mlp_alloc_uninitialized((size_t)(header->values_size / header->size), size);
    struct reading *r = mlp_alloc_uninitialized(1, sizeof *r);
    mlp_status status = MLP_OK;
    if (*out && r) {
        r->stream = stream;
        r->header = header;
        r->error = error;
        r->place = (struct place){.header = header};
        status = read_blocks(r, take, *out);
    } else {
        status = mlp_fail_memory(error, stream->name);
    }
    mlp_free(r);
    if (status != MLP_OK) {
        mlp_free(*out);
        *out = NULL;
    }
    return status;
}

mlp_status mlp_npy_read_f32(const struct mlp_npy_stream *stream,
                            const struct mlp_npy_header *header, float **out, mlp_error *error)
{
    void *values;
    mlp_status status = read_values(stream, header, take_f32, sizeof **out, &values, error);
    *out = values;
    return status;
}

mlp_status mlp_npy_read_u8(const struct mlp_npy_stream *stream, const struct mlp_npy_header *header,
                           uint8_t **out, mlp_error *error)
{
    void *values;
    mlp_status status = read_values(stream, header, take_u8, sizeof **out, &values, error);
    *out = values;
    return status;
}

mlp_status mlp_npy_read_labels(const struct mlp_npy_stream *stream,
                               const struct mlp_npy_header *header, uint8_t **out, mlp_error *error)
{
    void *values;
    mlp_status status = read_values(stream, header, take_labels, sizeof **out, &values, error);
    *out = values;
    return status;
}

bool mlp_npy_is_plain(const struct mlp_npy_header *header)
{
    const uint16_t one = 1;
    bool big_endian = *(const unsigned char *)&one == 0;
    if (header->fortran)
        return false;
    if (header->kind == 'u' && header->size == 1)
        return true;
    return header->kind == 'f' && header->size == sizeof(float) && header->big_endian == big_endian;
}
