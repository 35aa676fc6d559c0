"""Which papers may still be started, and how long the rest will take, judged by expected work and measured time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from summarizer.llm.probe import Rates
from summarizer.records import Completion
from summarizer.summarize.forecast import Work

K = TypeVar("K", bound=Hashable)

#: A paper that used up what was expected of it and is still not done has at least this share left.
_LEAST_LEFT = 0.05
#: Expected seconds of work that must be behind before the time left is told without a finished paper.
_TELLING_SECONDS = 30.0
#: Until something is measured: only the proportion counts, a written token costs about twice one that is read (1.5B model
#: on two cores, all slots at work).
USUAL_RATES = Rates(80.0, 45.0, 20.0, 16)


@dataclass(slots=True)
class _Started:
    expected_seconds: float
    spent_seconds: float = 0.0
    finished: bool = False

    @property
    def done_seconds(self) -> float:
        """Expected seconds that are behind: all of a finished paper, and what a running one has had of its own."""
        if self.finished:
            return self.expected_seconds
        return min(self.spent_seconds, (1 - _LEAST_LEFT) * self.expected_seconds)


class Pace(Generic[K]):
    """Keeps the books of one stage: papers by key, each started and finished once.

    Measured seconds over expected ones give a factor that covers both a slower machine and papers that cost more than was
    expected. Until the first paper is finished it is ``overhead``, what earlier runs took for each second by the rates.

    Args:
        works: what each pending paper is expected to cost.
        rates: as measured on this machine, or USUAL_RATES when nothing depends on the first papers.
        clock: seconds, the time that ``deadline`` is given in.
        deadline: no paper is started that would not be finished by then; None: no such limit.
        most: papers that may be started; None: no such limit.
    """

    def __init__(
        self,
        works: Mapping[K, Work],
        rates: Rates,
        *,
        clock: Callable[[], float],
        deadline: float | None = None,
        most: int | None = None,
        overhead: float = 1.0,
    ) -> None:
        self._works = works
        self._rates = rates
        self._clock = clock
        self._deadline = deadline
        self._most = most
        self._overhead = overhead
        self._started: dict[K, _Started] = {}
        self._first_start = 0.0

    @property
    def n_started(self) -> int:
        return len(self._started)

    @property
    def full(self) -> bool:
        """Whether as many papers were started as may be."""
        return self._most is not None and len(self._started) >= self._most

    @property
    def factor(self) -> float:
        """Measured seconds for each expected one."""
        if not any(paper.finished for paper in self._started.values()):
            return self._overhead
        done = sum(paper.done_seconds for paper in self._started.values())
        return (self._clock() - self._first_start) / done if done else self._overhead

    def may_start(self, key: K) -> bool:
        if self.full:
            return False
        return self._deadline is None or self._clock() + self.seconds_to_finish(key) <= self._deadline

    def seconds_to_finish(self, key: K) -> float:
        """Until this paper and those that are under way would be finished, if it were started now."""
        work = self._works[key]
        running = [other for other, paper in self._started.items() if not paper.finished]
        tail = max(self._works[other].tail_seconds(self._rates) for other in (*running, key))
        return self.factor * (self._running_seconds() + work.seconds(self._rates) + tail)

    def start(self, key: K) -> None:
        if not self._started:
            self._first_start = self._clock()
        self._started[key] = _Started(self._works[key].seconds(self._rates))

    def answered(self, key: K, completion: Completion) -> None:
        """An answer about a paper under way has come."""
        n_computed = completion.prompt_tokens - completion.prompt_tokens_reused
        spent = Work(prefill_tokens=n_computed, decode_tokens=completion.completion_tokens)
        self._started[key].spent_seconds += spent.seconds(self._rates)

    def finish(self, key: K) -> None:
        self._started[key].finished = True

    def seconds_left(self, waiting: Iterable[K]) -> float | None:
        """Until the papers under way and those of ``waiting`` that may be started are done; None: too early to say."""
        done = sum(paper.done_seconds for paper in self._started.values())
        if not any(paper.finished for paper in self._started.values()) and done < _TELLING_SECONDS:
            return None
        if not done:
            return None
        measured = (self._clock() - self._first_start) / done
        left = self._running_seconds()
        places = None if self._most is None else self._most - len(self._started)
        for key in list(waiting)[:places]:
            left += self._works[key].seconds(self._rates)
        seconds = measured * left
        return seconds if self._deadline is None else min(seconds, max(0.0, self._deadline - self._clock()))

    def _running_seconds(self) -> float:
        return sum(paper.expected_seconds - paper.done_seconds for paper in self._started.values())


def n_finished_within(works: Iterable[Work], rates: Rates, seconds: float) -> int:
    """How many papers a run would start, and so finish, within this time: in order, those that do not fit left out."""
    n, spent, tail = 0, 0.0, 0.0
    for work in works:
        longest = max(tail, work.tail_seconds(rates))
        if spent + work.seconds(rates) + longest <= seconds:
            n, spent, tail = n + 1, spent + work.seconds(rates), longest
    return n
