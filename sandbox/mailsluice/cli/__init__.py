"""The command line: bare `mailsluice` serves; each sub-command is a module of its own, loaded when it is called."""

import os
import sys
from dataclasses import fields
from importlib import import_module
from keyword import iskeyword
from typing import Any, Final

import click

from mailsluice import __version__
from mailsluice.errors import SettingsError, StoreError
from mailsluice.settings import Settings, default_text, environment_name, load_settings, option_of

_COMMANDS: Final = {
    "export": "Write captured messages to a zip archive, an mbox file or a Maildir.",
    "import": "Bring in messages from .eml files, zip archives, mbox files and Maildirs.",
    "preflight": "Tell what would happen if a captured message were released.",
    "profile": "Set up, test and remove the Gmail profiles that mail is released through.",
    "readyz": "Tell whether the running instance accepts mail; exit code 0 if so.",
    "release": "Send captured messages to real recipients, through a profile.",
    "send-test": "Send realistic test messages to the running instance.",
    "unlock-link": "Print the link that opens the Gmail profiles in a browser.",
}


class _Commands(click.Group):
    """Knows the sub-commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        name = name.replace("-", "_") + ("_" if iskeyword(name) else "")
        return getattr(import_module(f"mailsluice.cli.{name}"), name)  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


def _options() -> list[click.Parameter]:
    options: list[click.Parameter] = []
    for setting in fields(Settings):
        option = option_of(setting)
        shown = f"[{environment_name(setting)}; default: {default_text(setting)}]"
        names = [option.flag, *([option.short] if option.short else []), setting.name]
        options.append(
            click.Option(
                names,
                help=f"{option.help} {shown}",
                default=None,
                multiple=option.repeatable,
                metavar=option.metavar or None,
                # A flag_value, even of None, lets a text that begins with a dash be no value but an option.
                **({"is_flag": True, "flag_value": True} if option.is_switch else {"type": str}),
            )
        )
    return options


@click.command(
    cls=_Commands,
    params=_options(),
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Settings are read from flags, then the environment, then the TOML file.",
)
@click.version_option(__version__, prog_name="mailsluice")
@click.pass_context
def cli(context: click.Context, /, **flags: Any) -> None:
    """Catch every mail that an app sends.

    Without a command: accept mail on localhost:1025 and show it on http://localhost:8025.
    """
    context.obj = load_settings(flags, os.environ)
    if context.invoked_subcommand is None:
        from mailsluice.cli.serve import serve

        serve(context.obj)


def main() -> None:
    """Run the command line; what the user must change is one line on stderr and exit code 2."""
    try:
        code = cli.main(prog_name="mailsluice", standalone_mode=False)
    except (SettingsError, StoreError) as error:
        _stop(str(error), 2)
    except click.ClickException as error:
        _stop(error.format_message().replace("\n", " "), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _stop(message: str, code: int) -> None:
    click.echo(f"mailsluice: {message}", err=True)
    sys.exit(code)
