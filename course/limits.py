"""Every limit on time, size and number that a student's work meets, in one table. Each has its reason."""

from dataclasses import dataclass

# -- seconds ------------------------------------------------------------------------------------------------------------

CALL_SECONDS = 120.0  # one call of a student's function; the longest honest one trains for about 10 s
CELL_SECONDS = (
    300.0  # all checks of one notebook cell; nbgrader_config.py gives a cell 900, so that a loop ends in a verdict
)
STATEMENT_SECONDS = 45.0  # of the processor, for one statement outside of all functions; a large import takes about 8
LOADING_SECONDS = 90.0  # for all of them; what comes then has a second each, so that all fits into CALL_SECONDS
OWN_SECONDS = 300.0  # one call in a student's own run: nobody waits but the student
LOADINGS = 3  # so often a submission is loaded anew after a statement of it has ended its process
SUBMISSION_SECONDS = 960.0  # all calls of one submission
AFTER_LOOP = (
    4  # once a function has run out of time, its next call has this part of the limit: the rest of the class waits
)
LOOPS = 2  # so often a function may run out of time; its other checks then fail untried, and the rest of the class waits less

# -- what crosses between processes -------------------------------------------------------------------------------------

MESSAGE_BYTES = 1 << 30  # one message; the largest honest one is a data set of some 60 MB
MESSAGE_DEPTH = 24  # lists within lists
MESSAGE_ITEMS = 2_000_000  # values in one message
TEXT = 2_000  # characters of an error's message or of printed output that are passed on

# -- what is handed in --------------------------------------------------------------------------------------------------

SUBMISSION_BYTES = 20_000_000  # a module, or a notebook without outputs; one of the course has less than 1 MB
OUTPUT_BYTES = 200_000_000  # a notebook with its outputs, which are never read
LARGE_NOTEBOOK_BYTES = 2_000_000  # from here on they are cut out before anything else is done
BESIDE = 20  # modules of a student's own that travel with a submission
OLD_NOTEBOOK_BYTES = 2_000_000  # of a format before 4: to upgrade one of 20 MB takes half a minute and gigabytes
CELL_CHARACTERS = 200_000  # the longest cell of the course has 3,000
CELLS = 2_000  # of a notebook; the longest of the course has 30, and to tell 30,000 apart takes most of a minute
CODE_CHARACTERS = (
    500_000  # of all cells of code together; the longest notebook of the course has 24,000 with its lessons
)

# -- what is shown ------------------------------------------------------------------------------------------------------

PRINTED_FIRST = 3  # lines of what a check's calls have printed, and
PRINTED_LAST = 7  # so many of the last ones: a small tensor or two, and the verdict is still on the screen
PRINTED_LINE = 300  # characters of one such line; a screen has 80
ATTACHMENTS = 4  # of one check
PAGE_BYTES = 300_000  # a page can be mailed, and thousands of them fit on a disk

# -- a learning platform's download -------------------------------------------------------------------------------------

ARCHIVE_FILES = 50_000  # in one zip; a class of a thousand has some thousand
ARCHIVE_BYTES = 4_000_000_000  # unpacked, of notebooks and modules; other files are not unpacked
RECEIPT_BYTES = 20_000_000  # what a platform itself writes into a download: receipts, a table of submissions

# -- behind the wall ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WallLimits:
    """What the processes of one submission may use; the longest honest training needs about 1 GB and one process."""

    memory: int = 4 << 30  # in all of its processes, /tmp and /dev/shm together
    processes: int = 256  # threads among them; the compiler of project 02 starts some 40
    files: int = 1024  # open at a time
    file: int = 1 << 30  # bytes of one file
    scratch: int = 1 << 30  # bytes in /tmp, and as many in /dev/shm


WALL = WallLimits()
ANSWER_BYTES = 1 << 28  # one answer from behind a line; the largest honest one is a data set of some 60 MB
HEADER_BYTES = 1 << 24  # of it in words and numbers; the rest are tensors
