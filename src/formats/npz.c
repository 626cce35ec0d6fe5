/* SPDX-License-Identifier: MIT */
/* NumPy's npz files: zip archives of npy files, as numpy.savez and numpy.savez_compressed write
 * them. The archive is mapped and read by libzip, which compares checksums; of its entries only the
 * arrays that are wanted are unpacked, and no further than their own headers promise. */
#include "alloc.h"
#include "error.h"
#include "formats/format.h"
#include "formats/npy.h"
#include "formats/source_name.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum {
    MAX_RATIO = 1032, /* deflate's best: 258 bytes in two bits */
    NAMES_TEXT = 160, /* of the arrays that are there, in messages */
    NAME_TEXT = PATH_MAX + 128,
};

/* --- Names ------------------------------------------------------------------- */

enum { MOST_NAMES = 8 };

/* What arrays are called, the first that is there counts. Inputs and what belongs to them are of
 * the same set. */
struct names {
    const char *inputs[MOST_NAMES], *goals[MOST_NAMES]; /* ended by NULL */
};

static const struct names train_names = {{"x_train", "X_train"}, {"y_train", "Y_train"}};
static const struct names test_names = {{"x_test", "X_test"}, {"y_test", "Y_test"}};
static const struct names all_names = {{"x", "X", "images", "data", "arr_0"},
                                       {"y", "Y", "labels", "target", "arr_1"}};

static const char ending[] = ".npy";

/* --- Archives ---------------------------------------------------------------- */

struct archive {
    const char *path;
    struct mlp_map map;
    zip_t *zip;
};

static void close_archive(struct archive *archive)
{
    if (archive->zip)
        zip_discard(archive->zip); /* and the source with it */
    mlp_file_unmap(&archive->map);
    *archive = (struct archive){0};
}

static mlp_status status_of(zip_error_t *reason)
{
    switch (zip_error_code_zip(reason)) {
    case ZIP_ER_MEMORY:
    case ZIP_ER_INTERNAL:
        return MLP_ERROR_INTERNAL;
    default: /* the file is in memory: what cannot be read is wrong */
        return MLP_ERROR_DATA;
    }
}

static mlp_status open_zip(struct archive *archive, mlp_error *error)
{
    zip_error_t reason;
    zip_error_init(&reason);
    zip_source_t *source =
        zip_source_buffer_create(archive->map.data, archive->map.size, 0, &reason);
    if (source)
        archive->zip = zip_open_from_source(source, ZIP_RDONLY, &reason);
    mlp_status status = MLP_OK;
    if (!archive->zip)
        status = mlp_fail(error, status_of(&reason),
                          "%s: found no zip archive (%s), expected one of npy files", archive->path,
                          zip_error_strerror(&reason));
    if (source && !archive->zip)
        zip_source_free(source);
    zip_error_fini(&reason);
    return status;
}

/* Whether the name leads out of the folder that an archive is unpacked in. */
static bool is_unsafe(const char *name)
{
    if (name[0] == '/' || strchr(name, '\\') || (name[0] != '\0' && name[1] == ':'))
        return true;
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return true;
    }
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Looks at all names, of which names[] becomes the list. */
static mlp_status check_list(const struct archive *archive, const char **names, size_t count,
                             mlp_error *error)
{
    for (size_t i = 0; i < count; i++) {
        names[i] = zip_get_name(archive->zip, i, ZIP_FL_ENC_RAW);
        if (!names[i])
            return mlp_fail(error, status_of(zip_get_error(archive->zip)),
                            "%s: entry %zu: found no name (%s), expected one", archive->path, i,
                            zip_strerror(archive->zip));
        if (is_unsafe(names[i]))
            return mlp_fail(error, MLP_ERROR_DATA,
                            "%s: entry %zu: found the name '%s', expected one that stays in its "
                            "folder",
                            archive->path, i, names[i]);
    }
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i - 1], names[i]) == 0)
            return mlp_fail(error, MLP_ERROR_DATA,
                            "%s: found two entries '%s', expected each name once", archive->path,
                            names[i]);
    }
    return MLP_OK;
}

static mlp_status check_names(const struct archive *archive, mlp_error *error)
{
    zip_int64_t count = zip_get_num_entries(archive->zip, 0);
    if (count <= 0)
        return mlp_fail(error, MLP_ERROR_DATA, "%s: found an empty archive, expected arrays",
                        archive->path);
    const char **names = mlp_alloc((size_t)count, sizeof *names);
    if (!names)
        return mlp_fail_memory(error, archive->path);
    mlp_status status = check_list(archive, names, (size_t)count, error);
    mlp_free(names);
    return status;
}

static mlp_status open_archive(const char *path, struct archive *archive, mlp_error *error)
{
    *archive = (struct archive){.path = path};
    mlp_status status = mlp_file_map(path, &archive->map, error);
    if (status != MLP_OK)
        return status;
    status = open_zip(archive, error);
    if (status == MLP_OK)
        status = check_names(archive, error);
    if (status != MLP_OK)
        close_archive(archive);
    return status;
}

/* --- Entries ----------------------------------------------------------------- */

/* Finds the entry of an array; false where it is not there. */
static bool find_entry(const struct archive *archive, const char *array, zip_uint64_t *index)
{
    char name[NAME_TEXT];
    if (strlen(array) + sizeof ending > sizeof name)
        return false;
    strcpy(name, array);
    strcat(name, ending);
    zip_int64_t found = zip_name_locate(archive->zip, name, ZIP_FL_ENC_RAW);
    *index = (zip_uint64_t)found;
    return found >= 0;
}

/* The first of names[] that is there, or NULL. */
static const char *find_first(const struct archive *archive, const char *const names[MOST_NAMES])
{
    zip_uint64_t index;
    for (size_t i = 0; names[i]; i++) {
        if (find_entry(archive, names[i], &index))
            return names[i];
    }
    return NULL;
}

/* An entry that is being read. */
struct entry {
    char name[NAME_TEXT]; /* for messages */
    zip_file_t *file;
};

static mlp_status read_entry(void *from, void *to, size_t size, size_t *count, mlp_error *error)
{
    struct entry *entry = from;
    *count = 0;
    while (*count < size) {
        zip_int64_t got = zip_fread(entry->file, (unsigned char *)to + *count, size - *count);
        if (got < 0)
            return mlp_fail(error, status_of(zip_file_get_error(entry->file)),
                            "%s: cannot be unpacked: %s, expected valid data", entry->name,
                            zip_file_strerror(entry->file));
        if (got == 0)
            return MLP_OK;
        *count += (size_t)got;
    }
    return MLP_OK;
}

/* Compares what the directory says with what the file can hold. */
static mlp_status check_entry(const struct archive *archive, const struct entry *entry,
                              const zip_stat_t *info, mlp_error *error)
{
    const zip_uint64_t needed =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    bool stored = info->comp_method == ZIP_CM_STORE;
    if ((info->valid & needed) != needed || info->encryption_method != ZIP_EM_NONE)
        return mlp_fail(error, MLP_ERROR_DATA, "%s: found encrypted data, expected plain ones",
                        entry->name);
    if (!stored && info->comp_method != ZIP_CM_DEFLATE)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: found compression method %d, expected 0 (stored) or 8 (deflate)",
                        entry->name, info->comp_method);
    if (info->comp_size > archive->map.size)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: found %llu packed bytes in the directory, expected %zu at most, the "
                        "file's length",
                        entry->name, (unsigned long long)info->comp_size, archive->map.size);
    uint64_t most = stored ? info->comp_size : info->comp_size * MAX_RATIO;
    if (info->size > most || (stored && info->size != most))
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: found the size %llu in the directory, expected %llu%s from %llu "
                        "packed bytes",
                        entry->name, (unsigned long long)info->size, (unsigned long long)most,
                        stored ? "" : " at most", (unsigned long long)info->comp_size);
    return MLP_OK;
}

/* Opens the entry of an array that is there. */
static mlp_status open_entry(const struct archive *archive, const char *array, struct entry *entry,
                             uint64_t *size, mlp_error *error)
{
    zip_uint64_t index = 0;
    zip_stat_t info;
    snprintf(entry->name, sizeof entry->name, "%s: %s%s", archive->path, array, ending);
    entry->file = NULL;
    if (!find_entry(archive, array, &index) || zip_stat_index(archive->zip, index, 0, &info) != 0)
        return mlp_fail(error, MLP_ERROR_DATA, "%s: found no such array, expected it", entry->name);
    mlp_status status = check_entry(archive, entry, &info, error);
    if (status != MLP_OK)
        return status;
    *size = info.size;
    entry->file = zip_fopen_index(archive->zip, index, 0);
    if (!entry->file)
        return mlp_fail(error, status_of(zip_get_error(archive->zip)),
                        "%s: cannot be opened: %s, expected valid data", entry->name,
                        zip_strerror(archive->zip));
    return MLP_OK;
}

static struct mlp_npy_stream stream_of(struct entry *entry, uint64_t size)
{
    return (struct mlp_npy_stream){
        .name = entry->name,
        .unit = "unpacked byte",
        .limit = size,
        .exact = true,
        .read = read_entry,
        .from = entry,
    };
}

static mlp_status read_inputs(const struct archive *archive, const char *array,
                              struct mlp_npy_inputs *out, mlp_error *error)
{
    *out = (struct mlp_npy_inputs){0};
    struct entry entry;
    uint64_t size = 0;
    mlp_status status = open_entry(archive, array, &entry, &size, error);
    if (status != MLP_OK)
        return status;
    struct mlp_npy_stream stream = stream_of(&entry, size);
    status = mlp_npy_read_inputs(&stream, out, error);
    zip_fclose(entry.file);
    return status;
}

static mlp_status read_goals(const struct archive *archive, const char *array,
                             struct mlp_npy_goals *out, mlp_error *error)
{
    struct entry entry;
    uint64_t size = 0;
    mlp_status status = open_entry(archive, array, &entry, &size, error);
    if (status != MLP_OK)
        return status;
    struct mlp_npy_stream stream = stream_of(&entry, size);
    status = mlp_npy_read_goals(&stream, out, error);
    zip_fclose(entry.file);
    return status;
}

/* --- Choosing ---------------------------------------------------------------- */

/* Arrays of the split, or NULL where they are not there. */
struct choice {
    const char *inputs, *goals;
    const struct names *names; /* what they may be called */
};

static struct choice choose(const struct archive *archive, mlp_split split)
{
    const struct names *own = split == MLP_TEST ? &test_names : &train_names;
    const char *inputs = find_first(archive, own->inputs);
    const struct names *names = inputs ? own : &all_names;
    return (struct choice){
        .inputs = inputs ? inputs : find_first(archive, names->inputs),
        .goals = find_first(archive, names->goals),
        .names = names,
    };
}

/* "x, X, images" */
static void list(const char *const names[MOST_NAMES], char text[NAMES_TEXT])
{
    size_t length = 0;
    for (size_t i = 0; names[i] && length < NAMES_TEXT; i++)
        length += (size_t)snprintf(text + length, NAMES_TEXT - length, "%s%s", i == 0 ? "" : ", ",
                                   names[i]);
}

static mlp_status fail_no_inputs(const struct archive *archive, mlp_split split, mlp_error *error)
{
    char own[NAMES_TEXT], all[NAMES_TEXT];
    list((split == MLP_TEST ? &test_names : &train_names)->inputs, own);
    list(all_names.inputs, all);
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: found no array of inputs, beside '%s', expected %s, %s", archive->path,
                    zip_get_name(archive->zip, 0, ZIP_FL_ENC_RAW), own, all);
}

static mlp_status fail_no_goals(const struct archive *archive, const struct choice *choice,
                                const mlp_source_options *options, mlp_error *error)
{
    char names[NAMES_TEXT];
    list(choice->names->goals, names);
    if (options->labels)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "%s: found no array '%s', expected one of that name, as --labels says",
                        archive->path, options->labels);
    return mlp_fail(error, MLP_ERROR_USAGE,
                    "%s: found no array %s with the labels of %s, expected one of them, or another "
                    "by --labels",
                    archive->path, names, choice->inputs);
}

/* --- Sources ----------------------------------------------------------------- */

static bool npz_claims(const char *source)
{
    static const char *const npz = ".npz";
    return mlp_source_stem(source, &npz, 1) > 0;
}

/* A test set is there where it has its own name; what cannot be read is called a training set. */
static bool npz_has(const char *source, mlp_split split)
{
    if (split == MLP_TRAIN)
        return mlp_source_exists(source);
    struct archive archive;
    if (open_archive(source, &archive, NULL) != MLP_OK)
        return false;
    bool found = find_first(&archive, test_names.inputs) != NULL;
    close_archive(&archive);
    return found;
}

static mlp_status read_arrays(const struct archive *archive, mlp_split split,
                              const mlp_source_options *options, struct mlp_npy_inputs *inputs,
                              struct mlp_npy_goals *goals, mlp_dataset **out, mlp_error *error)
{
    char name[NAME_TEXT] = "";
    zip_uint64_t index;
    struct choice choice = choose(archive, split);
    if (options->labels)
        choice.goals = find_entry(archive, options->labels, &index) ? options->labels : NULL;
    if (!choice.inputs)
        return fail_no_inputs(archive, split, error);
    if (!choice.goals && !options->unlabelled)
        return fail_no_goals(archive, &choice, options, error);
    mlp_status status = read_inputs(archive, choice.inputs, inputs, error);
    if (status == MLP_OK && !options->unlabelled) {
        snprintf(name, sizeof name, "%s: %s%s", archive->path, choice.goals, ending);
        status = read_goals(archive, choice.goals, goals, error);
    }
    if (status == MLP_OK)
        status = mlp_npy_join(inputs, choice.inputs, goals, name, out, error);
    return status;
}

static mlp_status npz_open(const char *source, mlp_split split, const mlp_source_options *options,
                           mlp_dataset **out, mlp_error *error)
{
    struct archive archive;
    struct mlp_npy_inputs inputs = {0};
    struct mlp_npy_goals goals = {0};
    mlp_status status = open_archive(source, &archive, error);
    if (status != MLP_OK)
        return status;
    status = read_arrays(&archive, split, options, &inputs, &goals, out, error);
    if (status != MLP_OK) {
        mlp_npy_free_inputs(&inputs);
        mlp_npy_free_goals(&goals);
    }
    close_archive(&archive);
    return status;
}

const struct mlp_format mlp_format_npz = {
    .options = MLP_FORMAT_UNLABELLED | MLP_FORMAT_LABELS,
    .claims = npz_claims,
    .has = npz_has,
    .open = npz_open,
};
