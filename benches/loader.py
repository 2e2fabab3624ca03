"""The loader beside PyTorch's DataLoader with Pillow and torchvision, on one core each, in one run.

    cargo bench --bench loader --no-run
    pip install torch torchvision pillow
    python benches/loader.py target/release/deps/loader-HASH ham10000=FOLDER isic2020=FOLDER

prints a table of images a second of processor time as Markdown. PyTorch's side decodes with Pillow, resizes with torchvision as derm
does, augments with the nearest that torchvision has to `medium`, and collates batches of 32; it runs in one process without workers,
which spares it the cost of passing tensors between processes. It has no cache of its own: derm's later epochs are compared with an epoch
as it has to run (`files`) and, more than fair, with one whose resized images somebody has put into one array in memory (`array`).

    --images N   images of each folder (1000)
    --rounds N   rounds, in alternation; figures are medians (3)
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import time

SIZES = [28, 224]
SECONDS = 1.5


def images(folder, limit):
    found = sorted(path for path in pathlib.Path(folder).rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    return found[:limit]


def transforms(size, augmented):
    from torchvision import transforms as T

    change = [
        T.RandomHorizontalFlip(),
        T.RandomVerticalFlip(),
        T.RandomRotation(180, interpolation=T.InterpolationMode.BILINEAR),
        T.RandomResizedCrop(size, scale=(0.7, 1.0), ratio=(3 / 4, 4 / 3)),
        T.ColorJitter(0.2, 0.2, 0.2, 5 / 360),
    ]
    values = [T.ToTensor(), T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))]
    return T.Compose((change if augmented else []) + values)


def peer(folder, size, augmented, limit):
    """Images a second: from files, and from an array of resized images."""
    import numpy
    import torch
    from PIL import Image
    from torchvision import transforms as T

    torch.set_num_threads(1)
    files = images(folder, limit)
    transform = transforms(size, augmented)
    sized = T.Resize((size, size))

    class Files(torch.utils.data.Dataset):
        def __len__(self):
            return len(files)

        def __getitem__(self, i):
            return transform(sized(Image.open(files[i]).convert("RGB")))

    array = numpy.stack([numpy.asarray(sized(Image.open(file).convert("RGB"))) for file in files])

    class Array(Files):
        def __getitem__(self, i):
            return transform(Image.fromarray(array[i]))

    return [rate(torch.utils.data.DataLoader(data, batch_size=32, shuffle=True), len(files)) for data in (Files(), Array())]


def rate(loader, n):
    start, done = time.process_time(), 0
    while True:
        for _ in loader:
            pass
        done += n
        taken = time.process_time() - start
        if taken >= SECONDS:
            return done / taken


def own(binary, folder, size, augmented, limit):
    words = [binary, str(folder), str(size), str(limit)] + (["medium"] if augmented else [])
    lines = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("folders", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| images | size | augmented | derm decodes | and keeps | PyTorch, files | derm, kept | PyTorch, array | decoding | kept / files | kept / array |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name, folder in (word.split("=", 1) for word in args.folders):
        for size in SIZES:
            for augmented in (False, True):
                rounds = []
                for _ in range(args.rounds):
                    ours = own(args.binary, folder, size, augmented, args.images)
                    files, array = peer(folder, size, augmented, args.images)
                    decode, keep, kept = ours["decode"], ours["keep"], ours["kept"]
                    rounds.append((decode, keep, files, kept, array, decode / files, kept / files, kept / array))
                decode, keep, files, kept, array, *ratios = (statistics.median(column) for column in zip(*rounds))
                rates = " | ".join(f"{value:,.0f}" for value in (decode, keep, files, kept, array))
                print(f"| {name} | {size} | {'medium' if augmented else 'no'} | {rates} | " + " | ".join(f"{value:.1f}" for value in ratios) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
