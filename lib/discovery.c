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

/*@ requires readable(data, len);
    assigns \nothing; */
static uint8_t sum_of(const uint8_t *data, size_t len)
{
    uint8_t sum = 0;
    /*@ loop invariant i <= len;
        loop assigns i, sum;
        loop variant len - i; */
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

/*@ requires writer(w) && fits(w, 4) && readable(ip, 4);
    requires \separated(w, w->data + (0 .. w->size - 1), ip + (0 .. 3));
    assigns w->len, w->failed, w->data[0 .. w->size - 1];
    ensures writer(w) && put{Pre, Post}(w, 4); */
static void put_address(struct dtu_writer *w, const uint8_t *ip)
{
    /*@ loop invariant i <= 4 && writer(w) && !w->failed;
        loop invariant w->len + i == \at(w->len, Pre) + 4;
        loop assigns i, w->len, w->failed, w->data[0 .. w->size - 1];
        loop variant i; */
    for (size_t i = 4; i > 0; i--)
        dtu_put_u8(w, ip[i - 1]);
}

/*@ requires reader(r) && has(r, 4) && writable(ip, 4) && \separated(r, ip + (0 .. 3));
    assigns *r, ip[0 .. 3];
    ensures reader(r) && took{Pre, Post}(r, 4); */
static void get_address(struct dtu_reader *r, uint8_t *ip)
{
    /*@ loop invariant i <= 4 && reader(r) && !r->failed;
        loop invariant r->left == \at(r->left, Pre) - 4 + i;
        loop invariant r->at == \at(r->at, Pre) + 4 - i;
        loop assigns i, *r, ip[0 .. 3];
        loop variant i; */
    for (size_t i = 4; i > 0; i--)
        ip[i - 1] = dtu_get_u8(r);
}

/* Only for what is known to be there. */
/*@ requires reader(r) && has(r, len) && r->at != \null && writable(to, len) && to != \null;
    requires \separated(r, to + (0 .. len - 1));
    requires \separated(r->at + (0 .. r->left - 1), to + (0 .. len - 1));
    assigns *r, to[0 .. len - 1];
    ensures reader(r) && took{Pre, Post}(r, len); */
static void get_array(struct dtu_reader *r, uint8_t *to, size_t len)
{
    memcpy(to, dtu_get_bytes(r, len), len);
}

/* Fills `len` bytes: the table ends where they do. */
/*@ requires writable(out, len) && block != \null && \valid_read(field);
    assigns out[0 .. len - 1]; */
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

/*@ requires writable(out, 67) && \valid_read(block);
    assigns out[0 .. 66]; */
void dtu_discovery_put_basic(uint8_t *out, const struct dtu_discovery_basic *block)
{
    put_fields(out, DTU_DISCOVERY_BASIC_LEN, block, basic_fields);
}

void dtu_discovery_get_basic(struct dtu_discovery_basic *block, const uint8_t *in)
{
    get_fields(block, basic_fields, in, DTU_DISCOVERY_BASIC_LEN);
}

/*@ requires writable(out, 63) && \valid_read(block);
    assigns out[0 .. 62]; */
void dtu_discovery_put_port(uint8_t *out, const struct dtu_discovery_port *block)
{
    put_fields(out, DTU_DISCOVERY_PORT_LEN, block, port_fields);
}

void dtu_discovery_get_port(struct dtu_discovery_port *block, const uint8_t *in)
{
    get_fields(block, port_fields, in, DTU_DISCOVERY_PORT_LEN);
}

/*@ requires writable(out, 50) && \valid_read(block);
    assigns out[0 .. 49]; */
void dtu_discovery_put_cloud(uint8_t *out, const struct dtu_discovery_cloud *block)
{
    put_fields(out, DTU_DISCOVERY_CLOUD_LEN, block, cloud_fields);
}

void dtu_discovery_get_cloud(struct dtu_discovery_cloud *block, const uint8_t *in)
{
    get_fields(block, cloud_fields, in, DTU_DISCOVERY_CLOUD_LEN);
}

/* How many ports have a block in an answer to a read of this length; -1 if none is so long. */
/*@ assigns \nothing;
    ensures -1 <= \result <= 2;
    ensures \result >= 0 ==> 67 + 63 * \result + (len == 180 ? 50 : 0) <= len; */
static int ports_in(size_t len)
{
    switch (len) {
    case DTU_DISCOVERY_BASIC_LEN:
        return 0;
    case DTU_DISCOVERY_BASIC_LEN + DTU_DISCOVERY_PORT_LEN:
    case DTU_DISCOVERY_READ_LEN:
    case DTU_DISCOVERY_SIBLING_MAX:
        return 1;
    case DTU_DISCOVERY_BASIC_LEN + 2 * DTU_DISCOVERY_PORT_LEN:
        return 2;
    default:
        return -1;
    }
}

/*@ requires \valid(layout) && readable(data, len) && \separated(layout, data + (0 .. len - 1));
    assigns *layout;
    ensures \result == DTU_OK || *layout == \old(*layout); */
enum dtu_status dtu_discovery_layout(struct dtu_discovery_layout *layout, const uint8_t *data,
                                     size_t len)
{
    int ports = ports_in(len);
    struct dtu_reader r = dtu_reader(data, len);

    if (ports < 0)
        return DTU_ERR_LENGTH;
    layout->basic = dtu_get_bytes(&r, DTU_DISCOVERY_BASIC_LEN);
    /*@ loop invariant 0 <= i <= 2 && reader(&r) && !r.failed;
        loop invariant r.left == len - 67 - 63 * (i < ports ? i : ports);
        loop assigns i, r, layout->port[0 .. 1];
        loop variant 2 - i; */
    for (int i = 0; i < 2; i++)
        layout->port[i] = i < ports ? dtu_get_bytes(&r, DTU_DISCOVERY_PORT_LEN) : NULL;
    layout->cloud =
        len == DTU_DISCOVERY_READ_LEN ? dtu_get_bytes(&r, DTU_DISCOVERY_CLOUD_LEN) : NULL;
    //@ assert reader(&r);
    layout->rest_len = dtu_reader_left(&r);
    //@ assert reader(&r);
    layout->rest = layout->rest_len > 0 ? dtu_get_bytes(&r, layout->rest_len) : NULL;
    return DTU_OK;
}

/* --- Requests ------------------------------------------------------------------------------- */

/*@ requires request_out(request) && writable(out, size) && \valid(len);
    requires \separated(out + (0 .. size - 1), request, len) && \separated(len, request);
    requires \separated(out + (0 .. size - 1), request->params + (0 .. request->params_len - 1));
    assigns out[0 .. size - 1], *len;
    ensures \result == DTU_OK ==> *len <= size;
    ensures \result == DTU_OK || *len == \old(*len); */
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

/* What follows the command, but in a search. */
/*@ requires reader(r) && has(r, 18 + params_len) && r->at != \null && \valid(request);
    requires \separated(r, request) && \separated(request, r->at + (0 .. r->left - 1));
    assigns *r, request->mac[0 .. 5], request->user[0 .. 5], request->password[0 .. 5],
            request->params, request->params_len;
    ensures request->params_len == params_len && request->params == \old(r->at) + 18; */
static void get_addressed(struct dtu_reader *r, struct dtu_discovery_request *request,
                          size_t params_len)
{
    get_array(r, request->mac, sizeof request->mac);
    get_array(r, request->user, sizeof request->user);
    get_array(r, request->password, sizeof request->password);
    request->params_len = params_len;
    request->params = dtu_get_bytes(r, params_len);
}

/*@ requires \valid(request) && (sum == \null || \valid(sum)) && readable(data, len);
    requires \separated(request, sum, data + (0 .. len - 1));
    assigns *request, *sum;
    ensures is_request(\result) ==> request->params_len <= 236;
    ensures is_request(\result) && request->command != DTU_DISCOVERY_SEARCH ==>
                request->params_len == len - 22 && request->params == data + 21;
    ensures is_request(\result) || *request == \old(*request); */
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

    *request = (struct dtu_discovery_request){0};
    request->command = command;
    if (!search)
        get_addressed(&r, request, body - ADDRESSED_LEN);
    uint8_t right = sum_of(data + 1, body + 1);
    if (sum != NULL)
        *sum = right;
    return data[body + 2] == right ? DTU_OK : DTU_ERR_CHECKSUM;
}

/* --- Replies -------------------------------------------------------------------------------- */

/*@ requires writable(out, 36) && \valid_read(found);
    assigns out[0 .. 35]; */
void dtu_discovery_put_found(uint8_t *out, const struct dtu_discovery_found *found)
{
    out[0] = HEAD;
    out[1] = FOUND_BODY;
    out[2] = DTU_DISCOVERY_SEARCH;
    put_fields(out + 3, FOUND_FIELDS_LEN, found, found_fields);
    out[FOUND_CHECK_AT] = (uint8_t)(0u - sum_of(out, FOUND_CHECK_AT));
}

/*@ requires writable(out, 4);
    assigns out[0 .. 3]; */
void dtu_discovery_put_result(uint8_t *out, uint8_t command, uint8_t result)
{
    out[0] = HEAD;
    out[1] = 1;
    out[2] = command;
    out[3] = result;
}

/*@ requires \valid(reply) && readable(data, 36) && \separated(reply, data + (0 .. 35));
    assigns *reply; */
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

/*@ assigns \nothing; */
static bool is_result(uint8_t result)
{
    return result == DTU_DISCOVERY_DONE || result == DTU_DISCOVERY_REFUSED ||
           result == DTU_DISCOVERY_ERROR;
}

/*@ requires \valid(reply) && readable(data, 4) && \separated(reply, data + (0 .. 3));
    assigns *reply; */
static enum dtu_status parse_result(struct dtu_discovery_reply *reply, const uint8_t *data)
{
    if (data[0] != HEAD || data[1] != 1 || !is_result(data[3]))
        return DTU_ERR_FORMAT;
    reply->kind = DTU_DISCOVERY_RESULT;
    reply->command = data[2];
    reply->result = data[3];
    return DTU_OK;
}

/*@ requires \valid(reply) && readable(data, 2) && \separated(reply, data + (0 .. 1));
    assigns *reply; */
static enum dtu_status parse_bad_sum(struct dtu_discovery_reply *reply, const uint8_t *data)
{
    if (data[0] != DTU_DISCOVERY_ERROR)
        return DTU_ERR_FORMAT;
    reply->kind = DTU_DISCOVERY_BAD_SUM;
    reply->sum = data[1];
    return DTU_OK;
}

/*@ requires \valid(reply) && readable(data, len) && \separated(reply, data + (0 .. len - 1));
    assigns *reply; */
enum dtu_status dtu_discovery_parse_reply(struct dtu_discovery_reply *reply, const uint8_t *data,
                                          size_t len)
{
    *reply = (struct dtu_discovery_reply){0};
    if (len == DTU_DISCOVERY_FOUND_LEN)
        return parse_found(reply, data);
    if (len == RESULT_LEN)
        return parse_result(reply, data);
    if (len == BAD_SUM_LEN)
        return parse_bad_sum(reply, data);
    reply->kind = DTU_DISCOVERY_BLOCKS;
    return ports_in(len) >= 0 ? DTU_OK : DTU_ERR_LENGTH;
}

/* --- The text channel, UDP port 48899 ------------------------------------------------------- */

/*@ requires \valid_read(found) && text_out(out);
    assigns outside; */
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
/*@ predicate slice{L}(struct slice *s) = readable{L}(\at(s->at, L), \at(s->len, L)); */

/* Cuts off what comes before the first `separator`; false if there is none. */
/*@ requires \valid(text) && \valid(piece) && \separated(text, piece) && slice(text);
    assigns *text, *piece;
    ensures slice(text) && text->len <= \old(text->len);
    ensures text->at == \old(text->at) + (\old(text->len) - text->len);
    ensures \result ==> slice(piece); */
static bool cut(struct slice *text, uint8_t separator, struct slice *piece)
{
    /*@ loop invariant i <= text->len;
        loop assigns i;
        loop variant text->len - i; */
    for (size_t i = 0; i < text->len; i++) {
        if (text->at[i] != separator)
            continue;
        piece->at = text->at;
        piece->len = i;
        text->at += i + 1;
        text->len -= i + 1;
        return true;
    }
    return false;
}

/*@ requires readable(text.at, text.len) && writable(ip, 4);
    assigns ip[0 .. 3]; */
static bool parse_ip(struct slice text, uint8_t *ip)
{
    struct slice number;
    uint32_t value;

    /*@ loop invariant i <= 4 && slice(&text);
        loop assigns i, text, number, value, ip[0 .. 3];
        loop variant 4 - i; */
    for (size_t i = 0; i < 4; i++) {
        number = text; /* of the last, which has no point behind it */
        if (i < 3 && !cut(&text, '.', &number))
            return false;
        if (dtu_parse_decimal(number.at, number.len, &value) != DTU_OK || value > 255)
            return false;
        ip[i] = (uint8_t)value;
    }
    return true;
}

/*@ requires readable(text.at, text.len) && writable(mac, 6);
    assigns mac[0 .. 5]; */
static bool parse_mac(struct slice text, uint8_t *mac)
{
    if (text.len != 12)
        return false;
    /*@ loop invariant i <= 6;
        loop assigns i, mac[0 .. 5];
        loop variant 6 - i; */
    for (size_t i = 0; i < 6; i++) {
        unsigned high = dtu_parse_hex_digit(text.at[2 * i]);
        unsigned low = dtu_parse_hex_digit(text.at[2 * i + 1]);
        if ((high | low) > 15)
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/*@ requires \valid(text) && slice(text);
    assigns text->len;
    ensures slice(text) && text->len <= \old(text->len); */
static void drop_line_end(struct slice *text)
{
    if (text->len > 0 && text->at[text->len - 1] == '\n')
        text->len--;
    if (text->len > 0 && text->at[text->len - 1] == '\r')
        text->len--;
}

/*@ requires \valid(found) && readable(data, len);
    requires \separated(found, data + (0 .. len - 1));
    assigns *found; */
enum dtu_status dtu_discovery_parse_text(struct dtu_discovery_found *found, const uint8_t *data,
                                         size_t len)
{
    struct slice text = {data, len};
    struct slice ip;
    struct slice mac;

    *found = (struct dtu_discovery_found){0};
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

/*@ requires serving(callbacks) && \object_pointer(ctx) && readable(mac, 6);
    assigns outside; */
static bool is_mine(const struct dtu_discovery_callbacks *callbacks, void *ctx, const uint8_t *mac)
{
    struct dtu_discovery_found self = {0};
    //@ calls describe;
    callbacks->describe(ctx, &self);
    return memcmp(mac, self.mac, sizeof self.mac) == 0;
}

/*@ requires serving(callbacks) && \object_pointer(ctx) && writable(reply, 36);
    requires \separated(callbacks, reply + (0 .. 35));
    assigns reply[0 .. 35], outside;
    ensures \result == 36; */
static size_t put_self(const struct dtu_discovery_callbacks *callbacks, void *ctx, uint8_t *reply)
{
    struct dtu_discovery_found self = {0};
    //@ calls describe;
    callbacks->describe(ctx, &self);
    dtu_discovery_put_found(reply, &self);
    return DTU_DISCOVERY_FOUND_LEN;
}

/*@ requires writable(reply, 2);
    assigns reply[0 .. 1];
    ensures \result == 2; */
static size_t put_bad_sum(uint8_t *reply, uint8_t sum)
{
    reply[0] = DTU_DISCOVERY_ERROR;
    reply[1] = sum;
    return BAD_SUM_LEN;
}

/* 1 if a byte is not 0, else 0. Of a comparison a compiler makes a branch, and then the time tells
 * a right user from a wrong one. */
/*@ assigns \nothing; */
static unsigned not_zero(uint8_t byte)
{
    return (0u - byte) >> 8 & 1;
}

/* Both fields are compared whole, and all is computed whatever was wrong before. */
/*@ requires serving(callbacks) && \object_pointer(ctx) && \valid_read(request);
    assigns outside; */
static bool login_is_right(const struct dtu_discovery_callbacks *callbacks, void *ctx,
                           const struct dtu_discovery_request *request)
{
    uint8_t user[LOGIN_FIELD] = {0};
    uint8_t password[LOGIN_FIELD] = {0};

    //@ calls login;
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

/*@ requires serving(callbacks) && \object_pointer(ctx) && writable(reply, 180);
    assigns reply[0 .. 179], outside; */
static void put_blocks(const struct dtu_discovery_callbacks *callbacks, void *ctx, uint8_t *reply)
{
    for (const struct layout *l = layouts; l < layouts + LAYOUTS; l++) {
        union dtu_discovery_block block;
        memset(&block, 0, sizeof block);
        callbacks->read(ctx, l->command, &block);
        put_fields(reply, l->len, &block, l->fields);
        reply += l->len;
    }
}

/* Sets the block that the parameters of a request are; false if they are none for its command. */
/*@ requires serving(callbacks) && \object_pointer(ctx) && request_in(request);
    assigns outside; */
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

/*@ assigns \nothing; */
static bool is_action(uint8_t command)
{
    return command == DTU_DISCOVERY_RESTART || command == DTU_DISCOVERY_SAVE ||
           command == DTU_DISCOVERY_FACTORY;
}

/* Does what a request with a right login asks for, unless it is a read. */
/*@ requires serving(callbacks) && \object_pointer(ctx) && request_in(request);
    assigns outside; */
static bool carry_out(const struct dtu_discovery_callbacks *callbacks, void *ctx,
                      const struct dtu_discovery_request *request)
{
    enum dtu_status status;

    if (!is_action(request->command))
        return take_block(callbacks, ctx, request);
    if (request->params_len > 0)
        return false;
    //@ calls act;
    status = callbacks->act(ctx, (enum dtu_discovery_command)request->command);
    return status == DTU_OK;
}

/* Serves a request to this module, which is undamaged. */
/*@ requires serving(callbacks) && \object_pointer(ctx) && request_in(request);
    requires writable(reply, 180) && \valid(reply_len);
    requires \separated(reply_len, request, callbacks, reply + (0 .. 179));
    assigns reply[0 .. 179], *reply_len, outside;
    ensures *reply_len <= 180; */
static enum dtu_discovery_outcome serve_addressed(const struct dtu_discovery_callbacks *callbacks,
                                                  void *ctx,
                                                  const struct dtu_discovery_request *request,
                                                  uint8_t *reply, size_t *reply_len)
{
    enum dtu_discovery_outcome outcome = DTU_DISCOVERY_SERVED;
    uint8_t result = DTU_DISCOVERY_DONE;

    if (!login_is_right(callbacks, ctx, request)) {
        outcome = DTU_DISCOVERY_DENIED;
        result = DTU_DISCOVERY_REFUSED;
    } else if (request->command == DTU_DISCOVERY_READ && request->params_len == 0) {
        put_blocks(callbacks, ctx, reply);
        *reply_len = DTU_DISCOVERY_READ_LEN;
        return outcome;
    } else if (!carry_out(callbacks, ctx, request)) {
        outcome = DTU_DISCOVERY_FAILED;
        result = DTU_DISCOVERY_ERROR;
    }
    dtu_discovery_put_result(reply, request->command, result);
    *reply_len = RESULT_LEN;
    return outcome;
}

/*@ requires serving(callbacks) && \object_pointer(ctx) && readable(data, len);
    requires writable(reply, size) && \valid(reply_len);
    requires \separated(reply_len, callbacks, reply + (0 .. size - 1));
    requires \separated(reply_len, data + (0 .. len - 1));
    assigns reply[0 .. size - 1], *reply_len, outside;
    ensures *reply_len <= size; */
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

/*@ requires readable(peer, 4) && readable(ip, 4) && readable(mask, 4);
    assigns \nothing; */
bool dtu_discovery_is_local(const uint8_t *peer, const uint8_t *ip, const uint8_t *mask)
{
    /*@ loop invariant i <= 4;
        loop assigns i;
        loop variant 4 - i; */
    for (size_t i = 0; i < 4; i++)
        if (((peer[i] ^ ip[i]) & mask[i]) != 0)
            return false;
    return true;
}
