"""``labs report``: what was done in the course, as Markdown or HTML, redacted."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from labs.desk import report as reports
from labs.desk.report_page import page
from labs.errors import LabError
from labs.ledger import costing
from labs.lesson.bench import Bench, open_bench
from labs.lesson.stage import stages

EXAMPLES = {
    "labs report": "as Markdown, to the terminal",
    "labs report --output report.md": "into a file",
    "labs report --output report.html": "as a page for a browser",
}
EXITS = {0: "the report is written", 2: "it cannot be made or written"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``labs report``."""
    parser.epilog = (
        "The account's number, users' names, this machine's folders and what looks like a secret are taken out. "
        "Nothing is sent anywhere."
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help="a file that is not there yet: .md or .html")
    parser.add_argument("--force", action="store_true", help="replace the file")


def run(args: argparse.Namespace) -> int:
    """Print the report, or write it and print where."""
    if args.output and args.output.suffix not in (".md", ".html"):
        raise LabError(
            f"'{args.output.name}' is neither Markdown nor HTML by its name.",
            "name a file that ends in .md or .html",
            id="report-of-another-kind",
        )
    if args.output and args.output.exists() and not args.force:
        raise LabError(f"{args.output} is there already.", "name another file, or add --force", id="report-file-there")
    bench = open_bench()
    markdown = reports.as_markdown(_report(bench), _redaction(bench))
    if not args.output:
        print(markdown, end="")
        return 0
    try:
        args.output.write_text(page(markdown) if args.output.suffix == ".html" else markdown, encoding="utf-8")
    except OSError as error:
        raise LabError(
            f"{args.output} cannot be written: {error.strerror or error}",
            "name a file in a folder that you may write",
            id="report-not-writable",
        ) from error
    print(f"Written: {args.output}", file=sys.stderr)
    return 0


def _report(bench: Bench) -> reports.CourseReport:
    events = bench.history.events()
    where = "On real AWS" if bench.on_aws else "On the local AWS that comes with the lab"
    try:
        cost = f"Cost so far: {costing.bill(bench.target).total_line()}"
    except LabError as error:
        cost = f"Cost so far cannot be told: {error.what}"
    if not bench.on_aws:
        cost += " on AWS; here nothing"
    return reports.CourseReport(
        made_at=datetime.now(UTC),
        where=f"{where}, with the {bench.engine.name} engine",
        cost=cost,
        stages=tuple(reports.stage_report(each, events, bench.progress.of(each.name)) for each in stages()),
        unreadable=bench.history.damaged(),
    )


def _redaction(bench: Bench) -> reports.Redaction:
    folders = {str(bench.home): ".lab", str(Path.home()): "~"}
    return reports.redaction(bench.target.account, bench.target.identity, folders)
