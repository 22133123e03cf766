/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dtu/netat.h"

#include "names.h"
#include "net.h"
#include "output.h"
#include "stop.h"

enum {
    QUIET_MS = 100,         /* no pause within a reply is as long at a UART */
    QUIET_NETWORK_MS = 300, /* nor here, by way of a network */
    SETTLE_MS = 2000,       /* what was told to restart may take so long to begin */
    AGAIN_MS = 1000,        /* between looks for one that restarts */
    LEAVE_MS = 2000         /* for the way out of command mode */
};

/* So much of a K7's time is left for the command itself. */
static const int64_t session_ms = DTU_NETAT_SESSION_MS - 5000;

/* How a wait ended, where no exit status tells it. */
enum { TIME_OVER = -1 };

static uint32_t now32(void)
{
    return (uint32_t)net_now();
}

static bool has_handshake(const struct session *s)
{
    return s->config.mode == DTU_AT_CLIENT_UART;
}

/* --- What the module says by itself --------------------------------------------------------- */

static void show_heard(struct session *s)
{
    char visible[VISIBLE_SIZE(SESSION_HEARD_SIZE)];

    if (s->heard_len == 0)
        return;
    output_visible(visible, sizeof visible, s->heard, s->heard_len);
    s->heard_len = 0;
    if (!s->options->verbose)
        return;
    progress_end();
    fprintf(stderr, "< %s\n", visible);
}

/* CR and LF end a line, and are not shown. */
static void on_data(void *ctx, const uint8_t *data, size_t len)
{
    struct session *s = ctx;

    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\r' || data[i] == '\n') {
            show_heard(s);
            continue;
        }
        if (s->heard_len == sizeof s->heard)
            show_heard(s);
        s->heard[s->heard_len++] = data[i];
        s->has_spoken = true;
    }
}

/* --- The client ----------------------------------------------------------------------------- */

static void tell_try(const struct session *s)
{
    if (s->tries > 1 && !s->is_quiet)
        complain("%s: no answer to %s; try %u of %" PRIu32, s->pipe.name, s->asked, s->tries,
                 s->options->tries);
}

/* A command in the data stream is one only if it comes as a whole. */
static size_t send_whole(struct pipe *p, const uint8_t *data, size_t len)
{
    const int64_t end = net_now() + LEAVE_MS;
    size_t sent = pipe_send(p, data, len);

    while (sent > 0 && sent < len && net_now() < end && pipe_wait_room(p, end))
        sent += pipe_send(p, data + sent, len - sent);
    return sent == 0 ? 0 : len;
}

static size_t on_send(void *ctx, const uint8_t *data, size_t len)
{
    struct session *s = ctx;
    size_t sent =
        has_handshake(s) ? pipe_send(&s->pipe, data, len) : send_whole(&s->pipe, data, len);

    if (len == 3 && sent > 0 && memcmp(data, "+++", 3) == 0) {
        s->tries++;
        tell_try(s);
    }
    return sent;
}

/* What the session keeps, for the client's buffer is used again. */
static const char *keep(struct session *s, size_t *used, const uint8_t *text, size_t len)
{
    char *kept = s->texts + *used;

    if (text == NULL)
        return NULL;
    memcpy(kept, text, len);
    kept[len] = '\0';
    *used += len + 1;
    return kept;
}

static void on_done(void *ctx, const struct dtu_at_client_reply *reply)
{
    struct session *s = ctx;
    size_t used = 0;

    s->is_done = true;
    s->reply.status = reply->status;
    s->reply.code = reply->code;
    s->reply.value = keep(s, &used, reply->value, reply->value_len);
    s->reply.value_len = reply->value_len;
    s->reply.error = keep(s, &used, reply->error, reply->error_len);
    s->reply.error_len = reply->error_len;
}

static const struct dtu_at_client_callbacks callbacks = {
    .send = on_send, .data = on_data, .done = on_done};

static void configure(struct session *s)
{
    const struct options *o = s->options;
    bool is_network = s->pipe.kind != PIPE_TTY;
    uint32_t quiet_ms = is_network ? QUIET_NETWORK_MS : QUIET_MS;
    const char *word = NULL;

    if (s->pipe.kind == PIPE_UDP) {
        s->config.mode = DTU_AT_CLIENT_UDP;
        word = o->keyword;
    } else if (o->prefix != NULL) {
        s->config.mode = DTU_AT_CLIENT_PREFIX;
        word = o->prefix;
    }
    s->config.prefix = (const uint8_t *)word;
    s->config.prefix_len = word != NULL ? strlen(word) : 0;
    s->config.line = s->line_buffer;
    s->config.line_size = sizeof s->line_buffer;
    s->config.reply = s->reply_buffer;
    s->config.reply_size = sizeof s->reply_buffer;
    s->config.guard_ms = o->guard_ms;
    s->config.answer_ms = o->timeout_ms;
    s->config.quiet_ms = quiet_ms < o->timeout_ms ? quiet_ms : o->timeout_ms;
    s->config.tries = (uint8_t)o->tries;
}

static bool init_client(struct session *s)
{
    configure(s);
    if (dtu_at_client_init(&s->client, &s->config, &callbacks, s) == DTU_OK)
        return true;
    complain("%s: empty, or too long",
             s->config.mode == DTU_AT_CLIENT_UDP ? "--keyword" : "--prefix");
    return false;
}

/* --- Waiting -------------------------------------------------------------------------------- */

static int has_ended(struct session *s)
{
    show_heard(s);
    if (!s->is_quiet && s->asked != NULL)
        complain("%s: the connection ended while %s was on its way: %s", s->pipe.name, s->asked,
                 pipe_reason(&s->pipe));
    else if (!s->is_quiet)
        complain("%s: the connection ended: %s", s->pipe.name, pipe_reason(&s->pipe));
    s->state = SESSION_OUT;
    return STATUS_SILENT;
}

/* A time-out that does not end what is under way begins another try. */
static void poll_client(struct session *s)
{
    uint32_t timeouts = s->client.stats.timeouts;

    dtu_at_client_poll(&s->client, now32());
    if (s->client.stats.timeouts == timeouts || s->is_done)
        return;
    s->tries++;
    tell_try(s);
}

/* One wait for the module; the client gets what comes. */
static enum pipe_event hear(struct session *s, int64_t end, bool stoppable)
{
    uint8_t data[2048];
    size_t len;
    enum pipe_event event = pipe_wait(&s->pipe, data, sizeof data, &len, end, stoppable);

    if (event == PIPE_DATA)
        dtu_at_client_feed(&s->client, data, len, now32());
    return event;
}

/* The same. Returns STATUS_DONE, or STATUS_SILENT if the pipe has ended, or that of a signal. */
static int step(struct session *s, int64_t end, bool stoppable)
{
    switch (hear(s, end, stoppable)) {
    case PIPE_DATA:
    case PIPE_QUIET:
        break;
    case PIPE_STOPPED:
        return STATUS_SIGNAL + stop_signal();
    case PIPE_ENDED:
        return has_ended(s);
    }
    return STATUS_DONE;
}

/* Until the client has done what it was told. Returns STATUS_DONE, STATUS_SILENT: the pipe has
 * ended, that of a signal, or TIME_OVER. */
static int drive(struct session *s, int64_t end, bool stoppable)
{
    while (!s->is_done) {
        uint32_t next = dtu_at_client_next(&s->client, now32());
        int64_t until = next != DTU_NEVER ? net_now() + next : end;
        int status = step(s, until < end ? until : end, stoppable);
        if (status != STATUS_DONE)
            return status;
        if (!s->is_done)
            poll_client(s);
        if (!s->is_done && net_now() >= end)
            return TIME_OVER;
    }
    show_heard(s);
    return STATUS_DONE;
}

static void begin(struct session *s, const char *asked)
{
    s->asked = asked;
    s->tries = 1;
    s->pipe.error = 0; /* of an earlier datagram */
    s->is_done = false;
    s->reply = (struct reply){.status = DTU_ERR_TIMEOUT};
}

/* --- Into command mode ---------------------------------------------------------------------- */

static void complain_silence(const struct session *s)
{
    const struct options *o = s->options;

    switch (s->config.mode) {
    case DTU_AT_CLIENT_UART:
        complain("%s: no answer to +++: is the module on, is the baud rate right, and its packing "
                 "time (AT+UARTFT) below --guard %" PRIu32 "?",
                 s->pipe.name, o->guard_ms);
        break;
    case DTU_AT_CLIENT_UDP:
        complain("%s: no answer to the keyword%s%s: is this a K7, and is the keyword that of "
                 "AT+SEARCH?",
                 s->pipe.name, s->pipe.error != 0 ? " but " : "",
                 s->pipe.error != 0 ? strerror(s->pipe.error) : "");
        break;
    case DTU_AT_CLIENT_PREFIX:
        complain("%s: no answer: is the password right (AT+CMDPW; 7S3 wants a # behind it), and "
                 "are such commands on (AT+NATEN, at a UART AT+UATEN)?",
                 s->pipe.name);
        break;
    }
}

/* One try to enter; a signal or the end of the time leaves it, and the module out of command mode
 * if it can be. */
static int enter_once(struct session *s, int64_t end)
{
    int status;

    if (s->config.mode == DTU_AT_CLIENT_PREFIX) {
        s->state = SESSION_IN;
        return STATUS_DONE;
    }
    s->state = SESSION_OUT;
    begin(s, has_handshake(s) ? "+++" : "the keyword");
    s->tries = has_handshake(s) ? 0 : 1; /* on_send() counts the +++ */
    (void)dtu_at_client_enter(&s->client, now32());
    status = drive(s, end, true);
    if (has_handshake(s) && s->tries > 0 && (status == TIME_OVER || status > STATUS_SIGNAL))
        (void)drive(s, net_now() + LEAVE_MS, false); /* half a handshake cannot be left */
    dtu_at_client_cancel(&s->client);
    if (s->is_done && s->reply.status == DTU_OK)
        s->state = SESSION_IN;
    s->heard_ms = net_now();
    return status == STATUS_DONE && s->state != SESSION_IN ? STATUS_SILENT : status;
}

static const struct dtu_profile *profile_of(enum dtu_at_client_dialect dialect)
{
    switch (dialect) {
    case DTU_AT_CLIENT_ERROR:
        return &dtu_profile_gprs232_7s3;
    case DTU_AT_CLIENT_ERR_NUMBER:
        return &dtu_profile_k7;
    case DTU_AT_CLIENT_ERR_WORD:
        return &dtu_profile_lte_7s4;
    case DTU_AT_CLIENT_CME:
        return &dtu_profile_cat1;
    case DTU_AT_CLIENT_UNKNOWN:
        break;
    }
    return NULL;
}

/* Asks something that does nothing. */
static int identify(struct session *s, int64_t end)
{
    int status;

    begin(s, "AT+");
    (void)dtu_at_client_identify(&s->client, now32());
    status = drive(s, end, true);
    if (status == STATUS_DONE && s->reply.status == DTU_ERR_TIMEOUT)
        status = STATUS_SILENT;
    dtu_at_client_cancel(&s->client);
    s->heard_ms = net_now();
    return status;
}

static int enter(struct session *s)
{
    int status = enter_once(s, INT64_MAX);
    if (status == STATUS_SILENT && !s->pipe.has_ended)
        complain_silence(s);
    return status;
}

static int enter_and_identify(struct session *s)
{
    int status = enter(s);

    if (status != STATUS_DONE || s->profile != NULL)
        return status;
    status = identify(s, INT64_MAX);
    s->profile = profile_of(dtu_at_client_dialect(&s->client));
    if (status == STATUS_SILENT && !s->pipe.has_ended)
        complain_silence(s);
    return status;
}

bool session_open(struct session *s, const struct options *o)
{
    *s = (struct session){.options = o, .profile = o->profile};
    s->status = pipe_open(&s->pipe, o);
    if (s->status != STATUS_DONE)
        return false;
    s->status = init_client(s) ? enter_and_identify(s) : STATUS_USAGE;
    if (s->status != STATUS_DONE)
        session_close(s);
    return s->status == STATUS_DONE;
}

/* --- Restart -------------------------------------------------------------------------------- */

/* A connection to the module itself does not live through its restart, whether that is heard or
 * not. One to a serial server does, and so does a tty. */
static bool must_reopen(const struct session *s)
{
    return s->pipe.has_ended ||
           (s->config.mode == DTU_AT_CLIENT_PREFIX && s->pipe.kind != PIPE_TTY);
}

/* Whether the module is back. */
static int look(struct session *s, int64_t end)
{
    int status = STATUS_DONE;

    if (must_reopen(s))
        status = pipe_reopen(&s->pipe, end);
    if (status == STATUS_DONE)
        status = enter_once(s, end);
    if (status == STATUS_DONE && s->config.mode == DTU_AT_CLIENT_PREFIX)
        status = identify(s, end);
    return status;
}

/* Until the module goes away, lest it be taken for back. Its start-up message tells, or the end of
 * the connection; else time has to. */
static int settle(struct session *s)
{
    const int64_t end = net_now() + SETTLE_MS;
    int status = STATUS_DONE;

    s->has_spoken = false;
    while (status == STATUS_DONE && !(has_handshake(s) && s->has_spoken) && net_now() < end)
        status = step(s, end, true);
    return status;
}

/* Where the module is from now on. */
static void go(struct session *s, const struct options *way)
{
    if (way == s->options)
        return;
    s->options = way;
    pipe_redirect(&s->pipe, way);
    configure(s);
}

int session_come_back(struct session *s, const struct options *const *ways, size_t count)
{
    const uint32_t wait_ms = ways[0]->wait_restart_ms;
    const int64_t end = net_now() + wait_ms;
    int status;

    s->is_quiet = true;
    s->asked = NULL;
    status = settle(s);
    for (unsigned i = 1; status < STATUS_SIGNAL; i++) {
        go(s, ways[(i - 1) % count]);
        progress("%s: waiting for the module to come back, try %u", s->pipe.name, i);
        status = look(s, end);
        if (status == STATUS_DONE || status > STATUS_SIGNAL || net_now() >= end)
            break;
        status = net_pause(net_now() + AGAIN_MS) == NET_STOPPED ? STATUS_SIGNAL + stop_signal()
                                                                : STATUS_DONE;
    }
    progress_end();
    s->is_quiet = false;
    s->status = status;
    if (status == STATUS_DONE || status > STATUS_SIGNAL)
        return status;
    s->state = SESSION_RESTARTING;
    complain("%s: the module has not come back within %" PRIu32 " ms", s->pipe.name, wait_ms);
    s->status = STATUS_SILENT;
    return STATUS_SILENT;
}

static int come_back(struct session *s)
{
    return session_come_back(s, &s->options, 1);
}

/* --- Commands ------------------------------------------------------------------------------- */

const struct dtu_param *session_row(const struct session *s, const char *line)
{
    const char *name = names_skip_at(line);

    if (s->profile == NULL || name == line)
        return NULL;
    return names_find(s->profile, name, strcspn(name, "=?"));
}

/* After what a module has done it may take no commands any more. */
static enum session_state state_after(const struct session *s, const struct dtu_param *row)
{
    if (row == NULL || row->kind != DTU_PARAM_ACTION)
        return SESSION_IN;
    if (row->id == DTU_ID_Z || (row->id == DTU_ID_S && s->profile->save_restarts))
        return SESSION_RESTARTING;
    return row->id == DTU_ID_ENTM ? SESSION_OUT : SESSION_IN;
}

static int make_ready(struct session *s)
{
    if (s->state == SESSION_RESTARTING)
        return come_back(s);
    s->asked = NULL;
    if (s->pipe.has_ended)
        return has_ended(s);
    if (s->config.mode == DTU_AT_CLIENT_UDP && net_now() - s->heard_ms > session_ms)
        s->state = SESSION_OUT;
    return s->state == SESSION_IN ? STATUS_DONE : enter(s);
}

static int conclude(struct session *s, const struct dtu_param *row)
{
    s->heard_ms = net_now();
    if (s->reply.status == DTU_OK)
        s->state = state_after(s, row);
    if (s->reply.status != DTU_ERR_TIMEOUT)
        return s->reply.status == DTU_OK ? STATUS_DONE : STATUS_REFUSED;
    s->state = SESSION_UNSURE;
    complain("%s: no answer to %s", s->pipe.name, s->asked);
    return STATUS_SILENT;
}

/* The client sends a bare name once, for it may be an action; by the table it is a query. */
static bool is_bare_query(const struct dtu_param *row, const char *line)
{
    return row != NULL && row->kind != DTU_PARAM_ACTION && strpbrk(line, "=?") == NULL;
}

static int send_once(struct session *s, const char *line, const struct dtu_param *row)
{
    bool once = row != NULL && row->kind == DTU_PARAM_ACTION;
    size_t len = strlen(line);
    enum dtu_status begun;

    s->is_done = false;
    begun = once ? dtu_at_client_command_once(&s->client, line, len, now32())
                 : dtu_at_client_command(&s->client, line, len, now32());
    if (begun == DTU_OK)
        return drive(s, INT64_MAX, true);
    complain("%s: %s", s->asked,
             begun == DTU_ERR_SPACE ? "too long for any module" : "no AT command");
    return STATUS_USAGE;
}

static int send_line(struct session *s, const char *line)
{
    const struct dtu_param *row = session_row(s, line);
    char visible[VISIBLE_SIZE(100)];
    int status;

    output_visible(visible, sizeof visible, line, strlen(line));
    begin(s, visible);
    status = send_once(s, line, row);
    while (status == STATUS_DONE && s->reply.status == DTU_ERR_TIMEOUT &&
           is_bare_query(row, line) && s->tries < s->options->tries) {
        s->tries++;
        tell_try(s);
        status = send_once(s, line, row);
    }
    if (status == STATUS_DONE)
        status = conclude(s, row);
    s->asked = NULL;
    return status;
}

int session_command(struct session *s, const char *line, struct reply *r)
{
    s->status = make_ready(s);
    if (s->status == STATUS_DONE)
        s->status = send_line(s, line);
    *r = s->reply;
    return s->status;
}

int session_restart(struct session *s)
{
    const struct dtu_param_table *table = s->profile != NULL ? s->profile->table : NULL;
    bool has_z = table == NULL || dtu_params_find(table, (const uint8_t *)"Z", 1) != NULL;
    const char *line = has_z ? "AT+Z" : "AT+S";
    char visible[VISIBLE_SIZE(60)];
    struct reply reply;

    if (session_command(s, line, &reply) != STATUS_DONE) {
        output_visible(visible, sizeof visible, reply.error, reply.error_len);
        if (s->status == STATUS_REFUSED)
            complain("%s: %s was refused: %s", s->pipe.name, line, visible);
        return s->status;
    }
    s->state = SESSION_RESTARTING; /* also of a product that is not known */
    s->status = come_back(s);
    return s->status;
}

int session_listen(struct session *s)
{
    const int64_t end = net_now() + QUIET_MS; /* a flood keeps nobody */
    enum pipe_event event;

    s->status = STATUS_DONE;
    if (s->pipe.has_ended || s->state == SESSION_RESTARTING)
        return STATUS_DONE;
    do
        event = hear(s, net_now(), false);
    while (event == PIPE_DATA && net_now() < end);
    show_heard(s);
    if (event == PIPE_ENDED)
        s->status = has_ended(s);
    return s->status;
}

/* --- The end -------------------------------------------------------------------------------- */

/* Whatever was under way is given up. */
static int leave(struct session *s)
{
    int status;

    dtu_at_client_cancel(&s->client);
    if (!has_handshake(s) || s->pipe.has_ended || s->state == SESSION_OUT ||
        s->state == SESSION_RESTARTING)
        return STATUS_DONE;
    begin(s, "AT+ENTM");
    (void)dtu_at_client_leave(&s->client, now32());
    status = drive(s, net_now() + LEAVE_MS, false);
    if (status == STATUS_SILENT || (status == STATUS_DONE && s->reply.status == DTU_OK))
        return status;
    complain("%s: no answer to AT+ENTM: the module may be in command mode", s->pipe.name);
    return STATUS_SILENT;
}

int session_close(struct session *s)
{
    int status = leave(s);

    show_heard(s);
    pipe_close(&s->pipe);
    return status;
}
