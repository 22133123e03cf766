/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_CSV_H
#define DTUCTL_CSV_H

#include <stdbool.h>
#include <stddef.h>

enum { CSV_COLUMNS = 64 };

/* A list with named columns (RFC 4180), in memory. Its fields are cut out of `text` in place. */
struct csv {
    const char *name; /* of the file, for messages */
    char *text;       /* changed; must outlive the list */
    char *at;         /* what has not been read */
    char separator;   /* a comma; or a semicolon, if the first line has that and no comma */
    unsigned line;    /* of the row that was read last */
    unsigned next_line;
    const char *columns[CSV_COLUMNS]; /* what the first row calls them */
    const char *fields[CSV_COLUMNS];  /* of the row that was read last */
    size_t column_count;
};

enum csv_event {
    CSV_ROW,
    CSV_END,
    CSV_WRONG /* a message was printed */
};

/* Begins with a text, and reads the names of the columns. `text` ends with a byte 00. False: a
 * message was printed. */
bool csv_begin(struct csv *c, const char *name, char *text);

/* The next row; empty lines are left out. */
enum csv_event csv_next(struct csv *c);

/* The field of a column in the row that was read last; NULL: there is no such column. */
const char *csv_field(const struct csv *c, const char *column, size_t len);

#endif
