/* SPDX-License-Identifier: MIT */
/* One end of RFC 2217 a byte at a time, written from docs/rfc2217.md and the RFCs: what it says,
 * what it tells its owner and what it counts, always with room for all. */
#ifndef MODEL_RFC2217_H
#define MODEL_RFC2217_H

#include "fuzz.h"

#include "dtu/rfc2217.h"

#define MODEL_COM_PORT 44

/* How it stands with an option of one side. */
enum model_option { MODEL_UNKNOWN, MODEL_OFF, MODEL_ASKED, MODEL_ON };

struct model_end {
    bool server;
    const char *signature;
    struct fuzz_log events; /* as the target logs them */
    struct fuzz_log sent;
    struct dtu_rfc2217_stats stats;
    enum { MODEL_DATA, MODEL_IAC, MODEL_VERB, MODEL_SUB, MODEL_SUB_IAC } at;
    uint8_t verb;
    uint8_t sub[4096];
    size_t sub_len;
    enum model_option theirs[256], ours[256];
    int agreed; /* -1: it does not want; 0: not known; 1: yes */
    bool suspended;
    bool lines_wanted;                /* of a server: the lines are to be told once */
    bool wishes_wanted;               /* of a client: they wait for the agreement */
    struct dtu_uart uart;             /* of a server: in use */
    bool breaks, dtr, rts;            /* of a server */
    uint8_t lines, changes, happened; /* of a server: what it may tell */
    uint8_t line_mask, modem_mask;
};

/* What the owner of a server would do; the same as the target does. */
struct model_owner {
    void (*uart)(struct fuzz_log *log, struct dtu_uart *uart);
    bool (*signal)(struct fuzz_log *log, enum dtu_rfc2217_signal signal, bool on);
    void (*note)(struct fuzz_log *log, uint8_t kind, uint8_t value);
};

/* --- What is said ----------------------------------------------------------------------------- */

static inline void model_say(struct model_end *e, const uint8_t *bytes, size_t len)
{
    fuzz_log_bytes(&e->sent, bytes, len);
}

static inline void model_say_command(struct model_end *e, uint8_t command, const uint8_t *value,
                                     size_t len)
{
    uint8_t head[] = {255, 250, MODEL_COM_PORT, (uint8_t)(command + (e->server ? 100 : 0))};
    static const uint8_t end[] = {255, 240};
    model_say(e, head, sizeof head);
    for (size_t i = 0; i < len; i++) {
        model_say(e, value + i, 1);
        if (value[i] == 255)
            model_say(e, value + i, 1);
    }
    model_say(e, end, sizeof end);
}

static inline void model_say_u8(struct model_end *e, uint8_t command, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    model_say_command(e, command, &byte, 1);
}

static inline void model_say_baud(struct model_end *e, uint32_t baud)
{
    uint8_t bytes[4] = {(uint8_t)(baud >> 24), (uint8_t)(baud >> 16), (uint8_t)(baud >> 8),
                        (uint8_t)baud};
    model_say_command(e, 1, bytes, sizeof bytes);
}

/* None, XON/XOFF, hardware; what else there is is told as none. */
static inline unsigned model_flow(const struct dtu_uart *uart)
{
    return uart->flow == DTU_FLOW_XON_XOFF ? 2 : uart->flow == DTU_FLOW_RTS_CTS ? 3 : 1;
}

/* The wishes of the target's client: all of the UART in the order of section 2, DTR, and the
 * signature; each once. */
static inline void model_say_wishes(struct model_end *e)
{
    model_say_command(e, 0, NULL, 0);
    model_say_baud(e, e->uart.baud);
    model_say_u8(e, 2, e->uart.data_bits);
    model_say_u8(e, 3, e->uart.parity + 1u);
    model_say_u8(e, 4, e->uart.stop_bits);
    model_say_u8(e, 5, model_flow(&e->uart));
    model_say_u8(e, 5, 8);
}

/* A line that has changed is told so once. */
static inline void model_say_lines(struct model_end *e)
{
    model_say_u8(e, 7, (e->lines | e->changes) & e->modem_mask);
    e->changes = 0;
}

/* What is said without being asked, as soon as it may be. */
static inline void model_speak(struct model_end *e)
{
    if (e->agreed != 1 || e->suspended)
        return;
    if (e->lines_wanted)
        model_say_lines(e);
    if (e->wishes_wanted)
        model_say_wishes(e);
    e->lines_wanted = e->wishes_wanted = false;
}

/* --- Options ---------------------------------------------------------------------------------- */

static inline void model_decide(struct model_end *e, const struct model_owner *owner)
{
    enum model_option a = e->theirs[MODEL_COM_PORT];
    enum model_option b = e->ours[MODEL_COM_PORT];
    int now = a == MODEL_ON || b == MODEL_ON ? 1 : a == MODEL_ASKED || b == MODEL_ASKED ? 0 : -1;
    if (now == e->agreed)
        return;
    e->agreed = now;
    if (e->server) {
        e->lines_wanted = now == 1;
        return;
    }
    if (now == -1)
        e->wishes_wanted = false;
    if (now != 0)
        owner->note(&e->events,
                    (uint8_t)('A' + (now == 1 ? DTU_RFC2217_READY : DTU_RFC2217_REFUSED)), 0);
}

static inline void model_option_came(struct model_end *e, uint8_t verb, uint8_t option,
                                     const struct model_owner *owner)
{
    bool theirs = verb == 251 || verb == 252; /* WILL, WONT */
    bool on = verb == 251 || verb == 253;     /* WILL, DO */
    enum model_option *state = theirs ? &e->theirs[option] : &e->ours[option];
    /* agreeing: DO to a WILL, WILL to a DO; else DONT, WONT */
    uint8_t yes[3] = {255, (uint8_t)(theirs ? 253 : 251), option};
    uint8_t no[3] = {255, (uint8_t)(theirs ? 254 : 252), option};
    if (*state == MODEL_UNKNOWN) {
        if (on) {
            e->stats.refused++;
            model_say(e, no, sizeof no);
        }
        return;
    }
    if (on && *state == MODEL_OFF)
        model_say(e, yes, sizeof yes);
    if (!on && *state == MODEL_ON)
        model_say(e, no, sizeof no);
    *state = on ? MODEL_ON : MODEL_OFF;
    model_decide(e, owner);
}

/* --- A server's commands ---------------------------------------------------------------------- */

/* The client wants the UART like that; it gets what is in use then. */
static inline void model_want(struct model_end *e, const struct dtu_uart *wanted,
                              const struct model_owner *owner)
{
    struct dtu_uart uart = *wanted;
    owner->uart(&e->events, &uart);
    e->uart = uart;
}

static inline void model_server_uart(struct model_end *e, uint8_t command, uint32_t value,
                                     const struct model_owner *owner)
{
    struct dtu_uart wanted = e->uart;
    bool legal = value != 0;
    bool other = false;
    if (command == 1) {
        other = value != wanted.baud;
        wanted.baud = value;
    } else if (command == 2) {
        legal = value >= 5 && value <= 8;
        other = value != wanted.data_bits;
        wanted.data_bits = (uint8_t)value;
    } else if (command == 3) {
        legal = value >= 1 && value <= 5;
        other = value != wanted.parity + 1u;
        wanted.parity = (uint8_t)(value - 1);
    } else {
        legal = value == 1 || value == 2;
        other = value != wanted.stop_bits;
        wanted.stop_bits = (uint8_t)value;
    }
    if (legal && other)
        model_want(e, &wanted, owner);
    if (command == 1)
        model_say_baud(e, e->uart.baud);
    else
        model_say_u8(e, command,
                     command == 2   ? e->uart.data_bits
                     : command == 3 ? e->uart.parity + 1u
                                    : e->uart.stop_bits);
}

static inline void model_server_signal(struct model_end *e, unsigned value, unsigned ask,
                                       enum dtu_rfc2217_signal signal, bool *state,
                                       const struct model_owner *owner)
{
    if (value != ask)
        *state = owner->signal(&e->events, signal, value == ask + 1);
    model_say_u8(e, 5, *state ? ask + 1 : ask + 2);
}

static inline void model_server_control(struct model_end *e, unsigned value,
                                        const struct model_owner *owner)
{
    struct dtu_uart wanted = e->uart;
    if (value > 19) {
        e->stats.damaged++;
    } else if (value >= 4 && value <= 6) {
        model_server_signal(e, value, 4, DTU_RFC2217_BREAK, &e->breaks, owner);
    } else if (value >= 7 && value <= 9) {
        model_server_signal(e, value, 7, DTU_RFC2217_DTR, &e->dtr, owner);
    } else if (value >= 10 && value <= 12) {
        model_server_signal(e, value, 10, DTU_RFC2217_RTS, &e->rts, owner);
    } else if ((value >= 13 && value <= 16) || value == 18) { /* inbound: asks */
        model_say_u8(e, 5, 13 + model_flow(&e->uart));
    } else {
        wanted.flow = (uint8_t)(value == 2   ? DTU_FLOW_XON_XOFF
                                : value == 3 ? DTU_FLOW_RTS_CTS
                                             : DTU_FLOW_NONE);
        if (value >= 1 && value <= 3 && value != model_flow(&e->uart))
            model_want(e, &wanted, owner);
        model_say_u8(e, 5, model_flow(&e->uart));
    }
}

static inline void model_server_command(struct model_end *e, uint8_t command, const uint8_t *value,
                                        const struct model_owner *owner)
{
    uint32_t baud = 0;
    switch (command) {
    case 1:
        for (size_t i = 0; i < 4; i++)
            baud = baud * 256 + value[i];
        model_server_uart(e, command, baud, owner);
        break;
    case 2:
    case 3:
    case 4:
        model_server_uart(e, command, value[0], owner);
        break;
    case 5:
        model_server_control(e, value[0], owner);
        break;
    case 6: /* what has happened is told once */
        model_say_u8(e, command, e->happened & e->line_mask);
        e->happened = 0;
        break;
    case 7:
        model_say_lines(e);
        break;
    case 10:
    case 11:
        *(command == 10 ? &e->line_mask : &e->modem_mask) = value[0];
        model_say_u8(e, command, value[0]);
        break;
    case 12:
        if (value[0] < 1 || value[0] > 3) {
            e->stats.damaged++;
            break;
        }
        owner->note(&e->events, 'x', value[0]);
        model_say_u8(e, command, value[0]);
        break;
    default:
        break;
    }
}

/* --- Sub-negotiations ------------------------------------------------------------------------- */

static inline void model_client_command(struct model_end *e, uint8_t command, const uint8_t *value,
                                        size_t len, const struct model_owner *owner)
{
    if (command == 0) {
        owner->note(&e->events, 'A' + DTU_RFC2217_SIGNATURE, 0);
        fuzz_log_bytes(&e->events, value, len);
    } else if (command == 6) {
        owner->note(&e->events, 'A' + DTU_RFC2217_LINE, value[0]);
    } else if (command == 7) {
        owner->note(&e->events, 'A' + DTU_RFC2217_MODEM, value[0]);
    }
}

static inline void model_sub_ended(struct model_end *e, const struct model_owner *owner)
{
    static const uint8_t server_needs[13] = {0, 4, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1};
    static const uint8_t client_needs[13] = {0, 4, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1};
    unsigned command = e->sub_len >= 2 ? e->sub[1] : 255;
    const uint8_t *value = e->sub + 2;
    size_t len = e->sub_len - 2;
    command -= e->server ? 0u : 100u;
    if (e->sub_len > 2 + DTU_RFC2217_SIGNATURE_MAX) {
        e->stats.overlong++;
        return;
    }
    if (e->sub_len < 2 || e->sub[0] != MODEL_COM_PORT || command > 12 ||
        len < (e->server ? server_needs : client_needs)[command]) {
        e->stats.damaged++;
        return;
    }
    e->stats.commands++;
    if (command == 8 || command == 9)
        e->suspended = command == 8;
    else if (command == 0 && len == 0)
        model_say_command(e, 0, (const uint8_t *)e->signature, strlen(e->signature));
    else if (e->server)
        model_server_command(e, (uint8_t)command, value, owner);
    else
        model_client_command(e, (uint8_t)command, value, len, owner);
}

/* --- Bytes ------------------------------------------------------------------------------------ */

static inline void model_telnet(struct model_end *e, uint8_t byte, const struct model_owner *owner)
{
    static const uint8_t nop[] = {255, 241};
    e->at = MODEL_DATA;
    if (byte == 250) {
        e->at = MODEL_SUB;
        e->sub_len = 0;
    } else if (byte >= 251) {
        e->at = MODEL_VERB;
        e->verb = byte;
    } else if (byte == 246) { /* ARE YOU THERE */
        model_say(e, nop, sizeof nop);
    } else if (byte == 243 && e->server) { /* BREAK */
        owner->note(&e->events, 'p', 0);
    }
}

static inline void model_byte(struct model_end *e, uint8_t byte, const struct model_owner *owner)
{
    if (e->at == MODEL_DATA && byte == 255) {
        e->at = MODEL_IAC;
    } else if (e->at == MODEL_DATA || (e->at == MODEL_IAC && byte == 255)) {
        owner->note(&e->events, 'd', byte);
        e->at = MODEL_DATA;
    } else if (e->at == MODEL_SUB && byte == 255) {
        e->at = MODEL_SUB_IAC;
    } else if (e->at == MODEL_SUB || (e->at == MODEL_SUB_IAC && byte == 255)) {
        FUZZ_CHECK(e->sub_len < sizeof e->sub);
        e->sub[e->sub_len++] = byte;
        e->at = MODEL_SUB;
    } else if (e->at == MODEL_SUB_IAC && byte == 240) {
        e->at = MODEL_DATA;
        model_sub_ended(e, owner);
    } else if (e->at == MODEL_VERB) {
        e->at = MODEL_DATA;
        model_option_came(e, e->verb, byte, owner);
    } else {
        e->stats.damaged += e->at == MODEL_SUB_IAC; /* its end is missing */
        model_telnet(e, byte, owner);
    }
    model_speak(e);
}

/* A server offers BINARY, ECHO and SUPPRESS GO-AHEAD and asks for BINARY, SUPPRESS GO-AHEAD and
 * COM-PORT-OPTION; a client offers COM-PORT-OPTION, BINARY and SUPPRESS GO-AHEAD, asks for the
 * latter two and lets a server echo. */
static inline void model_begin(struct model_end *e, bool server, const char *signature,
                               const struct dtu_uart *uart)
{
    static const uint8_t server_offer[] = {255, 251, 0, 255, 251, 1, 255, 251, 3,
                                           255, 253, 0, 255, 253, 3, 255, 253, 44};
    static const uint8_t client_offer[] = {255, 251, 44,  255, 251, 0,   255, 251,
                                           3,   255, 253, 0,   255, 253, 3};
    memset(e, 0, sizeof *e);
    e->server = server;
    e->signature = signature;
    e->uart = *uart;
    e->dtr = e->rts = true;
    e->modem_mask = 0xFF;
    e->wishes_wanted = !server;
    e->theirs[0] = e->theirs[3] = e->ours[0] = e->ours[3] = MODEL_ASKED;
    e->theirs[MODEL_COM_PORT] = server ? MODEL_ASKED : MODEL_OFF;
    e->ours[MODEL_COM_PORT] = server ? MODEL_OFF : MODEL_ASKED;
    *(server ? &e->ours[1] : &e->theirs[1]) = server ? MODEL_ASKED : MODEL_OFF;
    model_say(e, server ? server_offer : client_offer,
              server ? sizeof server_offer : sizeof client_offer);
}

#endif
