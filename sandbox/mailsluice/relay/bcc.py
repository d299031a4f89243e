"""The second look at a message that is to leave: is there still a Bcc, by the most lenient reading of its header?

It shares nothing with `rewrite`, on purpose: a mistake in removing a Bcc must not repeat itself in looking for one.
"""

import re
from typing import Final

_FOLD: Final = re.compile(r"\r\n(?=[ \t:])")
_LETTERS: Final = re.compile(r"[^a-z-]+")
_NAMES: Final = frozenset({"bcc", "resent-bcc"})


def has_bcc(raw: bytes) -> bool:
    """Whether anything that could be a Bcc or Resent-Bcc field stands before the first empty line.

    Whatever any program takes for a line end (NUL, vertical tab, form feed, NEL, LS, PS, …) is one here, and only
    letters and hyphens of a name count.
    """
    header = raw.partition(b"\r\n\r\n")[0]
    # A byte that is no UTF-8 may be meant as Latin-1, where 0x85 is a line end.
    text = header.decode("utf-8", "surrogateescape").replace("\udc85", "\n").replace("\0", "\n")
    lines = (line for line in _FOLD.sub("", text).lower().splitlines() if ":" in line and "c" in line)
    return any(_LETTERS.sub("", line.partition(":")[0]) in _NAMES for line in lines)
