"""What the notebook of stage 03 adds to ``lab``."""

from labs.subjects.push.push_verbs import calls, client_log, index, policy, push_role, timeline, trail

VERBS = (push_role, policy, trail, timeline, client_log, calls, index)
