"""Binding, and what a person is told when it fails."""

import socket
import stat
from pathlib import Path

import pytest

from mailsluice.errors import SettingsError
from mailsluice.options import Endpoint
from mailsluice.sockets import bound


def test_port_0_takes_a_free_one() -> None:
    with bound(Endpoint("127.0.0.1", 0), flag="--smtp") as sockets:
        assert sockets[0].getsockname()[1] > 0


def test_an_empty_host_means_every_family_on_one_port() -> None:
    with bound(Endpoint("", 0), flag="--smtp") as sockets:
        assert len({one.getsockname()[1] for one in sockets}) == 1


def test_a_taken_port_is_one_line_that_says_what_to_do() -> None:
    with bound(Endpoint("127.0.0.1", 0), flag="--smtp") as sockets:
        port = sockets[0].getsockname()[1]
        with pytest.raises(SettingsError) as caught, bound(Endpoint("127.0.0.1", port), flag="--listen"):
            pass
    assert str(caught.value).startswith(f"--listen 127.0.0.1:{port}: another program listens there")
    assert "\n" not in str(caught.value)


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(SettingsError, match="not known"), bound(Endpoint("no.such.host.invalid", 0), flag="--smtp"):
        pass


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(SettingsError, match="no such address"), bound(Endpoint("192.0.2.1", 0), flag="--smtp"):
        pass


def test_a_unix_socket_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mail.sock"
    with bound(Endpoint(path=path), flag="--smtp"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_a_dead_unix_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mail.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    with bound(Endpoint(path=path), flag="--smtp"):
        assert path.is_socket()


def test_a_living_unix_socket_is_refused(tmp_path: Path) -> None:
    endpoint = Endpoint(path=tmp_path / "mail.sock")
    with (
        bound(endpoint, flag="--smtp"),
        pytest.raises(SettingsError, match="another program"),
        bound(endpoint, flag="--smtp"),
    ):
        pass


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("text")
    with pytest.raises(SettingsError), bound(Endpoint(path=path), flag="--smtp"):
        pass
    assert path.read_text() == "text"
