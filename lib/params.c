/* SPDX-License-Identifier: MIT */
#include "dtu/params.h"

#include <string.h>

#define MAC_LEN 6
#define CR_LF 0x0D0A
#define NO_NUMBER UINT32_MAX

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

static bool is_address(const struct dtu_param_field *field)
{
    return field->type == DTU_FIELD_IP || field->type == DTU_FIELD_MAC;
}

/* Where the bytes of a field lie that has some. */
static const uint8_t *bytes_of(const struct dtu_param_field *field, const uint8_t *store)
{
    if (is_address(field))
        return store;
    return store + (field->type == DTU_FIELD_DATA) + number_size(field);
}

/* How many these are. */
static size_t bytes_len(const struct dtu_param_field *field, const uint8_t *store)
{
    if (is_address(field))
        return dtu_param_field_size(field);
    return (size_t)load_number(field, store + (field->type == DTU_FIELD_DATA));
}

/* How much of what is stored for a field counts: behind the end of a text there may be anything. */
static size_t used_size(const struct dtu_param_field *field, const uint8_t *store)
{
    if (field->type <= DTU_FIELD_NUMBER)
        return number_size(field);
    return (size_t)(bytes_of(field, store) - store) + bytes_len(field, store);
}

/* Whether its bytes are written as hex digits. */
static bool is_hex(const struct dtu_param_field *field, const uint8_t *store)
{
    if (field->type == DTU_FIELD_DATA)
        return *store != 0;
    return field->type == DTU_FIELD_HEX || field->type == DTU_FIELD_MAC;
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

/* The only place of a row that has none is 0. */
static bool has_place(const struct dtu_param *row, uint32_t place)
{
    return place <= row->places && (place > 0 || row->places == 0);
}

static size_t place_offset(const struct dtu_param *row, uint32_t place)
{
    return row->offset + (size_t)(place > 0 ? place - 1 : 0) * values_size(row);
}

static uint8_t *set_of(const struct dtu_params *p, enum dtu_param_set set)
{
    return set == DTU_PARAMS_RUNNING ? p->running : p->pending;
}

/* --- Lists of words ------------------------------------------------------------------------- */

/* The word at the front of "ON,OFF". */
static size_t word_len(const char *list)
{
    size_t len = 0;
    while (list[len] != '\0' && list[len] != ',')
        len++;
    return len;
}

/* Goes to word `which`; to the end of the list if it has not so many. */
static const char *word_at(const char *list, uint32_t which)
{
    for (; which > 0 && *list != '\0'; list++)
        which -= *list == ',';
    return list;
}

const char *dtu_params_word(const char *words, uint32_t which, size_t *len)
{
    const char *word = word_at(words, which);
    *len = word_len(word);
    return word;
}

/* Which word of the list a text is; NO_NUMBER if it is none. */
static uint32_t find_word(const char *list, const uint8_t *text, size_t len)
{
    uint32_t which = 0;
    size_t at = 0; /* in the text, as far as it is the word; beyond its end if it is another */

    for (;; list++) {
        if (*list != ',' && *list != '\0') {
            bool same = at < len && dtu_upper(text[at]) == dtu_upper((uint8_t)*list);
            at = same ? at + 1 : len + 1;
            continue;
        }
        if (at == len)
            return which;
        if (*list == '\0')
            return NO_NUMBER;
        which++;
        at = 0;
    }
}

static bool number_in_list(const char *list, uint32_t value)
{
    uint32_t number = 0;

    for (;; list++) {
        if (*list >= '0' && *list <= '9')
            number = number * 10 + (uint32_t)(*list - '0');
        else if (number == value || *list == '\0')
            return number == value;
        else
            number = 0;
    }
}

/* --- Splitting a line ----------------------------------------------------------------------- */

/* The parameters of a line, and the field whose turn it is. (The bytes come early: a Cortex-M0
 * reaches only the first 32 with one instruction.) */
struct line {
    const struct dtu_param_table *table;
    const struct dtu_param *row;
    bool is_default; /* may be shorter than what a user may set */
    bool done;       /* nothing follows, not even an empty parameter */
    bool quoted;     /* the token was */
    bool first_word; /* the row's first field is the first of its words */
    const uint8_t *text;
    size_t len;
    const uint8_t *rest; /* what has not been split yet */
    size_t left;
    const uint8_t *token; /* the parameter of a field; empty if it was left out */
    size_t token_len;
    const struct dtu_param_field *field;
    uint8_t *store;  /* where that is stored; NULL: it is only checked */
    uint32_t number; /* which word it is, or its number; else NO_NUMBER */
};

static void begin(struct line *l, const struct dtu_param_table *table, const struct dtu_param *row,
                  const uint8_t *text, size_t len)
{
    l->table = table;
    l->row = row;
    l->is_default = false;
    l->text = text;
    l->len = len;
}

/* What the line says is the row's default. */
static void begin_default(struct line *l)
{
    const char *initial = l->row->initial;
    l->is_default = true;
    l->text = (const uint8_t *)initial;
    l->len = dtu_string_len(initial);
}

static void start_over(struct line *l, const uint8_t *text, size_t len)
{
    l->rest = text;
    l->left = len;
    l->done = false;
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

/* --- Reading a field ------------------------------------------------------------------------- */

/* Each of these checks the parameter of a field, and stores it if there is a `store`. But for a
 * word and a number, what is to be stored has been checked before. */

static enum dtu_status read_word(struct line *l)
{
    l->number = find_word(l->field->text, l->token, l->token_len);
    if (l->number == NO_NUMBER)
        return DTU_ERR_RANGE;
    if (l->field == l->row->fields)
        l->first_word = l->number == 0;
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

static enum dtu_status take_number(const struct dtu_param_field *field, uint8_t *store,
                                   uint32_t number)
{
    if (!number_allowed(field, number))
        return DTU_ERR_RANGE;
    if (store != NULL)
        store_number(field, store, number);
    return DTU_OK;
}

static enum dtu_status parse_number(struct line *l)
{
    size_t minus = l->token[0] == '-';
    enum dtu_status status = dtu_parse_decimal(l->token + minus, l->token_len - minus, &l->number);

    if (l->quoted || status == DTU_ERR_MISSING)
        return DTU_ERR_TYPE;
    /* below 0 it is a number all right, only outside of every range */
    return status == DTU_OK && minus > 0 ? DTU_ERR_RANGE : status;
}

static enum dtu_status read_number(struct line *l)
{
    enum dtu_status status = parse_number(l);
    return status != DTU_OK ? status : take_number(l->field, l->store, l->number);
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
    uint32_t len = 0;
    uint8_t byte;

    for (; dtu_unescape_next(&u, &byte); len++) {
        if (byte == 0 && (field->flags & DTU_FIELD_ANY_BYTE) == 0)
            return DTU_ERR_TYPE;
        if (l->store != NULL)
            l->store[number_size(field) + len] = byte;
        l->number = l->number << 8 | byte; /* the last of them */
    }
    if ((field->flags & DTU_FIELD_LINES) != 0 && (l->number & 0xFFFF) != CR_LF)
        return DTU_ERR_RANGE;
    if (!has_length(l, len))
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

/* Says how it is written; what follows is a text or hex digits. */
static enum dtu_status begin_data(struct line *l)
{
    l->number = 0; /* ASCII; 1: HEX */
    if ((l->field->flags & DTU_FIELD_TYPED) != 0) {
        enum dtu_status status = cut_type(l);
        if (status != DTU_OK)
            return status;
    }
    if (l->store != NULL)
        *l->store++ = (uint8_t)l->number;
    return DTU_OK;
}

/* Takes the token as a cursor. */
static enum dtu_status read_ip(struct line *l)
{
    for (size_t i = 0; i < 4; i++) {
        size_t dot = i < 3;
        size_t len = dot > 0 ? find(l->token, l->token_len, '.') : l->token_len;
        if (len + dot > l->token_len)
            return DTU_ERR_TYPE;
        enum dtu_status status = dtu_parse_decimal(l->token, len, &l->number);
        if (status == DTU_ERR_RANGE || (status == DTU_OK && l->number > 255))
            return DTU_ERR_RANGE;
        if (status != DTU_OK)
            return DTU_ERR_TYPE;
        if (l->store != NULL)
            l->store[i] = (uint8_t)l->number;
        l->token += len + dot;
        l->token_len -= len + dot;
    }
    return DTU_OK;
}

static enum dtu_status read_empty(struct line *l)
{
    const struct dtu_param_field *field = l->field;

    if (l->first_word && (field->flags & DTU_FIELD_FIRST_NEEDS) != 0)
        return DTU_ERR_MISSING;
    if ((field->flags & DTU_FIELD_OPTIONAL) != 0)
        return DTU_OK;
    if (!l->is_default && !may_be_left_out(field) && !(is_text(field) && field->min == 0))
        return DTU_ERR_MISSING;
    if (l->store != NULL)
        memset(l->store, 0, dtu_param_field_size(field));
    return DTU_OK;
}

static enum dtu_status read_given(struct line *l, enum dtu_field_type type)
{
    switch (type) {
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
    default: /* DATA is one of these when it comes here */
        return DTU_ERR_FORM;
    }
}

static enum dtu_status read_field(struct line *l)
{
    enum dtu_field_type type = (enum dtu_field_type)l->field->type;

    if (l->token_len == 0)
        return read_empty(l);
    if (type == DTU_FIELD_DATA) {
        enum dtu_status status = begin_data(l);
        if (status != DTU_OK)
            return status;
        type = l->number != 0 ? DTU_FIELD_HEX : DTU_FIELD_TEXT;
    }
    return read_given(l, type);
}

/* Reads field `i`, and finds where the next one is stored. */
static enum dtu_status read_next(struct line *l, size_t i, uint8_t *values)
{
    const struct dtu_param *row = l->row;
    uint8_t *store = l->store;

    l->field = &row->fields[i];
    l->number = NO_NUMBER;
    enum dtu_status status = read_field(l);
    if (status != DTU_OK)
        return status;
    if (i == 0 && row->places > 0) {
        if (!has_place(row, l->number)) /* of a default: none was given */
            return DTU_ERR_RANGE;
        l->store = values != NULL ? values + place_offset(row, l->number) : NULL;
    } else if (store != NULL) {
        l->store = store + dtu_param_field_size(l->field);
    }
    return DTU_OK;
}

/* Whether parameters are missing: of a default all may be. */
static bool is_too_short(const struct line *l, size_t i)
{
    return l->done && !l->is_default && !may_be_left_out(&l->row->fields[i]);
}

/* Reads all fields of a line; stores them if there is a set of `values`. A fault of the line as a
 * whole is told before that of a field: a bad quote, then parameters that are too many, or too
 * few. */
static enum dtu_status read_fields(struct line *l, uint8_t *values)
{
    const struct dtu_param *row = l->row;
    enum dtu_status status = DTU_OK;

    start_over(l, l->text, l->len);
    l->first_word = false;
    l->store = values != NULL && row->places == 0 ? values + row->offset : NULL;
    for (size_t i = 0; i < row->field_count || !l->done; i++) {
        if (is_too_short(l, i))
            return DTU_ERR_COUNT;
        enum dtu_status form = next_token(l, i);
        if (form != DTU_OK)
            return form;
        if (i >= row->field_count)
            status = DTU_ERR_COUNT;
        else if (status == DTU_OK)
            status = read_next(l, i, values);
    }
    return status;
}

/* Sets a word or a number alone, as most parameters are, at once; false if it is another, or not
 * legal. */
static bool set_simple(struct line *l, uint8_t *values)
{
    const struct dtu_param *row = l->row;

    if (row->field_count != 1 || row->fields[0].type > DTU_FIELD_NUMBER || row->places > 0)
        return false;
    start_over(l, l->text, l->len);
    if (next_token(l, 0) != DTU_OK || !l->done || l->token_len == 0)
        return false;
    l->field = row->fields;
    l->store = values + row->offset;
    if (l->field->type == DTU_FIELD_ENUM)
        return read_word(l) == DTU_OK;
    return parse_number(l) == DTU_OK && take_number(l->field, l->store, l->number) == DTU_OK;
}

/* Whether a line asks for the default by its name. */
static bool names_default(const struct line *l)
{
    return (l->row->flags & DTU_PARAM_DEFAULT) != 0 && l->row->initial != NULL &&
           dtu_equal_nocase(l->text, l->len, "default");
}

void dtu_params_clear(struct dtu_params *p, const struct dtu_param *row)
{
    memset(p->pending + row->offset, 0, row_size(row));
}

/* Whether a row has something to check, and values if they are to be set. */
static bool can_be_read(const struct dtu_param *row, bool set)
{
    return row->field_count > 0 && row->field_count <= DTU_PARAM_FIELDS_MAX &&
           (!set || has_values(row));
}

/* Checks a line, and stores what it says if there is a set of `values`. */
static enum dtu_status set_line(struct line *l, uint8_t *values)
{
    uint8_t *to = NULL;

    if (!can_be_read(l->row, values != NULL))
        return DTU_ERR_FORM;
    if (values != NULL && names_default(l))
        begin_default(l);
    if (values != NULL && set_simple(l, values))
        return DTU_OK;
    for (;;) {
        enum dtu_status status = read_fields(l, to);
        if (status != DTU_OK || to == values)
            return status;
        to = values;
    }
}

enum dtu_status dtu_params_check(const struct dtu_param_table *table, const struct dtu_param *row,
                                 const uint8_t *text, size_t len)
{
    struct line l;
    begin(&l, table, row, text, len);
    return set_line(&l, NULL);
}

enum dtu_status dtu_params_set(struct dtu_params *p, const struct dtu_param *row,
                               const uint8_t *text, size_t len)
{
    struct line l;
    begin(&l, p->table, row, text, len);
    return set_line(&l, p->pending);
}

/* --- Values without text -------------------------------------------------------------------- */

/* The row may be NULL. */
static bool has_field(const struct dtu_param *row, uint8_t field)
{
    return row != NULL && has_values(row) && row->places == 0 && field < row->field_count;
}

/* Where a field of a set of values lies; NULL if there is no such field. */
static uint8_t *field_in(uint8_t *values, const struct dtu_param *row, uint8_t field)
{
    if (!has_field(row, field))
        return NULL;
    uint8_t *store = values + row->offset;
    for (size_t i = 0; i < field; i++)
        store += dtu_param_field_size(&row->fields[i]);
    return store;
}

static bool has_byte(const struct dtu_param_value *v, uint8_t byte)
{
    return memchr(v->bytes, byte, v->len) != NULL;
}

/* What a text escapes besides what every text does. */
static const char *escapes(const struct dtu_param_table *table, const struct dtu_param *row,
                           size_t i)
{
    return i + 1 == row->field_count ? table->syntax.escape_last : table->syntax.escape_inner;
}

/* Whether a command can carry a text: what cannot be written is lost in the store, or is read as
 * something else. */
static bool can_be_written(const struct dtu_param_table *table, const struct dtu_param_value *v)
{
    enum dtu_escape_style style = (enum dtu_escape_style)table->syntax.escape;
    bool commas = table->syntax.quotes || takes_rest(table, v->row, v->field);
    const char *also = escapes(table, v->row, v->field);

    if (!dtu_escape_can_write(style, v->bytes, v->len))
        return false;
    for (; style == DTU_ESCAPE_HEX && *also != '\0'; also++)
        commas = commas || *also == ',';
    return commas || !has_byte(v, ',');
}

/* Of a text that is not empty. */
static enum dtu_status check_text(const struct dtu_param_table *table,
                                  const struct dtu_param_value *v)
{
    uint8_t flags = v->row->fields[v->field].flags;
    const uint8_t *end = v->bytes + v->len;

    if ((flags & DTU_FIELD_ANY_BYTE) == 0 && has_byte(v, 0))
        return DTU_ERR_TYPE;
    if ((flags & DTU_FIELD_LINES) != 0 && (v->len < 2 || end[-2] != '\r' || end[-1] != '\n'))
        return DTU_ERR_RANGE;
    return can_be_written(table, v) ? DTU_OK : DTU_ERR_TYPE;
}

static enum dtu_status check_bytes(const struct dtu_param_table *table,
                                   const struct dtu_param_value *v)
{
    const struct dtu_param_field *field = &v->row->fields[v->field];
    bool cleared = v->len == 0 && (field->flags & DTU_FIELD_CLEARABLE) != 0;

    if (field->type == DTU_FIELD_DATA)
        return DTU_ERR_FORM;
    if (!is_text(field)) /* an address */
        return v->len == dtu_param_field_size(field) ? DTU_OK : DTU_ERR_RANGE;
    if ((v->len < field->min && !cleared) || v->len > field->max)
        return DTU_ERR_RANGE;
    return field->type == DTU_FIELD_HEX || v->len == 0 ? DTU_OK : check_text(table, v);
}

/* No byte of what was there is left. */
static void store_bytes(const struct dtu_param_field *field, uint8_t *store,
                        const struct dtu_param_value *v)
{
    memset(store, 0, dtu_param_field_size(field));
    if (is_text(field))
        store = store_number(field, store, (uint32_t)v->len);
    if (v->len > 0)
        memcpy(store, v->bytes, v->len);
}

static enum dtu_status take_word(const struct dtu_param_field *field, uint8_t *store,
                                 const struct dtu_param_value *v)
{
    uint32_t which = find_word(field->text, v->bytes, v->len);
    if (which == NO_NUMBER)
        return DTU_ERR_RANGE;
    if (store != NULL)
        *store = (uint8_t)which;
    return DTU_OK;
}

/* Checks a value, and stores it if there is a `store`. */
static enum dtu_status take_value(const struct dtu_param_table *table, uint8_t *store,
                                  const struct dtu_param_value *v)
{
    if (!has_field(v->row, v->field))
        return DTU_ERR_FORM;
    const struct dtu_param_field *field = &v->row->fields[v->field];
    if (field->type == DTU_FIELD_ENUM)
        return take_word(field, store, v);
    if (field->type <= DTU_FIELD_NUMBER)
        return take_number(field, store, v->number);
    enum dtu_status status = check_bytes(table, v);
    if (status == DTU_OK && store != NULL)
        store_bytes(field, store, v);
    return status;
}

enum dtu_status dtu_params_check_value(const struct dtu_param_table *table,
                                       const struct dtu_param_value *value)
{
    return take_value(table, NULL, value);
}

enum dtu_status dtu_params_set_value(struct dtu_params *p, const struct dtu_param_value *value)
{
    return take_value(p->table, field_in(p->pending, value->row, value->field), value);
}

/* Splits off the parameter of field `i`. */
static enum dtu_status find_token(struct line *l, const uint8_t *text, size_t len, size_t i)
{
    enum dtu_status status = DTU_OK;
    start_over(l, text, len);
    for (size_t k = 0; k <= i && status == DTU_OK; k++)
        status = next_token(l, k);
    return status;
}

struct dtu_argument dtu_params_argument(const struct dtu_param_table *table,
                                        const struct dtu_param *row, const uint8_t *text,
                                        size_t len, uint8_t field)
{
    struct dtu_argument a = {NULL, 0, 0};
    struct line l;

    begin(&l, table, row, NULL, 0);
    if (field >= row->field_count || find_token(&l, text, len, field) != DTU_OK)
        return a;
    a.text = l.token;
    a.len = l.token_len;
    l.field = &row->fields[field];
    l.store = NULL;
    if (l.field->type == DTU_FIELD_ENUM) {
        if (read_word(&l) == DTU_OK)
            a.number = l.number;
    } else if (l.field->type <= DTU_FIELD_NUMBER) {
        (void)dtu_parse_decimal(a.text, a.len, &a.number); /* stays 0 if it is no number */
    }
    return a;
}

/* Whether a line has the parameters of the default; quotes may differ. */
static bool is_default_line(struct line *l)
{
    if (!has_values(l->row) || l->row->initial == NULL)
        return false;
    for (size_t i = 0;; i++) {
        if (find_token(l, l->text, l->len, i) != DTU_OK)
            return false;
        const uint8_t *token = l->token;
        size_t len = l->token_len;
        const char *initial = l->row->initial; /* init has seen that it is legal */
        (void)find_token(l, (const uint8_t *)initial, dtu_string_len(initial), i);
        if (token == NULL || l->token == NULL)
            return token == l->token;
        if (len != l->token_len || memcmp(token, l->token, len) != 0)
            return false;
    }
}

enum dtu_status dtu_params_load(struct dtu_params *p, const struct dtu_param *row,
                                const uint8_t *text, size_t len)
{
    struct line l;
    begin(&l, p->table, row, text, len);
    enum dtu_status status = set_line(&l, p->pending);
    if (status == DTU_OK || !is_default_line(&l))
        return status;
    dtu_params_clear(p, l.row);
    begin_default(&l);
    return set_line(&l, p->pending);
}

/* --- Writing a field ------------------------------------------------------------------------ */

static void write_quote(const struct dtu_param_table *table, const struct dtu_text *out)
{
    if (table->syntax.quotes)
        dtu_text_char(out, '"');
}

static void write_word(const char *word, const struct dtu_text *out)
{
    dtu_text_bytes(out, word, word_len(word));
}

static bool is_empty_text(const struct dtu_param_field *field, const uint8_t *store)
{
    return field->type == DTU_FIELD_TEXT && (field->flags & DTU_FIELD_CLEARABLE) != 0 &&
           load_number(field, store) == 0;
}

/* Whether nothing is written from a field on: empty texts at the end that may be left out are. */
static bool ends_before(const struct dtu_param *row, const struct dtu_param_field *field,
                        const uint8_t *store)
{
    for (; field < row->fields + row->field_count; field++) {
        if (!is_empty_text(field, store))
            return false;
        store += dtu_param_field_size(field);
    }
    return true;
}

/* What is escaped in a text: a `?` that is all of the answer would read as a query. */
static const char *escapes_of(const struct dtu_param_table *table, const struct dtu_param *row,
                              const struct dtu_param_field *field, const uint8_t *bytes, size_t len)
{
    if (field == row->fields && !table->syntax.quotes && len == 1 && *bytes == '?' &&
        ends_before(row, field + 1, bytes + field->max))
        return "?";
    return escapes(table, row, (size_t)(field - row->fields));
}

static bool is_quoted(const struct dtu_param_field *field)
{
    return is_text(field) || field->type == DTU_FIELD_ENUM;
}

static void write_bytes(const struct dtu_param_table *table, const struct dtu_param *row,
                        const struct dtu_param_field *field, const uint8_t *store,
                        const struct dtu_text *out)
{
    const uint8_t *bytes = bytes_of(field, store);
    size_t len = bytes_len(field, store);

    if (is_hex(field, store)) {
        dtu_text_hex(out, bytes, len);
        return;
    }
    const char *also = escapes_of(table, row, field, bytes, len);
    dtu_escape_write((enum dtu_escape_style)table->syntax.escape, also, bytes, len, out);
}

static void write_field(const struct dtu_param_table *table, const struct dtu_param *row,
                        const struct dtu_param_field *field, const uint8_t *store,
                        const struct dtu_text *out)
{
    if (is_quoted(field))
        write_quote(table, out);
    if (field->type == DTU_FIELD_ENUM)
        write_word(word_at(field->text, load_number(field, store)), out);
    else if (field->type <= DTU_FIELD_NUMBER)
        dtu_text_decimal(out, load_number(field, store));
    else if (field->type == DTU_FIELD_IP)
        dtu_text_ip(out, store);
    else
        write_bytes(table, row, field, store, out);
    if (is_quoted(field))
        write_quote(table, out);
    if (field->type == DTU_FIELD_DATA && (field->flags & DTU_FIELD_TYPED) != 0)
        dtu_text_string(out, is_hex(field, store) ? ",HEX" : ",ASCII");
}

/* Where the values of a place lie; NULL if there is no such place. */
static uint8_t *find_place(const struct dtu_params *p, enum dtu_param_set set,
                           const struct dtu_param *row, uint8_t place)
{
    bool is_there = has_values(row) && has_place(row, place);
    return is_there ? set_of(p, set) + place_offset(row, place) : NULL;
}

void dtu_params_write(const struct dtu_params *p, enum dtu_param_set set,
                      const struct dtu_param *row, uint8_t place, const struct dtu_text *out)
{
    const struct dtu_param_table *table = p->table;
    const struct dtu_param_field *field = row->fields;
    const uint8_t *store = find_place(p, set, row, place);

    if (store == NULL || row->field_count == 0)
        return;
    if (place > 0) {
        dtu_text_decimal(out, place);
        field++;
    }
    for (; !ends_before(row, field, store); field++) {
        if (field > row->fields)
            dtu_text_char(out, ',');
        write_field(table, row, field, store, out);
        store += dtu_param_field_size(field);
    }
}

static bool all_zero(const uint8_t *data, size_t len)
{
    while (len > 0 && data[len - 1] == 0)
        len--;
    return len == 0;
}

bool dtu_params_same(const struct dtu_params *a, const struct dtu_params *b, enum dtu_param_set set,
                     const struct dtu_param *row)
{
    const uint8_t *x = set_of(a, set) + row->offset;
    const uint8_t *y = set_of(b, set) + row->offset;

    if (!has_values(row))
        return true;
    for (uint8_t place = 0; place == 0 || place < row->places; place++) {
        for (size_t i = row->places > 0 ? 1 : 0; i < row->field_count; i++) {
            if (memcmp(x, y, used_size(&row->fields[i], x)) != 0)
                return false;
            x += dtu_param_field_size(&row->fields[i]);
            y += dtu_param_field_size(&row->fields[i]);
        }
    }
    return true;
}

bool dtu_params_place_is_empty(const struct dtu_params *p, enum dtu_param_set set,
                               const struct dtu_param *row, uint8_t place)
{
    const uint8_t *values = find_place(p, set, row, place);
    return values == NULL || all_zero(values, values_size(row));
}

void dtu_params_clear_place(struct dtu_params *p, const struct dtu_param *row, uint8_t place)
{
    uint8_t *values = find_place(p, DTU_PARAMS_PENDING, row, place);
    if (values != NULL)
        memset(values, 0, values_size(row));
}

/* All words of a list, with commas between. */
static void write_words(const struct dtu_param_table *table, const char *list,
                        const struct dtu_text *out)
{
    for (;;) {
        write_quote(table, out);
        write_word(list, out);
        write_quote(table, out);
        list = word_at(list, 1);
        if (*list == '\0')
            return;
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
        write_words(table, field->text, out);
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
    return load_number(&row->fields[field], store);
}

const uint8_t *dtu_params_bytes(const struct dtu_params *p, const struct dtu_param *row,
                                uint8_t field, size_t *len)
{
    const uint8_t *store = field_in(p->running, row, field);
    *len = 0;
    if (store == NULL || row->fields[field].type <= DTU_FIELD_NUMBER)
        return NULL;
    *len = bytes_len(&row->fields[field], store);
    return bytes_of(&row->fields[field], store);
}

unsigned dtu_params_which(const struct dtu_params *p, const struct dtu_param *row, uint8_t field,
                          const char *words)
{
    const uint8_t *store = field_in(p->running, row, field);
    if (store == NULL || row->fields[field].type != DTU_FIELD_ENUM)
        return 0;
    const char *word = word_at(row->fields[field].text, *store);
    return (unsigned)(find_word(words, (const uint8_t *)word, word_len(word)) +
                      1); /* none becomes 0 */
}

bool dtu_params_is(const struct dtu_params *p, const struct dtu_param *row, uint8_t field,
                   const char *word)
{
    return dtu_params_which(p, row, field, word) > 0;
}

/* False if the default is not legal. */
static bool reset_row(struct dtu_params *p, const struct dtu_param *row)
{
    struct line l;

    dtu_params_clear(p, row);
    if (row->initial == NULL)
        return true;
    begin(&l, p->table, row, NULL, 0);
    begin_default(&l);
    return set_line(&l, p->pending) == DTU_OK;
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
        good = reset_row(p, row) && good;
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
    (void)reset_row(p, row); /* init has seen that it is legal */
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
