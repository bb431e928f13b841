"""Round cones to depth and normals: one analytic ray per pixel, orthographic, blended where flesh meets flesh.

The intersection of a ray with a round cone is Inigo Quilez's closed form (iquilezles.org, "intersectors"), simplified
for rays along -z. It knows nothing about colour or light.
"""

from dataclasses import dataclass

import numpy as np

from course.datasets.hands.anatomy import FOREARM, PALM, SLEEVE, Cones

# How sharply surfaces meet, 1/cm: bones of one finger melt into each other, neighbouring fingers keep their crease,
# and the bones of the palm lie under one flesh.
WITHIN, BETWEEN, SOFT = 5.0, 9.0, 3.0


@dataclass(frozen=True)
class Surface:
    """What each pixel sees; cm, y up.

    depth: (H, W) z of the surface, -inf where nothing is hit. The rest is about the M pixels that hit, in row order:
    hit: (H, W) bool; normal: (M, 3); cone: (M,) index of the nearest cone; along: (M,) place on that cone's axis, 0 at
    a, 1 at b; point: (M, 3) where the surface is.
    """

    depth: np.ndarray
    hit: np.ndarray
    normal: np.ndarray
    cone: np.ndarray
    along: np.ndarray
    point: np.ndarray


def trace(cones: Cones, height: int, width: int, scale: float, centre: tuple[float, float]) -> Surface:
    """Looks along -z at `cones` with `scale` pixels per cm; `centre` (x, y in cm) falls on the middle of the picture."""
    xs = (np.arange(width) + 0.5 - width / 2) / scale + centre[0]
    ys = -(np.arange(height) + 0.5 - height / 2) / scale + centre[1]
    ra, rb = cones.ra[:, None], cones.rb[:, None]
    low, high = np.minimum(cones.a - ra, cones.b - rb), np.maximum(cones.a + ra, cones.b + rb)
    left, right = np.searchsorted(xs, low[:, 0]), np.searchsorted(xs, high[:, 0])
    top, bottom = np.searchsorted(-ys, -high[:, 1]), np.searchsorted(-ys, -low[:, 1])
    seen = (left < right) & (top < bottom)
    nearest = np.full((height, width), -np.inf)
    cone = np.full((height, width), -1)
    along = np.zeros((height, width))
    total = np.zeros((height, width))
    normal = np.zeros((height, width, 3))
    melts = np.where(cones.part == FOREARM, PALM, cones.part)  # no seam at the wrist
    for part in np.unique(melts[seen]):
        members = np.flatnonzero(seen & (melts == part))
        sharp = SOFT if part == PALM else WITHIN
        y0, x0 = int(top[members].min()), int(left[members].min())
        area = (slice(y0, int(bottom[members].max())), slice(x0, int(right[members].max())))
        weight = np.zeros(total[area].shape)
        leaning = np.zeros((*weight.shape, 3))
        for k in members:
            rows, columns = slice(top[k], bottom[k]), slice(left[k], right[k])
            z, facing, t = _front(
                xs[None, columns], ys[rows, None], cones.a[k], cones.b[k], float(cones.ra[k]), float(cones.rb[k])
            )
            if part == SLEEVE:  # a cuff is cut straight
                z = np.where(t > 0, z, -np.inf)
            heat = np.exp(sharp * z)  # 0 where missed
            inner = (slice(top[k] - y0, bottom[k] - y0), slice(left[k] - x0, right[k] - x0))
            weight[inner] += heat
            leaning[inner] += heat[..., None] * facing
            window = (rows, columns)
            closer = z > nearest[window]
            nearest[window] = np.where(closer, z, nearest[window])
            cone[window] = np.where(closer, k, cone[window])
            along[window] = np.where(closer, t, along[window])
        share = weight ** (BETWEEN / sharp)
        total[area] += share
        normal[area] += (share / np.maximum(weight, 1e-300))[..., None] * leaning
    hit = total > 0
    depth = np.where(hit, np.log(np.where(hit, total, 1.0)) / BETWEEN, -np.inf)
    facing = normal[hit]
    facing /= np.sqrt((facing**2).sum(-1, keepdims=True)) + 1e-300
    row, column = np.nonzero(hit)
    point = np.stack([xs[column], ys[row], depth[hit]], axis=-1)
    return Surface(depth, hit, facing, cone[hit], along[hit], point)


def _front(
    x: np.ndarray, y: np.ndarray, a: np.ndarray, b: np.ndarray, ra: float, rb: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Front depth (-inf where missed), normal and place along the axis of one round cone on a grid of pixels."""
    ax, ay, bx, by = x - a[0], y - a[1], x - b[0], y - b[1]
    flat_a, flat_b = ax * ax + ay * ay, bx * bx + by * by
    inside_a, inside_b = ra * ra - flat_a, rb * rb - flat_b
    z_a = np.where(inside_a > 0, a[2] + np.sqrt(np.maximum(inside_a, 0)), -np.inf)
    z_b = np.where(inside_b > 0, b[2] + np.sqrt(np.maximum(inside_b, 0)), -np.inf)
    # Rays start in the plane z = 0 and run along (0, 0, -1): a hit at distance t lies at z = -t.
    axis, taper = b - a, ra - rb
    m0 = float(axis @ axis)
    d2 = m0 - taper * taper
    z_body = np.full(z_a.shape, -np.inf)
    place = np.zeros(z_a.shape)
    if d2 > 1e-9:
        m1 = axis[0] * ax + axis[1] * ay - axis[2] * a[2]
        m2, m3 = -axis[2], a[2]
        m5 = flat_a + a[2] * a[2]
        k2 = d2 - m2 * m2
        k1 = d2 * m3 - m1 * m2 + m2 * taper * ra
        k0 = d2 * m5 - m1 * m1 + m1 * (2 * taper * ra) - m0 * ra * ra
        h = k1 * k1 - k0 * k2
        t = (-np.sqrt(np.maximum(h, 0)) - k1) / (k2 if abs(k2) > 1e-9 else 1e-9)
        place = m1 - ra * taper + t * m2
        z_body = np.where((h > 0) & (place > 0) & (place < d2), -t, -np.inf)
    z = np.maximum(np.maximum(z_a, z_b), z_body)
    finite = np.where(np.isfinite(z), z, 0.0)
    on_body = (z_body >= z) & np.isfinite(z)
    on_a = z_a >= z
    share = np.clip(place / d2 if d2 > 1e-9 else place, 0.0, 1.0)
    share = np.where(on_body, share, np.where(on_a, 0.0, 1.0))
    normal = np.empty((*z.shape, 3))
    for i, offset in enumerate((ax, ay, finite - a[2])):
        normal[..., i] = offset - share * axis[i]
    normal /= np.sqrt((normal**2).sum(-1, keepdims=True)) + 1e-12
    return z, normal, share
