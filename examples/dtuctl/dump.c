/* SPDX-License-Identifier: MIT */
/* dtuctl dump. */
#include <stdio.h>
#include <unistd.h>

#include "commands.h"
#include "copy.h"
#include "output.h"

static void print_product(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    fwrite(data, 1, len, stdout);
}

static void print(const struct conf *c)
{
    const struct dtu_text out = {print_product, NULL};
    bool is_terminal = isatty(STDOUT_FILENO);

    dtu_config_write_product(c->profile->name, &out);
    for (const struct dtu_param *row = NULL; (row = conf_next_row(c, row)) != NULL;) {
        if (!conf_knows(c, row))
            printf("# %s is not known\n", row->name);
        else if (is_terminal)
            conf_show_row(c, row, "", stdout);
        else
            conf_write_row(c, row, stdout);
    }
}

static int dump(struct session *s)
{
    static struct conf conf;
    size_t missing;
    int status;

    if (s->profile == NULL) {
        complain("%s: what product it is cannot be found out: --profile is needed", s->pipe.name);
        return STATUS_USAGE;
    }
    conf_init(&conf, s->profile);
    status = copy_module(&conf, s, &missing);
    if (status != STATUS_DONE)
        return status;
    print(&conf);
    if (missing == 0)
        return STATUS_DONE;
    complain("%s: parameters that are not known: %zu", s->pipe.name, missing);
    return STATUS_REFUSED;
}

int command_dump(const struct options *o)
{
    static struct session session;
    int status;

    if (!session_open(&session, o))
        return session.status;
    status = dump(&session);
    session_close(&session);
    return status;
}
