/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include "output.h"

#include <mlp/cpu.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The value of the variable `name`; NULL where it is unset or empty. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Whether the library's default comes from OMP_NUM_THREADS: a list counts by
 * its first number. */
static bool threads_are_set(void)
{
    const char *text = variable("OMP_NUM_THREADS");
    if (!text)
        return false;
    long value = strtol(text, NULL, 10);
    return value > 0 && value == mlp_default_threads();
}

static bool threads_set;
static char ignored[64]; /* a value that is no number; "" where there is none */

void environment_begin(void)
{
    char number[16];
    const char *text = variable("OMP_NUM_THREADS");
    threads_set = threads_are_set();
    if (threads_set) {
        snprintf(number, sizeof number, "%d", mlp_default_threads());
        setenv("OMP_NUM_THREADS", number, 1);
        return;
    }
    snprintf(ignored, sizeof ignored, "%s", text ? text : "");
    unsetenv("OMP_NUM_THREADS");
}

void warn_of_threads(void)
{
    if (*ignored)
        talk("mlp: OMP_NUM_THREADS is '%s', not a number of threads: using %d", ignored,
             mlp_default_threads());
}

const char *isa_reason(const char *option)
{
    if (option && *option)
        return "asked for by --isa";
    if (variable("MLP_ISA"))
        return "asked for by MLP_ISA";
    return "the fastest that this CPU supports";
}

const char *threads_reason(void)
{
    return threads_set ? "asked for by OMP_NUM_THREADS" : "the CPUs that this process may use";
}
