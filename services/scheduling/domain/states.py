"""The jurisdictions that license, and the time zone in which each one's days begin and end.

Where a state lies in two zones, its day ends with the eastern one: authority never lasts longer
than any reading of the law gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

_ZONES = {
    "America/New_York": "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC TN VA VT WV",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TX WI",
    "America/Denver": "AZ CO ID MT NM NV OR UT WY",  # parts of AZ, NV and OR keep Denver's clocks
    "America/Los_Angeles": "CA WA",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
    "America/Puerto_Rico": "PR VI",
    "Pacific/Guam": "GU MP",
    "Pacific/Pago_Pago": "AS",
}
STATE_ZONES: Mapping[str, str] = MappingProxyType(
    {state: zone for zone, states in _ZONES.items() for state in states.split()}
)


def is_state(code: str) -> bool:
    """True for the two-letter code of a state, the District or a territory."""
    return code in STATE_ZONES


def zone_of(state: str) -> ZoneInfo:
    """The zone in which the state's days are counted."""
    return ZoneInfo(STATE_ZONES[state])
