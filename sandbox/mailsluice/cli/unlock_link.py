"""`mailsluice unlock-link`: the link that opens the profiles in a browser, for whoever closed the console."""

import click


@click.command()
def unlock_link() -> None:
    """Print the link that opens the Gmail profiles of the running instance in a browser."""
    from mailsluice import instance

    running = instance.find()
    if running is None:
        raise click.ClickException("no running Mailsluice found: start it with `mailsluice`")
    if running.url.startswith("unix:"):
        raise click.ClickException("the running Mailsluice listens on a Unix socket, which no browser opens")
    click.echo(f"{running.url}#token={running.token}")
