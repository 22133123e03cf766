/* SPDX-License-Identifier: MIT */
/* Shows that the harness reports what fails; CTest compares the output. */
#include "check.h"
#include "rand.h"

static void integers_differ(void)
{
    int x = 2;

    CHECK_EQ(x, 3);
    CHECK_EQ(x, 2); /* a failure does not end the test */
}

static void bytes_differ(void)
{
    CHECK_BYTES("a\r\0", 3, "a\r\1", 3);
}

static void all_is_well(void)
{
    struct test_rand r;

    test_rand_seed(&r, 1);
    CHECK_EQ(test_rand_u32(&r), 270369);
    CHECK_EQ(test_rand_u32(&r), 67634689);
    CHECK(test_rand_below(&r, 10) < 10);
    CHECK_BYTES(NULL, 0, "", 0);
}

static const struct check_test tests[] = {
    CHECK_TEST(integers_differ),
    CHECK_TEST(bytes_differ),
    CHECK_TEST(all_is_well),
};
CHECK_MAIN(tests)
