"""One small question of each kind, with canaries in what no applicant may see."""

from typing import Any

SINGLE: dict[str, Any] = {
    "slug": "which-one",
    "type": "single",
    "area": "policy",
    "stem": "A member posts a screenshot.\n\nWhat do you do?",
    "options": [
        {"id": "a", "text": "Remove it."},
        {"id": "b", "text": "Keep it."},
        {"id": "c", "text": "Escalate it."},
        {"id": "d", "text": "Ask the member."},
    ],
    "key": {"option": "b"},
    "rationale": "CANARY-rationale-single",
    "difficulty": -0.81250731,
    "minutes": 1.5,
    "points": 1,
}
MULTIPLE: dict[str, Any] = {
    "slug": "which-ones",
    "type": "multiple",
    "area": "policy",
    "stem": "Choose **all** that violate the clause.",
    "options": [
        {"id": "a", "text": "A bakery's address."},
        {"id": "b", "text": "A runner's daily way."},
        {"id": "c", "text": "One's own number."},
        {"id": "d", "text": "A found passport."},
    ],
    "key": {"options": ["b", "d"]},
    "rationale": "CANARY-rationale-multiple",
    "difficulty": 0.43750931,
    "minutes": 1.5,
    "points": 1,
}
NUMERIC: dict[str, Any] = {
    "slug": "how-much",
    "type": "numeric",
    "area": "measurement",
    "stem": "What is the **recall**? Give two decimals.",
    "unit": "",
    "decimals": 2,
    "key": {"value": 0.8, "tolerance": 0.004},
    "rationale": "CANARY-rationale-numeric",
    "difficulty": 0,
    "minutes": 1.5,
    "points": 1,
}
FAULTY_STEP: dict[str, Any] = {
    "slug": "first-wrong-step",
    "type": "faulty_step",
    "area": "policy",
    "stem": "Which is the first wrong step?",
    "case": "“See you at the gate at six.”",
    "clause": {"number": "3.1", "text": "Remove threats made specific by a place or a time."},
    "verdict": "Harassment, warning",
    "steps": [
        {"id": 1, "text": "It names a place and a time."},
        {"id": 2, "text": "No weapon is named, so 3.1 cannot apply."},
        {"id": 3, "text": "So it is harassment."},
    ],
    "key": {"step": 2},
    "rationale": "CANARY-rationale-faulty-step",
    "difficulty": 1.18750317,
    "minutes": 1.5,
    "points": 1,
}
PREFERENCE: dict[str, Any] = {
    "slug": "which-answer",
    "type": "preference",
    "area": "measurement",
    "stem": "Which answer would you rather the member read?",
    "prompt": "My neighbour keeps posting about me.",
    "answers": {"a": "That sounds upsetting.", "b": "Report each post as harassment."},
    "key": {"choice": "b", "panel": {"a": 1, "b": 8, "tie": 2}},
    "rationale": "CANARY-rationale-preference",
    "difficulty": -1.31250713,
    "minutes": 1.5,
    "points": 1,
}
QUESTIONS = (SINGLE, MULTIPLE, NUMERIC, FAULTY_STEP, PREFERENCE)
SHORT_TEXT: dict[str, Any] = {
    "slug": "which-word",
    "type": "short_text",
    "area": "measurement",
    "stem": "What is the share of true alerts among all alerts called?",
    "key": {
        "accepted": ["precision"],
        "patterns": ["[Pp]ositive predictive value( \\(PPV\\))?"],
        "ignore": ["case", "spaces", "accents"],
    },
    "rationale": "CANARY-rationale-short-text",
    "difficulty": -0.5,
    "minutes": 1,
    "points": 1,
}
ORDER: dict[str, Any] = {
    "slug": "what-first",
    "type": "order",
    "area": "policy",
    "stem": "Bring the steps of an escalation into order.",
    "items": [
        {"id": "a", "text": "Tell the member."},
        {"id": "b", "text": "Preserve the evidence."},
        {"id": "c", "text": "Read the clause."},
        {"id": "d", "text": "Decide."},
    ],
    "rule": "pairs",
    "key": {"order": ["b", "c", "d", "a"]},
    "rationale": "CANARY-rationale-order",
    "difficulty": 0.25,
    "minutes": 2,
    "points": 2,
}
MATCH: dict[str, Any] = {
    "slug": "which-to-which",
    "type": "match",
    "area": "policy",
    "stem": "Which clause does each message fall under?",
    "left": [
        {"id": "m1", "text": "“I know where you park.”"},
        {"id": "m2", "text": "“Buy followers here!”"},
        {"id": "m3", "text": "“Call 0700 900 461, it is his.”"},
    ],
    "right": [
        {"id": "threat", "text": "Threats"},
        {"id": "spam", "text": "Spam"},
        {"id": "private", "text": "Private information"},
        {"id": "none", "text": "None of them"},
    ],
    "key": {"pairs": {"m1": "threat", "m2": "spam", "m3": "private"}},
    "rationale": "CANARY-rationale-match",
    "difficulty": 0.1,
    "minutes": 2,
    "points": 3,
}
POLICY_CASE: dict[str, Any] = {
    "slug": "what-is-it",
    "type": "policy_case",
    "area": "policy",
    "stem": "Decide the case.",
    "case": "“See you at the gate at six, you will need a friend.”",
    "labels": [
        {"id": "keep", "text": "Keep"},
        {"id": "harassment", "text": "Harassment"},
        {"id": "threat", "text": "Threat"},
    ],
    "clauses": [
        {"number": "2.2", "text": "Unwanted hostile messages."},
        {"number": "3.1", "text": "Threats made specific by a place or a time."},
        {"number": "3.2", "text": "Vague threats."},
    ],
    "severities": [
        {"id": "low", "text": "Low"},
        {"id": "high", "text": "High"},
        {"id": "urgent", "text": "Urgent"},
    ],
    "near": [0.5],
    "key": {"label": "threat", "clauses": ["3.1"], "severity": "urgent"},
    "rationale": "CANARY-rationale-policy-case",
    "difficulty": 0.9,
    "minutes": 3,
    "points": 2,
}
_BANDS: dict[str, Any] = {
    "reasoning": [
        {"text": "CANARY-band No reason is given."},
        {"text": "A reason is named.", "anchor": "It is bad."},
        {"text": "The reason is tied to the clause.", "anchor": "CANARY-anchor Clause 3.1 asks …"},
    ],
    "tone": [{"text": "It scolds."}, {"text": "It is plain."}, {"text": "It is kind."}],
}
ESSAY: dict[str, Any] = {
    "slug": "why-so",
    "type": "essay",
    "area": "policy",
    "stem": "A member asks why their post was removed. Explain the decision to them.",
    "criteria": [
        {"id": "reasoning", "title": "The reason rests on the clause", "weight": 2},
        {"id": "tone", "title": "The tone fits somebody who is upset"},
    ],
    "least_words": 40,
    "most_words": 150,
    "key": {"bands": _BANDS},
    "rationale": "CANARY-rationale-essay",
    "difficulty": 0.3,
    "minutes": 10,
    "points": 4,
}
WRITING_SAMPLE: dict[str, Any] = ESSAY | {
    "slug": "in-your-words",
    "type": "writing_sample",
    "stem": "Rewrite the notice in your own words.",
    "rationale": "CANARY-rationale-writing-sample",
}
NEWER = (SHORT_TEXT, ORDER, MATCH, POLICY_CASE)
"""The kinds that a key scores and the small exam does not hold."""
BY_PEOPLE = (ESSAY, WRITING_SAMPLE)
