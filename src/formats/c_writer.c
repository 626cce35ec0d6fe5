/* SPDX-License-Identifier: MIT */
#include "c_writer.h"

#include "c_excerpt.h"
#include "error.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MOST_COLUMNS = 100 };

/* --- Names ------------------------------------------------------------------------ */

mlp_status mlp_c_set_name(struct mlp_c_writer *w, const char *name, mlp_error *error)
{
    size_t size = strlen(name);
    if (size == 0 || size > MLP_EXPORT_NAME_MAX || mlp_c_identifier(name, size) != size)
        return mlp_fail(error, MLP_ERROR_USAGE,
                        "the name '%.60s' is no C identifier: expected at most %d letters, digits "
                        "and underscores, no digit first",
                        name, MLP_EXPORT_NAME_MAX);
    for (size_t i = 0; i < size; i++) {
        w->lower[i] = name[i];
        w->upper[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
    }
    w->lower[size] = w->upper[size] = '_';
    w->name_size = size + 1;
    return MLP_OK;
}

void mlp_c_rename(struct mlp_c_writer *w, const char *code, size_t size)
{
    enum { PREFIX = 4 };
    for (size_t i = 0; i < size;) {
        size_t length = mlp_c_identifier(code + i, size - i);
        const char *prefix = NULL;
        if (length > PREFIX && memcmp(code + i, "mlp_", PREFIX) == 0)
            prefix = w->lower;
        else if (length > PREFIX && memcmp(code + i, "MLP_", PREFIX) == 0)
            prefix = w->upper;
        size_t skipped = prefix ? PREFIX : 0;
        if (prefix)
            mlp_text_add(&w->text, prefix, w->name_size);
        length = length > 0 ? length : 1;
        mlp_text_add(&w->text, code + i + skipped, length - skipped);
        i += length;
    }
}

void mlp_c_flush(struct mlp_c_writer *w)
{
    w->text.failed = w->text.failed || w->code.failed;
    mlp_c_rename(w, w->code.data, w->code.size);
    w->code.size = 0;
}

void mlp_c_put(struct mlp_c_writer *w, const char *lines)
{
    mlp_text_add(&w->code, lines, strlen(lines));
}

void mlp_c_writer_end(struct mlp_c_writer *w)
{
    mlp_text_end(&w->code);
    mlp_text_end(&w->text);
}

/* --- Numbers ---------------------------------------------------------------------- */

size_t mlp_c_number(float value, char out[MLP_C_NUMBER])
{
    static const char digits[] = "0123456789abcdef";
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t fraction = (bits & 0x7fffff) << 1, biased = bits >> 23 & 0xff;
    const char *sign = bits >> 31 ? "-" : "";
    if (biased == 0 && fraction == 0)
        return (size_t)snprintf(out, MLP_C_NUMBER, "%s0.0f", sign);
    char hex[7];
    size_t count = 0;
    for (; fraction != 0; fraction = fraction << 4 & 0xffffff)
        hex[count++] = digits[fraction >> 20];
    hex[count] = '\0';
    return (size_t)snprintf(out, MLP_C_NUMBER, "%s0x%d%s%sp%df", sign, biased > 0,
                            count > 0 ? "." : "", hex, biased > 0 ? (int)biased - 127 : -126);
}

void mlp_c_begin_array(struct mlp_c_array *array, struct mlp_c_writer *w, const char *name,
                       size_t layer, size_t count)
{
    mlp_text_format(&w->code, "static const float mlp_%s%zu[%zu] = {", name, layer, count);
    mlp_c_flush(w);
    *array = (struct mlp_c_array){w, MOST_COLUMNS};
}

void mlp_c_add_number(struct mlp_c_array *array, float value)
{
    char number[MLP_C_NUMBER];
    struct mlp_text *text = &array->writer->text;
    size_t length = mlp_c_number(value, number);
    array->writer->infinite = array->writer->infinite || !isfinite(value);
    if (array->column + length + 2 > MOST_COLUMNS) {
        mlp_text_add(text, "\n    ", 5);
        array->column = 4;
    } else {
        mlp_text_add(text, " ", 1);
        array->column++;
    }
    mlp_text_add(text, number, length);
    mlp_text_add(text, ",", 1);
    array->column += length + 1;
}

void mlp_c_end_array(struct mlp_c_array *array)
{
    mlp_text_add(&array->writer->text, "\n};\n", 4);
}

void mlp_c_add_vector(struct mlp_c_writer *w, const char *name, size_t layer, const float *values,
                      size_t count)
{
    struct mlp_c_array array;
    mlp_c_begin_array(&array, w, name, layer, count);
    for (size_t i = 0; i < count; i++)
        mlp_c_add_number(&array, values[i]);
    mlp_c_end_array(&array);
}
