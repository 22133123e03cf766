/* SPDX-License-Identifier: MIT */
/**
 * @file dtu_posix.h
 * The port of libdtu to POSIX systems: a poll loop, a UART that is a tty or a pty, TCP and UDP
 * sockets with name resolution that stops nothing, and settings kept in files.
 *
 *     struct dtu_posix_loop *loop = dtu_posix_loop_open();
 *     struct dtu_posix_module *m = dtu_posix_module_open(loop, &config, error, sizeof error);
 *     dtu_posix_module_start(m);
 *     dtu_posix_loop_run(loop);                  // until dtu_posix_loop_stop()
 *     dtu_posix_module_close(m);
 *     dtu_posix_loop_close(loop);
 *
 * Everything runs in the thread that runs the loop. While nothing happens it sleeps: there is no
 * tick. Any number of modules may share a loop; modules of one process share one.
 */
#ifndef DTU_POSIX_H
#define DTU_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtu/device.h"

/* --- The loop ------------------------------------------------------------------------------- */

/** A poll loop. */
struct dtu_posix_loop;

/** Called when a watched file is ready. `revents` as of poll(2). */
typedef void dtu_posix_ready(void *ctx, short revents);

/** Something with deadlines. */
struct dtu_posix_timer {
    uint32_t (*next)(void *ctx,
                     uint32_t now);        /**< Milliseconds until it wants a poll, or DTU_NEVER. */
    void (*poll)(void *ctx, uint32_t now); /**< Called when they have passed. */
    void *ctx;                             /**< Handed to both. */
    struct dtu_posix_timer *link;          /**< private */
};

/** The time in milliseconds of a clock that nobody sets; it wraps.
 * @return the time */
uint32_t dtu_posix_now(void);

/** Makes a loop. @return the loop, or NULL and errno is set */
struct dtu_posix_loop *dtu_posix_loop_open(void);
/** Ends a loop that does not run. @param loop the loop; NULL does nothing */
void dtu_posix_loop_close(struct dtu_posix_loop *loop);
/** Runs until it is stopped. @param loop the loop @return false if poll failed; errno is set */
bool dtu_posix_loop_run(struct dtu_posix_loop *loop);
/** Makes the loop return after the callback that is running. @param loop the loop */
void dtu_posix_loop_stop(struct dtu_posix_loop *loop);

/** Watches a file, for nothing at first.
 * @param loop  the loop
 * @param fd    the file
 * @param ready what to call
 * @param ctx   handed to it
 * @return a number for the watch, or -1 if there is no memory */
int dtu_posix_watch(struct dtu_posix_loop *loop, int fd, dtu_posix_ready *ready, void *ctx);
/** Says what to watch for. With 0 the file is not looked at, so that a hang-up makes no noise.
 * @param loop   the loop
 * @param watch  the number of the watch
 * @param events POLLIN, POLLOUT, ... or 0 */
void dtu_posix_watch_for(struct dtu_posix_loop *loop, int watch, short events);
/** Ends a watch. @param loop the loop @param watch its number; -1 does nothing */
void dtu_posix_unwatch(struct dtu_posix_loop *loop, int watch);
/** Adds a timer; it must outlive the loop or be removed. @param loop the loop @param timer it */
void dtu_posix_timer_add(struct dtu_posix_loop *loop, struct dtu_posix_timer *timer);
/** Removes a timer. @param loop the loop @param timer it */
void dtu_posix_timer_remove(struct dtu_posix_loop *loop, struct dtu_posix_timer *timer);

/* --- Settings in files ---------------------------------------------------------------------- */

/** Two slots, in files or in memory only. */
struct dtu_posix_storage;

/** Opens the slots.
 * @param dir   where the files are; made if it is missing; NULL: memory only. One program at a time
 *              can have it open.
 * @param name  what the files are called, with a number behind it
 * @param error where a message goes on failure
 * @param size  its size
 * @return the storage, or NULL and there is a message */
struct dtu_posix_storage *dtu_posix_storage_open(const char *dir, const char *name, char *error,
                                                 size_t size);
/** Closes it. @param storage it; NULL does nothing */
void dtu_posix_storage_close(struct dtu_posix_storage *storage);
/** The medium whose ctx is a dtu_posix_storage. */
extern const struct dtu_store_medium dtu_posix_medium;

/* --- A module ------------------------------------------------------------------------------- */

/** A module on this machine. */
struct dtu_posix_module;

/** What to make of it; copied, but for the texts, which must outlive the module. */
struct dtu_posix_module_config {
    const struct dtu_profile *profile; /**< The product. */
    const char *pty_link; /**< Make a pty, and a symbolic link to its slave here; or NULL. */
    const char *tty;      /**< The tty to be the UART; or NULL. One of the two. */
    const char
        *state_dir; /**< Where settings are kept; NULL: nowhere, they end with the program. */
    const char *bind_address; /**< IPv4 address to connect from and to listen at; NULL: any. */
    int net_at_port;          /**< UDP port of network commands; 0: none; -1: the product's own. */
    int discovery_port;       /**< UDP port of discovery, for products that have it; 0: none; -1:
                                   the product's own. Many modules may share it. */
    int rfc2217_port;     /**< TCP port at which the UART is offered by RFC 2217, to one client at a
                               time, who has it for himself while he is connected; 0: none. */
    unsigned max_clients; /**< Of a TCP server, 1 to 16: when one more comes, the oldest is closed;
                               0: 4. */
    bool local_only; /**< Discovery answers only senders on a network that this machine is on. */
    /** As dtu_device_port.info; may be NULL. */
    enum dtu_status (*info)(void *ctx, const struct dtu_param *row, const uint8_t *args, size_t len,
                            const struct dtu_text *out);
    /** As dtu_device_port.action; may be NULL. */
    enum dtu_status (*action)(void *ctx, const struct dtu_param *row, const uint8_t *args,
                              size_t len);
    /** Before each start, to set values that are not stored; may be NULL. Not called any more once
     * the user has stored something, for then the user's values count. */
    void (*prepare)(void *ctx, struct dtu_params *params);
    /** As dtu_device_port.led; may be NULL. */
    void (*led)(void *ctx, enum dtu_led led, bool lit);
    /** As dtu_device_port.event; may be NULL. */
    void (*event)(void *ctx, const struct dtu_device_event *event);
    /** A message for the user about something that the port met; may be NULL. */
    void (*note)(void *ctx, const char *text);
    void *ctx; /**< Handed to all of these. */
};

/** Makes a module: opens its UART and its settings.
 * @param loop   its loop
 * @param config see there
 * @param error  where a message goes on failure
 * @param size   its size
 * @return the module, or NULL and there is a message */
struct dtu_posix_module *dtu_posix_module_open(struct dtu_posix_loop *loop,
                                               const struct dtu_posix_module_config *config,
                                               char *error, size_t size);
/** Starts it. @param m the module */
void dtu_posix_module_start(struct dtu_posix_module *m);
/** Ends it: closes its sockets, its UART, and removes the link. @param m it; NULL does nothing */
void dtu_posix_module_close(struct dtu_posix_module *m);
/** Its device, for parameters before the start, and counters. @param m the module @return it */
struct dtu_device *dtu_posix_module_device(struct dtu_posix_module *m);
/** The name of the tty that is its UART. @param m the module @return such as `/dev/pts/3` */
const char *dtu_posix_module_tty(const struct dtu_posix_module *m);

#endif
