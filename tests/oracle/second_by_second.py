"""The oracle: walks every second of a period and says who is owed it, from the rules in plain words.

Only the standard library and the period itself; nothing of the product, so that a mistake there is
not made here again. The rules, as the docs and the terms state them:

- A sign of work credits the seconds since the last sign of its session if there are at most 75 of
  them, less those at their end by which the person had been still for longer than they may. They may
  be still as long as the agreed limit, or half a second a word of the task they hold, whichever is
  longer; they cannot have been still for longer than the session lasts.
- A second falls to the task that was accepted last and is still held, else to one whose hold ran out
  in this session, else to reading. A task is credited no more than planned and granted for it.
- A beat counts once, in order, from the tab that has the clock. Answering, giving back, stopping and
  starting again are signs too. Working on another project or under other terms ends the session.
- A session silent for more than ten minutes is ended by the sweep.
- Half of the planned time (in whole minutes upwards) is granted twice where it is asked for; what had
  been held back until then is an adjustment.
- Answering a task offers the gaps longer than 75 s while it was held, up to what is left of its time;
  the silence of a session that the sweep ended while it was held is one, until the next begins.
- A second is paid by the rate that holds in it, by the terms its session began under.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.oracle.periods import Period, Rate, Sign

LONGEST = 75
SILENT = 600


@dataclass
class Hold:
    """A task somebody holds."""

    project: int
    opened: int
    planned: int
    words: int
    due: int
    terms: int
    spent: int = 0
    capped: int = 0
    granted: int = 0
    asked: int = 0
    backfilled: int = 0
    state: str = "open"
    closed: int = 0

    @property
    def left(self) -> int:
        """Seconds that may still be credited."""
        return max(0, self.planned + self.granted - self.backfilled - self.spent)


@dataclass
class Session:
    """A running clock, and each moment at which it showed a sign."""

    project: int
    terms: int
    started: int
    signs: list[int]
    epoch: int = 1
    seq: int = 0
    ended: str = ""
    ended_at: int = 0

    @property
    def last(self) -> int:
        """The last sign."""
        return self.signs[-1]


@dataclass
class Found:
    """What is owed, to be compared with what the product says."""

    by_day: dict[tuple[int, date], int] = field(default_factory=dict)
    """Credited seconds by project and local day of its payroll zone."""
    by_week: dict[tuple[int, date], int] = field(default_factory=dict)
    pay: dict[int, Fraction] = field(default_factory=dict)
    """Minor units by project, exactly."""
    answered: list[int] = field(default_factory=list)
    """Seconds credited on each answered task, in order."""
    claims: list[tuple[int, int, int]] = field(default_factory=list)
    """From, to, seconds offered."""
    adjusted: int = 0
    seconds: int = 0


class Oracle:
    """Walks one period."""

    def __init__(self, period: Period) -> None:
        self.period = period
        self.found = Found()
        self.live: Session | None = None
        self.sessions: list[Session] = []
        self.holds: list[Hold] = []
        self.terms = [0 for _ in period.offers]
        self.claimed: set[int] = set()
        self.paid: set[int] = set()

    def run(self) -> Found:
        """Everything that arrived, in order."""
        for sign in self.period.signs:
            getattr(self, f"_on_{sign.kind}")(sign)
        return self.found

    def _on_start(self, sign: Sign) -> None:
        self._claim(sign)
        live = self.live
        if live and live.project == sign.project and live.terms == self.terms[sign.project]:
            self._show(live, sign.at, idle=0)
            live.epoch, live.seq = live.epoch + 1, 0
            return
        if live:
            self._show(live, sign.at, idle=0)
            live.ended = "moved"
        self.live = Session(sign.project, self.terms[sign.project], sign.at, [sign.at])
        self.sessions.append(self.live)

    def _on_beat(self, sign: Sign) -> None:
        live = self.live
        if live is None or sign.back > 0 or sign.seq <= live.seq:
            return
        self._show(live, sign.at, idle=sign.idle)
        live.seq = sign.seq

    def _on_stop(self, sign: Sign) -> None:
        if self.live:
            self._show(self.live, sign.at, idle=0)
            self.live.ended, self.live = "ended", None

    def _on_sweep(self, sign: Sign) -> None:
        if self.live and self.live.last < sign.at - SILENT:
            self.live.ended, self.live.ended_at = "abandoned", sign.at
            self.live = None

    def _on_expire(self, sign: Sign) -> None:
        for hold in self.holds:
            if hold.state == "open" and hold.due <= sign.at:
                hold.state, hold.closed = "expired", sign.at

    def _on_accept(self, sign: Sign) -> None:
        self.terms[sign.project] = 1

    def _on_extend(self, sign: Sign) -> None:
        hold = self._answerable(sign.project)
        if hold is None:
            return
        hold.asked += 1
        if hold.asked > 2:
            return
        more = -(-self.period.offers[sign.project].planned // 120) * 60
        back = min(more, hold.capped - hold.backfilled)
        hold.granted += more
        hold.backfilled += back
        self.found.adjusted += back

    def _on_submit(self, sign: Sign) -> None:
        hold = self._answerable(sign.project)
        if hold is None:
            return
        self._act(hold, sign.at)
        hold.state, hold.closed = "answered", sign.at
        self._offer(hold, sign.at)
        self.found.answered.append(hold.spent)
        self._pay_task(hold, sign.at)
        self._claim(sign)

    def _on_skip(self, sign: Sign) -> None:
        hold = self._answerable(sign.project)
        if hold is None or hold.state != "open":
            return
        self._act(hold, sign.at)
        hold.state, hold.closed = "released", sign.at
        self._claim(sign)

    def _claim(self, sign: Sign) -> None:
        """What is held comes back, else the next task."""
        if any(hold.state == "open" and hold.project == sign.project for hold in self.holds):
            return
        offer = self.period.offers[sign.project]
        self.holds.append(
            Hold(
                project=sign.project,
                opened=sign.at,
                planned=offer.planned,
                words=offer.words,
                due=sign.at + offer.hold,
                terms=self.terms[sign.project],
            )
        )

    def _answerable(self, project: int) -> Hold | None:
        """The newest task of the project, where it is open or ran out unanswered."""
        mine = [hold for hold in self.holds if hold.project == project]
        return mine[-1] if mine and mine[-1].state in {"open", "expired"} else None

    def _act(self, hold: Hold, at: int) -> None:
        if self.live and self.live.project == hold.project:
            self._show(self.live, at, idle=0, on=hold)

    def _show(self, live: Session, at: int, *, idle: int, on: Hold | None = None) -> None:
        """A sign of work: walk the seconds since the last one."""
        task = on or self._worked_on(live)
        may = self.period.offers[live.project].idle_limit
        if task:
            may = max(may, task.words // 2)
        still = min(idle, at - live.started)
        gap = at - live.last
        if gap <= LONGEST:
            for second in range(live.last, at - max(0, still - may)):
                self._credit(live, task, second)
        live.signs.append(at)

    def _worked_on(self, live: Session) -> Hold | None:
        mine = [hold for hold in self.holds if hold.project == live.project]
        is_open = [hold for hold in mine if hold.state == "open"]
        ran_out = [h for h in mine if h.state == "expired" and h.closed >= live.started]
        found = is_open or ran_out
        return found[-1] if found else None

    def _credit(self, live: Session, task: Hold | None, second: int) -> None:
        if task and not task.left:
            task.capped += 1
            return
        if second in self.paid:
            raise AssertionError(f"second {second} paid twice")
        self.paid.add(second)
        if task:
            task.spent += 1
        found, offer = self.found, self.period.offers[live.project]
        day = self._moment(second).astimezone(ZoneInfo(offer.zone)).date()
        week = day - timedelta(days=day.weekday())
        found.seconds += 1
        for table, key in ((found.by_day, day), (found.by_week, week)):
            table[live.project, key] = table.get((live.project, key), 0) + 1
        minor = self._rate(self._rates(live.project, live.terms), second, "hour")
        assert minor is not None
        found.pay[live.project] = found.pay.get(live.project, Fraction(0)) + Fraction(minor, 3600)

    def _pay_task(self, hold: Hold, at: int) -> None:
        """A judgment is paid by the terms its task was handed out under."""
        minor = self._rate(self._rates(hold.project, hold.terms), at, "task")
        if minor:
            pay = self.found.pay
            pay[hold.project] = pay.get(hold.project, Fraction(0)) + minor

    def _rates(self, project: int, terms: int) -> tuple[Rate, ...]:
        return self.period.later[project] if terms else self.period.offers[project].rates

    def _rate(self, rates: tuple[Rate, ...], second: int, unit: str) -> int | None:
        for rate in rates:
            if rate.unit == unit and rate.starts <= second and (rate.ends is None or second < rate.ends):  # fmt: skip
                return rate.minor
        return None

    def _offer(self, hold: Hold, at: int) -> None:
        """The seconds between two signs far apart while the task was held, up to its planned time."""
        left = hold.left
        for gap in sorted(self._gaps(hold, at)):
            unseen = [each for each in gap if each not in self.claimed]
            for start, end in _runs(unseen):
                seconds = min(end - start, left)
                if seconds > 0:
                    left -= seconds
                    self.claimed |= set(range(start, end))
                    self.found.claims.append((start, end, seconds))

    def _gaps(self, hold: Hold, at: int) -> list[list[int]]:
        """The seconds of each gap, one list a gap."""
        gaps = []
        for session in self.sessions:
            if session.project != hold.project:
                continue
            for before, after in zip(session.signs, session.signs[1:], strict=False):
                if after - before > LONGEST and hold.opened < after <= at:
                    gaps.append(range(max(before, hold.opened), after))
            if session.ended == "abandoned" and session.ended_at > hold.opened:
                later = [each.started for each in self.sessions if each.started > session.last]
                until = min([*later, at])
                gaps.append(range(max(session.last, hold.opened), until))
        return [list(gap) for gap in gaps if gap]

    def _moment(self, second: int) -> datetime:
        return self.period.begins + timedelta(seconds=second)


def _runs(seconds: list[int]) -> list[tuple[int, int]]:
    """Half-open stretches of consecutive seconds."""
    runs: list[tuple[int, int]] = []
    for second in seconds:
        if runs and runs[-1][1] == second:
            runs[-1] = (runs[-1][0], second + 1)
        else:
            runs.append((second, second + 1))
    return runs


def owed(period: Period) -> Found:
    """What the period's expert is owed."""
    return Oracle(period).run()
