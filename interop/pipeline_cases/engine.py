"""Makes a project for each tool, lets a behaviour act on both, and compares what came of it."""

import contextlib
import io
import json
import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

DERM = None
AWAITING = {}
PLACE = Path(tempfile.mkdtemp(prefix="derm-pipelines-"))
# Files of the tools themselves: no part of what a run makes.
OWN = {".dvc", ".derm", ".git", "dvc.lock", "derm.lock", ".gitignore", ".dvcignore", "dvc.yaml", "lock"}


@dataclass
class Case:
    """One behaviour. `act` is called once a tool with a project of its own; what it noted must be equal."""

    name: str
    act: Callable
    # Why derm differs on purpose.
    purpose: Optional[str] = None
    # The key in AWAITING of an option that derm lacks.
    awaits: Optional[str] = None


@dataclass
class Row:
    case: Case
    verdict: str
    dvc: list = field(default_factory=list)
    derm: list = field(default_factory=list)
    details: str = ""


class Tool:
    """A project of one tool, and what was noted about it."""

    def __init__(self, folder):
        self.folder = folder
        self.trace = folder.with_suffix(".trace")
        self.trace.touch()
        self.notes = []
        self.contents_before = {}

    def note(self, what):
        self.notes.append(what)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.exists():
            # Content in the cache is read-only, and may be a link.
            path.unlink()
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def files(self, files):
        for name, content in files.items():
            self.write(name, content)

    def read(self, name):
        path = self.folder / name
        return path.read_text() if path.exists() else None

    def swap(self, name, old, new):
        text = self.read(name)
        if old not in text:
            raise AssertionError(f"{name} does not hold {old!r}")
        self.write(name, text.replace(old, new))

    def remove(self, name):
        path = self.folder / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def forget_the_cache(self):
        """Removes every object and every result of an earlier run."""
        for name in self.cache:
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def contents(self):
        found = {}
        for path in sorted(self.folder.rglob("*")):
            parts = path.relative_to(self.folder).parts
            if path.is_file() and not OWN & set(parts):
                if path.suffix not in (".dvc", ".derm"):
                    found["/".join(parts)] = path.read_bytes()
        return found

    def ran(self):
        """The stages whose commands were run since the last call, in order."""
        names = self.trace.read_text().split()
        self.trace.write_text("")
        return names

    def repro(self, *targets, show=True, count_taken=True, **options):
        """Runs, and notes what was run, what came from the cache, whether all went well, and, if so, what is there now."""
        ok, taken = self.run(list(targets), options)
        ran = self.ran()
        taken = sorted(set(taken) - set(ran)) if ok and count_taken else []
        self.note(Said(ok, sorted(ran), taken, self.contents() if ok and show else None))

    def would(self, *targets, **options):
        """What a dry run says would be done."""
        ok, taken = self.run(list(targets), {**options, "dry": True})
        self.note(Said(ok, self.ran(), sorted(taken), None))


@dataclass
class Said:
    ok: bool
    ran: list
    taken: list
    contents: Optional[dict]

    def __str__(self):
        parts = [*(["ran " + " ".join(self.ran)] if self.ran else []), *(["took " + " ".join(self.taken)] if self.taken else [])]
        return (", ".join(parts) or "nothing") + ("" if self.ok else ", failed")


class Dvc(Tool):
    cache = (".dvc/cache", ".dvc/tmp")

    def __init__(self, folder):
        super().__init__(folder)
        shutil.copytree(PLACE / "empty-dvc", folder)

    def inside(self, work):
        """Calls `work` with the project open; its exception, if any, and whatever it printed are kept."""
        from dvc.repo import Repo

        before = os.getcwd()
        os.chdir(self.folder)
        os.environ["TRACE"] = str(self.trace)
        self.error = None
        try:
            with silence() as said, Repo(".") as repo:
                return True, work(repo)
        except Exception as error:
            self.error = error
            return False, None
        finally:
            self.said = said.getvalue()
            os.chdir(before)

    def run(self, targets, options):
        from dvc.stage import Stage

        done, original = [], Stage.reproduce

        def watched(stage, *args, **more):
            result = original(stage, *args, **more)
            if result is not None and not stage.is_data_source:
                done.append(stage.addressing.removeprefix("dvc.yaml:"))
            return result

        options = dict(options)
        if options.pop("keep_going", False):
            options["on_error"] = "keep-going"
        if options.pop("ignore_errors", False):
            options["on_error"] = "ignore"
        if options.pop("no_run_cache", False):
            options["run_cache"] = False
        if "single" in options:
            options["single_item"] = options.pop("single")
        if not targets:
            options["all_pipelines"] = True
        Stage.reproduce = watched
        try:
            ok, _ = self.inside(lambda repo: repo.reproduce(targets or None, **options))
        finally:
            Stage.reproduce = original
        return ok, done

    def add(self, name):
        self.inside(lambda repo: repo.add(name))

    def remote(self):
        config = self.folder / ".dvc/config"
        text = config.read_text().replace("[core]\n", "[core]\n    remote = away\n", 1)
        config.write_text(f"{text}['remote \"away\"']\n    url = {self.folder}.remote\n")

    def push(self):
        self.inside(lambda repo: repo.push())

    def parsing(self, settings):
        with (self.folder / ".dvc/config").open("a") as config:
            config.write("[parsing]\n" + "".join(f"    {key} = {value}\n" for key, value in settings.items()))

    def stages(self):
        """The stages as data, or None if the files are refused."""

        def read(repo):
            repo.index.check_graph()
            return [self.stage(repo, stage) for stage in repo.index.stages]

        ok, found = self.inside(read)
        return {stage["stage"]: stage for stage in found} if ok else None

    def stage(self, repo, stage):
        from dvc.dependency import ParamsDependency

        path = lambda item: os.path.relpath(item.fs_path, repo.root_dir)
        params = {path(dep): sorted(set(dep.params)) or None for dep in stage.deps if isinstance(dep, ParamsDependency)}
        role = lambda out: "plot" if out.plot else "metric" if out.metric else "out"
        return {
            "stage": stage.addressing.removeprefix("dvc.yaml:"),
            "cmd": stage.cmd,
            "wdir": os.path.relpath(stage.wdir, repo.root_dir),
            "deps": sorted(path(dep) for dep in stage.deps if not isinstance(dep, ParamsDependency)),
            "params": params,
            "outs": sorted([path(out), role(out), bool(out.use_cache), bool(out.persist), bool(out.can_push)] for out in stage.outs),
            "frozen": bool(stage.frozen),
            "always_changed": bool(stage.always_changed),
            "desc": stage.desc,
        }


class Derm(Tool):
    cache = (".derm/cache", ".derm/index", ".derm/tmp")

    def __init__(self, folder):
        super().__init__(folder)
        folder.mkdir()
        self.derm("init", "-q")

    def derm(self, *args):
        env = {**os.environ, "TRACE": str(self.trace)}
        return subprocess.run([str(DERM), *args], cwd=self.folder, env=env, capture_output=True, text=True)

    def run(self, targets, options):
        options = dict(options)
        words = []
        for name in [name for name, wanted in options.items() if wanted]:
            words.append("--" + name.replace("_", "-"))
        done = self.derm("--json", "repro", *words, *targets)
        self.said = done.stderr
        try:
            stages = json.loads(done.stdout)["stages"]
        except (ValueError, KeyError):
            stages = []
        label = lambda stage: stage["stage"] if stage["file"] == "dvc.yaml" else f"{stage['file']}:{stage['stage']}"
        acted = {"ran", "restored", "recorded", "would-run", "may-run", "would-restore"}
        return done.returncode == 0, [label(stage) for stage in stages if stage["action"] in acted]

    def add(self, name):
        self.derm("add", name)

    def remote(self):
        self.derm("remote", "add", "--default", "away", f"{self.folder}.remote")

    def push(self):
        self.derm("push")

    def parsing(self, settings):
        for key, value in settings.items():
            self.derm("config", f"parsing.{key}", value)

    def stages(self):
        done = self.derm("--json", "stage", "list")
        self.said = done.stderr
        if done.returncode != 0:
            return None
        found = {}
        for stage in json.loads(done.stdout)["stages"]:
            name = stage["stage"] if stage["file"] == "dvc.yaml" else f"{stage['file']}:{stage['stage']}"
            found[name] = {
                "stage": name,
                "cmd": stage["cmd"],
                "wdir": stage["wdir"] or ".",
                "deps": sorted(stage["deps"]),
                "params": {params["file"]: params["keys"] for params in stage["params"]},
                "outs": sorted([out["path"], out["role"], out["cache"], out["persist"], out["push"]] for out in stage["outs"]),
                "frozen": stage["frozen"],
                "always_changed": stage["always_changed"],
                "desc": stage["desc"],
            }
        return found


@contextlib.contextmanager
def silence():
    """What Python and the commands print goes into a text, or nowhere."""
    said = io.StringIO()
    sys.stdout.flush()
    sys.stderr.flush()
    kept, nowhere = [os.dup(1), os.dup(2)], os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            yield said
    finally:
        for number, old in enumerate(kept, start=1):
            os.dup2(old, number)
            os.close(old)
        os.close(nowhere)


def compare(case, index):
    if case.awaits in AWAITING:
        return Row(case, "AWAITING")
    tools = []
    for kind in (Dvc, Derm):
        tool = kind(PLACE / f"{index}-{kind.__name__.lower()}")
        try:
            case.act(tool)
        except Exception:
            tool.note("the behaviour itself broke: " + traceback.format_exc())
        tools.append(tool)
    dvc, derm = tools
    same = dvc.notes == derm.notes and not any("broke" in str(note) for note in dvc.notes)
    verdict = {(True, False): "same", (False, True): "on purpose"}.get((same, bool(case.purpose)), "DIFFERENT")
    row = Row(case, verdict, [str(note) for note in dvc.notes], [str(note) for note in derm.notes])
    if verdict == "DIFFERENT":
        row.details = explain(case, dvc, derm)
    for tool in tools:
        for folder, _, _ in os.walk(tool.folder):
            os.chmod(folder, stat.S_IRWXU)
        shutil.rmtree(tool.folder, ignore_errors=True)
    return row


def explain(case, dvc, derm):
    lines = []
    if dvc.notes == derm.notes and case.purpose:
        lines.append("said to differ on purpose, and does not")
    for step, (theirs, ours) in enumerate(zip(dvc.notes, derm.notes), start=1):
        if theirs != ours:
            lines += [f"  step {step}: dvc  {theirs}", f"          derm {ours}"]
            if isinstance(theirs, Said) and isinstance(ours, Said) and theirs.contents != ours.contents and theirs.contents and ours.contents:
                names = sorted(theirs.contents.keys() | ours.contents.keys())
                lines += [f"    {name}: {theirs.contents.get(name)!r} / {ours.contents.get(name)!r}" for name in names if theirs.contents.get(name) != ours.contents.get(name)]
    lines += [f"  dvc said last: {getattr(dvc, 'error', None)!r} {dvc.said[-600:] if hasattr(dvc, 'said') else ''}", f"  derm said last: {getattr(derm, 'said', '')[-1500:]}"]
    return "\n".join(lines)


def one(index):
    row = compare(CASES[index], index)
    row.case = None  # holds functions, which do not travel between processes
    return row


CASES = []


def run_all(cases, derm, awaiting):
    global DERM, CASES, AWAITING
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), f"two behaviours of one name: {sorted(name for name in names if names.count(name) > 1)}"
    DERM, CASES, AWAITING = Path(derm).resolve(), cases, awaiting
    os.environ.update(
        {
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(PLACE / "site"),
            "DVC_GLOBAL_CONFIG_DIR": str(PLACE / "global"),
            "DVC_SYSTEM_CONFIG_DIR": str(PLACE / "system"),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "SHELL": "/bin/sh",
        }
    )
    os.environ.pop("TRACE", None)
    empty = PLACE / "empty-dvc"
    empty.mkdir()
    done = subprocess.run([sys.executable, "-m", "dvc", "init", "-q", "--no-scm"], cwd=empty, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    import dvc.repo  # noqa: F401  once, before the processes part
    import dvc.repo.reproduce  # noqa: F401

    try:
        with multiprocessing.get_context("fork").Pool(min(os.cpu_count() or 1, 8)) as pool:
            rows = list(pool.imap(one, range(len(cases))))
        for row, case in zip(rows, cases):
            row.case = case
        return rows
    finally:
        shutil.rmtree(PLACE, ignore_errors=True)


def show(table):
    width = max(len(row.case.name) for row in table)
    clip = lambda text: text if len(text) <= 46 else text[:45] + "…"
    print(f"{'behaviour':<{width}}  {'DVC':<46}  {'derm':<46}  same?")
    for row in table:
        say = lambda notes: clip("; ".join(notes).replace("\n", " "))
        print(f"{row.case.name:<{width}}  {say(row.dvc):<46}  {say(row.derm):<46}  {row.verdict}")
    purposes = [row.case for row in table if row.verdict == "on purpose"]
    for case in purposes:
        print(f"\non purpose: {case.name}: {case.purpose}")
