/* SPDX-License-Identifier: MIT */
/* Reading and atomic writing of files (file.h). */
#include "file.h"
#include "folder.h"
#include "old_new.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Root may write everywhere: become somebody else, who owns the folder. */
static void give_up_root(void)
{
    enum { NOBODY = 65534 };
    if (geteuid() != 0)
        return;
    ck_assert_int_eq(chown(folder, NOBODY, NOBODY), 0);
    ck_assert_int_eq(setegid(NOBODY), 0);
    ck_assert_int_eq(seteuid(NOBODY), 0);
}

/* Undoes it: a leak checker at the end of the process may need the rights. */
static void take_root_back(void)
{
    if (getuid() != 0)
        return;
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(setegid(0), 0);
}

/* Both functions refuse `path` and name it; nothing is left in the folder but
 * the `left` entries that are there. */
static void expect_refused(const char *path, const char *reason, int left)
{
    mlp_error error;
    ck_assert_int_eq(write_new(path, &error), MLP_ERROR_INTERNAL);
    ck_assert_msg(strstr(error.message, reason) != NULL, "%s", error.message);
    ck_assert_int_eq(strncmp(error.message, path, strlen(path)), 0);
    ck_assert_int_eq(mlp_file_check(path, &error), MLP_ERROR_INTERNAL);
    ck_assert_msg(strstr(error.message, reason) != NULL, "%s", error.message);
    ck_assert_int_eq(folder_count(), left);
}

START_TEST(a_new_file_honours_the_umask)
{
    const char *path = in_folder("new");
    umask(027);
    ck_assert_int_eq(write_new(path, NULL), MLP_OK);
    ck_assert(holds_new(path));
    ck_assert_uint_eq(mode_of(path) & 07777, 0640);
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

START_TEST(a_replaced_file_passes_its_mode_on)
{
    const char *path = in_folder("file");
    put_file(path, old_text, sizeof old_text);
    static const mode_t modes[] = {0600, 0644, 0755, 0622};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        ck_assert_int_eq(chmod(path, modes[i]), 0);
        ck_assert_int_eq(write_new(path, NULL), MLP_OK);
        ck_assert_uint_eq(mode_of(path) & 07777, modes[i]);
    }
    ck_assert(holds_new(path));
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

START_TEST(no_chunks_make_an_empty_file)
{
    const char *path = in_folder("empty");
    ck_assert_int_eq(mlp_file_write(path, NULL, 0, NULL), MLP_OK);
    ck_assert(file_is(path, "", 0));
}
END_TEST

START_TEST(a_name_without_a_folder_is_in_the_current_one)
{
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(write_new("name", NULL), MLP_OK);
    ck_assert(holds_new(in_folder("name")));
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

START_TEST(a_symbolic_link_is_followed)
{
    ck_assert_int_eq(mkdir(in_folder("far"), 0777), 0);
    const char *file = in_folder("far/file"), *link = in_folder("link");
    put_file(file, old_text, sizeof old_text);
    ck_assert_int_eq(symlink("far/file", link), 0);
    ck_assert_int_eq(write_new(link, NULL), MLP_OK);
    ck_assert(S_ISLNK(mode_of(link)));
    ck_assert(S_ISREG(mode_of(file)));
    ck_assert(holds_new(file));
    ck_assert_int_eq(folder_count(), 2);
}
END_TEST

START_TEST(links_that_lead_nowhere_are_refused)
{
    ck_assert_int_eq(symlink("nothing", in_folder("dangling")), 0);
    ck_assert_int_eq(symlink("loop", in_folder("loop")), 0);
    expect_refused(in_folder("dangling"), strerror(ENOENT), 2);
    expect_refused(in_folder("loop"), strerror(ELOOP), 2);
}
END_TEST

START_TEST(case_103_folders_pipes_and_devices_are_refused)
{
    ck_assert_int_eq(mkdir(in_folder("sub"), 0777), 0);
    ck_assert_int_eq(mkfifo(in_folder("pipe"), 0666), 0);
    ck_assert_int_eq(symlink("/dev/null", in_folder("null")), 0);
    expect_refused(in_folder("sub"), "a folder", 3);
    expect_refused(in_folder("sub/"), "a folder", 3);
    expect_refused(in_folder("pipe"), "a pipe", 3);
    expect_refused(in_folder("null"), "a device", 3);
    expect_refused("/dev/null", "a device", 3);
    ck_assert(S_ISCHR(mode_of("/dev/null")));
    if (access("/dev/full", F_OK) == 0)
        expect_refused("/dev/full", "a device", 3);
}
END_TEST

START_TEST(case_104_a_missing_folder_is_refused)
{
    char name[400];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    put_file(in_folder("file"), old_text, sizeof old_text);
    expect_refused(in_folder("missing/file"), strerror(ENOENT), 1);
    expect_refused(in_folder("file/file"), strerror(ENOTDIR), 1);
    expect_refused(in_folder("missing/"), "no file name", 1);
    expect_refused("", "no file name", 1);
    expect_refused(in_folder(name), strerror(ENAMETOOLONG), 1);
    ck_assert(holds_old(in_folder("file")));
}
END_TEST

START_TEST(case_103_a_read_only_folder_is_refused)
{
    const char *path = in_folder("file");
    give_up_root();
    put_file(path, old_text, sizeof old_text);
    ck_assert_int_eq(chmod(folder, 0555), 0);
    expect_refused(path, strerror(EACCES), 1);
    expect_refused(in_folder("new"), strerror(EACCES), 1);
    ck_assert(holds_old(path));
    ck_assert_int_eq(chmod(folder, 0777), 0);
    take_root_back();
}
END_TEST

START_TEST(a_write_protected_file_is_refused)
{
    const char *path = in_folder("file");
    give_up_root();
    put_file(path, old_text, sizeof old_text);
    ck_assert_int_eq(chmod(path, 0444), 0);
    expect_refused(path, strerror(EACCES), 1);
    ck_assert(holds_old(path));
    take_root_back();
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
    enum { SIZE = 100000, LIMIT = 4096 };
    const char *path = in_folder("file");
    char *large = calloc(SIZE, 1);
    struct mlp_chunk chunk = {large, SIZE};
    mlp_error error;
    put_file(path, old_text, sizeof old_text);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {LIMIT, LIMIT};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(mlp_file_write(path, &chunk, 1, &error), MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, strerror(EFBIG)));
    ck_assert(holds_old(path));
    ck_assert_int_eq(folder_count(), 1);
    ck_assert_int_eq(write_new(path, NULL), MLP_OK); /* what fits still goes */
    free(large);
}
END_TEST

/* --- Keeping what was there ------------------------------------------------------------ */

START_TEST(the_file_before_is_kept)
{
    const char *path = in_folder("file"), *previous = in_folder("previous");
    ck_assert_int_eq(write_new_keeping(path, NULL), MLP_OK); /* nothing to keep */
    ck_assert(holds_new(path));
    ck_assert_int_eq(folder_count(), 1);

    put_file(path, old_text, sizeof old_text);
    ck_assert_int_eq(write_new_keeping(path, NULL), MLP_OK);
    ck_assert(holds_new(path));
    ck_assert(holds_old(previous));
    ck_assert_int_eq(write_new_keeping(path, NULL), MLP_OK);
    ck_assert(holds_new(previous));
    ck_assert_int_eq(folder_count(), 2);
}
END_TEST

/* As a crash between the two renames leaves it. */
START_TEST(the_file_before_may_be_the_same_file)
{
    const char *path = in_folder("file"), *previous = in_folder("previous");
    put_file(path, old_text, sizeof old_text);
    ck_assert_int_eq(link(path, previous), 0);
    ck_assert_int_eq(write_new_keeping(path, NULL), MLP_OK);
    ck_assert(holds_new(path));
    ck_assert(holds_old(previous));
    ck_assert_int_eq(folder_count(), 2);
}
END_TEST

START_TEST(a_check_leaves_nothing)
{
    ck_assert_int_eq(mlp_file_check(in_folder("new"), NULL), MLP_OK);
    ck_assert_int_eq(folder_count(), 0);
}
END_TEST

/* --- Reading --------------------------------------------------------------------------------- */

START_TEST(reading_gives_the_bytes_asked_for)
{
    const char *path = in_folder("file");
    char bytes[8] = "";
    int fd = -1;
    uint64_t size = 0;
    mlp_error error;
    put_file(path, old_text, sizeof old_text);
    ck_assert_int_eq(mlp_file_open(path, &fd, &size, NULL), MLP_OK);
    ck_assert_uint_eq(size, sizeof old_text);
    ck_assert_int_eq(mlp_file_read(fd, path, 4, bytes, 3, NULL), MLP_OK);
    ck_assert_str_eq(bytes, "old");
    ck_assert_int_eq(mlp_file_read(fd, path, size, bytes, 0, NULL), MLP_OK);
    ck_assert_int_eq(mlp_file_read(fd, path, size - 3, bytes, 5, &error), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "ends at byte 16"));
    ck_assert_ptr_nonnull(strstr(error.message, path));
    close(fd);
}
END_TEST

START_TEST(opening_refuses_what_is_no_file)
{
    int fd;
    uint64_t size;
    mlp_error error;
    ck_assert_int_eq(mkfifo(in_folder("pipe"), 0666), 0);
    ck_assert_int_eq(mlp_file_open(in_folder("pipe"), &fd, &size, &error), MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "a pipe"));
    ck_assert_int_eq(mlp_file_open(folder, &fd, &size, &error), MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "a folder"));
    ck_assert_int_eq(mlp_file_open("/dev/zero", &fd, &size, &error), MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "a device"));
    ck_assert_int_eq(mlp_file_open(in_folder("no"), &fd, &size, &error), MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, strerror(ENOENT)));
}
END_TEST

START_TEST(a_message_is_one_line_whatever_the_name)
{
    mlp_error error;
    ck_assert_int_eq(write_new(in_folder("a\nb\x1b[31m/c"), &error), MLP_ERROR_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "a?b?[31m/c"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file");
    TCase *tests = tcase_create("file");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_test(tests, a_new_file_honours_the_umask);
    tcase_add_test(tests, a_replaced_file_passes_its_mode_on);
    tcase_add_test(tests, no_chunks_make_an_empty_file);
    tcase_add_test(tests, a_name_without_a_folder_is_in_the_current_one);
    tcase_add_test(tests, a_symbolic_link_is_followed);
    tcase_add_test(tests, links_that_lead_nowhere_are_refused);
    tcase_add_test(tests, case_103_folders_pipes_and_devices_are_refused);
    tcase_add_test(tests, case_104_a_missing_folder_is_refused);
    tcase_add_test(tests, case_103_a_read_only_folder_is_refused);
    tcase_add_test(tests, a_write_protected_file_is_refused);
    tcase_add_test(tests, a_full_disk_leaves_the_old_file);
    tcase_add_test(tests, the_file_before_is_kept);
    tcase_add_test(tests, the_file_before_may_be_the_same_file);
    tcase_add_test(tests, a_check_leaves_nothing);
    tcase_add_test(tests, reading_gives_the_bytes_asked_for);
    tcase_add_test(tests, opening_refuses_what_is_no_file);
    tcase_add_test(tests, a_message_is_one_line_whatever_the_name);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
