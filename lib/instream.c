/* SPDX-License-Identifier: MIT */
#include "dtu/instream.h"

/* The length of the start if the data begins with it, else 0. */
static size_t match(const uint8_t *data, size_t len, const uint8_t *start, size_t start_len)
{
    return len >= start_len && dtu_equal_secret(start, start_len, data, start_len) ? start_len : 0;
}

/* The length of the mark that data begins with, 0 if there is none. */
static size_t mark_len(enum dtu_instream_mark mark, const uint8_t *password, size_t password_len,
                       const uint8_t *data, size_t len)
{
    static const uint8_t admin[] = {'a', 'd', 'm', 'i', 'n'};
    size_t found = match(data, len, password, password_len);
    size_t other;

    switch (mark) {
    case DTU_INSTREAM_PLAIN:
        return found;
    case DTU_INSTREAM_HASH:
        return found > 0 && found < len && data[found] == '#' ? found + 1 : 0;
    case DTU_INSTREAM_ADMIN: /* the longer one: a password may begin as the other mark does */
        other = match(data, len, admin, sizeof admin);
        return other > found ? other : found;
    case DTU_INSTREAM_NONE:
        break;
    }
    return 0;
}

static bool is_line_end(const uint8_t *data, size_t len)
{
    if (len == 2)
        return data[0] == '\r' && data[1] == '\n';
    return len == 1;
}

bool dtu_instream_find_message(enum dtu_instream_mark mark, const uint8_t *password,
                               size_t password_len, const uint8_t **data, size_t *len)
{
    size_t skip = mark_len(mark, password, password_len, *data, *len);
    if (skip == 0 || *len - skip < 2 || !dtu_equal_nocase(*data + skip, 2, "AT"))
        return false;
    *data += skip;
    *len -= skip;
    return true;
}

bool dtu_instream_find(enum dtu_instream_mark mark, const uint8_t *password, size_t password_len,
                       const uint8_t **data, size_t *len)
{
    const uint8_t *command = *data;
    size_t rest = *len;
    size_t line = 0;

    if (!dtu_instream_find_message(mark, password, password_len, &command, &rest))
        return false;
    while (line < rest && command[line] != '\r' && command[line] != '\n')
        line++;
    if (!is_line_end(command + line, rest - line))
        return false;
    *data = command;
    *len = line + 1;
    return true;
}
