/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_NET_H
#define DTUCTL_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

enum { NET_TARGETS = 32 };

struct net_target {
    struct in_addr to;
    unsigned interface; /* by which it leaves; 0: as the routes say */
};

/* A UDP socket, and where a broadcast goes. */
struct net {
    int fd;
    uint16_t port;                          /* of the modules */
    struct net_target targets[NET_TARGETS]; /* of a broadcast */
    size_t target_count;
};

enum net_event {
    NET_DATAGRAM,
    NET_TIMEOUT,
    NET_STOPPED, /* by a signal */
    NET_FAILED   /* a message was printed */
};

/* False if it cannot be, and a message was printed. */
bool net_open(struct net *net, const struct options *o);
void net_close(struct net *net);

/* Opens, runs a command that returns the exit status, and closes. */
int net_run(const struct options *o, int (*command)(struct net *net, const struct options *o));

/* Sends to one address; false and errno if it cannot be sent. */
bool net_send(const struct net *net, struct in_addr to, const uint8_t *data, size_t len);

/* Sends to all that a broadcast goes to; false and errno if none can be sent to. */
bool net_broadcast(const struct net *net, const uint8_t *data, size_t len);

/* Adds one to what a broadcast goes to, if it is not among them. */
void net_add_target(struct net *net, struct in_addr to);

/* Milliseconds of a clock that nobody sets. */
int64_t net_now(void);

/* Waits for a datagram until net_now() is `end`; what has come by then is given a little later too,
 * but a flood keeps nobody. One that is longer than `size` is ignored. */
enum net_event net_receive(const struct net *net, uint8_t *data, size_t size, size_t *len,
                           struct sockaddr_in *from, int64_t end);

/* Lets time pass, till `end`. */
enum net_event net_pause(int64_t end);

#endif
