"""In and out: messages to and from .eml files, zip archives, mbox files and Maildir folders, byte for byte.

No format changes a byte of a message, line ends included: what was exported and is imported again is the same bytes.
Envelope and time of receipt come along as far as a format has room for them. What is imported is looked through first,
in bounded memory: a source that is refused brings nothing in.
"""
