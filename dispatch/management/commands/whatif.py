"""Decide recorded rounds again, and play recorded demand under another policy."""

from __future__ import annotations

import io
import json
import tomllib
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from accounts.models import Driver
from dispatch import errors, services
from dispatch.engine.codec import Recording
from dispatch.engine.policy import Policy
from dispatch.engine.version import engine_version, machine
from dispatch.engine.warm import warm
from dispatch.models import Delivery, DispatchPolicy
from dispatch.selectors import policy_in_force, read_policy, recorded_rounds
from dispatch.selectors.demand import first_seen, recorded_demand, recorded_spans
from dispatch.services import rehearsing
from dispatch.services.policies import differences
from fleetsync.core import clock, ids
from restaurants.models import Zone

ACTOR: Final = "whatif"
LISTED: Final = 20
#: Parameters that cannot show in what is played, and why.
NOT_PLAYED: Final = {
    "look_ahead_s": "the record has who came on duty, not what was known of it before",
    "priority_weight": "priorities are not in the recorded demand",
    "ready_quantile_std": "the food's moment is known beforehand",
}
FIGURES: Final = (
    ("click-to-door, min", "click_to_door", ".2f"),
    ("slowest 10 % from, min", "click_to_door_p90", ".1f"),
    ("late, %", "late_pct", ".1f"),
    ("food waits, min", "food_waits", ".2f"),
    ("delivered", "delivered", ".0f"),
    ("pay per order, minor", "pay_per_order", ".0f"),
    ("metres per order", "metres_per_order", ".0f"),
    ("offers per order", "offers_per_order", ".2f"),
    ("idle spread, min in an hour", "idle_spread", ".1f"),
)
EPILOG: Final = """\
examples:
  manage.py whatif --verify --from 2026-11-25T18:00 --to 2026-11-25T20:00
  manage.py whatif --from 18:00 --to 20:00 --policy changes.toml --zone "Port Alder"
  manage.py whatif --from 18:00 --to 20:00 --policy 3 --zone "Port Alder"   (rehearses version 3)

changes.toml holds parameters of the engine, one a line:
  fairness_weight = 0.2
  lead_s = 30
"""


class Command(BaseCommand):
    """Asks the record what another policy would have done."""

    help = (
        "Decide recorded rounds again. --verify: as they were, compared bit for bit. --policy: with other "
        "parameters, counting what differs, and then both policies are played on the recorded demand."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Keep the lines of the examples."""
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, epilog=EPILOG, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--from", dest="start", help="Moment, or HH:MM of today in the zone. Default: the first round."
        )
        parser.add_argument("--to", dest="end", help="Moment, or HH:MM. Default: after the last round.")
        parser.add_argument("--zone", help="zon_… or its name; needed where several have recorded rounds.")
        parser.add_argument("--verify", action="store_true", help="Decide again as it was, and compare bit for bit.")
        parser.add_argument("--policy", help="A TOML file with changed parameters, or the number of a version.")
        parser.add_argument("--save", metavar="NOTE", help="Keep the file's parameters as a draft with this result.")
        parser.add_argument("--no-play", action="store_true", help="Only decide the rounds again.")
        parser.add_argument("--seed", type=int, default=1, help="Of the drivers' answers.")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write everything to this file.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check everything that was asked for, then decide again."""
        if options["verify"] == bool(options["policy"]):
            raise CommandError("expected one of --verify and --policy; see --help")
        if options["save"] and (options["policy"] or "").isdigit():
            raise CommandError("--save keeps the parameters of a file; a version is kept already")
        zone = self._zone(options["zone"])
        start, end = self._span(zone, options["start"], options["end"])
        rows = recorded_rounds(start=start, end=end, zone_id=zone.pk)
        total = rows.count()
        if not total:
            raise CommandError(
                f"No recorded rounds of {zone.name} between {_told(start, zone)} and {_told(end, zone)}.\n{_spans()}"
            )
        draft, policy = self._wanted(zone, options["policy"]) if options["policy"] else (None, None)
        warm()
        if policy is None:
            report = self._verify(rows, total)
        else:
            report = self._compare(zone, start, end, rows, total, policy, options)
            self._keep(zone, draft, policy, report, options)
        about = {"zone": ids.public("zone_id", zone.pk), "from": start.isoformat(), "to": end.isoformat()}
        if options["json"]:
            options["json"].write_text(json.dumps({**about, **report}, indent=1, default=str) + "\n")
            self.stdout.write(f"Wrote {options['json']}")
        if policy is None and report["different"]:
            raise CommandError(
                f"{len(report['different'])} rounds were decided otherwise: {', '.join(report['different'][:5])}"
            )

    # -- what was asked for -------------------------------------------------------------------

    def _zone(self, wanted: str | None) -> Zone:
        spans = recorded_spans()
        if not spans:
            raise CommandError("No round was recorded yet. Rounds that offer something are, from the next one on.")
        if wanted is None:
            if len(spans) > 1:
                raise CommandError(f"--zone: several zones have recorded rounds.\n{_spans()}")
            return spans[0][0]
        for zone, *_ in spans:
            if wanted in (zone.name, ids.public("zone_id", zone.pk)):
                return zone
        raise CommandError(f"--zone: {wanted!r} has no recorded rounds.\n{_spans()}")

    def _span(self, zone: Zone, start: str | None, end: str | None) -> tuple[datetime, datetime]:
        first, last = next((first, last) for each, first, last, _ in recorded_spans() if each.pk == zone.pk)
        begins = _moment("--from", start, zone) if start else first
        ends = _moment("--to", end, zone) if end else last + timedelta(seconds=1)
        if begins >= ends:
            raise CommandError(f"--to: expected a moment after {_told(begins, zone)}, got {_told(ends, zone)}")
        return begins, ends

    def _wanted(self, zone: Zone, text: str) -> tuple[DispatchPolicy | None, Policy]:
        """Return the policy to try: a stored version, or the active one with the file's changes."""
        try:
            if text.isdigit():
                row = DispatchPolicy.objects.filter(zone=zone, version=int(text)).first()
                if row is None:
                    raise CommandError(
                        f"--policy: {zone.name} has no version {text}; see the policies in the back office"
                    )
                return row, read_policy(row.parameters)
            present = policy_in_force(zone_id=zone.pk).policy
            return None, read_policy({**differences(present), **_changes(Path(text))})
        except errors.PolicyInvalid as error:
            raise CommandError(f"--policy: {error.detail}") from None

    # -- the work -------------------------------------------------------------------------------

    def _verify(self, rows: Any, total: int) -> dict[str, Any]:
        with _bar() as bar:
            found = rehearsing.verify_rounds(
                rows=rows.iterator(50), total=total, progress=_counts(bar, "rounds", total)
            )
        self.stdout.write(f"{found.same} of {total} rounds decided again: the same plans, bit for bit.")
        for where, number in found.elsewhere.items():
            self.stdout.write(f"{number} not compared: decided by engine {where}")
        if found.elsewhere:
            self.stdout.write(
                f"Here it is {engine_version()} on {machine()}; {found.elsewhere_same} give the same plan."
            )
        self._tell_unreadable(found.unreadable)
        return {
            "rounds": total,
            "same": found.same,
            "different": [ids.public("round_id", each) for each in found.different],
            "elsewhere": dict(found.elsewhere),
            "elsewhere_same": found.elsewhere_same,
            "unreadable": dict(found.unreadable),
        }

    def _compare(
        self,
        zone: Zone,
        start: datetime,
        end: datetime,
        rows: Any,
        total: int,
        policy: Policy,
        options: Mapping[str, Any],
    ) -> dict[str, Any]:
        present = policy_in_force(zone_id=zone.pk)
        changes = {name: value for name, value in policy.to_dict().items() if value != present.policy.to_dict()[name]}
        if not changes:
            raise CommandError("--policy: these are the parameters that hold already; nothing differs")
        kept: list[tuple[datetime, Recording]] = []
        with _bar() as bar:
            found = rehearsing.compare_rounds(
                rows=rows.iterator(50),
                total=total,
                changes=changes,
                keep=lambda at, recording: kept.append((at, recording)),
                progress=_counts(bar, "rounds again", total),
            )
        share = 100.0 * len(found.differing) / max(1, found.rounds)
        self.stdout.write(f"{len(found.differing)} of {found.rounds} recorded rounds ({share:.0f} %) decide otherwise.")
        self._tell_unreadable(found.unreadable)
        named = _named(found.differing)
        for each in named[:LISTED]:
            self.stdout.write(f"  {_told(each['at'], zone)}  {each['before']}  ->  {each['after']}")
        if len(named) > LISTED:
            self.stdout.write(f"  and {len(named) - LISTED} more; --json FILE has them all")
        unplayed = [name for name in changes if name in NOT_PLAYED and not options["no_play"]]
        for name in unplayed:
            self.stdout.write(f"{name} changes nothing in what is played below: {NOT_PLAYED[name]}.")
        report: dict[str, Any] = {
            "policy_version": present.version,
            "changes": changes,
            "not_played": unplayed,
            "rounds": found.rounds,
            "differing": len(found.differing),
            "differing_rounds": named,
            "unreadable": dict(found.unreadable),
        }
        if not options["no_play"]:
            record = recorded_demand(zone=zone, start=start, end=end, seen=first_seen(kept))
            report |= self._play(record, present.policy, policy, options["seed"])
        return report

    def _play(self, record: Any, before: Policy, after: Policy, seed: int) -> dict[str, Any]:
        with _bar() as bar:
            tasks = {name: bar.add_task(f"orders, {name}", total=None) for name in ("before", "after")}

            def progress(name: str, done: int, total: int) -> None:
                bar.update(tasks[name], completed=done, total=total)

            try:
                played = rehearsing.rehearse_both(
                    record=record, before=before, after=after, seed=seed, progress=progress
                )
            except ValueError as error:
                raise CommandError(f"The demand of this span cannot be played: {error}.") from None
        table = Table(
            title=f"{played['before']['orders']} orders, {played['drivers']} drivers, {100 * played['accept']:.0f} % of offers taken"
        )
        for name in ("", "as it is", "changed", "difference"):
            table.add_column(name, justify="right" if name else "left")
        for title, key, form in FIGURES:
            row = [format(played[side][key], form) for side in ("before", "after")]
            table.add_row(title, *row, format(played["difference"][key], f"+{form}"))
        text = io.StringIO()
        Console(file=text, width=100).print(table)
        self.stdout.write(text.getvalue())
        return played

    def _keep(
        self,
        zone: Zone,
        draft: DispatchPolicy | None,
        policy: Policy,
        report: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> None:
        """Store the result on the version that was rehearsed."""
        if "before" not in report:
            return
        now = clock.now()
        if draft is None and options["save"]:
            draft = services.draft_policy(
                zone_id=zone.pk, parameters=differences(policy), note=options["save"], now=now, actor=ACTOR
            )
        if draft is not None:
            small = {name: value for name, value in report.items() if name != "differing_rounds"}
            small |= {"from": options["start"], "to": options["end"]}
            services.note_simulation(
                policy_id=draft.pk, result=json.loads(json.dumps(small, default=str)), now=now, actor=ACTOR
            )
            self.stdout.write(f"Kept with version {draft.version} of {zone.name}; activate it in the back office.")

    def _tell_unreadable(self, unreadable: Mapping[str, int]) -> None:
        for why, number in unreadable.items():
            self.stdout.write(f"{number} rounds left out: {why}")


def _changes(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(
            f"--policy: {path} cannot be read ({error.strerror}); expected a TOML file or a version"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"--policy: {path} is not TOML: {error}") from None


def _moment(option: str, text: str, zone: Zone) -> datetime:
    """Read an ISO moment, or HH:MM of today; without an offset it is the zone's time."""
    local = ZoneInfo(zone.time_zone)
    try:
        if len(text) <= 5 and ":" in text:
            hour, minute = map(int, text.split(":"))
            return clock.now().astimezone(local).replace(hour=hour, minute=minute, second=0, microsecond=0)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{option}: expected 2026-11-25T18:00 or 18:00, got {text!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=local)


def _told(moment: datetime, zone: Zone) -> str:
    return f"{moment.astimezone(ZoneInfo(zone.time_zone)):%Y-%m-%d %H:%M:%S}"


def _spans() -> str:
    lines = [
        f"  {zone.name}: {number} rounds, {_told(first, zone)} to {_told(last, zone)} ({zone.time_zone})"
        for zone, first, last, number in recorded_spans()
    ]
    return "\n".join(["Recorded are:", *lines])


def _named(differing: tuple[rehearsing.Differing, ...]) -> list[dict[str, Any]]:
    """Return the differing rounds with names and order codes in place of ids."""
    text = " ".join(part for each in differing for part in (*each.before, *each.after))
    keys = {part.strip(":+") for part in text.split()} - {""}
    people = {
        str(row.pk): row.user.get_full_name() for row in Driver.objects.filter(pk__in=keys).select_related("user")
    }
    codes = {str(pk): f"#{code}" for pk, code in Delivery.objects.filter(pk__in=keys).values_list("pk", "order__code")}

    def words(offers: tuple[str, ...]) -> str:
        shown = []
        for offer in offers:
            driver, _, jobs = offer.partition(": ")
            shown.append(f"{people.get(driver, driver)} {' + '.join(codes.get(job, job) for job in jobs.split(' + '))}")
        return "; ".join(shown) or "nobody"

    return [
        {
            "round": ids.public("round_id", each.round_id),
            "at": each.at,
            "before": words(tuple(o for o in each.before if o not in each.after)),
            "after": words(tuple(o for o in each.after if o not in each.before)),
        }
        for each in differing
    ]


@contextmanager
def _bar() -> Iterator[Progress]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        yield bar


def _counts(bar: Progress, words: str, total: int) -> Any:
    task = bar.add_task(words, total=total)
    return lambda done, _total: bar.update(task, completed=done)
