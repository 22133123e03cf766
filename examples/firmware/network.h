/* SPDX-License-Identifier: MIT */
/* The sockets of the module, which are in another chip behind a UART: frames of the socket
 * distribution protocol carry data both ways, and between them what a socket is to do and what
 * became of it. docs/firmware.md has the bytes.
 *
 * Of each socket one frame of data is on its way in each direction at most; the next follows when
 * the other side has said that it has handed it on. So nobody sends what has no room, and a socket
 * that cannot go on holds up no other one. */
#ifndef NETWORK_H
#define NETWORK_H

#include "mps2.h"

#include "dtu/device.h"

/* Data in a frame from the network at most: a packet of Ethernet. */
#define NETWORK_DATA_MAX 1472

/* Data in a frame to the network at most, and the frame. */
#define NETWORK_SEND_MAX (DTU_SDP_FRAME_MAX - DTU_SDP_OVERHEAD)

struct network_socket {
    uint8_t state;   /* enum socket_state of network.c */
    uint8_t number;  /* of the connection: frames of an earlier one are not for this one */
    uint8_t due;     /* bits: control frames that wait for room in the UART */
    bool is_unheard; /* data was sent, and the network has not said yet that it handed it on */
    bool wants_room; /* the device was told that there is none */
    bool has_ended;  /* when what came before has been handed on, it is told */
    size_t sent_len; /* bytes of the frame that is unheard */
    struct dtu_socket_target target;
    uint8_t data[NETWORK_DATA_MAX]; /* a frame of the network's, as long as the device wants it */
    size_t at;
    size_t len;
};

struct network_stats {
    uint32_t stale;    /* frames of connections that are over */
    uint32_t unknown;  /* frames that make no sense */
    uint32_t too_long; /* datagrams dropped, for no frame holds them */
    uint32_t restarts; /* times that this side began anew for damage */
};

/* Private, but for `stats` and `decoder.stats`. */
struct network {
    struct mps2_uart *uart;
    struct dtu_device *device;
    struct dtu_sdp decoder;
    struct dtu_sdp_config decoder_config;
    uint8_t buffer[NETWORK_DATA_MAX + DTU_SDP_OVERHEAD];
    struct network_socket sockets[DTU_SDP_SOCKETS];
    bool is_attached; /* the network knows of us */
    bool is_greeted;  /* hello is out */
    bool is_damaged;  /* something came that is no frame */
    uint32_t hello_ms;
    uint32_t heard_ms;
    uint32_t now_ms;
    uint8_t ip[4];
    uint32_t time_s;  /* local time when the network told it, from 2000 on */
    uint32_t time_ms; /* and when that was */
    int8_t zone;      /* quarters of an hour that it is ahead of UTC */
    struct network_stats stats;
};

/* `uart` is open, with a tx ring of DTU_SDP_FRAME_MAX bytes at least. */
void network_init(struct network *n, struct mps2_uart *uart, struct dtu_device *device);

/* What the device asks of a port: see struct dtu_device_port. */
bool network_open(struct network *n, unsigned socket, const struct dtu_socket_target *target);
size_t network_send(struct network *n, unsigned socket, const uint8_t *data, size_t len);
void network_close(struct network *n, unsigned socket);

/* Does what is to be done: takes what the UART has, tells the device, sends what is due. True if
 * anything moved. */
bool network_poll(struct network *n, uint32_t now);

/* The local time in seconds since the beginning of 2000, as the network has told it; nonsense
 * before it has. */
uint32_t network_time(const struct network *n, uint32_t now);

/* Milliseconds until it wants a poll though nothing comes, or DTU_NEVER. */
uint32_t network_next(const struct network *n, uint32_t now);

#endif
