/* SPDX-License-Identifier: MIT */
/* Unescaping against a slow reference; escaping and unescaping again gives the value. */
#include "model_escape.h"

#define VALUE_MAX 2048

static uint8_t value[VALUE_MAX];
static char text[4 * VALUE_MAX];

static size_t unescape(enum dtu_escape_style style, const uint8_t *from, size_t len)
{
    struct dtu_unescape u = dtu_unescape(style, from, len);
    size_t n = 0;
    while (n < sizeof value && dtu_unescape_next(&u, &value[n]))
        n++;
    uint8_t byte = 0x77;
    FUZZ_CHECK(!dtu_unescape_next(&u, &byte) && byte == 0x77);
    return n;
}

static size_t escape(enum dtu_escape_style style, const char *also, const uint8_t *from, size_t len)
{
    struct dtu_text_buffer buffer = {text, sizeof text, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    dtu_escape_write(style, also, from, len, &out);
    FUZZ_CHECK(!buffer.overflow);
    return buffer.len;
}

static void check_reference(enum dtu_escape_style style, const uint8_t *from, size_t len)
{
    size_t n = unescape(style, from, len);
    size_t at = 0;
    for (size_t i = 0; i < len;) {
        int meaning;
        i += model_unescape(style, from + i, len - i, &meaning);
        if (meaning == MODEL_CR_LF) {
            FUZZ_CHECK(at + 2 <= n && value[at] == '\r' && value[at + 1] == '\n');
            at += 2;
        } else {
            FUZZ_CHECK(at < n && value[at] == meaning);
            at++;
        }
    }
    FUZZ_CHECK(at == n);
}

static void check_round_trip(const char *also, const uint8_t *from, size_t len)
{
    size_t text_len = escape(DTU_ESCAPE_HEX, also, from, len);
    for (size_t i = 0; i < text_len; i++) {
        FUZZ_CHECK(text[i] != '\r' && text[i] != '\n' && text[i] != '\0');
        FUZZ_CHECK(text[i] == '[' || text[i] == ']' || model_hex((uint8_t)text[i]) >= 0 ||
                   strchr(also, text[i]) == NULL);
    }
    size_t n = unescape(DTU_ESCAPE_HEX, (const uint8_t *)text, text_len);
    FUZZ_CHECK(n == len && memcmp(value, from, n) == 0);
}

/* Once it has been read, a K7 text says the same each time it is written and read again. */
static void check_crlf(const uint8_t *from, size_t len)
{
    static uint8_t first[VALUE_MAX];
    size_t text_len = escape(DTU_ESCAPE_CRLF, "", from, len);
    for (size_t i = 0; i + 1 < text_len; i++)
        FUZZ_CHECK(text[i] != '\r' || text[i + 1] != '\n');
    size_t n = unescape(DTU_ESCAPE_CRLF, (const uint8_t *)text, text_len);
    bool comes_back = n == len && memcmp(value, from, n) == 0 &&
                      memchr(text, '\r', text_len) == NULL && memchr(text, '\n', text_len) == NULL;
    FUZZ_CHECK(dtu_escape_can_write(DTU_ESCAPE_CRLF, from, len) == comes_back);
    FUZZ_CHECK(dtu_escape_can_write(DTU_ESCAPE_HEX, from, len));
    memcpy(first, value, n);
    text_len = escape(DTU_ESCAPE_CRLF, "", first, n);
    FUZZ_CHECK(unescape(DTU_ESCAPE_CRLF, (const uint8_t *)text, text_len) == n);
    FUZZ_CHECK(memcmp(first, value, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const also[] = {"", "=,?", "?", "\"", "[", "]", "0aF[]", ",\""};
    struct fuzz_input in = {data, size};
    const char *bytes = also[fuzz_below(&in, 8)];
    if (in.left > VALUE_MAX)
        return 0;
    check_reference(DTU_ESCAPE_HEX, in.at, in.left);
    check_reference(DTU_ESCAPE_CRLF, in.at, in.left);
    check_round_trip(bytes, in.at, in.left);
    check_crlf(in.at, in.left);
    return 0;
}
