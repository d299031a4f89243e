"""Line ends and line lengths of a source: what SMTP does not permit, though this server took it."""

from typing import Final

_LONGEST: Final = 998  # RFC 5322 section 2.1.1, without CRLF


def line_defects(raw: bytes) -> list[str]:
    """What is wrong with the lines of a message, in sentences for a person."""
    ends = raw.count(b"\r\n")
    defects = []
    for name, number in (("LF", raw.count(b"\n") - ends), ("CR", raw.count(b"\r") - ends)):
        if number:
            defects.append(
                f"{_count(number, 'line')} with a bare {name} instead of CRLF; other servers may refuse that."
            )
    long = _long_lines(raw)
    if long:
        lines = "1 line is" if long == 1 else f"{long:,} lines are"
        defects.append(f"{lines} longer than {_LONGEST} bytes; other servers may break or refuse that.")
    return defects


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun} ends" if number == 1 else f"{number:,} {noun}s end"


def _long_lines(raw: bytes) -> int:
    """Lines above the limit, looking at one line end in a thousand bytes instead of at every line."""
    start, end, long = 0, len(raw), 0
    while end - start > _LONGEST:
        line_end = raw.rfind(b"\n", start, start + _LONGEST + 2)
        if line_end < 0:
            line_end = raw.find(b"\n", start + _LONGEST)
            long += (line_end if line_end >= 0 else end) - start > _LONGEST + 1
            if line_end < 0:
                break
        start = line_end + 1
    return long
