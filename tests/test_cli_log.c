/* SPDX-License-Identifier: MIT */
/* What mlp train writes beside models: logs, reports, top-k accuracy. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_log_has_a_record_for_every_epoch)
{
    json_t *root = json_of("$MLP train " SMALL "--valid 0.2 --json --log log.jsonl");
    const json_t *epochs = json_object_get(root, "epochs");
    size_t size, lines = 0;
    char *log = get_file(in_folder("log.jsonl"), &size);
    for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        json_t *record = parse_json(line);
        const json_t *epoch = json_array_get(epochs, lines);
        ck_assert_int_eq((int)number_at(record, "epoch"), (int)lines + 1);
        ck_assert_int_eq((int)number_at(record, "seed"), 1);
        ck_assert(number_at(record, "loss") == number_at(epoch, "loss"));
        ck_assert(number_at(record, "valid_loss") == number_at(epoch, "valid_loss"));
        ck_assert(number_at(record, "test_score") == number_at(epoch, "test_accuracy"));
        json_decref(record);
    }
    ck_assert_uint_eq(lines, 2);
    free(log);
    json_decref(root);
}
END_TEST

START_TEST(a_log_of_csv_has_as_many_cells_in_every_row)
{
    expect_success("$MLP train --data sine --hidden 4 --epochs 3 --log log.csv");
    expect_success("$MLP train --data sine --hidden 4 --epochs 2 --runs 2 --log log.csv");
    size_t size, lines = 0;
    char *log = get_file(in_folder("log.csv"), &size);
    for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        size_t commas = 0;
        for (const char *c = line; *c; c++)
            commas += *c == ',';
        ck_assert_uint_eq(commas, 10);
        ck_assert_ptr_null(strstr(line, "nan"));
        if (lines == 0)
            ck_assert_int_eq(strncmp(line, "seed,epoch,loss,", 16), 0);
        else
            ck_assert_int_eq(line[0], lines <= 2 ? '1' : '2');
    }
    ck_assert_uint_eq(lines, 5); /* of the second command alone */
    free(log);
}
END_TEST

START_TEST(a_log_that_cannot_be_written_is_told)
{
    if (UNDER_TSAN) {
        puts("a_log_that_cannot_be_written: not run, the thread sanitizer keeps a part of its "
             "memory "
             "in a file");
        return;
    }
    /* Two blocks of 512 or 1024 bytes: less than the log, and enough for the 1024 of shared memory
     * that LLVM's OpenMP uses without looking. The program's own output must not meet it. */
    static const char limited[] = "ulimit -f 2; $MLP train --data data --hidden 8 --epochs 50 "
                                  "--log log.csv";
    ck_assert_int_eq(shell("( %s ) >/dev/null 2>/dev/null", limited), 1);
    expect_success("rm log.csv");
    ck_assert_int_eq(shell("( %s ) 2>&1 >/dev/null | tail -n 1", limited), 0);
    ck_assert_int_eq(strncmp(out, "mlp: log.csv: cannot write: ", 28), 0);
}
END_TEST

START_TEST(a_report_is_a_page_that_may_be_replaced)
{
    size_t size;
    expect_success("$MLP train " SMALL "--valid 0.2 --report page.html");
    char *page = get_file(in_folder("page.html"), &size);
    ck_assert_int_eq(strncmp(page, "<!DOCTYPE html>", 15), 0);
    ck_assert_ptr_nonnull(strstr(page, "--valid 0.2"));
    free(page);
    expect_success("$MLP train " SMALL "--report page.html --json --runs 2");
    expect_success("$MLP train --data sine --hidden 4 --epochs 2 --report page.html");
    expect_success("$MLP train --recipe perceptron --report page.html");
    page = get_file(in_folder("page.html"), &size);
    ck_assert_ptr_nonnull(strstr(page, "--recipe perceptron"));
    free(page);
}
END_TEST

START_TEST(top_k_is_told_where_it_is_asked_for)
{
    expect_success("$MLP train " SMALL "--top-k 10");
    ck_assert_ptr_nonnull(strstr(out, "top-10 accuracy 100.00 %"));
    json_t *root = json_of("$MLP train " SMALL "--top-k 10 --json --save model");
    ck_assert(number_at(root, "top_k_accuracy") == 1);
    json_decref(root);
    root = json_of("$MLP eval model --data data --top-k 1 --json");
    ck_assert(number_at(root, "top_k_accuracy") == number_at(root, "accuracy"));
    json_decref(root);
    expect_failure(2, "--top-k: found 11", "$MLP eval model --data data --top-k 11");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_log");
    TCase *tests = tcase_create("cli_log");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_log_has_a_record_for_every_epoch);
    tcase_add_test(tests, a_log_of_csv_has_as_many_cells_in_every_row);
    tcase_add_test(tests, a_log_that_cannot_be_written_is_told);
    tcase_add_test(tests, a_report_is_a_page_that_may_be_replaced);
    tcase_add_test(tests, top_k_is_told_where_it_is_asked_for);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
