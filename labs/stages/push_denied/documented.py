"""Whether the role has what AWS documents for a push, no more and no less: the refusal then shows what is missing."""

from labs.lesson.bench import Bench
from labs.subjects.policies import in_words
from labs.subjects.push import push_role
from labs.subjects.push.policy_review import DOCUMENTED, MISSING, Reviewer
from labs.subjects.push.role_policies import RolePolicies
from labs.ui import text
from labs.verdict import Event, Verdict

_BY_DENY = " with an explicit deny"


def other_than_documented(bench: Bench, role: RolePolicies, review: Reviewer, denial: Event | None) -> Verdict | None:
    """What is other in the role's policies; ``denial``: the refusal, where the trail has it.

    A Deny of the seventh action is another lesson, for no Allow would help. What a boundary takes away again is there
    all the same: the lesson is about the policy.
    """
    denied = review.denying(MISSING)
    if denied is not None or (denial is not None and _BY_DENY in denial.message):
        by = in_words.place(denied) if denied else "the trail says so of the refusal"
        return bench.say("push.denied.explicit_deny", action=MISSING, by=by)
    lacking = [each for each in review.lacking() if each != MISSING]
    if lacking:
        return bench.say("push.denied.policy_lacks", actions=text.series(lacking))
    if review.undecided():
        return bench.say("push.denied.cannot_tell", why=f"what the push lacks: {review.undecided()}")
    own = push_role.reviewer(bench, role.documents, actions=DOCUMENTED)
    problem = next(own.excess(), None)
    if problem is None:
        return None
    name = "cannot_tell" if problem.name == "cannot_tell" else "policy_wide"
    return bench.say(f"push.denied.{name}", **problem.values)
