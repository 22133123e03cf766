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
 *
 * Serial ports and TCP connections can be used without a module.
 */
#ifndef DTU_POSIX_H
#define DTU_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

/* --- A serial port -------------------------------------------------------------------------- */

/** A tty, or a pty whose master this is. The fields are private but for `fd`. */
struct dtu_posix_serial {
    int fd;               /**< To be watched; it does not block. -1: it is closed, or gone. */
    int slave;            /**< private: of a pty, held open so that a user who leaves makes no
                               hang-up */
    const char *link;     /**< private: of a pty, removed at the end */
    char name[256];       /**< private: of the tty that the user opens */
    bool is_pty;          /**< private */
    bool is_followed;     /**< private: reads tell what users do */
    struct dtu_uart seen; /**< private: how a user had set it when it was looked at last */
};

/** Makes a pty for other programs to use as a serial port. It is raw at first.
 * @param s     where it goes
 * @param link  path of a symbolic link to it, which must outlive `s`. A link that a killed program
 *              has left there is replaced, anything else is not
 * @param error where a message goes on failure
 * @param size  its size
 * @return false if it cannot be made: then `s` is closed and there is a message */
bool dtu_posix_serial_open_pty(struct dtu_posix_serial *s, const char *link, char *error,
                               size_t size);
/** Opens a tty, and locks it (flock), so that two programs that do so never share it.
 * @param s     where it goes
 * @param path  the tty
 * @param error where a message goes on failure
 * @param size  its size
 * @return false if it cannot be had: then there is a message */
bool dtu_posix_serial_open_tty(struct dtu_posix_serial *s, const char *path, char *error,
                               size_t size);
/** Opens a tty that was lost under its name: it may be back. Its settings are the system's.
 * @param s a tty after dtu_posix_serial_lose()
 * @return false if it is not there; errno is set */
bool dtu_posix_serial_reopen(struct dtu_posix_serial *s);
/** Closes a tty that went away, for dtu_posix_serial_reopen(). @param s it */
void dtu_posix_serial_lose(struct dtu_posix_serial *s);
/** Closes it; the link of a pty is removed. @param s it, opened before, closed or not */
void dtu_posix_serial_close(struct dtu_posix_serial *s);
/** The name of the tty that the user opens. @param s it @return such as `/dev/pts/3` */
const char *dtu_posix_serial_name(const struct dtu_posix_serial *s);

/** Sets a tty, at once: see dtu_posix_serial_drained(). A pty takes everything and does nothing,
 * for its settings are its user's.
 * @param s    it
 * @param uart how
 * @return false if the tty cannot be so; errno is set */
bool dtu_posix_serial_setup(struct dtu_posix_serial *s, const struct dtu_uart *uart);
/** How it is set; of a pty, by its user. A pty does not show everything: its data bits are 8
 * whatever its user asked for, and even parity is none. Its rate may be any number; 0 is how
 * a user hangs up. Before a user has set it, it is as the system has made it.
 * @param s    it
 * @param uart where it goes
 * @return false if that cannot be known; errno is set */
bool dtu_posix_serial_setting(const struct dtu_posix_serial *s, struct dtu_uart *uart);
/** Whether all bytes that were written have gone out. @param s it @return true of a pty */
bool dtu_posix_serial_drained(const struct dtu_posix_serial *s);

/** Writes what there is room for. @param s it @param data the bytes @param len how many
 * @return how many were taken; less than `len`: wait for POLLOUT. That a tty is gone is told when
 *         it is read */
size_t dtu_posix_serial_write(struct dtu_posix_serial *s, const uint8_t *data, size_t len);

/** What the user of a pty did, as bits. */
enum {
    DTU_POSIX_SERIAL_SET = 1,         /**< Set it, maybe as it was. */
    DTU_POSIX_SERIAL_INPUT_GONE = 2,  /**< Dropped what was written to the pty and not read. */
    DTU_POSIX_SERIAL_OUTPUT_GONE = 4, /**< Dropped what the user wrote and nobody has read. */
};

/** Lets dtu_posix_serial_read() tell what users of a pty do. poll(2) says POLLPRI when there is
 * something to tell. @param s a pty
 * @return false if it cannot be; errno is set */
bool dtu_posix_serial_follow(struct dtu_posix_serial *s);
/** Reads what is there, or what the user of a pty did.
 * What a user did is told before everything that is written after it. What was written before it
 * may still follow it: the system does not tell where among the unread bytes it was, so read soon.
 * @param s    it
 * @param data where bytes go
 * @param size how many at most; 0: see only what the user did
 * @param news what a user of a pty that is followed did, bits; then no bytes are read. May be NULL
 *             if it is not followed
 * @return how many bytes; 0: none now; -1: the tty is gone, errno says why */
ssize_t dtu_posix_serial_read(struct dtu_posix_serial *s, uint8_t *data, size_t size,
                              unsigned *news);
/** When dtu_posix_serial_read() is to be called even though poll(2) says nothing: some users
 * clear the flag by which a pty tells of settings (EXTPROC), and then it has to be asked.
 * @param s a pty that is followed
 * @return milliseconds between two calls, or DTU_NEVER */
uint32_t dtu_posix_serial_next(const struct dtu_posix_serial *s);

/* --- A TCP connection ----------------------------------------------------------------------- */

/** A TCP client: one connection at a time to one place. */
struct dtu_posix_tcp;

/** What happened to a connection. */
enum dtu_posix_tcp_event {
    DTU_POSIX_TCP_OPENED,   /**< It can be used. */
    DTU_POSIX_TCP_FAILED,   /**< It could not be opened; `reason` says why. */
    DTU_POSIX_TCP_READABLE, /**< Bytes, or the end, can be read; see dtu_posix_tcp_want_read(). */
    DTU_POSIX_TCP_WRITABLE, /**< There is room again. */
    DTU_POSIX_TCP_ENDED,    /**< It is over, and nothing is left to be read. */
};

/** Called from the loop with what happened, never from inside of another call. It may call
 * everything but dtu_posix_tcp_close(). `reason` is NULL but for DTU_POSIX_TCP_FAILED. */
typedef void dtu_posix_tcp_on_event(void *ctx, enum dtu_posix_tcp_event event, const char *reason);

/** Makes a client; it is not connected.
 * @param loop  its loop. A process has one loop for names to be resolved in
 * @param event what to call
 * @param ctx   handed to it
 * @return the client, or NULL and errno is set */
struct dtu_posix_tcp *dtu_posix_tcp_open(struct dtu_posix_loop *loop, dtu_posix_tcp_on_event *event,
                                         void *ctx);
/** Ends it, and its connection. @param t it; NULL does nothing */
void dtu_posix_tcp_close(struct dtu_posix_tcp *t);
/** Begins to resolve a name and to connect; the outcome comes as an event. How long that may take
 * is the system's affair, minutes: who wants less calls dtu_posix_tcp_disconnect(). While
 * connected, a peer that has gone without a word is found within a minute by keepalive probes.
 * @param t    a client without a connection
 * @param host name or IPv4 address; copied
 * @param port 1 to 65535
 * @return false if it cannot even be tried: no memory, or a name of more than 255 bytes */
bool dtu_posix_tcp_connect(struct dtu_posix_tcp *t, const char *host, uint16_t port);
/** Ends the connection, or gives up making one; no event follows. @param t the client
 * @return how many bytes that were sent the other side has not acknowledged */
uint32_t dtu_posix_tcp_disconnect(struct dtu_posix_tcp *t);
/** Sends what there is room for. @param t the client @param data the bytes @param len how many
 * @return how many were taken; after less than `len`, DTU_POSIX_TCP_WRITABLE comes when there is
 *         room */
size_t dtu_posix_tcp_send(struct dtu_posix_tcp *t, const uint8_t *data, size_t len);
/** Reads what has come. @param t a client that is connected @param data where it goes
 * @param size how many bytes at most
 * @return how many; 0: the connection has ended; -1: nothing there now */
ssize_t dtu_posix_tcp_receive(struct dtu_posix_tcp *t, uint8_t *data, size_t size);
/** Says whether DTU_POSIX_TCP_READABLE is wanted; not at first. While it is not, the other side is
 * held back by TCP. @param t the client @param wanted whether it is */
void dtu_posix_tcp_want_read(struct dtu_posix_tcp *t, bool wanted);

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
