"""From a call to what it must be allowed: actions, resource ARNs, condition keys. Tables, and the rules around them.

Door: ``guard`` decides an API call, with ``checks`` (what it needs), ``lookups`` (names to ARNs, tags and resource
policies) and ``access`` (the decision with the policies of this moment).

Source: AWS service authorization reference, one page a service; resource_types.json is taken from it.
"""

from labs.cloud.authorisation.checks import checks_for, resource_templates
from labs.cloud.authorisation.question import Lookups, RequiredAction

__all__ = ["Lookups", "RequiredAction", "checks_for", "resource_templates"]
