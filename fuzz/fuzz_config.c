/* SPDX-License-Identifier: MIT */
/* A text for one of the products, in any pieces and with little memory for a line. However it is
 * cut, values and faults are the same; what is written of the result gives the same values again,
 * whatever was there before. */
#include "fuzz.h"

#include "dtu/config.h"
#include "dtu/profile.h"

#define VALUES_MAX DTU_LTE_7S4_VALUES_SIZE /* no product has more */
#define TEXT_MAX 65536

struct values {
    struct dtu_params params;
    uint8_t running[VALUES_MAX];
    uint8_t pending[VALUES_MAX];
};

static const struct dtu_profile *profile;
static struct values whole, cut;
static uint8_t marks[DTU_CONFIG_MARKS_SIZE(160)];
static struct fuzz_log whole_log, cut_log;
static size_t line_size;
static char written[TEXT_MAX];

static void fresh(struct values *v)
{
    FUZZ_CHECK(profile->table->values_size <= VALUES_MAX);
    FUZZ_CHECK(dtu_params_init(&v->params, profile->table, v->running, v->pending) == DTU_OK);
}

static void on_fault(void *ctx, const struct dtu_config_fault *fault)
{
    struct fuzz_log *log = ctx;
    FUZZ_CHECK(fault->status != DTU_OK && fault->line > 0 && fault->len <= line_size);
    FUZZ_CHECK(fault->len == 0 || memchr(fault->text, '\n', fault->len) == NULL);
    if (log->len + fault->len + 32 > sizeof log->bytes)
        return; /* enough is compared */
    fuzz_log_u32(log, fault->line);
    fuzz_log_u32(log, (uint32_t)fault->status);
    fuzz_log_u32(log, fault->row != NULL ? (uint32_t)(fault->row - profile->table->rows) : 9999);
    fuzz_log_bytes(log, fault->text, fault->len);
}

static const struct dtu_config_callbacks callbacks = {on_fault};

/* Each piece and the line lie in memory of their own, so that reading past their end is seen. */
static void read_text(struct values *v, struct fuzz_log *log, const void *text, size_t len,
                      struct fuzz_rand *pieces)
{
    uint8_t *line = malloc(line_size);
    struct dtu_config_setup setup = {&v->params, profile->name, line,
                                     line_size,  marks,         sizeof marks};
    struct dtu_config config;
    FUZZ_CHECK(line != NULL);
    log->len = 0;
    FUZZ_CHECK(dtu_config_init(&config, &setup, &callbacks, log) == DTU_OK);
    for (size_t at = 0; at < len;) {
        size_t n = len - at;
        if (pieces != NULL && n > 1)
            n = 1 + fuzz_decide(pieces, n < 30 ? (uint32_t)n : 30);
        uint8_t *piece = malloc(n);
        FUZZ_CHECK(piece != NULL);
        memcpy(piece, (const uint8_t *)text + at, n);
        dtu_config_feed(&config, piece, n);
        free(piece);
        at += n;
    }
    enum dtu_status status = dtu_config_end(&config);
    FUZZ_CHECK((status == DTU_OK) == (config.stats.faults == 0));
    FUZZ_CHECK(config.stats.taken + config.stats.faults <= config.stats.lines);
    fuzz_log_u32(log, (uint32_t)status);
    fuzz_log_u32(log, config.stats.lines);
    fuzz_log_u32(log, config.stats.taken);
    fuzz_log_u32(log, config.stats.faults);
    free(line);
}

static void check_same_values(bool also_secrets)
{
    for (size_t i = 0; i < profile->table->count; i++) {
        const struct dtu_param *row = &profile->table->rows[i];
        if (also_secrets || dtu_config_has(row))
            FUZZ_CHECK(dtu_params_same(&whole.params, &cut.params, DTU_PARAMS_PENDING, row));
    }
}

static void check_written(void)
{
    struct dtu_text_buffer buffer = {written, sizeof written, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    dtu_config_write_product(profile->name, &out);
    dtu_config_write(&whole.params, DTU_PARAMS_PENDING, &out);
    FUZZ_CHECK(!buffer.overflow);
    line_size = profile->line_size;
    read_text(&cut, &cut_log, written, buffer.len, NULL);
    FUZZ_CHECK(cut_log.len == 16); /* no fault: the counters alone were logged */
    check_same_values(false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    profile = dtu_profile_at(fuzz_below(&in, 4));
    uint32_t seed = fuzz_u16(&in);
    struct fuzz_rand pieces = fuzz_rand(seed);
    line_size = seed % 4 == 0 ? 1 + seed % 61 : profile->line_size;
    fresh(&whole);
    fresh(&cut);
    read_text(&whole, &whole_log, in.at, in.left, NULL);
    read_text(&cut, &cut_log, in.at, in.left, &pieces);
    fuzz_check_same(&whole_log, &cut_log);
    check_same_values(true);
    /* once more, on top of other values */
    read_text(&cut, &cut_log, in.at, in.left / 2, NULL);
    check_written();
    return 0;
}
