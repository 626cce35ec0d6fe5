/* SPDX-License-Identifier: MIT */
/* The program, signals and terminals. */
#include "program.h"

#include <mlp/mlp.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* Starts an endless training in the folder; stderr goes to `err_fd`. */
static pid_t start_training(int err_fd)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child > 0)
        return child;
    int out_fd = open(in_folder("out"), O_WRONLY | O_TRUNC);
    if (out_fd < 0 || chdir(folder) != 0 || dup2(out_fd, 1) < 0 || dup2(err_fd, 2) < 0)
        _exit(99);
    execl(MLP_PROGRAM, "mlp", "train", "--data", "data", "--hidden", "8", "--batch", "32",
          "--epochs", "1000000", "--threads", "1", "--save", "model", (char *)NULL);
    _exit(99);
}

static int exit_code_of(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The same with stderr in a file, until the first epoch is over. */
static pid_t start_until_first_epoch(void)
{
    int fd = open(in_folder("err"), O_WRONLY | O_TRUNC);
    ck_assert_int_ge(fd, 0);
    pid_t child = start_training(fd);
    close(fd);
    do {
        pause_briefly();
        read_output();
    } while (!strstr(err, "epoch       1/"));
    return child;
}

static void interrupted_by(int signal_number)
{
    pid_t child = start_until_first_epoch();
    kill(child, signal_number);
    ck_assert_int_eq(exit_code_of(child), 128 + signal_number);
    read_output();
    char *fingerprint = strstr(out, "\nfingerprint ");
    ck_assert_ptr_nonnull(fingerprint);
    ck_assert_ptr_nonnull(strstr(out, "test accuracy "));
    char expected[128];
    ck_assert_int_eq(sscanf(fingerprint, " fingerprint %100s", expected), 1);
    expect_success("$MLP info model");
    ck_assert_ptr_nonnull(strstr(out, expected));
}

START_TEST(sigint_saves_first)
{
    interrupted_by(SIGINT);
}
END_TEST

START_TEST(sigterm_saves_first)
{
    interrupted_by(SIGTERM);
}
END_TEST

START_TEST(a_second_signal_ends_at_once)
{
    int status;
    pid_t child = start_until_first_epoch();
    kill(child, SIGSTOP); /* so that both signals wait for it */
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    kill(child, SIGINT);
    kill(child, SIGTERM);
    kill(child, SIGCONT);
    int code = exit_code_of(child);
    ck_assert(code == 128 + SIGINT || code == 128 + SIGTERM);
    read_output();
    ck_assert_str_eq(out, "");
    ck_assert_int_ne(access(in_folder("model"), F_OK), 0);
}
END_TEST

/* What timeout(1) and terminals that close do: one request, twice. */
START_TEST(the_same_signal_twice_is_one_request)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        unlink(in_folder("model"));
        pid_t child = start_until_first_epoch();
        kill(child, signals[i]);
        kill(child, signals[i]);
        ck_assert_int_eq(exit_code_of(child), 128 + signals[i]);
        expect_success("$MLP info model");
    }
}
END_TEST

/* What training writes to a terminal of `columns`, up to some redrawn lines. */
static char *terminal_text(unsigned short columns, const char *term)
{
    enum { ENOUGH = 4000, SIZE = 65536 };
    char *text = calloc(SIZE, 1);
    size_t length = 0;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(slave, 0);
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &size), 0);
    setenv("TERM", term, 1);
    pid_t child = start_training(slave);
    close(slave);
    while (length < ENOUGH) {
        ssize_t count = read(master, text + length, SIZE - length - 1);
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(master);
    return text;
}

START_TEST(a_terminal_gets_a_progress_line)
{
    char *text = terminal_text(60, "xterm");
    ck_assert_ptr_nonnull(strstr(text, "\r\033[K")); /* the line is cleared for an epoch's */
    ck_assert_ptr_nonnull(strstr(text, "epoch       1/1000000  loss "));
    free(text);
}
END_TEST

START_TEST(a_dumb_terminal_gets_lines_only)
{
    char *text = terminal_text(60, "dumb");
    ck_assert_ptr_null(strchr(text, '\033'));
    ck_assert_ptr_nonnull(strstr(text, "epoch       1/1000000  loss "));
    free(text);
}
END_TEST

/* Bytes that no terminal can show are kept from it. */
START_TEST(a_terminal_gets_no_npy)
{
    save_model();
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    setenv("TERMINAL", ptsname(master), 1);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY); /* kept open: there is no hang-up */
    expect_failure(2, "--format npy: not for a terminal to show, expected --output FILE.npy",
                   "$MLP predict model --data data --format npy >\"$TERMINAL\"");
    ck_assert_int_eq(shell("$MLP predict model --data data --format csv >\"$TERMINAL\""), 0);
    close(slave);
    close(master);
}
END_TEST

/* Help is as wide as the terminal, if that is not too narrow for it. */
START_TEST(help_fits_a_narrow_terminal)
{
    enum { SIZE = 65536 };
    char *text = calloc(SIZE, 1);
    size_t length = 0, longest = 0;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(text && master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct winsize size = {.ws_row = 24, .ws_col = 60};
    ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &size), 0);
    pid_t child = fork();
    if (child == 0) {
        if (dup2(slave, STDOUT_FILENO) == STDOUT_FILENO)
            execl(MLP_PROGRAM, "mlp", "eval", "--help", (char *)NULL);
        _exit(99);
    }
    close(slave);
    for (ssize_t count = 1; count > 0 && length<SIZE - 1; length += count> 0 ? (size_t)count : 0)
        count = read(master, text + length, SIZE - 1 - length); /* fails when it has ended */
    ck_assert_int_eq(exit_code_of(child), 0);
    ck_assert_ptr_nonnull(strstr(text, "Exit codes:"));
    for (char *line = strtok(text, "\r\n"); line; line = strtok(NULL, "\r\n"))
        longest = strlen(line) > longest ? strlen(line) : longest;
    ck_assert_uint_le(longest, 59);
    ck_assert_uint_gt(longest, 50);
    close(master);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_terminal");
    TCase *tests = tcase_create("cli_terminal");
    tcase_add_checked_fixture(tests, program_set_up, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, sigint_saves_first);
    tcase_add_test(tests, sigterm_saves_first);
    tcase_add_test(tests, a_second_signal_ends_at_once);
    tcase_add_test(tests, the_same_signal_twice_is_one_request);
    tcase_add_test(tests, a_terminal_gets_a_progress_line);
    tcase_add_test(tests, a_dumb_terminal_gets_lines_only);
    tcase_add_test(tests, a_terminal_gets_no_npy);
    tcase_add_test(tests, help_fits_a_narrow_terminal);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}
