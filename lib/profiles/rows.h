/* SPDX-License-Identifier: MIT */
/* What the product tables are written with: macros, for a constant table cannot call a function. */
#ifndef DTU_PROFILES_ROWS_H
#define DTU_PROFILES_ROWS_H

#include "dtu/profile.h"

/* Bytes that a field takes in a set of values; dtu_param_field_size() says the same, and a test
 * compares them. */
#define WORD_SIZE 1
#define TEXT_SIZE(max) ((max) > 255 ? (max) + 2 : (max) + 1)
#define NUMBER_SIZE(max) ((max) > 65535 ? 4 : (max) > 255 ? 2 : 1)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SETTING_FLAGS(name_, id_, flags_, member_, fields_, initial_, range_, help_)               \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_SETTING, .flags = flags_,                      \
        .field_count = COUNT(fields_), .offset = offsetof(struct values, member_),                 \
        .fields = fields_, .initial = initial_, .range = range_, .help = help_                     \
    }
#define SETTING(name_, id_, member_, fields_, initial_, help_)                                     \
    SETTING_FLAGS(name_, id_, 0, member_, fields_, initial_, NULL, help_)
#define INFO(name_, id_, help_)                                                                    \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_INFO, .help = help_                            \
    }
#define ACTION(name_, id_, help_)                                                                  \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_ACTION, .help = help_                          \
    }

/* Fails to compile if the condition does not hold. */
#define ASSERT_SIZE(name_, condition_) typedef char name_[(condition_) ? 1 : -1]

#endif
