"""The map that the journeys are held against: every page of the product, and which of them were seen."""

from dataclasses import dataclass, field
from typing import Self

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, MapAdapter, RequestRedirect

from portal.access import Access, Public, declared
from portal.app import collect
from tests.journeys.walker import Walker

FILES = (".csv", ".jsonl", ".pdf")
HOME = "home.home"


@dataclass
class Guide:
    """Pages by endpoint."""

    pages: dict[str, Access]
    """Every endpoint that answers GET, with who may see it."""
    adapter: MapAdapter
    seen: set[str] = field(default_factory=set)
    """Endpoints that some walker has been at."""

    @classmethod
    def of_the_product(cls) -> Self:
        """Read the map from the routes that the demo registers, without starting anything."""
        app = Flask("portal")
        CSRFProtect(app)
        for blueprint in collect(demo=True).blueprints:
            app.register_blueprint(blueprint)
        pages = {
            rule.endpoint: access
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ())
            and (access := declared(app.view_functions[rule.endpoint])) is not None
        }
        return cls(pages, _adapter(app.url_map))

    def endpoint(self, path: str) -> str | None:
        """Which page lies at the path."""
        try:
            found, _arguments = self.adapter.match(path.partition("?")[0], method="GET")
            return str(found)
        except RequestRedirect as elsewhere:
            return self.endpoint("/" + elsewhere.new_url.split("/", 3)[3])
        except HTTPException:
            return None

    def remember(self, walker: Walker) -> None:
        """Mark all that the walker has been at as seen."""
        self.seen |= {found for path in walker.paths if (found := self.endpoint(path))}

    def unseen(self) -> list[str]:
        """Pages that nobody has been at."""
        return sorted(self.pages.keys() - self.seen)

    def wander(self, walker: Walker) -> None:
        """Follow links from where the walker stands, to one page of each kind; look at each.

        Pages that look alike to everybody are left to whoever came first. Files are fetched.
        """
        alike = {name for name, access in self.pages.items() if isinstance(access, Public)}
        met = {self.endpoint(walker.path()), *(self.seen & alike - {HOME})}
        waiting = walker.links()
        while waiting:
            path = waiting.pop(0)
            endpoint = self.endpoint(path)
            if endpoint is None or endpoint in met:
                continue
            met.add(endpoint)
            if path.partition("?")[0].endswith(FILES):
                walker.fetch(path)
            else:
                walker.visit(path)
                walker.look(endpoint)
                waiting += walker.links()
        self.remember(walker)


def _adapter(url_map: Map) -> MapAdapter:
    return url_map.bind("127.0.0.1")
