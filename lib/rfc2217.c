/* SPDX-License-Identifier: MIT */
#include "dtu/rfc2217.h"

#include <string.h>

/* Telnet, RFC 854. */
enum {
    SE = 240,
    NOP = 241,
    BRK = 243,
    AYT = 246,
    SB = 250,
    WILL = 251,
    WONT = 252,
    DO = 253,
    DONT = 254,
    IAC = 255
};

#define COM_PORT_OPTION 44u

/* The options that are known, in the order of their bits. */
static const uint8_t options[] = {0 /* BINARY */, 1 /* ECHO */, 3 /* SUPPRESS GO-AHEAD */,
                                  COM_PORT_OPTION};
#define BINARY 0x01u
#define ECHO 0x02u
#define SGA 0x04u
#define COM_PORT 0x08u

/* The commands of RFC 2217 as a client sends them; a server's are 100 more. Each is also the number
 * of a message in `wishes` and `open`, and where a command is for several things, those that no
 * command has are used for the others. */
enum {
    SIGNATURE,
    SET_BAUDRATE,
    SET_DATASIZE,
    SET_PARITY,
    SET_STOPSIZE,
    SET_CONTROL, /* as a message: flow control in both directions */
    NOTIFY_LINESTATE,
    NOTIFY_MODEMSTATE,
    FLOWCONTROL_SUSPEND,
    FLOWCONTROL_RESUME,
    SET_LINESTATE_MASK,
    SET_MODEMSTATE_MASK,
    PURGE_DATA,
    SIGNAL_0, /* a message: one for each enum dtu_rfc2217_signal */
    INBOUND_FLOW = FLOWCONTROL_SUSPEND
};
#define FROM_SERVER 100u

/* SET-CONTROL's values. */
enum {
    FLOW_NONE = 1,
    FLOW_XON_XOFF = 2,
    FLOW_HARDWARE = 3,
    SIGNALS = 4,  /* for each signal: asked for, on, off */
    FLOW_IN = 13, /* asked for, and then none, XON/XOFF, hardware inbound */
    FLOW_DCD = 17,
    FLOW_DTR_IN = 18,
    FLOW_DSR = 19
};

#define MODEM_LINES 0xF0u

/* Where the input is. */
enum { IN_DATA, AFTER_IAC, IN_OPTION, IN_SUB, IN_SUB_AFTER_IAC };

/* What server and client do not have in common. */
struct dtu_rfc2217_side {
    uint8_t hears;        /* what its commands begin at */
    uint8_t says;         /* and those of the other side */
    uint16_t with_values; /* which of those that it hears have a value */
    void (*carry_out)(struct dtu_rfc2217 *r, unsigned command, uint32_t value);
    void (*text)(struct dtu_rfc2217 *r, const uint8_t *text, size_t len);
    void (*agreed)(struct dtu_rfc2217 *r, bool agreed);
};

static uint16_t bit(unsigned message)
{
    return (uint16_t)(1u << message);
}

/* --- What is said --------------------------------------------------------------------------- */

static uint8_t flow_value(uint8_t flow)
{
    switch ((enum dtu_flow)flow) {
    case DTU_FLOW_RTS_CTS:
        return FLOW_HARDWARE;
    case DTU_FLOW_XON_XOFF:
        return FLOW_XON_XOFF;
    default:
        return FLOW_NONE;
    }
}

static unsigned signal_value(const struct dtu_rfc2217 *r, unsigned signal)
{
    bool on = (r->signals >> signal & 1u) != 0;
    return SIGNALS + 3 * signal + (on ? 1u : 2u);
}

/* The value that a message carries. */
static uint32_t value_of(const struct dtu_rfc2217 *r, unsigned message)
{
    switch (message) {
    case SET_BAUDRATE:
        return r->ours.baud;
    case SET_DATASIZE:
        return r->ours.data_bits;
    case SET_PARITY:
        return r->ours.parity + 1u;
    case SET_STOPSIZE:
        return r->ours.stop_bits;
    case SET_CONTROL:
        return flow_value(r->ours.flow);
    case INBOUND_FLOW:
        return FLOW_IN + (uint32_t)flow_value(r->ours.flow);
    case NOTIFY_LINESTATE:
        return r->line & r->line_mask;
    case NOTIFY_MODEMSTATE:
        return r->modem & r->modem_mask;
    case SET_LINESTATE_MASK:
        return r->line_mask;
    case SET_MODEMSTATE_MASK:
        return r->modem_mask;
    case PURGE_DATA:
        return r->purge;
    default:
        return signal_value(r, message - SIGNAL_0);
    }
}

static unsigned command_of(unsigned message)
{
    return message >= SIGNAL_0 || message == INBOUND_FLOW ? SET_CONTROL : message;
}

/* All that is said goes through `out`, which is empty when a message is made. */
static void put(struct dtu_rfc2217 *r, const void *bytes, size_t len)
{
    memcpy(r->out + r->out_len, bytes, len);
    r->out_len = (uint8_t)(r->out_len + len);
}

static void put_byte(struct dtu_rfc2217 *r, unsigned byte)
{
    r->out[r->out_len++] = (uint8_t)byte;
}

static void put_telnet(struct dtu_rfc2217 *r, unsigned command)
{
    put_byte(r, IAC);
    put_byte(r, command);
}

static void begin_command(struct dtu_rfc2217 *r, unsigned command)
{
    put_telnet(r, SB);
    put_byte(r, COM_PORT_OPTION);
    put_byte(r, command + r->side->says);
}

static void say_text(struct dtu_rfc2217 *r, const char *text)
{
    begin_command(r, SIGNATURE);
    put(r, text, dtu_string_len(text));
    put_telnet(r, SE);
}

static void say(struct dtu_rfc2217 *r, unsigned message)
{
    uint32_t value = value_of(r, message);

    begin_command(r, command_of(message));
    for (unsigned shift = message == SET_BAUDRATE ? 32 : 8; shift > 0; shift -= 8) {
        unsigned byte = (uint8_t)(value >> (shift - 8));
        put_byte(r, byte);
        if (byte == IAC)
            put_byte(r, IAC);
    }
    put_telnet(r, SE);
    if (message == NOTIFY_MODEMSTATE)
        r->modem &= MODEM_LINES;
    if (message == NOTIFY_LINESTATE)
        r->line = 0;
}

static unsigned lowest(unsigned bits)
{
    unsigned i = 0;
    while ((bits >> i & 1u) == 0)
        i++;
    return i;
}

static bool offer(struct dtu_rfc2217 *r, struct dtu_rfc2217_options *o, unsigned verb)
{
    unsigned i;

    if (o->offer == 0)
        return false;
    i = lowest(o->offer);
    o->offer &= (uint8_t)(o->offer - 1u);
    o->asked |= (uint8_t)(1u << i);
    put_telnet(r, verb);
    put_byte(r, options[i]);
    return true;
}

/* Makes the next message that is no answer. */
static bool speak(struct dtu_rfc2217 *r)
{
    unsigned message;
    unsigned wishes = r->wishes & ~(unsigned)r->open;

    if (offer(r, &r->us, WILL) || offer(r, &r->them, DO))
        return true;
    if (wishes == 0 || r->suspended || !dtu_rfc2217_agreed(r))
        return false;
    message = lowest(wishes);
    r->wishes &= (uint16_t)~bit(message);
    if (r->client != NULL)
        r->open |= bit(message);
    if (message == SIGNATURE)
        say_text(r, "");
    else
        say(r, message);
    return true;
}

static bool send_out(struct dtu_rfc2217 *r)
{
    if (r->out_at < r->out_len)
        r->out_at = (uint8_t)(r->out_at + r->pipe->send(r->ctx, r->out + r->out_at,
                                                        (size_t)(r->out_len - r->out_at)));
    if (r->out_at < r->out_len)
        return false;
    r->out_at = 0;
    r->out_len = 0;
    return true;
}

bool dtu_rfc2217_flush(struct dtu_rfc2217 *r)
{
    while (send_out(r))
        if (!speak(r))
            return true;
    return false;
}

bool dtu_rfc2217_agreed(const struct dtu_rfc2217 *r)
{
    return ((r->us.on | r->them.on) & COM_PORT) != 0;
}

bool dtu_rfc2217_ready(const struct dtu_rfc2217 *r)
{
    return r->out_len == 0 && r->wishes == 0 && !r->suspended;
}

/* A byte FF is sent twice: once where it lies, and once from `out`. */
size_t dtu_rfc2217_send(struct dtu_rfc2217 *r, const uint8_t *data, size_t len)
{
    size_t taken = 0;

    while (taken < len && dtu_rfc2217_flush(r) && dtu_rfc2217_ready(r)) {
        const uint8_t *at = data + taken;
        const uint8_t *iac = memchr(at, IAC, len - taken);
        size_t run = iac != NULL ? (size_t)(iac - at) + 1 : len - taken;
        size_t n = r->pipe->send(r->ctx, at, run);
        if (iac != NULL && n == run)
            put_byte(r, IAC);
        taken += n;
        if (n < run)
            break;
    }
    (void)send_out(r);
    return taken;
}

/* --- Options -------------------------------------------------------------------------------- */

static unsigned option_bit(unsigned option)
{
    for (unsigned i = 0; i < sizeof options; i++)
        if (options[i] == option)
            return 1u << i;
    return 0;
}

static void answer_option(struct dtu_rfc2217 *r, unsigned verb, unsigned option)
{
    put_telnet(r, verb);
    put_byte(r, option);
}

/* Only what changes something is answered, so that a negotiation ends (RFC 854, RFC 1143). */
static void negotiate(struct dtu_rfc2217 *r, unsigned option)
{
    bool theirs = r->verb == WILL || r->verb == WONT;
    bool yes = r->verb == WILL || r->verb == DO;
    struct dtu_rfc2217_options *o = theirs ? &r->them : &r->us;
    unsigned known = option_bit(option) & o->may;
    bool was = (o->on & known) != 0;
    bool asked = (o->asked & known) != 0;
    bool agreed = dtu_rfc2217_agreed(r);

    if (known == 0) {
        if (yes) {
            r->stats.refused++;
            answer_option(r, theirs ? DONT : WONT, option);
        }
        return;
    }
    o->offer &= (uint8_t)~known;
    o->asked &= (uint8_t)~known;
    o->on = (uint8_t)(yes ? o->on | known : o->on & ~known);
    if (!asked && was != yes)
        answer_option(r, (theirs ? DO : WILL) + (yes ? 0u : 1u), option);
    if (known == COM_PORT && (asked || agreed != dtu_rfc2217_agreed(r)))
        r->side->agreed(r, dtu_rfc2217_agreed(r));
}

/* --- What comes in -------------------------------------------------------------------------- */

static void carry_out(struct dtu_rfc2217 *r)
{
    struct dtu_reader in = dtu_reader(r->in, r->in_len);
    unsigned option = dtu_get_u8(&in);
    unsigned command = dtu_get_u8(&in) - (unsigned)r->side->hears;
    size_t left = dtu_reader_left(&in);
    uint32_t value = 0;

    if (!dtu_reader_ok(&in) || option != COM_PORT_OPTION || command > PURGE_DATA) {
        r->stats.damaged++;
        return;
    }
    if ((r->side->with_values & bit(command)) != 0)
        value = command == SET_BAUDRATE ? dtu_get_be32(&in) : dtu_get_u8(&in);
    if (!dtu_reader_ok(&in)) {
        r->stats.damaged++;
        return;
    }
    r->stats.commands++;
    if (command == FLOWCONTROL_SUSPEND || command == FLOWCONTROL_RESUME)
        r->suspended = command == FLOWCONTROL_SUSPEND;
    else if (command != SIGNATURE)
        r->side->carry_out(r, command, value);
    else if (left > 0)
        r->side->text(r, r->in + 2, left);
    else
        say_text(r, r->signature);
}

static void end_sub(struct dtu_rfc2217 *r)
{
    r->state = IN_DATA;
    if (r->overlong)
        r->stats.overlong++;
    else
        carry_out(r);
}

static void keep_sub(struct dtu_rfc2217 *r, const uint8_t *data, size_t len)
{
    if (len > sizeof r->in - r->in_len) {
        r->overlong = true;
        return;
    }
    memcpy(r->in + r->in_len, data, len);
    r->in_len = (uint8_t)(r->in_len + len);
}

static void telnet_command(struct dtu_rfc2217 *r, unsigned command)
{
    r->state = IN_DATA;
    if (command >= WILL) {
        r->verb = (uint8_t)command;
        r->state = IN_OPTION;
    } else if (command == SB) {
        r->in_len = 0;
        r->overlong = false;
        r->state = IN_SUB;
    } else if (command == AYT) {
        put_telnet(r, NOP); /* not text: that would be data of the UART */
    } else if (command == BRK && r->server != NULL) {
        r->server->pulse(r->ctx);
    } else {
        r->stats.ignored++;
    }
}

/* The bytes from here to the next IAC. */
static size_t run_len(const uint8_t *data, size_t len)
{
    const uint8_t *iac = memchr(data, IAC, len);
    return iac != NULL ? (size_t)(iac - data) : len;
}

/* The first byte is data whatever it is. */
static size_t take_data(struct dtu_rfc2217 *r, const uint8_t *data, size_t len, bool *full)
{
    size_t run = 1 + run_len(data + 1, len - 1);
    size_t taken = r->pipe->data(r->ctx, data, run);

    *full = taken < run;
    if (taken > 0)
        r->state = IN_DATA;
    return taken;
}

static size_t take_sub(struct dtu_rfc2217 *r, const uint8_t *data, size_t len)
{
    size_t run = run_len(data, len);

    keep_sub(r, data, run);
    if (run == len)
        return len;
    r->state = IN_SUB_AFTER_IAC;
    return run + 1;
}

/* A byte that ends something which may have to be answered. */
static size_t take_end(struct dtu_rfc2217 *r, unsigned byte, bool *full)
{
    *full = !dtu_rfc2217_flush(r);
    if (*full)
        return 0;
    if (r->state == AFTER_IAC) {
        telnet_command(r, byte);
    } else if (r->state == IN_OPTION) {
        r->state = IN_DATA;
        negotiate(r, byte);
    } else if (byte == SE) {
        end_sub(r);
    } else { /* the end is missing, and here is the next command */
        r->stats.damaged++;
        telnet_command(r, byte);
    }
    return 1;
}

static size_t step(struct dtu_rfc2217 *r, const uint8_t *data, size_t len, bool *full)
{
    bool iac = *data == IAC;

    if (r->state == IN_DATA && iac) {
        r->state = AFTER_IAC;
        return 1;
    }
    if (r->state == IN_DATA || (r->state == AFTER_IAC && iac))
        return take_data(r, data, len, full);
    if (r->state == IN_SUB)
        return take_sub(r, data, len);
    if (r->state == IN_SUB_AFTER_IAC && iac) {
        keep_sub(r, data, 1);
        r->state = IN_SUB;
        return 1;
    }
    return take_end(r, *data, full);
}

size_t dtu_rfc2217_feed(struct dtu_rfc2217 *r, const uint8_t *data, size_t len)
{
    size_t taken = 0;
    bool full = false;

    while (taken < len && !full)
        taken += step(r, data + taken, len - taken, &full);
    (void)dtu_rfc2217_flush(r);
    return taken;
}

/* --- Both ----------------------------------------------------------------------------------- */

/* False if there is no such setting. */
static bool set_value(struct dtu_uart *uart, unsigned command, uint32_t value)
{
    static const uint8_t flows[] = {DTU_FLOW_NONE, DTU_FLOW_XON_XOFF, DTU_FLOW_RTS_CTS};
    uint8_t byte = (uint8_t)value;

    if (command == SET_BAUDRATE)
        uart->baud = value;
    else if (command == SET_DATASIZE && byte >= 5 && byte <= 8)
        uart->data_bits = byte;
    else if (command == SET_PARITY && byte >= 1 && byte <= DTU_PARITY_SPACE + 1)
        uart->parity = (uint8_t)(byte - 1); /* in the order of enum dtu_parity */
    else if (command == SET_STOPSIZE && byte >= 1 && byte <= 2)
        uart->stop_bits = byte;
    else if (command == SET_CONTROL && byte >= FLOW_NONE && byte <= FLOW_HARDWARE)
        uart->flow = flows[byte - FLOW_NONE];
    else
        return false;
    return true;
}

/* Which message a value of SET-CONTROL belongs to. */
static unsigned control_message(uint32_t value)
{
    if (value <= FLOW_HARDWARE || value == FLOW_DCD || value == FLOW_DSR)
        return SET_CONTROL;
    if (value < FLOW_IN)
        return SIGNAL_0 + (unsigned)(value - SIGNALS) / 3;
    if (value <= FLOW_DTR_IN)
        return INBOUND_FLOW;
    return SIGNATURE; /* none */
}

static bool good_signature(const char *signature)
{
    size_t len = dtu_string_len(signature);
    return len <= DTU_RFC2217_SIGNATURE_MAX && memchr(signature, IAC, len) == NULL;
}

static bool good_pipe(const struct dtu_rfc2217_pipe *pipe)
{
    return pipe->send != NULL && pipe->data != NULL;
}

static void init(struct dtu_rfc2217 *r, const struct dtu_rfc2217_side *side,
                 const struct dtu_rfc2217_pipe *pipe, const char *signature, void *ctx)
{
    memset(r, 0, sizeof *r);
    r->side = side;
    r->pipe = pipe;
    r->signature = signature;
    r->ctx = ctx;
    r->modem_mask = 0xFF; /* RFC 2217 section 4 */
    r->signals = 1u << DTU_RFC2217_DTR | 1u << DTU_RFC2217_RTS;
    r->us.may = BINARY | SGA | COM_PORT;
    r->us.offer = BINARY | SGA;
    r->them.may = BINARY | SGA | COM_PORT;
    r->them.offer = BINARY | SGA;
}

/* --- A server ------------------------------------------------------------------------------- */

static void set_uart(struct dtu_rfc2217 *r, unsigned command, uint32_t value)
{
    struct dtu_uart wanted = r->ours;

    if (value == 0 || value == value_of(r, command) || !set_value(&wanted, command, value))
        return;
    r->server->uart(r->ctx, &wanted);
    r->ours = wanted;
}

static void set_signal(struct dtu_rfc2217 *r, unsigned signal, uint32_t value)
{
    unsigned what = (unsigned)(value - SIGNALS) % 3;
    unsigned mask = 1u << signal;

    if (what == 0)
        return;
    if (r->server->signal(r->ctx, (enum dtu_rfc2217_signal)signal, what == 1))
        r->signals |= (uint8_t)mask;
    else
        r->signals &= (uint8_t)~mask;
}

static void server_control(struct dtu_rfc2217 *r, uint32_t value)
{
    unsigned message = control_message(value);

    if (message == SIGNATURE) {
        r->stats.damaged++;
        return;
    }
    if (message == SET_CONTROL)
        set_uart(r, message, value);
    else if (message >= SIGNAL_0)
        set_signal(r, message - SIGNAL_0, value);
    say(r, message);
}

static void server_purge(struct dtu_rfc2217 *r, uint32_t value)
{
    if (value == 0 || value > (DTU_RFC2217_PURGE_RX | DTU_RFC2217_PURGE_TX)) {
        r->stats.damaged++;
        return;
    }
    r->server->purge(r->ctx, (unsigned)value);
    r->purge = (uint8_t)value;
    say(r, PURGE_DATA);
}

static void server_carry_out(struct dtu_rfc2217 *r, unsigned command, uint32_t value)
{
    if (command == SET_CONTROL) {
        server_control(r, value);
        return;
    }
    if (command == PURGE_DATA) {
        server_purge(r, value);
        return;
    }
    if (command <= SET_STOPSIZE)
        set_uart(r, command, value);
    else if (command == SET_LINESTATE_MASK)
        r->line_mask = (uint8_t)value;
    else if (command == SET_MODEMSTATE_MASK)
        r->modem_mask = (uint8_t)value;
    say(r, command); /* NOTIFY-..., which a client sends to ask, too */
}

static void server_text(struct dtu_rfc2217 *r, const uint8_t *text, size_t len)
{
    (void)r; /* what the client calls itself */
    (void)text;
    (void)len;
}

static void server_agreed(struct dtu_rfc2217 *r, bool agreed)
{
    r->wishes = agreed ? bit(NOTIFY_MODEMSTATE) : 0;
}

static const struct dtu_rfc2217_side server_side = {
    .hears = 0,
    .says = FROM_SERVER,
    .with_values = 1u << SET_BAUDRATE | 1u << SET_DATASIZE | 1u << SET_PARITY | 1u << SET_STOPSIZE |
                   1u << SET_CONTROL | 1u << SET_LINESTATE_MASK | 1u << SET_MODEMSTATE_MASK |
                   1u << PURGE_DATA,
    .carry_out = server_carry_out,
    .text = server_text,
    .agreed = server_agreed};

enum dtu_status dtu_rfc2217_server_init(struct dtu_rfc2217 *r,
                                        const struct dtu_rfc2217_server_callbacks *callbacks,
                                        const char *signature, const struct dtu_uart *uart,
                                        void *ctx)
{
    if (!good_pipe(&callbacks->pipe) || !good_signature(signature))
        return DTU_ERR_CONFIG;
    if (callbacks->uart == NULL || callbacks->signal == NULL || callbacks->pulse == NULL ||
        callbacks->purge == NULL)
        return DTU_ERR_CONFIG;
    init(r, &server_side, &callbacks->pipe, signature, ctx);
    r->server = callbacks;
    r->ours = *uart;
    r->us.may |= ECHO;
    r->us.offer |= ECHO;
    r->them.offer |= COM_PORT;
    return DTU_OK;
}

void dtu_rfc2217_server_modem(struct dtu_rfc2217 *r, unsigned lines)
{
    unsigned now = lines & MODEM_LINES;
    unsigned changed = (r->modem ^ now) & MODEM_LINES;
    unsigned told = changed >> 4; /* a bit for each line in the same order */

    if ((now & DTU_RFC2217_RI) != 0)
        told &= ~(unsigned)DTU_RFC2217_RI_ENDED;
    r->modem = (uint8_t)(now | (r->modem & ~MODEM_LINES) | told);
    if (dtu_rfc2217_agreed(r) && ((changed | told) & r->modem_mask) != 0)
        r->wishes |= bit(NOTIFY_MODEMSTATE);
    (void)dtu_rfc2217_flush(r);
}

void dtu_rfc2217_server_line(struct dtu_rfc2217 *r, unsigned events)
{
    r->line |= (uint8_t)events;
    if (dtu_rfc2217_agreed(r) && (r->line & r->line_mask) != 0)
        r->wishes |= bit(NOTIFY_LINESTATE);
    (void)dtu_rfc2217_flush(r);
}

/* --- A client ------------------------------------------------------------------------------- */

static void tell(struct dtu_rfc2217 *r, const struct dtu_rfc2217_event *event)
{
    if (r->client->event != NULL)
        r->client->event(r->ctx, event);
}

static void answered(struct dtu_rfc2217 *r, unsigned message)
{
    r->open &= (uint16_t)~bit(message);
}

static void client_carry_out(struct dtu_rfc2217 *r, unsigned command, uint32_t value)
{
    struct dtu_rfc2217_event e = {DTU_RFC2217_MODEM, (uint8_t)value, NULL, 0};

    if (command == NOTIFY_LINESTATE)
        e.kind = DTU_RFC2217_LINE;
    if (command == NOTIFY_LINESTATE || command == NOTIFY_MODEMSTATE) {
        tell(r, &e);
        return;
    }
    (void)set_value(&r->theirs, command, value);
    answered(r, command == SET_CONTROL ? control_message(value) : command);
}

static void client_text(struct dtu_rfc2217 *r, const uint8_t *text, size_t len)
{
    struct dtu_rfc2217_event e = {DTU_RFC2217_SIGNATURE, 0, text, len};
    answered(r, SIGNATURE);
    tell(r, &e);
}

static void client_agreed(struct dtu_rfc2217 *r, bool agreed)
{
    struct dtu_rfc2217_event e = {DTU_RFC2217_READY, 0, NULL, 0};

    if (!agreed) {
        e.kind = DTU_RFC2217_REFUSED;
        r->us.may &= (uint8_t)~COM_PORT; /* for good */
        r->them.may &= (uint8_t)~COM_PORT;
        r->wishes = 0;
        r->open = 0;
    }
    tell(r, &e);
}

static const struct dtu_rfc2217_side client_side = {
    .hears = FROM_SERVER,
    .says = 0,
    .with_values = 1u << SET_BAUDRATE | 1u << SET_DATASIZE | 1u << SET_PARITY | 1u << SET_STOPSIZE |
                   1u << SET_CONTROL | 1u << NOTIFY_LINESTATE | 1u << NOTIFY_MODEMSTATE |
                   1u << SET_LINESTATE_MASK | 1u << SET_MODEMSTATE_MASK | 1u << PURGE_DATA,
    .carry_out = client_carry_out,
    .text = client_text,
    .agreed = client_agreed};

enum dtu_status dtu_rfc2217_client_init(struct dtu_rfc2217 *r,
                                        const struct dtu_rfc2217_client_callbacks *callbacks,
                                        const char *signature, void *ctx)
{
    if (!good_pipe(&callbacks->pipe) || !good_signature(signature))
        return DTU_ERR_CONFIG;
    init(r, &client_side, &callbacks->pipe, signature, ctx);
    r->client = callbacks;
    r->them.may |= ECHO;
    r->us.offer |= COM_PORT;
    return DTU_OK;
}

static void wish(struct dtu_rfc2217 *r, unsigned messages)
{
    if ((r->us.may & COM_PORT) == 0)
        return;
    r->wishes |= (uint16_t)messages;
    (void)dtu_rfc2217_flush(r);
}

void dtu_rfc2217_client_set(struct dtu_rfc2217 *r, const struct dtu_uart *uart)
{
    r->ours = *uart;
    wish(r, 1u << SET_BAUDRATE | 1u << SET_DATASIZE | 1u << SET_PARITY | 1u << SET_STOPSIZE |
                1u << SET_CONTROL);
}

void dtu_rfc2217_client_signal(struct dtu_rfc2217 *r, enum dtu_rfc2217_signal signal, bool on)
{
    unsigned mask = 1u << signal;
    r->signals = (uint8_t)(on ? r->signals | mask : r->signals & ~mask);
    wish(r, bit(SIGNAL_0 + signal));
}

void dtu_rfc2217_client_purge(struct dtu_rfc2217 *r, unsigned what)
{
    r->purge = (uint8_t)what;
    wish(r, bit(PURGE_DATA));
}

void dtu_rfc2217_client_masks(struct dtu_rfc2217 *r, unsigned line, unsigned modem)
{
    r->line_mask = (uint8_t)line;
    r->modem_mask = (uint8_t)modem;
    wish(r, 1u << SET_LINESTATE_MASK | 1u << SET_MODEMSTATE_MASK);
}

void dtu_rfc2217_client_signature(struct dtu_rfc2217 *r)
{
    wish(r, 1u << SIGNATURE);
}

void dtu_rfc2217_client_again(struct dtu_rfc2217 *r)
{
    unsigned unanswered = r->open;
    r->open = 0;
    wish(r, unanswered);
}

bool dtu_rfc2217_client_settled(const struct dtu_rfc2217 *r)
{
    return dtu_rfc2217_agreed(r) && (r->wishes | r->open) == 0;
}

const struct dtu_uart *dtu_rfc2217_client_uart(const struct dtu_rfc2217 *r)
{
    return &r->theirs;
}
