/* SPDX-License-Identifier: MIT */
#include "conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

/* No configuration is so long, and a file that is none may be. */
enum { TEXT_MAX = 1 << 20 };

/* --- Files ---------------------------------------------------------------------------------- */

/* Takes a byte order mark off the front. */
static void drop_mark(struct conf_text *t)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t len = sizeof mark - 1;

    if (strncmp(t->text, mark, len) != 0)
        return;
    t->len -= len;
    memmove(t->text, t->text + len, t->len + 1);
}

static bool read_all(struct conf_text *t, FILE *file)
{
    t->text = malloc(TEXT_MAX + 2);
    if (t->text == NULL) {
        complain("%s: %s", t->name, strerror(errno));
        return false;
    }
    t->len = fread(t->text, 1, TEXT_MAX + 1, file);
    t->text[t->len] = '\0';
    if (ferror(file)) {
        complain("%s: %s", t->name, strerror(errno));
        return false;
    }
    if (t->len > TEXT_MAX)
        complain("%s: larger than any configuration", t->name);
    else if (memchr(t->text, '\0', t->len) != NULL)
        complain("%s: no text: it has a byte 00", t->name);
    else
        return true;
    return false;
}

bool conf_text_load(struct conf_text *t, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    bool done;

    *t = (struct conf_text){.name = is_stdin ? "standard input" : path};
    if (file == NULL) {
        complain("%s: %s", path, strerror(errno));
        return false;
    }
    done = read_all(t, file);
    if (!is_stdin)
        fclose(file);
    if (done)
        drop_mark(t);
    else
        conf_text_free(t);
    return done;
}

void conf_text_free(struct conf_text *t)
{
    free(t->text);
    t->text = NULL;
}

/* The product of one line; as conf_text_profile(). */
static const struct dtu_profile *line_profile(const struct conf_text *t, const char *line,
                                              size_t len, unsigned number, bool *wrong)
{
    char visible[VISIBLE_SIZE(40)], word[40];
    const struct dtu_profile *profile;
    const uint8_t *name;
    size_t name_len = dtu_config_product((const uint8_t *)line, len, &name);

    if (name_len == 0)
        return NULL;
    snprintf(word, sizeof word, "%.*s", (int)name_len, (const char *)name);
    profile = dtu_profile_find(word);
    if (profile != NULL)
        return profile;
    output_visible(visible, sizeof visible, name, name_len);
    complain("%s:%u: %s: no such product", t->name, number, visible);
    *wrong = true;
    return NULL;
}

const struct dtu_profile *conf_text_profile(const struct conf_text *t, bool *wrong)
{
    const char *line = t->text;
    const char *stop = t->text + t->len;
    const struct dtu_profile *profile = NULL;

    *wrong = false;
    for (unsigned number = 1; line < stop && profile == NULL && !*wrong; number++) {
        const char *lf = memchr(line, '\n', (size_t)(stop - line));
        const char *end = lf != NULL ? lf : stop;
        size_t len = (size_t)(end - line);
        if (len > 0 && line[len - 1] == '\r')
            len--;
        profile = line_profile(t, line, len, number, wrong);
        line = end + 1;
    }
    return profile;
}

/* --- Values --------------------------------------------------------------------------------- */

void conf_init(struct conf *c, const struct dtu_profile *profile)
{
    c->profile = profile;
    memset(c->marks, 0, sizeof c->marks);
    if (profile->table->values_size > CONF_VALUES_SIZE || profile->table->count > CONF_ROWS ||
        profile->line_size > CONF_LINE_SIZE ||
        dtu_params_init(&c->params, profile->table, c->running, c->pending) != DTU_OK) {
        complain("%s: its table is at fault", profile->name);
        abort();
    }
}

void conf_copy(struct conf *to, const struct conf *from)
{
    *to = *from;
    to->params.running = to->running;
    to->params.pending = to->pending;
}

static const char *fault_text(enum dtu_status status)
{
    switch (status) {
    case DTU_ERR_LENGTH:
        return "too long";
    case DTU_ERR_FORMAT:
        return "no NAME=VALUE";
    case DTU_ERR_NOT_FOUND:
        return "the product has no such parameter";
    case DTU_ERR_FORM:
        return "no setting of its own";
    case DTU_ERR_NOT_ALLOWED:
        return "not by a configuration";
    case DTU_ERR_STATE:
        return "was set by an earlier line";
    default:
        return dtu_status_text(status);
    }
}

/* What a row takes, for a value that was refused. */
static void write_range(const struct conf *c, const struct dtu_config_fault *fault, char *out,
                        size_t size)
{
    struct dtu_text_buffer buffer = {out, size - 1, 0, false};
    const struct dtu_text text = {dtu_text_to_buffer, &buffer};
    bool is_value = fault->status == DTU_ERR_COUNT || fault->status == DTU_ERR_MISSING ||
                    fault->status == DTU_ERR_TYPE || fault->status == DTU_ERR_RANGE;

    if (fault->row != NULL && is_value) {
        dtu_text_string(&text, "; it takes ");
        dtu_params_write_range(c->params.table, fault->row, &text);
    }
    out[buffer.len] = '\0';
}

struct reading {
    const struct conf *conf;
    const struct conf_text *text;
};

static void on_fault(void *ctx, const struct dtu_config_fault *fault)
{
    const struct reading *r = ctx;
    char visible[VISIBLE_SIZE(100)], range[400];

    output_visible(visible, sizeof visible, fault->text, fault->len < 100 ? fault->len : 100);
    write_range(r->conf, fault, range, sizeof range);
    complain("%s:%lu: %s: %s%s", r->text->name, (unsigned long)fault->line, visible,
             fault->status == DTU_ERR_NOT_ALLOWED && fault->row == NULL
                 ? "the configuration of another product"
                 : fault_text(fault->status),
             range);
}

static const struct dtu_config_callbacks callbacks = {on_fault};

bool conf_read(struct conf *c, const struct conf_text *t)
{
    static uint8_t line[CONF_LINE_SIZE];
    const struct dtu_config_setup setup = {&c->params,  c->profile->name, line,
                                           sizeof line, c->marks,         sizeof c->marks};
    struct reading reading = {c, t};
    struct dtu_config config;

    if (dtu_config_init(&config, &setup, &callbacks, &reading) != DTU_OK)
        abort(); /* conf_init() has seen to it */
    dtu_config_feed(&config, (const uint8_t *)t->text, t->len);
    return dtu_config_end(&config) == DTU_OK;
}

bool conf_knows(const struct conf *c, const struct dtu_param *row)
{
    size_t index = (size_t)(row - c->profile->table->rows);
    return (c->marks[index / 8] >> index % 8 & 1) != 0;
}

const struct dtu_param *conf_next_row(const struct conf *c, const struct dtu_param *last)
{
    const struct dtu_param_table *table = c->profile->table;
    const struct dtu_param *row = last != NULL ? last + 1 : table->rows;

    for (; row < table->rows + table->count; row++)
        if (dtu_config_has(row))
            return row;
    return NULL;
}

size_t conf_count_rows(const struct conf *c)
{
    size_t count = 0;
    for (const struct dtu_param *row = NULL; (row = conf_next_row(c, row)) != NULL;)
        count++;
    return count;
}

void conf_value(const struct conf *c, const struct dtu_param *row, uint8_t place,
                char value[CONF_LINE_SIZE])
{
    struct dtu_text_buffer buffer = {value, CONF_LINE_SIZE - 1, 0, false};
    const struct dtu_text text = {dtu_text_to_buffer, &buffer};

    dtu_params_write(&c->params, DTU_PARAMS_PENDING, row, place, &text);
    value[buffer.len] = '\0';
}

/* Lines on their way to a file. */
struct printing {
    FILE *file;
    const char *before; /* in front of each; NULL: as they are, and bytes too */
    bool is_inside;     /* a line has begun */
};

static void print(void *ctx, const uint8_t *data, size_t len)
{
    struct printing *p = ctx;
    char visible[VISIBLE_SIZE(1)];

    if (p->before == NULL) {
        fwrite(data, 1, len, p->file);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        if (!p->is_inside)
            fputs(p->before, p->file);
        p->is_inside = data[i] != '\n';
        output_visible(visible, sizeof visible, data + i, 1);
        fputs(p->is_inside ? visible : "\n", p->file);
    }
}

static void write_row(const struct conf *c, const struct dtu_param *row, struct printing *p)
{
    const struct dtu_text text = {print, p};
    dtu_config_write_row(&c->params, DTU_PARAMS_PENDING, row, &text);
}

void conf_write_row(const struct conf *c, const struct dtu_param *row, FILE *file)
{
    struct printing p = {.file = file};
    write_row(c, row, &p);
}

void conf_show_row(const struct conf *c, const struct dtu_param *row, const char *before,
                   FILE *file)
{
    struct printing p = {.file = file, .before = before};
    write_row(c, row, &p);
}
