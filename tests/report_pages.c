/* SPDX-License-Identifier: MIT */
/* Writes the pages of all report cases into a folder, for test_report_page.py. A libcheck
 * program, for the cases assert what they need. */
#include "folder.h"
#include "report_cases.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const char *target;

START_TEST(write_pages)
{
    for (size_t i = 0; report_case_name(i); i++) {
        struct report_case report;
        char path[PATH_SIZE];
        mlp_error error;
        report_case_make(i, &report);
        snprintf(path, sizeof path, "%s/%s.html", target, report_case_name(i));
        ck_assert_msg(report_write(path, &report.report, &error) == MLP_OK, "%s", error.message);
        report_case_clear(&report);
    }
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 2)
        return EXIT_FAILURE;
    target = argv[1];
    TCase *pages = tcase_create("pages");
    tcase_add_checked_fixture(pages, folder_make, folder_remove);
    tcase_add_test(pages, write_pages);
    tcase_set_timeout(pages, 300); /* sanitizers and emulators are slow */

    Suite *suite = suite_create("report_pages");
    suite_add_tcase(suite, pages);
    return suite_run(suite);
}
