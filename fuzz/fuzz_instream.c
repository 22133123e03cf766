/* SPDX-License-Identifier: MIT */
/* A command that is found is inside the input, whole, and what a slow reference finds; if none is
 * found, nothing is touched. */
#include "fuzz.h"

#include "dtu/instream.h"

#define PASSWORD_MAX 10

static bool begins_with(const uint8_t *data, size_t len, const void *start, size_t start_len)
{
    return start_len > 0 && len >= start_len && memcmp(data, start, start_len) == 0;
}

/* The length of the longest mark that the data begins with. */
static size_t reference_mark(enum dtu_instream_mark mark, const uint8_t *password,
                             size_t password_len, const uint8_t *data, size_t len)
{
    size_t found = 0;
    if (mark == DTU_INSTREAM_NONE)
        return 0;
    if (begins_with(data, len, password, password_len))
        found = password_len;
    if (mark == DTU_INSTREAM_HASH)
        return found > 0 && begins_with(data + found, len - found, "#", 1) ? found + 1 : 0;
    if (mark == DTU_INSTREAM_ADMIN && begins_with(data, len, "admin", 5) && found < 5)
        found = 5;
    return found;
}

/* The length of a line that begins with AT, with the first byte of its end; 0 if it is none. */
static size_t reference_line(const uint8_t *line, size_t len)
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

/* A message needs a mark and AT, and is what follows the mark. */
static void check_message(enum dtu_instream_mark mark, const uint8_t *password, size_t password_len,
                          const uint8_t *stream, size_t len, size_t skip)
{
    const uint8_t *found = stream;
    size_t found_len = len;
    bool expected = skip > 0 && len >= skip + 2 && (stream[skip] | 0x20) == 'a' &&
                    (stream[skip + 1] | 0x20) == 't';
    bool is = dtu_instream_find_message(mark, password, password_len, &found, &found_len);
    FUZZ_CHECK(is == expected);
    FUZZ_CHECK(found == stream + (is ? skip : 0) && found_len == len - (is ? skip : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    enum dtu_instream_mark mark = (enum dtu_instream_mark)fuzz_below(&in, 4);
    size_t password_len = fuzz_below(&in, PASSWORD_MAX + 1);
    if (password_len > in.left)
        password_len = in.left;
    const uint8_t *password = in.at;
    const uint8_t *stream = in.at + password_len;
    size_t len = in.left - password_len;

    size_t skip = reference_mark(mark, password, password_len, stream, len);
    size_t expected = skip > 0 ? reference_line(stream + skip, len - skip) : 0;

    const uint8_t *found = stream;
    size_t found_len = len;
    bool is = dtu_instream_find(mark, password, password_len, &found, &found_len);
    FUZZ_CHECK(is == (expected > 0));
    if (is)
        FUZZ_CHECK(found == stream + skip && found_len == expected && skip + found_len <= len);
    else
        FUZZ_CHECK(found == stream && found_len == len);
    check_message(mark, password, password_len, stream, len, skip);
    return 0;
}
