"""Mailsluice catches every mail that an app sends, and lets the ones you choose through to Gmail."""

__version__ = "0.1.0"
