"""How an app is told to send its mail here: the address as the reader can dial it, and the lines for each framework."""

import json
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from starlette.requests import Request

from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings

_EVERYWHERE: Final = {"0.0.0.0", "[::]", "::", "*", ""}  # noqa: S104 (compared with, not bound)


class Server(NamedTuple):
    """Where apps connect: `security` is `plain`, `starttls` or `tls`; `path` is that of a unix socket, else empty."""

    host: str
    port: str
    security: str = "plain"
    path: str = ""

    @property
    def address(self) -> str:
        """Host and port in one: `localhost:1025`, `[::1]:1025`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Way(NamedTuple):
    """What to write in one framework, and where."""

    id: str
    name: str
    place: str
    text: str


def addresses_of(request: Request) -> list[str]:
    """Where SMTP is accepted, under names that the reader can dial."""
    sandbox: Sandbox = request.state.sandbox
    return [_reachable(address, request, sandbox.settings) for address in sandbox.smtp_addresses]


def server_at(address: str, settings: Settings) -> Server:
    """The server at an address such as `localhost:1025` or `unix:/run/mail.sock`."""
    security = "tls" if settings.smtp_tls else "starttls" if settings.smtp_require_starttls else "plain"
    if address.startswith("unix:"):
        return Server("", "", security, address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    return Server(host.strip("[]"), port, security)


def ways(server: Server) -> list[Way]:
    """What to write, for one framework after the other; few of them know unix sockets."""
    known: Sequence[tuple[str, str, str, Callable[[Server], str]]] = _BY_SOCKET if server.path else _BY_NETWORK
    return [Way(id, name, place, write(server)) for id, name, place, write in known]


def _reachable(address: str, request: Request, settings: Settings) -> str:
    """Who listens everywhere is reached by the name by which the browser came."""
    if address.startswith("unix:") or settings.smtp.host not in _EVERYWHERE:
        return address
    name = request.url.hostname or "localhost"
    return Server(name, address.rpartition(":")[2]).address


def _lines(server: Server, always: str, *, starttls: str = "", tls: str = "") -> str:
    """The lines that are always there, and those for the server's security."""
    return always + {"starttls": starttls, "tls": tls}.get(server.security, "")


def _environment(server: Server) -> str:
    scheme = "smtps" if server.security == "tls" else "smtp"
    return f"SMTP_HOST={server.host}\nSMTP_PORT={server.port}\nSMTP_URL={scheme}://{server.address}"


def _django(server: Server) -> str:
    always = f'EMAIL_HOST = "{server.host}"\nEMAIL_PORT = {server.port}'
    return _lines(server, always, starttls="\nEMAIL_USE_TLS = True", tls="\nEMAIL_USE_SSL = True")


def _rails(server: Server) -> str:
    more = _lines(server, "", starttls=", enable_starttls: true", tls=", tls: true")
    return (
        "config.action_mailer.delivery_method = :smtp\n"
        f'config.action_mailer.smtp_settings = {{ address: "{server.host}", port: {server.port}{more} }}'
    )


def _laravel(server: Server) -> str:
    always = (
        f"MAIL_MAILER=smtp\nMAIL_HOST={server.host}\nMAIL_PORT={server.port}\nMAIL_USERNAME=null\nMAIL_PASSWORD=null"
    )
    return _lines(server, always, tls="\nMAIL_SCHEME=smtps")


def _symfony(server: Server) -> str:
    return f"MAILER_DSN={'smtps' if server.security == 'tls' else 'smtp'}://{server.address}"


def _nodemailer(server: Server) -> str:
    secure = _lines(server, "", starttls=", requireTLS: true")
    return (
        "const transport = nodemailer.createTransport({\n"
        f'  host: "{server.host}", port: {server.port}, secure: {str(server.security == "tls").lower()}{secure},\n'
        "})"
    )


def _spring(server: Server) -> str:
    smtp = "\nspring.mail.properties.mail.smtp."
    return _lines(
        server,
        f"spring.mail.host={server.host}\nspring.mail.port={server.port}",
        starttls=f"{smtp}starttls.enable=true{smtp}starttls.required=true",
        tls=f"{smtp}ssl.enable=true",
    )


def _dotnet(server: Server) -> str:
    if server.security == "tls":  # System.Net.Mail cannot begin with it
        return (
            "using var client = new MailKit.Net.Smtp.SmtpClient();\n"
            f'await client.ConnectAsync("{server.host}", {server.port}, SecureSocketOptions.SslOnConnect);'
        )
    client = f'using var client = new System.Net.Mail.SmtpClient("{server.host}", {server.port})'
    return f"{client}{' { EnableSsl = true }' if server.security == 'starttls' else ''};"


def _go(server: Server) -> str:
    if server.security == "tls":
        connection = f'connection, err := tls.Dial("tcp", "{server.address}", nil)'
        return f'{connection}\nclient, err := smtp.NewClient(connection, "{server.host}")'
    return f'err := smtp.SendMail("{server.address}", nil, from, to, message)'


def _php(server: Server) -> str:
    tls = _lines(server, "", starttls=" --tls=on", tls=" --tls=on --tls-starttls=off")
    where = f"--host={server.host} --port={server.port}"
    return f'sendmail_path = "msmtp {where}{tls} --from=app@example.com --read-recipients"'


def _wordpress(server: Server) -> str:
    secure = _lines(server, "", starttls="\n    $mail->SMTPSecure = 'tls';", tls="\n    $mail->SMTPSecure = 'ssl';")
    return (
        "add_action( 'phpmailer_init', function ( $mail ) {\n    $mail->isSMTP();\n"
        f"    $mail->Host = '{server.host}';\n    $mail->Port = {server.port};{secure}\n}} );"
    )


def _python(server: Server) -> str:
    client = "SMTP_SSL" if server.security == "tls" else "SMTP"
    starttls = _lines(server, "", starttls="    client.starttls()\n")
    always = f'with smtplib.{client}("{server.host}", {server.port}) as client:\n'
    return f"{always}{starttls}    client.send_message(message)"


def _curl(server: Server) -> str:
    scheme = "smtps" if server.security == "tls" else "smtp"
    required = _lines(server, "", starttls=" --ssl-reqd")
    return (
        f"curl {scheme}://{server.address}{required} --mail-from app@example.com \\\n"
        "  --mail-rcpt you@example.com --crlf -T message.eml"
    )


def _python_by_socket(server: Server) -> str:
    starttls = _lines(server, "", starttls="    client.starttls()\n")
    connect = "connection = socket.socket(socket.AF_UNIX)\n        connection.connect(path)"
    connect += _lines(server, "", starttls='\n        self._host = "localhost"  # for its certificate')
    if server.security == "tls":
        context = "ssl.create_default_context()"
        connect += f'\n        connection = {context}.wrap_socket(connection, server_hostname="localhost")'
    return (
        "class Client(smtplib.SMTP):\n    def _get_socket(self, path, port, timeout):\n"
        f"        {connect}\n        return connection\n\n"
        f"with Client({json.dumps(server.path)}) as client:\n{starttls}    client.send_message(message)"
    )


def _go_by_socket(server: Server) -> str:
    connection = f'connection, err := net.Dial("unix", {json.dumps(server.path)})'
    if server.security == "tls":
        connection += '\nconnection = tls.Client(connection, &tls.Config{ServerName: "localhost"})'
    return f'{connection}\nclient, err := smtp.NewClient(connection, "localhost")'


_BY_NETWORK: Final = (
    ("environment", "Any app", "environment variables", _environment),
    ("django", "Django", "settings.py", _django),
    ("rails", "Rails", "config/environments/development.rb", _rails),
    ("laravel", "Laravel", ".env", _laravel),
    ("symfony", "Symfony", ".env", _symfony),
    ("nodemailer", "Node.js", "with nodemailer", _nodemailer),
    ("spring", "Spring Boot", "application.properties", _spring),
    ("dotnet", ".NET", "where the client is made", _dotnet),
    ("go", "Go", "with net/smtp", _go),
    ("python", "Python", "with smtplib", _python),
    ("php", "PHP", "php.ini, with msmtp", _php),
    ("wordpress", "WordPress", "wp-content/mu-plugins/mail.php", _wordpress),
    ("curl", "curl", "on the command line", _curl),
)
_BY_SOCKET: Final = (
    ("python", "Python", "with smtplib", _python_by_socket),
    ("go", "Go", "with net/smtp", _go_by_socket),
)
