/* SPDX-License-Identifier: MIT */
/* Blocks of any bytes for a K7 whose settings are any. Which are refused is what a slow model of
 * the limits says. One that is refused leaves every pending value as it was; one that is taken is
 * read back but for what blocks.h says, and each row's text can be set again, as the store does,
 * and leaves the values as they are.
 *
 * Input: what is set beforehand (1 byte), which block (1), how many bytes of a factory-fresh block
 * are replaced (1) and these as pairs of offset and value, or, if there are none, the block itself;
 * the blocks follow each other. */
#include "model_discovery.h"

#include "dtu/blocks.h"
#include "dtu/profile.h"

#define BLOCK_MAX DTU_DISCOVERY_BASIC_LEN

static const uint8_t mac[6] = {0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65};

static uint8_t running[DTU_K7_VALUES_SIZE];
static uint8_t pending[DTU_K7_VALUES_SIZE];
static uint8_t before[DTU_K7_VALUES_SIZE];
static struct dtu_params params;

static const struct dtu_param *row_of(unsigned id)
{
    return dtu_params_by_id(params.table, (uint8_t)id);
}

static void set(unsigned id, const char *value)
{
    FUZZ_CHECK(dtu_params_set(&params, row_of(id), (const uint8_t *)value, strlen(value)) ==
               DTU_OK);
}

static void set_up(uint8_t how)
{
    FUZZ_CHECK(dtu_params_init(&params, dtu_profile_k7.table, running, pending) == DTU_OK);
    if ((how & 1) != 0)
        set(DTU_ID_UART, "9600,8,1,NONE,FCR");
    if ((how & 2) != 0)
        set(DTU_ID_UART, "9600,8,1,NONE,FCH");
    if ((how & 4) != 0)
        set(DTU_ID_REGEN, "USR");
    if ((how & 8) != 0)
        set(DTU_ID_REGEN, "CLOUD");
    if ((how & 16) != 0)
        set(DTU_ID_SOCKA, "TCPC,test.usr.cn,2317");
    if ((how & 32) != 0)
        set(DTU_ID_REGCLOUD, "01234567890123456789,12345678");
    memcpy(running, pending, sizeof running);
}

/* --- Blocks as bytes ------------------------------------------------------------------------ */

static size_t block_len(uint8_t which)
{
    switch (which) {
    case DTU_DISCOVERY_BASIC:
        return DTU_DISCOVERY_BASIC_LEN;
    case DTU_DISCOVERY_CLOUD:
        return DTU_DISCOVERY_CLOUD_LEN;
    default:
        return DTU_DISCOVERY_PORT_LEN;
    }
}

static void decode(uint8_t which, union dtu_discovery_block *block, const uint8_t *in)
{
    memset(block, 0, sizeof *block);
    if (which == DTU_DISCOVERY_BASIC)
        dtu_discovery_get_basic(&block->basic, in);
    else if (which == DTU_DISCOVERY_CLOUD)
        dtu_discovery_get_cloud(&block->cloud, in);
    else
        dtu_discovery_get_port(&block->port, in);
}

static void encode(uint8_t which, uint8_t *out, const union dtu_discovery_block *block)
{
    if (which == DTU_DISCOVERY_BASIC)
        dtu_discovery_put_basic(out, &block->basic);
    else if (which == DTU_DISCOVERY_CLOUD)
        dtu_discovery_put_cloud(out, &block->cloud);
    else
        dtu_discovery_put_port(out, &block->port);
}

/* --- What must hold ------------------------------------------------------------------------- */

static void end_text(uint8_t *text, size_t size)
{
    uint8_t *end = memchr(text, 0, size);
    if (end != NULL)
        memset(end, 0, size - (size_t)(end - text));
}

/* What a block that was taken is read back as. */
static void expect_basic(struct dtu_discovery_basic *b)
{
    b->sequence = 0;
    b->crc = 0;
    b->version = 0;
    memcpy(b->mac, mac, sizeof b->mac);
    end_text(b->name, sizeof b->name);
    end_text(b->user, sizeof b->user);
    end_text(b->password, sizeof b->password);
}

static void expect_port(struct dtu_discovery_port *b, const struct dtu_discovery_port *was)
{
    bool server = b->mode == DTU_DISCOVERY_UDP_SERVER || b->mode == DTU_DISCOVERY_TCP_SERVER;
    memset(b->remote_ip, 0, sizeof b->remote_ip);
    if (b->flow == 0)
        b->flow = 1;
    if (b->reconnect_s == 0)
        b->reconnect_s = was->reconnect_s;
    if (server && b->remote[0] == 0)
        memcpy(b->remote, was->remote, sizeof b->remote);
    end_text(b->remote, sizeof b->remote);
}

static void expect_cloud(struct dtu_discovery_cloud *b)
{
    end_text(b->id, sizeof b->id);
    end_text(b->password, sizeof b->password);
}

static void check_taken(uint8_t which, union dtu_discovery_block expected,
                        const union dtu_discovery_block *was)
{
    union dtu_discovery_block now;
    uint8_t expected_bytes[BLOCK_MAX];
    uint8_t bytes[BLOCK_MAX];

    if (which == DTU_DISCOVERY_BASIC)
        expect_basic(&expected.basic);
    else if (which == DTU_DISCOVERY_CLOUD)
        expect_cloud(&expected.cloud);
    else
        expect_port(&expected.port, &was->port);
    dtu_blocks_read(&params, which, mac, &now);
    encode(which, expected_bytes, &expected);
    encode(which, bytes, &now);
    FUZZ_CHECK(memcmp(bytes, expected_bytes, block_len(which)) == 0);
}

static struct dtu_text_buffer write_row(const struct dtu_param *row, char *text, size_t size)
{
    struct dtu_text_buffer buffer = {text, size, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};
    dtu_params_write(&params, DTU_PARAMS_PENDING, row, 0, &out);
    FUZZ_CHECK(!buffer.overflow);
    return buffer;
}

/* What the store would keep says the same again. */
static void check_row(const struct dtu_param *row)
{
    char first[DTU_K7_LINE_SIZE];
    char second[DTU_K7_LINE_SIZE];
    struct dtu_text_buffer a = write_row(row, first, sizeof first);
    FUZZ_CHECK(memchr(first, '\n', a.len) == NULL && memchr(first, '\r', a.len) == NULL);
    enum dtu_status status = dtu_params_set(&params, row, (const uint8_t *)first, a.len);
    if (status != DTU_OK) { /* the one default that a user could not set */
        FUZZ_CHECK(row->id == DTU_ID_REGCLOUD && a.len == 1 && first[0] == ',');
        return;
    }
    struct dtu_text_buffer b = write_row(row, second, sizeof second);
    FUZZ_CHECK(a.len == b.len && memcmp(first, second, a.len) == 0);
}

static void check_rows(void)
{
    const struct dtu_param_table *table = params.table;
    for (const struct dtu_param *row = table->rows; row < table->rows + table->count; row++)
        if (row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_SECRET)
            check_row(row);
}

static bool is_takeable(uint8_t which, const uint8_t *bytes)
{
    if (which == DTU_DISCOVERY_BASIC)
        return model_takes_basic(bytes);
    return which == DTU_DISCOVERY_CLOUD ? model_takes_cloud(bytes) : model_takes_port(bytes);
}

static void check_block(uint8_t which, const uint8_t *bytes)
{
    union dtu_discovery_block block;
    union dtu_discovery_block was;
    const struct dtu_param *row = params.table->rows;

    dtu_blocks_read(&params, which, mac, &was);
    decode(which, &block, bytes);
    memcpy(before, pending, sizeof before);
    enum dtu_status status = dtu_blocks_write(&params, which, mac, &block, &row);
    FUZZ_CHECK((status == DTU_OK) == is_takeable(which, bytes));
    if (status != DTU_OK) {
        FUZZ_CHECK(status == DTU_ERR_RANGE || status == DTU_ERR_TYPE);
        FUZZ_CHECK(row != NULL);
        FUZZ_CHECK(memcmp(pending, before, sizeof before) == 0);
        return;
    }
    FUZZ_CHECK(row == NULL);
    check_taken(which, block, &was);
    check_rows();
    check_taken(which, block, &was); /* their texts have changed nothing */
}

static void make_block(struct fuzz_input *in, uint8_t which, uint8_t *bytes)
{
    union dtu_discovery_block block;
    size_t len = block_len(which);
    uint8_t changes = fuzz_u8(in);

    dtu_blocks_read(&params, which, mac, &block);
    encode(which, bytes, &block);
    for (uint8_t i = 0; i < changes % 16; i++) {
        size_t at = fuzz_below(in, (uint32_t)len);
        bytes[at] = fuzz_u8(in);
    }
    for (size_t i = 0; changes == 0 && i < len; i++)
        bytes[i] = fuzz_u8(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t kinds[] = {DTU_DISCOVERY_BASIC, DTU_DISCOVERY_PORT_0, DTU_DISCOVERY_CLOUD};
    static uint8_t ran[DTU_K7_VALUES_SIZE];
    struct fuzz_input in = {data, size};
    uint8_t bytes[BLOCK_MAX];

    set_up(fuzz_u8(&in));
    memcpy(ran, running, sizeof ran);
    for (int blocks = 0; blocks < 8 && in.left > 0; blocks++) {
        uint8_t which = kinds[fuzz_below(&in, 3)];
        make_block(&in, which, bytes);
        check_block(which, bytes);
    }
    FUZZ_CHECK(memcmp(ran, running, sizeof ran) == 0);
    return 0;
}
