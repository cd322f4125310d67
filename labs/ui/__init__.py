"""What a notebook shows: plain text first, pictures and widgets over the same data.

``text`` makes tables and lists, ``pictures`` and ``vpc_picture`` draw SVG with words for it, and ``figure`` puts a
picture and its tables together. ``card`` shows a verdict, ``policy_cell`` a policy that was written, ``time_line`` the
calls of a push, ``live`` work that goes on; ``html`` and ``outputs.css`` are their frame, ``cell`` is where they are
shown, ``widgets`` has the buttons. It gets plain values and reads nothing.
"""
