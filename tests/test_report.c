/* SPDX-License-Identifier: MIT */
/* The page of a training run: what it says, that it is well-formed whatever the run was like,
 * and that it is written whole or not at all. */
#include "report_cases.h"

#include "alloc.h"
#include "class_names.h"
#include "file.h"
#include "folder.h"
#include "page/axis.h"
#include "page/chart.h"
#include "page/png.h"
#include "suite.h"

#include <check.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MOST_BYTES = 2000000, DEEPEST = 64 };

static struct report_case made;
static char *page;
static size_t page_size;

static void set_up(void)
{
    folder_make();
    memset(&made, 0, sizeof made);
    page = NULL;
}

static void tear_down(void)
{
    report_case_clear(&made);
    free(page);
    folder_remove();
}

static void make(const char *name)
{
    size_t i = 0;
    while (report_case_name(i) && strcmp(report_case_name(i), name) != 0)
        i++;
    ck_assert_msg(report_case_name(i), "no case is named %s", name);
    report_case_make(i, &made);
}

static void write_page(void)
{
    mlp_error error;
    ck_assert_msg(report_write(in_folder("page.html"), &made.report, &error) == MLP_OK, "%s",
                  error.message);
    free(page);
    page = get_file(in_folder("page.html"), &page_size);
}

static void make_page(const char *name)
{
    make(name);
    write_page();
}

static void says(const char *part)
{
    ck_assert_msg(strstr(page, part), "the page does not say %s", part);
}

static void says_not(const char *part)
{
    ck_assert_msg(!strstr(page, part), "the page says %s", part);
}

static size_t times(const char *from, const char *part)
{
    size_t count = 0;
    for (const char *at = from; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* --- Well-formed ------------------------------------------------------------------------ */

/* Open elements, the outermost first. */
struct open_tags {
    size_t depth;
    char names[DEEPEST][16];
};

static bool is_void(const char *name)
{
    static const char *const VOID[] = {"meta", "link", "img", "br", "wbr", "!DOCTYPE"};
    for (size_t i = 0; i < sizeof VOID / sizeof VOID[0]; i++) {
        if (strcmp(name, VOID[i]) == 0)
            return true;
    }
    return false;
}

/* Reads a tag from behind its '<'; returns where it ends. */
static const char *take_tag(const char *at, struct open_tags *open)
{
    char name[16] = "";
    bool closing = *at == '/', quoted = false;
    size_t length = strcspn(at + closing, " />\n");
    ck_assert_uint_lt(length, sizeof name);
    memcpy(name, at + closing, length);
    for (; *at && (quoted || *at != '>'); at++) {
        ck_assert_msg(*at != '<', "a '<' within a tag: %.60s", at);
        quoted ^= *at == '"';
    }
    ck_assert_msg(*at == '>', "the tag %s does not end", name);
    if (closing) {
        ck_assert_uint_gt(open->depth, 0);
        ck_assert_str_eq(open->names[--open->depth], name);
    } else if (at[-1] != '/' && !is_void(name)) {
        ck_assert_uint_lt(open->depth, DEEPEST);
        strcpy(open->names[open->depth++], name);
    }
    return at + 1;
}

static void check_entity(const char *at)
{
    static const char *const KNOWN[] = {"&lt;", "&gt;", "&amp;", "&quot;"};
    bool known = false;
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        known |= strncmp(at, KNOWN[i], strlen(KNOWN[i])) == 0;
    ck_assert_msg(known, "a bare '&': %.60s", at);
}

static void check_tags(void)
{
    struct open_tags open = {.depth = 0};
    const char *at = page;
    while (*at) {
        if (*at == '<') {
            at = take_tag(at + 1, &open);
            continue;
        }
        if (*at == '&')
            check_entity(at);
        at++;
    }
    ck_assert_msg(open.depth == 0, "%s is never closed", open.names[open.depth - 1]);
}

/* A number that is none shows as a dash or as a sign, never as C prints it. */
static void check_numbers(void)
{
    static const char *const BAD[] = {"nan", "inf"};
    for (size_t b = 0; b < sizeof BAD / sizeof BAD[0]; b++) {
        for (const char *at = page; (at = strstr(at, BAD[b])) != NULL; at++)
            ck_assert_msg(isalpha((unsigned char)at[-1]) || isalpha((unsigned char)at[3]),
                          "a number that is none: %.60s", at - 20);
    }
}

START_TEST(test_every_page_is_well_formed)
{
    make_page(report_case_name((size_t)_i));
    ck_assert_uint_eq(strlen(page), page_size);
    ck_assert_uint_lt(page_size, MOST_BYTES);
    check_tags();
    check_numbers();
    says("<!DOCTYPE html>");
    says("default-src 'none'");
    says("mlp ");
    says_not("<script");
    says_not("http-equiv=\"refresh\"");
    ck_assert_uint_eq(times(page, "<h1>"), 1);
    ck_assert_uint_eq(times(page, "role=\"img\""), times(page, "</desc>"));
    ck_assert_uint_eq(times(page, "<img "), times(page, " alt=\""));
    ck_assert_int_eq(folder_count(), strcmp(report_case_name((size_t)_i), "large") == 0 ? 3 : 1);
}
END_TEST

/* --- What it says ------------------------------------------------------------------------- */

START_TEST(test_classes_of_images)
{
    char text[64];
    make_page("images");
    snprintf(text, sizeof text, ">%.2f\u00a0%%<small>", 100 * made.classification->accuracy);
    says(text);
    says("79,710\u00a0parameters"); /* with a scale and a shift of each hidden unit */
    says("<title>mlp train: Digits</title>");
    says("with the weights of the best, 24");
    says("best: 24");
    says("all epochs are done");
    says(made.report.command);
    says(made.report.fingerprint);
    for (size_t i = 0; i < CASE_SETTINGS; i++)
        says(made.settings[i].value);
    ck_assert_uint_eq(times(page, "<figure"), 24);
    ck_assert_uint_eq(times(strstr(page, "id=\"weights\""), "<img "), 64);
    ck_assert_uint_eq(times(page, "<svg class=\"chart\""), 3);
    ck_assert_uint_eq(times(page, "class=\"hit\"") + times(page, "class=\"miss\"") +
                          times(page, "class=\"none\""),
                      100);
    ck_assert_uint_eq(times(strstr(page, "id=\"epochs\""), "<tr"), 31);
}
END_TEST

START_TEST(test_names_of_classes)
{
    static const char *const names[] = {
        "zero",         "a < b & \"c\"",
        "two\x1b",      "three",
        "four",         "a name of more than twenty-four characters",
        "six",          "7",
        "\u00e9\u00e9", "nine"};
    make("images");
    ck_assert(mlp_model_set_class_names(made.model, names));
    write_page();
    says("<th scope=\"col\">a &lt; b &amp; &quot;c&quot;</th>");
    says("<th scope=\"row\">a &lt; b &amp; &quot;c&quot;</th><td>");
    says("<th scope=\"col\">two\xef\xbf\xbd</th>");
    says("<th scope=\"col\">a name of more than twen</th>");
    says("<th scope=\"row\">\u00e9\u00e9</th>");
    says("<p>Most often confused: ");
    says_not("taken for 3");
    says("title=\"label a &lt; b &amp; &quot;c&quot;, predicted a &lt; b &amp; &quot;c&quot;: ");
    says_not("a < b");
}
END_TEST

START_TEST(test_hardest_sample_is_first)
{
    size_t hardest = 0;
    char text[64];
    make_page("images");
    const uint8_t *labels = mlp_dataset_labels(made.data);
    for (size_t i = 0; i < mlp_dataset_count(made.data); i++) {
        if (made.outputs[i * 10 + labels[i]] < made.outputs[hardest * 10 + labels[hardest]])
            hardest = i;
    }
    snprintf(text, sizeof text, "alt=\"sample %zu\"", hardest);
    const char *first = strstr(strstr(page, "id=\"samples\""), "alt=\"");
    ck_assert_ptr_nonnull(first);
    ck_assert_int_eq(strncmp(first, text, strlen(text)), 0);
}
END_TEST

START_TEST(test_one_output)
{
    make_page("binary");
    says("Validation accuracy");
    says("the target score is reached");
    says("label's probability");
    says_not("id=\"weights\"");
    says_not("Learning rate</h3>"); /* it stays as it is */
    ck_assert_uint_eq(times(page, "<svg class=\"chart\""), 2);
}
END_TEST

START_TEST(test_values)
{
    char text[64];
    make_page("values");
    snprintf(text, sizeof text, "<dt>Test R\u00b2</dt><dd>%.4g", made.regression.r2);
    says(text);
    says("Target 1, predicted against true");
    says("Largest errors");
    says_not("id=\"confusion\"");
    says_not("<img ");
    const char *r2 = strstr(page, "<title>R\u00b2");
    ck_assert_ptr_nonnull(r2);
    says("-1.0</text>"); /* not -400 */
}
END_TEST

START_TEST(test_much_of_all)
{
    make_page("many");
    says("3 classes are without a sample");
    says("<summary>200 classes</summary>");
    says("<summary>4000 epochs");
    says("no better epoch for too long");
    says("40\u00a0min 40\u00a0s");
    ck_assert_uint_eq(times(strstr(page, "aria-label=\"Confusions\""), "<tr>") -
                          times(strstr(page, "id=\"classes\""), "<tr>"),
                      31);
    ck_assert_uint_lt(times(strstr(page, "id=\"epochs\""), "<tr"), 600);
}
END_TEST

START_TEST(test_almost_nothing)
{
    make_page("empty");
    says("No epoch was completed");
    says("<h1>mlp train</h1>");
    says_not("id=\"curves\"");
    says_not("id=\"classes\"");
    says_not("id=\"samples\"");
    says_not("id=\"settings\"");
    says_not("Test accuracy");
}
END_TEST

START_TEST(test_ends_that_are_not_good)
{
    make_page("diverged");
    says("The run diverged.");
    says("After 17 steps");
    report_case_clear(&made);
    make_page("single");
    says("The run was interrupted");
    says("1 class is without a sample");
    says("label's score");
}
END_TEST

START_TEST(test_text_is_no_markup)
{
    make_page("wild");
    says("&lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot; \xef\xbf\xbd\xef\xbf\xbd");
    says("a&amp;b&lt;/dd&gt;&lt;img src=x&gt;\xef\xbf\xbd\xef\xbf\xbd&quot;'");
    says("&lt;em&gt;");
    says_not("<b>bold");
    says_not("<em>");
    says_not("<img src=x");
    ck_assert_ptr_null(strchr(page, '\xff'));
    says("\u221e"); /* an infinite log loss or output */
}
END_TEST

/* --- Written whole or not at all ---------------------------------------------------------- */

START_TEST(test_failing_writes)
{
    static const char OLD[] = "an older page";
    make("single");
    put_file(in_folder("page.html"), OLD, sizeof OLD - 1);
    unsigned long n = 1;
    for (;; n++) {
        mlp_error error = {.status = MLP_OK};
        ck_assert_uint_lt(n, 60);
        mlp_file_fail_at(n);
        mlp_status status = report_write(in_folder("page.html"), &made.report, &error);
        mlp_file_fail_at(0);
        ck_assert_int_eq(folder_count(), 1);
        if (status == MLP_OK)
            break;
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert_msg(strstr(error.message, "page.html"), "%s", error.message);
        ck_assert(file_is(in_folder("page.html"), OLD, sizeof OLD - 1) ||
                  strstr(error.message, "though the file is written"));
    }
    ck_assert_uint_gt(n, 5);
    ck_assert(!file_is(in_folder("page.html"), OLD, sizeof OLD - 1));
}
END_TEST

START_TEST(test_failing_allocation)
{
    static const char *const NAMES[] = {"images", "values"};
    make(NAMES[_i]);
    long live = mlp_alloc_live();
    unsigned long n = 1;
    for (;; n++) {
        mlp_error error = {.status = MLP_OK};
        ck_assert_uint_lt(n, 60);
        mlp_alloc_fail_at(n, 0);
        mlp_status status = report_write(in_folder("page.html"), &made.report, &error);
        mlp_alloc_fail_at(0, 0);
        ck_assert_int_eq(mlp_alloc_live(), live);
        if (status == MLP_OK)
            break;
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert_str_ne(error.message, "");
        ck_assert_int_eq(folder_count(), 0);
    }
    ck_assert_uint_gt(n, 5);
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

/* --- Pictures ------------------------------------------------------------------------------ */

static int base64_digit(char c)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(DIGITS, c) : NULL;
    return at ? (int)(at - DIGITS) : -1;
}

static size_t decode(const char *text, uint8_t *bytes)
{
    size_t size = 0;
    unsigned bits = 0, held = 0;
    for (; base64_digit(*text) >= 0; text++) {
        bits = bits << 6 | (unsigned)base64_digit(*text);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[size++] = (uint8_t)(bits >> held);
        }
    }
    return size;
}

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The data of the first chunk of this type, of all chunks whose sums are checked. */
static const uint8_t *chunk(const uint8_t *file, size_t size, const char *type, uint32_t *length)
{
    const uint8_t *found = NULL, *at = file + 8;
    ck_assert_uint_gt(size, 8);
    ck_assert_int_eq(memcmp(file, "\x89PNG\r\n\x1a\n", 8), 0);
    while (at < file + size) {
        uint32_t part = big_endian(at);
        ck_assert_uint_le(at + 12 + part - file, size);
        ck_assert_uint_eq(big_endian(at + 8 + part), crc32(0, at + 4, part + 4));
        if (!found && memcmp(at + 4, type, 4) == 0) {
            found = at + 8;
            *length = part;
        }
        at += 12 + part;
    }
    ck_assert_ptr_nonnull(found);
    return found;
}

START_TEST(test_png)
{
    enum { HEIGHT = 5, WIDTH = 64, ROW = WIDTH + 1 };
    static const uint8_t PALETTE[][3] = {{0, 0, 255}, {255, 255, 255}, {255, 0, 0}};
    uint8_t pixels[HEIGHT * WIDTH], file[8192], rows[HEIGHT * ROW];
    uint32_t length = 0;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(_i ? i % 3 : i * 37 % 256);
    struct png png = {.height = HEIGHT, .width = WIDTH, .pixels = pixels};
    if (_i) {
        png.palette = PALETTE;
        png.palette_size = 3;
    }
    char *uri = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&uri, &size);
    png_write_uri(out, &png);
    fclose(out);
    ck_assert_int_eq(strncmp(uri, "data:image/png;base64,", 22), 0);
    size = decode(uri + 22, file);
    free(uri);

    const uint8_t *header = chunk(file, size, "IHDR", &length);
    ck_assert_uint_eq(length, 13);
    ck_assert_uint_eq(big_endian(header), WIDTH);
    ck_assert_uint_eq(big_endian(header + 4), HEIGHT);
    ck_assert_uint_eq(header[9], _i ? 3 : 0);
    if (_i)
        ck_assert_mem_eq(chunk(file, size, "PLTE", &length), PALETTE, sizeof PALETTE);
    const uint8_t *packed = chunk(file, size, "IDAT", &length);
    uLongf unpacked = sizeof rows;
    ck_assert_int_eq(uncompress(rows, &unpacked, packed, length), Z_OK);
    ck_assert_uint_eq(unpacked, sizeof rows);
    for (size_t y = 0; y < HEIGHT; y++) {
        ck_assert_uint_eq(rows[y * ROW], 0);
        ck_assert_mem_eq(rows + y * ROW + 1, pixels + y * WIDTH, WIDTH);
    }
    chunk(file, size, "IEND", &length);
}
END_TEST

/* --- Charts ---------------------------------------------------------------------------------- */

static const double RANGES[][2] = {
    {0, 1},         {0.97, 0.98}, {-3, 1000},  {1e-300, 1e300}, {5, 5},
    {0, 0},         {-7e3, -7e3}, {0, 5e-324}, {-1e308, 1e308}, {1e-6, 4e-6},
    {0.001, 0.021}, {1, 19},      {1, 21},     {3e7, 4e9},      {1 - 1e-12, 1},
};

START_TEST(test_axis)
{
    struct axis axis = {.begin = 60, .end = 400};
    double ticks[AXIS_TICKS];
    axis_include(&axis, NAN);
    axis_include(&axis, INFINITY);
    axis_include(&axis, RANGES[_i / 2][0]);
    axis_include(&axis, RANGES[_i / 2][1]);
    axis_finish(&axis, _i % 2);
    ck_assert(axis.low < axis.high && isfinite(axis.high - axis.low));
    size_t count = axis_ticks(&axis, 6, ticks);
    ck_assert_uint_le(count, 6);
    ck_assert_uint_ge(count, 1);
    for (size_t t = 0; t < count; t++) {
        char text[AXIS_LABEL], next[AXIS_LABEL];
        double x = axis_position(&axis, ticks[t]);
        ck_assert(x >= 60 && x <= 400);
        ck_assert_msg(t == 0 || ticks[t] > ticks[t - 1], "tick %zu of range %d", t, _i);
        ck_assert_str_ne(axis_label(&axis, ticks, count, t, text), "");
        if (t + 1 < count)
            ck_assert_str_ne(text, axis_label(&axis, ticks, count, t + 1, next));
    }
    ck_assert(axis_position(&axis, RANGES[_i / 2][0]) <= axis_position(&axis, RANGES[_i / 2][1]));
    ck_assert(axis_position(&axis, NAN) == 60);
    ck_assert(axis_position(&axis, INFINITY) == 400);
}
END_TEST

/* One value of many that stands out is drawn, though most are not. */
START_TEST(test_chart_of_many_keeps_what_stands_out)
{
    enum { COUNT = 10000, MOST_POINTS = 500 };
    static double x[COUNT], y[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        x[i] = (double)i + 1;
    y[7777] = 1;
    struct chart_line line = {.name = "line", .colour = 1, .values = y};
    struct chart chart = {.title = "title",
                          .axis = "epoch",
                          .x = x,
                          .count = COUNT,
                          .lines = &line,
                          .line_count = 1,
                          .least = -INFINITY,
                          .percent = true,
                          .marked = NAN,
                          .mark = ""};
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    chart_draw(out, &chart);
    fclose(out);
    const char *path = strstr(page, "<path class=\"line");
    ck_assert_ptr_nonnull(path);
    size_t length = (size_t)(strstr(path, "/>") - path), points = 0, high = 0;
    for (size_t i = 0; i < length; i++) {
        points += path[i] == 'L';
        high += path[i] == 'L' && strtod(strchr(path + i, ' '), NULL) < 100;
    }
    ck_assert_uint_eq(high, 1);
    ck_assert_uint_lt(points, MOST_POINTS);
}
END_TEST

static size_t case_count(void)
{
    size_t count = 0;
    while (report_case_name(count))
        count++;
    return count;
}

int main(void)
{
    TCase *pages = tcase_create("pages");
    tcase_add_checked_fixture(pages, set_up, tear_down);
    tcase_add_loop_test(pages, test_every_page_is_well_formed, 0, (int)case_count());
    tcase_add_test(pages, test_classes_of_images);
    tcase_add_test(pages, test_names_of_classes);
    tcase_add_test(pages, test_hardest_sample_is_first);
    tcase_add_test(pages, test_one_output);
    tcase_add_test(pages, test_values);
    tcase_add_test(pages, test_much_of_all);
    tcase_add_test(pages, test_almost_nothing);
    tcase_add_test(pages, test_ends_that_are_not_good);
    tcase_add_test(pages, test_text_is_no_markup);
    tcase_add_test(pages, test_failing_writes);
    tcase_add_loop_test(pages, test_failing_allocation, 0, 2);
    tcase_add_loop_test(pages, test_png, 0, 2);
    tcase_add_loop_test(pages, test_axis, 0, 2 * sizeof RANGES / sizeof RANGES[0]);
    tcase_add_test(pages, test_chart_of_many_keeps_what_stands_out);
    tcase_set_timeout(pages, 300); /* sanitizers and emulators are slow */

    Suite *suite = suite_create("report");
    suite_add_tcase(suite, pages);
    return suite_run(suite);
}
