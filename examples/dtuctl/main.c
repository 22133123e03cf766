/* SPDX-License-Identifier: MIT */
/* Finds, reads and sets serial-to-network modules by UDP. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stop.h"

static int run(const struct options *o, const struct assignment *list)
{
    struct net net;
    int status = STATUS_REFUSED;

    if (!stop_catch()) {
        complain("signals: %s", strerror(errno));
        return STATUS_REFUSED;
    }
    if (!net_open(&net, o)) {
        net_close(&net);
        return STATUS_REFUSED;
    }
    switch (o->command) {
    case COMMAND_SCAN:
        status = command_scan(&net, o);
        break;
    case COMMAND_SHOW:
        status = command_show(&net, o);
        break;
    case COMMAND_SET:
        status = command_set(&net, o, list);
        break;
    case COMMAND_RESTART:
        status = command_restart(&net, o);
        break;
    }
    net_close(&net);
    return status;
}

static int start(const struct options *o)
{
    struct assignment *list = NULL;
    int status;

    if (o->command == COMMAND_SET) {
        list = set_parse(o);
        if (list == NULL)
            return STATUS_USAGE;
    }
    status = run(o, list);
    free(list);
    return status;
}

/* Of a program that was started without one of the standard files, the first file it opened would
 * get its output. What it writes to one that was missing fails, and is told. */
static bool have_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = STATUS_USAGE;

    if (!have_standard_files())
        return STATUS_REFUSED;
    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_RUN:
        status = start(&options);
        break;
    case OPTIONS_DONE:
        status = STATUS_DONE;
        break;
    case OPTIONS_WRONG:
        return STATUS_USAGE;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("standard output: %s", strerror(errno));
        return status == STATUS_DONE ? STATUS_REFUSED : status;
    }
    return status;
}
