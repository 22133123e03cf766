/* SPDX-License-Identifier: MIT */
/*
 * One comparison of a guess of 8 bytes with a secret: secret_bench.py counts its instructions for
 * each CASE, and they must be as many. The code is the same in all cases, the values are not known
 * to the compiler.
 */
#include "dtu/base.h"

struct compare_case {
    const char *secret;
    uint8_t len;
    bool same;
};

/* Right; wrong in the first byte, the last and all of them; shorter and longer. */
static const struct compare_case cases[] = {
    {"12345678", 8, true},  {"x2345678", 8, false},
    {"1234567x", 8, false}, {"xxxxxxxx", 8, false},
    {"1", 1, false},        {"123", 3, false},
    {"1234567", 7, false},  {"12345678123456781", 17, false}};

static volatile unsigned which = CASE + 1; /* never 0: that would change the start-up */
static const volatile char guess[] = "12345678";

bool bench_compare(const uint8_t *secret, size_t secret_len, const uint8_t *text, size_t len);

bool bench_compare(const uint8_t *secret, size_t secret_len, const uint8_t *text, size_t len)
{
    return dtu_equal_secret(secret, secret_len, text, len);
}

static bool (*volatile compare)(const uint8_t *secret, size_t secret_len, const uint8_t *text,
                                size_t len) = bench_compare;

int main(void)
{
    unsigned i = which - 1;
    bool same = compare((const uint8_t *)cases[i].secret, cases[i].len,
                        (const uint8_t *)(uintptr_t)guess, sizeof guess - 1);
    return same == cases[i].same ? 0 : 1;
}
