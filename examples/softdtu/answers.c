/* SPDX-License-Identifier: MIT */
#include "answers.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Constant answers, in the form of the product's manual: a good signal, a network, and what the
 * firmware says of its making. */
static const struct {
    const char *profile;
    const char *name;
    const char *text;
} constants[] = {
    {"cat1", "CSQ", "27,99"},
    {"cat1", "SYSINFO", "4,LTE"},
    {"cat1", "BUILD", "2020-3-16 18:22:25"},
    {"lte-7s4", "CSQ", "139,99,17"},
    {"lte-7s4", "SYSINFO", "2,LTE"},
    {"lte-7s4", "ZVERSION", "V1.0.06.000000.0000"},
    {"k7", "PDTIME", "2016-10-18 11:20:02"},
};

static const char *constant(const char *profile, const char *name)
{
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++)
        if (strcmp(constants[i].profile, profile) == 0 && strcmp(constants[i].name, name) == 0)
            return constants[i].text;
    return NULL;
}

/* This machine's address: the one that is bound to, else the first that is not the loopback's. */
static void own_address(const char *bind, char *text, size_t size)
{
    struct ifaddrs *all = NULL;

    snprintf(text, size, "%s", bind != NULL ? bind : "127.0.0.1");
    if (bind != NULL || getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
            (i->ifa_flags & IFF_LOOPBACK) != 0)
            continue;
        const struct sockaddr_in *a = (const struct sockaddr_in *)(const void *)i->ifa_addr;
        inet_ntop(AF_INET, &a->sin_addr, text, (socklen_t)size);
        break;
    }
    freeifaddrs(all);
}

/* "20/06/19,20:05:19+32": local time, and its distance from UTC in quarters of an hour. */
static void clock_text(time_t now, char *text, size_t size)
{
    struct tm local;
    char date[32];
    char zone[8];

    localtime_r(&now, &local);
    strftime(date, sizeof date, "%y/%m/%d,%H:%M:%S", &local);
    strftime(zone, sizeof zone, "%z", &local); /* +hhmm */
    int hours = (zone[1] - '0') * 10 + (zone[2] - '0');
    int minutes = (zone[3] - '0') * 10 + (zone[4] - '0');
    snprintf(text, size, "\"%s%c%02d\"", date, zone[0], hours * 4 + minutes / 15);
}

enum dtu_status answer(const struct options *o, unsigned index, const char *bind,
                       const struct dtu_param *row, const uint8_t *args, size_t len,
                       const struct dtu_text *out)
{
    static time_t asked; /* a reply says the same time however often it is made */
    char made[64];
    const char *text = options_identity(o, index, row->name);

    (void)len;
    if (args != NULL) /* a question with parameters: there is no station and no satellite to ask */
        return DTU_ERR_NOT_ALLOWED;
    if (text == NULL)
        text = constant(o->profile->name, row->name);
    if (strcmp(row->name, "CIP") == 0 || strcmp(row->name, "LOCIP") == 0) {
        own_address(bind, made, sizeof made);
        text = made;
    }
    if (strcmp(row->name, "CCLK") == 0) {
        if (out == NULL)
            asked = time(NULL);
        clock_text(asked, made, sizeof made);
        text = made;
    }
    if (text == NULL)
        return DTU_ERR_NOT_ALLOWED;
    if (out != NULL)
        dtu_text_string(out, text);
    return DTU_OK;
}
