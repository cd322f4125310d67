"""The trainee's side of the course as a whole: their own desk, where they are, what is true, and what comes next.

``copies`` keeps the notebooks: laid out at ``labs start``, put together with the course's newer ones (``merge``),
new when a stage is begun again (``afresh``). ``place`` says which of them opens. ``report`` tells what failed, what
fixed it, and how long it took, for the trainee and whoever they hand it to.
"""
