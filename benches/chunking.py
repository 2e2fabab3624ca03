"""What content-defined chunking would save: the share of a second version's bytes that stand in chunks of the first.

usage: chunking.py NAME=OLD:NEW …     (needs `pip install fastcdc`)

FastCDC with mean chunks of 16, 64 and 256 KiB, between a quarter and four times of that.
"""

import hashlib
import sys

from fastcdc import fastcdc

SIZES = (16 << 10, 64 << 10, 256 << 10)


def chunks(data, mean):
    return [(hashlib.sha256(data[c.offset : c.offset + c.length]).digest(), c.length) for c in fastcdc(data, mean // 4, mean, mean * 4)]


def saved(old, new, mean):
    known = {digest for digest, _ in chunks(old, mean)}
    return 1 - sum(length for digest, length in chunks(new, mean) if digest not in known) / len(new)


print("| what | bytes | 16 KiB | 64 KiB | 256 KiB |\n| --- | --- | --- | --- | --- |")
for words in sys.argv[1:]:
    name, paths = words.split("=", 1)
    old, new = (open(path, "rb").read() for path in paths.split(":"))
    print(f"| {name} | {len(new):,} | " + " | ".join(f"{100 * saved(old, new, mean):.1f} %" for mean in SIZES) + " |")
