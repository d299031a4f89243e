"""One message in a file of its own: the bytes of the file are the bytes of the message."""

from collections.abc import Iterator
from typing import BinaryIO

from mailsluice.errors import Refusal
from mailsluice.exchange.mail import Limits, Mail, shown, shown_size


def read(file: BinaryIO, limits: Limits, *, name: str = "", received: int = 0) -> Iterator[Mail]:
    """The file as a message; Refusal if it is empty or too large."""
    raw = file.read(limits.message + 1)
    if not raw:
        raise Refusal("There is nothing in it.", field="body")
    refuse_large(len(raw), limits, name=name or "The message")
    yield Mail(raw, name=name, received=received)


def refuse_large(size: int, limits: Limits, *, name: str) -> None:
    """Refusal for a message above the limit."""
    if size > limits.message:
        subject = name if name.startswith("The ") else shown(name)
        raise Refusal(f"{subject} is larger than {shown_size(limits.message)}, the most for one message.", field="body")
