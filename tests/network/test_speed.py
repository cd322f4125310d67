"""One path in a VPC of 50 subnets, 200 groups and 1,000 rules takes less than 5 ms; the reading is done before."""

import statistics
import time

from labs.network import Snapshot, reach

from .vpc import ECR_API, LAYERS, Cloud, entry, group, interface, open_acl, permission, subnet

LIMIT_S = 0.005


def big():
    cloud = Cloud()
    cloud.add_public_subnet(nat=True)
    for number in range(20, 67):
        id = f"subnet-{number}"
        cloud["Subnets"].append(subnet(id, number, "a"))
        cloud["NetworkInterfaces"].append(interface(f"eni-{number}", id, f"10.0.{number}.10", f"sg-{number}"))
        acl = open_acl(f"acl-{number}", id, default=False)
        acl["Entries"] += [entry(200 + n, "deny", block=f"172.16.{n}.0/24") for n in range(5)]
        cloud["NetworkAcls"].append(acl)
    for number in range(197):
        rules = [permission(f"10.1.{number}.{n}/32", 1000 + n) for n in range(5)]
        cloud["SecurityGroups"].append(group(f"sg-{number}", rules))
    cloud.interface()["Groups"] += [{"GroupId": f"sg-{number}"} for number in range(15)]
    cloud["PrefixLists"][0]["Cidrs"] += [f"52.{n}.0.0/16" for n in range(18)]
    return cloud.document


def test_reach_is_fast_in_a_big_vpc(record_property):
    document = big()
    assert len(document["Subnets"]) == 50
    assert len(document["SecurityGroups"]) == 200
    snapshot = Snapshot.parse(document)
    for to in (ECR_API, LAYERS, "registry-1.docker.io:443"):
        times = []
        for _ in range(21):
            started = time.perf_counter()
            reach(snapshot, "eni-task", to)
            times.append(time.perf_counter() - started)
        median = statistics.median(times)
        record_property("seen", f"reach {to}: {median * 1000:.2f} ms")
        assert median < LIMIT_S
