"""The search grammar: what is understood, what is printed back, and what is named as a problem."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.search import And, Candidate, Not, Or, Query, Term, doubts, matches, parse, terms_of

NOW = 1_795_219_200_000_000  # 2026-11-21 00:00 UTC
EMPTY = Candidate()

SIGNS = [
    *' "()-!:=<>,;.*%',
    " OR ",
    "OR",
    " AND ",
    "or",
    "a",
    "ß",
    "İ",
    "voice",
    "请",
    "-(",
    ") ",
    "\t",
    "\0",
    "\ud800",
    "  ",
]
FIELDS = ["from:", "TO:", "subject:", "header:", "x-a=b", "has:attachments", "is:unread", "is:x", "tag:", "message-id:"]
RANGES = [
    "before:2026-07-01",
    'after:"1 Jul 2026 5pm"',
    "on:today",
    "newer:2h",
    "older:2h",
    "on:2026",
    "on:2026-11",
    "newer:x",
    "larger:1.5 MB",
    "smaller:0",
]
TEXTS = st.lists(st.sampled_from([*SIGNS, *FIELDS, *RANGES]), max_size=20).map("".join) | st.text(max_size=60)


def understood(text: str) -> Query:
    query = parse(text, now=NOW)
    assert query.problems == ()
    return query


@given(TEXTS)
def test_parsing_never_raises_and_prints_back_what_was_understood(text: str) -> None:
    query = parse(text, now=NOW)
    again = parse(str(query), now=NOW)
    assert again.root == query.root
    assert again.problems == ()
    assert str(again) == str(query)
    assert all(len(problem) < 400 for problem in query.problems)
    matches(query, EMPTY)


@given(TEXTS)
def test_a_query_with_a_problem_finds_nothing(text: str) -> None:
    query = parse(text, now=NOW)
    if query.problems:
        assert not matches(query, EMPTY)
    assert not matches(parse(f"{text} before:garbage", now=NOW), EMPTY) or text.count('"') % 2


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("", And()),
        ("   ", And()),
        ("Voice", Term("", "voice")),
        ("a b", And((Term("", "a"), Term("", "b")))),
        ('"a b"', Term("", "a b")),
        ('"a b', Term("", "a b")),
        ('subject:"a b"', Term("subject", "a b")),
        ('"subject:a b"', Term("subject", "a b")),
        ("SUBJECT:Ä", Term("subject", "a")),
        ("-a", Not(Term("", "a"))),
        ("!from:a", Not(Term("from", "a"))),
        ('"-a b"', Not(Term("", "a b"))),
        ('-"a b"', Not(Term("", "a b"))),
        ("-", Term("", "-")),
        ("a OR b", Or((Term("", "a"), Term("", "b")))),
        ("a or b", And((Term("", "a"), Term("", "or"), Term("", "b")))),
        ('a "OR" b', And((Term("", "a"), Term("", "or"), Term("", "b")))),
        ("a AND b", And((Term("", "a"), Term("", "b")))),
        ('a "AND" b', And((Term("", "a"), Term("", "and"), Term("", "b")))),
        ("a and b", And((Term("", "a"), Term("", "and"), Term("", "b")))),
        ("a AND b OR c AND -d", Or((And((Term("", "a"), Term("", "b"))), And((Term("", "c"), Not(Term("", "d"))))))),
        ("inv*", Term("", "inv")),
        ("-Inv*", Not(Term("", "inv"))),
        ("*voice*", Term("", "voice")),
        ("subject:inv*", Term("subject", "inv")),
        ("header:x-foo=ba*", Term("header", "ba", "x-foo")),
        ('"inv*"', Term("", "inv*")),
        ('header:"x-foo=*ba"', Term("header", "*ba", "x-foo")),
        ("*", Term("", "*")),
        ("a b OR c", Or((And((Term("", "a"), Term("", "b"))), Term("", "c")))),
        ("a (b OR c)", And((Term("", "a"), Or((Term("", "b"), Term("", "c")))))),
        ("-(a OR b)", Not(Or((Term("", "a"), Term("", "b"))))),
        ("((a OR b", Or((Term("", "a"), Term("", "b")))),
        ("(a (b c))", And((Term("", "a"), Term("", "b"), Term("", "c")))),
        ("f(x)", Term("", "f x")),
        ("(f(x))", Term("", "f x")),
        ("https://example.test:80/?a=b", Term("", "https://example.test:80/?a=b")),
        ("x-y:z", Term("", "x-y:z")),
        ('"Doe, John <j@x>"', Term("", "doe john j@x")),
        ("message-id:<1@x>", Term("message-id", "1@x")),
        ("header:X-Foo=Bar=1", Term("header", "bar=1", "x-foo")),
        ("header:X-Foo", Term("header", "", "x-foo")),
        ("has:attachments", Term("has", "attachment")),
        ("has:INLINE", Term("has", "inline")),
        ("larger:1.5mb", Term("larger", "1.5m", low=1_572_865)),
        ('smaller:"10 KB"', Term("smaller", "10k", high=10_240)),
        ("newer:2h", Term("newer", "2h", low=NOW - 7_200_000_000)),
        ("older:2h", Term("older", "2h", high=NOW - 7_200_000_000)),
    ],
)
def test_a_query_is_understood(text: str, root: object) -> None:
    assert understood(text).root == root


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("to:", "“to:”"),
        ('subject:""', "“subject:”"),
        ("before:garbage", "before:2026-07-01"),
        ("after:2026-02-31", "“after:2026-02-31”"),
        ("on:9999-12-32", "on:2026-07-01"),
        ("newer:soon", "newer:2h"),
        ("older:soon", "older:2h"),
        ("on:2026-13", "on:2026-07-01"),
        ("larger:big", "larger:10k"),
        ("larger:-1", "larger:10k"),
        ("is:nice", "unread"),
        ("has:teeth", "attachment"),
        ("header:=x", "header:x-mailer=cron"),
        ("header:x=", "header:x-mailer=cron"),
        ("OR a", "OR needs"),
        ("a OR", "OR needs"),
        ("a OR OR b", "OR needs"),
        ("AND a", "AND needs"),
        ("a AND", "AND needs"),
        ("a AND OR b", "AND needs"),
        ("a OR AND b", "OR needs"),
        ("(AND)", "AND needs"),
        ("(a AND) b", "AND needs"),
        ("tag:bill*", "whole name"),
        ("mailbox:*", "whole name"),
        ("()", "nothing between"),
        ("(", "nothing between"),
        (",", "“,”"),
        ('""', "says nothing"),
        ("from:\r\nx\x00 to:", "“to:”"),
        ("(" * 50 + "a", "nest too deeply"),
        ("a" * 5000, "shorter"),
    ],
)
def test_what_cannot_be_understood_is_named(text: str, named: str) -> None:
    query = parse(text, now=NOW)
    assert named in " ".join(query.problems)
    assert all(problem.isprintable() for problem in query.problems)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01", datetime(2026, 7, 1, tzinfo=UTC)),
        ("2026/7/1", datetime(2026, 7, 1, tzinfo=UTC)),
        ("20260701", datetime(2026, 7, 1, tzinfo=UTC)),
        ("7/1/2026", datetime(2026, 7, 1, tzinfo=UTC)),
        ("31.12.2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("2026-07", datetime(2026, 7, 1, tzinfo=UTC)),
        ("1 jul 2026", datetime(2026, 7, 1, tzinfo=UTC)),
        ("July 1st, 2026", datetime(2026, 7, 1, tzinfo=UTC)),
        ("2026-07-01 10:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T10:00:00.5Z", datetime(2026, 7, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-07-01T10:00+02:00", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("jul 1 2026 12:30 am", datetime(2026, 7, 1, 0, 30, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 10:00:00 +0100", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("1782900000", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("1782900000000", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("today", datetime(2026, 11, 21, tzinfo=UTC)),
        ("yesterday", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, expected: datetime) -> None:
    (term,) = terms_of(understood(f'after:"{text}"'))
    assert term.low == (expected - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def test_a_date_without_a_zone_is_meant_in_the_zone_that_is_given() -> None:
    zone = timezone(timedelta(hours=2))
    (here,) = terms_of(parse("after:2026-07-01", now=NOW, zone=zone))
    (there,) = terms_of(parse("after:2026-07-01", now=NOW))
    assert here.low is not None
    assert there.low == here.low + 7_200_000_000


def test_a_day_that_the_clocks_change_is_as_long_as_it_is() -> None:
    (term,) = terms_of(parse("on:2026-10-25", now=NOW, zone=ZoneInfo("Europe/Berlin")))
    assert term.low is not None
    assert term.high == term.low + 25 * 3_600_000_000


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("on:2026", "2026-01-01", "2026-12-31"),
        ("on:2026-11", "2026-11-01", "2026-11-30"),
        ("on:2024/2", "2024-02-01", "2024-02-29"),
        ("on:2026-12", "2026-12-01", "2026-12-31"),
    ],
)
def test_a_year_or_a_month_is_all_of_it(text: str, first: str, last: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    (whole,), (begin,), (end,) = (
        tuple(terms_of(parse(one, now=NOW, zone=zone))) for one in (text, f"on:{first}", f"on:{last}")
    )
    assert (whole.low, whole.high) == (begin.low, end.high)
    assert str(whole) == f"on:{first[:7] if len(text) > 7 else first[:4]}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("form:ada", ["form: is no operator, so it is looked for as text. Did you mean from:?"]),
        ("a (-sender:x OR foo:bar)", ["sender:", "foo: is no operator, so it is looked for as text."]),
        ("newer_than:2d older_than:1d", ["Did you mean newer:?", "Did you mean older:?"]),
        ("a:b ab:c ac:c ad:c ae:c", ["ab:", "ac:", "ad:"]),
        ('http://x.test/a 12:30 Re: re:invoice mailto:a@b localhost:8025 form: "form:ada" from:form:x :-) ::', []),
    ],
)
def test_a_word_that_looks_like_an_operator_and_is_none_is_doubted(text: str, told: list[str]) -> None:
    found = doubts(text)
    assert len(found) == len(told)
    assert all(part in sentence for part, sentence in zip(told, found, strict=True))


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Pacific/Auckland"), ZoneInfo("America/Los_Angeles")])
@pytest.mark.parametrize("text", ["on:9999-12-31", "on:9999-12", "on:9999"])
def test_the_last_day_of_the_calendar_has_no_end(zone: tzinfo, text: str) -> None:
    query = parse(text, now=NOW, zone=zone)
    (term,) = terms_of(query)
    assert query.problems == ()
    assert term.low is not None
    assert matches(query, Candidate(received=term.low))
    assert not matches(query, Candidate(received=term.low - 1))


def test_both_ends_of_before_and_after_are_inclusive() -> None:
    at = Candidate(received=NOW)
    assert matches(understood("after:2026-11-21 before:2026-11-21 on:2026-11-21"), at)
    assert not matches(understood("before:2026-11-20"), at)
    assert not matches(understood("-after:2026-11-21"), at)


def test_a_long_query_is_read_in_linear_time() -> None:
    for text in ("(" * 4000, "-" * 4000, '"' * 3999, ")" * 4000, "a)" * 2000, "a OR " * 800, "(a) " * 1000):
        parse(text, now=NOW)
