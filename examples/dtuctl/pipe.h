/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_PIPE_H
#define DTUCTL_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "tty.h"

/* The way to a module. */
enum pipe_kind {
    PIPE_TTY,
    PIPE_UDP,
    PIPE_TCP,
    PIPE_LISTEN /* the module connects to us */
};

/* Room for the name of a pipe. */
enum { PIPE_NAME_SIZE = 300 };

/* Bytes to a module and back. */
struct pipe {
    enum pipe_kind kind;
    int fd;       /* -1: not open */
    int listener; /* PIPE_LISTEN: where modules connect; else -1 */
    const struct options *options;
    struct tty_port tty;       /* PIPE_TTY */
    bool is_full;              /* not all that was sent has been taken */
    bool has_ended;            /* it is open no more */
    int error;                 /* UDP: what the system said last; ended: why; 0: nothing */
    char name[PIPE_NAME_SIZE]; /* for messages */
};

enum pipe_event {
    PIPE_DATA,
    PIPE_QUIET,   /* the time is over, or there is room to send again */
    PIPE_STOPPED, /* by a signal */
    PIPE_ENDED    /* it is gone; pipe_reason() tells why */
};

/* Opens what o->tty, udp, tcp or listen says; `o` must outlive it. Returns an exit status; a
 * message was printed if it is not STATUS_DONE or that of a signal. */
int pipe_open(struct pipe *p, const struct options *o);

/* Opens a pipe that has ended once more: the module has restarted, or was plugged in again. One
 * try, until `end` of net_now(); no message is printed.
 * Returns STATUS_DONE, STATUS_SILENT, or that of a signal. */
int pipe_reopen(struct pipe *p, int64_t end);

/* From now on `o` says where the module is: the pipe has ended, for pipe_reopen(). */
void pipe_redirect(struct pipe *p, const struct options *o);

/* Leaves a tty as it was found: see tty_close(). */
void pipe_close(struct pipe *p);

/* How many bytes were taken; of a datagram all or none. What has ended takes none. */
size_t pipe_send(struct pipe *p, const uint8_t *data, size_t len);

/* Waits until net_now() is `end` for bytes, `size` at most, which can be 0 for none.
 * `stoppable`: a signal ends the wait. */
enum pipe_event pipe_wait(struct pipe *p, uint8_t *data, size_t size, size_t *len, int64_t end,
                          bool stoppable);

/* Waits until there is room to send, at most until net_now() is `end`. False: there is none. */
bool pipe_wait_room(const struct pipe *p, int64_t end);

/* Why it has ended. */
const char *pipe_reason(const struct pipe *p);

#endif
