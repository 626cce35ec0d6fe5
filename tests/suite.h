/* SPDX-License-Identifier: MIT */
/* The end of every test program. */
#ifndef MLP_TESTS_SUITE_H
#define MLP_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs a suite and frees it; returns the program's exit code. Nothing run is a failure. */
static inline int suite_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int run = srunner_ntests_run(runner), failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return run > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
