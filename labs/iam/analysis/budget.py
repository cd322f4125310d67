"""How much work a question may still take: counted in steps, so that the answer is the same on every machine.

Whether some patterns leave a text that others do not is hard in general (it contains the question whether a product of
automata is empty), and AWS's size limits alone do not bound it. When the steps are used up, what is not yet decided is
"cannot tell": an answer without a witness, never "there is none".
"""

# Somewhat more than a second of Python; a policy at AWS's size limits takes a fiftieth of them.
STEPS = 300_000


class Exhausted(Exception):
    """The question's steps are used up."""


class Budget:
    """The steps that are left."""

    __slots__ = ("left",)

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    @property
    def spent(self) -> bool:
        """Whether there are none."""
        return self.left < 0

    def spend(self, steps: int = 1) -> None:
        """Take some. Raises Exhausted when there are not so many."""
        self.left -= steps
        if self.left < 0:
            raise Exhausted
