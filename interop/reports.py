"""Compares `derm params|metrics|plots` with DVC: a repository with several commits, branches and tags is asked by both.

usage: reports.py PATH-TO-DERM

Parameters and metrics of YAML, JSON and TOML, kept by git and kept in a cache, must have the same values at the same
places and the same differences; plots the same points in the same order. The pipelines are run by derm and by DVC from
the same files, so that each has its own cache and its own lock. Exit code 1 on any difference.
"""

import ast
import contextlib
import io
import json
import logging
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.update(DVC_NO_ANALYTICS="1", GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", PYTHONWARNINGS="ignore")

from dvc.render.match import match_defs_renderers  # noqa: E402
from dvc.repo import Repo  # noqa: E402

DERM = Path(sys.argv[1]).resolve()
checked, wrong = 0, []

PIPELINE = """\
stages:
  prepare:
    cmd: python3 make.py prepare
    deps: [make.py]
    params:
    - data.seed
    - data.sizes
    - extra.toml: [model]
    outs: [table.txt]
  train:
    cmd: python3 make.py train ${train.lr}
    deps: [table.txt, make.py]
    params: [train, more/settings.json:]
    metrics:
    - metrics/scores.json: {cache: false}
    - cached.json
    plots:
    - logs/curve.csv: {x: epoch, y: loss, title: Training}
    - bare.csv: {cache: false, header: false}
    - wide.tsv: {cache: false}
    - pairs.csv: {cache: false, x: actual, y: predicted, template: confusion}
  folds:
    foreach: [a, b]
    do:
      cmd: python3 make.py fold ${item}
      deps: [make.py]
      params: [train.lr]
      metrics:
      - fold-${item}.yaml: {cache: false}
params: [notes.yaml]
metrics: [extra.toml, summary]
plots:
- roc.json: {x: fpr, y: tpr, x_label: one, y_label: two}
- points.yaml
- several:
    template: scatter
    x: {logs/curve.csv: epoch}
    y: {logs/curve.csv: [loss, accuracy]}
- joined:
    x: {roc.json: fpr}
    y: {same.json: score}
- folder
"""

MAKE = """\
import json, math, os, sys, random
what = sys.argv[1]
if what == "prepare":
    open("table.txt", "w").write("rows")
elif what == "fold":
    open(f"fold-{sys.argv[2]}.yaml", "w").write(f"score: {len(sys.argv[2]) + 0.25}\\nname: {sys.argv[2]}\\n")
else:
    lr = float(sys.argv[2]); random.seed(int(lr * 1000))
    for folder in ("metrics", "logs"):
        os.makedirs(folder, exist_ok=True)
    json.dump({"auc": {"macro": 0.5 + lr, "mel": 1 / 3}, "n": 30, "small": 1e-9 * lr, "list": [1, 2], "none": None, "text": "x", "yes": True}, open("metrics/scores.json", "w"))
    json.dump({"loss": {"train": lr * 2, "val": 7}, "epochs": int(lr * 100)}, open("cached.json", "w"))
    with open("logs/curve.csv", "w") as f:
        f.write("epoch,loss,accuracy\\n")
        for epoch in range(30):
            f.write(f"{epoch},{math.exp(-epoch / 9) + lr:.5f},{epoch / 30:.3f}\\n")
    with open("bare.csv", "w") as f, open("wide.tsv", "w") as g:
        g.write("a\\tb\\tc\\n")
        for row in range(5):
            f.write(f"{row},{row * lr}\\n")
            g.write(f"{row}\\t\\t{row * lr}\\n")
    with open("pairs.csv", "w") as f:
        f.write("actual,predicted\\n")
        for _ in range(40):
            f.write(f"{random.choice('abc')},{random.choice('abc')}\\n")
"""


def sh(folder, command):
    ran = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{command}: {ran.stdout}{ran.stderr}")
    return ran.stdout


def git(folder, command):
    return sh(folder, f"git -c user.name=T -c user.email=t@example.org -c init.defaultBranch=main {command}")


def derm(folder, *arguments):
    ran = subprocess.run([DERM, "--json", *arguments], cwd=folder, capture_output=True, text=True)
    try:
        return json.loads(ran.stdout)
    except ValueError:
        sys.exit(f"derm {' '.join(arguments)}: no JSON: {ran.stdout}{ran.stderr}")


def write(folder, lr, sizes):
    text = f"data:\n  seed: 7\n  sizes: {sizes}\ntrain:\n  lr: {lr}\n  name: r18\nunused: {{deep: {{er: {lr}}}}}\n"
    (folder / "params.yaml").write_text(text)
    (folder / "extra.toml").write_text(f"[model]\ndepth = {int(lr * 100)}\nnames = ['a', 'b']\n[other]\nx = 1.5\n")
    (folder / "more").mkdir(exist_ok=True)
    (folder / "more/settings.json").write_text(json.dumps({"a": {"b": lr}, "big": 2**60}))
    (folder / "notes.yaml").write_text(f"who: me\nlr twice: {lr * 2}\n")
    (folder / "summary").mkdir(exist_ok=True)
    (folder / "summary/a.json").write_text(json.dumps({"score": lr, "fixed": 3}))
    (folder / "summary/b.yaml").write_text(f"deep: {{score: {lr + 1}}}\n")
    (folder / "roc.json").write_text(json.dumps({"meta": {"n": 3}, "roc": {"curve": [{"fpr": i / 10, "tpr": (i / 10) ** lr} for i in range(11)]}}))
    (folder / "same.json").write_text(json.dumps([{"score": i * lr} for i in range(11)]))
    (folder / "points.yaml").write_text("".join(f"- {{a: {i}, b: {i * lr}}}\n" for i in range(6)))
    (folder / "folder").mkdir(exist_ok=True)
    (folder / "folder/one.csv").write_text(f"x,y\n1,{lr}\n2,3\n")
    (folder / "folder/two.json").write_text(json.dumps([{"y": 1, "z": lr}, {"y": 2, "z": 4}]))


def plain(value):
    """Lists are text in DVC's differences."""
    if isinstance(value, str) and value.startswith("["):
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return value
    return value


def same(ours, theirs):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if isinstance(theirs.get("old"), bool) and isinstance(theirs.get("new"), bool):
            # In Python a truth value minus another is a number.
            theirs = {key: value for key, value in theirs.items() if key != "diff"}
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    ours, theirs = plain(ours), plain(theirs)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return ours == theirs or math.isclose(ours, theirs, rel_tol=1e-15, abs_tol=0) or (math.isnan(ours) and math.isnan(theirs))
    return ours == theirs


def compare(what, ours, theirs):
    global checked
    checked += 1
    if not same(ours, theirs):
        wrong.append(what)
        print(f"DIFFERENT: {what}\n  derm {json.dumps(ours)[:2000]}\n  DVC  {json.dumps(theirs, default=str)[:2000]}")


def differences(repo, folder, old, new):
    revisions = [old] + ([new] if new else [])
    for what, theirs in (("params", repo.params), ("metrics", repo.metrics)):
        for all_of_it in (False, True):
            ours = derm(folder, what, "diff", *revisions, *(["--all"] if all_of_it else []))["diff"]
            their = theirs.diff(a_rev=old, b_rev=new or "workspace", all=all_of_it).get("diff", {})
            compare(f"{what} diff {old} {new} all={all_of_it}", ours, their)
    ours = derm(folder, "params", "diff", *revisions, "--deps")["diff"]
    compare(f"params diff --deps {old} {new}", ours, repo.params.diff(a_rev=old, b_rev=new or "workspace", deps_only=True).get("diff", {}))
    for target in ("metrics/scores.json", "summary"):
        ours = derm(folder, "metrics", "diff", *revisions, "--targets", target)["diff"]
        their = repo.metrics.diff(a_rev=old, b_rev=new or "workspace", targets=[target]).get("diff", {})
        compare(f"metrics diff {old} {new} --targets {target}", ours, their)


def without_errors(places):
    return {place: {file: found["data"] for file, found in data["data"].items() if "data" in found} for place, data in places.items()}


def listings(repo, folder):
    heads = {name: git(folder, f"rev-parse {name}^{{commit}}").strip() for name in ("main", "other", "v1", "v2", "HEAD")}
    for option, asked in (("-a", "all_branches"), ("-T", "all_tags"), ("-A", "all_commits")):
        for what, theirs in (("params", repo.params), ("metrics", repo.metrics)):
            ours = without_errors(derm(folder, what, "show", option)["revisions"])
            their = without_errors(theirs.show(hide_workspace=False, **{asked: True}))
            # Several names of one commit are one place in both, called by one of them here and by all of them there.
            def by_commit(places):
                return {place if place == "workspace" else git(folder, f"rev-parse {place.split(',')[0]}^{{commit}}").strip(): found for place, found in places.items()}
            compare(f"{what} show {option}", by_commit(ours), by_commit(their))
    assert len(set(heads.values())) >= 3


def number(value):
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def points(repo, folder, revisions):
    theirs = {}
    data = repo.plots.show(revs=list(revisions)) if len(revisions) > 1 else repo.plots.show()
    for renderer, _, _ in match_defs_renderers(data):
        for point in renderer.datapoints:
            # What DVC calls x and y of this point.
            x, y = renderer.properties["x"], renderer.properties["y"]
            place = theirs.setdefault(renderer.name, {}).setdefault(point["rev"], [])
            place.append([number(point.get(x)), number(point.get(y)), point["field"]])
    arguments = ["plots", "diff", *revisions] if len(revisions) > 1 else ["plots", "show"]
    ours = {}
    for plot in derm(folder, *arguments)["plots"]:
        ours[plot["id"]] = {place: [[number(point["x"]), number(point["y"]), point["field"]] for point in found] for place, found in plot["data"].items()}
    compare(f"plots of {revisions}: names", sorted(ours), sorted(theirs))
    for name in ours:
        compare(f"plot {name} of {revisions}", ours[name], theirs.get(name))


def main():
    folder = Path(tempfile.mkdtemp(prefix="derm-reports-"))
    try:
        git(folder, "init -q -b main .")
        (folder / "dvc.yaml").write_text(PIPELINE.replace("more/settings.json:]", "{more/settings.json: null}]"))
        (folder / "make.py").write_text(MAKE)
        os.chdir(folder)
        Repo.init().close()
        logging.getLogger("dvc").setLevel(logging.ERROR)
        sh(folder, f"{DERM} init")
        steps = [(0.5, "[1, 2]", "tag v1"), (0.25, "[1, 2]", "tag v2"), (0.125, "[1, 3, 4]", "branch other")]
        for lr, sizes, name in steps:
            write(folder, lr, sizes)
            repo = Repo(str(folder))
            with contextlib.redirect_stdout(io.StringIO()):
                repo.reproduce()
            repo.close()
            # What DVC made is there: derm records the same outputs in its own lock and cache.
            sh(folder, f"{DERM} commit --force")
            git(folder, "add -A .")
            git(folder, f"commit -qm {lr}")
            git(folder, name)
        # The last commit loses a metric and gains one; then the workspace changes.
        text = (folder / "dvc.yaml").read_text()
        (folder / "dvc.yaml").write_text(text.replace("metrics: [extra.toml, summary]", "metrics: [extra.toml, new.json]"))
        (folder / "new.json").write_text('{"fresh": 1}')
        git(folder, "add -A .")
        git(folder, "commit -qm last")
        write(folder, 0.75, "[1, 2]")
        (folder / "new.json").write_text('{"fresh": 2, "more": 0.5}')
        repo = Repo(str(folder))
        for old, new in (("HEAD", None), ("v1", None), ("v1", "v2"), ("v2", "v1"), ("other", "main"), ("HEAD~2", "HEAD"), ("v1", "v1")):
            differences(repo, folder, old, new)
        listings(repo, folder)
        for revisions in (["workspace"], ["workspace", "HEAD"], ["v1", "v2"], ["workspace", "v1", "v2", "other"]):
            points(repo, folder, revisions)
        # A broken file among good ones: the others have the same numbers.
        (folder / "summary/a.json").write_text('{"score": ')
        (folder / "new.json").write_text("[")
        repo.close()
        repo = Repo(str(folder))
        ours = without_errors(derm(folder, "metrics", "show", "--rev", "v1")["revisions"])
        their = without_errors(repo.metrics.show(revs=["v1"], hide_workspace=False))
        compare("metrics show with broken files", ours, their)
        repo.close()
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{checked} comparisons, {len(wrong)} differences")
    sys.exit(bool(wrong))


main()
