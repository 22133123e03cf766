/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <string.h>
#include <strings.h>

static bool is_command(const struct dtu_param *row)
{
    return row->kind != DTU_PARAM_ALIAS && row->kind != DTU_PARAM_ABSENT &&
           (row->flags & DTU_PARAM_INTERNAL) == 0;
}

const struct dtu_param *names_find(const struct dtu_profile *profile, const char *name, size_t len)
{
    const uint8_t *text = (const uint8_t *)name;
    const struct dtu_param *row = dtu_params_find(profile->table, text, len);

    if (row == NULL && len > 1 && name[len - 1] == '1') {
        row = dtu_params_find(profile->table, text, len - 1);
        if (row != NULL && (row->flags & DTU_PARAM_PORT) == 0)
            row = NULL;
    }
    return row != NULL && is_command(row) ? row : NULL;
}

static const char *next_of(const struct dtu_profile *profile, const char *last)
{
    for (size_t i = 0; i < profile->table->count; i++) {
        const struct dtu_param *row = &profile->table->rows[i];
        if (is_command(row) && (last == NULL || strcmp(row->name, last) > 0))
            return row->name;
    }
    return NULL;
}

const char *names_next(const struct dtu_profile *profile, const char *last)
{
    const char *first = NULL;

    if (profile != NULL)
        return next_of(profile, last);
    for (size_t i = 0; (profile = dtu_profile_at(i)) != NULL; i++) {
        const char *name = next_of(profile, last);
        if (name != NULL && (first == NULL || strcmp(name, first) < 0))
            first = name;
    }
    return first;
}

bool names_begins(const char *name, const char *text, size_t len)
{
    return strncasecmp(name, text, len) == 0;
}

const char *names_skip_at(const char *text)
{
    return names_begins(text, "AT+", 3) ? text + 3 : text;
}

/* The tables say of what it is in words alone. */
static bool has_password(const struct dtu_param *row)
{
    return row->kind == DTU_PARAM_SECRET ||
           (row->help != NULL && strstr(row->help, "assword") != NULL);
}

bool names_is_secret(const char *line)
{
    const char *name = names_skip_at(line);
    size_t len = strcspn(name, "= ");
    bool is_set = strchr(name, '=') != NULL;
    const struct dtu_profile *profile;

    for (const char *text = name; *text != '\0'; text++)
        if (names_begins(text, "AT+", 3))
            return true;
    for (size_t i = 0; is_set && (profile = dtu_profile_at(i)) != NULL; i++) {
        const struct dtu_param *row = names_find(profile, name, len);
        if (row != NULL && has_password(row))
            return true;
    }
    return false;
}
