/* SPDX-License-Identifier: MIT */
/* What the harnesses of EVA are written with: values that may be anything, and the functions that
 * the library links with, so that each byte that they touch is looked at. */
#ifndef PROOF_ANY_H
#define PROOF_ANY_H

#define __FC_STRING_H_ /* not Frama-C's own */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern volatile uint8_t any_byte;
extern volatile size_t any_size;

/* Its call in the log tells that the analysis came to the end of a harness. */
void Frama_C_show_each_end(void);

static inline bool any_bool(void)
{
    return any_byte > 127;
}

static inline void any_bytes(void *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)data)[i] = any_byte;
}

static void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}

/* Copies bytes into memory so that both end at the same place: a step over the end is seen. NULL if
 * there are none. */
static inline uint8_t *at_end(uint8_t *memory, size_t size, const uint8_t *bytes, size_t len)
{
    return len > 0 ? memcpy(memory + size - len, bytes, len) : NULL;
}

static void *memmove(void *to, const void *from, size_t n)
{
    if ((uint8_t *)to < (const uint8_t *)from)
        return memcpy(to, from, n);
    for (size_t i = n; i > 0; i--)
        ((uint8_t *)to)[i - 1] = ((const uint8_t *)from)[i - 1];
    return to;
}

static void *memset(void *to, int byte, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)to)[i] = (uint8_t)byte;
    return to;
}

static int memcmp(const void *a, const void *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((const uint8_t *)a)[i] != ((const uint8_t *)b)[i])
            return ((const uint8_t *)a)[i] < ((const uint8_t *)b)[i] ? -1 : 1;
    return 0;
}

static void *memchr(const void *from, int byte, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((const uint8_t *)from)[i] == (uint8_t)byte)
            return (uint8_t *)from + i;
    return NULL;
}

#endif
