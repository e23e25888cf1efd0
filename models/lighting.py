"""What light, weather and the camera do to patches; pure functions of inputs and generator."""

import cv2
import numpy as np
import numpy.typing as npt

from models.patches import FloatArray, Image

Batch = npt.NDArray[np.float32]


def degrade(
    patch: Image, *, shrink: float, blur: float, jpeg: float, rng: np.random.Generator
) -> Image:
    """A far spot's few pixels, lens blur and the encoder, each with its probability."""
    rows, size = patch.shape[:2]
    if rng.random() < shrink:
        small = int(rng.integers(size // 5, size * 3 // 4))
        half = (small, small * rows // size)
        tiny = cv2.resize(patch, half, interpolation=cv2.INTER_AREA)
        patch = np.asarray(cv2.resize(tiny, (size, rows), interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < blur:
        deviation = float(rng.uniform(0.3, 1.1)) * size / 32.0
        patch = np.asarray(cv2.GaussianBlur(patch, (0, 0), deviation), np.uint8)
    if rng.random() < jpeg:
        quality = int(rng.integers(25, 90))
        _, data = cv2.imencode(".jpg", patch, (cv2.IMWRITE_JPEG_QUALITY, quality))
        patch = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return patch


def encode(patch: Image, rng: np.random.Generator) -> Image:
    """A patch as a strip brings it: compressed mildly, its colours halved or not.

    No block of a strip holds parts of two patches, so a JPEG of the patch alone is the same.
    """
    quality = int(rng.integers(60, 96))
    sampling = (
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
        if rng.random() < 0.5
        else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    )
    settings = (cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling)
    _, data = cv2.imencode(".jpg", patch, settings)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def expose(patches: list[Image], rng: np.random.Generator) -> Image:
    """Another gamma and white balance for each patch, by one table look-up a pixel."""
    levels = np.linspace(0.0, 1.0, 256)
    gammas = np.exp(rng.normal(0.0, 0.25, len(patches)))
    balances = np.exp(rng.normal(0.0, 0.07, (len(patches), 3)))
    out = np.empty((len(patches), *patches[0].shape), dtype=np.uint8)
    for patch, gamma, balance, target in zip(patches, gammas, balances, out, strict=True):
        table = 255.0 * (levels**gamma)[:, None] * balance
        cv2.LUT(patch, np.clip(table, 0.0, 255.0).astype(np.uint8)[None], dst=target)
    return out


def relight(batch: Batch, *, haze: float, grey: float, rng: np.random.Generator) -> Batch:
    """Saturation, haze and exposure. batch: (N, H, S, 3) in 0..255; haze, grey: probabilities."""
    count = len(batch)

    def column(values: FloatArray) -> Batch:
        return values.astype(np.float32).reshape(count, 1, 1, 1)

    saturation = np.clip(rng.normal(0.95, 0.35, count), 0.0, 1.8)
    colour = column(np.where(rng.random(count) < grey, 0.0, saturation))
    tone = batch.mean(axis=3, keepdims=True) * (1.0 - colour)
    out = batch * colour + tone
    thick = np.where(rng.random(count) < haze, rng.uniform(0.2, 0.75, count), 0.0)
    gain = np.exp(rng.normal(-0.05, 0.22, count))
    veil = rng.uniform(90.0, 230.0, count) * thick * gain + rng.normal(0.0, 12.0, count)
    out *= column(gain * (1.0 - thick))
    out += column(veil)
    return np.asarray(out, dtype=np.float32)


def darken(patch: Batch, rng: np.random.Generator) -> None:
    """Night over (looks * S, S, 3): little light of one colour, often a lamp's pool, and grain."""
    size = patch.shape[1]
    gain = rng.uniform(0.1, 0.4) * np.exp(rng.normal([-0.25, 0.0, 0.1], 0.2))
    patch *= gain.astype(np.float32)
    if rng.random() < 0.5:
        axis = np.arange(size, dtype=np.float32) / size
        away = (axis[:, None] - rng.uniform(-0.2, 1.2)) ** 2 + (axis - rng.uniform(-0.2, 1.2)) ** 2
        pool = 1.0 + rng.uniform(1.0, 4.0) * np.exp(-away / rng.uniform(0.1, 0.6))
        patch *= np.tile(pool, (len(patch) // size, 1)).astype(np.float32)[..., None]
    grain(patch, rng, strongest=8.0)


def grain(patch: Batch, rng: np.random.Generator, *, strongest: float) -> None:
    """The sensor's noise, deviation from 1 to `strongest` grey levels."""
    noise = rng.standard_normal(patch.shape, dtype=np.float32)
    patch += noise * np.float32(rng.uniform(1.0, strongest))
