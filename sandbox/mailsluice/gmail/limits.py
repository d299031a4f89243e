"""How much Gmail takes in one message, and how much of it Gmail shows."""

from typing import Final

SIZE: Final = 35_882_577
"""The largest message in bytes as it is sent, attachments encoded: what Gmail's EHLO says."""

RECIPIENTS: Final = 100
"""The most recipients of one message (https://support.google.com/a/answer/166852)."""

CLIP: Final = 102 * 1024
"""Bytes of HTML from which on Gmail cuts a message (https://github.com/hteumeuleu/email-bugs/issues/41)."""

STYLE: Final = 16_384
"""Bytes of style elements that Gmail keeps (https://github.com/hteumeuleu/email-bugs/issues/90)."""
