"""The rail for these tests is the sandbox behind a real server on loopback."""

from tests.portal.stripe.conftest import running_sandbox, sandbox, sandbox_engine

__all__ = ["running_sandbox", "sandbox", "sandbox_engine"]
