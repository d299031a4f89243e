"""Mailpit's JSON shapes: fields are named and ordered as they are sent, and clients compare them strictly."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from mailsluice.message.addresses import Address as ParsedAddress
from mailsluice.message.headers import Header
from mailsluice.message.mime import Part
from mailsluice.message.parse import Message as ParsedMessage
from mailsluice.store import ListedMessage
from mailsluice_web.api.dates import local_time, rfc3339

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Address(msgspec.Struct, frozen=True):
    """A mailbox with its display name."""

    Name: str
    Address: str


class MessageSummary(msgspec.Struct, frozen=True):
    """One message in a list."""

    ID: str
    MessageID: str
    Read: bool
    From: Address
    To: list[Address]
    Cc: list[Address]
    Bcc: list[Address]
    ReplyTo: list[Address]
    Subject: str
    Created: str
    Username: str
    Tags: list[str]
    Size: int
    Attachments: int
    Snippet: str


class MessagesSummary(msgspec.Struct, frozen=True):
    """A page of the list, with the counts of the whole."""

    total: int
    unread: int
    count: int
    messages_count: int
    messages_unread: int
    start: int
    tags: list[str]
    messages: list[MessageSummary]


class ListUnsubscribe(msgspec.Struct, frozen=True):
    """What List-Unsubscribe offers (RFC 2369, RFC 8058)."""

    Header: str
    Links: list[str]
    Errors: str
    HeaderPost: str


class Checksums(msgspec.Struct, frozen=True):
    """Digests of an attachment's content, in hexadecimal."""

    MD5: str
    SHA1: str
    SHA256: str


class Attachment(msgspec.Struct, frozen=True):
    """A part with a file name or a Content-ID."""

    PartID: str
    FileName: str
    ContentType: str
    ContentID: str
    Size: int
    Checksums: Checksums


class Message(msgspec.Struct, frozen=True):
    """One message as a whole."""

    ID: str
    MessageID: str
    From: Address
    To: list[Address]
    Cc: list[Address]
    Bcc: list[Address]
    ReplyTo: list[Address]
    ReturnPath: str
    Subject: str
    ListUnsubscribe: ListUnsubscribe
    Date: str
    Tags: list[str]
    Username: str
    Text: str
    HTML: str
    Size: int
    Inline: list[Attachment]
    Attachments: list[Attachment]


class RuntimeStats(msgspec.Struct, frozen=True):
    """What happened since the start; Uptime in seconds, Memory in bytes."""

    Uptime: int
    Memory: int
    MessagesDeleted: int
    SMTPAccepted: int
    SMTPAcceptedSize: int
    SMTPRejected: int
    SMTPIgnored: int


class Info(msgspec.Struct, frozen=True):
    """The program and its database."""

    Version: str
    LatestVersion: str
    Database: str
    DatabaseSize: int
    Messages: int
    Unread: int
    Tags: dict[str, int]
    RuntimeStats: RuntimeStats


class MessageRelay(msgspec.Struct, frozen=True, kw_only=True):
    """Whether and where clients may release mail; RecipientAllowlist is the old name of AllowedRecipients."""

    Enabled: bool = False
    SMTPServer: str = ""
    ReturnPath: str = ""
    AllowedRecipients: str = ""
    BlockedRecipients: str = ""
    OverrideFrom: str = ""
    PreserveMessageIDs: bool = False
    RecipientAllowlist: str = ""


class WebUI(msgspec.Struct, frozen=True, kw_only=True):
    """What a web interface should offer."""

    Label: str = ""
    MessageRelay: MessageRelay
    SpamAssassin: bool = False
    ChaosEnabled: bool = False
    DuplicatesIgnored: bool = False
    HideDeleteAllButton: bool = False


def message_summary(listed: ListedMessage) -> MessageSummary:
    """The list's view of a message."""
    summary = listed.summary
    return MessageSummary(
        ID=listed.id,
        MessageID=summary.message_id,
        Read=listed.seen,
        From=_address(summary.sender),
        To=_addresses(summary.to),
        Cc=_addresses(summary.cc),
        Bcc=_addresses(summary.bcc, unlisted=listed.unlisted),
        ReplyTo=_addresses(summary.reply_to),
        Subject=summary.subject,
        Created=local_time(listed.received),
        Username=listed.user,
        Tags=list(listed.tags),
        Size=listed.size,
        Attachments=summary.attachments,
        Snippet=summary.snippet,
    )


def message(listed: ListedMessage, parsed: ParsedMessage) -> Message:
    """The whole view of a message; decodes its attachments, so call it in a worker thread."""
    return Message(
        ID=listed.id,
        MessageID=listed.summary.message_id,
        From=_address(parsed.sender),
        To=_addresses(parsed.to),
        Cc=_addresses(parsed.cc),
        Bcc=_addresses(parsed.bcc, unlisted=listed.unlisted),
        ReplyTo=_addresses(parsed.reply_to),
        ReturnPath=listed.envelope_sender or parsed.sender.address,
        Subject=parsed.subject,
        ListUnsubscribe=_list_unsubscribe(parsed.headers),
        Date=rfc3339(parsed.date) if parsed.date else local_time(listed.received),
        Tags=list(listed.tags),
        Username=listed.user,
        Text=parsed.text or _text_from_html(parsed.html),
        HTML=parsed.html,
        Size=listed.size,
        Inline=_attachments(parsed.inline),
        Attachments=_attachments(parsed.attachments),
    )


def header_values(headers: Iterable[Header]) -> dict[str, list[str]]:
    """Undecoded values by name, names in MIME spelling and sorted."""
    values: dict[str, list[str]] = {}
    for header in headers:
        values.setdefault(_mime_name(header.name), []).append(header.raw.decode("utf-8", errors="replace"))
    return dict(sorted(values.items()))


def _text_from_html(html: str) -> str:
    if not html:
        return ""
    from mailsluice.message.html import text_from_html  # its engine is loaded when first needed, not at the start

    return text_from_html(html)


def _address(parsed: ParsedAddress) -> Address:
    return Address(Name=parsed.name, Address=parsed.address)


def _addresses(parsed: Iterable[ParsedAddress], *, unlisted: Sequence[str] = ()) -> list[Address]:
    return [_address(one) for one in parsed] + [Address(Name="", Address=address) for address in unlisted]


def _attachments(parts: Iterable[Part]) -> list[Attachment]:
    return [_attachment(part) for part in parts if part.filename]


def _attachment(part: Part) -> Attachment:
    content = part.content()
    return Attachment(
        PartID=part.number,
        FileName=part.filename,
        ContentType=part.content_type,
        ContentID=part.content_id,
        Size=len(content),
        Checksums=Checksums(
            MD5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
            SHA1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            SHA256=hashlib.sha256(content).hexdigest(),
        ),
    )


def _list_unsubscribe(headers: Iterable[Header]) -> ListUnsubscribe:
    found = {header.name.lower(): header.value.strip() for header in headers}
    value = found.get("list-unsubscribe", "")
    links = [re.sub(r"\s", "", link) for link in re.findall(r"<([^<>]*)>", value)]
    usable = [link for link in links if re.match(r"(?i)(https?://|mailto:)[^/]", link)]
    errors = ""
    if value and not usable:
        errors = "no mailto: or http(s):// link in angle brackets"
    elif len(usable) < len(links):
        errors = "a link is neither mailto: nor http(s)://"
    return ListUnsubscribe(Header=value, Links=usable, Errors=errors, HeaderPost=found.get("list-unsubscribe-post", ""))


def _mime_name(name: str) -> str:
    """`message-id` is Message-Id; a name that is not a token stays as it is."""
    return "-".join(word.capitalize() for word in name.split("-")) if _TOKEN.fullmatch(name) else name
