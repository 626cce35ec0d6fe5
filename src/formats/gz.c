/* SPDX-License-Identifier: MIT */
#include "formats/gz.h"

#include "alloc.h"
#include "bytes.h"
#include "error.h"
#include "file.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum {
    INPUT_SIZE = 1 << 18,  /* compressed bytes held at a time */
    MAX_PART = 1 << 30,    /* bytes per call of inflate, whose counts are of 32 bits */
    GZIP_WINDOW = 15 + 16, /* the largest window, gzip's header and trailer */
    MAX_RATIO = 1032,      /* deflate's best: 258 bytes in two bits */
    HEADER_SIZE = 10,      /* of a member, without what the flags add */
    OPTIONAL_FIELDS = 1 << 2 | 1 << 3 | 1 << 4, /* flags: extra field, name, comment */
};

static const unsigned char magic[2] = {0x1f, 0x8b};

struct mlp_gz {
    const char *path;
    int fd;
    uint64_t size;     /* of the file */
    uint64_t fetched;  /* bytes of the file that have been read */
    uint64_t position; /* bytes of the content that have been handed out */

    /* The rest is for compressed files only. */
    unsigned char *input; /* [INPUT_SIZE]; NULL in a plain file */
    bool inside;          /* a member has begun and not ended */
    bool initialized;
    uint64_t member; /* where it begins in the file */
    gz_header header;
    z_stream stream;
};

static void *zlib_alloc(void *context, unsigned count, unsigned size)
{
    (void)context;
    return mlp_alloc(count, size);
}

static void zlib_free(void *context, void *memory)
{
    (void)context;
    mlp_free(memory);
}

static mlp_status start_inflate(struct mlp_gz *gz, mlp_error *error)
{
    gz->input = mlp_alloc_uninitialized(INPUT_SIZE, 1);
    gz->stream.zalloc = zlib_alloc;
    gz->stream.zfree = zlib_free;
    if (!gz->input || inflateInit2(&gz->stream, GZIP_WINDOW) != Z_OK)
        return mlp_fail_memory(error, gz->path);
    gz->initialized = true;
    return MLP_OK;
}

mlp_status mlp_gz_open(const char *path, struct mlp_gz **out, mlp_error *error)
{
    *out = NULL;
    struct mlp_gz *gz = mlp_alloc(1, sizeof *gz);
    if (!gz)
        return mlp_fail_memory(error, path);
    gz->path = path;
    gz->fd = -1;
    mlp_status status = mlp_file_open(path, &gz->fd, &gz->size, error);
    if (status != MLP_OK)
        gz->fd = -1;

    unsigned char start[sizeof magic] = {0};
    if (status == MLP_OK && gz->size >= sizeof start)
        status = mlp_file_read(gz->fd, path, 0, start, sizeof start, error);
    if (status == MLP_OK && memcmp(start, magic, sizeof magic) == 0)
        status = start_inflate(gz, error);
    if (status != MLP_OK) {
        mlp_gz_close(gz);
        return status;
    }
    *out = gz;
    return MLP_OK;
}

void mlp_gz_close(struct mlp_gz *gz)
{
    if (!gz)
        return;
    if (gz->initialized)
        inflateEnd(&gz->stream);
    if (gz->fd >= 0)
        close(gz->fd);
    mlp_free(gz->input);
    mlp_free(gz);
}

uint64_t mlp_gz_limit(const struct mlp_gz *gz)
{
    if (!gz->input)
        return gz->size;
    return gz->size > UINT64_MAX / MAX_RATIO ? UINT64_MAX : gz->size * MAX_RATIO;
}

bool mlp_gz_is_packed(const struct mlp_gz *gz)
{
    return gz->input != NULL;
}

const char *mlp_gz_unit(const struct mlp_gz *gz)
{
    return gz->input ? "unpacked byte" : "byte";
}

/* Bytes of the file that inflate has used. */
static uint64_t used(const struct mlp_gz *gz)
{
    return gz->fetched - gz->stream.avail_in;
}

static mlp_status fail_truncated(const struct mlp_gz *gz, mlp_error *error)
{
    const char *missing = "more compressed data and the 8 bytes of its trailer";
    if (gz->header.done == 0) {
        unsigned char start[4] = {0};
        missing = "the 10 bytes of a gz header";
        if (gz->size - gz->member >= HEADER_SIZE) {
            mlp_status status =
                mlp_file_read(gz->fd, gz->path, gz->member, start, sizeof start, error);
            if (status != MLP_OK)
                return status;
            missing = start[3] & OPTIONAL_FIELDS
                          ? "the end of the name, comment or extra field of a gz header"
                          : "the rest of a gz header";
        }
    }
    return mlp_fail(error, MLP_ERROR_DATA, "%s: ends at byte %llu, expected %s", gz->path,
                    (unsigned long long)gz->size, missing);
}

/* The failure that inflate has reported as `code`. */
static mlp_status fail_inflate(const struct mlp_gz *gz, int code, mlp_error *error)
{
    if (code == Z_MEM_ERROR)
        return mlp_fail_memory(error, gz->path);
    const char *reason = gz->stream.msg ? gz->stream.msg : "invalid data";
    bool bad_sum = strcmp(reason, "incorrect data check") == 0;
    bool bad_length = strcmp(reason, "incorrect length check") == 0;
    bool in_header = gz->header.done == 0;
    uint64_t at = used(gz);
    if (!bad_sum && !bad_length && !in_header)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: before byte %llu: found \"%s\", expected valid deflate data", gz->path,
                        (unsigned long long)at, reason);

    /* The four bytes in question have been read: they are in the file. */
    unsigned char found[4];
    at = in_header ? gz->member : at - sizeof found;
    mlp_status status = mlp_file_read(gz->fd, gz->path, at, found, sizeof found, error);
    if (status != MLP_OK)
        return status;
    if (in_header)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: byte %llu: found a gz header that begins with %02x %02x %02x %02x, "
                        "expected 1f 8b 08, flags below 20 and a valid header (%s)",
                        gz->path, (unsigned long long)at, found[0], found[1], found[2], found[3],
                        reason);
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: byte %llu: found the %s 0x%08lx, expected 0x%08lx as the content has it",
                    gz->path, (unsigned long long)at, bad_sum ? "CRC-32" : "length",
                    (unsigned long)mlp_load_u32(found),
                    (bad_sum ? gz->stream.adler : gz->stream.total_out) & 0xffffffffUL);
}

static mlp_status fetch(struct mlp_gz *gz, mlp_error *error)
{
    uint64_t left = gz->size - gz->fetched;
    size_t part = left < INPUT_SIZE ? (size_t)left : INPUT_SIZE;
    mlp_status status = mlp_file_read(gz->fd, gz->path, gz->fetched, gz->input, part, error);
    if (status != MLP_OK)
        return status;
    gz->fetched += part;
    gz->stream.next_in = gz->input;
    gz->stream.avail_in = (unsigned)part;
    return MLP_OK;
}

/* At the first byte behind a member, or of the file: another must begin there. */
static mlp_status start_member(struct mlp_gz *gz, mlp_error *error)
{
    unsigned char found[sizeof magic] = {0};
    gz->member = used(gz);
    uint64_t left = gz->size - gz->member;
    size_t size = left < sizeof found ? (size_t)left : sizeof found;
    mlp_status status = mlp_file_read(gz->fd, gz->path, gz->member, found, size, error);
    if (status != MLP_OK)
        return status;
    if (memcmp(found, magic, sizeof magic) != 0)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: byte %llu: found %llu bytes of garbage behind the gz data, the first "
                        "0x%02x, expected the end of the file",
                        gz->path, (unsigned long long)gz->member, (unsigned long long)left,
                        found[0]);
    memset(&gz->header, 0, sizeof gz->header);
    inflateReset(&gz->stream);
    inflateGetHeader(&gz->stream, &gz->header);
    gz->inside = true;
    return MLP_OK;
}

/* Unpacks up to `size` bytes from what has been fetched; *count may be 0. */
static mlp_status unpack(struct mlp_gz *gz, unsigned char *to, size_t size, size_t *count,
                         mlp_error *error)
{
    unsigned part = size < MAX_PART ? (unsigned)size : MAX_PART;
    gz->stream.next_out = to;
    gz->stream.avail_out = part;
    int code = inflate(&gz->stream, Z_NO_FLUSH);
    *count = part - gz->stream.avail_out;
    if (code == Z_STREAM_END)
        gz->inside = false;
    else if (code == Z_BUF_ERROR && used(gz) == gz->size)
        return fail_truncated(gz, error); /* no progress, and nothing to come */
    else if (code != Z_OK && code != Z_BUF_ERROR)
        return fail_inflate(gz, code, error);
    return MLP_OK;
}

static mlp_status read_packed(struct mlp_gz *gz, unsigned char *to, size_t size, size_t *count,
                              mlp_error *error)
{
    mlp_status status = MLP_OK;
    while (*count < size && status == MLP_OK) {
        if (!gz->inside && used(gz) == gz->size)
            break;
        if (!gz->inside)
            status = start_member(gz, error);
        if (status == MLP_OK && gz->stream.avail_in == 0 && gz->fetched < gz->size)
            status = fetch(gz, error);
        size_t got = 0;
        if (status == MLP_OK)
            status = unpack(gz, to + *count, size - *count, &got, error);
        *count += got;
    }
    return status;
}

mlp_status mlp_gz_read(struct mlp_gz *gz, void *to, size_t size, size_t *count, mlp_error *error)
{
    mlp_status status;
    *count = 0;
    if (gz->input) {
        status = read_packed(gz, to, size, count, error);
    } else {
        uint64_t left = gz->size - gz->position;
        size_t part = left < size ? (size_t)left : size;
        status = mlp_file_read(gz->fd, gz->path, gz->position, to, part, error);
        if (status == MLP_OK)
            *count = part;
    }
    gz->position += *count;
    return status;
}

mlp_status mlp_gz_expect_end(struct mlp_gz *gz, mlp_error *error)
{
    unsigned char byte;
    size_t count;
    uint64_t end = gz->position;
    mlp_status status = mlp_gz_read(gz, &byte, 1, &count, error);
    if (status != MLP_OK || count == 0)
        return status;
    return mlp_fail(error, MLP_ERROR_DATA, "%s: goes on at %s %llu with 0x%02x, expected its end",
                    gz->path, mlp_gz_unit(gz), (unsigned long long)end, byte);
}
