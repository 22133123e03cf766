/* SPDX-License-Identifier: MIT */
/**
 * @file params.h
 * A product's commands and parameters as one constant table, and the values behind it.
 *
 * One row a command: its name, its fields with type and range, its default as a user would set it.
 * The same row serves set, query, `=?`, typed access by the engines, and storage.
 *
 *     struct values { uint8_t e[1]; uint8_t uartft[2]; };                  // sizes only
 *     static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};
 *     static const struct dtu_param_field time[] = {
 *         {.type = DTU_FIELD_NUMBER, .min = 10, .max = 500, .text = "ms"}};
 *     static const struct dtu_param rows[] = {                             // sorted by name
 *         {.name = "E", .kind = DTU_PARAM_SETTING, .fields = on_off, .field_count = 1,
 *          .offset = offsetof(struct values, e), .initial = "OFF"},
 *         {.name = "UARTFT", .kind = DTU_PARAM_SETTING, .fields = time, .field_count = 1,
 *          .offset = offsetof(struct values, uartft), .initial = "50"}};
 *     static const struct dtu_param_table table = {rows, 2, sizeof(struct values), ...};
 *
 *     dtu_params_init(&p, &table, running, pending);
 *     dtu_params_set(&p, dtu_params_find(&table, text, 6), value, value_len);
 *     dtu_params_apply(&p);                                                // at restart
 *     uint32_t ms = dtu_params_number(&p, dtu_params_find(...), 0);
 *
 * There are two sets of values: users change and query the pending one, the engines run with the
 * running one; a restart makes the pending set the running one. A set is all or nothing: every
 * field is checked before the first is stored.
 *
 * Cost: the caller's memory of twice `values_size`, and the struct. Finding a name is a binary
 * search. Nothing here knows time or calls back. What only has a table may be called from anywhere;
 * all calls with the same values from one thread.
 *
 * Source: the parameter pages of manuals 001 to 004; the page of this engine says what was decided
 * where they are silent.
 */
#ifndef DTU_PARAMS_H
#define DTU_PARAMS_H

#include "dtu/base.h"
#include "dtu/escape.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Types of a field, with what is stored for it. */
enum dtu_field_type {
    DTU_FIELD_ENUM,   /**< One of the words in `text` ("ON,OFF"), in either case. 1 byte: which. */
    DTU_FIELD_CHOICE, /**< One of the numbers in `text` ("7,8"). Stored as a number up to `max`. */
    DTU_FIELD_NUMBER, /**< `min` to `max`; `text` is the unit or NULL. 1, 2 or 4 bytes by `max`. */
    DTU_FIELD_TEXT,   /**< `min` to `max` bytes. Its length (1 byte, 2 if `max` > 255), `max` bytes.
                       */
    DTU_FIELD_HEX,    /**< `min` to `max` bytes written as hex digits. Stored as TEXT. */
    DTU_FIELD_IP,     /**< An IPv4 address as four decimal numbers. 4 bytes. */
    DTU_FIELD_MAC,    /**< 12 hex digits. 6 bytes. */
    DTU_FIELD_DATA    /**< K7's packet contents: up to `max` bytes of text, or twice as many hex
                           digits. Takes the rest of the line. How it is written (1 byte: 0 text,
                           1 hex), then as TEXT: the bytes meant. */
};

/** Flags of a field. */
enum dtu_field_flag {
    DTU_FIELD_ZERO = 1,        /**< NUMBER: 0 is allowed too, below `min`. */
    DTU_FIELD_ANY_BYTE = 2,    /**< TEXT: a 00 byte is allowed. */
    DTU_FIELD_OPTIONAL = 4,    /**< May be left empty or out: then it keeps what it was. */
    DTU_FIELD_CLEARABLE = 8,   /**< May be left empty or out: then it becomes empty, 0 or the first
                                    word. */
    DTU_FIELD_LINES = 16,      /**< TEXT: must end with CR LF. */
    DTU_FIELD_TYPED = 32,      /**< DATA: written with `,ASCII` or `,HEX` behind it. */
    DTU_FIELD_FIRST_NEEDS = 64 /**< OPTIONAL: but not if the row's first field, an ENUM, is the
                                  first of its words. */
};

/** One field of a parameter. */
struct dtu_param_field {
    uint8_t type;     /**< enum dtu_field_type */
    uint8_t flags;    /**< of enum dtu_field_flag */
    uint32_t min;     /**< smallest number, shortest text */
    uint32_t max;     /**< largest number, longest text; at most 65535 for TEXT and HEX */
    const char *text; /**< see the type */
};

/** Kinds of a row. */
enum dtu_param_kind {
    DTU_PARAM_SETTING, /**< Has values: query, set, and `=?` if the table offers it. */
    DTU_PARAM_VIEW,    /**< A setting whose values belong to other rows too: it is not stored. */
    DTU_PARAM_SECRET,  /**< A setting that is never shown; a set is an action of the owner. */
    DTU_PARAM_INFO,    /**< The owner supplies the value. With fields, a set is one too: see
                            DTU_PARAM_ASKS. */
    DTU_PARAM_ACTION,  /**< Does something; the owner does it. With fields it is a set, else it is
                            bare. `initial` is what it answers; NULL: that it is done. */
    DTU_PARAM_HELP,    /**< Lists the commands. */
    DTU_PARAM_ALIAS,   /**< Another spelling; `initial` is the name of the row that counts. */
    DTU_PARAM_ABSENT   /**< A part that the product has not got: its name is an illegal value. */
};

/** Flags of a row. */
enum dtu_param_flag {
    DTU_PARAM_AT_ONCE = 1,  /**< A set takes effect at once, not at the next restart. */
    DTU_PARAM_PORT = 2,     /**< The name may carry the number of the serial port, which is 1. */
    DTU_PARAM_KEPT = 4,     /**< dtu_params_reset() leaves it alone. */
    DTU_PARAM_DEFAULT = 8,  /**< The value `default` sets the default, if there is an `initial`. */
    DTU_PARAM_ASKS = 16,    /**< INFO: a set is a question with parameters, and is answered with a
                                 value; else it is an action. */
    DTU_PARAM_INTERNAL = 32 /**< No command: only programs reach it. Stored like the others. */
};

/** The most fields of a row. */
#define DTU_PARAM_FIELDS_MAX 6

/** One command. */
struct dtu_param {
    const char *name;                     /**< Upper case, without `AT+`. */
    uint8_t id;                           /**< The owner's; by it dtu_params_by_id() finds a row. */
    uint8_t kind;                         /**< enum dtu_param_kind */
    uint8_t flags;                        /**< of enum dtu_param_flag */
    uint8_t field_count;                  /**< How many, up to #DTU_PARAM_FIELDS_MAX. */
    uint8_t places;                       /**< 0, or how often the values are there: then the first
                                               field, a NUMBER from 1, says which is meant, and is
                                               not itself stored. */
    uint16_t offset;                      /**< Where the values begin in a set, in bytes. */
    const struct dtu_param_field *fields; /**< Their values lie one behind the other. */
    const char *initial;                  /**< The default, as in a set command; NULL: all empty. */
    const char *range;                    /**< The answer to `=?`; NULL: made from the fields. */
    const char *help;                     /**< What it is for, in a few words. */
};

/** How a product writes parameters. */
struct dtu_param_syntax {
    uint8_t escape;       /**< enum dtu_escape_style */
    bool quotes;          /**< Texts and words are answered in quotes and taken with or without. */
    bool last_takes_rest; /**< The last field, if it is a text, takes the commas too. */
    const char
        *escape_inner; /**< Bytes that a reply escapes in a text before others; "" for none. */
    const char *escape_last; /**< The same in a text that is the last parameter. */
};

/** All commands of a product. */
struct dtu_param_table {
    const struct dtu_param *rows;   /**< Sorted by name as `strcmp` does. */
    uint16_t count;                 /**< How many. */
    uint16_t values_size;           /**< Bytes in one set of values. */
    struct dtu_param_syntax syntax; /**< See there. */
};

/** The values of one device. The fields are private. */
struct dtu_params {
    const struct dtu_param_table *table; /**< private */
    uint8_t *running;                    /**< private */
    uint8_t *pending;                    /**< private */
};

/** Sets of values. */
enum dtu_param_set {
    DTU_PARAMS_RUNNING, /**< what the engines work with */
    DTU_PARAMS_PENDING  /**< what users set and query */
};

/** Sets up the values of a device: both sets at their defaults.
 * @param p       the values
 * @param table   must outlive them
 * @param running memory of `values_size` bytes
 * @param pending the same
 * @return DTU_OK, or DTU_ERR_CONFIG if memory is missing or a default of the table is not legal */
enum dtu_status dtu_params_init(struct dtu_params *p, const struct dtu_param_table *table,
                                uint8_t *running, uint8_t *pending);

/** Finds a row by the name of its command, upper and lower case being the same.
 * @param table the table
 * @param name  the name
 * @param len   its length in bytes
 * @return the row; for another spelling the row that counts; NULL if there is none.
 *         Cost: O(log n) comparisons */
const struct dtu_param *dtu_params_find(const struct dtu_param_table *table, const uint8_t *name,
                                        size_t len);

/** Finds a row by its id.
 * @param table the table
 * @param id    the id
 * @return the first row with it, or NULL. Cost: O(n), meant for start-up */
const struct dtu_param *dtu_params_by_id(const struct dtu_param_table *table, uint8_t id);

/** Checks a value and makes it the pending one. Nothing changes unless all of it is legal.
 * @param p    the values
 * @param row  a SETTING, VIEW or SECRET
 * @param text the parameters as in a set command, behind the `=`
 * @param len  their length in bytes
 * @return DTU_OK; DTU_ERR_FORM if the row has no values; DTU_ERR_COUNT if there are too many or too
 *         few parameters; DTU_ERR_MISSING if a required one is empty; DTU_ERR_TYPE if one is no
 *         number, no hex, badly quoted or has a 00 byte; DTU_ERR_RANGE if one is none of the words
 *         or numbers, negative, too small, too large, too short or too long */
enum dtu_status dtu_params_set(struct dtu_params *p, const struct dtu_param *row,
                               const uint8_t *text, size_t len);

/** As dtu_params_set(), but takes back whatever a query has answered: also a row's own default,
 * which may be shorter than what a user may set. For values that were kept as text.
 * @param p    the values
 * @param row  a SETTING, VIEW or SECRET
 * @param text the parameters as a query answered them
 * @param len  their length in bytes
 * @return as dtu_params_set() */
enum dtu_status dtu_params_load(struct dtu_params *p, const struct dtu_param *row,
                                const uint8_t *text, size_t len);

/** A value of one field, for programs. */
struct dtu_param_value {
    const struct dtu_param *row; /**< A SETTING, VIEW or SECRET without places. */
    uint8_t field;               /**< Which of its fields, from 0; not of type DATA. */
    const uint8_t *bytes;        /**< ENUM: the word, in either case. TEXT, HEX, IP, MAC: the bytes
                                      meant, with nothing escaped; may be NULL if there are none. */
    size_t len;                  /**< How many bytes. */
    uint32_t number;             /**< CHOICE and NUMBER: the number. */
};

/** Checks a value without the text of a command: nothing is split at commas or unescaped. Still a
 * text must be one that a command of the product can carry, or a query would answer and the store
 * would keep another: on K7 that is none with a comma in front of other fields, nor what
 * dtu_escape_can_write() says no to.
 * @param table the table
 * @param value the value, of a row of the table
 * @return DTU_OK; DTU_ERR_FORM for another row or field, also if the row is NULL; DTU_ERR_TYPE if a
 *         text has a 00 byte that its field does not allow, or that no command can carry;
 *         DTU_ERR_RANGE as dtu_params_set(), also for an address that has not 4 or 6 bytes */
enum dtu_status dtu_params_check_value(const struct dtu_param_table *table,
                                       const struct dtu_param_value *value);

/** Checks a value and makes it the pending one of its field; the row's other fields stay as they
 * are. Whether it is legal never depends on them: to set all of several or none, check each first.
 * @param p     the values
 * @param value as dtu_params_check_value(); its bytes must not lie in the field's pending value
 * @return as dtu_params_check_value(); nothing changes unless it is DTU_OK */
enum dtu_status dtu_params_set_value(struct dtu_params *p, const struct dtu_param_value *value);

/** Checks the parameters of any row with fields as dtu_params_set() does, and changes nothing.
 * @param table the table
 * @param row   a row
 * @param text  the parameters
 * @param len   their length in bytes
 * @return as dtu_params_set(); DTU_ERR_FORM if the row has no fields */
enum dtu_status dtu_params_check(const struct dtu_param_table *table, const struct dtu_param *row,
                                 const uint8_t *text, size_t len);

/** One parameter of an action. */
struct dtu_argument {
    const uint8_t *text; /**< As it was written: see dtu_unescape(). NULL if it was left out. */
    size_t len;          /**< Its length in bytes. */
    uint32_t number;     /**< Of an ENUM (0 for the first word), CHOICE or NUMBER, else 0. */
};

/** Takes a parameter out of a line that dtu_params_check() has found legal.
 * @param table the table
 * @param row   its row
 * @param text  the parameters
 * @param len   their length in bytes
 * @param field which, from 0
 * @return the parameter */
struct dtu_argument dtu_params_argument(const struct dtu_param_table *table,
                                        const struct dtu_param *row, const uint8_t *text,
                                        size_t len, uint8_t field);

/** Writes a row's values as a query answers them: what is written is legal in a set command.
 * @param p     the values
 * @param set   which set
 * @param row   a SETTING, VIEW or SECRET; for others nothing is written
 * @param place which of its places, from 1, if it has any; else 0. Nothing is written if there is
 *              no such place
 * @param out   where to */
void dtu_params_write(const struct dtu_params *p, enum dtu_param_set set,
                      const struct dtu_param *row, uint8_t place, const struct dtu_text *out);

/** Whether a place of a row was never set, or emptied.
 * @param p     the values
 * @param set   which set
 * @param row   a SETTING, VIEW or SECRET
 * @param place which, as in dtu_params_write()
 * @return true also if there is no such place */
bool dtu_params_place_is_empty(const struct dtu_params *p, enum dtu_param_set set,
                               const struct dtu_param *row, uint8_t place);

/** Whether two devices of a product have the same values of a row, all of its places too.
 * @param a   the values of one
 * @param b   those of the other; of the same table
 * @param set which sets
 * @param row a SETTING, VIEW or SECRET; for others it is true
 * @return true if a query would answer the same */
bool dtu_params_same(const struct dtu_params *a, const struct dtu_params *b, enum dtu_param_set set,
                     const struct dtu_param *row);

/** Empties a row with all of its places, in the pending set: numbers are 0 then, texts empty, words
 * the first of their list. That is no default: see dtu_params_reset_row().
 * @param p   the values
 * @param row a SETTING, VIEW or SECRET */
void dtu_params_clear(struct dtu_params *p, const struct dtu_param *row);

/** Empties one place of a row, in the pending set.
 * @param p     the values
 * @param row   a SETTING, VIEW or SECRET
 * @param place which, as in dtu_params_write(); nothing changes if there is no such place */
void dtu_params_clear_place(struct dtu_params *p, const struct dtu_param *row, uint8_t place);

/** Writes the answer to `=?`, such as `<TCP,UDP>,<1~100 bytes>,<1~65535>`.
 * @param table the table, for its quotes
 * @param row   a SETTING or VIEW
 * @param out   where to */
void dtu_params_write_range(const struct dtu_param_table *table, const struct dtu_param *row,
                            const struct dtu_text *out);

/** The running value of an ENUM (0 for the first word), CHOICE or NUMBER.
 * @param p     the values
 * @param row   a SETTING or VIEW; NULL gives 0
 * @param field which field, from 0
 * @return the value; 0 if there is no such field or it is of another type */
uint32_t dtu_params_number(const struct dtu_params *p, const struct dtu_param *row, uint8_t field);

/** The running bytes of a TEXT, HEX, IP, MAC or DATA.
 * @param p     the values
 * @param row   a SETTING, VIEW or SECRET without places; NULL gives NULL
 * @param field which field, from 0
 * @param len   where their number goes
 * @return where they lie, until the next change; NULL and 0 if there is no such field or it is of
 *         another type */
const uint8_t *dtu_params_bytes(const struct dtu_params *p, const struct dtu_param *row,
                                uint8_t field, size_t *len);

/** One of several words.
 * @param words the words, with a comma between two
 * @param which 0 for the first of them, and so on
 * @param len   receives its length in bytes; 0 if there are not so many
 * @return where it begins */
const char *dtu_params_word(const char *words, uint32_t which, size_t *len);

/** Which of several words a field has in the running set.
 * @param p     the values
 * @param row   a row without places; may be NULL
 * @param field which of its fields, from 0
 * @param words the words, with a comma between two; upper and lower case are the same
 * @return 1 for the first of them, and so on; 0 if it is none of them, or no such field, or not of
 *         DTU_FIELD_ENUM */
unsigned dtu_params_which(const struct dtu_params *p, const struct dtu_param *row, uint8_t field,
                          const char *words);

/** Whether the running value of an ENUM is a certain word. Products order their words differently.
 * @param p     the values
 * @param row   a SETTING or VIEW; NULL is no word at all
 * @param field which field, from 0
 * @param word  the word, in either case
 * @return true if it is; false also if there is no such field or it is of another type */
bool dtu_params_is(const struct dtu_params *p, const struct dtu_param *row, uint8_t field,
                   const char *word);

/** The values with the pending set where the running one was, for reading what users have set.
 * @param p the values
 * @return a view that lasts as long as they do; it may only be read */
struct dtu_params dtu_params_pending(const struct dtu_params *p);

/** Makes one row's default pending.
 * @param p   the values
 * @param row a SETTING or SECRET */
void dtu_params_reset_row(struct dtu_params *p, const struct dtu_param *row);

/** Makes all defaults of the table pending, but for rows that are kept.
 * @param p the values */
void dtu_params_reset(struct dtu_params *p);

/** Makes all defaults of the table pending, also for rows that are kept.
 * @param p the values */
void dtu_params_reset_all(struct dtu_params *p);

/** Makes one row's running values the pending ones.
 * @param p   the values
 * @param row a SETTING or VIEW */
void dtu_params_revert_row(struct dtu_params *p, const struct dtu_param *row);

/** Makes the pending set the running one.
 * @param p the values */
void dtu_params_apply(struct dtu_params *p);

/** Makes one row's pending values the running ones.
 * @param p   the values
 * @param row a SETTING or VIEW */
void dtu_params_apply_row(struct dtu_params *p, const struct dtu_param *row);

/** How many bytes a field takes in a set of values.
 * @param field the field
 * @return bytes */
size_t dtu_param_field_size(const struct dtu_param_field *field);

#ifdef __cplusplus
}
#endif

#endif
