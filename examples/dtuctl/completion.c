/* SPDX-License-Identifier: MIT */
/* The completion for bash, out of the tables. */
#include <stdio.h>
#include <string.h>

#include "dtu/profile.h"
#include "fields.h"
#include "names.h"
#include "pages.h"
#include "table.h"

/* --- Lists of words ------------------------------------------------------------------------- */

static void print_commands(void)
{
    const struct command *command;
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        printf("%s%s", i > 0 ? " " : "", command->name);
}

static void print_names(void)
{
    const char *name = NULL;
    while ((name = names_next(NULL, name)) != NULL)
        printf(" %s", name);
}

static void print_profiles(void)
{
    const struct dtu_profile *profile;
    for (size_t i = 0; (profile = dtu_profile_at(i)) != NULL; i++)
        printf(" %s", profile->name);
}

static void print_fields(void)
{
    for (size_t i = 0; i < field_count; i++)
        if (!fields[i].read_only)
            printf(" %s=", fields[i].name);
}

/* --- Options -------------------------------------------------------------------------------- */

/* What follows an option; NULL: nothing, for it has no value. */
static const char *call_of(const struct command_option *option)
{
    switch (option->value) {
    case VALUE_FLAG:
    case VALUE_HELP:
    case VALUE_VERSION:
        return NULL;
    case VALUE_FILE:
    case VALUE_TTY:
        return "_dtuctl_files";
    case VALUE_PROFILE:
        return "_dtuctl_words \"$profiles\"";
    case VALUE_NUMBER:
    case VALUE_TEXT:
    case VALUE_LOGIN:
    case VALUE_ADDRESS:
    case VALUE_ENDPOINT:
        break;
    }
    return ":"; /* the user's own */
}

/* Whether a row of the table above has the same name. */
static bool is_repeated(size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(table_option(i)->name, table_option(index)->name) == 0)
            return true;
    return false;
}

static void print_option_values(void)
{
    const struct command_option *option;
    for (size_t i = 0; (option = table_option(i)) != NULL; i++) {
        const char *call = call_of(option);
        if (call != NULL && !is_repeated(i))
            printf("    --%s) %s; return ;;\n", option->name, call);
    }
}

/* --- Commands ------------------------------------------------------------------------------- */

static const char *words_of(const struct command *command)
{
    switch (command->first) {
    case WORD_FILE:
        return "_dtuctl_files";
    case WORD_AT:
        return "_dtuctl_at";
    case WORD_TOPIC:
        return "_dtuctl_words \"$commands fields man bash\"; _dtuctl_at";
    case WORD_MODULE:
        return command->id == COMMAND_SET ? "_dtuctl_fields" : ":";
    case WORD_TEXT:
    case WORD_ENDPOINT:
        break;
    }
    return ":";
}

static void print_command(const struct command *command)
{
    const struct command_option *option;

    printf("    %s)\n        options='", command->name);
    for (size_t i = 0; (option = table_option(i)) != NULL; i++)
        if ((option->commands & command->id) != 0)
            printf(" --%s", option->name);
    printf("'\n        [[ $word == -* ]] || { %s; }\n        ;;\n", words_of(command));
}

/* --- The script ----------------------------------------------------------------------------- */

static const char functions[] = "# Each adds to COMPREPLY what fits $word.\n"
                                "_dtuctl_words()\n"
                                "{\n"
                                "    local found\n"
                                "    mapfile -t found < <(compgen -W \"$1\" -- \"${2-$word}\")\n"
                                "    COMPREPLY+=(\"${found[@]}\")\n"
                                "}\n"
                                "\n"
                                "_dtuctl_files()\n"
                                "{\n"
                                "    compopt -o filenames 2>/dev/null\n"
                                "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
                                "}\n"
                                "\n"
                                "# Names of AT commands, in any case, with AT+ and without.\n"
                                "_dtuctl_at()\n"
                                "{\n"
                                "    if [[ ${word^^} == AT+* ]]; then\n"
                                "        _dtuctl_words \"${names// / AT+}\" \"${word^^}\"\n"
                                "    else\n"
                                "        _dtuctl_words \"$names\" \"${word^^}\"\n"
                                "    fi\n"
                                "}\n"
                                "\n"
                                "# Behind the name of the module.\n"
                                "_dtuctl_fields()\n"
                                "{\n"
                                "    ((COMP_CWORD > 2)) || return\n"
                                "    compopt -o nospace 2>/dev/null\n"
                                "    _dtuctl_words \"$fields\"\n"
                                "}\n"
                                "\n";

void completion_print(void)
{
    const struct command *command;

    fputs("# Completion of dtuctl for bash; made by \"dtuctl help bash\".\n\n", stdout);
    fputs(functions, stdout);
    fputs("_dtuctl()\n"
          "{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local options='' commands='",
          stdout);
    print_commands();
    fputs("'\n    local names='", stdout);
    print_names();
    fputs("'\n    local profiles='", stdout);
    print_profiles();
    fputs("'\n    local fields='", stdout);
    print_fields();
    fputs("'\n\n"
          "    COMPREPLY=()\n"
          "    # --option=value comes as three words.\n"
          "    [[ $word == = ]] && word=''\n"
          "    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        _dtuctl_words \"$commands --help --version\"\n"
          "        return\n"
          "    fi\n"
          "    case $before in\n",
          stdout);
    print_option_values();
    fputs("    esac\n"
          "    case ${COMP_WORDS[1]} in\n",
          stdout);
    for (size_t i = 0; (command = table_command(i)) != NULL; i++)
        print_command(command);
    fputs("    esac\n"
          "    [[ $word == -* ]] && _dtuctl_words \"$options\"\n"
          "}\n"
          "\n"
          "complete -F _dtuctl dtuctl\n",
          stdout);
}
