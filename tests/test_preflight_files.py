"""Preflight: the files that Gmail refuses, by every name, by content, and inside archives."""

import base64
import gzip
from time import perf_counter

import pytest

from mailsluice.gmail.blocked import BLOCKED
from mailsluice.message.mime import Part
from mailsluice.relay.files import file_findings, file_names
from mailsluice.release import Finding
from tests.gmail import content as fake_gmail
from tests.gmail.knobs import Knobs
from tests.nasty import head, multipart
from tests.test_archives import locked, tarred, zipped


def mail(content: bytes = b"harmless", *, fields: str = "", name: str = "") -> bytes:
    """A mail with one attachment, which these header fields (or this name) describe."""
    fields = fields or f'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"'
    encoded = base64.encodebytes(content).decode().replace("\n", "\r\n")
    attached = f"{fields}\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}"
    return (head("file") + multipart("mixed", "b", "Content-Type: text/plain\r\n\r\nHi", attached)).encode()


def doubt(raw: bytes) -> Finding:
    """The only finding, which is a doubt."""
    (finding,) = file_findings(raw)
    assert finding.severity == "doubt"
    assert finding.remedy
    assert finding.link
    return finding


@pytest.mark.parametrize("extension", sorted(BLOCKED))
def test_every_blocked_type_is_found_where_the_fake_gmail_refuses_it(extension: str) -> None:
    raw = mail(name=f"file.{extension}")
    assert doubt(raw).code == "blocked-file"
    assert f"file.{extension}" in doubt(raw).text
    assert fake_gmail.refusal(raw, Knobs())


@pytest.mark.parametrize("name", ["a.txt", "a.exe.txt", "exe", "a.pdf", "a.html", "a.xlsx", "a.jsx", "a.png", ""])
def test_other_types_are_not(name: str) -> None:
    assert file_findings(mail(name=name)) == ()


@pytest.mark.parametrize(
    "fields",
    [
        'Content-Type: application/pdf; name="x.exe"',
        "Content-Type: application/pdf; name=x.exe",
        'Content-Type: application/pdf; name="x.exe"\r\nContent-Disposition: attachment; filename="safe.pdf"',
        'Content-Disposition: attachment; filename="safe.pdf"; filename*=utf-8\'\'x.exe',
        'Content-Disposition: attachment; filename="x.exe"; filename*=utf-8\'\'safe.pdf',
        "Content-Disposition: attachment; filename*=utf-8''x%2Eexe",
        "Content-Disposition: attachment; filename*0*=utf-8''x.e; filename*1=xe",
        'Content-Disposition: attachment; filename="safe.pdf"; filename="x.exe"',
        'Content-Disposition: attachment; filename="=?utf-8?b?eC5leGU=?="',
        'Content-Disposition: attachment;\r\n filename="x.\r\n exe"; x=y\r\nContent-Type: a/b; name=X.EXE',
        'Content-Disposition: inline; FileName="x.EXE"',
        "Content-Disposition: attachment; filename=\"x.exe. \"",
        "Content-Disposition: attachment; filename=\"C:\\\\dir\\\\x.exe\"",
        "Content-Disposition: attachment; filename*=utf-8''x.exe%E2%80%8B",
    ],
)  # fmt: skip
def test_no_spelling_of_the_name_hides_it(fields: str) -> None:
    assert ".exe" in doubt(mail(fields=fields)).text


def test_all_names_of_a_part_are_told() -> None:
    raw = b"Content-Type: a/b; name=one\r\nContent-Disposition: x; filename=two; filename*=utf-8''thr%65e\r\n\r\n"
    assert {"one", "two", "three"} <= set(file_names(Part(raw, 0, len(raw))))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"MZ\x90\0\x03" + bytes(99), "Windows program"),
        (b"MSCF\0\0\0\0" + bytes(99), "cabinet"),
        (bytes(32_769) + b"CD001" + bytes(99), "disk image"),
        (bytes(999) + b"koly" + bytes(508), "disk image"),
        (b"L\0\0\0\x01\x14\x02\0" + bytes(99), "shortcut"),
        (b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(99), "Java class"),
    ],
)
def test_a_blocked_file_is_found_by_content_whatever_its_name(content: bytes, what: str) -> None:
    assert what in doubt(mail(content, name="photo.jpg")).text
    assert what in doubt(mail(content, fields="Content-Type: application/octet-stream")).text
    if len(content) < 512:
        assert "photo.jpg in a.zip" in doubt(mail(zipped({"photo.jpg": content}), name="a.zip")).text


def test_text_that_begins_like_a_program_is_none() -> None:
    assert file_findings(mail(b"MZ is how I begin", name="a.txt")) == ()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (zipped({"folder/x.js": b"1"}), "a.zip"),
        (tarred({"x.js": b"1"}), "a.tar"),
        (gzip.compress(tarred({"x.js": b"1"})), "a.tgz"),
        (gzip.compress(b"1", mtime=0), "x.js.gz"),
        (zipped({"inner.zip": zipped({"x.js": b"1"})}), "a.zip"),
        (zipped({"x.js": b"1"}), "a.pdf"),
        (locked({"x.js": b"1"}), "a.zip"),
    ],
)
def test_a_blocked_file_in_an_archive_is_named_with_the_archive(content: bytes, name: str) -> None:
    text = doubt(mail(content, name=name)).text
    assert "x.js in " in text
    assert name in text


def test_a_locked_archive_with_an_archive_in_it_is_found() -> None:
    raw = mail(locked({"b.zip": b"x"}), name="a.zip")
    assert doubt(raw).code == "locked-archive"
    assert "password" in doubt(raw).text
    assert file_findings(mail(locked({"b.txt": b"x"}), name="a.zip")) == ()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (zipped({"word/document.xml": b"", "word/vbaProject.bin": b""}), "a.docx"),
        (b"", "a.docm"),
        (b"", "b.XLSM"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT".encode("utf-16le"), "a.doc"),
    ],
)
def test_a_document_with_macros_is_found(content: bytes, name: str) -> None:
    assert doubt(mail(content, name=name)).code == "macros"
    assert name in doubt(mail(content, name=name)).text


def test_a_file_in_an_attached_message_is_found() -> None:
    inner = mail(name="x.exe").decode()
    raw = head("outer") + multipart("mixed", "o", "\r\nHi", f"Content-Type: message/rfc822\r\n\r\n{inner}")
    assert "x.exe" in doubt(raw.encode()).text


def test_findings_are_bounded() -> None:
    assert len(file_findings(mail(zipped({f"{n}.exe": b"" for n in range(500)}), name="a.zip"))) == 20


def test_a_bomb_is_told_and_takes_a_moment() -> None:
    began = perf_counter()
    codes = {finding.code for finding in file_findings(mail(gzip.compress(bytes(100_000_000)), name="a.gz"))}
    assert codes == {"archive-not-read"}
    assert perf_counter() - began < 5


def test_an_ordinary_mail_has_no_finding() -> None:
    assert file_findings((head("plain") + "\r\nHi\r\n").encode()) == ()
