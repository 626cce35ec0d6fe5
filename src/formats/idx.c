/* SPDX-License-Identifier: MIT */
#include "formats/idx.h"

#include "alloc.h"
#include "data.h"
#include "error.h"
#include "formats/format.h"
#include "formats/gz.h"
#include "formats/source_name.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    TYPE_U8 = 0x08,
    TYPE_F32 = 0x0d,
    MAGIC_SIZE = 4, /* also of a dimension */
    MAX_DIMENSIONS = 4,
    MAX_HEADER = MAGIC_SIZE * (1 + MAX_DIMENSIONS),
};

/* --- Files ----------------------------------------------------------------- */

struct header {
    unsigned type, element_size, dimensions;
    uint32_t dimension[MAX_DIMENSIONS];
    uint64_t header_size, values_size; /* bytes */
};

/* Reads `size` bytes of `what`, which begin at `offset` of the content. */
static mlp_status read_exactly(struct mlp_gz *gz, const char *path, uint64_t offset, void *to,
                               size_t size, const char *what, mlp_error *error)
{
    size_t count;
    mlp_status status = mlp_gz_read(gz, to, size, &count, error);
    if (status == MLP_OK && count < size)
        return mlp_fail(error, MLP_ERROR_DATA, "%s: ends at %s %llu, expected %zu bytes of %s",
                        path, mlp_gz_unit(gz), (unsigned long long)(offset + count), size, what);
    return status;
}

static bool is_known(unsigned type)
{
    return type == TYPE_U8 || type == TYPE_F32;
}

static unsigned least_dimensions(enum mlp_idx_content content)
{
    return content == MLP_IDX_LABELS ? 1 : 2;
}

/* Labels may be vectors where they are targets. */
static unsigned most_dimensions(enum mlp_idx_content content, unsigned type)
{
    return content == MLP_IDX_IMAGES ? MAX_DIMENSIONS : type == TYPE_F32 ? 2 : 1;
}

static const char *expected_magic(enum mlp_idx_content content)
{
    return content == MLP_IDX_LABELS
               ? "00 00 08 01 as label files have (targets: 00 00 0d and 01 or 02)"
               : "00 00, 08 or 0d, and 02, 03 or 04 as image files have";
}

/* What may have happened, where the bytes tell. */
static const char *hint(const unsigned char magic[MAGIC_SIZE], enum mlp_idx_content content)
{
    bool swapped = magic[2] == 0 && magic[3] == 0;
    bool idx = magic[0] == 0 && magic[1] == 0;
    if (swapped && is_known(magic[1]))
        return " (byte-swapped)";
    if (idx && !is_known(magic[2]))
        return " (another element type)";
    if (idx && content == MLP_IDX_LABELS && magic[3] > 1 && magic[3] <= MAX_DIMENSIONS)
        return " (an image file)";
    if (idx && content == MLP_IDX_IMAGES && magic[3] == 1)
        return " (a label file)";
    if (idx)
        return " (another number of dimensions)";
    if (magic[0] == '<')
        return " (a web page?)";
    return "";
}

static mlp_status read_magic(struct mlp_gz *gz, const char *path, enum mlp_idx_content content,
                             struct header *header, mlp_error *error)
{
    unsigned char magic[MAGIC_SIZE];
    mlp_status status =
        read_exactly(gz, path, 0, magic, sizeof magic, "an IDX magic number", error);
    if (status != MLP_OK)
        return status;
    if (magic[0] != 0 || magic[1] != 0 || !is_known(magic[2]) ||
        magic[3] < least_dimensions(content) || magic[3] > most_dimensions(content, magic[2]))
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: %s 0: found the IDX magic number %02x %02x %02x %02x%s, expected %s",
                        path, mlp_gz_unit(gz), magic[0], magic[1], magic[2], magic[3],
                        hint(magic, content), expected_magic(content));
    header->type = magic[2];
    header->element_size = magic[2] == TYPE_F32 ? 4 : 1;
    header->dimensions = magic[3];
    header->header_size = MAGIC_SIZE * (1 + (uint64_t)magic[3]);
    return MLP_OK;
}

/* "3 x 28 x 28" */
static const char *shape(const struct header *header, char text[MAX_DIMENSIONS * 16])
{
    size_t length = 0;
    for (unsigned i = 0; i < header->dimensions; i++)
        length += (size_t)snprintf(text + length, MAX_DIMENSIONS * 16 - length, "%s%lu",
                                   i == 0 ? "" : " x ", (unsigned long)header->dimension[i]);
    return text;
}

static uint32_t load_big_endian(const unsigned char bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static mlp_status read_dimensions(struct mlp_gz *gz, const char *path, struct header *header,
                                  mlp_error *error)
{
    unsigned char bytes[MAX_HEADER];
    mlp_status status =
        read_exactly(gz, path, MAGIC_SIZE, bytes, (size_t)header->header_size - MAGIC_SIZE,
                     "IDX dimensions", error);
    if (status != MLP_OK)
        return status;
    for (unsigned i = 0; i < header->dimensions; i++) {
        header->dimension[i] = load_big_endian(bytes + MAGIC_SIZE * i);
        if (header->dimension[i] == 0)
            return mlp_fail(error, MLP_ERROR_DATA,
                            "%s: %s %u: found 0 as dimension %u, expected at least 1: the data set "
                            "is empty",
                            path, mlp_gz_unit(gz), MAGIC_SIZE * (1 + i), i + 1);
    }

    char text[MAX_DIMENSIONS * 16];
    header->values_size = header->element_size;
    for (unsigned i = 0; i < header->dimensions; i++) {
        if (header->values_size > UINT64_MAX / header->dimension[i])
            return mlp_fail(error, MLP_ERROR_DATA,
                            "%s: %s %d: found the dimensions %s, expected a product below 2^%d",
                            path, mlp_gz_unit(gz), MAGIC_SIZE, shape(header, text),
                            header->type == TYPE_F32 ? 62 : 64);
        header->values_size *= header->dimension[i];
    }
    return MLP_OK;
}

/* Compares what the header promises with what the file can hold. */
static mlp_status check_size(const struct mlp_gz *gz, const char *path, const struct header *header,
                             mlp_error *error)
{
    char text[MAX_DIMENSIONS * 16];
    uint64_t limit = mlp_gz_limit(gz);
    if (header->values_size > limit - header->header_size)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: %s %d: found the dimensions %s, %llu bytes, expected %llu at most in "
                        "a file of this length",
                        path, mlp_gz_unit(gz), MAGIC_SIZE, shape(header, text),
                        (unsigned long long)header->values_size,
                        (unsigned long long)(limit - header->header_size));
    if (header->values_size > SIZE_MAX)
        return mlp_fail_memory(error, path);
    return MLP_OK;
}

static mlp_status read_header(struct mlp_gz *gz, const char *path, enum mlp_idx_content content,
                              struct header *header, mlp_error *error)
{
    mlp_status status = read_magic(gz, path, content, header, error);
    if (status == MLP_OK)
        status = read_dimensions(gz, path, header, error);
    if (status == MLP_OK)
        status = check_size(gz, path, header, error);
    return status;
}

static mlp_status read_values(struct mlp_gz *gz, const char *path, const struct header *header,
                              unsigned char **values, mlp_error *error)
{
    size_t size = (size_t)header->values_size;
    *values = mlp_alloc_uninitialized(size, 1);
    if (!*values)
        return mlp_fail_memory(error, path);
    mlp_status status =
        read_exactly(gz, path, header->header_size, *values, size, "IDX values", error);
    if (status == MLP_OK)
        status = mlp_gz_expect_end(gz, error);
    return status;
}

/* Makes floats of the bytes, in their place. */
static mlp_status convert_f32(const struct mlp_gz *gz, const char *path,
                              const struct header *header, unsigned char *values, mlp_error *error)
{
    for (uint64_t at = 0; at < header->values_size; at += 4) {
        uint32_t bits = load_big_endian(values + at);
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            return mlp_fail(error, MLP_ERROR_DATA,
                            "%s: %s %llu: found %s, expected a finite number", path,
                            mlp_gz_unit(gz), (unsigned long long)(header->header_size + at),
                            isnan(value) ? "NaN" : "infinity");
        memcpy(values + at, &value, sizeof value);
    }
    return MLP_OK;
}

static mlp_status read_content(struct mlp_gz *gz, const char *path, enum mlp_idx_content content,
                               struct header *header, unsigned char **values, mlp_error *error)
{
    mlp_status status = read_header(gz, path, content, header, error);
    if (status == MLP_OK)
        status = read_values(gz, path, header, values, error);
    if (status == MLP_OK && header->type == TYPE_F32)
        status = convert_f32(gz, path, header, *values, error);
    return status;
}

mlp_status mlp_idx_read(const char *path, enum mlp_idx_content content, struct mlp_idx *out,
                        mlp_error *error)
{
    *out = (struct mlp_idx){0};
    struct mlp_gz *gz;
    struct header header = {0};
    unsigned char *values = NULL;
    mlp_status status = mlp_gz_open(path, &gz, error);
    if (status != MLP_OK)
        return status;
    status = read_content(gz, path, content, &header, &values, error);
    mlp_gz_close(gz);
    if (status != MLP_OK) {
        mlp_free(values);
        return status;
    }
    bool f32 = header.type == TYPE_F32, image = header.dimensions == 3;
    *out = (struct mlp_idx){
        .count = header.dimension[0],
        .features = (size_t)(header.values_size / header.element_size / header.dimension[0]),
        .height = image ? header.dimension[1] : 0,
        .width = image ? header.dimension[2] : 0,
        .u8 = f32 ? NULL : values,
        .f32 = f32 ? (float *)(void *)values : NULL,
    };
    return MLP_OK;
}

/* --- Data sets ------------------------------------------------------------- */

static void *values_of(const struct mlp_idx *idx)
{
    return idx->u8 ? (void *)idx->u8 : (void *)idx->f32;
}

static mlp_status join(const struct mlp_idx *images, const struct mlp_idx *labels,
                       mlp_dataset **out, mlp_error *error)
{
    struct mlp_dataset content = {
        .count = images->count,
        .features = images->features,
        .classes = labels->u8 ? mlp_dataset_label_classes(labels->u8, labels->count) : 0,
        .outputs = labels->f32 ? labels->features : 0,
        .u8 = images->u8,
        .f32 = images->f32,
        .labels = labels->u8,
        .targets = labels->f32,
        .height = images->height,
        .width = images->width,
        .owned = {values_of(images), values_of(labels)},
    };
    return mlp_dataset_create(&content, out, error);
}

/* `labels_path` may be NULL: there are none. */
static mlp_status open_pair(const char *images_path, const char *labels_path, mlp_dataset **out,
                            mlp_error *error)
{
    struct mlp_idx images, labels = {0};
    mlp_status status = mlp_idx_read(images_path, MLP_IDX_IMAGES, &images, error);
    if (status == MLP_OK && labels_path)
        status = mlp_idx_read(labels_path, MLP_IDX_LABELS, &labels, error);
    if (status == MLP_OK && labels_path && images.count != labels.count)
        status = mlp_fail(error, MLP_ERROR_DATA,
                          "%s: byte %d: found %zu %s, expected %zu, one for each image of %s",
                          labels_path, MAGIC_SIZE, labels.count, labels.f32 ? "targets" : "labels",
                          images.count, images_path);
    if (status == MLP_OK)
        status = join(&images, &labels, out, error);
    if (status != MLP_OK) {
        mlp_free(values_of(&images));
        mlp_free(values_of(&labels));
    }
    return status;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static const char *file_name(mlp_split split, enum mlp_idx_content content)
{
    if (content == MLP_IDX_IMAGES)
        return split == MLP_TRAIN ? "train-images-idx3-ubyte" : "t10k-images-idx3-ubyte";
    return split == MLP_TRAIN ? "train-labels-idx1-ubyte" : "t10k-labels-idx1-ubyte";
}

/* Finds the file in the folder, plain before gz; false where neither is there,
 * or its path is too long for any system call. */
static bool find(const char *folder, mlp_split split, enum mlp_idx_content content,
                 char path[PATH_MAX])
{
    static const char *const endings[] = {"", ".gz"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        int length =
            snprintf(path, PATH_MAX, "%s/%s%s", folder, file_name(split, content), endings[i]);
        if (length > 0 && length < PATH_MAX && mlp_source_exists(path))
            return true;
    }
    return false;
}

static bool folder_has(const char *source, mlp_split split)
{
    char path[PATH_MAX];
    return find(source, split, MLP_IDX_IMAGES, path) || find(source, split, MLP_IDX_LABELS, path);
}

static mlp_status folder_open(const char *source, mlp_split split,
                              const mlp_source_options *options, mlp_dataset **out,
                              mlp_error *error)
{
    char images[PATH_MAX], labels[PATH_MAX];
    enum mlp_idx_content missing = MLP_IDX_IMAGES;
    bool found = find(source, split, missing, images);
    if (found && !options->unlabelled) {
        missing = MLP_IDX_LABELS;
        found = find(source, split, missing, labels);
    }
    if (!found)
        return mlp_fail(error, MLP_ERROR_INTERNAL, "%s: found no file %s in it, plain or .gz",
                        source, file_name(split, missing));
    return open_pair(images, options->unlabelled ? NULL : labels, out, error);
}

const struct mlp_format mlp_format_idx_folder = {
    .options = MLP_FORMAT_UNLABELLED,
    .claims = is_folder,
    .has = folder_has,
    .open = folder_open,
};

/* Writes the label file's path for the image file's: the last "images-idx3" of
 * its name becomes "labels-idx1". False where there is none to replace. */
static bool labels_path(const char *images, char labels[PATH_MAX])
{
    static const char from[] = "images-idx3", to[] = "labels-idx1";
    const char *name = strrchr(images, '/');
    const char *last = NULL;
    for (const char *at = name ? name : images; (at = strstr(at, from)) != NULL; at++)
        last = at;
    if (!last || strlen(images) >= PATH_MAX)
        return false;
    strcpy(labels, images);
    memcpy(labels + (last - images), to, sizeof to - 1);
    return true;
}

/* Adds ".gz", or takes it away. */
static void toggle_gz(char path[PATH_MAX])
{
    size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, ".gz") == 0)
        path[length - 3] = '\0';
    else if (length + 3 < PATH_MAX)
        strcpy(path + length, ".gz");
}

static bool any_source(const char *source)
{
    (void)source;
    return true;
}

/* One file is one split, the one that the user says it is. */
static bool file_has(const char *source, mlp_split split)
{
    return split == MLP_TRAIN && mlp_source_exists(source);
}

static mlp_status file_open(const char *source, mlp_split split, const mlp_source_options *options,
                            mlp_dataset **out, mlp_error *error)
{
    (void)split;
    char labels[PATH_MAX];
    if (!mlp_source_exists(source))
        return mlp_fail(error, MLP_ERROR_INTERNAL,
                        "%s: there is no such file or folder, and no built-in set of this name",
                        source);
    if (options->unlabelled)
        return open_pair(source, NULL, out, error);
    if (!labels_path(source, labels)) {
        /* What cannot be read at all has that as its reason. */
        struct mlp_gz *gz;
        mlp_status status = mlp_gz_open(source, &gz, error);
        mlp_gz_close(gz);
        if (status != MLP_OK)
            return status;
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "%s: found no 'images-idx3' in the name, expected an image file whose "
                        "label file has 'labels-idx1' there, or a name that ends in .csv, .tsv, "
                        ".npy or .npz",
                        source);
    }
    if (!mlp_source_exists(labels)) {
        toggle_gz(labels);
        if (!mlp_source_exists(labels))
            toggle_gz(labels); /* the message names the likelier one */
    }
    return open_pair(source, labels, out, error);
}

const struct mlp_format mlp_format_idx_file = {
    .options = MLP_FORMAT_UNLABELLED,
    .claims = any_source,
    .has = file_has,
    .open = file_open,
};
