/* SPDX-License-Identifier: MIT */
/* The configuration of a module, parameter by parameter. */
#include "copy.h"

#include <stdio.h>
#include <string.h>

#include "output.h"
#include "refusal.h"

/* Room for a name with AT+ and ?. */
enum { QUERY_SIZE = 64 };

/* What is being copied. */
struct copying {
    struct conf *conf;
    struct session *session;
    const struct dtu_param *row;
    struct dtu_config reader;
};

/* K7 has no `?`. */
static void make_query(char query[QUERY_SIZE], const struct copying *c)
{
    const struct dtu_at_dialect *dialect = c->conf->profile->dialect;
    snprintf(query, QUERY_SIZE, "AT+%s%s", c->row->name, dialect->has_range ? "?" : "");
}

static void on_fault(void *ctx, const struct dtu_config_fault *fault)
{
    const struct copying *c = ctx;
    char visible[VISIBLE_SIZE(200)];

    output_visible(visible, sizeof visible, fault->text, fault->len < 200 ? fault->len : 200);
    complain("%s: %s: not as a %s answers: %s", c->session->pipe.name, visible,
             c->conf->profile->product, dtu_status_text(fault->status));
}

static const struct dtu_config_callbacks callbacks = {on_fault};

static void feed(struct copying *c, const char *text, size_t len)
{
    dtu_config_feed(&c->reader, (const uint8_t *)text, len);
}

/* Each line of an answer becomes one of a configuration. */
static void take(struct copying *c, const char *value, size_t left)
{
    for (;;) {
        const char *end = memchr(value, '\n', left);
        size_t len = end != NULL ? (size_t)(end - value) : left;
        feed(c, c->row->name, strlen(c->row->name));
        feed(c, "=", 1);
        feed(c, value, len);
        feed(c, "\n", 1);
        if (end == NULL)
            return;
        value = end + 1;
        left -= len + 1;
    }
}

/* A query without `?` is sent once by the client, for it cannot know that it is one. */
static int ask(struct copying *c, struct reply *r)
{
    struct session *s = c->session;
    char query[QUERY_SIZE];
    int status;

    make_query(query, c);
    status = session_command(s, query, r);
    for (uint32_t i = 1; status == STATUS_SILENT && !s->pipe.has_ended && i < s->options->tries;
         i++)
        status = session_command(s, query, r);
    return status;
}

static void complain_refusal(const struct copying *c, const struct reply *r)
{
    char refusal[REFUSAL_SIZE], query[QUERY_SIZE];

    make_query(query, c);
    refusal_text(refusal, c->session, query, r);
    complain("%s: %s: refused: %s", c->session->pipe.name, query, refusal);
}

/* A row with places of which none is set may be answered by nothing but OK. */
static int copy_row(struct copying *c)
{
    struct reply reply;
    int status = ask(c, &reply);

    if (status == STATUS_REFUSED) {
        complain_refusal(c, &reply);
        return STATUS_DONE;
    }
    if (status != STATUS_DONE)
        return status;
    if (reply.value != NULL)
        take(c, reply.value, reply.value_len);
    else
        take(c, "", 0);
    return STATUS_DONE;
}

/* "[#####.....] 50/101 SOCKA" */
static void show_progress(const struct copying *c, size_t done, size_t count)
{
    char bar[21];
    size_t full = done * (sizeof bar - 1) / count;

    memset(bar, '#', full);
    memset(bar + full, '.', sizeof bar - 1 - full);
    bar[sizeof bar - 1] = '\0';
    progress("[%s] %zu/%zu %s", bar, done, count, c->row->name);
}

int copy_module(struct conf *conf, struct session *s, size_t *missing)
{
    static uint8_t line[CONF_LINE_SIZE];
    const struct dtu_config_setup setup = {&conf->params, NULL,        line,
                                           sizeof line,   conf->marks, sizeof conf->marks};
    struct copying c = {.conf = conf, .session = s};
    size_t count = conf_count_rows(conf), done = 0;
    int status = STATUS_DONE;

    *missing = 0;
    if (dtu_config_init(&c.reader, &setup, &callbacks, &c) != DTU_OK)
        return STATUS_REFUSED;
    while (status == STATUS_DONE && (c.row = conf_next_row(conf, c.row)) != NULL) {
        show_progress(&c, done++, count);
        status = copy_row(&c);
        if (status == STATUS_DONE && !conf_knows(conf, c.row))
            ++*missing;
    }
    progress_end();
    return status;
}
