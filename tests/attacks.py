"""Attack mails: each tries to run code, to tell somebody that it was read, or to act as its reader.

Every reference leads to `http://127.0.0.1:{port}/{name}/…`, so a server that listens there knows which attack got out.
A script that runs also titles its document "pwned".
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.attacks_html import HTML
from tests.nasty import head, multipart

_SCRIPT = "document.title='pwned';new Image().src='{url}/script';try{{top.document.title='pwned'}}catch(e){{}}"
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_TEN_MEGABYTES = 10_000_000


class Attack(NamedTuple):
    """A mail and what must not happen when any view of it is opened."""

    name: str
    raw: bytes
    harm: str


def attacks(port: int) -> Iterator[Attack]:
    """Every attack mail, telling on itself to that port of this machine."""
    for name, harm, html in (*HTML, *_huge()):
        yield _mail(name, harm, f"Content-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n", port)
    for name, harm, rest in (*_kinds(), *_names(), *_related()):
        yield _mail(name, harm, rest, port)
    for name, harm, fields in _headers():
        raw = f"MIME-Version: 1.0\r\n{fields}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ntext\r\n"
        yield Attack(name, _aimed(raw, name, port).encode(), harm)


def _mail(name: str, harm: str, rest: str, port: int) -> Attack:
    return Attack(name, (head(name) + _aimed(rest, name, port)).encode("utf-8", "surrogatepass"), harm)


def _aimed(text: str, name: str, port: int) -> str:
    url = f"http://127.0.0.1:{port}/{name}"
    # Without blank, quote or bracket, so that it runs wherever it gets to: in an attribute, a link, a style sheet.
    script = f"eval(String.fromCharCode({','.join(str(ord(letter)) for letter in _SCRIPT.format(url=url))}))"
    return text.replace("{script}", script).replace("{url}", url).replace("{host}", f"127.0.0.1:{port}/{name}")


def _huge() -> Iterator[tuple[str, str, str]]:
    cell = '<table width="100%"><tr><td>'
    yield "tables-nested", "the page stalls", cell * (_TEN_MEGABYTES // len(cell))
    row = '<tr><td style="background:url({url}/row)"><img src="{url}/cell"></td></tr>'
    yield "tables-long", "a request", f"<table>{row * (_TEN_MEGABYTES // 110)}</table>"
    yield "style-long", "a request", "<style>" + ".a{background:url({url}/rule)}\n" * 170_000 + "</style>"


def _part(kind: str, body: str, *fields: str) -> str:
    return "".join(f"{field}\r\n" for field in (f"Content-Type: {kind}", *fields)) + f"\r\n{body}"


def _kinds() -> Iterator[tuple[str, str, str]]:
    """Content that is not what it says it is, opened or downloaded as a part."""
    page, svg = "<script>{script}</script>", "<svg xmlns='http://www.w3.org/2000/svg' onload=\"{script}\"/>"
    kinds = {
        "html-as-png": ("image/png", page),
        "html-as-text": ("text/plain", page),
        "html-as-nothing": ("", page),
        "html-as-unknown": ("application/x-unknown", page),
        "html-as-csv": ("text/csv", f"a,{page}"),
        "html-as-calendar": ("text/calendar", f"BEGIN:VCALENDAR\r\nSUMMARY:{page}\r\nEND:VCALENDAR"),
        "html-as-contact": ("text/vcard", f"BEGIN:VCARD\r\nFN:{page}\r\nPHOTO;VALUE=uri:{{url}}/photo\r\nEND:VCARD"),
        "html-attached": ("text/html", page),
        "html-as-two-types": ("image/png, text/html", page),
        "html-as-utf-7": ("text/html; charset=utf-7", "+ADw-script+AD4-{script}+ADw-/script+AD4-"),
        "xhtml-attached": ("application/xhtml+xml", f'<html xmlns="http://www.w3.org/1999/xhtml">{page}</html>'),
        "svg-attached": ("image/svg+xml", svg),
        "svg-as-png": ("image/png", svg),
        "script-attached": ("text/javascript", "{script}"),
        "multipart-replace": ("multipart/x-mixed-replace; boundary=q", f"--q\r\nContent-Type: text/html\r\n\r\n{page}"),
        "nested-message": ("message/rfc822", f"Subject: x\r\nContent-Type: text/html\r\n\r\n{page}"),
        "amp": ("text/x-amp-html", '<!doctype html><html ⚡4email><script async src="{url}/amp.js"></script></html>'),
    }
    for name, (kind, body) in kinds.items():
        attached = _part(kind, body, "Content-Disposition: attachment; filename=x.html")
        yield name, "a script runs when the part is opened", multipart("mixed", "b", "\r\ntext", attached)


def _names() -> Iterator[tuple[str, str, str]]:
    """File names that are markup, paths, or another type when read aloud."""
    names = {
        "markup": '\\"><script>{script}</script>.png',
        "path": "../../../../etc/cron.d/x",
        "windows-path": "C:\\\\Windows\\\\system32\\\\x.dll",
        "device": "CON.txt",
        "direction": "invoice\u202efdp.exe",
        "newline": "a%0d%0aContent-Type: text/html%0d%0a%0d%0a<script>{script}</script>",
        "url": "{url}/name.png",
        "long": "a" * 5000 + ".png",
        "dots": "....",
        "semicolon": "a.png; filename=b.html",
    }
    for name, text in names.items():
        attached = _part("image/png", _PIXEL, f'Content-Disposition: attachment; filename="{text}"',
                         "Content-Transfer-Encoding: base64")  # fmt: skip
        yield f"name-{name}", "the name leaves its place", multipart("mixed", "b", "\r\ntext", attached)


def _related() -> Iterator[tuple[str, str, str]]:
    """References between parts: a Content-ID that is markup, a part that is a page, a part of another message."""
    page = "<script>{script}</script>"
    cases = {
        "cid-page": ("a@x", "text/html", '<iframe src="cid:a@x"></iframe><object data="cid:a@x"></object>'),
        "cid-svg": ("a@x", "image/svg+xml", '<img src="cid:a@x"><embed src="cid:a@x"><svg><use href="cid:a@x#b"/>'),
        "cid-style": ("a@x", "text/css", '<link rel=stylesheet href="cid:a@x"><style>@import "cid:a@x";</style>'),
        "cid-markup": ('"><script>{script}</script>', "image/png", "<img src='cid:&quot;><script>{script}</script>'>"),
        "cid-url": ("{url}/cid", "image/png", '<img src="cid:{url}/cid"><img src="cid:../../../api/v1/messages">'),
        "cid-link": ("a@x", "text/html", '<a href="cid:a@x">open</a>'),
    }  # fmt: skip
    content = {
        "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg" onload="{script}"><image href="{url}/svg"/></svg>',
        "text/css": '@import "{url}/import.css"; body{background:url({url}/background)}',
    }
    for name, (cid, kind, html) in cases.items():
        part = _part(kind, content.get(kind, page), f"Content-ID: <{cid}>", "Content-Disposition: inline")
        yield name, "a script runs or a request", multipart("related", "b", _part("text/html", html), part)


def _headers() -> Iterator[tuple[str, str, str]]:
    """Fields that are markup where a page shows them, or commands where a browser is told them."""
    markup = '"><img src={url}/header onerror="{script}"><script>{script}</script>'
    yield "subject-markup", "a script runs in our own page", f"From: a@x\r\nSubject: {markup}"
    yield "subject-title", "a script runs in our own page", "From: a@x\r\nSubject: </title><script>{script}</script>"
    yield "sender-markup", "a script runs in our own page", f"From: {markup} <a@x>\r\nSubject: x"
    yield (
        "sender-lookalike",
        "the sender passes for another",
        "From: \u202emoc.knab@da <ad@b\u0430nk.com>\r\nSubject: x",
    )
    yield "to-markup", "a script runs in our own page", f'From: a@x\r\nTo: "{markup}" <b@x>\r\nSubject: x'
    yield (
        "field-name-markup",
        "a script runs in our own page",
        "From: a@x\r\nX-<script>{script}</script>: x\r\nSubject: x",
    )
    yield "date-markup", "a script runs in our own page", f"From: a@x\r\nDate: {markup}\r\nSubject: x"
    yield "id-markup", "a script runs in our own page", f"From: a@x\r\nMessage-ID: <{markup}>\r\nSubject: x"
    encoded = "=?utf-8?q?=3Cscript=3Edocument=2Etitle=3D=27pwned=27=3C/script=3E?="
    yield "encoded-markup", "a script runs in our own page", f"From: {encoded} <a@x>\r\nSubject: {encoded}"
    yield (
        "unsubscribe",
        "a request or a script",
        "From: a@x\r\nSubject: x\r\nList-Unsubscribe: <javascript:alert(1)>, <{url}/unsubscribe>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    )
    pictures = "X-Image-URL: {url}/face\r\nFace: x\r\nBIMI-Location: v=BIMI1; l={url}/b"
    yield "pictures", "a request", f"From: a@x\r\nSubject: x\r\n{pictures}"
    answers = "Disposition-Notification-To: a@x\r\nReturn-Receipt-To: a@x"
    yield "receipt", "an answer is sent", f"From: a@x\r\nSubject: x\r\n{answers}"
