"""Everything of Mailsluice with HTTP in it."""
