"""Which parts of its message an HTML document refers to, by their Content-IDs (RFC 2392)."""

import re
from html import unescape
from itertools import islice
from typing import Final, NamedTuple
from urllib.parse import unquote

_LOOKED_AT: Final = 4 << 20  # characters of HTML
_REFERENCES: Final = 10_000
_REFERENCE: Final = re.compile(r"""["'=(]\s{0,9}(cid:[^\s"'<>)]{1,500})""", re.IGNORECASE)


class Referred(NamedTuple):
    """The Content-IDs as keys in order, as `identity` writes them, and whether these are all."""

    identities: dict[str, None]
    is_whole: bool

    def may_name(self, content_id: str) -> bool:
        """Whether the document refers to this Content-ID, or may do so where nobody looked."""
        return bool(content_id) and (not self.is_whole or identity(content_id) in self.identities)


def referred(html: str) -> Referred:
    """What a document refers to; of a very large one, what its beginning does."""
    start = html[:_LOOKED_AT]
    found = list(islice(_REFERENCE.finditer(start), _REFERENCES)) if "cid:" in start.lower() else []
    names = dict.fromkeys(identity(unescape(one[1])[4:]) for one in found)
    names.pop("", None)
    return Referred(names, len(html) <= _LOOKED_AT and len(found) < _REFERENCES)


def identity(content_id: str) -> str:
    """A Content-ID as it is compared: decoded, without its brackets, in lower case."""
    return unquote(content_id).strip("<> ").lower()
