/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <string.h>

#include "commands.h"

/* --- Commands ------------------------------------------------------------------------------- */

static const struct command commands[] = {
    {.name = "scan",
     .id = COMMAND_SCAN,
     .words = "",
     .summary = "who is there: address, MAC, name, version, board",
     .about = "Asks all modules of this network who they are, and prints a table sorted by "
              "address. The question is sent three times within --wait.\n",
     .example = "scan --wait 3000\n",
     .run = command_scan,
     .surplus = "scan takes options alone"},
    {.name = "show",
     .id = COMMAND_SHOW,
     .words = "MAC|IP",
     .summary = "every setting of a module, by name",
     .about = "Reads a module's settings by UDP, and prints them by name.\n",
     .example = "show D8B04C000001\n",
     .run = command_show,
     .missing = {"which module? Its MAC or its IP address is needed"},
     .words_max = 1,
     .surplus = "one module at a time",
     .first = WORD_MODULE},
    {.name = "set",
     .id = COMMAND_SET,
     .words = "MAC|IP NAME=VALUE...",
     .summary = "read, change, write, save, restart, read back and compare",
     .about = "Reads the settings of a module by UDP, changes them, writes and saves what changed, "
              "restarts the module, reads back and compares. Values are checked before anything "
              "is written. \"dtuctl help fields\" lists what can be set.\n",
     .example = "set 192.168.0.7 name=\"pump 1\" baud=9600 parity=even\n",
     .run = command_set,
     .missing = {"which module? Its MAC or its IP address is needed",
                 "nothing to set: NAME=VALUE is needed"},
     .words_max = WORDS_ANY,
     .first = WORD_MODULE},
    {.name = "restart",
     .id = COMMAND_RESTART,
     .words = "MAC|IP",
     .summary = "restart a module and wait until it answers again",
     .about = "Restarts a module by UDP, and searches until it answers again.\n",
     .example = "restart 192.168.0.7\n",
     .run = command_restart,
     .missing = {"which module? Its MAC or its IP address is needed"},
     .words_max = 1,
     .surplus = "one module at a time",
     .first = WORD_MODULE},
    {.name = "at",
     .id = COMMAND_AT,
     .words = "[AT+COMMAND]...",
     .summary = "AT commands, from the command line or from a prompt",
     .about = "Enters the module's command mode, sends the commands, prints what they answer, and "
              "leaves command mode, also after Ctrl-C. Without a command there is a prompt, with "
              "history and completion of the names that the module has.\n"
              "Commands of a network connection, and those of a UART that is in use, are marked by "
              "a password instead of command mode: --prefix.\n",
     .example = "at --tty /dev/ttyUSB0,115200 AT+VER 'AT+UART=9600,8,1,NONE,NFC'\n"
                "at --udp 192.168.0.7\n",
     .run = command_at,
     .words_max = WORDS_ANY,
     .first = WORD_AT,
     .pipe = PIPE_NEEDED},
    {.name = "dump",
     .id = COMMAND_DUMP,
     .words = "",
     .summary = "a module's whole configuration as text",
     .about = "Reads every parameter of a module, and prints one NAME=VALUE a line. Passwords are "
              "among them, as the module tells them: mind who can read the file.\n",
     .example = "dump --tty /dev/ttyUSB0 > module.conf\n",
     .run = command_dump,
     .surplus = "dump takes options alone: the configuration goes to standard output",
     .pipe = PIPE_NEEDED},
    {.name = "restore",
     .id = COMMAND_RESTORE,
     .words = "FILE",
     .summary = "make a module what a file says",
     .about = "Reads the module, shows what differs from the file, and asks. Then it writes what "
              "differs and nothing else, saves, restarts the module, reads back and compares. What "
              "the file does not name stays as it is. A restore that was cut off can be run again "
              "to the same end.\n",
     .example = "restore --tty /dev/ttyUSB0 --dry-run module.conf\n",
     .run = command_restore,
     .missing = {"which file? That of a dump is needed"},
     .words_max = 1,
     .surplus = "one file at a time",
     .first = WORD_FILE,
     .pipe = PIPE_NEEDED},
    {.name = "diff",
     .id = COMMAND_DIFF,
     .words = "FILE [FILE]",
     .summary = "how two configurations differ, or a module and a file",
     .about = "Compares two files, or a module and a file: - is how the first has it, + how the "
              "file has it that is named last. Of a module only what the file names is compared. "
              "The exit status is 1 if they differ, 2 if they cannot be compared.\n",
     .example = "diff before.conf after.conf\n"
                "diff --udp 192.168.0.7 module.conf\n",
     .run = command_diff,
     .missing = {"which file? That of a dump is needed"},
     .words_max = 2,
     .surplus = "two files at a time",
     .first = WORD_FILE,
     .pipe = PIPE_OR_WORD},
    {.name = "provision",
     .id = COMMAND_PROVISION,
     .words = "FILE",
     .summary = "one configuration for many modules",
     .about = "Restores a configuration to each module of a list, over UDP. The column host of the "
              "list is the module's address; {name} in the configuration stands for the column of "
              "that name. A result is printed for each row, and kept in a file beside the list "
              "with .result behind its name: run again, what is done there is left out.\n",
     .example = "provision --csv modules.csv module.conf\n",
     .run = command_provision,
     .missing = {"which file? A configuration is needed"},
     .words_max = 1,
     .surplus = "one file at a time",
     .first = WORD_FILE},
    {.name = "vcom",
     .id = COMMAND_VCOM,
     .words = "HOST:PORT",
     .summary = "a serial port of this machine that is a module's UART",
     .about =
         "Makes a pty for programs that want a serial port, and carries bytes between it and "
         "the module or server at HOST:PORT. The connection is made at once and made again "
         "whenever it ends; meanwhile what programs write waits. With --baud-sync or --rfc2217 "
         "the UART at the other end is set as a program sets the pty, before what it writes "
         "then. A pty shows its rate, stop bits, and parity but for even; --format says the "
         "rest.\n"
         "SIGUSR1 prints counters, and so does the end, by Ctrl-C.\n",
     .example = "vcom --link /tmp/uart --baud-sync 192.168.0.7:23\n"
                "vcom --link /tmp/uart --rfc2217 --format 7E1 server:2217\n",
     .run = command_vcom,
     .missing = {"where is the module? HOST:PORT is needed"},
     .words_max = 1,
     .surplus = "one module at a time",
     .first = WORD_ENDPOINT},
    {.name = "help",
     .id = COMMAND_HELP,
     .words = "[COMMAND|AT-NAME|fields|man|bash]",
     .summary = "what a command does, what an AT command is, what can be set",
     .about = "Of an AT command it tells what it is for on which product, what it takes, and its "
              "default: \"dtuctl help UARTFT\", also with AT+ in front.\n"
              "man prints the manual page, bash the completion for that shell: \"source "
              "<(dtuctl help bash)\".\n",
     .example = "help set\n"
                "help AT+UARTFT\n",
     .run = command_help,
     .words_max = 1,
     .surplus = "one topic at a time",
     .first = WORD_TOPIC},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* --- Options -------------------------------------------------------------------------------- */

enum {
    LAN = COMMAND_SCAN | COMMAND_SHOW | COMMAND_SET | COMMAND_RESTART,
    ASKS = COMMAND_SHOW | COMMAND_SET | COMMAND_RESTART,
    PIPE = COMMAND_AT | COMMAND_DUMP | COMMAND_RESTORE | COMMAND_DIFF,
    TALKS = PIPE | COMMAND_PROVISION, /* AT commands */
    WRITES = COMMAND_RESTORE | COMMAND_PROVISION,
    ALL = LAN | TALKS | COMMAND_VCOM | COMMAND_HELP
};

#define AT(member) .offset = offsetof(struct options, member)

static const struct command_option options[] = {
    {.name = "wait",
     .argument = "MS",
     .help = "how long to wait for answers",
     .commands = COMMAND_SCAN,
     .initial = "1000",
     .value = VALUE_NUMBER,
     AT(wait_ms),
     .min = 1,
     .max = 600000},
    {.name = "user",
     .argument = "U",
     .help = "the module's login, at most 5 characters",
     .commands = ASKS,
     .environment = "DTUCTL_USER",
     .initial = "admin",
     .value = VALUE_LOGIN,
     AT(login.user)},
    {.name = "password",
     .argument = "P",
     .help = "its password, at most 5 characters. Better in the environment: others can read a "
             "command line",
     .commands = ASKS,
     .environment = "DTUCTL_PASSWORD",
     .initial = "admin",
     .value = VALUE_LOGIN,
     AT(login.password)},

    {.name = "tty",
     .argument = "DEV[,BAUD[,8N1]]",
     .help = "the module is at this serial port; 115200,8N1 if nothing else is given",
     .commands = PIPE,
     .value = VALUE_TTY,
     AT(tty)},
    {.name = "udp",
     .argument = "HOST[:PORT]",
     .help = "it is reached by UDP, which K7 offers; port 48899 if none is given",
     .commands = PIPE,
     .value = VALUE_ENDPOINT,
     AT(udp),
     .min = 48899},
    {.name = "tcp",
     .argument = "HOST:PORT",
     .help = "it is a TCP server that takes commands with a --prefix; without one, a serial server "
             "with the module behind it",
     .commands = PIPE,
     .value = VALUE_ENDPOINT,
     AT(tcp)},
    {.name = "listen",
     .argument = "PORT",
     .help = "it is a TCP client: it connects to this port of this machine; needs --prefix",
     .commands = PIPE,
     .value = VALUE_NUMBER,
     AT(listen),
     .min = 1,
     .max = 65535},
    {.name = "prefix",
     .argument = "PW",
     .help = "password in front of each command, instead of command mode (AT+CMDPW). Better in the "
             "environment: others can read a command line",
     .commands = PIPE,
     .environment = "DTUCTL_PREFIX",
     .value = VALUE_TEXT,
     AT(prefix)},
    {.name = "guard",
     .argument = "MS",
     .help = "silence before +++, more than the module's packing time (AT+UARTFT)",
     .commands = PIPE,
     .initial = "600",
     .value = VALUE_NUMBER,
     AT(guard_ms),
     .min = 1,
     .max = 120000},
    {.name = "keyword",
     .argument = "WORD",
     .help = "word that opens a session by UDP (AT+SEARCH)",
     .commands = TALKS,
     .initial = "www.usr.cn",
     .value = VALUE_TEXT,
     AT(keyword)},
    {.name = "profile",
     .argument = "NAME",
     .help = "which product it is; found out if it is not given",
     .commands = TALKS,
     .value = VALUE_PROFILE,
     AT(profile)},

    {.name = "verbose",
     .help = "show what the module says by itself",
     .commands = PIPE,
     .value = VALUE_FLAG,
     AT(verbose)},
    {.name = "keep-going",
     .help = "a command that is refused does not keep the next one from being sent",
     .commands = COMMAND_AT,
     .value = VALUE_FLAG,
     AT(keep_going)},

    {.name = "csv",
     .argument = "FILE",
     .help = "the modules, one a row; the first row names the columns",
     .commands = COMMAND_PROVISION,
     .needed = COMMAND_PROVISION,
     .value = VALUE_FILE,
     AT(csv)},
    {.name = "link",
     .argument = "PATH",
     .help = "becomes a link to the pty while this runs",
     .commands = COMMAND_VCOM,
     .needed = COMMAND_VCOM,
     .value = VALUE_FILE,
     AT(link)},
    {.name = "baud-sync",
     .help = "a change of the pty's baud rate is sent as a synchronisation frame (AT+RFCEN)",
     .commands = COMMAND_VCOM,
     .value = VALUE_FLAG,
     AT(baud_sync)},
    {.name = "rfc2217",
     .help = "the other side is a standard server of serial ports, by telnet (RFC 2217)",
     .commands = COMMAND_VCOM,
     .value = VALUE_FLAG,
     AT(rfc2217)},
    {.name = "format",
     .argument = "8N1",
     .help = "data bits, parity (N, O, E, M, S) and stop bits of the module's UART, as far as the "
             "pty cannot show what its user wants; 8N1 if it is not given",
     .commands = COMMAND_VCOM,
     .value = VALUE_TEXT,
     AT(format)},
    {.name = "profile",
     .argument = "NAME",
     .help =
         "which product it is, for what synchronisation frames look like; k7 if it is not given",
     .commands = COMMAND_VCOM,
     .value = VALUE_PROFILE,
     AT(profile)},

    {.name = "dry-run",
     .help = "say what would change, and write nothing",
     .commands = COMMAND_SET | WRITES,
     .value = VALUE_FLAG,
     AT(dry_run)},
    {.name = "yes", .help = "do not ask", .commands = WRITES, .value = VALUE_FLAG, AT(yes)},
    {.name = "tries",
     .argument = "N",
     .help = "how often a request is sent before it is given up",
     .commands = ASKS | TALKS,
     .initial = "3",
     .value = VALUE_NUMBER,
     AT(tries),
     .min = 1,
     .max = 100},
    {.name = "timeout",
     .argument = "MS",
     .help = "how long each try waits for an answer",
     .commands = ASKS,
     .initial = "500",
     .value = VALUE_NUMBER,
     AT(timeout_ms),
     .min = 1,
     .max = 60000},
    {.name = "timeout",
     .argument = "MS",
     .help = "how long each try waits for an answer",
     .commands = TALKS,
     .initial = "3000",
     .value = VALUE_NUMBER,
     AT(timeout_ms),
     .min = 1,
     .max = 600000},
    {.name = "wait-restart",
     .argument = "MS",
     .help = "how long the module may take to be back",
     .commands = COMMAND_SET | COMMAND_RESTART,
     .initial = "10000",
     .value = VALUE_NUMBER,
     AT(wait_restart_ms),
     .min = 1,
     .max = 600000},
    {.name = "wait-restart",
     .argument = "MS",
     .help = "how long the module may take to be back",
     .commands = TALKS,
     .initial = "60000",
     .value = VALUE_NUMBER,
     AT(wait_restart_ms),
     .min = 1,
     .max = 600000},
    {.name = "show-password",
     .help = "print passwords instead of *****",
     .commands = COMMAND_SHOW | COMMAND_SET,
     .value = VALUE_FLAG,
     AT(show_password)},

    {.name = "to",
     .argument = "ADDR",
     .help = "where to broadcast, instead of 255.255.255.255 and each interface's own address",
     .commands = LAN,
     .value = VALUE_ADDRESS,
     AT(to)},
    {.name = "port",
     .argument = "N",
     .help = "UDP port of the modules: 1901 of K7, 1500 of its siblings TCP232-302, T2, K2, K6",
     .commands = LAN,
     .initial = "1901",
     .value = VALUE_NUMBER,
     AT(port),
     .min = 1,
     .max = 65535},
    {.name = "json",
     .help = "for programs",
     .commands = LAN | COMMAND_AT,
     .value = VALUE_FLAG,
     AT(json)},
    {.name = "help", .help = "this text", .commands = ALL, .value = VALUE_HELP},
    {.name = "version", .help = "the version", .commands = ALL, .value = VALUE_VERSION},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

/* --- Exit status ---------------------------------------------------------------------------- */

static const struct exit_status exit_status[] = {
    {"0", "done"},
    {"1", "the module refused, or something failed on this machine"},
    {"2", "wrong use"},
    {"3", "no answer"},
    {"130", "interrupted by Ctrl-C"},
    {"129, 143", "ended by SIGHUP, SIGTERM"},
};

enum { EXIT_STATUS = sizeof exit_status / sizeof exit_status[0] };

/* --- Access --------------------------------------------------------------------------------- */

const struct exit_status *table_exit_status(size_t index)
{
    return index < EXIT_STATUS ? &exit_status[index] : NULL;
}

const struct command *table_command(size_t index)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (commands[i].run != NULL && index-- == 0)
            return &commands[i];
    return NULL;
}

const struct command *table_find_command(const char *name)
{
    const struct command *command;
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

/* Whether a command that is there takes it. */
static bool is_taken(const struct command_option *option)
{
    const struct command *command;
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        if ((option->commands & command->id) != 0)
            return true;
    return false;
}

const struct command_option *table_option(size_t index)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (is_taken(&options[i]) && index-- == 0)
            return &options[i];
    return NULL;
}

const struct command_option *table_find_option(const struct command *command, const char *name)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if ((options[i].commands & command->id) != 0 && strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}
