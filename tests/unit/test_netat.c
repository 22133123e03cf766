/* SPDX-License-Identifier: MIT */
/* Network commands by UDP. The keyword, `+ok` and the 30 s are those of manual 003 section 5.3.1
 * and of the AT specification ("Entering", 6). */
#include "dtu/netat.h"

#include "check.h"

static const struct dtu_peer one = {{192, 168, 0, 100}, 5001};
static const struct dtu_peer other_port = {{192, 168, 0, 100}, 5002};
static const struct dtu_peer other_host = {{192, 168, 0, 101}, 5001};

static struct dtu_netat session;

static enum dtu_netat_kind look_with(const char *key, const struct dtu_peer *peer, const char *data,
                                     uint32_t now)
{
    return dtu_netat_look(&session, (const uint8_t *)key, strlen(key), peer, (const uint8_t *)data,
                          strlen(data), now);
}

static enum dtu_netat_kind look(const struct dtu_peer *peer, const char *data, uint32_t now)
{
    return look_with("www.usr.cn", peer, data, now);
}

static void without_a_session_only_the_keyword_is_anything(void)
{
    dtu_netat_close(&session);
    CHECK_EQ(look(&one, "AT+VER\r", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(look(&one, "+ok", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(look(&one, "", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(look(&one, "www.usr.cn", 0), DTU_NETAT_KEYWORD);
    CHECK_EQ(dtu_netat_next(&session, 0), DTU_NEVER);
}

static void what_is_not_quite_the_keyword_is_not_it(void)
{
    dtu_netat_close(&session);
    CHECK_EQ(look(&one, "www.usr.c", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(look(&one, "www.usr.cn\r", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(look(&one, "WWW.USR.CN", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(look(&one, "xwww.usr.cn", 0), DTU_NETAT_FOREIGN);
}

static void an_empty_keyword_opens_nothing(void)
{
    dtu_netat_close(&session);
    CHECK_EQ(look_with("", &one, "", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(look_with("", &one, "www.usr.cn", 0), DTU_NETAT_FOREIGN);
}

static void a_look_alone_opens_and_prolongs_nothing(void)
{
    dtu_netat_close(&session);
    CHECK_EQ(look(&one, "www.usr.cn", 0), DTU_NETAT_KEYWORD);
    CHECK_EQ(look(&one, "AT", 0), DTU_NETAT_FOREIGN);
    dtu_netat_hold(&session, &one, 0);
    CHECK_EQ(look(&one, "AT", 29999), DTU_NETAT_COMMAND);
    CHECK_EQ(dtu_netat_next(&session, 29999), 1);
}

static void who_has_the_session_confirms_and_commands(void)
{
    dtu_netat_close(&session);
    dtu_netat_hold(&session, &one, 0);
    CHECK_EQ(look(&one, "+ok", 0), DTU_NETAT_CONFIRM);
    CHECK_EQ(look(&one, "+okx", 0), DTU_NETAT_COMMAND);
    CHECK_EQ(look(&one, "+o", 0), DTU_NETAT_COMMAND);
    CHECK_EQ(look(&one, "AT\r", 0), DTU_NETAT_COMMAND);
    CHECK_EQ(look(&one, "AT+VER", 0), DTU_NETAT_COMMAND);
    CHECK_EQ(look(&one, "", 0), DTU_NETAT_COMMAND);
    CHECK_EQ(look(&one, "www.usr.cn", 0), DTU_NETAT_KEYWORD);
}

static void another_address_or_port_is_another_sender(void)
{
    dtu_netat_close(&session);
    dtu_netat_hold(&session, &one, 0);
    CHECK_EQ(look(&other_port, "AT", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(look(&other_host, "AT", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(look(&other_host, "www.usr.cn", 0), DTU_NETAT_KEYWORD);
    dtu_netat_hold(&session, &other_host, 0); /* takes it over */
    CHECK_EQ(look(&other_host, "AT", 0), DTU_NETAT_COMMAND);
    CHECK_EQ(look(&one, "AT", 0), DTU_NETAT_FOREIGN);
}

static void a_session_ends_after_30_s_also_when_the_clock_wraps(void)
{
    static const uint32_t starts[] = {0, 1000, UINT32_MAX - 29999, UINT32_MAX - 15000, UINT32_MAX};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        uint32_t start = starts[i];
        dtu_netat_close(&session);
        dtu_netat_hold(&session, &one, start);
        CHECK_EQ(dtu_netat_next(&session, start), 30000);
        dtu_netat_poll(&session, start + 29999);
        CHECK_EQ(look(&one, "AT", start + 29999), DTU_NETAT_COMMAND);
        CHECK_EQ(look(&one, "AT", start + 30000), DTU_NETAT_FOREIGN); /* without a poll */
        dtu_netat_hold(&session, &one, start);
        dtu_netat_poll(&session, start + 30000);
        CHECK_EQ(dtu_netat_next(&session, start + 30000), DTU_NEVER);
        CHECK_EQ(look(&one, "AT", start), DTU_NETAT_FOREIGN);
    }
}

static void a_close_ends_it(void)
{
    dtu_netat_hold(&session, &one, 0);
    dtu_netat_close(&session);
    CHECK_EQ(look(&one, "AT", 0), DTU_NETAT_FOREIGN);
    CHECK_EQ(dtu_netat_next(&session, 0), DTU_NEVER);
}

static const struct check_test tests[] = {
    CHECK_TEST(without_a_session_only_the_keyword_is_anything),
    CHECK_TEST(what_is_not_quite_the_keyword_is_not_it),
    CHECK_TEST(an_empty_keyword_opens_nothing),
    CHECK_TEST(a_look_alone_opens_and_prolongs_nothing),
    CHECK_TEST(who_has_the_session_confirms_and_commands),
    CHECK_TEST(another_address_or_port_is_another_sender),
    CHECK_TEST(a_session_ends_after_30_s_also_when_the_clock_wraps),
    CHECK_TEST(a_close_ends_it),
};
CHECK_MAIN(tests)
