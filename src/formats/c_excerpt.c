/* SPDX-License-Identifier: MIT */
#include "c_excerpt.h"

#include "alloc.h"
#include "c_excerpt.inc"

#include <stdbool.h>
#include <string.h>

enum { LINES = sizeof excerpt_lines / sizeof excerpt_lines[0] };

/* A definition: lines [begin, end), the comment above it included. */
struct item {
    size_t begin, end;
    const char *name; /* in its text */
    size_t name_size; /* 0: it has none */
    bool needed;
};

struct items {
    struct item *items; /* [count] */
    size_t count;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t mlp_c_identifier(const char *text, size_t size)
{
    size_t length = 0;
    while (length < size && (is_letter(text[length]) || (length > 0 && is_digit(text[length]))))
        length++;
    return length;
}

static bool starts(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

/* --- The sources' definitions -------------------------------------------------------- */

/* The line after the comments that begin at `line`; `line` itself where none does. */
static size_t after_comments(size_t line)
{
    while (line < LINES && starts(excerpt_lines[line], "/*")) {
        while (line + 1 < LINES && !strstr(excerpt_lines[line], "*/"))
            line++;
        line++;
    }
    return line;
}

/* The line after a definition or declaration: where the braces are closed, at a semicolon or a
 * function's end. */
static size_t after_braces(size_t line)
{
    int depth = 0;
    for (; line < LINES; line++) {
        char last = '\0';
        for (const char *c = excerpt_lines[line]; *c; c++) {
            depth += (*c == '{') - (*c == '}');
            last = *c;
        }
        if (depth == 0 && (last == ';' || last == '}'))
            return line + 1;
    }
    return line;
}

/* A conditional part is one definition. */
static size_t after_condition(size_t line)
{
    while (line < LINES && !starts(excerpt_lines[line], "#endif"))
        line++;
    return line < LINES ? line + 1 : line;
}

/* The line after the definition at `line`, which is no comment. */
static size_t after_code(size_t line)
{
    const char *text = excerpt_lines[line];
    if (starts(text, "#if "))
        return after_condition(line);
    if (*text == '#' || *text == '\0')
        return line + 1;
    return after_braces(line);
}

/* What a line defines: a macro, a structure or a function. */
static void find_name(const char *line, struct item *item)
{
    const char *name = line;
    if (starts(line, "#define "))
        name += strlen("#define ");
    else if (starts(line, "struct "))
        name += strlen("struct ");
    else if (starts(line, "static ") && strchr(line, '('))
        for (name = strchr(line, '('); mlp_c_identifier(name - 1, 1) || is_digit(name[-1]);)
            name--;
    else
        return;
    item->name = name;
    item->name_size = mlp_c_identifier(name, strlen(name));
}

/* `items` has room for one a line. */
static void find_items(struct items *found)
{
    for (size_t line = 0; line < LINES;) {
        struct item item = {.begin = line};
        size_t code = after_comments(line);
        item.end = code;
        if (code < LINES)
            item.end = after_code(code);
        for (size_t l = code; l < item.end && item.name_size == 0; l++)
            find_name(excerpt_lines[l], &item);
        if (item.name_size > 0)
            found->items[found->count++] = item;
        line = item.end;
    }
}

/* --- Those that are needed ----------------------------------------------------------- */

static void need(struct items *all, const char *code, size_t size);

static void need_name(struct items *all, const char *name, size_t size)
{
    for (size_t i = 0; i < all->count; i++) {
        struct item *item = &all->items[i];
        if (item->needed || item->name_size != size || memcmp(item->name, name, size) != 0)
            continue;
        item->needed = true;
        for (size_t l = item->begin; l < item->end; l++)
            need(all, excerpt_lines[l], strlen(excerpt_lines[l]));
    }
}

/* Marks what the code's identifiers name. */
static void need(struct items *all, const char *code, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t length = mlp_c_identifier(code + i, size - i);
        if (length > 4 && (starts(code + i, "mlp_") || starts(code + i, "MLP_")))
            need_name(all, code + i, length);
        i += length > 0 ? length : 1;
    }
}

/* Constants follow each other without blank lines, as they do in their file. */
static void add_item(const struct item *item, bool first, struct mlp_text *out)
{
    bool constant = starts(excerpt_lines[item->end - 1], "#define ");
    if (!first && !(constant && item->end == item->begin + 1))
        mlp_text_add(out, "\n", 1);
    for (size_t l = item->begin; l < item->end; l++) {
        mlp_text_add(out, excerpt_lines[l], strlen(excerpt_lines[l]));
        mlp_text_add(out, "\n", 1);
    }
}

void mlp_c_excerpt(const char *code, size_t size, struct mlp_text *out)
{
    struct items all = {.items = mlp_alloc(LINES, sizeof *all.items)};
    if (!all.items) {
        out->failed = true;
        return;
    }
    find_items(&all);
    need(&all, code, size);
    bool first = true;
    for (size_t i = 0; i < all.count; i++) {
        if (!all.items[i].needed)
            continue;
        add_item(&all.items[i], first, out);
        first = false;
    }
    mlp_free(all.items);
}
