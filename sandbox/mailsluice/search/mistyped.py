"""Words that look like an operator and are none: they are looked for as text, and a person may have meant another."""

import re
from typing import Final

from mailsluice.search.query import FIELDS
from mailsluice.search.tokens import TERM, tokens

_MOST: Final = 3
_LIKE_A_FIELD: Final = re.compile(r"[-!]?(?P<name>[a-z][a-z_-]{1,19}):(?!//).*[^\d/].*", re.IGNORECASE | re.DOTALL)
_TEXT: Final = frozenset(
    {*("re", "fw", "fwd", "aw", "wg", "sv", "vs", "tr", "rv", "res", "antw", "enc", "odp", "ynt")}
    | {*("http", "https", "ftp", "ws", "wss", "file", "mailto", "tel", "sms", "urn", "data", "cid", "mid", "about")}
)
_MEANT: Final = {
    **{"sender": "from", "author": "from", "recipient": "to", "label": "tag", "in": "mailbox", "folder": "mailbox"},
    **{"since": "after", "until": "before", "date": "on", "day": "on", "size": "larger", "attachment": "filename"},
}


def doubts(text: str) -> list[str]:
    """A sentence for each of the first words of a query that look like an operator and are none."""
    found: dict[str, None] = {}
    for token in tokens(text):
        match = _LIKE_A_FIELD.fullmatch(token.text) if token.kind == TERM and not token.is_quoted else None
        name = match["name"].lower() if match else ""
        if name and name not in FIELDS and name not in _TEXT:
            found[name] = None
    return [_sentence(name) for name in list(found)[:_MOST]]


def _sentence(name: str) -> str:
    from difflib import get_close_matches  # few queries need it

    meant = _MEANT.get(name) or next(iter(get_close_matches(name, sorted(FIELDS), n=1)), "")
    question = f" Did you mean {meant}:?" if meant else ""
    return f"{name}: is no operator, so it is looked for as text.{question}"
