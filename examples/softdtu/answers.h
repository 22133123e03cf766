/* SPDX-License-Identifier: MIT */
#ifndef SOFTDTU_ANSWERS_H
#define SOFTDTU_ANSWERS_H

#include "dtu/params.h"
#include "options.h"

/* What a module on this machine can know of an INFO row; as dtu_device_port.info. */
enum dtu_status answer(const struct options *o, const struct dtu_param *row, const uint8_t *args,
                       size_t len, const struct dtu_text *out);

#endif
