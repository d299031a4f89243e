"""Sealed passwords: AES-GCM under a key file, with what a password is given for as associated data."""

import base64
import binascii
import hashlib
import json
import os
from pathlib import Path
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.relay.private import read_private, write_private
from mailsluice.relay.profile import Profile

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_MOST_KEY_FILE: Final = 1024


def binding_of(profile: Profile) -> bytes:
    """What a password is given for, in one writing: host, port, security, CA file, user."""
    return json.dumps(["mailsluice password 1", *profile.binding]).encode()


def fingerprint(binding: bytes) -> str:
    """A short word for a binding, to see without opening anything whether a password still fits."""
    return hashlib.sha256(binding).hexdigest()[:32]


def seal(key: bytes, text: str, *, binding: bytes) -> bytes:
    """The sealed text, which only this key and this binding open again."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loads a large library, where it is needed only

    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), binding)


def unseal(key: bytes, sealed: bytes, *, binding: bytes) -> str | None:
    """The text, or None for another key, another binding or a damaged seal."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], binding).decode()
    except (InvalidTag, ValueError):
        return None


def read_key(path: Path) -> bytes | None:
    """The key in the file, or None if there is none that can be used."""
    try:
        key = base64.b64decode(read_private(path, most=_MOST_KEY_FILE) or b"", validate=False)
    except binascii.Error:
        return None
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.") from None
    return key if len(key) == _KEY_BYTES else None


def make_key(path: Path) -> bytes:
    """The key in the file, made if there is none; for the folder's only writer."""
    key = read_key(path)
    if key is None:
        key = os.urandom(_KEY_BYTES)
        write_private(path, base64.b64encode(key) + b"\n")
    return key
