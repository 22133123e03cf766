/* SPDX-License-Identifier: MIT */
/* A board that is made of variables, for tests of the whole module: a UART and sockets with as much
 * room as a test gives them, a clock that a test moves, a medium in memory. */
#ifndef BOARD_H
#define BOARD_H

#include "dtu/device.h"

#include "check.h"

#include <stdbool.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UART_MAX 6200
#define SENT_MAX 6200
#define SLOT_SIZE 8192
#define REPLY_MAX 4000
#define LOTS 60000u /* of room */

/* What socket_open() does. */
enum opening { LATER, OPENED_INSIDE, FAILED_INSIDE, REFUSED };

struct fake_socket {
    enum opening opening;
    bool is_open;
    unsigned opens, closes;
    enum dtu_socket_kind kind;
    char host[101];
    uint16_t port;
    size_t room; /* bytes that it takes */
    uint8_t sent[SENT_MAX];
    size_t sent_len;
    unsigned sends;
};

struct board {
    struct dtu_device device;
    struct dtu_device_config config;
    uint8_t values[2 * DTU_LTE_7S4_VALUES_SIZE]; /* no product has more */
    uint8_t line[DTU_CAT1_LINE_SIZE];
    uint8_t messages[DTU_DEVICE_CHANNELS][DTU_CAT1_LINE_SIZE];
    uint8_t packet[DTU_CAT1_PACKET_LEN];
    uint8_t queues[4][DTU_CAT1_PACKET_LEN + 2];
    uint8_t sdp[DTU_CAT1_PACKET_LEN];
    char uart[UART_MAX];
    size_t uart_len;
    size_t uart_room;
    size_t uart_after_setup; /* bytes that had gone out when the UART was last set */
    struct dtu_uart setup;
    unsigned setups;
    struct fake_socket sockets[4];
    unsigned restarts;
    uint32_t now;
    unsigned events[DTU_EVENT_LENT + 1];
    struct dtu_device_event last;
    bool command_mode; /* as told by the last event of it */
    bool leds[DTU_LEDS];
    unsigned led_changes;
    const char *imei;
    const char *identity;                          /* what IMEI, ICCID and SN answer */
    char replies[DTU_CHANNEL_MQTT + 1][REPLY_MAX]; /* by channel */
    size_t reply_len[DTU_CHANNEL_MQTT + 1];
    unsigned reply_room; /* calls that are taken */
    unsigned actions;
    char action[200]; /* the last: its name, and its parameters in brackets */
};

static struct board boards[2];
static struct board *b = &boards[0];

static uint8_t slots[2][SLOT_SIZE];
static uint8_t default_slots[2][SLOT_SIZE]; /* of the user's defaults */
static bool medium_fails;

/* --- The port ------------------------------------------------------------------------------- */

static inline size_t uart_write(void *ctx, const uint8_t *data, size_t len)
{
    struct board *board = ctx;
    size_t n = len < board->uart_room ? len : board->uart_room;
    CHECK(len > 0);
    CHECK(n <= sizeof board->uart - board->uart_len);
    if (n > sizeof board->uart - board->uart_len)
        n = 0;
    memcpy(board->uart + board->uart_len, data, n);
    board->uart_len += n;
    board->uart_room -= n;
    return n;
}

static inline void uart_setup(void *ctx, const struct dtu_uart *uart)
{
    struct board *board = ctx;
    board->setup = *uart;
    board->setups++;
    board->uart_after_setup = board->uart_len;
}

static inline bool socket_open(void *ctx, unsigned i, const struct dtu_socket_target *target)
{
    struct board *board = ctx;
    struct fake_socket *s = &board->sockets[i];
    CHECK(!s->is_open);
    s->opens++;
    s->kind = target->kind;
    CHECK(target->host_len < sizeof s->host);
    memcpy(s->host, target->host, target->host_len);
    s->host[target->host_len] = '\0';
    s->port = target->port;
    if (s->opening == OPENED_INSIDE) {
        s->is_open = true;
        dtu_device_socket_opened(&board->device, i, board->now);
    }
    if (s->opening == FAILED_INSIDE)
        dtu_device_socket_failed(&board->device, i, board->now);
    return s->opening != REFUSED;
}

static inline size_t socket_send(void *ctx, unsigned i, const uint8_t *data, size_t len)
{
    struct board *board = ctx;
    struct fake_socket *s = &board->sockets[i];
    size_t n = len < s->room ? len : s->room;
    CHECK(s->is_open);
    CHECK(len > 0);
    if (s->kind == DTU_SOCKET_UDP_CLIENT && n < len)
        n = 0;
    CHECK(n <= sizeof s->sent - s->sent_len);
    if (n > sizeof s->sent - s->sent_len)
        n = 0;
    memcpy(s->sent + s->sent_len, data, n);
    s->sent_len += n;
    s->room -= n;
    s->sends++;
    return n;
}

static inline void socket_close(void *ctx, unsigned i)
{
    struct board *board = ctx;
    board->sockets[i].closes++;
    board->sockets[i].is_open = false;
}

static inline void restart(void *ctx)
{
    struct board *board = ctx;
    board->restarts++;
}

static inline enum dtu_status info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                   size_t len, const struct dtu_text *out)
{
    struct board *board = ctx;
    CHECK(args == NULL || out == NULL);
    if (strcmp(row->name, "MAC") == 0 || strcmp(row->name, "LBS") == 0) {
        CHECK(row->id == DTU_ID_MAC || out != NULL || (args != NULL && len == 1));
        if (out != NULL)
            dtu_text_string(out, row->id == DTU_ID_MAC ? "D8B04CF00001" : "1,2");
        return DTU_OK;
    }
    bool known = row->id == DTU_ID_IMEI || row->id == DTU_ID_ICCID || row->id == DTU_ID_SN;
    if (known && board->identity != NULL) {
        if (out != NULL)
            dtu_text_string(out, board->identity);
        return DTU_OK;
    }
    if (board->imei == NULL || strcmp(row->name, "VER") != 0)
        return DTU_ERR_NOT_ALLOWED;
    if (out != NULL)
        dtu_text_string(out, board->imei);
    return DTU_OK;
}

static inline enum dtu_status action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                     size_t len)
{
    struct board *board = ctx;
    board->actions++;
    snprintf(board->action, sizeof board->action, "%s(%.*s)", row->name, (int)len,
             args != NULL ? (const char *)args : "");
    bool offered = strcmp(row->name, "SMSSEND") == 0 || strcmp(row->name, "CCLK") == 0;
    return offered ? DTU_OK : DTU_ERR_NOT_ALLOWED;
}

static inline bool reply(void *ctx, enum dtu_channel channel, const uint8_t *data, size_t len)
{
    struct board *board = ctx;
    CHECK(channel != DTU_CHANNEL_UART && channel != DTU_CHANNEL_SOCKET);
    CHECK(len > 0 && len <= REPLY_MAX - board->reply_len[channel]);
    if (board->reply_room == 0 || len > REPLY_MAX - board->reply_len[channel])
        return false;
    board->reply_room--;
    memcpy(board->replies[channel] + board->reply_len[channel], data, len);
    board->reply_len[channel] += len;
    return true;
}

static inline void event(void *ctx, const struct dtu_device_event *e)
{
    struct board *board = ctx;
    board->events[e->kind]++;
    board->last = *e;
    if (e->kind == DTU_EVENT_MODE)
        board->command_mode = e->len == 1;
}

static inline void led(void *ctx, enum dtu_led which, bool lit)
{
    struct board *board = ctx;
    CHECK(which < DTU_LEDS && board->leds[which] != lit);
    board->leds[which] = lit;
    board->led_changes++;
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

static inline uint8_t *slot_of(void *ctx, unsigned slot, size_t offset)
{
    CHECK((ctx == slots || ctx == default_slots) && slot < 2 && offset < SLOT_SIZE);
    return (uint8_t *)ctx + slot * SLOT_SIZE + offset;
}

static inline bool medium_read(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len)
{
    memcpy(data, slot_of(ctx, slot, offset), len);
    return true;
}

static inline bool medium_erase(void *ctx, unsigned slot)
{
    memset(slot_of(ctx, slot, 0), 0xFF, SLOT_SIZE);
    return !medium_fails;
}

static inline bool medium_write(void *ctx, unsigned slot, size_t offset, const uint8_t *data,
                                size_t len)
{
    memcpy(slot_of(ctx, slot, offset), data, len);
    return true;
}

static const struct dtu_store_medium medium = {
    .slot_size = SLOT_SIZE, .read = medium_read, .erase = medium_erase, .write = medium_write};

/* --- A board with a device ------------------------------------------------------------------ */

static inline void new_board(const char *product)
{
    memset(b, 0, sizeof *b);
    b->config.profile = dtu_profile_find(product);
    b->config.port = &port;
    b->config.values = b->values;
    b->config.values_size = sizeof b->values;
    b->config.line = b->line;
    b->config.line_size = sizeof b->line;
    for (size_t i = 0; i < DTU_DEVICE_CHANNELS; i++)
        b->config.messages[i] = (struct dtu_device_memory){b->messages[i], sizeof b->messages[i]};
    b->config.packet = b->packet;
    b->config.packet_size = sizeof b->packet;
    b->config.sdp = (struct dtu_device_memory){b->sdp, sizeof b->sdp};
    for (size_t i = 0; i < b->config.profile->sockets; i++)
        b->config.queues[i] = (struct dtu_device_memory){b->queues[i], sizeof b->queues[i]};
    for (size_t i = 0; i < 4; i++)
        b->sockets[i].room = LOTS;
    b->uart_room = LOTS;
    b->reply_room = LOTS;
    b->now = 1000;
}

static inline void set(const char *name, const char *value)
{
    struct dtu_params *p = dtu_device_params(&b->device);
    const struct dtu_param *row =
        dtu_params_find(b->config.profile->table, (const uint8_t *)name, strlen(name));
    CHECK_EQ(dtu_params_set(p, row, (const uint8_t *)value, strlen(value)), DTU_OK);
}

static inline void init(void)
{
    CHECK_EQ(dtu_device_init(&b->device, &b->config, b), DTU_OK);
    if (dtu_params_by_id(b->config.profile->table, DTU_ID_RSTIM) == NULL)
        return;
    set("RSTIM", "0");     /* or each longer test restarts the module, */
    set("HEARTEN", "OFF"); /* or hears something in between */
}

/* Also once more, with other settings. */
static inline void start(void)
{
    dtu_device_stop(&b->device, b->now);
    dtu_device_start(&b->device, b->now);
}

/* Forgets what has gone out. */
static inline void clear_uart(void)
{
    b->uart_len = 0;
}

/* Started, greeted, echo off, its sockets not open yet. */
static inline void begin(const char *product)
{
    new_board(product);
    init();
    set("E", "OFF");
    start();
    clear_uart();
}

static inline void open_socket(unsigned i)
{
    b->sockets[i].is_open = true;
    dtu_device_socket_opened(&b->device, i, b->now);
}

static inline void begin_open(const char *product)
{
    begin(product);
    open_socket(0);
}

static inline void lose_socket(unsigned i, uint32_t lost)
{
    b->sockets[i].is_open = false;
    dtu_device_socket_closed(&b->device, i, lost, b->now);
}

/* Sleeps as a port does: polls before, sleeps no longer than the device allows, and then polls only
 * if it says that it is time. */
static inline void wait_ms(uint32_t ms)
{
    unsigned at_once = 0;
    dtu_device_poll(&b->device, b->now);
    for (;;) {
        uint32_t next = dtu_device_next(&b->device, b->now);
        at_once = next == 0 ? at_once + 1 : 0;
        CHECK(at_once < 10); /* it spins */
        if (next > ms || at_once >= 10)
            break;
        b->now += next;
        ms -= next;
        CHECK_EQ(dtu_device_next(&b->device, b->now), 0); /* or it would sleep on */
        dtu_device_poll(&b->device, b->now);
    }
    b->now += ms;
}

static inline size_t rx_bytes(const void *data, size_t len)
{
    return dtu_device_uart_rx(&b->device, data, len, b->now);
}

/* All of it at once, and all of it is taken. */
static inline void type(const char *text)
{
    CHECK_EQ(rx_bytes(text, strlen(text)), strlen(text));
}

/* A frame: bytes and the pause that ends it. */
static inline void type_frame(const char *text)
{
    type(text);
    wait_ms(60);
}

static inline size_t socket_rx(unsigned i, const char *text)
{
    return dtu_device_socket_rx(&b->device, i, (const uint8_t *)text, strlen(text), b->now);
}

#define CHECK_UART(expected)                                                                       \
    do {                                                                                           \
        CHECK_BYTES(b->uart, b->uart_len, expected, strlen(expected));                             \
        clear_uart();                                                                              \
    } while (0)

#define CHECK_SENT(i, expected)                                                                    \
    do {                                                                                           \
        CHECK_BYTES(b->sockets[i].sent, b->sockets[i].sent_len, expected, strlen(expected));       \
        b->sockets[i].sent_len = 0;                                                                \
    } while (0)

#define CHECK_COMMAND(command, reply)                                                              \
    do {                                                                                           \
        type(command "\r");                                                                        \
        CHECK_UART(reply);                                                                         \
    } while (0)

#define OK "\r\nOK\r\n"
#define VALUE(text) "\r\n+" text "\r\n\r\nOK\r\n"

static inline void enter_command_mode(void)
{
    wait_ms(300); /* more than any guard time */
    type("+++");
    CHECK_UART("a");
    type("a");
    CHECK_UART("+ok");
}

#endif
