"""The 24 static letters of the American manual alphabet as joint angles of one right hand.

J and Z are drawn in the air, so they are no poses. The angles are ours, set by eye until the rendered hand read as the
letter; they say nothing about any one signer, whose habits are added in signers.py. Angles are degrees.
"""

from dataclasses import dataclass, field

LETTERS = "abcdefghiklmnopqrstuvwxy"

# A finger is (MCP flexion, PIP flexion, DIP flexion, abduction); abduction is positive towards the thumb.
Finger = tuple[float, float, float, float]
# A thumb bone is (azimuth, elevation) in the palm's frame: 0, 0 points along the fingers, azimuth 90 away from the
# palm on the thumb's side, elevation 90 out of the palm.
ThumbBone = tuple[float, float]

ACROSS = (0.1, 0.35, -1.0)  # where the thumb's pad looks when the thumb lies across the palm: into the palm
BESIDE = (-0.9, 0.0, 0.45)  # ... when it stands beside the index finger: towards the finger
OPPOSED = (-0.35, 0.6, 0.3)  # ... when it meets the fingertips


@dataclass(frozen=True)
class Pose:
    """One letter: four fingers from index to little finger, the thumb, and how the whole hand is held.

    Attributes:
        fingers: four fingers, index first.
        thumb: metacarpal, proximal and distal bone.
        pad: direction the pad of the thumb looks to, in the palm's frame (x to the thumb, y to the fingers, z out of
            the palm); only the nail depends on it.
        touch: (finger, bone, fraction along the bone) that the thumb's tip is drawn to, or None. Finger 0 is the index.
        yaw, pitch, roll: turn of the hand about the vertical, the horizontal and the viewing axis. At 0, 0, 0 the
            palm looks at the viewer with the fingers up.
        wrist: flexion of the wrist, so that the forearm leaves the palm's plane; sway: the same within the plane.
    """

    fingers: tuple[Finger, Finger, Finger, Finger]
    thumb: tuple[ThumbBone, ThumbBone, ThumbBone]
    pad: tuple[float, float, float] = BESIDE
    touch: tuple[int, int, float] | None = None
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    wrist: float = 0.0
    sway: float = field(default=0.0)


FIST = ((80, 105, 55, 2), (82, 105, 55, 0), (82, 105, 55, -2), (82, 103, 55, -5))
UP = ((2, 4, 3, 1), (0, 4, 3, 0), (2, 4, 3, -1), (4, 5, 4, -3))
HOLDS_RING = ((30, 48), (-28, 38), (-62, 10))  # thumb over the folded ring and little finger

POSES: dict[str, Pose] = {
    "a": Pose(FIST, ((42, 30), (8, 22), (-6, 8)), pitch=4),
    "b": Pose(UP, ((28, 42), (-38, 22), (-62, 6)), pad=ACROSS),
    "c": Pose(
        ((38, 44, 28, 2), (40, 45, 28, 0), (42, 46, 28, -1), (44, 46, 26, -3)),
        ((22, 52), (10, 60), (8, 38)),
        pad=OPPOSED,
        yaw=62,
        roll=4,
    ),
    "d": Pose(
        ((2, 4, 3, 0), (62, 62, 35, 0), (66, 66, 38, -1), (70, 70, 40, -3)),
        ((30, 52), (4, 48), (-6, 34)),
        pad=OPPOSED,
        touch=(1, 2, 1.0),
        yaw=34,
    ),
    "e": Pose(
        ((34, 112, 62, 1), (36, 114, 62, 0), (36, 114, 62, -1), (38, 110, 60, -3)),
        ((26, 46), (-46, 24), (-78, 6)),
        pad=ACROSS,
    ),
    "f": Pose(
        ((56, 58, 30, 4), (4, 6, 4, 1), (2, 5, 3, -7), (2, 5, 3, -16)),
        ((36, 48), (14, 40), (2, 34)),
        pad=OPPOSED,
        touch=(0, 2, 1.0),
        yaw=10,
    ),
    "g": Pose(
        ((4, 4, 3, 2), FIST[1], FIST[2], FIST[3]),
        ((46, 28), (14, 14), (2, 4)),
        pad=(-0.6, 0.0, 0.6),
        yaw=195,
        roll=-86,
        wrist=0,
    ),
    "h": Pose(
        ((4, 4, 3, 1), (4, 4, 3, -1), FIST[2], FIST[3]),
        HOLDS_RING,
        pad=ACROSS,
        yaw=200,
        roll=-84,
    ),
    "i": Pose(
        (FIST[0], FIST[1], FIST[2], (2, 4, 3, -8)),
        ((34, 46), (-22, 40), (-52, 12)),
        pad=ACROSS,
    ),
    "k": Pose(
        ((2, 4, 3, 3), (48, 8, 4, -2), (84, 105, 55, -2), (84, 103, 55, -5)),
        ((26, 46), (0, 46), (-8, 34)),
        pad=BESIDE,
        touch=(1, 0, 0.75),
        yaw=-38,
    ),
    "l": Pose(((2, 4, 3, 3), FIST[1], FIST[2], FIST[3]), ((56, 18), (74, 6), (84, 2)), pad=BESIDE),
    "m": Pose(
        ((78, 84, 30, 1), (78, 86, 30, 0), (78, 84, 30, -1), (84, 104, 55, -4)),
        ((26, 46), (-34, 42), (-48, 30)),
        pad=ACROSS,
        pitch=8,
    ),
    "n": Pose(
        ((78, 84, 30, 1), (78, 86, 30, 0), (84, 106, 55, -2), (84, 104, 55, -5)),
        ((28, 46), (-22, 44), (-24, 34)),
        pad=ACROSS,
        pitch=8,
    ),
    "o": Pose(
        ((48, 52, 32, 1), (50, 52, 32, 0), (52, 52, 32, -1), (54, 52, 30, -3)),
        ((24, 54), (6, 52), (0, 40)),
        pad=OPPOSED,
        touch=(0, 2, 1.0),
        yaw=58,
    ),
    "p": Pose(
        ((6, 4, 3, 3), (70, 6, 4, -2), (92, 105, 55, -2), (92, 103, 55, -5)),
        ((26, 46), (0, 50), (-8, 44)),
        pad=BESIDE,
        touch=(1, 0, 0.7),
        yaw=-62,
        roll=78,
        wrist=22,
    ),
    "q": Pose(
        ((78, 6, 4, 2), (94, 100, 50, 0), (94, 102, 50, -2), (94, 102, 50, -4)),
        ((28, 62), (14, 78), (6, 84)),
        pad=(-0.3, 1.0, 0.0),
        yaw=-64,
        roll=80,
        wrist=36,
    ),
    "r": Pose(
        ((8, 4, 3, -7), (-4, 4, 3, 12), (84, 105, 55, -2), (84, 103, 55, -5)),
        HOLDS_RING,
        pad=ACROSS,
    ),
    "s": Pose(FIST, ((32, 50), (-34, 46), (-74, 8)), pad=ACROSS),
    "t": Pose(
        ((72, 92, 50, 3), (84, 106, 55, -1), FIST[2], FIST[3]),
        ((36, 44), (-4, 46), (-12, 28)),
        pad=ACROSS,
    ),
    "u": Pose(((2, 4, 3, -1), (0, 4, 3, 1), (84, 105, 55, -2), (84, 103, 55, -5)), HOLDS_RING, pad=ACROSS),
    "v": Pose(((2, 4, 3, 12), (0, 4, 3, -11), (84, 105, 55, -2), (84, 103, 55, -5)), HOLDS_RING, pad=ACROSS),
    "w": Pose(
        ((2, 4, 3, 13), (0, 4, 3, 0), (2, 4, 3, -13), (70, 84, 45, -6)),
        ((30, 46), (-38, 36), (-62, 22)),
        pad=ACROSS,
        touch=(3, 2, 0.5),
    ),
    "x": Pose(
        ((14, 92, 48, 1), FIST[1], FIST[2], FIST[3]),
        ((34, 46), (-20, 42), (-50, 12)),
        pad=ACROSS,
        yaw=52,
    ),
    "y": Pose((FIST[0], FIST[1], FIST[2], (2, 4, 3, -20)), ((58, 14), (66, 4), (60, 0)), pad=BESIDE),
}
