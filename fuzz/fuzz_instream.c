/* SPDX-License-Identifier: MIT */
/* A command that is found is inside the input, whole, and what a slow reference finds; if none is
 * found, nothing is touched. */
#include "model_instream.h"

#define PASSWORD_MAX 10

/* A message needs a mark and AT, and is what follows the mark. */
static void check_message(enum dtu_instream_mark mark, const uint8_t *password, size_t password_len,
                          const uint8_t *stream, size_t len, size_t skip)
{
    const uint8_t *found = stream;
    size_t found_len = len;
    bool expected = model_is_marked_message(stream, len, skip);
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

    size_t skip = model_mark(mark, password, password_len, stream, len);
    size_t expected = skip > 0 ? model_marked_line(stream + skip, len - skip) : 0;

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
