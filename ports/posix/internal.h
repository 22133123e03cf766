/* SPDX-License-Identifier: MIT */
/* What the files of this port share among themselves. */
#ifndef DTU_POSIX_INTERNAL_H
#define DTU_POSIX_INTERNAL_H

#include "dtu_posix.h"

#include <sys/types.h>

/* --- serial.c: a UART that is a tty or a pty ------------------------------------------------ */

struct serial {
    int fd;           /* -1: it is gone */
    int slave;        /* of a pty, held open so that a user who leaves makes no hang-up */
    const char *link; /* of a pty, removed at the end */
    char name[64];    /* of the tty that the user opens */
    bool is_pty;
};

bool serial_open_pty(struct serial *s, const char *link, char *error, size_t size);
bool serial_open_tty(struct serial *s, const char *path, char *error, size_t size);
/* A tty that went away may come back under its name. */
bool serial_reopen(struct serial *s);
void serial_lose(struct serial *s);
void serial_close(struct serial *s);
/* False if the tty cannot do what is asked; errno says why. A pty takes everything. */
bool serial_setup(struct serial *s, const struct dtu_uart *uart);
/* Whether bytes that were written are still on their way out. */
bool serial_drained(const struct serial *s);

/* --- net.c: one TCP or UDP socket ----------------------------------------------------------- */

enum net_event {
    NET_OPENED,   /* it can be used */
    NET_FAILED,   /* it could not be opened; `text` says why */
    NET_READABLE, /* bytes, or the end of the connection, can be read */
    NET_WRITABLE, /* there is room again */
    NET_ENDED     /* the connection is over and nothing is left to read; only while nobody reads */
};

enum net_state { NET_CLOSED, NET_RESOLVING, NET_CONNECTING, NET_OPEN };

struct net_job;

struct net_socket {
    struct dtu_posix_loop *loop;
    void (*event)(void *ctx, enum net_event event, const char *text);
    void *ctx;
    const char *bind_address; /* NULL: any */
    enum net_state state;
    bool is_udp;
    bool want_write;
    bool want_read;
    bool hung_up; /* poll would say so for ever: it is asked again when somebody reads */
    int fd;
    int watch;
    struct net_job *job;        /* a name that is being resolved */
    struct addrinfo *addresses; /* to be tried */
    struct addrinfo *address;   /* that is being tried */
};

/* The resolver's threads report to the loop through a pipe, one for the process. */
bool net_resolver_open(struct dtu_posix_loop *loop);
void net_resolver_close(struct dtu_posix_loop *loop);

void net_init(struct net_socket *s, struct dtu_posix_loop *loop, const char *bind_address,
              void (*event)(void *ctx, enum net_event event, const char *text), void *ctx);
/* False if it cannot even be tried. The outcome comes as an event, never from inside. */
bool net_open(struct net_socket *s, const struct dtu_socket_target *target);
/* Closes; returns how many bytes of TCP the other side has not acknowledged. */
uint32_t net_close(struct net_socket *s);
/* As dtu_device_port.socket_send. After less than `len`, NET_WRITABLE comes when there is room. */
size_t net_send(struct net_socket *s, const uint8_t *data, size_t len);
/* How many bytes were read; 0: the connection has ended; -1: nothing there, or an error of UDP. */
ssize_t net_receive(struct net_socket *s, uint8_t *data, size_t size);
/* Whether NET_READABLE is wanted. */
void net_want_read(struct net_socket *s, bool wanted);

/* --- net.c: a UDP port that hears anyone ---------------------------------------------------- */

typedef void net_datagram(void *ctx, const struct dtu_peer *peer, const uint8_t *data, size_t len);

struct net_listener {
    struct dtu_posix_loop *loop;
    net_datagram *datagram;
    void *ctx;
    int fd; /* -1: closed */
    int watch;
};

/* False if the port cannot be had; errno says why. */
bool net_listen(struct net_listener *l, struct dtu_posix_loop *loop, const char *bind_address,
                uint16_t port, net_datagram *datagram, void *ctx);
void net_stop_listening(struct net_listener *l);
void net_answer(struct net_listener *l, const struct dtu_peer *peer, const uint8_t *data,
                size_t len);

#endif
