/* SPDX-License-Identifier: MIT */
#include "dtu/at_client.h"

#include "dtu/discovery.h"

#include <string.h>

/* What a client does. */
enum state {
    IDLE,
    ENDING, /* it is done, which the next poll tells */
    KNOCKS, /* the handshake is under way */
    DRAINS, /* waits until late answers are through */
    EXPECTS /* sends the request and gathers the reply */
};

/* What is asked for. */
enum form {
    PLAIN,    /* `AT+NAME`: a query or an action */
    QUERY,    /* `AT+NAME?`, `AT+NAME=?` */
    SET,      /* `AT+NAME=..`; also what has no name */
    HELP,     /* `AT+H`: the answer is a list of any lines */
    IDENTIFY, /* a refusal is what is wanted */
    KEYWORD
};

/* What the rest of a line is whose beginning did not fit. */
enum rest {
    NONE, /* all of the line is there */
    DATA,
    VALUE,
    LAST_VALUE /* the end of the line is the end of the reply too */
};

/* What values there are. */
enum values {
    NO_VALUES = 0,
    VALUES = 1,     /* also how many LF come between them and the next */
    LOST_VALUES = 2 /* they did not fit */
};

#define LINE_END_LEN 2u /* CR LF */

static const char ok_text[] = "+ok";

/* The reply buffer has three parts: the values; what is held back, for it may be a part of the
 * reply or data; and the line that is being gathered. Held are, as they came, an answer under
 * another name and the line end that may be the empty line in front of a reply. */
static uint8_t *in_buffer(const struct dtu_at_client *c, size_t at)
{
    return c->reply + at;
}

static size_t line_len(const struct dtu_at_client *c)
{
    return c->in.end - c->in.line;
}

/* --- Set-up --------------------------------------------------------------------------------- */

static size_t send_bytes(void *ctx, const uint8_t *data, size_t len)
{
    const struct dtu_at_client *c = ctx;
    return c->callbacks->send(c->ctx, data, len);
}

static void give_data(void *ctx, const uint8_t *data, size_t len)
{
    const struct dtu_at_client *c = ctx;
    if (len > 0 && c->callbacks->data != NULL)
        c->callbacks->data(c->ctx, data, len);
}

static void forget_reply(struct dtu_at_client *c)
{
    memset(&c->in, 0, sizeof c->in);
}

static void host_done(void *ctx, enum dtu_status status)
{
    struct dtu_at_client *c = ctx;
    c->state = status == DTU_OK ? ENDING : IDLE;
}

static const struct dtu_cmdmode_host_callbacks host_callbacks = {send_bytes, give_data, host_done};

static enum dtu_status init_host(struct dtu_at_client *c)
{
    struct dtu_cmdmode_host_config *times = &c->host_config;
    times->guard_ms = c->config->guard_ms;
    times->reply_ms = c->config->answer_ms;
    times->tries = c->config->tries;
    return dtu_cmdmode_host_init(&c->host, times, &host_callbacks, c);
}

static const char leave_text[] = "AT+ENTM";

/* Of what goes before each command. */
static size_t prefix_len_of(const struct dtu_at_client_config *config)
{
    return config->mode == DTU_AT_CLIENT_PREFIX ? config->prefix_len : 0;
}

static bool buffers_suffice(const struct dtu_at_client_config *config)
{
    size_t own = sizeof leave_text - 1 + LINE_END_LEN;
    if (config->reply == NULL || config->reply_size < 2 * (size_t)DTU_AT_CLIENT_RESERVE)
        return false;
    return config->line != NULL && config->line_size >= own &&
           config->line_size - own >= prefix_len_of(config);
}

static bool has_prefix(const struct dtu_at_client_config *config)
{
    return config->mode == DTU_AT_CLIENT_UART || (config->prefix != NULL && config->prefix_len > 0);
}

enum dtu_status dtu_at_client_init(struct dtu_at_client *c,
                                   const struct dtu_at_client_config *config,
                                   const struct dtu_at_client_callbacks *callbacks, void *ctx)
{
    if (!has_prefix(config) || !buffers_suffice(config))
        return DTU_ERR_CONFIG;
    if (config->quiet_ms == 0 || config->quiet_ms > config->answer_ms)
        return DTU_ERR_CONFIG;
    if (callbacks->send == NULL || callbacks->done == NULL)
        return DTU_ERR_CONFIG;
    memset(c, 0, sizeof *c);
    c->config = config;
    c->callbacks = callbacks;
    c->ctx = ctx;
    c->reply = config->reply;
    size_t before = prefix_len_of(config);
    if (config->mode == DTU_AT_CLIENT_PREFIX)
        memcpy(config->line, config->prefix, before);
    c->text = config->line + before;
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

/* What is behind the values, up to `to`, is data; what is behind that is held. */
static void release(struct dtu_at_client *c, size_t to)
{
    uint8_t *held = in_buffer(c, c->in.values_len);
    size_t len = to - c->in.values_len;
    give_data(c, held, len);
    memmove(held, held + len, c->in.end - to);
    c->in.end -= len;
    c->in.line = c->in.end;
    c->in.other_end = 0;
}

/* What was taken for the beginning of a reply or of an echo is none. */
static void release_all(struct dtu_at_client *c)
{
    release(c, c->in.end);
    if (c->in.echo_left >= LINE_END_LEN)
        give_data(c, c->text, c->request_len - c->in.echo_left);
}

/* --- The end -------------------------------------------------------------------------------- */

/* The owner may begin something new in `done`: nothing may be done with the client behind this. */
static void finish(struct dtu_at_client *c, enum dtu_status status)
{
    if (c->in.values == LOST_VALUES && status == DTU_OK)
        status = DTU_ERR_SPACE;
    struct dtu_at_client_reply reply = {.status = status,
                                        .code = c->in.code,
                                        .error = c->in.error,
                                        .error_len = c->in.error_len,
                                        .value = c->in.values == VALUES ? c->reply : NULL,
                                        .value_len = c->in.values_len,
                                        .dialect = dtu_at_client_dialect(c)};
    c->state = IDLE;
    c->callbacks->done(c->ctx, &reply);
}

/* --- Sending -------------------------------------------------------------------------------- */

static void send_rest(struct dtu_at_client *c, uint32_t now)
{
    if (c->unsent == 0)
        return;
    c->unsent -= send_bytes(c, c->request_end - c->unsent, c->unsent);
    if (c->unsent > 0)
        return;
    c->last_ms = now;
    if (c->state == EXPECTS)
        c->since_ms = now; /* the module's time to answer begins when it has been asked */
}

/* Late answers come before the next request is sent, or are never taken for an answer to it. In
 * command mode a line end goes first, that of the request: it ends a line that the module has but a
 * part of. */
static void begin_try(struct dtu_at_client *c, bool drains, uint32_t now)
{
    bool at_uart = c->config->mode == DTU_AT_CLIENT_UART;
    c->since_ms = now;
    c->last_ms = now;
    forget_reply(c);
    if (drains) {
        c->state = DRAINS;
        c->unsent = at_uart ? LINE_END_LEN : 0;
    } else {
        c->state = EXPECTS;
        c->unsent = c->request_len;
        if (at_uart && c->request_len > LINE_END_LEN)
            c->in.echo_left = c->request_len;
    }
    send_rest(c, now);
}

static void begin(struct dtu_at_client *c, enum form form, uint32_t now)
{
    c->form = (uint8_t)form;
    c->tries_left = form == PLAIN ? 1 : c->config->tries; /* an action is not carried out twice */
    c->timed_out = false;
    begin_try(c, c->late, now);
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
    return dtu_equal_nocase(c->text + NAME_AT, c->name_len, name);
}

static enum form form_of(const struct dtu_at_client *c, size_t len)
{
    size_t at = NAME_AT + c->name_len;
    if (c->name_len == 0)
        return SET;
    if (is_named(c, "H"))
        return HELP;
    if (at == len)
        return PLAIN;
    if (c->text[at] == '?' || (len == at + 2 && c->text[at + 1] == '?'))
        return QUERY;
    return SET;
}

static bool has_line_end(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\r' || text[i] == '\n')
            return true;
    return false;
}

/* Puts the command behind the prefix. */
static enum dtu_status put_line(struct dtu_at_client *c, const char *text, size_t len)
{
    const struct dtu_at_client_config *config = c->config;
    size_t room = (size_t)(config->line + config->line_size - c->text);
    uint8_t *end = c->text + len;

    if (len > room - LINE_END_LEN)
        return DTU_ERR_SPACE;
    memmove(c->text, text, len);
    *end++ = '\r';
    if (config->mode != DTU_AT_CLIENT_UDP)
        *end++ = '\n';
    c->request_end = end;
    c->request_len = (size_t)(end - config->line);
    return DTU_OK;
}

static enum dtu_status begin_line(struct dtu_at_client *c, const char *text, size_t len,
                                  uint32_t now)
{
    enum dtu_status status = put_line(c, text, len);
    if (status != DTU_OK)
        return status;
    c->name_len = find_name_len(c->text, len);
    begin(c, form_of(c, len), now);
    return DTU_OK;
}

enum dtu_status dtu_at_client_command(struct dtu_at_client *c, const char *text, size_t len,
                                      uint32_t now)
{
    if (c->state != IDLE)
        return DTU_ERR_STATE;
    if (len == 0 || has_line_end(text, len))
        return DTU_ERR_FORMAT;
    return begin_line(c, text, len, now);
}

enum dtu_status dtu_at_client_command_once(struct dtu_at_client *c, const char *text, size_t len,
                                           uint32_t now)
{
    enum dtu_status status = dtu_at_client_command(c, text, len, now);
    if (status == DTU_OK)
        c->tries_left = 1;
    return status;
}

enum dtu_status dtu_at_client_identify(struct dtu_at_client *c, uint32_t now)
{
    enum dtu_status status = dtu_at_client_command(c, "AT+", NAME_AT, now);
    if (status == DTU_OK)
        c->form = IDENTIFY;
    return status;
}

static enum dtu_status begin_nothing(struct dtu_at_client *c)
{
    c->state = ENDING;
    return DTU_OK;
}

enum dtu_status dtu_at_client_leave(struct dtu_at_client *c, uint32_t now)
{
    if (c->state != IDLE || c->config->mode == DTU_AT_CLIENT_UART)
        return dtu_at_client_command_once(c, leave_text, sizeof leave_text - 1, now);
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
        c->request_end = config->prefix + config->prefix_len;
        c->request_len = config->prefix_len;
        begin(c, KEYWORD, now);
        return DTU_OK;
    }
    c->state = KNOCKS;
    (void)init_host(c); /* it was possible before; one that was cancelled is forgotten */
    return dtu_cmdmode_host_start(&c->host, now);
}

void dtu_at_client_cancel(struct dtu_at_client *c)
{
    if (c->state == EXPECTS) {
        release_all(c);
        c->late = true;
    }
    c->state = IDLE;
}

/* --- How replies are worded ------------------------------------------------------------------ */

enum meaning {
    DONE,
    ANSWER, /* done, a value follows */
    REFUSED,
    NUMBERED, /* refused, a number follows */
    EXPLAINED /* refused, a number or a text follows */
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

/* What numbers mean: manual 004 table 7 for cat1, whose numbers are here with 100 added; the
 * others, 001 table 13 and 003 section 5.3.3, number alike. */
#define CME 100u

static enum dtu_status meaning_of(const struct wording *w, int16_t code)
{
    static const struct {
        uint8_t number;
        uint8_t status;
    } meanings[] = {
        {1, DTU_ERR_FORMAT},
        {2, DTU_ERR_NOT_FOUND},
        {3, DTU_ERR_FORM},
        {4, DTU_ERR_RANGE},
        {CME + 3, DTU_ERR_TYPE},
        {CME + 53, DTU_ERR_RANGE},
        {CME + 58, DTU_ERR_NOT_FOUND},
        {CME + 73, DTU_ERR_LOGIN},
    };
    uint32_t number = (uint32_t)(code < 0 ? -code : code);
    if (w->meaning == EXPLAINED)
        number += CME;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].number == number)
            return (enum dtu_status)meanings[i].status;
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

/* Whether a wording that fits the beginning fits the rest too. */
static bool fits(const struct wording *w, const uint8_t *text, size_t len, int16_t *code)
{
    if (w->meaning < NUMBERED)
        return w->meaning == ANSWER || len == w->len;
    return parse_number(w, text, len, code) || w->meaning == EXPLAINED;
}

/* Finds it, and the number behind it; the number is left alone where there is none. */
static const struct wording *find_wording(const uint8_t *text, size_t len, int16_t *code)
{
    for (const struct wording *w = wordings; w < wordings + WORDINGS; w++)
        if (len >= w->len && memcmp(text, w->start, w->len) == 0 && fits(w, text, len, code))
            return w;
    return NULL;
}

/* --- What a line is ------------------------------------------------------------------------- */

/* The line is data. Its end may also be the empty line in front of a reply, if the data had none.
 * An empty line alone does not tell that what came before is data. */
static void take_data(struct dtu_at_client *c, size_t text_len)
{
    bool is_first_empty = text_len == 0 && c->in.other_end > 0 && c->in.line == c->in.other_end;
    if (!is_first_empty)
        release(c, c->in.line + text_len);
    c->in.line = c->in.end;
}

/* A part of the line is a value, and the rest of it nothing; an answer under another name is data
 * then. An LF comes between two values; it has room, for a line end at least is dropped. If it does
 * not fit, or the line is cut, what there is of the reply is worth nothing. */
static void keep_value(struct dtu_at_client *c, const uint8_t *text, size_t len)
{
    give_data(c, c->reply, c->in.other_end);
    if (c->in.values == LOST_VALUES || c->in.rest != NONE ||
        len >= c->config->reply_size - DTU_AT_CLIENT_RESERVE - c->in.values_len) {
        c->stats.too_long++;
        c->in.values_len = 0;
        c->in.values = LOST_VALUES;
    } else {
        uint8_t *to = in_buffer(c, c->in.values_len);
        size_t between = c->in.values;
        memmove(to + between, text, len);
        if (between > 0)
            *to = '\n';
        c->in.values_len += between + len;
        c->in.values = VALUES;
    }
    c->in.line = c->in.values_len;
    c->in.end = c->in.values_len;
    c->in.other_end = 0;
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
    if (w->meaning >= NUMBERED || c->dialect == DTU_AT_CLIENT_UNKNOWN)
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
    while (at < len && is_name_byte(text[at]))
        at++;
    return at > 1 && at < len && text[0] == '+' && text[at] == ':' ? at + 1 : 0;
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
    return (c->form == PLAIN || c->form == QUERY) && !c->late && c->in.values == NO_VALUES &&
           c->in.rest == NONE && text_len < c->config->reply_size - DTU_AT_CLIENT_RESERVE;
}

/* It is held, with the empty line in front of it; one that was held before is data. */
static bool take_other(struct dtu_at_client *c, size_t skip, size_t len)
{
    if (!may_have_other_name(c, len))
        return false;
    c->in.other_len = len - skip;
    release(c, c->in.other_end);
    c->in.other_end = c->in.end;
    return true;
}

static bool take_unworded(struct dtu_at_client *c, const uint8_t *text, size_t len)
{
    size_t skip = find_name(text, len);
    bool own = skip > 0 && is_own(c, text, skip);
    if (own || c->form == HELP) {
        size_t at = own ? skip : 0;
        keep_value(c, text + at, len - at);
        return true;
    }
    return skip > 0 && take_other(c, skip, len);
}

/* The line is worded as the end of a reply. While a late answer may come, a query is not answered
 * by the end of one that was not its own. */
static bool take_end(struct dtu_at_client *c, const struct wording *w, int16_t code,
                     const uint8_t *text, size_t len)
{
    enum dtu_status status = DTU_OK;
    if (w->meaning < REFUSED && c->late && c->form == QUERY && c->in.values == NO_VALUES)
        return false;
    if (w->meaning >= REFUSED) {
        give_data(c, c->reply, c->in.other_end);
        c->in.error = text;
        c->in.error_len = len;
        c->in.code = code;
        if (c->form != IDENTIFY)
            status = meaning_of(w, code);
    } else if (c->in.other_end > 0) {
        c->in.other_end = 0;
        const uint8_t *colon = memchr(c->reply, ':', c->in.end); /* ends the other name */
        keep_value(c, colon + 1, c->in.other_len);
    }
    note_dialect(c, w);
    end_reply(c, status);
    return true;
}

/* Whether the line is a part of the reply. One that is cut is only if it has a value. */
static bool take_reply(struct dtu_at_client *c, const uint8_t *text, size_t len)
{
    int16_t code = 0;
    const struct wording *w = find_wording(text, len, &code);
    if (w == NULL)
        return take_unworded(c, text, len);
    if (w->meaning == ANSWER)
        keep_value(c, text + w->len, len - w->len);
    if (c->in.rest == NONE)
        return take_end(c, w, code, text, len);
    c->in.rest = LAST_VALUE; /* if it is one: with its end the reply ends */
    return w->meaning == ANSWER;
}

/* The answer to the keyword. That it came is confirmed as the product wants it, once: nothing
 * depends on it, and like any datagram it may get lost. */
static bool take_address(struct dtu_at_client *c, const uint8_t *text, size_t len)
{
    struct dtu_discovery_found found;
    if (dtu_discovery_parse_text(&found, text, len) != DTU_OK)
        return false;
    keep_value(c, text, len);
    (void)send_bytes(c, (const uint8_t *)ok_text, sizeof ok_text - 1);
    end_reply(c, DTU_OK);
    return true;
}

static bool is_part_of_reply(struct dtu_at_client *c, const uint8_t *text, size_t len)
{
    if (len == 0 || c->unsent > 0) /* or not all was sent */
        return false;
    return c->form == KEYWORD ? take_address(c, text, len) : take_reply(c, text, len);
}

/* --- Gathering lines ------------------------------------------------------------------------ */

static void log_line(const struct dtu_at_client *c)
{
    size_t len = line_len(c);
    if (len > 0 && c->callbacks->line != NULL)
        c->callbacks->line(c->ctx, in_buffer(c, c->in.line), len);
}

static void end_line(struct dtu_at_client *c, size_t end_len)
{
    log_line(c);
    const uint8_t *text = in_buffer(c, c->in.line);
    size_t len = line_len(c) - end_len;
    uint8_t rest = c->in.rest;
    c->in.rest = NONE;
    if (rest == VALUE)
        c->in.end = c->in.line;
    else if (rest == LAST_VALUE)
        end_reply(c, DTU_OK);
    else if (rest == DATA || !is_part_of_reply(c, text, len))
        take_data(c, len);
}

/* The line does not fit: it is a value that is too long, or else data. */
static void make_room(struct dtu_at_client *c)
{
    log_line(c);
    if (c->in.rest == NONE) {
        c->in.rest = VALUE; /* it is cut */
        if (c->unsent > 0 || c->form == KEYWORD ||
            !take_reply(c, in_buffer(c, c->in.line), line_len(c))) {
            c->in.rest = DATA;
            c->stats.too_long++;
        }
    }
    if (c->in.rest == DATA)
        release(c, c->in.end);
    c->in.end = c->in.line;
}

/* Of the line end that has just come, CR LF or LF. */
static size_t len_of_end(const struct dtu_at_client *c)
{
    return line_len(c) >= 2 && *in_buffer(c, c->in.end - 2) == '\r' ? 2 : 1;
}

static void append(struct dtu_at_client *c, uint8_t byte)
{
    if (c->in.end == c->config->reply_size)
        make_room(c);
    *in_buffer(c, c->in.end) = byte;
    c->in.end++;
    if (byte == '\n')
        end_line(c, len_of_end(c));
}

/* Whether the byte belongs to the echo: the command as it was sent, at the beginning of a line,
 * once. A CR alone and an LF alone end it too. What of it was there comes back into the line if it
 * turns out to be none. */
static bool take_echo(struct dtu_at_client *c, uint8_t byte)
{
    size_t left = c->in.echo_left;
    if (left == 0 || line_len(c) > 0)
        return false;
    const uint8_t *next = c->request_end - left;
    if (byte == *next) {
        c->in.echo_left--;
        return true;
    }
    if (left <= LINE_END_LEN && (left == 1 || byte == '\n')) {
        c->in.echo_left = 0;
        return left > 1;
    }
    c->in.echo_left = c->request_len;
    for (const uint8_t *at = c->text; at < next; at++)
        append(c, *at);
    return false;
}

static void gather(struct dtu_at_client *c, uint8_t byte)
{
    if (!take_echo(c, byte))
        append(c, byte);
}

void dtu_at_client_feed(struct dtu_at_client *c, const uint8_t *data, size_t len, uint32_t now)
{
    if (len == 0)
        return;
    c->last_ms = now;
    if (c->state == KNOCKS) {
        size_t taken = dtu_cmdmode_host_feed(&c->host, data, len, now);
        data += taken;
        len -= taken;
    }
    for (; len > 0 && c->state == EXPECTS; len--)
        gather(c, *data++);
    give_data(c, data, len);
}

/* --- Time ----------------------------------------------------------------------------------- */

static void time_out(struct dtu_at_client *c, uint32_t now)
{
    c->stats.timeouts++;
    c->timed_out = true;
    c->late = true;
    release_all(c);
    if (--c->tries_left == 0) {
        finish(c, DTU_ERR_TIMEOUT);
        return;
    }
    begin_try(c, true, now);
}

/* What has no line end as a datagram, or on some pages of the manuals, ends with a silence. */
static bool ends_by_silence(const struct dtu_at_client *c)
{
    size_t len = line_len(c);
    if (c->form == KEYWORD)
        return len > 0;
    if (!is_named(c, leave_text + NAME_AT))
        return false;
    return dtu_equal_nocase(in_buffer(c, c->in.line), len, ok_text);
}

/* A module that was in command mode already took `+++` for the beginning of a line. */
static void knock(struct dtu_at_client *c, uint32_t now)
{
    dtu_cmdmode_host_poll(&c->host, now);
    if (c->state != IDLE)
        return;
    c->late = false; /* it was silent for long enough */
    (void)begin_line(c, "", 0, now);
    c->form = IDENTIFY;
    c->tries_left = 1;
}

uint32_t dtu_at_client_next(const struct dtu_at_client *c, uint32_t now)
{
    if (c->state == KNOCKS)
        return dtu_cmdmode_host_next(&c->host, now);
    if (c->state == IDLE)
        return DTU_NEVER;
    if (c->state == ENDING)
        return 0;
    uint32_t left = dtu_remaining(now, c->since_ms, c->config->answer_ms);
    bool may_be_quiet = c->state == DRAINS ? c->unsent == 0 : ends_by_silence(c);
    if (may_be_quiet) {
        uint32_t quiet = dtu_remaining(now, c->last_ms, c->config->quiet_ms);
        left = quiet < left ? quiet : left;
    }
    return left;
}

void dtu_at_client_poll(struct dtu_at_client *c, uint32_t now)
{
    if (c->state == KNOCKS) {
        knock(c, now);
        return;
    }
    if (c->state == ENDING) {
        forget_reply(c);
        finish(c, DTU_OK);
        return;
    }
    if (c->state == IDLE)
        return;
    send_rest(c, now);
    if (dtu_at_client_next(c, now) > 0)
        return;
    if (c->state == DRAINS) {
        begin_try(c, false, now);
    } else if (ends_by_silence(c)) {
        end_line(c, 0);
    } else {
        time_out(c, now);
    }
}
