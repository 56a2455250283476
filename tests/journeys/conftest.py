"""One running product, one browser and one map for all journeys of a run."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser

from tests.folders import passable_folder
from tests.journeys.guide import Guide
from tests.journeys.product import Product
from tests.journeys.walker import Walker

SHOTS: Final = Path(os.environ.get("JOURNEY_SHOTS") or Path(__file__).with_name("shots"))

Enter = Callable[..., AbstractContextManager[Walker]]


@pytest.fixture(scope="session")
def product(browser: Browser) -> Iterator[Product]:
    """The demo, started by its own command; not without a browser to look at it."""
    with passable_folder() as folder:
        running = Product.start(folder / "product")
        yield running
        running.stop()


@pytest.fixture(scope="session")
def guide() -> Guide:
    """The map of the product."""
    return Guide.of_the_product()


@pytest.fixture
def enter(browser: Browser, product: Product, guide: Guide) -> Enter:
    """Let a person in with a browser of their own; at the end no page had anything wrong."""

    @contextmanager
    def let_in(name: str, *, width: int = 1280, dark: bool = False) -> Iterator[Walker]:
        with Walker.enter(
            browser, name=name, base=product.url, shots=SHOTS, width=width, dark=dark
        ) as walker:
            yield walker
        guide.remember(walker)
        assert "\n".join(walker.faults) == ""

    return let_in
