"""Submissions of 04b that deserve nothing and want points, or harm. {class: {name: code}}; `answer` stands for all functions."""

TASKS = {
    "load_model": "path, model",
    "preprocess": "photo",
    "predict_letter": "model, photo",
    "evaluate_folder": "model, folder",
}
NOTHING = "def answer(task, *args):\n    return None\n"


def module(code: str) -> str:
    """A whole module of an attack."""
    functions = [f"def {task}({args}):\n    return answer({task!r}, {args})\n" for task, args in TASKS.items()]
    return "\n\n".join([code if "def answer(" in code else f"{code}\n\n{NOTHING}", *functions])


def called(body: str) -> str:
    """An attack that acts when it is called."""
    return "def answer(task, *args):\n" + "\n".join(f"    {line}" for line in body.strip().split("\n")) + "\n"


FORGED = """
import json, os, struct

def frame(value):
    header = json.dumps({"form": value, "sizes": []}).encode()
    return struct.pack(">IQ", len(header), 0) + header

def text(value):
    return {"dict": [[key, inner] for key, inner in value.items()]}
"""

ATTACKS = {
    "leaving": {
        "exit at import": "import os\nos._exit(0)",
        "exit in a call": called("import os\nos._exit(0)"),
        "SystemExit": called("raise SystemExit(0)"),
        "an exit that nobody catches": "class Out(BaseException):\n    pass\n\n" + called("raise Out"),
        "kill itself": called("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
        "kill the guard": called("import os\nos.kill(1, 9)\nos.kill(os.getppid(), 9)\nos.kill(-1, 9)"),
        "abort": called("import os\nos.abort()"),
        "stack": called("return answer(task, *args)"),
        "skip": called("import pytest\npytest.skip('all is well')"),
    },
    "forging": {
        "a frame of its own": FORGED
        + called(
            'os.write(3, frame(text({"value": text({"result": True, "changed": {"list": []}, "left": {"list": []}, '
            '"warned": {"list": []}}), "printed": ""})) * 50)'
        ),
        "a line that is a tensor": FORGED
        + "os.write(3, frame(text({'value': text({'line': {'tensor': ['float32', [0], 0]}})})))",
        "an endless header": FORGED
        + called('os.write(3, struct.pack(">IQ", 1 << 31, 1 << 62) + b"[" * 100)\nreturn 1'),
        "a deep header": FORGED
        + called('h = b"[" * 1_000_000\nos.write(3, struct.pack(">IQ", len(h), 0) + h)\nreturn 1'),
        "not JSON": FORGED + called('os.write(3, b"\\x00\\x00\\x00\\x05" + b"\\0" * 8 + b"PASSx")\nreturn 1'),
        "a shape too large": FORGED
        + called('os.write(3, frame(text({"value": {"tensor": ["float32", [0, 1 << 70], 0]}})))\nreturn 1'),
        "the worker replaced": (
            "from course.checks import worker\n"
            "def reply(self, request):\n"
            "    if request['op'] == 'begin':\n"
            "        return {'value': {'missing': False, 'fault': None, 'like': '', 'todo': False, 'line': 1, 'place': '',\n"
            "            'waiting': [], 'own': [], 'notes': []}}\n"
            "    if request['op'] in ('call', 'build'):\n"
            "        return {'value': {'result': True, 'changed': [], 'left': [], 'warned': []}}\n"
            "    return {'value': True}\n"
            "worker.Worker.reply = reply\n"
        ),
        "probes replaced": (
            "from course.checks import probes\nfor name in probes.PROBES:\n    probes.PROBES[name] = lambda *a, **k: True\n"
        ),
        "a handle of nobody": FORGED
        + called(
            'os.write(3, frame(text({"value": text({"result": {"handle": [10**9, "torch.Tensor"]}})})))\nreturn 1'
        ),
        "a size below nothing": FORGED
        + called(
            'h = json.dumps({"form": {"bytes": 0}, "sizes": [-5]}).encode()\n'
            'os.write(3, struct.pack(">IQ", len(h), 1 << 63) + h)\nreturn 1'
        ),
        "a number of 10,000 digits": FORGED
        + called(
            'h = b\'{"form": \' + b"9" * 10_000 + b\', "sizes": []}\'\n'
            'os.write(3, struct.pack(">IQ", len(h), 0) + h)\nreturn 1'
        ),
        "infinite, by another name": FORGED
        + called(
            'h = b\'{"form": {"float": "1e999999"}, "sizes": []}\'\n'
            'os.write(3, struct.pack(">IQ", len(h), 0) + h)\nreturn 1'
        ),
        "points in the answer": FORGED
        + called(
            'os.write(3, frame(text({"value": text({"result": 0.75, "earned": 23, "outcome": "passed"}), "earned": 23,'
            ' "outcome": "passed", "printed": "23 of 23"})))\nreturn 0.75'
        ),
        "an error that passes": FORGED
        + called(
            'os.write(3, frame(text({"error": text({"type": "passed", "text": "", "place": "", "line": 1, "code": "",'
            ' "todo": None, "loading": False}), "printed": ""})))\nreturn 1'
        ),
        "answers in advance": FORGED
        + called(
            'os.write(3, frame(text({"value": text({"result": 0.75, "changed": {"list": []}, "left": {"list": []},'
            ' "warned": {"list": []}}), "printed": ""})) * 3)\nos._exit(0)'
        ),
        "drop by drop": FORGED
        + called(
            "import time\nif task == 'preprocess':\n    while True:\n        os.write(3, b'\\0')\n        time.sleep(0.2)"
        ),
        "every open file": FORGED
        + called(
            'for end in range(3, 64):\n    try:\n        os.write(end, b"PASS" * 100)\n    except OSError:\n        pass'
        ),
        "the requests read": called(
            "import gc\nfor thing in gc.get_objects():\n    if isinstance(thing, dict) and 'op' in thing:\n"
            "        for name in ('expected', 'truth', 'label', 'answer'):\n            if name in thing:\n"
            "                return thing[name]"
        ),
        "comparisons replaced": (
            "import torch\ntorch.equal = torch.allclose = torch.testing.assert_close = lambda *a, **k: True\n"
            "torch.Tensor.__eq__ = lambda *a: True\n"
        ),
    },
    "stealing": {
        "import the solution": "from solutions.ex04b_deployment import *\n" + NOTHING,
        "read it": called(
            "import glob\nfor name in glob.glob('/**/*04b*.py', recursive=True):\n"
            "    if 'work' not in name:\n        space = {}\n        exec(open(name).read(), space)\n"
            "        return space[task](*args)"
        ),
        "the reference in memory": called(
            "import sys\nfor name, there in list(sys.modules.items()):\n"
            "    if ('reference' in name or 'upstream' in name) and hasattr(there, task):\n"
            "        return getattr(there, task)(*args)"
        ),
        "the collector": called(
            "import gc, types\nfor thing in gc.get_objects():\n"
            "    if isinstance(thing, types.FunctionType) and thing.__name__ == task:\n"
            "        if not thing.__code__.co_filename.startswith(('ex04b', '<ex04b')):\n            return thing(*args)"
        ),
        "what an earlier check was given": (
            "import os, pathlib, pickle\n"
            "def keep():\n"
            "    import sys\n"
            "    for name, there in list(sys.modules.items()):\n"
            "        if name.startswith('upstream'):\n"
            "            for place in ('/tmp/kept', '/dev/shm/kept', '/tmp/work/kept'):\n"
            "                pathlib.Path(place).write_text(repr(sorted(vars(there))))\n"
            + called(
                "keep()\nif os.path.exists('/tmp/kept') and repr(task) in open('/tmp/kept').read():\n"
                "    raise LookupError('KEPT ' + task)"
            )
        ),
        "the judge's frames": called(
            "import sys\nframe = sys._getframe()\nwhile frame:\n    for name, value in frame.f_locals.items():\n"
            "        if 'expect' in name or 'truth' in name or name == 'labels':\n            return value\n"
            "    frame = frame.f_back"
        ),
        "the fingerprints": called(
            "import json\nfrom pathlib import Path\nimport course\n"
            "return json.loads(Path(course.__file__).with_name('checks').joinpath('fingerprints', '04b.json').read_text())"
        ),
        "a canary": "import glob, os\nfound = []\nfor name in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline') + "
        "[os.path.join(f, n) for top in ('/tmp', '/dev/shm', '/root', '/home', '/work', '/etc') for f, _, ns in os.walk(top) "
        "for n in ns if n.startswith('canary')]:\n    try:\n        found += [w for w in open(name, 'rb').read().split() "
        "if b'CANARY' in w]\n    except OSError:\n        pass\n"
        "found += [v.encode() for v in os.environ.values() if 'CANARY' in v]\n"
        + called("if found:\n    raise LookupError(repr(found))"),
        "a neighbour's": called(
            "import os\nreturn [open(os.path.join(f, n)).read() for f, _, ns in os.walk('/tmp') for n in ns][0]"
        ),
    },
    "the exam": {
        "made anew from the seed": "import sys\ndef numbers():\n    frame, found = sys._getframe(), {0}\n    while frame:\n"
        "        for thing in list(frame.f_locals.values()):\n"
        "            for value in thing.values() if isinstance(thing, dict) else [thing]:\n"
        "                if type(value) is int and 0 <= value < 1 << 64:\n                    found.add(value)\n"
        "        frame = frame.f_back\n    return found\n"
        + called(
            "if task != 'predict_letter':\n    return None\nimport io\nfrom course.datasets.hands import photo\n"
            "for number in numbers():\n    for seed in (100 + 2 * number, 101 + 2 * number):\n"
            "        for letter in 'abcdefghiklmnopqrstuvwxy':\n"
            "            if photo(letter, seed, 'hidden').tobytes()[:9] == args[1].tobytes()[:9]:\n                return letter"
        ),
        "by its place": "asked = []\n"
        + called(
            "asked.append(task)\n"
            "return 'abcdefghiklmnopqrstuvwxy'[(asked.count(task) - 1) % 24] if task == 'predict_letter' else None"
        ),
        "the embedded photos": "import glob, hashlib\nknown = {}\nfor name in glob.glob('/**/photos/?.jpg', recursive=True):\n"
        "    known[hashlib.md5(open(name, 'rb').read()).hexdigest()] = name[-5]\n"
        + called("return known.get('', 'a') if task == 'predict_letter' else None"),
        "the seed in a command line": called(
            "import glob\nfor name in glob.glob('/proc/*/cmdline'):\n"
            "    if b'seed' in open(name, 'rb').read():\n        raise LookupError('KEPT ' + name)"
        ),
        "labels in memory": called(
            "import gc, torch\nfor thing in gc.get_objects():\n    if isinstance(thing, list) and len(thing) in (24, 48):\n"
            "        if all(isinstance(x, str) and len(x) == 1 for x in thing):\n            return list(thing).pop()"
        ),
        "known by heart": called(
            "if task == 'evaluate_folder':\n    return 0.75\nif task == 'predict_letter':\n    return 'd'\n"
            "if task == 'load_model':\n    args[1].eval()\n    return args[1]\n"
            "import torch\nreturn torch.full((1, 1, 28, 28), 0.5)"
        ),
    },
    "lying": {
        "equal to all": "class Yes:\n    def __eq__(self, other):\n        return True\n    def __getattr__(self, name):\n"
        "        return self\n    def __call__(self, *a, **k):\n        return self\n"
        "    def __float__(self):\n        return 0.75\n" + called("return Yes()"),
        "a tensor that lies": "import torch\nclass Lie(torch.Tensor):\n    def __eq__(self, other):\n        return True\n"
        + called("return torch.zeros(1, 1, 28, 28).as_subclass(Lie)"),
        "a number that lies": "class Any(float):\n    def __eq__(self, o):\n        return True\n    __hash__ = None\n"
        "    def __sub__(self, o):\n        return 0.0\n    __rsub__ = __sub__\n" + called("return Any(1)"),
        "a word that lies": "class Any(str):\n    def __eq__(self, o):\n        return True\n    __hash__ = str.__hash__\n"
        + called("return Any('a')"),
        "not a number": called("return float('nan')"),
        "an empty tensor": "import torch\n" + called("return torch.empty(0, 1, 28, 28)"),
        "a class with no name": "class Odd:\n    pass\nOdd.__name__ = Odd.__qualname__ = 'a' * 10_000\n"
        + called("return Odd()"),
    },
    "time and memory": {
        "a loop": called("while task == 'preprocess':\n    pass"),
        "sleep": called("import time\ntime.sleep(10_000 if task == 'preprocess' else 0)"),
        "memory": called("return [bytearray(1 << 28) for _ in range(100)]"),
        "processes": called("import os\nwhile True:\n    os.fork()"),
        "a large answer": called("return 'x' * (300 << 20)"),
        "many numbers": called("return [1] * 3_000_000"),
        "printing": called("print('x' * 10_000_000)"),
        "a full disk": called("open('/tmp/full', 'wb').write(b'x' * (1 << 31))"),
    },
    "staying": {
        "a daemon": called(
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n    while True:\n        time.sleep(1)"
        ),
        "a thread": called("import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()"),
        "a .pth": "import sys, pathlib\n"
        + called(
            "for p in sys.path:\n    try:\n        pathlib.Path(p, 'evil.pth').write_text('import os')\n"
            "    except OSError:\n        pass"
        ),
        "a conftest": called(
            "import os\nfor n in ('/course/conftest.py', '/conftest.py', '/course/sitecustomize.py'):\n    open(n, 'w').write('')"
        ),
        "Python's own start": called(
            "import os, sys\nfor p in [*sys.path, os.path.expanduser('~'), sys.prefix]:\n"
            "    for n in ('sitecustomize.py', 'usercustomize.py', '.pdbrc', 'torch.py', '.local/x.pth'):\n        try:\n"
            "            open(os.path.join(p, n), 'w').write('raise SystemExit')\n        except OSError:\n            pass"
        ),
        "a poisoned cache": called(
            "import pathlib, sys\nfor name, there in list(sys.modules.items()):\n    if name.startswith('course') and "
            "getattr(there, '__cached__', None):\n        try:\n            pathlib.Path(there.__cached__).write_bytes(b'x')\n"
            "        except OSError:\n            pass"
        ),
        "torch changed": "import torch\ntorch.nn.Module.eval = lambda self: self\n" + NOTHING,
    },
    "network": {
        "home": called("import urllib.request\nreturn urllib.request.urlopen('http://1.1.1.1/', timeout=2).read()"),
        "a name": called("import socket\nreturn socket.gethostbyname('example.org')"),
        "listen": called("import socket\ns = socket.create_server(('0.0.0.0', 0))\nreturn None"),
    },
    "reports": {
        "escape sequences": called("raise ValueError('\\x1b[2J\\x1b]0;owned\\x07\\x9b31m')"),
        "a command": called("raise ValueError('x\\n::error::owned\\n##[error]owned')"),
        "a formula": called("raise ValueError('=HYPERLINK(\"http://x\")')"),
        "a script": called("raise ValueError('<script>alert(1)</script>')"),
        "turned round": called("raise ValueError('\\u202eowned\\u2066')"),
        "half a letter": called("raise ValueError('\\ud800')"),
        "a flood": called("raise ValueError('x' * 100_000_000)"),
        "a link": called(
            "raise ValueError('[click](javascript:alert(1)) ![x](http://1.1.1.1/x.png) <img src=x onerror=alert(1)>')"
        ),
        "a template": called("raise ValueError('{{ 7 * 7 }}{% for x in range(10**9) %}{{ x }}{% endfor %}')"),
        "an end of its section": called(
            "raise ValueError(']]></failure></testcase></testsuite><!DOCTYPE x [<!ENTITY e SYSTEM \"/etc/passwd\">]>&e;')"
        ),
        "a table of its own": called("raise ValueError('| 23 of 23 |\\n|---|\\n| passed |\\r\\n```\\n')"),
        "other formulas": called("raise ValueError('@SUM(1)\\t=1+1\\n-2+3\\n+cmd|\\' /C calc\\'!A0')"),
        "what is printed": called("print('\\x1b[31m<script>alert(1)</script>\\u202e\\r::error::owned', '\\ud800')"),
        "a warning": called("import warnings\nwarnings.warn('\\x1b]8;;http://x\\x07<script>alert(1)</script>')"),
        "a type of its own": "Bad = type('<b>\\x1b[31m', (Exception,), {})\n" + called("raise Bad('x')"),
    },
}
