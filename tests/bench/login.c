/* SPDX-License-Identifier: MIT */
/* Requests with a wrong login served by a module, which must take as many instructions in each
 * case. The code is the same in all of them, the values are not known to the compiler. */
#include "bench.h"

#include <string.h>

#include "dtu/discovery.h"

#define FIELD (DTU_DISCOVERY_LOGIN_LEN + 1)

struct login {
    char user[FIELD];
    char password[FIELD];
};

struct attempt {
    struct login secret;
    struct login guess;
};

/* Wrong in the first byte, the last, one of the fields, all of it; too short, empty; other secrets,
 * and none at all. */
static const struct attempt attempts[] = {
    {{"admin", "12345"}, {"xdmin", "12345"}},
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
    {{"admin", ""}, {"admin", ""}},
};

static const uint8_t mac[6] = {0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65};
static const struct attempt *now;
static uint8_t reply[DTU_DISCOVERY_READ_LEN];
static size_t reply_len;
static volatile enum dtu_discovery_outcome outcome;

static void describe(void *ctx, struct dtu_discovery_found *found)
{
    (void)ctx;
    memcpy(found->mac, mac, sizeof mac);
}

static void tell_login(void *ctx, uint8_t *user, uint8_t *password)
{
    (void)ctx;
    memcpy(user, now->secret.user, FIELD);
    memcpy(password, now->secret.password, FIELD);
}

static size_t begin(uint8_t *input, unsigned arg)
{
    struct dtu_discovery_request request = {.command = DTU_DISCOVERY_SAVE};
    size_t len;

    now = &attempts[arg];
    memcpy(request.mac, mac, sizeof mac);
    memcpy(request.user, now->guess.user, FIELD);
    memcpy(request.password, now->guess.password, FIELD);
    return dtu_discovery_encode_request(&request, input, BENCH_INPUT_SIZE, &len) == DTU_OK ? len
                                                                                           : 0;
}

static void run(const uint8_t *input, size_t len)
{
    static const struct dtu_discovery_callbacks callbacks = {describe, tell_login, NULL, NULL,
                                                             NULL};
    outcome = dtu_discovery_serve(&callbacks, NULL, input, len, reply, sizeof reply, &reply_len);
}

static bool is_denied(size_t len)
{
    (void)len;
    return outcome == DTU_DISCOVERY_DENIED && reply_len == 4;
}

static const struct bench_case cases[] = {
    {"first byte of the user wrong", begin, run, is_denied, 0},
    {"last byte of the user wrong", begin, run, is_denied, 1},
    {"first byte of the password wrong", begin, run, is_denied, 2},
    {"last byte of the password wrong", begin, run, is_denied, 3},
    {"both wrong in the first byte", begin, run, is_denied, 4},
    {"all wrong", begin, run, is_denied, 5},
    {"password too short", begin, run, is_denied, 6},
    {"both empty", begin, run, is_denied, 7},
    {"secret password of 1 byte", begin, run, is_denied, 8},
    {"secret user of 1 byte", begin, run, is_denied, 9},
    {"no secrets", begin, run, is_denied, 10},
    {"no secret password", begin, run, is_denied, 11},
};

const struct bench bench_login = {"login", "guess", false, cases, sizeof cases / sizeof cases[0]};
