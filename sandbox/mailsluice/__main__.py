"""`python -m mailsluice` is the command `mailsluice`."""

from mailsluice.cli import main

main()
