#!/usr/bin/env python3
"""redis-server under redis-benchmark: same data, every stack whole, counted as peers do.

Usage: run_redis.py HEAPRING
The server has its own port on the loopback and its own folder. First comes a
load that differs from run to run (redis-benchmark), then the same 60,000
commands each time, whose data are compared by DEBUG DIGEST. How the kernel
cuts the stream of commands into reads, and what the server's timers do, moves
its allocations a little, so heaptrack's count is compared on the fixed part only.
"""
import glob
import os
import socket
import subprocess
import time

import heaptrack
from profiled import HEAPRING, Profiled, environment, main

SERVER = "/usr/bin/redis-server"
COMMANDS = "".join(
    "SET key:%d %s\r\nLPUSH list:%d %d\r\nHSET hash:%d field%d %d\r\n" % (
        i, "v" * (i % 100 + 1), i % 500, i, i % 300, i % 40, i * 7) for i in range(20000))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis(Profiled):
    def setUp(self):
        super().setUp()
        self.need(SERVER, "/usr/bin/redis-benchmark", "/usr/bin/redis-cli")

    def client(self, tool, *args, **kw):
        done = subprocess.run([tool, "-p", str(self.port), *args], capture_output=True,
                              timeout=60, env=environment(), **kw)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def wait_until_it_answers(self, server):
        for _ in range(400):
            done = subprocess.run(["redis-cli", "-p", str(self.port), "ping"],
                                  capture_output=True, check=False)
            if done.stdout == b"PONG\n":
                return
            self.assertIsNone(server.poll(), "redis-server ended")
            time.sleep(0.025)
        self.fail("redis-server does not answer")

    def serve(self, before=(), env=None, load=False):
        """Runs the session; returns the digest of the data and the exit status."""
        self.port = free_port()
        folder = self.path("data%d" % self.port)
        os.mkdir(folder)
        argv = [*before, SERVER, "--port", str(self.port), "--bind", "127.0.0.1", "--save",
                "", "--dir", folder, "--enable-debug-command", "local", "--hz", "1",
                "--activerehashing", "no", "--daemonize", "no"]
        with subprocess.Popen(argv, env=environment(**(env or {})), cwd=folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                self.wait_until_it_answers(server)
                if load:
                    self.client("redis-benchmark", "-t", "set,get,lpush", "-n", "60000",
                                "-r", "10000", "-P", "16", "-q")
                    self.client("redis-cli", "flushall")
                self.client("redis-cli", "--pipe", input=COMMANDS.encode())
                digest = self.client("redis-cli", "debug", "digest")
                subprocess.run(["redis-cli", "-p", str(self.port), "shutdown", "nosave"],
                               capture_output=True, check=False)
                return digest, server.wait(30)
            finally:
                server.kill()

    def profiled(self, **kw):
        dump = self.path("dump")
        result = self.serve([HEAPRING, "run", "-q", "-o", dump, "--"],
                            {"HEAPRING_DIR": self.segments}, **kw)
        return result, self.read(dump, "--sample", "alloc_objects")

    def test_data_and_exit_status_are_those_of_a_run_without_us(self):
        plain = self.serve(load=True)
        result, top = self.profiled(load=True)
        self.assertEqual(result, plain)
        self.assertGreaterEqual(top["coverage"]["stacks_complete_pct"], 99)
        for counter in ("missed_frees", "overflow", "dropped"):
            self.assertEqual(top["coverage"][counter], 0, counter)

    def test_counts_are_heaptracks(self):
        self.need(*heaptrack.TOOLS)
        _, top = self.profiled()
        out = self.path("heaptrack")
        self.serve(["heaptrack", "-o", out])
        peer = heaptrack.read(glob.glob(out + ".*")[0])
        print("redis: alloc_objects %d, heaptrack %d; peak %d, heaptrack %d" % (
            top["total"]["alloc_objects"], peer.calls, top["total"]["peak_space"], peer.peak))
        self.assertAlmostEqual(top["total"]["alloc_objects"], peer.calls,
                               delta=peer.calls * 0.001)
        self.assertAlmostEqual(top["total"]["peak_space"], peer.peak, delta=peer.peak * 0.01)


if __name__ == "__main__":
    main()
