"""Training and inference of whole networks beside PyTorch's and ONNX Runtime's, alternately, in one run.

    cargo bench --bench nets --no-run
    pip install torch torchvision timm onnx onnxscript onnxruntime
    python benches/nets.py target/release/deps/nets-HASH

prints a table of rates as Markdown. PyTorch runs eagerly, in the better of its two orders of memory, with AdamW over all parameters
at once and, like derm, with an allocator that keeps freed memory. ONNX Runtime infers the same network as torch.onnx exports it, on
the CPU with all of its graph optimisations. Each round runs each side in a process of its own; a ratio is the median over rounds of
the other side's time by derm's.

    --threads N   threads of each side (2)
    --rounds N    rounds (3)
    --avx2        without AVX-512: derm and PyTorch are held to AVX2; ONNX Runtime has no such switch and is left out
    --bf16        instead of those, training with factors in bfloat16 beside derm's in f32 and PyTorch's autocast to bfloat16
    --scaling     instead of ratios to others, the rates of derm and of PyTorch on two threads by those on one
    NETWORK...    some of the networks
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

CASES = [
    ("resnet18", 224, 16),
    ("resnet18_small", 28, 128),
    ("unet_classic_f32", 128, 8),
    ("vit_tiny_patch16_224", 224, 16),
    ("efficientnet_b0", 224, 16),
    ("convnext_atto", 224, 16),
    ("mobilenetv3_large_100", 224, 16),
    ("resnet50", 224, 8),
    ("squeezenet1_1", 224, 16),
]
REPEATS = 5


def small_resnet():
    """ResNet-18 for 28 pixels: a 3x3 stem of stride 1 and no pool."""
    import torch
    import torchvision

    network = torchvision.models.resnet18(num_classes=10)
    network.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool = torch.nn.Identity()
    return network


def unet():
    """The classic U-Net, 32 channels at the top."""
    import torch
    from torch import nn

    def double(inputs, outputs):
        parts = []
        for channels in (inputs, outputs):
            parts += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        return nn.Sequential(*parts)

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            wide = [32 << level for level in range(5)]
            self.down = nn.ModuleList(double(3 if level == 0 else wide[level - 1], wide[level]) for level in range(5))
            self.up = nn.ModuleList(nn.ConvTranspose2d(wide[level + 1], wide[level], 2, 2) for level in range(4))
            self.dec = nn.ModuleList(double(2 * wide[level], wide[level]) for level in range(4))
            self.head = nn.Conv2d(32, 2, 1)

        def forward(self, x):
            skips = []
            for level, down in enumerate(self.down):
                if level:
                    skips.append(x)
                    x = nn.functional.max_pool2d(x, 2)
                x = down(x)
            for level in reversed(range(4)):
                x = self.dec[level](torch.cat([skips[level], self.up[level](x)], 1))
            return self.head(x)

    return UNet()


def torch_network(name):
    own = {"resnet18_small": small_resnet, "unet_classic_f32": unet}
    if name in own:
        return own[name]()
    if name == "squeezenet1_1":
        import torchvision

        return torchvision.models.squeezenet1_1(num_classes=10)
    import timm

    return timm.create_model(name, num_classes=10)


def torch_side(name, size, batch, threads, half):
    """Prints the best seconds of a training step and of a forward pass over both orders of memory, with autocast where `half` is 1."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    found = []
    for order in (torch.channels_last, torch.contiguous_format):
        network = torch_network(name).to(memory_format=order)
        images = torch.randn(batch, 3, size, size).contiguous(memory_format=order)
        targets = torch.arange(batch) % 10
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, foreach=True)

        def step():
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=half == 1):
                logits = network(images)
            logits = logits.float()
            if logits.dim() == 4:
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
            else:
                loss = torch.nn.functional.cross_entropy(logits, targets)
            loss.backward()
            optimizer.step()

        def infer():
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half == 1):
                network(images)

        network.train()
        train = best(step)
        network.eval()
        found.append({"train": train, "infer": best(infer)})
    print(json.dumps({what: min(times[what] for times in found) for what in ("train", "infer")}))


def best(work):
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def export(case, path):
    """Writes a network as ONNX, for images of the case's size."""
    import torch

    name, size, batch = case
    torch.manual_seed(0)
    images = torch.randn(batch, 3, size, size)
    torch.onnx.export(torch_network(name).eval(), (images,), path, dynamo=True, external_data=False, verbose=False)


def onnx_side(path, size, batch, threads):
    """Prints the best seconds of a forward pass in ONNX Runtime."""
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    images = numpy.random.default_rng(0).standard_normal((batch, 3, size, size), dtype=numpy.float32)
    inputs = {session.get_inputs()[0].name: images}
    print(json.dumps({"infer": best(lambda: session.run(None, inputs))}))


# What holds each side to AVX2: derm, oneDNN, MKL and PyTorch's own kernels.
AVX2 = {
    "DERM_CPU_ISA": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
}
# The C library's allocator, set to keep freed memory.
TUNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "2147483647"}


class Sides:
    """How to run each side."""

    def __init__(self, bench, avx2, folder):
        self.bench = bench
        self.environment = os.environ | (AVX2 if avx2 else {})
        self.folder = folder

    def python(self, what, *words):
        words = [sys.executable, __file__, what, *map(str, words)]
        done = subprocess.run(words, env=self.environment | TUNED, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1]) if what != "--export" else None

    def torch(self, case, threads):
        return self.python("--torch", *case, threads, 0)

    def torch_bf16(self, case, threads):
        return self.python("--torch", *case, threads, 1)

    def derm_bf16(self, case, threads):
        return self.derm(case, threads, "--bf16")

    def onnx(self, case, threads):
        name, size, batch = case
        path = os.path.join(self.folder, name + ".onnx")
        if not os.path.exists(path):
            self.python("--export", *case, path)
        return self.python("--onnx", path, size, batch, threads)

    def derm(self, case, threads, *flags):
        words = [self.bench, *map(str, case), str(REPEATS), *flags]
        environment = self.environment | {"RAYON_NUM_THREADS": str(threads)}
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        times = {}
        for line in done.stdout.splitlines():
            what = line.split()[3].rstrip(":")
            times[what] = float(line.split("best ")[1].split(" ms")[0]) / 1e3
        return times


def measured(runs, rounds):
    """For each run, by name, its times in every round; rounds alternate between the runs."""
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(run())
    return times


def rate(times, what, batch):
    return f"{batch / min(time[what] for time in times):.1f}"


def ratio(over, under, what):
    """How many times as fast as `over` `under` is."""
    return f"{statistics.median(a[what] / b[what] for a, b in zip(over, under)):.2f}"


def beside_others(sides, case, options):
    """Rows of rates and of ratios to the other sides."""
    runs = {"derm": sides.derm, "torch": sides.torch} | ({} if options.avx2 else {"onnx": sides.onnx})
    times = measured({name: lambda run=run: run(case, options.threads) for name, run in runs.items()}, options.rounds)
    for what in ("train", "infer"):
        shown = [name for name in ("derm", "torch", "onnx") if name in times and what in times[name][0]]
        rates = [rate(times[name], what, case[2]) for name in shown]
        ratios = [ratio(times[name], times["derm"], what) for name in shown[1:]]
        yield [what, *rates, *[""] * (3 - len(rates)), *ratios, *[""] * (2 - len(ratios))]


def of_half(sides, case, options):
    """A row of rates in training, and of what bfloat16 makes of them."""
    runs = {name: lambda run=getattr(sides, name): run(case, options.threads) for name in ("derm", "derm_bf16", "torch", "torch_bf16")}
    times = measured(runs, options.rounds)
    pairs = [("derm", "derm_bf16"), ("torch", "torch_bf16"), ("torch_bf16", "derm_bf16")]
    yield [*(rate(times[name], "train", case[2]) for name in runs), *(ratio(times[over], times[under], "train") for over, under in pairs)]


def of_threads(sides, case, options):
    """Rows of rates on one and two threads."""
    runs = {(side, threads): lambda run=getattr(sides, side), n=threads: run(case, n) for side in ("derm", "torch") for threads in (1, 2)}
    times = measured(runs, options.rounds)
    for what in ("train", "infer"):
        row = [what]
        for side in ("derm", "torch"):
            one, two = times[side, 1], times[side, 2]
            row += [rate(one, what, case[2]), rate(two, what, case[2]), ratio(one, two, what)]
        yield row


HEADS = {
    beside_others: ["derm, img/s", "PyTorch, img/s", "ONNX Runtime, img/s", "derm / PyTorch", "derm / ONNX Runtime"],
    of_half: ["derm, f32", "derm, bf16", "PyTorch, f32", "PyTorch, bf16", "derm, bf16 / f32", "PyTorch, bf16 / f32", "derm / PyTorch, bf16"],
    of_threads: ["derm, 1 thread", "2 threads", "2 / 1", "PyTorch, 1 thread", "2 threads", "2 / 1"],
}


def side(words):
    """What a process of a side does."""
    what, *words = words
    if what == "--torch":
        torch_side(words[0], *map(int, words[1:]))
    elif what == "--onnx":
        onnx_side(words[0], *map(int, words[1:]))
    else:
        export((words[0], int(words[1]), int(words[2])), words[3])


def main():
    if sys.argv[1:2] and sys.argv[1] in ("--torch", "--onnx", "--export"):
        return side(sys.argv[1:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", help="the program that `cargo bench --bench nets --no-run` names")
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--avx2", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--scaling", action="store_true")
    options = parser.parse_intermixed_args()
    unknown = set(options.networks) - {case[0] for case in CASES}
    if unknown:
        parser.error(f"no such network: {', '.join(sorted(unknown))}")
    rows = of_threads if options.scaling else of_half if options.bf16 else beside_others
    head = ["network", *([] if options.bf16 else ["what"]), *HEADS[rows]]
    print("|", " | ".join(head), "|\n|", " | ".join("---" for _ in head), "|")
    with tempfile.TemporaryDirectory() as folder:
        sides = Sides(options.bench, options.avx2, folder)
        for case in [case for case in CASES if not options.networks or case[0] in options.networks]:
            name = f"{case[0]}, {case[1]} px, batch {case[2]}"
            for row in rows(sides, case, options):
                print("|", " | ".join([name, *row]), "|", flush=True)


if __name__ == "__main__":
    main()
