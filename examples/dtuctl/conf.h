/* SPDX-License-Identifier: MIT */
/* A module's whole configuration in memory: that of a file, or that of a module. */
#ifndef DTUCTL_CONF_H
#define DTUCTL_CONF_H

#include <stdbool.h>
#include <stdio.h>

#include "dtu/config.h"
#include "dtu/profile.h"

/* What all products fit in. */
enum { CONF_VALUES_SIZE = 4096, CONF_LINE_SIZE = 2048, CONF_ROWS = 256 };

/* The values, and which of them are known. Large: not for the stack. */
struct conf {
    const struct dtu_profile *profile;
    struct dtu_params params; /* those that count are pending */
    uint8_t running[CONF_VALUES_SIZE];
    uint8_t pending[CONF_VALUES_SIZE];
    uint8_t marks[DTU_CONFIG_MARKS_SIZE(CONF_ROWS)]; /* a bit for each row that was read */
};

/* A text that was read from a file. */
struct conf_text {
    const char *name; /* of the file, for messages */
    char *text;       /* a byte 00 is behind it; NULL: nothing */
    size_t len;
};

/* Reads a file whole. False: a message was printed. */
bool conf_text_load(struct conf_text *t, const char *path);
void conf_text_free(struct conf_text *t);

/* The product that a comment of the text names.
 * Returns it; NULL: none is named, or a message was printed and `*wrong` is true. */
const struct dtu_profile *conf_text_profile(const struct conf_text *t, bool *wrong);

/* A product's defaults, of which nothing is known. */
void conf_init(struct conf *c, const struct dtu_profile *profile);

void conf_copy(struct conf *to, const struct conf *from);

/* Puts what a text says on top of the values; from then on only that is known. False: a line was at
 * fault, and each has been told by a message. */
bool conf_read(struct conf *c, const struct conf_text *t);

/* Whether a row's values are known. */
bool conf_knows(const struct conf *c, const struct dtu_param *row);

/* Steps through the rows that a configuration has: the one behind `last`, or the first if that is
 * NULL. NULL behind the last. */
const struct dtu_param *conf_next_row(const struct conf *c, const struct dtu_param *last);

/* How many there are. */
size_t conf_count_rows(const struct conf *c);

/* The values of a row, or of a place of it, as in a set command. A byte 00 is behind them. */
void conf_value(const struct conf *c, const struct dtu_param *row, uint8_t place,
                char value[CONF_LINE_SIZE]);

/* Writes the lines of a row. */
void conf_write_row(const struct conf *c, const struct dtu_param *row, FILE *file);

/* Shows them to people: each with a text in front, and such that it does a terminal no harm. */
void conf_show_row(const struct conf *c, const struct dtu_param *row, const char *before,
                   FILE *file);

#endif
