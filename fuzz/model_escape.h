/* SPDX-License-Identifier: MIT */
/* What escaped text means, written from docs/escape.md. */
#ifndef MODEL_ESCAPE_H
#define MODEL_ESCAPE_H

#include "fuzz.h"

#include "dtu/escape.h"

#define MODEL_CR_LF 256 /* a meaning of two bytes */

/* -1 if it is no digit. */
static inline int model_hex(uint8_t c)
{
    const char *all = "0123456789ABCDEFabcdef";
    const char *at = c != 0 ? strchr(all, c) : NULL;
    if (at == NULL)
        return -1;
    return at - all < 16 ? (int)(at - all) : (int)(at - all) - 6;
}

/* How many bytes of the text, of which there are some left, the next meaning takes. */
static inline size_t model_unescape(enum dtu_escape_style style, const uint8_t *at, size_t left,
                                    int *meaning)
{
    *meaning = at[0];
    if (style == DTU_ESCAPE_HEX) {
        if (left < 4 || at[0] != '[' || at[3] != ']' || model_hex(at[1]) < 0 ||
            model_hex(at[2]) < 0)
            return 1;
        *meaning = model_hex(at[1]) * 16 + model_hex(at[2]);
        return 4;
    }
    if (left < 8 || (memcmp(at, "<<CRLF>>", 8) != 0 && memcmp(at, "<<CRLR>>", 8) != 0))
        return 1;
    *meaning = MODEL_CR_LF;
    return 8;
}

#endif
