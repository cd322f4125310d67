"""Why another action was refused, in words: only what the role's policies show."""

from labs.subjects.push.policy_review import PolicyProblem, Reviewer

_CAUSES = {
    "deny_left": "Statement {statement} of the policy {policy} denies {action}; a Deny overrides every Allow.",
    "typo": 'The policy says "{action}", which is not an action of Amazon ECR; you may have meant {suggestion}.',
    "token_resource": "The policy allows it on {resource}; ecr:GetAuthorizationToken accepts only Resource \"*\".",
    "token_missing": "No statement of the role's policies allows it.",
    "other_account": "The policy has {found}; the repository is in {ours}. {differs}",
    "other_region": "The policy has {found}; the repository is in {ours}. {differs}",
    "other_name": "The policy has {found}; the repository is \"{ours}\". {differs}",
    "boundary_limits": "The permissions boundary {boundary} does not allow {actions}.",
    "missing_action": "The role lacks {actions}.",
}  # fmt: skip


def cause_of(review: Reviewer) -> str:
    """One sentence, or nothing when the policies as they are now do not explain it."""
    fault = review.first_fault()
    return sentence(fault) if fault is not None and fault.name in _CAUSES else ""


def sentence(fault: PolicyProblem) -> str:
    """The fault in one sentence."""
    return _CAUSES[fault.name].format_map(fault.values).strip()
