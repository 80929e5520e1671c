#!/usr/bin/env python3
"""A thousand clients at once, slow ones and hostile ones, do not hurt `serve`.

Usage: run_serve_hostile.py HEAPRING MAKE_SEGMENT [CHURN]

Without CHURN (builds with a sanitizer) a dump is served instead of a live program.
"""
import os
import random
import resource
import signal
import socket
import subprocess
import time

from profiled import ARGS, Profiled, environment, main, shim
from server import Server

MAKE_SEGMENT = os.path.abspath(ARGS[0])
CHURN = os.path.abspath(ARGS[1]) if len(ARGS) > 1 else None
CLIENTS = 1000
SANITIZED = CHURN is None
MEMORY_KB = 1 << 20 if SANITIZED else 200 << 10


def half_header(sock):
    """Begins a request and never ends it."""
    sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-A: ")


def nothing(sock):
    pass


def huge_header(sock):
    sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 100000)


def many_headers(sock):
    sock.sendall(b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 20000 + b"\r\n")


def huge_path(sock):
    sock.sendall(b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")


def traversal(sock):
    sock.sendall(b"GET /../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n")


def bad_host(sock):
    sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n")


def noise(sock):
    sock.sendall(random.Random(1).randbytes(5000) + b"\r\n\r\n")


def slow_body(sock):
    sock.sendall(b"POST /pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
                 b"Content-Length: 1000000\r\n\r\n0x1+")


def lying_body(sock):
    sock.sendall(b"POST /pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
                 b"Content-Length: 99999999999999999999999\r\n\r\n0x1+")


def chunks(sock):
    sock.sendall(b"POST /pprof/symbol HTTP/1.1\r\nHost: localhost\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\n" + b"ffff\r\n" + b"1" * 0xffff)


def half_closed(sock):
    sock.sendall(b"GET /debug/pprof/heap HTTP/1.1\r\nHost: localhost\r\n\r\n")
    sock.shutdown(socket.SHUT_WR)


def never_takes(sock):
    """Asks for a hundred answers and takes none."""
    sock.sendall(b"GET /debug/pprof/heap?debug=1 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)


def long_delta(sock):
    sock.sendall(b"GET /debug/pprof/heap?seconds=300 HTTP/1.1\r\nHost: localhost\r\n\r\n")


KINDS = (half_header, nothing, huge_header, many_headers, huge_path, traversal, bad_host, noise,
         slow_body, lying_body, chunks, half_closed, never_takes, long_delta)


class Hostile(Profiled):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
        self.target = None
        if CHURN:
            env = environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments)
            self.target = subprocess.Popen([CHURN, "300"], stdout=subprocess.PIPE, env=env)
            self.addCleanup(self.target.stdout.close)
            self.addCleanup(self.target.wait)
            self.addCleanup(self.target.kill)
            self.target.stdout.readline()
            self.server = Server(self, folder=self.segments)
        else:
            self.execute([MAKE_SEGMENT, "large", self.path("dump"), "2000"])
            self.server = Server(self, self.path("dump"))

    def attack(self, kinds):
        """The clients, connected and having done their worst."""
        clients = []
        for i in range(CLIENTS):
            sock = socket.socket()
            sock.settimeout(30)
            self.addCleanup(sock.close)
            try:
                sock.connect(("127.0.0.1", self.server.port))
                sock.settimeout(1)
                kinds[i % len(kinds)](sock)
            except OSError:
                pass  # refused or cut short: its own fault
            clients.append(sock)
        return clients

    def served(self, path="/debug/pprof/heap?debug=1"):
        """An ordinary client is answered, if not at once: others were there first."""
        end = time.monotonic() + 90
        while True:
            try:
                status, _, body = self.server.get(path, timeout=60)
                if status == 200:
                    return body.decode()
                self.assertEqual(status, 503, body)
            except OSError:
                pass
            self.assertLess(time.monotonic(), end, "nobody is served")
            time.sleep(0.2)

    def allocated(self):
        return self.read(str(self.target.pid))["total"]["alloc_objects"]

    def check_unhurt(self, before):
        self.assertLess(self.server.status_field("VmHWM"), MEMORY_KB)
        self.assertLess(self.server.status_field("Threads"), 10)
        self.assertLess(self.server.files(), 1400)
        if self.target:
            self.assertIsNone(self.target.poll())
            self.assertGreater(self.allocated(), before)

    def test_slow_clients(self):
        before = self.allocated() if self.target else 0
        self.attack((half_header, nothing, slow_body))
        self.served()
        self.check_unhurt(before)

    def test_hostile_clients_of_every_kind(self):
        before = self.allocated() if self.target else 0
        clients = self.attack(KINDS)
        self.served()
        self.check_unhurt(before)
        for sock in clients:
            sock.close()
        self.assertIn("heapring_up", self.served("/metrics"))
        self.assertEqual(self.served("/healthz"), "ok\n")

    def test_the_target_is_killed_while_it_is_served(self):
        clients = self.attack((half_closed, never_takes, half_header))
        if self.target:
            self.target.send_signal(signal.SIGKILL)
            self.target.wait()
        self.assertIn("killed" if self.target else "heap profile", self.served())
        for sock in clients:
            sock.close()

    def test_it_ends_while_a_thousand_are_connected(self):
        self.attack(KINDS)
        status, said = self.server.end()
        self.assertEqual((status, said), (0, ""))


if __name__ == "__main__":
    main()
