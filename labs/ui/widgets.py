"""Widgets over the same calls as the cells, for a notebook that is open in JupyterLab.

Shown only when LAB_WIDGETS=1 (``labs start`` sets it), so that executed notebooks hold text and pictures alone.
The widget kinds used here pass axe; sliders, colour pickers and players do not.
"""

import os
from collections.abc import Callable, Mapping


def wanted() -> bool:
    """Whether widgets are to be shown."""
    return os.environ.get("LAB_WIDGETS") == "1"


def choice(options: Mapping[str, str], chosen: Callable[[str], None]) -> None:
    """Radio buttons over ``options`` (answer: meaning) and a button that calls ``chosen`` with the answer."""
    import ipywidgets
    from IPython.display import display

    radio = ipywidgets.RadioButtons(
        options=[(meaning, answer) for answer, meaning in options.items()],
        value=None,
        description="I predict:",
        layout=ipywidgets.Layout(width="auto"),
    )
    button = ipywidgets.Button(description="Predict")
    out = ipywidgets.Output()

    def click(_: object) -> None:
        out.clear_output()
        with out:
            if radio.value is None:
                print("Choose one of the answers first.")
            else:
                chosen(radio.value)

    button.on_click(click)
    display(ipywidgets.VBox([radio, button, out]))  # type: ignore[no-untyped-call]


def hint_button(hint: Callable[[], None]) -> None:
    """A button that gives the next hint below itself."""
    import ipywidgets
    from IPython.display import display

    button = ipywidgets.Button(description="Give me a hint")
    out = ipywidgets.Output()

    def click(_: object) -> None:
        with out:
            hint()

    button.on_click(click)
    display(ipywidgets.VBox([button, out]))  # type: ignore[no-untyped-call]
