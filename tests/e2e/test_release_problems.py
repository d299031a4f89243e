"""What goes wrong when development mail is relayed, problem by problem (GMAIL.md section 9), met in a real browser.

Those of the way to the server are in test_release_troubles.py: a normal password (1), no sign-in (2), ports mixed up
(3), an antivirus in between (10), ports that are blocked or silent (11), one sign-in for each release (15).
"""

import io
import zipfile
from email import message_from_bytes
from email.message import EmailMessage
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import expect

from tests.e2e.chromium import NEEDED
from tests.e2e.desk import BOB, MAIL, Desk
from tests.gmail import replies
from tests.smarthost import USER

pytestmark = NEEDED

STOPPED: Final = "stopped"
DOUBTED: Final = "doubted"
FREE: Final = "free"
CAROL: Final = "carol@example.com"
ORDER: Final = b"Message-ID: <order-1@shop.example>\r\n" + MAIL


def mail(*, html: str = "", file: str = "", content: bytes = b"", **fields: str) -> bytes:
    """A mail as an app makes it; fields replace those of an ordinary one."""
    message = EmailMessage()
    for name, value in ({"From": USER, "To": BOB, "Subject": "Your order"} | fields).items():
        message[name] = value
    message.set_content("Hello\n")
    if html:
        message.add_alternative(html, subtype="html")
    if file:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=file)
    return message.as_bytes()


def zipped(name: str) -> bytes:
    """An archive with one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr(name, "alert(1)")
    return archive.getvalue()


class Sight(NamedTuple):
    """What the dialog says before anything is dialled: a mail, to whom, the words, and whether it may go."""

    name: str
    mail: bytes
    to: str
    says: tuple[str, ...]
    way: str


SIGHTS: Final = (
    Sight(
        "5: From is another's",
        mail(From="Shop <noreply@shop.example>"),
        BOB,
        (f"Recipients will see Shop <{USER}>", "X-Google-Original-From shows them the old one", "become the Reply-To"),
        FREE,
    ),
    Sight("6: to oneself", MAIL, USER, ("which is not a fair test of the inbox",), FREE),
    Sight("8: a made-up domain", MAIL, "real@customer.example", ("is not among the recipients",), STOPPED),
    Sight("12: a template", MAIL, "${USER_EMAIL}", ("is a placeholder that was not filled in, no address",), STOPPED),
    Sight("12: braces", MAIL, "{{user}}@example.com", ("is a placeholder that was not filled in",), STOPPED),
    Sight("12: no domain", MAIL, "bob", ("bob is no address.", "such as name@example.com"), STOPPED),
    Sight("12: a display name", MAIL, f"Bob <{BOB}>", ("Nothing stands in the way.",), FREE),
    Sight("14: Bcc", mail(Bcc=CAROL), BOB, ("Bcc will be removed, so that nobody sees who else gets a copy",), FREE),
    Sight("16: a script", mail(file="run.js"), BOB, ("Gmail blocks run.js: it takes no .js files",), DOUBTED),
    Sight(
        "16: a script in an archive",
        mail(file="all.zip", content=zipped("run.js")),
        BOB,
        ("Gmail blocks run.js in all.zip",),
        DOUBTED,
    ),
    Sight(
        "16: a program by another name",
        mail(file="holiday.png", content=b"MZ" + bytes(100)),
        BOB,
        ("Gmail blocks holiday.png: whatever its name, it is a Windows program",),
        DOUBTED,
    ),
    Sight(
        "18: an image on localhost",
        mail(html='<p>Hello</p><img src="http://localhost:3000/logo.png">'),
        BOB,
        ("1 image will not show: Gmail loads images itself and cannot reach http://localhost:3000/logo.png",),
        FREE,
    ),
    Sight(
        "18: an image in the text",
        mail(html='<p>Hello</p><img src="data:image/png;base64,AAAA">'),
        BOB,
        ("1 image written into the HTML as data: will not show in Gmail.", "refer to it by cid:"),
        FREE,
    ),
)


@pytest.mark.parametrize("sight", [pytest.param(sight, id=sight.name) for sight in SIGHTS])
def test_it_is_said_before_anything_is_dialled(desk: Desk, sight: Sight) -> None:
    desk.set_up()
    dialog = desk.look(desk.capture(sight.mail), sight.to)
    for words in sight.says:
        expect(dialog).to_contain_text(words)
    button = dialog.get_by_role("button", name="Release 1 message")
    if sight.way == FREE:
        expect(button).to_be_enabled()
    else:
        expect(button).to_be_disabled()
    expect(dialog.get_by_label("Release anyway")).to_have_count(1 if sight.way == DOUBTED else 0)
    assert desk.gmail.connections == 0


def test_problem_4_a_release_that_failed_shows_all_that_was_said_but_the_password(desk: Desk) -> None:
    desk.gmail.accounts[USER].revoked = True
    desk.set_up()
    desk.release(desk.capture(), BOB)
    record = desk.open_record()
    record.get_by_text("Transcript of the last attempt").click()
    transcript = record.locator(".transcript")
    for words in ("220 smtp.gmail.com ESMTP", "STARTTLS", "AUTH PLAIN ****", "535 5.7.8", "BadCredentials"):
        expect(transcript).to_contain_text(words)


def test_problem_5_the_apps_author_becomes_the_reply_to(desk: Desk) -> None:
    desk.set_up()
    message = desk.capture(mail(From="Shop <noreply@shop.example>"))
    dialog = desk.look(message, BOB)
    dialog.get_by_text("Options").click()
    dialog.get_by_label("The app’s From as Reply-To").check()
    expect(dialog).to_contain_text("The app's From is put in as Reply-To.")
    assert desk.confirm(message).state == "delivered"
    (delivered,) = desk.gmail.delivered
    arrived = message_from_bytes(delivered.rewritten)
    assert arrived["From"] == f"Shop <{USER}>"
    assert arrived["X-Google-Original-From"] == "Shop <noreply@shop.example>"
    assert arrived["Reply-To"] == "Shop <noreply@shop.example>"


def test_problem_6_a_mail_that_is_released_twice_is_there_twice(desk: Desk) -> None:
    desk.set_up()
    message = desk.capture(ORDER)
    first, second = desk.release(message, USER), desk.release(message, USER)
    assert (first.state, second.state) == ("delivered", "delivered")
    assert first.message_id != second.message_id
    assert len(desk.gmail.mailbox(USER)) == 2
    expect(desk.card).to_contain_text("Look in the inbox of the account. Mail to itself says nothing about spam")


def test_problem_6_who_keeps_the_message_id_is_told_that_gmail_hides_the_second(desk: Desk) -> None:
    desk.set_up()
    message = desk.capture(ORDER)
    for _ in range(2):
        dialog = desk.look(message, USER)
        dialog.get_by_text("Options").click()
        dialog.get_by_label("Keep the Message-ID").check()
        expect(dialog).to_contain_text("Gmail does not show a mail whose Message-ID a mailbox already has")
        assert desk.confirm(message).message_id == "order-1@shop.example"
    assert len(desk.gmail.delivered) == 2
    assert len(desk.gmail.mailbox(USER)) == 1


def test_problem_7_after_too_many_sign_ins_the_next_release_waits_and_says_why(desk: Desk) -> None:
    desk.gmail.fail_next("auth", replies.MANY_LOGINS)
    desk.set_up()
    desk.release(desk.capture(), BOB)
    waiting = desk.capture()
    dialog = desk.look(waiting, BOB)
    expect(dialog).to_contain_text("Google takes no sign-in from this account at the moment")
    expect(dialog).to_contain_text("It waits until then.")
    assert desk.confirm(waiting).state == "queued"
    expect(desk.card).to_contain_text(f"The profile {desk.name} sends nothing for now")
    assert (desk.gmail.connections, desk.gmail.auth_attempts) == (1, 1)
    desk.open_record().get_by_role("button", name="Try now anyway").click()
    expect(desk.page.locator("#record .chip")).to_have_text("Released")
    assert desk.gmail.auth_attempts == 2


def test_problem_7_what_follows_at_once_goes_over_the_same_sign_in(desk: Desk) -> None:
    desk.gmail.knobs.sessions_at_once = 1
    desk.set_up()
    states = [desk.release(desk.capture(), BOB).state for _ in range(2)]
    assert states == ["delivered", "delivered"]
    assert (desk.gmail.connections, desk.gmail.auth_attempts) == (1, 1)


def test_problem_8_what_the_day_has_no_room_for_waits_and_says_so(desk: Desk) -> None:
    desk.set_up(daily_limit=1)
    assert desk.release(desk.capture(), BOB).state == "delivered"
    message = desk.capture()
    dialog = desk.look(message, BOB)
    expect(dialog).to_contain_text("Of the 1 a day that this profile may mail, 0 are left")
    record = desk.confirm(message)
    assert (record.state, bool(record.due)) == ("queued", True)
    expect(desk.card).to_contain_text("this one waits until there is room")
    assert len(desk.gmail.delivered) == 1


def test_problem_8_that_accepted_is_not_delivered_is_said_where_it_is_accepted(desk: Desk) -> None:
    desk.set_up()
    assert desk.release(desk.capture(), "bounce@example.com").state == "delivered"
    expect(desk.card).to_contain_text("if a mailbox does not exist, the bounce comes to the account’s own inbox")
    (report,) = [copy for copy in desk.gmail.mailbox(USER) if b"X-Failed-Recipients" in copy.raw]
    assert b"bounce@example.com" in report.raw


def test_problem_9_blanks_in_the_password_do_not_matter(desk: Desk) -> None:
    desk.set_up(password="abcd efgh\u00a0ijkl mnop ")
    assert desk.release(desk.capture(), BOB).state == "delivered"


def test_problem_13_the_name_in_ehlo_is_one_that_google_takes(desk: Desk) -> None:
    desk.gmail.knobs.strict_ehlo = True
    desk.set_up()
    assert desk.release(desk.capture(), BOB).state == "delivered"


def test_problem_14_nobody_sees_who_got_a_blind_copy(desk: Desk) -> None:
    desk.set_up()
    assert desk.release(desk.capture(mail(Bcc=CAROL), to=(BOB, CAROL)), BOB, CAROL).state == "delivered"
    (delivered,) = desk.gmail.delivered
    assert delivered.recipients == (BOB, CAROL)
    assert CAROL.encode() not in delivered.rewritten


def test_problem_16_who_insists_meets_the_refusal_that_was_foreseen(desk: Desk) -> None:
    desk.set_up()
    message = desk.capture(mail(file="run.js"))
    desk.look(message, BOB).get_by_label("Release anyway").check()
    expect(desk.page.get_by_role("button", name="Release 1 message")).to_be_enabled()
    record = desk.confirm(message)
    assert record.verdict
    assert (record.state, record.verdict.cause) == ("refused", "blocked-content")
    expect(desk.card).to_contain_text("Refused 552")
    expect(desk.card).to_contain_text("Remove that attachment or send a link to it.")


def test_problem_17_nobody_is_mailed_because_an_app_named_them(desk: Desk) -> None:
    desk.set_up(allow=())
    strangers = [f"customer{number}@shop.example" for number in range(3)]
    dialog = desk.look(desk.capture(to=strangers))
    expect(dialog.get_by_label("To", exact=True)).to_have_value(USER)
    dialog.get_by_role("button", name="all 3").click()
    for stranger in strangers:
        expect(dialog).to_contain_text(f"{stranger} is not among the recipients")
        expect(dialog.get_by_role("button", name=f"Allow {stranger}")).to_be_visible()
    expect(dialog.get_by_role("button", name="Release 1 message")).to_be_disabled()
    assert desk.gmail.connections == 0
