/* SPDX-License-Identifier: MIT */
/**
 * @file config.h
 * A module's whole configuration as text: one `NAME=VALUE` a line, `#` comments between them.
 *
 *     # profile cat1
 *     # pump station 7
 *     UART=9600,8,1,NONE,NONE
 *     CMDPW=usr.cn#
 *
 * Written from a product's parameters, in the order of its table:
 *
 *     dtu_config_write_product("cat1", &out);
 *     dtu_config_write(&params, DTU_PARAMS_PENDING, &out);
 *
 * and read back, in pieces of any size, on top of what is pending:
 *
 *     static uint8_t line[DTU_CAT1_LINE_SIZE], marks[DTU_CONFIG_MARKS_SIZE(120)];
 *     static const struct dtu_config_setup setup = {
 *         &params, "cat1", line, sizeof line, marks, sizeof marks};
 *     struct dtu_config config;
 *
 *     dtu_config_init(&config, &setup, &callbacks, NULL);
 *     while ((len = read_some(piece, sizeof piece)) > 0)
 *         dtu_config_feed(&config, piece, len);
 *     if (dtu_config_end(&config) != DTU_OK)       // each line at fault was told by a callback
 *         ...
 *
 * Reading goes on behind a line at fault. A line is taken whole or not at all.
 *
 * Cost: on a Cortex-M0+ the struct is 64 bytes; the caller's memory is a line and a bit for each
 * row of the table. Code and stack: docs/size.md. What a line is, is known only here: store.h keeps
 * the same lines. All calls from the thread that the parameters belong to.
 *
 * Source: the value of a line is that of a set command; the page of this engine says what else was
 * decided.
 */
#ifndef DTU_CONFIG_H
#define DTU_CONFIG_H

#include "dtu/base.h"
#include "dtu/params.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- A line --------------------------------------------------------------------------------- */

/** A line `NAME=VALUE` in parts. */
struct dtu_config_line {
    const struct dtu_param *row; /**< whose name it is; NULL if there is none */
    const uint8_t *value;        /**< what is behind the first `=`, in the line itself */
    size_t len;                  /**< its length in bytes */
};

/** Finds out what a line is about, and changes nothing.
 * @param table the product's commands
 * @param line  the line, without its end
 * @param len   its length in bytes
 * @param parts where the result goes; `row` is NULL unless DTU_OK
 * @return DTU_OK, also if the row is no setting; DTU_ERR_FORMAT if there is no `=`;
 *         DTU_ERR_NOT_FOUND if the product has no such name. Upper and lower case are the same, and
 *         other spellings that the product has lead to the row that counts */
enum dtu_status dtu_config_split(const struct dtu_param_table *table, const uint8_t *line,
                                 size_t len, struct dtu_config_line *parts);

/** Makes the value of a line pending, or leaves all as it was. A row with places has a line for
 * each place; an empty value empties all of them.
 * @param p     the values
 * @param parts the line, as dtu_config_split() gave it
 * @return as dtu_params_load() */
enum dtu_status dtu_config_take(struct dtu_params *p, const struct dtu_config_line *parts);

/** Writes the line or lines of a row: one for each place that is set if it has places, or one with
 * an empty value if none is.
 * @param p   the values
 * @param set which set
 * @param row a SETTING, VIEW or SECRET
 * @param out where to; each line ends with LF */
void dtu_config_write_row(const struct dtu_params *p, enum dtu_param_set set,
                          const struct dtu_param *row, const struct dtu_text *out);

/* --- A configuration ------------------------------------------------------------------------ */

/** Whether a configuration has a row: settings that a command reaches. Not views, whose values
 * belong to other rows; not secrets, which cannot be read back; not internal rows.
 * @param row a row
 * @return true if it has */
bool dtu_config_has(const struct dtu_param *row);

/** Writes all settings that a configuration has, in the order of the table.
 * @param p   the values
 * @param set which set
 * @param out where to; each line ends with LF */
void dtu_config_write(const struct dtu_params *p, enum dtu_param_set set,
                      const struct dtu_text *out);

/** Writes the comment that says whose configuration it is, `# profile cat1`, and LF.
 * @param product the product's name
 * @param out     where to */
void dtu_config_write_product(const char *product, const struct dtu_text *out);

/** Whether a line is the comment `# profile NAME`, with blanks at will and nothing behind it.
 * @param line the line, without its end
 * @param len  its length in bytes
 * @param name where a pointer to the name goes, in the line itself; untouched if it is none
 * @return the length of the name, 0 if it is none. For who must know the product, and so the table,
 *         before the text can be read */
size_t dtu_config_product(const uint8_t *line, size_t len, const uint8_t **name);

/** A line at fault. */
struct dtu_config_fault {
    uint32_t line;               /**< its number, from 1 */
    enum dtu_status status;      /**< see dtu_config_feed() */
    const struct dtu_param *row; /**< the row that it is about, or NULL */
    const uint8_t *text;         /**< the line without its end; only during the callback */
    size_t len;                  /**< its length in bytes; what exceeds `line_size` is cut off */
};

/** What the owner is told. It may not call dtu_config_feed() or dtu_config_end() from there. */
struct dtu_config_callbacks {
    /** A line is at fault, and had no effect. May be NULL. */
    void (*fault)(void *ctx, const struct dtu_config_fault *fault);
};

/** What a text is read with. */
struct dtu_config_setup {
    struct dtu_params *params; /**< its pending values are changed */
    const char *product;       /**< a `# profile` comment must name it; NULL: any is good */
    uint8_t *line;             /**< memory for a line */
    size_t line_size;          /**< its size: the longest line with its CR, without its LF; the
                                    line size of the product fits all of its settings */
    uint8_t *marks;            /**< memory of a bit for each row of the table */
    size_t marks_size;         /**< its size: #DTU_CONFIG_MARKS_SIZE of the table's rows */
};

/** Bytes of marks for a table. @param rows how many rows it has, or more */
#define DTU_CONFIG_MARKS_SIZE(rows) (((rows) + 7u) / 8u)

/** Counters of one text. */
struct dtu_config_stats {
    uint32_t lines;  /**< that have ended */
    uint32_t taken;  /**< lines with a setting that was taken */
    uint32_t faults; /**< lines at fault */
};

/** A text that is read. The fields are private, but for `stats`. */
struct dtu_config {
    const struct dtu_config_setup *setup;         /**< private */
    const struct dtu_config_callbacks *callbacks; /**< private */
    void *ctx;                                    /**< private */
    size_t len;                                   /**< private: of the line that has begun; may
                                                       exceed its memory */
    enum dtu_status first;                        /**< private: what the first fault was */
    struct dtu_config_line parts;                 /**< private: of the line at hand */
    struct dtu_config_fault fault;                /**< private: the same, as it is told */
    struct dtu_config_stats stats;                /**< counters */
};

/** Begins to read a text. Values that it does not name stay as they are.
 * @param c         the reader
 * @param setup     see there; it and its memory must outlive the reading
 * @param callbacks see there; must outlive the reading
 * @param ctx       handed to the callbacks
 * @return DTU_OK, or DTU_ERR_CONFIG if memory is missing or too small */
enum dtu_status dtu_config_init(struct dtu_config *c, const struct dtu_config_setup *setup,
                                const struct dtu_config_callbacks *callbacks, void *ctx);

/** Reads the next piece of the text; however it is cut, the result is the same.
 *
 * A line ends with LF or CR LF. Ignored are lines of blanks, and comments: lines whose first byte
 * behind blanks is `#`. A `#` in a value is data. A byte order mark in front of the text is
 * ignored. Else a line is a setting, or at fault by:
 *
 * - DTU_ERR_LENGTH: longer than the memory for a line
 * - DTU_ERR_TYPE: a CR that is not in front of the LF
 * - DTU_ERR_FORMAT: no `=`
 * - DTU_ERR_NOT_FOUND: the product has no such name
 * - DTU_ERR_FORM: no setting, but an action, a view or what only can be asked
 * - DTU_ERR_NOT_ALLOWED: a secret or an internal row; or a `# profile` comment of another product
 * - DTU_ERR_STATE: the row, or its place, was set by an earlier line; the earlier one counts
 * - DTU_ERR_COUNT, DTU_ERR_MISSING, DTU_ERR_TYPE, DTU_ERR_RANGE: the value, as dtu_params_load()
 *
 * The first line about a row with places empties all of its places: the text has them all.
 * @param c    the reader
 * @param data the piece
 * @param len  its length in bytes; all of it is taken */
void dtu_config_feed(struct dtu_config *c, const uint8_t *data, size_t len);

/** Ends the text: a last line without an end is taken too. Do not feed any more.
 * @param c the reader
 * @return DTU_OK, or the status of the first fault */
enum dtu_status dtu_config_end(struct dtu_config *c);

#ifdef __cplusplus
}
#endif

#endif
