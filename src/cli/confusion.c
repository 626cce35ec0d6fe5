/* SPDX-License-Identifier: MIT */
#include "confusion.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    COLUMNS = 80,
    MOST_CLASSES = 20, /* of a matrix */
    WORST = 5,
    NAME_COLUMNS = 16,           /* of a name in a sentence */
    NAME_SIZE = 4 * COLUMNS + 1, /* a character of UTF-8 takes up to 4 bytes */
    NUMBER_SIZE = 3 * sizeof(size_t) + 1,
    LINE_SIZE = 2 * NAME_SIZE + 3 * NUMBER_SIZE + COLUMNS,
};

/* --- Names ----------------------------------------------------------------- */

static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The first `columns` characters of a name; control characters, which a file may
 * hold, become '?'. */
static void copy_name(char to[NAME_SIZE], const char *name, size_t columns)
{
    size_t length = 0, characters = 0;
    for (; name[length] != '\0' && length < NAME_SIZE - 1; length++) {
        unsigned char byte = (unsigned char)name[length];
        characters += !continues_character(name[length]);
        if (characters > columns)
            break;
        to[length] = byte < 0x20 || byte == 0x7f ? '?' : name[length];
    }
    to[length] = '\0';
}

static void name_class(char to[NAME_SIZE], const char *const *names, size_t class)
{
    if (names)
        copy_name(to, names[class], NAME_COLUMNS);
    else
        snprintf(to, NAME_SIZE, "%zu", class);
}

/* --- The matrix ------------------------------------------------------------ */

struct matrix {
    const size_t *confusion;
    size_t classes;
    bool per_cent;
    int label_width, widths[MOST_CLASSES];
};

static size_t count_of_label(const size_t *confusion, size_t classes, size_t label)
{
    size_t count = 0;
    for (size_t c = 0; c < classes; c++)
        count += confusion[label * classes + c];
    return count;
}

/* "." or a number; returns its length. */
static int format_cell(char to[NUMBER_SIZE], const struct matrix *m, size_t label,
                       size_t prediction)
{
    size_t count = m->confusion[label * m->classes + prediction];
    if (count == 0)
        return snprintf(to, NUMBER_SIZE, ".");
    if (!m->per_cent)
        return snprintf(to, NUMBER_SIZE, "%zu", count);
    double all = (double)count_of_label(m->confusion, m->classes, label);
    return snprintf(to, NUMBER_SIZE, "%d", (int)(100 * (double)count / all));
}

/* Makes every column as wide as its widest cell; whether a row then fits. */
static bool fit(struct matrix *m)
{
    char text[NUMBER_SIZE];
    m->label_width = snprintf(text, sizeof text, "%zu", m->classes - 1);
    int width = m->label_width;
    for (size_t c = 0; c < m->classes; c++) {
        m->widths[c] = snprintf(text, sizeof text, "%zu", c);
        for (size_t label = 0; label < m->classes; label++) {
            int length = format_cell(text, m, label, c);
            m->widths[c] = length > m->widths[c] ? length : m->widths[c];
        }
        width += 1 + m->widths[c];
    }
    return width <= COLUMNS;
}

static int print_row(char line[LINE_SIZE], const struct matrix *m, size_t label)
{
    int length = snprintf(line, LINE_SIZE, "%*zu", m->label_width, label);
    for (size_t c = 0; c < m->classes; c++) {
        char cell[NUMBER_SIZE];
        format_cell(cell, m, label, c);
        length += snprintf(line + length, (size_t)(LINE_SIZE - length), " %*s", m->widths[c], cell);
    }
    return length;
}

static void print_heading(char line[LINE_SIZE], const struct matrix *m)
{
    int length = snprintf(line, LINE_SIZE, "%*s", m->label_width, "");
    for (size_t c = 0; c < m->classes; c++)
        length += snprintf(line + length, (size_t)(LINE_SIZE - length), " %*zu", m->widths[c], c);
}

void confusion_print_matrix(const size_t *confusion, size_t classes, const char *const *names,
                            confusion_line *line, void *context)
{
    struct matrix m = {.confusion = confusion, .classes = classes};
    if (classes == 0 || classes > MOST_CLASSES)
        return;
    if (!fit(&m)) {
        m.per_cent = true;
        if (!fit(&m))
            return;
    }
    char text[LINE_SIZE];
    line(context, m.per_cent ? "row: label, column: prediction, per cent of the label's samples"
                             : "row: label, column: prediction");
    print_heading(text, &m);
    line(context, text);
    for (size_t label = 0; label < classes; label++) {
        int length = print_row(text, &m, label);
        if (names && length + 2 < COLUMNS) {
            char name[NAME_SIZE];
            copy_name(name, names[label], (size_t)(COLUMNS - 2 - length));
            snprintf(text + length, (size_t)(LINE_SIZE - length), "  %s", name);
        }
        line(context, text);
    }
}

/* --- The worst confusions -------------------------------------------------- */

/* Inserts cell `index` into the list of the worst, sorted by count; returns its length. */
static size_t insert(const size_t *confusion, size_t worst[WORST], size_t length, size_t index)
{
    size_t at = length;
    while (at > 0 && confusion[worst[at - 1]] < confusion[index])
        at--;
    if (at == WORST)
        return length;
    size_t kept = length < WORST ? length : WORST - 1;
    memmove(worst + at + 1, worst + at, (kept - at) * sizeof *worst);
    worst[at] = index;
    return kept + 1;
}

void confusion_print_worst(const size_t *confusion, size_t classes, const char *const *names,
                           confusion_line *line, void *context)
{
    size_t worst[WORST], length = 0;
    for (size_t i = 0; i < classes * classes; i++)
        if (i / classes != i % classes && confusion[i] > 0)
            length = insert(confusion, worst, length, i);
    for (size_t i = 0; i < length; i++) {
        size_t label = worst[i] / classes, count = confusion[worst[i]];
        size_t all = count_of_label(confusion, classes, label);
        char text[LINE_SIZE], from[NAME_SIZE], to[NAME_SIZE];
        name_class(from, names, label);
        name_class(to, names, worst[i] % classes);
        snprintf(text, sizeof text, "%s taken for %s: %zu of %zu (%.1f %%)", from, to, count, all,
                 100 * (double)count / (double)all);
        line(context, text);
    }
}
