"""What goes on in a room: shown to whoever comes, ended with the session."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.store import Tx
from services.sessions.domain.case import are_settled
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.mood import MoodCheckIn
from services.sessions.domain.participant import Participant
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.quality import Quality
from services.sessions.domain.roles import Right, may
from services.sessions.domain.session import Session
from services.sessions.domain.views import Activity, RaisedHand
from services.sessions.handlers.polls import closed, open_poll
from services.sessions.ports import Policies, Records


class Activities:
    """Read with the door's own transaction; what staff are shown of patients is on record."""

    def __init__(self, records: Records, policies: Policies) -> None:
        self._records, self._policies = records, policies

    def seen_by(
        self, tx: Tx, session: Session, place: Participant, present: Sequence[Participant]
    ) -> Activity:
        """As far as this participant may know it."""
        raised = sorted(
            (each for each in present if each.hand_number), key=lambda each: each.hand_number
        )
        poll = open_poll(self._records, tx, session)
        policy = self._policies(tx.call.tenant_id)
        is_staff = may(place.role, Right.HEAR_ALARMS)
        return Activity(
            hands=tuple(RaisedHand(each.alias, each.role, each.hand_number) for each in raised),
            poll=poll.view(policy, by=place.person_id) if poll else None,
            chat_risks=self._chat_risks(tx, session) if is_staff else (),
            moods=self._moods(tx, session) if is_staff else (),
        )

    def qualities(self, tx: Tx, session: Session) -> dict[str, Quality]:
        """The last report of each participant, by the participant's id; for staff."""
        found = self._records.qualities.find(tx, {"session_id": session.id})
        return {each.id: each for each in found}

    def _chat_risks(self, tx: Tx, session: Session) -> tuple[tuple[ChatRisk, str], ...]:
        """What was written here and is not known to be settled, oldest first."""
        found = self._records.chat_risks.find(tx, {"session_id": session.id})
        patients = {each.patient_id for each in found}
        cases = {each: self._records.cases.find(tx, {"patient_id": each}) for each in patients}
        open_ = [
            risk
            for risk in sorted(found, key=lambda risk: (risk.raise_time, risk.number, risk.id))
            if not are_settled(cases[risk.patient_id], risk.raise_time)
        ]
        return tuple((risk, self._named(tx, session, risk.patient_id, risk.id)) for risk in open_)

    def _moods(self, tx: Tx, session: Session) -> tuple[tuple[MoodCheckIn, str], ...]:
        """The newest of each patient, as it came."""
        found = self._records.moods.find(tx, {"session_id": session.id})
        ordered = sorted(found, key=lambda mood: (mood.give_time, mood.id))
        newest = {mood.patient_id: mood for mood in ordered}.values()
        return tuple((mood, self._named(tx, session, mood.patient_id, mood.id)) for mood in newest)

    def _named(self, tx: Tx, session: Session, patient_id: str, resource_id: str) -> str:
        tx.touch(patient_id, resource_id)
        return self._records.copies.alias(tx, patient_id, session.schedule.group_id)


def wind_up(records: Records, tx: Tx, session: Session, policy: SessionsPolicy) -> None:
    """The session is over: a poll that is open is closed, and how connections worked is gone."""
    poll = open_poll(records, tx, session)
    if poll is not None:
        closed(records, tx, poll, policy)
    for quality in records.qualities.find(tx, {"session_id": session.id}):
        records.qualities.forget(tx, quality.id)
