/* SPDX-License-Identifier: MIT */
#include "dtu/discovery.h"

#include <string.h>

#define HEAD 0xFF
#define FRAME_LEN 3u      /* HEAD, LEN and SUM: what LEN does not count */
#define ADDRESSED_LEN 19u /* command, MAC, user and password */
#define PARAMS_MAX (255u - ADDRESSED_LEN)
#define FOUND_BODY 0x24 /* LEN of the answer to a search: all of its 36 bytes */
#define FOUND_FIELDS_LEN (DTU_DISCOVERY_FOUND_LEN - 4u)
#define FOUND_CHECK_AT (DTU_DISCOVERY_FOUND_LEN - 1u)
#define RESULT_LEN 4u
#define BAD_SUM_LEN 2u
#define LOGIN_FIELD (DTU_DISCOVERY_LOGIN_LEN + 1u)

static uint8_t sum_of(const uint8_t *data, size_t len)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + data[i]);
    return sum;
}

/* --- Blocks --------------------------------------------------------------------------------- */

enum field_kind {
    BYTES,   /* as they are */
    ADDRESS, /* an IP address: a number of 32 bits, of which 192 is the highest byte */
    NUMBER_16,
    NUMBER_32 /* numbers go low byte first */
};

/* A field of a block: one table says how to write the block and how to read it. */
struct field {
    uint8_t kind;
    uint8_t offset; /* in the struct */
    uint8_t len;
};

#define FIELD(kind, type, name)                                                                    \
    {                                                                                              \
        kind, offsetof(struct type, name), sizeof(((struct type *)0)->name)                        \
    }

static const struct field basic_fields[] = {
    FIELD(BYTES, dtu_discovery_basic, sequence),
    FIELD(BYTES, dtu_discovery_basic, crc),
    FIELD(BYTES, dtu_discovery_basic, version),
    FIELD(BYTES, dtu_discovery_basic, flags),
    FIELD(NUMBER_16, dtu_discovery_basic, location_port),
    FIELD(NUMBER_16, dtu_discovery_basic, http_port),
    FIELD(BYTES, dtu_discovery_basic, user_flag),
    FIELD(ADDRESS, dtu_discovery_basic, ip),
    FIELD(ADDRESS, dtu_discovery_basic, gateway),
    FIELD(ADDRESS, dtu_discovery_basic, mask),
    FIELD(BYTES, dtu_discovery_basic, name),
    FIELD(BYTES, dtu_discovery_basic, user),
    FIELD(BYTES, dtu_discovery_basic, password),
    FIELD(BYTES, dtu_discovery_basic, send_time),
    FIELD(NUMBER_16, dtu_discovery_basic, id),
    FIELD(BYTES, dtu_discovery_basic, id_type),
    FIELD(BYTES, dtu_discovery_basic, mac),
    FIELD(NUMBER_32, dtu_discovery_basic, reset_s),
    FIELD(BYTES, dtu_discovery_basic, reserved),
};

static const struct field port_fields[] = {
    FIELD(NUMBER_32, dtu_discovery_port, baud),
    FIELD(BYTES, dtu_discovery_port, data_bits),
    FIELD(BYTES, dtu_discovery_port, parity),
    FIELD(BYTES, dtu_discovery_port, stop_bits),
    FIELD(BYTES, dtu_discovery_port, flow),
    FIELD(NUMBER_32, dtu_discovery_port, reconnect_s),
    FIELD(NUMBER_16, dtu_discovery_port, local_port),
    FIELD(NUMBER_16, dtu_discovery_port, remote_port),
    FIELD(BYTES, dtu_discovery_port, remote),
    FIELD(ADDRESS, dtu_discovery_port, remote_ip),
    FIELD(BYTES, dtu_discovery_port, flags),
    FIELD(BYTES, dtu_discovery_port, mode),
    FIELD(NUMBER_32, dtu_discovery_port, packing_len),
    FIELD(BYTES, dtu_discovery_port, packing_time),
    FIELD(BYTES, dtu_discovery_port, time_count),
    FIELD(BYTES, dtu_discovery_port, server),
    FIELD(BYTES, dtu_discovery_port, reserved),
};

static const struct field cloud_fields[] = {
    FIELD(BYTES, dtu_discovery_cloud, id),
    FIELD(BYTES, dtu_discovery_cloud, password),
    FIELD(BYTES, dtu_discovery_cloud, reserved),
};

static const struct field found_fields[] = {
    FIELD(BYTES, dtu_discovery_found, board_type),  FIELD(BYTES, dtu_discovery_found, board_id),
    FIELD(BYTES, dtu_discovery_found, ip),          FIELD(BYTES, dtu_discovery_found, mac),
    FIELD(NUMBER_16, dtu_discovery_found, version), FIELD(BYTES, dtu_discovery_found, encryption),
    FIELD(BYTES, dtu_discovery_found, name),
};

static void put_address(struct dtu_writer *w, const uint8_t *ip)
{
    for (size_t i = 4; i > 0; i--)
        dtu_put_u8(w, ip[i - 1]);
}

static void get_address(struct dtu_reader *r, uint8_t *ip)
{
    for (size_t i = 4; i > 0; i--)
        ip[i - 1] = dtu_get_u8(r);
}

/* Only for what is known to be there. */
static void get_array(struct dtu_reader *r, uint8_t *to, size_t len)
{
    memcpy(to, dtu_get_bytes(r, len), len);
}

/* Fills `len` bytes: the table ends where they do. */
static void put_fields(uint8_t *out, size_t len, const void *block, const struct field *field)
{
    struct dtu_writer w = dtu_writer(out, len);

    for (; dtu_writer_len(&w) < len; field++) {
        const void *from = (const uint8_t *)block + field->offset;
        if (field->kind == NUMBER_16)
            dtu_put_le16(&w, *(const uint16_t *)from);
        else if (field->kind == NUMBER_32)
            dtu_put_le32(&w, *(const uint32_t *)from);
        else if (field->kind == ADDRESS)
            put_address(&w, from);
        else
            dtu_put_bytes(&w, from, field->len);
    }
}

/* Reads `len` bytes: the table ends where they do. */
static void get_fields(void *block, const struct field *field, const uint8_t *in, size_t len)
{
    struct dtu_reader r = dtu_reader(in, len);

    for (; dtu_reader_left(&r) > 0; field++) {
        void *to = (uint8_t *)block + field->offset;
        if (field->kind == NUMBER_16)
            *(uint16_t *)to = dtu_get_le16(&r);
        else if (field->kind == NUMBER_32)
            *(uint32_t *)to = dtu_get_le32(&r);
        else if (field->kind == ADDRESS)
            get_address(&r, to);
        else
            get_array(&r, to, field->len);
    }
}

void dtu_discovery_put_basic(uint8_t *out, const struct dtu_discovery_basic *block)
{
    put_fields(out, DTU_DISCOVERY_BASIC_LEN, block, basic_fields);
}

void dtu_discovery_get_basic(struct dtu_discovery_basic *block, const uint8_t *in)
{
    get_fields(block, basic_fields, in, DTU_DISCOVERY_BASIC_LEN);
}

void dtu_discovery_put_port(uint8_t *out, const struct dtu_discovery_port *block)
{
    put_fields(out, DTU_DISCOVERY_PORT_LEN, block, port_fields);
}

void dtu_discovery_get_port(struct dtu_discovery_port *block, const uint8_t *in)
{
    get_fields(block, port_fields, in, DTU_DISCOVERY_PORT_LEN);
}

void dtu_discovery_put_cloud(uint8_t *out, const struct dtu_discovery_cloud *block)
{
    put_fields(out, DTU_DISCOVERY_CLOUD_LEN, block, cloud_fields);
}

void dtu_discovery_get_cloud(struct dtu_discovery_cloud *block, const uint8_t *in)
{
    get_fields(block, cloud_fields, in, DTU_DISCOVERY_CLOUD_LEN);
}

/* Which blocks an answer to a read of this length begins with: basic, ports, cloud. */
struct shape {
    uint16_t len;
    uint8_t ports;
    bool cloud;
};

static const struct shape *find_shape(size_t len)
{
    static const struct shape shapes[] = {
        {DTU_DISCOVERY_BASIC_LEN, 0, false},
        {DTU_DISCOVERY_BASIC_LEN + DTU_DISCOVERY_PORT_LEN, 1, false},
        {DTU_DISCOVERY_READ_LEN, 1, true},
        {DTU_DISCOVERY_BASIC_LEN + 2 * DTU_DISCOVERY_PORT_LEN, 2, false},
        {DTU_DISCOVERY_SIBLING_MAX, 1, false},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (shapes[i].len == len)
            return &shapes[i];
    return NULL;
}

enum dtu_status dtu_discovery_layout(struct dtu_discovery_layout *layout, const uint8_t *data,
                                     size_t len)
{
    const struct shape *shape = find_shape(len);
    struct dtu_reader r = dtu_reader(data, len);

    if (shape == NULL)
        return DTU_ERR_LENGTH;
    layout->basic = dtu_get_bytes(&r, DTU_DISCOVERY_BASIC_LEN);
    for (size_t i = 0; i < 2; i++)
        layout->port[i] = i < shape->ports ? dtu_get_bytes(&r, DTU_DISCOVERY_PORT_LEN) : NULL;
    layout->cloud = shape->cloud ? dtu_get_bytes(&r, DTU_DISCOVERY_CLOUD_LEN) : NULL;
    layout->rest_len = dtu_reader_left(&r);
    layout->rest = layout->rest_len > 0 ? dtu_get_bytes(&r, layout->rest_len) : NULL;
    return DTU_OK;
}

/* --- Requests ------------------------------------------------------------------------------- */

enum dtu_status dtu_discovery_encode_request(const struct dtu_discovery_request *request,
                                             uint8_t *out, size_t size, size_t *len)
{
    bool search = request->command == DTU_DISCOVERY_SEARCH;
    size_t body = search ? 1 : ADDRESSED_LEN + request->params_len;
    struct dtu_writer w = dtu_writer(out, size);

    if (request->params_len > (search ? 0 : PARAMS_MAX))
        return DTU_ERR_LENGTH;
    if (size < body + FRAME_LEN)
        return DTU_ERR_SPACE;
    dtu_put_u8(&w, HEAD);
    dtu_put_u8(&w, (uint8_t)body);
    dtu_put_u8(&w, request->command);
    if (!search) {
        dtu_put_bytes(&w, request->mac, sizeof request->mac);
        dtu_put_bytes(&w, request->user, sizeof request->user);
        dtu_put_bytes(&w, request->password, sizeof request->password);
        dtu_put_bytes(&w, request->params, request->params_len);
    }
    dtu_put_u8(&w, sum_of(out + 1, body + 1));
    *len = body + FRAME_LEN;
    return DTU_OK;
}

enum dtu_status dtu_discovery_parse_request(struct dtu_discovery_request *request, uint8_t *sum,
                                            const uint8_t *data, size_t len)
{
    struct dtu_reader r = dtu_reader(data, len);

    if (dtu_get_u8(&r) != HEAD)
        return DTU_ERR_FORMAT;
    size_t body = dtu_get_u8(&r);
    uint8_t command = dtu_get_u8(&r);
    bool search = command == DTU_DISCOVERY_SEARCH;
    if (len != body + FRAME_LEN || (search ? body != 1 : body < ADDRESSED_LEN))
        return DTU_ERR_LENGTH;

    memset(request, 0, sizeof *request);
    request->command = command;
    if (!search) {
        get_array(&r, request->mac, sizeof request->mac);
        get_array(&r, request->user, sizeof request->user);
        get_array(&r, request->password, sizeof request->password);
        request->params_len = body - ADDRESSED_LEN;
        request->params = dtu_get_bytes(&r, request->params_len);
    }
    uint8_t right = sum_of(data + 1, len - 2);
    if (sum != NULL)
        *sum = right;
    return dtu_get_u8(&r) == right ? DTU_OK : DTU_ERR_CHECKSUM;
}

/* --- Replies -------------------------------------------------------------------------------- */

void dtu_discovery_put_found(uint8_t *out, const struct dtu_discovery_found *found)
{
    out[0] = HEAD;
    out[1] = FOUND_BODY;
    out[2] = DTU_DISCOVERY_SEARCH;
    put_fields(out + 3, FOUND_FIELDS_LEN, found, found_fields);
    out[FOUND_CHECK_AT] = (uint8_t)(0u - sum_of(out, FOUND_CHECK_AT));
}

void dtu_discovery_put_result(uint8_t *out, uint8_t command, uint8_t result)
{
    out[0] = HEAD;
    out[1] = 1;
    out[2] = command;
    out[3] = result;
}

static enum dtu_status parse_found(struct dtu_discovery_reply *reply, const uint8_t *data)
{
    if (data[0] != HEAD || data[1] != FOUND_BODY || data[2] != DTU_DISCOVERY_SEARCH)
        return DTU_ERR_FORMAT;
    uint8_t sum = sum_of(data + 1, FOUND_CHECK_AT - 1);
    uint8_t check = data[FOUND_CHECK_AT];
    reply->kind = DTU_DISCOVERY_FOUND;
    reply->intact = check == (uint8_t)(0u - HEAD - sum) || check == sum;
    get_fields(&reply->found, found_fields, data + 3, FOUND_FIELDS_LEN);
    return DTU_OK;
}

static bool is_result(uint8_t result)
{
    return result == DTU_DISCOVERY_DONE || result == DTU_DISCOVERY_REFUSED ||
           result == DTU_DISCOVERY_ERROR;
}

static enum dtu_status parse_result(struct dtu_discovery_reply *reply, const uint8_t *data)
{
    if (data[0] != HEAD || data[1] != 1 || !is_result(data[3]))
        return DTU_ERR_FORMAT;
    reply->kind = DTU_DISCOVERY_RESULT;
    reply->command = data[2];
    reply->result = data[3];
    return DTU_OK;
}

static enum dtu_status parse_bad_sum(struct dtu_discovery_reply *reply, const uint8_t *data)
{
    if (data[0] != DTU_DISCOVERY_ERROR)
        return DTU_ERR_FORMAT;
    reply->kind = DTU_DISCOVERY_BAD_SUM;
    reply->sum = data[1];
    return DTU_OK;
}

enum dtu_status dtu_discovery_parse_reply(struct dtu_discovery_reply *reply, const uint8_t *data,
                                          size_t len)
{
    memset(reply, 0, sizeof *reply);
    if (len == DTU_DISCOVERY_FOUND_LEN)
        return parse_found(reply, data);
    if (len == RESULT_LEN)
        return parse_result(reply, data);
    if (len == BAD_SUM_LEN)
        return parse_bad_sum(reply, data);
    reply->kind = DTU_DISCOVERY_BLOCKS;
    return find_shape(len) != NULL ? DTU_OK : DTU_ERR_LENGTH;
}

/* --- The text channel, UDP port 48899 ------------------------------------------------------- */

void dtu_discovery_write_text(const struct dtu_discovery_found *found, const struct dtu_text *out)
{
    const uint8_t *end = memchr(found->name, 0, sizeof found->name);
    size_t name_len = end != NULL ? (size_t)(end - found->name) : sizeof found->name;

    dtu_text_ip(out, found->ip);
    dtu_text_char(out, ',');
    dtu_text_hex(out, found->mac, sizeof found->mac);
    dtu_text_char(out, ',');
    dtu_text_bytes(out, found->name, name_len);
}

struct slice {
    const uint8_t *at;
    size_t len;
};

/* Cuts off what comes before the first `separator`; false if there is none. */
static bool cut(struct slice *text, uint8_t separator, struct slice *piece)
{
    const uint8_t *end = text->len > 0 ? memchr(text->at, separator, text->len) : NULL;
    if (end == NULL)
        return false;
    piece->at = text->at;
    piece->len = (size_t)(end - text->at);
    text->at = end + 1;
    text->len -= piece->len + 1;
    return true;
}

static bool parse_ip(struct slice text, uint8_t *ip)
{
    for (size_t i = 0; i < 4; i++) {
        struct slice number = text; /* of the last, which has no point behind it */
        uint32_t value;
        if (i < 3 && !cut(&text, '.', &number))
            return false;
        if (dtu_parse_decimal(number.at, number.len, &value) != DTU_OK || value > 255)
            return false;
        ip[i] = (uint8_t)value;
    }
    return true;
}

static bool parse_mac(struct slice text, uint8_t *mac)
{
    if (text.len != 12)
        return false;
    for (size_t i = 0; i < 6; i++) {
        unsigned high = dtu_parse_hex_digit(text.at[2 * i]);
        unsigned low = dtu_parse_hex_digit(text.at[2 * i + 1]);
        if ((high | low) > 15)
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static void drop_line_end(struct slice *text)
{
    if (text->len > 0 && text->at[text->len - 1] == '\n')
        text->len--;
    if (text->len > 0 && text->at[text->len - 1] == '\r')
        text->len--;
}

enum dtu_status dtu_discovery_parse_text(struct dtu_discovery_found *found, const uint8_t *data,
                                         size_t len)
{
    struct slice text = {data, len};
    struct slice ip;
    struct slice mac;

    memset(found, 0, sizeof *found);
    drop_line_end(&text);
    if (!cut(&text, ',', &ip) || !parse_ip(ip, found->ip))
        return DTU_ERR_FORMAT;
    if (!cut(&text, ',', &mac) || !parse_mac(mac, found->mac))
        return DTU_ERR_FORMAT;
    if (text.len > sizeof found->name || (text.len > 0 && memchr(text.at, 0, text.len) != NULL))
        return DTU_ERR_FORMAT;
    if (text.len > 0)
        memcpy(found->name, text.at, text.len);
    return DTU_OK;
}

/* --- A module's side ------------------------------------------------------------------------ */

static void describe(const struct dtu_discovery_callbacks *callbacks, void *ctx,
                     struct dtu_discovery_found *self)
{
    memset(self, 0, sizeof *self);
    callbacks->describe(ctx, self);
}

static bool is_mine(const struct dtu_discovery_callbacks *callbacks, void *ctx, const uint8_t *mac)
{
    struct dtu_discovery_found self;
    describe(callbacks, ctx, &self);
    return memcmp(mac, self.mac, sizeof self.mac) == 0;
}

static size_t put_self(const struct dtu_discovery_callbacks *callbacks, void *ctx, uint8_t *reply)
{
    struct dtu_discovery_found self;
    describe(callbacks, ctx, &self);
    dtu_discovery_put_found(reply, &self);
    return DTU_DISCOVERY_FOUND_LEN;
}

static size_t put_bad_sum(uint8_t *reply, uint8_t sum)
{
    reply[0] = DTU_DISCOVERY_ERROR;
    reply[1] = sum;
    return BAD_SUM_LEN;
}

/* 1 if a byte is not 0, else 0. Of a comparison a compiler makes a branch, and then the time tells
 * a right user from a wrong one. */
static unsigned not_zero(uint8_t byte)
{
    return (0u - byte) >> 8 & 1;
}

/* Both fields are compared whole, and all is computed whatever was wrong before. */
static bool login_is_right(const struct dtu_discovery_callbacks *callbacks, void *ctx,
                           const struct dtu_discovery_request *request)
{
    uint8_t user[LOGIN_FIELD] = {0};
    uint8_t password[LOGIN_FIELD] = {0};

    callbacks->login(ctx, user, password);
    unsigned right = not_zero(user[0]) & not_zero(password[0]);
    right &= dtu_equal_secret(user, sizeof user, request->user, sizeof request->user);
    right &=
        dtu_equal_secret(password, sizeof password, request->password, sizeof request->password);
    return right != 0;
}

/* The blocks in the order of an answer to a read. */
static const struct layout {
    uint8_t command; /* that sets it, and how many there are */
    uint8_t count;
    uint8_t len;
    const struct field *fields;
} layouts[] = {
    {DTU_DISCOVERY_BASIC, 1, DTU_DISCOVERY_BASIC_LEN, basic_fields},
    {DTU_DISCOVERY_PORT_0, 3, DTU_DISCOVERY_PORT_LEN, port_fields},
    {DTU_DISCOVERY_CLOUD, 1, DTU_DISCOVERY_CLOUD_LEN, cloud_fields},
};
#define LAYOUTS (sizeof layouts / sizeof layouts[0])

static size_t put_blocks(const struct dtu_discovery_callbacks *callbacks, void *ctx, uint8_t *reply)
{
    for (const struct layout *l = layouts; l < layouts + LAYOUTS; l++) {
        union dtu_discovery_block block;
        memset(&block, 0, sizeof block);
        callbacks->read(ctx, l->command, &block);
        put_fields(reply, l->len, &block, l->fields);
        reply += l->len;
    }
    return DTU_DISCOVERY_READ_LEN;
}

/* Sets the block that the parameters of a request are; false if they are none for its command. */
static bool take_block(const struct dtu_discovery_callbacks *callbacks, void *ctx,
                       const struct dtu_discovery_request *request)
{
    union dtu_discovery_block block;
    for (const struct layout *l = layouts; l < layouts + LAYOUTS; l++) {
        if ((uint8_t)(request->command - l->command) >= l->count)
            continue;
        if (request->params_len != l->len)
            return false;
        get_fields(&block, l->fields, request->params, l->len);
        return callbacks->write(ctx, request->command, &block) == DTU_OK;
    }
    return false;
}

/* Does what a request with a right login asks for, unless it is a read. */
static bool carry_out(const struct dtu_discovery_callbacks *callbacks, void *ctx,
                      const struct dtu_discovery_request *request)
{
    switch (request->command) {
    case DTU_DISCOVERY_RESTART:
    case DTU_DISCOVERY_SAVE:
    case DTU_DISCOVERY_FACTORY:
        return request->params_len == 0 &&
               callbacks->act(ctx, (enum dtu_discovery_command)request->command) == DTU_OK;
    default:
        return take_block(callbacks, ctx, request);
    }
}

/* Serves a request to this module, which is undamaged. */
static enum dtu_discovery_outcome serve_addressed(const struct dtu_discovery_callbacks *callbacks,
                                                  void *ctx,
                                                  const struct dtu_discovery_request *request,
                                                  uint8_t *reply, size_t *reply_len)
{
    *reply_len = RESULT_LEN;
    if (!login_is_right(callbacks, ctx, request)) {
        dtu_discovery_put_result(reply, request->command, DTU_DISCOVERY_REFUSED);
        return DTU_DISCOVERY_DENIED;
    }
    if (request->command == DTU_DISCOVERY_READ && request->params_len == 0) {
        *reply_len = put_blocks(callbacks, ctx, reply);
        return DTU_DISCOVERY_SERVED;
    }
    if (!carry_out(callbacks, ctx, request)) {
        dtu_discovery_put_result(reply, request->command, DTU_DISCOVERY_ERROR);
        return DTU_DISCOVERY_FAILED;
    }
    dtu_discovery_put_result(reply, request->command, DTU_DISCOVERY_DONE);
    return DTU_DISCOVERY_SERVED;
}

enum dtu_discovery_outcome dtu_discovery_serve(const struct dtu_discovery_callbacks *callbacks,
                                               void *ctx, const uint8_t *data, size_t len,
                                               uint8_t *reply, size_t size, size_t *reply_len)
{
    struct dtu_discovery_request request;
    uint8_t sum;

    *reply_len = 0;
    if (size < DTU_DISCOVERY_READ_LEN)
        return DTU_DISCOVERY_IGNORED;
    enum dtu_status status = dtu_discovery_parse_request(&request, &sum, data, len);
    if (status != DTU_OK && status != DTU_ERR_CHECKSUM)
        return DTU_DISCOVERY_IGNORED;

    bool search = request.command == DTU_DISCOVERY_SEARCH;
    if (!search && !is_mine(callbacks, ctx, request.mac))
        return DTU_DISCOVERY_IGNORED;
    if (status == DTU_ERR_CHECKSUM) {
        *reply_len = put_bad_sum(reply, sum);
        return DTU_DISCOVERY_DAMAGED;
    }
    if (search) {
        *reply_len = put_self(callbacks, ctx, reply);
        return DTU_DISCOVERY_SERVED;
    }
    return serve_addressed(callbacks, ctx, &request, reply, reply_len);
}

bool dtu_discovery_is_local(const uint8_t *peer, const uint8_t *ip, const uint8_t *mask)
{
    for (size_t i = 0; i < 4; i++)
        if (((peer[i] ^ ip[i]) & mask[i]) != 0)
            return false;
    return true;
}
