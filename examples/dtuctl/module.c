/* SPDX-License-Identifier: MIT */
#include "module.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "stop.h"

/* Some modules send their settings in three datagrams; the rest of them comes within this time. */
enum { GATHER_MS = 200 };

/* After a restart was granted: time for the module to go away, so that it is not found as it was
 * before; and between two searches for it. */
enum { LEAVE_MS = 500, SEARCH_MS = 500 };

/* More than any answer has. */
enum { DATAGRAM_MAX = 512 };

/* --- Messages ------------------------------------------------------------------------------- */

void module_mac_text(const uint8_t mac[6], char out[MAC_SIZE])
{
    for (size_t i = 0; i < 6; i++)
        snprintf(out + 2 * i, 3, "%02X", mac[i]);
}

void module_name(const struct module *m, char out[MODULE_NAME_SIZE])
{
    char mac[MAC_SIZE], ip[INET_ADDRSTRLEN] = "";

    module_mac_text(m->mac, mac);
    inet_ntop(AF_INET, &m->from.sin_addr, ip, sizeof ip);
    if (m->is_known)
        snprintf(out, MODULE_NAME_SIZE, "%s (%s)", mac, ip);
    else
        snprintf(out, MODULE_NAME_SIZE, "%s", mac);
}

int module_explain(const struct module *m, const char *what, enum answer_kind kind)
{
    char name[MODULE_NAME_SIZE];

    module_name(m, name);
    switch (kind) {
    case ANSWER_DONE:
        return STATUS_DONE;
    case ANSWER_WRONG_LOGIN:
        complain("%s: %s: wrong user or password: give --user and --password, or DTUCTL_USER and "
                 "DTUCTL_PASSWORD",
                 name, what);
        return STATUS_REFUSED;
    case ANSWER_ERROR:
        complain("%s: %s: the module answers with an error", name, what);
        return STATUS_REFUSED;
    case ANSWER_DAMAGED:
        complain("%s: %s: every request was damaged on its way to the module", name, what);
        return STATUS_REFUSED;
    case ANSWER_NONE:
        complain("%s: %s: no answer: is the module on, and in this network? More time: --timeout, "
                 "--tries",
                 name, what);
        return STATUS_SILENT;
    case ANSWER_STOPPED:
        complain("%s: %s: interrupted", name, what);
        return stop_status();
    case ANSWER_FAILED:
        break;
    }
    return STATUS_REFUSED;
}

static enum answer_kind from_event(enum net_event event)
{
    switch (event) {
    case NET_TIMEOUT:
        return ANSWER_NONE;
    case NET_STOPPED:
        return ANSWER_STOPPED;
    default:
        return ANSWER_FAILED;
    }
}

/* --- Searching ------------------------------------------------------------------------------ */

/* Whom a search is for: one of these. */
struct wanted {
    const uint8_t *mac;
    const struct in_addr *ip;
};

static bool is_wanted(const struct wanted *w, const struct dtu_discovery_found *found,
                      const struct sockaddr_in *from)
{
    if (w->mac != NULL && memcmp(w->mac, found->mac, sizeof found->mac) != 0)
        return false;
    return w->ip == NULL || w->ip->s_addr == from->sin_addr.s_addr;
}

/* Till the wanted one answers to a search. */
static enum answer_kind await_found(struct module *m, const struct net *net, const struct wanted *w,
                                    int64_t end)
{
    uint8_t data[DATAGRAM_MAX];
    struct dtu_discovery_reply reply;
    struct sockaddr_in from;
    size_t len;

    for (;;) {
        enum net_event event = net_receive(net, data, sizeof data, &len, &from, end);
        if (event != NET_DATAGRAM)
            return from_event(event);
        if (dtu_discovery_parse_reply(&reply, data, len) != DTU_OK ||
            reply.kind != DTU_DISCOVERY_FOUND || !is_wanted(w, &reply.found, &from))
            continue;
        m->is_known = true;
        m->found = reply.found;
        m->from = from;
        memcpy(m->mac, reply.found.mac, sizeof m->mac);
        return ANSWER_DONE;
    }
}

static void send_search(const struct net *net, const struct in_addr *ip)
{
    const struct dtu_discovery_request search = {.command = DTU_DISCOVERY_SEARCH};
    uint8_t data[DTU_DISCOVERY_REQUEST_MAX];
    size_t len;

    if (dtu_discovery_encode_request(&search, data, sizeof data, &len) != DTU_OK)
        return;
    /* What cannot be sent is not answered. */
    if (ip != NULL)
        (void)net_send(net, *ip, data, len);
    else
        (void)net_broadcast(net, data, len);
}

static void tell_try(const char *who, const char *why, uint32_t try, uint32_t tries)
{
    complain("%s: %s; try %lu of %lu", who, why, (unsigned long)try, (unsigned long)tries);
}

int module_find(struct module *m, struct net *net, const struct options *o)
{
    const struct target *t = &o->target;
    const struct wanted w = {.mac = t->is_mac ? t->mac : NULL, .ip = t->is_mac ? NULL : &t->ip};
    enum answer_kind kind = ANSWER_NONE;

    *m = (struct module){.login = o->login, .by_mac = t->is_mac};
    memcpy(m->mac, t->mac, sizeof m->mac);
    for (uint32_t try = 1; try <= o->tries && kind == ANSWER_NONE; try++) {
        if (try > 1)
            tell_try(t->text, "the search is not answered", try, o->tries);
        send_search(net, w.ip);
        kind = await_found(m, net, &w, net_now() + o->timeout_ms);
    }
    if (kind == ANSWER_DONE)
        return STATUS_DONE;
    if (kind == ANSWER_NONE && t->is_mac) {
        complain("%s: the search is not answered; requests are broadcast", t->text);
        m->by_broadcast = true;
        return STATUS_DONE;
    }
    if (kind == ANSWER_NONE) {
        complain("%s: no answer: is there a module, and does it use port %u? See dtuctl scan",
                 t->text, net->port);
        return STATUS_SILENT;
    }
    return module_explain(m, "search", kind);
}

enum answer_kind module_wait(struct module *m, const struct net *net, int64_t end)
{
    const struct in_addr before = m->from.sin_addr;
    const int64_t half = net_now() + (end - net_now()) / 2;
    struct wanted w = {.mac = m->mac};
    enum answer_kind kind;
    bool ask_address = m->is_known;

    do { /* another may have the same MAC: its address counts, unless it may have a new one */
        w.ip = ask_address && !m->moves && net_now() < half ? &before : NULL;
        int64_t left = end - net_now();
        progress("waiting for the module, %ld s left", (long)(left / 1000));
        send_search(net, NULL);
        if (ask_address)
            send_search(net, &before);
        kind = await_found(m, net, &w, net_now() + (left < SEARCH_MS ? left : SEARCH_MS));
    } while (kind == ANSWER_NONE && net_now() < end);
    progress_end();
    return kind;
}

/* --- Requests ------------------------------------------------------------------------------- */

/* Drops what came too late to count. */
static void drain(const struct net *net)
{
    uint8_t data[DATAGRAM_MAX];
    struct sockaddr_in from;
    size_t len;
    const int64_t now = net_now();

    while (net_receive(net, data, sizeof data, &len, &from, now) == NET_DATAGRAM)
        ;
}

static bool is_same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
    return a->sin_addr.s_addr == b->sin_addr.s_addr && a->sin_port == b->sin_port;
}

static enum answer_kind result_kind(uint8_t result)
{
    switch (result) {
    case DTU_DISCOVERY_DONE:
        return ANSWER_DONE;
    case DTU_DISCOVERY_REFUSED:
        return ANSWER_WRONG_LOGIN;
    default:
        return ANSWER_ERROR;
    }
}

/* What a datagram answers to a command; ANSWER_NONE if it is no answer to it. */
static enum answer_kind judge(uint8_t command, const uint8_t *data, size_t len)
{
    struct dtu_discovery_reply reply;

    if (dtu_discovery_parse_reply(&reply, data, len) != DTU_OK)
        return ANSWER_NONE;
    switch (reply.kind) {
    case DTU_DISCOVERY_BAD_SUM:
        return ANSWER_DAMAGED;
    case DTU_DISCOVERY_BLOCKS:
        return command == DTU_DISCOVERY_READ ? ANSWER_DONE : ANSWER_NONE;
    case DTU_DISCOVERY_RESULT:
        if (reply.command != command)
            return ANSWER_NONE;
        if (command == DTU_DISCOVERY_READ && reply.result == DTU_DISCOVERY_DONE)
            return ANSWER_NONE; /* a read that is granted is answered with blocks */
        return result_kind(reply.result);
    case DTU_DISCOVERY_FOUND:
        break;
    }
    return ANSWER_NONE;
}

static void keep(struct answer *a, const uint8_t *data, size_t len)
{
    if (len > sizeof a->data - a->len)
        return;
    memcpy(a->data + a->len, data, len);
    a->len += len;
}

/* The rest of an answer to a read whose first datagram is kept; without all of it, that alone. */
static void gather(struct answer *a, const struct net *net, const struct sockaddr_in *module)
{
    const size_t first = a->len;
    const int64_t end = net_now() + GATHER_MS;
    struct sockaddr_in from;
    uint8_t data[DATAGRAM_MAX];
    size_t len;

    if (first != DTU_DISCOVERY_BASIC_LEN + DTU_DISCOVERY_PORT_LEN)
        return;
    while (a->len < DTU_DISCOVERY_SIBLING_MAX &&
           net_receive(net, data, sizeof data, &len, &from, end) == NET_DATAGRAM)
        if (is_same(&from, module))
            keep(a, data, len);
    if (a->len != DTU_DISCOVERY_SIBLING_MAX)
        a->len = first;
}

/* Till the module answers to this command. */
static enum answer_kind await_answer(struct module *m, const struct net *net, uint8_t command,
                                     struct answer *a, int64_t end)
{
    const bool anyone = !m->is_known || m->moves;
    uint8_t data[DATAGRAM_MAX];
    struct sockaddr_in from;
    size_t len;

    for (;;) {
        enum net_event event = net_receive(net, data, sizeof data, &len, &from, end);
        if (event != NET_DATAGRAM)
            return from_event(event);
        if (!anyone && !is_same(&from, &m->from))
            continue;
        enum answer_kind kind = judge(command, data, len);
        if (kind == ANSWER_NONE)
            continue;
        a->len = 0;
        if (command == DTU_DISCOVERY_READ && kind == ANSWER_DONE) {
            keep(a, data, len);
            gather(a, net, &from);
        }
        return kind;
    }
}

static bool send_request(const struct module *m, const struct net *net, bool broadcast,
                         uint8_t command, const uint8_t *params, size_t len)
{
    struct dtu_discovery_request request = {
        .command = command, .params = params, .params_len = len};
    uint8_t data[DTU_DISCOVERY_REQUEST_MAX];
    size_t data_len;

    memcpy(request.mac, m->mac, sizeof request.mac);
    memcpy(request.user, m->login.user, sizeof request.user);
    memcpy(request.password, m->login.password, sizeof request.password);
    if (dtu_discovery_encode_request(&request, data, sizeof data, &data_len) != DTU_OK)
        return false;
    if (broadcast)
        return net_broadcast(net, data, data_len);
    return net_send(net, m->from.sin_addr, data, data_len);
}

/* With one login. */
static enum answer_kind ask(struct module *m, const struct net *net, const struct options *o,
                            uint8_t command, const uint8_t *params, size_t len, struct answer *a)
{
    enum answer_kind kind = ANSWER_NONE;
    char name[MODULE_NAME_SIZE];

    module_name(m, name);
    for (uint32_t try = 1; try <= o->tries; try++) {
        /* A module with an address of another network hears broadcasts alone. */
        bool broadcast = m->by_broadcast || (m->by_mac && try == o->tries && try > 1);
        if (try > 1)
            tell_try(name,
                     kind == ANSWER_DAMAGED ? "the request was damaged on the way" : "no answer",
                     try, o->tries);
        drain(net);
        if (!send_request(m, net, broadcast, command, params, len))
            complain("%s: cannot send: %s", name, strerror(errno));
        kind = await_answer(m, net, command, a, net_now() + o->timeout_ms);
        if (kind != ANSWER_NONE && broadcast)
            m->by_broadcast = true;
        if (kind != ANSWER_NONE && kind != ANSWER_DAMAGED)
            return kind;
    }
    return kind;
}

/* A wrong login of a restart is answered by some as any other error. */
static bool may_be_login(uint8_t command, enum answer_kind kind)
{
    return kind == ANSWER_WRONG_LOGIN || (kind == ANSWER_ERROR && command == DTU_DISCOVERY_RESTART);
}

enum answer_kind module_ask(struct module *m, const struct net *net, const struct options *o,
                            uint8_t command, const uint8_t *params, size_t len, struct answer *a)
{
    enum answer_kind kind = ask(m, net, o, command, params, len, a);
    if (!m->has_other || !may_be_login(command, kind))
        return kind;
    struct login before = m->login;
    m->login = m->other;
    m->other = before;
    return ask(m, net, o, command, params, len, a);
}

/* --- Restart -------------------------------------------------------------------------------- */

int module_restart(struct module *m, const struct net *net, const struct options *o)
{
    struct answer a;
    char name[MODULE_NAME_SIZE];
    enum answer_kind kind = module_ask(m, net, o, DTU_DISCOVERY_RESTART, NULL, 0, &a);
    int64_t end = net_now() + o->wait_restart_ms;

    module_name(m, name);
    if (kind == ANSWER_ERROR) {
        complain("%s: restart: the module answers with an error; so it does to a wrong user or "
                 "password too: --user, --password, DTUCTL_USER, DTUCTL_PASSWORD",
                 name);
        return STATUS_REFUSED;
    }
    if (kind == ANSWER_NONE)
        complain("%s: the restart may have been done all the same", name);
    if (kind != ANSWER_DONE)
        return module_explain(m, "restart", kind);
    int64_t left = net_now() + LEAVE_MS;
    enum net_event event = net_pause(left < end ? left : end);
    kind = event == NET_TIMEOUT ? module_wait(m, net, end) : from_event(event);
    if (kind != ANSWER_NONE)
        return module_explain(m, "restart", kind);
    complain("%s: the restart was granted, and no search was answered since, for %lu ms: look with "
             "dtuctl scan, or wait longer with --wait-restart",
             name, (unsigned long)o->wait_restart_ms);
    return STATUS_SILENT;
}
