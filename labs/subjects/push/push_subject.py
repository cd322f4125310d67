"""What the gates of the push stages read of the role, and the review of it that they share."""

from dataclasses import dataclass
from functools import cached_property

from labs.lesson.bench import Bench
from labs.subjects.push import push_role, role_policies
from labs.subjects.push.policy_review import PolicyDocument, Reviewer
from labs.verdict import Verdict


@dataclass
class PushSubject:
    """The bench, and what the gates have read so far; a check has a new one."""

    bench: Bench
    role: role_policies.RolePolicies | None = None
    repository_policy: PolicyDocument | None = None

    def say(self, message_id: str, **values: object) -> Verdict:
        """The verdict behind a message id."""
        return self.bench.say(message_id, **values)

    @cached_property
    def review(self) -> Reviewer:
        """The review of the role's policies, made once; only asked for behind the gate that found the role."""
        assert self.role is not None, "the gate before has found it"
        return push_role.reviewer(self.bench, self.role.documents, self.role.boundary, self.repository_policy)
