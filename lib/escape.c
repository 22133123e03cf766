/* SPDX-License-Identifier: MIT */
#include "dtu/escape.h"

#include <string.h>

#define HEX_LEN 4u    /* [HH] */
#define CRLF_LEN 8u   /* <<CRLF>>, or <<CRLR>>: manual 003 has both */
#define CRLF_SPELT 5u /* what they have in common */

static const char crlf[] = "<<CRLF>>";

#define NO_ESCAPE 0x100

/* The byte that `[HH]` means, if that begins here. */
/*@ requires readable(at, len);
    assigns \nothing;
    ensures \result == NO_ESCAPE || (\result <= 0xFF && len >= HEX_LEN); */
static uint16_t hex_escape(const uint8_t *at, size_t len)
{
    if (len < HEX_LEN || at[0] != '[' || at[3] != ']')
        return NO_ESCAPE;
    uint8_t high = dtu_parse_hex_digit(at[1]);
    uint8_t low = dtu_parse_hex_digit(at[2]);
    return high > 15 || low > 15 ? NO_ESCAPE : (uint16_t)(high * 16 + low);
}

/*@ requires readable(at, len);
    assigns \nothing;
    ensures \result ==> len >= CRLF_LEN; */
static bool crlf_escape(const uint8_t *at, size_t len)
{
    if (len < CRLF_LEN || memcmp(at, crlf, CRLF_SPELT) != 0)
        return false;
    return (at[5] == 'F' || at[5] == 'R') && at[6] == '>' && at[7] == '>';
}

/*@ requires readable(text, len);
    assigns \nothing;
    ensures \result.at == text && \result.stop == text + len && !\result.lf; */
struct dtu_unescape dtu_unescape(enum dtu_escape_style style, const uint8_t *text, size_t len)
{
    struct dtu_unescape u = {text, len > 0 ? text + len : text, (uint8_t)style, false};
    return u;
}

/*@ requires unescape(u) && \valid(byte) && \separated(u, byte);
    assigns u->at, u->lf, *byte;
    ensures unescape(u) && u->stop == \old(u->stop); */
bool dtu_unescape_next(struct dtu_unescape *u, uint8_t *byte)
{
    size_t left = (size_t)(u->stop - u->at);
    size_t used = 1;

    if (u->lf) {
        u->lf = false;
        *byte = '\n';
        return true;
    }
    if (left == 0)
        return false;
    *byte = u->at[0];
    if (u->style == DTU_ESCAPE_HEX) {
        uint16_t meant = hex_escape(u->at, left);
        if (meant != NO_ESCAPE) {
            *byte = (uint8_t)meant;
            used = HEX_LEN;
        }
    } else if (crlf_escape(u->at, left)) {
        *byte = '\r';
        u->lf = true;
        used = CRLF_LEN;
    }
    u->at += used;
    return true;
}

/* Whether the byte at `value` must be escaped in the HEX style. A `[` must if it would read as an
 * escape once written: only what follows it literally can make it one, for an escaped byte after it
 * starts with another `[`. */
/*@ requires readable(value, len) && len > 0 && string(also);
    assigns \nothing; */
static bool needs_hex(const uint8_t *value, size_t len, const char *also)
{
    uint8_t byte = value[0];
    if (byte == '\r' || byte == '\n' || byte == 0 || hex_escape(value, len) != NO_ESCAPE)
        return true;
    /*@ loop invariant i <= end(also);
        loop assigns i;
        loop variant end(also) - i; */
    for (size_t i = 0; also[i] != '\0'; i++)
        if (byte == (uint8_t)also[i])
            return true;
    return false;
}

/*@ requires readable(value, len);
    assigns \nothing;
    ensures \result ==> len >= 2; */
static bool crlf_pair(const uint8_t *value, size_t len)
{
    return len >= 2 && value[0] == '\r' && value[1] == '\n';
}

/*@ requires string(also) && readable(value, len) && text_out(out);
    assigns outside; */
void dtu_escape_write(enum dtu_escape_style style, const char *also, const uint8_t *value,
                      size_t len, const struct dtu_text *out)
{
    const uint8_t *plain = value; /* not written yet up to `at`: these bytes are themselves */
    const uint8_t *at = value;

    if (len == 0) /* then there may be no value at all */
        return;
    /*@ loop invariant left <= len && at == value + (len - left);
        loop invariant 0 <= plain - value <= len - left && plain == value + (plain - value);
        loop assigns left, at, plain, outside;
        loop variant left; */
    for (size_t left = len; left > 0; left--, at++) {
        bool hex = style == DTU_ESCAPE_HEX;
        if (hex ? !needs_hex(at, left, also) : !crlf_pair(at, left))
            continue;
        dtu_text_bytes(out, plain, (size_t)(at - plain));
        if (hex) {
            dtu_text_char(out, '[');
            dtu_text_hex(out, at, 1);
            dtu_text_char(out, ']');
        } else {
            dtu_text_bytes(out, crlf, CRLF_LEN);
            at++;
            left--;
        }
        plain = at + 1;
    }
    dtu_text_bytes(out, plain, (size_t)(at - plain));
}

/*@ requires readable(value, len);
    assigns \nothing; */
bool dtu_escape_can_write(enum dtu_escape_style style, const uint8_t *value, size_t len)
{
    if (style == DTU_ESCAPE_HEX)
        return true;
    /*@ loop invariant i <= len;
        loop assigns i;
        loop variant len - i; */
    for (size_t i = 0; i < len; i++) {
        if (crlf_pair(value + i, len - i))
            i++; /* neither is alone */
        else if (value[i] == '\r' || value[i] == '\n' || crlf_escape(value + i, len - i))
            return false;
    }
    return true;
}
