/* SPDX-License-Identifier: MIT */
#include "formats/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

enum {
    MOST_DIGITS = 19,     /* that any uint64_t holds */
    EXACT_POWER = 22,     /* the largest power of ten that is a double */
    LEAST_EXPONENT = -66, /* those that three exact powers make */
    MOST_EXPONENT = 66,
    EXPONENT_LIMIT = 100000,
};

/* |value| = digits * 10^exponent, but for digits behind the first 19, which are dropped. */
struct decimal {
    uint64_t digits;
    int exponent;
    bool negative;
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* --- Digits ------------------------------------------------------------------ */

/* Takes all digits; returns where they end. What is beyond a uint64_t is lost. */
static const char *take_digits(const char *at, const char *end, uint64_t *digits)
{
    uint64_t value = *digits;
    for (; at < end && is_digit(*at); at++)
        value = value * 10 + (unsigned char)(*at - '0');
    *digits = value;
    return at;
}

/* The same of a number with more digits than a uint64_t holds. */
static const char *take_many(const char *at, const char *end, bool fraction, struct decimal *d)
{
    const uint64_t full = UINT64_C(1000000000000000000); /* 19 digits */
    for (; at < end && is_digit(*at); at++) {
        bool more = d->digits < full;
        if (more)
            d->digits = d->digits * 10 + (unsigned char)(*at - '0');
        d->exponent += more ? -(int)fraction : (int)!fraction;
    }
    return at;
}

/* Digits with a point or none: returns where they end, NULL where there is none. A number is
 * shorter than 2^31 digits: fields are. */
static const char *take_mantissa(const char *at, const char *end, struct decimal *d)
{
    const char *start = at, *point = NULL;
    at = take_digits(at, end, &d->digits);
    ptrdiff_t count = at - start;
    if (at < end && *at == '.') {
        point = at++;
        at = take_digits(at, end, &d->digits);
        d->exponent = -(int)(at - point - 1);
        count += at - point - 1;
    }
    if (count == 0)
        return NULL;
    if (count > MOST_DIGITS) {
        d->digits = 0;
        d->exponent = 0;
        at = take_many(start, end, false, d);
        if (point)
            at = take_many(point + 1, end, true, d);
    }
    return at;
}

/* What follows an e; NULL where it is no number. */
static const char *take_exponent(const char *at, const char *end, struct decimal *d)
{
    bool negative = at < end && *at == '-';
    int exponent = 0;
    at += at < end && (*at == '-' || *at == '+');
    if (at == end || !is_digit(*at))
        return NULL;
    for (; at < end && is_digit(*at); at++)
        exponent = exponent < EXPONENT_LIMIT ? exponent * 10 + (*at - '0') : exponent;
    d->exponent += negative ? -exponent : exponent;
    return at;
}

/* --- Rounding ---------------------------------------------------------------- */

/* 10^e, e from 0 to 66: a product of exact powers. */
static double power_of_ten(int e)
{
    static const double powers[EXACT_POWER + 1] = {
        1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    };
    double power = 1;
    for (; e > EXACT_POWER; e -= EXACT_POWER)
        power *= powers[EXACT_POWER];
    return power * powers[e];
}

/* The double that this comes to is off by less than 8 of its last places: digits dropped, and at
 * most four roundings of half a place, which is a whole one where a factor's binade is higher.
 * Where no middle between two floats is as near as that, it rounds as the number itself does. False
 * where one may be, or the float is not a normal one. */
static bool round_double(const struct decimal *d, float *out)
{
    const int64_t below = (int64_t)1 << 29, middle = (int64_t)1 << 28, near = 8;
    if (d->exponent < LEAST_EXPONENT || d->exponent > MOST_EXPONENT)
        return false;
    double value = d->exponent < 0 ? (double)d->digits / power_of_ten(-d->exponent)
                                   : (double)d->digits * power_of_ten(d->exponent);
    if (!(value >= (double)FLT_MIN) || value > (double)FLT_MAX)
        return false;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int64_t rest = (int64_t)(bits & (uint64_t)(below - 1)) - middle;
    if (rest >= -near && rest <= near)
        return false;
    *out = (float)value;
    return true;
}

/* All digits decide: the system's function, in no locale but C. */
static enum mlp_number round_text(const char *text, const char *end, float *out)
{
    char copy[MLP_NUMBER_SIZE + 1];
    size_t size = (size_t)(end - text);
    locale_t c = size <= MLP_NUMBER_SIZE ? newlocale(LC_ALL_MASK, "C", (locale_t)0) : (locale_t)0;
    if (c == (locale_t)0)
        return MLP_NUMBER_NONE;
    memcpy(copy, text, size);
    copy[size] = '\0';
    *out = strtof_l(copy, NULL, c);
    freelocale(c);
    return isinf(*out) ? MLP_NUMBER_LARGE : MLP_NUMBER_OK;
}

/* --- Numbers ----------------------------------------------------------------- */

enum mlp_number mlp_number_read(const char **at, const char *end, float *out)
{
    const char *text = *at, *next = text;
    struct decimal d = {0};
    if (next < end && (*next == '-' || *next == '+'))
        d.negative = *next++ == '-';
    next = take_mantissa(next, end, &d);
    if (next && next < end && (*next == 'e' || *next == 'E'))
        next = take_exponent(next + 1, end, &d);
    if (!next)
        return MLP_NUMBER_NONE;
    *at = next;
    if (d.exponent == 0 && d.digits < (uint64_t)1 << 24)
        *out = (float)d.digits; /* exact */
    else if (d.digits == 0)
        *out = 0;
    else if (!round_double(&d, out))
        return round_text(text, next, out);
    *out = d.negative ? -*out : *out;
    return MLP_NUMBER_OK;
}

enum mlp_number mlp_number_parse(const char *text, size_t size, float *out)
{
    const char *at = text;
    enum mlp_number kind = mlp_number_read(&at, text + size, out);
    return kind != MLP_NUMBER_NONE && at == text + size ? kind : MLP_NUMBER_NONE;
}
