"""Packages of others: what we know is taken, what we do not is refused by name, nothing is trusted."""

import io
import re
import zipfile

import pytest

from exams.qti import packages, upgrading
from portal.errors import Invalid

_V3 = 'xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0"'
_V2 = 'xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1"'
_CORRECT = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"


def _package(items: dict[str, str], *, kind: str = "imsqti_item_xmlv3p0") -> bytes:
    listed = "".join(
        f'<resource identifier="r{n}" type="{kind}" href="{path}"><file href="{path}"/></resource>'
        for n, path in enumerate(items)
    )
    manifest = (
        '<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1" identifier="m">'
        f"<organizations/><resources>{listed}</resources></manifest>"
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("imsmanifest.xml", manifest)
        for path, content in items.items():
            archive.writestr(path, content)
    return held.getvalue()


def _item(body: str, declaration: str = "", *, extra: str = "", processing: str = "") -> str:
    return (
        f'<?xml version="1.0"?><qti-assessment-item {_V3} identifier="Q_1" title="t"'
        f' adaptive="false" time-dependent="false"{extra}>{declaration}'
        '<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
        f"<qti-item-body>{body}</qti-item-body>"
        f'<qti-response-processing template="{processing or _CORRECT}"/></qti-assessment-item>'
    )


def _declared(cardinality: str, base: str, *values: str, mapping: str = "") -> str:
    listed = "".join(f"<qti-value>{value}</qti-value>" for value in values)
    return (
        f'<qti-response-declaration identifier="RESPONSE" cardinality="{cardinality}"'
        f' base-type="{base}"><qti-correct-response>{listed}</qti-correct-response>{mapping}'
        "</qti-response-declaration>"
    )


_CHOICE = (
    '<p>Look at the <strong>text</strong>.</p><qti-choice-interaction response-identifier="RESPONSE"'
    ' max-choices="1"><qti-prompt>Which is it?</qti-prompt>'
    '<qti-simple-choice identifier="A">One <em>only</em></qti-simple-choice>'
    '<qti-simple-choice identifier="B">Two</qti-simple-choice></qti-choice-interaction>'
)
_RIGHT = _declared("single", "identifier", "B")


def _read(item: str) -> packages.Read:
    return packages.read(_package({"item.xml": item}), area="policy")


def test_a_single_choice_of_others_is_taken() -> None:
    found = _read(_item(_CHOICE, _RIGHT)).questions[0]
    assert (found["slug"], found["type"], found["area"]) == ("q-1", "single", "policy")
    assert found["stem"] == "Look at the **text**.\n\nWhich is it?"
    assert found["options"] == [{"id": "A", "text": "One *only*"}, {"id": "B", "text": "Two"}]
    assert found["key"] == {"option": "B"}


def test_an_entry_inside_a_sentence_is_taken() -> None:
    body = '<p>Precision is <qti-text-entry-interaction response-identifier="RESPONSE"/> here.</p>'
    found = _read(_item(body, _declared("single", "float", "0.64"))).questions[0]
    assert (found["type"], found["key"]) == ("numeric", {"value": 0.64, "tolerance": 0.0})
    assert found["decimals"] == 2


def test_words_with_a_mapping_are_taken() -> None:
    mapping = (
        '<qti-mapping default-value="0"><qti-map-entry map-key="York" mapped-value="1"'
        ' case-sensitive="false"/><qti-map-entry map-key="Hull" mapped-value="0"/></qti-mapping>'
    )
    body = '<p>Which town? <qti-text-entry-interaction response-identifier="RESPONSE"/></p>'
    found = _read(_item(body, _declared("single", "string", "York", mapping=mapping))).questions[0]
    assert found["key"] == {"accepted": ["York"], "ignore": ["case", "spaces"]}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (_item('<qti-hotspot-interaction response-identifier="RESPONSE"/>', _RIGHT), "hotspot"),
        (_item(_CHOICE + _CHOICE, _RIGHT), "2 interactions"),
        (_item("<p>Nothing to answer</p>", _RIGHT), "0 interactions"),
        (_item(_CHOICE, _declared("single", "identifier")), "one correct response|no correct"),
        (_item(_CHOICE), "no response declaration"),
        (_item('<p><img src="a.png" alt=""/></p>' + _CHOICE, _RIGHT), "<img>"),
        (_item('<p><math xmlns="http://www.w3.org/1998/Math/MathML"/></p>' + _CHOICE, _RIGHT), "<math>"),
        (_item(_CHOICE + "<qti-feedback-block/>", _RIGHT), "qti-feedback-block"),
        (_item(_CHOICE, _declared("single", "identifier", "Z")), "the key names no option"),
        (
            _item('<p>Write <qti-extended-text-interaction response-identifier="RESPONSE"/></p>',
                  _declared("single", "string")),
            "without a rubric",
        ),
        (_item(_CHOICE, _RIGHT).replace('adaptive="false"', 'adaptive="true"'), "adaptive"),
    ],
)  # fmt: skip
def test_what_our_questions_cannot_say_is_refused_by_name(item: str, reason: str) -> None:
    read = _read(item)
    assert read.questions == []
    assert len(read.refused) == 1
    assert read.refused[0].startswith("Q_1: ")
    assert re.search(reason, read.refused[0])


def test_a_test_in_the_package_is_named() -> None:
    data = _package({"test.xml": "<x/>"}, kind="imsqti_test_xmlv3p0")
    assert packages.read(data, area="policy").refused == ["test.xml: test"]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x SYSTEM "http://localhost:1/x.dtd">',
        '<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b "&a;&a;">]>',
    ],
)
def test_a_document_type_is_refused_and_nothing_is_fetched(doctype: str) -> None:
    item = _item(_CHOICE.replace("Two", "&a;" if "ENTITY" in doctype else "Two"), _RIGHT)
    with pytest.raises(Invalid, match=r"document type|Entity"):
        _read(item.replace('<?xml version="1.0"?>', doctype))


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04broken"])
def test_what_is_no_package_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid, match="no package"):
        packages.read(data, area="policy")


def test_a_bomb_is_measured_before_it_is_opened() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("imsmanifest.xml", b"0" * (packages.MOST_BYTES + 1))
    with pytest.raises(Invalid, match="too large"):
        packages.read(held.getvalue(), area="policy")


def test_a_file_that_is_not_there_is_named() -> None:
    data = _package({"item.xml": "<x/>"}).replace(b"item.xml", b"item.xmk", 1)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        manifest = packages.unpacked(_package({"gone.xml": ""}))["imsmanifest.xml"]
        archive.writestr("imsmanifest.xml", manifest)
    assert data
    with pytest.raises(Invalid, match=r"gone\.xml"):
        packages.read(held.getvalue(), area="policy")


@pytest.mark.skipif(upgrading.program() is None, reason=upgrading.MISSING)
def test_qti_2_is_brought_to_3_and_then_read() -> None:
    item = (
        f'<assessmentItem {_V2} identifier="Q_1" title="t" adaptive="false" timeDependent="false">'
        '<responseDeclaration identifier="RESPONSE" cardinality="multiple" baseType="identifier">'
        "<correctResponse><value>A</value><value>C</value></correctResponse></responseDeclaration>"
        '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>'
        '<itemBody><p>Which of them?</p><choiceInteraction responseIdentifier="RESPONSE"'
        ' shuffle="true" maxChoices="0"><simpleChoice identifier="A">One</simpleChoice>'
        '<simpleChoice identifier="B">Two</simpleChoice><simpleChoice identifier="C">Three'
        "</simpleChoice></choiceInteraction></itemBody><responseProcessing template="
        '"http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/></assessmentItem>'
    )
    for kind in ("imsqti_item_xmlv2p1", "imsqti_item_xmlv2p2"):
        read = packages.read(_package({"item.xml": item}, kind=kind), area="policy")
        assert read.refused == []
        assert read.questions[0]["key"] == {"options": ["A", "C"]}
        assert read.questions[0]["type"] == "multiple"


def test_without_the_converter_qti_2_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upgrading, "program", lambda: None)
    with pytest.raises(Invalid, match="pip install citolab-qti-convert"):
        packages.read(_package({"a.xml": "<x/>"}, kind="imsqti_item_xmlv2p1"), area="policy")
