/* SPDX-License-Identifier: MIT */
/*
 * One request with a wrong login served by a module: secret_bench.py counts its instructions for
 * each CASE, and they must be as many. The code is the same in all cases, the values are not known
 * to the compiler.
 */
#include "dtu/discovery.h"

#include <string.h>

#define FIELD (DTU_DISCOVERY_LOGIN_LEN + 1)

struct login {
    char user[FIELD];
    char password[FIELD];
};

struct login_case {
    struct login secret;
    struct login guess;
};

/* Wrong in the first byte, the last, one of the fields, all of it; too short, too long, empty;
 * other secrets, and none at all. */
static const struct login_case cases[] = {{{"admin", "12345"}, {"xdmin", "12345"}},
                                          {{"admin", "12345"}, {"admix", "12345"}},
                                          {{"admin", "12345"}, {"admin", "x2345"}},
                                          {{"admin", "12345"}, {"admin", "1234x"}},
                                          {{"admin", "12345"}, {"xdmin", "x2345"}},
                                          {{"admin", "12345"}, {"xxxxx", "xxxxx"}},
                                          {{"admin", "12345"}, {"admin", "1234"}},
                                          {{"admin", "12345"}, {"", ""}},
                                          {{"admin", "1"}, {"admin", "12345"}},
                                          {{"a", "12345"}, {"xdmin", "12345"}},
                                          {{"", ""}, {"", ""}},
                                          {{"admin", ""}, {"admin", ""}}};

static const uint8_t mac[6] = {0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65};
static volatile unsigned which = CASE + 1; /* never 0: that would change the start-up */
static uint8_t reply[DTU_DISCOVERY_READ_LEN];

static void describe(void *ctx, struct dtu_discovery_found *found)
{
    (void)ctx;
    memcpy(found->mac, mac, sizeof mac);
}

static void tell_login(void *ctx, uint8_t *user, uint8_t *password)
{
    const struct login *secret = ctx;
    memcpy(user, secret->user, FIELD);
    memcpy(password, secret->password, FIELD);
}

size_t bench_serve(const struct login *secret, const uint8_t *data, size_t len);

size_t bench_serve(const struct login *secret, const uint8_t *data, size_t len)
{
    static const struct dtu_discovery_callbacks callbacks = {describe, tell_login, NULL, NULL,
                                                             NULL};
    size_t reply_len;
    enum dtu_discovery_outcome outcome = dtu_discovery_serve(
        &callbacks, (void *)(uintptr_t)secret, data, len, reply, sizeof reply, &reply_len);
    return outcome == DTU_DISCOVERY_DENIED ? reply_len : 0;
}

static size_t (*volatile serve)(const struct login *secret, const uint8_t *data,
                                size_t len) = bench_serve;

int main(void)
{
    const struct login_case *now = &cases[which - 1];
    struct dtu_discovery_request request = {.command = DTU_DISCOVERY_SAVE};
    uint8_t data[DTU_DISCOVERY_REQUEST_MAX];
    size_t len;

    memcpy(request.mac, mac, sizeof mac);
    memcpy(request.user, now->guess.user, FIELD);
    memcpy(request.password, now->guess.password, FIELD);
    if (dtu_discovery_encode_request(&request, data, sizeof data, &len) != DTU_OK)
        return 1;
    return serve(&now->secret, data, len) == 4 ? 0 : 1;
}
