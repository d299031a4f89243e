"""AUTH: what each mechanism asks and what its answers say (RFC 4954); without a file, every credential is welcome."""

import asyncio
import base64
import binascii
import os
import re
from collections.abc import Callable, Generator
from typing import Final, NamedTuple

from mailsluice.errors import SettingsError
from mailsluice.reply import Reply
from mailsluice.smtp.transcript import MASK

ACCEPTED: Final = Reply(235, "2.7.0", "Authentication succeeded")
ABORTED: Final = Reply(501, "5.7.0", "Authentication aborted")
NOT_BASE64: Final = Reply(501, "5.5.2", "The answer is not base64")
MALFORMED: Final = Reply(501, "5.5.2", "The answer does not fit the mechanism")
WRONG: Final = Reply(535, "5.7.8", "User name or password is not in the file of --smtp-auth-file")


class Claim(NamedTuple):
    """Who the client says it is; `password` is None where the mechanism does not tell it."""

    user: str
    password: str | None = None

    def __repr__(self) -> str:
        return f"Claim({self.user!r})"  # a password in a log would be a leak


Exchange = Generator[bytes, bytes, Claim]
"""Yields challenges, is sent the client's answers (both decoded), returns the claim or raises ValueError."""


class Credentials:
    """The users of an htpasswd file: bcrypt, SHA-1 (`{SHA}`), MD5 (`$apr1$`), SHA-256 and SHA-512, or plain text.

    The old crypt(3) hashes are not among them: they look like any plain password of 13 characters.
    """

    def __init__(self, check: Callable[[str, str], bool]) -> None:
        self._check = check

    @classmethod
    def load(cls, path: str) -> "Credentials":
        """Read the file once; raises SettingsError if that fails."""
        from passlib.apache import HtpasswdFile
        from passlib.context import CryptContext

        schemes = ["bcrypt", "sha256_crypt", "sha512_crypt", "apr_md5_crypt", "ldap_sha1", "plaintext"]
        try:
            file = HtpasswdFile(path, context=CryptContext(schemes=schemes))
            users = file.users()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", "") or str(error)
            raise SettingsError(f"--smtp-auth-file: {path} cannot be read as htpasswd lines: {reason}") from error
        if not users:
            raise SettingsError(f"--smtp-auth-file: {path} has no line of the form user:hash")
        return cls(lambda user, password: file.check_password(user, password) is True)

    async def verify(self, claim: Claim) -> bool:
        """Is the password that of the user? Hashing takes its time in a thread."""
        if claim.password is None:
            return False
        try:
            return await asyncio.to_thread(self._check, claim.user, claim.password)
        except ValueError:  # a NUL in the name, a hash that nobody knows
            return False


def no_mechanism(mechanisms: tuple[str, ...]) -> Reply:
    """AUTH came alone."""
    return Reply(501, "5.5.4", f"Write AUTH and a mechanism: {', '.join(mechanisms)}")


def unknown_mechanism(mechanisms: tuple[str, ...]) -> Reply:
    """AUTH came with a mechanism that is not offered."""
    return Reply(504, "5.5.4", f"This mechanism is not offered here, use one of: {', '.join(mechanisms)}")


def _plain() -> Exchange:
    answer = yield b""
    parts = answer.split(b"\0")
    if len(parts) != 3:
        raise ValueError("PLAIN is identity NUL user NUL password")
    return Claim(_text(parts[1]), _text(parts[2]))


def _login() -> Exchange:
    user = yield b"Username:"
    password = yield b"Password:"
    return Claim(_text(user), _text(password))


def _cram_md5() -> Exchange:
    answer = yield f"<{os.urandom(8).hex()}@mailsluice>".encode()
    user, _, digest = answer.rpartition(b" ")
    if not user or not re.fullmatch(rb"[0-9A-Fa-f]{32}", digest):
        raise ValueError("CRAM-MD5 is user, space, 32 hexadecimal digits")
    return Claim(_text(user))


def _xoauth2() -> Exchange:
    answer = yield b""
    match = re.match(rb"user=([^\x01]*)\x01", answer)
    if not match:
        raise ValueError("XOAUTH2 begins with user=")
    return Claim(_text(match[1]))


MECHANISMS: Final = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5, "XOAUTH2": _xoauth2}
VERIFIABLE: Final = ("PLAIN", "LOGIN")
"""The mechanisms that tell the password, which a hash can be compared with."""


_SHOWN: Final = {*MECHANISMS, "ANONYMOUS", "DIGEST-MD5", "EXTERNAL", "GSSAPI", "NTLM", "OAUTHBEARER", "XOAUTH"}


def masked(argument: str) -> str:
    """The AUTH command with all but a mechanism's name masked: a client that errs may put its secret anywhere."""
    words = argument.split()
    shown = [word if number == 0 and word.upper() in _SHOWN else MASK for number, word in enumerate(words[:2])]
    return " ".join(("AUTH", *shown))


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
