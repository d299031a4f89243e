"""Bytes to what a person wants to know: `summarize` at capture, `parse` on view. Pure; raises for no bytes whatever.

One MIME reader (`mime.py`) serves both, so that the list and the page never disagree.
"""

from mailsluice.message.addresses import Address, parse_addresses
from mailsluice.message.bounds import Bounds
from mailsluice.message.headers import Header, split_message
from mailsluice.message.html import Frame, frame, text_from_html
from mailsluice.message.mime import Part
from mailsluice.message.parse import Message, parse
from mailsluice.message.summary import Summary, summarize

__all__ = [
    "Address",
    "Bounds",
    "Frame",
    "Header",
    "Message",
    "Part",
    "Summary",
    "frame",
    "parse",
    "parse_addresses",
    "split_message",
    "summarize",
    "text_from_html",
]
