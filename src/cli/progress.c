/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    DEFAULT_COLUMNS = 80,
    LONGEST_BAR = 30,
    SHORTEST_BAR = 10,
    PIECE_SIZE = 32,
};

/* The pieces of the line from left to right; the bar stands after the first. */
enum piece {
    EPOCH,
    LOSS,
    ACCURACY,
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

static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return DEFAULT_COLUMNS;
}

double progress_rate(const mlp_progress *now)
{
    return now->seconds > 0 ? (double)now->samples_done / now->seconds : 0;
}

/* "1:05" or "2:01:05" */
static void format_time(char text[PIECE_SIZE], double seconds)
{
    unsigned long s = seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 1000000000;
    if (s < 3600)
        snprintf(text, PIECE_SIZE, "%lu:%02lu left", s / 60, s % 60);
    else
        snprintf(text, PIECE_SIZE, "%lu:%02lu:%02lu left", s / 3600, s / 60 % 60, s % 60);
}

/* All pieces; what is not known yet is empty. */
static void format_pieces(char pieces[PIECES][PIECE_SIZE], const mlp_progress *now,
                          double test_accuracy, double elapsed)
{
    double in_epoch = (double)now->samples_done / (double)now->samples;
    double done = ((double)(now->epoch - 1) + in_epoch) / (double)now->epochs;
    double rate = progress_rate(now);
    memset(pieces, 0, PIECES * sizeof pieces[0]);
    snprintf(pieces[EPOCH], PIECE_SIZE, "epoch %zu/%zu", now->epoch, now->epochs);
    snprintf(pieces[LOSS], PIECE_SIZE, "loss %.4f", now->loss);
    if (test_accuracy >= 0)
        snprintf(pieces[ACCURACY], PIECE_SIZE, "test %.2f %%", 100 * test_accuracy);
    if (rate >= 10000)
        snprintf(pieces[RATE], PIECE_SIZE, "%.0fk samples/s", rate / 1000);
    else
        snprintf(pieces[RATE], PIECE_SIZE, "%.0f samples/s", rate);
    if (done > 0)
        format_time(pieces[LEFT], elapsed * (1 - done) / done);
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

void progress_format(char *line, size_t size, size_t width, const mlp_progress *now,
                     double test_accuracy, double elapsed)
{
    static const enum piece by_importance[PIECES] = {EPOCH, LOSS, ACCURACY, LEFT, RATE};
    char pieces[PIECES][PIECE_SIZE];
    bool shown[PIECES] = {false};
    char bar[LONGEST_BAR + 1] = "";
    size_t used = 0;

    format_pieces(pieces, now, test_accuracy, elapsed);
    for (size_t i = 0; i < PIECES; i++) {
        enum piece piece = by_importance[i];
        size_t length = strlen(pieces[piece]) + (used > 0 ? 2 : 0);
        if (pieces[piece][0] == '\0' || used + length > width)
            continue;
        shown[piece] = true;
        used += length;
    }
    if (used + 2 + SHORTEST_BAR <= width) {
        size_t room = width - used - 2;
        format_bar(bar, room < LONGEST_BAR ? room : LONGEST_BAR,
                   (double)now->samples_done / (double)now->samples);
    }

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

static bool can_redraw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

void progress_begin(struct progress *progress)
{
    *progress = (struct progress){
        .live = can_redraw(),
        .start = progress_now(),
        .test_accuracy = -1,
    };
}

void progress_step(struct progress *progress, const mlp_progress *now)
{
    char line[256];
    if (!progress->live)
        return;
    /* One column is left free: some terminals wrap when the last one is filled. */
    progress_format(line, sizeof line, terminal_columns() - 1, now, progress->test_accuracy,
                    progress_now() - progress->start);
    fprintf(stderr, "\r%s\033[K", line);
}

void progress_end(struct progress *progress)
{
    if (progress->live)
        fputs("\r\033[K", stderr);
}

void progress_epoch(struct progress *progress, const mlp_progress *now)
{
    char rate[NUMBER_SIZE], accuracy[PIECE_SIZE] = "";
    char epochs[NUMBER_SIZE];
    int digits = snprintf(epochs, sizeof epochs, "%zu", now->epochs);
    progress_end(progress);
    progress->test_accuracy = now->test_accuracy;
    if (now->test_accuracy >= 0)
        snprintf(accuracy, sizeof accuracy, "  test %6.2f %%", 100 * now->test_accuracy);
    talk("epoch %*zu/%s  loss %.4f%s  %.2f s  %s samples/s", digits, now->epoch, epochs, now->loss,
         accuracy, now->seconds, grouped((uint64_t)progress_rate(now), rate));
}
