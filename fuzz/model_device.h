/* SPDX-License-Identifier: MIT */
/* What a module does with its data, written from docs/device.md and the pages of its parts: slow,
 * a byte and a millisecond at a time, with its settings as text, and of lib/ nothing but the tables
 * of the products and what is answered to `=?`.
 *
 * It is told what comes in, when time passes, and what became of the connections: when these are
 * opened and closed is the link's, which has a model of its own. In return it says what has to be
 * on the wires and in the counters by then. What it does not know makes it `lost`, and from then on
 * nothing that it says counts. */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include "model_at_server.h"
#include "model_instream.h"
#include "model_settings.h"

#include "dtu/device.h"

#define MODEL_SOCKETS 4
#define MODEL_DIALOGUE DTU_DEVICE_CHANNELS /* command mode, beside the channels */
#define MODEL_PACKETS_MAX 700
#define MODEL_REPLY_MAX 16384
#define MODEL_QUEUE_MAX (DTU_CAT1_PACKET_LEN + 2)

/* docs/queue.md: packets lie in one piece, behind each other or from the beginning again. */
struct model_queue {
    struct {
        size_t at;
        size_t len;
    } packets[MODEL_PACKETS_MAX]; /* the oldest first */
    size_t count;
    size_t sent; /* bytes of the oldest */
    uint8_t bytes[MODEL_QUEUE_MAX];
    size_t size;
    struct dtu_queue_stats stats;
};

struct model_socket {
    bool used;
    bool is_udp;
    bool listens;
    bool is_short; /* its connections are short-lived */
    bool trying;
    bool up;
    enum dtu_link_state link;   /* as the device tells it */
    bool refuses;               /* a reply waits for its queue, and is refused again and again */
    unsigned failures;          /* of attempts, in a row */
    bool due;                   /* the registration packet is not all out */
    size_t due_sent;            /* bytes of it */
    bool beats;                 /* it gets heartbeats */
    bool beating;               /* the oldest packet is a heartbeat */
    uint32_t sent_ms;           /* something was sent, or it came up */
    uint32_t heard_ms;          /* something came, or could not have come until now */
    uint32_t wanted_ms;         /* there was data for it */
    unsigned refusals;          /* of datagrams, in a row */
    bool refused;               /* the last datagram was */
    uint32_t resumed_ms;        /* when the next one was sent */
    uint32_t room;              /* bytes that the port takes */
    struct fuzz_digest network; /* what it got: each piece and its length */
    struct model_queue queue;
};

struct model_device {
    const struct dtu_device_config *config; /* what the port offers */
    uint32_t now;
    struct model_settings settings;
    struct {
        uint32_t gap_us;
        uint32_t guard_ms;
        uint32_t plus_ms;
        uint32_t interval_ms; /* of heartbeats */
        size_t front_max;
        size_t packet_len;
    } limits;                /* that hold since the start */
    struct fuzz_digest uart; /* what it got */
    struct dtu_device_stats stats;

    /* the handshake */
    bool commands;     /* command mode */
    bool quiet;        /* the guard time has passed */
    bool behind;       /* a byte waits for room: that is no silence */
    unsigned pluses;   /* of a handshake */
    unsigned released; /* pluses that are data, and have not been taken yet */
    uint32_t byte_ms;  /* when the last byte came */
    uint32_t entered;
    uint32_t broken;

    /* the frame */
    uint8_t frame[DTU_CAT1_PACKET_LEN];
    size_t frame_len;
    uint32_t frame_ms;     /* when its last byte came */
    uint32_t *frame_ended; /* the counter of what has ended it; it waits to be taken */
    size_t frame_mark;     /* then, if it is a command: the length of its mark */
    size_t frame_command;  /* and of the command */
    struct dtu_framer_stats frames;

    /* commands */
    struct model_at at;
    unsigned by; /* which way the command came that is carried out: a channel, or command mode */
    struct fuzz_digest replies[DTU_DEVICE_CHANNELS]; /* what the port's reply() got */
    bool echo;
    bool logged_in;
    uint32_t entered_ms;
    uint8_t line[DTU_CAT1_LINE_SIZE + 1];
    size_t line_len;
    bool after_cr; /* the last byte was the CR of a command */
    uint32_t cr_ms;

    /* the reply to the command of a socket */
    struct model_socket *asker;
    uint8_t reply[MODEL_REPLY_MAX];
    size_t reply_len;
    size_t reply_sent; /* bytes that are in its queue */

    /* network commands by UDP */
    bool has_session;
    uint8_t peer; /* who has it */
    uint32_t session_ms;

    bool beats;       /* the UART gets heartbeats */
    uint32_t beat_ms; /* when it got the last one, or would have */

    bool restarting;
    bool restart_due;  /* when the reply to a socket is in its queue */
    uint32_t heard_ms; /* the network */
    struct model_socket sockets[MODEL_SOCKETS];
};

/* --- The queue of a socket -------------------------------------------------------------------- */

static inline bool model_queue_place(const struct model_device *m, const struct model_queue *q,
                                     size_t len, size_t *at)
{
    size_t bytes = 0;
    for (size_t i = 0; i < q->count; i++)
        bytes += q->packets[i].len;
    *at = 0;
    if (m->settings.profile->queue_packets > 0 && q->count >= m->settings.profile->queue_packets)
        return false;
    if (m->settings.profile->queue_bytes > 0 && bytes + len > m->settings.profile->queue_bytes)
        return false;
    if (q->count == 0)
        return len + 2 <= q->size;
    size_t oldest = q->packets[0].at;
    size_t newest = q->packets[q->count - 1].at;
    size_t behind = newest + 2 + q->packets[q->count - 1].len;
    size_t end = newest < oldest ? oldest : q->size;
    if (behind + 2 + len <= end)
        *at = behind;
    return behind + 2 + len <= end || (newest >= oldest && 2 + len <= oldest);
}

static inline void model_queue_pop(struct model_queue *q)
{
    q->count--;
    q->sent = 0;
    memmove(&q->packets[0], &q->packets[1], q->count * sizeof q->packets[0]);
}

static inline void model_queue_drop(struct model_queue *q)
{
    q->stats.dropped++;
    q->stats.dropped_bytes += (uint32_t)q->packets[0].len;
    model_queue_pop(q);
}

static inline void model_queue_clear(struct model_queue *q)
{
    while (q->count > 0)
        model_queue_drop(q);
}

static inline bool model_queue_push(const struct model_device *m, struct model_queue *q,
                                    const uint8_t *data, size_t len, bool drops)
{
    size_t at;
    while (!model_queue_place(m, q, len, &at)) {
        if (!drops || q->sent > 0) {
            q->stats.refused++;
            return false;
        }
        model_queue_drop(q);
    }
    FUZZ_CHECK(q->count < MODEL_PACKETS_MAX);
    memcpy(q->bytes + at, data, len);
    q->packets[q->count].at = at;
    q->packets[q->count].len = len;
    q->count++;
    q->stats.pushed++;
    return true;
}

/* --- A socket --------------------------------------------------------------------------------- */

/* How many the port takes; after less than all it takes nothing until it says so. */
static inline size_t model_send(struct model_device *m, struct model_socket *s, const uint8_t *data,
                                size_t len)
{
    size_t taken = len <= s->room ? len : s->is_udp ? 0 : s->room;
    s->room = taken < len ? 0 : s->room - (uint32_t)taken;
    if (taken == 0)
        return 0;
    fuzz_digest(&s->network, data, taken);
    fuzz_digest_number(&s->network, (uint32_t)taken);
    m->stats.sent_bytes += (uint32_t)taken;
    s->sent_ms = m->now;
    if (s->refused)
        s->resumed_ms = m->now;
    else if (m->now - s->resumed_ms >= 5000)
        s->refusals = 0;
    s->refused = false;
    return taken;
}

/* The registration packet; true if it is out, or there is none. */
static inline bool model_register(struct model_device *m, struct model_socket *s)
{
    uint8_t bytes[MODEL_TEXT_MAX];
    if (!s->due)
        return true;
    size_t len = model_registration(&m->settings, bytes);
    if (len > s->due_sent)
        s->due_sent += model_send(m, s, bytes + s->due_sent, len - s->due_sent);
    s->due = s->due_sent < len;
    return !s->due;
}

/* What waits, the registration packet first. */
static inline void model_pump(struct model_device *m, struct model_socket *s)
{
    struct model_queue *q = &s->queue;
    if (!s->up || !model_register(m, s))
        return;
    while (q->count > 0) {
        size_t len = q->packets[0].len - q->sent;
        size_t taken = model_send(m, s, q->bytes + q->packets[0].at + q->sent, len);
        q->sent += taken;
        if (taken < len)
            return;
        model_queue_pop(q);
        m->stats.sent_packets++;
        s->beating = false;
    }
}

/* A heartbeat that is due: nothing waits, and it becomes a packet if it is taken in part. */
static inline void model_beat(struct model_device *m, struct model_socket *s)
{
    uint8_t bytes[MODEL_TEXT_MAX];
    if (!s->up || !s->beats || s->room == 0 || m->now - s->sent_ms < m->limits.interval_ms ||
        !model_register(m, s) || s->queue.count > 0)
        return;
    size_t len = model_heartbeat(&m->settings, bytes);
    size_t taken = len > 0 ? model_send(m, s, bytes, len) : 0;
    if (len == 0)
        s->sent_ms = m->now; /* there is none: the next interval */
    if (taken == 0)
        return;
    (void)model_queue_push(m, &s->queue, bytes, len, false);
    s->queue.sent = taken;
    s->beating = taken < len;
    if (s->beating)
        return;
    model_queue_pop(&s->queue);
    m->stats.sent_packets++;
}

static inline void model_came_up(struct model_device *m, struct model_socket *s)
{
    FUZZ_CHECK(s->trying);
    s->trying = false;
    s->up = true;
    s->failures = 0;
    s->due = model_registers(&m->settings, false) && !s->listens;
    s->due_sent = 0;
    s->beats = model_has_heartbeat(&m->settings, "NET") && !s->is_short && !s->listens;
    s->sent_ms = s->heard_ms = s->wanted_ms = m->now;
    s->refusals = 0;
    s->refused = false;
    if (model_on(&m->settings, "UARTCLBUF", false) && !s->is_short)
        model_queue_clear(&s->queue);
    model_pump(m, s);
}

/* What was cut is sent again, but for a heartbeat. */
static inline void model_went_down(struct model_device *m, struct model_socket *s)
{
    s->up = false;
    if (s->beating)
        model_queue_drop(&s->queue);
    s->beating = false;
    m->stats.resent_bytes += (uint32_t)s->queue.sent;
    s->queue.sent = 0;
}

/* --- What the port did with connections ------------------------------------------------------- */

/* Where it goes is what SOCK, or the backup after an odd number of failures, says. */
static inline void model_check_target(const struct model_device *m, unsigned i,
                                      const struct dtu_socket_target *target)
{
    const struct model_socket *s = &m->sockets[i];
    bool backup = !s->is_udp && s->failures % 2 == 1 &&
                  model_is(model_socket_setting(&m->settings, "SOCK?BKEN", i), "ON") &&
                  model_socket_setting(&m->settings, "SOCK?BK", i)[0] != ',';
    const char *text = model_socket_setting(&m->settings, backup ? "SOCK?BK" : "SOCK?", i);
    size_t len;
    const char *host = model_part(text, backup ? 0 : 1, &len);
    FUZZ_CHECK(target->host_len == len && memcmp(target->host, host, len) == 0);
    FUZZ_CHECK(target->port == model_part_number(text, backup ? 1 : 2));
    FUZZ_CHECK(s->is_udp ==
               (target->kind == DTU_SOCKET_UDP_CLIENT || target->kind == DTU_SOCKET_UDP_SERVER));
    FUZZ_CHECK(s->listens ==
               (target->kind == DTU_SOCKET_TCP_SERVER || target->kind == DTU_SOCKET_UDP_SERVER));
}

/* The network has refused a datagram: one, however often it is told before the next is sent. */
static inline void model_refused(struct model_device *m, unsigned i)
{
    struct model_socket *s = &m->sockets[i];
    if (!s->used)
        return;
    m->stats.refused++;
    s->refusals += s->refused ? 0 : 1;
    s->refused = true;
}

static inline void model_opening(struct model_device *m, unsigned i)
{
    struct model_socket *s = &m->sockets[i];
    FUZZ_CHECK(s->used && !s->up && !s->trying);
    s->trying = true;
}

static inline void model_failed(struct model_device *m, unsigned i)
{
    FUZZ_CHECK(m->sockets[i].trying);
    m->sockets[i].trying = false;
    m->sockets[i].failures++;
}

/* Since when neither side has spoken, or wanted to. In command mode the other cannot. */
static inline uint32_t model_quiet_for(const struct model_device *m, const struct model_socket *s)
{
    uint32_t sent = m->now - s->sent_ms;
    uint32_t heard = m->now - s->heard_ms;
    uint32_t wanted = m->now - s->wanted_ms;
    uint32_t quiet = sent < heard ? sent : heard;
    return quiet < wanted ? quiet : wanted;
}

/* Short-lived ones close when they are quiet, K7's others connect anew, and so do all that are
 * silent for so long that a module with one connection would restart. None of these times runs in
 * command mode. After three refusals all connect anew. */
static inline bool model_may_close(const struct model_device *m, unsigned i)
{
    const struct model_socket *s = &m->sockets[i];
    uint32_t limit_ms = model_ms(&m->settings, "RSTIM");
    uint32_t quiet_ms =
        s->is_short ? model_quiet_ms(&m->settings, i) : model_ms(&m->settings, "SOCKTO");
    if (m->commands || s->refusals >= 3)
        return s->refusals >= 3;
    return (quiet_ms > 0 && model_quiet_for(m, s) >= quiet_ms) ||
           (limit_ms > 0 && m->now - s->heard_ms >= limit_ms);
}

/* The device closes it: one that is silent, or takes too long to open. */
static inline void model_closes(struct model_device *m, unsigned i)
{
    struct model_socket *s = &m->sockets[i];
    fuzz_digest(&s->network, "X", 1);
    if (s->trying)
        model_failed(m, i);
    if (!s->up)
        return;
    FUZZ_CHECK(model_may_close(m, i));
    model_went_down(m, s);
}

/* Rate, data bits, stop bits; on 7S3 the parity comes before these two. */
static inline void model_check_uart(const struct model_device *m, const struct dtu_uart *uart)
{
    const char *text = model_setting(&m->settings, "UART");
    unsigned data = m->settings.profile->table->syntax.quotes ? 2 : 1;
    FUZZ_CHECK(uart->baud == model_part_number(text, 0));
    FUZZ_CHECK(uart->data_bits == model_part_number(text, data));
    FUZZ_CHECK(uart->stop_bits == model_part_number(text, data + 1));
}

/* In command mode the network is not heard. */
static inline bool model_is_silent(const struct model_device *m)
{
    uint32_t limit_ms = model_ms(&m->settings, "RSTIM");
    return limit_ms > 0 && model_transparent(&m->settings) && !m->commands &&
           m->now - m->heard_ms >= limit_ms;
}

/* A restart that nobody has asked for: for silence, or connections that cannot be had. 7S4 calls
 * the number of attempts as cat1 calls their time. */
static inline bool model_may_restart(const struct model_device *m)
{
    bool is_7s4 = model_setting(&m->settings, "SOCKATO") != NULL;
    const char *limit = model_setting(&m->settings, is_7s4 ? "SOCKRSTIM" : "SOCKRSNUM");
    if (model_is_silent(m))
        return true;
    for (size_t i = 0; i < MODEL_SOCKETS && limit != NULL; i++)
        if (m->sockets[i].failures >= model_part_number(limit, 0))
            return true;
    return false;
}

/* Once all that was to be done is done. */
static inline void model_check_settled(const struct model_device *m)
{
    FUZZ_CHECK(m->restarting || !model_is_silent(m));
    for (unsigned i = 0; i < MODEL_SOCKETS && !m->restarting; i++) {
        const struct model_socket *s = &m->sockets[i];
        FUZZ_CHECK(!s->up || !model_may_close(m, i));
        FUZZ_CHECK(!s->used || s->link != DTU_LINK_IDLE || s->queue.count == 0);
    }
}

/* --- Values that are shown and changed -------------------------------------------------------- */

/* All that is pending. */
static inline enum dtu_status model_save(struct model_device *m)
{
    if (m->config->medium == NULL)
        return DTU_ERR_NOT_ALLOWED;
    m->settings.stored = m->settings.pending;
    m->stats.saves++;
    return DTU_OK;
}

/* What a set does besides: see the table in docs/profile.md, and of E docs/device.md. */
static inline void model_changed(struct model_device *m, const struct dtu_param *row)
{
    size_t i = (size_t)(row - m->settings.profile->table->rows);
    if (strcmp(row->name, "E") == 0) {
        m->echo = model_is(m->settings.pending.text[i], "ON");
        memcpy(m->settings.running.text[i], m->settings.pending.text[i], MODEL_TEXT_MAX);
        if (m->config->medium != NULL)
            memcpy(m->settings.stored.text[i], m->settings.pending.text[i], MODEL_TEXT_MAX);
    } else if (m->settings.profile->stores_at_once) {
        (void)model_save(m);
    }
}

/* What is kept stays: 7S4's APN. */
static inline enum dtu_status model_reset(struct model_device *m, const struct model_values *to)
{
    const struct dtu_param_table *table = m->settings.profile->table;
    for (size_t i = 0; i < table->count; i++)
        if ((table->rows[i].flags & DTU_PARAM_KEPT) == 0)
            memcpy(m->settings.pending.text[i], to->text[i], MODEL_TEXT_MAX);
    (void)model_save(m);
    return DTU_OK;
}

/* --- What the AT servers ask ------------------------------------------------------------------ */

static inline bool model_needs_login(const struct model_device *m)
{
    return m->by == MODEL_DIALOGUE && model_on(&m->settings, "SAFEATEN", false) && !m->logged_in;
}

static inline void model_on_say(void *ctx, const void *data, size_t len)
{
    struct model_device *m = ctx;
    if (m->by != DTU_CHANNEL_SOCKET) {
        bool is_uart = m->by == MODEL_DIALOGUE || m->by == DTU_CHANNEL_UART;
        fuzz_digest(is_uart ? &m->uart : &m->replies[m->by], data, len);
        return;
    }
    FUZZ_CHECK(len <= MODEL_REPLY_MAX - m->reply_len);
    memcpy(m->reply + m->reply_len, data, len);
    m->reply_len += len;
}

static inline enum dtu_status model_on_permit(void *ctx, const struct dtu_param *row)
{
    bool signs_in = row != NULL && strcmp(row->name, "SIGNINAT") == 0;
    return model_needs_login(ctx) && !signs_in ? DTU_ERR_LOGIN : DTU_OK;
}

static inline enum dtu_status model_on_set(void *ctx, const struct dtu_param *row,
                                           const uint8_t *value, size_t len)
{
    struct model_device *m = ctx;
    enum dtu_status status = model_set_value(&m->settings, row, value, len);
    if (status == DTU_OK)
        model_changed(m, row);
    return status;
}

/* Logs in, or sets the password. */
static inline enum dtu_status model_sign_in(struct model_device *m, const struct dtu_param *row,
                                            const struct model_token *t)
{
    const char *password = model_setting(&m->settings, "SIGNINAT");
    if (!model_needs_login(m))
        return model_on_set(m, row, t->text, t->len);
    m->settings.lost = m->settings.lost || !model_is_plain(t->text, t->len);
    m->logged_in = t->len == strlen(password) && memcmp(t->text, password, t->len) == 0;
    return m->logged_in ? DTU_OK : DTU_ERR_LOGIN;
}

static inline enum dtu_status model_acts(struct model_device *m, const struct dtu_param *row,
                                         const struct model_line *args)
{
    const char *name = row->name;
    bool reset_is_factory = strcmp(m->settings.profile->name, "lte-7s4") == 0;
    if (strcmp(name, "Z") == 0 || strcmp(name, "REBOOT") == 0 || strcmp(name, "ENTM") == 0)
        return DTU_OK;
    if (strcmp(name, "S") == 0)
        return model_save(m);
    if (strcmp(name, "CLEAR") == 0 || (strcmp(name, "RELD") == 0 && reset_is_factory))
        return model_reset(m, &m->settings.factory);
    if (strcmp(name, "RELD") == 0)
        return model_reset(m, &m->settings.users);
    if (strcmp(name, "SIGNINAT") == 0)
        return model_sign_in(m, row, &args->tokens[0]);
    if (strcmp(name, "USERMAC") == 0)
        return model_same_word(args->tokens[0].text, args->tokens[0].len, "FFFFFFFFFFFF", 12)
                   ? DTU_ERR_RANGE
                   : model_on_set(m, row, args->tokens[0].text, args->tokens[0].len);
    m->settings.lost = m->settings.lost || strcmp(name, "MQTTUNSUB") == 0;
    if (strcmp(name, "CFGTF") != 0)
        return name[0] == 'S' ? DTU_ERR_NOT_ALLOWED : DTU_OK; /* the port */
    if (m->config->default_medium == NULL)
        return DTU_ERR_NOT_ALLOWED;
    m->settings.users = m->settings.pending;
    return DTU_OK;
}

static inline enum dtu_status model_on_does(void *ctx, const struct dtu_param *row,
                                            const struct model_line *args)
{
    bool asks = args == NULL || (row->flags & DTU_PARAM_ASKS) != 0;
    if (row->kind != DTU_PARAM_INFO || !asks)
        return model_acts(ctx, row, args);
    return row->name[0] == 'I' ? DTU_ERR_NOT_ALLOWED : DTU_OK; /* the port */
}

/* The word for the state of a connection; of a server's, with one client. */
static inline size_t model_show_link(const struct model_device *m, unsigned socket, char *out)
{
    const struct model_socket *s = &m->sockets[socket];
    const char *word = m->settings.profile->link_words[s->link];
    bool counts = s->listens && !s->is_udp && s->link == DTU_LINK_UP;
    if (s->listens && s->link == DTU_LINK_OPENING)
        word = m->settings.profile->listen_word;
    return (size_t)snprintf(out, 32, "%s%s", word, counts ? "(1)" : "");
}

static inline size_t model_show_info(const struct model_device *m, const char *name, char *out)
{
    if (strncmp(name, "SOCKLK", 6) == 0)
        return model_show_link(m, (unsigned)(name[6] - 'A'), out);
    if (strncmp(name, "SOCK", 4) == 0 && strcmp(name + 5, "LK") == 0)
        return model_show_link(m, (unsigned)(name[4] - 'A'), out);
    return model_known(&m->settings, name, (uint8_t *)out);
}

static inline void model_on_show(void *ctx, const struct dtu_param *row, uint8_t place)
{
    struct model_device *m = ctx;
    char text[2 * MODEL_TEXT_MAX];
    bool quotes = row->kind == DTU_PARAM_INFO && m->settings.profile->table->syntax.quotes;
    (void)place;
    m->settings.lost = m->settings.lost || row->kind == DTU_PARAM_VIEW;
    if (m->settings.lost)
        return;
    size_t len = row->kind == DTU_PARAM_INFO ? model_show_info(m, row->name, text)
                                             : model_show(&m->settings, row, text);
    model_on_say(m, "\"", quotes ? 1 : 0);
    model_on_say(m, text, len);
    model_on_say(m, "\"", quotes ? 1 : 0);
}

/* A place that is set is not known. */
static inline bool model_on_is_empty(void *ctx, const struct dtu_param *row, uint8_t place)
{
    (void)ctx, (void)row, (void)place;
    return true;
}

static inline void model_leave(struct model_device *m)
{
    m->commands = false;
    m->line_len = 0;
    m->logged_in = false;
    m->byte_ms = m->heard_ms = m->now;
    m->quiet = m->behind = false;
    for (size_t i = 0; i < MODEL_SOCKETS; i++)
        m->sockets[i].heard_ms = m->now;
}

static inline void model_on_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                                    enum dtu_status status)
{
    struct model_device *m = ctx;
    (void)form;
    if (row == NULL || row->kind != DTU_PARAM_ACTION || status != DTU_OK)
        return;
    bool restarts = strcmp(row->name, "Z") == 0 || strcmp(row->name, "REBOOT") == 0 ||
                    (strcmp(row->name, "S") == 0 && m->settings.profile->save_restarts);
    if (restarts && m->by == MODEL_DIALOGUE)
        m->restarting = true;
    else if (restarts)
        m->restart_due = true;
    if (strcmp(row->name, "ENTM") == 0 && m->by == MODEL_DIALOGUE)
        model_leave(m);
    if (strcmp(row->name, "ENTM") == 0 && m->by == DTU_CHANNEL_UDP)
        m->has_session = false;
}

static inline enum dtu_at_style model_style(const struct model_device *m, unsigned by)
{
    if (by == DTU_CHANNEL_SMS)
        return m->settings.profile->sms_style;
    return by == DTU_CHANNEL_MQTT ? DTU_AT_SEMICOLONS : DTU_AT_LINES;
}

static inline void model_command(struct model_device *m, unsigned by, const uint8_t *line,
                                 size_t len)
{
    m->by = by;
    m->at.style = model_style(m, by);
    model_at_line(&m->at, line, len);
}

/* A byte in command mode. What is too long for a line is only counted. */
static inline void model_command_byte(struct model_device *m, uint8_t byte)
{
    bool ends = byte == '\r' || byte == '\n';
    size_t len = m->line_len;
    m->after_cr = byte == '\r';
    m->cr_ms = m->now;
    if (m->echo && (!ends || len > 0))
        fuzz_digest(&m->uart, &byte, 1);
    if (!ends) {
        if (len < m->settings.profile->line_size)
            m->line[len] = byte;
        m->line_len += len <= m->settings.profile->line_size ? 1 : 0;
        return;
    }
    m->line_len = 0;
    if (len > 0)
        model_command(m, MODEL_DIALOGUE, m->line, len);
}

/* --- Commands in the data --------------------------------------------------------------------- */

/* The length of a command's mark; 0 if it is none, or none is heard. `len` is that of the data, and
 * becomes that of the line without its end. */
static inline size_t model_find_command(const struct model_device *m, const char *is_heard,
                                        enum dtu_channel channel, const uint8_t *data, size_t *len)
{
    const char *password = model_setting(&m->settings, "CMDPW");
    if (password == NULL || !model_on(&m->settings, is_heard, true) ||
        m->config->messages[channel].memory == NULL)
        return 0;
    size_t skip = model_mark(m->settings.profile->mark, (const uint8_t *)password, strlen(password),
                             data, *len);
    size_t line_len = skip > 0 ? model_marked_line(data + skip, *len - skip) : 0;
    if (line_len == 0)
        return 0;
    *len = line_len - 1;
    return skip;
}

/* The reply to a socket is put into its queue in pieces; of a connection that is gone it is
 * forgotten. */
static inline void model_go_on_replying(struct model_device *m)
{
    struct model_socket *s = m->asker;
    while (m->reply_sent < m->reply_len) {
        size_t len = m->reply_len - m->reply_sent;
        len = len < m->settings.profile->line_size ? len : m->settings.profile->line_size;
        s->refuses = s->up && !model_queue_push(m, &s->queue, m->reply + m->reply_sent, len, false);
        if (s->refuses)
            return;
        model_pump(m, s);
        m->reply_sent += len;
    }
    m->reply_len = m->reply_sent = 0;
    m->restarting = m->restarting || m->restart_due;
}

/* --- Messages --------------------------------------------------------------------------------- */

/* One command after the other: ten at most, and none behind a restart. */
static inline void model_run_message(struct model_device *m, enum dtu_channel channel,
                                     const uint8_t *data, size_t len)
{
    enum dtu_at_style style = model_style(m, channel);
    unsigned commands = 0;
    size_t from = 0;
    m->stats.messages++;
    while (from < len && commands < 10 && !m->restarting) {
        size_t to = from;
        while (to < len && !model_at_ends(style, data[to]))
            to++;
        if (to > from) {
            commands++;
            model_command(m, channel, data + from, to - from);
            model_go_on_replying(m);
        }
        from = to < len ? to + 1 : len;
    }
    m->stats.ignored += from < len ? 1 : 0;
}

static inline bool model_takes_messages(const struct model_device *m, enum dtu_channel channel)
{
    return !m->restarting && m->config->messages[channel].memory != NULL;
}

static inline enum dtu_status model_message(struct model_device *m, enum dtu_channel channel,
                                            const uint8_t *data, size_t len)
{
    const char *password = model_setting(&m->settings, "CMDPW");
    bool has_topics = model_setting(&m->settings, "MQTTSUB") != NULL;
    size_t skip = 0;
    if (!model_takes_messages(m, channel) || (channel == DTU_CHANNEL_MQTT && !has_topics))
        return DTU_ERR_NOT_ALLOWED;
    if (channel == DTU_CHANNEL_SMS) {
        skip = model_mark(m->settings.profile->mark, (const uint8_t *)password,
                          password != NULL ? strlen(password) : 0, data, len);
        if (!model_is_marked_message(data, len, skip))
            return DTU_ERR_FORMAT;
    }
    model_run_message(m, channel, data + skip, len - skip);
    return DTU_OK;
}

/* What the port says of the hardware address is not 12 digits. */
static inline void model_introduce(struct model_device *m)
{
    char text[MODEL_TEXT_MAX];
    size_t ip_len;
    const char *ip = model_part(model_setting(&m->settings, "WANN"), 1, &ip_len);
    const char *mac = model_setting(&m->settings, "USERMAC");
    int len = snprintf(text, sizeof text, "%.*s,%s,%s", (int)ip_len, ip,
                       mac[0] != '\0' ? mac : "000000000000", model_setting(&m->settings, "MID"));
    fuzz_digest(&m->replies[DTU_CHANNEL_UDP], text, (size_t)len);
}

/* docs/netat.md; a sender is a number here. */
static inline enum dtu_status model_datagram(struct model_device *m, uint8_t peer,
                                             const uint8_t *data, size_t len)
{
    const char *search = model_setting(&m->settings, "SEARCH");
    size_t key_len;
    if (search == NULL || !model_takes_messages(m, DTU_CHANNEL_UDP))
        return DTU_ERR_NOT_ALLOWED;
    const char *key = model_part(search, 1, &key_len);
    bool is_key = len == key_len && memcmp(data, key, len) == 0;
    if (!is_key && (!m->has_session || m->peer != peer)) {
        m->stats.ignored++;
        return DTU_ERR_FORMAT;
    }
    m->has_session = true;
    m->peer = peer;
    m->session_ms = m->now;
    m->stats.messages += is_key ? 1 : 0;
    if (is_key)
        model_introduce(m);
    else if (len != 3 || memcmp(data, "+ok", 3) != 0)
        model_run_message(m, DTU_CHANNEL_UDP, data, len);
    return DTU_OK;
}

/* --- The UART's data -------------------------------------------------------------------------- */

static inline void model_say(struct model_device *m, const void *data, size_t len)
{
    fuzz_digest(&m->uart, data, len);
}

static inline bool model_has_room(const struct model_device *m)
{
    size_t at;
    bool any_up = false;
    for (size_t i = 0; i < MODEL_SOCKETS; i++) {
        const struct model_socket *s = &m->sockets[i];
        if (s->up && model_queue_place(m, &s->queue, m->frame_len + m->limits.front_max, &at))
            return true;
        any_up = any_up || s->up;
    }
    return !any_up;
}

static inline void model_queue_data(struct model_device *m, struct model_socket *s)
{
    static uint8_t packet[DTU_CAT1_PACKET_LEN + MODEL_TEXT_MAX];
    size_t front = 0;
    if (!s->up && !s->is_short && !model_on(&m->settings, "CACHEN", true)) {
        m->stats.unkept++;
        return;
    }
    if (model_registers(&m->settings, true) && !s->listens)
        front = model_registration(&m->settings, packet);
    memcpy(packet + front, m->frame, m->frame_len);
    (void)model_queue_push(m, &s->queue, packet, front + m->frame_len, true);
    s->wanted_ms = m->now;
    model_pump(m, s);
}

static inline void model_obey_uart(struct model_device *m)
{
    m->stats.messages++;
    if (m->restarting)
        m->stats.ignored++;
    else
        model_command(m, DTU_CHANNEL_UART, m->frame + m->frame_mark, m->frame_command);
    model_go_on_replying(m);
}

/* True if the packet is a command. */
static inline bool model_obey_socket(struct model_device *m, struct model_socket *s,
                                     const uint8_t *data, size_t len)
{
    size_t skip = model_find_command(m, "NATEN", DTU_CHANNEL_SOCKET, data, &len);
    if (skip == 0)
        return false;
    m->stats.messages++;
    m->asker = s;
    model_command(m, DTU_CHANNEL_SOCKET, data + skip, len);
    model_go_on_replying(m);
    return true;
}

/* For all sockets in use. */
static inline void model_send_frame(struct model_device *m)
{
    bool heard = false;
    for (size_t i = 0; i < MODEL_SOCKETS; i++) {
        if (!m->sockets[i].used)
            continue;
        heard = true;
        model_queue_data(m, &m->sockets[i]);
    }
    m->stats.frames += heard ? 1 : 0;
    m->stats.unheard += heard ? 0 : 1;
}

/* A frame that is data waits until a connected socket has room. */
static inline void model_offer_frame(struct model_device *m)
{
    if (m->frame_ended == NULL || (m->frame_mark == 0 && !model_has_room(m)))
        return;
    if (m->frame_mark > 0)
        model_obey_uart(m);
    else
        model_send_frame(m);
    ++*m->frame_ended;
    m->frame_ended = NULL;
    m->frame_len = 0;
}

static inline void model_end_frame(struct model_device *m, uint32_t *counter)
{
    if (m->frame_len > 0 && m->frame_ended == NULL) {
        m->frame_ended = counter;
        m->frame_command = m->frame_len;
        m->frame_mark =
            model_find_command(m, "UATEN", DTU_CHANNEL_UART, m->frame, &m->frame_command);
    }
    model_offer_frame(m);
}

/* False if it is not taken. */
static inline bool model_data_byte(struct model_device *m, uint8_t byte)
{
    model_offer_frame(m);
    if (m->frame_ended != NULL)
        return false;
    m->frame[m->frame_len++] = byte;
    m->frame_ms = m->now;
    if (m->frame_len == m->limits.packet_len)
        model_end_frame(m, &m->frames.by_length);
    return true;
}

/* --- The handshake: docs/cmdmode.md ----------------------------------------------------------- */

static inline void model_release(struct model_device *m)
{
    while (m->released > 0 && model_data_byte(m, '+'))
        m->released--;
}

static inline void model_break_handshake(struct model_device *m)
{
    m->broken++;
    m->released = m->pluses;
    m->pluses = 0;
    model_release(m);
}

static inline void model_enter(struct model_device *m)
{
    m->pluses = 0;
    m->commands = true;
    m->logged_in = false;
    m->entered_ms = m->now;
}

/* Whether the byte goes on with a handshake, or begins one. */
static inline bool model_is_handshake(const struct model_device *m, uint8_t byte)
{
    if (m->pluses == 3)
        return byte == 'a';
    return byte == '+' && (m->pluses > 0 || m->quiet);
}

static inline void model_handshake(struct model_device *m)
{
    m->pluses++;
    if (m->pluses == 3)
        model_say(m, "a", 1);
    if (m->pluses <= 3)
        return;
    model_say(m, "+ok", 3);
    m->entered++;
    model_enter(m);
}

/* The LF of a CR LF that ended a command, even if that has led out of command mode. It comes within
 * the time of two bytes. */
static inline bool model_is_line_feed(struct model_device *m, uint8_t byte)
{
    uint32_t baud = model_part_number(model_setting(&m->settings, "UART"), 0);
    bool is = m->after_cr && byte == '\n' && m->now - m->cr_ms <= 20000 / baud + 1;
    m->after_cr = false;
    return is;
}

/* False if the byte is not taken. */
static inline bool model_uart_byte(struct model_device *m, uint8_t byte)
{
    if (model_is_line_feed(m, byte))
        return true;
    if (m->restarting)
        return false;
    if (m->commands) {
        model_command_byte(m, byte);
        return true;
    }
    model_release(m);
    if (m->released == 0 && m->pluses > 0 && !model_is_handshake(m, byte))
        model_break_handshake(m);
    m->behind = m->released > 0;
    if (m->behind)
        return false;
    if (model_is_handshake(m, byte))
        model_handshake(m);
    else
        m->behind = !model_data_byte(m, byte);
    if (m->behind)
        return false;
    m->byte_ms = m->now;
    m->quiet = false;
    return true;
}

static inline bool model_uart_ready(const struct model_device *m)
{
    return !m->restarting && (m->commands || (m->released == 0 && m->frame_ended == NULL));
}

static inline void model_uart_idle(struct model_device *m)
{
    model_end_frame(m, &m->frames.by_flush);
}

/* --- The sockets' data ------------------------------------------------------------------------ */

static inline bool model_socket_ready(const struct model_device *m, unsigned i)
{
    return m->sockets[i].up && !m->restarting && !m->commands;
}

/* How many are taken. */
static inline size_t model_socket_rx(struct model_device *m, unsigned i, const uint8_t *data,
                                     size_t len)
{
    char mark[] = "SOCK?:";
    size_t command_len = len;
    if (len == 0 || !model_socket_ready(m, i))
        return 0;
    if (m->reply_len > 0 &&
        model_find_command(m, "NATEN", DTU_CHANNEL_SOCKET, data, &command_len) > 0)
        return 0; /* a reply waits */
    m->heard_ms = m->sockets[i].heard_ms = m->now;
    if (model_obey_socket(m, &m->sockets[i], data, len))
        return len;
    mark[4] = (char)('A' + i);
    if (model_on(&m->settings, "SOCKIND", false) || model_on(&m->settings, "SOCKIDEN", false))
        model_say(m, mark, 6);
    model_say(m, data, len);
    m->stats.received_bytes += (uint32_t)len;
    return len;
}

/* --- Time ------------------------------------------------------------------------------------- */

static inline void model_poll_uart(struct model_device *m)
{
    uint32_t gap_us = m->limits.gap_us;
    uint32_t silence = m->now - m->byte_ms;
    if (gap_us > 0 && (uint64_t)(m->now - m->frame_ms) * 1000 >= gap_us + 1000)
        model_end_frame(m, &m->frames.by_time);
    model_offer_frame(m);
    m->quiet = m->quiet || (!m->behind && silence >= m->limits.guard_ms);
    if (m->pluses > 0 && silence >= (m->pluses < 3 ? m->limits.plus_ms : 3000))
        model_break_handshake(m);
    model_release(m);
}

/* Each interval, whatever else is said; what is due in command mode waits for its end. */
static inline void model_beat_uart(struct model_device *m)
{
    uint8_t bytes[MODEL_TEXT_MAX];
    if (!m->beats || m->commands || m->restarting || m->now - m->beat_ms < m->limits.interval_ms)
        return;
    model_say(m, bytes, model_heartbeat(&m->settings, bytes));
    m->beat_ms = m->now;
}

/* What is due at this moment. */
static inline void model_poll(struct model_device *m)
{
    if (m->restarting || m->settings.lost)
        return;
    model_go_on_replying(m);
    if (m->commands && m->now - m->entered_ms >= 30000 &&
        model_on(&m->settings, "SAFEATEN", false) && !m->logged_in)
        model_leave(m);
    m->has_session = m->has_session && m->now - m->session_ms < 30000;
    model_poll_uart(m);
    model_beat_uart(m);
    for (size_t i = 0; i < MODEL_SOCKETS; i++) {
        model_pump(m, &m->sockets[i]);
        model_beat(m, &m->sockets[i]);
    }
}

/* --- Start and stop --------------------------------------------------------------------------- */

static inline void model_init(struct model_device *m, const struct dtu_profile *profile,
                              const struct dtu_device_config *config)
{
    memset(m, 0, sizeof *m);
    model_init_settings(&m->settings, profile);
    m->config = config;
    m->at = (struct model_at){.product = profile,
                              .style = DTU_AT_LINES,
                              .line_size = profile->line_size,
                              .ctx = m,
                              .say = model_on_say,
                              .permit = model_on_permit,
                              .set = model_on_set,
                              .does = model_on_does,
                              .show = model_on_show,
                              .is_empty = model_on_is_empty,
                              .replied = model_on_replied};
    for (size_t i = 0; i < MODEL_SOCKETS; i++)
        m->sockets[i].queue.size = config->queues[i].size;
}

static inline void model_greet(struct model_device *m)
{
    const char *text = model_setting(&m->settings, "STMSG");
    size_t len = text != NULL ? strlen(text) : 0;
    if (text == NULL)
        return;
    model_say(m, "\r\n", 2);
    for (size_t i = 0; i < len;) {
        int meaning;
        i += model_unescape((enum dtu_escape_style)m->settings.profile->table->syntax.escape,
                            (const uint8_t *)text + i, len - i, &meaning);
        uint8_t byte = (uint8_t)meaning;
        model_say(m, &byte, 1);
    }
    model_say(m, "\r\n", 2);
}

static inline bool model_is_short(const struct model_device *m, unsigned i)
{
    const char *of_all = model_setting(&m->settings, "SOCKSL"); /* K7 */
    const char *own = of_all != NULL ? of_all : model_socket_setting(&m->settings, "SOCK?SL", i);
    if (m->settings.profile->sockets_agree &&
        model_is(model_setting(&m->settings, "SOCKAEN"), "ON"))
        own = model_setting(&m->settings, "SOCKASL");
    return model_is(own, "ON") || model_is(own, "SHORT");
}

static inline void model_start_socket(struct model_device *m, unsigned i)
{
    struct model_socket *s = &m->sockets[i];
    const char *target = model_socket_setting(&m->settings, "SOCK?", i);
    const char *enabled = model_socket_setting(&m->settings, "SOCK?EN", i);
    bool is_client = model_part_is(target, 0, "TCP") || model_part_is(target, 0, "TCPC");
    s->is_udp = target[0] == 'U';
    s->listens = model_part_is(target, 0, "TCPS") || model_part_is(target, 0, "UDPS");
    s->used = model_transparent(&m->settings) && (is_client || s->is_udp || s->listens) &&
              (enabled == NULL || model_is(enabled, "ON"));
    s->is_short = is_client && model_is_short(m, i);
    s->failures = 0;
    s->refuses = false;
}

/* What a stop drops. The connections are closed by the port, which says so. */
static inline void model_stop(struct model_device *m)
{
    for (size_t i = 0; i < m->settings.profile->sockets; i++) {
        struct model_socket *s = &m->sockets[i];
        if (s->beating)
            model_queue_drop(&s->queue);
        s->beating = s->up = s->trying = s->used = false;
        s->queue.sent = 0;
        model_queue_clear(&s->queue);
    }
    m->stats.cut_bytes += (uint32_t)m->frame_len;
    m->frame_len = 0;
    m->frame_ended = NULL;
}

static inline void model_start(struct model_device *m)
{
    m->settings.running = m->settings.pending;
    m->restarting = m->restart_due = false;
    m->reply_len = m->reply_sent = m->line_len = 0;
    m->echo = model_on(&m->settings, "E", false);
    m->settings.lost = m->settings.lost || !model_knows_settings(&m->settings);
    m->commands = m->behind = m->has_session = false;
    m->quiet = true;
    m->pluses = m->released = 0;
    m->byte_ms = m->heard_ms = m->beat_ms = m->now;
    m->beats = model_has_heartbeat(&m->settings, "COM") && model_transparent(&m->settings);
    m->entered = m->broken = 0;
    memset(&m->frames, 0, sizeof m->frames);
    m->limits.gap_us = model_gap_us(&m->settings);
    m->limits.guard_ms = model_guard_ms(&m->settings);
    m->limits.plus_ms = model_plus_ms(&m->settings);
    m->limits.interval_ms = model_heartbeat_ms(&m->settings);
    m->limits.front_max = model_front_max(&m->settings);
    m->limits.packet_len = model_packet_len(&m->settings);
    model_greet(m);
    if (model_is(model_setting(&m->settings, "WKMOD"), "CMD"))
        model_enter(m);
    for (unsigned i = 0; i < m->settings.profile->sockets; i++)
        model_start_socket(m, i);
}

/* Room for bytes of a socket. */
static inline void model_writable(struct model_device *m, unsigned i, uint32_t room)
{
    m->sockets[i].room = room;
    model_pump(m, &m->sockets[i]);
    model_go_on_replying(m);
    model_offer_frame(m);
}

/* The supply fails, and comes back: what was stored is left, and the counters begin anew. */
static inline void model_power_cut(struct model_device *m)
{
    for (size_t i = 0; i < MODEL_SOCKETS; i++) {
        struct model_socket *s = &m->sockets[i];
        s->beating = s->up = s->trying = s->used = false;
        s->queue.count = s->queue.sent = 0;
        memset(&s->queue.stats, 0, sizeof s->queue.stats);
    }
    memset(&m->stats, 0, sizeof m->stats);
    m->frame_len = 0;
    m->frame_ended = NULL;
    m->after_cr = false;
    m->settings.pending = m->settings.stored;
    model_start(m);
}

static inline void model_restart(struct model_device *m)
{
    model_stop(m);
    m->settings.pending = m->settings.stored;
    m->stats.restarts++;
    model_start(m);
}

#endif
