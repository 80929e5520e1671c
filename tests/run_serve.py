#!/usr/bin/env python3
"""`heapring serve` on live programs: what it answers is what `top` says.

Usage: run_serve.py HEAPRING CHURN
"""
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from profiled import ARGS, REQUIRED, SAMPLES, Profiled, environment, main, shim
from server import Server

CHURN = os.path.abspath(ARGS[0])


class Serve(Profiled):
    def target(self, *args):
        """A program under the shim; returns it when it runs."""
        env = environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments)
        process = subprocess.Popen([CHURN, *(args or ("300",))], stdout=subprocess.PIPE, env=env)
        self.addCleanup(self.end, process)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()

    def stopped(self):
        """One that allocated for a while and is stopped: its figures stand still."""
        process = self.target()
        while self.read(str(process.pid))["total"]["alloc_objects"] < 100000:
            time.sleep(0.05)
        process.send_signal(signal.SIGSTOP)
        self.wait_for_state(process.pid, "T")
        return process

    @staticmethod
    def wait_for_state(pid, state):
        while True:
            with open("/proc/%d/stat" % pid) as stream:
                if stream.read().rpartition(")")[2].split()[0] == state:
                    return
            time.sleep(0.02)

    def serve(self, *args, **env):
        return Server(self, *args, folder=self.segments, **env)

    def totals(self, target):
        total = self.read(str(target))["total"]
        return [total[sample] for sample in SAMPLES]

    # what is served

    def test_all_of_it_agrees_with_top_to_the_byte(self):
        process = self.stopped()
        server = self.serve()
        wanted = self.totals(process.pid)
        head = server.text("/debug/pprof/heap?debug=1").splitlines()[0]
        objects, space, alloc_objects, alloc_space = map(int, re.findall("[0-9]+", head))
        self.assertEqual([space, objects, alloc_space, alloc_objects], wanted)
        for path in ("/debug/pprof/heap", "/debug/pprof/allocs"):
            name = self.path("got.pb.gz")
            with open(name, "wb") as stream:
                stream.write(server.get(path)[2])
            self.assertEqual(self.totals(name), wanted)
            self.assertEqual(self.read(name)["rows"], self.read(str(process.pid))["rows"])
        metrics = dict(re.findall(r"^heapring_(\w+)\{.*\} ([0-9]+)$", server.text("/metrics"), re.M))
        self.assertEqual([int(metrics[name]) for name in (
            "live_bytes", "live_objects", "allocated_bytes_total", "allocated_objects_total")],
            wanted)
        page = json.loads(server.text("/data.json"))
        self.assertEqual([page["total"][sample] for sample in SAMPLES], wanted)
        shown = server.get("/")
        self.assertEqual(shown[1]["Content-Type"], "text/html; charset=utf-8")
        self.assertTrue('"inuse_space":%d' % wanted[0] in shown[2].decode())
        sites = re.findall(r"^heapring_site_live_bytes\{.*\} ([0-9]+)$", server.text("/metrics"), re.M)
        self.assertEqual(sum(map(int, sites)), wanted[0])

    def test_a_delta_is_what_happened_in_between(self):
        self.target()
        server = self.serve()
        name = self.path("delta.pb.gz")
        with open(name, "wb") as stream:
            stream.write(server.get("/debug/pprof/heap?seconds=1")[2])
        delta, whole = self.totals(name), self.read(name, "--sample", "alloc_space")
        self.assertGreater(delta[3], 0)
        self.assertEqual(whole["rows"][0]["function"], "make_block")
        self.assertLess(delta[3], int(re.search(
            r"^heapring_allocated_objects_total\{.*\} ([0-9]+)", server.text("/metrics"), re.M).group(1)))

    def test_a_delta_of_a_stopped_process_is_empty(self):
        self.stopped()
        head = self.serve().text("/debug/pprof/heap?debug=1&seconds=1").splitlines()[0]
        self.assertEqual(head, "heap profile: 0: 0 [0: 0] @ heapprofile")

    def test_a_delta_outlives_its_process(self):
        process = self.target()
        server = self.serve()
        connection = server.connect()
        connection.request("GET", "/debug/pprof/heap?debug=1&seconds=2&pid=%d" % process.pid)
        time.sleep(0.5)
        process.kill()
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.read(13)), (200, b"heap profile:"))
        connection.close()

    def test_a_killed_process_is_served_as_it_was(self):
        process = self.target()
        server = self.serve()
        server.text("/metrics")
        process.kill()
        process.wait()
        self.assertIn("killed", server.text("/debug/pprof/heap?debug=1"))
        self.assertIn("killed", server.text("/debug/pprof/"))
        self.assertEqual(json.loads(server.text("/data.json"))["process"]["state"], "killed")
        self.assertRegex(server.text("/metrics"), r'heapring_up\{pid="%d",.*\} 0' % process.pid)

    def test_several_processes_are_told_apart_by_pid(self):
        pids = [self.target("300", "idle").pid, self.target("300", "idle").pid]
        server = self.serve()
        status, _, body = server.get("/debug/pprof/heap")
        self.assertEqual(status, 400)
        for pid in pids:
            self.assertIn(b"%d churn (live)" % pid, body)
            name = self.path("one.pb.gz")
            with open(name, "wb") as stream:
                stream.write(server.get("/debug/pprof/heap?pid=%d" % pid)[2])
            self.assertEqual(self.read(name)["process"]["pid"], pid)
            self.assertTrue('href="/?pid=%d"' % pid in server.text("/"))
            self.assertEqual(json.loads(server.text("/data.json?pid=%d" % pid))["process"]["pid"], pid)
            self.assertTrue('"pid":%d' % pid in server.text("/?pid=%d" % pid))
        self.assertEqual(server.get("/debug/pprof/heap?pid=1")[0], 404)
        self.assertEqual(server.get("/debug/pprof/heap?pid=x")[0], 400)
        only = self.serve(str(pids[0]))
        self.assertEqual(only.get("/debug/pprof/heap")[0], 200)
        self.assertEqual(only.get("/debug/pprof/heap?pid=%d" % pids[1])[0], 404)

    def test_command_line_threads_and_health(self):
        process = self.target("300", "idle")
        server = self.serve()
        self.assertEqual(server.text("/debug/pprof/cmdline").split("\0"), [CHURN, "300", "idle"])
        self.assertEqual(server.text("/pprof/cmdline").splitlines(), [CHURN, "300", "idle"])
        threads = server.text("/debug/pprof/goroutine")
        self.assertEqual(threads, server.text("/debug/pprof/threads"))
        self.assertIn("freer", threads)
        self.assertIn("%d" % process.pid, threads)
        self.assertEqual(server.text("/healthz"), "ok\n")
        self.assertIn("pid=%d" % process.pid, server.text("/debug/pprof/"))
        self.assertFalse("noinline" in server.text("/data.json"))  # no source files
        build = os.path.dirname(os.path.dirname(CHURN))
        open_server = Server(self, "--sources", folder=self.segments, cwd=build)
        self.assertTrue("noinline" in open_server.text("/data.json"))
        status, headers, body = server.get("/debug/pprof/heap", method="HEAD")
        self.assertEqual((status, body, int(headers["Content-Length"]) > 100), (200, b"", True))

    def test_symbols_by_get_and_by_post(self):
        self.target("300", "idle")
        server = self.serve()
        self.assertEqual(server.text("/pprof/symbol"), "num_symbols: 1\n")
        stack = re.search(r"@ (0x.*)\n#\t0x[0-9a-f]+\tmake_block", server.text(
            "/debug/pprof/heap?debug=1")).group(1).split()
        calls = ["0x%x" % (int(pc, 16) - 1) for pc in stack]
        for answer in (server.text("/debug/pprof/symbol?" + "+".join(calls)),
                       server.text("/pprof/symbol", method="POST", data="+".join(calls).encode())):
            lines = dict(line.split("\t") for line in answer.splitlines())
            self.assertEqual(list(lines), calls)
            self.assertEqual([lines[call] for call in calls[:2]], ["make_block", "main"])
        self.assertIn("0x10\t", server.text("/pprof/symbol", method="POST", data=b"0x10"))
        self.assertEqual(server.get("/pprof/symbol", method="POST", data=b"1" * (2 << 20))[0], 413)

    # readers that others wrote

    def pprof(self, *args):
        if shutil.which("go") is None:
            if REQUIRED:
                self.fail("no go (scripts/setup installs it)")
            self.skipTest("no go")
        done = self.execute(["go", "tool", "pprof", *args], cwd=self.folder,
                            env={"PPROF_TMPDIR": self.folder, "GOTOOLCHAIN": "local"})
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.decode()

    def test_go_tool_pprof_fetches_every_profile(self):
        process = self.stopped()
        server = self.serve()
        row = self.read(str(process.pid), "--sample", "alloc_space")["rows"][0]
        for path in ("/debug/pprof/heap", "/debug/pprof/allocs", "/pprof/heap"):
            shown = self.pprof("-top", "-unit=B", "-sample_index=alloc_space", server.url + path)
            self.assertRegex(shown, r"\b%dB .*\bmake_block" % row["flat"])
        self.assertIn("Type: alloc_space", self.pprof("-top", server.url + "/debug/pprof/allocs"))
        self.pprof("-top", server.url + "/debug/pprof/heap?seconds=1")

    def test_go_tool_pprof_shows_its_page(self):
        self.target("300", "idle")
        server = self.serve()
        self.pprof("-raw", server.url + "/debug/pprof/heap")  # skips without go
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        viewer = subprocess.Popen(
            ["go", "tool", "pprof", "-no_browser", "-http=127.0.0.1:%d" % port,
             server.url + "/debug/pprof/heap"], stderr=subprocess.PIPE, cwd=self.folder,
            env=environment(PPROF_TMPDIR=self.folder, GOTOOLCHAIN="local"),
            start_new_session=True)
        try:
            for line in viewer.stderr:
                if b"Serving web UI" in line:
                    break
            self.wait_for_port(port)
            there = Server.__new__(Server)
            there.url = "http://127.0.0.1:%d" % port
            self.assertIn("make_block", there.text("/ui/flamegraph"))
        finally:
            os.killpg(viewer.pid, signal.SIGKILL)
            viewer.communicate()

    @staticmethod
    def wait_for_port(port):
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)

    def test_gperftools_and_jemalloc_read_it(self):
        self.target("300", "idle")
        server = self.serve()
        for tool in ("google-pprof", "jeprof"):
            if shutil.which(tool) is None:
                self.need("/usr/bin/" + tool)
            done = self.execute([tool, "--text", server.url + "/pprof/heap"],
                                env={"PPROF_TMPDIR": self.folder, "JEPROF_TMPDIR": self.folder,
                                     "HOME": self.folder})
            self.assertEqual(done.returncode, 0, done)
            self.assertRegex(done.stdout, rb"% make_block\n")

    def test_a_cpu_profile_from_outside(self):
        process = self.target()
        server = self.serve()
        status, _, body = server.get("/debug/pprof/profile?seconds=2&pid=%d" % process.pid)
        if status == 403:
            self.assertIn(b"perf_event_paranoid", body)
            self.skipTest(body.decode())
        self.assertEqual(status, 200, body)
        name = self.path("cpu.pb.gz")
        with open(name, "wb") as stream:
            stream.write(body)
        self.assertIn(b"CPU time of pid %d" % process.pid, gzip.decompress(body))
        shown = self.pprof("-top", "-cum", name)
        self.assertIn("Type: cpu", shown)
        self.assertIn("allocate_until", shown)
        self.assertIn("_start", shown)  # unwound to the end
        process.kill()
        process.wait()
        self.assertEqual(server.get("/debug/pprof/profile?seconds=1&pid=%d" % process.pid)[0], 404)

    # whom it answers

    def test_only_this_host_is_answered(self):
        self.target("300", "idle")
        server = self.serve("--host", "box.example,other")
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil", "[::1", "::1", "a b",
                     "box.example.evil", "127.0.0.1:x"):
            self.assertEqual(server.get("/healthz", Host=host)[0], 403, host)
        for host in ("127.0.0.1", "localhost:%d" % server.port, "LOCALHOST", "[::1]:80", "10.0.0.1",
                     "box.example:1", "Other"):
            self.assertEqual(server.get("/healthz", Host=host)[0], 200, host)
        for origin in ("http://evil.example", "null", "https://evil.example:443"):
            self.assertEqual(server.get("/metrics", Origin=origin)[0], 403, origin)
        self.assertEqual(server.get("/metrics", Origin="http://localhost:1")[0], 200)

    def test_a_token_is_asked_for(self):
        token = "0123456789abcdef0123"
        with open(self.path("token"), "w") as stream:
            stream.write(token + "\n")
        for server in (self.serve("--token-file", self.path("token")),
                       self.serve(HEAPRING_TOKEN=token)):
            status, headers, _ = server.get("/healthz")
            self.assertEqual((status, headers["WWW-Authenticate"][:5]), (401, "Basic"))
            for wrong in ("Bearer " + token[:-1], "Bearer " + token + "x", "Bearer ", token,
                          "Basic !!!", "Basic " + "QTpC"):
                self.assertEqual(server.get("/healthz", Authorization=wrong)[0], 401, wrong)
            self.assertEqual(server.get("/healthz", Authorization="Bearer " + token)[0], 200)
            basic = "Basic dXNlcjowMTIzNDU2Nzg5YWJjZGVmMDEyMw=="
            self.assertEqual(server.get("/healthz", Authorization=basic)[0], 200)

    def refused(self, *args, env=None):
        done = self.heapring("serve", *args, env=env)
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done)
        return done.stderr

    def test_wrong_use_is_one_line_and_status_2(self):
        self.assertIn(b"--token-file", self.refused("--listen", "0.0.0.0:0"))
        self.refused("--listen", "[::]:0")
        self.refused("--listen", "127.0.0.1:0", env={"HEAPRING_TOKEN": "short"})
        self.refused("--listen", "127.0.0.1:0", "--token-file", self.path("none"))
        for listen in ("x", "127.0.0.1", "127.0.0.1:99999", ":x", "[::1:1"):
            self.refused("--listen", listen)
        server = self.serve()
        self.assertIn(b"cannot listen", self.refused("--listen", "127.0.0.1:%d" % server.port))
        self.assertEqual(self.heapring("serve", "--listen", "127.0.0.1:0", "4194000").returncode, 4)

    def test_nothing_can_be_changed(self):
        server = self.serve()
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
            for path in ("/healthz", "/debug/pprof/heap", "/"):
                self.assertEqual(server.get(path, method=method)[0], 405, (method, path))
        for path in ("/etc/passwd", "/../etc/passwd", "/debug/pprof/../../etc/passwd", "/%2e%2e/x",
                     "/debug/pprof/heap/x", "//", "/debug/pprof/heap%00"):
            self.assertIn(server.get(path)[0], (400, 404), path)
        for query in ("seconds=-1", "seconds=999999", "seconds=x", "seconds=1e3", "debug=x"):
            self.assertEqual(server.get("/debug/pprof/heap?" + query)[0], 400, query)
        self.assertEqual(server.get("/debug/pprof/heap")[0], 404)  # no process at all
        self.assertIn("no process is profiled", server.text("/"))

    def test_it_ends_in_order_while_requests_wait(self):
        self.target("300", "idle")
        server = self.serve()
        connection = server.connect()
        connection.request("GET", "/debug/pprof/heap?seconds=300")
        time.sleep(0.5)
        self.assertEqual(server.end()[0], 0)
        self.assertEqual(connection.getresponse().status, 503)
        connection.close()


if __name__ == "__main__":
    main()
