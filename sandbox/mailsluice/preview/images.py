"""A small picture of an image; runs in the child process only."""

import io
from typing import Final

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
    features,
)

from mailsluice.preview.wire import Answer, Drawn

# Only these are read: the others are rare in mail, and one of them starts Ghostscript.
_PLUGINS: Final = (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "DIB", "TIFF", "ICO")
_PIXELS: Final = 64_000_000
_DRAFT_PIXELS: Final = 400_000_000
_ORIENTATION: Final = 0x0112

# Pillow refuses at twice this number, wherever a decoder learns late how large its image is.
Image.MAX_IMAGE_PIXELS = _PIXELS // 2
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the child may start no threads


def draw(content: bytes, *, width: int) -> Answer:
    """The image, its first frame if it moves, at most `width` wide and twice as high; never enlarged."""
    try:
        image: Image.Image = Image.open(io.BytesIO(content), formats=_FORMATS)
        across, down = image.size
        if across * down > _DRAFT_PIXELS:
            return Answer("large")
        box = (width, 2 * width)
        turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
        asked = box[::-1] if turned else box
        image.draft("RGB", asked)  # a JPEG is read at an eighth of its size; the others ignore it
        if image.size[0] * image.size[1] > _PIXELS:
            return Answer("large")
        image.thumbnail(asked, reducing_gap=2.0)
        upright = ImageOps.exif_transpose(image) or image
    except (Image.DecompressionBombError, MemoryError):
        return Answer("large")
    original = (down, across) if turned else (across, down)
    return Answer(None, (encoded(upright, original=original),), 1)


def encoded(image: Image.Image, *, original: tuple[int, int]) -> Drawn:
    """The picture as WebP, or PNG where Pillow was built without it."""
    if image.mode.startswith("I;16"):
        image = image.convert("I")
    if image.mode in ("I", "F"):
        image = _stretched(image)
    shown = image.convert("RGBA" if image.has_transparency_data else "RGB")
    stream = io.BytesIO()
    # A new image carries no metadata: nothing of the original but its pixels is passed on.
    plain = Image.new(shown.mode, shown.size)
    plain.paste(shown)
    if features.check("webp"):
        plain.save(stream, "WEBP", quality=82, method=2)
    else:
        plain.save(stream, "PNG")
    return Drawn(stream.getvalue(), *plain.size, *original)


def _stretched(image: Image.Image) -> Image.Image:
    """Grey levels of any range as 0 to 255."""
    lowest, highest = image.convert("F").getextrema()
    assert isinstance(lowest, float)
    assert isinstance(highest, float)
    scale = 255 / (highest - lowest) if highest > lowest else 1.0
    return image.convert("F").point(lambda level: level * scale - lowest * scale).convert("L")
