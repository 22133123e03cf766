/* SPDX-License-Identifier: MIT */
/* CRC-32 with each size of its table, and the one that the library was built with. Expected values:
 * the check value of the standard's parameters; the CRC field of a PNG's IEND chunk (PNG, section
 * 11.2.5); and the residue that IEEE 802.3 leaves behind a message with its own CRC. */
#include "dtu/crc.h"

#include "check.h"
#include "rand.h"

#include <stdbool.h>

uint32_t crc_by_bits(uint32_t crc, const uint8_t *data, size_t len);
uint32_t crc_by_nibbles(uint32_t crc, const uint8_t *data, size_t len);
uint32_t crc_by_bytes(uint32_t crc, const uint8_t *data, size_t len);

/* The source three times, under names of its own. */
#undef DTU_CRC_TABLE
#define DTU_CRC_TABLE 0
#define dtu_crc32 crc_by_bits
#define add add_bits
#include "../../lib/crc.c"

#undef DTU_CRC_TABLE
#undef dtu_crc32
#undef add
#define DTU_CRC_TABLE 16
#define dtu_crc32 crc_by_nibbles
#define add add_nibbles
#include "../../lib/crc.c"

#undef DTU_CRC_TABLE
#undef dtu_crc32
#undef add
#define DTU_CRC_TABLE 256
#define dtu_crc32 crc_by_bytes
#define add add_byte
#include "../../lib/crc.c"
#undef dtu_crc32

typedef uint32_t crc_function(uint32_t crc, const uint8_t *data, size_t len);

static crc_function *const functions[] = {crc_by_bits, crc_by_nibbles, crc_by_bytes, dtu_crc32};
#define FUNCTIONS (sizeof functions / sizeof functions[0])

static uint8_t data[300];

static uint32_t crc_of_text(size_t function, const char *text)
{
    return functions[function](0, (const uint8_t *)text, strlen(text));
}

static void gives_the_check_value_of_the_standard(void)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        CHECK_EQ(crc_of_text(i, "123456789"), UINT32_C(0xCBF43926));
}

static void gives_the_crc_of_an_empty_png_chunk(void)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        CHECK_EQ(crc_of_text(i, "IEND"), UINT32_C(0xAE426082));
}

static void nothing_changes_nothing(void)
{
    for (size_t i = 0; i < FUNCTIONS; i++) {
        CHECK_EQ(functions[i](0, NULL, 0), 0);
        CHECK_EQ(functions[i](UINT32_C(0x12345678), NULL, 0), UINT32_C(0x12345678));
    }
}

static void fill(struct test_rand *rnd, size_t len)
{
    test_rand_bytes(rnd, data, len);
}

/* The CRC behind its message, low byte first, leaves the same residue whatever the message is. */
static void a_message_with_its_crc_leaves_the_residue(void)
{
    struct test_rand rnd;

    test_rand_seed(&rnd, 1);
    for (unsigned round = 0; round < 100; round++) {
        size_t len = test_rand_below(&rnd, sizeof data - 4);
        fill(&rnd, len);
        for (size_t i = 0; i < FUNCTIONS; i++) {
            struct dtu_writer w = dtu_writer(data + len, 4);
            dtu_put_le32(&w, functions[i](0, data, len));
            CHECK_EQ(functions[i](0, data, len + 4), UINT32_C(0x2144DF1C));
        }
    }
}

static void any_table_and_any_split_give_the_same(void)
{
    struct test_rand rnd;

    test_rand_seed(&rnd, 2);
    for (unsigned round = 0; round < 100; round++) {
        size_t len = test_rand_below(&rnd, sizeof data);
        size_t cut = test_rand_below(&rnd, (uint32_t)len + 1);
        fill(&rnd, len);
        uint32_t whole = functions[0](0, data, len);
        for (size_t i = 0; i < FUNCTIONS; i++) {
            uint32_t first = functions[i](0, data, cut);
            CHECK_EQ(functions[i](first, data + cut, len - cut), whole);
        }
    }
}

/* The first byte takes all values, so each entry of each table is used. */
static void each_entry_of_each_table_is_right(void)
{
    for (uint32_t pair = 0; pair < UINT32_C(0x10000); pair += 0x11) {
        const uint8_t two[] = {(uint8_t)(pair >> 8), (uint8_t)pair};
        for (size_t i = 1; i < FUNCTIONS; i++)
            CHECK_EQ(functions[i](0, two, sizeof two), functions[0](0, two, sizeof two));
    }
}

static void a_changed_bit_is_found(void)
{
    struct test_rand rnd;

    test_rand_seed(&rnd, 3);
    fill(&rnd, 64);
    for (size_t i = 0; i < FUNCTIONS; i++) {
        uint32_t right = functions[i](0, data, 64);
        for (unsigned bit = 0; bit < 64 * 8; bit++) {
            data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK(functions[i](0, data, 64) != right);
            data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(gives_the_check_value_of_the_standard),
    CHECK_TEST(gives_the_crc_of_an_empty_png_chunk),
    CHECK_TEST(nothing_changes_nothing),
    CHECK_TEST(a_message_with_its_crc_leaves_the_residue),
    CHECK_TEST(any_table_and_any_split_give_the_same),
    CHECK_TEST(each_entry_of_each_table_is_right),
    CHECK_TEST(a_changed_bit_is_found),
};
CHECK_MAIN(tests)
