/* SPDX-License-Identifier: MIT */
/* CSV files that are wrong; the numbers of the cases are those of tests/bad_input.md.
 */
#include "alloc.h"
#include "csv_files.h"
#include "folder.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zlib.h>

#if defined(__has_feature)
#define UNDER_SANITIZER                                                                            \
    (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                        \
     __has_feature(memory_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNDER_SANITIZER 1
#else
#define UNDER_SANITIZER 0
#endif

static void refuse(const char *text, const char *part)
{
    assert_csv_refused(text, NULL, MLP_ERROR_DATA, part);
}

START_TEST(case_28_empty)
{
    refuse("", ": line 1: found the end, expected samples");
    refuse("\n\r\n\n", ": line 1: found the end, expected samples");
    refuse("\xef\xbb\xbf", ": line 1: found the end, expected samples");
}
END_TEST

START_TEST(case_29_header_only)
{
    refuse("a,b,c\n", ": line 1: found a header and nothing behind it, expected samples");
    refuse("a,b,c", ": line 1: found a header and nothing behind it, expected samples");
    assert_csv_refused("1,2,3\n", &(mlp_source_options){.header = MLP_HEADER_YES}, MLP_ERROR_DATA,
                       ": line 1: found a header and nothing behind it, expected samples");
}
END_TEST

START_TEST(case_30_ragged_row)
{
    refuse("1,2,0\n3,4,1\n5,6\n", ": line 3, column 3: found 2 columns, expected 3 as in line 1");
    refuse("1,2,0\n3,4,1,5\n", ": line 2, column 4: found 4 columns, expected 3 as in line 1");
    refuse("a,b,c\n\n1,2\n", ": line 3, column 3: found 2 columns, expected 3 as in line 1");
    refuse("1,2,0\n3,\"4\"\n", ": line 2, column 3: found 2 columns, expected 3 as in line 1");
    refuse("1,2,0\n3\n", ": line 2, column 2: found 1 columns, expected 3 as in line 1");
}
END_TEST

START_TEST(case_31_trailing_delimiter)
{
    refuse("1,2,0\n3,4,1,\n",
           ": line 2, column 4: found 4 columns and a delimiter at the end, expected 3 as in line "
           "1");
    refuse("1,2,0,\n3,4,1,\n", ": line 1, column 4: found an empty cell, expected a label");
}
END_TEST

START_TEST(case_32_unterminated_quote)
{
    refuse("1,2,0\n3,\"4,1\n5,6,0\n",
           ": line 2, column 2: found a quote that is not closed, expected another one before the "
           "end of the data");
    refuse("1,2,0\n3,4,\"", ": line 2, column 3: found a quote that is not closed");
}
END_TEST

START_TEST(case_33_junk_after_a_quote)
{
    refuse("1,2,0\n3,\"4\"x,1\n", ": line 2, column 2: found 'x' behind a closing quote, expected "
                                  "the delimiter or the line's end");
    refuse("1,2,0\n3,\"4\" x,1\n", ": line 2, column 2: found 'x' behind a closing quote");
    refuse("1,2,0\n3,4\"5,1\n", ": line 2, column 2: found a quote within a field");
}
END_TEST

/* Bytes that are no text. */
static void refuse_bytes(const char *bytes, size_t size, const char *part)
{
    mlp_dataset *data;
    mlp_error error;
    struct bytes file = {0};
    add(&file, bytes, size);
    const char *path = put("bad.csv", file);
    ck_assert_int_eq(mlp_dataset_open(path, MLP_TRAIN, &data, &error), MLP_ERROR_DATA);
    assert_error(&error, MLP_ERROR_DATA, path, part);
}

START_TEST(case_34_zero_byte)
{
    const char *part = ": line 2, column 2: found a zero byte, expected text in UTF-8";
    refuse_bytes("1,2,0\n3,\0,1\n", 12, part);
    refuse_bytes("1,2,0\n3,4\0,1\n", 13, part);
    refuse_bytes("1,2,0\n3,\"4\0\",1\n", 15, part);
    refuse_bytes("1,2,a\n3,4,\0\n", 12, ": line 2, column 3: found a zero byte");
    refuse_bytes("\0", 1, ": line 1, column 1: found a zero byte");
}
END_TEST

START_TEST(case_37_too_large)
{
    refuse("1,2,0\n3,1e999,1\n",
           ": line 2, column 2: found '1e999', expected a number up to 3.4e38");
    refuse("1,2,0\n-1e39,4,1\n", ": line 2, column 1: found '-1e39', expected a number up to");
}
END_TEST

START_TEST(case_39_nan_and_inf)
{
    static const char *const texts[] = {"nan", "NaN", "-nan", "inf", "-Inf", "Infinity"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[64], part[80];
        snprintf(text, sizeof text, "1,2,0\n%s,4,1\n", texts[i]);
        snprintf(part, sizeof part, ": line 2, column 1: found '%s', expected a finite number",
                 texts[i]);
        refuse(text, part);
    }
}
END_TEST

START_TEST(case_40_text_behind_a_number)
{
    refuse("a,b,c\n1,2,0\n12abc,4,1\n", ": line 3, column 1 (a): found '12abc', expected a number");
    refuse("1,2,0\n1 2,4,1\n", ": line 2, column 1: found '1 2', expected a number");
    refuse("1,2,0\n0x10,4,1\n", ": line 2, column 1: found '0x10', expected a number");
    refuse("1,2,0\r3,4,1\r", ": line 1, column 3: found '0?3', expected no carriage return");
    refuse("1,2,0\n3\r4,4,1\n", ": line 2, column 1: found '3?4', expected no carriage return");
    refuse("1,2,\"0\"\r3,4,1\n", ": line 1, column 3: found a carriage return within the line");
}
END_TEST

START_TEST(case_42_to_44_labels_that_are_no_classes)
{
    static const char *const labels[] = {"1.5", "-1",    "1e23",     "100000000000000000000000",
                                         "256", "1e999", "0.000001", "-0.5"};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        char text[64], part[120];
        snprintf(text, sizeof text, "1,2,0\n3,4,%s\n", labels[i]);
        snprintf(part, sizeof part,
                 ": line 2, column 3: found the label '%s', expected a whole number from 0 to 255",
                 labels[i]);
        refuse(text, part);
    }
    refuse("1,2,0\n3,4,x\n", ": line 2, column 3: found the label 'x', expected a number, as in "
                             "line 1: labels are all numbers or all names");
    refuse("1,2,x\n3,4,7\n", ": line 2, column 3: found the label '7', expected a name, not a "
                             "number, as in line 1");
    refuse("1,2,x\n3,4,x\n",
           ": line 1, column 3: found the label 'x', expected at least one other");
    refuse("1,2,x\n3,4,\xe9\n", ": line 2, column 3: found the label '\xe9', expected a text in "
                                "UTF-8");
    refuse("1,2,x\n3,4,\"a\nb\"\n", ": line 2, column 3: found the label 'a?b', expected a text");
}
END_TEST

START_TEST(too_many_labels)
{
    char text[4096];
    size_t size = 0;
    for (size_t i = 0; i < 257; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "1,a%zu\n", i);
    refuse(text, ": line 257, column 2: found the label 'a256', expected 256 different labels");
    FILE *file = fopen(in_folder("many.csv"), "wb");
    for (size_t i = 0; i < 2000; i++)
        fprintf(file, "1,0.%04zu\n", i);
    fclose(file);
    mlp_dataset *data;
    mlp_error error;
    ck_assert_int_eq(mlp_dataset_open(in_folder("many.csv"), MLP_TRAIN, &data, &error),
                     MLP_ERROR_DATA);
    assert_error(&error, MLP_ERROR_DATA, in_folder("many.csv"),
                 ": line 2, column 2: found the label '0.0001', expected a whole number");
}
END_TEST

/* A gz file of 100 MB: a text, and another over and over. */
static const char *put_large(const char *start, const char *more)
{
    enum { SIZE = 100 << 20 };
    const char *path = in_folder("large.csv.gz");
    gzFile file = gzopen(path, "wb1");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzputs(file, start), (int)strlen(start));
    int length = (int)strlen(more);
    for (int written = 0; written < SIZE; written += length)
        ck_assert_int_eq(gzwrite(file, more, (unsigned)length), length);
    ck_assert_int_eq(gzclose(file), Z_OK);
    return path;
}

/* The file is refused within `most` bytes of memory. */
static void refuse_large(const char *path, rlim_t most, const char *reason)
{
    struct rlimit limit;
    mlp_dataset *data;
    mlp_error error;
    if (!UNDER_SANITIZER) {
        ck_assert_int_eq(getrlimit(RLIMIT_DATA, &limit), 0);
        limit.rlim_cur = most;
        ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
    }
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_dataset_open(path, MLP_TRAIN, &data, &error), MLP_ERROR_DATA);
    assert_error(&error, MLP_ERROR_DATA, path, reason);
    ck_assert_int_eq(mlp_alloc_live(), live);
}

START_TEST(case_45_a_field_of_100_mb)
{
    static const char *const starts[] = {"1,2,0\n3,", "1,2,0\n3,\"", "1;2;0\n3;"};
    char block[1001];
    memset(block, '1', sizeof block - 1);
    block[sizeof block - 1] = '\0';
    refuse_large(put_large(starts[_i], block), 48 << 20,
                 ": line 2, column 2: found a field of more than 1048576 bytes, expected its end");
}
END_TEST

/* Many short fields: commas without end, and quoted fields that go over ends of lines. */
START_TEST(a_line_of_100_mb)
{
    char block[1002];
    memset(block, ',', sizeof block - 1);
    block[sizeof block - 1] = '\0';
    refuse_large(put_large("1,2,0\n3", block), 256 << 20,
                 ": line 2: found a line of more than 67108864 bytes, expected its end");
    refuse_large(put_large("", block), 256 << 20,
                 ": line 1: found a line of more than 67108864 bytes, expected its end");
    memset(block, '1', sizeof block - 1);
    memcpy(block, "\"\n", 2);
    memcpy(block + sizeof block - 3, "\",", 2);
    refuse_large(put_large("1,2,0\n", block), 256 << 20,
                 ": found a line of more than 67108864 bytes, expected its end");
}
END_TEST

/* Where it ends in the same buffer that it began in. */
START_TEST(a_field_of_a_little_more_than_1_mib)
{
    enum { MOST = 1 << 20 };
    static char text[MOST + 100];
    static const char *const starts[] = {"1,2,0\n3,", "1,2,0\n3,\""}, *const ends[] = {",1\n",
                                                                                       "\",1\n"};
    mlp_dataset *data;
    mlp_error error;
    for (size_t i = 0; i < 4; i++) {
        size_t begin = strlen(starts[i % 2]), length = MOST + i / 2;
        memcpy(text, starts[i % 2], begin);
        memset(text + begin, '0', length);
        strcpy(text + begin + length, ends[i % 2]);
        put_text("a.csv", text);
        mlp_status status = mlp_dataset_open(in_folder("a.csv"), MLP_TRAIN, &data, &error);
        if (i / 2 == 0) {
            ck_assert_msg(status == MLP_OK, "%s", error.message);
            mlp_dataset_destroy(data);
        } else {
            assert_error(&error, MLP_ERROR_DATA, in_folder("a.csv"),
                         ": line 2, column 2: found a field of more than 1048576 bytes");
        }
    }
}
END_TEST

START_TEST(too_many_columns)
{
    enum { COLUMNS = (1 << 20) + 1 };
    char *text = malloc(2 * COLUMNS + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t c = 0; c < COLUMNS; c++)
        memcpy(text + 2 * c, c + 1 < COLUMNS ? "1," : "1\n", 2);
    text[2 * COLUMNS] = '\0';
    put_text("wide.csv", text);
    free(text);
    mlp_dataset *data;
    mlp_error error;
    long live = mlp_alloc_live();
    ck_assert_int_eq(mlp_dataset_open(in_folder("wide.csv"), MLP_TRAIN, &data, &error),
                     MLP_ERROR_DATA);
    assert_error(&error, MLP_ERROR_DATA, in_folder("wide.csv"),
                 ": line 1: found 1048577 columns, expected at most 1048576");
    ck_assert_int_eq(mlp_alloc_live(), live);
}
END_TEST

START_TEST(case_46_empty_cell)
{
    refuse("a,b,c\n1,2,0\n3,,1\n",
           ": line 3, column 2 (b): found an empty cell, expected a number");
    refuse("1,2,0\n,4,1\n", ": line 2, column 1: found an empty cell, expected a number");
    refuse("1,2,0\n3, \t,1\n", ": line 2, column 2: found an empty cell, expected a number");
    refuse("1,2,0\n3,\"\",1\n", ": line 2, column 2: found an empty cell, expected a number");
    refuse("1,2,0\n3,4,\n", ": line 2, column 3: found an empty cell, expected a label");
    refuse("1,2,x\n3,4,\"\"\n", ": line 2, column 3: found an empty cell, expected a label");
}
END_TEST

START_TEST(case_47_utf_16)
{
    refuse_bytes("\xff\xfe"
                 "1\0,\0"
                 "2\0\n\0",
                 10, ": line 1, column 1: found UTF-16 (it begins with ff fe), expected UTF-8");
    refuse_bytes("\xfe\xff\0"
                 "1\0,\0"
                 "2\0\n",
                 10, ": line 1, column 1: found UTF-16 (it begins with fe ff), expected UTF-8");
    refuse_bytes("1\0,\0"
                 "2\0\n\0",
                 8, ": line 1, column 1: found a zero byte, expected text");
}
END_TEST

START_TEST(case_103_and_104_what_is_no_file)
{
    mlp_dataset *data;
    mlp_error error;
    ck_assert_int_eq(mkfifo(in_folder("pipe.csv"), 0666), 0);
    ck_assert_int_eq(mlp_dataset_open(in_folder("pipe.csv"), MLP_TRAIN, &data, &error),
                     MLP_ERROR_INTERNAL);
    assert_error(&error, MLP_ERROR_INTERNAL, in_folder("pipe.csv"), "it is a pipe");
    ck_assert_int_eq(mlp_dataset_open(in_folder("no.csv"), MLP_TRAIN, &data, &error),
                     MLP_ERROR_INTERNAL);
    assert_error(&error, MLP_ERROR_INTERNAL, in_folder("no.csv"), "No such file");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv_input");
    TCase *tests = tcase_create("csv_input");
    tcase_add_checked_fixture(tests, folder_make, folder_remove);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, case_28_empty);
    tcase_add_test(tests, case_29_header_only);
    tcase_add_test(tests, case_30_ragged_row);
    tcase_add_test(tests, case_31_trailing_delimiter);
    tcase_add_test(tests, case_32_unterminated_quote);
    tcase_add_test(tests, case_33_junk_after_a_quote);
    tcase_add_test(tests, case_34_zero_byte);
    tcase_add_test(tests, case_37_too_large);
    tcase_add_test(tests, case_39_nan_and_inf);
    tcase_add_test(tests, case_40_text_behind_a_number);
    tcase_add_test(tests, case_42_to_44_labels_that_are_no_classes);
    tcase_add_test(tests, too_many_labels);
    tcase_add_loop_test(tests, case_45_a_field_of_100_mb, 0, 3);
    tcase_add_test(tests, a_line_of_100_mb);
    tcase_add_test(tests, a_field_of_a_little_more_than_1_mib);
    tcase_add_test(tests, too_many_columns);
    tcase_add_test(tests, case_46_empty_cell);
    tcase_add_test(tests, case_47_utf_16);
    tcase_add_test(tests, case_103_and_104_what_is_no_file);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
