/* SPDX-License-Identifier: MIT */
/* The store on a medium in memory that loses power after any byte, tears an erase, fails on demand,
 * and insists on the rules of flash: chunks on their boundaries, written once after an erase. */
#include "dtu/store.h"

#include "check.h"
#include "rand.h"

#include <stdbool.h>

#define SLOT_MAX 288
#define UNIT 16u
#define NEVER (-1L)

/* --- The medium ----------------------------------------------------------------------------- */

static uint8_t slots[2][SLOT_MAX];
static bool written[2][SLOT_MAX / UNIT]; /* since the last erase */
static struct dtu_store_medium medium;
static long power;      /* steps until it is cut; NEVER */
static bool is_off;     /* it was */
static long fail_read;  /* so many reads work; NEVER: all */
static long flip_read;  /* so many reads are right, and the next gives another first byte */
static uint8_t flipped; /* its bits that are others */
static long fail_write; /* */
static bool fail_once;  /* and then all writes work again */
static bool fail_erase;
static bool fail_sync;
static unsigned erases[2];
static unsigned syncs;
static struct test_rand rnd;

/* One step of work; false if the power has gone before it. */
static bool step(void)
{
    if (power == 0)
        is_off = true;
    if (is_off)
        return false;
    if (power > 0)
        power--;
    return true;
}

static bool countdown(long *left)
{
    if (*left == 0)
        return false;
    if (*left > 0)
        --*left;
    return true;
}

static bool on_read(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len)
{
    CHECK(ctx == slots && slot < 2);
    CHECK(offset <= medium.slot_size && len <= medium.slot_size - offset);
    if (is_off || !countdown(&fail_read))
        return false;
    memcpy(data, slots[slot] + offset, len);
    if (flip_read >= 0 && flip_read-- == 0)
        data[0] ^= flipped;
    return true;
}

/* Torn in the middle it leaves anything: the old bytes, a half, noise, or all done and not told. */
static bool on_erase(void *ctx, unsigned slot)
{
    CHECK(ctx == slots && slot < 2);
    if (fail_erase || !step())
        return false;
    memset(slots[slot] + medium.slot_size / 2, 0xFF, medium.slot_size - medium.slot_size / 2);
    memset(written[slot], 0, sizeof written[slot]);
    if (!step())
        return false;
    test_rand_bytes(&rnd, slots[slot], medium.slot_size);
    if (!step())
        return false;
    memset(slots[slot], 0xFF, medium.slot_size);
    erases[slot]++;
    return step();
}

static bool on_write(void *ctx, unsigned slot, size_t offset, const uint8_t *data, size_t len)
{
    CHECK(ctx == slots && slot < 2);
    CHECK(offset % UNIT == 0 && (len == UNIT || len == 2 * UNIT));
    CHECK(offset <= medium.slot_size && len <= medium.slot_size - offset);
    if (!countdown(&fail_write)) {
        if (fail_once)
            fail_write = NEVER;
        return false;
    }
    for (size_t i = offset / UNIT; i < (offset + len) / UNIT; i++) {
        CHECK(!written[slot][i]);
        written[slot][i] = true;
    }
    for (size_t i = 0; i < len; i++) {
        if (!step())
            return false;
        slots[slot][offset + i] = data[i];
    }
    return step(); /* all is there, and the answer is lost */
}

static bool on_sync(void *ctx, unsigned slot)
{
    CHECK(ctx == slots && slot < 2);
    syncs++;
    return !fail_sync && step();
}

static void restore_power(void)
{
    power = fail_read = flip_read = fail_write = NEVER;
    is_off = fail_once = fail_erase = fail_sync = false;
}

static void new_medium(size_t slot_size)
{
    medium = (struct dtu_store_medium){slot_size, on_read, on_erase, on_write, on_sync};
    test_rand_seed(&rnd, 11);
    test_rand_bytes(&rnd, slots, sizeof slots); /* what was never written reads as anything */
    memset(written, 0, sizeof written);
    memset(erases, 0, sizeof erases);
    syncs = 0;
    restore_power();
}

/* --- The parameters ------------------------------------------------------------------------- */

struct values {
    uint8_t n[4];
    uint8_t name[41];
    uint8_t on[1];
};

static const struct dtu_param_field number[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 999999}};
static const struct dtu_param_field text[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 40}};
static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};

#define SETTING(kind_, name_, member_, fields_, initial_)                                          \
    {                                                                                              \
        .name = name_, .kind = kind_, .field_count = 1, .fields = fields_, .initial = initial_,    \
        .offset = offsetof(struct values, member_)                                                 \
    }
#define N_ROW SETTING(DTU_PARAM_SETTING, "N", n, number, "7")
#define NAME_ROW SETTING(DTU_PARAM_SETTING, "NAME", name, text, "nobody")
#define ON_ROW SETTING(DTU_PARAM_SETTING, "ON", on, on_off, "ON")

static const struct dtu_param rows[] = {
    {.name = "DO", .kind = DTU_PARAM_ACTION},
    {.name = "INFO", .kind = DTU_PARAM_INFO},
    N_ROW,
    NAME_ROW,
    {.name = "NOM", .kind = DTU_PARAM_ALIAS, .initial = "NAME"},
    ON_ROW,
    SETTING(DTU_PARAM_VIEW, "VIEW", n, number, NULL),
};
/* An older firmware knows less; what it does not know is not lost on the newer one. */
static const struct dtu_param old_rows[] = {N_ROW};

#define TABLE(rows_)                                                                               \
    {                                                                                              \
        .rows = rows_, .count = sizeof(rows_) / sizeof((rows_)[0]),                                \
        .values_size = sizeof(struct values), .syntax = {                                          \
            .escape_inner = "",                                                                    \
            .escape_last = ""                                                                      \
        }                                                                                          \
    }
static const struct dtu_param_table table = TABLE(rows);
static const struct dtu_param_table old_table = TABLE(old_rows);

static uint8_t running[sizeof(struct values)];
static uint8_t pending[sizeof(struct values)];
static struct dtu_params params;
static struct dtu_store store;
static uint8_t scratch[200];

/* As at power-up: defaults, and what is stored on top. */
static enum dtu_status boot_with(const struct dtu_param_table *t)
{
    CHECK_EQ(dtu_params_init(&params, t, running, pending), DTU_OK);
    CHECK_EQ(dtu_store_init(&store, &medium, slots), DTU_OK);
    return dtu_store_load(&store, &params, scratch, sizeof scratch);
}

static enum dtu_status boot(void)
{
    return boot_with(&table);
}

static void set(const char *name, const char *value)
{
    const struct dtu_param *row =
        dtu_params_find(params.table, (const uint8_t *)name, strlen(name));
    CHECK_EQ(dtu_params_set(&params, row, (const uint8_t *)value, strlen(value)), DTU_OK);
}

static enum dtu_status save(void)
{
    return dtu_store_save(&store, &params, DTU_PARAMS_PENDING);
}

static enum dtu_status save_row(const char *name)
{
    const struct dtu_param *row =
        dtu_params_find(params.table, (const uint8_t *)name, strlen(name));
    return dtu_store_save_row(&store, &params, row, scratch, sizeof scratch);
}

static bool pending_is(const char *name, const char *expected)
{
    char out[64];
    struct dtu_text_buffer buffer = {out, sizeof out, 0, false};
    const struct dtu_text to = {dtu_text_to_buffer, &buffer};
    const struct dtu_param *row =
        dtu_params_find(params.table, (const uint8_t *)name, strlen(name));
    dtu_params_write(&params, DTU_PARAMS_PENDING, row, 0, &to);
    return buffer.len == strlen(expected) && memcmp(out, expected, buffer.len) == 0;
}

#define CHECK_VALUES(n, name, on)                                                                  \
    CHECK(pending_is("N", n) && pending_is("NAME", name) && pending_is("ON", on))

/* --- Reference: what a slot must hold ------------------------------------------------------- */

static uint32_t reversed(uint32_t value, unsigned bits)
{
    uint32_t out = 0;
    for (unsigned i = 0; i < bits; i++)
        if ((value >> i & 1) != 0)
            out |= UINT32_C(1) << (bits - 1 - i);
    return out;
}

/* CRC-32 of IEEE 802.3 with the polynomial the way the standard prints it, high bit first. */
static uint32_t reference_crc(const uint8_t *data, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= reversed(data[i], 8) << 24;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 31) != 0 ? (crc << 1 & UINT32_MAX) ^ UINT32_C(0x04C11DB7)
                                   : crc << 1 & UINT32_MAX;
    }
    return ~reversed(crc, 32) & UINT32_MAX;
}

static void put_be32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* Fills a slot as the page of the store describes it. */
static void make_slot(unsigned slot, uint32_t sequence, const char *lines)
{
    uint8_t *at = slots[slot];
    size_t len = strlen(lines);
    uint8_t summed[8 + 200];
    put_be32(summed, sequence);
    put_be32(summed + 4, (uint32_t)len);
    memcpy(summed + 8, lines, len);
    memset(at, 0xFF, medium.slot_size);
    memcpy(at, "DTU1", 4);
    memcpy(at + 4, summed, 8);
    put_be32(at + 12, reference_crc(summed, 8 + len));
    memcpy(at + 16, lines, len);
}

static void the_reference_crc_has_the_known_check_value(void)
{
    CHECK(reference_crc((const uint8_t *)"123456789", 9) == UINT32_C(0xCBF43926));
}

/* --- Set-up --------------------------------------------------------------------------------- */

static void init_refuses_what_cannot_work(void)
{
    struct dtu_store_medium m;
    new_medium(SLOT_MAX);
    m = medium;
    m.read = NULL;
    CHECK_EQ(dtu_store_init(&store, &m, slots), DTU_ERR_CONFIG);
    m = medium;
    m.erase = NULL;
    CHECK_EQ(dtu_store_init(&store, &m, slots), DTU_ERR_CONFIG);
    m = medium;
    m.write = NULL;
    CHECK_EQ(dtu_store_init(&store, &m, slots), DTU_ERR_CONFIG);
    m = medium;
    m.slot_size = DTU_STORE_HEADER_SIZE + DTU_STORE_CHUNK_SIZE - 1;
    CHECK_EQ(dtu_store_init(&store, &m, slots), DTU_ERR_CONFIG);
    m.slot_size++;
    m.sync = NULL;
    CHECK_EQ(dtu_store_init(&store, &m, slots), DTU_OK);
}

static void an_empty_medium_has_nothing_stored(void)
{
    new_medium(SLOT_MAX);
    CHECK_EQ(boot(), DTU_ERR_NOT_FOUND);
    CHECK_VALUES("7", "nobody", "ON");
    memset(slots, 0xFF, sizeof slots);
    CHECK_EQ(boot(), DTU_ERR_NOT_FOUND);
    memset(slots, 0, sizeof slots);
    CHECK_EQ(boot(), DTU_ERR_NOT_FOUND);
}

/* --- Layout --------------------------------------------------------------------------------- */

static void a_slot_is_a_header_and_lines_of_text(void)
{
    static const char lines[] = "N=42\nNAME=some[0D][0A]one\nON=OFF\n";
    uint8_t first[SLOT_MAX];
    new_medium(SLOT_MAX);
    (void)boot();
    set("N", "42");
    set("NAME", "some[0d][0a]one");
    set("ON", "off");
    CHECK_EQ(save(), DTU_OK);
    memcpy(first, slots[0], sizeof first);
    make_slot(0, 1, lines);
    CHECK_BYTES(first, sizeof first, slots[0], sizeof slots[0]); /* FF behind the text */
    CHECK_EQ(store.stats.saved, 1);
    CHECK_EQ(syncs, 1);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("42", "some[0D][0A]one", "OFF");
}

static void a_product_without_settings_stores_an_empty_text(void)
{
    static const struct dtu_param nothing[] = {{.name = "DO", .kind = DTU_PARAM_ACTION}};
    static const struct dtu_param_table no_settings = TABLE(nothing);
    uint8_t first[SLOT_MAX];
    new_medium(SLOT_MAX);
    CHECK_EQ(boot_with(&no_settings), DTU_ERR_NOT_FOUND);
    CHECK_EQ(save(), DTU_OK);
    CHECK(written[0][0] && !written[0][1]); /* only a header */
    memcpy(first, slots[0], sizeof first);
    make_slot(0, 1, "");
    CHECK_BYTES(first, sizeof first, slots[0], sizeof slots[0]);
    CHECK_EQ(boot_with(&no_settings), DTU_OK);
}

static void saves_go_to_the_slots_in_turn(void)
{
    new_medium(SLOT_MAX);
    (void)boot();
    for (unsigned i = 1; i <= 10; i++) {
        CHECK_EQ(save(), DTU_OK);
        CHECK_EQ(erases[0], (i + 1) / 2);
        CHECK_EQ(erases[1], i / 2);
        if (i % 3 == 0)
            CHECK_EQ(boot(), DTU_OK); /* also over restarts */
    }
}

static void the_running_values_can_be_stored_too(void)
{
    new_medium(SLOT_MAX);
    (void)boot();
    set("N", "8");
    dtu_params_apply(&params);
    set("N", "9");
    CHECK_EQ(dtu_store_save(&store, &params, DTU_PARAMS_RUNNING), DTU_OK);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("8", "nobody", "ON");
}

static void a_set_is_found_without_sync_too(void)
{
    new_medium(SLOT_MAX);
    medium.sync = NULL;
    (void)boot();
    set("N", "8");
    CHECK_EQ(save(), DTU_OK);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("8", "nobody", "ON");
}

/* --- Which set counts ----------------------------------------------------------------------- */

static void the_higher_sequence_counts_also_across_the_wrap(void)
{
    static const struct {
        uint32_t sequence[2];
        const char *n;
    } cases[] = {
        {{1, 2}, "200"},
        {{2, 1}, "100"},
        {{5, 5}, "100"},
        {{UINT32_MAX, 0}, "200"},
        {{0, UINT32_MAX}, "100"},
        {{UINT32_MAX - 1, UINT32_MAX}, "200"},
        {{UINT32_C(0x7FFFFFFF), UINT32_C(0x80000000)}, "200"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        new_medium(SLOT_MAX);
        make_slot(0, cases[i].sequence[0], "N=100\n");
        make_slot(1, cases[i].sequence[1], "N=200\n");
        CHECK_EQ(boot(), DTU_OK);
        CHECK(pending_is("N", cases[i].n));
    }
}

static void the_sequence_goes_on_across_the_wrap(void)
{
    new_medium(SLOT_MAX);
    make_slot(0, UINT32_MAX, "N=100\n");
    CHECK_EQ(boot(), DTU_OK);
    for (unsigned i = 1; i <= 3; i++) {
        char value[2] = {(char)('0' + i), '\0'};
        set("N", value);
        CHECK_EQ(save(), DTU_OK);
        CHECK_EQ(boot(), DTU_OK);
        CHECK(pending_is("N", value));
    }
    CHECK_BYTES(slots[1] + 4, 4, "\0\0\0\2", 4); /* 0, 1, 2 */
}

static void a_damaged_slot_does_not_count(void)
{
    static const char lines[] = "N=200\n";
    for (size_t byte = 0; byte < 16 + sizeof lines - 1; byte++)
        for (unsigned bit = 0; bit < 8; bit++) {
            new_medium(SLOT_MAX);
            make_slot(0, 1, "N=100\n");
            make_slot(1, 2, lines);
            slots[1][byte] ^= (uint8_t)(1u << bit);
            CHECK_EQ(boot(), DTU_OK);
            CHECK(pending_is("N", "100"));
        }
}

static void a_length_beyond_the_slot_is_damage(void)
{
    new_medium(SLOT_MAX);
    make_slot(0, 1, "N=100\n");
    put_be32(slots[0] + 8, SLOT_MAX - 15);
    CHECK_EQ(boot(), DTU_ERR_NOT_FOUND);
    put_be32(slots[0] + 8, UINT32_MAX);
    CHECK_EQ(boot(), DTU_ERR_NOT_FOUND);
}

/* --- Power cuts ----------------------------------------------------------------------------- */

static const char *const names[] = {"nobody", "first", "a much longer name than the first",
                                    "3[0D][0A]", "the fourth generation; 40 bytes of text."};

static void set_generation(unsigned g)
{
    char n[2] = {(char)('1' + g), '\0'};
    set("N", n);
    set("NAME", names[g]);
    set("ON", g % 2 == 0 ? "ON" : "OFF");
}

static bool is_generation(unsigned g)
{
    char n[2] = {(char)('1' + g), '\0'};
    return pending_is("N", n) && pending_is("NAME", names[g]) &&
           pending_is("ON", g % 2 == 0 ? "ON" : "OFF");
}

/* So many saves, the next one cut after `steps`. False if it was not cut. */
static bool cut_save(unsigned generations, long steps, bool one_row)
{
    new_medium(SLOT_MAX);
    (void)boot();
    for (unsigned g = 0; g < generations; g++) {
        set_generation(g);
        CHECK_EQ(save(), DTU_OK);
    }
    if (one_row)
        set("N", "999");
    else
        set_generation(generations);
    power = steps;
    enum dtu_status status = one_row ? save_row("N") : save();
    bool cut = is_off;
    CHECK_EQ(status, cut ? DTU_ERR_IO : DTU_OK);
    restore_power();
    return cut;
}

static bool was_row_saved(unsigned generations)
{
    return pending_is("N", "999") && pending_is("NAME", names[generations - 1]);
}

static void a_power_cut_leaves_the_old_set_or_the_new_one(void)
{
    for (unsigned generations = 0; generations < 5; generations++) {
        bool cut = true;
        unsigned old_sets = 0;
        unsigned new_sets = 0;
        for (long steps = 0; cut; steps++) {
            cut = cut_save(generations, steps, false);
            enum dtu_status status = boot();
            bool is_new = status == DTU_OK && is_generation(generations);
            bool is_old = generations == 0 ? status == DTU_ERR_NOT_FOUND
                                           : status == DTU_OK && is_generation(generations - 1);
            CHECK(is_new != is_old);
            CHECK(cut || is_new);
            CHECK_EQ(store.stats.skipped, 0);
            old_sets += is_old;
            new_sets += is_new;
            set_generation(4); /* and life goes on */
            CHECK_EQ(save(), DTU_OK);
            CHECK_EQ(boot(), DTU_OK);
            CHECK(is_generation(4));
        }
        CHECK(old_sets > 16);
        CHECK(new_sets > 1);
    }
}

static void a_power_cut_while_one_row_is_saved_is_as_safe(void)
{
    for (unsigned generations = 1; generations < 4; generations++) {
        bool cut = true;
        for (long steps = 0; cut; steps++) {
            cut = cut_save(generations, steps, true);
            CHECK_EQ(boot(), DTU_OK);
            CHECK(is_generation(generations - 1) != was_row_saved(generations));
            CHECK(cut || was_row_saved(generations));
        }
    }
}

static void cuts_one_after_the_other_never_lose_the_set(void)
{
    unsigned stored = 1;
    new_medium(SLOT_MAX);
    (void)boot();
    set_generation(1);
    CHECK_EQ(save(), DTU_OK);
    for (unsigned i = 0; i < 300; i++) {
        unsigned next = 1 + i % 4;
        set_generation(next);
        power = (long)test_rand_below(&rnd, 140);
        (void)save();
        restore_power();
        CHECK_EQ(boot(), DTU_OK);
        CHECK(is_generation(stored) || is_generation(next));
        if (is_generation(next))
            stored = next;
    }
}

/* --- Failures ------------------------------------------------------------------------------- */

static void begin_with_first(void)
{
    new_medium(SLOT_MAX);
    (void)boot();
    set_generation(1);
    CHECK_EQ(save(), DTU_OK);
    set_generation(2);
}

static void check_first_is_there(void)
{
    restore_power();
    CHECK_EQ(store.stats.saved, 1);
    CHECK_EQ(store.stats.failed, 1);
    dtu_params_reset(&params);
    CHECK_EQ(dtu_store_load(&store, &params, scratch, sizeof scratch), DTU_OK);
    CHECK(is_generation(1));
    set_generation(2);
    CHECK_EQ(save(), DTU_OK);
    CHECK_EQ(boot(), DTU_OK);
    CHECK(is_generation(2));
}

static void a_medium_that_fails_is_told_and_the_old_set_stays(void)
{
    begin_with_first();
    fail_erase = true;
    CHECK_EQ(save(), DTU_ERR_IO);
    check_first_is_there();
    begin_with_first();
    fail_sync = true;
    CHECK_EQ(save(), DTU_ERR_IO);
    check_first_is_there();
    for (long n = 0; n < 3; n++) { /* 2 chunks of text, and the header */
        begin_with_first();
        fail_write = n;
        CHECK_EQ(save(), DTU_ERR_IO);
        check_first_is_there();
    }
    begin_with_first();
    fail_write = 3;
    CHECK_EQ(save(), DTU_OK);
}

/* Of one row the old text is read, too: to measure and to write it. */
static void a_medium_that_cannot_be_read_at_any_step_is_told_and_the_old_set_stays(void)
{
    long reads = 0;
    for (;; reads++) {
        begin_with_first();
        fail_read = reads;
        if (save_row("N") == DTU_OK)
            break;
        check_first_is_there();
    }
    CHECK(reads >= 3);
    for (long n = 0; n < reads; n++) {
        begin_with_first();
        fail_read = n;
        CHECK_EQ(save_row("N"), DTU_ERR_IO);
    }
}

/* What is stored is the new set, or the old one if a fault was told: nothing else, and no write
 * outside of the slot, which on_write() checks. */
static void a_medium_that_reads_something_else_once_never_makes_a_third_set(void)
{
    unsigned told = 0;
    for (unsigned bit = 0; bit < 8; bit++) {
        for (long n = 0;; n++) {
            begin_with_first();
            flip_read = n;
            flipped = (uint8_t)(1u << bit);
            bool saved = save_row("N") == DTU_OK;
            if (flip_read >= 0) /* there are not so many reads */
                break;
            told += !saved;
            CHECK_EQ(boot(), DTU_OK);
            CHECK_VALUES(saved ? "3" : "2", names[1], "OFF");
            CHECK_EQ(store.stats.skipped, 0);
        }
    }
    CHECK(told > 0);
}

/* A line that is not seen to be replaced stays: it is too much for a slot that is full. */
static void a_text_that_is_longer_than_was_measured_ends_at_the_slots_end(void)
{
    unsigned too_long = 0;
    for (long n = 0;; n++) {
        new_medium(DTU_STORE_HEADER_SIZE + 2 * DTU_STORE_CHUNK_SIZE);
        (void)boot();
        set("NAME", names[4]);
        CHECK_EQ(save(), DTU_OK);
        set("N", "999999");
        flip_read = n;
        flipped = 1;
        enum dtu_status status = save_row("N");
        if (flip_read >= 0)
            break;
        too_long += status == DTU_ERR_SPACE; /* it was measured so */
        CHECK(status == DTU_ERR_SPACE || status == DTU_ERR_IO);
        CHECK_EQ(boot(), DTU_OK);
        CHECK_VALUES("7", names[4], "ON");
    }
    CHECK_EQ(too_long, 1);
}

static void after_a_write_failed_no_more_is_written(void)
{
    begin_with_first();
    fail_write = 0;
    fail_once = true;
    CHECK_EQ(save(), DTU_ERR_IO);
    for (size_t i = 0; i < SLOT_MAX / UNIT; i++)
        CHECK(!written[1][i]);
}

static void what_cannot_be_read_at_power_up_is_not_lost(void)
{
    for (long reads = 0; reads < 2; reads++) { /* no header, or the one of slot 0 and no text */
        begin_with_first();
        CHECK_EQ(save(), DTU_OK); /* in slot 1 */
        fail_read = reads;
        CHECK_EQ(boot(), DTU_ERR_IO);
        set_generation(3);
        CHECK_EQ(save(), DTU_ERR_IO);
        CHECK_EQ(save_row("N"), DTU_ERR_IO);
        CHECK_EQ(store.stats.failed, 2);
        CHECK_EQ(erases[0] + erases[1], 2);
        CHECK_EQ(dtu_store_load(&store, &params, scratch, sizeof scratch), DTU_ERR_IO);
        restore_power();
        CHECK_EQ(save(), DTU_ERR_IO); /* until it was loaded */
        CHECK_EQ(dtu_store_load(&store, &params, scratch, sizeof scratch), DTU_OK);
        CHECK(is_generation(2));
        set_generation(3);
        CHECK_EQ(save(), DTU_OK);
        CHECK_EQ(boot(), DTU_OK);
        CHECK(is_generation(3));
    }
}

static void a_set_beside_a_slot_that_cannot_be_read_counts(void)
{
    begin_with_first(); /* in slot 0 */
    fail_read = 2;      /* its header, its text; not slot 1 */
    CHECK_EQ(dtu_store_init(&store, &medium, slots), DTU_OK);
    restore_power();
    CHECK_EQ(dtu_store_load(&store, &params, scratch, sizeof scratch), DTU_OK);
    CHECK(is_generation(1));
    set_generation(2);
    CHECK_EQ(save(), DTU_OK);
    CHECK_EQ(boot(), DTU_OK);
    CHECK(is_generation(2));
}

static void a_medium_that_was_empty_is_stored_to_when_it_can_be_read(void)
{
    new_medium(SLOT_MAX);
    fail_read = 1;
    CHECK_EQ(boot(), DTU_ERR_IO);
    restore_power();
    CHECK_EQ(dtu_store_load(&store, &params, scratch, sizeof scratch), DTU_ERR_NOT_FOUND);
    set_generation(1);
    CHECK_EQ(save(), DTU_OK);
    CHECK_EQ(boot(), DTU_OK);
    CHECK(is_generation(1));
}

static void a_set_that_cannot_be_read_when_it_is_loaded_is_told(void)
{
    begin_with_first();
    CHECK_EQ(boot(), DTU_OK);
    fail_read = 1;
    CHECK_EQ(dtu_store_load(&store, &params, scratch, sizeof scratch), DTU_ERR_IO);
}

static void a_set_that_does_not_fit_is_refused_before_anything_is_erased(void)
{
    /* the text is 22 bytes, and with a name of n bytes 16 + n */
    static const char lines[] = "N=7\nNAME=nobody\nON=ON\n";
    CHECK_EQ(sizeof lines - 1, 22);
    new_medium(DTU_STORE_HEADER_SIZE + 63); /* room for 32 bytes of chunks, not for 64 */
    (void)boot();
    set("NAME", "1234567890123456"); /* 32 bytes of text */
    CHECK_EQ(save(), DTU_OK);
    set("NAME", "12345678901234567"); /* 33 */
    CHECK_EQ(save(), DTU_ERR_SPACE);
    CHECK_EQ(save_row("NAME"), DTU_ERR_SPACE);
    CHECK_EQ(store.stats.failed, 2);
    CHECK_EQ(erases[1], 0);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("7", "1234567890123456", "ON");
    new_medium(DTU_STORE_HEADER_SIZE + 32); /* filled to its last byte */
    (void)boot();
    set("NAME", "1234567890123456");
    CHECK_EQ(save(), DTU_OK);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("7", "1234567890123456", "ON");
    new_medium(DTU_STORE_HEADER_SIZE + 64);
    (void)boot();
    set("NAME", "12345678901234567");
    CHECK_EQ(save(), DTU_OK);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("7", "12345678901234567", "ON");
}

/* --- Loading -------------------------------------------------------------------------------- */

static void what_is_not_known_or_not_legal_is_skipped_and_counted(void)
{
    new_medium(SLOT_MAX);
    make_slot(0, 1,
              "FUTURE=1,2,3\n" /* skipped */
              "N=5\n"
              "N=1000000\n" /* out of range: skipped */
              "NAME=\n"     /* skipped */
              "nonsense\n"  /* no `=`: skipped */
              "\n"          /* skipped */
              "=\n"         /* skipped */
              "DO=1\n"      /* no setting: skipped */
              "INFO=\n"     /* skipped */
              "on=oFf\n"    /* either case */
              "NOM=other\n" /* another spelling */);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("5", "other", "OFF");
    CHECK_EQ(store.stats.skipped, 8);
}

static void a_stored_line_longer_than_the_scratch_is_skipped(void)
{
    new_medium(SLOT_MAX);
    make_slot(0, 1, "NAME=abcde\nN=9\nON=OFF\n");
    CHECK_EQ(boot(), DTU_OK);
    dtu_params_reset(&params);
    CHECK_EQ(dtu_store_load(&store, &params, scratch, 10), DTU_OK);
    CHECK_VALUES("9", "abcde", "OFF");
    dtu_params_reset(&params);
    scratch[9] = 0xC5;
    CHECK_EQ(dtu_store_load(&store, &params, scratch, 9), DTU_OK);
    CHECK_VALUES("9", "nobody", "OFF");
    CHECK_EQ(store.stats.skipped, 1);
    CHECK_EQ(scratch[9], 0xC5);
}

static void what_is_stored_goes_on_top_of_what_is_pending(void)
{
    new_medium(SLOT_MAX);
    make_slot(1, 1, "N=9\n");
    (void)boot();
    set("NAME", "mine");
    set("N", "8");
    CHECK_EQ(dtu_store_load(&store, &params, scratch, sizeof scratch), DTU_OK);
    CHECK_VALUES("9", "mine", "ON");
}

static void another_firmware_loads_what_it_knows(void)
{
    new_medium(SLOT_MAX);
    (void)boot();
    set_generation(1);
    CHECK_EQ(save(), DTU_OK);
    CHECK_EQ(boot_with(&old_table), DTU_OK); /* older: N only */
    CHECK(pending_is("N", "2"));
    CHECK_EQ(store.stats.skipped, 2);
    set("N", "6");
    CHECK_EQ(save_row("N"), DTU_OK); /* keeps what it does not know */
    CHECK_EQ(boot(), DTU_OK);        /* newer again */
    CHECK_VALUES("6", names[1], "OFF");
    CHECK_EQ(boot_with(&old_table), DTU_OK);
    CHECK_EQ(save(), DTU_OK); /* all it knows, and nothing else */
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("6", "nobody", "ON");
}

/* --- One row -------------------------------------------------------------------------------- */

static void one_row_is_stored_and_the_others_stay_as_stored(void)
{
    new_medium(SLOT_MAX);
    (void)boot();
    set_generation(1);
    CHECK_EQ(save(), DTU_OK);
    set("NAME", "pending only");
    set("ON", "ON");
    set("N", "77");
    CHECK_EQ(save_row("ON"), DTU_OK);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("2", names[1], "ON");
    CHECK_EQ(store.stats.skipped, 0);
}

static void one_row_can_be_all_that_is_stored(void)
{
    new_medium(SLOT_MAX);
    (void)boot();
    set("ON", "OFF");
    set("N", "77");
    CHECK_EQ(save_row("ON"), DTU_OK);
    make_slot(1, 1, "ON=OFF\n"); /* the reference, in the other slot */
    CHECK_BYTES(slots[0], SLOT_MAX, slots[1], SLOT_MAX);
    memset(slots[1], 0xFF, SLOT_MAX);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("7", "nobody", "OFF");
}

static void a_row_is_stored_once_however_often_it_is_saved(void)
{
    new_medium(DTU_STORE_HEADER_SIZE + 32);
    make_slot(0, 1, "n=1\nN=2\nN=3\nON=ON\n");
    CHECK_EQ(boot(), DTU_OK);
    for (unsigned i = 0; i < 20; i++) {
        set("N", i % 2 == 0 ? "100000" : "5");
        CHECK_EQ(save_row("N"), DTU_OK);
        set("ON", i % 2 == 0 ? "OFF" : "ON");
        CHECK_EQ(save_row("ON"), DTU_OK);
    }
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("5", "nobody", "ON");
    CHECK_EQ(store.stats.skipped, 0);
}

static void a_stored_line_longer_than_the_scratch_is_not_kept(void)
{
    const struct dtu_param *row = &rows[2];
    new_medium(SLOT_MAX);
    make_slot(0, 1, "NAME=abcde\nON=OFF\n");
    CHECK_EQ(boot(), DTU_OK);
    CHECK_EQ(dtu_store_save_row(&store, &params, row, scratch, 9), DTU_OK);
    CHECK_EQ(boot(), DTU_OK);
    CHECK_VALUES("7", "nobody", "OFF");
}

/* --- Secrets and places -------------------------------------------------------------------------
 */

#define PLACES 3

struct place_values {
    uint8_t pw[7];
    uint8_t sub[PLACES][9 + 1];
};

static const struct dtu_param_field password[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 6}};
static const struct dtu_param_field topic[] = {{.type = DTU_FIELD_NUMBER, .min = 1, .max = PLACES},
                                               {.type = DTU_FIELD_TEXT, .min = 1, .max = 8},
                                               {.type = DTU_FIELD_NUMBER, .max = 2}};
static const struct dtu_param place_rows[] = {
    {.name = "PW",
     .kind = DTU_PARAM_SECRET,
     .field_count = 1,
     .fields = password,
     .offset = offsetof(struct place_values, pw),
     .initial = "usr_cn"},
    {.name = "SUB",
     .kind = DTU_PARAM_SETTING,
     .field_count = 3,
     .fields = topic,
     .offset = offsetof(struct place_values, sub),
     .places = PLACES},
};
static const struct dtu_param_table place_table = {
    .rows = place_rows,
    .count = 2,
    .values_size = sizeof(struct place_values),
    .syntax = {.escape = DTU_ESCAPE_HEX, .escape_inner = "=,?", .escape_last = "=,?"}};

static bool place_is(uint8_t place, const char *expected)
{
    char out[64];
    struct dtu_text_buffer buffer = {out, sizeof out, 0, false};
    const struct dtu_text to = {dtu_text_to_buffer, &buffer};
    if (!dtu_params_place_is_empty(&params, DTU_PARAMS_PENDING, &place_rows[1], place))
        dtu_params_write(&params, DTU_PARAMS_PENDING, &place_rows[1], place, &to);
    return buffer.len == strlen(expected) && memcmp(out, expected, buffer.len) == 0;
}

static void begin_places(void)
{
    CHECK(sizeof(struct place_values) <= sizeof running);
    new_medium(SLOT_MAX);
    CHECK_EQ(boot_with(&place_table), DTU_ERR_NOT_FOUND);
}

static void secrets_and_places_are_stored_a_line_for_each_place_that_is_set(void)
{
    uint8_t first[SLOT_MAX];
    begin_places();
    set("PW", "a[2C]b");
    set("SUB", "3,/c[2C]d,2");
    set("SUB", "1,/a,0");
    CHECK_EQ(save(), DTU_OK);
    memcpy(first, slots[0], sizeof first);
    make_slot(0, 1, "PW=a[2C]b\nSUB=1,/a,0\nSUB=3,/c[2C]d,2\n");
    CHECK_BYTES(first, sizeof first, slots[0], sizeof slots[0]);
    CHECK_EQ(boot_with(&place_table), DTU_OK);
    CHECK(pending_is("PW", "a[2C]b"));
    CHECK(place_is(1, "1,/a,0") && place_is(2, "") && place_is(3, "3,/c[2C]d,2"));
    CHECK_EQ(store.stats.skipped, 0);
}

/* For programs: it is stored and loaded as if there were a command. */
static void a_row_that_no_command_reaches_is_stored_like_the_others(void)
{
    static const struct dtu_param_field two_hex[] = {
        {.type = DTU_FIELD_HEX, .flags = DTU_FIELD_CLEARABLE, .min = 2, .max = 2},
        {.type = DTU_FIELD_HEX, .flags = DTU_FIELD_CLEARABLE, .min = 1, .max = 1}};
    static const struct dtu_param inner_rows[] = {{.name = "INNER",
                                                   .kind = DTU_PARAM_SETTING,
                                                   .flags = DTU_PARAM_INTERNAL,
                                                   .field_count = 2,
                                                   .fields = two_hex}};
    static const struct dtu_param_table inner = {.rows = inner_rows,
                                                 .count = 1,
                                                 .values_size = 5,
                                                 .syntax = {.escape_inner = "", .escape_last = ""}};
    const struct dtu_param_value v = {
        .row = &inner_rows[0], .field = 0, .bytes = (const uint8_t *)"\0,", .len = 2};
    uint8_t first[SLOT_MAX];
    new_medium(SLOT_MAX);
    CHECK_EQ(boot_with(&inner), DTU_ERR_NOT_FOUND);
    CHECK_EQ(dtu_params_set_value(&params, &v), DTU_OK);
    CHECK_EQ(save(), DTU_OK);
    memcpy(first, slots[0], sizeof first);
    make_slot(0, 1, "INNER=002C,\n");
    CHECK_BYTES(first, sizeof first, slots[0], sizeof slots[0]);
    CHECK_EQ(boot_with(&inner), DTU_OK);
    CHECK(pending_is("INNER", "002C,"));
    CHECK_EQ(store.stats.skipped, 0);
}

static void a_row_with_places_is_stored_whole_and_replaces_all_its_lines(void)
{
    uint8_t second[SLOT_MAX];
    begin_places();
    set("PW", "one");
    set("SUB", "1,/a,0");
    set("SUB", "2,/b,0");
    CHECK_EQ(save(), DTU_OK);
    set("PW", "two"); /* is not what is saved */
    set("SUB", "3,/c,1");
    dtu_params_clear_place(&params, &place_rows[1], 1);
    CHECK_EQ(save_row("SUB"), DTU_OK);
    memcpy(second, slots[1], sizeof second);
    make_slot(1, 2, "PW=one\nSUB=2,/b,0\nSUB=3,/c,1\n");
    CHECK_BYTES(second, sizeof second, slots[1], sizeof slots[1]);
    CHECK_EQ(boot_with(&place_table), DTU_OK);
    CHECK(pending_is("PW", "one"));
    CHECK(place_is(1, "") && place_is(2, "2,/b,0") && place_is(3, "3,/c,1"));
}

static void places_that_are_not_there_any_more_are_skipped_and_counted(void)
{
    new_medium(SLOT_MAX);
    make_slot(0, 1, "SUB=2,/b,0\nSUB=9,/i,0\nSUB=0,/z,0\n");
    CHECK_EQ(boot_with(&place_table), DTU_OK);
    CHECK(place_is(1, "") && place_is(2, "2,/b,0") && place_is(3, ""));
    CHECK_EQ(store.stats.skipped, 2);
}

/* Stores an old set, and a new one that is cut after `steps`. False if it was not cut. */
static bool cut_places(long steps, bool one_row)
{
    begin_places();
    set("PW", "old");
    set("SUB", "1,/old1,1");
    set("SUB", "2,/old2,1");
    CHECK_EQ(save(), DTU_OK);
    if (!one_row)
        set("PW", "new");
    set("SUB", "2,/newer2,2");
    set("SUB", "3,/new3,2");
    dtu_params_clear_place(&params, &place_rows[1], 1);
    power = steps;
    enum dtu_status status = one_row ? save_row("SUB") : save();
    bool cut = is_off;
    CHECK_EQ(status, cut ? DTU_ERR_IO : DTU_OK);
    restore_power();
    return cut;
}

static void a_power_cut_leaves_old_or_new_secrets_and_places(void)
{
    for (unsigned one_row = 0; one_row < 2; one_row++) {
        bool cut = true;
        unsigned old_sets = 0;
        for (long steps = 0; cut; steps++) {
            cut = cut_places(steps, one_row != 0);
            CHECK_EQ(boot_with(&place_table), DTU_OK);
            bool is_old = pending_is("PW", "old") && place_is(1, "1,/old1,1") &&
                          place_is(2, "2,/old2,1") && place_is(3, "");
            bool is_new = pending_is("PW", one_row != 0 ? "old" : "new") && place_is(1, "") &&
                          place_is(2, "2,/newer2,2") && place_is(3, "3,/new3,2");
            CHECK(is_old != is_new);
            CHECK(cut || is_new);
            CHECK_EQ(store.stats.skipped, 0);
            old_sets += is_old;
        }
        CHECK(old_sets > 16);
    }
}

/* The page of the parameters: a default may be shorter than what a user may set. */
static void a_default_that_a_user_could_not_set_is_stored_and_loaded(void)
{
    static const struct dtu_param_field id[] = {{.type = DTU_FIELD_TEXT, .min = 8, .max = 8}};
    static const struct dtu_param id_rows[] = {
        {.name = "ID", .field_count = 1, .fields = id, .initial = "0"}};
    static const struct dtu_param_table id_table = {
        .rows = id_rows,
        .count = 1,
        .values_size = 9,
        .syntax = {.escape_inner = "", .escape_last = ""}};
    new_medium(SLOT_MAX);
    CHECK_EQ(boot_with(&id_table), DTU_ERR_NOT_FOUND);
    CHECK_EQ(save(), DTU_OK);
    set("ID", "12345678");
    CHECK_EQ(dtu_store_load(&store, &params, scratch, sizeof scratch), DTU_OK);
    CHECK(pending_is("ID", "0"));
    CHECK_EQ(store.stats.skipped, 0);
}

static void a_row_without_a_place_that_is_set_empties_them(void)
{
    begin_places();
    set("SUB", "1,/a,0");
    CHECK_EQ(save_row("SUB"), DTU_OK);
    dtu_params_clear_place(&params, &place_rows[1], 1);
    CHECK_EQ(save_row("SUB"), DTU_OK);
    make_slot(0, 2, "SUB=\n"); /* the reference, in the other slot */
    CHECK_BYTES(slots[1], SLOT_MAX, slots[0], SLOT_MAX);
    set("SUB", "3,/c,0");
    CHECK_EQ(dtu_store_load(&store, &params, scratch, sizeof scratch), DTU_OK);
    CHECK(place_is(1, "") && place_is(3, ""));
}

static const struct check_test tests[] = {
    CHECK_TEST(a_default_that_a_user_could_not_set_is_stored_and_loaded),
    CHECK_TEST(a_row_without_a_place_that_is_set_empties_them),
    CHECK_TEST(the_reference_crc_has_the_known_check_value),
    CHECK_TEST(init_refuses_what_cannot_work),
    CHECK_TEST(an_empty_medium_has_nothing_stored),
    CHECK_TEST(a_slot_is_a_header_and_lines_of_text),
    CHECK_TEST(a_product_without_settings_stores_an_empty_text),
    CHECK_TEST(saves_go_to_the_slots_in_turn),
    CHECK_TEST(the_running_values_can_be_stored_too),
    CHECK_TEST(a_set_is_found_without_sync_too),
    CHECK_TEST(the_higher_sequence_counts_also_across_the_wrap),
    CHECK_TEST(the_sequence_goes_on_across_the_wrap),
    CHECK_TEST(a_damaged_slot_does_not_count),
    CHECK_TEST(a_length_beyond_the_slot_is_damage),
    CHECK_TEST(a_power_cut_leaves_the_old_set_or_the_new_one),
    CHECK_TEST(a_power_cut_while_one_row_is_saved_is_as_safe),
    CHECK_TEST(cuts_one_after_the_other_never_lose_the_set),
    CHECK_TEST(a_medium_that_fails_is_told_and_the_old_set_stays),
    CHECK_TEST(a_medium_that_cannot_be_read_at_any_step_is_told_and_the_old_set_stays),
    CHECK_TEST(a_medium_that_reads_something_else_once_never_makes_a_third_set),
    CHECK_TEST(a_text_that_is_longer_than_was_measured_ends_at_the_slots_end),
    CHECK_TEST(after_a_write_failed_no_more_is_written),
    CHECK_TEST(what_cannot_be_read_at_power_up_is_not_lost),
    CHECK_TEST(a_set_beside_a_slot_that_cannot_be_read_counts),
    CHECK_TEST(a_medium_that_was_empty_is_stored_to_when_it_can_be_read),
    CHECK_TEST(a_set_that_cannot_be_read_when_it_is_loaded_is_told),
    CHECK_TEST(a_set_that_does_not_fit_is_refused_before_anything_is_erased),
    CHECK_TEST(what_is_not_known_or_not_legal_is_skipped_and_counted),
    CHECK_TEST(a_stored_line_longer_than_the_scratch_is_skipped),
    CHECK_TEST(what_is_stored_goes_on_top_of_what_is_pending),
    CHECK_TEST(another_firmware_loads_what_it_knows),
    CHECK_TEST(one_row_is_stored_and_the_others_stay_as_stored),
    CHECK_TEST(one_row_can_be_all_that_is_stored),
    CHECK_TEST(a_row_is_stored_once_however_often_it_is_saved),
    CHECK_TEST(a_stored_line_longer_than_the_scratch_is_not_kept),
    CHECK_TEST(secrets_and_places_are_stored_a_line_for_each_place_that_is_set),
    CHECK_TEST(a_row_that_no_command_reaches_is_stored_like_the_others),
    CHECK_TEST(a_row_with_places_is_stored_whole_and_replaces_all_its_lines),
    CHECK_TEST(places_that_are_not_there_any_more_are_skipped_and_counted),
    CHECK_TEST(a_power_cut_leaves_old_or_new_secrets_and_places),
};
CHECK_MAIN(tests)
