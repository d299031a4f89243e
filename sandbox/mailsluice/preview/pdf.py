"""The first pages of a PDF as pictures; runs in the child process only."""

import contextlib
import time
from typing import Final

import pypdfium2  # type: ignore[import-untyped]  # ships no types

from mailsluice.preview.images import encoded
from mailsluice.preview.wire import Answer, Drawn

_MAX_PAGES: Final = 50


def draw(content: bytes, *, first: int, width: int, until: float) -> Answer:
    """The first pages, each at most `width` wide and twice as high; fewer when `until` (monotonic) is reached."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        # Without pages to show, the reason decides what a person can do about it.
        return Answer("locked" if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD else "damaged")
    with contextlib.suppress(pypdfium2.PdfiumError):
        document.init_forms()
    total = len(document)
    pictures: list[Drawn] = []
    for index in range(min(total, first, _MAX_PAGES)):
        if pictures and time.monotonic() > until:
            break
        pictures.append(_page(document, index, width))
    return Answer(None, tuple(pictures), total) if pictures else Answer("damaged")


def _page(document: pypdfium2.PdfDocument, index: int, width: int) -> Drawn:
    page = document[index]
    across, down = page.get_size()
    scale = min(width / max(across, 1.0), 2 * width / max(down, 1.0))
    bitmap = page.render(scale=scale, may_draw_forms=True)
    image = bitmap.to_pil().convert("RGB")
    # Rounded up by the renderer, which can be a pixel more than was asked for.
    image = image.crop((0, 0, min(image.width, width), min(image.height, 2 * width)))
    return encoded(image, original=(round(across), round(down)))
