"""One expert's performance report as HTML: the sections that the packages contribute, in order."""

import gettext
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

import segno
from babel.dates import format_date, format_datetime
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy.orm import Session

from portal.accounts.models import Account
from portal.charts import printable
from portal.contributions import ReportSection, installed
from portal.durations import hours
from portal.money import format_money
from portal.reports.periods import Period

_LOCALE: Final = "en_US"


@dataclass(frozen=True)
class Document:
    """What goes to the renderer, and the digest that is printed on it."""

    html: str
    snapshot: bytes


def build(
    session: Session, *, account: Account, period: Period, now: datetime, verify_url: str
) -> Document:
    """Gather the sections and write the document.

    The snapshot is the SHA-256 of the sections' text: two reports with the same numbers have the
    same snapshot, whenever they are issued. `verify_url` is printed as a code for whoever holds the
    paper.
    """
    templates = environment(tuple(installed().report_sections), account.time_zone)
    written, headline, methods = [], [], []
    for section in sorted(installed().report_sections, key=lambda section: section.order):
        context = section.build(session, account.id, period.start, period.end)
        if context is None:
            continue
        written.append(Markup(templates.get_template(section.template).render(context)))  # noqa: S704  autoescaped
        headline += context.get("headline", [])
        methods += context.get("methods", [])
    body = templates.get_template("reports/body.html").render(
        account=account, period=period, sections=written, headline=headline, methods=methods
    )
    snapshot = hashlib.sha256(body.encode()).digest()
    html = templates.get_template("reports/expert.html").render(
        account=account,
        body=Markup(body),  # noqa: S704  rendered above, autoescaped
        snapshot=snapshot.hex(),
        issued_at=now,
        verify_url=verify_url,
        code=_code(verify_url),
    )
    return Document(html, snapshot)


@cache
def environment(sections: tuple[ReportSection, ...], time_zone: str) -> Environment:
    """Templates of the portal and of every package that has a section; strict about what is missing."""
    packages = {"portal"} | {section.template.partition("/")[0] for section in sections}
    made = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in sorted(packages - {"reports"})]),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(gettext.NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    zone = ZoneInfo(time_zone)
    made.filters.update(
        money=lambda amount: format_money(amount, _LOCALE),
        hours=hours,
        day=lambda value, style="d MMMM y": _moment(value, style, zone),
        moment=lambda value, style="d MMMM y, HH:mm": _moment(value, style, zone),
    )
    made.globals["printable"] = printable
    return made


@cache
def resources() -> Mapping[str, bytes]:
    """Everything that the document may load: its style sheet and the product's typefaces."""
    static = files("portal").joinpath("static")
    found = {"touchstone:report.css": static.joinpath("css/report.css").read_bytes()}
    for family in ("source-sans-3", "source-serif-4"):
        for file in static.joinpath("vendor", family).iterdir():
            if file.name.endswith(".woff2"):
                found[f"touchstone:{file.name}"] = file.read_bytes()
    return found


def _moment(value: datetime | date, style: str, zone: ZoneInfo) -> str:
    if not isinstance(value, datetime):  # a day is the same everywhere
        return str(format_date(value, style, locale=_LOCALE))
    return str(format_datetime(value, style, tzinfo=zone, locale=_LOCALE))


def _code(address: str) -> Markup:
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", border=0, xmldecl=False, svgns=True, title=address, svgclass="code"
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704  drawn here from our own address
