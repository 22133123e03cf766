/* SPDX-License-Identifier: MIT */
#include "dtu_posix.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

struct watch {
    dtu_posix_ready *ready; /* NULL: this place is free */
    void *ctx;
    int fd;
};

struct dtu_posix_loop {
    struct pollfd *fds; /* side by side with watches; an fd below 0 is not looked at */
    struct watch *watches;
    size_t count;
    size_t capacity;
    struct dtu_posix_timer *timers;
    bool stop;
};

uint32_t dtu_posix_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)t.tv_sec * 1000 + (uint32_t)(t.tv_nsec / 1000000);
}

struct dtu_posix_loop *dtu_posix_loop_open(void)
{
    return calloc(1, sizeof(struct dtu_posix_loop));
}

void dtu_posix_loop_close(struct dtu_posix_loop *loop)
{
    if (loop == NULL)
        return;
    free(loop->fds);
    free(loop->watches);
    free(loop);
}

void dtu_posix_loop_stop(struct dtu_posix_loop *loop)
{
    loop->stop = true;
}

static bool grow(struct dtu_posix_loop *loop)
{
    size_t capacity = loop->capacity == 0 ? 16 : loop->capacity * 2;
    struct pollfd *fds = realloc(loop->fds, capacity * sizeof *fds);
    if (fds == NULL)
        return false;
    loop->fds = fds;
    struct watch *watches = realloc(loop->watches, capacity * sizeof *watches);
    if (watches == NULL)
        return false;
    loop->watches = watches;
    loop->capacity = capacity;
    return true;
}

int dtu_posix_watch(struct dtu_posix_loop *loop, int fd, dtu_posix_ready *ready, void *ctx)
{
    size_t i = 0;
    while (i < loop->count && loop->watches[i].ready != NULL)
        i++;
    if (i == loop->capacity && !grow(loop))
        return -1;
    if (i == loop->count)
        loop->count++;
    loop->watches[i] = (struct watch){ready, ctx, fd};
    loop->fds[i] = (struct pollfd){-1, 0, 0};
    return (int)i;
}

void dtu_posix_watch_for(struct dtu_posix_loop *loop, int watch, short events)
{
    loop->fds[watch].events = events;
    loop->fds[watch].fd = events != 0 ? loop->watches[watch].fd : -1;
}

void dtu_posix_unwatch(struct dtu_posix_loop *loop, int watch)
{
    if (watch < 0)
        return;
    loop->watches[watch].ready = NULL;
    loop->fds[watch] = (struct pollfd){-1, 0, 0};
}

void dtu_posix_timer_add(struct dtu_posix_loop *loop, struct dtu_posix_timer *timer)
{
    timer->link = loop->timers;
    loop->timers = timer;
}

void dtu_posix_timer_remove(struct dtu_posix_loop *loop, struct dtu_posix_timer *timer)
{
    struct dtu_posix_timer **at = &loop->timers;
    while (*at != NULL && *at != timer)
        at = &(*at)->link;
    if (*at != NULL)
        *at = timer->link;
}

/* Milliseconds for poll(2); -1 is for ever. */
static int sleep_ms(const struct dtu_posix_loop *loop)
{
    uint32_t now = dtu_posix_now();
    uint32_t least = DTU_NEVER;
    for (const struct dtu_posix_timer *t = loop->timers; t != NULL; t = t->link) {
        uint32_t next = t->next(t->ctx, now);
        if (next < least)
            least = next;
    }
    if (least == DTU_NEVER)
        return -1;
    return least < INT_MAX ? (int)least : INT_MAX;
}

static void run_timers(struct dtu_posix_loop *loop)
{
    uint32_t now = dtu_posix_now();
    struct dtu_posix_timer *t = loop->timers;
    while (t != NULL && !loop->stop) {
        struct dtu_posix_timer *following = t->link; /* it may remove itself */
        if (t->next(t->ctx, now) == 0)
            t->poll(t->ctx, now);
        t = following;
    }
}

static void run_watches(struct dtu_posix_loop *loop)
{
    for (size_t i = 0; i < loop->count && !loop->stop; i++) {
        short revents = loop->fds[i].revents;
        loop->fds[i].revents = 0;
        if (revents != 0 && loop->watches[i].ready != NULL)
            loop->watches[i].ready(loop->watches[i].ctx, revents);
    }
}

bool dtu_posix_loop_run(struct dtu_posix_loop *loop)
{
    loop->stop = false;
    while (!loop->stop) {
        int ready = poll(loop->fds, loop->count, sleep_ms(loop));
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready > 0)
            run_watches(loop);
        run_timers(loop);
    }
    return true;
}
