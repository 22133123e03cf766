/* SPDX-License-Identifier: MIT */
/* The non-volatile memory: two slots and the page that production writes. */
#include "mps2.h"

#include "dtu/base.h"

#include <string.h>

enum { SLOTS = 2, SLOT_SIZE = 16384, FACTORY_SIZE = 4096, ERASED = 0xFF };

/* Placed by mps2.ld into memory that the start-up code does not touch. */
__attribute__((section(".nonvolatile"))) static struct {
    uint8_t slots[SLOTS][SLOT_SIZE];
    char factory[FACTORY_SIZE];
} memory;

static bool is_inside(unsigned slot, size_t offset, size_t len)
{
    return slot < SLOTS && offset <= SLOT_SIZE && len <= SLOT_SIZE - offset;
}

static bool read(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len)
{
    (void)ctx;
    if (!is_inside(slot, offset, len))
        return false;
    memcpy(data, memory.slots[slot] + offset, len);
    return true;
}

static bool erase(void *ctx, unsigned slot)
{
    (void)ctx;
    if (!is_inside(slot, 0, SLOT_SIZE))
        return false;
    memset(memory.slots[slot], ERASED, SLOT_SIZE);
    return true;
}

/* As flash: what is not erased is not written. */
static bool write(void *ctx, unsigned slot, size_t offset, const uint8_t *data, size_t len)
{
    (void)ctx;
    if (!is_inside(slot, offset, len))
        return false;
    for (size_t i = 0; i < len; i++)
        if (memory.slots[slot][offset + i] != ERASED)
            return false;
    memcpy(memory.slots[slot] + offset, data, len);
    return true;
}

const struct dtu_store_medium mps2_flash = {
    .slot_size = SLOT_SIZE, .read = read, .erase = erase, .write = write};

/* --- What production has written ------------------------------------------------------------ */

/* The value, if a line is about this name. */
static const char *value_of(const char *line, size_t line_len, const char *name, size_t *len)
{
    size_t name_len = dtu_string_len(name);

    if (line_len <= name_len || line[name_len] != '=' || memcmp(line, name, name_len) != 0)
        return NULL;
    *len = line_len - name_len - 1;
    return line + name_len + 1;
}

const char *mps2_factory_text(const char *name, size_t *len)
{
    const char *line = memory.factory;
    size_t left = sizeof memory.factory;
    const char *end;

    while ((end = memchr(line, '\n', left)) != NULL) {
        const char *value = value_of(line, (size_t)(end - line), name, len);

        if (value != NULL)
            return value;
        left -= (size_t)(end - line) + 1;
        line = end + 1;
    }
    return NULL;
}
