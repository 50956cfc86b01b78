"""The auditor process of crisis: `python -m services.crisis.auditor`.

Independent of the other three: plain threads, no queue to consume, no call to make. It reads what
is stored, finds what should have happened and did not, mends what is safe to mend, and calls for
help itself every few minutes to see whether help comes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from chassis.lease import Leases
from chassis.log import failure, get_logger
from chassis.outbox.loops import Loops
from chassis.process import Process, opened
from chassis.settings import SettingsError, load
from chassis.telemetry import metrics
from chassis.topology import load_catalogue
from services.crisis.bootstrap import SERVICE, audit_of_process, drill_periods
from services.crisis.gateways.dead_queues import BrokerDeadQueues
from services.crisis.rounds import LEASE_SECONDS, AuditRounds, DeadLetterRounds, DrillRounds, Pace
from services.crisis.settings import CrisisSettings

# Whose crisis-class events can lie in a dead queue.
SERVICES = ("intake", "scheduling", "sessions", "crisis", "notify")
STOP_SECONDS = 8.0
LOOK_SECONDS = 1.0
# So many rounds may be missed before the process is taken for dead, and at least so long.
SILENT_ROUNDS, SILENT_SECONDS = 4, 60.0

log = get_logger("auditor")


class Auditor:
    """Everything the auditor runs, from start to stop."""

    def __init__(self, process: Process, settings: CrisisSettings) -> None:
        audit = audit_of_process(process)
        leases, store, ids = Leases(process.store), process.store, process.tenants.ids
        period = settings.audit_period_seconds
        pace = Pace(period, store.clock.now)
        self._loops = Loops()
        self._silence = max(SILENT_SECONDS, SILENT_ROUNDS * period)
        self._rounds = AuditRounds(
            audit.auditing,
            ids,
            lease=leases.lease("audit", ttl=LEASE_SECONDS),
            pace=pace,
        )
        self._loops.start("audit", self._rounds)
        dead_letters = DeadLetterRounds(
            audit.auditing,
            BrokerDeadQueues(settings.amqp_uri.reveal(), load_catalogue(SERVICES)),
            ids,
            lease=leases.lease("audit.dead-letters", ttl=LEASE_SECONDS),
            pace=pace,
        )
        self._loops.start("dead-letters", dead_letters)
        periods = drill_periods(process.tenants) if settings.drills else {}
        if periods:
            lease = leases.lease("audit.drills", ttl=LEASE_SECONDS)
            self._loops.start("drills", DrillRounds(audit.drills, periods, lease=lease))

    def is_turning(self) -> bool:
        """False once a loop has ended or hangs."""
        return self._loops.is_alive()

    def is_alive(self) -> bool:
        """False also once the last finished round is too old."""
        age = time.monotonic() - self._rounds.finished
        return self.is_turning() and age < self._silence

    def stop(self) -> bool:
        """End every loop after its turn and give the leases back; True where all did in time."""
        return self._loops.close(within=STOP_SECONDS)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    threading.excepthook = _tell
    try:
        settings = load(CrisisSettings, prefix=SERVICE)
        with opened(settings, "auditor") as process:
            auditor = Auditor(process, settings)
            endpoint = metrics.serve(
                settings.auditor_metrics_address, auditor.is_alive, alive=auditor.is_alive
            )
            # One with a broken loop ends, to be started anew. Whether rounds that are not finished
            # are its own fault, or the database's, is for whoever probes it to decide.
            while not told.wait(LOOK_SECONDS) and auditor.is_turning():
                continue
            is_clean = auditor.stop() and told.is_set()
            endpoint.close()
    except SettingsError as error:
        raise SystemExit(str(error)) from None
    log.info("auditor.ended", state="clean" if is_clean else "cut-off")
    sys.stderr.flush()
    os._exit(0 if is_clean else 1)


def _tell(broken: threading.ExceptHookArgs) -> None:
    """A thread's unexpected end is told without the exception's text."""
    name = broken.thread.name if broken.thread else ""
    if broken.exc_value is not None:
        log.error("auditor.broken", job=name, **failure(broken.exc_value))


if __name__ == "__main__":
    main()
