"""Whether something has happened since the last look: the lab's files, and the newest change that the trail records.

Source: CloudTrail API reference, LookupEvents: the attribute ReadOnly, one event a page.
"""

import os
from pathlib import Path
from typing import Any

# More files than a trainee has; a folder that somebody unpacked there is not searched to its end.
MOST_FILES = 500
_FILES = ("progress.json", "cloud.json", "confirmed.json")

Stamp = tuple[tuple[str, int, int], ...]


def of_files(home: Path, work: Path) -> Stamp:
    """Name, time of change and size of each file that a check may read; a file that goes meanwhile is left out."""
    places = [*(home / name for name in _FILES), *home.glob("ledger-*.jsonl"), *_inside(work)]
    return tuple(row for place in places for row in of_file(place))


def _inside(folder: Path) -> list[Path]:
    found: list[Path] = []
    for here, folders, files in os.walk(folder):
        folders.sort()
        found += [Path(here, name) for name in sorted(files)]
        if len(found) >= MOST_FILES:
            break
    return found[:MOST_FILES]


def of_file(place: Path) -> Stamp:
    """The same of one file; empty when it is not there."""
    try:
        seen = place.stat()
    except OSError:
        return ()
    return ((str(place), seen.st_mtime_ns, seen.st_size),)


def newest_write(cloudtrail: Any) -> str:
    """The id of the newest event that changed something; empty when there is none. boto3's errors are passed on."""
    changing = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
    answer = cloudtrail.lookup_events(LookupAttributes=changing, MaxResults=1)
    return next((str(each.get("EventId", "")) for each in answer.get("Events", ())), "")
