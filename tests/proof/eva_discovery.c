/* SPDX-License-Identifier: MIT */
/* Blocks, requests, replies and the module's side, with datagrams of each length up to MAX, of any
 * bytes, in memory that ends where they end, or begins where they begin. */
#include "any.h"

#include "../../lib/base.c"
#include "../../lib/discovery.c"

#ifndef MAX
#define MAX 300
#endif

static uint8_t datagram[MAX];

/* Callbacks that do whatever they may. */

static void who_am_i(void *ctx, struct dtu_discovery_found *found)
{
    (void)ctx;
    if (any_bool())
        any_bytes(found, sizeof *found);
}

static void login(void *ctx, uint8_t user[LOGIN_FIELD], uint8_t password[LOGIN_FIELD])
{
    (void)ctx;
    any_bytes(user, LOGIN_FIELD);
    any_bytes(password, LOGIN_FIELD);
}

static void read_block(void *ctx, uint8_t which, union dtu_discovery_block *block)
{
    (void)ctx;
    if (which == DTU_DISCOVERY_BASIC)
        any_bytes(&block->basic, sizeof block->basic);
    else if (which == DTU_DISCOVERY_CLOUD)
        any_bytes(&block->cloud, sizeof block->cloud);
    else
        any_bytes(&block->port, sizeof block->port);
}

static enum dtu_status write_block(void *ctx, uint8_t which, const union dtu_discovery_block *block)
{
    (void)ctx;
    (void)which;
    (void)block;
    return any_bool() ? DTU_OK : DTU_ERR_RANGE;
}

static enum dtu_status act(void *ctx, enum dtu_discovery_command command)
{
    (void)ctx;
    (void)command;
    return any_bool() ? DTU_OK : DTU_ERR_STATE;
}

static void module_side(uint8_t *data, size_t len)
{
    static const struct dtu_discovery_callbacks callbacks = {who_am_i, login, read_block,
                                                             write_block, act};
    uint8_t reply[DTU_DISCOVERY_READ_LEN];
    size_t reply_len;
    dtu_discovery_serve(&callbacks, NULL, data, len, reply, sizeof reply, &reply_len);
    if (len >= DTU_DISCOVERY_READ_LEN) /* the answer over the request */
        dtu_discovery_serve(&callbacks, NULL, data, len, data, len, &reply_len);
}

static void program_side(const uint8_t *data, size_t len)
{
    struct dtu_discovery_reply reply;
    struct dtu_discovery_layout layout;
    struct dtu_discovery_request request;
    dtu_discovery_parse_reply(&reply, data, len);
    dtu_discovery_layout(&layout, data, len);
    dtu_discovery_parse_request(&request, NULL, data, len);
}

static void received(void)
{
    module_side(NULL, 0);
    program_side(NULL, 0);
    any_bytes(datagram, sizeof datagram);
    for (size_t len = 0; len <= MAX; len++) {
        for (size_t end = 0; end < 2; end++) {
            uint8_t *data = end ? datagram + MAX - len : datagram;
            program_side(data, len);
            module_side(data, len);
        }
    }
}

static void blocks(void)
{
    struct dtu_discovery_basic basic;
    struct dtu_discovery_port port;
    struct dtu_discovery_cloud cloud;
    uint8_t basic_bytes[DTU_DISCOVERY_BASIC_LEN];
    uint8_t port_bytes[DTU_DISCOVERY_PORT_LEN];
    uint8_t cloud_bytes[DTU_DISCOVERY_CLOUD_LEN];
    any_bytes(basic_bytes, sizeof basic_bytes);
    any_bytes(port_bytes, sizeof port_bytes);
    any_bytes(cloud_bytes, sizeof cloud_bytes);
    dtu_discovery_get_basic(&basic, basic_bytes);
    dtu_discovery_put_basic(basic_bytes, &basic);
    dtu_discovery_get_port(&port, port_bytes);
    dtu_discovery_put_port(port_bytes, &port);
    dtu_discovery_get_cloud(&cloud, cloud_bytes);
    dtu_discovery_put_cloud(cloud_bytes, &cloud);
}

/* Requests of each length that there can be, into just enough room, and into less. */
static void encoded(void)
{
    static uint8_t out[FRAME_LEN + ADDRESSED_LEN + PARAMS_MAX];
    struct dtu_discovery_request request;
    size_t len;
    any_bytes(&request, sizeof request);
    request.params = NULL;
    request.params_len = any_size;
    if (request.params_len > PARAMS_MAX)
        dtu_discovery_encode_request(&request, out, any_size, &len);
    for (size_t params = 0; params <= PARAMS_MAX; params++) {
        static uint8_t bytes[PARAMS_MAX];
        request.params = params > 0 ? bytes + PARAMS_MAX - params : NULL;
        request.params_len = params;
        size_t enough = FRAME_LEN + ADDRESSED_LEN + params;
        for (size_t size = enough - 1; size <= enough; size++)
            dtu_discovery_encode_request(&request, out + sizeof out - size, size, &len);
    }
}

static void sink(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++)
        (void)data[i];
}

static void text_written(void)
{
    const struct dtu_text out = {sink, NULL};
    struct dtu_discovery_found found;
    any_bytes(&found, sizeof found);
    dtu_discovery_write_text(&found, &out);
}

static void local(void)
{
    uint8_t peer[4];
    uint8_t ip[4];
    uint8_t mask[4];
    any_bytes(peer, sizeof peer);
    any_bytes(ip, sizeof ip);
    any_bytes(mask, sizeof mask);
    dtu_discovery_is_local(peer, ip, mask);
}

int main(void)
{
    text_written();
    local();
    blocks();
    encoded();
    received();
    Frama_C_show_each_end();
    return 0;
}
