/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- Messages ------------------------------------------------------------------------------- */

static bool in_progress;

void progress_end(void)
{
    if (in_progress)
        fputs("\r\033[K", stderr);
    in_progress = false;
}

void complain(const char *format, ...)
{
    va_list args;

    progress_end();
    fputs("dtuctl: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void progress(const char *format, ...)
{
    va_list args;

    if (!isatty(STDERR_FILENO))
        return;
    progress_end();
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fflush(stderr);
    in_progress = true;
}

/* --- Text from elsewhere -------------------------------------------------------------------- */

void output_visible(char *out, size_t size, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    size_t used = 0;

    for (size_t i = 0; i < len && used + 4 < size; i++) {
        if (bytes[i] >= ' ' && bytes[i] <= '~')
            out[used++] = (char)bytes[i];
        else
            used += (size_t)snprintf(out + used, size - used, "\\x%02X", bytes[i]);
    }
    out[used] = '\0';
}

void output_append(char *out, size_t size, const char *text)
{
    size_t len = strlen(out);
    snprintf(out + len, size - len, "%s", text);
}

size_t output_text_len(const uint8_t *text, size_t room)
{
    const uint8_t *end = memchr(text, 0, room);
    return end != NULL ? (size_t)(end - text) : room;
}

/* --- JSON ----------------------------------------------------------------------------------- */

/* How many bytes behind the first belong to its character; -1: none can begin so. */
static int utf8_more(uint8_t first)
{
    if (first < 0x80)
        return 0;
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if (first >= 0xE0 && first <= 0xEF)
        return 2;
    if (first >= 0xF0 && first <= 0xF4)
        return 3;
    return -1;
}

/* Too long a form, a half of a surrogate pair, or beyond U+10FFFF. */
static bool utf8_second_is_wrong(uint8_t first, uint8_t second)
{
    return (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
           (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
}

/* Length of the UTF-8 character in front; 0: it is none. */
static size_t utf8_len(const uint8_t *text, size_t len)
{
    int more = utf8_more(text[0]);
    if (more < 0 || (size_t)more >= len)
        return 0;
    if (more > 0 && utf8_second_is_wrong(text[0], text[1]))
        return 0;
    for (int i = 1; i <= more; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    return (size_t)more + 1;
}

static void print_character(const uint8_t *text, size_t len)
{
    if (len == 1 && (*text == '"' || *text == '\\'))
        printf("\\%c", *text);
    else if (len == 1 && (*text < ' ' || *text == 0x7F))
        printf("\\u%04x", *text);
    else if (len == 2 && text[0] == 0xC2 && text[1] < 0xA0) /* U+0080 to U+009F: controls too */
        printf("\\u%04x", text[1]);
    else
        fwrite(text, 1, len, stdout);
}

/* In quotes. False if some of it was no UTF-8. */
static bool print_quoted(const uint8_t *text, size_t len)
{
    bool good = true;

    putchar('"');
    while (len > 0) {
        size_t step = utf8_len(text, len);
        if (step > 0) {
            print_character(text, step);
        } else {
            fputs("\xEF\xBF\xBD", stdout); /* U+FFFD */
            good = false;
            step = 1;
        }
        text += step;
        len -= step;
    }
    putchar('"');
    return good;
}

static void print_name(struct json *j, const char *name)
{
    if (j->comma)
        putchar(',');
    j->comma = true;
    if (name != NULL)
        printf("\"%s\":", name);
}

void json_open(struct json *j, const char *name, char bracket)
{
    print_name(j, name);
    putchar(bracket);
    j->comma = false;
}

void json_close(struct json *j, char bracket)
{
    putchar(bracket);
    j->comma = true;
}

void json_number(struct json *j, const char *name, uint32_t value)
{
    print_name(j, name);
    printf("%lu", (unsigned long)value);
}

void json_bool(struct json *j, const char *name, bool value)
{
    print_name(j, name);
    fputs(value ? "true" : "false", stdout);
}

void json_string(struct json *j, const char *name, const char *text)
{
    print_name(j, name);
    print_quoted((const uint8_t *)text, strlen(text));
}

void json_hex(struct json *j, const char *name, const uint8_t *data, size_t len)
{
    print_name(j, name);
    putchar('"');
    for (size_t i = 0; i < len; i++)
        printf("%02X", data[i]);
    putchar('"');
}

void json_text(struct json *j, const char *name, const uint8_t *text, size_t len)
{
    char hex_name[64];

    print_name(j, name);
    if (print_quoted(text, len))
        return;
    snprintf(hex_name, sizeof hex_name, "%s_hex", name);
    json_hex(j, hex_name, text, len);
}

void json_end(void)
{
    putchar('\n');
}
