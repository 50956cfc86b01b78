"""People are in danger while what they need fails; the mail server's own log is the judge.

`make campaign` kills processes at random, 200 times, and asks how late pages were. `make test`
plays a version with ten kills that asks everything else, and others with a broker that is away,
wrong clocks, and events that come again and again.
"""
