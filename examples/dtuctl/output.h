/* SPDX-License-Identifier: MIT */
#ifndef DTUCTL_OUTPUT_H
#define DTUCTL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands for a password that is not shown. */
#define OUTPUT_HIDDEN "*****"

/* A line on standard error: what is wrong, and what helps. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* A line that the next one overwrites; on a terminal only. */
__attribute__((format(printf, 1, 2))) void progress(const char *format, ...);

/* Takes that line away. */
void progress_end(void);

/* Room that bytes need in output_visible(). */
#define VISIBLE_SIZE(bytes) ((bytes)*4 + 1)

/* Bytes from elsewhere as text that does a terminal no harm: what is not printable ASCII becomes
 * \xHH. What does not fit is left out. */
void output_visible(char *out, size_t size, const void *data, size_t len);

/* Adds to a text; what does not fit is left out. */
void output_append(char *out, size_t size, const char *text);

/* How many bytes of a text that is padded with zeroes and may fill its room. */
size_t output_text_len(const uint8_t *text, size_t room);

/* JSON on standard output. A name is NULL in a list and for the outermost. */
struct json {
    bool comma; /* one is due */
};

void json_open(struct json *j, const char *name, char bracket);
void json_close(struct json *j, char bracket);
void json_number(struct json *j, const char *name, uint32_t value);
void json_bool(struct json *j, const char *name, bool value);
void json_string(struct json *j, const char *name, const char *text);
void json_hex(struct json *j, const char *name, const uint8_t *data, size_t len);
/* Bytes that should be UTF-8. If they are not, what is wrong is replaced by U+FFFD, and all of them
 * follow as `<name>_hex`. */
void json_text(struct json *j, const char *name, const uint8_t *text, size_t len);
void json_end(void);

#endif
