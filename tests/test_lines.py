"""Line ends and lengths that SMTP does not permit."""

import pytest

from mailsluice.message.lines import line_defects


@pytest.mark.parametrize("raw", [b"", b"a\r\n", b"x" * 998 + b"\r\n" + b"y" * 998 + b"\r\n", b"a\r\n" * 5000])
def test_proper_lines_have_no_defects(raw: bytes) -> None:
    assert line_defects(raw) == []


@pytest.mark.parametrize("lines", [1, 2, 7])
def test_long_lines_are_counted_among_short_ones(lines: int) -> None:
    raw = b"".join(b"short\r\n" * 300 + b"x" * (999 * (number + 1)) + b"\r\n" for number in range(lines))
    (defect,) = line_defects(raw)
    assert defect.startswith(f"{lines} line")
    assert "998" in defect


def test_a_long_last_line_without_an_end_counts() -> None:
    assert len(line_defects(b"x" * 5000)) == 1


def test_bare_line_ends_are_counted_apart() -> None:
    defects = line_defects(b"a\nb\nc\rd\r\n")
    assert [defect.split(" with")[0] for defect in defects] == ["2 lines end", "1 line ends"]
