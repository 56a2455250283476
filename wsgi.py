"""The web application, for gunicorn: `gunicorn wsgi:app`.

What start-up makes is there for good, so the collector is not asked to look through it again and again:
a seventh of the start-up's time, and memory that forked workers go on sharing.
"""

import gc

gc.disable()

from portal.app import create_app  # noqa: E402  after the collector was told to wait

app = create_app()
gc.freeze()
gc.enable()
