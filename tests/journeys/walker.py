"""A person at a browser: every page they see is looked at for what must not be there."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Response

AXE: Final = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN_AXE: Final = (
    "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags},"
    " rules: {'target-size': {enabled: true}}})"
    ".then(r => r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).slice(0, 3)}`))"
)


@dataclass
class Walker:
    """One person's browser. `faults` collects what was wrong on the pages; a journey ends with none."""

    name: str
    base: str
    context: BrowserContext
    page: Page
    shots: Path
    faults: list[str] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    line: dict[str, int] = field(default_factory=dict)
    """How slow the connection is, in the browser's own terms; empty for as fast as it goes."""
    calm: bool = True
    """Whether failing requests count: not while a test drops the connection on purpose."""

    @classmethod
    @contextmanager
    def enter(
        cls,
        browser: Browser,
        *,
        name: str,
        base: str,
        shots: Path,
        width: int = 1280,
        dark: bool = False,
    ) -> Iterator[Self]:
        """A browser of one's own: no cookies, nothing stored."""
        context = browser.new_context(
            base_url=base,
            viewport={"width": width, "height": 900 if width > 500 else 740},
            color_scheme="dark" if dark else "light",
            has_touch=width < 500,
            accept_downloads=True,
        )
        context.set_default_timeout(20_000)
        walker = cls(name, base, context, context.new_page(), shots)
        walker._listen()
        yield walker
        context.close()

    def visit(self, path: str) -> Response | None:
        """Go to an address by typing it."""
        return self.page.goto(path, wait_until="load")

    def reopen(self, path: str) -> None:
        """Close the page, and come back on a new one."""
        self.page.close()
        self.page = self.context.new_page()
        self._listen()
        self._slow_down()
        self.visit(path)

    def look(self, name: str) -> None:
        """Look at the page as it is: axe, overflow, a picture."""
        self.page.wait_for_load_state("load")
        self.page.evaluate(AXE.read_text("utf-8"))
        for violation in self.page.evaluate(_RUN_AXE, RULES):
            self._fault(f"axe {violation}")
        width: int = self.page.viewport_size["width"] if self.page.viewport_size else 0
        wide: int = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            self._fault(f"{wide} px wide in a window of {width}")
        self.shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.shots / f"{self.name}-{name}.png", full_page=True)

    def press(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        """Press the button, or follow the link, that reads exactly so, or as the pattern says."""
        place = within or self.page.locator("body")
        button = place.get_by_role("button", name=name, exact=True)
        target = button if button.count() else place.get_by_role("link", name=name, exact=True)
        target.first.click()
        self.page.wait_for_load_state("load")

    def fill(self, **values: str) -> None:
        """Fill fields by their `name` attribute."""
        for name, value in values.items():
            control = self.page.locator(f"[name='{name}']").first
            if control.evaluate("node => node.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)

    def text(self) -> str:
        """What the page says."""
        return self.page.locator("main").inner_text()

    def path(self) -> str:
        """Where the page is."""
        return self.page.url.removeprefix(self.base).partition("?")[0]

    def links(self) -> list[str]:
        """Where the page's links lead within the product, in the order of the page."""
        found: list[str] = self.page.eval_on_selector_all(
            "a[href]", "nodes => nodes.map(node => node.href)"
        )
        ours = [
            address.removeprefix(self.base) for address in found if address.startswith(self.base)
        ]
        return list(dict.fromkeys(address.partition("#")[0] for address in ours))

    def fetch(self, path: str) -> bytes:
        """Get a file as this person; an answer that is none is a fault."""
        answer = self.context.request.get(path)
        self.paths.add(path.partition("?")[0])
        if not answer.ok:
            self._fault(f"{answer.status} {path}")
        return answer.body()

    def sign_in_as(self, name: str) -> None:
        """Be one of the demo's people, found by the first of their names, by one press."""
        self.visit("/sign-in")
        self.press(re.compile(rf"Sign in as {name}\b"))

    def until(self, words: str, *, seconds: float = 40) -> None:
        """Load the page again until it says this: what a job does takes a moment."""
        end = time.monotonic() + seconds
        while words not in self.text():
            if time.monotonic() > end:
                raise AssertionError(f"{self.path()} never said “{words}”:\n{self.text()[:1500]}")
            self.page.wait_for_timeout(700)
            if words not in self.text():
                self.page.reload()

    def throttle(self, *, kilobits: int, milliseconds: int) -> None:
        """A line of this many kbit/s both ways, with this much delay."""
        rate = kilobits * 1000 // 8
        self.line = {"latency": milliseconds, "downloadThroughput": rate, "uploadThroughput": rate}
        self._slow_down()

    @contextmanager
    def dropped(self) -> Iterator[None]:
        """A dropped connection: nothing gets through until the end."""
        self.calm = False
        self.context.route("**/*", lambda route: route.abort("internetdisconnected"))
        self.context.set_offline(True)
        yield
        self.context.set_offline(False)
        self.context.unroute("**/*")
        self._slow_down()
        self.calm = True

    def _slow_down(self) -> None:
        if self.line:
            session = self.context.new_cdp_session(self.page)
            session.send("Network.enable")
            session.send("Network.emulateNetworkConditions", {**self.line, "offline": False})

    def _listen(self) -> None:
        self.page.on("pageerror", lambda error: self._fault(f"script error: {error}"))
        self.page.on("console", self._console)
        self.page.on("response", self._response)
        self.page.on("request", self._off_origin)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error" or "status of 422" in message.text:  # how a form says no
            return
        if self.calm or "Content Security Policy" in message.text:
            self._fault(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        path = response.url.removeprefix(self.base)
        if path.startswith("/static/"):
            return
        self.paths.add(path.partition("?")[0])
        if response.status >= 500:
            self._fault(f"{response.status} {path}")

    def _off_origin(self, request: Any) -> None:  # noqa: ANN401  playwright's own Request
        if not request.url.startswith((self.base, "data:", "blob:", "about:")):
            self._fault(f"off origin: {request.url}")

    def _fault(self, what: str) -> None:
        self.faults.append(f"{self.page.url.removeprefix(self.base)}: {what}")
