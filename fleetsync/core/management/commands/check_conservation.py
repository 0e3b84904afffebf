"""`manage.py check_conservation`: does everything add up, right now?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from fleetsync.core import conservation


class Command(BaseCommand):
    """Check every rule on one snapshot; changes nothing."""

    help = (
        "Check that nothing was lost or doubled: numbers without holes, states as the events tell them, "
        "loads, sums, deadlines. Read-only; exit code 1 on a breach. Example: manage.py check_conservation --json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")

    def handle(self, *args: Any, json: bool, **_: Any) -> None:
        """Print each rule with what breaks it."""
        found = conservation.check_all()
        names = conservation.rule_names()
        if json:
            self.stdout.write(conservation.as_json(found, names))
        else:
            for name in names:
                self.stdout.write(f"{'BROKEN' if name in found else 'ok    '} {name}")
                for line in found.get(name, []):
                    self.stdout.write(f"         {line}")
        if found:
            raise SystemExit(1)
