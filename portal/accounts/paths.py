"""Where to go next, when somebody else says where: only ever to a page of ours."""

from urllib.parse import urlsplit

from flask import request


def safe(path: str | None) -> str | None:
    """The path, if it is one of ours; None for anything that could lead elsewhere."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path:
        return None
    parts = urlsplit(path)
    plain = all(character.isprintable() for character in path)
    return path if plain and not parts.scheme and not parts.netloc else None


def asked_for() -> str | None:
    """The `next` page of this request, if it is one of ours."""
    return safe(request.values.get("next"))
