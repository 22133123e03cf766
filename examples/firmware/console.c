/* SPDX-License-Identifier: MIT */
/* Messages to the developer. What the console has no room for is dropped: it must not hold up the
 * module. */
#include "firmware.h"

enum { LOOK_MS = 100 };

static void write_console(void *ctx, const uint8_t *data, size_t len)
{
    struct firmware *f = ctx;

    (void)mps2_uart_write(&f->console_uart, data, len);
}

static const char *link_text(enum dtu_link_state state)
{
    switch (state) {
    case DTU_LINK_OFF:
        return "off";
    case DTU_LINK_IDLE:
        return "waits for data";
    case DTU_LINK_OPENING:
        return "connecting";
    case DTU_LINK_UP:
        return "connected";
    case DTU_LINK_WAIT:
        return "waits to connect again";
    case DTU_LINK_GIVEN_UP:
        return "failed too often: the module restarts";
    }
    return "?";
}

void console_event(void *ctx, const struct dtu_device_event *event)
{
    const struct dtu_text out = {write_console, ctx};

    switch (event->kind) {
    case DTU_EVENT_START:
        dtu_text_string(&out, "started\n");
        break;
    case DTU_EVENT_LINK:
        dtu_text_string(&out, "socket ");
        dtu_text_char(&out, (char)('A' + event->socket));
        dtu_text_string(&out, ": ");
        dtu_text_string(&out, link_text(event->link));
        dtu_text_char(&out, '\n');
        break;
    case DTU_EVENT_UNSERVED:
        dtu_text_string(&out, event->row->name);
        dtu_text_string(&out, " asks for what this version does not do: it is off\n");
        break;
    default:
        break;
    }
}

void console_tell_stack(struct firmware *f)
{
    const struct dtu_text out = {write_console, f};
    size_t used = mps2_stack_used();

    if (used <= f->stack_told)
        return;
    f->stack_told = used;
    dtu_text_string(&out, "stack: ");
    dtu_text_decimal(&out, (uint32_t)used);
    dtu_text_string(&out, " of ");
    dtu_text_decimal(&out, (uint32_t)mps2_stack_size());
    dtu_text_string(&out, " bytes used\n");
}

void console_poll(struct firmware *f, uint32_t now)
{
    if (dtu_elapsed(now, f->console_ms) < LOOK_MS)
        return;
    f->console_ms = now;
    console_tell_stack(f);
}
