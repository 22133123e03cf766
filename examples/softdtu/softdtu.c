/* SPDX-License-Identifier: MIT */
/* A module on this machine: its UART is a tty or a pty, its network is this machine's. */
#include "softdtu.h"

#include "answers.h"
#include "messages.h"
#include "status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static enum dtu_status on_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                               size_t len, const struct dtu_text *out)
{
    struct instance *m = ctx;
    return answer(m->program->options, m->index, m->bind, row, args, len, out);
}

/* --- Signals -------------------------------------------------------------------------------- */

static int signal_pipe[2];

static void on_signal(int number)
{
    int saved = errno;
    const char what = number == SIGUSR1 ? 'u' : 's';
    (void)!write(signal_pipe[1], &what, 1);
    errno = saved;
}

static bool tell_status(const struct softdtu *s)
{
    return s->options->status == NULL || write_status(s);
}

static void on_signals(void *ctx, short revents)
{
    struct softdtu *s = ctx;
    char what;
    (void)revents;
    if (read(signal_pipe[0], &what, 1) == 1 && what == 'u') {
        print_status(s);
        (void)tell_status(s);
        return;
    }
    dtu_posix_loop_stop(s->loop);
}

static bool catch_signals(struct softdtu *s)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    if (pipe(signal_pipe) != 0 || fcntl(signal_pipe[1], F_SETFL, O_NONBLOCK) != 0)
        return false;
    if (sigaction(SIGHUP, NULL, &before) != 0 || sigaction(SIGINT, &action, NULL) != 0 ||
        sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) != 0)
        return false;
    if (before.sa_handler != SIG_IGN && sigaction(SIGHUP, &action, NULL) != 0) /* else: nohup */
        return false;
    signal(SIGPIPE, SIG_IGN); /* whoever reads our messages may leave */
    int watch = dtu_posix_watch(s->loop, signal_pipe[0], on_signals, s);
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
        if (row == NULL || (row->flags & DTU_PARAM_INTERNAL) != 0) {
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
    const struct instance *m = ctx;
    (void)apply_settings(m->program, params); /* run() has seen that they are good */
}

/* "/tmp/uart" as it is, or of several modules with the number of one behind it. */
static char *numbered(const struct instance *m, const char *text, char mark)
{
    size_t size = strlen(text) + 12;
    char *made = malloc(size);
    if (made == NULL)
        return NULL;
    if (m->program->options->count > 1)
        snprintf(made, size, "%s%c%u", text, mark, m->index + 1);
    else
        snprintf(made, size, "%s", text);
    return made;
}

static char *address_of(const struct instance *m)
{
    char *text = malloc(INET_ADDRSTRLEN);
    struct in_addr address;
    if (text == NULL)
        return NULL;
    (void)inet_pton(AF_INET, m->program->options->bind, &address); /* the options were checked */
    address.s_addr = htonl(ntohl(address.s_addr) + m->index);
    inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
    return text;
}

/* What is this module's own of what the options give for all. */
static bool name_things(struct instance *m)
{
    const struct options *o = m->program->options;
    if (o->pty != NULL && (m->pty = numbered(m, o->pty, '.')) == NULL)
        return false;
    if (o->state != NULL && (m->state = numbered(m, o->state, '/')) == NULL)
        return false;
    return o->bind == NULL || (m->bind = address_of(m)) != NULL;
}

static int rfc2217_port(const struct instance *m)
{
    int first = m->program->options->rfc2217_port;
    return first != 0 ? first + (int)m->index : 0;
}

static bool open_module(struct instance *m)
{
    const struct options *o = m->program->options;
    char error[256] = "no memory";
    if (name_things(m)) {
        const struct dtu_posix_module_config config = {.profile = o->profile,
                                                       .pty_link = m->pty,
                                                       .tty = o->tty,
                                                       .state_dir = m->state,
                                                       .bind_address = m->bind,
                                                       .net_at_port = o->net_at_port,
                                                       .discovery_port = o->discovery_port,
                                                       .max_clients = o->clients,
                                                       .local_only = o->local_only,
                                                       .rfc2217_port = rfc2217_port(m),
                                                       .info = on_info,
                                                       .prepare = on_prepare,
                                                       .led = o->leds ? on_led : NULL,
                                                       .event = on_event,
                                                       .note = on_note,
                                                       .ctx = m};
        m->module = dtu_posix_module_open(m->program->loop, &config, error, sizeof error);
    }
    if (m->module == NULL)
        warn(m, error, "");
    return m->module != NULL;
}

static void close_module(struct instance *m)
{
    dtu_posix_module_close(m->module);
    free(m->pty);
    free(m->state);
    free(m->bind);
}

/* Each module has a pty, and sockets: more files than a program may open unless it asks. */
static void allow_more_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* what is missing is told when a file cannot be had */
}

/* The directory that theirs are in. */
static bool make_state_dir(const struct options *o)
{
    return o->count == 1 || o->state == NULL || mkdir(o->state, 0777) == 0 || errno == EEXIST;
}

static int open_modules(struct softdtu *s)
{
    if (!make_state_dir(s->options)) {
        fprintf(stderr, "softdtu: cannot make %s: %s\n", s->options->state, strerror(errno));
        return EXIT_FAILURE;
    }
    for (unsigned i = 0; i < s->options->count; i++) {
        struct instance *m = &s->modules[i];
        m->program = s;
        m->index = i;
        if (!open_module(m))
            return EXIT_FAILURE;
        if (!apply_settings(s, dtu_device_params(dtu_posix_module_device(m->module))))
            return EXIT_USAGE;
    }
    return EXIT_SUCCESS;
}

static void print_ready(const struct softdtu *s)
{
    const struct instance *first = &s->modules[0];
    const char *profile = s->options->profile->name;
    unsigned count = s->options->count;
    if (count > 1)
        printf("softdtu: %u of %s, UARTs at %s to %s\n", count, profile, first->pty,
               s->modules[count - 1].pty);
    else
        printf("softdtu: %s, UART at %s\n", profile,
               first->pty != NULL ? first->pty : dtu_posix_module_tty(first->module));
}

/* As in the products' answers to AT+SYSINFO; the network of this machine is as good as theirs. */
static enum dtu_network network_of(const struct dtu_profile *p)
{
    if (p == &dtu_profile_k7)
        return DTU_NETWORK_LAN;
    return p == &dtu_profile_gprs232_7s3 ? DTU_NETWORK_2G : DTU_NETWORK_4G;
}

static int run(struct softdtu *s)
{
    if (!catch_signals(s)) {
        perror("softdtu");
        return EXIT_FAILURE;
    }
    if (s->options->count > 1)
        allow_more_files();
    int status = open_modules(s);
    if (status != EXIT_SUCCESS)
        return status;
    print_ready(s);
    for (unsigned i = 0; i < s->options->count; i++) {
        struct instance *m = &s->modules[i];
        dtu_device_set_network(dtu_posix_module_device(m->module), network_of(s->options->profile),
                               dtu_posix_now());
        dtu_posix_module_start(m->module);
    }
    if (!dtu_posix_loop_run(s->loop)) {
        perror("softdtu");
        return EXIT_FAILURE;
    }
    for (unsigned i = 0; s->options->verbose && i < s->options->count; i++)
        print_counters(&s->modules[i]);
    return tell_status(s) ? EXIT_SUCCESS : EXIT_FAILURE;
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
    case OPTIONS_FAILED:
        return EXIT_FAILURE;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    s.loop = dtu_posix_loop_open();
    s.modules = calloc(options.count, sizeof *s.modules);
    if (s.loop != NULL && s.modules != NULL)
        status = run(&s);
    else
        perror("softdtu");
    for (unsigned i = 0; s.modules != NULL && i < options.count; i++)
        close_module(&s.modules[i]);
    free(s.modules);
    dtu_posix_loop_close(s.loop);
    options_free(&options);
    return status;
}
