"""What is run, what is taken from the cache, and what is left alone."""

from .engine import Case

CASES = []

PARAMS = """\
lr: 0.10
epochs: 1
name: nv
on: true
nothing: null
sizes: [1, 2]
model: {depth: 2, width: 8}
"""

# `prepare` reads a file and parameters, `train` what it made, `report` what that made; `other` has nothing to do with them.
CHAIN = """\
stages:
  prepare:
    cmd: echo prepare >> $TRACE && tr a-z A-Z < raw.txt > clean.txt
    deps:
    - raw.txt
    params:
    - lr
    - model
    - sizes
    outs:
    - clean.txt
  train:
    cmd: echo train >> $TRACE && head -c 3 clean.txt > model.txt
    deps:
    - clean.txt
    outs:
    - model.txt
  report:
    cmd: echo report >> $TRACE && cp model.txt report.txt
    deps:
    - model.txt
    metrics:
    - report.txt
  other:
    cmd: echo other >> $TRACE && cp other.txt made.txt
    deps:
    - other.txt
    outs:
    - made.txt
"""


def chain(tool, text=CHAIN):
    tool.files({"params.yaml": PARAMS, "raw.txt": "abcdef\n", "other.txt": "other\n", "dvc.yaml": text})
    tool.repro()


def case(name, purpose=None, awaits=None):
    def add(act):
        CASES.append(Case(name, act, purpose, awaits))
        return act

    return add


def after(name, *changes, purpose=None, text=CHAIN, **options):
    """The chain is run, and run again after each change: `(file, old, new)` in a text, or a function of the tool."""

    def act(tool):
        chain(tool, text)
        for change in changes:
            change(tool) if callable(change) else tool.swap(*change)
            tool.repro(**options)

    CASES.append(Case(name, act, purpose))


def write(name, content):
    return lambda tool: tool.write(name, content)


def remove(name):
    return lambda tool: tool.remove(name)


def nothing(tool):
    pass


def touch(name):
    def act(tool):
        import os

        os.utime(tool.folder / name, (1_000_000_000, 1_000_000_000))

    return act


def definition(old, new):
    return ("dvc.yaml", old, new)


# --- The command.

after("nothing changed", nothing, nothing)
after("command: another text", definition("head -c 3 clean", "head -c 4 clean"))
after("command: another text, the same result", definition("head -c 3 clean", "head -c  3 clean"))
after("command: text becomes a list of it", definition("cmd: echo train >> $TRACE && head -c 3 clean.txt > model.txt", "cmd:\n    - echo train >> $TRACE && head -c 3 clean.txt > model.txt"))
after("command: folded instead of plain, the same text", definition("cmd: echo train", "cmd: >-\n      echo train"))
after("command: literal block with an end of line", definition("cmd: echo train >> $TRACE && head -c 3 clean.txt > model.txt", "cmd: |\n      echo train >> $TRACE && head -c 3 clean.txt > model.txt"))
after("command: quoted instead of plain, the same text", definition("cmd: echo other >> $TRACE && cp other.txt made.txt", 'cmd: "echo other >> $TRACE && cp other.txt made.txt"'))
after("command: order of a list", definition("cmd: echo other >> $TRACE && cp other.txt made.txt", "cmd: [cp other.txt made.txt, echo other >> $TRACE]"), definition("[cp other.txt made.txt, echo other >> $TRACE]", "[echo other >> $TRACE, cp other.txt made.txt]"))

# --- Parameters.

after("parameter: 0.10 becomes 0.1", ("params.yaml", "0.10", "0.1"))
after("parameter: 0.10 becomes 1e-1", ("params.yaml", "0.10", "1e-1"))
after("parameter: another value", ("params.yaml", "0.10", "0.2"))
after("parameter: comments and blank lines", ("params.yaml", "lr: 0.10", "# rate\n\nlr: 0.10  # of learning"))
after("parameter: order of a map", ("params.yaml", "{depth: 2, width: 8}", "{width: 8, depth: 2}"))
after("parameter: order of a list", ("params.yaml", "[1, 2]", "[2, 1]"))
after("parameter: block style instead of flow", ("params.yaml", "model: {depth: 2, width: 8}", "model:\n  depth: 2\n  width: 8"))
after("parameter: 2 becomes 2.0", ("params.yaml", "depth: 2", "depth: 2.0"))
after("parameter: 1 becomes true", ("params.yaml", "[1, 2]", "[true, 2]"), purpose="a truth value is no number; to Python `True == 1`, and the stage keeps a result of other parameters")
after("parameter: 2 becomes \"2\"", ("params.yaml", "depth: 2", 'depth: "2"'))
after("parameter: 2 becomes null", ("params.yaml", "depth: 2", "depth: null"))
after("parameter: new key in a tracked map", ("params.yaml", "depth: 2", "depth: 2, heads: 4"))
after("parameter: key removed from a tracked map", ("params.yaml", "depth: 2, ", ""))
after("parameter: a key that no stage reads", ("params.yaml", "epochs: 1", "epochs: 9"))
after("parameter: a listed key removed from the file", ("params.yaml", "lr: 0.10\n", ""))
after("parameter: a listed key added to the definition", definition("    - lr\n", "    - lr\n    - epochs\n"))
after("parameter: a listed key removed from the definition", definition("    - lr\n", ""))
after("parameter: all removed from the definition", definition("    params:\n    - lr\n    - model\n    - sizes\n", ""))
after("parameter: a dotted key instead of its map", definition("    - model\n", "    - model.depth\n"))
after("parameter: the file is gone", remove("params.yaml"))
after("parameter: back to an earlier value", ("params.yaml", "0.10", "0.2"), ("params.yaml", "0.2", "0.10"))


def whole_file(name, content, *changes, purpose=None):
    def act(tool):
        text = CHAIN.replace("    - lr\n    - model\n    - sizes\n", f"    - {name}:\n")
        tool.write(name, content)
        chain(tool, text)
        for change in changes:
            tool.swap(name, *change)
            tool.repro()

    CASES.append(Case(f"parameter file {name}, whole: values, a new key, a key gone", act, purpose))


whole_file("conf.yaml", "a: 1\nb: {c: 2}\n", ("a: 1", "a: 1.0"), ("c: 2", "c: 3"), ("a: 1.0", "a: 1.0\nd: 4"), ("d: 4", ""))
whole_file("conf.json", '{"a": 1, "b": {"c": 2}}', ("1", "1.0"), ("2", "3"), ('"a": 1.0', '"a": 1.0, "d": 4'), (', "d": 4', ""))
whole_file("conf.toml", "a = 1\n[b]\nc = 2\n", ("a = 1", "a = 1.0"), ("c = 2", "c = 3"), ("a = 1.0", "a = 1.0\nd = 4"), ("d = 4", ""))
whole_file("conf.py", "A = 1\nclass B:\n    c = 2\n", ("A = 1", "A = 1  # one"), ("c = 2", "c = 3"), ("A = 1", "D = (4, 'x')\nA = 1"), ("D = (4, 'x')", ""))


def keys_of(name, content, keys, *changes):
    def act(tool):
        listed = "".join(f"      - {key}\n" for key in keys)
        text = CHAIN.replace("    - lr\n    - model\n    - sizes\n", f"    - {name}:\n{listed}")
        tool.write(name, content)
        chain(tool, text)
        for change in changes:
            tool.swap(name, *change)
            tool.repro()

    CASES.append(Case(f"parameter file {name}, keys", act))


keys_of("more.yaml", "a: 1\nb: {c: [2, {d: 5}]}\n", ["b.c", "a"], ("d: 5", "d: 6"), ("a: 1", "a: 2"))
keys_of("more.json", '{"a": 1, "b": {"c": 2}}', ["b.c"], ('"a": 1', '"a": 7'), ('"c": 2', '"c": 7'))
keys_of("more.toml", "a = 1\n[b]\nc = 'x'\n", ["b.c"], ("a = 1", "a = 7"), ("'x'", '"x"'), ('"x"', '"y"'))
keys_of("more.py", "a = 1\nclass B:\n    c = -2\n    d: float = 1e-3\n", ["B.c", "B.d"], ("a = 1", "a = 7"), ("1e-3", "0.001"), ("-2", "-3"))

# --- Dependencies.

after("dependency: modified", write("raw.txt", "abcxyz\n"))
after("dependency: modified, and the next stage is cut off", write("raw.txt", "abc---\n"))
after("dependency: only its time changed", touch("raw.txt"))
after("dependency: written again with the same content", write("raw.txt", "abcdef\n"))
after("dependency: deleted", remove("raw.txt"))
after("dependency: removed from the definition", definition("    deps:\n    - other.txt\n", ""))
after("dependency: one of two removed from the definition", definition("    - raw.txt\n", "    - raw.txt\n    - other.txt\n"), definition("    - raw.txt\n    - other.txt\n", "    - raw.txt\n"))
after("dependency: added to the definition", definition("    - clean.txt\n    outs", "    - clean.txt\n    - other.txt\n    outs"))
after("dependency: another file of the same content", lambda tool: (tool.write("copy.txt", "other\n"), tool.swap("dvc.yaml", "deps:\n    - other.txt", "deps:\n    - copy.txt")))
after("dependency: listed in another order", definition("    - clean.txt\n    outs", "    - clean.txt\n    - other.txt\n    outs"), definition("    - clean.txt\n    - other.txt\n", "    - other.txt\n    - clean.txt\n"))
after("dependency: back to earlier content", write("raw.txt", "xyz\n"), write("raw.txt", "abcdef\n"))
after("dependency: `./raw.txt` and `raw.txt` are the same", definition("- raw.txt", "- ./raw.txt"), purpose="one file, however its path is written; DVC compares the text")

FOLDERS = """\
stages:
  split:
    cmd: echo split >> $TRACE && rm -rf parts && mkdir parts && cp images/* parts/
    deps:
    - images/
    outs:
    - parts/
  one:
    cmd: echo one >> $TRACE && cat parts/a.txt > one.txt
    deps:
    - parts/a.txt
    outs:
    - one.txt
  all:
    cmd: echo all >> $TRACE && cat parts/* > all.txt
    deps:
    - parts
    outs:
    - all.txt
"""


def folders(name, *changes, text=FOLDERS, purpose=None):
    def act(tool):
        tool.files({"images/a.txt": "a\n", "images/b.txt": "b\n", "dvc.yaml": text})
        tool.repro()
        for change in changes:
            change(tool) if callable(change) else tool.swap(*change)
            tool.repro()

    CASES.append(Case(name, act, purpose))


folders("folder: a file modified; who reads another one of it is left alone", write("images/b.txt", "c\n"))
folders("folder: a file added", write("images/c.txt", "c\n"))
folders("folder: a file removed", remove("images/b.txt"))
folders("folder: a file renamed", lambda tool: (tool.write("images/z.txt", "b\n"), tool.remove("images/b.txt")))
folders("folder: trailing slashes mean nothing", definition("images/\n", "images\n"), definition("parts/\n", "parts\n"), definition("- parts\n    outs", "- parts/\n    outs"), purpose="one folder, however its path is written; DVC compares the text")
folders("folder: a file of an output deleted", remove("parts/b.txt"))
folders("folder: a file put into an output", write("parts/new.txt", "mine\n"))
folders("folder: the output deleted", remove("parts"))

# --- Outputs.

after("output: deleted", remove("model.txt"))
after("output: all deleted", lambda tool: [tool.remove(name) for name in ("clean.txt", "model.txt", "report.txt", "made.txt")])
after("output: edited by hand", write("model.txt", "edited\n"))
after("output: the last one edited by hand", write("made.txt", "edited\n"))
after("output: added to the definition, not there", definition("    outs:\n    - made.txt\n", "    outs:\n    - made.txt\n    - second.txt\n"))
after("output: added to the definition, there", lambda tool: (tool.write("second.txt", "2\n"), tool.swap("dvc.yaml", "    - made.txt\n", "    - made.txt\n    - second.txt\n")))


@case("output: removed from the definition")
def _(tool):
    text = CHAIN.replace("cp other.txt made.txt", "cp other.txt made.txt && cp other.txt second.txt").replace("    - made.txt\n", "    - made.txt\n    - second.txt\n")
    chain(tool, text)
    tool.swap("dvc.yaml", "    - second.txt\n", "")
    tool.repro()


after("output: out becomes a metric", definition("    outs:\n    - made.txt\n", "    metrics:\n    - made.txt\n"))
after("output: metric becomes an out", definition("    metrics:\n", "    outs:\n"))
after("output: out becomes a plot", definition("    outs:\n    - made.txt\n", "    plots:\n    - made.txt\n"))
after("output: `cache: false` added", definition("    - made.txt\n", "    - made.txt:\n        cache: false\n"))
after("output: `cache: false` added and its content edited", lambda tool: (tool.swap("dvc.yaml", "    - made.txt\n", "    - made.txt:\n        cache: false\n"), tool.write("made.txt", "edited\n")), purpose="an output of `cache: false` is never taken from the cache, whatever it was before")
after("output: `persist: true` added", definition("    - made.txt\n", "    - made.txt:\n        persist: true\n"))
after("output: `push`, `desc`, `type`, `labels`, `meta` added", definition("    - made.txt\n", "    - made.txt:\n        push: false\n        desc: x\n        type: model\n        labels: [a]\n        meta: {k: v}\n"))
after("output: its object is gone from the cache", lambda tool: tool.forget_the_cache())
after("output: renamed with the command", lambda tool: (tool.swap("dvc.yaml", "cp other.txt made.txt", "cp other.txt new.txt"), tool.swap("dvc.yaml", "    - made.txt\n", "    - new.txt\n")))


@case("output: `cache: false` taken out")
def _(tool):
    chain(tool, CHAIN.replace("    - made.txt\n", "    - made.txt:\n        cache: false\n"))
    tool.swap("dvc.yaml", "    - made.txt:\n        cache: false\n", "    - made.txt\n")
    tool.repro()
    tool.repro()


@case("output: `cache: false`, deleted")
def _(tool):
    chain(tool, CHAIN.replace("    - made.txt\n", "    - made.txt:\n        cache: false\n"))
    tool.remove("made.txt")
    tool.repro()


@case("output: metric with `cache: false`, deleted", purpose="DVC saves metrics of `cache: false` for its run cache although they are kept out of the cache; derm takes the word as it is and makes them again")
def _(tool):
    chain(tool, CHAIN.replace("    - report.txt\n", "    - report.txt:\n        cache: false\n"))
    tool.remove("report.txt")
    tool.repro()


# --- The rest of a definition.

after("definition: `desc` and `meta` added", definition("  train:\n", "  train:\n    desc: trains\n    meta: {a: 1}\n"))
after("definition: comments", definition("  train:\n", "  # trains\n  train:\n"))
after("definition: stages in another order", lambda tool: tool.write("dvc.yaml", reorder(CHAIN)))
after("definition: a stage renamed", definition("  train:\n", "  fit:\n"))
after("definition: a stage removed", definition(CHAIN[CHAIN.index("  other:") :], ""))
after("definition: a stage added", lambda tool: tool.write("dvc.yaml", CHAIN + "  more:\n    cmd: echo more >> $TRACE && cp made.txt more.txt\n    deps: [made.txt]\n    outs: [more.txt]\n"))
after("definition: `always_changed: true` added", definition("  train:\n", "  train:\n    always_changed: true\n"), nothing)
after("definition: `wdir: .` added", definition("  train:\n", "  train:\n    wdir: .\n"))


def reorder(text):
    head, rest = text.split("stages:\n")
    blocks, block = [], []
    for line in rest.splitlines(keepends=True):
        if line.startswith("  ") and not line.startswith("   ") and block:
            blocks.append("".join(block))
            block = []
        block.append(line)
    return head + "stages:\n" + "".join(reversed([*blocks, "".join(block)]))


# --- Frozen.

FROZEN = CHAIN.replace("  train:\n", "  train:\n    frozen: true\n")
FREEZE = definition("  train:\n", "  train:\n    frozen: true\n")

after("frozen: nothing changed", FREEZE)
after("frozen: a dependency changed", FREEZE, write("raw.txt", "xyz\n"))
after("frozen: with --force", FREEZE, nothing, force=True, purpose="neither runs it; DVC writes down again what is recorded already")
after("frozen: its command changed", FREEZE, definition("head -c 3 clean", "head -c 2 clean"))
after("frozen: its output deleted", FREEZE, remove("model.txt"), purpose="the output is in the cache and its record is as it was: derm brings it back; DVC fails")
after("frozen: its output edited", FREEZE, write("model.txt", "edited\n"), purpose="the record says what the output is and the cache has it: derm brings it back and keeps the edited one as an object; DVC records the edit as the result of a command that did not make it")
after("frozen: with `always_changed`", definition("  train:\n", "  train:\n    frozen: true\n    always_changed: true\n"))
after("frozen: and released again", FREEZE, write("raw.txt", "xyz\n"), definition("    frozen: true\n", ""))


@case("frozen: never run before, output there")
def _(tool):
    tool.write("model.txt", "given\n")
    chain(tool, FROZEN)
    tool.repro()


@case("frozen: never run before, output not there")
def _(tool):
    chain(tool, FROZEN)


@case("frozen: as a target, what it needs is left alone")
def _(tool):
    chain(tool)
    tool.swap(*FREEZE)
    tool.write("raw.txt", "xyz\n")
    tool.repro("train")
    tool.repro("report")


# --- Callbacks, always_changed, persist.

@case("no dependencies and no outputs: every time")
def _(tool):
    tool.write("dvc.yaml", "stages:\n  hello:\n    cmd: echo hello >> $TRACE\n")
    tool.repro()
    tool.repro()


@case("no dependencies, an output: once", purpose="a deleted output that is recorded and in the cache is brought back, with dependencies or without")
def _(tool):
    tool.write("dvc.yaml", "stages:\n  make:\n    cmd: echo make >> $TRACE && echo 1 > out.txt\n    outs: [out.txt]\n")
    tool.repro()
    tool.repro()
    tool.remove("out.txt")
    tool.repro()


@case("dependencies, no outputs: once")
def _(tool):
    tool.files({"in.txt": "1\n", "dvc.yaml": "stages:\n  look:\n    cmd: echo look >> $TRACE\n    deps: [in.txt]\n"})
    tool.repro()
    tool.repro()
    tool.write("in.txt", "2\n")
    tool.repro()
    tool.write("in.txt", "1\n")
    tool.repro()


@case("only parameters: once")
def _(tool):
    tool.files({"params.yaml": "a: 1\n", "dvc.yaml": "stages:\n  look:\n    cmd: echo look >> $TRACE\n    params: [a]\n"})
    tool.repro()
    tool.repro()
    tool.write("params.yaml", "a: 2\n")
    tool.repro()


@case("always_changed: every time, and what follows is cut off")
def _(tool):
    chain(tool, CHAIN.replace("  train:\n", "  train:\n    always_changed: true\n"))
    tool.repro()


PERSIST = """\
stages:
  grow:
    cmd: echo grow >> $TRACE && cat in.txt >> log.txt
    deps: [in.txt]
    outs:
    - log.txt:
        persist: true
"""


@case("persist: the output stays while the command runs")
def _(tool):
    tool.files({"in.txt": "1\n", "dvc.yaml": PERSIST})
    tool.repro()
    tool.repro()
    tool.write("in.txt", "2\n")
    tool.repro()
    tool.write("in.txt", "1\n")
    tool.repro()
    tool.repro(force=True)


@case("persist: a folder")
def _(tool):
    tool.files({"in.txt": "1\n", "dvc.yaml": PERSIST.replace("cat in.txt >> log.txt", "mkdir -p log.txt && cp in.txt log.txt/$(wc -l < in.txt | tr -d ' ')")})
    tool.repro()
    tool.write("in.txt", "1\n2\n")
    tool.repro()


@case("persist: deleted")
def _(tool):
    tool.files({"in.txt": "1\n", "dvc.yaml": PERSIST})
    tool.repro()
    tool.remove("log.txt")
    tool.repro()


@case("an output is gone before its command runs")
def _(tool):
    tool.files({"in.txt": "1\n", "dvc.yaml": PERSIST.replace("    - log.txt:\n        persist: true\n", "    - log.txt\n")})
    tool.repro()
    tool.write("in.txt", "2\n")
    tool.repro()


# --- Results of earlier runs.

after("run cache: the lock is gone", lambda tool: [tool.remove(name) for name in ("dvc.lock", "derm.lock") if (tool.folder / name).exists()])
after("run cache: lock and outputs are gone", lambda tool: [tool.remove(name) for name in ("dvc.lock", "derm.lock", "clean.txt", "model.txt", "report.txt", "made.txt") if (tool.folder / name).exists()])
after("run cache: a stage renamed, its output deleted", lambda tool: (tool.swap("dvc.yaml", "  other:\n", "  another:\n"), tool.remove("made.txt")))
after("run cache: command there and back", definition("head -c 3", "head -c 2"), definition("head -c 2", "head -c 3"))
after("run cache: not with --force", nothing, force=True)


@case("run cache: not with --no-run-cache", awaits="no_run_cache")
def _(tool):
    chain(tool)
    tool.swap("params.yaml", "0.10", "0.2")
    tool.repro()
    tool.swap("params.yaml", "0.2", "0.10")
    tool.repro(no_run_cache=True)


@case("run cache: not with a `persist` output")
def _(tool):
    chain(tool, CHAIN.replace("    - made.txt\n", "    - made.txt:\n        persist: true\n"))
    tool.write("other.txt", "2\n")
    tool.repro()
    tool.write("other.txt", "other\n")
    tool.repro()


@case("run cache: not with an output of `cache: false`")
def _(tool):
    chain(tool, CHAIN.replace("    - made.txt\n", "    - made.txt:\n        cache: false\n"))
    tool.write("other.txt", "2\n")
    tool.repro()
    tool.write("other.txt", "other\n")
    tool.repro()


# --- Failures.

def failing(command):
    return CHAIN.replace("echo train >> $TRACE &&", f"echo train >> $TRACE && {command} &&")


@case("failure: what follows is not run")
def _(tool):
    chain(tool, failing("false"))
    tool.repro()


@case("failure: --keep-going runs what does not need it")
def _(tool):
    tool.files({"params.yaml": PARAMS, "raw.txt": "a\n", "other.txt": "other\n", "dvc.yaml": failing("exit 7")})
    tool.repro(keep_going=True)
    tool.repro(keep_going=True)


@case("failure: --ignore-errors goes on with what needs it", awaits="ignore_errors")
def _(tool):
    tool.files({"params.yaml": PARAMS, "raw.txt": "a\n", "other.txt": "other\n", "dvc.yaml": failing("exit 7")})
    tool.repro(ignore_errors=True, show=False)


@case("failure: --ignore-errors, and a half-made output", awaits="ignore_errors")
def _(tool):
    tool.files({"params.yaml": PARAMS, "raw.txt": "a\n", "other.txt": "other\n", "dvc.yaml": failing("echo half > model.txt && exit 7")})
    tool.repro(ignore_errors=True, show=False)


@case("failure: an output that was not made")
def _(tool):
    tool.files({"a.txt": "a\n", "dvc.yaml": "stages:\n  s:\n    cmd: echo s >> $TRACE\n    deps: [a.txt]\n    outs: [never.txt]\n"})
    tool.repro()
    tool.repro()


@case("failure: and mended")
def _(tool):
    chain(tool, failing("test -f ready.txt"))
    tool.write("ready.txt", "")
    tool.repro()
    tool.repro()


@case("failure: a dependency that nobody makes")
def _(tool):
    tool.write("dvc.yaml", "stages:\n  s:\n    cmd: echo s >> $TRACE\n    deps: [never.txt]\n")
    tool.repro()


@case("failure: a listed parameter is not in its file")
def _(tool):
    tool.files({"params.yaml": "a: 1\n", "dvc.yaml": "stages:\n  s:\n    cmd: echo s >> $TRACE\n    params: [b.c]\n"})
    tool.repro()


@case("failure: a parameter file is not there")
def _(tool):
    tool.write("dvc.yaml", "stages:\n  s:\n    cmd: echo s >> $TRACE\n    params:\n    - no.yaml:\n      - b\n")
    tool.repro()


@case("failure: a parameter file cannot be read")
def _(tool):
    tool.files({"p.json": '{"a": 1,', "dvc.yaml": "stages:\n  s:\n    cmd: echo s >> $TRACE\n    params:\n    - p.json:\n      - a\n"})
    tool.repro()


# --- Which stages.

def targets(name, *words, purpose=None, awaits=None, text=CHAIN, **options):
    def act(tool):
        chain(tool, text)
        tool.write("raw.txt", "xyz\n")
        tool.write("other.txt", "2\n")
        tool.repro(*words, **options)

    CASES.append(Case(name, act, purpose, awaits))


targets("targets: a stage with what it needs", "train")
targets("targets: two stages", "other", "prepare")
targets("targets: --single", "report", single=True)
targets("targets: --single --force", "report", single=True, force=True)
targets("targets: --force takes along what it needs", "train", force=True)
targets("targets: --downstream", "prepare", downstream=True)
targets("targets: --downstream of a middle one", "train", downstream=True)
targets("targets: unknown", "nobody")
targets("targets: an output", "model.txt", purpose="an output names the stage that makes it; DVC knows stages and files only")
targets("targets: the file", "dvc.yaml")
targets("targets: file and stage", "dvc.yaml:train")
targets("targets: --glob", "*r*", glob=True, awaits="glob")
targets("targets: --glob that nobody fits", "x*", glob=True, awaits="glob", purpose="a pattern that fits nobody is a mistake; DVC then runs everything")

GROUPS = """\
stages:
  each:
    foreach: [a, b]
    do:
      cmd: echo each@${item} >> $TRACE && echo ${item} > ${item}.txt
      outs: ["${item}.txt"]
  more:
    matrix:
      x: [1, 2]
      y: [p]
    cmd: echo more@${item.x}-${item.y} >> $TRACE && cat a.txt > m${item.x}.txt
    deps: [a.txt]
    outs: ["m${item.x}.txt"]
"""


def groups(name, *words, **options):
    def act(tool):
        tool.write("dvc.yaml", GROUPS)
        tool.repro(*words, **options)
        tool.repro()

    CASES.append(Case(name, act))


groups("groups: all of `foreach`", "each")
groups("groups: all of `matrix`", "more")
groups("groups: one of `foreach`", "each@b")
groups("groups: one of `matrix` with what it needs", "more@2-p")
groups("groups: one that is not there", "each@c")


@case("groups: an item added and one taken out")
def _(tool):
    tool.write("dvc.yaml", GROUPS)
    tool.repro()
    tool.swap("dvc.yaml", "[a, b]", "[a, c]")
    tool.repro()


# --- Dry runs.

@case("dry: after a change, everything that may be run", purpose="derm also lists what comes after a stage that will run, as `maybe`")
def _(tool):
    chain(tool)
    tool.write("other.txt", "2\n")
    tool.would()
    tool.swap("dvc.yaml", "head -c 3", "head -c 2")
    tool.would()
    tool.repro()


@case("dry: a fresh chain", purpose="DVC fails, because inputs of later stages are not there yet; derm lists them all")
def _(tool):
    tool.files({"params.yaml": PARAMS, "raw.txt": "a\n", "other.txt": "other\n", "dvc.yaml": CHAIN})
    tool.would()


# --- Commands.

def commands(name, cmd, purpose=None, extra=""):
    def act(tool):
        tool.files({"in.txt": "1\n", "sub/x.txt": "", "dvc.yaml": f"stages:\n  s:\n{extra}    cmd: {cmd}\n    deps: [in.txt]\n    outs: [out.txt]\n"})
        tool.repro()
        tool.repro()

    CASES.append(Case(name, act, purpose))


commands("lines: each in a shell of its own", "|\n      echo s >> $TRACE\n      cd sub\n      A=1\n      basename $(pwd) | sed s/.*-d.*/top/ > out.txt; echo \"$A\" >> out.txt")
commands("lines: the first that fails ends the stage", "|\n      echo 1 > out.txt\n      false\n      echo s >> $TRACE")
commands("lines: no `set -e` within one", "false; echo s >> $TRACE; echo 1 > out.txt")
commands("lines: no `pipefail`", "false | echo s >> $TRACE; echo 1 > out.txt")
commands("lines: blank ones and comments", "|\n      # a comment\n\n      echo s >> $TRACE\n\n      echo 1 > out.txt")
commands("lines: continued by a backslash", "|\n      echo s >> $TRACE && \\\n      echo 1 > out.txt")
commands("lines: folded", ">\n      echo s >> $TRACE &&\n      echo 1\n      > out.txt")
commands("lines: a list", "[echo s >> $TRACE, cd sub, basename $(pwd) | sed s/.*-d.*/top/ > out.txt]")
commands("lines: an item of a list with two lines", "\n    - |\n      echo s >> $TRACE\n      cd sub\n    - echo 1 > out.txt")
commands("lines: an item of a list over two lines is one script", "\n    - |\n      cd sub\n      basename $(pwd) | sed s/.*-d.*/top/ > ../out.txt\n    - echo s >> $TRACE")
commands("lines: exit code 3", "echo s >> $TRACE && echo 1 > out.txt && exit 3")
commands("lines: killed by a signal", "echo s >> $TRACE && kill -9 $$")
commands("environment: DVC_STAGE and DVC_ROOT", 'echo s >> $TRACE && echo "$DVC_STAGE" > out.txt && test "$DVC_ROOT" = "$PWD"')


@case("wdir: paths and command are relative to it")
def _(tool):
    tool.files({"in.txt": "1\n", "sub/p.yaml": "a: 1\n", "dvc.yaml": "stages:\n  s:\n    wdir: sub\n    cmd: echo s >> $TRACE && cat ../in.txt > out.txt\n    deps: [../in.txt]\n    params:\n    - p.yaml:\n      - a\n    outs: [out.txt]\n"})
    tool.repro()
    tool.repro()
    tool.write("sub/p.yaml", "a: 2\n")
    tool.repro()
    tool.write("in.txt", "2\n")
    tool.repro()


@case("wdir: default parameters are those beside the file")
def _(tool):
    tool.files({"params.yaml": "a: 1\n", "sub/params.yaml": "a: 5\n", "dvc.yaml": "stages:\n  s:\n    wdir: sub\n    cmd: echo s >> $TRACE && echo 1 > out.txt\n    params: [a]\n    outs: [out.txt]\n"})
    tool.repro()
    tool.write("sub/params.yaml", "a: 6\n")
    tool.repro()
    tool.write("params.yaml", "a: 7\n")
    tool.repro()


@case("wdir: one that is not there")
def _(tool):
    tool.files({"dvc.yaml": "stages:\n  s:\n    wdir: nowhere\n    cmd: echo s >> $TRACE\n"})
    tool.repro()


@case("nested: stages of two files feed each other")
def _(tool):
    tool.files({
        "in.txt": "1\n",
        "dvc.yaml": "stages:\n  last:\n    cmd: echo last >> $TRACE && cat sub/b.txt > c.txt\n    deps: [sub/b.txt]\n    outs: [c.txt]\n",
        "sub/dvc.yaml": "stages:\n  first:\n    cmd: echo sub/dvc.yaml:first >> $TRACE && cat ../in.txt > b.txt\n    deps: [../in.txt]\n    outs: [b.txt]\n",
    })
    tool.repro()
    tool.repro()
    tool.write("in.txt", "2\n")
    tool.repro("last")
    tool.repro("sub/dvc.yaml:first", force=True)


@case("nested: values come from the params.yaml beside the file")
def _(tool):
    tool.files({
        "params.yaml": "x: root\n",
        "sub/params.yaml": "x: below\n",
        "sub/dvc.yaml": "stages:\n  s:\n    cmd: echo sub/dvc.yaml:s >> $TRACE && echo ${x} > o.txt\n    params: [x]\n    outs: [o.txt]\n",
    })
    tool.repro()
    tool.write("params.yaml", "x: other\n")
    tool.repro()
    tool.write("sub/params.yaml", "x: deep\n")
    tool.repro()


# --- Templates.

TEMPLATE = "stages:\n  s:\n    cmd: echo s >> $TRACE && echo ${x} ${m.y} > out.txt\n    outs: [out.txt]\n"


def template(name, *changes, purpose=None):
    def act(tool):
        tool.files({"params.yaml": "x: 0.10\nm: {y: 1}\nz: 1\n", "dvc.yaml": TEMPLATE})
        tool.repro()
        for change in changes:
            tool.swap("params.yaml", *change)
            tool.repro()

    CASES.append(Case(name, act, purpose))


template("template: a value in the command changed", ("y: 1", "y: 2"))
template("template: the value is the same when printed", ("0.10", "0.1"))
template("template: 1 becomes 1.0", ("y: 1", "y: 1.0"))
template("template: 1 becomes \"1\"", ("y: 1", 'y: "1"'))
template("template: a value that is not used", ("z: 1", "z: 2"))
template("template: back to an earlier value", ("y: 1", "y: 2"), ("y: 2", "y: 1"))


@case("template: the value changed, not the text: `params` decides")
def _(tool):
    tool.files({"params.yaml": "x: 1\n", "dvc.yaml": TEMPLATE.replace("${x} ${m.y}", "${x}").replace("    outs", "    params: [x]\n    outs")})
    tool.repro()
    tool.write("params.yaml", 'x: "1"\n')
    tool.repro()


# --- Imports and pointers.

@case("pointer: data that was added feeds a stage")
def _(tool):
    tool.files({"data/a.txt": "a\n", "dvc.yaml": "stages:\n  s:\n    cmd: echo s >> $TRACE && cat data/a.txt > out.txt\n    deps: [data]\n    outs: [out.txt]\n"})
    tool.add("data")
    tool.repro()
    tool.repro()
    tool.write("data/a.txt", "b\n")
    tool.repro()
    tool.write("data/a.txt", "a\n")
    tool.repro()


@case("--allow-missing: outputs and inputs that are not there are no reason", awaits="allow_missing")
def _(tool):
    chain(tool)
    for name in ("clean.txt", "model.txt", "report.txt", "made.txt"):
        tool.remove(name)
    tool.forget_the_cache()
    tool.would(allow_missing=True)


@case("--allow-missing: a command changed whose input is not there", awaits="allow_missing", purpose="DVC fails, because the input is not there; derm lists the stage and what comes after it")
def _(tool):
    chain(tool)
    tool.remove("clean.txt")
    tool.forget_the_cache()
    tool.swap("dvc.yaml", "head -c 3", "head -c 2")
    tool.would(allow_missing=True)


@case("--no-commit: the result is not kept in the cache", awaits="no_commit")
def _(tool):
    chain(tool)
    tool.write("raw.txt", "xyz\n")
    tool.repro(no_commit=True)
    tool.repro()


@case("--pull: what is missing is fetched, and no command run", awaits="pull")
def _(tool):
    tool.remote()
    chain(tool)
    tool.push()
    tool.forget_the_cache()
    for name in ("clean.txt", "model.txt", "report.txt", "made.txt"):
        tool.remove(name)
    # DVC brings the outputs back before it looks at the stages, and so reports none.
    tool.repro(pull=True, count_taken=False)
