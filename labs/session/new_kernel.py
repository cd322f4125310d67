"""What a kernel says before ``lab.begin()``: a name that it does not know is one of before its restart.

Not imported: JupyterLab's kernels run it when they start, so it imports nothing.
Source: IPython documentation, "IPython startup files" and ``InteractiveShell.set_custom_exc``.
"""


def _say(shell, kind, error, trace, tb_offset=None):  # type: ignore[no-untyped-def]
    name = getattr(error, "name", None)
    if name is None or "lab" in shell.user_ns:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    print(f"This kernel does not know '{name}': it is new, or was started again. Nothing that you wrote is lost.")
    print("Next: run the first cell, and then those below it as far as here")


get_ipython().set_custom_exc((NameError,), _say)  # type: ignore[name-defined]  # noqa: F821  (a kernel's own name)
del _say
