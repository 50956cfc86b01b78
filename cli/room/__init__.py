"""A live room in a terminal: as lines to pipe, or as a screen to sit at.

typed     what somebody types, as what they want
view      frames in, lines and state out; with `signals` and `words`
door      how a client reaches the service
attendance  one stay over as many connections as it takes
visit     all of it together: what is typed is done, once and in order
plain, screen  two faces of the same visit
trial     a room to try it in
"""
