"""Binding a process to its database, its queue and its files: once, when it starts."""

from portal import db, files, logs
from portal import settings as portal_settings
from portal.jobs import queue
from portal.settings import Settings


def connect(settings: Settings, *, database_url: str) -> None:
    """Bind this process; connections are made when they are first used."""
    db.configure(database_url)
    queue.connect(settings.redis_url)
    files.configure(settings.data_dir)


def as_worker() -> Settings:
    """Bind a command or a worker with the worker's login, which alone may read keys."""
    settings = portal_settings.load()
    logs.configure()
    connect(settings, database_url=settings.worker_database_url)
    return settings
