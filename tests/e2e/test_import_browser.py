"""Files that are dropped on the page: what is taken, what is refused and why, and what is no file at all."""

import smtplib
from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.chromium import NEEDED
from tests.e2e.inbox_page import expect_rows, mail, open_inbox, send
from tests.exchanging import zip_of
from tests.program import Program, deliver

pytestmark = NEEDED

DRAG = """([files, kind]) => {
  const transfer = new DataTransfer()
  for (const [name, text] of files) transfer.items.add(new File([text], name))
  document.querySelector("#pane").dispatchEvent(
    new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }))
}"""


def drop(page: Page, **files: str) -> None:
    named = [[name.replace("_", "."), text] for name, text in files.items()]
    for kind in ("dragenter", "dragover", "drop"):
        page.evaluate(DRAG, [named, kind])


def send_html(program: Program) -> None:
    with smtplib.SMTP("127.0.0.1", program.smtp_port, timeout=30) as client:
        letter = b"Subject: Letter\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n"
        deliver(client, letter, "ada@example.test", ("bob@example.test",))


def raw(subject: str) -> str:
    return mail(subject).decode()


def mbox(*subjects: str) -> str:
    return "".join(f"From - Mon Jul 20 12:00:00 2026\n{raw(one)}\n" for one in subjects).replace("\r\n", "\n")


def test_dropped_files_join_the_inbox(page: Page, program: Program, complaints: list[str]) -> None:
    open_inbox(page, program)
    drop(page, one_eml=raw("One"), more_mbox=mbox("Two", "Three"))
    expect(page.locator("#imports-said")).to_have_text("3 messages imported")
    expect(page.locator("a.row")).to_have_count(3)
    expect(page.locator("#imports-progress")).to_be_hidden()
    expect(page.locator("#drop")).to_be_hidden()
    page.get_by_role("region", name="Import").get_by_role("button", name="Close").click()
    expect(page.locator("#imports")).to_be_hidden()
    assert complaints == []


def drag(page: Page, *points: tuple[str, int, int], path: Path) -> None:
    """A file or folder of the desktop, dragged over these points by the browser itself."""
    pointer = page.context.new_cdp_session(page)
    brought = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind, x, y in points:
        pointer.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": brought})


def test_a_file_dropped_on_a_mails_own_frame_is_imported(page: Page, program: Program, tmp_path: Path) -> None:
    send_html(program)
    (file := tmp_path / "one.eml").write_bytes(mail("One"))
    open_inbox(page, program)
    page.locator("a.row").click()
    box = page.locator("iframe").bounding_box()
    assert box
    x, y = int(box["x"] + 20), int(box["y"] + 20)
    drag(page, ("dragEnter", 300, 20), ("dragOver", 310, 20), path=file)
    expect(page.locator("#drop")).to_be_visible()
    drag(page, ("dragOver", x, y), ("drop", x, y), path=file)
    expect(page.locator("#imports-said")).to_have_text("1 message imported")


def test_a_dropped_folder_brings_its_eml_files(page: Page, program: Program, tmp_path: Path) -> None:
    inner = tmp_path / "mails" / "inner"
    inner.mkdir(parents=True)
    for name in ("one.eml", "two.EML", "notes.txt"):
        (inner / name).write_bytes(mail(name))
    (tmp_path / "nothing").mkdir()
    open_inbox(page, program)
    drag(page, ("dragEnter", 300, 20), ("dragOver", 310, 20), ("drop", 310, 20), path=tmp_path / "mails")
    expect(page.locator("#imports-said")).to_have_text("2 messages imported")
    drag(page, ("dragEnter", 300, 20), ("dragOver", 310, 20), ("drop", 310, 20), path=tmp_path / "nothing")
    expect(page.locator("#dropped")).to_have_text("nothing There are no .eml files in this folder.")


def test_what_is_refused_is_named_with_its_reason(page: Page, program: Program) -> None:
    open_inbox(page, program)
    drop(page, one_eml=raw("One"), bad_zip="PK\x03\x04 no zip", empty_eml="")
    expect(page.locator("#imports-said")).to_have_text("1 message imported, 2 files refused")
    expect(page.locator("#dropped li b")).to_have_text(["bad.zip", "empty.eml"])
    expect_rows(page, "One")
    drop(page, bad_zip="PK\x03\x04 no zip")
    expect(page.locator("#imports-said")).to_have_text("Nothing was imported")
    expect(page.locator("#dropped li")).to_have_count(1)


def test_what_is_no_mail_is_refused_and_what_stays_out_of_an_archive_is_named(
    page: Page, program: Program, tmp_path: Path
) -> None:
    archive = tmp_path / "mail.zip"
    archive.write_bytes(zip_of([("one.eml", mail("One")), ("readme.txt", b"Read me")]))
    open_inbox(page, program)
    drag(page, ("dragEnter", 300, 20), ("dragOver", 310, 20), ("drop", 310, 20), path=archive)
    expect(page.locator("#imports-said")).to_have_text("1 message imported")
    expect(page.locator("#dropped li")).to_have_text(
        "mail.zip 1 file that is no mail was left out: “readme.txt”.", use_inner_text=True
    )
    drop(page, picture_png="\x89PNG")
    expect(page.locator("#imports-said")).to_have_text("Nothing was imported")


def test_more_files_than_are_taken_at_once_all_come(page: Page, program: Program) -> None:
    open_inbox(page, program)
    drop(page, **{f"mail{number}_eml": raw(f"Mail {number}") for number in range(120)})
    expect(page.locator("#imports-said")).to_have_text("120 messages imported")
    assert program.api("messages")["total"] == 120


def test_the_page_says_that_files_can_be_dropped_while_they_are_over_it(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.evaluate(DRAG, [[["a.eml", "x"]], "dragenter"])
    expect(page.get_by_text("Drop files to import their messages")).to_be_visible()
    page.evaluate(DRAG, [[["a.eml", "x"]], "dragleave"])
    expect(page.locator("#drop")).to_be_hidden()


def test_what_is_dragged_from_the_page_is_no_import(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.evaluate("document.body.dispatchEvent(new DragEvent('dragstart', { bubbles: true }))")
    page.evaluate(DRAG, [[["a.eml", "x"]], "dragenter"])
    expect(page.locator("#drop")).to_be_hidden()


def test_nothing_is_imported_behind_a_dialog(page: Page, program: Program) -> None:
    send(program, "One")
    open_inbox(page, program)
    page.keyboard.press("?")
    drop(page, two_eml=raw("Two"))
    expect(page.locator("#imports")).to_be_hidden()
    assert program.api("messages")["total"] == 1


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.evaluate("find('#drop-form').dataset.most = 10")
    drop(page, large_eml=raw("Large"))
    expect(page.locator("#dropped")).to_contain_text("large.eml It is larger than")
    expect(page.locator("#imports-said")).to_have_text("Nothing was imported")
    assert program.api("messages")["total"] == 0


def test_a_server_that_does_not_answer_is_said_for_each_file(page: Page, program: Program) -> None:
    open_inbox(page, program)
    page.route("**/imports", lambda route: route.abort())
    drop(page, one_eml=raw("One"))
    expect(page.locator("#dropped")).to_have_text("one.eml Mailsluice did not answer.")


def test_several_files_are_chosen_in_the_form_too(page: Page, program: Program) -> None:
    page.goto(f"{program.url}imports")
    files: list[FilePayload] = [
        {"name": f"{name}.eml", "mimeType": "message/rfc822", "buffer": mail(name)} for name in ("A", "B")
    ]
    page.get_by_label("Files", exact=True).set_input_files(files)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("2 messages are in the inbox.")
