/* SPDX-License-Identifier: MIT */
/* dtuctl help. */
#include <string.h>

#include "commands.h"
#include "output.h"
#include "usage.h"

int command_help(const struct options *o)
{
    const char *topic = o->word_count > 0 ? o->words[0] : NULL;
    const struct command *command;
    char visible[VISIBLE_SIZE(64)];

    if (topic == NULL) {
        usage_print();
        return STATUS_DONE;
    }
    if (strcmp(topic, "fields") == 0) {
        fields_print_help();
        return STATUS_DONE;
    }
    command = table_find_command(topic);
    if (command != NULL) {
        usage_print_command(command);
        return STATUS_DONE;
    }
    output_visible(visible, sizeof visible, topic, strlen(topic));
    complain("%s: there is help for the commands and fields (see dtuctl --help)", visible);
    return STATUS_USAGE;
}
