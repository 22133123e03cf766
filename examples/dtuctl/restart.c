/* SPDX-License-Identifier: MIT */
/* A restart by itself. */
#include "commands.h"

#include <stdio.h>

static int restart(struct net *net, const struct options *o)
{
    struct module m;
    char name[MODULE_NAME_SIZE];
    int status = module_find(&m, net, o);

    if (status == STATUS_DONE)
        status = module_restart(&m, net, o);
    if (status != STATUS_DONE)
        return status;
    if (o->json) {
        struct json j = {false};
        json_open(&j, NULL, '{');
        json_module(&j, &m);
        json_bool(&j, "restarted", true);
        json_close(&j, '}');
        json_end();
        return STATUS_DONE;
    }
    module_name(&m, name);
    printf("%s: restarted, and answers\n", name);
    return STATUS_DONE;
}

int command_restart(const struct options *o)
{
    return net_run(o, restart);
}
