/* SPDX-License-Identifier: MIT */
/*
 * A test harness of one header. Not cmocka: the same unit tests also run on Cortex-M and AVR, where
 * there is no cmocka, so this needs printf and memcmp only.
 *
 *     static void an_empty_line_is_ignored(void) { ... CHECK_EQ(taken, 1); ... }
 *
 *     static const struct check_test tests[] = {CHECK_TEST(an_empty_line_is_ignored)};
 *     CHECK_MAIN(tests)
 *
 * A check that fails is reported and the test goes on. The last line is "N passed, M failed"
 * (tests, not checks); main returns 0 when M is 0, otherwise 1.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A target that must set up its stdout, or not return from main: -DCHECK_PORT='"my_port.h"'. */
#ifdef CHECK_PORT
#include CHECK_PORT
#else
#define CHECK_BEGIN() ((void)0)
#define CHECK_END(status) (status)
#endif
#ifdef __AVR__
#define CHECK_TEXT(x) "" /* each string literal costs RAM: the line number has to do */
#else
#define CHECK_TEXT(x) #x
#endif

/* How often a test with random numbers goes round: an AVR in a simulator is slow. */
#ifdef __AVR__
#define CHECK_ROUNDS(n) ((n) / 10)
#else
#define CHECK_ROUNDS(n) (n)
#endif

struct check_test {
    const char *name;
    void (*run)(void);
};

static unsigned check_failures; /* failed checks of the test that runs now */

static inline void check_true(int ok, int line, const char *text)
{
    if (!ok) {
        check_failures++;
        printf("  line %d: not true: %s\n", line, text);
    }
}

/* Compared as intmax_t, which holds every integer the tests use; printed as long, since not every
 * printf knows %jd. */
static inline void check_eq(intmax_t actual, intmax_t expected, int line, const char *text)
{
    if (actual != expected) {
        check_failures++;
        printf("  line %d: %s is %ld (0x%lx), expected %ld (0x%lx)\n", line, text, (long)actual,
               (unsigned long)actual, (long)expected, (unsigned long)expected);
    }
}

static inline void check_print_bytes(const char *what, const void *data, size_t len)
{
    const unsigned char *p = (const unsigned char *)data;

    printf("    %s (%lu bytes): \"", what, (unsigned long)len);
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '\r' || p[i] == '\n') {
            printf(p[i] == '\r' ? "\\r" : "\\n");
        } else if (p[i] < 0x20 || p[i] >= 0x7f || p[i] == '"' || p[i] == '\\') {
            printf("\\x%02x", (unsigned)p[i]);
        } else {
            printf("%c", p[i]);
        }
    }
    printf("\"\n");
}

static inline void check_bytes(const void *actual, size_t actual_len, const void *expected,
                               size_t expected_len, int line, const char *text)
{
    if (actual_len != expected_len || (actual_len && memcmp(actual, expected, actual_len))) {
        check_failures++;
        printf("  line %d: %s differs\n", line, text);
        check_print_bytes("actual", actual, actual_len);
        check_print_bytes("expected", expected, expected_len);
    }
}

static inline int check_run(const struct check_test *tests, size_t count)
{
    unsigned passed = 0, failed = 0;

    for (size_t i = 0; i < count; i++) {
        if (tests[i].run == NULL)
            continue;
        check_failures = 0;
        tests[i].run();
        if (check_failures == 0) {
            passed++;
            continue;
        }
        failed++;
        printf("FAILED %s\n", tests[i].name);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}

#define CHECK(cond) check_true((cond) ? 1 : 0, __LINE__, CHECK_TEXT(cond))
#define CHECK_EQ(actual, expected)                                                                 \
    check_eq((intmax_t)(actual), (intmax_t)(expected), __LINE__, CHECK_TEXT(actual))
#define CHECK_BYTES(actual, actual_len, expected, expected_len)                                    \
    check_bytes(actual, actual_len, expected, expected_len, __LINE__, CHECK_TEXT(actual))
/* clang-format off */
#ifdef CHECK_CHOSEN
/* A target on which not all tests fit: -D'CHECK_CHOSEN(n)=((n) < 8)' takes the first eight of the
 * table. The compiler drops the others, and what only they use. */
#define CHECK_ENTRY(function, number)                                                              \
    {CHECK_CHOSEN(number) ? #function : NULL, CHECK_CHOSEN(number) ? function : NULL}
#define CHECK_TEST(function) CHECK_ENTRY(function, __COUNTER__)
#else
#define CHECK_TEST(function) {#function, function}
#endif
/* A test that needs more than 64 KiB: left out where there is no more. */
#if SIZE_MAX > 0xFFFF
#define CHECK_LARGE(function) CHECK_TEST(function)
#else
#define CHECK_SMALL
#define CHECK_LARGE(function) {NULL, __COUNTER__ < 0 ? function : NULL}
#endif
/* clang-format on */
/* Whoever chooses among the tests also says how many there are, so that none is overlooked. */
#ifndef CHECK_COUNT
#define CHECK_COUNT (sizeof(tests) / sizeof((tests)[0]))
#endif
#define CHECK_MAIN(tests)                                                                          \
    typedef char                                                                                   \
        check_all_tests_are_counted[sizeof(tests) / sizeof((tests)[0]) == CHECK_COUNT ? 1 : -1];   \
    int main(void)                                                                                 \
    {                                                                                              \
        CHECK_BEGIN();                                                                             \
        return CHECK_END(check_run(tests, sizeof(tests) / sizeof((tests)[0])));                    \
    }
#endif
