/* SPDX-License-Identifier: MIT */
/* What the files of this port share among themselves. */
#ifndef DTU_POSIX_INTERNAL_H
#define DTU_POSIX_INTERNAL_H

#include "dtu_posix.h"

#include <netinet/in.h>
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
    NET_ENDED,    /* the connection is over and nothing is left to read; only while nobody reads */
    NET_NEWCOMER  /* of a server: somebody else wants to connect */
};

enum net_state { NET_CLOSED, NET_RESOLVING, NET_CONNECTING, NET_LISTENING, NET_OPEN };

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
    int listener; /* of a TCP server, open between its connections too */
    int listener_watch;
    bool is_udp_server;
    struct sockaddr_in peer;    /* of a UDP server: who sent last */
    struct net_job *job;        /* a name that is being resolved */
    struct addrinfo *addresses; /* to be tried */
    struct addrinfo *address;   /* that is being tried */
};

/* The resolver's threads report to the loop through a pipe, one for the process. */
bool net_resolver_open(struct dtu_posix_loop *loop);
void net_resolver_close(struct dtu_posix_loop *loop);

void net_init(struct net_socket *s, struct dtu_posix_loop *loop, const char *bind_address,
              void (*event)(void *ctx, enum net_event event, const char *text), void *ctx);
/* False if it cannot even be tried; of a server errno says why. The outcome comes as an event,
 * never from inside: of a server, when somebody has connected or sent something. */
bool net_open(struct net_socket *s, const struct dtu_socket_target *target);
/* Ends the connection; returns how many bytes of TCP the other side has not acknowledged. A server
 * goes on listening, so that nobody is refused until it is opened again. */
uint32_t net_hang_up(struct net_socket *s);
/* Closes everything. */
void net_close(struct net_socket *s);
/* Of a server that is connected: whether NET_NEWCOMER is wanted. */
void net_want_newcomer(struct net_socket *s, bool wanted);
/* As dtu_device_port.socket_send. After less than `len`, NET_WRITABLE comes when there is room. */
size_t net_send(struct net_socket *s, const uint8_t *data, size_t len);
/* How many bytes were read; 0: the connection has ended; -1: nothing there, or an error of UDP. */
ssize_t net_receive(struct net_socket *s, uint8_t *data, size_t size);
/* How many bytes can be read at once. */
size_t net_unread(const struct net_socket *s);
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

/* --- beacon.c: the UDP port of discovery ---------------------------------------------------- */

/* A request came, by broadcast or to `own_ip`, 4 bytes. Returns the length of the reply; 0: none.
 */
typedef size_t beacon_request(void *ctx, const uint8_t *own_ip, const uint8_t *data, size_t len,
                              uint8_t *reply, size_t size);

struct hall;

struct beacon {
    struct dtu_posix_loop *loop;
    beacon_request *request;
    void *ctx;
    struct beacon *next;
    struct hall *hall; /* NULL: it is closed */
    struct in_addr address;
    bool has_address;
    bool local_only;
    int fd; /* of its own address, if it has one */
    int watch;
};

/* False if the port cannot be had; errno says why. */
bool beacon_open(struct beacon *b, struct dtu_posix_loop *loop, const char *bind_address,
                 uint16_t port, bool local_only, beacon_request *request, void *ctx);
void beacon_close(struct beacon *b);

#endif
