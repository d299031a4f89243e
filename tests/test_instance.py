"""How the command line finds what runs."""

import stat
from pathlib import Path

from mailsluice.instance import announced, find, new_token, started


def test_a_running_instance_is_found_with_its_token() -> None:
    with announced(started(smtp="localhost:1", url="http://localhost:2/", token="secret")):
        found = find()
    assert found is not None
    assert (found.smtp, found.url, found.token) == ("localhost:1", "http://localhost:2/", "secret")


def test_the_newest_of_several_is_found_and_another_by_its_address() -> None:
    with (
        announced(started(smtp="localhost:1", url="a", token="")),
        announced(started(smtp="localhost:2", url="b", token="")),
    ):
        newest, named = find(), find("localhost:1")
    assert newest is not None
    assert newest.url == "b"
    assert named is not None
    assert named.url == "a"


def test_the_file_is_private_and_gone_afterwards() -> None:
    with announced(started(smtp="localhost:1", url="", token=new_token())) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not list(path.parent.iterdir())


def test_what_a_killed_instance_left_is_passed_over_and_removed(private_folders: Path) -> None:
    with announced(started(smtp="localhost:1", url="", token="")) as path:
        left = path.read_bytes()
    path.write_bytes(left)
    assert find() is None
    assert not path.exists()


def test_an_instance_does_not_show_its_token() -> None:
    assert "secret" not in repr(started(smtp="localhost:1", url="", token="secret"))
