"""The trainee's side of the course as a whole: their own desk, where they are, what is true, and what comes next.

``copies`` keeps the notebooks: laid out at ``labs start``, put together with the course's newer ones (``merge``),
new when a stage is begun again (``afresh``); ``place`` says which of them opens. ``reading.course`` builds a
``view.CourseView``, which ``as_text`` and ``as_json`` show; ``watching`` keeps it true while one works, in a process of
its own, ``server`` hands it to JupyterLab, and ``labextension/`` draws it. ``report`` tells what failed, what fixed it,
and how long it took, for the trainee and whoever they hand it to.
"""
