/* SPDX-License-Identifier: MIT */
/* Comparisons of a guess of 8 bytes with a secret, which must take as many instructions in each
 * case. The code is the same in all of them, the values are not known to the compiler. */
#include "bench.h"

#include "dtu/base.h"

struct compared {
    const char *secret;
    uint8_t len;
    bool same;
};

static const struct compared compared[] = {
    {"12345678", 8, true},  {"x2345678", 8, false},
    {"1234567x", 8, false}, {"xxxxxxxx", 8, false},
    {"1", 1, false},        {"123", 3, false},
    {"1234567", 7, false},  {"12345678123456781", 17, false},
};

static const struct compared *now;
static volatile bool same;

static size_t begin(uint8_t *input, unsigned arg)
{
    static const char guess[] = "12345678";
    now = &compared[arg];
    for (size_t i = 0; i < sizeof guess - 1; i++)
        input[i] = (uint8_t)guess[i];
    return sizeof guess - 1;
}

static void run(const uint8_t *input, size_t len)
{
    same = dtu_equal_secret((const uint8_t *)now->secret, now->len, input, len);
}

static bool is_right(size_t len)
{
    (void)len;
    return same == now->same;
}

static const struct bench_case cases[] = {
    {"right", begin, run, is_right, 0},
    {"first byte wrong", begin, run, is_right, 1},
    {"last byte wrong", begin, run, is_right, 2},
    {"all wrong", begin, run, is_right, 3},
    {"secret of 1 byte", begin, run, is_right, 4},
    {"secret of 3 bytes", begin, run, is_right, 5},
    {"secret of 7 bytes", begin, run, is_right, 6},
    {"secret of 17 bytes", begin, run, is_right, 7},
};

const struct bench bench_secret = {"secret", "guess", false, cases, sizeof cases / sizeof cases[0]};
