"""Mail as apps send it, of a given size, with a place for a number that tells the copies apart."""

import base64
import random
import re
import textwrap

MARK = b"BENCH-"
_NUMBER = re.compile(re.escape(MARK) + rb"\d{10}")
_PROSE = (
    "your order has been sent and will be with you on Tuesday between nine and noon please keep the number of the "
    "parcel until it has arrived if nobody is in our driver leaves a card with the address of the nearest shop where "
    "it waits for ten days thank you for buying from us and do write when something is missing or broken"
)
_DIFFERENT_LINES = 1000
_BLOCK = 57 * 16384  # whole lines of 76 characters
_HEADER = """\
From: "The Shop" <orders@shop.example.com>
To: Ada Customer <ada@customer.example.org>
Reply-To: help@shop.example.com
Subject: Your order has been sent
Date: Mon, 01 Jan 2024 09:15:30 +0000
Message-ID: <BENCH-0000000000@shop.example.com>
MIME-Version: 1.0
X-Mailer: Shop 4.2
"""
_PLAIN = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\n"
_HTML = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\n"
_PDF = (
    'Content-Type: application/pdf; name="invoice.pdf"\nContent-Transfer-Encoding: base64\n'
    'Content-Disposition: attachment; filename="invoice.pdf"\n\n'
)
_LOG = (
    'Content-Type: text/plain; charset=utf-8; name="parcel.log"\nContent-Transfer-Encoding: 7bit\n'
    'Content-Disposition: attachment; filename="parcel.log"\n\n'
)


def make_mail(size: int) -> bytes:
    """A message of about so many bytes: plain text, from 4 KB on with HTML, from 64 KB on with attachments."""
    if size < 4 << 10:
        lines = _HEADER + _PLAIN + _text(size - len(_HEADER) - len(_PLAIN))
    elif size < 64 << 10:
        html = f"<html><body>\n{_text(size * 3 // 4 - 800, '<p>', '</p>')}</body></html>\n"
        lines = _multipart("alternative", _PLAIN + _text(size // 4), _HTML + html)
    else:
        lines = _multipart(
            "mixed", _PLAIN + _text(2048), _PDF + _base64(size * 9 // 10 - 4096), _LOG + _text(size // 10)
        )
    return lines.encode().replace(b"\n", b"\r\n")


def numbered(mail: bytes, number: int) -> bytes:
    """The copy with this number, as the generator sends it."""
    return _NUMBER.sub(b"%s%010d" % (MARK, number), mail, count=1)


def number_of(mail: bytes) -> int:
    """The number of a copy; raises ValueError for a message that is none."""
    found = _NUMBER.search(mail)
    if found is None:
        raise ValueError("this message was not sent by the benchmark")
    return int(found[0].removeprefix(MARK))


def _multipart(subtype: str, *parts: str) -> str:
    boundary = "=-shop-7d1f0c2b"
    opened = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'{_HEADER}Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n{opened}--{boundary}--\n'


def _text(size: int, before: str = "", behind: str = "") -> str:
    """Lines of words, one in twenty with a dot at its beginning that the dialogue has to double."""
    chosen, count = random.Random(size), max(size // 72, 1)
    known = _PROSE.split()
    words = " ".join(chosen.choice(known) for _ in range(min(count, _DIFFERENT_LINES) * 20))
    lines = textwrap.wrap(words, 70 - len(before + behind))
    shown = (f"{'.' * (n % 20 == 5)}{before}{lines[n % len(lines)]}{behind}\n" for n in range(count))
    return "".join(shown)


def _base64(size: int) -> str:
    """Base64 of bytes that do not compress, as those of a PDF or a picture do not."""
    block = base64.encodebytes(random.Random(size).randbytes(_BLOCK)).decode()
    return block * (size // len(block)) + "\n".join(block[: size % len(block)].split("\n")[:-1]) + "\n"
