"""What is odd about how the parts of a message are put together (RFC 2046 section 5)."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from mailsluice.message.mime import Part
from mailsluice.message.oddities.rules import Noted, where
from mailsluice.message.transfer import IDENTITIES

_DEEP: Final = 10
_BODIES: Final = frozenset(["text/plain", "text/html"])
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
# An unquoted value with a character that may stand in quotes only.
_UNQUOTED: Final = re.compile(rb"""\bboundary\s*+=\s*+[^"\s;]*?[][()<>@,:\\/?=]""", re.IGNORECASE)


class Tree:
    """The multiparts of a message with their children in order, and which body types lie within each."""

    def __init__(self, leaves: Sequence[Part]) -> None:
        self.children: dict[Part, list[Part]] = {}
        self.kinds: dict[Part, set[str]] = {}
        for leaf in leaves:
            self._add(leaf)
            if leaf.content_type in _BODIES and not leaf.is_attachment:
                self._spread(leaf, leaf.content_type)

    def _add(self, leaf: Part) -> None:
        chain = [leaf]
        while (parent := chain[-1].parent) is not None:
            if parent in self.children:
                self.children[parent].append(chain[-1])
                break
            chain.append(parent)
        for child, above in reversed(list(pairwise(chain))):  # the outer ones first, as they stand in the source
            self.children[above] = [child]

    def _spread(self, leaf: Part, kind: str) -> None:
        part: Part | None = leaf
        while part is not None and kind not in (kinds := self.kinds.setdefault(part, set())):
            kinds.add(kind)
            part = part.parent

    def of_type(self, content_type: str) -> list[Part]:
        """The multiparts of this type."""
        return [part for part in self.children if part.content_type == content_type]

    def alternatives_without_text(self) -> list[Part]:
        """The alternatives that offer HTML and no plain text."""
        return [part for part in self.of_type("multipart/alternative") if self.kinds.get(part) == {"text/html"}]


def structure_oddities(tree: Tree) -> Iterator[Noted]:
    """Boundaries, encodings of containers, nesting, and the order of alternatives."""
    containers = list(tree.children)
    if odd := [part for part in containers if not _BOUNDARY.fullmatch(part.parameters.get("boundary", ""))]:
        yield Noted("boundary-odd", f"The boundary of {where(odd)} has characters, or a length, that none may have.")
    if bare := [part for part in containers if _UNQUOTED.search(part.fields.get(b"content-type", b"")[:1000])]:
        yield Noted("boundary-unquoted", f"The boundary of {where(bare)} has characters that need quotes around it.")
    if coded := [part for part in containers if part.encoding not in IDENTITIES]:
        text = f"A transfer encoding is named for {where(coded)}, which holds parts; only the parts may be encoded."
        yield Noted("encoded-container", text)
    deepest = max((part.number.count(".") + 1 for part in containers if part.number != "0"), default=0)
    if deepest > _DEEP:
        yield Noted("deeply-nested", f"Parts lie {deepest} levels deep; some servers refuse that.")
    if untyped := [part for part in tree.of_type("multipart/related") if "type" not in part.parameters]:
        yield Noted("related-no-type", f"The type parameter is missing from the multipart/related of {where(untyped)}.")
    yield from _alternatives(tree)


def _alternatives(tree: Tree) -> Iterator[Noted]:
    if bare := tree.alternatives_without_text():
        yield Noted("alternative-no-text", f"There is HTML but no plain text among the alternatives of {where(bare)}.")
    alternatives = tree.of_type("multipart/alternative")
    if wrong := [part for part in alternatives if _is_reversed(tree, part)]:
        text = f"The plain text comes after the HTML in {where(wrong)}, so that mail programs show it instead."
        yield Noted("alternative-order", text)
    if single := [part for part in alternatives if len(tree.children[part]) == 1]:
        yield Noted("alternative-single", f"There is only one alternative in {where(single)}.")


def _is_reversed(tree: Tree, alternative: Part) -> bool:
    kinds = [tree.kinds.get(part, set()) for part in tree.children[alternative]]
    told = [kind for kind in kinds if kind]
    return any(before == {"text/html"} and after == {"text/plain"} for before, after in pairwise(told))
