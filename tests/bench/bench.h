/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the benchmark program share. Each part is a bench: some cases, each of which
 * has an input and passes over it. A pass is what is timed, and what instructions are counted of.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef BENCH_INPUT_SIZE
#define BENCH_INPUT_SIZE 65536 /* less on a target with little memory */
#endif
#define BENCH_PIECE 1460 /* bytes at a time, as TCP brings them over Ethernet */

struct bench_case {
    const char *name;
    /* Fills the input of BENCH_INPUT_SIZE and sets up what a pass needs. Returns how many bytes of
     * input a pass takes, 0 if that went wrong. */
    size_t (*begin)(uint8_t *input, unsigned arg);
    /* One pass. It may follow another. */
    void (*run)(const uint8_t *input, size_t len);
    /* Whether the last pass gave what the input has. */
    bool (*is_right)(size_t len);
    unsigned arg; /* for begin */
};

struct bench {
    const char *name;
    const char *unit; /* "byte", or what a pass is one of */
    bool is_timed;    /* false: only its instructions say something */
    const struct bench_case *cases;
    size_t count;
};

extern const struct bench bench_memcpy;
extern const struct bench bench_at;
extern const struct bench bench_baudsync;
extern const struct bench bench_framer;
extern const struct bench bench_cmdmode;
extern const struct bench bench_sdp;
extern const struct bench bench_discovery;
extern const struct bench bench_crc;
extern const struct bench bench_secret;
extern const struct bench bench_login;
extern const struct bench bench_memchr;
extern const struct bench bench_zlib; /* without a case if there is no zlib */

#define BENCHES 12u
extern const struct bench *const benches[BENCHES];

/* The input of the case that is under way. */
extern uint8_t bench_input[BENCH_INPUT_SIZE];

/* What came out of the last pass; run() begins with 0 where it counts. */
extern size_t bench_bytes;
extern size_t bench_frames;

/* An input of lines of text, as a sensor sends them; there is no 55 and no + in it. */
size_t bench_make_text(uint8_t *input, unsigned arg);

/* An input of replies of Modbus RTU, each of ten registers near 2300: what most meters send. */
size_t bench_make_modbus(uint8_t *input, unsigned arg);

/* An input of random bytes, the same in each run. */
size_t bench_make_random(uint8_t *input, unsigned arg);

/* Random bytes of four values. */
size_t bench_make_of(uint8_t *input, const uint8_t values[4]);

/* Random bytes, as many as are wanted. */
void bench_random(uint8_t *data, size_t len);

/* A number below the limit, the same in each run. */
uint32_t bench_below(uint32_t limit);

/* How many of the bytes that are left come in the next piece. */
size_t bench_piece(size_t left);

/* Callbacks that count and do nothing else. */
size_t bench_count_bytes(void *ctx, const uint8_t *data, size_t len);
bool bench_count_frame(void *ctx, const uint8_t *data, size_t len);

/* The case with this number, counted over all benches, and its bench; NULL if there is none. */
const struct bench_case *bench_find(unsigned number, const struct bench **bench);

/* Begins a case with a pass that nobody measures: the first call of a function in a shared library
 * looks it up. Returns how many bytes a pass takes, 0 if that went wrong. */
size_t bench_begin(const struct bench_case *c);

/* One pass; it is this function that callgrind counts. */
void bench_pass(const struct bench_case *c, size_t len);

/* Passes of a case, behind the first, which are counted from outside. The arguments: the number of
 * the case and how many passes. Prints how many bytes a pass takes. Returns an exit status: 0 if
 * what came out was right. */
int bench_count(const char *number, const char *passes);

#endif
