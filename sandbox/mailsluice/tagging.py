"""Tags: what one may be called, and which a message has from the moment of its capture."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:  # the command line reads settings without a search
    from mailsluice.search import Query

LONGEST: Final = 100
MOST: Final = 100
"""Tags of one message at capture."""

_OTHER: Final = re.compile(r"[^\w\-.@ ]+")
_UNKNOWABLE: Final = frozenset({"has", "is", "tag", "after", "before", "on", "newer", "older"})


class TagRule(NamedTuple):
    """Messages that match the query are tagged at capture."""

    query: "Query"
    tag: str

    def __str__(self) -> str:
        return f"{self.query}={self.tag}"


def clean_tag(name: str) -> str:
    """The name with letters (of any script), digits, `-`, `_`, `.`, `@` and single blanks; empty if nothing is left."""
    return " ".join(_OTHER.sub(" ", name).split())[:LONGEST].rstrip()


def clean_tags(names: Iterable[str]) -> list[str]:
    """The names cleaned, each once, in order."""
    return list(dict.fromkeys(name for name in map(clean_tag, names) if name))


def parse_tag_rule(text: str) -> TagRule:
    """Read `QUERY=TAG`, such as `from:billing@ OR subject:invoice=billing`; ValueError says what to write."""
    from mailsluice.search import parse, terms_of

    asked, equals, name = text.rpartition("=")
    tag = clean_tag(name)
    if not equals or not asked.strip() or not tag:
        raise ValueError("write a search, an equals sign and a tag, such as subject:invoice=billing")
    query = parse(asked, now=0)
    if query.problems:
        raise ValueError(query.problems[0])
    for term in terms_of(query):
        if term.field in _UNKNOWABLE:
            raise ValueError(f"a rule cannot ask for {term.field}: when a message has just come")
    return TagRule(query, tag)


def plus_tags(addresses: Iterable[str]) -> list[str]:
    """What stands between the first `+` and the `@` of addresses, each `+` between two tags: `ada+new+shop@…`."""
    found: list[str] = []
    for address in addresses:
        if "+" in address:
            local = address.rpartition("@")[0] or address
            found += local.split("+")[1:]
    return found
