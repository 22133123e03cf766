/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* POLLRDHUP */
#include "internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

/* --- Names ---------------------------------------------------------------------------------- */

/* A name on its way to addresses. A thread has it until it is written to the pipe. */
struct net_job {
    struct net_job *next;     /* that needs no thread */
    struct net_socket *owner; /* NULL: nobody waits any more */
    bool is_udp;
    int answer; /* where the thread writes its job's address */
    char host[256];
    char service[6];
    int error; /* of getaddrinfo */
    struct addrinfo *addresses;
};

/* One for the process, for threads do not end with the module that began them. */
static struct {
    struct dtu_posix_loop *loop;
    unsigned users;
    int pipe[2];
    int watch;
    struct dtu_posix_timer timer;
    struct net_job *known; /* addresses that were given as such, the oldest first */
    struct net_job *last_known;
} resolver = {.pipe = {-1, -1}, .watch = -1};

static struct addrinfo hints(bool is_udp, int flags)
{
    struct addrinfo h;
    memset(&h, 0, sizeof h);
    h.ai_family = AF_INET;
    h.ai_socktype = is_udp ? SOCK_DGRAM : SOCK_STREAM;
    h.ai_flags = flags;
    return h;
}

static void *resolve(void *arg)
{
    struct net_job *job = arg;
    struct addrinfo h = hints(job->is_udp, 0);
    job->error = getaddrinfo(job->host, job->service, &h, &job->addresses);
    ssize_t n;
    do /* a pointer goes into a pipe as a whole or not at all */
        n = write(job->answer, &job, sizeof job);
    while (n < 0 && errno == EINTR);
    return NULL;
}

static void free_job(struct net_job *job)
{
    if (job->addresses != NULL)
        freeaddrinfo(job->addresses);
    free(job);
}

static void try_next_address(struct net_socket *s, const char *reason);

static void finish_job(struct net_job *job)
{
    struct net_socket *s = job->owner;
    if (s != NULL) {
        s->job = NULL;
        s->addresses = job->addresses;
        s->address = job->addresses;
        job->addresses = NULL;
        try_next_address(s, job->error != 0 ? gai_strerror(job->error) : "no address");
    }
    free_job(job);
}

static void on_answer(void *ctx, short revents)
{
    struct net_job *job;
    (void)ctx;
    (void)revents;
    while (read(resolver.pipe[0], &job, sizeof job) == (ssize_t)sizeof job)
        finish_job(job);
}

/* What is known goes the same way as a name, only not through the pipe: if that were full, nobody
 * would read it. */
static void add_known(struct net_job *job)
{
    if (resolver.known == NULL)
        resolver.known = job;
    else
        resolver.last_known->next = job;
    resolver.last_known = job;
}

static struct net_job *take_known(void)
{
    struct net_job *job = resolver.known;
    resolver.known = job->next;
    return job;
}

static uint32_t known_next(void *ctx, uint32_t now)
{
    (void)ctx;
    (void)now;
    return resolver.known != NULL ? 0 : DTU_NEVER;
}

static void known_poll(void *ctx, uint32_t now)
{
    const struct net_job *last = resolver.last_known; /* those that come meanwhile are for later */
    bool more = true;
    (void)ctx;
    (void)now;
    while (more) {
        struct net_job *job = take_known();
        more = job != last;
        finish_job(job);
    }
}

bool dtu_posix_net_resolver_open(struct dtu_posix_loop *loop)
{
    if (resolver.users > 0 && resolver.loop != loop) {
        errno = EBUSY;
        return false;
    }
    if (resolver.users++ > 0)
        return true;
    resolver.loop = loop;
    if (resolver.pipe[0] < 0 && pipe(resolver.pipe) != 0) { /* it stays open: see below */
        resolver.users = 0;
        return false;
    }
    fcntl(resolver.pipe[0], F_SETFL, O_NONBLOCK);
    fcntl(resolver.pipe[0], F_SETFD, FD_CLOEXEC);
    fcntl(resolver.pipe[1], F_SETFD, FD_CLOEXEC);
    resolver.watch = dtu_posix_watch(loop, resolver.pipe[0], on_answer, NULL);
    if (resolver.watch < 0) {
        resolver.users = 0;
        return false;
    }
    dtu_posix_watch_for(loop, resolver.watch, POLLIN);
    resolver.timer = (struct dtu_posix_timer){known_next, known_poll, NULL, NULL};
    dtu_posix_timer_add(loop, &resolver.timer);
    return true;
}

/* The pipe stays open: a thread that is still at work writes to it. */
void dtu_posix_net_resolver_close(struct dtu_posix_loop *loop)
{
    if (--resolver.users > 0)
        return;
    dtu_posix_unwatch(loop, resolver.watch);
    dtu_posix_timer_remove(loop, &resolver.timer);
    while (resolver.known != NULL)
        free_job(take_known());
    resolver.watch = -1;
}

static bool start_thread(struct net_job *job)
{
    pthread_t thread;
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    bool good = pthread_create(&thread, &attr, resolve, job) == 0;
    pthread_attr_destroy(&attr);
    return good;
}

/* --- Opening -------------------------------------------------------------------------------- */

void dtu_posix_net_init(struct net_socket *s, struct dtu_posix_loop *loop, const char *bind_address,
                        net_on_event *event, void *ctx)
{
    *s = (struct net_socket){.loop = loop,
                             .event = event,
                             .ctx = ctx,
                             .bind_address = bind_address,
                             .fd = -1,
                             .watch = -1};
}

#ifndef POLLRDHUP
#define POLLRDHUP 0 /* elsewhere the end of a connection is found when somebody reads */
#endif

static void update_watch(struct net_socket *s)
{
    short events = 0;
    if (s->state == NET_OPEN && !s->is_udp && !s->hung_up)
        events |= POLLRDHUP;
    if (s->want_read)
        events |= POLLIN;
    if (s->want_write && !s->hung_up)
        events |= POLLOUT;
    if (s->watch >= 0)
        dtu_posix_watch_for(s->loop, s->watch, events);
}

static void drop_fd(struct net_socket *s)
{
    dtu_posix_unwatch(s->loop, s->watch);
    if (s->fd >= 0)
        close(s->fd);
    s->watch = -1;
    s->fd = -1;
}

static void free_addresses(struct net_socket *s)
{
    if (s->addresses != NULL)
        freeaddrinfo(s->addresses);
    s->addresses = NULL;
    s->address = NULL;
}

static void opened(struct net_socket *s)
{
    free_addresses(s);
    s->state = NET_OPEN;
    s->want_write = false;
    update_watch(s);
    s->event(s->ctx, NET_OPENED, NULL);
}

/* On the machine's own addresses, TCP can choose the port that it connects to as its own: then it
 * connects to itself, and nobody else listens there. */
static bool connected_to_itself(int fd)
{
    struct sockaddr_in own, peer;
    socklen_t own_len = sizeof own, peer_len = sizeof peer;
    return getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 &&
           own.sin_port == peer.sin_port && own.sin_addr.s_addr == peer.sin_addr.s_addr;
}

static void on_connected(struct net_socket *s)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error == 0 && connected_to_itself(s->fd))
        error = ECONNREFUSED;
    if (error == 0) {
        opened(s);
        return;
    }
    drop_fd(s);
    s->address = s->address->ai_next;
    try_next_address(s, strerror(error));
}

static bool nothing_to_read(struct net_socket *s)
{
    uint8_t byte;
    return recv(s->fd, &byte, 1, MSG_PEEK) <= 0;
}

/* Who has sent what will be read: what waits for somebody is sent before that. */
static bool find_peer(struct net_socket *s)
{
    socklen_t len = sizeof s->peer;
    uint8_t byte;
    return recvfrom(s->fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&s->peer, &len) >= 0;
}

static void on_ready(void *ctx, short revents)
{
    struct net_socket *s = ctx;
    if (s->state == NET_CONNECTING) {
        on_connected(s);
        return;
    }
    if (s->state == NET_LISTENING) { /* of UDP: now there is somebody to answer */
        if (find_peer(s))
            opened(s);
        return;
    }
    if ((revents & POLLOUT) != 0) {
        s->want_write = false;
        update_watch(s);
        s->event(s->ctx, NET_WRITABLE, NULL);
    }
    if (s->state != NET_OPEN || (revents & (POLLIN | POLLRDHUP | POLLERR | POLLHUP)) == 0)
        return;
    if (s->want_read) { /* which finds out about an error or a hang-up too */
        s->event(s->ctx, NET_READABLE, NULL);
        return;
    }
    s->hung_up = true;
    update_watch(s);
    if (!s->is_udp && nothing_to_read(s))
        s->event(s->ctx, NET_ENDED, NULL);
}

bool dtu_posix_net_bind(int fd, const char *address, uint16_t port)
{
    struct sockaddr_in a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    if (address != NULL && inet_pton(AF_INET, address, &a.sin_addr) != 1) {
        errno = EINVAL;
        return false;
    }
    return bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
}

static void set_keepalive(int fd, const struct dtu_keepalive *k)
{
    const struct {
        int option, value;
    } values[] = {
        {TCP_KEEPIDLE, k->idle_s}, {TCP_KEEPINTVL, k->interval_s}, {TCP_KEEPCNT, k->count}};
    int on = 1;

    if (!k->on || setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0)
        return;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i].value > 0) /* 0 is the system's own */
            setsockopt(fd, IPPROTO_TCP, values[i].option, &values[i].value, sizeof(int));
}

/* A peer that is a broadcast address answers from another one. */
static bool is_broadcast(const struct sockaddr_in *to)
{
    return (ntohl(to->sin_addr.s_addr) & 0xFF) == 0xFF;
}

/* A UDP socket that is not connected hears anyone. */
static bool may_connect(struct net_socket *s)
{
    if (!s->is_udp)
        return true;
    memcpy(&s->peer, s->address->ai_addr, sizeof s->peer);
    s->hears_anyone = s->hears_anyone || is_broadcast(&s->peer);
    return !s->hears_anyone;
}

/* Begins to connect to the present address. Gives errno, or 0 if it is under way or done. */
static int begin_connect(struct net_socket *s)
{
    int on = 1;
    int type = (s->is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    s->fd = socket(AF_INET, type, 0);
    if (s->fd < 0)
        return errno;
    if (s->is_udp)
        setsockopt(s->fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    else /* frames go out as they are packed: the packing time is delay enough */
        setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!s->is_udp)
        set_keepalive(s->fd, &s->keepalive);
    if (s->bind_address != NULL && !dtu_posix_net_bind(s->fd, s->bind_address, 0))
        return errno;
    if (may_connect(s) && connect(s->fd, s->address->ai_addr, s->address->ai_addrlen) != 0 &&
        errno != EINPROGRESS)
        return errno;
    s->watch = dtu_posix_watch(s->loop, s->fd, on_ready, s);
    return s->watch >= 0 ? 0 : ENOMEM;
}

/* Goes through the addresses until one can be connected to; tells why if none is left. */
static void try_next_address(struct net_socket *s, const char *reason)
{
    for (; s->address != NULL; s->address = s->address->ai_next) {
        int error = begin_connect(s);
        if (error == 0) {
            s->state = NET_CONNECTING;
            s->want_write = true;
            update_watch(s);
            return;
        }
        reason = strerror(error);
        drop_fd(s);
    }
    free_addresses(s);
    s->state = NET_CLOSED;
    s->event(s->ctx, NET_FAILED, reason);
}

/* --- UDP servers --------------------------------------------------------------------------------
 */

static bool open_udp_server(struct net_socket *s, uint16_t port)
{
    s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return false;
    if (dtu_posix_net_bind(s->fd, s->bind_address, port))
        s->watch = dtu_posix_watch(s->loop, s->fd, on_ready, s);
    if (s->watch < 0) {
        int reason = errno;
        drop_fd(s);
        errno = reason;
        return false;
    }
    s->state = NET_LISTENING;
    dtu_posix_watch_for(s->loop, s->watch, POLLIN);
    return true;
}

/* --- Clients -------------------------------------------------------------------------------- */

static bool open_client(struct net_socket *s, const struct dtu_socket_target *target)
{
    struct net_job *job = calloc(1, sizeof *job);
    if (job == NULL || target->host_len >= sizeof job->host) {
        free(job);
        return false;
    }
    memcpy(job->host, target->host, target->host_len);
    snprintf(job->service, sizeof job->service, "%u", (unsigned)target->port);
    job->is_udp = s->is_udp;
    job->owner = s;
    job->answer = resolver.pipe[1];
    s->job = job;
    s->state = NET_RESOLVING;
    struct addrinfo h = hints(s->is_udp, AI_NUMERICHOST);
    if (getaddrinfo(job->host, job->service, &h, &job->addresses) == 0) {
        add_known(job);
        return true;
    }
    if (start_thread(job))
        return true;
    s->job = NULL;
    s->state = NET_CLOSED;
    free_job(job);
    return false;
}

bool dtu_posix_net_open(struct net_socket *s, const struct dtu_socket_target *target)
{
    s->is_udp_server = target->kind == DTU_SOCKET_UDP_SERVER;
    s->is_udp = target->kind == DTU_SOCKET_UDP_CLIENT || s->is_udp_server;
    s->hears_anyone = s->is_udp_server || target->hears_anyone;
    s->keepalive = target->keepalive;
    s->refused = false;
    s->want_read = false;
    s->want_write = false;
    s->hung_up = false;
    if (s->is_udp_server)
        return open_udp_server(s, target->port);
    return open_client(s, target);
}

uint32_t dtu_posix_net_unacknowledged(int fd)
{
    int bytes = 0;
#ifdef SIOCOUTQ
    if (ioctl(fd, SIOCOUTQ, &bytes) != 0 || bytes < 0)
        bytes = 0;
#else
    (void)fd;
#endif
    return (uint32_t)bytes;
}

uint32_t dtu_posix_net_close(struct net_socket *s)
{
    uint32_t lost = s->state == NET_OPEN && !s->is_udp ? dtu_posix_net_unacknowledged(s->fd) : 0;
    if (s->job != NULL)
        s->job->owner = NULL; /* whoever has it will free it */
    s->job = NULL;
    drop_fd(s);
    free_addresses(s);
    s->state = NET_CLOSED;
    return lost;
}

/* --- Data ----------------------------------------------------------------------------------- */

static ssize_t send_some(struct net_socket *s, const uint8_t *data, size_t len)
{
    bool open = s->is_udp && s->hears_anyone;
    const struct sockaddr *to = open ? (const struct sockaddr *)&s->peer : NULL;
    ssize_t n;
    do
        n = sendto(s->fd, data, len, MSG_NOSIGNAL, to, to != NULL ? sizeof s->peer : 0);
    while (n < 0 && errno == EINTR);
    return n;
}

size_t dtu_posix_net_send(struct net_socket *s, const uint8_t *data, size_t len)
{
    if (s->state != NET_OPEN || s->want_write)
        return 0;
    ssize_t n = send_some(s, data, len);
    if (n < 0 && s->is_udp && errno == ECONNREFUSED) {
        s->refused = true; /* the news of an earlier one, told instead of sending this one */
        n = send_some(s, data, len);
    }
    size_t taken = n > 0 ? (size_t)n : 0;
    /* a refused datagram is gone, as any datagram may be; for TCP reading tells that it has ended
     */
    if (n < 0 && s->is_udp && errno != EAGAIN) {
        s->refused = true;
        return len;
    }
    if (taken < len) {
        s->want_write = true;
        update_watch(s);
    }
    return taken;
}

bool dtu_posix_net_take_refusal(struct net_socket *s)
{
    bool refused = s->refused;
    s->refused = false;
    return refused;
}

ssize_t dtu_posix_net_receive(struct net_socket *s, uint8_t *data, size_t size)
{
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    ssize_t n;
    do
        n = recvfrom(s->fd, data, size, 0, (struct sockaddr *)&from, &from_len);
    while (n < 0 && errno == EINTR);
    if (s->is_udp_server && n >= 0)
        s->peer = from;
    if (s->is_udp && n < 0 && errno != EAGAIN)
        s->refused = true; /* the news of an earlier one */
    if (s->is_udp)
        return n > 0 ? n : -1; /* an empty datagram, or the news that one was refused */
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0;
}

void dtu_posix_net_want_read(struct net_socket *s, bool wanted)
{
    if (s->state != NET_OPEN)
        return;
    s->want_read = wanted;
    if (wanted)
        s->hung_up = false;
    update_watch(s);
}

/* --- A UDP port that hears anyone ----------------------------------------------------------- */

static void on_listener(void *ctx, short revents)
{
    struct net_listener *l = ctx;
    uint8_t data[2048];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    struct dtu_peer peer;
    (void)revents;

    ssize_t n = recvfrom(l->fd, data, sizeof data, 0, (struct sockaddr *)&from, &from_len);
    if (n < 0 || from_len < sizeof from || from.sin_family != AF_INET)
        return;
    memcpy(peer.ip, &from.sin_addr, sizeof peer.ip);
    peer.port = ntohs(from.sin_port);
    l->datagram(l->ctx, &peer, data, (size_t)n);
}

bool dtu_posix_net_listen(struct net_listener *l, struct dtu_posix_loop *loop,
                          const char *bind_address, uint16_t port, net_datagram *datagram,
                          void *ctx)
{
    l->loop = loop;
    l->datagram = datagram;
    l->ctx = ctx;
    l->watch = -1;
    l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        return false;
    if (dtu_posix_net_bind(l->fd, bind_address, port))
        l->watch = dtu_posix_watch(loop, l->fd, on_listener, l);
    if (l->watch < 0) {
        int reason = errno;
        dtu_posix_net_stop_listening(l);
        errno = reason;
        return false;
    }
    dtu_posix_watch_for(loop, l->watch, POLLIN);
    return true;
}

void dtu_posix_net_stop_listening(struct net_listener *l)
{
    if (l->watch >= 0)
        dtu_posix_unwatch(l->loop, l->watch);
    if (l->fd >= 0)
        close(l->fd);
    l->watch = -1;
    l->fd = -1;
}

void dtu_posix_net_answer(struct net_listener *l, const struct dtu_peer *peer, const uint8_t *data,
                          size_t len)
{
    struct sockaddr_in to;
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_port = htons(peer->port);
    memcpy(&to.sin_addr, peer->ip, sizeof peer->ip);
    if (l->fd >= 0) /* what cannot be sent is lost, as any datagram may be */
        (void)!sendto(l->fd, data, len, 0, (struct sockaddr *)&to, sizeof to);
}
