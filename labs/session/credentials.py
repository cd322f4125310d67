"""Whether the credentials that boto3 finds serve the whole lab: notebooks, checks, and the shell cells beside them."""

import boto3
from botocore.exceptions import BotoCoreError

from labs.errors import LabError
from labs.failures import explain, mfa_asked


def check(session: boto3.Session) -> None:
    """LabError where nobody can be asked for what they need, or where they cannot be had.

    A user's keys, SSO, `aws login`, a role, a web identity and a container's credentials are found again by each
    process that needs them. Asks AWS for nothing but what a provider of credentials asks.
    """
    try:
        found = session.get_credentials()
        if found is None:
            return  # the first call says so
        profile = session._session.get_scoped_config()
        if found.method == "assume-role" and "mfa_serial" in profile:
            raise mfa_asked(session.profile_name)
        found.get_frozen_credentials()
    except BotoCoreError as error:
        raise explain(error, "fetching the credentials") from error
    except EOFError as error:
        raise mfa_asked(session.profile_name) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabError(
            f"The profile {session.profile_name} gives no credentials: {error}",
            "run its credential_process by itself: it must end with 0 and print the JSON of credentials",
            id="credential-process-failed",
        ) from error
