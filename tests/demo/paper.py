"""Holds a performance report against the database: asked for as an operator types it, read back from its PDF."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from scipy.stats import beta

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]

_EXAMS = """
    SELECT exam.title, s.raw, s.maximum, s.standard_error, s.cut
    FROM attempt JOIN attempt_score s ON s.attempt_id = attempt.id JOIN form ON form.id = attempt.form_id
    JOIN exam ON exam.id = form.exam_id JOIN account ON account.id = attempt.account_id
    WHERE email = '{email}' AND attempt.state = 'passed' AND finished_at < '{end}'
"""
_QUALITY = """
    SELECT project.title, count(*) FILTER (WHERE s."right"), count(*)
    FROM gold_score s JOIN gold ON gold.pool_id = s.pool_id AND gold.key_version = s.key_version
    JOIN judgment j ON j.pool_id = s.pool_id AND j.id = s.judgment_id AND j.task_id = gold.task_id
    JOIN pool ON pool.id = s.pool_id JOIN project ON project.id = pool.project_id
    JOIN account ON account.id = s.expert_id
    WHERE email = '{email}' AND j.submitted_at >= '{start}' AND j.submitted_at < '{end}'
    GROUP BY 1 ORDER BY 1
"""
_WEEKS = """
    SELECT to_char(date_trunc('week', j.submitted_at AT TIME ZONE 'UTC'), 'DD Mon'),
           count(*) FILTER (WHERE s."right"), count(*)
    FROM gold_score s JOIN judgment j ON j.pool_id = s.pool_id AND j.id = s.judgment_id
    JOIN account ON account.id = s.expert_id
    WHERE email = '{email}' AND j.submitted_at >= '{start}' AND j.submitted_at < '{end}'
    GROUP BY 1
"""
_WORK = """
    SELECT project.title, count(*), count(*) FILTER (WHERE late) FROM judgment
    JOIN pool ON pool.id = pool_id JOIN project ON project.id = project_id
    JOIN account ON account.id = expert_id
    WHERE email = '{email}' AND submitted_at >= '{start}' AND submitted_at < '{end}'
    GROUP BY 1 ORDER BY 1
"""
_CREDITED = """
    SELECT project.title, sum(extract(epoch FROM ended_at - segment.started_at)) FROM segment
    JOIN timesheet ON timesheet.id = timesheet_id JOIN project ON project.id = timesheet.project_id
    JOIN account ON account.id = segment.expert_id
    WHERE email = '{email}' AND segment.started_at >= '{start}' AND ended_at <= '{end}' GROUP BY 1
"""
_PAY = """
    SELECT formula, amount_minor FROM statement_line JOIN statement ON statement.id = statement_id
    JOIN account ON account.id = statement.expert_id
    LEFT JOIN timesheet ON timesheet.id = timesheet_id
    WHERE email = '{email}' AND coalesce(starts_at, issued_at) >= '{start}'
    AND coalesce(starts_at, issued_at) < '{end}'
"""
_COMPARED = """
    WITH share AS (
        SELECT project.title, account.email, count(*) AS judged FROM gold_score s
        JOIN gold ON gold.pool_id = s.pool_id AND gold.key_version = s.key_version
        JOIN judgment j ON j.pool_id = s.pool_id AND j.id = s.judgment_id AND j.task_id = gold.task_id
        JOIN pool ON pool.id = s.pool_id JOIN project ON project.id = pool.project_id
        JOIN account ON account.id = s.expert_id WHERE j.submitted_at < '{end}' GROUP BY 1, 2
    )
    SELECT title, count(*) FROM share WHERE judged >= 10 GROUP BY 1
    HAVING count(*) >= 3 AND count(*) FILTER (WHERE email = '{email}') > 0
"""
_ENOUGH = 10
"""Check tasks below which it is too early to say."""


@dataclass(frozen=True)
class Paper:
    """A report's text without its white space, which line breaks put anywhere."""

    text: str

    def says(self, *parts: str) -> bool:
        """Whether the parts stand on it one right after the other."""
        return _bare("".join(parts)) in self.text


def of(email: str, *, start: str, end: str, folder: Path) -> Paper:
    """Make the report as an operator does, in a process of its own."""
    out = folder / "report.pdf"
    command = [sys.executable, "-P", "-m", "portal.cli", "report", "expert", email]
    done = subprocess.run(
        [*command, "--period", f"{start}..{end}", "-o", str(out)],
        env=os.environ | {"DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reader = PdfReader(out)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    return Paper(_bare("".join(page.extract_text() for page in reader.pages)))


def differences(paper: Paper, ask: Ask, *, email: str, start: str, end: str) -> list[str]:
    """What the database holds about the person in the period and the paper does not say."""

    def rows(question: str) -> Rows:
        return ask(question.format(email=email, start=start, end=end))

    wanted = [
        *_exams(rows(_EXAMS)),
        *_quality(rows(_QUALITY)),
        *_weeks(rows(_WEEKS)),
        *_work(rows(_WORK), dict(rows(_CREDITED))),
        *_pay(rows(_PAY)),
        *(f"{row[0]}One dot is one of {row[1]} experts" for row in rows(_COMPARED)),
    ]
    return [words for words in wanted if not paper.says(words)]


def _exams(found: Rows) -> list[str]:
    assert found
    return [
        f"{round(raw, 2):g} of {most:g}{raw / most * 100:.1f} % ± {error * 1.645 / most * 100:.1f} %{cut * 100:.1f} %"
        for _title, raw, most, error, cut in found
    ]


def _quality(found: Rows) -> list[str]:
    assert found
    together = sum(row[1] for row in found), sum(row[2] for row in found)
    told = [f"{title}{_words(right, judged)}" for title, right, judged in found]
    if together[1] < _ENOUGH:
        return told
    return [*told, f"{_percent(*together)}right on check tasks"]


def _words(right: int, judged: int) -> str:
    low, high = _jeffreys(right, judged)
    counted = f"{right} right of {judged} check tasks."
    if judged < _ENOUGH:
        return f"too early to say, {judged} check tasks. {counted}"
    likely = f"likely {round(low * 100)}\N{EN DASH}{round(high * 100)}"
    return f"{_percent(right, judged)} right, {likely}, {judged} check tasks. {counted}"


def _weeks(found: Rows) -> list[str]:
    """Each week's row: the share, and its likely range as the chart writes it."""
    assert len(found) > 1, "quality over time needs more weeks than one"
    return [f"{week}{_percent(right, judged)}" for week, right, judged in found]


def _work(found: Rows, credited: dict[str, Decimal]) -> list[str]:
    assert found
    lines = [
        f"{title}{count}{late}{_hours(credited[title])}{count / float(credited[title]) * 3600:.1f}"
        for title, count, late in found
    ]
    count, late = sum(row[1] for row in found), sum(row[2] for row in found)
    total = sum(credited.values(), Decimal())
    return [
        *lines,
        f"Together{count}{late}{_hours(total)}",
        f"{count:,}judgments",
        f"{float(total) / 3600:,.1f}hours credited",
    ]


def _pay(found: Rows) -> list[str]:
    assert found
    lines = [f"{formula}{_dollars(minor)}" for formula, minor in found]
    total = _dollars(sum(minor for _formula, minor in found))
    return [*lines, f"together {total}", f"{total}earned"]


def _jeffreys(right: int, judged: int) -> tuple[float, float]:
    low, high = beta.ppf([0.05, 0.95], right + 0.5, judged - right + 0.5)
    return (0.0 if right == 0 else float(low), 1.0 if right == judged else float(high))


def _percent(right: int, judged: int) -> str:
    rounded = round(right / judged * 100)
    return f"{min(rounded, 99) if right < judged else rounded} %"


def _hours(seconds: Decimal) -> str:
    whole, rest = divmod(int(seconds), 3600)
    text = f"{whole} h {rest // 60:02d} m" if whole else f"{rest // 60} m"
    return f"{text} {rest % 60:02d} s"


def _dollars(minor: int) -> str:
    return f"${Decimal(minor) / 100:,.2f}"


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)
