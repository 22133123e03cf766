/* SPDX-License-Identifier: MIT */
#include "dtu/blocks.h"

#include <string.h>

#include "dtu/profile.h"

/* --- What no command reaches ---------------------------------------------------------------- */

/* The fields of the row DTU_ID_BLOCKS, one for each kind of block. */
enum { KEPT_BASIC, KEPT_PORT, KEPT_CLOUD };

#define OWN_PORT_FLAGS (DTU_DISCOVERY_MODBUS | DTU_DISCOVERY_BAUDSYNC | DTU_DISCOVERY_IS_CLOUD)

static const struct dtu_param *row_of(const struct dtu_params *p, unsigned id)
{
    return dtu_params_by_id(p->table, (uint8_t)id);
}

/* --- From the values to a block ------------------------------------------------------------- */

/* Bytes of a field into a place padded with zeroes; what has no room is left out. */
static void copy_bytes(uint8_t *to, size_t size, const struct dtu_params *view, unsigned id,
                       uint8_t field)
{
    size_t len;
    const uint8_t *bytes = dtu_params_bytes(view, row_of(view, id), field, &len);
    if (bytes != NULL)
        memcpy(to, bytes, len < size ? len : size);
}

static uint32_t number(const struct dtu_params *view, unsigned id, uint8_t field)
{
    return dtu_params_number(view, row_of(view, id), field);
}

static bool is(const struct dtu_params *view, unsigned id, uint8_t field, const char *word)
{
    return dtu_params_is(view, row_of(view, id), field, word);
}

static void read_basic_kept(const struct dtu_params *view, struct dtu_discovery_basic *b)
{
    uint8_t kept[DTU_BLOCKS_BASIC_KEPT] = {0};
    struct dtu_reader r = dtu_reader(kept, sizeof kept);

    copy_bytes(kept, sizeof kept, view, DTU_ID_BLOCKS, KEPT_BASIC);
    b->flags = dtu_get_u8(&r);
    b->user_flag = dtu_get_u8(&r);
    b->send_time = dtu_get_u8(&r);
    b->id = dtu_get_le16(&r);
    b->id_type = dtu_get_u8(&r);
    memcpy(b->reserved, dtu_get_bytes(&r, sizeof b->reserved), sizeof b->reserved);
}

static void read_basic(const struct dtu_params *view, const uint8_t *mac,
                       struct dtu_discovery_basic *b)
{
    read_basic_kept(view, b);
    if (!is(view, DTU_ID_WANN, 0, "DHCP"))
        b->flags |= DTU_DISCOVERY_STATIC_IP;
    b->location_port = (uint16_t)number(view, DTU_ID_WEBSOCKPORT, 0);
    b->http_port = (uint16_t)number(view, DTU_ID_WEBPORT, 0);
    copy_bytes(b->ip, sizeof b->ip, view, DTU_ID_WANN, 1);
    copy_bytes(b->mask, sizeof b->mask, view, DTU_ID_WANN, 2);
    copy_bytes(b->gateway, sizeof b->gateway, view, DTU_ID_WANN, 3);
    copy_bytes(b->name, sizeof b->name, view, DTU_ID_MID, 0);
    copy_bytes(b->user, sizeof b->user, view, DTU_ID_WEBU, 0);
    copy_bytes(b->password, sizeof b->password, view, DTU_ID_WEBU, 1);
    memcpy(b->mac, mac, sizeof b->mac);
    b->reset_s = number(view, DTU_ID_RSTIM, 0);
}

/* The words of a field for the values of a block, in their order. */
static const char *const modes[] = {"UDPC", "TCPC", "UDPS", "TCPS", "HTPC"};
static const char *const parities[] = {"NONE", "ODD", "EVEN", "MARK", "SPACE"};

enum {
    MODES = sizeof modes / sizeof modes[0],
    PARITIES = sizeof parities / sizeof parities[0],
    FLOW_NONE = 1,
    FLOW_RTS_CTS = 3
};

static uint8_t which_word(const struct dtu_params *view, unsigned id, uint8_t field,
                          const char *const *words, uint8_t count)
{
    uint8_t i = 0;
    while (i + 1 < count && !is(view, id, field, words[i]))
        i++;
    return i;
}

static bool is_server(uint8_t mode)
{
    return mode == DTU_DISCOVERY_UDP_SERVER || mode == DTU_DISCOVERY_TCP_SERVER;
}

static void read_uart(const struct dtu_params *view, struct dtu_discovery_port *b)
{
    b->baud = number(view, DTU_ID_UART, 0);
    b->data_bits = (uint8_t)number(view, DTU_ID_UART, 1);
    b->stop_bits = (uint8_t)number(view, DTU_ID_UART, 2);
    b->parity =
        (uint8_t)(which_word(view, DTU_ID_UART, 3, parities, PARITIES) + DTU_DISCOVERY_PARITY_NONE);
    b->flow = is(view, DTU_ID_UART, 4, "FCH") ? FLOW_RTS_CTS : FLOW_NONE;
    b->packing_time = (uint8_t)number(view, DTU_ID_UARTTL, 0);
    b->packing_len = number(view, DTU_ID_UARTTL, 1);
}

static uint8_t port_flags(const struct dtu_params *view)
{
    uint8_t flags = 0;
    if (is(view, DTU_ID_MODTCP, 0, "ON"))
        flags |= DTU_DISCOVERY_MODBUS;
    if (is(view, DTU_ID_RFCEN, 0, "ON"))
        flags |= DTU_DISCOVERY_BAUDSYNC;
    if (is(view, DTU_ID_REGEN, 0, "CLOUD"))
        flags |= DTU_DISCOVERY_IS_CLOUD;
    return flags;
}

static void read_port_kept(const struct dtu_params *view, struct dtu_discovery_port *b)
{
    uint8_t kept[DTU_BLOCKS_PORT_KEPT] = {0};
    struct dtu_reader r = dtu_reader(kept, sizeof kept);

    copy_bytes(kept, sizeof kept, view, DTU_ID_BLOCKS, KEPT_PORT);
    b->flags = dtu_get_u8(&r);
    b->local_port = dtu_get_le16(&r);
    b->remote_port = dtu_get_le16(&r);
    b->time_count = dtu_get_u8(&r);
    b->server = dtu_get_u8(&r);
    memcpy(b->reserved, dtu_get_bytes(&r, sizeof b->reserved), sizeof b->reserved);
}

static void read_port(const struct dtu_params *view, struct dtu_discovery_port *b)
{
    uint16_t port = (uint16_t)number(view, DTU_ID_SOCKA, 2);

    read_port_kept(view, b);
    read_uart(view, b);
    b->reconnect_s = number(view, DTU_ID_SOCKTO, 0);
    b->mode = which_word(view, DTU_ID_SOCKA, 0, modes, MODES);
    if (is_server(b->mode))
        b->local_port = port;
    else
        b->remote_port = port;
    copy_bytes(b->remote, sizeof b->remote, view, DTU_ID_SOCKA, 1);
    b->flags |= port_flags(view);
}

static void read_cloud(const struct dtu_params *view, struct dtu_discovery_cloud *b)
{
    copy_bytes(b->id, sizeof b->id, view, DTU_ID_REGCLOUD, 0);
    copy_bytes(b->password, sizeof b->password, view, DTU_ID_REGCLOUD, 1);
    copy_bytes(b->reserved, sizeof b->reserved, view, DTU_ID_BLOCKS, KEPT_CLOUD);
}

static bool has_blocks(const struct dtu_params *p)
{
    return row_of(p, DTU_ID_BLOCKS) != NULL;
}

void dtu_blocks_read(const struct dtu_params *p, uint8_t which, const uint8_t *mac,
                     union dtu_discovery_block *block)
{
    const struct dtu_params view = dtu_params_pending(p);

    memset(block, 0, sizeof *block);
    if (!has_blocks(p))
        return;
    if (which == DTU_DISCOVERY_BASIC)
        read_basic(&view, mac, &block->basic);
    else if (which == DTU_DISCOVERY_PORT_0)
        read_port(&view, &block->port);
    else if (which == DTU_DISCOVERY_CLOUD)
        read_cloud(&view, &block->cloud);
}

/* --- From a block to the values ------------------------------------------------------------- */

/* The most fields of a row that a block sets: UART. */
#define FIELDS_MAX 5

/* A block on its way to the values. It goes twice, the first time to be checked. */
struct target {
    struct dtu_params *params;
    bool commit;
    enum dtu_status status;                    /* DTU_OK until a row refuses */
    const struct dtu_param *row;               /* that one */
    struct dtu_param_value values[FIELDS_MAX]; /* of the row that comes next */
    uint8_t count;                             /* how many were added */
};

static void add_number(struct target *t, uint32_t value)
{
    struct dtu_param_value *v = &t->values[t->count++];
    v->given = true;
    v->number = value;
}

static void add_bytes(struct target *t, const uint8_t *bytes, size_t len)
{
    struct dtu_param_value *v = &t->values[t->count++];
    v->given = true;
    v->bytes = bytes;
    v->len = len;
}

static void add_word(struct target *t, const char *word)
{
    add_bytes(t, (const uint8_t *)word, dtu_string_len(word));
}

/* The text in front of the padding. */
static size_t text_len(const uint8_t *text, size_t size)
{
    const uint8_t *end = memchr(text, 0, size);
    return end != NULL ? (size_t)(end - text) : size;
}

static void add_text(struct target *t, const uint8_t *text, size_t size)
{
    add_bytes(t, text, text_len(text, size));
}

/* Checks or sets the row whose fields were added; those that were not stay as they are. */
static void put(struct target *t, unsigned id)
{
    const struct dtu_param *row = row_of(t->params, id);

    if (t->status == DTU_OK) {
        t->status = t->commit ? dtu_params_set_values(t->params, row, t->values)
                              : dtu_params_check_values(t->params->table, row, t->values);
        t->row = t->status != DTU_OK ? row : NULL;
    }
    memset(t->values, 0, sizeof t->values);
    t->count = 0;
}

static bool is_now(const struct target *t, unsigned id, uint8_t field, const char *word)
{
    const struct dtu_params view = dtu_params_pending(t->params);
    return is(&view, id, field, word);
}

static void put_number(struct target *t, unsigned id, uint32_t value)
{
    add_number(t, value);
    put(t, id);
}

static void put_word(struct target *t, unsigned id, const char *word)
{
    add_word(t, word);
    put(t, id);
}

static void put_switch(struct target *t, unsigned id, bool on)
{
    put_word(t, id, on ? "ON" : "OFF");
}

static bool all_are(const uint8_t *bytes, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static void put_mac(struct target *t, const uint8_t *mac, const uint8_t *now)
{
    if (memcmp(mac, now, 6) == 0 || all_are(mac, 6, 0) || all_are(mac, 6, 0xFF))
        return;
    add_bytes(t, mac, 6);
    put(t, DTU_ID_USERMAC);
}

static void put_ip(struct target *t, const struct dtu_discovery_basic *b)
{
    add_word(t, (b->flags & DTU_DISCOVERY_STATIC_IP) != 0 ? "static" : "DHCP");
    add_bytes(t, b->ip, sizeof b->ip);
    add_bytes(t, b->mask, sizeof b->mask);
    add_bytes(t, b->gateway, sizeof b->gateway);
    put(t, DTU_ID_WANN);
}

/* Keeps what no command reaches of one kind of block, and leaves that of the others alone. */
static void put_kept(struct target *t, uint8_t field, const uint8_t *bytes, size_t len)
{
    t->count = field;
    add_bytes(t, bytes, len);
    put(t, DTU_ID_BLOCKS);
}

static void put_basic_kept(struct target *t, const struct dtu_discovery_basic *b)
{
    uint8_t kept[DTU_BLOCKS_BASIC_KEPT];
    struct dtu_writer w = dtu_writer(kept, sizeof kept);

    dtu_put_u8(&w, (uint8_t)(b->flags & ~DTU_DISCOVERY_STATIC_IP));
    dtu_put_u8(&w, b->user_flag);
    dtu_put_u8(&w, b->send_time);
    dtu_put_le16(&w, b->id);
    dtu_put_u8(&w, b->id_type);
    dtu_put_bytes(&w, b->reserved, sizeof b->reserved);
    put_kept(t, KEPT_BASIC, kept, sizeof kept);
}

static void write_basic(struct target *t, const uint8_t *mac, const struct dtu_discovery_basic *b)
{
    put_ip(t, b);
    put_number(t, DTU_ID_WEBSOCKPORT, b->location_port);
    put_number(t, DTU_ID_WEBPORT, b->http_port);
    add_text(t, b->name, sizeof b->name);
    put(t, DTU_ID_MID);
    add_text(t, b->user, sizeof b->user);
    add_text(t, b->password, sizeof b->password);
    put(t, DTU_ID_WEBU);
    put_mac(t, b->mac, mac);
    put_number(t, DTU_ID_RSTIM, b->reset_s);
    put_basic_kept(t, b);
}

static const char *word_at(const char *const *words, uint8_t count, unsigned i)
{
    return i < count ? words[i] : "?"; /* which the row refuses */
}

/* "No flow control" leaves a kind alone that blocks have no value for. */
static void add_flow(struct target *t, uint8_t flow)
{
    if (flow == FLOW_RTS_CTS)
        add_word(t, "FCH");
    else if (flow > FLOW_NONE)
        add_word(t, "?"); /* which the row refuses */
    else if (is_now(t, DTU_ID_UART, 4, "FCH"))
        add_word(t, "NFC");
}

static void put_uart(struct target *t, const struct dtu_discovery_port *b)
{
    unsigned parity = (unsigned)b->parity - DTU_DISCOVERY_PARITY_NONE; /* 0 becomes large */

    add_number(t, b->baud);
    add_number(t, b->data_bits);
    add_number(t, b->stop_bits);
    add_word(t, word_at(parities, PARITIES, parity));
    add_flow(t, b->flow);
    put(t, DTU_ID_UART);
    add_number(t, b->packing_time);
    add_number(t, b->packing_len);
    put(t, DTU_ID_UARTTL);
}

/* A server needs no remote address: if there is none, the one that is there stays. */
static void put_socket(struct target *t, const struct dtu_discovery_port *b)
{
    bool server = is_server(b->mode);

    add_word(t, word_at(modes, MODES, b->mode));
    add_text(t, b->remote, sizeof b->remote);
    t->values[1].given = !server || b->remote[0] != 0;
    add_number(t, server ? b->local_port : b->remote_port);
    put(t, DTU_ID_SOCKA);
}

/* The registration packet has other kinds that the flag leaves alone. */
static void put_cloud_flag(struct target *t, bool on)
{
    if (on != is_now(t, DTU_ID_REGEN, 0, "CLOUD"))
        put_word(t, DTU_ID_REGEN, on ? "CLOUD" : "OFF");
}

static void put_port_kept(struct target *t, const struct dtu_discovery_port *b)
{
    uint8_t kept[DTU_BLOCKS_PORT_KEPT];
    struct dtu_writer w = dtu_writer(kept, sizeof kept);

    dtu_put_u8(&w, (uint8_t)(b->flags & ~OWN_PORT_FLAGS));
    dtu_put_le16(&w, b->local_port);
    dtu_put_le16(&w, b->remote_port);
    dtu_put_u8(&w, b->time_count);
    dtu_put_u8(&w, b->server);
    dtu_put_bytes(&w, b->reserved, sizeof b->reserved);
    put_kept(t, KEPT_PORT, kept, sizeof kept);
}

static void write_port(struct target *t, const struct dtu_discovery_port *b)
{
    put_uart(t, b);
    if (b->reconnect_s > 0)
        put_number(t, DTU_ID_SOCKTO, b->reconnect_s);
    put_socket(t, b);
    put_switch(t, DTU_ID_MODTCP, (b->flags & DTU_DISCOVERY_MODBUS) != 0);
    put_switch(t, DTU_ID_RFCEN, (b->flags & DTU_DISCOVERY_BAUDSYNC) != 0);
    put_cloud_flag(t, (b->flags & DTU_DISCOVERY_IS_CLOUD) != 0);
    put_port_kept(t, b);
}

/* A device id and a password that are both empty are none, as from the factory. */
static void write_cloud(struct target *t, const struct dtu_discovery_cloud *b)
{
    bool none = b->id[0] == 0 && b->password[0] == 0;

    if (!none) {
        add_text(t, b->id, sizeof b->id);
        add_text(t, b->password, sizeof b->password);
        put(t, DTU_ID_REGCLOUD);
    } else if (t->commit) {
        dtu_params_reset_row(t->params, row_of(t->params, DTU_ID_REGCLOUD));
    }
    put_kept(t, KEPT_CLOUD, b->reserved, sizeof b->reserved);
}

static void write_block(struct target *t, uint8_t which, const uint8_t *mac,
                        const union dtu_discovery_block *block)
{
    if (which == DTU_DISCOVERY_BASIC)
        write_basic(t, mac, &block->basic);
    else if (which == DTU_DISCOVERY_PORT_0)
        write_port(t, &block->port);
    else
        write_cloud(t, &block->cloud);
}

enum dtu_status dtu_blocks_write(struct dtu_params *p, uint8_t which, const uint8_t *mac,
                                 const union dtu_discovery_block *block,
                                 const struct dtu_param **row)
{
    bool known = which == DTU_DISCOVERY_BASIC || which == DTU_DISCOVERY_PORT_0 ||
                 which == DTU_DISCOVERY_CLOUD;
    struct target t;

    *row = NULL;
    if (!known || !has_blocks(p))
        return DTU_ERR_NOT_FOUND;
    memset(&t, 0, sizeof t);
    t.params = p;
    t.status = DTU_OK;
    write_block(&t, which, mac, block);
    t.commit = true;
    if (t.status == DTU_OK)
        write_block(&t, which, mac, block);
    *row = t.row;
    return t.status;
}
