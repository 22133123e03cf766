# SPDX-License-Identifier: MIT
"""WH-LTE-7S1-E, DR502, G771: every command of manual 004, the behaviour of manual 000.

A source is the manual and its section; `at.md` is the page that settles where manuals are silent,
and `decided` means that all of them are, and why is said there.
"""
import re
import sys
import time

import conformance
from conformance import harness
from scenarios import Wired, again, expect_value, state_dir, wired

PROFILE = "cat1"
REPLIES = conformance.Replies(PROFILE)
OK = REPLIES.ok()
HEX_DEFAULT = "7777772E7573722E636E"
IDENTITY = "imei=864333040712457,iccid=8986003615195A571314,sn=00402420011300024522"
VERSION = REPLIES.value("VER", "V1.1.01.000000.0000")
GREETING = harness.GREETING[PROFILE]
LETTERS = "ABCD"


# --- Pieces of pages ----------------------------------------------------------------------------

def page(t, source, name, default, limits):
    """What nearly every page has: the two forms of the query, and `=?`."""
    t.query(source, name, default)
    t.range(source, name, limits)


def words(t, source, name, legal, default):
    """A command with one enumerated parameter."""
    page(t, source, name, default, f"<{','.join(legal)}>")
    for word in (*legal, default):
        t.set(source, name, word)
    t.set("at.md, a command line: words in any case", name, legal[-1].lower(), legal[-1])
    t.bad("004 3.2", name, "range", "XYZ", legal[0] + "X", legal[0][:-1] or "1", " " + legal[0])
    t.bad("004 3.2", name, "missing", "")
    t.bad("004 3.2", name, "count", f"{legal[0]},{legal[0]}", f"{legal[0]},")
    t.query("at.md: what is refused changes nothing", name, legal[-1])


def number(t, source, name, default, low, high, unit="", zero=False):
    """A command with one number."""
    page(t, source, name, default, f"<{'0,' if zero else ''}{low}~{high}{unit}>")
    t.set(source, name, default)
    number_field(t, source, name, "", "", low, high, zero)
    t.bad("004 3.2", name, "count", f"{low},{low}", f"{low},")
    t.query("at.md: what is refused changes nothing", name, high)


def number_field(t, source, name, before, after, low, high, zero=False):
    """One number among the parameters of a command."""
    good, outside, wrong = conformance.numbers(low, high, zero)
    for text, answer in good:
        t.set(source, name, before + text + after, before + answer + after)
    t.bad("004 3.2", name, "range", *(before + text + after for text in outside))
    t.bad("004 3.2", name, "type", *(before + text + after for text in wrong))
    t.bad("004 3.2", name, "missing", before + after)


def text_field(t, source, name, before, after, most):
    """One text among the parameters of a command; what it may not be."""
    for text in ("x", "y" * most, "[41]" * most):
        answer = text if "[" not in text else "A" * most
        t.set(source, name, before + text + after, before + answer + after)
    t.bad("004 3.2", name, "range", before + "z" * (most + 1) + after,
          before + "[42]" * (most + 1) + after)


def text(t, source, name, default, most, limits):
    """A command with one text."""
    page(t, source, name, default, limits)
    t.set(source, name, default)
    t.bad("004 3.2", name, "missing", "")
    text_field(t, source, name, "", "", most)
    t.set("at.md: the last text takes the rest of the line", name, "a,b")
    for raw, answer in (("[0d][0A]", "[0D][0A]"), ("[3F]", "[3F]"), ("a[3f]", "a?"), ("?b", "?b"),
                        ("[5B]41]", "[5B]41]"), ("[5b]x", "[x"), ("[4g]", "[4g]"), ("[]", "[]"),
                        ('"q"', '"q"'), ("=x=", "=x="), (" s ", " s "), ("[[41]]", "[A]"),
                        (b"\x80\xff\t", b"\x80\xff\t")):
        t.set("at.md, escaping", name, raw, answer)


def no_zero_byte(t, name):
    t.bad("at.md, escaping: 0x00", name, "type", "a[00]b", b"a\0b")


def hex_data(t, source, name, limits):
    """A command with hex data up to 300 bytes."""
    page(t, source, name, HEX_DEFAULT, limits)
    t.set(source, name, HEX_DEFAULT)
    t.set(source, name, "A5")
    t.set("at.md: hex data is answered in upper case", name, "0a0b0c0d0e0f",
          "0A0B0C0D0E0F")
    t.set("at.md, escaping: 0x00 in hex data", name, "00FF00")
    t.set("at.md: 300 bytes of data", name, "5A" * 300)
    t.bad("at.md: 300 bytes of data", name, "range", "5A" * 301)
    t.bad("at.md: not hex", name, "type", "5", "5A5", "XY", "5A 5A", "[35]A", "0x5A")
    t.bad("004 3.2", name, "missing", "")
    t.bad("004 3.2", name, "count", "5A,5A")


def info(t, source, name, value):
    """A command that only tells."""
    t.query(source, name, value)
    no_set(t, source, name)


def cannot(t, source, name):
    """A question that softdtu has no answer to: action failed (issue: says `not allowed`)."""
    for form in ("", "?"):
        t.error(source, f"AT+{name}{form}", "not_allowed")


def no_set(t, source, name):
    t.error(source, f"AT+{name}=?", "form")
    t.error("at.md: set of a read-only", f"AT+{name}=1", "form")
    t.error("at.md: set of a read-only", f"AT+{name}=", "form")


def action(t, source, name):
    """What an action is not: it is not done either, for the session goes on."""
    for form in ("?", "=?", "=1", "="):
        t.error(source, f"AT+{name}{form}", "form")


# --- The pages ----------------------------------------------------------------------------------

def grammar(t):
    t.ok("004 4.1", "AT")
    t.ok("at.md: case", "at")
    t.ok("at.md: case", "aT")
    for sent in ("X", "A", "+++", "ATX", "AT VER", "AT+", "AT+=1", "AT+?", " AT", "AT ", "VER",
                 "?"):
        t.error("at.md: not AT at all", sent, "no_at")
    for sent in ("AT+NOSUCH", "AT+NOSUCH?", "AT+NOSUCH=?", "AT+NOSUCH=1", "AT+UARTFTX", "AT+UARTF",
                 "AT+SOCKEEN", "AT+ VER", "AT+VER ", "AT++VER", "AT+H", "AT+CALEN?", "AT+SOCKBSL?",
                 "AT+RELD", "AT+UART1?", "AT+SOCKE?"):
        t.error("004 3.2: no command of table 5", sent, "unknown")
    for sent in ("AT+UARTFL??", "AT+UARTFL?1", "AT+UARTFL?=1"):
        t.error("at.md, a command line: no form of a command", sent, "form")
    for sent in ("at+uartfl?", "AT+UartFl", "aT+uARTFL?"):
        t.add("at.md: case", sent, REPLIES.value("UARTFL", "1024"))
    t.add("at.md: an empty line is ignored", "\r\n\r\n\n\rAT", OK)
    t.add("at.md: several commands in one read", "AT\rAT+UARTFL\nat+e?\r\nAT",
          OK + REPLIES.value("UARTFL", "1024") + REPLIES.value("E", "OFF") + OK)
    for end in ("\r", "\n", "\r\n"):
        t.add("at.md: one command, one reply", "AT+UARTFT=50", OK, end.encode())


def line_length(t):
    """The longest legal line is four servers of escaped bytes."""
    longest = "AT+NTPSVR=" + ",".join(["[61]" * 100] * 4)
    t.ok("at.md: the longest legal line", longest)
    t.query("at.md: the longest legal line", "NTPSVR", ",".join(["a" * 100] * 4))
    for length in (2000, 20000):
        t.error("at.md: a line too long is answered once", "AT+UARTFT=60" + "0" * length, "no_at")
        t.error("at.md: a line too long is answered once", "x" * length, "no_at")
    t.query("at.md: nothing of a line too long is done", "UARTFT", "50")


def general(t):
    for name, source in (("Z", "004 4.2"), ("S", "004 4.3"), ("CLEAR", "004 4.4"),
                         ("ENTM", "004 4.6")):
        action(t, source, name)
    t.query("004 4.5", "E", "OFF")  # acts at once: the first case has set it
    t.range("004 4.5", "E", "<ON,OFF>")
    t.bad("004 4.5", "E", "range", "X", "1")
    t.bad("004 4.5", "E", "missing", "")
    words(t, "004 4.7", "WKMOD", ("CMD", "NET", "HTTPD", "SMS"), "NET")
    text(t, "004 4.8", "CMDPW", "usr.cn#", 10, "<1~10 bytes>")
    no_zero_byte(t, "CMDPW")
    text(t, "004 4.9", "STMSG", "WH-LTE-7S1", 20, "<1~20 bytes>")
    no_zero_byte(t, "STMSG")
    t.set("at.md, escaping", "STMSG", "[WH-G405tf]")
    number(t, "004 4.10", "RSTIM", "1800", 60, 65535, "(s)", zero=True)
    t.bad("004 4.10", "RSTIM", "range", "1")
    for name, source, default in (("SDPEN", "004 4.11", "OFF"), ("NATEN", "004 4.12", "ON"),
                                  ("UATEN", "004 4.13", "ON"), ("CACHEN", "004 4.14", "ON")):
        words(t, source, name, ("ON", "OFF"), default)


def information(t):
    info(t, "004 4.15", "CSQ", "27,99")  # at.md: no space after the colon
    info(t, "004 4.16", "SYSINFO", "4,LTE")
    info(t, "004 4.17", "VER", "V1.1.01.000000.0000")
    info(t, "004 4.18", "BUILD", "2020-3-16 18:22:25")
    info(t, "004 4.19", "SN", "00402420011300024522")
    info(t, "004 4.20", "IMEI", "864333040712457")
    info(t, "004 4.21", "ICCID", "8986003615195A571314")
    info(t, "004 4.22", "CIP", "127.0.0.1")  # this module connects from there
    cannot(t, "004 4.23, note: not every card has it", "CNUM")
    no_set(t, "004 4.23", "CNUM")
    location(t)
    clock(t)


def location(t):
    """There is no base station: what is well formed fails."""
    cannot(t, "004 4.24", "LBS")
    for text_ in ("1", "2"):
        t.bad("004 4.24", "LBS", "not_allowed", text_)
    t.bad("004 4.24", "LBS", "range", "0", "3", "-1")
    t.bad("004 4.24", "LBS", "type", "x", "")
    t.bad("004 4.24", "LBS", "count", "1,2")
    t.error("004 4.24: no `=?` there", "AT+LBS=?", "form")
    cannot(t, "004 4.25", "LBSN")
    no_set(t, "004 4.25", "LBSN")


def clock(t):
    """The clock is this machine's: softdtu may not set it. Its query is another case."""
    t.bad("004 4.26; decided: the clock cannot be set", "CCLK", "not_allowed",
          "20/12/01,10:47:46+32")
    t.bad("004 4.26", "CCLK", "count", "20/12/01")
    t.bad("004 4.26", "CCLK", "missing", ",10:47:46+32", "20/12/01,")
    t.error("004 4.26: no `=?` there", "AT+CCLK=?", "form")


def security(t):
    words(t, "004 4.27", "SAFEATEN", ("ON", "OFF"), "OFF")  # pending: nothing happens yet
    t.error("004 4.28: no query there", "AT+SIGNINAT", "form")
    t.error("004 4.28: no query there", "AT+SIGNINAT?", "form")
    t.error("004 4.28: no query there", "AT+SIGNINAT=?", "form")
    for password in ("usr_cn#", "x", "abcdefghij", "usr_cn"):  # 000 6.7 has the `#`
        t.ok("at.md: sets the password with SAFEATEN off", f"AT+SIGNINAT={password}")
    t.bad("004 4.28", "SIGNINAT", "range", "abcdefghijk")
    t.bad("004 4.28", "SIGNINAT", "missing", "")
    no_zero_byte(t, "SIGNINAT")


def serial(t):
    default = "115200,8,1,NONE,NONE"
    page(t, "004 4.29", "UART", default, "<1200~921600>,<8>,<1,2>,<NONE,ODD,EVEN>,<NONE>")
    number_field(t, "004 4.29", "UART", "", ",8,1,NONE,NONE", 1200, 921600)
    for text_ in ("9600,8,2,ODD,NONE", "250000,8,1,EVEN,NONE"):
        t.set("004 4.29", "UART", text_)
    t.set("at.md, a command line: words in any case", "UART", "9600,8,2,odd,none",
          "9600,8,2,ODD,NONE")
    t.bad("004 4.29", "UART", "range", "9600,7,1,NONE,NONE", "9600,9,1,NONE,NONE",
          "9600,8,0,NONE,NONE", "9600,8,3,NONE,NONE", "9600,8,1,MARK,NONE", "9600,8,1,NONE,CRTS")
    t.bad("004 3.2", "UART", "type", "9600,x,1,NONE,NONE", "9600,8,x,NONE,NONE")
    t.bad("004 3.2", "UART", "missing", "9600,,1,NONE,NONE", "9600,8,,NONE,NONE",
          "9600,8,1,,NONE", "9600,8,1,NONE,")
    t.bad("004 3.2", "UART", "count", "", "9600", "9600,8,1,NONE", default + ",1")
    t.set("004 4.29", "UART", default)
    number(t, "004 4.30", "UARTFL", "1024", 5, 4096)
    number(t, "004 4.31, at.md: 10..500", "UARTFT", "50", 10, 500, "(ms)")
    t.ok("004 4.31", "AT+UARTFT=50")


def access_point(t):
    page(t, "004 4.32", "APN", "CMNET,,,0", "<APN>,[USERNAME],[PASSWORD],[0,1,2]")
    for text_ in ("CMNET,,,0", "internet,user,secret,2", ",u,p,1"):
        t.set("004 4.32", "APN", text_)
    for text_, answer in (("x", "x,,,0"), ("", ",,,0"), ("x,y", "x,y,,0"), ("x,y,z", "x,y,z,0"),
                          ("x,,,", "x,,,0"), ("x,,z", "x,,z,0")):
        t.set("at.md: left-out parameters of APN", "APN", text_, answer)
    for before, after in (("", ",,,0"), ("a,", ",,0"), ("a,,", ",0")):
        text_field(t, "004 4.32", "APN", before, after, 50)
        t.bad("at.md, escaping: 0x00", "APN", "type", before + "[00]" + after)
    t.bad("004 3.2", "APN", "range", "a,b,c,3", "a,b,c,-1")
    t.bad("004 3.2", "APN", "type", "a,b,c,x")
    t.bad("004 3.2", "APN", "count", "a,b,c,0,")
    inner_comma(t, "APN", "a[2C]b,c[2c]d,e[2C],1", "a[2C]b,c[2C]d,e[2C],1")


def inner_comma(t, name, text_, answer):
    """at.md: a reply can be sent back, so a comma that is no separator stays escaped."""
    t.set("at.md, escaping: a reply can be sent back", name, text_, answer)


def server(t, source, name, before=""):
    """An address and a port."""
    text_field(t, source, name, before, ",80", 100)
    t.bad("004 3.2", name, "missing", before + ",80", before + "host,")
    number_field(t, source, name, before + "host,", "", 1, 65535)
    t.bad("004 3.2", name, "count", before + "host", before + "host,80,1", before + "host,80,")
    t.bad("at.md, escaping: 0x00", name, "type", before + "a[00]b,80")
    inner_comma(t, name, before + "a[2C]b,80", before + "a[2C]b,80")


def sockets(t):
    for i, letter in enumerate(LETTERS):
        source = f"004 4.{33 + i}"
        name = f"SOCK{letter}"
        page(t, source, name, "TCP,test.usr.cn,2317", "<TCP,UDP>,<1~100 bytes>,<1~65535>")
        for text_ in ("TCP,test.usr.cn,2317", "UDP,192.168.0.201,65535"):
            t.set(source, name, text_)
        t.set("at.md, a command line: words in any case", name, "tcp,Test.Usr.cn,1",
              "TCP,Test.Usr.cn,1")
        t.bad("004 3.2", name, "range", "TCPS,host,80", "X,host,80")
        t.bad("004 3.2", name, "missing", ",host,80")
        t.bad("004 3.2", name, "count", "", "TCP", "TCP,host")
        server(t, source, name, "TCP,")
        words(t, f"004 4.{37 + i}", f"SOCK{letter}EN", ("ON", "OFF"), "OFF" if i else "ON")
        info(t, f"004 4.{41 + i}", f"SOCK{letter}LK", "Disconnected")
    words(t, "004 4.45", "SOCKASL", ("LONG", "SHORT"), "LONG")


def keepalive(t):
    default = "1,60,15,3"
    for i, letter in enumerate(LETTERS):
        source = f"004 4.{46 + i}"
        name = f"KEEPALIVE{letter}"
        page(t, source, name, default, "<0,1>,<1~65535>,<1~100>,<1~10>")
        t.set(source, name, default)
        t.set(source, name, "0,60,15,3")
        t.bad("004 3.2", name, "range", "2,60,15,3", "-1,60,15,3")
        t.bad("004 3.2", name, "type", "x,60,15,3", "ON,60,15,3")
        t.bad("004 3.2", name, "missing", ",60,15,3")
        number_field(t, source, name, "1,", ",15,3", 1, 65535)
        number_field(t, source, name, "1,60,", ",3", 1, 100)
        number_field(t, source, name, "1,60,15,", "", 1, 10)
        t.bad("004 3.2", name, "count", "", "1", "1,60", "1,60,15", default + ",1")


def connections(t):
    number(t, "004 4.50", "SHORTATM", "10", 1, 600, "(s)")
    number(t, "004 4.51", "SOCKRSNUM", "60", 1, 65535)
    number(t, "004 4.52", "SOCKRSTIM", "10", 10, 65535, "(s)")
    t.set("004 4.52", "SOCKRSTIM", "60")
    for i, letter in enumerate(LETTERS):
        source = f"004 4.{53 + i}"
        name = f"SOCK{letter}BK"
        page(t, source, name, ",1", "<1~100 bytes>,<1~65535>")
        t.set(source, name, "test.usr.cn,2317")
        # 000 6.5 writes TCP in front: at.md has two parameters
        t.bad("at.md: two parameters", name, "count", "", "TCP,test.usr.cn,2317")
        server(t, source, name)
        words(t, f"004 4.{57 + i}", name + "EN", ("ON", "OFF"), "OFF")


def registration(t):
    words(t, "004 4.61", "REGEN", ("ON", "OFF"), "OFF")
    words(t, "004 4.62", "REGTP", ("ICCID", "IMEI", "SN", "USER", "CLOUD"), "USER")
    hex_data(t, "004 4.63", "REGDT", "<1~300 bytes>")
    words(t, "004 4.64", "REGSND", ("LINK", "DATA", "LINK&DATA"), "LINK")
    page(t, "004 4.65", "CLOUD", ",", "<20 bytes>,<8 bytes>")
    good = "12345678901234567890"
    t.set("004 4.65", "CLOUD", f"{good},12345678")
    t.set("at.md: the last text takes the rest of the line", "CLOUD", f"{good},1,34,678")
    inner_comma(t, "CLOUD", "1234567890123456789[2C],1234567[0D]",
                "1234567890123456789[2C],1234567[0D]")
    t.bad("004 4.65", "CLOUD", "range", f"{good[1:]},12345678", f"{good}1,12345678",
          f"{good},1234567", f"{good},123456789", f"{good},12345678,")
    t.bad("004 3.2", "CLOUD", "missing", ",12345678", f"{good},")
    t.bad("004 3.2", "CLOUD", "count", "", good)


def heartbeat(t):
    heart(t, f"ON,NET,USER,30,{HEX_DEFAULT}")
    words(t, "004 4.66", "HEARTEN", ("ON", "OFF"), "ON")
    words(t, "004 4.67", "HEARTTP", ("COM", "NET"), "NET")
    hex_data(t, "004 4.68", "HEARTDT", "<1~300bytes>")
    number(t, "004 4.69", "HEARTTM", "30", 1, 65535, "(s)")
    words(t, "004 4.70", "HEARTSORT", ("ICCID", "IMEI", "SN", "USER", "LBS"), "USER")
    t.ok("004 4.71", "AT+HEARTDT=ABCD")
    t.query("004 4.71: the same as the five", "HEART", "OFF,NET,LBS,65535,ABCD")


def heart(t, default):
    """One command for what five others say one by one."""
    page(t, "004 4.71", "HEART", default,
         "<ON,OFF>,<NET/COM>,<ICCID/IMEI/SN/LBS/USER>,<time>,[USER_DATA]")
    t.set("004 4.71", "HEART", default)
    t.set("004 4.71", "HEART", "OFF,COM,SN,65535,A5")
    for name, value in (("HEARTEN", "OFF"), ("HEARTTP", "COM"), ("HEARTSORT", "SN"),
                        ("HEARTTM", "65535"), ("HEARTDT", "A5")):
        t.query("004 4.71: the same as the five", name, value)
    for text_, answer in (("ON", "ON,COM,SN,65535,A5"), ("ON,NET", "ON,NET,SN,65535,A5"),
                          ("OFF,,LBS", "OFF,NET,LBS,65535,A5"), ("OFF,,,1", "OFF,NET,LBS,1,A5"),
                          ("ON,,,,B6", "ON,NET,LBS,1,B6"), ("ON,,,,", "ON,NET,LBS,1,B6")):
        t.set("at.md: what HEART leaves out stays", "HEART", text_, answer)
    t.bad("004 3.2", "HEART", "range", "X", "ON,X", "ON,NET,CLOUD", "ON,NET,USER,0",
          "ON,NET,USER,65536", "ON,NET,USER,30," + "5A" * 301)
    t.bad("004 3.2", "HEART", "type", "ON,NET,USER,x", "ON,NET,USER,30,5", "ON,NET,USER,30,XY")
    t.bad("004 3.2", "HEART", "missing", "", ",NET,USER,30,5A")
    t.bad("004 3.2", "HEART", "count", default + ",")
    t.set("004 4.71", "HEART", default)


def http(t):
    words(t, "004 4.72", "HTPTP", ("GET", "POST"), "GET")
    text(t, "004 4.73", "HTPURL", "/1.php?", 100, "<1~100 bytes>")
    no_zero_byte(t, "HTPURL")
    text(t, "004 4.74", "HTPHD", "Accept:text/html[0D][0A]", 200, "<1~200 bytes>")
    t.set("at.md, escaping: 0x00 in a header", "HTPHD", "a[00]b")
    t.set("at.md, escaping: 0x00 in a header", "HTPHD", b"a\0b", "a[00]b")
    t.set("at.md, escaping: 0x00 in a header", "HTPHD", "[00]" * 200)
    page(t, "004 4.75", "HTPSV", "test.usr.cn,80", "<1~100 bytes>,<1~65535>")
    t.set("004 4.75", "HTPSV", "test.usr.cn,80")
    t.bad("004 3.2", "HTPSV", "count", "")
    server(t, "004 4.75", "HTPSV")
    words(t, "004 4.76", "HTPPK", ("ON", "OFF"), "ON")
    number(t, "004 4.77", "HTPTIM", "10", 1, 65535, "(s)")
    t.ok("000 5.2: its name of HTPTIM", "AT+HTPTO=11")
    t.query("000 5.2: its name of HTPTIM", "HTPTIM", "11")
    t.add("at.md, names: the first is reported", "AT+HTPTO?", REPLIES.value("HTPTIM", "11"))


def messages(t):
    text(t, "004 4.78", "DSTNUM", "1008610010", 20, "<1~20bytes>")
    no_zero_byte(t, "DSTNUM")
    words(t, "004 4.79", "SMSFLT", ("ON", "OFF"), "ON")


def network_time(t):
    page(t, "004 4.80", "NTPSVR", "cn.ntp.org.cn,us.ntp.org.cn", "<SVR1>,[<SVR2>,<SVR3>,<SVR4>]")
    for text_ in ("cn.ntp.org.cn,us.ntp.org.cn", "a,b,c,d", "a,b,c"):
        t.set("004 4.80", "NTPSVR", text_)
    for text_, answer in (("cn.ntp.org.cn", "cn.ntp.org.cn"), ("a,b,,d", "a,b,,d"), ("a,b", "a,b"),
                          ("a,,", "a"), ("a,b,c,", "a,b,c")):
        t.set("at.md: NTPSVR drops the servers left out", "NTPSVR", text_, answer)
    t.set("at.md: the last text takes the rest of the line", "NTPSVR", "a,b,c,d,e")
    inner_comma(t, "NTPSVR", "a[2C]b,c", "a[2C]b,c")
    t.set("at.md: the value that is just `?`", "NTPSVR", "[3F]")
    for before in ("", "a,", "a,b,", "a,b,c,"):
        text_field(t, "004 4.80", "NTPSVR", before, "", 100)
        t.bad("at.md, escaping: 0x00", "NTPSVR", "type", before + "[00]")
    t.bad("004 3.2", "NTPSVR", "missing", "", ",b")
    words(t, "004 4.81", "NTPEN", ("ON", "OFF"), "OFF")
    number(t, "004 4.82", "NTPTM", "60", 1, 65535, "(m)")


def position(t):
    """In table 5, without pages."""
    words(t, "004 table 5; at.md: GPS", "GPS", ("ON", "OFF"), "OFF")
    cannot(t, "at.md: GPSDT without a fix", "GPSDT")
    no_set(t, "004 table 5", "GPSDT")
    t.query("004 table 5; decided: nothing is set", "GPSOUT", "")
    for text_ in ("$GPRMC", "a,b", "[0D][0A]"):
        t.set("at.md: GPSOUT text", "GPSOUT", text_)


# --- Scenarios ----------------------------------------------------------------------------------

def tables(suite):
    with suite.module("--identity", IDENTITY) as m:
        for add in (grammar, general, information, security, serial, access_point, sockets,
                    keepalive, connections, registration, heartbeat, http, messages, network_time,
                    position, line_length):
            t = conformance.Table(PROFILE)
            add(t)
            m.table(t.cases)
        check_clock(suite, m)
        slow_line(suite, m)


def check_clock(suite, m):
    for sent in (b"AT+CCLK\r\n", b"AT+CCLK?\r\n"):
        m.user.write(sent)
        got = m.user.read_until(rb"OK\r\n").decode()
        match = re.fullmatch(r'\r\n\+CCLK:"(\d\d/\d\d/\d\d,\d\d:\d\d:\d\d)([+-]\d\d)"\r\n'
                             r"\r\nOK\r\n", got)
        said = match and time.mktime(time.strptime(match[1], "%y/%m/%d,%H:%M:%S"))
        suite.count(bool(match) and abs(said - time.time()) <= 5, "004 4.26", sent, got)


def slow_line(suite, m):
    """The line may come byte by byte."""
    for byte in b"AT+UARTFL=99\r\n":
        m.user.write(bytes([byte]))
    with suite.scenario("at.md, a command line: in pieces"):
        m.user.expect(OK)
        m.user.command("AT+UARTFL?", "\r\n+UARTFL:99\r\n\r\nOK\r\n")


def echo(suite):
    """Sends lines with echo on; AT+E acts at once and is stored."""
    with suite.module() as m:
        for sent, end, reply in (("AT", b"\r\n", OK), ("at+e?", b"\r", REPLIES.value("E", "ON")),
                                 ("AT+E", b"\n", REPLIES.value("E", "ON")),
                                 ("AT+UARTFT=x", b"\r", REPLIES.error("type")),
                                 ("AT+NOSUCH", b"\n", REPLIES.error("unknown"))):
            if sent == "AT":
                m.run(conformance.Case("004 4.5", "AT+E=ON", OK))
            m.run(conformance.Case("at.md, replies: echo", sent, sent.encode() + end[:1] + reply,
                                   end))
        m.run(conformance.Case("at.md: an empty line is ignored, silently", "\r\n\r\n\r\nAT",
                               b"AT\r" + OK, b"\r\n"))
        with suite.scenario("at.md, saving: E is stored at once"):
            m.user.echo = True
            m.user.restart("AT+Z")
            m.user.enter()
            m.user.command("AT+E=OFF")
            m.user.echo = False
            m.user.restart("AT+Z")
            m.user.enter()
            m.user.command("AT")


def saving(suite):
    with state_dir() as state:
        for part in (forget, save, cut, clear):
            part(suite, state)


def forget(suite, state):
    with suite.scenario("at.md, saving: Z loses what S has not saved"), \
            suite.module(state=state) as m:
        m.user.command("AT+UARTFT=100")
        expect_value(m.user, "UARTFT", "100")
        m.user.restart("AT+Z")
        m.user.enter()
        expect_value(m.user, "UARTFT", "50")


def save(suite, state):
    def change(user):
        user.command("AT+UARTFT=100")
        user.command("AT+STMSG=a[0D][0A]b,[5B]41]")
        user.command("AT+S", end="\r")
        user.expect(b"\r\na\r\nb,[41]\r\n")
        user.enter()
        expect_value(user, "UARTFT", "100")
        user.command("AT+STMSG=WH-LTE-7S1")
        user.restart("AT+S")

    with suite.scenario("004 4.3, at.md 9: S saves and restarts; the greeting"):
        again(suite, state, change)


def cut(suite, state):
    def change(user):
        user.command("AT+UARTFT=200")

    def change_and_save(user):
        change(user)
        user.command("AT+S", end="\r")

    with suite.scenario("at.md, saving: what was saved survives a power cut"):
        again(suite, state, lambda user: expect_value(user, "UARTFT", "100"))
    with suite.scenario("at.md, saving: a power cut loses what S has not saved"):
        again(suite, state, change)
        again(suite, state, lambda user: expect_value(user, "UARTFT", "100"))
    with suite.scenario("at.md, saving: the power is cut right behind the OK"):
        again(suite, state, change_and_save)
        again(suite, state, lambda user: expect_value(user, "UARTFT", "200"))


def clear(suite, state):
    """at.md: CLEAR does not restart. That the factory settings are stored at once is decided: a
    power cut must not undo them."""
    def reset(user):
        user.command("AT+CLEAR")
        user.command("AT")  # no restart, no echo yet
        expect_value(user, "UARTFT", "50")
        expect_value(user, "E", "ON")

    def back(user):
        user.echo = True
        user.command("AT+UARTFT?", REPLIES.value("UARTFT", "50").decode())

    with suite.scenario("004 4.4: CLEAR"):
        again(suite, state, reset)
    with suite.scenario("004 4.4: CLEAR, then a power cut"):
        again(suite, state, back)


def command_work_mode(suite):
    """WKMOD CMD: the module starts in command mode; ENTM leaves it until restart."""
    peer = harness.Peer().listen()
    with suite.scenario("at.md 8: WKMOD CMD"), suite.module(
            settings=[f"SOCKA=TCP,{peer.target}"]) as m:
        peer.accept()
        m.user.command(f"AT+SOCKA=TCP,{peer.target}")
        m.user.command("AT+WKMOD=CMD")
        m.user.restart("AT+S")
        peer.accept()
        m.user.command("AT")
        m.user.restart("AT+Z")
        connection = peer.accept()
        m.program.wait_log("socket A: connected", count=3)
        m.user.command("AT+ENTM", end="\r")
        m.user.write(b"data")
        connection.expect(b"data")
        m.user.enter()
        m.user.restart("AT+Z")
        m.user.command("AT")
    peer.close()


def entm(suite):
    """000 7.1: ENTM, and the state of a connected socket before it."""
    peer = harness.Peer().listen()
    with suite.scenario("004 4.6, 4.41"), suite.module(
            settings=[f"SOCKA=TCP,{peer.target}"]) as m:
        connection = peer.accept()
        m.program.wait_log("socket A: connected")
        expect_value(m.user, "SOCKALK", "Connected")
        expect_value(m.user, "SOCKBLK", "Disconnected")
        m.user.command("AT+ENTM", end="\r\n")
        m.user.write(b"AT+VER\r\n")  # the LF behind the CR of ENTM goes with it, or is data
        got = connection.read_until(rb"AT\+VER\r\n")
        suite.count(got in (b"AT+VER\r\n", b"\nAT+VER\r\n"), "004 4.6: data again", got)
    peer.close()


def login(suite):
    """SAFEATEN: nothing without the password. at.md 7: what else is told before the login."""
    with state_dir() as state:
        with suite.module(state=state) as m:
            m.user.command("AT+SAFEATEN=ON")
            m.user.command("AT+VER", VERSION.decode())  # not yet
            m.user.restart("AT+S")
            m.user.enter()
            refuse_all(m)
            log_in(suite, m)
        with suite.module(state=state, command=False) as m:
            m.user.enter()
            t = conformance.Table(PROFILE)
            t.error("000 6.7: the old password", "AT+SIGNINAT=usr_cn", "login")
            t.ok("000 6.7: the new password", "AT+SIGNINAT=usr_cn#")
            t.query("000 6.7: the new password", "SAFEATEN", "ON")
            m.table(t.cases)


def names():
    """Every command of table 5."""
    return """Z S CLEAR E ENTM WKMOD CMDPW STMSG RSTIM SDPEN NATEN UATEN CACHEN CSQ SYSINFO VER
        BUILD SN IMEI ICCID CIP CNUM LBS LBSN CCLK SAFEATEN UART UARTFL UARTFT APN SOCKA SOCKB SOCKC
        SOCKD SOCKAEN SOCKBEN SOCKCEN SOCKDEN SOCKALK SOCKBLK SOCKCLK SOCKDLK SOCKASL KEEPALIVEA
        KEEPALIVEB KEEPALIVEC KEEPALIVED SHORTATM SOCKRSNUM SOCKRSTIM SOCKABK SOCKBBK SOCKCBK
        SOCKDBK SOCKABKEN SOCKBBKEN SOCKCBKEN SOCKDBKEN REGEN REGTP REGDT REGSND CLOUD HEARTEN
        HEARTTP HEARTDT HEARTTM HEARTSORT HEART HTPTP HTPURL HTPHD HTPSV HTPPK HTPTIM DSTNUM
        SMSFLT NTPSVR NTPEN NTPTM GPS GPSDT GPSOUT""".split()


def refuse_all(m):
    t = conformance.Table(PROFILE)
    t.ok("at.md 7: AT", "AT")
    for name in names():
        for form in ("", "?", "=?", "=1"):
            t.error("at.md 7: before login", f"AT+{name}{form}", "login")
    t.error("at.md 7; decided: whatever its name", "AT+NOSUCH", "login")
    t.error("at.md: not AT at all", "ATX", "no_at")
    for guess in ("usr_cm", "usr_c", "usr_cnn", "USR_CN", "x"):
        t.error("004 4.28: wrong password", f"AT+SIGNINAT={guess}", "login")
    t.error("004 4.28: still locked", "AT+VER", "login")
    m.table(t.cases)


def log_in(suite, m):
    t = conformance.Table(PROFILE)
    t.ok("004 4.28", "AT+SIGNINAT=usr_cn")
    t.add("000 6.7", "AT+VER", VERSION)
    t.query("000 6.7", "SAFEATEN", "ON")
    m.table(t.cases)
    with suite.scenario("000 6.7: every visit to command mode needs its login"):
        m.user.leave()
        m.user.enter()
        m.user.command("AT+VER", REPLIES.error("login").decode())
        m.user.command("AT+SIGNINAT=usr_cn")
    with suite.scenario("000 6.7: the password is changed, and saved"):
        m.user.command("AT+SIGNINAT=usr_cn#")
        m.user.command("AT+VER", VERSION.decode())
        m.user.restart("AT+S")


# --- AT inside the data stream ------------------------------------------------------------------

def in_stream(suite):
    peers, module = wired(suite, 2, "UARTFT=10")
    with module as m:
        w = Wired(suite, m, peers)
        w.answered("000 7.2", b"usr.cn#AT+VER\r\n", VERSION)
        w.answered("000 7.2: any case", b"usr.cn#at+sockalk?\r\n",
                   REPLIES.value("SOCKALK", "Connected"))
        for end in (b"\r\n", b"\r", b"\n"):  # decided: what ends a line ends it here too
            w.answered("000 7.2; at.md, a command line: its end", b"usr.cn#AT" + end, OK)
        w.answered("000 7.2: errors too", b"usr.cn#AT+NOSUCH\r\n", REPLIES.error("unknown"))
        w.answered("000 7.2: errors too", b"usr.cn#AT+UARTFT=9\r\n", REPLIES.error("range"))
        w.answered("000 7.2: sets", b"usr.cn#AT+UARTFL=77\r\n", OK)
        w.answered("000 7.2: sets", b"usr.cn#AT+UARTFL\r\n", REPLIES.value("UARTFL", "77"))
        w.answered("at.md, replies: no echo in the data stream", b"usr.cn#AT+E=ON\r\n", OK)
        w.answered("at.md, replies: no echo in the data stream", b"usr.cn#AT+E\r\n",
                   REPLIES.value("E", "ON"))
        for sent in (b"usr.cnAT+VER\r\n", b"usr.cm#AT+VER\r\n", b"USR.CN#AT+VER\r\n",
                     b"AT+VER\r\n", b"xusr.cn#AT+VER\r\n", b" usr.cn#AT+VER\r\n"):
            w.data("at.md, data stream: not the password", sent)
        for sent in (b"usr.cn#AT+VER", b"usr.cn#", b"usr.cn#VER\r\n", b"usr.cn#AT+VER\r\nmore",
                     b"usr.cn#\r\n", b"usr.cn#A\r\n", b"usr.cn#AT+VER\r\nusr.cn#AT+VER\r\n"):
            w.data("at.md, data stream: not a whole command", sent)
        w.answered("at.md, saving: a new password works after restart",
                   b"usr.cn#AT+CMDPW=secret\r\n", OK)
        w.data("at.md, saving: a new password works after restart", b"secretAT+VER\r\n")
        w.answered("at.md, saving: a new password works after restart", b"usr.cn#AT+VER\r\n",
                   VERSION)
        network(w)
        with suite.scenario("000 7.2: actions"):
            m.user.write(b"usr.cn#AT+Z\r\n")
            m.user.expect(OK + GREETING)


def network(w):
    for index in (0, 1):
        w.net_answered("000 7.3", b"usr.cn#AT+VER\r\n", VERSION, index)
        w.net_answered("000 7.3: sets", b"usr.cn#AT+UARTFL=78\r\n", OK, index)
        w.net_answered("000 7.3: errors too", b"usr.cn#AT+VER=1\r\n", REPLIES.error("form"), index)
        for sent in (b"usr.cm#AT+VER\r\n", b"AT+VER\r\n", b"usr.cn#AT+VER", b"xusr.cn#AT+VER\r\n"):
            w.net_data("at.md, data stream: goes through", sent, index)


def in_stream_off(suite):
    peers, module = wired(suite, 1, "UATEN=OFF", "NATEN=OFF", "CMDPW=pass,[23]")
    with module as m:
        w = Wired(suite, m, peers)
        w.data("004 4.13: UATEN OFF", b"pass,#AT+VER\r\n")
        w.net_data("004 4.12: NATEN OFF", b"pass,#AT+VER\r\n")
    peers, module = wired(suite, 1, "CMDPW=pass,[23]")
    with module as m:
        w = Wired(suite, m, peers)
        w.answered("004 4.8: another password", b"pass,#AT+VER\r\n", VERSION)
        w.net_answered("004 4.8: another password", b"pass,#AT+VER\r\n", VERSION)
        w.data("004 4.8: another password", b"usr.cn#AT+VER\r\n")


def main():
    suite = conformance.Suite(PROFILE)
    for scenario in (tables, echo, saving, command_work_mode, entm, login, in_stream,
                     in_stream_off):
        suite.part(scenario)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
