"""The mail clients that people have, each sending the same letter."""

import pytest

pytest.register_assert_rewrite("tests.e2e.clients.letter")  # so that a failure shows what differs
