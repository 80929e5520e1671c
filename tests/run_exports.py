#!/usr/bin/env python3
"""The shim defines in front of a program what exports.map lists, and nothing else.

Usage: run_exports.py LIBHEAPRING.SO EXPORTS.MAP
"""
import re
import subprocess
import sys

library, listed = sys.argv[1:]
with open(listed, encoding="utf-8") as stream:
    text = re.sub(r"/\*.*?\*/", "", stream.read(), flags=re.S)
wanted = set(re.findall(r"[\w]+(?=;)", text.split("global:")[1].split("local:")[0]))
table = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True,
                       text=True, check=True).stdout
defined = {line.split()[-1].split("@")[0] for line in table.splitlines()}
for name in sorted(defined - wanted):
    print("exported, but not in exports.map: " + name)
for name in sorted(wanted - defined):
    print("in exports.map, but not exported: " + name)
sys.exit(defined != wanted)
