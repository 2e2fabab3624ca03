"""Training and inference of whole networks beside PyTorch's, alternately, in one run.

    cargo bench --bench nets --no-run
    pip install torch torchvision timm onnxruntime
    python benches/nets.py target/release/deps/nets-HASH

PyTorch runs eagerly, in the better of its two orders of memory, with AdamW over all parameters at once and, like derm, with an
allocator that keeps freed memory. Both use the threads that RAYON_NUM_THREADS names (default 2).
Each round runs each side in a process of its own; the ratio is the median over rounds of PyTorch's time by derm's.
"""

import json
import os
import statistics
import subprocess
import sys
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
ROUNDS = 3
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


def torch_side(name, size, batch, threads):
    """Prints the best seconds of a training step and of a forward pass over both orders of memory."""
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
            logits = network(images)
            if logits.dim() == 4:
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
            else:
                loss = torch.nn.functional.cross_entropy(logits, targets)
            loss.backward()
            optimizer.step()

        def infer():
            with torch.inference_mode():
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
    for case in [case for case in CASES if not sys.argv[2:] or case[0] in sys.argv[2:]]:
        rounds = [(run_derm(bench, case, threads), run_torch(case, threads)) for _ in range(ROUNDS)]
        for what in ("train", "infer"):
            ratio = statistics.median(torch[what] / derm[what] for derm, torch in rounds)
            rates = [case[2] / min(side[what] for side in sides) for sides in zip(*rounds)]
            print(f"| {case[0]}, {case[1]} px, batch {case[2]} | {what} | {rates[0]:.1f} | {rates[1]:.1f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
