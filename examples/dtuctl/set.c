/* SPDX-License-Identifier: MIT */
/* Read, change, write, save, restart, read back, compare. */
#include "set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* A module that is slow to restart shows its old settings: it is read again for so long. */
enum { COMPARE_MS = 3000, COMPARE_AGAIN_MS = 500 };

/* --- Before anything is sent ---------------------------------------------------------------- */

static bool is_twice(const struct assignment *list, size_t last)
{
    for (size_t i = 0; i < last; i++)
        if (list[i].field == list[last].field && list[i].block == list[last].block)
            return true;
    return false;
}

static struct assignment *parse(const struct options *o)
{
    struct assignment *list = calloc(o->word_count, sizeof *list);
    if (list == NULL) {
        complain("no memory");
        return NULL;
    }
    for (size_t i = 0; i < o->word_count; i++) {
        bool good = field_find(&list[i], o->words[i]) && check_value(&list[i]);
        if (good && is_twice(list, i)) {
            complain("%s: is set twice", list[i].field->name);
            good = false;
        }
        if (!good) {
            free(list);
            return NULL;
        }
    }
    return list;
}

/* --- What changes --------------------------------------------------------------------------- */

/* Changes the wanted settings. Returns an exit status. */
static int apply(struct set *s)
{
    for (size_t i = 0; i < s->o->word_count; i++) {
        const struct assignment *a = &s->list[i];
        if (!s->wanted.have[a->block]) {
            complain("%s: this module has no block %s", a->field->name, block_name(a->block));
            return STATUS_REFUSED;
        }
        if (!field_assign(a, &s->wanted.block[a->block]))
            return STATUS_USAGE;
    }
    for (size_t i = 0; i < BLOCKS; i++)
        if (s->wanted.have[i] && !check_block((enum block_id)i, &s->before.block[i],
                                              &s->wanted.block[i], s->list, s->o->word_count))
            return STATUS_USAGE;
    return STATUS_DONE;
}

bool set_is_changed(const struct set *s, const struct assignment *a)
{
    return !field_is_equal(a->field, &s->before.block[a->block], &s->wanted.block[a->block]);
}

/* Returns how many fields change. */
static size_t find_changes(struct set *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->o->word_count; i++) {
        if (!set_is_changed(s, &s->list[i]))
            continue;
        s->changes[s->list[i].block] = true;
        count++;
    }
    return count;
}

/* --- Writing -------------------------------------------------------------------------------- */

bool set_has_save(const struct set *s)
{
    return s->net->port != DTU_DISCOVERY_SIBLING_PORT;
}

/* The login that the module has when the basic block counts. */
static struct login login_of(const struct settings *s)
{
    const struct dtu_discovery_basic *basic = &s->block[BLOCK_BASIC].basic;
    struct login login = {{0}, {0}};

    memcpy(login.user, basic->user, DTU_DISCOVERY_LOGIN_LEN);
    memcpy(login.password, basic->password, DTU_DISCOVERY_LOGIN_LEN);
    return login;
}

static bool login_changes(const struct set *s)
{
    struct login old = login_of(&s->before), new = login_of(&s->wanted);
    return memcmp(&old, &new, sizeof old) != 0;
}

/* A new address or login may count at once, or from the restart on. */
static void follow_basic(struct set *s)
{
    const struct dtu_discovery_basic *old = &s->before.block[BLOCK_BASIC].basic;
    const struct dtu_discovery_basic *new = &s->wanted.block[BLOCK_BASIC].basic;
    struct in_addr ip;

    if (login_changes(s)) {
        s->module.other = login_of(&s->wanted);
        s->module.has_other = true;
    }
    if (old->flags == new->flags && memcmp(old->ip, new->ip, sizeof new->ip) == 0)
        return;
    s->module.by_mac = s->module.moves = true;
    memcpy(&ip, new->ip, sizeof ip);
    if ((new->flags &DTU_DISCOVERY_STATIC_IP) != 0)
        net_add_target(s->net, ip);
}

static int write_block(struct set *s, enum block_id block)
{
    uint8_t bytes[DTU_DISCOVERY_BASIC_LEN];
    size_t len = settings_put(&s->wanted, block, bytes);
    struct answer a;

    if (block == BLOCK_BASIC)
        follow_basic(s);
    progress("writing %s", block_name(block));
    enum answer_kind kind =
        module_ask(&s->module, s->net, s->o, (uint8_t)block_command(block), bytes, len, &a);
    s->written[block] = kind == ANSWER_DONE;
    s->unknown[block] = kind == ANSWER_NONE || kind == ANSWER_STOPPED;
    progress_end();
    return module_explain(&s->module, block_name(block), kind);
}

static int write_blocks(struct set *s)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        int status = s->changes[i] ? write_block(s, (enum block_id)i) : STATUS_DONE;
        if (status != STATUS_DONE)
            return status;
    }
    return STATUS_DONE;
}

static int save(struct set *s)
{
    struct answer a;

    if (!set_has_save(s))
        return STATUS_DONE;
    enum answer_kind kind = module_ask(&s->module, s->net, s->o, DTU_DISCOVERY_SAVE, NULL, 0, &a);
    s->saved = kind == ANSWER_DONE;
    s->maybe_saved = kind == ANSWER_NONE || kind == ANSWER_STOPPED;
    return module_explain(&s->module, "save", kind);
}

static int restart(struct set *s)
{
    int status = module_restart(&s->module, s->net, s->o);
    if (status != STATUS_DONE)
        return status;
    s->restarted = true;
    s->module.moves = false; /* the search has found it */
    if (login_changes(s)) {
        s->module.login = login_of(&s->wanted);
        s->module.other = s->o->login;
    }
    return status;
}

/* --- Comparing ------------------------------------------------------------------------------ */

bool set_is_as_wanted(const struct set *s, const struct field *f, enum block_id block)
{
    return s->after.have[block] &&
           field_is_equal(f, &s->wanted.block[block], &s->after.block[block]);
}

static bool all_as_wanted(const struct set *s)
{
    for (size_t i = 0; i < s->o->word_count; i++)
        if (!set_is_as_wanted(s, s->list[i].field, s->list[i].block))
            return false;
    return true;
}

/* A read of a module that may not be done with its restart. */
static int read_back(struct set *s, int64_t end)
{
    struct reading r;
    int status;

    do {
        status = read_settings(&r, &s->module, s->net, s->o);
        if (status == STATUS_SILENT && net_now() < end)
            (void)module_wait(&s->module, s->net, end);
    } while (status == STATUS_SILENT && net_now() < end);
    if (status == STATUS_DONE)
        s->after = r.settings;
    return status;
}

static int verify(struct set *s)
{
    uint32_t patience = s->o->wait_restart_ms;
    int64_t end = net_now() + (patience < COMPARE_MS ? patience : COMPARE_MS);
    int status;

    progress("reading back");
    while ((status = read_back(s, end)) == STATUS_DONE && !all_as_wanted(s) && net_now() < end)
        if (net_pause(net_now() + COMPARE_AGAIN_MS) == NET_STOPPED)
            return module_explain(&s->module, "compare", ANSWER_STOPPED);
    progress_end();
    if (status != STATUS_DONE)
        return status;
    set_tell_differences(s);
    s->verified = all_as_wanted(s);
    return s->verified ? STATUS_DONE : STATUS_REFUSED;
}

/* --- All of it ------------------------------------------------------------------------------ */

/* Everything from the first byte written. */
static int carry_out(struct set *s)
{
    int status = write_blocks(s);

    if (status == STATUS_DONE)
        status = save(s);
    if (status == STATUS_DONE)
        status = restart(s);
    if (!s->restarted) {
        set_tell_state(s);
        return status;
    }
    return verify(s);
}

/* Returns an exit status. */
static int set_module(struct set *s)
{
    size_t count = find_changes(s);
    int status = STATUS_DONE;

    if (!s->o->json && count > 0)
        set_print_changes(s);
    if (count > 0 && !s->o->dry_run)
        status = carry_out(s);
    if (s->o->json)
        set_print_json(s);
    else if (count == 0)
        puts("nothing to change");
    else if (s->o->dry_run)
        puts("nothing was written");
    else if (status == STATUS_DONE)
        set_print_done(s);
    return status;
}

static int set(struct net *net, const struct options *o, const struct assignment *list)
{
    struct set s = {.net = net, .o = o, .list = list};
    struct reading r;
    int status = module_find(&s.module, net, o);

    if (status == STATUS_DONE)
        status = read_settings(&r, &s.module, net, o);
    if (status != STATUS_DONE)
        return status;
    s.before = s.wanted = r.settings;
    status = apply(&s);
    return status == STATUS_DONE ? set_module(&s) : status;
}

int command_set(const struct options *o)
{
    struct assignment *list = parse(o);
    struct net net;
    int status = STATUS_REFUSED;

    if (list == NULL)
        return STATUS_USAGE;
    if (net_open(&net, o))
        status = set(&net, o, list);
    net_close(&net);
    free(list);
    return status;
}
