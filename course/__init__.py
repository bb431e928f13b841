"""An autograded deep-learning course: data, pocket networks, checks, authoring and the command line.

Importing `course` is cheap: it loads neither torch nor torchvision. Each submodule loads what it needs.
"""

__version__ = "0.1.0"
