"""Languages, dates, hours and money as the person reads them."""

from datetime import datetime
from typing import Final

from flask import Flask, g, request
from flask_babel import Babel, format_date, format_datetime, get_locale

from portal.accounts.forms import country_name
from portal.durations import hours
from portal.money import Money, format_money
from portal.prose import markdown, without_title

LANGUAGES: Final = ["en"]


def install(app: Flask) -> None:
    """Wire flask-babel and the filters that templates use."""
    Babel(app, locale_selector=_locale, timezone_selector=_time_zone)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.add_template_filter(money)
    app.add_template_filter(hours)
    app.add_template_filter(day)
    app.add_template_filter(moment)
    app.add_template_filter(markdown)
    app.add_template_filter(without_title)
    app.add_template_filter(country_name)


def money(amount: Money) -> str:
    """`$1,234.50`, as the reader's locale writes it."""
    return format_money(amount, str(get_locale() or "en_US"))


def day(value: datetime, style: str = "d MMMM y") -> str:
    """`23 November 2026` in the reader's time zone."""
    return str(format_date(value, style))


def moment(value: datetime, style: str = "d MMMM y, HH:mm") -> str:
    """`23 November 2026, 14:05` in the reader's time zone."""
    return str(format_datetime(value, style))


def _locale() -> str | None:
    return request.accept_languages.best_match(LANGUAGES) if request else None


def _time_zone() -> str:
    """The account's zone, which the sign-in loader puts on `g`; flask-babel wants its name."""
    return str(g.get("time_zone", "UTC"))
