"""Compares `derm migrate dvc` with DVC: real projects, made and run by the `dvc` of this Python, are taken over.

usage: migrate.py PATH-TO-DERM

What DVC calls up to date must be so for derm, before and after parameters and data change; content must come back
byte for byte; damage must be told and the rest be done. Exit code 1 on any difference.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DERM = Path(sys.argv[1]).resolve()
checked, wrong = 0, []
ENV = {**os.environ, "DVC_NO_ANALYTICS": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PYTHONWARNINGS": "ignore"}
ENV["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{ENV['PATH']}"

PIPELINE = """\
vars:
- params.yaml
stages:
  prepare:
    cmd: cp -r raw/images clean && cat raw/table.csv notes.txt > clean/table.txt
    deps:
    - raw
    - notes.txt
    params:
    - prepare
    outs:
    - clean
  fold:
    foreach: ${folds}
    do:
      cmd: echo "fold ${item} ${train.rate}" > fold-${item}.txt && cat clean/table.txt >> fold-${item}.txt
      deps:
      - clean
      params:
      - train.rate
      outs:
      - fold-${item}.txt
  train:
    cmd:
    - mkdir -p models && cat fold-*.txt > models/model.bin
    - echo '{"auc":' ${train.auc} '}' > metrics.json
    deps:
    - fold-0.txt
    - fold-1.txt
    - src
    params:
    - train.rate
    - train.auc
    - other.yaml:
      - seed
    outs:
    - models/model.bin
    metrics:
    - metrics.json:
        cache: false
  report:
    cmd: cp ../models/model.bin report.txt
    wdir: reports
    deps:
    - ../models/model.bin
    outs:
    - report.txt
"""


def run(folder, *args, code=0):
    done = subprocess.run([str(arg) for arg in args], cwd=folder, env=ENV, capture_output=True, text=True)
    if code is not None and done.returncode != code:
        sys.exit(f"{' '.join(map(str, args))}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def dvc(folder, *args, **more):
    return run(folder, sys.executable, "-m", "dvc", *args, **more)


def derm(folder, *args, **more):
    return run(folder, DERM, *args, **more)


def check(name, ours, theirs):
    global checked
    checked += 1
    if ours != theirs:
        wrong.append(f"{name}: derm {ours!r}, expected {theirs!r}")


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def contents(folder):
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and not {".dvc", ".derm", ".git"} & set(p.relative_to(folder).parts))
    return {str(p.relative_to(folder)): (os.access(p, os.X_OK), p.read_bytes()) for p in files if p.suffix not in (".derm", ".lock") and p.name != ".gitignore"}


def stale_for_dvc(folder):
    """Stages with a reason of their own: DVC's status looks at what is there, as derm's does for those that are not `maybe`."""
    status = json.loads(dvc(folder, "status", "--json").stdout or "{}")
    return sorted(name.removesuffix(":") for name in status if not name.endswith(".dvc"))


def tracked_changed_for_dvc(folder):
    status = json.loads(dvc(folder, "status", "--json").stdout or "{}")
    return sorted(name.removesuffix(".dvc") for name in status if name.endswith(".dvc"))


def status_of_derm(folder):
    status = json.loads(derm(folder, "status", "--json").stdout)
    stale = sorted(stage["stage"] for stage in status["stages"] if stage["state"] in ("run", "restore"))
    changed = sorted(item["path"] for item in status["data"] if item["changes"] or not item["in_cache"] or not item["found"])
    return status["clean"], stale, changed


def would_run(folder):
    done = derm(folder, "repro", "--dry", "--json")
    steps = json.loads(done.stdout)
    return [step for step in steps["stages"] if step["action"] != "fresh"]


def project(folder, config=()):
    run(folder, "git", "init", "-q")
    dvc(folder, "init", "-q")
    for key, value in config:
        dvc(folder, "config", key, value)
    for i in range(12):
        write(folder / f"raw/images/c{i % 3}/{i}.jpg", hashlib.sha256(str(i).encode()).digest() * (i * 37 + 1))
    write(folder / "raw/table.csv", "image,label\r\n1,nv\r\n")
    write(folder / "raw/ünï cödé/a b.txt", "non-ASCII names\n")
    write(folder / "raw/empty.bin", b"")
    write(folder / "weights.bin", os.urandom(3 << 20))
    write(folder / "tool.sh", "#!/bin/sh\n")
    (folder / "tool.sh").chmod(0o755)
    write(folder / "notes.txt", "some notes\n")
    write(folder / "src/a.py", "print(1)\n")
    write(folder / "src/deep/b.py", "print(2)\n")
    write(folder / "params.yaml", "prepare: {size: 64, mode: fast}\ntrain: {rate: 1e-3, auc: 0.91}\nfolds: [0, 1]\n")
    write(folder / "other.yaml", "seed: 7\n")
    write(folder / "dvc.yaml", PIPELINE)
    (folder / "reports").mkdir()
    dvc(folder, "add", "-q", "raw", "weights.bin", "tool.sh")
    write(folder / "remote/list.csv", "a,b\n")
    dvc(folder, "import-url", "-q", folder / "remote/list.csv", "list.csv")
    shutil.rmtree(folder / "remote")
    text = (folder / "weights.bin.dvc").read_text()
    (folder / "weights.bin.dvc").write_text(text + "desc: of epoch 12\nmeta:\n  ticket: 12\n")
    dvc(folder, "repro", "-q")
    # With links this takes the executable bit from files: DVC makes its objects read-only when it next looks at them.
    dvc(folder, "status", "-q", code=None)
    dvc(folder, "remote", "add", "-d", "lab", "s3://bucket/skin")
    dvc(folder, "remote", "modify", "lab", "endpointurl", "http://localhost:9")
    run(folder, "git", "add", "-A")
    run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "start")


def migrated(folder, name, code=0):
    before = contents(folder)
    done = derm(folder, "migrate", "dvc", "--json", code=code)
    check(f"{name}: nothing in the workspace changed", contents(folder) == before, True)
    return json.loads(done.stdout)


def fresh(folder, name):
    check(f"{name}: DVC is up to date", (stale_for_dvc(folder), tracked_changed_for_dvc(folder)), ([], []))
    clean, stale, changed = status_of_derm(folder)
    check(f"{name}: clean", clean, True)
    check(f"{name}: stale stages", stale, [])
    check(f"{name}: changed paths", changed, [])
    check(f"{name}: nothing would run", would_run(folder), [])
    done = derm(folder, "checkout", "--json")
    touched = [p for p in json.loads(done.stdout)["paths"] if p["added"] or p["modified"] or p["deleted"]]
    check(f"{name}: nothing to check out", touched, [])


def same_after(folder, name, change):
    change()
    theirs = stale_for_dvc(folder)
    _, ours, changed = status_of_derm(folder)
    check(f"{name}: the same stages are stale", ours, theirs)
    check(f"{name}: the same paths are changed", changed, tracked_changed_for_dvc(folder))
    check(f"{name}: some are", bool(theirs), True)


def usual(base, name, config=()):
    folder = base / name
    folder.mkdir()
    project(folder, config)
    before = contents(folder)
    executable = os.access(folder / "tool.sh", os.X_OK)
    dry = json.loads(derm(folder, "migrate", "dvc", "--dry", "--json").stdout)
    check(f"{name}: --dry writes nothing", (folder / ".derm").exists() or list(folder.rglob("*.derm")), [])
    report = migrated(folder, name)
    check(f"{name}: --dry said it", {**dry, "dry": False}, report)
    check(f"{name}: pointers", sorted(p["pointer"] for p in report["paths"]), ["list.csv.derm", "raw.derm", "tool.sh.derm", "weights.bin.derm"])
    fresh(folder, name)
    again = json.loads(derm(folder, "migrate", "dvc", "--json").stdout)
    check(f"{name}: a second run does nothing", (any(p["new"] for p in again["paths"]), any(l["new"] for l in again["locks"]), again["settings"]), (False, False, []))
    pointer = (folder / "weights.bin.derm").read_text()
    check(f"{name}: notes are kept", "of epoch 12" in pointer and "ticket: 12" in pointer, True)
    check(f"{name}: the import's origin is kept", "remote/list.csv" in (folder / "list.csv.derm").read_text(), True)
    settings = (folder / ".derm/config").read_text()
    check(f"{name}: settings", all(word in settings for word in ('url = "s3://bucket/skin"', 'endpoint = "http://localhost:9"', 'remote = "lab"')), True)

    # DVC's cache is not needed any more, and neither is what was in the workspace.
    shutil.move(folder / ".dvc/cache", base / f"{name}-cache")
    for path in ("raw", "clean", "models"):
        shutil.rmtree(folder / path)
    for path in ("weights.bin", "tool.sh", "list.csv", "fold-0.txt", "fold-1.txt", "reports/report.txt"):
        (folder / path).unlink()
    derm(folder, "checkout")
    check(f"{name}: everything came back", contents(folder) == before, True)
    check(f"{name}: with its executable bit", (os.access(folder / "tool.sh", os.X_OK), os.access(folder / "raw/table.csv", os.X_OK)), (executable, False))
    shutil.move(base / f"{name}-cache", folder / ".dvc/cache")
    fresh(folder, f"{name}, checked out")

    def parameter():
        write(folder / "params.yaml", "prepare: {size: 64, mode: fast}\ntrain: {rate: 0.002, auc: 0.91}\nfolds: [0, 1]\n")

    def data():
        path = folder / "raw/images/c0/0.jpg"
        content = path.read_bytes()
        path.unlink()
        write(path, content + b"more")

    def source():
        write(folder / "src/deep/b.py", "print(3)\n")

    parameter_before = (folder / "params.yaml").read_bytes()
    same_after(folder, f"{name}, a parameter", parameter)
    write(folder / "params.yaml", parameter_before)
    same_after(folder, f"{name}, a data file", data)
    same_after(folder, f"{name}, a source file", source)
    dvc(folder, "repro", "-q")


def damaged(base):
    folder = base / "damaged"
    folder.mkdir()
    project(folder)
    bad = hashlib.md5((folder / "raw/table.csv").read_bytes()).hexdigest()
    gone = hashlib.md5((folder / "weights.bin").read_bytes()).hexdigest()
    cache = folder / ".dvc/cache/files/md5"
    (cache / bad[:2] / bad[2:]).chmod(0o644)
    (cache / bad[:2] / bad[2:]).write_bytes(b"other")
    (cache / gone[:2] / gone[2:]).unlink()
    shutil.rmtree(folder / "raw")
    (folder / "weights.bin").unlink()
    report = migrated(folder, "damaged", code=1)
    check("damaged: what is left out", sorted(item["path"] for item in report["left_out"]), ["raw/table.csv", "weights.bin"])
    check("damaged: the rest is done", sorted(p["path"] for p in report["paths"]), ["list.csv", "tool.sh"])
    check("damaged: no pointer to what is not there", (folder / "raw.derm").exists() or (folder / "weights.bin.derm").exists(), False)
    check("damaged: stages that can be fresh are recorded", [l["stages"] for l in report["locks"]], [5])
    (cache / bad[:2] / bad[2:]).chmod(0o644)
    (cache / bad[:2] / bad[2:]).write_bytes(b"image,label\r\n1,nv\r\n")
    report = migrated(folder, "mended", code=1)
    check("mended: only what is gone for ever", [item["path"] for item in report["left_out"]], ["weights.bin"])
    derm(folder, "checkout", "raw")
    check("mended: it comes back", (folder / "raw/table.csv").read_bytes(), b"image,label\r\n1,nv\r\n")


def legacy(base):
    """A project as DVC 2 left it: no `hash:`, objects at aa/bb…, text hashed with LF for CRLF."""
    folder = base / "legacy"
    folder.mkdir()
    run(folder, "git", "init", "-q")
    dvc(folder, "init", "-q")
    from dvc_data.hashfile.hash import fobj_md5

    def put(content):
        import io

        md5 = fobj_md5(io.BytesIO(content), name="md5-dos2unix")
        write(folder / f".dvc/cache/{md5[:2]}/{md5[2:]}", content)
        return md5

    text, binary, lone = b"a\r\nb\r\n" * 300, b"\0\r\n" * 500, b"x,y\r\n"
    entries = [{"md5": put(text), "relpath": "t.csv"}, {"md5": put(binary), "relpath": "deep/b.bin"}]
    listing = json.dumps(sorted(entries, key=lambda e: e["relpath"]), sort_keys=True).encode()
    name = hashlib.md5(listing).hexdigest()
    write(folder / f".dvc/cache/{name[:2]}/{name[2:]}.dir", listing)
    write(folder / "old.dvc", f"outs:\n- md5: {name}.dir\n  size: 1\n  nfiles: 2\n  path: old\n")
    write(folder / "lone.csv.dvc", f"frozen: true\nouts:\n- md5: {put(lone)}\n  size: 5\n  path: lone.csv\n")
    # In place with other line ends: the same for DVC 2.
    write(folder / "lone.csv", b"x,y\n")
    dvc(folder, "checkout", "-q", "old.dvc")
    write(folder / "use.txt", text.replace(b"\r\n", b"\n"))
    write(folder / "dvc.yaml", "stages:\n  use:\n    cmd: cp old/t.csv use.txt\n    deps:\n    - old\n    outs:\n    - use.txt:\n        cache: false\n")
    write(folder / "dvc.lock", f"schema: '2.0'\nstages:\n  use:\n    cmd: cp old/t.csv use.txt\n    deps:\n    - path: old\n      md5: {name}.dir\n      size: 1\n      nfiles: 2\n    outs:\n    - path: use.txt\n      md5: {entries[0]['md5']}\n      size: 5\n")
    check("legacy: DVC is up to date", (stale_for_dvc(folder), tracked_changed_for_dvc(folder)), ([], []))
    report = migrated(folder, "legacy")
    check("legacy: pointers", sorted(p["path"] for p in report["paths"]), ["lone.csv", "old"])
    check("legacy: frozen is kept", "frozen: true" in (folder / "lone.csv.derm").read_text(), True)
    fresh(folder, "legacy")
    shutil.rmtree(folder / "old")
    derm(folder, "checkout")
    check("legacy: bytes come back", ((folder / "old/t.csv").read_bytes() == text, (folder / "old/deep/b.bin").read_bytes() == binary), (True, True))


def read_from_elsewhere(base):
    """`ls`, `get`, `import` and `update` on a DVC project that stays one, from its cache and from its remote."""
    folder, ours = base / "theirs", base / "readers"
    folder.mkdir()
    ours.mkdir()
    run(folder, "git", "init", "-q")
    dvc(folder, "init", "-q")
    for name, content in [("a.txt", b"a"), ("deep/b.bin", b"\0" * 5000), ("deep/c.txt", b"c")]:
        write(folder / "data/images" / name, content)
    write(folder / "table.csv", b"image,label\n")
    # The lock has an output's path as the stage says it, that is from its `wdir`; of the second one only the expansion knows it.
    write(
        folder / "dvc.yaml",
        "stages:\n  make:\n    cmd: echo made > made.txt\n    outs:\n    - made.txt\n"
        "  inside:\n    foreach: [a, b]\n    do:\n      wdir: parts/${item}\n      cmd: echo ${item} > part.txt\n      outs:\n      - part.txt\n",
    )
    for part in ("a", "b"):
        (folder / "parts" / part).mkdir(parents=True)
    dvc(folder, "add", "-q", "data/images", "table.csv")
    dvc(folder, "repro", "-q")
    dvc(folder, "remote", "add", "-d", "store", str(base / "dvc-store"))
    commit = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-q", "-m", "data"]
    run(folder, "git", "add", ".")
    run(folder, *commit)
    derm(ours, "init")
    url = str(folder)
    listed = json.loads(derm(ours, "ls", url, "--json").stdout)
    check("elsewhere: ls", sorted(entry["path"] for entry in listed["entries"]), ["data/images", "made.txt", "parts/a/part.txt", "parts/b/part.txt", "table.csv"])
    derm(ours, "get", url, "parts/b/part.txt")
    check("elsewhere: an output of a stage with a folder of its own", (ours / "part.txt").read_text(), "b\n")
    derm(ours, "import", url, "data/images", "-o", "images")
    check("elsewhere: import", contents(ours / "images"), contents(folder / "data/images"))
    derm(ours, "get", url, "data/images/deep")
    check("elsewhere: a part", contents(ours / "deep"), contents(folder / "data/images/deep"))
    derm(ours, "get", url, "made.txt")
    check("elsewhere: an output", (ours / "made.txt").read_text(), "made\n")
    dvc(folder, "push", "-q")
    shutil.rmtree(folder / ".dvc/cache")
    derm(ours, "get", url, "table.csv")
    check("elsewhere: from its remote", (ours / "table.csv").read_bytes(), b"image,label\n")
    write(folder / "data/images/a.txt", b"another")
    dvc(folder, "add", "-q", "data/images")
    run(folder, *commit[:-2], "-a", "-m", "more")
    derm(ours, "update")
    check("elsewhere: update", (ours / "images/a.txt").read_bytes(), b"another")
    for path in (base / "dvc-store").rglob("*"):
        if path.is_file() and path.read_bytes() == b"image,label\n":
            path.chmod(0o644)
            path.write_bytes(b"image,lable\n")
    derm(ours, "get", url, "table.csv", "-o", "lie.csv", code=1)
    check("elsewhere: what lies is not kept", (ours / "lie.csv").exists(), False)


def main():
    with tempfile.TemporaryDirectory() as base:
        base = Path(base).resolve()
        usual(base, "copies")
        usual(base, "hard links", [("cache.type", "hardlink,copy")])
        usual(base, "symbolic links", [("cache.type", "symlink")])
        damaged(base)
        legacy(base)
        read_from_elsewhere(base)
    for line in wrong:
        print(line)
    print(f"{checked} comparisons, {len(wrong)} differences")
    sys.exit(1 if wrong else 0)


main()
