/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include <stdio.h>
#include <string.h>

#include "dtu/base.h"
#include "dtu/profile.h"
#include "fields.h"
#include "output.h"

enum {
    WIDTH = 79,
    SUMMARY_COLUMN = 13, /* where the summary of a command begins */
    HELP_COLUMN = 22     /* where the help of an option does */
};

/* --- Text ----------------------------------------------------------------------------------- */

void usage_print_wrapped(const char *text, int indent, int column)
{
    bool is_first = true; /* of its line */

    while (*text != '\0') {
        int len = (int)strcspn(text, " \n");
        if (!is_first && column + 1 + len > WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
            is_first = true;
        }
        column += printf("%s%.*s", is_first ? "" : " ", len, text);
        is_first = false;
        text += len;
        if (*text == '\n' && text[1] != '\0') {
            printf("\n%*s", indent, "");
            column = indent;
            is_first = true;
        }
        if (*text != '\0')
            text++;
    }
    putchar('\n');
}

static void append_name(char *out, size_t size, const char *name, bool is_first, bool is_last)
{
    if (!is_first)
        output_append(out, size, is_last ? " and " : ", ");
    output_append(out, size, name);
}

void usage_command_names(char *out, size_t size)
{
    const struct command *command;
    out[0] = '\0';
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        append_name(out, size, command->name, i == 0, table_command(i + 1) == NULL);
}

void usage_profile_names(char *out, size_t size)
{
    const struct dtu_profile *profile;
    out[0] = '\0';
    for (size_t i = 0; (profile = dtu_profile_at(i)) != NULL; i++)
        append_name(out, size, profile->name, i == 0, dtu_profile_at(i + 1) == NULL);
}

/* --- Usage ---------------------------------------------------------------------------------- */

static void print_synopsis(const struct command *command, const char *before)
{
    const char *words = command->words;
    printf("%s dtuctl %s%s%s [option]...\n", before, command->name, *words != '\0' ? " " : "",
           words);
}

static void print_exit_status(void)
{
    const struct exit_status *exit_status;
    char text[400] = "Exit status:";

    for (size_t i = 0; (exit_status = table_exit_status(i)) != NULL; i++) {
        output_append(text, sizeof text, i > 0 ? "; " : " ");
        output_append(text, sizeof text, exit_status->number);
        output_append(text, sizeof text, " ");
        output_append(text, sizeof text, exit_status->meaning);
    }
    output_append(text, sizeof text, ".");
    usage_print_wrapped(text, 0, 0);
}

void usage_print(void)
{
    const struct command *command;

    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        print_synopsis(command, i == 0 ? "Usage:" : "      ");
    puts("Find, read and set serial-to-network modules.\n");
    for (size_t i = 0; (command = table_command(i)) != NULL; i++) {
        int column = printf("  %-*s ", SUMMARY_COLUMN - 3, command->name);
        usage_print_wrapped(command->summary, SUMMARY_COLUMN, column);
    }
    puts("\n"
         "dtuctl COMMAND --help tells the options of a command, dtuctl help UARTFT what\n"
         "AT+UARTFT is.");
    print_exit_status();
}

void usage_append_default(char *out, size_t size, const struct command_option *option)
{
    if (option->environment == NULL && option->initial == NULL)
        return;
    output_append(out, size, " (default: ");
    if (option->environment != NULL)
        output_append(out, size, option->environment);
    if (option->environment != NULL && option->initial != NULL)
        output_append(out, size, ", or ");
    if (option->initial != NULL)
        output_append(out, size, option->initial);
    output_append(out, size, ")");
}

static void print_option(const struct command_option *option)
{
    char help[400] = "";
    int column = option->argument != NULL ? printf("  --%s %s", option->name, option->argument)
                                          : printf("  --%s", option->name);

    output_append(help, sizeof help, option->help);
    usage_append_default(help, sizeof help, option);
    if (column >= HELP_COLUMN) {
        putchar('\n');
        column = 0;
    }
    printf("%*s", HELP_COLUMN - column, "");
    usage_print_wrapped(help, HELP_COLUMN, HELP_COLUMN);
}

void usage_print_command(const struct command *command)
{
    const struct command_option *option;

    print_synopsis(command, "Usage:");
    usage_print_wrapped(command->about, 0, 0);
    putchar('\n');
    for (size_t i = 0; (option = table_option(i)) != NULL; i++)
        if ((option->commands & command->id) != 0)
            print_option(option);
    if (command->id == COMMAND_SET) {
        putchar('\n');
        fields_print_help();
    }
}

void usage_print_version(void)
{
    printf("dtuctl %s\n", dtu_version());
}
