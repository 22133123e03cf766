/* SPDX-License-Identifier: MIT */
#include "dtu/blocks.h"

#include <stddef.h>
#include <string.h>

#include "dtu/profile.h"

/* --- What a block consists of --------------------------------------------------------------- */

/* The fields of the row DTU_ID_BLOCKS, one for each kind of block: what no command reaches, one
 * behind the other. */
enum { KEPT_BASIC, KEPT_PORT, KEPT_CLOUD };

enum kind {
    NUMBER, /* of 1, 2 or 4 bytes; kept ones go low byte first, and have 1 or 2 */
    BYTES,
    TEXT /* padded with zeroes */
};

/* A member of a block, and the field of a row that it is. */
struct member {
    uint8_t kind;
    uint8_t offset; /* in the struct */
    uint8_t len;
    uint8_t row; /* enum dtu_id */
    uint8_t field;
};

#define MEMBER(kind, type, name, row, field)                                                       \
    {                                                                                              \
        kind, offsetof(struct type, name), sizeof(((struct type *)0)->name), row, field            \
    }
#define OF_BASIC(kind, name, row, field) MEMBER(kind, dtu_discovery_basic, name, row, field)
#define OF_PORT(kind, name, row, field) MEMBER(kind, dtu_discovery_port, name, row, field)
#define OF_CLOUD(kind, name, row, field) MEMBER(kind, dtu_discovery_cloud, name, row, field)

/* What has a meaning of its own in a block is not here: see read_basic() and so on. */
static const struct member basic_members[] = {
    OF_BASIC(NUMBER, flags, DTU_ID_BLOCKS, KEPT_BASIC), /* comes first, as of a port */
    OF_BASIC(NUMBER, user_flag, DTU_ID_BLOCKS, KEPT_BASIC),
    OF_BASIC(NUMBER, send_time, DTU_ID_BLOCKS, KEPT_BASIC),
    OF_BASIC(NUMBER, id, DTU_ID_BLOCKS, KEPT_BASIC),
    OF_BASIC(NUMBER, id_type, DTU_ID_BLOCKS, KEPT_BASIC),
    OF_BASIC(BYTES, reserved, DTU_ID_BLOCKS, KEPT_BASIC),
    OF_BASIC(NUMBER, location_port, DTU_ID_WEBSOCKPORT, 0),
    OF_BASIC(NUMBER, http_port, DTU_ID_WEBPORT, 0),
    OF_BASIC(BYTES, ip, DTU_ID_WANN, 1),
    OF_BASIC(BYTES, mask, DTU_ID_WANN, 2),
    OF_BASIC(BYTES, gateway, DTU_ID_WANN, 3),
    OF_BASIC(TEXT, name, DTU_ID_MID, 0),
    OF_BASIC(TEXT, user, DTU_ID_WEBU, 0),
    OF_BASIC(TEXT, password, DTU_ID_WEBU, 1),
    OF_BASIC(NUMBER, reset_s, DTU_ID_RSTIM, 0),
};

static const struct member port_members[] = {
    OF_PORT(NUMBER, flags, DTU_ID_BLOCKS, KEPT_PORT),
    OF_PORT(NUMBER, local_port, DTU_ID_BLOCKS, KEPT_PORT),
    OF_PORT(NUMBER, remote_port, DTU_ID_BLOCKS, KEPT_PORT),
    OF_PORT(NUMBER, time_count, DTU_ID_BLOCKS, KEPT_PORT),
    OF_PORT(NUMBER, server, DTU_ID_BLOCKS, KEPT_PORT),
    OF_PORT(BYTES, reserved, DTU_ID_BLOCKS, KEPT_PORT),
    OF_PORT(NUMBER, baud, DTU_ID_UART, 0),
    OF_PORT(NUMBER, data_bits, DTU_ID_UART, 1),
    OF_PORT(NUMBER, stop_bits, DTU_ID_UART, 2),
    OF_PORT(NUMBER, packing_time, DTU_ID_UARTTL, 0),
    OF_PORT(NUMBER, packing_len, DTU_ID_UARTTL, 1),
    OF_PORT(NUMBER, reconnect_s, DTU_ID_SOCKTO, 0),
    OF_PORT(TEXT, remote, DTU_ID_SOCKA, 1),
};

static const struct member cloud_members[] = {
    OF_CLOUD(TEXT, id, DTU_ID_REGCLOUD, 0),
    OF_CLOUD(TEXT, password, DTU_ID_REGCLOUD, 1),
    OF_CLOUD(BYTES, reserved, DTU_ID_BLOCKS, KEPT_CLOUD),
};

#define OWN_PORT_FLAGS (DTU_DISCOVERY_MODBUS | DTU_DISCOVERY_BAUDSYNC | DTU_DISCOVERY_IS_CLOUD)

/* A kind of block. */
struct layout {
    const struct member *members;
    uint8_t count;
    uint8_t which;     /* enum dtu_discovery_command */
    uint8_t kept;      /* its field of the row DTU_ID_BLOCKS */
    uint8_t own_flags; /* bits of its flags that are not kept, since they are parameters */
};

#define LAYOUT(members, which, kept, own_flags)                                                    \
    {                                                                                              \
        members, sizeof(members) / sizeof(members)[0], which, kept, own_flags                      \
    }

static const struct layout layouts[] = {
    LAYOUT(basic_members, DTU_DISCOVERY_BASIC, KEPT_BASIC, DTU_DISCOVERY_STATIC_IP),
    LAYOUT(port_members, DTU_DISCOVERY_PORT_0, KEPT_PORT, OWN_PORT_FLAGS),
    LAYOUT(cloud_members, DTU_DISCOVERY_CLOUD, KEPT_CLOUD, 0),
};

enum { KEPT_MAX = DTU_BLOCKS_CLOUD_KEPT, KINDS = sizeof layouts / sizeof layouts[0] };

static const struct layout *layout_of(const struct dtu_params *p, uint8_t which)
{
    if (dtu_params_by_id(p->table, DTU_ID_BLOCKS) == NULL)
        return NULL;
    for (size_t i = 0; i < KINDS; i++)
        if (layouts[i].which == which)
            return &layouts[i];
    return NULL;
}

static uint32_t number_at(const struct member *m, const void *block)
{
    const void *from = (const uint8_t *)block + m->offset;
    if (m->len == 1)
        return *(const uint8_t *)from;
    return m->len == 2 ? *(const uint16_t *)from : *(const uint32_t *)from;
}

static void set_number(const struct member *m, void *block, uint32_t value)
{
    void *to = (uint8_t *)block + m->offset;
    if (m->len == 1)
        *(uint8_t *)to = (uint8_t)value;
    else if (m->len == 2)
        *(uint16_t *)to = (uint16_t)value;
    else
        *(uint32_t *)to = value;
}

/* --- From the values to a block ------------------------------------------------------------- */

static const struct dtu_param *row_of(const struct dtu_params *p, unsigned id)
{
    return dtu_params_by_id(p->table, (uint8_t)id);
}

/* Bytes of a field into a place padded with zeroes; what has no room is left out. */
static void copy_bytes(uint8_t *to, size_t size, const struct dtu_params *view, unsigned id,
                       uint8_t field)
{
    size_t len;
    const uint8_t *bytes = dtu_params_bytes(view, row_of(view, id), field, &len);
    if (bytes != NULL)
        memcpy(to, bytes, len < size ? len : size);
}

static bool is(const struct dtu_params *view, unsigned id, uint8_t field, const char *word)
{
    return dtu_params_is(view, row_of(view, id), field, word);
}

static void read_kept(const struct member *m, struct dtu_reader *r, void *block)
{
    if (m->kind == NUMBER && m->len == 2)
        set_number(m, block, dtu_get_le16(r));
    else
        memcpy((uint8_t *)block + m->offset, dtu_get_bytes(r, m->len), m->len);
}

static void read_members(const struct dtu_params *view, const struct layout *layout, void *block)
{
    uint8_t kept[KEPT_MAX] = {0};
    struct dtu_reader r = dtu_reader(kept, sizeof kept);

    copy_bytes(kept, sizeof kept, view, DTU_ID_BLOCKS, layout->kept);
    for (size_t i = 0; i < layout->count; i++) {
        const struct member *m = &layout->members[i];
        if (m->row == DTU_ID_BLOCKS)
            read_kept(m, &r, block);
        else if (m->kind == NUMBER)
            set_number(m, block, dtu_params_number(view, row_of(view, m->row), m->field));
        else
            copy_bytes((uint8_t *)block + m->offset, m->len, view, m->row, m->field);
    }
}

static void read_basic(const struct dtu_params *view, const uint8_t *mac,
                       struct dtu_discovery_basic *b)
{
    if (!is(view, DTU_ID_WANN, 0, "DHCP"))
        b->flags |= DTU_DISCOVERY_STATIC_IP;
    memcpy(b->mac, mac, sizeof b->mac);
}

/* The words of a field for the values of a block, in their order. */
static const char modes[] = "UDPC,TCPC,UDPS,TCPS,HTPC";
static const char parities[] = "NONE,ODD,EVEN,MARK,SPACE";

enum { FLOW_NONE = 1, FLOW_RTS_CTS = 3 };

/* Which of the words a field has, from 0. */
static uint8_t which_word(const struct dtu_params *view, unsigned id, uint8_t field,
                          const char *words)
{
    return (uint8_t)(dtu_params_which(view, row_of(view, id), field, words) - 1);
}

static bool is_server(uint8_t mode)
{
    return mode == DTU_DISCOVERY_UDP_SERVER || mode == DTU_DISCOVERY_TCP_SERVER;
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

static void read_port(const struct dtu_params *view, struct dtu_discovery_port *b)
{
    uint16_t port = (uint16_t)dtu_params_number(view, row_of(view, DTU_ID_SOCKA), 2);

    b->parity = (uint8_t)(which_word(view, DTU_ID_UART, 3, parities) + DTU_DISCOVERY_PARITY_NONE);
    b->flow = is(view, DTU_ID_UART, 4, "FCH") ? FLOW_RTS_CTS : FLOW_NONE;
    b->mode = which_word(view, DTU_ID_SOCKA, 0, modes);
    if (is_server(b->mode))
        b->local_port = port;
    else
        b->remote_port = port;
    b->flags |= port_flags(view);
}

void dtu_blocks_read(const struct dtu_params *p, uint8_t which, const uint8_t *mac,
                     union dtu_discovery_block *block)
{
    const struct dtu_params view = dtu_params_pending(p);
    const struct layout *layout = layout_of(p, which);

    memset(block, 0, sizeof *block);
    if (layout == NULL)
        return;
    read_members(&view, layout, block);
    if (which == DTU_DISCOVERY_BASIC)
        read_basic(&view, mac, &block->basic);
    else if (which == DTU_DISCOVERY_PORT_0)
        read_port(&view, &block->port);
}

/* --- From a block to the values ------------------------------------------------------------- */

/* A block on its way to the values. It goes twice, the first time to be checked. */
struct target {
    struct dtu_params *params;
    const struct layout *layout;
    const union dtu_discovery_block *block;
    const uint8_t *mac; /* the module's */
    bool commit;
    enum dtu_status status;       /* DTU_OK, which is 0, until a row refuses */
    struct dtu_param_value value; /* the last one, with remains of those before it */
    uint8_t kept[KEPT_MAX];       /* the bytes of the one that put_kept() makes */
};

/* Checks or sets a field. */
static void put(struct target *t, unsigned id, uint8_t field)
{
    if (t->status != DTU_OK)
        return;
    t->value.row = row_of(t->params, id);
    t->value.field = field;
    t->status = t->commit ? dtu_params_set_value(t->params, &t->value)
                          : dtu_params_check_value(t->params->table, &t->value);
}

static void put_number(struct target *t, unsigned id, uint8_t field, uint32_t number)
{
    t->value.number = number;
    put(t, id, field);
}

static void put_bytes(struct target *t, unsigned id, uint8_t field, const void *bytes, size_t len)
{
    t->value.bytes = bytes;
    t->value.len = len;
    put(t, id, field);
}

static void put_word(struct target *t, unsigned id, uint8_t field, const char *word)
{
    put_bytes(t, id, field, word, dtu_string_len(word));
}

/* One of the words; if there are not so many an empty one, which the row refuses. */
static void put_word_of(struct target *t, unsigned id, uint8_t field, const char *words,
                        unsigned which)
{
    size_t len;
    const char *word = dtu_params_word(words, which, &len);
    put_bytes(t, id, field, word, len);
}

/* The text in front of the padding. */
static size_t text_len(const uint8_t *text, size_t size)
{
    const uint8_t *end = memchr(text, 0, size);
    return end != NULL ? (size_t)(end - text) : size;
}

static void put_member(struct target *t, const struct member *m)
{
    const uint8_t *bytes = (const uint8_t *)t->block + m->offset;
    if (m->kind == NUMBER) {
        t->value.number = number_at(m, t->block);
    } else {
        t->value.bytes = bytes;
        t->value.len = m->kind == TEXT ? text_len(bytes, m->len) : m->len;
    }
    put(t, m->row, m->field);
}

/* All members of the block that are fields of this row. */
static void put_members(struct target *t, unsigned id)
{
    for (size_t i = 0; i < t->layout->count; i++)
        if (t->layout->members[i].row == id)
            put_member(t, &t->layout->members[i]);
}

/* What no command reaches of this kind of block; that of the others is left alone. */
static void put_kept(struct target *t)
{
    struct dtu_writer w = dtu_writer(t->kept, sizeof t->kept);

    for (size_t i = 0; i < t->layout->count; i++) {
        const struct member *m = &t->layout->members[i];
        if (m->row != DTU_ID_BLOCKS)
            continue;
        if (m->kind == NUMBER && m->len == 2)
            dtu_put_le16(&w, (uint16_t)number_at(m, t->block));
        else
            dtu_put_bytes(&w, (const uint8_t *)t->block + m->offset, m->len);
    }
    t->kept[0] &= (uint8_t)~t->layout->own_flags;
    put_bytes(t, DTU_ID_BLOCKS, t->layout->kept, t->kept, dtu_writer_len(&w));
}

static bool is_now(const struct target *t, unsigned id, uint8_t field, const char *word)
{
    const struct dtu_params view = dtu_params_pending(t->params);
    return is(&view, id, field, word);
}

static bool all_are(const uint8_t *bytes, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static void put_mac(struct target *t, const uint8_t *mac)
{
    if (memcmp(mac, t->mac, 6) != 0 && !all_are(mac, 6, 0) && !all_are(mac, 6, 0xFF))
        put_bytes(t, DTU_ID_USERMAC, 0, mac, 6);
}

static void write_basic(struct target *t, const struct dtu_discovery_basic *b)
{
    put_word(t, DTU_ID_WANN, 0, (b->flags & DTU_DISCOVERY_STATIC_IP) != 0 ? "static" : "DHCP");
    put_members(t, DTU_ID_WANN);
    put_members(t, DTU_ID_WEBSOCKPORT);
    put_members(t, DTU_ID_WEBPORT);
    put_members(t, DTU_ID_MID);
    put_members(t, DTU_ID_WEBU);
    put_mac(t, b->mac);
    put_members(t, DTU_ID_RSTIM);
}

/* "No flow control" leaves a kind alone that blocks have no value for. */
static void put_flow(struct target *t, uint8_t flow)
{
    if (flow == FLOW_RTS_CTS)
        put_word(t, DTU_ID_UART, 4, "FCH");
    else if (flow > FLOW_NONE)
        put_word(t, DTU_ID_UART, 4, "?"); /* which the row refuses */
    else if (is_now(t, DTU_ID_UART, 4, "FCH"))
        put_word(t, DTU_ID_UART, 4, "NFC");
}

/* A server needs no remote address: if there is none, the one that is there stays. */
static void put_socket(struct target *t, const struct dtu_discovery_port *b)
{
    bool server = is_server(b->mode);

    put_word_of(t, DTU_ID_SOCKA, 0, modes, b->mode);
    if (!server || b->remote[0] != 0)
        put_members(t, DTU_ID_SOCKA);
    put_number(t, DTU_ID_SOCKA, 2, server ? b->local_port : b->remote_port);
}

static void put_switch(struct target *t, unsigned id, bool on)
{
    put_word(t, id, 0, on ? "ON" : "OFF");
}

/* The registration packet has other kinds that the flag leaves alone. */
static void put_registration(struct target *t, bool cloud)
{
    if (cloud != is_now(t, DTU_ID_REGEN, 0, "CLOUD"))
        put_word(t, DTU_ID_REGEN, 0, cloud ? "CLOUD" : "OFF");
}

static void write_port(struct target *t, const struct dtu_discovery_port *b)
{
    unsigned parity = (unsigned)b->parity - DTU_DISCOVERY_PARITY_NONE; /* 0 becomes large */

    put_members(t, DTU_ID_UART);
    put_word_of(t, DTU_ID_UART, 3, parities, parity);
    put_flow(t, b->flow);
    put_members(t, DTU_ID_UARTTL);
    if (b->reconnect_s > 0)
        put_members(t, DTU_ID_SOCKTO);
    put_socket(t, b);
    put_switch(t, DTU_ID_MODTCP, (b->flags & DTU_DISCOVERY_MODBUS) != 0);
    put_switch(t, DTU_ID_RFCEN, (b->flags & DTU_DISCOVERY_BAUDSYNC) != 0);
    put_registration(t, (b->flags & DTU_DISCOVERY_IS_CLOUD) != 0);
}

/* A device id and a password that are both empty are none, as from the factory. */
static void write_cloud(struct target *t, const struct dtu_discovery_cloud *b)
{
    if (b->id[0] != 0 || b->password[0] != 0)
        put_members(t, DTU_ID_REGCLOUD);
    else if (t->commit)
        dtu_params_clear(t->params, row_of(t->params, DTU_ID_REGCLOUD));
}

static void write_block(struct target *t)
{
    if (t->layout->which == DTU_DISCOVERY_BASIC)
        write_basic(t, &t->block->basic);
    else if (t->layout->which == DTU_DISCOVERY_PORT_0)
        write_port(t, &t->block->port);
    else
        write_cloud(t, &t->block->cloud);
    put_kept(t);
}

enum dtu_status dtu_blocks_write(struct dtu_params *p, uint8_t which, const uint8_t *mac,
                                 const union dtu_discovery_block *block,
                                 const struct dtu_param **row)
{
    struct target t = {.params = p, .layout = layout_of(p, which), .block = block, .mac = mac};

    *row = NULL;
    if (t.layout == NULL)
        return DTU_ERR_NOT_FOUND;
    for (unsigned round = 0; round < 2 && t.status == DTU_OK; round++) {
        t.commit = round > 0;
        write_block(&t);
    }
    if (t.status != DTU_OK)
        *row = t.value.row;
    return t.status;
}
