"""What Haven needs of the MongoDB server itself, beyond being a replica set."""

from __future__ import annotations

import pymongo
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from chassis.store.engine import Document
from chassis.store.faults import translation

# A process that dies inside a transaction leaves its locks behind until the server ends the
# transaction: 60 s by default (measured 89 s), in which nobody can change the same case. With 1 s
# measured 1.4 s. Haven's own transactions take milliseconds.
TRANSACTION_LIFETIME_SECONDS = 1
PARAMETER = "transactionLifetimeLimitSeconds"
SECONDS = 5.0


def transaction_lifetime(client: MongoClient[Document]) -> int | None:
    """Seconds that a dead process's locks can live; None where this login may not ask."""
    try:
        with pymongo.timeout(SECONDS):
            answer = client.admin.command({"getParameter": 1, PARAMETER: 1})
    except OperationFailure:
        return None
    return int(answer[PARAMETER])


def shorten_transaction_lifetime(client: MongoClient[Document]) -> None:
    """Set it until the server restarts; for a login that may. Its own start-up should set it."""
    with translation(), pymongo.timeout(SECONDS):
        client.admin.command({"setParameter": 1, PARAMETER: TRANSACTION_LIFETIME_SECONDS})
