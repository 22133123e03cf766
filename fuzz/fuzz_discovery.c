/* SPDX-License-Identifier: MIT */
/* A datagram as a request, as a reply, as text, and to a module: what is understood is written as
 * it was, and the module does what a second reading of the rules says. */
#include "model_discovery.h"

#define REQUEST_ROOM 258 /* of any request */
#define DATAGRAM_MAX 300
#define MENDED_MAC 1 /* bits of the first byte of the input: what is made right in the datagram */
#define MENDED_LOGIN 2
#define MENDED_LEN 4
#define MENDED_SUM 8
#define REFUSES 16 /* and whether the module refuses what it is asked */

static const uint8_t mac[6] = {0xD8, 0xB0, 0x4C, 0xC0, 0x0D, 0x65};
static const uint8_t admin[6] = {'a', 'd', 'm', 'i', 'n', 0};

static unsigned mode;

/* A copy of exactly this size, so that a byte too far is seen. */
static uint8_t *copy_of(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    FUZZ_CHECK(copy != NULL);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

static uint8_t plain_sum(const uint8_t *data, size_t from, size_t to)
{
    unsigned sum = 0;
    for (size_t i = from; i < to; i++)
        sum += data[i];
    return (uint8_t)sum;
}

/* --- What is understood is written as it was ------------------------------------------------- */

static bool is_request(const uint8_t *data, size_t len)
{
    if (len < 4 || data[0] != 0xFF || data[1] + 3u != len)
        return false;
    return data[2] == 0x01 ? len == 4 : len >= 22;
}

static void check_request(const uint8_t *data, size_t len)
{
    struct dtu_discovery_request request;
    uint8_t out[REQUEST_ROOM];
    uint8_t sum = 0;
    size_t out_len = 0;
    enum dtu_status status = dtu_discovery_parse_request(&request, &sum, data, len);

    FUZZ_CHECK((status == DTU_OK || status == DTU_ERR_CHECKSUM) == is_request(data, len));
    if (!is_request(data, len)) {
        FUZZ_CHECK(status == (len > 0 && data[0] == 0xFF ? DTU_ERR_LENGTH : DTU_ERR_FORMAT));
        return;
    }
    FUZZ_CHECK(sum == plain_sum(data, 1, len - 1));
    FUZZ_CHECK((status == DTU_OK) == (sum == data[len - 1]));
    FUZZ_CHECK(dtu_discovery_encode_request(&request, out, len - 1, &out_len) == DTU_ERR_SPACE);
    FUZZ_CHECK(dtu_discovery_encode_request(&request, out, len, &out_len) == DTU_OK);
    FUZZ_CHECK(out_len == len && memcmp(out, data, len - 1) == 0 && out[len - 1] == sum);
}

static void check_blocks(const uint8_t *data, size_t len)
{
    struct dtu_discovery_layout layout;
    union dtu_discovery_block block;
    uint8_t out[DTU_DISCOVERY_SIBLING_MAX];
    size_t at = 0;

    FUZZ_CHECK(dtu_discovery_layout(&layout, data, len) == DTU_OK);
    FUZZ_CHECK(layout.basic == data);
    dtu_discovery_get_basic(&block.basic, layout.basic);
    model_check_basic(&block.basic, data);
    dtu_discovery_put_basic(out, &block.basic);
    at += DTU_DISCOVERY_BASIC_LEN;
    for (size_t i = 0; i < 2 && layout.port[i] != NULL; i++) {
        FUZZ_CHECK(layout.port[i] == data + at);
        dtu_discovery_get_port(&block.port, layout.port[i]);
        model_check_port(&block.port, data + at);
        dtu_discovery_put_port(out + at, &block.port);
        at += DTU_DISCOVERY_PORT_LEN;
    }
    if (layout.cloud != NULL) {
        FUZZ_CHECK(layout.cloud == data + at);
        dtu_discovery_get_cloud(&block.cloud, layout.cloud);
        model_check_cloud(&block.cloud, data + at);
        dtu_discovery_put_cloud(out + at, &block.cloud);
        at += DTU_DISCOVERY_CLOUD_LEN;
    }
    FUZZ_CHECK((layout.rest != NULL) == (layout.rest_len > 0));
    FUZZ_CHECK(layout.rest == NULL || layout.rest == data + at);
    FUZZ_CHECK(at + layout.rest_len == len);
    FUZZ_CHECK((len > 67) == (layout.port[0] != NULL) && (len == 180) == (layout.cloud != NULL));
    FUZZ_CHECK((len == 193) == (layout.port[1] != NULL) && (len == 264) == (layout.rest != NULL));
    FUZZ_CHECK(memcmp(out, data, at) == 0);
}

static void check_found(const struct dtu_discovery_reply *reply, const uint8_t *data)
{
    uint8_t out[DTU_DISCOVERY_FOUND_LEN];
    model_check_found(&reply->found, data);
    dtu_discovery_put_found(out, &reply->found);
    FUZZ_CHECK(memcmp(out, data, sizeof out - 1) == 0);
    FUZZ_CHECK(plain_sum(out, 0, sizeof out) == 0);
    FUZZ_CHECK(reply->intact == (data[35] == out[35] || data[35] == plain_sum(data, 1, 35)));
}

static void check_reply(const uint8_t *data, size_t len)
{
    struct dtu_discovery_reply reply;
    uint8_t out[4];

    enum dtu_status status = dtu_discovery_parse_reply(&reply, data, len);
    FUZZ_CHECK(status == model_reply(data, len));
    if (status != DTU_OK)
        return;
    switch (reply.kind) {
    case DTU_DISCOVERY_FOUND:
        FUZZ_CHECK(len == DTU_DISCOVERY_FOUND_LEN);
        check_found(&reply, data);
        break;
    case DTU_DISCOVERY_RESULT:
        dtu_discovery_put_result(out, reply.command, reply.result);
        FUZZ_CHECK(len == sizeof out && memcmp(out, data, len) == 0);
        FUZZ_CHECK(reply.command == data[2] && reply.result == data[3]);
        break;
    case DTU_DISCOVERY_BAD_SUM:
        FUZZ_CHECK(len == 2 && data[0] == 'E' && reply.sum == data[1]);
        break;
    case DTU_DISCOVERY_BLOCKS:
        check_blocks(data, len);
        break;
    }
}

static void check_text(const uint8_t *data, size_t len)
{
    struct dtu_discovery_found found;
    struct dtu_discovery_found again;
    struct dtu_discovery_found expected;
    char text[64];
    struct dtu_text_buffer buffer = {text, sizeof text, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};

    bool is_text = model_text_line(data, len, &expected);
    enum dtu_status status = dtu_discovery_parse_text(&found, data, len);
    FUZZ_CHECK(status == (is_text ? DTU_OK : DTU_ERR_FORMAT));
    if (!is_text)
        return;
    FUZZ_CHECK(memcmp(found.ip, expected.ip, 4) == 0 && memcmp(found.mac, expected.mac, 6) == 0);
    FUZZ_CHECK(memcmp(found.name, expected.name, sizeof found.name) == 0);
    dtu_discovery_write_text(&found, &out);
    FUZZ_CHECK(!buffer.overflow);
    uint8_t last = found.name[DTU_DISCOVERY_NAME_LEN - 1];
    for (size_t i = DTU_DISCOVERY_NAME_LEN; i > 0 && last == 0; i--)
        last = found.name[i - 1];
    if (last == '\r' || last == '\n')
        return; /* would be taken for the end of the line */
    FUZZ_CHECK(dtu_discovery_parse_text(&again, (uint8_t *)text, buffer.len) == DTU_OK);
    FUZZ_CHECK(memcmp(found.ip, again.ip, 4) == 0 && memcmp(found.mac, again.mac, 6) == 0);
    FUZZ_CHECK(memcmp(found.name, again.name, sizeof found.name) == 0);
}

/* --- To a module ---------------------------------------------------------------------------- */

static unsigned served; /* by write and act */

static void describe(void *ctx, struct dtu_discovery_found *found)
{
    FUZZ_CHECK(ctx == &served);
    memcpy(found->mac, mac, sizeof mac);
}

static void login(void *ctx, uint8_t *user, uint8_t *password)
{
    (void)ctx;
    memcpy(user, admin, sizeof admin);
    memcpy(password, admin, sizeof admin);
}

static void read_block(void *ctx, uint8_t which, union dtu_discovery_block *block)
{
    (void)ctx;
    if (which == DTU_DISCOVERY_BASIC)
        memset(&block->basic, 0xB0, sizeof block->basic);
    else if (which == DTU_DISCOVERY_PORT_0)
        memset(&block->port, 0xB1, sizeof block->port);
    else
        memset(&block->cloud, 0xB2, sizeof block->cloud);
}

static enum dtu_status write_block(void *ctx, uint8_t which, const union dtu_discovery_block *block)
{
    (void)ctx;
    (void)block;
    FUZZ_CHECK((which >= 5 && which <= 8) || which == 0x10);
    served++;
    return mode & REFUSES ? DTU_ERR_RANGE : DTU_OK;
}

static enum dtu_status act(void *ctx, enum dtu_discovery_command command)
{
    (void)ctx;
    FUZZ_CHECK(command == 0x02 || command == 0x04 || command == 0x0B);
    served++;
    return mode & REFUSES ? DTU_ERR_STATE : DTU_OK;
}

static bool is_known(uint8_t command, size_t params_len)
{
    if (command >= 2 && command <= 4)
        return params_len == 0;
    if (command == 5)
        return params_len == 67;
    if (command >= 6 && command <= 8)
        return params_len == 63;
    return command == 0x0B ? params_len == 0 : command == 0x10 && params_len == 50;
}

/* The rules once more, one after the other. */
static enum dtu_discovery_outcome expect(const uint8_t *data, size_t len)
{
    if (!is_request(data, len))
        return DTU_DISCOVERY_IGNORED;
    if (data[2] != 0x01 && memcmp(data + 3, mac, 6) != 0)
        return DTU_DISCOVERY_IGNORED;
    if (data[len - 1] != plain_sum(data, 1, len - 1))
        return DTU_DISCOVERY_DAMAGED;
    if (data[2] == 0x01)
        return DTU_DISCOVERY_SERVED;
    if (memcmp(data + 9, admin, 6) != 0 || memcmp(data + 15, admin, 6) != 0)
        return DTU_DISCOVERY_DENIED;
    if (!is_known(data[2], len - 22) || (mode & REFUSES && data[2] != 0x03))
        return DTU_DISCOVERY_FAILED;
    return DTU_DISCOVERY_SERVED;
}

static void check_answer(enum dtu_discovery_outcome outcome, const uint8_t *data, size_t len,
                         const uint8_t *answer, size_t answer_len)
{
    static const char results[] = {0, 0, 'P', 'E', 'K'}; /* by outcome */
    if (outcome == DTU_DISCOVERY_IGNORED) {
        FUZZ_CHECK(answer_len == 0);
    } else if (outcome == DTU_DISCOVERY_DAMAGED) {
        FUZZ_CHECK(answer_len == 2 && answer[0] == 'E');
        FUZZ_CHECK(answer[1] == plain_sum(data, 1, len - 1));
    } else if (outcome == DTU_DISCOVERY_SERVED && data[2] == 0x01) {
        FUZZ_CHECK(answer_len == 36 && memcmp(answer + 9, mac, 6) == 0);
    } else if (outcome == DTU_DISCOVERY_SERVED && data[2] == 0x03) {
        FUZZ_CHECK(answer_len == 180);
        for (size_t i = 0; i < 180; i++)
            FUZZ_CHECK(answer[i] == (i < 67 ? 0xB0 : i < 130 ? 0xB1 : 0xB2));
    } else {
        FUZZ_CHECK(answer_len == 4 && answer[0] == 0xFF && answer[1] == 1);
        FUZZ_CHECK(answer[2] == data[2] && answer[3] == results[outcome]);
    }
}

static void check_serve(const uint8_t *data, size_t len)
{
    static const struct dtu_discovery_callbacks callbacks = {describe, login, read_block,
                                                             write_block, act};
    enum dtu_discovery_outcome expected = expect(data, len);
    uint8_t *answer = malloc(DTU_DISCOVERY_READ_LEN);
    uint8_t shared[DATAGRAM_MAX];
    size_t answer_len = 1;
    size_t shared_len = 1;

    FUZZ_CHECK(answer != NULL);
    served = 0;
    FUZZ_CHECK(dtu_discovery_serve(&callbacks, &served, data, len, answer, DTU_DISCOVERY_READ_LEN,
                                   &answer_len) == expected);
    FUZZ_CHECK(served == 0 || expected >= DTU_DISCOVERY_FAILED);
    check_answer(expected, data, len, answer, answer_len);

    memcpy(shared, data, len);
    FUZZ_CHECK(dtu_discovery_serve(&callbacks, &served, shared, len, shared, sizeof shared,
                                   &shared_len) == expected);
    FUZZ_CHECK(shared_len == answer_len && memcmp(shared, answer, answer_len) == 0);
    free(answer);
}

/* Makes right what the mode says, or hardly any datagram would get beyond the sum. */
static void mend(uint8_t *data, size_t len)
{
    if (len < 4)
        return;
    if (mode & MENDED_LEN)
        data[1] = (uint8_t)(len - 3);
    if (mode & MENDED_MAC && len >= 9)
        memcpy(data + 3, mac, sizeof mac);
    if (mode & MENDED_LOGIN && len >= 21) {
        memcpy(data + 9, admin, sizeof admin);
        memcpy(data + 15, admin, sizeof admin);
    }
    if (mode & MENDED_SUM)
        data[len - 1] = plain_sum(data, 1, len - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > DATAGRAM_MAX)
        return 0;
    mode = data[0];
    size_t len = size - 1;
    uint8_t *datagram = copy_of(data + 1, len);
    mend(datagram, len);
    check_request(datagram, len);
    check_reply(datagram, len);
    check_text(datagram, len);
    check_serve(datagram, len);
    free(datagram);
    return 0;
}
