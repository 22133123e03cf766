/* SPDX-License-Identifier: MIT */
/* The bytes of UDP discovery by their offsets, as docs/discovery.md and docs/blocks.md have them:
 * nothing here walks through a datagram, so nothing can get out of step with it. */
#ifndef MODEL_DISCOVERY_H
#define MODEL_DISCOVERY_H

#include "fuzz.h"

#include "dtu/discovery.h"

static inline uint32_t model_le(const uint8_t *at, size_t len)
{
    uint32_t value = 0;
    for (size_t i = 0; i < len; i++)
        value += (uint32_t)at[i] << 8 * i;
    return value;
}

/* The last number of the address is first in a block. */
static inline bool model_is_ip(const uint8_t *ip, const uint8_t *at)
{
    return ip[0] == at[3] && ip[1] == at[2] && ip[2] == at[1] && ip[3] == at[0];
}

/* --- What was read from the bytes ------------------------------------------------------------- */

static inline void model_check_basic(const struct dtu_discovery_basic *b, const uint8_t *at)
{
    FUZZ_CHECK(b->sequence == at[0] && b->crc == at[1] && b->version == at[2]);
    FUZZ_CHECK(b->flags == at[3] && b->user_flag == at[8]);
    FUZZ_CHECK(b->location_port == model_le(at + 4, 2) && b->http_port == model_le(at + 6, 2));
    FUZZ_CHECK(model_is_ip(b->ip, at + 9) && model_is_ip(b->gateway, at + 13));
    FUZZ_CHECK(model_is_ip(b->mask, at + 17));
    FUZZ_CHECK(memcmp(b->name, at + 21, 16) == 0 && memcmp(b->user, at + 37, 6) == 0);
    FUZZ_CHECK(memcmp(b->password, at + 43, 6) == 0 && b->send_time == at[49]);
    FUZZ_CHECK(b->id == model_le(at + 50, 2) && b->id_type == at[52]);
    FUZZ_CHECK(memcmp(b->mac, at + 53, 6) == 0 && b->reset_s == model_le(at + 59, 4));
    FUZZ_CHECK(memcmp(b->reserved, at + 63, 4) == 0);
}

static inline void model_check_port(const struct dtu_discovery_port *b, const uint8_t *at)
{
    FUZZ_CHECK(b->baud == model_le(at, 4) && b->data_bits == at[4] && b->parity == at[5]);
    FUZZ_CHECK(b->stop_bits == at[6] && b->flow == at[7]);
    FUZZ_CHECK(b->reconnect_s == model_le(at + 8, 4) && b->local_port == model_le(at + 12, 2));
    FUZZ_CHECK(b->remote_port == model_le(at + 14, 2) && memcmp(b->remote, at + 16, 30) == 0);
    FUZZ_CHECK(model_is_ip(b->remote_ip, at + 46) && b->flags == at[50] && b->mode == at[51]);
    FUZZ_CHECK(b->packing_len == model_le(at + 52, 4) && b->packing_time == at[56]);
    FUZZ_CHECK(b->time_count == at[57] && b->server == at[58]);
    FUZZ_CHECK(memcmp(b->reserved, at + 59, 4) == 0);
}

static inline void model_check_cloud(const struct dtu_discovery_cloud *b, const uint8_t *at)
{
    FUZZ_CHECK(memcmp(b->id, at, 20) == 0 && memcmp(b->password, at + 20, 8) == 0);
    FUZZ_CHECK(memcmp(b->reserved, at + 28, 22) == 0);
}

/* Here the address is as it is written. */
static inline void model_check_found(const struct dtu_discovery_found *f, const uint8_t *at)
{
    FUZZ_CHECK(f->board_type == at[3] && f->board_id == at[4] && memcmp(f->ip, at + 5, 4) == 0);
    FUZZ_CHECK(memcmp(f->mac, at + 9, 6) == 0 && f->version == model_le(at + 15, 2));
    FUZZ_CHECK(memcmp(f->encryption, at + 17, 2) == 0 && memcmp(f->name, at + 19, 16) == 0);
}

/* --- Replies ---------------------------------------------------------------------------------- */

static inline enum dtu_status model_reply(const uint8_t *at, size_t len)
{
    switch (len) {
    case 36:
        return at[0] == 0xFF && at[1] == 0x24 && at[2] == 1 ? DTU_OK : DTU_ERR_FORMAT;
    case 4:
        return at[0] == 0xFF && at[1] == 1 && (at[3] == 'K' || at[3] == 'P' || at[3] == 'E')
                   ? DTU_OK
                   : DTU_ERR_FORMAT;
    case 2:
        return at[0] == 'E' ? DTU_OK : DTU_ERR_FORMAT;
    case 67:
    case 130:
    case 180:
    case 193:
    case 264:
        return DTU_OK;
    default:
        return DTU_ERR_LENGTH;
    }
}

/* --- Text ------------------------------------------------------------------------------------- */

/* A line of `IP,MAC,NAME`, a byte at a time: 0 to 3 are the numbers, 4 the MAC, 5 the name. */
static inline bool model_text_line(const uint8_t *at, size_t len, struct dtu_discovery_found *f)
{
    static const char digits[] = "0123456789abcdef";
    static const char capitals[] = "0123456789ABCDEF";
    unsigned part = 0;
    size_t n = 0; /* bytes of this part */
    unsigned number = 0;
    memset(f, 0, sizeof *f);
    if (len > 0 && at[len - 1] == '\n')
        len--;
    if (len > 0 && at[len - 1] == '\r')
        len--;
    for (size_t i = 0; i < len; i++) {
        const char *digit = at[i] != 0 ? strchr(digits, at[i]) : NULL;
        const char *capital = at[i] != 0 ? strchr(capitals, at[i]) : NULL;
        if (part < 4 && at[i] == (part < 3 ? '.' : ',')) {
            if (n == 0)
                return false;
            f->ip[part++] = (uint8_t)number;
            number = 0;
            n = 0;
        } else if (part < 4) {
            if (at[i] < '0' || at[i] > '9')
                return false;
            number = number * 10 + (unsigned)(at[i] - '0');
            if (number > 255)
                return false;
            n++;
        } else if (part == 4 && at[i] == ',') {
            if (n != 12)
                return false;
            part++;
            n = 0;
        } else if (part == 4) {
            if (n == 12 || (digit == NULL && capital == NULL))
                return false;
            f->mac[n / 2] = (uint8_t)(f->mac[n / 2] * 16 +
                                      (digit != NULL ? digit - digits : capital - capitals));
            n++;
        } else {
            if (at[i] == 0 || n == 16)
                return false;
            f->name[n++] = at[i];
        }
    }
    return part == 5;
}

/* --- What a K7 takes -------------------------------------------------------------------------- */

/* Whether a command of the K7 can carry the text, which ends at a zero or with its room. */
static inline bool model_is_text(const uint8_t *at, size_t room, size_t least, size_t most,
                                 bool commas)
{
    size_t len = 0;
    while (len < room && at[len] != 0)
        len++;
    for (size_t i = 0; i < len; i++) {
        bool cr_before = i > 0 && at[i - 1] == '\r';
        bool lf_behind = i + 1 < len && at[i + 1] == '\n';
        if ((at[i] == ',' && !commas) || (at[i] == '\n' && !cr_before) ||
            (at[i] == '\r' && !lf_behind))
            return false;
        if (len - i >= 8 &&
            (memcmp(at + i, "<<CRLF>>", 8) == 0 || memcmp(at + i, "<<CRLR>>", 8) == 0))
            return false;
    }
    return len >= least && len <= most;
}

static inline bool model_takes_basic(const uint8_t *at)
{
    uint32_t reset_s = model_le(at + 59, 4);
    return model_le(at + 4, 2) >= 1 && model_le(at + 6, 2) >= 1 &&
           model_is_text(at + 21, 16, 1, 15, true) && model_is_text(at + 37, 6, 1, 5, false) &&
           model_is_text(at + 43, 6, 1, 5, true) &&
           (reset_s == 0 || (reset_s >= 60 && reset_s <= 65535));
}

static inline bool model_takes_port(const uint8_t *at)
{
    uint32_t baud = model_le(at, 4);
    bool server = at[51] == 2 || at[51] == 3;
    uint32_t port = model_le(at + (server ? 12 : 14), 2);
    return baud >= 600 && baud <= 1000000 && at[4] >= 5 && at[4] <= 8 && at[5] >= 1 && at[5] <= 5 &&
           at[6] >= 1 && at[6] <= 2 && (at[7] <= 1 || at[7] == 3) && model_le(at + 8, 4) <= 99999 &&
           at[51] <= 4 && port >= 1 && port <= 65534 && model_le(at + 52, 4) <= 1460 &&
           ((server && at[16] == 0) || model_is_text(at + 16, 30, 1, 30, false));
}

static inline bool model_takes_cloud(const uint8_t *at)
{
    if (at[0] == 0 && at[20] == 0)
        return true;
    return model_is_text(at, 20, 20, 20, false) && model_is_text(at + 20, 8, 8, 8, true);
}

#endif
