/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include "output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    DEFAULT_COLUMNS = 80,
    LONGEST_BAR = 30,
    SHORTEST_BAR = 10,
    PIECE_SIZE = 48,
    LINE_SIZE = 256,
};

/* The pieces of both lines from left to right; the bar stands after the first. */
enum piece {
    EPOCH,
    LOSS,
    TRAIN,
    VALID,
    TEST,
    SECONDS,
    RATE,
    LEFT,
    PIECES,
};

double progress_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double progress_rate(const mlp_progress *now)
{
    size_t samples = now->samples_done - now->samples_before;
    return now->seconds > 0 ? (double)samples / now->seconds : 0;
}

/* --- Pieces ---------------------------------------------------------------------- */

/* "1:05" or "2:01:05" */
static void format_time(char text[PIECE_SIZE], double seconds)
{
    unsigned long s = seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 1000000000;
    if (s < 3600)
        snprintf(text, PIECE_SIZE, "%lu:%02lu left", s / 60, s % 60);
    else
        snprintf(text, PIECE_SIZE, "%lu:%02lu:%02lu left", s / 3600, s / 60 % 60, s % 60);
}

/* "test 97.12 %" or "test R2 0.9712"; nothing where the score is not known. */
static void format_score(char text[PIECE_SIZE], const char *of, bool classifies, double score)
{
    if (isnan(score))
        return;
    if (classifies)
        snprintf(text, PIECE_SIZE, "%s %.2f %%", of, 100 * score);
    else
        snprintf(text, PIECE_SIZE, "%s R2 %.4f", of, score);
}

/* What both lines show; the rest is left empty. */
static void format_pieces(char pieces[PIECES][PIECE_SIZE], const struct progress *progress,
                          const mlp_progress *now)
{
    char epochs[NUMBER_SIZE], number[NUMBER_SIZE];
    double rate = progress_rate(now);
    memset(pieces, 0, PIECES * sizeof pieces[0]);
    int digits = snprintf(epochs, sizeof epochs, "%zu", now->epochs);
    snprintf(pieces[EPOCH], PIECE_SIZE, "epoch %*zu/%s", digits, now->epoch, epochs);
    if (progress->counts)
        snprintf(pieces[LOSS], PIECE_SIZE, "errors %.0f", now->loss * (double)now->samples_done);
    else
        snprintf(pieces[LOSS], PIECE_SIZE, "loss %.4f", now->loss);
    format_score(pieces[TRAIN], "train", true, now->train_accuracy);
    if (rate >= 100000)
        snprintf(pieces[RATE], PIECE_SIZE, "%.0fk samples/s", rate / 1000);
    else
        snprintf(pieces[RATE], PIECE_SIZE, "%s samples/s", grouped((uint64_t)rate, number));
}

/* --- Lines ----------------------------------------------------------------------- */

/* Columns of the pieces that fit into `width`, which are marked. */
static size_t choose_pieces(char pieces[PIECES][PIECE_SIZE], const enum piece by_importance[PIECES],
                            size_t width, bool shown[PIECES])
{
    size_t used = 0;
    for (size_t i = 0; i < PIECES; i++) {
        enum piece piece = by_importance[i];
        size_t length = strlen(pieces[piece]) + (used > 0 ? 2 : 0);
        shown[piece] = pieces[piece][0] != '\0' && used + length <= width;
        if (shown[piece])
            used += length;
    }
    return used;
}

static void join_pieces(char *line, size_t size, char pieces[PIECES][PIECE_SIZE],
                        const bool shown[PIECES], const char *bar)
{
    size_t length = 0;
    line[0] = '\0';
    for (size_t i = 0; i < PIECES; i++) {
        if (shown[i] && length < size)
            length += (size_t)snprintf(line + length, size - length, "%s%s", length > 0 ? "  " : "",
                                       pieces[i]);
        if (i == EPOCH && bar[0] != '\0' && length < size)
            length += (size_t)snprintf(line + length, size - length, "  %s", bar);
    }
}

/* "[=====>    ]" in `width` columns. */
static void format_bar(char *bar, size_t width, double fraction)
{
    size_t inside = width - 2, filled = (size_t)(fraction * (double)inside);
    bar[0] = '[';
    for (size_t i = 0; i < inside; i++) {
        if (i < filled)
            bar[i + 1] = '=';
        else
            bar[i + 1] = i == filled ? '>' : ' ';
    }
    bar[width - 1] = ']';
    bar[width] = '\0';
}

void progress_format(char *line, size_t size, size_t width, const struct progress *progress,
                     const mlp_progress *now, double elapsed)
{
    static const enum piece by_importance[PIECES] = {EPOCH, LOSS,  TRAIN, LEFT,
                                                     RATE,  VALID, TEST,  SECONDS};
    char pieces[PIECES][PIECE_SIZE];
    bool shown[PIECES];
    char bar[LONGEST_BAR + 1] = "";
    double in_epoch = (double)now->samples_done / (double)now->samples;
    double done = ((double)(now->epoch - 1) + in_epoch) / (double)now->epochs;

    format_pieces(pieces, progress, now);
    if (done > 0)
        format_time(pieces[LEFT], elapsed * (1 - done) / done);
    size_t used = choose_pieces(pieces, by_importance, width, shown);
    if (shown[EPOCH] && used + 2 + SHORTEST_BAR <= width) {
        size_t room = width - used - 2;
        format_bar(bar, room < LONGEST_BAR ? room : LONGEST_BAR, in_epoch);
    }
    join_pieces(line, size, pieces, shown, bar);
}

void progress_format_epoch(char *line, size_t size, size_t width, const struct progress *progress,
                           const mlp_progress *now)
{
    static const enum piece by_importance[PIECES] = {EPOCH, LOSS,    VALID, TEST,
                                                     TRAIN, SECONDS, RATE,  LEFT};
    char pieces[PIECES][PIECE_SIZE];
    bool shown[PIECES];
    format_pieces(pieces, progress, now);
    format_score(pieces[VALID], "valid", progress->classifies, now->valid_score);
    format_score(pieces[TEST], "test", progress->classifies, now->test_score);
    snprintf(pieces[SECONDS], PIECE_SIZE, "%.2f s", now->seconds);
    choose_pieces(pieces, by_importance, width, shown);
    join_pieces(line, size, pieces, shown, "");
}

/* --- On stderr -------------------------------------------------------------------- */

static bool can_redraw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

void progress_begin(struct progress *progress, mlp_loss loss)
{
    *progress = (struct progress){
        .live = can_redraw(),
        .classifies = mlp_loss_classifies(loss),
        .counts = loss == MLP_PERCEPTRON,
        .start = progress_now(),
    };
}

void progress_step(struct progress *progress, const mlp_progress *now)
{
    char line[LINE_SIZE];
    if (!progress->live)
        return;
    /* One column is left free: some terminals wrap when the last one is filled. */
    progress_format(line, sizeof line, terminal_columns(STDERR_FILENO, DEFAULT_COLUMNS) - 1,
                    progress, now, progress_now() - progress->start);
    fprintf(stderr, "\r%s\033[K", line);
}

void progress_end(struct progress *progress)
{
    if (progress->live)
        fputs("\r\033[K", stderr);
}

void progress_epoch(struct progress *progress, const mlp_progress *now)
{
    char line[LINE_SIZE];
    progress_end(progress);
    progress_format_epoch(line, sizeof line, DEFAULT_COLUMNS - 1, progress, now);
    talk("%s", line);
}
