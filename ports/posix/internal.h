/* SPDX-License-Identifier: MIT */
/* What the files of this port share among themselves. */
#ifndef DTU_POSIX_INTERNAL_H
#define DTU_POSIX_INTERNAL_H

#include "dtu/rfc2217.h"
#include "dtu_posix.h"

#include <netinet/in.h>
#include <sys/types.h>

/* --- serial.c: more of a UART that is a tty or a pty ---------------------------------------- */

/* How the driver has really set it, which may be other than it was asked to; a tty without lines,
 * such as a pty, has nothing to be set, and `uart` stays. */
void dtu_posix_serial_in_use(const struct dtu_posix_serial *s, struct dtu_uart *uart);
/* Bits of enum dtu_rfc2217_modem; false if the tty has no lines. */
bool dtu_posix_serial_lines(const struct dtu_posix_serial *s, unsigned *lines);
/* False if the tty has no such line, or cannot send a break. */
bool dtu_posix_serial_signal(struct dtu_posix_serial *s, enum dtu_rfc2217_signal signal, bool on);
/* Drops what is on its way: `what` is 1 to 3, of enum dtu_rfc2217_purge. */
void dtu_posix_serial_purge(struct dtu_posix_serial *s, unsigned what);

/* --- net.c: a TCP client, a UDP client or a UDP server -------------------------------------- */

enum net_event {
    NET_OPENED,   /* it can be used */
    NET_FAILED,   /* it could not be opened; `text` says why */
    NET_READABLE, /* bytes, or the end of the connection, can be read */
    NET_WRITABLE, /* there is room again */
    NET_ENDED,    /* the connection is over and nothing is left to read; only while nobody reads */
    NET_CLIENTS   /* of a TCP server: how many there are has changed; `text`, if any: who was closed
                    and why */
};

/* `text` is NULL where nothing is said of it here. */
typedef void net_on_event(void *ctx, enum net_event event, const char *text);

enum net_state { NET_CLOSED, NET_RESOLVING, NET_CONNECTING, NET_LISTENING, NET_OPEN };

struct net_job;

struct net_socket {
    struct dtu_posix_loop *loop;
    net_on_event *event;
    void *ctx;
    const char *bind_address; /* NULL: any */
    enum net_state state;
    bool is_udp;
    bool want_write;
    bool want_read;
    bool hung_up; /* poll would say so for ever: it is asked again when somebody reads */
    int fd;
    int watch;
    bool is_udp_server;
    struct sockaddr_in peer; /* of a UDP socket that hears anyone: who is sent to */
    bool hears_anyone;
    bool refused; /* a datagram that was taken; see dtu_posix_net_take_refusal() */
    struct dtu_keepalive keepalive;
    struct net_job *job;        /* a name that is being resolved */
    struct addrinfo *addresses; /* to be tried */
    struct addrinfo *address;   /* that is being tried */
};

/* The resolver's threads report to the loop through a pipe, one for the process. */
bool dtu_posix_net_resolver_open(struct dtu_posix_loop *loop);
void dtu_posix_net_resolver_close(struct dtu_posix_loop *loop);

void dtu_posix_net_init(struct net_socket *s, struct dtu_posix_loop *loop, const char *bind_address,
                        net_on_event *event, void *ctx);
/* False if it cannot even be tried; of a server errno says why. The outcome comes as an event,
 * never from inside: of a server, when somebody has sent something. */
bool dtu_posix_net_open(struct net_socket *s, const struct dtu_socket_target *target);
/* Closes it; returns how many bytes of TCP the other side has not acknowledged. */
uint32_t dtu_posix_net_close(struct net_socket *s);
/* As dtu_device_port.socket_send. After less than `len`, NET_WRITABLE comes when there is room. */
size_t dtu_posix_net_send(struct net_socket *s, const uint8_t *data, size_t len);
/* Whether a datagram was refused since the last call. */
bool dtu_posix_net_take_refusal(struct net_socket *s);
/* How many bytes were read; 0: the connection has ended; -1: nothing there, or an error of UDP. */
ssize_t dtu_posix_net_receive(struct net_socket *s, uint8_t *data, size_t size);
/* Whether NET_READABLE is wanted. */
void dtu_posix_net_want_read(struct net_socket *s, bool wanted);

/* No address means any. False if it cannot be had; errno says why. */
bool dtu_posix_net_bind(int fd, const char *address, uint16_t port);
/* How many bytes that were sent over TCP the other side has not acknowledged. */
uint32_t dtu_posix_net_unacknowledged(int fd);

/* --- net_server.c: a TCP server with several clients ---------------------------------------- */

enum { NET_CLIENTS_MAX = 16, NET_CLIENTS_DEFAULT = 4 };

struct net_client;

/* To its owner it is one connection, that of all clients: open while there is one. */
struct net_server {
    struct dtu_posix_loop *loop;
    net_on_event *event;
    void *ctx;
    const char *bind_address;                        /* NULL: any */
    unsigned max_clients;                            /* 1 to NET_CLIENTS_MAX */
    struct net_client *clients[NET_CLIENTS_MAX + 1]; /* the oldest first */
    unsigned count;
    unsigned turn; /* who is read next */
    bool want_read;
    bool waiting;     /* a queue was full, and nothing is taken until all are empty */
    bool held;        /* and some are empty */
    uint32_t held_ms; /* since when */
    struct dtu_posix_timer timer;
    uint32_t lost; /* bytes that were taken and have not reached a client that is gone */
    uint32_t slow; /* clients that were closed since they were too slow */
    int listener;  /* open between its connections too */
    int listener_watch;
};

void dtu_posix_net_server_init(struct net_server *s, struct dtu_posix_loop *loop,
                               const char *bind_address, unsigned max_clients, net_on_event *event,
                               void *ctx);
/* Listens; NET_OPENED comes with the first client. False if it cannot; errno says why. The port
 * counts after dtu_posix_net_server_close() only. */
bool dtu_posix_net_server_open(struct net_server *s, uint16_t port);
/* Ends all connections; returns how many bytes did not reach their client since the first came. It
 * goes on listening, so that nobody is refused until it is opened again. */
uint32_t dtu_posix_net_server_hang_up(struct net_server *s);
/* Closes everything. */
void dtu_posix_net_server_close(struct net_server *s);
/* Sends to all clients; as dtu_device_port.socket_send. Each has a queue of 64 KiB. If one is full
 * nothing is taken until all are empty; but a client that has got everything waits no longer than a
 * second for others: those who have not by then are closed, and NET_CLIENTS says so. */
size_t dtu_posix_net_server_send(struct net_server *s, const uint8_t *data, size_t len);
/* What one client sent, they take turns. How many bytes; 0: the last client is gone; -1: nothing
 * there. NET_CLIENTS may come from inside. */
ssize_t dtu_posix_net_server_receive(struct net_server *s, uint8_t *data, size_t size);
/* Whether NET_READABLE is wanted. */
void dtu_posix_net_server_want_read(struct net_server *s, bool wanted);

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
bool dtu_posix_net_listen(struct net_listener *l, struct dtu_posix_loop *loop,
                          const char *bind_address, uint16_t port, net_datagram *datagram,
                          void *ctx);
void dtu_posix_net_stop_listening(struct net_listener *l);
void dtu_posix_net_answer(struct net_listener *l, const struct dtu_peer *peer, const uint8_t *data,
                          size_t len);

/* --- com_port.c: the UART by RFC 2217 ------------------------------------------------------- */

/* What it asks of its owner. */
struct com_port_calls {
    /* A client has come, and the UART is his; `uart` becomes how it is set. */
    void (*came)(void *ctx, struct dtu_uart *uart);
    /* Bytes for the UART; returns how many were taken. */
    size_t (*write)(void *ctx, const uint8_t *data, size_t len);
    /* The client wants the UART so; `uart` becomes what is in use. */
    void (*set)(void *ctx, struct dtu_uart *uart);
    /* The client is gone, and `lost` bytes of the UART have not reached it. */
    void (*left)(void *ctx, size_t lost);
    /* Something has happened: go on, with dtu_posix_com_port_go_on() too. */
    void (*event)(void *ctx);
};

struct com_port_client;

struct com_port {
    struct dtu_posix_loop *loop;
    const struct com_port_calls *calls;
    void *ctx;
    struct dtu_posix_serial *serial;
    int listener; /* -1: closed */
    int listener_watch;
    struct com_port_client *client; /* NULL: the UART is the owner's */
};

/* False if the port cannot be had; errno says why. */
bool dtu_posix_com_port_open(struct com_port *c, uint16_t port, const char *bind_address);
void dtu_posix_com_port_close(struct com_port *c);
/* Whether the UART is a client's. */
bool dtu_posix_com_port_has_client(const struct com_port *c);
/* Goes on with what waited for room at the UART or at the client. */
void dtu_posix_com_port_go_on(struct com_port *c);
/* The tty is another one: its lines are looked at. */
void dtu_posix_com_port_look(struct com_port *c);
/* Whether bytes of the UART are wanted; only while there is a client. */
bool dtu_posix_com_port_wants(const struct com_port *c);
/* Bytes of the UART, at most COM_PORT_READ after dtu_posix_com_port_wants(). */
void dtu_posix_com_port_give(struct com_port *c, const uint8_t *data, size_t len);
enum { COM_PORT_READ = 16384 };

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
bool dtu_posix_beacon_open(struct beacon *b, struct dtu_posix_loop *loop, const char *bind_address,
                           uint16_t port, bool local_only, beacon_request *request, void *ctx);
void dtu_posix_beacon_close(struct beacon *b);

#endif
