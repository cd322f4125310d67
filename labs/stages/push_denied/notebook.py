"""What the notebook of stage 02 adds to ``lab``."""

from labs.subjects.push.push_verbs import (
    calls,
    client_log,
    create_repository,
    index,
    policy,
    push_role,
    timeline,
    trail,
)

VERBS = (create_repository, push_role, policy, trail, timeline, client_log, calls, index)
