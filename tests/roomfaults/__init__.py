"""Groups meet while processes, broker, database and clocks fail, and while people send nonsense.

Every participant has a device of their own: a channel, a token, and cursors to come again by.
"""
