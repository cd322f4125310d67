from pathlib import Path

import pytest

from labs.errors import LabError
from labs.session import confirm

ACCOUNT, REGION = "123456789012", "eu-west-1"
USER = f"arn:aws:iam::{ACCOUNT}:user/anna"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Dev/1700000001"


def test_an_account_is_confirmed_once(home: Path) -> None:
    assert not confirm.is_confirmed(home, ACCOUNT, USER)
    confirm.confirm(home, ACCOUNT, REGION, USER, ACCOUNT)
    assert confirm.is_confirmed(home, ACCOUNT, USER)
    assert (home / "confirmed.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("typed", ["1234-5678-9012", " 123456789012 "])
def test_the_number_may_be_typed_as_the_console_shows_it(home: Path, typed: str) -> None:
    confirm.confirm(home, ACCOUNT, REGION, USER, typed)
    assert confirm.is_confirmed(home, ACCOUNT, USER)


@pytest.mark.parametrize("typed", ["111122223333", "", "yes"])
def test_another_number_is_refused_with_both_numbers(home: Path, typed: str) -> None:
    with pytest.raises(LabError) as told:
        confirm.confirm(home, ACCOUNT, REGION, USER, typed)
    assert f"'{typed}'" in told.value.what
    assert ACCOUNT in told.value.what
    assert REGION in told.value.what
    assert not confirm.is_confirmed(home, ACCOUNT, USER)


def test_another_account_or_identity_is_asked_again(home: Path) -> None:
    confirm.confirm(home, ACCOUNT, REGION, USER, ACCOUNT)
    assert not confirm.is_confirmed(home, "210987654321", USER)
    assert not confirm.is_confirmed(home, ACCOUNT, USER + "2")


def test_a_role_is_confirmed_once_and_not_once_a_session(home: Path) -> None:
    confirm.confirm(home, ACCOUNT, REGION, SESSION, ACCOUNT)
    assert confirm.is_confirmed(home, ACCOUNT, SESSION.replace("1700000001", "1800000002"))
    assert not confirm.is_confirmed(home, ACCOUNT, SESSION.replace("Dev", "Admin"))


def test_two_identities_of_one_account_stay_confirmed(home: Path) -> None:
    for identity in (USER, SESSION):
        confirm.confirm(home, ACCOUNT, REGION, identity, ACCOUNT)
    assert confirm.is_confirmed(home, ACCOUNT, USER)
    assert confirm.is_confirmed(home, ACCOUNT, SESSION)
