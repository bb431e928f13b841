"""The bones of one right hand as round cones: from joint angles and proportions to a list of 3D shapes.

Forward kinematics, and a few rounds of cyclic coordinate descent that bring the thumb to a fingertip. It draws
nothing. Lengths are centimetres of a middle-sized adult hand; x points to the thumb's side, y along the fingers, z out
of the palm, the origin is the wrist.
"""

import math
from dataclasses import dataclass

import numpy as np

from course.datasets.hands.poses import Pose

PALM, FOREARM, SLEEVE, THUMB = 0, 6, 7, 5  # parts; 1-4 are the fingers from the index

# Where the four MCP joints are, and the lengths of the three bones of each finger (index first), cm.
KNUCKLES = np.array([[2.75, 9.0, 0.0], [0.75, 9.4, 0.05], [-1.2, 9.0, 0.0], [-3.0, 8.1, 0.1]])
BONES = np.array([[4.2, 2.5, 2.0], [4.6, 2.9, 2.1], [4.3, 2.7, 2.1], [3.4, 2.0, 1.8]])
RADII = np.array(
    [[1.02, 0.93, 0.82, 0.68], [1.04, 0.95, 0.84, 0.70], [0.98, 0.90, 0.79, 0.66], [0.88, 0.78, 0.69, 0.58]]
)
THUMB_BASE = np.array([2.0, 1.7, 0.7])
THUMB_BONES = (4.3, 3.2, 2.5)
THUMB_RADII = (1.45, 1.22, 1.06, 0.80)


@dataclass(frozen=True)
class Proportions:
    """How one person's hand differs from the middle one; every factor is 1 for the middle hand."""

    length: float = 1.0  # fingers
    girth: float = 1.0  # radius of fingers
    width: float = 1.0  # palm
    thumb: float = 1.0  # length of the thumb
    little: float = 1.0  # length of the little finger
    sleeve: float = 0.0  # distance of the cuff from the wrist, cm; 0 means bare


@dataclass(frozen=True)
class Cones:
    """N round cones: two spheres and the hull between them.

    a, b: (N, 3) centres; ra, rb: (N,) radii; part: (N,) one of the part numbers; bone: (N,) 0 for flesh, 1-3 for the
    proximal, middle and distal bone of a finger; palmar: (N, 3) unit vector to the palm's side of the bone.
    """

    a: np.ndarray
    b: np.ndarray
    ra: np.ndarray
    rb: np.ndarray
    part: np.ndarray
    bone: np.ndarray
    palmar: np.ndarray

    def turned(self, rotation: np.ndarray) -> "Cones":
        """The same cones after a 3 x 3 rotation."""
        return Cones(
            self.a @ rotation.T, self.b @ rotation.T, self.ra, self.rb, self.part, self.bone, self.palmar @ rotation.T
        )


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / math.sqrt(float(vector @ vector) + 1e-12)


def _finger(
    pose: tuple[float, ...], start: np.ndarray, lengths: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Joint centres (4) and palmar directions (3) of a finger."""
    mcp, pip, dip, abduction = (math.radians(angle) for angle in pose)
    along = np.array([math.sin(abduction), math.cos(abduction), 0.0])
    # A bent finger that is spread leans to the side at the knuckle instead.
    out = np.array([math.sin(abduction) * math.sin(mcp), 0.0, 1.0])
    out = out / math.sqrt(float(out @ out))
    joints, palmars, bend = [start], [], 0.0
    for angle, length in zip((mcp, pip, dip), lengths, strict=True):
        bend += angle
        joints.append(joints[-1] + length * (math.cos(bend) * along + math.sin(bend) * out))
        palmars.append(math.cos(bend) * out - math.sin(bend) * along)
    return joints, palmars


def _reach(joints: list[np.ndarray], target: np.ndarray, rounds: int = 4) -> list[np.ndarray]:
    """Cyclic coordinate descent: turns the bones of the thumb, last first, until its tip is near `target`."""
    for _ in range(rounds):
        for pivot in (1, 0, 2):
            here, there = _unit(joints[3] - joints[pivot]), _unit(target - joints[pivot])
            axis = np.cross(here, there)
            sine = math.sqrt(float(axis @ axis))
            if sine < 1e-6:
                continue
            angle = 0.7 * math.atan2(sine, float(here @ there))
            axis = axis / sine
            for k in range(pivot + 1, 4):
                arm = joints[k] - joints[pivot]
                turned = arm * math.cos(angle) + np.cross(axis, arm) * math.sin(angle)
                joints[k] = joints[pivot] + turned + axis * float(axis @ arm) * (1 - math.cos(angle))
    return joints


def build(pose: Pose, hand: Proportions) -> Cones:
    """The hand of `pose` in the palm's frame, with wrist and forearm (and cuff), as about 30 round cones."""
    rows: list[tuple] = []  # (a, b, ra, rb, part, bone, palmar)
    out = np.array([0.0, 0.0, 1.0])
    wide = np.array([hand.width, 1.0, 1.0])
    knuckles = KNUCKLES * wide
    fingers = []
    for k in range(4):
        lengths = BONES[k] * hand.length * (hand.little if k == 3 else 1.0)
        joints, palmars = _finger(pose.fingers[k], knuckles[k], lengths)
        radii = RADII[k] * hand.girth
        fingers.append((joints, palmars, radii))
        for bone in range(3):
            rows.append((joints[bone], joints[bone + 1], radii[bone], radii[bone + 1], 1 + k, 1 + bone, palmars[bone]))

    base = THUMB_BASE * wide
    joints = [base]
    for (azimuth, elevation), length in zip(pose.thumb, THUMB_BONES, strict=True):
        az, el = math.radians(azimuth), math.radians(elevation)
        direction = np.array([math.sin(az) * math.cos(el), math.cos(az) * math.cos(el), math.sin(el)])
        joints.append(joints[-1] + length * hand.thumb * direction)
    if pose.touch is not None:
        finger, bone, fraction = pose.touch
        near, palmars, radii = fingers[finger]
        target = near[bone] + fraction * (near[bone + 1] - near[bone])
        joints = _reach(joints, target + palmars[bone] * (radii[bone + 1] + THUMB_RADII[3] * hand.girth) * 0.92)
    for bone in range(3):
        ra, rb = THUMB_RADII[bone] * hand.girth, THUMB_RADII[bone + 1] * hand.girth
        along, pad = _unit(joints[bone + 1] - joints[bone]), np.array(pose.pad)
        part = (THUMB, bone + 1) if bone else (PALM, 0)
        rows.append((joints[bone], joints[bone + 1], ra, rb, *part, _unit(pad - along * float(pad @ along))))

    palm = [((2.75, 8.8), (1.0, 0.9), 1.06, 1.3), ((0.75, 9.2), (0.4, 0.8), 1.1, 1.4)]
    palm += [((-1.2, 8.8), (-0.4, 0.8), 1.06, 1.4), ((-3.0, 7.9), (-1.1, 0.9), 1.0, 1.3)]
    palm += [((x, y), (foot, 0.9), 1.0, 1.3) for x, y, foot in ((1.75, 8.7, 0.7), (-0.2, 8.7, 0.0), (-2.1, 8.1, -0.7))]
    for (ax, ay), (bx, by), ra, rb in palm:
        rows.append((np.array([ax, ay, 0.0]) * wide, np.array([bx, by, 0.0]) * wide, ra, rb, PALM, 0, out))
    rows.append((np.array([-2.6, 6.4, 0.35]) * wide, np.array([-1.7, 1.6, 0.55]) * wide, 1.1, 1.4, PALM, 0, out))
    ball = base + 0.75 * (joints[1] - base)
    rows.append((np.array([1.2, 1.4, 0.4]) * wide, ball, 1.3, 1.5 * hand.girth, PALM, 0, out))
    # The web between thumb and index finger.
    rows.append((np.array([1.6, 4.6, 0.1]) * wide, base + 0.9 * (joints[1] - base), 1.1, 0.85, PALM, 0, out))

    bend, sway = math.radians(pose.wrist), math.radians(pose.sway)
    down = np.array([math.sin(sway), -math.cos(bend) * math.cos(sway), math.sin(bend)])
    side = _unit(np.cross(down, out + 0.001))
    for sign in (-1.0, 0.0, 1.0):
        start, end = side * sign * 0.95 * hand.width, down * 20.0 + side * sign * 1.5
        rows.append((start, end, 1.55, 2.4, FOREARM, 0, out))
        if hand.sleeve > 0:
            rows.append((down * hand.sleeve + side * sign * 1.3, end, 2.25, 3.2, SLEEVE, 0, out))
    return Cones(*(np.array(column) for column in zip(*rows, strict=True)))
