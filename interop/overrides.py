"""`derm params set` beside `dvc exp run -S`: the same overrides make the same values, or are refused by both.

    python interop/overrides.py target/debug/derm

needs `dvc` with `hydra-core`, and `ruamel.yaml`, which comes with it. What differs on purpose stands in DIFFERS.
"""

import pathlib
import subprocess
import sys
import tempfile

from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

PARAMS = """\
# top
train:
  lr: 0.001   # the rate
  net: resnet18
  layers: [1, 2, 3]
  name: "quoted"
list:
- a
- b
empty: {}
none: null
"""

OVERRIDES = """\
train.lr=1e-3|train.lr=0.1|train.net=|train.net=null|train.net=true|train.net="a b"|train.net='a b'|train.net=a b|train.layers=[1,2]
train.layers.0=5|train.layers[0]=5|list=[x,y]|train.new=1|+train.new=1|+train.lr=2|++train.lr=3|++train.new=3|~train.lr|~train.lr=0.001
~train.lr=9|~train.none|empty={a:1,b:{c:[x]}}|+empty={a:1}|train={lr:5}|train={lr:5,new:1}|++train={lr:5,new:1}|none=1_000|none=0x10
none=1.0|none=1e5|none=nan|none=-inf|none=yes|none=Null|none=NULL|none=a:b|none=a/b-c_d.e%f+g@h?i|none=$x|none=int(3)|none=str(3)
none=\\,|none=a\\,b|none="a\\"b"|none='it\\'s'|none=[1, [2,3], {a: b}]|none={a:1}|a|=1|x.=1|.x=1|none=[|none={a}|none="|none=  x
none=(a)|none=*|+new.deep.er=4|none=01|none=True|none=00.5|none=.5|none=5.|none=+5|none=[]|none={}|none=""|list.0=z|none=tr ue
none=json_str({a:1})|none=float("3")|none=1..5|none=-1|none=[a,1,null,true]|none={a: "x y", b: 'c,d'}|list.5=z|++list.5=z|none=1,2|none=glob(*)|none=a=b
"""

# What derm does otherwise, and why.
DIFFERS = {
    "train.lr = 5": "space before the `=` is left out: a slip, and clear",
    "none=é": "letters of any language",
    "none=a#b": "a character that nothing needs to be reserved",
    "+train.lr.x=4": "a number is not thrown away for a map",
    "none=${train.lr}": "a text that looks resolved and is not would be worse than a refusal",
    "none=~": "a plain character",
}


def dvc(folder, override):
    path = folder / "dvc.yaml"
    path.write_text(PARAMS)
    try:
        apply_overrides(path, [override])
    except Exception:
        return None
    return YAML(typ="safe").load(path)


def derm(binary, folder, override):
    path = folder / "params.yaml"
    path.write_text(PARAMS)
    if subprocess.run([binary, "params", "set", "--", override], cwd=folder, capture_output=True).returncode:
        assert path.read_text() == PARAMS, f"{override}: refused, and changed"
        return None
    return YAML(typ="safe").load(path)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


def main():
    binary = str(pathlib.Path(sys.argv[1]).absolute())
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([binary, "init", "-q"], cwd=folder, check=True, capture_output=True)
        overrides = [one for line in OVERRIDES.splitlines() for one in line.split("|")]
        for override in overrides:
            theirs, ours = dvc(folder, override), derm(binary, folder, override)
            if not (theirs is None and ours is None) and not (theirs is not None and ours is not None and same(theirs, ours)):
                wrong += 1
                print(f"{override!r}: DVC {theirs}\n    derm {ours}")
        for override, why in DIFFERS.items():
            theirs, ours = dvc(folder, override), derm(binary, folder, override)
            print(f"differs: {override!r}: DVC {'refuses' if theirs is None else 'takes'}, derm {'refuses' if ours is None else 'takes'}: {why}")
    print(f"{len(overrides) - wrong} of {len(overrides)} the same")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
