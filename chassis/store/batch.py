"""Many small requests of one tenant as one use case: one transaction, an outcome for each.

For what people do all the time and what leaves no audit row of its own: the use case gets all of
them at once and makes of them as few statements as it can. Each keeps its own once-key, is refused
by itself, and has no effect where it came before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from chassis.call import Call, RequestOnce
from chassis.errors import AlreadyExists, HavenError
from chassis.store.attempt import Attempt, Contended
from chassis.store.engine import Document, Rows
from chassis.store.once import ANSWERS, answer_row, answers, repeat_of, request_key
from chassis.store.transaction import Tx

T = TypeVar("T")
# Which of the requests have had no effect yet, by their places; what each of those came to.
Together = Callable[[Tx, Sequence[int]], Sequence[T | HavenError]]


class Batch(Attempt[list[T | Exception]]):
    """An attempt whose result is what each request came to, in their order.

    That is what the use case said of it, or AlreadyAnswered, or REQUEST_ID_REUSED.
    """

    def __init__(
        self,
        call: Call,
        fn: Together[T],
        *,
        requests: Sequence[Call],
        tries_once: bool,
        **parts: Any,
    ) -> None:
        """`call` is of the whole: its tenant is everybody's. `requests` have a RequestOnce each,
        all kept in the same way."""
        super().__init__(call, lambda _: [], **parts)
        self._together, self._requests = fn, [_request_of(call, each) for each in requests]
        self._tries_once, self._is_tried, self._looks = tries_once, False, False

    def run(self, rows: Rows) -> list[T | Exception]:
        """The use case, and the rows that stand for it, all of one transaction."""
        self.roll_back()
        if self._is_tried and self._tries_once and not self._looks:
            raise Contended
        self._is_tried = True
        try:
            return self._run(rows)
        except AlreadyExists:
            # Few requests come again: which did is asked only when an index has refused one.
            self._looks = True
            raise

    def _run(self, rows: Rows) -> list[T | Exception]:
        tx = self._tx = self._open_tx(self.call, rows)
        answers = Answers(rows, self.call.tenant_id, self._requests)
        if self._looks:
            answers.look(range(len(self._requests)))
        missing = answers.missing()
        results = dict(zip(missing, self._together(tx, missing), strict=True))
        tx.check()
        self._write_events(rows, tx)
        self._write_audit(rows, tx)
        if not self._looks:
            # What is refused now may have been done before: then that is its answer.
            answers.look([at for at, result in results.items() if isinstance(result, HavenError)])
        return answers.keep(results, tx.now)


class Answers:
    """The answers to some requests: those that were kept, and those that are to be."""

    def __init__(
        self, rows: Rows, tenant_id: str, requests: Sequence[tuple[Call, RequestOnce]]
    ) -> None:
        self._rows, self._tenant_id, self._requests = rows, tenant_id, requests
        self._keys = [request_key(call) for call, _ in requests]
        self._known: dict[str, Document] = {}

    def look(self, places: Iterable[int]) -> None:
        """Which of these were answered before."""
        asked = {self._keys[place]: self._requests[place][1] for place in places}
        self._known |= answers(self._rows, self._tenant_id, asked)

    def missing(self) -> list[int]:
        """Those that have no answer, as far as is known; of a request that is here twice the first,
        from which the second is answered."""
        places: dict[str, int] = {}
        for place, key in enumerate(self._keys):
            if key not in self._known:
                places.setdefault(key, place)
        return list(places.values())

    def keep(self, results: Mapping[int, Any], now: datetime) -> list[Any]:
        """Beside their effects; what every request came to."""
        made = {
            self._keys[place]: answer_row(*self._requests[place], result, now)
            for place, result in results.items()
            if not isinstance(result, HavenError)
        }
        if made and self._requests[0][1].effect is None:
            self._rows.insert(ANSWERS, list(made.values()))
        refused = {self._keys[place]: result for place, result in results.items()}
        done = {place for place in results if self._keys[place] in made}
        answered = {**self._known, **made}
        return [
            results[place] if place in done else self._other(place, answered, refused)
            for place in range(len(self._requests))
        ]

    def _other(self, place: int, answered: dict[str, Document], refused: dict[str, Any]) -> Any:
        key, (_, request) = self._keys[place], self._requests[place]
        return repeat_of(answered[key], request) if key in answered else refused[key]


def _request_of(whole: Call, call: Call) -> tuple[Call, RequestOnce]:
    if not isinstance(call.once, RequestOnce) or call.tenant_id != whole.tenant_id:
        raise AssertionError("a batch is made of requests of one tenant")
    return call, call.once
