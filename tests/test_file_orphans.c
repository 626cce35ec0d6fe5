/* SPDX-License-Identifier: MIT */
/* bad_input.md, 93: temporary files of writers that are gone, and of those that are not. */
#include "file.h"
#include "file_system.h"
#include "folder.h"
#include "old_new.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(case_93_an_orphaned_temporary_file_is_removed)
{
    put_file(in_folder(".mlp-file-0.tmp"), old_text, sizeof old_text);
    put_file(in_folder(".mlp-file-0.link.tmp"), old_text, sizeof old_text);
    put_file(in_folder(".mlp-file-5.tmp"), "", 0);
    put_file(in_folder(".mlp-other-0.tmp"), old_text, sizeof old_text);
    ck_assert_int_eq(write_new(in_folder("file"), NULL), MLP_OK);
    ck_assert(holds_new(in_folder("file")));
    ck_assert_int_eq(folder_count(), 2); /* that of another file is not this one's */
    ck_assert(holds_old(in_folder(".mlp-other-0.tmp")));
}
END_TEST

/* Of a process that was killed while it wrote: its lock went with it. */
START_TEST(case_93_a_killed_writer_leaves_an_orphan)
{
    const char *taken = in_folder(".mlp-file-0.tmp");
    pid_t child = fork();
    if (child == 0) {
        int fd = open(taken, O_WRONLY | O_CREAT, 0666);
        if (fd >= 0 && flock(fd, LOCK_EX) == 0)
            raise(SIGKILL);
        _exit(1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(folder_count(), 1);
    ck_assert_int_eq(mlp_file_check(in_folder("file"), NULL), MLP_OK);
    ck_assert_int_eq(folder_count(), 0);
}
END_TEST

START_TEST(case_93_the_temporary_file_of_a_live_writer_stays)
{
    const char *taken = in_folder(".mlp-file-0.tmp");
    put_file(taken, old_text, sizeof old_text);
    int fd = open(taken, O_RDONLY);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(write_new(in_folder("file"), NULL), MLP_OK);
    ck_assert_int_eq(mlp_file_check(in_folder("file"), NULL), MLP_OK);
    ck_assert(holds_new(in_folder("file")));
    ck_assert(holds_old(taken));
    ck_assert_int_eq(folder_count(), 2);
    close(fd);
}
END_TEST

static int no_locks(int fd, int operation)
{
    (void)fd;
    (void)operation;
    errno = ENOLCK;
    return -1;
}

/* Whether a writer is gone cannot be told there. */
START_TEST(case_93_without_locks_temporary_files_stay)
{
    struct mlp_file_system calls = mlp_system_calls;
    calls.flock = no_locks;
    put_file(in_folder(".mlp-file-0.tmp"), old_text, sizeof old_text);
    mlp_file_use_system(&calls);
    ck_assert_int_eq(write_new(in_folder("file"), NULL), MLP_OK);
    mlp_file_use_system(NULL);
    ck_assert(holds_new(in_folder("file")));
    ck_assert(holds_old(in_folder(".mlp-file-0.tmp")));
    ck_assert_int_eq(folder_count(), 2);
}
END_TEST

/* Another process takes a new file for an orphan before its lock is there. */
static int orphaned;

static int lock_too_late(int fd, int operation)
{
    if (orphaned++ == 0)
        unlink(in_folder(".mlp-file-0.tmp"));
    return flock(fd, operation);
}

START_TEST(case_93_a_new_file_may_be_taken_for_an_orphan)
{
    struct mlp_file_system calls = mlp_system_calls;
    calls.flock = lock_too_late;
    orphaned = 0;
    mlp_file_use_system(&calls);
    ck_assert_int_eq(write_new(in_folder("file"), NULL), MLP_OK);
    mlp_file_use_system(NULL);
    ck_assert_int_eq(orphaned, 2);
    ck_assert(holds_new(in_folder("file")));
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

/* While it is looked at, the writer of a temporary file finishes and another one begins. */
static int successor = -1;

static int lock_a_moment_later(int fd, int operation)
{
    const char *taken = in_folder(".mlp-file-0.tmp");
    if (successor < 0) {
        ck_assert_int_eq(rename(taken, in_folder("file")), 0);
        put_file(taken, old_text, sizeof old_text);
        successor = open(taken, O_RDONLY);
        ck_assert_int_eq(flock(successor, LOCK_EX), 0);
    }
    return flock(fd, operation);
}

START_TEST(case_93_a_name_may_have_gone_to_a_live_writer)
{
    struct mlp_file_system calls = mlp_system_calls;
    calls.flock = lock_a_moment_later;
    put_file(in_folder(".mlp-file-0.tmp"), "", 0);
    mlp_file_use_system(&calls);
    ck_assert_int_eq(write_new(in_folder("file"), NULL), MLP_OK);
    mlp_file_use_system(NULL);
    ck_assert(holds_new(in_folder("file")));
    ck_assert(holds_old(in_folder(".mlp-file-0.tmp")));
    ck_assert_int_eq(folder_count(), 2);
    close(successor);
}
END_TEST

/* Each takes the files of the others for orphans as soon as it can. */
START_TEST(case_93_writers_at_the_same_time_leave_nothing)
{
    enum { WRITERS = 4, TIMES = 100 };
    const char *path = in_folder("file");
    for (int i = 0; i < WRITERS; i++) {
        if (fork() != 0)
            continue;
        for (int n = 0; n < TIMES; n++) {
            if (write_new_keeping(path, NULL) != MLP_OK)
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    ck_assert(holds_new(path));
    ck_assert(holds_new(in_folder("previous")));
    ck_assert_int_eq(folder_count(), 2);
}
END_TEST

START_TEST(long_names_are_cut_between_characters)
{
    char name[200] = "", expected[100];
    for (int i = 0; i < 63; i++)
        strcat(name, "x");
    snprintf(expected, sizeof expected, ".mlp-%s-0.tmp", name);
    strcat(name, "\xc3\xa9 and more"); /* its 64th and 65th bytes are one character */
    put_file(in_folder(expected), "", 0);
    ck_assert_int_eq(write_new(in_folder(name), NULL), MLP_OK);
    ck_assert(holds_new(in_folder(name)));
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file_orphans");
    TCase *tests = tcase_create("file_orphans");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_test(tests, case_93_an_orphaned_temporary_file_is_removed);
    tcase_add_test(tests, case_93_a_killed_writer_leaves_an_orphan);
    tcase_add_test(tests, case_93_the_temporary_file_of_a_live_writer_stays);
    tcase_add_test(tests, case_93_without_locks_temporary_files_stay);
    tcase_add_test(tests, case_93_a_new_file_may_be_taken_for_an_orphan);
    tcase_add_test(tests, case_93_a_name_may_have_gone_to_a_live_writer);
    tcase_add_test(tests, case_93_writers_at_the_same_time_leave_nothing);
    tcase_add_test(tests, long_names_are_cut_between_characters);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
