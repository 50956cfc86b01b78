"""What notify does when time passes: messages whose attempt is due are tried, people reminded.

Pages have a loop, a lease and threads of their own: nothing else can stand before one.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.timers import DueWork
from services.notify.bootstrap import Notify
from services.notify.shelves.reminders import PLANNED_SESSIONS, REMIND_DUE
from services.notify.store import CRISIS_DUE, MESSAGES, OTHER_DUE


def due_work(notify: Notify) -> Sequence[DueWork]:
    """Every kind of due work; the use case itself checks again whether it is due."""
    return [
        DueWork("crisis-messages", MESSAGES, CRISIS_DUE, notify.sending.send),
        DueWork("other-messages", MESSAGES, OTHER_DUE, notify.sending.send),
        DueWork("session-reminders", PLANNED_SESSIONS, REMIND_DUE, notify.reminding.remind),
    ]
