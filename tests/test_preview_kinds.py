"""What a file is by its content, and whether it says so."""

import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.preview.kinds import Sniffed, differing, sniffed
from mailsluice.preview.known import BY_BRAND, BY_START, BY_TEXT, BY_ZIP, KINDS
from tests.preview_files import image, pdf

PNG = image(size=(2, 2))
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def archive(*names: str) -> bytes:
    """A ZIP archive with these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        for name in names:
            zipped.writestr(name, "x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (PNG, "image/png"),
        (image("JPEG", size=(2, 2)), "image/jpeg"),
        (image("GIF", size=(2, 2), mode="P"), "image/gif"),
        (image("WEBP", size=(2, 2)), "image/webp"),
        (image("AVIF", size=(2, 2)), "image/avif"),
        (image("BMP", size=(2, 2)), "image/bmp"),
        (image("TIFF", size=(2, 2)), "image/tiff"),
        (pdf(size=(2, 2)), "application/pdf"),
        (b"\r\njunk\r\n%PDF-1.4", "application/pdf"),
        (archive("a.txt"), "application/zip"),
        (archive("[Content_Types].xml", "word/document.xml"), DOCX),
        (archive("META-INF/MANIFEST.MF"), "application/java-archive"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "application/x-7z-compressed"),
        (b"Rar!\x1a\x07\1\0", "application/vnd.rar"),
        (b"\x1f\x8b\x08\0", "application/gzip"),
        (b"MZ\x90\0\3\0\0\0", "application/x-msdownload"),
        (b"\x7fELF\2\1", "application/x-executable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
        (b"<!doctype html><p>", "text/html"),
        (b"\xef\xbb\xbf <html>", "text/html"),
        (b"<!-- a --><svg xmlns='x'>", "image/svg+xml"),
        (b'<?xml version="1.0"?><svg>', "image/svg+xml"),
        (b'<?xml version="1.0"?><rss>', "application/xml"),
        (b"BEGIN:VCALENDAR\r\n", "text/calendar"),
        (b"begin:vcard\r\n", "text/vcard"),
        (b"Received: from x\r\n\tby y\r\n", "message/rfc822"),
        (b"From: a@b\nTo: c@d\nSubject: x\n\nhi", "message/rfc822"),
        (b"From the start: here\n", "text/plain"),
        ("naïve".encode("utf-16"), "text/plain"),
        ("naïve".encode("latin-1"), "text/plain"),
        (b"MZ is how this text begins, and it goes on for a while as texts do.", "text/plain"),
        (b'{"a": 1}', "application/json"),
        (b"ID3\4\0", "audio/mpeg"),
        (b"\0\0\0 ftypisom", "video/mp4"),
        (b"\0\1\2\3", ""),
        (b"", "text/plain"),
    ],
)
def test_a_kind_is_known_by_its_content(content: bytes, content_type: str) -> None:
    assert sniffed(content).content_type == content_type


@pytest.mark.parametrize(
    ("declared", "name", "content", "sentence"),
    [
        ("image/png", "a.png", pdf(), "It says image/png and is named .png but is a PDF."),
        ("image/png", "a.pdf", pdf(), "It says image/png but is a PDF."),
        ("application/octet-stream", "a.JPG", b"MZ\x90\0\3", "It is named .jpg but is a program for Windows."),
        ("text/csv", "", archive("xl/workbook.xml"), "It says text/csv but is an Excel workbook."),
        ("image/png", "", b"<html>", "It says image/png but is HTML."),
        ("image/jpeg; name=x", "x.jpeg", PNG, "It says image/jpeg and is named .jpeg but is a PNG image."),
        ("image/x-unheard-of", "", b"text", "It says image/x-unheard-of but is text."),
        ("application/pdf", "", b"\0\1\2", "It says application/pdf but its content is something else."),
        ("text/calendar", "", b"no such thing", "It says text/calendar but is text."),
        ("image/png", "x.png", b"", "It says image/png and is named .png but is empty."),
        ("", "photo.jpg", b"", "It is named .jpg but is empty."),
    ],
)
def test_what_differs_is_said_in_one_sentence(declared: str, name: str, content: bytes, sentence: str) -> None:
    assert differing(declared, name, content) == sentence


@pytest.mark.parametrize(
    ("declared", "name", "content"),
    [
        ("image/png", "a.png", PNG),
        ("IMAGE/X-PNG", "a.PNG", PNG),
        ("application/octet-stream", "a", PNG),
        ("", "", b""),
        ("text/html", "a.txt", b""),
        ("", "ada@example.com", b"text"),
        ("application/zip", "a.docx", archive("word/document.xml")),
        (DOCX, "a.docx", archive("some/first", "word/document.xml")),
        (DOCX, "a.zip", archive("only")),
        ("application/msword", "a.doc", b"{\\rtf1 x}"),
        ("text/plain", "a.log", b"From: a\nTo: b\nDate: c\n\n"),
        ("text/x-log", "a.py", b"Subject: a\nTo: b\nDate: c\n\n"),
        ("text/plain", "page.txt", b"<html>"),
        ("text/csv", "a.csv", b"a,b\n1,2\n"),
        ("text/html", "", b"<p>hi"),
        ("message/rfc822", "a.eml", b"X-First: 1\nTo: b\n\n"),
        ("application/pgp-signature", "s.asc", b"-----BEGIN PGP SIGNATURE-----"),
        ("application/x-pkcs7-signature", "smime.p7s", b"0\x80\6\t"),
        ("application/x-unheard-of", "a.xyz", b"\0\1"),
        ("video/quicktime", "a.mov", b"\0\0\0\x14ftypqt  "),
        ("image/heic", "a.heic", b"\0\0\0\x18ftypmif1"),
    ],
)
def test_what_agrees_is_not_mentioned(declared: str, name: str, content: bytes) -> None:
    assert differing(declared, name, content) == ""


def test_every_kind_that_is_referred_to_exists() -> None:
    keys = {key for _, _, key in BY_START} | set(BY_BRAND.values()) | {key for _, key in (*BY_ZIP, *BY_TEXT)}
    assert keys <= KINDS.keys()
    assert {key for kind in KINDS.values() for key in kind.also} <= KINDS.keys()


@given(st.text(), st.text(), st.binary() | st.sampled_from([b"<!--", b"<?xml ", b"PK\3\4", b"RIFF", b"\xff\xfe"]))
def test_any_file_gets_at_most_one_sentence(declared: str, name: str, head: bytes) -> None:
    sentence = differing(declared, name, head)
    assert sentence == "" or (sentence.startswith("It ") and sentence.endswith(".") and len(sentence) < 300)


@pytest.mark.parametrize("pattern", [b"<!--", b"<!-- -->", b" ", b"<?xml ", b"From:", b"A: b\n", b"[", b"MZ", b"-"])
def test_a_repeated_beginning_costs_no_time(pattern: bytes) -> None:
    started = time.process_time()
    differing("text/plain", "a.txt", pattern * 100_000)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"PK\x03\x04" + b"[Content_Types].xml", "an Office document"), (b"RIFF\0\0\0\0none", "a RIFF file")],
)
def test_a_kind_without_a_type_of_its_own_has_a_name(head: bytes, name: str) -> None:
    assert sniffed(head) == Sniffed("", name)
