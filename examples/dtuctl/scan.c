/* SPDX-License-Identifier: MIT */
/* Who is there? */
#include "commands.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stop.h"

enum { QUESTIONS = 3 };

/* More than a network has, so that a flood of made-up answers does not take all memory. */
enum { FOUND_MAX = 4096 };

struct row {
    struct dtu_discovery_found found;
    struct in_addr from;
    bool intact;
};

struct list {
    struct row *rows;
    size_t count;
    size_t room;
};

static bool is_same(const struct row *a, const struct row *b)
{
    return memcmp(a->found.mac, b->found.mac, sizeof a->found.mac) == 0 &&
           memcmp(a->found.ip, b->found.ip, sizeof a->found.ip) == 0;
}

/* A module answers to each question. */
static bool add(struct list *list, const struct row *row)
{
    for (size_t i = 0; i < list->count; i++) {
        if (is_same(&list->rows[i], row)) {
            list->rows[i].intact |= row->intact;
            return true;
        }
    }
    if (list->count == FOUND_MAX)
        return true;
    if (list->count == list->room) {
        size_t room = list->room > 0 ? 2 * list->room : 64;
        struct row *rows = realloc(list->rows, room * sizeof *rows);
        if (rows == NULL)
            return false;
        list->rows = rows;
        list->room = room;
    }
    list->rows[list->count++] = *row;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    int order = memcmp(left->found.ip, right->found.ip, sizeof left->found.ip);
    return order != 0 ? order : memcmp(left->found.mac, right->found.mac, sizeof left->found.mac);
}

/* Listens until `end`. */
static enum net_event collect(struct list *list, const struct net *net, int64_t end)
{
    uint8_t data[DTU_DISCOVERY_FOUND_LEN];
    struct dtu_discovery_reply reply;
    struct sockaddr_in from;
    size_t len;
    enum net_event event;

    while ((event = net_receive(net, data, sizeof data, &len, &from, end)) == NET_DATAGRAM) {
        if (dtu_discovery_parse_reply(&reply, data, len) != DTU_OK ||
            reply.kind != DTU_DISCOVERY_FOUND)
            continue;
        struct row row = {.found = reply.found, .from = from.sin_addr, .intact = reply.intact};
        if (!add(list, &row)) {
            complain("no memory");
            return NET_FAILED;
        }
        progress("searching: %zu found", list->count);
    }
    return event;
}

static enum net_event search(struct list *list, const struct net *net, const struct options *o)
{
    const struct dtu_discovery_request request = {.command = DTU_DISCOVERY_SEARCH};
    const int64_t start = net_now();
    uint8_t data[DTU_DISCOVERY_REQUEST_MAX];
    size_t len;
    enum net_event event = NET_TIMEOUT;

    if (dtu_discovery_encode_request(&request, data, sizeof data, &len) != DTU_OK)
        return NET_FAILED;
    progress("searching");
    for (int i = 1; i <= QUESTIONS && event == NET_TIMEOUT; i++) {
        if (!net_broadcast(net, data, len) && i == QUESTIONS && list->count == 0)
            complain("cannot send: %s: is the network up? Where to: --to ADDR", strerror(errno));
        event = collect(list, net, start + (int64_t)o->wait_ms * i / QUESTIONS);
    }
    progress_end();
    return event;
}

static bool comes_from_elsewhere(const struct row *row)
{
    return memcmp(&row->from, row->found.ip, sizeof row->found.ip) != 0;
}

static void print_row(const struct row *row, int name_width)
{
    const struct dtu_discovery_found *f = &row->found;
    char ip[INET_ADDRSTRLEN] = "", from[INET_ADDRSTRLEN] = "", mac[MAC_SIZE];
    char name[VISIBLE_SIZE(DTU_DISCOVERY_NAME_LEN)];

    inet_ntop(AF_INET, f->ip, ip, sizeof ip);
    inet_ntop(AF_INET, &row->from, from, sizeof from);
    module_mac_text(f->mac, mac);
    output_visible(name, sizeof name, f->name, output_text_len(f->name, sizeof f->name));
    printf("%-15s  %s  %-*s  %-7u  %u/%u", ip, mac, name_width, name, f->version, f->board_type,
           f->board_id);
    if (!row->intact)
        fputs("  check byte is wrong", stdout);
    if (comes_from_elsewhere(row))
        printf("  answers from %s", from);
    putchar('\n');
}

static void print_table(const struct list *list)
{
    char name[VISIBLE_SIZE(DTU_DISCOVERY_NAME_LEN)];
    int width = 4;

    for (size_t i = 0; i < list->count; i++) {
        const uint8_t *text = list->rows[i].found.name;
        output_visible(name, sizeof name, text, output_text_len(text, DTU_DISCOVERY_NAME_LEN));
        if ((int)strlen(name) > width)
            width = (int)strlen(name);
    }
    printf("%-15s  %-12s  %-*s  VERSION  BOARD\n", "IP", "MAC", width, "NAME");
    for (size_t i = 0; i < list->count; i++)
        print_row(&list->rows[i], width);
}

static void print_json(const struct list *list)
{
    struct json j = {false};
    char from[INET_ADDRSTRLEN];

    json_open(&j, NULL, '[');
    for (size_t i = 0; i < list->count; i++) {
        const struct row *row = &list->rows[i];
        struct module m = {.is_known = true, .found = row->found};
        memcpy(m.mac, row->found.mac, sizeof m.mac);
        inet_ntop(AF_INET, &row->from, from, sizeof from);
        json_open(&j, NULL, '{');
        json_module(&j, &m);
        json_bool(&j, "intact", row->intact);
        json_string(&j, "from", from);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_end();
}

static int scan(struct net *net, const struct options *o)
{
    struct list list = {NULL, 0, 0};
    enum net_event event = search(&list, net, o);
    int status = list.count > 0 ? STATUS_DONE : STATUS_SILENT;

    if (list.count > 0)
        qsort(list.rows, list.count, sizeof *list.rows, compare);
    if (o->json)
        print_json(&list);
    else if (list.count > 0)
        print_table(&list);
    free(list.rows);
    if (event == NET_STOPPED)
        return STATUS_SIGNAL + stop_signal();
    if (event == NET_FAILED)
        return STATUS_REFUSED;
    if (status == STATUS_SILENT)
        complain("no module answered within %lu ms: longer with --wait, elsewhere with --to, the "
                 "siblings of K7 with --port %d",
                 (unsigned long)o->wait_ms, DTU_DISCOVERY_SIBLING_PORT);
    return status;
}

int command_scan(const struct options *o)
{
    return net_run(o, scan);
}
