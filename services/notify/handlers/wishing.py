"""What people wish: read and changed by themselves, or by staff to whom they said it."""

from __future__ import annotations

from chassis.call import Call, Role
from chassis.errors import Aborted, FailedPrecondition, NotFound, PermissionDenied
from chassis.store import Reader, Store, Tx, etag_of
from services.notify.domain.address import Owner
from services.notify.domain.message import Channel
from services.notify.domain.permission import NEED_PROOF
from services.notify.domain.preferences import Preferences
from services.notify.domain.wish_commands import ChangeChannel, PutPreferences, WishesView
from services.notify.ports.consent import Directory, Shelves

OTHERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class Wishing:
    """Language, channels, hours, stops."""

    def __init__(self, store: Store, shelves: Shelves) -> None:
        self._store = store
        self._wishes = shelves.wishes
        self._directory = shelves.directory

    def get(self, call: Call, recipient_id: str) -> WishesView:
        """The recipient's wishes; the defaults where nothing was ever said."""

        def look(reader: Reader) -> WishesView:
            owner = owner_of(reader, self._directory, recipient_id)
            return self._view(reader, self._wishes.preferences(reader, owner))

        return self._store.read(call, look)

    def put(self, call: Call, command: PutPreferences) -> WishesView:
        """From now on like this. What was stopped stays stopped."""

        def change(tx: Tx) -> WishesView:
            owner = owner_of(tx, self._directory, command.recipient_id)
            preferences = self._wishes.preferences(tx, owner)
            if command.etag and command.etag != etag_of(preferences):
                raise Aborted("ETAG_STALE", "changed since it was read; read it again")
            preferences.wish(
                language=command.language, channels=command.channels, hours=command.hours
            )
            return self._view(tx, self._wishes.keep_preferences(tx, preferences))

        return self._store.transact(call, change)

    def stop(self, call: Call, command: ChangeChannel) -> WishesView:
        """Nothing goes out by the channel any more; a text stays stopped for whoever has it."""

        def change(tx: Tx) -> WishesView:
            owner = owner_of(tx, self._directory, command.recipient_id)
            preferences = self._wishes.preferences(tx, owner)
            preferences.stop(command.channel)
            number = self._directory.address_key(tx, owner.id, Channel.SMS)
            if command.channel is Channel.SMS and number:
                self._wishes.keep_stop(tx, number, is_stopped=True, origin="told")
            return self._view(tx, self._wishes.keep_preferences(tx, preferences))

        return self._store.transact(call, change)

    def resume(self, call: Call, command: ChangeChannel) -> WishesView:
        """The recipient, and nobody in their place, wants the channel again."""
        if command.recipient_id != call.actor.subject:
            raise PermissionDenied("PREFERENCES_OF_ANOTHER", "only the recipient takes a stop back")

        def change(tx: Tx) -> WishesView:
            owner = owner_of(tx, self._directory, command.recipient_id)
            preferences = self._wishes.preferences(tx, owner)
            if command.channel is Channel.SMS and self._is_text_stopped(tx, owner.id):
                raise FailedPrecondition("START_REQUIRED", "text START from the stopped number")
            preferences.resume(command.channel)
            return self._view(tx, self._wishes.keep_preferences(tx, preferences))

        return self._store.transact(call, change)

    def _is_text_stopped(self, reader: Reader, owner_id: str) -> bool:
        number = self._directory.address_key(reader, owner_id, Channel.SMS)
        return bool(number) and self._wishes.is_stopped(reader, number)

    def _view(self, reader: Reader, preferences: Preferences) -> WishesView:
        id = preferences.recipient_id
        texts = {Channel.SMS} if self._is_text_stopped(reader, id) else set()
        verified = {
            channel
            for channel in NEED_PROOF
            if self._wishes.is_proved(reader, id, self._directory.address_key(reader, id, channel))
        }
        return WishesView(preferences, preferences.stopped | texts, frozenset(verified))


def owner_of(reader: Reader, directory: Directory, recipient_id: str) -> Owner:
    """Whom the caller speaks of; NotFound where nobody ever said how they are reached.

    PermissionDenied("PREFERENCES_OF_ANOTHER"): of other staff only supervisors may speak.
    """
    if (owner := directory.owner(reader, recipient_id)) is None:
        raise NotFound("NOT_FOUND", "no such resource")
    actor = reader.call.actor
    if not owner.is_patient and owner.id != actor.subject and not OTHERS & actor.roles:
        raise PermissionDenied("PREFERENCES_OF_ANOTHER", "staff speak for themselves only")
    return owner
