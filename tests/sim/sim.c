/* SPDX-License-Identifier: MIT */
/* Many modules in one process, stepping through the same hour: random traffic both ways, commands,
 * connections that are refused, stall and break, resets. All chance comes from one seed. Each
 * module has random numbers of its own and no module knows of another, so that one that has failed
 * can be run again alone.
 *
 * Invariants, checked at each call:
 *   - what the server gets is whole packets: frames of the UART in their order, none twice, and
 *     heartbeats; only the last of a connection that broke may be cut
 *   - what the UART gets of a socket is what the device took of it, each byte once, in order
 *   - a frame that does not arrive is counted, or was on the wire when a connection broke
 *   - in command mode the same command has the same answer
 *   - no call for a socket in the wrong state; nobody is polled for nothing; counters agree */
#include "dtu/device.h"

#include "../unit/rand.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SOCKETS = 2,
    UART_FIFO = 512,   /* what the board's UART takes before it must send */
    WINDOW = 2000,     /* and its sockets */
    FRAME_MAX = 200,   /* less than any product packs at most */
    PAUSE_MS = 1000,   /* more than any packing time and guard time */
    TEXT_SIZE = 400,   /* of the module's own words */
    QUEUE_PACKETS = 2, /* so that queues overflow */
    CALM_MS = 5000,    /* at the end nothing new comes from the UART */
    SPINS = 100,       /* polls at one moment that do no harm */
    DRAIN_MS = 100     /* how long a UART or a socket that was written to has less room */
};

/* When what happens next, as time since the beginning; a module's clock wraps on the way. */
enum timer {
    POLL,                     /* the device wants it */
    FRAME,                    /* the UART has something to send */
    DRAIN,                    /* UART and sockets have room again */
    SESSION,                  /* the next step of a dialogue in command mode */
    POWER,                    /* the module is reset */
    NETWORK,                  /* + socket: opened, refused, or broken */
    DOWN = NETWORK + SOCKETS, /* + socket: the server has something to send */
    TIMERS = DOWN + SOCKETS
};

#define NEVER UINT64_MAX

enum wire_state { CLOSED, OPENING, OPEN };

struct wire {
    enum wire_state state;
    bool is_udp;
    size_t room;
    uint64_t stalled_until; /* the server reads nothing */
    uint64_t down_until;    /* nobody can connect */
    /* to the server */
    uint32_t next_seq; /* the least that a whole frame may have */
    char packet[FRAME_MAX + 1];
    size_t packet_len; /* of the one that is coming */
    uint32_t arrived;  /* whole frames */
    uint32_t broken;   /* frames cut by the end of a connection */
    uint64_t taken;    /* bytes */
    /* from the server */
    uint32_t sent;    /* bytes that the device took */
    uint32_t at_uart; /* and that have come out */
};

enum dialogue { QUIET, WANTS_A, WANTS_OK, WANTS_VALUE, WANTS_END };

struct module {
    struct dtu_device device;
    struct dtu_device_config config;
    struct test_rand rand;
    uint32_t clock; /* what the module calls 0 */
    uint64_t now, at[TIMERS];
    unsigned index, spins;
    struct wire wires[SOCKETS];
    size_t uart_room;
    uint64_t uart_stalled_until;
    bool wants_restart;
    uint32_t frames;     /* that the UART has sent, numbered from 0 */
    uint32_t cut_frames; /* by a reset, when they were in no queue yet */
    enum dialogue dialogue;
    char text[TEXT_SIZE];
    size_t text_len;
    uint32_t dialogues, resets;
};

static uint32_t seed = 1;
static uint32_t minutes = 60;
static bool is_verbose;

static const struct dtu_profile *profile_of(const struct module *m)
{
    return m->config.profile;
}

static uint32_t now_of(const struct module *m)
{
    return m->clock + (uint32_t)m->now;
}

static void fail(const struct module *m, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "sim: module %u (%s) at %" PRIu64 " ms: ", m->index, profile_of(m)->name,
            m->now);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr,
            "\nsim: again with: --seed %" PRIu32 " --only %u --minutes %" PRIu32 " --verbose\n",
            seed, m->index, minutes);
    exit(1);
}

static void say(const struct module *m, const char *format, ...)
{
    va_list args;

    if (!is_verbose)
        return;
    printf("%10" PRIu64 " ", m->now);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static uint32_t below(struct module *m, uint32_t limit)
{
    return test_rand_below(&m->rand, limit);
}

static bool one_in(struct module *m, uint32_t n)
{
    return below(m, n) == 0;
}

/* --- What is sent ----------------------------------------------------------------------------- */

/* A frame of the UART: "<1234:abcd...>", all of it known from its number. */
static size_t make_frame(char *out, uint32_t seq)
{
    size_t n = (size_t)sprintf(out, "<%" PRIu32 ":", seq);
    size_t len = 21 + seq * 7919u % (FRAME_MAX - 20); /* longer than the number */

    for (size_t i = n; i + 1 < len; i++)
        out[i] = (char)('a' + (seq + i) % 26);
    out[len - 1] = '>';
    return len;
}

/* Byte `at` of what a server sends: no text of a module, and of each socket others. */
static uint8_t down_byte(unsigned socket, uint32_t at)
{
    return (uint8_t)(0x80 + 0x40 * socket + (at * 2654435761u >> 26));
}

/* --- The server's side ------------------------------------------------------------------------ */

static const char beat[] = "www.usr.cn"; /* of every product, by default */

/* A whole packet of the network: a frame, or a heartbeat. */
static void packet_arrived(struct module *m, struct wire *w)
{
    char expected[FRAME_MAX + 1];
    size_t len = w->packet_len;
    uint32_t seq;

    w->packet_len = 0;
    w->packet[len] = '\0';
    if (strcmp(w->packet, beat) == 0)
        return;
    if (sscanf(w->packet, "<%" SCNu32 ":", &seq) != 1 || seq >= m->frames ||
        make_frame(expected, seq) != len || memcmp(expected, w->packet, len) != 0)
        fail(m, "the server gets '%s'", w->packet);
    if (seq < w->next_seq)
        fail(m, "the server gets frame %" PRIu32 ", and had %" PRIu32, seq, w->next_seq - 1);
    w->next_seq = seq + 1;
    w->arrived++;
}

static void byte_arrived(struct module *m, struct wire *w, char byte)
{
    if (w->packet_len >= FRAME_MAX)
        fail(m, "the server gets no end of '%.40s'", w->packet);
    w->packet[w->packet_len++] = byte;
    if (w->packet[0] == '<' ? byte == '>' : w->packet_len == sizeof beat - 1)
        packet_arrived(m, w);
}

/* --- The port --------------------------------------------------------------------------------- */

static void from_server(struct module *m, uint8_t byte)
{
    unsigned socket = (byte - 0x80u) / 0x40;
    struct wire *w = &m->wires[socket];

    if (w->at_uart == w->sent || byte != down_byte(socket, w->at_uart))
        fail(m, "byte %" PRIu32 " of socket %u is %02x at the UART, of %" PRIu32 " taken",
             w->at_uart, socket, byte, w->sent);
    w->at_uart++;
}

static size_t uart_write(void *ctx, const uint8_t *data, size_t len)
{
    struct module *m = ctx;
    size_t n = len < m->uart_room ? len : m->uart_room;

    if (len == 0)
        fail(m, "nothing is written to the UART");
    m->uart_room -= n;
    for (size_t i = 0; i < n; i++) {
        if (data[i] >= 0x80)
            from_server(m, data[i]);
        else if (m->text_len + 1 < sizeof m->text)
            m->text[m->text_len++] = (char)data[i];
    }
    m->text[m->text_len] = '\0';
    return n;
}

static void uart_setup(void *ctx, const struct dtu_uart *uart)
{
    struct module *m = ctx;

    if (uart->baud == 0)
        fail(m, "the UART is set to no rate");
}

static bool socket_open(void *ctx, unsigned i, const struct dtu_socket_target *target)
{
    struct module *m = ctx;
    struct wire *w = &m->wires[i];

    if (w->state != CLOSED)
        fail(m, "socket %u is opened, and was not closed", i);
    if (one_in(m, 20))
        return false;
    w->state = OPENING;
    w->is_udp = target->kind == DTU_SOCKET_UDP_CLIENT;
    w->room = WINDOW;
    w->packet_len = 0;
    m->at[NETWORK + i] = m->now + below(m, one_in(m, 10) ? 20000 : 500);
    return true;
}

static size_t socket_send(void *ctx, unsigned i, const uint8_t *data, size_t len)
{
    struct module *m = ctx;
    struct wire *w = &m->wires[i];
    size_t n = len < w->room ? len : w->room;

    if (w->state != OPEN || len == 0)
        fail(m, "%zu bytes are sent on socket %u in state %d", len, i, w->state);
    if (w->is_udp && n < len)
        return 0;
    if (!w->is_udp && n > 1 && one_in(m, 4))
        n = 1 + below(m, (uint32_t)n);
    w->room -= n;
    w->taken += n;
    for (size_t k = 0; k < n; k++)
        byte_arrived(m, w, (char)data[k]);
    if (w->is_udp && w->packet_len != 0)
        fail(m, "a datagram is no whole packet: %zu bytes", n);
    return n;
}

/* What is under way is cut. */
static void cut(struct module *m, unsigned i)
{
    struct wire *w = &m->wires[i];

    if (w->packet_len > 0 && w->packet[0] == '<')
        w->broken++;
    w->packet_len = 0;
    w->state = CLOSED;
    m->at[NETWORK + i] = NEVER;
    m->at[DOWN + i] = NEVER;
}

static void socket_close(void *ctx, unsigned i)
{
    struct module *m = ctx;

    if (m->wires[i].state == CLOSED)
        fail(m, "socket %u is closed twice", i);
    cut(m, i);
}

static void restart(void *ctx)
{
    struct module *m = ctx;

    m->wants_restart = true;
}

static const struct dtu_device_port port = {.uart_write = uart_write,
                                            .uart_setup = uart_setup,
                                            .socket_open = socket_open,
                                            .socket_send = socket_send,
                                            .socket_close = socket_close,
                                            .restart = restart};

/* --- What happens ----------------------------------------------------------------------------- */

static void send_frame(struct module *m)
{
    char frame[FRAME_MAX];

    m->at[FRAME] = m->now + PAUSE_MS + below(m, 20000);
    if (m->now + CALM_MS > minutes * UINT64_C(60000))
        return;
    if (m->dialogue != QUIET || !dtu_device_uart_ready(&m->device))
        return;
    size_t len = make_frame(frame, m->frames++);
    size_t taken = dtu_device_uart_rx(&m->device, (const uint8_t *)frame, len, now_of(m));
    if (taken != len)
        fail(m, "of a frame of %zu bytes %zu are taken, and the UART was ready", len, taken);
}

/* Now and then something stands still for a while. */
static bool stalls(struct module *m, uint64_t *until)
{
    if (*until <= m->now && one_in(m, 400))
        *until = m->now + below(m, 60000);
    return *until > m->now;
}

static void drain(struct module *m)
{
    m->at[DRAIN] = NEVER;
    /* who is in a dialogue reads what is answered, or the handshake would be over */
    if (m->dialogue != QUIET || !stalls(m, &m->uart_stalled_until))
        m->uart_room = UART_FIFO;
    for (unsigned i = 0; i < SOCKETS; i++) {
        struct wire *w = &m->wires[i];
        if (w->state != OPEN || w->room == WINDOW || stalls(m, &w->stalled_until))
            continue;
        w->room = WINDOW;
        dtu_device_socket_writable(&m->device, i, now_of(m));
    }
    dtu_device_poll(&m->device, now_of(m)); /* what has waited for the UART */
}

static void network(struct module *m, unsigned i)
{
    struct wire *w = &m->wires[i];

    m->at[NETWORK + i] = NEVER;
    if (w->state == OPEN) {
        say(m, "socket %u breaks", i);
        uint32_t lost = (uint32_t)w->packet_len;
        if (one_in(m, 5))
            w->down_until = m->now + below(m, 900000);
        cut(m, i);
        dtu_device_socket_closed(&m->device, i, lost, now_of(m));
        return;
    }
    if (one_in(m, 4) || w->down_until > m->now) {
        w->state = CLOSED;
        dtu_device_socket_failed(&m->device, i, now_of(m));
        return;
    }
    say(m, "socket %u is open", i);
    w->state = OPEN;
    m->at[NETWORK + i] = m->now + (one_in(m, 3) ? below(m, 5000) : 30000 + below(m, 900000));
    m->at[DOWN + i] = m->now + below(m, 5000);
    dtu_device_socket_opened(&m->device, i, now_of(m));
}

static void down(struct module *m, unsigned i)
{
    uint8_t data[300];
    struct wire *w = &m->wires[i];
    size_t len = 1 + below(m, sizeof data);

    m->at[DOWN + i] = m->now + (one_in(m, 3) ? below(m, 50) : below(m, 20000));
    for (size_t k = 0; k < len; k++)
        data[k] = down_byte(i, w->sent + (uint32_t)k);
    uint32_t before = w->sent;
    w->sent += (uint32_t)len; /* all of it may come out before the call returns */
    size_t taken = dtu_device_socket_rx(&m->device, i, data, len, now_of(m));
    w->sent = before + (uint32_t)taken;
    if (taken > len || w->at_uart != w->sent)
        fail(m, "of socket %u %zu bytes of %zu are taken, and %" PRId32 " wait", i, taken, len,
             (int32_t)(w->sent - w->at_uart));
}

static void type(struct module *m, const char *text)
{
    m->text_len = 0;
    m->text[0] = '\0';
    size_t len = strlen(text);
    if (dtu_device_uart_rx(&m->device, (const uint8_t *)text, len, now_of(m)) != len)
        fail(m, "'%s' is not taken", text);
}

static void expect(struct module *m, const char *text)
{
    if (strstr(m->text, text) == NULL)
        fail(m, "the UART says '%s' where '%s' is expected", m->text, text);
}

/* One step in command mode; each is half a second behind the one before, and waits for the UART. */
static void talk(struct module *m)
{
    m->at[SESSION] = m->now + 500;
    if (m->uart_room < UART_FIFO || !dtu_device_uart_ready(&m->device))
        return;
    switch (m->dialogue) {
    case QUIET:
        m->at[SESSION] = m->now + PAUSE_MS; /* behind the last frame there was a pause, too */
        m->dialogue = WANTS_A;
        m->at[FRAME] = NEVER;
        break;
    case WANTS_A:
        m->text_len = 0;
        type(m, "+++");
        m->dialogue = WANTS_OK;
        break;
    case WANTS_OK:
        expect(m, "a");
        type(m, "a");
        m->dialogue = WANTS_VALUE;
        break;
    case WANTS_VALUE:
        expect(m, "+ok");
        type(m, "AT+UART?\r");
        m->dialogue = WANTS_END;
        break;
    case WANTS_END:
        expect(m, "115200");
        type(m, "AT+ENTM\r");
        expect(m, "OK");
        m->dialogue = QUIET;
        m->dialogues++;
        m->at[SESSION] = m->now + 60000 + below(m, 1200000);
        m->at[FRAME] = m->now + PAUSE_MS;
        break;
    }
}

/* Of each socket what the device had is forgotten; the queues count it. */
static void forget(struct module *m)
{
    for (unsigned i = 0; i < SOCKETS; i++)
        if (m->wires[i].state != CLOSED)
            fail(m, "a restart leaves socket %u open", i);
    m->dialogue = QUIET;
    m->wants_restart = false;
    m->at[FRAME] = m->now + PAUSE_MS;
    m->at[SESSION] = m->now + 60000 + below(m, 1200000);
}

static void start(struct module *m);

static void reset(struct module *m)
{
    uint32_t before = m->device.stats.cut_bytes;

    m->resets++;
    say(m, "reset");
    dtu_device_reload(&m->device, now_of(m));
    m->cut_frames += m->device.stats.cut_bytes != before; /* that was not complete yet */
    forget(m);
    start(m);
}

/* --- A module --------------------------------------------------------------------------------- */

static void set(struct module *m, const char *name, const char *value)
{
    struct dtu_params *p = dtu_device_params(&m->device);
    const struct dtu_param *row =
        dtu_params_find(profile_of(m)->table, (const uint8_t *)name, strlen(name));

    if (row == NULL || dtu_params_set(p, row, (const uint8_t *)value, strlen(value)) != DTU_OK)
        fail(m, "%s=%s is refused", name, value);
}

static void start(struct module *m)
{
    bool is_k7 = profile_of(m) == &dtu_profile_k7;
    bool is_quoted = profile_of(m) == &dtu_profile_gprs232_7s3;
    const char *udp = is_k7       ? "UDPC,10.0.0.1,9"
                      : is_quoted ? "\"UDP\",\"10.0.0.1\",9"
                                  : "UDP,10.0.0.1,9";
    const char *tcp = is_k7       ? "TCPC,10.0.0.1,9"
                      : is_quoted ? "\"TCP\",\"10.0.0.1\",9"
                                  : "TCP,10.0.0.1,9";

    set(m, "SOCKA", m->index % 3 == 0 ? udp : tcp);
    set(m, "SOCKB", tcp);
    if (!is_k7)
        set(m, "SOCKBEN", is_quoted ? "\"on\"" : "ON");
    if (is_k7)
        set(m, "HEARTEN", "ON");
    if (m->index % 5 == 0 && dtu_params_by_id(profile_of(m)->table, DTU_ID_CACHEN) != NULL)
        set(m, "CACHEN", /* data without a connection is not kept */ is_quoted ? "\"off\"" : "OFF");
    set(m, "E", is_quoted ? "\"off\"" : "OFF");
    dtu_device_start(&m->device, now_of(m));
}

/* Each buffer by itself: a sanitizer sees who writes behind its end. */
static uint8_t *allocate(const struct module *m, size_t size)
{
    uint8_t *memory = calloc(1, size);

    if (memory == NULL)
        fail(m, "no memory: %zu bytes", size);
    return memory;
}

static void create(struct module *m, unsigned index)
{
    static const struct dtu_profile *const profiles[] = {&dtu_profile_cat1, &dtu_profile_lte_7s4,
                                                         &dtu_profile_gprs232_7s3, &dtu_profile_k7};
    const struct dtu_profile *p = profiles[index % 4];
    size_t queue = QUEUE_PACKETS * (size_t)(p->packet_len + 2);
    size_t values = 2 * (size_t)p->table->values_size;

    memset(m, 0, sizeof *m);
    m->index = index;
    m->config.profile = p;
    m->config.port = &port;
    m->config.values = allocate(m, values);
    m->config.values_size = values;
    m->config.line = allocate(m, p->line_size);
    m->config.line_size = p->line_size;
    m->config.packet = allocate(m, p->packet_len);
    m->config.packet_size = p->packet_len;
    for (unsigned i = 0; i < SOCKETS; i++)
        m->config.queues[i] = (struct dtu_device_memory){allocate(m, queue), queue};
    test_rand_seed(&m->rand, seed * 2654435761u + index);
    for (unsigned i = 0; i < 8; i++)
        (void)test_rand_u32(&m->rand); /* neighbours begin alike */
    m->clock = 0u - below(m, minutes * 60000);
    m->uart_room = UART_FIFO;
    for (unsigned i = 0; i < TIMERS; i++)
        m->at[i] = NEVER;
    m->at[FRAME] = PAUSE_MS + below(m, 10000);
    m->at[SESSION] = 60000 + below(m, 1200000);
    m->at[POWER] = one_in(m, 2) ? below(m, minutes * 60000) : NEVER;
    if (dtu_device_init(&m->device, &m->config, m) != DTU_OK)
        fail(m, "init refuses");
    start(m);
}

static void destroy(struct module *m)
{
    free(m->config.values);
    free(m->config.line);
    free(m->config.packet);
    for (unsigned i = 0; i < SOCKETS; i++)
        free(m->config.queues[i].memory);
}

/* Where each frame of the UART is, once all is still. */
static void check_frames(const struct module *m, unsigned i)
{
    const struct wire *w = &m->wires[i];
    const struct dtu_device_stats *s = &m->device.stats;
    const struct dtu_queue_stats *q = &m->device.sockets[i].queue.stats;
    uint32_t missing = m->frames - w->arrived;
    uint32_t waiting = (uint32_t)dtu_queue_count(&m->device.sockets[i].queue);
    uint32_t counted =
        q->dropped + q->refused + s->unkept + s->unheard + w->broken + waiting + m->cut_frames;

    if (missing > counted)
        fail(m, "socket %u: %" PRIu32 " of %" PRIu32 " frames are missing, %" PRIu32 " are counted",
             i, missing, m->frames, counted);
}

static void check_counters(const struct module *m)
{
    uint64_t sent = 0, received = 0;

    for (unsigned i = 0; i < SOCKETS; i++) {
        sent += m->wires[i].taken;
        received += m->wires[i].at_uart;
        check_frames(m, i);
    }
    if (sent != m->device.stats.sent_bytes || received != m->device.stats.received_bytes)
        fail(m,
             "counted are %" PRIu32 " bytes sent and %" PRIu32 " received, and there were %" PRIu64
             " and %" PRIu64,
             m->device.stats.sent_bytes, m->device.stats.received_bytes, sent, received);
}

static uint64_t next_of(struct module *m)
{
    uint64_t next = NEVER;

    for (unsigned i = 0; i < TIMERS; i++)
        next = m->at[i] < next ? m->at[i] : next;
    return next;
}

static void happen(struct module *m, unsigned timer)
{
    switch (timer) {
    case POLL:
        break; /* it is polled behind everything */
    case FRAME:
        send_frame(m);
        break;
    case DRAIN:
        drain(m);
        break;
    case SESSION:
        talk(m);
        break;
    case POWER:
        m->at[POWER] = NEVER;
        reset(m);
        break;
    default:
        if (timer < DOWN)
            network(m, timer - NETWORK);
        else
            down(m, timer - DOWN);
    }
}

/* All that is due at a moment, in the order of the timers. */
static void step(struct module *m, uint64_t now)
{
    m->spins = now == m->now ? m->spins + 1 : 0;
    if (m->spins > SPINS)
        fail(m, "it is polled for nothing");
    m->now = now;
    for (unsigned i = 0; i < TIMERS; i++)
        if (m->at[i] <= now)
            happen(m, i);
    dtu_device_poll(&m->device, now_of(m));
    if (m->wants_restart)
        reset(m);
    bool is_full = m->uart_room < UART_FIFO;
    for (unsigned i = 0; i < SOCKETS; i++)
        is_full = is_full || (m->wires[i].state == OPEN && m->wires[i].room < WINDOW);
    if (is_full && m->at[DRAIN] == NEVER)
        m->at[DRAIN] = now + DRAIN_MS;
    uint32_t wait = dtu_device_next(&m->device, now_of(m));
    m->at[POLL] = wait == DTU_NEVER ? NEVER : now + wait;
}

/* --- All of them ------------------------------------------------------------------------------ */

/* A heap of modules, the one whose turn is next on top. */
static void sift_down(struct module **heap, uint64_t *keys, size_t count, size_t i)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= count)
            return;
        if (child + 1 < count && keys[child + 1] < keys[child])
            child++;
        if (keys[i] <= keys[child])
            return;
        struct module *m = heap[i];
        uint64_t key = keys[i];
        heap[i] = heap[child];
        keys[i] = keys[child];
        heap[child] = m;
        keys[child] = key;
        i = child;
    }
}

static uint64_t run(struct module **heap, size_t count)
{
    uint64_t end = (uint64_t)minutes * 60000, steps = 0;
    uint64_t *keys = calloc(count, sizeof *keys);

    if (keys == NULL)
        fail(heap[0], "no memory: the heap's keys");
    for (size_t i = count; i-- > 0;) {
        keys[i] = 0;
        sift_down(heap, keys, count, i);
    }
    while (keys[0] < end) {
        step(heap[0], keys[0]);
        keys[0] = next_of(heap[0]);
        sift_down(heap, keys, count, 0);
        steps++;
    }
    free(keys);
    return steps;
}

struct totals {
    uint64_t frames, arrived, dropped, bytes_down, links, dialogues, resets;
};

static void add(struct totals *t, const struct module *m)
{
    t->frames += m->frames;
    t->dialogues += m->dialogues;
    t->resets += m->resets;
    for (unsigned i = 0; i < SOCKETS; i++) {
        t->arrived += m->wires[i].arrived;
        t->dropped += m->device.sockets[i].queue.stats.dropped + m->wires[i].broken;
        t->bytes_down += m->wires[i].at_uart;
        t->links += m->device.sockets[i].link.stats.opened;
    }
}

static uint32_t number(const char *name, const char *text, uint32_t max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || text[0] == '-' || value > max) {
        fprintf(stderr, "sim: %s takes a number up to %" PRIu32 ", not '%s'\n", name, max, text);
        exit(2);
    }
    return (uint32_t)value;
}

static void usage(FILE *out)
{
    fputs(
        "usage: sim [--seed N] [--modules N] [--minutes N] [--only MODULE] [--verbose]\n"
        "\n"
        "Runs many modules through the same time, with random traffic and faults, and checks what\n"
        "must hold whatever happens.\n"
        "\n"
        "  --seed N      where all chance comes from (1)\n"
        "  --modules N   how many (10000)\n"
        "  --minutes N   simulated time, up to 600 (60)\n"
        "  --only MODULE that one alone, to see again what it did\n"
        "  --verbose     with --only: what happens\n"
        "\n"
        "Exit status: 0; 1 if an invariant is broken, told with what runs it again; 2: usage\n",
        out);
}

int main(int argc, char **argv)
{
    uint32_t count = 10000, only = UINT32_MAX;

    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
            usage(stdout);
            return 0;
        }
        if (strcmp(name, "--verbose") == 0) {
            is_verbose = true;
            continue;
        }
        const char *value = i + 1 < argc ? argv[++i] : "";
        if (strcmp(name, "--seed") == 0)
            seed = number(name, value, UINT32_MAX - 1);
        else if (strcmp(name, "--modules") == 0)
            count = number(name, value, 1000000);
        else if (strcmp(name, "--minutes") == 0)
            minutes = number(name, value, 600);
        else if (strcmp(name, "--only") == 0)
            only = number(name, value, 1000000);
        else {
            fprintf(stderr, "sim: unknown option '%s'\n", name);
            usage(stderr);
            return 2;
        }
    }
    if (count == 0 || minutes == 0) {
        fputs("sim: nothing to run\n", stderr);
        return 2;
    }
    if (only != UINT32_MAX)
        count = 1;
    else
        is_verbose = false;

    /* before the run: who sees it crash needs the seed */
    printf("seed %" PRIu32 ": %" PRIu32 " modules, %" PRIu32 " minutes\n", seed, count, minutes);
    fflush(stdout);
    struct module *modules = calloc(count, sizeof *modules);
    struct module **heap = calloc(count, sizeof *heap);
    if (modules == NULL || heap == NULL) {
        fprintf(stderr, "sim: no memory for %" PRIu32 " modules\n", count);
        return 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        create(&modules[i], only != UINT32_MAX ? only : i);
        heap[i] = &modules[i];
    }
    uint64_t steps = run(heap, count);
    struct totals t = {0};
    for (uint32_t i = 0; i < count; i++) {
        check_counters(&modules[i]);
        add(&t, &modules[i]);
        destroy(&modules[i]);
    }
    printf("%" PRIu64 " steps\n", steps);
    printf("%" PRIu64 " frames of the UART; at two servers %" PRIu64 " arrived, %" PRIu64
           " were dropped or cut; %" PRIu64 " bytes to the UART\n",
           t.frames, t.arrived, t.dropped, t.bytes_down);
    printf("%" PRIu64 " connections, %" PRIu64 " dialogues in command mode, %" PRIu64 " resets\n",
           t.links, t.dialogues, t.resets);
    free(heap);
    free(modules);
    return 0;
}
