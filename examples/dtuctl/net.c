/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* struct in_pktinfo */
#include "net.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "stop.h"

/* Room for the answers of some hundreds of modules that all answer at once. */
enum { RECEIVE_BUFFER = 1 << 20 };

/* How long after the end of a wait what has come by then is still taken. */
enum { LATE_MS = 100 };

static void add_target(struct net *net, struct in_addr to, unsigned interface)
{
    for (size_t i = 0; i < net->target_count; i++)
        if (net->targets[i].to.s_addr == to.s_addr && net->targets[i].interface == interface)
            return;
    if (net->target_count < NET_TARGETS)
        net->targets[net->target_count++] = (struct net_target){to, interface};
}

void net_add_target(struct net *net, struct in_addr to)
{
    add_target(net, to, 0);
}

static in_addr_t address_of(const struct sockaddr *s)
{
    struct sockaddr_in address;
    memcpy(&address, s, sizeof address);
    return address.sin_addr.s_addr;
}

/* By routes alone 255.255.255.255 leaves by one interface, if there is a route at all; but it is
 * what a module with an address of another network hears. Some systems hear only the broadcast
 * address of their own network. */
static void add_interfaces(struct net *net)
{
    struct ifaddrs *list;

    if (getifaddrs(&list) != 0)
        return;
    for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
        bool can = (i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & IFF_BROADCAST) != 0;
        if (!can || i->ifa_addr == NULL || i->ifa_netmask == NULL ||
            i->ifa_addr->sa_family != AF_INET)
            continue;
        unsigned interface = if_nametoindex(i->ifa_name);
        in_addr_t everybody = address_of(i->ifa_addr) | ~address_of(i->ifa_netmask);
        add_target(net, (struct in_addr){htonl(INADDR_BROADCAST)}, interface);
        add_target(net, (struct in_addr){everybody}, interface);
    }
    freeifaddrs(list);
}

static void find_targets(struct net *net, const struct options *o)
{
    if (o->to.given) {
        net_add_target(net, o->to.ip);
        return;
    }
    add_interfaces(net);
    if (net->target_count == 0)
        net_add_target(net, (struct in_addr){htonl(INADDR_BROADCAST)});
}

bool net_open(struct net *net, const struct options *o)
{
    const int on = 1, size = RECEIVE_BUFFER;

    *net = (struct net){.port = (uint16_t)o->port};
    net->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (net->fd < 0 || setsockopt(net->fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0) {
        complain("no UDP socket: %s", strerror(errno));
        return false;
    }
    /* The system may give less. */
    (void)setsockopt(net->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    find_targets(net, o);
    return true;
}

void net_close(struct net *net)
{
    if (net->fd >= 0)
        close(net->fd);
    net->fd = -1;
}

int net_run(const struct options *o, int (*command)(struct net *net, const struct options *o))
{
    struct net net;
    int status = net_open(&net, o) ? command(&net, o) : STATUS_REFUSED;
    net_close(&net);
    return status;
}

static bool send_by(const struct net *net, const struct net_target *target, const uint8_t *data,
                    size_t len)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(net->port), .sin_addr = target->to};
    struct iovec part = {(void *)data, len};
    const struct in_pktinfo info = {.ipi_ifindex = (int)target->interface};
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control = {.bytes = {0}};
    struct msghdr message = {.msg_name = &address,
                             .msg_namelen = sizeof address,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    ssize_t sent;

    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    do
        sent = sendmsg(net->fd, &message, 0);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)len;
}

bool net_send(const struct net *net, struct in_addr to, const uint8_t *data, size_t len)
{
    const struct net_target target = {to, 0};
    return send_by(net, &target, data, len);
}

bool net_broadcast(const struct net *net, const uint8_t *data, size_t len)
{
    bool any = false;
    int reason = 0;

    for (size_t i = 0; i < net->target_count; i++) {
        if (send_by(net, &net->targets[i], data, len))
            any = true;
        else
            reason = errno;
    }
    errno = reason;
    return any;
}

int64_t net_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until one of the files has something to read; -1 is none. */
static enum net_event wait_for(int fd, int64_t end)
{
    struct pollfd files[] = {{.fd = stop_fd(), .events = POLLIN}, {.fd = fd, .events = POLLIN}};

    for (;;) {
        int64_t left = end - net_now();
        if (left < -LATE_MS)
            return NET_TIMEOUT;
        int ready = poll(files, 2, left > 0 ? (int)left : 0);
        if (stop_signal() != 0)
            return NET_STOPPED;
        if (ready > 0)
            return NET_DATAGRAM;
        if (ready == 0 && net_now() >= end)
            return NET_TIMEOUT;
        if (ready < 0 && errno != EINTR) {
            complain("poll: %s", strerror(errno));
            return NET_FAILED;
        }
    }
}

enum net_event net_receive(const struct net *net, uint8_t *data, size_t size, size_t *len,
                           struct sockaddr_in *from, int64_t end)
{
    for (;;) {
        enum net_event event = wait_for(net->fd, end);
        if (event != NET_DATAGRAM)
            return event;
        /* One byte more than is wanted tells one that is too long. */
        struct iovec parts[] = {{data, size}, {&(uint8_t){0}, 1}};
        struct msghdr message = {
            .msg_name = from, .msg_namelen = sizeof *from, .msg_iov = parts, .msg_iovlen = 2};
        ssize_t got = recvmsg(net->fd, &message, 0);
        if (got >= 0 && (size_t)got <= size) {
            *len = (size_t)got;
            return NET_DATAGRAM;
        }
    }
}

enum net_event net_pause(int64_t end)
{
    return wait_for(-1, end);
}
