"""Realistic messages to look at: what `mailsluice send-test` sends. Pure: bytes out of a recipient and a time."""

import base64
import binascii
import struct
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec

_CODE = "482 913"
_GREEN = (31, 111, 92)


class Sample(msgspec.Struct, frozen=True):
    """One message with its envelope; `raw` has CRLF line ends throughout and ends with one."""

    name: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


def sample_messages(*, recipient: str = "you@example.com", now: datetime) -> tuple[Sample, ...]:
    """The samples, addressed to `recipient` (plain ASCII) and dated `now`; the same arguments give the same bytes."""
    makers = (_password_reset, _order, _invite, _japanese, _verification_code, _broken)
    return tuple(make(recipient, now) for make in makers)


def _password_reset(recipient: str, now: datetime) -> Sample:
    sender = "no-reply@orchard.example"
    text = f"""\
Hello,

somebody asked for a new password for {recipient}.
If that was you, choose one here within 30 minutes:

    https://app.orchard.example/password/new?token=8f14e45fceea167a5a36dedd4bea2543

If it was not you, ignore this message; your password stays as it is.
...and please tell us: security@orchard.example

--\N{SPACE}
Orchard, 12 Mill Lane, Bristol
"""
    head = _head(now, sender=f"Orchard <{sender}>", to=recipient, subject="Reset your Orchard password")
    body = _entity("text/plain; charset=us-ascii", text.encode("ascii"))
    return Sample(name="password-reset", sender=sender, recipients=(recipient,), raw=head + body)


def _order(recipient: str, now: datetime) -> Sample:
    sender = "orders@lumen-coffee.example"
    text = "Thank you for your order 10482.\n\n2 × Ethiopia Guji, 250 g   € 23.80\nShipping   € 3.90\nTotal   € 27.70\n"
    related = _multipart(
        "related",
        _quoted("text/html", _ORDER_HTML),
        _encoded("image/png", _logo(), 'inline; filename="logo.png"', content_id="logo@lumen-coffee.example"),
    )
    mixed = _multipart(
        "mixed",
        _multipart("alternative", _quoted("text/plain", text), related),
        _encoded("application/pdf", _receipt(now), 'attachment; filename="receipt-10482.pdf"'),
    )
    subject = "Your order 10482 is on its way \N{HOT BEVERAGE}"
    head = _head(now, sender=f"Lumen Coffee <{sender}>", to=f"Ada Example <{recipient}>", subject=_word(subject))
    # The second recipient is in no header: a Bcc, as the page shows it.
    recipients = (recipient, "bookkeeping@lumen-coffee.example")
    return Sample(name="order-html-pdf", sender=sender, recipients=recipients, raw=head + mixed)


def _invite(recipient: str, now: datetime) -> Sample:
    sender = "grace@orchard.example"
    start = (now.astimezone(UTC) + timedelta(days=2)).replace(hour=13, minute=30, second=0, microsecond=0)
    when = f"{start:%Y-%m-%d %H:%M} to {start + timedelta(minutes=45):%H:%M} UTC"
    calendar = _calendar(sender, recipient, start, now)
    html = f"<p>Let us walk through the release plan.</p><p><b>When:</b> {when}<br><b>Where:</b> Room 4</p>\n"
    mixed = _multipart(
        "mixed",
        _multipart(
            "alternative",
            _quoted("text/plain", f"Let us walk through the release plan.\n\nWhen: {when}\nWhere: Room 4\n"),
            _quoted("text/html", html),
            _quoted("text/calendar", calendar, parameters="; method=REQUEST"),
        ),
        _encoded("application/ics", _crlf(calendar), 'attachment; filename="invite.ics"'),
    )
    head = _head(now, sender=f"Grace Example <{sender}>", to=recipient, subject="Invitation: Release plan")
    return Sample(name="invite", sender=sender, recipients=(recipient,), raw=head + mixed)


def _japanese(recipient: str, now: datetime) -> Sample:
    sender = "support@sakura.example"
    text = """\
お客様

いつもご利用いただき、ありがとうございます。
ご注文の商品を本日発送いたしました。お届けは三日後の予定です。

さくら商店
"""
    head = _head(
        now,
        sender=f"{_word('さくら商店', 'iso-2022-jp')} <{sender}>",
        to=recipient,
        subject=_word("ご注文の発送のお知らせ", "iso-2022-jp"),
    )
    body = _entity("text/plain; charset=iso-2022-jp", text.encode("iso-2022-jp"))
    return Sample(name="japanese", sender=sender, recipients=(recipient,), raw=head + body)


def _verification_code(recipient: str, now: datetime) -> Sample:
    sender = "login@orchard.example"
    text = f"Your verification code is {_CODE}\n\nIt works for 10 minutes. We will never ask you for it.\n"
    body = _multipart("alternative", _quoted("text/plain", text), _quoted("text/html", _CODE_HTML))
    head = _head(now, sender=f"Orchard <{sender}>", to=recipient, subject=f"{_CODE} is your verification code")
    return Sample(name="verification-code", sender=sender, recipients=(recipient,), raw=head + body)


def _broken(recipient: str, now: datetime) -> Sample:
    """A header in raw Latin-1, a charset nobody knows, base64 cut short, and a multipart that never ends."""
    sender = "legacy@orchard.example"
    subject = "Caf\N{LATIN SMALL LETTER E WITH ACUTE} report (a broken message)"
    head = _head(now, sender=sender, to=recipient, subject=subject, charset="latin-1")
    first = _entity("text/plain; charset=x-no-such-charset", b"Caf\xe9: a line with one dot follows\n.\nand is text.\n")
    second = b'Content-Type: image/png; name="cut.png"\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=AAA*\n'
    body = b'Content-Type: multipart/mixed; boundary="=_open"\n\n--=_open\n' + first + b"--=_open\n" + second
    return Sample(name="broken", sender=sender, recipients=(recipient,), raw=head + _crlf(body))


def _head(now: datetime, *, sender: str, to: str, subject: str, charset: str = "ascii") -> bytes:
    domain = sender.rpartition("@")[2].rstrip(">")
    token = zlib.crc32(f"{subject}{to}".encode())
    lines = (
        f"Date: {format_datetime(now)}",
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject}",
        f"Message-ID: <{now.timestamp():.6f}.{token:08x}@{domain}>",
        "MIME-Version: 1.0",
    )
    return "".join(f"{line}\r\n" for line in lines).encode(charset)


def _entity(content_type: str, body: bytes, *more: str) -> bytes:
    """A MIME entity: its own headers, an empty line, its body."""
    lines = (f"Content-Type: {content_type}", *more, "", "")
    return "\r\n".join(lines).encode("ascii") + _crlf(body)


def _quoted(content_type: str, text: str, *, parameters: str = "") -> bytes:
    encoded = binascii.b2a_qp(text.encode(), istext=True)
    return _entity(f"{content_type}; charset=utf-8{parameters}", encoded, "Content-Transfer-Encoding: quoted-printable")


def _encoded(content_type: str, content: bytes, disposition: str, *, content_id: str = "") -> bytes:
    more = ["Content-Transfer-Encoding: base64", f"Content-Disposition: {disposition}"]
    if content_id:
        more.append(f"Content-ID: <{content_id}>")
    return _entity(content_type, base64.encodebytes(content), *more)


def _multipart(subtype: str, *parts: bytes) -> bytes:
    # "=_" cannot stand in quoted-printable or base64 (RFC 2045 section 6.7), and the checksum keeps nested ones apart.
    boundary = f"=_{zlib.crc32(b''.join(parts)):08x}"
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts)
    return _entity(f'multipart/{subtype}; boundary="{boundary}"', body + b"--%b--\r\n" % boundary.encode())


def _word(text: str, charset: str = "utf-8") -> str:
    """`text` as one encoded word (RFC 2047), which holds 75 characters at most."""
    return f"=?{charset.upper()}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def _crlf(content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _calendar(organizer: str, attendee: str, start: datetime, now: datetime) -> str:
    """A meeting request (RFC 5546 section 3.2.2) of 45 minutes."""
    stamp = "%Y%m%dT%H%M%SZ"
    return f"""\
BEGIN:VCALENDAR
PRODID:-//Mailsluice//Sample//EN
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:release-plan-{start:{stamp}}@orchard.example
DTSTAMP:{now.astimezone(UTC):{stamp}}
DTSTART:{start:{stamp}}
DTEND:{start + timedelta(minutes=45):{stamp}}
SUMMARY:Release plan
LOCATION:Room 4
ORGANIZER;CN=Grace Example:mailto:{organizer}
ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:
 mailto:{attendee}
STATUS:CONFIRMED
SEQUENCE:0
END:VEVENT
END:VCALENDAR
"""


def _logo(size: int = 64) -> bytes:
    """A PNG (RFC 2083): a white ring on a green disc, edges smoothed."""

    def pixel(x: int, y: int) -> bytes:
        distance = ((x + 0.5 - size / 2) ** 2 + (y + 0.5 - size / 2) ** 2) ** 0.5 * 64 / size
        white = _ramp(19 - distance) - _ramp(11 - distance)
        colour = (round(channel + (255 - channel) * white) for channel in _GREEN)
        return bytes((*colour, round(255 * _ramp(31 - distance))))

    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(size)) for y in range(size))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    body = (struct.pack(">I", len(c)) + kind + c + struct.pack(">I", zlib.crc32(kind + c)) for kind, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def _ramp(value: float) -> float:
    return min(1.0, max(0.0, value + 0.5))


def _receipt(now: datetime) -> bytes:
    """A PDF of one A5 page (ISO 32000-1 section 7.5): header, objects, cross-reference table, trailer."""
    lines = " T* ".join(f"({line}) Tj" for line in (f"Order 10482, {now:%Y-%m-%d}", *_RECEIPT))
    red, green, blue = (f"{channel / 255:.3f}" for channel in _GREEN)
    content = (
        f"{red} {green} {blue} rg 0 515 420 80 re f BT 1 1 1 rg /F1 24 Tf 36 546 Td (Lumen Coffee) Tj ET\n"
        f"BT 0 0 0 rg /F2 11 Tf 18 TL 36 470 Td {lines} ET"
    ).encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    )
    pdf = b"%PDF-1.4\n"
    table = b"0000000000 65535 f \n"
    for number, content in enumerate(objects, start=1):
        table += b"%010d 00000 n \n" % len(pdf)
        pdf += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(pdf))
    return pdf + b"xref\n0 %d\n" % (len(objects) + 1) + table + trailer


_RECEIPT = (
    "",
    "2 x Ethiopia Guji, 250 g      EUR 23.80",
    "Shipping                      EUR  3.90",
    "",
    "Total                         EUR 27.70",
)

_ORDER_HTML = """\
<!doctype html>
<html lang="en">
<body style="margin:0;background:#f3f1ec;font-family:Helvetica,Arial,sans-serif;color:#2b2b2b">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td align="center" style="padding:32px 12px">
<table role="presentation" width="520" cellpadding="0" cellspacing="0" style="background:#fff;border-radius:12px">
<tr><td style="padding:32px 40px 0">
<img src="cid:logo@lumen-coffee.example" width="48" height="48" alt="Lumen Coffee">
<h1 style="font-size:22px;margin:20px 0 8px">Your coffee is on its way</h1>
<p style="margin:0 0 24px;line-height:1.5">Thank you, Ada. We roasted it this morning; it arrives in two days.</p>
</td></tr>
<tr><td style="padding:0 40px">
<table role="presentation" width="100%" style="border-top:1px solid #e5e1d8;font-size:15px;line-height:2.2">
<tr><td>2 × Ethiopia Guji, 250 g</td><td align="right">€ 23.80</td></tr>
<tr><td>Shipping</td><td align="right">€ 3.90</td></tr>
<tr><td><b>Total</b></td><td align="right"><b>€ 27.70</b></td></tr>
</table></td></tr>
<tr><td style="padding:24px 40px 36px">
<a href="https://lumen-coffee.example/orders/10482"
style="background:#1f6f5c;color:#fff;padding:12px 22px;border-radius:6px;text-decoration:none">Track your parcel</a>
</td></tr></table>
<p style="font-size:12px;color:#6d6a63">Order 10482 · your receipt is attached</p>
</td></tr></table>
</body>
</html>
"""

_CODE_HTML = f"""\
<!doctype html>
<html lang="en">
<body style="font-family:Helvetica,Arial,sans-serif;color:#1d1d1f;padding:24px">
<p>Enter this code to go on:</p>
<p style="font-size:32px;font-weight:bold;letter-spacing:4px;margin:12px 0">{_CODE}</p>
<p style="color:#666">It works for 10 minutes. We will never ask you for it.</p>
</body>
</html>
"""
