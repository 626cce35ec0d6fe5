/* SPDX-License-Identifier: MIT */
/* mlp predict --data -: tables from standard input, line by line. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

/* Each answer comes before the next question; the program ends when there are no more. */
START_TEST(a_pipe_is_answered_line_by_line)
{
    expect_success("$MLP train --recipe xor --epochs 5 --save model");
    expect_success("mkfifo questions answers; "
                   "$MLP predict model --data - <questions >answers & "
                   "exec 8>questions 9<answers; "
                   "echo 0,0 >&8; read -r one <&9; echo \"$one\"; "
                   "echo 0,1 >&8; read -r two <&9; echo \"$two\"; "
                   "exec 8>&-; read -r three <&9; echo \"$three\"; wait $!");
    ck_assert_int_eq(strncmp(out, "0 ", 2), 0);
    ck_assert_ptr_nonnull(strstr(out, "\n1 "));
    ck_assert_int_eq(strcmp(out + strlen(out) - 2, "\n\n"), 0);
}
END_TEST

START_TEST(a_pipe_has_the_same_answers)
{
    static const char rows[] = "printf 'a,b\\n0,0\\n0,1\\n1,0\\n1,1\\n'";
    static const char *const options[] = {"", "--json", "--format csv --probabilities",
                                          "--format npy"};
    expect_success("$MLP train --recipe xor --save model");
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char command[512];
        snprintf(command, sizeof command,
                 "$MLP predict model --data xor %s >whole; "
                 "%s | $MLP predict model --data - %s | cmp whole",
                 options[i], rows, options[i]);
        expect_success(command);
    }
    expect_success("printf '0,0\\n0,1\\n' | $MLP predict model --data - --output p.csv");
    expect_success("$MLP predict model --data xor --format csv | head -n 3 | cmp p.csv");
}
END_TEST

START_TEST(a_bad_line_ends_a_pipe)
{
    expect_success("$MLP train --recipe xor --epochs 5 --save model");
    ck_assert_int_eq(shell("printf '0,0\\n0,x\\n' | $MLP predict model --data -"), 3);
    ck_assert_int_eq(strncmp(out, "0 ", 2), 0);
    ck_assert_ptr_nonnull(strstr(err, "line 2, column 2: found 'x'"));
    ck_assert_int_eq(shell("printf '0,0\\n0,x\\n' | $MLP predict model --data - --output p.csv"),
                     3);
    ck_assert_int_eq(shell("test -e p.csv"), 1);
    expect_failure(3, "expected 2 as the model takes",
                   "printf '0,0,0,0\\n' | $MLP predict model --data -");
}
END_TEST

/* Lines that come together and lines that come alone have the bits of a whole file. */
START_TEST(answers_do_not_depend_on_what_comes_together)
{
    expect_success("$MLP train --data digits --hidden 33 --epochs 1 --batch 1000 --threads 1 "
                   "--save model");
    expect_success("awk 'BEGIN { for (i = 0; i < 1500; i++) for (c = 0; c < 784; c++) "
                   "printf \"0.%d%s\", (i * 31 + c * c * 7) % 256, c < 783 ? \",\" : \"\\n\" }' "
                   ">x.csv");
    expect_success("$MLP predict model --data x.csv --format csv --probabilities >whole");
    expect_success("cut -d, -f3- whole | sort -u | wc -l");
    ck_assert_int_gt(atoi(out), 200);
    expect_success("cat x.csv | $MLP predict model --data - --format csv --probabilities | "
                   "cmp whole");
    expect_success("head -n 150 x.csv | while read -r line; do echo \"$line\"; done | "
                   "$MLP predict model --data - --format csv --probabilities >alone; "
                   "head -n 151 whole | cmp alone");
}
END_TEST

/* A line of which a part has come, and an empty one, keep no answer back. */
START_TEST(what_waits_keeps_no_answer_back)
{
    expect_success("$MLP train --recipe xor --epochs 5 --threads 1 --save model");
    expect_success("mkfifo questions answers; "
                   "$MLP predict model --data - <questions >answers & "
                   "exec 8>questions 9<answers; "
                   "printf '0,0\\n1,1\\n\\n' >&8; read -r a <&9; read -r b <&9; echo \"$a $b\"; "
                   "printf '0,1\\n0,' >&8; read -r c <&9; echo \"$c\"; "
                   "printf '0\\n\"0\",\"0' >&8; read -r d <&9; echo \"$d\"; "
                   "printf '\"\\n' >&8; read -r e <&9; echo \"$e\"; exec 8>&-; wait $!");
    const char *at = out;
    static const char *const starts[] = {"0 ", "2 ", "3 ", "4 "};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(strncmp(at, starts[i], 2), 0);
        at = strchr(at, '\n') + 1;
    }
    ck_assert_str_eq(at, "");
}
END_TEST

/* Nobody reads any more: the program ends although lines go on coming. */
START_TEST(a_reader_who_leaves_ends_it)
{
    expect_success("$MLP train --recipe xor --epochs 5 --threads 1 --save model");
    expect_success("{ while echo 0,1; do :; done 2>errors | $MLP predict model --data -; "
                   "echo $? >code; } | head -n 1; cat code");
    ck_assert_int_eq(strncmp(out, "0 ", 2), 0);
    ck_assert_str_eq(strchr(out, '\n') + 1, "1\n");
    ck_assert_str_eq(err, "");
    ck_assert_int_eq(shell("yes 0,1 2>errors | $MLP predict model --data - >/dev/full"), 1);
    ck_assert_str_eq(err, "mlp: standard output: cannot write: No space left on device\n");
}
END_TEST

/* What comes before an overflow is answered; a file is whole or as it was. */
START_TEST(an_overflow_ends_a_pipe)
{
    static const char rows[] = "printf '0\\n0.001\\n3e38\\n0\\n'";
    expect_success("printf 'a,y\\n0,0\\n0.001,1\\n0,0\\n0.001,1\\n' >t.csv; "
                   "$MLP train --data t.csv --standardize --hidden none --epochs 1 --threads 1 "
                   "--save model");
    ck_assert_int_eq(shell("%s | $MLP predict model --data - --format csv | wc -l", rows), 0);
    ck_assert_str_eq(err, "mlp: sample 2: the network's outputs overflow\n");
    ck_assert_int_eq(atoi(out), 3);
    expect_success("$MLP predict model --data t.csv --output p.csv; cp p.csv before");
    ck_assert_int_eq(shell("%s | $MLP predict model --data - --output p.csv", rows), 3);
    expect_success("cmp p.csv before");
}
END_TEST

/* However little memory there is: the new file is whole, or the old one stays. */
START_TEST(short_memory_leaves_the_file)
{
    expect_success("$MLP train --recipe xor --epochs 5 --threads 1 --save model; "
                   "yes 0,1 | head -n 60000 >x.csv; "
                   "$MLP predict model --data x.csv --output new.jsonl; "
                   "head -n 1 new.jsonl >old.jsonl");
    for (unsigned kib = 16000; kib <= 40000; kib += 2000) {
        int code = shell("cp old.jsonl p.jsonl; ( ulimit -v %u; "
                         "$MLP predict model --data x.csv --threads 1 --output p.jsonl )",
                         kib);
        expect_success(code == 0 ? "cmp p.jsonl new.jsonl" : "cmp p.jsonl old.jsonl");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_pipe");
    TCase *tests = tcase_create("cli_pipe");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_pipe_is_answered_line_by_line);
    tcase_add_test(tests, a_pipe_has_the_same_answers);
    tcase_add_test(tests, a_bad_line_ends_a_pipe);
    tcase_add_test(tests, answers_do_not_depend_on_what_comes_together);
    tcase_add_test(tests, what_waits_keeps_no_answer_back);
    tcase_add_test(tests, an_overflow_ends_a_pipe);
    tcase_add_test(tests, a_reader_who_leaves_ends_it);
    tcase_add_test(tests, short_memory_leaves_the_file);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
