"""What the README tells a stranger to type fits the demo they have just started."""

import json
import re
from pathlib import Path

from portal.cli import OWN, _contributed
from portal.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8").replace("\\\n", " ")


def test_the_projects_and_people_of_its_commands_are_the_demos() -> None:
    slugs, addresses = (
        set(re.findall(pattern, README))
        for pattern in (r"--project (\S+)", r"report expert (\S+@\S+)")
    )
    people = json.loads((ROOT / "demo" / "content" / "people.json").read_text("utf-8"))
    agreements = {file.stem for file in (ROOT / "demo" / "content" / "agreements").iterdir()}
    assert slugs
    assert addresses
    assert {f"project-{slug}" for slug in slugs} <= agreements
    assert addresses <= set(re.findall(r'"email": "([^"]+)"', json.dumps(people)))


def test_the_file_it_imports_has_the_columns_that_it_maps() -> None:
    ((name, mapping),) = re.findall(r"tasks import (\S+) .*?--map (\S+)", README)
    columns = {pair.partition("=")[2] for pair in mapping.split(",")}
    rows = [json.loads(line) for line in (ROOT / name).read_text("utf-8").splitlines()]
    assert len(rows) >= 3
    assert all(columns <= row.keys() for row in rows)
    assert len({row["task"] for row in rows}) == len(rows)


def test_every_page_and_picture_it_links_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) >= 6
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_its_table_names_every_setting_and_none_that_is_not() -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", README, re.MULTILINE)
    named = {name.lower() for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    of_the_demo = {"demo", "mail_backend", "stripe_base"}
    assert named == Settings.model_fields.keys() - of_the_demo


def test_every_command_that_it_names_is_one() -> None:
    typed = set(re.findall(r"(?:\./run|`touchstone) ([a-z]+)", README))
    assert typed >= {"demo", "test", "doctor", "list", "tasks", "report", "worker", "sweep"}
    assert typed - {"demo", "test", "list"} <= {*OWN, *_contributed()}
