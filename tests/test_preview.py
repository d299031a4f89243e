"""Small pictures of attachments, drawn by real child processes."""

import io
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from mailsluice.preview.process import Pages, Picture, Previews, Refused
from tests.preview_files import image, pdf, written_pdf

ROOT = Path(__file__).parents[1]


@pytest.fixture
async def previews() -> AsyncIterator[Previews]:
    async with Previews() as previews:
        yield previews


def opened(picture: Picture | Refused) -> Image.Image:
    """The picture as a browser would read it."""
    assert isinstance(picture, Picture), picture
    assert picture.content_type in ("image/webp", "image/png")
    shown = Image.open(io.BytesIO(picture.content))
    assert shown.size == (picture.width, picture.height)
    return shown


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "TIFF"])
async def test_an_image_of_each_common_kind_is_made_small(previews: Previews, kind: str) -> None:
    picture = await previews.image(image(kind, mode="P" if kind == "GIF" else "RGB"), width=320)
    assert opened(picture).size == (320, 240)
    assert isinstance(picture, Picture)
    assert (picture.original_width, picture.original_height) == (800, 600)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "I", "F"])
async def test_an_image_of_any_depth_is_shown(previews: Previews, mode: str) -> None:
    kind = "TIFF" if mode in ("I", "F") else "PNG"
    opened(await previews.image(image(kind, mode=mode, size=(40, 30)), width=320))


async def test_a_small_image_is_not_enlarged_and_stays_transparent(previews: Previews) -> None:
    shown = opened(await previews.image(image(mode="RGBA", size=(20, 10)), width=320))
    assert (shown.size, shown.mode) == ((20, 10), "RGBA")


async def test_a_tower_of_an_image_is_at_most_twice_as_high_as_wide(previews: Previews) -> None:
    assert opened(await previews.image(image(size=(100, 5000)), width=100)).size == (4, 200)


async def test_a_photo_stands_upright(previews: Previews) -> None:
    picture = await previews.image(image("JPEG", orientation=6), width=300)
    assert opened(picture).size == (300, 400)
    assert isinstance(picture, Picture)
    assert (picture.original_width, picture.original_height) == (600, 800)


async def test_a_picture_carries_nothing_of_the_original_but_its_pixels(previews: Previews) -> None:
    shown = opened(await previews.image(image("JPEG", orientation=6), width=300))
    assert len(shown.getexif()) == 0


async def test_the_first_pages_of_a_pdf_are_shown_and_all_are_counted(previews: Previews) -> None:
    pages = await previews.pages(pdf(5), first=2, width=300)
    assert isinstance(pages, Pages)
    assert (len(pages.pictures), pages.total) == (2, 5)
    assert [opened(picture).size for picture in pages.pictures] == [(300, 400), (300, 400)]


@pytest.mark.parametrize("box", ["0 0 1 14400", "0 0 14400 1", "0 0 1e9 1e9", "0 0 0 0", "9 9 -9 -9", "a b"])
async def test_a_page_of_any_shape_fits_or_is_refused(previews: Previews, box: str) -> None:
    pages = await previews.pages(written_pdf(b"", box=box), first=1, width=200)
    if isinstance(pages, Pages):
        assert all(picture.width <= 200 and picture.height <= 400 for picture in pages.pictures)
    else:
        assert pages.reason in ("damaged", "large", "failed")


@pytest.mark.parametrize("content", [b"", b"no image", image()[:200], b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
async def test_what_is_no_image_is_refused_in_a_sentence(previews: Previews, content: bytes) -> None:
    refused = await previews.image(content, width=320)
    assert refused == Refused("damaged", "This file is damaged, or of a kind that cannot be shown.")


@pytest.mark.parametrize("content", [b"", b"no pdf", b"%PDF-1.4 x", pdf()[:300]])
async def test_what_is_no_pdf_is_refused_in_a_sentence(previews: Previews, content: bytes) -> None:
    refused = await previews.pages(content, first=3, width=320)
    assert isinstance(refused, Refused)
    assert refused.reason == "damaged"


async def test_widths_out_of_bounds_are_brought_within_them(previews: Previews) -> None:
    assert opened(await previews.image(image(), width=-5)).size[0] == 1
    assert opened(await previews.image(image(size=(3000, 30)), width=10**9)).size[0] == 2000


def test_nothing_that_draws_is_loaded_into_the_server() -> None:
    code = (
        "import mailsluice.preview.process, mailsluice.preview.kinds, mailsluice.preview.calendar, sys;"
        "print(*sorted({'PIL', 'pypdfium2'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "sandbox")}, capture_output=True)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, b"", b"")
