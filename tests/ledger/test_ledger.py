import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labs.errors import LabError
from labs.ledger.ledger import Ledger, State


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger-local-1.jsonl")


def test_an_intention_is_on_disk_before_anything_is_made(ledger: Ledger) -> None:
    ledger.intend("iam role", "fargate-lab-push", "us-east-1")
    row = json.loads(ledger.file.read_text())
    assert (row["state"], row["kind"], row["id"]) == ("intended", "iam role", "fargate-lab-push")
    assert ledger.file.stat().st_mode & 0o777 == 0o600


def test_the_same_resource_made_twice_is_one_entry(ledger: Ledger) -> None:
    first = ledger.intend("iam role", "fargate-lab-push", "us-east-1")
    ledger.created(first)
    assert ledger.intend("iam role", "fargate-lab-push", "us-east-1") == first
    assert len(ledger.entries()) == 1


def test_a_resource_made_again_after_it_went_is_a_second_entry(ledger: Ledger) -> None:
    first = ledger.intend("iam role", "r", "us-east-1")
    ledger.created(first)
    ledger.gone(first)
    second = ledger.intend("iam role", "r", "us-east-1")
    assert [(e.n, e.state) for e in ledger.entries()] == [(first, State.GONE), (second, State.INTENDED)]


def test_an_id_the_account_chose_is_added_when_it_is_known(ledger: Ledger) -> None:
    n = ledger.intend("ec2 vpc", "", "us-east-1")
    other = ledger.intend("ec2 vpc", "", "us-east-1")
    ledger.created(n, "vpc-1")
    assert [(e.n, e.id, e.state) for e in ledger.entries()] == [
        (n, "vpc-1", State.CREATED),
        (other, "", State.INTENDED),
    ]


def test_a_line_cut_off_by_a_crash_costs_only_itself(ledger: Ledger) -> None:
    ledger.created(ledger.intend("iam role", "a", "us-east-1"))
    with ledger.file.open("a") as file:
        file.write('{"n": 2, "state": "inten')
    ledger.intend("iam role", "b", "us-east-1")
    assert [entry.id for entry in ledger.entries()] == ["a", "b"]
    assert ledger.unreadable() == 1


def test_after_a_receipt_the_next_chapter_counts_from_zero(ledger: Ledger) -> None:
    n = ledger.intend("iam role", "a", "us-east-1")
    ledger.created(n)
    ledger.gone(n)
    ledger.close()
    assert [entry.id for entry in ledger.entries()] == ["a"]
    assert not ledger.has_open_chapter()
    ledger.intend("iam role", "b", "us-east-1")
    assert [entry.id for entry in ledger.entries()] == ["b"]


def test_two_processes_never_share_a_number(ledger: Ledger) -> None:
    write = f"""
from pathlib import Path; from labs.ledger.ledger import Ledger; import sys
ledger = Ledger(Path({str(ledger.file)!r}))
for i in range(30): ledger.created(ledger.intend("iam role", f"{{sys.argv[1]}}-{{i}}", "us-east-1"))
"""
    writers = [subprocess.Popen([sys.executable, "-c", write, name]) for name in ("a", "b")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    entries = ledger.entries()
    assert [entry.n for entry in entries] == list(range(1, 61))
    assert {entry.id for entry in entries} == {f"{name}-{i}" for name in "ab" for i in range(30)}


def test_a_ledger_that_cannot_be_written_stops_before_the_call(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "absent" / "ledger.jsonl")
    with pytest.raises(LabError, match="cannot be written"):
        ledger.intend("iam role", "a", "us-east-1")


def test_the_ledger_knows_when_each_thing_happened(tmp_path: Path) -> None:
    at = [datetime(2026, 11, 23, 9, minute, tzinfo=UTC) for minute in range(5)]
    moments = iter(at)
    ledger = Ledger(tmp_path / "ledger-local-1.jsonl", lambda: next(moments))
    n = ledger.intend("ec2 vpc endpoint", "", "us-east-1", "token", {"type": "Interface", "subnets": ["a"]})
    ledger.created(n, "vpce-1")
    ledger.changed("ec2 vpc endpoint", "vpce-1", {"+subnets": ["b"]})
    ledger.changed("ec2 vpc endpoint", "vpce-1", {"-subnets": ["a"], "type": "Other"})
    ledger.gone(n)
    [entry] = ledger.entries()
    assert (entry.intended_at, entry.created_at, entry.gone_at) == (at[0], at[1], at[4])
    assert (entry.token, entry.id, entry.state) == ("token", "vpce-1", State.GONE)
    assert [(each.since, dict(each.values)) for each in entry.facts] == [
        (at[0], {"type": "Interface", "subnets": ["a"]}),
        (at[2], {"type": "Interface", "subnets": ["a", "b"]}),
        (at[3], {"type": "Other", "subnets": ["b"]}),
    ]


def test_what_was_taken_for_gone_and_found_again_was_there_all_the_time(ledger: Ledger) -> None:
    n = ledger.intend("ec2 nat gateway", "", "us-east-1")
    ledger.created(n, "nat-1")
    ledger.gone(n)
    ledger.created(n, "nat-1")
    [entry] = ledger.entries()
    assert (entry.state, entry.gone_at) == (State.CREATED, None)


def test_a_ledger_of_the_first_version_is_read(ledger: Ledger) -> None:
    ledger.file.write_text(
        '{"n": 1, "state": "intended", "kind": "iam role", "id": "r", "region": "us-east-1"}\n'
        '{"n": 1, "state": "created", "at": "2026-11-23T09:00:00Z"}\n'
    )
    [entry] = ledger.entries()
    assert (entry.state, entry.was_created, entry.intended_at) == (State.CREATED, True, None)
