"""AUTH: what each mechanism asks and what its answers say (RFC 4954); every credential is welcome here."""

import base64
import binascii
import os
import re
from collections.abc import Generator
from typing import Final

from mailsluice.smtp.replies import Reply

ACCEPTED: Final = Reply(235, "2.7.0", "Authentication succeeded")
ABORTED: Final = Reply(501, "5.7.0", "Authentication aborted")
NOT_BASE64: Final = Reply(501, "5.5.2", "The answer is not base64")
MALFORMED: Final = Reply(501, "5.5.2", "The answer does not fit the mechanism")
UNKNOWN_MECHANISM: Final = Reply(504, "5.5.4", "Unknown mechanism: use PLAIN, LOGIN, CRAM-MD5 or XOAUTH2")
NO_MECHANISM: Final = Reply(501, "5.5.4", "Write AUTH and a mechanism: PLAIN, LOGIN, CRAM-MD5 or XOAUTH2")

Exchange = Generator[bytes, bytes, str]
"""Yields challenges, is sent the client's answers (both decoded), returns the user's name or raises ValueError."""


def _plain() -> Exchange:
    answer = yield b""
    parts = answer.split(b"\0")
    if len(parts) != 3:
        raise ValueError("PLAIN is identity NUL user NUL password")
    return _text(parts[1])


def _login() -> Exchange:
    user = yield b"Username:"
    yield b"Password:"
    return _text(user)


def _cram_md5() -> Exchange:
    answer = yield f"<{os.urandom(8).hex()}@mailsluice>".encode()
    user, _, digest = answer.rpartition(b" ")
    if not user or not re.fullmatch(rb"[0-9A-Fa-f]{32}", digest):
        raise ValueError("CRAM-MD5 is user, space, 32 hexadecimal digits")
    return _text(user)


def _xoauth2() -> Exchange:
    answer = yield b""
    match = re.match(rb"user=([^\x01]*)\x01", answer)
    if not match:
        raise ValueError("XOAUTH2 begins with user=")
    return _text(match[1])


MECHANISMS: Final = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5, "XOAUTH2": _xoauth2}


def challenge_line(challenge: bytes) -> str:
    """The reply that carries a challenge; an empty one keeps its trailing space."""
    return f"334 {base64.b64encode(challenge).decode()}"


def decode_answer(line: bytes) -> bytes | Reply:
    """The client's answer, or the reply that refuses it; `=` is an empty initial response."""
    text = line.strip()
    if text == b"*":
        return ABORTED
    if text == b"=":
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return NOT_BASE64


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
