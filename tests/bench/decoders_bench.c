/* SPDX-License-Identifier: MIT */
/*
 * How many bytes a second each decoder takes, beside memcpy in the same run: frames, payload, and
 * garbage, which is made of what frames begin with. See docs/performance.md.
 *
 *     decoders_bench [rounds]
 *
 * The rows take turns in each round, and the best of each counts. It returns 0 if each decoder told
 * what was in its input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dtu/baudsync.h"
#include "dtu/cmdmode.h"
#include "dtu/discovery.h"
#include "dtu/framer.h"
#include "dtu/sdp.h"

#include "../unit/rand.h"

#define INPUT_SIZE 65536
#define PIECE 1460 /* bytes at a time, as TCP brings them over Ethernet */
#define ROUNDS 7
#define ROUND_S 0.05

struct row {
    const char *decoder;
    const char *input;
    size_t (*make)(uint8_t *data);                /* fills the input; returns its length */
    bool (*run)(const uint8_t *data, size_t len); /* takes all of it; false: that went wrong */
};

static uint8_t input[INPUT_SIZE];
static struct test_rand rand_state;

/* --- Inputs --------------------------------------------------------------------------------- */

static size_t make_random(uint8_t *data)
{
    test_rand_bytes(&rand_state, data, INPUT_SIZE);
    return INPUT_SIZE;
}

/* Bytes of a few values only. */
static size_t make_of(uint8_t *data, const uint8_t *values, uint32_t count)
{
    for (size_t i = 0; i < INPUT_SIZE; i++)
        data[i] = values[test_rand_below(&rand_state, count)];
    return INPUT_SIZE;
}

static size_t piece_len(size_t left)
{
    return left < PIECE ? left : PIECE;
}

/* What has come out, for all decoders. */
static size_t bytes_out;
static size_t frames_out;

static size_t count_bytes(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)data;
    bytes_out += len;
    return len;
}

/* --- memcpy --------------------------------------------------------------------------------- */

static bool run_memcpy(const uint8_t *data, size_t len)
{
    static void *(*volatile copy)(void *to, const void *from, size_t len) = memcpy;
    static uint8_t to[PIECE];
    for (size_t at = 0; at < len; at += PIECE)
        copy(to, data + at, piece_len(len - at));
    return true;
}

/* --- Baud-rate synchronisation -------------------------------------------------------------- */

static size_t make_baudsync(uint8_t *data)
{
    for (size_t at = 0; at + DTU_BAUDSYNC_LEN <= INPUT_SIZE; at += DTU_BAUDSYNC_LEN) {
        const struct dtu_uart uart = {300 + test_rand_below(&rand_state, 115200), 8, 1,
                                      DTU_PARITY_EVEN, DTU_FLOW_NONE};
        if (dtu_baudsync_encode(data + at, &uart, false) != DTU_OK)
            abort();
    }
    return INPUT_SIZE;
}

static size_t make_without_55(uint8_t *data)
{
    size_t len = make_random(data);
    for (size_t i = 0; i < len; i++)
        if (data[i] == 0x55)
            data[i] = 0x54;
    return len;
}

static size_t make_baudsync_garbage(uint8_t *data)
{
    static const uint8_t values[] = {0x55, 0x55, 0xAA, 0x00};
    return make_of(data, values, sizeof values);
}

static void count_change(void *ctx, const struct dtu_uart *uart)
{
    (void)ctx;
    (void)uart;
    frames_out++;
}

static bool run_baudsync(const uint8_t *data, size_t len)
{
    static const struct dtu_baudsync_config config = {.max_baud = 230400};
    static const struct dtu_baudsync_callbacks callbacks = {count_bytes, count_change};
    struct dtu_baudsync sync;
    if (dtu_baudsync_init(&sync, &config, &callbacks, NULL) != DTU_OK)
        return false;
    for (size_t at = 0; at < len; at += PIECE)
        dtu_baudsync_feed(&sync, data + at, piece_len(len - at));
    return dtu_baudsync_flush(&sync) && bytes_out + DTU_BAUDSYNC_LEN * frames_out == len;
}

static bool run_baudsync_frames(const uint8_t *data, size_t len)
{
    return run_baudsync(data, len) && bytes_out == 0;
}

static bool run_baudsync_payload(const uint8_t *data, size_t len)
{
    return run_baudsync(data, len) && frames_out == 0;
}

/* --- Framer --------------------------------------------------------------------------------- */

static bool count_frame(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)data;
    frames_out++;
    bytes_out += len;
    return true;
}

/* Pieces of `piece` bytes, 1 ms apart, which is no pause. */
static bool run_framer(const uint8_t *data, size_t len, size_t packet_len, size_t piece)
{
    static uint8_t buffer[1024];
    const struct dtu_framer_config config = {
        .buffer = buffer, .size = sizeof buffer, .packet_len = packet_len, .gap_us = 50000};
    static const struct dtu_framer_callbacks callbacks = {count_frame};
    struct dtu_framer framer;
    uint32_t now_us = 0;
    if (dtu_framer_init(&framer, &config, &callbacks, NULL) != DTU_OK)
        return false;
    for (size_t at = 0; at < len; at += piece, now_us += 1000)
        dtu_framer_feed(&framer, data + at, len - at < piece ? len - at : piece, now_us);
    dtu_framer_flush(&framer);
    return bytes_out == len && frames_out == (len + packet_len - 1) / packet_len;
}

static bool run_framer_short(const uint8_t *data, size_t len)
{
    return run_framer(data, len, 64, PIECE);
}

static bool run_framer_long(const uint8_t *data, size_t len)
{
    return run_framer(data, len, 1024, PIECE);
}

static bool run_framer_crumbs(const uint8_t *data, size_t len)
{
    return run_framer(data, len, 1024, 16);
}

/* --- Command mode --------------------------------------------------------------------------- */

#define HANDSHAKE_LEN 4 /* +++a */

static size_t make_handshakes(uint8_t *data)
{
    for (size_t at = 0; at < INPUT_SIZE; at += HANDSHAKE_LEN)
        memcpy(data + at, "+++a", HANDSHAKE_LEN);
    return INPUT_SIZE;
}

static size_t make_pluses(uint8_t *data)
{
    static const uint8_t values[] = {'+', '+', '+', 'a'};
    return make_of(data, values, sizeof values);
}

static size_t ignore_answer(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)data;
    return len;
}

/* Pieces of `piece` bytes, with enough silence before each for a handshake to begin. */
static bool run_cmdmode(const uint8_t *data, size_t len, size_t piece)
{
    static const struct dtu_cmdmode_config config = {
        .guard_ms = 50, .gap_ms = 50, .confirm_ms = DTU_CMDMODE_CONFIRM_MS};
    static const struct dtu_cmdmode_callbacks callbacks = {count_bytes, ignore_answer, NULL};
    struct dtu_cmdmode mode;
    uint32_t now = 0;
    size_t at = 0;
    if (dtu_cmdmode_init(&mode, &config, &callbacks, NULL, now) != DTU_OK)
        return false;
    while (at < len) {
        at += dtu_cmdmode_feed(&mode, data + at, len - at < piece ? len - at : piece, now);
        if (dtu_cmdmode_active(&mode)) {
            frames_out++;
            dtu_cmdmode_leave(&mode, now);
        }
        now += 2 * config.guard_ms;
    }
    dtu_cmdmode_poll(&mode, now + config.confirm_ms);
    return bytes_out + HANDSHAKE_LEN * frames_out == len;
}

static bool run_handshakes(const uint8_t *data, size_t len)
{
    return run_cmdmode(data, len, HANDSHAKE_LEN) && bytes_out == 0;
}

static bool run_cmdmode_payload(const uint8_t *data, size_t len)
{
    return run_cmdmode(data, len, PIECE) && frames_out == 0;
}

static bool run_pluses(const uint8_t *data, size_t len)
{
    return run_cmdmode(data, len, HANDSHAKE_LEN) && bytes_out > 0;
}

/* --- Socket distribution protocol ----------------------------------------------------------- */

#define SDP_SIZE 1024

static size_t make_sdp(uint8_t *data, size_t payload_len)
{
    uint8_t payload[SDP_SIZE];
    const struct dtu_sdp_frame frame = {
        .socket = DTU_SDP_SOCKET_A, .data = payload, .len = payload_len};
    size_t at = 0;
    size_t len;
    test_rand_bytes(&rand_state, payload, payload_len);
    while (dtu_sdp_encode(DTU_SDP_TO_MODULE, &frame, data + at, INPUT_SIZE - at, &len) == DTU_OK)
        at += len;
    return at;
}

static size_t make_sdp_short(uint8_t *data)
{
    return make_sdp(data, 16);
}

static size_t make_sdp_long(uint8_t *data)
{
    return make_sdp(data, SDP_SIZE - DTU_SDP_OVERHEAD);
}

static size_t make_sdp_garbage(uint8_t *data)
{
    static const uint8_t values[] = {0x55, 0xFD, 0xAA, 0x00};
    return make_of(data, values, sizeof values);
}

static bool count_sdp(void *ctx, const struct dtu_sdp_frame *frame)
{
    return count_frame(ctx, frame->data, frame->len);
}

static bool run_sdp(const uint8_t *data, size_t len)
{
    static uint8_t buffer[SDP_SIZE];
    static const struct dtu_sdp_config config = {
        .direction = DTU_SDP_TO_MODULE, .buffer = buffer, .size = sizeof buffer};
    static const struct dtu_sdp_callbacks callbacks = {count_sdp, NULL};
    struct dtu_sdp sdp;
    if (dtu_sdp_init(&sdp, &config, &callbacks, NULL) != DTU_OK)
        return false;
    for (size_t at = 0; at < len; at += PIECE)
        dtu_sdp_feed(&sdp, data + at, piece_len(len - at));
    return dtu_sdp_flush(&sdp) &&
           bytes_out + DTU_SDP_OVERHEAD * frames_out + sdp.stats.skipped == len;
}

static bool run_sdp_frames(const uint8_t *data, size_t len)
{
    return run_sdp(data, len) && bytes_out + DTU_SDP_OVERHEAD * frames_out == len;
}

/* --- Discovery ------------------------------------------------------------------------------ */

#define READ_LEN 22 /* a request without parameters */

static const uint8_t own_mac[6] = {0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65};
static const uint8_t own_user[DTU_DISCOVERY_LOGIN_LEN + 1] = "admin";
static const uint8_t own_password[DTU_DISCOVERY_LOGIN_LEN + 1] = "12345";

/* Requests one behind the other; each is a datagram. */
static size_t make_requests(uint8_t *data, uint8_t command, size_t params_len)
{
    uint8_t params[DTU_DISCOVERY_BASIC_LEN] = {0};
    struct dtu_discovery_request request = {
        .command = command, .params = params, .params_len = params_len};
    size_t at = 0;
    size_t len;
    memcpy(request.mac, own_mac, sizeof own_mac);
    memcpy(request.user, own_user, sizeof own_user);
    memcpy(request.password, own_password, sizeof own_password);
    while (dtu_discovery_encode_request(&request, data + at, INPUT_SIZE - at, &len) == DTU_OK)
        at += len;
    return at;
}

static size_t make_reads(uint8_t *data)
{
    return make_requests(data, DTU_DISCOVERY_READ, 0);
}

static size_t make_basic_blocks(uint8_t *data)
{
    return make_requests(data, DTU_DISCOVERY_BASIC, DTU_DISCOVERY_BASIC_LEN);
}

/* Datagrams that begin as a request and have its length, and nothing else of one. */
static size_t make_request_garbage(uint8_t *data)
{
    size_t at = 0;
    make_random(data);
    for (; at + READ_LEN <= INPUT_SIZE; at += READ_LEN) {
        data[at] = 0xFF;
        data[at + 1] = READ_LEN - 3;
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

/* How many of the datagrams of `each` bytes were served. */
static size_t serve(const uint8_t *data, size_t len, size_t each)
{
    static const struct dtu_discovery_callbacks callbacks = {describe, tell_login, read_block,
                                                             write_block, act};
    uint8_t reply[DTU_DISCOVERY_READ_LEN];
    size_t served = 0;
    size_t reply_len;
    for (size_t at = 0; at < len; at += each)
        if (dtu_discovery_serve(&callbacks, NULL, data + at, each, reply, sizeof reply,
                                &reply_len) == DTU_DISCOVERY_SERVED)
            served++;
    return served;
}

static bool run_reads(const uint8_t *data, size_t len)
{
    return serve(data, len, READ_LEN) == len / READ_LEN;
}

static bool run_basic_blocks(const uint8_t *data, size_t len)
{
    const size_t each = READ_LEN + DTU_DISCOVERY_BASIC_LEN;
    return serve(data, len, each) == len / each;
}

static bool run_request_garbage(const uint8_t *data, size_t len)
{
    return serve(data, len, READ_LEN) == 0;
}

/* --- The table ------------------------------------------------------------------------------ */

static const struct row rows[] = {
    {"memcpy", "1460 bytes at a time", make_random, run_memcpy}, /* first: the others go by it */
    {"baudsync", "frames", make_baudsync, run_baudsync_frames},
    {"baudsync", "payload: random bytes", make_random, run_baudsync_payload},
    {"baudsync", "payload without a 55", make_without_55, run_baudsync_payload},
    {"baudsync", "garbage: 55, AA and 00", make_baudsync_garbage, run_baudsync},
    {"framer", "frames of 64 bytes", make_random, run_framer_short},
    {"framer", "payload: frames of 1024 bytes", make_random, run_framer_long},
    {"framer", "garbage: 16 bytes at a time", make_random, run_framer_crumbs},
    {"cmdmode", "handshakes, +++a", make_handshakes, run_handshakes},
    {"cmdmode", "payload: random bytes", make_random, run_cmdmode_payload},
    {"cmdmode", "garbage: + and a, 4 bytes at a time", make_pluses, run_pluses},
    {"sdp", "frames with 16 bytes", make_sdp_short, run_sdp_frames},
    {"sdp", "payload: frames with 1016 bytes", make_sdp_long, run_sdp_frames},
    {"sdp", "garbage: 55, FD, AA and 00", make_sdp_garbage, run_sdp},
    {"discovery", "requests to read", make_reads, run_reads},
    {"discovery", "payload: basic blocks", make_basic_blocks, run_basic_blocks},
    {"discovery", "garbage behind FF and a length", make_request_garbage, run_request_garbage},
};
#define ROWS (sizeof rows / sizeof rows[0])

/* Bytes a second of one row, or 0 if it went wrong. */
static double rate(const struct row *row)
{
    const clock_t wanted = (clock_t)(ROUND_S * CLOCKS_PER_SEC);
    size_t len;
    double bytes = 0;
    clock_t start;
    clock_t passed;

    test_rand_seed(&rand_state, 1);
    len = row->make(input);
    start = clock();
    do {
        bytes_out = 0;
        frames_out = 0;
        if (!row->run(input, len))
            return 0;
        bytes += (double)len;
        passed = clock() - start;
    } while (passed < wanted);
    return bytes * CLOCKS_PER_SEC / (double)passed;
}

int main(int argc, char **argv)
{
    double best[ROWS] = {0};
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS;

    for (long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < ROWS; i++) {
            double now = rate(&rows[i]);
            if (now <= 0) {
                printf("%s, %s: went wrong\n", rows[i].decoder, rows[i].input);
                return 1;
            }
            if (now > best[i])
                best[i] = now;
        }
    }
    printf("%-48s%10s%12s\n", "", "MB/s", "of memcpy");
    for (size_t i = 0; i < ROWS; i++)
        printf("%-11s%-37s%10.0f%12.3f\n", rows[i].decoder, rows[i].input, best[i] / 1e6,
               best[i] / best[0]);
    return 0;
}
