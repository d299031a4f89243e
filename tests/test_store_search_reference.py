"""The index finds what a plain scan of all messages finds, whatever the query and the mail."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailsluice.search import And, Candidate, Node, Not, Or, Query, Term, parse
from mailsluice.search.query import HAS, IS
from mailsluice.search.words import normal
from tests.search_place import Place, open_place, searchable_mail

MAIL = searchable_mail()
_DAY = 86_400_000_000
_FIELDS = ("", "", "", "from", "to", "cc", "bcc", "reply-to", "addressed", "subject", "message-id", "filename", "type")


@pytest.fixture(scope="module", params=["all of it indexed", "not yet all indexed"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """All the mail, shuffled the same way every time."""
    mail = list(MAIL)
    random.Random(7).shuffle(mail)
    mail.sort(key=lambda raw: len(raw) < 2000)  # what is read anew for each query is small
    indexed = len(mail) - (0 if request.param.startswith("all") else 25)
    with open_place(tmp_path_factory.mktemp("search") / "mail.db") as place:
        place.fill(mail, indexed=indexed)
        yield place


def texts_of(candidate: Candidate) -> list[str]:
    """Everything in a message that a word may stand in."""
    people = (candidate.sender, *candidate.to, *candidate.cc, *candidate.reply_to)
    names = (*candidate.filenames, *candidate.types, *candidate.unlisted, candidate.message_id, candidate.user)
    texts = (candidate.subject, candidate.text, *names, *(f"{one.name} <{one.address}>" for one in people))
    return [text for text in map(normal, texts) if text]


@st.composite
def terms(draw: st.DrawFn, place: Place) -> Node:
    """A term about something that one of the messages has, or nearly has."""
    candidate = draw(st.sampled_from(list(place.candidates.values())))
    kind = draw(st.sampled_from(("text", "text", "text", "text", "header", "has", "is", "range", "user", "odd")))
    if kind == "header" and candidate.headers:
        name, value = draw(st.sampled_from(candidate.headers))
        return Term("header", draw(fragments(normal(value) or "x")) if draw(st.booleans()) else "", normal(name))
    if kind in ("has", "is"):
        return Term(kind, draw(st.sampled_from(sorted(HAS if kind == "has" else IS))))
    if kind == "range":
        field = draw(st.sampled_from(("after", "before", "larger", "smaller")))
        about = candidate.received if field in ("after", "before") else candidate.size
        is_low = field in ("after", "larger")
        bound = about + draw(st.integers(-5, 5)) * (_DAY if field in ("after", "before") else 100)
        return Term(field, "", low=bound if is_low else None, high=None if is_low else bound)
    if kind == "user":
        return Term("user", normal(candidate.user) or "nobody")
    if kind == "odd":
        return Term("", draw(st.text(min_size=1, max_size=4).map(normal).filter(bool)))
    text = draw(st.sampled_from(texts_of(candidate) or ["x"]))
    return Term(draw(st.sampled_from(_FIELDS)), draw(fragments(text)))


@st.composite
def fragments(draw: st.DrawFn, text: str) -> str:
    """A few letters of a text from anywhere in it, now and then with one changed."""
    start = draw(st.integers(0, len(text) - 1))
    found = text[start : start + draw(st.sampled_from((1, 2, 3, 4, 5, 7, 12, 30)))].strip() or text[start:].strip()
    if draw(st.integers(0, 9)) == 0:
        found = normal(f"{found[: len(found) // 2]}q{found[len(found) // 2 :]}")
    return found or "x"


def queries(place: Place) -> st.SearchStrategy[Query]:
    """Terms, and what AND, OR and NOT make of them."""

    def joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(inner, min_size=2, max_size=4).map(tuple)
        return st.one_of(several.map(And), several.map(Or), inner.map(Not))

    return st.recursive(terms(place), joined, max_leaves=6).map(Query)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_search_finds_and_counts_what_a_plain_scan_finds(place: Place, data: st.DataObject) -> None:
    query = data.draw(queries(place))
    expected = place.expected(query)
    assert place.find(query) == expected
    assert place.find(query, limit=5, offset=3) == expected[3:8]
    unread = sum("unread" in place.candidates[id].states for id in expected)
    assert place.count(query) == (len(expected), unread)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_next_newer_message_is_the_one_that_a_plain_scan_finds(place: Place, data: st.DataObject) -> None:
    query, newest_first = data.draw(queries(place)), list(place.candidates)
    at = data.draw(st.integers(0, len(newest_first) - 1))
    newer = set(newest_first[:at])
    expected = [id for id in place.expected(query) if id in newer]
    assert place.newer_than(newest_first[at], query) == (expected[-1] if expected else "")


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(text=st.text(alphabet='ab*"()-:!OR .@\0\ud800é发\n', max_size=40))
def test_whatever_is_typed_is_searched_for_without_an_error(place: Place, text: str) -> None:
    query = parse(text, now=0)
    assert place.find(query) == place.expected(query)


@pytest.mark.parametrize("depth", [5, 25])
def test_deeply_nested_queries_are_answered(place: Place, depth: int) -> None:
    text = "".join(f"(w{n} OR -(e " for n in range(depth // 2))
    query = parse(text, now=0)
    assert not query.problems
    assert place.find(query) == place.expected(query)


def test_the_longest_query_is_answered(place: Place) -> None:
    for text in ("tion " * 799, "ab OR " * 600 + "x", " ".join(f"e{n}" for n in range(700)), "a " * 1999):
        query = parse(text, now=0)
        assert not query.problems
        assert place.find(query, limit=3) == place.expected(query)[:3]
