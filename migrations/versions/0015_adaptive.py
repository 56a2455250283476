"""Adaptive exams: designs with their pools, forms drawn question by question, credit without a key."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations import grants

revision = "0015_adaptive"
down_revision = "0014_identity"
branch_labels = None
depends_on = None

_KINDS_BEFORE = (
    "started",
    "answered",
    "marked",
    "unmarked",
    "section",
    "break",
    "returned",
    "time_given",
    "taken_over",
    "signal",
    "finished",
)
_PLACED_BEFORE = ("answered", "marked", "unmarked", "signal")

# As `exams.questions` scores them; a test holds the two against each other.
_BY_DISTANCE = """
CREATE FUNCTION keys.by_distance(distance integer, near jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE WHEN distance = 0 THEN 1
        ELSE coalesce((near ->> (distance - 1))::double precision, 0) END
$$
"""
_MULTIPLE = """
CREATE FUNCTION keys.credit_of_set(content jsonb, key jsonb, answer jsonb)
RETURNS double precision LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE coalesce(content ->> 'rule', 'all')
        WHEN 'each' THEN 1 - (wanted - hit + astray)::double precision / every
        WHEN 'balanced' THEN greatest(0, hit::double precision / wanted
            - CASE WHEN every = wanted THEN 0
                ELSE astray::double precision / (every - wanted) END)
        ELSE (hit = wanted AND astray = 0)::integer END
    FROM (
        SELECT count(*) AS every,
            count(*) FILTER (WHERE key -> 'options' ? (one ->> 'id')) AS wanted,
            count(*) FILTER (WHERE key -> 'options' ? (one ->> 'id')
                AND answer -> 'options' ? (one ->> 'id')) AS hit,
            count(*) FILTER (WHERE NOT key -> 'options' ? (one ->> 'id')
                AND answer -> 'options' ? (one ->> 'id')) AS astray
        FROM jsonb_array_elements(content -> 'options') one
    ) counted
$$
"""
_ORDER = """
CREATE FUNCTION keys.credit_of_order(content jsonb, key jsonb, answer jsonb)
RETURNS double precision LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE coalesce(content ->> 'rule', 'all')
        WHEN 'pairs' THEN greatest(0, sum(agrees)::double precision / count(*))
        ELSE bool_and(agrees = 1)::integer END
    FROM (
        SELECT coalesce(sign((answer -> 'places' ->> later.id)::numeric
            - (answer -> 'places' ->> earlier.id)::numeric), 0) AS agrees
        FROM jsonb_array_elements_text(key -> 'order') WITH ORDINALITY earlier(id, place)
        JOIN jsonb_array_elements_text(key -> 'order') WITH ORDINALITY later(id, place)
            ON earlier.place < later.place
    ) pairs
$$
"""
_MATCH = """
CREATE FUNCTION keys.credit_of_match(content jsonb, key jsonb, answer jsonb)
RETURNS double precision LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE coalesce(content ->> 'rule', 'each')
        WHEN 'all' THEN bool_and(agrees)::integer
        ELSE avg(agrees::integer)::double precision END
    FROM (
        SELECT coalesce(answer -> 'pairs' ->> pair.key = pair.value, false) AS agrees
        FROM jsonb_each_text(key -> 'pairs') pair
    ) pairs
$$
"""
_POLICY_CASE = """
CREATE FUNCTION keys.credit_of_policy_case(content jsonb, key jsonb, answer jsonb)
RETURNS double precision LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT (label * coalesce((answer ->> 'label' = key ->> 'label')::integer, 0)
        + clause * coalesce((key -> 'clauses' ? (answer ->> 'clause'))::integer, 0)
        + severity * coalesce(keys.by_distance((
            SELECT abs(max(place) - min(place))::integer
            FROM jsonb_array_elements(content -> 'severities') WITH ORDINALITY one(grade, place)
            WHERE grade ->> 'id' IN (answer ->> 'severity', key ->> 'severity')
            HAVING answer ? 'severity'
        ), content -> 'near'), 0)) / (label + clause + severity)
    FROM (
        SELECT coalesce((content -> 'weights' ->> 'label')::double precision, 2) AS label,
            coalesce((content -> 'weights' ->> 'clause')::double precision, 1) AS clause,
            coalesce((content -> 'weights' ->> 'severity')::double precision, 1) AS severity
    ) weights
$$
"""
_CREDIT = """
CREATE FUNCTION keys.credit(kind text, content jsonb, key jsonb, answer jsonb)
RETURNS double precision LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE
        WHEN answer IS NULL OR jsonb_typeof(answer) = 'null' THEN 0
        WHEN kind = 'single' THEN (answer ->> 'option' = key ->> 'option')::integer
        WHEN kind = 'multiple' THEN keys.credit_of_set(content, key, answer)
        WHEN kind = 'numeric' THEN (
            abs((answer ->> 'value')::double precision - (key ->> 'value')::double precision)
            <= (key ->> 'tolerance')::double precision
            * CASE WHEN coalesce((key ->> 'relative')::boolean, false)
                THEN abs((key ->> 'value')::double precision) ELSE 1 END + 1e-9)::integer
        WHEN kind = 'faulty_step' THEN CASE
            WHEN '0' IN (answer ->> 'step', key ->> 'step')
                THEN (answer ->> 'step' = key ->> 'step')::integer
            ELSE keys.by_distance(
                abs((answer ->> 'step')::integer - (key ->> 'step')::integer), content -> 'near')
            END
        WHEN kind = 'preference' THEN (key -> 'panel' ->> (answer ->> 'choice'))::double precision
            / (SELECT max(value::double precision) FROM jsonb_each_text(key -> 'panel'))
        WHEN kind = 'order' THEN keys.credit_of_order(content, key, answer)
        WHEN kind = 'match' THEN keys.credit_of_match(content, key, answer)
        WHEN kind = 'policy_case' THEN keys.credit_of_policy_case(content, key, answer)
    END
$$
"""
_CREDITS = """
CREATE FUNCTION keys.adaptive_credits(sitting bigint, person bigint)
RETURNS TABLE (place bigint, credit double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT shown.position, keys.credit(v.type, v.content, k.key, told.answer)
    FROM public.attempt a
    JOIN public.form_question shown ON shown.form_id = a.form_id
    JOIN public.design_question d ON d.design_id = a.design_id
        AND d.question_version_id = shown.question_version_id
    JOIN public.question_version v ON v.id = d.question_version_id
    JOIN keys.question_key k ON k.question_version_id = v.id AND k.number = d.key_number
    JOIN LATERAL (
        SELECT e.payload -> 'answer' AS answer FROM public.attempt_event e
        WHERE e.attempt_id = a.id AND e.position = shown.position AND e.kind = 'answered'
        AND e.payload @> '{"final": true}' ORDER BY e.seq DESC LIMIT 1
    ) told ON true
    WHERE a.id = sitting AND a.account_id = person AND a.state = 'open'
    AND NOT EXISTS (
        SELECT FROM public.form_question open WHERE open.form_id = a.form_id
        AND NOT EXISTS (
            SELECT FROM public.attempt_event e
            WHERE e.attempt_id = a.id AND e.position = open.position AND e.kind = 'answered'
            AND e.payload @> '{"final": true}'
        )
    )
    ORDER BY shown.position
$$
"""
_DRAWN = """
CREATE FUNCTION refuse_undrawn() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE design bigint := (SELECT design_id FROM form WHERE id = NEW.form_id);
BEGIN
    IF design IS NULL THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM design_question q WHERE q.design_id = design
        AND q.question_version_id = NEW.question_version_id) THEN
        RAISE EXCEPTION 'a drawn form holds questions of its design only';
    END IF;
    IF NEW.position <> 1 + (SELECT count(*) FROM form_question q WHERE q.form_id = NEW.form_id)
    OR NOT EXISTS (SELECT FROM attempt a WHERE a.form_id = NEW.form_id AND a.state = 'open') THEN
        RAISE EXCEPTION 'a drawn form grows by one question at a time, while its attempt is open';
    END IF;
    RETURN NEW;
END $$
"""
_FROZEN = """
CREATE FUNCTION refuse_redesign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.exam_id, NEW.number, NEW.rules, NEW.asked_by_id)
        IS DISTINCT FROM (OLD.exam_id, OLD.number, OLD.rules, OLD.asked_by_id)
    OR OLD.state <> 'asked' AND (NEW.measured, NEW.cut, NEW.level, NEW.digest)
        IS DISTINCT FROM (OLD.measured, OLD.cut, OLD.level, OLD.digest) THEN
        RAISE EXCEPTION 'an adaptive design is never changed: ask for a new one';
    END IF;
    RETURN NEW;
END $$
"""
_FUNCTIONS = (
    "keys.adaptive_credits(bigint, bigint)",
    "keys.credit(text, jsonb, jsonb, jsonb)",
    "keys.credit_of_policy_case(jsonb, jsonb, jsonb)",
    "keys.credit_of_match(jsonb, jsonb, jsonb)",
    "keys.credit_of_order(jsonb, jsonb, jsonb)",
    "keys.credit_of_set(jsonb, jsonb, jsonb)",
    "keys.by_distance(integer, jsonb)",
)


def upgrade() -> None:
    """Create the tables; forms may be drawn; the next question can be chosen without a key."""
    _designs()
    _pools()
    _steps()
    _forms_and_attempts()
    _event_kinds(("chosen", *_KINDS_BEFORE), placed=("chosen", *_PLACED_BEFORE))
    op.execute(_DRAWN)
    op.execute(
        "CREATE TRIGGER form_question_drawn BEFORE INSERT ON form_question"
        " FOR EACH ROW EXECUTE FUNCTION refuse_undrawn()"
    )
    op.execute(_FROZEN)
    op.execute(
        "CREATE TRIGGER adaptive_design_frozen BEFORE UPDATE ON adaptive_design"
        " FOR EACH ROW EXECUTE FUNCTION refuse_redesign()"
    )
    for function in (_BY_DISTANCE, _MULTIPLE, _ORDER, _MATCH, _POLICY_CASE, _CREDIT, _CREDITS):
        op.execute(function)
    for name in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_FUNCTIONS[0]} TO {grants.APP}, {grants.WORKER}")


def downgrade() -> None:
    """Drop them again."""
    for name in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
    op.execute("DROP TRIGGER form_question_drawn ON form_question")
    op.execute("DROP FUNCTION refuse_undrawn()")
    _event_kinds(_KINDS_BEFORE, placed=_PLACED_BEFORE)
    op.drop_constraint(op.f("fk_attempt_form_id_design_id_form"), "attempt")
    op.drop_index("uq_attempt_drawn_form", table_name="attempt")
    op.drop_column("attempt", "design_id")
    op.drop_constraint(op.f("uq_form_id_design_id"), "form")
    op.drop_index("uq_form_exam_id_number_locale", table_name="form")
    op.create_unique_constraint(
        op.f("uq_form_exam_id_number_locale"), "form", ["exam_id", "number", "locale"]
    )
    op.drop_column("form", "design_id")
    op.drop_table("adaptive_step", schema="keys")
    op.drop_table("design_question")
    op.drop_table("adaptive_design")
    op.execute("DROP FUNCTION refuse_redesign()")


def _designs() -> None:
    table = "adaptive_design"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("rules", JSONB(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", _state(), nullable=False),
        sa.Column("measured", JSONB(), nullable=True),
        sa.Column("cut", sa.Double(), nullable=True),
        sa.Column("level", sa.Double(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("approver_id", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
            for name, condition in _DESIGN_CHECKS.items()
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{of}.id"], name=op.f(f"fk_{table}_{column}_{of}"))
            for column, of in (
                ("exam_id", "exam"),
                ("asked_by_id", "account"),
                ("approver_id", "account"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
        sa.UniqueConstraint("exam_id", "number", name=op.f(f"uq_{table}_exam_id_number")),
    )
    op.create_index(
        "uq_adaptive_design_in_use",
        table,
        ["exam_id"],
        unique=True,
        postgresql_where=sa.text("state = 'in_use'"),
    )
    grants.ordinary(table)


_DESIGN_CHECKS = {
    "number_from_one": "number >= 1",
    "cut_is_a_share": "cut > 0 AND cut < 1",
    "two_people": "approver_id <> asked_by_id",
    "asked_is_unmeasured": "state <> 'asked' OR measured IS NULL",
    "later_is_measured": "state IN ('asked', 'dropped') OR measured IS NOT NULL",
    "shown_is_frozen": (
        "state NOT IN ('shown', 'in_use', 'retired')"
        " OR (cut IS NOT NULL AND level IS NOT NULL AND digest IS NOT NULL)"
    ),
    "digest_is_32_bytes": "length(digest) = 32",
    "used_is_approved": "(state IN ('in_use', 'retired')) = (approver_id IS NOT NULL)",
    "approved_at_iff_approved": "(approver_id IS NULL) = (approved_at IS NULL)",
    "ended_iff_ended": ("(state IN ('colliding', 'retired', 'dropped')) = (ended_at IS NOT NULL)"),
}


def _state() -> sa.Enum:
    return sa.Enum(
        "asked",
        "colliding",
        "shown",
        "in_use",
        "retired",
        "dropped",
        name=op.f("ck_adaptive_design_designstate"),
        native_enum=False,
        create_constraint=True,
        length=40,
    )


def _pools() -> None:
    table = "design_question"
    op.create_table(
        table,
        sa.Column("design_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("question_version_id", sa.BigInteger(), nullable=False),
        sa.Column("key_number", sa.BigInteger(), nullable=False),
        sa.Column("slope", sa.Double(), nullable=False),
        sa.Column("intercepts", JSONB(), nullable=False),
        sa.Column("divided", sa.Boolean(), nullable=False),
        sa.Column("levels", JSONB(), nullable=False),
        sa.Column("enemies", sa.BigInteger(), nullable=True),
        sa.Column("admission", sa.Double(), nullable=False),
        sa.CheckConstraint("place >= 0", name=op.f(f"ck_{table}_place_from_zero")),
        sa.CheckConstraint("slope > 0", name=op.f(f"ck_{table}_slope_positive")),
        sa.CheckConstraint(
            "admission > 0 AND admission <= 1", name=op.f(f"ck_{table}_admission_is_a_chance")
        ),
        sa.ForeignKeyConstraint(
            ["design_id"],
            ["adaptive_design.id"],
            name=op.f(f"fk_{table}_design_id_adaptive_design"),
        ),
        sa.ForeignKeyConstraint(
            ["question_version_id"],
            ["question_version.id"],
            name=op.f(f"fk_{table}_question_version_id_question_version"),
        ),
        sa.ForeignKeyConstraint(
            ["question_version_id", "key_number"],
            ["keys.question_key.question_version_id", "keys.question_key.number"],
            name=op.f(f"fk_{table}_question_version_id_key_number_question_key"),
        ),
        sa.PrimaryKeyConstraint("design_id", "place", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "design_id",
            "question_version_id",
            name=op.f(f"uq_{table}_design_id_question_version_id"),
        ),
    )
    op.create_index(f"ix_{table}_question_version_id", table, ["question_version_id"], unique=False)
    grants.append_only(table)
    op.execute(f"REVOKE INSERT ON {table} FROM {grants.APP}")


def _steps() -> None:
    table = "adaptive_step"
    op.create_table(
        table,
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("ability", sa.Double(), nullable=False),
        sa.Column("standard_error", sa.Double(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f(f"ck_{table}_position_from_one")),
        sa.CheckConstraint("standard_error >= 0", name=op.f(f"ck_{table}_error_not_negative")),
        sa.CheckConstraint("length(salt) = 16", name=op.f(f"ck_{table}_salt_is_16_bytes")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f(f"fk_{table}_attempt_id_attempt")
        ),
        sa.PrimaryKeyConstraint("attempt_id", "position", name=op.f(f"pk_{table}")),
        schema="keys",
    )
    grants.append_only(f"keys.{table}")
    op.execute("REVOKE SELECT ON keys.adaptive_step FROM touchstone_app")


def _forms_and_attempts() -> None:
    for table in ("form", "attempt"):
        op.add_column(table, sa.Column("design_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_design_id_adaptive_design"),
            table,
            "adaptive_design",
            ["design_id"],
            ["id"],
        )
    op.drop_constraint(op.f("uq_form_exam_id_number_locale"), "form")
    op.create_index(
        "uq_form_exam_id_number_locale",
        "form",
        ["exam_id", "number", "locale"],
        unique=True,
        postgresql_where=sa.text("design_id IS NULL"),
    )
    op.create_unique_constraint(op.f("uq_form_id_design_id"), "form", ["id", "design_id"])
    op.create_foreign_key(
        op.f("fk_attempt_form_id_design_id_form"),
        "attempt",
        "form",
        ["form_id", "design_id"],
        ["id", "design_id"],
    )
    op.create_index(
        "uq_attempt_drawn_form",
        "attempt",
        ["form_id"],
        unique=True,
        postgresql_where=sa.text("design_id IS NOT NULL"),
    )


def _event_kinds(kinds: tuple[str, ...], *, placed: tuple[str, ...]) -> None:
    conditions = {
        "eventkind": f"kind IN ({_listed(kinds)})",
        "position_where_there_is_one": f"(kind IN ({_listed(placed)})) = (position IS NOT NULL)",
    }
    for name, condition in conditions.items():
        op.drop_constraint(op.f(f"ck_attempt_event_{name}"), "attempt_event")
        op.create_check_constraint(op.f(f"ck_attempt_event_{name}"), "attempt_event", condition)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)
