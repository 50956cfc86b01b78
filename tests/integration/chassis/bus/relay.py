"""The publisher's relay process: an outbox, and no timers."""

from chassis.relay import relay_main
from chassis.settings import ProcessSettings

if __name__ == "__main__":
    relay_main(ProcessSettings, "crisis", lambda _settings, _process: [])
