"""Files drawn at random, the same at each run: parameters, then stages whose parts refer to them, rightly and wrongly."""

import random

from .engine import Case

SCALARS = ["0", "7", "-3", "1_000", "0x1F", "0.10", "1e-5", "1e3", ".5", "-.inf", "true", "False", "null", "~", "a", "a b", "'it''s'", '"x\\ty"', "1.2.3", "yes", "''", "'5'", "é", "12:30", "!!str 7", "0o17", "1e16", "-0.0"]
NAMES = ["a", "b", "lr", "model", "x-y", "u_v", "Depth"]


def drawn(rng, depth):
    """A value as YAML on one line, and the dotted keys below it with what they are."""
    kind = rng.random()
    if depth == 0 or kind < 0.55:
        return rng.choice(SCALARS), [("", "scalar")]
    if kind < 0.75:
        items = [drawn(rng, depth - 1) for _ in range(rng.randint(1, 3))]
        style = rng.choice(["[{}]", ".{}"])
        keys = [(style.format(i) + key, what) for i, (_, below) in enumerate(items) for key, what in below]
        return "[" + ", ".join(text if not text.endswith(":") else f"'{text}'" for text, _ in items) + "]", [("", "list"), *keys]
    names = rng.sample(NAMES, rng.randint(1, 3))
    items = [drawn(rng, depth - 1) for _ in names]
    keys = [(f".{name}" + key, what) for name, (_, below) in zip(names, items) for key, what in below]
    return "{" + ", ".join(f"{name}: {text}" for name, (text, _) in zip(names, items)) + "}", [("", "map"), *keys]


def a_file(seed):
    rng = random.Random(seed)
    tops = rng.sample(NAMES, rng.randint(2, 5))
    values = {name: drawn(rng, 3) for name in tops}
    keys = [(name + key, what) for name, (_, below) in values.items() for key, what in below]

    def pick(*kinds):
        fitting = [key for key, what in keys if what in kinds]
        if not fitting or rng.random() < 0.003:
            return rng.choice(["nobody", "a.nobody", "lr[9]", keys[0][0] + ".z"])
        return rng.choice(fitting)

    ref = lambda *kinds: "${" + pick(*kinds) + "}"
    item = lambda group: rng.choice(["${item}", "${key}", "${item.p}"]) if group else ref("scalar")

    def command(group):
        words = ["run"]
        for _ in range(rng.randint(0, 4)):
            words.append(rng.choice([ref("scalar"), f"--x={ref('scalar')}", "\\${HOME}", "$A", f"'{ref('scalar')}'", ref("map") if rng.random() < 0.3 else "b", group or "plain"]))
        return " ".join(words)

    quote = lambda text: "'" + text.replace("'", "''") + "'"
    lines = ["stages:"]
    for number in range(rng.randint(1, 5)):
        group, pad = "", "    "
        lines.append(f"  s{number}:")
        kind = rng.random()
        if kind < 0.2:
            lines += [f"    foreach: {rng.choice([ref('list'), ref('map'), '[1, b, 0.50]', '{k: 1, l: [2]}'])}", "    do:"]
            group, pad = "${key}" if lines[-2].endswith("}") and "{k" in lines[-2] else "${item}", "      "
        elif kind < 0.4:
            lines += ["    matrix:", f"      p: {rng.choice([ref('list'), '[1, 2.50, x]', '[{q: 1}, {q: 2}]'])}", "      r: [u, v]"]
            group = rng.choice(["${item.r}", "${key}"])
        body = [f"cmd: {quote(command(group))}" if rng.random() < 0.8 else f"cmd: [{quote(command(group))}, {quote(command(group))}]"]
        if rng.random() < 0.2:
            body.append(rng.choice(["wdir: sub", "wdir: ./sub/", "wdir: sub/.."]))
        if rng.random() < 0.6:
            body.append("deps: [" + ", ".join(quote(rng.choice([f"in{i}", f"in{i}/", f"./in{i}", f"d/{ref('scalar')}{i}", f"../w{i}" if "wdir: sub" in body else f"q/../w{i}"])) for i in range(rng.randint(1, 3))) + "]")
        if rng.random() < 0.6:
            body.append("params: [" + ", ".join(rng.choice([name, f"{name}.x", f"{{p{i}.yaml: [{name}]}}", f"{{w{i}.json: }}"]) for i, name in enumerate(rng.sample(NAMES, rng.randint(1, 3)))) + "]")
        flags = lambda: rng.choice(["", "", ": {cache: false}", ": {persist: true, desc: d}", ": {push: false}"])
        for section in ("outs", "metrics", "plots"):
            if rng.random() < 0.4:
                suffix = f"-{group}" if group else ""
                body.append(f"{section}:")
                for i in range(rng.randint(1, 2)):
                    body.append(f"- {quote(f'{section}{number}{i}{suffix}')}{flags()}")
        if rng.random() < 0.06:
            body.append(rng.choice(["frozen: true", "always_changed: true", "desc: says", "meta: {a: [1]}", "dep: [a]"]))
        lines += [pad + line for line in body]
    params = "".join(f"{name}: {text}\n" for name, (text, _) in values.items())
    return {"params.yaml": params, "dvc.yaml": "\n".join(lines) + "\n"}


def case(seed):
    files = a_file(seed)

    def act(tool):
        tool.files(files)
        found = tool.stages()
        tool.note("refused" if found is None else found)

    return Case(f"drawn: file {seed}", act)


CASES = [case(seed) for seed in range(60)]
