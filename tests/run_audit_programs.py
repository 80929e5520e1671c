#!/usr/bin/env python3
"""`heapring audit` on real programs: redis, CPython, sqlite3 and nginx.

Usage: run_audit_programs.py HEAPRING
Each is driven for some seconds with slices of 100 ms; what is asked is the verdict, not
figures. A few seconds each.
"""
import json
import os
import signal
import socket
import subprocess
import time

from profiled import HEAPRING, Profiled, environment, main, wait_for_pid
from workloads import PYTHON

SLICE = {"HEAPRING_INTERVAL": "100ms"}
SECONDS = 7
LIST = """
import time
kept, end = [], time.monotonic() + %d
while time.monotonic() < end:
    kept.append({"n": len(kept), "text": "x" * 40})
    time.sleep(0.003)
"""
CHURN = """
import json, time
end, text = time.monotonic() + %d, json.dumps([{"id": i, "tags": ["a"] * 9} for i in range(40)])
while time.monotonic() < end:
    json.loads(text)
    time.sleep(0.002)
"""
SQL_GROWS = "create table t(a, b);"
SQL_INSERT = "insert into t values(%d, hex(randomblob(150)));\n"
SQL_CHURN = "select sum(value * %d) from generate_series(1, 300);\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Programs(Profiled):
    def audit(self, target):
        done = self.heapring("audit", "--format", "json", target)
        self.assertEqual(done.returncode, 0, done)
        answer = json.loads(done.stdout)
        site = (answer["site"] or {}).get("function")
        print("%s: %s (%s) %.2f %s" % (self.id().split(".")[-1], answer["verdict"],
                                       answer["pattern"], answer["confidence"], site))
        return answer

    def start(self, *argv, **kw):
        dump = self.path("dump")
        program = subprocess.Popen([HEAPRING, "run", "-q", "-o", dump, "--", *argv],
                                   env=environment(HEAPRING_DIR=self.segments, **SLICE, **kw),
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program, dump

    def run_python(self, text):
        program, dump = self.start(PYTHON, "-s", "-B", "-c", text % SECONDS,
                                   PYTHONMALLOC="malloc")
        self.assertEqual(program.wait(100), 0)
        return self.audit(dump)

    def test_a_python_list_that_grows_is_a_leak(self):
        self.assertEqual(self.run_python(LIST)["verdict"], "leak")

    def test_python_that_only_churns_is_none(self):
        self.assertIn(self.run_python(CHURN)["verdict"], ("steady", "storm"))

    def sqlite(self, first, statement, per_second):
        self.need("/usr/bin/sqlite3")
        program, dump = self.start("/usr/bin/sqlite3", "-init", "/dev/null", ":memory:")
        end, n = time.monotonic() + SECONDS, 0
        with program.stdin as to:
            to.write((first + "\n").encode())
            while time.monotonic() < end:
                for _ in range(per_second // 50):
                    n += 1
                    to.write((statement % n).encode())
                to.flush()
                time.sleep(0.02)
        self.assertEqual(program.wait(100), 0)
        return self.audit(dump)

    def test_an_sqlite_database_in_memory_that_grows_is_a_leak(self):
        self.assertEqual(self.sqlite(SQL_GROWS, SQL_INSERT, 2000)["verdict"], "leak")

    def test_sqlite_queries_are_none(self):
        self.assertIn(self.sqlite("", SQL_CHURN, 300)["verdict"], ("steady", "storm"))

    def redis(self, *options):
        self.need("/usr/bin/redis-server")
        port = free_port()
        program, dump = self.start("/usr/bin/redis-server", "--port", str(port), "--bind",
                                   "127.0.0.1", "--save", "", "--dir", self.folder,
                                   *options)
        with self.connect(port) as to:
            end, n = time.monotonic() + SECONDS, 0
            while time.monotonic() < end:
                for _ in range(40):
                    n += 1
                    to.sendall(b"SET key:%d %s\r\n" % (n, b"v" * 100))
                to.recv(1 << 16)
                time.sleep(0.02)
            answer = self.audit(str(wait_for_pid(self.segments)))
            to.sendall(b"SHUTDOWN NOSAVE\r\n")
        self.assertEqual(program.wait(100), 0)
        self.assertEqual(self.audit(dump)["verdict"], answer["verdict"])
        return answer

    def connect(self, port):
        for _ in range(400):
            try:
                return socket.create_connection(("127.0.0.1", port), 10)
            except OSError:
                time.sleep(0.025)
        return self.fail("nobody listens on %d" % port)

    def test_redis_whose_keys_grow_leaks(self):
        self.assertEqual(self.redis()["verdict"], "leak")

    def test_redis_under_maxmemory_does_not(self):
        answer = self.redis("--maxmemory", "1800kb", "--maxmemory-policy", "allkeys-random")
        self.assertIn(answer["verdict"], ("steady", "warming"))

    def test_nginx_under_requests_is_steady(self):
        self.need("/usr/sbin/nginx")
        port = free_port()
        with open(self.path("nginx.conf"), "w", encoding="ascii") as stream:
            stream.write("daemon off; master_process off; pid %s; error_log stderr crit;\n"
                         "events {} http { access_log off; server { listen 127.0.0.1:%d;"
                         " location / { return 200 'hello'; } } }\n" % (
                             self.path("pid"), port))
        program, dump = self.start("/usr/sbin/nginx", "-p", self.folder, "-c",
                                   self.path("nginx.conf"))
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            with self.connect(port) as to:
                to.sendall(b"GET / HTTP/1.0\r\n\r\n")
                while to.recv(4096):
                    pass
            time.sleep(0.005)
        os.kill(wait_for_pid(self.segments), signal.SIGQUIT)
        program.wait(100)
        self.assertIn(self.audit(dump)["verdict"], ("steady",))


if __name__ == "__main__":
    main()
