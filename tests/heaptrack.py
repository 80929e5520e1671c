"""What heaptrack says of a program: the peer that the tests compare with."""
import glob
import os
import re
import subprocess

PRELOAD = "/usr/lib/heaptrack/libheaptrack_preload.so"
TOOLS = ("/usr/bin/heaptrack", "/usr/bin/heaptrack_print", PRELOAD)
UNITS = {"B": 1, "K": 1e3, "M": 1e6, "G": 1e9}


def quantity(text):
    found = re.fullmatch(r"([\d.]+)([BKMG])", text)
    return float(found[1]) * UNITS[found[2]]


class Report:
    """calls and peak of the process; top[\"calls\"|\"peak\"] lists (name, figure).

    The name of what heaptrack could not name is the module's: it merges such
    functions by module.
    """

    def __init__(self, text):
        self.calls = int(re.search(r"^calls to allocation functions: (\d+)", text, re.M)[1])
        self.peak = quantity(re.search(r"^peak heap memory consumption: (\S+)", text, re.M)[1])
        self.top = {
            "calls": [(name, int(n)) for n, name in entries(
                text, r"^(\d+) calls to allocation functions with \S+ peak consumption from")],
            "peak": [(name, quantity(n)) for n, name in entries(
                text, r"^(\S+) peak memory consumed over \d+ calls from")],
        }


def entries(text, head):
    for found in re.finditer(head + r"\n(.*)\n((?:  .*\n)*)", text, re.M):
        figure, name, details = found.groups()
        module = re.search(r"^  in (\S+)", details, re.M)
        if re.match(r"0x[0-9a-f]+$", name):
            name = os.path.basename(module[1]) if module else name
        yield figure, re.sub(r"\(.*", "", name)


def run(argv, folder, **kw):
    """Profiles argv with heaptrack and returns its Report."""
    out = os.path.join(folder, "heaptrack")
    subprocess.run(["heaptrack", "-o", out, *argv], check=False, timeout=100,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)
    return read(glob.glob(out + ".*")[0])


def read(path):
    done = subprocess.run(["heaptrack_print", "-f", path, "-T0", "-n8", "-s0"],
                          capture_output=True, text=True, timeout=100, check=True)
    return Report(done.stdout)
