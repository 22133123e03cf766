/* SPDX-License-Identifier: MIT */
/**
 * @file blocks.h
 * The blocks of UDP discovery in terms of a product's parameters: what a module answers to a read
 * and does with a block that it is sent, and how a program checks a block before it sends it.
 *
 *     union dtu_discovery_block block;
 *     dtu_blocks_read(&params, DTU_DISCOVERY_PORT_0, mac, &block);
 *     block.port.baud = 9600;
 *     const struct dtu_param *row;
 *     if (dtu_blocks_write(&params, DTU_DISCOVERY_PORT_0, mac, &block, &row) != DTU_OK)
 *         complain_about(row->name);                      // UART, and nothing has changed
 *
 * A block is checked by the same table as AT commands, and taken as a whole or not at all. What a
 * block has and no AT command reaches is kept in a row of its own (DTU_ID_BLOCKS), so that it is
 * read back as it was written, and stored with all else.
 *
 * A block that was written is read back as it was, but for these:
 * - `sequence`, `crc`, `version` and `remote_ip` are 0;
 * - `mac` is the address that the module has: one that was set counts from the next restart;
 * - a `flow` of 0 is 1;
 * - a `reconnect_s` of 0, and a server's `remote` that is empty, are what was there before;
 * - a text has zeroes behind its first 00 byte.
 *
 * Cost: no state. Each call walks through the table for each field that it needs. Code and stack:
 * docs/size.md. Call from the thread that the parameters belong to.
 *
 * Source: manual 003 section 5.1.2, tables of the basic and the port parameters.
 */
#ifndef DTU_BLOCKS_H
#define DTU_BLOCKS_H

#include "dtu/base.h"
#include "dtu/discovery.h"
#include "dtu/params.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Fills a block from the pending values; with zeroes if there is no such block, or the product has
 * none (all but K7). The port that has no effect, a server's `remote_port` and a client's
 * `local_port`, is that of the last block that was written, 0 if none was. A flow control that
 * blocks have no value for (FCR) is 1, none.
 * @param p     the values
 * @param which DTU_DISCOVERY_BASIC, DTU_DISCOVERY_PORT_0 or DTU_DISCOVERY_CLOUD
 * @param mac   the module's hardware address, 6 bytes
 * @param block where it goes */
void dtu_blocks_read(const struct dtu_params *p, uint8_t which, const uint8_t *mac,
                     union dtu_discovery_block *block);

/** Checks a block and makes its values the pending ones. Nothing changes unless all of it is legal.
 * Some values of a block ask for nothing, and leave what is there alone:
 * - a `flow` of none (0 or 1), unless it is FCH: it may be FCR;
 * - a `reconnect_s` of 0, for there is no such time;
 * - no `remote` of a server, which needs none;
 * - #DTU_DISCOVERY_IS_CLOUD not set, unless the registration packet is CLOUD: it may be another;
 * - a `mac` that is the module's, all 00 or all FF.
 *
 * A cloud block with neither id nor password makes them empty, as from the factory; one of the two
 * alone is refused. `sequence`, `crc`, `version` and `remote_ip` are not looked at.
 * @param p     the values
 * @param which as dtu_blocks_read()
 * @param mac   the module's hardware address, 6 bytes
 * @param block the block; it must not lie in the values
 * @param row   where the row goes that refused its value, the first of them; NULL there: none did
 * @return DTU_OK; DTU_ERR_NOT_FOUND if the product has no such block; else as
 *         dtu_params_check_value() for `row` */
enum dtu_status dtu_blocks_write(struct dtu_params *p, uint8_t which, const uint8_t *mac,
                                 const union dtu_discovery_block *block,
                                 const struct dtu_param **row);

#ifdef __cplusplus
}
#endif

#endif
