"""Projects, offers, tasks, judgments, gold and the work clock."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import grants

revision = "0004_tasks"
down_revision = "0003_exams"
branch_labels = None
depends_on = None

_PROJECT_OPENS = """
CREATE FUNCTION project_opens_complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM guideline_version v WHERE v.guideline_id = NEW.guideline_id) THEN
        RAISE EXCEPTION 'project % has no guideline version', NEW.slug
            USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT FROM rate_card c JOIN rate r ON r.rate_card_id = c.id
                   WHERE c.project_id = NEW.id AND r.unit = 'hour') THEN
        RAISE EXCEPTION 'project % has no rate card', NEW.slug USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER project_opens_complete BEFORE INSERT OR UPDATE OF state ON project
    FOR EACH ROW WHEN (NEW.state = 'open') EXECUTE FUNCTION project_opens_complete()
"""

_GOLD = """
CREATE FUNCTION gold_has_no_slots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM task t JOIN gold g ON g.pool_id = t.pool_id AND g.task_id = t.id
               WHERE t.pool_id = NEW.pool_id AND t.open_slots > 0
                 AND t.id = coalesce((to_jsonb(NEW)->>'task_id')::bigint,
                                     (to_jsonb(NEW)->>'id')::bigint)) THEN
        RAISE EXCEPTION 'a gold task has no open slots' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER task_gold_has_no_slots AFTER UPDATE OF open_slots ON task
    FOR EACH ROW WHEN (NEW.open_slots > 0) EXECUTE FUNCTION gold_has_no_slots();
CREATE TRIGGER gold_has_no_slots AFTER INSERT ON gold
    FOR EACH ROW EXECUTE FUNCTION gold_has_no_slots()
"""

_TIMESHEET = """
CREATE FUNCTION timesheet_keeps_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.state = 'locked' THEN
        RAISE EXCEPTION 'timesheet % is locked or kept: % refused', OLD.id, TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER timesheet_keeps_lock BEFORE UPDATE OR DELETE ON timesheet
    FOR EACH ROW EXECUTE FUNCTION timesheet_keeps_lock();
CREATE FUNCTION segment_enters_open_timesheet() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sheet timesheet;
BEGIN
    SELECT * INTO sheet FROM timesheet WHERE id = NEW.timesheet_id FOR SHARE;
    IF sheet.state <> 'open' THEN
        RAISE EXCEPTION 'timesheet % is not open', sheet.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF sheet.expert_id <> NEW.expert_id OR NEW.started_at < sheet.starts_at
       OR NEW.ended_at > sheet.ends_at THEN
        RAISE EXCEPTION 'segment lies outside timesheet %', sheet.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER segment_enters_open_timesheet BEFORE INSERT ON segment
    FOR EACH ROW EXECUTE FUNCTION segment_enters_open_timesheet();
CREATE FUNCTION adjustment_enters_open_timesheet() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    standing text;
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND (OLD.state <> 'asked'
            OR OLD.timesheet_id <> NEW.timesheet_id OR OLD.seconds <> NEW.seconds)) THEN
        RAISE EXCEPTION 'adjustment % is settled', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT state INTO standing FROM timesheet WHERE id = NEW.timesheet_id FOR SHARE;
    IF standing NOT IN ('open', 'submitted') THEN
        RAISE EXCEPTION 'timesheet % is %', NEW.timesheet_id, standing
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER adjustment_enters_open_timesheet BEFORE INSERT OR UPDATE OR DELETE ON adjustment
    FOR EACH ROW EXECUTE FUNCTION adjustment_enters_open_timesheet()
"""


def upgrade() -> None:
    """Create the tables, their triggers and grants."""
    _create_offers()
    _create_work()
    op.execute("CREATE TABLE heartbeat_part_0 PARTITION OF heartbeat DEFAULT")
    for trigger in (_PROJECT_OPENS, _GOLD, _TIMESHEET):
        op.execute(trigger)
    grants.ordinary("guideline", "policy", "project", "pool", "task", "enrolment", "assignment")
    grants.ordinary("draft", "escalation", "gold", "task_import", "work_session")
    grants.ordinary("timesheet", "adjustment")
    grants.append_only("guideline_version", "policy_version", "clause", "rate_card", "rate")
    grants.append_only("terms", "task_payload", "judgment", "gold_score", "heartbeat", "segment")
    grants.keys("keys.gold_key")
    for change in (
        "UPDATE OR DELETE ON keys.gold_key FOR EACH ROW",
        "TRUNCATE ON keys.gold_key FOR EACH STATEMENT",
    ):
        name = change.split()[0].lower()
        op.execute(
            f"CREATE TRIGGER gold_key_no_{name} BEFORE {change} EXECUTE FUNCTION refuse_change()"
        )


def _create_offers() -> None:
    op.create_table(
        "guideline",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_guideline_slug_is_plain")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_guideline_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guideline")),
        sa.UniqueConstraint(
            "organisation_id", "slug", name=op.f("uq_guideline_organisation_id_slug")
        ),
    )
    op.create_table(
        "policy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_policy_slug_is_plain")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_policy_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("organisation_id", "slug", name=op.f("uq_policy_organisation_id_slug")),
    )
    op.create_table(
        "guideline_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("guideline_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "length(sha256) = 32", name=op.f("ck_guideline_version_sha256_is_32_bytes")
        ),
        sa.CheckConstraint("length(trim(body)) > 0", name=op.f("ck_guideline_version_body_given")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_guideline_version_number_from_one")),
        sa.ForeignKeyConstraint(
            ["guideline_id"],
            ["guideline.id"],
            name=op.f("fk_guideline_version_guideline_id_guideline"),
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"],
            ["account.id"],
            name=op.f("fk_guideline_version_published_by_id_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guideline_version")),
        sa.UniqueConstraint(
            "guideline_id", "number", name=op.f("uq_guideline_version_guideline_id_number")
        ),
    )
    op.create_table(
        "policy_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_policy_version_number_from_one")),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_policy_version_policy_id_policy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("policy_id", "number", name=op.f("uq_policy_version_policy_id_number")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column(
            "task_type",
            sa.Enum(
                "preference",
                "reasoning_review",
                name=op.f("ck_project_tasktype"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("payroll_zone", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("overlap", sa.BigInteger(), nullable=False),
        sa.Column("gold_share", sa.Double(), nullable=False),
        sa.Column("needed_level", sa.Double(), nullable=False),
        sa.Column("required_qualification", sa.Text(), nullable=True),
        sa.Column("guideline_id", sa.BigInteger(), nullable=True),
        sa.Column("policy_id", sa.BigInteger(), nullable=True),
        sa.Column("content_note", sa.Text(), nullable=False),
        sa.Column("task_cap_seconds", sa.BigInteger(), nullable=False),
        sa.Column("hold_seconds", sa.BigInteger(), nullable=False),
        sa.Column("idle_limit_seconds", sa.BigInteger(), nullable=False),
        sa.Column("day_cap_seconds", sa.BigInteger(), nullable=False),
        sa.Column("week_cap_seconds", sa.BigInteger(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "open",
                "paused",
                "closed",
                name=op.f("ck_project_projectstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)",
            name=op.f("ck_project_closed_at_iff_closed"),
        ),
        sa.CheckConstraint(
            "(state = 'draft') = (opened_at IS NULL)", name=op.f("ck_project_opened_unless_draft")
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_project_currency_is_iso")),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name=op.f("ck_project_slug_is_plain")
        ),
        sa.CheckConstraint(
            "state = 'draft' OR guideline_id IS NOT NULL",
            name=op.f("ck_project_open_has_guideline"),
        ),
        sa.CheckConstraint(
            "day_cap_seconds > 0 AND week_cap_seconds > 0", name=op.f("ck_project_caps_positive")
        ),
        sa.CheckConstraint(
            "gold_share >= 0 AND gold_share <= 0.5", name=op.f("ck_project_gold_share_sensible")
        ),
        sa.CheckConstraint("idle_limit_seconds >= 30", name=op.f("ck_project_idle_limit_sensible")),
        sa.CheckConstraint(
            "needed_level > 0 AND needed_level <= 1", name=op.f("ck_project_needed_level_is_share")
        ),
        sa.CheckConstraint("overlap BETWEEN 1 AND 99", name=op.f("ck_project_overlap_sensible")),
        sa.CheckConstraint(
            "task_cap_seconds > 0 AND hold_seconds >= task_cap_seconds",
            name=op.f("ck_project_hold_covers_cap"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["account.id"], name=op.f("fk_project_created_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["guideline_id"], ["guideline.id"], name=op.f("fk_project_guideline_id_guideline")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_project_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy.id"], name=op.f("fk_project_policy_id_policy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("id", "organisation_id", name=op.f("uq_project_id_organisation_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_project_slug")),
    )
    op.create_table(
        "clause",
        sa.Column("policy_version_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "number ~ '^[0-9]+(\\.[0-9]+)*$'", name=op.f("ck_clause_number_is_dotted")
        ),
        sa.ForeignKeyConstraint(
            ["policy_version_id"],
            ["policy_version.id"],
            name=op.f("fk_clause_policy_version_id_policy_version"),
        ),
        sa.PrimaryKeyConstraint("policy_version_id", "number", name=op.f("pk_clause")),
    )
    op.create_table(
        "pool",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("qualification", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_pool_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool")),
    )
    op.create_index(
        "uq_pool_eligibility",
        "pool",
        ["project_id", "locale", sa.literal_column("coalesce(qualification, '')")],
        unique=True,
    )
    op.create_table(
        "rate_card",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_rate_card_currency_is_iso")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_rate_card_number_from_one")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_rate_card_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["account.id"], name=op.f("fk_rate_card_published_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_card")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_rate_card_project_id_number")),
    )
    op.create_table(
        "task_import",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=True),
        sa.Column("gold_file_id", sa.BigInteger(), nullable=True),
        sa.Column("gold_file_name", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "done",
                "refused",
                name=op.f("ck_task_import_importstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("already", sa.BigInteger(), nullable=False),
        sa.Column("problems", postgresql.JSONB(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_task_import_ended_iff_ended")
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR jsonb_array_length(problems) > 0",
            name=op.f("ck_task_import_refusal_says_why"),
        ),
        sa.CheckConstraint(
            "added >= 0 AND already >= 0", name=op.f("ck_task_import_counts_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_task_import_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["gold_file_id"],
            ["stored_file.id"],
            name=op.f("fk_task_import_gold_file_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_task_import_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["account.id"], name=op.f("fk_task_import_requested_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_import")),
        sa.UniqueConstraint("public_id", name=op.f("uq_task_import_public_id")),
    )
    op.create_index("ix_task_import_project_id", "task_import", ["project_id", "id"], unique=False)
    op.create_table(
        "timesheet",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "submitted",
                "approved",
                "locked",
                name=op.f("ck_timesheet_timesheetstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger(), nullable=True),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'locked') = (locked_at IS NOT NULL)",
            name=op.f("ck_timesheet_locked_at_iff_locked"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (submitted_at IS NULL)",
            name=op.f("ck_timesheet_submitted_iff_not_open"),
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'locked')) = (approved_at IS NOT NULL)",
            name=op.f("ck_timesheet_approved_at_iff_approved"),
        ),
        sa.CheckConstraint(
            "approved_by_id <> expert_id", name=op.f("ck_timesheet_nobody_approves_own")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_at IS NOT NULL",
            name=op.f("ck_timesheet_approver_approved"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_timesheet_ends_later")),
        sa.CheckConstraint(
            "extract(isodow FROM week) = 1", name=op.f("ck_timesheet_week_begins_on_monday")
        ),
        sa.CheckConstraint("part >= 1", name=op.f("ck_timesheet_part_from_one")),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["account.id"], name=op.f("fk_timesheet_approved_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_timesheet_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_timesheet_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timesheet")),
        sa.UniqueConstraint(
            "expert_id",
            "project_id",
            "week",
            "part",
            name=op.f("uq_timesheet_expert_id_project_id_week_part"),
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_timesheet_public_id")),
    )
    op.create_index(
        "ix_timesheet_waiting",
        "timesheet",
        ["project_id", "submitted_at"],
        unique=False,
        postgresql_where=sa.text("state = 'submitted'"),
    )
    op.create_index(
        "uq_timesheet_one_open",
        "timesheet",
        ["expert_id", "project_id", "week"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "enrolment",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probe_seed", sa.BigInteger(), nullable=False),
        sa.Column("qualification_revision", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judgment_cap", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("draws", sa.BigInteger(), nullable=False),
        sa.Column("judged", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(paused_at IS NULL) = (pause_reason IS NULL)", name=op.f("ck_enrolment_pause_says_why")
        ),
        sa.CheckConstraint(
            "draws >= 0 AND judged >= 0", name=op.f("ck_enrolment_counts_not_negative")
        ),
        sa.CheckConstraint(
            "judgment_cap IS NULL OR judgment_cap > 0", name=op.f("ck_enrolment_cap_positive")
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_enrolment_expert_id_account")
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_enrolment_pool_id_pool")),
        sa.PrimaryKeyConstraint("pool_id", "expert_id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("pool_id", "pseudonym", name=op.f("uq_enrolment_pool_id_pseudonym")),
    )
    op.create_table(
        "rate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("rate_card_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "unit",
            sa.Enum(
                "hour",
                "task",
                "training",
                "bonus",
                name=op.f("ck_rate_rateunit"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("rate_card_id"), "="),
            (sa.column("tier"), "="),
            (sa.column("locale"), "="),
            (sa.column("unit"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            using="gist",
            name="ex_rate_one_at_a_time",
        ),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at > starts_at", name=op.f("ck_rate_ends_after_start")
        ),
        sa.CheckConstraint("minor > 0", name=op.f("ck_rate_minor_positive")),
        sa.ForeignKeyConstraint(
            ["rate_card_id"], ["rate_card.id"], name=op.f("fk_rate_rate_card_id_rate_card")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate")),
    )


def _create_work() -> None:
    op.create_table(
        "task",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("draw_key", sa.BigInteger(), nullable=False),
        sa.Column("open_slots", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("open_slots >= 0", name=op.f("ck_task_open_slots_not_negative")),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_task_pool_id_pool")),
        sa.PrimaryKeyConstraint("pool_id", "id", name=op.f("pk_task")),
        sa.UniqueConstraint("pool_id", "key", name=op.f("uq_task_pool_id_key")),
    )
    op.create_index(
        "ix_task_ready",
        "task",
        ["pool_id", "draw_key", "id"],
        unique=False,
        postgresql_where=sa.text("open_slots > 0"),
    )
    op.create_table(
        "terms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("rate_card_id", sa.BigInteger(), nullable=False),
        sa.Column("agreement_version_id", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("hourly_minor", sa.BigInteger(), nullable=False),
        sa.Column("rates", postgresql.JSONB(), nullable=False),
        sa.Column("hold_seconds", sa.BigInteger(), nullable=False),
        sa.Column("idle_limit_seconds", sa.BigInteger(), nullable=False),
        sa.Column("task_cap_seconds", sa.BigInteger(), nullable=False),
        sa.Column("day_cap_seconds", sa.BigInteger(), nullable=False),
        sa.Column("week_cap_seconds", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_terms_currency_is_iso")),
        sa.CheckConstraint("jsonb_typeof(rates) = 'array'", name=op.f("ck_terms_rates_is_array")),
        sa.CheckConstraint("hourly_minor >= 0", name=op.f("ck_terms_hourly_minor_not_negative")),
        sa.ForeignKeyConstraint(
            ["agreement_version_id"],
            ["agreement_version.id"],
            name=op.f("fk_terms_agreement_version_id_agreement_version"),
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_terms_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_terms_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["rate_card_id"], ["rate_card.id"], name=op.f("fk_terms_rate_card_id_rate_card")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint(
            "expert_id",
            "rate_card_id",
            "agreement_version_id",
            name=op.f("uq_terms_expert_id_rate_card_id_agreement_version_id"),
        ),
    )
    op.create_index("ix_terms_current", "terms", ["expert_id", "project_id", "id"], unique=False)
    op.create_table(
        "adjustment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("timesheet_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("work_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("original_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "approved",
                "refused",
                name=op.f("ck_adjustment_adjustmentstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL)",
            name=op.f("ck_adjustment_decided_iff_decided"),
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR (decided_by_id IS NOT NULL AND decision_id IS NOT NULL)",
            name=op.f("ck_adjustment_human_refuses"),
        ),
        sa.CheckConstraint(
            "decided_by_id <> requested_by_id AND decided_by_id <> expert_id",
            name=op.f("ck_adjustment_decided_by_another"),
        ),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_adjustment_reason_given")),
        sa.CheckConstraint(
            "seconds <> 0 AND abs(seconds) <= 86400", name=op.f("ck_adjustment_seconds_sensible")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["account.id"], name=op.f("fk_adjustment_decided_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_adjustment_decision_id_decision")
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_adjustment_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["original_id"], ["timesheet.id"], name=op.f("fk_adjustment_original_id_timesheet")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["account.id"], name=op.f("fk_adjustment_requested_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["terms.id"], name=op.f("fk_adjustment_terms_id_terms")
        ),
        sa.ForeignKeyConstraint(
            ["timesheet_id"], ["timesheet.id"], name=op.f("fk_adjustment_timesheet_id_timesheet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_adjustment_public_id")),
    )
    op.create_index("ix_adjustment_timesheet_id", "adjustment", ["timesheet_id"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("guideline_version_id", sa.BigInteger(), nullable=False),
        sa.Column("order_shown", postgresql.JSONB(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "submitted",
                "released",
                "expired",
                "late",
                name=op.f("ck_assignment_assignmentstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at IS NULL)",
            name=op.f("ck_assignment_closed_at_iff_closed"),
        ),
        sa.CheckConstraint("due_at > opened_at", name=op.f("ck_assignment_due_later")),
        sa.ForeignKeyConstraint(
            ["guideline_version_id"],
            ["guideline_version.id"],
            name=op.f("fk_assignment_guideline_version_id_guideline_version"),
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "expert_id"],
            ["enrolment.pool_id", "enrolment.expert_id"],
            name=op.f("fk_assignment_pool_id_expert_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id"],
            ["task.pool_id", "task.id"],
            name=op.f("fk_assignment_pool_id_task_id_task"),
        ),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["terms.id"], name=op.f("fk_assignment_terms_id_terms")
        ),
        sa.PrimaryKeyConstraint("pool_id", "task_id", "expert_id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("public_id", name=op.f("uq_assignment_public_id")),
    )
    op.create_index(
        "ix_assignment_due",
        "assignment",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_assignment_expert_id", "assignment", ["expert_id", "opened_at"], unique=False
    )
    op.create_index(
        "uq_assignment_one_open",
        "assignment",
        ["pool_id", "expert_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "gold",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("key_version", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("key_version >= 1", name=op.f("ck_gold_key_version_from_one")),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id"],
            ["task.pool_id", "task.id"],
            name=op.f("fk_gold_pool_id_task_id_task"),
        ),
        sa.PrimaryKeyConstraint("pool_id", "task_id", name=op.f("pk_gold")),
    )
    op.create_index(
        "ix_gold_ready",
        "gold",
        ["pool_id"],
        unique=False,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "task_payload",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "task_type",
            sa.Enum(
                "preference",
                "reasoning_review",
                name=op.f("ck_task_payload_tasktype"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("ck_task_payload_sha256_is_32_bytes")),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id"],
            ["task.pool_id", "task.id"],
            name=op.f("fk_task_payload_pool_id_task_id_task"),
        ),
        sa.PrimaryKeyConstraint("pool_id", "task_id", name=op.f("pk_task_payload")),
    )
    op.create_table(
        "work_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "end_reason",
            sa.Enum(
                "ended",
                "moved",
                "abandoned",
                name=op.f("ck_work_session_sessionend"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_work_session_end_says_why")
        ),
        sa.CheckConstraint(
            "epoch >= 1 AND last_seq >= 0", name=op.f("ck_work_session_counts_sensible")
        ),
        sa.CheckConstraint(
            "last_beat_at >= started_at", name=op.f("ck_work_session_beats_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_work_session_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_work_session_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["terms.id"], name=op.f("fk_work_session_terms_id_terms")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_session")),
        sa.UniqueConstraint("public_id", name=op.f("uq_work_session_public_id")),
    )
    op.create_index(
        "ix_work_session_expert_id", "work_session", ["expert_id", "started_at"], unique=False
    )
    op.create_index(
        "ix_work_session_quiet",
        "work_session",
        ["last_beat_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_work_session_live",
        "work_session",
        ["expert_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "draft",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("entries", postgresql.JSONB(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
            name=op.f("fk_draft_pool_id_task_id_expert_id_assignment"),
        ),
        sa.PrimaryKeyConstraint("pool_id", "task_id", "expert_id", name=op.f("pk_draft")),
    )
    op.create_table(
        "escalation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "answered",
                name=op.f("ck_escalation_escalationstate"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'open') = (answered_at IS NULL) AND (state = 'open') = (answer IS NULL) AND (state = 'open') = (answered_by_id IS NULL)",
            name=op.f("ck_escalation_answered_iff_answer"),
        ),
        sa.CheckConstraint(
            "answered_by_id <> expert_id", name=op.f("ck_escalation_nobody_answers_own")
        ),
        sa.CheckConstraint("length(trim(question)) > 0", name=op.f("ck_escalation_question_given")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["account.id"], name=op.f("fk_escalation_answered_by_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
            name=op.f("fk_escalation_pool_id_task_id_expert_id_assignment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_escalation_public_id")),
    )
    op.create_index(
        "ix_escalation_open",
        "escalation",
        ["pool_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "heartbeat",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "beat",
                "act",
                name=op.f("ck_heartbeat_beatkind"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_seconds", sa.Double(), nullable=False),
        sa.Column("gap_seconds", sa.Double(), nullable=False),
        sa.Column("credited_seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["work_session.id"], name=op.f("fk_heartbeat_session_id_work_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeat")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_heartbeat_session_id", "heartbeat", ["session_id"], unique=False)
    op.create_table(
        "judgment",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("guideline_version_id", sa.BigInteger(), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("order_shown", postgresql.JSONB(), nullable=False),
        sa.Column("active_seconds", sa.Double(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "expert",
                "reviewer",
                name=op.f("ck_judgment_source"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "active_seconds >= 0", name=op.f("ck_judgment_active_seconds_not_negative")
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_judgment_revision_from_one")),
        sa.ForeignKeyConstraint(
            ["guideline_version_id"],
            ["guideline_version.id"],
            name=op.f("fk_judgment_guideline_version_id_guideline_version"),
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
            name=op.f("fk_judgment_pool_id_task_id_expert_id_assignment"),
        ),
        sa.ForeignKeyConstraint(
            ["terms_id"], ["terms.id"], name=op.f("fk_judgment_terms_id_terms")
        ),
        sa.PrimaryKeyConstraint("pool_id", "id", name=op.f("pk_judgment")),
        sa.UniqueConstraint("id", name=op.f("uq_judgment_id")),
        sa.UniqueConstraint(
            "pool_id",
            "task_id",
            "expert_id",
            "revision",
            name=op.f("uq_judgment_pool_id_task_id_expert_id_revision"),
        ),
    )
    op.create_index(
        "ix_judgment_expert_id", "judgment", ["expert_id", "submitted_at"], unique=False
    )
    op.create_index(
        "ix_judgment_submitted_at", "judgment", ["pool_id", "submitted_at"], unique=False
    )
    op.create_table(
        "gold_key",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_gold_key_version_from_one")),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id"],
            ["gold.pool_id", "gold.task_id"],
            name=op.f("fk_gold_key_pool_id_task_id_gold"),
        ),
        sa.PrimaryKeyConstraint("pool_id", "task_id", "version", name=op.f("pk_gold_key")),
        schema="keys",
    )
    op.create_table(
        "segment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("timesheet_id", sa.BigInteger(), nullable=False),
        sa.Column("terms_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "activity",
            sa.Enum(
                "task",
                "reading",
                "training",
                "review",
                name=op.f("ck_segment_activity"),
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("pool_id", sa.BigInteger(), nullable=True),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("expert_id"), "="),
            (sa.text("tstzrange(started_at, ended_at)"), "&&"),
            using="gist",
            name="ex_segment_no_overlap",
        ),
        sa.CheckConstraint(
            "(pool_id IS NULL) = (task_id IS NULL)", name=op.f("ck_segment_whole_task_or_none")
        ),
        sa.CheckConstraint("ended_at > started_at", name=op.f("ck_segment_ends_later")),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_segment_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "task_id", "expert_id"],
            ["assignment.pool_id", "assignment.task_id", "assignment.expert_id"],
            name=op.f("fk_segment_pool_id_task_id_expert_id_assignment"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["work_session.id"], name=op.f("fk_segment_session_id_work_session")
        ),
        sa.ForeignKeyConstraint(["terms_id"], ["terms.id"], name=op.f("fk_segment_terms_id_terms")),
        sa.ForeignKeyConstraint(
            ["timesheet_id"], ["timesheet.id"], name=op.f("fk_segment_timesheet_id_timesheet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
    )
    op.create_index(
        "ix_segment_assignment", "segment", ["pool_id", "task_id", "expert_id"], unique=False
    )
    op.create_index("ix_segment_expert_id", "segment", ["expert_id", "started_at"], unique=False)
    op.create_index(
        "ix_segment_timesheet_id", "segment", ["timesheet_id", "started_at"], unique=False
    )
    op.create_table(
        "gold_score",
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("judgment_id", sa.BigInteger(), nullable=False),
        sa.Column("key_version", sa.BigInteger(), nullable=False),
        sa.Column("expert_id", sa.BigInteger(), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["expert_id"], ["account.id"], name=op.f("fk_gold_score_expert_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["pool_id", "judgment_id"],
            ["judgment.pool_id", "judgment.id"],
            name=op.f("fk_gold_score_pool_id_judgment_id_judgment"),
        ),
        sa.PrimaryKeyConstraint(
            "pool_id", "judgment_id", "key_version", name=op.f("pk_gold_score")
        ),
    )
    op.create_index(
        "ix_gold_score_expert_id", "gold_score", ["expert_id", "pool_id", "judged_at"], unique=False
    )
    op.create_foreign_key(
        op.f("fk_account_grant_project_id_organisation_id_project"),
        "account_grant",
        "project",
        ["project_id", "organisation_id"],
        ["id", "organisation_id"],
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_constraint(
        op.f("fk_account_grant_project_id_organisation_id_project"),
        "account_grant",
        type_="foreignkey",
    )
    op.drop_index("ix_gold_score_expert_id", table_name="gold_score")
    op.drop_table("gold_score")
    op.drop_index("ix_segment_timesheet_id", table_name="segment")
    op.drop_index("ix_segment_expert_id", table_name="segment")
    op.drop_index("ix_segment_assignment", table_name="segment")
    op.drop_table("segment")
    op.drop_table("gold_key", schema="keys")
    op.drop_index("ix_judgment_submitted_at", table_name="judgment")
    op.drop_index("ix_judgment_expert_id", table_name="judgment")
    op.drop_table("judgment")
    op.drop_index("ix_heartbeat_session_id", table_name="heartbeat")
    op.drop_table("heartbeat")
    op.drop_index(
        "ix_escalation_open", table_name="escalation", postgresql_where=sa.text("state = 'open'")
    )
    op.drop_table("escalation")
    op.drop_table("draft")
    op.drop_index(
        "uq_work_session_live",
        table_name="work_session",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(
        "ix_work_session_quiet",
        table_name="work_session",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_work_session_expert_id", table_name="work_session")
    op.drop_table("work_session")
    op.drop_table("task_payload")
    op.drop_index(
        "ix_gold_ready", table_name="gold", postgresql_where=sa.text("retired_at IS NULL")
    )
    op.drop_table("gold")
    op.drop_index(
        "uq_assignment_one_open",
        table_name="assignment",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index("ix_assignment_expert_id", table_name="assignment")
    op.drop_index(
        "ix_assignment_due", table_name="assignment", postgresql_where=sa.text("state = 'open'")
    )
    op.drop_table("assignment")
    op.drop_index("ix_adjustment_timesheet_id", table_name="adjustment")
    op.drop_table("adjustment")
    op.drop_index("ix_terms_current", table_name="terms")
    op.drop_table("terms")
    op.drop_index("ix_task_ready", table_name="task", postgresql_where=sa.text("open_slots > 0"))
    op.drop_table("task")
    _drop_offers()
    for function in (
        "project_opens_complete",
        "gold_has_no_slots",
        "timesheet_keeps_lock",
        "segment_enters_open_timesheet",
        "adjustment_enters_open_timesheet",
    ):
        op.execute(f"DROP FUNCTION {function}")


def _drop_offers() -> None:
    op.drop_table("rate")
    op.drop_table("enrolment")
    op.drop_index(
        "uq_timesheet_one_open", table_name="timesheet", postgresql_where=sa.text("state = 'open'")
    )
    op.drop_index(
        "ix_timesheet_waiting",
        table_name="timesheet",
        postgresql_where=sa.text("state = 'submitted'"),
    )
    op.drop_table("timesheet")
    op.drop_index("ix_task_import_project_id", table_name="task_import")
    op.drop_table("task_import")
    op.drop_table("rate_card")
    op.drop_index("uq_pool_eligibility", table_name="pool")
    op.drop_table("pool")
    op.drop_table("clause")
    op.drop_table("project")
    op.drop_table("policy_version")
    op.drop_table("guideline_version")
    op.drop_table("policy")
    op.drop_table("guideline")
