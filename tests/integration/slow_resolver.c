/* SPDX-License-Identifier: MIT */
/* Preloaded into softdtu: a name server that is slow. Names take RESOLVE_MS and have no address,
 * but for "peer.test", which is this machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int resolve(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static void wait_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **answer)
{
    resolve *real;
    const char *ms = getenv("RESOLVE_MS");
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (hints != NULL && (hints->ai_flags & AI_NUMERICHOST) != 0)
        return real(node, service, hints, answer);
    wait_ms(ms != NULL ? atol(ms) : 0);
    if (strcmp(node, "peer.test") != 0)
        return EAI_NONAME;
    return real("127.0.0.1", service, hints, answer);
}
