/* SPDX-License-Identifier: MIT */
/* What an npy file says of its array (numpy.lib.format, "Format Specification"): the magic string
 * \x93NUMPY, two bytes of version, the header's length (two bytes in version 1, four in 2 and 3,
 * little-endian), the header, the values. The header is a Python dict of three entries, which is
 * parsed here and never evaluated. */
#ifndef MLP_SRC_FORMATS_NPY_HEADER_H
#define MLP_SRC_FORMATS_NPY_HEADER_H

#include <mlp/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MLP_NPY_DIMENSIONS = 4 };

/* As mlp_gz_read: fewer than `size` bytes only where the content ends. */
typedef mlp_status mlp_npy_read(void *from, void *to, size_t size, size_t *count, mlp_error *error);

/* The content of an npy file, from its beginning to its end, wherever it comes from. */
struct mlp_npy_stream {
    const char *name; /* for messages: the file, and the array in it */
    const char *unit; /* what an offset is called in messages */
    uint64_t limit;   /* the most bytes that the content can have */
    bool exact;       /* it has as many */
    mlp_npy_read *read;
    void *from;
};

struct mlp_npy_header {
    char kind;   /* f: float, i: signed, u: unsigned, b: bool */
    size_t size; /* of a value, in bytes */
    bool big_endian;
    bool fortran; /* the first index runs fastest, and there are others */
    size_t dimensions;
    uint64_t dimension[MLP_NPY_DIMENSIONS]; /* at least 1 each */
    uint64_t start;                         /* offset of the values in the content */
    uint64_t values_size;                   /* their bytes; fits the stream's limit and a size_t */
};

/* Reads the header and leaves the stream at the values. MLP_ERROR_DATA where it is wrong, or
 * promises more than the content can have. */
mlp_status mlp_npy_read_header(const struct mlp_npy_stream *stream, struct mlp_npy_header *out,
                               mlp_error *error);

/* Reads `size` bytes of `what`, which begin at `offset`; MLP_ERROR_DATA where the content ends. */
mlp_status mlp_npy_read_exactly(const struct mlp_npy_stream *stream, uint64_t offset, void *to,
                                size_t size, const char *what, mlp_error *error);

enum { MLP_NPY_SHAPE_TEXT = 24 * MLP_NPY_DIMENSIONS };

/* "(3, 28, 28)" */
const char *mlp_npy_shape(const struct mlp_npy_header *header, char text[MLP_NPY_SHAPE_TEXT]);

#endif
