/* SPDX-License-Identifier: MIT */
/* A serial port of this machine that is the UART of a module: a pty, and a TCP connection. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "far.h"
#include "stop.h"

enum {
    SETTING_SIZE = 40,
    NEWS_MAX =
        100, /* of the pty at a time, or a user who sets it all the time would stop all else */
    BUFFER_SIZE = 4096,
    PAUSE_MIN_MS = 1000, /* between connection attempts; each is twice as long as the one before */
    PAUSE_MAX_MS = 30000,
    CONNECT_MS = 10000, /* for an attempt */
    STEADY_MS = 10000   /* a connection that lasts so long was a good one */
};

struct vcom {
    const struct options *options;
    struct dtu_uart format; /* what a pty does not show, and `stop_bits` at least */
    struct dtu_posix_loop *loop;
    struct dtu_posix_timer timer;
    struct dtu_posix_serial serial;
    int serial_watch;
    bool serial_full;
    uint32_t asked_ms; /* when the pty was looked at */
    struct dtu_posix_tcp *tcp;
    struct far far;
    bool readable;
    bool waiting;            /* to connect again */
    uint32_t pause_ms;       /* how long */
    uint32_t since_ms;       /* since when there is a connection, it is tried, or waited for */
    uint8_t up[BUFFER_SIZE]; /* from the pty */
    size_t up_len;
    uint8_t down[BUFFER_SIZE]; /* from the connection */
    size_t down_len;
    bool changed;  /* the pty has been set, after all that is in `up` was written */
    bool dropping; /* what is in `down` */
    int status;
    struct {
        uint64_t up, down; /* bytes that were given to the connection, and to the pty */
        uint64_t dropped;  /* as the pty's user wanted */
        uint64_t lost;     /* with a connection, or at the end */
        uint32_t connections;
        uint32_t settings;
    } stats;
};

/* --- What the user is told ------------------------------------------------------------------ */

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static void tell_stats(const struct vcom *v)
{
    tell("%s: %llu bytes to %s, %llu from it; %llu lost, %llu dropped by users; %lu connections, "
         "%lu settings; %s",
         v->options->link, (unsigned long long)v->stats.up, v->options->endpoint.text,
         (unsigned long long)v->stats.down, (unsigned long long)v->stats.lost,
         (unsigned long long)v->stats.dropped, (unsigned long)v->stats.connections,
         (unsigned long)v->stats.settings, v->far.is_open ? "connected" : "not connected");
}

static const char parities[] = "NOEMS"; /* by enum dtu_parity */

/* Such as "9600 baud, 8N1". */
static void setting_text(char *text, size_t size, const struct dtu_uart *uart)
{
    snprintf(text, size, "%lu baud, %u%c%u", (unsigned long)uart->baud, uart->data_bits,
             parities[uart->parity], uart->stop_bits);
}

static void end(struct vcom *v, int status)
{
    v->status = status;
    dtu_posix_loop_stop(v->loop);
}

/* --- The connection ------------------------------------------------------------------------- */

static void wait_to_connect(struct vcom *v)
{
    v->waiting = true;
    v->since_ms = dtu_posix_now();
    v->pause_ms = v->pause_ms == 0 ? PAUSE_MIN_MS : v->pause_ms * 2;
    if (v->pause_ms > PAUSE_MAX_MS)
        v->pause_ms = PAUSE_MAX_MS;
}

static void fail(struct vcom *v, const char *reason)
{
    wait_to_connect(v);
    complain("%s: %s; trying again in %lu s", v->options->endpoint.text, reason,
             (unsigned long)v->pause_ms / 1000);
}

static void connect_far(struct vcom *v)
{
    v->waiting = false;
    v->since_ms = dtu_posix_now();
    if (!dtu_posix_tcp_connect(v->tcp, v->options->endpoint.host, v->options->endpoint.port))
        fail(v, "no memory");
}

static void on_opened(struct vcom *v)
{
    v->since_ms = dtu_posix_now();
    v->stats.connections++;
    if (v->far.kind == FAR_RFC2217 && v->down_len > 0) { /* the telnet of another connection */
        v->stats.lost += v->down_len;
        v->down_len = 0;
    }
    tell("%s: connected", v->options->endpoint.text);
    far_opened(&v->far);
}

/* What has not been sent, and what has come, stays for the next connection and for the pty. */
static void on_ended(struct vcom *v)
{
    char reason[80] = "the connection has ended";
    uint32_t lost = dtu_posix_tcp_disconnect(v->tcp);

    far_closed(&v->far);
    v->readable = false;
    v->stats.lost += lost;
    if (dtu_elapsed(dtu_posix_now(), v->since_ms) >= STEADY_MS)
        v->pause_ms = 0;
    if (lost > 0)
        snprintf(reason, sizeof reason, "the connection has ended, %lu bytes may be lost",
                 (unsigned long)lost);
    fail(v, reason);
}

static void on_far_news(void *ctx, enum far_news news)
{
    const struct vcom *v = ctx;
    const char *where = v->options->endpoint.text;
    struct dtu_uart uart;
    char text[SETTING_SIZE];

    switch (news) {
    case FAR_UNSAYABLE:
        setting_text(text, sizeof text, &v->far.uart);
        complain("%s: a synchronisation frame cannot say %s", where, text);
        break;
    case FAR_REFUSED:
        complain("%s: does not speak RFC 2217; its UART stays as it is", where);
        break;
    case FAR_SILENT:
        complain("%s: does not confirm the settings; going on without", where);
        break;
    case FAR_OTHER:
        far_actual(&v->far, &uart);
        setting_text(text, sizeof text, &uart);
        complain("%s: its UART is at %s instead", where, text);
        break;
    }
}

/* --- Both directions ------------------------------------------------------------------------ */

static size_t to_pty(void *ctx, const uint8_t *data, size_t len)
{
    struct vcom *v = ctx;
    size_t taken;

    if (v->dropping) {
        v->stats.dropped += len;
        return len;
    }
    if (v->serial_full)
        return 0;
    taken = dtu_posix_serial_write(&v->serial, data, len);
    v->serial_full = taken < len;
    v->stats.down += taken;
    return taken;
}

static void feed_down(struct vcom *v)
{
    size_t taken = far_feed(&v->far, v->down, v->down_len);
    v->down_len -= taken;
    memmove(v->down, v->down + taken, v->down_len);
}

static void receive(struct vcom *v)
{
    ssize_t n;
    if (!v->readable || v->down_len > 0)
        return;
    v->readable = false;
    n = dtu_posix_tcp_receive(v->tcp, v->down, sizeof v->down);
    if (n == 0)
        on_ended(v);
    else if (n > 0)
        v->down_len = (size_t)n;
}

static void send_up(struct vcom *v)
{
    size_t taken = far_send(&v->far, v->up, v->up_len);
    v->up_len -= taken;
    memmove(v->up, v->up + taken, v->up_len);
    v->stats.up += taken;
}

/* --- The pty -------------------------------------------------------------------------------- */

static void on_news(struct vcom *v, unsigned news)
{
    if ((news & DTU_POSIX_SERIAL_SET) != 0)
        v->changed = true;
    if ((news & DTU_POSIX_SERIAL_INPUT_GONE) != 0) {
        far_purge(&v->far, DTU_RFC2217_PURGE_RX);
        v->dropping = true;
        feed_down(v);
        v->dropping = false;
    }
    if ((news & DTU_POSIX_SERIAL_OUTPUT_GONE) != 0) {
        far_purge(&v->far, DTU_RFC2217_PURGE_TX);
        v->stats.dropped += v->up_len;
        v->up_len = 0;
    }
}

/* What is written after a change of the settings waits in the pty until all before it is sent. */
static size_t room_up(const struct vcom *v)
{
    return v->changed ? 0 : sizeof v->up - v->up_len;
}

static void read_pty(struct vcom *v)
{
    unsigned news = 1;
    ssize_t n = 1;

    v->asked_ms = dtu_posix_now();
    for (unsigned i = 0; i < NEWS_MAX && (n > 0 || news != 0); i++) {
        n = dtu_posix_serial_read(&v->serial, v->up + v->up_len, room_up(v), &news);
        if (n < 0) {
            complain("%s: %s", dtu_posix_serial_name(&v->serial), strerror(errno));
            end(v, STATUS_REFUSED);
            return;
        }
        v->up_len += (size_t)n;
        on_news(v, news);
    }
}

/* The pty does not show all of how the UART of the far end is to be. */
static void set_far(struct vcom *v)
{
    struct dtu_uart uart;
    char text[SETTING_SIZE];

    v->changed = false;
    if (!dtu_posix_serial_setting(&v->serial, &uart))
        return;
    far_hang_up(&v->far, uart.baud == 0);
    uart.data_bits = v->format.data_bits;
    if (uart.parity == DTU_PARITY_NONE)
        uart.parity = v->format.parity;
    if (uart.stop_bits < v->format.stop_bits)
        uart.stop_bits = v->format.stop_bits;
    if (uart.baud == 0 || far_is_set(&v->far, &uart))
        return;
    setting_text(text, sizeof text, &uart);
    tell("%s: %s", v->options->link, text);
    v->stats.settings++;
    far_set(&v->far, &uart);
}

/* --- Going on ------------------------------------------------------------------------------- */

static void go_up(struct vcom *v)
{
    if (v->changed && !v->far.is_open && v->up_len == 0)
        set_far(v); /* it goes out first when there is a connection */
    if (!v->far.is_open || !far_flush(&v->far))
        return;
    if (v->up_len > 0)
        send_up(v);
    if (v->changed && v->up_len == 0) {
        set_far(v);
        (void)far_flush(&v->far); /* what is left of it goes when there is room */
    }
}

static void go_down(struct vcom *v)
{
    receive(v);
    if (v->down_len > 0)
        feed_down(v);
}

static void watch(struct vcom *v)
{
    short events = POLLPRI;
    if (room_up(v) > 0)
        events |= POLLIN;
    if (v->serial_full)
        events |= POLLOUT;
    dtu_posix_watch_for(v->loop, v->serial_watch, events);
    if (v->far.is_open)
        dtu_posix_tcp_want_read(v->tcp, v->down_len == 0);
}

/* After every event. What is left to be done has an event of its own. The pty comes first: what its
 * user has dropped is not what comes now. What comes may let data go up. */
static void settle(struct vcom *v)
{
    read_pty(v);
    go_down(v);
    go_up(v);
    watch(v);
}

static void on_pty(void *ctx, short revents)
{
    struct vcom *v = ctx;
    if ((revents & POLLOUT) != 0)
        v->serial_full = false;
    settle(v);
}

static void on_tcp(void *ctx, enum dtu_posix_tcp_event event, const char *reason)
{
    struct vcom *v = ctx;
    switch (event) {
    case DTU_POSIX_TCP_OPENED:
        on_opened(v);
        break;
    case DTU_POSIX_TCP_FAILED:
        fail(v, reason);
        break;
    case DTU_POSIX_TCP_READABLE:
        v->readable = true;
        break;
    case DTU_POSIX_TCP_WRITABLE:
        break;
    case DTU_POSIX_TCP_ENDED:
        on_ended(v);
        break;
    }
    settle(v);
}

/* Of the pause before an attempt to connect, or of the attempt. */
static uint32_t attempt_left(const struct vcom *v, uint32_t now)
{
    if (v->far.is_open)
        return DTU_NEVER;
    return dtu_remaining(now, v->since_ms, v->waiting ? v->pause_ms : CONNECT_MS);
}

static uint32_t next(void *ctx, uint32_t now)
{
    const struct vcom *v = ctx;
    uint32_t ask = dtu_posix_serial_next(&v->serial);
    uint32_t least = ask == DTU_NEVER ? ask : dtu_remaining(now, v->asked_ms, ask);
    uint32_t left = attempt_left(v, now);
    if (left < least)
        least = left;
    left = far_next(&v->far, now);
    return left < least ? left : least;
}

static void end_attempt(struct vcom *v)
{
    if (v->waiting) {
        connect_far(v);
        return;
    }
    (void)dtu_posix_tcp_disconnect(v->tcp);
    fail(v, "no answer");
}

static void poll_time(void *ctx, uint32_t now)
{
    struct vcom *v = ctx;
    if (attempt_left(v, now) == 0)
        end_attempt(v);
    settle(v);
}

/* --- Signals -------------------------------------------------------------------------------- */

static int asked[2]; /* by SIGUSR1 for the counters */

static void on_usr1(int number)
{
    int saved = errno;
    (void)number;
    (void)!write(asked[1], "", 1);
    errno = saved;
}

static void on_asked(void *ctx, short revents)
{
    char bytes[64];
    (void)revents;
    if (read(asked[0], bytes, sizeof bytes) > 0)
        tell_stats(ctx);
}

static void on_stop(void *ctx, short revents)
{
    (void)revents;
    end(ctx, STATUS_SIGNAL + stop_signal());
}

static bool watch_in(struct vcom *v, int fd, dtu_posix_ready *ready)
{
    int number = dtu_posix_watch(v->loop, fd, ready, v);
    if (number >= 0)
        dtu_posix_watch_for(v->loop, number, POLLIN);
    return number >= 0;
}

static bool watch_signals(struct vcom *v)
{
    struct sigaction action = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    return pipe(asked) == 0 && fcntl(asked[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(asked[1], F_SETFL, O_NONBLOCK) == 0 && sigaction(SIGUSR1, &action, NULL) == 0 &&
           watch_in(v, asked[0], on_asked) && watch_in(v, stop_fd(), on_stop);
}

/* --- The command ---------------------------------------------------------------------------- */

/* Such as 8N1. */
static bool parse_format(struct dtu_uart *uart, const char *text)
{
    const char *parity;

    if (strlen(text) != 3 || text[0] < '5' || text[0] > '8' || text[2] < '1' || text[2] > '2')
        return false;
    parity = strchr(parities, (char)dtu_upper((uint8_t)text[1]));
    if (parity == NULL)
        return false;
    uart->data_bits = (uint8_t)(text[0] - '0');
    uart->parity = (uint8_t)(parity - parities);
    uart->stop_bits = (uint8_t)(text[2] - '0');
    return true;
}

static const struct far_callbacks far_callbacks = {.data = to_pty, .news = on_far_news};

static bool open_all(struct vcom *v)
{
    char error[200];

    v->loop = dtu_posix_loop_open();
    if (v->loop != NULL)
        v->tcp = dtu_posix_tcp_open(v->loop, on_tcp, v);
    if (v->tcp == NULL || !watch_signals(v)) {
        complain("%s", strerror(errno));
        return false;
    }
    if (!dtu_posix_serial_open_pty(&v->serial, v->options->link, error, sizeof error)) {
        complain("%s", error);
        return false;
    }
    v->serial_watch = dtu_posix_watch(v->loop, v->serial.fd, on_pty, v);
    if (v->serial_watch >= 0 && dtu_posix_serial_follow(&v->serial))
        return true;
    complain("%s: %s", dtu_posix_serial_name(&v->serial), strerror(errno));
    return false;
}

static void close_all(struct vcom *v)
{
    dtu_posix_serial_close(&v->serial);
    if (v->tcp != NULL)
        (void)dtu_posix_tcp_disconnect(v->tcp);
    dtu_posix_tcp_close(v->tcp);
    dtu_posix_loop_close(v->loop);
}

static void run(struct vcom *v)
{
    v->far.tcp = v->tcp;
    v->timer = (struct dtu_posix_timer){.next = next, .poll = poll_time, .ctx = v};
    dtu_posix_timer_add(v->loop, &v->timer);
    tell("%s: a serial port, %s", v->options->link, dtu_posix_serial_name(&v->serial));
    connect_far(v);
    settle(v);
    if (!dtu_posix_loop_run(v->loop)) {
        complain("poll: %s", strerror(errno));
        v->status = STATUS_REFUSED;
    }
    v->stats.lost += v->up_len;
    tell_stats(v);
}

int command_vcom(const struct options *o)
{
    static struct vcom v; /* too large for a stack */
    const char *format = o->format != NULL ? o->format : "8N1";

    v = (struct vcom){.options = o, .status = STATUS_REFUSED, .serial = {.fd = -1, .slave = -1}};
    if (o->rfc2217 && o->baud_sync) {
        complain("only one of --rfc2217 and --baud-sync can be spoken");
        return STATUS_USAGE;
    }
    if (!parse_format(&v.format, format)) {
        complain("--format takes data bits, parity and stop bits, such as 8N1 or 7E1, not %s",
                 format);
        return STATUS_USAGE;
    }
    v.far = (struct far){.kind = o->rfc2217     ? FAR_RFC2217
                                 : o->baud_sync ? FAR_SYNC
                                                : FAR_RAW,
                         .bit7 = o->profile == &dtu_profile_gprs232_7s3,
                         .callbacks = &far_callbacks,
                         .ctx = &v};
    if (open_all(&v))
        run(&v);
    close_all(&v);
    return v.status;
}
