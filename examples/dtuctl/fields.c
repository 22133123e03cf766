/* SPDX-License-Identifier: MIT */
#include "fields.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "dtu/base.h"
#include "dtu/params.h"
#include "dtu/profile.h"

/* --- The table ------------------------------------------------------------------------------ */

static const struct word off_on[] = {{"off", 0}, {"on", 1}, {NULL, 0}};
static const struct word id_types[] = {
    {"none", 0}, {"connect", 1}, {"data", 2}, {"both", 3}, {NULL, 0}};
static const struct word parities[] = {
    {"none", DTU_DISCOVERY_PARITY_NONE},   {"odd", DTU_DISCOVERY_PARITY_ODD},
    {"even", DTU_DISCOVERY_PARITY_EVEN},   {"mark", DTU_DISCOVERY_PARITY_MARK},
    {"space", DTU_DISCOVERY_PARITY_SPACE}, {NULL, 0}};
/* Modules use 0 too, which is not written. */
static const struct word flows[] = {{"none", 1}, {"rtscts", 3}, {"none", 0}, {NULL, 0}};
static const struct word modes[] = {
    {"udp-client", DTU_DISCOVERY_UDP_CLIENT},     {"tcp-client", DTU_DISCOVERY_TCP_CLIENT},
    {"udp-server", DTU_DISCOVERY_UDP_SERVER},     {"tcp-server", DTU_DISCOVERY_TCP_SERVER},
    {"httpd-client", DTU_DISCOVERY_HTTPD_CLIENT}, {NULL, 0}};

#define PLACE(block_, struct_, member_)                                                            \
    .block = block_, .offset = offsetof(struct struct_, member_),                                  \
    .size = sizeof(((struct struct_ *)NULL)->member_)
#define BASIC(member_) PLACE(BLOCK_BASIC, dtu_discovery_basic, member_)
#define PORT(member_) PLACE(BLOCK_PORT0, dtu_discovery_port, member_)
#define CLOUD(member_) PLACE(BLOCK_CLOUD, dtu_discovery_cloud, member_)
#define KEPT .read_only = true

const struct field fields[] = {
    {"sequence", BASIC(sequence), FIELD_NUMBER, KEPT, .help = "written back as it was read"},
    {"crc", BASIC(crc), FIELD_NUMBER, KEPT, .help = "written back as it was read"},
    {"block_version", BASIC(version), FIELD_NUMBER, KEPT, .help = "written back as it was read"},
    {"flags", BASIC(flags), FIELD_HEX, KEPT, .help = "static_ip, and bits that are not known"},
    {"static_ip", BASIC(flags), FIELD_WORD, .mask = DTU_DISCOVERY_STATIC_IP, .words = off_on,
     .row = "WANN", .help = "the address is the one below; off: DHCP gives it"},
    {"websocket_port", BASIC(location_port), FIELD_NUMBER, .row = "WEBSOCKPORT",
     .help = "port of web sockets"},
    {"http_port", BASIC(http_port), FIELD_NUMBER, .row = "WEBPORT", .help = "port of the web page"},
    {"user_flag", BASIC(user_flag), FIELD_NUMBER, KEPT, .help = "written back as it was read"},
    {"ip", BASIC(ip), FIELD_IP, .row = "WANN", .row_field = 1, .help = "static address"},
    {"gateway", BASIC(gateway), FIELD_IP, .row = "WANN", .row_field = 3, .help = "its gateway"},
    {"mask", BASIC(mask), FIELD_IP, .row = "WANN", .row_field = 2, .help = "its mask"},
    {"name", BASIC(name), FIELD_TEXT, .row = "MID", .help = "name of the module"},
    {"user", BASIC(user), FIELD_TEXT, .row = "WEBU", .help = "of the login"},
    {"password", BASIC(password), FIELD_TEXT, .secret = true, .row = "WEBU", .row_field = 1,
     .help = "of the login"},
    {"send_time", BASIC(send_time), FIELD_NUMBER, KEPT, .help = "written back as it was read"},
    {"id", BASIC(id), FIELD_NUMBER, .help = "device id"},
    {"id_type", BASIC(id_type), FIELD_WORD, .words = id_types, .help = "when the id is sent"},
    {"mac", BASIC(mac), FIELD_MAC, KEPT, .help = "hardware address"},
    {"reset_time", BASIC(reset_s), FIELD_NUMBER, .row = "RSTIM",
     .help = "restart after so many seconds without data, 0 never"},
    {"reserved", BASIC(reserved), FIELD_HEX, KEPT, .help = "written back as it was read"},

    {"baud", PORT(baud), FIELD_NUMBER, .row = "UART", .help = "bits a second"},
    {"data_bits", PORT(data_bits), FIELD_NUMBER, .row = "UART", .row_field = 1,
     .help = "bits of a byte"},
    {"parity", PORT(parity), FIELD_WORD, .words = parities, .row = "UART", .row_field = 3,
     .help = "parity"},
    {"stop_bits", PORT(stop_bits), FIELD_NUMBER, .row = "UART", .row_field = 2,
     .help = "stop bits"},
    {"flow", PORT(flow), FIELD_WORD, .words = flows, .row = "UART", .row_field = 4,
     .help = "flow control"},
    {"reconnect_time", PORT(reconnect_s), FIELD_NUMBER, .row = "SOCKTO",
     .help = "reconnect after so many seconds without data"},
    {"local_port", PORT(local_port), FIELD_NUMBER, .row = "SOCKA", .row_field = 2,
     .help = "of a server; a client takes 0 too, for any"},
    {"remote_port", PORT(remote_port), FIELD_NUMBER, .row = "SOCKA", .row_field = 2,
     .help = "of a client's peer"},
    {"remote", PORT(remote), FIELD_TEXT, .row = "SOCKA", .row_field = 1,
     .help = "its address or name"},
    {"remote_ip", PORT(remote_ip), FIELD_IP, KEPT, .help = "has no effect"},
    {"port_flags", PORT(flags), FIELD_HEX, KEPT, .help = "the next three, and others"},
    {"modbus", PORT(flags), FIELD_WORD, .mask = DTU_DISCOVERY_MODBUS, .words = off_on,
     .row = "MODTCP", .help = "Modbus RTU to TCP"},
    {"baudsync", PORT(flags), FIELD_WORD, .mask = DTU_DISCOVERY_BAUDSYNC, .words = off_on,
     .row = "RFCEN", .help = "the baud rate follows the network"},
    {"cloud", PORT(flags), FIELD_WORD, .mask = DTU_DISCOVERY_IS_CLOUD, .words = off_on,
     .row = "REGEN", .help = "the cloud is used"},
    {"mode", PORT(mode), FIELD_WORD, .words = modes, .row = "SOCKA", .help = "what the port is"},
    {"packing_len", PORT(packing_len), FIELD_NUMBER, .row = "UARTTL", .row_field = 1,
     .help = "bytes of a packet"},
    {"packing_time", PORT(packing_time), FIELD_NUMBER, .row = "UARTTL",
     .help = "pause in ms that ends a packet"},
    {"time_count", PORT(time_count), FIELD_NUMBER, KEPT, .help = "written back as it was read"},
    {"server_style", PORT(server), FIELD_NUMBER, .mask = 0x0F, .help = "of a TCP server"},
    {"server_clients", PORT(server), FIELD_NUMBER, .mask = 0xF0, .help = "most of a TCP server"},
    {"port_reserved", PORT(reserved), FIELD_HEX, KEPT, .help = "written back as it was read"},

    {"cloud_id", CLOUD(id), FIELD_TEXT, .row = "REGCLOUD", .help = "device id in the cloud"},
    {"cloud_password", CLOUD(password), FIELD_TEXT, .secret = true, .row = "REGCLOUD",
     .row_field = 1, .help = "its password there"},
    {"cloud_reserved", CLOUD(reserved), FIELD_HEX, KEPT, .help = "written back as it was read"},
};

const size_t field_count = sizeof fields / sizeof fields[0];

static const struct {
    const char *name;
    enum dtu_discovery_command command;
    size_t len;
} blocks[BLOCKS] = {
    [BLOCK_PORT0] = {"port0", DTU_DISCOVERY_PORT_0, DTU_DISCOVERY_PORT_LEN},
    [BLOCK_PORT1] = {"port1", DTU_DISCOVERY_PORT_0 + 1, DTU_DISCOVERY_PORT_LEN},
    [BLOCK_CLOUD] = {"cloud", DTU_DISCOVERY_CLOUD, DTU_DISCOVERY_CLOUD_LEN},
    [BLOCK_BASIC] = {"basic", DTU_DISCOVERY_BASIC, DTU_DISCOVERY_BASIC_LEN},
};

const char *block_name(enum block_id block)
{
    return blocks[block].name;
}

enum dtu_discovery_command block_command(enum block_id block)
{
    return blocks[block].command;
}

bool field_is_of(const struct field *f, enum block_id block)
{
    return f->block == (block == BLOCK_PORT1 ? BLOCK_PORT0 : block);
}

/* --- Values --------------------------------------------------------------------------------- */

static const uint8_t *bytes_of(const struct field *f, const union dtu_discovery_block *block)
{
    return (const uint8_t *)block + f->offset;
}

static uint8_t *bytes_to(const struct field *f, union dtu_discovery_block *block)
{
    return (uint8_t *)block + f->offset;
}

/* How far a part of a byte is from bit 0. */
static unsigned shift_of(const struct field *f)
{
    unsigned shift = 0;
    while (f->mask != 0 && (f->mask >> shift & 1) == 0)
        shift++;
    return shift;
}

static uint32_t get_number(const struct field *f, const union dtu_discovery_block *block)
{
    const uint8_t *bytes = bytes_of(f, block);
    uint16_t two;
    uint32_t four;

    switch (f->size) {
    case 1:
        return f->mask != 0 ? (uint32_t)(*bytes & f->mask) >> shift_of(f) : *bytes;
    case 2:
        memcpy(&two, bytes, sizeof two);
        return two;
    default:
        memcpy(&four, bytes, sizeof four);
        return four;
    }
}

static uint32_t largest(const struct field *f)
{
    if (f->mask != 0)
        return (uint32_t)f->mask >> shift_of(f);
    return UINT32_MAX >> (32 - 8 * f->size);
}

static void put_number(const struct field *f, union dtu_discovery_block *block, uint32_t value)
{
    uint8_t *bytes = bytes_to(f, block);
    uint16_t two = (uint16_t)value;

    switch (f->size) {
    case 1:
        if (f->mask != 0)
            value = (*bytes & ~(uint32_t)f->mask) | value << shift_of(f);
        *bytes = (uint8_t)value;
        break;
    case 2:
        memcpy(bytes, &two, sizeof two);
        break;
    default:
        memcpy(bytes, &value, sizeof value);
    }
}

static const char *find_word(const struct field *f, uint32_t value)
{
    for (const struct word *w = f->words; w->text != NULL; w++)
        if (w->value == value)
            return w->text;
    return NULL;
}

static void format_ip(const uint8_t *ip, char out[FIELD_TEXT_SIZE])
{
    snprintf(out, FIELD_TEXT_SIZE, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
}

static void format_hex(const uint8_t *data, size_t len, char out[FIELD_TEXT_SIZE])
{
    struct dtu_text_buffer buffer = {out, FIELD_TEXT_SIZE - 1, 0, false};
    const struct dtu_text text = {dtu_text_to_buffer, &buffer};

    dtu_text_hex(&text, data, len);
    out[buffer.len] = '\0';
}

void field_format(const struct field *f, const union dtu_discovery_block *block, bool secrets,
                  char out[FIELD_TEXT_SIZE])
{
    const uint8_t *bytes = bytes_of(f, block);
    const char *word = f->kind == FIELD_WORD ? find_word(f, get_number(f, block)) : NULL;

    if (f->secret && !secrets) {
        snprintf(out, FIELD_TEXT_SIZE, OUTPUT_HIDDEN);
        return;
    }
    switch (f->kind) {
    case FIELD_NUMBER:
    case FIELD_WORD: /* a value without a word is shown as its number */
        if (word != NULL)
            snprintf(out, FIELD_TEXT_SIZE, "%s", word);
        else
            snprintf(out, FIELD_TEXT_SIZE, "%lu", (unsigned long)get_number(f, block));
        break;
    case FIELD_IP:
        format_ip(bytes, out);
        break;
    case FIELD_TEXT:
        if (bytes[0] == 0)
            snprintf(out, FIELD_TEXT_SIZE, "\"\"");
        else
            output_visible(out, FIELD_TEXT_SIZE, bytes, output_text_len(bytes, f->size));
        break;
    case FIELD_MAC:
    case FIELD_HEX:
        format_hex(bytes, f->size, out);
        break;
    }
}

void field_json(struct json *j, const char *name, const struct field *f,
                const union dtu_discovery_block *block, bool secrets)
{
    const uint8_t *bytes = bytes_of(f, block);
    char text[FIELD_TEXT_SIZE];
    bool is_number = f->kind == FIELD_NUMBER ||
                     (f->kind == FIELD_WORD && find_word(f, get_number(f, block)) == NULL);

    if (is_number) {
        json_number(j, name, get_number(f, block));
        return;
    }
    if (f->kind == FIELD_TEXT && (secrets || !f->secret)) {
        json_text(j, name, bytes, output_text_len(bytes, f->size));
        return;
    }
    field_format(f, block, secrets, text);
    json_string(j, name, text);
}

bool field_is_equal(const struct field *f, const union dtu_discovery_block *a,
                    const union dtu_discovery_block *b)
{
    if (f->kind == FIELD_NUMBER || f->kind == FIELD_WORD)
        return get_number(f, a) == get_number(f, b);
    if (f->kind != FIELD_TEXT)
        return memcmp(bytes_of(f, a), bytes_of(f, b), f->size) == 0;
    size_t len = output_text_len(bytes_of(f, a), f->size);
    return len == output_text_len(bytes_of(f, b), f->size) &&
           memcmp(bytes_of(f, a), bytes_of(f, b), len) == 0;
}

/* --- Assignments ---------------------------------------------------------------------------- */

/* The longest text: that of a login leaves the last byte 0. */
static size_t text_max(const struct field *f)
{
    bool is_login = f->block == BLOCK_BASIC && f->size == DTU_DISCOVERY_LOGIN_LEN + 1;
    return is_login ? DTU_DISCOVERY_LOGIN_LEN : f->size;
}

/* What K7's table says of the field; NULL if it is not in there. */
static const struct dtu_param_field *find_row_field(const struct field *f)
{
    const struct dtu_param *row;

    if (f->row == NULL)
        return NULL;
    row = dtu_params_find(dtu_profile_k7.table, (const uint8_t *)f->row, strlen(f->row));
    return row != NULL && f->row_field < row->field_count ? &row->fields[f->row_field] : NULL;
}

static void describe_number(const struct field *f, char *out, size_t size)
{
    const struct dtu_param_field *row = find_row_field(f);

    if (row == NULL)
        snprintf(out, size, "0 to %lu", (unsigned long)largest(f));
    else if (row->type == DTU_FIELD_CHOICE)
        snprintf(out, size, "one of %s", row->text);
    else
        snprintf(out, size, "%s%lu to %lu", (row->flags & DTU_FIELD_ZERO) != 0 ? "0, " : "",
                 (unsigned long)row->min, (unsigned long)row->max);
}

static void describe_text(const struct field *f, char *out, size_t size)
{
    const struct dtu_param_field *row = find_row_field(f);
    uint32_t min = row != NULL ? row->min : 0;
    uint32_t max = row != NULL && row->max < text_max(f) ? row->max : (uint32_t)text_max(f);

    if (min == max)
        snprintf(out, size, "%lu bytes of text", (unsigned long)max);
    else
        snprintf(out, size, "%lu to %lu bytes of text", (unsigned long)min, (unsigned long)max);
}

void field_takes(const struct field *f, char *out, size_t size)
{
    size_t used = 0;

    switch (f->kind) {
    case FIELD_NUMBER:
        describe_number(f, out, size);
        break;
    case FIELD_WORD:
        for (const struct word *w = f->words; w->text != NULL && used < size; w++)
            if (w == f->words || strcmp(w->text, f->words->text) != 0)
                used += (size_t)snprintf(out + used, size - used, "%s%s", w == f->words ? "" : ", ",
                                         w->text);
        break;
    case FIELD_IP:
        snprintf(out, size, "an IPv4 address");
        break;
    case FIELD_MAC:
        snprintf(out, size, "12 hex digits");
        break;
    case FIELD_TEXT:
        describe_text(f, out, size);
        break;
    case FIELD_HEX:
        snprintf(out, size, "hex digits");
        break;
    }
}

void fields_print_help(void)
{
    char takes[100];
    enum block_id last = BLOCKS;

    puts("What can be set, and what a K7 takes:");
    for (size_t i = 0; i < field_count; i++) {
        const struct field *f = &fields[i];
        if (f->read_only)
            continue;
        if (f->block != last)
            printf("\n%s\n", block_name(f->block));
        last = f->block;
        field_takes(f, takes, sizeof takes);
        printf("  %-15s %s: %s\n", f->name, f->help, takes);
    }
    puts("\nThe second port of a module that has one: port1.baud and so on.\n"
         "Shown, and not to be set:");
    for (size_t i = 0; i < field_count; i++)
        if (fields[i].read_only)
            printf("  %-15s %s\n", fields[i].name, fields[i].help);
}

/* "port1." in front of a name, or another block's; without one the first port is meant. */
static size_t find_block(enum block_id *block, const char *name, size_t len)
{
    const char *dot = memchr(name, '.', len);
    size_t before = dot != NULL ? (size_t)(dot - name) : 0;

    for (size_t i = 0; dot != NULL && i < BLOCKS; i++) {
        if (dtu_equal_nocase((const uint8_t *)name, before, blocks[i].name)) {
            *block = (enum block_id)i;
            return before + 1;
        }
    }
    *block = BLOCKS;
    return 0;
}

static const struct field *find_field(const char *name, size_t len)
{
    for (size_t i = 0; i < field_count; i++)
        if (dtu_equal_nocase((const uint8_t *)name, len, fields[i].name))
            return &fields[i];
    return NULL;
}

bool field_find(struct assignment *a, const char *text)
{
    const char *equals = strchr(text, '=');
    char visible[VISIBLE_SIZE(64)];
    size_t name_len = equals != NULL ? (size_t)(equals - text) : strlen(text);
    size_t skip = find_block(&a->block, text, name_len);

    /* Only the name: a value may be a password. */
    output_visible(visible, sizeof visible, text, name_len);
    if (equals == NULL) {
        complain("%s: a setting is NAME=VALUE (see dtuctl set --help)", visible);
        return false;
    }
    a->text = text;
    a->value = equals + 1;
    a->field = find_field(text + skip, name_len - skip);
    if (a->field == NULL || (a->block != BLOCKS && !field_is_of(a->field, a->block))) {
        complain("%s: there is no such field (see dtuctl help fields)", visible);
        return false;
    }
    if (a->block == BLOCKS)
        a->block = a->field->block;
    if (a->field->read_only) {
        complain("%s: can be read alone (see dtuctl help fields)", visible);
        return false;
    }
    return true;
}

static bool assign_word(const struct field *f, const char *text, union dtu_discovery_block *block)
{
    const char *now = find_word(f, get_number(f, block));
    if (now != NULL && dtu_equal_nocase((const uint8_t *)text, strlen(text), now))
        return true; /* a word for several numbers changes none of them */
    for (const struct word *w = f->words; w->text != NULL; w++) {
        if (dtu_equal_nocase((const uint8_t *)text, strlen(text), w->text)) {
            put_number(f, block, w->value);
            return true;
        }
    }
    return false;
}

static bool assign_number(const struct field *f, const char *text, union dtu_discovery_block *block)
{
    uint32_t value;
    if (dtu_parse_decimal((const uint8_t *)text, strlen(text), &value) != DTU_OK ||
        value > largest(f))
        return false;
    put_number(f, block, value);
    return true;
}

static bool assign_text(const struct field *f, const char *text, union dtu_discovery_block *block)
{
    size_t len = strlen(text);

    if (len > text_max(f))
        return false;
    memset(bytes_to(f, block), 0, f->size);
    memcpy(bytes_to(f, block), text, len);
    return true;
}

static bool assign(const struct field *f, const char *text, union dtu_discovery_block *block)
{
    switch (f->kind) {
    case FIELD_NUMBER:
        return assign_number(f, text, block);
    case FIELD_WORD:
        return assign_word(f, text, block);
    case FIELD_IP:
        return inet_pton(AF_INET, text, bytes_to(f, block)) == 1;
    case FIELD_TEXT:
        return assign_text(f, text, block);
    case FIELD_MAC: /* those of this table are read-only */
    case FIELD_HEX:
        break;
    }
    return false;
}

bool field_assign(const struct assignment *a, union dtu_discovery_block *block)
{
    char takes[100], visible[VISIBLE_SIZE(64)];

    if (assign(a->field, a->value, block))
        return true;
    field_takes(a->field, takes, sizeof takes);
    output_visible(visible, sizeof visible, a->value, strlen(a->value));
    complain("%s=%s: %s takes %s", a->field->name, a->field->secret ? OUTPUT_HIDDEN : visible,
             a->field->name, takes);
    return false;
}

/* --- Blocks --------------------------------------------------------------------------------- */

void settings_get(struct settings *s, const struct dtu_discovery_layout *layout)
{
    *s = (struct settings){.have = {[BLOCK_BASIC] = layout->basic != NULL,
                                    [BLOCK_PORT0] = layout->port[0] != NULL,
                                    [BLOCK_PORT1] = layout->port[1] != NULL,
                                    [BLOCK_CLOUD] = layout->cloud != NULL}};
    if (s->have[BLOCK_BASIC])
        dtu_discovery_get_basic(&s->block[BLOCK_BASIC].basic, layout->basic);
    if (s->have[BLOCK_PORT0])
        dtu_discovery_get_port(&s->block[BLOCK_PORT0].port, layout->port[0]);
    if (s->have[BLOCK_PORT1])
        dtu_discovery_get_port(&s->block[BLOCK_PORT1].port, layout->port[1]);
    if (s->have[BLOCK_CLOUD])
        dtu_discovery_get_cloud(&s->block[BLOCK_CLOUD].cloud, layout->cloud);
}

size_t settings_put(const struct settings *s, enum block_id block,
                    uint8_t out[DTU_DISCOVERY_BASIC_LEN])
{
    if (block == BLOCK_BASIC)
        dtu_discovery_put_basic(out, &s->block[block].basic);
    else if (block == BLOCK_CLOUD)
        dtu_discovery_put_cloud(out, &s->block[block].cloud);
    else
        dtu_discovery_put_port(out, &s->block[block].port);
    return blocks[block].len;
}
