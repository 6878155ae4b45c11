"""Many more faults than the suite has time for: ``python -m tests.faults.soak``, or ``make soak``.

It prints how many cases of each technique were run on each database, how many violations there were and how long it
took, and the name of each case that ended badly. ``--replay NAME`` runs one case again and shows its boundaries.
"""

import argparse
import itertools
import json
import logging
import os
import random
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

DATABASES = ("postgresql", "sqlite")


def single(world):
    """Every scenario killed and cut off at every boundary, with everything that may happen afterwards."""
    from .cases import AFTER, Case

    for name, numbers in boundaries(world, ("kill", "drop")):
        yield from (Case(name, fault, number, after) for fault, number in numbers for after in AFTER)


def freeze(world):
    """Every scenario frozen at every boundary, while others act."""
    from .cases import MEANWHILE, Case

    for name, numbers in boundaries(world, ("freeze",)):
        yield from (Case(name, fault, number, meanwhile) for fault, number in numbers for meanwhile in MEANWHILE)


def double(world, count=10_000):
    """Two faults of any kind, one of them in what happens after the other."""
    from .cases import AFTER, Case

    known = list(boundaries(world, ("kill", "drop")))
    for seed in range(count):
        chance = random.Random(seed)
        name, numbers = chance.choice(known)
        fault, number = chance.choice(numbers)
        second = (chance.choice(("kill", "drop", "freeze")), chance.randint(1, 2 * max(at for _, at in numbers)))
        yield Case(name, fault, number, chance.choice(AFTER), second)


def provider(world):
    """Every fault of the provider's, and the shop killed at every boundary besides."""
    from .cases import AFTER, Case, boundaries_of
    from .provider_faults import CASES

    for case in CASES:
        yield case
        for boundary in boundaries_of(world, case):
            yield Case(
                case.scenario, "kill", boundary.number, AFTER[boundary.number % len(AFTER)], provider=case.provider
            )


def mutants(world):
    """Every pair of guards taken out; only where rows are locked, since one lock for all replaces many guards."""
    from django.db import connection

    from .mutants import MUTANTS, Pair

    pairs = [Pair(two) for two in itertools.combinations(MUTANTS.values(), 2)] if connection.vendor != "sqlite" else []
    yield from (pair for pair in pairs if pair.is_possible)


TECHNIQUES = {"single": single, "freeze": freeze, "double": double, "provider": provider, "mutants": mutants}


def boundaries(world, faults):
    """Yield each scenario's name with ``(fault, number)`` of everything that can go wrong in it."""
    from .boundaries import applies
    from .cases import Case, boundaries_of
    from .scenarios import SCENARIOS

    for name in SCENARIOS:
        found = boundaries_of(world, Case(name))
        yield name, [(fault, b.number) for b in found for fault in faults if applies(fault, b)]


@contextmanager
def open_world(worker):
    """Make a test database and open for business."""
    from django.db import connection
    from django.test.utils import setup_test_environment

    from .databases import shared_database
    from .provider import Provider
    from .scenarios import World

    setup_test_environment()
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["NAME"] = f"soak_{worker}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    with shared_database(), Provider() as server, World.open(server) as world:
        yield world


def set_up():
    """Read the settings, as pytest does for the suite."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def work(options):
    """Be one worker: run its share of the cases, and print a line of JSON for each technique and violation."""
    set_up()
    from . import cases

    mine, workers = map(int, options.worker.split("/"))
    with open_world(mine) as world:
        for technique in options.techniques:
            todo = list(TECHNIQUES[technique](world))
            random.Random(options.seed).shuffle(todo)
            began, count, bad = time.monotonic(), 0, 0
            for case in todo[: options.cases][mine::workers]:
                if options.seconds and time.monotonic() - began > options.seconds:
                    break
                result = cases.run(world, case) if isinstance(case, cases.Case) else case.run(world)
                count += 1
                if violations := getattr(result, "violations", result):
                    bad += 1
                    report(
                        violation=f"{result if violations is not result else f'{case}: {violations}'}",
                        case=str(case),
                        technique=technique,
                    )
                if count % 100 == 0:
                    report(technique=technique, progress=count, of=len(todo), bad=bad, seconds=time.monotonic() - began)
            report(technique=technique, cases=count, of=len(todo), bad=bad, seconds=time.monotonic() - began)


def report(**facts):
    sys.stdout.write(json.dumps(facts, default=str) + "\n")
    sys.stdout.flush()


def replay(options):
    """Run one case again and show what happened."""
    set_up()
    from . import cases

    with open_world(0) as world:
        result = cases.run(world, cases.Case.parse(options.replay))
        for ended in result.ended:
            say(*ended.boundaries, f"{ended.how}: {ended.value}", ended.error)
        say(result)
    return bool(result.violations)


def soak(options):
    """Start the workers of each database in turn, and add up what they report."""
    from tests.servers import database_settings

    bad = 0
    for database in options.databases:
        database_settings(database)  # one server for all workers
        with ThreadPoolExecutor(options.workers) as pool:
            reports = list(pool.map(partial(follow, options, database), range(options.workers)))
        for technique in options.techniques:
            done = [report[technique] for report in reports if report]
            cases, violations = (sum(facts[name] for facts in done) for name in ("cases", "bad"))
            seconds = max((facts["seconds"] for facts in done), default=0)
            say(
                f"{database:10} {technique:8} seed {options.seed}: {cases} cases, {violations} violations,"
                f" {seconds:.0f} seconds"
            )
            bad += violations
        if lost := reports.count(None):
            say(f"{database:10} {lost} of {options.workers} workers died: what they left out was not tried")
            bad += lost
    return bool(bad)


def follow(options, database, number):
    """Run one worker, show its violations, and return its last report of each technique; ``None`` if it died."""
    reports = {}
    with start(options, database, number) as worker:
        for line in worker.stdout:
            facts = json.loads(line)
            if "violation" in facts:
                say(f"VIOLATION {facts['violation']}\n  make soak DATABASES={database} REPLAY='{facts['case']}'")
            elif "cases" in facts:
                reports[facts["technique"]] = facts
    return None if worker.returncode else reports


def say(*lines):
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def start(options, database, number):
    command = [sys.executable, "-m", "tests.faults.soak", "--worker", f"{number}/{options.workers}"]
    command += ["--seed", str(options.seed), "--techniques", *options.techniques]
    for name in ("cases", "seconds"):
        if getattr(options, name):
            command += [f"--{name}", str(getattr(options, name))]
    environment = {**os.environ, "LORIKEET_TEST_DATABASE": database}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def main():
    """Read the options and do what they say."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--techniques", nargs="*", choices=TECHNIQUES, default=list(TECHNIQUES))
    parser.add_argument("--databases", nargs="*", choices=DATABASES, default=DATABASES)
    parser.add_argument("--cases", type=int, help="most cases of a technique on a database")
    parser.add_argument("--seconds", type=float, help="most seconds for a technique on a database")
    parser.add_argument("--seed", type=int, default=1, help="the order of the cases")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", help="the name of one case")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.replay:
        os.environ["LORIKEET_TEST_DATABASE"] = options.databases[0]
        return replay(options)
    return work(options) if options.worker else soak(options)


if __name__ == "__main__":
    sys.exit(main())
