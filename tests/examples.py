"""How many examples a property test takes: its own number in the full profile, a few in the quick one."""

from hypothesis import settings

FULL, QUICK = "full", "quick"
# A busy machine's slow example is not a failure.
settings.register_profile(FULL, parent=settings(), deadline=None)
# The same few each time: what `make check` finds, it finds again.
settings.register_profile(QUICK, parent=settings(), deadline=None, derandomize=True, database=None, max_examples=15)


def examples(number: int) -> settings:
    """The profile in use, with this number of examples where it is the full one."""
    quick = settings.get_current_profile_name() == QUICK
    return settings(max_examples=min(number, settings().max_examples) if quick else number)
