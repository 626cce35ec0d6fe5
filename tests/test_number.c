/* SPDX-License-Identifier: MIT */
/* Decimal numbers against the C library's strtof, which rounds correctly. */
#include "formats/number.h"
#include "suite.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bits of `text` are those that strtof has. */
static void assert_number(const char *text)
{
    float found = NAN, expected = strtof(text, NULL);
    enum mlp_number kind = mlp_number_parse(text, strlen(text), &found);
    if (isinf(expected)) {
        ck_assert_msg(kind == MLP_NUMBER_LARGE, "%s: kind %d", text, kind);
        return;
    }
    ck_assert_msg(kind == MLP_NUMBER_OK, "%s: kind %d", text, kind);
    ck_assert_msg(memcmp(&found, &expected, sizeof found) == 0, "%s: found %a, expected %a", text,
                  (double)found, (double)expected);
}

static void assert_none(const char *text)
{
    float value;
    ck_assert_msg(mlp_number_parse(text, strlen(text), &value) == MLP_NUMBER_NONE, "'%s'", text);
}

static uint64_t state;

static uint64_t draw(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return state >> 33 ^ state << 31;
}

static float draw_float(void)
{
    uint32_t bits;
    float value;
    do {
        bits = (uint32_t)draw();
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return value;
}

START_TEST(texts_of_any_shape)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "+0",
        "0.0",
        "-0.0e5",
        "0e99999999999",
        "1",
        "-1",
        "+1",
        "00012",
        "1.",
        ".5",
        "-.5",
        "5.",
        "1e5",
        "1E5",
        "1e+5",
        "1e-5",
        "0.1",
        "3.14159",
        "16777216",
        "16777217",
        "16777218",
        "16777219",
        "123456789",
        "4294967295",
        "9999999999999999999",
        "99999999999999999999",
        "18446744073709551615",
        "18446744073709551616",
        "100000000000000000000000000000",
        "0.00000000000000000000000000000000000001",
        "0.000000000000000000000000000000000000000000001",
        "1e38",
        "3.4028234e38",
        "1e22",
        "1e23",
        "1e-22",
        "1e-23",
        "123456789012345678901234567890e-20",
        "1e-37",
        "1e-38",
        "1.5e-44",
        "12345678901234567890.12345678901234567890",
        "0000000000000000000000000000001.5",
        "255",
        "-273.15",
        "6.02214076e23",
        "1.602176634e-19",
        "1e-99999999999999999999",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_number(texts[i]);
}
END_TEST

/* Exactly between two floats, and a little below and above. */
START_TEST(halfway_cases)
{
    static const char *const texts[] = {
        "1.00000005960464477539062",
        "1.000000059604644775390625",
        "1.0000000596046447753906250000000000000000000000000000000000001",
        "1.00000017881393432617187",
        "1.000000178813934326171875",
        "1.0000001788139343261718750000000000000000000000000000000000001",
        "16777217.0000000000000000000000000000000000000000000001",
        "16777216.99999999999999999999",
        "8388608.5",
        "8388609.5",
        "33554434e0",
        "33554438",
        "5e-1",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_number(texts[i]);
    for (size_t i = 0; i < 20000; i++) {
        char text[64];
        float value = draw_float(), next = nextafterf(value, INFINITY);
        double middle = ((double)value + (double)next) / 2;
        snprintf(text, sizeof text, "%.*e", 14 + (int)(draw() % 40), middle);
        assert_number(text);
    }
}
END_TEST

START_TEST(case_37_too_large_and_case_38_subnormals)
{
    static const char *const texts[] = {
        "1e999",
        "-1e999",
        "1e39",
        "3.4028235e38",
        "3.40282356e38",
        "3.4028235677973366e38",
        "3.4028235677973366163753939545814e38",
        "3.4028235677973367e38",
        "1e99999999999",
        "1e-999",
        "1e-45",
        "7e-46",
        "7.1e-46",
        "1.4e-45",
        "1.17549435e-38",
        "1.1754942e-38",
        "1.17549428e-38",
        "-1e-40",
        "1e-320",
        "2.1019476964872256e-45",
        "7."
        "006492321624085354618647916449580656401309709382578858785341419448955413429303007433190941"
        "81060791015625e-46",
        "7."
        "006492321624085354618647916449580656401309709382578858785341419448955413429303007433190941"
        "81060791015626e-46",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_number(texts[i]);
    float value;
    ck_assert_int_eq(mlp_number_parse("1e999", 5, &value), MLP_NUMBER_LARGE);
    ck_assert_int_eq(mlp_number_parse("-1e999", 6, &value), MLP_NUMBER_LARGE);
    ck_assert_int_eq(mlp_number_parse("1e-45", 5, &value), MLP_NUMBER_OK);
    ck_assert(value == 0x1p-149f);
}
END_TEST

START_TEST(case_39_and_40_what_is_no_number)
{
    static const char *const texts[] = {
        "",     " ",     "-",        "+",     ".",    "-.",    "e5",           ".e5", "1e",
        "1e+",  "1e-",   "12abc",    "abc",   "1 ",   " 1",    "1,5",          "--1", "+-1",
        "1..2", "1.2.3", "1e5.5",    "1e5e5", "0x10", "0x1p3", "nan",          "NaN", "-nan",
        "inf",  "-inf",  "Infinity", "1d5",   "1f",   "1_000", "\xc2\xa0\x31", "1\n",
    };
    float value;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_none(texts[i]);
    ck_assert_int_eq(mlp_number_parse("1\0", 2, &value), MLP_NUMBER_NONE);
}
END_TEST

START_TEST(all_lengths_of_digits)
{
    for (size_t digits = 1; digits <= 60; digits++) {
        for (size_t point = 0; point <= digits; point++) {
            char text[80];
            size_t size = 0;
            for (size_t i = 0; i < digits; i++) {
                if (i == point)
                    text[size++] = '.';
                text[size++] = (char)('0' + draw() % 10);
            }
            text[size] = '\0';
            assert_number(text);
        }
    }
}
END_TEST

START_TEST(random_numbers)
{
    static const char *const formats[] = {"%.*g", "%.*e", "%.*f"};
    for (size_t i = 0; i < 200000; i++) {
        char text[400];
        double value = (double)draw_float();
        if (i % 2 == 0) /* not a float's own value, of usual size */
            value = ((double)(int64_t)draw() / 0x1p52) * pow(10, (double)(draw() % 12) - 6);
        snprintf(text, sizeof text, formats[draw() % 3], (int)(draw() % 20), value);
        assert_number(text);
    }
}
END_TEST

/* Texts that are not ended by a zero byte, and the place behind them. */
START_TEST(a_number_within_a_text)
{
    const char text[] = "-12.5e1,7;0x1";
    const char *at = text, *end = text + strlen(text);
    float value;
    ck_assert_int_eq(mlp_number_read(&at, end, &value), MLP_NUMBER_OK);
    ck_assert(value == -125 && at == text + 7);
    at++;
    ck_assert_int_eq(mlp_number_read(&at, end, &value), MLP_NUMBER_OK);
    ck_assert(value == 7 && *at == ';');
    ck_assert_int_eq(mlp_number_read(&at, end, &value), MLP_NUMBER_NONE);
    ck_assert(*at == ';');
    at++;
    ck_assert_int_eq(mlp_number_read(&at, end, &value), MLP_NUMBER_OK);
    ck_assert(value == 0 && *at == 'x');
    ck_assert_int_eq(mlp_number_parse("1.5junk", 3, &value), MLP_NUMBER_OK);
    ck_assert(value == 1.5f);
}
END_TEST

START_TEST(long_ones)
{
    char text[2000];
    float value;
    memset(text, '0', sizeof text);
    text[1999] = '1';
    ck_assert_int_eq(mlp_number_parse(text, sizeof text, &value), MLP_NUMBER_OK);
    ck_assert(value == 1);
    text[1] = '.';
    ck_assert_int_eq(mlp_number_parse(text, MLP_NUMBER_SIZE, &value), MLP_NUMBER_OK);
    ck_assert(value == 0);
    ck_assert_int_eq(mlp_number_parse(text, sizeof text, &value), MLP_NUMBER_NONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("number");
    TCase *tests = tcase_create("number");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, texts_of_any_shape);
    tcase_add_test(tests, halfway_cases);
    tcase_add_test(tests, case_37_too_large_and_case_38_subnormals);
    tcase_add_test(tests, case_39_and_40_what_is_no_number);
    tcase_add_test(tests, all_lengths_of_digits);
    tcase_add_test(tests, random_numbers);
    tcase_add_test(tests, a_number_within_a_text);
    tcase_add_test(tests, long_ones);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
