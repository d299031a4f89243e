"""The beginning of CSV and TSV files as tables."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.preview.tables import Table, table


def read(content: bytes, *, charset: str = "") -> Table:
    found = table(content, charset=charset)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("name,price\nTea,1\nMilk,2\n", ","),
        ("name;price\nTea;1,50\nMilk;2,75\n", ";"),
        ("name\tprice\nTea\t1,50\n", "\t"),
        ("name|price\nTea|1\n", "|"),
        ("sep=;\na,b;c\n1,2;3\n", ";"),
        ('"a;b",c\n"d;e",f\n', ","),
        ("one\ntwo\n", ","),
    ],
)
def test_the_delimiter_is_found(text: str, delimiter: str) -> None:
    assert read(text.encode()).delimiter == delimiter


def test_quoted_cells_keep_delimiters_and_line_ends() -> None:
    assert read(b'a,b\r\n"1,5","x\r\ny ""z"""\r\n').rows == (("a", "b"), ("1,5", 'x\ny "z"'))


@pytest.mark.parametrize(
    ("content", "charset", "used"),
    [
        ("ä,b\n".encode(), "", "utf-8"),
        ("ä,b\n".encode("utf-8-sig"), "iso-8859-1", "utf-8"),
        ("ä,b\n".encode("utf-16"), "", "utf-16"),
        ("ä,b\n".encode("latin-1"), "iso-8859-1", "iso-8859-1"),
        ("ä,b\n".encode("latin-1"), "", ""),
    ],
)
def test_the_charset_is_found_or_guessed(content: bytes, charset: str, used: str) -> None:
    found = read(content, charset=charset)
    assert (found.rows, found.charset) == ((("ä", "b"),), used)


def test_rows_of_different_length_are_filled() -> None:
    assert read(b"a,b,c\n1\n\n1,2\n").rows == (("a", "b", "c"), ("1", "", ""), ("1", "2", ""))


def test_at_most_200_rows_and_30_columns_are_shown() -> None:
    found = read((b",".join([b"x"] * 40) + b"\n") * 1000)
    assert (len(found.rows), len(found.rows[0])) == (200, 30)
    assert (found.has_more_rows, found.has_more_columns) == (True, True)
    exact = read((b",".join([b"x"] * 30) + b"\n") * 200)
    assert (exact.has_more_rows, exact.has_more_columns) == (False, False)


def test_a_long_cell_is_cut() -> None:
    assert read(b"a,b\n" + b"x" * 5000 + b",y\n").rows[1] == ("x" * 499 + "…", "y")


def test_rows_before_a_quote_that_never_ends_are_shown() -> None:
    assert read(b'a,b\n1,"' + b"x\n" * 500_000).rows[0] == ("a", "b")


@pytest.mark.parametrize("content", [b"", b"\r\n\r\n", b"\0\0\0", b"PK\x03\x04\0\0"])
def test_what_is_no_table_has_none(content: bytes) -> None:
    assert table(content) is None


@given(
    st.binary() | st.text(alphabet=',;\t|"\n\r\0aä').map(lambda text: text.encode("utf-8")),
    st.sampled_from(["", "utf-16", "x"]),
)
def test_any_bytes_make_a_rectangle_or_nothing(content: bytes, charset: str) -> None:
    found = table(content, charset=charset)
    assert found is None or len({len(row) for row in found.rows}) == 1


@pytest.mark.parametrize("pattern", [b'"', b",", b'","', b"\n", b"a,b\n", b"\xe4"])
def test_twenty_megabytes_cost_little_time(pattern: bytes) -> None:
    started = time.process_time()
    table(pattern * (20_000_000 // len(pattern)))
    assert time.process_time() - started < 3
