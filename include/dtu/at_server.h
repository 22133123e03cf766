/* SPDX-License-Identifier: MIT */
/**
 * @file at_server.h
 * Answers AT commands: gathers a line, finds the command in the table, checks and sets or queries
 * its parameters, and writes the reply in the product's dialect.
 *
 *     static uint8_t line[512];
 *     const struct dtu_at_server_config config = {
 *         .dialect = &dialect, .params = &params, .line = line, .line_size = sizeof line};
 *     static const struct dtu_at_server_callbacks callbacks = {
 *         .write = uart_write, .action = do_action, .info = tell, .changed = save};
 *     struct dtu_at_server at;
 *
 *     dtu_at_server_init(&at, &config, &callbacks, device);
 *     size_t taken = dtu_at_server_feed(&at, data, len);     // one line at most
 *     dtu_at_server_resume(&at);                             // there is room for output again
 *
 * One instance a channel (UART, network, ...); instances share the parameters, not the line.
 *
 * A reply needs no buffer and has no length limit: if the output has no room, the reply is made
 * again later, without what was sent already. So until it is through, values that it shows should
 * stay as they are.
 *
 * Cost: RAM is the struct and the caller's line buffer. A command is found by binary search. All
 * calls from the thread that the parameters belong to.
 *
 * Source: manuals 001 section 3.1.6, 002 section 4.2, 003 section 5.3, 004 sections 2 and 3; the
 * page of this engine says what was decided where they are silent.
 */
#ifndef DTU_AT_SERVER_H
#define DTU_AT_SERVER_H

#include "dtu/base.h"
#include "dtu/params.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a product words its replies. All texts without CR and LF. */
struct dtu_at_dialect {
    const char *done;        /**< The answer to a set or an action: `OK`, on K7 `+OK`. */
    bool names_answer;       /**< A query is answered `+NAME:VALUE`; else `+OK=VALUE`. */
    bool done_after_answer;  /**< A query's value is followed by `done`. */
    bool has_range;          /**< `=?` is offered. */
    const char *no_at;       /**< The error for a line that is no AT command. */
    const char *no_such;     /**< for an unknown name */
    const char *no_form;     /**< for a form that the command does not offer */
    const char *bad_count;   /**< for too many or too few parameters */
    const char *bad_type;    /**< for a parameter missing or of the wrong type */
    const char *bad_range;   /**< for a parameter out of range */
    const char *not_allowed; /**< for what cannot be done now, or failed */
    const char *no_login;    /**< for what needs a login */
};

/** The forms of a command. */
enum dtu_at_form {
    DTU_AT_BARE,  /**< `AT+NAME` */
    DTU_AT_QUERY, /**< `AT+NAME?` */
    DTU_AT_RANGE, /**< `AT+NAME=?` */
    DTU_AT_SET    /**< `AT+NAME=...` */
};

/** What the lines of a channel look like. */
enum dtu_at_style {
    DTU_AT_LINES,     /**< A line ends with CR or LF; a reply is lines. */
    DTU_AT_SEMICOLONS /**< A command ends with `;` too, as does its reply, which has no line ends
                           (7S4's MQTT topic and SMS; manual 001 section 2.1.3.3). */
};

/** What a server works with; must outlive it. */
struct dtu_at_server_config {
    const struct dtu_at_dialect *dialect; /**< How to answer. */
    struct dtu_params *params;            /**< What to set and to query. */
    uint8_t *line;                        /**< Holds a line that is being gathered. */
    size_t line_size;                     /**< Of `line`: the longest legal line and 2. */
    enum dtu_at_style style;              /**< What the lines look like. */
};

/** What a server calls. None but `finish` and `replied` may call back into the same instance. */
struct dtu_at_server_callbacks {
    /** Output: echo and replies. @return how many bytes were taken, 0 to `len` */
    size_t (*write)(void *ctx, const uint8_t *data, size_t len);
    /** Do what the row says, or note it for `replied` if the reply has to go out first.
     * `args` are the parameters of a set, found legal by dtu_params_check(); NULL if it was bare.
     * @return DTU_OK, or what the reply shall say */
    enum dtu_status (*action)(void *ctx, const struct dtu_param *row, const uint8_t *args,
                              size_t len);
    /** Write the value of an INFO row. Called first with `out` NULL, then, unless `finish`
     * refuses, at least once with it: the text must be the same each time. `args` as for `action`;
     * they are there only in the first call, and NULL in the others.
     * @return DTU_OK, or what the reply shall say; looked at only when `out` is NULL */
    enum dtu_status (*info)(void *ctx, const struct dtu_param *row, const uint8_t *args, size_t len,
                            const struct dtu_text *out);
    /** May this command be given now? Asked for each that is found, and with NULL for a name that
     * is not known. May be NULL: all may.
     * @return DTU_OK, or what the reply shall say */
    enum dtu_status (*permit)(void *ctx, const struct dtu_param *row);
    /** A row's pending values were set; may be NULL.
     * @return DTU_OK, or what the reply shall say. The server does not undo the set then: its owner
     * does, as the device does with what could not be stored. */
    enum dtu_status (*changed)(void *ctx, const struct dtu_param *row);
    /** A command was good so far, whatever its form: the last word on it, before the reply. What
     * was only noted by `action` or `changed` can be done here, where the line has been taken apart
     * and takes no stack any more: storing needs much of it. May be NULL. dtu_at_server_set_echo()
     * may be called from inside.
     * @return DTU_OK, or what the reply shall say */
    enum dtu_status (*finish)(void *ctx);
    /** Write another value than the pending one into the answer to a query of a SETTING or a VIEW:
     * what it is for the moment. Called at least once for each, unless `finish` refuses; the text
     * must be the same each time. Not asked for rows with places. May be NULL.
     * @return false: there is no other, and nothing was written */
    bool (*value)(void *ctx, const struct dtu_param *row, const struct dtu_text *out);
    /** The reply has gone out, all of it; may be NULL. `row` is NULL if there was none.
     * dtu_at_server_reset() and dtu_at_server_set_echo() may be called from inside. */
    void (*replied)(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                    enum dtu_status status);
};

/** Counters; they wrap. */
struct dtu_at_server_stats {
    uint32_t commands; /**< lines answered, errors included */
    uint32_t errors;   /**< lines answered with an error */
    uint32_t too_long; /**< of these, because the line did not fit */
};

/** A server. The fields are private, but for `stats`. (The bytes come early: a Cortex-M0 reaches
 * only the first 32 with one instruction.) */
struct dtu_at_server {
    const struct dtu_at_server_config *config;       /**< private */
    const struct dtu_at_server_callbacks *callbacks; /**< private */
    void *ctx;                                       /**< private */
    const struct dtu_param *row;                     /**< private: of the reply */
    uint8_t form;                                    /**< private: enum dtu_at_form */
    uint8_t status;                                  /**< private: enum dtu_status of the reply */
    bool replying;                                   /**< private: a reply is on its way */
    bool too_long;                                   /**< private: the line did not fit */
    bool echo;                                       /**< private */
    size_t len;                                      /**< private: bytes in the line */
    struct dtu_replay output;                        /**< private: the reply on its way */
    struct dtu_at_server_stats stats;                /**< counters */
};

/** Sets up a server with an empty line and echo off.
 * @param s         the server
 * @param config    see there; must outlive the server
 * @param callbacks see there; must outlive the server
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if there is no line buffer or one of no size, no dialect, no
 *         parameters, or write, action or info are missing */
enum dtu_status dtu_at_server_init(struct dtu_at_server *s,
                                   const struct dtu_at_server_config *config,
                                   const struct dtu_at_server_callbacks *callbacks, void *ctx);

/** Takes input up to the end of a line at most, and answers the line.
 * CR, LF and CR LF end a line; an empty line is ignored. A line that does not fit is consumed to
 * its end and answered once with the error for no AT command.
 * @param s    the server
 * @param data the bytes
 * @param len  how many
 * @return how many were taken. Less than `len` if a line ended, or none if a reply was still on its
 *         way and is now through: call again for the next, unless `replied` has changed who gets
 *         the input; or if the output has no room: dtu_at_server_ready() tells, but for an echo. */
size_t dtu_at_server_feed(struct dtu_at_server *s, const uint8_t *data, size_t len);

/** Goes on with a reply for which the output had no room.
 * @param s the server */
void dtu_at_server_resume(struct dtu_at_server *s);

/** @param s the server
 * @return true if feed would take input: no reply is on its way. */
bool dtu_at_server_ready(const struct dtu_at_server *s);

/** Forgets a line begun and a reply on its way, as after a restart. Echo stays as it is.
 * @param s the server */
void dtu_at_server_reset(struct dtu_at_server *s);

/** Switches the echo of commands.
 * @param s  the server
 * @param on true: each line is sent back before its reply, with the byte that ended it */
void dtu_at_server_set_echo(struct dtu_at_server *s, bool on);

#ifdef __cplusplus
}
#endif

#endif
