/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

/* Two signals may come on two threads at once: only one of them is the first. */
static atomic_int received;
static _Atomic double received_at;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* A second signal ends the program at once, unless it is the same request: timeout(1) signals the
 * program and its group, a terminal that closes signals as its shell does. */
static void note(int signal_number)
{
    static const double same_request = 0.3; /* seconds */
    int first = 0;
    if (atomic_compare_exchange_strong(&received, &first, signal_number)) {
        received_at = now();
        return;
    }
    double at = received_at; /* 0: being noted by another thread */
    bool repeated = first == signal_number && (at == 0 || now() - at < same_request);
    if (signal_number != SIGHUP && !repeated)
        _exit(128 + signal_number);
}

void interrupt_begin(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART}, before;
        sigemptyset(&action.sa_mask);
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

int interrupt_signal(void)
{
    return atomic_load(&received);
}
