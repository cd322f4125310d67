"""What a notebook shows: plain text first, pictures and widgets over the same data.

``text`` makes tables and lists, ``pictures`` and ``vpc_picture`` draw SVG with words for it, ``widgets`` adds buttons
where they can be shown. It gets plain values and reads nothing.
"""
