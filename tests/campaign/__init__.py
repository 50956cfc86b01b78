"""Processes die at random while people are in danger; the mail server's own log is the judge.

`make campaign` kills 200 times and asks how late pages were; `make test` plays a version with ten
kills that asks everything else.
"""
