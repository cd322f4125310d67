"""What the analysis of policies (``labs.iam``) says, in the words of a verdict: the request, the statement."""
