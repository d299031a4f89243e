"""`mailsluice import` and `export`, with the real program and with a database that none has open."""

import os
import stat
import zipfile
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from mailsluice.cli import cli
from mailsluice.exchange import maildir, mbox
from tests.exchanging import AWKWARD, LIMITS, raws, zip_of
from tests.exchanging import maildir as made
from tests.program import Program

ONE: Final = b"From: ada@example.com\r\nTo: bob@example.org\r\nSubject: one\r\n\r\nFrom here\n"
TWO: Final = b"Subject: two\n\n"
TIME: Final = 1_784_546_553
MBOX: Final = b"From a@example.com Mon Jul 20 11:22:33 2026\nSubject: x\r\n\r\n\n"


def run(*arguments: str | Path, stdin: bytes | None = None, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(one) for one in arguments], input=stdin)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def program(start: Program.Starter) -> Program:
    return start()


def test_every_kind_of_source_comes_in_and_every_kind_of_target_goes_out(program: Program, tmp_path: Path) -> None:
    eml, box, archive = tmp_path / "a.eml", tmp_path / "b.mbox", tmp_path / "c.zip"
    eml.write_bytes(ONE)
    os.utime(eml, (TIME, TIME))
    box.write_bytes(MBOX * 2)
    archive.write_bytes(zip_of([("x.eml", TWO)]))
    folder = made(tmp_path / "m", {f"cur/{n}.m:2,S": raw for n, raw in enumerate(AWKWARD)})
    told = run("import", eml, box, archive, folder).stdout.splitlines()
    assert told[0] == f"1 message imported from {eml}"
    assert told[1] == f"2 messages imported from {box}"
    assert run("import", "-", stdin=TWO).stdout == "1 message imported from standard input\n"
    expected = [ONE, b"Subject: x\r\n\r\n", b"Subject: x\r\n\r\n", TWO, *AWKWARD, TWO]
    newest_first = program.api("messages?limit=0")["messages"]
    assert newest_first[-1]["Created"].startswith("2026-07-20T")
    assert (
        run("export", tmp_path / "out.zip").stderr == f"{len(expected)} messages exported to {tmp_path / 'out.zip'}\n"
    )
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert [out.read(name) for name in out.namelist()] == expected
    run("export", tmp_path / "out.mbox")
    assert raws(mbox.read, (tmp_path / "out.mbox").read_bytes()) == expected
    assert stat.S_IMODE((tmp_path / "out.mbox").stat().st_mode) == 0o600
    assert run("export", tmp_path / "Mail").stderr == f"{len(expected)} messages exported to {tmp_path / 'Mail'}\n"
    assert sorted(one.raw for one in maildir.read(tmp_path / "Mail", LIMITS)) == sorted(expected)
    piped = run("export", "-", "latest", "--format", "mbox")
    assert piped.stdout_bytes.endswith(b"\nSubject: two\n\n\n")
    assert piped.stderr == "1 message exported to standard output\n"


def test_a_name_decides_and_what_stays_out_is_told(program: Program, tmp_path: Path) -> None:
    eml, archive, picture = tmp_path / "a.eml", tmp_path / "c.zip", tmp_path / "p.png"
    eml.write_bytes(MBOX)
    archive.write_bytes(zip_of([("x.eml", TWO), ("readme.txt", b"Read me")]))
    picture.write_bytes(b"\x89PNG\r\n")
    told = run("import", eml, archive).stdout.splitlines()
    left_out = "1 file that is no mail was left out: “readme.txt”."
    assert told == [f"1 message imported from {eml}", f"1 message imported from {archive}. {left_out}"]
    assert "This is no mail" in run("import", picture, code=1).stderr
    run("export", tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert [out.read(name) for name in out.namelist()] == [MBOX, TWO]
    nowhere = tmp_path / "mail.db"
    assert run("import", "-d", nowhere, archive).stdout == f"1 message imported from {archive}. {left_out}\n"


def test_a_query_chooses_and_one_that_is_wrong_is_explained(program: Program, tmp_path: Path) -> None:
    run("import", "-", stdin=ONE)
    run("import", "-", stdin=TWO)
    run("export", tmp_path / "one.mbox", "--query", "subject:one")
    assert raws(mbox.read, (tmp_path / "one.mbox").read_bytes()) == [ONE]
    wrong = run("export", tmp_path / "x.zip", "--query", "before:garbage", code=1)
    assert "garbage" in wrong.stderr
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize("target", ["x.zip", "x.mbox", "Mail"])
def test_an_export_of_nothing_says_so_and_leaves_nothing(program: Program, tmp_path: Path, target: str) -> None:
    assert run("export", tmp_path / target, code=1).stderr == "Error: there is no message to export\n"
    run("import", "-", stdin=ONE)
    found = run("export", tmp_path / target, "--query", "subject:nothing", code=1).stderr
    assert found == "Error: the query finds no message to export\n"
    assert not (tmp_path / target).exists()


def test_what_is_refused_is_one_line_and_what_exists_stays(program: Program, tmp_path: Path) -> None:
    trap, kept = tmp_path / "trap.zip", tmp_path / "kept.mbox"
    trap.write_bytes(zip_of([("../a.eml", ONE)]))
    assert "its name leads out of the archive" in run("import", trap, code=1).stderr
    assert "No such file" in run("import", tmp_path / "nowhere.eml", code=1).stderr
    assert "is no Maildir" in run("import", tmp_path, code=1).stderr
    assert program.api("messages")["total"] == 0
    run("import", "-", stdin=ONE)
    kept.write_bytes(b"precious")
    assert "File exists" in run("export", kept, code=1).stderr
    assert kept.read_bytes() == b"precious"
    assert "nothing is overwritten" in run("export", tmp_path, "--format", "maildir", code=1).stderr


def test_a_database_that_none_has_open_is_filled_and_read(tmp_path: Path) -> None:
    database = tmp_path / "mail.db"
    assert "there is no database" in run("export", tmp_path / "x.zip", "-d", database, code=1).stderr
    assert not database.exists()
    run("import", "-d", database, "--crlf", "-", stdin=TWO)
    run("import", "-d", database, "-", stdin=TWO)
    run("export", "-d", database, tmp_path / "out.mbox")
    found = raws(mbox.read, (tmp_path / "out.mbox").read_bytes())
    assert found == [b"Subject: two\r\n\r\n", TWO]


def test_without_an_instance_one_line_says_what_to_do(tmp_path: Path) -> None:
    for arguments in (("import", "-"), ("export", str(tmp_path / "x.zip"))):
        assert "no running Mailsluice of yours found: start it with `mailsluice`" in run(*arguments, code=1).stderr


@pytest.mark.parametrize(
    "arguments",
    [("import",), ("import", "-", "--format", "tar"), ("export",), ("export", "-"), ("export", "x.tar")],
)
def test_what_cannot_be_understood_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    run(*arguments, code=2)
