/* SPDX-License-Identifier: MIT */
#include "dtu/indicator.h"

#include <string.h>

/* --- The products --------------------------------------------------------------------------- */

enum { DARK, LIGHT, BLINK, FLASHES_2, FLASHES_3, FLASHES_4, LOOKS };

/* Flashes can be counted if the gap after the last is clearly longer than the others. */
static const struct dtu_look looks[LOOKS] = {
    [DARK] = {.flashes = 0, .lit = false},
    [LIGHT] = {.flashes = 0, .lit = true},
    [BLINK] = {.flashes = 1, .on_ms = 500, .off_ms = 500},
    [FLASHES_2] = {.flashes = 2, .on_ms = 200, .off_ms = 200, .pause_ms = 800},
    [FLASHES_3] = {.flashes = 3, .on_ms = 200, .off_ms = 200, .pause_ms = 800},
    [FLASHES_4] = {.flashes = 4, .on_ms = 200, .off_ms = 200, .pause_ms = 800}};

#define DATA_MS 100

const struct dtu_indicator_table dtu_indicator_cat1 = {
    .leds = {[DTU_LED_WORK] = {DTU_SHOWS_SYSTEM, {DARK, BLINK}},
             [DTU_LED_NET] = {DTU_SHOWS_NETWORK, {DARK, FLASHES_2, FLASHES_3, FLASHES_4, LIGHT}},
             [DTU_LED_LINKA] = {DTU_SHOWS_SOCKET_A, {DARK, LIGHT}},
             [DTU_LED_LINKB] = {DTU_SHOWS_SOCKET_B, {DARK, LIGHT}},
             [DTU_LED_DATA] = {DTU_SHOWS_DATA, {DARK, LIGHT}}},
    .looks = looks,
    .look_count = LOOKS,
    .data_ms = DATA_MS};

const struct dtu_indicator_table dtu_indicator_lte_7s4 = {
    .leds = {[DTU_LED_POWER] = {DTU_SHOWS_POWER, {DARK, LIGHT}},
             [DTU_LED_WORK] = {DTU_SHOWS_SYSTEM, {DARK, LIGHT}},
             [DTU_LED_NET] = {DTU_SHOWS_NETWORK, {DARK, FLASHES_2, FLASHES_3, FLASHES_4, LIGHT}},
             [DTU_LED_LINKA] = {DTU_SHOWS_SOCKET_A, {DARK, LIGHT}},
             [DTU_LED_LINKB] = {DTU_SHOWS_SOCKET_B, {DARK, LIGHT}}},
    .looks = looks,
    .look_count = LOOKS,
    .data_ms = DATA_MS};

const struct dtu_indicator_table dtu_indicator_gprs232_7s3 = {
    .leds = {[DTU_LED_POWER] = {DTU_SHOWS_POWER, {DARK, LIGHT}},
             [DTU_LED_NET] = {DTU_SHOWS_NETWORK, {DARK, LIGHT, LIGHT, LIGHT, LIGHT}},
             [DTU_LED_LINKA] = {DTU_SHOWS_SOCKET_A, {DARK, LIGHT}},
             [DTU_LED_DATA] = {DTU_SHOWS_DATA, {DARK, LIGHT}}},
    .looks = looks,
    .look_count = LOOKS,
    .data_ms = DATA_MS};

const struct dtu_indicator_table dtu_indicator_k7 = {
    .leds = {[DTU_LED_NET] = {DTU_SHOWS_NETWORK, {DARK, LIGHT, LIGHT, LIGHT, LIGHT}},
             [DTU_LED_DATA] = {DTU_SHOWS_DATA, {DARK, LIGHT}}},
    .looks = looks,
    .look_count = LOOKS,
    .data_ms = DATA_MS};

/* --- Looks ---------------------------------------------------------------------------------- */

static const struct dtu_look *look_of(const struct dtu_indicator *i, unsigned led)
{
    return &i->table->looks[i->look[led]];
}

/* How far a LED is in the present cycle of its look. */
static uint32_t phase_of(const struct dtu_indicator *i, unsigned led, uint32_t now)
{
    const struct dtu_look *look = look_of(i, led);
    uint32_t cycle = look->flashes * ((uint32_t)look->on_ms + look->off_ms) + look->pause_ms;
    uint32_t phase = dtu_elapsed(now, i->since_ms[led]);
    return cycle > 0 && phase >= cycle ? phase % cycle : phase;
}

/* Whether a look is light at a phase of its cycle, and for how long it stays so in `left`. */
static bool lit_at(const struct dtu_look *look, uint32_t phase, uint32_t *left)
{
    for (unsigned n = look->flashes; n > 0; n--) {
        uint32_t dark_ms = look->off_ms + (n == 1 ? (uint32_t)look->pause_ms : 0);
        if (phase < look->on_ms) {
            *left = look->on_ms - phase;
            return true;
        }
        phase -= look->on_ms;
        if (phase < dark_ms) {
            *left = dark_ms - phase;
            return false;
        }
        phase -= dark_ms;
    }
    *left = DTU_NEVER;
    return look->lit;
}

/* --- LEDs ----------------------------------------------------------------------------------- */

/* How long a pin stays as it is if nothing else happens: 0 if it is not what it should be at this
 * phase. */
static uint32_t led_next(const struct dtu_indicator *i, unsigned led, uint32_t phase)
{
    uint32_t left;
    bool lit = lit_at(look_of(i, led), phase, &left);
    return lit == (i->lit >> led & 1) ? left : 0;
}

static void refresh(struct dtu_indicator *i, unsigned led, uint32_t now)
{
    uint32_t phase = phase_of(i, led, now);

    i->since_ms[led] = now - phase; /* never so long ago that the clock wraps */
    if (led_next(i, led, phase) > 0)
        return;
    i->lit = (uint8_t)(i->lit ^ 1u << led);
    i->callbacks->pin(i->ctx, (enum dtu_led)led, (i->lit >> led & 1) != 0);
}

static void show(struct dtu_indicator *i, enum dtu_shows what, unsigned value, uint32_t now)
{
    for (unsigned led = 0; led < DTU_LEDS; led++) {
        const struct dtu_indicator_led *row = &i->table->leds[led];
        if (row->shows != what || row->looks[value] == i->look[led])
            continue;
        i->look[led] = row->looks[value];
        i->since_ms[led] = now;
        refresh(i, led, now);
    }
}

/* --- Calls ---------------------------------------------------------------------------------- */

static bool is_good_look(const struct dtu_look *look)
{
    return look->flashes == 0 || (look->on_ms > 0 && look->off_ms > 0);
}

static bool is_good_led(const struct dtu_indicator_table *table,
                        const struct dtu_indicator_led *led)
{
    for (size_t value = 0; value < DTU_INDICATOR_VALUES; value++)
        if (led->looks[value] >= table->look_count)
            return false;
    return led->shows <= DTU_SHOWS_DATA;
}

static bool is_good_table(const struct dtu_indicator_table *table)
{
    if (table->look_count == 0 || table->looks[0].flashes > 0 || table->looks[0].lit)
        return false;
    for (size_t k = 0; k < table->look_count; k++)
        if (!is_good_look(&table->looks[k]))
            return false;
    for (size_t led = 0; led < DTU_LEDS; led++)
        if (!is_good_led(table, &table->leds[led]))
            return false;
    return table->data_ms > 0;
}

enum dtu_status dtu_indicator_init(struct dtu_indicator *i, const struct dtu_indicator_table *table,
                                   const struct dtu_indicator_callbacks *callbacks, void *ctx)
{
    if (callbacks->pin == NULL || !is_good_table(table))
        return DTU_ERR_CONFIG;
    memset(i, 0, sizeof *i);
    i->table = table;
    i->callbacks = callbacks;
    i->ctx = ctx;
    return DTU_OK;
}

void dtu_indicator_set(struct dtu_indicator *i, enum dtu_shows what, unsigned value, uint32_t now)
{
    if (what == DTU_SHOWS_NOTHING || what == DTU_SHOWS_DATA || value >= DTU_INDICATOR_VALUES)
        return;
    show(i, what, value, now);
}

void dtu_indicator_data(struct dtu_indicator *i, uint32_t now)
{
    i->data_ms = now;
    if (i->passing)
        return;
    i->passing = true;
    show(i, DTU_SHOWS_DATA, 1, now);
}

void dtu_indicator_clear(struct dtu_indicator *i, uint32_t now)
{
    i->passing = false;
    memset(i->look, 0, sizeof i->look);
    dtu_indicator_poll(i, now);
}

/* How long bytes are still shown to pass. */
static uint32_t data_left(const struct dtu_indicator *i, uint32_t now)
{
    return i->passing ? dtu_remaining(now, i->data_ms, i->table->data_ms) : DTU_NEVER;
}

void dtu_indicator_poll(struct dtu_indicator *i, uint32_t now)
{
    if (data_left(i, now) == 0) {
        i->passing = false;
        show(i, DTU_SHOWS_DATA, 0, now);
    }
    for (unsigned led = 0; led < DTU_LEDS; led++)
        refresh(i, led, now);
}

uint32_t dtu_indicator_next(const struct dtu_indicator *i, uint32_t now)
{
    uint32_t next = data_left(i, now);
    for (unsigned led = 0; led < DTU_LEDS; led++) {
        uint32_t left = led_next(i, led, phase_of(i, led, now));
        if (left < next)
            next = left;
    }
    return next;
}
