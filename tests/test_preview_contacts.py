"""Contacts as cards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.preview.contacts import Contact, contacts

WORDS = ["BEGIN:VCARD", "END:VCARD", "N:a;b", "PHOTO;ENCODING=b:A", "PHOTO:data:image/png;base64,AA", "x.TEL;:", "ORG:"]
WORDS += ["FN;ENCODING=QUOTED-PRINTABLE;CHARSET=utf-7:=2", "x.X-ABLABEL:y", "NOTE;QUOTED-PRINTABLE:a=", "ADR:\\;;\\"]


def card(*lines: str, charset: str = "utf-8") -> Contact:
    """The only card, with these lines."""
    text = "\r\n".join(("BEGIN:VCARD", *lines, "END:VCARD", ""))
    found = contacts(text.encode(charset), charset=charset)
    assert found is not None
    (only,) = found.cards
    return only


def entries(*lines: str) -> list[tuple[str, str, str]]:
    return [(entry.label, entry.which, entry.value) for entry in card(*lines).entries]


def test_a_card_says_who_where_and_how_to_reach() -> None:
    found = card(
        "VERSION:3.0",
        "FN:Ada Lovelace",
        "ORG:Analytical\\, Ltd;Engines",
        "TITLE:Countess",
        "TEL;TYPE=work,cell:+44 1",
        "item1.EMAIL;TYPE=INTERNET;TYPE=pref:ada@example.com",
        "item1.X-ABLabel:_$!<School>!$_",
        "ADR;TYPE=home:;;12 Street;London;;E1;England",
        "URL:https://example.com",
        "NOTE:two\\nlines",
    )
    assert (found.name, found.organization, found.title) == ("Ada Lovelace", "Analytical, Ltd, Engines", "Countess")
    assert [(entry.label, entry.which, entry.value) for entry in found.entries] == [
        ("Phone", "work, mobile", "+44 1"),
        ("Email", "school", "ada@example.com"),
        ("Address", "home", "12 Street, London, E1, England"),
        ("Website", "", "https://example.com"),
        ("Note", "", "two\nlines"),
    ]


def test_the_oldest_version_is_read_too() -> None:
    found = card(
        "VERSION:2.1",
        "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6=",
        "rg;;Dr.",
        "TEL;WORK;VOICE:1",
    )
    assert found.name == "Dr. Jörg Müller"
    assert [(entry.label, entry.which) for entry in found.entries] == [("Phone", "work")]


def test_the_newest_version_writes_addresses_as_links() -> None:
    assert entries("VERSION:4.0", "TEL;VALUE=uri;TYPE=home:tel:+1-555", "EMAIL:mailto:a@b") == [
        ("Phone", "home", "+1-555"),
        ("Email", "", "a@b"),
    ]


@pytest.mark.parametrize(
    "photo",
    [
        "PHOTO;ENCODING=b;TYPE=PNG:iVBORw==",
        "PHOTO;BASE64;PNG:\r\n iVBO\r\n Rw==\r\n",
        "PHOTO:data:image/png;base64,iVBORw",
    ],
)
def test_a_photo_inside_the_card_is_handed_on(photo: str) -> None:
    assert card("FN:x", photo).photo == b"\x89PNG"


def test_a_photo_elsewhere_is_named_and_not_fetched() -> None:
    found = card("FN:x", "PHOTO;VALUE=uri:https://tracker.example/a.png")
    assert (found.photo, found.remote_photo) == (b"", "https://tracker.example/a.png")


def test_a_photo_of_more_than_a_megabyte_is_left_out() -> None:
    assert card("FN:x", "PHOTO;ENCODING=b:" + "A" * 1_500_000).photo == b""


def test_only_so_many_cards_are_shown_and_the_others_counted() -> None:
    found = contacts(b"BEGIN:VCARD\nFN:x\nEND:VCARD\n" * 70)
    assert found is not None
    assert (len(found.cards), found.left_out) == (50, 20)


def test_what_is_no_card_has_none() -> None:
    assert contacts(b"") is None
    assert contacts(b"BEGIN:VCALENDAR\n") is None


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=30)).map("\n".join).map(lambda text: text.encode("utf-8")))
def test_whatever_stands_in_a_card_is_read_without_an_error(rest: bytes) -> None:
    assert contacts(b"BEGIN:VCARD\nVERSION:4.0\n" + rest) is not None


@given(st.binary())
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    contacts(content)
