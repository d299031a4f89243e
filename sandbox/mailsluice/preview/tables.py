"""The beginning of a CSV or TSV file as a table (RFC 4180, and what programs write instead)."""

import codecs
import csv
import io
from typing import Final

import msgspec

from mailsluice.message.charsets import codec_name, decode

_MAX_BYTES: Final = 1 << 20
_MAX_ROWS: Final = 200
_MAX_COLUMNS: Final = 30
_MAX_CELL: Final = 500
_SAMPLE_ROWS: Final = 50
_SAMPLE: Final = 64 * 1024
_DELIMITERS: Final = (",", ";", "\t", "|")
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Table(msgspec.Struct, frozen=True):
    """Rows of equal length; `has_more_rows` and `has_more_columns` say whether something is not shown."""

    rows: tuple[tuple[str, ...], ...]
    delimiter: str
    charset: str
    has_more_rows: bool = False
    has_more_columns: bool = False


def table(content: bytes, *, charset: str = "") -> Table | None:
    """The first rows of a table, None when the file holds none: at most 200 rows of 30 columns."""
    text, used = _text(content, charset)
    if not text.strip() or "\0" in text:
        return None
    delimiter, text = _declared_delimiter(text)
    delimiter = delimiter or _delimiter(text[:_SAMPLE])
    rows = _rows(text, delimiter, _MAX_ROWS + 1)
    if not rows:
        return None
    columns = max(map(len, rows))
    shown = min(columns, _MAX_COLUMNS)
    return Table(
        tuple(tuple(map(_cell, (row + [""] * shown)[:shown])) for row in rows[:_MAX_ROWS]),
        delimiter,
        used,
        has_more_rows=len(rows) > _MAX_ROWS or len(content) > _MAX_BYTES,
        has_more_columns=columns > _MAX_COLUMNS,
    )


def _text(content: bytes, charset: str) -> tuple[str, str]:
    """The beginning as text, and the charset that it is in."""
    head = content[:_MAX_BYTES]
    for mark, name in _MARKS:
        if head.startswith(mark):
            text, used = head[len(mark) :].decode(name, "replace"), name.removesuffix("-le").removesuffix("-be")
            break
    else:
        if len(content) > _MAX_BYTES:
            head = head[: head.rfind(b"\n") + 1] or head[:-4]
        text, defect = decode(head, charset=charset)
        used = _guessed(head) if defect or not codec_name(charset) else charset.lower()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text[: text.rfind("\n") + 1] or text if len(content) > _MAX_BYTES else text, used


def _guessed(head: bytes) -> str:
    try:
        head.decode()
    except UnicodeDecodeError:
        return ""
    return "utf-8"


def _declared_delimiter(text: str) -> tuple[str, str]:
    """The delimiter that Excel writes into a first line `sep=;`, and the text without that line."""
    first, _, rest = text.partition("\n")
    if first[:4].lower() == "sep=" and len(first) == 5 and first[4] in _DELIMITERS:
        return first[4], rest
    return "", text


def _delimiter(sample: str) -> str:
    """The delimiter that parts most rows into the same number of cells, two or more."""
    best, most = ",", 0.0
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in _rows(sample, delimiter, _SAMPLE_ROWS)]
        usual = max(set(widths), key=widths.count, default=1)
        agreeing = widths.count(usual) / len(widths) if usual > 1 else 0.0
        # Of two that part all rows alike, the one that makes more cells.
        score = agreeing + min(usual, 20) / 100 if agreeing else 0.0
        if score > most:
            best, most = delimiter, score
    return best


def _rows(text: str, delimiter: str, most: int) -> list[list[str]]:
    """At most so many rows that are not empty; what follows a damaged one is left out."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                rows.append(row)
            if len(rows) >= most:
                break
    except csv.Error:  # a cell of more than 128 KB
        pass
    return rows


def _cell(text: str) -> str:
    shown = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text[: _MAX_CELL + 1]).strip()
    return shown if len(text) <= _MAX_CELL else shown[: _MAX_CELL - 1] + "…"
