"""What is wrong with a workflow, found without a run: the kit's own rules, for what no linter asks."""

from labs.workflow.document import Workflow
from labs.workflow.findings import Finding, Weight, errors
from labs.workflow.rules import build, deploy, injection, names, permissions, pins, registry
from labs.workflow.rules.reading import Known, Reading

__all__ = ["Finding", "Known", "Weight", "errors", "review"]

_RULES = (permissions.found, pins.found, names.found, injection.found, registry.found, build.found, deploy.found)


def review(workflow: Workflow, known: Known | None = None) -> tuple[Finding, ...]:
    """Every finding, by line. Where a value that decides is not known, the finding says so (``Weight.UNKNOWN``)."""
    reading = Reading(workflow, known or Known())
    found = [each for rule in _RULES for each in rule(reading)]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.line))
