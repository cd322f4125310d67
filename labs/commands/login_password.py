"""``labs login-password``: a registry password on stdout, for ``docker login -u AWS --password-stdin``."""

import argparse

from labs.session.registry_password import registry_password

EXAMPLES = {
    'eval "$(labs env)"': "first, outside a notebook: it sets $REGISTRY",
    "labs login-password | docker login -u AWS --password-stdin $REGISTRY": "as the administrator",
    "labs login-password --role fargate-lab-push": "that role's: docker then pushes as the role",
}
EXITS = {0: "the password was printed", 2: "AWS refuses, or no local AWS runs"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs login-password``."""
    parser.add_argument("--role", default="", metavar="NAME|ARN", help="assume this role first, as session 'lab'")


def run(args: argparse.Namespace) -> int:
    """Print the password and nothing else."""
    print(registry_password(args.role))
    return 0
