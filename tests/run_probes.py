#!/usr/bin/env python3
"""OpenTelemetry's USDT probes: the notes, and both probes fired in a live program.

Usage: run_probes.py HEAPRING CHURN

The kernel's uprobes fire them where the kernel lets us (perf_event_open, which also
counts the semaphore up), and gdb reads their arguments.
"""
import ctypes
import os
import re
import shutil
import struct
import subprocess
import time

from profiled import ARGS, REQUIRED, Profiled, environment, main, shim

CHURN = os.path.abspath(ARGS[0])
SHIM = os.path.realpath(shim())
PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}.get(os.uname().machine)
UPROBE = "/sys/bus/event_source/devices/uprobe/"


def read_elf(*args):
    return subprocess.run(["readelf", *args, SHIM], capture_output=True, text=True,
                          check=True).stdout


def notes():
    """{name: (address, semaphore, arguments)}"""
    return {name: (int(where, 16), int(semaphore, 16), arguments) for
            name, where, semaphore, arguments in re.findall(
        r"Provider: otel_memory\s+Name: (\w+)\s+Location: (0x[0-9a-f]+), Base: 0x[0-9a-f]+, "
        r"Semaphore: (0x[0-9a-f]+)\s+Arguments: (.*)", read_elf("-n"))}


def offset_of(address):
    """Where in the file an address is."""
    for offset, start, size in re.findall(
            r"LOAD\s+(0x[0-9a-f]+) (0x[0-9a-f]+) 0x[0-9a-f]+ (0x[0-9a-f]+)", read_elf("-lW")):
        if int(start, 16) <= address < int(start, 16) + int(size, 16):
            return address - int(start, 16) + int(offset, 16)
    raise AssertionError("no segment has 0x%x" % address)


class Counter:
    """How often a process passes an address, counted by the kernel."""

    def __init__(self, pid, address, semaphore):
        with open(UPROBE + "type") as stream:
            kind = int(stream.read())
        path = ctypes.create_string_buffer(SHIM.encode())
        attr = struct.pack("=IIQQQQQIIQQ", kind, 112, offset_of(semaphore) << 32, 0, 0, 0, 0, 0,
                           0, ctypes.addressof(path), offset_of(address))
        buffer = ctypes.create_string_buffer(attr, 112)
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.syscall(PERF_EVENT_OPEN, buffer, pid, -1, -1, 8)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def read(self):
        return struct.unpack("=Q", os.read(self.fd, 8))[0]

    def close(self):
        os.close(self.fd)


class Probes(Profiled):
    def start(self, **env):
        env = environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments, **env)
        process = subprocess.Popen([CHURN, "300"], stdout=subprocess.PIPE, env=env)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def found(self):
        probes = notes()
        if not probes and not REQUIRED:
            self.skipTest("built without sys/sdt.h")
        return probes

    def test_the_notes_say_where_they_are(self):
        probes = self.found()
        self.assertEqual(set(probes), {"alloc", "free"})
        self.assertEqual([len(probes[name][2].split()) for name in ("alloc", "free")], [3, 1])
        sections = read_elf("-SW")
        self.assertRegex(sections, r"\.probes\s+PROGBITS.* WA ")
        self.assertEqual(len({offset_of(probe[1]) for probe in probes.values()}), 2)

    def counters(self, pid):
        try:
            return [Counter(pid, *self.found()[name][:2]) for name in ("alloc", "free")]
        except OSError as error:
            self.skipTest("the kernel forbids uprobes: %s" % error)

    def wait_for(self, counters, least):
        end = time.monotonic() + 60
        while min(counter.read() for counter in counters) < least:
            self.assertLess(time.monotonic(), end, [counter.read() for counter in counters])
            time.sleep(0.05)

    def test_a_listener_of_the_kernel_sees_them_and_leaves_no_trace(self):
        process = self.start()
        counters = self.counters(process.pid)
        earlier = [counter.read() for counter in counters]  # one began before the other
        self.wait_for(counters, max(earlier) + 10000)
        allocs, frees = (counter.read() - was for counter, was in zip(counters, earlier))
        self.assertLess(abs(allocs - frees), allocs // 2)
        for counter in counters:
            counter.close()
        before = self.read(str(process.pid))["total"]
        time.sleep(0.2)
        self.assertGreater(self.read(str(process.pid))["total"]["alloc_objects"],
                           before["alloc_objects"])
        self.assertEqual(self.read(str(process.pid))["coverage"]["missed_frees"], 0)

    def test_sampled_only_samples_fire(self):
        process = self.start(HEAPRING_RATE="64KiB")
        counters = self.counters(process.pid)
        before = self.read(str(process.pid))["total"]["alloc_objects"]
        self.wait_for(counters, 100)
        fired = counters[0].read()
        after = self.read(str(process.pid))["total"]["alloc_objects"]
        self.assertLess(fired * 5, after - before)  # one stands for some sixty
        for counter in counters:
            counter.close()

    def gdb(self, pid, probe, expressions):
        gdb = shutil.which("gdb")
        if not gdb:
            self.need("/usr/bin/gdb")
        done = self.execute([
            gdb, "-nx", "-batch", "-p", str(pid), "-ex", "set debuginfod enabled off",
            "-ex", "break -probe-stap libheapring.so:otel_memory:" + probe, "-ex", "continue",
            "-ex", 'printf "fired %s\\n", %s' % (
                " ".join("%lu" for _ in expressions),
                ", ".join("(unsigned long)" + text for text in expressions))])
        if b"ptrace" in done.stderr and b"fired" not in done.stdout:
            self.skipTest("the kernel forbids ptrace")
        found = re.search(rb"fired ([0-9 ]+)", done.stdout)
        self.assertTrue(found, done)
        return [int(word) for word in found.group(1).split()]

    def test_their_arguments_are_block_size_and_weight(self):
        self.found()
        process = self.start()
        block, size, weight = self.gdb(process.pid, "alloc", [
            "$_probe_arg0", "$_probe_arg1", "$_probe_arg2"])
        self.assertTrue(16 <= size <= 2000 and weight == size and block % 16 == 0,
                        (block, size, weight))
        freed, = self.gdb(process.pid, "free", ["$_probe_arg0"])
        self.assertTrue(freed and freed % 16 == 0, freed)

    def test_a_sample_fires_with_what_it_stands_for(self):
        self.found()
        process = self.start(HEAPRING_RATE="64KiB")
        _, size, weight = self.gdb(process.pid, "alloc", [
            "$_probe_arg0", "$_probe_arg1", "$_probe_arg2"])
        self.assertLessEqual(abs(weight - (65536 + size / 2)), 700)  # Z/(1-exp(-Z/R))


if __name__ == "__main__":
    main()
