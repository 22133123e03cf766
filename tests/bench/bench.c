/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "../unit/rand.h"

/* zlib is last: the numbers of the cases are the same without it. */
const struct bench *const benches[BENCHES] = {
    &bench_memcpy, /* first: the others go by it */
    &bench_at,     &bench_baudsync, &bench_framer, &bench_cmdmode, &bench_sdp,  &bench_discovery,
    &bench_crc,    &bench_secret,   &bench_login,  &bench_memchr,  &bench_zlib,
};

uint8_t bench_input[BENCH_INPUT_SIZE];
size_t bench_bytes;
size_t bench_frames;
static struct test_rand rand_state;

/* --- Inputs --------------------------------------------------------------------------------- */

void bench_random(uint8_t *data, size_t len)
{
    test_rand_bytes(&rand_state, data, len);
}

size_t bench_make_random(uint8_t *input, unsigned arg)
{
    (void)arg;
    bench_random(input, BENCH_INPUT_SIZE);
    return BENCH_INPUT_SIZE;
}

size_t bench_make_text(uint8_t *input, unsigned arg)
{
    static const char line[] = "T=23.50 C, RH=41.2 %, p=1013.2 hPa\r\n";
    (void)arg;
    for (size_t i = 0; i < BENCH_INPUT_SIZE; i++)
        input[i] = (uint8_t)line[i % (sizeof line - 1)];
    return BENCH_INPUT_SIZE;
}

/* CRC-16 of Modbus over serial line, 6.2.2. */
static uint16_t modbus_crc(const uint8_t *data, size_t len)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (uint16_t)((crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1);
    }
    return crc;
}

size_t bench_make_modbus(uint8_t *input, unsigned arg)
{
    enum { REGISTERS = 10, HEAD_LEN = 3, LEN = HEAD_LEN + 2 * REGISTERS };
    size_t at = 0;

    (void)arg;
    for (; at + LEN + 2 <= BENCH_INPUT_SIZE; at += LEN + 2) {
        uint8_t *reply = input + at;
        reply[0] = (uint8_t)(1 + bench_below(16));
        reply[1] = 3; /* read holding registers */
        reply[2] = 2 * REGISTERS;
        for (size_t i = 0; i < REGISTERS; i++) {
            uint32_t value = 2300 + bench_below(100) * (uint32_t)i;
            reply[HEAD_LEN + 2 * i] = (uint8_t)(value >> 8);
            reply[HEAD_LEN + 2 * i + 1] = (uint8_t)value;
        }
        uint16_t crc = modbus_crc(reply, LEN);
        reply[LEN] = (uint8_t)crc; /* low byte first */
        reply[LEN + 1] = (uint8_t)(crc >> 8);
    }
    return at;
}

size_t bench_make_of(uint8_t *input, const uint8_t values[4])
{
    bench_random(input, BENCH_INPUT_SIZE);
    for (size_t i = 0; i < BENCH_INPUT_SIZE; i++)
        input[i] = values[input[i] & 3];
    return BENCH_INPUT_SIZE;
}

uint32_t bench_below(uint32_t limit)
{
    return test_rand_below(&rand_state, limit);
}

size_t bench_piece(size_t left)
{
    return left < BENCH_PIECE ? left : BENCH_PIECE;
}

size_t bench_count_bytes(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)data;
    bench_bytes += len;
    return len;
}

bool bench_count_frame(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    (void)data;
    bench_frames++;
    bench_bytes += len;
    return true;
}

/* --- The C library's
 * --------------------------------------------------------------------------------- */

/* Through a pointer, so that the call is made. */
static void *(*volatile copy)(void *to, const void *from, size_t len) = memcpy;
static uint8_t copied[BENCH_PIECE];

static void run_memcpy(const uint8_t *input, size_t len)
{
    for (size_t at = 0; at < len; at += BENCH_PIECE)
        copy(copied, input + at, bench_piece(len - at));
}

static bool is_copied(size_t len)
{
    size_t last = len % BENCH_PIECE;
    return memcmp(copied, bench_input + len - last, last) == 0;
}

static const struct bench_case memcpy_cases[] = {
    {"1460 bytes at a time", bench_make_random, run_memcpy, is_copied, 0}};

const struct bench bench_memcpy = {"memcpy", "byte", true, memcpy_cases, 1};

/* What baudsync searches with. A byte behind the piece's end is never looked at. */
static const uint8_t *find_55(const uint8_t *data, const uint8_t *end)
{
    static void *(*volatile find)(const void *data, int byte, size_t len) = memchr;
    return find(data, 0x55, (size_t)(end - data));
}

static void run_memchr(const uint8_t *input, size_t len)
{
    bench_frames = 0;
    for (size_t at = 0; at < len; at += BENCH_PIECE) {
        const uint8_t *end = input + at + bench_piece(len - at);
        const uint8_t *found = find_55(input + at, end);
        for (; found != NULL; found = find_55(found + 1, end))
            bench_frames++;
    }
}

static bool is_found(size_t len)
{
    size_t found = 0;
    for (size_t i = 0; i < len; i++)
        found += bench_input[i] == 0x55;
    return found == bench_frames;
}

static const struct bench_case memchr_cases[] = {
    {"each 55 in random bytes", bench_make_random, run_memchr, is_found, 0}};

const struct bench bench_memchr = {"memchr", "byte", true, memchr_cases, 1};

/* --- A case ---------------------------------------------------------------------------------- */

const struct bench_case *bench_find(unsigned number, const struct bench **bench)
{
    for (size_t i = 0; i < BENCHES; i++) {
        *bench = benches[i];
        if (number < benches[i]->count)
            return &benches[i]->cases[number];
        number -= (unsigned)benches[i]->count;
    }
    return NULL;
}

void bench_pass(const struct bench_case *c, size_t len)
{
    c->run(bench_input, len);
}

/* Through a pointer, so that it is neither inlined nor changed. */
static void (*volatile pass)(const struct bench_case *c, size_t len) = bench_pass;

size_t bench_begin(const struct bench_case *c)
{
    test_rand_seed(&rand_state, 1);
    size_t len = c->begin(bench_input, c->arg);
    if (len > 0)
        c->run(bench_input, len);
    return len;
}

static unsigned number_of(const char *text)
{
    unsigned number = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (unsigned)(*text - '0');
    return number;
}

int bench_count(const char *number, const char *passes)
{
    const struct bench *bench;
    const struct bench_case *c = bench_find(number_of(number), &bench);
    size_t len = c != NULL ? bench_begin(c) : 0;
    if (len == 0)
        return 2;
    printf("%lu\n", (unsigned long)len);
    for (unsigned left = number_of(passes); left > 0; left--)
        pass(c, len);
    return c->is_right(len) ? 0 : 1;
}
