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
#define FIELDS(array) .field_count = COUNT(array), .fields = (array)
#define VALUES(member) .offset = offsetof(struct values, member)

/* The usual rows; what is not usual is written out in the table. */
#define SETTING(name_, id_, member_, fields_, initial_, help_)                                     \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_SETTING, VALUES(member_), FIELDS(fields_),     \
        .initial = initial_, .help = help_                                                         \
    }
/* With an answer to `=?` that cannot be made from the fields. */
#define SETTING_RANGE(name_, id_, member_, fields_, initial_, range_, help_)                       \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_SETTING, VALUES(member_), FIELDS(fields_),     \
        .initial = initial_, .range = range_, .help = help_                                        \
    }
#define SETTING_FLAGS(name_, id_, flags_, member_, fields_, initial_, help_)                       \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_SETTING, .flags = flags_, VALUES(member_),     \
        FIELDS(fields_), .initial = initial_, .help = help_                                        \
    }
#define INFO(name_, id_, help_)                                                                    \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_INFO, .help = help_                            \
    }
#define ACTION(name_, id_, help_)                                                                  \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_ACTION, .help = help_                          \
    }
/* An action with parameters. */
#define CALL(name_, id_, fields_, help_)                                                           \
    {                                                                                              \
        .name = name_, .id = id_, .kind = DTU_PARAM_ACTION, FIELDS(fields_), .help = help_         \
    }
#define ALIAS(name_, of_)                                                                          \
    {                                                                                              \
        .name = name_, .kind = DTU_PARAM_ALIAS, .initial = of_                                     \
    }

/* Fails to compile if the condition does not hold. */
#define ASSERT_SIZE(name_, condition_) typedef char name_[(condition_) ? 1 : -1]

/* Fields that several products have. */
static const struct dtu_param_field field_on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};
static const struct dtu_param_field field_port[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535}};
static const struct dtu_param_field field_seconds[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535, .text = "s"}};
static const struct dtu_param_field field_seconds_600[] = {
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 600, .text = "s"}};
static const struct dtu_param_field field_restart_s[] = {
    {.type = DTU_FIELD_NUMBER, .flags = DTU_FIELD_ZERO, .min = 60, .max = 65535, .text = "s"}};
static const struct dtu_param_field field_text_10[] = {
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 10}};
static const struct dtu_param_field field_text_20[] = {
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 20}};
static const struct dtu_param_field field_text_100[] = {
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 100}};
static const struct dtu_param_field field_hex_80[] = {{.type = DTU_FIELD_HEX, .min = 1, .max = 80}};
static const struct dtu_param_field field_get_post[] = {
    {.type = DTU_FIELD_ENUM, .text = "GET,POST"}};
static const struct dtu_param_field field_com_net[] = {{.type = DTU_FIELD_ENUM, .text = "COM,NET"}};
static const struct dtu_param_field field_socket[] = {
    {.type = DTU_FIELD_ENUM, .text = "TCP,UDP"},
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 100},
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535}};
static const struct dtu_param_field field_server[] = {
    {.type = DTU_FIELD_TEXT, .min = 1, .max = 100},
    {.type = DTU_FIELD_NUMBER, .min = 1, .max = 65535}};
static const struct dtu_param_field field_cloud[] = {{.type = DTU_FIELD_TEXT, .min = 20, .max = 20},
                                                     {.type = DTU_FIELD_TEXT, .min = 8, .max = 8}};
static const struct dtu_param_field field_headers[] = {
    {.type = DTU_FIELD_TEXT, .flags = DTU_FIELD_ANY_BYTE, .min = 1, .max = 200}};

#define SOCKET_SIZE (WORD_SIZE + TEXT_SIZE(100) + NUMBER_SIZE(65535))
#define SERVER_SIZE (TEXT_SIZE(100) + NUMBER_SIZE(65535))
#define CLOUD_SIZE (TEXT_SIZE(20) + TEXT_SIZE(8))

#endif
