"""A tenant's numbers. Payers and states differ, so every one can be set per tenant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchedulingPolicy:
    """What the program allows; defaults are Haven's, to be confirmed before clinical use."""

    group_capacity_min: int = 3  # below this it is not a group; program default
    process_capacity_max: int = 10  # process groups hold 8-10; Arizona Medicaid pays up to 8
    skills_capacity_max: int = 12  # the cap most payers share; California DMC-ODS: 2-12
    education_capacity_max: int = 12  # as for skills
    weekly_minutes_max: int = 19 * 60  # intensive outpatient ends at 19 hours a week (NC SAIOP)
    series_weeks_max: int = 26  # programs run 6-16 weeks, substance use 90 days and more
    temporary_practice_days_max: int = 30  # graces range from days to a month; to be confirmed
    countable_day_minutes: int = 180  # HCPCS H0015: at least 3 hours a day
