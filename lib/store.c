/* SPDX-License-Identifier: MIT */
#include "dtu/store.h"

#include "dtu/config.h"
#include "dtu/crc.h"

#include <string.h>

#define SLOTS 2u
#define NO_SLOT SLOTS

static const uint8_t magic[4] = {'D', 'T', 'U', '1'};

/* --- The header: magic, sequence, length of the text, CRC of these two and the text --------- */

struct header {
    uint32_t sequence;
    uint32_t len;
    uint32_t crc;
};

static void write_header(const struct header *h, uint8_t bytes[DTU_STORE_HEADER_SIZE])
{
    struct dtu_writer w = dtu_writer(bytes, DTU_STORE_HEADER_SIZE);
    dtu_put_bytes(&w, magic, sizeof magic);
    dtu_put_be32(&w, h->sequence);
    dtu_put_be32(&w, h->len);
    dtu_put_be32(&w, h->crc);
}

/* The CRC of a text begins with that of sequence and length. */
static uint32_t header_crc(const struct header *h)
{
    uint8_t bytes[DTU_STORE_HEADER_SIZE];
    write_header(h, bytes);
    return dtu_crc32(0, bytes + sizeof magic, 8);
}

/* Reads while looking for the newest set, which remembers what it could not see. */
static bool see(struct dtu_store *s, unsigned slot, size_t offset, uint8_t *bytes, size_t len)
{
    bool seen = s->medium->read(s->ctx, slot, offset, bytes, len);
    s->unread = s->unread || !seen;
    return seen;
}

static bool read_header(struct dtu_store *s, unsigned slot, struct header *h)
{
    uint8_t bytes[DTU_STORE_HEADER_SIZE];
    if (!see(s, slot, 0, bytes, sizeof bytes))
        return false;
    struct dtu_reader r = dtu_reader(bytes + sizeof magic, sizeof bytes - sizeof magic);
    h->sequence = dtu_get_be32(&r);
    h->len = dtu_get_be32(&r);
    h->crc = dtu_get_be32(&r);
    return memcmp(bytes, magic, sizeof magic) == 0 &&
           h->len <= s->medium->slot_size - DTU_STORE_HEADER_SIZE;
}

static bool text_is_whole(struct dtu_store *s, unsigned slot, const struct header *h)
{
    uint8_t chunk[DTU_STORE_CHUNK_SIZE];
    uint32_t crc = header_crc(h);
    uint32_t at = 0;
    while (at < h->len) {
        size_t len = h->len - at < sizeof chunk ? (size_t)(h->len - at) : sizeof chunk;
        if (!see(s, slot, DTU_STORE_HEADER_SIZE + (size_t)at, chunk, len))
            return false;
        crc = dtu_crc32(crc, chunk, len);
        at += (uint32_t)len;
    }
    return crc == h->crc;
}

static bool newer(uint32_t a, uint32_t b)
{
    return a != b && dtu_elapsed(a, b) < UINT32_C(1) << 31;
}

/* Finds the newest set. One that was found beside a slot that cannot be read will do. */
static void look(struct dtu_store *s)
{
    s->newest = NO_SLOT;
    s->unread = false;
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct header h;
        if (!read_header(s, slot, &h) || !text_is_whole(s, slot, &h))
            continue;
        if (s->newest != NO_SLOT && !newer(h.sequence, s->sequence))
            continue;
        s->newest = (uint8_t)slot;
        s->sequence = h.sequence;
        s->len = h.len;
    }
    s->unread = s->unread && s->newest == NO_SLOT;
}

enum dtu_status dtu_store_init(struct dtu_store *s, const struct dtu_store_medium *medium,
                               void *ctx)
{
    if (medium->read == NULL || medium->erase == NULL || medium->write == NULL ||
        medium->slot_size < DTU_STORE_HEADER_SIZE + DTU_STORE_CHUNK_SIZE)
        return DTU_ERR_CONFIG;
    memset(s, 0, sizeof *s);
    s->medium = medium;
    s->ctx = ctx;
    look(s);
    return DTU_OK;
}

/* --- Reading the stored text a line at a time ----------------------------------------------- */

struct lines {
    struct dtu_store *store;
    uint8_t *line;
    size_t size;
    uint32_t at; /* in the text */
    bool failed; /* the medium did */
};

/* Takes one byte of text into the line; true if that ended it. */
static bool gather(struct lines *l, uint8_t byte, size_t *len)
{
    if (byte == '\n')
        return true;
    if (*len < l->size)
        l->line[*len] = byte;
    ++*len; /* beyond `size`: the line is too long, and is skipped */
    return false;
}

/* The next line of the stored text, without its end. `*len` may exceed the line's size: then it was
 * too long and only its beginning is there. */
static bool next_line(struct lines *l, size_t *len)
{
    struct dtu_store *s = l->store;
    uint8_t chunk[DTU_STORE_CHUNK_SIZE];

    *len = 0;
    while (l->at < s->len) {
        size_t n = s->len - l->at < sizeof chunk ? (size_t)(s->len - l->at) : sizeof chunk;
        size_t offset = DTU_STORE_HEADER_SIZE + (size_t)l->at;
        if (!s->medium->read(s->ctx, s->newest, offset, chunk, n)) {
            l->failed = true;
            return false;
        }
        for (size_t i = 0; i < n; i++) {
            l->at++;
            if (gather(l, chunk[i], len))
                return true;
        }
    }
    return false;
}

static bool load_line(struct dtu_params *params, const uint8_t *line, size_t len)
{
    struct dtu_config_line parts;
    return dtu_config_split(params->table, line, len, &parts) == DTU_OK &&
           dtu_config_take(params, &parts) == DTU_OK;
}

enum dtu_status dtu_store_load(struct dtu_store *s, struct dtu_params *params, uint8_t *scratch,
                               size_t size)
{
    struct lines l = {s, scratch, size, 0, false};
    size_t len;

    if (s->unread)
        look(s);
    if (s->newest == NO_SLOT)
        return s->unread ? DTU_ERR_IO : DTU_ERR_NOT_FOUND;
    while (next_line(&l, &len))
        if (len > size || !load_line(params, scratch, len))
            s->stats.skipped++;
    return l.failed ? DTU_ERR_IO : DTU_OK;
}

/* --- Making the text to be stored ----------------------------------------------------------- */

/* What a new text is made of. */
struct source {
    const struct dtu_params *params;
    enum dtu_param_set set;
    const struct dtu_param *row; /* only this one is new; NULL: all are */
    struct lines old;            /* where the others come from */
};

static void write_all(const struct source *from, const struct dtu_text *out)
{
    const struct dtu_param_table *table = from->params->table;
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].kind == DTU_PARAM_SETTING || table->rows[i].kind == DTU_PARAM_SECRET)
            dtu_config_write_row(from->params, from->set, &table->rows[i], out);
}

/* Whether a stored line is about a row. */
static bool is_about(const struct source *from, const uint8_t *line, size_t len)
{
    struct dtu_config_line parts;
    (void)dtu_config_split(from->params->table, line, len, &parts);
    return parts.row == from->row;
}

/* False if the medium failed. */
static bool write_old_and_row(struct source *from, const struct dtu_text *out)
{
    struct lines *old = &from->old;
    size_t len;

    old->at = 0;
    while (old->store->newest != NO_SLOT && next_line(old, &len)) {
        if (len > old->size || is_about(from, old->line, len))
            continue;
        dtu_text_bytes(out, old->line, len);
        dtu_text_char(out, '\n');
    }
    dtu_config_write_row(from->params, from->set, from->row, out);
    return !old->failed;
}

static bool write_text(struct source *from, const struct dtu_text *out)
{
    if (from->row != NULL)
        return write_old_and_row(from, out);
    write_all(from, out);
    return true;
}

/* The first pass only measures. */
static void measure(void *ctx, const uint8_t *data, size_t len)
{
    struct header *h = ctx;
    (void)data;
    h->len += (uint32_t)len;
}

static void sum_up(void *ctx, const uint8_t *data, size_t len)
{
    struct header *h = ctx;
    h->crc = dtu_crc32(h->crc, data, len);
}

/* The last pass writes, in chunks. */
struct chunks {
    struct dtu_store *store;
    unsigned slot;
    size_t at; /* where the chunk goes */
    uint8_t chunk[DTU_STORE_CHUNK_SIZE];
    size_t len;
    bool failed;
};

static void write_chunk(struct chunks *c)
{
    const struct dtu_store_medium *medium = c->store->medium;
    memset(c->chunk + c->len, 0xFF, sizeof c->chunk - c->len);
    if (!c->failed && !medium->write(c->store->ctx, c->slot, c->at, c->chunk, sizeof c->chunk))
        c->failed = true;
    c->at += sizeof c->chunk;
    c->len = 0;
}

static void to_medium(void *ctx, const uint8_t *data, size_t len)
{
    struct chunks *c = ctx;
    while (len > 0) {
        size_t room = sizeof c->chunk - c->len;
        size_t n = len < room ? len : room;
        memcpy(c->chunk + c->len, data, n);
        c->len += n;
        data += n;
        len -= n;
        if (c->len == sizeof c->chunk)
            write_chunk(c);
    }
}

/* --- Saving --------------------------------------------------------------------------------- */

static bool fits(const struct dtu_store *s, uint32_t len)
{
    size_t room = s->medium->slot_size - DTU_STORE_HEADER_SIZE;
    return len <= room - room % DTU_STORE_CHUNK_SIZE; /* whole chunks are written */
}

static bool write_slot(struct dtu_store *s, unsigned slot, const struct header *h,
                       struct source *from)
{
    const struct dtu_store_medium *medium = s->medium;
    struct chunks c = {s, slot, DTU_STORE_HEADER_SIZE, {0}, 0, false};
    const struct dtu_text out = {to_medium, &c};
    uint8_t bytes[DTU_STORE_HEADER_SIZE];

    if (!medium->erase(s->ctx, slot) || !write_text(from, &out))
        return false;
    if (c.len > 0)
        write_chunk(&c);
    write_header(h, bytes);
    if (c.failed || !medium->write(s->ctx, slot, 0, bytes, sizeof bytes))
        return false;
    return medium->sync == NULL || medium->sync(s->ctx, slot);
}

static enum dtu_status save(struct dtu_store *s, struct source *from)
{
    struct header h = {s->sequence + 1, 0, 0};
    const struct dtu_text measuring = {measure, &h};
    const struct dtu_text summing = {sum_up, &h};
    unsigned slot = s->newest == 0 ? 1 : 0;

    /* what was not seen may be the newest set, and have a later number */
    if (s->unread || !write_text(from, &measuring))
        return DTU_ERR_IO;
    if (!fits(s, h.len))
        return DTU_ERR_SPACE;
    h.crc = header_crc(&h);
    if (!write_text(from, &summing) || !write_slot(s, slot, &h, from))
        return DTU_ERR_IO;
    s->newest = (uint8_t)slot;
    s->sequence = h.sequence;
    s->len = h.len;
    return DTU_OK;
}

static enum dtu_status save_counted(struct dtu_store *s, struct source *from)
{
    enum dtu_status status = save(s, from);
    if (status == DTU_OK)
        s->stats.saved++;
    else
        s->stats.failed++;
    return status;
}

enum dtu_status dtu_store_save(struct dtu_store *s, const struct dtu_params *params,
                               enum dtu_param_set set)
{
    struct source from = {params, set, NULL, {s, NULL, 0, 0, false}};
    return save_counted(s, &from);
}

enum dtu_status dtu_store_save_row(struct dtu_store *s, const struct dtu_params *params,
                                   const struct dtu_param *row, uint8_t *scratch, size_t size)
{
    struct source from = {params, DTU_PARAMS_PENDING, row, {s, scratch, size, 0, false}};
    return save_counted(s, &from);
}
