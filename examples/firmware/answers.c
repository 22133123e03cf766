/* SPDX-License-Identifier: MIT */
/* What the module tells of itself and of its network. */
#include "firmware.h"

static bool is_row(const struct dtu_param *row, const char *name)
{
    return dtu_equal_nocase((const uint8_t *)row->name, dtu_string_len(row->name), name);
}

/* --- The clock ------------------------------------------------------------------------------ */

static const uint16_t year_0 = 2000;

static bool is_leap(uint16_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static void write_two_digits(const struct dtu_text *out, uint32_t value)
{
    dtu_text_char(out, (char)('0' + value / 10 % 10));
    dtu_text_char(out, (char)('0' + value % 10));
}

static void write_date(const struct dtu_text *out, uint32_t days)
{
    static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint16_t year = year_0;
    uint8_t month = 0;

    while (days >= (is_leap(year) ? 366u : 365u))
        days -= is_leap(year++) ? 366u : 365u;
    for (;;) {
        uint8_t length = (uint8_t)(month_days[month] + (month == 1 && is_leap(year)));

        if (days < length)
            break;
        days -= length;
        month++;
    }
    write_two_digits(out, year);
    dtu_text_char(out, '/');
    write_two_digits(out, month + 1u);
    dtu_text_char(out, '/');
    write_two_digits(out, days + 1);
}

/* "20/06/19,20:05:19+32": local time, and its distance from UTC in quarters of an hour. */
static void write_clock(const struct dtu_text *out, uint32_t time_s, int8_t zone)
{
    uint32_t of_day = time_s % 86400;

    dtu_text_char(out, '"');
    write_date(out, time_s / 86400);
    dtu_text_char(out, ',');
    write_two_digits(out, of_day / 3600);
    dtu_text_char(out, ':');
    write_two_digits(out, of_day / 60 % 60);
    dtu_text_char(out, ':');
    write_two_digits(out, of_day % 60);
    dtu_text_char(out, zone < 0 ? '-' : '+');
    write_two_digits(out, (uint32_t)(zone < 0 ? -zone : zone));
    dtu_text_char(out, '"');
}

/* --- Answers -------------------------------------------------------------------------------- */

/* The number of this board, as production has written it, or else any. */
static const char *number(const struct dtu_param *row, size_t *len)
{
    static const struct {
        const char *name;
        const char *text;
    } numbers[] = {{"IMEI", "860000000000000"},
                   {"ICCID", "89860000000000000000"},
                   {"SN", "00000000000000000001"}};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *written;

        if (!is_row(row, numbers[i].name))
            continue;
        written = mps2_factory_text(numbers[i].name, len);
        if (written != NULL)
            return written;
        *len = dtu_string_len(numbers[i].text);
        return numbers[i].text;
    }
    return NULL;
}

/* There is no radio on this board: what its user would be told by one. */
static const char *constant(const struct dtu_param *row)
{
    if (is_row(row, "CSQ"))
        return "27,99";
    if (is_row(row, "SYSINFO"))
        return "4,LTE";
    return is_row(row, "BUILD") ? "2020-3-16 18:22:25" : NULL;
}

/* A reply is made more than once, and says the same each time: the clock is read for the first. */
static enum dtu_status tell_clock(struct firmware *f, const struct dtu_text *out)
{
    if (out == NULL) {
        f->asked_s = network_time(&f->network, mps2_now());
        return f->network.is_attached ? DTU_OK : DTU_ERR_NOT_ALLOWED;
    }
    write_clock(out, f->asked_s, f->network.zone);
    return DTU_OK;
}

enum dtu_status firmware_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                              size_t len, const struct dtu_text *out)
{
    struct firmware *f = ctx;
    size_t text_len = 0;
    const char *text;

    (void)len;
    if (args != NULL) /* a question with parameters: there is no base station to ask */
        return DTU_ERR_NOT_ALLOWED;
    if (is_row(row, "CCLK"))
        return tell_clock(f, out);
    if (is_row(row, "CIP")) {
        if (out != NULL)
            dtu_text_ip(out, f->network.ip);
        return DTU_OK;
    }
    text = number(row, &text_len);
    if (text == NULL) {
        text = constant(row);
        text_len = text != NULL ? dtu_string_len(text) : 0;
    }
    if (text == NULL)
        return DTU_ERR_NOT_ALLOWED;
    if (out != NULL)
        dtu_text_bytes(out, text, text_len);
    return DTU_OK;
}
