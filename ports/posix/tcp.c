/* SPDX-License-Identifier: MIT */
/* The TCP client of net.c, for programs without a module. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* A peer that has gone without a word is found within a minute. */
static const struct dtu_keepalive keepalive = {
    .on = true, .idle_s = 30, .interval_s = 10, .count = 3};

struct dtu_posix_tcp {
    struct net_socket net;
    dtu_posix_tcp_on_event *event;
    void *ctx;
};

static void on_event(void *ctx, enum net_event event, const char *text)
{
    struct dtu_posix_tcp *t = ctx;
    switch (event) {
    case NET_OPENED:
        t->event(t->ctx, DTU_POSIX_TCP_OPENED, NULL);
        break;
    case NET_FAILED:
        t->event(t->ctx, DTU_POSIX_TCP_FAILED, text);
        break;
    case NET_READABLE:
        t->event(t->ctx, DTU_POSIX_TCP_READABLE, NULL);
        break;
    case NET_WRITABLE:
        t->event(t->ctx, DTU_POSIX_TCP_WRITABLE, NULL);
        break;
    case NET_ENDED:
        t->event(t->ctx, DTU_POSIX_TCP_ENDED, NULL);
        break;
    case NET_CLIENTS: /* of servers alone */
        break;
    }
}

struct dtu_posix_tcp *dtu_posix_tcp_open(struct dtu_posix_loop *loop, dtu_posix_tcp_on_event *event,
                                         void *ctx)
{
    struct dtu_posix_tcp *t = calloc(1, sizeof *t);
    if (t == NULL || !dtu_posix_net_resolver_open(loop)) {
        free(t);
        return NULL;
    }
    t->event = event;
    t->ctx = ctx;
    dtu_posix_net_init(&t->net, loop, NULL, on_event, t);
    return t;
}

void dtu_posix_tcp_close(struct dtu_posix_tcp *t)
{
    if (t == NULL)
        return;
    (void)dtu_posix_net_close(&t->net);
    dtu_posix_net_resolver_close(t->net.loop);
    free(t);
}

bool dtu_posix_tcp_connect(struct dtu_posix_tcp *t, const char *host, uint16_t port)
{
    struct dtu_socket_target target = {.kind = DTU_SOCKET_TCP_CLIENT,
                                       .host = (const uint8_t *)host,
                                       .host_len = strlen(host),
                                       .port = port,
                                       .keepalive = keepalive};
    return dtu_posix_net_open(&t->net, &target);
}

uint32_t dtu_posix_tcp_disconnect(struct dtu_posix_tcp *t)
{
    return dtu_posix_net_close(&t->net);
}

size_t dtu_posix_tcp_send(struct dtu_posix_tcp *t, const uint8_t *data, size_t len)
{
    return dtu_posix_net_send(&t->net, data, len);
}

ssize_t dtu_posix_tcp_receive(struct dtu_posix_tcp *t, uint8_t *data, size_t size)
{
    return dtu_posix_net_receive(&t->net, data, size);
}

void dtu_posix_tcp_want_read(struct dtu_posix_tcp *t, bool wanted)
{
    dtu_posix_net_want_read(&t->net, wanted);
}
