/* SPDX-License-Identifier: MIT */
/* A whole cat1 module on a bare board: the library's device between the port's UART and sockets
 * that are behind another UART. docs/firmware.md tells more. */
#include "firmware.h"

enum {
    START_BAUD = 115200,   /* until the device sets it, which is at once */
    NETWORK_BAUD = 921600, /* as fast as the fastest that AT+UART can set */
    CONSOLE_BAUD = 115200,

    OPEN_MS = 30000, /* a connection attempt may take so long */
    ROUNDS = 32      /* before everything else has its turn */
};

/* --- What the device asks for --------------------------------------------------------------- */

static size_t uart_write(void *ctx, const uint8_t *data, size_t len)
{
    struct firmware *f = ctx;

    return f->has_setup ? 0 : mps2_uart_write(&f->uart, data, len);
}

static void uart_setup(void *ctx, const struct dtu_uart *uart)
{
    struct firmware *f = ctx;

    f->setup = *uart;
    f->has_setup = true; /* as soon as what was written is out */
}

static bool socket_open(void *ctx, unsigned socket, const struct dtu_socket_target *target)
{
    struct firmware *f = ctx;

    return network_open(&f->network, socket, target);
}

static size_t socket_send(void *ctx, unsigned socket, const uint8_t *data, size_t len)
{
    struct firmware *f = ctx;

    return network_send(&f->network, socket, data, len);
}

static void socket_close(void *ctx, unsigned socket)
{
    struct firmware *f = ctx;

    network_close(&f->network, socket);
}

static void restart(void *ctx)
{
    struct firmware *f = ctx;

    f->restart = true; /* the main loop does it */
}

static const struct dtu_device_port port = {.uart_write = uart_write,
                                            .uart_setup = uart_setup,
                                            .socket_open = socket_open,
                                            .socket_send = socket_send,
                                            .socket_close = socket_close,
                                            .restart = restart,
                                            .info = firmware_info,
                                            .event = console_event};

/* --- All memory ----------------------------------------------------------------------------- */

/* A queue holds one packet of the longest length, and some more bytes; the product's own,
 * DTU_CAT1_QUEUE_SIZE, would hold twenty of them. */
#define QUEUE_SIZE (DTU_CAT1_PACKET_LEN * 3 / 2)

static uint8_t values[2 * DTU_CAT1_VALUES_SIZE];
static uint8_t line[DTU_CAT1_LINE_SIZE];
static uint8_t uart_command[DTU_CAT1_LINE_SIZE];
static uint8_t socket_command[DTU_CAT1_LINE_SIZE];
static uint8_t packet[DTU_CAT1_PACKET_LEN];
static uint8_t sdp_frame[DTU_CAT1_PACKET_LEN];
static uint8_t queues[DTU_SDP_SOCKETS][QUEUE_SIZE];

static uint8_t uart_rx[1024];
static uint8_t uart_tx[1024];
static uint8_t network_rx[1024];
static uint8_t network_tx[4096];
static uint8_t console_rx[1];
static uint8_t console_tx[256];

static const struct mps2_uart_config uart_config = {
    .number = 0,
    .rx = uart_rx,
    .rx_size = sizeof uart_rx,
    .tx = uart_tx,
    .tx_size = sizeof uart_tx,
};
static const struct mps2_uart_config network_config = {
    .number = 1,
    .rx = network_rx,
    .rx_size = sizeof network_rx,
    .tx = network_tx,
    .tx_size = sizeof network_tx,
};
static const struct mps2_uart_config console_config = {
    .number = 2,
    .rx = console_rx,
    .rx_size = sizeof console_rx,
    .tx = console_tx,
    .tx_size = sizeof console_tx,
};

static const struct dtu_device_config config = {
    .profile = &dtu_profile_cat1,
    .port = &port,
    .medium = &mps2_flash,
    .values = values,
    .values_size = sizeof values,
    .line = line,
    .line_size = sizeof line,
    .messages = {[DTU_CHANNEL_UART] = {uart_command, sizeof uart_command},
                 [DTU_CHANNEL_SOCKET] = {socket_command, sizeof socket_command}},
    .packet = packet,
    .packet_size = sizeof packet,
    .queues = {{queues[0], QUEUE_SIZE},
               {queues[1], QUEUE_SIZE},
               {queues[2], QUEUE_SIZE},
               {queues[3], QUEUE_SIZE}},
    .sdp = {sdp_frame, sizeof sdp_frame},
    .open_ms = OPEN_MS,
};

static struct firmware firmware;

/* --- The main loop -------------------------------------------------------------------------- */

/* The device sets its UART only when it has sent what it was given. Parity and a second stop bit
 * are not set: this UART has neither. */
static bool set_up_uart(struct firmware *f)
{
    if (!f->has_setup || !mps2_uart_drained(&f->uart))
        return false;
    mps2_uart_set_baud(&f->uart, f->setup.baud);
    f->has_setup = false;
    return true;
}

/* What the device does not take stays in the ring. */
static bool hand_on_uart(struct firmware *f, uint32_t now)
{
    const uint8_t *data;
    size_t len = mps2_uart_peek(&f->uart, &data);
    size_t taken = len > 0 ? dtu_device_uart_rx(&f->device, data, len, now) : 0;

    mps2_uart_consume(&f->uart, taken);
    return taken > 0;
}

/* The reply to the command, and what the sockets have taken, go out before. */
static void restart_if_drained(struct firmware *f)
{
    if (!f->restart)
        return;
    console_tell_stack(f);
    if (mps2_uart_drained(&f->uart) && mps2_uart_drained(&f->network_uart) &&
        mps2_uart_drained(&f->console_uart))
        mps2_reset();
}

/* As long as it helps, for one may have made room for the other; but whoever sends without end does
 * not keep it here. What is left over is gone on with at once. */
static void go_on(struct firmware *f)
{
    unsigned rounds = 0;
    bool moved;

    do {
        uint32_t now = mps2_now();

        moved = set_up_uart(f);
        moved = network_poll(&f->network, now) || moved;
        moved = hand_on_uart(f, now) || moved;
        dtu_device_poll(&f->device, now);
    } while (moved && !f->restart && ++rounds < ROUNDS);
    if (moved)
        mps2_wake();
}

/* While a UART is to drain, nothing but time may pass. */
static uint32_t next(const struct firmware *f, uint32_t now)
{
    uint32_t device = dtu_device_next(&f->device, now);
    uint32_t network = network_next(&f->network, now);

    if (f->has_setup || f->restart)
        return 1;
    return device < network ? device : network;
}

int main(void)
{
    struct firmware *f = &firmware;

    mps2_start_clock();
    mps2_uart_open(&f->uart, &uart_config, START_BAUD);
    mps2_uart_open(&f->network_uart, &network_config, NETWORK_BAUD);
    mps2_uart_open(&f->console_uart, &console_config, CONSOLE_BAUD);
    network_init(&f->network, &f->network_uart, &f->device);
    if (dtu_device_init(&f->device, &config, f) != DTU_OK)
        return 1; /* not with this config: a test starts it */
    dtu_device_start(&f->device, mps2_now());
    for (;;) {
        go_on(f);
        console_poll(f, mps2_now());
        restart_if_drained(f);
        mps2_sleep(next(f, mps2_now()));
    }
}
