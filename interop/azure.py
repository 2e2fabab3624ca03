"""Real images to Azure's blob storage and back, as its emulator serves it.

usage: azure.py DERM AZURITE IMAGES

DERM is the program, AZURITE the emulator's `azurite-blob` (of npm), IMAGES a folder of pictures. Everything runs on this machine, over the
loopback interface. Push, a fresh clone, pull, every byte compared, `fsck` of both ends, `gc` of the remote; then what is told of a
container that is not there, of a wrong key and of none.
"""

import base64
import filecmp
import hashlib
import hmac
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from email.utils import formatdate
from pathlib import Path

DERM, AZURITE, IMAGES = sys.argv[1], sys.argv[2], Path(sys.argv[3])
# The emulator's account, the same everywhere: https://github.com/Azure/Azurite#default-storage-account
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
ENVIRONMENT |= {"GIT_CONFIG_GLOBAL": "/dev/null", "CI": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start(folder, port):
    words = [AZURITE, "--location", str(folder), "--blobHost", "127.0.0.1", "--blobPort", str(port), "--silent", "--skipApiVersionCheck"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    raise SystemExit("the emulator does not start")


def make_container(port, name):
    """`PUT /ACCOUNT/NAME?restype=container`, signed as the service's documentation of "Shared Key" says."""
    now = formatdate(usegmt=True)
    headers = f"x-ms-date:{now}\nx-ms-version:2021-08-06\n"
    # Eleven headers of the request that are not sent, then ours; the emulator's paths hold the account twice.
    text = "PUT" + "\n" * 12 + headers + f"/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    signature = base64.b64encode(hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()).decode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{ACCOUNT}/{name}?restype=container", method="PUT")
    request.add_header("x-ms-date", now)
    request.add_header("x-ms-version", "2021-08-06")
    request.add_header("Authorization", f"SharedKey {ACCOUNT}:{signature}")
    request.add_header("Content-Length", "0")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read()


def derm(folder, *words, expect=0, key=KEY):
    environment = ENVIRONMENT | ({"AZURE_STORAGE_ACCOUNT_KEY": key} if key else {})
    done = subprocess.run([DERM, *words], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != expect:
        raise SystemExit(f"derm {' '.join(words)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def git(folder, *words):
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *words], cwd=folder, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def remote(folder, name, container, port):
    derm(folder, "remote", "add", name, f"az://{container}/ham")
    derm(folder, "remote", "modify", name, "account", ACCOUNT)
    derm(folder, "remote", "modify", name, "endpoint", f"http://127.0.0.1:{port}/{ACCOUNT}")


def repository(folder, port):
    (folder / "data").mkdir(parents=True)
    git(folder, "init")
    derm(folder, "init")
    for path in sorted(IMAGES.iterdir())[:1000]:
        shutil.copy(path, folder / "data")
    random.seed(7)
    (folder / "data/stack.bin").write_bytes(random.randbytes(40_000_000))
    derm(folder, "add", "data")
    remote(folder, "az", "skin", port)
    git(folder, "add", ".")
    git(folder, "commit", "-m", "data")


def round_trip(home, port):
    ours, theirs = home / "ours", home / "theirs"
    repository(ours, port)
    derm(ours, "push", "-r", "az")
    assert derm(ours, "push", "-r", "az", "--dry").stdout.strip() == "`az` has everything."
    git(home, "clone", str(ours), str(theirs))
    derm(theirs, "pull", "-r", "az")
    names = sorted(path.name for path in (ours / "data").iterdir())
    assert names == sorted(path.name for path in (theirs / "data").iterdir()), "other files"
    _, other, errors = filecmp.cmpfiles(ours / "data", theirs / "data", names, shallow=False)
    assert not other and not errors, f"other bytes: {other[:3]}, {errors[:3]}"
    derm(theirs, "fsck")
    derm(theirs, "fsck", "--in-remote", "-r", "az")
    derm(ours, "gc", "-w", "-r", "az", "--grace", "0")
    derm(ours, "fsck", "--in-remote", "-r", "az")
    print(f"{len(names)} files there and back")
    return ours


def refusals(ours, port):
    remote(ours, "nowhere", "no-such-container", port)
    told = derm(ours, "push", "-r", "nowhere", expect=1).stderr
    assert "ContainerNotFound" in told and "make the bucket or container first" in told, told
    wrong = base64.b64encode(b"another key").decode()
    told = derm(ours, "fsck", "--in-remote", "-r", "az", expect=1, key=wrong).stderr
    assert "access is denied" in told and wrong not in told, told
    told = derm(ours, "fsck", "--in-remote", "-r", "az", expect=1, key=None).stderr
    assert "no credentials" in told, told
    print("a container that is not there, a wrong key and none are told as that")


def main():
    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder), free_port()
        (home / "served").mkdir()
        server = start(home / "served", port)
        try:
            make_container(port, "skin")
            refusals(round_trip(home, port), port)
        finally:
            server.kill()


main()
