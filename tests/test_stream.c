/* SPDX-License-Identifier: MIT */
/* Samples one by one, from files and from a pipe that has not ended. */
#include "alloc.h"
#include "csv_files.h"
#include "folder.h"
#include "suite.h"

#include <mlp/mlp.h>

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static mlp_stream *open_stream(const char *source, const mlp_source_options *options, size_t inputs)
{
    mlp_stream *stream;
    mlp_error error;
    mlp_status status = mlp_stream_open(source, options, inputs, &stream, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    return stream;
}

static void assert_next(mlp_stream *stream, float first, float second, size_t line)
{
    float x[2];
    bool end;
    mlp_error error;
    mlp_status status = mlp_stream_next(stream, x, &end, &error);
    ck_assert_msg(status == MLP_OK, "%s", error.message);
    ck_assert(!end && x[0] == first && x[1] == second);
    ck_assert_uint_eq(mlp_stream_line(stream), line);
}

static void assert_end(mlp_stream *stream)
{
    float x[2] = {7, 8};
    bool end;
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(mlp_stream_next(stream, x, &end, NULL), MLP_OK);
        ck_assert(end && x[0] == 7 && x[1] == 8);
    }
    mlp_stream_close(stream);
}

START_TEST(lines_of_a_file)
{
    mlp_stream *stream = open_stream(put_text("a.csv", "a,b\n1,2\n\n3,\"4\"\n"), NULL, 2);
    ck_assert_uint_eq(mlp_stream_line(stream), 0);
    assert_next(stream, 1, 2, 2);
    assert_next(stream, 3, 4, 4);
    assert_end(stream);
    stream = open_stream(put_text("b.csv", "1,2,x\n3,4,y\n"), NULL, 2);
    assert_next(stream, 1, 2, 1);
    assert_next(stream, 3, 4, 2);
    assert_end(stream);
    stream = open_stream(put_text("c.tsv", "l\ta\tb\n?\t1\t2\n"),
                         &(mlp_source_options){.label = "l"}, 2);
    assert_next(stream, 1, 2, 2);
    assert_end(stream);
    mlp_stream_close(NULL);
}
END_TEST

/* The pipe stays open: a line is there when its line feed has come. */
START_TEST(a_line_is_answered_at_once)
{
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
    alarm(60); /* in place of waiting for ever */
    ck_assert_int_eq(write(fds[1], "1,2\n", 4), 4);
    mlp_stream *stream = open_stream("-", NULL, 2);
    assert_next(stream, 1, 2, 1);
    ck_assert_int_eq(write(fds[1], "3,", 2), 2);
    ck_assert_int_eq(write(fds[1], "4\n5,6\n7,", 8), 8);
    assert_next(stream, 3, 4, 2);
    assert_next(stream, 5, 6, 3);
    ck_assert_int_eq(write(fds[1], "8", 1), 1);
    close(fds[1]);
    assert_next(stream, 7, 8, 4);
    assert_end(stream);
}
END_TEST

/* As some shells and editors leave it: reading it without waiting fails. */
START_TEST(a_pipe_that_does_not_block)
{
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK), 0);
    alarm(60);
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        _exit(write(fds[1], "1,2\n", 4) != 4);
    }
    mlp_stream *stream = open_stream("-", NULL, 2);
    assert_next(stream, 1, 2, 1);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    close(fds[1]);
    assert_end(stream);
}
END_TEST

/* What is a byte-order mark at the start is none in a line behind it, however the lines come. */
START_TEST(marks_of_a_pipe)
{
    static const char line[] = "\xef\xbb\xbf"
                               "3\n";
    int fds[2];
    float x;
    bool end;
    mlp_error error;
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
    alarm(60);
    ck_assert_int_eq(write(fds[1], "2\n", 2), 2);
    mlp_stream *stream = open_stream("-", NULL, 1);
    ck_assert_int_eq(mlp_stream_next(stream, &x, &end, NULL), MLP_OK);
    ck_assert_int_eq(write(fds[1], line, sizeof line - 1), sizeof line - 1);
    close(fds[1]);
    ck_assert_int_eq(mlp_stream_next(stream, &x, &end, &error), MLP_ERROR_DATA);
    assert_error(&error, MLP_ERROR_DATA, "-",
                 ": line 2, column 1: found '\xef\xbb\xbf"
                 "3', expected a number");
    mlp_stream_close(stream);
}
END_TEST

/* Ready is what is read without waiting: never an empty line, or one that quotes may go on from. */
START_TEST(what_has_come_is_ready)
{
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
    alarm(60);
    ck_assert_int_eq(write(fds[1], "a,b\n1,2\n3,4\n\n", 13), 13);
    mlp_stream *stream = open_stream("-", NULL, 2);
    ck_assert(mlp_stream_ready(stream)); /* read to tell that a,b is a header */
    assert_next(stream, 1, 2, 2);
    ck_assert(mlp_stream_ready(stream));
    assert_next(stream, 3, 4, 3);
    ck_assert(!mlp_stream_ready(stream));
    ck_assert_int_eq(write(fds[1], "5,6\r\n7,\"8\"\n\r\n9", 14), 14);
    assert_next(stream, 5, 6, 5);
    ck_assert(!mlp_stream_ready(stream));
    assert_next(stream, 7, 8, 6);
    ck_assert(!mlp_stream_ready(stream));
    ck_assert_int_eq(write(fds[1], ",1\n2,", 5), 5);
    assert_next(stream, 9, 1, 8);
    ck_assert(!mlp_stream_ready(stream));
    ck_assert_int_eq(write(fds[1], "3\n", 2), 2);
    close(fds[1]);
    assert_next(stream, 2, 3, 9);
    ck_assert(!mlp_stream_ready(stream));
    assert_end(stream);
    stream = open_stream(put_text("a.csv", "1,\"2\"\n\n3,4\n"), NULL, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert(mlp_stream_ready(stream)); /* a file keeps nobody waiting */
        assert_next(stream, i == 0 ? 1 : 3, i == 0 ? 2 : 4, i == 0 ? 1 : 3);
    }
    ck_assert(mlp_stream_ready(stream));
    assert_end(stream);
}
END_TEST

START_TEST(failures)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"1,2\n3,x\n", ": line 2, column 2: found 'x', expected a number"},
        {"1,2\n3\n", ": line 2, column 2: found 1 columns, expected 2 as in line 1"},
        {"1,2,3,4\n", ": line 1: found 4 columns, of which 3 are inputs, expected 2"},
        {"1\n", ": line 1: found 1 column, expected one of inputs besides"},
        {"", ": line 1: found the end, expected samples"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mlp_stream *stream;
        mlp_error error;
        float x[2];
        bool end = false;
        const char *path = put_text("bad.csv", cases[i].text);
        mlp_status status = mlp_stream_open(path, NULL, 2, &stream, &error);
        ck_assert(!stream == (status != MLP_OK));
        while (status == MLP_OK && !end)
            status = mlp_stream_next(stream, x, &end, &error);
        ck_assert_int_eq(status, MLP_ERROR_DATA);
        assert_error(&error, MLP_ERROR_DATA, path, cases[i].part);
        mlp_stream_close(stream);
    }
    mlp_stream *stream;
    mlp_error error;
    ck_assert(mlp_stream_claims("-") && mlp_stream_claims("a.csv") && !mlp_stream_claims("a.npy"));
    ck_assert_int_eq(mlp_stream_open("a.npy", NULL, 2, &stream, &error), MLP_ERROR_USAGE);
    assert_error(&error, MLP_ERROR_USAGE, "a.npy", "found no source of lines");
    ck_assert_int_eq(mlp_stream_open("-", NULL, 0, &stream, &error), MLP_ERROR_USAGE);
}
END_TEST

START_TEST(every_allocation_fails)
{
    const char *path = put_text("a.csv", "a,b\n1,\"2\"\n");
    long live = mlp_alloc_live();
    for (unsigned long n = 1;; n++) {
        mlp_stream *stream;
        mlp_error error;
        float x[2];
        bool end;
        mlp_alloc_fail_at(n, 1);
        mlp_status status = mlp_stream_open(path, NULL, 2, &stream, &error);
        if (status == MLP_OK)
            status = mlp_stream_next(stream, x, &end, &error);
        mlp_alloc_fail_at(0, 0);
        mlp_stream_close(stream);
        ck_assert_int_eq(mlp_alloc_live(), live);
        if (status == MLP_OK && n > 7)
            break;
        assert_error(&error, MLP_ERROR_INTERNAL, "out of memory for ", "");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stream");
    TCase *tests = tcase_create("stream");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_add_test(tests, lines_of_a_file);
    tcase_add_test(tests, a_line_is_answered_at_once);
    tcase_add_test(tests, a_pipe_that_does_not_block);
    tcase_add_test(tests, marks_of_a_pipe);
    tcase_add_test(tests, what_has_come_is_ready);
    tcase_add_test(tests, failures);
    tcase_add_test(tests, every_allocation_fails);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
