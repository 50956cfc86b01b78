"""Parts of lists, newest first."""

from __future__ import annotations

from typing import TypeVar

from chassis.call import Call
from chassis.store import Filter, Page, Store
from services.intake.domain.commands import ListPage
from services.intake.ports import Book, EpisodeBook

NEWEST_FIRST = "-create_time"
Row = TypeVar("Row")


def page_of(call: Call, book: Book[Row], command: ListPage, filter: Filter) -> Page[Row]:
    """A part of the list that matches; each patient on it has an audit row."""
    return book.page(
        call,
        filter,
        page_size=command.page_size,
        page_token=command.page_token,
        order_by=NEWEST_FIRST,
    )


def of_somebody(
    page: Page[Row], call: Call, command: ListPage, *, store: Store, episodes: EpisodeBook
) -> Page[Row]:
    """The page, unless it is empty because the tenant has no such patient: NotFound."""
    if command.patient_id and not page.items and not command.page_token:
        store.read(call, lambda reader: episodes.of(reader, command.patient_id))
    return page
