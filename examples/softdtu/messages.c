/* SPDX-License-Identifier: MIT */
#include "messages.h"

#include <stdio.h>
#include <time.h>

static void print_time(void)
{
    struct timespec t;
    struct tm local;
    char text[16];
    clock_gettime(CLOCK_REALTIME, &t);
    localtime_r(&t.tv_sec, &local);
    strftime(text, sizeof text, "%H:%M:%S", &local);
    printf("%s.%03ld ", text, t.tv_nsec / 1000000);
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

static const char *form_text(enum dtu_at_form form)
{
    switch (form) {
    case DTU_AT_BARE:
        return "";
    case DTU_AT_QUERY:
        return "?";
    case DTU_AT_RANGE:
        return "=?";
    case DTU_AT_SET:
        return "=...";
    }
    return "";
}

static void print_uart(const struct instance *m)
{
    const struct dtu_uart *u = dtu_device_uart(dtu_posix_module_device(m->module));
    static const char parities[] = "NOEMS";
    printf("UART %lu %u%c%u\n", (unsigned long)u->baud, (unsigned)u->data_bits, parities[u->parity],
           (unsigned)u->stop_bits);
}

static const char *request_text(size_t command)
{
    switch (command) {
    case DTU_DISCOVERY_SEARCH:
        return "search";
    case DTU_DISCOVERY_RESTART:
        return "restart";
    case DTU_DISCOVERY_READ:
        return "read";
    case DTU_DISCOVERY_SAVE:
        return "save";
    case DTU_DISCOVERY_BASIC:
        return "set the basic block";
    case DTU_DISCOVERY_FACTORY:
        return "factory settings";
    case DTU_DISCOVERY_CLOUD:
        return "set the cloud block";
    default:
        return command >= DTU_DISCOVERY_PORT_0 && command <= DTU_DISCOVERY_PORT_0 + 2
                   ? "set a port block"
                   : "unknown";
    }
}

static const char *outcome_text(enum dtu_discovery_outcome outcome)
{
    switch (outcome) {
    case DTU_DISCOVERY_IGNORED:
        return "ignored";
    case DTU_DISCOVERY_DAMAGED:
        return "wrong sum";
    case DTU_DISCOVERY_DENIED:
        return "wrong login";
    case DTU_DISCOVERY_FAILED:
        return "refused";
    case DTU_DISCOVERY_SERVED:
        return "done";
    }
    return "?";
}

static const char *report_text(size_t code)
{
    switch (code) {
    case DTU_SDP_BAD_HEAD:
        return "no frame";
    case DTU_SDP_BAD_LENGTH:
        return "wrong length";
    case DTU_SDP_BAD_SOCKET:
        return "no such socket";
    case DTU_SDP_BAD_SUM:
        return "wrong sum";
    case DTU_SDP_SEND_FAILED:
        return "not connected";
    default:
        return "?";
    }
}

/* Which of several modules it is. */
static void print_who(const struct instance *m)
{
    print_time();
    if (m->program->options->count > 1)
        printf("%u: ", m->index + 1);
}

static void print_event(const struct instance *m, const struct dtu_device_event *e)
{
    char socket = (char)('A' + e->socket);

    print_who(m);
    switch (e->kind) {
    case DTU_EVENT_START:
        printf("started as %s, ", m->program->options->profile->name);
        print_uart(m);
        break;
    case DTU_EVENT_FRAME:
        printf("UART: frame of %zu bytes\n", e->len);
        break;
    case DTU_EVENT_DATA:
        printf("socket %c: %zu bytes to the UART\n", socket, e->len);
        break;
    case DTU_EVENT_LINK:
        printf("socket %c: %s\n", socket,
               e->listens && e->link == DTU_LINK_OPENING ? "opens its port" : link_text(e->link));
        break;
    case DTU_EVENT_MODE:
        printf("command mode: %s\n", e->len > 0 ? "entered" : "left");
        break;
    case DTU_EVENT_COMMAND:
        printf("command: %s%s%s: %s\n", e->row != NULL ? "AT+" : "AT",
               e->row != NULL ? e->row->name : "", form_text(e->form), dtu_status_text(e->status));
        break;
    case DTU_EVENT_UNSERVED:
        printf("%s asks for what this version does not do: it is off\n", e->row->name);
        break;
    case DTU_EVENT_UART:
        printf("socket %c sets the ", socket);
        print_uart(m);
        break;
    case DTU_EVENT_LENT:
        printf("RFC 2217: %s, ", e->len > 0 ? "a client has the UART" : "the UART is back");
        print_uart(m);
        break;
    case DTU_EVENT_REPORT:
        printf("UART: reported: %s\n", report_text(e->len));
        break;
    case DTU_EVENT_REQUEST:
        printf("discovery: %s: %s\n", request_text(e->len), outcome_text(e->outcome));
        break;
    }
}

void print_counters(const struct instance *m)
{
    const struct dtu_device *d = dtu_posix_module_device(m->module);
    const struct dtu_device_stats *n = &d->stats;
    unsigned long dropped = 0;

    for (size_t i = 0; i < m->program->options->profile->sockets; i++)
        dropped += d->sockets[i].queue.stats.dropped;
    print_who(m);
    printf("in all: %lu frames, %lu for no socket, %lu packets dropped; bytes: %lu sent, "
           "%lu of them not acknowledged, %lu of them again, %lu received\n",
           (unsigned long)n->frames, (unsigned long)n->unheard + (unsigned long)n->unsent, dropped,
           (unsigned long)n->sent_bytes, (unsigned long)n->lost_bytes,
           (unsigned long)n->resent_bytes, (unsigned long)n->received_bytes);
}

void warn(const struct instance *m, const char *text, const char *more)
{
    if (m->program->options->count > 1)
        fprintf(stderr, "softdtu: %u: %s%s\n", m->index + 1, text, more);
    else
        fprintf(stderr, "softdtu: %s%s\n", text, more);
}

void on_event(void *ctx, const struct dtu_device_event *e)
{
    const struct instance *m = ctx;
    char name[32];
    if (m->program->options->verbose) {
        print_event(m, e);
        return;
    }
    if (e->kind != DTU_EVENT_UNSERVED)
        return;
    snprintf(name, sizeof name, "AT+%s", e->row->name);
    warn(m, name, " asks for what this version does not do: it is off");
}

void on_note(void *ctx, const char *text)
{
    const struct instance *m = ctx;
    if (!m->program->options->verbose) {
        warn(m, text, "");
        return;
    }
    print_who(m);
    printf("%s\n", text);
}

void on_led(void *ctx, enum dtu_led led, bool lit)
{
    static const char *const names[DTU_LEDS] = {"PWR", "WORK", "NET", "LINKA", "LINKB", "DATA"};
    print_who(ctx);
    printf("LED %s: %s\n", names[led], lit ? "light" : "dark");
}
