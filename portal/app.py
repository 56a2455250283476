"""The factory: the one place that names the packages and puts the portal together."""

from importlib import import_module
from pathlib import Path
from typing import Final

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from portal import access, limits
from portal import settings as portal_settings
from portal.accounts import loader
from portal.connections import connect
from portal.contributions import Contributions
from portal.mail import JobName as MailJob
from portal.settings import Settings
from portal.shell import errors, health, i18n, logs, navigation, safety, versions
from portal.shell.compressed import compressed

KERNEL: Final = (
    "portal.accounts",
    "portal.decisions",
    "portal.identity",
    "portal.stripe",
    "portal.reports",
)
PACKAGES: Final = ("portal.shell", *KERNEL, "exams", "tasks", "payouts")
DEMO: Final = "demo"
TABLES: Final = (
    "portal.clock",
    "portal.audit",
    "portal.accounts.models",
    "portal.agreements",
    "portal.decisions",
    "portal.files",
)
"""Kernel modules that hold tables, whether or not a page imports them."""


def collect(*, demo: bool) -> Contributions:
    """Ask every package what it contributes. Needs neither settings nor a database."""
    contributions = Contributions(demo=demo, job_names=[MailJob], job_modules=["portal.mail.jobs"])
    for name in TABLES:
        import_module(name)
    for name in (*PACKAGES, DEMO) if demo else PACKAGES:
        import_module(f"{name}.register").register(contributions)
    contributions.install()
    return contributions


def create_app(settings: Settings | None = None) -> Flask:
    """Build the web application.

    Raises `UndeclaredAccess` where an endpoint does not say who may call it, and `SettingsError`
    naming every setting that is missing or wrong.
    """
    settings = settings or portal_settings.load()
    app = Flask("portal")
    _configure(app, settings)
    connect(settings, database_url=settings.database_url)
    contributions = collect(demo=settings.demo)
    app.extensions["contributions"] = contributions
    logs.install(app)  # first: whatever refuses a request, the answer has its correlation id
    CSRFProtect(app)
    for part in (i18n, errors, safety, loader, limits, navigation, health, versions):
        part.install(app)
    for blueprint in contributions.blueprints:
        app.register_blueprint(blueprint)
    app.view_functions["static"] = access.public(app.view_functions["static"])
    access.refuse_undeclared(app)
    _wrap(app, settings)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SETTINGS=settings,
        DEMO=settings.demo,
        SESSION_COOKIE_NAME="touchstone_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        REDIS_URL=settings.redis_url,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.autoescape = True


def _wrap(app: Flask, settings: Settings) -> None:
    inner = app.wsgi_app
    if settings.demo:
        sandbox = import_module("portal.stripe.sandbox").create_sandbox(settings)
        app.extensions["stripe_sandbox"] = sandbox
        inner = DispatcherMiddleware(inner, {"/sandbox/stripe": sandbox})
    static = WhiteNoise(
        inner, max_age=3600, allow_all_origins=False, add_headers_function=safety.on_file
    )
    static.add_files(f"{app.root_path}/static", prefix="static/")
    folder = Path(app.root_path) / "static"
    packed = compressed(static, folder, prefix="/static/", max_age=3600)
    served = versions.versioned(packed, app.extensions["static_version"])
    app.wsgi_app = served  # type: ignore[method-assign, assignment]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        proxied = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = proxied  # type: ignore[method-assign]
