/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char usage[] =
    "Usage: softdtu --profile NAME --pty PATH | --tty DEVICE [option]...\n"
    "A serial-to-network module on this machine.\n"
    "\n"
    "  --profile NAME        which module: gprs232-7s3, k7, lte-7s4 or cat1\n"
    "  --pty PATH            the UART is a new pty; PATH becomes a link to it while this runs\n"
    "  --tty DEVICE          the UART is this tty\n"
    "  --state DIR           keep settings there; without it they end with the program\n"
    "  --set NAME=VALUE      a setting for this run, as in AT+NAME=VALUE; may be repeated\n"
    "  --identity K=V,...    imei, iccid, sn or mac that the module tells of itself\n"
    "  --bind ADDR           IPv4 address of this machine to connect from and listen at\n"
    "  --discovery-port N    UDP port of discovery (k7); 0: none\n"
    "  --local-only          answer discovery only for this machine's own networks\n"
    "  --net-at-port N       UDP port of network AT commands (k7); 0: none\n"
    "  --rfc2217 PORT        TCP port at which one client of RFC 2217 at a time has the UART for\n"
    "                        itself; there is no login: mind --bind\n"
    "  --clients N           so many clients of a TCP server (k7), 1 to 16; without it 4\n"
    "  --count N             so many modules: with N > 1 their ptys are PATH.1 to PATH.N, their\n"
    "                        settings DIR/1 to DIR/N; their identities, addresses (--bind)\n"
    "                        and ports (--rfc2217) count up\n"
    "  --leds                a line for each LED of the module that changes\n"
    "  --status FILE         write all counters there as JSON, on SIGUSR1 and at the end;\n"
    "                        SIGUSR1 prints a line with their sums, with or without it\n"
    "  --verbose             a line for each frame, connection and command\n"
    "  --help, --version\n"
    "\n"
    "Example: softdtu --profile cat1 --pty /tmp/uart --set SOCKA=TCP,127.0.0.1,9000\n"
    "         then open /tmp/uart with a terminal program; +++ and a enter command mode.\n"
    "Exit status: 0 stopped by a signal, 1 something failed, 2 wrong use.\n";

static const struct {
    const char *key;
    const char *text; /* if the user gives none */
} identities[] = {
    {"imei", "860000000000000"},
    {"iccid", "89860000000000000000"},
    {"sn", "00000000000000000001"},
    {"mac", "D8B04C000001"},
};

enum { IDENTITIES = sizeof identities / sizeof identities[0] };

static enum options_result wrong(const char *what, const char *text)
{
    fprintf(stderr, "softdtu: %s: %s (see softdtu --help)\n", text, what);
    return OPTIONS_WRONG;
}

static bool is_identity(const char *text, size_t len)
{
    for (size_t i = 0; i < IDENTITIES; i++)
        if (strlen(identities[i].key) == len && strncasecmp(identities[i].key, text, len) == 0)
            return true;
    return false;
}

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* Discovery tells it as 6 bytes, so that nothing else can be one. */
static bool is_mac(const char *text)
{
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    return digits == 12 && text[digits] == '\0';
}

/* "imei=1,sn=2": splits the text in place. */
static enum options_result parse_identity(struct options *o, char *list)
{
    for (char *item = strtok(list, ","); item != NULL; item = strtok(NULL, ",")) {
        const char *value = strchr(item, '=');
        if (value == NULL || value[1] == '\0' || !is_plain(value))
            return wrong("an identity is KEY=TEXT", item);
        if (!is_identity(item, (size_t)(value - item)))
            return wrong("the identities are imei, iccid, sn and mac", item);
        if (strncasecmp(item, "mac=", 4) == 0 && !is_mac(value + 1))
            return wrong("a mac is 12 hexadecimal digits", item);
        o->identities[o->identity_count++] = item;
    }
    return OPTIONS_RUN;
}

/* An empty path is what a script has of a variable that was not set. */
static enum options_result parse_path(const char **path, const char *name, const char *text)
{
    *path = text;
    return *text != '\0' ? OPTIONS_RUN : wrong("is empty", name);
}

static enum options_result parse_bind(struct options *o, const char *text)
{
    struct in_addr address;
    o->bind = text;
    return inet_pton(AF_INET, text, &address) == 1 ? OPTIONS_RUN
                                                   : wrong("not an IPv4 address", text);
}

static enum options_result parse_set(struct options *o, const char *text)
{
    if (strchr(text, '=') == NULL)
        return wrong("a setting is NAME=VALUE", text);
    if (strpbrk(text, "\r\n") != NULL)
        return wrong("a setting is one line", "--set");
    o->sets[o->set_count++] = text;
    return OPTIONS_RUN;
}

static enum options_result parse_profile(struct options *o, const char *text)
{
    o->profile = dtu_profile_find(text);
    return o->profile != NULL ? OPTIONS_RUN
                              : wrong("the profiles are gprs232-7s3, k7, lte-7s4 and cat1", text);
}

static enum options_result parse_port(int *port, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value > 65535)
        return wrong("a port is 0 to 65535", text);
    *port = (int)value;
    return OPTIONS_RUN;
}

static enum options_result parse_count(unsigned *count, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value < 1 || value > MODULES_MAX)
        return wrong("a number of modules is 1 to 10000", text);
    *count = (unsigned)value;
    return OPTIONS_RUN;
}

static enum options_result parse_clients(unsigned *clients, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value < 1 || value > CLIENTS_MAX)
        return wrong("a number of clients is 1 to 16", text);
    *clients = (unsigned)value;
    return OPTIONS_RUN;
}

static enum options_result end_printing(void)
{
    if (fflush(stdout) == 0)
        return OPTIONS_DONE;
    perror("softdtu: standard output");
    return OPTIONS_FAILED;
}

static enum options_result print_version(void)
{
    printf("softdtu %s\n", dtu_version());
    return end_printing();
}

static enum options_result print_usage(void)
{
    fputs(usage, stdout);
    return end_printing();
}

static enum options_result parse_one(struct options *o, int option, char *text)
{
    switch (option) {
    case 'p':
        return parse_profile(o, text);
    case 'P':
        return parse_path(&o->pty, "--pty", text);
    case 't':
        return parse_path(&o->tty, "--tty", text);
    case 'S':
        return parse_path(&o->state, "--state", text);
    case 's':
        return parse_set(o, text);
    case 'i':
        return parse_identity(o, text);
    case 'b':
        return parse_bind(o, text);
    case 'd':
        return parse_port(&o->discovery_port, text);
    case 'n':
        return parse_port(&o->net_at_port, text);
    case 'r':
        return parse_port(&o->rfc2217_port, text);
    case 'c':
        return parse_count(&o->count, text);
    case 'C':
        return parse_clients(&o->clients, text);
    case 'u':
        return parse_path(&o->status, "--status", text);
    case 'L':
        o->leds = true;
        return OPTIONS_RUN;
    case 'l':
        o->local_only = true;
        return OPTIONS_RUN;
    case 'v':
        o->verbose = true;
        return OPTIONS_RUN;
    case 'h':
        return print_usage();
    case 'V':
        return print_version();
    default: /* getopt_long has said what is wrong */
        fputs("Try softdtu --help.\n", stderr);
        return OPTIONS_WRONG;
    }
}

/* Whether the last module's address is one, and in the network of the first. */
static bool address_fits(const struct options *o)
{
    struct in_addr first;
    (void)inet_pton(AF_INET, o->bind, &first); /* it could be read before */
    uint32_t last = ntohl(first.s_addr) + o->count - 1;
    return last >= ntohl(first.s_addr) && last >> 24 == ntohl(first.s_addr) >> 24;
}

static enum options_result check(const struct options *o)
{
    if (o->profile == NULL)
        return wrong("is needed", "--profile");
    if (o->pty == NULL && o->tty == NULL)
        return wrong("one of them is needed", "--pty or --tty");
    if (o->pty != NULL && o->tty != NULL)
        return wrong("only one of them can be the UART", "--pty and --tty");
    if (o->count > 1 && o->tty != NULL)
        return wrong("several modules need a --pty", "--count");
    if (o->count > 1 && o->bind != NULL && !address_fits(o))
        return wrong("leaves no addresses for so many modules", o->bind);
    if (o->rfc2217_port + (int)o->count - 1 > 65535)
        return wrong("leaves no ports for so many modules", "--rfc2217");
    return OPTIONS_RUN;
}

enum options_result options_parse(struct options *o, int argc, char **argv)
{
    /* clang-format off */
    static const struct option known[] = {
        {"profile", required_argument, NULL, 'p'},
        {"pty", required_argument, NULL, 'P'},
        {"tty", required_argument, NULL, 't'},
        {"state", required_argument, NULL, 'S'},
        {"set", required_argument, NULL, 's'},
        {"identity", required_argument, NULL, 'i'},
        {"bind", required_argument, NULL, 'b'},
        {"discovery-port", required_argument, NULL, 'd'},
        {"local-only", no_argument, NULL, 'l'},
        {"rfc2217", required_argument, NULL, 'r'},
        {"clients", required_argument, NULL, 'C'},
        {"count", required_argument, NULL, 'c'},
        {"status", required_argument, NULL, 'u'},
        {"leds", no_argument, NULL, 'L'},
        {"net-at-port", required_argument, NULL, 'n'},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    /* clang-format on */
    enum options_result result = OPTIONS_RUN;
    int option;
    size_t longest = 0; /* an identity takes two characters of the command line at least */

    *o = (struct options){.net_at_port = -1, .discovery_port = -1, .count = 1};
    for (int i = 0; i < argc; i++)
        longest += strlen(argv[i]);
    o->sets = calloc((size_t)argc, sizeof *o->sets);
    o->identities = calloc(longest + 1, sizeof *o->identities);
    if (o->sets == NULL || o->identities == NULL)
        return wrong("no memory", "options");
    while (result == OPTIONS_RUN && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
        result = parse_one(o, option, optarg);
    if (result == OPTIONS_RUN && optind < argc)
        result = wrong("not an option", argv[optind]);
    if (result == OPTIONS_RUN)
        result = check(o);
    if (result != OPTIONS_RUN)
        options_free(o);
    return result;
}

void options_free(struct options *o)
{
    free(o->sets);
    free(o->identities);
    o->sets = NULL;
    o->identities = NULL;
}

static const char *first_identity(const struct options *o, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = o->identity_count; i > 0; i--) /* the last one counts */
        if (strncasecmp(o->identities[i - 1], name, len) == 0 && o->identities[i - 1][len] == '=')
            return o->identities[i - 1] + len + 1;
    for (size_t i = 0; i < IDENTITIES; i++)
        if (strcasecmp(identities[i].key, name) == 0)
            return identities[i].text;
    return NULL;
}

/* Adds to the number at the end of a text; what it has no digits for is lost. */
static void add_to_digits(char *text, unsigned value, unsigned base)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = strlen(text); i > 0 && value > 0; i--) {
        const char *digit = memchr(digits, toupper((unsigned char)text[i - 1]), base);
        if (digit == NULL)
            return;
        value += (unsigned)(digit - digits);
        text[i - 1] = digits[value % base];
        value /= base;
    }
}

const char *options_identity(const struct options *o, unsigned index, const char *name)
{
    static char text[128];
    const char *first = first_identity(o, name);
    if (first == NULL || index == 0 || strlen(first) >= sizeof text)
        return first;
    strcpy(text, first);
    add_to_digits(text, index, strcasecmp(name, "mac") == 0 ? 16 : 10);
    return text;
}
