"""The tenant's numbers for live sessions. [D] = a default that Haven proposes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.sessions.domain.group import GroupKind, LateRule
from services.sessions.domain.ledger import Counting


@dataclass(frozen=True, slots=True)
class SessionsPolicy:
    """One tenant's numbers; seconds where a name says so."""

    # The stream
    hello_seconds: float = 5.0  # [D] a client sends it with its first bytes
    heartbeat_seconds: float = 10.0  # [D] three to a silence
    silence_seconds: float = 30.0  # [D] three missed heartbeats end a connection
    text_length: int = 2000  # [D] characters of one chat message
    chat_burst: int = 10  # [D] messages at once
    chat_per_second: float = 2.0  # [D] faster than anybody types
    frame_burst: int = 100  # [D] frames of any kind at once, safety signals not counted
    frames_per_second: float = 20.0  # [D] a client that floods is shown out
    # Chat that is refused is looked at for danger all the same, a participant's at this pace.
    refused_chat_burst: int = 20  # [D] twice what may be said at once
    refused_chat_per_second: float = 0.2  # [D] a flood of lines is one worry, not hundreds
    # Hands, polls, moods, reactions, reports of quality: each participant's
    act_burst: int = 10  # [D]
    acts_per_second: float = 1.0  # [D]
    reaction_burst: int = 5  # [D]
    reactions_per_second: float = 0.5  # [D] a sign now and then, not applause as a machine makes it
    mood_burst: int = 5  # [D]
    moods_per_second: float = 0.1  # [D]
    quality_burst: int = 3  # [D]
    qualities_per_second: float = 0.2  # [D] a client measures for some seconds before it tells
    quality_quiet_seconds: float = 30.0  # [D] a connection that comes and goes is told once
    poll_question_length: int = 300  # [D] characters
    poll_option_length: int = 100  # [D] characters
    poll_options: int = 10  # [D] as many as fit a screen
    # [D] Below five, who knows one vote or two knows the others': the usual least cell of tables.
    poll_least_votes: int = 5
    # Moods, 0 to 10: what worries is program policy. clinical.md 1.1, own session check [D]: 4 or
    # less needs a look on the same day, and so does a drop of 3.
    mood_low: int = 4
    mood_very_low: int = 1  # [D]
    mood_drop: int = 3
    # From which severity on crisis hears of a mood, which may wake people. [D]: staff of the room
    # see every mood; whether a case is opened for one is for the program to say.
    mood_crisis: Literal["never", "low", "moderate"] = "never"
    # Who leads. features.md F8: promoted within 10 s; so staff is asked to be heard more often.
    lead_heartbeat_seconds: float = 2.5  # [D] three to a loss
    lead_silence_seconds: float = 7.5  # [D] leaves 2.5 s of the 10 to notice and to tell
    hold_call_seconds: float = 15.0  # [D] so long a room is held before somebody is called
    hold_recall_seconds: float = 300.0  # [D] so long nobody is called again for who comes later
    # The door
    lobby_seconds: float = 900.0  # [D] how long before the start patients may wait
    early_start_seconds: float = 600.0  # [D] how long before its time a session may begin
    overrun_seconds: float = 1800.0  # [D] a room that nobody closed is closed
    location_seconds: float = 14_400.0  # clinical.md 5.3: asked every session; [D] one day block
    join_ticket_seconds: float = 90.0  # features.md F3: from 60 to 120
    # False only while a tenant's clients do not bring tickets yet: the token alone opens doors.
    is_ticket_required: bool = True
    resume_seconds: float = 900.0  # [D] since somebody was last heard; longer than a tolerated gap
    # Who opened the room counts as present for so long before they come to it. [D]
    lead_seconds: float = 300.0
    # clinical.md 4.1 [D]: within 5 minutes is on time, after 15 the door of a process group is
    # closed, other groups welcome everybody at any time (inf = never).
    process_ask_seconds: float = 300.0
    process_close_seconds: float = 900.0
    skills_ask_seconds: float = math.inf
    skills_close_seconds: float = math.inf
    education_ask_seconds: float = math.inf
    education_close_seconds: float = math.inf
    # clinical.md 4.3: individual contact for a patient who is held; [D] as soon as a call after an
    # absence at risk.
    held_contact_seconds: float = 900.0
    # Attendance
    absent_seconds: float = 300.0  # clinical.md 4.1 and features.md F7: no-join at +5 min
    gap_seconds: float = 600.0  # clinical.md 4.1: disconnects of at most 10 min ...
    gap_total_seconds: float = 600.0  # ... summed
    record_seconds: float = 300.0  # [D] how often running minutes are told to others
    # The chat. [D] ten years, as long as Medicare's health plans keep records (42 CFR 422.504(d)):
    # what went too early is gone. The law of the tenant's states decides, for minors often longer.
    chat_kept_days: float = 3653.0  # from the session's end
    # The safety signal
    call_number: str = "988"  # clinical.md 5.4: call, text and chat at any hour
    signal_answer_seconds: float = 1.0  # [D] then the patient is told that nobody has it yet
    signal_retry_seconds: float = 120.0  # [D] how long a signal that is not stored is retried
    # clinical.md 5.1: never left alone; [D] for so long after a signal, going escalates it
    signal_watch_seconds: float = 600.0

    # Assignments
    time_zone: str = "America/New_York"  # [D] of patients whose own is not known
    assignment_remind_seconds: float = 86_400.0  # [D] the day before it is due
    assignment_again_seconds: float = 259_200.0  # [D] three days for what was given back
    assignment_expire_seconds: float = 1_209_600.0  # [D] two weeks late it is of no use any more
    assignment_text_length: int = 8000  # [D] characters of what is handed in

    # Boards
    board_posts_per_hour: int = 60  # [D] of one patient on one board; more is no talk any more
    board_report_seconds: float = 14_400.0  # [D] four hours until somebody has looked at a post
    board_report_repeat_seconds: float = 86_400.0  # [D] the supervisors hear of it again each day
    board_heartbeat_seconds: float = 10.0  # [D] of a stream on which nothing is written
    supervisor_id: str = "supervisor-pool"  # whom notify tells; the same as crisis' of the tenant

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
            raise ValueError("time_zone is no IANA time zone") from error
        if not 60 <= self.join_ticket_seconds <= 120:
            raise ValueError("join_ticket_seconds must be from 60 to 120")

    def late_rule(self, kind: GroupKind) -> LateRule:
        """How this kind of group treats those who come late."""
        match kind:
            case GroupKind.PROCESS:
                return LateRule(self.process_ask_seconds, self.process_close_seconds)
            case GroupKind.SKILLS:
                return LateRule(self.skills_ask_seconds, self.skills_close_seconds)
            case GroupKind.EDUCATION:
                return LateRule(self.education_ask_seconds, self.education_close_seconds)
            case GroupKind.UNKNOWN:
                return LateRule(math.inf, math.inf)

    @property
    def reach(self) -> timedelta:
        """After how long a silence staff cannot be relied on to lead."""
        return timedelta(seconds=min(self.lead_silence_seconds, self.silence_seconds))

    def beat_seconds(self, *, is_staff: bool) -> float:
        """How often somebody is asked to be heard."""
        if not is_staff:
            return self.heartbeat_seconds
        return min(self.lead_heartbeat_seconds, self.heartbeat_seconds)

    @property
    def counting(self) -> Counting:
        """What the attendance ledger needs to know."""
        return Counting(
            beat=timedelta(seconds=self.heartbeat_seconds),
            silence=timedelta(seconds=self.silence_seconds),
            gap=timedelta(seconds=self.gap_seconds),
            gap_total=timedelta(seconds=self.gap_total_seconds),
        )
