/* SPDX-License-Identifier: MIT */
/* The store over a medium of which the input says everything: what lies in it, and when its power
 * is cut. Any contents load without harm, and as a naive reader of lines loads them; after any cut
 * the old set or the new one is there. */
#include "fuzz.h"

#include "dtu/store.h"

#define SLOT_SIZE 256u
#define UNIT 16u
#define CANARY 0xC5
#define SCRATCH_MAX 160 /* the longest line, and more */

static uint8_t slots[2][SLOT_SIZE];
static bool written[2][SLOT_SIZE / UNIT];
static uint32_t power; /* steps left; UINT32_MAX: for ever */
static struct fuzz_rand noise;

/* --- The medium ------------------------------------------------------------------------------- */

static bool step(void)
{
    if (power == 0)
        return false;
    power -= power != UINT32_MAX;
    return true;
}

static bool on_read(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == slots && slot < 2 && len > 0);
    FUZZ_CHECK(offset <= SLOT_SIZE && len <= SLOT_SIZE - offset);
    memcpy(data, slots[slot] + offset, len);
    return power > 0;
}

static bool on_erase(void *ctx, unsigned slot)
{
    FUZZ_CHECK(ctx == slots && slot < 2);
    if (!step())
        return false;
    memset(written[slot], 0, sizeof written[slot]);
    for (size_t i = 0; i < SLOT_SIZE; i++)
        slots[slot][i] = (uint8_t)fuzz_decide(&noise, 256);
    if (!step())
        return false;
    memset(slots[slot], 0xFF, SLOT_SIZE);
    return step();
}

static bool on_write(void *ctx, unsigned slot, size_t offset, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == slots && slot < 2);
    FUZZ_CHECK(offset % UNIT == 0 && (len == UNIT || len == 2 * UNIT));
    FUZZ_CHECK(offset <= SLOT_SIZE && len <= SLOT_SIZE - offset);
    for (size_t i = offset / UNIT; i < (offset + len) / UNIT; i++) {
        FUZZ_CHECK(!written[slot][i]);
        written[slot][i] = true;
    }
    for (size_t i = 0; i < len; i++) {
        if (!step())
            return false;
        slots[slot][offset + i] = data[i];
    }
    return step();
}

static const struct dtu_store_medium medium = {
    .slot_size = SLOT_SIZE, .read = on_read, .erase = on_erase, .write = on_write};

/* --- The parameters --------------------------------------------------------------------------- */

#define PLACES 2

struct values {
    uint8_t n[2];
    uint8_t name[31];
    uint8_t on[1];
    uint8_t pw[7];
    uint8_t sub[PLACES][1 + 6];
};

static const struct dtu_param_field number[] = {{.type = DTU_FIELD_NUMBER, .min = 1, .max = 999}};
static const struct dtu_param_field name[] = {{.type = DTU_FIELD_TEXT, .max = 30}};
static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};

static const struct dtu_param_field password[] = {{.type = DTU_FIELD_TEXT, .min = 1, .max = 6}};
static const struct dtu_param_field topic[] = {{.type = DTU_FIELD_NUMBER, .min = 1, .max = PLACES},
                                               {.type = DTU_FIELD_NUMBER, .max = 2},
                                               {.type = DTU_FIELD_TEXT, .min = 1, .max = 5}};

#define SETTING(name_, member_, fields_, initial_)                                                 \
    {                                                                                              \
        .name = name_, .kind = DTU_PARAM_SETTING, .field_count = 1, .fields = fields_,             \
        .offset = offsetof(struct values, member_), .initial = initial_                            \
    }

static const struct dtu_param rows[] = {
    {.name = "DO", .kind = DTU_PARAM_ACTION},
    SETTING("N", n, number, "7"),
    SETTING("NAME", name, name, "nobody"),
    SETTING("ON", on, on_off, "ON"),
    {.name = "PW",
     .kind = DTU_PARAM_SECRET,
     .field_count = 1,
     .fields = password,
     .offset = offsetof(struct values, pw),
     .initial = "secret"},
    {.name = "SUB",
     .kind = DTU_PARAM_SETTING,
     .field_count = 3,
     .fields = topic,
     .offset = offsetof(struct values, sub),
     .places = PLACES},
};
static const struct dtu_param_table table = {
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
    .values_size = sizeof(struct values),
    .syntax = {.last_takes_rest = true, .escape_inner = "", .escape_last = ""}};

struct set {
    uint8_t running[sizeof(struct values)];
    uint8_t pending[sizeof(struct values)];
    struct dtu_params params;
};

static struct set loaded;
static struct set expected;
static struct dtu_store store;
static uint8_t scratch[SCRATCH_MAX + 1];
static size_t scratch_size;

static void reset(struct set *s)
{
    FUZZ_CHECK(dtu_params_init(&s->params, &table, s->running, s->pending) == DTU_OK);
}

static size_t write_row(const struct set *s, const struct dtu_param *row, char *text, size_t size)
{
    struct dtu_text_buffer buffer = {text, size, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    dtu_params_write(&s->params, DTU_PARAMS_PENDING, row, 0, &out);
    for (uint8_t place = 1; place <= row->places; place++)
        if (!dtu_params_place_is_empty(&s->params, DTU_PARAMS_PENDING, row, place))
            dtu_params_write(&s->params, DTU_PARAMS_PENDING, row, place, &out);
    FUZZ_CHECK(!buffer.overflow);
    return buffer.len;
}

/* As text, for behind the end of a shorter text there may be anything. */
static bool same(const struct set *a, const struct set *b)
{
    for (size_t i = 1; i < table.count; i++) {
        char text[2][160];
        size_t len = write_row(a, &rows[i], text[0], sizeof text[0]);
        if (write_row(b, &rows[i], text[1], sizeof text[1]) != len ||
            memcmp(text[0], text[1], len) != 0)
            return false;
    }
    return true;
}

static enum dtu_status boot(void)
{
    reset(&loaded);
    FUZZ_CHECK(dtu_store_init(&store, &medium, slots) == DTU_OK);
    memset(scratch, CANARY, sizeof scratch);
    enum dtu_status status = dtu_store_load(&store, &loaded.params, scratch, scratch_size);
    for (size_t i = scratch_size; i < sizeof scratch; i++)
        FUZZ_CHECK(scratch[i] == CANARY);
    return status;
}

/* --- Any contents ----------------------------------------------------------------------------- */

static uint32_t reference_crc(const uint8_t *data, size_t len)
{
    static uint32_t of_byte[256];
    uint32_t crc = UINT32_MAX;
    if (of_byte[1] == 0)
        for (uint32_t i = 0; i < 256; i++) {
            of_byte[i] = i;
            for (int bit = 0; bit < 8; bit++)
                of_byte[i] = of_byte[i] >> 1 ^ (of_byte[i] % 2 ? UINT32_C(0xEDB88320) : 0);
        }
    for (size_t i = 0; i < len; i++)
        crc = crc >> 8 ^ of_byte[(crc ^ data[i]) & 0xFF];
    return ~crc;
}

static void put_be32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A slot that is whole, with this text. */
static void make_slot(unsigned slot, uint32_t sequence, const uint8_t *text, size_t len)
{
    uint8_t summed[8 + SLOT_SIZE];
    memset(slots[slot], 0xFF, SLOT_SIZE);
    memcpy(slots[slot], "DTU1", 4);
    put_be32(summed, sequence);
    put_be32(summed + 4, (uint32_t)len);
    memcpy(slots[slot] + 4, summed, 8);
    if (len > 0) {
        memcpy(summed + 8, text, len);
        memcpy(slots[slot] + 16, text, len);
    }
    put_be32(slots[slot] + 12, reference_crc(summed, 8 + len));
}

/* A row with places has a line for each; an empty one empties them all. */
static enum dtu_status take_naively(const struct dtu_param *row, const uint8_t *value, size_t len)
{
    if (row->places == 0 || len > 0)
        return dtu_params_set(&expected.params, row, value, len);
    for (uint8_t place = 1; place <= row->places; place++)
        dtu_params_clear_place(&expected.params, row, place);
    return DTU_OK;
}

/* Loads the lines into `expected`; returns how many were skipped. */
static uint32_t load_naively(const uint8_t *text, size_t len)
{
    uint32_t skipped = 0;
    size_t begin = 0;
    reset(&expected);
    for (size_t end = 0; end < len; end++) {
        if (text[end] != '\n')
            continue;
        const uint8_t *line = text + begin;
        size_t line_len = end - begin;
        size_t equals = 0;
        const struct dtu_param *row = NULL;
        while (equals < line_len && line[equals] != '=')
            equals++;
        for (size_t i = 0; equals < line_len && i < table.count; i++)
            if (dtu_equal_nocase(line, equals, rows[i].name))
                row = &rows[i];
        if (line_len > scratch_size || row == NULL ||
            take_naively(row, line + equals + 1, line_len - equals - 1) != DTU_OK)
            skipped++;
        begin = end + 1;
    }
    return skipped;
}

static void check_contents(struct fuzz_input *in)
{
    unsigned slot = fuzz_below(in, 2);
    uint32_t sequence = fuzz_u32(in);
    const struct dtu_param *row = &rows[1 + fuzz_below(in, table.count - 1u)];
    size_t len = in->left < SLOT_SIZE - UNIT ? in->left : SLOT_SIZE - UNIT;
    make_slot(slot, sequence, in->at, len);
    make_slot(1 - slot, sequence - 1, (const uint8_t *)"N=1\n", 4);
    if (in->left > len) /* the rest spoils the newer one */
        slots[slot][in->left % SLOT_SIZE] ^= in->at[len];
    bool is_spoilt = in->left > len && in->left % SLOT_SIZE < 16 + len && in->at[len] != 0;
    FUZZ_CHECK(boot() == DTU_OK);
    uint32_t skipped =
        is_spoilt ? load_naively((const uint8_t *)"N=1\n", 4) : load_naively(in->at, len);
    FUZZ_CHECK(store.stats.skipped == skipped);
    FUZZ_CHECK(same(&loaded, &expected));
    /* another value for one row leaves the others as they are stored */
    FUZZ_CHECK(dtu_params_set(&loaded.params, &rows[1], (const uint8_t *)"321", 3) == DTU_OK);
    enum dtu_status status = dtu_store_save_row(&store, &loaded.params, row, scratch, scratch_size);
    FUZZ_CHECK(status == DTU_OK || status == DTU_ERR_SPACE);
    if (status == DTU_OK && row == &rows[1])
        FUZZ_CHECK(dtu_params_set(&expected.params, row, (const uint8_t *)"321", 3) == DTU_OK);
    if (status == DTU_OK) /* what was too long has not been kept, and the new line may be long */
        scratch_size = SCRATCH_MAX;
    FUZZ_CHECK(boot() == DTU_OK);
    FUZZ_CHECK(same(&loaded, &expected));
}

/* --- Any history ------------------------------------------------------------------------------ */

static void change(struct fuzz_input *in, struct dtu_params *params)
{
    const struct dtu_param *row = &rows[1 + fuzz_below(in, table.count - 1u)];
    size_t len = fuzz_below(in, 40);
    len = len < in->left ? len : in->left;
    (void)dtu_params_set(params, row, in->at, len);
    in->at += len;
    in->left -= len;
}

/* Saves, cut or not. What is stored afterwards is what was expected before, or `after`. */
static void save_and_boot(struct fuzz_input *in, const struct dtu_param *row,
                          const struct set *after)
{
    struct set pending = loaded;
    enum dtu_status status;
    pending.params.running = pending.running;
    pending.params.pending = pending.pending;
    power = fuzz_below(in, 2) != 0 ? fuzz_below(in, 300) : UINT32_MAX;
    if (row == NULL)
        status = dtu_store_save(&store, &pending.params, DTU_PARAMS_PENDING);
    else
        status = dtu_store_save_row(&store, &pending.params, row, scratch, scratch_size);
    FUZZ_CHECK(status == DTU_OK || status == DTU_ERR_SPACE || power == 0);
    power = UINT32_MAX;
    enum dtu_status there = boot();
    FUZZ_CHECK(there == DTU_OK || there == DTU_ERR_NOT_FOUND);
    if (same(&loaded, &expected) && status != DTU_OK)
        return;
    FUZZ_CHECK(same(&loaded, after) && status != DTU_ERR_SPACE);
    memcpy(expected.pending, after->pending, sizeof expected.pending);
}

static void check_history(struct fuzz_input *in)
{
    static struct set after;
    scratch_size = SCRATCH_MAX; /* lines must fit, or they are not kept */
    memset(slots, 0xFF, sizeof slots);
    memset(written, 0, sizeof written);
    reset(&expected);
    FUZZ_CHECK(boot() == DTU_ERR_NOT_FOUND);
    while (in->left > 0) {
        change(in, &loaded.params);
        if (fuzz_below(in, 2) == 0)
            continue;
        reset(&after);
        const struct dtu_param *row = NULL;
        if (fuzz_below(in, 2) != 0)
            row = &rows[1 + 2 * fuzz_below(in, 2)]; /* N or ON: short lines */
        memcpy(after.pending, row == NULL ? loaded.pending : expected.pending,
               sizeof after.pending);
        if (row != NULL) {
            size_t size = dtu_param_field_size(row->fields);
            memcpy(after.pending + row->offset, loaded.pending + row->offset, size);
        }
        save_and_boot(in, row, &after);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    bool contents = fuzz_below(&in, 2) == 0;
    scratch_size = 1 + fuzz_below(&in, SCRATCH_MAX);
    noise = fuzz_rand(fuzz_u16(&in));
    power = UINT32_MAX;
    memset(written, 0, sizeof written);
    if (contents)
        check_contents(&in);
    else
        check_history(&in);
    return 0;
}
