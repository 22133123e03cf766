/* SPDX-License-Identifier: MIT */
/* A table made from the input, and lines for it, and for the tables of the products. What is
 * refused, and why, and what is stored is what a slow model says; what is taken is within its
 * limits, and is the same after it was written and set again; names are found as a linear search
 * finds them. */
#include "model_params.h"

#include "dtu/profile.h"

#define FIELDS_MAX 4
#define VALUES_MAX 256
#define CANARY 0xC5
#define TEXT_OUT 4096

static const char *const word_lists[] = {"ON,OFF", "A,AB,ABC,b", "x"};
static const char *const number_lists[] = {"7,8", "0,255", "1,300,70000"};
static const uint32_t list_max[] = {8, 255, 70000};
static const char *const also[] = {"", ",", "=,?", "\""};

static struct dtu_param_field fields[FIELDS_MAX];
static char initial[64];
static struct dtu_param row;
static struct dtu_param_table table;
static struct dtu_params params;
static uint8_t running[VALUES_MAX + 2];
static uint8_t pending[VALUES_MAX + 2];
static uint8_t before[VALUES_MAX + 2];
static uint8_t place; /* that is looked at */

static void make_field(struct fuzz_input *in, struct dtu_param_field *f, bool last)
{
    uint32_t which = fuzz_below(in, 3);
    memset(f, 0, sizeof *f);
    f->type = (uint8_t)fuzz_below(in, 8);
    f->flags = (uint8_t)fuzz_below(in, 64);
    if (f->type == DTU_FIELD_DATA) /* is never left out, and takes the rest of the line */
        f->flags &= last ? DTU_FIELD_TYPED | DTU_FIELD_ANY_BYTE : 0;
    if (f->type == DTU_FIELD_DATA && !last)
        f->type = DTU_FIELD_HEX;
    if (f->type == DTU_FIELD_ENUM)
        f->text = word_lists[which];
    if (f->type == DTU_FIELD_CHOICE) {
        f->text = number_lists[which];
        f->max = list_max[which];
    }
    if (f->type == DTU_FIELD_NUMBER) {
        uint32_t bits = fuzz_below(in, 32);
        f->min = fuzz_u16(in);
        f->max = f->min + (fuzz_u32(in) >> bits) % (UINT32_MAX - f->min);
    }
    if (f->type == DTU_FIELD_TEXT || f->type == DTU_FIELD_HEX || f->type == DTU_FIELD_DATA) {
        f->min = fuzz_below(in, 4);
        f->max = f->min + fuzz_below(in, 40);
    }
}

/* The first field becomes the number of the place. Gives the bytes of all of them. */
static size_t make_places(struct fuzz_input *in, size_t size)
{
    size_t first = dtu_param_field_size(&fields[0]);
    size_t most = size > first ? VALUES_MAX / (size - first) : 1;
    if (row.field_count < 2)
        return size;
    most = most < 5 ? most - 1 : 4;
    if (most == 0)
        return size;
    row.places = (uint8_t)(1 + fuzz_below(in, (uint32_t)most));
    fields[0] = (struct dtu_param_field){.type = DTU_FIELD_NUMBER, .min = 1, .max = row.places};
    return (size - first) * row.places;
}

static void make_table(struct fuzz_input *in)
{
    size_t size = 0;
    size_t len = fuzz_below(in, sizeof initial);
    row = (struct dtu_param){.name = "ROW", .fields = fields, .offset = 1, .initial = initial};
    row.field_count = (uint8_t)(1 + fuzz_below(in, FIELDS_MAX));
    for (size_t i = 0; i < row.field_count; i++) {
        make_field(in, &fields[i], i + 1 == row.field_count);
        size += dtu_param_field_size(&fields[i]);
    }
    if (fuzz_below(in, 4) == 1)
        size = make_places(in, size);
    row.kind = fuzz_below(in, 8) == 1 ? DTU_PARAM_SECRET : DTU_PARAM_SETTING;
    row.flags = fuzz_below(in, 8) == 1 ? DTU_PARAM_DEFAULT : 0;
    FUZZ_CHECK(size + 1 <= VALUES_MAX);
    table = (struct dtu_param_table){.rows = &row, .count = 1, .values_size = (uint16_t)(size + 1)};
    table.syntax.escape = (uint8_t)fuzz_below(in, 2);
    bool may_quote =
        table.syntax.escape == DTU_ESCAPE_HEX && fields[row.field_count - 1].type != DTU_FIELD_DATA;
    table.syntax.quotes = may_quote && fuzz_below(in, 2) != 0;
    table.syntax.last_takes_rest = !table.syntax.quotes && fuzz_below(in, 2) != 0;
    table.syntax.escape_inner = table.syntax.quotes ? "\"" : also[1 + fuzz_below(in, 2)];
    table.syntax.escape_last = table.syntax.quotes ? "\"" : also[fuzz_below(in, 3)];
    if (!table.syntax.last_takes_rest && !table.syntax.quotes)
        table.syntax.escape_last = ","; /* or commas could not be told apart */
    for (size_t i = 0; i < len; i++) {
        initial[i] = (char)fuzz_u8(in);
        if (initial[i] == '\0')
            initial[i] = ',';
    }
    initial[len] = '\0';
}

/* --- Values ----------------------------------------------------------------------------------- */

static struct dtu_text_buffer write_to(char *out, size_t size)
{
    struct dtu_text_buffer buffer = {out, size, 0, false};
    const struct dtu_text text = {dtu_text_to_buffer, &buffer};
    dtu_params_write(&params, DTU_PARAMS_PENDING, &row, row.places > 0 ? place : 0, &text);
    FUZZ_CHECK(!buffer.overflow);
    return buffer;
}

/* As the model does it; what is refused changes nothing. */
static enum dtu_status set_row(struct dtu_params *p, const struct dtu_param *which,
                               const void *text, size_t len)
{
    static struct model_line model;
    static uint8_t was[DTU_LTE_7S4_VALUES_SIZE];
    /* a copy of its own, so that reading past its end is seen */
    uint8_t *copy = malloc(len > 0 ? len : 1);
    FUZZ_CHECK(copy != NULL);
    if (len > 0)
        memcpy(copy, text, len);
    memcpy(was, p->pending, p->table->values_size);
    enum dtu_status expected = model_params(p->table, which, copy, len, false, &model);
    FUZZ_CHECK(dtu_params_check(p->table, which, copy, len) == expected);
    expected = model_set(p->table, which, copy, len, &model);
    FUZZ_CHECK(dtu_params_set(p, which, copy, len) == expected);
    if (expected == DTU_OK)
        model_check_set(p->table, which, &model, was, p->pending);
    else
        FUZZ_CHECK(memcmp(was, p->pending, p->table->values_size) == 0);
    free(copy);
    return expected;
}

static enum dtu_status set(const void *text, size_t len)
{
    return set_row(&params, &row, text, len);
}

/* The place that a line means, where there are places. */
static void look_at_place_of(const void *text, size_t len)
{
    if (row.places > 0)
        place = (uint8_t)dtu_params_argument(&table, &row, text, len, 0).number;
}

static bool setting_again_is_the_same(void)
{
    static char first[TEXT_OUT];
    static char second[TEXT_OUT];
    struct dtu_text_buffer a = write_to(first, sizeof first);
    memcpy(before, pending, sizeof before);
    if (set(first, a.len) != DTU_OK)
        return false;
    struct dtu_text_buffer b = write_to(second, sizeof second);
    FUZZ_CHECK(a.len == b.len && memcmp(first, second, a.len) == 0);
    return true;
}

static void check_limits(void)
{
    dtu_params_apply(&params);
    if (row.places > 0)
        return; /* which of them is meant, only a set says */
    for (uint8_t i = 0; i < row.field_count; i++) {
        const struct dtu_param_field *f = &fields[i];
        uint32_t value = dtu_params_number(&params, &row, i);
        bool may_be_zero = (f->flags & (DTU_FIELD_ZERO | DTU_FIELD_CLEARABLE)) != 0;
        bool may_be_empty = (f->flags & (DTU_FIELD_CLEARABLE | DTU_FIELD_OPTIONAL)) != 0;
        size_t len;
        const uint8_t *bytes = dtu_params_bytes(&params, &row, i, &len);
        if (f->type == DTU_FIELD_NUMBER && !(value == 0 && may_be_zero))
            FUZZ_CHECK(value >= f->min && value <= f->max);
        if (f->type == DTU_FIELD_CHOICE)
            FUZZ_CHECK(value <= f->max);
        if (f->type != DTU_FIELD_TEXT && f->type != DTU_FIELD_HEX)
            continue;
        FUZZ_CHECK(len <= f->max && (len >= f->min || (len == 0 && may_be_empty)));
        if (f->type == DTU_FIELD_TEXT && (f->flags & DTU_FIELD_ANY_BYTE) == 0)
            FUZZ_CHECK(len == 0 || memchr(bytes, 0, len) == NULL);
    }
}

static void check_canaries(void)
{
    FUZZ_CHECK(running[0] == CANARY && running[1 + table.values_size] == CANARY);
    FUZZ_CHECK(pending[0] == CANARY && pending[1 + table.values_size] == CANARY);
    FUZZ_CHECK(pending[1] == 0); /* before the row's values */
}

/* A check says the same as a set, and what is refused changes nothing. */
static void set_value(const struct dtu_param_value *v)
{
    memcpy(before, pending, sizeof before);
    enum dtu_status checked = dtu_params_check_value(&table, v);
    FUZZ_CHECK(memcmp(before, pending, sizeof before) == 0);
    enum dtu_status status = dtu_params_set_value(&params, v);
    FUZZ_CHECK(checked == status);
    FUZZ_CHECK(status == DTU_OK || status == DTU_ERR_FORM || status == DTU_ERR_TYPE ||
               status == DTU_ERR_RANGE);
    FUZZ_CHECK(status == DTU_OK || memcmp(before, pending, sizeof before) == 0);
    FUZZ_CHECK(row.places == 0 || status == DTU_ERR_FORM);
}

/* The line once more, cut into equal parts: each is the value of a field as a program gives it. */
static void set_values(const uint8_t *line, size_t len)
{
    size_t part = len / row.field_count;
    uint8_t *copy = malloc(part > 0 ? part : 1);
    FUZZ_CHECK(copy != NULL);
    for (uint8_t i = 0; i < row.field_count; i++) {
        if (part > 0)
            memcpy(copy, line + i * part, part);
        struct fuzz_input in = {copy, part};
        uint32_t number = fuzz_u16(&in);
        const struct dtu_param_value v = {&row, i, part > 0 ? copy : NULL, part, number};
        if (part == 0 || copy[0] != '~')
            set_value(&v);
    }
    free(copy);
}

/* Values are within the limits and such that their text can be set again. */
static void check_set_values(const uint8_t *line, size_t len)
{
    if ((row.flags & DTU_PARAM_DEFAULT) != 0)
        return; /* the text "default" would be set again as something else */
    set_values(line, len);
    check_canaries();
    if (row.places > 0)
        return;
    check_limits();
    FUZZ_CHECK(setting_again_is_the_same());
}

static void check_values(struct fuzz_input *in)
{
    char range[1024];
    struct dtu_text_buffer buffer = {range, sizeof range, 0, false};
    const struct dtu_text text = {dtu_text_to_buffer, &buffer};
    make_table(in);
    memset(running, CANARY, sizeof running);
    memset(pending, CANARY, sizeof pending);
    enum dtu_status status = dtu_params_init(&params, &table, running + 1, pending + 1);
    check_canaries();
    look_at_place_of(initial, strlen(initial));
    /* an optional number that the default leaves out may be below its range: a fault of the table
     */
    if (status != DTU_OK || !setting_again_is_the_same())
        return;
    dtu_params_write_range(&table, &row, &text);
    FUZZ_CHECK(!buffer.overflow && range[0] == '<' && range[buffer.len - 1] == '>');
    while (in->left > 0) {
        size_t len = fuzz_u8(in);
        len = len < in->left ? len : in->left;
        memcpy(before, pending, sizeof before);
        status = set(in->at, len);
        if (status == DTU_OK && !dtu_equal_nocase(in->at, len, "default"))
            look_at_place_of(in->at, len);
        const uint8_t *line = in->at;
        in->at += len;
        in->left -= len;
        check_canaries();
        if (status == DTU_OK) {
            check_limits();
            FUZZ_CHECK(setting_again_is_the_same());
        }
        FUZZ_CHECK(status == DTU_OK || status == DTU_ERR_COUNT || status == DTU_ERR_MISSING ||
                   status == DTU_ERR_TYPE || status == DTU_ERR_RANGE);
        FUZZ_CHECK(status == DTU_OK || memcmp(before, pending, sizeof before) == 0);
        check_set_values(line, len);
    }
}

/* --- Products ----------------------------------------------------------------------------------
 */

static bool has_values(const struct dtu_param *r)
{
    return r->kind == DTU_PARAM_SETTING || r->kind == DTU_PARAM_VIEW || r->kind == DTU_PARAM_SECRET;
}

/* Lines for the rows of a product. */
static void check_product(struct fuzz_input *in)
{
    static uint8_t ran[DTU_LTE_7S4_VALUES_SIZE];
    static uint8_t pends[DTU_LTE_7S4_VALUES_SIZE];
    const struct dtu_param_table *product = dtu_profile_at(fuzz_below(in, 4))->table;
    struct dtu_params p;
    FUZZ_CHECK(dtu_params_init(&p, product, ran, pends) == DTU_OK);
    while (in->left > 0) {
        const struct dtu_param *r = &product->rows[fuzz_below(in, product->count)];
        size_t len = fuzz_u8(in);
        len = len < in->left ? len : in->left;
        if (has_values(r))
            (void)set_row(&p, r, in->at, len);
        else
            FUZZ_CHECK(dtu_params_set(&p, r, in->at, len) == DTU_ERR_FORM);
        in->at += len;
        in->left -= len;
    }
}

/* --- Names ------------------------------------------------------------------------------------ */

static const char *const names[] = {"A", "AB", "ABC", "B", "BA", "SOCKA", "SOCKAEN", "SOCKB", "Z"};

static void check_names(struct fuzz_input *in)
{
    struct dtu_param rows[sizeof names / sizeof names[0]];
    size_t count = fuzz_below(in, sizeof names / sizeof names[0] + 1);
    struct dtu_param_table many = {.rows = rows, .count = (uint16_t)count};
    uint8_t *name = malloc(in->left > 0 ? in->left : 1);
    const struct dtu_param *expected = NULL;
    FUZZ_CHECK(name != NULL);
    memset(rows, 0, sizeof rows);
    for (size_t i = 0; i < count; i++) {
        rows[i].name = names[i];
        rows[i].kind = DTU_PARAM_ACTION;
        if (dtu_equal_nocase(in->at, in->left, names[i]))
            expected = &rows[i];
    }
    if (in->left > 0)
        memcpy(name, in->at, in->left);
    FUZZ_CHECK(dtu_params_find(&many, name, in->left) == expected);
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint32_t what = fuzz_below(&in, 8);
    if (what == 0)
        check_names(&in);
    else if (what == 7)
        check_product(&in);
    else
        check_values(&in);
    return 0;
}
