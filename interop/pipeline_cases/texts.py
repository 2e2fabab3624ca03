"""What `${…}` becomes: the text of the command that would be run."""

from .engine import Case

CASES = []


def commands(tool):
    found = tool.stages()
    tool.note("refused" if found is None else {name: stage["cmd"] for name, stage in found.items()})


def values(name, texts, purpose=None):
    """Each text stands as a value in params.yaml, and is put into a command."""

    def act(tool):
        lines = "".join(f"  v{number}: {text}\n" for number, text in enumerate(texts))
        tool.files({"params.yaml": f"all:\n{lines}", "dvc.yaml": "stages:\n  s:\n    foreach: ${all}\n    do:\n      cmd: run ${item} '${key}'\n"})
        commands(tool)

    CASES.append(Case(f"text: {name}", act, purpose))


def filled(name, cmd, params="", purpose=None, extra=None, config=None):
    def act(tool):
        tool.files({"params.yaml": params, "dvc.yaml": f"stages:\n  s:\n    cmd: {cmd}\n", **(extra or {})})
        if config:
            tool.parsing(config)
        commands(tool)

    CASES.append(Case(f"text: {name}", act, purpose))


values("whole numbers", "0 1 -1 +1 010 0010 1_000 1_0_0 0x1F 0X1F 0o17 0O17 0b101 -0x10 123456789012345678901234567890 00 -0 0_1 1__0".split())
values("numbers with a fraction", "0.10 1. .5 -.5 +.5 1.0 1.50 1_0.5 100.0 1234567.125 0.1234567890123456789 -0.0 0.0 1.e3 3.14159265358979".split())
values("numbers with an exponent", "1e3 1E3 1e+3 1e-5 1.5e-7 1e15 1e16 1.25e100 -2.5e-10 1e-4 0.0001 0.00001 12e03 1e400 123e-20 5e-324 1.7976931348623157e308".split())
values("infinite and no number", ".inf -.inf +.inf .Inf .INF .nan .NaN .NAN".split())
values("truth values and nothing", "true True TRUE false False FALSE null Null NULL ~ yes no on off Yes y n".split() + [""])
values("plain texts", "a a-b a_b a/b a.b 1.2.3 1.2.3.4 12:30 12:30:45 1e 1e+ 0x 0xg _1 1_ +-1 - . .. ... e5 E5 0o8 0b2 08 09 0.1.2 1,000 1e3.5 inf nan Infinity NaN .e1 +. -.e3 --1 ++1 1-1 é 1é".split())
values("quoted texts", ['"1"', "'0.10'", '"true"', "'null'", '""', "''", '"a b"', "'it''s'", '"tab\\there"', '"nl\\nx"', '"\\u00e9"', "'$x'", "'a\"b'", '"#x"', "'a: b'"])
values("texts with what YAML or a shell knows", ["a#b", "a b", "a  b", "x!", "a&b", "a|b", "a>b", "$HOME", "x*", "a'b", 'a"b', "a\\b", "a;b", "a%", "a@b", "a`b", "(a)", "a, b"])
values("block texts", ["|\n    a\n    b", ">\n    a\n    b", "|-\n    a", ">-\n    a\n\n    b", "|+\n    a\n\n"])
values("tagged values", ["!!str 1", "!!str true", "!!int 7", "!!float 1", '!!int "3"', "!!str"])
values("dates", ["2020-01-01"], purpose="DVC breaks with an internal error; derm takes a date as the text that it is")
values("times", ["2020-01-01T12:00:00Z"], purpose="DVC breaks with an internal error; derm takes a time as the text that it is")

filled("several in one", "run ${a}-${b} ${a}${b}", "a: 1\nb: x\n")
filled("nested keys, lists, brackets", "run ${a.b.c} ${l[1]} ${l.0} ${a[b][c]} ${m[0].x}", "a: {b: {c: 5}}\nl: [p, q]\nm: [{x: 9}]\n")
filled("a key of digits", 'run ${a.1}', 'a: {"1": x}\n')
filled("a number as a key is not reached", 'run ${a.1}', 'a: {1: x}\n', purpose="DVC forgets keys that are no texts; to derm `1:` and `\"1\":` are one key")
filled("spaces inside the braces", "run ${ a } ${a }", "a: 1\n")
filled("spaces between keys", "run ${a . b}", "a: {b: 1}\n")
filled("a dash in a key", "run ${a-b.c_d}", "a-b: {c_d: 1}\n")
filled("an index beyond the list", "run ${l[2]}", "l: [p, q]\n")
filled("not defined", "run ${b}", "a: 1\n")
filled("not defined below", "run ${a.c}", "a: {b: 1}\n")
filled("a key of a number", "run ${a.c}", "a: 1\n")
filled("no expression", "run ${}", "a: 1\n")
filled("an expression that is none", "run ${a + 1}", "a: 1\n")
filled("two dots", "run ${a..b}", "a: {b: 1}\n")
filled("a default is no part of it", "run ${a:-1}", "a: 1\n")
filled("escaped", "run \\${a} $${a} $a $(a) $((1+1)) {a}", "a: 1\n")
filled("escaped twice", "run \\\\${a}", "a: 1\n")
filled("escaped beside a value", "run \\${HOME} ${a}", "a: 1\n")
filled("a brace that is not closed", "run ${a", "a: 1\n", purpose="nothing that a shell could run either: derm says so, DVC leaves it to the shell")
filled("only a number", "${a}", "a: 1\n", purpose="a command is a text: `1`; DVC fails only when it runs it")
filled("only a text", "${a}", "a: run it\n")
filled("only a list", "${a}", "a: [run it, and that]\n", purpose="a list of commands is one wherever it is written")
filled("a list inside a text", "run ${a}", "a: [1, 2]\n")
filled("in a list of commands", "\n    - run ${a}\n    - also ${b}\n    - ${c}", "a: 1\nb: 0.10\nc: third\n")
filled("in several lines", "|\n      run ${a}\n      also ${b}", "a: 1\nb: true\n")

FLAGS = "m:\n  name: it's a\n  plain: word\n  empty: ''\n  rate: 1e-5\n  on: true\n  off: false\n  nothing: null\n  opt: {deep: {x: 1, y: [a b, 2, 0.10, true, null]}, z: false}\n  none: []\n  no: {}\n"
filled("a map becomes flags", "run ${m} --end", FLAGS)
filled("only a map", "${m}", FLAGS, purpose="a map in a command is its flags; DVC breaks when it runs it")
filled("a map inside a map becomes flags", "run ${m.opt}", FLAGS)
filled("a list in a list is no flag", "run ${m}", "m: {a: [[1]]}\n")
filled("a map in a list is no flag", "run ${m}", "m: {a: [{b: 1}]}\n")
filled("a map in a list of commands", "[\"run ${m}\"]", FLAGS)
filled("flags: `parsing.bool` is boolean_optional", "run ${m}", FLAGS, config={"bool": "boolean_optional"})
filled("flags: `parsing.list` is append", "run ${m}", FLAGS, config={"list": "append"})


def refused_or_not(name, stage, params, purpose=None, head=""):
    def act(tool):
        tool.files({"params.yaml": params, "dvc.yaml": f"{head}stages:\n{stage}"})
        found = tool.stages()
        tool.note("refused" if found is None else found)

    CASES.append(Case(f"text: {name}", act, purpose))


refused_or_not("in every field", "  s:\n    wdir: ${d}\n    cmd: run\n    deps: ['${f}.in', in]\n    outs: ['${f}', {'x-${f}': {cache: '${no}', desc: '${f}'}}]\n    metrics: ['${f}.json']\n    params: ['${k}', {'${f}.yaml': ['${k}']}]\n    frozen: ${yes}\n    desc: does ${f}\n", "d: sub\nf: file\nk: key\nno: false\nyes: true\n", purpose="DVC's schema wants a truth value for `cache` and `frozen` before `${…}` is filled in; derm looks at what it becomes")
refused_or_not("in paths and parameters", "  s:\n    wdir: ${d}\n    cmd: run\n    deps: ['${f}.in', in]\n    outs: ['${f}', {'x-${f}': {cache: false}}]\n    metrics: ['${f}.json']\n    params: ['${k}', {'${f}.yaml': ['${k}']}]\n    desc: does ${f}\n", "d: sub\nf: file\nk: key\n")
refused_or_not("a map outside of cmd", "  s:\n    cmd: run\n    deps: ['x${m}']\n", "m: {a: 1}\n")
refused_or_not("a whole map as a path", "  s:\n    cmd: run\n    deps: ['${m}']\n", "m: {a: 1}\n")
refused_or_not("a number as a path", "  s:\n    cmd: run\n    deps: ['${n}']\n", "n: 1\n", purpose="DVC breaks with an internal error; a file may be called `1`")
refused_or_not("a list in the place of `deps`", "  s:\n    cmd: run\n    deps: ${l}\n", "l: [a, b]\n", purpose="DVC's schema wants a list before `${…}` is filled in; derm looks at what it becomes")
refused_or_not("in `vars`", "  s:\n    cmd: run ${b}\n", "a: 1\n", head="vars:\n- b: ${a}\n")
