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

static void write_header(uint8_t bytes[DTU_STORE_HEADER_SIZE], uint32_t sequence, uint32_t len,
                         uint32_t crc)
{
    struct dtu_writer w = dtu_writer(bytes, DTU_STORE_HEADER_SIZE);
    dtu_put_bytes(&w, magic, sizeof magic);
    dtu_put_be32(&w, sequence);
    dtu_put_be32(&w, len);
    dtu_put_be32(&w, crc);
}

/* The CRC of a text begins with that of sequence and length. `bytes` is memory for a header. */
static uint32_t header_crc(uint8_t bytes[DTU_STORE_HEADER_SIZE], uint32_t sequence, uint32_t len)
{
    write_header(bytes, sequence, len, 0);
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
    uint32_t crc = header_crc(chunk, h->sequence, h->len);
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

static void start_over(struct dtu_store *s)
{
    s->read = 0;
    s->failed = false;
}

/* Takes one byte of text into the line; true if that ended it. */
static bool gather(struct dtu_store *s, uint8_t byte)
{
    if (byte == '\n')
        return true;
    if (s->line_len < s->line_size)
        s->line[s->line_len] = byte;
    s->line_len++; /* beyond the line's size: it is too long, and is skipped */
    return false;
}

/* The next line of the stored text, without its end. It may exceed the line's size: then it was too
 * long and only its beginning is there. */
static bool next_line(struct dtu_store *s)
{
    uint8_t chunk[DTU_STORE_CHUNK_SIZE];

    s->line_len = 0;
    while (s->read < s->len) {
        size_t n = s->len - s->read < sizeof chunk ? (size_t)(s->len - s->read) : sizeof chunk;
        size_t offset = DTU_STORE_HEADER_SIZE + (size_t)s->read;
        if (!s->medium->read(s->ctx, s->newest, offset, chunk, n)) {
            s->failed = true;
            return false;
        }
        for (size_t i = 0; i < n; i++) {
            s->read++;
            if (gather(s, chunk[i]))
                return true;
        }
    }
    return false;
}

/* What the line that was read says. */
static enum dtu_status split_line(struct dtu_store *s, const struct dtu_param_table *table)
{
    return dtu_config_split(table, s->line, s->line_len, &s->parts);
}

enum dtu_status dtu_store_load(struct dtu_store *s, struct dtu_params *params, uint8_t *scratch,
                               size_t size)
{
    if (s->unread)
        look(s);
    if (s->newest == NO_SLOT)
        return s->unread ? DTU_ERR_IO : DTU_ERR_NOT_FOUND;
    s->line = scratch;
    s->line_size = size;
    start_over(s);
    while (next_line(s))
        if (s->line_len > size || split_line(s, params->table) != DTU_OK ||
            dtu_config_take(params, &s->parts) != DTU_OK)
            s->stats.skipped++;
    return s->failed ? DTU_ERR_IO : DTU_OK;
}

/* --- Making the text to be stored ----------------------------------------------------------- */

/* The text is made twice, in the same way: to learn how long it is, and to write it. */

/* Writes the chunk, unless the text is only measured. If it is longer than was measured, which a
 * medium that reads otherwise now can do, it ends at the slot's end. */
static bool write_chunk(struct dtu_store *s, size_t offset, size_t len)
{
    return s->measuring || (len <= s->medium->slot_size - offset &&
                            s->medium->write(s->ctx, s->slot, offset, s->chunk, len));
}

static bool end_chunk(struct dtu_store *s)
{
    size_t offset = DTU_STORE_HEADER_SIZE + (size_t)s->at;

    memset(s->chunk + s->used, 0xFF, sizeof s->chunk - s->used);
    s->crc = dtu_crc32(s->crc, s->chunk, s->used);
    s->sum = dtu_crc32(s->sum, s->chunk, s->used);
    s->at += s->used;
    s->used = 0;
    return write_chunk(s, offset, sizeof s->chunk);
}

/* Takes what has room in the chunk, behind what went before. */
static void take_text(void *ctx, const uint8_t *data, size_t len)
{
    struct dtu_store *s = ctx;

    for (; len > 0; len--, data++) {
        if (s->skip > 0)
            s->skip--;
        else if (s->used < sizeof s->chunk)
            s->chunk[s->used++] = *data;
        else
            s->full = true;
    }
}

/* The text of a row, or the line that was read if it is none. It is written once more for each
 * further chunk that it needs: so a chunk is not written from under it, where stack is short. */
static bool put(struct dtu_store *s, const struct dtu_param *row)
{
    const struct dtu_text out = {take_text, s};
    uint32_t begin = s->at + s->used;

    for (;;) {
        s->skip = s->at + s->used - begin;
        s->full = false;
        if (row != NULL) {
            dtu_config_write_row(s->params, (enum dtu_param_set)s->set, row, &out);
        } else {
            dtu_text_bytes(&out, s->line, s->line_len);
            dtu_text_char(&out, '\n');
        }
        if (!s->full)
            return true;
        if (!end_chunk(s))
            return false;
    }
}

static bool is_stored(const struct dtu_param *row)
{
    return row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_SECRET;
}

static bool put_all(struct dtu_store *s)
{
    const struct dtu_param_table *table = s->params->table;
    for (size_t i = 0; i < table->count; i++)
        if (is_stored(&table->rows[i]) && !put(s, &table->rows[i]))
            return false;
    return true;
}

/* Whether a stored line is about the row that is new. */
static bool is_replaced(struct dtu_store *s)
{
    (void)split_line(s, s->params->table); /* its row is NULL if that fails */
    return s->parts.row == s->row;
}

static bool put_old_and_row(struct dtu_store *s)
{
    start_over(s);
    while (s->newest != NO_SLOT && next_line(s)) {
        if (s->line_len > s->line_size || is_replaced(s))
            continue;
        if (!put(s, NULL))
            return false;
    }
    return !s->failed && put(s, s->row);
}

/* False if the medium failed. */
static bool make_text(struct dtu_store *s, bool measuring)
{
    s->measuring = measuring;
    s->sum = 0;
    s->at = 0;
    s->used = 0;
    if (s->row != NULL ? !put_old_and_row(s) : !put_all(s))
        return false;
    return s->used == 0 || end_chunk(s);
}

/* --- Saving --------------------------------------------------------------------------------- */

static bool fits(const struct dtu_store *s)
{
    size_t room = s->medium->slot_size - DTU_STORE_HEADER_SIZE;
    return s->at <= room - room % DTU_STORE_CHUNK_SIZE; /* whole chunks are written */
}

/* Its text, which has been measured, and behind that its header. The old text that was read for it
 * has to have been the same both times: what the header's CRC is of would be good whatever it is.
 */
static bool write_slot(struct dtu_store *s)
{
    uint32_t measured = s->sum;

    s->crc = header_crc(s->chunk, s->sequence + 1, s->at);
    if (!s->medium->erase(s->ctx, s->slot) || !make_text(s, false) || s->sum != measured)
        return false;
    write_header(s->chunk, s->sequence + 1, s->at, s->crc);
    if (!write_chunk(s, 0, DTU_STORE_HEADER_SIZE))
        return false;
    return s->medium->sync == NULL || s->medium->sync(s->ctx, s->slot);
}

static enum dtu_status save(struct dtu_store *s)
{
    /* what was not seen may be the newest set, and have a later number */
    if (s->unread || !make_text(s, true))
        return DTU_ERR_IO;
    if (!fits(s))
        return DTU_ERR_SPACE;
    s->slot = s->newest == 0 ? 1 : 0;
    if (!write_slot(s))
        return DTU_ERR_IO;
    s->newest = s->slot;
    s->sequence++;
    s->len = s->at;
    return DTU_OK;
}

static enum dtu_status save_counted(struct dtu_store *s, const struct dtu_params *params,
                                    enum dtu_param_set set, const struct dtu_param *row)
{
    s->params = params;
    s->set = (uint8_t)set;
    s->row = row;
    enum dtu_status status = save(s);
    if (status == DTU_OK)
        s->stats.saved++;
    else
        s->stats.failed++;
    return status;
}

enum dtu_status dtu_store_save(struct dtu_store *s, const struct dtu_params *params,
                               enum dtu_param_set set)
{
    return save_counted(s, params, set, NULL);
}

enum dtu_status dtu_store_save_row(struct dtu_store *s, const struct dtu_params *params,
                                   const struct dtu_param *row, uint8_t *scratch, size_t size)
{
    s->line = scratch;
    s->line_size = size;
    return save_counted(s, params, DTU_PARAMS_PENDING, row);
}
