/* SPDX-License-Identifier: MIT */
#include "dtu/identity.h"

#include <string.h>

#define REGID_MAX 5 /* digits of 65535 */
#define CLOUD_LEN (DTU_IDENTITY_CLOUD_ID_LEN + DTU_IDENTITY_CLOUD_PASSWORD_LEN)

/* The vendor's own packet is not published: if it becomes known, this is what changes. */
static bool write_cloud(const struct dtu_identity_packet *packet, const struct dtu_text *out)
{
    if (packet->len != DTU_IDENTITY_CLOUD_ID_LEN ||
        packet->password_len != DTU_IDENTITY_CLOUD_PASSWORD_LEN)
        return false;
    dtu_text_bytes(out, packet->data, packet->len);
    dtu_text_bytes(out, packet->password, packet->password_len);
    return true;
}

static bool is_text_of_port(enum dtu_identity_kind kind)
{
    return kind >= DTU_IDENTITY_ICCID && kind <= DTU_IDENTITY_LBS;
}

/* All kinds but the user's own bytes, which need not be written anywhere. */
static bool write_packet(const struct dtu_identity_packet *packet,
                         const struct dtu_identity_callbacks *callbacks, void *ctx,
                         const struct dtu_text *out)
{
    if (packet->kind == DTU_IDENTITY_CLOUD)
        return write_cloud(packet, out);
    if (packet->kind == DTU_IDENTITY_REGID) {
        dtu_text_decimal(out, packet->regid);
        return true;
    }
    return is_text_of_port(packet->kind) && callbacks->text != NULL &&
           callbacks->text(ctx, packet->kind, out);
}

const uint8_t *dtu_identity_bytes(const struct dtu_identity_packet *packet,
                                  const struct dtu_identity_callbacks *callbacks, void *ctx,
                                  uint8_t *scratch, size_t *len)
{
    struct dtu_text_buffer buffer = {(char *)scratch, DTU_IDENTITY_TEXT_MAX, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    const uint8_t *bytes = scratch;

    *len = 0;
    if (packet->kind == DTU_IDENTITY_USER) {
        bytes = packet->data;
        *len = packet->len;
    } else if (write_packet(packet, callbacks, ctx, &out) && !buffer.overflow) {
        *len = buffer.len;
    }
    return *len > 0 ? bytes : NULL;
}

/* --- Registration on a connection ------------------------------------------------------------ */

enum dtu_status dtu_identity_init(struct dtu_identity *id, const struct dtu_identity_config *config,
                                  const struct dtu_identity_callbacks *callbacks, void *ctx)
{
    const struct dtu_identity_packet *packet = &config->packet;

    if ((packet->data == NULL && packet->len > 0) ||
        (packet->password == NULL && packet->password_len > 0))
        return DTU_ERR_CONFIG;
    if ((config->ways & DTU_IDENTITY_ON_LINK) != 0 && callbacks->send == NULL)
        return DTU_ERR_CONFIG;
    memset(id, 0, sizeof *id);
    id->config = config;
    id->callbacks = callbacks;
    id->ctx = ctx;
    return DTU_OK;
}

static bool goes(const struct dtu_identity_config *config, enum dtu_identity_way way)
{
    return config->packet.kind != DTU_IDENTITY_NONE && (config->ways & (unsigned)way) != 0;
}

static const uint8_t *make(const struct dtu_identity *id, uint8_t *scratch, size_t *len)
{
    return dtu_identity_bytes(&id->config->packet, id->callbacks, id->ctx, scratch, len);
}

void dtu_identity_opened(struct dtu_identity *id)
{
    id->sent = 0;
    id->due = goes(id->config, DTU_IDENTITY_ON_LINK);
}

bool dtu_identity_send(struct dtu_identity *id)
{
    uint8_t scratch[DTU_IDENTITY_TEXT_MAX];
    size_t len;

    if (!id->due)
        return true;
    const uint8_t *bytes = make(id, scratch, &len);
    if (len <= id->sent) { /* not known, or no longer what went out */
        id->due = false;
        id->stats.unknown++;
        return true;
    }
    id->sent += id->callbacks->send(id->ctx, bytes + id->sent, len - id->sent);
    if (id->sent < len)
        return false;
    id->due = false;
    id->stats.on_link++;
    return true;
}

const uint8_t *dtu_identity_prefix(struct dtu_identity *id, uint8_t *scratch, size_t *len)
{
    *len = 0;
    if (!goes(id->config, DTU_IDENTITY_WITH_DATA))
        return NULL;
    const uint8_t *bytes = make(id, scratch, len);
    if (bytes == NULL)
        id->stats.unknown++;
    else
        id->stats.with_data++;
    return bytes;
}

static size_t longest(const struct dtu_identity_packet *packet)
{
    if (packet->kind == DTU_IDENTITY_USER)
        return packet->len;
    if (packet->kind == DTU_IDENTITY_CLOUD)
        return CLOUD_LEN;
    return packet->kind == DTU_IDENTITY_REGID ? REGID_MAX : DTU_IDENTITY_TEXT_MAX;
}

size_t dtu_identity_room(const struct dtu_identity_config *config, size_t packet_len)
{
    size_t prefix = goes(config, DTU_IDENTITY_WITH_DATA) ? longest(&config->packet) : 0;
    return packet_len > prefix ? packet_len - prefix : 0;
}

/* --- Marks ----------------------------------------------------------------------------------- */

void dtu_identity_write_mark(unsigned socket, const struct dtu_text *out)
{
    char mark[DTU_IDENTITY_MARK_LEN] = {'S', 'O', 'C', 'K', (char)('A' + socket), ':'};
    dtu_text_bytes(out, mark, sizeof mark);
}
