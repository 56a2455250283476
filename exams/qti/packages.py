"""QTI packages opened without trust: sizes first, then the manifest, then item after item."""

import io
import posixpath
import zipfile
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from exams.models import QuestionType
from exams.qti import reading, xml
from exams.qti.upgrading import upgraded
from exams.qti.xml import Unsupported
from exams.questions import KINDS
from portal.errors import Invalid

MOST_FILES: Final = 5_000
MOST_BYTES: Final = 50_000_000
"""Of a package when it is unpacked."""
_AROUND: Final = frozenset(
    {
        "slug",
        "type",
        "area",
        "points",
        "key",
        "rationale",
        "difficulty",
        "minutes",
        "warning",
        "pilot",
    }
)


@dataclass
class Read:
    """What a package held."""

    questions: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Each thing that is no question of ours, by its name and what it is."""


def read(data: bytes, *, area: str) -> Read:
    """The questions of a package of QTI 2.1, 2.2 or 3.0, and by name what cannot be one.

    Raises `Invalid` where it is no package, or one that is too large to open.
    """
    files = unpacked(data)
    resources = _resources(files)
    if any("v2p" in kind or "v2.1" in kind for _, kind in resources):
        files = unpacked(upgraded(data))
        resources = _resources(files)
    found = Read()
    for path, kind in resources:
        if kind.startswith("imsqti_item"):
            _item(found, files, path, area)
        elif kind.startswith("imsqti"):
            found.refused.append(f"{path}: {kind.removeprefix('imsqti_').partition('_')[0]}")
    slugs = [one["slug"] for one in found.questions]
    twice = sorted({slug for slug in slugs if slugs.count(slug) > 1})
    if twice:
        raise Invalid("two items have the same identifier: " + ", ".join(twice))
    if not found.questions and not found.refused:
        raise Invalid("the package holds no item")
    return found


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files of a package by path. Raises `Invalid` for too many, too much, or no zip at all."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir()]
            if len(entries) > MOST_FILES or sum(one.file_size for one in entries) > MOST_BYTES:
                raise Invalid("the package is too large")
            return {posixpath.normpath(one.filename): archive.read(one) for one in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Invalid(f"the file is no package: {error}") from error


def _resources(files: dict[str, bytes]) -> list[tuple[str, str]]:
    """Paths and types of what the manifest lists."""
    manifest = files.get("imsmanifest.xml")
    if manifest is None:
        raise Invalid("the package has no imsmanifest.xml")
    root = xml.parse(manifest, where="imsmanifest.xml")
    return [
        (posixpath.normpath(one.get("href")), one.get("type", ""))
        for one in xml.every(root, "resource")
        if one.get("href")
    ]


def _item(found: Read, files: dict[str, bytes], path: str, area: str) -> None:
    if path not in files:
        raise Invalid(f"{path}: the manifest lists it, and it is not there")
    root = xml.parse(files[path], where=path)
    label = root.get("identifier") or path
    try:
        question = reading.question(root, area=area)
        content = {name: value for name, value in question.items() if name not in _AROUND}
        KINDS[QuestionType(question["type"])].parse(content, question["key"])
    except Unsupported as reason:
        found.refused.append(f"{label}: {reason}")
    except ValidationError as error:
        places = {".".join(map(str, one["loc"])) + ": " + one["msg"] for one in error.errors()}
        found.refused.append(f"{label}: {'; '.join(sorted(places))}")
    except ValueError as reason:
        found.refused.append(f"{label}: {reason}")
    else:
        found.questions.append(question)
