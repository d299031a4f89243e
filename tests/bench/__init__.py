"""How fast the whole program takes mail, beside stock aiosmtpd: `python -m tests.bench [--quick] [--json]`."""
