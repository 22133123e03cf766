/* SPDX-License-Identifier: MIT */
/* A module on a board that does what the input says. The bytes of the UART whole, one by one or cut
 * anywhere give the same; what goes where, and what is counted, is what a slow model says; with a
 * port that has no room now and then, every packet is accounted for, nothing is called out of turn,
 * and all goes on once there is room. */
#include "model_device.h"

#define CANARY 0xC5
#define CANARIES 8
#define OPS_MAX 80
#define SLOT_SIZE 8192u

enum state { CLOSED, OPENING, OPEN };

struct board {
    struct dtu_device device;
    struct dtu_device_config config;
    uint8_t values[2 * DTU_LTE_7S4_VALUES_SIZE + CANARIES];
    uint8_t line[DTU_CAT1_LINE_SIZE + CANARIES];
    uint8_t messages[DTU_DEVICE_CHANNELS][DTU_CAT1_LINE_SIZE + CANARIES];
    uint8_t packet[DTU_CAT1_PACKET_LEN + CANARIES];
    uint8_t queues[4][DTU_CAT1_PACKET_LEN + 2 + CANARIES];
    uint8_t sdp[DTU_CAT1_PACKET_LEN + CANARIES];
    enum state sockets[4];
    enum dtu_socket_kind kinds[4];
    uint8_t outcome[4]; /* of open: later, at once, failed at once, not even tried */
    uint32_t room[4];
    uint32_t uart_room;
    uint32_t now;
    bool restart_wanted;
    bool reply_room;      /* one reply is taken */
    uint32_t reply_chars; /* taken in all */
    uint32_t restarts;
    uint32_t taken_bytes;
    struct fuzz_digest uart;
    struct fuzz_digest network[4];
    struct fuzz_digest replies[DTU_CHANNEL_MQTT + 1];
    struct fuzz_digest events;
};

static struct board board;
static uint8_t slots[2][SLOT_SIZE];
static uint8_t default_slots[2][SLOT_SIZE];
static bool refusing; /* rooms count */
static uint32_t longest;
static struct fuzz_rand decisions;

/* A run beside the model: the sockets' rooms count, and the port keeps what came from the UART and
 * was not taken. */
static bool modelled;
static struct model_device model;
static uint8_t waiting[OPS_MAX * 300]; /* no operation brings as much */
static size_t waiting_from;
static size_t waiting_to;

/* What becomes of a connection, or of the device. */
enum happening { OPENS, COMES_UP, FAILS, IS_LOST, IS_CLOSED, WANTS_RESTART };

static struct {
    enum happening what;
    unsigned socket;
} happened[64]; /* in a call of the device */
static size_t happened_count;

static void note(enum happening what, unsigned socket)
{
    if (!modelled)
        return;
    FUZZ_CHECK(happened_count < sizeof happened / sizeof happened[0]);
    happened[happened_count].what = what;
    happened[happened_count].socket = socket;
    happened_count++;
}

/* What was not all taken is taken again when the device was told of room. */
static size_t take(uint32_t *room, size_t len)
{
    size_t taken = len < *room ? len : *room;
    *room = taken < len ? 0 : *room - (uint32_t)taken;
    return taken;
}

/* --- The port --------------------------------------------------------------------------------- */

static size_t uart_write(void *ctx, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &board && len > 0);
    len = refusing ? take(&board.uart_room, len) : len;
    fuzz_digest(&board.uart, data, len);
    return len;
}

static void uart_setup(void *ctx, const struct dtu_uart *uart)
{
    FUZZ_CHECK(ctx == &board && !board.restart_wanted);
    FUZZ_CHECK(uart->baud >= 300 && uart->baud <= 1000000);
    FUZZ_CHECK(uart->data_bits >= 5 && uart->data_bits <= 8);
    FUZZ_CHECK(uart->stop_bits >= 1 && uart->stop_bits <= 2);
    if (modelled)
        model_check_uart(&model, uart);
    fuzz_digest(&board.events, "U", 1);
}

static bool socket_open(void *ctx, unsigned i, const struct dtu_socket_target *target)
{
    FUZZ_CHECK(ctx == &board && i < 4 && board.sockets[i] == CLOSED);
    FUZZ_CHECK(target->host_len >= 1 && target->host_len <= 100 && target->port >= 1);
    FUZZ_CHECK(target->kind != DTU_SOCKET_NONE);
    note(OPENS, i);
    if (modelled)
        model_check_target(&model, i, target);
    fuzz_digest(&board.events, target->host, target->host_len);
    board.kinds[i] = target->kind;
    board.sockets[i] = OPENING;
    if (board.outcome[i] == 1) {
        board.sockets[i] = OPEN;
        note(COMES_UP, i);
        dtu_device_socket_opened(&board.device, i, board.now);
    } else if (board.outcome[i] == 2) {
        board.sockets[i] = CLOSED;
        note(FAILS, i);
        dtu_device_socket_failed(&board.device, i, board.now);
    } else if (board.outcome[i] == 3) {
        board.sockets[i] = CLOSED;
        note(FAILS, i);
        return false;
    }
    return true;
}

static size_t socket_send(void *ctx, unsigned i, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &board && i < 4 && board.sockets[i] == OPEN && len > 0);
    bool is_udp =
        board.kinds[i] == DTU_SOCKET_UDP_CLIENT || board.kinds[i] == DTU_SOCKET_UDP_SERVER;
    if (refusing || modelled) {
        if (is_udp && board.room[i] < len)
            board.room[i] = 0;
        len = take(&board.room[i], len);
    }
    if (len == 0)
        return 0;
    fuzz_digest(&board.network[i], data, len);
    fuzz_digest_number(&board.network[i], (uint32_t)len);
    board.taken_bytes += (uint32_t)len;
    return len;
}

static void socket_close(void *ctx, unsigned i)
{
    FUZZ_CHECK(ctx == &board && i < 4 && board.sockets[i] != CLOSED);
    board.sockets[i] = CLOSED;
    note(IS_CLOSED, i);
    fuzz_digest(&board.network[i], "X", 1);
}

static void restart(void *ctx)
{
    FUZZ_CHECK(ctx == &board && !board.restart_wanted);
    note(WANTS_RESTART, 0);
    board.restart_wanted = true;
}

/* The same each time, whatever the room. */
static enum dtu_status info(void *ctx, const struct dtu_param *row, const uint8_t *args, size_t len,
                            const struct dtu_text *out)
{
    FUZZ_CHECK(ctx == &board && row->kind == DTU_PARAM_INFO);
    FUZZ_CHECK(args == NULL || out == NULL);
    if (args != NULL)
        FUZZ_CHECK(dtu_params_check(board.config.profile->table, row, args, len) == DTU_OK);
    if (row->name[0] == 'I')
        return DTU_ERR_NOT_ALLOWED;
    if (out != NULL)
        dtu_text_string(out, "known");
    return DTU_OK;
}

static enum dtu_status action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                              size_t len)
{
    FUZZ_CHECK(ctx == &board && (args != NULL) == (row->field_count > 0));
    fuzz_digest(&board.events, row->name, dtu_string_len(row->name));
    fuzz_digest(&board.events, args, len);
    return row->name[0] == 'S' ? DTU_ERR_NOT_ALLOWED : DTU_OK;
}

/* Never what belongs to the UART or a socket. */
static bool reply(void *ctx, enum dtu_channel channel, const uint8_t *data, size_t len)
{
    FUZZ_CHECK(ctx == &board && len > 0 && len <= board.config.profile->line_size);
    FUZZ_CHECK(channel == DTU_CHANNEL_UDP || channel == DTU_CHANNEL_SMS ||
               channel == DTU_CHANNEL_MQTT);
    if (refusing && !board.reply_room)
        return false;
    board.reply_room = false;
    fuzz_digest(&board.replies[channel], data, len);
    board.reply_chars += (uint32_t)len;
    return true;
}

static void event(void *ctx, const struct dtu_device_event *e)
{
    FUZZ_CHECK(ctx == &board);
    if (e->kind == DTU_EVENT_LINK)
        model.sockets[e->socket].link = e->link;
    fuzz_digest_number(&board.events, (uint32_t)e->kind);
    fuzz_digest_number(&board.events, e->socket);
    fuzz_digest_number(&board.events, (uint32_t)e->len);
    fuzz_digest_number(&board.events, (uint32_t)e->link);
    fuzz_digest_number(&board.events, (uint32_t)e->status);
    fuzz_digest_number(&board.events, (uint32_t)e->outcome);
    if (e->row != NULL)
        fuzz_digest(&board.events, e->row->name, dtu_string_len(e->row->name));
}

static const struct dtu_device_port port = {.uart_write = uart_write,
                                            .uart_setup = uart_setup,
                                            .socket_open = socket_open,
                                            .socket_send = socket_send,
                                            .socket_close = socket_close,
                                            .restart = restart,
                                            .info = info,
                                            .action = action,
                                            .reply = reply,
                                            .event = event};

static uint8_t *slot_of(void *ctx, unsigned slot, size_t offset, size_t len)
{
    FUZZ_CHECK((ctx == slots || ctx == default_slots) && slot < 2);
    FUZZ_CHECK(offset <= SLOT_SIZE && len <= SLOT_SIZE - offset);
    return (uint8_t *)ctx + slot * SLOT_SIZE + offset;
}

static bool medium_read(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len)
{
    memcpy(data, slot_of(ctx, slot, offset, len), len);
    return true;
}

static bool medium_erase(void *ctx, unsigned slot)
{
    memset(slot_of(ctx, slot, 0, SLOT_SIZE), 0xFF, SLOT_SIZE);
    return true;
}

static bool medium_write(void *ctx, unsigned slot, size_t offset, const uint8_t *data, size_t len)
{
    memcpy(slot_of(ctx, slot, offset, len), data, len);
    return true;
}

static const struct dtu_store_medium medium = {
    .slot_size = SLOT_SIZE, .read = medium_read, .erase = medium_erase, .write = medium_write};

/* --- What must always hold -------------------------------------------------------------------- */

static void check_canary(const uint8_t *memory, size_t from, size_t size)
{
    static uint8_t canaries[sizeof board.values]; /* no memory is longer */
    memset(canaries, CANARY, size - from);
    FUZZ_CHECK(memcmp(memory + from, canaries, size - from) == 0);
}

static void check_invariants(void)
{
    const struct dtu_profile *p = board.config.profile;
    uint32_t pushed = 0;
    uint32_t gone = board.device.stats.sent_packets;
    for (unsigned i = 0; i < p->sockets; i++) {
        const struct dtu_queue *q = &board.device.sockets[i].queue;
        pushed += q->stats.pushed;
        gone += q->stats.dropped + (uint32_t)dtu_queue_count(q);

        check_canary(board.queues[i], p->packet_len + 2, sizeof board.queues[i]);
    }
    FUZZ_CHECK(pushed == gone);
    FUZZ_CHECK(board.device.stats.sent_bytes == board.taken_bytes);
    check_canary(board.values, 2 * (size_t)p->table->values_size, sizeof board.values);
    check_canary(board.line, p->line_size, sizeof board.line);
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        check_canary(board.messages[i], p->line_size, sizeof board.messages[i]);
    check_canary(board.packet, p->packet_len, sizeof board.packet);
    check_canary(board.sdp, p->packet_len, sizeof board.sdp);
}

/* --- Beside the model ------------------------------------------------------------------------- */

static void tell_model(void)
{
    for (size_t i = 0; i < happened_count && !model.settings.lost; i++) {
        unsigned socket = happened[i].socket;
        switch (happened[i].what) {
        case OPENS:
            model_opening(&model, socket);
            break;
        case COMES_UP:
            model_came_up(&model, &model.sockets[socket]);
            break;
        case FAILS:
            model_failed(&model, socket);
            break;
        case IS_LOST:
            model_went_down(&model, &model.sockets[socket]);
            break;
        case IS_CLOSED:
            model_closes(&model, socket);
            break;
        case WANTS_RESTART:
            FUZZ_CHECK(model.restarting || model_may_restart(&model));
            model.restarting = true;
            break;
        }
    }
    happened_count = 0;
}

/* The model says nothing of silence, nor of what is not used in its runs. */
static void compare(void)
{
    const struct dtu_device *d = &board.device;
    if (model.settings.lost)
        return;
    model.stats.silent = d->stats.silent;
    FUZZ_CHECK(memcmp(&board.uart, &model.uart, sizeof model.uart) == 0);
    FUZZ_CHECK(memcmp(&d->stats, &model.stats, sizeof model.stats) == 0);
    FUZZ_CHECK(board.restart_wanted == model.restarting);
    FUZZ_CHECK(memcmp(board.replies, model.replies, sizeof board.replies) == 0);
    for (unsigned i = 0; i < model.settings.profile->sockets; i++) {
        struct model_socket *s = &model.sockets[i];
        if (s->refuses) /* as often as it was tried */
            s->queue.stats.refused = d->sockets[i].queue.stats.refused;
        FUZZ_CHECK(memcmp(&board.network[i], &s->network, sizeof s->network) == 0);
        FUZZ_CHECK(memcmp(&d->sockets[i].queue.stats, &s->queue.stats, sizeof s->queue.stats) == 0);
        FUZZ_CHECK((board.sockets[i] == OPEN) == s->up);
        FUZZ_CHECK(dtu_device_socket_ready(d, i) == model_socket_ready(&model, i));
    }
    FUZZ_CHECK(dtu_device_uart_ready(d) == model_uart_ready(&model));
    FUZZ_CHECK(d->framer.stats.by_length == model.frames.by_length);
    FUZZ_CHECK(d->framer.stats.by_time == model.frames.by_time);
    FUZZ_CHECK(d->framer.stats.by_flush == model.frames.by_flush);
    FUZZ_CHECK(d->cmdmode.stats.entered == model.entered);
    FUZZ_CHECK(d->cmdmode.stats.broken == model.broken);
}

/* What is pending, whether somebody asks for it or not. */
static void compare_values(void)
{
    static char seen[DTU_CAT1_LINE_SIZE];
    static char expected[DTU_CAT1_LINE_SIZE];
    const struct dtu_param_table *table = model.settings.profile->table;
    for (size_t i = 0; i < table->count && !model.settings.lost; i++) {
        const struct dtu_param *row = &table->rows[i];
        bool has_value = row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_SECRET;
        if (!has_value || row->initial == NULL)
            continue;
        struct dtu_text_buffer buffer = {seen, sizeof seen, 0, false};
        const struct dtu_text out = {dtu_text_to_buffer, &buffer};
        dtu_params_write(dtu_device_params(&board.device), DTU_PARAMS_PENDING, row, 0, &out);
        size_t len = model_show(&model.settings, row, expected);
        FUZZ_CHECK(!buffer.overflow && buffer.len == len && memcmp(seen, expected, len) == 0);
    }
}

/* Data may open a connection, of which the model is told behind the call: no more bytes then. */
static size_t piece_len(void)
{
    size_t len = waiting_to - waiting_from;
    size_t most = 1 + fuzz_decide(&decisions, 300);
    for (size_t i = 0; i < MODEL_SOCKETS; i++)
        if (model.sockets[i].is_short)
            most = 1;
    return len < most ? len : most;
}

/* The port offers of what it keeps. */
static bool offer_waiting(void)
{
    size_t len = piece_len();
    size_t expected = 0;
    if (len == 0 || model.settings.lost)
        return false;
    while (expected < len && model_uart_byte(&model, waiting[waiting_from + expected]))
        expected++;
    size_t taken = dtu_device_uart_rx(&board.device, &waiting[waiting_from], len, board.now);
    tell_model();
    FUZZ_CHECK(model.settings.lost || taken == expected);
    compare();
    waiting_from += taken;
    return taken > 0;
}

/* Behind each call, until nothing happens any more. */
static void settle(void)
{
    bool goes_on = true;
    tell_model();
    while (goes_on && !model.settings.lost) {
        model_poll(&model);
        dtu_device_poll(&board.device, board.now);
        goes_on = happened_count > 0;
        tell_model();
        compare();
        goes_on = offer_waiting() || goes_on;
    }
    if (!model.settings.lost)
        model_check_settled(&model);
}

static void keep_waiting(const uint8_t *data, size_t len)
{
    FUZZ_CHECK(len <= sizeof waiting - waiting_to);
    memcpy(waiting + waiting_to, data, len);
    waiting_to += len;
    settle();
}

/* Time goes by without a call of the device: nothing may be due but at its end. */
static void pass_in_model(uint32_t ms)
{
    for (; ms > 1 && !model.settings.lost; ms--) {
        model.now++;
        model_poll(&model);
    }
    compare();
    model.now += ms;
}

/* --- What happens ----------------------------------------------------------------------------- */

static void poll(void)
{
    if (modelled)
        settle();
    else
        dtu_device_poll(&board.device, board.now);
}

static void uart_is_idle(void)
{
    if (modelled)
        model_uart_idle(&model);
    dtu_device_uart_idle(&board.device, board.now);
}

static void wait_ms(uint32_t ms)
{
    board.now += ms;
    if (modelled)
        pass_in_model(ms);
}

static void restart_if_wanted(void)
{
    if (!board.restart_wanted)
        return;
    FUZZ_CHECK(dtu_device_uart_rx(&board.device, (const uint8_t *)"x", 1, board.now) == 0);
    FUZZ_CHECK(!modelled || model.settings.lost || !model_uart_byte(&model, 'x'));
    FUZZ_CHECK(dtu_device_next(&board.device, board.now) == DTU_NEVER);
    board.restart_wanted = false;
    board.restarts++;
    if (modelled)
        model_restart(&model);
    dtu_device_restart(&board.device, board.now);
    FUZZ_CHECK(board.device.stats.restarts == board.restarts);
}

static void uart_bytes(const uint8_t *data, size_t len)
{
    if (modelled) {
        keep_waiting(data, len);
        return;
    }
    while (len > 0) {
        size_t n = longest == 0 ? len : 1 + fuzz_decide(&decisions, longest);
        n = n < len ? n : len;
        size_t taken = dtu_device_uart_rx(&board.device, data, n, board.now);
        FUZZ_CHECK(taken <= n);
        if (taken == 0)
            break;
        dtu_device_poll(&board.device, board.now);
        data += taken;
        len -= taken;
    }
    /* the rest is lost on a line without flow control */
    FUZZ_CHECK(len == 0 || refusing || board.restart_wanted);
}

static void pass_time(uint32_t ms)
{
    unsigned at_once = 0;
    poll();
    for (;;) {
        uint32_t next = dtu_device_next(&board.device, board.now);
        if (next > ms)
            break;
        at_once = next == 0 ? at_once + 1 : 0;
        FUZZ_CHECK(at_once < 10);
        ms -= next;
        wait_ms(next);
        FUZZ_CHECK(dtu_device_next(&board.device, board.now) == 0); /* or it would sleep on */
        poll();
    }
    wait_ms(ms);
}

static void socket_event(struct fuzz_input *in)
{
    unsigned what = fuzz_u8(in);
    unsigned i = what % 4;
    switch (what / 4 % 4) {
    case 0:
        if (board.sockets[i] == OPENING) {
            board.sockets[i] = OPEN;
            note(COMES_UP, i);
        }
        dtu_device_socket_opened(&board.device, i, board.now);
        break;
    case 1:
        if (board.sockets[i] == OPENING) {
            board.sockets[i] = CLOSED;
            note(FAILS, i);
        }
        if (board.sockets[i] == CLOSED)
            dtu_device_socket_failed(&board.device, i, board.now);
        break;
    case 2:
        if (board.sockets[i] == OPEN) {
            board.sockets[i] = CLOSED;
            note(IS_LOST, i);
            model.stats.lost_bytes += what / 16;
            dtu_device_socket_closed(&board.device, i, what / 16, board.now);
        }
        break;
    default:
        if (what < 64) {
            board.outcome[i] = (uint8_t)(what / 16);
            break;
        }
        if (modelled)
            model_refused(&model, i);
        dtu_device_socket_refused(&board.device, i, board.now);
        break;
    }
}

/* Whether the UART gets what sockets send as it is. */
static bool is_plain(void)
{
    return !board.device.sdp.used && !board.device.settings.follows_baud &&
           !board.device.settings.marks_sockets;
}

static size_t from_socket(unsigned i, const uint8_t *data, size_t len)
{
    size_t expected = modelled ? model_socket_rx(&model, i, data, len) : 0;
    size_t taken = dtu_device_socket_rx(&board.device, i, data, len, board.now);
    FUZZ_CHECK(!modelled || model.settings.lost || taken == expected);
    return taken;
}

static void socket_bytes(struct fuzz_input *in)
{
    unsigned i = fuzz_below(in, 4);
    size_t len = fuzz_below(in, 32);
    len = len < in->left ? len : in->left;
    uint32_t before = board.uart.len;
    uint32_t messages = board.device.stats.messages;
    size_t taken = from_socket(i, in->at, len);
    uint32_t shown = board.device.stats.messages == messages ? (uint32_t)taken : 0;
    FUZZ_CHECK(taken <= len && (!is_plain() || board.uart.len - before == shown));
    FUZZ_CHECK(taken == 0 || board.sockets[i] == OPEN);
    in->at += len;
    in->left -= len;
}

/* Commands in a data stream; those of a socket are never seen at the UART, nor their replies. */
static const char *command_word(struct fuzz_input *in)
{
    static const char *const words[] = {"usr.cn#AT+VER\r\n",
                                        "usr.cn#AT+UARTFT=70\r",
                                        "adminAT+SOCKALK\r",
                                        "usr.cnAT+E=OFF\r",
                                        "usr.cn#AT+Z\r",
                                        "usr.cn#AT+S\r",
                                        "usr.cn#AT+H\r",
                                        "adminAT+H\r",
                                        "usr.cn#AT+RELD\r",
                                        "usr.cn#AT+CFGTF\r",
                                        "usr.cn#AT+SIGNINAT=x\r",
                                        "usr.cn#AT+UATEN=OFF\r",
                                        "usr.cn#AT+NOSUCH\r\n",
                                        "usr.cn#hello",
                                        "usr.cnAT+MQTTSUB=1,t,0\r",
                                        "usr.cnAT+MQTTUNSUB=1\r",
                                        "usr.cn#AT+VER\r\nmore",
                                        "usr.cn#AT+ENTM\r",
                                        "usr.cn#AT+SAFEATEN=ON\r\n"};
    return words[fuzz_below(in, sizeof words / sizeof words[0])];
}

/* A frame of the socket distribution protocol; now and then a damaged one. */
static void sdp_frame(struct fuzz_input *in)
{
    uint8_t out[64];
    size_t len;
    struct dtu_sdp_frame frame = {.socket = (uint8_t)(DTU_SDP_SOCKET_A + fuzz_below(in, 5)),
                                  .flag = 0};
    size_t damaged = fuzz_u8(in);
    frame.len = fuzz_below(in, 40);
    frame.len = frame.len < in->left ? frame.len : in->left;
    frame.data = in->at;
    FUZZ_CHECK(dtu_sdp_encode(DTU_SDP_TO_MODULE, &frame, out, sizeof out, &len) == DTU_OK);
    in->at += frame.len;
    in->left -= frame.len;
    if (damaged < len)
        out[damaged] ^= 0x10;
    uart_bytes(out, len);
}

static void sync_frame(struct fuzz_input *in)
{
    uint8_t out[DTU_BAUDSYNC_LEN];
    static const uint32_t rates[] = {300, 9600, 115200, 230400, 1000000, 3000000};
    struct dtu_uart uart = {.baud = rates[fuzz_below(in, 6)], .data_bits = 8, .stop_bits = 1};
    unsigned i = fuzz_below(in, 4);
    size_t cut = fuzz_below(in, 12);
    FUZZ_CHECK(dtu_baudsync_encode(out, &uart, fuzz_below(in, 2) != 0) == DTU_OK);
    (void)from_socket(i, out, cut < 8 ? cut : 8);
}

/* A request of UDP discovery, with the right login more often than not. */
static void request(struct fuzz_input *in)
{
    static const uint8_t commands[] = {1, 2, 3, 4, 5, 6, 7, 8, 0x0B, 0x10, 9};
    static const size_t sizes[] = {0, 0, 0, 0, 67, 63, 63, 63, 0, 50, 3};
    struct dtu_discovery_request r = {.user = "admin", .password = "admin"};
    uint8_t out[128], params[67] = {0}, reply[DTU_DISCOVERY_READ_LEN + CANARIES];
    size_t i = fuzz_below(in, sizeof commands);
    size_t len;
    r.command = commands[i];
    r.password[4] = fuzz_below(in, 8) == 7 ? 'x' : 'n';
    r.params = params;
    r.params_len = sizes[i];
    memcpy(params, in->at, in->left < sizes[i] ? in->left : sizes[i]);
    FUZZ_CHECK(dtu_discovery_encode_request(&r, out, sizeof out, &len) == DTU_OK);
    memset(reply, CANARY, sizeof reply);
    if (modelled)
        return;
    len = dtu_device_request(&board.device, out, len, reply, DTU_DISCOVERY_READ_LEN, board.now);
    FUZZ_CHECK(len <= DTU_DISCOVERY_READ_LEN);
    check_canary(reply, len > 0 ? DTU_DISCOVERY_READ_LEN : 0, sizeof reply);
    fuzz_digest(&board.events, reply, len);
}

static void command_frame(struct fuzz_input *in)
{
    unsigned i = fuzz_below(in, 5);
    const char *word = command_word(in);
    uint32_t before = board.uart.len;
    if (i < 4) {
        uint32_t messages = board.device.stats.messages;
        size_t n = from_socket(i, (const uint8_t *)word, strlen(word));
        FUZZ_CHECK(n <= strlen(word));
        if (board.device.stats.messages != messages)
            FUZZ_CHECK(n == strlen(word) && board.uart.len == before);
        return;
    }
    uart_bytes((const uint8_t *)word, strlen(word));
    uart_is_idle();
}

static void check_message_status(enum dtu_status status, uint32_t messages)
{
    FUZZ_CHECK(status == DTU_OK || status == DTU_ERR_FORMAT || status == DTU_ERR_STATE ||
               status == DTU_ERR_NOT_ALLOWED);
    FUZZ_CHECK(status == DTU_OK || board.device.stats.messages == messages);
    FUZZ_CHECK(status != DTU_ERR_STATE || refusing);
    fuzz_digest_number(&board.events, (uint32_t)status);
}

static void message(struct fuzz_input *in)
{
    static const char *const words[] = {"usr.cn#AT+VER\r\n",
                                        "adminAT+VER;",
                                        "usr.cnAT+E=ON;",
                                        "AT+VER;AT+MQTTSSLEN",
                                        "AT+H;AT+H;AT+MQTTSUB;",
                                        "AT+Z;AT+VER;",
                                        "hello",
                                        "AT;AT;AT;AT;AT;AT;AT;AT;AT;AT;AT",
                                        "adminAT+Z;",
                                        "AT+RELD;AT+Z;",
                                        "",
                                        "AT+STMSG=x"};
    enum dtu_channel channel = fuzz_below(in, 2) != 0 ? DTU_CHANNEL_SMS : DTU_CHANNEL_MQTT;
    const char *word = words[fuzz_below(in, sizeof words / sizeof words[0])];
    uint32_t messages = board.device.stats.messages;
    struct fuzz_digest before = board.uart;
    enum dtu_status status =
        dtu_device_message(&board.device, channel, (const uint8_t *)word, strlen(word), board.now);
    check_message_status(status, messages);
    if (modelled)
        FUZZ_CHECK(status == model_message(&model, channel, (const uint8_t *)word, strlen(word)));
    FUZZ_CHECK(memcmp(&before, &board.uart, sizeof before) == 0);
}

static void datagram(struct fuzz_input *in)
{
    static const char *const words[] = {"www.usr.cn", "www.usr.cm",       "+ok",
                                        "AT+VER\r",   "AT+SOCKA=a\r\n",   "AT+ENTM\r",
                                        "AT+Z\r",     "AT+UART",          "AT+CFGTF\rAT+RELD\r",
                                        "",           "AT+SEARCH=1,key\r"};
    const struct dtu_peer peer = {{10, 0, 0, (uint8_t)fuzz_below(in, 2)}, 5000};
    const char *word = words[fuzz_below(in, sizeof words / sizeof words[0])];
    uint32_t messages = board.device.stats.messages;
    struct fuzz_digest before = board.uart;
    enum dtu_status status =
        dtu_device_datagram(&board.device, &peer, (const uint8_t *)word, strlen(word), board.now);
    check_message_status(status, messages);
    if (modelled)
        FUZZ_CHECK(status ==
                   model_datagram(&model, peer.ip[3], (const uint8_t *)word, strlen(word)));
    FUZZ_CHECK(memcmp(&before, &board.uart, sizeof before) == 0);
}

static const char *next_word(struct fuzz_input *in)
{
    static const char *const words[] = {
        "+++",
        "a",
        "+++a",
        "AT+ENTM\r",
        "AT+Z\r",
        "AT+S\r\n",
        "AT+E=OFF\r",
        "AT+E=ON\r",
        "AT+UART\r",
        "AT+SOCKALK?\r",
        "AT+UARTFT=60\r",
        "AT+UARTFL=5\r",
        "AT+UARTTL=10,7\r",
        "AT+SOCKASL=SHORT\r",
        "AT+SOCKBEN=ON\r",
        "AT+SOCKB1=UDPC,b,9\r",
        "AT+SOCKA=TCPC,a,1\r",
        "AT+SOCKRSNUM=1\r",
        "AT+WKMOD=CMD\r",
        "AT+WKMOD=HTTPD\r",
        "AT+SOCKSL=ON\r",
        "+++aAT+UARTFT=10\rAT+ENTM\rdata",
        "AT+SAFEATEN=ON\r",
        "AT+SIGNINAT=usr_cn\r",
        "AT+CFGTF\r",
        "AT+RELD\r",
        "AT+CLEAR\r",
        "AT+H\r",
        "AT+USERMAC=010203040506\r",
        "AT+MQTTSUB=3,topic,1\r",
        "AT+MQTTUNSUB=3\r",
        "AT+LBS=1\r",
        "AT+CMDPW=a\r",
        "AT+SDPEN=ON\r",
        "AT+RFCEN=ON\r",
        "AT+SOCKA=TCPS,a,23\r",
        "AT+SOCKB=UDPS,a,24\r",
        "AT+UART?\r",
        "AT+REGEN=ON\r",
        "AT+REGEN1=MAC\r",
        "AT+REGSND=DATA\r",
        "AT+REGTCP=ALL\r",
        "AT+HEARTTM=1\r",
        "AT+HEARTTP=COM\r",
        "AT+HEARTSND=COM\r",
        "AT+HEARTEN=OFF\r",
        "AT+SOCKIND=ON\r",
        "AT+SOCKIDEN=ON\r",
        "AT+CACHEN=OFF\r",
        "AT+RSTIM=60\r",
        "AT+SOCKABK=b,1\r",
        "AT+SOCKABKEN=ON\r",
        "AT+SOCKTO=1\r",
        "AT+UARTCLBUF=ON\r",
        "AT+UARTFT?\r",
        "AT+SOCKA?\r",
        "AT+SOCKLKA\r",
        "AT+STMSG=hi\r",
        "AT+STMSG\r",
        "AT+VER\r\n",
        "AT+MAC\r",
        "AT\n",
        "AT+REGTP=SN\r",
        "AT+REGSND=LINK&DATA\r",
        "AT+REGTCP=Every\r",
        "AT+HEARTEN=ON\r",
        "AT+NATEN=OFF\r",
        "AT+UATEN=OFF\r",
        "AT+RFCEN?\r",
    };
    return words[fuzz_below(in, sizeof words / sizeof words[0])];
}

static void typed_word(struct fuzz_input *in)
{
    const char *word = next_word(in);
    uart_bytes((const uint8_t *)word, strlen(word));
}

static void set_up_model(void)
{
    model_init(&model, board.config.profile, &board.config);
    model.now = board.now;
    for (unsigned i = 0; i < 4; i++)
        model.sockets[i].room = board.room[i];
}

/* What a program sets before the start: it is not stored. */
static void preset(struct fuzz_input *in)
{
    for (unsigned left = fuzz_below(in, 8); left > 0; left--) {
        const char *word = next_word(in);
        const char *value = strchr(word, '=');
        if (word[0] != 'A' || value == NULL)
            continue;
        struct dtu_params *params = dtu_device_params(&board.device);
        const struct dtu_param *row =
            dtu_params_find(params->table, (const uint8_t *)word + 3, (size_t)(value - word) - 3);
        size_t len = strcspn(value + 1, "\r");
        if (row == NULL || row->kind != DTU_PARAM_SETTING)
            continue;
        enum dtu_status status = dtu_params_set(params, row, (const uint8_t *)value + 1, len);
        if (modelled)
            FUZZ_CHECK(status ==
                       model_set_value(&model.settings, row, (const uint8_t *)value + 1, len));
    }
}

static void raw_bytes(struct fuzz_input *in)
{
    size_t len = fuzz_u8(in);
    len = len < in->left ? len : in->left;
    uart_bytes(in->at, len);
    in->at += len;
    in->left -= len;
}

static void change_room(struct fuzz_input *in)
{
    uint32_t which = fuzz_below(in, 6);
    uint32_t room = fuzz_u8(in) * fuzz_below(in, 4);
    if (which == 5) {
        board.reply_room = true;
    } else if (which == 4) {
        board.uart_room = room;
    } else {
        board.room[which] = room;
        if (modelled)
            model_writable(&model, which, room);
        dtu_device_socket_writable(&board.device, which, board.now);
    }
    poll();
}

/* The port's sockets are gone with it. */
static void power_cut(void)
{
    memset(board.sockets, 0, sizeof board.sockets);
    memset(board.values, CANARY, sizeof board.values);
    board.restart_wanted = false;
    board.restarts = board.taken_bytes = 0;
    if (modelled)
        model_power_cut(&model);
    FUZZ_CHECK(dtu_device_init(&board.device, &board.config, &board) == DTU_OK);
    dtu_device_start(&board.device, board.now);
}

static void do_op(struct fuzz_input *in)
{
    static const uint32_t times_ms[] = {1,    10,   51,    61,    200,   300, 1000,
                                        2999, 3000, 10000, 30000, 70000, 50,  201};
    switch (fuzz_below(in, 16)) {
    case 0:
        raw_bytes(in);
        break;
    case 1:
    case 2:
        typed_word(in);
        break;
    case 3:
        pass_time(fuzz_u8(in));
        break;
    case 4:
        pass_time(times_ms[fuzz_below(in, sizeof times_ms / sizeof times_ms[0])]);
        break;
    case 5:
        socket_event(in);
        break;
    case 6:
        socket_bytes(in);
        break;
    case 7:
        change_room(in);
        break;
    case 8:
        command_frame(in);
        break;
    case 9:
        message(in);
        break;
    case 10:
        datagram(in);
        break;
    case 12:
        sdp_frame(in);
        break;
    case 13:
        sync_frame(in);
        break;
    case 14:
        request(in);
        break;
    case 15:
        power_cut();
        break;
    default:
        uart_is_idle();
        break;
    }
}

/* --- A run ------------------------------------------------------------------------------------ */

static void set_up(struct fuzz_input *in)
{
    const struct dtu_profile *p = dtu_profile_at(fuzz_below(in, 4));
    struct dtu_device_config *c = &board.config;
    unsigned bits = fuzz_u8(in);
    memset(&board, CANARY, sizeof board);
    memset(board.sockets, 0, sizeof board.sockets);
    memset(&board.uart, 0, sizeof board.uart);
    memset(board.network, 0, sizeof board.network);
    memset(board.replies, 0, sizeof board.replies);
    memset(&board.events, 0, sizeof board.events);
    memset(slots, 0xFF, sizeof slots);
    memset(default_slots, 0xFF, sizeof default_slots);
    memset(c, 0, sizeof *c);
    board.restart_wanted = false;
    board.reply_room = false;
    board.restarts = board.taken_bytes = board.reply_chars = 0;
    board.uart_room = 1000;
    board.now = fuzz_below(in, 2) != 0 ? UINT32_MAX - fuzz_u16(in) : fuzz_u16(in);
    c->profile = p;
    c->port = &port;
    c->medium = (bits & 1) != 0 ? &medium : NULL;
    c->medium_ctx = slots;
    c->default_medium = (bits & 16) != 0 ? &medium : NULL;
    c->default_ctx = default_slots;
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++) {
        c->messages[i].memory = (bits & 32) == 0 ? board.messages[i] : NULL;
        c->messages[i].size = p->line_size;
    }
    c->open_ms = (bits & 2) != 0 ? 5000 : 0;
    c->values = board.values;
    c->values_size = 2 * (size_t)p->table->values_size;
    c->line = board.line;
    c->line_size = p->line_size;
    c->packet = board.packet;
    c->packet_size = p->packet_len;
    c->sdp.memory = (bits & 64) == 0 ? board.sdp : NULL;
    c->sdp.size = p->packet_len;
    for (unsigned i = 0; i < 4; i++) {
        board.room[i] = 1000;
        board.outcome[i] = (uint8_t)(bits >> 2 & 3);
        if (i < p->sockets)
            c->queues[i] = (struct dtu_device_memory){board.queues[i], p->packet_len + 2};
    }
    FUZZ_CHECK(dtu_device_init(&board.device, c, &board) == DTU_OK);
    if (modelled)
        set_up_model();
    if ((bits & 128) != 0)
        preset(in);
}

static void run(struct fuzz_input in)
{
    set_up(&in);
    dtu_device_start(&board.device, board.now);
    restart_if_wanted();
    for (unsigned n = 0; n < OPS_MAX && in.left > 0; n++) {
        do_op(&in);
        check_invariants();
        restart_if_wanted();
        check_invariants();
    }
}

/* The same once more, until something happens that the model does not know. */
static void run_beside_model(struct fuzz_input in)
{
    modelled = true;
    refusing = false;
    happened_count = waiting_from = waiting_to = 0;
    set_up(&in);
    model_start(&model);
    dtu_device_start(&board.device, board.now);
    settle();
    for (unsigned n = 0; n < OPS_MAX && in.left > 0 && !model.settings.lost; n++) {
        do_op(&in);
        settle();
        check_invariants();
        restart_if_wanted();
        settle();
        compare_values();
    }
    modelled = false;
}

/* A port offers again what was not taken; here it was dropped, so that the frame that was begun
 * with it is ended with something else. */
static void end_frame(void)
{
    static const uint8_t filling[DTU_SDP_FRAME_MAX];
    struct dtu_device *d = &board.device;
    const struct dtu_sdp_sender *s = &d->sdp.sender;
    if (!d->sdp.used || !s->busy || s->is_report || s->data_left == 0)
        return;
    unsigned i = (unsigned)s->socket - DTU_SDP_SOCKET_A;
    FUZZ_CHECK(board.sockets[i] == OPEN);
    (void)dtu_device_socket_rx(d, i, filling, s->data_left, board.now);
}

/* Once there is room, the greeting, the replies and the frames go out, and input is taken. */
static void check_that_it_goes_on(void)
{
    refusing = false;
    for (unsigned turn = 0; turn < 4; turn++) {
        for (unsigned i = 0; i < board.config.profile->sockets; i++)
            dtu_device_socket_writable(&board.device, i, board.now);
        dtu_device_poll(&board.device, board.now);
        restart_if_wanted();
        end_frame();
    }
    FUZZ_CHECK(board.restart_wanted || dtu_device_uart_ready(&board.device));
    for (unsigned i = 0; i < board.config.profile->sockets; i++)
        FUZZ_CHECK(board.sockets[i] != OPEN || board.restart_wanted ||
                   dtu_queue_count(&board.device.sockets[i].queue) == 0);
    check_invariants();
    dtu_device_stop(&board.device, board.now);
    for (unsigned i = 0; i < 4; i++)
        FUZZ_CHECK(board.sockets[i] == CLOSED);
    FUZZ_CHECK(dtu_device_next(&board.device, board.now) == DTU_NEVER);
    check_invariants();
}

static void check_same(const struct board *a, const struct board *b)
{
    FUZZ_CHECK(memcmp(&a->uart, &b->uart, sizeof a->uart) == 0);
    FUZZ_CHECK(memcmp(a->network, b->network, sizeof a->network) == 0);
    FUZZ_CHECK(memcmp(a->replies, b->replies, sizeof a->replies) == 0);
    FUZZ_CHECK(memcmp(&a->events, &b->events, sizeof a->events) == 0);
    FUZZ_CHECK(memcmp(&a->device.stats, &b->device.stats, sizeof a->device.stats) == 0);
    FUZZ_CHECK(a->restarts == b->restarts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board whole;
    struct fuzz_input in = {data, size};
    decisions = fuzz_rand(fuzz_u16(&in));
    refusing = false;
    longest = 0;
    run(in);
    whole = board;
    longest = 1;
    run(in);
    check_same(&whole, &board);
    longest = 9;
    run(in);
    check_same(&whole, &board);
    run_beside_model(in);
    refusing = true;
    run(in);
    check_that_it_goes_on();
    return 0;
}
