/* SPDX-License-Identifier: MIT */
/* A text for one of the products, in any pieces and with little memory for a line. However it is
 * cut, values and faults are those of a slow model; what is written of the result gives the same
 * values again, whatever was there before. */
#include "model_params.h"

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

/* --- The model: docs/config.md, a line at a time ------------------------------------------------
 */

static struct {
    struct values values;
    struct fuzz_log log;
    bool named[256]; /* a line about this row was taken */
    struct dtu_config_stats stats;
    enum dtu_status first;
} model;

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* The words of a text; at most three are wanted. */
static size_t words_of(const uint8_t *text, size_t len, const uint8_t **words, size_t *lens)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        if (is_blank(text[i]))
            continue;
        if (i == 0 || is_blank(text[i - 1])) {
            if (count == 3)
                return count;
            words[count] = text + i;
            lens[count++] = 0;
        }
        lens[count - 1]++;
    }
    return count;
}

/* A comment is at fault only if it names another product; `text` is what is behind the `#`. */
static enum dtu_status model_comment(const uint8_t *text, size_t len)
{
    const uint8_t *words[3];
    size_t lens[3];
    if (words_of(text, len, words, lens) != 2 || !model_same_word(words[0], lens[0], "profile", 7))
        return DTU_OK;
    bool ours = model_same_word(words[1], lens[1], profile->name, strlen(profile->name));
    return ours ? DTU_OK : DTU_ERR_NOT_ALLOWED;
}

static const struct dtu_param *model_row(const uint8_t *name, size_t len)
{
    for (size_t i = 0; i < profile->table->count; i++) {
        const struct dtu_param *row = &profile->table->rows[i];
        if (!model_same_word(name, len, row->name, strlen(row->name)))
            continue;
        if (row->kind == DTU_PARAM_ALIAS)
            return model_row((const uint8_t *)row->initial, strlen(row->initial));
        return row;
    }
    return NULL;
}

/* The parameters without their quotes, each behind a 00; SIZE_MAX if a quote is bad. */
static size_t without_quotes(const uint8_t *text, size_t len, uint8_t *out)
{
    size_t n = 0;
    size_t i = 0;
    bool quotes = profile->table->syntax.quotes;
    do {
        bool quoted = quotes && i < len && text[i] == '"';
        out[n++] = 0;
        i += quoted;
        while (i < len && text[i] != (quoted ? '"' : ',')) {
            if (quotes && text[i] == '"')
                return SIZE_MAX;
            out[n++] = text[i++];
        }
        if (quoted && (i == len || (i + 1 < len && text[i + 1] != ',')))
            return SIZE_MAX;
        i += quoted;
    } while (i++ < len);
    return n;
}

/* Rule 7: whether the value is the default, which may be too short to be set. */
static bool is_default(const struct dtu_param *row, const uint8_t *text, size_t len)
{
    static uint8_t a[2 * TEXT_MAX + 1], b[2 * TEXT_MAX + 1];
    if (row->initial == NULL)
        return false;
    size_t a_len = without_quotes(text, len, a);
    size_t b_len = without_quotes((const uint8_t *)row->initial, strlen(row->initial), b);
    return a_len == b_len && a_len != SIZE_MAX && memcmp(a, b, a_len) == 0;
}

static void empty_places(const struct dtu_param *row)
{
    for (uint8_t place = 1; place <= row->places; place++)
        dtu_params_clear_place(&model.values.params, row, place);
}

/* Values are kept by the real table: fuzz_params has a model of that. */
static enum dtu_status model_value(const struct dtu_param *row, const uint8_t *text, size_t len)
{
    static struct model_line parts;
    struct dtu_params *p = &model.values.params;
    bool again = model.named[row - profile->table->rows];
    if (row->places > 0 && len == 0) {
        if (!again)
            empty_places(row);
        return again ? DTU_ERR_STATE : DTU_OK;
    }
    if (row->places == 0 && again)
        return DTU_ERR_STATE;
    enum dtu_status status = model_set(profile->table, row, text, len, &parts);
    if (status != DTU_OK && is_default(row, text, len)) {
        dtu_params_reset_row(p, row);
        return DTU_OK;
    }
    if (status != DTU_OK)
        return status;
    if (row->places > 0 && !again)
        empty_places(row);
    else if (row->places > 0 && !dtu_params_place_is_empty(p, DTU_PARAMS_PENDING, row,
                                                           (uint8_t)parts.values[0].number))
        return DTU_ERR_STATE;
    FUZZ_CHECK(dtu_params_set(p, row, text, len) == DTU_OK);
    return DTU_OK;
}

static enum dtu_status model_setting(const uint8_t *text, size_t len, const struct dtu_param **row)
{
    size_t name_len = 0;
    if (memchr(text, '\r', len) != NULL)
        return DTU_ERR_TYPE;
    while (name_len < len && text[name_len] != '=')
        name_len++;
    if (name_len == len)
        return DTU_ERR_FORMAT;
    *row = model_row(text, name_len);
    if (*row == NULL || (*row)->kind == DTU_PARAM_ABSENT)
        return DTU_ERR_NOT_FOUND;
    if ((*row)->kind == DTU_PARAM_SECRET ||
        ((*row)->kind == DTU_PARAM_SETTING && ((*row)->flags & DTU_PARAM_INTERNAL) != 0))
        return DTU_ERR_NOT_ALLOWED;
    if ((*row)->kind != DTU_PARAM_SETTING)
        return DTU_ERR_FORM;
    enum dtu_status status = model_value(*row, text + name_len + 1, len - name_len - 1);
    if (status == DTU_OK) {
        model.named[*row - profile->table->rows] = true;
        model.stats.taken++;
    }
    return status;
}

/* Without the LF. */
static void model_line(const uint8_t *text, size_t len)
{
    struct dtu_config_fault fault = {++model.stats.lines, DTU_OK, NULL, text, len};
    bool fits = len <= line_size;
    size_t from = 0;
    if (!fits)
        fault.len = len = line_size;
    else if (len > 0 && text[len - 1] == '\r')
        fault.len = --len;
    if (model.stats.lines == 1 && len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        from = 3;
    size_t begin = from;
    while (begin < len && is_blank(text[begin]))
        begin++;
    if (begin < len && text[begin] == '#')
        fault.status = fits ? model_comment(text + begin + 1, len - begin - 1) : DTU_OK;
    else if (!fits)
        fault.status = DTU_ERR_LENGTH;
    else if (begin < len)
        fault.status = model_setting(text + from, len - from, &fault.row);
    if (fault.status == DTU_OK)
        return;
    model.stats.faults++;
    model.first = model.first == DTU_OK ? fault.status : model.first;
    on_fault(&model.log, &fault);
}

static void run_model(const uint8_t *text, size_t len)
{
    size_t from = 0;
    memset(&model, 0, sizeof model);
    fresh(&model.values);
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n') {
            model_line(text + from, i - from);
            from = i + 1;
        }
    if (from < len)
        model_line(text + from, len - from);
    fuzz_log_u32(&model.log, (uint32_t)model.first);
    fuzz_log_u32(&model.log, model.stats.lines);
    fuzz_log_u32(&model.log, model.stats.taken);
    fuzz_log_u32(&model.log, model.stats.faults);
}

/* --- Properties ---------------------------------------------------------------------------------
 */

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
    run_model(in.at, in.left);
    read_text(&whole, &whole_log, in.at, in.left, NULL);
    fuzz_check_same(&whole_log, &model.log);
    FUZZ_CHECK(memcmp(whole.pending, model.values.pending, profile->table->values_size) == 0);
    read_text(&cut, &cut_log, in.at, in.left, &pieces);
    fuzz_check_same(&whole_log, &cut_log);
    check_same_values(true);
    /* once more, on top of other values */
    read_text(&cut, &cut_log, in.at, in.left / 2, NULL);
    check_written();
    return 0;
}
