"""The last line of `./run test` tells the truth about the journeys."""

from pathlib import Path
from typing import Final

from tests.ci import Journeys

_CASE: Final = '<testcase classname="tests.{place}" name="{name}">{inside}</testcase>'


def _report(folder: Path, *cases: str) -> Path:
    report = folder / "junit.xml"
    report.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    return report


def _case(place: str, *, skipped: str | None = None) -> str:
    inside = f'<skipped message="{skipped}"/>' if skipped else ""
    return _CASE.format(place=place, name="test_it", inside=inside)


def test_walked_journeys_are_counted_and_other_tests_are_not(tmp_path: Path) -> None:
    report = _report(tmp_path, _case("journeys.test_expert"), _case("tasks.test_claim"))
    journeys = Journeys.of(report)
    assert journeys.line() == "journeys: 1 walked, none skipped"
    assert not journeys.missing


def test_skipped_journeys_name_each_reason_once(tmp_path: Path) -> None:
    reason = "no browser: sudo apt install chromium"
    skips = [_case(f"journeys.test_{n}", skipped=reason) for n in ("applicant", "expert")]
    other = _case("payouts.test_rail", skipped="no data")
    journeys = Journeys.of(_report(tmp_path, *skips, other))
    assert journeys.line() == f"journeys: 0 walked, others skipped: {reason}"
    assert journeys.missing


def test_journeys_that_failed_or_could_not_begin_are_not_walked(tmp_path: Path) -> None:
    cases = [
        _CASE.format(place="journeys.test_one", name=name, inside=inside)
        for name, inside in (("a", ""), ("b", "<failure/>"), ("c", "<error/>"))
    ]
    journeys = Journeys.of(_report(tmp_path, *cases))
    assert journeys.line() == "journeys: 1 walked, 2 failed, none skipped"
    assert journeys.missing


def test_a_run_without_any_journey_is_missing_them(tmp_path: Path) -> None:
    assert Journeys.of(_report(tmp_path, _case("tasks.test_claim"))).missing
    assert Journeys.of(tmp_path / "nothing.xml").missing
