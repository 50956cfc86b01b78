"""What is committed comes through a feed once, in order, at places that all processes share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from chassis.clock import DatabaseClock
from chassis.ids import new_id
from chassis.store import Store
from chassis.store.feed import Change, Feed, Place, place_of
from tests.waiting import eventually


class Notebook:
    """Writes down what a feed tells."""

    def __init__(self) -> None:
        self.begins: list[Place] = []
        self.changes: list[Change] = []
        self.ends: list[Place] = []

    def begun(self, place: Place) -> None:
        self.begins.append(place)

    def take(self, change: Change) -> None:
        self.changes.append(change)

    def reached(self, place: Place) -> None:
        self.ends.append(place)

    @property
    def values(self) -> list[int]:
        return [change.document["value"] for change in self.changes]


@pytest.fixture
def store(mongo_client: MongoClient[dict[str, Any]], test_name: str) -> Iterator[Store]:
    yield Store(mongo_client, test_name, service="test", clock=DatabaseClock(mongo_client))
    mongo_client.drop_database(test_name)


def followed(store: Store, notebook: Notebook, lookback_seconds: int = 0) -> Feed:
    feed = Feed(store, "things", notebook, lookback_seconds=lookback_seconds)
    feed.start()
    eventually(lambda: notebook.begins, within=10)
    return feed


def test_each_version_of_a_document_comes_once_and_in_order(store: Store) -> None:
    notebook = Notebook()
    feed = followed(store, notebook)
    things = store.database["things"]
    id = new_id()
    things.insert_one({"_id": id, "value": 1})
    things.replace_one({"_id": id}, {"value": 2})
    things.replace_one({"_id": id}, {"value": 3})
    store.database["others"].insert_one({"value": 9})

    eventually(lambda: len(notebook.changes) == 3, within=10)
    feed.stop()

    assert notebook.values == [1, 2, 3]
    places = [change.place for change in notebook.changes]
    assert places == sorted(places)
    assert notebook.begins[0] < places[0]


def test_one_commit_of_several_documents_has_a_place_for_each(store: Store) -> None:
    notebook = Notebook()
    feed = followed(store, notebook)
    things = store.database["things"]
    with (
        store.database.client.start_session() as session,
        session.start_transaction(),
    ):
        for value in (1, 2, 3):
            things.insert_one({"value": value}, session=session)

    eventually(lambda: len(notebook.changes) == 3, within=10)
    feed.stop()

    places = [change.place for change in notebook.changes]
    assert [place.number for place in places] == [0, 1, 2]
    assert len({place[:2] for place in places}) == 1


def test_two_processes_give_the_same_places(store: Store) -> None:
    first, second = Notebook(), Notebook()
    feeds = [followed(store, first), followed(store, second)]
    store.database["things"].insert_many([{"value": value} for value in range(20)])

    eventually(lambda: len(first.changes) == len(second.changes) == 20, within=10)
    for feed in feeds:
        feed.stop()

    assert [each.place for each in first.changes] == [each.place for each in second.changes]


def test_a_process_that_starts_later_looks_back(store: Store) -> None:
    store.database["things"].insert_one({"value": 1})
    notebook = Notebook()
    feed = followed(store, notebook, lookback_seconds=60)

    eventually(lambda: notebook.values == [1], within=10)
    feed.stop()

    assert notebook.begins[0] < notebook.changes[0].place


def test_a_quiet_feed_still_knows_how_far_it_has_come(store: Store) -> None:
    notebook = Notebook()
    feed = followed(store, notebook)
    store.database["others"].insert_one({"value": 9})

    reached = eventually(lambda: notebook.ends, within=20)
    store.database["things"].insert_one({"value": 1})
    eventually(lambda: notebook.changes, within=10)
    feed.stop()

    assert notebook.begins[0] <= reached[0] < notebook.changes[0].place


def test_a_stream_that_is_cut_goes_on_where_it_was(
    store: Store, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    notebook = Notebook()
    feed = followed(store, notebook)
    things = store.database["things"]

    for value in range(6):
        eventually(lambda: _killed(mongo_client, store.database.name), within=10)
        things.insert_one({"value": value})
    eventually(lambda: len(notebook.changes) == 6, within=20)
    feed.stop()

    assert notebook.values == [0, 1, 2, 3, 4, 5]
    assert len(notebook.begins) == 1


def test_a_token_of_an_unknown_form_says_nothing() -> None:
    assert place_of(None) is None
    assert place_of({"_data": "90abc"}) is None
    assert place_of({"_data": "82zzzzzzzzzzzzzzzzzz"}) is None
    assert place_of({"_data": "82000000010000000200"}) == Place(1, 2, -1)


def _killed(client: MongoClient[dict[str, Any]], database: str) -> int:
    """The server forgets the feeds' cursors, as in a restart; how many."""
    killed = 0
    found = client.admin.aggregate([{"$currentOp": {"idleCursors": True, "allUsers": True}}])
    for each in found:
        cursor = each.get("cursor", {})
        comment = cursor.get("originatingCommand", {}).get("comment", "")
        if each.get("ns", "").startswith(f"{database}.") and "feed" in str(comment):
            client[database].command("killCursors", "$cmd.aggregate", cursors=[cursor["cursorId"]])
            killed += 1
    return killed
