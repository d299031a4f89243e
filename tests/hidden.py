"""Every way to write a Bcc that some program reads as one, and fields that only look like it."""

from collections.abc import Iterator
from typing import Final

HIDDEN: Final = b"boss@secret.test"
"""Who stands in each of these Bcc fields, and nowhere else."""

_FIRST: Final = b"From: app@shop.test\r\nTo: customer@shop.test\r\n"
_LAST: Final = b"Subject: Invoice\r\n"
_BODY: Final = b"\r\nThe body says Bcc, too.\r\nBcc: somebody@shop.test\r\n"

_FIELDS: Final = {
    "plain": b"Bcc: %s\r\n",
    "upper": b"BCC: %s\r\n",
    "odd-case": b"bCc: %s\r\n",
    "no-space": b"Bcc:%s\r\n",
    "space-before-colon": b"Bcc : %s\r\n",
    "tabs-before-colon": b"Bcc\t \t: %s\r\n",
    "folded-value": b"Bcc:\r\n %s\r\n",
    "folded-twice": b"Bcc: other@secret.test,\r\n\t%s,\r\n  Boss <%s>\r\n",
    "folded-before-colon": b"Bcc\r\n : %s\r\n",
    "colon-on-next-line": b"Bcc\r\n: %s\r\n",
    "blank-folds": b"Bcc: \r\n \r\n\t\r\n %s\r\n",
    "named": b'Bcc: "The Boss, Esq." <%s>\r\n',
    "group": b"Bcc: bosses: %s;\r\n",
    "encoded-word-beside": b"Bcc: =?utf-8?q?B=C3=B6ss?= <%s>\r\n",
    "twice": b"Bcc: %s\r\nBcc: %s\r\n",
    "many": b"Bcc: %s\r\n" * 200,
    "resent": b"Resent-Bcc: %s\r\n",
    "resent-odd": b"resent-BCC\t: %s\r\n",
    "nul-before": b"\0Bcc: %s\r\n",
    "nul-inside": b"B\0cc: %s\r\n",
    "nul-after-a-field": b"X-One: 1\0Bcc: %s\r\n",
    "vt-after-a-field": b"X-One: 1\vBcc: %s\r\n",
    "ff-after-a-field": b"X-One: 1\fBcc: %s\r\n",
    "file-separator-after-a-field": b"X-One: 1\x1cBcc: %s\r\n",
    "nel-after-a-field": b"X-One: 1\x85Bcc: %s\r\n",
    "utf-8-nel-after-a-field": b"X-One: 1\xc2\x85Bcc: %s\r\n",
    "line-separator-after-a-field": b"X-One: 1\xe2\x80\xa8Bcc: %s\r\n",
    "bare-cr-after-a-field": b"X-One: 1\rBcc: %s\r\n",
    "bare-lf-after-a-field": b"X-One: 1\nBcc: %s\r\n",
    "bare-cr-ends": b"Bcc: %s\r",
    "bare-lf-ends": b"Bcc: %s\n",
    "bare-cr-before-colon": b"Bcc\r : %s\r\n",
    "bare-cr-folded": b"Bcc:\r %s\r\n",
    "cr-cr-lf": b"X-One: 1\r\r\nBcc: %s\r\r\n",
    "byte-order-mark": b"\xef\xbb\xbfBcc: %s\r\n",
    "no-break-space": b"\xc2\xa0Bcc\xc2\xa0: %s\r\n",
    "zero-width-space": b"Bcc\xe2\x80\x8b: %s\r\n",
    "backspace": b"Bc\x08c: %s\r\n",
    "delete": b"Bcc\x7f: %s\r\n",
    "line-without-colon-before": b"this is no field\r\nBcc: %s\r\n",
    "lines-without-colon-around": b"no field\r\nnor this\r\nBcc: %s\r\nnor this\r\n",
    "field-without-name-before": b": nothing\r\nBcc: %s\r\n",
    "after-an-mbox-line": b">From app Fri Nov 20 10:00:00 2026\r\nBcc: %s\r\n",
    "blank-line-of-spaces-before": b"X-One: 1\r\n  \t\r\nBcc: %s\r\n",
    "long-name-before": b"X-" + b"y" * 5000 + b": 1\r\nBcc: %s\r\n",
    "long-value": b"Bcc: " + b"a@b.test, " * 20_000 + b"%s\r\n",
}


def hidden_messages() -> Iterator[tuple[str, bytes]]:
    """Each spelling at the beginning, the middle and the end of a header, by a unique name."""
    for name, field in _FIELDS.items():
        field = field.replace(b"%s", HIDDEN)
        yield f"{name}-first", field + _FIRST + _LAST + _BODY
        yield f"{name}-amid", _FIRST + field + _LAST + _BODY
        yield f"{name}-last", _FIRST + _LAST + field + _BODY
    for name in ("plain", "resent", "bare-lf-ends", "bare-cr-after-a-field", "folded-value"):
        yield f"{name}-no-body", _FIRST + _FIELDS[name].replace(b"%s", HIDDEN)
    bare = (_FIRST + b"Bcc: %s\r\n" % HIDDEN + _LAST + _BODY).replace(b"\r\n", b"\n")
    yield "bare-lf-throughout", bare
    yield "bare-cr-throughout", bare.replace(b"\n", b"\r")
    yield "mbox", b"From app Fri Nov 20 10:00:00 2026\r\nBcc: " + HIDDEN + b"\r\n" + _FIRST + _BODY


ODD_HEADERS: Final = (
    b"From: app@shop.test\r\n",
    b"To: Bcc: <bcc@shop.test>\r\n",
    b"X-Bcc-Policy: none\r\n",
    b"Subject: Bcc: what it is\r\n",
    b"Comments: see below\r\n Bcc as a word\r\n",
    b"BccX: 1\r\n",
    b"Abcc: 1\r\n",
    b"X-Upper: \xc3\x84 \xff raw bytes\r\n",
    b"no colon in this line\r\n",
)
"""Fields that are to leave as they are."""
