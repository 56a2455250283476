"""Setting PDFs in a child process."""

import io
from typing import Any

import pytest
from pypdf import PdfReader

from portal.reports import engine
from portal.reports.document import resources
from portal.reports.engine import RenderingFailed, to_pdf

_PAGE = (
    '<!doctype html><html lang="en"><head><title>T</title>'
    '<link rel="stylesheet" href="touchstone:report.css"></head><body>{}</body></html>'
)


def test_a_document_becomes_a_tagged_pdf_with_our_typefaces() -> None:
    pdf = PdfReader(io.BytesIO(to_pdf(_PAGE.format("<h1>Xin chào 1,234.50</h1>"), resources())))
    assert "1,234.50" in pdf.pages[0].extract_text()
    root: Any = pdf.trailer["/Root"].get_object()
    assert root["/MarkInfo"]["/Marked"]
    used: Any = pdf.pages[0]["/Resources"].get_object()
    names = [str(font.get_object()["/BaseFont"]) for font in used["/Font"].values()]
    assert any("Source" in name for name in names)


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "http://127.0.0.1/", "touchstone:other.css", "data:text/css,a{}"],
)
def test_nothing_but_what_was_passed_in_is_loaded(address: str) -> None:
    with pytest.raises(RenderingFailed, match="refused to load"):
        to_pdf(_PAGE.format(f'<img alt="" src="{address}">'), resources())


def test_a_document_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SECONDS", 0.2)
    with pytest.raises(RenderingFailed, match="longer than"):
        to_pdf(_PAGE.format("slow"), resources())


def test_a_document_that_eats_memory_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MEGABYTES", 40)
    with pytest.raises(RenderingFailed):
        to_pdf(_PAGE.format("large"), resources())
