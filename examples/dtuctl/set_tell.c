/* SPDX-License-Identifier: MIT */
/* What a set tells: what changes, how far it came, what is not as asked. */
#include "set.h"

#include <stdio.h>

/* --- Before it -------------------------------------------------------------------------------- */

/* A field's name, with its port's if that is not the first. */
static const char *full_name(const struct field *f, enum block_id block, char out[40])
{
    snprintf(out, 40, "%s%s", block == BLOCK_PORT1 ? "port1." : "", f->name);
    return out;
}

void set_print_changes(const struct set *s)
{
    char name[MODULE_NAME_SIZE], old[FIELD_TEXT_SIZE], new[FIELD_TEXT_SIZE], full[40];
    bool secrets = s->o->show_password;

    module_name(&s->module, name);
    puts(name);
    for (size_t i = 0; i < s->o->word_count; i++) {
        const struct assignment *a = &s->list[i];
        if (!set_is_changed(s, a))
            continue;
        field_format(a->field, &s->before.block[a->block], secrets, old);
        field_format(a->field, &s->wanted.block[a->block], secrets, new);
        printf("  %-15s  %s -> %s\n", full_name(a->field, a->block, full), old, new);
    }
    fflush(stdout);
}

/* --- How far it came -------------------------------------------------------------------------- */

/* Names of the blocks that are marked, with commas between; "nothing" if none is. */
static const char *list_blocks(const bool marked[BLOCKS], char out[40])
{
    size_t used = 0;

    snprintf(out, 40, "nothing");
    for (size_t i = 0; i < BLOCKS; i++)
        if (marked[i])
            used += (size_t)snprintf(out + used, 40 - used, "%s%s", used > 0 ? ", " : "",
                                     block_name((enum block_id)i));
    return out;
}

static bool any(const bool marked[BLOCKS])
{
    for (size_t i = 0; i < BLOCKS; i++)
        if (marked[i])
            return true;
    return false;
}

/* How far a set came that went wrong. */
void set_tell_state(const struct set *s)
{
    char name[MODULE_NAME_SIZE], written[40], unknown[40], missing[40];
    bool left[BLOCKS];

    module_name(&s->module, name);
    for (size_t i = 0; i < BLOCKS; i++)
        left[i] = s->changes[i] && !s->written[i] && !s->unknown[i];
    complain("%s: written: %s; not written: %s", name, list_blocks(s->written, written),
             list_blocks(left, missing));
    if (any(s->unknown))
        complain("%s: %s was sent and not answered: it may have been written", name,
                 list_blocks(s->unknown, unknown));
    if (!any(s->written) && !any(s->unknown))
        return;
    if (s->saved)
        complain("%s: what was written is saved: it counts once the module has restarted", name);
    else if (s->maybe_saved)
        complain("%s: it may be saved all the same, and count after a restart", name);
    else if (set_has_save(s))
        complain("%s: not saved: a restart brings the old settings back; to go on, set them again",
                 name);
    else
        complain("%s: what was written may count already: set it again, or back", name);
}

void set_print_done(const struct set *s)
{
    char name[MODULE_NAME_SIZE], written[40];

    module_name(&s->module, name);
    printf("%s: written: %s; %srestarted; read back as asked\n", name,
           list_blocks(s->written, written), s->saved ? "saved; " : "");
}

/* --- What is not as asked --------------------------------------------------------------------- */

static bool is_asked(const struct set *s, const struct field *f, enum block_id block)
{
    for (size_t i = 0; i < s->o->word_count; i++)
        if (s->list[i].field == f && s->list[i].block == block)
            return true;
    return false;
}

/* Says which field is not what it should be. */
static void tell_difference(const struct set *s, const struct field *f, enum block_id block)
{
    char wanted[FIELD_TEXT_SIZE], found[FIELD_TEXT_SIZE] = "missing", full[40];
    bool secrets = s->o->show_password;

    field_format(f, &s->wanted.block[block], secrets, wanted);
    if (s->after.have[block])
        field_format(f, &s->after.block[block], secrets, found);
    full_name(f, block, full);
    if (is_asked(s, f, block))
        complain("%s: is %s after the restart, not %s", full, found, wanted);
    else
        complain("%s: has changed too: %s -> %s", full, wanted, found);
}

void set_tell_differences(const struct set *s)
{
    for (size_t block = 0; block < BLOCKS; block++) {
        for (size_t i = 0; i < field_count; i++) {
            const struct field *f = &fields[i];
            if (s->wanted.have[block] && !f->read_only && field_is_of(f, (enum block_id)block) &&
                !set_is_as_wanted(s, f, (enum block_id)block))
                tell_difference(s, f, (enum block_id)block);
        }
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void json_changes(struct json *j, const struct set *s)
{
    char full[40];
    bool secrets = s->o->show_password;

    json_open(j, "changes", '[');
    for (size_t i = 0; i < s->o->word_count; i++) {
        const struct assignment *a = &s->list[i];
        if (!set_is_changed(s, a))
            continue;
        json_open(j, NULL, '{');
        json_string(j, "block", block_name(a->block));
        json_string(j, "field", full_name(a->field, a->block, full));
        field_json(j, "old", a->field, &s->before.block[a->block], secrets);
        field_json(j, "new", a->field, &s->wanted.block[a->block], secrets);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void json_blocks(struct json *j, const char *name, const bool marked[BLOCKS])
{
    json_open(j, name, '[');
    for (size_t i = 0; i < BLOCKS; i++)
        if (marked[i])
            json_string(j, NULL, block_name((enum block_id)i));
    json_close(j, ']');
}

static void json_differences(struct json *j, const struct set *s)
{
    char full[40];

    json_open(j, "differences", '[');
    for (size_t i = 0; s->restarted && !s->verified && i < s->o->word_count; i++)
        if (!set_is_as_wanted(s, s->list[i].field, s->list[i].block))
            json_string(j, NULL, full_name(s->list[i].field, s->list[i].block, full));
    json_close(j, ']');
}

void set_print_json(const struct set *s)
{
    struct json j = {false};

    json_open(&j, NULL, '{');
    json_module(&j, &s->module);
    json_changes(&j, s);
    json_blocks(&j, "written", s->written);
    json_blocks(&j, "unknown", s->unknown);
    json_bool(&j, "saved", s->saved);
    json_bool(&j, "restarted", s->restarted);
    json_bool(&j, "verified", s->verified);
    json_differences(&j, s);
    json_close(&j, '}');
    json_end();
}
