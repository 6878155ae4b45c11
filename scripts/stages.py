"""Run targets of the Makefile one after the other, and print what each took.

    scripts/stages.py [--wall SECONDS] [--cpu SECONDS] [--tolerance TIMES] [--keep-going] TARGET ...

``CPU`` are the seconds that all processes of a stage kept processors busy. A stage that fails ends the run, except
with ``--keep-going``; either way the exit status is 1. It is also 1 if the run took more than ``TIMES`` the processor
seconds that it may take. The time on the clock is compared and printed, but a busy machine is no failure.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass

#: The last line of a run of pytest.
CLOSING = re.compile(rb"^=+ (.+) in [0-9.]+s.* =+$", re.MULTILINE)


@dataclass
class Stage:
    """What became of a target, and the closing lines of pytest in it."""

    name: str
    wall: float
    cpu: float
    failed: bool
    closings: list[str]

    def __str__(self) -> str:
        return f"{self.name:22}{self.wall:7.0f} s{self.cpu:9.0f} s   {'FAILED' if self.failed else 'passed'}"


def run(target: str) -> Stage:
    """Make a target, and show what it prints."""
    print(f"\n=== {target}", flush=True)
    began = time.monotonic()
    command = [os.environ.get("MAKE", "make"), "--no-print-directory", target]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    output = b""
    while chunk := os.read(process.stdout.fileno(), 65536):
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
        output += chunk
    _, status, usage = os.wait4(process.pid, 0)
    closings = [match[0].decode(errors="replace") for match in CLOSING.finditer(output)]
    return Stage(target, time.monotonic() - began, usage.ru_utime + usage.ru_stime, status != 0, closings)


def within(what: str, seconds: float, budget: float | None, tolerance: float | None) -> bool:
    """Tell how much of a budget was taken, and whether that is within the tolerance."""
    if budget is None:
        return True
    print(f"{what}: {seconds:.0f} of {budget:.0f} s" + (", which is too much" if seconds > budget else ""))
    return tolerance is None or seconds <= tolerance * budget


def main() -> int:
    parser = argparse.ArgumentParser(usage=(__doc__ or "").split("\n")[2].strip())
    parser.add_argument("--wall", type=float)
    parser.add_argument("--cpu", type=float)
    parser.add_argument("--tolerance", type=float)
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    stages: list[Stage] = []
    for target in options.targets:
        stages.append(run(target))
        if stages[-1].failed and not options.keep_going:
            break
    wall, cpu = (sum(getattr(stage, name) for stage in stages) for name in ("wall", "cpu"))
    print(f"\n{'=== stages':22}{'clock':>9}{'CPU':>11}")
    print(*stages, sep="\n")
    print(f"{'in all':22}{wall:7.0f} s{cpu:9.0f} s")
    within("on the clock", wall, options.wall, None)
    is_within = within("of the processors", cpu, options.cpu, options.tolerance)
    for stage in reversed(stages):  # the largest run of pytest is the first
        print(*stage.closings, sep="\n", end="\n" if stage.closings else "")
    return int(any(stage.failed for stage in stages) or not is_within)


if __name__ == "__main__":
    sys.exit(main())
