/* SPDX-License-Identifier: MIT */
/* An ATmega1284P in simavr, which prints what the program writes to GPIOR0 and exits with what it
 * writes to GPIOR1.
 *
 *     avr_machine <program.elf> [last address of RAM]
 *
 * The chip has 16 KiB of RAM, up to 0x40FF. A higher last address, at most 0xFFFF, gives a chip
 * that is not made: the same core with more RAM, for tests that need it. Exit status 3: the program
 * could not be loaded, or crashed, or went to sleep. */
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_io.h>
#include <stdio.h>
#include <stdlib.h>

enum { GPIOR0 = 0x3E, GPIOR1 = 0x4A, BROKEN = 3 };

struct outcome {
    int ended;
    int status;
};

static void print(avr_t *avr, avr_io_addr_t address, uint8_t value, void *param)
{
    (void)avr;
    (void)address;
    (void)param;
    putchar(value);
}

static void end(avr_t *avr, avr_io_addr_t address, uint8_t value, void *param)
{
    struct outcome *outcome = param;

    (void)avr;
    (void)address;
    outcome->ended = 1;
    outcome->status = value;
}

static avr_t *make_machine(const char *ram_end)
{
    avr_t *avr = avr_make_mcu_by_name("atmega1284p");

    if (avr == NULL)
        return NULL;
    if (ram_end != NULL)
        avr->ramend = (uint16_t)strtoul(ram_end, NULL, 0);
    avr_init(avr);
    avr->frequency = 16000000;
    return avr;
}

int main(int argc, char **argv)
{
    elf_firmware_t firmware = {0};
    struct outcome outcome = {0, BROKEN};
    avr_t *avr;

    if (argc < 2 || elf_read_firmware(argv[1], &firmware) != 0)
        return BROKEN;
    avr = make_machine(argc > 2 ? argv[2] : NULL);
    if (avr == NULL)
        return BROKEN;
    avr_load_firmware(avr, &firmware);
    avr_register_io_write(avr, GPIOR0, print, NULL);
    avr_register_io_write(avr, GPIOR1, end, &outcome);
    while (!outcome.ended) {
        int state = avr_run(avr);

        if (state == cpu_Done || state == cpu_Crashed || state == cpu_Sleeping)
            break;
    }
    return outcome.status;
}
