"""Record what a notebook reads: Python loads this file first, in the kernel and in its children.

`fresh_results.py` puts the folder of this file on the kernel's path, and names the project's
folder and the file to write to: a line for each file or folder in the project that is opened or
listed, and `*` where another program is started, of which nothing is seen.
"""

import os
import sys

READ = {"open", "os.listdir", "os.scandir"}
STARTED = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"}


def record_reads(root, file):
    """Write each path once; several processes may write to the same file."""
    seen = set()
    output = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(line):
        seen.add(line)
        os.write(output, f"{line}\n".encode())

    def hear(event, arguments):
        if event in READ:
            path = "." if arguments[0] is None else arguments[0]
            if isinstance(path, (str, bytes, os.PathLike)):
                path = os.path.realpath(os.fsdecode(path))
                new = path.startswith(root + os.sep) and path not in seen
                if new and not (path.endswith(".py") and for_code(sys._getframe().f_back)):
                    note(path)
        elif event in STARTED and arguments[0] != "uname":  # of which `platform` asks the machine
            note("*")

    def for_code(frame):  # an import and numba open sources, but show nothing of them
        while frame:
            name, file = frame.f_code.co_name, frame.f_code.co_filename
            imported = name == "get_code" and file.startswith("<frozen importlib")
            if imported or f"{os.sep}numba{os.sep}" in file:
                return True
            frame = frame.f_back
        return False

    sys.addaudithook(hear)


if "RECORDED_READS" in os.environ:
    sys.pycache_prefix = None  # compiled files stand beside their sources, in the project
    record_reads(os.environ["RECORDED_ROOT"], os.environ["RECORDED_READS"])
