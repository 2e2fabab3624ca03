"""Compares the steps of the augmentation with OpenCV, which albumentations is built on, and with their definitions.

usage: augment.py REPOSITORY

Builds the example `pixels` of derm-kernels and runs it on drawn images: blurs, median, CLAHE and colour shifts against OpenCV, distortions
and affine maps against `cv2.remap` and OpenCV's own construction of the maps, noise against its distribution; and colour constancy against NumPy. The last column is the
largest difference that is accepted, in grey levels. Also measures what derm leaves out of the elastic distortion. Needs
`requirements-augment.txt`. Exit code 1 on any difference.
"""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import kstest

rng = np.random.default_rng(20)
failed = []


def build(repository):
    # With the packages of a usual build, so that nothing is compiled again with other features.
    command = ["cargo", "build", "--release", "--locked", "--example", "pixels"]
    subprocess.run(command, cwd=repository, check=True)
    return Path(repository, "target", "release", "examples", "pixels")


def image(height, width):
    """A lesion on skin, with texture, hairs and a few saturated pixels."""
    rows, columns = np.mgrid[0:height, 0:width]
    blob = np.exp(-(((rows - height * 0.45) / (height * 0.3)) ** 2 + ((columns - width * 0.55) / (width * 0.25)) ** 2) ** 2)
    skin, lesion = np.array([205.0, 160.0, 145.0]), np.array([95.0, 55.0, 50.0])
    levels = skin + (lesion - skin) * blob[..., None] + gaussian_filter(rng.normal(size=(height, width, 3)), (1, 1, 0)) * 40
    levels[rng.random((height, width)) < 0.01] = 20
    levels[rng.random((height, width)) < 0.002] = [255, 255, 255]
    levels[rng.random((height, width)) < 0.002] = [0, 0, 255]
    return np.clip(levels, 0, 255).astype(np.uint8)


class Derm:
    def __init__(self, program):
        self.program = program

    def __call__(self, step, picture, *numbers):
        height, width, _ = picture.shape
        words = [str(self.program), step, str(height), str(width), *(repr(float(number)) for number in numbers)]
        out = subprocess.run(words, input=picture.tobytes(), capture_output=True, check=True).stdout
        return np.frombuffer(out, np.uint8).reshape(picture.shape)


def report(name, ours, theirs, limit, few=0.0, mean=1.0):
    """`few`: the part of values that may differ by more (edges of black frames, where the last bit of a coordinate decides)."""
    difference = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
    beyond = (difference > limit).mean()
    print(f"{name:42} largest {difference.max():6.2f}  mean {difference.mean():.4f}  beyond {limit}: {beyond:.5f} (accepted {few})")
    if beyond > few or difference.mean() > mean:
        failed.append(name)


def blurs(derm, picture):
    for side in (3, 5):
        report(f"Gaussian {side}", derm("gaussian", picture, side), cv2.GaussianBlur(picture, (side, side), 0), 0)
        report(f"median {side}", derm("median", picture, side), cv2.medianBlur(picture, side), 0)
        for _ in range(6):
            start, end = rng.integers(0, side, 2), rng.integers(0, side, 2)
            kernel = np.zeros((side, side), np.uint8)
            cv2.line(kernel, tuple(map(int, start)), tuple(map(int, end)), 1, 1)
            theirs = cv2.filter2D(picture, -1, kernel.astype(np.float32) / kernel.sum())
            # One level where a mean is half-way between two.
            report(f"motion {side} {start} {end}", derm("motion", picture, side, *start, *end), theirs, 1)


# Linear RGB to XYZ and its white, as OpenCV documents them for COLOR_RGB2LAB.
TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
WHITE = np.array([0.950456, 1, 1.088754])


def to_lab(picture):
    """CIE's f of X, Y and Z by definition; OpenCV's own conversion is off by up to 0.3 of a* and 0.2 of L*."""
    part = picture / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    xyz = linear @ TO_XYZ.T / WHITE
    return np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)


def from_lab(f):
    xyz = np.where(f > 0.206893, f**3, (f - 16 / 116) / 7.787) * WHITE
    linear = np.clip(xyz @ np.linalg.inv(TO_XYZ).T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def equalised(derm, picture):
    """OpenCV's CLAHE on the lightness of an image apart from its colour."""
    for limit in (1.0, 2.5, 4.0):
        f = to_lab(picture)
        light = np.rint((116 * f[..., 1] - 16) * 2.55).astype(np.uint8)
        light = cv2.createCLAHE(clipLimit=limit, tileGridSize=(8, 8)).apply(light) / 2.55
        theirs = from_lab(f + ((light + 16) / 116 - f[..., 1])[..., None])
        # A step of lightness is about one level, and its rounding can go the other way.
        report(f"CLAHE {limit}", derm("clahe", picture, limit), theirs, 2)
        eight = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
        eight[..., 0] = cv2.createCLAHE(clipLimit=limit, tileGridSize=(8, 8)).apply(eight[..., 0])
        theirs = cv2.cvtColor(eight, cv2.COLOR_LAB2RGB)
        # albumentations' way: L*, a* and b* are whole numbers, and where one rounds the other way the tiles' tables differ.
        report(f"CLAHE {limit}, all in 8 bits", derm("clahe", picture, limit), theirs, 8, few=0.1, mean=3.0)


def shifted(derm, picture):
    for hue, saturation, value in [(0, 0, 0), (20, 20, 10), (-20, -20, -10), (7.5, -13, 4), (-3, 17, -8.5)]:
        hsv = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = np.mod(hsv[..., 0] + hue, 360)
        hsv[..., 1] = np.clip(hsv[..., 1] + saturation / 255, 0, 1)
        hsv[..., 2] = np.clip(hsv[..., 2] + value / 255, 0, 1)
        theirs = np.rint(np.clip(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), 0, 1) * 255)
        report(f"hue {hue}, saturation {saturation}, value {value}", derm("shift", picture, hue, saturation, value), theirs, 1)


def constant(derm, picture):
    for cast in ([1, 1, 1], [1.0, 0.7, 0.5], [0.3, 0.9, 1.0]):
        own = (picture * np.array(cast)).astype(np.uint8)
        light = (own.reshape(-1, 3).astype(np.float64) ** 6).mean(0) ** (1 / 6)
        theirs = np.minimum(np.floor(own * (np.linalg.norm(light) / np.sqrt(3) / light) + 0.5), 255)
        report(f"shades of grey {cast}", derm("shades-of-grey", own), theirs, 0)


STILL = [1, 0, 0, 0, 1, 0]


def centres(matrix):
    """OpenCV's map between centres of pixels, which it counts from 0, in derm's coordinates, where the first is at 0.5."""
    (a, b, c), (d, e, f) = matrix
    return [a, b, c + 0.5 - 0.5 * (a + b), d, e, f + 0.5 - 0.5 * (d + e)]


def remap(picture, x, y):
    # Bilinear by hand: OpenCV's own rounds places to a 32nd of a pixel. Mirrored with the last pixel twice.
    height, width, _ = picture.shape
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across, down = (x - left)[..., None], (y - top)[..., None]
    fold = lambda place, side: np.minimum(place % (2 * side), 2 * side - 1 - place % (2 * side))
    at = lambda dy, dx: picture[fold(top + dy, height), fold(left + dx, width)].astype(np.float64)
    upper, lower = at(0, 0) * (1 - across) + at(0, 1) * across, at(1, 0) * (1 - across) + at(1, 1) * across
    return upper * (1 - down) + lower * down


def distorted(derm, picture):
    height, width, _ = picture.shape
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    for k in (-1.0, -0.4, 0.6, 1.0):
        camera = np.array([[width, 0, (width - 1) / 2], [0, width, (height - 1) / 2], [0, 0, 1]], np.float32)
        x, y = cv2.initUndistortRectifyMap(camera, np.array([k, k, 0, 0, 0], np.float32), None, None, (width, height), cv2.CV_32FC1)
        report(f"optical {k}", derm("warp", picture, *STILL, *STILL, k), remap(picture, x, y), 1)
    for _ in range(3):
        steps = rng.uniform(0, 2, (2, 5))
        places = []
        for side, own in zip((width, height), steps):
            corners = np.concatenate([[0], np.cumsum(own * side / 5)])
            places.append(np.interp(np.arange(side) + 0.5, np.linspace(0, side, 6), corners) - 0.5)
        x, y = np.meshgrid(*places)
        report("grid", derm("warp", picture, *STILL, *STILL, *steps.ravel()), remap(picture, x, y), 1)
    for angle, scale, dx, dy in [(15, 1.1, 0.1, -0.1), (-8, 0.9, -0.05, 0.02)]:
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
        matrix[:, 2] += dx * width, dy * height
        back = cv2.invertAffineTransform(matrix)
        x, y = (back[i, 0] * columns + back[i, 1] * rows + back[i, 2] for i in (0, 1))
        outside = (x < -0.5) | (y < -0.5) | (x > width - 0.5) | (y > height - 0.5)
        theirs = np.where(outside[..., None], 0, remap(picture, x, y))
        report(f"shift, scale, rotate {angle}", derm("warp", picture, *centres(back), *STILL), theirs, 1, few=0.0005)
        # OpenCV's own, which takes places to a 32nd of a pixel, away from the edge, which it mixes with black.
        theirs = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
        inside = (x > 1) & (y > 1) & (x < width - 2) & (y < height - 2)
        report("the same, warpAffine", derm("warp", picture, *centres(back), *STILL)[inside], theirs[inside], 12, few=0.01)


def noisy(derm):
    for sigma in (2.2, 5.5, 20.0):
        flat = np.full((300, 300, 3), 128, np.uint8)
        noise = derm("noise", flat, sigma, 5).astype(np.float64) - 128
        # Spread over the rounding, the sums should be normal up to their kurtosis: the distance of distribution functions.
        distance = kstest((noise + rng.uniform(-0.5, 0.5, noise.shape)).ravel() / np.sqrt(sigma**2 + 1 / 12), "norm").statistic
        neighbours = np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]
        print(f"noise {sigma:4}: mean {noise.mean():.4f} deviation {noise.std():.4f} from normal {distance:.4f} neighbours {neighbours:.4f}")
        if abs(noise.mean()) > 5 * sigma / 519 or abs(noise.std() / np.sqrt(sigma**2 + 1 / 12) - 1) > 0.01 or distance > 0.01 or abs(neighbours) > 0.01:
            failed.append(f"noise {sigma}")


def elastic():
    for side in (224, 512, 1024):
        field = gaussian_filter(rng.random((side, side)) * 2 - 1, 50) * 3
        print(f"elastic field, {side} pixels: largest displacement {np.abs(field).max():.4f} pixels")
        if np.abs(field).max() > 0.05:
            failed.append("the field that is left out")


def main(repository):
    derm = Derm(build(repository))
    for size in [(224, 224), (120, 168), (61, 77)]:
        print("%d x %d" % size)
        picture = image(*size)
        blurs(derm, picture)
        if size[0] % 8 == 0:  # Where tiles do not divide a side OpenCV pads the other one too.
            equalised(derm, picture)
        shifted(derm, picture)
        distorted(derm, picture)
        constant(derm, picture)
    noisy(derm)
    elastic()
    for name in failed:
        print(f"differs: {name}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
