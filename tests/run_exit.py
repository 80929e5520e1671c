#!/usr/bin/env python3
"""Every end, every child and every bad setting: the program is never the worse for it.

Usage: run_exit.py HEAPRING ENDS EARLY_FORK
"""
import glob
import json
import os
import re
import shutil
import signal

from profiled import ARGS, HEAPRING, Profiled, main, shim

ENDS, EARLY_FORK = ARGS
BAD = {
    "HEAPRING_RATE": ("fast", "-1", "0", "512XiB"),
    "HEAPRING_DIR": ("relative", "/" + "d" * 300),
    "HEAPRING_BUDGET": ("1", "lots", "1000GiB"),
    "HEAPRING_INTERVAL": ("soon", "0"),
    "HEAPRING_HISTORY": ("2GiB", "-"),
    "HEAPRING_DEPTH": ("0", "100000", "deep"),
    "HEAPRING_OUTPUT": ("/tmp/" + "o" * 300,),
    "HEAPRING_FOLLOW": ("me", "ALL"),
    "HEAPRING_ONLY": ("x" * 300,),
    "HEAPRING_KEEP": ("all", "5,never"),
}


class Exit(Profiled):
    def allocations(self, dump):
        """alloc_objects by function."""
        return {row["function"]: row["alloc_objects"] for row in self.read(dump)["rows"]}

    def check_end(self, status, way, number=0):
        done, dump = self.profile([ENDS, way, str(number)], name="%s.%d" % (way, number))
        self.assertEqual(done.returncode, status, done)
        self.assertEqual((done.stdout, done.stderr), (b"", b""), done)
        return dump

    def test_exit_status_is_the_programs_and_the_dump_is_there(self):
        for way, status in (("exit", 0), ("exit", 3), ("_exit", 9), ("quick_exit", 11)):
            with self.subTest(way=way, status=status):
                dump = self.check_end(status, way, status)
                self.assertEqual(self.allocations(dump)["parent_only"], 1000)
                process = self.read(dump)["process"]
                self.assertEqual((process["state"], process["exit"]), ("exited", status))

    def test_a_signal_is_128_and_its_number_and_the_dump_is_there(self):
        for number in (signal.SIGTERM, signal.SIGSEGV, signal.SIGKILL):
            with self.subTest(signal=number):
                dump = self.check_end(128 + number, "signal", number)
                self.assertEqual(self.allocations(dump)["parent_only"], 1000)
                self.assertEqual(self.read(dump)["process"]["state"], "killed")
        self.check_end(128 + signal.SIGABRT, "abort")

    def test_a_caller_that_ignores_the_ends_of_its_children(self):
        done, dump = self.profile(
            [ENDS, "exit", "3"],
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual((done.returncode, done.stderr), (3, b""), done)
        self.assertEqual(self.read(dump)["process"]["exit"], 3)

    def profiled_programs(self, follow):
        """The programs that got a segment when bash forks and execs under `follow`."""
        script = "(: ; x=$(echo hi)); ls / | cat >/dev/null; /usr/bin/env true"
        done, _ = self.profile(["bash", "-c", script], env={"HEAPRING_FOLLOW": follow})
        self.assertEqual((done.returncode, done.stdout), (0, b""), done)
        listed = json.loads(self.heapring("ps", "--format", "json").stdout)
        names = sorted(os.path.basename(row["process"]["exe"]) for row in listed["rows"])
        for path in glob.glob(os.path.join(self.segments, "heapring.*")):
            os.unlink(path)
        return names

    def test_follow_decides_which_children_are_profiled(self):
        self.assertEqual(self.profiled_programs("none"), ["bash"])
        self.assertEqual(set(self.profiled_programs("fork")), {"bash"})
        self.assertGreater(len(self.profiled_programs("fork")), 1)
        self.assertEqual(self.profiled_programs("exec"), ["bash", "cat", "env", "ls", "true"])
        self.assertEqual(set(self.profiled_programs("all")), {"bash", "cat", "env", "ls", "true"})

    def test_after_exec_the_status_is_that_of_what_came_then(self):
        done, _ = self.profile([ENDS, "exec"])
        self.assertEqual(done.returncode, 5, done)

    def test_children_never_write_the_parents_figures(self):
        for way in ("fork", "fork-exec", "spawn"):
            with self.subTest(way=way):
                done, dump = self.profile([ENDS, way], name=way)
                self.assertEqual(done.returncode, 0, done)
                self.assertEqual(done.stdout, b"" if way == "fork" else b"1\n2\n3\n")
                parent = self.allocations(dump)
                self.assertEqual(parent["parent_only"], 1000)
                self.assertNotIn("child_only", parent)

    def test_a_forked_child_has_a_dump_of_its_own(self):
        _, dump = self.profile([ENDS, "fork"])
        children = glob.glob(dump + ".*")
        self.assertEqual(len(children), 1)
        child = self.allocations(children[0])
        self.assertEqual(child["child_only"], 500)
        self.assertEqual(child.get("parent_only", 0), 0)

    def test_a_shell_and_its_commands_each_have_a_dump(self):
        done, dump = self.profile(["/bin/bash", "--norc", "-c", "seq 4 | sort -r; ls / | wc -l"])
        plain = self.execute(["/bin/bash", "--norc", "-c", "seq 4 | sort -r; ls / | wc -l"])
        self.assertEqual((done.stdout, done.stderr, done.returncode),
                         (plain.stdout, plain.stderr, plain.returncode))
        self.assertIn("bash", self.read(dump)["process"]["exe"])
        programs = {os.path.basename(self.read(child)["process"]["exe"])
                    for child in glob.glob(dump + ".*")}
        self.assertLessEqual({"seq", "sort", "ls"}, programs)

    def test_a_constructor_that_forks_before_the_shims_has_run(self):
        done, dump = self.profile([ENDS, "exit", "3"],
                                  env={"LD_PRELOAD": os.path.abspath(EARLY_FORK)})
        self.assertEqual((done.returncode, done.stderr), (3, b""), done)
        self.assertEqual(self.allocations(dump)["parent_only"], 1000)

    def test_output_names_the_pid_and_the_program(self):
        output = self.path("%e-%p.heapring")
        done = self.execute([ENDS, "exit", "3"], env={
            "LD_PRELOAD": shim(), "HEAPRING_DIR": self.segments, "HEAPRING_OUTPUT": output})
        self.assertEqual((done.returncode, done.stderr), (3, b""))
        made = [name for name in os.listdir(self.folder) if name.endswith(".heapring")]
        self.assertEqual(len(made), 1)
        self.assertRegex(made[0], r"^ends-\d+\.heapring$")
        self.assertEqual(self.allocations(self.path(made[0]))["parent_only"], 1000)

    def runs_unprofiled(self, saying, **env):
        """The program runs as ever; one line tells why there is no profile."""
        done = self.execute([ENDS, "exit", "3"], env=dict(env, LD_PRELOAD=shim()))
        self.assertEqual((done.returncode, done.stdout), (3, b""), done)
        self.assertEqual(done.stderr.count(b"\n"), 1, done)
        self.assertTrue(done.stderr.startswith(b"heapring: "), done)
        for text in saying:
            self.assertIn(text.encode(), done.stderr)

    def test_a_bad_value_is_named_with_what_is_allowed(self):
        for name, values in BAD.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    env = {"HEAPRING_DIR": self.segments, name: value}
                    self.runs_unprofiled((name, value[:200], "allowed"), **env)
        self.assertEqual(os.listdir(self.segments), [])

    def test_no_folder_for_the_segment(self):
        self.runs_unprofiled((self.path("absent"),), HEAPRING_DIR=self.path("absent"))
        os.chmod(self.segments, 0o555)
        if os.geteuid() != 0:
            self.runs_unprofiled((self.segments,), HEAPRING_DIR=self.segments)
        self.runs_unprofiled(("/proc/sys",), HEAPRING_DIR="/proc/sys")

    def on_tmpfs(self, size, before, argv):
        """argv under heapring run, its segment on a fresh tmpfs of that size."""
        if os.geteuid() != 0 or not shutil.which("unshare"):
            self.skipTest("needs root and unshare to mount a tmpfs")
        mount = "mount -t tmpfs -o size=%s none %s && %s" % (size, self.segments, before)
        if self.execute(["unshare", "-m", "sh", "-c", mount + " true"]).returncode:
            self.skipTest("may not mount a tmpfs here")
        script = mount + ' exec "$@"'
        dump = self.path("dump")
        plain = self.execute(argv)
        done = self.execute(["unshare", "-m", "sh", "-c", script, "sh", HEAPRING, "run", "-q",
                             "-o", dump, "--", *argv], env={"HEAPRING_DIR": self.segments})
        self.assertEqual((done.returncode, done.stdout), (plain.returncode, plain.stdout), done)
        self.assertLessEqual(done.stderr.count(b"\n"), 2, done)
        return done, dump

    def test_a_full_dev_shm_is_told_and_the_program_runs(self):
        fill = "(head -c 2000000 /dev/zero > %s/fill 2>/dev/null || true) &&" % self.segments
        done, _ = self.on_tmpfs("1m", fill, [ENDS, "exit", "3"])
        self.assertTrue(re.search(b"heapring: .*(No space|no space)", done.stderr), done)

    def test_a_tiny_dev_shm_is_told_as_overflow_and_totals_stay(self):
        script = "import asyncio, json, unittest, xml.dom.minidom; print(json.dumps([1, 2]))"
        done, dump = self.on_tmpfs("1m", "", ["/usr/bin/env", "PYTHONMALLOC=malloc",
                                              "/usr/bin/python3", "-B", "-c", script])
        top = self.read(dump)
        self.assertGreater(top["coverage"]["overflow"], 0, done)
        self.assertIn("[overflow]", [row["function"] for row in top["rows"]])


if __name__ == "__main__":
    main()
