/* SPDX-License-Identifier: MIT */
/* Where a module is after a restart with new settings. */
#include "ways.h"

#include <stdio.h>
#include <string.h>

#include "dtu/settings.h"

/* What a module takes to see the pause is its packing time; this is for the clocks and the tty. */
enum { GUARD_MORE_MS = 100 };

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_uart(const struct dtu_uart *a, const struct dtu_uart *b)
{
    return a->baud == b->baud && a->data_bits == b->data_bits && a->stop_bits == b->stop_bits &&
           a->parity == b->parity && a->flow == b->flow;
}

static bool same_way(const struct options *a, const struct options *b)
{
    return same_uart(&a->tty.uart, &b->tty.uart) && a->guard_ms == b->guard_ms &&
           strcmp(a->udp.host, b->udp.host) == 0 && a->udp.port == b->udp.port &&
           same_text(a->keyword, b->keyword) && same_text(a->prefix, b->prefix);
}

static void add(struct ways *w, const struct options *way)
{
    for (size_t i = 0; i < w->count; i++)
        if (same_way(way, w->pointers[i]))
            return;
    w->list[w->count] = *way;
    w->pointers[w->count] = &w->list[w->count];
    w->count++;
}

/* The bytes of a text field as a string that fits, or NULL. */
static const char *text_of(const struct dtu_params *params, unsigned id, uint8_t field, char *out,
                           size_t size)
{
    size_t len;
    const uint8_t *bytes = dtu_settings_bytes(params, id, field, &len);

    if (bytes == NULL || len == 0 || len >= size || memchr(bytes, 0, len) != NULL)
        return NULL;
    memcpy(out, bytes, len);
    out[len] = '\0';
    return out;
}

/* --- A tty ---------------------------------------------------------------------------------- */

static void follow_tty(struct options *way, const struct conf *c, const struct dtu_params *params)
{
    struct dtu_settings settings;

    dtu_settings_read(&settings, c->profile, params);
    way->tty.uart = settings.uart;
    way->tty.uart.flow = DTU_FLOW_NONE; /* whether the wires are there is not known */
    if (way->guard_ms < settings.guard_ms + GUARD_MORE_MS)
        way->guard_ms = settings.guard_ms + GUARD_MORE_MS;
}

/* --- Commands in the data stream ------------------------------------------------------------ */

static void follow_prefix(struct ways *w, struct options *way, const struct conf *c,
                          const struct dtu_params *params)
{
    if (text_of(params, DTU_ID_CMDPW, 0, w->prefix, sizeof w->prefix - 1) == NULL)
        return;
    if (c->profile->mark == DTU_INSTREAM_HASH)
        strcat(w->prefix, "#");
    way->prefix = w->prefix;
}

/* --- UDP ------------------------------------------------------------------------------------ */

/* The address that the module gives itself, if it does. */
static bool own_address(struct endpoint *e, const struct conf *c, const struct dtu_params *params)
{
    const struct dtu_param *row = dtu_params_by_id(c->profile->table, DTU_ID_WANN);
    size_t len;
    const uint8_t *ip = dtu_params_bytes(params, row, 1, &len);

    if (!dtu_params_is(params, row, 0, "static") || len != 4)
        return false;
    snprintf(e->host, sizeof e->host, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
    return true;
}

static void add_udp(struct ways *w, const struct options *o, const struct conf *c,
                    const struct dtu_params *params)
{
    const struct dtu_param *search = dtu_params_by_id(c->profile->table, DTU_ID_SEARCH);
    struct options way = *o;

    if (search == NULL)
        return;
    if (text_of(params, DTU_ID_SEARCH, 1, w->keyword, sizeof w->keyword) != NULL)
        way.keyword = w->keyword;
    way.udp.port = (uint16_t)dtu_params_number(params, search, 0);
    add(w, &way);
    if (own_address(&way.udp, c, params))
        add(w, &way);
    way.udp = o->udp;
    add(w, &way);
}

/* --- All of them ---------------------------------------------------------------------------- */

void ways_find(struct ways *w, const struct options *o, const struct conf *c)
{
    const struct dtu_params params = dtu_params_pending(&c->params);
    struct options way = *o;

    w->count = 0;
    if (o->tty.path != NULL)
        follow_tty(&way, c, &params);
    if (o->prefix != NULL)
        follow_prefix(w, &way, c, &params);
    if (o->udp.text != NULL)
        add_udp(w, o, c, &params);
    else
        add(w, &way);
    add(w, o);
    if (same_way(&w->list[0], o))
        w->pointers[0] = o; /* the way is not left */
}
