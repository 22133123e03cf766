/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: a check that ends the program, and the input as a source of numbers
 * (its beginning says how the rest is used) and of decisions (seeded from the input, so that the
 * same input always does the same). */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_CHECK(cond)                                                                           \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond);                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, taken from the front; zeroes when it is used up. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
    unsigned high = fuzz_u8(in);
    return (uint16_t)(high << 8 | fuzz_u8(in));
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
    uint32_t high = fuzz_u16(in);
    return high << 16 | fuzz_u16(in);
}

/* A number from 0 to limit - 1; limit is 1 to 65536. */
static inline uint32_t fuzz_below(struct fuzz_input *in, uint32_t limit)
{
    return (limit <= 256 ? fuzz_u8(in) : fuzz_u16(in)) % limit;
}

/* Decisions: xorshift32, as many as are needed. */
struct fuzz_rand {
    uint32_t state;
};

static inline struct fuzz_rand fuzz_rand(uint32_t seed)
{
    struct fuzz_rand r = {seed != 0 ? seed : 1};
    return r;
}

static inline uint32_t fuzz_decide(struct fuzz_rand *r, uint32_t limit)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 17;
    r->state ^= r->state << 5;
    return r->state % limit;
}

/* A recorded stream of events, to be compared with another. */
struct fuzz_log {
    uint8_t bytes[16384];
    size_t len;
};

static inline void fuzz_log_bytes(struct fuzz_log *log, const void *data, size_t len)
{
    FUZZ_CHECK(len <= sizeof log->bytes - log->len);
    if (len > 0)
        memcpy(log->bytes + log->len, data, len);
    log->len += len;
}

static inline void fuzz_log_u32(struct fuzz_log *log, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                        (uint8_t)value};
    fuzz_log_bytes(log, bytes, sizeof bytes);
}

/* What was seen, as a number: there may be much of it. */
struct fuzz_digest {
    uint32_t hash;
    uint32_t len;
};

static inline void fuzz_digest(struct fuzz_digest *d, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++)
        d->hash = (d->hash ^ bytes[i]) * UINT32_C(16777619);
    d->len += (uint32_t)len;
}

static inline void fuzz_digest_number(struct fuzz_digest *d, uint32_t number)
{
    uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                        (uint8_t)number};
    fuzz_digest(d, bytes, sizeof bytes);
}

static inline void fuzz_check_same(const struct fuzz_log *a, const struct fuzz_log *b)
{
    FUZZ_CHECK(a->len == b->len);
    FUZZ_CHECK(memcmp(a->bytes, b->bytes, a->len) == 0);
}

#endif
