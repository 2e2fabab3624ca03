"""Lets PyTorch's default Linux wheel be imported without the gigabytes of CUDA packages that it names as dependencies.

usage: torch_on_the_cpu.py     (with the Python into which `pip install --no-deps torch` has put it)

The wheel is linked with CUDA's libraries even where only the CPU is used. For each that is missing this compiles a library of
that name beside PyTorch's own, whose functions do nothing but answer "no device". Needs a C compiler and binutils. On
platforms whose wheel has no CUDA it does nothing. Import with TORCH_USE_RTLD_GLOBAL=1 in the environment, which makes PyTorch
load its libraries without looking for those of the packages.
"""

import re
import subprocess
import sysconfig
import tempfile
from pathlib import Path

LIBRARIES = ("libcu", "libnv", "libnccl")
FUNCTIONS = ("cu", "nccl", "nvrtc", "nvshmem", "__cuda")
# cudaErrorNoDevice
ANSWER = 100


def said(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout


def main():
    packages = Path(sysconfig.get_path("purelib"))
    folder = packages / "torch" / "lib"
    present = {library.name for place in (folder, packages / "nvidia") for library in place.rglob("lib*.so*")}
    # For each library the versions it is asked for, and for each version (or none) the functions.
    versions, functions = {}, {}
    for library in folder.glob("lib*.so*"):
        for name in re.findall(r"\(NEEDED\).*\[(.*)\]", said("readelf", "-d", library)):
            versions.setdefault(name, set())
        for name, entries in re.findall(r"File: (\S+) +Cnt: \d+\n((?:.*Name: .*\n)*)", said("readelf", "-V", library)):
            versions.setdefault(name, set()).update(re.findall(r"Name: (\S+)", entries))
        for function, version in re.findall(r" U (\w+)(?:@+(\S+))?$", said("nm", "-D", "--undefined-only", library), re.MULTILINE):
            functions.setdefault(version, set()).add(function)
    missing = sorted(name for name in versions if name.startswith(LIBRARIES) and name not in present)
    # Functions that name no version go to the first library.
    plain = {function for function in functions.get("", ()) if function.startswith(FUNCTIONS)}
    for name in missing:
        own = {version: functions.get(version, set()) for version in versions[name]}
        defined = set().union(*own.values(), plain if name == missing[0] else ())
        source = "".join(f"int {function}(void) {{ return {ANSWER}; }}\n" for function in sorted(defined))
        script = "".join(f"{version} {{ global: {' '.join(f'{f};' for f in sorted(own[version]))} }};\n" for version in sorted(own) if own[version])
        with tempfile.NamedTemporaryFile("w", suffix=".map") as file:
            file.write(script)
            file.flush()
            command = ["cc", "-shared", "-fPIC", "-w", f"-Wl,-soname,{name}", "-o", str(folder / name), "-x", "c", "-"]
            command[2:2] = [f"-Wl,--version-script={file.name}"] if script else []
            subprocess.run(command, input=source, check=True, text=True)
    print(f"{len(missing)} libraries without a device: {' '.join(missing)}")


if __name__ == "__main__":
    main()
