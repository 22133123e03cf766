/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <string.h>

#include "dtu/discovery.h"

#define READ_LEN 22 /* a request without parameters */
#define BASIC_LEN (READ_LEN + DTU_DISCOVERY_BASIC_LEN)

static const uint8_t own_mac[6] = {0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65};
static const uint8_t own_user[DTU_DISCOVERY_LOGIN_LEN + 1] = "admin";
static const uint8_t own_password[DTU_DISCOVERY_LOGIN_LEN + 1] = "12345";

/* Requests one behind the other; each is a datagram. */
static size_t make_requests(uint8_t *input, uint8_t command, size_t params_len)
{
    static const uint8_t params[DTU_DISCOVERY_BASIC_LEN];
    struct dtu_discovery_request request = {
        .command = command, .params = params, .params_len = params_len};
    size_t at = 0;
    size_t len;
    memcpy(request.mac, own_mac, sizeof own_mac);
    memcpy(request.user, own_user, sizeof own_user);
    memcpy(request.password, own_password, sizeof own_password);
    while (dtu_discovery_encode_request(&request, input + at, BENCH_INPUT_SIZE - at, &len) ==
           DTU_OK)
        at += len;
    return at;
}

static size_t make_reads(uint8_t *input, unsigned arg)
{
    (void)arg;
    return make_requests(input, DTU_DISCOVERY_READ, 0);
}

static size_t make_basic_blocks(uint8_t *input, unsigned arg)
{
    (void)arg;
    return make_requests(input, DTU_DISCOVERY_BASIC, DTU_DISCOVERY_BASIC_LEN);
}

/* Datagrams that begin as a request and have its length, and nothing else of one. */
static size_t make_garbage(uint8_t *input, unsigned arg)
{
    size_t at = 0;
    (void)bench_make_random(input, arg);
    for (; at + READ_LEN <= BENCH_INPUT_SIZE; at += READ_LEN) {
        input[at] = 0xFF;
        input[at + 1] = READ_LEN - 3;
    }
    return at;
}

static void describe(void *ctx, struct dtu_discovery_found *found)
{
    (void)ctx;
    memcpy(found->mac, own_mac, sizeof own_mac);
}

static void tell_login(void *ctx, uint8_t *user, uint8_t *password)
{
    (void)ctx;
    memcpy(user, own_user, sizeof own_user);
    memcpy(password, own_password, sizeof own_password);
}

static void read_block(void *ctx, uint8_t which, union dtu_discovery_block *block)
{
    (void)ctx;
    (void)which;
    (void)block;
}

static enum dtu_status write_block(void *ctx, uint8_t which, const union dtu_discovery_block *block)
{
    (void)ctx;
    (void)which;
    (void)block;
    return DTU_OK;
}

static enum dtu_status act(void *ctx, enum dtu_discovery_command command)
{
    (void)ctx;
    (void)command;
    return DTU_OK;
}

/* Datagrams of `each` bytes. */
static void serve(const uint8_t *input, size_t len, size_t each)
{
    static const struct dtu_discovery_callbacks callbacks = {describe, tell_login, read_block,
                                                             write_block, act};
    uint8_t reply[DTU_DISCOVERY_READ_LEN];
    size_t reply_len;
    bench_frames = 0;
    for (size_t at = 0; at < len; at += each)
        if (dtu_discovery_serve(&callbacks, NULL, input + at, each, reply, sizeof reply,
                                &reply_len) == DTU_DISCOVERY_SERVED)
            bench_frames++;
}

static void run_reads(const uint8_t *input, size_t len)
{
    serve(input, len, READ_LEN);
}

static void run_basic_blocks(const uint8_t *input, size_t len)
{
    serve(input, len, BASIC_LEN);
}

static bool is_all_read(size_t len)
{
    return bench_frames == len / READ_LEN;
}

static bool is_all_set(size_t len)
{
    return bench_frames == len / BASIC_LEN;
}

static bool is_nothing_served(size_t len)
{
    (void)len;
    return bench_frames == 0;
}

static const struct bench_case cases[] = {
    {"requests to read", make_reads, run_reads, is_all_read, 0},
    {"payload: basic blocks", make_basic_blocks, run_basic_blocks, is_all_set, 0},
    {"garbage behind FF and a length", make_garbage, run_reads, is_nothing_served, 0},
};

const struct bench bench_discovery = {"discovery", "byte", true, cases,
                                      sizeof cases / sizeof cases[0]};
