"""The service's documents: transactions, audited reads, aggregates, indexes, the outbox's rows."""

from chassis.store.attempt import Attempt, Contended
from chassis.store.audit_rows import AUDIT
from chassis.store.engine import CROSS_TENANT, Document, Filter, Index
from chassis.store.indexes import CHASSIS_INDEXES, due_index
from chassis.store.mongo import connect
from chassis.store.once import AlreadyAnswered, AlreadyDone, request_key
from chassis.store.outbox_rows import OutboxRow, Pending
from chassis.store.paging import Page
from chassis.store.reader import Reader
from chassis.store.repository import Aggregate, Repository, etag_of
from chassis.store.shared_rows import Ahead
from chassis.store.store import AfterCommit, Store
from chassis.store.transaction import Tx

__all__ = [
    "AUDIT",
    "CHASSIS_INDEXES",
    "CROSS_TENANT",
    "AfterCommit",
    "Aggregate",
    "Ahead",
    "AlreadyAnswered",
    "AlreadyDone",
    "Attempt",
    "Contended",
    "Document",
    "Filter",
    "Index",
    "OutboxRow",
    "Page",
    "Pending",
    "Reader",
    "Repository",
    "Store",
    "Tx",
    "connect",
    "due_index",
    "etag_of",
    "request_key",
]
