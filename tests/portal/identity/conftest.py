"""The sandbox for identity tests, and everything the packages contribute."""

import pytest

from portal.app import collect
from portal.contributions import Contributions
from tests.portal.stripe.conftest import running_sandbox, sandbox, sandbox_engine

__all__ = ["running_sandbox", "sandbox", "sandbox_engine"]


@pytest.fixture(autouse=True)
def contributions() -> Contributions:
    """What services ask for at run time: who listens to settled checks."""
    return collect(demo=False)
