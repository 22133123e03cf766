/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "options.h"

static int wake[2];
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    int saved = errno;
    caught = number;
    (void)!write(wake[1], "", 1);
    errno = saved;
}

static bool catch_hangup(const struct sigaction *action)
{
    struct sigaction before;

    if (sigaction(SIGHUP, NULL, &before) != 0)
        return false;
    return before.sa_handler == SIG_IGN || sigaction(SIGHUP, action, NULL) == 0;
}

bool stop_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    if (pipe(wake) != 0 || fcntl(wake[1], F_SETFL, O_NONBLOCK) != 0)
        return false;
    /* Who reads our output may leave: a set goes on, or it would be left half done. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return false;
    return sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0 &&
           catch_hangup(&action);
}

int stop_fd(void)
{
    return wake[0];
}

int stop_signal(void)
{
    return caught;
}

int stop_status(void)
{
    return STATUS_SIGNAL + caught;
}
