/* SPDX-License-Identifier: MIT */
#include "csv.h"

#include <string.h>

#include "output.h"

static bool is_end(char c)
{
    return c == '\0' || c == '\n' || c == '\r';
}

/* Cuts a field in quotes out of the text; gives where it ends, NULL: nowhere. */
static char *cut_quoted(struct csv *c, char *from, const char **field)
{
    char *to = from;

    *field = from++;
    for (; *from != '\0'; from++) {
        if (*from == '"' && from[1] != '"') {
            *to = '\0';
            return from + 1;
        }
        if (*from == '"')
            from++;
        c->next_line += *from == '\n';
        *to++ = *from;
    }
    return NULL;
}

static char *cut_plain(const struct csv *c, char *from, const char **field)
{
    *field = from;
    while (!is_end(*from) && *from != c->separator)
        from++;
    return from;
}

/* Behind the end of a line. */
static char *skip_end(struct csv *c, char *at)
{
    if (*at == '\r')
        at++;
    if (*at == '\n') {
        c->next_line++;
        at++;
    }
    return at;
}

static bool wrong(const struct csv *c, const char *what)
{
    complain("%s:%u: %s", c->name, c->line, what);
    return false;
}

/* The fields of a line. */
static bool cut_row(struct csv *c, const char *fields[CSV_COLUMNS], size_t *count)
{
    char *at = c->at, end;

    c->line = c->next_line;
    *count = 0;
    do {
        char *stop;
        if (*count == CSV_COLUMNS)
            return wrong(c, "too many columns");
        stop = *at == '"' ? cut_quoted(c, at, &fields[*count]) : cut_plain(c, at, &fields[*count]);
        if (stop == NULL)
            return wrong(c, "a quote is not closed");
        end = *stop;
        if (!is_end(end) && end != c->separator)
            return wrong(c, "something stands behind a closing quote");
        at = end == c->separator ? stop + 1 : skip_end(c, stop);
        *stop = '\0';
        ++*count;
    } while (end == c->separator);
    c->at = at;
    return true;
}

/* Whether there is a row. */
static bool skip_empty(struct csv *c)
{
    while (*c->at == '\r' || *c->at == '\n') {
        char *behind = skip_end(c, c->at);
        c->at = behind > c->at ? behind : c->at + 1;
    }
    return *c->at != '\0';
}

static char find_separator(const char *text)
{
    size_t len = strcspn(text, "\r\n");
    bool has_comma = memchr(text, ',', len) != NULL;
    return !has_comma && memchr(text, ';', len) != NULL ? ';' : ',';
}

bool csv_begin(struct csv *c, const char *name, char *text)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";

    if (strncmp(text, byte_order_mark, 3) == 0)
        text += 3;
    *c = (struct csv){.name = name, .text = text, .at = text, .line = 1, .next_line = 1};
    c->separator = find_separator(text);
    if (!skip_empty(c))
        return wrong(c, "empty: the first row names the columns");
    return cut_row(c, c->columns, &c->column_count);
}

enum csv_event csv_next(struct csv *c)
{
    size_t count;

    if (!skip_empty(c))
        return CSV_END;
    if (!cut_row(c, c->fields, &count))
        return CSV_WRONG;
    if (count == c->column_count)
        return CSV_ROW;
    complain("%s:%u: %zu fields, and %zu columns", c->name, c->line, count, c->column_count);
    return CSV_WRONG;
}

const char *csv_field(const struct csv *c, const char *column, size_t len)
{
    for (size_t i = 0; i < c->column_count; i++)
        if (strlen(c->columns[i]) == len && memcmp(c->columns[i], column, len) == 0)
            return c->fields[i];
    return NULL;
}
