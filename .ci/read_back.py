"""Read over HTTP what the running instance captured: first what `send-test` sent, then samples of its own, exactly."""

import http.client
import json
import smtplib
from datetime import UTC, datetime
from urllib.parse import urlsplit

from mailsluice import instance
from mailsluice.samples import Sample, sample_messages


def main() -> None:
    """Exit with a traceback unless every byte that was sent comes back."""
    running = instance.find()
    assert running, "no running instance"
    samples = sample_messages(now=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    listed = json.loads(get(running.url, "/api/v1/messages"))
    assert listed["total"] == len(samples), listed
    assert "Reset your Orchard password" in {message["Subject"] for message in listed["messages"]}, listed
    for sample in samples:
        reply = send(running.smtp, sample)
        message_id = reply.removeprefix("2.0.0 Ok: queued as ")
        assert len(message_id) == 22, reply
        for name in ("latest", message_id):
            assert get(running.url, f"/api/v1/message/{name}/raw") == sample.raw, (sample.name, name)
    print(f"{listed['total']} messages listed, {len(samples)} read back byte for byte")


def send(address: str, sample: Sample) -> str:
    """Send over SMTP and return the text of the reply to the message."""
    host, _, port = address.rpartition(":")
    with smtplib.SMTP(host, int(port), local_hostname="localhost", timeout=10) as client:
        client.ehlo()
        client.mail(sample.sender)
        for recipient in sample.recipients:
            client.rcpt(recipient)
        _, text = client.data(sample.raw)
    return text.decode("ascii")


def get(url: str, path: str) -> bytes:
    """The body of a 200 answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, (path, response.status, body)
    connection.close()
    return body


if __name__ == "__main__":
    main()
