/* SPDX-License-Identifier: MIT */
/* mlp train --checkpoint and --resume: killed, interrupted, out of space. */
#include "program.h"

#include <mlp/mlp.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A run of some tenths of a second that has all that a checkpoint must keep. */
#define RUN                                                                                        \
    "train --data moons --hidden 24,24 --batch 16 --epochs 60 --valid 0.2 --patience 50 "          \
    "--dropout 0.1 --norm layer --optimizer adamw --schedule one_cycle "
#define CHECKPOINT "--checkpoint state --resume state --every 0.01s "

/* The run that nothing interrupts. */
static void make_reference(void)
{
    expect_success("$MLP " RUN "--threads 1 --save whole");
}

static void expect_whole(void)
{
    size_t size;
    char *bytes = get_file(in_folder("whole"), &size);
    ck_assert_msg(file_is(in_folder("model"), bytes, size), "the models differ");
    free(bytes);
}

/* Microseconds from 0 up to `most`, the same in every run of the test. */
static unsigned pseudo_random(unsigned most)
{
    static uint32_t state = 20261125;
    state = state * 1664525u + 1013904223u;
    return (unsigned)(((uint64_t)state * most) >> 32);
}

/* Starts the run with options that must not matter. */
static pid_t start(size_t number)
{
    static const char *const threads[] = {"1", "2", "3"};
    size_t isa = number % mlp_isa_count();
    while (!mlp_isa_supported(isa))
        isa = (isa + 1) % mlp_isa_count();
    char command[1024];
    snprintf(command, sizeof command,
             "cd '%s' && exec '%s' " RUN CHECKPOINT "--save model --threads %s --isa %s >out 2>err",
             folder, MLP_PROGRAM, threads[number % 3], mlp_isa_name(isa));
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return child;
}

/* Interrupts the run again and again with `signal_number` at random moments; where one has come to
 * its end, its model is looked at and the next begins. Returns how many were resumed. */
static size_t interrupt_often(int signal_number, size_t times)
{
    size_t resumed = 0;
    for (size_t done = 0, number = 0; done < times; number++) {
        pid_t child = start(number);
        usleep(20000 + pseudo_random(150000));
        kill(child, signal_number);
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        read_output();
        resumed += strstr(err, "resumed ") != NULL;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            expect_whole();
            ck_assert_int_eq(shell("rm -f state* model"), 0);
            continue;
        }
        bool killed = signal_number == SIGKILL && WIFSIGNALED(status);
        ck_assert_msg(killed || (WIFSIGNALED(status) && WTERMSIG(status) == signal_number) ||
                          (WIFEXITED(status) && WEXITSTATUS(status) == 128 + signal_number),
                      "status %d, %s", status, err);
        done++;
    }
    return resumed;
}

/* The number of interruptions: the environment may ask for more. */
static size_t interruptions(size_t usual)
{
    const char *text = getenv("MLP_INTERRUPTIONS");
    return text ? (size_t)strtoull(text, NULL, 10) : usual;
}

static void expect_end_after(int signal_number)
{
    make_reference();
    size_t resumed = interrupt_often(signal_number, interruptions(200));
    ck_assert_uint_gt(resumed, 0);
    ck_assert_int_eq(shell("$MLP " RUN CHECKPOINT "--save model"), 0);
    expect_whole();
    /* bad_input.md, 93 */
    ck_assert_int_ne(shell("ls -A | grep '^[.]mlp-\\(state\\|model\\)-'"), 0);
}

START_TEST(killed_at_random_moments)
{
    expect_end_after(SIGKILL);
}
END_TEST

START_TEST(terminated_at_random_moments)
{
    expect_end_after(SIGTERM);
}
END_TEST

START_TEST(the_first_run_says_that_nothing_is_there_yet)
{
    ck_assert_int_eq(shell("$MLP train " SMALL "--checkpoint c --resume c"), 0);
    ck_assert_ptr_nonnull(strstr(err, "c is not there yet: starting from the beginning"));
    ck_assert_int_eq(shell("$MLP train " SMALL "--checkpoint c --resume c"), 0);
    ck_assert_ptr_nonnull(strstr(err, "resumed  c: after 2 epochs and 0 steps"));
}
END_TEST

START_TEST(more_epochs_continue_log_report_and_json)
{
    size_t size;
    ck_assert_int_eq(shell("$MLP train " SMALL "--checkpoint c"), 0);
    ck_assert_int_eq(shell("$MLP train --data data --hidden 8 --batch 32 --threads 1 --epochs 4 "
                           "--checkpoint c --resume c --log l.csv --report r.html --json"),
                     0);
    json_t *root = parse_json(out);
    ck_assert_uint_eq(json_array_size(json_object_get(root, "epochs")), 4);
    json_decref(root);
    char *log = get_file(in_folder("l.csv"), &size);
    size_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += log[i] == '\n';
    ck_assert_uint_eq(lines, 5);
    free(log);
    /* What was done before is not told again on stderr. */
    ck_assert_ptr_null(strstr(err, "epoch 2/4"));
    ck_assert_ptr_nonnull(strstr(err, "epoch 3/4"));
}
END_TEST

START_TEST(commands_on_models_take_a_checkpoint)
{
    ck_assert_int_eq(shell("$MLP train " SMALL "--checkpoint c --save model"), 0);
    ck_assert_int_eq(shell("$MLP eval model --data data"), 0);
    char *expected = strdup(out);
    ck_assert_int_eq(shell("$MLP eval c --data data"), 0);
    ck_assert_str_eq(out, expected);
    free(expected);
    ck_assert_int_eq(shell("$MLP info c"), 0);
}
END_TEST

/* Whatever a crash left in place of it: the same command goes on from the one before. */
START_TEST(the_one_before_takes_over)
{
    static const char *const damages[] = {
        "head -c 3000 /dev/zero >c",
        "echo text >c",
        ": >c",
        "rm c",
        "head -c 1000 keep >c",
        "printf x | dd of=c bs=1 seek=8 conv=notrunc 2>/dev/null"};
    expect_success("$MLP train " SMALL "--checkpoint c --every 1epochs --save model");
    expect_success("cp c keep && cp c.previous before && test -s before");
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        expect_success("cp keep c && cp before c.previous");
        expect_success(damages[i]);
        expect_success("$MLP train " SMALL
                       "--checkpoint c --every 1epochs --resume c --save again");
        ck_assert_ptr_nonnull(strstr(err, "c.previous"));
        expect_success("cmp model again");
    }
    expect_success("echo text >c && rm c.previous");
    ck_assert_int_eq(shell("$MLP train " SMALL "--checkpoint c --resume c --save again"), 3);
    ck_assert_ptr_nonnull(strstr(err, "mlp: c: "));
    expect_success("test \"$(cat c)\" = text");
}
END_TEST

START_TEST(a_checkpoint_that_is_there_is_not_lost)
{
    ck_assert_int_eq(shell("$MLP train " SMALL "--checkpoint c"), 0);
    expect_failure(2, "'c' is there already: --resume c goes on from it",
                   "$MLP train " SMALL "--checkpoint c");
    ck_assert_int_eq(shell("mv c c.previous"), 0);
    expect_failure(2, "'c' is there already", "$MLP train " SMALL "--checkpoint c");
    ck_assert_int_eq(shell("$MLP train " SMALL "--checkpoint c --resume c"), 0);
}
END_TEST

START_TEST(wrong_options)
{
    expect_failure(2, "--every: needs --checkpoint", "$MLP train " SMALL "--every 3s");
    expect_failure(2, "--every: found '3x'", "$MLP train " SMALL "--checkpoint c --every 3x");
    expect_failure(2, "--every: found '0'", "$MLP train " SMALL "--checkpoint c --every 0s");
    expect_failure(2, "--every: found '1.5'",
                   "$MLP train " SMALL "--checkpoint c --every 1.5steps");
    expect_failure(2, "--every: found ''", "$MLP train " SMALL "--checkpoint c --every epochs");
    expect_failure(2, "--checkpoint: goes with one run",
                   "$MLP train " SMALL "--checkpoint c --runs 2");
    expect_failure(2, "'c' is also that of another option",
                   "$MLP train " SMALL "--checkpoint c --save c");
    expect_failure(1, "no/c", "$MLP train " SMALL "--checkpoint no/c");
}
END_TEST

/* The run does not begin. */
static void expect_refused(int code, const char *reason, const char *options)
{
    ck_assert_int_eq(shell("$MLP train %s --resume c --save model", options), code);
    ck_assert_msg(strstr(err, reason) != NULL, "'%s' says not '%s'", err, reason);
    ck_assert_str_eq(out, "");
    ck_assert_int_ne(access(in_folder("model"), F_OK), 0);
}

START_TEST(case_90_and_91_another_run)
{
    ck_assert_int_eq(shell("$MLP train " SMALL "--checkpoint c"), 0);
    expect_refused(2, "optimizer \"adam\", found \"lion\"", SMALL "--optimizer lion");
    expect_refused(3, "is of a run on other data",
                   "--data digits --hidden 8 --batch 32 --epochs 2 --threads 1");
    ck_assert_int_eq(shell("printf x | dd of=c bs=1 seek=900 conv=notrunc"), 0);
    expect_refused(3, "found the checksum", SMALL);
}
END_TEST

/* A limit of 4 blocks of 512 or 1024 bytes is met by the checkpoint, not by the log. */
START_TEST(a_file_too_large_for_its_limit)
{
    if (UNDER_TSAN)
        return;
    size_t size;
    ck_assert_int_eq(shell("$MLP train " SMALL "--hidden 64 --checkpoint c 2>/dev/null"), 2);
    ck_assert_int_eq(shell("$MLP train --data data --hidden 64 --epochs 2 --checkpoint c"), 0);
    char *old = get_file(in_folder("c"), &size);
    int count = folder_count();
    int code = shell("( ulimit -f 4; $MLP train --data data --hidden 64 --epochs 5 --checkpoint c "
                     "--resume c --every 1epochs )");
    ck_assert_int_eq(code, 1);
    ck_assert_ptr_nonnull(strstr(err, "mlp: warning: no checkpoint: c.best: cannot write: "));
    ck_assert_ptr_nonnull(strstr(err, "the last checkpoint could not be written: c"));
    ck_assert_ptr_nonnull(strstr(err, "epoch 5/5"));
    ck_assert(file_is(in_folder("c"), old, size));
    ck_assert_int_eq(folder_count(), count);
    free(old);
}
END_TEST

/* --- mlp verify ------------------------------------------------------------------------ */

START_TEST(a_model_is_verified)
{
    ck_assert_int_eq(shell("$MLP train " SMALL "--valid 0.2 --save model"), 0);
    ck_assert_int_eq(shell("$MLP verify model --data data"), 0);
    ck_assert_int_eq(strncmp(out, "the same: ", 10), 0);
    json_t *root = json_of("$MLP verify model --data data --json --threads 2");
    ck_assert(json_is_true(json_object_get(root, "same")));
    ck_assert_str_eq(text_at(root, "expected"), text_at(root, "found"));
    json_decref(root);
    expect_failure(3, "model: the training data have the hash", "$MLP verify model --data digits");
    expect_failure(2, "--valid: found the fraction", "$MLP verify model --data data --valid 0.2");
    expect_failure(2, "no model given", "$MLP verify --data data");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_checkpoint");
    TCase *tests = tcase_create("checkpoints");
    tcase_set_timeout(tests, 3600);
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_add_test(tests, the_first_run_says_that_nothing_is_there_yet);
    tcase_add_test(tests, more_epochs_continue_log_report_and_json);
    tcase_add_test(tests, commands_on_models_take_a_checkpoint);
    tcase_add_test(tests, the_one_before_takes_over);
    tcase_add_test(tests, a_checkpoint_that_is_there_is_not_lost);
    tcase_add_test(tests, wrong_options);
    tcase_add_test(tests, case_90_and_91_another_run);
    tcase_add_test(tests, a_file_too_large_for_its_limit);
    tcase_add_test(tests, a_model_is_verified);
    tcase_add_test(tests, killed_at_random_moments);
    tcase_add_test(tests, terminated_at_random_moments);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
