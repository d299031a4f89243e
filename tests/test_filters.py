"""How numbers, times and names look, and under which headers a part may leave."""

import pytest

from mailsluice_web import downloads, filters

SECOND = 1_000_000
NOON = 1_784_548_800 * SECOND  # 2026-07-20T12:00:00Z


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (10_189, "10 KB"), (1_047_999, "1,023 KB"), (1_048_100, "1.0 MB")],
)
def test_a_size_is_short(count: int, shown: str) -> None:
    assert filters.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "now"),
        (59, "now"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86_399, "23 h"),
        (86_400, "yesterday"),
        (2 * 86_400, "2 days"),
        (7 * 86_400, "13 Jul"),
        (250 * 86_400, "12 Nov 2025"),
    ],
)
def test_a_time_is_told_as_a_distance_and_then_as_a_date(seconds: int, shown: str) -> None:
    assert filters.ago(NOON - seconds * SECOND, now=NOON) == shown


def test_an_exact_time_names_its_zone() -> None:
    assert filters.moment(NOON) == "20 Jul 2026, 12:00:00 UTC"
    assert filters.iso(NOON) == "2026-07-20T12:00:00Z"


def test_text_is_cut_at_web_addresses_and_loses_nothing() -> None:
    text = "See (https://a.test/x?y=1#z), HTTP://B.TEST. and javascript:alert(1) http://"
    pieces = list(filters.pieces(text))
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.url for piece in pieces if piece.url] == ["https://a.test/x?y=1#z", "HTTP://B.TEST"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.txt", "a.txt"),
        ("a\r\nSet-Cookie: b.txt", "aSet-Cookie_ b.txt"),
        ("\u202egpj.exe", "gpj.exe"),
        (".htaccess", "htaccess"),
        ("", "part-2.bin"),
        (" . ", "part-2.bin"),
        ("\x00\x1f", "part-2.bin"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("Überweisung 2026.png", "Überweisung 2026.png"),
    ],
)
def test_a_file_name_is_only_a_name(name: str, safe: str) -> None:
    assert downloads.safe_name(name, fallback="part-2.bin") == safe


def test_a_name_beyond_ascii_is_written_twice() -> None:
    assert downloads.disposition("attachment", "März.pdf") == (
        "attachment; filename=\"M_rz.pdf\"; filename*=UTF-8''M%C3%A4rz.pdf"
    )


@pytest.mark.parametrize("kind", ["", "text", "text/html; x=1", "a/b\r\nX: y", "*/*"])
def test_a_malformed_type_is_bytes(kind: str) -> None:
    assert downloads.safe_type(kind) == "application/octet-stream"


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html", "application/pdf", "text/xml"])
def test_what_could_run_is_a_download(kind: str) -> None:
    assert downloads.headers(kind, "x")["Content-Disposition"].startswith("attachment")
