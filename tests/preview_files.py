"""Images and PDFs to draw, sound and hostile."""

import io
import struct
import zlib
from functools import lru_cache

from PIL import Image


def image(kind: str = "PNG", *, size: tuple[int, int] = (800, 600), mode: str = "RGB", orientation: int = 1) -> bytes:
    """An image file of one colour."""
    stream = io.BytesIO()
    colour = 1 if mode in ("1", "L", "P", "I", "F", "I;16") else (200, 30, 30, 128)[: len(mode)]
    picture = Image.new(mode, size, colour)
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
        picture.save(stream, kind, exif=exif)
    else:
        picture.save(stream, kind)
    return stream.getvalue()


def png(width: int, height: int, *, pixels: bytes = b"", extra: bytes = b"") -> bytes:
    """A PNG whose header promises what its pixels need not keep."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def chunk(name: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def pdf(pages: int = 1, *, size: tuple[int, int] = (600, 800)) -> bytes:
    """A PDF whose pages are images."""
    stream = io.BytesIO()
    first, *others = [Image.new("RGB", size, (255, 255, 255)) for _ in range(pages)]
    first.save(stream, "PDF", save_all=True, append_images=others)
    return stream.getvalue()


def written_pdf(stream: bytes, *, box: str = "0 0 200 200", more: bytes = b"") -> bytes:
    """A PDF of one page with this compressed content, without a table of its objects."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        + f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R>>endobj\n".encode()
        + f"4 0 obj<</Length {len(stream)}/Filter/FlateDecode>>stream\n".encode()
        + stream
        + b"\nendstream endobj\n"
        + more
        + b"trailer<</Root 1 0 R>>\n"
    )


@lru_cache(4)
def inflating(size: int, *, filler: bytes = b"\0") -> bytes:
    """Compressed bytes that grow to `size`, made without ever holding so many; their checksum is wrong."""
    compressor = zlib.compressobj(9, wbits=-15)
    block = compressor.compress(filler * ((1 << 20) // len(filler))) + compressor.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\xda" + block * (size >> 20) + compressor.flush() + bytes(4)
