/* SPDX-License-Identifier: MIT */
/* Numbers in text against strtoull, time against a clock that does not wrap, cursors against plain
 * indexing, text in pieces against whole. */
#include "fuzz.h"

#include "dtu/base.h"

#include <errno.h>

static void check_decimal(const uint8_t *text, size_t len)
{
    char copy[64];
    uint32_t value = 12345;
    enum dtu_status expected = DTU_OK;
    if (len >= sizeof copy)
        return;
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            expected = DTU_ERR_TYPE;
    memcpy(copy, text, len);
    copy[len] = '\0';
    errno = 0;
    unsigned long long number = strtoull(copy, NULL, 10);
    if (expected == DTU_OK && (errno == ERANGE || number > UINT32_MAX))
        expected = DTU_ERR_RANGE;
    if (len == 0)
        expected = DTU_ERR_MISSING;
    FUZZ_CHECK(dtu_parse_decimal(text, len, &value) == expected);
    FUZZ_CHECK(value == (expected == DTU_OK ? number : 12345));
}

/* A clock of 64 bits that never wraps, of which the engines see 32. */
static void check_time(struct fuzz_input in)
{
    uint64_t since = fuzz_u32(&in);
    uint32_t passed = fuzz_u32(&in) >> fuzz_below(&in, 32);
    uint32_t period = fuzz_below(&in, 2) == 0 ? passed - 1 + fuzz_below(&in, 3) : fuzz_u32(&in);
    uint64_t now = since + passed;
    uint64_t due = since + period;
    FUZZ_CHECK(dtu_elapsed((uint32_t)now, (uint32_t)since) == passed);
    FUZZ_CHECK(dtu_remaining((uint32_t)now, (uint32_t)since, period) ==
               (due > now ? (uint32_t)(due - now) : 0));
}

static uint32_t read_kind(struct dtu_reader *r, uint32_t kind)
{
    switch (kind) {
    case 0:
        return dtu_get_u8(r);
    case 1:
        return dtu_get_be16(r);
    case 2:
        return dtu_get_be24(r);
    case 3:
        return dtu_get_be32(r);
    case 4:
        return dtu_get_le16(r);
    default:
        return dtu_get_le32(r);
    }
}

static uint32_t expect_kind(const uint8_t *at, uint32_t kind, size_t len)
{
    uint32_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value * 256 + at[kind >= 4 ? len - 1 - i : i];
    return value;
}

/* The first half says what is read from the second half. */
static void check_reader(const uint8_t *data, size_t size)
{
    static const size_t lens[6] = {1, 2, 3, 4, 2, 4};
    const uint8_t *bytes = data + size / 2;
    size_t left = size - size / 2;
    struct dtu_reader r = dtu_reader(bytes, left);
    bool ok = true;
    for (size_t i = 0; i < size / 2; i++) {
        uint32_t kind = data[i] % 7;
        size_t len = kind == 6 ? data[i] / 7u : lens[kind];
        ok = ok && len <= left;
        if (kind == 6)
            FUZZ_CHECK(dtu_get_bytes(&r, len) == (ok ? bytes : NULL));
        else
            FUZZ_CHECK(read_kind(&r, kind) == (ok ? expect_kind(bytes, kind, len) : 0));
        FUZZ_CHECK(dtu_reader_ok(&r) == ok);
        if (!ok)
            return;
        bytes += len;
        left -= len;
        FUZZ_CHECK(dtu_reader_left(&r) == left);
    }
}

static void put_kind(struct dtu_writer *w, uint32_t kind, uint32_t value)
{
    switch (kind) {
    case 0:
        dtu_put_u8(w, (uint8_t)value);
        break;
    case 1:
        dtu_put_be16(w, (uint16_t)value);
        break;
    case 2:
        dtu_put_be24(w, value);
        break;
    case 3:
        dtu_put_be32(w, value);
        break;
    case 4:
        dtu_put_le16(w, (uint16_t)value);
        break;
    default:
        dtu_put_le32(w, value);
        break;
    }
}

static void check_writer(struct fuzz_input in)
{
    static const size_t lens[6] = {1, 2, 3, 4, 2, 4};
    uint8_t buffer[80];
    size_t size = fuzz_below(&in, 64);
    size_t at = 0;
    struct dtu_writer w = dtu_writer(buffer, size);
    memset(buffer, 0xA5, sizeof buffer);
    while (in.left > 0) {
        uint32_t kind = fuzz_below(&in, 6);
        uint32_t value = fuzz_u32(&in);
        put_kind(&w, kind, value);
        if (at + lens[kind] > size) {
            FUZZ_CHECK(!dtu_writer_ok(&w));
            break;
        }
        FUZZ_CHECK(dtu_writer_ok(&w));
        FUZZ_CHECK(expect_kind(buffer + at, kind, lens[kind]) ==
                   (lens[kind] == 4 ? value : value & ((UINT32_C(1) << 8 * lens[kind]) - 1)));
        at += lens[kind];
    }
    FUZZ_CHECK(dtu_writer_len(&w) == at);
    for (size_t i = at; i < sizeof buffer; i++)
        FUZZ_CHECK(buffer[i] == 0xA5);
}

static void make_text(const struct dtu_text *out, struct fuzz_input in)
{
    while (in.left > 0) {
        switch (fuzz_below(&in, 4)) {
        case 0:
            dtu_text_decimal(out, fuzz_u32(&in));
            break;
        case 1:
            dtu_text_char(out, (char)fuzz_u8(&in));
            break;
        case 2:
            dtu_text_hex(out, in.at, in.left < 4 ? in.left : 4);
            break;
        default:
            dtu_text_bytes(out, in.at, in.left < 9 ? in.left : 9);
            break;
        }
    }
}

static struct fuzz_rand decisions;
static struct fuzz_log pieces;

static size_t take_some(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &pieces);
    FUZZ_CHECK(len > 0);
    size_t taken = fuzz_decide(&decisions, 3) == 0 ? fuzz_decide(&decisions, (uint32_t)len) : len;
    fuzz_log_bytes(&pieces, data, taken);
    return taken;
}

/* A receiver that takes parts gets the text that a buffer gets. */
static void check_text(struct fuzz_input in)
{
    static char whole[8192];
    struct dtu_text_buffer buffer = {whole, sizeof whole, 0, false};
    const struct dtu_text to_buffer = {dtu_text_to_buffer, &buffer};
    struct dtu_replay replay = {.write = take_some, .ctx = &pieces};
    decisions = fuzz_rand(fuzz_u16(&in));
    if (in.left > 400)
        in.left = 400;
    make_text(&to_buffer, in);
    FUZZ_CHECK(!buffer.overflow);
    pieces.len = 0;
    do {
        const struct dtu_text again = dtu_replay_text(&replay);
        make_text(&again, in);
    } while (!dtu_replay_done(&replay));
    FUZZ_CHECK(pieces.len == buffer.len && memcmp(pieces.bytes, whole, buffer.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_decimal(data, size);
    check_time((struct fuzz_input){data, size});
    check_reader(data, size);
    check_writer((struct fuzz_input){data, size});
    check_text((struct fuzz_input){data, size});
    return 0;
}
