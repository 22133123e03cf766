/* SPDX-License-Identifier: MIT */
/*
 * Prints the page of a product's commands, from the table that answers them:
 *
 *     commands cat1 > docs/commands_cat1.md
 */
#include <stdio.h>
#include <string.h>

#include "dtu/profile.h"

static void print(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    fwrite(data, 1, len, stdout);
}

static const struct dtu_text out = {print, NULL};

/* What does not stand for itself in a table of the page. */
static void print_escaped(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '|')
            fputs("\\|", stdout);
        else
            putchar(data[i]);
    }
}

static const struct dtu_text escaped = {print_escaped, NULL};

/* In a code span: nothing in it is markup, and it is never empty. */
static void print_code(const char *text)
{
    dtu_text_char(&out, '`');
    dtu_text_string(&escaped, text);
    dtu_text_char(&out, '`');
}

/* --- What a command is ---------------------------------------------------------------------- */

static const char *kind_of(const struct dtu_param *row)
{
    switch ((enum dtu_param_kind)row->kind) {
    case DTU_PARAM_SETTING:
    case DTU_PARAM_VIEW:
        return "query, set";
    case DTU_PARAM_SECRET:
        return "set";
    case DTU_PARAM_INFO:
        if (row->field_count == 0)
            return "query";
        return (row->flags & DTU_PARAM_ASKS) != 0 ? "query, query with parameters" : "query, set";
    case DTU_PARAM_ACTION:
        return row->field_count == 0 ? "action" : "action with parameters";
    case DTU_PARAM_HELP:
        return "query";
    case DTU_PARAM_ALIAS:
    case DTU_PARAM_ABSENT:
        break;
    }
    return "";
}

static void print_notes(const struct dtu_param *row)
{
    if ((row->flags & DTU_PARAM_AT_ONCE) != 0)
        printf("; acts at once");
    if ((row->flags & DTU_PARAM_KEPT) != 0)
        printf("; kept by a reset");
    if ((row->flags & DTU_PARAM_DEFAULT) != 0)
        printf("; `default` sets the default");
    if (row->places > 0)
        printf("; %u places", (unsigned)row->places);
}

/* Its name, with the number of the serial port if it may be there, and other spellings. */
static void print_names(const struct dtu_param_table *table, const struct dtu_param *row)
{
    printf("`%s`", row->name);
    if ((row->flags & DTU_PARAM_PORT) != 0)
        printf(", `%s1`", row->name);
    for (size_t i = 0; i < table->count; i++) {
        const struct dtu_param *other = &table->rows[i];
        if (other->kind == DTU_PARAM_ALIAS && strcmp(other->initial, row->name) == 0)
            printf(", `%s`", other->name);
    }
}

/* --- Parameters ----------------------------------------------------------------------------- */

static void print_words(const char *list)
{
    for (; *list != '\0'; list++) {
        if (*list == ',')
            fputs(", ", stdout);
        else
            dtu_text_bytes(&escaped, list, 1);
    }
}

static void print_limits(const struct dtu_param_field *field, const char *unit)
{
    if ((field->flags & DTU_FIELD_ZERO) != 0)
        printf("0, ");
    if (field->min == field->max)
        printf("%lu%s", (unsigned long)field->min, unit);
    else
        printf("%lu to %lu%s", (unsigned long)field->min, (unsigned long)field->max, unit);
}

static void print_number(const struct dtu_param_field *field)
{
    print_limits(field, "");
    if (field->text != NULL)
        printf(" %s", strcmp(field->text, "m") == 0 ? "min" : field->text);
}

static void print_type(const struct dtu_param_field *field)
{
    switch ((enum dtu_field_type)field->type) {
    case DTU_FIELD_ENUM:
    case DTU_FIELD_CHOICE:
        print_words(field->text);
        break;
    case DTU_FIELD_NUMBER:
        print_number(field);
        break;
    case DTU_FIELD_TEXT:
        printf("text, ");
        print_limits(field, " bytes");
        break;
    case DTU_FIELD_HEX:
        printf("hex digits of ");
        print_limits(field, " bytes");
        break;
    case DTU_FIELD_IP:
        printf("IPv4 address");
        break;
    case DTU_FIELD_MAC:
        printf("12 hex digits");
        break;
    case DTU_FIELD_DATA:
        printf("text, ");
        print_limits(field, " bytes");
        if ((field->flags & DTU_FIELD_TYPED) != 0)
            printf(", and `,ASCII`; or hex digits, and `,HEX`");
        break;
    }
}

static void print_field(const struct dtu_param_field *field)
{
    print_type(field);
    if ((field->flags & DTU_FIELD_ANY_BYTE) != 0)
        printf(", a 00 byte too");
    if ((field->flags & DTU_FIELD_LINES) != 0)
        printf(", the last two CR LF");
    if ((field->flags & DTU_FIELD_OPTIONAL) != 0)
        printf("; left out: as it was");
    if ((field->flags & DTU_FIELD_CLEARABLE) != 0)
        printf("; left out: empty or 0");
}

static void print_fields(const struct dtu_param *row)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (row->field_count > 1)
            printf("%s%u: ", i > 0 ? "<br>" : "", (unsigned)i + 1);
        print_field(&row->fields[i]);
    }
}

/* Nothing but commas is all empty. */
static bool has_default(const struct dtu_param *row)
{
    bool stored = row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_SECRET;
    return stored && row->initial != NULL && strspn(row->initial, ",") != strlen(row->initial);
}

static bool answers_range(const struct dtu_profile *p, const struct dtu_param *row)
{
    return p->dialect->has_range && row->field_count > 0 && row->kind != DTU_PARAM_SECRET &&
           row->kind != DTU_PARAM_INFO;
}

/* --- The page ------------------------------------------------------------------------------- */

static void print_row(const struct dtu_profile *p, const struct dtu_param *row)
{
    printf("| ");
    print_names(p->table, row);
    printf(" | %s", row->help != NULL ? row->help : "");
    printf(" | %s", kind_of(row));
    print_notes(row);
    printf(" | ");
    print_fields(row);
    printf(" | ");
    if (has_default(row))
        print_code(row->initial);
    printf(" |");
    if (p->dialect->has_range) {
        printf(" ");
        if (answers_range(p, row)) {
            printf("`");
            dtu_params_write_range(p->table, row, &escaped);
            printf("`");
        }
        printf(" |");
    }
    printf("\n");
}

static bool is_command(const struct dtu_param *row)
{
    return row->kind != DTU_PARAM_ALIAS && row->kind != DTU_PARAM_ABSENT &&
           (row->flags & DTU_PARAM_INTERNAL) == 0;
}

static unsigned count_commands(const struct dtu_param_table *table)
{
    unsigned count = 0;
    for (size_t i = 0; i < table->count; i++)
        count += is_command(&table->rows[i]);
    return count;
}

static void print_absent(const struct dtu_param_table *table)
{
    const char *before = "\nParts that the product has not got, whose names are an invalid "
                         "parameter:\n";
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i].kind != DTU_PARAM_ABSENT)
            continue;
        printf("%s`%s`", before, table->rows[i].name);
        before = ",\n";
    }
    if (before[0] == ',')
        printf(".\n");
}

static void print_page(const struct dtu_profile *p)
{
    bool range = p->dialect->has_range;
    char page[32];
    size_t len = 0;
    for (; p->name[len] != '\0' && len < sizeof page - 1; len++)
        page[len] = p->name[len] == '-' ? '_' : p->name[len];
    page[len] = '\0';

    printf("# Commands of %s {#page_commands_%s}\n\n", p->name, page);
    printf("%s: %u commands. This page is made from the table that answers them\n"
           "(`lib/profiles/%s.c`); do not change it by hand.\n\n",
           p->product, count_commands(p->table), page);
    printf("A command is `AT+` and its name, then nothing, %sor `=` and parameters.\n",
           range ? "`?`, `=?` " : "`?` ");
    printf("A default is shown as a set command has it; where none is shown, all is empty or 0.\n");
    printf("A set is stored %s and takes effect at the next restart, unless it says otherwise.\n\n",
           p->stores_at_once ? "at once" : "by `AT+S`");
    printf("| command | what it is | forms | parameters | default |%s\n",
           range ? " answer to `=?` |" : "");
    printf("| --- | --- | --- | --- | --- |%s\n", range ? " --- |" : "");
    for (size_t i = 0; i < p->table->count; i++)
        if (is_command(&p->table->rows[i]))
            print_row(p, &p->table->rows[i]);
    print_absent(p->table);
}

int main(int argc, char **argv)
{
    const struct dtu_profile *p = argc == 2 ? dtu_profile_find(argv[1]) : NULL;
    if (p == NULL) {
        fprintf(stderr, "usage: commands <profile>\n");
        return 2;
    }
    print_page(p);
    return 0;
}
