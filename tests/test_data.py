"""DATA against a reading of RFC 5321 that looks at whole lines, for every way of cutting the stream."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mailsluice.smtp.data import DotReader

PIECES = st.lists(st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b"a", b"MAIL FROM:<x>", b"\0"]), max_size=30)


def reference(stream: bytes) -> tuple[bytes, bytes]:
    """Content and rest of a stream, line by line as the RFC words it: a line is what CRLF ends."""
    content = b""
    while True:
        line, _, stream = stream.partition(b"\r\n")
        if line == b".":
            return content, stream
        content += line.removeprefix(b".") + b"\r\n"


def read(stream: bytes, cuts: list[int]) -> tuple[bytes, bytes]:
    reader, content, rest = DotReader(), b"", b""
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        if reader.ended:
            rest += stream[start:end]
        else:
            content += reader.feed(stream[start:end])
            rest = reader.rest
    assert reader.ended
    return content, rest


@given(pieces=PIECES, rest=PIECES, cuts=st.lists(st.integers(0, 200), max_size=20))
def test_a_message_is_read_as_a_strict_receiver_would_however_the_stream_is_cut(
    pieces: list[bytes], rest: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(pieces) + b"\r\n.\r\n" + b"".join(rest)
    assert read(stream, cuts) == reference(stream)


def test_every_single_byte_may_come_alone() -> None:
    stream = b"..a\r\n.\rb\r\n.\n.\r\r\n..\r\n\r\n.\r\nQUIT\r\n"
    assert read(stream, list(range(len(stream)))) == reference(stream)


def test_an_empty_message_is_empty() -> None:
    assert read(b".\r\n", []) == (b"", b"")


def test_the_end_of_an_empty_message_may_come_in_pieces() -> None:
    assert read(b".\r\n.\r\n", [1]) == (b"", b".\r\n")
    assert read(b".\r\n", [1, 2]) == (b"", b"")
