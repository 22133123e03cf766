/* SPDX-License-Identifier: MIT */
#include "dtu/base.h"

#include <string.h>

#define STRINGIFY(x) #x
#define VERSION_TEXT(major, minor, patch) STRINGIFY(major) "." STRINGIFY(minor) "." STRINGIFY(patch)

/*@ assigns \nothing; */
const char *dtu_version(void)
{
    return VERSION_TEXT(DTU_VERSION_MAJOR, DTU_VERSION_MINOR, DTU_VERSION_PATCH);
}

/* Complexity: a case for each status. */
/*@ assigns \nothing; */
const char *dtu_status_text(enum dtu_status status)
{
    switch (status) {
    case DTU_OK:
        return "ok";
    case DTU_ERR_CONFIG:
        return "configuration cannot work";
    case DTU_ERR_STATE:
        return "not possible in this state";
    case DTU_ERR_SPACE:
        return "no room";
    case DTU_ERR_LENGTH:
        return "wrong length";
    case DTU_ERR_COUNT:
        return "wrong number of parameters";
    case DTU_ERR_MISSING:
        return "parameter missing";
    case DTU_ERR_TYPE:
        return "parameter of the wrong type";
    case DTU_ERR_RANGE:
        return "parameter out of range";
    case DTU_ERR_NOT_FOUND:
        return "unknown name";
    case DTU_ERR_FORM:
        return "form not offered";
    case DTU_ERR_FORMAT:
        return "wrong format";
    case DTU_ERR_NOT_ALLOWED:
        return "not allowed";
    case DTU_ERR_LOGIN:
        return "not logged in";
    case DTU_ERR_IO:
        return "input or output failed";
    case DTU_ERR_CHECKSUM:
        return "wrong checksum";
    case DTU_ERR_TIMEOUT:
        return "no answer in time";
    }
    return "unknown status";
}

/* --- Time ---------------------------------------------------------------------------------- */

/*@ assigns \nothing; */
uint32_t dtu_elapsed(uint32_t now, uint32_t since)
{
    return now - since;
}

/*@ assigns \nothing;
    ensures \result <= period; */
uint32_t dtu_remaining(uint32_t now, uint32_t since, uint32_t period)
{
    uint32_t elapsed = dtu_elapsed(now, since);
    return elapsed >= period ? 0 : period - elapsed;
}

/* --- Byte cursors -------------------------------------------------------------------------- */

/*@ requires readable((uint8_t *)data, len);
    assigns \nothing;
    ensures \result.at == (uint8_t *)data && \result.left == len && !\result.failed; */
struct dtu_reader dtu_reader(const void *data, size_t len)
{
    struct dtu_reader r = {data, len, false};
    return r;
}

/*@ requires \valid_read(r);
    assigns \nothing;
    ensures \result == !r->failed; */
bool dtu_reader_ok(const struct dtu_reader *r)
{
    return !r->failed;
}

/*@ requires \valid_read(r);
    assigns \nothing;
    ensures \result == r->left; */
size_t dtu_reader_left(const struct dtu_reader *r)
{
    return r->left;
}

/*@ requires reader(r);
    assigns *r;
    ensures reader(r) && took{Pre, Post}(r, len);
    ensures has{Pre}(r, len) ==> \result == \old(r->at);
    ensures !has{Pre}(r, len) ==> \result == \null; */
const uint8_t *dtu_get_bytes(struct dtu_reader *r, size_t len)
{
    if (r->failed || len > r->left) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *bytes = r->at;
    if (len > 0) /* an empty cursor may sit on NULL, to which nothing can be added */
        r->at += len;
    r->left -= len;
    return bytes;
}

/*@ requires reader(r) && len <= 4;
    assigns *r;
    ensures reader(r) && took{Pre, Post}(r, len); */
static uint32_t get_be(struct dtu_reader *r, size_t len)
{
    const uint8_t *bytes = dtu_get_bytes(r, len);
    uint32_t value = 0;
    /*@ loop invariant i <= len;
        loop assigns i, value;
        loop variant len - i; */
    for (size_t i = 0; bytes != NULL && i < len; i++)
        value = value << 8 | bytes[i];
    return value;
}

/*@ requires reader(r) && len <= 4;
    assigns *r;
    ensures reader(r) && took{Pre, Post}(r, len); */
static uint32_t get_le(struct dtu_reader *r, size_t len)
{
    const uint8_t *bytes = dtu_get_bytes(r, len);
    uint32_t value = 0;
    /*@ loop invariant i <= len;
        loop assigns i, value;
        loop variant i; */
    for (size_t i = len; bytes != NULL && i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

/*@ requires reader(r);
    assigns *r;
    ensures reader(r) && took{Pre, Post}(r, 1); */
uint8_t dtu_get_u8(struct dtu_reader *r)
{
    return (uint8_t)get_be(r, 1);
}

/*@ requires reader(r);
    assigns *r;
    ensures reader(r) && took{Pre, Post}(r, 2); */
uint16_t dtu_get_be16(struct dtu_reader *r)
{
    return (uint16_t)get_be(r, 2);
}

/*@ requires reader(r);
    assigns *r;
    ensures reader(r) && took{Pre, Post}(r, 3); */
uint32_t dtu_get_be24(struct dtu_reader *r)
{
    return get_be(r, 3);
}

/*@ requires reader(r);
    assigns *r;
    ensures reader(r) && took{Pre, Post}(r, 4); */
uint32_t dtu_get_be32(struct dtu_reader *r)
{
    return get_be(r, 4);
}

/*@ requires reader(r);
    assigns *r;
    ensures reader(r) && took{Pre, Post}(r, 2); */
uint16_t dtu_get_le16(struct dtu_reader *r)
{
    return (uint16_t)get_le(r, 2);
}

/*@ requires reader(r);
    assigns *r;
    ensures reader(r) && took{Pre, Post}(r, 4); */
uint32_t dtu_get_le32(struct dtu_reader *r)
{
    return get_le(r, 4);
}

/*@ requires writable((uint8_t *)data, size);
    assigns \nothing;
    ensures \result.data == (uint8_t *)data && \result.size == size;
    ensures \result.len == 0 && !\result.failed; */
struct dtu_writer dtu_writer(void *data, size_t size)
{
    struct dtu_writer w = {data, size, 0, false};
    return w;
}

/*@ requires \valid_read(w);
    assigns \nothing;
    ensures \result == !w->failed; */
bool dtu_writer_ok(const struct dtu_writer *w)
{
    return !w->failed;
}

/*@ requires \valid_read(w);
    assigns \nothing;
    ensures \result == w->len; */
size_t dtu_writer_len(const struct dtu_writer *w)
{
    return w->len;
}

/* The place for the next `len` bytes, or NULL when they do not fit. */
/*@ requires writer(w) && len > 0;
    assigns w->len, w->failed;
    ensures writer(w) && put{Pre, Post}(w, len);
    ensures fits{Pre}(w, len) ==> \result == w->data + \old(w->len);
    ensures !fits{Pre}(w, len) ==> \result == \null; */
static uint8_t *claim(struct dtu_writer *w, size_t len)
{
    if (w->failed || len > w->size - w->len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *place = w->data + w->len;
    w->len += len;
    return place;
}

/*@ requires writer(w) && 1 <= len <= 4;
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && put{Pre, Post}(w, len); */
static void put_be(struct dtu_writer *w, uint32_t value, size_t len)
{
    uint8_t *place = claim(w, len);
    /*@ loop invariant i <= len;
        loop assigns i, value, place[0 .. len - 1];
        loop variant i; */
    for (size_t i = len; place != NULL && i > 0; i--) {
        place[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

/*@ requires writer(w) && 1 <= len <= 4;
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && put{Pre, Post}(w, len); */
static void put_le(struct dtu_writer *w, uint32_t value, size_t len)
{
    uint8_t *place = claim(w, len);
    /*@ loop invariant i <= len;
        loop assigns i, value, place[0 .. len - 1];
        loop variant len - i; */
    for (size_t i = 0; place != NULL && i < len; i++) {
        place[i] = (uint8_t)value;
        value >>= 8;
    }
}

/*@ requires writer(w);
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && put{Pre, Post}(w, 1); */
void dtu_put_u8(struct dtu_writer *w, uint8_t value)
{
    put_be(w, value, 1);
}

/*@ requires writer(w);
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && put{Pre, Post}(w, 2); */
void dtu_put_be16(struct dtu_writer *w, uint16_t value)
{
    put_be(w, value, 2);
}

/*@ requires writer(w);
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && put{Pre, Post}(w, 3); */
void dtu_put_be24(struct dtu_writer *w, uint32_t value)
{
    put_be(w, value, 3);
}

/*@ requires writer(w);
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && put{Pre, Post}(w, 4); */
void dtu_put_be32(struct dtu_writer *w, uint32_t value)
{
    put_be(w, value, 4);
}

/*@ requires writer(w);
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && put{Pre, Post}(w, 2); */
void dtu_put_le16(struct dtu_writer *w, uint16_t value)
{
    put_le(w, value, 2);
}

/*@ requires writer(w);
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && put{Pre, Post}(w, 4); */
void dtu_put_le32(struct dtu_writer *w, uint32_t value)
{
    put_le(w, value, 4);
}

/*@ requires writer(w) && readable((uint8_t *)data, len);
    requires \separated(w->data + (0 .. w->size - 1), (uint8_t *)data + (0 .. len - 1));
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && (len == 0 ==> same{Pre, Post}(w)) &&
            (len > 0 ==> put{Pre, Post}(w, len)); */
void dtu_put_bytes(struct dtu_writer *w, const void *data, size_t len)
{
    if (len == 0)
        return;
    uint8_t *place = claim(w, len);
    if (place != NULL)
        memcpy(place, data, len);
}

/* --- Text output --------------------------------------------------------------------------- */

/*@ requires text_out(out) && readable((uint8_t *)data, len);
    assigns outside; */
void dtu_text_bytes(const struct dtu_text *out, const void *data, size_t len)
{
    if (len > 0)
        //@ calls text_sink;
        out->write(out->ctx, data, len);
}

/*@ requires text_out(out) && string(string);
    assigns outside; */
void dtu_text_string(const struct dtu_text *out, const char *string)
{
    dtu_text_bytes(out, string, dtu_string_len(string));
}

/*@ requires text_out(out);
    assigns outside; */
void dtu_text_char(const struct dtu_text *out, char c)
{
    dtu_text_bytes(out, &c, 1);
}

/*@ requires text_out(out);
    assigns outside; */
void dtu_text_decimal(const struct dtu_text *out, uint32_t value)
{
    char digits[10]; /* 4294967295 */
    size_t at = sizeof digits;
    /*@ loop invariant at <= 10 && value < limit(at) && (value > 0 || at == 10);
        loop assigns at, value, digits[0 .. 9];
        loop variant value; */
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    dtu_text_bytes(out, digits + at, sizeof digits - at);
}

/*@ requires text_out(out) && readable(data, len);
    assigns outside; */
void dtu_text_hex(const struct dtu_text *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    /*@ loop invariant i <= len;
        loop assigns i, outside;
        loop variant len - i; */
    for (size_t i = 0; i < len; i++) {
        char pair[2] = {digits[data[i] / 16], digits[data[i] % 16]};
        dtu_text_bytes(out, pair, sizeof pair);
    }
}

/*@ requires text_out(out) && readable(ip, 4);
    assigns outside; */
void dtu_text_ip(const struct dtu_text *out, const uint8_t *ip)
{
    /*@ loop invariant i <= 4;
        loop assigns i, outside;
        loop variant 4 - i; */
    for (size_t i = 0; i < 4; i++) {
        if (i > 0)
            dtu_text_char(out, '.');
        dtu_text_decimal(out, ip[i]);
    }
}

/*@ requires text_buffer(buffer(ctx)) && readable(data, len);
    requires \separated(buffer(ctx)->data + (0 .. buffer(ctx)->size - 1), data + (0 .. len - 1));
    assigns buffer(ctx)->len, buffer(ctx)->overflow,
            buffer(ctx)->data[0 .. buffer(ctx)->size - 1];
    ensures text_buffer(buffer(ctx)); */
void dtu_text_to_buffer(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_text_buffer *b = ctx;
    size_t room = b->size - b->len;
    if (len > room) {
        len = room;
        b->overflow = true;
    }
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

/*@ requires replay((struct dtu_replay *)ctx) && readable(data, len);
    assigns outside, *(struct dtu_replay *)ctx; */
static void replay_write(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_replay *r = ctx;
    size_t taken;
    if (r->skip >= len) {
        r->skip -= len;
        return;
    }
    if (r->full)
        return;
    data += r->skip;
    len -= r->skip;
    r->skip = 0;
    //@ calls replay_sink;
    taken = r->write(r->ctx, data, len);
    r->sent += taken;
    r->full = taken < len;
}

/*@ requires \valid(r);
    assigns r->skip, r->full;
    ensures r->skip == r->sent && !r->full; */
struct dtu_text dtu_replay_text(struct dtu_replay *r)
{
    struct dtu_text out = {replay_write, r};
    r->skip = r->sent;
    r->full = false;
    return out;
}

/*@ requires \valid_read(r);
    assigns \nothing;
    ensures \result == !r->full; */
bool dtu_replay_done(const struct dtu_replay *r)
{
    return !r->full;
}

/* --- Text input ---------------------------------------------------------------------------- */

/*@ requires readable(text, len) && \valid(value);
    assigns *value;
    ensures \result == DTU_OK || *value == \old(*value); */
enum dtu_status dtu_parse_decimal(const uint8_t *text, size_t len, uint32_t *value)
{
    uint32_t number = 0;
    bool over = false;
    if (len == 0)
        return DTU_ERR_MISSING;
    /*@ loop invariant i <= len;
        loop assigns i, number, over;
        loop variant len - i; */
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return DTU_ERR_TYPE;
        uint32_t digit = (uint32_t)(text[i] - '0');
        if (i >= 9 && /* so many digits fit */
            (number > UINT32_MAX / 10 || (number == UINT32_MAX / 10 && digit > UINT32_MAX % 10)))
            over = true; /* goes on: a byte that is no digit is the graver fault */
        else
            number = number * 10 + digit;
    }
    if (over)
        return DTU_ERR_RANGE;
    *value = number;
    return DTU_OK;
}

/*@ assigns \nothing;
    ensures \result < 16 || \result == 0xFF; */
uint8_t dtu_parse_hex_digit(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return (uint8_t)(digit - '0');
    digit |= 0x20; /* in lower case; nothing but a letter becomes one */
    if (digit >= 'a' && digit <= 'f')
        return (uint8_t)(digit - 'a' + 10);
    return 0xFF;
}

/*@ requires string(string);
    assigns \nothing;
    ensures \result == end(string); */
size_t dtu_string_len(const char *string)
{
    size_t len = 0;
    /*@ loop invariant len <= end(string);
        loop assigns len;
        loop variant end(string) - len; */
    while (string[len] != '\0')
        len++;
    return len;
}

/*@ assigns \nothing; */
uint8_t dtu_upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

/*@ requires readable(text, len) && string(string);
    assigns \nothing; */
bool dtu_equal_nocase(const uint8_t *text, size_t len, const char *string)
{
    /*@ loop invariant i <= len;
        loop invariant i <= end(string);
        loop assigns i;
        loop variant len - i; */
    for (size_t i = 0; i < len; i++)
        if (string[i] == '\0' || dtu_upper(text[i]) != dtu_upper((uint8_t)string[i]))
            return false;
    return string[len] == '\0';
}

/*@ requires readable(secret, secret_len) && readable(guess, guess_len);
    assigns \nothing; */
bool dtu_equal_secret(const uint8_t *secret, size_t secret_len, const uint8_t *guess,
                      size_t guess_len)
{
    uint8_t difference = secret_len != guess_len;
    size_t at = 0;
    if (secret_len == 0)
        return false;
    /*@ loop invariant i <= guess_len;
        loop invariant at < secret_len;
        loop assigns i, at, difference;
        loop variant guess_len - i; */
    for (size_t i = 0; i < guess_len; i++) { /* as many steps whatever the secret is */
        difference |= (uint8_t)(guess[i] ^ secret[at]);
        at++;
        at &= (size_t)0 - (size_t)(at < secret_len); /* round: a division or a branch would tell */
    }
    return difference == 0;
}
