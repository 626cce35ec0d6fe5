/* SPDX-License-Identifier: MIT */
/* A disk without room: a small one in memory, which only this process and those that it starts see.
 * That takes Linux and the right to have a user namespace. */
#include "program.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

/* --- The disk ----------------------------------------------------------------------------- */

static bool put_line(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

/* Becomes root of a user namespace of its own, whose files belong to the same user outside. */
static bool enter_user_namespace(void)
{
    char users[64], groups[64];
    snprintf(users, sizeof users, "0 %ld 1", (long)geteuid());
    snprintf(groups, sizeof groups, "0 %ld 1", (long)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && put_line("/proc/self/setgroups", "deny") &&
           put_line("/proc/self/uid_map", users) && put_line("/proc/self/gid_map", groups);
}

static bool mount_disk(const char *path)
{
    return mount("none", path, "tmpfs", 0, "size=1m,nr_inodes=20") == 0;
}

/* Whether this process can mount a disk that no other sees: tried. */
static bool may_mount(void)
{
    return enter_user_namespace() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount_disk("/tmp") && umount2("/tmp", 0) == 0;
}

static void set_up(void)
{
    shell_set_up();
    ck_assert_int_eq(mkdir(in_folder("disk"), 0777), 0);
    ck_assert(mount_disk(in_folder("disk")));
}

static void tear_down(void)
{
    ck_assert_int_eq(umount2(in_folder("disk"), 0), 0);
    folder_remove();
}

/* --- Without room ---------------------------------------------------------------------------- */

/* A network whose checkpoint takes 300 kB, a model of it 100 kB. */
#define LARGE "--data moons --hidden 5000 --threads 1 "

/* Fills the disk but for 64 KiB, a page where pages are largest. */
static void fill_disk(void)
{
    ck_assert_int_ne(shell("cat /dev/zero >disk/filler"), 0);
    expect_success("truncate -s -65536 disk/filler");
}

static char *list_disk(void)
{
    expect_success("ls -A disk");
    char *list = strdup(out);
    ck_assert_ptr_nonnull(list);
    return list;
}

START_TEST(a_full_disk_costs_no_checkpoint)
{
    size_t size;
    expect_success("$MLP train " LARGE "--epochs 1 --checkpoint disk/c");
    char *old = get_file(in_folder("disk/c"), &size);
    ck_assert_uint_gt(size, 200000);
    fill_disk();
    char *list = list_disk();
    int code = shell("$MLP train " LARGE "--epochs 4 --checkpoint disk/c --resume disk/c "
                     "--every 1epochs --save model");
    ck_assert_int_eq(code, 1);
    ck_assert_ptr_nonnull(strstr(err, "mlp: warning: no checkpoint: disk/c: cannot write: "));
    ck_assert_ptr_nonnull(strstr(err, "epoch 4/4"));
    ck_assert_ptr_nonnull(strstr(err, "mlp: the last checkpoint could not be written: disk/c\n"));
    ck_assert_ptr_nonnull(strstr(out, "fingerprint "));
    expect_success("$MLP info model"); /* the run's result is there all the same */
    ck_assert(file_is(in_folder("disk/c"), old, size));
    char *left = list_disk();
    ck_assert_str_eq(left, list);

    expect_success("rm disk/filler");
    expect_success("$MLP train " LARGE "--epochs 4 --checkpoint disk/c --resume disk/c "
                   "--save again && cmp model again");
    ck_assert(!file_is(in_folder("disk/c"), old, size));
    ck_assert(file_is(in_folder("disk/c.previous"), old, size));
    free(left);
    free(list);
    free(old);
}
END_TEST

START_TEST(a_full_disk_leaves_no_part_of_a_file)
{
    expect_success("$MLP train " LARGE "--epochs 1 --save model");
    fill_disk();
    char *list = list_disk();
    expect_failure(1, "disk/m.c: cannot write: ", "$MLP export model --c disk/m.c");
    ck_assert_int_eq(shell("$MLP train " LARGE "--epochs 1 --save disk/m"), 1);
    ck_assert_ptr_nonnull(strstr(err, "\nmlp: disk/m: cannot write: "));
    ck_assert_ptr_nonnull(strstr(out, "fingerprint ")); /* the result is told all the same */
    char *left = list_disk();
    ck_assert_str_eq(left, list);
    free(left);
    free(list);
}
END_TEST

/* Another kind of full, which is told before a run begins. */
START_TEST(a_disk_without_room_for_names)
{
    ck_assert_int_ne(shell("for i in $(seq 30); do touch disk/$i; done"), 0);
    char *list = list_disk();
    expect_failure(1, "disk/c: cannot create a temporary file in its folder: ",
                   "$MLP train " LARGE "--epochs 1 --checkpoint disk/c");
    expect_failure(1, "disk/m: cannot create a temporary file in its folder: ",
                   "$MLP train " LARGE "--epochs 1 --save disk/m");
    char *left = list_disk();
    ck_assert_str_eq(left, list);
    free(left);
    free(list);
}
END_TEST

int main(void)
{
    enum { SKIPPED = 77 };
    if (!may_mount()) {
        puts("not run: no user namespace here in which to mount a small disk");
        return SKIPPED;
    }
    Suite *suite = suite_create("full_disk");
    TCase *tests = tcase_create("full_disk");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_full_disk_costs_no_checkpoint);
    tcase_add_test(tests, a_full_disk_leaves_no_part_of_a_file);
    tcase_add_test(tests, a_disk_without_room_for_names);
    suite_add_tcase(suite, tests);
    return program_run(suite);
}

#else

int main(void)
{
    enum { SKIPPED = 77 };
    puts("not run: small disks in memory are Linux's");
    return SKIPPED;
}

#endif
