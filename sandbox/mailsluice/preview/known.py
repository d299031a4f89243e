"""The kinds of files that are told apart: their names, media types, extensions and first bytes."""

import re
from collections.abc import Iterable
from typing import Final

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """One kind of file; the first of its types is the one to use."""

    key: str
    name: str
    types: tuple[str, ...]
    extensions: tuple[str, ...]
    also: tuple[str, ...] = ()
    """Kinds that a file of this kind may rightly be called, too."""
    textual: bool = False
    always: bool = True
    """Whether each such file is known by its first bytes."""


def _kinds() -> Iterable[Kind]:
    for line in _TABLE.strip().splitlines():
        key, name, types, extensions, also, flags = (column.strip() for column in line.split("|"))
        yield Kind(
            key,
            name,
            tuple(types.split()),
            tuple(extensions.split()),
            tuple(also.split()),
            textual="t" in flags,
            always="-" not in flags,
        )


# key | name in a sentence | media types | extensions | may be called | t: a text, -: some begin otherwise
_TABLE: Final = """
png  | a PNG image | image/png image/x-png image/apng | png apng | |
jpeg | a JPEG image | image/jpeg image/jpg image/pjpeg | jpg jpeg jpe jfif | |
gif  | a GIF image | image/gif | gif | |
webp | a WebP image | image/webp | webp | |
avif | an AVIF image | image/avif | avif | heic |
heic | a HEIC image | image/heic image/heif image/heic-sequence | heic heif | avif |
bmp  | a BMP image | image/bmp image/x-bmp image/x-ms-bmp | bmp dib | |
tiff | a TIFF image | image/tiff image/tif | tif tiff | |
ico  | an icon | image/x-icon image/vnd.microsoft.icon | ico | |
pdf  | a PDF | application/pdf application/x-pdf | pdf | |
ps   | PostScript | application/postscript | ps eps ai | | t-
docx | a Word document | application/vnd.openxmlformats-officedocument.wordprocessingml.document | docx docm \
    dotx | zip ooxml |
xlsx | an Excel workbook | application/vnd.openxmlformats-officedocument.spreadsheetml.sheet | xlsx xlsm xltx | \
    zip ooxml |
pptx | a PowerPoint presentation | application/vnd.openxmlformats-officedocument.presentationml.presentation | \
    pptx pptm potx | zip ooxml |
ooxml | an Office document | | | zip docx xlsx pptx |
odt  | an OpenDocument text | application/vnd.oasis.opendocument.text | odt | zip |
ods  | an OpenDocument spreadsheet | application/vnd.oasis.opendocument.spreadsheet | ods | zip |
odp  | an OpenDocument presentation | application/vnd.oasis.opendocument.presentation | odp | zip |
epub | an e-book | application/epub+zip | epub | zip |
jar  | a Java archive | application/java-archive application/x-java-archive | jar war | zip apk |
apk  | an Android app | application/vnd.android.package-archive | apk | zip jar |
pkpass | a wallet pass | application/vnd.apple.pkpass | pkpass | zip |
zip  | a ZIP archive | application/zip application/x-zip-compressed application/x-zip | zip | docx xlsx pptx \
    ooxml odt ods odp epub jar apk pkpass |
ole  | an old Office document | application/msword application/vnd.ms-excel application/vnd.ms-powerpoint \
    application/vnd.ms-outlook application/x-msi | doc xls ppt msg msi dot | docx xlsx pptx | -
rtf  | a rich text | application/rtf text/rtf text/richtext | rtf | ole | t
gzip | a gzip archive | application/gzip application/x-gzip application/x-gtar application/x-compressed-tar | \
    gz tgz | tar |
bzip2 | a bzip2 archive | application/x-bzip2 application/x-bzip | bz2 | |
xz   | an xz archive | application/x-xz | xz | |
zstd | a zstd archive | application/zstd | zst | |
7z   | a 7-Zip archive | application/x-7z-compressed | 7z | |
rar  | a RAR archive | application/vnd.rar application/x-rar-compressed application/x-rar | rar | |
tar  | a tar archive | application/x-tar | tar | | -
exe  | a program for Windows | application/x-msdownload application/vnd.microsoft.portable-executable \
    application/x-dosexec application/x-msdos-program | exe dll scr | | -
elf  | a program for Linux | application/x-executable application/x-elf application/x-sharedlib | so elf | |
macho | a program for macOS | application/x-mach-binary | dylib | |
class | a Java class | application/java-vm | class | |
lnk  | a Windows shortcut | application/x-ms-shortcut | lnk | |
mp3  | an MP3 sound | audio/mpeg audio/mp3 audio/x-mp3 | mp3 | | -
wav  | a WAV sound | audio/wav audio/x-wav audio/vnd.wave audio/wave | wav | |
ogg  | an Ogg sound or film | audio/ogg video/ogg application/ogg audio/opus | ogg oga ogv opus | |
flac | a FLAC sound | audio/flac audio/x-flac | flac | |
midi | a MIDI sound | audio/midi audio/x-midi | mid midi | |
mp4  | an MP4 film or sound | video/mp4 audio/mp4 video/quicktime audio/x-m4a audio/m4a video/3gpp video/x-m4v \
    audio/aac | mp4 m4a m4v mov 3gp | | -
webm | a WebM or Matroska film | video/webm audio/webm video/x-matroska | webm mkv | |
avi  | an AVI film | video/x-msvideo video/avi | avi | |
riff | a RIFF file | | | |
woff | a web font | font/woff font/woff2 application/font-woff | woff woff2 | |
sqlite | an SQLite database | application/vnd.sqlite3 application/x-sqlite3 | sqlite sqlite3 | |
svg  | an SVG image | image/svg+xml | svg | xml | t-
html | HTML | text/html application/xhtml+xml | html htm xhtml | xml | t-
xml  | XML | application/xml text/xml | xml | svg html | t-
ics  | a calendar | text/calendar application/ics text/x-vcalendar | ics vcs ifb | | t
vcf  | a contact | text/vcard text/x-vcard text/directory | vcf vcard | | t
rfc822 | a mail message | message/rfc822 message/global | eml mbox | | t-
pem  | a key or certificate | application/x-pem-file application/x-x509-ca-cert application/pkix-cert | pem crt | | t-
script | a script | text/x-shellscript application/x-sh application/x-shellscript text/x-python | sh bash | | t-
json | JSON | application/json text/json | json | csv | t-
text | text | text/plain | txt log | rfc822 pem csv script html xml svg json ps | t-
csv  | a table | text/csv text/tab-separated-values text/comma-separated-values | csv tsv | text | t-
"""

KINDS: Final = {kind.key: kind for kind in _kinds()}
"""Each kind by its key."""

BY_START: Final = (
    (b"\x89PNG\r\n\x1a\n", 0, "png"),
    (b"\xff\xd8\xff", 0, "jpeg"),
    (b"GIF87a", 0, "gif"),
    (b"GIF89a", 0, "gif"),
    (b"RIFF", 0, "riff"),
    (b"%PDF-", 0, "pdf"),
    (b"II*\0", 0, "tiff"),
    (b"MM\0*", 0, "tiff"),
    (b"PK\x03\x04", 0, "zip"),
    (b"PK\x05\x06", 0, "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "ole"),
    (b"\x1f\x8b\x08", 0, "gzip"),
    (b"BZh", 0, "bzip2"),
    (b"\xfd7zXZ\0", 0, "xz"),
    (b"\x28\xb5\x2f\xfd", 0, "zstd"),
    (b"7z\xbc\xaf\x27\x1c", 0, "7z"),
    (b"Rar!\x1a\x07", 0, "rar"),
    (b"ustar", 257, "tar"),
    (b"\x7fELF", 0, "elf"),
    (b"\xcf\xfa\xed\xfe", 0, "macho"),
    (b"\xce\xfa\xed\xfe", 0, "macho"),
    (b"\xca\xfe\xba\xbe\0\0\0\x02", 0, "macho"),
    (b"\xca\xfe\xba\xbe", 0, "class"),
    (b"L\0\0\0\x01\x14\x02\0", 0, "lnk"),
    (b"MZ", 0, "exe"),
    (b"ID3", 0, "mp3"),
    (b"\xff\xfb", 0, "mp3"),
    (b"\xff\xf3", 0, "mp3"),
    (b"\xff\xf2", 0, "mp3"),
    (b"OggS", 0, "ogg"),
    (b"fLaC", 0, "flac"),
    (b"MThd", 0, "midi"),
    (b"\x1a\x45\xdf\xa3", 0, "webm"),
    (b"wOFF", 0, "woff"),
    (b"wOF2", 0, "woff"),
    (b"SQLite format 3\0", 0, "sqlite"),
    (b"{\\rtf", 0, "rtf"),
    (b"%!PS", 0, "ps"),
    (b"\0\0\x01\0", 0, "ico"),
)
"""First bytes, where they stand, and the kind that they prove; the first that fits counts."""

BY_BRAND: Final = {
    "avif": "avif",
    "avis": "avif",
    "mif1": "heic",
    "msf1": "heic",
    "heic": "heic",
    "heix": "heic",
    "hevc": "heic",
}
"""What the brand of an ISO media file stands for, where it is no MP4."""

BY_ZIP: Final = (
    (b"application/vnd.oasis.opendocument.text", "odt"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.presentation", "odp"),
    (b"application/epub+zip", "epub"),
    (b"word/", "docx"),
    (b"xl/", "xlsx"),
    (b"ppt/", "pptx"),
    (b"[Content_Types].xml", "ooxml"),
    (b"AndroidManifest.xml", "apk"),
    (b"META-INF/", "jar"),
    (b"pass.json", "pkpass"),
)
"""Names that stand uncompressed at the beginning of a ZIP archive, and what it is then."""

_SPACE: Final = r"(?:\s++|<!--(?:(?!-->).){0,1000}-->)*"
_PROLOGUE: Final = rf"(?:<\?xml[^>]{{0,200}}>)?{_SPACE}"

BY_TEXT: Final = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), key)
    for pattern, key in (
        (r"BEGIN:VCALENDAR\b", "ics"),
        (r"BEGIN:VCARD\b", "vcf"),
        (r"-----BEGIN [A-Z0-9 ]{3,40}-----", "pem"),
        (r"#!\s*/", "script"),
        (rf"{_PROLOGUE}(?:<!DOCTYPE svg[^>]{{0,500}}>)?{_SPACE}<svg[\s>:]", "svg"),
        (rf"{_PROLOGUE}(?:<!DOCTYPE html|<(?:html|head|body|script|iframe)[\s>])", "html"),
        (r"<\?xml\s", "xml"),
        (r"(?:(?:Received|Return-Path|Delivered-To|DKIM-Signature|Message-ID|MIME-Version):\s|From \S+@)", "rfc822"),
        (r"(?:From|Date|Subject|To):[^\n]*\n(?:[!-9;-~]+:[^\n]*\n|[ \t][^\n]*\n){2}", "rfc822"),
        (r'(?:\{\s*"[^"\n]{0,200}"\s*:|\[\s*[\[{"0-9])', "json"),
    )
)
"""How texts of a kind begin, after a byte order mark and spaces."""
