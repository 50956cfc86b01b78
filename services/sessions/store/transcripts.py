"""The texts of a room's log, once nobody may keep them: they go, numbers, kinds and times stay."""

from __future__ import annotations

from datetime import datetime

from chassis.store import Tx
from services.sessions.domain.log import RoomEventKind


class TranscriptStore:
    """See ports.Transcripts."""

    def __init__(self, sessions: str, events: str, private_events: str) -> None:
        self._sessions, self._events, self._private = sessions, events, private_events

    def look_at(self, tx: Tx, session_id: str, at: datetime | None) -> None:
        """When the session's texts are looked at next; None = never again."""
        tx.update_one(self._sessions, {"_id": session_id}, {"$set": {"chat_look_time": at}})

    def empty(self, tx: Tx, session_id: str, limit: int) -> int:
        """Take the words out of some messages, on the record of who said them; how many."""
        spoken = {"log_key": session_id, "kind": RoomEventKind.CHAT.value, "text": {"$ne": ""}}
        found = tx.find(self._events, spoken, limit=limit, fields=("person_id",))
        ids = [each["_id"] for each in found]
        # A digest of few words is as good as the words.
        emptied = {"$set": {"text": "", "is_text_removed": True}, "$unset": {"fingerprint": ""}}
        tx.update_many(self._events, {"_id": {"$in": ids}}, emptied)
        for each in found:
            tx.touch(each["person_id"], session_id)
        return len(ids) + self._empty_words(tx, session_id, limit - len(ids))

    def _empty_words(self, tx: Tx, session_id: str, limit: int) -> int:
        """The same for private words, each of which lies in several people's logs."""
        if limit <= 0:
            return 0
        kept = {"private_word.session_id": session_id, "private_word.text": {"$ne": ""}}
        found = tx.find(self._private, kept, limit=limit, fields=("log_key",))
        ids = [each["_id"] for each in found]
        tx.update_many(self._private, {"_id": {"$in": ids}}, {"$set": {"private_word.text": ""}})
        return len(ids)
