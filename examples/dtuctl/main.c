/* SPDX-License-Identifier: MIT */
/* Finds, reads and sets serial-to-network modules. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stop.h"

static int run(const struct options *o)
{
    if (!stop_catch()) {
        complain("signals: %s", strerror(errno));
        return STATUS_REFUSED;
    }
    return o->command->run(o);
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
        status = run(&options);
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
