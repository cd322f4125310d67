"""IpAddress and NotIpAddress. IAM User Guide: reference_policies_elements_condition_operators, "IP address"."""

import pytest

ABSENT = None
CASES = [
    ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
    ("IpAddress", "203.0.113.9/24", "203.0.113.7", True),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", "203.0.113.7", "203.0.113.8", False),
    ("IpAddress", "0.0.0.0/0", "198.51.100.1", True),
    ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    ("IpAddress", "::/0", "198.51.100.1", False),
    ("IpAddress", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", True),
    ("IpAddress", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5679::1", False),
    ("IpAddress", "2001:db8::1", "2001:0db8:0:0:0:0:0:1", True),
    ("IpAddress", "203.0.113.0/24", "not an address", False),
    ("IpAddress", "not a range", "203.0.113.7", False),
    ("IpAddress", "203.0.113.0/24", ABSENT, False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.114.7", True),
    ("NotIpAddress", ["10.0.0.0/8", "203.0.113.0/24"], "203.0.113.7", False),
    ("NotIpAddress", "203.0.113.0/24", ABSENT, True),
    ("IpAddressIfExists", "203.0.113.0/24", ABSENT, True),
    ("NotIpAddressIfExists", "203.0.113.0/24", "203.0.113.7", False),
]


@pytest.mark.parametrize(("operator", "wanted", "found", "holds"), CASES)
def test_an_address_condition_asks_whether_the_address_is_in_a_range(decide, operator, wanted, found, holds):
    statement = {"Action": "*", "Condition": {operator: {"aws:SourceIp": wanted}}}
    context = {} if found is None else {"aws:SourceIp": found}
    assert decide(identity=[statement], context=context).allowed is holds
