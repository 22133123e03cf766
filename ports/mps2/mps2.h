/* SPDX-License-Identifier: MIT */
/**
 * @file mps2.h
 * The port of libdtu to a bare Cortex-M: Arm's MPS2 board with the image AN385 (Cortex-M3) or AN505
 * (Cortex-M33), which are QEMU's machines mps2-an385 and mps2-an505. No operating system; of a C
 * library the five functions that libdtu needs.
 *
 *     static uint8_t rx[512], tx[1024];
 *     static const struct mps2_uart_config config = {
 *         .number = 0, .rx = rx, .rx_size = sizeof rx, .tx = tx, .tx_size = sizeof tx};
 *     static struct mps2_uart uart;
 *
 *     mps2_start_clock();
 *     mps2_uart_open(&uart, &config, 115200);
 *     for (;;) {
 *         len = mps2_uart_peek(&uart, &data);
 *         mps2_uart_consume(&uart, use(data, len));    // what is not used stays in the ring
 *         mps2_sleep(until_something_is_due);
 *     }
 *
 * Everything here is called from the main loop, unless it says otherwise; nothing waits but
 * mps2_sleep().
 */
#ifndef MPS2_H
#define MPS2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtu/store.h"

/* --- The processor -------------------------------------------------------------------------- */

/** Starts the clock. Call it once, first. */
void mps2_start_clock(void);

/** The time in milliseconds; it wraps, for the first time 20 s after each reset. Interrupts may
 * call it too.
 * @return the time */
uint32_t mps2_now(void);

/** Sleeps until an interrupt has called mps2_wake(), or the time is over; not at all if one has
 * called it since the last sleep. Other interrupts are served on the way.
 * @param at_most_ms the longest time in milliseconds */
void mps2_sleep(uint32_t at_most_ms);

/** There is something to do: ends the present mps2_sleep(), or else the next one. Interrupts may
 * call it too. */
void mps2_wake(void);

/** Resets the processor and its peripherals. RAM keeps its contents until the start-up code runs;
 * the non-volatile memory keeps them in any case. */
void mps2_reset(void) __attribute__((noreturn));

/** How much of the stack has ever been used, as far as anybody can tell: the start-up code has
 * painted it, and what is not as painted was used.
 * @return bytes */
size_t mps2_stack_used(void);

/** @return how large the stack is, in bytes */
size_t mps2_stack_size(void);

/* --- UARTs ---------------------------------------------------------------------------------- */

/** How many UARTs are driven: 0 to 2. */
#define MPS2_UARTS 3

/** What a UART works with. */
struct mps2_uart_config {
    unsigned number; /**< Which of the board's, 0 to 2. */
    uint8_t *rx;     /**< Memory for what came. */
    size_t rx_size;  /**< Of that, in bytes: a power of 2. */
    uint8_t *tx;     /**< Memory for what is to go out. */
    size_t tx_size;  /**< Of that, in bytes: a power of 2. */
};

/** Bytes on their way between an interrupt and the main loop; one side puts, the other one takes,
 * so that neither has to lock the other out. Private. */
struct mps2_ring {
    uint8_t *data;       /**< private */
    size_t size;         /**< private */
    volatile size_t in;  /**< private: how many were put; wraps */
    volatile size_t out; /**< private: how many were taken */
};

/** A UART. The fields are private, but for `overruns`. */
struct mps2_uart {
    struct mps2_uart_regs *regs; /**< private */
    struct mps2_ring rx;         /**< private: what came */
    struct mps2_ring tx;         /**< private: what is to go out */
    volatile bool sending;       /**< private: the transmitter has a byte */
    volatile uint32_t sent_ms;   /**< private: when it had the last one */
    uint32_t last_byte_ms;       /**< private: how long that takes at most */
    volatile uint32_t overruns;  /**< times that the hardware had no room for what came; wraps */
};

/** Begins to receive and to send, 8 data bits, no parity, 1 stop bit: the hardware has nothing
 * else. Its interrupts are those of the lowest priority. Call it once for each UART.
 * @param uart   it; must stay where it is
 * @param config its memory, which must stay
 * @param baud   its rate in bits a second; see mps2_uart_set_baud() */
void mps2_uart_open(struct mps2_uart *uart, const struct mps2_uart_config *config, uint32_t baud);

/** Sets the rate, at once: see mps2_uart_drained().
 * @param uart it
 * @param baud bits a second; what the hardware cannot do becomes the nearest that it can: 1/16 of
 * the processor's clock at most */
void mps2_uart_set_baud(struct mps2_uart *uart, uint32_t baud);

/** What has come: as many bytes as lie in one piece. They stay until they are consumed.
 * @param uart it
 * @param data where a pointer to them goes
 * @return how many; 0: none. After they are consumed there may be more */
size_t mps2_uart_peek(const struct mps2_uart *uart, const uint8_t **data);

/** Makes room for as many bytes. A ring that was full has kept the interrupt off: bytes have waited
 * in the hardware, which has room for one, and the next ones are overruns.
 * @param uart it
 * @param len  how many, of those that mps2_uart_peek() showed */
void mps2_uart_consume(struct mps2_uart *uart, size_t len);

/** @param uart it
 * @return how many bytes mps2_uart_write() would take. */
size_t mps2_uart_room(const struct mps2_uart *uart);

/** Puts what there is room for into the ring, and wakes the main loop when half of the ring and
 * when all of it has been sent.
 * @param uart it
 * @param data the bytes
 * @param len  how many
 * @return how many were taken */
size_t mps2_uart_write(struct mps2_uart *uart, const uint8_t *data, size_t len);

/** Whether the last bit of what was written is out on the line.
 * @param uart it
 * @return true if the rate can be changed, or the processor reset, without harm to it */
bool mps2_uart_drained(const struct mps2_uart *uart);

/* --- Non-volatile memory -------------------------------------------------------------------- */

/** Two slots for settings. The board has no flash to write to, so a region of its PSRAM is treated
 * like one: it is erased by slots, and only what is erased can be written. It outlives a reset, and
 * in QEMU, with a file behind it, a loss of power too. Its ctx is NULL. */
extern const struct dtu_store_medium mps2_flash;

/** The text that production has written for this one board, a `NAME=VALUE` and LF a line: its
 * numbers.
 * @param name what is looked for, such as `IMEI`
 * @param len  where the length of the value goes
 * @return the value, not terminated; NULL if there is none */
const char *mps2_factory_text(const char *name, size_t *len);

#endif
