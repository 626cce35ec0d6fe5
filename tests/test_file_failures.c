/* SPDX-License-Identifier: MIT */
/* Every system call of reading and writing files fails, once and from then on. */
#include "file.h"
#include "file_system.h"
#include "folder.h"
#include "old_new.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Once, and from then on. */
static void (*const fail[])(unsigned long) = {mlp_file_fail_at, mlp_file_fail_from};

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

/* Writes `path` with every system call failing, in turn. `left` entries are in
 * the folder before, and one more after a success if `path` is new. */
static void fail_every_call(int way, const char *path, bool exists, int left, bool through_link)
{
    int descriptors = open_descriptors();
    unsigned long n;
    for (n = 1;; n++) {
        mlp_error error;
        if (exists)
            put_file(path, old_text, sizeof old_text);
        else
            unlink(path);
        fail[way](n);
        mlp_status status = write_new(path, &error);
        mlp_file_fail_at(0);
        ck_assert_int_eq(open_descriptors(), descriptors);
        if (status == MLP_OK)
            break;
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert_ptr_nonnull(strstr(error.message, strerror(EIO)));
        bool written = strstr(error.message, "though the file is written") != NULL;
        ck_assert_int_eq(folder_count(), left + (written && !exists));
        if (written)
            ck_assert(holds_new(path));
        else if (exists)
            ck_assert(holds_old(path));
        if (through_link)
            ck_assert(S_ISLNK(mode_of(path)));
    }
    ck_assert(holds_new(path));
    ck_assert_int_eq(folder_count(), left + !exists);
    ck_assert_uint_ge(n, 9); /* stat twice, two opens, three writes or so, two syncs, ... */
}

START_TEST(every_call_fails_for_a_new_file)
{
    fail_every_call(_i, in_folder("new"), false, 0, false);
}
END_TEST

START_TEST(every_call_fails_for_an_old_file)
{
    const char *path = in_folder("old");
    put_file(path, "", 0);
    ck_assert_int_eq(chmod(path, 0604), 0); /* so that fchmod is needed */
    fail_every_call(_i, path, true, 1, false);
    ck_assert_uint_eq(mode_of(path) & 07777, 0604);
}
END_TEST

START_TEST(every_call_fails_for_a_link)
{
    const char *path = in_folder("link");
    put_file(in_folder("old"), "", 0);
    ck_assert_int_eq(symlink("old", path), 0);
    fail_every_call(_i, path, true, 2, true);
}
END_TEST

static int no_links(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    (void)from_folder, (void)from, (void)to_folder, (void)to, (void)flags;
    errno = EPERM;
    return -1;
}

/* With call n failing; whether it succeeds all the same. */
static bool keep_failing(int way, unsigned long n, bool links)
{
    const char *path = in_folder("file"), *previous = in_folder("previous");
    mlp_error error = {.message = ""};
    unlink(previous); /* it may be the same file */
    put_file(path, old_text, sizeof old_text);
    put_file(previous, "older", 5);
    int descriptors = open_descriptors();
    fail[way](n);
    mlp_status status = write_new_keeping(path, &error);
    mlp_file_fail_at(0);
    ck_assert_int_eq(open_descriptors(), descriptors);

    bool written = status == MLP_OK || strstr(error.message, "though the file is written");
    ck_assert(written ? holds_new(path) : holds_old(path));
    if (access(previous, F_OK) != 0) /* renamed back */
        ck_assert(!links && !written);
    else
        ck_assert(holds_old(previous) || (!written && file_is(previous, "older", 5)));
    ck_assert_int_eq(folder_count(), 1 + (access(previous, F_OK) == 0));
    ck_assert(status == MLP_OK || status == MLP_ERROR_INTERNAL);
    return status == MLP_OK;
}

START_TEST(every_call_of_keeping_fails)
{
    struct mlp_file_system calls = mlp_system_calls;
    bool links = _i < 2;
    if (!links)
        calls.linkat = no_links;
    mlp_file_use_system(&calls);
    unsigned long n = 1;
    while (!keep_failing(_i % 2, n, links))
        ck_assert_uint_lt(++n, 100);
    ck_assert_uint_ge(n, 11);
    mlp_file_use_system(NULL);
}
END_TEST

START_TEST(every_call_of_a_check_fails)
{
    const char *path = in_folder("file");
    put_file(path, old_text, sizeof old_text);
    int descriptors = open_descriptors();
    unsigned long n;
    for (n = 1;; n++) {
        fail[_i](n);
        mlp_status status = mlp_file_check(path, NULL);
        mlp_file_fail_at(0);
        ck_assert_int_eq(open_descriptors(), descriptors);
        ck_assert_int_eq(folder_count(), 1);
        ck_assert(holds_old(path));
        if (status == MLP_OK)
            break;
    }
    ck_assert_uint_ge(n, 5);
}
END_TEST

/* Not even cleaning up works. */
static int fail_to_remove(int parent, const char *name, int flags)
{
    (void)parent, (void)name, (void)flags;
    errno = EIO;
    return -1;
}

START_TEST(a_file_that_cannot_be_removed_is_left)
{
    struct mlp_file_system calls = mlp_system_calls;
    const char *path = in_folder("file");
    mlp_error error;
    put_file(path, old_text, sizeof old_text);
    calls.unlinkat = fail_to_remove;
    mlp_file_use_system(&calls);
    mlp_file_fail_from(8); /* in the middle of writing */
    ck_assert_int_eq(write_new(path, &error), MLP_ERROR_INTERNAL);
    mlp_file_fail_at(0);
    ck_assert_ptr_nonnull(strstr(error.message, strerror(EIO)));
    ck_assert_int_eq(folder_count(), 2);
    ck_assert_int_eq(write_new(path, NULL), MLP_OK); /* by another name */
    mlp_file_use_system(NULL);
    ck_assert(holds_new(path));
    ck_assert_int_eq(folder_count(), 2);
    ck_assert_int_eq(mlp_file_check(path, NULL), MLP_OK);
    ck_assert_int_eq(folder_count(), 1);
}
END_TEST

static mlp_status read_all(const char *path, void *bytes, mlp_error *error)
{
    int fd;
    uint64_t size;
    mlp_status status = mlp_file_open(path, &fd, &size, error);
    if (status != MLP_OK)
        return status;
    ck_assert_uint_eq(size, sizeof old_text);
    status = mlp_file_read(fd, path, 0, bytes, sizeof old_text, error);
    close(fd);
    return status;
}

static mlp_status map_all(const char *path, void *bytes, mlp_error *error)
{
    struct mlp_map map;
    mlp_status status = mlp_file_map(path, &map, error);
    ck_assert_uint_eq(map.size, status == MLP_OK ? sizeof old_text : 0);
    if (status == MLP_OK)
        memcpy(bytes, map.data, map.size);
    mlp_file_unmap(&map);
    return status;
}

START_TEST(every_call_of_reading_and_mapping_fails)
{
    mlp_status (*const get)(const char *, void *, mlp_error *) = _i < 2 ? read_all : map_all;
    const char *path = in_folder("file");
    put_file(path, old_text, sizeof old_text);
    int descriptors = open_descriptors();
    unsigned long n;
    for (n = 1;; n++) {
        char bytes[sizeof old_text] = "";
        mlp_error error;
        fail[_i % 2](n);
        mlp_status status = get(path, bytes, &error);
        mlp_file_fail_at(0);
        ck_assert_int_eq(open_descriptors(), descriptors);
        if (status == MLP_OK) {
            ck_assert_str_eq(bytes, old_text);
            break;
        }
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        ck_assert_ptr_nonnull(strstr(error.message, strerror(EIO)));
        ck_assert_ptr_nonnull(strstr(error.message, path));
    }
    ck_assert_uint_eq(n, 4); /* open, look, read or map */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file_failures");
    TCase *tests = tcase_create("file_failures");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_loop_test(tests, every_call_fails_for_a_new_file, 0, 2);
    tcase_add_loop_test(tests, every_call_fails_for_an_old_file, 0, 2);
    tcase_add_loop_test(tests, every_call_fails_for_a_link, 0, 2);
    tcase_add_loop_test(tests, every_call_of_keeping_fails, 0, 4);
    tcase_add_loop_test(tests, every_call_of_a_check_fails, 0, 2);
    tcase_add_test(tests, a_file_that_cannot_be_removed_is_left);
    tcase_add_loop_test(tests, every_call_of_reading_and_mapping_fails, 0, 4);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
