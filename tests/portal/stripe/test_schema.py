"""The schema derived from the installed package is Stripe's published one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from portal.stripe.sandbox.resources import HANDLERS
from portal.stripe.sandbox.schema import Operation, Schema, operations

_DATA: Final = Path(__file__).parents[4] / "shared" / "data" / "stripe"
_EXTRACT: Final = _DATA / "stripe-sdk-16.1.0-2026-10-28.endive.extract.json"


@pytest.fixture(scope="module")
def extract() -> dict[str, Any]:
    """An independent derivation to compare with, where the data folder is at hand."""
    if not _EXTRACT.exists():
        pytest.skip(f"{_EXTRACT} is not there")
    found: dict[str, Any] = json.loads(_EXTRACT.read_text())
    return found


def test_every_operation_of_the_extract_is_derived_alike(extract: dict[str, Any]) -> None:
    theirs = dict(_extracted(extract))
    modules = sorted({sdk.split(":")[0] for sdk in theirs})
    ours = {op.sdk: _ours(op) for module in modules for op in operations(module)}
    assert len(theirs) > 80
    assert ours == theirs


def test_everything_the_sandbox_serves_is_in_the_package() -> None:
    modules = {sdk.split(":")[0] for sdk in HANDLERS}
    known = {op.sdk for module in modules for op in operations(module)}
    assert HANDLERS.keys() <= known


def test_the_extract_names_a_transfers_parameters() -> None:
    found = {op.sdk: op for op in operations("stripe._transfer_service")}
    create = found["stripe._transfer_service:create"]
    assert (create.method, create.path) == ("post", "/v1/transfers")
    assert create.params["required"] == ["currency", "destination"]
    assert create.params["properties"]["amount"] == {"type": "integer"}
    assert create.params["additionalProperties"] is False
    assert "api_key" not in create.params["properties"]


def test_production_never_imports_the_sandbox() -> None:
    script = (
        "import sys, portal.stripe.accounts, portal.stripe.balance, portal.stripe.transfers,"
        " portal.stripe.verifications, portal.stripe.webhooks, portal.stripe.register;"
        " print([name for name in sys.modules if name.startswith('portal.stripe.sandbox')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def _extracted(extract: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str, Schema]]]:
    schemas = extract["components"]["schemas"]
    for path, methods in extract["paths"].items():
        for method, operation in methods.items():
            params = _plain(operation["x-params"], schemas)
            yield operation["x-sdk"], (method, path, params)


def _ours(operation: Operation) -> tuple[str, str, Schema]:
    return operation.method, operation.path, _plain(operation.params, {})


def _plain(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """References resolved, order and the splitting of text enums levelled out."""
    if "$ref" in schema:
        return _plain(schemas[schema["$ref"].split("/")[-1]], schemas)
    made = dict(schema)
    if "properties" in made:
        made["properties"] = {k: _plain(v, schemas) for k, v in made["properties"].items()}
    for inner in ("items", "additionalProperties"):
        if isinstance(made.get(inner), dict):
            made[inner] = _plain(made[inner], schemas)
    if "anyOf" in made:
        made["anyOf"] = _members([_plain(member, schemas) for member in made["anyOf"]])
    for listed in ("enum", "required"):
        if listed in made:
            made[listed] = sorted(made[listed])
    return made


def _members(members: list[Schema]) -> list[Schema]:
    values = sorted(value for member in members for value in member.get("enum", ()))
    rest = [member for member in members if "enum" not in member]
    enums = [{"type": "string", "enum": values}] if values else []
    return sorted([*rest, *enums], key=lambda member: json.dumps(member, sort_keys=True))
