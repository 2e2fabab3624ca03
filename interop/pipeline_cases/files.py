"""What a pipeline file means: its stages as data, or that it is refused."""

from .engine import Case

CASES = []


def read(name, files, purpose=None, **more):
    if isinstance(files, str):
        files = {"dvc.yaml": files}

    def act(tool):
        tool.files({**files, **more})
        found = tool.stages()
        tool.note("refused" if found is None else found)

    CASES.append(Case(f"file: {name}", act, purpose))


# --- foreach.

EACH = "stages:\n  s:\n    foreach: {items}\n    do:\n      cmd: run ${{item}}\n"


def each(name, items, body="      cmd: run ${item}\n", params="", purpose=None):
    read(f"foreach: {name}", {"dvc.yaml": f"stages:\n  s:\n    foreach: {items}\n    do:\n{body}", "params.yaml": params}, purpose)


each("a list of texts", "[a, b c, 'd-e']")
each("a list of numbers, truth values, nothing", "[1, 0.10, 1e-5, true, False, null, '1.0']")
each("a list with one value twice", "[a, b, a]")
each("values that are equal when printed", "[1, '1', 2]")
each("a list of maps", "[{x: 1, y: a}, {x: 2, y: b}]", "      cmd: run ${item.x} ${item.y}\n")
each("a list of maps and plain values", "[{x: 1}, b]", "      cmd: run\n")
each("a list of lists", "[[1, 2], [3]]", "      cmd: run ${item[0]}\n")
each("a map", "{one: 1, two: {x: 2}, 3: c}", "      cmd: run ${key}\n")
each("a map with `${item.x}` and `${key}`", "\n      a: {x: 1}\n      b: {x: 2}", "      cmd: run ${key} ${item.x}\n      outs: ['${key}/${item.x}']\n")
each("a reference to a list", "${l}", params="l: [p, q]\n")
each("a reference to a map", "${m}", "      cmd: run ${key} ${item}\n", params="m: {a: 1, b: 2}\n")
each("a reference to a nested list", "${m.l}", params="m: {l: [1, 2]}\n")
each("a reference to truth values and nothing", "${l}", params="l: [true, false, null, 0.50]\n")
each("truth values by reference and written out", "['${t}', false]", params="t: true\n")
each("a list of references", "['${a}', '${b}']", params="a: 1\nb: x\n")
each("a list with a part in each", "['p-${a}', q]", params="a: 1\n")
each("a map of references", "{k: '${a}'}", params="a: [1, 2]\n", body="      cmd: run ${item[1]}\n")
each("a reference to a text", "${a}", params="a: x\n")
each("a reference to a number", "${a}", params="a: 1\n")
each("a reference that is not defined", "${b}", params="a: x\n")
each("a text", "abc")
each("nothing in it", "[]")
each("`item` and `key` hide parameters of that name", "[1]", "      cmd: run ${item}\n", params="item: hidden\n")
each("`key` in a list is not defined", "[1]", "      cmd: run ${key}\n")
each("`key` in a list is a parameter of that name", "[1]", "      cmd: run ${key}\n", params="key: mine\n")
each("values of the file inside", "[1, 2]", "      cmd: run ${item} ${a.b}\n      wdir: w${item}\n      deps: ['d${item}']\n      params: ['p${item}']\n", params="a: {b: 5}\n")
read("foreach: without `do`", "stages:\n  s:\n    foreach: [1]\n")
read("foreach: `do` alone", "stages:\n  s:\n    do:\n      cmd: run\n")
read("foreach: with `cmd` beside it", "stages:\n  s:\n    foreach: [1]\n    cmd: run\n    do: {cmd: run}\n")
read("foreach: with stage `vars`", "stages:\n  s:\n    foreach: [1, 2]\n    do:\n      vars:\n      - a: 7\n      cmd: run ${a} ${item}\n")

# --- matrix.


def matrix(name, axes, body="    cmd: run ${item.x}\n", params="", purpose=None):
    read(f"matrix: {name}", {"dvc.yaml": f"stages:\n  s:\n    matrix: {axes}\n{body}", "params.yaml": params}, purpose)


matrix("one axis", "{x: [1, 2]}")
matrix("two axes, the last one fastest", "{x: [a, b], y: [1, 0.50, true, null]}", "    cmd: run ${item.x} ${item.y} ${key}\n    outs: ['${key}']\n")
matrix("three axes", "{x: [a], y: [1, 2], z: [p, q]}", "    cmd: run ${item.x} ${item.y} ${item.z}\n")
matrix("axes of maps", "{x: [{n: 1, m: u}, {n: 2, m: v}], y: [k]}", "    cmd: run ${item.x.n} ${item.x.m} ${item.y}\n")
matrix("axes of lists", "{x: [[1, 2], [3, 4]]}", "    cmd: run ${item.x[1]}\n")
matrix("an axis of maps and plain values", "{x: [{n: 1}, b]}", "    cmd: run\n")
matrix("an axis by reference", "{x: '${l}', y: [1]}", params="l: [p, q]\n")
matrix("truth values by reference and written out", "{x: '${l}', y: [true, '${t}']}", params="l: [true, null]\nt: false\n")
matrix("an axis of references", "{x: ['${a}', '${b}']}", params="a: 1\nb: {c: 2}\n", body="    cmd: run\n")
matrix("an axis by reference to a text", "{x: '${a}'}", params="a: pq\n")
matrix("an axis by reference to a map", "{x: '${m}'}", params="m: {a: 1, b: 2}\n", purpose="DVC takes the keys of the map; derm wants a list")
matrix("the whole by reference", "${m}", params="m: {x: [1, 2]}\n", purpose="DVC's schema wants the axes written out; derm looks at what the reference is")
matrix("an empty axis", "{x: [], y: [1]}")
matrix("no axis", "{}", "    cmd: run ${key}\n")
matrix("an axis with one value twice", "{x: [1, 1]}")
matrix("an axis that is a number", "{x: 1}")
matrix("with `foreach`", "{x: [1]}", "    foreach: [1]\n    do: {cmd: run}\n")
matrix("values in paths", "{x: [1, 2]}", "    cmd: run\n    wdir: w\n    deps: ['../d/${item.x}/']\n    outs: ['o-${item.x}': {persist: true}]\n    metrics: ['m-${item.x}.json': {cache: false}]\n")

# --- vars.


def variables(name, vars_, cmd="run ${a}", params="", stage="", purpose=None, **files):
    read(f"vars: {name}", {"dvc.yaml": f"vars: {vars_}\nstages:\n  s:\n{stage}    cmd: {cmd}\n", "params.yaml": params, **files}, purpose)


OTHER = {"other.yaml": "a: 1\nb: {c: 2, d: 3}\n"}
variables("a map", "[{a: 1, b: {c: 2}}]", "run ${a} ${b.c}")
variables("several maps", "[{a: 1}, {b: 2}]", "run ${a} ${b}")
variables("a file", "[other.yaml]", "run ${a} ${b.c}", **OTHER)
variables("a file of JSON", "[o.json]", "run ${a} ${f}", **{"o.json": '{"a": 1, "f": 1.50}'})
variables("a file of TOML", "[o.toml]", "run ${a} ${b.c} ${f}", **{"o.toml": "a = 1\nf = 1.50\n[b]\nc = 'x'\n"})
variables("a file of Python", "[o.py]", "run ${A} ${B.c}", **{"o.py": "A = 1\nclass B:\n    c = 'x'\n"})
variables("some keys of a file", "['other.yaml:a,b']", "run ${a} ${b.d}", **OTHER)
variables("a key that was not taken", "['other.yaml:a']", "run ${b.c}", **OTHER)
variables("a key that is not in the file", "['other.yaml:z']", **OTHER)
variables("keys with spaces", "['other.yaml:a, b']", "run ${a}", purpose="derm ignores the space, DVC looks for a key ` b`", **OTHER)
variables("a file that is not there", "[never.yaml]")
variables("params.yaml named once more", "[params.yaml]", params="a: 1\n")
variables("a part of params.yaml named once more", "['params.yaml:a']", params="a: 1\n")
variables("a file named twice", "[other.yaml, other.yaml]", **OTHER)
variables("a file named twice in parts", "['other.yaml:a', 'other.yaml:b']", "run ${a} ${b.c}", **OTHER)
variables("one part named twice", "['other.yaml:a', 'other.yaml:a']", **OTHER)
variables("a part, then all", "['other.yaml:a', other.yaml]", **OTHER)
variables("all, then a part", "[other.yaml, 'other.yaml:a']", **OTHER)
variables("a leaf defined again", "[{a: 2}]", params="a: 1\n")
variables("a leaf defined again with the same value", "[{a: 1}]", params="a: 1\n")
variables("maps are merged", "[{m: {b: 2}}]", "run ${m.a} ${m.b}", params="m: {a: 1}\n")
variables("a leaf of a merged map defined again", "[{m: {a: 2}}]", "run ${m.a}", params="m: {a: 1}\n")
variables("a map where a leaf was", "[{a: {b: 1}}]", params="a: 1\n")
variables("a leaf where a map was", "[{a: 1}]", params="a: {b: 1}\n")
variables("lists are not merged", "[{l: [2]}]", "run ${l[0]}", params="l: [1]\n")
variables("a list instead of maps", "[[1]]")
variables("a map instead of a list", "{a: 1}")
variables("an empty file", "[empty.yaml]", "run", **{"empty.yaml": ""})
variables("a file that holds a list", "[l.yaml]", "run", **{"l.yaml": "[1, 2]\n"})
variables("of a stage", "[{a: 1}]", "run ${a} ${b}", stage="    vars: [{b: 2}]\n")
variables("of a stage: a file relative to wdir", "[]", "run ${a}", stage="    wdir: sub\n    vars: [v.yaml]\n", **{"sub/v.yaml": "a: 1\n"})
variables("of a stage: defined again", "[{a: 1}]", "run ${a}", stage="    vars: [{a: 2}]\n")
variables("of a stage: the same file once more", "[other.yaml]", "run ${a}", stage="    vars: [other.yaml]\n", **OTHER)
variables("of a stage: `wdir` does not see them", "[]", "run", stage="    wdir: ${d}\n    vars: [{d: sub}]\n")
variables("none of another stage", "[]", "run ${q}", stage="    deps: [x]\n  t:\n    vars: [{q: 1}]\n    cmd: go ${q}\n  u:\n")

# --- Paths.

read("paths: `./`, `..`, doubled and trailing slashes", "stages:\n  s:\n    cmd: run\n    deps: [./a, b/, c//d, e/../f, 'g h']\n    outs: [o/./p, q/]\n")
read("paths: wdir", {"dvc.yaml": "stages:\n  s:\n    wdir: a/b/\n    cmd: run\n    deps: [../c, d]\n    outs: [../../o]\n    params: [x, {../p.yaml: [y]}]\n"})
read("paths: wdir `.` and `..`", {"sub/dvc.yaml": "stages:\n  s:\n    wdir: ..\n    cmd: run\n    deps: [a]\n  t:\n    wdir: .\n    cmd: run\n    deps: [a]\n"})
read("paths: nested files", {"dvc.yaml": "stages:\n  a: {cmd: run, outs: [x]}\n", "one/dvc.yaml": "stages:\n  a: {cmd: run, deps: [../x], outs: [x]}\n", "one/two/dvc.yaml": "stages:\n  b: {cmd: run, deps: [../x]}\n"})
read("paths: a dependency outside of the repository", "stages:\n  s:\n    cmd: run\n    deps: [../elsewhere]\n", purpose="derm knows nothing outside of the repository; add the data, or link it in")
read("paths: an absolute dependency", "stages:\n  s:\n    cmd: run\n    deps: [/etc/hostname]\n", purpose="derm knows nothing outside of the repository; add the data, or link it in")
read("paths: a cached output outside of the repository", "stages:\n  s:\n    cmd: run\n    outs: [../elsewhere]\n", purpose="refused before anything runs; DVC refuses it when the stage runs")
read("paths: an uncached output outside of the repository", "stages:\n  s:\n    cmd: run\n    outs: [../elsewhere: {cache: false}]\n", purpose="refused before anything runs, whatever its flags")
read("paths: an address as a dependency", "stages:\n  s:\n    cmd: run\n    deps: [s3://bucket/x]\n")
read("paths: wdir outside of the repository", "stages:\n  s:\n    wdir: ..\n    cmd: run\n", purpose="refused at once; DVC refuses it when the stage runs")
read("paths: the folder of the file as an output", "stages:\n  s:\n    cmd: run\n    outs: [.]\n")

# --- Sections.

read("outputs: flags", "stages:\n  s:\n    cmd: run\n    outs:\n    - a\n    - b: {cache: false}\n    - c: {persist: true, push: false, desc: d, type: t, labels: [l], meta: {x: 1}}\n    - d: {checkpoint: true}\n    metrics:\n    - m.json: {cache: false}\n    plots:\n    - p.csv: {x: a, y: b, template: linear, title: T, x_label: X, y_label: Y, header: false}\n    - q.csv: {cache: false}\n")
read("outputs: several in one map", "stages:\n  s:\n    cmd: run\n    outs:\n    - a: {cache: false}\n      b: {persist: true}\n")
read("outputs: a plot with a list of properties", "stages:\n  s:\n    cmd: run\n    plots:\n    - p.csv:\n      - {x: a, y: b}\n      - {x: a, y: c}\n", purpose="DVC's schema allows it, then it breaks with an internal error")
read("outputs: flags that are null", "stages:\n  s:\n    cmd: run\n    outs:\n    - a:\n", purpose="derm takes a path with a colon for the path")
read("outputs: an unknown flag", "stages:\n  s:\n    cmd: run\n    outs:\n    - a: {cached: true}\n")
read("outputs: a flag of plots in outs", "stages:\n  s:\n    cmd: run\n    outs:\n    - a: {template: x}\n")
read("outputs: a flag of the wrong type", "stages:\n  s:\n    cmd: run\n    outs:\n    - a: {cache: 1}\n")
read("outputs: a number", "stages:\n  s:\n    cmd: run\n    outs: [1]\n", purpose="a file may be called `1`")
read("outputs: a map instead of a list", "stages:\n  s:\n    cmd: run\n    outs:\n      a: {cache: false}\n")
read("outputs: the same twice in one stage", "stages:\n  s:\n    cmd: run\n    outs: [a, a]\n", purpose="refused at once; DVC refuses it when the stage runs")
read("outputs: the same in outs and metrics", "stages:\n  s:\n    cmd: run\n    outs: [a]\n    metrics: [a]\n")
read("outputs: the same in two stages", "stages:\n  s: {cmd: run, outs: [a]}\n  t: {cmd: run, outs: [a]}\n")
read("outputs: one inside another", "stages:\n  s: {cmd: run, outs: [a]}\n  t: {cmd: run, outs: [a/b]}\n")
read("outputs: one beside another with the same beginning", "stages:\n  s: {cmd: run, outs: [a]}\n  t: {cmd: run, outs: [a.b, ab]}\n")
read("graph: a cycle of two", "stages:\n  s: {cmd: run, deps: [b], outs: [a]}\n  t: {cmd: run, deps: [a], outs: [b]}\n")
read("graph: a cycle of three through folders", "stages:\n  s: {cmd: run, deps: [c/x], outs: [a]}\n  t: {cmd: run, deps: [a/y], outs: [b/z]}\n  u: {cmd: run, deps: [b], outs: [c]}\n")
read("graph: a stage that reads what it makes", "stages:\n  s: {cmd: run, deps: [a], outs: [a]}\n")
read("graph: a dependency inside its own output", "stages:\n  s: {cmd: run, deps: [a/b], outs: [a]}\n")
read("graph: a cycle through parameters", "stages:\n  s: {cmd: run, deps: [b], outs: [p.yaml]}\n  t: {cmd: run, params: [{p.yaml: [x]}], outs: [b]}\n")
read("dependencies: the same twice", "stages:\n  s:\n    cmd: run\n    deps: [a, a]\n", purpose="the second says nothing new")
read("dependencies: null", "stages:\n  s:\n    cmd: run\n    deps:\n")
read("dependencies: empty", "stages:\n  s:\n    cmd: run\n    deps: []\n    outs: []\n    params: []\n")
read("dependencies: a map", "stages:\n  s:\n    cmd: run\n    deps: [{a: b}]\n")
read("dependencies: a text instead of a list", "stages:\n  s:\n    cmd: run\n    deps: a\n")
read("parameters: files and keys", "stages:\n  s:\n    cmd: run\n    params: [a.b, c, {x.toml: [d, e.f]}, {y.json: }, {z.py: [G.h], w.yaml: [i]}]\n")
read("parameters: the default file named, and twice", "stages:\n  s:\n    cmd: run\n    params: [b, a, {params.yaml: [c, a]}]\n")
read("parameters: an empty list of keys", "stages:\n  s:\n    cmd: run\n    params: [{x.yaml: []}]\n")
read("parameters: a text instead of keys", "stages:\n  s:\n    cmd: run\n    params: [{x.yaml: a}]\n")
read("parameters: a number as a key", "stages:\n  s:\n    cmd: run\n    params: [1]\n", purpose="a key may be `1`")
read("command: none", "stages:\n  s:\n    deps: [a]\n")
read("command: empty", "stages:\n  s:\n    cmd: ''\n", purpose="nothing to run is a mistake; DVC runs it")
read("command: null", "stages:\n  s:\n    cmd:\n")
read("command: a number", "stages:\n  s:\n    cmd: 1\n", purpose="a command may be `1`")
read("command: a map", "stages:\n  s:\n    cmd: {a: b}\n")
read("command: a list, an empty list", "stages:\n  s:\n    cmd: [a, b]\n")
read("command: an empty list", "stages:\n  s:\n    cmd: []\n", purpose="nothing to run is a mistake; DVC runs it")
read("stage: unknown key", "stages:\n  s:\n    cmd: run\n    dep: [a]\n")
read("stage: desc, meta, frozen, always_changed", "stages:\n  s:\n    cmd: run\n    desc: says\n    meta: {a: [1, {b: 2}]}\n    frozen: true\n    always_changed: true\n")
read("stage: `frozen` that is a text", "stages:\n  s:\n    cmd: run\n    frozen: 'yes'\n")
read("stage: `live`", "stages:\n  s:\n    cmd: run\n    live: {l: {summary: true}}\n", purpose="gone from DVC 3; accepted with a warning, so that older files run")
read("stage: a text instead of a map", "stages:\n  s: run\n")
read("stage: null", "stages:\n  s:\n")
read("stage: its name holds `@`", "stages:\n  s@x:\n    cmd: run\n")
read("stage: its name holds `/`, `.` and spaces", "stages:\n  a/b.c d:\n    cmd: run\n")
read("stage: its name is a number", "stages:\n  1:\n    cmd: run\n", purpose="to derm `1:` and `\"1\":` are one key")
read("stages: empty", "stages:\n", purpose="DVC breaks with an internal error; a file may be without stages")
read("stages: an empty map", "stages: {}\n")
read("stages: a list", "stages: [a]\n")
read("file: empty", "")
read("file: comments only", "# nothing\n")
read("file: without stages", "params: [a.yaml]\nmetrics: [m.json]\n")
read("file: unknown key", "stage:\n  s: {cmd: run}\n")
read("file: a list", "- a\n")
read("file: artifacts, plots, metrics, params, datasets", "artifacts:\n  m: {path: model, type: model, labels: [a]}\nplots:\n- p.csv\n- p2: {x: a, y: {f.csv: b}}\nmetrics: [m.json]\nparams: [p.yaml]\nstages:\n  s: {cmd: run}\n")
read("file: an unknown key of an artifact", "artifacts:\n  m: {path: model, kind: model}\n")
read("file: an artifact without its path", "artifacts:\n  m: {type: model}\n")
read("file: plots as a map", "plots:\n  p: {x: a}\nstages: {}\n", purpose="as DVC 2 wrote it")
read("file: an unknown property of a plot", "plots:\n- p: {z: a}\nstages: {}\n")
read("file: metrics that are no list", "metrics: m.json\nstages: {}\n")

# --- YAML.

read("yaml: anchors", "stages:\n  s:\n    cmd: run\n    deps: &d [a, b]\n  t:\n    cmd: run\n    deps: *d\n")
read("yaml: merge keys", "stages:\n  s: &s\n    cmd: run\n    deps: [a]\n  t:\n    <<: *s\n    cmd: other\n")
read("yaml: several merged maps", "stages:\n  s: &s\n    cmd: run\n    deps: [a]\n  u: &u\n    cmd: you\n    outs: [o]\n  t:\n    <<: [*s, {outs: [p]}]\n")
read("yaml: duplicate keys of a stage", "stages:\n  s:\n    cmd: run\n    cmd: other\n")
read("yaml: duplicate stages", "stages:\n  s: {cmd: run}\n  s: {cmd: run}\n")
read("yaml: a tab", "stages:\n\ts:\n\t\tcmd: run\n")
read("yaml: not closed", "stages: {s: {cmd: run}\n")
read("yaml: two documents", "stages: {}\n---\nstages: {}\n")
read("yaml: a leading `---` and a byte order mark", "\ufeff---\nstages:\n  s: {cmd: run}\n")
read("yaml: ends of lines of Windows", "stages:\r\n  s:\r\n    cmd: |\r\n      a\r\n      b\r\n    deps:\r\n    - x\r\n")
read("yaml: flow style throughout", '{"stages": {"s": {"cmd": "run", "deps": ["a"]}}}\n')
read("yaml: `yes` is a text", "stages:\n  s:\n    cmd: yes\n    deps: [no, on, off]\n")
read("yaml: YAML 1.1 by a directive", "%YAML 1.1\n---\nstages:\n  s:\n    cmd: run\n    desc: 'yes'\n")

# --- As public repositories write them.

read("as in a first project", {
    "params.yaml": "prepare:\n  split: 0.20\n  seed: 20170428\n\nfeaturize:\n  max_features: 200\n  ngrams: 2\n\ntrain:\n  seed: 20170428\n  n_est: 50\n  min_split: 0.01\n",
    "dvc.yaml": """\
stages:
  prepare:
    cmd: python src/prepare.py data/data.xml
    deps:
    - data/data.xml
    - src/prepare.py
    params:
    - prepare.seed
    - prepare.split
    outs:
    - data/prepared
  featurize:
    cmd: python src/featurization.py data/prepared data/features
    deps:
    - data/prepared
    - src/featurization.py
    params:
    - featurize.max_features
    - featurize.ngrams
    outs:
    - data/features
  train:
    cmd: python src/train.py data/features model.pkl
    deps:
    - data/features
    - src/train.py
    params:
    - train.min_split
    - train.n_est
    - train.seed
    outs:
    - model.pkl
  evaluate:
    cmd: python src/evaluate.py model.pkl data/features
    deps:
    - data/features
    - model.pkl
    - src/evaluate.py
    outs:
    - eval/importance.png
    - eval/live/plots:
        cache: false
    metrics:
    - eval/live/metrics.json:
        cache: false
plots:
- ROC:
    template: simple
    x: fpr
    y:
      eval/live/plots/sklearn/roc/train.json: tpr
      eval/live/plots/sklearn/roc/test.json: tpr
- eval/importance.png
artifacts:
  text-classification:
    path: model.pkl
    desc: Detect whether the given text is in English
    type: model
    labels:
    - nlp
    - classification
""",
})
read("as in a project of many regions", {
    "params.yaml": "input:\n  year: ['2020', '2021', '2022']\n  state: ['01', '02', '04']\nactual:\n  path: 'intermediate/osrmnetwork'\ntimes:\n  mode: [car, foot]\n",
    "dvc.yaml": """\
vars:
- params.yaml
stages:
  create_cenloc_national:
    desc: Build national file
    matrix:
      year: ${input.year}
    cmd: uv run python ./src/create_cenloc_national.py --year ${item.year}
    deps:
    - src/create_cenloc_national.py
    outs:
    - intermediate/cenloc/year=${item.year}/:
        persist: true
        push: false
  calculate_times:
    matrix: &grid
      mode: ${times.mode}
      year: ${input.year}
      state: ${input.state}
    cmd: >
      uv run python ./src/calculate_times.py
      --mode ${item.mode} --year ${item.year}
      --state ${item.state} --chunk 0-1
    deps:
    - ./src/calculate_times.py
    - ${actual.path}/mode=${item.mode}/year=${item.year}/
    - intermediate/cenloc/year=${item.year}/
    outs:
    - output/times/mode=${item.mode}/year=${item.year}/state=${item.state}
  check:
    matrix: *grid
    cmd: check ${key}
    deps:
    - output/times/mode=${item.mode}/year=${item.year}/state=${item.state}/part.parquet
""",
})
read("as in a project of several packages", {
    "one/params.yaml": "lr: 1e-4\nmodels:\n  small: {depth: 2, width: 0.50}\n  large: {depth: 8, width: 1.0}\n",
    "one/dvc.yaml": """\
vars:
- ../common.yaml:paths
- runs: [a, b]
stages:
  fit:
    foreach: ${models}
    do:
      wdir: ..
      cmd:
      - mkdir -p ${paths.out}/${key}
      - python one/fit.py --depth ${item.depth} --width ${item.width} --lr ${lr} --out ${paths.out}/${key}
      deps:
      - ./one/fit.py
      - shared/src/
      - ${paths.data}/
      params:
      - one/params.yaml:
        - lr
        - models.${key}
      outs:
      - ${paths.out}/${key}/model.bin
      metrics:
      - ${paths.out}/${key}/metrics.json:
          cache: false
  compare:
    frozen: false
    always_changed: false
    wdir: reports
    cmd: |
      python ../compare.py \\
        --all
      # the end
      cat table.md
    deps:
    - ../../${paths.out}/small/model.bin
    - ../../${paths.out}/large/model.bin
    outs:
    - table.md:
        cache: false
        desc: "a table: ${lr}"
""",
    "one/reports/.keep": "",
    "common.yaml": "paths: {out: out/models, data: data}\nother: 1\n",
    "dvc.yaml": "stages:\n  last:\n    cmd: 'cat out/models/*/metrics.json > all.json; echo \"done: 100%\" && true'\n    deps: [out/models/small/metrics.json, one/reports/table.md]\n    plots:\n    - all.json:\n        x: step\n        y: loss\n        template: smooth\n",
})
