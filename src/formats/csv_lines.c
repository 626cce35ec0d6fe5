/* SPDX-License-Identifier: MIT */
/* Lines without quotes are taken as they are; the others are unquoted by libcsv. */
#include "formats/csv_lines.h"

#include "alloc.h"
#include "error.h"
#include "file.h"
#include "formats/gz.h"

#include <string.h>
#include <unistd.h>

enum {
    FIRST_CAPACITY = 1 << 18,
    PIECE = 1 << 16, /* bytes that libcsv gets at a time */
};

/* Those that are looked for. */
static const char delimiters[] = {',', ';', '\t'};

/* --- Opening ----------------------------------------------------------------- */

/* libcsv's buffer. Its size stands before it, at the alignment of all. */
enum { HEAD = 64 };

static void *resize(void *memory, size_t size)
{
    char *old = memory ? (char *)memory - HEAD : NULL;
    char *new = mlp_alloc_uninitialized(HEAD + size, 1);
    if (!new)
        return NULL;
    if (old) {
        size_t before;
        memcpy(&before, old, sizeof before);
        memcpy(new + HEAD, memory, before < size ? before : size);
    }
    memcpy(new, &size, sizeof size);
    mlp_free(old);
    return new + HEAD;
}

static void release(void *memory)
{
    mlp_free(memory ? (char *)memory - HEAD : NULL);
}

mlp_status mlp_csv_open(const char *path, struct mlp_csv_lines *out, mlp_error *error)
{
    *out = (struct mlp_csv_lines){.path = path, .capacity = FIRST_CAPACITY};
    mlp_status status = MLP_OK;
    if (strcmp(path, "-") != 0)
        status = mlp_gz_open(path, &out->gz, error);
    if (status != MLP_OK)
        return status;
    csv_init(&out->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_realloc_func(&out->parser, resize);
    csv_set_free_func(&out->parser, release);
    csv_set_blk_size(&out->parser, PIECE);
    uint64_t limit = mlp_csv_limit(out);
    if (limit > 0 && limit < FIRST_CAPACITY)
        out->capacity = (size_t)limit + 1; /* room that is left tells the end */
    out->buffer = mlp_alloc_uninitialized(out->capacity, 1);
    if (out->buffer)
        return MLP_OK;
    mlp_csv_close(out);
    return mlp_fail_memory(error, path);
}

void mlp_csv_close(struct mlp_csv_lines *lines)
{
    mlp_gz_close(lines->gz);
    mlp_free(lines->buffer);
    mlp_text_end(&lines->unquoted);
    csv_free(&lines->parser);
    *lines = (struct mlp_csv_lines){0};
}

uint64_t mlp_csv_limit(const struct mlp_csv_lines *lines)
{
    return lines->gz && !mlp_gz_is_packed(lines->gz) ? mlp_gz_limit(lines->gz) : 0;
}

/* --- Content ----------------------------------------------------------------- */

/* What the first bytes tell: a byte-order mark is skipped, other encodings are refused. */
static mlp_status check_start(struct mlp_csv_lines *lines, mlp_error *error)
{
    const char *start = lines->buffer;
    lines->started = lines->end >= 3;
    if (lines->started && memcmp(start, "\xef\xbb\xbf", 3) == 0)
        lines->begin = 3;
    if (lines->end < 2)
        return MLP_OK;
    bool little = memcmp(start, "\xff\xfe", 2) == 0, big = memcmp(start, "\xfe\xff", 2) == 0;
    if (little || big)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line 1, column 1: found UTF-16 (it begins with %s), expected UTF-8",
                        lines->path, little ? "ff fe" : "fe ff");
    if (memcmp(start, "\x1f\x8b", 2) == 0) /* what is in a file has been unpacked */
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line 1, column 1: found gz data, expected text: unpack it before",
                        lines->path);
    return MLP_OK;
}

static bool is_delimiter(const struct mlp_csv_lines *lines, char c)
{
    if (lines->delimiter != '\0')
        return c == lines->delimiter;
    return memchr(delimiters, c, sizeof delimiters) != NULL;
}

static mlp_status fail_field(const struct mlp_csv_lines *lines, size_t line, size_t column,
                             mlp_error *error)
{
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: line %zu, column %zu: found a field of more than %d bytes, expected its "
                    "end",
                    lines->path, line, column, MLP_CSV_FIELD);
}

static mlp_status fail_record(const struct mlp_csv_lines *lines, size_t line, mlp_error *error)
{
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: line %zu: found a line of more than %d bytes, expected its end",
                    lines->path, line, MLP_CSV_RECORD);
}

/* Gives a line that goes on more room, unless it or its last field is too long already. */
static mlp_status grow(struct mlp_csv_lines *lines, mlp_error *error)
{
    const char *line = lines->buffer + lines->begin;
    size_t size = lines->end - lines->begin, field = 0, column = 1;
    for (size_t i = 0; i < size; i++) {
        bool ends = is_delimiter(lines, line[i]);
        field = ends ? 0 : field + 1;
        column += ends;
    }
    if (field > MLP_CSV_FIELD)
        return fail_field(lines, lines->line + 1, column, error);
    if (size >= MLP_CSV_RECORD)
        return fail_record(lines, lines->line + 1, error);
    char *buffer = mlp_alloc_uninitialized(2 * lines->capacity, 1);
    if (!buffer)
        return mlp_fail_memory(error, lines->path);
    memcpy(buffer, line, size);
    mlp_free(lines->buffer);
    lines->buffer = buffer;
    lines->capacity *= 2;
    lines->begin = 0;
    lines->end = size;
    return MLP_OK;
}

/* Reads more behind what is there: from standard input what has come. */
static mlp_status fill(struct mlp_csv_lines *lines, mlp_error *error)
{
    size_t count = 0, kept = lines->end - lines->begin;
    mlp_status status = MLP_OK;
    if (lines->begin > 0) {
        memmove(lines->buffer, lines->buffer + lines->begin, kept);
        lines->begin = 0;
        lines->end = kept;
    } else if (kept == lines->capacity) {
        status = grow(lines, error);
    }
    if (status != MLP_OK)
        return status;
    char *to = lines->buffer + lines->end;
    size_t room = lines->capacity - lines->end;
    if (lines->gz)
        status = mlp_gz_read(lines->gz, to, room, &count, error);
    else
        status = mlp_file_read_next(STDIN_FILENO, "standard input", to, room, &count, error);
    lines->end += count;
    lines->finished = lines->gz ? count < room : count == 0;
    return status == MLP_OK && !lines->started ? check_start(lines, error) : status;
}

/* --- Lines ------------------------------------------------------------------- */

/* Finds the next line, which goes up to its line feed or the end of the content; NULL where there
 * is none. */
static mlp_status peek(struct mlp_csv_lines *lines, const char **out, size_t *size,
                       mlp_error *error)
{
    size_t searched = 0;
    for (;;) {
        size_t left = lines->end - lines->begin;
        const char *line = lines->buffer + lines->begin;
        const char *feed = memchr(line + searched, '\n', left - searched);
        if (feed || lines->finished) {
            *out = left > 0 ? line : NULL;
            *size = feed ? (size_t)(feed - line) + 1 : left;
            return MLP_OK;
        }
        searched = lines->started ? left : 0; /* at first a byte-order mark may go */
        mlp_status status = fill(lines, error);
        if (status != MLP_OK)
            return status;
    }
}

/* Takes the line that has been found. */
static void take(struct mlp_csv_lines *lines, size_t size)
{
    lines->begin += size;
    lines->position += size;
    lines->started = true; /* a mark behind the first line is none */
    lines->line++;
}

static size_t count_unquoted(const char *line, size_t size, char delimiter)
{
    size_t count = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        quoted = quoted != (line[i] == '"');
        count += !quoted && line[i] == delimiter;
    }
    return count;
}

mlp_status mlp_csv_find_delimiter(struct mlp_csv_lines *lines, mlp_error *error)
{
    const char *line;
    size_t size, most = 0;
    lines->delimiter = '\0';
    mlp_status status = peek(lines, &line, &size, error);
    lines->delimiter = delimiters[0];
    for (size_t k = 0; k < sizeof delimiters && status == MLP_OK && line; k++) {
        size_t count = count_unquoted(line, size, delimiters[k]);
        if (count > most)
            lines->delimiter = delimiters[k];
        most = count > most ? count : most;
    }
    return status;
}

static mlp_status check_zero(const struct mlp_csv_lines *lines, const char *line, size_t size,
                             mlp_error *error)
{
    const char *zero = memchr(line, '\0', size);
    size_t column = 1;
    if (!zero)
        return MLP_OK;
    for (; line < zero; line++)
        column += *line == lines->delimiter;
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: line %zu, column %zu: found a zero byte, expected text in UTF-8",
                    lines->path, lines->line, column);
}

/* Whether all fields of a record without quotes end in time. */
static mlp_status check_fields(const struct mlp_csv_lines *lines, const char *line, size_t size,
                               mlp_error *error)
{
    size_t begin = 0, column = 1;
    for (size_t i = 0; i <= size && size > MLP_CSV_FIELD; i++) {
        if (i < size && line[i] != lines->delimiter)
            continue;
        if (i - begin > MLP_CSV_FIELD)
            return fail_field(lines, lines->line, column, error);
        begin = i + 1;
        column++;
    }
    return MLP_OK;
}

/* --- Quotes ------------------------------------------------------------------ */

/* A record that libcsv reads. */
struct unquoting {
    struct mlp_text *text;
    size_t fields, ended_at; /* ended_at: how many there were when it ended */
    size_t too_long;         /* the column of a field that is; 0: none is */
    bool ended;
};

static void add_field(void *text, size_t size, void *user)
{
    struct unquoting *u = user;
    if (size > MLP_CSV_FIELD && u->too_long == 0)
        u->too_long = u->fields + 1;
    if (u->fields++ > 0)
        mlp_text_add(u->text, "", 1);
    mlp_text_add(u->text, text, size);
}

static void end_record(int code, void *user)
{
    (void)code;
    struct unquoting *u = user;
    u->ended_at = u->ended ? u->ended_at : u->fields;
    u->ended = true;
}

/* What is wrong at byte `at` of a line whose record libcsv does not take. */
static mlp_status fail_quote(const struct mlp_csv_lines *lines, const struct unquoting *u,
                             const char *at, mlp_error *error)
{
    if (lines->parser.quoted)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu, column %zu: found '%c' behind a closing quote, expected the "
                        "delimiter or the line's end",
                        lines->path, lines->line, u->fields + 1, *at);
    return mlp_fail(error, MLP_ERROR_DATA,
                    "%s: line %zu, column %zu: found a quote within a field, expected quotes "
                    "around all of it",
                    lines->path, lines->line, u->fields + 1);
}

static mlp_status feed(struct mlp_csv_lines *lines, struct unquoting *u, const char *text,
                       size_t size, mlp_error *error)
{
    for (size_t done = 0; done < size;) {
        size_t piece = size - done < PIECE ? size - done : PIECE;
        size_t count = csv_parse(&lines->parser, text + done, piece, add_field, end_record, u);
        if (u->too_long > 0 || lines->parser.entry_pos > MLP_CSV_FIELD)
            return fail_field(lines, lines->line, u->too_long > 0 ? u->too_long : u->fields + 1,
                              error);
        if (u->text->size > MLP_CSV_RECORD)
            return fail_record(lines, lines->line, error);
        if (count != piece && csv_error(&lines->parser) == CSV_EPARSE)
            return fail_quote(lines, u, text + done + count, error);
        if (count != piece || u->text->failed)
            return mlp_fail_memory(error, lines->path);
        done += piece;
    }
    return MLP_OK;
}

/* Feeds a line, and what ends it by itself: the record may end there and nowhere else. */
static mlp_status feed_line(struct mlp_csv_lines *lines, struct unquoting *u, const char *line,
                            size_t size, mlp_error *error)
{
    size_t body = size - (line[size - 1] == '\n');
    body -= body > 0 && line[body - 1] == '\r';
    mlp_status status = check_zero(lines, line, size, error);
    if (status == MLP_OK)
        status = feed(lines, u, line, body, error);
    if (status == MLP_OK && u->ended)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu, column %zu: found a carriage return within the line, "
                        "expected it before a line feed only",
                        lines->path, lines->line, u->ended_at);
    return status == MLP_OK ? feed(lines, u, line + body, size - body, error) : status;
}

/* Feeds the lines of a record, of which the first has been taken. */
static mlp_status feed_record(struct mlp_csv_lines *lines, struct unquoting *u, const char *line,
                              size_t size, mlp_error *error)
{
    size_t first = lines->line;
    mlp_status status = feed_line(lines, u, line, size, error);
    while (status == MLP_OK && !u->ended) {
        status = peek(lines, &line, &size, error);
        if (status != MLP_OK || !line)
            break;
        take(lines, size);
        status = feed_line(lines, u, line, size, error);
    }
    if (status != MLP_OK || u->ended)
        return status;
    if (csv_fini(&lines->parser, add_field, end_record, u) != 0)
        return mlp_fail(error, MLP_ERROR_DATA,
                        "%s: line %zu, column %zu: found a quote that is not closed, expected "
                        "another one before the end of the data",
                        lines->path, first, u->fields + 1);
    return u->text->failed ? mlp_fail_memory(error, lines->path) : MLP_OK;
}

static mlp_status unquote(struct mlp_csv_lines *lines, const char *line, size_t size,
                          struct mlp_csv_record *out, mlp_error *error)
{
    struct unquoting u = {.text = &lines->unquoted};
    mlp_text_add(u.text, "", 1); /* so that there is a place, even for an empty text */
    if (u.text->failed)
        return mlp_fail_memory(error, lines->path);
    u.text->size = 0;
    csv_set_delim(&lines->parser, (unsigned char)lines->delimiter);
    mlp_status status = feed_record(lines, &u, line, size, error);
    const char *text = u.text->data;
    *out = (struct mlp_csv_record){text, text + u.text->size, '\0', out->line};
    return status;
}

/* --- Records ----------------------------------------------------------------- */

mlp_status mlp_csv_next(struct mlp_csv_lines *lines, struct mlp_csv_record *out, mlp_error *error)
{
    for (;;) {
        const char *line;
        size_t size;
        *out = (struct mlp_csv_record){0};
        mlp_status status = peek(lines, &line, &size, error);
        if (status != MLP_OK || !line)
            return status;
        take(lines, size);
        out->line = lines->line;
        if (memchr(line, '"', size))
            return unquote(lines, line, size, out, error);
        status = check_zero(lines, line, size, error);
        if (status != MLP_OK)
            return status;
        size -= line[size - 1] == '\n';
        size -= size > 0 && line[size - 1] == '\r';
        *out = (struct mlp_csv_record){line, line + size, lines->delimiter, lines->line};
        if (size > 0)
            return check_fields(lines, line, size, error);
    }
}

/* Behind an empty line, or where quotes may hold the line feed, the record may go on. */
bool mlp_csv_ready(const struct mlp_csv_lines *lines)
{
    const char *line = lines->buffer + lines->begin;
    const char *feed = memchr(line, '\n', lines->end - lines->begin);
    if (lines->gz || lines->finished)
        return true;
    return feed && *line != '\n' && *line != '\r' && !memchr(line, '"', (size_t)(feed - line));
}

static bool is_blank(char c, char delimiter)
{
    return (c == ' ' || c == '\t') && c != delimiter;
}

const char *mlp_csv_field(const struct mlp_csv_record *record, const char *at,
                          struct mlp_csv_field *out)
{
    const char *stop = memchr(at, record->delimiter, (size_t)(record->end - at));
    const char *end = stop ? stop : record->end;
    while (at < end && is_blank(*at, record->delimiter))
        at++;
    while (end > at && is_blank(end[-1], record->delimiter))
        end--;
    *out = (struct mlp_csv_field){at, (size_t)(end - at)};
    return stop ? stop + 1 : NULL;
}

size_t mlp_csv_count(const struct mlp_csv_record *record)
{
    size_t count = 1;
    for (const char *at = record->text; at < record->end; at++)
        count += *at == record->delimiter;
    return count;
}
