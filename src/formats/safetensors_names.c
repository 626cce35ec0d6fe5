/* SPDX-License-Identifier: MIT */
#include "safetensors_names.h"

#include <stdio.h>
#include <string.h>

/* --- Order ------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Compares the numbers at *a and *b, of any length, and steps over them. */
static int compare_numbers(const char **a, const char **b)
{
    *a += strspn(*a, "0");
    *b += strspn(*b, "0");
    size_t x = strspn(*a, "0123456789"), y = strspn(*b, "0123456789");
    int order = x != y ? (x > y) - (x < y) : strncmp(*a, *b, x);
    *a += x;
    *b += y;
    return order;
}

int mlp_st_compare_names(const char *a, const char *b)
{
    const char *x = a, *y = b;
    while (*x != '\0' && *y != '\0') {
        if (is_digit(*x) && is_digit(*y)) {
            int order = compare_numbers(&x, &y);
            if (order != 0)
                return order;
        } else if (*x == *y) {
            x++;
            y++;
        } else {
            break;
        }
    }
    int order = (unsigned char)*x - (unsigned char)*y;
    return order != 0 ? order : strcmp(a, b); /* 01 and 1 */
}

/* --- Words -------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Where `word` stands last in `name`, between characters that are no letters; NULL: nowhere. */
static const char *find_word(const char *name, const char *word)
{
    size_t length = strlen(word);
    const char *found = NULL;
    for (const char *at = strstr(name, word); at; at = strstr(at + 1, word)) {
        if ((at == name || !is_letter(at[-1])) && !is_letter(at[length]))
            found = at;
    }
    return found;
}

bool mlp_st_bias_name(const char *weight, size_t i, char *bias)
{
    static const char *const words[][2] = {
        {"weight", "bias"},
        {"kernel", "bias"},
        {"weights", "biases"},
        {"weights", "bias"},
        {"coefs", "intercepts"},
        {"coef", "intercept"},
        {"w", "b"},
        {"W", "b"},
        {"W", "B"},
    };
    if (i >= sizeof words / sizeof words[0])
        return false;
    const char *at = find_word(weight, words[i][0]);
    *bias = '\0';
    if (at)
        snprintf(bias, strlen(weight) + MLP_ST_GROWTH, "%.*s%s%s", (int)(at - weight), weight,
                 words[i][1], at + strlen(words[i][0]));
    return true;
}

bool mlp_st_weight_name(const char *layer, size_t length, size_t i, char *weight)
{
    static const char *const ends[] = {"",        ".weight",   "/kernel", ".kernel",
                                       "/weight", "/kernel:0", ".w",      ".W"};
    if (i >= sizeof ends / sizeof ends[0])
        return false;
    snprintf(weight, length + MLP_ST_GROWTH, "%.*s%s", (int)length, layer, ends[i]);
    return true;
}
