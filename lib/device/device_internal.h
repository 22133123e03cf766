/* SPDX-License-Identifier: MIT */
/* What the files of the device have in common. Not installed: dtu/device.h is the interface.
 *
 *     device.c            a device's life: settings, start and stop, time
 *     device_uart.c       the UART: handshake, frames, socket distribution, who may write to it
 *     device_sockets.c    the sockets: queues, links, registration packets, heartbeats
 *     device_commands.c   the AT servers: values, actions, information, channels
 *     device_discovery.c  what the device says of itself to those who look for it
 */
#ifndef DTU_DEVICE_INTERNAL_H
#define DTU_DEVICE_INTERNAL_H

#include "dtu/device.h"

static inline const struct dtu_param_table *table_of(const struct dtu_device *d)
{
    return d->config->profile->table;
}

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* --- device.c ------------------------------------------------------------------------------- */

/* NULL if the product has none. */
const struct dtu_param *dtu_device_row_of(const struct dtu_device *d, unsigned id);

void dtu_device_tell_event(struct dtu_device *d, const struct dtu_device_event *event);

void dtu_device_tell_command(struct dtu_device *d, const struct dtu_param *row,
                             enum dtu_at_form form, enum dtu_status status);
void dtu_device_tell_request(struct dtu_device *d, uint8_t command,
                             enum dtu_discovery_outcome outcome);

/* An event that says no more than this; `kind` is one of DTU_EVENT_... */
void dtu_device_tell(struct dtu_device *d, unsigned kind, unsigned socket, size_t len);

void dtu_device_show(struct dtu_device *d, enum dtu_shows what, unsigned value);

/* Data has come or gone. */
void dtu_device_show_data(struct dtu_device *d);

bool dtu_device_accepts_input(const struct dtu_device *d);
void dtu_device_want_restart(struct dtu_device *d);

/* --- device_uart.c -------------------------------------------------------------------------- */

bool dtu_device_uart_is_taken(const struct dtu_device *d);

/* `ctx` is the device. Takes nothing while something else is on its way. */
size_t dtu_device_to_uart(void *ctx, const uint8_t *data, size_t len);

bool dtu_device_uart_hears_sockets(const struct dtu_device *d);
uint8_t dtu_device_sdp_id(const struct dtu_device_socket *s);
uint32_t dtu_device_pause_ms(const struct dtu_device *d);
bool dtu_device_needs_login(const struct dtu_device *d);

/* The password, as `row` has it. */
enum dtu_status dtu_device_sign_in(struct dtu_device *d, const struct dtu_param *row,
                                   const uint8_t *args, size_t len);

void dtu_device_leave_command_mode(struct dtu_device *d);
void dtu_device_start_uart(struct dtu_device *d);

/* The first that the UART hears, or the user finds, once everything is started. */
void dtu_device_greet(struct dtu_device *d);

void dtu_device_poll_frames(struct dtu_device *d);
void dtu_device_poll_uart(struct dtu_device *d);
uint32_t dtu_device_next_of_uart(const struct dtu_device *d, uint32_t now);

/* --- device_sockets.c ----------------------------------------------------------------------- */

bool dtu_device_is_up(const struct dtu_device_socket *s);
bool dtu_device_takes_data(const struct dtu_device_socket *s);

void dtu_device_pump(struct dtu_device_socket *s);
void dtu_device_send_queued(struct dtu_device_socket *s);
void dtu_device_queue_frame(struct dtu_device_socket *s, const uint8_t *data, size_t len);

/* To all sockets in use. False if none has room. */
bool dtu_device_send_frame(struct dtu_device *d, const uint8_t *data, size_t len);

void dtu_device_start_socket(struct dtu_device_socket *s);
void dtu_device_poll_socket(struct dtu_device *d, unsigned i);
uint32_t dtu_device_next_of_socket(const struct dtu_device_socket *s, uint32_t now);

/* --- device_commands.c ---------------------------------------------------------------------- */

/* What a command or a request leaves in `task`, to be done when it has been taken apart: it needs
 * stack. */
enum dtu_device_task {
    DTU_TASK_NONE,
    DTU_TASK_SAVE,          /* store all settings */
    DTU_TASK_SAVE_OR_UNDO,  /* that, or take back what was set */
    DTU_TASK_SAVE_ROW,      /* store what was `changed`, which takes effect at once */
    DTU_TASK_SAVE_DEFAULTS, /* store all settings as the user's defaults */
    DTU_TASK_RESET,         /* go back to the user's defaults */
    DTU_TASK_RESET_TO_FACTORY,
    DTU_TASK_WRITE_BLOCK /* of a request: what is in `scratch` */
};

/* Does the task, if there is one. `ctx` is the channel of the command, whose line is free. */
enum dtu_status dtu_device_do_task(void *ctx);

/* The answer to an INFO row that shows no link, without quotes. False if there is none. */
bool dtu_device_write_text(struct dtu_device *d, unsigned id, const struct dtu_text *out);

/* The same in memory, and its length; what does not fit is cut off. */
size_t dtu_device_copy_text(struct dtu_device *d, unsigned id, char *text, size_t size);

/* The row whose answer a registration packet or heartbeat of this kind consists of. */
static inline unsigned id_of_text(enum dtu_identity_kind kind)
{
    static const uint8_t ids[] = {[DTU_IDENTITY_ICCID] = DTU_ID_ICCID,
                                  [DTU_IDENTITY_IMEI] = DTU_ID_IMEI,
                                  [DTU_IDENTITY_SN] = DTU_ID_SN,
                                  [DTU_IDENTITY_MAC] = DTU_ID_MAC,
                                  [DTU_IDENTITY_LBS] = DTU_ID_LBS}; /* no other is asked for */
    return ids[kind];
}

bool dtu_device_is_answering(const struct dtu_device_channel *c);

/* Whether data is a command, which `command` is then, without its mark. */
bool dtu_device_find_command(struct dtu_device *d, const uint8_t *data, size_t len);

bool dtu_device_is_offered(const struct dtu_device *d, enum dtu_channel channel);
void dtu_device_start_commands(struct dtu_device *d);
void dtu_device_resume_messages(struct dtu_device *d);

/* Carries out what `command` is. Each ends as its channel's style wants, or with the message. */
void dtu_device_run_commands(struct dtu_device_channel *c);

/* --- device_discovery.c --------------------------------------------------------------------- */

/* `IP,MAC,NAME`, and how long that is. What does not fit is cut off. */
size_t dtu_device_introduce(struct dtu_device *d, uint8_t *text, size_t size);

#endif
