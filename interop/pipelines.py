"""Runs behaviours of DVC's stages against the `dvc` of this Python and against derm, in the same project made twice.

usage: pipelines.py PATH-TO-DERM [WORD]     only behaviours whose name holds WORD

Four parts, in `pipeline_cases/`:

- runs.py: a project is run, changed, run again. Compared are the stages whose commands were run (each writes its name to a
  file outside), those whose outputs were taken from the cache, whether the run succeeded, and the content of the folder;
- texts.py: values and templates. Compared is the command that each tool would run;
- files.py: pipeline files. Compared are the stages with command, folder, dependencies, parameters and outputs, or that
  the file is refused;
- drawn.py: the same for files that are drawn at random.

A behaviour in which derm differs on purpose names the reason; it fails when the two do not differ any more. derm reads the `dvc.yaml` as it is.
DVC works in this process, so that its start does not count a hundred times. Exit code 1 on any difference that is not on purpose.
"""

import sys
import time

from pipeline_cases import drawn, engine, files, runs, texts

AWAITING = {
    # Options that derm does not have yet: `name: why`. Skipped, and said so.
}


def main():
    started = time.monotonic()
    word = sys.argv[2] if len(sys.argv) > 2 else ""
    cases = [case for module in (runs, texts, files, drawn) for case in module.CASES if word in case.name]
    table = engine.run_all(cases, sys.argv[1], AWAITING)
    engine.show(table)
    count = lambda verdict: sum(row.verdict == verdict for row in table)
    print(
        f"\n{len(table)} behaviours in {time.monotonic() - started:.0f} s: {count('same')} the same, {count('on purpose')} different on purpose, "
        f"{count('AWAITING')} skipped, {count('DIFFERENT')} different"
    )
    for row in table:
        if row.verdict == "AWAITING":
            print(f"SKIPPED: {row.case.name}: {AWAITING[row.case.awaits]}")
    failed = [row for row in table if row.verdict == "DIFFERENT"]
    for row in failed:
        print(f"\nDIFFERENT: {row.case.name}\n{row.details}")
    sys.exit(1 if failed or not table else 0)


if __name__ == "__main__":
    main()
