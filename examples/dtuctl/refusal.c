/* SPDX-License-Identifier: MIT */
#include "refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "output.h"

/* What a product's error words can mean, in the order of enum reason. */
static const struct {
    enum dtu_status status;
    size_t word; /* in struct dtu_at_dialect */
    const char *meaning;
} reasons[] = {
    {DTU_ERR_FORMAT, offsetof(struct dtu_at_dialect, no_at), "no AT command"},
    {DTU_ERR_NOT_FOUND, offsetof(struct dtu_at_dialect, no_such), "no such command"},
    {DTU_ERR_FORM, offsetof(struct dtu_at_dialect, no_form), "not offered in this form"},
    {DTU_ERR_COUNT, offsetof(struct dtu_at_dialect, bad_count), "too many or too few parameters"},
    {DTU_ERR_TYPE, offsetof(struct dtu_at_dialect, bad_type),
     "a parameter is missing or of the wrong type"},
    {DTU_ERR_RANGE, offsetof(struct dtu_at_dialect, bad_range), "out of range"},
    {DTU_ERR_NOT_ALLOWED, offsetof(struct dtu_at_dialect, not_allowed),
     "not possible now, or it failed"},
    {DTU_ERR_LOGIN, offsetof(struct dtu_at_dialect, no_login), "a login is needed (AT+SIGNINAT)"},
};

enum { REASONS = sizeof reasons / sizeof reasons[0] };

/* The error words are the same but for spaces, which some firmware has and some has not. */
static bool is_word(const char *error, const char *word)
{
    if (word == NULL)
        return false;
    for (;; error++, word++) {
        while (*error == ' ')
            error++;
        while (*word == ' ')
            word++;
        if (*error != *word)
            return false;
        if (*error == '\0')
            return true;
    }
}

static bool can_mean(const struct dtu_at_dialect *d, size_t reason, const char *error)
{
    const char *word;
    memcpy(&word, (const char *)d + reasons[reason].word, sizeof word);
    return is_word(error, word);
}

/* What the product's table says of the line; DTU_OK: nothing against it. */
static enum dtu_status judge(const struct session *s, const char *line)
{
    const struct dtu_param *row = session_row(s, line);
    const char *value = strchr(line, '=');
    enum dtu_status status;

    if (names_skip_at(line) == line)
        return DTU_ERR_FORMAT;
    if (row == NULL)
        return DTU_ERR_NOT_FOUND;
    if (value == NULL || strcmp(value, "=?") == 0)
        return DTU_OK;
    status =
        dtu_params_check(s->profile->table, row, (const uint8_t *)value + 1, strlen(value + 1));
    if (status == DTU_ERR_MISSING)
        return DTU_ERR_TYPE;
    return status == DTU_ERR_LENGTH ? DTU_ERR_RANGE : status;
}

static const char *meaning_of(enum dtu_status status)
{
    for (size_t i = 0; i < REASONS; i++)
        if (reasons[i].status == status)
            return reasons[i].meaning;
    return dtu_status_text(status);
}

__attribute__((format(printf, 2, 3))) static void add(char *out, const char *format, ...);

static void add(char *out, const char *format, ...)
{
    size_t len = strlen(out);
    va_list args;

    va_start(args, format);
    vsnprintf(out + len, REFUSAL_SIZE - len, format, args);
    va_end(args);
}

/* All that the word can mean; one word for everything means nothing. */
static void add_meanings(char *out, const struct dtu_at_dialect *d, const char *error, size_t count)
{
    const char *between = ", ";

    if (count > REASONS / 2)
        return;
    for (size_t i = 0; i < REASONS; i++) {
        if (!can_mean(d, i, error))
            continue;
        add(out, "%s%s", between, reasons[i].meaning);
        between = " or ";
    }
}

static void add_reason(char *out, const struct session *s, const char *line, const struct reply *r)
{
    const struct dtu_at_dialect *d = s->profile != NULL ? s->profile->dialect : NULL;
    enum dtu_status judged = DTU_OK;
    size_t count = 0;

    for (size_t i = 0; d != NULL && i < REASONS; i++) {
        if (!can_mean(d, i, r->error))
            continue;
        count++;
        if (reasons[i].status == judge(s, line))
            judged = reasons[i].status;
    }
    if (judged != DTU_OK)
        add(out, ", %s", meaning_of(judged));
    else if (count > 0)
        add_meanings(out, d, r->error, count);
    else
        add(out, ", %s", meaning_of(r->status));
}

/* What the command takes, if it was a set. */
static void add_range(char *out, const struct session *s, const char *line)
{
    char range[300], visible[VISIBLE_SIZE(300)];
    struct dtu_text_buffer buffer = {range, sizeof range, 0, false};
    const struct dtu_text text = {dtu_text_to_buffer, &buffer};
    const struct dtu_param *row = session_row(s, line);

    if (row == NULL || row->field_count == 0 || strchr(line, '=') == NULL)
        return;
    dtu_params_write_range(s->profile->table, row, &text);
    output_visible(visible, sizeof visible, range, buffer.len);
    add(out, "; it takes %s%s", visible, buffer.overflow ? "..." : "");
}

void refusal_text(char out[REFUSAL_SIZE], const struct session *s, const char *line,
                  const struct reply *r)
{
    char visible[VISIBLE_SIZE(60)];

    out[0] = '\0';
    if (r->error == NULL) {
        add(out, "%s", dtu_status_text(r->status));
        return;
    }
    output_visible(visible, sizeof visible, r->error, r->error_len);
    add(out, "%s", visible);
    add_reason(out, s, line, r);
    add_range(out, s, line);
}
