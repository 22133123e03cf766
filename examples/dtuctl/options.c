/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "usage.h"

enum {
    KNOWN_MAX = 64,   /* options that there can be */
    KNOWN_FIRST = 256 /* what getopt_long() says of the first; less: it has complained */
};

static enum options_result wrong(const char *what, const char *text)
{
    char visible[VISIBLE_SIZE(256)];
    output_visible(visible, sizeof visible, text, strlen(text));
    complain("%s: %s (see dtuctl --help)", visible, what);
    return OPTIONS_WRONG;
}

/* --- Values --------------------------------------------------------------------------------- */

/* Where a value comes from, and where it goes. */
struct source {
    const struct command_option *option;
    const char *name; /* of the option or of the environment variable, for messages */
    void *to;         /* in struct options */
};

static bool is_number(uint32_t *value, const char *text, uint32_t min, uint32_t max)
{
    return dtu_parse_decimal((const uint8_t *)text, strlen(text), value) == DTU_OK &&
           *value >= min && *value <= max;
}

static enum options_result parse_number(const struct source *s, const char *text)
{
    const struct command_option *option = s->option;
    uint32_t number;
    char what[80];

    if (is_number(&number, text, option->min, option->max)) {
        *(uint32_t *)s->to = number;
        return OPTIONS_RUN;
    }
    snprintf(what, sizeof what, "%s takes %lu to %lu", s->name, (unsigned long)option->min,
             (unsigned long)option->max);
    return wrong(what, text);
}

static enum options_result parse_address(const struct source *s, const char *text)
{
    struct address *address = s->to;
    char what[80];

    address->given = true;
    if (inet_pton(AF_INET, text, &address->ip) == 1)
        return OPTIONS_RUN;
    snprintf(what, sizeof what, "%s takes an IPv4 address", s->name);
    return wrong(what, text);
}

/* Half of a login; it is not repeated in a message, for it may be a password. */
static enum options_result parse_login(const struct source *s, const char *text)
{
    size_t len = strlen(text);
    if (len > DTU_DISCOVERY_LOGIN_LEN) {
        complain("%s: at most %d characters (see dtuctl --help)", s->name, DTU_DISCOVERY_LOGIN_LEN);
        return OPTIONS_WRONG;
    }
    memset(s->to, 0, DTU_DISCOVERY_LOGIN_LEN + 1);
    memcpy(s->to, text, len);
    return OPTIONS_RUN;
}

bool options_endpoint(struct endpoint *e, const char *text, uint32_t fallback)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
    uint32_t port = fallback;

    if (colon != NULL && !is_number(&port, colon + 1, 1, 65535))
        return false;
    if (port == 0 || len == 0 || len >= sizeof e->host || memchr(text, ':', len) != NULL)
        return false;
    memcpy(e->host, text, len);
    e->host[len] = '\0';
    e->text = text;
    e->port = (uint16_t)port;
    return true;
}

static enum options_result parse_endpoint(const struct source *s, const char *text)
{
    char what[80];
    if (options_endpoint(s->to, text, s->option->min))
        return OPTIONS_RUN;
    snprintf(what, sizeof what, "%s takes %s, the port being 1 to 65535", s->name,
             s->option->argument);
    return wrong(what, text);
}

/* A path may have commas of its own: what is behind the last one counts, if it is a number. */
/* "8N1" and the like. */
static bool parse_frame(struct dtu_uart *uart, const char *text)
{
    static const char parities[] = "NOEMS"; /* in the order of enum dtu_parity */
    const char *parity;

    if (strlen(text) != 3 || text[0] < '5' || text[0] > '8' || text[2] < '1' || text[2] > '2')
        return false;
    parity = memchr(parities, text[1] & ~0x20, sizeof parities - 1);
    if (parity == NULL)
        return false;
    uart->data_bits = (uint8_t)(text[0] - '0');
    uart->parity = (uint8_t)(parity - parities);
    uart->stop_bits = (uint8_t)(text[2] - '0');
    return true;
}

/* What stands behind the device: "BAUD" or "BAUD,8N1". */
static bool parse_uart(struct dtu_uart *uart, char *text)
{
    char *comma = strchr(text, ',');

    if (comma != NULL)
        *comma = '\0';
    return is_number(&uart->baud, text, 1, UINT32_MAX) &&
           (comma == NULL || parse_frame(uart, comma + 1));
}

static enum options_result parse_tty(const struct source *s, char *text)
{
    struct tty *tty = s->to;
    char *comma = strchr(text, ',');

    *tty = (struct tty){.path = text, .uart = {.baud = 115200, .data_bits = 8, .stop_bits = 1}};
    if (comma != NULL)
        *comma = '\0';
    if (*text == '\0' || (comma != NULL && !parse_uart(&tty->uart, comma + 1)))
        return wrong("--tty takes DEV[,BAUD[,8N1]], such as /dev/ttyUSB0,9600", text);
    return OPTIONS_RUN;
}

static enum options_result parse_profile(const struct source *s, const char *text)
{
    const struct dtu_profile **profile = s->to;
    char what[200] = "the profiles are ";

    *profile = dtu_profile_find(text);
    if (*profile != NULL)
        return OPTIONS_RUN;
    usage_profile_names(what + strlen(what), sizeof what - strlen(what));
    return wrong(what, text);
}

static enum options_result parse_value(struct options *o, const struct command_option *option,
                                       const char *name, char *text)
{
    const struct source source = {option, name, (char *)o + option->offset};

    switch (option->value) {
    case VALUE_FLAG:
        *(bool *)source.to = true;
        return OPTIONS_RUN;
    case VALUE_NUMBER:
        return parse_number(&source, text);
    case VALUE_TEXT:
    case VALUE_FILE:
        *(const char **)source.to = text;
        return *text != '\0' ? OPTIONS_RUN : wrong("is empty", name);
    case VALUE_LOGIN:
        return parse_login(&source, text);
    case VALUE_ADDRESS:
        return parse_address(&source, text);
    case VALUE_ENDPOINT:
        return parse_endpoint(&source, text);
    case VALUE_TTY:
        return parse_tty(&source, text);
    case VALUE_PROFILE:
        return parse_profile(&source, text);
    case VALUE_HELP:
        usage_print_command(o->command);
        return OPTIONS_DONE;
    case VALUE_VERSION:
        usage_print_version();
        return OPTIONS_DONE;
    }
    return OPTIONS_WRONG;
}

/* What counts if the option is not given. */
static enum options_result parse_defaults(struct options *o)
{
    const struct command_option *option;

    for (size_t i = 0; (option = table_option(i)) != NULL; i++) {
        char *text = option->environment != NULL ? getenv(option->environment) : NULL;
        const char *name = text != NULL ? option->environment : option->name;

        if ((option->commands & o->command->id) == 0)
            continue;
        if (text == NULL)
            text = (char *)option->initial; /* it is read alone: no tty has a default */
        if (text != NULL && parse_value(o, option, name, text) != OPTIONS_RUN)
            return OPTIONS_WRONG;
    }
    return OPTIONS_RUN;
}

/* --- Words ---------------------------------------------------------------------------------- */

/* 12 hex digits; : or - may stand between the pairs. */
static bool parse_mac(uint8_t mac[6], const char *text)
{
    size_t len = strlen(text);
    char between = len == 17 ? text[2] : '\0';
    size_t step = between != '\0' ? 3 : 2;

    if (len != 12 && (len != 17 || (between != ':' && between != '-')))
        return false;
    for (size_t i = 0; i < 6; i++) {
        const char *pair = text + i * step;
        uint8_t high = dtu_parse_hex_digit((uint8_t)pair[0]);
        uint8_t low = dtu_parse_hex_digit((uint8_t)pair[1]);
        if (high > 15 || low > 15 || (between != '\0' && i < 5 && pair[2] != between))
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static enum options_result parse_target(struct target *target, const char *text)
{
    target->text = text;
    target->is_mac = parse_mac(target->mac, text);
    if (target->is_mac || inet_pton(AF_INET, text, &target->ip) == 1)
        return OPTIONS_RUN;
    return wrong("neither a MAC (12 hex digits) nor an IPv4 address", text);
}

static enum options_result parse_first(struct options *o, const char *text)
{
    switch (o->command->first) {
    case WORD_MODULE:
        return parse_target(&o->target, text);
    case WORD_ENDPOINT:
        return options_endpoint(&o->endpoint, text, 0)
                   ? OPTIONS_RUN
                   : wrong("is not HOST:PORT, the port being 1 to 65535", text);
    default:
        return OPTIONS_RUN;
    }
}

/* What is left when the options are taken out. */
static enum options_result parse_words(struct options *o, size_t count, char **words)
{
    const struct command *command = o->command;
    bool is_parsed = command->first == WORD_MODULE || command->first == WORD_ENDPOINT;

    if (count > command->words_max)
        return wrong(command->surplus, words[command->words_max]);
    if (count == 0 && command->missing[0] != NULL)
        return wrong(command->missing[0], command->name);
    if (count > 0 && parse_first(o, words[0]) != OPTIONS_RUN)
        return OPTIONS_WRONG;
    if (count > 0 && count < WORDS_NEEDED_MAX && command->missing[count] != NULL)
        return wrong(command->missing[count], words[count - 1]);
    o->words = words + is_parsed;
    o->word_count = count - is_parsed;
    return OPTIONS_RUN;
}

/* --- Options -------------------------------------------------------------------------------- */

/* The options of all commands, for one of another command gets a message of its own. */
struct known {
    struct option list[KNOWN_MAX + 1];
    bool given[KNOWN_MAX];
    size_t count;
};

static bool is_known(const struct known *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->list[i].name, name) == 0)
            return true;
    return false;
}

static bool list_known(struct known *known)
{
    const struct command_option *option;

    *known = (struct known){.count = 0};
    for (size_t i = 0; (option = table_option(i)) != NULL; i++) {
        if (is_known(known, option->name))
            continue;
        if (known->count == KNOWN_MAX)
            return false;
        known->list[known->count] =
            (struct option){.name = option->name,
                            .has_arg = option->argument != NULL ? required_argument : no_argument,
                            .val = KNOWN_FIRST + (int)known->count};
        known->count++;
    }
    return true;
}

static enum options_result parse_option(struct options *o, const char *name, char *text)
{
    const struct command_option *option = table_find_option(o->command, name);
    char dashed[40];

    if (option == NULL) {
        complain("--%s: not an option of %s (see dtuctl %s --help)", name, o->command->name,
                 o->command->name);
        return OPTIONS_WRONG;
    }
    snprintf(dashed, sizeof dashed, "--%s", name);
    return parse_value(o, option, dashed, text);
}

static enum options_result check_needed(const struct options *o, const struct known *known)
{
    for (size_t i = 0; i < known->count; i++) {
        const struct command_option *option = table_find_option(o->command, known->list[i].name);
        if (option != NULL && (option->needed & o->command->id) != 0 && !known->given[i]) {
            complain("%s: --%s %s is needed (see dtuctl %s --help)", o->command->name, option->name,
                     option->argument, o->command->name);
            return OPTIONS_WRONG;
        }
    }
    return OPTIONS_RUN;
}

/* Whether there is one way to one module, or none for a command that compares two files. */
static enum options_result check_pipe(const struct options *o)
{
    const struct command *command = o->command;
    int ways =
        (o->tty.path != NULL) + (o->udp.text != NULL) + (o->tcp.text != NULL) + (o->listen != 0);
    bool is_needed = command->pipe == PIPE_NEEDED ||
                     (command->pipe == PIPE_OR_WORD && o->word_count < command->words_max);

    if (ways > 1)
        return wrong("only one of --tty, --udp, --tcp and --listen leads to the module",
                     command->name);
    if (is_needed && ways == 0)
        return wrong("where is the module? --tty, --udp, --tcp or --listen is needed",
                     command->name);
    if (!is_needed && ways > 0)
        return wrong("two files are compared, or a module and a file", command->name);
    if (o->listen != 0 && o->prefix == NULL)
        return wrong("commands among data are marked by a password: --prefix is needed",
                     "--listen");
    return OPTIONS_RUN;
}

static enum options_result parse_options(struct options *o, int argc, char **argv)
{
    struct known known;
    enum options_result result;
    int option;

    if (!list_known(&known))
        return wrong("too many", "options");
    while ((option = getopt_long(argc, argv, "", known.list, NULL)) != -1) {
        if (option < KNOWN_FIRST) { /* getopt_long has said what is wrong */
            complain("see dtuctl %s --help", o->command->name);
            return OPTIONS_WRONG;
        }
        known.given[option - KNOWN_FIRST] = true;
        result = parse_option(o, known.list[option - KNOWN_FIRST].name, optarg);
        if (result != OPTIONS_RUN)
            return result;
    }
    result = parse_words(o, (size_t)(argc - optind), argv + optind);
    if (result == OPTIONS_RUN)
        result = check_needed(o, &known);
    return result == OPTIONS_RUN ? check_pipe(o) : result;
}

enum options_result options_parse(struct options *o, int argc, char **argv)
{
    char names[200];

    *o = (struct options){.command = NULL};
    usage_command_names(names, sizeof names);
    if (argc < 2) {
        complain("a command is needed: %s (see dtuctl --help)", names);
        return OPTIONS_WRONG;
    }
    if (strcmp(argv[1], "--help") == 0) {
        usage_print();
        return OPTIONS_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        usage_print_version();
        return OPTIONS_DONE;
    }
    o->command = table_find_command(argv[1]);
    if (o->command == NULL) {
        char what[240];
        snprintf(what, sizeof what, "the commands are %s", names);
        return wrong(what, argv[1]);
    }
    if (parse_defaults(o) != OPTIONS_RUN)
        return OPTIONS_WRONG;
    argv[1] = argv[0]; /* getopt puts it in front of its messages */
    return parse_options(o, argc - 1, argv + 1);
}
