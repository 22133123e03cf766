/* SPDX-License-Identifier: MIT */
/* Registration packets against a naive model: on each connection the bytes of the packet, then data
 * with or without it in front, whatever a port says its texts are and however little a network
 * takes. */
#include "fuzz.h"

#include "dtu/identity.h"

#define TEXT_SIZE 80 /* more than is taken */
#define USER_SIZE 300

static struct dtu_identity_config config;
static struct dtu_identity identity;
static uint8_t text[TEXT_SIZE];
static size_t text_len;
static bool text_known;
static struct fuzz_rand decisions;
static size_t room; /* the network takes so many bytes */
static uint8_t wire[USER_SIZE];
static size_t wire_len;

static struct {
    bool due;
    size_t sent;
    struct dtu_identity_stats stats;
} model;

/* --- The port --------------------------------------------------------------------------------- */

static bool port_text(void *ctx, enum dtu_identity_kind kind, const struct dtu_text *out)
{
    FUZZ_CHECK(ctx == &config);
    FUZZ_CHECK(kind == config.packet.kind);
    FUZZ_CHECK(kind >= DTU_IDENTITY_ICCID && kind <= DTU_IDENTITY_LBS);
    for (size_t at = 0; at < text_len;) {
        size_t piece = 1 + fuzz_decide(&decisions, (uint32_t)(text_len - at));
        dtu_text_bytes(out, text + at, piece);
        at += piece;
    }
    return text_known;
}

static size_t port_send(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &config);
    FUZZ_CHECK(len > 0 && len <= sizeof wire - wire_len);
    size_t taken = len < room ? len : room;
    memcpy(wire + wire_len, data, taken);
    wire_len += taken;
    return taken;
}

static const struct dtu_identity_callbacks callbacks = {port_text, port_send};

/* --- The model -------------------------------------------------------------------------------- */

static size_t decimal(uint8_t *out, uint32_t number)
{
    return (size_t)snprintf((char *)out, 8, "%u", (unsigned)number);
}

/* The bytes of the packet; 0 of them if there is none. */
static size_t model_bytes(uint8_t *out)
{
    const struct dtu_identity_packet *p = &config.packet;
    switch (p->kind) {
    case DTU_IDENTITY_NONE:
        return 0;
    case DTU_IDENTITY_REGID:
        return decimal(out, p->regid);
    case DTU_IDENTITY_USER:
        memcpy(out, p->data, p->len);
        return p->len;
    case DTU_IDENTITY_CLOUD:
        if (p->len != 20 || p->password_len != 8)
            return 0;
        memcpy(out, p->data, 20);
        memcpy(out + 20, p->password, 8);
        return 28;
    case DTU_IDENTITY_ICCID:
    case DTU_IDENTITY_IMEI:
    case DTU_IDENTITY_SN:
    case DTU_IDENTITY_MAC:
    case DTU_IDENTITY_LBS:
        break;
    }
    if (!text_known || text_len > 64)
        return 0;
    memcpy(out, text, text_len);
    return text_len;
}

static bool goes(uint8_t way)
{
    return config.packet.kind != DTU_IDENTITY_NONE && (config.ways & way) != 0;
}

/* --- Both ------------------------------------------------------------------------------------- */

static void open_connection(void)
{
    dtu_identity_opened(&identity);
    model.due = goes(DTU_IDENTITY_ON_LINK);
    model.sent = 0;
}

static void send_first(void)
{
    uint8_t bytes[USER_SIZE];
    size_t len = model_bytes(bytes);
    size_t taken = 0;

    wire_len = 0;
    bool through = dtu_identity_send(&identity);
    if (model.due && len > model.sent) {
        taken = len - model.sent < room ? len - model.sent : room;
        FUZZ_CHECK(wire_len == taken && memcmp(wire, bytes + model.sent, taken) == 0);
        model.sent += taken;
        model.due = model.sent < len;
        model.stats.on_link += model.due ? 0 : 1;
    } else if (model.due) {
        model.due = false;
        model.stats.unknown++;
    }
    FUZZ_CHECK(wire_len == taken);
    FUZZ_CHECK(through == !model.due);
}

static void make_prefix(void)
{
    uint8_t bytes[USER_SIZE];
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX + 1];
    size_t expected = goes(DTU_IDENTITY_WITH_DATA) ? model_bytes(bytes) : 0;
    size_t len = 999;

    scratch[DTU_IDENTITY_TEXT_MAX] = 0xA5;
    const uint8_t *prefix = dtu_identity_prefix(&identity, scratch, &len);
    FUZZ_CHECK(scratch[DTU_IDENTITY_TEXT_MAX] == 0xA5);
    FUZZ_CHECK(len == expected && (prefix == NULL) == (len == 0));
    FUZZ_CHECK(len == 0 || memcmp(prefix, bytes, len) == 0);
    FUZZ_CHECK(len <= 1000 - dtu_identity_room(&config, 1000));
    if (len > 0)
        model.stats.with_data++;
    else if (goes(DTU_IDENTITY_WITH_DATA))
        model.stats.unknown++;
}

static void change_text(struct fuzz_input *in)
{
    text_len = fuzz_below(in, TEXT_SIZE + 1);
    text_known = fuzz_below(in, 4) != 0;
    for (size_t i = 0; i < text_len; i++)
        text[i] = (uint8_t)fuzz_decide(&decisions, 256);
}

static void make_config(struct fuzz_input *in)
{
    static uint8_t user[USER_SIZE];
    uint32_t kind = fuzz_u8(in);

    for (size_t i = 0; i < sizeof user; i++)
        user[i] = (uint8_t)fuzz_decide(&decisions, 256);
    config = (struct dtu_identity_config){
        .packet = {.kind = (enum dtu_identity_kind)(kind % (DTU_IDENTITY_CLOUD + 1)),
                   .data = user,
                   .len = fuzz_below(in, 3) != 0 ? 20 : fuzz_below(in, USER_SIZE + 1),
                   .password = user + 100,
                   .password_len = fuzz_below(in, 3) != 0 ? 8 : fuzz_below(in, 20),
                   .regid = fuzz_u16(in)},
        .ways = fuzz_u8(in) & 3};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    memset(&model, 0, sizeof model);
    decisions = fuzz_rand(fuzz_u16(&in));
    make_config(&in);
    change_text(&in);
    room = 0;
    FUZZ_CHECK(dtu_identity_init(&identity, &config, &callbacks, &config) == DTU_OK);
    for (size_t steps = 0; steps < 500 && in.left > 0; steps++) {
        switch (fuzz_u8(&in) % 8) {
        case 0:
            open_connection();
            break;
        case 1:
            change_text(&in);
            break;
        case 2:
        case 3:
            make_prefix();
            break;
        default:
            room = fuzz_u8(&in);
            send_first();
            break;
        }
        FUZZ_CHECK(memcmp(&identity.stats, &model.stats, sizeof model.stats) == 0);
    }
    return 0;
}
