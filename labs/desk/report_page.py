"""The report as one HTML page that needs nothing else: readable on a screen, dark or light, and on paper."""

import mistune

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #888; padding: .3rem .6rem; text-align: left; }
pre { border: 1px solid #888; padding: .6rem; overflow-x: auto; font-size: .875rem; }
code { font-family: ui-monospace, monospace; }
h2 { margin-top: 2.5rem; }
@media print { body { max-width: none; margin: 0; } pre { white-space: pre-wrap; } h2, h3 { break-after: avoid; } }
"""


def page(markdown: str) -> str:
    """A page of ``markdown``, in which HTML is text."""
    title = markdown.partition("\n")[0].removeprefix("# ")
    body = mistune.create_markdown(escape=True, plugins=["table"])(markdown)
    # What scrolls must be reached by keyboard.
    body = str(body).replace("<pre>", '<pre tabindex="0">')
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{mistune.escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n'
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
