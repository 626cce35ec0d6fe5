/* SPDX-License-Identifier: MIT */
/* Reading and atomic writing of files (file.h). */
#include "file.h"
#include "file_system.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char old_text[] = "the old content", new_text[] = "the new content, a bit longer";

static const struct mlp_chunk new_chunks[] = {
    {new_text, 10},
    {NULL, 0},
    {new_text + 10, sizeof new_text - 10},
};

static mlp_status write_new(const char *path, mlp_error *error)
{
    return mlp_file_write(path, new_chunks, 3, error);
}

static bool holds_old(const char *path)
{
    return file_is(path, old_text, sizeof old_text);
}

static bool holds_new(const char *path)
{
    return file_is(path, new_text, sizeof new_text);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    ck_assert_int_eq(lstat(path, &info), 0);
    return info.st_mode;
}

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

/* --- Keeping what was there ------------------------------------------------------------ */

static mlp_status keep_and_write(const char *path, mlp_error *error)
{
    return mlp_file_write_keeping(path, "previous", new_chunks, 3, error);
}

START_TEST(the_file_before_is_kept)
{
    const char *path = in_folder("file"), *previous = in_folder("previous");
    ck_assert_int_eq(keep_and_write(path, NULL), MLP_OK); /* nothing to keep */
    ck_assert(holds_new(path));
    ck_assert_int_eq(folder_count(), 1);

    put_file(path, old_text, sizeof old_text);
    ck_assert_int_eq(keep_and_write(path, NULL), MLP_OK);
    ck_assert(holds_new(path));
    ck_assert(holds_old(previous));
    ck_assert_int_eq(keep_and_write(path, NULL), MLP_OK);
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
    ck_assert_int_eq(keep_and_write(path, NULL), MLP_OK);
    ck_assert(holds_new(path));
    ck_assert(holds_old(previous));
    ck_assert_int_eq(folder_count(), 2);
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
    mlp_status status = keep_and_write(path, &error);
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
    mlp_file_fail_from(8);
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

START_TEST(a_check_leaves_nothing)
{
    ck_assert_int_eq(mlp_file_check(in_folder("new"), NULL), MLP_OK);
    ck_assert_int_eq(folder_count(), 0);
}
END_TEST

/* --- Temporary files of writers that are gone ------------------------------------------- */

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
    tcase_add_loop_test(tests, every_call_fails_for_a_new_file, 0, 2);
    tcase_add_loop_test(tests, every_call_fails_for_an_old_file, 0, 2);
    tcase_add_loop_test(tests, every_call_fails_for_a_link, 0, 2);
    tcase_add_test(tests, the_file_before_is_kept);
    tcase_add_test(tests, the_file_before_may_be_the_same_file);
    tcase_add_loop_test(tests, every_call_of_keeping_fails, 0, 4);
    tcase_add_loop_test(tests, every_call_of_a_check_fails, 0, 2);
    tcase_add_test(tests, a_file_that_cannot_be_removed_is_left);
    tcase_add_test(tests, a_check_leaves_nothing);
    tcase_add_test(tests, case_93_an_orphaned_temporary_file_is_removed);
    tcase_add_test(tests, case_93_a_killed_writer_leaves_an_orphan);
    tcase_add_test(tests, case_93_the_temporary_file_of_a_live_writer_stays);
    tcase_add_test(tests, case_93_without_locks_temporary_files_stay);
    tcase_add_test(tests, case_93_a_new_file_may_be_taken_for_an_orphan);
    tcase_add_test(tests, case_93_a_name_may_have_gone_to_a_live_writer);
    tcase_add_test(tests, long_names_are_cut_between_characters);
    tcase_add_test(tests, reading_gives_the_bytes_asked_for);
    tcase_add_loop_test(tests, every_call_of_reading_and_mapping_fails, 0, 4);
    tcase_add_test(tests, opening_refuses_what_is_no_file);
    tcase_add_test(tests, a_message_is_one_line_whatever_the_name);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
