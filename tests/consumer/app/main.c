/* SPDX-License-Identifier: MIT */
/* An outside program: prints the version of the library, and what one engine made of 12 bytes. */
#include <stdint.h>
#include <stdio.h>

#include <dtu/base.h>
#include <dtu/framer.h>

static bool print_frame(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    printf("%.*s\n", (int)len, (const char *)data);
    return true;
}

int main(void)
{
    static uint8_t buffer[16];
    static const struct dtu_framer_config config = {
        .buffer = buffer, .size = sizeof buffer, .packet_len = 6, .gap_us = 50000};
    static const struct dtu_framer_callbacks callbacks = {.frame = print_frame};
    struct dtu_framer framer;

    printf("%s\n", dtu_version());
    if (dtu_framer_init(&framer, &config, &callbacks, NULL) != DTU_OK) {
        return 1;
    }
    return dtu_framer_feed(&framer, (const uint8_t *)"first.second", 12, 0) == 12 ? 0 : 1;
}
