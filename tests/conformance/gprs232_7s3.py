# SPDX-License-Identifier: MIT
"""USR-GPRS232-7S3: every command of manual 002 section 4.2.1, HTPPK included.

A source is the manual and its section; `at.md` is the page that settles where manuals are silent,
and `decided` means that all of them are, and why is said there. Every error is ERROR.
"""
import re
import sys

import conformance
from conformance import harness
from scenarios import Wired, again, expect_value, state_dir, wired

PROFILE = "gprs232-7s3"
REPLIES = conformance.Replies(PROFILE)
OK = REPLIES.ok()
ERROR = REPLIES.error("unknown")
HEX_DEFAULT = "7777772E7573722E636E"
IDENTITY = "imei=864333040712457,iccid=8986003615195A571314,sn=00402420011300024522"
VERSION = re.compile(rb'\r\n\+VER:"V[^"\r]+"\r\n\r\nOK\r\n')
GREETING = harness.GREETING[PROFILE]
COMMANDS = """
    H Z E ENTM WKMOD CALEN NATEN UATEN CMDPW CACHEN STMSG RSTIM S RELD CLEAR CFGTF VER
    SN ICCID IMEI CNUM UART RFCEN APN SOCKA SOCKB SOCKAEN SOCKBEN SOCKASL SOCKBSL
    SOCKALK SOCKBLK SOCKIDEN REGEN REGTP REGID REGDT REGSND HEARTEN HEARTDT HEARTTP
    HEARTTM HTPTP HTPURL HTPSV HTPHD HTPPK DSTNUM SMSSEND CLOUDEN CLOUDID CLOUDPA
""".split()


def quoted(text):
    return text if isinstance(text, bytes) else f'"{text}"'


def section(name):
    """Where the page of a command is. HTPPK has none: the numbers go on behind it as if it were
    not there."""
    pages = [command for command in COMMANDS if command != "HTPPK"]
    return f"002 4.2.1.{pages.index(name) + 1}" if name in pages else "002 4.2.1; at.md: HTPPK"


# --- Pieces of pages ----------------------------------------------------------------------------

def page(t, name, default, limits):
    """What nearly every page has: the two forms of the query, and `=?`."""
    t.query(section(name), name, default)
    t.range(section(name), name, limits)


def bad(t, source, name, *texts):
    t.bad(source, name, "range", *texts)


def words(t, name, legal, default):
    """A command with one enumerated parameter."""
    source = section(name)
    page(t, name, quoted(default), f"<{','.join(map(quoted, legal))}>")
    for word in (*legal, default):
        t.set(source, name, quoted(word))
        t.set("at.md, a command line: quoted or bare", name, word, quoted(word))
    t.set("at.md, a command line: words in any case", name, quoted(legal[-1].swapcase()),
          quoted(legal[-1]))
    bad(t, source, name, '"XYZ"', "XYZ", f'"{legal[0]}X"', f'" {legal[0]}"', "1")
    bad(t, "at.md: empty", name, "", '""')
    bad(t, "at.md: count", name, f'"{legal[0]}","{legal[0]}"', f'"{legal[0]}",')
    unbalanced(t, name, legal[0])
    t.query("at.md: what is refused changes nothing", name, quoted(legal[-1]))


def unbalanced(t, name, text, after=""):
    bad(t, "at.md: a quote", name, f'"{text}{after}', f'{text}"{after}', f'"{text}"x{after}',
        f'"{text}""{after}', f'""{text}{after}', f'"{text}" {after}', f' "{text}"{after}')


def text(t, name, default, most, limits, least=1):
    """A command with one text. That it is as long as on cat1 is decided: 002 has no limits."""
    source = section(name)
    page(t, name, quoted(default), limits)
    t.set(source, name, quoted(default))
    t.set("at.md, a command line: quoted or bare", name, "x", '"x"')
    for text_ in ("y" * most, "[41]" * most):
        t.set(source, name, quoted(text_), quoted(text_.replace("[41]", "A")))
    bad(t, "at.md: bytes after unescaping; decided: cat1's limit", name, quoted("z" * (most + 1)),
        quoted("[42]" * (most + 1)), "z" * (most + 1))
    if least:
        bad(t, "at.md: empty", name, "", '""')
    escapes(t, name)
    unbalanced(t, name, "x")
    bad(t, "at.md: count; a bare comma separates", name, "a,b", '"a","b"', '"a",', ',"a"')


def escapes(t, name):
    for raw, answer in (("[0d][0A]", "[0D][0A]"), ("a[3F]", "a?"), ("?", "?"),
                        ("[5B]41]", "[5B]41]"), ("[5b]x", "[x"), ("[4g]", "[4g]"),
                        ("=x=", "=x="), (" s ", " s "), ("a[22]b", "a[22]b"),
                        ("a,b", "a,b"), (",", ","), ("a[2C]b", "a,b"), ("[[41]]", "[A]")):
        t.set("at.md, escaping", name, quoted(raw), quoted(answer))
    t.set("at.md, escaping", name, b'"\x80\xff"', b'"\x80\xff"')
    t.set("at.md: quoted or bare", name, "[22]b", '"[22]b"')


def no_zero_byte(t, name):
    bad(t, "at.md, escaping: 0x00", name, '"a[00]b"', b'"a\0b"', "[00]")


def number(t, name, default, low, high, limits, zero=False):
    page(t, name, default, limits)
    t.set(section(name), name, default)
    number_field(t, name, "", "", low, high, zero)
    bad(t, "at.md: count", name, f"{low},{low}", f"{low},")
    t.query("at.md: what is refused changes nothing", name, high)


def number_field(t, name, before, after, low, high, zero=False):
    """One number among the parameters of a command."""
    good, outside, wrong = conformance.numbers(low, high, zero)
    for text_, answer in good:
        t.set(section(name), name, before + text_ + after, before + answer + after)
    bad(t, section(name), name, *(before + text_ + after for text_ in outside + wrong + [""]))
    bad(t, "at.md: a number in quotes", name, f'{before}"{low}"{after}')


def hex_data(t, name, limits):
    page(t, name, quoted(HEX_DEFAULT), limits)
    t.set("002 3.3.2, 3.4.2", name, quoted(HEX_DEFAULT))
    t.set("at.md, a command line: quoted or bare", name, HEX_DEFAULT, quoted(HEX_DEFAULT))
    t.set("at.md: hex data is answered in upper case", name, '"0a0b0c"', '"0A0B0C"')
    t.set("at.md, escaping: 0x00 in hex data", name, '"00FF00"')
    t.set(section(name), name, quoted("5A" * 80))
    bad(t, section(name), name, quoted("5A" * 81), '"5"', '"5A5"', '"XY"', '"5A 5A"', '"[35]A"',
        "XY")
    bad(t, "at.md: empty", name, "", '""')
    bad(t, "at.md: count", name, '"5A","5A"')
    unbalanced(t, name, "5A")


def info(t, name, value):
    """A command that only tells."""
    t.query(section(name), name, value)
    no_set(t, name)


def no_set(t, name):
    for form in ("=?", "=1", "=", '="x"'):
        t.error("at.md: form not offered", f"AT+{name}{form}", "form")


def action(t, name):
    """What an action is not: it is not done either, for the session goes on."""
    for form in ("?", "=?", "=1", "=", '="x"'):
        t.error("at.md: form not offered", f"AT+{name}{form}", "form")


# --- The pages ----------------------------------------------------------------------------------

def grammar(t):
    for sent in ("AT", "at", "aT"):
        t.ok("at.md, a command line", sent)
    for sent in ("X", "A", "+++", "ATX", "AT VER", "AT+", "AT+=1", "AT+?", " AT", "AT ", "VER",
                 "?"):
        t.error("at.md: not AT at all", sent, "no_at")
    for sent in ("AT+NOSUCH", "AT+NOSUCH?", "AT+NOSUCH=?", "AT+NOSUCH=1", "AT+HEARTTMX", "AT+SOCKC",
                 "AT+ VER", "AT+VER ", "AT++VER", "AT+UARTFT", "AT+CSQ", "AT+HEART", "AT+SAFEATEN"):
        t.error("at.md: unknown name", sent, "unknown")
    for sent in ("AT+HEARTTM??", "AT+HEARTTM?1", "AT+HEARTTM?=1"):
        t.error("at.md, a command line: no form of a command", sent, "form")
    for sent in ("at+hearttm?", "AT+HeartTM", "aT+hEARTTM?"):
        t.add("002 4.2: case", sent, REPLIES.value("HEARTTM", "30"))
    t.add("at.md: an empty line is ignored", "\r\n\r\n\n\rAT", OK)
    t.add("at.md: several commands in one read", "AT\rAT+HEARTTM\nat+e?\r\nAT",
          OK + REPLIES.value("HEARTTM", "30") + REPLIES.value("E", '"off"') + OK)
    for end in ("\r", "\n", "\r\n"):
        t.add("at.md: one command, one reply", "AT+HEARTTM=30", OK, end.encode())


def line_length(t):
    """The longest legal line is a header of escaped bytes."""
    t.ok("at.md: the longest legal line", 'AT+HTPHD="' + "[61]" * 200 + '"')
    t.query("at.md: the longest legal line", "HTPHD", quoted("a" * 200))
    for length in (1000, 20000):
        t.error("at.md: a line too long is answered once", "AT+HEARTTM=60" + "0" * length, "no_at")
        t.error("at.md: a line too long is answered once", "x" * length, "no_at")
    t.query("at.md: nothing of a line too long is done", "HEARTTM", "30")


def management(t):
    for name in ("H", "Z", "ENTM"):
        action(t, name)
    t.query(section("E"), "E", '"off"')  # acts at once: the first case has set it
    t.range(section("E"), "E", '<"on","off">')
    bad(t, section("E"), "E", "X", "1", "", '"off')
    words(t, "WKMOD", ("CMD", "SMS", "NET", "HTTPD"), "NET")
    words(t, "CALEN", ("on", "off"), "off")
    words(t, "NATEN", ("on", "off"), "on")
    words(t, "UATEN", ("on", "off"), "on")
    text(t, "CMDPW", "usr.cn", 10, '<"password">')
    no_zero_byte(t, "CMDPW")
    words(t, "CACHEN", ("on", "off"), "on")
    text(t, "STMSG", "WH-LTE-7S1", 20, '<"welcome message">')
    no_zero_byte(t, "STMSG")
    t.set("at.md, escaping", "STMSG", '"[WH-G405tf]"')
    # the page's `=?` is empty: decided as on cat1, and so is the range
    number(t, "RSTIM", "1800", 60, 65535, "<0,60~65535(s)>", zero=True)


def configuration(t):
    for name in ("S", "RELD", "CLEAR", "CFGTF"):
        action(t, name)


def information(t):
    info(t, "SN", '"00402420011300024522"')
    info(t, "ICCID", '"8986003615195A571314"')
    info(t, "IMEI", '"864333040712457"')
    no_set(t, "VER")
    for form in ("", "?"):  # softdtu has no card that knows its number
        t.error(section("CNUM"), f"AT+CNUM{form}", "not_allowed")
    no_set(t, "CNUM")


def serial(t):
    rates = (2400, 4800, 9600, 14400, 19200, 28800, 33600, 38400, 57600, 115200, 230400, 460800,
             921600)
    default = '115200,"NONE",8,1,"NONE"'
    page(t, "UART", default, f"<{','.join(map(str, rates))}>"
         ',<"NONE","ODD","EVEN">,<7,8>,<1,2>,<"NONE","CRTS","RS485">')
    for rate in rates:
        t.set(section("UART"), "UART", f'{rate},"NONE",8,1,"NONE"')
    for text_ in ('9600,"ODD",7,2,"CRTS"', '9600,"EVEN",8,1,"RS485"', default):
        t.set(section("UART"), "UART", text_)
        t.set("at.md, a command line: quoted or bare", "UART", text_.replace('"', ""), text_)
        t.set("at.md, a command line: words in any case", "UART", text_.lower(), text_)
    bad(t, section("UART"), "UART", *(f'{rate},"NONE",8,1,"NONE"' for rate in
                                      (0, 1200, 2399, 9601, 921601, -9600, "+9600", "x", "",
                                       "4294976896", '"9600"')))
    bad(t, section("UART"), "UART", '9600,"MARK",8,1,"NONE"', '9600,"",8,1,"NONE"',
        '9600,"NONE",6,1,"NONE"', '9600,"NONE",9,1,"NONE"', '9600,"NONE",,1,"NONE"',
        '9600,"NONE",8,0,"NONE"', '9600,"NONE",8,3,"NONE"', '9600,"NONE",8,x,"NONE"',
        '9600,"NONE","8",1,"NONE"', '9600,"NONE",8,"1","NONE"', '9600,"NONE",8,1,"FCR"',
        '9600,"NONE",8,1,""', '9600,"NONE",8,1,')
    bad(t, "at.md: count", "UART", "", "9600", '9600,"NONE"', '9600,"NONE",8,1',
        default + ',"NONE"')
    words(t, "RFCEN", ("on", "off"), "off")


def access_point(t):
    text(t, "APN", "CMNET", 50, '<"code">', least=0)
    no_zero_byte(t, "APN")
    t.set("decided: empty as on cat1", "APN", '""')
    t.set("decided: empty as on cat1", "APN", "", '""')


def server(t, name, before=""):
    """An address and a port. That an address has up to 100 bytes is decided, as on cat1."""
    source = section(name)
    for address in ("x", "y" * 100, "1.2.3.4", "a,b", "a[22]b"):
        t.set(source, name, f'{before}"{address}",80')
    t.set("at.md, a command line: quoted or bare", name, f"{before}host,80", f'{before}"host",80')
    bad(t, source, name, f'{before}"{"z" * 101}",80', f'{before}"",80', f"{before},80",
        f'{before}"a[00]b",80')
    number_field(t, name, f'{before}"host",', "", 1, 65535)
    unbalanced(t, name, "host", ",80")
    bad(t, "at.md: count", name, "", f'{before}"host"', f'{before}"host",80,1',
        f'{before}"host",80,')


def sockets(t):
    for letter in "AB":
        name = f"SOCK{letter}"
        page(t, name, '"TCP","test.usr.cn",2317', '<"TCP","UDP">,<"address">,<port>')
        for text_ in ('"TCP","test.usr.cn",10000', '"TCP","cloud.usr.cn",15000',
                      '"UDP","192.168.0.201",65535'):
            t.set("002 3.2.1.2, 3.5.2", name, text_)
            t.set("at.md, a command line: quoted or bare", name, text_.replace('"', ""), text_)
        t.set("at.md, a command line: words in any case", name, '"tcp","Test",1', '"TCP","Test",1')
        bad(t, section(name), name, '"TCPS","host",80', '"","host",80', ',"host",80', "80",
            '"TCP"')
        server(t, name, '"TCP",')
        words(t, f"SOCK{letter}EN", ("on", "off"), "off" if letter == "B" else "on")
        words(t, f"SOCK{letter}SL", ("short", "long"), "long")
        info(t, f"SOCK{letter}LK", '"disconnected"')
    words(t, "SOCKIDEN", ("on", "off"), "off")


def registration(t):
    words(t, "REGEN", ("on", "off"), "off")
    words(t, "REGTP", ("ICCID", "IMEI", "REGID", "REGDT"), "REGDT")
    # decided: the manual says nothing of its default and its range, at.md neither
    number(t, "REGID", "0", 1, 65535, "<id>", zero=True)
    hex_data(t, "REGDT", "<data>")
    words(t, "REGSND", ("link", "data", "link&data"), "link")


def heartbeat(t):
    words(t, "HEARTEN", ("on", "off"), "on")
    hex_data(t, "HEARTDT", '<"data">')
    words(t, "HEARTTP", ("COM", "NET"), "NET")
    number(t, "HEARTTM", "30", 1, 65535, '<"time">')
    t.ok("002 3.4.2", "AT+HEARTTM=30")


def http(t):
    words(t, "HTPTP", ("GET", "POST"), "GET")
    t.set("002 3.2.2.2", "HTPTP", '"get"', '"GET"')
    text(t, "HTPURL", "/1.php?", 100, '<"URL">')
    no_zero_byte(t, "HTPURL")
    page(t, "HTPSV", '"test.usr.cn",80', '<"address">,<port>')
    t.set("002 3.2.2.2", "HTPSV", '"www.usr.cn",80')
    server(t, "HTPSV")
    text(t, "HTPHD", "Accept:text/html[0D][0A]", 200, '<"head">')
    t.set("002 3.2.2.2", "HTPHD", '"Accept:text/html[0D][0A]Accept-Language:zh-CN[0D][0A]'
          'User-Agent: Mozilla/5.0[0D][0A]Connection: Keep-Alive[0D][0A]"')
    t.set("002 3.2.2.2: [20] is a space", "HTPHD", '"a[20]b"', '"a b"')
    t.set("at.md, escaping: 0x00 in a header", "HTPHD", '"a[00]b"')
    t.set("at.md, escaping: 0x00 in a header", "HTPHD", b'"a\0b"', '"a[00]b"')
    words(t, "HTPPK", ("on", "off"), "on")


def messages(t):
    text(t, "DSTNUM", "1008610010", 20, '<"number">')
    no_zero_byte(t, "DSTNUM")
    t.range(section("SMSSEND"), "SMSSEND", '<"number">,<1,2,3>,<"data">')
    for form in ("", "?"):
        t.error("at.md: form not offered", f"AT+SMSSEND{form}", "form")
    # there is nobody to send it: not allowed, and what is wrong is an error as well
    bad(t, section("SMSSEND"), "SMSSEND", '"10086",1,"hello"', '"10086",4,"hello"',
        '"10086","1","hello"', '"10086",1', "", '"",1,"hello"', '"10086",1,"hello",1')


def cloud(t):
    words(t, "CLOUDEN", ("on", "off"), "off")
    t.ok("002 3.5.2: its name of CLOUDEN", 'AT+CLOUDEDN="ON"')
    t.query("002 3.5.2: its name of CLOUDEN", "CLOUDEN", '"on"')
    for name, good, limits in (("CLOUDID", "10011111100000111111", '<"id">'),
                               ("CLOUDPA", "0000test", '<"pass">')):
        page(t, name, '""', limits)  # at.md: as on cat1, where the two are empty
        t.set("002 3.5.2", name, quoted(good))
        t.set("at.md, a command line: quoted or bare", name, good, quoted(good))
        t.set("at.md, escaping", name, quoted(good[1:] + "[0d]"), quoted(good[1:] + "[0D]"))
        bad(t, section(name), name, quoted(good[1:]), quoted(good + "1"), "", '""', good + ",1",
            quoted(good[1:] + "[00]"))
        unbalanced(t, name, good)


# --- Scenarios ----------------------------------------------------------------------------------

def tables(suite):
    with suite.module("--identity", IDENTITY) as m:
        for add in (grammar, management, configuration, information, serial, access_point, sockets,
                    registration, heartbeat, http, messages, cloud, line_length):
            t = conformance.Table(PROFILE)
            add(t)
            m.table(t.cases)
        version(suite, m)
        help_lists_all(suite, m)


def version(suite, m):
    """The manual has no example of it."""
    for sent in (b"AT+VER\r", b"AT+VER?\r\n"):
        with suite.scenario("002 4.2.1.17"):
            m.user.write(sent)
            got = m.user.read_until(rb"\r\nOK\r\n")
            suite.count(VERSION.fullmatch(got), "002 4.2.1.17", sent, got)


def help_lists_all(suite, m):
    m.user.write(b"AT+H\r")
    got = m.user.read_until(rb"\r\n\r\nOK\r\n").decode()
    suite.count(got.startswith("\r\n") and got.endswith("\r\n\r\nOK\r\n"), "002 4.2.1.1", got[:80])
    listed = re.findall(r"^AT\+(\w+)", got, re.M)
    for name in COMMANDS:
        suite.count(listed.count(name) == 1, f"002 4.2.1.1: lists {name}", listed)
    suite.count(sorted(listed) == sorted(COMMANDS), "002 4.2.1.1: lists nothing else", listed)
    m.run(conformance.Case("002 4.2.1.1: nothing more comes", "AT", OK))


def echo(suite):
    with suite.module() as m:
        m.run(conformance.Case("002 4.2.1.3", 'AT+E="on"', OK))
        for sent, end, reply in (("AT", b"\r\n", OK), ("at+e?", b"\r", REPLIES.value("E", '"on"')),
                                 ("AT+E", b"\n", REPLIES.value("E", '"on"')),
                                 ("AT+HEARTTM=x", b"\r", ERROR), ("AT+NOSUCH", b"\n", ERROR)):
            m.run(conformance.Case("at.md, replies: echo", sent, sent.encode() + end[:1] + reply,
                                   end))
        m.run(conformance.Case("at.md: an empty line is ignored, silently", "\r\n\r\n\r\nAT",
                               b"AT\r" + OK, b"\r\n"))
        with suite.scenario("at.md, saving: E is stored at once"):
            m.user.echo = True
            m.user.restart("AT+Z")
            m.user.enter()
            m.user.command('AT+E="off"')
            m.user.echo = False
            m.user.restart("AT+Z")
            m.user.enter()
            m.user.command("AT")


def saving(suite):
    for part in (forget, save, defaults, clear):
        with state_dir() as state:
            again(suite, state, lambda user: (setattr(user, "echo", True),
                                              user.command('AT+E="off"')))
            part(suite, state)


def forget(suite, state):
    def change(user):
        user.command("AT+HEARTTM=100")
        expect_value(user, "HEARTTM", "100")
        user.restart("AT+Z")
        user.enter()
        expect_value(user, "HEARTTM", "30")

    with suite.scenario("at.md, saving: Z loses what S has not saved"):
        again(suite, state, change)


def save(suite, state):
    def change(user):
        user.command("AT+HEARTTM=100")
        user.command('AT+STMSG="a[0D][0A]b,[22]"')
        user.command("AT+S", end="\r")
        user.command("AT")  # S does not restart here
        user.command("AT+Z", end="\r")
        user.expect(b'\r\na\r\nb,"\r\n')
        user.enter()
        expect_value(user, "HEARTTM", "100")
        user.command('AT+STMSG="WH-LTE-7S1"')
        user.command("AT+S")

    with suite.scenario("002 4.2.1.13, at.md: S saves and does not restart; the greeting"):
        again(suite, state, change)
    with suite.scenario("at.md, saving: what was saved survives a power cut"):
        again(suite, state, lambda user: expect_value(user, "HEARTTM", "100"))
    with suite.scenario("at.md, saving: a power cut loses what S has not saved"):
        again(suite, state, lambda user: user.command("AT+HEARTTM=200"))
        again(suite, state, lambda user: expect_value(user, "HEARTTM", "100"))


def defaults(suite, state):
    """CFGTF makes the pending set the user's default, RELD brings it back."""
    def make(user):
        user.command("AT+RELD")  # no user default yet: the factory's
        expect_value(user, "HEARTTM", "30")
        user.command('AT+E="off"')
        user.command("AT+HEARTTM=200")
        user.command("AT+CFGTF")
        user.command("AT+HEARTTM=300")
        user.command("AT+S")

    def bring_back(user):
        expect_value(user, "HEARTTM", "300")
        user.command("AT+RELD")
        user.command("AT")  # no restart
        expect_value(user, "HEARTTM", "200")

    def forget_again(user):
        expect_value(user, "HEARTTM", "200")
        user.command("AT+CLEAR")
        user.command("AT")  # no restart
        expect_value(user, "HEARTTM", "30")
        user.command("AT+RELD")
        expect_value(user, "HEARTTM", "200")

    for source, check in (("002 4.2.1.16: CFGTF", make), ("002 4.2.1.14: RELD", bring_back),
                          ("002 4.2.1.15: CLEAR keeps the user's default", forget_again)):
        with suite.scenario(source):
            again(suite, state, check)


def clear(suite, state):
    """That the factory settings are stored at once is decided: a power cut must not undo them."""
    def reset(user):
        user.command("AT+HEARTTM=200")
        user.command("AT+S")
        user.command("AT+CLEAR")
        user.command("AT")  # no restart, no echo yet
        expect_value(user, "HEARTTM", "30")
        expect_value(user, "E", '"on"')

    def back(user):
        user.echo = True
        user.command("AT+HEARTTM?", REPLIES.value("HEARTTM", "30").decode())

    with suite.scenario("002 4.2.1.15: CLEAR"):
        again(suite, state, reset)
    with suite.scenario("002 4.2.1.15: CLEAR, then a power cut"):
        again(suite, state, back)


def command_work_mode(suite):
    """WKMOD CMD: the module starts in command mode; ENTM leaves it until restart."""
    peer = harness.Peer().listen()
    with suite.scenario("at.md 8: WKMOD CMD"), suite.module(settings=['SOCKAEN=off']) as m:
        m.user.command(f'AT+SOCKA="TCP",{peer.target}')
        m.user.command('AT+SOCKAEN="on"')
        m.user.command('AT+WKMOD="CMD"')
        m.user.command("AT+S")
        m.user.restart("AT+Z")
        m.user.command("AT")
        connection = peer.accept()
        m.program.wait_log("socket A: connected")
        expect_value(m.user, "SOCKALK", '"connected"')
        m.user.command("AT+ENTM", end="\r")
        m.user.write(b"data")
        connection.expect(b"data")
        m.user.enter()
        m.user.restart("AT+Z")
        m.user.command("AT")
    peer.close()


# --- AT inside the data stream ------------------------------------------------------------------

def in_stream(suite):
    peers, module = wired(suite, 2)
    with module as m:
        w = Wired(suite, m, peers)
        w.answered("002 4.1.2", b"usr.cn#AT+HEARTTM\r", REPLIES.value("HEARTTM", "30"))
        w.answered("002 4.1.2: any case", b"usr.cn#at+sockalk?\r",
                   REPLIES.value("SOCKALK", '"connected"'))
        for end in (b"\r", b"\r\n", b"\n"):  # decided: what ends a line ends it here too
            w.answered("002 4.1.2; at.md, a command line: its end", b"usr.cn#AT" + end, OK)
        w.answered("002 4.1.2: errors too", b"usr.cn#AT+NOSUCH\r", ERROR)
        w.answered("002 4.1.2: sets", b"usr.cn#AT+HEARTTM=77\r", OK)
        w.answered("002 4.1.2: sets", b"usr.cn#AT+HEARTTM\r", REPLIES.value("HEARTTM", "77"))
        w.answered("at.md, replies: no echo in the data stream", b'usr.cn#AT+E="on"\r', OK)
        w.answered("at.md, replies: no echo in the data stream", b"usr.cn#AT+E\r",
                   REPLIES.value("E", '"on"'))
        for sent in (b"usr.cnAT+VER\r", b"usr.cm#AT+VER\r", b"USR.CN#AT+VER\r", b"AT+VER\r",
                     b"xusr.cn#AT+VER\r", b"usr.cn##AT+VER\r", b"usr.cn# AT+VER\r"):
            w.data("at.md, data stream: not the password", sent)
        for sent in (b"usr.cn#AT+VER", b"usr.cn#", b"usr.cn#VER\r", b"usr.cn#AT+VER\rmore",
                     b"usr.cn#\r", b"usr.cn#AT+VER\rusr.cn#AT+VER\r"):
            w.data("at.md, data stream: not a whole command", sent)
        network(w)
        w.answered("at.md, saving: a new password works after restart",
                   b'usr.cn#AT+CMDPW="secret"\r', OK)
        w.data("at.md, saving: a new password works after restart", b"secret#AT+CMDPW\r")
        w.answered("at.md, saving: a new password works after restart", b"usr.cn#AT+CMDPW\r",
                   REPLIES.value("CMDPW", '"secret"'))
        with suite.scenario("002 4.1.2: actions"):
            m.user.write(b"usr.cn#AT+Z\r")
            m.user.expect(OK + GREETING)


def network(w):
    for index in (0, 1):
        w.net_answered("002 4.1.3", b"usr.cn#AT+HEARTTM\r", REPLIES.value("HEARTTM", "77"), index)
        w.net_answered("002 4.1.3: sets", b"usr.cn#AT+HEARTTM=77\r", OK, index)
        w.net_answered("002 4.1.3: errors too", b"usr.cn#AT+VER=1\r", ERROR, index)
        for sent in (b"usr.cm#AT+VER\r", b"AT+VER\r", b"usr.cn#AT+VER", b"xusr.cn#AT+VER\r"):
            w.net_data("at.md, data stream: goes through", sent, index)


def in_stream_off(suite):
    peers, module = wired(suite, 1, "UATEN=off", "NATEN=off")
    with module as m:
        w = Wired(suite, m, peers)
        w.data("002 4.2.1.8: UATEN off", b"usr.cn#AT+CMDPW\r")
        w.net_data("002 4.2.1.7: NATEN off", b"usr.cn#AT+CMDPW\r")
    peers, module = wired(suite, 1, 'CMDPW="p[23],"')
    reply = REPLIES.value("CMDPW", '"p#,"')
    with module as m:
        w = Wired(suite, m, peers)
        w.answered("002 4.2.1.9: another password", b"p#,#AT+CMDPW\r", reply)
        w.net_answered("002 4.2.1.9: another password", b"p#,#AT+CMDPW\r", reply)
        w.data("002 4.2.1.9: another password", b"usr.cn#AT+CMDPW\r")


def main():
    suite = conformance.Suite(PROFILE)
    for scenario in (tables, echo, saving, command_work_mode, in_stream, in_stream_off):
        suite.part(scenario)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
