/* SPDX-License-Identifier: MIT */
/* What a power loss leaves of a file that was being written (src/file.c), and that writers which do
 * less are found out. */
#include "crash.h"
#include "file.h"
#include "file_system.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char older_text[] = "what was there before", old_text[] = "the old content",
                  new_text[] = "the new content, which is a bit longer";

static const struct mlp_chunk chunks[] = {
    {new_text, 10}, {NULL, 0}, {new_text + 10, sizeof new_text - 10}};

/* --- What must be there -------------------------------------------------------------------- */

/* What there was, and how it is replaced. */
struct before {
    bool file, previous;
    bool same;     /* as one file */
    bool keeps;    /* the file becomes the previous one */
    bool no_links; /* a file system that has none */
};

static bool holds(const struct crash_file *file, const char *text)
{
    return file && file->size == strlen(text) + 1 && memcmp(file->data, text, file->size) == 0;
}

/* Of two moments, one has both files. */
static const char *judge_kept(const struct crash_state *state, const struct before *before)
{
    const struct crash_file *file = crash_find(state, "file"),
                            *previous = crash_find(state, "previous");
    if (previous && !holds(previous, older_text) && !holds(previous, old_text))
        return "torn previous file";
    if (state->returned && before->file && !holds(previous, old_text))
        return "success without a previous file";
    if (before->no_links)
        return file || previous ? NULL : "lost files";
    if (!previous && before->previous)
        return "lost previous file";
    return NULL;
}

static const char *judge(const struct crash_state *state, void *user)
{
    const struct before *before = user;
    const struct crash_file *file = crash_find(state, "file");
    if (file && !holds(file, new_text) && !(before->file && holds(file, old_text)))
        return "torn file";
    if (state->returned && !holds(file, new_text))
        return "success without a new file";
    if (!file && before->file && !before->no_links)
        return "lost file";
    return before->keeps ? judge_kept(state, before) : NULL;
}

static void put_before(const struct before *before)
{
    folder_remove();
    folder_make();
    if (before->file)
        put_file(in_folder("file"), old_text, sizeof old_text);
    if (before->same)
        ck_assert_int_eq(link(in_folder("file"), in_folder("previous")), 0);
    else if (before->previous)
        put_file(in_folder("previous"), older_text, sizeof older_text);
}

/* --- Writers ------------------------------------------------------------------------------ */

static mlp_status write_file(void)
{
    return mlp_file_write(in_folder("file"), chunks, 3, NULL);
}

static mlp_status keep_file(void)
{
    return mlp_file_write_keeping(in_folder("file"), "previous", chunks, 3, NULL);
}

static int refuse_links(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    (void)from_folder, (void)from, (void)to_folder, (void)to, (void)flags;
    errno = EPERM;
    return -1;
}

static void record(const struct before *before)
{
    static struct mlp_file_system calls;
    crash_record();
    calls = *mlp_system;
    if (before->no_links)
        calls.linkat = refuse_links;
    mlp_file_use_system(&calls);
}

/* Every outcome of a write is good, also where a call of it fails, from which it recovers. */
static void expect_survival(mlp_status (*writer)(void), struct before before)
{
    mlp_status status = MLP_ERROR_INTERNAL;
    unsigned long n = 0;
    for (; status != MLP_OK; n++) {
        put_before(&before);
        record(&before);
        mlp_file_fail_at(n + 1);
        status = writer();
        mlp_file_fail_at(0);
        crash_stop(status == MLP_OK);
        const char *fault = crash_fault(judge, &before);
        ck_assert_msg(fault == NULL, "call %lu fails: %s", n + 1, fault);
    }
    ck_assert_uint_ge(n, 9);
    ck_assert_uint_gt(crash_states(), 100);
}

START_TEST(a_file_is_the_old_or_the_new_one)
{
    expect_survival(write_file, (struct before){.file = true});
    expect_survival(write_file, (struct before){.file = false});
}
END_TEST

START_TEST(a_file_that_is_kept_is_not_lost)
{
    expect_survival(keep_file, (struct before){.keeps = true});
    expect_survival(keep_file, (struct before){.keeps = true, .file = true});
    expect_survival(keep_file, (struct before){.keeps = true, .previous = true});
    expect_survival(keep_file, (struct before){.keeps = true, .file = true, .previous = true});
    expect_survival(keep_file,
                    (struct before){.keeps = true, .file = true, .previous = true, .same = true});
}
END_TEST

START_TEST(without_links_one_of_both_files_is_there)
{
    expect_survival(keep_file, (struct before){.keeps = true, .no_links = true, .file = true});
    expect_survival(
        keep_file,
        (struct before){.keeps = true, .no_links = true, .file = true, .previous = true});
}
END_TEST

/* --- After the power loss ------------------------------------------------------------------- */

static int sync_nothing(int fd)
{
    (void)fd;
    return 0;
}

/* bad_input.md, 93. */
static const char *write_once_more(const struct crash_state *state, void *user)
{
    mlp_status (**writer)(void) = user;
    struct mlp_file_system calls = mlp_system_calls;
    calls.fsync = sync_nothing;
    crash_restore(state);
    mlp_file_use_system(&calls);
    mlp_status status = (*writer)();
    mlp_file_use_system(NULL);
    if (status != MLP_OK)
        return "failing write";
    if (!file_is(in_folder("file"), new_text, sizeof new_text))
        return "wrong file";
    int previous = access(in_folder("previous"), F_OK) == 0;
    return folder_count() == 1 + previous ? NULL : "orphan that stays";
}

START_TEST(case_93_the_next_write_removes_what_is_left)
{
    static mlp_status (*writers[])(void) = {write_file, keep_file};
    for (int next = 0; next < 2; next++) {
        struct before before = {.file = true, .previous = true};
        put_before(&before);
        record(&before);
        mlp_status status = keep_file();
        crash_stop(status == MLP_OK);
        ck_assert_int_eq(status, MLP_OK);
        const char *fault = crash_fault(write_once_more, &writers[next]);
        ck_assert_msg(fault == NULL, "%s", fault);
        ck_assert_uint_gt(crash_states(), 1000);
    }
}
END_TEST

/* --- The simulator --------------------------------------------------------------------------- */

static const char *count_whole(const struct crash_state *state, void *user)
{
    size_t *whole = user;
    *whole += holds(crash_find(state, "file"), "ab");
    return NULL;
}

static void expect_states(size_t count, bool with_whole)
{
    size_t whole = 0;
    ck_assert_ptr_null(crash_fault(count_whole, &whole));
    ck_assert_uint_eq(crash_states(), count);
    ck_assert_int_eq(whole > 0, with_whole);
}

/* Three bytes, which are a piece each. Of the file that k of them were written to, the name is lost
 * (2^k states, as any of the bytes may be) or there (as many, of its own or 2 k other lengths). */
START_TEST(states_are_counted)
{
    crash_record();
    expect_states(1, false);
    int fd = mlp_system->openat(AT_FDCWD, in_folder("file"), O_WRONLY | O_CREAT, 0666);
    expect_states(1 + 2, false);
    ck_assert_int_eq(mlp_system->write(fd, "ab", 3), 3);
    expect_states(3 + 2 * (1 + 3) + 4 * (1 + 5) + 8 * (1 + 7), true);
    ck_assert_int_eq(mlp_system->fsync(fd), 0);
    expect_states(99 + 2, true);
    mlp_system->close(fd);
    crash_stop(true);
    expect_states(101 + 2, true);
}
END_TEST

/* --- Writers that are wrong --------------------------------------------------------------------
 */

enum step {
    END,
    CREATE,      /* a temporary file */
    OPEN,        /* the file itself */
    OPEN_EMPTY,  /* the same, emptied */
    WRITE,       /* the new content to it */
    SYNC,        /* it */
    RENAME,      /* the temporary file to the file */
    REMOVE,      /* the file */
    SYNC_FOLDER, /* or what the folder says */
    LINK_PREVIOUS,
    MOVE_TO_PREVIOUS,
    REMOVE_PREVIOUS
};

static const struct wrong_writer {
    enum step steps[8];
    const char *fault; /* NULL: it is right */
} wrong_writers[] = {
    {{CREATE, WRITE, SYNC, RENAME, SYNC_FOLDER}, NULL},
    /* no sync of the file, or too late */
    {{CREATE, WRITE, RENAME, SYNC_FOLDER}, "torn file"},
    {{CREATE, WRITE, RENAME, SYNC, SYNC_FOLDER}, "torn file"},
    /* no sync of the folder, or too early */
    {{CREATE, WRITE, SYNC, RENAME}, "success without a new file"},
    {{CREATE, WRITE, SYNC, SYNC_FOLDER, RENAME}, "success without a new file"},
    /* in place */
    {{OPEN, WRITE, SYNC}, "torn file"},
    {{OPEN_EMPTY, WRITE, SYNC, SYNC_FOLDER}, "torn file"},
    /* another order */
    {{CREATE, RENAME, WRITE, SYNC, SYNC_FOLDER}, "torn file"},
    {{CREATE, WRITE, SYNC, REMOVE, RENAME, SYNC_FOLDER}, "lost file"},
    {{REMOVE, CREATE, WRITE, SYNC, RENAME, SYNC_FOLDER}, "lost file"},
    /* what is kept */
    {{CREATE, WRITE, SYNC, REMOVE_PREVIOUS, LINK_PREVIOUS, RENAME, SYNC_FOLDER},
     "lost previous file"},
    {{CREATE, WRITE, SYNC, MOVE_TO_PREVIOUS, RENAME, SYNC_FOLDER}, "lost file"},
    {{CREATE, WRITE, SYNC, RENAME, REMOVE_PREVIOUS, LINK_PREVIOUS, SYNC_FOLDER},
     "lost previous file"},
};

enum { WRONG_WRITERS = sizeof wrong_writers / sizeof wrong_writers[0] };

static void write_chunks(int fd)
{
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(mlp_system->write(fd, chunks[i].data, chunks[i].size), chunks[i].size);
}

static int do_step(enum step step, int parent, int *fd)
{
    static const char file[] = "file", temporary[] = "temporary", previous[] = "previous";
    switch (step) {
    case CREATE:
        return *fd = mlp_system->openat(parent, temporary, O_WRONLY | O_CREAT, 0666);
    case OPEN:
        return *fd = mlp_system->openat(parent, file, O_WRONLY, 0);
    case OPEN_EMPTY:
        return *fd = mlp_system->openat(parent, file, O_WRONLY | O_TRUNC, 0);
    case WRITE:
        write_chunks(*fd);
        return 0;
    case SYNC:
        return mlp_system->fsync(*fd);
    case RENAME:
        return mlp_system->renameat(parent, temporary, parent, file);
    case REMOVE:
        return mlp_system->unlinkat(parent, file, 0);
    case SYNC_FOLDER:
        return mlp_system->fsync(parent);
    case LINK_PREVIOUS:
        return mlp_system->linkat(parent, file, parent, previous, 0);
    case MOVE_TO_PREVIOUS:
        return mlp_system->renameat(parent, file, parent, previous);
    case REMOVE_PREVIOUS:
        return mlp_system->unlinkat(parent, previous, 0);
    case END:
        break;
    }
    return -1;
}

START_TEST(wrong_writers_are_found_out)
{
    const struct wrong_writer *writer = &wrong_writers[_i];
    struct before before = {.file = true, .previous = true};
    int fd = -1;
    put_before(&before);
    record(&before);
    int parent = mlp_system->openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0);
    for (int i = 0; writer->steps[i] != END; i++)
        ck_assert_int_ge(do_step(writer->steps[i], parent, &fd), 0);
    mlp_system->close(fd);
    mlp_system->close(parent);
    crash_stop(true);
    for (int i = 0; writer->steps[i] != END; i++)
        before.keeps = before.keeps || writer->steps[i] >= LINK_PREVIOUS;

    const char *fault = crash_fault(judge, &before);
    if (!writer->fault)
        ck_assert_msg(fault == NULL, "%s", fault);
    else
        ck_assert_msg(fault && strncmp(fault, writer->fault, strlen(writer->fault)) == 0,
                      "expected '%s', found '%s'", writer->fault, fault ? fault : "nothing");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file_crash");
    TCase *tests = tcase_create("file_crash");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_test(tests, a_file_is_the_old_or_the_new_one);
    tcase_add_test(tests, a_file_that_is_kept_is_not_lost);
    tcase_add_test(tests, without_links_one_of_both_files_is_there);
    tcase_add_test(tests, case_93_the_next_write_removes_what_is_left);
    tcase_add_test(tests, states_are_counted);
    tcase_add_loop_test(tests, wrong_writers_are_found_out, 0, WRONG_WRITERS);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
