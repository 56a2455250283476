"""Work: pauses by decision, planned time per task, claims of unseen time, imports under way, releases."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0008_work"
down_revision = "0007_pay"
branch_labels = None
depends_on = None

_UNSEEN = """
CREATE FUNCTION time_claim_is_unseen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM segment s WHERE s.expert_id = NEW.expert_id
               AND tstzrange(s.started_at, s.ended_at) && tstzrange(NEW.started_at, NEW.ended_at)) THEN
        RAISE EXCEPTION 'time in this claim was credited already' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER time_claim_is_unseen BEFORE INSERT OR UPDATE ON time_claim
    FOR EACH ROW EXECUTE FUNCTION time_claim_is_unseen()
"""
_READY = """
CREATE FUNCTION release_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'ready' THEN
        RAISE EXCEPTION 'release % is kept as it is', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER release_stays BEFORE UPDATE OR DELETE ON release
    FOR EACH ROW EXECUTE FUNCTION release_stays()
"""
_PAUSED = "(paused_at IS NULL) = (pause_reason IS NULL)"
_WHOLE = (
    f"{_PAUSED} AND (paused_at IS NULL) = (pause_until IS NULL)"
    " AND (paused_at IS NULL) = (pause_decision_id IS NULL)"
)
_COUNTS = "added >= 0 AND already >= 0"
_BEFORE = "'waiting', 'done', 'refused'"
_NOW = "'waiting', 'running', 'done', 'refused', 'cancelled'"


def upgrade() -> None:
    """Bring the database to this version."""
    _create_extension()
    _create_time_claim()
    _create_release()
    op.execute(_UNSEEN)
    op.execute(_READY)
    grants.ordinary("extension", "time_claim", "release")
    _change_enrolment()
    _change_import()
    _change_offers_and_clock()


def _change_enrolment() -> None:
    op.execute("UPDATE enrolment SET paused_at = NULL, pause_reason = NULL")  # none had a decision
    op.add_column("enrolment", sa.Column("pause_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("enrolment", sa.Column("pause_decision_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_enrolment_pause_decision_id_decision"),
        "enrolment",
        "decision",
        ["pause_decision_id"],
        ["id"],
    )
    op.drop_constraint(op.f("ck_enrolment_pause_says_why"), "enrolment")
    op.create_check_constraint(
        op.f("ck_enrolment_pause_says_why_and_until_when"), "enrolment", _WHOLE
    )
    op.create_index(
        "ix_enrolment_paused",
        "enrolment",
        ["pause_until"],
        postgresql_where=sa.text("paused_at IS NOT NULL"),
    )


def _change_import() -> None:
    for name in ("total", "checked", "entered"):
        counted = sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
        op.add_column("task_import", counted)
        op.alter_column("task_import", name, server_default=None)
    op.add_column("task_import", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    _checks_of_import(
        states=_NOW,
        ended="(state IN ('waiting', 'running')) = (ended_at IS NULL)",
        counts=f"{_COUNTS} AND total >= 0 AND checked >= 0 AND entered >= 0",
    )
    op.create_check_constraint(
        op.f("ck_task_import_running_has_started"),
        "task_import",
        "state <> 'running' OR started_at IS NOT NULL",
    )


def _checks_of_import(*, states: str, ended: str, counts: str) -> None:
    checks = {
        "importstate": f"state IN ({states})",
        "ended_iff_ended": ended,
        "counts_not_negative": counts,
    }
    for name, rule in checks.items():
        op.drop_constraint(op.f(f"ck_task_import_{name}"), "task_import")
        op.create_check_constraint(op.f(f"ck_task_import_{name}"), "task_import", rule)


def _half_an_hour() -> sa.Column[int]:
    return sa.Column("claim_day_seconds", sa.BigInteger(), server_default="1800", nullable=False)


def _change_offers_and_clock() -> None:
    op.add_column("project", _half_an_hour())
    op.add_column(
        "project",
        sa.Column("reserve_seconds", sa.BigInteger(), server_default="36000", nullable=False),
    )
    op.add_column("terms", _half_an_hour())
    op.create_check_constraint(
        op.f("ck_project_allowances_not_negative"),
        "project",
        "claim_day_seconds >= 0 AND reserve_seconds >= 0",
    )
    op.create_check_constraint(
        op.f("ck_terms_claim_day_seconds_not_negative"), "terms", "claim_day_seconds >= 0"
    )
    op.add_column("heartbeat", sa.Column("pool_id", sa.BigInteger(), nullable=True))
    op.add_column("heartbeat", sa.Column("task_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "heartbeat", sa.Column("capped_seconds", sa.Double(), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_heartbeat_whole_task_or_none"),
        "heartbeat",
        "(pool_id IS NULL) = (task_id IS NULL)",
    )
    op.create_check_constraint(
        op.f("ck_heartbeat_capped_seconds_not_negative"), "heartbeat", "capped_seconds >= 0"
    )


def _create_extension() -> None:
    op.create_table(
        "extension",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "granted",
                "refused",
                name=op.f("ck_extension_extensionstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("backfilled_seconds", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL)",
            name=op.f("ck_extension_decided_iff_decided"),
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR (decided_by_id IS NOT NULL AND decision_id IS NOT NULL)",
            name=op.f("ck_extension_human_refuses"),
        ),
        sa.CheckConstraint(
            "state = 'granted' OR backfilled_seconds = 0",
            name=op.f("ck_extension_backfill_if_granted"),
        ),
        sa.CheckConstraint(
            "backfilled_seconds >= 0 AND backfilled_seconds <= seconds",
            name=op.f("ck_extension_backfill_within"),
        ),
        sa.CheckConstraint(
            "decided_by_id <> expert_id", name=op.f("ck_extension_decided_by_another")
        ),
        sa.CheckConstraint(
            "seconds > 0 AND seconds <= 86400", name=op.f("ck_extension_seconds_sensible")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["account.id"], name=op.f("fk_extension_decided_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_extension_decision_id_decision")
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_extension_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
            name=op.f("fk_extension_pool_id_task_id_expert_id_assignment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension")),
        sa.UniqueConstraint("public_id", name=op.f("uq_extension_public_id")),
    )
    op.create_index(
        "ix_extension_assignment", "extension", ["pool_id", "task_id", "expert_id"], unique=False
    )
    op.create_index(
        "uq_extension_one_asked",
        "extension",
        ["pool_id", "task_id", "expert_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )


def _create_time_claim() -> None:
    op.create_table(
        "time_claim",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("work_day", sa.Date(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "offered",
                "taken",
                name=op.f("ck_time_claim_claimstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("adjustment_id", sa.BigInteger(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("expert_id"), "="),
            (sa.text("tstzrange(started_at, ended_at)"), "&&"),
            using="gist",
            name="ex_time_claim_no_overlap",
        ),
        sa.CheckConstraint(
            "(state = 'taken') = (adjustment_id IS NOT NULL)",
            name=op.f("ck_time_claim_taken_iff_adjustment"),
        ),
        sa.CheckConstraint("ended_at > started_at", name=op.f("ck_time_claim_ends_later")),
        sa.CheckConstraint(
            "seconds > 0 AND seconds <= ceil(extract(epoch FROM ended_at - started_at))",
            name=op.f("ck_time_claim_seconds_within_gap"),
        ),
        sa.ForeignKeyConstraint(
            ["adjustment_id"],
            ["adjustment.id"],
            name=op.f("fk_time_claim_adjustment_id_adjustment"),
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_time_claim_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
            name=op.f("fk_time_claim_pool_id_task_id_expert_id_assignment"),
        ),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["terms.id"], name=op.f("fk_time_claim_terms_id_terms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_claim")),
        sa.UniqueConstraint("adjustment_id", name=op.f("uq_time_claim_adjustment_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_time_claim_public_id")),
    )
    op.create_index(
        "ix_time_claim_expert_id", "time_claim", ["expert_id", "offered_at"], unique=False
    )


def _create_release() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "making",
                "ready",
                name=op.f("ck_release_releasestate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("tasks", sa.BigInteger(), nullable=False),
        sa.Column("judgments", sa.BigInteger(), nullable=False),
        sa.Column("csv_file_id", sa.BigInteger(), nullable=True),
        sa.Column("jsonl_file_id", sa.BigInteger(), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'ready') = (ready_at IS NOT NULL AND csv_file_id IS NOT NULL AND jsonl_file_id IS NOT NULL)",
            name=op.f("ck_release_ready_has_files"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_release_number_from_one")),
        sa.CheckConstraint(
            "tasks >= 0 AND judgments >= 0", name=op.f("ck_release_counts_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["account.id"], name=op.f("fk_release_asked_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["csv_file_id"], ["stored_file.id"], name=op.f("fk_release_csv_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["jsonl_file_id"], ["stored_file.id"], name=op.f("fk_release_jsonl_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_release_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_release_project_id_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_release_public_id")),
    )
    op.create_index(
        "uq_release_one_making",
        "release",
        ["project_id"],
        unique=True,
        postgresql_where=sa.text("state = 'making'"),
    )


def downgrade() -> None:
    """Bring the database back to the version before."""
    for name in ("whole_task_or_none", "capped_seconds_not_negative"):
        op.drop_constraint(op.f(f"ck_heartbeat_{name}"), "heartbeat")
    for name in ("capped_seconds", "task_id", "pool_id"):
        op.drop_column("heartbeat", name)
    op.drop_column("terms", "claim_day_seconds")
    op.drop_column("project", "reserve_seconds")
    op.drop_column("project", "claim_day_seconds")
    _restore_import()
    op.drop_index("ix_enrolment_paused", "enrolment")
    op.drop_constraint(op.f("ck_enrolment_pause_says_why_and_until_when"), "enrolment")
    op.create_check_constraint(op.f("ck_enrolment_pause_says_why"), "enrolment", _PAUSED)
    op.drop_column("enrolment", "pause_decision_id")
    op.drop_column("enrolment", "pause_until")
    for table in ("time_claim", "extension", "release"):
        op.drop_table(table)
    op.execute("DROP FUNCTION time_claim_is_unseen()")
    op.execute("DROP FUNCTION release_stays()")


def _restore_import() -> None:
    op.drop_constraint(op.f("ck_task_import_running_has_started"), "task_import")
    op.execute("DELETE FROM task_import WHERE state = 'cancelled'")
    op.execute("UPDATE task_import SET state = 'waiting' WHERE state = 'running'")
    _checks_of_import(
        states=_BEFORE, ended="(state = 'waiting') = (ended_at IS NULL)", counts=_COUNTS
    )
    for name in ("started_at", "entered", "checked", "total"):
        op.drop_column("task_import", name)
