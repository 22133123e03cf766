/* SPDX-License-Identifier: MIT */
/* What is a command in the data stream, written from docs/instream.md. */
#ifndef MODEL_INSTREAM_H
#define MODEL_INSTREAM_H

#include "fuzz.h"

#include "dtu/instream.h"

static inline bool model_begins_with(const uint8_t *data, size_t len, const void *start,
                                     size_t start_len)
{
    return start_len > 0 && len >= start_len && memcmp(data, start, start_len) == 0;
}

/* The length of the longest mark that the data begins with. */
static inline size_t model_mark(enum dtu_instream_mark mark, const uint8_t *password,
                                size_t password_len, const uint8_t *data, size_t len)
{
    size_t found = 0;
    if (mark == DTU_INSTREAM_NONE)
        return 0;
    if (model_begins_with(data, len, password, password_len))
        found = password_len;
    if (mark == DTU_INSTREAM_HASH)
        return found > 0 && model_begins_with(data + found, len - found, "#", 1) ? found + 1 : 0;
    if (mark == DTU_INSTREAM_ADMIN && model_begins_with(data, len, "admin", 5) && found < 5)
        found = 5;
    return found;
}

/* Of a message the mark and AT count. */
static inline bool model_is_marked_message(const uint8_t *data, size_t len, size_t mark_len)
{
    return mark_len > 0 && len >= mark_len + 2 && (data[mark_len] | 0x20) == 'a' &&
           (data[mark_len + 1] | 0x20) == 't';
}

/* The length of a line that begins with AT, with the first byte of its end; 0 if it is none. */
static inline size_t model_marked_line(const uint8_t *line, size_t len)
{
    size_t at = 0;
    while (at < len && line[at] != '\r' && line[at] != '\n')
        at++;
    if (at < 2 || at == len || (line[0] | 0x20) != 'a' || (line[1] | 0x20) != 't')
        return 0;
    bool one = len - at == 1;
    bool both = len - at == 2 && line[at] == '\r' && line[at + 1] == '\n';
    return one || both ? at + 1 : 0;
}

#endif
