"""Every metric that the pages show: its words, how it is read, its goal, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Collection

from apps.console.engine.goals import Against, Goal
from apps.console.metrics import readings
from apps.console.metrics.metric import (
    AUTOMATION,
    BUSINESS,
    GENERATED,
    INNOVATION,
    PRODUCTIVITY,
    Metric,
    ReadByOrigin,
)
from apps.governance.measures import Measure, Reading, Shape, Window


def _own(
    name: str,
    title: str,
    definition: str,
    shape: Shape,
    unit: str,
    group: str,
    read: Callable[[Collection[int], Window], Reading],
    *,
    is_better_higher: bool = True,
    unit_one: str = "",
    version: int = 1,
) -> Measure:
    return Measure(
        f"console.{name}",
        title,
        definition,
        shape,
        unit,
        group,
        read,
        is_better_higher=is_better_higher,
        unit_one=unit_one,
        version=version,
    )


def _by_origin(name: str, title: str, definition: str, read: ReadByOrigin, *, is_better_higher: bool = True) -> Metric:
    def read_all(scopes: Collection[int], window: Window) -> Reading:
        return read(scopes, window, "")

    measure = _own(
        name,
        title,
        definition,
        Shape.RATE,
        "%",
        GENERATED,
        read_all,
        is_better_higher=is_better_higher,
    )
    return Metric(measure, by_origin=read)


OWN = (
    Metric(
        _own(
            "code_automated",
            "New code that candidates wrote",
            "Lines that merged candidates began in the four weeks, of all that began on followed default branches. "
            "Of code that people write nobody can tell whether it is routine, so all of it counts.",
            Shape.RATE,
            "%",
            AUTOMATION,
            readings.code_automated,
        ),
        Goal(0.7),
        "70 % or more of routine code automated",
    ),
    Metric(
        _own(
            "routine_automated",
            "Routine requests done by candidates",
            "Requests of low risk, as it was recorded when they were submitted, whose candidate was merged, of those "
            "that were merged, rejected or failed in the four weeks. Withdrawn ones do not count. It says nothing of "
            "routine work that nobody asked the platform for.",
            Shape.RATE,
            "%",
            AUTOMATION,
            readings.routine_automated,
        ),
        Goal(0.7),
        "70 % or more of routine code automated",
    ),
    Metric(
        _own(
            "coverage",
            "Test coverage",
            "Lines that the tests run, by complete reports of the default branch: the smallest in the window, of the "
            "repository that has the smallest. A newest commit without a report is no value.",
            Shape.MINIMUM,
            "%",
            AUTOMATION,
            readings.coverage,
        ),
        Goal(0.95),
        "95 % or more",
    ),
    Metric(
        _own(
            "docs_current",
            "Documentation that is current",
            "Public symbols that have a description on the newest page of their repository, and whose page was in sync "
            "with the code when it was last checked, of all public symbols on checked pages.",
            Shape.RATE,
            "%",
            AUTOMATION,
            readings.docs_current,
        ),
        Goal(1.0),
        "100 % automated and current",
    ),
    Metric(
        _own(
            "critical_issues",
            "Critical issues in generated code",
            "Security findings of high severity, the gravest that the tool knows, on lines of generated changes merged "
            "in the four weeks. n counts the changes that were checked.",
            Shape.COUNT,
            "",
            AUTOMATION,
            readings.critical_issues,
            is_better_higher=False,
        ),
        Goal(0, at_least=False),
        "no critical issue",
    ),
    Metric(
        _own(
            "velocity",
            "Delivered changes a week",
            "Generated changes that people merged, by week, over the four weeks.",
            Shape.COUNT,
            "a week",
            PRODUCTIVITY,
            readings.velocity,
        ),
        Goal(5, Against.TIMES),
        "5 times as many as before",
        past="features delivered a week",
    ),
    Metric(
        _own(
            "production_bugs",
            "Production bugs",
            "Defects found in production in the four weeks, by week, as trackers told of them. By origin: those whose "
            "fix changed or removed lines mostly of it; a fix that only adds lines tells of none.",
            Shape.COUNT,
            "a week",
            PRODUCTIVITY,
            readings.production_bugs,
            is_better_higher=False,
        ),
        Goal(0.8, Against.LESS),
        "80 % fewer than before",
        past="bugs found in production a week",
        by_origin=readings.production_bugs,
    ),
    Metric(
        _own(
            "documentation_time",
            "Time for a page of documentation",
            "Minutes from asking for a page until it is written: the median over the pages of the four weeks.",
            Shape.MEDIAN,
            "min",
            PRODUCTIVITY,
            readings.documentation_time,
            is_better_higher=False,
        ),
        Goal(0.95, Against.LESS),
        "95 % less than before",
        past="minutes of work for a page of documentation",
        unrecorded="The time that people take to read and correct a page is not recorded: the goal is never said met.",
    ),
    Metric(
        _own(
            "refactoring_speed",
            "Improvements applied a week",
            "Proposals for better code, also to repay debt, that people applied, by week, over the four weeks.",
            Shape.COUNT,
            "a week",
            PRODUCTIVITY,
            readings.refactoring_speed,
        ),
        Goal(10, Against.TIMES),
        "10 times as fast as before",
        past="architecture improvements made a week",
    ),
    Metric(
        _own(
            "patterns_known",
            "Patterns found",
            "Structures that recur, as the last mining of each repository found them.",
            Shape.COUNT,
            "",
            INNOVATION,
            readings.patterns_known,
        ),
    ),
    Metric(
        _own(
            "patterns_new",
            "New patterns",
            "By how many the patterns found grew in four weeks: those of today without those of the sample of then.",
            Shape.COUNT,
            "",
            INNOVATION,
            readings.patterns_new,
        ),
        Goal(50),
        "50 new ones a month",
    ),
    Metric(
        _own(
            "optimisation",
            "Time that approved code saves",
            "By how much a call of the approved candidate takes less time than of the code that it replaces, at the "
            "largest input that both were measured on: the median over requests approved in the four weeks.",
            Shape.MEDIAN,
            "%",
            INNOVATION,
            readings.optimisation,
        ),
        Goal(0.4),
        "40 % or more",
    ),
    Metric(
        _own(
            "lessons",
            "Lessons from decisions",
            "Requests whose decision by people taught something about candidates: which was right, and why others were "
            "not. All since the beginning.",
            Shape.COUNT,
            "",
            INNOVATION,
            readings.lessons,
            version=2,
        ),
        Goal(1000),
        "1,000 or more",
    ),
    Metric(
        _own(
            "evolution_rate",
            "Plans to improve the architecture",
            "Plans that were made from a snapshot of an architecture in the four weeks.",
            Shape.COUNT,
            "",
            INNOVATION,
            readings.evolution_rate,
        ),
        Goal(1),
        "one a month",
    ),
    Metric(
        _own(
            "time_to_market",
            "From specification to merge",
            "Days from submitting a specification to its merge: the median over the merges of the four weeks.",
            Shape.MEDIAN,
            "days",
            BUSINESS,
            readings.time_to_market,
            is_better_higher=False,
            unit_one="day",
        ),
        Goal(0.7, Against.LESS),
        "70 % shorter than before",
        past="days from a specification to production",
    ),
    Metric(
        _own(
            "change_cost",
            "Cost of a change",
            "US dollars of all calls of models in the four weeks for each request approved in them.",
            Shape.MEDIAN,
            "USD",
            BUSINESS,
            readings.change_cost,
            is_better_higher=False,
        ),
        Goal(0.6, Against.LESS),
        "60 % less than before",
        past="US dollars for a change",
        unrecorded="What people and machines cost is not recorded: the goal is never said met.",
    ),
    Metric(
        _own(
            "change_failure",
            "Changes taken back",
            "Merges of generated changes that a commit of the default branch took back, of those merged in the four "
            "weeks.",
            Shape.RATE,
            "%",
            BUSINESS,
            readings.change_failure,
            is_better_higher=False,
        ),
        Goal(0.9, Against.LESS),
        "quality 90 % better than before",
        past="share of changes taken back, from 0 to 1",
    ),
    Metric(
        _own(
            "debt_change",
            "Change of technical debt",
            "By which share the minutes to repay all debt changed over the four weeks, in repositories that were "
            "assessed before and in them.",
            Shape.RATE,
            "%",
            BUSINESS,
            readings.debt_change,
            is_better_higher=False,
        ),
        Goal(0, at_least=False),
        "falls, or stays at none",
    ),
    Metric(
        _own(
            "innovation_velocity",
            "Innovations a week",
            "Improvements that people applied and plans for the architecture, by week, over the four weeks.",
            Shape.COUNT,
            "a week",
            BUSINESS,
            readings.innovation_velocity,
        ),
        Goal(1, Against.TIMES),
        "more than before",
        past="improvements made a week",
    ),
    _by_origin(
        "line_share",
        "Lines by origin",
        "Lines at the newest commits whose last change of meaning is of the chosen origin, of all lines that are not "
        "blank; for All, those of candidates. All lines are counted, so it has no interval.",
        readings.line_share,
    ),
    _by_origin(
        "line_rework",
        "Lines changed again",
        "Lines of the chosen origin that were changed or removed within 21 days, of those whose 21 days ended in the "
        "four weeks. Moves and new layout are no change.",
        readings.line_rework,
        is_better_higher=False,
    ),
    _by_origin(
        "line_survival",
        "Lines that live for twelve weeks",
        "Kaplan-Meier estimate at 84 days for lines of the chosen origin, with Greenwood's interval; for All, those of "
        "candidates. Of several repositories, the one where it is smallest.",
        readings.line_survival,
    ),
)
