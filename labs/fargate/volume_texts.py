"""AWS's words when a file system of Amazon EFS cannot be mounted, with their evidence."""

from __future__ import annotations

from labs.fargate.wording import Mark, Text

_EFS = "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: "

VOLUME_TEXTS = (
    Text(
        "volume.no_target",
        "the file system has no mount target where the task is",
        _EFS + 'Failed to resolve "{host}"',
        Mark.FIELD,
        "a project's notes of its stopped tasks; the first words head a part of AWS's page",
    ),
    Text(
        "volume.unreachable",
        "the task has no path to the file system's mount target",
        _EFS + "Mount attempt 1/3 failed due to timeout after 15 sec, wait 0 sec before next attempt. Mount attempt "
        "2/3 failed due to timeout after 15 sec, wait 0 sec before next attempt. b'mount.nfs4: mount system call "
        "failed'",
        Mark.FIELD,
        "a stopped task kept in a project's notes",
    ),
)
