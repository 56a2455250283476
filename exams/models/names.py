"""The names under which this package's jobs are put into the outbox."""

from enum import StrEnum


class JobName(StrEnum):
    """Jobs of the exams package."""

    GRADE = "exams.grade_attempt"  # an attempt that has ended: read the keys and score it
    IDENTITY_SETTLED = "exams.identity_settled"  # an identity check: look at its application again
    APPEAL_UPHELD = "exams.appeal_upheld"  # an appeal: undo what its decision did
    ASSEMBLE = "exams.assemble"  # a blueprint: assemble its forms, or say what collides
    DESIGN = "exams.work_out_design"  # an adaptive design: its pool, its limits, what it would do
    GRADES_IN = "exams.grades_in"  # a grade that a person gave: see whether its text is settled
    CUT_QUALITY = "exams.cut_quality"  # daily, or a form: how surely its pass mark decides
    CALIBRATE = "exams.calibrate_forms"  # daily: how forms and their questions measure
    FORENSICS = "exams.compare_answers"  # daily: what is worth a look in answers and times
    FAIRNESS = (
        "exams.study_fairness"  # daily: how groups come through applications, in sums that hide
    )
    STANDARD_ROUND = "exams.standard_round"  # a panel whose judges have all handed in: sum it up
    RESCORE = "exams.rescore"  # a rescoring: work out the difference, or do what was approved
    SCORE_REPORT = "exams.score_report"  # a score report: put it on paper
    SUBSCORES = "exams.study_subscores"  # daily: which areas' scores mean something by themselves
    SWEEP = "exams.sweep"  # find deadlines passed, clocks run out, qualifications about to expire
