"""What the search box offers while somebody types."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.capture import now
from mailsluice.sandbox import Sandbox
from mailsluice.search import parse
from mailsluice.search.query import FIELDS, HAS, IS
from mailsluice_web.completing import MOST, Offer, Typed, best, completed, guide, known, named, typed, valued
from mailsluice_web.operators import GUIDE, OPERATORS
from tests.inbox import PLAIN, RICH, Inbox, logged_in, one, open_inbox, words

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
async def inbox(sandbox: Sandbox) -> AsyncIterator[Inbox]:
    async with open_inbox(sandbox) as inbox:
        yield inbox


async def offered(inbox: Inbox, query: str, **more: str) -> dict[str, str]:
    """The offers with their meanings."""
    response = await inbox.client.get("/completions", params={"q": query, **more})
    assert response.status_code == 200, response.text
    page = await inbox.page(f"/completions?{response.url.query.decode()}")
    assert one(page, "#offers")["data-query"] == query
    return {
        words(one(offer, "code")): words(one(offer, ".meaning"))
        for offer in page.select("#offers[role=listbox] > [role=option]")
    }


def test_every_operator_is_explained_and_so_is_what_it_knows() -> None:
    assert set(OPERATORS) == FIELDS
    assert set(OPERATORS["has"].values) == HAS
    assert set(OPERATORS["is"].values) == IS
    assert all(one.meaning for one in OPERATORS.values())
    assert set(GUIDE) <= FIELDS
    assert len(guide()) <= MOST


def test_every_value_that_is_offered_is_understood() -> None:
    for name in FIELDS:
        for number in ("", "7"):
            for offer in known(Typed("", f"{name}:{number}", ""), now=NOON):
                assert not parse(offer.term, now=now()).problems, offer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fr", Typed("", "fr", "")),
        ("invoice -fr", Typed("invoice -", "fr", "")),
        ("a OR (fr", Typed("a OR (", "fr", "")),
        ('tag:"out of', Typed("", 'tag:"out of', "")),
        ('"a b" fr', Typed('"a b" ', "fr", "")),
        ("invoice ", Typed("invoice ", "", "")),
    ],
)
def test_the_term_at_the_caret_is_found(text: str, expected: Typed) -> None:
    assert typed(text, len(text)) == expected


def test_what_stands_behind_the_caret_stays() -> None:
    here = typed("fr lunch", 2)
    assert here == Typed("", "fr", " lunch")
    assert completed(here, Offer("from:", is_whole=False)) == ("from: lunch", 5)
    assert completed(here, Offer("from:ada")) == ("from:ada lunch", 9)
    assert completed(Typed("(", "fr", ")"), Offer("from:ada")) == ("(from:ada)", 9)
    assert typed("from:ada", 4) is None
    assert typed('"a b"', 2) is None


def test_the_caret_counts_as_browsers_do() -> None:
    assert typed("😀 fr", 5) == Typed("😀 ", "fr", "")
    assert completed(Typed("😀 ", "fr", ""), Offer("from:", is_whole=False)).caret == 8


@given(st.text(st.sampled_from('ab:"()-! 😀\ud800'), max_size=30), st.integers(0, 40))
def test_whatever_is_typed_stays_what_it_was(text: str, caret: int) -> None:
    here = typed(text, caret)
    assert here is None or "".join(here) == text


def test_an_operator_is_found_by_its_beginning_or_by_what_it_means() -> None:
    assert [offer.term for offer in named("FR")] == ["from:"]
    assert [offer.term for offer in named("sender")] == ["from:"]
    assert [offer.term for offer in named("unr")] == ["is:unread"]
    assert list(named("invoice")) == list(named("f")) == []


@pytest.mark.parametrize("value", ["Billing", "out of stock", "a(b)", "*x*", 'o"dd', "jürgen@exämple.test", "a,b"])
def test_a_value_is_quoted_so_that_it_means_itself(value: str) -> None:
    offer = valued("from", value)
    plain = valued("from", value.replace('"', " "))
    assert offer == plain
    root = parse(offer.term, now=0).root
    assert not parse(offer.term, now=0).problems
    assert str(root).startswith("from:")
    assert valued("tag", "out of stock").term == 'tag:"out of stock"'


def test_what_is_typed_already_is_not_offered_and_what_goes_on_comes_first() -> None:
    here = Typed("", "tag:b", "")
    assert best(here, [Offer("tag:B"), Offer("tag:abc"), Offer("tag:bc"), Offer("tag:bc")]) == [
        Offer("tag:bc"),
        Offer("tag:abc"),
    ]


async def test_an_empty_box_tells_what_it_can_be_asked(inbox: Inbox) -> None:
    assert await offered(inbox, "") == {f"{name}:": OPERATORS[name].meaning for name in GUIDE}
    page = await inbox.page("/completions?q=&caret=0")
    assert one(page, "#offers")["aria-label"] == "What a search can ask for"
    assert one(page, ".offers-note")


async def test_plain_words_are_left_alone(inbox: Inbox) -> None:
    await inbox.capture()
    for query in ("invoice", "i", "invoice ", "lunch -", "ada@example.test", "https://ad"):
        assert await offered(inbox, query) == {}


async def test_people_are_offered_the_newest_first_and_found_by_name(inbox: Inbox) -> None:
    await inbox.capture(PLAIN)
    await inbox.capture(RICH)
    assert await offered(inbox, "from:") == {"from:shop@example.test": "", "from:ada@example.test": "Ada"}
    assert await offered(inbox, "invoice -from:ADA") == {"from:ada@example.test": "Ada"}
    assert list(await offered(inbox, "to:")) == ["to:bob@example.test"]
    assert await offered(inbox, "from:nobody") == {}


async def test_tags_are_offered_with_their_colour_and_their_number(inbox: Inbox) -> None:
    ids = [await inbox.capture(), await inbox.capture()]
    await inbox.sandbox.add_tags(ids, ["Out of stock"])
    await inbox.sandbox.add_tags(ids[:1], ["Billing"])
    both = {'tag:"Out of stock"': "2 messages", "tag:Billing": "1 message"}
    assert await offered(inbox, "tag:") == both
    assert await offered(inbox, 'tag:"out of') == await offered(inbox, "ou") == dict([*both.items()][:1])
    offer = one(await inbox.page("/completions?q=bill"), ".offer")
    assert "tag hue-" in " ".join(one(offer, "code")["class"])
    assert offer["data-query"] == "tag:Billing "
    assert offer["data-caret"] == "12"


async def test_mailboxes_are_offered_with_what_is_unread(inbox: Inbox) -> None:
    await inbox.capture()
    await inbox.capture(session=logged_in("shop"))
    assert await offered(inbox, "mailbox:") == {"mailbox:inbox": "1 unread", "mailbox:shop": "1 unread"}
    assert list(await offered(inbox, "mailbox:s")) == ["mailbox:shop"]


async def test_users_are_offered_by_the_beginning_of_their_names(inbox: Inbox) -> None:
    for user in ("shop", "", "night shift"):
        await inbox.capture(session=logged_in(user))
    assert list(await offered(inbox, "user:")) == ['user:"night shift"', "user:shop"]
    assert list(await offered(inbox, "user:S")) == ["user:shop"]


async def test_days_are_those_of_the_reader(inbox: Inbox) -> None:
    far = [{"Cookie": f"mailsluice-zone={zone}"} for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago")]
    days = {words(await inbox.page("/completions?q=on:to", headers=headers)) for headers in far}
    assert len(days) == 2  # they are a day and an hour apart


async def test_a_number_gets_its_unit(inbox: Inbox) -> None:
    assert await offered(inbox, "larger:20") == {"larger:20k": "20 KB", "larger:20m": "20 MB"}
    assert list(await offered(inbox, "newer:3")) == ["newer:3m", "newer:3h", "newer:3d", "newer:3w"]


async def test_a_term_that_is_still_to_be_completed_is_told_from_one_that_finds(inbox: Inbox) -> None:
    await inbox.capture()
    for query, is_half in (("has:att", True), ("from:ad", False), ("has:", True), ("", False), ("has:foo", False)):
        page = await inbox.page(f"/completions?q={query}")
        assert one(page, "#offers").has_attr("data-half") == is_half, query


@pytest.mark.parametrize("caret", ["", "-1", "x", "99999", "9" * 30, "²"])
async def test_whatever_comes_as_query_and_caret_is_answered(inbox: Inbox, caret: str) -> None:
    for query in ("fr", "<script>", '"' * 50, "from:" + "x" * 5000, "from:%00", "tag:\N{GRINNING FACE}"):
        response = await inbox.client.get("/completions", params={"q": query, "caret": caret})
        assert response.status_code == 200
        assert "<script" not in response.text


async def test_completion_without_a_search_index_in_reach_offers_the_newest_people(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> list[str]:
        raise TimeoutError

    monkeypatch.setattr(type(inbox.sandbox.store.search), "complete", never)
    await inbox.capture()
    assert list(await offered(inbox, "from:ada")) == ["from:ada@example.test"]
