"""AWS's own words, in one catalogue: what is said, in which case, and on what evidence. Nothing is worded elsewhere.

A text is one entry of a TOML file here, one file for each occasion (``ecs_stops``, ``ec2_errors``, ...)::

    ["manifest.no_tag"]
    case = "the repository has no such tag or digest"
    words = "CannotPullContainerError: ... failed to resolve ref {image}: {image}: not found"
    mark = "[field]"
    evidence = "stopped tasks of many accounts, 2025 and 2026"
    test = "fargate/test_start.py::test_the_start_stops_at_the_step_with_the_text_of[the_tag_was_never_pushed]"

To add one: write the entry with AWS's exact words, say it by its id (``texts("ecs_stops")["manifest.no_tag"]``), write
the test that makes the lab say it, and run ``labs docs build``. ``{name}`` is filled from the real objects. An error
has its ``code``, and its ``status`` where that is not the file's. ``older`` is the wording of before; ``also`` holds
forms that were seen, which are recognised and never said. ``mark`` tells the evidence: [doc] documentation of AWS,
[field] what people got from AWS, [src] source code, [inferred] our conclusion; a text that is ours is ``simulated``
and ends with ``(simulated wording)``. Never invent a text of AWS. ``tests/aws_texts`` walks the catalogue: ids are
unique and in use, the evidence is there, the values fit, the test exists.

A file is read when its first text is said. Imports nothing of ours.
"""

from labs.aws_texts.catalogue import FILES, SIMULATED, Mark, Text, Wording, texts

__all__ = ["FILES", "SIMULATED", "Mark", "Text", "Wording", "texts"]
