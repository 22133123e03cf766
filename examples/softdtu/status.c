/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A counter: where it lies, and what it is called, each group being one engine's. */
struct counter {
    const char *group;
    const char *name;
    size_t offset;
};

#define OF_DEVICE(group_, path_, name_)                                                            \
    {                                                                                              \
        group_, #name_, offsetof(struct dtu_device, path_.name_)                                   \
    }
#define OF_SOCKET(group_, path_, name_)                                                            \
    {                                                                                              \
        group_, #name_, offsetof(struct dtu_device_socket, path_.name_)                            \
    }

static const struct counter device_counters[] = {
    OF_DEVICE("device", stats, frames),
    OF_DEVICE("device", stats, unheard),
    OF_DEVICE("device", stats, sent_bytes),
    OF_DEVICE("device", stats, sent_packets),
    OF_DEVICE("device", stats, received_bytes),
    OF_DEVICE("device", stats, lost_bytes),
    OF_DEVICE("device", stats, resent_bytes),
    OF_DEVICE("device", stats, restarts),
    OF_DEVICE("device", stats, saves),
    OF_DEVICE("device", stats, cut_bytes),
    OF_DEVICE("device", stats, messages),
    OF_DEVICE("device", stats, ignored),
    OF_DEVICE("device", stats, unkept),
    OF_DEVICE("device", stats, silent),
    OF_DEVICE("device", stats, refused),
    OF_DEVICE("device", stats, unsent),
    OF_DEVICE("device", stats, changes),
    OF_DEVICE("device", stats, requests),
    OF_DEVICE("device", stats, refusals),
    OF_DEVICE("framer", framer.stats, by_length),
    OF_DEVICE("framer", framer.stats, by_time),
    OF_DEVICE("framer", framer.stats, by_flush),
    OF_DEVICE("framer", framer.stats, refused),
    OF_DEVICE("cmdmode", cmdmode.stats, entered),
    OF_DEVICE("cmdmode", cmdmode.stats, broken),
    OF_DEVICE("at_server", console.at.stats, commands),
    OF_DEVICE("at_server", console.at.stats, errors),
    OF_DEVICE("at_server", console.at.stats, too_long),
    OF_DEVICE("store", store.stats, saved),
    OF_DEVICE("store", store.stats, failed),
    OF_DEVICE("store", store.stats, skipped),
    OF_DEVICE("heartbeat", heartbeat.stats, sent),
    OF_DEVICE("heartbeat", heartbeat.stats, skipped),
    OF_DEVICE("sdp", sdp.decoder.stats, frames),
    OF_DEVICE("sdp", sdp.decoder.stats, bad_head),
    OF_DEVICE("sdp", sdp.decoder.stats, bad_length),
    OF_DEVICE("sdp", sdp.decoder.stats, bad_sum),
    OF_DEVICE("sdp", sdp.decoder.stats, bad_socket),
    OF_DEVICE("sdp", sdp.decoder.stats, skipped),
};

static const struct counter socket_counters[] = {
    OF_SOCKET("link", link.stats, tries),
    OF_SOCKET("link", link.stats, opened),
    OF_SOCKET("link", link.stats, failed),
    OF_SOCKET("link", link.stats, lost),
    OF_SOCKET("link", link.stats, quiet),
    OF_SOCKET("link", link.stats, idle),
    OF_SOCKET("queue", queue.stats, pushed),
    OF_SOCKET("queue", queue.stats, refused),
    OF_SOCKET("queue", queue.stats, dropped),
    OF_SOCKET("queue", queue.stats, dropped_bytes),
    OF_SOCKET("identity", identity.stats, on_link),
    OF_SOCKET("identity", identity.stats, with_data),
    OF_SOCKET("identity", identity.stats, unknown),
    OF_SOCKET("heartbeat", heartbeat.stats, sent),
    OF_SOCKET("heartbeat", heartbeat.stats, failed),
    OF_SOCKET("heartbeat", heartbeat.stats, skipped),
    OF_SOCKET("heartbeat", heartbeat.stats, reconnects),
    OF_SOCKET("baudsync", sync.stats, frames),
    OF_SOCKET("baudsync", sync.stats, damaged),
};

enum {
    DEVICE_COUNTERS = sizeof device_counters / sizeof device_counters[0],
    SOCKET_COUNTERS = sizeof socket_counters / sizeof socket_counters[0]
};

static unsigned long value_of(const void *base, const struct counter *c)
{
    uint32_t value;
    memcpy(&value, (const char *)base + c->offset, sizeof value);
    return value;
}

/* --- JSON ----------------------------------------------------------------------------------- */

/* `"link":{"tries":1,...},"queue":{...}` */
static void write_counters(FILE *f, const void *base, const struct counter *c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool begins = i == 0 || strcmp(c[i].group, c[i - 1].group) != 0;
        bool ends = i + 1 == count || strcmp(c[i].group, c[i + 1].group) != 0;
        if (begins)
            fprintf(f, "%s\"%s\":{", i > 0 ? "," : "", c[i].group);
        fprintf(f, "%s\"%s\":%lu%s", begins ? "" : ",", c[i].name, value_of(base, &c[i]),
                ends ? "}" : "");
    }
}

static const char *state_of(const struct dtu_device_socket *socket)
{
    static const char *const states[] = {"off", "idle", "opening", "up", "wait", "given up"};
    return socket->used ? states[dtu_link_state(&socket->link)] : "unused";
}

static void write_socket(FILE *f, const struct dtu_device_socket *socket, char letter)
{
    fprintf(f, "{\"socket\":\"%c\",\"state\":\"%s\",\"waiting\":%zu,", letter, state_of(socket),
            dtu_queue_count(&socket->queue));
    write_counters(f, socket, socket_counters, SOCKET_COUNTERS);
    fputc('}', f);
}

static void write_module(FILE *f, const struct instance *m)
{
    const struct dtu_profile *p = m->program->options->profile;
    const struct dtu_device *d = dtu_posix_module_device(m->module);

    fprintf(f, "{\"module\":%u,\"profile\":\"%s\",", m->index + 1, p->name);
    write_counters(f, d, device_counters, DEVICE_COUNTERS);
    fputs(",\"sockets\":[", f);
    for (unsigned i = 0; i < p->sockets; i++) {
        fputs(i > 0 ? "," : "", f);
        write_socket(f, &d->sockets[i], (char)('A' + i));
    }
    fputs("]}", f);
}

/* A pipe that nobody reads must not hold the modules up: then it is an error. */
static FILE *open_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0666);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (f == NULL && fd >= 0)
        close(fd);
    return f;
}

static bool write_and_close(const struct softdtu *s, FILE *f)
{
    fputs("{\"modules\":[", f);
    for (unsigned i = 0; i < s->options->count; i++) {
        fputs(i > 0 ? ",\n" : "\n", f);
        write_module(f, &s->modules[i]);
    }
    fputs("\n]}\n", f);
    bool good = ferror(f) == 0;
    return fclose(f) == 0 && good;
}

static bool write_file(const struct softdtu *s, const char *path)
{
    FILE *f = open_file(path);
    return f != NULL && write_and_close(s, f);
}

/* A device, a pipe or a link stays what it is. */
static bool can_be_replaced(const char *path)
{
    struct stat what;
    return lstat(path, &what) != 0 || S_ISREG(what.st_mode);
}

/* Nobody who reads it finds a part of it. */
static bool replace_file(const struct softdtu *s, const char *path)
{
    size_t size = strlen(path) + sizeof ".new";
    char *made = malloc(size);
    if (made == NULL)
        return false;
    snprintf(made, size, "%s.new", path);
    FILE *f = open_file(made);
    bool good = f != NULL && write_and_close(s, f) && rename(made, path) == 0;
    int reason = errno;
    if (f != NULL && !good) /* of a full disk, for one */
        (void)unlink(made);
    free(made);
    errno = reason;
    return good;
}

bool write_status(const struct softdtu *s)
{
    const char *path = s->options->status;
    bool good = can_be_replaced(path) ? replace_file(s, path) : write_file(s, path);
    if (!good)
        fprintf(stderr, "softdtu: cannot write %s: %s\n", path, strerror(errno));
    return good;
}

/* --- A line --------------------------------------------------------------------------------- */

struct sums {
    unsigned long sockets, connected, frames, sent, received, dropped, tries, lost, registrations,
        heartbeats;
};

static void add_socket(struct sums *sums, const struct dtu_device_socket *socket)
{
    if (!socket->used)
        return;
    sums->sockets++;
    sums->connected += dtu_link_state(&socket->link) == DTU_LINK_UP;
    sums->dropped += socket->queue.stats.dropped + socket->queue.stats.refused;
    sums->tries += socket->link.stats.tries;
    sums->lost += socket->link.stats.lost;
    sums->registrations += socket->identity.stats.on_link;
    sums->heartbeats += socket->heartbeat.stats.sent;
}

void print_status(const struct softdtu *s)
{
    struct sums sums = {0};
    for (unsigned i = 0; i < s->options->count; i++) {
        const struct dtu_device *d = dtu_posix_module_device(s->modules[i].module);
        sums.frames += d->stats.frames;
        sums.sent += d->stats.sent_bytes;
        sums.received += d->stats.received_bytes;
        sums.dropped += d->stats.unkept + d->stats.unheard + d->stats.unsent;
        sums.heartbeats += d->heartbeat.stats.sent;
        for (unsigned k = 0; k < s->options->profile->sockets; k++)
            add_socket(&sums, &d->sockets[k]);
    }
    printf("status: %u modules; sockets: %lu, %lu connected, %lu tries, %lu lost; frames: %lu, "
           "%lu dropped; bytes: %lu sent, %lu received; registrations: %lu; heartbeats: %lu\n",
           s->options->count, sums.sockets, sums.connected, sums.tries, sums.lost, sums.frames,
           sums.dropped, sums.sent, sums.received, sums.registrations, sums.heartbeats);
}
