/* SPDX-License-Identifier: MIT */
/* The manual page, out of the tables. */
#include <stdio.h>
#include <string.h>

#include "dtu/base.h"
#include "output.h"
#include "pages.h"
#include "table.h"
#include "usage.h"

/* --- troff ---------------------------------------------------------------------------------- */

/* Part of a line, in which nothing is markup; a line does not begin with . or ' */
static void print_part(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\')
            fputs("\\e", stdout);
        else if (text[i] == '-')
            fputs("\\-", stdout);
        else
            putchar(text[i]);
    }
}

/* Each line of the text becomes a paragraph. */
static void print_text(const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (*text == '.' || *text == '\'')
            fputs("\\&", stdout);
        print_part(text, len);
        putchar('\n');
        text += len + (text[len] == '\n');
        if (*text != '\0')
            puts(".PP");
    }
}

/* A heading, or the tag of a paragraph, in a line of its own. */
static void print_request(const char *request, const char *text)
{
    printf("%s ", request);
    print_text(text);
}

static void print_paragraph(const char *text)
{
    puts(".PP");
    print_text(text);
}

/* A paragraph that is indented under its tag. */
static void print_tagged(const char *tag, const char *text)
{
    puts(".TP");
    print_request(".B", tag);
    print_text(text);
}

/* --- Parts ---------------------------------------------------------------------------------- */

static void print_usage(const struct command *command)
{
    printf("\\fBdtuctl %s\\fP ", command->name);
    print_part(command->words, strlen(command->words));
    puts(command->words[0] != '\0' ? " [option]..." : "[option]...");
}

static void print_command(const struct command *command)
{
    const struct command_option *option;
    char options[400] = "Options:";

    print_request(".SS", command->name);
    print_usage(command);
    print_paragraph(command->about);
    for (size_t i = 0; (option = table_option(i)) != NULL; i++) {
        if ((option->commands & command->id) == 0)
            continue;
        output_append(options, sizeof options, " --");
        output_append(options, sizeof options, option->name);
    }
    print_paragraph(options);
}

static unsigned all_commands(void)
{
    const struct command *command;
    unsigned all = 0;
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        all |= command->id;
    return all;
}

/* "Of show, set." */
static void append_commands(char *out, size_t size, const struct command_option *option)
{
    const struct command *command;
    bool is_first = true;

    if ((all_commands() & ~option->commands) == 0) {
        output_append(out, size, ".");
        return;
    }
    for (size_t i = 0; (command = table_command(i)) != NULL; i++) {
        if ((option->commands & command->id) == 0)
            continue;
        output_append(out, size, is_first ? ". Of " : ", ");
        output_append(out, size, command->name);
        is_first = false;
    }
    output_append(out, size, ".");
}

static void print_option(const struct command_option *option)
{
    char tag[80], text[600] = "";

    snprintf(tag, sizeof tag, "--%s%s%s", option->name, option->argument != NULL ? " " : "",
             option->argument != NULL ? option->argument : "");
    output_append(text, sizeof text, option->help);
    usage_append_default(text, sizeof text, option);
    append_commands(text, sizeof text, option);
    print_tagged(tag, text);
}

static void print_environment(void)
{
    const struct command_option *option;
    char text[80];

    for (size_t i = 0; (option = table_option(i)) != NULL; i++) {
        if (option->environment == NULL)
            continue;
        snprintf(text, sizeof text, "counts if --%s is not given.", option->name);
        print_tagged(option->environment, text);
    }
    if (table_find_command("at") != NULL)
        print_tagged("XDG_STATE_HOME", "where programs keep what they remember; ~/.local/state.");
}

static void print_files(void)
{
    if (table_find_command("at") == NULL)
        return;
    puts(".SH FILES");
    print_tagged("$XDG_STATE_HOME/dtuctl/history",
                 "what was typed at the prompt of dtuctl at. Lines that may tell a password are "
                 "not kept.");
}

static void print_examples(const struct command *command)
{
    const char *line = command->example;
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        printf("dtuctl ");
        print_part(line, len);
        putchar('\n');
        line += len + (line[len] == '\n');
    }
}

/* --- The page ------------------------------------------------------------------------------- */

void man_print(void)
{
    const struct command *command;
    const struct command_option *option;
    const struct exit_status *exit_status;

    printf(".\\\" Made by \"dtuctl help man\".\n"
           ".TH DTUCTL 1 \"\" \"libdtu %s\" \"User Commands\"\n"
           ".SH NAME\n"
           "dtuctl \\- find, read and set serial\\-to\\-network modules\n"
           ".SH SYNOPSIS\n"
           ".nf\n",
           dtu_version());
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        print_usage(command);
    puts(".fi\n"
         ".SH COMMANDS");
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        print_command(command);
    puts(".SH OPTIONS");
    for (size_t i = 0; (option = table_option(i)) != NULL; i++)
        print_option(option);
    puts(".SH EXIT STATUS");
    for (size_t i = 0; (exit_status = table_exit_status(i)) != NULL; i++)
        print_tagged(exit_status->number, exit_status->meaning);
    puts(".SH ENVIRONMENT");
    print_environment();
    print_files();
    puts(".SH EXAMPLES\n"
         ".nf");
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        print_examples(command);
    puts(".fi\n"
         ".SH SEE ALSO\n"
         ".BR softdtu (1)");
}
