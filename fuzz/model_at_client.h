/* SPDX-License-Identifier: MIT */
/* What a module's answer to one command is, written from the tables of docs/at_client.md: all of
 * the bytes are there at once, so every line can look at those behind it. */
#ifndef MODEL_AT_CLIENT_H
#define MODEL_AT_CLIENT_H

#include "fuzz.h"

#include "dtu/at_client.h"

#define MODEL_LINES_MAX 1200

struct model_answer {
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
    size_t end_len; /* 0: it has none */
};

/* What a line is. */
enum model_line_kind { MODEL_OTHER_LINE, MODEL_DONE, MODEL_ANSWER, MODEL_REFUSED, MODEL_NAMED };

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

/* Lines without the echo, which is the command at the beginning of a line, once. */
static inline size_t model_cut_lines(const char *command, const uint8_t *at, size_t len,
                                     struct model_answer_line *lines)
{
    size_t n = 0;
    size_t command_len = strlen(command);
    bool echo_came = command_len == 0;
    for (size_t i = 0; i < len;) {
        size_t left = len - i;
        if (!echo_came && left > command_len && memcmp(at + i, command, command_len) == 0 &&
            (at[i + command_len] == '\r' || at[i + command_len] == '\n')) {
            echo_came = true;
            i += command_len + 1;
            if (i < len && at[i - 1] == '\r' && at[i] == '\n')
                i++;
            continue;
        }
        struct model_answer_line *line = &lines[n++];
        line->text = at + i;
        line->len = 0;
        while (line->len < left && line->text[line->len] != '\n')
            line->len++;
        line->end_len = line->len < left;
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
    return i < count && lines[i].end_len > 0 && model_judge(&lines[i], &dummy, &skip) == MODEL_DONE;
}

static inline void model_add_value(struct model_answer *a, const uint8_t *text, size_t len)
{
    fuzz_log_bytes(&a->value, "\n", a->has_value);
    fuzz_log_bytes(&a->value, text, len);
    a->has_value = true;
}

/* The answer to a command that was just sent, if these bytes come and then nothing any more.
 * `identifies`: a refusal is what is wanted. `sets`: it has a value of its own. */
static inline void model_answer(const char *command, bool identifies, bool sets,
                                const uint8_t *bytes, size_t len, struct model_answer *a)
{
    static struct model_answer_line lines[MODEL_LINES_MAX];
    struct model_answer now;
    size_t count = model_cut_lines(command, bytes, len, lines);
    size_t name_len = identifies || strlen(command) < 4 ? 0 : strcspn(command + 3, "=?");
    bool lists = strcmp(command, "AT+H") == 0;
    size_t end = 0; /* of data: a line end that is taken for the empty line before a reply */
    a->value.len = a->data.len = 0;
    a->has_value = false;
    a->error = NULL;
    a->error_len = 0;
    for (size_t i = 0; i < count; i++) {
        const struct model_answer_line *line = &lines[i];
        size_t skip = 0;
        enum model_line_kind kind = MODEL_OTHER_LINE;
        if (line->len > 0 && line->end_len > 0)
            kind = model_judge(line, &now, &skip);
        bool own = kind == MODEL_NAMED && skip == name_len + 2 &&
                   memcmp(line->text + 1, command + 3, name_len) == 0;
        bool other =
            kind == MODEL_NAMED && !own && !lists && name_len > 0 && !sets && !a->has_value;
        bool is_value = own || (other && model_done_follows(lines, count, i)) ||
                        (lists && line->len > 0 && line->end_len > 0);
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
        a->status = kind == MODEL_REFUSED && identifies ? DTU_OK : now.status;
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

#endif
