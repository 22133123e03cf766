/* SPDX-License-Identifier: MIT */
/* One socket's life. The table of states and events below is the contract of link.h, written down
 * by hand; the times are those of manual 004 (reconnect after 10 s, 10 s short-lived). */
#include "dtu/link.h"

#include "check.h"
#include "rand.h"

#define RETRY_MS UINT32_C(10000)
#define OPEN_MS UINT32_C(30000)
#define QUIET_MS UINT32_C(5000)
#define IDLE_MS UINT32_C(60000)

/* --- The owner and its port ----------------------------------------------------------------- */

/* What the port does inside of open(). */
enum inside { SAYS_LATER, SAYS_OPENED, SAYS_FAILED, REFUSES, SAYS_FAILED_AND_REFUSES };

static struct {
    char log[64]; /* o: open, b: open of the backup, c: close; the state entered by its letter */
    size_t len;
    enum inside inside;
    char stop_at; /* on entering this state changed() stops the link */
    char want_at; /* on entering this state changed() wants it */
    bool backup;  /* which server it was when changed() told of the try */
    uint32_t now;
} owner;

static struct dtu_link_config config;
static struct dtu_link link;

static void log_char(char c)
{
    CHECK(owner.len < sizeof owner.log);
    if (owner.len < sizeof owner.log)
        owner.log[owner.len++] = c;
}

static bool port_open(void *ctx)
{
    CHECK(ctx == &owner);
    CHECK_EQ(dtu_link_state(&link), DTU_LINK_OPENING);
    CHECK_EQ(dtu_link_is_backup(&link), owner.backup);
    log_char(dtu_link_is_backup(&link) ? 'b' : 'o');
    switch (owner.inside) {
    case SAYS_LATER:
        break;
    case SAYS_OPENED:
        dtu_link_opened(&link, owner.now);
        break;
    case SAYS_FAILED:
        dtu_link_failed(&link, owner.now);
        break;
    case REFUSES:
        return false;
    case SAYS_FAILED_AND_REFUSES:
        dtu_link_failed(&link, owner.now);
        return false;
    }
    return true;
}

static void port_close(void *ctx)
{
    CHECK(ctx == &owner);
    log_char('c');
}

static char letter(enum dtu_link_state state)
{
    switch (state) {
    case DTU_LINK_OFF:
        return 'F';
    case DTU_LINK_IDLE:
        return 'I';
    case DTU_LINK_OPENING:
        return 'O';
    case DTU_LINK_UP:
        return 'U';
    case DTU_LINK_WAIT:
        return 'W';
    case DTU_LINK_GIVEN_UP:
        return 'G';
    }
    return '?';
}

static void on_change(void *ctx, enum dtu_link_state state)
{
    CHECK(ctx == &owner);
    CHECK_EQ(dtu_link_state(&link), state);
    if (state == DTU_LINK_OPENING)
        owner.backup = dtu_link_is_backup(&link);
    log_char(letter(state));
    if (owner.stop_at == letter(state))
        dtu_link_stop(&link, owner.now);
    if (owner.want_at == letter(state))
        dtu_link_want(&link, owner.now);
}

static const struct dtu_link_callbacks callbacks = {port_open, port_close, on_change};

static void begin(uint32_t max_tries, uint32_t quiet_ms, uint32_t now)
{
    memset(&owner, 0, sizeof owner);
    owner.now = now;
    config = (struct dtu_link_config){
        .retry_ms = RETRY_MS, .max_tries = max_tries, .open_ms = OPEN_MS, .quiet_ms = quiet_ms};
    CHECK_EQ(dtu_link_init(&link, &config, &callbacks, &owner), DTU_OK);
    CHECK_EQ(dtu_link_state(&link), DTU_LINK_OFF);
}

/* Lets time pass up to the moment and polls. */
static void poll_after(uint32_t ms)
{
    owner.now += ms;
    dtu_link_poll(&link, owner.now);
}

static void check_log(const char *expected, int line)
{
    check_bytes(owner.log, owner.len, expected, strlen(expected), line, "the calls");
    owner.len = 0;
}

#define CHECK_CALLS(expected) check_log(expected, __LINE__)
#define CHECK_STATE(c) CHECK_EQ(letter(dtu_link_state(&link)), c)

/* --- Set-up --------------------------------------------------------------------------------- */

static enum dtu_status try_init(uint32_t retry_ms, uint32_t open_ms, uint32_t quiet_ms)
{
    config =
        (struct dtu_link_config){.retry_ms = retry_ms, .open_ms = open_ms, .quiet_ms = quiet_ms};
    return dtu_link_init(&link, &config, &callbacks, &owner);
}

static void init_refuses_what_cannot_work(void)
{
    static const struct dtu_link_callbacks no_open = {NULL, port_close, on_change};
    static const struct dtu_link_callbacks no_close = {port_open, NULL, on_change};
    static const struct dtu_link_callbacks no_changed = {port_open, port_close, NULL};
    const uint32_t half = UINT32_C(1) << 31;
    CHECK_EQ(try_init(0, 0, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(half, 0, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(1, half, 0), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(1, 0, half), DTU_ERR_CONFIG);
    CHECK_EQ(try_init(1, 0, 0), DTU_OK);
    CHECK_EQ(try_init(half - 1, half - 1, half - 1), DTU_OK);
    CHECK_EQ(dtu_link_init(&link, &config, &no_open, NULL), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_link_init(&link, &config, &no_close, NULL), DTU_ERR_CONFIG);
    CHECK_EQ(dtu_link_init(&link, &config, &no_changed, NULL), DTU_OK);
    config.listens = true; /* a server that closes would not be there for those who connect */
    CHECK_EQ(dtu_link_init(&link, &config, &callbacks, NULL), DTU_ERR_CONFIG);
    config.quiet_ms = 0;
    CHECK_EQ(dtu_link_init(&link, &config, &callbacks, NULL), DTU_OK);
}

static enum dtu_status try_idle(uint32_t idle_ms, uint32_t quiet_ms, bool listens)
{
    config = (struct dtu_link_config){.retry_ms = 1,
                                      .idle_ms = idle_ms,
                                      .quiet_ms = quiet_ms,
                                      .listens = listens,
                                      .has_backup = true};
    return dtu_link_init(&link, &config, &callbacks, &owner);
}

/* A connection cannot be closed and be opened anew for the same silence. */
static void init_refuses_an_idle_time_out_of_range_or_beside_a_quiet_time(void)
{
    const uint32_t half = UINT32_C(1) << 31;
    CHECK_EQ(try_idle(half, 0, false), DTU_ERR_CONFIG);
    CHECK_EQ(try_idle(UINT32_MAX, 0, false), DTU_ERR_CONFIG);
    CHECK_EQ(try_idle(1, 1, false), DTU_ERR_CONFIG);
    CHECK_EQ(try_idle(half - 1, half - 1, false), DTU_ERR_CONFIG);
    CHECK_EQ(try_idle(half - 1, 0, false), DTU_OK);
    CHECK_EQ(try_idle(1, 0, true), DTU_OK); /* a server's connections may fall silent too */
    CHECK_EQ(try_idle(0, 1, false), DTU_OK);
    CHECK(!dtu_link_is_backup(&link));
}

static void changed_may_be_missing(void)
{
    static const struct dtu_link_callbacks no_changed = {port_open, port_close, NULL};
    begin(1, 0, 0);
    CHECK_EQ(dtu_link_init(&link, &config, &no_changed, &owner), DTU_OK);
    dtu_link_start(&link, 0);
    dtu_link_opened(&link, 0);
    dtu_link_stop(&link, 0);
    CHECK_CALLS("oc");
    CHECK_STATE('F');
}

/* --- Every state and every event -------------------------------------------------------------- */

enum event {
    START,
    STOP,
    WANT,
    ACTIVITY,
    OPENED,
    FAILED,
    CLOSED,
    RECONNECT,
    POLL_EARLY,
    POLL_DUE,
    EVENTS
};

/* Brings a new link, which may fail twice, to a state. */
static void reach(char state, bool short_lived)
{
    begin(2, short_lived ? QUIET_MS : 0, 1000);
    if (state != 'F')
        dtu_link_start(&link, owner.now);
    if (state == 'F' || state == 'I')
        return;
    if (short_lived)
        dtu_link_want(&link, owner.now);
    if (state == 'U')
        dtu_link_opened(&link, owner.now);
    if (state == 'W' || state == 'G')
        dtu_link_failed(&link, owner.now);
    if (state == 'G') {
        poll_after(RETRY_MS);
        dtu_link_failed(&link, owner.now);
        poll_after(RETRY_MS);
    }
}

/* The time after which a state ends by itself; for those that do not, a long time. */
static uint32_t lasts_ms(char state, bool short_lived)
{
    switch (state) {
    case 'O':
        return OPEN_MS;
    case 'W':
        return RETRY_MS;
    case 'U':
        return short_lived ? QUIET_MS : UINT32_MAX;
    default:
        return UINT32_MAX;
    }
}

static void do_event(enum event event, uint32_t lasts)
{
    switch (event) {
    case START:
        dtu_link_start(&link, owner.now);
        break;
    case STOP:
        dtu_link_stop(&link, owner.now);
        break;
    case WANT:
        dtu_link_want(&link, owner.now);
        break;
    case ACTIVITY:
        dtu_link_activity(&link, owner.now);
        break;
    case OPENED:
        dtu_link_opened(&link, owner.now);
        break;
    case FAILED:
        dtu_link_failed(&link, owner.now);
        break;
    case CLOSED:
        dtu_link_closed(&link, owner.now);
        break;
    case RECONNECT:
        dtu_link_reconnect(&link, owner.now);
        break;
    case POLL_EARLY:
        poll_after(lasts - 1);
        break;
    case POLL_DUE:
    case EVENTS:
        poll_after(lasts);
        break;
    }
}

struct row {
    char state;
    bool short_lived;
    const char *calls[EVENTS]; /* the last capital letter is the next state */
};

static const struct row table[] = {
    /*            start  stop  want  act  opened failed closed anew early due */
    {'F', false, {"Oo", "", "", "", "", "", "", "", "", ""}},
    {'O', false, {"", "cF", "", "", "U", "W", "", "", "", "cW"}},
    {'U', false, {"", "cF", "", "", "", "", "W", "cOo", "", ""}},
    {'W', false, {"", "F", "", "", "", "", "", "", "", "Oo"}},
    {'G', false, {"Oo", "F", "", "", "", "", "", "", "", ""}},
    {'F', true, {"I", "", "", "", "", "", "", "", "", ""}},
    {'I', true, {"", "F", "Oo", "", "", "", "", "", "", ""}},
    {'O', true, {"", "cF", "", "", "U", "W", "", "", "", "cW"}},
    {'U', true, {"", "cF", "", "", "", "", "W", "cOo", "", "cI"}},
    {'W', true, {"", "F", "", "", "", "", "", "", "", "Oo"}},
    {'G', true, {"I", "F", "", "", "", "", "", "", "", ""}},
};

static char next_state(char state, const char *calls)
{
    for (; *calls != '\0'; calls++)
        if (*calls >= 'A' && *calls <= 'Z')
            state = *calls;
    return state;
}

static void each_event_does_in_each_state_what_the_table_says(void)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct row *row = &table[i];
        for (int event = 0; event < EVENTS; event++) {
            reach(row->state, row->short_lived);
            CHECK_STATE(row->state);
            owner.len = 0;
            do_event((enum event)event, lasts_ms(row->state, row->short_lived));
            CHECK_CALLS(row->calls[event]);
            CHECK_STATE(next_state(row->state, row->calls[event]));
        }
    }
}

static void next_is_the_time_left_in_each_state(void)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint32_t lasts = lasts_ms(table[i].state, table[i].short_lived);
        reach(table[i].state, table[i].short_lived);
        if (lasts == UINT32_MAX) {
            CHECK_EQ(dtu_link_next(&link, owner.now), DTU_NEVER);
            continue;
        }
        CHECK_EQ(dtu_link_next(&link, owner.now), lasts);
        CHECK_EQ(dtu_link_next(&link, owner.now + lasts - 1), 1);
        CHECK_EQ(dtu_link_next(&link, owner.now + lasts), 0);
        CHECK_EQ(dtu_link_next(&link, owner.now + lasts + 1), 0);
    }
}

static void an_attempt_without_a_time_limit_is_the_ports_to_end(void)
{
    begin(0, 0, 0);
    config.open_ms = 0;
    dtu_link_start(&link, 0);
    CHECK_EQ(dtu_link_next(&link, 0), DTU_NEVER);
    poll_after(UINT32_MAX);
    CHECK_CALLS("Oo");
    CHECK_STATE('O');
}

/* --- Trying again --------------------------------------------------------------------------- */

static void a_lost_connection_is_opened_again_after_the_retry_time(void)
{
    begin(60, 0, 0);
    dtu_link_start(&link, 0);
    dtu_link_opened(&link, 0);
    CHECK_CALLS("OoU");
    owner.now = 5000;
    dtu_link_closed(&link, owner.now);
    CHECK_CALLS("W");
    poll_after(RETRY_MS - 1);
    CHECK_CALLS("");
    poll_after(1);
    CHECK_CALLS("Oo");
    CHECK_EQ(link.stats.lost, 1);
    CHECK_EQ(link.stats.failed, 0); /* a loss is no failure to open */
    CHECK_EQ(link.stats.tries, 2);
}

static void it_gives_up_after_so_many_failures_in_a_row(void)
{
    begin(3, 0, 0);
    dtu_link_start(&link, 0);
    for (int i = 0; i < 2; i++) {
        dtu_link_failed(&link, owner.now);
        CHECK_STATE('W');
        poll_after(RETRY_MS);
        CHECK_STATE('O');
    }
    dtu_link_failed(&link, owner.now);
    poll_after(RETRY_MS - 1);
    CHECK_STATE('W'); /* an owner that begins anew at once does not spin */
    poll_after(1);
    CHECK_STATE('G');
    CHECK_EQ(dtu_link_next(&link, owner.now), DTU_NEVER);
    CHECK_EQ(link.stats.tries, 3);
    CHECK_EQ(link.stats.failed, 3);
    owner.len = 0;
    dtu_link_start(&link, owner.now); /* counts from the beginning again */
    CHECK_CALLS("Oo");
    dtu_link_failed(&link, owner.now);
    CHECK_STATE('W');
}

static void a_success_starts_the_count_anew(void)
{
    begin(2, 0, 0);
    dtu_link_start(&link, 0);
    for (int i = 0; i < 5; i++) {
        dtu_link_failed(&link, owner.now);
        CHECK_STATE('W');
        poll_after(RETRY_MS);
        dtu_link_opened(&link, owner.now);
        CHECK_STATE('U');
        dtu_link_closed(&link, owner.now);
        poll_after(RETRY_MS);
        owner.len = 0;
    }
    CHECK_EQ(link.stats.failed, 5);
    CHECK_EQ(link.stats.opened, 5);
    CHECK_EQ(link.stats.lost, 5);
}

static void max_tries_0_never_gives_up(void)
{
    begin(0, 0, 0);
    dtu_link_start(&link, 0);
    for (int i = 0; i < 1000; i++) {
        dtu_link_failed(&link, owner.now);
        CHECK_STATE('W');
        poll_after(RETRY_MS);
        owner.len = 0;
    }
    CHECK_STATE('O');
    CHECK_EQ(link.stats.failed, 1000);
}

static void an_attempt_that_takes_too_long_is_closed_and_has_failed(void)
{
    begin(1, 0, 0);
    dtu_link_start(&link, 0);
    poll_after(OPEN_MS - 1);
    CHECK_STATE('O');
    poll_after(1);
    CHECK_CALLS("OocW");
    CHECK_EQ(link.stats.failed, 1);
    poll_after(RETRY_MS);
    CHECK_CALLS("G");
}

static void events_of_an_old_socket_are_ignored(void)
{
    begin(0, 0, 0);
    dtu_link_start(&link, 0);
    poll_after(OPEN_MS); /* given up by the link */
    owner.len = 0;
    dtu_link_opened(&link, owner.now);
    dtu_link_failed(&link, owner.now);
    dtu_link_closed(&link, owner.now);
    CHECK_CALLS("");
    CHECK_STATE('W');
    CHECK_EQ(link.stats.opened, 0);
    CHECK_EQ(link.stats.failed, 1);
    CHECK_EQ(link.stats.lost, 0);
}

/* --- Servers -------------------------------------------------------------------------------- */

static void begin_server(uint32_t max_tries)
{
    begin(max_tries, 0, 1000);
    config.listens = true;
}

static void a_server_waits_for_a_client_however_long_that_takes(void)
{
    begin_server(1);
    dtu_link_start(&link, owner.now);
    CHECK_CALLS("Oo");
    for (int day = 0; day < 100; day++) { /* the counter wraps on day 50 and 100 */
        CHECK_EQ(dtu_link_next(&link, owner.now), DTU_NEVER);
        poll_after(UINT32_C(86400000));
    }
    CHECK_CALLS("");
    dtu_link_opened(&link, owner.now);
    CHECK_CALLS("U");
    CHECK_EQ(dtu_link_next(&link, owner.now), DTU_NEVER);
    CHECK_EQ(link.stats.tries, 1);
    CHECK_EQ(link.stats.failed, 0);
}

static void a_server_whose_client_has_gone_is_opened_again_at_once(void)
{
    begin_server(1);
    dtu_link_start(&link, owner.now);
    for (int i = 0; i < 5; i++) {
        dtu_link_opened(&link, owner.now);
        owner.len = 0;
        dtu_link_closed(&link, owner.now); /* used or not: only a client makes it go on */
        CHECK_CALLS("Oo");
        CHECK_EQ(dtu_link_next(&link, owner.now), DTU_NEVER);
    }
    CHECK_EQ(link.stats.lost, 5);
    CHECK_EQ(link.stats.tries, 6);
}

static void a_server_that_cannot_be_opened_is_tried_again_as_any_other(void)
{
    begin_server(2);
    dtu_link_start(&link, owner.now);
    dtu_link_failed(&link, owner.now); /* its port is taken */
    CHECK_CALLS("OoW");
    CHECK_EQ(dtu_link_next(&link, owner.now), RETRY_MS);
    poll_after(RETRY_MS - 1);
    CHECK_CALLS("");
    poll_after(1);
    CHECK_CALLS("Oo");
    dtu_link_failed(&link, owner.now);
    poll_after(RETRY_MS);
    CHECK_CALLS("WG");
}

static void a_server_that_cannot_be_opened_again_waits(void)
{
    static const enum inside ways[] = {SAYS_FAILED, REFUSES, SAYS_FAILED_AND_REFUSES};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        begin_server(0);
        dtu_link_start(&link, owner.now);
        dtu_link_opened(&link, owner.now);
        owner.inside = ways[i];
        owner.len = 0;
        dtu_link_closed(&link, owner.now);
        CHECK_CALLS("OoW");
        CHECK_EQ(link.stats.failed, 1);
        CHECK_EQ(dtu_link_next(&link, owner.now), RETRY_MS);
    }
}

static void a_server_can_be_stopped_while_it_waits_and_when_it_is_opened_again(void)
{
    begin_server(0);
    dtu_link_start(&link, owner.now);
    dtu_link_stop(&link, owner.now);
    CHECK_CALLS("OocF");
    dtu_link_start(&link, owner.now);
    dtu_link_opened(&link, owner.now);
    owner.len = 0;
    owner.stop_at = 'O';
    dtu_link_closed(&link, owner.now);
    CHECK_CALLS("OcF"); /* close(), but not open(): as link.h says */
}

static void a_client_of_a_server_may_be_there_at_once(void)
{
    begin_server(0);
    owner.inside = SAYS_OPENED;
    dtu_link_start(&link, owner.now);
    CHECK_CALLS("OoU");
    dtu_link_closed(&link, owner.now);
    CHECK_CALLS("OoU"); /* the next one had been waiting */
    CHECK_EQ(link.stats.opened, 2);
}

/* --- Short-lived ---------------------------------------------------------------------------- */

static void a_short_lived_link_opens_when_wanted_and_closes_when_quiet(void)
{
    begin(0, QUIET_MS, 0);
    dtu_link_start(&link, 0);
    CHECK_CALLS("I");
    poll_after(100000);
    CHECK_CALLS("");
    dtu_link_want(&link, owner.now);
    CHECK_CALLS("Oo");
    dtu_link_opened(&link, owner.now);
    dtu_link_activity(&link, owner.now);
    poll_after(QUIET_MS - 1);
    CHECK_CALLS("U");
    poll_after(1);
    CHECK_CALLS("cI");
    CHECK_EQ(link.stats.quiet, 1);
    dtu_link_want(&link, owner.now);
    CHECK_CALLS("Oo");
}

static void activity_and_want_keep_it_open(void)
{
    begin(0, QUIET_MS, 0);
    dtu_link_start(&link, 0);
    dtu_link_want(&link, 0);
    dtu_link_opened(&link, 0);
    owner.len = 0;
    for (int i = 0; i < 10; i++) {
        poll_after(QUIET_MS - 1);
        if (i % 2 == 0)
            dtu_link_activity(&link, owner.now);
        else
            dtu_link_want(&link, owner.now);
        CHECK_EQ(dtu_link_next(&link, owner.now), QUIET_MS);
    }
    CHECK_CALLS("");
    poll_after(QUIET_MS);
    CHECK_CALLS("cI");
}

static void a_hold_keeps_it_open_and_is_no_activity(void)
{
    begin(0, QUIET_MS, 0);
    dtu_link_hold(&link, 0); /* off: nothing to hold */
    dtu_link_start(&link, 0);
    dtu_link_want(&link, 0);
    dtu_link_opened(&link, 0);
    owner.len = 0;
    for (int i = 0; i < 10; i++) {
        poll_after(QUIET_MS - 1);
        dtu_link_hold(&link, owner.now);
        CHECK_EQ(dtu_link_next(&link, owner.now), QUIET_MS);
    }
    CHECK_CALLS("");
    dtu_link_closed(&link, owner.now); /* unused: it may not be opened again at once */
    CHECK_CALLS("W");
}

static void a_used_short_lived_link_that_the_peer_closes_is_idle(void)
{
    begin(0, QUIET_MS, 0);
    dtu_link_start(&link, 0);
    dtu_link_want(&link, 0);
    dtu_link_opened(&link, 0);
    dtu_link_activity(&link, 0);
    owner.len = 0;
    dtu_link_closed(&link, 0);
    CHECK_CALLS("I");
    dtu_link_want(&link, 0); /* opened at once: the peer did its work */
    CHECK_CALLS("Oo");
}

static void a_peer_that_closes_at_once_does_not_make_it_spin(void)
{
    begin(0, QUIET_MS, 0);
    dtu_link_start(&link, 0);
    dtu_link_want(&link, 0);
    for (int i = 0; i < 5; i++) {
        dtu_link_opened(&link, owner.now);
        owner.len = 0;
        dtu_link_closed(&link, owner.now);
        CHECK_CALLS("W");
        dtu_link_want(&link, owner.now);
        poll_after(RETRY_MS - 1);
        CHECK_CALLS("");
        poll_after(1);
        CHECK_CALLS("Oo");
    }
    CHECK_EQ(link.stats.tries, 6);
}

static void what_was_used_counts_for_one_connection_only(void)
{
    begin(0, QUIET_MS, 0);
    dtu_link_start(&link, 0);
    dtu_link_want(&link, 0);
    dtu_link_opened(&link, 0);
    dtu_link_activity(&link, 0);
    dtu_link_closed(&link, 0);
    dtu_link_want(&link, 0);
    dtu_link_activity(&link, 0); /* still opening: not on this connection */
    dtu_link_opened(&link, 0);
    owner.len = 0;
    dtu_link_closed(&link, 0);
    CHECK_CALLS("W");
}

/* --- A connection that is opened anew -------------------------------------------------------- */

static void begin_idle(uint32_t now)
{
    begin(2, 0, now);
    config.idle_ms = IDLE_MS;
}

static void a_connection_without_activity_is_opened_anew_at_once(void)
{
    begin_idle(1000);
    dtu_link_start(&link, owner.now);
    dtu_link_opened(&link, owner.now);
    CHECK_CALLS("OoU");
    for (uint32_t i = 1; i <= 3; i++) { /* whatever it was before, each gets the whole time */
        CHECK_EQ(dtu_link_next(&link, owner.now), IDLE_MS);
        poll_after(IDLE_MS - 1);
        CHECK_CALLS("");
        CHECK_EQ(dtu_link_next(&link, owner.now), 1);
        poll_after(1);
        CHECK_CALLS("cOo");
        CHECK_EQ(dtu_link_next(&link, owner.now), OPEN_MS);
        owner.now += 20000;
        dtu_link_opened(&link, owner.now);
        CHECK_CALLS("U");
        CHECK_EQ(link.stats.idle, i);
    }
    CHECK_EQ(link.stats.tries, 4);
    CHECK_EQ(link.stats.opened, 4);
    CHECK_EQ(link.stats.lost, 0); /* nobody has closed it but the link itself */
    CHECK_EQ(link.stats.quiet, 0);
    CHECK_EQ(link.stats.failed, 0);
}

static void activity_want_and_hold_begin_the_idle_time_anew(void)
{
    static void (*const events[])(struct dtu_link *, uint32_t) = {dtu_link_activity, dtu_link_want,
                                                                  dtu_link_hold};
    begin_idle(0);
    dtu_link_start(&link, 0);
    dtu_link_opened(&link, 0);
    owner.len = 0;
    for (size_t i = 0; i < 9; i++) {
        poll_after(IDLE_MS - 1);
        events[i % 3](&link, owner.now);
        CHECK_EQ(dtu_link_next(&link, owner.now), IDLE_MS);
    }
    CHECK_CALLS("");
    CHECK_EQ(link.stats.idle, 0);
    poll_after(IDLE_MS);
    CHECK_CALLS("cOo");
}

/* A time of 1 ms would be over in each of them. */
static void the_idle_time_runs_only_while_connected(void)
{
    static const char states[] = "FOWG";
    for (size_t i = 0; i < sizeof states - 1; i++) {
        uint32_t lasts = lasts_ms(states[i], false);
        reach(states[i], false);
        config.idle_ms = 1;
        owner.len = 0;
        CHECK_EQ(dtu_link_next(&link, owner.now), lasts == UINT32_MAX ? DTU_NEVER : lasts);
        poll_after(lasts - 1);
        CHECK_CALLS("");
        CHECK_STATE(states[i]);
        CHECK_EQ(link.stats.idle, 0);
    }
}

static void an_idle_server_lets_its_client_go_and_listens_again(void)
{
    begin_idle(0);
    config.listens = true;
    dtu_link_start(&link, 0);
    poll_after(10 * IDLE_MS); /* nobody is there: nobody is silent */
    CHECK_CALLS("Oo");
    dtu_link_opened(&link, owner.now);
    poll_after(IDLE_MS - 1);
    CHECK_CALLS("U");
    poll_after(1);
    CHECK_CALLS("cOo");
    CHECK_EQ(dtu_link_next(&link, owner.now), DTU_NEVER);
    CHECK_EQ(link.stats.idle, 1);
}

static void the_clock_may_wrap_in_the_idle_time(void)
{
    static const uint32_t starts[] = {UINT32_MAX, UINT32_MAX - 59999, UINT32_MAX - 60000};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        begin_idle(starts[i]);
        dtu_link_start(&link, owner.now);
        dtu_link_opened(&link, owner.now);
        poll_after(IDLE_MS - 1);
        CHECK_STATE('U');
        CHECK_EQ(dtu_link_next(&link, owner.now), 1);
        poll_after(1);
        CHECK_CALLS("OoUcOo");
    }
}

static void a_reconnect_needs_no_idle_time_and_is_no_loss(void)
{
    begin(0, 0, 5000);
    dtu_link_start(&link, owner.now);
    dtu_link_opened(&link, owner.now);
    owner.now += 123;
    owner.len = 0;
    dtu_link_reconnect(&link, owner.now);
    CHECK_CALLS("cOo");
    CHECK_EQ(dtu_link_next(&link, owner.now), OPEN_MS);
    CHECK_EQ(link.stats.idle, 1);
    CHECK_EQ(link.stats.lost, 0);
    CHECK_EQ(link.stats.tries, 2);
    dtu_link_closed(&link, owner.now); /* of the old socket: it may come late */
    CHECK_CALLS("");
}

/* Two failures in a row are allowed: that of before the success does not count. */
static void a_reconnect_that_fails_is_tried_again_as_any_other(void)
{
    begin(2, 0, 0);
    dtu_link_start(&link, 0);
    dtu_link_failed(&link, 0);
    poll_after(RETRY_MS);
    dtu_link_opened(&link, owner.now);
    dtu_link_reconnect(&link, owner.now);
    owner.len = 0;
    dtu_link_failed(&link, owner.now);
    CHECK_CALLS("W");
    CHECK_EQ(dtu_link_next(&link, owner.now), RETRY_MS);
    poll_after(RETRY_MS);
    CHECK_CALLS("Oo");
    dtu_link_failed(&link, owner.now);
    poll_after(RETRY_MS);
    CHECK_CALLS("WG");
}

static void a_short_lived_link_may_be_opened_anew_and_is_then_unused(void)
{
    begin(0, QUIET_MS, 0);
    dtu_link_start(&link, 0);
    dtu_link_want(&link, 0);
    dtu_link_opened(&link, 0);
    dtu_link_activity(&link, 0);
    owner.len = 0;
    dtu_link_reconnect(&link, 0);
    dtu_link_opened(&link, 0);
    CHECK_CALLS("cOoU");
    CHECK_EQ(dtu_link_next(&link, 0), QUIET_MS);
    dtu_link_closed(&link, 0);
    CHECK_CALLS("W"); /* not IDLE: on this connection there was nothing */
}

static void open_may_tell_the_outcome_of_a_reconnect_from_inside(void)
{
    static const struct {
        enum inside inside;
        const char *calls;
    } cases[] = {{SAYS_LATER, "cOo"},
                 {SAYS_OPENED, "cOoU"},
                 {SAYS_FAILED, "cOoW"},
                 {REFUSES, "cOoW"},
                 {SAYS_FAILED_AND_REFUSES, "cOoW"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int by_time = 0; by_time < 2; by_time++) {
            begin_idle(0);
            dtu_link_start(&link, 0);
            dtu_link_opened(&link, 0);
            owner.len = 0;
            owner.inside = cases[i].inside;
            if (by_time == 1)
                poll_after(IDLE_MS);
            else
                dtu_link_reconnect(&link, 0);
            CHECK_CALLS(cases[i].calls);
            CHECK_EQ(link.stats.failed, strchr(cases[i].calls, 'W') != NULL);
            CHECK_EQ(link.stats.idle, 1);
        }
    }
}

static void the_owner_may_stop_or_want_in_any_change_of_a_reconnect(void)
{
    static const struct {
        char stop_at;
        char want_at;
        enum inside inside;
        const char *calls;
    } cases[] = {{'O', 0, SAYS_LATER, "cOcF"}, /* as link.h says: close(), but not open() */
                 {'U', 0, SAYS_OPENED, "cOoUcF"}, {'W', 0, REFUSES, "cOoWF"},
                 {0, 'O', SAYS_LATER, "cOo"},     {0, 'U', SAYS_OPENED, "cOoU"},
                 {0, 'W', REFUSES, "cOoW"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_idle(0);
        dtu_link_start(&link, 0);
        dtu_link_opened(&link, 0);
        owner.len = 0;
        owner.stop_at = cases[i].stop_at;
        owner.want_at = cases[i].want_at;
        owner.inside = cases[i].inside;
        poll_after(IDLE_MS);
        CHECK_CALLS(cases[i].calls);
        CHECK_STATE(next_state('U', cases[i].calls));
    }
}

/* --- The other server ------------------------------------------------------------------------ */

static void begin_backup(uint32_t max_tries, uint32_t quiet_ms)
{
    begin(max_tries, quiet_ms, 1000);
    config.has_backup = true;
}

static void tries_that_follow_a_failure_go_to_the_two_servers_in_turns(void)
{
    begin_backup(0, 0);
    dtu_link_start(&link, owner.now);
    CHECK_CALLS("Oo");
    for (int i = 0; i < 4; i++) {
        dtu_link_failed(&link, owner.now);
        poll_after(RETRY_MS - 1); /* the backup waits its time too */
        CHECK_CALLS("W");
        poll_after(1);
        CHECK_CALLS(i % 2 == 0 ? "Ob" : "Oo");
        CHECK_EQ(dtu_link_is_backup(&link), i % 2 == 0);
    }
    CHECK_EQ(link.stats.tries, 5);
    CHECK_EQ(link.stats.failed, 4);
}

static void every_kind_of_failure_leads_to_the_backup(void)
{
    static const enum inside ways[] = {SAYS_FAILED, REFUSES, SAYS_FAILED_AND_REFUSES};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        begin_backup(0, 0);
        owner.inside = ways[i];
        dtu_link_start(&link, owner.now);
        poll_after(RETRY_MS);
        poll_after(RETRY_MS);
        CHECK_CALLS("OoWObWOoW");
    }
    begin_backup(0, 0);
    dtu_link_start(&link, owner.now);
    poll_after(OPEN_MS); /* nothing was heard of it */
    poll_after(RETRY_MS);
    CHECK_CALLS("OocWOb");
}

static void without_a_backup_every_try_is_to_the_same_server(void)
{
    begin(0, 0, 0);
    dtu_link_start(&link, 0);
    for (int i = 0; i < 4; i++) {
        dtu_link_failed(&link, owner.now);
        poll_after(RETRY_MS);
        CHECK(!dtu_link_is_backup(&link));
        owner.len = 0;
    }
    CHECK_EQ(link.stats.tries, 5);
}

static void reach_backup(void)
{
    begin_backup(0, 0);
    dtu_link_start(&link, owner.now);
    dtu_link_failed(&link, owner.now);
    poll_after(RETRY_MS);
    dtu_link_opened(&link, owner.now);
    CHECK_CALLS("OoWObU");
}

static void a_connection_to_the_backup_stays_until_it_is_lost(void)
{
    reach_backup();
    for (int day = 0; day < 100; day++) {
        poll_after(UINT32_C(86400000));
        CHECK(dtu_link_is_backup(&link));
    }
    CHECK_CALLS("");
    dtu_link_closed(&link, owner.now);
    poll_after(RETRY_MS);
    CHECK_CALLS("WOo"); /* the first server is tried first again, */
    CHECK(!dtu_link_is_backup(&link));
    dtu_link_failed(&link, owner.now);
    poll_after(RETRY_MS);
    CHECK_CALLS("WOb"); /* and then the backup */
}

static void a_reconnect_of_the_backup_goes_to_the_first_server(void)
{
    reach_backup();
    dtu_link_reconnect(&link, owner.now);
    CHECK_CALLS("cOo");
    reach_backup();
    config.idle_ms = IDLE_MS;
    poll_after(IDLE_MS);
    CHECK_CALLS("cOo");
    CHECK(!dtu_link_is_backup(&link));
}

static void a_lost_connection_is_tried_at_the_first_server_first(void)
{
    begin_backup(0, 0);
    dtu_link_start(&link, owner.now);
    dtu_link_opened(&link, owner.now);
    dtu_link_closed(&link, owner.now); /* a loss is no failure */
    poll_after(RETRY_MS);
    CHECK_CALLS("OoUWOo");
}

static void tries_of_both_servers_count_for_giving_up(void)
{
    begin_backup(3, 0);
    dtu_link_start(&link, owner.now);
    for (int i = 0; i < 3; i++) {
        dtu_link_failed(&link, owner.now);
        poll_after(RETRY_MS);
    }
    CHECK_CALLS("OoWObWOoWG");
    dtu_link_start(&link, owner.now); /* 3 failures, but they are over */
    CHECK_CALLS("Oo");
    dtu_link_stop(&link, owner.now);
    owner.len = 0;
    begin_backup(1, 0); /* the backup is never tried */
    dtu_link_start(&link, owner.now);
    dtu_link_failed(&link, owner.now);
    poll_after(RETRY_MS);
    CHECK_CALLS("OoWG");
}

static void a_start_begins_with_the_first_server(void)
{
    begin_backup(0, 0);
    dtu_link_start(&link, owner.now);
    dtu_link_failed(&link, owner.now);
    dtu_link_stop(&link, owner.now);
    dtu_link_start(&link, owner.now);
    CHECK_CALLS("OoWFOo");
}

static void a_short_lived_link_has_a_backup_too(void)
{
    begin_backup(0, QUIET_MS);
    dtu_link_start(&link, owner.now);
    dtu_link_want(&link, owner.now);
    dtu_link_failed(&link, owner.now);
    poll_after(RETRY_MS);
    dtu_link_opened(&link, owner.now);
    poll_after(QUIET_MS);
    dtu_link_want(&link, owner.now); /* after the success of the backup: the first server */
    CHECK_CALLS("IOoWObUcIOo");
}

static void open_may_have_the_backup_at_once(void)
{
    begin_backup(0, 0);
    owner.inside = REFUSES;
    dtu_link_start(&link, owner.now);
    owner.inside = SAYS_OPENED;
    poll_after(RETRY_MS);
    CHECK_CALLS("OoWObU");
    CHECK(dtu_link_is_backup(&link));
}

/* --- Calls from inside of callbacks ---------------------------------------------------------- */

static void open_may_tell_its_success_from_inside(void)
{
    begin(1, 0, 0);
    owner.inside = SAYS_OPENED;
    dtu_link_start(&link, 0);
    CHECK_CALLS("OoU");
    CHECK_STATE('U');
    CHECK_EQ(link.stats.opened, 1);
    CHECK_EQ(link.stats.failed, 0);
}

static void open_may_tell_its_failure_from_inside(void)
{
    static const enum inside ways[] = {SAYS_FAILED, REFUSES, SAYS_FAILED_AND_REFUSES};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        begin(2, 0, 0);
        owner.inside = ways[i];
        dtu_link_start(&link, 0);
        CHECK_CALLS("OoW");
        CHECK_EQ(link.stats.failed, 1); /* once, however often it is told */
        CHECK_EQ(link.stats.tries, 1);
        poll_after(RETRY_MS);
        CHECK_CALLS("OoW");
        CHECK_EQ(link.stats.failed, 2);
        poll_after(RETRY_MS);
        CHECK_CALLS("G");
    }
}

static void the_owner_may_stop_in_any_change(void)
{
    static const struct {
        char at;
        enum inside inside;
        const char *calls;
    } cases[] = {{'O', SAYS_LATER, "OcF"}, /* as link.h says: close(), but not open() */
                 {'U', SAYS_OPENED, "OoUcF"},
                 {'W', SAYS_FAILED, "OoWF"},
                 {'W', REFUSES, "OoWF"},
                 {'W', SAYS_FAILED_AND_REFUSES, "OoWF"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(2, 0, 0);
        owner.stop_at = cases[i].at;
        owner.inside = cases[i].inside;
        dtu_link_start(&link, 0);
        CHECK_CALLS(cases[i].calls);
        CHECK_STATE('F');
    }
    begin(1, 0, 0);
    owner.stop_at = 'G';
    owner.inside = REFUSES;
    dtu_link_start(&link, 0);
    poll_after(RETRY_MS);
    CHECK_CALLS("OoWGF");
    begin(1, QUIET_MS, 0);
    owner.stop_at = 'I';
    dtu_link_start(&link, 0);
    CHECK_CALLS("IF");
}

static void the_owner_may_want_when_it_becomes_idle(void)
{
    begin(0, QUIET_MS, 0);
    owner.want_at = 'I';
    dtu_link_start(&link, 0);
    CHECK_CALLS("IOo");
    CHECK_STATE('O');
    dtu_link_opened(&link, 0);
    poll_after(QUIET_MS);
    CHECK_CALLS("UcIOo");
    CHECK_STATE('O');
}

static void the_owner_may_want_in_any_change(void)
{
    static const char states[] = "FOUWG";
    for (size_t i = 0; i < sizeof states - 1; i++) {
        begin(1, 0, 0);
        owner.want_at = states[i];
        dtu_link_start(&link, 0);
        dtu_link_failed(&link, 0);
        poll_after(RETRY_MS);
        dtu_link_stop(&link, owner.now);
        CHECK_CALLS("OoWGF"); /* nothing but an idle link opens by it */
    }
}

/* --- Time ----------------------------------------------------------------------------------- */

static void the_clock_may_wrap_in_any_wait(void)
{
    static const uint32_t starts[] = {UINT32_MAX,        UINT32_MAX - 4999,  UINT32_MAX - 5000,
                                      UINT32_MAX - 9999, UINT32_MAX - 10000, UINT32_MAX - 30000};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        begin(0, QUIET_MS, starts[i]);
        dtu_link_start(&link, owner.now);
        dtu_link_want(&link, owner.now);
        poll_after(OPEN_MS - 1);
        CHECK_STATE('O');
        poll_after(1);
        CHECK_STATE('W');
        owner.now = starts[i];
        begin(0, QUIET_MS, starts[i]);
        dtu_link_start(&link, owner.now);
        dtu_link_want(&link, owner.now);
        dtu_link_failed(&link, owner.now);
        poll_after(RETRY_MS - 1);
        CHECK_STATE('W');
        CHECK_EQ(dtu_link_next(&link, owner.now), 1);
        poll_after(1);
        CHECK_STATE('O');
        begin(0, QUIET_MS, starts[i]);
        dtu_link_start(&link, owner.now);
        dtu_link_want(&link, owner.now);
        dtu_link_opened(&link, owner.now);
        poll_after(QUIET_MS - 1);
        CHECK_STATE('U');
        poll_after(1);
        CHECK_STATE('I');
    }
}

static void a_connection_may_stay_for_more_than_49_days(void)
{
    begin(1, 0, 12345);
    dtu_link_start(&link, owner.now);
    dtu_link_opened(&link, owner.now);
    CHECK_CALLS("OoU");
    for (int day = 0; day < 100; day++) { /* the counter wraps on day 50 and 100 */
        poll_after(UINT32_C(86400000));
        CHECK_EQ(dtu_link_next(&link, owner.now), DTU_NEVER);
    }
    CHECK_CALLS("");
    dtu_link_closed(&link, owner.now);
    CHECK_EQ(dtu_link_next(&link, owner.now), RETRY_MS);
}

static void the_longest_times_work(void)
{
    const uint32_t longest = (UINT32_C(1) << 31) - 1;
    begin(0, 0, UINT32_C(0xC0000000));
    config.retry_ms = longest;
    dtu_link_start(&link, owner.now);
    dtu_link_failed(&link, owner.now);
    poll_after(longest - 1);
    CHECK_STATE('W');
    poll_after(1);
    CHECK_STATE('O');
}

/* --- Any order of events --------------------------------------------------------------------- */

/* Whatever comes: the port is never asked to open what is open or to close what is not, and the
 * counters add up. */
static void any_order_of_events_keeps_the_port_in_step(void)
{
    struct test_rand rand;
    test_rand_seed(&rand, 12);
    for (int run = 0; run < 200; run++) {
        bool open = false; /* as the port sees it: opening or open */
        begin(test_rand_below(&rand, 4), test_rand_below(&rand, 2) * QUIET_MS,
              test_rand_u32(&rand));
        config.listens = config.quiet_ms == 0 && test_rand_below(&rand, 2) == 0;
        config.idle_ms = config.quiet_ms == 0 ? test_rand_below(&rand, 2) * IDLE_MS / 4 : 0;
        config.has_backup = test_rand_below(&rand, 2) == 0;
        for (int i = 0; i < 100; i++) {
            enum event event = (enum event)test_rand_below(&rand, EVENTS);
            char before = letter(dtu_link_state(&link));
            owner.inside = (enum inside)test_rand_below(&rand, 5);
            do_event(event, 1 + test_rand_below(&rand, OPEN_MS));
            if (event == CLOSED && before == 'U')
                open = false; /* by the other side */
            for (size_t j = 0; j < owner.len; j++) {
                bool opens = owner.log[j] == 'o' || owner.log[j] == 'b';
                CHECK(!opens || !open);
                CHECK(owner.log[j] != 'c' || open);
                CHECK(owner.log[j] != 'b' || config.has_backup);
                if (opens)
                    open = true;
                if (strchr("cFIWG", owner.log[j]) != NULL)
                    open = false;
            }
            CHECK(owner.len == 0 || letter(dtu_link_state(&link)) == next_state(before, owner.log));
            memset(owner.log, 0, sizeof owner.log);
            owner.len = 0;
            CHECK_EQ(open, dtu_link_state(&link) == DTU_LINK_OPENING ||
                               dtu_link_state(&link) == DTU_LINK_UP);
        }
        CHECK(link.stats.tries - link.stats.opened - link.stats.failed <= link.stats.tries);
        CHECK(link.stats.lost + link.stats.quiet + link.stats.idle <= link.stats.opened);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(init_refuses_what_cannot_work),
    CHECK_TEST(init_refuses_an_idle_time_out_of_range_or_beside_a_quiet_time),
    CHECK_TEST(changed_may_be_missing),
    CHECK_TEST(each_event_does_in_each_state_what_the_table_says),
    CHECK_TEST(next_is_the_time_left_in_each_state),
    CHECK_TEST(an_attempt_without_a_time_limit_is_the_ports_to_end),
    CHECK_TEST(a_lost_connection_is_opened_again_after_the_retry_time),
    CHECK_TEST(it_gives_up_after_so_many_failures_in_a_row),
    CHECK_TEST(a_success_starts_the_count_anew),
    CHECK_TEST(max_tries_0_never_gives_up),
    CHECK_TEST(an_attempt_that_takes_too_long_is_closed_and_has_failed),
    CHECK_TEST(events_of_an_old_socket_are_ignored),
    CHECK_TEST(a_server_waits_for_a_client_however_long_that_takes),
    CHECK_TEST(a_server_whose_client_has_gone_is_opened_again_at_once),
    CHECK_TEST(a_server_that_cannot_be_opened_is_tried_again_as_any_other),
    CHECK_TEST(a_server_that_cannot_be_opened_again_waits),
    CHECK_TEST(a_server_can_be_stopped_while_it_waits_and_when_it_is_opened_again),
    CHECK_TEST(a_client_of_a_server_may_be_there_at_once),
    CHECK_TEST(a_short_lived_link_opens_when_wanted_and_closes_when_quiet),
    CHECK_TEST(activity_and_want_keep_it_open),
    CHECK_TEST(a_hold_keeps_it_open_and_is_no_activity),
    CHECK_TEST(a_used_short_lived_link_that_the_peer_closes_is_idle),
    CHECK_TEST(a_peer_that_closes_at_once_does_not_make_it_spin),
    CHECK_TEST(what_was_used_counts_for_one_connection_only),
    CHECK_TEST(a_connection_without_activity_is_opened_anew_at_once),
    CHECK_TEST(activity_want_and_hold_begin_the_idle_time_anew),
    CHECK_TEST(the_idle_time_runs_only_while_connected),
    CHECK_TEST(an_idle_server_lets_its_client_go_and_listens_again),
    CHECK_TEST(the_clock_may_wrap_in_the_idle_time),
    CHECK_TEST(a_reconnect_needs_no_idle_time_and_is_no_loss),
    CHECK_TEST(a_reconnect_that_fails_is_tried_again_as_any_other),
    CHECK_TEST(a_short_lived_link_may_be_opened_anew_and_is_then_unused),
    CHECK_TEST(open_may_tell_the_outcome_of_a_reconnect_from_inside),
    CHECK_TEST(the_owner_may_stop_or_want_in_any_change_of_a_reconnect),
    CHECK_TEST(tries_that_follow_a_failure_go_to_the_two_servers_in_turns),
    CHECK_TEST(every_kind_of_failure_leads_to_the_backup),
    CHECK_TEST(without_a_backup_every_try_is_to_the_same_server),
    CHECK_TEST(a_connection_to_the_backup_stays_until_it_is_lost),
    CHECK_TEST(a_reconnect_of_the_backup_goes_to_the_first_server),
    CHECK_TEST(a_lost_connection_is_tried_at_the_first_server_first),
    CHECK_TEST(tries_of_both_servers_count_for_giving_up),
    CHECK_TEST(a_start_begins_with_the_first_server),
    CHECK_TEST(a_short_lived_link_has_a_backup_too),
    CHECK_TEST(open_may_have_the_backup_at_once),
    CHECK_TEST(open_may_tell_its_success_from_inside),
    CHECK_TEST(open_may_tell_its_failure_from_inside),
    CHECK_TEST(the_owner_may_stop_in_any_change),
    CHECK_TEST(the_owner_may_want_when_it_becomes_idle),
    CHECK_TEST(the_owner_may_want_in_any_change),
    CHECK_TEST(the_clock_may_wrap_in_any_wait),
    CHECK_TEST(a_connection_may_stay_for_more_than_49_days),
    CHECK_TEST(the_longest_times_work),
    CHECK_TEST(any_order_of_events_keeps_the_port_in_step),
};
CHECK_MAIN(tests)
