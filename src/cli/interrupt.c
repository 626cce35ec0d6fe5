/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

/* Two signals may come on two threads at once: only one of them is the first. */
static atomic_int received;

static void note(int signal_number)
{
    int first = 0;
    if (!atomic_compare_exchange_strong(&received, &first, signal_number))
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
