/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "output.h"

static const char usage[] =
    "Usage: dtuctl scan [option]...\n"
    "       dtuctl show MAC|IP [option]...\n"
    "       dtuctl set MAC|IP NAME=VALUE... [option]...\n"
    "       dtuctl restart MAC|IP [option]...\n"
    "       dtuctl help [COMMAND|fields]\n"
    "Find, read and set serial-to-network modules of the USR-K7 family on this network.\n"
    "\n"
    "  scan      who is there: address, MAC, name, version, board\n"
    "  show      every setting of a module, by name\n"
    "  set       read, change, write, save, restart, read back and compare\n"
    "  restart   restart a module and wait until it answers again\n"
    "\n"
    "dtuctl COMMAND --help tells the options of a command, dtuctl help fields what can be set.\n"
    "Exit status: 0 done, 1 the module refused or something failed, 2 wrong use, 3 no answer,\n"
    "130 interrupted.\n";

static const char scan_usage[] =
    "Usage: dtuctl scan [option]...\n"
    "Asks all modules of this network who they are, and prints a table.\n"
    "\n"
    "  --wait MS     how long to wait for answers; 1000. The question is sent 3 times in it\n";

static const char show_usage[] = "Usage: dtuctl show MAC|IP [option]...\n"
                                 "Prints every setting of a module, by name.\n"
                                 "\n";

static const char set_usage[] =
    "Usage: dtuctl set MAC|IP NAME=VALUE... [option]...\n"
    "Reads the settings of a module, changes them, writes and saves what changed, restarts the\n"
    "module, reads back and compares. Values are checked before anything is written.\n"
    "\n"
    "  --dry-run     say what would change, and write nothing\n";

static const char restart_usage[] = "Usage: dtuctl restart MAC|IP [option]...\n"
                                    "Restarts a module and waits until it answers again.\n"
                                    "\n";

static const char restart_options[] =
    "  --wait-restart MS  how long the module may take to be back; 10000\n";

static const char ask_options[] =
    "  --user U, --password P\n"
    "                the module's login, at most 5 characters each; admin and admin. Better in "
    "the\n"
    "                environment, DTUCTL_USER and DTUCTL_PASSWORD: others can read a command line\n"
    "  --tries N     how often a request is sent before it is given up; 3\n"
    "  --timeout MS  how long each try waits for an answer; 500\n";

static const char secret_options[] = "  --show-password  print passwords instead of *****\n";

static const char common_options[] =
    "  --to ADDR     where to broadcast; 255.255.255.255 and each interface's own address\n"
    "  --port N      UDP port: 1901 of K7, 1500 of its siblings TCP232-302, T2, K2, K6\n"
    "  --json        for programs\n"
    "  --help, --version\n";

enum {
    OPTION_TO = 256,
    OPTION_PORT,
    OPTION_WAIT,
    OPTION_TRIES,
    OPTION_TIMEOUT,
    OPTION_WAIT_RESTART,
    OPTION_JSON,
    OPTION_DRY_RUN,
    OPTION_SHOW_PASSWORD,
    OPTION_USER,
    OPTION_PASSWORD,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct {
    const char *name;
    enum command command;
} commands[] = {{"scan", COMMAND_SCAN},
                {"show", COMMAND_SHOW},
                {"set", COMMAND_SET},
                {"restart", COMMAND_RESTART}};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static enum options_result wrong(const char *what, const char *text)
{
    char visible[VISIBLE_SIZE(256)];
    output_visible(visible, sizeof visible, text, strlen(text));
    complain("%s: %s (see dtuctl --help)", visible, what);
    return OPTIONS_WRONG;
}

static const char *command_name(enum command command)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (commands[i].command == command)
            return commands[i].name;
    return "";
}

static bool find_command(enum command *command, const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            *command = commands[i].command;
            return true;
        }
    }
    return false;
}

/* --- Help ----------------------------------------------------------------------------------- */

static enum options_result print_command_usage(enum command command)
{
    switch (command) {
    case COMMAND_SCAN:
        fputs(scan_usage, stdout);
        break;
    case COMMAND_SHOW:
        fputs(show_usage, stdout);
        break;
    case COMMAND_SET:
        fputs(set_usage, stdout);
        break;
    case COMMAND_RESTART:
        fputs(restart_usage, stdout);
        break;
    }
    if (command == COMMAND_SET || command == COMMAND_RESTART)
        fputs(restart_options, stdout);
    if (command != COMMAND_SCAN)
        fputs(ask_options, stdout);
    if (command == COMMAND_SHOW || command == COMMAND_SET)
        fputs(secret_options, stdout);
    fputs(common_options, stdout);
    if (command == COMMAND_SET) {
        putchar('\n');
        fields_print_help();
    }
    return OPTIONS_DONE;
}

static enum options_result print_usage(void)
{
    fputs(usage, stdout);
    return OPTIONS_DONE;
}

/* "dtuctl help", and what may stand behind it. */
static enum options_result help(const char *topic)
{
    enum command command;
    if (topic == NULL)
        return print_usage();
    if (strcmp(topic, "fields") == 0) {
        fields_print_help();
        return OPTIONS_DONE;
    }
    if (!find_command(&command, topic))
        return wrong("there is help for scan, show, set, restart and fields", topic);
    return print_command_usage(command);
}

/* --- Values --------------------------------------------------------------------------------- */

static enum options_result parse_number(uint32_t *value, const char *name, const char *text,
                                        uint32_t min, uint32_t max)
{
    uint32_t number;
    if (dtu_parse_decimal((const uint8_t *)text, strlen(text), &number) != DTU_OK || number < min ||
        number > max) {
        char what[80];
        snprintf(what, sizeof what, "%s takes %lu to %lu", name, (unsigned long)min,
                 (unsigned long)max);
        return wrong(what, text);
    }
    *value = number;
    return OPTIONS_RUN;
}

static enum options_result parse_port(uint16_t *port, const char *text)
{
    uint32_t number;
    if (parse_number(&number, "--port", text, 1, 65535) != OPTIONS_RUN)
        return OPTIONS_WRONG;
    *port = (uint16_t)number;
    return OPTIONS_RUN;
}

static enum options_result parse_to(struct options *o, const char *text)
{
    if (inet_pton(AF_INET, text, &o->to) != 1)
        return wrong("--to takes an IPv4 address", text);
    o->has_to = true;
    return OPTIONS_RUN;
}

/* Half of a login; it is not repeated in a message, for it may be a password. */
static enum options_result parse_login(uint8_t to[DTU_DISCOVERY_LOGIN_LEN + 1], const char *name,
                                       const char *text)
{
    size_t len = strlen(text);
    if (len > DTU_DISCOVERY_LOGIN_LEN) {
        complain("%s: at most %d characters (see dtuctl --help)", name, DTU_DISCOVERY_LOGIN_LEN);
        return OPTIONS_WRONG;
    }
    memset(to, 0, DTU_DISCOVERY_LOGIN_LEN + 1);
    memcpy(to, text, len);
    return OPTIONS_RUN;
}

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

/* --- Options -------------------------------------------------------------------------------- */

enum {
    ALL = COMMAND_SCAN | COMMAND_SHOW | COMMAND_SET | COMMAND_RESTART,
    ASKS = COMMAND_SHOW | COMMAND_SET | COMMAND_RESTART
};

static const struct option known[] = {
    {"to", required_argument, NULL, OPTION_TO},
    {"port", required_argument, NULL, OPTION_PORT},
    {"wait", required_argument, NULL, OPTION_WAIT},
    {"tries", required_argument, NULL, OPTION_TRIES},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"wait-restart", required_argument, NULL, OPTION_WAIT_RESTART},
    {"json", no_argument, NULL, OPTION_JSON},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"show-password", no_argument, NULL, OPTION_SHOW_PASSWORD},
    {"user", required_argument, NULL, OPTION_USER},
    {"password", required_argument, NULL, OPTION_PASSWORD},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* Which commands take an option. */
static int takers(int option)
{
    switch (option) {
    case OPTION_WAIT:
        return COMMAND_SCAN;
    case OPTION_TRIES:
    case OPTION_TIMEOUT:
    case OPTION_USER:
    case OPTION_PASSWORD:
        return ASKS;
    case OPTION_WAIT_RESTART:
        return COMMAND_SET | COMMAND_RESTART;
    case OPTION_DRY_RUN:
        return COMMAND_SET;
    case OPTION_SHOW_PASSWORD:
        return COMMAND_SHOW | COMMAND_SET;
    default:
        return ALL;
    }
}

static enum options_result check_taken(const struct options *o, int option, int index)
{
    if ((takers(option) & (int)o->command) != 0)
        return OPTIONS_RUN;
    complain("--%s: not an option of %s (see dtuctl %s --help)", known[index].name,
             command_name(o->command), command_name(o->command));
    return OPTIONS_WRONG;
}

static enum options_result parse_one(struct options *o, int option, const char *text)
{
    switch (option) {
    case OPTION_TO:
        return parse_to(o, text);
    case OPTION_PORT:
        return parse_port(&o->port, text);
    case OPTION_WAIT:
        return parse_number(&o->wait_ms, "--wait", text, 1, 600000);
    case OPTION_TRIES:
        return parse_number(&o->tries, "--tries", text, 1, 100);
    case OPTION_TIMEOUT:
        return parse_number(&o->timeout_ms, "--timeout", text, 1, 60000);
    case OPTION_WAIT_RESTART:
        return parse_number(&o->wait_restart_ms, "--wait-restart", text, 1, 600000);
    case OPTION_JSON:
        o->json = true;
        return OPTIONS_RUN;
    case OPTION_DRY_RUN:
        o->dry_run = true;
        return OPTIONS_RUN;
    case OPTION_SHOW_PASSWORD:
        o->show_password = true;
        return OPTIONS_RUN;
    case OPTION_USER:
        return parse_login(o->login.user, "--user", text);
    case OPTION_PASSWORD:
        return parse_login(o->login.password, "--password", text);
    case OPTION_HELP:
        return print_command_usage(o->command);
    case OPTION_VERSION:
        printf("dtuctl %s\n", dtu_version());
        return OPTIONS_DONE;
    default: /* getopt_long has said what is wrong */
        complain("see dtuctl %s --help", command_name(o->command));
        return OPTIONS_WRONG;
    }
}

static enum options_result parse_environment(struct options *o)
{
    const char *user = getenv("DTUCTL_USER");
    const char *password = getenv("DTUCTL_PASSWORD");

    if (parse_login(o->login.user, "DTUCTL_USER", user != NULL ? user : "admin") != OPTIONS_RUN)
        return OPTIONS_WRONG;
    return parse_login(o->login.password, "DTUCTL_PASSWORD", password != NULL ? password : "admin");
}

/* What is left when the options are taken out. */
static enum options_result parse_words(struct options *o, int count, char **words)
{
    if (o->command == COMMAND_SCAN)
        return count == 0 ? OPTIONS_RUN : wrong("scan takes options alone", words[0]);
    if (count == 0)
        return wrong("which module? Its MAC or its IP address is needed", command_name(o->command));
    if (parse_target(&o->target, words[0]) != OPTIONS_RUN)
        return OPTIONS_WRONG;
    o->settings = words + 1;
    o->setting_count = (size_t)count - 1;
    if (o->command == COMMAND_SET)
        return count > 1 ? OPTIONS_RUN : wrong("nothing to set: NAME=VALUE is needed", words[0]);
    return count == 1 ? OPTIONS_RUN : wrong("one module at a time", words[1]);
}

static enum options_result parse_options(struct options *o, int argc, char **argv)
{
    int option, index = 0;
    while ((option = getopt_long(argc, argv, "", known, &index)) != -1) {
        enum options_result result = OPTIONS_RUN;
        if (option != '?')
            result = check_taken(o, option, index);
        if (result == OPTIONS_RUN)
            result = parse_one(o, option, optarg);
        if (result != OPTIONS_RUN)
            return result;
    }
    return parse_words(o, argc - optind, argv + optind);
}

enum options_result options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){.port = DTU_DISCOVERY_PORT,
                          .wait_ms = 1000,
                          .tries = 3,
                          .timeout_ms = 500,
                          .wait_restart_ms = 10000};
    if (argc < 2) {
        complain("a command is needed: scan, show, set or restart (see dtuctl --help)");
        return OPTIONS_WRONG;
    }
    if (strcmp(argv[1], "--help") == 0)
        return print_usage();
    if (strcmp(argv[1], "--version") == 0)
        return parse_one(o, OPTION_VERSION, NULL);
    if (strcmp(argv[1], "help") == 0)
        return help(argv[2]);
    if (!find_command(&o->command, argv[1]))
        return wrong("the commands are scan, show, set and restart", argv[1]);
    if (parse_environment(o) != OPTIONS_RUN)
        return OPTIONS_WRONG;
    argv[1] = argv[0]; /* getopt puts it in front of its messages */
    return parse_options(o, argc - 1, argv + 1);
}
