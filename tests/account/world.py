"""A task that starts, in a private subnet of a running local AWS, and everything it stands on; boto3 only.

One world serves every mutation: each breaks one thing, and puts it back.
"""

import contextlib
from dataclasses import replace

from labs.account.case import Place
from labs.account.survey import Where, look
from tests.cloud.ecs.lab_ecs import TRUST, EcsLab, until
from tests.cloud.lab_cloud import allow, policy, trusts

REGION = "us-east-1"


class World:
    """The parts by name; ``definition`` is what ``run`` runs."""

    def __init__(self, cloud, name="diag"):
        self.cloud = cloud
        self.lab = lab = EcsLab(cloud, name)
        self.name, self.ec2, self.iam = name, lab.ec2, lab.iam
        self.manager, self.kms = cloud.client("secretsmanager"), cloud.client("kms")
        self.vpc = lab.vpc()
        self.endpoints = {
            each["ServiceName"].split(f"{REGION}.")[1]: each["VpcEndpointId"]
            for each in self.ec2.describe_vpc_endpoints(Filters=self._here)["VpcEndpoints"]
        }
        groups = self.ec2.describe_security_groups(Filters=self._here)["SecurityGroups"]
        self.groups = {each["GroupName"]: each["GroupId"] for each in groups}
        self.acl = self.ec2.describe_network_acls(Filters=self._here)["NetworkAcls"][0]["NetworkAclId"]
        tables = self.ec2.describe_route_tables(Filters=self._here)["RouteTables"]
        self.main = next(t["RouteTableId"] for t in tables if any(a["Main"] for a in t["Associations"]))
        lists = self.ec2.describe_managed_prefix_lists()["PrefixLists"]
        self.s3_list = next(x["PrefixListId"] for x in lists if x["PrefixListName"] == f"com.amazonaws.{REGION}.s3")
        self.key = self.kms.create_key()["KeyMetadata"]["Arn"]
        self.parameter = self._parameter(f"/{name}/greeting")
        self.secret = self.manager.create_secret(Name=f"{name}/db", SecretString='{"password": "p"}')["ARN"]
        self.repository = f"arn:aws:ecr:{REGION}:{cloud.account}:repository/{name}/app"
        self.role_name = f"{name}-exec"
        self.iam.detach_role_policy(
            RoleName=self.role_name, PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
        )
        self.statements = {
            "token": allow("ecr:GetAuthorizationToken"),
            "manifest": allow("ecr:BatchGetImage", self.repository),
            "layers": allow("ecr:GetDownloadUrlForLayer", self.repository),
            "parameter": allow("ssm:GetParameters", self.parameter),
            "secret": allow("secretsmanager:GetSecretValue", self.secret),
            "logs": allow(
                ["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{REGION}:{cloud.account}:log-group:*"
            ),
        }
        self.permit(self.statements)
        self.image = lab.image("1")
        self.definition = self.register()

    @property
    def _here(self):
        return [{"Name": "vpc-id", "Values": [self.vpc.id]}]

    def _parameter(self, name, **more):
        self.lab.ssm.put_parameter(Name=name, Value="hello", Type="SecureString", **more)
        return f"arn:aws:ssm:{REGION}:{self.cloud.account}:parameter{name}"

    def permit(self, statements):
        """The execution role's own policy."""
        document = policy(*({"Sid": sid.title().replace("_", ""), **each} for sid, each in statements.items()))
        self.iam.put_role_policy(RoleName=self.role_name, PolicyName="own", PolicyDocument=document)

    def register(self, image="", secrets=None, log=None, family="app", **more):
        """A definition with both kinds of secret and a log; its ARN."""
        secrets = (
            [
                {"name": "GREETING", "valueFrom": self.parameter},
                {"name": "PASSWORD", "valueFrom": f"{self.secret}:password::"},
            ]
            if secrets is None
            else secrets
        )
        container = self.lab.container(image or self.image, secrets=secrets)
        container["logConfiguration"]["options"] |= log or {}
        return self.lab.register(container, family=family, **more)

    # What is changed, and put back.

    @contextlib.contextmanager
    def as_definition(self, **given):
        """Another definition for a while."""
        before, self.definition = self.definition, self.register(**{"family": "other", **given})
        try:
            yield
        finally:
            self.definition = before

    @contextlib.contextmanager
    def permitted(self, **changes):
        """The role's policy with statements changed, or taken out by None."""
        changed = {sid: each for sid, each in {**self.statements, **changes}.items() if each is not None}
        self.permit(changed)
        try:
            yield
        finally:
            self.permit(self.statements)

    @contextlib.contextmanager
    def without_endpoint(self, service):
        """An endpoint deleted."""
        id = self.endpoints[service]
        given = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0]
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[id])
        until(lambda: not self._listed(id), 60)
        try:
            yield
        finally:
            kind = given["VpcEndpointType"]
            more = (
                {"RouteTableIds": given["RouteTableIds"]}
                if kind == "Gateway"
                else {
                    "SubnetIds": given["SubnetIds"],
                    "SecurityGroupIds": [each["GroupId"] for each in given["Groups"]],
                    "PrivateDnsEnabled": True,
                }
            )
            made = self.ec2.create_vpc_endpoint(
                VpcId=self.vpc.id, VpcEndpointType=kind, ServiceName=given["ServiceName"], **more
            )["VpcEndpoint"]["VpcEndpointId"]
            self.endpoints[service] = made
            until(lambda: self._state(made) == "available", 60)

    def _listed(self, id):
        found = self.ec2.describe_vpc_endpoints(Filters=self._here)["VpcEndpoints"]
        return any(each["VpcEndpointId"] == id and each["State"].lower() != "deleted" for each in found)

    def _state(self, id):
        return self.ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0]["State"].lower()

    @contextlib.contextmanager
    def endpoint(self, service, undo, **change):
        """An endpoint modified."""
        id = self.endpoints[service]
        self.ec2.modify_vpc_endpoint(VpcEndpointId=id, **change)
        until(lambda: self._state(id) == "available", 60)
        try:
            yield id
        finally:
            self.ec2.modify_vpc_endpoint(VpcEndpointId=id, **undo)
            until(lambda: self._state(id) == "available", 60)

    def endpoint_policy(self, service, *statements):
        """An endpoint's policy replaced."""
        document = policy(*({"Principal": "*", **each} for each in statements))
        return self.endpoint(service, {"ResetPolicy": True}, PolicyDocument=document)

    @contextlib.contextmanager
    def rules(self, name, *permissions, egress=False):
        """A group's inbound, or outbound, rules replaced."""
        id, side = self.groups[name], "egress" if egress else "ingress"
        revoke = getattr(self.ec2, f"revoke_security_group_{side}")
        authorize = getattr(self.ec2, f"authorize_security_group_{side}")
        key = "IpPermissionsEgress" if egress else "IpPermissions"
        before = self.ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0][key]
        revoke(GroupId=id, IpPermissions=before)
        if permissions:
            authorize(GroupId=id, IpPermissions=list(permissions))
        try:
            yield id
        finally:
            if permissions:
                revoke(GroupId=id, IpPermissions=list(permissions))
            authorize(GroupId=id, IpPermissions=before)

    @contextlib.contextmanager
    def acl_rule(self, egress, cidr="0.0.0.0/0"):
        """A rule before all others that denies."""
        rule = {"NetworkAclId": self.acl, "RuleNumber": 50, "Egress": egress}
        self.ec2.create_network_acl_entry(**rule, Protocol="-1", RuleAction="deny", CidrBlock=cidr)
        try:
            yield self.acl
        finally:
            self.ec2.delete_network_acl_entry(**rule)

    @contextlib.contextmanager
    def attribute(self, name):
        """A VPC attribute turned off."""
        self.ec2.modify_vpc_attribute(VpcId=self.vpc.id, **{name: {"Value": False}})
        try:
            yield name[0].lower() + name[1:]
        finally:
            self.ec2.modify_vpc_attribute(VpcId=self.vpc.id, **{name: {"Value": True}})

    @contextlib.contextmanager
    def trusted_by(self, service):
        """The role's trust policy for another service."""
        document = policy(trusts({"Service": service}))
        self.iam.update_assume_role_policy(RoleName=self.role_name, PolicyDocument=document)
        try:
            yield
        finally:
            self.iam.update_assume_role_policy(RoleName=self.role_name, PolicyDocument=policy(TRUST))

    # What is asked.

    def run(self, **more):
        """Run the definition and wait for its end; the task."""
        one = replace(self.vpc, subnets=self.vpc.subnets[:1])
        return self.lab.reaches(self.lab.run(self.definition, one, **more), "STOPPED", 60)

    def where(self, placed=False, **more):
        """Where to look; ``placed``: in which subnet and group a definition would run."""
        place = Place(tuple(self.vpc.subnets[:1]), (self.vpc.group,)) if placed else Place()
        return Where(self.cloud.account, REGION, self.name, place, **more)

    def clients(self, keys=None):
        """Clients of this account as the diagnosis wants them, each made once."""
        made = {}

        def client(service, region=""):
            if (service, region) not in made:
                made[service, region] = self.cloud.client(service, keys, region or None)
            return made[service, region]

        return client

    def look(self, name="", placed=False, keys=None, **more):
        """What the diagnosis says."""
        if keys is None:
            self._own = getattr(self, "_own", None) or self.clients()
        return look(self._own if keys is None else self.clients(keys), self.where(placed, **more), name)
