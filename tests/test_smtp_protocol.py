"""What is taken from aiosmtpd without its promise: a release that moves it must fail here, not at a user's."""

import ast
import asyncio
import inspect
import re

from aiosmtpd.smtp import SMTP

from mailsluice.smtp import protocol
from mailsluice.smtp.protocol import PRIVATE_NAMES, SMTPSession


async def test_every_private_name_that_is_touched_is_still_there() -> None:
    stock = SMTP(None, hostname="localhost", loop=asyncio.get_running_loop())
    assert [name for name in PRIVATE_NAMES if not hasattr(stock, name)] == []


def test_no_other_private_name_is_touched() -> None:
    tree = ast.parse(inspect.getsource(SMTPSession))
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    mine = [node for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "self"]
    own = {node.attr for node in mine if isinstance(node.ctx, ast.Store)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    touched = {node.attr for node in mine if re.match(r"_[a-z]", node.attr)} - own
    overridden = {name for name in own if name.startswith("_") and hasattr(SMTP, name) and not name.startswith("__")}
    assert (touched | overridden | {"_timeout_handle"}) == set(PRIVATE_NAMES)


def test_what_a_connection_is_told_still_begins_in_the_protocol_class() -> None:
    source = inspect.getsource(SMTP.connection_made)
    assert "self._handle_client()" in source
    assert "self._reset_timeout()" in source


async def test_the_template_holds_what_the_constructor_sets() -> None:
    stock = SMTP(None, hostname="localhost", loop=asyncio.get_running_loop())
    assert protocol.template().keys() >= {"event_handler", "loop", "session", "transport", "_timeout_handle"}
    assert protocol.template().keys() < vars(stock).keys()
