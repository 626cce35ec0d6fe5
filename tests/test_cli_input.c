/* SPDX-License-Identifier: MIT */
/* The program and bad input: the cases of the command line and of its files. */
#include "program.h"

#include <mlp/mlp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(no_command_or_an_unknown_one)
{
    expect_failure(2, "no command", "$MLP");
    expect_failure(2, "did you mean train?", "$MLP trian");
    expect_failure(2, "unknown command 'xyz'; see mlp --help", "$MLP xyz");
    expect_failure(2, "unknown command ''", "$MLP ''");
    expect_failure(2, "did you mean eval?", "$MLP help evla");
    expect_failure(2, "unknown command 'a?b'", "$MLP \"$(printf 'a\\nb')\"");
}
END_TEST

START_TEST(case_96_threads_out_of_range)
{
    static const char *const bad[] = {
        "0",   "-1",  "1e9",  "4x", "''",    "' 1'",       "+1",
        "0x2", "1.0", "4097", "-0", "4096.", "9999999999", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char command[128];
        snprintf(command, sizeof command, "$MLP train --data data --threads %s", bad[i]);
        expect_failure(2, "expected a whole number from 1 to 4,096", command);
    }
}
END_TEST

START_TEST(case_97_learning_rate_out_of_range)
{
    static const char *const bad[] = {"nan",  "inf", "-0.1", "0",      "1e99", "1e-99",
                                      "0.1x", "''",  "' 1'", "0x1p-3", "1,5",  "-nan"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char command[128];
        snprintf(command, sizeof command, "$MLP train --data data --lr %s", bad[i]);
        expect_failure(2, "--lr: found '", command);
    }
}
END_TEST

START_TEST(case_98_batch_of_none_or_more_than_there_are)
{
    expect_failure(2, "--batch: found '0'", "$MLP train --data data --batch 0 --save new");
    expect_failure(2, "--batch: found 201, expected at most 200",
                   "$MLP train --data data --batch 201 --save new");
    expect_success("$MLP train --data data --batch 200 --epochs 1");
}
END_TEST

START_TEST(other_numbers_out_of_range)
{
    expect_failure(2, "--epochs: found '0'", "$MLP train --epochs 0");
    expect_failure(2, "--epochs: found 'ten'", "$MLP train --epochs ten");
    expect_failure(2, "--seed: found '-1'", "$MLP train --seed -1");
    expect_failure(2, "--seed: found '18446744073709551616'",
                   "$MLP train --seed 18446744073709551616");
    expect_failure(2, "--hidden: found '0'", "$MLP train --hidden 0");
    expect_failure(2, "--hidden: found ''", "$MLP train --hidden 8,,8");
    expect_failure(2, "--hidden: found ''", "$MLP train --hidden 8,");
    expect_failure(2, "--hidden: found ''", "$MLP train --hidden ''");
    expect_failure(2, "--hidden: found '8x'", "$MLP train --hidden 8x");
    expect_failure(2, "--hidden: found '1000001'", "$MLP train --hidden 1000001");
    expect_failure(2, "--hidden: found '", "$MLP train --hidden 99999999999999999999999");
    expect_failure(2, "more than 64 layers", "$MLP train --hidden $(seq -s, 1 65)");
}
END_TEST

START_TEST(unknown_names_list_the_known_ones)
{
    expect_failure(2, "expected one of: default, reference", "$MLP train --recipe best");
    expect_failure(2, "expected one of: identity, relu", "$MLP train --activation geluu");
    expect_failure(2, "expected one of: he, glorot", "$MLP train --init zerro");
    expect_failure(2, "--init: initialisation 'normal:x'", "$MLP train --init normal:x");
    expect_failure(2, "expected one of: sgd, adam", "$MLP train --optimizer lyon");
    expect_failure(2, "expected train or test", "$MLP eval model --split all");
}
END_TEST

START_TEST(case_99_unknown_option_with_a_suggestion)
{
    expect_failure(2, "unknown option '--bacth'; did you mean --batch?", "$MLP train --bacth 3");
    expect_failure(2, "did you mean --batch?", "$MLP train --bacth=3");
    expect_failure(2, "did you mean --threads?", "$MLP eval model --treads 3");
    expect_failure(2, "unknown option '--qwertz'; see mlp train --help", "$MLP train --qwertz");
    expect_failure(2, "unknown option '-x'", "$MLP train -x");
    expect_failure(2, "option '--s' is ambiguous", "$MLP train --s 3");
    expect_failure(2, "unknown option", "$MLP train --$(printf '%0200d' 0)");
}
END_TEST

START_TEST(case_100_missing_value)
{
    expect_failure(2, "option --batch needs a value: --batch N", "$MLP train --batch");
    expect_failure(2, "option --save needs a value, found the option '--json'",
                   "$MLP train --save --json");
    expect_failure(2, "option --json takes no value", "$MLP train --json=yes");
    expect_failure(2, "no model given", "$MLP eval");
    expect_failure(2, "no model given", "$MLP predict --json");
}
END_TEST

START_TEST(built_in_data_that_are_misspelt)
{
    expect_failure(1, "no built-in set of this name; did you mean digits?",
                   "$MLP train --data digts");
    expect_failure(1, "; did you mean xor?", "$MLP train --data digits --test xxor");
    expect_failure(1, "no built-in set of this name", "$MLP train --data elsewhere");
    ck_assert_ptr_null(strstr(err, "did you mean"));
}
END_TEST

START_TEST(case_101_conflicting_options)
{
    expect_failure(2, "--batch is given twice, as '3' and '4'", "$MLP train --batch 3 --batch 4");
    expect_failure(2, "option --epochs does not go with mlp eval", "$MLP eval model --epochs 3");
    expect_failure(2, "option --split does not go with mlp train", "$MLP train --split test");
    expect_failure(2, "unexpected argument 'model'", "$MLP train model");
    expect_failure(2, "unexpected argument 'b'; see mlp info --help", "$MLP info a b");
    expect_failure(2, "unexpected argument 'data'; data are given as --data data",
                   "$MLP train data");
    expect_failure(2, "unexpected argument 'xor'; data are given as --data xor",
                   "$MLP eval model xor");
    expect_failure(2, "is the file that the data come from",
                   "$MLP train --data data/train-images-idx3-ubyte --save "
                   "data/../data/train-images-idx3-ubyte");
    expect_success("$MLP train " SMALL "--batch 32 --json --json"); /* the same twice is fine */
}
END_TEST

START_TEST(case_102_saving_over_an_old_model_works)
{
    save_model();
    expect_success("$MLP train " SMALL "--seed 7 --save model");
    expect_success("$MLP eval model --data data");
}
END_TEST

/* Any other file is left alone: it may be the only copy of something. */
START_TEST(case_102_saving_over_what_is_no_model)
{
    static const char *const names[] = {"data/train-images-idx3-ubyte",
                                        "data/train-labels-idx1-ubyte", "notes"};
    ck_assert_int_eq(shell("echo remember >notes"), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(shell("cksum <%s >before", names[i]), 0);
        char command[256];
        snprintf(command, sizeof command, "$MLP train " SMALL "--save %s", names[i]);
        expect_failure(2, "is there and not a model", command);
        ck_assert_int_eq(shell("cksum <%s | cmp - before", names[i]), 0);
    }
    ck_assert_int_eq(shell("rm before && : >notes"), 0);
    expect_success("$MLP train " SMALL "--save notes"); /* an empty one has nothing to lose */
}
END_TEST

START_TEST(case_103_save_into_what_is_no_file)
{
    expect_success("mkfifo pipe; mkdir sub");
    expect_failure(1, "sub: cannot write: it is a folder", "$MLP train " SMALL "--save sub");
    expect_failure(1, "pipe: cannot write: it is a pipe", "$MLP train " SMALL "--save pipe");
    expect_failure(1, "/dev/null: cannot write: it is a device",
                   "$MLP train " SMALL "--save /dev/null");
    if (access("/dev/full", F_OK) == 0)
        expect_failure(1, "/dev/full: cannot write: it is a device",
                       "$MLP train " SMALL "--save /dev/full");
    expect_failure(1, "no file name", "$MLP train " SMALL "--save ''");
}
END_TEST

START_TEST(case_103_save_into_a_read_only_folder)
{
    if (geteuid() == 0) { /* whom permissions do not stop */
        enum { NOBODY = 65534 };
        ck_assert_int_eq(shell("chown -R %d:%d .", NOBODY, NOBODY), 0);
        ck_assert_int_eq(chown(folder, NOBODY, NOBODY), 0);
        ck_assert_int_eq(setgid(NOBODY), 0);
        ck_assert_int_eq(setuid(NOBODY), 0);
        if (access(MLP_PROGRAM, X_OK) != 0) {
            printf("case_103_save_into_a_read_only_folder: not run, the program's folder is "
                   "closed to other users than root\n");
            return;
        }
    }
    expect_success("mkdir sub; chmod 555 sub");
    expect_failure(1, "sub/model: cannot ", "$MLP train " SMALL "--save sub/model");
    expect_success("chmod 755 sub");
}
END_TEST

START_TEST(case_103_a_model_that_is_no_file)
{
    expect_success("mkfifo pipe");
    expect_failure(1, "data: cannot read: it is a folder", "$MLP eval data");
    expect_failure(1, "pipe: cannot read: it is a pipe", "$MLP info pipe");
    expect_failure(1, "/dev/null: cannot read: it is a device", "$MLP predict /dev/null");
}
END_TEST

START_TEST(case_104_missing_file)
{
    static const char *const commands[] = {
        "$MLP eval missing",
        "$MLP predict missing",
        "$MLP info missing",
        "$MLP train --data missing --save new",
        "$MLP train " SMALL "--test missing --save new",
        "$MLP train " SMALL "--save missing/new",
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        expect_failure(1, "missing", commands[i]);
}
END_TEST

START_TEST(a_damaged_model_is_bad_data)
{
    save_model();
    expect_success("head -c 700 model >cut");
    expect_failure(3, "cut: ", "$MLP eval cut");
    expect_failure(3, "cut: ", "$MLP predict cut");
    expect_failure(3, "cut: ", "$MLP info cut");
}
END_TEST

START_TEST(data_that_do_not_fit_are_bad_data)
{
    save_model();
    ck_assert_int_eq(mkdir(in_folder("other"), 0777), 0);
    put_idx("other/t10k-images-idx3-ubyte", TEST_COUNT, 5, false);
    put_idx("other/t10k-labels-idx1-ubyte", TEST_COUNT, 5, true);
    expect_failure(3, "25", "$MLP eval model --data other");
    expect_failure(3, "25", "$MLP predict model --data other");
    expect_failure(3, "25", "$MLP train " SMALL "--test other --save new");
}
END_TEST

START_TEST(case_105_closed_stdout)
{
    save_model();
    static const char *const commands[] = {
        "$MLP --help",
        "$MLP info",
        "$MLP train " SMALL "--save new",
        "$MLP eval model --data data",
        "$MLP predict model --data data --json",
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        ck_assert_int_eq(shell("%s >&-", commands[i]), 1);
        ck_assert_ptr_nonnull(strstr(err, "mlp: standard output is closed\n"));
    }
    ck_assert_int_ne(access(in_folder("new"), F_OK), 0);
}
END_TEST

START_TEST(case_105_full_stdout)
{
    if (access("/dev/full", F_OK) != 0) {
        printf("case_105_full_stdout: not run, there is no /dev/full\n");
        return;
    }
    save_model();
    ck_assert_int_eq(shell("$MLP --help >/dev/full"), 1);
    ck_assert_ptr_nonnull(strstr(err, "mlp: standard output: cannot write: "));
    ck_assert_int_eq(shell("$MLP info --json >/dev/full"), 1);
    ck_assert_int_eq(shell("$MLP predict model --data data --json >/dev/full"), 1);
    ck_assert_ptr_nonnull(strstr(err, "mlp: standard output: cannot write: "));
    ck_assert_int_eq(shell("$MLP train " SMALL "--save new >/dev/full"), 1);
    ck_assert_int_eq(access(in_folder("new"), F_OK), 0); /* the model is not lost */
}
END_TEST

START_TEST(case_105_closed_stdin_and_stderr)
{
    /* The model must not land in what the program takes for its stderr. */
    expect_success("$MLP train " SMALL "--save model <&- 2>&-");
    expect_success("$MLP eval model --data data");
}
END_TEST

START_TEST(case_105_a_reader_that_leaves)
{
    save_model();
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[1], 9), 9);
    close(fds[0]);
    ck_assert_int_eq(shell("$MLP predict model --data data >&9"), 1);
    ck_assert_str_eq(err, ""); /* no complaint: the reader has seen enough */
}
END_TEST

START_TEST(case_106_omp_num_threads_is_no_number)
{
    ck_assert_int_eq(shell("unset OMP_NUM_THREADS; $MLP info --json"), 0);
    json_t *root = parse_json(out);
    json_int_t computed = json_integer_value(json_object_get(root, "threads"));
    json_decref(root);
    static const char *const bad[] = {"abc", "0", "-2", "4x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char warning[128];
        ck_assert_int_eq(shell("OMP_NUM_THREADS=%s $MLP info --json", bad[i]), 0);
        snprintf(warning, sizeof warning, "mlp: OMP_NUM_THREADS is '%s', not a number of threads",
                 bad[i]);
        ck_assert_ptr_nonnull(strstr(err, warning));
        root = parse_json(out);
        ck_assert_int_eq(json_integer_value(json_object_get(root, "threads")), computed);
        json_decref(root);
    }
    ck_assert_int_eq(shell("OMP_NUM_THREADS=abc $MLP train " SMALL), 0);
    ck_assert_ptr_null(strstr(err, "mlp: OMP_NUM_THREADS")); /* --threads is given */
}
END_TEST

START_TEST(a_full_disk_is_told_and_leaves_nothing)
{
    if (UNDER_TSAN) {
        puts("a_full_disk: not run, the thread sanitizer keeps a part of its memory in a file");
        return;
    }
    save_model();
    size_t size;
    char *old = get_file(in_folder("model"), &size);
    int count = folder_count();
    /* A limit of 4 blocks of 512 or 1024 bytes; the model takes more. */
    int code = shell("( ulimit -f 4; $MLP train --data data --hidden 64 --batch 32 --epochs 1 "
                     "--save model )");
    ck_assert_int_eq(code, 1);
    ck_assert_ptr_nonnull(strstr(err, "mlp: model: cannot write: "));
    ck_assert_int_eq(folder_count(), count);
    ck_assert(file_is(in_folder("model"), old, size));
    free(old);
}
END_TEST

START_TEST(unknown_isa)
{
    expect_failure(2, "'sse9'", "$MLP train " SMALL "--isa sse9");
    expect_failure(2, "MLP_ISA", "MLP_ISA=sse9 $MLP info");
    expect_success("MLP_ISA=sse9 $MLP info --isa c"); /* the option wins */
    expect_success("MLP_ISA= $MLP info");
}
END_TEST

START_TEST(isa_that_this_cpu_lacks)
{
    size_t lacking = 0;
    for (size_t i = 0; mlp_isa_name(i); i++) {
        char command[128];
        if (mlp_isa_supported(i))
            continue;
        snprintf(command, sizeof command, "$MLP info --isa %s", mlp_isa_name(i));
        expect_failure(2, "this CPU lacks", command);
        lacking++;
    }
    if (lacking == 0)
        printf("isa_that_this_cpu_lacks: not run, this CPU has all instruction sets\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_input");
    TCase *tests = tcase_create("cli_input");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, no_command_or_an_unknown_one);
    tcase_add_test(tests, case_96_threads_out_of_range);
    tcase_add_test(tests, case_97_learning_rate_out_of_range);
    tcase_add_test(tests, case_98_batch_of_none_or_more_than_there_are);
    tcase_add_test(tests, other_numbers_out_of_range);
    tcase_add_test(tests, unknown_names_list_the_known_ones);
    tcase_add_test(tests, case_99_unknown_option_with_a_suggestion);
    tcase_add_test(tests, case_100_missing_value);
    tcase_add_test(tests, built_in_data_that_are_misspelt);
    tcase_add_test(tests, case_101_conflicting_options);
    tcase_add_test(tests, case_102_saving_over_an_old_model_works);
    tcase_add_test(tests, case_102_saving_over_what_is_no_model);
    tcase_add_test(tests, case_103_save_into_what_is_no_file);
    tcase_add_test(tests, case_103_save_into_a_read_only_folder);
    tcase_add_test(tests, case_103_a_model_that_is_no_file);
    tcase_add_test(tests, case_104_missing_file);
    tcase_add_test(tests, a_damaged_model_is_bad_data);
    tcase_add_test(tests, data_that_do_not_fit_are_bad_data);
    tcase_add_test(tests, case_105_closed_stdout);
    tcase_add_test(tests, case_105_full_stdout);
    tcase_add_test(tests, case_105_closed_stdin_and_stderr);
    tcase_add_test(tests, case_105_a_reader_that_leaves);
    tcase_add_test(tests, case_106_omp_num_threads_is_no_number);
    tcase_add_test(tests, a_full_disk_is_told_and_leaves_nothing);
    tcase_add_test(tests, unknown_isa);
    tcase_add_test(tests, isa_that_this_cpu_lacks);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
