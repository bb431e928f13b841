"""`python -m course.authoring.mutation`."""

import sys

from course.authoring.mutation.command import main

if __name__ == "__main__":
    sys.exit(main())
