/* SPDX-License-Identifier: MIT */
/* CRC-32 with each size of its table, and zlib's beside them where there is one. */
#include "bench.h"

#include "dtu/crc.h"

#ifdef BENCH_ZLIB
#include <zlib.h>
#endif

uint32_t crc_without_table(uint32_t crc, const uint8_t *data, size_t len);
uint32_t crc_with_16(uint32_t crc, const uint8_t *data, size_t len);
uint32_t crc_with_256(uint32_t crc, const uint8_t *data, size_t len);

/* The source three times, under names of its own. */
#undef DTU_CRC_TABLE
#define DTU_CRC_TABLE 0
#define dtu_crc32 crc_without_table
#define add add_without_table
#include "../../lib/crc.c"

#undef DTU_CRC_TABLE
#undef dtu_crc32
#undef add
#define DTU_CRC_TABLE 16
#define dtu_crc32 crc_with_16
#define add add_with_16
#include "../../lib/crc.c"

#undef DTU_CRC_TABLE
#undef dtu_crc32
#undef add
#define DTU_CRC_TABLE 256
#define dtu_crc32 crc_with_256
#define add add_with_256
#include "../../lib/crc.c"
#undef dtu_crc32

static uint32_t result;

static void run_without_table(const uint8_t *input, size_t len)
{
    result = crc_without_table(0, input, len);
}

static void run_with_16(const uint8_t *input, size_t len)
{
    result = crc_with_16(0, input, len);
}

static void run_with_256(const uint8_t *input, size_t len)
{
    result = crc_with_256(0, input, len);
}

static bool is_right(size_t len)
{
    return result == dtu_crc32(0, bench_input, len);
}

static const struct bench_case cases[] = {
    {"no table", bench_make_random, run_without_table, is_right, 0},
    {"table of 16", bench_make_random, run_with_16, is_right, 0},
    {"table of 256", bench_make_random, run_with_256, is_right, 0},
};

const struct bench bench_crc = {"crc", "byte", true, cases, sizeof cases / sizeof cases[0]};

/* --- A peer ----------------------------------------------------------------------------------- */

#ifdef BENCH_ZLIB

static void run_zlib(const uint8_t *input, size_t len)
{
    result = (uint32_t)crc32(0, input, (uInt)len);
}

static const struct bench_case zlib_cases[] = {{"crc32", bench_make_random, run_zlib, is_right, 0}};
const struct bench bench_zlib = {"zlib", "byte", true, zlib_cases, 1};

#else

const struct bench bench_zlib = {"zlib", "byte", false, NULL, 0};

#endif
