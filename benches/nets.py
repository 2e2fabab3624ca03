"""Training and inference of whole networks beside PyTorch's, alternately, in one run.

    cargo bench --bench nets --no-run
    pip install torch torchvision
    python benches/nets.py target/release/deps/nets-HASH

PyTorch runs eagerly in channels-last order, which is its faster one on CPUs, with AdamW over all parameters at once and, like derm,
with an allocator that keeps freed memory. Both use the threads that RAYON_NUM_THREADS names (default 2).
Each round runs each side in a process of its own; the ratio is the median over rounds of PyTorch's time by derm's.
"""

import json
import os
import statistics
import subprocess
import sys
import time

CASES = [("resnet18", 224, 16), ("resnet18", 64, 32), ("squeezenet1_1", 224, 16)]
ROUNDS = 3
REPEATS = 5


def torch_side(name, size, batch, threads):
    """Prints best seconds of a training step and of a forward pass."""
    import torch
    import torchvision

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = getattr(torchvision.models, name)(num_classes=10).to(memory_format=torch.channels_last)
    images = torch.randn(batch, 3, size, size).contiguous(memory_format=torch.channels_last)
    targets = torch.arange(batch) % 10
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, foreach=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(network(images), targets).backward()
        optimizer.step()

    def infer():
        with torch.inference_mode():
            network(images)

    network.train()
    train = best(step)
    network.eval()
    print(json.dumps({"train": train, "infer": best(infer)}))


def best(work):
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def run_torch(case, threads):
    tuned = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "2147483647"}
    words = [sys.executable, __file__, "--torch", *map(str, case), str(threads)]
    done = subprocess.run(words, env=os.environ | tuned, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def run_derm(bench, case, threads):
    words = [bench, *map(str, case), str(REPEATS)]
    done = subprocess.run(words, env=os.environ | {"RAYON_NUM_THREADS": str(threads)}, capture_output=True, text=True, check=True)
    times = {}
    for line in done.stdout.splitlines():
        what = line.split()[3].rstrip(":")
        times[what] = float(line.split("best ")[1].split(" ms")[0]) / 1e3
    return times


def main():
    if sys.argv[1] == "--torch":
        name, size, batch, threads = sys.argv[2], *map(int, sys.argv[3:6])
        return torch_side(name, size, batch, threads)
    bench, threads = sys.argv[1], int(os.environ.get("RAYON_NUM_THREADS", "2"))
    print("| network | what | derm, img/s | PyTorch, img/s | derm / PyTorch |\n| --- | --- | --- | --- | --- |")
    for case in CASES:
        rounds = [(run_derm(bench, case, threads), run_torch(case, threads)) for _ in range(ROUNDS)]
        for what in ("train", "infer"):
            ratio = statistics.median(torch[what] / derm[what] for derm, torch in rounds)
            rates = [case[2] / min(side[what] for side in sides) for sides in zip(*rounds)]
            print(f"| {case[0]}, {case[1]} px, batch {case[2]} | {what} | {rates[0]:.1f} | {rates[1]:.1f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
