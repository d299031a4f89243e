"""A mail with one attachment of each kind that a page shows."""

import base64
from email.message import EmailMessage
from email.policy import SMTP

from tests.preview_files import image, pdf

INVITATION = """\
BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID:1
SUMMARY:Planning
DTSTART;TZID=Europe/Berlin:20260727T100000
DTEND;TZID=Europe/Berlin:20260727T113000
RRULE:FREQ=WEEKLY;BYDAY=MO
LOCATION:Room 4
ORGANIZER;CN=Ada:mailto:ada@example.test
ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.test
URL:javascript:alert(1)
DESCRIPTION:See https://example.test/agenda
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n").encode()

CONTACT = b"""\
BEGIN:VCARD\r
VERSION:3.0\r
FN:Ada Lovelace\r
ORG:Engines\r
TEL;TYPE=CELL:+49 30 1234\r
PHOTO;ENCODING=b;TYPE=PNG:%s\r
END:VCARD\r
""" % base64.b64encode(image(size=(64, 64)))

FILES = {
    "photo.png": ("image/png", image(size=(1200, 800))),
    "invoice.pdf": ("application/pdf", pdf(5)),
    "orders.csv": ("text/csv", b"name;city\r\nAda;Paris\r\n"),
    "invite.ics": ("text/calendar", INVITATION),
    "ada.vcf": ("text/vcard", CONTACT),
    "not-a-picture.png": ("image/png", pdf(1)),
    "damaged.png": ("image/png", image()[:40]),
    "archive.zip": ("application/zip", b"PK\x03\x04" + bytes(50)),
    "empty.bin": ("application/octet-stream", b""),
    "notes.txt": ("text/plain", b"<script>alert(1)</script>\r\n"),
}
"""What is attached, in order: part 2 and the following ones."""

MESSAGE_PART = len(FILES) + 2
"""The number of the part that is a message."""


def attached_mail() -> bytes:
    """The mail; its last part is a mail with a picture, and in that the oldest mail."""
    oldest = _mail("The oldest one")
    older = _mail("The older one")
    older.add_attachment(image(size=(300, 200)), maintype="image", subtype="png", filename="inner.png")
    older.add_attachment(oldest)
    mail = _mail("Everything attached")
    for name, (type_, content) in FILES.items():
        main, _, subtype = type_.partition("/")
        mail.add_attachment(content, maintype=main, subtype=subtype, filename=name)
    mail.add_attachment(older)
    return mail.as_bytes(policy=SMTP)


def many_parts(count: int) -> bytes:
    """A mail of so many small attachments."""
    head = "From: a@example.test\nSubject: Many\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    part = "--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=f{}.bin\n\nx\n"
    return (head + "".join(map(part.format, range(count))) + "--b--\n").replace("\n", "\r\n").encode()


def _mail(subject: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ada <ada@example.test>", "bob@example.test", subject
    mail.set_content(f"This is the text of {subject.lower()}.\n")
    mail.add_alternative('<p>Hello <b>Bob</b></p><img src="cid:none@example.test">', subtype="html")
    return mail
