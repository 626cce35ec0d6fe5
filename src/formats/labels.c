/* SPDX-License-Identifier: MIT */
#include "formats/labels.h"

#include "alloc.h"
#include "class_names.h"
#include "error.h"
#include "formats/number.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_CLASSES = 2 };

/* --- Texts ----------------------------------------------------------------- */

static mlp_status fail_text(const struct mlp_labels *labels, const char *text, size_t size,
                            size_t line, const char *expected, mlp_error *error)
{
    int shown = size < 40 ? (int)size : 40;
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: line %zu, column %zu: found the label '%.*s', expected %s", labels->path,
                    line, labels->column, shown, text, expected);
}

static mlp_status fail_label(const struct mlp_labels *labels, size_t i, const char *expected,
                             mlp_error *error)
{
    const struct mlp_label *label = &labels->texts[i];
    return fail_text(labels, label->text, label->size, label->line, expected, error);
}

/* Whether it can be a name: UTF-8, so that it can be part of a model's file, and of one line. */
static bool is_name(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    }
    json_t *string = json_stringn(text, size);
    json_decref(string);
    return string != NULL;
}

static bool as_number(const struct mlp_label *label, enum mlp_number *kind, float *value)
{
    *kind = mlp_number_parse(label->text, label->size, value);
    return *kind != MLP_NUMBER_NONE;
}

/* The first text that is a number, or is none; `known` where there is no such text. */
static size_t first_of(const struct mlp_labels *labels, bool number)
{
    enum mlp_number kind;
    float value;
    size_t i = 0;
    while (i < labels->known && as_number(&labels->texts[i], &kind, &value) != number)
        i++;
    return i;
}

/* Takes the numbers as classes. */
static mlp_status take_numbers(struct mlp_labels *labels, mlp_error *error)
{
    for (size_t i = 0; i < labels->known; i++) {
        enum mlp_number kind;
        float value = 0;
        as_number(&labels->texts[i], &kind, &value);
        if (kind != MLP_NUMBER_OK || !(value >= 0 && value < MLP_LABELS_CLASSES) ||
            value != floorf(value))
            return fail_label(labels, i, "a whole number from 0 to 255 (or target columns)", error);
        labels->classes[i] = (uint8_t)value;
    }
    return MLP_OK;
}

/* Either all are numbers, or all are texts: a slip of the pen must not make classes of numbers. */
static mlp_status check_mixture(const struct mlp_labels *labels, bool *numbers, mlp_error *error)
{
    size_t number = first_of(labels, true), text = first_of(labels, false);
    *numbers = text == labels->known;
    if (*numbers || number == labels->known)
        return MLP_OK;
    size_t odd = number < text ? text : number, first = number < text ? number : text;
    const struct mlp_label *label = &labels->texts[odd];
    int shown = label->size < 40 ? (int)label->size : 40;
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: line %zu, column %zu: found the label '%.*s', expected %s, as in line "
                    "%zu: labels are all numbers or all names",
                    labels->path, label->line, labels->column, shown, label->text,
                    odd == text ? "a number" : "a name, not a number", labels->texts[first].line);
}

static mlp_status fail_many(struct mlp_labels *labels, mlp_error *error)
{
    bool numbers = false;
    mlp_status status = check_mixture(labels, &numbers, error);
    if (status == MLP_OK && numbers)
        status = take_numbers(labels, error);
    if (status != MLP_OK)
        return status;
    return fail_label(labels, MLP_LABELS_CLASSES,
                      numbers ? "1024 spellings of classes at most"
                              : "256 different labels at most (or target columns)",
                      error);
}

static size_t hash(const char *text, size_t size)
{
    uint32_t value = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        value = (value ^ (unsigned char)text[i]) * 16777619u;
    return value;
}

static mlp_status add_new(struct mlp_labels *labels, const char *text, size_t size, size_t line,
                          mlp_error *error)
{
    if (size == 0)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu, column %zu: found an empty cell, expected a label",
                        labels->path, line, labels->column);
    if (!is_name(text, size))
        return fail_text(labels, text, size, line, "a text in UTF-8 without control characters",
                         error);
    if (labels->known == MLP_LABELS_TEXTS)
        return fail_many(labels, error);
    struct mlp_label *label = &labels->texts[labels->known];
    label->text = mlp_alloc(size + 1, 1);
    if (!label->text)
        return mlp_fail_memory(error, labels->path);
    memcpy(label->text, text, size);
    label->size = size;
    label->line = line;
    labels->known++;
    return MLP_OK;
}

mlp_status mlp_labels_add(struct mlp_labels *labels, const char *text, size_t size, size_t line,
                          uint16_t *number, mlp_error *error)
{
    size_t slot = hash(text, size) % MLP_LABELS_SLOTS;
    for (; labels->slots[slot] > 0; slot = (slot + 1) % MLP_LABELS_SLOTS) {
        *number = (uint16_t)(labels->slots[slot] - 1);
        const struct mlp_label *label = &labels->texts[*number];
        if (label->size == size && memcmp(label->text, text, size) == 0)
            return MLP_OK;
    }
    mlp_status status = add_new(labels, text, size, line, error);
    if (status != MLP_OK)
        return status;
    *number = (uint16_t)(labels->known - 1);
    labels->slots[slot] = (uint16_t)labels->known;
    return MLP_OK;
}

void mlp_labels_end(struct mlp_labels *labels)
{
    for (size_t i = 0; i < labels->known; i++)
        mlp_free(labels->texts[i].text);
    labels->known = 0;
}

/* --- Classes --------------------------------------------------------------- */

static size_t find(const char *const *names, size_t count, const char *text)
{
    size_t i = 0;
    while (i < count && strcmp(names[i], text) != 0)
        i++;
    return i;
}

static mlp_status look_up(struct mlp_labels *labels, const char *const *names, size_t count,
                          const char ***out, mlp_error *error)
{
    for (size_t i = 0; i < labels->known; i++) {
        size_t class = find(names, count, labels->texts[i].text);
        if (class == count)
            return mlp_fail(error, MLP_ERROR_DATA,
                            "%s: line %zu, column %zu: found the label '%.40s', expected one of "
                            "the %zu classes that are known, '%.40s' to '%.40s'",
                            labels->path, labels->texts[i].line, labels->column,
                            labels->texts[i].text, count, names[0], names[count - 1]);
        labels->classes[i] = (uint8_t) class;
    }
    *out = mlp_copy_names(names, count);
    return *out ? MLP_OK : mlp_fail_memory(error, labels->path);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Makes the texts themselves the classes. */
static mlp_status sort(struct mlp_labels *labels, const char ***names, size_t *count,
                       mlp_error *error)
{
    const char *sorted[MLP_LABELS_CLASSES];
    if (labels->known > MLP_LABELS_CLASSES)
        return fail_many(labels, error);
    if (labels->known < LEAST_CLASSES)
        return fail_label(labels, 0, "at least one other in the lines behind it", error);
    *count = labels->known;
    for (size_t i = 0; i < *count; i++)
        sorted[i] = labels->texts[i].text;
    qsort(sorted, *count, sizeof sorted[0], compare);
    return look_up(labels, sorted, *count, names, error);
}

mlp_status mlp_labels_resolve(struct mlp_labels *labels, const mlp_source_options *options,
                              const char ***names, size_t *count, mlp_error *error)
{
    bool numbers = false;
    *names = NULL;
    *count = 0;
    if (options->class_names) {
        if (options->class_count < LEAST_CLASSES || options->class_count > MLP_LABELS_CLASSES)
            return mlp_fail(error, MLP_ERROR_USAGE,
                            "%s: found %zu names of classes, expected %d to %d", labels->path,
                            options->class_count, LEAST_CLASSES, MLP_LABELS_CLASSES);
        *count = options->class_count;
        return look_up(labels, options->class_names, *count, names, error);
    }
    mlp_status status = check_mixture(labels, &numbers, error);
    if (status == MLP_OK)
        status = numbers ? take_numbers(labels, error) : sort(labels, names, count, error);
    return status;
}
