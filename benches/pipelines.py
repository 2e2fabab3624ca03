"""Times derm's pipelines beside DVC's, whole processes in alternation on the same files.

    python3 benches/pipelines.py --derm target/release/derm --dvc dvc --folder /tmp/bench-pipelines --rounds 3

Prints a Markdown table: median and best of wall-clock time over the rounds, CPU time, what is wanted. Both tools read the same dvc.yaml. The folder must
be new. DVC is asked once for what takes it minutes (`--slow-rounds`), and not at all without --dvc.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
ENV = {**os.environ, "DVC_NO_ANALYTICS": "1", "SHELL": "/bin/sh"}


def timed(command, cwd, code=0):
    """Wall seconds, CPU seconds with those of children, peak memory in MiB."""
    start = time.perf_counter()
    child = subprocess.Popen([str(word) for word in command], cwd=cwd, env=ENV, **QUIET)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if code is not None and child.returncode != code:
        raise SystemExit(f"{command} in {cwd} ended with {child.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def chain(stages):
    """Each stage reads what the one before made and one parameter, and makes one file; its command starts no program."""
    lines = ["stages:\n"]
    for i in range(stages):
        lines.append(
            f"  s{i}:\n    cmd: echo $(({i} + 1)) > f{i + 1}.txt\n    deps:\n    - f{i}.txt\n    params:\n    - p{i}\n    outs:\n    - f{i + 1}.txt\n"
        )
    return {"dvc.yaml": "".join(lines), "params.yaml": "".join(f"p{i}: {i}\n" for i in range(stages)), "f0.txt": "0\n"}


def expanded():
    """One file that becomes 5,000 stages, each with a dependency, a parameter and an output."""
    text = """\
vars:
- years: [2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008, 2009, 2010]
stages:
  clean:
    matrix:
      year: ${years}
      mode: [car, bike, foot, bus, train]
      region: REGIONS
    cmd: run --year ${item.year} --mode ${item.mode} --region ${item.region} ${base}
    deps:
    - raw/${item.region}.txt
    params:
    - base
    outs:
    - clean/${item.year}/${item.mode}/${item.region}.txt
  total:
    matrix:
      year: ${years}
      mode: [car, bike, foot, bus, train]
      region: REGIONS
    cmd: total ${key}
    deps:
    - clean/${item.year}/${item.mode}/${item.region}.txt
    params:
    - base
    outs:
    - total/${key}.txt
""".replace("REGIONS", "[" + ", ".join(f"r{i}" for i in range(50)) + "]")
    return {"dvc.yaml": text, "params.yaml": "base: 7\n", **{f"raw/r{i}.txt": f"{i}\n" for i in range(50)}}


def sleepers():
    stages = "".join(f"  s{i}:\n    cmd: sleep 1 && echo {i} > o{i}.txt\n    outs:\n    - o{i}.txt\n" for i in range(8))
    return {"dvc.yaml": f"stages:\n{stages}"}


def ten():
    files = chain(10)
    files["dvc.yaml"] += "  score:\n    cmd: cp score.json m.json\n    deps:\n    - f10.txt\n    - score.json\n    metrics:\n    - m.json:\n        cache: false\n"
    files["score.json"] = '{"auc": 0.9, "loss": {"train": 0.1, "val": 0.2}}\n'
    return files


class Tool:
    def __init__(self, program):
        self.program = str(Path(shutil.which(program) or program).absolute())

    def start(self, folder, files):
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True, **QUIET)
        subprocess.run([self.program, "init", "-q"], cwd=folder, check=True, env=ENV, **QUIET)
        subprocess.run(["git", "-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "b", "--allow-empty", "."], cwd=folder, **QUIET)
        subprocess.run("git add -A && git -c user.name=b -c user.email=b@b commit -qm all", shell=True, cwd=folder, **QUIET)
        return lambda *words, code=0: timed([self.program, *words], folder, code)

    def knows(self, *words):
        return subprocess.run([self.program, *words, "--help"], **QUIET).returncode == 0


class Table:
    def __init__(self):
        self.rows = {}

    def add(self, what, who, times):
        self.rows.setdefault(what, {}).setdefault(who, []).append(times)

    def show(self, wanted):
        cell = lambda times: "" if not times else f"{statistics.median(t[0] for t in times):.3f} [{min(t[0] for t in times):.3f}]"
        cpu = lambda times: "" if not times else f"{statistics.median(t[1] for t in times):.3f}"
        print("| what | DVC, s [best] | derm, s [best] | of that CPU, s | wanted, s |\n| --- | ---: | ---: | ---: | ---: |")
        for what, row in self.rows.items():
            limit = wanted(what) or ""
            print(f"| {what} | {cell(row.get('dvc'))} | {cell(row.get('derm'))} | {cpu(row.get('derm'))} | {limit} |")


def a_round(table, who, tool, folder, slow):
    run = tool.start(folder / "chain", chain(200))
    if who == "derm" or slow:
        table.add("`repro`, 200 chained stages, cold", who, run("repro"))
        table.add("`repro`, nothing to do, 200 chained stages", who, run("repro"))
        table.add("`status`, 200 chained stages", who, run("status"))
    run = tool.start(folder / "many", expanded())
    dag = ["dag", "--dot"]
    if who == "derm" or slow:
        table.add("`dag --dot`, 5,000 stages", who, run(*dag))
        table.add("`status`, 5,000 stages", who, run("status"))
        # DVC stops at the first stage whose inputs are not there yet.
        table.add("`repro --dry`, 5,000 stages", who, run("repro", "--dry", code=None))
    run = tool.start(folder / "sleep", sleepers())
    jobs = ["-j", "8"] if who == "derm" else []
    table.add("8 independent stages of 1 s, `-j 8`", who, run("repro", *jobs))
    run = tool.start(folder / "ten", ten())
    run("repro")
    for words in (["params", "diff"], ["metrics", "show"], ["dag"]):
        if tool.knows(*words):
            table.add(f"`{' '.join(words)}`, 11 stages", who, run(*words))
        else:
            table.rows.setdefault(f"`{' '.join(words)}`, 11 stages", {})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--derm", default="target/release/derm")
    parser.add_argument("--dvc", default=shutil.which("dvc"), help="left out if there is none")
    parser.add_argument("--folder", type=Path, required=True, help="a new folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow-rounds", type=int, default=1, help="rounds in which DVC runs what takes it minutes")
    args = parser.parse_args()
    if args.folder.exists():
        raise SystemExit(f"{args.folder} is there already")
    table = Table()
    shells = "200 runs of `sh -c true`"
    for number in range(args.rounds):
        table.add(shells, "derm", timed(["sh", "-c", "i=0; while [ $i -lt 200 ]; do sh -c true; i=$((i+1)); done"], "/"))
        a_round(table, "derm", Tool(args.derm), args.folder / f"derm-{number}", True)
        if args.dvc:
            a_round(table, "dvc", Tool(args.dvc), args.folder / f"dvc-{number}", number < args.slow_rounds)
    shell = statistics.median(times[0] for times in table.rows[shells]["derm"])
    limits = {
        "`repro`, nothing to do, 200 chained stages": "0.05",
        "`repro`, 200 chained stages, cold": f"{1.5 * shell:.3f}",
        "8 independent stages of 1 s, `-j 8`": "1.3",
    }
    of_5000 = lambda what: "0.5" if "5,000" in what else "0.03" if "11 stages" in what else None
    table.show(lambda what: limits.get(what) or of_5000(what))


if __name__ == "__main__":
    main()
