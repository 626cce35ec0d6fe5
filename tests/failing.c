/* SPDX-License-Identifier: MIT */
#include "failing.h"

#include "alloc.h"
#include "file.h"
#include "folder.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

/* What is not there when nothing is lost. */
struct left {
    long memory;
    int descriptors, entries;
};

static struct left look(void)
{
    struct left left = {.memory = mlp_alloc_live(), .entries = folder_count()};
    for (int fd = 0; fd < 256; fd++)
        left.descriptors += fcntl(fd, F_GETFD) != -1;
    return left;
}

static void start(int way, unsigned long n)
{
    static void (*const calls[])(unsigned long) = {mlp_file_fail_at, mlp_file_fail_from};
    if (way < FIRST_CALLS)
        mlp_alloc_fail_at(n, way);
    else
        calls[way - FIRST_CALLS](n);
}

static void expect_same(const struct left *before)
{
    struct left after = look();
    ck_assert_int_eq(after.memory, before->memory);
    ck_assert_int_eq(after.descriptors, before->descriptors);
    ck_assert_int_eq(after.entries, before->entries);
}

static void expect_reason(int way, const mlp_error *error)
{
    const char *reason = way < FIRST_CALLS ? "memory" : strerror(EIO);
    ck_assert_msg(strstr(error->message, reason) != NULL, "%s", error->message);
}

void fail_every(int way, unsigned long least, failing_action *action, failing_check *check,
                void *user)
{
    unsigned long failures = 0;
    for (;;) {
        mlp_error error = {.message = ""};
        struct left before = look();
        start(way, failures + 1);
        mlp_status status = action(user, &error);
        start(way, 0);
        expect_same(&before);
        if (status == MLP_OK)
            break;
        failures++;
        ck_assert_int_eq(status, MLP_ERROR_INTERNAL);
        expect_reason(way, &error);
        if (check)
            check(&error, user);
    }
    ck_assert_uint_ge(failures, least);
}
