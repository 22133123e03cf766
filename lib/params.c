/* SPDX-License-Identifier: MIT */
#include "dtu/params.h"

#include <string.h>

#define MAC_LEN 6
#define CR_LF 0x0D0A
#define NO_NUMBER UINT32_MAX
#define ALL_WORDS UINT32_MAX

/* --- Layout of the values ------------------------------------------------------------------- */

/* Bytes of a number, or of the length in front of a text. */
static size_t number_size(const struct dtu_param_field *field)
{
    if (field->max <= 0xFF || field->type == DTU_FIELD_ENUM)
        return 1;
    return field->max <= 0xFFFF ? 2 : 4;
}

size_t dtu_param_field_size(const struct dtu_param_field *field)
{
    if (field->type == DTU_FIELD_IP)
        return 4;
    if (field->type == DTU_FIELD_MAC)
        return MAC_LEN;
    if (field->type > DTU_FIELD_DATA)
        return 0;
    size_t size = number_size(field);
    if (field->type > DTU_FIELD_NUMBER)
        size += (size_t)field->max;
    return size + (field->type == DTU_FIELD_DATA);
}

static bool is_text(const struct dtu_param_field *field)
{
    return field->type == DTU_FIELD_TEXT || field->type == DTU_FIELD_HEX;
}

static uint8_t *store_number(const struct dtu_param_field *field, uint8_t *store, uint32_t value)
{
    for (size_t size = number_size(field); size > 0; size--) {
        *store++ = (uint8_t)value;
        value >>= 8;
    }
    return store;
}

static uint32_t load_number(const struct dtu_param_field *field, const uint8_t *store)
{
    uint32_t value = 0;
    for (size_t size = number_size(field); size > 0; size--)
        value = value << 8 | store[size - 1];
    return value;
}

/* What is stored for a field. Of bytes, the number is 1 if they are written as hex digits. */
static struct dtu_param_value load(const struct dtu_param_field *field, const uint8_t *store)
{
    struct dtu_param_value v = {true, store, 0, 0};

    if (field->type == DTU_FIELD_IP || field->type == DTU_FIELD_MAC) {
        v.len = dtu_param_field_size(field);
        v.number = field->type == DTU_FIELD_MAC;
        return v;
    }
    if (field->type == DTU_FIELD_DATA)
        v.number = *v.bytes++;
    uint32_t number = load_number(field, v.bytes);
    if (field->type <= DTU_FIELD_NUMBER) {
        v.number = number;
        return v;
    }
    if (field->type == DTU_FIELD_HEX)
        v.number = 1;
    v.len = (size_t)number;
    v.bytes += number_size(field);
    return v;
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

static bool has_place(const struct dtu_param *row, uint32_t place)
{
    return place > 0 && place <= row->places;
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
    const char *end = word;
    while (*end != '\0' && *end != ',')
        end++;
    *len = (size_t)(end - word);
    *list = *end == ',' ? end + 1 : NULL;
    return word;
}

static bool same_nocase(const uint8_t *text, const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (dtu_upper(text[i]) != dtu_upper((uint8_t)word[i]))
            return false;
    return true;
}

/* Which word of the list a text is; NO_NUMBER if it is none. */
static uint32_t find_word(const char *list, const uint8_t *text, size_t len)
{
    for (uint32_t i = 0; list != NULL; i++) {
        size_t n;
        const char *word = next_word(&list, &n);
        if (n == len && same_nocase(text, word, n))
            return i;
    }
    return NO_NUMBER;
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

/* The parameters of a line, and the field whose turn it is. */
struct line {
    const struct dtu_param_table *table;
    const struct dtu_param *row;
    bool is_default; /* may be shorter than what a user may set */
    bool done;       /* nothing follows, not even an empty parameter */
    bool quoted;     /* the token was */
    const uint8_t *text;
    size_t len;
    const uint8_t *rest; /* what has not been split yet */
    size_t left;
    const uint8_t *token; /* the parameter of a field; empty if it was left out */
    size_t token_len;
    const struct dtu_param_field *field;
    uint8_t *store;  /* where that is stored; NULL: it is only checked */
    uint32_t number; /* which word it is, or its number; else NO_NUMBER */
    uint32_t first;  /* which word the first field is; NO_NUMBER: none yet, or no ENUM */
};

static void start_over(struct line *l)
{
    l->rest = l->text;
    l->left = l->len;
    l->done = false;
}

static void begin(struct line *l, const struct dtu_param_table *table, const struct dtu_param *row,
                  const uint8_t *text, size_t len)
{
    l->table = table;
    l->row = row;
    l->text = text;
    l->len = len;
    l->is_default = false;
    l->first = NO_NUMBER;
    start_over(l);
}

static size_t find(const uint8_t *text, size_t len, uint8_t byte)
{
    size_t at = 0; /* most parameters are shorter than memchr would pay for */
    while (at < len && text[at] != byte)
        at++;
    return at;
}

/* Takes the first `len` bytes off, and the comma behind them. */
static void advance(struct line *l, size_t len)
{
    l->done = len >= l->left;
    if (l->done)
        return;
    l->rest += len + 1;
    l->left -= len + 1;
}

static bool takes_rest(const struct dtu_param_table *table, const struct dtu_param *row, size_t i)
{
    if (i + 1 != row->field_count)
        return false;
    if (row->fields[i].type == DTU_FIELD_TEXT)
        return table->syntax.last_takes_rest;
    return row->fields[i].type == DTU_FIELD_DATA;
}

static bool ends_at(const struct line *l, size_t len)
{
    return len == l->left || (len < l->left && l->rest[len] == ',');
}

/* What is between the quotes is the parameter; how long it is with them. */
static size_t unquote(struct line *l)
{
    l->token++;
    l->token_len = find(l->token, l->left - 1, '"');
    return l->token_len + 2;
}

/* Splits off the parameter of field `i`, which nothing but a comma or the end may follow. */
static enum dtu_status next_token(struct line *l, size_t i)
{
    bool quotes = l->table->syntax.quotes;
    size_t len = 0;

    l->token = NULL;
    l->token_len = 0;
    if (l->done)
        return DTU_OK;
    l->token = l->rest;
    l->quoted = quotes && l->left > 0 && l->rest[0] == '"';
    if (l->quoted) {
        len = unquote(l);
        if (!ends_at(l, len))
            return DTU_ERR_TYPE;
    } else {
        len = takes_rest(l->table, l->row, i) ? l->left : find(l->rest, l->left, ',');
        l->token_len = len;
        if (quotes && find(l->rest, len, '"') < len)
            return DTU_ERR_TYPE;
    }
    advance(l, len);
    return DTU_OK;
}

static bool may_be_left_out(const struct dtu_param_field *field)
{
    return (field->flags & (DTU_FIELD_OPTIONAL | DTU_FIELD_CLEARABLE)) != 0;
}

/* Whether a line is well formed, and has no more parameters than the row has fields, nor less than
 * it needs; those of a default may all be left out. */
static enum dtu_status check_form(struct line *l)
{
    size_t fields = l->row->field_count;
    size_t count = 0;

    if (fields == 0 || fields > DTU_PARAM_FIELDS_MAX)
        return DTU_ERR_FORM;
    for (start_over(l); !l->done; count++) {
        enum dtu_status status = next_token(l, count);
        if (status != DTU_OK)
            return status;
    }
    while (count < fields && (l->is_default || may_be_left_out(&l->row->fields[count])))
        count++;
    return count == fields ? DTU_OK : DTU_ERR_COUNT;
}

/* --- Reading a field ------------------------------------------------------------------------- */

/* Each of these checks the parameter of a field, and stores it if there is a `store`. But for a
 * word and a number, what is to be stored has been checked before. */

static enum dtu_status read_word(struct line *l)
{
    l->number = find_word(l->field->text, l->token, l->token_len);
    if (l->number == NO_NUMBER)
        return DTU_ERR_RANGE;
    if (l->store != NULL)
        *l->store = (uint8_t)l->number;
    return DTU_OK;
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

static enum dtu_status take_number(struct line *l)
{
    if (!number_allowed(l->field, l->number))
        return DTU_ERR_RANGE;
    if (l->store != NULL)
        store_number(l->field, l->store, l->number);
    return DTU_OK;
}

static enum dtu_status read_number(struct line *l)
{
    size_t minus = l->token[0] == '-';
    enum dtu_status status = dtu_parse_decimal(l->token + minus, l->token_len - minus, &l->number);

    if (l->quoted || status == DTU_ERR_MISSING)
        return DTU_ERR_TYPE;
    if (status == DTU_OK && minus > 0) /* a number all right, only outside of every range */
        return DTU_ERR_RANGE;
    return status != DTU_OK ? status : take_number(l);
}

/* Of a default less will do. */
static bool has_length(const struct line *l, uint32_t len)
{
    return (len >= l->field->min || l->is_default) && len <= l->field->max;
}

static enum dtu_status read_text(struct line *l)
{
    const struct dtu_param_field *field = l->field;
    enum dtu_escape_style style = (enum dtu_escape_style)l->table->syntax.escape;
    struct dtu_unescape u = dtu_unescape(style, l->token, l->token_len);
    uint16_t last = 0; /* two bytes */
    uint32_t len = 0;
    size_t size = number_size(field);
    uint8_t byte;

    for (; dtu_unescape_next(&u, &byte); len++) {
        if (byte == 0 && (field->flags & DTU_FIELD_ANY_BYTE) == 0)
            return DTU_ERR_TYPE;
        if (l->store != NULL)
            l->store[size + len] = byte;
        last = (uint16_t)(last << 8 | byte);
    }
    if (!has_length(l, len) || ((field->flags & DTU_FIELD_LINES) != 0 && last != CR_LF))
        return DTU_ERR_RANGE;
    if (l->store != NULL)
        store_number(field, l->store, len);
    return DTU_OK;
}

/* Two digits a byte. */
static enum dtu_status read_digits(const struct line *l, uint8_t *bytes)
{
    for (size_t i = 0; i < l->token_len; i++) {
        uint8_t digit = dtu_parse_hex_digit(l->token[i]);
        if (digit > 15)
            return DTU_ERR_TYPE;
        if (bytes != NULL) /* the second digit of a byte moves the first one up */
            bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | digit);
    }
    return l->token_len % 2 == 0 ? DTU_OK : DTU_ERR_TYPE;
}

static enum dtu_status read_hex(struct line *l)
{
    uint32_t len = (uint32_t)(l->token_len / 2);

    if (l->store != NULL)
        l->store = store_number(l->field, l->store, len);
    enum dtu_status status = read_digits(l, l->store);
    if (status == DTU_OK && (len < l->field->min || len > l->field->max))
        return DTU_ERR_RANGE;
    return status;
}

static enum dtu_status read_mac(struct line *l)
{
    enum dtu_status status = read_digits(l, l->store);
    return status == DTU_OK && l->token_len / 2 != MAC_LEN ? DTU_ERR_RANGE : status;
}

/* Cuts `,ASCII` or `,HEX` off the end of the token; the number says which it was. */
static enum dtu_status cut_type(struct line *l)
{
    size_t comma = l->token_len;
    while (comma > 0 && l->token[comma - 1] != ',')
        comma--;
    if (comma == 0)
        return DTU_ERR_COUNT;
    l->number = find_word("ASCII,HEX", l->token + comma, l->token_len - comma);
    if (l->number == NO_NUMBER)
        return DTU_ERR_RANGE;
    l->token_len = comma - 1;
    return l->token_len > 0 ? DTU_OK : DTU_ERR_MISSING;
}

static enum dtu_status read_data(struct line *l)
{
    l->number = 0; /* ASCII; 1: HEX */
    if ((l->field->flags & DTU_FIELD_TYPED) != 0) {
        enum dtu_status status = cut_type(l);
        if (status != DTU_OK)
            return status;
    }
    if (l->store != NULL)
        *l->store++ = (uint8_t)l->number;
    return l->number != 0 ? read_hex(l) : read_text(l);
}

static enum dtu_status read_ip(struct line *l)
{
    const uint8_t *text = l->token;
    size_t left = l->token_len;

    for (size_t i = 0; i < 4; i++) {
        size_t dot = i < 3;
        size_t len = dot > 0 ? find(text, left, '.') : left;
        uint32_t value;
        if (len + dot > left)
            return DTU_ERR_TYPE;
        enum dtu_status status = dtu_parse_decimal(text, len, &value);
        if (status == DTU_ERR_RANGE || (status == DTU_OK && value > 255))
            return DTU_ERR_RANGE;
        if (status != DTU_OK)
            return DTU_ERR_TYPE;
        if (l->store != NULL)
            l->store[i] = (uint8_t)value;
        text += len + dot;
        left -= len + dot;
    }
    return DTU_OK;
}

static enum dtu_status read_empty(struct line *l)
{
    const struct dtu_param_field *field = l->field;

    if (l->first == 0 && (field->flags & DTU_FIELD_FIRST_NEEDS) != 0)
        return DTU_ERR_MISSING;
    if ((field->flags & DTU_FIELD_OPTIONAL) != 0)
        return DTU_OK;
    if (!l->is_default && !may_be_left_out(field) && !(is_text(field) && field->min == 0))
        return DTU_ERR_MISSING;
    if (l->store != NULL)
        memset(l->store, 0, dtu_param_field_size(field));
    return DTU_OK;
}

static enum dtu_status read_field(struct line *l)
{
    if (l->token_len == 0)
        return read_empty(l);
    switch ((enum dtu_field_type)l->field->type) {
    case DTU_FIELD_ENUM:
        return read_word(l);
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        return read_number(l);
    case DTU_FIELD_TEXT:
        return read_text(l);
    case DTU_FIELD_HEX:
        return read_hex(l);
    case DTU_FIELD_IP:
        return read_ip(l);
    case DTU_FIELD_MAC:
        return read_mac(l);
    case DTU_FIELD_DATA:
        return read_data(l);
    }
    return DTU_ERR_FORM;
}

/* Reads all fields of a line; stores them if there is a set of `values`. */
static enum dtu_status read_fields(struct line *l, uint8_t *values)
{
    const struct dtu_param *row = l->row;
    size_t at = row->offset;

    start_over(l);
    for (size_t i = 0; i < row->field_count; i++) {
        bool is_place = i == 0 && row->places > 0;
        l->field = &row->fields[i];
        l->store = is_place || values == NULL ? NULL : values + at;
        l->number = NO_NUMBER;
        (void)next_token(l, i); /* check_form() has seen that it is well formed */
        enum dtu_status status = read_field(l);
        if (status != DTU_OK)
            return status;
        if (i == 0 && l->field->type == DTU_FIELD_ENUM)
            l->first = l->number;
        if (!is_place)
            at += dtu_param_field_size(l->field);
        else if (has_place(row, l->number))
            at += (size_t)(l->number - 1) * values_size(row);
        else /* of a default: none was given */
            return DTU_ERR_RANGE;
    }
    return DTU_OK;
}

static enum dtu_status check_line(struct line *l)
{
    enum dtu_status status = check_form(l);
    return status != DTU_OK ? status : read_fields(l, NULL);
}

/* A word or a number alone, as most parameters are. */
static bool is_simple(const struct dtu_param *row)
{
    return row->field_count == 1 && row->fields[0].type <= DTU_FIELD_NUMBER && row->places == 0;
}

/* It is stored only if it is legal, so to read it once is enough. */
static enum dtu_status set_simple(struct line *l, uint8_t *store)
{
    enum dtu_status status = next_token(l, 0);
    l->field = l->row->fields;
    l->store = store;
    if (status != DTU_OK)
        return status;
    return l->done ? read_field(l) : check_form(l); /* a bad quote is told before the count */
}

static enum dtu_status set_line(struct dtu_params *p, const struct dtu_param *row,
                                const uint8_t *text, size_t len, bool is_default)
{
    struct line l;
    begin(&l, p->table, row, text, len);
    l.is_default = is_default;
    if (is_simple(row) && p->pending != NULL)
        return set_simple(&l, p->pending + row->offset);
    enum dtu_status status = check_line(&l);
    return status != DTU_OK || p->pending == NULL ? status : read_fields(&l, p->pending);
}

enum dtu_status dtu_params_check(const struct dtu_param_table *table, const struct dtu_param *row,
                                 const uint8_t *text, size_t len)
{
    struct dtu_params nowhere = {table, NULL, NULL};
    return set_line(&nowhere, row, text, len, false);
}

/* DTU_OK unless the default is not legal. */
static enum dtu_status set_initial(struct dtu_params *p, const struct dtu_param *row)
{
    const char *initial = row->initial;
    return set_line(p, row, (const uint8_t *)initial, dtu_string_len(initial), true);
}

enum dtu_status dtu_params_set(struct dtu_params *p, const struct dtu_param *row,
                               const uint8_t *text, size_t len)
{
    if (!has_values(row))
        return DTU_ERR_FORM;
    if ((row->flags & DTU_PARAM_DEFAULT) != 0 && dtu_equal_nocase(text, len, "default"))
        return set_initial(p, row);
    return set_line(p, row, text, len, false);
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
    store_number(field, store, (uint32_t)v->len);
    memcpy(store + number_size(field), v->bytes, v->len);
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

static enum dtu_status take_value(struct line *l, size_t i, const struct dtu_param_value *v)
{
    switch ((enum dtu_field_type)l->field->type) {
    case DTU_FIELD_ENUM:
        l->token = v->bytes;
        l->token_len = v->len;
        return read_word(l);
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        l->number = v->number;
        return take_number(l);
    case DTU_FIELD_TEXT:
    case DTU_FIELD_HEX:
        return take_bytes(l->table, l->row, i, v, l->store);
    case DTU_FIELD_IP:
    case DTU_FIELD_MAC:
        return take_address(l->field, v, l->store);
    case DTU_FIELD_DATA:
        break;
    }
    return DTU_ERR_FORM;
}

/* Stores them if there is a set of `values`. */
static enum dtu_status take_values(const struct dtu_param_table *table, const struct dtu_param *row,
                                   const struct dtu_param_value *v, uint8_t *values)
{
    struct line l;
    begin(&l, table, row, NULL, 0);
    l.store = values != NULL ? values + row->offset : NULL;
    if (!has_values(row) || row->places > 0)
        return DTU_ERR_FORM;
    for (size_t i = 0; i < row->field_count; i++) {
        l.field = &row->fields[i];
        enum dtu_status status = v[i].given ? take_value(&l, i, &v[i]) : DTU_OK;
        if (status != DTU_OK)
            return status;
        if (l.store != NULL)
            l.store += dtu_param_field_size(l.field);
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
    struct line l;

    begin(&l, table, row, text, len);
    l.is_default = true; /* parameters at the end may be missing */
    if (field >= row->field_count || check_form(&l) != DTU_OK)
        return a;
    start_over(&l);
    for (size_t i = 0; i <= field; i++)
        (void)next_token(&l, i);
    a.text = l.token;
    a.len = l.token_len;
    const struct dtu_param_field *f = &row->fields[field];
    if (f->type == DTU_FIELD_ENUM) {
        uint32_t index = find_word(f->text, a.text, a.len);
        a.number = index != NO_NUMBER ? index : 0;
    } else if (f->type <= DTU_FIELD_NUMBER) {
        (void)dtu_parse_decimal(a.text, a.len, &a.number); /* stays 0 if it is no number */
    }
    return a;
}

/* Whether two parameters are the same; quotes may differ. */
static bool same_argument(const struct dtu_argument *a, const struct dtu_argument *b)
{
    if (a->text == NULL || b->text == NULL)
        return a->text == b->text;
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* Whether a value is the default. */
static bool is_default_text(const struct dtu_param_table *table, const struct dtu_param *row,
                            const uint8_t *text, size_t len)
{
    const uint8_t *initial = (const uint8_t *)row->initial;
    size_t initial_len = dtu_string_len(row->initial);

    for (uint8_t i = 0; i < row->field_count; i++) {
        const struct dtu_argument a = dtu_params_argument(table, row, text, len, i);
        const struct dtu_argument b = dtu_params_argument(table, row, initial, initial_len, i);
        if (!same_argument(&a, &b))
            return false;
    }
    return true;
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

/* A row that is written, and the field whose turn it is. */
struct answer {
    const struct dtu_param_table *table;
    const struct dtu_param *row;
    const struct dtu_text *out;
    const uint8_t *store; /* the field's value */
    size_t i;             /* which field */
    bool alone;           /* no other is written */
};

static void write_quote(const struct dtu_param_table *table, const struct dtu_text *out)
{
    if (table->syntax.quotes)
        dtu_text_char(out, '"');
}

/* Writes one word of a list, or all of them, with commas between. */
static void write_words(const struct dtu_param_table *table, const char *list, uint32_t which,
                        const struct dtu_text *out)
{
    for (uint32_t i = 0; list != NULL; i++) {
        size_t len;
        const char *word = next_word(&list, &len);
        if (which != i && which != ALL_WORDS)
            continue;
        write_quote(table, out);
        dtu_text_bytes(out, word, len);
        write_quote(table, out);
        if (which == ALL_WORDS && list != NULL)
            dtu_text_char(out, ',');
    }
}

/* What a text escapes besides what every text does. A `?` that is all of the answer would read as a
 * query. */
static const char *escapes(const struct answer *a, const struct dtu_param_value *v)
{
    const struct dtu_param_syntax *syntax = &a->table->syntax;
    if (a->alone && !syntax->quotes && v->len == 1 && v->bytes[0] == '?')
        return "?";
    return a->i + 1 == a->row->field_count ? syntax->escape_last : syntax->escape_inner;
}

static void write_bytes(const struct answer *a, const struct dtu_param_value *v, const char *also)
{
    enum dtu_escape_style style = (enum dtu_escape_style)a->table->syntax.escape;
    if (v->number == 0)
        dtu_escape_write(style, also, v->bytes, v->len, a->out);
    else
        dtu_text_hex(a->out, v->bytes, v->len);
}

static void write_field(const struct answer *a)
{
    const struct dtu_param_field *field = &a->row->fields[a->i];
    const struct dtu_param_value v = load(field, a->store);
    bool quotes = is_text(field);

    if (field->type == DTU_FIELD_ENUM) {
        write_words(a->table, field->text, v.number, a->out);
        return;
    }
    if (field->type <= DTU_FIELD_NUMBER) {
        dtu_text_decimal(a->out, v.number);
        return;
    }
    if (field->type == DTU_FIELD_IP) {
        dtu_text_ip(a->out, v.bytes);
        return;
    }
    if (quotes)
        write_quote(a->table, a->out);
    write_bytes(a, &v, quotes ? escapes(a, &v) : "");
    if (quotes)
        write_quote(a->table, a->out);
    if (field->type == DTU_FIELD_DATA && (field->flags & DTU_FIELD_TYPED) != 0)
        dtu_text_string(a->out, v.number != 0 ? ",HEX" : ",ASCII");
}

static bool is_empty_text(const struct dtu_param_field *field, const uint8_t *store)
{
    return field->type == DTU_FIELD_TEXT && (field->flags & DTU_FIELD_CLEARABLE) != 0 &&
           load(field, store).len == 0;
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
    size_t first = row->places > 0 ? 1 : 0;
    size_t count = written_fields(row, store);
    struct answer a = {table, row, out, store, first, count == 1};

    for (; a.i < count; a.i++) {
        if (a.i > 0)
            dtu_text_char(out, ',');
        write_field(&a);
        a.store += dtu_param_field_size(&row->fields[a.i]);
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
    if (store == NULL) /* so may be the row */
        return;
    const struct answer a = {p->table, row, out, store, field, row->field_count == 1};
    write_field(&a);
}

static bool all_zero(const uint8_t *data, size_t len)
{
    while (len > 0 && data[len - 1] == 0)
        len--;
    return len == 0;
}

/* Behind the end of a text there may be anything. */
static bool same_field(const struct dtu_param_field *field, const uint8_t *a, const uint8_t *b)
{
    const struct dtu_param_value v = load(field, a);
    const struct dtu_param_value w = load(field, b);
    return v.number == w.number && v.len == w.len && memcmp(v.bytes, w.bytes, v.len) == 0;
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

/* Where the values of a place lie; NULL if there is no such place. */
static uint8_t *find_place(const struct dtu_params *p, enum dtu_param_set set,
                           const struct dtu_param *row, uint8_t place)
{
    return has_place(row, place) ? set_of(p, set) + place_offset(row, place) : NULL;
}

bool dtu_params_place_is_empty(const struct dtu_params *p, enum dtu_param_set set,
                               const struct dtu_param *row, uint8_t place)
{
    const uint8_t *values = find_place(p, set, row, place);
    return values == NULL || all_zero(values, values_size(row));
}

void dtu_params_write_place(const struct dtu_params *p, enum dtu_param_set set,
                            const struct dtu_param *row, uint8_t place, const struct dtu_text *out)
{
    const uint8_t *values = find_place(p, set, row, place);
    if (values == NULL)
        return;
    dtu_text_decimal(out, place);
    write_fields(p->table, row, values, out);
}

void dtu_params_clear_place(struct dtu_params *p, const struct dtu_param *row, uint8_t place)
{
    uint8_t *values = find_place(p, DTU_PARAMS_PENDING, row, place);
    if (values != NULL)
        memset(values, 0, values_size(row));
}

static void write_limits(const struct dtu_param_field *field, const struct dtu_text *out)
{
    if ((field->flags & DTU_FIELD_ZERO) != 0)
        dtu_text_string(out, "0,");
    dtu_text_decimal(out, field->min);
    dtu_text_char(out, '~');
    dtu_text_decimal(out, field->max);
}

static void write_field_range(const struct dtu_param_table *table,
                              const struct dtu_param_field *field, const struct dtu_text *out)
{
    const char *name = field->type == DTU_FIELD_CHOICE ? field->text : NULL;

    if (field->type == DTU_FIELD_IP)
        name = "IP";
    if (field->type == DTU_FIELD_MAC)
        name = "MAC";
    if (name != NULL) {
        dtu_text_string(out, name);
        return;
    }
    if (field->type == DTU_FIELD_ENUM) {
        write_words(table, field->text, ALL_WORDS, out);
        return;
    }
    write_limits(field, out);
    if (field->type != DTU_FIELD_NUMBER) {
        dtu_text_string(out, " bytes");
    } else if (field->text != NULL) {
        dtu_text_char(out, '(');
        dtu_text_string(out, field->text);
        dtu_text_char(out, ')');
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
        if (i > 0)
            dtu_text_char(out, ',');
        dtu_text_char(out, '<');
        write_field_range(table, &row->fields[i], out);
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

uint32_t dtu_params_number(const struct dtu_params *p, const struct dtu_param *row, uint8_t field)
{
    const uint8_t *store = field_in(p->running, row, field);
    if (store == NULL || row->fields[field].type > DTU_FIELD_NUMBER)
        return 0;
    return load(&row->fields[field], store).number;
}

const uint8_t *dtu_params_bytes(const struct dtu_params *p, const struct dtu_param *row,
                                uint8_t field, size_t *len)
{
    const uint8_t *store = field_in(p->running, row, field);
    *len = 0;
    if (store == NULL || row->fields[field].type <= DTU_FIELD_NUMBER)
        return NULL;
    const struct dtu_param_value v = load(&row->fields[field], store);
    *len = v.len;
    return v.bytes;
}

unsigned dtu_params_which(const struct dtu_params *p, const struct dtu_param *row, uint8_t field,
                          const char *words)
{
    const uint8_t *store = field_in(p->running, row, field);
    if (store == NULL || row->fields[field].type != DTU_FIELD_ENUM)
        return 0;
    const char *list = row->fields[field].text;
    size_t len;
    const char *word = next_word(&list, &len);
    for (uint8_t i = *store; i > 0 && list != NULL; i--)
        word = next_word(&list, &len);
    return (unsigned)(find_word(words, (const uint8_t *)word, len) + 1); /* none becomes 0 */
}

bool dtu_params_is(const struct dtu_params *p, const struct dtu_param *row, uint8_t field,
                   const char *word)
{
    return dtu_params_which(p, row, field, word) > 0;
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
