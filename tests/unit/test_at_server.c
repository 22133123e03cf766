/* SPDX-License-Identifier: MIT */
/* The AT server with the tables of the four products. Every expected reply is written out from
 * at.md, "Replies" and "Settled, one by one"; texts of `=?` from the manuals. */
#include "dtu/at_server.h"
#include "dtu/profile.h"

#include "check.h"
#include "rand.h"

#include <stdbool.h>

#define OUT_MAX 6000 /* a list of commands is long */
#define LINE_SIZE 160
#define CANARY 0xC5

static const struct dtu_profile *product;
static uint8_t running[DTU_LTE_7S4_VALUES_SIZE]; /* no product has more */
static uint8_t pending[DTU_LTE_7S4_VALUES_SIZE];
static uint8_t line[LINE_SIZE + 8]; /* with canary bytes behind */
static struct dtu_params params;
static struct dtu_at_server_config config;
static struct dtu_at_server server;

/* What the server did. */
static char out[OUT_MAX];
static size_t out_len;
static unsigned writes;
static unsigned actions;
static unsigned changes;
static unsigned replies;
static enum dtu_status last_status;
static enum dtu_at_form last_form;
static const struct dtu_param *last_row;
static char last_args[200]; /* of the last action or question */
static bool had_args;
static unsigned questions; /* calls of info() without output */
static unsigned permits;

/* What it meets. */
static unsigned refuse_from; /* this write and the next ones take `refuse_takes` bytes at most */
static unsigned refuse_to;   /* up to before this one */
static size_t refuse_takes;
static enum dtu_status action_status;
static enum dtu_status changed_status;
static uint8_t permitted_id;

static char expected[OUT_MAX];
static size_t expected_len;
static struct dtu_at_server_stats expected_stats;

static size_t on_write(void *ctx, const uint8_t *data, size_t len)
{
    bool refuse = writes >= refuse_from && writes < refuse_to;
    CHECK(ctx == &server);
    CHECK(len > 0);
    writes++;
    if (refuse && len > refuse_takes)
        len = refuse_takes;
    CHECK(len <= sizeof out - out_len);
    if (len > sizeof out - out_len)
        len = 0;
    memcpy(out + out_len, data, len);
    out_len += len;
    return len;
}

static void keep_args(const uint8_t *args, size_t len)
{
    had_args = args != NULL;
    CHECK(args != NULL || len == 0);
    CHECK(len < sizeof last_args);
    if (args != NULL)
        memcpy(last_args, args, len);
    last_args[len] = '\0';
}

static enum dtu_status on_action(void *ctx, const struct dtu_param *row, const uint8_t *args,
                                 size_t len)
{
    CHECK(ctx == &server);
    CHECK(row->kind == DTU_PARAM_ACTION || row->kind == DTU_PARAM_SECRET ||
          (row->kind == DTU_PARAM_INFO && row->field_count > 0));
    CHECK((args != NULL) == (row->field_count > 0)); /* with fields it is a set, else it is bare */
    actions++;
    keep_args(args, len);
    return row->id == DTU_ID_S || row->field_count > 0 ? action_status : DTU_OK;
}

static enum dtu_status on_info(void *ctx, const struct dtu_param *row, const uint8_t *args,
                               size_t len, const struct dtu_text *text)
{
    bool asks = strcmp(row->name, "LBS") == 0 && product == &dtu_profile_cat1;
    CHECK(ctx == &server && row->kind == DTU_PARAM_INFO);
    if (text == NULL) {
        questions++;
        keep_args(args, len);
    }
    CHECK(text == NULL || (args == NULL && len == 0)); /* the header: only in the first call */
    if (row->id != DTU_ID_VER && !asks)
        return DTU_ERR_NOT_ALLOWED;
    if (text != NULL)
        dtu_text_string(text, asks ? "117.12,36.67" : "V1.2");
    return DTU_OK;
}

static enum dtu_status on_permit(void *ctx, const struct dtu_param *row)
{
    CHECK(ctx == &server);
    permits++;
    return row != NULL && row->id == permitted_id ? DTU_OK : DTU_ERR_LOGIN;
}

static enum dtu_status on_changed(void *ctx, const struct dtu_param *row)
{
    CHECK(ctx == &server && (row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW));
    changes++;
    if (row->id == DTU_ID_E)
        dtu_at_server_set_echo(&server, dtu_params_number(&params, row, 0) == 0);
    return changed_status;
}

static void on_replied(void *ctx, const struct dtu_param *row, enum dtu_at_form form,
                       enum dtu_status status)
{
    CHECK(ctx == &server);
    replies++;
    last_row = row;
    last_form = form;
    last_status = status;
}

static const struct dtu_at_server_callbacks callbacks = {
    .write = on_write, .action = on_action, .info = on_info, .replied = on_replied};
static const struct dtu_at_server_callbacks callbacks_changed = {.write = on_write,
                                                                 .action = on_action,
                                                                 .info = on_info,
                                                                 .changed = on_changed,
                                                                 .replied = on_replied};

static void begin_sized(const char *name, size_t line_size)
{
    product = dtu_profile_find(name);
    CHECK_EQ(dtu_params_init(&params, product->table, running, pending), DTU_OK);
    memset(line, CANARY, sizeof line);
    config = (struct dtu_at_server_config){
        .dialect = product->dialect, .params = &params, .line = line, .line_size = line_size};
    CHECK_EQ(dtu_at_server_init(&server, &config, &callbacks, &server), DTU_OK);
    out_len = 0;
    writes = actions = changes = replies = questions = permits = 0;
    last_row = NULL;
    refuse_from = refuse_to = 0;
    refuse_takes = 0;
    action_status = changed_status = DTU_OK;
}

static void begin(const char *name)
{
    begin_sized(name, LINE_SIZE);
}

/* Feeds all, as a port would: again until it takes nothing and has nothing under way. */
static void feed_bytes(const char *data, size_t len)
{
    unsigned idle = 0;
    while (len > 0 && idle < 1000) {
        size_t taken = dtu_at_server_feed(&server, (const uint8_t *)data, len);
        CHECK(taken <= len);
        data += taken;
        len -= taken;
        idle = taken == 0 ? idle + 1 : 0;
    }
    CHECK_EQ(len, 0);
    for (idle = 0; !dtu_at_server_ready(&server) && idle < 10000; idle++)
        dtu_at_server_resume(&server);
    CHECK(dtu_at_server_ready(&server));
    for (size_t i = config.line_size; i < sizeof line; i++)
        CHECK_EQ(line[i], CANARY);
}

static void feed(const char *text)
{
    feed_bytes(text, strlen(text));
}

#define CHECK_OUT(expected)                                                                        \
    do {                                                                                           \
        CHECK_BYTES(out, out_len, expected, sizeof(expected) - 1);                                 \
        out_len = 0;                                                                               \
    } while (0)

/* A command and its whole reply. */
#define CHECK_REPLY(command, expected)                                                             \
    do {                                                                                           \
        feed(command "\r");                                                                        \
        CHECK_OUT(expected);                                                                       \
    } while (0)

#define OK "\r\nOK\r\n"
#define VALUE(text) "\r\n+" text "\r\n\r\nOK\r\n" /* 7S3, 7S4, cat1 */
#define CME(code) "\r\n+CME ERROR:" #code "\r\n"
#define ERR(code) "\r\n+ERR=-" #code "\r\n" /* K7 */
#define ERROR "\r\nERROR\r\n"               /* 7S3 */

/* --- Set-up --------------------------------------------------------------------------------- */

static void init_refuses_what_cannot_work(void)
{
    struct dtu_at_server_callbacks cb = callbacks;
    struct dtu_at_server_config c;
    begin("cat1");
    c = config;
    c.line = NULL;
    CHECK_EQ(dtu_at_server_init(&server, &c, &cb, NULL), DTU_ERR_CONFIG);
    c = config;
    c.line_size = 0;
    CHECK_EQ(dtu_at_server_init(&server, &c, &cb, NULL), DTU_ERR_CONFIG);
    c = config;
    c.dialect = NULL;
    CHECK_EQ(dtu_at_server_init(&server, &c, &cb, NULL), DTU_ERR_CONFIG);
    c = config;
    c.params = NULL;
    CHECK_EQ(dtu_at_server_init(&server, &c, &cb, NULL), DTU_ERR_CONFIG);
    cb.write = NULL;
    CHECK_EQ(dtu_at_server_init(&server, &config, &cb, NULL), DTU_ERR_CONFIG);
    cb = callbacks;
    cb.action = NULL;
    CHECK_EQ(dtu_at_server_init(&server, &config, &cb, NULL), DTU_ERR_CONFIG);
    cb = callbacks;
    cb.info = NULL;
    CHECK_EQ(dtu_at_server_init(&server, &config, &cb, NULL), DTU_ERR_CONFIG);
}

static void changed_and_replied_may_be_missing(void)
{
    static const struct dtu_at_server_callbacks few = {
        .write = on_write, .action = on_action, .info = on_info};
    begin("cat1");
    CHECK_EQ(dtu_at_server_init(&server, &config, &few, &server), DTU_OK);
    CHECK_REPLY("AT+UARTFT=60", OK);
    CHECK_REPLY("AT+UARTFT", VALUE("UARTFT:60"));
}

/* --- The reply table, a test a column ------------------------------------------------------- */

static void cat1_replies(void)
{
    begin("cat1"); /* at.md, Replies; 004 sections 3.1 and 3.2 */
    CHECK_REPLY("AT", OK);
    CHECK_REPLY("AT+UARTFT?", VALUE("UARTFT:50"));
    CHECK_REPLY("AT+UARTFT", VALUE("UARTFT:50"));
    CHECK_REPLY("AT+UARTFT=10", OK);
    CHECK_REPLY("AT+UARTFT?", VALUE("UARTFT:10"));
    CHECK_REPLY("AT+SOCKA?", VALUE("SOCKA:TCP,test.usr.cn,2317"));
    CHECK_REPLY("AT+STMSG?", VALUE("STMSG:WH-LTE-7S1"));
    CHECK_REPLY("AT+VER?", VALUE("VER:V1.2"));
    CHECK_REPLY("AT+VER", VALUE("VER:V1.2"));
    CHECK_REPLY("AT+Z", OK);
    CHECK_REPLY("hello", CME(58));
    CHECK_REPLY("AT+NOSUCH", CME(58));
    CHECK_REPLY("AT+NOSUCH=1", CME(58));
    CHECK_REPLY("AT+NOSUCH=?", CME(58));
    CHECK_REPLY("AT+VER=1", CME(58));
    CHECK_REPLY("AT+VER=?", CME(58));
    CHECK_REPLY("AT+Z=1", CME(58));
    CHECK_REPLY("AT+Z?", CME(58));
    CHECK_REPLY("AT+Z=?", CME(58));
    CHECK_REPLY("AT+UARTFT=", CME(3));                      /* missing */
    CHECK_REPLY("AT+UARTFT=x", CME(3));                     /* wrong type */
    CHECK_REPLY("AT+UARTFT= 50", CME(3));                   /* a space in a number */
    CHECK_REPLY("AT+STMSG=a[00]", CME(3));                  /* a 00 byte */
    CHECK_REPLY("AT+UARTFT=9", CME(53));                    /* range */
    CHECK_REPLY("AT+UARTFT=501", CME(53));                  /* */
    CHECK_REPLY("AT+UARTFT=-50", CME(53));                  /* negative */
    CHECK_REPLY("AT+UARTFT=50,1", CME(53));                 /* too many */
    CHECK_REPLY("AT+SOCKA=TCP,a", CME(53));                 /* too few */
    CHECK_REPLY("AT+SOCKA=TCP,,1", CME(3));                 /* */
    CHECK_REPLY("AT+SOCKAEN=MAYBE", CME(53));               /* outside an enumeration */
    CHECK_REPLY("AT+UARTFT=18446744073709551666", CME(53)); /* 50 in 64 bits */
    CHECK_REPLY("AT+SOCKALK?", CME(50));                    /* failed */
    action_status = DTU_ERR_NOT_ALLOWED;
    CHECK_REPLY("AT+S", CME(50));
    action_status = DTU_ERR_IO;
    CHECK_REPLY("AT+S", CME(50));
    action_status = DTU_ERR_LOGIN;
    CHECK_REPLY("AT+S", CME(73));
    CHECK_REPLY("AT+UARTFT?", VALUE("UARTFT:10")); /* nothing of all that was set */
}

static void cat1_ranges_are_those_of_the_manual(void)
{
    begin("cat1"); /* 004, the section of each command */
    CHECK_REPLY("AT+E=?", VALUE("E:<ON,OFF>"));
    CHECK_REPLY("AT+WKMOD=?", VALUE("WKMOD:<CMD,NET,HTTPD,SMS>"));
    CHECK_REPLY("AT+STMSG=?", VALUE("STMSG:<1~20 bytes>"));
    CHECK_REPLY("AT+UART=?", VALUE("UART:<1200~921600>,<8>,<1,2>,<NONE,ODD,EVEN>,<NONE>"));
    CHECK_REPLY("AT+UARTFL=?", VALUE("UARTFL:<5~4096>"));
    CHECK_REPLY("AT+UARTFT=?", VALUE("UARTFT:<10~500(ms)>"));
    CHECK_REPLY("AT+SOCKA=?", VALUE("SOCKA:<TCP,UDP>,<1~100 bytes>,<1~65535>"));
    CHECK_REPLY("AT+SOCKD=?", VALUE("SOCKD:<TCP,UDP>,<1~100 bytes>,<1~65535>"));
    CHECK_REPLY("AT+SOCKAEN=?", VALUE("SOCKAEN:<ON,OFF>"));
    CHECK_REPLY("AT+SOCKASL=?", VALUE("SOCKASL:<LONG,SHORT>"));
    CHECK_REPLY("AT+SHORTATM=?", VALUE("SHORTATM:<1~600(s)>"));
    CHECK_REPLY("AT+SOCKRSNUM=?", VALUE("SOCKRSNUM:<1~65535>"));
    CHECK_REPLY("AT+SOCKRSTIM=?", VALUE("SOCKRSTIM:<10~65535(s)>"));
}

static void gprs232_7s3_replies(void)
{
    begin("gprs232-7s3"); /* at.md, Replies; 002 section 4.2 */
    CHECK_REPLY("AT", OK);
    CHECK_REPLY("AT+E?", VALUE("E:\"on\""));
    CHECK_REPLY("AT+E=\"off\"", OK);
    CHECK_REPLY("AT+E", VALUE("E:\"off\""));
    CHECK_REPLY("AT+UART", VALUE("UART:115200,\"NONE\",8,1,\"NONE\""));
    CHECK_REPLY("AT+SOCKA=udp,a.b,9", OK);
    CHECK_REPLY("AT+SOCKA?", VALUE("SOCKA:\"UDP\",\"a.b\",9"));
    CHECK_REPLY("AT+SOCKAEN=On", OK); /* at.md, A command line */
    CHECK_REPLY("AT+SOCKAEN?", VALUE("SOCKAEN:\"on\""));
    CHECK_REPLY("AT+Z", OK);
    CHECK_REPLY("hello", ERROR);
    CHECK_REPLY("AT+NOSUCH", ERROR);
    CHECK_REPLY("AT+VER=1", ERROR);
    CHECK_REPLY("AT+VER=?", ERROR);
    CHECK_REPLY("AT+Z?", ERROR);
    CHECK_REPLY("AT+SOCKA=TCP,a", ERROR);
    CHECK_REPLY("AT+SOCKA=TCP,a,x", ERROR);
    CHECK_REPLY("AT+SOCKA=TCP,a,65536", ERROR);
    CHECK_REPLY("AT+SOCKA=\"TCP\",\"a\",\"1\"", ERROR); /* a number in quotes */
    CHECK_REPLY("AT+SOCKA=\"TCP,a,1", ERROR);           /* unbalanced */
    CHECK_REPLY("AT+SOCKA=\"TCP\"x,a,1", ERROR);        /* bytes behind */
    CHECK_REPLY("AT+SOCKALK?", ERROR);
    action_status = DTU_ERR_IO;
    CHECK_REPLY("AT+S", ERROR);
    CHECK_REPLY("AT+STMSG=\"a[22],b\"", OK);
    CHECK_REPLY("AT+STMSG?", VALUE("STMSG:\"a[22],b\""));
}

static void gprs232_7s3_ranges_are_those_of_the_manual(void)
{
    begin("gprs232-7s3"); /* 002 section 4.2.1, the page of each command */
    CHECK_REPLY("AT+E=?", VALUE("E:<\"on\",\"off\">"));
    CHECK_REPLY("AT+WKMOD=?", VALUE("WKMOD:<\"CMD\",\"SMS\",\"NET\",\"HTTPD\">"));
    CHECK_REPLY("AT+STMSG=?", VALUE("STMSG:<\"welcome message\">"));
    CHECK_REPLY("AT+UART=?", VALUE("UART:<2400,4800,9600,14400,19200,28800,33600,38400,57600,"
                                   "115200,230400,460800,921600>,<\"NONE\",\"ODD\",\"EVEN\">,"
                                   "<7,8>,<1,2>,<\"NONE\",\"CRTS\",\"RS485\">"));
    CHECK_REPLY("AT+SOCKA=?", VALUE("SOCKA:<\"TCP\",\"UDP\">,<\"address\">,<port>"));
    CHECK_REPLY("AT+SOCKB=?", VALUE("SOCKB:<\"TCP\",\"UDP\">,<\"address\">,<port>"));
    CHECK_REPLY("AT+SOCKAEN=?", VALUE("SOCKAEN:<\"on\",\"off\">"));
    CHECK_REPLY("AT+SOCKASL=?", VALUE("SOCKASL:<\"short\",\"long\">"));
}

static void lte_7s4_replies(void)
{
    begin("lte-7s4"); /* at.md, Replies; 001 section 3.1.6 */
    CHECK_REPLY("AT", OK);
    CHECK_REPLY("AT+UARTFT?", VALUE("UARTFT:50"));
    CHECK_REPLY("AT+UARTFT=60000", OK);
    CHECK_REPLY("AT+UARTFT", VALUE("UARTFT:60000"));
    CHECK_REPLY("AT+STMSG", VALUE("STMSG:[WH-7S4 V2]"));
    CHECK_REPLY("AT+Z", OK);
    CHECK_REPLY("hello", "\r\nErr1\r\n");
    CHECK_REPLY("AT+NOSUCH", "\r\nErr2\r\n");
    CHECK_REPLY("AT+NOSUCH?x", "\r\nErr2\r\n");
    CHECK_REPLY("AT+VER=1", "\r\nErr3\r\n");
    CHECK_REPLY("AT+VER=?", "\r\nErr3\r\n");
    CHECK_REPLY("AT+Z?", "\r\nErr3\r\n");
    CHECK_REPLY("AT+UARTFT?x", "\r\nErr3\r\n");
    CHECK_REPLY("AT+UARTFT=49", "\r\nErr4\r\n");
    CHECK_REPLY("AT+UARTFT=x", "\r\nErr4\r\n");
    CHECK_REPLY("AT+UARTFT=", "\r\nErr4\r\n");
    CHECK_REPLY("AT+UARTFT=50,50", "\r\nErr4\r\n");
    CHECK_REPLY("AT+SOCKALK", "\r\nErr4\r\n");
    CHECK_REPLY("AT+E=?", VALUE("E:<ON,OFF>")); /* at.md: as cat1 writes it */
    CHECK_REPLY("AT+UARTFT=?", VALUE("UARTFT:<50~60000>"));
}

static void on_7s4_the_first_equals_sign_splits(void)
{
    begin("lte-7s4"); /* at.md, Grammar */
    CHECK_REPLY("AT+STMSG=a=b?c", OK);
    CHECK_REPLY("AT+STMSG?", VALUE("STMSG:a[3D]b[3F]c"));
    CHECK_REPLY("AT+STMSG==", OK);
    CHECK_REPLY("AT+STMSG?", VALUE("STMSG:[3D]"));
    CHECK_REPLY("AT+STMSG=[3F]", OK);
    CHECK_REPLY("AT+STMSG", VALUE("STMSG:[3F]"));
    CHECK_REPLY("AT+STMSG=??", OK);
    CHECK_REPLY("AT+STMSG", VALUE("STMSG:[3F][3F]"));
}

static void k7_replies(void)
{
    begin("k7"); /* at.md, Replies; 003 section 5.3 */
    CHECK_REPLY("AT", "\r\n+OK\r\n");
    CHECK_REPLY("AT+E", "\r\n+OK=off\r\n");
    CHECK_REPLY("AT+E?", "\r\n+OK=off\r\n");
    CHECK_REPLY("AT+E=ON", "\r\n+OK\r\n");
    CHECK_REPLY("AT+E", "\r\n+OK=on\r\n");
    CHECK_REPLY("AT+UART", "\r\n+OK=115200,8,1,NONE,NFC\r\n");
    CHECK_REPLY("AT+VER", "\r\n+OK=V1.2\r\n");
    CHECK_REPLY("AT+Z", "\r\n+OK\r\n");
    CHECK_REPLY("hello", ERR(1));
    CHECK_REPLY("AT+NOSUCH", ERR(2));
    CHECK_REPLY("AT+NOSUCH=?", ERR(2));
    CHECK_REPLY("AT+E=?", ERR(3));
    CHECK_REPLY("AT+UART=?", ERR(3));
    CHECK_REPLY("AT+VER=1", ERR(3));
    CHECK_REPLY("AT+Z?", ERR(3));
    CHECK_REPLY("AT+Z=1", ERR(3));
    CHECK_REPLY("AT+E=maybe", ERR(4));
    CHECK_REPLY("AT+E=", ERR(4));
    CHECK_REPLY("AT+E=on,on", ERR(4));
    CHECK_REPLY("AT+SOCKA=TCPC,a,x", ERR(4));
    CHECK_REPLY("AT+SOCKA=TCPC,a,65535", ERR(4)); /* at.md: 1..65534 */
    CHECK_REPLY("AT+SOCKLKA", ERR(5));
    CHECK_REPLY("AT+SOCKA=tcpc,192.168.0.201,8234", "\r\n+OK\r\n");
    CHECK_REPLY("AT+SOCKA", "\r\n+OK=TCPC,192.168.0.201,8234\r\n");
}

static void k7_names_carry_port_and_socket(void)
{
    begin("k7"); /* at.md, k7 port and socket suffixes, and Ranges */
    CHECK_REPLY("AT+UART1", "\r\n+OK=115200,8,1,NONE,NFC\r\n");
    CHECK_REPLY("AT+UARTTL1=7,8", "\r\n+OK\r\n");
    CHECK_REPLY("AT+UARTTL", "\r\n+OK=7,8\r\n");
    CHECK_REPLY("AT+SOCKA1", "\r\n+OK=TCPS,192.168.0.201,23\r\n");
    CHECK_REPLY("AT+SOCKB1=UDPC,x,1", "\r\n+OK\r\n");
    CHECK_REPLY("AT+SOCKB", "\r\n+OK=UDPC,x,1\r\n");
    CHECK_REPLY("AT+SOCKLKB1", ERR(5)); /* found; the callback says no */
    CHECK_REPLY("AT+SOCKSL1", "\r\n+OK=OFF\r\n");
    CHECK_REPLY("AT+SHORTO1", "\r\n+OK=3\r\n");
    CHECK_REPLY("AT+UART01", "\r\n+OK=115200,8,1,NONE,NFC\r\n"); /* the number 1, as in values */
    CHECK_REPLY("AT+UART2", ERR(4));
    CHECK_REPLY("AT+UART0", ERR(4));
    CHECK_REPLY("AT+UART11", ERR(4));
    CHECK_REPLY("AT+UART99999999999999999999", ERR(4));
    CHECK_REPLY("AT+UART18446744073709551617", ERR(4)); /* 1 in 64 bits */
    CHECK_REPLY("AT+SOCKA2=TCPC,a,1", ERR(4));
    CHECK_REPLY("AT+SOCKA2?", ERR(4));
    CHECK_REPLY("AT+FOO1", ERR(2));
    CHECK_REPLY("AT+1", ERR(2));
    CHECK_REPLY("AT+E1", ERR(2)); /* has no port */
    CHECK_REPLY("AT+Z1", ERR(2));
    CHECK_EQ(actions, 0);
    /* sockets: A to H are letters of sockets, of which this product has A and B */
    CHECK_REPLY("AT+SOCKC", ERR(4));
    CHECK_REPLY("AT+sockh1?", ERR(4));
    CHECK_REPLY("AT+SOCKD1=TCPC,a,1", ERR(4));
    CHECK_REPLY("AT+SOCKLKC1", ERR(4));
    CHECK_REPLY("AT+SOCKI", ERR(2));
    CHECK_REPLY("AT+SOCK", ERR(2));
    CHECK_REPLY("AT+SOCK1", ERR(2));
    CHECK_REPLY("AT+SOCKI1", ERR(2));
    CHECK_REPLY("AT+UARC", ERR(2));
    CHECK_REPLY("AT+UART+", ERR(2)); /* neither digit nor letter */
    CHECK_REPLY("AT+UART:", ERR(2));
    CHECK_REPLY("AT+SOCK+", ERR(2));
    CHECK_REPLY("AT+C", ERR(2));
}

static void only_products_with_ports_take_suffixes(void)
{
    begin("cat1");
    CHECK_REPLY("AT+UART1", CME(58));
    begin("lte-7s4");
    CHECK_REPLY("AT+SOCKC", "\r\nErr2\r\n");
    CHECK_REPLY("AT+UART1", "\r\nErr2\r\n");
}

/* --- Lines ---------------------------------------------------------------------------------- */

static void cr_lf_and_cr_lf_end_one_line(void)
{
    begin("cat1");
    feed("AT\r");
    CHECK_OUT(OK);
    feed("AT\n");
    CHECK_OUT(OK);
    feed("AT\r\n");
    CHECK_OUT(OK);
    feed("AT\n\r");
    CHECK_OUT(OK);
    feed("AT\r\nAT\r\nAT\n");
    CHECK_OUT(OK OK OK);
    CHECK_EQ(server.stats.commands, 7);
    CHECK_EQ(server.stats.errors, 0);
}

static void empty_lines_are_ignored(void)
{
    begin("cat1");
    feed("\r\n\r\n\n\n\r\r");
    CHECK_OUT("");
    CHECK_EQ(server.stats.commands, 0);
    feed("\r\nAT\r");
    CHECK_OUT(OK);
}

static void several_commands_in_one_read_are_each_answered(void)
{
    begin("cat1");
    feed("AT+UARTFT=77\rAT+UARTFT?\r\nnonsense\rAT\r");
    CHECK_OUT(OK VALUE("UARTFT:77") CME(58) OK);
    CHECK_EQ(server.stats.commands, 4);
    CHECK_EQ(server.stats.errors, 1);
}

static void feed_takes_one_line_at_most(void)
{
    begin("cat1");
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"AT\rAT\r", 6), 3);
    CHECK_OUT(OK);
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"\nAT\r", 4), 1);
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"AT\r", 0), 0);
    CHECK_OUT("");
}

static void what_is_no_command_line_is_a_format_error(void)
{
    static const char *const bad[] = {"ATX", "AT VER", "AT+", "AT+=1", "AT+?",   "AT+=?", "AT=1",
                                      "A",   "T",      " AT", "BT",    "AX+VER", "AT?",   "+VER"};
    begin("k7"); /* at.md, Grammar; on K7 each fault has a number of its own */
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        feed(bad[i]);
        feed("\r");
        CHECK_OUT(ERR(1));
    }
    begin("lte-7s4");
    CHECK_REPLY("ATX", "\r\nErr1\r\n");
    CHECK_REPLY("AT+=1", "\r\nErr1\r\n");
    begin("cat1");
    CHECK_REPLY("ATX", CME(58));
}

static void a_name_may_hold_any_byte_and_is_then_unknown(void)
{
    begin("k7");
    feed_bytes("AT+E\0\r", 6);
    CHECK_OUT(ERR(2));
    feed_bytes("AT+\0\r", 5);
    CHECK_OUT(ERR(2));
    feed_bytes("AT+\xff\xfe=1\r", 8);
    CHECK_OUT(ERR(2));
    CHECK_REPLY("AT++", ERR(2));
    CHECK_REPLY("AT+E ", ERR(2));
    CHECK_REPLY("AT+ E", ERR(2));
}

static void prefix_names_and_words_are_read_in_either_case(void)
{
    begin("cat1");
    CHECK_REPLY("at", OK);
    CHECK_REPLY("aT+uArTfT?", VALUE("UARTFT:50"));
    CHECK_REPLY("At+Sockaen=off", OK);
    CHECK_REPLY("AT+SOCKAEN?", VALUE("SOCKAEN:OFF"));
    CHECK_REPLY("AT+UART=9600,8,1,even,none", OK);
    CHECK_REPLY("AT+UART?", VALUE("UART:9600,8,1,EVEN,NONE"));
}

static void a_line_that_does_not_fit_is_answered_once(void)
{
    enum { SIZE = 24 };
    static const size_t lengths[] = {SIZE, SIZE + 1, SIZE + 2, 10 * SIZE};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        begin_sized("k7", SIZE);
        /* `AT+SOCKA=TCPC,xxx...,1` would be legal but for its length */
        feed("AT+SOCKA=TCPC,");
        for (size_t n = 14; n < lengths[i] - 2; n++)
            feed("x");
        feed(",1\r\n");
        if (lengths[i] <= SIZE) {
            CHECK_OUT("\r\n+OK\r\n");
            CHECK_EQ(server.stats.too_long, 0);
        } else {
            CHECK_OUT(ERR(1));
            CHECK_EQ(server.stats.too_long, 1);
            CHECK_EQ(server.stats.errors, 1);
            CHECK_REPLY("AT+SOCKA", "\r\n+OK=TCPS,192.168.0.201,23\r\n"); /* not done */
        }
        CHECK_REPLY("AT", "\r\n+OK\r\n");
    }
}

static void nothing_of_a_long_line_is_executed_not_even_its_end(void)
{
    begin_sized("cat1", 8);
    feed("123456789AT+Z\rAT\r");
    CHECK_OUT(CME(58) OK);
    CHECK_EQ(actions, 0);
    feed("AT+Z");
    feed("         ");
    feed("\r");
    CHECK_OUT(CME(58));
    CHECK_EQ(actions, 0);
    feed("123456789"); /* in one piece that does not fit */
    feed("AT+Z\r");
    CHECK_OUT(CME(58));
    CHECK_EQ(actions, 0);
}

/* --- Forms ---------------------------------------------------------------------------------- */

static void an_action_is_done_in_its_bare_form_only(void)
{
    begin("cat1"); /* at.md: a query never restarts a module */
    feed("AT+Z?\rAT+Z=?\rAT+Z=1\rAT+Z=\rAT+Z?1\r");
    CHECK_OUT(CME(58) CME(58) CME(58) CME(58) CME(58));
    CHECK_EQ(actions, 0);
    feed("AT+Z\r");
    CHECK_OUT(OK);
    CHECK_EQ(actions, 1);
}

static void replied_tells_what_was_answered(void)
{
    begin("cat1");
    feed("AT\r");
    CHECK(last_row == NULL && last_status == DTU_OK && last_form == DTU_AT_BARE);
    feed("AT+NOSUCH=1\r");
    CHECK(last_row == NULL && last_status == DTU_ERR_NOT_FOUND && last_form == DTU_AT_SET);
    feed("AT+UARTFT=1\r");
    CHECK(last_row != NULL && strcmp(last_row->name, "UARTFT") == 0);
    CHECK(last_status == DTU_ERR_RANGE && last_form == DTU_AT_SET);
    feed("AT+UARTFT?\r");
    CHECK(last_status == DTU_OK && last_form == DTU_AT_QUERY);
    feed("AT+UARTFT=?\r");
    CHECK(last_status == DTU_OK && last_form == DTU_AT_RANGE);
    feed("AT+UARTFT?x\r");
    CHECK(last_row != NULL && last_status == DTU_ERR_FORM);
    feed("zzz\r");
    CHECK(last_row == NULL && last_status == DTU_ERR_FORMAT);
    CHECK_EQ(replies, 7);
}

static void changed_is_called_for_sets_that_were_done(void)
{
    begin("cat1");
    CHECK_EQ(dtu_at_server_init(&server, &config, &callbacks_changed, &server), DTU_OK);
    feed("AT+UARTFT=60\rAT+UARTFT=1\rAT+UARTFT?\rAT+UARTFT=?\r");
    CHECK_EQ(changes, 1);
    out_len = 0;
    changed_status = DTU_ERR_SPACE;
    CHECK_REPLY("AT+UARTFT=70", CME(50));
    changed_status = DTU_OK;
    CHECK_REPLY("AT+UARTFT?", VALUE("UARTFT:70")); /* the header: the set itself stays done */
}

/* What was done before the command was finished. */
static unsigned finishes;
static unsigned actions_before;
static unsigned changes_before;
static enum dtu_status finish_status;

static enum dtu_status on_finish(void *ctx)
{
    CHECK(ctx == &server);
    finishes++;
    actions_before = actions;
    changes_before = changes;
    return finish_status;
}

static const struct dtu_at_server_callbacks callbacks_finish = {.write = on_write,
                                                                .action = on_action,
                                                                .info = on_info,
                                                                .permit = on_permit,
                                                                .changed = on_changed,
                                                                .finish = on_finish,
                                                                .replied = on_replied};

static void begin_finish(const char *permitted)
{
    begin("cat1");
    finishes = 0;
    finish_status = DTU_OK;
    permitted_id =
        dtu_params_find(product->table, (const uint8_t *)permitted, strlen(permitted))->id;
    CHECK_EQ(dtu_at_server_init(&server, &config, &callbacks_finish, &server), DTU_OK);
}

static void a_good_command_is_finished_whatever_its_form(void)
{
    begin_finish("UARTFT");
    feed("AT\r");
    CHECK_EQ(finishes, 1);
    feed("AT+UARTFT\rAT+UARTFT?\rAT+UARTFT=?\r");
    CHECK_EQ(finishes, 4);
    feed("AT+UARTFT=60\r");
    CHECK_EQ(finishes, 5);
    CHECK_EQ(changes_before, 1);
    begin_finish("S");
    feed("AT+S\r");
    CHECK_EQ(finishes, 1);
    CHECK_EQ(actions_before, 1);
}

static void a_command_that_is_wrong_is_not_finished(void)
{
    begin_finish("UARTFT");
    feed("what\rAT+NOSUCH\rAT+UARTFT=1\rAT+UARTFT?x\rAT+Z\r"); /* the last is not permitted */
    changed_status = DTU_ERR_SPACE;
    feed("AT+UARTFT=60\r");
    begin_finish("S");
    action_status = DTU_ERR_IO;
    feed("AT+S\r");
    CHECK_EQ(actions, 1);
    CHECK_EQ(finishes, 0);
}

static void finish_has_the_last_word_on_the_reply(void)
{
    begin_finish("UARTFT");
    finish_status = DTU_ERR_SPACE;
    CHECK_REPLY("AT+UARTFT=70", CME(50)); /* the header: what the reply shall say */
    CHECK(last_status == DTU_ERR_SPACE);
    CHECK_EQ(server.stats.errors, 1);
    CHECK_REPLY("AT+UARTFT?", CME(50));
    finish_status = DTU_OK;
    CHECK_REPLY("AT+UARTFT?", VALUE("UARTFT:70"));
}

/* --- Echo ----------------------------------------------------------------------------------- */

static void the_echo_is_the_line_and_the_byte_that_ended_it(void)
{
    begin("cat1"); /* at.md, Replies and Settled */
    dtu_at_server_set_echo(&server, true);
    feed("AT\r\n");
    CHECK_OUT("AT\r" OK);
    feed("aT+UartFT?\n");
    CHECK_OUT("aT+UartFT?\n" VALUE("UARTFT:50"));
    feed("\r\n\n\r"); /* empty lines are not echoed */
    CHECK_OUT("");
    feed("what\r");
    CHECK_OUT("what\r" CME(58));
    dtu_at_server_set_echo(&server, false);
    feed("AT\r\n");
    CHECK_OUT(OK);
}

static void a_line_that_is_too_long_is_echoed_whole(void)
{
    begin_sized("cat1", 8);
    dtu_at_server_set_echo(&server, true);
    feed("0123456789\rAT\r");
    CHECK_OUT("0123456789\r" CME(58) "AT\r" OK);
}

static void echo_changes_with_the_next_line(void)
{
    begin("cat1");
    CHECK_EQ(dtu_at_server_init(&server, &config, &callbacks_changed, &server), DTU_OK);
    dtu_at_server_set_echo(&server, true);
    CHECK_EQ(dtu_params_set(&params, dtu_params_by_id(product->table, DTU_ID_E),
                            (const uint8_t *)"OFF", 3),
             DTU_OK);
    dtu_params_apply(&params);
    feed("AT+E=OFF\rAT\r"); /* `changed` switches it; the line itself was echoed before */
    CHECK_OUT("AT+E=OFF\r" OK OK);
}

/* --- Actions with parameters, secrets, questions -------------------------------------------- */

static void an_action_with_parameters_is_a_set_and_gets_them_checked(void)
{
    begin("lte-7s4"); /* 001 section 3.1.7.62 */
    CHECK_REPLY("AT+SMSSEND=8613854123456,hello", OK);
    CHECK_EQ(actions, 1);
    CHECK(strcmp(last_args, "8613854123456,hello") == 0);
    CHECK_REPLY("AT+SMSSEND=8613854123456", "\r\nErr4\r\n");
    CHECK_REPLY("AT+SMSSEND=1,2,3", "\r\nErr4\r\n");
    CHECK_REPLY("AT+SMSSEND=,hello", "\r\nErr4\r\n");
    CHECK_REPLY("AT+SMSSEND=123456789012345678901,x", "\r\nErr4\r\n"); /* 21 digits */
    CHECK_REPLY("AT+SMSSEND", "\r\nErr3\r\n");
    CHECK_REPLY("AT+SMSSEND?", "\r\nErr3\r\n");
    CHECK_EQ(actions, 1);
    action_status = DTU_ERR_NOT_ALLOWED;
    CHECK_REPLY("AT+SMSSEND=1,2", "\r\nErr4\r\n");
    CHECK_EQ(actions, 2);
    begin("k7"); /* 003 section 5.3.5: the address may have port number 1 in the name */
    CHECK_REPLY("AT+PING1=192.168.0.1", "\r\n+OK\r\n");
    CHECK(strcmp(last_args, "192.168.0.1") == 0);
    CHECK_REPLY("AT+PING=", ERR(4));
    CHECK_REPLY("AT+PING", ERR(3));
    CHECK_EQ(actions, 1);
}

static void an_action_with_parameters_tells_their_range(void)
{
    begin("gprs232-7s3"); /* 002 section 4.2.1.48 */
    CHECK_REPLY("AT+SMSSEND=?", VALUE("SMSSEND:<\"number\">,<1,2,3>,<\"data\">"));
    begin("lte-7s4"); /* at.md: as cat1 writes it */
    CHECK_REPLY("AT+MQTTUNSUB=?", VALUE("MQTTUNSUB:<1~15>"));
    CHECK_REPLY("AT+REBOOT=?", "\r\nErr3\r\n");
    CHECK_EQ(actions, 0);
}

static void a_bare_action_has_no_parameters(void)
{
    begin("k7");
    CHECK_REPLY("AT+Z", "\r\n+OK\r\n");
    CHECK(!had_args);
}

static void an_action_may_have_an_answer_of_its_own(void)
{
    begin("k7"); /* at.md, Saving: CFGTF answers +OK=saved */
    CHECK_REPLY("AT+CFGTF", "\r\n+OK=saved\r\n");
    CHECK_EQ(actions, 1);
    CHECK_REPLY("AT+CFGTF?", ERR(3));
    CHECK_REPLY("AT+CFGTF=1", ERR(3));
    CHECK_EQ(actions, 1);
}

static void a_secret_is_set_by_the_owner_and_never_shown(void)
{
    begin("cat1"); /* at.md, Entering, 7 */
    CHECK_REPLY("AT+SIGNINAT=usr_cn", OK);
    CHECK_EQ(actions, 1);
    CHECK(strcmp(last_args, "usr_cn") == 0);
    action_status = DTU_ERR_LOGIN;
    CHECK_REPLY("AT+SIGNINAT=guess", CME(73));
    CHECK_EQ(actions, 2);
    CHECK_REPLY("AT+SIGNINAT=", CME(3));
    CHECK_REPLY("AT+SIGNINAT=01234567890", CME(53)); /* 11 bytes: 004, 1 to 10 */
    CHECK_REPLY("AT+SIGNINAT", CME(58));
    CHECK_REPLY("AT+SIGNINAT?", CME(58));
    CHECK_REPLY("AT+SIGNINAT=?", CME(58));
    CHECK_EQ(actions, 2);
    begin("k7"); /* 003 section 4.4.7 */
    CHECK_REPLY("AT+USERMAC=D8B04CF00001", "\r\n+OK\r\n");
    CHECK_REPLY("AT+USERMAC", ERR(3));
    CHECK_REPLY("AT+USERMAC=D8B04CF0000", ERR(4));
    CHECK_REPLY("AT+USERMAC=D8B04CF0000G", ERR(4));
    CHECK_EQ(actions, 1);
}

static void a_question_with_parameters_is_answered_with_a_value(void)
{
    begin("cat1"); /* 004 section 4.20 */
    CHECK_REPLY("AT+LBS=1", VALUE("LBS:117.12,36.67"));
    CHECK(had_args && strcmp(last_args, "1") == 0);
    CHECK_EQ(questions, 1); /* asked once, however often the answer is made */
    CHECK_EQ(actions, 0);
    CHECK_REPLY("AT+LBS=3", CME(53));
    CHECK_REPLY("AT+LBS=x", CME(3));
    CHECK_REPLY("AT+LBS=1,2", CME(53));
    CHECK_EQ(questions, 1);
    CHECK_REPLY("AT+LBS", VALUE("LBS:117.12,36.67"));
    CHECK(!had_args);
    CHECK_REPLY("AT+LBS=?", CME(58));
}

static void information_that_can_be_set_is_an_action(void)
{
    begin("cat1"); /* 004, CCLK: date and time can be set */
    CHECK_REPLY("AT+CCLK=20/01/01,12:00:00", OK);
    CHECK_EQ(actions, 1);
    CHECK(strcmp(last_args, "20/01/01,12:00:00") == 0);
    CHECK_REPLY("AT+CCLK=20/01/01", CME(53));
    CHECK_EQ(actions, 1);
    action_status = DTU_ERR_NOT_ALLOWED;
    CHECK_REPLY("AT+CCLK=20/01/01,12:00:00", CME(50));
    CHECK_REPLY("AT+VER=1", CME(58)); /* this one cannot */
}

static void a_question_without_room_for_the_answer_is_asked_once(void)
{
    begin("cat1");
    refuse_to = 1000;
    refuse_takes = 1;
    feed("AT+LBS=2\r");
    CHECK_OUT(VALUE("LBS:117.12,36.67"));
    CHECK_EQ(questions, 1);
    CHECK(strcmp(last_args, "2") == 0);
}

/* --- Permission ----------------------------------------------------------------------------- */

static void what_is_not_permitted_is_told_and_not_done(void)
{
    struct dtu_at_server_callbacks cb = callbacks_changed;
    begin("cat1"); /* at.md, Entering, 7: every command but SIGNINAT (and AT) answers 73 */
    cb.permit = on_permit;
    permitted_id = DTU_ID_SIGNINAT;
    CHECK_EQ(dtu_at_server_init(&server, &config, &cb, &server), DTU_OK);
    CHECK_REPLY("AT", OK);
    CHECK_EQ(permits, 0);
    CHECK_REPLY("AT+UARTFT?", CME(73));
    CHECK_REPLY("AT+UARTFT=60", CME(73));
    CHECK_REPLY("AT+UARTFT=9", CME(73)); /* not even what is wrong with it */
    CHECK_REPLY("AT+UARTFT=?", CME(73));
    CHECK_REPLY("AT+VER", CME(73));
    CHECK_REPLY("AT+LBS=1", CME(73));
    CHECK_REPLY("AT+Z", CME(73));
    CHECK_REPLY("AT+NOSUCH", CME(73)); /* nor whether there is such a command */
    CHECK_REPLY("hello", CME(58));
    CHECK_EQ(actions + changes + questions, 0);
    CHECK_REPLY("AT+SIGNINAT=usr_cn", OK);
    CHECK_EQ(actions, 1);
    permitted_id = DTU_ID_NONE;
    CHECK_REPLY("AT+NTPEN=ON", OK);
    CHECK_EQ(changes, 1);
}

/* --- Commands that end with a semicolon ----------------------------------------------------- */

static void begin_semicolons(const char *name)
{
    begin(name);
    config.style = DTU_AT_SEMICOLONS;
}

static void semicolons_end_commands_and_their_replies(void)
{
    begin_semicolons("lte-7s4"); /* at.md, AT inside the data stream; 001 section 2.1.3.3 */
    feed("AT+VER;AT+MQTTSSLEN;");
    CHECK_OUT("+VER:V1.2;+MQTTSSLEN:OFF;");
    feed("AT;AT+E=ON;AT+Z;");
    CHECK_OUT("OK;OK;OK;");
    CHECK_EQ(actions, 1);
    feed("hello;AT+NOSUCH;AT+VER=1;AT+UARTFT=1;");
    CHECK_OUT("Err1;Err2;Err3;Err4;");
    feed(";;\r\n;AT\r;\nAT+UARTFT=?\n");
    CHECK_OUT("OK;+UARTFT:<50~60000>;");
}

static void a_semicolon_is_data_where_lines_end_commands(void)
{
    begin("lte-7s4");
    CHECK_REPLY("AT+STMSG=a;b", OK);
    CHECK_REPLY("AT+STMSG?", VALUE("STMSG:a;b"));
}

static void any_split_at_semicolons_gives_the_same_replies(void)
{
    static const char commands[] = "AT+VER;AT+UARTFT=60;bad;AT+UARTFT;AT";
    static const char replies_to[] = "+VER:V1.2;OK;Err1;+UARTFT:60;";
    for (size_t cut = 0; cut < sizeof commands; cut++)
        for (unsigned takes = 0; takes < 2; takes++) {
            begin_semicolons("lte-7s4");
            refuse_to = 40;
            refuse_takes = takes;
            feed_bytes(commands, cut);
            feed_bytes(commands + cut, sizeof commands - 1 - cut);
            CHECK_OUT(replies_to);
        }
}

/* --- Rows with places ----------------------------------------------------------------------- */

static void a_query_answers_each_place_that_is_set(void)
{
    begin("lte-7s4"); /* at.md, Ranges: MQTTSUB=1..15,topic,QoS */
    CHECK_REPLY("AT+MQTTSUB?", VALUE("MQTTSUB:"));
    CHECK_REPLY("AT+MQTTSUB=15,/last,2", OK);
    CHECK_REPLY("AT+MQTTSUB?", VALUE("MQTTSUB:15,/last,2"));
    CHECK_REPLY("AT+MQTTSUB=1,/a[2C]b,0", OK);
    CHECK_REPLY("AT+MQTTSUB", VALUE("MQTTSUB:1,/a[2C]b,0\r\n+MQTTSUB:15,/last,2"));
    CHECK_REPLY("AT+MQTTSUB=1,/new,1", OK);
    CHECK_REPLY("AT+MQTTSUB", VALUE("MQTTSUB:1,/new,1\r\n+MQTTSUB:15,/last,2"));
    CHECK_REPLY("AT+MQTTSUB=0,/x,0", "\r\nErr4\r\n");
    CHECK_REPLY("AT+MQTTSUB=16,/x,0", "\r\nErr4\r\n");
    CHECK_REPLY("AT+MQTTSUB=2,/x,3", "\r\nErr4\r\n");
    CHECK_REPLY("AT+MQTTSUB=2,,0", "\r\nErr4\r\n");
    CHECK_REPLY("AT+MQTTSUB=2", "\r\nErr4\r\n");
    CHECK_REPLY("AT+MQTTSUB", VALUE("MQTTSUB:1,/new,1\r\n+MQTTSUB:15,/last,2"));
    CHECK_REPLY("AT+MQTTSUB=?", VALUE("MQTTSUB:<1~15>,<1~100 bytes>,<0~2>"));
}

static void a_row_may_have_255_places(void)
{
    static const struct dtu_param_field fields[] = {
        {.type = DTU_FIELD_NUMBER, .min = 1, .max = 255}, {.type = DTU_FIELD_NUMBER, .max = 9}};
    static const struct dtu_param rows[] = {{.name = "P",
                                             .kind = DTU_PARAM_SETTING,
                                             .fields = fields,
                                             .field_count = 2,
                                             .places = UINT8_MAX}};
    static const struct dtu_param_table table = {.rows = rows,
                                                 .count = 1,
                                                 .values_size = UINT8_MAX,
                                                 .syntax = {.escape_inner = "", .escape_last = ""}};
    begin("cat1");
    CHECK_EQ(dtu_params_init(&params, &table, running, pending), DTU_OK);
    CHECK_REPLY("AT+P=255,7", OK);
    CHECK_REPLY("AT+P?", VALUE("P:255,7"));
}

/* --- Values for the moment ------------------------------------------------------------------- */

static unsigned value_calls;
static bool has_other_value;

static bool on_value(void *ctx, const struct dtu_param *row, const struct dtu_text *text)
{
    CHECK(ctx == &server);
    CHECK((row->kind == DTU_PARAM_SETTING || row->kind == DTU_PARAM_VIEW) && row->places == 0);
    value_calls++;
    if (row->id != DTU_ID_UART || !has_other_value)
        return false;
    dtu_text_string(text, "9600,8,1,");
    dtu_text_string(text, "EVEN,NFC");
    return true;
}

static void begin_values(const char *name)
{
    static const struct dtu_at_server_callbacks with_value = {.write = on_write,
                                                              .action = on_action,
                                                              .info = on_info,
                                                              .value = on_value,
                                                              .replied = on_replied};
    begin(name);
    CHECK_EQ(dtu_at_server_init(&server, &config, &with_value, &server), DTU_OK);
    value_calls = 0;
    has_other_value = true;
}

static void a_query_shows_what_a_setting_is_for_the_moment(void)
{
    begin_values("k7");
    memcpy(expected, pending, sizeof pending);
    CHECK_REPLY("AT+UART", "\r\n+OK=9600,8,1,EVEN,NFC\r\n");
    CHECK_REPLY("AT+UART1?", "\r\n+OK=9600,8,1,EVEN,NFC\r\n");
    CHECK_BYTES(pending, sizeof pending, expected, sizeof pending);
    CHECK_REPLY("AT+UARTTL", "\r\n+OK=0,0\r\n");         /* asked, and there is no other */
    CHECK_REPLY("AT+HEARTDT", "\r\n+OK=www.usr.cn\r\n"); /* a view */
    CHECK_EQ(value_calls, 4);
    has_other_value = false;
    CHECK_REPLY("AT+UART", "\r\n+OK=115200,8,1,NONE,NFC\r\n");
}

static void only_queries_of_settings_ask_for_another_value(void)
{
    begin_values("lte-7s4");
    CHECK_REPLY("AT+UART=57600,8,1,NONE,NFC", OK);
    CHECK_REPLY("AT+UARTFT=?", VALUE("UARTFT:<50~60000>"));
    CHECK_REPLY("AT+VER", VALUE("VER:V1.2"));
    CHECK_REPLY("AT+MQTTSUB", VALUE("MQTTSUB:"));
    CHECK_REPLY("AT+Z", OK);
    CHECK_REPLY("AT+NONE", "\r\nErr2\r\n");
    CHECK_EQ(value_calls, 0);
    CHECK_REPLY("AT+UART", VALUE("UART:9600,8,1,EVEN,NFC"));
}

static void another_value_without_room_is_written_again_without_what_was_sent(void)
{
    for (refuse_from = 0; refuse_from < 6; refuse_from++) {
        unsigned from = refuse_from;
        begin_values("k7");
        refuse_from = from;
        refuse_to = refuse_from + 3;
        refuse_takes = 2;
        CHECK_REPLY("AT+UART", "\r\n+OK=9600,8,1,EVEN,NFC\r\n");
    }
}

/* --- Rows that no command reaches ------------------------------------------------------------ */

static void an_internal_row_is_unknown_in_every_form(void)
{
    begin("k7");
    memcpy(expected, pending, sizeof pending);
    CHECK_REPLY("AT+BLOCKS", ERR(2));
    CHECK_REPLY("AT+BLOCKS?", ERR(2));
    CHECK_REPLY("AT+BLOCKS=?", ERR(2));
    CHECK_REPLY("AT+BLOCKS=00112233445566778899,,", ERR(2));
    CHECK_REPLY("AT+blocks", ERR(2));
    CHECK_REPLY("AT+BLOCKS1", ERR(2));
    CHECK_REPLY("AT+BLOCKS1=,,", ERR(2));
    CHECK_REPLY("AT+BLOCKS2", ERR(2)); /* not "no such port" either */
    CHECK(last_row == NULL);
    CHECK_BYTES(pending, sizeof pending, expected, sizeof pending);
}

/* One that even has a help text and takes the number of a port. */
static void an_internal_row_is_not_listed_and_takes_no_port(void)
{
    static const struct dtu_param_field on_off[] = {{.type = DTU_FIELD_ENUM, .text = "ON,OFF"}};
    static const struct dtu_param rows[] = {
        {.name = "H", .kind = DTU_PARAM_HELP, .help = "This list"},
        {.name = "INNER",
         .kind = DTU_PARAM_SETTING,
         .flags = DTU_PARAM_INTERNAL | DTU_PARAM_PORT,
         .field_count = 1,
         .fields = on_off,
         .initial = "ON",
         .help = "For programs"},
        {.name = "OTHER", .kind = DTU_PARAM_ALIAS, .initial = "INNER"}};
    static const struct dtu_param_table table = {.rows = rows,
                                                 .count = 3,
                                                 .values_size = 1,
                                                 .syntax = {.escape_inner = "", .escape_last = ""}};
    begin("k7");
    CHECK_EQ(dtu_params_init(&params, &table, running, pending), DTU_OK);
    CHECK_REPLY("AT+H", "\r\nAT: Test\r\nAT+H: This list\r\n");
    CHECK_REPLY("AT+INNER", ERR(2));
    CHECK_REPLY("AT+INNER1", ERR(2));
    CHECK_REPLY("AT+INNER2", ERR(2));
    CHECK_REPLY("AT+OTHER=OFF", ERR(2));
    CHECK(dtu_params_is(&params, &rows[1], 0, "ON"));
}

/* --- The list of commands ------------------------------------------------------------------- */

static unsigned times_in(const char *what)
{
    unsigned times = 0;
    for (size_t i = 0; i + strlen(what) <= out_len; i++)
        times += memcmp(out + i, what, strlen(what)) == 0;
    return times;
}

static void check_list(const struct dtu_profile *p)
{
    static const char head[] = "\r\nAT: Test\r\nAT+";
    static const char tail[] = "\r\n\r\nOK\r\n";
    char entry[200];
    unsigned listed = 1;
    for (size_t i = 0; i < p->table->count; i++) {
        const struct dtu_param *row = &p->table->rows[i];
        snprintf(entry, sizeof entry, "\r\nAT+%s: %s\r\n", row->name,
                 row->help != NULL ? row->help : "");
        CHECK_EQ(times_in(entry), row->help != NULL ? 1 : 0);
        snprintf(entry, sizeof entry, "AT+%s:", row->name);
        CHECK_EQ(times_in(entry), row->help != NULL ? 1 : 0);
        listed += row->help != NULL;
    }
    CHECK_EQ(times_in("\r\n"), listed + 3); /* in front of each, behind the last, around OK */
    CHECK(out_len > sizeof head + sizeof tail);
    CHECK(memcmp(out, head, sizeof head - 1) == 0);
    CHECK(memcmp(out + out_len - (sizeof tail - 1), tail, sizeof tail - 1) == 0);
}

static void the_list_has_each_command_with_its_help_once(void)
{
    static const char *const names[] = {"gprs232-7s3", "lte-7s4"}; /* the others have no H */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin(names[i]);
        feed("AT+H\r");
        check_list(product);
        memcpy(expected, out, out_len);
        expected_len = out_len;
        for (refuse_takes = 1; refuse_takes < 5; refuse_takes++) { /* bytes at a time */
            out_len = 0;
            refuse_from = writes;
            refuse_to = writes + 100000;
            feed("AT+H\r");
            CHECK_BYTES(out, out_len, expected, expected_len);
            CHECK(last_status == DTU_OK && last_form == DTU_AT_BARE);
        }
    }
}

static void the_list_has_only_its_bare_form(void)
{
    begin("lte-7s4");
    CHECK_REPLY("AT+H?", "\r\nErr3\r\n");
    CHECK_REPLY("AT+H=?", "\r\nErr3\r\n");
    CHECK_REPLY("AT+H=1", "\r\nErr3\r\n");
    begin("gprs232-7s3");
    CHECK_REPLY("AT+H?", ERROR);
}

/* --- Any split, and no room ----------------------------------------------------------------- */

static const char script[] =
    "\r\nAT\r\n"
    "AT+UARTFT=\r"
    "at+sockb=udp,a[2c]b[0D][0a][5B]00],7\n"
    "AT+SOCKB?\r\n"
    "garbage\r\r"
    "AT+UART=?\r"
    "AT+VER\r\n"
    "AT+NONE?\r"
    "0123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789012345678901234567890123456789"
    "0123456789012345678901234567890123456789\r"
    "AT+Z\r\n"
    "AT+S\rAT";

static void begin_script(bool echo)
{
    begin("cat1");
    action_status = DTU_ERR_NOT_ALLOWED;
    dtu_at_server_set_echo(&server, echo);
}

static void run_script_whole(bool echo)
{
    begin_script(echo);
    feed(script);
    memcpy(expected, out, out_len);
    expected_len = out_len;
    expected_stats = server.stats;
}

static void check_same_as_whole(void)
{
    CHECK_BYTES(out, out_len, expected, expected_len);
    CHECK_EQ(server.stats.commands, expected_stats.commands);
    CHECK_EQ(server.stats.errors, expected_stats.errors);
    CHECK_EQ(server.stats.too_long, expected_stats.too_long);
    CHECK_EQ(replies, expected_stats.commands);
    CHECK_EQ(actions, 2);
}

static void the_script_is_answered_as_at_md_says(void)
{
    run_script_whole(false);
    CHECK_BYTES(expected, expected_len,
                OK CME(3) OK VALUE("SOCKB:UDP,a[2C]b[0D][0A][5B]00],7") CME(58)
                    VALUE("UART:<1200~921600>,<8>,<1,2>,<NONE,ODD,EVEN>,<NONE>") VALUE("VER:V1.2")
                        CME(58) CME(58) OK CME(50),
                strlen(OK CME(3) OK VALUE("SOCKB:UDP,a[2C]b[0D][0A][5B]00],7") CME(58)
                           VALUE("UART:<1200~921600>,<8>,<1,2>,<NONE,ODD,EVEN>,<NONE>")
                               VALUE("VER:V1.2") CME(58) CME(58) OK CME(50)));
    CHECK_EQ(expected_stats.too_long, 1);
}

static void any_split_gives_the_same_replies(void)
{
    struct test_rand rnd;
    test_rand_seed(&rnd, 99);
    for (unsigned round = 0; round < 80; round++) {
        bool echo = round % 2 != 0;
        size_t at = 0;
        run_script_whole(echo);
        begin_script(echo);
        while (at < sizeof script - 1) {
            size_t n = round < 2 ? 1 : 1 + test_rand_below(&rnd, 50);
            if (n > sizeof script - 1 - at)
                n = sizeof script - 1 - at;
            feed_bytes(script + at, n);
            at += n;
        }
        check_same_as_whole();
    }
}

static void output_without_room_at_any_write_loses_nothing_and_doubles_nothing(void)
{
    for (unsigned echo = 0; echo < 2; echo++) {
        run_script_whole(echo != 0);
        unsigned total = writes;
        for (unsigned n = 0; n < total; n++)
            for (unsigned takes = 0; takes < 2; takes++) {
                begin_script(echo != 0);
                refuse_from = n;
                refuse_to = n + 1 + n % 3;
                refuse_takes = takes;
                feed(script);
                check_same_as_whole();
            }
        begin_script(echo != 0); /* a byte at a time, all the way */
        refuse_to = 60000;
        refuse_takes = 1;
        feed(script);
        check_same_as_whole();
    }
}

static void no_input_is_taken_while_a_reply_waits(void)
{
    begin("cat1");
    refuse_to = 1000;
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"AT\rAT\r", 6), 3);
    CHECK(!dtu_at_server_ready(&server));
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"AT\r", 3), 0);
    CHECK_EQ(replies, 0);
    CHECK_EQ(out_len, 0);
    refuse_to = 0;
    dtu_at_server_resume(&server);
    CHECK(dtu_at_server_ready(&server));
    CHECK_EQ(replies, 1);
    CHECK_OUT(OK);
    dtu_at_server_resume(&server); /* nothing more to do */
    CHECK_EQ(replies, 1);
    CHECK_OUT("");
}

static void input_behind_a_reply_that_waited_is_left_for_whoever_gets_it_now(void)
{
    /* `replied` may have ended command mode (ENTM): the bytes are then data */
    begin("cat1");
    refuse_to = 1000;
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"AT+ENTM\rdata", 12), 8);
    refuse_to = 0;
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"data", 4), 0);
    CHECK_EQ(replies, 1);
    CHECK(dtu_at_server_ready(&server));
    CHECK_OUT(OK);
}

static void an_echo_without_room_is_gone_on_with(void)
{
    begin("cat1");
    dtu_at_server_set_echo(&server, true);
    refuse_to = 1000;
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"AT\r", 3), 0);
    refuse_takes = 1;
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"AT\r", 3), 1);
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"T\r", 2), 2);
    refuse_to = 0;
    dtu_at_server_resume(&server);
    CHECK_OUT("AT\r" OK);
    refuse_to = 1000;
    refuse_takes = 0; /* room for the line, none for its end */
    refuse_from = writes + 1;
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"AT\r", 3), 2);
    refuse_to = 0;
    feed("\r");
    CHECK_OUT("AT\r" OK);
}

static void reset_forgets_the_line_and_the_reply(void)
{
    begin("cat1");
    dtu_at_server_set_echo(&server, true);
    feed("AT+Z");
    dtu_at_server_reset(&server);
    out_len = 0;
    feed("AT\r");
    CHECK_OUT("AT\r" OK);
    refuse_from = writes + 2; /* the echo goes out, the reply does not */
    refuse_to = 60000;
    CHECK_EQ(dtu_at_server_feed(&server, (const uint8_t *)"AT+VER\r", 7), 7);
    CHECK(!dtu_at_server_ready(&server));
    refuse_to = 0;
    dtu_at_server_reset(&server);
    CHECK(dtu_at_server_ready(&server));
    dtu_at_server_resume(&server);
    CHECK_OUT("AT+VER\r");
    feed("AT\r");
    CHECK_OUT("AT\r" OK);
    CHECK_EQ(actions, 0);
}

static void no_input_breaks_anything(void)
{
    static const char alphabet[] = "AT+ESOCK1UR=?,\"[]\r\n\0x";
    struct test_rand rnd;
    test_rand_seed(&rnd, 4);
    for (unsigned round = 0; round < 400; round++) {
        char input[48];
        begin_sized(dtu_profile_at(round % 4)->name, 20);
        for (unsigned k = 0; k < 3; k++) {
            size_t len = test_rand_below(&rnd, sizeof input);
            for (size_t i = 0; i < len; i++)
                input[i] = alphabet[test_rand_below(&rnd, sizeof alphabet - 1)];
            feed_bytes(input, len);
            out_len = 0;
        }
        CHECK_EQ(replies, server.stats.commands);
        CHECK(server.stats.errors <= server.stats.commands);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(init_refuses_what_cannot_work),
    CHECK_TEST(changed_and_replied_may_be_missing),
    CHECK_TEST(cat1_replies),
    CHECK_TEST(cat1_ranges_are_those_of_the_manual),
    CHECK_TEST(gprs232_7s3_replies),
    CHECK_TEST(gprs232_7s3_ranges_are_those_of_the_manual),
    CHECK_TEST(lte_7s4_replies),
    CHECK_TEST(on_7s4_the_first_equals_sign_splits),
    CHECK_TEST(k7_replies),
    CHECK_TEST(k7_names_carry_port_and_socket),
    CHECK_TEST(only_products_with_ports_take_suffixes),
    CHECK_TEST(cr_lf_and_cr_lf_end_one_line),
    CHECK_TEST(empty_lines_are_ignored),
    CHECK_TEST(several_commands_in_one_read_are_each_answered),
    CHECK_TEST(feed_takes_one_line_at_most),
    CHECK_TEST(what_is_no_command_line_is_a_format_error),
    CHECK_TEST(a_name_may_hold_any_byte_and_is_then_unknown),
    CHECK_TEST(prefix_names_and_words_are_read_in_either_case),
    CHECK_TEST(a_line_that_does_not_fit_is_answered_once),
    CHECK_TEST(nothing_of_a_long_line_is_executed_not_even_its_end),
    CHECK_TEST(an_action_is_done_in_its_bare_form_only),
    CHECK_TEST(replied_tells_what_was_answered),
    CHECK_TEST(changed_is_called_for_sets_that_were_done),
    CHECK_TEST(a_good_command_is_finished_whatever_its_form),
    CHECK_TEST(a_command_that_is_wrong_is_not_finished),
    CHECK_TEST(finish_has_the_last_word_on_the_reply),
    CHECK_TEST(the_echo_is_the_line_and_the_byte_that_ended_it),
    CHECK_TEST(a_line_that_is_too_long_is_echoed_whole),
    CHECK_TEST(echo_changes_with_the_next_line),
    CHECK_TEST(an_action_with_parameters_is_a_set_and_gets_them_checked),
    CHECK_TEST(an_action_with_parameters_tells_their_range),
    CHECK_TEST(a_bare_action_has_no_parameters),
    CHECK_TEST(an_action_may_have_an_answer_of_its_own),
    CHECK_TEST(a_secret_is_set_by_the_owner_and_never_shown),
    CHECK_TEST(a_question_with_parameters_is_answered_with_a_value),
    CHECK_TEST(information_that_can_be_set_is_an_action),
    CHECK_TEST(a_question_without_room_for_the_answer_is_asked_once),
    CHECK_TEST(what_is_not_permitted_is_told_and_not_done),
    CHECK_TEST(semicolons_end_commands_and_their_replies),
    CHECK_TEST(a_semicolon_is_data_where_lines_end_commands),
    CHECK_TEST(any_split_at_semicolons_gives_the_same_replies),
    CHECK_TEST(a_row_may_have_255_places),
    CHECK_TEST(a_query_answers_each_place_that_is_set),
    CHECK_TEST(a_query_shows_what_a_setting_is_for_the_moment),
    CHECK_TEST(only_queries_of_settings_ask_for_another_value),
    CHECK_TEST(another_value_without_room_is_written_again_without_what_was_sent),
    CHECK_TEST(an_internal_row_is_unknown_in_every_form),
    CHECK_TEST(an_internal_row_is_not_listed_and_takes_no_port),
    CHECK_TEST(the_list_has_each_command_with_its_help_once),
    CHECK_TEST(the_list_has_only_its_bare_form),
    CHECK_TEST(the_script_is_answered_as_at_md_says),
    CHECK_TEST(any_split_gives_the_same_replies),
    CHECK_TEST(output_without_room_at_any_write_loses_nothing_and_doubles_nothing),
    CHECK_TEST(no_input_is_taken_while_a_reply_waits),
    CHECK_TEST(input_behind_a_reply_that_waited_is_left_for_whoever_gets_it_now),
    CHECK_TEST(an_echo_without_room_is_gone_on_with),
    CHECK_TEST(reset_forgets_the_line_and_the_reply),
    CHECK_TEST(no_input_breaks_anything),
};
CHECK_MAIN(tests)
