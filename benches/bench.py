#!/usr/bin/env python3
"""Times derm beside its peers, as whole processes, in alternation, on the same files.

    python3 benches/bench.py --derm target/release/derm --images DIR [--rounds 7] [--only startup,add,...]

Every benchmark runs its commands in turn, A B A B …, after one warm-up of each, and prints the
median of each and the median of the ratios pair by pair; ratios hold when the machine's speed drifts.
Peers that are not installed (`b3sum`, `dvc`, `git`) are named as missing.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def timed(command, folder):
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, shell=isinstance(command, str),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def writable(path):
    subprocess.run(["chmod", "-R", "u+w", str(path)], check=False)
    shutil.rmtree(path, ignore_errors=True)


class Side:
    """One command of a pair: `prepare` makes a fresh folder, not timed; `command` is timed in it."""

    def __init__(self, name, command, prepare=None):
        self.name, self.command, self.prepare = name, command, prepare

    def once(self, scratch):
        folder = Path(tempfile.mkdtemp(dir=scratch))
        if self.prepare:
            self.prepare(folder)
        # What the preparation wrote must not be written back while the command is timed.
        os.sync()
        seconds = timed(self.command, folder)
        writable(folder)
        return seconds


def compare(title, sides, rounds, scratch):
    for side in sides:
        side.once(scratch)
    times = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            times[side.name].append(side.once(scratch))
    first = times[sides[0].name]
    print(f"\n{title} ({rounds} rounds)")
    for side in sides:
        own = times[side.name]
        ratio = statistics.median(a / b for a, b in zip(first, own))
        against = "" if side is sides[0] else f"   derm/this {ratio:.2f}"
        print(f"  {side.name:<34} median {statistics.median(own) * 1000:9.1f} ms   best {min(own) * 1000:9.1f} ms{against}")


def present(name):
    found = shutil.which(name)
    if not found:
        print(f"missing: {name} is not installed; its rows are left out", file=sys.stderr)
    return found


def startup(args, scratch):
    sides = [Side("derm --version", [args.derm, "--version"]), Side("true", ["true"])]
    if present("git"):
        sides.append(Side("git --version", ["git", "--version"]))
    if present("dvc"):
        sides.append(Side("dvc --version", ["dvc", "--version"]))
    compare("start-up", sides, args.rounds * 3, scratch)


def copy_images(args):
    def prepare(folder):
        shutil.copytree(args.images, folder / "images")
    return prepare


def derm_repository(args):
    def prepare(folder):
        copy_images(args)(folder)
        subprocess.run([args.derm, "init"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return prepare


def dvc_repository(args):
    def prepare(folder):
        copy_images(args)(folder)
        subprocess.run(["dvc", "init", "--no-scm", "-q"], cwd=folder, check=True)
    return prepare


def add(args, scratch):
    sides = [Side("derm add images", [args.derm, "add", "images"], derm_repository(args))]
    if present("b3sum"):
        sides.append(Side("b3sum + cp -r", "find images -type f -print0 | xargs -0 b3sum > sums && cp -r images copy", copy_images(args)))
    if present("dvc"):
        sides.append(Side("dvc add images", ["dvc", "add", "images"], dvc_repository(args)))
    compare(f"add {args.images.name}, cold cache", sides, args.rounds, scratch)


def status(args, scratch):
    def added(folder):
        derm_repository(args)(folder)
        subprocess.run([args.derm, "add", "images"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.1)  # let the files' times leave the tick in which the index was written
        subprocess.run([args.derm, "status"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def dvc_added(folder):
        dvc_repository(args)(folder)
        subprocess.run(["dvc", "add", "-q", "images"], cwd=folder, check=True)

    sides = [Side("derm status", [args.derm, "status"], added),
             Side("find + stat", "find images -type f -printf '%s %T@ %i\\n' > /dev/null", copy_images(args))]
    if present("dvc"):
        sides.append(Side("dvc status", ["dvc", "status"], dvc_added))
    compare(f"status, nothing changed, {args.images.name}", sides, max(3, args.rounds // 2), scratch)


def chain(count):
    """A chain of trivial stages as derm's and as DVC's file; the schema is the same."""
    lines = ["stages:"]
    for i in range(count):
        lines += [f"  s{i:03}:", f"    cmd: cp o{i} o{i + 1}", "    deps:", f"      - o{i}", "    outs:", f"      - o{i + 1}"]
    return "\n".join(lines) + "\n"


def repro(args, scratch):
    def derm_project(folder):
        (folder / "o0").write_text("start\n")
        subprocess.run([args.derm, "init"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (folder / "pipelines").mkdir(exist_ok=True)
        (folder / "pipelines" / "chain.yaml").write_text(chain(args.stages))

    def derm_done(folder):
        derm_project(folder)
        subprocess.run([args.derm, "repro"], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def dvc_project(folder):
        (folder / "o0").write_text("start\n")
        subprocess.run(["dvc", "init", "--no-scm", "-q"], cwd=folder, check=True)
        (folder / "dvc.yaml").write_text(chain(args.stages))

    def dvc_done(folder):
        dvc_project(folder)
        subprocess.run(["dvc", "repro", "-q"], cwd=folder, check=True)

    for title, ours, theirs in [(f"repro, {args.stages} chained stages, cold", derm_project, dvc_project),
                                (f"repro, {args.stages} chained stages, nothing to do", derm_done, dvc_done)]:
        sides = [Side("derm repro", [args.derm, "repro"], ours)]
        if present("dvc"):
            sides.append(Side("dvc repro", ["dvc", "repro"], theirs))
        compare(title, sides, max(3, args.rounds // 2), scratch)


BENCHMARKS = {"startup": startup, "add": add, "status": status, "repro": repro}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--derm", required=True, type=lambda text: str(Path(text).resolve()))
    parser.add_argument("--images", required=True, type=lambda text: Path(text).resolve(), help="a folder of images")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--stages", type=int, default=50, help="stages of the chain that `repro` times")
    parser.add_argument("--only", help="comma-separated names: " + ", ".join(BENCHMARKS))
    args = parser.parse_args()
    names = args.only.split(",") if args.only else list(BENCHMARKS)
    with tempfile.TemporaryDirectory(prefix="derm-bench-") as scratch:
        for name in names:
            BENCHMARKS[name](args, scratch)


if __name__ == "__main__":
    main()
