"""From a query to the condition that decides: exact for every row, whatever the index has found before."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from mailsluice.search import And, Node, Not, Or, Term
from mailsluice.search.words import normal
from mailsluice.store.finds import acts_sql
from mailsluice.store.narrowing import COLUMNS, TRAITS
from mailsluice.store.scanning import DELIVERED, FAILED

_NOTHING: Final = "FALSE"
_STATES: Final = {
    "read": "message.seen = 1",
    "unread": "message.seen = 0",
    "pinned": "message.pinned = 1",
    "tagged": "EXISTS (SELECT 1 FROM tagged WHERE message = message.key)",
}
_RELEASED: Final = "message.id IN (SELECT message FROM release{where})"
_TAGGED: Final = "message.key IN (SELECT message FROM tagged WHERE tag IN ({names}))"


class Condition:
    """A query as SQL over `message` and `search_text`, with its values.

    `reads_text` says whether it looks at `search_text` at all.
    """

    def __init__(self, connection: sqlite3.Connection, node: Node) -> None:
        self.values: dict[str, Any] = {}
        self.reads_text = False
        self._connection = connection
        self.sql = self._of(node)

    def _of(self, node: Node) -> str:
        match node:
            case And(parts):
                return _balanced("AND", [self._of(part) for part in parts]) if parts else "TRUE"
            case Or(parts):
                return _balanced("OR", [self._of(part) for part in parts])
            case Not(part):
                return f"(NOT {self._of(part)})"
        return self._term(node)

    def _term(self, term: Term) -> str:
        if not _storable(term.value) or not _storable(term.name):
            return _NOTHING
        return _TERMS.get(term.field, Condition._text)(self, term)

    def _text(self, term: Term) -> str:
        self.reads_text = True
        value = self._value(term.value)
        return _balanced(
            "OR", [f"instr(search_text.{column}, {value}) > 0" for column in reversed(COLUMNS[term.field])]
        )

    def _user(self, term: Term) -> str:
        self.reads_text = True
        return f"search_text.user = {self._value(term.value)}"

    def _header(self, term: Term) -> str:
        self.reads_text = True
        name, value = self._value(f"\n{term.name}\t"), self._value(term.value)
        present = f"instr(search_text.headers, {name}) > 0"
        if not term.value:
            return present
        within = f"instr(search_text.headers, {value}) > 0"
        return f"({present} AND {within} AND header_says(search_text.headers, {name}, {value}))"

    def _has(self, term: Term) -> str:
        if term.value in TRAITS:
            self.reads_text = True
            return f"instr(search_text.traits, {self._value(term.value)}) > 0"
        if term.value == "release":
            return _RELEASED.format(where="")
        return "message.code <> ''" if term.value == "code" else acts_sql("message.action")

    def _is(self, term: Term) -> str:
        if term.value in _STATES:
            return _STATES[term.value]
        states = ", ".join(f"'{state}'" for state in (DELIVERED if term.value == "released" else FAILED))
        return _RELEASED.format(where=f" WHERE state IN ({states})")

    def _tag(self, term: Term) -> str:
        names = self._names("SELECT name FROM tag", term)
        return _TAGGED.format(names=", ".join(names)) if names else _NOTHING

    def _mailbox(self, term: Term) -> str:
        names = self._names("SELECT mailbox FROM counter", term)
        return f"message.mailbox IN ({', '.join(names)})" if names else _NOTHING

    def _received(self, term: Term) -> str:
        return self._range("message.received", term)

    def _size(self, term: Term) -> str:
        return self._range("message.size", term)

    def _range(self, column: str, term: Term) -> str:
        low = [] if term.low is None else [f"+{column} >= {self._value(_within_64_bits(term.low))}"]
        high = [] if term.high is None else [f"+{column} < {self._value(_within_64_bits(term.high))}"]
        return f"({' AND '.join(low + high)})" if low or high else "TRUE"

    def _names(self, query: str, term: Term) -> list[str]:
        """Those of a few names that are the same to a person."""
        names = (name for (name,) in self._connection.execute(query))
        return [self._value(name) for name in names if normal(name) == term.value]

    def _value(self, value: str | int) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"


_TERMS: Final[dict[str, Callable[[Condition, Term], str]]] = {
    "user": Condition._user,
    "header": Condition._header,
    "has": Condition._has,
    "is": Condition._is,
    "tag": Condition._tag,
    "mailbox": Condition._mailbox,
    **dict.fromkeys(("after", "before", "on", "newer", "older"), Condition._received),
    **dict.fromkeys(("larger", "smaller"), Condition._size),
}


def header_says(headers: str, name: str, value: str) -> bool:
    """Whether one of the header's lines is of that name and has the value in it; `name` with its line end and tab."""
    return any(value in line.partition("\t")[2] for line in headers.split("\n") if f"\n{line}".startswith(name))


def _balanced(operator: str, conditions: Sequence[str]) -> str:
    """Joined as a tree: SQLite bounds how deep an expression is, not how long."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    return f"({_balanced(operator, conditions[:middle])} {operator} {_balanced(operator, conditions[middle:])})"


def _storable(text: str) -> bool:
    """Half a surrogate pair is in no stored text."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _within_64_bits(number: int) -> int:
    return max(-(1 << 63), min(number, (1 << 63) - 1))
