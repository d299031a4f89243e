"""Automatic release: rules that send copies of new mail on their own, within ceilings and until an hour set before."""

from mailsluice.automatic.automatic import Automatic

__all__ = ["Automatic"]
