"""Files that Gmail takes from nobody, told by their names and by how they begin.

The list is https://support.google.com/mail/answer/6590; it holds inside archives, too.
"""

import re
from typing import Final

SOURCE: Final = "https://support.google.com/mail/answer/6590"
"""Google's page about blocked files."""

_BLOCKED = """
ade adp apk appx appxbundle bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe hta img ins iso isp
jar jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 scr sct shb sys vb vbe vbs vhd vxd wsc
wsf wsh xll
"""
BLOCKED: Final = frozenset(_BLOCKED.split())
"""The blocked extensions, without dot."""

ARCHIVES: Final = frozenset(["zip", "tar", "tgz", "tbz", "tbz2", "gz", "bz2", "7z", "rar", "xz"])
"""The extensions of archives, without dot."""

_MACROS: Final = frozenset(["docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm", "sldm"])
_STARTS: Final = (
    (b"MSCF\0\0\0\0", "a cabinet file"),
    (b"ITSF\x03\0\0\0", "a compiled help file"),
    (b"L\0\0\0\x01\x14\x02\0", "a Windows shortcut"),
    (b"\xca\xfe\xba\xbe\0\0\0", "a Java class"),
    (b"dex\n", "an Android program"),
    (b"conectix", "a disk image"),
    (b"#@~^", "an encoded script"),
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_MACROS: Final = "_VBA_PROJECT".encode("utf-16le")
_EXTENSION: Final = re.compile(r"\.([^.\s/\\]{1,12})\Z")


def extension(name: str) -> str:
    """The extension in small letters, without dot; what nobody sees of a name, quotes and last dots do not count."""
    visible = "".join(letter for letter in name[-300:] if letter.isprintable()).rstrip(" .\"'")
    found = _EXTENSION.search(visible)
    return found[1].lower() if found else ""


def blocked_extension(name: str) -> str:
    """The extension, with its dot, for which Gmail blocks a file of this name; "" if it does not."""
    found = extension(name)
    return f".{found}" if found in BLOCKED else ""


def blocked_content(start: bytes, *, end: bytes = b"") -> str:
    """What a file that begins (and ends) so is, where Gmail blocks that, as "a Windows program"; else ""."""
    if start.startswith(b"MZ") and b"\0" in start[2:64]:
        return "a Windows program"
    if start[32_769:32_774] == b"CD001":
        return "a disk image"
    if end[-512:-508] == b"koly" or end[-512:-504] == b"conectix":
        return "a disk image"
    return next((what for magic, what in _STARTS if start.startswith(magic)), "")


def has_macros(name: str, content: bytes) -> bool:
    """Whether this is an office document made for macros, or an old one that has some."""
    return extension(name) in _MACROS or (content.startswith(_OLE) and _OLE_MACROS in content)


def is_macro_project(name: str) -> bool:
    """Whether a file of this name, inside an office document, is its macros."""
    return name.replace("\\", "/").rpartition("/")[2].lower() == "vbaproject.bin"
