"""The 24 static letters of the American manual alphabet as joint angles of one right hand.

J and Z are drawn in the air, so they are no poses. The angles are ours, set by eye until the rendered hand read as the
letter; they say nothing about any one signer, whose habits are added in signers.py. Angles are degrees.
"""

from dataclasses import dataclass

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

    fingers: tuple[Finger, ...]
    thumb: tuple[ThumbBone, ...]
    pad: tuple[float, float, float] = BESIDE
    touch: tuple[int, int, float] | None = None
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    wrist: float = 0.0
    sway: float = 0.0


FIST = ((80, 105, 55, 0), (82, 105, 55, 0), (82, 105, 55, 0), (82, 103, 55, 0))
CLOSED = (FIST[2], (83, 103, 55, 0))  # ring and little finger under the thumb
DRAPED = (70, 88, 10, 0)  # a finger that hangs over the thumb, its end almost straight
UP = ((2, 4, 3, 1), (0, 4, 3, 0), (2, 4, 3, -1), (4, 5, 4, -3))
OVER_FIST = ((32, 25), (-30, 52), (-78, 16))  # thumb in front of the folded index and middle finger
OVER_RING = ((22, 32), (-50, 39), (-73, 26))  # thumb in front of the folded ring finger

POSES: dict[str, Pose] = {
    "a": Pose(FIST, ((42, 30), (8, 22), (-6, 8)), pitch=4),
    "b": Pose(UP, ((28, 42), (-38, 22), (-62, 6)), pad=ACROSS),
    "c": Pose(
        ((38, 44, 28, 2), (40, 45, 28, 0), (41, 46, 28, -1), (42, 46, 26, -3)),
        ((22, 52), (10, 60), (8, 38)),
        pad=OPPOSED,
        yaw=66,
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
        ((48, 114, 52, 1), (50, 116, 52, 0), (50, 116, 52, -1), (52, 112, 52, -3)),
        ((27, 22), (-65, 33), (-85, -7)),
        pad=ACROSS,
    ),
    "f": Pose(
        ((56, 58, 30, 6), (4, 6, 4, 1), (2, 5, 3, -8), (2, 5, 3, -18)),
        ((36, 48), (14, 40), (2, 34)),
        pad=OPPOSED,
        touch=(0, 2, 1.0),
        yaw=24,
    ),
    "g": Pose(
        ((4, 4, 3, 2), FIST[1], FIST[2], FIST[3]),
        ((46, 28), (10, 14), (0, 4)),
        pad=(-0.6, 0.0, 0.6),
        yaw=200,
        roll=-84,
    ),
    "h": Pose(((4, 4, 3, 0), (4, 4, 3, 1), *CLOSED), OVER_RING, pad=ACROSS, yaw=205, roll=-82),
    "i": Pose((FIST[0], FIST[1], FIST[2], (2, 4, 3, -8)), ((32, 27), (-39, 52), (-76, 16)), pad=ACROSS),
    "k": Pose(
        ((2, 4, 3, 3), (48, 8, 4, -2), *CLOSED),
        ((26, 46), (0, 46), (-8, 34)),
        pad=BESIDE,
        touch=(1, 0, 0.75),
        yaw=-38,
    ),
    "l": Pose(((2, 4, 3, 3), FIST[1], FIST[2], FIST[3]), ((56, 18), (74, 6), (84, 2)), pad=BESIDE),
    "m": Pose(
        (DRAPED, DRAPED, DRAPED, (84, 106, 55, -8)),
        ((22, 30), (-73, 9), (-69, 15)),
        pad=ACROSS,
        pitch=4,
    ),
    "n": Pose(
        ((70, 88, 10, 3), (70, 88, 10, 6), (84, 106, 58, -4), (84, 104, 58, -4)),
        ((25, 29), (-66, 22), (-53, 33)),
        pad=ACROSS,
        pitch=4,
    ),
    "o": Pose(
        ((48, 52, 32, 1), (50, 53, 32, 0), (52, 54, 33, 0), (56, 54, 32, -1)),
        ((24, 54), (6, 52), (0, 40)),
        pad=OPPOSED,
        touch=(0, 2, 1.0),
        yaw=66,
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
    "r": Pose(((9, 4, 3, -9), (-5, 5, 4, 15), *CLOSED), OVER_RING, pad=ACROSS),
    "s": Pose(FIST, OVER_FIST, pad=ACROSS),
    "t": Pose(
        ((70, 96, 36, 6), (82, 105, 55, -4), FIST[2], FIST[3]),
        ((32, 16), (-25, 21), (-34, 43)),
        pad=ACROSS,
    ),
    "u": Pose(((2, 4, 3, -1), (0, 4, 3, 1), *CLOSED), OVER_RING, pad=ACROSS),
    "v": Pose(((2, 4, 3, 12), (0, 4, 3, -11), *CLOSED), OVER_RING, pad=ACROSS),
    "w": Pose(
        ((2, 4, 3, 13), (0, 4, 3, 0), (2, 4, 3, -13), (70, 84, 45, -6)),
        ((30, 46), (-38, 36), (-62, 22)),
        pad=ACROSS,
        touch=(3, 2, 0.5),
    ),
    "x": Pose(
        ((14, 92, 48, 1), FIST[1], FIST[2], FIST[3]),
        ((31, 29), (-45, 42), (-81, 16)),
        pad=ACROSS,
        yaw=52,
    ),
    "y": Pose((FIST[0], FIST[1], FIST[2], (2, 4, 3, -20)), ((58, 14), (66, 4), (60, 0)), pad=BESIDE),
}
