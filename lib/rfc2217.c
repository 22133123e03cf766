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

/* The options that are known have the places of their numbers, but for this one. */
#define COM_PORT 2u
#define OPTIONS 4u

/* The most options that one side speaks of by itself. */
#define OFFERS 6u

/* Whose options; as in WILL, WONT, DO, DONT. */
enum { THEIRS, OURS };

/* How it stands with an option; a bit each, so that both sides' can be looked at together. */
enum { OFF = 0, ASKED = 1, ON = 2, NEVER = 4 };

/* The commands of RFC 2217 as a client sends them; a server's are 100 more. Each is also the number
 * of a message in `values`, `wishes` and `open`. SET-CONTROL is for several things, for which there
 * are numbers that no command or no message has. */
enum {
    SIGNATURE,
    SET_BAUDRATE,
    SET_DATASIZE,
    SET_PARITY,
    SET_STOPSIZE,
    SET_CONTROL, /* as a message: flow control */
    NOTIFY_LINESTATE,
    NOTIFY_MODEMSTATE,
    FLOWCONTROL_SUSPEND,
    FLOWCONTROL_RESUME,
    SET_LINESTATE_MASK,
    SET_MODEMSTATE_MASK,
    PURGE_DATA,
    SIGNAL_0, /* one for each enum dtu_rfc2217_signal */
    INBOUND_FLOW = FLOWCONTROL_SUSPEND,
    NO_MESSAGE = FLOWCONTROL_RESUME
};
#define FROM_SERVER 100u

/* Of a sub-negotiation: the option and the command. */
#define HEAD_LEN 2u

/* From a notification to its mask. */
#define TO_MASK (SET_LINESTATE_MASK - NOTIFY_LINESTATE)

/* SET-CONTROL's values. */
enum {
    FLOW_NONE = 1,
    FLOW_XON_XOFF = 2,
    FLOW_HARDWARE = 3,
    SIGNAL_ASK = 4, /* and then on, off; the same for each signal */
    FLOW_IN = 13    /* inbound, and then none, XON/XOFF, hardware; 17 to 19 are for other lines */
};

#define MODEM_LINES 0xF0u

/* What became of COM-PORT-OPTION. */
enum { UNDECIDED, AGREED, REFUSED };

/* Where the input is. */
enum { IN_DATA, AFTER_IAC, IN_SUB, IN_SUB_AFTER_IAC /* and WILL, WONT, DO, DONT */ };

/* What server and client do not have in common. */
struct dtu_rfc2217_side {
    uint8_t hears;               /* what the commands begin at that it hears */
    uint8_t says;                /* and those that it says */
    uint16_t with_values;        /* which of those that it hears have a value */
    uint8_t options[2][OPTIONS]; /* how it begins: BINARY, ECHO, COM-PORT, SUPPRESS GO-AHEAD */
    uint8_t offers[OFFERS][2];   /* what it says about that: WILL or DO and an option; else 0 */
    void (*carry_out)(struct dtu_rfc2217 *r, unsigned message, uint32_t value);
    void (*decided)(struct dtu_rfc2217 *r); /* whether RFC 2217 is spoken */
};

static unsigned bit(unsigned message)
{
    return 1u << message;
}

/* --- What messages carry -------------------------------------------------------------------- */

/* The value that asks for a signal. */
static unsigned ask_of(unsigned message)
{
    return SIGNAL_ASK + 3 * (message - SIGNAL_0);
}

static uint32_t value_of(const struct dtu_rfc2217 *r, unsigned message)
{
    static const uint8_t flows[] = {FLOW_NONE, FLOW_HARDWARE, FLOW_XON_XOFF, FLOW_NONE};
    unsigned value = r->values[message];
    unsigned flow = flows[r->uart.flow % sizeof flows];

    switch (message) {
    case SET_BAUDRATE:
        return r->uart.baud;
    case SET_DATASIZE:
        return r->uart.data_bits;
    case SET_PARITY:
        return r->uart.parity + 1u; /* in the order of enum dtu_parity */
    case SET_STOPSIZE:
        return r->uart.stop_bits;
    case SET_CONTROL:
        return flow;
    case INBOUND_FLOW:
        return FLOW_IN + flow;
    case NOTIFY_LINESTATE:
    case NOTIFY_MODEMSTATE:
        return value & r->values[message + TO_MASK];
    default:
        return message >= SIGNAL_0 ? ask_of(message) + 2 - value : value;
    }
}

static bool is_setting(unsigned message)
{
    return message >= SET_BAUDRATE && message <= SET_CONTROL;
}

/* Keeps a setting of the UART; false if there is no such, or it is no other. */
static bool keep(struct dtu_rfc2217 *r, unsigned message, uint32_t value)
{
    static const uint8_t least[] = {0, 1, 5, 1, 1, FLOW_NONE};
    static const uint8_t most[] = {0, 0, 8, DTU_PARITY_SPACE + 1, 2, FLOW_HARDWARE};
    static const uint8_t flows[] = {0, DTU_FLOW_NONE, DTU_FLOW_XON_XOFF, DTU_FLOW_RTS_CTS};

    if (value == value_of(r, message) || value < least[message] ||
        (message != SET_BAUDRATE && value > most[message]))
        return false;
    if (message == SET_BAUDRATE)
        r->uart.baud = value;
    else if (message == SET_DATASIZE)
        r->uart.data_bits = (uint8_t)value;
    else if (message == SET_PARITY)
        r->uart.parity = (uint8_t)(value - 1);
    else if (message == SET_STOPSIZE)
        r->uart.stop_bits = (uint8_t)value;
    else
        r->uart.flow = flows[value];
    return true;
}

/* Which message a value of SET-CONTROL belongs to. */
static unsigned control_message(uint32_t value)
{
    enum { BREAK = SIGNAL_0 + DTU_RFC2217_BREAK, DTR, RTS };
    static const uint8_t messages[] = {SET_CONTROL,  SET_CONTROL,  SET_CONTROL,  SET_CONTROL,
                                       BREAK,        BREAK,        BREAK,        DTR,
                                       DTR,          DTR,          RTS,          RTS,
                                       RTS,          INBOUND_FLOW, INBOUND_FLOW, INBOUND_FLOW,
                                       INBOUND_FLOW, SET_CONTROL,  INBOUND_FLOW, SET_CONTROL};
    return value < sizeof messages ? messages[value] : NO_MESSAGE;
}

/* --- What is said --------------------------------------------------------------------------- */

/* All that is said goes through `out`, which is empty when a message is made. */
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
    while (*text != '\0')
        put_byte(r, (uint8_t)*text++);
    put_telnet(r, SE);
}

static void say(struct dtu_rfc2217 *r, unsigned message)
{
    uint32_t value = value_of(r, message);
    unsigned shift = message == SET_BAUDRATE ? 32 : 8;

    begin_command(r, message >= SIGNAL_0 || message == INBOUND_FLOW ? SET_CONTROL : message);
    do {
        unsigned byte;
        shift -= 8;
        byte = (uint8_t)(value >> shift);
        put_byte(r, byte);
        if (byte == IAC)
            put_byte(r, IAC);
    } while (shift > 0);
    put_telnet(r, SE);
    if (message == NOTIFY_LINESTATE) /* what has happened is told once */
        r->values[message] = 0;
    if (message == NOTIFY_MODEMSTATE)
        r->values[message] &= MODEM_LINES;
}

/* Makes the next message that is no answer. */
static bool speak(struct dtu_rfc2217 *r)
{
    unsigned wishes = r->wishes & ~(unsigned)r->open;
    unsigned message = 0;

    if (wishes == 0 || r->suspended || !dtu_rfc2217_agreed(r))
        return false;
    while ((wishes & bit(message)) == 0)
        message++;
    r->wishes &= (uint16_t)~bit(message);
    if (r->client != NULL)
        r->open |= (uint16_t)bit(message);
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
    return r->com_port == AGREED;
}

bool dtu_rfc2217_ready(const struct dtu_rfc2217 *r)
{
    return r->out_len == 0 && r->wishes == 0 && !r->suspended;
}

/* The bytes from here to the next IAC. */
static size_t run_len(const uint8_t *data, size_t len)
{
    const uint8_t *iac = memchr(data, IAC, len);
    return iac != NULL ? (size_t)(iac - data) : len;
}

/* A byte FF is sent twice: once where it lies, and once from `out`. */
size_t dtu_rfc2217_send(struct dtu_rfc2217 *r, const uint8_t *data, size_t len)
{
    size_t taken = 0;

    while (taken < len && dtu_rfc2217_flush(r) && dtu_rfc2217_ready(r)) {
        size_t run = run_len(data + taken, len - taken);
        size_t n;
        run += run < len - taken; /* with the IAC */
        n = r->pipe->send(r->ctx, data + taken, run);
        taken += n;
        if (n < run)
            break;
        if (data[taken - 1] == IAC)
            put_byte(r, IAC);
    }
    (void)send_out(r);
    return taken;
}

/* --- Options -------------------------------------------------------------------------------- */

static void say_option(struct dtu_rfc2217 *r, unsigned verb, unsigned option)
{
    put_telnet(r, verb);
    put_byte(r, option);
}

/* Whether one side offered COM-PORT-OPTION and the other took it; which of them does not matter. */
static void decide(struct dtu_rfc2217 *r)
{
    unsigned both = r->options[THEIRS][COM_PORT] | (unsigned)r->options[OURS][COM_PORT];
    uint8_t now = REFUSED;

    if ((both & ON) != 0)
        now = AGREED;
    else if ((both & ASKED) != 0)
        now = UNDECIDED;
    if (now == r->com_port)
        return;
    r->com_port = now;
    r->side->decided(r);
}

/* NULL if it is not known. */
static uint8_t *find_option(struct dtu_rfc2217 *r, unsigned whose, unsigned option)
{
    unsigned place = option == COM_PORT_OPTION ? COM_PORT : option;
    if (option == COM_PORT || place >= OPTIONS || r->options[whose][place] == NEVER)
        return NULL;
    return &r->options[whose][place];
}

/* `verb` is 0 to 3: WILL, WONT, DO, DONT. Only what changes something is answered, so that a
 * negotiation ends (RFC 854, RFC 1143). */
static void negotiate(struct dtu_rfc2217 *r, unsigned verb, unsigned option)
{
    uint8_t *state = find_option(r, verb >> 1, option);
    uint8_t now = (verb & 1u) == 0 ? ON : OFF;
    uint8_t before;

    if (state == NULL) {
        if (now == ON) {
            r->stats.refused++;
            say_option(r, WILL + (verb ^ 3u), option);
        }
        return;
    }
    before = *state;
    *state = now;
    if (before != now && before != ASKED)
        say_option(r, WILL + (verb ^ 2u), option);
    decide(r);
}

/* --- What comes in -------------------------------------------------------------------------- */

/* How many bytes the value of a command has. */
static size_t value_len(const struct dtu_rfc2217 *r, unsigned command)
{
    return command == SET_BAUDRATE ? 4 : r->side->with_values >> command & 1u;
}

static void carry_out(struct dtu_rfc2217 *r, unsigned command)
{
    size_t end = HEAD_LEN + value_len(r, command); /* what a longer one has means nothing */
    uint32_t value = 0;

    for (size_t i = HEAD_LEN; i < end; i++)
        value = value << 8 | r->in[i];
    r->stats.commands++;
    if (command == FLOWCONTROL_SUSPEND || command == FLOWCONTROL_RESUME)
        r->suspended = command == FLOWCONTROL_SUSPEND;
    else if (command == SIGNATURE && r->in_len == HEAD_LEN)
        say_text(r, r->signature);
    else
        r->side->carry_out(r, command == SET_CONTROL ? control_message(value) : command, value);
}

/* One byte more than can be shows that it is too long. */
static void keep_sub(struct dtu_rfc2217 *r, uint8_t byte)
{
    if (r->in_len < sizeof r->in)
        r->in[r->in_len++] = byte;
}

static void end_sub(struct dtu_rfc2217 *r)
{
    unsigned command = r->in[1] - (unsigned)r->side->hears;

    if (r->in_len == sizeof r->in)
        r->stats.overlong++;
    else if (r->in[0] != COM_PORT_OPTION || command > PURGE_DATA ||
             r->in_len < HEAD_LEN + value_len(r, command))
        r->stats.damaged++;
    else
        carry_out(r, command);
}

static void telnet_command(struct dtu_rfc2217 *r, uint8_t command)
{
    if (command >= WILL) {
        r->state = command;
    } else if (command == SB) {
        r->in_len = 0;
        r->state = IN_SUB;
    } else if (command == AYT) {
        put_telnet(r, NOP); /* not text: that would be data of the UART */
    } else if (command == BRK && r->server != NULL) {
        r->server->pulse(r->ctx);
    }
}

/* Data; the first byte is some whatever it is. */
static size_t take_data(struct dtu_rfc2217 *r, const uint8_t *data, size_t len, bool *full)
{
    size_t run = 1 + run_len(data + 1, len - 1);
    size_t taken = r->pipe->data(r->ctx, data, run);

    *full = taken < run;
    if (taken > 0)
        r->state = IN_DATA;
    return taken;
}

/* A byte that is no data. False if it may have to be answered and there is no room. In data and in
 * a sub-negotiation alike, an IAC begins something and two are a byte. */
static bool take_byte(struct dtu_rfc2217 *r, uint8_t byte)
{
    uint8_t state = r->state;

    if (state == (byte == IAC ? IN_SUB_AFTER_IAC : IN_SUB)) {
        keep_sub(r, byte);
        r->state = IN_SUB;
        return true;
    }
    if (state == IN_DATA || state == IN_SUB) {
        r->state++; /* behind the IAC */
        return true;
    }
    if (!dtu_rfc2217_flush(r))
        return false;
    r->state = IN_DATA;
    if (state >= WILL) {
        negotiate(r, state - (unsigned)WILL, byte);
    } else if (state == IN_SUB_AFTER_IAC && byte == SE) {
        end_sub(r);
    } else {
        if (state == IN_SUB_AFTER_IAC) /* the end is missing, and here is the next command */
            r->stats.damaged++;
        telnet_command(r, byte);
    }
    return true;
}

size_t dtu_rfc2217_feed(struct dtu_rfc2217 *r, const uint8_t *data, size_t len)
{
    size_t taken = 0;
    bool full = false;

    while (taken < len && !full) {
        uint8_t byte = data[taken];
        if (r->state == (byte == IAC ? AFTER_IAC : IN_DATA))
            taken += take_data(r, data + taken, len - taken, &full);
        else if (take_byte(r, byte))
            taken++;
        else
            full = true;
    }
    (void)dtu_rfc2217_flush(r);
    return taken;
}

/* --- Both ----------------------------------------------------------------------------------- */

/* False if something is missing or too long. */
static bool init(struct dtu_rfc2217 *r, const struct dtu_rfc2217_side *side,
                 const struct dtu_rfc2217_pipe *pipe, const char *signature, void *ctx)
{
    size_t len = dtu_string_len(signature);

    if (pipe->send == NULL || pipe->data == NULL || len > DTU_RFC2217_SIGNATURE_MAX ||
        memchr(signature, IAC, len) != NULL)
        return false;
    memset(r, 0, sizeof *r);
    r->side = side;
    r->pipe = pipe;
    r->signature = signature;
    r->ctx = ctx;
    memcpy(r->options, side->options, sizeof r->options);
    for (size_t i = 0; i < OFFERS && side->offers[i][0] != 0; i++)
        say_option(r, side->offers[i][0], side->offers[i][1]);
    r->values[SET_MODEMSTATE_MASK] = 0xFF; /* RFC 2217 section 4 */
    return true;
}

/* --- A server ------------------------------------------------------------------------------- */

static void set_uart(struct dtu_rfc2217 *r, unsigned message, uint32_t value)
{
    if (keep(r, message, value))
        r->server->uart(r->ctx, &r->uart);
}

static void set_signal(struct dtu_rfc2217 *r, unsigned message, uint32_t value)
{
    enum dtu_rfc2217_signal signal = (enum dtu_rfc2217_signal)(message - SIGNAL_0);
    unsigned ask = ask_of(message);

    if (value != ask)
        r->values[message] = r->server->signal(r->ctx, signal, value == ask + 1);
}

/* What there is no answer to. */
static bool is_damaged(unsigned message, uint32_t value)
{
    if (message == PURGE_DATA)
        return value == 0 || value > (DTU_RFC2217_PURGE_RX | DTU_RFC2217_PURGE_TX);
    return message == NO_MESSAGE;
}

static void server_carry_out(struct dtu_rfc2217 *r, unsigned message, uint32_t value)
{
    if (message == SIGNATURE) /* nobody wants to know what the client calls itself */
        return;
    if (is_damaged(message, value)) {
        r->stats.damaged++;
        return;
    }
    if (message >= SIGNAL_0)
        set_signal(r, message, value);
    else if (message >= SET_LINESTATE_MASK)
        r->values[message] = (uint8_t)value;
    else if (is_setting(message))
        set_uart(r, message, value);
    if (message == PURGE_DATA)
        r->server->purge(r->ctx, (unsigned)value);
    say(r, message);
}

static void server_decided(struct dtu_rfc2217 *r)
{
    r->wishes = (uint16_t)(dtu_rfc2217_agreed(r) ? bit(NOTIFY_MODEMSTATE) : 0);
}

/* COM-PORT-OPTION is the client's to offer (RFC 2217 section 1), but some only ask for it. */
static const struct dtu_rfc2217_side server_side = {
    .hears = 0,
    .says = FROM_SERVER,
    .with_values = 1u << SET_BAUDRATE | 1u << SET_DATASIZE | 1u << SET_PARITY | 1u << SET_STOPSIZE |
                   1u << SET_CONTROL | 1u << SET_LINESTATE_MASK | 1u << SET_MODEMSTATE_MASK |
                   1u << PURGE_DATA,
    .options = {{ASKED, NEVER, ASKED, ASKED}, {ASKED, ASKED, OFF, ASKED}},
    .offers = {{WILL, 0}, {WILL, 1}, {WILL, 3}, {DO, 0}, {DO, 3}, {DO, COM_PORT_OPTION}},
    .carry_out = server_carry_out,
    .decided = server_decided};

enum dtu_status dtu_rfc2217_server_init(struct dtu_rfc2217 *r,
                                        const struct dtu_rfc2217_server_callbacks *callbacks,
                                        const char *signature, const struct dtu_uart *uart,
                                        void *ctx)
{
    if (callbacks->uart == NULL || callbacks->signal == NULL || callbacks->pulse == NULL ||
        callbacks->purge == NULL || !init(r, &server_side, &callbacks->pipe, signature, ctx))
        return DTU_ERR_CONFIG;
    r->server = callbacks;
    r->uart = *uart;
    r->values[SIGNAL_0 + DTU_RFC2217_DTR] = true;
    r->values[SIGNAL_0 + DTU_RFC2217_RTS] = true;
    return DTU_OK;
}

/* Something happened that a client may want to know of. */
static void notify(struct dtu_rfc2217 *r, unsigned message, unsigned what)
{
    if (dtu_rfc2217_agreed(r) && (what & r->values[message + TO_MASK]) != 0)
        r->wishes |= (uint16_t)bit(message);
    (void)dtu_rfc2217_flush(r);
}

void dtu_rfc2217_server_modem(struct dtu_rfc2217 *r, unsigned lines)
{
    unsigned before = r->values[NOTIFY_MODEMSTATE];
    unsigned changed = (before ^ lines) & MODEM_LINES;
    unsigned told = changed >> 4; /* a bit for each line in the same order */

    if ((lines & DTU_RFC2217_RI) != 0)
        told &= ~(unsigned)DTU_RFC2217_RI_ENDED;
    r->values[NOTIFY_MODEMSTATE] = (uint8_t)((before ^ changed) | told);
    notify(r, NOTIFY_MODEMSTATE, changed | told);
}

void dtu_rfc2217_server_line(struct dtu_rfc2217 *r, unsigned events)
{
    r->values[NOTIFY_LINESTATE] = (uint8_t)(r->values[NOTIFY_LINESTATE] | events);
    notify(r, NOTIFY_LINESTATE, events);
}

/* --- A client ------------------------------------------------------------------------------- */

static void tell(struct dtu_rfc2217 *r, unsigned kind, uint32_t state)
{
    struct dtu_rfc2217_event e = {DTU_RFC2217_READY, (uint8_t)state, NULL, 0};

    e.kind = kind;
    if (kind == DTU_RFC2217_SIGNATURE) {
        e.text = r->in + HEAD_LEN;
        e.len = r->in_len - HEAD_LEN;
    }
    if (r->client->event != NULL)
        r->client->event(r->ctx, &e);
}

static void client_carry_out(struct dtu_rfc2217 *r, unsigned message, uint32_t value)
{
    if (is_setting(message) && (r->wishes & bit(message)) == 0)
        (void)keep(r, message, value); /* else the next wish is waiting for this answer */
    r->open &= (uint16_t)~bit(message);
    if (message == SIGNATURE)
        tell(r, DTU_RFC2217_SIGNATURE, 0);
    else if (message == NOTIFY_LINESTATE)
        tell(r, DTU_RFC2217_LINE, value);
    else if (message == NOTIFY_MODEMSTATE)
        tell(r, DTU_RFC2217_MODEM, value);
}

static void client_decided(struct dtu_rfc2217 *r)
{
    bool refused = r->com_port == REFUSED;

    if (r->com_port == UNDECIDED) /* one offer is taken back, the other is not answered yet */
        return;
    if (refused) {
        r->wishes = 0;
        r->open = 0;
    }
    tell(r, refused ? DTU_RFC2217_REFUSED : DTU_RFC2217_READY, 0);
}

static const struct dtu_rfc2217_side client_side = {
    .hears = FROM_SERVER,
    .says = 0,
    .with_values = 1u << SET_BAUDRATE | 1u << SET_DATASIZE | 1u << SET_PARITY | 1u << SET_STOPSIZE |
                   1u << SET_CONTROL | 1u << NOTIFY_LINESTATE | 1u << NOTIFY_MODEMSTATE |
                   1u << SET_LINESTATE_MASK | 1u << SET_MODEMSTATE_MASK | 1u << PURGE_DATA,
    .options = {{ASKED, OFF, OFF, ASKED}, {ASKED, NEVER, ASKED, ASKED}},
    .offers = {{WILL, COM_PORT_OPTION}, {WILL, 0}, {WILL, 3}, {DO, 0}, {DO, 3}},
    .carry_out = client_carry_out,
    .decided = client_decided};

enum dtu_status dtu_rfc2217_client_init(struct dtu_rfc2217 *r,
                                        const struct dtu_rfc2217_client_callbacks *callbacks,
                                        const char *signature, void *ctx)
{
    if (!init(r, &client_side, &callbacks->pipe, signature, ctx))
        return DTU_ERR_CONFIG;
    r->client = callbacks;
    return DTU_OK;
}

static void wish(struct dtu_rfc2217 *r, unsigned messages)
{
    if (r->com_port == REFUSED)
        return;
    r->wishes |= (uint16_t)messages;
    (void)dtu_rfc2217_flush(r);
}

void dtu_rfc2217_client_set(struct dtu_rfc2217 *r, const struct dtu_uart *uart)
{
    r->uart = *uart;
    wish(r, 1u << SET_BAUDRATE | 1u << SET_DATASIZE | 1u << SET_PARITY | 1u << SET_STOPSIZE |
                1u << SET_CONTROL);
}

void dtu_rfc2217_client_signal(struct dtu_rfc2217 *r, enum dtu_rfc2217_signal signal, bool on)
{
    r->values[SIGNAL_0 + signal] = on;
    wish(r, bit(SIGNAL_0 + signal));
}

void dtu_rfc2217_client_purge(struct dtu_rfc2217 *r, unsigned what)
{
    r->values[PURGE_DATA] = (uint8_t)what;
    wish(r, 1u << PURGE_DATA);
}

void dtu_rfc2217_client_masks(struct dtu_rfc2217 *r, unsigned line, unsigned modem)
{
    r->values[SET_LINESTATE_MASK] = (uint8_t)line;
    r->values[SET_MODEMSTATE_MASK] = (uint8_t)modem;
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

void dtu_rfc2217_client_give_up(struct dtu_rfc2217 *r)
{
    r->open = 0;
    r->wishes = 0;
}

bool dtu_rfc2217_client_settled(const struct dtu_rfc2217 *r)
{
    return dtu_rfc2217_agreed(r) && (r->wishes | r->open) == 0;
}

void dtu_rfc2217_client_uart(const struct dtu_rfc2217 *r, struct dtu_uart *uart)
{
    *uart = r->uart;
}
