"""The repository creation templates of one registry."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from labs.cloud.contract import Clock
from labs.cloud.registry.rules.creation_templates import CreationTemplate
from labs.cloud.registry.rules.registry_errors import EcrError, Fault, refused
from labs.cloud.registry.store.database import Database, Row


class Templates:
    """The table of creation templates, by prefix. ``prod`` and ``prod/`` are one prefix."""

    def __init__(self, database: Database, account: str, clock: Clock) -> None:
        self._database = database
        self._account = account
        self._clock = clock

    def all(self) -> list[CreationTemplate]:
        """Every template by prefix."""
        return [_template(row) for row in self._database.rows("SELECT * FROM creation_template ORDER BY prefix")]

    def find(self, prefix: str) -> CreationTemplate:
        """The template; EcrError TEMPLATE_MISSING."""
        row = self._database.row("SELECT * FROM creation_template WHERE prefix = ?", (bare(prefix),))
        if row is None:
            raise self._refused(Fault.TEMPLATE_MISSING, "template.missing", prefix)
        return _template(row)

    def create(self, prefix: str, settings: Mapping[str, Any]) -> CreationTemplate:
        """Keep a new template; EcrError TEMPLATE_EXISTS."""
        now = self._clock().timestamp()
        try:
            with self._database.write() as write:
                values = (bare(prefix), now, now, json.dumps(dict(settings)))
                write.execute("INSERT INTO creation_template VALUES (?, ?, ?, ?)", values)
        except sqlite3.IntegrityError as error:
            raise self._refused(Fault.TEMPLATE_EXISTS, "template.exists", prefix) from error
        return self.find(prefix)

    def update(self, prefix: str, settings: Mapping[str, Any]) -> CreationTemplate:
        """Replace all settings of a template; EcrError TEMPLATE_MISSING."""
        self.find(prefix)
        with self._database.write() as write:
            values = (self._clock().timestamp(), json.dumps(dict(settings)), bare(prefix))
            write.execute("UPDATE creation_template SET updated = ?, settings = ? WHERE prefix = ?", values)
        return self.find(prefix)

    def delete(self, prefix: str) -> CreationTemplate:
        """Forget a template; what was made with it stays. EcrError TEMPLATE_MISSING."""
        gone = self.find(prefix)
        with self._database.write() as write:
            write.execute("DELETE FROM creation_template WHERE prefix = ?", (bare(prefix),))
        return gone

    def _refused(self, fault: Fault, id: str, prefix: str) -> EcrError:
        return refused(fault, id, prefix=bare(prefix), registry=self._account)


def bare(prefix: str) -> str:
    """A prefix without the slash that ECR assumes at its end."""
    return prefix.removesuffix("/")


def _template(row: Row) -> CreationTemplate:
    return CreationTemplate(row["prefix"], row["created"], row["updated"], json.loads(row["settings"]))
