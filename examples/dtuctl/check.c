/* SPDX-License-Identifier: MIT */
/* Values are checked as a K7 checks them: by its table of parameters. */
#include "check.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dtu/blocks.h"
#include "dtu/profile.h"

/* A module in its factory's settings. */
struct model {
    struct dtu_params params;
    uint8_t running[DTU_K7_VALUES_SIZE];
    uint8_t pending[DTU_K7_VALUES_SIZE];
};

static const uint8_t any_mac[6] = {0};

/* The table has one serial port. */
static uint8_t which_of(enum block_id block)
{
    return block == BLOCK_PORT1 ? DTU_DISCOVERY_PORT_0 : (uint8_t)block_command(block);
}

static void make_model(struct model *model)
{
    /* It refuses a table whose own defaults are not legal: not this one. */
    (void)dtu_params_init(&model->params, dtu_profile_k7.table, model->running, model->pending);
}

/* The row that does not take a block; NULL if all do. */
static const struct dtu_param *refusing_row(enum block_id id,
                                            const union dtu_discovery_block *block)
{
    struct model model;
    const struct dtu_param *row = NULL;

    make_model(&model);
    (void)dtu_blocks_write(&model.params, which_of(id), any_mac, block, &row);
    return row;
}

/* Settings with which every legal value of a field is legal. */
static void make_base(enum block_id id, union dtu_discovery_block *block)
{
    struct model model;

    make_model(&model);
    dtu_blocks_read(&model.params, which_of(id), any_mac, block);
    if (id == BLOCK_CLOUD) { /* both or none */
        memset(block->cloud.id, '0', sizeof block->cloud.id);
        memset(block->cloud.password, '0', sizeof block->cloud.password);
    }
    if (id == BLOCK_PORT0 || id == BLOCK_PORT1)
        block->port.local_port = block->port.remote_port = 1;
}

/* Says which value it is, and what the row takes. */
static void refuse(const struct assignment *a, const char *why, const struct dtu_param *row)
{
    char one[100], takes[512], visible[VISIBLE_SIZE(64)];
    struct dtu_text_buffer buffer = {takes, sizeof takes, 0, false};
    const struct dtu_text out = {dtu_text_to_buffer, &buffer};

    dtu_params_write_range(dtu_profile_k7.table, row, &out);
    output_visible(visible, sizeof visible, a->value, strlen(a->value));
    field_takes(a->field, one, sizeof one);
    complain("%s=%s: %s: it takes %s (AT+%s: %.*s)", a->field->name,
             a->field->secret ? OUTPUT_HIDDEN : visible, why, one, row->name, (int)buffer.len,
             takes);
}

bool check_value(const struct assignment *a)
{
    union dtu_discovery_block block;
    const struct dtu_param *row;

    make_base(a->block, &block);
    if (!field_assign(a, &block))
        return false;
    /* A client may have it, and the module may be one. */
    if ((a->block == BLOCK_PORT0 || a->block == BLOCK_PORT1) && block.port.local_port == 0)
        block.port.mode = DTU_DISCOVERY_TCP_CLIENT;
    row = refusing_row(a->block, &block);
    if (row != NULL)
        refuse(a, "out of range", row);
    return row == NULL;
}

/* Why a value that is good by itself is refused: those beside it in the row may be the reason. */
static void tell_others(const struct field *f, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "not with the module's other settings");
    const char *before = " (";

    for (size_t i = 0; i < field_count && used < size; i++) {
        if (&fields[i] == f || fields[i].row == NULL || strcmp(fields[i].row, f->row) != 0)
            continue;
        used += (size_t)snprintf(out + used, size - used, "%s%s", before, fields[i].name);
        before = ", ";
    }
    if (*before == ',' && used < size)
        snprintf(out + used, size - used, ")");
}

bool check_block(enum block_id id, const union dtu_discovery_block *before,
                 const union dtu_discovery_block *wanted, const struct assignment *list,
                 size_t count)
{
    const struct dtu_param *row = refusing_row(id, wanted);
    bool good = true;
    char why[120];

    if (row == NULL || refusing_row(id, before) == row)
        return true; /* what the module has already is its own affair */
    for (size_t i = 0; i < count; i++) {
        const struct assignment *a = &list[i];
        if (a->block != id || a->field->row == NULL || strcmp(a->field->row, row->name) != 0)
            continue;
        tell_others(a->field, why, sizeof why);
        refuse(a, why, row);
        good = false;
    }
    return good;
}
