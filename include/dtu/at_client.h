/* SPDX-License-Identifier: MIT */
/**
 * @file at_client.h
 * Drives a module by AT commands: enters command mode, sends a command, gathers the reply in
 * whatever dialect it comes, and recognises the dialect by it. For programs and for firmware that
 * configures a module at start.
 *
 *     static uint8_t line[64], reply[256];
 *     static const struct dtu_at_client_config config = {
 *         .mode = DTU_AT_CLIENT_UART, .line = line, .line_size = sizeof line, .reply = reply,
 *         .reply_size = sizeof reply, .guard_ms = 300, .answer_ms = 2000, .quiet_ms = 100,
 *         .tries = 3};
 *     static const struct dtu_at_client_callbacks callbacks = {.send = to_uart, .done = on_done};
 *
 *     dtu_at_client_init(&c, &config, &callbacks, self);
 *     dtu_at_client_enter(&c, now);                      // on_done() says when, and then:
 *     dtu_at_client_command(&c, "AT+UARTFT=50", 12, now);
 *     ...
 *     dtu_at_client_feed(&c, data, len, now);            // what comes from the module
 *     dtu_at_client_poll(&c, now);                       // when dtu_at_client_next() wishes
 *
 * One thing at a time: what is begun ends with one call of `done`, in a bounded time whatever the
 * module sends.
 *
 * Cost: RAM is the struct, 128 bytes on a Cortex-M0+, and the caller's two buffers. Each byte is
 * copied once, one of a value twice, and a line looked at a few times when it ends. Code and stack:
 * docs/size.md. Time is in milliseconds and may wrap. All calls from one thread.
 *
 * Source: manuals 001 sections 3.1.2 to 3.1.6, 002 sections 4.1 and 4.2, 003 sections 5.3.1 to
 * 5.3.3, 004 sections 2 and 3; what was decided where they are silent is on the page of this
 * engine.
 */
#ifndef DTU_AT_CLIENT_H
#define DTU_AT_CLIENT_H

#include "dtu/base.h"
#include "dtu/cmdmode.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How commands reach the module. */
enum dtu_at_client_mode {
    DTU_AT_CLIENT_UART,   /**< At its UART, in command mode: a line ends with CR LF. */
    DTU_AT_CLIENT_PREFIX, /**< In the middle of data, each behind a password: `usr.cn#AT+VER`. */
    DTU_AT_CLIENT_UDP     /**< Datagrams to port 48899 of a K7, opened by the keyword; lines end
                               with CR. */
};

/** How a product words its refusals: by this the products can be told apart. */
enum dtu_at_client_dialect {
    DTU_AT_CLIENT_UNKNOWN,    /**< nothing was seen that only one product says */
    DTU_AT_CLIENT_ERROR,      /**< `ERROR`: 7S3 */
    DTU_AT_CLIENT_ERR_NUMBER, /**< `+ERR=-1`, and `+OK` for done: K7 */
    DTU_AT_CLIENT_ERR_WORD,   /**< `Err1`: 7S4 */
    DTU_AT_CLIENT_CME         /**< `+CME ERROR:58`: cat1 */
};

/** The reply buffer must have so many bytes more than the longest value or list of values. */
#define DTU_AT_CLIENT_RESERVE 32

/** What a client works with; must outlive it, and stay as it is. */
struct dtu_at_client_config {
    enum dtu_at_client_mode mode; /**< How commands reach the module. */
    const uint8_t *prefix;        /**< PREFIX: what goes before each command, with the `#` if the
                                       product wants one. UDP: the keyword. UART: not looked at. */
    size_t prefix_len;            /**< Of `prefix`, in bytes. */
    uint8_t *line;                /**< Holds the command on its way, to be sent again. */
    size_t line_size;             /**< Of `line`: prefix, longest command and 2; at least 9 more
                                       than the prefix, in PREFIX mode. */
    uint8_t *reply;               /**< Holds the reply while it comes. */
    size_t reply_size;            /**< Of `reply`: the longest value and #DTU_AT_CLIENT_RESERVE;
                                       at least twice that. UDP: `IP,MAC,NAME` is up to 45 bytes. */
    uint32_t guard_ms;            /**< UART: silence before `+++`, a little more than the module
                                       wants; 0 to #DTU_PERIOD_MAX. */
    uint32_t answer_ms;           /**< A whole reply must come in this time, and so must each answer
                                       of the handshake; 1 to #DTU_PERIOD_MAX. */
    uint32_t quiet_ms;            /**< So long a silence is the end of what has no other end, and of
                                       late answers; 1 to `answer_ms`. Longer than any pause within
                                       a reply: 100 is good for a UART. */
    uint8_t tries;                /**< How often to send what can be sent again; 1 or more. */
};

/** How it ended. The texts lie in the client's buffer: they are there until `done` returns. */
struct dtu_at_client_reply {
    /** DTU_OK; DTU_ERR_TIMEOUT: no reply, or not all of it; DTU_ERR_SPACE: it came, but the value
     * is too long for the buffer. Else the module's refusal, as far as its words go:
     * DTU_ERR_FORMAT, DTU_ERR_NOT_FOUND, DTU_ERR_FORM, DTU_ERR_TYPE, DTU_ERR_RANGE, DTU_ERR_LOGIN,
     * DTU_ERR_NOT_ALLOWED (also for an `ERROR` without a reason). */
    enum dtu_status status;
    int16_t code;         /**< The number in the refusal: 58 of `+CME ERROR:58`, -1 of `+ERR=-1`, 2
                               of `Err2`; 0 if there is none. */
    const uint8_t *error; /**< The refusal as it came, without line end; NULL if there is none. */
    size_t error_len;     /**< Its length in bytes. */
    /** What was answered, behind `+NAME:` or `+OK=`, as it came: escapes and quotes are there.
     * Several answers have an LF between them. With DTU_ERR_TIMEOUT what came until then. NULL if
     * nothing was answered, which is not the same as an empty value. */
    const uint8_t *value;
    size_t value_len;                   /**< Its length in bytes. */
    enum dtu_at_client_dialect dialect; /**< As far as it is known by now. */
};

/** What a client calls. None but `done` may call back into the same client. */
struct dtu_at_client_callbacks {
    /** Bytes for the module. In PREFIX and UDP mode it is offered a whole command, which is to
     * become one packet: take all of it or nothing. @return how many bytes were taken, 0 to `len`
     */
    size_t (*send)(void *ctx, const uint8_t *data, size_t len);
    /** Bytes from the module that belong to no reply, in order, each of them once: start-up
     * messages, transparent data, answers that came too late. While a command is under way they
     * come when their line has ended, or the command. May be NULL. */
    void (*data)(void *ctx, const uint8_t *data, size_t len);
    /** Each line that came while a command was under way, as it came, with its line end and before
     * it is judged: for logs. A line that does not fit comes in pieces, an echo not at all. May be
     * NULL. */
    void (*line)(void *ctx, const uint8_t *data, size_t len);
    /** The end of what was begun. Something new may be begun from inside. */
    void (*done)(void *ctx, const struct dtu_at_client_reply *reply);
};

/** Counters; they wrap. */
struct dtu_at_client_stats {
    uint32_t timeouts; /**< how often there was no reply in time; the handshake not counted */
    uint32_t too_long; /**< lines that did not fit, values and data */
};

/** What has come of a reply; private. */
struct dtu_at_client_gathered {
    uint8_t rest;         /**< private: what the rest of a long line is */
    uint8_t values;       /**< private: whether there are values */
    int16_t code;         /**< private: the number in a refusal */
    const uint8_t *error; /**< private: a refusal, NULL if there is none */
    size_t error_len;     /**< private: its length */
    size_t echo_left;     /**< private: bytes of an echo that have not come */
    size_t values_len;    /**< private: of the values, with which the reply buffer begins */
    size_t line;          /**< private: where in it the line begins; what is before it is held */
    size_t end;           /**< private: where what came ends, and the line */
    size_t other_end;     /**< private: where an answer under another name ends, if one is held */
    size_t other_len;     /**< private: length of its value */
};

/** A client. The fields are private, but for `stats`. */
struct dtu_at_client {
    uint8_t state;                    /**< private */
    uint8_t form;                     /**< private: of the request */
    uint8_t dialect;                  /**< private: enum dtu_at_client_dialect */
    uint8_t tries_left;               /**< private */
    bool late;                        /**< private: the answer to an earlier try may still come */
    bool timed_out;                   /**< private: a try of this command had no answer */
    struct dtu_at_client_gathered in; /**< private */
    const struct dtu_at_client_config *config;       /**< private */
    const struct dtu_at_client_callbacks *callbacks; /**< private */
    void *ctx;                                       /**< private */
    uint8_t *reply;                                  /**< private: the buffer of `config` */
    uint8_t *text;                    /**< private: in the line buffer, where commands begin */
    const uint8_t *request_end;       /**< private: behind what is sent */
    size_t request_len;               /**< private: its length */
    size_t unsent;                    /**< private: of it, not yet taken by `send` */
    size_t name_len;                  /**< private: of the name behind `AT+` */
    uint32_t since_ms;                /**< private: when the state began, or all was sent */
    uint32_t last_ms;                 /**< private: when the last byte came */
    struct dtu_at_client_stats stats; /**< counters */
    struct dtu_cmdmode_host host;     /**< private: the handshake */
    struct dtu_cmdmode_host_config host_config; /**< private: its times */
};

/** Sets up a client, idle; of the dialect nothing is known.
 * @param c         the client
 * @param config    see there; must outlive the client
 * @param callbacks see there; must outlive the client
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if a buffer is missing or too small, a time or `tries` is out
 *         of range, a prefix or keyword that the mode needs is missing, or send or done are */
enum dtu_status dtu_at_client_init(struct dtu_at_client *c,
                                   const struct dtu_at_client_config *config,
                                   const struct dtu_at_client_callbacks *callbacks, void *ctx);

/** Begins to make the module take commands. UART: the handshake `+++`, `a`, `+ok`; when it fails
 * an empty line is sent, and a module that refuses the `+++` as no command is in command mode
 * already. Then the reply has the refusal and DTU_OK. UDP: the keyword; the value of the reply is
 * `IP,MAC,NAME`, for dtu_discovery_parse_text(). A K7 forgets who sent it #DTU_NETAT_SESSION_MS
 * after his last datagram: then enter again. PREFIX: nothing has to be done, and the next poll
 * calls `done`.
 * @param c   the client
 * @param now the time in milliseconds
 * @return DTU_OK, or DTU_ERR_STATE if something is under way */
enum dtu_status dtu_at_client_enter(struct dtu_at_client *c, uint32_t now);

/** Begins a command. If its reply does not come in time it is sent again, as often as `tries` says,
 * provided that this does no harm even if the module carried it out: queries with `?`, sets (with
 * `=`), and `AT`. A bare `AT+NAME` may be an action and is sent once.
 * @param c    the client
 * @param text the line as one would type it, without prefix and line end: `AT+UART?`; copied
 * @param len  its length in bytes
 * @param now  the time in milliseconds
 * @return DTU_OK; DTU_ERR_STATE if something is under way; DTU_ERR_FORMAT if it is empty or has a
 *         CR or LF; DTU_ERR_SPACE if it does not fit the line buffer */
enum dtu_status dtu_at_client_command(struct dtu_at_client *c, const char *text, size_t len,
                                      uint32_t now);

/** The same for a command that does something each time although it has parameters, such as
 * sending an SMS: it is sent once.
 * @param c    the client
 * @param text as dtu_at_client_command()
 * @param len  its length in bytes
 * @param now  the time in milliseconds
 * @return as dtu_at_client_command() */
enum dtu_status dtu_at_client_command_once(struct dtu_at_client *c, const char *text, size_t len,
                                           uint32_t now);

/** Begins to find out the dialect, by `AT+`, which every product refuses in its own way: the reply
 * has DTU_OK, the refusal and the dialect.
 * @param c   the client
 * @param now the time in milliseconds
 * @return DTU_OK, or DTU_ERR_STATE if something is under way */
enum dtu_status dtu_at_client_identify(struct dtu_at_client *c, uint32_t now);

/** Begins to leave command mode: `AT+ENTM`, sent once, for if it worked the next one would be data.
 * PREFIX and UDP: nothing has to be done, and the next poll calls `done`.
 * @param c   the client
 * @param now the time in milliseconds
 * @return DTU_OK, or DTU_ERR_STATE if something is under way */
enum dtu_status dtu_at_client_leave(struct dtu_at_client *c, uint32_t now);

/** Gives up what is under way, without a call of `done`. Values that came are dropped. A handshake
 * may be left half-way: the module ends it within #DTU_CMDMODE_CONFIRM_MS. What came and may have
 * been a reply or an echo goes to `data`.
 * @param c the client */
void dtu_at_client_cancel(struct dtu_at_client *c);

/** Takes bytes from the module, all of them: nothing here has to wait for room.
 * @param c    the client
 * @param data the bytes
 * @param len  how many
 * @param now  the time in milliseconds */
void dtu_at_client_feed(struct dtu_at_client *c, const uint8_t *data, size_t len, uint32_t now);

/** Lets time pass, and offers again what `send` had no room for.
 * @param c   the client
 * @param now the time in milliseconds */
void dtu_at_client_poll(struct dtu_at_client *c, uint32_t now);

/** When a poll is wanted. If `send` had no room, poll also when there is.
 * @param c   the client
 * @param now the time in milliseconds
 * @return milliseconds from now, or DTU_NEVER when idle */
uint32_t dtu_at_client_next(const struct dtu_at_client *c, uint32_t now);

/** @param c the client
 * @return true while something is under way. */
bool dtu_at_client_busy(const struct dtu_at_client *c);

/** @param c the client
 * @return the dialect, as far as it is known by what the module has answered. */
enum dtu_at_client_dialect dtu_at_client_dialect(const struct dtu_at_client *c);

#ifdef __cplusplus
}
#endif

#endif
