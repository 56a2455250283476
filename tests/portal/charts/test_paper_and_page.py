"""The same drawing on a page under a strict CSP and in a PDF."""

import io
import re
from datetime import date
from pathlib import Path

import pytest

from portal import charts
from portal.charts import Bar, Drawing, Estimate, Forecast, Point

CSS = Path(charts.__file__).parent.parent / "static" / "css"


def drawings(width: float | None) -> list[Drawing]:
    points = [Point("wk 1", Estimate(0.6, 0.7, 0.8)), Point("wk 2", Estimate(0.7, 0.8, 0.9))]
    points += [Point("wk 3", None), Point("wk 4", Estimate(0.7, 0.8, 0.9))]
    return [
        charts.interval_bar(Estimate(0.6, 0.7, 0.8), title="a", needed=0.8, width=width),
        charts.interval_bar(Estimate(0.6, None, 0.8), title="b", width=width),
        charts.bars([Bar("Mon", 3600), Bar("Tue", 0)], title="c", width=width),
        charts.funnel([Bar("Applied", 9), Bar("Passed", 3)], title="d", width=width),
        charts.line_with_band(points, title="e", reference=0.8, reference_text="needed", width=width),
        charts.sparkline([0.7, 0.8], title="f"),
        charts.distribution([0.6, 0.7], title="g", own=0.7, needed=0.8, width=width),
        charts.progress_with_forecast(
            [(date(2026, 11, 1), 0), (date(2026, 11, 2), 5)],
            [Forecast(date(2026, 11, 3), 8, 9, 10)],
            title="h", target=10, target_text="10 tasks", width=width,
        ),
    ]  # fmt: skip


def classes(drawing: Drawing) -> set[str]:
    return set(re.findall(r'class="(chart__\w+)"', str(drawing.svg)))


@pytest.mark.parametrize("width", [None, 400.0])
def test_a_drawing_carries_no_style_and_no_script(width: float | None) -> None:
    for drawing in drawings(width):
        assert not re.search(r"style|script|\son\w+=|href|nan\b", str(drawing.svg))


@pytest.mark.parametrize("sheet", ["charts.css", "charts-print.css"])
def test_every_shape_has_its_colours_on_the_page_and_on_paper(sheet: str) -> None:
    text = (CSS / sheet).read_text()
    used = set().union(*(classes(drawing) for drawing in drawings(None)))
    assert [name for name in sorted(used) if not re.search(rf"\.{name}\b", text)] == []


def test_only_paper_carries_its_styles_inside() -> None:
    drawing = drawings(400)[0]
    assert "<style>" not in str(drawing.svg)
    assert str(charts.printable(drawing)).count("<style>") == 1


def test_paper_knows_no_variables_and_no_shorthand_that_the_renderer_misreads() -> None:
    text = (CSS / "charts-print.css").read_text()
    assert "var(" not in text
    assert "light-dark" not in text
    assert not re.search(r"\bfont:", text)


def test_the_pdf_says_the_words_of_the_drawings() -> None:
    pypdf = pytest.importorskip("pypdf")
    weasyprint = pytest.importorskip("weasyprint")
    body = "".join(str(charts.printable(drawing)) for drawing in drawings(400))
    html = f'<html lang="en"><head><title>Charts</title></head><body><h1>Charts</h1>{body}</body></html>'
    pdf = weasyprint.HTML(string=html).write_pdf(pdf_variant="pdf/ua-1")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    plain = re.sub(r"\s", "", text)
    for expected in ("needed80%", "1h00", "Applied", "wk2", "you", "10tasks"):
        assert expected in plain
