#!/usr/bin/env python3
"""Threads by the stack that created them, and by what they do now.

Usage: run_threads.py HEAPRING MAKES_THREADS CXX_THREADS
"""
import json
import signal
import subprocess

from profiled import ARGS, Profiled, environment, main, shim

PROGRAM, CXX_PROGRAM = ARGS
POOL, MESSAGES = 3, 40


class Threads(Profiled):
    def start(self, *args, program=PROGRAM, **kw):
        process = subprocess.Popen([program, *args], stdout=subprocess.PIPE, env=environment(
            LD_PRELOAD=shim(), HEAPRING_DIR=self.segments), **kw)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def created(self, threads):
        """{creating function: (created, ended)}; none of thrd_create's."""
        return {row["stack"][0]["function"]: (row["created"], row["ended"])
                for row in threads["created"]}

    WANTED = {"start_pool": (POOL, 0), "thread_per_message": (MESSAGES, MESSAGES),
              "cancelled": (1, 1)}

    def routines(self, target):
        """{creating function: what its threads run}"""
        return {row["stack"][0]["function"]: row["routine"]["function"]
                for row in self.read(target, view="threads")["created"]}

    ROUTINES = {"start_pool": "pool_worker", "thread_per_message": "handle_message",
                "cancelled": "pool_worker"}

    def test_what_threads_run_is_named_without_a_stack_of_theirs(self):
        process = self.start()
        self.assertEqual(process.wait(30), 0)
        self.assertEqual(self.routines(str(process.pid)), self.ROUTINES)
        text = self.heapring("threads", str(process.pid)).stdout.decode()
        self.assertRegex(text, r"(?m)^ +3 +3 +0 +\S+ +pool_worker +start_pool < main")

    def test_a_packed_dump_takes_the_routines_along(self):
        process, dump, packed = self.start("wait"), self.path("dump"), self.path("packed")
        self.assertEqual(self.heapring("dump", str(process.pid), "-o", dump).returncode, 0)
        self.assertEqual(self.heapring("pack", dump, "-o", packed).returncode, 0)
        self.assertEqual(self.routines(packed), self.ROUTINES)

    def test_of_std_thread_the_programs_own_function_is_named(self):
        process = self.start(program=CXX_PROGRAM)
        rows = self.read(str(process.pid), view="threads")["created"]
        self.assertEqual([(row["routine"]["function"], row["created"]) for row in rows],
                         [("serve_session", 3)])
        self.assertIn("accept_session", [frame["function"] for frame in rows[0]["stack"]])

    def test_after_its_end(self):
        process = self.start()
        self.assertEqual(process.wait(30), 0)
        threads = self.read(str(process.pid), view="threads")
        self.assertEqual(self.created(threads), self.WANTED)
        self.assertEqual((threads["threads"], threads["rows"]), (None, []))

    def test_alive_and_after_a_kill(self):
        process = self.start("wait")
        threads = self.read(str(process.pid), view="threads")
        self.assertEqual(self.created(threads), self.WANTED)
        self.assertEqual(threads["threads"], POOL + 1)
        tasks = [task for row in threads["rows"] for task in row["tasks"]]
        self.assertEqual(sorted(task["name"] for task in tasks),
                         sorted(["makes_threads"[:15]] + ["pool"] * POOL))
        for task in tasks:
            if task["name"] == "pool":
                self.assertEqual(task["created_by"][0]["function"], "start_pool")
        if threads["refused"] is None:
            self.check_stacks(threads)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        threads = self.read(str(process.pid), view="threads")
        self.assertEqual(self.created(threads), self.WANTED)

    def check_stacks(self, threads):
        pool = [row for row in threads["rows"] if row["tasks"][0]["name"] == "pool"]
        self.assertEqual(sum(row["threads"] for row in pool), POOL)
        for row in pool:
            functions = [frame["function"] for frame in row["stack"]]
            self.assertIn("pool_worker", functions)
            self.assertNotIn("thread_main", functions)
        own, = [row for row in threads["rows"] if row["tasks"][0]["name"] != "pool"]
        self.assertIn("main", [frame["function"] for frame in own["stack"]])

    def test_text(self):
        process = self.start("wait")
        done = self.heapring("threads", str(process.pid))
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(b"44 threads created with pthread_create, 3 alive", done.stdout)
        self.assertIn(b"created by start_pool < main", done.stdout)

    def test_the_shim_is_in_no_stack(self):
        process = self.start("wait")
        done = self.heapring("traces", "--format", "json", "--sample", "alloc_space",
                             str(process.pid))
        for row in json.loads(done.stdout)["rows"]:
            for frame in row["stack"]:
                self.assertNotIn("libheapring", frame["module"], row)

    def test_a_dump_has_what_was_created(self):
        process = self.start("wait")
        dump = self.path("dump")
        self.assertEqual(self.heapring("dump", str(process.pid), "-o", dump).returncode, 0)
        threads = self.read(dump, view="threads")
        self.assertEqual(self.created(threads), self.WANTED)
        self.assertIsNone(threads["threads"])


if __name__ == "__main__":
    main()
