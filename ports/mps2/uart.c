/* SPDX-License-Identifier: MIT */
/* The UART of Arm's Cortex-M System Design Kit ("APB UART", DDI 0479): one byte of
 * buffer in each direction, an interrupt each for a byte that came and a byte that went. */
#include "mps2.h"

#include "board.h"
#include "interrupts.h"

#include <string.h>

struct mps2_uart_regs {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupts; /* which are pending; writing 1 clears one */
    volatile uint32_t divider;    /* clocks a bit */
};

enum {
    STATE_TX_FULL = 1 << 0,
    STATE_RX_FULL = 1 << 1,
    STATE_RX_OVERRUN = 1 << 3, /* writing 1 clears it */

    CONTROL_TX = 1 << 0,
    CONTROL_RX = 1 << 1,
    CONTROL_TX_INTERRUPT = 1 << 2,
    CONTROL_RX_INTERRUPT = 1 << 3,
    CONTROL_RX_OVERRUN_INTERRUPT = 1 << 5,

    INTERRUPT_TX = 1 << 0,
    INTERRUPT_RX = 1 << 1,
    INTERRUPT_RX_OVERRUN = 1 << 3,

    DIVIDER_MIN = 16,
    DIVIDER_MAX = 0xFFFFF,

    BITS_A_BYTE = 10
};

#define ALL_ON                                                                                     \
    (CONTROL_TX | CONTROL_RX | CONTROL_TX_INTERRUPT | CONTROL_RX_INTERRUPT |                       \
     CONTROL_RX_OVERRUN_INTERRUPT)

#define NVIC_ENABLE ((volatile uint32_t *)0xE000E100)
#define NVIC_PRIORITY ((volatile uint8_t *)0xE000E400)

static struct mps2_uart *uarts[MPS2_UARTS];

/* --- Rings ---------------------------------------------------------------------------------- */

/* What is written into the ring is there before the index that says so. One core: it is enough that
 * the compiler keeps the order. */
static void keep_order(void)
{
    __asm__ volatile("" ::: "memory");
}

static size_t used(const struct mps2_ring *r)
{
    return r->in - r->out;
}

static size_t room(const struct mps2_ring *r)
{
    return r->size - used(r);
}

static uint8_t *place(const struct mps2_ring *r, size_t index)
{
    return r->data + (index & (r->size - 1));
}

static void put_byte(struct mps2_ring *r, uint8_t byte)
{
    *place(r, r->in) = byte;
    keep_order();
    r->in++;
}

static uint8_t take_byte(struct mps2_ring *r)
{
    uint8_t byte = *place(r, r->out);

    keep_order();
    r->out++;
    return byte;
}

/* How many bytes from an index on lie in front of the ring's end. */
static size_t in_one_piece(const struct mps2_ring *r, size_t index, size_t len)
{
    size_t to_end = r->size - (index & (r->size - 1));

    return len < to_end ? len : to_end;
}

/* --- Interrupts ----------------------------------------------------------------------------- */

/* With a full ring the byte stays where it is, and so would the interrupt: it is kept off until
 * there is room. A UART with RTS stops the sender then. */
static void receive(struct mps2_uart *u)
{
    u->regs->interrupts = INTERRUPT_RX;
    while ((u->regs->state & STATE_RX_FULL) != 0) {
        if (room(&u->rx) == 0) {
            u->regs->control = ALL_ON & ~CONTROL_RX_INTERRUPT;
            return;
        }
        put_byte(&u->rx, (uint8_t)u->regs->data);
        mps2_wake();
    }
}

/* The transmitter has passed a byte on to its shift register, and can have the next. */
static void send_next(struct mps2_uart *u)
{
    u->regs->interrupts = INTERRUPT_TX;
    if ((u->regs->state & STATE_TX_FULL) != 0)
        return;
    u->sent_ms = mps2_now();
    u->sending = used(&u->tx) > 0;
    if (u->sending)
        u->regs->data = take_byte(&u->tx);
    if (!u->sending || used(&u->tx) == u->tx.size / 2)
        mps2_wake();
}

void mps2_on_uart0_rx(void)
{
    receive(uarts[0]);
}

void mps2_on_uart0_tx(void)
{
    send_next(uarts[0]);
}

void mps2_on_uart1_rx(void)
{
    receive(uarts[1]);
}

void mps2_on_uart1_tx(void)
{
    send_next(uarts[1]);
}

void mps2_on_uart2_rx(void)
{
    receive(uarts[2]);
}

void mps2_on_uart2_tx(void)
{
    send_next(uarts[2]);
}

/* One interrupt for all of them. */
void mps2_on_uart_overflow(void)
{
    for (unsigned i = 0; i < MPS2_UARTS; i++) {
        struct mps2_uart *u = uarts[i];

        if (u == NULL || (u->regs->state & STATE_RX_OVERRUN) == 0)
            continue;
        u->regs->state = STATE_RX_OVERRUN;
        u->regs->interrupts = INTERRUPT_RX_OVERRUN;
        u->overruns++;
    }
}

/* --- The main loop's side ------------------------------------------------------------------- */

static void enable_interrupt(unsigned number)
{
    NVIC_PRIORITY[number] = 0xFF;
    NVIC_ENABLE[number / 32] = UINT32_C(1) << number % 32;
}

void mps2_uart_open(struct mps2_uart *uart, const struct mps2_uart_config *config, uint32_t baud)
{
    unsigned number = config->number;

    memset(uart, 0, sizeof *uart);
    uart->regs = (struct mps2_uart_regs *)BOARD_UART(number);
    uart->rx.data = config->rx;
    uart->rx.size = config->rx_size;
    uart->tx.data = config->tx;
    uart->tx.size = config->tx_size;
    uarts[number] = uart;
    mps2_uart_set_baud(uart, baud);
    keep_order(); /* from here on interrupts come */
    uart->regs->control = ALL_ON;
    enable_interrupt(BOARD_RX_INTERRUPT(number));
    enable_interrupt(BOARD_TX_INTERRUPT(number));
    enable_interrupt(BOARD_OVERFLOW_INTERRUPT);
}

void mps2_uart_set_baud(struct mps2_uart *uart, uint32_t baud)
{
    uint32_t divider = baud > 0 ? (BOARD_CLOCK_HZ + baud / 2) / baud : DIVIDER_MAX;

    if (divider < DIVIDER_MIN)
        divider = DIVIDER_MIN;
    if (divider > DIVIDER_MAX)
        divider = DIVIDER_MAX;
    uart->regs->divider = divider;
    uart->last_byte_ms = BITS_A_BYTE * divider / (BOARD_CLOCK_HZ / 1000) + 2; /* and two ticks */
}

size_t mps2_uart_peek(const struct mps2_uart *uart, const uint8_t **data)
{
    const struct mps2_ring *r = &uart->rx;
    size_t len = used(r);

    keep_order();
    *data = place(r, r->out);
    return in_one_piece(r, r->out, len);
}

void mps2_uart_consume(struct mps2_uart *uart, size_t len)
{
    keep_order();
    uart->rx.out += len;
    if ((uart->regs->control & CONTROL_RX_INTERRUPT) != 0 || len == 0)
        return;
    uart->regs->control = ALL_ON;
    /* The byte that waits in the hardware makes no interrupt of its own any more. */
    __asm__ volatile("cpsid i" ::: "memory");
    receive(uart);
    __asm__ volatile("cpsie i" ::: "memory");
}

size_t mps2_uart_room(const struct mps2_uart *uart)
{
    return room(&uart->tx);
}

/* The first byte is sent from here, as its interrupt would do it, which must not come then. */
static void begin_to_send(struct mps2_uart *u)
{
    __asm__ volatile("cpsid i" ::: "memory");
    if (!u->sending)
        send_next(u);
    __asm__ volatile("cpsie i" ::: "memory");
}

size_t mps2_uart_write(struct mps2_uart *uart, const uint8_t *data, size_t len)
{
    struct mps2_ring *r = &uart->tx;
    size_t free_len = room(r);
    size_t taken = len < free_len ? len : free_len;
    size_t first = in_one_piece(r, r->in, taken);

    if (taken == 0)
        return 0;
    memcpy(place(r, r->in), data, first);
    memcpy(r->data, data + first, taken - first);
    keep_order();
    r->in += taken;
    begin_to_send(uart);
    return taken;
}

/* The hardware tells when the last byte has left its buffer, not when it has left the shift
 * register: that is waited for. */
bool mps2_uart_drained(const struct mps2_uart *uart)
{
    return used(&uart->tx) == 0 && !uart->sending &&
           mps2_now() - uart->sent_ms >= uart->last_byte_ms;
}
