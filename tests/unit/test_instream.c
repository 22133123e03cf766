/* SPDX-License-Identifier: MIT */
/* Commands in the data stream. The samples are those of the manuals (000 sections 7.2 and 7.3, 001
 * sections 3.1.3 and 3.1.4, 002 section 4.1.2); a random test compares with a slow reference. */
#include "dtu/instream.h"

#include "check.h"
#include "rand.h"

#define DATA_MAX 32

/* --- One sample ----------------------------------------------------------------------------- */

static const uint8_t *found;
static size_t found_len;

static bool find(enum dtu_instream_mark mark, const char *password, const void *data, size_t len)
{
    found = data;
    found_len = len;
    return dtu_instream_find(mark, (const uint8_t *)password, strlen(password), &found, &found_len);
}

/* A command, which lies in the data where it is. */
static void check_command(enum dtu_instream_mark mark, const char *password, const char *data,
                          size_t len, const char *command, int line)
{
    bool is = find(mark, password, data, len);
    check_true(is, line, data);
    if (!is)
        return;
    check_bytes(found, found_len, command, strlen(command), line, "the command");
    check_true(found > (const uint8_t *)data && found + found_len <= (const uint8_t *)data + len,
               line, "the command lies in the data");
}

/* Data, and nothing is touched. */
static void check_data(enum dtu_instream_mark mark, const char *password, const char *data,
                       size_t len, int line)
{
    check_true(!find(mark, password, data, len), line, data);
    check_true(found == (const uint8_t *)data && found_len == len, line, "untouched");
}

#define CHECK_COMMAND(mark, password, data, command)                                               \
    check_command(mark, password, data, sizeof(data) - 1, command, __LINE__)
#define CHECK_DATA(mark, password, data)                                                           \
    check_data(mark, password, data, sizeof(data) - 1, __LINE__)

/* --- Marks ---------------------------------------------------------------------------------- */

static void cat1_marks_by_the_password_alone(void)
{
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cn#AT+VER\r\n", "AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "x", "xAT\r\n", "AT\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cnAT+VER\r\n");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cn##AT+VER\r\n");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", "adminAT+VER\r\n");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", "AT+VER\r\n");
}

static void marks_of_7s3_have_a_hash_behind_the_password(void)
{
    CHECK_COMMAND(DTU_INSTREAM_HASH, "usr.cn", "usr.cn#AT+VER\r", "AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_HASH, "usr.cn#", "usr.cn##AT+VER\r", "AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_HASH, "usr.cn", "usr.cnAT+VER\r");
    CHECK_DATA(DTU_INSTREAM_HASH, "usr.cn", "usr.cn");
    CHECK_DATA(DTU_INSTREAM_HASH, "usr.cn", "#AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_HASH, "usr.cn", "admin#AT+VER\r");
}

static void marks_of_7s4_are_the_password_or_admin(void)
{
    CHECK_COMMAND(DTU_INSTREAM_ADMIN, "usr.cn", "usr.cnAT+VER\r", "AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_ADMIN, "usr.cn", "adminAT+VER\r", "AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_ADMIN, "admin", "adminAT+VER\r", "AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_ADMIN, "usr.cn", "usr.cn#AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_ADMIN, "usr.cn", "ADMINAT+VER\r");
    CHECK_DATA(DTU_INSTREAM_ADMIN, "usr.cn", "admiAT+VER\r");
}

static void a_password_may_begin_as_admin_does(void)
{
    CHECK_COMMAND(DTU_INSTREAM_ADMIN, "admin1", "admin1AT+VER\r", "AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_ADMIN, "admin1", "adminAT+VER\r", "AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_ADMIN, "ad", "adminAT+VER\r", "AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_ADMIN, "ad", "adAT+VER\r", "AT+VER\r");
}

static void a_product_without_marks_has_data_only(void)
{
    CHECK_DATA(DTU_INSTREAM_NONE, "usr.cn", "usr.cnAT+VER\r");
    CHECK_DATA(DTU_INSTREAM_NONE, "usr.cn", "adminAT+VER\r");
}

static void an_empty_password_marks_nothing(void)
{
    CHECK_DATA(DTU_INSTREAM_PLAIN, "", "AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_HASH, "", "#AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_ADMIN, "", "AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_ADMIN, "", "adminAT+VER\r", "AT+VER\r");
}

static void the_password_is_compared_byte_by_byte(void)
{
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", "USR.CN#AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", "vsr.cn#AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cn$AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "\xe4\r\n", "\xe4\r\nAT+VER\r", "AT+VER\r");
}

static void the_mark_has_to_be_the_first_bytes(void)
{
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", " usr.cn#AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", "data usr.cn#AT+VER\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "usr.cn#", "\rusr.cn#AT+VER\r");
}

/* --- Messages ------------------------------------------------------------------------------- */

static bool find_message(enum dtu_instream_mark mark, const char *password, const char *data)
{
    found = (const uint8_t *)data;
    found_len = strlen(data);
    return dtu_instream_find_message(mark, (const uint8_t *)password, strlen(password), &found,
                                     &found_len);
}

static void check_message(enum dtu_instream_mark mark, const char *password, const char *data,
                          const char *commands, int line)
{
    bool is = find_message(mark, password, data);
    check_true(is, line, data);
    if (is)
        check_bytes(found, found_len, commands, strlen(commands), line, "the commands");
}

#define CHECK_MESSAGE(mark, password, data, commands)                                              \
    check_message(mark, password, data, commands, __LINE__)
#define CHECK_NO_MESSAGE(mark, password, data)                                                     \
    do {                                                                                           \
        static const char text[] = data;                                                           \
        CHECK(!find_message(mark, password, text));                                                \
        CHECK(found == (const uint8_t *)text && found_len == sizeof text - 1);                     \
    } while (0)

static void a_message_ends_where_its_length_says(void)
{
    found = (const uint8_t *)"usr.cn#AT";
    for (found_len = 0; found_len < 9; found_len++)
        CHECK(!dtu_instream_find_message(DTU_INSTREAM_PLAIN, (const uint8_t *)"usr.cn#", 7, &found,
                                         &found_len));
}

static void a_message_is_a_mark_and_commands_with_or_without_an_end(void)
{
    CHECK_MESSAGE(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cn#AT+VER", "AT+VER");
    CHECK_MESSAGE(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cn#AT+VER\r\n", "AT+VER\r\n");
    CHECK_MESSAGE(DTU_INSTREAM_HASH, "usr.cn", "usr.cn#at", "at");
    CHECK_MESSAGE(DTU_INSTREAM_ADMIN, "usr.cn", "adminAT+E=ON;AT+VER;", "AT+E=ON;AT+VER;");
    CHECK_MESSAGE(DTU_INSTREAM_ADMIN, "usr.cn", "usr.cnAT+VER\rAT", "AT+VER\rAT");
}

static void a_message_without_mark_or_at_is_none(void)
{
    CHECK_NO_MESSAGE(DTU_INSTREAM_PLAIN, "usr.cn#", "AT+VER");
    CHECK_NO_MESSAGE(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cnAT+VER");
    CHECK_NO_MESSAGE(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cn#");
    CHECK_NO_MESSAGE(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cn#A");
    CHECK_NO_MESSAGE(DTU_INSTREAM_PLAIN, "usr.cn#", "usr.cn#hello");
    CHECK_NO_MESSAGE(DTU_INSTREAM_HASH, "usr.cn", "usr.cnAT+VER");
    CHECK_NO_MESSAGE(DTU_INSTREAM_NONE, "usr.cn", "usr.cnAT+VER");
    CHECK_NO_MESSAGE(DTU_INSTREAM_ADMIN, "", "");
}

/* --- Commands ------------------------------------------------------------------------------- */

static void a_line_ends_with_cr_lf_or_both(void)
{
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "p", "pAT+VER\r", "AT+VER\r");
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "p", "pAT+VER\n", "AT+VER\n");
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "p", "pAT+VER\r\n", "AT+VER\r");
}

static void what_is_no_whole_line_is_data(void)
{
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "p");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pA");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pAT+VER");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pAT+VER;");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pA\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "p\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "p\rAT+VER\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "phello\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "p AT+VER\r");
}

static void what_is_more_than_one_line_is_data(void)
{
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pAT+VER\r\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pAT+VER\n\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pAT+VER\n\n");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pAT+VER\r\n\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pAT+VER\rx");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pAT+VER\r\npAT+Z\r\n");
}

static void at_is_found_in_either_case(void)
{
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "p", "pat+ver\r", "at+ver\r");
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "p", "paT\r", "aT\r");
    CHECK_DATA(DTU_INSTREAM_PLAIN, "p", "pTA\r");
}

/* The server says what is wrong with it. */
static void a_line_that_begins_with_at_is_a_command_whatever_follows(void)
{
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "p", "pATX\r", "ATX\r");
    CHECK_COMMAND(DTU_INSTREAM_PLAIN, "p", "pAT+HTPHD=a,\"b\"\r", "AT+HTPHD=a,\"b\"\r");
    CHECK(find(DTU_INSTREAM_PLAIN, "p", "pAT\0\xff\r", 6));
    CHECK_EQ(found_len, 5);
}

static void nothing_at_all_is_data(void)
{
    const uint8_t *data = NULL;
    size_t len = 0;
    CHECK(!dtu_instream_find(DTU_INSTREAM_ADMIN, (const uint8_t *)"p", 1, &data, &len));
    CHECK(data == NULL && len == 0);
}

/* --- Against a reference -------------------------------------------------------------------- */

static bool begins_with(const char *data, size_t len, const char *start)
{
    return strlen(start) > 0 && len >= strlen(start) && memcmp(data, start, strlen(start)) == 0;
}

/* The length of the command in the data, 0 if it is none, by the wording of the rules. */
static size_t reference(enum dtu_instream_mark mark, const char *password, const char *data,
                        size_t len, size_t *skip)
{
    size_t n = len;
    *skip = begins_with(data, len, password) ? strlen(password) : 0;
    if (mark == DTU_INSTREAM_HASH)
        *skip = *skip > 0 && len > *skip && data[*skip] == '#' ? *skip + 1 : 0;
    if (mark == DTU_INSTREAM_ADMIN && begins_with(data, len, "admin") && *skip < 5)
        *skip = 5;
    if (mark == DTU_INSTREAM_NONE || *skip == 0)
        return 0;
    if (n >= 2 && data[n - 2] == '\r' && data[n - 1] == '\n')
        n--;
    if (n < *skip + 3 || (data[n - 1] != '\r' && data[n - 1] != '\n'))
        return 0;
    for (size_t i = *skip; i < n - 1; i++)
        if (data[i] == '\r' || data[i] == '\n')
            return 0;
    if (strchr("Aa", data[*skip]) == NULL || strchr("Tt", data[*skip + 1]) == NULL)
        return 0;
    return data[*skip] != 0 && data[*skip + 1] != 0 ? n - *skip : 0;
}

static size_t append(char *data, size_t len, const char *piece)
{
    memcpy(data + len, piece, strlen(piece));
    return len + strlen(piece);
}

/* Pieces that commands are made of, in their order or in any. */
static size_t random_data(struct test_rand *rand, char *data)
{
    static const char *const pieces[] = {"p",    "pw", "p#", "admin", "ad",  "AT",
                                         "at+V", "A",  "\r", "\n",    "\r\n"};
    size_t len = 0;
    if (test_rand_below(rand, 2) == 0) {
        len = append(data, len, pieces[test_rand_below(rand, 5)]);
        len = append(data, len, pieces[5 + test_rand_below(rand, 3)]);
        len = append(data, len, pieces[8 + test_rand_below(rand, 3)]);
    } else {
        for (uint32_t count = test_rand_below(rand, 6); count > 0; count--)
            len = append(data, len, pieces[test_rand_below(rand, 11)]);
    }
    if (len > 0 && test_rand_below(rand, 8) == 0)
        data[test_rand_below(rand, (uint32_t)len)] = (char)test_rand_u32(rand);
    return len;
}

static void find_agrees_with_the_reference(void)
{
    static const char *const passwords[] = {"p", "pw", "", "admin", "adminA", "ad"};
    struct test_rand rand;
    char data[DATA_MAX];
    unsigned commands = 0;
    test_rand_seed(&rand, 7);
    for (unsigned i = 0; i < 20000; i++) {
        enum dtu_instream_mark mark = (enum dtu_instream_mark)test_rand_below(&rand, 4);
        const char *password = passwords[test_rand_below(&rand, 6)];
        size_t len = random_data(&rand, data);
        size_t skip;
        size_t command_len = reference(mark, password, data, len, &skip);
        CHECK_EQ(find(mark, password, data, len), command_len > 0);
        if (command_len > 0)
            CHECK_BYTES(found, found_len, data + skip, command_len);
        commands += command_len > 0;
    }
    CHECK(commands > 100);
}

static const struct check_test tests[] = {
    CHECK_TEST(cat1_marks_by_the_password_alone),
    CHECK_TEST(marks_of_7s3_have_a_hash_behind_the_password),
    CHECK_TEST(marks_of_7s4_are_the_password_or_admin),
    CHECK_TEST(a_password_may_begin_as_admin_does),
    CHECK_TEST(a_product_without_marks_has_data_only),
    CHECK_TEST(an_empty_password_marks_nothing),
    CHECK_TEST(the_password_is_compared_byte_by_byte),
    CHECK_TEST(the_mark_has_to_be_the_first_bytes),
    CHECK_TEST(a_message_is_a_mark_and_commands_with_or_without_an_end),
    CHECK_TEST(a_message_ends_where_its_length_says),
    CHECK_TEST(a_message_without_mark_or_at_is_none),
    CHECK_TEST(a_line_ends_with_cr_lf_or_both),
    CHECK_TEST(what_is_no_whole_line_is_data),
    CHECK_TEST(what_is_more_than_one_line_is_data),
    CHECK_TEST(at_is_found_in_either_case),
    CHECK_TEST(a_line_that_begins_with_at_is_a_command_whatever_follows),
    CHECK_TEST(nothing_at_all_is_data),
    CHECK_TEST(find_agrees_with_the_reference),
};
CHECK_MAIN(tests)
