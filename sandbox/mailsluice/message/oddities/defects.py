"""The reader's own sentences about a message, each under the code of its rule."""

from collections.abc import Iterable, Iterator
from typing import Final

from mailsluice.message.oddities.rules import Noted

# What a sentence begins with and holds; the first that fits counts.
_CODES: Final = (
    ("The message has no header", "", "no-header"),
    ("The header is longer", "", "header-too-long"),
    ("The header has", "only the first", "too-many-fields"),
    ("The message begins with the 'From ' line", "", "mailbox-line"),
    ("The header holds carriage returns", "", "cr-in-header"),
    ("There are", " fields.", "repeated-field"),
    ("The Date field cannot be read", "", "date-unreadable"),
    ("The message has more than", " parts; ", "too-many-parts"),
    ("", "with a bare LF", "bare-lf"),
    ("", "with a bare CR", "bare-cr"),
    ("", "longer than 998 bytes", "long-line"),
    ("", "but names no boundary", "no-boundary"),
    ("", "its boundary never occurs", "boundary-absent"),
    ("", "does not end with its closing boundary", "not-closed"),
    ("", " levels deep; ", "too-deep"),
    ("", "behind more than", "too-many-parts"),
    ("The ", " field holds encoded words that could not", "encoded-word-broken"),
    ("The ", "names no charset", "no-charset"),
    ("The ", "names the unknown charset", "unknown-charset"),
    ("The ", "has the unknown transfer encoding", "unknown-encoding"),
    ("The ", "holds bytes that are not", "charset-misfit"),
    # Last: it shows the mail's own words, which may hold any of the above.
    ("", "header line(s) are no fields", "no-field"),
)


def defect_oddities(defects: Iterable[str]) -> Iterator[Noted]:
    """Each defect in its own words."""
    for text in defects:
        yield Noted(_code(text), text)


def _code(text: str) -> str:
    if text[:1].isdigit() and "header line(s) are no fields" in text[:60]:
        return "no-field"
    return next((code for start, inside, code in _CODES if text.startswith(start) and inside in text), "malformed")
