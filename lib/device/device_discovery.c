/* SPDX-License-Identifier: MIT */
/* What a device says of itself to those who look for it, and UDP discovery. */
#include "device_internal.h"

#include <string.h>

#include "dtu/blocks.h"

/* The hardware address that `AT+MAC` shows; zeroes if it shows none, or something else. */
static void own_mac(struct dtu_device *d, uint8_t mac[6])
{
    char text[12 + 1]; /* one more than it may have */
    size_t len = dtu_device_copy_text(d, DTU_ID_MAC, text, sizeof text);

    memset(mac, 0, 6);
    for (size_t i = 0; i < len; i++)
        if (len != sizeof text - 1 || dtu_parse_hex_digit((uint8_t)text[i]) > 15)
            return;
    for (size_t i = 0; i < len; i++)
        mac[i / 2] = (uint8_t)(mac[i / 2] << 4 | dtu_parse_hex_digit((uint8_t)text[i]));
}

static void copy_setting(const struct dtu_device *d, unsigned id, uint8_t field, uint8_t *to,
                         size_t size)
{
    size_t len;
    const uint8_t *bytes = dtu_settings_bytes(&d->params, id, field, &len);
    memset(to, 0, size);
    if (bytes != NULL)
        memcpy(to, bytes, min_size(len, size));
}

static void describe(void *ctx, struct dtu_discovery_found *found)
{
    struct dtu_device *d = ctx;
    char version[10];
    uint32_t number = 0;

    memset(found, 0, sizeof *found);
    copy_setting(d, DTU_ID_WANN, 1, found->ip, sizeof found->ip);
    if (d->has_ip)
        memcpy(found->ip, d->ip, sizeof found->ip);
    own_mac(d, found->mac);
    size_t len = dtu_device_copy_text(d, DTU_ID_VER, version, sizeof version);
    (void)dtu_parse_decimal((const uint8_t *)version, len, &number); /* else it is 0 */
    found->version = (uint16_t)number;
    copy_setting(d, DTU_ID_MID, 0, found->name, sizeof found->name);
}

size_t dtu_device_introduce(struct dtu_device *d, uint8_t *text, size_t size)
{
    struct dtu_text_buffer buffer = {(char *)text, size, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    struct dtu_discovery_found found;

    describe(d, &found);
    dtu_discovery_write_text(&found, &out);
    return buffer.len;
}

static void tell_login(void *ctx, uint8_t user[DTU_DISCOVERY_LOGIN_LEN + 1],
                       uint8_t password[DTU_DISCOVERY_LOGIN_LEN + 1])
{
    copy_setting(ctx, DTU_ID_WEBU, 0, user, DTU_DISCOVERY_LOGIN_LEN + 1);
    copy_setting(ctx, DTU_ID_WEBU, 1, password, DTU_DISCOVERY_LOGIN_LEN + 1);
}

static void read_block(void *ctx, uint8_t which, union dtu_discovery_block *block)
{
    struct dtu_device *d = ctx;
    uint8_t mac[6];

    own_mac(d, mac);
    dtu_blocks_read(&d->params, which, mac, block);
}

/* This and what is to be stored is left for when the request has been taken apart. */
static enum dtu_status write_block(void *ctx, uint8_t which, const union dtu_discovery_block *block)
{
    struct dtu_device *d = ctx;
    (void)which; /* the command of the request */
    d->scratch.block = *block;
    d->task = DTU_TASK_WRITE_BLOCK;
    return DTU_OK;
}

static enum dtu_status act(void *ctx, enum dtu_discovery_command command)
{
    struct dtu_device *d = ctx;
    if (command == DTU_DISCOVERY_RESTART)
        dtu_device_want_restart(d);
    else if (command == DTU_DISCOVERY_FACTORY)
        d->task = DTU_TASK_RESET_TO_FACTORY;
    else /* what was lost may come back by this alone */
        d->task = d->lost ? DTU_TASK_SAVE_OR_UNDO : DTU_TASK_SAVE;
    return DTU_OK;
}

static const struct dtu_discovery_callbacks discovery_callbacks = {.describe = describe,
                                                                   .login = tell_login,
                                                                   .read = read_block,
                                                                   .write = write_block,
                                                                   .act = act};

/* It is stored by a request of its own. */
static enum dtu_status set_block(struct dtu_device *d, uint8_t which)
{
    const struct dtu_param *refused;
    uint8_t mac[6];

    d->task = DTU_TASK_NONE;
    own_mac(d, mac);
    enum dtu_status status = dtu_blocks_write(&d->params, which, mac, &d->scratch.block, &refused);
    if (status == DTU_OK && which == DTU_DISCOVERY_PORT_0)
        d->followed = false;
    return status;
}

/* What is stored may have been read again by way of the console's line: one that is begun is spoilt
 * then. */
static enum dtu_status do_task(struct dtu_device *d, uint8_t command)
{
    if (d->task == DTU_TASK_WRITE_BLOCK)
        return set_block(d, command);
    bool spoils = d->task != DTU_TASK_SAVE;
    enum dtu_status status = dtu_device_do_task(&d->console);
    if (status != DTU_OK && spoils && dtu_at_server_ready(&d->console.at))
        dtu_at_server_reset(&d->console.at);
    return status;
}

size_t dtu_device_request(struct dtu_device *d, const uint8_t *data, size_t len, uint8_t *reply,
                          size_t size, uint32_t now)
{
    size_t reply_len;

    d->now_ms = now;
    if (!dtu_device_accepts_input(d) || dtu_device_row_of(d, DTU_ID_BLOCKS) == NULL)
        return 0;
    uint8_t command = len > 2 ? data[2] : 0; /* before the answer may take its place */
    enum dtu_discovery_outcome outcome =
        dtu_discovery_serve(&discovery_callbacks, d, data, len, reply, size, &reply_len);
    if (outcome == DTU_DISCOVERY_IGNORED)
        return reply_len;
    if (do_task(d, command) != DTU_OK) {
        outcome = DTU_DISCOVERY_FAILED;
        dtu_discovery_put_result(reply, command, DTU_DISCOVERY_ERROR);
    }
    if (outcome == DTU_DISCOVERY_SERVED)
        d->stats.requests++;
    else
        d->stats.refusals++;
    dtu_device_tell_request(d, command, outcome);
    return reply_len;
}

void dtu_device_set_ip(struct dtu_device *d, const uint8_t *ip)
{
    d->has_ip = ip != NULL;
    if (ip != NULL)
        memcpy(d->ip, ip, sizeof d->ip);
}
