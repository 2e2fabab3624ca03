"""Real images to an S3 server and back, with the server killed and restarted half-way.

usage: remotes.py DERM S3_SERVER IMAGES

DERM is the program, S3_SERVER an S3 server that keeps its buckets in a folder (`s3s-fs` of crates.io), IMAGES a folder of pictures.
Everything runs on this machine, over the loopback interface.

1. push of a tracked folder, a file of 40 MB beside it; a fresh clone of the git repository; pull; every byte compared; `fsck`.
2. The same with the server killed (SIGKILL) while objects are sent, and started again: the same push goes on, or the next one does;
   then the same while they are fetched.
3. A folder remote beside it holds the same objects, and a remote that lost files is repaired by pushing again.
4. An object with other bytes on the server is reported, not kept, and healed by `fsck --in-remote --heal`.
"""

import filecmp
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DERM, SERVER, IMAGES = sys.argv[1], sys.argv[2], Path(sys.argv[3])
BUCKET = "skin"
KEYS = {"AWS_ACCESS_KEY_ID": "derm", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_REGION": "us-east-1"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | KEYS
ENVIRONMENT |= {"GIT_CONFIG_GLOBAL": "/dev/null", "CI": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Server:
    """The S3 server on a folder that outlives it."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        (folder / BUCKET).mkdir(parents=True)
        self.start()

    def start(self):
        words = [SERVER, "--host", "127.0.0.1", "--port", str(self.port)]
        words += ["--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"], str(self.folder)]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit("the S3 server does not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


def derm(folder, *words, expect=0):
    done = subprocess.run([DERM, *words], cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if expect is not None and done.returncode != expect:
        raise SystemExit(f"derm {' '.join(words)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def git(folder, *words):
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *words], cwd=folder, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def repository(folder, server, images):
    folder.mkdir()
    git(folder, "init")
    derm(folder, "init")
    (folder / "data").mkdir()
    shutil.copytree(images, folder / "data/images")
    random.seed(7)
    (folder / "data/stack.bin").write_bytes(random.randbytes(40_000_000))
    (folder / "data/run.sh").write_text("#!/bin/sh\n")
    (folder / "data/run.sh").chmod(0o755)
    derm(folder, "add", "data/images", "data/stack.bin", "data/run.sh")
    derm(folder, "remote", "add", "bucket", f"s3://{BUCKET}/ham")
    derm(folder, "remote", "modify", "bucket", "endpoint", server.url)
    derm(folder, "remote", "modify", "bucket", "timeout", "5")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "data")


def clone(folder, at):
    git(folder.parent, "clone", str(folder), str(at))


def same(a, b):
    names = sorted(str(path.relative_to(a)) for path in a.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(b)) for path in b.rglob("*") if path.is_file()), "other files"
    _, other, errors = filecmp.cmpfiles(a, b, names, shallow=False)
    assert not other and not errors, f"other bytes: {other[:3]}, {errors[:3]}"
    return len(names)


def stored(server):
    return sum(path.stat().st_size for path in (server.folder / BUCKET).rglob("*") if path.is_file())


def killed_half_way(folder, server, words, begun):
    """Runs derm; kills the server once `begun()`; starts it again after a second. Returns whether derm went on by itself."""
    process = subprocess.Popen([DERM, *words], cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not begun():
        time.sleep(0.002)
    was_running = process.poll() is None
    server.kill()
    time.sleep(1)
    server.start()
    process.communicate()
    assert was_running, f"derm {' '.join(words)} was done before the server could be killed: more data is needed"
    if process.returncode != 0:
        derm(folder, *words)
    return process.returncode == 0


def round_trip(home, server, images):
    ours, theirs = home / "ours", home / "theirs"
    repository(ours, server, images)
    begin = time.monotonic()
    derm(ours, "push")
    pushed = time.monotonic() - begin
    assert derm(ours, "push", "--dry").stdout.strip() == "`bucket` has everything."
    clone(ours, theirs)
    begin = time.monotonic()
    derm(theirs, "pull")
    pulled = time.monotonic() - begin
    count = same(ours / "data", theirs / "data")
    assert os.access(theirs / "data/run.sh", os.X_OK), "the executable bit is lost"
    derm(theirs, "fsck")
    derm(theirs, "fsck", "--in-remote")
    derm(theirs, "status", "--exit-code")
    requests = len([path for path in (server.folder / BUCKET).rglob("*") if path.is_file()])
    print(f"{count} files there and back: push {pushed:.1f} s, pull {pulled:.1f} s, {requests} files on the server")
    return ours


def survives_the_server(home, images):
    server = Server(home / "server-killed")
    ours, theirs = home / "ours-killed", home / "theirs-killed"
    repository(ours, server, images)
    alone = killed_half_way(ours, server, ["push"], lambda: stored(server) > 4_000_000)
    clone(ours, theirs)
    cache = theirs / ".derm/cache"
    begun = lambda: cache.exists() and sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) > 2_000_000
    alone_too = killed_half_way(theirs, server, ["pull"], begun)
    same(ours / "data", theirs / "data")
    derm(theirs, "fsck")
    went = lambda alone: "went on by itself" if alone else "was completed by the next"
    print(f"the server killed half-way: push {went(alone)}, pull {went(alone_too)}")
    server.kill()


def loses_and_lies(home, ours, server):
    nas = home / "nas"
    derm(ours, "remote", "add", "nas", str(nas))
    derm(ours, "push", "-r", "nas")
    objects = sorted(path for path in (nas / "b3").rglob("*") if path.is_file())
    for path in objects[::100]:
        path.unlink()
    lost = len(objects[::100])
    sent = derm(ours, "push", "-r", "nas").stdout
    assert f"Sent {lost} object" in sent, sent
    victim = objects[1]
    whole = victim.read_bytes()
    victim.write_bytes(bytes(len(whole)))
    other = home / "other"
    clone(ours, other)
    # The remote's own settings were not committed: it is named by its path.
    told = derm(other, "pull", "-r", str(nas), expect=1)
    assert "other bytes" in told.stderr, told.stderr
    name = victim.parent.name + victim.name
    kept = other / ".derm/cache/b3" / name[:2] / name[2:]
    assert not kept.exists(), "bytes that lie were kept"
    derm(ours, "fsck", "--in-remote", "-r", "nas", expect=3)
    derm(ours, "fsck", "--in-remote", "-r", "nas", "--heal")
    derm(other, "pull", "-r", str(nas))
    same(ours / "data", other / "data")
    print(f"a folder that lost {lost} objects and lied about one was repaired")
    # The same of a pack in the bucket.
    pack = next(path for path in (server.folder / BUCKET).rglob("*.pack"))
    damaged = bytearray(pack.read_bytes())
    damaged[100] ^= 1
    pack.write_bytes(damaged)
    derm(ours, "fsck", "--in-remote", "-r", "bucket", expect=3)
    derm(ours, "fsck", "--in-remote", "-r", "bucket", "--heal")
    third = home / "third"
    clone(ours, third)
    derm(third, "pull", "-r", "bucket")
    same(ours / "data", third / "data")
    print("a pack with one wrong byte was healed")


def main():
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        images = home / "images"
        images.mkdir()
        for path in sorted(IMAGES.iterdir())[: int(os.environ.get("DERM_IMAGES", "100000"))]:
            shutil.copy(path, images)
        server = Server(home / "server")
        try:
            ours = round_trip(home, server, images)
            survives_the_server(home, images)
            loses_and_lies(home, ours, server)
        finally:
            server.kill()


main()
