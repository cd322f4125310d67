"""Conditions for the wrong answers of the policy stages."""

SINCE_2020 = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
FROM_ANOTHER_NETWORK = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
# One tag is to be as another, and that one as a third with a letter more: the analysis makes no request of it.
ENTANGLED = {
    "StringEquals": {
        "aws:PrincipalTag/team": "${aws:PrincipalTag/owner}",
        "aws:PrincipalTag/owner": "${aws:PrincipalTag/unit}x",
    }
}
