"""Each kind of generated block, and the function that writes it."""

from collections.abc import Callable, Mapping, Sequence

from labs.pages import aws_words, facts, log_causes, reference, stage_minutes

# The name in the block's first line: the function that gets that line's other words and returns the text.
BLOCKS: Mapping[str, Callable[[Sequence[str]], str]] = {
    "texts": aws_words.listed,
    "marks": aws_words.counted,
    "commands": reference.commands,
    "errors": reference.errors,
    "stages": stage_minutes.listed,
    "course": stage_minutes.course,
    "outline": stage_minutes.outline,
    "facts": facts.table,
    "causes": log_causes.table,
}
