"""Near-duplicates among writing samples: found when texts share much, silent when they share little."""

from hypothesis import given
from hypothesis import strategies as st

from exams.questions import likeness

_TEXT = (
    "The post was removed because it names a place and a time together with an insult, and clause"
    " three point one does not ask for a weapon to be named before a threat counts as specific."
)
_OTHER = (
    "We took your message down since anybody reading it would know where and when to be afraid;"
    " our rules say that this is enough, whatever was meant by it, and you can appeal for two weeks."
)


def test_the_same_text_stands_wholly_in_itself() -> None:
    found = likeness.compare(_TEXT, _TEXT.upper())
    assert found.share == 1
    assert found.passages[0].startswith("the post was removed")


def test_two_people_who_say_the_same_in_their_own_words_share_nothing() -> None:
    assert likeness.compare(_TEXT, _OTHER).share == 0
    assert likeness.resemblance(likeness.sketch(_TEXT), likeness.sketch(_OTHER)) < 0.1


def test_a_copied_half_is_found_in_a_longer_text() -> None:
    copied = _OTHER + " " + " ".join(_TEXT.split()[:20])
    found = likeness.compare(" ".join(_TEXT.split()[:20]), copied)
    assert found.share >= likeness.NEARLY_THE_SAME
    assert likeness.resemblance(likeness.sketch(_TEXT), likeness.sketch(copied)) > 0.1


def test_what_the_question_itself_says_is_nobodys_copy() -> None:
    assert likeness.compare(_TEXT, _TEXT, given=_TEXT).share == 0


@given(
    one=st.lists(st.sampled_from("abcdefgh"), max_size=40),
    other=st.lists(st.sampled_from("abcdefgh"), max_size=40),
)
def test_likeness_is_a_share_and_the_same_both_ways(one: list[str], other: list[str]) -> None:
    first, second = " ".join(one), " ".join(other)
    share = likeness.compare(first, second).share
    assert 0 <= share <= 1
    assert share == likeness.compare(second, first).share
    sketches = likeness.sketch(first), likeness.sketch(second)
    assert 0 <= likeness.resemblance(*sketches) <= 1


def test_a_text_shorter_than_a_run_is_like_nothing() -> None:
    assert likeness.sketch("four words are few") == []
    assert likeness.compare("four words are few", _TEXT).share == 0
