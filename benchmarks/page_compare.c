/* SPDX-License-Identifier: MIT */
/* Comparisons: our products with those of other libraries, and one thread with
 * more. */
#include "page.h"

#include "case_markup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* -- Peers -- */

enum product { PRODUCT_FORWARD, PRODUCT_DX, PRODUCT_DW, PRODUCT_TT, PRODUCT_NONE };

static const char *const product_names[] = {"forward (nn)", "dx (nt)", "dw (tn)", "tt"};

/* The same product has two names: that of its place in training, on the
 * trainer's panels, and that of its transpositions, on plain arrays. */
static const struct {
    const char *operation;
    enum product product;
    bool plain;
} operations[] = {
    {"gemm/forward", PRODUCT_FORWARD, false},
    {"gemm/dx", PRODUCT_DX, false},
    {"gemm/dw", PRODUCT_DW, false},
    {"gemm/nn", PRODUCT_FORWARD, true},
    {"gemm/nt", PRODUCT_DX, true},
    {"gemm/tn", PRODUCT_DW, true},
    {"gemm/tt", PRODUCT_TT, true},
};

struct key {
    enum product product;
    bool plain;
    unsigned m, n, k;
};

static struct key key_of(const struct view_case *test)
{
    struct key key = {.product = PRODUCT_NONE};
    if (sscanf(test->shape, "%9ux%9ux%9u", &key.m, &key.n, &key.k) != 3)
        return key;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (strcmp(operations[i].operation, test->operation) == 0) {
            key.product = operations[i].product;
            key.plain = operations[i].plain;
        }
    }
    /* A narrow layer's gradient is computed with outputs as rows: the transpose of what a
     * BLAS user asks for, and the same work. */
    if (key.product == PRODUCT_DW && key.m < key.n) {
        unsigned swap = key.m;
        key.m = key.n;
        key.n = swap;
    }
    return key;
}

static bool same_product(const struct key *a, const struct key *b)
{
    return a->product == b->product && a->m == b->m && a->n == b->n && a->k == b->k;
}

/* A peer's case of a product, threads included; not so whether it is plain. */
static bool same_row(const struct view_case *a, const struct view_case *b)
{
    struct key first = key_of(a), second = key_of(b);
    return a->threads == b->threads && same_product(&first, &second);
}

/* A column: a peer, or all our instruction sets, of which the fastest counts;
 * on plain arrays, or on weights in an order of the library's own. */
struct column {
    bool peer;
    size_t series;
    bool plain;
};

static bool in_column(const struct column *column, const struct view_case *test)
{
    return test->peer == column->peer && (!column->peer || test->series == column->series) &&
           key_of(test).product != PRODUCT_NONE && key_of(test).plain == column->plain &&
           test->gflops > 0 && !test->wrong;
}

static const struct view_case *find_cell(const struct view *view, const struct column *column,
                                         const struct view_case *row)
{
    const struct view_case *best = NULL;
    struct key wanted = key_of(row);
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *test = &view->cases[i];
        struct key key = key_of(test);
        if (test->threads == row->threads && in_column(column, test) &&
            same_product(&key, &wanted) && (!best || test->gflops > best->gflops))
            best = test;
    }
    return best;
}

static bool has_column(const struct view *view, const struct column *column)
{
    for (size_t i = 0; i < view->case_count; i++) {
        if (in_column(column, &view->cases[i]))
            return true;
    }
    return false;
}

enum { MAX_COLUMNS = 2 + 2 * VIEW_MAX_SERIES };

/* Ours first, the trainer's layout before plain arrays. */
static size_t find_columns(const struct view *view, struct column columns[MAX_COLUMNS])
{
    size_t count = 0;
    columns[count++] = (struct column){.plain = false};
    columns[count++] = (struct column){.plain = true};
    for (size_t s = 0; s < view->series_count; s++) {
        for (int plain = 1; plain >= 0; plain--) {
            struct column column = {view->series[s].peer, s, plain};
            if (column.peer && has_column(view, &column))
                columns[count++] = column;
        }
    }
    return count;
}

static void write_ratio(FILE *out, const struct view_case *ours, double best)
{
    double ratio = ours && best > 0 ? ours->gflops / best : (double)NAN;
    if (!isfinite(ratio))
        fputs("<td>\u2013</td>", out);
    else
        fprintf(out, "<td class=\"%s\">%.2f\u00d7</td>",
                ratio >= 1.005   ? "win"
                : ratio <= 0.995 ? "lose"
                                 : "even",
                ratio);
}

static void write_cell(const struct view *view, const struct view_case *test, bool best, FILE *out)
{
    char text[MARKUP_SIZE];
    if (!test) {
        fputs("<td>\u2013</td>", out);
        return;
    }
    fprintf(out, "<td%s title=\"", best ? " class=\"best\"" : "");
    markup_text(out, test->name);
    fprintf(out, "\"><a href=\"#case-%zu\">%s</a></td>", (size_t)(test - view->cases),
            markup_number(test->gflops, text));
}

static void write_peer_row(const struct view *view, const struct view_case *row, size_t count,
                           const struct column *columns, FILE *out)
{
    const struct view_case *cells[MAX_COLUMNS];
    double best_peer = 0, best_plain = 0, best = 0;
    for (size_t c = 0; c < count; c++) {
        cells[c] = find_cell(view, &columns[c], row);
        double rate = cells[c] ? cells[c]->gflops : 0;
        best = fmax(best, rate);
        best_peer = columns[c].peer ? fmax(best_peer, rate) : best_peer;
        best_plain = columns[c].peer && columns[c].plain ? fmax(best_plain, rate) : best_plain;
    }
    fprintf(out, "<tr><th>%s <span class=\"fold\">", product_names[key_of(row).product]);
    markup_text(out, row->shape);
    fputs("</span></th>", out);
    write_ratio(out, cells[0], best_peer);
    write_ratio(out, cells[1], best_plain);
    for (size_t c = 0; c < count; c++)
        write_cell(view, cells[c], cells[c] && cells[c]->gflops >= best, out);
    fputs("</tr>\n", out);
}

/* Whether the ith case is the first of a peer's with this product. */
static bool starts_row(const struct view *view, size_t i)
{
    const struct view_case *test = &view->cases[i];
    if (!test->peer || key_of(test).product == PRODUCT_NONE || !(test->gflops > 0) || test->wrong)
        return false;
    for (size_t j = 0; j < i; j++) {
        if (view->cases[j].peer && !view->cases[j].wrong && view->cases[j].gflops > 0 &&
            same_row(&view->cases[j], test))
            return false;
    }
    return true;
}

static void write_peer_table(const struct view *view, int threads, FILE *out)
{
    struct column columns[MAX_COLUMNS];
    size_t count = find_columns(view, columns);
    char text[MARKUP_SIZE];
    fprintf(out,
            "<h3>%s</h3>\n<div class=\"scroll\"><table>\n<thead><tr><th>Product, GFLOP/s</th>"
            "<th>trainer /<br>best peer</th><th>plain /<br>best plain</th>"
            "<th>mlp<br>trainer</th><th>mlp<br>plain</th>",
            markup_threads(threads, text));
    for (size_t c = 2; c < count; c++) {
        fputs("<th>", out);
        markup_text(out, view->series[columns[c].series].name);
        fprintf(out, "<br>%s</th>", columns[c].plain ? "plain" : "packed");
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < view->case_count; i++) {
        if (view->cases[i].threads == threads && starts_row(view, i))
            write_peer_row(view, &view->cases[i], count, columns, out);
    }
    fputs("</tbody></table></div>\n", out);
}

static bool has_peer_row(const struct view *view, int threads)
{
    for (size_t i = 0; i < view->case_count; i++) {
        if (view->cases[i].threads == threads && starts_row(view, i))
            return true;
    }
    return false;
}

static bool has_peers(const struct view *view)
{
    for (size_t t = 0; t < view->thread_count; t++) {
        if (has_peer_row(view, view->threads[t]))
            return true;
    }
    return false;
}

static void write_peers(const struct view *view, FILE *out)
{
    fputs("<p class=\"note\">The fastest of our instruction sets against other libraries, on the "
          "same shapes, which are rows x columns x length of the sums. <b>Trainer</b>: on the "
          "panels that training keeps weights in. <b>Plain</b>: from and to row-major arrays, "
          "packing included. <b>Packed</b>: weights in the order that the library asked for. A "
          "narrow layer's dw is computed transposed by the trainer. Plain "
          "arrays are compared with the peers that start from them too. The fastest of a row is "
          "bold.</p>\n",
          out);
    for (size_t t = 0; t < view->thread_count; t++) {
        if (has_peer_row(view, view->threads[t]))
            write_peer_table(view, view->threads[t], out);
    }
}

const struct page_section page_peers = {"peers", "Other libraries", has_peers, write_peers};

/* -- Threads -- */

static const struct view_case *with_threads(const struct view *view, const struct view_case *test,
                                            int threads)
{
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *other = &view->cases[i];
        if (other->threads == threads && other->series == test->series && other->median > 0 &&
            view_same_kernel(other, test))
            return other;
    }
    return NULL;
}

/* Whether a case is the one that those with more threads are compared with. */
static bool is_base(const struct view *view, const struct view_case *test)
{
    if (test->threads != view->threads[0] || !(test->median > 0) || test->threads < 1)
        return false;
    for (size_t t = 1; t < view->thread_count; t++) {
        if (with_threads(view, test, view->threads[t]))
            return true;
    }
    return false;
}

static void write_speedup(const struct view *view, const struct view_case *base, int threads,
                          FILE *out)
{
    const struct view_case *test = with_threads(view, base, threads);
    char text[MARKUP_SIZE];
    if (!test) {
        fputs("<td>\u2013</td>", out);
        return;
    }
    double gain = base->median / test->median, ideal = (double)threads / base->threads;
    fprintf(out,
            "<td class=\"s%zu\">%s\u00d7<span class=\"track\"><i style=\"width:%.1f%%\"></i></span>"
            "</td>",
            case_colour(view, test->series), markup_number(gain, text),
            100 * fmin(gain / ideal, 1));
}

/* The two halves of the section: what users wait for, and what it is made of. */
static bool is_whole(const struct view_case *test)
{
    return strcmp(test->suite, "gemm") != 0 && strcmp(test->suite, "elementwise") != 0;
}

static size_t count_bases(const struct view *view, bool whole)
{
    size_t count = 0;
    for (size_t i = 0; i < view->case_count; i++)
        count += is_whole(&view->cases[i]) == whole && is_base(view, &view->cases[i]);
    return count;
}

static void write_scaling_table(const struct view *view, bool whole, FILE *out)
{
    char text[MARKUP_SIZE];
    fprintf(out, "<div class=\"scroll\"><table>\n<thead><tr><th>Case</th><th>%s</th>",
            markup_threads(view->threads[0], text));
    for (size_t t = 1; t < view->thread_count; t++)
        fprintf(out, "<th>%s</th>", markup_threads(view->threads[t], text));
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *base = &view->cases[i];
        if (is_whole(base) != whole || !is_base(view, base))
            continue;
        fputs("<tr><th class=\"name\">", out);
        markup_name(out, base->name, base->kernel_length);
        fputs("/<wbr>", out);
        markup_text(out, base->isa);
        fprintf(out, "</th><td>%s</td>", markup_duration(base->median, text));
        for (size_t t = 1; t < view->thread_count; t++)
            write_speedup(view, base, view->threads[t], out);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static bool has_scaling(const struct view *view)
{
    return view->thread_count > 1 && count_bases(view, true) + count_bases(view, false) > 0;
}

static void write_scaling(const struct view *view, FILE *out)
{
    char text[MARKUP_SIZE];
    size_t whole = count_bases(view, true), parts = count_bases(view, false);
    fprintf(out,
            "<p class=\"note\">How many times faster than with %s; a full bar is as many times as "
            "there are more threads.</p>\n",
            markup_threads(view->threads[0], text));
    if (whole)
        write_scaling_table(view, true, out);
    if (parts == 0)
        return;
    if (whole)
        fprintf(out, "<details><summary>%zu matrix products and other kernels</summary>\n", parts);
    write_scaling_table(view, false, out);
    if (whole)
        fputs("</details>\n", out);
}

const struct page_section page_scaling = {"threads", "Thread scaling", has_scaling, write_scaling};
