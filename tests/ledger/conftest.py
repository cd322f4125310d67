"""The three places to talk to, for the tests of the ledger."""

from tests.places import account, canned_aws, home, on_local_aws, shared_cloud, shared_home

__all__ = ["account", "canned_aws", "home", "on_local_aws", "shared_cloud", "shared_home"]
