# SPDX-License-Identifier: MIT
"""Every command of the WH-LTE-7S4 V2: manual 001, table 12 and the pages 3.1.7.x, as at.md settles
them. Each case names the place that its expected reply is from.

Where the texts are silent a comment says what is asserted, and docs/conformance.md lists it.
"""
import re
import tempfile
import time

import conformance
import harness
from conformance import Suite, Table
from fields import choice, hexdata, number, page, text, word

PROFILE = "lte-7s4"
BOOT = b"\r\n[WH-7S4 V2]\r\n"
IDENTITY = "imei=868221040089941,iccid=89860117801431450016,sn=00400518062000599508"
OFFLINE = ("SOCKAEN=OFF", "SOCKBEN=OFF")

ON_OFF = word("ON", "OFF")
# 3.1.6.4: `=`, `,`, `?`, CR and LF are written as [HH]; at.md, escaping: either case, any other `[`
# is itself, the answer has upper-case digits; at.md, grammar: a raw `=` or `?` is taken as itself.
ESCAPES = (("a[3D]b[2C]c[3F]d", "a[3D]b[2C]c[3F]d"), ("a[3d]b[2c]c[3f]", "a[3D]b[2C]c[3F]"),
           ("[0D][0a]", "[0D][0A]"), ("a=b?c", "a[3D]b[3F]c"), ("=", "[3D]"), ("??", "[3F][3F]"),
           ("[3F]", "[3F]"), ("[41][62]", "Ab"), ("[4G][1]", "[4G][1]"), ("[", "["), ("a]", "a]"),
           ("[5B]41]", "[5B]41]"), ("[5b]x", "[x"), ("[[41]", "[A"), ('"a"', '"a"'),
           (" a b ", " a b "), ("+;:<>", "+;:<>"))


def string(low, high, *bad):
    """A text with everything that escaping asks for. Lengths count bytes after unescaping."""
    fits = [pair for pair in ESCAPES if len(plain(pair[0])) >= low and len(plain(pair[0])) <= high]
    edge = (f"[3F]{'a' * (high - 1)}", f"[3F]{'a' * (high - 1)}")
    return text(low, high, *fits, edge, bad=("a[00]", f"[3F]{'a' * high}", *bad))


def plain(sent):
    return re.sub(r"\[[0-9A-Fa-f]{2}\]", "x", sent)


# Name, page, default, its parameters. The example of the page is the default (at.md, defaults), and
# a set of it is the page's example set, unless `example` says otherwise.
SETTINGS = [
    ("E", "3.1.7.5", "OFF", [ON_OFF]),
    ("WKMOD", "3.1.7.7, at.md: MQTT too", "NET", [word("NET", "HTTPD", "UDC", "MQTT")]),
    ("CMDPW", "3.1.7.8", "usr.cn", [string(1, 10)]),
    ("STMSG", "3.1.7.9", "[WH-7S4 V2]", [string(1, 20)]),
    ("RSTIM", "3.1.7.10", "1800", [number(60, 65535, also=(0,))]),
    ("SYSCONFIG", "3.1.7.13", "2,12,1,2",
     [choice(2, *range(13, 28)), number(0, 25), number(0, 2), number(0, 4)]),
    ("FOTATIME", "3.1.7.15", "1800", [number(10, 65535, also=(0,))]),
    ("UART", "3.1.7.25, at.md: 300 and 600", "115200,8,1,NONE,NFC",
     [choice(300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800),
      choice(7, 8), choice(1, 2), word("NONE", "ODD", "EVEN"), word("NFC")]),
    ("UARTFT", "3.1.7.26", "50", [number(50, 60000)]),
    ("UARTFL", "3.1.7.27", "1024", [number(5, 2048)]),
    *[(f"SOCK{m}", f"3.1.7.{n}", "TCP,test.usr.cn,2317",
       [word("TCP", "UDP"), string(1, 100), number(1, 65535)]) for m, n in (("A", 29), ("B", 30))],
    *[(f"SOCK{m}EN", f"3.1.7.{n}", "ON", [ON_OFF]) for m, n in (("A", 31), ("B", 32))],
    *[(f"KEEPALIVE{m}", f"3.1.7.{n}", "1,15,10,3",
       [choice(0, 1), number(0, 7200), number(0, 75), number(0, 9)])
      for m, n in (("A", 33), ("B", 34))],
    *[(f"SOCK{m}SL", f"3.1.7.{n}, at.md: the sockets may differ while being set", "LONG",
       [word("SHORT", "LONG")]) for m, n in (("A", 35), ("B", 36))],
    *[(f"SOCK{m}TO", f"3.1.7.{n}", "5", [number(1, 100)]) for m, n in (("A", 39), ("B", 40))],
    *[(f"SHOR{m}TO", f"3.1.7.{n}", "5", [number(1, 600)]) for m, n in (("A", 41), ("B", 42))],
    ("SOCKIND", "3.1.7.43", "OFF", [ON_OFF]),
    ("SDPEN", "3.1.7.44", "OFF", [ON_OFF]),
    ("SOCKRSTIM", "3.1.7.45", "60", [number(10, 600)]),
    ("REGEN", "3.1.7.46", "OFF", [ON_OFF]),
    ("REGTP", "3.1.7.47", "USER", [word("USER", "IMEI", "ICCID", "CLOUD")]),
    ("REGDT", "3.1.7.48", "7777772E7573722E636E", [hexdata(1, 80)]),
    ("REGSND", "3.1.7.49", "LINK", [word("LINK", "DATA")]),
    ("ID", "3.1.7.51", "0001", [string(1, 11)]),
    ("HEARTEN", "3.1.7.52", "ON", [ON_OFF]),
    ("HEARTDT", "3.1.7.53", "7777772E7573722E636E", [hexdata(1, 80)]),
    ("HEARTSND", "3.1.7.54", "NET", [word("NET", "COM")]),
    ("HEARTTM", "3.1.7.55", "30", [number(1, 6000)]),
    ("HTPTP", "3.1.7.56", "GET", [word("GET", "POST")]),
    ("HTPURL", "3.1.7.57", "/1.php[3F]", [string(1, 100)]),
    ("HTPSV", "3.1.7.58", "test.usr.cn,80", [string(1, 100), number(1, 65535)]),
    ("HTPTO", "3.1.7.60", "10", [number(1, 600)]),
    ("HTPFLT", "3.1.7.61", "ON", [ON_OFF]),
    ("MODBUSEN", "3.1.7.64", "OFF", [ON_OFF]),
]

# at.md, names the manuals misspell: the first is what a query reports.
ALIASES = [("HTPTP", "HPTTP", "POST"), ("HTPTO", "HPTTO", "20"), ("HTPFLT", "HPTFLT", "OFF"),
           ("KEEPALIVEA", "KEEPAEIVEA", "0,16,11,4"), ("CMDPW", "CMDDPW", "secret")]

# 3.1.7.11, 12, 14, 19 (the version as 2.1.3.3 has it), 20 to 22 and 24. The identities are those of
# the pages, given to softdtu; the rest is the pages' example, which a soft module can have.
INFOS = [("CSQ", "3.1.7.11", "139,99,17"), ("SYSINFO", "3.1.7.12", "2,LTE"),
         ("ZVERSION", "3.1.7.14", "V1.0.06.000000.0000"),
         ("VER", "3.1.7.19 and 2.1.3.3", "V2.1.04.000000.0000"),
         ("SN", "3.1.7.20", "00400518062000599508"), ("ICCID", "3.1.7.21", "89860117801431450016"),
         ("IMEI", "3.1.7.22", "868221040089941"), ("LOCIP", "3.1.7.24", "127.0.0.1"),
         ("SOCKALK", "3.1.7.37", "OFF"), ("SOCKBLK", "3.1.7.38", "OFF")]

ACTIONS = [("Z", "3.1.7.3"), ("REBOOT", "3.1.7.4"), ("ENTM", "3.1.7.6"), ("RELD", "3.1.7.17"),
           ("CLEAR", "3.1.7.18")]
SENDERS = [("SHELL", "3.1.7.16", "ping www.baidu.com"),
           ("SMSSEND", "3.1.7.62", "8613854123456,hello"),
           ("CISMSEND", "3.1.7.63", "8613854123456,hello")]

# Table 12, all of it.
TABLE_12 = """AT H Z REBOOT E ENTM WKMOD CMDPW STMSG CSQ RSTIM SYSINFO SYSCONFIG ZVERSION FOTATIME
SHELL RELD CLEAR VER SN ICCID IMEI LBS LOCIP CCLK UART UARTFT UARTFL APN SOCKA SOCKB SOCKAEN
SOCKBEN KEEPALIVEA KEEPALIVEB SOCKASL SOCKBSL SOCKALK SOCKBLK SHORATO SHORBTO SOCKATO SOCKBTO
SOCKIND SDPEN SOCKRSTIM REGEN REGTP REGDT REGSND CLOUD HEARTEN HEARTDT HEARTSND HEARTTM HTPTP
HTPURL HTPSV HTPHD HTPTO HTPFLT SMSSEND CISMSEND SOCKM MQTTCONN MQTTU MQTTSUB MQTTUNSUB
MQTTWILLEN MQTTWILL MQTTPFEN MQTTSSLEN MQTTSSLVC MQTTSSLOC MQTTKEYPW MQTTCERUP ID MODBUSEN"""


def manual(number_or_text):
    return f"001 {number_or_text}"


def defaults():
    """Each default by query in both forms, and each range."""
    t = Table(PROFILE)
    for name, where, default, fields in SETTINGS:
        if name in ("SOCKAEN", "SOCKBEN"):
            continue  # the module of these cases has them off; see offline_defaults()
        t.query(f"{manual(where)}, default", name, default)
    for name, where, _, fields in SETTINGS:
        t.range(f"{manual(where)}, =?", name, ",".join(f.range for f in fields))
    for name, where, value in INFOS:
        t.query(manual(where), name, value)
    t.query(manual("3.1.7.28, default"), "APN", ",,,0")
    t.query(manual("3.1.7.50, default"), "CLOUD", "0,0")
    t.range(manual("3.1.7.50, =?"), "CLOUD", "<20 bytes>,<8 bytes>")
    t.query(manual("3.1.7.59, default"), "HTPHD", "Connection: close[0D][0A]")
    t.query(manual("2.1.3.3, example of an answer"), "MQTTSSLEN", "OFF")
    t.query(manual("2.1.3.5, example"), "MQTTKEYPW", "12345678")
    return t.cases


def grammar():
    """3.1.6 and at.md, a command line; table 13."""
    t = Table(PROFILE)
    t.ok(manual("3.1.7.1"), "AT")
    for line in ("at", "At", "aT"):
        t.ok(manual("3.1.6: either case"), line)
    for line in ("at+ver", "AT+Ver", "aT+vEr?", "At+VER"):
        t.add(manual("3.1.6: either case"), line, t.replies.value("VER", "V2.1.04.000000.0000"))
    for line in ("X", "A", "T", "?", " ", " AT", "+VER", "AAT+VER", "usr.cnAT+VER", "VER", "[41]T",
                 b"\x00AT", b"\xff", "x" * 5000):
        t.error(manual("table 13: Err1, no AT"), line, "no_at")
    for line in ("ATX", "AT VER", "AT+", "AT+=1", "AT+?", "AT+=?", "AT?", "AT=1", "AT-VER", "ATVER",
                 "AT ", "AT;"):
        t.error("at.md, grammar: begins with AT but is no AT+NAME", line, "no_at")
    for line in ("AT+STMSG=" + "a" * 5000, "AT+UARTFT=60" + " " * 5000, "AT+" + "A" * 3000):
        t.error("at.md, a command line: too long a line", line, "no_at")
    t.query("at.md, a command line: nothing of it is executed", "UARTFT", "50")
    for name in ("FOO", "VERS", "VE", "V", "SOCK", "SOCKC", "SOCKA1", "UART1", " VER", "VER ",
                 "VER;", "SIGNINAT", "S", "CFGTF", "WEBU", "[56]ER", "A" * 100):
        for form in ("", "?", "=?", "=1", "=1,2,3"):
            t.error(manual("table 13: Err2, not found"), f"AT+{name}{form}", "unknown")
    t.error(manual("table 13: Err2"), b"AT+V\x00R", "unknown")
    t.error(manual("table 13: Err2"), b"AT+VER\x00", "unknown")
    for form in ("?x", "??", "?=", "?=1", "?,"):
        t.error(manual("table 13: Err3, no form of query or set"), f"AT+UARTFT{form}", "form")
        t.error(manual("table 13: Err3, no form of query or set"), f"AT+VER{form}", "form")
        t.error("at.md, grammar: names come first", f"AT+FOO{form}", "unknown")
    t.ok("at.md, a command line: an empty line is ignored", b"\r\n\r\r\n\n\nAT")
    return t.cases


def line_ends():
    """at.md, a command line: CR, LF and CR LF end one; several in one read are each answered."""
    t = Table(PROFILE)
    version = t.replies.value("VER", "V2.1.04.000000.0000")
    for end in (b"\r", b"\n", b"\r\n"):
        t.add("at.md, a command line: terminator", "AT+VER", version, end)
    for end in (b"\r", b"\n", b"\r\n"):
        several = end.join((b"AT+VER", b"AT", b"AT+FOO", b"", b"AT+VER=1", b"AT+UARTFT=", b"ATX",
                            b"AT+VER?"))
        expected = (version + t.replies.ok() + t.replies.error("unknown") + t.replies.error("form")
                    + t.replies.error("missing") + t.replies.error("no_at") + version)
        t.add("at.md, grammar: several commands in one read", several, expected, end)
    return t.cases


def settings():
    t = Table(PROFILE)
    for name, where, default, fields in SETTINGS:
        if name == "E":
            continue  # see echo()
        page(t, manual(where), name, default.split(","), fields)
        t.set(f"{manual(where)}, names in either case", name.lower(), default)
        t.cases[-1] = t.cases[-1]._replace(expected=t.replies.value(name, default))
    return t.cases


def set_examples():
    """Example sets that differ from the defaults."""
    t = Table(PROFILE)
    t.set(manual("3.1.7.9, example"), "STMSG", "[WH-G405tf]")
    t.set(manual("3.1.7.48, example"), "REGDT", "313233")
    t.set(manual("3.1.7.53, example"), "HEARTDT", "313233")
    t.set(manual("3.1.7.50, example"), "CLOUD", "12345678901234567890,12345678")
    t.set(manual("2.3.3, example"), "CLOUD", "01234567890123456789,12345678")
    t.set(manual("2.1.2, example"), "WKMOD", "HTTPD")
    t.set(manual("2.3.3, example"), "REGTP", "CLOUD")
    return t.cases


def aliases():
    t = Table(PROFILE)
    for name, other, value in ALIASES:
        t.set("at.md, names", name, value)
        for form in ("", "?"):
            t.add("at.md, names: the first is reported", f"AT+{other}{form}",
                  t.replies.value(name, value))
        old = next(s for s in SETTINGS if s[0] == name)
        t.ok("at.md, names", f"AT+{other}={old[2]}")
        t.query("at.md, names", name, old[2])
        t.add("at.md, names", f"AT+{other}=?",
              t.replies.value(name, ",".join(f.range for f in old[3])))
        t.error("at.md, names", f"AT+{other}=", "missing")
    return t.cases


def apn():
    """3.1.7.28. Each of the four is `<>`, required: it may be empty, the default is, but not out.
    The page has no lengths."""
    t = Table(PROFILE)
    where = manual("3.1.7.28")
    t.set(f"{where}, example", "APN", "3gnet,admin,admin,0")
    for auth in "012":
        t.set(f"{where}, authentication", "APN", f"cmnet,u,p,{auth}")
    t.set(f"{where}, empty texts", "APN", ",,,2")
    t.set(f"{where}, escapes", "APN", "a[2C]b,c[3D]d,e[3F]f,1")
    t.set(f"{where}, escapes", "APN", "a=b,c?d,[3d],1", "a[3D]b,c[3F]d,[3D],1")
    t.set(where, "APN", "cmnet,u,p,1")
    t.bad(f"{where}, authentication", "APN", "range", *(f"cmnet,u,p,{a}" for a in
          ("3", "-1", "x", "", "4294967297", "18446744073709551617", "1 ", " 1", "PAP")))
    t.bad(f"{where}, too few", "APN", "count", "cmnet", "cmnet,u", "cmnet,u,p", "")
    t.bad(f"{where}, too many", "APN", "count", "cmnet,u,p,1,", "cmnet,u,p,1,1")
    t.bad("at.md, escaping: no 00 byte", "APN", "type", "a[00],u,p,1", "a,[00],p,1", "a,u,[00]p,1")
    t.query(f"{where}, what is refused changes nothing", "APN", "cmnet,u,p,1")
    t.ok(f"{where}, AT+APN=default", "AT+APN=default")
    t.query("at.md, saving: APN=default", "APN", ",,,0")
    return t.cases


def cloud():
    """3.1.7.50; at.md: 20 and 8 bytes exactly."""
    t = Table(PROFILE)
    where = "at.md, ranges: CLOUD 20 and 8 bytes exactly"
    name, password = "a" * 20, "b" * 8
    t.set(where, "CLOUD", f"{name},{password}")
    t.set("at.md, lengths count after unescaping", "CLOUD", f"{'a' * 19}[2C],{'b' * 7}[3D]")
    t.set("at.md, lengths count after unescaping", "CLOUD", "[41]" * 20 + "," + "[3f]" * 8,
          "A" * 20 + "," + "[3F]" * 8)
    t.set(where, "CLOUD", f"{name},{password}")
    for bad in ("a" * 19, "a" * 21, "a" * 100, "", "[3F]" * 19, "[3F]" * 21):
        t.bad(where, "CLOUD", "range", f"{bad},{password}")
    for bad in ("b" * 7, "b" * 9, "b" * 100, "", "[3F]" * 7, "[3F]" * 9):
        t.bad(where, "CLOUD", "range", f"{name},{bad}")
    t.bad(f"{where}, too many or few", "CLOUD", "count", name, f"{name},{password},",
          f"{name},{password},1", "", ",", "0,0")
    t.bad("at.md, escaping: no 00 byte", "CLOUD", "type", f"{'a' * 19}[00],{password}")
    t.query(where, "CLOUD", f"{name},{password}")
    return t.cases


def headers():
    """3.1.7.59: up to 200 bytes, must end in [0D][0A]; at.md: else Err4; 00 is legal here."""
    t = Table(PROFILE)
    where = manual("3.1.7.59")
    t.set(f"{where}, example", "HTPHD", "Connection: close[0D][0A]")
    t.set(f"{where}, several lines", "HTPHD", "A: b[0D][0A]C: d[2C] e[0D][0A]")
    t.set(f"{where}, lower-case digits", "HTPHD", "A: b[0d][0a]", "A: b[0D][0A]")
    t.set(f"{where}, raw", "HTPHD", "A: b=c?d[0D][0A]", "A: b[3D]c[3F]d[0D][0A]")
    t.set("at.md, escaping: 00 is legal in headers", "HTPHD", "a[00]b[0D][0A]")
    t.set(f"{where}, 200 bytes", "HTPHD", "a" * 198 + "[0D][0A]")
    t.set("at.md, a command line: the longest line fits", "HTPHD", "[41]" * 198 + "[0D][0A]",
          "A" * 198 + "[0D][0A]")
    t.set("at.md, replies: nothing is cut", "HTPHD", "[2C]" * 198 + "[0D][0A]")
    for bad in ("a", "a[0D]", "a[0A]", "a[0A][0D]", "[0D][0A]a", "a\\r\\n", "a[0D][0A] ", "[0A]",
                "a[0D][0B]"):
        t.bad("at.md, ranges: HTPHD must end in [0D][0A]", "HTPHD", "range", bad)
    t.bad(f"{where}, too long", "HTPHD", "range", "a" * 199 + "[0D][0A]",
          "[41]" * 199 + "[0D][0A]", "a" * 400 + "[0D][0A]")
    t.bad(f"{where}, nothing", "HTPHD", "missing", "")
    t.bad(f"{where}, a comma separates parameters", "HTPHD", "count", "a,b[0D][0A]")
    t.query(f"{where}, what is refused changes nothing", "HTPHD", "[2C]" * 198 + "[0D][0A]")
    t.set(f"{where}, example", "HTPHD", "Connection: close[0D][0A]")
    return t.cases


def infos():
    t = Table(PROFILE)
    for name, where, value in [*INFOS, ("CCLK", "3.1.7.65", ""), ("LBS", "3.1.7.23", "")]:
        for form in ("=1", "=", "=,", "=" + value, "=ON"):
            t.error(f"{manual(where)}: no set; at.md, replies: form not offered",
                    f"AT+{name}{form}", "form")
        t.error("at.md, replies: =? where none", f"AT+{name}=?", "form")
    for form in ("", "?"):
        t.error("at.md, replies: not allowed now; there is no base station to ask", f"AT+LBS{form}",
                "not_allowed")
    return t.cases


def actions():
    """A value or `?` after an action is refused, and it is not done: the module would restart,
    leave command mode, or lose what was set."""
    t = Table(PROFILE)
    t.set("at.md, grammar: actions", "UARTFT", "60")
    for name, where in ACTIONS:
        for form in ("?", "=", "=1", "=ON", "=?"):
            t.error(f"{manual(where)}; at.md, grammar: ? and a value after an action",
                    f"AT+{name}{form}", "form")
    for form in ("=", "=1", "=?"):
        t.error("at.md, replies: form not offered", f"AT+H{form}", "form")
    t.query("at.md, grammar: the action is not done", "UARTFT", "60")
    t.set("at.md, grammar: actions", "UARTFT", "50")
    for name, where, example in SENDERS:
        t.error(f"{manual(where)}; at.md, replies: not allowed", f"AT+{name}={example}",
                "not_allowed")
        t.error(f"{manual(where)}: nothing to do", f"AT+{name}=", "missing")
        for form in ("", "?"):
            t.error(f"{manual(where)}: has no query", f"AT+{name}{form}", "form")
    for name in ("SMSSEND", "CISMSEND"):
        t.error(manual("3.1.7.62, 63: too few"), f"AT+{name}=8613854123456", "count")
        t.error(manual("3.1.7.62, 63: empty"), f"AT+{name}=,hello", "missing")
    return t.cases


MQTT_SWITCHES = ("MQTTWILLEN", "MQTTPFEN", "MQTTSSLEN", "MQTTSSLVC", "MQTTSSLOC")
AT_MQTT = "at.md, 7S4 MQTT"


def mqtt():
    """Table 12 names them, 2.1.3 shows some in use, at.md says their parameters. Where it gives no
    limits only what must be legal, or can be no value at all, is tried."""
    t = Table(PROFILE)
    for name in MQTT_SWITCHES:
        page(t, AT_MQTT, name, "ON", [ON_OFF])
        t.range(AT_MQTT, name, "<ON,OFF>")
    page(t, AT_MQTT, "MQTTCERUP", ["ON", "3"], [ON_OFF, number(1, 3)])
    t.range(AT_MQTT, "MQTTCERUP", "<ON,OFF>,<1~3>")
    t.ok(f"{AT_MQTT}: both names", "AT+MQTTTCERUP=OFF,2")
    t.add(f"{AT_MQTT}: the first is reported", "AT+MQTTTCERUP",
          t.replies.value("MQTTCERUP", "OFF,2"))
    page(t, AT_MQTT, "SOCKM", ["cloudmqtt.usr.cn", "1883"],
         [text(1, 100, *ESCAPES), number(1, 65535)])
    page(t, f"{AT_MQTT}: client id, keepalive, clean", "MQTTCONN", ["123456", "60", "1"],
         [text(1, 64, ("a[2C]b", "a[2C]b"))._replace(bad=["", "[00]"]), number(0, 65535),
          choice(0, 1)])
    t.set(AT_MQTT, "MQTTU", "user,password")
    t.set(AT_MQTT, "MQTTU", "us[2C]er,pass[3D]word")
    t.bad(f"{AT_MQTT}: two parameters", "MQTTU", "count", "", "user", "a,b,c", "a,b,")
    t.bad("at.md, escaping: no 00 byte", "MQTTU", "type", "[00],b", "a,[00]")
    t.query(AT_MQTT, "MQTTU", "us[2C]er,pass[3D]word")
    t.set(manual("2.1.3.5, example"), "MQTTKEYPW", "12345678")
    t.set(AT_MQTT, "MQTTKEYPW", "a[2C]b")
    t.bad(f"{AT_MQTT}: one parameter", "MQTTKEYPW", "count", "a,b")
    page(t, f"{AT_MQTT}: topic, QoS, retain, text", "MQTTWILL", ["/will", "0", "0", "offline"],
         [text(1, 100, ("a[2C]b", "a[2C]b")), number(0, 2), choice(0, 1),
          text(1, 100, ("a[2C]b", "a[2C]b"))._replace(bad=["[00]"])])
    return t.cases


def topics():
    """at.md: MQTTSUB=1..15,topic up to 100 bytes,QoS; MQTTUNSUB=1..15.

    What a query of several topics looks like is nowhere: asserted is one answer line for each topic
    that is set, in order, each as in its set, and an empty value when there is none."""
    t = Table(PROFILE)
    set_topics = {}

    def query():
        answers = [f"+MQTTSUB:{n},{set_topics[n]}" for n in sorted(set_topics)]
        t.add(f"{AT_MQTT}: query", "AT+MQTTSUB?",
              ("\r\n" + "".join(a + "\r\n" for a in answers or ["+MQTTSUB:"]) +
               "\r\nOK\r\n").encode())

    def set_topic(place, value, answer=None):
        set_topics[place] = value if answer is None else answer
        t.ok(AT_MQTT, f"AT+MQTTSUB={place},{value}")
        query()

    query()
    set_topic(3, "/3,0")
    for place in range(1, 16):
        set_topic(place, f"/topic/{place},{place % 3}")
    set_topic(14, "a" * 100 + ",2")
    set_topic(15, "[3f]" * 100 + ",1", "[3F]" * 100 + ",1")
    set_topic(7, "a[2C]b=c,02", "a[2C]b[3D]c,2")
    for bad in ("0,/t,0", "16,/t,0", "-1,/t,0", "x,/t,0", ",/t,0", "4294967297,/t,0", "1,,0",
                "1," + "a" * 101 + ",0", "1,a[00],0", "1,/t,3", "1,/t,-1", "1,/t,x", "1,/t,",
                "1,/t", "1", "", "1,/t,0,0", "1,/t,0,"):
        t.bad(f"{AT_MQTT}: wrong", "MQTTSUB", "range", bad)
    query()
    for bad in ("0", "16", "-1", "x", "", "1,2", "1,", "4294967297", "18446744073709551617"):
        t.bad(f"{AT_MQTT}: wrong", "MQTTUNSUB", "range", bad)
    for form in ("", "?"):
        t.error("at.md, grammar: ? after an action", f"AT+MQTTUNSUB{form}", "form")
    query()
    t.range(AT_MQTT, "MQTTUNSUB", "<1~15>")
    t.range(AT_MQTT, "MQTTSUB", "<1~15>,<1~100 bytes>,<0~2>")
    for place in (7, 1, 15, *(n for n in range(2, 15) if n != 7)):
        t.ok(AT_MQTT, f"AT+MQTTUNSUB={place}")
        set_topics.pop(place)
        query()
    return t.cases


def echo():
    """3.1.7.5; at.md: acts at once; the echo ends with the byte that ended the line."""
    t = Table(PROFILE)
    ok, version = t.replies.ok(), t.replies.value("VER", "V2.1.04.000000.0000")
    where = f"{manual('3.1.7.5')}; at.md, grammar: AT+E acts at once"
    t.ok(where, "AT+E=ON")
    for end in (b"\r", b"\r\n"):
        t.add(where, "AT+ver", b"AT+ver\r" + version, end)
        t.add(where, "AT+FOO", b"AT+FOO\r" + t.replies.error("unknown"), end)
        t.add(where, "AT+E=x", b"AT+E=x\r" + t.replies.error("range"), end)
        t.add(where, "AT+E?", b"AT+E?\r" + t.replies.value("E", "ON"), end)
    t.add(where, "AT+ver", b"AT+ver\n" + version, b"\n")
    t.add(where, "AT+E=off", b"AT+E=off\r" + ok, b"\r")
    t.query(where, "E", "OFF")
    t.bad(where, "E", "range", "", "x", "1", "ONN", "ON,", "ON,ON", " ON", '"ON"', "0N")
    return t.cases


# --- What takes more than one reply -------------------------------------------------------------

def send_back(module):
    """at.md, escaping: a reply can be sent back as a set. (CLOUD's default is none of its values,
    and topics have no default.)"""
    names = [s[0] for s in SETTINGS] + ["APN", "HTPHD", "SOCKM", "MQTTCONN", "MQTTU", "MQTTWILL",
                                        "MQTTCERUP", "MQTTKEYPW", *MQTT_SWITCHES]
    t = Table(PROFILE)
    for name in names:
        value = module.user.query(name)
        t.set("at.md, escaping: a reply can be sent back as a set", name, value)
    return t.cases


def read_help(module):
    """3.1.7.2; what the message looks like is nowhere. Every name of table 12 must be in it, at the
    start of a line, and nothing else that looks like a command."""
    module.user.write(b"AT+H\r\n")
    message = module.user.read_until(rb"\r\n\r\nOK\r\n").decode()
    if not message.startswith("\r\n"):
        raise harness.Failure(f"help begins with {message[:20]!r}")
    names = set(re.findall(r"^(?:AT\+)?([A-Z]+)\b", message[2:-8], re.M))
    expected = set(TABLE_12.split())
    if names != expected:
        raise harness.Failure(f"missing {expected - names}, too many {names - expected}")


def read_clock(module):
    """3.1.7.65: "yy/MM/dd,hh:mm:ss+zz", in quotes, zz quarters of an hour."""
    for form in ("", "?"):
        before = int(time.time())
        module.user.write(f"AT+CCLK{form}\r".encode())
        reply = module.user.read_until(rb"OK\r\n").decode()
        times = [time.localtime(t) for t in range(before, int(time.time()) + 1)]
        legal = []
        for t in times:
            sign, quarters = "+" if t.tm_gmtoff >= 0 else "-", abs(t.tm_gmtoff) // 900
            legal.append(f'\r\n+CCLK:"{time.strftime("%y/%m/%d,%H:%M:%S", t)}{sign}{quarters:02}"'
                         "\r\n\r\nOK\r\n")
        if reply not in legal:
            raise harness.Failure(f"{reply!r}, expected {legal}")


def commands(suite):
    with suite.module("--identity", IDENTITY, settings=OFFLINE) as m:
        for table in (defaults, grammar, line_ends, settings, set_examples, aliases, apn, cloud,
                      headers, infos, actions, mqtt, topics, echo):
            m.table(table())
        with suite.scenario(manual("3.1.7.2")):
            read_help(m)
        with suite.scenario(manual("3.1.7.65")):
            read_clock(m)
        m.table([])
    with suite.module() as m:
        t = Table(PROFILE)
        t.query(manual("3.1.7.31, default"), "SOCKAEN", "ON")
        t.query(manual("3.1.7.32, default"), "SOCKBEN", "ON")
        m.table(t.cases)
        m.table(send_back(m))


def expect(module, source, sent, expected):
    module.run(conformance.Case(source, sent, expected, b"\r"))


def restarts(suite):
    """Z and REBOOT; at.md: all take effect at restart, E apart; it starts with the message."""
    with suite.module(settings=OFFLINE) as m:
        t = Table(PROFILE)
        for command, message in (("Z", "hello"), ("reboot", "[WH-G405tf]")):
            where = "at.md, entering and leaving: 5 and 9"
            expect(m, where, f"AT+STMSG={message}", t.replies.ok())
            expect(m, f"{where}: restarts", f"AT+{command}",
                   t.replies.ok() + f"\r\n{message}\r\n".encode())
            m.enter()
            expect(m, where, "AT+STMSG", t.replies.value("STMSG", message))
        expect(m, manual("3.1.7.6"), "AT+ENTM", t.replies.ok())
        m.enter()
        expect(m, manual("3.1.7.6: parameters are kept"), "AT+STMSG",
               t.replies.value("STMSG", "[WH-G405tf]"))


CHANGES = [("STMSG", "boot[2C]ed"), ("CMDPW", "secret"), ("RSTIM", "0"), ("UARTFT", "70"),
           ("SOCKA", "UDP,10.0.0.1,9"), ("KEEPALIVEA", "0,1,2,3"), ("REGDT", "00FF"),
           ("HTPHD", "A: b[0D][0A]"), ("CLOUD", "a" * 20 + "," + "b" * 8), ("APN", "a,b,c,2"),
           ("SYSCONFIG", "27,25,2,4"), ("MQTTWILL", "t[2C],2,1,gone"), ("MODBUSEN", "ON")]


def storing(suite):
    """at.md, saving: a set is stored at once; it outlives a kill at any moment after its reply."""
    where = "at.md, saving: 7S4 stores a set at once"
    t = Table(PROFILE)
    with tempfile.TemporaryDirectory(prefix="dtu-conf-") as state:
        with suite.module(state=state) as m:
            for name in ("SOCKAEN", "SOCKBEN"):
                t.set(where, name, "OFF")
            for name, value in CHANGES:
                t.set(where, name, value)
            t.ok(where, "AT+MQTTSUB=15,/up,1")
            t.bad(where, "UARTFL", "range", "4")
            m.table(t.cases)
        with suite.module(state=state, greeting=b"\r\nboot,ed\r\n") as m:
            t = Table(PROFILE)
            for name, value in CHANGES:
                t.query(where, name, value)
            t.query(where, "MQTTSUB", "15,/up,1")
            t.query(where, "UARTFL", "1024")
            t.ok("at.md, saving: E too", "AT+E=ON")
            m.table(t.cases[:-1])
            m.run(t.cases[-1])
        with suite.module(state=state, greeting=b"\r\nboot,ed\r\n", command=False) as m:
            m.enter(echo_off=False)
            expect(m, "at.md, saving: E too", "AT", b"AT\r\r\nOK\r\n")


def commas(count):
    return "[2C]" * count


# Every text as long as it may be, and as long as it can be written.
LARGEST = [("STMSG", commas(20)), ("CMDPW", commas(10)), ("SOCKA", f"TCP,{commas(100)},65535"),
           ("SOCKB", f"UDP,{commas(100)},65535"), ("REGDT", "FF" * 80), ("HEARTDT", "FF" * 80),
           ("CLOUD", f"{commas(20)},{commas(8)}"), ("ID", commas(11)), ("HTPURL", commas(100)),
           ("HTPSV", f"{commas(100)},65535"), ("HTPHD", commas(198) + "[0D][0A]"),
           ("MQTTWILL", f"{commas(100)},2,1,{commas(100)}"), ("SOCKM", f"{commas(100)},65535")]


def storing_most(suite):
    """at.md, saving: what can be set can be stored."""
    where = "at.md, saving: the largest values"
    greeting = b"\r\n" + b"," * 20 + b"\r\n"
    topics_ = "".join(f"\r\n+MQTTSUB:{n},{commas(100)},2" for n in range(1, 16))
    with tempfile.TemporaryDirectory(prefix="dtu-conf-") as state:
        with suite.module(state=state) as m:
            t = Table(PROFILE)
            for name, value in LARGEST:
                t.set(where, name, value)
            for n in range(1, 16):
                t.ok(where, f"AT+MQTTSUB={n},{commas(100)},2")
            m.table(t.cases)
        with suite.module(state=state, greeting=greeting) as m:
            t = Table(PROFILE)
            for name, value in LARGEST:
                t.query(where, name, value)
            t.add(where, "AT+MQTTSUB", (topics_ + "\r\n\r\nOK\r\n").encode())
            m.table(t.cases)


def resetting(suite):
    """3.1.7.17 and 18, at.md: RELD and CLEAR restore the factory's settings, but for the APN; they
    do not restart; what they did is stored."""
    for command in ("RELD", "CLEAR"):
        where = f"at.md, saving: 7S4 {command}"
        with tempfile.TemporaryDirectory(prefix="dtu-conf-") as state:
            with suite.module(state=state) as m:
                t = Table(PROFILE)
                for name, value in CHANGES:
                    t.set(where, name, value)
                t.ok(where, "AT+MQTTSUB=1,/up,1")
                t.ok(where, f"AT+{command}")
                m.table([*t.cases, *after_reset(where)])
            with suite.module(state=state) as m:
                m.table([*after_reset(where), *apn_default(where)])
            with suite.module(state=state) as m:
                t = Table(PROFILE)
                t.query(f"{where}, then APN=default", "APN", ",,,0")
                m.table(t.cases)


def after_reset(where):
    t = Table(PROFILE)
    known = {name: default for name, _, default, _ in SETTINGS}
    known.update(CLOUD="0,0", HTPHD="Connection: close[0D][0A]", MQTTSUB="")
    for name, default in known.items():
        t.query(f"{where}: factory", name, default)
    t.query(f"{where}: keeps the APN", "APN", "a,b,c,2")
    return t.cases


def apn_default(where):
    t = Table(PROFILE)
    t.ok(f"{where}, then APN=default", "AT+APN=default")
    return t.cases


# --- Commands in the data stream ----------------------------------------------------------------

VERSION = Table(PROFILE).replies.value("VER", "V2.1.04.000000.0000")
SOURCE = "001 3.1.3 and 3.1.4; at.md, AT inside the data stream"

# Whole commands, and their replies: CMDPW's default, and admin.
WHOLE = [
    (b"usr.cnAT+VER\r", VERSION), (b"adminAT+VER\r", VERSION), (b"usr.cnAT+VER\r\n", VERSION),
    (b"usr.cnAT+VER\n", VERSION), (b"usr.cnat+ver?\r", VERSION), (b"usr.cnAT\r", b"\r\nOK\r\n"),
    (b"adminAT+FOO\r", b"\r\nErr2\r\n"), (b"adminAT+VER=1\r", b"\r\nErr3\r\n"),
    (b"adminAT+UARTFL=4\r", b"\r\nErr4\r\n"), (b"adminATX\r", b"\r\nErr1\r\n"),
    (b"adminAT+HEARTTM=31\r", b"\r\nOK\r\n"),
    (b"usr.cnAT+HEARTTM\r", b"\r\n+HEARTTM:31\r\n\r\nOK\r\n"),
    (b"usr.cnAT+E=ON\r", b"\r\nOK\r\n"),  # at.md, replies: no echo but in command mode
    (b"usr.cnAT+VER\r", VERSION), (b"usr.cnAT+E=OFF\r", b"\r\nOK\r\n"),
    (b"adminAT+ENTM\r", b"\r\nOK\r\n"), (b"adminAT+SHELL=ls /\r", b"\r\nErr4\r\n")]

# Data: a wrong password, not the first bytes, no whole command.
DATA = [b"usr.cxAT+VER\r", b"usr.cnAT+VER", b"adminAT+VER", b"usr.cn\r", b"admin", b"usr.cn",
        b"AT+VER\r", b"xusr.cnAT+VER\r", b"\r\nusr.cnAT+VER\r", b"usr.cn AT+VER\r", b"usr.cnA\r",
        b"usr.cn#AT+VER\r", b"adminHELLO\r", b"usr.cnAT+VER\rAT+VER\r", b"adminAT+VER\r\n\n",
        b"usr.cnAT+VER\rx", b"usr.c", b"adminadminAT+VER\r", b"usr.cn\rAT+VER\r"]


class Links:
    """A module in data mode whose two sockets are connected to TCP peers. What is written to the
    UART at once is a frame: its effect, which is waited for, comes when the frame has ended."""

    def __init__(self, suite, module, peers):
        self.suite = suite
        self.user = module.user
        self.program = module.program
        self.first, self.second = [peer.accept() for peer in peers]
        for letter in "AB":
            module.program.wait_log(f"socket {letter}: connected")

    def nothing_else(self):
        """What was sent to the wrong side would be there before this: a marker each way."""
        self.first.write(b"<1>")
        self.user.expect(b"<1>")
        self.second.write(b"<2>")
        self.user.expect(b"<2>")
        self.user.write(b"<u>")
        self.first.expect(b"<u>")
        self.second.expect(b"<u>")


def links(suite, module_settings=()):
    """The settings of two sockets with their peers."""
    peers = [harness.Peer().listen(), harness.Peer().listen()]
    values = [f"SOCK{m}=TCP,{p.target}" for m, p in zip("AB", peers)]
    return peers, (*values, *module_settings)


def close_all(peers):
    for peer in peers:
        peer.close()


def in_stream(suite):
    peers, values = links(suite)
    with suite.module(settings=values, command=False) as m:
        both = Links(suite, m, peers)
        uart_commands(both)
        net_commands(both)
        password_change(suite, m, both, peers)
    close_all(peers)


def uart_commands(both):
    for sent, reply in WHOLE:
        with both.suite.scenario(f"{SOURCE}: {sent!r} at the UART"):
            both.user.write(sent)
            both.user.expect(reply)
    with both.suite.scenario(f"{SOURCE}: the reply never goes to the peers"):
        both.nothing_else()
    for sent in DATA:
        with both.suite.scenario(f"{SOURCE}: {sent!r} at the UART is data"):
            both.user.write(sent)
            both.first.expect(sent)
            both.second.expect(sent)
    with both.suite.scenario(f"{SOURCE}: data is not answered"):
        both.nothing_else()


def net_commands(both):
    for peer in (both.second, both.first):
        for sent, reply in WHOLE:
            with both.suite.scenario(f"{SOURCE}: {sent!r} from the network"):
                peer.write(sent)
                peer.expect(reply)
    with both.suite.scenario(f"{SOURCE}: the reply goes to its sender only"):
        both.nothing_else()
    for sent in DATA:
        with both.suite.scenario(f"{SOURCE}: {sent!r} from the network is data"):
            both.second.write(sent)
            both.user.expect(sent)
    with both.suite.scenario(f"{SOURCE}: data is not answered"):
        both.nothing_else()


def password_change(suite, module, both, peers):
    """3.1.3: the password is CMDPW's from the restart on; admin goes on."""
    ok = b"\r\nOK\r\n"
    with suite.scenario(f"{SOURCE}: CMDPW is changed"):
        both.first.write(b"usr.cnAT+CMDPW=pw[3D]\r")
        both.first.expect(ok)
        both.first.write(b"usr.cnAT+CMDPW\r")
        both.first.expect(b"\r\n+CMDPW:pw[3D]\r\n\r\nOK\r\n")
        both.first.write(b"pw=AT\r")
        both.user.expect(b"pw=AT\r")
    with suite.scenario(f"{SOURCE}: Z in the stream is answered, then done"):
        both.user.write(b"usr.cnAT+Z\r")
        both.user.expect(ok + BOOT)
        both = Links(suite, module, peers)
    with suite.scenario(f"{SOURCE}: the new password"):
        both.second.write(b"pw=AT+VER\r")
        both.second.expect(VERSION)
        both.second.write(b"adminAT+VER\r")
        both.second.expect(VERSION)
        both.second.write(b"usr.cnAT+VER\r")
        both.user.expect(b"usr.cnAT+VER\r")
        both.user.write(b"pw=AT+VER\r")
        both.user.expect(VERSION)
        both.nothing_else()


def udp_commands(suite):
    """3.1.4 over UDP: a command is a datagram."""
    peer = harness.UdpPeer()
    with suite.module(settings=(f"SOCKA=UDP,{peer.target}", "SOCKBEN=OFF"), command=False) as m:
        m.user.write(b"hello")
        sender = peer.expect(b"hello")
        for sent, reply in WHOLE:
            with suite.scenario(f"{SOURCE}: {sent!r} in a datagram"):
                peer.sock.sendto(sent, sender)
                peer.expect(reply)
        for sent in DATA:
            with suite.scenario(f"{SOURCE}: {sent!r} in a datagram is data"):
                peer.sock.sendto(sent, sender)
                m.user.expect(sent)
        with suite.scenario(f"{SOURCE}: nothing else came"):
            m.user.write(b"<u>")
            peer.expect(b"<u>")
    peer.close()


# --- Sockets ------------------------------------------------------------------------------------

def link_states(suite):
    """3.1.7.37 and 38: ON when connected."""
    peers, values = links(suite, ["SOCKBTO=1"])
    with suite.module(settings=values, command=False) as m:
        Links(suite, m, peers)
        m.enter()
        t = Table(PROFILE)
        t.query(manual("3.1.7.37"), "SOCKALK", "ON")
        t.query(manual("3.1.7.38"), "SOCKBLK", "ON")
        m.table(t.cases)
        m.user.leave()
        peers[1].die()
        m.program.wait_log("socket B: waits")
        m.enter()
        t = Table(PROFILE)
        t.query(manual("3.1.7.37"), "SOCKALK", "ON")
        t.query(manual("3.1.7.38"), "SOCKBLK", "OFF")
        m.table(t.cases)
    close_all(peers)


def kinds(suite):
    """at.md, ranges: at start, if both sockets are on and differ, B takes A's kind. A persistent
    connection is made at start, a short-lived one when there is data."""
    where = "at.md, ranges: B takes A's kind"
    for a, b, second_on in (("LONG", "SHORT", "ON"), ("SHORT", "LONG", "ON"),
                            ("SHORT", "LONG", "OFF")):
        peers, values = links(suite, [f"SOCKASL={a}", f"SOCKBSL={b}", f"SOCKBEN={second_on}"])
        with suite.module(settings=values, command=False) as m:
            with suite.scenario(f"{where}: {a}, {b}, B {second_on}"):
                if a == "LONG":
                    Links(suite, m, peers)
                else:
                    m.program.wait_log("socket A: waits for data")
                    if second_on == "ON":
                        m.program.wait_log("socket B: waits for data")
                    m.user.write(b"now")
                    for peer in peers[: 2 if second_on == "ON" else 1]:
                        peer.accept().expect(b"now")
            m.enter()
            t = Table(PROFILE)
            t.query(f"{where}: what was set is kept", "SOCKASL", a)
            t.query(f"{where}: what was set is kept", "SOCKBSL", b)
            m.table(t.cases)
        close_all(peers)


def main():
    suite = Suite(PROFILE)
    for part in (commands, restarts, storing, storing_most, resetting, in_stream, udp_commands,
                 link_states, kinds):
        suite.part(part)
    return suite.finish()


if __name__ == "__main__":
    raise SystemExit(main())
