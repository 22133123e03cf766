/* SPDX-License-Identifier: MIT */
#include "dtu/sdp.h"

#include <string.h>

#define MARK_LEN 3u   /* 55 FD AA or AA FD 55 */
#define LENGTH_END 5u /* a mark and LEN */
#define COVERED_MIN 2 /* LEN counts SOCK, FLAG and the data */
#define UNCOVERED 6   /* and not the mark, itself and SUM */
#define DATA_MAX (DTU_SDP_FRAME_MAX - DTU_SDP_OVERHEAD)

static const uint8_t marks[][MARK_LEN] = {{0x55, 0xFD, 0xAA}, {0xAA, 0xFD, 0x55}};

/*@ requires direction <= 1;
    assigns \nothing;
    ensures \result == &marks[direction][0]; */
static const uint8_t *mark_of(enum dtu_sdp_direction direction)
{
    return marks[direction];
}

/*@ requires readable(data, len);
    assigns \nothing; */
static uint8_t sum_of(const uint8_t *data, size_t len)
{
    uint8_t sum = 0;
#ifndef __OPTIMIZE_SIZE__ /* at -O2 gcc makes vector code only of loops of a constant length */
    const size_t block = 32;
    /*@ loop invariant len <= \at(len, Pre) && readable(data, len);
        loop assigns len, data, sum;
        loop variant len; */
    for (; len >= block; len -= block, data += block)
        /*@ loop invariant i <= block;
            loop assigns i, sum;
            loop variant block - i; */
        for (size_t i = 0; i < block; i++)
            sum = (uint8_t)(sum + data[i]);
#endif
    /*@ loop invariant i <= len;
        loop assigns i, sum;
        loop variant len - i; */
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + data[i]);
    return sum;
}

/* --- Encoding ------------------------------------------------------------------------------- */

/*@ requires direction <= 1 && frame_in(frame) && writable(head, 7) && \valid(tail);
    requires around(frame, head, tail);
    assigns head[0 .. 6], *tail; */
enum dtu_status dtu_sdp_wrap(enum dtu_sdp_direction direction, const struct dtu_sdp_frame *frame,
                             uint8_t *head, uint8_t *tail)
{
    struct dtu_writer w = dtu_writer(head, DTU_SDP_HEAD_LEN);

    if (frame->len > DATA_MAX)
        return DTU_ERR_LENGTH;
    dtu_put_bytes(&w, mark_of(direction), MARK_LEN);
    dtu_put_be16(&w, (uint16_t)(frame->len + COVERED_MIN));
    dtu_put_u8(&w, frame->socket);
    dtu_put_u8(&w, frame->flag);
    *tail = (uint8_t)(frame->socket + frame->flag + sum_of(frame->data, frame->len));
    return DTU_OK;
}

/*@ requires direction <= 1 && frame_in(frame) && writable(out, size) && \valid(len);
    requires \separated(frame, out + (0 .. size - 1)) && \separated(frame, len);
    requires \separated(frame->data + (0 .. frame->len - 1), out + (0 .. size - 1));
    requires \separated(frame->data + (0 .. frame->len - 1), len);
    requires \separated(out + (0 .. size - 1), len);
    assigns out[0 .. size - 1], *len;
    ensures \result == DTU_OK ==> *len == frame->len + 8 <= size; */
enum dtu_status dtu_sdp_encode(enum dtu_sdp_direction direction, const struct dtu_sdp_frame *frame,
                               uint8_t *out, size_t size, size_t *len)
{
    if (frame->len > DATA_MAX)
        return DTU_ERR_LENGTH;
    if (size < frame->len + DTU_SDP_OVERHEAD)
        return DTU_ERR_SPACE;
    uint8_t *data = out + DTU_SDP_HEAD_LEN;
    if (frame->len > 0)
        memcpy(data, frame->data, frame->len);
    *len = frame->len + DTU_SDP_OVERHEAD;
    return dtu_sdp_wrap(direction, frame, out, data + frame->len);
}

/*@ requires frame_in(frame) && \valid(code) && \separated(frame, code);
    assigns *code; */
bool dtu_sdp_is_report(const struct dtu_sdp_frame *frame, enum dtu_sdp_code *code)
{
    if ((frame->flag & DTU_SDP_REPORT) == 0)
        return false;
    *code = frame->len > 0 ? (enum dtu_sdp_code)frame->data[0] : DTU_SDP_BAD_HEAD;
    if (*code == DTU_SDP_BAD_SUM_OLD)
        *code = DTU_SDP_BAD_SUM;
    return true;
}

/* --- What begins at a place of the stream --------------------------------------------------- */

/* Tells of damage and drops `len` bytes. Returns `len`, or 0 if there was no room to tell it. */
/*@ requires decoder(s);
    requires counter == &s->stats.bad_head || counter == &s->stats.bad_length ||
             counter == &s->stats.bad_sum || counter == &s->stats.bad_socket;
    assigns s->in_run, s->stats, outside;
    ensures decoder(s) && (\result == len || \result == 0); */
static size_t drop(struct dtu_sdp *s, enum dtu_sdp_code code, uint32_t *counter, size_t len)
{
    if (!s->in_run || code != DTU_SDP_BAD_HEAD) {
        //@ calls decoder_damage;
        if (s->callbacks->damage != NULL && !s->callbacks->damage(s->ctx, code))
            return 0;
        ++*counter;
    }
    s->stats.skipped += (uint32_t)len;
    s->in_run = true;
    return len;
}

/*@ requires \valid_read(s) && \valid_read(s->config);
    assigns \nothing; */
static bool has_receiver(const struct dtu_sdp *s, uint8_t socket, uint8_t flag)
{
    if (s->config->direction == DTU_SDP_FROM_MODULE && (flag & DTU_SDP_REPORT) != 0)
        return true;
    return (uint8_t)(socket - DTU_SDP_SOCKET_A) < DTU_SDP_SOCKETS;
}

/* A frame of `len` bytes with a right sum. Returns `len`, or 0 if there was no room. */
/*@ requires decoder(s) && readable(data, len) && len >= 8;
    requires \separated(s, data + (0 .. len - 1));
    assigns s->in_run, s->stats, outside;
    ensures decoder(s) && (\result == len || \result == 0); */
static size_t take(struct dtu_sdp *s, const uint8_t *data, size_t len)
{
    uint8_t socket = data[LENGTH_END];
    uint8_t flag = data[LENGTH_END + 1];

    if (has_receiver(s, socket, flag)) {
        struct dtu_sdp_frame frame = {socket, flag, data + DTU_SDP_HEAD_LEN,
                                      len - DTU_SDP_OVERHEAD};
        //@ calls decoder_frame;
        if (!s->callbacks->frame(s->ctx, &frame))
            return 0;
        s->stats.frames++;
    } else if (drop(s, DTU_SDP_BAD_SOCKET, &s->stats.bad_socket, len) == 0) {
        return 0;
    }
    s->in_run = false;
    return len;
}

/* Bytes of the frame whose mark is at `data`; 0 if there is none that long. */
/*@ requires \valid_read(s) && \valid_read(s->config) && readable(data, len) && len >= 3;
    assigns \nothing;
    ensures \result == 0 || 8 <= \result;
    ensures \result <= len || \result <= s->config->size; */
static size_t whole_len(const struct dtu_sdp *s, const uint8_t *data, size_t len)
{
    size_t limit = s->flushing ? len : s->config->size;
    struct dtu_reader r = dtu_reader(data + MARK_LEN, len - MARK_LEN);
    size_t whole = (size_t)dtu_get_be16(&r) + UNCOVERED; /* too small if there is none, or wraps */
    return whole >= DTU_SDP_OVERHEAD && whole <= limit ? whole : 0;
}

/* How far it is from `data` to where the next frame may begin. */
/*@ requires readable(data, len) && len > 0;
    assigns \nothing;
    ensures 1 <= \result <= len; */
static size_t to_next(const uint8_t *data, size_t len, uint8_t first)
{
    const uint8_t *next = memchr(data + 1, first, len - 1);
    return next != NULL ? (size_t)(next - data) : len;
}

/* Deals with what begins at `data`, `len` not being 0. Returns how many bytes that were; 0 if it
 * has to wait, until `want` bytes are there, or for room, `want` being 0. */
/*@ requires decoder(s) && readable(data, len) && len > 0;
    requires \separated(s, data + (0 .. len - 1));
    assigns s->want, s->in_run, s->stats, outside;
    ensures decoder(s) && \result <= len;
    ensures s->want == \old(s->want) || (\result == 0 && s->want > len); */
static size_t step(struct dtu_sdp *s, const uint8_t *data, size_t len)
{
    const uint8_t *mark = mark_of(s->config->direction);
    enum dtu_sdp_code code = DTU_SDP_BAD_HEAD;
    uint32_t *counter = &s->stats.bad_head;

    if (data[0] == mark[0] && len < DTU_SDP_OVERHEAD && !s->flushing) {
        s->want = DTU_SDP_OVERHEAD;
        return 0;
    }
    if (len >= MARK_LEN && memcmp(data, mark, MARK_LEN) == 0) {
        size_t whole = whole_len(s, data, len);
        if (whole > len) {
            s->want = whole;
            return 0;
        }
        if (whole > 0 && sum_of(data + LENGTH_END, whole - UNCOVERED) == data[whole - 1])
            return take(s, data, whole);
        code = DTU_SDP_BAD_LENGTH;
        counter = &s->stats.bad_length;
        if (whole > 0) {
            code = DTU_SDP_BAD_SUM;
            counter = &s->stats.bad_sum;
        }
    }
    return drop(s, code, counter, to_next(data, len, mark[0]));
}

/* Deals with what begins in the first `stop` bytes, until one has to wait: see step(). Returns how
 * many bytes were dealt with. */
/*@ requires decoder(s) && readable(data, len) && stop <= len;
    requires \separated(s, data + (0 .. len - 1));
    assigns s->want, s->in_run, s->stats, outside;
    ensures decoder(s) && \result <= len;
    ensures \result >= stop ? s->want == 1 : s->want == 0 || s->want > len - \result; */
static size_t scan(struct dtu_sdp *s, const uint8_t *data, size_t stop, size_t len)
{
    size_t done = 0;
    s->want = 0;
    /*@ loop invariant decoder(s) && done <= len && s->want == 0;
        loop assigns done, s->want, s->in_run, s->stats, outside;
        loop variant stop - done; */
    while (done < stop) {
        size_t n = step(s, data + done, len - done);
        if (n == 0)
            return done;
        done += n;
    }
    s->want = 1;
    return done;
}

/* --- The stream ----------------------------------------------------------------------------- */

/*@ requires \valid(s) && apart(s, config, callbacks) && \object_pointer(ctx);
    requires \object_pointer(config->buffer);
    requires config->buffer != \null && 8 <= config->size <= 4095 ==> decoder_config(config);
    requires callbacks->frame != \null ==> decoder_callbacks(callbacks);
    assigns *s;
    ensures \result == DTU_OK ==> decoder(s) && s->held == 0 && s->want == 0; */
enum dtu_status dtu_sdp_init(struct dtu_sdp *s, const struct dtu_sdp_config *config,
                             const struct dtu_sdp_callbacks *callbacks, void *ctx)
{
    if (config->buffer == NULL || config->size < DTU_SDP_OVERHEAD ||
        config->size > DTU_SDP_FRAME_MAX)
        return DTU_ERR_CONFIG;
    if (callbacks->frame == NULL)
        return DTU_ERR_CONFIG;
    *s = (struct dtu_sdp){.config = config, .callbacks = callbacks, .ctx = ctx};
    //@ assert s->held == 0 && s->want == 0;
    //@ assert s->config == config && s->callbacks == callbacks && s->ctx == ctx;
    //@ assert decoder_config(config);
    //@ assert decoder_callbacks(callbacks);
    //@ assert apart(s, config, callbacks);
    return DTU_OK;
}

/* Goes on with what is held. The bytes of the input that this wants are only lent: those that are
 * not dealt with stay there. So a frame that begins among them is handed on where it lies, and
 * nothing is taken before it could be told. Returns how many bytes were taken; only if it gets less
 * than it wants it keeps them. */
/*@ requires decoder(s) && s->held > 0;
    requires readable(data, len) && data != \null && input(s, data, len);
    assigns s->held, s->want, s->in_run, s->stats, s->config->buffer[0 .. s->config->size - 1],
            outside;
    ensures decoder(s) && \result <= len;
    ensures s->want == 0 || s->held == 0 || \result == len || s->held < \old(s->held) ||
            (s->held == \old(s->held) && s->want > \old(s->want)); */
static size_t continue_held(struct dtu_sdp *s, const uint8_t *data, size_t len)
{
    uint8_t *buffer = s->config->buffer;
    size_t lent = s->want > s->held ? s->want - s->held : 0;

    if (lent > len)
        lent = len;
    memcpy(buffer + s->held, data, lent);
    if (s->held + lent < s->want) {
        s->held += lent;
        return lent;
    }
    size_t done = scan(s, buffer, s->held, s->held + lent);
    size_t taken = done > s->held ? done - s->held : 0;
    s->held -= done - taken;
    memmove(buffer, buffer + done, s->held);
    return taken;
}

/*@ requires decoder(s) && (len > 0 ==> readable(data, len) && input(s, data, len));
    assigns s->held, s->want, s->in_run, s->flushing, s->stats,
            s->config->buffer[0 .. s->config->size - 1], outside;
    ensures decoder(s) && \result <= len;
    ensures \result == len || s->want == 0; */
size_t dtu_sdp_feed(struct dtu_sdp *s, const uint8_t *data, size_t len)
{
    size_t taken = 0;

    if (len == 0)
        data = s->config->buffer; /* to NULL nothing may be added, not even 0 */
    /*@ loop invariant decoder(s) && taken <= len;
        loop assigns taken, s->held, s->want, s->in_run, s->stats,
                     s->config->buffer[0 .. s->config->size - 1], outside;
        loop variant s->held * 4096 + 4095 - s->want; */
    while (s->held > 0) {
        taken += continue_held(s, data + taken, len - taken);
        if (s->want == 0 || (s->held > 0 && taken == len))
            return taken;
    }
    if (s->flushing)
        s->in_run = false;
    s->flushing = false;
    taken += scan(s, data + taken, len - taken, len - taken);
    if (s->want == 0)
        return taken;
    s->held = len - taken; /* less than `want`, which the buffer holds */
    memcpy(s->config->buffer, data + taken, s->held);
    return len;
}

/*@ requires decoder(s);
    assigns s->held, s->want, s->in_run, s->flushing, s->stats,
            s->config->buffer[0 .. s->config->size - 1], outside;
    ensures decoder(s); */
bool dtu_sdp_flush(struct dtu_sdp *s)
{
    s->flushing = true;
    s->want = 0;
    return dtu_sdp_resume(s);
}

/*@ requires decoder(s);
    assigns s->held, s->want, s->in_run, s->flushing, s->stats,
            s->config->buffer[0 .. s->config->size - 1], outside;
    ensures decoder(s); */
bool dtu_sdp_resume(struct dtu_sdp *s)
{
    (void)dtu_sdp_feed(s, NULL, 0);
    return s->want > 0;
}

/*@ requires decoder(s);
    assigns s->held, s->in_run, s->flushing;
    ensures decoder(s) && s->held == 0 && \result == \old(s->held); */
size_t dtu_sdp_clear(struct dtu_sdp *s)
{
    size_t dropped = s->held;
    s->held = 0;
    s->in_run = false;
    s->flushing = false;
    return dropped;
}

/* --- Frames for a receiver that may be slow -------------------------------------------------- */

/*@ requires \valid(s) && direction <= 1 && write == &sender_write && \object_pointer(ctx);
    assigns *s;
    ensures sender(s) && !s->busy; */
void dtu_sdp_sender_init(struct dtu_sdp_sender *s, enum dtu_sdp_direction direction,
                         size_t (*write)(void *ctx, const uint8_t *data, size_t len), void *ctx)
{
    *s = (struct dtu_sdp_sender){.write = write, .ctx = ctx, .direction = (uint8_t)direction};
}

/*@ requires sender(s) && frame_in(frame) && frame->len <= 4087;
    requires frame->flag != 0 ==> frame->len <= 1;
    requires around(frame, &s->head[0], &s->tail) && \separated(s, frame);
    assigns s->head[0 .. 6], s->tail, s->head_left, s->data_left, s->socket, s->is_report, s->busy;
    ensures sender(s);
    ensures s->busy && s->data_left == \old(frame->len); */
static void begin(struct dtu_sdp_sender *s, const struct dtu_sdp_frame *frame)
{
    (void)dtu_sdp_wrap((enum dtu_sdp_direction)s->direction, frame, s->head, &s->tail);
    s->head_left = DTU_SDP_HEAD_LEN;
    s->data_left = frame->len;
    s->socket = frame->socket;
    s->is_report = frame->flag != 0;
    s->busy = true;
}

/* True when the head is out. */
/*@ requires sender(s);
    assigns s->head_left, outside;
    ensures sender(s); */
static bool send_head(struct dtu_sdp_sender *s)
{
    if (s->head_left > 0) {
        size_t sent;
        //@ calls sender_write;
        sent = s->write(s->ctx, s->head + DTU_SDP_HEAD_LEN - s->head_left, s->head_left);
        s->head_left = (uint8_t)(s->head_left - sent);
    }
    return s->head_left == 0;
}

/* Data of the frame on its way, and its end. Returns how many bytes of data were taken. */
/*@ requires sender(s) && s->busy && readable(data, len);
    assigns s->head_left, s->data_left, s->busy, outside;
    ensures sender(s) && \result <= len;
    ensures s->data_left == \old(s->data_left) - \result;
    ensures s->busy || \result == \old(s->data_left); */
static size_t send_data(struct dtu_sdp_sender *s, const uint8_t *data, size_t len)
{
    size_t taken = 0;

    if (!send_head(s))
        return 0;
    len = len < s->data_left ? len : s->data_left;
    if (len > 0)
        //@ calls sender_write;
        taken = s->write(s->ctx, data, len);
    s->data_left -= taken;
    //@ calls sender_write;
    if (s->data_left == 0 && s->write(s->ctx, &s->tail, 1) == 1)
        s->busy = false;
    return taken;
}

/*@ requires sender(s) && readable(data, len) && \separated(s, data + (0 .. len - 1));
    assigns s->head[0 .. 6], s->tail, s->head_left, s->data_left, s->socket, s->is_report, s->busy,
            outside;
    ensures sender(s) && \result <= len; */
size_t dtu_sdp_send(struct dtu_sdp_sender *s, uint8_t socket, const uint8_t *data, size_t len)
{
    size_t taken = 0;

    dtu_sdp_sender_poll(s);
    /*@ loop invariant sender(s) && taken <= len;
        loop assigns taken, s->head[0 .. 6], s->tail, s->head_left, s->data_left, s->socket,
                     s->is_report, s->busy, outside;
        loop variant len - taken; */
    while (taken < len && dtu_sdp_sender_ready(s, socket)) {
        size_t rest = len - taken;
        const struct dtu_sdp_frame frame = {
            .socket = socket, .data = data + taken, .len = rest < DATA_MAX ? rest : DATA_MAX};
        if (!s->busy)
            begin(s, &frame);
        taken += send_data(s, data + taken, rest);
        if (s->busy) /* there was no room for all of it */
            break;
    }
    return taken;
}

/*@ requires sender(s);
    assigns *s, outside;
    ensures sender(s); */
bool dtu_sdp_report(struct dtu_sdp_sender *s, enum dtu_sdp_code code)
{
    dtu_sdp_sender_poll(s);
    if (s->busy)
        return false;
    s->code = (uint8_t)code;
    const struct dtu_sdp_frame frame = {.flag = DTU_SDP_REPORT, .data = &s->code, .len = 1};
    begin(s, &frame);
    dtu_sdp_sender_poll(s);
    return true;
}

/*@ requires sender(s);
    assigns s->head_left, s->data_left, s->busy, outside;
    ensures sender(s); */
void dtu_sdp_sender_poll(struct dtu_sdp_sender *s)
{
    if (s->busy)
        (void)send_data(s, &s->code, s->is_report ? s->data_left : 0);
}

/*@ requires sender(s);
    assigns \nothing;
    ensures \result && s->busy ==> s->data_left > 0; */
bool dtu_sdp_sender_ready(const struct dtu_sdp_sender *s, uint8_t socket)
{
    return !s->busy || (!s->is_report && s->socket == socket && s->data_left > 0);
}

/*@ requires sender(s);
    assigns \nothing;
    ensures \result == !s->busy; */
bool dtu_sdp_sender_idle(const struct dtu_sdp_sender *s)
{
    return !s->busy;
}

/*@ requires sender(s);
    assigns \nothing;
    ensures \result == (s->busy ? s->data_left : 0); */
size_t dtu_sdp_sender_left(const struct dtu_sdp_sender *s)
{
    return s->busy ? s->data_left : 0;
}

/*@ requires sender(s);
    assigns s->busy;
    ensures sender(s); */
void dtu_sdp_sender_drop(struct dtu_sdp_sender *s, uint8_t socket)
{
    if (!s->is_report && s->socket == socket && s->data_left > 0)
        s->busy = false;
}
