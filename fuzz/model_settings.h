/* SPDX-License-Identifier: MIT */
/* The values of a product as text, and what they mean to a module: written from docs/params.md,
 * docs/settings.md and docs/identity.md. A set that the model cannot follow makes it `lost`. */
#ifndef MODEL_SETTINGS_H
#define MODEL_SETTINGS_H

#include "model_params.h"

#include "dtu/profile.h"

#define MODEL_ROWS 90
#define MODEL_TEXT_MAX 640

/* One set of values: of each row what a query answers, without quotes. */
struct model_values {
    char text[MODEL_ROWS][MODEL_TEXT_MAX];
};

struct model_settings {
    const struct dtu_profile *profile;
    bool lost;
    struct model_values factory;
    struct model_values users; /* defaults */
    struct model_values stored;
    struct model_values pending;
    struct model_values running;
};

/* --- Values ----------------------------------------------------------------------------------- */

static inline size_t model_row(const struct model_settings *s, const char *name)
{
    const struct dtu_param_table *table = s->profile->table;
    size_t i = 0;
    while (i < table->count && strcmp(table->rows[i].name, name) != 0)
        i++;
    return i;
}

/* What holds since the start; NULL if the product has no such parameter. */
static inline const char *model_setting(const struct model_settings *s, const char *name)
{
    size_t i = model_row(s, name);
    return i < s->profile->table->count ? s->running.text[i] : NULL;
}

/* The same for a parameter of a socket: its letter is where the name has a `?`. */
static inline const char *model_socket_setting(const struct model_settings *s, const char *name,
                                               unsigned socket)
{
    char full[16];
    snprintf(full, sizeof full, "%s", name);
    *strchr(full, '?') = (char)('A' + socket);
    return model_setting(s, full);
}

static inline bool model_is(const char *text, const char *word)
{
    return text != NULL && model_same_word((const uint8_t *)text, strlen(text), word, strlen(word));
}

static inline bool model_on(const struct model_settings *s, const char *name, bool otherwise)
{
    const char *text = model_setting(s, name);
    return text == NULL ? otherwise : model_is(text, "ON");
}

/* The place in a list of parameters, from 0; how long it is goes to `len`. */
static inline const char *model_part(const char *text, unsigned place, size_t *len)
{
    for (; place > 0; place--)
        text = strchr(text, ',') + 1;
    *len = strcspn(text, ",");
    return text;
}

static inline uint32_t model_part_number(const char *text, unsigned place)
{
    size_t len;
    return (uint32_t)strtoul(model_part(text, place, &len), NULL, 10);
}

static inline bool model_part_is(const char *text, unsigned place, const char *word)
{
    size_t len;
    const char *part = model_part(text, place, &len);
    return model_same_word((const uint8_t *)part, len, word, strlen(word));
}

/* The factory's, everywhere. */
static inline void model_init_settings(struct model_settings *s, const struct dtu_profile *profile)
{
    const struct dtu_param_table *table = profile->table;
    memset(s, 0, sizeof *s);
    s->profile = profile;
    FUZZ_CHECK(table->count <= MODEL_ROWS);
    for (size_t i = 0; i < table->count; i++) {
        const char *initial = table->rows[i].initial;
        snprintf(s->factory.text[i], MODEL_TEXT_MAX, "%s", initial != NULL ? initial : "");
    }
    s->pending = s->stored = s->users = s->factory;
}

/* --- Sets ------------------------------------------------------------------------------------- */

static inline bool model_is_plain(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~' || strchr("[]<>\",=?", text[i]) != NULL)
            return false;
    return true;
}

static inline size_t model_write_hex(const uint8_t *bytes, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        snprintf(out + 2 * i, 3, "%02X", bytes[i]);
    return 2 * len;
}

/* A field as a query answers it, without quotes. */
static inline size_t model_write_field(struct model_settings *s, const struct dtu_param_field *f,
                                       const struct model_value *v, char *out)
{
    size_t len = 0;
    const char *word;
    switch ((enum dtu_field_type)f->type) {
    case DTU_FIELD_ENUM:
        word = model_part(f->text, v->number, &len);
        return (size_t)snprintf(out, 32, "%.*s", (int)len, word);
    case DTU_FIELD_CHOICE:
    case DTU_FIELD_NUMBER:
        return (size_t)snprintf(out, 32, "%lu", (unsigned long)v->number);
    case DTU_FIELD_IP:
        return (size_t)snprintf(out, 32, "%u.%u.%u.%u", v->bytes[0], v->bytes[1], v->bytes[2],
                                v->bytes[3]);
    case DTU_FIELD_HEX:
    case DTU_FIELD_MAC:
        return model_write_hex(v->bytes, v->len, out);
    case DTU_FIELD_TEXT:
    case DTU_FIELD_DATA:
        break;
    }
    s->lost = s->lost || (!v->hex && !model_is_plain(v->bytes, v->len));
    memcpy(out, v->bytes, v->len);
    len = v->hex ? model_write_hex(v->bytes, v->len, out) : v->len;
    if ((f->flags & DTU_FIELD_TYPED) != 0)
        len += (size_t)snprintf(out + len, 7, v->hex ? ",HEX" : ",ASCII");
    return len;
}

/* What the model cannot write: what another row shows too, and what can be left out. */
static inline bool model_can_write(const struct dtu_param *row)
{
    bool can = row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_SECRET;
    for (size_t i = 0; i < row->field_count; i++)
        can = can && (row->fields[i].flags & (DTU_FIELD_CLEARABLE | DTU_FIELD_OPTIONAL)) == 0;
    return can && row->places == 0;
}

/* Sets what is pending. */
static inline enum dtu_status model_set_value(struct model_settings *s, const struct dtu_param *row,
                                              const uint8_t *text, size_t len)
{
    static struct model_line line;
    static char field[2 * MODEL_BYTES_MAX];
    char *out = s->pending.text[row - s->profile->table->rows];
    enum dtu_status status = model_set(s->profile->table, row, text, len, &line);
    if (status != DTU_OK)
        return status;
    s->lost = s->lost || !model_can_write(row);
    for (size_t i = 0, at = 0; i < row->field_count && !s->lost; i++) {
        size_t n = model_write_field(s, &row->fields[i], &line.values[i], field);
        FUZZ_CHECK(at + n + 2 <= MODEL_TEXT_MAX);
        at += i > 0 ? (size_t)snprintf(out + at, 2, ",") : 0;
        memcpy(out + at, field, n);
        at += n;
        out[at] = '\0';
    }
    return DTU_OK;
}

/* The value of a row as a query answers it; 7S3 has quotes. */
static inline size_t model_show(const struct model_settings *s, const struct dtu_param *row,
                                char *out)
{
    const char *text = s->pending.text[row - s->profile->table->rows];
    size_t len = 0;
    for (size_t i = 0; i < row->field_count; i++) {
        uint8_t type = row->fields[i].type;
        bool last = i + 1 == row->field_count;
        bool quotes = s->profile->table->syntax.quotes &&
                      (type == DTU_FIELD_ENUM || type == DTU_FIELD_TEXT || type == DTU_FIELD_HEX);
        size_t n = last ? strlen(text) : strcspn(text, ",");
        len += (size_t)snprintf(out + len, MODEL_TEXT_MAX, "%s%.*s%s", quotes ? "\"" : "", (int)n,
                                text, quotes ? "\"" : "");
        text += n;
        if (*text == '\0')
            break;
        out[len++] = *text++;
    }
    return len;
}

/* --- Settings: docs/settings.md --------------------------------------------------------------- */

/* 0: no pause ends a packet. */
static inline uint32_t model_gap_us(const struct model_settings *s)
{
    const char *both = model_setting(s, "UARTTL"); /* K7 */
    const char *time = model_setting(s, "UARTFT");
    if (time != NULL)
        return model_part_number(time, 0) * 1000;
    if (both == NULL)
        return 50000; /* 7S3 */
    if (strcmp(both, "0,0") != 0)
        return model_part_number(both, 0) * 1000;
    uint32_t four_bytes = 40000000 / model_part_number(model_setting(s, "UART"), 0);
    return four_bytes > 100 ? four_bytes : 100;
}

static inline uint32_t model_gap_ms(const struct model_settings *s)
{
    uint32_t ms = (model_gap_us(s) + 999) / 1000;
    return ms > 0 ? ms : 1;
}

/* On a clock of milliseconds, one more: docs/cmdmode.md, rule 5. */
static inline uint32_t model_guard_ms(const struct model_settings *s)
{
    return 1 + (s->profile->guard_ms > 0 ? s->profile->guard_ms : model_gap_ms(s));
}

static inline uint32_t model_plus_ms(const struct model_settings *s)
{
    return s->profile->gap_ms > 0 ? s->profile->gap_ms : model_gap_ms(s);
}

static inline bool model_transparent(const struct model_settings *s)
{
    const char *mode = model_setting(s, "WKMOD");
    return mode == NULL || model_is(mode, "NET") || model_is(mode, "CMD");
}

/* Of a parameter in seconds; 0 if the product has none. */
static inline uint32_t model_ms(const struct model_settings *s, const char *name)
{
    const char *text = model_setting(s, name);
    return text != NULL ? model_part_number(text, 0) * 1000 : 0;
}

/* Of a short-lived connection. */
static inline uint32_t model_quiet_ms(const struct model_settings *s, unsigned socket)
{
    const char *own = socket == 0 ? "SHORATO" : "SHORBTO"; /* 7S4 */
    uint32_t ms = model_ms(s, own);
    ms = ms > 0 ? ms : model_ms(s, "SHORTO");   /* K7 */
    ms = ms > 0 ? ms : model_ms(s, "SHORTATM"); /* cat1 */
    return ms > 0 ? ms : 10000;                 /* 7S3 */
}

/* What the model knows nothing of. */
static inline bool model_knows_settings(const struct model_settings *s)
{
    return !model_on(s, "SDPEN", false) && !model_on(s, "RFCEN", false);
}

/* Whether there are heartbeats to the UART, or to the network. */
static inline bool model_has_heartbeat(const struct model_settings *s, const char *to)
{
    const char *where = model_setting(s, "HEARTTP");
    where = where != NULL ? where : model_setting(s, "HEARTSND");
    return model_on(s, "HEARTEN", false) && model_is(where, to);
}

/* --- Registration packets and heartbeats: docs/identity.md ------------------------------------ */

static inline size_t model_hex_text(const char *text, size_t len, uint8_t *out)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        out[i / 2] = (uint8_t)(model_hex((uint8_t)text[i]) * 16 + model_hex((uint8_t)text[i + 1]));
    return len / 2;
}

/* The bytes of a packet of the user's, hex digits or, on K7, text with its type. */
static inline size_t model_user_bytes(const struct model_settings *s, const char *name,
                                      const char *k7_name, uint8_t *out)
{
    const char *text = model_setting(s, name);
    const struct dtu_param_table *table = s->profile->table;
    if (text != NULL && table->rows[model_row(s, name)].kind == DTU_PARAM_SETTING)
        return model_hex_text(text, strlen(text), out);
    text = model_setting(s, k7_name);
    size_t len = (size_t)(strrchr(text, ',') - text);
    if (model_is(text + len + 1, "HEX"))
        return model_hex_text(text, len, out);
    memcpy(out, text, len);
    return len;
}

/* What the port says of the module itself. */
static inline size_t model_known(const struct model_settings *s, const char *kind, uint8_t *out)
{
    const char *mac = model_setting(s, "USERMAC");
    if (kind[0] == 'I')
        return 0;
    bool is_users = strcmp(kind, "MAC") == 0 && mac != NULL && strspn(mac, "0") < strlen(mac);
    const char *text = is_users ? mac : "known";
    memcpy(out, text, strlen(text));
    return strlen(text);
}

static inline size_t model_cloud(const struct model_settings *s, uint8_t *out)
{
    size_t id_len, password_len;
    const char *text = model_setting(s, "CLOUD");
    text = text != NULL ? text : model_setting(s, "REGCLOUD");
    const char *id = model_part(text, 0, &id_len);
    const char *password = model_part(text, 1, &password_len);
    if (id_len != 20 || password_len != 8)
        return 0;
    memcpy(out, id, 20);
    memcpy(out + 20, password, 8);
    return 28;
}

static inline const char *model_registration_kind(const struct model_settings *s)
{
    const char *kind = model_setting(s, "REGTP");
    return kind != NULL ? kind : model_setting(s, "REGEN"); /* K7 */
}

static inline bool model_is_users_kind(const char *kind)
{
    return model_is(kind, "USER") || model_is(kind, "USR") || model_is(kind, "REGDT");
}

static inline size_t model_registration(const struct model_settings *s, uint8_t *out)
{
    const char *kind = model_registration_kind(s);
    if (model_is_users_kind(kind))
        return model_user_bytes(s, "REGDT", "REGUSER", out);
    if (model_is(kind, "CLOUD"))
        return model_cloud(s, out);
    if (!model_is(kind, "REGID"))
        return model_known(s, kind, out);
    const char *id = model_setting(s, "REGID");
    memcpy(out, id, strlen(id));
    return strlen(id);
}

static inline bool model_registers(const struct model_settings *s, bool with_data)
{
    static const char *const on_link[] = {"LINK", "LINK&DATA", "First", "ALL"};
    static const char *const in_front[] = {"DATA", "LINK&DATA", "Every", "ALL"};
    const char *way = model_setting(s, "REGSND");
    bool wanted = false;
    way = way != NULL ? way : model_setting(s, "REGTCP");
    for (size_t i = 0; i < 4; i++)
        wanted = wanted || model_is(way, with_data ? in_front[i] : on_link[i]);
    return wanted && !model_is(model_setting(s, "REGEN"), "OFF");
}

/* What is set aside in front of the data of a packet. */
static inline size_t model_front_max(const struct model_settings *s)
{
    uint8_t bytes[MODEL_TEXT_MAX];
    const char *kind = model_registration_kind(s);
    if (!model_registers(s, true))
        return 0;
    if (model_is_users_kind(kind))
        return model_registration(s, bytes);
    return model_is(kind, "CLOUD") ? 28 : model_is(kind, "REGID") ? 5 : 64;
}

static inline size_t model_packet_len(const struct model_settings *s)
{
    const char *length = model_setting(s, "UARTFL");
    const char *both = model_setting(s, "UARTTL");
    size_t limit = s->profile->packet_len - model_front_max(s);
    size_t len = length != NULL ? model_part_number(length, 0)
                 : both != NULL ? model_part_number(both, 1)
                                : 1024;
    return len == 0 || len > limit ? limit : len;
}

static inline size_t model_heartbeat(const struct model_settings *s, uint8_t *out)
{
    const char *kind = model_setting(s, "HEARTSORT");
    return kind == NULL || model_is(kind, "USER") ? model_user_bytes(s, "HEARTDT", "HEARTUSER", out)
                                                  : model_known(s, kind, out);
}

static inline uint32_t model_heartbeat_ms(const struct model_settings *s)
{
    uint32_t ms = model_ms(s, "HEARTTM");
    return model_is(model_setting(s, "HEARTSORT"), "LBS") && ms < 5000 ? 5000 : ms;
}

#endif
