/* SPDX-License-Identifier: MIT */
#include "dtu/config.h"

#include <string.h>

/* --- A line --------------------------------------------------------------------------------- */

enum dtu_status dtu_config_split(const struct dtu_param_table *table, const uint8_t *line,
                                 size_t len, struct dtu_config_line *parts)
{
    const uint8_t *equals = len > 0 ? memchr(line, '=', len) : NULL;

    parts->row = NULL;
    if (equals == NULL)
        return DTU_ERR_FORMAT;
    size_t name_len = (size_t)(equals - line);
    parts->row = dtu_params_find(table, line, name_len);
    parts->value = equals + 1;
    parts->len = len - name_len - 1;
    return parts->row != NULL ? DTU_OK : DTU_ERR_NOT_FOUND;
}

enum dtu_status dtu_config_take(struct dtu_params *p, const struct dtu_config_line *parts)
{
    if (parts->row->places == 0 || parts->len > 0)
        return dtu_params_load(p, parts->row, parts->value, parts->len);
    dtu_params_clear(p, parts->row);
    return DTU_OK;
}

/* The next place that is set; 0 if there is none, as in a row without places. */
static uint8_t next_place(const struct dtu_params *p, enum dtu_param_set set,
                          const struct dtu_param *row, uint8_t place)
{
    while (place < row->places) { /* which may be 255 */
        place++;
        if (!dtu_params_place_is_empty(p, set, row, place))
            return place;
    }
    return 0;
}

void dtu_config_write_row(const struct dtu_params *p, enum dtu_param_set set,
                          const struct dtu_param *row, const struct dtu_text *out)
{
    uint8_t place = next_place(p, set, row, 0);

    do {
        dtu_text_string(out, row->name);
        dtu_text_char(out, '=');
        dtu_params_write(p, set, row, place, out); /* nothing if no place is set */
        dtu_text_char(out, '\n');
        place = next_place(p, set, row, place);
    } while (place > 0);
}

/* --- Writing a configuration ---------------------------------------------------------------- */

bool dtu_config_has(const struct dtu_param *row)
{
    return row->kind == DTU_PARAM_SETTING && (row->flags & DTU_PARAM_INTERNAL) == 0;
}

void dtu_config_write(const struct dtu_params *p, enum dtu_param_set set,
                      const struct dtu_text *out)
{
    for (size_t i = 0; i < p->table->count; i++)
        if (dtu_config_has(&p->table->rows[i]))
            dtu_config_write_row(p, set, &p->table->rows[i], out);
}

static const char product_word[] = "profile";

void dtu_config_write_product(const char *product, const struct dtu_text *out)
{
    dtu_text_string(out, "# ");
    dtu_text_string(out, product_word);
    dtu_text_char(out, ' ');
    dtu_text_string(out, product);
    dtu_text_char(out, '\n');
}

/* --- Reading a configuration ---------------------------------------------------------------- */

static size_t blanks(const uint8_t *text, size_t len)
{
    size_t n = 0;
    while (n < len && (text[n] == ' ' || text[n] == '\t'))
        n++;
    return n;
}

static size_t word(const uint8_t *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] != ' ' && text[n] != '\t')
        n++;
    return n;
}

/* Takes so many bytes off the front. */
static void skip(const uint8_t **text, size_t *len, size_t n)
{
    *text += n;
    *len -= n;
}

size_t dtu_config_product(const uint8_t *line, size_t len, const uint8_t **name)
{
    skip(&line, &len, blanks(line, len));
    if (len == 0 || *line != '#')
        return 0;
    skip(&line, &len, 1);
    skip(&line, &len, blanks(line, len));
    size_t n = word(line, len);
    if (!dtu_equal_nocase(line, n, product_word))
        return 0;
    skip(&line, &len, n);
    skip(&line, &len, blanks(line, len));
    n = word(line, len);
    if (n + blanks(line + n, len - n) < len)
        return 0; /* a sentence */
    if (n > 0)
        *name = line;
    return n;
}

enum dtu_status dtu_config_init(struct dtu_config *c, const struct dtu_config_setup *setup,
                                const struct dtu_config_callbacks *callbacks, void *ctx)
{
    if (setup->line == NULL || setup->line_size == 0 || setup->marks == NULL ||
        setup->marks_size < DTU_CONFIG_MARKS_SIZE((size_t)setup->params->table->count))
        return DTU_ERR_CONFIG;
    memset(c, 0, sizeof *c);
    c->setup = setup;
    c->callbacks = callbacks;
    c->ctx = ctx;
    memset(setup->marks, 0, setup->marks_size);
    return DTU_OK;
}

static size_t index_of(const struct dtu_config *c, const struct dtu_param *row)
{
    return (size_t)(row - c->setup->params->table->rows);
}

static bool is_marked(const struct dtu_config *c, const struct dtu_param *row)
{
    size_t index = index_of(c, row);
    return (c->setup->marks[index / 8] >> index % 8 & 1) != 0;
}

static void mark(const struct dtu_config *c, const struct dtu_param *row)
{
    size_t index = index_of(c, row);
    uint8_t *byte = &c->setup->marks[index / 8];
    *byte = (uint8_t)(*byte | 1u << index % 8);
}

static enum dtu_status check_kind(const struct dtu_param *row)
{
    if (dtu_config_has(row))
        return DTU_OK;
    if (row->kind == DTU_PARAM_ABSENT)
        return DTU_ERR_NOT_FOUND;
    if (row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_SECRET)
        return DTU_ERR_NOT_ALLOWED;
    return DTU_ERR_FORM;
}

/* Of a row with places. The first line about it empties them all, so a place that is set was set by
 * this text. */
static enum dtu_status check_place(const struct dtu_config *c)
{
    struct dtu_params *p = c->setup->params;
    const struct dtu_config_line *parts = &c->parts;

    enum dtu_status status = dtu_params_check(p->table, parts->row, parts->value, parts->len);
    if (status != DTU_OK)
        return status;
    uint32_t place = dtu_params_argument(p->table, parts->row, parts->value, parts->len, 0).number;
    if (!is_marked(c, parts->row))
        dtu_params_clear(p, parts->row);
    else if (!dtu_params_place_is_empty(p, DTU_PARAMS_PENDING, parts->row, (uint8_t)place))
        return DTU_ERR_STATE;
    return DTU_OK;
}

/* Finds the setting of a line, and whether it may be taken. */
static enum dtu_status read_setting(struct dtu_config *c, const uint8_t *text, size_t len)
{
    const struct dtu_config_line *parts = &c->parts;

    if (memchr(text, '\r', len) != NULL)
        return DTU_ERR_TYPE; /* a command would end there */
    enum dtu_status status = dtu_config_split(c->setup->params->table, text, len, &c->parts);
    if (status == DTU_OK)
        status = check_kind(parts->row);
    if (status != DTU_OK)
        return status;
    if (parts->row->places > 0 && parts->len > 0)
        return check_place(c);
    return is_marked(c, parts->row) ? DTU_ERR_STATE : DTU_OK;
}

static enum dtu_status take_comment(const struct dtu_config *c, const uint8_t *text, size_t len)
{
    const uint8_t *name;
    size_t name_len = dtu_config_product(text, len, &name);

    if (name_len == 0 || c->setup->product == NULL ||
        dtu_equal_nocase(name, name_len, c->setup->product))
        return DTU_OK;
    return DTU_ERR_NOT_ALLOWED;
}

/* How long a byte order mark in front of the text is. */
static size_t byte_order_mark(const uint8_t *text, size_t len)
{
    static const uint8_t utf8[3] = {0xEF, 0xBB, 0xBF};
    return len >= sizeof utf8 && memcmp(text, utf8, sizeof utf8) == 0 ? sizeof utf8 : 0;
}

static enum dtu_status read_line(struct dtu_config *c, const uint8_t *text, size_t len, bool whole)
{
    if (c->stats.lines == 1)
        skip(&text, &len, byte_order_mark(text, len));
    size_t indent = blanks(text, len);
    if (indent < len && text[indent] == '#')
        return whole ? take_comment(c, text, len) : DTU_OK;
    if (!whole)
        return DTU_ERR_LENGTH;
    return indent == len ? DTU_OK : read_setting(c, text, len);
}

/* A line has ended; `text` has all of it, or as much as the memory for a line would. What it sets
 * is taken by take_line(), not under the reading: both need stack. */
static void look_at(struct dtu_config *c, const uint8_t *text, size_t len)
{
    bool whole = len <= c->setup->line_size;

    if (!whole)
        len = c->setup->line_size;
    else if (len > 0 && text[len - 1] == '\r')
        len--;
    c->stats.lines++;
    c->parts.row = NULL;
    c->fault.text = text;
    c->fault.len = len;
    c->fault.status = read_line(c, text, len, whole);
}

static void take_line(struct dtu_config *c)
{
    const struct dtu_param *row = c->parts.row;

    if (c->fault.status == DTU_OK && row != NULL) {
        c->fault.status = dtu_config_take(c->setup->params, &c->parts);
        if (c->fault.status == DTU_OK) {
            mark(c, row);
            c->stats.taken++;
        }
    }
    if (c->fault.status == DTU_OK)
        return;
    c->stats.faults++;
    if (c->first == DTU_OK)
        c->first = c->fault.status;
    c->fault.line = c->stats.lines;
    c->fault.row = row;
    if (c->callbacks->fault != NULL)
        c->callbacks->fault(c->ctx, &c->fault);
}

/* Keeps a part of a line. What does not fit is counted as one byte too many. */
static void gather(struct dtu_config *c, const uint8_t *data, size_t len)
{
    size_t size = c->setup->line_size;

    if (c->len > size)
        return;
    size_t room = size - c->len;
    memcpy(c->setup->line + c->len, data, len < room ? len : room);
    c->len = len <= room ? c->len + len : size + 1;
}

/* Looks at a line that was gathered. */
static void look_at_gathered(struct dtu_config *c)
{
    size_t len = c->len;
    c->len = 0;
    look_at(c, c->setup->line, len);
}

void dtu_config_feed(struct dtu_config *c, const uint8_t *data, size_t len)
{
    while (len > 0) {
        const uint8_t *lf = memchr(data, '\n', len);
        if (lf == NULL) {
            gather(c, data, len);
            return;
        }
        size_t n = (size_t)(lf - data);
        if (c->len == 0) { /* where it lies */
            look_at(c, data, n);
        } else {
            gather(c, data, n);
            look_at_gathered(c);
        }
        take_line(c);
        skip(&data, &len, n + 1);
    }
}

enum dtu_status dtu_config_end(struct dtu_config *c)
{
    if (c->len > 0) {
        look_at_gathered(c);
        take_line(c);
    }
    return c->first;
}
