"""What Gmail does to the header of mail that is submitted with AUTH (GMAIL.md, section 4.1); the body stays."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import getaddresses

_NAMED = re.compile(rb"(.*<)([^<>]*)(>\s*)", re.S)
_MESSAGE_ID = re.compile(rb"<[^\s<>@]*[^\s<>@.]@[^\s<>@]*[^\s<>@.]>")
_NUMERIC_ZONE = re.compile(rb".*\d\d:\d\d(?::\d\d)? [+-]\d{4}(?: \([^()]*\))?\s*", re.S)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SIGNED = b"to:subject:message-id:date:from:mime-version:from:to:cc:subject:date:message-id:reply-to"


@dataclass(frozen=True, slots=True)
class Submission:
    """A message and all that Gmail knows of where it comes from; `time` in seconds."""

    raw: bytes
    account: str
    default_from: str
    identities: tuple[str, ...]
    """Addresses that From may carry."""
    recipients: tuple[str, ...]
    session: str
    helo: str
    peer: str
    cipher: tuple[str, str, int]
    time: float
    utf8: bool = False


@dataclass(slots=True)
class Field:
    """A header: its name as written and all after the colon, folds and line end included."""

    name: bytes
    rest: bytes

    @property
    def value(self) -> bytes:
        """Unfolded and stripped."""
        return self.rest.replace(b"\r\n", b"").strip()


def rewrite(submission: Submission) -> bytes:
    """The message as it leaves Gmail."""
    fields, body = split(submission.raw)
    fields = _with_from(fields, submission)
    fields = _with_message_id(fields, submission)
    fields = _with_date(fields, submission)
    own = b"".join(field.name + b":" + field.rest for field in fields)
    return _signatures(submission) + _received(submission) + own + body


def sent_copy(submission: Submission, rewritten: bytes) -> bytes:
    """The copy in Sent: without the signatures that leaving adds."""
    return f"Return-Path: <{submission.account}>\r\n".encode() + rewritten[len(_signatures(submission)) :]


def split(raw: bytes) -> tuple[list[Field], bytes]:
    """Header fields, and the rest from the empty line on; a line that is no field begins the body."""
    fields: list[Field] = []
    position = 0
    while position < len(raw):
        end = raw.find(b"\r\n", position)
        end = len(raw) if end < 0 else end + 2
        line = raw[position:end]
        if line[:1] in (b" ", b"\t") and fields and line.strip():
            fields[-1].rest += line
        elif line == b"\r\n":
            return fields, raw[position:]
        elif match := re.match(rb"([!-9;-~]+)[ \t]*:", line):
            fields.append(Field(match[1], line[match.end() :]))
        else:
            return fields, b"\r\n" + raw[position:]
        position = end
    return fields, b"\r\n"


def find(fields: list[Field], name: bytes) -> int:
    """Where the first field of a name stands; -1 when there is none."""
    return next((index for index, field in enumerate(fields) if field.name.lower() == name.lower()), -1)


def server_date(time: float) -> str:
    """A Date as Gmail's servers write it, in Pacific time: `Sat, 12 Jul 2014 05:12:10 -0700 (PDT)`."""
    moment = datetime.fromtimestamp(time, UTC)
    summer = _sunday(moment.year, 3, 8, 10) <= moment < _sunday(moment.year, 11, 1, 9)
    offset, zone = (-7, "-0700 (PDT)") if summer else (-8, "-0800 (PST)")
    local = moment + timedelta(hours=offset)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[local.weekday()]
    return f"{day}, {local.day:02} {_MONTHS[local.month - 1]} {local.year} {local:%H:%M:%S} {zone}"


def _sunday(year: int, month: int, day: int, hour: int) -> datetime:
    """The first Sunday on or after a day: when clocks change, in UTC."""
    start = datetime(year, month, day, hour, tzinfo=UTC)
    return start + timedelta(days=(6 - start.weekday()) % 7)


def _with_from(fields: list[Field], submission: Submission) -> list[Field]:
    at = find(fields, b"From")
    default = submission.default_from.encode()
    if at < 0:
        return [*fields, Field(b"From", b" " + default + b"\r\n")]
    value = fields[at].value
    addresses = _addresses(value.decode("utf-8", "surrogateescape"))
    if len(addresses) == 1 and addresses[0] in submission.identities:
        return fields
    named = _NAMED.fullmatch(fields[at].rest)
    ours = named[1] + default + named[3] if named and len(addresses) == 1 else b" " + default + b"\r\n"
    replaced = [Field(fields[at].name, ours), Field(b"X-Google-Original-From", fields[at].rest)]
    if submission.default_from != submission.account:
        replaced.insert(0, Field(b"Sender", b" " + submission.account.encode() + b"\r\n"))
    return [*fields[:at], *replaced, *fields[at + 1 :]]


def _addresses(value: str) -> list[str]:
    try:
        return [address for _, address in getaddresses([value])]
    except RecursionError:  # comments in comments, thousands deep
        return []


def _with_message_id(fields: list[Field], submission: Submission) -> list[Field]:
    at = find(fields, b"Message-ID")
    token = _token(submission, 22)
    ours = f" <{int(submission.time):x}.{token[:8]}.{token[8:13]}.{token[13:17]}@mx.google.com>\r\n".encode()
    if at < 0:
        return [Field(b"Message-ID", ours), *fields]
    if _MESSAGE_ID.fullmatch(fields[at].value):
        return fields
    replaced = [Field(b"Message-ID", ours), Field(b"X-Google-Original-Message-ID", fields[at].rest)]
    return [*fields[:at], *replaced, *fields[at + 1 :]]


def _with_date(fields: list[Field], submission: Submission) -> list[Field]:
    at = find(fields, b"Date")
    ours = f" {server_date(submission.time)}\r\n".encode()
    if at < 0:
        return [Field(b"Date", ours), *fields]
    if _NUMERIC_ZONE.fullmatch(fields[at].rest):
        return fields
    replaced = [Field(b"Date", ours), Field(b"X-Google-Original-Date", fields[at].rest)]
    return [*fields[:at], *replaced, *fields[at + 1 :]]


def _received(submission: Submission) -> bytes:
    version, suite, bits = submission.cipher
    stamp = datetime.fromtimestamp(submission.time, UTC).strftime("%Y.%m.%d.%H.%M.%S")
    protocol = "UTF8SMTPSA" if submission.utf8 else "ESMTPSA"
    lines = (
        f"Received: from {submission.helo} ([{submission.peer}])",
        f"        by smtp.gmail.com with {protocol} id {submission.session}.{stamp}",
        *([f"        for <{submission.recipients[0]}>"] if len(submission.recipients) == 1 else []),
        f"        (version={version} cipher={suite} bits={bits}/{bits});",
        f"        {server_date(submission.time)}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


def _signatures(submission: Submission) -> bytes:
    time, domain = int(submission.time), submission.account.rpartition("@")[2]
    rcpt_domain = submission.recipients[0].rpartition("@")[2] if submission.recipients else "example"
    token = _token(submission, 40)
    lines = (
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;",
        f"        d={domain}; s=20230601; t={time}; x={time + 604800}; darn={rcpt_domain};",
        f"        h={_SIGNED.decode()};",
        f"        bh={token}=; b={token}",
        "X-Google-DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;",
        f"        d=1e100.net; s=20230601; t={time}; x={time + 604800};",
        f"        h=x-gm-message-state:{_SIGNED.decode()}; bh={token}=; b={token}",
        f"X-Gm-Message-State: AOJu0Y{token[:20]}",
        f"X-Gm-Gg: ASbGnc{token[20:]}",
        f"X-Google-Smtp-Source: AGHT+IG{token[10:30]}",
        f"X-Received: by 2002:a05:0:0:0:0:0:0 with SMTP id {submission.session.partition('sm')[0]}mr1.0.{time}000;",
        f"        {server_date(submission.time)}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


def _token(submission: Submission, length: int) -> str:
    """Hexadecimal digits that differ from message to message."""
    unique = f"{submission.session} {submission.time} {len(submission.raw)}".encode() + submission.raw
    return hashlib.sha256(unique).hexdigest()[:length]
