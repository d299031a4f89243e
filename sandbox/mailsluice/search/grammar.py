"""From text to Query. Whatever is typed has a meaning, or a sentence that says what could not be understood."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Final

from mailsluice.search.query import HAS, IS, And, Node, Not, Or, Query, Term, field_of, stem
from mailsluice.search.tokens import AND, CLOSE, OPEN, OR, Token, tokens
from mailsluice.search.values import Range, read_date, read_size, read_span
from mailsluice.search.words import normal

LONGEST: Final = 4000
DEEPEST: Final = 30
_SHOWN: Final = 60
_DATES: Final = ("after", "before", "on")
_SPANS: Final = ("newer", "older")
_SIZES: Final = ("larger", "smaller")
_WHOLE: Final = ("tag", "mailbox", "user")


def parse(text: str, *, now: int, zone: tzinfo = UTC) -> Query:
    """Understand a query; never raises. `now` is microseconds UTC, `zone` what dates without one are meant in."""
    if len(text) > LONGEST:
        return Query(problems=(f"This query has more than {LONGEST:,} letters: make it shorter.",))
    return _Parser(text, now, zone).run()


class _Parser:
    """One pass over the tokens; each open parenthesis is a frame of alternatives."""

    def __init__(self, text: str, now: int, zone: tzinfo) -> None:
        self._text, self._now, self._zone = text, now, zone
        self._problems: list[str] = []

    def run(self) -> Query:
        frames = [_Frame()]
        for token in tokens(self._text):
            if token.kind == OPEN:
                if len(frames) > DEEPEST:
                    return Query(problems=("These parentheses nest too deeply: make the query simpler.",))
                frames.append(_Frame(is_negated=token.is_negated))
            elif token.kind == CLOSE:
                self._close(frames)
            elif token.kind in (AND, OR):
                self._join(frames[-1], token.kind)
            else:
                frames[-1].add(self._node(token))
        while len(frames) > 1:  # as with quotes, the end of the text closes what is open
            self._close(frames)
        root = self._node_of(frames[0])
        return Query(root or And(), tuple(dict.fromkeys(self._problems)))

    def _close(self, frames: "list[_Frame]") -> None:
        frame = frames.pop()
        if not frame.has_term and not frame.joined:
            self._problems.append("There is nothing between the parentheses: put a term there, or leave them out.")
        node = self._node_of(frame)
        frames[-1].add(Not(node) if node and frame.is_negated else node)

    def _join(self, frame: "_Frame", kind: str) -> None:
        """Terms stand beside each other for AND anyhow: said in words, it only needs one on each side."""
        if not frame.has_term:
            self._lonely(frame.joined or kind)
        if kind == OR:
            frame.alternatives.append([])
        frame.has_term, frame.joined = False, kind

    def _node_of(self, frame: "_Frame") -> Node | None:
        if not frame.has_term and frame.joined:
            self._lonely(frame.joined)
        nodes = [_joined(And, parts) for parts in frame.alternatives if parts]
        return _joined(Or, nodes) if nodes else None

    def _lonely(self, kind: str) -> None:
        self._problems.append(f"{kind} needs a term on each side; in quotes, “{kind}” is a word.")

    def _node(self, token: Token) -> Node | None:
        text, is_negated = token.text, False
        if len(text) > 1 and text[0] in "-!":
            text, is_negated = text[1:], True
        field = field_of(text)
        term = self._term(field, text[len(field) + 1 :] if field else text, token)
        return Not(term) if term and is_negated else term

    def _term(self, field: str, raw: str, token: Token) -> Term | None:
        shown = token.text
        if field == "header":
            return self._header(raw, token)
        value = normal(raw)
        if not token.is_quoted and field in _WHOLE and "*" in (value[:1], value[-1:]):
            return self._refuse(shown, "takes a whole name: leave out the *")
        value = value if token.is_quoted else stem(value)
        if not value:
            return self._refuse(shown, "says nothing to look for: write something after it, or leave it out")
        if field in _DATES:
            found = read_date(field, value, now=self._now, zone=self._zone)
            return self._ranged(field, found, shown, f"has no date that can be read: write it like {field}:2026-07-01")
        if field in _SIZES:
            return self._ranged(field, read_size(field, value), shown, f"has no size: write it like {field}:10k or 2mb")
        if field in _SPANS:
            found = read_span(field, value, now=self._now)
            return self._ranged(field, found, shown, f"has no span of time: write it like {field}:2h or {field}:7d")
        if field in ("has", "is"):
            return self._known(field, value, shown)
        return Term(field, value)

    def _header(self, raw: str, token: Token) -> Term | None:
        name, equals, value = (normal(part) for part in raw.partition("="))
        value = value if token.is_quoted else stem(value)
        if not name or (equals and not value):
            return self._refuse(token.text, "is incomplete: write it like header:x-mailer=cron, or header:x-mailer")
        return Term("header", value, name)

    def _ranged(self, field: str, found: Range | None, shown: str, reason: str) -> Term | None:
        return Term(field, found.text, low=found.low, high=found.high) if found else self._refuse(shown, reason)

    def _known(self, field: str, value: str, shown: str) -> Term | None:
        known = HAS if field == "has" else IS
        found = value.removesuffix("s") if field == "has" else value
        if found in known:
            return Term(field, found)
        return self._refuse(shown, f"is not known: {field}: takes {', '.join(sorted(known))}")

    def _refuse(self, shown: str, reason: str) -> Term | None:
        """Note a problem; there is no term then."""
        visible = "".join(letter if letter.isprintable() else "�" for letter in shown) or '""'
        self._problems.append(f"“{visible[:_SHOWN]}{'…' if len(visible) > _SHOWN else ''}” {reason}.")
        return None


class _Frame:
    """What stands between two parentheses so far; `joined` is the last AND or OR, and `has_term` about what follows."""

    def __init__(self, *, is_negated: bool = False) -> None:
        self.is_negated, self.has_term, self.joined = is_negated, False, ""
        self.alternatives: list[list[Node]] = [[]]

    def add(self, node: Node | None) -> None:
        """The next term; None for one that was not understood."""
        self.alternatives[-1] += [node] if node else []
        self.has_term = True


def _joined(kind: Callable[[tuple[Node, ...]], And | Or], nodes: list[Node]) -> Node:
    """One node of several: parts of the same kind melt into it, so that each query has one form."""
    if len(nodes) == 1:
        return nodes[0]
    parts: list[Node] = []
    for node in nodes:
        if isinstance(node, And | Or) and type(node) is kind:
            parts += node.parts
        else:
            parts.append(node)
    return kind(tuple(parts))
