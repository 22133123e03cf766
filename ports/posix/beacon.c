/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* struct in_pktinfo */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A search is a broadcast, and only a socket that is bound to no address hears those. All modules
 * of a process share one for each port; what is sent to the address of a module that has one comes
 * to a socket of its own. */
struct hall {
    struct hall *next;
    struct dtu_posix_loop *loop;
    struct beacon *members;
    uint16_t port;
    int fd;
    int watch;
};

static struct hall *halls;

/* One datagram and where it went. */
struct arrival {
    uint8_t data[512]; /* a request is much shorter */
    size_t len;
    struct sockaddr_in from;
    struct in_addr own; /* the address of this machine that it came to */
    bool broadcast;
    bool neighbour; /* the sender is on a network that this machine is on too; */
    bool looked;    /* if that was looked up */
};

static bool receive(int fd, struct arrival *a)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control;
    struct iovec part = {a->data, sizeof a->data};
    struct msghdr m = {.msg_name = &a->from,
                       .msg_namelen = sizeof a->from,
                       .msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    struct in_pktinfo info = {0};

    ssize_t n = recvmsg(fd, &m, 0);
    if (n < 0 || (m.msg_flags & MSG_TRUNC) != 0 || m.msg_namelen < sizeof a->from)
        return false;
    a->len = (size_t)n;
    a->looked = false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c))
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
            memcpy(&info, CMSG_DATA(c), sizeof info);
    a->own = info.ipi_spec_dst;
    a->broadcast = info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr;
    return true;
}

/* From the address that was asked, as far as one was. */
static void answer(int fd, const struct arrival *a, uint8_t *data, size_t len)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control = {.bytes = {0}};
    struct in_pktinfo info = {.ipi_spec_dst = a->own};
    struct sockaddr_in to = a->from;
    struct iovec part = {data, len};
    struct msghdr m = {.msg_name = &to,
                       .msg_namelen = sizeof to,
                       .msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    (void)!sendmsg(fd, &m, 0); /* what cannot be sent is lost, as any datagram may be */
}

static bool find_network(const struct arrival *a)
{
    struct ifaddrs *all;
    bool found = false;

    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next) {
        if (i->ifa_addr == NULL || i->ifa_netmask == NULL || i->ifa_addr->sa_family != AF_INET)
            continue;
        const struct sockaddr_in *ip = (const struct sockaddr_in *)(const void *)i->ifa_addr;
        const struct sockaddr_in *mask = (const struct sockaddr_in *)(const void *)i->ifa_netmask;
        found = dtu_discovery_is_local((const uint8_t *)&a->from.sin_addr,
                                       (const uint8_t *)&ip->sin_addr,
                                       (const uint8_t *)&mask->sin_addr);
    }
    freeifaddrs(all);
    return found;
}

/* Once for all members of a hall. */
static bool is_neighbour(struct arrival *a)
{
    if (!a->looked)
        a->neighbour = find_network(a);
    a->looked = true;
    return a->neighbour;
}

/* A member answers from its own address, whatever the way a datagram came. */
static void serve(struct beacon *b, int fd, struct arrival *a)
{
    uint8_t reply[DTU_DISCOVERY_READ_LEN];

    if (b->local_only && !is_neighbour(a))
        return;
    if (b->has_address)
        a->own = b->address;
    size_t len = b->request(b->ctx, (const uint8_t *)&a->own, a->data, a->len, reply, sizeof reply);
    if (len > 0)
        answer(fd, a, reply, len);
}

static void on_own(void *ctx, short revents)
{
    struct beacon *b = ctx;
    struct arrival a;
    (void)revents;
    if (receive(b->fd, &a))
        serve(b, b->fd, &a);
}

static void on_hall(void *ctx, short revents)
{
    struct hall *h = ctx;
    struct arrival a;
    (void)revents;
    if (!receive(h->fd, &a))
        return;
    const struct in_addr own = a.own;
    for (struct beacon *b = h->members; b != NULL; b = b->next) {
        a.own = own;
        if (!b->has_address)
            serve(b, h->fd, &a);
        else if (a.broadcast) /* what is for one address comes to its own socket */
            serve(b, b->fd, &a);
    }
}

/* Any number of sockets may share the port for broadcasts. */
static int open_port(struct in_addr address, uint16_t port)
{
    int on = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0 &&
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

static void watch_for_input(struct dtu_posix_loop *loop, int watch)
{
    dtu_posix_watch_for(loop, watch, POLLIN);
}

static struct hall *find_hall(struct dtu_posix_loop *loop, uint16_t port)
{
    struct hall *h = halls;
    while (h != NULL && !(h->loop == loop && h->port == port))
        h = h->next;
    return h;
}

static struct hall *make_hall(struct dtu_posix_loop *loop, uint16_t port)
{
    struct hall *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->loop = loop;
    h->port = port;
    h->fd = open_port((struct in_addr){INADDR_ANY}, port);
    h->watch = h->fd >= 0 ? dtu_posix_watch(loop, h->fd, on_hall, h) : -1;
    if (h->watch < 0) {
        int reason = errno;
        if (h->fd >= 0)
            close(h->fd);
        free(h);
        errno = reason;
        return NULL;
    }
    watch_for_input(loop, h->watch);
    h->next = halls;
    halls = h;
    return h;
}

static void leave_hall(struct beacon *b)
{
    struct hall *h = b->hall;
    struct beacon **at = &h->members;
    struct hall **place = &halls;

    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    b->hall = NULL;
    if (h->members != NULL)
        return;
    while (*place != h)
        place = &(*place)->next;
    *place = h->next;
    dtu_posix_unwatch(h->loop, h->watch);
    close(h->fd);
    free(h);
}

static bool open_own(struct beacon *b, uint16_t port)
{
    b->fd = open_port(b->address, port);
    b->watch = b->fd >= 0 ? dtu_posix_watch(b->loop, b->fd, on_own, b) : -1;
    if (b->watch >= 0)
        watch_for_input(b->loop, b->watch);
    return b->watch >= 0;
}

bool dtu_posix_beacon_open(struct beacon *b, struct dtu_posix_loop *loop, const char *bind_address,
                           uint16_t port, bool local_only, beacon_request *request, void *ctx)
{
    *b = (struct beacon){.loop = loop,
                         .request = request,
                         .ctx = ctx,
                         .local_only = local_only,
                         .has_address = bind_address != NULL,
                         .fd = -1,
                         .watch = -1};
    if (b->has_address && inet_pton(AF_INET, bind_address, &b->address) != 1) {
        errno = EINVAL;
        return false;
    }
    if (b->address.s_addr == htonl(INADDR_ANY)) /* which is none of its own */
        b->has_address = false;
    b->hall = find_hall(loop, port);
    if (b->hall == NULL)
        b->hall = make_hall(loop, port);
    if (b->hall == NULL)
        return false;
    b->next = b->hall->members;
    b->hall->members = b;
    if (!b->has_address || open_own(b, port))
        return true;
    int reason = errno;
    dtu_posix_beacon_close(b);
    errno = reason;
    return false;
}

void dtu_posix_beacon_close(struct beacon *b)
{
    if (b->hall != NULL)
        leave_hall(b);
    dtu_posix_unwatch(b->loop, b->watch);
    if (b->fd >= 0)
        close(b->fd);
    b->watch = -1;
    b->fd = -1;
}
