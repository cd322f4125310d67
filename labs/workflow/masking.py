"""What may not be shown of a line: keys, tokens and passwords that stand in a log, since a log is often passed on.

Sources: IAM User Guide, reference_identifiers ("Unique identifiers": AKIA, ASIA); GitHub docs, "About authentication to
GitHub" (ghp_, gho_, ghu_, ghs_, ghr_, github_pat_); RFC 7519 (JWT); RFC 7617 and 6750 (Basic, Bearer); S3 API
Reference, sigv4-query-string-auth; Docker docs, access tokens (dckr_pat_).
"""

import re

HIDDEN = "***"
_NAME = r"[\w.-]*(?:secret|passw(?:or)?d|passphrase|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\w.-]*"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(A(?:KIA|SIA|BIA|CCA))[A-Z0-9]{12,}\b"), rf"\1{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*)?"), HIDDEN),
    (
        re.compile(r"\b(gh[pousr]_|github_pat_|dckr_(?:pat|jti|oat)_|glpat-|xox[abprs]-|npm_|pypi-)[\w=-]{6,}"),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(r"(?i)\b(authorization[\"']?\s*[:=]\s*[\"']?(?:basic|bearer|token)?\s*)(?!\*)[^\s\"',]{4,}"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)\b((?:basic|bearer)\s+)[\w+/=.~-]{12,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)([?&]X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"(https?://[^/\s:@]*:)[^@\s/]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(https?://)[^/\s:@]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(\bdocker\s+login\b.*?\s(?:-p|--password)(?:=|\s+))(?!\*)\S+"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)(--{_NAME}(?:=|\s+))(?!-|\*)[^\s\"']{{4,}}"), rf"\1{HIDDEN}"),
    # A name with a value; "token: write" and "SecretAccessKey: required" are words, and stay.
    (
        re.compile(
            rf"(?i)([\"']?\b{_NAME}[\"']?\s*[=:]\s*[\"']?)(?!\*|true\b|false\b|write\b|read\b|none\b|arn:)"
            r"(?=[^\s\"',}]*[\d/+=])[^\s\"',}]{6,}"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*"), f"-----BEGIN PRIVATE KEY-----{HIDDEN}"),
    # The token of an Amazon ECR login and the like: base64 without an end. A digest has 64 letters of sixteen.
    (re.compile(r"(?<![\w+/=-])(?![0-9a-f]+(?![\w+/=-]))[\w+/-]{120,}={0,2}"), HIDDEN),
    # Forty letters of base64 with a sign or both cases and a digit: a secret access key, not a commit.
    (
        re.compile(
            r"(?<![\w+/=.:@-])(?=[A-Za-z0-9+/]{0,39}[A-Z])(?=[A-Za-z0-9+/]{0,39}[a-z])(?=[A-Za-z0-9+/]{0,39}\d)"
            r"(?![^\s]*/[a-z-]+/)[A-Za-z0-9+/]{40}(?![\w+/=-])"
        ),
        HIDDEN,
    ),
)


def masked(text: str) -> str:
    """A line without what gives access. ``***``, which GitHub writes in place of a secret, stays what it is."""
    for pattern, shown in _RULES:
        text = pattern.sub(shown, text)
    return text
