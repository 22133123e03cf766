/* SPDX-License-Identifier: MIT */
/* dtuctl help: of commands of dtuctl, of fields, and of AT commands out of the products' tables. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "names.h"
#include "output.h"
#include "pages.h"
#include "usage.h"

/* What there is help for but commands. */
static const struct {
    const char *name;
    void (*print)(void);
} topics[] = {{"fields", fields_print_help}, {"man", man_print}, {"bash", completion_print}};

enum { TOPICS = sizeof topics / sizeof topics[0] };

/* --- AT commands ---------------------------------------------------------------------------- */

static void print(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    fwrite(data, 1, len, stdout);
}

static const struct dtu_text out = {print, NULL};

/* Its name, with the number of the serial port if it may be there, and other spellings. */
static void print_names(const struct dtu_param_table *table, const struct dtu_param *row)
{
    printf("  AT+%s", row->name);
    if ((row->flags & DTU_PARAM_PORT) != 0)
        printf(", AT+%s1", row->name);
    for (size_t i = 0; i < table->count; i++) {
        const struct dtu_param *other = &table->rows[i];
        if (other->kind == DTU_PARAM_ALIAS && strcmp(other->initial, row->name) == 0)
            printf(", AT+%s", other->name);
    }
}

static bool is_stored(const struct dtu_param *row)
{
    return row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW ||
           row->kind == DTU_PARAM_SECRET;
}

static const char *kind_of(const struct dtu_param *row)
{
    switch ((enum dtu_param_kind)row->kind) {
    case DTU_PARAM_SETTING:
    case DTU_PARAM_VIEW:
        return "setting: query and set";
    case DTU_PARAM_SECRET:
        return "setting that is never shown: set only";
    case DTU_PARAM_INFO:
        if (row->field_count == 0)
            return "query only";
        return (row->flags & DTU_PARAM_ASKS) != 0 ? "query, also with parameters"
                                                  : "query, and an action with parameters";
    case DTU_PARAM_ACTION:
        return row->field_count == 0 ? "action" : "action with parameters";
    case DTU_PARAM_HELP:
        return "query only: lists the commands";
    case DTU_PARAM_ALIAS:
    case DTU_PARAM_ABSENT:
        break;
    }
    return "";
}

static const char *effect_of(const struct dtu_profile *profile, const struct dtu_param *row)
{
    if ((row->flags & DTU_PARAM_AT_ONCE) != 0)
        return "takes effect at once";
    if (profile->stores_at_once)
        return "takes effect at the next restart";
    if (profile->save_restarts)
        return "takes effect by AT+S, which saves and restarts";
    return "takes effect at the next restart, if AT+S saved it";
}

static void print_kind(const struct dtu_profile *profile, const struct dtu_param *row)
{
    printf("  %s", kind_of(row));
    if (is_stored(row))
        printf("; %s", effect_of(profile, row));
    if ((row->flags & DTU_PARAM_KEPT) != 0)
        printf("; kept by a reset");
    putchar('\n');
}

static bool has_field(const struct dtu_param *row, uint8_t type, uint8_t flags)
{
    for (size_t i = 0; i < row->field_count; i++)
        if (row->fields[i].type == type || (row->fields[i].flags & flags) != 0)
            return true;
    return false;
}

/* Some products answer `=?` with no more than a word: the range comes from the fields. */
static void print_values(const struct dtu_profile *profile, const struct dtu_param *row)
{
    enum { NO_FLAG = 0, NO_TYPE = 255 };
    struct dtu_param fields_alone = *row;

    if (row->field_count == 0)
        return;
    fields_alone.range = NULL;
    fputs("  takes: ", stdout);
    dtu_params_write_range(profile->table, &fields_alone, &out);
    if (has_field(row, DTU_FIELD_HEX, NO_FLAG))
        fputs(", as hex digits", stdout);
    if (has_field(row, NO_TYPE, DTU_FIELD_TYPED))
        fputs(" and ,ASCII, or as hex digits and ,HEX", stdout);
    if (has_field(row, NO_TYPE, DTU_FIELD_OPTIONAL | DTU_FIELD_CLEARABLE))
        fputs("; some may be left out", stdout);
    if (row->places > 0)
        printf("; the first is one of %u places", (unsigned)row->places);
    putchar('\n');
}

static void print_default(const struct dtu_param *row)
{
    if (row->kind != DTU_PARAM_SETTING && row->kind != DTU_PARAM_SECRET)
        return;
    if (row->initial != NULL && row->initial[strspn(row->initial, ",")] != '\0')
        printf("  default: %s\n", row->initial);
    else
        puts("  default: empty or 0");
}

static void print_row(const struct dtu_profile *profile, const struct dtu_param *row)
{
    printf("%s (%s): %s\n", profile->name, profile->product,
           row->help != NULL ? row->help : row->name);
    print_names(profile->table, row);
    putchar('\n');
    print_kind(profile, row);
    print_values(profile, row);
    print_default(row);
}

static bool print_at_command(const char *name)
{
    const struct dtu_profile *profile;
    bool is_found = false;

    for (size_t i = 0; (profile = dtu_profile_at(i)) != NULL; i++) {
        const struct dtu_param *row = names_find(profile, name, strlen(name));
        if (row == NULL)
            continue;
        if (is_found)
            putchar('\n');
        print_row(profile, row);
        is_found = true;
    }
    return is_found;
}

/* --- Names that are nearly right ------------------------------------------------------------ */

enum { NEAR_LEN = 24, NEAR_MAX = 5 };

/* A line of names that may be meant. */
struct near {
    const char *topic;
    size_t distance; /* of the nearest */
    size_t count;
    char text[200];
};

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static bool is_same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters have to be put in, left out or changed to make one name of the other; both are
 * at most NEAR_LEN long. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAR_LEN + 1];
    size_t len = strlen(b);

    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < len; j++) {
            size_t above = row[j + 1];
            row[j + 1] =
                is_same_letter(a[i], b[j]) ? diagonal : smallest(diagonal, above, row[j]) + 1;
            diagonal = above;
        }
    }
    return row[len];
}

static void add_name(struct near *near, const char *name)
{
    if (near->count > NEAR_MAX)
        return;
    output_append(near->text, sizeof near->text, near->count == 0 ? "; did you mean " : ", ");
    output_append(near->text, sizeof near->text, near->count < NEAR_MAX ? name : "...");
    near->count++;
}

/* The nearest names, and those that begin so. */
static void compare_name(struct near *near, const char *name)
{
    size_t len = strlen(near->topic);
    size_t far = strlen(name) <= NEAR_LEN ? distance(near->topic, name) : SIZE_MAX;

    if (names_begins(name, near->topic, len))
        far = 0;
    else if (far >= len)
        return; /* no letter is the same */
    if (far < near->distance) {
        near->distance = far;
        near->count = 0;
        near->text[0] = '\0';
    }
    if (far == near->distance)
        add_name(near, name);
}

/* Text that ends a message: "; did you mean A, B?", or "". */
static void find_near(struct near *near, const char *topic)
{
    const struct command *command;
    const char *name = NULL;
    size_t len = strlen(topic);

    *near = (struct near){.topic = topic, .distance = 2};
    if (len == 0 || len > NEAR_LEN)
        return;
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        compare_name(near, command->name);
    for (size_t i = 0; i < TOPICS; i++)
        compare_name(near, topics[i].name);
    near->topic = names_skip_at(topic);
    while (near->topic[0] != '\0' && (name = names_next(NULL, name)) != NULL)
        compare_name(near, name);
    if (near->count > 0)
        output_append(near->text, sizeof near->text, "?");
}

/* --- Topics --------------------------------------------------------------------------------- */

static bool print_topic(const char *topic)
{
    const struct command *command = table_find_command(topic);

    for (size_t i = 0; i < TOPICS; i++) {
        if (strcmp(topics[i].name, topic) == 0) {
            topics[i].print();
            return true;
        }
    }
    if (command != NULL)
        usage_print_command(command);
    return command != NULL || print_at_command(names_skip_at(topic));
}

int command_help(const struct options *o)
{
    const char *topic = o->word_count > 0 ? o->words[0] : NULL;
    char visible[VISIBLE_SIZE(64)];
    struct near near;

    if (topic == NULL) {
        usage_print();
        return STATUS_DONE;
    }
    if (print_topic(topic))
        return STATUS_DONE;
    output_visible(visible, sizeof visible, topic, strlen(topic));
    find_near(&near, topic);
    complain("%s: there is help for commands, AT commands and fields, and this is none%s", visible,
             near.text);
    return STATUS_USAGE;
}
