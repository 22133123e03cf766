/* SPDX-License-Identifier: MIT */
/* A module on this machine: its UART is a tty or a pty, its network is this machine's. */
#include "answers.h"
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dtu_posix.h"

enum { EXIT_USAGE = 2 };

struct softdtu {
    const struct options *options;
    struct dtu_posix_loop *loop;
    struct dtu_posix_module *module;
};

/* --- Messages ------------------------------------------------------------------------------- */

static void print_time(void)
{
    struct timespec t;
    struct tm local;
    char text[16];
    clock_gettime(CLOCK_REALTIME, &t);
    localtime_r(&t.tv_sec, &local);
    strftime(text, sizeof text, "%H:%M:%S", &local);
    printf("%s.%03ld ", text, t.tv_nsec / 1000000);
}

static const char *link_text(enum dtu_link_state state)
{
    switch (state) {
    case DTU_LINK_OFF:
        return "off";
    case DTU_LINK_IDLE:
        return "waits for data";
    case DTU_LINK_OPENING:
        return "connecting";
    case DTU_LINK_UP:
        return "connected";
    case DTU_LINK_WAIT:
        return "waits to connect again";
    case DTU_LINK_GIVEN_UP:
        return "failed too often: the module restarts";
    }
    return "?";
}

static const char *form_text(enum dtu_at_form form)
{
    switch (form) {
    case DTU_AT_BARE:
        return "";
    case DTU_AT_QUERY:
        return "?";
    case DTU_AT_RANGE:
        return "=?";
    case DTU_AT_SET:
        return "=...";
    }
    return "";
}

static void print_started(struct softdtu *s)
{
    const struct dtu_uart *u = dtu_device_uart(dtu_posix_module_device(s->module));
    static const char parities[] = "NOEMS";
    printf("started as %s, UART %lu %u%c%u\n", s->options->profile->name, (unsigned long)u->baud,
           (unsigned)u->data_bits, parities[u->parity], (unsigned)u->stop_bits);
}

static void print_event(struct softdtu *s, const struct dtu_device_event *e)
{
    char socket = (char)('A' + e->socket);

    print_time();
    switch (e->kind) {
    case DTU_EVENT_START:
        print_started(s);
        break;
    case DTU_EVENT_FRAME:
        printf("UART: frame of %zu bytes\n", e->len);
        break;
    case DTU_EVENT_DATA:
        printf("socket %c: %zu bytes to the UART\n", socket, e->len);
        break;
    case DTU_EVENT_LINK:
        printf("socket %c: %s\n", socket, link_text(e->link));
        break;
    case DTU_EVENT_MODE:
        printf("command mode: %s\n", e->len > 0 ? "entered" : "left");
        break;
    case DTU_EVENT_COMMAND:
        printf("command: %s%s%s: %s\n", e->row != NULL ? "AT+" : "AT",
               e->row != NULL ? e->row->name : "", form_text(e->form), dtu_status_text(e->status));
        break;
    case DTU_EVENT_UNSERVED:
        printf("%s asks for what this version does not do: it is off\n", e->row->name);
        break;
    }
}

/* What was counted since the program began. */
static void print_counters(struct softdtu *s)
{
    const struct dtu_device *d = dtu_posix_module_device(s->module);
    const struct dtu_device_stats *n = &d->stats;
    unsigned long dropped = 0;

    for (size_t i = 0; i < s->options->profile->sockets; i++)
        dropped += d->sockets[i].queue.stats.dropped;
    print_time();
    printf("in all: %lu frames, %lu for no socket, %lu packets dropped; bytes: %lu sent, "
           "%lu of them not acknowledged, %lu of them again, %lu received\n",
           (unsigned long)n->frames, (unsigned long)n->unheard, dropped,
           (unsigned long)n->sent_bytes, (unsigned long)n->lost_bytes,
           (unsigned long)n->resent_bytes, (unsigned long)n->received_bytes);
}

static void on_event(void *ctx, const struct dtu_device_event *e)
{
    struct softdtu *s = ctx;
    if (s->options->verbose) {
        print_event(s, e);
        return;
    }
    if (e->kind == DTU_EVENT_UNSERVED)
        fprintf(stderr, "softdtu: AT+%s asks for what this version does not do: it is off\n",
                e->row->name);
}

static enum dtu_status on_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                               size_t len, const struct dtu_text *out)
{
    struct softdtu *s = ctx;
    return answer(s->options, row, args, len, out);
}

static void on_note(void *ctx, const char *text)
{
    struct softdtu *s = ctx;
    if (s->options->verbose) {
        print_time();
        printf("%s\n", text);
        return;
    }
    fprintf(stderr, "softdtu: %s\n", text);
}

/* --- Signals -------------------------------------------------------------------------------- */

static int signal_pipe[2];

static void on_signal(int number)
{
    int saved = errno;
    (void)number;
    (void)!write(signal_pipe[1], "", 1);
    errno = saved;
}

static void on_stop(void *ctx, short revents)
{
    struct softdtu *s = ctx;
    (void)revents;
    dtu_posix_loop_stop(s->loop);
}

static bool catch_signals(struct softdtu *s)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    if (pipe(signal_pipe) != 0 || fcntl(signal_pipe[1], F_SETFL, O_NONBLOCK) != 0)
        return false;
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0 ||
        sigaction(SIGHUP, &action, NULL) != 0)
        return false;
    signal(SIGPIPE, SIG_IGN); /* whoever reads our messages may leave */
    int watch = dtu_posix_watch(s->loop, signal_pipe[0], on_stop, s);
    if (watch < 0)
        return false;
    dtu_posix_watch_for(s->loop, watch, POLLIN);
    return true;
}

/* --- Main ----------------------------------------------------------------------------------- */

static void print_refusal(const struct dtu_param_table *table, const struct dtu_param *row,
                          const char *text, enum dtu_status status)
{
    char range[512];
    struct dtu_text_buffer buffer = {range, sizeof range, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};

    if (status == DTU_ERR_FORM) {
        fprintf(stderr, "softdtu: --set %s: %s is no setting\n", text, row->name);
        return;
    }
    dtu_params_write_range(table, row, &out);
    fprintf(stderr, "softdtu: --set %s: %s; it takes %.*s\n", text, dtu_status_text(status),
            (int)buffer.len, range);
}

/* The --set options; each is checked like a command. */
static bool apply_settings(const struct softdtu *s, struct dtu_params *params)
{
    const struct dtu_param_table *table = s->options->profile->table;

    for (size_t i = 0; i < s->options->set_count; i++) {
        const char *text = s->options->sets[i];
        const char *value = strchr(text, '='); /* the options have seen to it that there is one */
        const struct dtu_param *row =
            dtu_params_find(table, (const uint8_t *)text, (size_t)(value - text));
        if (row == NULL) {
            fprintf(stderr, "softdtu: --set %s: %s has no parameter of this name\n", text,
                    s->options->profile->name);
            return false;
        }
        enum dtu_status status =
            dtu_params_set(params, row, (const uint8_t *)value + 1, strlen(value + 1));
        if (status != DTU_OK) {
            print_refusal(table, row, text, status);
            return false;
        }
    }
    return true;
}

static void on_prepare(void *ctx, struct dtu_params *params)
{
    (void)apply_settings(ctx, params); /* run() has seen that they are good */
}

static bool open_module(struct softdtu *s)
{
    const struct options *o = s->options;
    const struct dtu_posix_module_config config = {.profile = o->profile,
                                                   .pty_link = o->pty,
                                                   .tty = o->tty,
                                                   .state_dir = o->state,
                                                   .bind_address = o->bind,
                                                   .net_at_port = o->net_at_port,
                                                   .info = on_info,
                                                   .prepare = on_prepare,
                                                   .event = on_event,
                                                   .note = on_note,
                                                   .ctx = s};
    char error[256];
    s->module = dtu_posix_module_open(s->loop, &config, error, sizeof error);
    if (s->module == NULL)
        fprintf(stderr, "softdtu: %s\n", error);
    return s->module != NULL;
}

static int run(struct softdtu *s)
{
    if (!catch_signals(s)) {
        perror("softdtu");
        return EXIT_FAILURE;
    }
    if (!open_module(s))
        return EXIT_FAILURE;
    if (!apply_settings(s, dtu_device_params(dtu_posix_module_device(s->module))))
        return EXIT_USAGE;
    printf("softdtu: %s, UART at %s\n", s->options->profile->name,
           s->options->pty != NULL ? s->options->pty : dtu_posix_module_tty(s->module));
    dtu_posix_module_start(s->module);
    if (!dtu_posix_loop_run(s->loop)) {
        perror("softdtu");
        return EXIT_FAILURE;
    }
    if (s->options->verbose)
        print_counters(s);
    return EXIT_SUCCESS;
}

/* Of a program that was started without one of the standard files, the first file it opened would
 * get its messages. */
static bool have_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    struct options options;
    struct softdtu s = {.options = &options};
    int status = EXIT_FAILURE;

    if (!have_standard_files())
        return EXIT_FAILURE;

    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_RUN:
        break;
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_WRONG:
        return EXIT_USAGE;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    s.loop = dtu_posix_loop_open();
    if (s.loop != NULL)
        status = run(&s);
    else
        perror("softdtu");
    dtu_posix_module_close(s.module);
    dtu_posix_loop_close(s.loop);
    options_free(&options);
    return status;
}
