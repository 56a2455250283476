"""`touchstone texts`: every text that a person may read, for whoever translates it."""

from pathlib import Path
from typing import Final

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po

_ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("portal", "exams", "tasks", "payouts")
METHODS: Final = [
    ("**/templates/**", "jinja2.ext:babel_extract"),
    ("**.py", "python"),
]
_OPTIONS: Final = {"**/templates/**": {"trimmed": "true", "newstyle_gettext": "true"}}
_ERRORS: Final = ("Conflict", "Forbidden", "Invalid", "NotFound", "TooMany", "Unavailable")
KEYWORDS: Final = {
    **DEFAULT_KEYWORDS,
    "marked": None,
    **dict.fromkeys(_ERRORS),
    "BadField": (2,),
}
"""Calls whose text is shown to a person; of `BadField` it is the second argument."""


@click.command()
@click.option("-o", "--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
def texts(out: Path) -> None:
    """Write every text marked for translation to a PO template.

    A translation of it lies, compiled, in portal/translations/LANGUAGE/LC_MESSAGES/messages.mo.
    """
    catalog = collected()
    with out.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True)
    click.echo(f"{out}: {len(catalog)} texts")


def collected() -> Catalog:
    """Gather the texts of templates, forms and broken rules, each with where it stands."""
    catalog = Catalog(project="Touchstone")
    for package in PACKAGES:
        found = extract_from_dir(_ROOT / package, METHODS, _OPTIONS, keywords=KEYWORDS)
        for file, line, message, comments, context in found:
            if "".join(message).strip():  # "\\n".join(problems) marks nothing
                place = [(f"{package}/{file}", line)]
                catalog.add(message, locations=place, auto_comments=comments, context=context)
    return catalog
