/* SPDX-License-Identifier: MIT */
#include "dtu/at_client.h"

#include "dtu/discovery.h"

#include <string.h>

/* What a client does. */
enum state {
    IDLE,
    ENDING, /* `status` is to be told by the next poll */
    KNOCKS, /* the handshake is under way */
    DRAINS, /* waits until late answers are through */
    EXPECTS /* sends the request and gathers the reply */
};

/* What is asked for. */
enum form {
    PLAIN,    /* `AT+NAME`: a query or an action; also what has no name */
    QUERY,    /* `AT+NAME?`, `AT+NAME=?` */
    SET,      /* `AT+NAME=..` */
    HELP,     /* `AT+H`: the answer is a list of any lines */
    IDENTIFY, /* a refusal is what is wanted */
    KEYWORD
};

/* What the rest of a line is whose beginning did not fit. */
enum rest {
    NONE, /* all of the line is there */
    DATA,
    VALUE
};

static const uint8_t crlf[] = {'\r', '\n'};
static const uint8_t confirm[] = {'+', 'o', 'k'};

/* The reply buffer has two parts: values, and behind them the line that is being gathered. */
static size_t values_len(const struct dtu_at_client *c)
{
    return (size_t)(c->line - c->config->reply);
}

/* --- Set-up --------------------------------------------------------------------------------- */

static size_t host_send(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_at_client *c = ctx;
    return c->callbacks->send(c->ctx, data, len);
}

static void give_data(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_at_client *c = ctx;
    if (len > 0 && c->callbacks->data != NULL)
        c->callbacks->data(c->ctx, data, len);
}

static void end_at_poll(struct dtu_at_client *c, enum dtu_status status)
{
    c->status = (uint8_t)status;
    c->state = ENDING;
}

static void host_done(void *ctx, enum dtu_status status)
{
    end_at_poll(ctx, status);
}

static const struct dtu_cmdmode_host_callbacks host_callbacks = {host_send, give_data, host_done};

static enum dtu_status init_host(struct dtu_at_client *c)
{
    c->host_config.guard_ms = c->config->guard_ms;
    c->host_config.reply_ms = c->config->answer_ms;
    c->host_config.tries = c->config->tries;
    return dtu_cmdmode_host_init(&c->host, &c->host_config, &host_callbacks, c);
}

static const char leave_text[] = "AT+ENTM";

/* Of what goes before each command. */
static size_t prefix_len_of(const struct dtu_at_client_config *config)
{
    return config->mode == DTU_AT_CLIENT_PREFIX ? config->prefix_len : 0;
}

static bool buffers_suffice(const struct dtu_at_client_config *config)
{
    size_t own = sizeof leave_text - 1 + sizeof crlf;
    if (config->line == NULL || config->line_size < own ||
        config->line_size - own < prefix_len_of(config))
        return false;
    return config->reply != NULL && config->reply_size >= 2 * (size_t)DTU_AT_CLIENT_RESERVE;
}

static bool has_prefix(const struct dtu_at_client_config *config)
{
    return config->mode == DTU_AT_CLIENT_UART || (config->prefix != NULL && config->prefix_len > 0);
}

enum dtu_status dtu_at_client_init(struct dtu_at_client *c,
                                   const struct dtu_at_client_config *config,
                                   const struct dtu_at_client_callbacks *callbacks, void *ctx)
{
    if (!buffers_suffice(config) || !has_prefix(config))
        return DTU_ERR_CONFIG;
    if (config->quiet_ms == 0 || config->quiet_ms > config->answer_ms)
        return DTU_ERR_CONFIG;
    if (callbacks->send == NULL || callbacks->done == NULL)
        return DTU_ERR_CONFIG;
    memset(c, 0, sizeof *c);
    c->config = config;
    c->callbacks = callbacks;
    c->ctx = ctx;
    size_t prefix_len = prefix_len_of(config);
    if (prefix_len > 0)
        memcpy(config->line, config->prefix, prefix_len);
    c->text = config->line + prefix_len;
    return init_host(c);
}

bool dtu_at_client_busy(const struct dtu_at_client *c)
{
    return c->state != IDLE;
}

enum dtu_at_client_dialect dtu_at_client_dialect(const struct dtu_at_client *c)
{
    return (enum dtu_at_client_dialect)c->dialect;
}

/* --- What is data --------------------------------------------------------------------------- */

/* A line end that may be the empty line in front of a reply is not kept, but counted. */
static void give_line_end(struct dtu_at_client *c, size_t len)
{
    give_data(c, crlf + sizeof crlf - len, len);
}

/* The answer under another name, which was kept as a value, was none. */
static void release_other(struct dtu_at_client *c)
{
    if (c->in.other_skip == 0)
        return;
    give_line_end(c, c->in.other_blank_len);
    give_data(c, c->config->reply, values_len(c));
    give_line_end(c, c->in.other_end_len);
    memmove(c->config->reply, c->line, c->in.line_len);
    c->line = c->config->reply;
    c->in.other_skip = 0;
    c->in.has_value = false;
}

/* All that was held back in front of the line. */
static void release_held(struct dtu_at_client *c)
{
    release_other(c);
    give_line_end(c, c->in.blank_len);
    c->in.blank_len = 0;
}

/* What was taken for the beginning of a reply or of an echo is none. */
static void release_all(struct dtu_at_client *c)
{
    release_held(c);
    give_data(c, c->text, c->in.echoed);
    give_data(c, c->line, c->in.line_len);
    c->in.echoed = 0;
    c->in.line_len = 0;
}

/* --- The end -------------------------------------------------------------------------------- */

static void forget_reply(struct dtu_at_client *c)
{
    memset(&c->in, 0, sizeof c->in);
    c->line = c->config->reply;
}

/* The owner may begin something new in `done`: nothing may be done with the client behind this. */
static void finish(struct dtu_at_client *c, enum dtu_status status)
{
    struct dtu_at_client_reply reply = {.status = status,
                                        .code = c->in.code,
                                        .error_len = c->in.error_len,
                                        .dialect = dtu_at_client_dialect(c)};
    if (c->in.error_len > 0)
        reply.error = c->line;
    if (c->in.too_long && status == DTU_OK)
        reply.status = DTU_ERR_SPACE;
    if (c->in.has_value && !c->in.too_long) {
        reply.value = c->config->reply + c->in.other_skip;
        reply.value_len = values_len(c) - c->in.other_skip;
    }
    forget_reply(c);
    c->state = IDLE;
    c->callbacks->done(c->ctx, &reply);
}

/* --- Sending -------------------------------------------------------------------------------- */

static void send_rest(struct dtu_at_client *c, uint32_t now)
{
    if (c->out_len == 0)
        return;
    size_t taken = c->callbacks->send(c->ctx, c->out, c->out_len);
    c->out += taken;
    c->out_len -= taken;
    if (c->out_len > 0)
        return;
    c->last_ms = now;
    if (c->state == EXPECTS)
        c->since_ms = now; /* the module's time to answer begins when it has been asked */
}

static void send_bytes(struct dtu_at_client *c, enum state state, const uint8_t *data, size_t len,
                       uint32_t now)
{
    c->state = (uint8_t)state;
    c->since_ms = now;
    c->last_ms = now;
    c->out = data;
    c->out_len = len;
    send_rest(c, now);
}

static void begin_try(struct dtu_at_client *c, uint32_t now)
{
    forget_reply(c);
    c->awaits_echo = c->text_len > 0 && c->config->mode == DTU_AT_CLIENT_UART;
    c->tries_left--;
    send_bytes(c, EXPECTS, c->request, c->request_len, now);
}

/* Late answers come before the next request is sent, or are never taken for an answer to it. In
 * command mode a line end goes first: it ends a line that the module has but a part of. */
static void begin_drain(struct dtu_at_client *c, uint32_t now)
{
    size_t len = c->config->mode == DTU_AT_CLIENT_UART ? sizeof crlf : 0;
    send_bytes(c, DRAINS, crlf, len, now);
}

static void begin(struct dtu_at_client *c, uint8_t tries, uint32_t now)
{
    c->tries_left = tries;
    c->timed_out = false;
    if (c->late)
        begin_drain(c, now);
    else
        begin_try(c, now);
}

/* Requests without a command in them. */
static void begin_bytes(struct dtu_at_client *c, enum form form, const uint8_t *data, size_t len,
                        uint8_t tries, uint32_t now)
{
    c->request = data;
    c->request_len = len;
    c->text_len = 0;
    c->name_len = 0;
    c->form = (uint8_t)form;
    begin(c, tries, now);
}

/* --- Commands ------------------------------------------------------------------------------- */

#define NAME_AT 3u /* behind AT+ */

/* Of what does not begin with AT+ it is the length of something else; all products refuse that. */
static size_t find_name_len(const uint8_t *text, size_t len)
{
    size_t at = NAME_AT;
    while (at < len && text[at] != '=' && text[at] != '?')
        at++;
    return at - NAME_AT;
}

static bool is_named(const struct dtu_at_client *c, const char *name)
{
    return c->name_len > 0 && dtu_equal_nocase(c->text + NAME_AT, c->name_len, name);
}

static enum form form_of(const struct dtu_at_client *c)
{
    size_t at = NAME_AT + c->name_len;
    if (is_named(c, "H"))
        return HELP;
    if (at >= c->text_len)
        return PLAIN;
    if (c->text[at] == '=' && c->text_len == at + 2)
        at++; /* perhaps =? */
    return c->text[at] == '?' ? QUERY : SET;
}

/* Whether it may be carried out twice. Without a name nothing is carried out. */
static bool is_repeatable(const struct dtu_at_client *c)
{
    return c->form != PLAIN || c->name_len == 0;
}

static bool has_line_end(const char *text, size_t len)
{
    return memchr(text, '\r', len) != NULL || memchr(text, '\n', len) != NULL;
}

/* Puts the command behind the prefix. */
static enum dtu_status put_line(struct dtu_at_client *c, const char *text, size_t len)
{
    const struct dtu_at_client_config *config = c->config;
    size_t before = prefix_len_of(config);
    size_t end_len = config->mode == DTU_AT_CLIENT_UDP ? 1 : sizeof crlf;

    if (len > config->line_size - before - end_len)
        return DTU_ERR_SPACE;
    memmove(config->line + before, text, len);
    memcpy(config->line + before + len, crlf, end_len);
    c->request = config->line;
    c->request_len = before + len + end_len;
    return DTU_OK;
}

static enum dtu_status begin_command(struct dtu_at_client *c, const char *text, size_t len,
                                     bool once, uint32_t now)
{
    if (c->state != IDLE)
        return DTU_ERR_STATE;
    if (len == 0 || has_line_end(text, len))
        return DTU_ERR_FORMAT;
    enum dtu_status status = put_line(c, text, len);
    if (status != DTU_OK)
        return status;
    c->text_len = len;
    c->name_len = find_name_len(c->text, len);
    c->form = (uint8_t)form_of(c);
    begin(c, once || !is_repeatable(c) ? 1 : c->config->tries, now);
    return DTU_OK;
}

enum dtu_status dtu_at_client_command(struct dtu_at_client *c, const char *text, size_t len,
                                      uint32_t now)
{
    return begin_command(c, text, len, false, now);
}

enum dtu_status dtu_at_client_command_once(struct dtu_at_client *c, const char *text, size_t len,
                                           uint32_t now)
{
    return begin_command(c, text, len, true, now);
}

enum dtu_status dtu_at_client_identify(struct dtu_at_client *c, uint32_t now)
{
    enum dtu_status status = begin_command(c, "AT+", NAME_AT, false, now);
    if (status == DTU_OK)
        c->form = IDENTIFY;
    return status;
}

static enum dtu_status begin_nothing(struct dtu_at_client *c)
{
    end_at_poll(c, DTU_OK);
    return DTU_OK;
}

enum dtu_status dtu_at_client_leave(struct dtu_at_client *c, uint32_t now)
{
    if (c->state != IDLE || c->config->mode == DTU_AT_CLIENT_UART)
        return begin_command(c, leave_text, sizeof leave_text - 1, true, now);
    return begin_nothing(c);
}

enum dtu_status dtu_at_client_enter(struct dtu_at_client *c, uint32_t now)
{
    const struct dtu_at_client_config *config = c->config;
    if (c->state != IDLE)
        return DTU_ERR_STATE;
    if (config->mode == DTU_AT_CLIENT_PREFIX)
        return begin_nothing(c);
    if (config->mode == DTU_AT_CLIENT_UDP) {
        begin_bytes(c, KEYWORD, config->prefix, config->prefix_len, config->tries, now);
        return DTU_OK;
    }
    c->state = KNOCKS;
    return dtu_cmdmode_host_start(&c->host, now);
}

void dtu_at_client_cancel(struct dtu_at_client *c)
{
    if (c->state == KNOCKS)
        (void)init_host(c); /* it was possible before */
    if (c->state == EXPECTS) {
        release_all(c);
        forget_reply(c);
        c->late = true;
    }
    c->state = IDLE;
}

/* --- How replies are worded ------------------------------------------------------------------ */

enum meaning {
    DONE,
    REFUSED,
    NUMBERED,  /* refused, a number follows */
    EXPLAINED, /* refused, a number or a text follows */
    ANSWER     /* a value follows, and the end */
};

struct wording {
    char start[11];
    uint8_t len;
    uint8_t meaning;
    uint8_t dialect; /* enum dtu_at_client_dialect */
};

static const struct wording wordings[] = {
    {"OK", 2, DONE, DTU_AT_CLIENT_UNKNOWN},
    {"+OK", 3, DONE, DTU_AT_CLIENT_ERR_NUMBER},
    {"+ok", 3, DONE, DTU_AT_CLIENT_UNKNOWN}, /* of ENTM, on several products */
    {"+OK=", 4, ANSWER, DTU_AT_CLIENT_ERR_NUMBER},
    {"ERROR", 5, REFUSED, DTU_AT_CLIENT_ERROR},
    {"Err", 3, NUMBERED, DTU_AT_CLIENT_ERR_WORD},
    {"+ERR=", 5, NUMBERED, DTU_AT_CLIENT_ERR_NUMBER},
    {"+ERR:", 5, NUMBERED, DTU_AT_CLIENT_ERR_NUMBER},
    {"+CME ERROR:", 11, EXPLAINED, DTU_AT_CLIENT_CME},
    {"+CMS ERROR:", 11, EXPLAINED, DTU_AT_CLIENT_CME},
};
#define WORDINGS (sizeof wordings / sizeof wordings[0])

static const struct wording *find_wording(const uint8_t *text, size_t len)
{
    for (const struct wording *w = wordings; w < wordings + WORDINGS; w++)
        if (len >= w->len && memcmp(text, w->start, w->len) == 0 &&
            (w->meaning >= NUMBERED || len == w->len))
            return w;
    return NULL;
}

/* What numbers mean: manual 004 table 7 for cat1, whose numbers are here with 100 added; the
 * others, 001 table 13 and 003 section 5.3.3, number alike. */
#define CME 100u

static enum dtu_status meaning_of(uint32_t number)
{
    static const uint8_t meanings[][2] = {
        {1, DTU_ERR_FORMAT},
        {2, DTU_ERR_NOT_FOUND},
        {3, DTU_ERR_FORM},
        {4, DTU_ERR_RANGE},
        {CME + 3, DTU_ERR_TYPE},
        {CME + 53, DTU_ERR_RANGE},
        {CME + 58, DTU_ERR_NOT_FOUND},
        {CME + 73, DTU_ERR_LOGIN},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i][0] == number)
            return (enum dtu_status)meanings[i][1];
    return DTU_ERR_NOT_ALLOWED;
}

/* Reads the number behind the wording: spaces and a minus may come before it. */
static bool parse_number(const struct wording *w, const uint8_t *text, size_t len, int16_t *code)
{
    uint32_t number;
    size_t at = w->len;
    while (at < len && (text[at] == ' ' || text[at] == '-'))
        at++;
    if (dtu_parse_decimal(text + at, len - at, &number) != DTU_OK || number > INT16_MAX)
        return false;
    *code = (int16_t)(text[at - 1] == '-' ? -(int16_t)number : (int16_t)number);
    return true;
}

/* --- What a line is ------------------------------------------------------------------------- */

/* The line is data. Its end may also be the empty line in front of a reply, if the data had none.
 * An empty line alone does not tell that what came before is data. */
static void take_data(struct dtu_at_client *c, size_t text_len)
{
    if (text_len > 0 || c->in.blank_len > 0 || c->in.other_skip == 0)
        release_held(c);
    give_data(c, c->line, text_len);
    c->in.blank_len = (uint8_t)(c->in.line_len - text_len);
    c->in.line_len = 0;
}

/* The reply does not fit: what there is of it is worth nothing. */
static void lose_values(struct dtu_at_client *c)
{
    c->line = c->config->reply;
    c->in.line_len = 0;
    c->in.blank_len = 0;
    c->in.has_value = true;
    c->in.too_long = true;
}

/* Makes a part of the line a value, and drops the rest. An LF comes between two values; it has
 * room, for a line end at least is dropped. */
static void keep_value(struct dtu_at_client *c, size_t skip, size_t text_len)
{
    uint8_t *to = c->line;
    size_t len = text_len - skip;
    size_t room = c->config->reply_size - DTU_AT_CLIENT_RESERVE - values_len(c);
    if (c->in.too_long || len >= room) {
        c->stats.too_long++;
        lose_values(c);
        return;
    }
    size_t between = c->in.has_value ? 1 : 0;
    memmove(to + between, to + skip, len);
    if (between > 0)
        *to = '\n';
    c->line = to + between + len;
    c->in.has_value = true;
    c->in.line_len = 0;
    c->in.blank_len = 0;
}

/* The reply has ended. The next may follow at once, unless there was a try before that one. */
static void end_reply(struct dtu_at_client *c, enum dtu_status status)
{
    c->late = c->timed_out;
    finish(c, status);
}

/* Only a number behind it makes sure which product it is: cat1 may say ERROR too (manual 004
 * section 3.2), and 7S4 +OK to ENTM (001 section 3.1.2). */
static void note_dialect(struct dtu_at_client *c, const struct wording *w)
{
    if (w->meaning == NUMBERED || w->meaning == EXPLAINED || c->dialect == DTU_AT_CLIENT_UNKNOWN)
        c->dialect = w->dialect;
}

static bool is_name_byte(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

/* The length of `+NAME:` under any name, 0 if the line does not begin so. */
static size_t find_name(const uint8_t *text, size_t len)
{
    size_t at = 1;
    if (len == 0 || *text != '+')
        return 0;
    while (at < len && is_name_byte(text[at]))
        at++;
    return at > 1 && at < len && text[at] == ':' ? at + 1 : 0;
}

/* Whether `+NAME:` of that length is the command's. */
static bool is_own(const struct dtu_at_client *c, const uint8_t *text, size_t skip)
{
    if (skip != c->name_len + 2)
        return false;
    for (size_t i = 0; i < c->name_len; i++)
        if (text[1 + i] != dtu_upper(c->text[NAME_AT + i]))
            return false;
    return true;
}

/* An answer under another name is one if it is the only one and OK follows: the command may have
 * been given by another spelling. Not while a late answer may come. */
static bool may_have_other_name(const struct dtu_at_client *c, size_t text_len)
{
    return c->name_len > 0 && c->form != SET && !c->late &&
           (!c->in.has_value || c->in.other_skip > 0) &&
           text_len < c->config->reply_size - DTU_AT_CLIENT_RESERVE;
}

static void take_other(struct dtu_at_client *c, size_t skip, size_t text_len)
{
    uint8_t blank_len = c->in.blank_len;
    release_other(c);
    c->in.other_end_len = (uint8_t)(c->in.line_len - text_len);
    keep_value(c, 0, text_len);
    c->in.other_blank_len = blank_len;
    c->in.other_skip = skip;
}

static void judge_named(struct dtu_at_client *c, size_t text_len)
{
    size_t skip = find_name(c->line, text_len);
    bool own = is_own(c, c->line, skip);
    if (own || c->form == HELP) {
        release_other(c);
        keep_value(c, own ? skip : 0, text_len);
    } else if (skip > 0 && may_have_other_name(c, text_len)) {
        take_other(c, skip, text_len);
    } else {
        take_data(c, text_len);
    }
}

/* Whether a line that is worded so is the reply. While a late answer may come, a query is not
 * answered by the end of one that was not its own; and some words refuse only with a number. */
static bool ends_reply(struct dtu_at_client *c, size_t text_len, const struct wording *w)
{
    if (w->meaning == DONE)
        return !c->late || c->form != QUERY || c->in.has_value;
    bool has_number = w->meaning != ANSWER && parse_number(w, c->line, text_len, &c->in.code);
    return has_number || w->meaning != NUMBERED;
}

static enum dtu_status status_of(const struct dtu_at_client *c, const struct wording *w)
{
    uint32_t number = (uint32_t)(c->in.code < 0 ? -c->in.code : c->in.code);
    if (w->meaning == DONE || w->meaning == ANSWER || c->form == IDENTIFY)
        return DTU_OK;
    return meaning_of(w->meaning == EXPLAINED ? number + CME : number);
}

static void judge_reply(struct dtu_at_client *c, size_t text_len)
{
    const struct wording *w = find_wording(c->line, text_len);
    if (w == NULL) {
        judge_named(c, text_len);
        return;
    }
    if (!ends_reply(c, text_len, w)) {
        take_data(c, text_len);
        return;
    }
    if (w->meaning != DONE)
        release_other(c);
    note_dialect(c, w);
    if (w->meaning == ANSWER)
        keep_value(c, w->len, text_len);
    else if (w->meaning != DONE)
        c->in.error_len = text_len;
    end_reply(c, status_of(c, w));
}

/* The answer to the keyword. That it came is confirmed as the product wants it, once: nothing
 * depends on it, and like any datagram it may get lost. */
static void judge_address(struct dtu_at_client *c, size_t text_len)
{
    struct dtu_discovery_found found;
    if (dtu_discovery_parse_text(&found, c->line, text_len) != DTU_OK) {
        take_data(c, text_len);
        return;
    }
    keep_value(c, 0, text_len);
    (void)c->callbacks->send(c->ctx, confirm, sizeof confirm);
    end_reply(c, DTU_OK);
}

/* --- Gathering lines ------------------------------------------------------------------------ */

static void log_line(const struct dtu_at_client *c)
{
    if (c->in.line_len > 0 && c->callbacks->line != NULL)
        c->callbacks->line(c->ctx, c->line, c->in.line_len);
}

static void end_line(struct dtu_at_client *c, size_t end_len)
{
    size_t text_len = c->in.line_len - end_len;
    uint8_t rest = c->in.rest;
    log_line(c);
    c->in.rest = NONE;
    if (rest == VALUE)
        c->in.line_len = 0;
    else if (text_len == 0 || rest == DATA || c->out_len > 0) /* or not all was sent */
        take_data(c, text_len);
    else if (c->form == KEYWORD)
        judge_address(c, text_len);
    else
        judge_reply(c, text_len);
}

/* Whether the line is a value, as far as it is there. */
static bool is_value(const struct dtu_at_client *c)
{
    const struct wording *w = find_wording(c->line, c->in.line_len);
    return c->form == HELP || (w != NULL && w->meaning == ANSWER) ||
           is_own(c, c->line, find_name(c->line, c->in.line_len));
}

/* The line does not fit: it is a value that is too long, or else data. */
static void make_room(struct dtu_at_client *c)
{
    log_line(c);
    if (c->in.rest == NONE) {
        c->stats.too_long++;
        c->in.rest = DATA;
        if (is_value(c)) {
            release_other(c);
            lose_values(c);
            c->in.rest = VALUE;
        }
    }
    if (c->in.rest == DATA) {
        release_held(c);
        give_data(c, c->line, c->in.line_len);
    }
    c->in.line_len = 0;
}

static size_t len_of_end(const uint8_t *text, size_t len)
{
    return len >= 2 && text[len - 2] == '\r' ? 2 : 1;
}

static void append(struct dtu_at_client *c, uint8_t byte)
{
    if (values_len(c) + c->in.line_len == c->config->reply_size)
        make_room(c);
    c->line[c->in.line_len++] = byte;
    if (byte == '\n')
        end_line(c, len_of_end(c->line, c->in.line_len));
}

/* Whether the byte belongs to the echo: the command as it was sent, at the beginning of a line.
 * What of it was there comes back into the line if it turns out to be none. */
static bool take_echo(struct dtu_at_client *c, uint8_t byte)
{
    size_t len = c->in.echoed;
    if (!c->awaits_echo || c->in.line_len > 0)
        return false;
    if (len < c->text_len && byte == c->text[len]) {
        c->in.echoed++;
        return true;
    }
    c->in.echoed = 0;
    if (len == c->text_len && (byte == '\r' || byte == '\n')) {
        c->awaits_echo = false;
        c->in.drops_lf = byte == '\r';
        return true;
    }
    for (size_t i = 0; i < len; i++)
        append(c, c->text[i]);
    return false;
}

static void gather(struct dtu_at_client *c, uint8_t byte)
{
    bool drops = c->in.drops_lf && byte == '\n';
    c->in.drops_lf = false;
    if (!drops && !take_echo(c, byte))
        append(c, byte);
}

static size_t feed_some(struct dtu_at_client *c, const uint8_t *data, size_t len, uint32_t now)
{
    if (c->state == KNOCKS)
        return dtu_cmdmode_host_feed(&c->host, data, len, now);
    c->last_ms = now;
    if (c->state == EXPECTS) {
        gather(c, *data);
        return 1;
    }
    give_data(c, data, len);
    return len;
}

void dtu_at_client_feed(struct dtu_at_client *c, const uint8_t *data, size_t len, uint32_t now)
{
    while (len > 0) {
        size_t taken = feed_some(c, data, len, now);
        data += taken;
        len -= taken;
    }
}

/* --- Time ----------------------------------------------------------------------------------- */

static void time_out(struct dtu_at_client *c, uint32_t now)
{
    c->stats.timeouts++;
    c->timed_out = true;
    c->late = true;
    release_all(c);
    if (c->tries_left == 0) {
        finish(c, DTU_ERR_TIMEOUT);
        return;
    }
    begin_drain(c, now);
}

/* What has no line end as a datagram, or on some pages of the manuals, ends with a silence. */
static bool ends_by_silence(const struct dtu_at_client *c)
{
    return c->in.line_len > 0 &&
           (c->form == KEYWORD ||
            (is_named(c, "ENTM") && dtu_equal_nocase(c->line, c->in.line_len, "+ok")));
}

/* A module that was in command mode already took `+++` for the beginning of a line. */
static void knock(struct dtu_at_client *c, uint32_t now)
{
    dtu_cmdmode_host_poll(&c->host, now);
    if (c->state != ENDING || c->status == DTU_OK)
        return;
    c->late = false; /* it was silent for long enough */
    begin_bytes(c, IDENTIFY, crlf, sizeof crlf, 1, now);
}

uint32_t dtu_at_client_next(const struct dtu_at_client *c, uint32_t now)
{
    if (c->state == IDLE)
        return DTU_NEVER;
    if (c->state == ENDING)
        return 0;
    if (c->state == KNOCKS)
        return dtu_cmdmode_host_next(&c->host, now);
    uint32_t whole = dtu_remaining(now, c->since_ms, c->config->answer_ms);
    uint32_t quiet = dtu_remaining(now, c->last_ms, c->config->quiet_ms);
    bool may_be_quiet = c->state == DRAINS ? c->out_len == 0 : ends_by_silence(c);
    return may_be_quiet && quiet < whole ? quiet : whole;
}

void dtu_at_client_poll(struct dtu_at_client *c, uint32_t now)
{
    if (c->state == KNOCKS) {
        knock(c, now);
        return;
    }
    if (c->state >= DRAINS)
        send_rest(c, now);
    if (dtu_at_client_next(c, now) > 0)
        return;
    if (c->state == ENDING)
        finish(c, (enum dtu_status)c->status);
    else if (c->state == DRAINS)
        begin_try(c, now);
    else if (ends_by_silence(c))
        end_line(c, 0);
    else
        time_out(c, now);
}
