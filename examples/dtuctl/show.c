/* SPDX-License-Identifier: MIT */
/* All settings of a module. */
#include "commands.h"

#include <stdio.h>
#include <string.h>

/* The order of the answer. */
static const enum block_id order[] = {BLOCK_BASIC, BLOCK_PORT0, BLOCK_PORT1, BLOCK_CLOUD};

void json_module(struct json *j, const struct module *m)
{
    const struct dtu_discovery_found *f = &m->found;
    char mac[MAC_SIZE], ip[16];

    module_mac_text(m->mac, mac);
    snprintf(ip, sizeof ip, "%u.%u.%u.%u", f->ip[0], f->ip[1], f->ip[2], f->ip[3]);
    json_string(j, "mac", mac);
    if (!m->is_known)
        return;
    json_string(j, "ip", ip);
    json_text(j, "name", f->name, output_text_len(f->name, sizeof f->name));
    json_number(j, "version", f->version);
    json_number(j, "board_type", f->board_type);
    json_number(j, "board_id", f->board_id);
}

int read_settings(struct reading *r, struct module *m, const struct net *net,
                  const struct options *o)
{
    enum answer_kind kind = module_ask(m, net, o, DTU_DISCOVERY_READ, NULL, 0, &r->answer);

    if (kind != ANSWER_DONE)
        return module_explain(m, "read", kind);
    /* Only what has a layout is taken for an answer to a read. */
    if (dtu_discovery_layout(&r->layout, r->answer.data, r->answer.len) != DTU_OK)
        return module_explain(m, "read", ANSWER_ERROR);
    settings_get(&r->settings, &r->layout);
    return STATUS_DONE;
}

static void print_block(const struct settings *s, enum block_id block, bool secrets)
{
    char text[FIELD_TEXT_SIZE];

    printf("%s\n", block_name(block));
    for (size_t i = 0; i < field_count; i++) {
        if (!field_is_of(&fields[i], block))
            continue;
        field_format(&fields[i], &s->block[block], secrets, text);
        printf("  %-15s  %s\n", fields[i].name, text);
    }
}

static void print_settings(const struct reading *r, const struct module *m, bool secrets)
{
    char name[MODULE_NAME_SIZE];

    module_name(m, name);
    puts(name);
    for (size_t i = 0; i < BLOCKS; i++)
        if (r->settings.have[order[i]])
            print_block(&r->settings, order[i], secrets);
    if (r->layout.rest_len > 0)
        printf("and %zu bytes that are not known\n", r->layout.rest_len);
}

static void print_json(const struct reading *r, const struct module *m, bool secrets)
{
    struct json j = {false};

    json_open(&j, NULL, '{');
    json_module(&j, m);
    for (size_t i = 0; i < BLOCKS; i++) {
        enum block_id block = order[i];
        if (!r->settings.have[block])
            continue;
        json_open(&j, block_name(block), '{');
        for (size_t k = 0; k < field_count; k++)
            if (field_is_of(&fields[k], block))
                field_json(&j, fields[k].name, &fields[k], &r->settings.block[block], secrets);
        json_close(&j, '}');
    }
    if (r->layout.rest_len > 0)
        json_hex(&j, "rest", r->layout.rest, r->layout.rest_len);
    json_close(&j, '}');
    json_end();
}

static int show(struct net *net, const struct options *o)
{
    struct module m;
    struct reading r;
    int status = module_find(&m, net, o);

    if (status == STATUS_DONE)
        status = read_settings(&r, &m, net, o);
    if (status != STATUS_DONE)
        return status;
    if (o->json)
        print_json(&r, &m, o->show_password);
    else
        print_settings(&r, &m, o->show_password);
    return STATUS_DONE;
}

int command_show(const struct options *o)
{
    return net_run(o, show);
}
