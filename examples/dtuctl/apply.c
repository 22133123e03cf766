/* SPDX-License-Identifier: MIT */
#include "apply.h"

#include <stdio.h>
#include <string.h>

#include "copy.h"
#include "output.h"
#include "refusal.h"

/* Room for a name and its value with AT+ and =. */
enum { COMMAND_SIZE = CONF_LINE_SIZE + 64 };

/* What changes how commands reach the module, or whether they do, goes last: a module that acts on
 * it at once has taken all others by then. */
static const uint8_t last_ids[] = {DTU_ID_E,     DTU_ID_SAFEATEN, DTU_ID_NATEN, DTU_ID_UATEN,
                                   DTU_ID_CMDPW, DTU_ID_SEARCH,   DTU_ID_WANN,  DTU_ID_UART};

/* --- What is to be done --------------------------------------------------------------------- */

/* 0 for most; the later the higher. */
static size_t rank_of(const struct dtu_param *row)
{
    for (size_t i = 0; i < sizeof last_ids; i++)
        if (row->id == last_ids[i])
            return i + 1;
    return 0;
}

static void add_step(struct apply *a, const struct dtu_param *row, uint8_t place, bool empties)
{
    if (a->step_count < APPLY_STEPS)
        a->steps[a->step_count++] = (struct apply_step){row, place, empties};
}

static bool same_value(const struct apply *a, const struct dtu_param *row, uint8_t place)
{
    char now[CONF_LINE_SIZE], want[CONF_LINE_SIZE];
    conf_value(&a->now, row, place, now);
    conf_value(&a->want, row, place, want);
    return strcmp(now, want) == 0;
}

static void add_places(struct apply *a, const struct dtu_param *row)
{
    for (unsigned i = 1; i <= row->places; i++) {
        uint8_t place = (uint8_t)i;
        bool is_empty = dtu_params_place_is_empty(&a->want.params, DTU_PARAMS_PENDING, row, place);
        bool was_empty = dtu_params_place_is_empty(&a->now.params, DTU_PARAMS_PENDING, row, place);
        if (is_empty != was_empty || (!is_empty && !same_value(a, row, place)))
            add_step(a, row, place, is_empty);
    }
}

/* What a query answers but no set takes: a default that is too short. */
static bool can_be_set(const struct apply *a, const struct dtu_param *row)
{
    char value[CONF_LINE_SIZE];

    if (row->places > 0)
        return true;
    conf_value(&a->want, row, 0, value);
    return dtu_params_check(a->want.params.table, row, (const uint8_t *)value, strlen(value)) ==
           DTU_OK;
}

static void complain_impossible(struct apply *a, const struct dtu_param *row)
{
    const char *name = a->session.pipe.name;

    a->impossible++;
    if (a->is_restarted) /* it has been told */
        return;
    if (!conf_knows(&a->now, row))
        complain("%s: %s is left out: the module does not tell it", name, row->name);
    else
        complain("%s: %s is left out: no command sets it to its default, only a reset of the "
                 "module does",
                 name, row->name);
}

static void add_row(struct apply *a, const struct dtu_param *row)
{
    if (!conf_knows(&a->now, row) || !can_be_set(a, row))
        complain_impossible(a, row);
    else if (row->places > 0)
        add_places(a, row);
    else
        add_step(a, row, 0, false);
}

static bool differs(const struct apply *a, const struct dtu_param *row)
{
    return conf_knows(&a->want, row) &&
           !dtu_params_same(&a->now.params, &a->want.params, DTU_PARAMS_PENDING, row);
}

/* In an order that leaves the module reachable. */
static void plan(struct apply *a)
{
    a->step_count = 0;
    a->impossible = 0;
    for (size_t rank = 0; rank <= sizeof last_ids; rank++)
        for (const struct dtu_param *row = NULL; (row = conf_next_row(&a->now, row)) != NULL;)
            if (rank_of(row) == rank && differs(a, row))
                add_row(a, row);
}

void apply_show_row(const struct conf *from, const struct conf *to, const struct dtu_param *row,
                    FILE *file)
{
    if (conf_knows(from, row))
        conf_show_row(from, row, "-", file);
    if (conf_knows(to, row))
        conf_show_row(to, row, "+", file);
}

void apply_show(const struct apply *a, FILE *file)
{
    for (const struct dtu_param *row = NULL; (row = conf_next_row(&a->now, row)) != NULL;)
        if (differs(a, row))
            apply_show_row(&a->now, &a->want, row, file);
}

/* --- Reading -------------------------------------------------------------------------------- */

/* Of a module that is found by its address another may have it after the restart. */
static int ask_mac(struct apply *a, char mac[sizeof a->mac])
{
    const struct dtu_param *row = dtu_params_by_id(a->now.profile->table, DTU_ID_MAC);
    struct reply reply;
    char query[40];
    int status;

    mac[0] = '\0';
    if (a->options->udp.text == NULL || row == NULL)
        return STATUS_DONE;
    snprintf(query, sizeof query, "AT+%s", row->name);
    status = session_command(&a->session, query, &reply);
    if (status == STATUS_DONE && reply.value != NULL)
        snprintf(mac, sizeof a->mac, "%s", reply.value);
    return status == STATUS_REFUSED ? STATUS_DONE : status;
}

/* Whether the text is for this module. */
static int check_product(const struct apply *a, const struct dtu_profile *profile)
{
    const struct session *s = &a->session;

    if (s->profile == NULL) {
        complain("%s: what product it is cannot be found out: --profile is needed", s->pipe.name);
        return STATUS_USAGE;
    }
    if (profile == NULL || profile == s->profile)
        return STATUS_DONE;
    complain("%s is a %s, and the configuration is for a %s", s->pipe.name, s->profile->product,
             profile->product);
    return STATUS_REFUSED;
}

static int read_module(struct apply *a)
{
    size_t missing;
    int status;

    conf_init(&a->now, a->session.profile);
    status = ask_mac(a, a->mac);
    return status == STATUS_DONE ? copy_module(&a->now, &a->session, &missing) : status;
}

static int read_and_compare(struct apply *a, const struct conf_text *text,
                            const struct dtu_profile *profile)
{
    int status = check_product(a, profile);

    if (status != STATUS_DONE)
        return status;
    if (profile == NULL) { /* before the module is asked a hundred questions */
        conf_init(&a->want, a->session.profile);
        if (!conf_read(&a->want, text))
            return STATUS_USAGE;
    }
    status = read_module(a);
    if (status != STATUS_DONE)
        return status;
    conf_copy(&a->want, &a->now);
    (void)conf_read(&a->want, text); /* has been found good */
    plan(a);
    return STATUS_DONE;
}

/* A text that says what it is for can be checked without the module. */
static int check_text(struct apply *a, const struct conf_text *text,
                      const struct dtu_profile **profile)
{
    bool wrong;

    *profile = conf_text_profile(text, &wrong);
    if (wrong)
        return STATUS_USAGE;
    if (*profile == NULL)
        *profile = a->options->profile;
    if (*profile == NULL)
        return STATUS_DONE;
    conf_init(&a->want, *profile);
    return conf_read(&a->want, text) ? STATUS_DONE : STATUS_USAGE;
}

int apply_open(struct apply *a, const struct options *o, const struct conf_text *text)
{
    const struct dtu_profile *profile;
    int status;

    a->options = o;
    a->step_count = a->written = a->impossible = 0;
    a->is_saved = a->is_restarted = false;
    status = check_text(a, text, &profile);
    if (status != STATUS_DONE)
        return status;
    if (!session_open(&a->session, o))
        return a->session.status;
    status = read_and_compare(a, text, profile);
    if (status != STATUS_DONE)
        session_close(&a->session);
    return status;
}

void apply_close(struct apply *a)
{
    session_close(&a->session);
}

/* --- Writing -------------------------------------------------------------------------------- */

static void complain_refusal(const struct apply *a, const char *line, const struct reply *r)
{
    char refusal[REFUSAL_SIZE], visible[VISIBLE_SIZE(200)];

    refusal_text(refusal, &a->session, line, r);
    output_visible(visible, sizeof visible, line, strlen(line) < 200 ? strlen(line) : 200);
    complain("%s: %s: refused: %s", a->session.pipe.name, visible, refusal);
}

static int command(struct apply *a, const char *line)
{
    struct reply reply;
    int status = session_command(&a->session, line, &reply);

    if (status == STATUS_REFUSED)
        complain_refusal(a, line, &reply);
    return status;
}

static void make_command(char line[COMMAND_SIZE], const struct apply *a,
                         const struct apply_step *step)
{
    char value[CONF_LINE_SIZE];

    if (step->empties) { /* of the products with places each has a command for it */
        const struct dtu_param *row = dtu_params_by_id(a->now.profile->table, DTU_ID_MQTTUNSUB);
        snprintf(line, COMMAND_SIZE, "AT+%s=%u", row != NULL ? row->name : "", step->place);
        return;
    }
    conf_value(&a->want, step->row, step->place, value);
    snprintf(line, COMMAND_SIZE, "AT+%s=%s", step->row->name, value);
}

static int write_steps(struct apply *a)
{
    char line[COMMAND_SIZE];
    int status = STATUS_DONE;

    for (a->written = 0; a->written < a->step_count; a->written++) {
        const struct apply_step *step = &a->steps[a->written];
        progress("writing %zu/%zu %s", a->written + 1, a->step_count, step->row->name);
        make_command(line, a, step);
        status = command(a, line);
        if (status != STATUS_DONE)
            break;
    }
    progress_end();
    return status;
}

/* Without a command for it a module saves each setting by itself. */
static int save(struct apply *a)
{
    const struct dtu_param *row = dtu_params_by_id(a->now.profile->table, DTU_ID_S);
    char line[40];
    int status;

    if (row == NULL)
        return STATUS_DONE;
    snprintf(line, sizeof line, "AT+%s", row->name);
    status = command(a, line);
    a->is_saved = status == STATUS_DONE;
    return status;
}

static int check_mac(struct apply *a)
{
    char mac[sizeof a->mac];
    int status = ask_mac(a, mac);

    if (status != STATUS_DONE || strcmp(mac, a->mac) == 0)
        return status;
    complain("%s: another module answers there now", a->session.pipe.name);
    return STATUS_REFUSED;
}

static int restart(struct apply *a)
{
    int status = STATUS_DONE;

    ways_find(&a->ways, a->options, &a->want);
    if (!a->is_saved || !a->now.profile->save_restarts)
        status = command(a, "AT+Z");
    if (status == STATUS_DONE)
        status = session_come_back(&a->session, a->ways.pointers, a->ways.count);
    if (status == STATUS_DONE)
        status = check_mac(a);
    a->is_restarted = status == STATUS_DONE;
    return status;
}

/* The steps that are left are those that did not do it. */
static int verify(struct apply *a)
{
    size_t missing;
    int status;

    conf_init(&a->now, a->session.profile);
    status = copy_module(&a->now, &a->session, &missing);
    if (status != STATUS_DONE)
        return status;
    plan(a);
    for (size_t i = 0; i < a->step_count; i++)
        complain("%s: %s is not as asked after the restart", a->session.pipe.name,
                 a->steps[i].row->name);
    return a->step_count + a->impossible == 0 ? STATUS_DONE : STATUS_REFUSED;
}

/* --- How far it came ------------------------------------------------------------------------ */

static void list_names(const struct apply *a, size_t from, size_t to, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = from; i < to && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i > from ? ", " : "",
                                a->steps[i].row->name);
}

static const char *fate(const struct apply *a)
{
    if (a->is_saved)
        return "what was written is saved, and counts from the module's next restart on";
    if (dtu_params_by_id(a->now.profile->table, DTU_ID_S) == NULL)
        return "what was written is kept, and counts from the module's next restart on";
    return "what was written is not saved, and the module's next restart forgets it";
}

static void tell_half(const struct apply *a)
{
    const char *name = a->session.pipe.name;
    char names[1500];

    list_names(a, 0, a->written, names, sizeof names);
    complain("%s: written: %s", name, a->written > 0 ? names : "nothing");
    list_names(a, a->written, a->step_count, names, sizeof names);
    if (a->written < a->step_count)
        complain("%s: not written, or not certainly: %s", name, names);
    complain("%s: %s; to complete it, do the same again", name, fate(a));
}

int apply_write(struct apply *a)
{
    int status = write_steps(a);

    if (status == STATUS_DONE)
        status = save(a);
    if (status == STATUS_DONE)
        status = restart(a);
    if (status != STATUS_DONE) {
        tell_half(a);
        return status;
    }
    return verify(a);
}
