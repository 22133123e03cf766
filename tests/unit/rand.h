/* SPDX-License-Identifier: MIT */
/* Random numbers that are the same on every machine: xorshift32 (Marsaglia 2003) with a seed. */
#ifndef RAND_H
#define RAND_H

#include <stddef.h>
#include <stdint.h>

struct test_rand {
    uint32_t state; /* never 0, or it stays 0 */
};

static inline void test_rand_seed(struct test_rand *r, uint32_t seed)
{
    r->state = seed != 0 ? seed : 1;
}

static inline uint32_t test_rand_u32(struct test_rand *r)
{
    uint32_t x = r->state;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    r->state = x;
    return x;
}

/* 0 .. limit - 1; limit is not 0. The small bias does not matter to a test. */
static inline uint32_t test_rand_below(struct test_rand *r, uint32_t limit)
{
    return test_rand_u32(r) % limit;
}

static inline void test_rand_bytes(struct test_rand *r, void *data, size_t len)
{
    unsigned char *p = (unsigned char *)data;
    size_t i;

    for (i = 0; i < len; i++) {
        p[i] = (unsigned char)(test_rand_u32(r) >> 24);
    }
}

#endif
