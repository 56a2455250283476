"""The expert's quality: share right on check tasks with its interval, project by project."""

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from portal import clock
from portal.access import Role, person, requires
from portal.charts import Drawing
from portal.db import reading
from tasks.quality.share import ENOUGH, Share, share_right
from tasks.queries import quality as queries
from tasks.views import pictures

bp = Blueprint("work_quality", __name__, url_prefix="/quality", template_folder="../templates")


@bp.get("/")
@requires(Role.EXPERT)
def index() -> str:
    """One bar a project, and how it is measured."""
    with reading() as session:
        return render_template(
            "tasks/quality.html", bars=bars(session, person().account_id), enough=ENOUGH
        )


def bars(session: Session, expert_id: int) -> list[tuple[str, str, Drawing, Share, float]]:
    """`(project, words, drawing, share, needed)` for each project the expert met check tasks in.

    Up to the end of yesterday: a count that grew with an answer would tell that it was a probe.
    """
    today = clock.now(session).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = session.execute(queries.by_project(expert_id, before=today))
    found = []
    for _id, title, needed, right, judged in rows:
        share = share_right(right, judged)
        drawing = pictures.streak(share, title, needed)
        found.append((title, pictures.words(share), drawing, share, needed))
    return found
