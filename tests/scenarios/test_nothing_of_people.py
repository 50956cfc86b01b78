"""After everything that people said and did: no log, metric or span tells of it, nor a stored name.

What is planted is what the story and the encore send: names, addresses, numbers, words, and the ids
of everybody who took part.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

import bson
import pytest
from pymongo import MongoClient

from cli.demo.cast import RIVERBEND, Story, email_of
from cli.demo.chapters.admission import ADDRESS, NUMBER
from cli.environment import SERVICES
from cli.stack import Stack

# Who they are and how they are reached; as it was sent.
IDENTITY = ("Sample First", "Sample Second-Patient", "Sample Contact", "@haven.example")
# Rests as ciphertext alone, like identity.
SEALED = ("Sample diary", "Sample answer", "Another sample answer", "Sample comment")
CONTACT = ("+1540555", "+12025550101", ADDRESS, NUMBER)
SAID = ("sample line", "Sample post", "a walk by the river", "we call this number")
WORDS = (*SEALED, *SAID)


def planted(story: Story) -> list[bytes]:
    """Everything that is nobody's business."""
    ids = [person.subject for person in story.people.values() if person.tenant == RIVERBEND]
    assert len(ids) > 5
    assert email_of("first").endswith("@haven.example")
    return [each.encode() for each in (*IDENTITY, *CONTACT, *WORDS, *ids)]


def found(in_what: bytes, story: Story) -> set[bytes]:
    return {each for each in planted(story) if each in in_what}


@pytest.fixture(scope="module")
def names(stack: Stack) -> list[str]:
    return sorted(stack.processes)


def test_no_log_line_tells_of_anybody(stack: Stack, story: Story, names: list[str]) -> None:
    told = {name: found(stack.log_of(name).read_bytes(), story) for name in names}
    assert {name: each for name, each in told.items() if each} == {}
    assert sum(stack.log_of(name).stat().st_size for name in names) > 1_000


def test_no_span_tells_of_anybody(stack: Stack, story: Story) -> None:
    spans = stack.environment.traces.read_bytes()
    assert spans.count(b"\n") > 100
    assert found(spans, story) == set()


def test_no_metric_tells_of_anybody(stack: Stack, story: Story) -> None:
    for process, address in stack.environment.metrics.items():
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:  # loopback
            scraped = answer.read()
        assert b"haven_" in scraped
        assert found(scraped, story) == set(), process


def test_nobodys_name_or_address_lies_in_a_database_as_plain_text(
    stack: Stack, mongodb_uri: str, story: Story
) -> None:
    assert story.people, "and they have all spoken"
    secret = [each.encode() for each in (*IDENTITY, *CONTACT, *SEALED)]
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        seen = {
            (collection, word)
            for collection, raw in _stored(client, stack)
            for word in secret
            if word in raw
        }
    assert seen == set()


def _stored(client: MongoClient[dict[str, Any]], stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Every document of every service as it lies there, events and kept answers included."""
    for service in SERVICES:
        variables = stack.processes[f"{service}-api"].environment
        database = client[variables.get(f"HAVEN_{service.upper()}_DATABASE", service)]
        assert database.list_collection_names()
        for name in database.list_collection_names():
            for document in database[name].find():
                yield f"{service}.{name}", bson.encode(document)
