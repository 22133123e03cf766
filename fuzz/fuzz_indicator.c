/* SPDX-License-Identifier: MIT */
/* The LEDs by any table against a model that lives from millisecond to millisecond and knows no
 * clock: after each poll the pins are the same, and next says when the first of them changes. */
#include "fuzz.h"

#include "dtu/indicator.h"

enum { LOOKS = 4, SOON = 300 /* how far the model looks ahead for next */ };

static struct dtu_look looks[LOOKS];
static struct dtu_indicator_table table;
static struct dtu_indicator leds;
static bool pins[DTU_LEDS];

static void set_pin(void *ctx, enum dtu_led led, bool lit)
{
    FUZZ_CHECK(ctx == pins);
    FUZZ_CHECK(led < DTU_LEDS && pins[led] != lit);
    pins[led] = lit;
}

static const struct dtu_indicator_callbacks callbacks = {set_pin};

/* --- The model -------------------------------------------------------------------------------- */

struct model_led {
    uint8_t look;
    bool lit;
    uint32_t left;    /* milliseconds of this light or dark */
    unsigned flashes; /* of the row, after this one */
};

struct model {
    struct model_led leds[DTU_LEDS];
    bool pins[DTU_LEDS]; /* as of the last poll or event */
    uint32_t data_left;  /* 0: the time is over */
    bool passing;
};

static struct model model;

static void model_flash(struct model_led *led, unsigned after)
{
    led->lit = true;
    led->left = looks[led->look].on_ms;
    led->flashes = after;
}

static void model_tick(struct model *m)
{
    for (size_t n = 0; n < DTU_LEDS; n++) {
        struct model_led *led = &m->leds[n];
        const struct dtu_look *look = &looks[led->look];
        if (look->flashes == 0 || --led->left > 0)
            continue;
        if (!led->lit) {
            model_flash(led, led->flashes > 0 ? led->flashes - 1 : look->flashes - 1u);
            continue;
        }
        led->lit = false;
        led->left = look->off_ms;
        if (led->flashes == 0)
            led->left += look->pause_ms;
    }
    if (m->data_left > 0)
        m->data_left--;
}

static void model_show(struct model *m, unsigned what, unsigned value)
{
    for (size_t n = 0; n < DTU_LEDS; n++) {
        struct model_led *led = &m->leds[n];
        uint8_t look = table.leds[n].looks[value];
        if (table.leds[n].shows != what || led->look == look)
            continue;
        led->look = look;
        if (looks[look].flashes > 0)
            model_flash(led, looks[look].flashes - 1u);
        else
            led->lit = looks[look].lit;
        m->pins[n] = led->lit;
    }
}

static void model_poll(struct model *m)
{
    if (m->passing && m->data_left == 0) {
        m->passing = false;
        model_show(m, DTU_SHOWS_DATA, 0);
    }
    for (size_t n = 0; n < DTU_LEDS; n++)
        m->pins[n] = m->leds[n].lit;
}

/* Whether a poll is wanted: a pin is not what it should be, or bytes do not pass any more. */
static bool model_is_due(const struct model *m)
{
    for (size_t n = 0; n < DTU_LEDS; n++)
        if (m->pins[n] != m->leds[n].lit)
            return true;
    return m->passing && m->data_left == 0;
}

/* --- Both ------------------------------------------------------------------------------------- */

static void compare(uint32_t now)
{
    struct model ahead = model;
    uint32_t wait = 0;
    FUZZ_CHECK(memcmp(pins, model.pins, sizeof pins) == 0);
    for (; wait < SOON && !model_is_due(&ahead); wait++)
        model_tick(&ahead);
    uint32_t next = dtu_indicator_next(&leds, now);
    FUZZ_CHECK(wait < SOON ? next == wait : next >= SOON);
}

static void event(struct fuzz_input *in, uint32_t now)
{
    uint32_t code = fuzz_u8(in);
    unsigned value = code / 16;
    switch (code % 16) {
    case 0:
        dtu_indicator_clear(&leds, now);
        memset(&model, 0, sizeof model); /* a steady dark is all zeroes */
        break;
    case 1:
    case 2:
        dtu_indicator_data(&leds, now);
        model.data_left = table.data_ms;
        if (!model.passing)
            model_show(&model, DTU_SHOWS_DATA, 1);
        model.passing = true;
        break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8: /* of these, not one that is nothing or data, nor a value that is not there */
        dtu_indicator_set(&leds, (enum dtu_shows)(code % 16 - 3), value, now);
        if (code % 16 > 3 && value < DTU_INDICATOR_VALUES)
            model_show(&model, code % 16 - 3, value);
        break;
    case 9:
        dtu_indicator_set(&leds, DTU_SHOWS_DATA, value, now);
        break;
    default:
        dtu_indicator_poll(&leds, now);
        model_poll(&model);
        break;
    }
}

/* Mostly good; returns whether it is. */
static bool make_table(struct fuzz_input *in)
{
    bool good = true;
    memset(&table, 0, sizeof table);
    memset(looks, 0, sizeof looks);
    for (size_t k = 1; k < LOOKS; k++) {
        uint8_t kind = fuzz_u8(in);
        looks[k].flashes = kind % 6;
        looks[k].lit = kind >= 128;
        looks[k].on_ms = fuzz_u8(in);
        looks[k].off_ms = fuzz_u8(in);
        looks[k].pause_ms = fuzz_u8(in);
        good = good && (looks[k].flashes == 0 || (looks[k].on_ms > 0 && looks[k].off_ms > 0));
    }
    for (size_t n = 0; n < DTU_LEDS; n++) {
        table.leds[n].shows = (uint8_t)fuzz_below(in, DTU_SHOWS_DATA + 1);
        uint32_t which = fuzz_u16(in);
        for (size_t v = 0; v < DTU_INDICATOR_VALUES; v++)
            table.leds[n].looks[v] = (uint8_t)(which >> 2 * v & 3);
    }
    table.looks = looks;
    table.look_count = LOOKS;
    table.data_ms = fuzz_u8(in);
    return good && table.data_ms > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    bool good = make_table(&in);
    uint32_t now = fuzz_u32(&in);

    memset(&model, 0, sizeof model);
    memset(pins, 0, sizeof pins);
    FUZZ_CHECK((dtu_indicator_init(&leds, &table, &callbacks, pins) == DTU_OK) == good);
    for (size_t steps = 0; good && steps < 200 && in.left > 0; steps++) {
        event(&in, now);
        compare(now);
        uint32_t pass = fuzz_u8(&in);
        if (pass >= 0xF0)
            pass = (pass & 15) * 300;
        now += pass;
        while (pass-- > 0)
            model_tick(&model);
        compare(now);
    }
    return 0;
}
