/* SPDX-License-Identifier: MIT */
/* What the parameters of a set command mean, written from docs/params.md: slow, with all of a line
 * in fields of their own, and nothing of lib/. */
#ifndef MODEL_PARAMS_H
#define MODEL_PARAMS_H

#include "model_escape.h"

#include "dtu/params.h"

#define MODEL_BYTES_MAX 4096 /* of a field's value, legal or not */

/* What a line has for a field. */
struct model_token {
    uint8_t text[MODEL_BYTES_MAX];
    size_t len;
    bool quoted;
};

/* What a field becomes. */
struct model_value {
    bool stays;      /* what it was */
    uint32_t number; /* ENUM, CHOICE, NUMBER */
    bool hex;        /* DATA */
    uint8_t bytes[MODEL_BYTES_MAX];
    size_t len;
};

struct model_line {
    struct model_token tokens[DTU_PARAM_FIELDS_MAX + 1];
    size_t count; /* all that is too much is one more */
    struct model_value values[DTU_PARAM_FIELDS_MAX];
};

static inline bool model_same_word(const uint8_t *text, size_t len, const char *word,
                                   size_t word_len)
{
    if (len != word_len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int c = text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i];
        int w = word[i] >= 'a' && word[i] <= 'z' ? word[i] - 32 : word[i];
        if (c != w)
            return false;
    }
    return true;
}

/* The word's place in a list such as "ON,OFF"; -1 if it is none of them. */
static inline int model_find_word(const char *list, const uint8_t *text, size_t len)
{
    for (int place = 0;; place++) {
        const char *comma = strchr(list, ',');
        size_t word_len = comma != NULL ? (size_t)(comma - list) : strlen(list);
        if (model_same_word(text, len, list, word_len))
            return place;
        if (comma == NULL)
            return -1;
        list = comma + 1;
    }
}

/* --- Tokens ----------------------------------------------------------------------------------- */

static inline bool model_takes_rest(const struct dtu_param_table *table,
                                    const struct dtu_param *row, size_t field)
{
    if (field + 1 != row->field_count)
        return false;
    return row->fields[field].type == DTU_FIELD_DATA ||
           (row->fields[field].type == DTU_FIELD_TEXT && table->syntax.last_takes_rest);
}

/* One byte after the other: a comma ends a token unless it is in quotes or the token takes all. */
static inline enum dtu_status model_split(const struct dtu_param_table *table,
                                          const struct dtu_param *row, const uint8_t *text,
                                          size_t len, struct model_line *line)
{
    enum { BEGIN, PLAIN, QUOTED, BEHIND } at = BEGIN;
    size_t n = 0;
    line->count = 1;
    line->tokens[0].len = 0;
    line->tokens[0].quoted = false;
    for (size_t i = 0; i < len; i++) {
        struct model_token *t = &line->tokens[n];
        bool quote = table->syntax.quotes && text[i] == '"';
        if (at == QUOTED && quote) {
            at = BEHIND;
        } else if (at == BEGIN && quote) {
            at = QUOTED;
            t->quoted = true;
        } else if (text[i] == ',' && at != QUOTED && !model_takes_rest(table, row, n)) {
            n = n < row->field_count ? n + 1 : n;
            line->count = n + 1;
            line->tokens[n].len = 0;
            line->tokens[n].quoted = false;
            at = BEGIN;
        } else if (quote || at == BEHIND) {
            return DTU_ERR_TYPE;
        } else {
            FUZZ_CHECK(t->len < MODEL_BYTES_MAX);
            t->text[t->len++] = text[i];
            at = at == QUOTED ? QUOTED : PLAIN;
        }
    }
    if (at == QUOTED)
        return DTU_ERR_TYPE;
    return line->count > row->field_count ? DTU_ERR_COUNT : DTU_OK;
}

/* --- Fields ----------------------------------------------------------------------------------- */

/* Digits and nothing else; too large for 32 bits is out of range. */
static inline enum dtu_status model_decimal(const uint8_t *text, size_t len, uint32_t *number)
{
    uint64_t value = 0;
    if (len == 0)
        return DTU_ERR_TYPE;
    for (size_t i = 0; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return DTU_ERR_TYPE;
    for (size_t i = 0; i < len && value <= UINT32_MAX; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    *number = (uint32_t)value;
    return value <= UINT32_MAX ? DTU_OK : DTU_ERR_RANGE;
}

static inline enum dtu_status model_number(const struct dtu_param_field *f,
                                           const struct model_token *t, struct model_value *v)
{
    if (t->quoted)
        return DTU_ERR_TYPE;
    if (t->text[0] == '-')
        return model_decimal(t->text + 1, t->len - 1, &v->number) == DTU_ERR_TYPE ? DTU_ERR_TYPE
                                                                                  : DTU_ERR_RANGE;
    enum dtu_status status = model_decimal(t->text, t->len, &v->number);
    if (status != DTU_OK)
        return status;
    if (v->number == 0 && (f->flags & (DTU_FIELD_ZERO | DTU_FIELD_CLEARABLE)) != 0)
        return DTU_OK;
    if (f->type == DTU_FIELD_NUMBER)
        return v->number >= f->min && v->number <= f->max ? DTU_OK : DTU_ERR_RANGE;
    char digits[12];
    int len = snprintf(digits, sizeof digits, "%lu", (unsigned long)v->number);
    return model_find_word(f->text, (uint8_t *)digits, (size_t)len) >= 0 ? DTU_OK : DTU_ERR_RANGE;
}

static inline enum dtu_status model_text(const struct dtu_param_table *table,
                                         const struct dtu_param_field *f, const uint8_t *text,
                                         size_t len, bool is_default, struct model_value *v)
{
    for (size_t i = 0; i < len;) {
        int meaning;
        i += model_unescape((enum dtu_escape_style)table->syntax.escape, text + i, len - i,
                            &meaning);
        FUZZ_CHECK(v->len + 2 <= MODEL_BYTES_MAX);
        v->bytes[v->len++] = meaning == MODEL_CR_LF ? '\r' : (uint8_t)meaning;
        if (meaning == MODEL_CR_LF)
            v->bytes[v->len++] = '\n';
        if (meaning == 0 && (f->flags & DTU_FIELD_ANY_BYTE) == 0)
            return DTU_ERR_TYPE;
    }
    if (v->len > f->max || (v->len < f->min && !is_default))
        return DTU_ERR_RANGE;
    if ((f->flags & DTU_FIELD_LINES) != 0 &&
        (v->len < 2 || v->bytes[v->len - 2] != '\r' || v->bytes[v->len - 1] != '\n'))
        return DTU_ERR_RANGE;
    return DTU_OK;
}

static inline enum dtu_status model_digits(const uint8_t *text, size_t len, struct model_value *v)
{
    if (len % 2 != 0)
        return DTU_ERR_TYPE;
    for (size_t i = 0; i < len; i += 2) {
        if (model_hex(text[i]) < 0 || model_hex(text[i + 1]) < 0)
            return DTU_ERR_TYPE;
        v->bytes[v->len++] = (uint8_t)(model_hex(text[i]) * 16 + model_hex(text[i + 1]));
    }
    return DTU_OK;
}

static inline enum dtu_status model_hex_bytes(const struct dtu_param_field *f, const uint8_t *text,
                                              size_t len, struct model_value *v)
{
    enum dtu_status status = model_digits(text, len, v);
    if (status != DTU_OK)
        return status;
    return v->len >= f->min && v->len <= f->max ? DTU_OK : DTU_ERR_RANGE;
}

static inline enum dtu_status model_ip(const struct model_token *t, struct model_value *v)
{
    size_t from = 0;
    for (size_t part = 0; part < 4; part++) {
        size_t to = from;
        uint32_t number;
        while (to < t->len && (part == 3 || t->text[to] != '.'))
            to++;
        if (part < 3 && to == t->len)
            return DTU_ERR_TYPE;
        enum dtu_status status = model_decimal(t->text + from, to - from, &number);
        if (status == DTU_OK && number > 255)
            status = DTU_ERR_RANGE;
        if (status != DTU_OK)
            return status;
        v->bytes[v->len++] = (uint8_t)number;
        from = to + 1;
    }
    return DTU_OK;
}

static inline enum dtu_status model_mac(const struct model_token *t, struct model_value *v)
{
    enum dtu_status status = model_digits(t->text, t->len, v);
    if (status != DTU_OK)
        return status;
    return t->len == 12 ? DTU_OK : DTU_ERR_RANGE;
}

static inline enum dtu_status model_data(const struct dtu_param_table *table,
                                         const struct dtu_param_field *f,
                                         const struct model_token *t, struct model_value *v)
{
    size_t len = t->len;
    if ((f->flags & DTU_FIELD_TYPED) != 0) {
        while (len > 0 && t->text[len - 1] != ',')
            len--;
        if (len == 0)
            return DTU_ERR_COUNT;
        int type = model_find_word("ASCII,HEX", t->text + len, t->len - len);
        if (type < 0)
            return DTU_ERR_RANGE;
        v->hex = type == 1;
        len--;
        if (len == 0)
            return DTU_ERR_MISSING;
    }
    return v->hex ? model_hex_bytes(f, t->text, len, v)
                  : model_text(table, f, t->text, len, false, v);
}

static inline enum dtu_status model_empty(const struct dtu_param_field *f, bool needed,
                                          bool is_default, struct model_value *v)
{
    bool may = f->min == 0 && (f->type == DTU_FIELD_TEXT || f->type == DTU_FIELD_HEX);
    if (needed)
        return DTU_ERR_MISSING;
    if ((f->flags & DTU_FIELD_OPTIONAL) != 0) {
        v->stays = true;
        return DTU_OK;
    }
    may = may || is_default || (f->flags & DTU_FIELD_CLEARABLE) != 0;
    return may ? DTU_OK : DTU_ERR_MISSING; /* its value is zeroes */
}

static inline enum dtu_status model_field(const struct dtu_param_table *table,
                                          const struct dtu_param_field *f,
                                          const struct model_token *t, bool is_default,
                                          struct model_value *v)
{
    int word;
    switch ((enum dtu_field_type)f->type) {
    case DTU_FIELD_ENUM:
        word = model_find_word(f->text, t->text, t->len);
        v->number = word >= 0 ? (uint32_t)word : 0;
        return word >= 0 ? DTU_OK : DTU_ERR_RANGE;
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        return model_number(f, t, v);
    case DTU_FIELD_TEXT:
        return model_text(table, f, t->text, t->len, is_default, v);
    case DTU_FIELD_HEX:
        return model_hex_bytes(f, t->text, t->len, v);
    case DTU_FIELD_IP:
        return model_ip(t, v);
    case DTU_FIELD_MAC:
        return model_mac(t, v);
    case DTU_FIELD_DATA:
        break;
    }
    return model_data(table, f, t, v);
}

/* --- A line ----------------------------------------------------------------------------------- */

/* What the parameters are: a status, and if it is DTU_OK what each field becomes. A default may be
 * shorter than what a user may set. */
static inline enum dtu_status model_params(const struct dtu_param_table *table,
                                           const struct dtu_param *row, const uint8_t *text,
                                           size_t len, bool is_default, struct model_line *line)
{
    static const struct model_token none;
    if (row->field_count == 0)
        return DTU_ERR_FORM;
    enum dtu_status status = model_split(table, row, text, len, line);
    if (status != DTU_OK)
        return status;
    for (size_t i = line->count; i < row->field_count; i++)
        if (!is_default && (row->fields[i].flags & (DTU_FIELD_OPTIONAL | DTU_FIELD_CLEARABLE)) == 0)
            return DTU_ERR_COUNT;
    for (size_t i = 0; i < row->field_count; i++) {
        const struct dtu_param_field *f = &row->fields[i];
        const struct model_token *t = i < line->count ? &line->tokens[i] : &none;
        const struct model_token *first = &line->tokens[0];
        struct model_value *v = &line->values[i];
        v->stays = v->hex = false;
        v->number = 0;
        v->len = 0;
        bool needed = (f->flags & DTU_FIELD_FIRST_NEEDS) != 0 &&
                      model_find_word(row->fields[0].text, first->text, first->len) == 0;
        status = t->len == 0 ? model_empty(f, needed, is_default, v)
                             : model_field(table, f, t, is_default, v);
        if (status != DTU_OK)
            return status;
        if (i == 0 && row->places > 0 && (v->number == 0 || v->number > row->places))
            return DTU_ERR_RANGE;
    }
    return DTU_OK;
}

/* The same for a set command. */
static inline enum dtu_status model_set(const struct dtu_param_table *table,
                                        const struct dtu_param *row, const uint8_t *text,
                                        size_t len, struct model_line *line)
{
    bool is_default =
        (row->flags & DTU_PARAM_DEFAULT) != 0 && model_same_word(text, len, "default", 7);
    if (!is_default)
        return model_params(table, row, text, len, false, line);
    return model_params(table, row, (const uint8_t *)row->initial, strlen(row->initial), true,
                        line);
}

/* --- What is stored --------------------------------------------------------------------------- */

static inline size_t model_number_size(uint32_t max)
{
    return max < 256 ? 1 : max < 65536 ? 2 : 4;
}

static inline size_t model_field_size(const struct dtu_param_field *f)
{
    static const size_t fixed[] = {1, 0, 0, 0, 0, 4, 6, 0}; /* ENUM, IP, MAC */
    if (f->type == DTU_FIELD_CHOICE || f->type == DTU_FIELD_NUMBER)
        return model_number_size(f->max);
    if (fixed[f->type] > 0)
        return fixed[f->type];
    return (f->type == DTU_FIELD_DATA) + (f->max < 256 ? 1u : 2u) + f->max;
}

static inline void model_put(uint8_t *at, size_t size, uint32_t number)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

/* How many bytes of it say something: behind the end of a text there may be anything. */
static inline size_t model_store_field(const struct dtu_param_field *f, const struct model_value *v,
                                       uint8_t *at)
{
    size_t used = model_field_size(f);
    switch ((enum dtu_field_type)f->type) {
    case DTU_FIELD_ENUM:
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        model_put(at, used, v->number);
        return used;
    case DTU_FIELD_IP:
    case DTU_FIELD_MAC:
        memset(at, 0, used);
        memcpy(at, v->bytes, v->len);
        return used;
    case DTU_FIELD_DATA:
        *at++ = v->hex;
        break;
    case DTU_FIELD_TEXT:
    case DTU_FIELD_HEX:
        break;
    }
    used = f->max < 256 ? 1 : 2;
    model_put(at, used, (uint32_t)v->len);
    memcpy(at + used, v->bytes, v->len);
    return used + v->len + (f->type == DTU_FIELD_DATA);
}

/* Whether a set of values is what it was before, but for what the line has changed. */
static inline void model_check_set(const struct dtu_param_table *table, const struct dtu_param *row,
                                   const struct model_line *line, const uint8_t *before,
                                   const uint8_t *now)
{
    static uint8_t field[MODEL_BYTES_MAX + 3];
    size_t size = 0;
    size_t begin = row->offset;
    for (size_t i = row->places > 0 ? 1 : 0; i < row->field_count; i++)
        size += model_field_size(&row->fields[i]);
    if (row->places > 0)
        begin += (line->values[0].number - 1) * size;
    FUZZ_CHECK(memcmp(before, now, begin) == 0);
    size_t at = begin;
    for (size_t i = row->places > 0 ? 1 : 0; i < row->field_count; i++) {
        const struct dtu_param_field *f = &row->fields[i];
        if (line->values[i].stays)
            FUZZ_CHECK(memcmp(before + at, now + at, model_field_size(f)) == 0);
        else
            FUZZ_CHECK(memcmp(now + at, field, model_store_field(f, &line->values[i], field)) == 0);
        at += model_field_size(f);
    }
    FUZZ_CHECK(at == begin + size && at <= table->values_size);
    FUZZ_CHECK(memcmp(before + at, now + at, table->values_size - at) == 0);
}

#endif
