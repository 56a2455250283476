"""Lines that a parser or the database would choke on are refused with their row."""

import pytest

from tasks.service.files import FileRefused, rows


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"prompt": ' + b"[" * 200_000, "nested too deeply"),
        (b'{"prompt": NaN}', "NaN is not a number"),
        (b'{"prompt": ' + b"9" * 5000 + b"}", "row 2"),
    ],
)
def test_a_hostile_line_is_refused_with_its_row(line: bytes, said: str) -> None:
    with pytest.raises(FileRefused) as refused:
        list(rows(b'{"prompt": "fine"}\n' + line, "tasks.jsonl"))
    assert refused.value.problems[0].startswith("row 2")
    assert said in refused.value.problems[0]
