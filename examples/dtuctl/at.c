/* SPDX-License-Identifier: MIT */
/* dtuctl at. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "names.h"
#include "output.h"
#include "prompt.h"
#include "refusal.h"
#include "session.h"
#include "stop.h"

/* --- A line --------------------------------------------------------------------------------- */

/* "AT" or "AT+...", which others begin with too. */
static bool is_at(const char *line)
{
    return names_begins(line, "AT", 2) && (line[2] == '+' || line[2] == '\0');
}

/* "ver" is AT+ver. Blanks in front and the rest that does not fit are left out: the session finds
 * the line too long. */
static void complete(char out[SESSION_LINE_SIZE + 8], const char *line)
{
    while (isspace((unsigned char)*line))
        line++;
    snprintf(out, SESSION_LINE_SIZE + 8, "%s%s", is_at(line) ? "" : "AT+", line);
}

/* --- A reply -------------------------------------------------------------------------------- */

/* As a module writes it: "+UARTFT:50", on K7 "+OK=50". */
static void print_line(const struct session *s, const char *line, const char *value, size_t len)
{
    const struct dtu_param *row = session_row(s, line);
    const char *name = row != NULL ? row->name : names_skip_at(line);
    static char visible[VISIBLE_SIZE(SESSION_REPLY_SIZE)];

    output_visible(visible, sizeof visible, value, len);
    if (row != NULL && row->kind == DTU_PARAM_HELP)
        puts(visible);
    else if (dtu_at_client_dialect(&s->client) == DTU_AT_CLIENT_ERR_NUMBER)
        printf("+OK=%s\n", visible);
    else
        printf("+%.*s:%s\n", (int)strcspn(name, "=?"), name, visible);
}

static void print_value(const struct session *s, const char *line, const struct reply *r)
{
    const char *value = r->value, *behind = r->value + r->value_len;

    for (;;) {
        const char *end = memchr(value, '\n', (size_t)(behind - value));
        print_line(s, line, value, (size_t)((end != NULL ? end : behind) - value));
        if (end == NULL)
            return;
        value = end + 1;
    }
}

static void print_text(const struct session *s, const char *line, const struct reply *r, int status)
{
    char refusal[REFUSAL_SIZE], visible[VISIBLE_SIZE(200)];

    if (status == STATUS_REFUSED) {
        output_visible(visible, sizeof visible, line, strlen(line));
        refusal_text(refusal, s, line, r);
        complain("%s: refused: %s", visible, refusal);
    }
    if (status != STATUS_DONE)
        return;
    if (r->value != NULL)
        print_value(s, line, r);
    else
        puts(dtu_at_client_dialect(&s->client) == DTU_AT_CLIENT_ERR_NUMBER ? "+OK" : "OK");
}

static const char *word_of(int status)
{
    switch (status) {
    case STATUS_DONE:
        return "done";
    case STATUS_REFUSED:
        return "refused";
    case STATUS_SILENT:
        return "silent";
    default:
        return "not sent";
    }
}

static void print_json(const struct session *s, const char *line, const struct reply *r, int status)
{
    char refusal[REFUSAL_SIZE];
    struct json j = {false};

    json_open(&j, NULL, '{');
    json_text(&j, "command", (const uint8_t *)line, strlen(line));
    json_string(&j, "status", word_of(status));
    if (status == STATUS_DONE && r->value != NULL)
        json_text(&j, "value", (const uint8_t *)r->value, r->value_len);
    if (status == STATUS_REFUSED && r->error != NULL)
        json_text(&j, "error", (const uint8_t *)r->error, r->error_len);
    if (status == STATUS_REFUSED) {
        refusal_text(refusal, s, line, r);
        json_string(&j, "reason", refusal);
    }
    json_close(&j, '}');
    json_end();
}

static int run_line(struct session *s, const char *text)
{
    char line[SESSION_LINE_SIZE + 8];
    struct reply reply;
    int status;

    complete(line, text);
    status = session_command(s, line, &reply);
    if (status > STATUS_SIGNAL)
        return status;
    if (s->options->json)
        print_json(s, line, &reply, status);
    else
        print_text(s, line, &reply, status);
    fflush(stdout);
    return status;
}

/* --- Where lines come from ------------------------------------------------------------------ */

/* Whether to stop at a line that ended so. */
static bool is_end(const struct options *o, int status)
{
    return status != STATUS_DONE && !(status == STATUS_REFUSED && o->keep_going);
}

static int run_words(struct session *s, const struct options *o)
{
    int worst = STATUS_DONE;

    for (size_t i = 0; i < o->word_count; i++) {
        int status = run_line(s, o->words[i]);
        if (status != STATUS_DONE)
            worst = status;
        if (is_end(o, status))
            break;
    }
    return worst;
}

/* A line of a file without a command. */
static bool is_empty(const char *line)
{
    while (isspace((unsigned char)*line))
        line++;
    return *line == '\0' || *line == '#';
}

/* Lines of a file, up to one that is refused. */
static int run_file(struct session *s, struct prompt *prompt)
{
    const char *line;
    int worst = STATUS_DONE;

    for (;;) {
        enum prompt_event event = prompt_read(prompt, "", &line);
        if (event == PROMPT_STOPPED)
            return STATUS_SIGNAL + stop_signal();
        if (event == PROMPT_END)
            return worst;
        int status = is_empty(line) ? STATUS_DONE : run_line(s, line);
        if (status != STATUS_DONE)
            worst = status;
        if (is_end(s->options, status))
            return worst;
    }
}

/* Lines of a user, who sees what became of one and can go on as long as there is a connection. */
static int run_terminal(struct session *s, struct prompt *prompt)
{
    const char *line;

    fprintf(stderr, "dtuctl: %s is a %s; Ctrl-D ends\n", s->pipe.name,
            s->profile != NULL ? s->profile->product : "module of an unknown kind");
    for (;;) {
        int status = session_listen(s);
        if (status != STATUS_DONE)
            return status;
        enum prompt_event event = prompt_read(prompt, "AT> ", &line);
        if (event == PROMPT_STOPPED)
            return STATUS_SIGNAL + stop_signal();
        if (event == PROMPT_END)
            return STATUS_DONE;
        status = is_empty(line) ? STATUS_DONE : run_line(s, line);
        if (status > STATUS_SIGNAL || (status == STATUS_SILENT && s->pipe.has_ended))
            return status;
    }
}

static int run_input(struct session *s, bool is_terminal)
{
    static struct prompt prompt;
    int status;

    prompt_open(&prompt, s->profile);
    status = is_terminal ? run_terminal(s, &prompt) : run_file(s, &prompt);
    prompt_close(&prompt);
    return status;
}

int command_at(const struct options *o)
{
    static struct session session;
    struct options own = *o;
    bool is_terminal = o->word_count == 0 && isatty(STDIN_FILENO);
    int status, closed;

    own.verbose = o->verbose || is_terminal;
    if (!session_open(&session, &own))
        return session.status;
    status = o->word_count > 0 ? run_words(&session, &own) : run_input(&session, is_terminal);
    closed = session_close(&session);
    return status != STATUS_DONE ? status : closed;
}
