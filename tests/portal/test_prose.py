"""Text that people wrote becomes HTML that cannot do anything."""

import pytest

from portal.prose import markdown, without_title


@pytest.mark.parametrize(
    ("hostile", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[x](javascript:alert(1))", "href"),
        ("![x](https://evil.example/pixel.png)", "<img"),
        ('<a href="/" onclick="x()">y</a>', "<a "),
        ("<p style='color:red'>x</p>", "<p style"),
        ("<iframe src=//evil.example>", "<iframe"),
    ],
)
def test_nothing_runs_and_nothing_is_loaded(hostile: str, never: str) -> None:
    assert never not in markdown(hostile)


def test_headings_lists_and_links_are_kept() -> None:
    rendered = markdown("## Terms\n\n- **one**\n\n[more](https://example.org)")
    for part in ("<h2>Terms</h2>", "<strong>one</strong>", 'href="https://example.org"'):
        assert part in rendered


def test_a_wide_table_scrolls_by_itself_and_by_keyboard() -> None:
    rendered = markdown("| a | b |\n|---|---|\n| 1 | 2 |")
    assert '<div class="table-box" tabindex="0"><table class="table table--stack">' in rendered
    assert '<td data-label="b">2</td>' in rendered


def test_an_empty_corner_of_a_table_is_no_heading_without_words() -> None:
    rendered = markdown("| | b |\n|---|---|\n| 1 | 2 |")
    assert "<td></td>\n<th>b</th>" in rendered


def test_a_cell_names_its_column_in_words_that_cannot_do_anything() -> None:
    rendered = markdown('| "><b>x</b> & y | |\n|---|---|\n| 1 | 2 |\n\n| c |\n|---|\n| 3 |')
    assert 'data-label="&quot;&gt;&lt;b&gt;x&lt;/b&gt; &amp; y">1</td>' in rendered
    assert "<td>2</td>" in rendered
    assert '<td data-label="c">3</td>' in rendered
    assert "<b>" not in rendered


def test_a_link_leaves_no_trace_of_us_and_every_depth_of_heading_is_kept() -> None:
    rendered = markdown("###### Deep\n\n~~struck~~ [more](https://example.org)")
    for part in ("<h6>Deep</h6>", "<s>struck</s>", 'rel="noopener noreferrer nofollow"'):
        assert part in rendered


def test_of_a_picture_its_words_stay() -> None:
    assert "a cat" in markdown("![a cat](https://evil.example/pixel.png)")


def test_a_page_that_carries_the_title_leaves_the_texts_own_out() -> None:
    assert without_title("# Terms\n\nBody") == "\nBody"
    assert without_title("## Part\n\nBody") == "## Part\n\nBody"
