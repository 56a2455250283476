"""What the worker does about adaptive designs."""

from exams.models import AdaptiveDesign, JobName
from exams.service import designing
from portal import clock
from portal.db import transaction
from portal.jobs import job


@job(JobName.DESIGN)
def work_out_design(design_id: int) -> None:
    """Freeze a design's bank and simulate it. Safe to run twice: one that is shown is left alone."""
    with transaction() as session:
        design = session.get_one(AdaptiveDesign, design_id)
        designing.work_out(session, design, now=clock.now(session))
