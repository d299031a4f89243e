"""Our own hostile and odd mail, made the same way every time: each message once broke something, or could."""

import base64
import random
import zlib
from collections.abc import Iterable, Iterator

from tests.nasty_html import NASTY_HTML

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_DATE = "Fri, 20 Nov 2026 10:00:00 +0000"
_CHARSETS = """
utf-7 utf-16 utf-32 utf-16le iso-2022-jp iso-2022-kr hz-gb-2312 gb18030 big5-hkscs euc-jp shift_jis koi8-r cp1255 cp874
viscii x-mac-roman x-user-defined ansi_x3.110-1983 macintosh cp437 unicode-1-1-utf-7 iso-8859-8-i windows-31j
ks_c_5601-1987 zlib base64 rot13 idna unicode_escape raw_unicode_escape undefined punycode hex bz2 uu quopri mbcs
charmap unknown-8bit
"""
_Messages = Iterator[tuple[str, bytes]]


def nasty_messages() -> Iterable[tuple[str, bytes]]:
    """Every nasty message with its name, which is unique."""
    yield from _amp()
    yield from _large_headers()
    yield from _many_values()
    yield from _nesting()
    yield from _boundaries()
    yield from _encoded_words()
    yield from _parameters()
    yield from _filenames()
    yield from _charsets()
    yield from _transfer_encodings()
    yield from _line_ends()
    yield from _header_oddities()
    yield from _addresses()
    yield from _dates()
    yield from _invites()
    yield from _html()
    yield from _attachments()


def head(name: str, *, subject: str = "", sender: str = "A <a@example.com>", to: str = "b@example.org") -> str:
    """The header of an ordinary message, to which a Content-Type may be added."""
    return (
        f"From: {sender}\r\nTo: {to}\r\nDate: {_DATE}\r\nMessage-ID: <{name}@example.com>\r\n"
        f"Subject: {subject or name}\r\nMIME-Version: 1.0\r\n"
    )


def multipart(kind: str, boundary: str, *parts: str) -> str:
    """Content-Type and body of a multipart; each part brings its own header and empty line."""
    inside = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n{inside}--{boundary}--\r\n"


def _base64(data: bytes) -> str:
    return base64.encodebytes(data).decode().replace("\n", "\r\n")


def _amp() -> _Messages:
    document = '<!doctype html><html ⚡4email><head><meta charset="utf-8"></head><body>AMP hello</body></html>'
    kind = "Content-Type: text/x-amp-html; charset=utf-8\r\n"
    alternative = multipart(
        "alternative",
        "b1",
        "Content-Type: text/plain; charset=utf-8\r\n\r\nplain",
        f"{kind}Content-Transfer-Encoding: base64\r\n\r\n{_base64(document.encode())}",
        "Content-Type: text/html; charset=utf-8\r\n\r\n<p>html</p>",
    )
    yield "amp-alternative", (head("amp") + alternative).encode()
    yield "amp-only", f"{head('amp-only')}{kind}Content-Transfer-Encoding: 8bit\r\n\r\n{document}".encode()


def _large_headers() -> _Messages:
    for size in (64, 256, 1024, 4096):
        value = "\r\n ".join("x" * 900 for _ in range(size * 1024 // 902))
        yield f"huge-header-{size}k", f"{head(f'huge{size}')}X-Huge: {value}\r\n\r\nbody\r\n".encode()
    yield "one-header-line-1MB", f"{head('oneline')}X-One: {'y' * 1_000_000}\r\n\r\nbody\r\n".encode()
    many = "".join(f"X-H{n}: {n}\r\n" for n in range(20_000))
    yield "20000-headers", f"{head('manyheaders')}{many}\r\nbody\r\n".encode()


def _many_values() -> _Messages:
    to = ",\r\n ".join(f'"User, {n}" <u{n}@example.org>' for n in range(5000))
    yield "5000-recipients", f"{head('rcpts', to=to)}\r\nbody\r\n".encode()
    references = "\r\n ".join(f"<{n}.{n * 7919}@example.com>" for n in range(2000))
    yield "2000-references", f"{head('refs')}References: {references}\r\n\r\nbody\r\n".encode()


def _nesting() -> _Messages:
    for depth in (30, 100, 500, 2000):
        opened = "".join(
            f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in reversed(range(depth))
        )
        closed = "".join(f"\r\n--b{n}--\r\n" for n in range(depth))
        inner = "Content-Type: text/plain\r\n\r\ndeep\r\n"
        yield f"nested-multipart-{depth}", f"{head(f'nest{depth}')}{opened}{inner}{closed}".encode()
    for depth in (10, 60, 300):
        opened = "".join(f"{head(f'rfc822-{n}')}Content-Type: message/rfc822\r\n\r\n" for n in reversed(range(depth)))
        yield f"nested-rfc822-{depth}", f"{opened}{head('inner')}Content-Type: text/plain\r\n\r\ninner\r\n".encode()


def _boundaries() -> _Messages:
    parts = "".join(
        f'--p\r\nContent-Type: text/plain; name="f{n}.txt"\r\n'
        f'Content-Disposition: attachment; filename="f{n}.txt"\r\n\r\n{n}\r\n'
        for n in range(5000)
    )
    kind = "Content-Type: multipart/mixed; boundary"
    bodies = {
        "5000-parts": f"{kind}=p\r\n\r\n{parts}--p--\r\n",
        "quadratic-boundaries": f"{kind}=a\r\n\r\n" + "--a\r\n" * 50_000,
        "boundary-of-dashes": f'{kind}="-"\r\n\r\n' + "-" * 1_000_000,
        "boundary-prefix": f"{kind}=ab\r\n\r\n--ab\r\nContent-Type: multipart/alternative; boundary=abc\r\n\r\n"
        "--abc\r\n\r\none\r\n--abc--\r\n--ab--\r\n",
        "no-boundary": "Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nhi\r\n--x--\r\n",
        "empty-boundary": f'{kind}=""\r\n\r\n--\r\n\r\nhi\r\n----\r\n',
        "wrong-boundary": f"{kind}=x\r\n\r\n--y\r\n\r\nhi\r\n--y--\r\n",
        "unterminated": f"{kind}=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>never closed",
    }
    for name, body in bodies.items():
        yield name, (head(name) + body).encode()


def _encoded_words() -> _Messages:
    word = base64.b64encode("ünïcode 🎉".encode()).decode()
    subjects = {
        "2047-long-run": f"=?utf-8?q?{'=C3=BC' * 20}?=" + f"\r\n =?utf-8?b?{word}?=" * 3000,
        "2047-bad-charset": "=?x-unknown-9?q?abc=FF?= =?utf-8?b?!!!?= =?utf-8?q?=ZZ?= =?us-ascii?q??=",
        "2047-split-multibyte": "=?utf-8?b?w4?= =?utf-8?b?PDvA==?=",
        "2047-split-character": "=?utf-8?q?gr=C3?= =?utf-8?q?=BC=C3?=\r\n =?utf-8?q?=9Fe?=",
        "2047-never-closed": "=?utf-8?q?a" * 20_000,
        "2047-line-end": "=?utf-8?q?a=0D=0AX-Injected:_1=00?=",
    }
    for name, subject in subjects.items():
        yield name, f"{head(name, subject=subject)}\r\nx\r\n".encode()
    quoted = '"=?utf-8?q?J=C3=B6rg?= via \\"x\\"" <a@example.com>'
    yield "2047-in-quotes", f"{head('q', sender=quoted)}\r\nx\r\n".encode()


def _parameters() -> _Messages:
    disposition = "Content-Disposition: attachment;"
    continued = (
        f"Content-Type: application/octet-stream\r\n{disposition}\r\n filename*0*=utf-8''%E2%82%AC%20;\r\n"
        ' filename*1*=r%C3%A4tes;\r\n filename*2=.txt;\r\n filename*4=gap;\r\n filename="fallback.txt"\r\n\r\nx\r\n'
    )
    yield "2231-continuations", (head("c") + continued).encode()
    many = "".join(f"\r\n filename*{n}=a;" for n in range(3000))
    yield "2231-many", f"{head('m')}Content-Type: text/plain\r\n{disposition}{many}\r\n\r\nx\r\n".encode()
    yield "parameters-unclosed", (head("pu") + 'Content-Type: text/plain; a="' * 20_000 + "\r\n\r\nx\r\n").encode()


def _filenames() -> _Messages:
    names = [
        "../../etc/passwd",
        "..\\..\\x.exe",
        "/etc/shadow",
        "C:\\x",
        "a\x00b.txt",
        "x" * 4000 + ".txt",
        ".htaccess",
    ]
    names += ["CON", "\u202egpj.exe", "a\r\nX-Injected: 1", "<script>alert(1)</script>.html", '"quoted".txt', "", " "]
    names += ["a/b/c"]
    for number, name in enumerate(names):
        percent = "".join(f"%{byte:02X}" for byte in name.encode())
        attached = (
            f"Content-Type: text/html\r\nContent-Disposition: attachment; filename*=utf-8''{percent}\r\n\r\n"
            "<script>alert(1)</script>"
        )
        yield f"filename-{number:02}", (head(f"fn{number}") + multipart("mixed", "x", "\r\nt", attached)).encode()


def _charsets() -> _Messages:
    names = [*_CHARSETS.split(), "", "utf-8'; drop", "utf-8\t"]
    body = b"\x1b$B$3$s\x1b(B \xe4\xf6\xfc \xc3\xa4 \xb1\xe2 \x00\xff\xfe zlib\r\n"
    for name in names:
        kind = f'Content-Type: text/plain; charset="{name}"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
        yield f"charset-{name.strip() or 'empty'}-{len(name)}", (head(f"cs {name.strip()}") + kind).encode() + body
    lone = "Content-Type: text/plain; charset=utf-7\r\n\r\nlone surrogate: +2AA-\r\n"
    yield "charset-lone-surrogate", (head("lone") + lone).encode()


def _transfer_encodings() -> _Messages:
    encoding = "Content-Transfer-Encoding: "
    letters = "\r\n".join(base64.b64encode(b"x" * 30_000).decode())
    bodies = {
        "cte-unknown": f"{encoding}x-foo\r\nContent-Type: text/plain\r\n\r\nx\r\n",
        "b64-garbage": f"{encoding}base64\r\nContent-Type: text/html\r\n\r\n!!!PGI+aGk8L2I+====@@@PGI+\r\n",
        "b64-one-char-lines": f"{encoding}base64\r\nContent-Type: text/plain\r\n\r\n{letters}\r\n",
        "qp-broken": f"{encoding}quoted-printable\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        "a=\r\n=ZZ=C3=\r\n=A4 = \t\r\n=3D=\r\n",
        "uue-inline": "Content-Type: text/plain\r\n\r\nhi\r\nbegin 644 x.txt\r\n#86)C\r\n`\r\nend\r\n",
        "uue-encoding": f"{encoding}x-uuencode\r\n\r\nbegin 644 x.txt\r\n#86)C\r\n`\r\nend\r\n",
        "nul-bytes": "Content-Type: text/plain\r\n\r\na\0b\0c\r\n",
    }
    for name, body in bodies.items():
        yield name, (head(name) + body).encode()


def _line_ends() -> _Messages:
    header = head("line-ends").encode()
    yield "bare-cr", header.replace(b"\r\n", b"\r") + b"\rbody\r"
    yield "bare-lf", header.replace(b"\r\n", b"\n") + b"\nbody\n"
    yield "lf-cr", header.replace(b"\r\n", b"\n\r") + b"\n\rbody"
    yield "cr-cr-lf", header.replace(b"\r\n", b"\r\r\n") + b"\r\r\nbody\r\r\n"
    yield "cr-in-header", head("cr", subject="x\rBcc: victim@example.org").encode() + b"\r\nx\r\n"
    yield "only-headers", header
    yield "empty", b"\r\n"
    yield "zero", b"\n"
    yield "nothing", b""
    yield "no-headers", b"\r\njust a body\r\n"


def _header_oddities() -> _Messages:
    yield "colonless", b"this is not a header\r\nneither this\r\n\r\nbody\r\n"
    yield "leading-continuation", b" folded first\r\n" + head("lc").encode() + b"\r\nx"
    kinds = "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n<b>which?</b>\r\n"
    yield "dup-headers", (head("d1") + head("d2") + kinds).encode()
    yield "space-before-colon", b"From : a@example.com\r\nTo :b@example.org\r\nSubject : spaced\r\n\r\nx"
    raw = "From: Jörg <jörg@exämple.com>\r\nTo: 用户@例え.jp\r\nSubject: grüße 🎉\r\n\r\nutf8 ☃\r\n"
    yield "header-raw-utf8", raw.encode()
    yield "header-raw-latin1", "From: J\xf6rg <j@example.com>\r\nSubject: gr\xfc\xdfe\r\n\r\nx".encode("latin-1")
    links = "<javascript:alert(1)>, <mailto:x@y?subject=%0d%0aBcc:z>, (comment) <https://example.com/u?a=1,2>,\r\n <ftp://x>"
    unsubscribe = f"List-Unsubscribe: {links}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nx"
    yield "list-unsubscribe-weird", (head("lu") + unsubscribe).encode()
    yield "smuggle-dot", (head("dot") + "\r\nx\r\n.\r\nMAIL FROM:<x>\r\n..\r\n.\n").encode()
    mailbox = f"From a@b Fri Nov 20 10:00:00 2026\r\n{head('fl')}\r\n>From x\r\nFrom y\r\n"
    yield "mailfrom-line", mailbox.encode()


def _addresses() -> _Messages:
    values = ["<>", "a@b@c", '"a b"@c', "undisclosed-recipients:;", "Group: a@x.org, b@y.org;, c@z.org", "@route:a@b"]
    values += ["a@[127.0.0.1]", "a@[IPv6:::1]", '"\\"@x"@y', "(c) a (d) @ (e) b", ",,,", "a" * 3000 + "@x"]
    values += ["=?utf-8?q?a=40b?=", "a@b, " * 200, "<a@b", "a b c", "Display <<a@b>>", "'a@b'"]
    values += ["a@xn--bcher-kva.example", "\x00", "(" * 10_000, "<" * 10_000, '"' * 9_999]
    for number, value in enumerate(values):
        yield f"addr-{number:02}", f"{head(f'addr{number}', sender=value, to=value)}\r\nx\r\n".encode()


def _dates() -> _Messages:
    dates = ["Fri, 31 Feb 2026 25:61:61 +9999", "not a date", "", "1 Jan 0001 00:00:00 +0000", "\x01"]
    dates += ["31 Dec 99999 23:59:59 +0000", "Thu, 20 Nov 2026 10:00:00 (PST)", "20 Nov 26 10:00 EST"]
    dates += ["2026-11-20T10:00:00Z", "Fri, 20 Nov 2026 10:00:00 -0000"]
    for number, date in enumerate(dates):
        yield f"date-{number:02}", (head(f"date{number}").replace(_DATE, date) + "\r\nx\r\n").encode()


def _invites() -> _Messages:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:1", "DTSTAMP:20261120T100000Z",
        "DTSTART;TZID=Europe/Berlin:20261121T100000", "SUMMARY:Größe\\, Treffen", "ORGANIZER:mailto:a@example.com",
        "ATTENDEE;RSVP=TRUE:mailto:b@example.org", "RRULE:FREQ=WEEKLY;COUNT=3", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    calendar = "\r\n".join(lines)
    attached = (
        "Content-Type: application/ics; name=invite.ics\r\nContent-Disposition: attachment; filename=invite.ics\r\n\r\n"
    )
    for method in ("REQUEST", "CANCEL", "REPLY", "COUNTER"):
        alternative = multipart(
            "alternative",
            "n",
            "Content-Type: text/plain; charset=utf-8\r\n\r\ninvite",
            "Content-Type: text/html\r\n\r\n<b>invite</b>",
            f"Content-Type: text/calendar; charset=utf-8; method={method}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            + calendar.replace("REQUEST", method),
        )
        message = head("inv") + multipart("mixed", "m", alternative, attached + calendar)
        yield f"invite-{method.lower()}", message.encode()


def _html() -> _Messages:
    for number, html in enumerate(NASTY_HTML):
        kind = "Content-Type: text/html; charset=utf-8\r\n\r\n"
        yield f"html-{number:02}", f"{head(f'html{number}')}{kind}{html}\r\n".encode()


def _attachments() -> _Messages:
    encoded = "Content-Transfer-Encoding: base64\r\n"
    named = "Content-Disposition: attachment; filename="
    noise = random.Random(7).randbytes(7_500_000)
    attached = f"Content-Type: application/octet-stream\r\n{named}r.bin\r\n{encoded}\r\n{_base64(noise)}"
    yield "10MB-attachment", (head("big") + multipart("mixed", "x", "\r\nt", attached)).encode()
    bomb = zlib.compress(bytes(50_000_000), 9)
    yield (
        "zip-bomb",
        f"{head('gz')}Content-Type: application/gzip\r\n{encoded}{named}z.gz\r\n\r\n{_base64(bomb)}".encode(),
    )
    huge = _PIXEL[:16] + (60_000).to_bytes(4) * 2 + _PIXEL[24:]
    image = f"Content-Type: image/png\r\n{encoded}{named}b.png\r\n\r\n{_base64(huge)}"
    yield "png-60000x60000-header", (head("pb") + image).encode()
    inline = f"Content-Type: image/png; name=i.png\r\nContent-Disposition: inline\r\n{encoded}\r\n{_base64(_PIXEL)}"
    start = 'Content-Type: text/html\r\nContent-ID: <s@x>\r\n\r\n<img src="cid:nope">'
    related = multipart("related", "x", inline, start).replace("x\r\n", 'x; type="text/html"; start="<s@x>"\r\n', 1)
    yield "disposition-inline-noid", (head("di") + related).encode()
