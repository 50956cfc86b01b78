"""The private call for help, and what its people are told while a case answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chassis.call import Call, Role
from chassis.errors import InvalidArgument, NotFound
from chassis.ids import derived_id
from chassis.store import Attempt, Store, Tx
from services.sessions.domain.case import Case
from services.sessions.domain.commands import (
    CaseStep,
    FollowCase,
    ForgetDrill,
    RaiseDrill,
    RaiseSignal,
)
from services.sessions.domain.events import Origin
from services.sessions.domain.lobby import LobbyState
from services.sessions.domain.log import PrivateEvent
from services.sessions.domain.session import Session
from services.sessions.domain.signal import Alarm, SafetySignal, raised
from services.sessions.domain.views import SignalView
from services.sessions.handlers.departures import Watch
from services.sessions.handlers.doors import STAFF
from services.sessions.handlers.lobby import Lobby
from services.sessions.handlers.roster import version_of
from services.sessions.ports import Policies, Records


def alarm_of(call: Call, command: RaiseSignal) -> Alarm:
    """Who presses for whom; the same key of the same person is the same signal everywhere."""
    by = call.actor.subject
    origin = origin_of(call)
    return Alarm(
        signal_id=derived_id("safety-signal", call.tenant_id, by, command.key.lower()),
        patient_id=by if origin is Origin.PATIENT else command.patient_id,
        raised_by=by,
        origin=origin,
        session_id=command.session_id,
    )


def origin_of(call: Call) -> Origin:
    """Who presses: staff and guests do it for somebody else."""
    if STAFF & call.actor.roles:
        return Origin.FACILITATOR
    return Origin.GUEST if call.has(Role.GUEST) else Origin.PATIENT


class Signals:
    """Stores signals and follows cases."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._watch = Watch(records, policies)
        self._lobby = Lobby(records, policies)

    def prepare(self, call: Call, command: RaiseSignal) -> Attempt[SignalView]:
        """For `raise_all`: keep the signal, tell crisis, the person and the room's staff; once per
        key. It belongs to the trace of this moment."""
        alarm = alarm_of(call, command)
        log = self._records.private_log.ahead(call, alarm.raised_by)
        ahead = [*self._records.signals.ahead(alarm.signal_id), *log]
        return self._store.prepare(call, lambda tx: self._raise(tx, alarm), ahead=ahead)

    def raise_all(self, presses: Sequence[Attempt[SignalView]]) -> list[SignalView | Exception]:
        """What each press came to: those that come together are stored together."""
        return self._store.transact_all(presses)

    def raise_for_drill(self, call: Call, command: RaiseDrill) -> None:
        """Keep the drill's signal and tell crisis, as for a patient alone; nobody is told of it."""
        id = command.drill_id
        alarm = Alarm(id, patient_id=id, raised_by=id, origin=Origin.PATIENT)

        def change(tx: Tx) -> None:
            if self._records.signals.peek(tx, id) is None:
                signal = raised(alarm, tx.now, location=None, recipient_ids=())
                self._records.signals.put(tx, signal)

        self._store.transact(call, change)

    def follow(self, call: Call, command: FollowCase) -> None:
        """Take a step of a case, and tell those whom it concerns."""
        self._store.transact(call, lambda tx: self._follow(tx, command, version_of(call)))

    def forget_drill(self, call: Call, command: ForgetDrill) -> None:
        """Remove a drill's signal and the copy of its case: no person's are under these ids."""

        def forget(tx: Tx) -> None:
            self._records.signals.forget(tx, command.drill_id)
            self._records.cases.forget(tx, command.case_id)

        self._store.transact(call, forget)

    def _raise(self, tx: Tx, alarm: Alarm) -> SignalView:
        number = self._policies(tx.call.tenant_id).call_number
        known = self._records.signals.peek(tx, alarm.signal_id)
        if known is not None:
            if known.patient_id != alarm.patient_id and alarm.origin is not Origin.GUEST:
                raise InvalidArgument("REQUEST_ID_REUSED", "this request_id came for another")
            return SignalView(known, number)
        session = self._session(tx, alarm)
        if alarm.origin is Origin.GUEST:
            alarm = self._about_whom(tx, alarm, session)
        location = self._records.locations.newest(tx, alarm.patient_id)
        signal = raised(
            alarm.in_session(session.id if session else ""),
            tx.now,
            location=location.told() if location else None,
            recipient_ids=_recipients(alarm, session),
        )
        self._records.signals.put(tx, signal)
        self._tell(tx, signal)
        if session is not None and alarm.origin is Origin.PATIENT:
            self._watch.see_gone(tx, signal, session)
        return SignalView(signal, number)

    def _session(self, tx: Tx, alarm: Alarm) -> Session | None:
        """The room it comes from. For a patient a wrong one is left out: help is not refused."""
        session = self._records.sessions.peek(tx, alarm.session_id) if alarm.session_id else None
        is_seated = session is not None and self._records.copies.is_seated(
            tx, session, alarm.patient_id
        )
        if alarm.origin is Origin.PATIENT:
            return session if is_seated else None
        if session is None:
            raise NotFound("NOT_FOUND", "no such session")
        grant = session.house.grant_of(alarm.raised_by)
        if alarm.origin is Origin.GUEST and grant is not None:
            return session
        if grant is None or alarm.origin is Origin.GUEST:
            session.require_staff(alarm.raised_by)
        if not is_seated:
            raise NotFound("NOT_FOUND", "no such patient in this session")
        return session

    def _about_whom(self, tx: Tx, alarm: Alarm, session: Session | None) -> Alarm:
        """Whom a guest means: who they said, where that patient has a seat; whose family they are;
        or it is not known. Help is not refused for that."""
        if session is None:
            return alarm
        if alarm.patient_id and self._records.copies.is_seated(tx, session, alarm.patient_id):
            return alarm
        grant = session.house.grant_of(alarm.raised_by)
        return replace(alarm, patient_id=grant.patient_id if grant else "")

    def _follow(self, tx: Tx, command: FollowCase, version: int) -> None:
        case = self._records.cases.peek(tx, command.case_id)
        case = case or Case(command.case_id, command.patient_id)
        case.patient_id = case.patient_id or command.patient_id
        _take(case, command, version)
        self._records.cases.put(tx, case)
        if command.step is CaseStep.OPENED and case.is_at_risk:
            self._see_at_doors(tx, case.patient_id)
        if command.is_merged:
            return  # nobody's call for help is over: it is told of by the case in which it goes on
        covered = {"_id": {"$in": sorted(case.signal_ids)}}
        for signal in self._records.signals.find(tx, covered):
            if signal.follow(case):
                self._records.signals.put(tx, signal)
                self._tell(tx, signal)

    def _see_at_doors(self, tx: Tx, patient_id: str) -> None:
        """Who waits already is at risk from now on: it is told as if they came at this moment."""
        for place in self._records.participants.near_rooms(tx, patient_id):
            session = self._records.sessions.peek(tx, place.session_id)
            if session is None or session.is_over or not place.is_waiting:
                continue
            party = self._records.participants.in_session(tx, session.id)
            self._lobby.vigil.see_waiting(tx, place, party)
            self._records.participants.put(tx, place)
            tx.touch(place.patient_id, place.id)
            state = LobbyState.WAITING
            self._lobby.tell_staff(tx, place, session, state, is_at_risk=True)

    def _tell(self, tx: Tx, signal: SafetySignal) -> None:
        """One event in the private log of each who must know; nothing anywhere else."""
        session_id = signal.alarm.session_id
        session = self._records.sessions.peek(tx, session_id) if session_id else None
        alias = ""
        if session is not None:
            group_id = session.schedule.group_id
            alias = self._records.copies.alias(tx, signal.patient_id, group_id)
        for person_id in signal.recipient_ids:
            self._records.private_log.append(tx, person_id, PrivateEvent(signal, tx.now, alias))


def _recipients(alarm: Alarm, session: Session | None) -> tuple[str, ...]:
    staff = session.staff if session else ()
    return tuple(dict.fromkeys((alarm.raised_by, *staff)))


def _take(case: Case, command: FollowCase, version: int) -> None:
    match command.step:
        case CaseStep.OPENED:
            case.open(command.signal_id, version, command.severity)
        case CaseStep.ESCALATED:
            case.escalate(version)
        case CaseStep.ACKNOWLEDGED:
            case.acknowledge(command.owner_role, version)
        case CaseStep.CONTACTED:
            case.contact(command.at, version)
        case CaseStep.RESOLVED:
            case.resolve(command.at, version)
