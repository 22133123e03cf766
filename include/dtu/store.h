/* SPDX-License-Identifier: MIT */
/**
 * @file store.h
 * Keeps parameters in two slots of non-volatile memory, so that a power cut at any moment leaves
 * the old set or the new one, never a mixture and never neither.
 *
 *     static const struct dtu_store_medium medium = {
 *         .slot_size = 2048, .read = flash_read, .erase = flash_erase, .write = flash_write};
 *     struct dtu_store store;
 *
 *     dtu_store_init(&store, &medium, flash);
 *     dtu_store_load(&store, &params, scratch, sizeof scratch);    // makes them pending
 *     dtu_store_save(&store, &params, DTU_PARAMS_PENDING);
 *
 * What is stored is text, one `NAME=VALUE` a line, as in a set command, behind a header with a
 * sequence number and a CRC. A set that was written by a firmware with other parameters loads what
 * this one knows; what it does not know, or does not accept, is skipped and counted, and parameters
 * that were not stored keep their default.
 *
 * A save writes the slot that is not the newest: erase, the text, and the header last.
 *
 * Cost: RAM is the struct. Code and stack: docs/size.md. A save makes the text twice, that of a
 * setting once more for each end of a chunk that falls into it. Call from one place only, not from
 * an interrupt: the medium is slow.
 */
#ifndef DTU_STORE_H
#define DTU_STORE_H

#include "dtu/base.h"
#include "dtu/config.h"
#include "dtu/params.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes in front of the text in a slot. */
#define DTU_STORE_HEADER_SIZE 16u

/** Each write is this long at most; all but the header's are exactly so long. */
#define DTU_STORE_CHUNK_SIZE 32u

/** The medium; each function gives false if it failed. Slots are 0 and 1. */
struct dtu_store_medium {
    size_t slot_size; /**< Bytes in a slot: header, text, and up to a chunk of padding. */
    /** Reads `len` bytes at `offset`; what was never written reads as anything, and so shall what
     * is damaged for good: a failure says that it may be read later. */
    bool (*read)(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len);
    /** Makes a slot ready to be written. */
    bool (*erase)(void *ctx, unsigned slot);
    /** Writes at `offset`, a multiple of 16, 16 or 32 bytes that were not written since erase. */
    bool (*write)(void *ctx, unsigned slot, size_t offset, const uint8_t *data, size_t len);
    /** All of the slot has been written: make it last. NULL if each write does. */
    bool (*sync)(void *ctx, unsigned slot);
};

/** Counters; they wrap. */
struct dtu_store_stats {
    uint32_t saved;   /**< sets written */
    uint32_t failed;  /**< that could not be written */
    uint32_t skipped; /**< lines of a loaded set that were not known or not accepted */
};

/** A store. The fields are private, but for `stats`. */
struct dtu_store {
    const struct dtu_store_medium *medium; /**< private */
    void *ctx;                             /**< private */
    uint32_t sequence;                     /**< private: of the newest set */
    uint32_t len;                          /**< private: of its text */
    uint8_t newest;                        /**< private: its slot, 2 if there is none */
    bool unread;                           /**< private: none was found, and a slot was not read */
    bool failed;                           /**< private: the medium did, while it was read */
    bool measuring;                        /**< private: the text is not written yet */
    uint8_t set;                           /**< private: enum dtu_param_set */
    uint8_t slot;                          /**< private: where the text goes */
    uint8_t used;                          /**< private: bytes in the chunk */
    bool full;                             /**< private: the chunk has no room for the rest */
    const struct dtu_params *params;       /**< private: what is stored */
    const struct dtu_param *row;           /**< private: only this one is new; NULL: all are */
    uint8_t *line;                         /**< private: of the stored text */
    size_t line_size;                      /**< private */
    size_t line_len;                       /**< private: of the line, which may not have room */
    struct dtu_config_line parts;          /**< private: of the line */
    uint32_t read;                         /**< private: bytes of the stored text */
    uint32_t at;                           /**< private: of the text, in front of the chunk */
    uint32_t skip;                         /**< private: bytes of a row that went before */
    uint32_t crc;                          /**< private: of sequence, length and text */
    uint32_t sum;                          /**< private: of the text alone */
    uint8_t chunk[DTU_STORE_CHUNK_SIZE];   /**< private */
    struct dtu_store_stats stats;          /**< counters */
};

/** Sets up a store and looks for the newest set that is whole. A slot that cannot be read counts as
 * empty beside one with a whole set. If no set was found and a slot could not be read, nothing is
 * stored until dtu_store_load(), which looks again, could read both slots or found a set.
 * @param s      the store
 * @param medium see there; must outlive the store
 * @param ctx    handed to the medium
 * @return DTU_OK, or DTU_ERR_CONFIG if a slot is too small for the header and one chunk, or a
 *         function is missing (only sync may be) */
enum dtu_status dtu_store_init(struct dtu_store *s, const struct dtu_store_medium *medium,
                               void *ctx);

/** Makes the stored values pending, on top of what is pending.
 * @param s       the store
 * @param params  where to
 * @param scratch memory for one line
 * @param size    its size in bytes: as the line buffer of an at_server
 * @return DTU_OK; DTU_ERR_NOT_FOUND if nothing is stored; DTU_ERR_IO if the medium failed: while
 *         looking for a set, or on the way, and then some values may have been loaded */
enum dtu_status dtu_store_load(struct dtu_store *s, struct dtu_params *params, uint8_t *scratch,
                               size_t size);

/** Stores all settings.
 * @param s      the store
 * @param params whose
 * @param set    which values
 * @return DTU_OK; DTU_ERR_SPACE if they do not fit a slot: nothing was written; DTU_ERR_IO if the
 *         medium failed, or what is stored was never seen, see dtu_store_init(). In both cases the
 *         set stored before is still there. Only if it was `sync` that failed, when all was
 *         written, the next dtu_store_init() may find the new set. */
enum dtu_status dtu_store_save(struct dtu_store *s, const struct dtu_params *params,
                               enum dtu_param_set set);

/** Stores one setting, and keeps all others as they are stored.
 * @param s       the store
 * @param params  whose
 * @param row     the setting; its pending value is stored
 * @param scratch memory for one line
 * @param size    its size in bytes: as the line buffer of an at_server
 * @return as dtu_store_save(); DTU_ERR_IO also if what is stored did not read the same twice. A
 *         stored line longer than `size` is not kept */
enum dtu_status dtu_store_save_row(struct dtu_store *s, const struct dtu_params *params,
                                   const struct dtu_param *row, uint8_t *scratch, size_t size);

#ifdef __cplusplus
}
#endif

#endif
