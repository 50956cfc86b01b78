"""Collections that more than one part of the store works on."""

CASES, ACTS = "cases", "case_acts"
