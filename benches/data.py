"""Times derm's handling of data beside DVC's, whole processes in alternation on the same files.

    python3 benches/data.py --derm target/release/derm --dvc dvc --folder /tmp/bench
    python3 benches/data.py --derm target/release/derm --million     a million small files, derm alone

Prints a Markdown table: medians of wall-clock time over the rounds, CPU time of derm, and the median of the ratios round by
round. The tree is 10,000 files of 24 to 36 kB of random bytes in 9 folders, always the same bytes; it is synced before each round, and read
once, so that nobody waits for the disk to take what the round before has written.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def make_tree(root, files, low, high, folders):
    """The same files whenever it is called; kept from one call to the next."""
    if (root / "done").exists():
        return root / "data"
    shutil.rmtree(root, ignore_errors=True)
    rng = random.Random(1)
    for number in range(folders):
        (root / "data" / f"part{number:03}").mkdir(parents=True)
    for number in range(files):
        path = root / "data" / f"part{number % folders:03}" / f"image_{number:07}.jpg"
        path.write_bytes(rng.randbytes(rng.randint(low, high)))
    (root / "done").write_text("")
    return root / "data"


def timed(command, cwd, env=None):
    """Wall seconds, CPU seconds, peak memory in MiB."""
    start = time.perf_counter()
    child = subprocess.Popen(command, cwd=cwd, env={**os.environ, **(env or {})}, **QUIET)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command} in {cwd} ended with {child.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


class Derm:
    def __init__(self, program):
        self.program = str(Path(program).resolve())

    def start(self, folder, link):
        timed(["git", "init", "-q"], folder)
        timed([self.program, "init"], folder)
        self.link(folder, link)

    def link(self, folder, link):
        (folder / ".derm" / "config").write_text(f'[cache]\nlink = ["{link}"]\n')

    def __call__(self, *words):
        return [self.program, *words]

    cache = ".derm/cache"

    def remote(self, folder, place):
        self.url = str(place)

    def words(self, what):
        return {"push": ["push", "-r", getattr(self, "url", "")], "pull": ["pull", "-r", getattr(self, "url", "")], "gc": ["gc", "-w", "--grace", "0"]}.get(what, [what])


class Dvc:
    def __init__(self, program):
        self.program = program

    def start(self, folder, link):
        timed(["git", "init", "-q"], folder)
        timed([self.program, "init", "-q"], folder)
        timed([self.program, "config", "core.analytics", "false"], folder)
        timed([self.program, "config", "core.site_cache_dir", str(folder / ".site")], folder)
        self.link(folder, link)

    def link(self, folder, link):
        timed([self.program, "config", "cache.type", link], folder)

    def __call__(self, *words):
        return [self.program, *words]

    cache = ".dvc/cache"

    def remote(self, folder, place):
        timed([self.program, "remote", "add", "-d", "place", str(place)], folder)

    def words(self, what):
        return {"gc": ["gc", "-w", "-f"], "status": ["data", "status"], "checkout": ["checkout", "-q"]}.get(what, [what])


def settle(folder):
    """Written to the disk, and in memory."""
    os.sync()
    for path in sorted(folder.rglob("*.jpg")):
        path.read_bytes()


def a_round(tool, tree, place):
    """One round of one tool: name of the step -> (wall, CPU, memory)."""
    place.mkdir(parents=True)
    tool.start(place, "hardlink")
    data = place / "data"
    shutil.copytree(tree, data)
    settle(data)
    run = lambda what, *more: timed(tool(*tool.words(what), *more), place)
    times = {"add, cold, hard links": run("add", "data")}
    run("status")
    times["status, nothing changed"] = run("status")
    one = next(iter(sorted(data.rglob("*.jpg"))))
    one.unlink()
    one.write_bytes(random.Random(2).randbytes(30_000))
    times["add after one change"] = run("add", "data")
    times["gc, nothing to do"] = run("gc") and run("gc")
    data.rename(place.with_name(f"{place.name}-old1"))
    times["checkout, hard links"] = run("checkout")
    data.rename(place.with_name(f"{place.name}-old2"))
    tool.link(place, "copy")
    os.sync()
    times["checkout, copies"] = run("checkout")
    os.sync()
    times["cp -r, for comparison"] = timed(["cp", "-r", "data", "copied"], place)
    (place / "copied").rename(place.with_name(f"{place.name}-copied"))
    remote = place.with_name(f"{place.name}-remote")
    tool.remote(place, remote)
    os.sync()
    times["push, a local folder"] = run("push")
    data.rename(place.with_name(f"{place.name}-old3"))
    (place / tool.cache).rename(place.with_name(f"{place.name}-old-cache"))
    tool.link(place, "hardlink")
    os.sync()
    times["pull, from there, hard links"] = run("pull")
    return times


def compare(derm, dvc, tree, folder, rounds):
    results = {"derm": [], "dvc": []}
    for number in range(rounds):
        for name, tool in (("derm", derm), ("dvc", dvc)):
            if tool:
                results[name].append(a_round(tool, tree, folder / f"w-{name}-{number}"))
    median = lambda name, step, at: statistics.median(times[step][at] for times in results[name])
    print("| what | derm, s | of that CPU, s | DVC, s | derm / DVC |\n| --- | ---: | ---: | ---: | ---: |")
    for step in results["derm"][0]:
        row = [f"{median('derm', step, 0):.3f}", f"{median('derm', step, 1):.3f}", "", ""]
        if results["dvc"]:
            ratios = [ours[step][0] / theirs[step][0] for ours, theirs in zip(results["derm"], results["dvc"])]
            row[2:] = [f"{median('dvc', step, 0):.2f}", f"{statistics.median(ratios):.3f}"]
        print(f"| {step} | {' | '.join(row)} |", flush=True)
    against = lambda step: statistics.median(times[step][0] / times["cp -r, for comparison"][0] for times in results["derm"])
    steps = ["checkout, copies", "push, a local folder", "pull, from there, hard links"]
    print("\nTimes as long as `cp -r`: " + "; ".join(f"{step} {against(step):.2f}" for step in steps) + ".")


def many(derm, tree, files, folder):
    """Add, status, one change: of so many files of 1 kB, derm alone."""
    place = folder / "w-many"
    place.mkdir(parents=True)
    derm.start(place, "hardlink")
    shutil.copytree(tree, place / "data")
    os.sync()
    run = lambda what, *more: timed(derm(what, *more), place)
    rows = [("add", run("add", "data")), ("status, first after it", run("status")), ("status", min(run("status") for _ in range(5)))]
    one = next((place / "data").rglob("*.jpg"))
    one.unlink()
    one.write_bytes(b"changed")
    rows.append(("add after one change", run("add", "data")))
    print(f"\n| {files:,} files of 1 kB | wall, s | CPU, s | µs a file | peak memory, MiB |\n| --- | ---: | ---: | ---: | ---: |")
    for name, (wall, cpu, memory) in rows:
        print(f"| {name} | {wall:.3f} | {cpu:.3f} | {wall / files * 1e6:.2f} | {memory:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--derm", default="target/release/derm")
    parser.add_argument("--dvc", default=shutil.which("dvc"), help="left out if there is none")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/bench"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--million", action="store_true", help="only a million files of 1 kB, derm alone")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    # Nothing is removed between the rounds: for each new file ext4 passes over the inodes of those that were removed in the last minutes,
    # one by one. Remove the folder afterwards.
    runs = Path(tempfile.mkdtemp(prefix="run-", dir=args.folder))
    derm = Derm(args.derm)
    if args.million:
        many(derm, make_tree(args.folder / "t1m", 1_000_000, 1024, 1024, 1000), 1_000_000, runs)
        return
    tree = make_tree(args.folder / "t-10k", 10_000, 24_576, 36_864, 9)
    compare(derm, Dvc(args.dvc) if args.dvc else None, tree, runs, args.rounds)
    many(derm, make_tree(args.folder / "t-100k", 100_000, 1024, 1024, 100), 100_000, runs)


if __name__ == "__main__":
    main()
