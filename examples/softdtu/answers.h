/* SPDX-License-Identifier: MIT */
#ifndef SOFTDTU_ANSWERS_H
#define SOFTDTU_ANSWERS_H

#include "dtu/params.h"
#include "options.h"

/* What module `index` on this machine, bound to an address or NULL, can know of an INFO row; as
 * dtu_device_port.info. */
enum dtu_status answer(const struct options *o, unsigned index, const char *bind,
                       const struct dtu_param *row, const uint8_t *args, size_t len,
                       const struct dtu_text *out);

#endif
