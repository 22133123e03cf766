/* SPDX-License-Identifier: MIT */
#include "dtu/params.h"

#include <string.h>

/* --- Layout of the values ------------------------------------------------------------------- */

static size_t number_size(uint32_t max)
{
    if (max <= 0xFF)
        return 1;
    return max <= 0xFFFF ? 2 : 4;
}

/* Bytes of the length in front of a text. */
static size_t prefix_size(const struct dtu_param_field *field)
{
    return field->max <= 0xFF ? 1 : 2;
}

size_t dtu_param_field_size(const struct dtu_param_field *field)
{
    switch ((enum dtu_field_type)field->type) {
    case DTU_FIELD_ENUM:
        return 1;
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        return number_size(field->max);
    case DTU_FIELD_TEXT:
    case DTU_FIELD_HEX:
        return prefix_size(field) + (size_t)field->max;
    case DTU_FIELD_IP:
        return 4;
    case DTU_FIELD_MAC:
        return 6;
    case DTU_FIELD_DATA:
        return 1 + prefix_size(field) + (size_t)field->max;
    }
    return 0;
}

static void store_number(uint8_t *store, size_t size, uint32_t value)
{
    for (size_t i = 0; i < size; i++) {
        store[i] = (uint8_t)value;
        value >>= 8;
    }
}

static uint32_t load_number(const uint8_t *store, size_t size)
{
    uint32_t value = 0;
    while (size > 0)
        value = value << 8 | store[--size];
    return value;
}

/* The length in front of a text. */
static size_t load_len(const struct dtu_param_field *field, const uint8_t *store)
{
    return (size_t)load_number(store, prefix_size(field));
}

static bool has_values(const struct dtu_param *row)
{
    return row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW ||
           row->kind == DTU_PARAM_SECRET;
}

/* Bytes of all fields that are stored, once. */
static size_t values_size(const struct dtu_param *row)
{
    size_t size = 0;
    for (size_t i = row->places > 0 ? 1 : 0; i < row->field_count; i++)
        size += dtu_param_field_size(&row->fields[i]);
    return size;
}

/* Bytes of a row with all of its places. */
static size_t row_size(const struct dtu_param *row)
{
    return values_size(row) * (row->places > 0 ? row->places : 1);
}

static size_t place_offset(const struct dtu_param *row, uint32_t place)
{
    return row->offset + (size_t)(place - 1) * values_size(row);
}

static uint8_t *set_of(const struct dtu_params *p, enum dtu_param_set set)
{
    return set == DTU_PARAMS_RUNNING ? p->running : p->pending;
}

/* --- Lists of words ------------------------------------------------------------------------- */

/* Steps through "ON,OFF" a word a call; `*list` is NULL behind the last. */
static const char *next_word(const char **list, size_t *len)
{
    const char *word = *list;
    size_t n = 0;
    while (word[n] != '\0' && word[n] != ',')
        n++;
    *len = n;
    *list = word[n] == ',' ? word + n + 1 : NULL;
    return word;
}

static bool same_nocase(const uint8_t *text, const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (dtu_upper(text[i]) != dtu_upper((uint8_t)word[i]))
            return false;
    return true;
}

/* Which word of the list a text is. */
static bool find_word(const char *list, const uint8_t *text, size_t len, uint32_t *index)
{
    for (uint32_t i = 0; list != NULL; i++) {
        size_t n;
        const char *word = next_word(&list, &n);
        if (n == len && same_nocase(text, word, n)) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool number_in_list(const char *list, uint32_t value)
{
    while (list != NULL) {
        size_t n;
        uint32_t listed;
        const char *word = next_word(&list, &n);
        if (dtu_parse_decimal((const uint8_t *)word, n, &listed) == DTU_OK && listed == value)
            return true;
    }
    return false;
}

/* --- Splitting a line ----------------------------------------------------------------------- */

/* One parameter of a line. */
struct token {
    const uint8_t *text;
    size_t len;
    bool quoted;
};

/* What of a line has not been split yet. */
struct rest {
    const uint8_t *text;
    size_t len;
    bool done; /* nothing follows, not even an empty parameter */
};

static size_t find(const uint8_t *text, size_t len, uint8_t byte)
{
    size_t at = 0; /* most parameters are shorter than memchr would pay for */
    while (at < len && text[at] != byte)
        at++;
    return at;
}

/* Takes the first `len` bytes off, and the comma behind them. */
static void advance(struct rest *r, size_t len)
{
    r->done = len >= r->len;
    if (r->done)
        return;
    r->text += len + 1;
    r->len -= len + 1;
}

static enum dtu_status next_quoted(struct rest *r, struct token *t)
{
    size_t len = find(r->text + 1, r->len - 1, '"');
    size_t behind = len + 2; /* of the closing quote */
    if (behind > r->len || (behind < r->len && r->text[behind] != ','))
        return DTU_ERR_TYPE;
    t->text = r->text + 1;
    t->len = len;
    t->quoted = true;
    advance(r, behind);
    return DTU_OK;
}

static enum dtu_status next_token(const struct dtu_param_syntax *syntax, bool takes_rest,
                                  struct rest *r, struct token *t)
{
    if (syntax->quotes && r->len > 0 && r->text[0] == '"')
        return next_quoted(r, t);
    size_t len = takes_rest ? r->len : find(r->text, r->len, ',');
    if (syntax->quotes && find(r->text, len, '"') < len)
        return DTU_ERR_TYPE;
    t->text = r->text;
    t->len = len;
    t->quoted = false;
    advance(r, len);
    return DTU_OK;
}

static bool takes_rest(const struct dtu_param_table *table, const struct dtu_param *row, size_t i)
{
    if (i + 1 != row->field_count || row->fields[i].type < DTU_FIELD_TEXT)
        return false;
    return row->fields[i].type == DTU_FIELD_DATA ||
           (row->fields[i].type == DTU_FIELD_TEXT && table->syntax.last_takes_rest);
}

static bool may_be_left_out(const struct dtu_param_field *field)
{
    return (field->flags & (DTU_FIELD_OPTIONAL | DTU_FIELD_CLEARABLE)) != 0;
}

/* A line in parts. */
struct line {
    struct token tokens[DTU_PARAM_FIELDS_MAX];
    size_t count;
};

static enum dtu_status split(const struct dtu_param_table *table, const struct dtu_param *row,
                             const uint8_t *text, size_t len, struct line *line)
{
    struct rest r = {text, len, false};
    struct token extra; /* what is too much is counted only */
    size_t count = 0;

    if (row->field_count == 0 || row->field_count > DTU_PARAM_FIELDS_MAX)
        return DTU_ERR_FORM;
    while (!r.done) {
        struct token *t = count < row->field_count ? &line->tokens[count] : &extra;
        enum dtu_status status = next_token(&table->syntax, takes_rest(table, row, count), &r, t);
        if (status != DTU_OK)
            return status;
        count++;
    }
    line->count = count;
    return count > row->field_count ? DTU_ERR_COUNT : DTU_OK;
}

/* What the line has for a field: nothing at all if it was left out. */
static const struct token *token_of(const struct line *line, size_t field)
{
    static const struct token none = {NULL, 0, false};
    return field < line->count ? &line->tokens[field] : &none;
}

static bool has_enough(const struct dtu_param *row, const struct line *line)
{
    size_t needed = row->field_count;
    while (needed > line->count && may_be_left_out(&row->fields[needed - 1]))
        needed--;
    return line->count >= needed;
}

/* --- Reading a field: checks it, and stores it if there is a `store` ------------------------ */

static enum dtu_status read_word(const struct dtu_param_field *field, const struct token *t,
                                 uint8_t *store)
{
    uint32_t index;
    if (!find_word(field->text, t->text, t->len, &index))
        return DTU_ERR_RANGE;
    if (store != NULL)
        *store = (uint8_t)index;
    return DTU_OK;
}

static enum dtu_status read_decimal(const struct token *t, uint32_t *value)
{
    enum dtu_status status = dtu_parse_decimal(t->text, t->len, value);
    if (status != DTU_ERR_TYPE || t->text[0] != '-')
        return status;
    /* a negative number is a number all right, however large, only outside of every range */
    status = dtu_parse_decimal(t->text + 1, t->len - 1, value);
    return status == DTU_OK || status == DTU_ERR_RANGE ? DTU_ERR_RANGE : DTU_ERR_TYPE;
}

static bool number_allowed(const struct dtu_param_field *field, uint32_t value)
{
    /* what was cleared is answered as 0, and the answer is legal in a set */
    if (value == 0 && (field->flags & (DTU_FIELD_ZERO | DTU_FIELD_CLEARABLE)) != 0)
        return true;
    if (field->type == DTU_FIELD_CHOICE)
        return number_in_list(field->text, value);
    return value >= field->min && value <= field->max;
}

static enum dtu_status take_number(const struct dtu_param_field *field, uint32_t value,
                                   uint8_t *store)
{
    if (!number_allowed(field, value))
        return DTU_ERR_RANGE;
    if (store != NULL)
        store_number(store, number_size(field->max), value);
    return DTU_OK;
}

static enum dtu_status read_number(const struct dtu_param_field *field, const struct token *t,
                                   uint8_t *store)
{
    uint32_t value;
    if (t->quoted)
        return DTU_ERR_TYPE;
    enum dtu_status status = read_decimal(t, &value);
    if (status != DTU_OK)
        return status;
    return take_number(field, value, store);
}

static enum dtu_status read_text(const struct dtu_param_table *table,
                                 const struct dtu_param_field *field, const struct token *t,
                                 bool is_default, uint8_t *store)
{
    enum dtu_escape_style style = (enum dtu_escape_style)table->syntax.escape;
    struct dtu_unescape u = dtu_unescape(style, t->text, t->len);
    size_t prefix = prefix_size(field);
    uint32_t len = 0;
    uint8_t byte = 0;
    uint8_t before = 0; /* the byte before the last one */

    for (uint8_t last = 0; dtu_unescape_next(&u, &byte); len++) {
        if (byte == 0 && (field->flags & DTU_FIELD_ANY_BYTE) == 0)
            return DTU_ERR_TYPE;
        if (len < field->max && store != NULL)
            store[prefix + len] = byte;
        before = last;
        last = byte;
    }
    if ((len < field->min && !is_default) || len > field->max)
        return DTU_ERR_RANGE;
    if ((field->flags & DTU_FIELD_LINES) != 0 && (before != '\r' || byte != '\n'))
        return DTU_ERR_RANGE;
    if (store != NULL)
        store_number(store, prefix, len);
    return DTU_OK;
}

/* Two digits a byte; the caller has seen to it that there is room for them. */
static enum dtu_status read_hex_bytes(const struct token *t, uint8_t *store)
{
    for (size_t i = 0; i < t->len; i++)
        if (dtu_parse_hex_digit(t->text[i]) > 15)
            return DTU_ERR_TYPE;
    if (t->len % 2 != 0)
        return DTU_ERR_TYPE;
    for (size_t i = 0; store != NULL && i < t->len; i += 2) {
        unsigned high = dtu_parse_hex_digit(t->text[i]);
        store[i / 2] = (uint8_t)(high << 4 | dtu_parse_hex_digit(t->text[i + 1]));
    }
    return DTU_OK;
}

static enum dtu_status read_hex(const struct dtu_param_field *field, const struct token *t,
                                uint8_t *store)
{
    size_t len = t->len / 2;
    enum dtu_status status = read_hex_bytes(t, NULL);
    if (status != DTU_OK)
        return status;
    if (len < field->min || len > field->max)
        return DTU_ERR_RANGE;
    if (store == NULL)
        return DTU_OK;
    store_number(store, prefix_size(field), (uint32_t)len);
    return read_hex_bytes(t, store + prefix_size(field));
}

/* Cuts `,ASCII` or `,HEX` off the end of the token; `*hex` says which it was. */
static enum dtu_status cut_type(struct token *t, bool *hex)
{
    size_t comma = t->len;
    uint32_t index;
    while (comma > 0 && t->text[comma - 1] != ',')
        comma--;
    if (comma == 0)
        return DTU_ERR_COUNT;
    if (!find_word("ASCII,HEX", t->text + comma, t->len - comma, &index))
        return DTU_ERR_RANGE;
    t->len = comma - 1;
    *hex = index == 1;
    return t->len > 0 ? DTU_OK : DTU_ERR_MISSING;
}

static enum dtu_status read_data(const struct dtu_param_table *table,
                                 const struct dtu_param_field *field, struct token t,
                                 uint8_t *store)
{
    bool hex = false;
    if ((field->flags & DTU_FIELD_TYPED) != 0) {
        enum dtu_status status = cut_type(&t, &hex);
        if (status != DTU_OK)
            return status;
    }
    uint8_t *bytes = store != NULL ? store + 1 : NULL;
    if (store != NULL)
        *store = hex;
    return hex ? read_hex(field, &t, bytes) : read_text(table, field, &t, false, bytes);
}

static enum dtu_status read_ip(const struct token *t, uint8_t *store)
{
    const uint8_t *text = t->text;
    size_t left = t->len;
    for (size_t i = 0; i < 4; i++) {
        uint32_t value;
        size_t len = i < 3 ? find(text, left, '.') : left;
        if (i < 3 && len == left)
            return DTU_ERR_TYPE;
        enum dtu_status status = dtu_parse_decimal(text, len, &value);
        if (status == DTU_ERR_TYPE || status == DTU_ERR_MISSING)
            return DTU_ERR_TYPE;
        if (status != DTU_OK || value > 255)
            return DTU_ERR_RANGE;
        if (store != NULL)
            store[i] = (uint8_t)value;
        if (i == 3)
            break;
        text += len + 1;
        left -= len + 1;
    }
    return DTU_OK;
}

static enum dtu_status read_mac(const struct token *t, uint8_t *store)
{
    enum dtu_status status = read_hex_bytes(t, NULL);
    if (status != DTU_OK)
        return status;
    return t->len == 12 ? read_hex_bytes(t, store) : DTU_ERR_RANGE;
}

static bool may_be_empty(const struct dtu_param_field *field)
{
    return (field->type == DTU_FIELD_TEXT || field->type == DTU_FIELD_HEX) && field->min == 0;
}

static enum dtu_status read_empty(const struct dtu_param_field *field, bool is_default,
                                  uint8_t *store)
{
    if ((field->flags & DTU_FIELD_OPTIONAL) != 0)
        return DTU_OK;
    if ((field->flags & DTU_FIELD_CLEARABLE) == 0 && !may_be_empty(field) && !is_default)
        return DTU_ERR_MISSING;
    if (store != NULL)
        memset(store, 0, dtu_param_field_size(field));
    return DTU_OK;
}

static enum dtu_status read_field(const struct dtu_param_table *table,
                                  const struct dtu_param_field *field, const struct token *t,
                                  bool is_default, uint8_t *store)
{
    if (t->len == 0)
        return read_empty(field, is_default, store);
    switch ((enum dtu_field_type)field->type) {
    case DTU_FIELD_ENUM:
        return read_word(field, t, store);
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        return read_number(field, t, store);
    case DTU_FIELD_TEXT:
        return read_text(table, field, t, is_default, store);
    case DTU_FIELD_HEX:
        return read_hex(field, t, store);
    case DTU_FIELD_IP:
        return read_ip(t, store);
    case DTU_FIELD_MAC:
        return read_mac(t, store);
    case DTU_FIELD_DATA:
        return read_data(table, field, *t, store);
    }
    return DTU_ERR_FORM;
}

/* Whether a field that is empty may not be: see DTU_FIELD_FIRST_NEEDS. */
static bool is_needed(const struct dtu_param *row, const struct line *line,
                      const struct dtu_param_field *field)
{
    const struct token *first = token_of(line, 0);
    uint32_t index;
    return (field->flags & DTU_FIELD_FIRST_NEEDS) != 0 &&
           find_word(row->fields[0].text, first->text, first->len, &index) && index == 0;
}

/* Reads all fields of a line; stores them if there is a set of `values`. A default may be shorter
 * than what a user may set. */
static enum dtu_status read_fields(const struct dtu_param_table *table, const struct dtu_param *row,
                                   const struct line *line, bool is_default, uint8_t *values)
{
    uint8_t *store = values != NULL ? values + row->offset : NULL;
    for (size_t i = 0; i < row->field_count; i++) {
        const struct dtu_param_field *field = &row->fields[i];
        bool is_place = i == 0 && row->places > 0;
        uint8_t place = 0;
        const struct token *t = token_of(line, i);
        if (t->len == 0 && is_needed(row, line, field))
            return DTU_ERR_MISSING;
        enum dtu_status status = read_field(table, field, t, is_default, is_place ? &place : store);
        if (status != DTU_OK)
            return status;
        if (is_place && (place == 0 || place > row->places)) /* of a default: none was given */
            return DTU_ERR_RANGE;
        if (store == NULL)
            continue;
        if (is_place)
            store = values + place_offset(row, place);
        else if (i + 1 < row->field_count)
            store += dtu_param_field_size(field);
    }
    return DTU_OK;
}

/* Too many or too few parameters is told before what is wrong with one of them. */
static enum dtu_status split_all(const struct dtu_param_table *table, const struct dtu_param *row,
                                 const uint8_t *text, size_t len, struct line *line)
{
    enum dtu_status status = split(table, row, text, len, line);
    return status == DTU_OK && !has_enough(row, line) ? DTU_ERR_COUNT : status;
}

enum dtu_status dtu_params_check(const struct dtu_param_table *table, const struct dtu_param *row,
                                 const uint8_t *text, size_t len)
{
    struct line line;
    enum dtu_status status = split_all(table, row, text, len, &line);
    return status != DTU_OK ? status : read_fields(table, row, &line, false, NULL);
}

/* A word or a number alone, as most parameters are. */
static bool is_simple(const struct dtu_param *row)
{
    return row->field_count == 1 && row->fields[0].type <= DTU_FIELD_NUMBER && row->places == 0;
}

/* It is stored only if it is legal, so to read it once is enough. All others are read twice, the
 * first time to check them. */
static enum dtu_status set_simple(struct dtu_params *p, const struct dtu_param *row,
                                  const uint8_t *text, size_t len)
{
    struct rest r = {text, len, false};
    struct token t;
    enum dtu_status status = next_token(&p->table->syntax, false, &r, &t);
    if (status != DTU_OK)
        return status;
    if (!r.done)
        return DTU_ERR_COUNT;
    return read_field(p->table, row->fields, &t, false, p->pending + row->offset);
}

/* DTU_OK unless the default is not legal. */
static enum dtu_status set_initial(struct dtu_params *p, const struct dtu_param *row)
{
    struct line line;
    enum dtu_status status =
        split(p->table, row, (const uint8_t *)row->initial, dtu_string_len(row->initial), &line);
    return status != DTU_OK ? status : read_fields(p->table, row, &line, true, p->pending);
}

enum dtu_status dtu_params_set(struct dtu_params *p, const struct dtu_param *row,
                               const uint8_t *text, size_t len)
{
    struct line line;

    if (!has_values(row))
        return DTU_ERR_FORM;
    if ((row->flags & DTU_PARAM_DEFAULT) != 0 && dtu_equal_nocase(text, len, "default"))
        return set_initial(p, row);
    if (is_simple(row))
        return set_simple(p, row, text, len);
    enum dtu_status status = split_all(p->table, row, text, len, &line);
    if (status == DTU_OK)
        status = read_fields(p->table, row, &line, false, NULL);
    return status != DTU_OK ? status : read_fields(p->table, row, &line, false, p->pending);
}

/* Whether a value is the default, token for token: quotes may differ. Where the last text takes the
 * commas too, both are split at them alike. */
static bool is_default_text(const struct dtu_param_table *table, const struct dtu_param *row,
                            const uint8_t *text, size_t len)
{
    struct rest value = {text, len, false};
    struct rest initial = {(const uint8_t *)row->initial, dtu_string_len(row->initial), false};

    while (!value.done && !initial.done) {
        struct token v, d;
        if (next_token(&table->syntax, false, &value, &v) != DTU_OK ||
            next_token(&table->syntax, false, &initial, &d) != DTU_OK || v.len != d.len ||
            (v.len > 0 && memcmp(v.text, d.text, v.len) != 0))
            return false;
    }
    return value.done && initial.done;
}

enum dtu_status dtu_params_load(struct dtu_params *p, const struct dtu_param *row,
                                const uint8_t *text, size_t len)
{
    enum dtu_status status = dtu_params_set(p, row, text, len);
    if (status == DTU_OK || !has_values(row) || row->initial == NULL ||
        !is_default_text(p->table, row, text, len))
        return status;
    dtu_params_reset_row(p, row);
    return DTU_OK;
}

/* --- Values without text -------------------------------------------------------------------- */

static bool has_byte(const struct dtu_param_value *v, uint8_t byte)
{
    return v->len > 0 && memchr(v->bytes, byte, v->len) != NULL;
}

/* Whether a command can carry a text: what cannot be written is lost in the store, or is read as
 * something else. */
static bool can_be_written(const struct dtu_param_table *table, const struct dtu_param *row,
                           size_t i, const struct dtu_param_value *v)
{
    const struct dtu_param_syntax *syntax = &table->syntax;
    enum dtu_escape_style style = (enum dtu_escape_style)syntax->escape;
    const char *also = i + 1 == row->field_count ? syntax->escape_last : syntax->escape_inner;
    bool commas = syntax->quotes || takes_rest(table, row, i);

    if (!dtu_escape_can_write(style, v->bytes, v->len))
        return false;
    for (; style == DTU_ESCAPE_HEX && *also != '\0'; also++)
        commas = commas || *also == ',';
    return commas || !has_byte(v, ',');
}

static enum dtu_status check_text(const struct dtu_param_table *table, const struct dtu_param *row,
                                  size_t i, const struct dtu_param_value *v)
{
    uint8_t flags = row->fields[i].flags;

    if ((flags & DTU_FIELD_ANY_BYTE) == 0 && has_byte(v, 0))
        return DTU_ERR_TYPE;
    if ((flags & DTU_FIELD_LINES) != 0 &&
        (v->len < 2 || v->bytes[v->len - 2] != '\r' || v->bytes[v->len - 1] != '\n'))
        return DTU_ERR_RANGE;
    return can_be_written(table, row, i, v) ? DTU_OK : DTU_ERR_TYPE;
}

static enum dtu_status take_bytes(const struct dtu_param_table *table, const struct dtu_param *row,
                                  size_t i, const struct dtu_param_value *v, uint8_t *store)
{
    const struct dtu_param_field *field = &row->fields[i];
    bool cleared = v->len == 0 && (field->flags & DTU_FIELD_CLEARABLE) != 0;

    if ((v->len < field->min && !cleared) || v->len > field->max)
        return DTU_ERR_RANGE;
    if (field->type == DTU_FIELD_TEXT && v->len > 0) {
        enum dtu_status status = check_text(table, row, i, v);
        if (status != DTU_OK)
            return status;
    }
    if (store == NULL)
        return DTU_OK;
    if (v->len == 0) { /* as a command does it: no byte of what was there is left */
        memset(store, 0, dtu_param_field_size(field));
        return DTU_OK;
    }
    store_number(store, prefix_size(field), (uint32_t)v->len);
    memcpy(store + prefix_size(field), v->bytes, v->len);
    return DTU_OK;
}

/* An address, whose bytes are stored as they are. */
static enum dtu_status take_address(const struct dtu_param_field *field,
                                    const struct dtu_param_value *v, uint8_t *store)
{
    if (v->len != dtu_param_field_size(field))
        return DTU_ERR_RANGE;
    if (store != NULL)
        memcpy(store, v->bytes, v->len);
    return DTU_OK;
}

static enum dtu_status take_value(const struct dtu_param_table *table, const struct dtu_param *row,
                                  size_t i, const struct dtu_param_value *v, uint8_t *store)
{
    const struct dtu_param_field *field = &row->fields[i];
    const struct token word = {v->bytes, v->len, false};
    switch ((enum dtu_field_type)field->type) {
    case DTU_FIELD_ENUM:
        return read_word(field, &word, store);
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        return take_number(field, v->number, store);
    case DTU_FIELD_TEXT:
    case DTU_FIELD_HEX:
        return take_bytes(table, row, i, v, store);
    case DTU_FIELD_IP:
    case DTU_FIELD_MAC:
        return take_address(field, v, store);
    case DTU_FIELD_DATA:
        break;
    }
    return DTU_ERR_FORM;
}

/* Stores them if there is a set of `values`. */
static enum dtu_status take_values(const struct dtu_param_table *table, const struct dtu_param *row,
                                   const struct dtu_param_value *v, uint8_t *values)
{
    uint8_t *store = values != NULL ? values + row->offset : NULL;
    if (!has_values(row) || row->places > 0)
        return DTU_ERR_FORM;
    for (size_t i = 0; i < row->field_count; i++) {
        enum dtu_status status = v[i].given ? take_value(table, row, i, &v[i], store) : DTU_OK;
        if (status != DTU_OK)
            return status;
        if (store != NULL)
            store += dtu_param_field_size(&row->fields[i]);
    }
    return DTU_OK;
}

enum dtu_status dtu_params_check_values(const struct dtu_param_table *table,
                                        const struct dtu_param *row,
                                        const struct dtu_param_value *values)
{
    return take_values(table, row, values, NULL);
}

enum dtu_status dtu_params_set_values(struct dtu_params *p, const struct dtu_param *row,
                                      const struct dtu_param_value *values)
{
    enum dtu_status status = take_values(p->table, row, values, NULL);
    return status != DTU_OK ? status : take_values(p->table, row, values, p->pending);
}

struct dtu_argument dtu_params_argument(const struct dtu_param_table *table,
                                        const struct dtu_param *row, const uint8_t *text,
                                        size_t len, uint8_t field)
{
    struct dtu_argument a = {NULL, 0, 0};
    struct line line;

    if (field >= row->field_count || split(table, row, text, len, &line) != DTU_OK)
        return a;
    const struct token *t = token_of(&line, field);
    a.text = t->text;
    a.len = t->len;
    if (row->fields[field].type == DTU_FIELD_ENUM)
        (void)find_word(row->fields[field].text, t->text, t->len, &a.number);
    else if (dtu_parse_decimal(t->text, t->len, &a.number) != DTU_OK)
        a.number = 0;
    return a;
}

/* Where a field of a set of values lies; NULL if there is no such field. */
static const uint8_t *field_in(const uint8_t *values, const struct dtu_param *row, uint8_t field)
{
    if (row == NULL || !has_values(row) || row->places > 0 || field >= row->field_count)
        return NULL;
    const uint8_t *store = values + row->offset;
    for (size_t i = 0; i < field; i++)
        store += dtu_param_field_size(&row->fields[i]);
    return store;
}

/* --- Writing a field ------------------------------------------------------------------------ */

static void write_quote(const struct dtu_param_syntax *syntax, const struct dtu_text *out)
{
    if (syntax->quotes)
        dtu_text_char(out, '"');
}

static void write_word(const char *list, uint32_t index, const struct dtu_text *out)
{
    for (uint32_t i = 0; list != NULL; i++) {
        size_t len;
        const char *word = next_word(&list, &len);
        if (i == index)
            dtu_text_bytes(out, word, len);
    }
}

/* What a text escapes besides what every text does. A `?` that is all of the answer would read as a
 * query. */
static const char *escapes(const struct dtu_param_table *table, const struct dtu_param *row,
                           size_t i, bool alone, const uint8_t *text, size_t len)
{
    const struct dtu_param_syntax *syntax = &table->syntax;
    if (alone && !syntax->quotes && len == 1 && text[0] == '?')
        return "?";
    return i + 1 == row->field_count ? syntax->escape_last : syntax->escape_inner;
}

static void write_data(const struct dtu_param_table *table, const struct dtu_param_field *field,
                       const uint8_t *store, const struct dtu_text *out)
{
    bool hex = *store++ != 0;
    size_t len = load_len(field, store);
    const uint8_t *bytes = store + prefix_size(field);

    if (hex)
        dtu_text_hex(out, bytes, len);
    else
        dtu_escape_write((enum dtu_escape_style)table->syntax.escape, "", bytes, len, out);
    if ((field->flags & DTU_FIELD_TYPED) != 0)
        dtu_text_string(out, hex ? ",HEX" : ",ASCII");
}

/* `alone`: no other field is written. */
static void write_field(const struct dtu_param_table *table, const struct dtu_param *row, size_t i,
                        bool alone, const uint8_t *store, const struct dtu_text *out)
{
    const struct dtu_param_field *field = &row->fields[i];
    size_t prefix = prefix_size(field);
    size_t len;

    switch ((enum dtu_field_type)field->type) {
    case DTU_FIELD_ENUM:
        write_quote(&table->syntax, out);
        write_word(field->text, *store, out);
        write_quote(&table->syntax, out);
        break;
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        dtu_text_decimal(out, load_number(store, number_size(field->max)));
        break;
    case DTU_FIELD_TEXT:
        len = load_len(field, store);
        write_quote(&table->syntax, out);
        dtu_escape_write((enum dtu_escape_style)table->syntax.escape,
                         escapes(table, row, i, alone, store + prefix, len), store + prefix, len,
                         out);
        write_quote(&table->syntax, out);
        break;
    case DTU_FIELD_HEX:
        write_quote(&table->syntax, out);
        dtu_text_hex(out, store + prefix, load_len(field, store));
        write_quote(&table->syntax, out);
        break;
    case DTU_FIELD_IP:
        dtu_text_ip(out, store);
        break;
    case DTU_FIELD_MAC:
        dtu_text_hex(out, store, 6);
        break;
    case DTU_FIELD_DATA:
        write_data(table, field, store, out);
        break;
    }
}

static bool is_empty_text(const struct dtu_param_field *field, const uint8_t *store)
{
    return field->type == DTU_FIELD_TEXT && (field->flags & DTU_FIELD_CLEARABLE) != 0 &&
           load_len(field, store) == 0;
}

/* How many fields are written: empty texts at the end that may be left out are. */
static size_t written_fields(const struct dtu_param *row, const uint8_t *store)
{
    size_t count = 0;
    for (size_t i = row->places > 0 ? 1 : 0; i < row->field_count; i++) {
        if (!is_empty_text(&row->fields[i], store))
            count = i + 1;
        store += dtu_param_field_size(&row->fields[i]);
    }
    return count;
}

static void write_fields(const struct dtu_param_table *table, const struct dtu_param *row,
                         const uint8_t *store, const struct dtu_text *out)
{
    size_t count = written_fields(row, store);
    for (size_t i = row->places > 0 ? 1 : 0; i < count; i++) {
        if (i > 0)
            dtu_text_char(out, ',');
        write_field(table, row, i, count == 1, store, out);
        store += dtu_param_field_size(&row->fields[i]);
    }
}

void dtu_params_write(const struct dtu_params *p, enum dtu_param_set set,
                      const struct dtu_param *row, const struct dtu_text *out)
{
    if (has_values(row) && row->places == 0)
        write_fields(p->table, row, set_of(p, set) + row->offset, out);
}

void dtu_params_write_field(const struct dtu_params *p, enum dtu_param_set set,
                            const struct dtu_param *row, uint8_t field, const struct dtu_text *out)
{
    const uint8_t *store = field_in(set_of(p, set), row, field);
    if (store != NULL)
        write_field(p->table, row, field, row->field_count == 1, store, out);
}

static bool all_zero(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (data[i] != 0)
            return false;
    return true;
}

/* Behind the end of a text there may be anything. */
static bool same_field(const struct dtu_param_field *field, const uint8_t *a, const uint8_t *b)
{
    size_t size = dtu_param_field_size(field);
    if (field->type == DTU_FIELD_DATA && *a++ != *b++)
        return false;
    if (field->type == DTU_FIELD_TEXT || field->type == DTU_FIELD_HEX ||
        field->type == DTU_FIELD_DATA)
        size = prefix_size(field) + load_len(field, a);
    return memcmp(a, b, size) == 0;
}

bool dtu_params_same(const struct dtu_params *a, const struct dtu_params *b, enum dtu_param_set set,
                     const struct dtu_param *row)
{
    size_t first = row->places > 0 ? 1 : 0;
    size_t times = row->places > 0 ? row->places : 1;
    size_t at = row->offset;

    if (!has_values(row))
        return true;
    for (; times > 0; times--) {
        for (size_t i = first; i < row->field_count; i++) {
            if (!same_field(&row->fields[i], set_of(a, set) + at, set_of(b, set) + at))
                return false;
            at += dtu_param_field_size(&row->fields[i]);
        }
    }
    return true;
}

bool dtu_params_place_is_empty(const struct dtu_params *p, enum dtu_param_set set,
                               const struct dtu_param *row, uint8_t place)
{
    if (place == 0 || place > row->places)
        return true;
    return all_zero(set_of(p, set) + place_offset(row, place), values_size(row));
}

void dtu_params_write_place(const struct dtu_params *p, enum dtu_param_set set,
                            const struct dtu_param *row, uint8_t place, const struct dtu_text *out)
{
    if (place == 0 || place > row->places)
        return;
    dtu_text_decimal(out, place);
    write_fields(p->table, row, set_of(p, set) + place_offset(row, place), out);
}

void dtu_params_clear_place(struct dtu_params *p, const struct dtu_param *row, uint8_t place)
{
    if (place > 0 && place <= row->places)
        memset(p->pending + place_offset(row, place), 0, values_size(row));
}

static void write_words(const struct dtu_param_syntax *syntax, const char *list,
                        const struct dtu_text *out)
{
    while (list != NULL) {
        size_t len;
        const char *word = next_word(&list, &len);
        write_quote(syntax, out);
        dtu_text_bytes(out, word, len);
        write_quote(syntax, out);
        if (list != NULL)
            dtu_text_char(out, ',');
    }
}

static void write_limits(const struct dtu_param_field *field, const struct dtu_text *out)
{
    if ((field->flags & DTU_FIELD_ZERO) != 0)
        dtu_text_string(out, "0,");
    dtu_text_decimal(out, field->min);
    dtu_text_char(out, '~');
    dtu_text_decimal(out, field->max);
}

static void write_field_range(const struct dtu_param_syntax *syntax,
                              const struct dtu_param_field *field, const struct dtu_text *out)
{
    switch ((enum dtu_field_type)field->type) {
    case DTU_FIELD_ENUM:
        write_words(syntax, field->text, out);
        break;
    case DTU_FIELD_CHOICE:
        dtu_text_string(out, field->text);
        break;
    case DTU_FIELD_NUMBER:
        write_limits(field, out);
        if (field->text != NULL) {
            dtu_text_char(out, '(');
            dtu_text_string(out, field->text);
            dtu_text_char(out, ')');
        }
        break;
    case DTU_FIELD_TEXT:
    case DTU_FIELD_HEX:
    case DTU_FIELD_DATA:
        write_limits(field, out);
        dtu_text_string(out, " bytes");
        break;
    case DTU_FIELD_IP:
        dtu_text_string(out, "IP");
        break;
    case DTU_FIELD_MAC:
        dtu_text_string(out, "MAC");
        break;
    }
}

void dtu_params_write_range(const struct dtu_param_table *table, const struct dtu_param *row,
                            const struct dtu_text *out)
{
    if (row->range != NULL) {
        dtu_text_string(out, row->range);
        return;
    }
    for (size_t i = 0; i < row->field_count; i++) {
        dtu_text_string(out, i > 0 ? ",<" : "<");
        write_field_range(&table->syntax, &row->fields[i], out);
        dtu_text_char(out, '>');
    }
}

/* --- Finding rows --------------------------------------------------------------------------- */

/* Below 0, 0 or above 0 as the text comes before, is, or comes behind the name. Upper case is made
 * here, and only where the bytes differ: this is where the time of a command goes. */
static int compare(const uint8_t *text, size_t len, const char *name)
{
    for (size_t i = 0; i < len; i++) {
        unsigned byte = text[i];
        unsigned other = (uint8_t)name[i];
        if (byte == other) {
            if (byte == 0)
                return 1; /* behind the end of the name, though a 00 byte is no end of the text */
            continue;
        }
        if (byte >= 'a' && byte <= 'z')
            byte -= 'a' - 'A';
        if (byte != other)
            return byte < other ? -1 : 1;
    }
    return name[len] == '\0' ? 0 : -1;
}

const struct dtu_param *dtu_params_find(const struct dtu_param_table *table, const uint8_t *name,
                                        size_t len)
{
    size_t low = 0;
    size_t high = table->count;
    bool alias = false;

    while (low < high) {
        size_t middle = (low + high) / 2; /* rows are too large for so many that this overflows */
        const struct dtu_param *row = &table->rows[middle];
        int order = compare(name, len, row->name);
        if (order == 0 && (row->kind != DTU_PARAM_ALIAS || alias))
            return row;
        if (order == 0) { /* once more, for the name that counts */
            alias = true;
            name = (const uint8_t *)row->initial;
            len = dtu_string_len(row->initial);
            low = 0;
            high = table->count;
        } else if (order > 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const struct dtu_param *dtu_params_by_id(const struct dtu_param_table *table, uint8_t id)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].id == id)
            return &table->rows[i];
    return NULL;
}

/* --- Values --------------------------------------------------------------------------------- */

/* Where a field's value lies in the running set, or NULL. */
uint32_t dtu_params_number(const struct dtu_params *p, const struct dtu_param *row, uint8_t field)
{
    const uint8_t *store = field_in(p->running, row, field);
    if (store == NULL)
        return 0;
    switch ((enum dtu_field_type)row->fields[field].type) {
    case DTU_FIELD_ENUM:
        return *store;
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        return load_number(store, number_size(row->fields[field].max));
    case DTU_FIELD_TEXT:
    case DTU_FIELD_HEX:
    case DTU_FIELD_IP:
    case DTU_FIELD_MAC:
    case DTU_FIELD_DATA:
        break;
    }
    return 0;
}

const uint8_t *dtu_params_bytes(const struct dtu_params *p, const struct dtu_param *row,
                                uint8_t field, size_t *len)
{
    const uint8_t *store = field_in(p->running, row, field);
    *len = 0;
    if (store == NULL)
        return NULL;
    switch ((enum dtu_field_type)row->fields[field].type) {
    case DTU_FIELD_DATA:
        store++;
        *len = load_len(&row->fields[field], store);
        return store + prefix_size(&row->fields[field]);
    case DTU_FIELD_TEXT:
    case DTU_FIELD_HEX:
        *len = load_len(&row->fields[field], store);
        return store + prefix_size(&row->fields[field]);
    case DTU_FIELD_IP:
    case DTU_FIELD_MAC:
        *len = dtu_param_field_size(&row->fields[field]);
        return store;
    case DTU_FIELD_ENUM:
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        break;
    }
    return NULL;
}

bool dtu_params_is(const struct dtu_params *p, const struct dtu_param *row, uint8_t field,
                   const char *word)
{
    const uint8_t *store = field_in(p->running, row, field);
    uint32_t index;
    if (store == NULL || row->fields[field].type != DTU_FIELD_ENUM)
        return false;
    return find_word(row->fields[field].text, (const uint8_t *)word, dtu_string_len(word),
                     &index) &&
           index == *store;
}

/* False if the default is not legal. */
static bool set_default(struct dtu_params *p, const struct dtu_param *row)
{
    memset(p->pending + row->offset, 0, row_size(row));
    if (row->initial == NULL)
        return true;
    return set_initial(p, row) == DTU_OK;
}

static bool has_default(const struct dtu_param *row)
{
    return row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_SECRET;
}

/* False if a default of the table is not legal: a fault of the table, found by init. */
static bool set_defaults(struct dtu_params *p, bool kept_too)
{
    bool good = true;
    for (size_t i = 0; i < p->table->count; i++) {
        const struct dtu_param *row = &p->table->rows[i];
        if (!has_default(row) || (!kept_too && (row->flags & DTU_PARAM_KEPT) != 0))
            continue;
        good = set_default(p, row) && good;
    }
    return good;
}

enum dtu_status dtu_params_init(struct dtu_params *p, const struct dtu_param_table *table,
                                uint8_t *running, uint8_t *pending)
{
    if (running == NULL || pending == NULL)
        return DTU_ERR_CONFIG;
    p->table = table;
    p->running = running;
    p->pending = pending;
    memset(pending, 0, table->values_size);
    bool good = set_defaults(p, true);
    dtu_params_apply(p);
    return good ? DTU_OK : DTU_ERR_CONFIG;
}

struct dtu_params dtu_params_pending(const struct dtu_params *p)
{
    const struct dtu_params view = {p->table, p->pending, p->pending};
    return view;
}

void dtu_params_reset_row(struct dtu_params *p, const struct dtu_param *row)
{
    (void)set_default(p, row); /* init has seen that it is legal */
}

void dtu_params_reset(struct dtu_params *p)
{
    (void)set_defaults(p, false); /* init has seen that they are legal */
}

void dtu_params_reset_all(struct dtu_params *p)
{
    (void)set_defaults(p, true);
}

void dtu_params_apply(struct dtu_params *p)
{
    memcpy(p->running, p->pending, p->table->values_size);
}

void dtu_params_apply_row(struct dtu_params *p, const struct dtu_param *row)
{
    memcpy(p->running + row->offset, p->pending + row->offset, row_size(row));
}

void dtu_params_revert_row(struct dtu_params *p, const struct dtu_param *row)
{
    memcpy(p->pending + row->offset, p->running + row->offset, row_size(row));
}
