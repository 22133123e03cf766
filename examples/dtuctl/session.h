/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_SESSION_H
#define DTUCTL_SESSION_H

#include "dtu/at_client.h"
#include "dtu/profile.h"

#include "pipe.h"

/* Room for the longest line with its prefix, and for the longest reply: the list of all commands.
 */
enum { SESSION_LINE_SIZE = 4096, SESSION_REPLY_SIZE = 32768, SESSION_HEARD_SIZE = 256 };

/* What a module said. The texts are those of the session: they are there until it is used again,
 * and a byte 00 is behind each. */
struct reply {
    enum dtu_status status; /* see struct dtu_at_client_reply */
    int code;               /* the number in the refusal; 0: none */
    const char *error;      /* the refusal as it came; NULL: none */
    size_t error_len;
    const char *value; /* what was answered, lines with an LF between them; NULL: nothing */
    size_t value_len;
};

/* Whether the module takes commands, as far as is known. */
enum session_state {
    SESSION_OUT,
    SESSION_IN,
    SESSION_UNSURE,    /* it did not answer */
    SESSION_RESTARTING /* it was told to */
};

/* A module that takes AT commands. Large: not for the stack. */
struct session {
    const struct options *options;
    struct pipe pipe;
    const struct dtu_profile *profile; /* the product, or one that words its replies so */
    int status;                        /* of the last call: an exit status */

    enum session_state state;
    int64_t heard_ms;  /* net_now() of the last answer */
    const char *asked; /* what is under way, for messages */
    unsigned tries;    /* how often it was sent */
    bool is_quiet;     /* tries are not told */
    bool is_done;      /* the client has called back */
    struct reply reply;
    struct dtu_at_client client;
    struct dtu_at_client_config config;
    uint8_t line_buffer[SESSION_LINE_SIZE];
    uint8_t reply_buffer[SESSION_REPLY_SIZE];
    char texts[SESSION_REPLY_SIZE + 2]; /* of `reply` */
    uint8_t heard[SESSION_HEARD_SIZE];  /* a line that the module said by itself, not ended yet */
    size_t heard_len;
    bool has_spoken; /* it has said something by itself */
};

/* Opens the way to the module, makes it take commands, and finds out the profile if it is not
 * given. `o` must outlive the session. False: it cannot be; s->status is the exit status, and a
 * message was printed, but not for a signal. session_close() is not needed then. */
bool session_open(struct session *s, const struct options *o);

/* Sends a command, "AT+UART?" or "AT+UART=9600,8,1,NONE,NFC", and waits for its reply.
 * Whatever ended command mode before, as a restart does, it is entered again first.
 * Returns STATUS_DONE; STATUS_REFUSED: r->status and r->error tell why, and nothing was printed;
 * STATUS_SILENT: no answer, or the connection ended, and a message was printed; STATUS_USAGE: the
 * line is none, and a message was printed; STATUS_SIGNAL and more: nothing was printed. */
int session_command(struct session *s, const char *line, struct reply *r);

/* Restarts the module and waits until it takes commands again: at most o->wait_restart_ms.
 * Returns as session_command(), but a message was printed for a refusal too. */
int session_restart(struct session *s);

/* Waits until a module that was told to restart takes commands again, and may be reached in another
 * way than before: each of `ways` is tried in turn, for wait_restart_ms of the first in all. They
 * must outlive the session, whose `options` are then those that were good.
 * Returns as session_restart(). */
int session_come_back(struct session *s, const struct options *const *ways, size_t count);

/* Shows what the module has said by itself since, if that is to be shown; does not wait.
 * Returns STATUS_DONE, or STATUS_SILENT: the connection has ended, and a message was printed. */
int session_listen(struct session *s);

/* Leaves command mode, also after a signal, and closes. Returns STATUS_DONE, or STATUS_SILENT: the
 * module did not answer or the connection ended, and a message was printed. */
int session_close(struct session *s);

/* The row of the command that a line begins with; NULL: the profile has none, or none is known. */
const struct dtu_param *session_row(const struct session *s, const char *line);

#endif
