/* SPDX-License-Identifier: MIT */
#include "dtu/at_client.h"

#include "dtu/discovery.h"

#include <string.h>

/* What a client does. */
enum state {
    IDLE,
    ENDING,  /* `status` is to be told by the next poll */
    KNOCKS,  /* the handshake is under way */
    DRAINS,  /* waits until late answers are through */
    EXPECTS, /* sends the request and gathers the reply */
};

/* What is asked for. */
enum kind {
    COMMAND,
    IDENTIFY, /* a refusal is what is wanted */
    PROBE,    /* an empty line after a handshake that failed: any answer is */
    KEYWORD
};

/* What a command is, as far as its text tells. */
enum form {
    PLAIN, /* `AT+NAME`: a query or an action */
    QUERY, /* `AT+NAME?`, `AT+NAME=?` */
    SET,
    HELP /* `AT+H`: the answer is a list of any lines */
};

/* What the rest of a line is whose beginning did not fit. */
enum rest {
    NONE, /* all of the line is there */
    DATA,
    VALUE
};

static const uint8_t crlf[] = {'\r', '\n'};
static const uint8_t confirm[] = {'+', 'o', 'k'};

/* The reply buffer has three parts, one behind the other: values, what is held because it may be
 * the beginning of a reply or data, and the line that is being gathered. */

static uint8_t *held(const struct dtu_at_client *c)
{
    return c->config->reply + c->value_len;
}

static uint8_t *line(const struct dtu_at_client *c)
{
    return held(c) + c->held_len;
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

static bool buffers_suffice(const struct dtu_at_client_config *config)
{
    size_t own = sizeof leave_text - 1 + sizeof crlf;
    size_t prefix_len = config->mode == DTU_AT_CLIENT_PREFIX ? config->prefix_len : 0;
    if (config->line == NULL || config->line_size < own || config->line_size - own < prefix_len)
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

/* What is held was data, but for its last bytes. */
static void release_held(struct dtu_at_client *c, size_t keep)
{
    size_t drop = c->held_len - keep;
    give_data(c, held(c), drop);
    memmove(held(c), held(c) + drop, keep + c->line_len);
    c->held_len = keep;
    c->blank_len = (uint8_t)keep;
    c->other_at = 0;
}

/* What was taken for the beginning of a reply or of an echo is none. */
static void release_all(struct dtu_at_client *c)
{
    release_held(c, 0);
    give_data(c, c->text, c->echoed);
    give_data(c, line(c), c->line_len);
    c->echoed = 0;
    c->line_len = 0;
}

/* --- The end -------------------------------------------------------------------------------- */

/* Ends with a refusal if `error_len` is not 0: the line begins with it. The owner may begin
 * something new in `done`: nothing may be done with the client behind this. */
static void finish_with(struct dtu_at_client *c, enum dtu_status status, size_t error_len,
                        int16_t code)
{
    struct dtu_at_client_reply reply;
    memset(&reply, 0, sizeof reply);
    reply.status = status;
    reply.code = code;
    reply.dialect = (enum dtu_at_client_dialect)c->dialect;
    if (error_len > 0) {
        reply.error = line(c);
        reply.error_len = error_len;
    }
    if (c->too_long && status == DTU_OK)
        reply.status = DTU_ERR_SPACE;
    if (c->has_value && !c->too_long) {
        reply.value = c->config->reply;
        reply.value_len = c->value_len;
    }
    c->state = IDLE;
    c->callbacks->done(c->ctx, &reply);
}

static void finish(struct dtu_at_client *c, enum dtu_status status)
{
    release_all(c);
    finish_with(c, status, 0, 0);
}

/* --- Sending -------------------------------------------------------------------------------- */

static void send_rest(struct dtu_at_client *c, uint32_t now)
{
    if (c->out_len == 0)
        return;
    size_t taken = c->callbacks->send(c->ctx, c->out, c->out_len);
    c->out += taken;
    c->out_len -= taken;
    if (c->out_len == 0 && c->state == EXPECTS)
        c->since_ms = now; /* the module's time to answer begins when it has been asked */
    else if (taken > 0)
        c->last_ms = now;
}

static void forget_reply(struct dtu_at_client *c)
{
    c->value_len = 0;
    c->held_len = 0;
    c->line_len = 0;
    c->blank_len = 0;
    c->rest = NONE;
    c->other_at = 0;
    c->has_value = false;
    c->too_long = false;
    c->echoed = 0;
    c->awaits_echo = c->text_len > 0 && c->config->mode == DTU_AT_CLIENT_UART;
    c->drops_lf = false;
}

static void begin_try(struct dtu_at_client *c, uint32_t now)
{
    forget_reply(c);
    c->state = EXPECTS;
    c->tries_left--;
    c->since_ms = now;
    c->last_ms = now;
    c->out = c->request;
    c->out_len = c->request_len;
    send_rest(c, now);
}

/* Late answers come before the next request is sent, or are never taken for an answer to it. In
 * command mode a line end goes first: it ends a line that the module has but a part of. */
static void begin_drain(struct dtu_at_client *c, uint32_t now)
{
    c->state = DRAINS;
    c->since_ms = now;
    c->last_ms = now;
    c->out = crlf;
    c->out_len = c->config->mode == DTU_AT_CLIENT_UART ? sizeof crlf : 0;
    send_rest(c, now);
}

static void begin(struct dtu_at_client *c, enum kind kind, uint8_t tries, uint32_t now)
{
    c->stats.begun++;
    c->kind = (uint8_t)kind;
    c->tries_left = tries;
    c->timed_out = false;
    if (c->late && kind != PROBE) /* a probe is what the drain begins with */
        begin_drain(c, now);
    else
        begin_try(c, now);
}

/* Requests without a command in them. */
static void begin_bytes(struct dtu_at_client *c, enum kind kind, const uint8_t *data, size_t len,
                        uint8_t tries, uint32_t now)
{
    c->request = data;
    c->request_len = len;
    c->text = data;
    c->text_len = 0;
    c->name_len = 0;
    c->form = PLAIN;
    begin(c, kind, tries, now);
}

/* --- Commands ------------------------------------------------------------------------------- */

static const uint8_t *name_of(const struct dtu_at_client *c)
{
    return c->text + 3; /* AT+ */
}

static size_t find_name_len(const uint8_t *text, size_t len)
{
    size_t at = 3;
    if (len < 3 || !dtu_equal_nocase(text, 3, "AT+"))
        return 0;
    while (at < len && text[at] != '=' && text[at] != '?')
        at++;
    return at - 3;
}

static bool is_named(const struct dtu_at_client *c, const char *name)
{
    return c->name_len > 0 && dtu_equal_nocase(name_of(c), c->name_len, name);
}

static enum form form_of(const struct dtu_at_client *c)
{
    if (c->name_len == 0)
        return PLAIN;
    if (is_named(c, "H"))
        return HELP;
    size_t rest = c->text_len - 3 - c->name_len;
    if (rest == 0)
        return PLAIN;
    if (c->text[c->text_len - 1] == '?' &&
        (rest == 1 || (rest == 2 && c->text[c->text_len - 2] == '=')))
        return QUERY;
    return SET;
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

/* Makes the line: prefix, command, line end. */
static enum dtu_status put_line(struct dtu_at_client *c, const char *text, size_t len)
{
    const struct dtu_at_client_config *config = c->config;
    struct dtu_writer w = dtu_writer(config->line, config->line_size);
    bool udp = config->mode == DTU_AT_CLIENT_UDP;

    if (config->mode == DTU_AT_CLIENT_PREFIX)
        dtu_put_bytes(&w, config->prefix, config->prefix_len);
    size_t before = dtu_writer_len(&w);
    dtu_put_bytes(&w, text, len);
    dtu_put_bytes(&w, crlf, udp ? 1 : sizeof crlf);
    if (!dtu_writer_ok(&w))
        return DTU_ERR_SPACE;
    c->request = config->line;
    c->request_len = dtu_writer_len(&w);
    c->text = config->line + before;
    c->text_len = len;
    c->name_len = find_name_len(c->text, len);
    c->form = (uint8_t)form_of(c);
    return DTU_OK;
}

static enum dtu_status begin_command(struct dtu_at_client *c, enum kind kind, const char *text,
                                     size_t len, bool once, uint32_t now)
{
    if (c->state != IDLE)
        return DTU_ERR_STATE;
    if (len == 0 || has_line_end(text, len))
        return DTU_ERR_FORMAT;
    enum dtu_status status = put_line(c, text, len);
    if (status != DTU_OK)
        return status;
    begin(c, kind, once || !is_repeatable(c) ? 1 : c->config->tries, now);
    return DTU_OK;
}

enum dtu_status dtu_at_client_command(struct dtu_at_client *c, const char *text, size_t len,
                                      uint32_t now)
{
    return begin_command(c, COMMAND, text, len, false, now);
}

enum dtu_status dtu_at_client_command_once(struct dtu_at_client *c, const char *text, size_t len,
                                           uint32_t now)
{
    return begin_command(c, COMMAND, text, len, true, now);
}

enum dtu_status dtu_at_client_identify(struct dtu_at_client *c, uint32_t now)
{
    return begin_command(c, IDENTIFY, "AT+", 3, false, now);
}

enum dtu_status dtu_at_client_leave(struct dtu_at_client *c, uint32_t now)
{
    if (c->state != IDLE)
        return DTU_ERR_STATE;
    if (c->config->mode == DTU_AT_CLIENT_UART)
        return begin_command(c, COMMAND, leave_text, sizeof leave_text - 1, true, now);
    forget_reply(c);
    end_at_poll(c, DTU_OK);
    return DTU_OK;
}

enum dtu_status dtu_at_client_enter(struct dtu_at_client *c, uint32_t now)
{
    const struct dtu_at_client_config *config = c->config;
    if (c->state != IDLE)
        return DTU_ERR_STATE;
    if (config->mode == DTU_AT_CLIENT_UDP) {
        begin_bytes(c, KEYWORD, config->prefix, config->prefix_len, config->tries, now);
        return DTU_OK;
    }
    forget_reply(c);
    if (config->mode == DTU_AT_CLIENT_PREFIX) {
        end_at_poll(c, DTU_OK);
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
        c->late = true;
    }
    c->state = IDLE;
}

/* --- Lines ---------------------------------------------------------------------------------- */

static bool begins_with(const uint8_t *text, size_t len, const char *start)
{
    size_t start_len = dtu_string_len(start);
    return len >= start_len && memcmp(text, start, start_len) == 0;
}

static bool equals(const uint8_t *text, size_t len, const char *string)
{
    return len == dtu_string_len(string) && begins_with(text, len, string);
}

/* The length of `+NAME:` under any name, 0 if the line does not begin so. */
static size_t find_any_name(const uint8_t *text, size_t len)
{
    size_t at = 1;
    if (len == 0 || text[0] != '+')
        return 0;
    while (at < len &&
           ((text[at] >= 'A' && text[at] <= 'Z') || (text[at] >= '0' && text[at] <= '9')))
        at++;
    return at > 1 && at < len && text[at] == ':' ? at + 1 : 0;
}

/* How much comes before the value of an answer to the command; 0 if it is none. */
static size_t find_answer(const struct dtu_at_client *c, const uint8_t *text, size_t len)
{
    size_t name_len = c->name_len;
    if (begins_with(text, len, "+OK="))
        return 4;
    size_t skip = find_any_name(text, len);
    if (skip == 0 || skip != name_len + 2)
        return 0;
    for (size_t i = 0; i < name_len; i++)
        if (text[1 + i] != dtu_upper(name_of(c)[i]))
            return 0;
    return skip;
}

/* A refusal: its number, and what that means. */
struct refusal {
    enum dtu_status status;
    int16_t code;
    enum dtu_at_client_dialect dialect;
};

/* The number at the end of a refusal: spaces, perhaps a minus, digits and nothing else. */
static bool parse_code(const uint8_t *text, size_t len, int16_t *code)
{
    uint32_t number;
    while (len > 0 && *text == ' ') {
        text++;
        len--;
    }
    bool minus = len > 0 && *text == '-';
    if (minus) {
        text++;
        len--;
    }
    if (dtu_parse_decimal(text, len, &number) != DTU_OK || number > INT16_MAX)
        return false;
    *code = (int16_t)(minus ? -(int16_t)number : (int16_t)number);
    return true;
}

/* Manual 004 table 7. */
static enum dtu_status meaning_of_cme(int16_t code)
{
    switch (code) {
    case 3:
        return DTU_ERR_TYPE;
    case 53:
        return DTU_ERR_RANGE;
    case 58:
        return DTU_ERR_NOT_FOUND;
    case 73:
        return DTU_ERR_LOGIN;
    default:
        return DTU_ERR_NOT_ALLOWED;
    }
}

/* Manuals 001 table 13 and 003 section 5.3.3 number alike. */
static enum dtu_status meaning_of_number(int16_t code)
{
    static const uint8_t meanings[] = {DTU_ERR_FORMAT, DTU_ERR_NOT_FOUND, DTU_ERR_FORM,
                                       DTU_ERR_RANGE};
    int16_t number = (int16_t)(code < 0 ? -code : code);
    if (number >= 1 && number <= 4)
        return (enum dtu_status)meanings[number - 1];
    return DTU_ERR_NOT_ALLOWED;
}

static bool parse_refusal(const uint8_t *text, size_t len, struct refusal *r)
{
    r->code = 0;
    r->status = DTU_ERR_NOT_ALLOWED;
    if (equals(text, len, "ERROR")) {
        r->dialect = DTU_AT_CLIENT_ERROR;
        return true;
    }
    if (begins_with(text, len, "+CME ERROR:") || begins_with(text, len, "+CMS ERROR:")) {
        r->dialect = DTU_AT_CLIENT_CME;
        if (parse_code(text + 11, len - 11, &r->code))
            r->status = meaning_of_cme(r->code);
        return true;
    }
    if (begins_with(text, len, "+ERR=") || begins_with(text, len, "+ERR:")) {
        r->dialect = DTU_AT_CLIENT_ERR_NUMBER;
        text += 5;
        len -= 5;
    } else if (begins_with(text, len, "Err")) {
        r->dialect = DTU_AT_CLIENT_ERR_WORD;
        text += 3;
        len -= 3;
    } else {
        return false;
    }
    if (!parse_code(text, len, &r->code))
        return false;
    r->status = meaning_of_number(r->code);
    return true;
}

/* --- Values --------------------------------------------------------------------------------- */

/* The reply does not fit: what there is of it is worth nothing. */
static void lose_values(struct dtu_at_client *c)
{
    memmove(c->config->reply, held(c), c->held_len + c->line_len);
    c->value_len = 0;
    c->has_value = true;
    c->too_long = true;
}

static bool value_fits(const struct dtu_at_client *c, size_t len)
{
    size_t room = c->config->reply_size - DTU_AT_CLIENT_RESERVE - c->value_len;
    return !c->too_long && len < room;
}

/* Makes a part of what lies behind the values one of them, and drops the rest: it was the reply's.
 * An LF comes between two. It has room, for a line end at least is dropped. */
static void keep_value(struct dtu_at_client *c, size_t at, size_t len)
{
    uint8_t *to = held(c);
    bool fits = value_fits(c, len);
    if (fits) {
        size_t between = c->has_value ? 1 : 0;
        memmove(to + between, to + at, len);
        if (between > 0)
            *to = '\n';
        c->value_len += between + len;
        c->has_value = true;
    }
    c->held_len = 0;
    c->line_len = 0;
    c->blank_len = 0;
    c->other_at = 0;
    if (!fits) {
        c->stats.too_long++;
        lose_values(c);
    }
}

/* --- What a line is ------------------------------------------------------------------------- */

/* The line is data. Its end may also be the empty line before a reply, if the data had none. */
static void take_data(struct dtu_at_client *c, size_t text_len)
{
    size_t end_len = c->line_len - text_len;
    release_held(c, 0);
    give_data(c, line(c), text_len);
    memmove(held(c), line(c) + text_len, end_len);
    c->held_len = end_len;
    c->blank_len = (uint8_t)end_len;
    c->line_len = 0;
}

static void take_blank(struct dtu_at_client *c)
{
    if (c->other_at == 0 || c->blank_len > 0) {
        take_data(c, 0);
        return;
    }
    c->blank_len = (uint8_t)c->line_len;
    c->held_len += c->line_len;
    c->line_len = 0;
}

/* The reply has ended. The next may follow at once, unless there was a try before that one. */
static void end_reply(struct dtu_at_client *c, enum dtu_status status, size_t error_len,
                      int16_t code)
{
    c->late = c->timed_out;
    finish_with(c, status, error_len, code);
}

static void note_plus_ok(struct dtu_at_client *c)
{
    if (c->dialect == DTU_AT_CLIENT_UNKNOWN && !is_named(c, "ENTM"))
        c->dialect = DTU_AT_CLIENT_ERR_NUMBER;
}

/* While a late answer may come, a query is not answered by the end of one that was not its own. */
static bool ends_late_answer(const struct dtu_at_client *c)
{
    return c->late && c->form == QUERY && !c->has_value;
}

static void take_done(struct dtu_at_client *c, size_t text_len)
{
    if (ends_late_answer(c)) {
        take_data(c, text_len);
        return;
    }
    if (line(c)[0] == '+')
        note_plus_ok(c);
    if (c->other_at > 0)
        keep_value(c, c->other_at, c->other_len);
    end_reply(c, DTU_OK, 0, 0);
}

static void take_refusal(struct dtu_at_client *c, size_t text_len, const struct refusal *r)
{
    bool wanted = c->kind == IDENTIFY || c->kind == PROBE;
    release_held(c, c->blank_len);
    /* cat1 may say ERROR too: manual 004 section 3.2 */
    if (r->dialect != DTU_AT_CLIENT_ERROR || c->dialect == DTU_AT_CLIENT_UNKNOWN)
        c->dialect = (uint8_t)r->dialect;
    end_reply(c, wanted ? DTU_OK : r->status, text_len, r->code);
}

static void take_value(struct dtu_at_client *c, size_t skip, size_t text_len)
{
    bool is_last = line(c)[0] == '+' && line(c)[skip - 1] == '=';
    release_held(c, c->blank_len);
    keep_value(c, c->held_len + skip, text_len - skip);
    if (!is_last)
        return;
    note_plus_ok(c);
    end_reply(c, DTU_OK, 0, 0);
}

/* An answer under another name is one if it is the only one and OK follows: the command may have
 * been given by another spelling. Not while a late answer may come. */
static bool may_have_other_name(const struct dtu_at_client *c)
{
    return c->name_len > 0 && c->form != SET && !c->has_value && !c->late;
}

static void hold_other(struct dtu_at_client *c, size_t skip, size_t text_len)
{
    release_held(c, c->blank_len);
    c->other_at = c->held_len + skip;
    c->other_len = text_len - skip;
    c->held_len += c->line_len;
    c->blank_len = 0;
    c->line_len = 0;
}

static void judge_reply(struct dtu_at_client *c, size_t text_len)
{
    const uint8_t *text = line(c);
    struct refusal refusal;
    if (equals(text, text_len, "OK") || dtu_equal_nocase(text, text_len, "+OK")) {
        take_done(c, text_len);
        return;
    }
    if (parse_refusal(text, text_len, &refusal)) {
        take_refusal(c, text_len, &refusal);
        return;
    }
    size_t skip = find_answer(c, text, text_len);
    if (skip > 0) {
        take_value(c, skip, text_len);
        return;
    }
    if (c->form == HELP) {
        keep_value(c, c->held_len, text_len);
        return;
    }
    skip = find_any_name(text, text_len);
    if (skip > 0 && may_have_other_name(c))
        hold_other(c, skip, text_len);
    else
        take_data(c, text_len);
}

/* The answer to the keyword. That it came is confirmed as the product wants it, once: nothing
 * depends on it, and like any datagram it may get lost. */
static void judge_address(struct dtu_at_client *c, size_t text_len)
{
    struct dtu_discovery_found found;
    if (dtu_discovery_parse_text(&found, line(c), text_len) != DTU_OK) {
        take_data(c, text_len);
        return;
    }
    keep_value(c, c->held_len, text_len);
    (void)c->callbacks->send(c->ctx, confirm, sizeof confirm);
    end_reply(c, DTU_OK, 0, 0);
}

static void judge(struct dtu_at_client *c, size_t text_len)
{
    enum rest rest = (enum rest)c->rest;
    c->rest = NONE;
    if (rest == VALUE)
        c->line_len = 0;
    else if (text_len == 0 && rest == NONE)
        take_blank(c);
    else if (rest == DATA || c->out_len > 0) /* before all was sent nothing is an answer */
        take_data(c, text_len);
    else if (c->kind == KEYWORD)
        judge_address(c, text_len);
    else
        judge_reply(c, text_len);
}

/* --- Gathering lines ------------------------------------------------------------------------ */

static void log_line(const struct dtu_at_client *c)
{
    if (c->line_len > 0 && c->callbacks->line != NULL)
        c->callbacks->line(c->ctx, line(c), c->line_len);
}

static void end_line(struct dtu_at_client *c, size_t end_len)
{
    log_line(c);
    judge(c, c->line_len - end_len);
}

static enum rest rest_of(const struct dtu_at_client *c)
{
    if (c->kind == KEYWORD)
        return DATA;
    return c->form == HELP || find_answer(c, line(c), c->line_len) > 0 ? VALUE : DATA;
}

/* The buffer is full. What is known to be data goes; else the line itself is too long. */
static void make_room(struct dtu_at_client *c)
{
    if (c->held_len > c->blank_len) {
        release_held(c, c->blank_len);
        return;
    }
    log_line(c);
    if (c->rest == NONE) {
        c->stats.too_long++;
        c->rest = (uint8_t)rest_of(c);
    }
    if (c->rest == VALUE) {
        c->held_len = 0;
        c->blank_len = 0;
        c->line_len = 0;
        lose_values(c);
        return;
    }
    release_held(c, 0);
    give_data(c, line(c), c->line_len);
    c->line_len = 0;
}

static size_t len_of_end(const uint8_t *text, size_t len)
{
    return len >= 2 && text[len - 2] == '\r' ? 2 : 1;
}

static void append(struct dtu_at_client *c, uint8_t byte)
{
    if (c->value_len + c->held_len + c->line_len == c->config->reply_size)
        make_room(c);
    line(c)[c->line_len++] = byte;
    if (byte == '\n')
        end_line(c, len_of_end(line(c), c->line_len));
}

/* Whether the byte belongs to the echo: the command as it was sent, at the beginning of a line.
 * What of it was there comes back into the line if it turns out to be none. */
static bool take_echo(struct dtu_at_client *c, uint8_t byte)
{
    if (!c->awaits_echo || c->line_len > 0 || c->rest != NONE)
        return false;
    if (c->echoed < c->text_len && byte == c->text[c->echoed]) {
        c->echoed++;
        return true;
    }
    if (c->echoed == c->text_len && (byte == '\r' || byte == '\n')) {
        c->awaits_echo = false;
        c->echoed = 0;
        c->drops_lf = byte == '\r';
        return true;
    }
    size_t len = c->echoed;
    c->echoed = 0;
    for (size_t i = 0; i < len; i++)
        append(c, c->text[i]);
    return false;
}

static void gather(struct dtu_at_client *c, uint8_t byte)
{
    bool drops = c->drops_lf && byte == '\n';
    c->drops_lf = false;
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
    if (c->tries_left == 0) {
        finish(c, DTU_ERR_TIMEOUT);
        return;
    }
    c->stats.retries++;
    release_all(c);
    begin_drain(c, now);
}

/* What a datagram or a handshake's page has no line end for ends with a silence. */
static bool ends_by_silence(const struct dtu_at_client *c)
{
    if (c->out_len > 0 || c->line_len == 0 || c->rest != NONE)
        return false;
    return c->kind == KEYWORD ||
           (is_named(c, "ENTM") && dtu_equal_nocase(line(c), c->line_len, "+OK"));
}

static void expect(struct dtu_at_client *c, uint32_t now)
{
    send_rest(c, now);
    bool over = dtu_elapsed(now, c->since_ms) >= c->config->answer_ms;
    if (ends_by_silence(c) && (over || dtu_elapsed(now, c->last_ms) >= c->config->quiet_ms))
        end_line(c, 0);
    else if (over)
        time_out(c, now);
}

static void drain(struct dtu_at_client *c, uint32_t now)
{
    send_rest(c, now);
    bool quiet = c->out_len == 0 && dtu_elapsed(now, c->last_ms) >= c->config->quiet_ms;
    if (quiet || dtu_elapsed(now, c->since_ms) >= c->config->answer_ms)
        begin_try(c, now);
}

/* A module that was in command mode already took `+++` for the beginning of a line. */
static void knock(struct dtu_at_client *c, uint32_t now)
{
    dtu_cmdmode_host_poll(&c->host, now);
    if (c->state == ENDING && c->status == DTU_ERR_TIMEOUT)
        begin_bytes(c, PROBE, crlf, sizeof crlf, 1, now);
}

void dtu_at_client_poll(struct dtu_at_client *c, uint32_t now)
{
    switch ((enum state)c->state) {
    case IDLE:
        break;
    case ENDING:
        finish_with(c, (enum dtu_status)c->status, 0, 0);
        break;
    case KNOCKS:
        knock(c, now);
        break;
    case DRAINS:
        drain(c, now);
        break;
    case EXPECTS:
        expect(c, now);
        break;
    }
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t dtu_at_client_next(const struct dtu_at_client *c, uint32_t now)
{
    uint32_t whole = dtu_remaining(now, c->since_ms, c->config->answer_ms);
    uint32_t quiet = dtu_remaining(now, c->last_ms, c->config->quiet_ms);
    switch ((enum state)c->state) {
    case IDLE:
        break;
    case ENDING:
        return 0;
    case KNOCKS:
        return dtu_cmdmode_host_next(&c->host, now);
    case DRAINS:
        return c->out_len == 0 ? min_u32(whole, quiet) : whole;
    case EXPECTS:
        return ends_by_silence(c) ? min_u32(whole, quiet) : whole;
    }
    return DTU_NEVER;
}
