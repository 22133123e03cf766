/* SPDX-License-Identifier: MIT */
/**
 * @file rfc2217.h
 * A UART over a telnet connection (RFC 2217, COM-PORT-OPTION): data both ways, and how the UART is
 * set, its lines, break and purge. Server, which has the UART, and client, which wants it.
 *
 *     static const struct dtu_rfc2217_server_callbacks calls = {
 *         .pipe = {tcp_send, uart_write}, .uart = uart_set, .signal = uart_signal,
 *         .pulse = uart_break, .purge = uart_purge};
 *     struct dtu_rfc2217 r;
 *
 *     dtu_rfc2217_server_init(&r, &calls, "my module", &uart_now, ctx);   // for each connection
 *     dtu_rfc2217_flush(&r);                                   // the server speaks first
 *     taken = dtu_rfc2217_feed(&r, data, len);                 // what came from the connection
 *     taken = dtu_rfc2217_send(&r, data, len);                 // what came from the UART
 *     dtu_rfc2217_server_modem(&r, DTU_RFC2217_CTS | DTU_RFC2217_DSR);    // when a line changes
 *
 *     dtu_rfc2217_client_init(&r, &calls, "my program", ctx);
 *     dtu_rfc2217_flush(&r);
 *     dtu_rfc2217_client_set(&r, &uart);
 *     while (!dtu_rfc2217_client_settled(&r))                  // or a time-out, or REFUSED
 *         dtu_rfc2217_feed(&r, ...);
 *     dtu_rfc2217_client_uart(&r, &uart);                      // what is really in use
 *
 * No time is in it: how long to wait for an answer is up to the owner of a client, who then asks
 * again (dtu_rfc2217_client_again()), goes on without (dtu_rfc2217_client_give_up()) or hangs up.
 *
 * The bytes of the connection are 8-bit data whatever was negotiated about BINARY, and only FF is
 * special: CR NUL is two bytes.
 *
 * Cost on a Cortex-M0+: 192 bytes of RAM and no buffer to be given. Data is handed on where it
 * lies, up to the next FF, for a memchr and one call, and nothing of it is copied in either
 * direction. Code and stack: docs/size.md. All calls of an end from one thread.
 *
 * Source: RFC 2217; RFC 854 (telnet), 855 (options), 856 (BINARY), 857 (ECHO), 858 (SUPPRESS
 * GO-AHEAD); RFC 1143 for negotiations that end.
 */
#ifndef DTU_RFC2217_H
#define DTU_RFC2217_H

#include "dtu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The longest signature in bytes, of either side; a longer one that comes in is dropped and
 * counted as overlong. */
#define DTU_RFC2217_SIGNATURE_MAX 48

/** Lines and their changes, as in NOTIFY-MODEMSTATE (RFC 2217 section 4). */
enum dtu_rfc2217_modem {
    DTU_RFC2217_CTS_CHANGED = 0x01, /**< CTS has changed */
    DTU_RFC2217_DSR_CHANGED = 0x02, /**< DSR has changed */
    DTU_RFC2217_RI_ENDED = 0x04,    /**< the ring signal has ended */
    DTU_RFC2217_CD_CHANGED = 0x08,  /**< the carrier came or went */
    DTU_RFC2217_CTS = 0x10,         /**< clear to send */
    DTU_RFC2217_DSR = 0x20,         /**< data set ready */
    DTU_RFC2217_RI = 0x40,          /**< it rings */
    DTU_RFC2217_CD = 0x80           /**< carrier */
};

/** What happened on the line, as in NOTIFY-LINESTATE (RFC 2217 section 4). */
enum dtu_rfc2217_line {
    DTU_RFC2217_DATA_READY = 0x01,        /**< a byte is there */
    DTU_RFC2217_OVERRUN = 0x02,           /**< a byte was lost */
    DTU_RFC2217_PARITY_ERROR = 0x04,      /**< a byte with wrong parity */
    DTU_RFC2217_FRAMING_ERROR = 0x08,     /**< a byte without its stop bit */
    DTU_RFC2217_BREAK_DETECTED = 0x10,    /**< the other side sends a break */
    DTU_RFC2217_HOLDING_EMPTY = 0x20,     /**< the transmitter takes another byte */
    DTU_RFC2217_TRANSMITTER_EMPTY = 0x40, /**< the last bit is out */
    DTU_RFC2217_TIMED_OUT = 0x80          /**< time-out error */
};

/** What the client can switch. */
enum dtu_rfc2217_signal {
    DTU_RFC2217_BREAK, /**< the transmit line is held */
    DTU_RFC2217_DTR,   /**< the line DTR */
    DTU_RFC2217_RTS    /**< the line RTS */
};

/** What can be purged; both together are 3. */
enum dtu_rfc2217_purge {
    DTU_RFC2217_PURGE_RX = 1, /**< what the UART has received and the client has not got */
    DTU_RFC2217_PURGE_TX = 2  /**< what the UART has not sent yet */
};

/** Both directions of one end. Neither may call the engine. */
struct dtu_rfc2217_pipe {
    /** Bytes for the connection, at least 1. @return how many were taken, 0 to `len` */
    size_t (*send)(void *ctx, const uint8_t *data, size_t len);
    /** Data that came over the connection, at least 1 byte: on a server for the UART, on a client
     * from it. It lasts as long as the call. @return how many were taken, 0 to `len` */
    size_t (*data)(void *ctx, const uint8_t *data, size_t len);
};

/** What a server calls; none may call the engine. The data in front of a command was taken by
 * `data` before, and what comes behind it is not given until the call returns. */
struct dtu_rfc2217_server_callbacks {
    struct dtu_rfc2217_pipe pipe; /**< both directions */
    /** The client wants the UART like that: one of its fields is not what it was. Set it as near as
     * can be, and leave in `*uart` what is in use then: that is what the client is told. A flow
     * control of DTU_FLOW_RS485 is told as none, and asked for none it stays. */
    void (*uart)(void *ctx, struct dtu_uart *uart);
    /** Switch a line or the break. @return whether it is on now: that is what the client is told */
    bool (*signal)(void *ctx, enum dtu_rfc2217_signal signal, bool on);
    /** A break of the usual length, some 250 ms: the client has sent telnet's own BREAK. */
    void (*pulse)(void *ctx);
    /** Drop bytes on their way: `what` of enum dtu_rfc2217_purge, 1 to 3. */
    void (*purge)(void *ctx, unsigned what);
};

/** What a client is told. */
struct dtu_rfc2217_event {
    enum {
        DTU_RFC2217_READY,     /**< the server speaks RFC 2217; wishes are on their way */
        DTU_RFC2217_REFUSED,   /**< it does not, or no more: it is a plain telnet server. All wishes
                                    are dropped; data goes on */
        DTU_RFC2217_SIGNATURE, /**< what the server calls itself: `text` */
        DTU_RFC2217_MODEM,     /**< its lines: `state`, of enum dtu_rfc2217_modem */
        DTU_RFC2217_LINE       /**< what happened on its line: `state`, of enum dtu_rfc2217_line */
    } kind;                    /**< which of these */
    uint8_t state;             /**< of DTU_RFC2217_MODEM and _LINE, else 0 */
    const uint8_t *text;       /**< of DTU_RFC2217_SIGNATURE, else NULL; lasts as long as
                                    the call */
    size_t len;                /**< of the text, 1 to #DTU_RFC2217_SIGNATURE_MAX; else 0 */
};

/** What a client calls; none may call the engine. */
struct dtu_rfc2217_client_callbacks {
    struct dtu_rfc2217_pipe pipe; /**< both directions */
    /** Something happened; may be NULL. */
    void (*event)(void *ctx, const struct dtu_rfc2217_event *event);
};

/** Counters; they wrap. */
struct dtu_rfc2217_stats {
    uint32_t commands; /**< COM-PORT commands and answers that came whole, also those with a value
                            that cannot be */
    uint32_t damaged;  /**< sub-negotiations that were not: another option, an unknown command, a
                            value that is missing, no end; of a server also commands to switch or
                            to purge what there is not */
    uint32_t overlong; /**< sub-negotiations longer than can be; nothing of them was carried out */
    uint32_t refused;  /**< options that were asked for and are not offered */
};

struct dtu_rfc2217_side;

/** One end of a connection. The fields are private, but for `stats`, which may be read and
 * cleared. Those of one byte come first, where a Cortex-M0+ reaches them in one instruction. */
struct dtu_rfc2217 {
    struct dtu_uart uart;  /**< private: of a server in use, of a client wanted or told */
    uint8_t values[16];    /**< private: what else a message can carry, by the message */
    uint8_t state;         /**< private: where the input is */
    uint8_t com_port;      /**< private: what became of COM-PORT-OPTION */
    bool suspended;        /**< private: the other side wants nothing now */
    uint8_t in_len;        /**< private */
    uint8_t out_len;       /**< private */
    uint8_t out_at;        /**< private */
    uint8_t options[2][4]; /**< private: how it stands with theirs and ours */
    uint16_t wishes;       /**< private: messages to be made, one bit each */
    uint16_t open;         /**< private: of a client, those that wait for an answer */
    const struct dtu_rfc2217_side *side;               /**< private */
    const struct dtu_rfc2217_pipe *pipe;               /**< private */
    const struct dtu_rfc2217_server_callbacks *server; /**< private: of a server */
    const struct dtu_rfc2217_client_callbacks *client; /**< private: of a client */
    void *ctx;                                         /**< private */
    const char *signature;                             /**< private */
    struct dtu_rfc2217_stats stats;                    /**< counters */
    uint8_t in[DTU_RFC2217_SIGNATURE_MAX + 3];         /**< private: a sub-negotiation */
    uint8_t out[DTU_RFC2217_SIGNATURE_MAX + 6];        /**< private: a message on its way */
};

/* --- Both sides ----------------------------------------------------------------------------- */

/** Takes bytes from the connection. Answers go out by `send`. Not from a callback.
 * @param r    the end
 * @param data the bytes; may be NULL if `len` is 0
 * @param len  how many
 * @return how many were taken; less than `len` if `data` or `send` had no room: offer the rest
 *         again when there is */
size_t dtu_rfc2217_feed(struct dtu_rfc2217 *r, const uint8_t *data, size_t len);

/** Sends data over the connection. It waits for what was said before it, so that the settings a
 * client has asked for come first, and while the other side has suspended it. Not from a callback.
 * @param r    the end
 * @param data the bytes; may be NULL if `len` is 0
 * @param len  how many
 * @return how many were taken, which are gone or will be */
size_t dtu_rfc2217_send(struct dtu_rfc2217 *r, const uint8_t *data, size_t len);

/** Sends what waits: to be called once when the connection is there, and whenever it has room
 * again. Not from a callback.
 * @param r the end
 * @return true if nothing waits for room any more */
bool dtu_rfc2217_flush(struct dtu_rfc2217 *r);

/** Whether data would be taken if the connection has room: worth asking after dtu_rfc2217_feed()
 * and dtu_rfc2217_flush(). May be called from anywhere.
 * @param r the end
 * @return false while something else comes first, or the other side has suspended it */
bool dtu_rfc2217_ready(const struct dtu_rfc2217 *r);

/** Whether both sides speak RFC 2217. Data goes both ways all the same. From anywhere.
 * @param r the end
 * @return true if they have agreed on it */
bool dtu_rfc2217_agreed(const struct dtu_rfc2217 *r);

/* --- A server ------------------------------------------------------------------------------- */

/** Sets up a server for a new connection. It offers ECHO, since a user's telnet that does not show
 * what is typed leaves that to whatever is behind the UART; SUPPRESS GO-AHEAD and BINARY; and asks
 * for the latter two and COM-PORT-OPTION. Nothing is sent before the first flush or feed.
 * @param r         the server
 * @param callbacks see there, all of them; must outlive it
 * @param signature what to answer who asks, 0-terminated, without a byte FF; must outlive it
 * @param uart      how the UART is set now; DTR and RTS are taken to be on, the break to be off
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if a callback is missing, or the signature is too long or has
 *         an FF */
enum dtu_status dtu_rfc2217_server_init(struct dtu_rfc2217 *r,
                                        const struct dtu_rfc2217_server_callbacks *callbacks,
                                        const char *signature, const struct dtu_uart *uart,
                                        void *ctx);

/** The lines of the UART are so. The client is told of the changes it wants to know of, by its
 * mask, and of the state as soon as it speaks RFC 2217. Call it before the first flush, or the
 * client is told that all are off; and whenever they may have changed. Not from a callback.
 * @param r     the server
 * @param lines DTU_RFC2217_CTS, _DSR, _RI and _CD; other bits are not looked at */
void dtu_rfc2217_server_modem(struct dtu_rfc2217 *r, unsigned lines);

/** Something happened on the line. The client is told if it wants to know, by its mask, which is
 * nothing until it says so. Not from a callback.
 * @param r      the server
 * @param events bits of enum dtu_rfc2217_line */
void dtu_rfc2217_server_line(struct dtu_rfc2217 *r, unsigned events);

/* --- A client ------------------------------------------------------------------------------- */

/** Sets up a client for a new connection. It offers COM-PORT-OPTION, SUPPRESS GO-AHEAD and BINARY
 * and asks for the latter two. Nothing is sent before the first flush or feed.
 * @param r         the client
 * @param callbacks see there; must outlive it
 * @param signature what to answer who asks, 0-terminated, without a byte FF; must outlive it
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if a callback is missing, or the signature is too long or has
 *         an FF */
enum dtu_status dtu_rfc2217_client_init(struct dtu_rfc2217 *r,
                                        const struct dtu_rfc2217_client_callbacks *callbacks,
                                        const char *signature, void *ctx);

/* Wishes: they may be given at any time, and are sent when the server has agreed to RFC 2217. Of
 * several of one kind that could not be sent in time, the last counts. Each waits for the answer to
 * the one of its kind before. Once the server has refused they do nothing. Not from a callback. */

/** All settings of the UART, in the order that RFC 2217 section 2 wants.
 * @param r    the client
 * @param uart the settings; DTU_FLOW_RS485 is asked for as no flow control */
void dtu_rfc2217_client_set(struct dtu_rfc2217 *r, const struct dtu_uart *uart);

/** A line, or the break.
 * @param r      the client
 * @param signal which
 * @param on     whether it is to be on */
void dtu_rfc2217_client_signal(struct dtu_rfc2217 *r, enum dtu_rfc2217_signal signal, bool on);

/** Drop bytes on their way.
 * @param r    the client
 * @param what 1 to 3, of enum dtu_rfc2217_purge */
void dtu_rfc2217_client_purge(struct dtu_rfc2217 *r, unsigned what);

/** What to be told of. Without it the server tells of all modem lines and nothing of the line.
 * @param r     the client
 * @param line  bits of enum dtu_rfc2217_line
 * @param modem bits of enum dtu_rfc2217_modem */
void dtu_rfc2217_client_masks(struct dtu_rfc2217 *r, unsigned line, unsigned modem);

/** Ask the server what it calls itself: DTU_RFC2217_SIGNATURE comes. Not every server answers.
 * @param r the client */
void dtu_rfc2217_client_signature(struct dtu_rfc2217 *r);

/** Send once more what was not answered: after a time-out.
 * @param r the client */
void dtu_rfc2217_client_again(struct dtu_rfc2217 *r);

/** Drop what was not answered, and what could not be asked yet: after a time-out, for data to go on
 * with a server that answers only some wishes, or none.
 * @param r the client */
void dtu_rfc2217_client_give_up(struct dtu_rfc2217 *r);

/** Whether the server has answered all wishes. From anywhere.
 * @param r the client
 * @return true if nothing is open; false until the server has agreed, and when it has refused */
bool dtu_rfc2217_client_settled(const struct dtu_rfc2217 *r);

/** How the server's UART is set: what it has said, and for what it has not answered yet, what was
 * wanted. When all is settled it tells whether the server does what was wanted. From anywhere.
 * @param r    the client
 * @param uart where the settings go; 0 for what was neither wanted nor said */
void dtu_rfc2217_client_uart(const struct dtu_rfc2217 *r, struct dtu_uart *uart);

#ifdef __cplusplus
}
#endif

#endif
