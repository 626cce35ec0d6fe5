/* SPDX-License-Identifier: MIT */
/* mlp-bench --record: one case and nothing else, to be watched by perf. */
#include "run.h"

#include "cli/interrupt.h"
#include "error.h"
#include "team.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Between two looks at the clock. */
static const double slice = 0.1;

/* An argument as a shell takes it. */
static void print_argument(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./,:=+%@";
    if (*text && text[strspn(text, plain)] == '\0') {
        printf(" %s", text);
        return;
    }
    printf(" '");
    for (; *text; text++)
        printf(*text == '\'' ? "'\\''" : "%c", *text);
    putchar('\'');
}

static void print_commands(const struct bench_case *test, const struct bench_options *options)
{
    double seconds = options->seconds;
    long self = (long)getpid();
    printf("%s for %g s, as process %ld. From another terminal:\n\n"
           "    perf stat -d -p %ld -- sleep %g\n"
           "    perf record -g -p %ld -- sleep %g && perf annotate\n\n"
           "or all of it, preparations included, from this one:\n\n"
           "    perf record -g",
           test->name, seconds, self, self, seconds / 2, self, seconds / 2);
    for (int i = 0; i < options->argc; i++)
        print_argument(options->argv[i]);
    printf("\n\n");
    fflush(stdout);
}

static void loop(struct bench_case *test, double seconds)
{
    const struct bench_kind *kind = test->kind;
    bench_time_fn *time = bench_case_timer(test);
    size_t iterations = bench_calibrate(test->threads, kind->run, test, slice, time);
    uint64_t total = 0;
    interrupt_begin(); /* before, a signal ends the program at once */
    double begin = omp_get_wtime(), now = begin;
    while (now - begin < seconds && !interrupt_signal()) {
        time(test->threads, kind->run, test, iterations);
        total += iterations;
        now = omp_get_wtime();
    }
    double each = (now - begin) / (double)total;
    printf("%" PRIu64 " iterations in %.2f s: %.4g us each, %.2f %s\n", total, now - begin,
           each * 1e6, (test->by_bytes ? test->bytes : test->flops) / each / 1e9,
           test->by_bytes ? "GB/s" : "GFLOP/s");
}

mlp_status bench_record(struct bench_case *test, const struct bench_options *options,
                        mlp_error *error)
{
    mlp_status status = test->kind->prepare(test, error);
    if (status == MLP_OK) {
        print_commands(test, options);
        loop(test, options->seconds);
    }
    test->kind->destroy(test);
    return status;
}
