/* SPDX-License-Identifier: MIT */
/* What a module's answer to one command is, written from the tables of docs/at_client.md: all of
 * the bytes are there at once, so every line can look at those behind it. And what a client does in
 * the course of time, written from at_client.h and cmdmode.h: it keeps all that came in a try, and
 * whenever a line has ended it judges all of it anew. */
#ifndef MODEL_AT_CLIENT_H
#define MODEL_AT_CLIENT_H

#include "model_discovery.h"

#include "dtu/at_client.h"

#define MODEL_LINES_MAX 1200
#define MODEL_BYTES_MAX 2048

/* What was asked. */
struct model_question {
    const char *command; /* as it was sent, without prefix and line end; empty if it is none */
    bool echoes;         /* it may come back */
    bool identifies;     /* a refusal is what is wanted */
    bool is_keyword;     /* of UDP: an address is what is wanted */
    bool late;           /* the answer to an earlier one may still come */
};

struct model_answer {
    bool has_ended;
    enum dtu_status status;
    int code;
    enum dtu_at_client_dialect dialect;
    const uint8_t *error;
    size_t error_len;
    bool has_value;
    struct fuzz_log value;
    struct fuzz_log data;
};

struct model_answer_line {
    const uint8_t *text;
    size_t len;
    size_t end_len;
    bool has_ended;
};

/* What a line is. */
enum model_line_kind { MODEL_OTHER_LINE, MODEL_DONE, MODEL_ANSWER, MODEL_REFUSED, MODEL_NAMED };

static inline uint8_t model_upper(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - 32) : byte;
}

static inline bool model_same_nocase(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    for (size_t i = 0; i < len; i++)
        if (model_upper(x[i]) != model_upper(y[i]))
            return false;
    return true;
}

/* --- The question ----------------------------------------------------------------------------- */

static inline size_t model_name_len(const char *command)
{
    return strlen(command) <= 3 ? 0 : strcspn(command + 3, "=?");
}

static inline bool model_is_named(const char *command, const char *name)
{
    return model_name_len(command) == strlen(name) &&
           model_same_nocase(command + 3, name, strlen(name));
}

static inline bool model_is_query(const char *command)
{
    size_t len = model_name_len(command);
    return len > 0 && (command[3 + len] == '?' || strcmp(command + 3 + len, "=?") == 0);
}

static inline bool model_is_set(const char *command)
{
    size_t len = model_name_len(command);
    return len > 0 && command[3 + len] == '=' && !model_is_query(command);
}

/* It does no harm to carry it out twice. */
static inline bool model_is_repeatable(const char *command)
{
    return model_name_len(command) == 0 || model_is_query(command) || model_is_set(command) ||
           model_is_named(command, "H");
}

/* --- One line --------------------------------------------------------------------------------- */

static inline bool model_begins(const struct model_answer_line *line, const char *text)
{
    return line->len >= strlen(text) && memcmp(line->text, text, strlen(text)) == 0;
}

static inline bool model_is(const struct model_answer_line *line, const char *text)
{
    return line->len == strlen(text) && model_begins(line, text);
}

/* A number from `from` to the end, up to 32767, spaces and minuses before it. */
static inline bool model_refusal_number(const struct model_answer_line *line, size_t from,
                                        int *code)
{
    long number = 0;
    size_t at = from;
    while (at < line->len && (line->text[at] == ' ' || line->text[at] == '-'))
        at++;
    bool negative = line->text[at - 1] == '-';
    if (at == line->len)
        return false;
    for (; at < line->len; at++) {
        if (line->text[at] < '0' || line->text[at] > '9')
            return false;
        number = number * 10 + (line->text[at] - '0');
        if (number > 32767)
            return false;
    }
    *code = (int)(negative ? -number : number);
    return true;
}

static inline enum dtu_status model_refusal_status(bool is_cat1, int code)
{
    int number = code < 0 ? -code : code;
    if (is_cat1)
        return number == 3    ? DTU_ERR_TYPE
               : number == 53 ? DTU_ERR_RANGE
               : number == 58 ? DTU_ERR_NOT_FOUND
               : number == 73 ? DTU_ERR_LOGIN
                              : DTU_ERR_NOT_ALLOWED;
    return number == 1   ? DTU_ERR_FORMAT
           : number == 2 ? DTU_ERR_NOT_FOUND
           : number == 3 ? DTU_ERR_FORM
           : number == 4 ? DTU_ERR_RANGE
                         : DTU_ERR_NOT_ALLOWED;
}

/* Fills in what the line would make of the answer; `skip` is where its value begins. */
static inline enum model_line_kind model_judge(const struct model_answer_line *line,
                                               struct model_answer *a, size_t *skip)
{
    static const struct {
        const char *start;
        enum dtu_at_client_dialect dialect;
    } numbered[] = {{"Err", DTU_AT_CLIENT_ERR_WORD},
                    {"+ERR=", DTU_AT_CLIENT_ERR_NUMBER},
                    {"+ERR:", DTU_AT_CLIENT_ERR_NUMBER}};
    a->status = DTU_OK;
    a->code = 0;
    a->dialect = DTU_AT_CLIENT_UNKNOWN;
    if (model_is(line, "OK") || model_is(line, "+ok"))
        return MODEL_DONE;
    if (model_is(line, "+OK") || model_begins(line, "+OK=")) {
        a->dialect = DTU_AT_CLIENT_ERR_NUMBER;
        *skip = 4;
        return line->len == 3 ? MODEL_DONE : MODEL_ANSWER;
    }
    a->status = DTU_ERR_NOT_ALLOWED;
    if (model_is(line, "ERROR")) {
        a->dialect = DTU_AT_CLIENT_ERROR;
        return MODEL_REFUSED;
    }
    if (model_begins(line, "+CME ERROR:") || model_begins(line, "+CMS ERROR:")) {
        a->dialect = DTU_AT_CLIENT_CME;
        if (model_refusal_number(line, 11, &a->code))
            a->status = model_refusal_status(true, a->code);
        return MODEL_REFUSED;
    }
    for (size_t i = 0; i < 3; i++) {
        if (!model_begins(line, numbered[i].start) ||
            !model_refusal_number(line, strlen(numbered[i].start), &a->code))
            continue;
        a->dialect = numbered[i].dialect;
        a->status = model_refusal_status(false, a->code);
        return MODEL_REFUSED;
    }
    *skip = 1;
    while (*skip < line->len && line->text[0] == '+' &&
           ((line->text[*skip] >= 'A' && line->text[*skip] <= 'Z') ||
            (line->text[*skip] >= '0' && line->text[*skip] <= '9')))
        ++*skip;
    if (*skip > 1 && *skip < line->len && line->text[*skip] == ':') {
        ++*skip;
        return MODEL_NAMED;
    }
    return MODEL_OTHER_LINE;
}

/* --- All lines -------------------------------------------------------------------------------- */

/* Lines without the echo, which is the command at the beginning of a line, once. `cuts` tells, if
 * it is there, which bytes are the last of a line although no line end follows. */
static inline size_t model_cut_lines(const struct model_question *q, const uint8_t *at,
                                     const bool *cuts, size_t len, struct model_answer_line *lines)
{
    size_t n = 0;
    size_t command_len = strlen(q->command);
    bool echo_came = !q->echoes || command_len == 0;
    for (size_t i = 0; i < len;) {
        size_t left = len - i;
        if (!echo_came && left > command_len && memcmp(at + i, q->command, command_len) == 0 &&
            (at[i + command_len] == '\r' || at[i + command_len] == '\n')) {
            echo_came = true;
            i += command_len + 1;
            if (i < len && at[i - 1] == '\r' && at[i] == '\n')
                i++;
            continue;
        }
        struct model_answer_line *line = &lines[n++];
        bool is_cut = false;
        line->text = at + i;
        line->len = 0;
        while (line->len < left && line->text[line->len] != '\n' && !is_cut) {
            is_cut = cuts != NULL && cuts[i + line->len];
            line->len++;
        }
        line->end_len = line->len < left && !is_cut;
        line->has_ended = line->end_len > 0 || is_cut;
        i += line->len + line->end_len;
        if (line->end_len > 0 && line->len > 0 && line->text[line->len - 1] == '\r') {
            line->len--;
            line->end_len++;
        }
    }
    return n;
}

/* Whether the end of the answer comes next, perhaps behind one empty line. */
static inline bool model_done_follows(const struct model_answer_line *lines, size_t count, size_t i)
{
    struct model_answer dummy;
    size_t skip;
    i++;
    if (i < count && lines[i].len == 0)
        i++;
    return i < count && lines[i].has_ended && model_judge(&lines[i], &dummy, &skip) == MODEL_DONE;
}

static inline void model_add_value(struct model_answer *a, const uint8_t *text, size_t len)
{
    fuzz_log_bytes(&a->value, "\n", a->has_value);
    fuzz_log_bytes(&a->value, text, len);
    a->has_value = true;
}

/* What a line is that answers this question. */
static inline enum model_line_kind model_kind_of(const struct model_question *q,
                                                 const struct model_answer_line *line,
                                                 struct model_answer *a, size_t *skip)
{
    struct dtu_discovery_found found;
    if (line->len == 0 || !line->has_ended)
        return MODEL_OTHER_LINE;
    if (!q->is_keyword)
        return model_judge(line, a, skip);
    a->status = DTU_OK;
    a->code = 0;
    a->dialect = DTU_AT_CLIENT_UNKNOWN;
    *skip = 0;
    return model_text_line(line->text, line->len, &found) ? MODEL_ANSWER : MODEL_OTHER_LINE;
}

/* The answer to what was just sent, if these bytes come and then nothing any more. */
static inline void model_answer(const struct model_question *q, const uint8_t *bytes,
                                const bool *cuts, size_t len, struct model_answer *a)
{
    static struct model_answer_line lines[MODEL_LINES_MAX];
    struct model_answer now;
    size_t count = model_cut_lines(q, bytes, cuts, len, lines);
    size_t name_len = model_name_len(q->command);
    bool lists = model_is_named(q->command, "H");
    size_t end = 0; /* of data: a line end that is taken for the empty line before a reply */
    a->value.len = a->data.len = 0;
    a->has_ended = a->has_value = false;
    a->error = NULL;
    a->error_len = 0;
    for (size_t i = 0; i < count; i++) {
        const struct model_answer_line *line = &lines[i];
        size_t skip = 0;
        enum model_line_kind kind = model_kind_of(q, line, &now, &skip);
        if (kind == MODEL_DONE && q->late && model_is_query(q->command) && !a->has_value)
            kind = MODEL_OTHER_LINE; /* of one that was not answered in time */
        bool own = kind == MODEL_NAMED && name_len > 0 && skip == name_len + 2 &&
                   model_same_nocase(line->text + 1, q->command + 3, name_len);
        bool other = kind == MODEL_NAMED && !own && !lists && name_len > 0 &&
                     !model_is_set(q->command) && !q->late && !a->has_value;
        bool is_value = own || (other && model_done_follows(lines, count, i)) ||
                        (lists && line->len > 0 && line->has_ended);
        bool ends = kind == MODEL_DONE || kind == MODEL_ANSWER || kind == MODEL_REFUSED;
        if (!ends && !is_value) {
            fuzz_log_bytes(&a->data, line->text, line->len + line->end_len);
            end = other ? 0 : line->end_len;
            continue;
        }
        a->data.len -= end;
        end = 0;
        if (kind == MODEL_ANSWER || !ends) {
            skip = kind == MODEL_ANSWER || own || other ? skip : 0;
            model_add_value(a, line->text + skip, line->len - skip);
        }
        if (!ends)
            continue;
        a->has_ended = true;
        a->status = kind == MODEL_REFUSED && q->identifies ? DTU_OK : now.status;
        a->code = now.code;
        a->dialect = now.dialect;
        a->error = kind == MODEL_REFUSED ? line->text : NULL;
        a->error_len = kind == MODEL_REFUSED ? line->len : 0;
        const uint8_t *behind = line->text + line->len + line->end_len;
        fuzz_log_bytes(&a->data, behind, (size_t)(bytes + len - behind));
        return;
    }
    a->status = DTU_ERR_TIMEOUT;
    a->code = 0;
    a->dialect = DTU_AT_CLIENT_UNKNOWN;
}

/* --- A client --------------------------------------------------------------------------------- */

enum model_work {
    MODEL_IDLE,
    MODEL_ENDS,  /* by itself, at the next poll */
    MODEL_GUARD, /* the handshake: silence */
    MODEL_CALLS, /* +++ was sent, its `a` awaited */
    MODEL_ENTERS,
    MODEL_PAUSE,
    MODEL_TRY
};

/* Its buffers have room for everything, and all that it sends is taken at once. */
struct model_client {
    const struct dtu_at_client_config *config;
    const struct dtu_at_client_callbacks *callbacks;
    void *ctx;
    enum model_work work;
    struct model_question question;
    enum dtu_at_client_dialect dialect;
    bool late;
    bool missed; /* a try of this question was not answered */
    unsigned tries_left;
    uint32_t since;
    uint32_t last; /* when a byte came */
    uint8_t came[MODEL_BYTES_MAX];
    bool cuts[MODEL_BYTES_MAX];
    size_t came_len;
};

static inline void model_send(struct model_client *m, const char *text)
{
    if (*text != '\0')
        m->callbacks->send(m->ctx, (const uint8_t *)text, strlen(text));
}

static inline void model_data(struct model_client *m, const void *bytes, size_t len)
{
    if (len > 0)
        m->callbacks->data(m->ctx, bytes, len);
}

static inline void model_do(struct model_client *m, enum model_work work, uint32_t now)
{
    m->work = work;
    m->since = now;
    m->last = now;
    m->came_len = 0;
}

static inline void model_try(struct model_client *m, uint32_t now)
{
    char request[128];
    enum dtu_at_client_mode mode = m->config->mode;
    int prefix_len = mode == DTU_AT_CLIENT_UART ? 0 : (int)m->config->prefix_len;
    if (mode == DTU_AT_CLIENT_UDP && !m->question.is_keyword)
        prefix_len = 0;
    const char *end = mode == DTU_AT_CLIENT_UDP ? "\r" : "\r\n";
    sprintf(request, "%.*s%s%s", prefix_len, (const char *)m->config->prefix, m->question.command,
            m->question.is_keyword ? "" : end);
    model_do(m, MODEL_TRY, now);
    memset(m->cuts, 0, sizeof m->cuts);
    model_send(m, request);
}

static inline void model_pause(struct model_client *m, uint32_t now)
{
    model_do(m, MODEL_PAUSE, now);
    if (m->config->mode == DTU_AT_CLIENT_UART)
        model_send(m, "\r\n");
}

static inline void model_ask(struct model_client *m, const char *command, bool once, uint32_t now)
{
    m->question = (struct model_question){.command = command,
                                          .echoes = m->config->mode == DTU_AT_CLIENT_UART};
    m->tries_left = once || !model_is_repeatable(command) ? 1 : m->config->tries;
    m->missed = false;
    if (m->late)
        model_pause(m, now);
    else
        model_try(m, now);
}

static inline void model_identify(struct model_client *m, uint32_t now)
{
    model_ask(m, "AT+", false, now);
    m->question.identifies = true;
}

static inline void model_leave(struct model_client *m, uint32_t now)
{
    if (m->config->mode == DTU_AT_CLIENT_UART)
        model_ask(m, "AT+ENTM", true, now);
    else
        model_do(m, MODEL_ENDS, now);
}

static inline void model_enter(struct model_client *m, uint32_t now)
{
    m->tries_left = m->config->tries;
    m->missed = false;
    m->question = (struct model_question){.command = "", .is_keyword = true};
    if (m->config->mode == DTU_AT_CLIENT_UART)
        model_do(m, MODEL_GUARD, now);
    else if (m->config->mode == DTU_AT_CLIENT_PREFIX)
        model_do(m, MODEL_ENDS, now);
    else if (m->late)
        model_pause(m, now);
    else
        model_try(m, now);
}

/* A module that does not answer +++ may be in command mode already. */
static inline void model_try_empty_line(struct model_client *m, uint32_t now)
{
    m->late = false;
    model_ask(m, "", true, now);
    m->question.identifies = true;
}

static inline void model_end(struct model_client *m, const struct model_answer *a)
{
    bool is_sure = a->error != NULL && a->dialect != DTU_AT_CLIENT_ERROR;
    if (is_sure || m->dialect == DTU_AT_CLIENT_UNKNOWN)
        m->dialect = a->dialect;
    struct dtu_at_client_reply reply = {.status = a->status,
                                        .code = (int16_t)a->code,
                                        .error = a->error,
                                        .error_len = a->error_len,
                                        .value = a->has_value ? a->value.bytes : NULL,
                                        .value_len = a->value.len,
                                        .dialect = m->dialect};
    m->work = MODEL_IDLE;
    m->callbacks->done(m->ctx, &reply);
}

/* A line has ended. */
static inline void model_judge_try(struct model_client *m)
{
    static struct model_answer a;
    m->question.late = m->late;
    model_answer(&m->question, m->came, m->cuts, m->came_len, &a);
    if (!a.has_ended)
        return;
    model_data(m, a.data.bytes, a.data.len);
    if (m->question.is_keyword)
        model_send(m, "+ok");
    m->late = m->missed;
    model_end(m, &a);
}

static inline void model_miss(struct model_client *m, uint32_t now)
{
    static struct model_answer a;
    m->question.late = m->late;
    model_answer(&m->question, m->came, m->cuts, m->came_len, &a);
    model_data(m, a.data.bytes, a.data.len);
    m->late = m->missed = true;
    m->tries_left--;
    if (m->tries_left > 0)
        model_pause(m, now);
    else
        model_end(m, &a);
}

/* Of a handshake nothing is left, of a try what came of it. */
static inline void model_cancel(struct model_client *m)
{
    static struct model_answer a;
    if (m->work == MODEL_TRY) {
        m->question.late = m->late;
        model_answer(&m->question, m->came, m->cuts, m->came_len, &a);
        model_data(m, a.data.bytes, a.data.len);
        m->late = true;
    }
    m->work = MODEL_IDLE;
}

/* The handshake: what came of `awaited` and then was something else is data. */
static inline void model_match(struct model_client *m, const char *awaited, uint8_t byte)
{
    if (byte != awaited[m->came_len]) {
        model_data(m, m->came, m->came_len);
        m->came_len = 0;
    }
    if (byte == awaited[m->came_len])
        m->came[m->came_len++] = byte;
    else
        model_data(m, &byte, 1);
}

static inline void model_feed(struct model_client *m, uint8_t byte, uint32_t now)
{
    m->last = now;
    switch (m->work) {
    case MODEL_CALLS:
        model_match(m, "a", byte);
        if (m->came_len == 1) {
            model_do(m, MODEL_ENTERS, now);
            model_send(m, "a");
        }
        break;
    case MODEL_ENTERS:
        model_match(m, "+ok", byte);
        if (m->came_len == 3)
            m->work = MODEL_ENDS;
        break;
    case MODEL_TRY:
        FUZZ_CHECK(m->came_len < sizeof m->came);
        m->came[m->came_len++] = byte;
        if (byte == '\n')
            model_judge_try(m);
        break;
    default:
        model_data(m, &byte, 1);
        break;
    }
}

/* Whether nothing but a silence ends the line. */
static inline bool model_ends_by_silence(struct model_client *m)
{
    static struct model_answer_line lines[MODEL_LINES_MAX];
    size_t count = model_cut_lines(&m->question, m->came, m->cuts, m->came_len, lines);
    if (count == 0 || lines[count - 1].has_ended)
        return false;
    const struct model_answer_line *line = &lines[count - 1];
    bool is_bare_ok = line->len == 3 && model_same_nocase(line->text, "+ok", 3);
    return m->question.is_keyword || (model_is_named(m->question.command, "ENTM") && is_bare_ok);
}

static inline uint32_t model_left(uint32_t now, uint32_t since, uint32_t period)
{
    return now - since < period ? period - (now - since) : 0;
}

static inline uint32_t model_next(struct model_client *m, uint32_t now)
{
    uint32_t whole = model_left(now, m->since, m->config->answer_ms);
    uint32_t quiet = model_left(now, m->last, m->config->quiet_ms);
    switch (m->work) {
    case MODEL_IDLE:
        return DTU_NEVER;
    case MODEL_ENDS:
        return 0;
    case MODEL_GUARD:
        return model_left(now, m->since, m->config->guard_ms);
    case MODEL_CALLS:
    case MODEL_ENTERS:
        return whole;
    case MODEL_PAUSE:
        return quiet < whole ? quiet : whole;
    case MODEL_TRY:
        break;
    }
    return quiet < whole && model_ends_by_silence(m) ? quiet : whole;
}

static inline void model_poll(struct model_client *m, uint32_t now)
{
    static const struct model_answer nothing = {.status = DTU_OK};
    if (model_next(m, now) > 0)
        return;
    switch (m->work) {
    case MODEL_IDLE:
        break;
    case MODEL_ENDS:
        model_end(m, &nothing);
        break;
    case MODEL_GUARD:
        model_do(m, MODEL_CALLS, now);
        model_send(m, "+++");
        break;
    case MODEL_CALLS:
    case MODEL_ENTERS:
        model_data(m, m->came, m->came_len);
        if (--m->tries_left > 0)
            model_do(m, MODEL_GUARD, now);
        else
            model_try_empty_line(m, now);
        break;
    case MODEL_PAUSE:
        model_try(m, now);
        break;
    case MODEL_TRY:
        if (!model_ends_by_silence(m)) {
            model_miss(m, now);
            break;
        }
        m->cuts[m->came_len - 1] = true;
        model_judge_try(m);
        break;
    }
}

#endif
