# SPDX-License-Identifier: MIT
"""Every command of the USR-K7: manual 003, form 5.3.4-1 and section 5.3.5, as at.md settles them.
Each case names the place that its expected reply is from.

Where the texts are silent a comment says what is asserted, and docs/conformance.md lists it.
"""
import select
import socket
import tempfile

import conformance
import harness
from conformance import Case, Suite, Table
from fields import choice, ip, number, page, text, word

PROFILE = "k7"
T = Table(PROFILE).replies
OK = T.ok()
FACTORY_MAC = "D8B04CC00D65"  # of the examples in 5.1.2
IDENTITY = ("--identity", f"mac={FACTORY_MAC}", "--net-at-port", "0")
OFFLINE = ("SOCKA=HTPC,127.0.0.1,1",)

ON_OFF = word("ON", "OFF")
PORT = number(1, 65535)
# at.md, escaping: <<CRLF>> and <<CRLR>> are CR LF, nothing else is escaped; there is no quoting;
# at.md, grammar: the last parameter, when it is a text, takes the rest of the line.
TEXTS = (("a,b", "a,b"), (",", ","), ("a=b", "a=b"), ("a?", "a?"), ("??", "??"), ("=", "="),
         ("[41]", "[41]"), ('"a"', '"a"'), (" a b ", " a b "), ("<<CR>>", "<<CR>>"), ("<<", "<<"),
         ("<<crlf>>", "<<crlf>>"), ("<<CRLF>>", "<<CRLF>>"), ("a<<CRLR>>b", "a<<CRLF>>b"),
         ("<<<CRLF>>>", "<<<CRLF>>>"), ("<<CRL", "<<CRL"))


def line(low, high, *also_bad):
    """A last text. Lengths count bytes after unescaping, and CR LF is two."""
    fits = [p for p in TEXTS if low <= len(meant(p[0])) <= high]
    edge = "<<CRLF>>" + "a" * (high - 2)
    return text(low, high, *fits, (edge, edge),
                bad=("<<CRLF>>" + "a" * (high - 1), *also_bad))


NO_NULL = b"a\x00"  # at.md, escaping: legal in headers only


def meant(sent):
    return sent.replace("<<CRLF>>", "\r\n").replace("<<CRLR>>", "\r\n")


def inner(low, high):
    """A text with others behind it: a comma ends it."""
    return text(low, high, *[p for p in TEXTS if low <= len(meant(p[0])) <= high and
                             "," not in p[0]], bad=(b"a\x00",))


SOCKET_WORDS = ("TCPS", "TCPC", "UDPS", "UDPC", "HTPC")
# What a page says, and its example set. A name with an N is for a serial port: it may carry a 1.
# The default is None where neither the manual nor at.md has one.
SETTINGS = [
    ("WANN", 7, False, "static,192.168.0.7,255.255.255.0,192.168.0.1",
     "static,192.168.0.7,255.255.255.0,192.168.0.1", [word("static", "DHCP"), ip(), ip(), ip()]),
    ("DNS", 8, False, "192.168.0.1", "208.67.222.222", [ip()]),
    ("WEBU", 9, False, "admin,admin", "admin,admin", [inner(1, 5), line(1, 5, NO_NULL)]),
    ("WEBPORT", 10, False, "80", "80", [PORT]),
    ("SEARCH", 11, False, "48899,www.usr.cn", "48899,www.usr.cn", [PORT, line(1, 20, NO_NULL)]),
    ("PLANG", 12, False, "en", "CN", [word("cn", "en")]),
    ("UART", 13, True, "115200,8,1,NONE,NFC", "115200,8,1,NONE,NFC",
     [number(600, 1000000, 9600, 380400, 12345), choice(5, 6, 7, 8), choice(1, 2),
      word("NONE", "EVEN", "ODD", "MARK", "SPACE"), word("NFC", "FCH", "FCR")]),
    ("UARTTL", 14, True, "0,0", "0,0", [number(0, 255), number(0, 1460)]),
    ("SOCKA", 15, True, "TCPS,192.168.0.201,23", "TCPC,192.168.0.201,8234",
     [word(*SOCKET_WORDS), inner(1, 30), number(1, 65534)]),
    ("SOCKB", 15, True, None, "TCPC,192.168.0.201,8234",
     [word(*SOCKET_WORDS), inner(1, 30), number(1, 65534)]),
    ("WEBSOCKPORT", 17, True, "6432", "123", [PORT]),
    ("REGEN", 18, True, "OFF", "USR", [word("USR", "MAC", "CLOUD", "OFF")]),
    ("REGTCP", 19, True, None, "all", [word("First", "Every", "ALL")]),
    ("REGUSR", 20, True, None, "12345", [line(1, 40, NO_NULL)]),
    ("HTPTP", 22, True, None, "GET", [word("GET", "POST")]),
    ("HTPURL", 23, True, None, "1/PHP", [line(1, 100, NO_NULL)]),
    ("HTPHEAD", 24, True, None, "Accept:text<<CRLF>>", [line(1, 180)]),
    ("HTPCHD", 25, True, None, "ON", [ON_OFF]),
    ("HEARTEN", 26, True, "OFF", "ON", [ON_OFF]),
    ("HEARTTP", 27, True, None, "NET", [word("NET", "COM")]),
    ("HEARTTM", 28, True, "30", "30", [number(1, 65535)]),
    ("HEARTDT", 29, True, None, "www.usr.cn.", [line(1, 40, NO_NULL)]),
    ("MID", 31, False, "USR-K7", "USR-tcp232-410s", [line(1, 15, NO_NULL)]),
    ("RFCEN", 33, True, "OFF", "ON", [ON_OFF]),
    ("SOCKSL", 34, True, "OFF", "ON", [ON_OFF]),
    ("SHORTO", 35, True, "3", "3", [number(2, 255)]),
    ("RSTIM", 36, False, "3600", "3600", [number(60, 65535, also=(0,))]),
    ("UARTCLBUF", 37, False, "OFF", "ON", [ON_OFF]),
    ("SOCKTO", 38, True, "86400", "86400", [number(1, 99999)]),
    ("MODTCP", 39, True, "OFF", "ON", [ON_OFF]),
    ("MODPOLL", 40, True, "OFF", "ON", [ON_OFF]),
    ("MODTO", 41, True, "200", "200", [number(200, 9999)]),
    ("NETPR", 42, True, "OFF", "ON", [ON_OFF]),
    ("UDPON", 43, True, "OFF", "ON", [ON_OFF]),
]
# at.md, defaults; 4.4.8, 4.4.9, 4.4.10 and form 1.3-1 for some.
BY_ITSELF = ("SEARCH", "REGUSR", "HTPURL", "HTPHEAD", "HEARTDT", "MID", "WEBU")
ACTIONS = [("Z", 2), ("ENTM", 4), ("RELD", 6), ("CFGTF", 44)]
# 5.2: the current version is 3016; the page's own example; MAC and the address are softdtu's.
INFOS = [("VER", 3, "3016"), ("MAC", 5, FACTORY_MAC), ("PDTIME", 30, "2016-10-18 11:20:02"),
         ("SOCKLKB", 16, "IDLE")]  # A's default is a server: see link_states, server_states
WITH_PORT = [name for name, _, has_port, *_ in SETTINGS if has_port] + [
    "SOCKLKA", "SOCKLKB", "REGCLOUD", "HEARTUSER", "REGUSER", "RECEN"]
WITHOUT_PORT = ["E", "Z", "VER", "ENTM", "MAC", "RELD", "WANN", "DNS", "USERMAC", "WEBU", "WEBPORT",
                "SEARCH", "PLANG", "PDTIME", "MID", "RSTIM", "UARTCLBUF", "CFGTF"]


def item(number_):
    return f"003 5.3.5 item {number_}"


def defaults():
    t = Table(PROFILE)
    for name, where, has_port, default, _, _ in SETTINGS:
        if default is None:
            continue
        t.query(f"{item(where)} and at.md, default", name, default)
        if has_port:
            t.query(f"{item(where)} and at.md, k7 suffixes", f"{name}1", default)
    t.query(f"{item(1)}; at.md, defaults", "E", "off")
    for name, where, value in INFOS:
        t.query(item(where), name, value)
    return t.cases


def no_ranges():
    """at.md, replies: k7 has no =?."""
    t = Table(PROFILE)
    names = [s[0] for s in SETTINGS] + [i[0] for i in INFOS] + [a[0] for a in ACTIONS] + [
        "E", "USERMAC", "PING", "REGCLOUD", "REGUSER", "HEARTUSER", "RECEN", "UART1", "SOCKA1"]
    for name in names:
        t.error("at.md, replies: =? is -3", f"AT+{name}=?", "form")
    return t.cases


def grammar():
    t = Table(PROFILE)
    t.ok("at.md, grammar: AT on k7 answers +OK", "AT")
    for sent in ("at", "At", "aT"):
        t.ok("at.md, a command line: either case", sent)
    for sent in ("at+ver", "AT+Ver?", "aT+vEr", "At+VER?"):
        t.add("at.md, a command line: either case", sent, t.replies.value("VER", "3016"))
    for sent in ("X", "A", "T", "?", " ", " AT", "+VER", "AAT+VER", "VER", "www.usr.cn", b"\x00AT",
                 b"\xff", "x" * 5000, "ATX", "AT VER", "AT+", "AT+=1", "AT+?", "AT+=?", "AT?",
                 "AT=1", "AT-VER", "ATVER", "AT ", "AT +SOCKSL"):
        t.error("003 form 5.3.3-1: -1, format; at.md, grammar", sent, "no_at")
    for sent in ("AT+MID=" + "a" * 5000, "AT+SHORTO=9" + " " * 5000, "AT+" + "A" * 3000):
        t.error("at.md, a command line: too long a line", sent, "no_at")
    t.query("at.md, a command line: nothing of it is executed", "SHORTO", "3")
    for name in ("FOO", "VERS", "VE", "V", "S", "H", "CLEAR", "WKMOD", "SOCK", "SOCKLK", "SOCK1",
                 "WAN", " VER", "VER ", "UARTN", "UARTTLN", "SOCKMN", "REGENN", "SOCKTONN", "E ",
                 "A" * 100):
        for form in ("", "?", "=?", "=1", "=1,2,3"):
            t.error("003 form 5.3.3-1: -2, order", f"AT+{name}{form}", "unknown")
    t.error("003 form 5.3.3-1: -2", b"AT+V\x00R", "unknown")
    t.error("003 form 5.3.3-1: -2", b"AT+VER\x00", "unknown")
    for form in ("?x", "??", "?=", "?=1", "?,"):
        t.error("003 form 5.3.3-1: -3, operator", f"AT+SHORTO{form}", "form")
        t.error("003 form 5.3.3-1: -3, operator", f"AT+VER{form}", "form")
        t.error("at.md, grammar: names come first", f"AT+FOO{form}", "unknown")
    t.ok("at.md, a command line: an empty line is ignored", b"\r\n\r\r\n\n\nAT")
    for end in (b"\r", b"\n", b"\r\n"):
        t.add("at.md, a command line: terminator", "AT+VER", t.replies.value("VER", "3016"), end)
        several = end.join((b"AT+VER", b"AT", b"AT+FOO", b"", b"AT+VER=1", b"AT+SHORTO=", b"ATX",
                            b"AT+VER?"))
        version = t.replies.value("VER", "3016")
        t.add("at.md, grammar: several commands in one read", several,
              version + OK + t.replies.error("unknown") + t.replies.error("form")
              + t.replies.error("missing") + t.replies.error("no_at") + version, end)
    return t.cases


def suffixes():
    """at.md, k7 port and socket suffixes."""
    t = Table(PROFILE)
    where = "at.md, k7 suffixes"
    for name in WITH_PORT:
        for n in ("0", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "21", "4294967297",
                  "18446744073709551617"):
            for form in ("", "?", "=1"):
                t.error(f"{where}: no port of this module", f"AT+{name}{n}{form}", "range")
        for n in ("A", "1A", "-1", "1 ", "N", ".1"):
            t.error(f"{where}: no number", f"AT+{name}{n}", "unknown")
    for name in WITHOUT_PORT:
        for n in "128":
            for form in ("", "?", "=1"):
                t.error(f"{where}: has no port", f"AT+{name}{n}{form}", "unknown")
    for m in "CDEFGH":
        for n in ("", "1", "2", "9"):
            for name in (f"SOCK{m}{n}", f"SOCKLK{m}{n}"):
                for form in ("", "?", "=TCPC,192.168.0.201,8234"):
                    t.error(f"{where}: no socket of this module", f"AT+{name}{form}", "range")
    for m in "IJMNZ":
        for n in ("", "1", "2"):
            for name in (f"SOCK{m}{n}", f"SOCKLK{m}{n}"):
                t.error(f"{where}: a letter past H", f"AT+{name}", "unknown")
    t.error(f"{where}: either case", "at+sockc1", "range")
    t.error("003 item 45; at.md, k7 suffixes", "AT+PING2=www.baidu.com", "range")
    return t.cases


def settings():
    t = Table(PROFILE)
    for name, where, has_port, default, example, fields in SETTINGS:
        known = {"PLANG": "cn", "REGTCP": "ALL"}.get(name, example)
        t.set(f"{item(where)}, example", name, example, known)
        names = [name, f"{name}1", f"{name.lower()}1"] if has_port else [name, name.lower()]
        for other in names:
            t.query(f"{item(where)}; at.md, k7 suffixes", other, known)
        parts = known.split(",") if len(fields) > 1 else [known]
        rest = name in BY_ITSELF
        page(t, item(where), names[1] if has_port else name, parts, fields, more=not rest,
             fewer=name != "WANN")
        if default is not None:
            t.set(f"{item(where)}, default", name, default)
    return t.cases


def wan():
    """Item 7: DHCP ignores address, mask and gateway, so they may be left out or empty; a static
    address has all of them. What a query says of them under DHCP is nowhere: they are kept."""
    t = Table(PROFILE)
    old = "192.168.0.7,255.255.255.0,192.168.0.1"
    t.set(item(7), "WANN", f"static,{old}")
    t.set(item(7), "WANN", "DHCP", f"DHCP,{old}")
    t.set(item(7), "WANN", "dhcp,,,", f"DHCP,{old}")
    t.set(item(7), "WANN", f"DHCP,{old}")
    t.bad(item(7), "WANN", "range", "DHCP,1.2.3.4,x,1.2.3.4", "DHCP,,,,", "auto", "STAT")
    t.bad(f"{item(7)}: too few for a static address", "WANN", "count", "static",
          "static,1.2.3.4", "static,1.2.3.4,255.0.0.0", "static,,,", "static,1.2.3.4,,1.2.3.1",
          "static,,255.0.0.0,1.2.3.4", "static,1.2.3.4,255.0.0.0,")
    t.query(f"{item(7)}: what is refused changes nothing", "WANN", f"DHCP,{old}")
    t.set(item(7), "WANN", f"static,{old}")
    return t.cases


def cloud():
    """Item 21 has no lengths; frames.md: a device id of 20 bytes, a password of 8, as its example.
    The password may have a comma: it is the last text."""
    t = Table(PROFILE)
    t.set(f"{item(21)}, example", "REGCLOUD1", "12345678901234567890,12345786")
    t.query(item(21), "REGCLOUD", "12345678901234567890,12345786")
    t.set("at.md, grammar: the last text takes commas", "REGCLOUD", "12345678901234567890,1234,678")
    t.bad(item(21), "REGCLOUD", "range", "", ",", "12345678901234567890", "12345678901234567890,",
          ",12345678", "123456789012345678901,12345678", "12345678901234567890,123456789")
    t.query(f"{item(21)}: what is refused changes nothing", "REGCLOUD",
            "12345678901234567890,1234,678")
    return t.cases


def packet(user, plain, number_, plain_number):
    """Items 29 and 46, 20 and 47; at.md: one stored value, the USER form shows data,type. What the
    other form shows of HEX data is nowhere: its digits, for the bytes could end a line."""
    t = Table(PROFILE)
    where, other = item(number_), f"{item(plain_number)}; at.md: one stored value"

    def both(sent, data, kind):
        t.set(where, user, sent, f"{data},{kind}")
        t.query(where, f"{user}1", f"{data},{kind}")
        t.query(other, plain, data)
        t.query(other, f"{plain}1", data)

    both("01020305,HEX", "01020305", "HEX")
    both("abcdef,hex", "ABCDEF", "HEX")
    both("fF" * 40 + ",HEX", "FF" * 40, "HEX")
    both("00,Hex", "00", "HEX")
    both("www.usr.cn,ASCII", "www.usr.cn", "ASCII")
    both("a,b,ascii", "a,b", "ASCII")
    both(",ASCII,ASCII", ",ASCII", "ASCII")
    both("a" * 40 + ",ASCII", "a" * 40, "ASCII")
    both("a<<CRLR>>,ASCII", "a<<CRLF>>", "ASCII")
    both("01020305,ASCII", "01020305", "ASCII")
    for bad in ("", "a", "ASCII", ",ASCII", ",HEX", "a,", ",", "a,TEXT", "a,ASCI", "a,ASCII,",
                "a,ASCII ", "a, ASCII", "0,HEX", "012,HEX", "0g,HEX", "01 02,HEX", "01,02,HEX",
                "a" * 41 + ",ASCII", "<<CRLF>>" + "a" * 39 + ",ASCII", "00" * 41 + ",HEX",
                "0" * 79 + ",HEX", b"\x00,ASCII"):
        t.bad(f"{where}: 40 bytes of ASCII or 80 digits; at.md, ranges", user, "range", bad)
    t.query(f"{where}: what is refused changes nothing", user, "01020305,ASCII")
    t.set(other, plain, "x,HEX")
    t.query(where, user, "x,HEX,ASCII")
    t.set(other, plain, "41,ASCII")
    t.query(where, user, "41,ASCII,ASCII")
    return t.cases


def aliases():
    t = Table(PROFILE)
    where = "003 form 5.3.4-1 number 33; at.md, names"
    t.set(where, "RECEN", "ON")
    t.query(where, "RFCEN1", "ON")
    t.set(where, "RECEN1", "off", "OFF")
    t.query(where, "RFCEN", "OFF")
    t.bad(where, "RECEN", "range", "", "1", "ON,ON")
    return t.cases


def time_limits():
    """at.md, ranges, where the manual contradicts itself."""
    t = Table(PROFILE)
    t.bad("4.4.8 and item 36; at.md, ranges", "RSTIM", "range",
          *(str(n) for n in range(1, 60)), "65536")
    t.query("4.4.8 and item 36; at.md, ranges", "RSTIM", "3600")
    for name in ("SOCKA", "SOCKB"):
        t.bad("item 15: less than 65535", name, "range", "TCPC,192.168.0.201,65535",
              "TCPC,192.168.0.201,0")
    t.bad("item 15: TCPS to HTPC", "SOCKA", "range", "NONE,192.168.0.201,23")
    return t.cases


def infos():
    t = Table(PROFILE)
    for name, where, value in INFOS:
        for form in ("=1", "=", "=,", f"={value}", "=ON"):
            t.error(f"{item(where)}: no set", f"AT+{name}{form}", "form")
    t.query(item(16), "SOCKLKB1", "IDLE")
    for name in ("SOCKLKA", "SOCKLKA1", "SOCKLKB1"):
        t.error(f"{item(16)}: no set", f"AT+{name}=1", "form")
    return t.cases


def actions():
    """at.md, grammar: `?` and a value after an action are -3, and it is not done."""
    t = Table(PROFILE)
    t.set("at.md, grammar: actions", "SHORTO", "7")
    for name, where in ACTIONS:
        for form in ("?", "=", "=1", "=ON", "=saved"):
            t.error(f"{item(where)}; at.md, grammar: actions", f"AT+{name}{form}", "form")
    t.query("at.md, grammar: the action is not done", "SHORTO", "7")
    t.set("at.md, grammar: actions", "SHORTO", "3")
    for name in ("PING", "PING1", "ping1"):
        t.error(f"{item(45)}; at.md, replies: not allowed", f"AT+{name}=www.baidu.com",
                "not_allowed")
        t.error(f"{item(45)}: 30 bytes", f"AT+{name}=" + "a" * 30, "not_allowed")
        t.error(f"{item(45)}: 30 bytes", f"AT+{name}=" + "a" * 31, "range")
        t.error(f"{item(45)}: nothing", f"AT+{name}=", "missing")
        for form in ("", "?"):
            t.error(f"{item(45)}: has no query", f"AT+{name}{form}", "form")
    return t.cases


def echo():
    """Item 1 and at.md: on and off, acts at once; the echo ends with the byte that ended the
    line."""
    t = Table(PROFILE)
    where = f"{item(1)}; at.md, grammar: AT+E acts at once"
    t.ok(where, "AT+E=on")
    for end in (b"\r", b"\r\n"):
        t.add(where, "AT+ver", b"AT+ver\r" + t.replies.value("VER", "3016"), end)
        t.add(where, "AT+FOO", b"AT+FOO\r" + t.replies.error("unknown"), end)
        t.add(where, "AT+E=x", b"AT+E=x\r" + t.replies.error("range"), end)
        t.add(where, "AT+E?", b"AT+E?\r" + t.replies.value("E", "on"), end)
    t.add(where, "AT", b"AT\n" + OK, b"\n")
    t.add(where, "AT+E=OFF", b"AT+E=OFF\r" + OK, b"\r")
    t.query(where, "E", "off")
    t.set(where, "E", "off")
    t.bad(where, "E", "range", "", "x", "1", "0N", "onn", "on,", "on,on", " on", '"on"')
    t.query(where, "E", "off")
    return t.cases


def lengths():
    """The longest lines, and answers longer than what was sent."""
    t = Table(PROFILE)
    longest = "<<CRLF>>" * 90
    t.set("at.md, a command line: the longest line fits; item 24", "HTPHEAD", longest)
    t.set("item 24; at.md, escaping: both spellings", "HTPHEAD", "<<CRLR>>" * 90, longest)
    t.set("item 24, note", "HTPHEAD", "Accept:text<<CRLR>>Host:a,b<<CRLF>>",
          "Accept:text<<CRLF>>Host:a,b<<CRLF>>")
    t.set("item 24; at.md, escaping: 00 is legal in headers", "HTPHEAD", b"a\x00b")
    t.bad("item 24: 180 bytes", "HTPHEAD", "range", "<<CRLF>>" * 90 + "a", "a" * 181)
    return t.cases


def user_mac(suite):
    """Items 5, 32 and 4.4.7; at.md, saving: takes effect at restart."""
    where = f"{item(32)}, 4.4.7"
    with suite.module(*IDENTITY) as m:
        started(m)
        t = Table(PROFILE)
        for form in ("", "?", "=?"):
            t.error(f"{where}: has no query", f"AT+USERMAC{form}", "form")
        t.bad(where, "USERMAC", "range", "", "00223344556", "0022334455667", "00223344556677",
              "00223344556G", "00:22:33:44:55:66", "002233445566,1", "002233445566,",
              " 002233445566", "FFFFFFFFFFFF", "ffffffffffff", "fFfFfFfFfFfF")
        t.query(f"{where}: what is refused changes nothing", "MAC", FACTORY_MAC)
        t.ok(f"{where}, example", "AT+USERMAC=0022334455aF")
        t.query("at.md, saving: takes effect at restart", "MAC", FACTORY_MAC)
        m.table(t.cases)
        restart(m)
        t = Table(PROFILE)
        t.query(f"{where}: the address has changed", "MAC", "0022334455AF")
        t.bad(f"{where}: all F", "USERMAC", "range", "FFFFFFFFFFFF")
        t.ok("4.4.7: the factory setting is the factory's address", "AT+RELD")
        m.table(t.cases)
        restart(m)
        t = Table(PROFILE)
        t.query("4.4.7: the factory setting is the factory's address", "MAC", FACTORY_MAC)
        m.table(t.cases)


def started(module):
    """Waits for one more start, the first or a restart."""
    module.program.wait_log("started as k7")


def restart(module, command="AT+Z"):
    """Item 2; at.md: k7 says nothing at start."""
    module.run(Case(item(2), command, OK, b"\r"))
    started(module)
    module.enter()


def send_back(module):
    """at.md, escaping: a reply can be sent back as a set. (REGCLOUD's is empty until it is set.)"""
    t = Table(PROFILE)
    for name in [s[0] for s in SETTINGS] + ["E", "REGUSER", "HEARTUSER"]:
        t.set("at.md, escaping: a reply can be sent back as a set", name, module.user.query(name))
    return t.cases


def legal_defaults(module):
    """Where no text has a default, it must at least be one of the command's values."""
    for name, where, _, default, _, fields in SETTINGS:
        if default is None and len(fields) == 1 and fields[0].range.count(","):
            legal = [answer for _, answer in fields[0].good]
            with module.suite.scenario(f"{item(where)}, default is legal"):
                if (value := module.user.query(name)) not in legal:
                    raise harness.Failure(f"{name} is {value}")


def commands(suite):
    with suite.module(*IDENTITY) as m:
        m.table(defaults())
        legal_defaults(m)
        m.table(send_back(m))
    with suite.module(*IDENTITY) as m:
        for table in (defaults, no_ranges, grammar, suffixes, settings, wan, cloud, aliases,
                      time_limits, infos, actions, echo, lengths):
            m.table(table())
        m.table(packet("HEARTUSER", "HEARTDT", 46, 29))
        m.table(packet("REGUSER", "REGUSR", 47, 20))


# --- Storing ------------------------------------------------------------------------------------

CHANGES = [("MID", "one, two"), ("WANN", "static,10.0.0.2,255.0.0.0,10.0.0.1"), ("DNS", "10.0.0.3"),
           ("SOCKA", "TCPC,127.0.0.1,1"), ("SOCKB", "UDPC,127.0.0.1,2"), ("RSTIM", "0"),
           ("HTPHEAD", "A:b<<CRLF>>C:d<<CRLF>>"), ("HEARTUSER", "00FF,HEX"),
           ("REGUSER", "a,HEX,ASCII"), ("REGCLOUD", "12345678901234567890,12345678"),
           ("UARTTL", "9,99"), ("PLANG", "cn"), ("WEBU", "a,b,c")]


def changed(source, changes):
    t = Table(PROFILE)
    for name, value in changes:
        t.set(source, name, value)
    return t.cases


def found(source, values):
    t = Table(PROFILE)
    for name, value in values:
        t.query(source, name, value)
    return t.cases


def storing(suite):
    """at.md, saving: k7 stores a set at once. Each module here ends by SIGKILL."""
    where = "at.md, saving: k7 stores a set at once"
    with tempfile.TemporaryDirectory(prefix="dtu-conf-") as state:
        with suite.module(*IDENTITY, state=state) as m:
            m.table(changed(where, CHANGES))
            t = Table(PROFILE)
            t.bad(where, "SHORTO", "range", "1")
            t.ok(where, "AT+USERMAC=002233445566")
            m.table(t.cases)
        with suite.module(*IDENTITY, state=state) as m:
            m.table(found(where, [*CHANGES, ("SHORTO", "3"), ("MAC", "002233445566")]))
            m.run(Case(where, "AT+E=on", OK))
        with suite.module(*IDENTITY, state=state, command=False) as m:
            m.enter(echo_off=False)
            m.run(Case("at.md, saving: E is stored too", "AT", b"AT\r" + OK, b"\r"))


# Every text as long as it may be, and as long as it can be written.
LARGEST = [("WEBU", "a" * 5 + "," + "<<CRLF>>" * 2 + "a"), ("MID", "<<CRLF>>" * 7 + "a"),
           ("SEARCH", "65535," + "<<CRLF>>" * 10), ("HTPURL", "<<CRLF>>" * 50),
           ("HTPHEAD", "<<CRLF>>" * 90), ("HEARTUSER", "<<CRLF>>" * 20 + ",ASCII"),
           ("REGUSER", "FF" * 40 + ",HEX"), ("SOCKA", "TCPS," + "a" * 30 + ",65534"),
           ("SOCKB", "TCPC," + "a" * 30 + ",65534"),
           ("REGCLOUD", "a" * 20 + "," + "<<CRLF>>" * 4),
           ("WANN", "static,255.255.255.254,255.255.255.254,255.255.255.254"),
           ("UART", "1000000,8,2,SPACE,NFC")]


def storing_most(suite):
    """at.md, saving: what can be set can be stored."""
    where = "at.md, saving: the largest values"
    with tempfile.TemporaryDirectory(prefix="dtu-conf-") as state:
        with suite.module(*IDENTITY, state=state) as m:
            m.table(changed(where, LARGEST))
        with suite.module(*IDENTITY, state=state) as m:
            m.table(found(where, LARGEST))


FACTORY = [(name, default) for name, _, _, default, _, _ in SETTINGS if default is not None]


def user_defaults(suite):
    """Items 6 and 44; at.md: CFGTF keeps what is set as the user's defaults, RELD restores them; it
    does not restart. Each module here ends by SIGKILL."""
    where = "items 6 and 44; at.md, saving"
    two = [("MID", "two"), ("UARTTL", "1,1"), ("HEARTUSER", "two,ASCII"), ("DNS", "2.2.2.2")]
    with tempfile.TemporaryDirectory(prefix="dtu-conf-") as state:
        with suite.module(*IDENTITY, state=state) as m:
            m.table(changed(where, CHANGES))
            t = Table(PROFILE)
            t.ok(f"{where}: RELD, nothing was saved", "AT+RELD")
            m.table([*t.cases, *found(f"{where}: RELD restores the factory's", FACTORY)])
            m.table(changed(where, CHANGES))
            t = Table(PROFILE)
            t.add(f"{item(44)}; at.md, saving", "AT+CFGTF", b"\r\n+OK=saved\r\n")
            m.table(t.cases)
            m.table(found(f"{where}: CFGTF changes nothing", CHANGES))
            m.table(changed(where, two))
        with suite.module(*IDENTITY, state=state) as m:
            m.table(found(where, two))
            t = Table(PROFILE)
            t.ok(f"{where}: RELD", "AT+RELD")
            m.table([*t.cases, *found(f"{where}: RELD restores what CFGTF kept", CHANGES)])
        with suite.module(*IDENTITY, state=state) as m:
            started(m)
            m.table(found(f"{where}: what RELD did is stored", CHANGES))
            m.table(changed(where, two))
            t = Table(PROFILE)
            t.ok(f"{where}: RELD", "AT+RELD")
            m.table([*t.cases, *found(f"{where}: RELD restores what CFGTF kept", CHANGES)])
            restart(m)
            m.table(found(f"{where}: after a restart", CHANGES))


def leaving(suite):
    """Items 2 and 4."""
    with suite.module(*IDENTITY) as m:
        started(m)
        t = Table(PROFILE)
        t.set(item(4), "SHORTO", "9")
        t.ok(f"{item(4)}; at.md, entering and leaving: 3", "AT+ENTM")
        for case in t.cases:
            m.run(case)
        m.enter()
        m.table(found(f"{item(4)}: parameters are kept", [("SHORTO", "9")]))
        restart(m, "at+z")
        m.table(found(f"{item(2)}: parameters are stored at once", [("SHORTO", "9")]))


def link_states(suite):
    """Item 16 and 4.1.4: IDLE, CONNECTED; ERROR is an abnormal disconnection."""
    peer = harness.Peer().listen()
    with suite.module(*IDENTITY, settings=[f"SOCKA=TCPC,{peer.target}"], command=False) as m:
        peer.accept()
        m.program.wait_log("socket A: connected")
        m.enter()
        m.table(found(f"{item(16)}, 4.1.4", [("SOCKLKA", "CONNECTED"), ("SOCKLKA1", "CONNECTED"),
                                             ("SOCKLKB", "IDLE")]))
        m.user.leave()
        peer.die()
        m.program.wait_log("socket A: waits")
        m.enter()
        m.table(found(f"{item(16)}, 4.1.4", [("SOCKLKA", "ERROR"), ("SOCKLKB", "IDLE")]))
    peer.close()


def server_states(suite):
    """4.1.4: LISTEN, and CONNECTED with the number of clients; spec at.md: the port is the local
    one."""
    port = harness.free_port()
    settings = [f"SOCKA=TCPS,192.168.0.201,{port}"]
    with suite.module(*IDENTITY, settings=settings, command=False) as m:
        m.program.wait_log("socket A: opens its port")
        m.enter()
        m.table(found("4.1.4", [("SOCKLKA", "LISTEN"), ("SOCKLKB", "IDLE")]))
        m.user.leave()
        with socket.create_connection(("127.0.0.1", port)):
            m.program.wait_log("socket A: connected")
            m.enter()
            m.table(found("4.1.4", [("SOCKLKA", "CONNECTED(1)"), ("SOCKLKA1", "CONNECTED(1)")]))


# --- Commands over the network ------------------------------------------------------------------

NET_AT = "003 5.3.1; at.md, AT inside the data stream"


class Remote:
    """Somebody on the network."""

    def __init__(self, port):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.connect(("127.0.0.1", port))
        self.sock.settimeout(conformance.SECONDS)

    def send(self, data):
        self.sock.send(data)

    def expect(self, data):
        """The reply, in as many datagrams as there are."""
        got = b""
        while len(got) < len(data):
            try:
                got += self.sock.recv(65536)
            except TimeoutError:
                raise harness.Failure(f"no reply: {data!r}, so far {got!r}") from None
        harness.compare(got, data, "reply")

    def exchange(self, sent, reply):
        self.send(sent)
        self.expect(reply)

    def heard_nothing(self):
        if select.select([self.sock], [], [], 0)[0]:
            raise harness.Failure(f"{self.sock.recv(65536)!r} instead of nothing")

    def close(self):
        self.sock.close()


def free_port():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    sock.close()
    return port


def greeting(address="192.168.0.7", mac=FACTORY_MAC, name="USR-K7"):
    """IP,MAC,NAME."""
    return f"{address},{mac},{name}".encode()


def net_module(suite, port):
    return suite.module("--identity", f"mac={FACTORY_MAC}", "--net-at-port", str(port),
                        settings=OFFLINE, command=False)


def ready(module):
    """The UART's answer comes when the module has started, and its port is open."""
    started(module)
    module.user.enter()
    module.user.leave()


# Commands as on the UART. A datagram is whole: its command needs no end of its own.
OVER_UDP = [
    (b"AT\r", OK), (b"AT+VER\r\n", T.value("VER", "3016")), (b"at+ver?\n", T.value("VER", "3016")),
    (b"AT+VER", T.value("VER", "3016")), (b"AT+SHORTO=4\r", OK),
    (b"AT+SHORTO\r", T.value("SHORTO", "4")), (b"AT+SHORTO=1\r", T.error("range")),
    (b"AT+FOO\r", T.error("unknown")), (b"AT+VER=1\r", T.error("form")),
    (b"ATX\r", T.error("no_at")), (b"HELLO\r", T.error("no_at")),
    (b"AT+PING1=a\r", T.error("not_allowed")),
    (b"x" * 1400 + b"\r", T.error("no_at")), (b"AT+E=on\r", OK),
    (b"AT\r", OK),  # at.md, replies: no echo but in command mode
    (b"AT+E=off\r", OK), (b"AT+HTPHEAD=" + b"<<CRLF>>" * 90 + b"\r", OK),
    (b"AT+HTPHEAD?\r", T.value("HTPHEAD", "<<CRLF>>" * 90)),
    (b"AT+VER\r\nAT\r\n", T.value("VER", "3016") + OK)]


def net_commands(suite):
    port = free_port()
    with net_module(suite, port) as m:
        ready(m)
        first, second = Remote(port), Remote(port)
        net_opening(suite, first)
        for sent, reply in OVER_UDP:
            with suite.scenario(f"{NET_AT}: {sent[:40]!r}"):
                first.exchange(sent, reply)
        net_senders(suite, first, second)
        with suite.scenario(f"{NET_AT}: the UART hears nothing of it"):
            second.heard_nothing()
            m.enter()  # the first byte that the UART has got is the handshake's
        net_and_uart(suite, second, m.user)
        net_leaving(suite, second, first, m.user)
        for remote in (first, second):
            remote.close()


def net_opening(suite, remote):
    with suite.scenario(f"{NET_AT}: nobody is heard before the keyword"):
        for sent in (b"AT+VER\r", b"+ok", b"www.usr.c", b"www.usr.cnn", b"WWW.USR.CN", b"", b"\r",
                     b"www.usr.cn\r\n", b"admin", b"AT+MID=gone\r"):
            remote.send(sent)
        remote.exchange(b"www.usr.cn", greeting())
    with suite.scenario(f"{NET_AT}: +ok is not answered"):
        remote.send(b"+ok")
        remote.exchange(b"AT\r", OK)


def net_senders(suite, first, second):
    """The first one is heard."""
    with suite.scenario(f"{NET_AT}: another sender is not heard"):
        second.send(b"AT+MID=gone\r")
        second.send(b"+ok")
        first.exchange(b"AT+MID\r", T.value("MID", "USR-K7"))
        second.heard_nothing()
    with suite.scenario(f"{NET_AT}: the keyword again"):
        first.exchange(b"www.usr.cn", greeting())
        first.exchange(b"AT\r", OK)
    with suite.scenario(f"{NET_AT}: the keyword by another takes over"):
        second.exchange(b"www.usr.cn", greeting())
        first.send(b"AT+MID=gone\r")
        second.exchange(b"AT+MID\r", T.value("MID", "USR-K7"))
        first.heard_nothing()


def net_and_uart(suite, remote, user):
    """The user is in command mode."""
    with suite.scenario("at.md, grammar: the parameters are shared, the line is not"):
        remote.exchange(b"AT+SHORTO=8\r", OK)
        user.command("AT+SHORTO", "\r\n+OK=8\r\n")
        user.write(b"AT+SHO")
        remote.exchange(b"AT+SHORTO=9\r", OK)
        user.command("RTO", "\r\n+OK=9\r\n")
    with suite.scenario("at.md, replies: no echo for network commands"):
        user.command("AT+E=on")
        remote.exchange(b"AT\r", OK)
        user.write(b"AT+E=off\r")
        user.expect(b"AT+E=off\r" + OK)


def net_leaving(suite, remote, other, user):
    with suite.scenario(f"{item(4)}: ENTM leaves the network's command mode"):
        remote.exchange(b"AT+ENTM\r", OK)
        remote.send(b"AT+MID=gone\r")
        other.exchange(b"www.usr.cn", greeting())
        other.exchange(b"AT+MID\r", T.value("MID", "USR-K7"))
        remote.heard_nothing()
    with suite.scenario(f"{item(4)}: and not the UART's"):
        user.command("AT")


def net_restart(suite):
    """Items 11 and 31, 32, 7: the greeting and the keyword are those that hold since the restart;
    a restart ends the network's command mode."""
    port = free_port()
    with net_module(suite, port) as m:
        ready(m)
        first = Remote(port)
        with suite.scenario(f"{item(11)}: takes effect at restart"):
            first.exchange(b"www.usr.cn", greeting())
            for command in (b"SEARCH=48899,my,key", b"MID=lamp, hall", b"USERMAC=0022334455AF",
                            b"WANN=static,10.0.0.2,255.0.0.0,10.0.0.1"):
                first.exchange(b"AT+" + command + b"\r", OK)
            first.exchange(b"AT+SEARCH\r", T.value("SEARCH", "48899,my,key"))
            first.exchange(b"www.usr.cn", greeting())
            first.exchange(b"AT+Z\r", OK)
            ready(m)
        with suite.scenario(f"{item(11)}: the new keyword"):
            for sent in (b"AT+VER\r", b"www.usr.cn", b"my", b"AT+MID=gone\r"):
                first.send(sent)
            first.exchange(b"my,key", greeting("10.0.0.2", "0022334455AF", "lamp, hall"))
            first.exchange(b"AT+MID\r", T.value("MID", "lamp, hall"))
        first.close()


def net_port(suite):
    """Item 11: the port is SEARCH's, from the restart on."""
    one, two = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="dtu-conf-") as state:
        with suite.module("--identity", f"mac={FACTORY_MAC}", state=state, command=False,
                          settings=[*OFFLINE, f"SEARCH={one},key"]) as m:
            ready(m)
            first, second = Remote(one), Remote(two)
            with suite.scenario(f"{item(11)}: the port"):
                first.exchange(b"key", greeting())
                first.exchange(f"AT+SEARCH={two},key\r".encode(), OK)
                first.exchange(b"key", greeting())
                first.exchange(b"AT+Z\r", OK)
                ready(m)
            with suite.scenario(f"{item(11)}: the port after a restart"):
                second.exchange(b"key", greeting())
                second.exchange(b"AT\r", OK)
        with suite.module("--identity", f"mac={FACTORY_MAC}", state=state, command=False) as m:
            ready(m)
            with suite.scenario(f"{item(11)}: the port after a power cut"):
                second.exchange(b"key", greeting())
        for remote in (first, second):
            remote.close()


def main():
    suite = Suite(PROFILE)
    for part in (commands, user_mac, storing, storing_most, user_defaults, leaving, link_states,
                 server_states, net_commands, net_restart, net_port):
        suite.part(part)
    return suite.finish()


if __name__ == "__main__":
    raise SystemExit(main())
