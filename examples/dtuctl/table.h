/* SPDX-License-Identifier: MIT */
/* The commands and options of dtuctl as constant tables. The parser, the checks, --help, the man
 * page and the completion of the shell are made from them and from nothing else. */
#ifndef DTUCTL_TABLE_H
#define DTUCTL_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct options;

/* Bits, so that an option can say which commands take it. */
enum command_id {
    COMMAND_SCAN = 1,
    COMMAND_SHOW = 2,
    COMMAND_SET = 4,
    COMMAND_RESTART = 8,
    COMMAND_AT = 16,
    COMMAND_DUMP = 32,
    COMMAND_RESTORE = 64,
    COMMAND_DIFF = 128,
    COMMAND_PROVISION = 256,
    COMMAND_VCOM = 512,
    COMMAND_HELP = 1024
};

/* What the first word behind a command is. */
enum first_word {
    WORD_TEXT,
    WORD_MODULE,   /* MAC or IP: options.target */
    WORD_ENDPOINT, /* HOST:PORT: options.endpoint */
    WORD_FILE,     /* so are the words behind it */
    WORD_AT,       /* an AT command, and so are those behind it */
    WORD_TOPIC     /* what there is help for */
};

/* The way to the one module that a command talks to: --tty, --udp or --tcp. */
enum pipe_use {
    PIPE_NONE,
    PIPE_NEEDED,
    PIPE_OR_WORD /* a module, or one word more */
};

/* So many words are needed at most; see struct command. */
#define WORDS_NEEDED_MAX 2
#define WORDS_ANY SIZE_MAX

/* One command. */
struct command {
    const char *name;
    enum command_id id;
    const char *words;   /* what stands behind it; "" for options alone */
    const char *summary; /* one line */
    const char *about;   /* what it does, in sentences; paragraphs end with a newline */
    const char *example; /* command lines without the name of the program, a newline each */
    int (*run)(const struct options *o);   /* returns the exit status; NULL: not there yet, and
                                              neither listed nor accepted */
    const char *missing[WORDS_NEEDED_MAX]; /* what to say if there are 0 words, 1 word: as many
                                              are needed as there are texts here */
    size_t words_max;                      /* WORDS_ANY: no limit */
    const char *surplus;                   /* what to say of the first that is too many */
    enum first_word first;
    enum pipe_use pipe;
};

/* How the value of an option is read, and what is at its offset in struct options. */
enum value {
    VALUE_FLAG,     /* bool; has no value */
    VALUE_NUMBER,   /* uint32_t, from min to max */
    VALUE_TEXT,     /* const char * */
    VALUE_FILE,     /* the same */
    VALUE_LOGIN,    /* half of a struct login */
    VALUE_ADDRESS,  /* struct address */
    VALUE_ENDPOINT, /* struct endpoint; min is the port if none is given, 0: one must be */
    VALUE_TTY,      /* struct tty */
    VALUE_PROFILE,  /* const struct dtu_profile * */
    VALUE_HELP,
    VALUE_VERSION
};

/* One option. A name may have several rows, for different commands, that agree in whether there is
 * a value. */
struct command_option {
    const char *name;        /* without the dashes */
    const char *argument;    /* what the help calls its value; NULL: it has none */
    const char *help;        /* one sentence or more, the first without a capital */
    unsigned commands;       /* which take it: of enum command_id */
    unsigned needed;         /* which cannot do without it, and its value */
    const char *environment; /* the variable that counts if the option is not given, or NULL */
    const char *initial;     /* and what counts without both, or NULL */
    enum value value;
    size_t offset; /* in struct options */
    uint32_t min;
    uint32_t max;
};

/* What an exit status means. */
struct exit_status {
    const char *number;
    const char *meaning;
};

/* At an index from 0; NULL behind the last. */
const struct exit_status *table_exit_status(size_t index);

/* The command at an index from 0, of those that are there; NULL behind the last. */
const struct command *table_command(size_t index);

/* By its name; NULL: there is none. */
const struct command *table_find_command(const char *name);

/* The option at an index from 0, of those that some command takes; NULL behind the last. */
const struct command_option *table_option(size_t index);

/* An option of a command, by its name; NULL: the command does not take it. */
const struct command_option *table_find_option(const struct command *command, const char *name);

#endif
