/* SPDX-License-Identifier: MIT */
/* The confusion matrix as text (src/cli). */
#include "../src/cli/confusion.h"
#include "suite.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

/* Lines so far, each with a newline. */
struct text {
    char all[4096];
    size_t length, lines;
};

/* Characters, where no byte starts more than one. */
static size_t columns(const char *line)
{
    size_t count = 0;
    for (; *line != '\0'; line++)
        count += ((unsigned char)*line & 0xc0) != 0x80;
    return count;
}

static void add_line(void *context, const char *line)
{
    struct text *text = context;
    size_t length = strlen(line);
    ck_assert_uint_le(columns(line), 80);
    ck_assert_ptr_null(strpbrk(line, "\n\r\t\033"));
    ck_assert_uint_lt(text->length + length + 1, sizeof text->all);
    memcpy(text->all + text->length, line, length);
    text->length += length;
    text->all[text->length++] = '\n';
    text->all[text->length] = '\0';
    text->lines++;
}

static const char *matrix(struct text *text, const size_t *confusion, size_t classes,
                          const char *const *names)
{
    *text = (struct text){.length = 0};
    confusion_print_matrix(confusion, classes, names, add_line, text);
    return text->all;
}

static const char *worst(struct text *text, const size_t *confusion, size_t classes,
                         const char *const *names)
{
    *text = (struct text){.length = 0};
    confusion_print_worst(confusion, classes, names, add_line, text);
    return text->all;
}

static const size_t THREE[] = {980, 0, 1, 12, 9, 0, 7, 100, 0};
static const char *const FRUIT[] = {"apple", "pear", "quince"};

START_TEST(test_counts_are_right_aligned)
{
    struct text text;
    ck_assert_str_eq(matrix(&text, THREE, 3, NULL), "row: label, column: prediction\n"
                                                    "    0   1 2\n"
                                                    "0 980   . 1\n"
                                                    "1  12   9 .\n"
                                                    "2   7 100 .\n");
    ck_assert_str_eq(matrix(&text, THREE, 3, FRUIT), "row: label, column: prediction\n"
                                                     "    0   1 2\n"
                                                     "0 980   . 1  apple\n"
                                                     "1  12   9 .  pear\n"
                                                     "2   7 100 .  quince\n");
}
END_TEST

START_TEST(test_worst_come_first)
{
    struct text text;
    ck_assert_str_eq(worst(&text, THREE, 3, NULL), "2 taken for 1: 100 of 107 (93.5 %)\n"
                                                   "1 taken for 0: 12 of 21 (57.1 %)\n"
                                                   "2 taken for 0: 7 of 107 (6.5 %)\n"
                                                   "0 taken for 2: 1 of 981 (0.1 %)\n");
    ck_assert_ptr_nonnull(strstr(worst(&text, THREE, 3, FRUIT), "quince taken for pear: 100 of "));
}
END_TEST

START_TEST(test_five_worst_of_many)
{
    enum { CLASSES = 256 };
    static size_t confusion[CLASSES * CLASSES];
    for (size_t i = 0; i < CLASSES; i++)
        confusion[i * CLASSES + i] = 90;
    confusion[3 * CLASSES + 5] = confusion[5 * CLASSES + 3] = 2;
    confusion[0 * CLASSES + 9] = confusion[4 * CLASSES + 8] = 2;
    confusion[255 * CLASSES + 254] = 10;
    confusion[254 * CLASSES + 255] = confusion[7 * CLASSES + 1] = 1;
    confusion[8 * CLASSES + 1] = 3;
    struct text text;
    ck_assert_str_eq(worst(&text, confusion, CLASSES, NULL),
                     "255 taken for 254: 10 of 100 (10.0 %)\n"
                     "8 taken for 1: 3 of 93 (3.2 %)\n"
                     "0 taken for 9: 2 of 92 (2.2 %)\n"
                     "3 taken for 5: 2 of 92 (2.2 %)\n"
                     "4 taken for 8: 2 of 92 (2.2 %)\n");
    ck_assert_str_eq(matrix(&text, confusion, CLASSES, NULL), "");
}
END_TEST

START_TEST(test_no_confusion)
{
    static const size_t RIGHT[] = {5, 0, 0, 7};
    struct text text;
    ck_assert_str_eq(worst(&text, RIGHT, 2, NULL), "");
    ck_assert_str_eq(matrix(&text, RIGHT, 2, NULL), "row: label, column: prediction\n"
                                                    "  0 1\n"
                                                    "0 5 .\n"
                                                    "1 . 7\n");
}
END_TEST

/* `diagonal` samples of each of `classes` classes are right, `other` of each are
 * taken for the class before. */
static const size_t *banded(size_t classes, size_t diagonal, size_t other)
{
    static size_t confusion[32 * 32];
    memset(confusion, 0, sizeof confusion);
    for (size_t c = 0; c < classes; c++) {
        confusion[c * classes + (c + classes - 1) % classes] = other;
        confusion[c * classes + c] = diagonal;
    }
    return confusion;
}

START_TEST(test_twenty_classes_fit)
{
    struct text text;
    matrix(&text, banded(20, 99, 1), 20, NULL);
    ck_assert_ptr_null(strstr(text.all, "per cent"));
    ck_assert_uint_eq(text.lines, 22);
    matrix(&text, banded(21, 99, 1), 21, NULL);
    ck_assert_uint_eq(text.lines, 0);
}
END_TEST

START_TEST(test_wide_counts_are_per_cent)
{
    struct text text;
    matrix(&text, banded(20, 49999, 1), 20, NULL);
    ck_assert_ptr_nonnull(strstr(text.all, "per cent of the label's samples\n"));
    ck_assert_ptr_nonnull(strstr(text.all, "\n 1  0 99  .  . "));
    ck_assert_uint_eq(text.lines, 22);
    /* 20 times 100 % is too wide. */
    matrix(&text, banded(18, 50000, 0), 18, NULL);
    ck_assert_ptr_nonnull(strstr(text.all, "\n 1   . 100   . "));
    matrix(&text, banded(20, 50000, 0), 20, NULL);
    ck_assert_uint_eq(text.lines, 0);
    /* Rows without a sample, whose share is no number. */
    size_t sparse[16 * 16] = {[3 * 16 + 2] = 1000000};
    matrix(&text, sparse, 16, NULL);
    ck_assert_ptr_null(strstr(text.all, "per cent"));
    for (size_t c = 0; c < 16; c++)
        sparse[3 * 16 + c] = 1000000;
    matrix(&text, sparse, 16, NULL);
    ck_assert_ptr_nonnull(strstr(text.all, "\n 3 6 6 6 6 "));
    ck_assert_ptr_nonnull(strstr(text.all, "\n 4 . . . . "));
    matrix(&text, banded(20, SIZE_MAX / 64, SIZE_MAX / 64), 20, NULL);
    ck_assert_ptr_nonnull(strstr(text.all, "\n 1 50 50  .  . "));
}
END_TEST

/* Names come from files. */
START_TEST(test_names_are_cut_and_harmless)
{
    static const char *const NAMES[] = {
        "\033[2Jbad\nname",
        "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
        "\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc",
    };
    static const size_t CONFUSION[] = {1, 2, 3, 4};
    char endless[600];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    struct text text;
    ck_assert_str_eq(worst(&text, CONFUSION, 2, NAMES),
                     "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
                     "\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4"
                     " taken for ?[2Jbad?name: 3 of 7 (42.9 %)\n"
                     "?[2Jbad?name taken for "
                     "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
                     "\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4"
                     ": 2 of 3 (66.7 %)\n");
    ck_assert_ptr_nonnull(strstr(matrix(&text, CONFUSION, 2, NAMES), "0 1 2  ?[2Jbad?name\n"));
    const char *const long_names[] = {endless, ""};
    matrix(&text, CONFUSION, 2, long_names);
    worst(&text, CONFUSION, 2, long_names);
    ck_assert_uint_eq(text.lines, 2);
    memset(endless, 0x80, sizeof endless - 1); /* no UTF-8 at all */
    matrix(&text, CONFUSION, 2, long_names);
    worst(&text, CONFUSION, 2, long_names);
    ck_assert_uint_eq(text.lines, 2);
}
END_TEST

int main(void)
{
    TCase *text = tcase_create("text");
    tcase_add_test(text, test_counts_are_right_aligned);
    tcase_add_test(text, test_worst_come_first);
    tcase_add_test(text, test_five_worst_of_many);
    tcase_add_test(text, test_no_confusion);
    tcase_add_test(text, test_twenty_classes_fit);
    tcase_add_test(text, test_wide_counts_are_per_cent);
    tcase_add_test(text, test_names_are_cut_and_harmless);

    Suite *suite = suite_create("confusion");
    suite_add_tcase(suite, text);
    return suite_run(suite);
}
