"""How an app is told to send its mail here, and whether that is true."""

import ast
import smtplib
import socket
import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme
from bs4 import BeautifulSoup

from mailsluice.settings import Settings
from mailsluice_web.connecting import Server, server_at, ways
from tests.inbox import one, words
from tests.program import Program

MODES = ("plain", "starttls", "tls")


def texts(server: Server) -> dict[str, str]:
    return {way.id: way.text for way in ways(server)}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("is_socket", [False, True], ids=["network", "socket"])
def test_the_lines_for_python_send_a_message(
    start: Program.Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, is_socket: bool
) -> None:
    authority = trustme.CA()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "cert.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    flags = {"plain": [], "starttls": ["--smtp-require-starttls"], "tls": ["--smtp-tls"]}[mode]
    flags += [] if mode == "plain" else ["--smtp-tls-cert", str(tmp_path / "cert.pem")]
    flags += ["-s", f"unix:{tmp_path}/s.sock"] if is_socket else []
    program = start("-d", ":memory:", *flags)
    path = f"{tmp_path}/s.sock" if is_socket else ""
    server = Server("localhost", f"{program.smtp_port}", mode, path)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "app@example.com", "you@example.com", "It works"
    exec(texts(server)["python"], {"smtplib": smtplib, "socket": socket, "ssl": ssl, "message": message})
    assert program.api("messages")["messages"][0]["Subject"] == "It works"


@pytest.mark.parametrize("mode", MODES)
def test_every_way_names_host_and_port(mode: str) -> None:
    server = Server("mail.test", "2525", mode)
    for id, text in texts(server).items():
        assert "mail.test" in text, id
        assert "2525" in text, id
    ast.parse(texts(server)["django"])


def test_each_way_asks_for_the_security_that_the_server_has() -> None:
    plain, starttls, tls = ("\n".join(texts(Server("localhost", "1025", mode)).values()) for mode in MODES)
    assert not [word for word in ("TLS", "tls", "ssl", "smtps") if word in plain]
    for word in ("EMAIL_USE_TLS", "enable_starttls: true", "requireTLS: true", "starttls.required", "--ssl-reqd"):
        assert word in starttls
    for word in ("EMAIL_USE_SSL", "tls: true", "secure: true", "ssl.enable", "smtps://", "SMTP_SSL", "SslOnConnect"):
        assert word in tls


def test_an_ipv6_address_has_brackets_where_a_port_follows() -> None:
    server = server_at("[::1]:1025", Settings())
    assert (server.host, server.address) == ("::1", "[::1]:1025")
    assert texts(server)["symfony"] == "MAILER_DSN=smtp://[::1]:1025"
    assert 'EMAIL_HOST = "::1"' in texts(server)["django"]


def test_a_path_with_a_quote_stays_one_string() -> None:
    path = '/run/a "b"\\c.sock'
    ast.parse(texts(Server("", "", path=path))["python"])


def test_the_empty_inbox_offers_every_way_and_to_copy_it(start: Program.Starter) -> None:
    program = start("-d", ":memory:")
    status, body = program.get("/")
    assert status == 200
    page = BeautifulSoup(body, "html.parser")
    found = {words(one(way, "label")): one(way, "[data-copy]")["data-copy"] for way in page.select(".way")}
    assert found == {way.name: way.text for way in ways(Server("localhost", f"{program.smtp_port}"))}
    assert [way["value"] for way in page.select(".way input[checked]")] == ["environment"]
    assert [button["data-copy"] for button in page.select(".dial [data-copy]")] == ["localhost", f"{program.smtp_port}"]


def test_who_listens_everywhere_is_named_as_the_reader_came(start: Program.Starter) -> None:
    program = start("-d", ":memory:", "-s", "0.0.0.0:0", "--allowed-host", "mail.example.test")
    _, body = program.get("/", Host="mail.example.test")
    host = one(BeautifulSoup(body, "html.parser"), ".dial [data-copy='mail.example.test']")
    assert words(host) == "Copy the host"
