/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_FIELDS_H
#define DTUCTL_FIELDS_H

#include "dtu/discovery.h"

#include "output.h"

/* Which block of an answer, in the order in which they are written: the basic block last, for some
 * modules use its address and login at once. */
enum block_id { BLOCK_PORT0, BLOCK_PORT1, BLOCK_CLOUD, BLOCK_BASIC, BLOCKS };

/* All settings of a module. */
struct settings {
    bool have[BLOCKS];
    union dtu_discovery_block block[BLOCKS];
};

enum field_kind { FIELD_NUMBER, FIELD_WORD, FIELD_IP, FIELD_MAC, FIELD_TEXT, FIELD_HEX };

/* A setting with a name. */
struct field {
    const char *name;
    enum block_id block; /* that of port 0 stands for both ports */
    uint16_t offset;     /* in the struct of the block */
    uint8_t size;        /* there, in bytes */
    enum field_kind kind;
    bool read_only;
    bool secret;
    uint8_t mask;             /* of a number or word that is a part of a byte; 0: all */
    const struct word *words; /* of a FIELD_WORD; the last one has no text */
    const char *row;          /* the AT command of K7 that sets it; NULL: there is none */
    uint8_t row_field;        /* which of its parameters */
    const char *help;
};

/* A word for a number. */
struct word {
    const char *text;
    uint8_t value;
};

/* A name=value of the command line. */
struct assignment {
    const struct field *field;
    enum block_id block;
    const char *text;  /* as it was written */
    const char *value; /* in it, behind the = */
};

/* Room for any value in text. */
enum { FIELD_TEXT_SIZE = VISIBLE_SIZE(32) };

/* All fields, in the order of the bytes. */
extern const struct field fields[];
extern const size_t field_count;

const char *block_name(enum block_id block);
enum dtu_discovery_command block_command(enum block_id block);

/* Whether a block has the field: both ports have the same. */
bool field_is_of(const struct field *f, enum block_id block);

/* Finds the field that is set by name=value. A message was printed if it is false. */
bool field_find(struct assignment *a, const char *text);

/* Puts the value into the block. A message was printed if it is false. */
bool field_assign(const struct assignment *a, union dtu_discovery_block *block);

/* A value for people. A secret one is hidden unless it is to be shown. */
void field_format(const struct field *f, const union dtu_discovery_block *block, bool secrets,
                  char out[FIELD_TEXT_SIZE]);
void field_json(struct json *j, const char *name, const struct field *f,
                const union dtu_discovery_block *block, bool secrets);

bool field_is_equal(const struct field *f, const union dtu_discovery_block *a,
                    const union dtu_discovery_block *b);

/* What a field takes, for people. */
void field_takes(const struct field *f, char *out, size_t size);

void fields_print_help(void);

/* From and to the bytes of an answer and a request. */
void settings_get(struct settings *s, const struct dtu_discovery_layout *layout);
size_t settings_put(const struct settings *s, enum block_id block,
                    uint8_t out[DTU_DISCOVERY_BASIC_LEN]);

#endif
