/* SPDX-License-Identifier: MIT */
/* The tables of the four products: whole, legal, and what their manuals say. Numbers of sections:
 * 004 for cat1, 002 for gprs232-7s3, 001 for lte-7s4, 003 for k7. */
#include "dtu/profile.h"

#include "dtu/link.h"
#include "dtu/store.h"

#include "check.h"

#include <stdbool.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define VALUES_MAX DTU_LTE_7S4_VALUES_SIZE /* no product has more */

static uint8_t running[VALUES_MAX];
static uint8_t pending[VALUES_MAX];
static struct dtu_params params;
static char text[DTU_CAT1_LINE_SIZE];

static const struct dtu_profile *begin(const char *name)
{
    const struct dtu_profile *p = dtu_profile_find(name);
    CHECK(p != NULL);
    CHECK(p->table->values_size <= sizeof running);
    CHECK_EQ(dtu_params_init(&params, p->table, running, pending), DTU_OK);
    return p;
}

static const struct dtu_param *row_of(const struct dtu_profile *p, const char *name)
{
    return dtu_params_find(p->table, (const uint8_t *)name, strlen(name));
}

static enum dtu_status set(const struct dtu_profile *p, const char *name, const char *value)
{
    return dtu_params_set(&params, row_of(p, name), (const uint8_t *)value, strlen(value));
}

static size_t write_pending(const struct dtu_param *row)
{
    struct dtu_text_buffer buffer = {text, sizeof text, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    dtu_params_write(&params, DTU_PARAMS_PENDING, row, 0, &out);
    CHECK(!buffer.overflow);
    return buffer.len;
}

static bool has_values(const struct dtu_param *row)
{
    return row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW ||
           row->kind == DTU_PARAM_SECRET;
}

/* Rows whose values are their own, and are stored. */
static bool owns_values(const struct dtu_param *row)
{
    return row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_SECRET;
}

/* Tells which row is meant, for a check in a loop cannot. */
static void check_row(bool ok, const struct dtu_profile *p, const struct dtu_param *row)
{
    if (!ok)
        printf("  %s %s:\n", p->name, row->name);
    CHECK(ok);
}

/* Steps through all rows of all products. */
#define FOR_ALL_ROWS(p, row)                                                                       \
    for (size_t p_ = 0; (p = dtu_profile_at(p_)) != NULL; p_++)                                    \
        for (row = p->table->rows; row < p->table->rows + p->table->count; row++)

/* --- Finding products ----------------------------------------------------------------------- */

static void products_are_found_by_name_in_either_case(void)
{
    CHECK(dtu_profile_find("cat1") == &dtu_profile_cat1);
    CHECK(dtu_profile_find("k7") == &dtu_profile_k7);
    CHECK(dtu_profile_find("gprs232-7s3") == &dtu_profile_gprs232_7s3);
    CHECK(dtu_profile_find("lte-7s4") == &dtu_profile_lte_7s4);
    CHECK(dtu_profile_find("CAT1") == &dtu_profile_cat1);
    CHECK(dtu_profile_find("cat") == NULL);
    CHECK(dtu_profile_find("cat11") == NULL);
    CHECK(dtu_profile_find("") == NULL);
}

static void stepping_through_the_products_finds_each_once(void)
{
    unsigned seen = 0;
    for (size_t i = 0; i < 4; i++) {
        const struct dtu_profile *p = dtu_profile_at(i);
        CHECK(p != NULL && dtu_profile_find(p->name) == p);
        seen |= p == &dtu_profile_cat1 ? 1u : 0;
        seen |= p == &dtu_profile_k7 ? 2u : 0;
        seen |= p == &dtu_profile_gprs232_7s3 ? 4u : 0;
        seen |= p == &dtu_profile_lte_7s4 ? 8u : 0;
    }
    CHECK_EQ(seen, 15);
    CHECK(dtu_profile_at(4) == NULL);
    CHECK(dtu_profile_at(SIZE_MAX) == NULL);
}

/* --- The tables are whole ------------------------------------------------------------------- */

static void rows_are_sorted_and_no_name_comes_twice(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        bool first = row == p->table->rows;
        check_row(first || strcmp((row - 1)->name, row->name) < 0, p, row);
        check_row(dtu_params_find(p->table, (const uint8_t *)row->name, strlen(row->name)) == row ||
                      row->kind == DTU_PARAM_ALIAS,
                  p, row);
        for (const char *c = row->name; *c != '\0'; c++)
            check_row((*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9'), p, row);
    }
}

static void aliases_lead_to_rows_that_are_there(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        if (row->kind != DTU_PARAM_ALIAS)
            continue;
        const struct dtu_param *real = row_of(p, row->name);
        check_row(real != NULL && real->kind != DTU_PARAM_ALIAS, p, row);
    }
}

static void every_command_has_a_help_text(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        bool is_command = row->kind != DTU_PARAM_ALIAS && row->kind != DTU_PARAM_ABSENT &&
                          (row->flags & DTU_PARAM_INTERNAL) == 0;
        check_row(is_command == (row->help != NULL && row->help[0] != '\0'), p, row);
    }
}

/* Bare actions that do the same may share an id (7S4: Z and REBOOT, RELD and CLEAR). */
static void ids_mean_one_row_or_one_action_each(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        const struct dtu_param *first = dtu_params_by_id(p->table, row->id);
        bool same_action = row->kind == DTU_PARAM_ACTION && first->kind == DTU_PARAM_ACTION &&
                           row->field_count == 0 && first->field_count == 0;
        check_row(row->id == DTU_ID_NONE || first == row || same_action, p, row);
    }
}

/* Who sets, queries or asks needs fields; who answers, does or lists something may have some. */
static void rows_have_the_fields_of_their_kind(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        bool asks = (row->flags & DTU_PARAM_ASKS) != 0;
        bool may_have = row->kind == DTU_PARAM_ACTION || row->kind == DTU_PARAM_INFO;
        check_row(!has_values(row) || row->field_count > 0, p, row);
        check_row(has_values(row) || may_have || row->field_count == 0, p, row);
        check_row(row->field_count <= DTU_PARAM_FIELDS_MAX, p, row);
        check_row(!asks || (row->kind == DTU_PARAM_INFO && row->field_count > 0), p, row);
        check_row((row->flags & DTU_PARAM_DEFAULT) == 0 || row->initial != NULL, p, row);
        check_row(row->places == 0 || row->kind == DTU_PARAM_SETTING, p, row);
    }
}

/* The place comes first in a set, as a number of 1 up to as many as there are. */
static void places_are_numbered_from_1(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        const struct dtu_param_field *first = row->fields;
        check_row(row->places == 0 || (first->type == DTU_FIELD_NUMBER && first->min == 1 &&
                                       first->max == row->places && row->field_count > 1),
                  p, row);
    }
}

/* Of all places; the number of the place is not stored. */
static size_t size_of_values(const struct dtu_param *row)
{
    size_t size = 0;
    for (size_t i = row->places > 0 ? 1 : 0; i < row->field_count; i++)
        size += dtu_param_field_size(&row->fields[i]);
    return size * (row->places > 0 ? row->places : 1);
}

static uint8_t owners[VALUES_MAX]; /* of each byte of a set */

static void count_owners(const struct dtu_profile *p)
{
    memset(owners, 0, sizeof owners);
    for (const struct dtu_param *row = p->table->rows; row < p->table->rows + p->table->count;
         row++) {
        if (!has_values(row))
            continue;
        check_row(row->offset + size_of_values(row) <= p->table->values_size, p, row);
        if (row->kind == DTU_PARAM_VIEW)
            continue;
        for (size_t b = 0; b < size_of_values(row); b++)
            owners[row->offset + b]++;
    }
}

static void values_lie_side_by_side_and_do_not_overlap(void)
{
    const struct dtu_profile *p;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        count_owners(p);
        for (size_t b = 0; b < p->table->values_size; b++)
            CHECK_EQ(owners[b], 1); /* no byte without an owner, none with two */
    }
}

/* Whether a field of that type and limits begins there in a row that owns it. */
static bool lies_on_a_field(const struct dtu_profile *p, size_t offset,
                            const struct dtu_param_field *field)
{
    const struct dtu_param *row = p->table->rows;
    for (; row < p->table->rows + p->table->count; row++) {
        size_t at = row->offset;
        if (!owns_values(row) || row->places > 0)
            continue;
        for (size_t i = 0; i < row->field_count; i++) {
            const struct dtu_param_field *f = &row->fields[i];
            if (at == offset && f->type == field->type && f->min == field->min &&
                f->max == field->max &&
                (f->type != DTU_FIELD_ENUM || strcmp(f->text, field->text) == 0))
                return true;
            at += dtu_param_field_size(f);
        }
    }
    return false;
}

static void a_view_lies_on_settings_field_by_field(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        size_t at = row->offset;
        if (row->kind != DTU_PARAM_VIEW)
            continue;
        check_row(row->initial == NULL, p, row); /* its default is that of the others */
        for (size_t i = 0; i < row->field_count; i++) {
            check_row(lies_on_a_field(p, at, &row->fields[i]), p, row);
            at += dtu_param_field_size(&row->fields[i]);
        }
    }
}

static void fields_make_sense(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    for (size_t i = 0; i < row->field_count; i++) {
        const struct dtu_param_field *f = &row->fields[i];
        bool listed = f->type == DTU_FIELD_ENUM || f->type == DTU_FIELD_CHOICE;
        bool bytes =
            f->type == DTU_FIELD_TEXT || f->type == DTU_FIELD_HEX || f->type == DTU_FIELD_DATA;
        check_row(!listed || (f->text != NULL && f->text[0] != '\0'), p, row);
        check_row(!(bytes || f->type == DTU_FIELD_NUMBER) || f->min <= f->max, p, row);
        check_row(!bytes || f->max <= 65535, p, row);
        check_row((f->flags & DTU_FIELD_LINES) == 0 || f->type == DTU_FIELD_TEXT, p, row);
        check_row((f->flags & DTU_FIELD_TYPED) == 0 || f->type == DTU_FIELD_DATA, p, row);
        check_row(f->type != DTU_FIELD_DATA || i + 1 == row->field_count, p, row);
        check_row((f->flags & DTU_FIELD_FIRST_NEEDS) == 0 ||
                      (i > 0 && row->fields[0].type == DTU_FIELD_ENUM &&
                       (f->flags & DTU_FIELD_OPTIONAL) != 0),
                  p, row);
    }
}

/* A number that is listed must fit where it is stored. */
static void listed_numbers_fit_their_field(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    for (size_t i = 0; i < row->field_count; i++) {
        const struct dtu_param_field *f = &row->fields[i];
        uint32_t value = 0;
        uint32_t largest = 0;
        if (f->type != DTU_FIELD_CHOICE)
            continue;
        for (const char *c = f->text;; c++) {
            if (*c >= '0' && *c <= '9') {
                value = value * 10 + (uint32_t)(*c - '0');
                continue;
            }
            check_row(*c == ',' || *c == '\0', p, row);
            largest = value > largest ? value : largest;
            value = 0;
            if (*c == '\0')
                break;
        }
        check_row(largest == f->max, p, row);
    }
}

/* --- Defaults ------------------------------------------------------------------------------- */

/* The next parameter of a default; the last takes the rest. */
static const char *copy_parameter(const char *from, bool last, char *out, size_t *len)
{
    while (*from != '\0' && (last || *from != ','))
        out[(*len)++] = *from++;
    return *from == ',' ? from + 1 : from;
}

/* The default as a query answers it: on 7S3 with quotes around words and texts; without the texts
 * at the end that are empty and may be left out. */
static size_t put_canonical(const struct dtu_profile *p, const struct dtu_param *row, char *out)
{
    const char *from = row->initial;
    size_t len = 0;
    for (size_t i = 0; i < row->field_count; i++) {
        uint8_t type = row->fields[i].type;
        bool quoted = p->table->syntax.quotes &&
                      (type == DTU_FIELD_ENUM || type == DTU_FIELD_TEXT || type == DTU_FIELD_HEX);
        bool left_out = *from == '\0' && type == DTU_FIELD_TEXT &&
                        (row->fields[i].flags & DTU_FIELD_CLEARABLE) != 0;
        if (left_out)
            continue;
        if (i > 0)
            out[len++] = ',';
        if (quoted)
            out[len++] = '"';
        from = copy_parameter(from, i + 1 == row->field_count, out, &len);
        if (quoted)
            out[len++] = '"';
    }
    CHECK(*from == '\0');
    return len;
}

static void defaults_are_legal_and_written_as_a_query_answers_them(void)
{
    static char expected[DTU_CAT1_LINE_SIZE];
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        (void)begin(p->name);
        if (!owns_values(row) || row->initial == NULL)
            continue;
        size_t len = put_canonical(p, row, expected);
        CHECK_BYTES(text, write_pending(row), expected, len);
    }
}

/* Without a default all is empty. Only a secret, what has places and what no command reaches may
 * be: what a query answers should be legal. What the store keeps must be in any case. */
static void rows_without_a_default_begin_empty(void)
{
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        if (!owns_values(row) || row->initial != NULL)
            continue;
        (void)begin(p->name);
        bool internal = (row->flags & DTU_PARAM_INTERNAL) != 0;
        check_row(row->kind == DTU_PARAM_SECRET || row->places > 0 || internal, p, row);
        for (size_t b = 0; b < size_of_values(row); b++)
            CHECK_EQ(pending[row->offset + b], 0);
        size_t len = write_pending(row);
        check_row(row->places > 0 ||
                      dtu_params_set(&params, row, (const uint8_t *)text, len) == DTU_OK,
                  p, row);
    }
}

/* A user could not set these again: the manuals' own defaults are shorter than what they allow, and
 * so they are empty until set. */
static void the_defaults_that_a_user_could_not_set_are_these(void)
{
    static const char *const names[] = {
        "gprs232-7s3 CLOUDID", "gprs232-7s3 CLOUDPA", "k7 REGCLOUD",  "lte-7s4 CLOUD", "cat1 CLOUD",
        "cat1 SOCKABK",        "cat1 SOCKBBK",        "cat1 SOCKCBK", "cat1 SOCKDBK"};
    const struct dtu_profile *p;
    const struct dtu_param *row;
    size_t found = 0;
    FOR_ALL_ROWS(p, row)
    {
        char name[40];
        (void)begin(p->name);
        if (!owns_values(row) || row->initial == NULL)
            continue;
        size_t len = write_pending(row);
        if (dtu_params_set(&params, row, (const uint8_t *)text, len) == DTU_OK)
            continue;
        snprintf(name, sizeof name, "%s %s", p->name, row->name);
        check_row(found < COUNT(names) && strcmp(names[found], name) == 0, p, row);
        found++;
    }
    CHECK_EQ(found, COUNT(names));
}

/* --- Sizes ---------------------------------------------------------------------------------- */

static size_t longest_word(const char *list)
{
    size_t longest = 0;
    size_t len = 0;
    for (;; list++) {
        if (*list != ',' && *list != '\0') {
            len++;
            continue;
        }
        longest = len > longest ? len : longest;
        len = 0;
        if (*list == '\0')
            return longest;
    }
}

static size_t digits(uint32_t value)
{
    size_t n = 1;
    while (value > 9) {
        value /= 10;
        n++;
    }
    return n;
}

/* Every byte of a text escaped: 4 characters each, [HH] or half of <<CRLF>>. */
static size_t longest_field(const struct dtu_profile *p, const struct dtu_param_field *f)
{
    size_t quotes = p->table->syntax.quotes ? 2 : 0;
    switch (f->type) {
    case DTU_FIELD_ENUM:
        return longest_word(f->text) + quotes;
    case DTU_FIELD_CHOICE:
        return longest_word(f->text);
    case DTU_FIELD_NUMBER:
        return digits(f->max);
    case DTU_FIELD_TEXT:
        return 4 * (size_t)f->max + quotes;
    case DTU_FIELD_HEX:
        return 2 * (size_t)f->max + quotes;
    case DTU_FIELD_IP:
        return 15;
    case DTU_FIELD_DATA:
        return 4 * (size_t)f->max + ((f->flags & DTU_FIELD_TYPED) != 0 ? strlen(",ASCII") : 0);
    default:
        return 12; /* MAC */
    }
}

/* NAME=VALUE */
static size_t longest_setting(const struct dtu_profile *p, const struct dtu_param *row)
{
    size_t len = strlen(row->name) + 1;
    for (size_t i = 0; i < row->field_count; i++)
        len += longest_field(p, &row->fields[i]) + (i > 0 ? 1 : 0);
    return len;
}

static void the_longest_legal_command_and_2_fits_the_line(void)
{
    const struct dtu_profile *p; /* at.md, A command line */
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        size_t len = strlen("AT+") + longest_setting(p, row);
        len += (row->flags & DTU_PARAM_PORT) != 0 ? 1 : 0;
        check_row(len + 2 <= p->line_size, p, row);
    }
}

/* Settings and secrets are stored, each place of a row as a line of its own. */
static size_t longest_text(const struct dtu_profile *p)
{
    size_t len = 0;
    for (const struct dtu_param *row = p->table->rows; row < p->table->rows + p->table->count;
         row++)
        if (row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_SECRET)
            len += (longest_setting(p, row) + 1) * (row->places > 0 ? row->places : 1u);
    return len;
}

static void whatever_users_set_fits_a_slot_of_the_size_that_the_page_of_porting_names(void)
{
    static const struct {
        const struct dtu_profile *profile;
        size_t slot_size;
    } slots[] = {{&dtu_profile_gprs232_7s3, 4096},
                 {&dtu_profile_k7, 4096},
                 {&dtu_profile_lte_7s4, 16384},
                 {&dtu_profile_cat1, 16384}};
    for (size_t i = 0; i < COUNT(slots); i++)
        CHECK(DTU_STORE_HEADER_SIZE + longest_text(slots[i].profile) + DTU_STORE_CHUNK_SIZE <=
              slots[i].slot_size);
}

static void the_sizes_for_static_memory_are_large_enough(void)
{
    static const struct {
        const struct dtu_profile *profile;
        size_t values, line, packet, queue;
    } sizes[] = {
        {&dtu_profile_gprs232_7s3, DTU_GPRS232_7S3_VALUES_SIZE, DTU_GPRS232_7S3_LINE_SIZE,
         DTU_GPRS232_7S3_PACKET_LEN, 4096},
        {&dtu_profile_k7, DTU_K7_VALUES_SIZE, DTU_K7_LINE_SIZE, DTU_K7_PACKET_LEN, 2048},
        {&dtu_profile_lte_7s4, DTU_LTE_7S4_VALUES_SIZE, DTU_LTE_7S4_LINE_SIZE,
         DTU_LTE_7S4_PACKET_LEN, 20 * 2048u},
        {&dtu_profile_cat1, DTU_CAT1_VALUES_SIZE, DTU_CAT1_LINE_SIZE, DTU_CAT1_PACKET_LEN, 0},
    };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        const struct dtu_profile *p = sizes[i].profile;
        CHECK(p->table->values_size <= sizes[i].values);
        CHECK(p->line_size <= sizes[i].line);
        CHECK(p->packet_len <= sizes[i].packet);
        CHECK(p->queue_bytes == 0 || p->queue_bytes >= p->packet_len); /* or nothing passes */
        CHECK(p->queue_bytes == 0 || p->queue_bytes == sizes[i].queue);
    }
    CHECK(DTU_GPRS232_7S3_QUEUE_SIZE >= 4096 + 4 * 2);
    CHECK(DTU_K7_QUEUE_SIZE >= 2048 + 2 * 2);
    CHECK(DTU_LTE_7S4_QUEUE_SIZE / 2050 >= 20);
    CHECK(sizeof(size_t) < 4 || DTU_CAT1_QUEUE_SIZE / 4098 >= 20);
}

static void the_longest_packet_is_the_largest_packing_length(void)
{
    const struct dtu_profile *p;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        const struct dtu_param *length = dtu_params_by_id(p->table, DTU_ID_UARTFL);
        const struct dtu_param *both = dtu_params_by_id(p->table, DTU_ID_UARTTL);
        if (length != NULL)
            CHECK_EQ(p->packet_len, length->fields[0].max);
        else if (both != NULL)
            CHECK_EQ(p->packet_len, both->fields[1].max);
        else
            CHECK_EQ(p->packet_len, p->packing_len);
        CHECK(p->packet_len <= DTU_QUEUE_PACKET_MAX);
        CHECK(p->line_size <= p->packet_len); /* a queue holds a piece of a reply */
    }
}

static void times_can_be_told_from_the_past(void)
{
    static const uint8_t seconds[] = {DTU_ID_SOCKRSTIM,    DTU_ID_SHORTATM,     DTU_ID_SHORTATM + 1,
                                      DTU_ID_SHORTATM + 2, DTU_ID_SHORTATM + 3, DTU_ID_SOCKATO,
                                      DTU_ID_SOCKATO + 1};
    const uint32_t half = UINT32_C(1) << 31;
    const struct dtu_profile *p;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        const struct dtu_param *packing = dtu_params_by_id(p->table, DTU_ID_UARTFT);
        for (size_t k = 0; k < COUNT(seconds); k++) {
            const struct dtu_param *row = dtu_params_by_id(p->table, seconds[k]);
            if (row != NULL) /* counted in milliseconds, and never 0 */
                check_row(row->fields[0].max < half / 1000 && row->fields[0].min > 0, p, row);
        }
        if (packing != NULL) /* counted in microseconds, with a step of the clock */
            CHECK(packing->fields[0].max < half / 1000 - 1);
        CHECK(p->retry_ms > 0 && p->retry_ms % 1000 == 0 && p->quiet_ms % 1000 == 0);
    }
}

/* --- What the device builds on -------------------------------------------------------------- */

static void every_product_has_what_the_device_asks_for(void)
{
    static const uint8_t ids[] = {DTU_ID_Z, DTU_ID_ENTM, DTU_ID_E, DTU_ID_VER, DTU_ID_UART};
    const struct dtu_profile *p;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++) {
        for (size_t k = 0; k < COUNT(ids); k++)
            CHECK(dtu_params_by_id(p->table, ids[k]) != NULL);
        CHECK(p->sockets >= 1 && p->sockets <= DTU_PROFILE_SOCKETS);
        for (unsigned s = 0; s < DTU_PROFILE_SOCKETS; s++) {
            const struct dtu_param *row = dtu_params_by_id(p->table, (uint8_t)(DTU_ID_SOCKA + s));
            CHECK((row != NULL) == (s < p->sockets));
            CHECK(row == NULL || row->field_count == 3);
            row = dtu_params_by_id(p->table, (uint8_t)(DTU_ID_SOCKALK + s));
            CHECK((row != NULL) == (s < p->sockets));
        }
        for (unsigned state = 0; state <= DTU_LINK_GIVEN_UP; state++)
            CHECK(p->link_words[state] != NULL);
        CHECK(dtu_params_by_id(p->table, DTU_ID_UART)->field_count == 5);
        CHECK((dtu_params_by_id(p->table, DTU_ID_E)->flags & DTU_PARAM_AT_ONCE) != 0);
        /* who does not store at once needs a command for it */
        CHECK((dtu_params_by_id(p->table, DTU_ID_S) != NULL) != p->stores_at_once);
    }
}

static void connections_are_worded_as_in_the_manuals(void)
{
    /* 004 section 4.41; 002 section 4.2.1.31; 001 section 3.1.7.37; 003 section 4.1.4 */
    CHECK(strcmp(dtu_profile_cat1.link_words[DTU_LINK_UP], "Connected") == 0);
    CHECK(strcmp(dtu_profile_cat1.link_words[DTU_LINK_WAIT], "Disconnected") == 0);
    CHECK(strcmp(dtu_profile_gprs232_7s3.link_words[DTU_LINK_UP], "connected") == 0);
    CHECK(strcmp(dtu_profile_gprs232_7s3.link_words[DTU_LINK_OFF], "disconnected") == 0);
    CHECK(strcmp(dtu_profile_lte_7s4.link_words[DTU_LINK_UP], "ON") == 0);
    CHECK(strcmp(dtu_profile_lte_7s4.link_words[DTU_LINK_OPENING], "OFF") == 0);
    CHECK(strcmp(dtu_profile_k7.link_words[DTU_LINK_IDLE], "IDLE") == 0);
    CHECK(strcmp(dtu_profile_k7.link_words[DTU_LINK_OPENING], "CONNECTING") == 0);
    CHECK(strcmp(dtu_profile_k7.link_words[DTU_LINK_UP], "CONNECTED") == 0);
    CHECK(strcmp(dtu_profile_k7.link_words[DTU_LINK_WAIT], "ERROR") == 0);
}

/* Manual 003 section 4.1.4; the others have no servers. */
static void only_k7_has_a_word_for_a_server_that_waits(void)
{
    const struct dtu_profile *p;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++)
        CHECK((p->listen_word != NULL) == (p == &dtu_profile_k7));
    CHECK(strcmp(dtu_profile_k7.listen_word, "LISTEN") == 0);
}

/* By which the device finds what each product calls as it likes. */
static void settings_of_the_protocols_are_found_by_id(void)
{
    static const struct {
        const struct dtu_profile *product;
        uint8_t id;
        const char *name;
        uint8_t fields;
    } rows[] = {{&dtu_profile_k7, DTU_ID_WEBU, "WEBU", 2},
                {&dtu_profile_k7, DTU_ID_WEBPORT, "WEBPORT", 1},
                {&dtu_profile_k7, DTU_ID_WEBSOCKPORT, "WEBSOCKPORT", 1},
                {&dtu_profile_k7, DTU_ID_RSTIM, "RSTIM", 1},
                {&dtu_profile_k7, DTU_ID_SOCKTO, "SOCKTO", 1},
                {&dtu_profile_k7, DTU_ID_MODTCP, "MODTCP", 1},
                {&dtu_profile_k7, DTU_ID_REGEN, "REGEN", 1},
                {&dtu_profile_k7, DTU_ID_REGCLOUD, "REGCLOUD", 2},
                {&dtu_profile_k7, DTU_ID_WANN, "WANN", 4},
                {&dtu_profile_k7, DTU_ID_MID, "MID", 1},
                {&dtu_profile_k7, DTU_ID_BLOCKS, "BLOCKS", 3},
                {&dtu_profile_k7, DTU_ID_RFCEN, "RFCEN", 1},
                {&dtu_profile_gprs232_7s3, DTU_ID_RFCEN, "RFCEN", 1},
                {&dtu_profile_lte_7s4, DTU_ID_SDPEN, "SDPEN", 1},
                {&dtu_profile_cat1, DTU_ID_SDPEN, "SDPEN", 1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct dtu_param *row = dtu_params_by_id(rows[i].product->table, rows[i].id);
        CHECK(row != NULL && row == row_of(rows[i].product, rows[i].name));
        CHECK(row != NULL && row->field_count == rows[i].fields);
    }
}

/* 7S3 and K7 follow the network (002, 003), 7S4 and cat1 distribute (001, 000). */
static void products_have_either_rfcen_or_sdpen(void)
{
    const struct dtu_profile *p;
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++)
        CHECK((dtu_params_by_id(p->table, DTU_ID_RFCEN) != NULL) !=
              (dtu_params_by_id(p->table, DTU_ID_SDPEN) != NULL));
}

/* It keeps what blocks have and no command reaches: three fields, empty or of these lengths. */
/* Which row of which product it is; an empty place: the product has none. */
static void settings_of_the_network_side_are_found_by_id(void)
{
    static const struct {
        uint8_t id;
        const char *names[4]; /* 7S3, K7, 7S4, cat1 */
    } rows[] = {
        {DTU_ID_RSTIM, {"RSTIM", "RSTIM", "RSTIM", "RSTIM"}},
        {DTU_ID_SOCKTO, {"", "SOCKTO", "", ""}},
        {DTU_ID_CACHEN, {"CACHEN", "", "", "CACHEN"}},
        {DTU_ID_UARTCLBUF, {"", "UARTCLBUF", "", ""}},
        {DTU_ID_UDPON, {"", "UDPON", "", ""}},
        {DTU_ID_SOCKIND, {"SOCKIDEN", "", "SOCKIND", ""}},
        {DTU_ID_REGEN, {"REGEN", "REGEN", "REGEN", "REGEN"}},
        {DTU_ID_REGTP, {"REGTP", "", "REGTP", "REGTP"}},
        {DTU_ID_REGSND, {"REGSND", "REGTCP", "REGSND", "REGSND"}},
        {DTU_ID_REGDT, {"REGDT", "REGUSER", "REGDT", "REGDT"}},
        {DTU_ID_REGID, {"REGID", "", "", ""}},
        {DTU_ID_REGCLOUD, {"", "REGCLOUD", "CLOUD", "CLOUD"}},
        {DTU_ID_HEARTEN, {"HEARTEN", "HEARTEN", "HEARTEN", "HEARTEN"}},
        {DTU_ID_HEARTTP, {"HEARTTP", "HEARTTP", "HEARTSND", "HEARTTP"}},
        {DTU_ID_HEARTTM, {"HEARTTM", "HEARTTM", "HEARTTM", "HEARTTM"}},
        {DTU_ID_HEARTSORT, {"", "", "", "HEARTSORT"}},
        {DTU_ID_HEARTDT, {"HEARTDT", "HEARTUSER", "HEARTDT", "HEARTDT"}},
        {DTU_ID_SOCKABK, {"", "", "", "SOCKABK"}},
        {DTU_ID_SOCKABK + 3, {"", "", "", "SOCKDBK"}},
        {DTU_ID_SOCKABKEN, {"", "", "", "SOCKABKEN"}},
        {DTU_ID_SOCKABKEN + 3, {"", "", "", "SOCKDBKEN"}},
        {DTU_ID_KEEPALIVEA, {"", "", "KEEPALIVEA", "KEEPALIVEA"}},
        {DTU_ID_KEEPALIVEA + 1, {"", "", "KEEPALIVEB", "KEEPALIVEB"}},
        {DTU_ID_KEEPALIVEA + 3, {"", "", "", "KEEPALIVED"}},
    };
    static const char *const products[] = {"gprs232-7s3", "k7", "lte-7s4", "cat1"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t p = 0; p < COUNT(products); p++) {
            const struct dtu_param *row =
                dtu_params_by_id(dtu_profile_find(products[p])->table, rows[i].id);
            const char *name = row != NULL ? row->name : "";
            CHECK_BYTES(name, strlen(name), rows[i].names[p], strlen(rows[i].names[p]));
        }
    }
}

/* What a registration or heartbeat packet may say can be asked for by a command too. */
static void texts_of_identity_packets_have_a_row(void)
{
    static const struct {
        const char *product;
        uint8_t id;
        const char *name;
    } rows[] = {{"gprs232-7s3", DTU_ID_ICCID, "ICCID"},
                {"gprs232-7s3", DTU_ID_IMEI, "IMEI"},
                {"k7", DTU_ID_MAC, "MAC"},
                {"lte-7s4", DTU_ID_ICCID, "ICCID"},
                {"lte-7s4", DTU_ID_IMEI, "IMEI"},
                {"cat1", DTU_ID_ICCID, "ICCID"},
                {"cat1", DTU_ID_IMEI, "IMEI"},
                {"cat1", DTU_ID_SN, "SN"},
                {"cat1", DTU_ID_LBS, "LBS"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct dtu_param *row =
            dtu_params_by_id(dtu_profile_find(rows[i].product)->table, rows[i].id);
        CHECK(row != NULL && strcmp(row->name, rows[i].name) == 0);
        CHECK(row != NULL && row->kind == DTU_PARAM_INFO);
    }
}

static void no_pin(void *ctx, enum dtu_led led, bool lit)
{
    (void)ctx;
    (void)led;
    (void)lit;
}

/* 000 section 2.2.2, 001 section 2.3.7, 002 section 3.7, 003 section 2.2. */
static void each_product_has_its_own_leds_and_they_work(void)
{
    static const struct dtu_indicator_callbacks callbacks = {no_pin};
    struct dtu_indicator indicator;
    const struct dtu_profile *p;
    CHECK(dtu_profile_cat1.indicator == &dtu_indicator_cat1);
    CHECK(dtu_profile_lte_7s4.indicator == &dtu_indicator_lte_7s4);
    CHECK(dtu_profile_gprs232_7s3.indicator == &dtu_indicator_gprs232_7s3);
    CHECK(dtu_profile_k7.indicator == &dtu_indicator_k7);
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++)
        CHECK_EQ(dtu_indicator_init(&indicator, p->indicator, &callbacks, NULL), DTU_OK);
}

static void the_only_internal_row_is_k7s_blocks(void)
{
    static const uint32_t lengths[] = {DTU_BLOCKS_BASIC_KEPT, DTU_BLOCKS_PORT_KEPT,
                                       DTU_BLOCKS_CLOUD_KEPT};
    const struct dtu_profile *p;
    const struct dtu_param *row;
    FOR_ALL_ROWS(p, row)
    {
        bool internal = (row->flags & DTU_PARAM_INTERNAL) != 0;
        check_row(internal == (row->id == DTU_ID_BLOCKS), p, row);
        check_row(!internal || (p == &dtu_profile_k7 && row->kind == DTU_PARAM_SETTING), p, row);
    }
    row = dtu_params_by_id(dtu_profile_k7.table, DTU_ID_BLOCKS);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        CHECK_EQ(row->fields[i].type, DTU_FIELD_HEX);
        CHECK(row->fields[i].min == lengths[i] && row->fields[i].max == lengths[i]);
    }
}

static void products_are_as_large_as_in_the_manuals(void)
{
    const struct dtu_profile *p = &dtu_profile_cat1; /* 004, Features; 000 section 1.2 */
    CHECK_EQ(p->sockets, 4);
    CHECK_EQ(p->packet_len, 4096);
    CHECK_EQ(p->queue_packets, 20);
    CHECK(p->save_restarts && !p->stores_at_once); /* 004 section 4.3 */
    p = &dtu_profile_gprs232_7s3;                  /* 002 sections 1.1, 3.2.1.1 */
    CHECK_EQ(p->sockets, 2);
    CHECK_EQ(p->queue_bytes, 4096);
    CHECK_EQ(p->guard_ms, 200); /* at.md, Entering */
    CHECK_EQ(p->gap_ms, 50);
    CHECK(!p->save_restarts && !p->stores_at_once);
    p = &dtu_profile_lte_7s4; /* 001, Features */
    CHECK_EQ(p->sockets, 2);
    CHECK_EQ(p->queue_packets, 20);
    CHECK(p->stores_at_once);
    p = &dtu_profile_k7; /* at.md, Profiles; 003 section 4.4.9 */
    CHECK_EQ(p->sockets, 2);
    CHECK_EQ(p->queue_bytes, 2048);
    CHECK_EQ(p->gap_ms, 300);
    CHECK(p->stores_at_once && p->sockets_share);
}

/* --- Limits --------------------------------------------------------------------------------- */

/* Of each parameter its default, the ends of its range, and what lies just outside. A text of so
 * many bytes is written "*N". */
static const struct limit {
    const char *product;
    const char *row;
    const char *initial;
    const char *good[3];
    const char *bad[3];
} limits[] = {
    /* 004 sections 4.5, 4.7, 4.9 */
    {"cat1", "E", "ON", {"ON", "OFF", NULL}, {"YES", "", NULL}},
    {"cat1", "WKMOD", "NET", {"CMD", "HTTPD", "SMS"}, {"MQTT", "UDC", NULL}},
    {"cat1", "STMSG", "WH-LTE-7S1", {"*1", "*20", NULL}, {"", "*21", NULL}},
    /* 4.29 to 4.31 */
    {"cat1",
     "UART",
     "115200,8,1,NONE,NONE",
     {"1200,8,2,ODD,NONE", "921600,8,1,EVEN,NONE", NULL},
     {"1199,8,1,NONE,NONE", "921601,8,1,NONE,NONE", "9600,7,1,NONE,NONE"}},
    {"cat1", "UARTFL", "1024", {"5", "4096", NULL}, {"4", "4097", NULL}},
    {"cat1", "UARTFT", "50", {"10", "500", NULL}, {"9", "501", NULL}},
    /* 4.33 to 4.45 */
    {"cat1",
     "SOCKA",
     "TCP,test.usr.cn,2317",
     {"UDP,a,1", "TCP,a,65535", NULL},
     {"TCP,a,0", "TCP,a,65536", "TCPC,a,1"}},
    {"cat1", "SOCKD", "TCP,test.usr.cn,2317", {"UDP,a,1", NULL, NULL}, {"TCP,,1", NULL, NULL}},
    {"cat1", "SOCKAEN", "ON", {"OFF", NULL, NULL}, {"1", NULL, NULL}},
    {"cat1", "SOCKBEN", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
    {"cat1", "SOCKDEN", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
    {"cat1", "SOCKASL", "LONG", {"SHORT", NULL, NULL}, {"ON", NULL, NULL}},
    /* 4.50 to 4.52 */
    {"cat1", "SHORTATM", "10", {"1", "600", NULL}, {"0", "601", NULL}},
    {"cat1", "SOCKRSNUM", "60", {"1", "65535", NULL}, {"0", "65536", NULL}},
    {"cat1", "SOCKRSTIM", "10", {"10", "65535", NULL}, {"9", "65536", NULL}},
    /* 4.10, 4.14, 4.46 to 4.49, 4.53 to 4.71; at.md, Ranges */
    {"cat1", "RSTIM", "1800", {"0", "60", "65535"}, {"1", "59", "65536"}},
    {"cat1", "CACHEN", "ON", {"OFF", NULL, NULL}, {"1", NULL, NULL}},
    {"cat1",
     "KEEPALIVEA",
     "1,60,15,3",
     {"0,1,1,1", "1,65535,100,10", NULL},
     {"2,60,15,3", "1,0,15,3", "1,60,101,3"}},
    {"cat1", "KEEPALIVED", "1,60,15,3", {"0,1,1,1", NULL, NULL}, {"1,60,15,11", NULL, NULL}},
    {"cat1", "SOCKABK", ",1", {"a,1", "a,65535", NULL}, {"a,0", "a,65536", "TCP,a,1"}},
    {"cat1", "SOCKDBKEN", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
    {"cat1", "REGEN", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
    {"cat1", "REGTP", "USER", {"ICCID", "IMEI", "SN"}, {"MAC", "REGID", "LBS"}},
    {"cat1", "REGSND", "LINK", {"DATA", "LINK&DATA", NULL}, {"ALL", NULL, NULL}},
    {"cat1", "REGDT", "7777772E7573722E636E", {"00", "fF", NULL}, {"0", "0G", ""}},
    {"cat1", "HEARTEN", "ON", {"OFF", NULL, NULL}, {"1", NULL, NULL}},
    {"cat1", "HEARTTP", "NET", {"COM", NULL, NULL}, {"UART", NULL, NULL}},
    {"cat1", "HEARTTM", "30", {"1", "65535", NULL}, {"0", "65536", NULL}},
    {"cat1", "HEARTSORT", "USER", {"ICCID", "SN", "LBS"}, {"CLOUD", "MAC", NULL}},

    /* 002 sections 1.2 and 4.2.1.3, .5, .11, .22, .25 to .30; at.md, Defaults */
    {"gprs232-7s3", "E", "\"on\"", {"on", "\"off\"", NULL}, {"yes", NULL, NULL}},
    {"gprs232-7s3", "WKMOD", "\"NET\"", {"CMD", "SMS", "HTTPD"}, {"MQTT", NULL, NULL}},
    {"gprs232-7s3", "STMSG", "\"WH-LTE-7S1\"", {"*1", "*20", NULL}, {"", "*21", NULL}},
    {"gprs232-7s3",
     "UART",
     "115200,\"NONE\",8,1,\"NONE\"",
     {"2400,ODD,7,2,CRTS", "921600,EVEN,8,1,RS485", "33600,NONE,8,1,NONE"},
     {"1200,NONE,8,1,NONE", "115200,NONE,9,1,NONE", "115200,NONE,8,3,NONE"}},
    {"gprs232-7s3",
     "SOCKA",
     "\"TCP\",\"test.usr.cn\",2317",
     {"UDP,a,1", "TCP,a,65535", NULL},
     {"TCP,a,0", "TCP,a,65536", "TCPC,a,1"}},
    {"gprs232-7s3", "SOCKAEN", "\"on\"", {"off", NULL, NULL}, {"1", NULL, NULL}},
    {"gprs232-7s3", "SOCKBEN", "\"off\"", {"on", NULL, NULL}, {"1", NULL, NULL}},
    {"gprs232-7s3", "SOCKASL", "\"long\"", {"short", NULL, NULL}, {"on", NULL, NULL}},
    {"gprs232-7s3", "SOCKBSL", "\"long\"", {"short", NULL, NULL}, {"on", NULL, NULL}},
    /* 4.2.1.10, .12, .33 to .42; at.md, Defaults */
    {"gprs232-7s3", "RSTIM", "1800", {"0", "60", "65535"}, {"59", "65536", NULL}},
    {"gprs232-7s3", "CACHEN", "\"on\"", {"off", NULL, NULL}, {"1", NULL, NULL}},
    {"gprs232-7s3", "SOCKIDEN", "\"off\"", {"on", NULL, NULL}, {"1", NULL, NULL}},
    {"gprs232-7s3", "REGEN", "\"off\"", {"on", NULL, NULL}, {"1", NULL, NULL}},
    {"gprs232-7s3", "REGTP", "\"REGDT\"", {"ICCID", "IMEI", "REGID"}, {"USER", "CLOUD", "SN"}},
    {"gprs232-7s3", "REGID", "0", {"1", "65535", NULL}, {"65536", "-1", NULL}},
    {"gprs232-7s3", "REGSND", "\"link\"", {"data", "link&data", NULL}, {"all", NULL, NULL}},
    {"gprs232-7s3", "HEARTEN", "\"on\"", {"off", NULL, NULL}, {"1", NULL, NULL}},
    {"gprs232-7s3", "HEARTTP", "\"NET\"", {"COM", NULL, NULL}, {"UART", NULL, NULL}},
    {"gprs232-7s3", "HEARTTM", "30", {"1", "65535", NULL}, {"0", "65536", NULL}},

    /* 001 sections 3.1.7.5, .7, .9, .25 to .27, .29 to .45; at.md, Defaults and Ranges */
    {"lte-7s4", "E", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
    {"lte-7s4", "WKMOD", "NET", {"HTTPD", "UDC", "MQTT"}, {"CMD", NULL, NULL}},
    {"lte-7s4", "STMSG", "[WH-7S4 V2]", {"*1", "*20", "[WH-G405tf]"}, {"", "*21", NULL}},
    {"lte-7s4",
     "UART",
     "115200,8,1,NONE,NFC",
     {"300,7,2,ODD,NFC", "460800,8,1,EVEN,NFC", "600,8,1,NONE,NFC"},
     {"110,8,1,NONE,NFC", "921600,8,1,NONE,NFC", "9600,8,1,NONE,FCH"}},
    {"lte-7s4", "UARTFT", "50", {"50", "60000", NULL}, {"49", "60001", NULL}},
    {"lte-7s4", "UARTFL", "1024", {"5", "2048", NULL}, {"4", "2049", NULL}},
    {"lte-7s4",
     "SOCKA",
     "TCP,test.usr.cn,2317",
     {"UDP,a,1", "TCP,a,65535", NULL},
     {"TCP,a,0", "TCP,a,65536", "TCPC,a,1"}},
    {"lte-7s4", "SOCKAEN", "ON", {"OFF", NULL, NULL}, {"1", NULL, NULL}},
    {"lte-7s4", "SOCKBEN", "ON", {"OFF", NULL, NULL}, {"1", NULL, NULL}},
    {"lte-7s4", "SOCKASL", "LONG", {"SHORT", NULL, NULL}, {"ON", NULL, NULL}},
    {"lte-7s4", "SOCKATO", "5", {"1", "100", NULL}, {"0", "101", NULL}},
    {"lte-7s4", "SOCKBTO", "5", {"1", "100", NULL}, {"0", "101", NULL}},
    {"lte-7s4", "SHORATO", "5", {"1", "600", NULL}, {"0", "601", NULL}},
    {"lte-7s4", "SHORBTO", "5", {"1", "600", NULL}, {"0", "601", NULL}},
    {"lte-7s4", "SOCKRSTIM", "60", {"10", "600", NULL}, {"9", "601", NULL}},
    /* 3.1.7.10, .33, .34, .43, .46 to .55 */
    {"lte-7s4", "RSTIM", "1800", {"0", "60", "65535"}, {"59", "65536", NULL}},
    {"lte-7s4",
     "KEEPALIVEA",
     "1,15,10,3",
     {"0,0,0,0", "1,7200,75,9", NULL},
     {"2,15,10,3", "1,7201,10,3", "1,15,76,3"}},
    {"lte-7s4", "KEEPALIVEB", "1,15,10,3", {"0,0,0,0", NULL, NULL}, {"1,15,10,10", NULL, NULL}},
    {"lte-7s4", "SOCKIND", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
    {"lte-7s4", "REGEN", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
    {"lte-7s4", "REGTP", "USER", {"IMEI", "ICCID", "CLOUD"}, {"SN", "REGID", "MAC"}},
    {"lte-7s4", "REGSND", "LINK", {"DATA", NULL, NULL}, {"LINK&DATA", NULL, NULL}},
    {"lte-7s4", "HEARTEN", "ON", {"OFF", NULL, NULL}, {"1", NULL, NULL}},
    {"lte-7s4", "HEARTSND", "NET", {"COM", NULL, NULL}, {"UART", NULL, NULL}},
    {"lte-7s4", "HEARTTM", "30", {"1", "6000", NULL}, {"0", "6001", NULL}},

    /* 003 section 5.3.5 numbers 1, 13 to 15, 34, 35; at.md, Defaults and Ranges */
    {"k7", "E", "off", {"on", NULL, NULL}, {"0N", NULL, NULL}},
    {"k7",
     "UART",
     "115200,8,1,NONE,NFC",
     {"600,5,2,MARK,FCH", "1000000,8,1,SPACE,FCR", NULL},
     {"599,8,1,NONE,NFC", "1000001,8,1,NONE,NFC", "9600,4,1,NONE,NFC"}},
    {"k7", "UARTTL", "0,0", {"255,1460", "0,0", NULL}, {"256,0", "0,1461", NULL}},
    {"k7",
     "SOCKA",
     "TCPS,192.168.0.201,23",
     {"TCPC,a,1", "UDPS,a,65534", "HTPC,a,2"},
     {"TCPC,a,0", "TCPC,a,65535", "NONE,a,1"}},
    {"k7",
     "SOCKB",
     "NONE,192.168.0.201,23",
     {"NONE,a,1", "UDPC,a,2", NULL},
     {"TCP,a,1", NULL, NULL}},
    {"k7", "SOCKSL", "OFF", {"ON", NULL, NULL}, {"LONG", NULL, NULL}},
    {"k7", "SHORTO", "3", {"2", "255", NULL}, {"1", "256", NULL}},
    /* numbers 18, 19, 26 to 28, 36 to 38 and 43 */
    {"k7", "REGEN", "OFF", {"USR", "MAC", "CLOUD"}, {"ON", "IMEI", NULL}},
    {"k7", "REGTCP", "First", {"Every", "ALL", NULL}, {"LINK", NULL, NULL}},
    {"k7", "HEARTEN", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
    {"k7", "HEARTTP", "NET", {"COM", NULL, NULL}, {"UART", NULL, NULL}},
    {"k7", "HEARTTM", "30", {"1", "65535", NULL}, {"0", "65536", NULL}},
    {"k7", "RSTIM", "3600", {"0", "60", "65535"}, {"1", "59", "65536"}},
    {"k7", "UARTCLBUF", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
    {"k7", "SOCKTO", "86400", {"1", "99999", NULL}, {"0", "100000", NULL}},
    {"k7", "UDPON", "OFF", {"ON", NULL, NULL}, {"1", NULL, NULL}},
};

/* "*N" is N times the letter x. */
static const char *spelled_out(const char *value)
{
    static char many[32];
    size_t n = 0;
    if (value[0] != '*')
        return value;
    for (const char *c = value + 1; *c != '\0'; c++)
        n = n * 10 + (size_t)(*c - '0');
    memset(many, 'x', n);
    many[n] = '\0';
    return many;
}

static void check_limit(const struct limit *l)
{
    const struct dtu_profile *p = begin(l->product);
    CHECK_BYTES(text, write_pending(row_of(p, l->row)), l->initial, strlen(l->initial));
    for (size_t i = 0; i < 3 && l->good[i] != NULL; i++)
        CHECK_EQ(set(p, l->row, spelled_out(l->good[i])), DTU_OK);
    for (size_t i = 0; i < 3 && l->bad[i] != NULL; i++)
        CHECK(set(p, l->row, spelled_out(l->bad[i])) != DTU_OK);
}

static void defaults_and_limits_are_those_of_the_manuals(void)
{
    for (size_t i = 0; i < COUNT(limits); i++)
        check_limit(&limits[i]);
}

static void addresses_are_as_long_as_in_the_manuals(void)
{
    static const struct {
        const char *product;
        const char *before;
        size_t longest;
    } cases[] = {{"cat1", "TCP,", 100},        /* 004 section 4.33 */
                 {"gprs232-7s3", "TCP,", 100}, /* as cat1 */
                 {"lte-7s4", "TCP,", 100},     /* 001 section 3.1.7.29 */
                 {"k7", "TCPC,", 30}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct dtu_profile *p = begin(cases[i].product);
        size_t at = strlen(cases[i].before);
        memcpy(text, cases[i].before, at);
        memset(text + at, 'x', cases[i].longest);
        memcpy(text + at + cases[i].longest, ",1", 3);
        CHECK_EQ(set(p, "SOCKA", text), DTU_OK);
        memcpy(text + at + cases[i].longest, "x,1", 4);
        CHECK_EQ(set(p, "SOCKA", text), DTU_ERR_RANGE);
    }
}

static void only_cat1_and_7s3_have_a_save_command_and_only_k7_no_greeting(void)
{
    CHECK(row_of(&dtu_profile_cat1, "S") != NULL); /* at.md, Saving */
    CHECK(row_of(&dtu_profile_gprs232_7s3, "S") != NULL);
    CHECK(row_of(&dtu_profile_lte_7s4, "S") == NULL);
    CHECK(row_of(&dtu_profile_k7, "S") == NULL);
    CHECK(row_of(&dtu_profile_k7, "STMSG") == NULL); /* at.md, Entering, 9 */
    CHECK(row_of(&dtu_profile_lte_7s4, "STMSG") != NULL);
}

static const struct check_test tests[] = {
    CHECK_TEST(products_are_found_by_name_in_either_case),
    CHECK_TEST(stepping_through_the_products_finds_each_once),
    CHECK_TEST(rows_are_sorted_and_no_name_comes_twice),
    CHECK_TEST(aliases_lead_to_rows_that_are_there),
    CHECK_TEST(every_command_has_a_help_text),
    CHECK_TEST(ids_mean_one_row_or_one_action_each),
    CHECK_TEST(rows_have_the_fields_of_their_kind),
    CHECK_TEST(places_are_numbered_from_1),
    CHECK_TEST(values_lie_side_by_side_and_do_not_overlap),
    CHECK_TEST(a_view_lies_on_settings_field_by_field),
    CHECK_TEST(fields_make_sense),
    CHECK_TEST(listed_numbers_fit_their_field),
    CHECK_TEST(defaults_are_legal_and_written_as_a_query_answers_them),
    CHECK_TEST(rows_without_a_default_begin_empty),
    CHECK_TEST(the_defaults_that_a_user_could_not_set_are_these),
    CHECK_TEST(the_longest_legal_command_and_2_fits_the_line),
    CHECK_TEST(whatever_users_set_fits_a_slot_of_the_size_that_the_page_of_porting_names),
    CHECK_TEST(the_sizes_for_static_memory_are_large_enough),
    CHECK_TEST(the_longest_packet_is_the_largest_packing_length),
    CHECK_TEST(times_can_be_told_from_the_past),
    CHECK_TEST(every_product_has_what_the_device_asks_for),
    CHECK_TEST(connections_are_worded_as_in_the_manuals),
    CHECK_TEST(only_k7_has_a_word_for_a_server_that_waits),
    CHECK_TEST(settings_of_the_protocols_are_found_by_id),
    CHECK_TEST(products_have_either_rfcen_or_sdpen),
    CHECK_TEST(settings_of_the_network_side_are_found_by_id),
    CHECK_TEST(texts_of_identity_packets_have_a_row),
    CHECK_TEST(each_product_has_its_own_leds_and_they_work),
    CHECK_TEST(the_only_internal_row_is_k7s_blocks),
    CHECK_TEST(products_are_as_large_as_in_the_manuals),
    CHECK_TEST(defaults_and_limits_are_those_of_the_manuals),
    CHECK_TEST(addresses_are_as_long_as_in_the_manuals),
    CHECK_TEST(only_cat1_and_7s3_have_a_save_command_and_only_k7_no_greeting),
};
CHECK_MAIN(tests)
