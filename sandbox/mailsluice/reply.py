"""A reply of SMTP, whoever says it: code, enhanced code and text (RFC 5321 section 4.2, RFC 3463)."""

import re
from typing import NamedTuple

_ENHANCED = re.compile(r"[ \t]*([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_MOST_TEXT = 4000


class Reply(NamedTuple):
    """One reply: `250 2.0.0 Ok`; the enhanced code may be empty, the text may have several lines."""

    code: int
    enhanced: str
    text: str

    def __str__(self) -> str:
        if self.enhanced and "\n" not in self.text and "  " not in self.text:
            return f"{self.code} {self.enhanced} {self.text}"  # our own, thousands a second
        words = " ".join(self.text.split())
        return " ".join(part for part in (str(self.code), self.enhanced, words) if part)


def parse_reply(code: int, text: str) -> Reply:
    """Read a reply whose lines are joined by newlines and have lost only their codes, as SMTP clients give them.

        5.7.8 Username and Password not accepted. For more information, go to
        5.7.8  https://support.google.com/mail/?p=BadCredentials x-y.1 - gsmtp

    The enhanced code leaves every line that repeats it; what a terminal would obey is replaced; the length is bounded.
    """
    enhanced = ""
    lines = []
    for line in text[:_MOST_TEXT].splitlines():
        match = _ENHANCED.match(line)
        if match and enhanced in ("", match[1]):
            enhanced = match[1]
            line = line[match.end() :]
        lines.append("".join(letter if letter.isprintable() else "�" for letter in line.replace("\t", " ")).strip())
    return Reply(code, enhanced, "\n".join(line for line in lines if line))
