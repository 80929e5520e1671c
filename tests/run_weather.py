#!/usr/bin/env python3
"""Hazards and harsh places, one by one: the program is never the worse for it.

Usage: run_weather.py HEAPRING HAZARDS PLUGIN_ONE PLUGIN_TWO TRUTH STATIC_PIE
       SIGNAL_MALLOC
"""
import glob
import json
import os
import platform
import shutil
import subprocess
import time
import unittest

from profiled import ARGS, HEAPRING, REQUIRED, Profiled, environment, main, shim

HAZARDS, ONE, TWO, TRUTH, STATIC_PIE, SIGNAL_MALLOC = ARGS
JAVA = """
import java.util.concurrent.*;
public class Churn {
    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        Future<?>[] done = new Future<?>[64];
        for (int i = 0; i < done.length; i++)
            done[i] = pool.submit(() -> java.nio.ByteBuffer.allocateDirect(100000).capacity());
        for (Future<?> each : done) each.get();
        pool.shutdown();
        for (int i = 0; i < 200; i++) { Thread t = new Thread(() -> {}); t.start(); t.join(); }
        System.out.println("done");
    }
}
"""


class Weather(Profiled):
    def unchanged(self, argv, name="dump", env=None, under=()):
        """argv does under heapring what it does without; the dump's path."""
        plain = self.execute([*under, *argv])
        dump = self.path(name)
        done = self.heapring_under(under, "run", "-q", "-o", dump, "--", *argv, env=env)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (plain.returncode, plain.stdout, plain.stderr), done)
        return dump

    def heapring_under(self, under, *args, env=None):
        env = dict({"HEAPRING_DIR": self.segments}, **(env or {}))
        return self.execute([*under, HEAPRING, *args], env=env)

    def hazard(self, way, *more, env=None, under=()):
        dump = self.unchanged([HAZARDS, way, *more], env=env, under=under)
        top = self.read(dump)
        for counter in ("missed_frees", "dropped", "bypassed"):
            self.assertEqual(top["coverage"][counter], 0, counter)
        return dump, top, {row["function"]: row for row in top["rows"]}

    def root(self, *tools):
        for tool in tools:
            if not shutil.which(tool):
                self.skipTest(tool + " is missing")
        if os.geteuid() != 0 or self.execute(["unshare", "-m", "true"]).returncode:
            self.skipTest("needs root and namespaces")

    def in_mounts(self, script):
        """A command prefix: what follows runs in a mount namespace after the script."""
        self.root("unshare", "mount")
        if self.execute(["unshare", "-m", "sh", "-c", script]).returncode:
            self.skipTest("may not mount here")
        return ["unshare", "-m", "sh", "-c", script + ' && exec "$@"', "sh"]

    def preloaded(self, library=None):
        """A prefix: the program alone is profiled, not what leads to it."""
        return ["env", "LD_PRELOAD=" + (library or shim()), "HEAPRING_DIR=" + self.segments]

    # life cycle

    def test_children_that_libc_did_not_make(self):
        for way in ("_Fork", "clone"):
            with self.subTest(way=way):
                dump, _, rows = self.hazard(way)
                self.assertEqual(rows["parent_only"]["alloc_objects"], 2000)
                self.assertNotIn("child_only", rows)
                child, = (self.read(path) for path in glob.glob(dump + ".*"))
                self.assertEqual([row["alloc_objects"] for row in child["rows"]
                                  if row["function"] == "child_only"], [500])
                for path in glob.glob(dump + "*") + glob.glob(self.segments + "/*"):
                    os.unlink(path)

    def test_a_vfork_child_that_ends_does_not_end_the_profile(self):
        _, top, rows = self.hazard("vfork")
        self.assertEqual(rows["parent_only"]["alloc_objects"], 2000)
        self.assertEqual((top["process"]["state"], top["process"]["exit"]), ("exited", 0))

    def test_a_thread_whose_first_events_are_a_vfork_childs(self):
        dump = self.path("dump")
        done = self.heapring("run", "-q", "-o", dump, "--", HAZARDS, "vfork-first")
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        top = self.read(dump)
        rows = {row["function"]: row for row in top["rows"]}
        self.assertEqual(rows["alone"]["alloc_objects"], int(done.stdout))
        self.assertEqual(rows["parent_only"]["alloc_objects"], 20000)
        self.assertEqual((top["coverage"]["bypassed"], top["coverage"]["dropped"]), (0, 0))

    def test_twenty_thousand_short_threads(self):
        dump, _, rows = self.hazard("threads", "20000")
        self.assertEqual([rows["short_life"][name] for name in ("alloc_objects", "inuse_objects")],
                         [20000, 0])
        self.assertLess(os.path.getsize(dump), 4 << 20)

    def test_more_living_threads_than_slots(self):
        """What cannot be counted is told."""
        dump = self.unchanged([HAZARDS, "live-threads", "4500"])
        top = self.read(dump)
        rows = {row["function"]: row for row in top["rows"]}
        dropped = top["coverage"]["dropped"]
        self.assertEqual(rows["meet"]["alloc_objects"] + dropped, 9000)
        self.assertTrue(0 < dropped < 1000, dropped)

    def test_many_forks_leave_few_segments(self):
        script = "i=0; while [ $i -lt 60 ]; do (:); i=$((i+1)); done"
        done = self.execute(["bash", "-c", script], env={
            "LD_PRELOAD": shim(), "HEAPRING_DIR": self.segments, "HEAPRING_KEEP": "10"})
        self.assertEqual(done.returncode, 0, done)
        self.assertLess(len(os.listdir(self.segments)), 16)

    def test_a_thread_that_begins_after_a_change_that_nobody_followed_yet(self):
        program = subprocess.Popen(
            [HAZARDS, "late-thread"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments))
        self.addCleanup(program.communicate)
        self.addCleanup(program.kill)
        self.assertEqual(program.stdout.readline(), b"ready\n")
        self.assertEqual(self.heapring("off", str(program.pid)).returncode, 0)
        program.stdin.write(b"\n")
        program.stdin.flush()
        self.assertEqual(program.stdout.readline(), b"done\n")
        top = self.read(str(program.pid))
        self.assertEqual(top["mode"]["kind"], "dormant")
        self.assertNotIn("parent_only", [row["function"] for row in top["rows"]])

    def test_children_that_go_on_in_the_midst_of_an_event(self):
        dump = self.path("dump")
        done = self.heapring("run", "-q", "-o", dump, "--", HAZARDS, "forking-handlers")
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        top = self.read(dump)
        rows = {row["function"]: row for row in top["rows"]}
        self.assertEqual([rows[name]["alloc_objects"] for name in ("left", "right")],
                         [int(word) for word in done.stdout.split()])
        self.assertIn(b"children not profiled", self.heapring("top", dump).stdout)

    # modules

    def test_blocks_of_a_deeply_bound_object_are_not_ours(self):
        _, top, rows = self.hazard("deepbind", ONE)
        self.assertEqual(rows["parent_only"]["alloc_objects"], 1000)
        self.assertEqual(top["coverage"]["untracked_frees"], 100)

    def test_another_namespace(self):
        _, _, rows = self.hazard("dlmopen", ONE)
        self.assertEqual(rows["parent_only"]["alloc_objects"], 2000)
        self.assertNotIn("plugin_one", rows)

    def test_two_objects_in_turn_at_one_address_and_stack(self):
        _, top, rows = self.hazard("swapped", ONE, TWO)
        for name in ("plugin_one", "plugin_two"):
            self.assertEqual((rows[name]["alloc_objects"], rows[name]["module"]),
                             (1000, name + ".so"))
        self.assertEqual(top["coverage"]["stacks_complete_pct"], 100)

    def test_converters_come_and_go_unannounced(self):
        _, top, rows = self.hazard("converters", ONE, TWO)
        self.assertEqual(rows["parent_only"]["alloc_objects"], 500)
        for name in ("plugin_one", "plugin_two"):
            self.assertEqual((rows[name]["alloc_objects"], rows[name]["module"]), (50, name + ".so"))
        self.assertGreater(top["coverage"]["stacks_complete_pct"], 99)

    def test_name_services(self):
        _, _, rows = self.hazard("names")
        self.assertEqual(rows["parent_only"]["alloc_objects"], 1000)

    def functions_while_it_runs(self, change):
        """`loaded` holds blocks of a copy of a plug-in; change(copy); then top reads it."""
        copy = self.path("plugin.so")
        shutil.copy(ONE, copy)
        program = subprocess.Popen(
            [HAZARDS, "loaded", copy], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments))
        self.addCleanup(program.communicate)
        self.assertEqual(program.stdout.readline(), b"ready\n")
        change(copy)
        done = self.heapring("top", "--format", "json", str(program.pid))
        self.assertEqual(done.returncode, 0, done)
        return [row["function"] for row in json.loads(done.stdout)["rows"]
                if row["module"].startswith("plugin.so") and row["flat"] == 7 * 64]

    def test_a_file_that_is_removed_or_replaced_while_it_is_mapped(self):
        self.assertEqual(self.functions_while_it_runs(lambda copy: None), ["plugin_one"])
        def replace(copy):
            shutil.copy(TWO, copy + ".new")
            os.rename(copy + ".new", copy)
        for change in (os.unlink, replace):
            names = self.functions_while_it_runs(change)
            self.assertEqual(len(names), 1, names)
            self.assertRegex(names[0], r"^plugin_one$|^plugin\.so.*\+0x")

    def test_a_static_program_runs(self):
        done = self.heapring("run", "-q", "--", STATIC_PIE)
        self.assertEqual((done.returncode, done.stdout), (7, b"static\n"), done)
        self.assertEqual(os.listdir(self.segments), [])

    # allocators

    def test_an_allocator_that_was_preloaded_before_the_shim(self):
        """Nothing can be counted: the program runs as ever, and we say so."""
        program = subprocess.Popen(
            [HAZARDS, "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=environment(LD_PRELOAD=os.path.abspath(SIGNAL_MALLOC) + ":" + shim(),
                            HEAPRING_DIR=self.segments))
        self.addCleanup(program.communicate)
        self.assertEqual(program.stdout.readline(), b"ready\n")
        said = b"malloc of signal_malloc.so comes before the shim's"
        top = self.heapring("top", str(program.pid))
        self.assertEqual(top.returncode, 0, top)
        self.assertIn(b"no allocation was seen: " + said, top.stdout)
        doctor = self.heapring("doctor", str(program.pid))
        self.assertEqual(doctor.returncode, 4, doctor)
        self.assertIn(said, doctor.stdout)

    # stacks

    def test_handlers_that_allocate_in_the_midst_of_a_walk(self):
        """With an allocator that bears it; what the handler interrupted counts where it was."""
        for odd in ("1", None):
            with self.subTest(odd=odd):
                dump = self.path("dump")
                done = self.heapring("run", "-q", "-o", dump, "--", HAZARDS, "handlers", env={
                    "LD_PRELOAD": os.path.abspath(SIGNAL_MALLOC), "SIGNAL_MALLOC_ODD": odd})
                self.assertEqual((done.returncode, done.stderr), (0, b""), done)
                left, right, handled = (int(word) for word in done.stdout.split())
                top = self.read(dump)
                rows = {row["function"]: row for row in top["rows"]}
                self.assertEqual((rows["left"]["alloc_objects"], rows["right"]["alloc_objects"]),
                                 (left, right))
                counted = rows["handled"]["alloc_objects"] if "handled" in rows else 0
                self.assertEqual(counted + top["coverage"]["bypassed"], handled)
                self.assertEqual(sum(row["inuse_objects"] for row in top["rows"]
                                     if row["function"] in ("left", "right", "handled", "give_one")), 0)
                self.assertGreater(rows["give_one"]["alloc_objects"], 1000)
                self.assertEqual(top["coverage"]["missed_frees"], 0)

    @unittest.skipUnless(platform.machine() == "x86_64", "single steps are x86-64's trap flag")
    def test_handlers_that_allocate_while_their_thread_attaches(self):
        dump = self.path("dump")
        done = self.heapring("run", "-q", "-o", dump, "--", HAZARDS, "stepped-attach",
                             env={"LD_PRELOAD": os.path.abspath(SIGNAL_MALLOC)})
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        top = self.read(dump)
        rows = {row["function"]: row for row in top["rows"]}
        self.assertEqual(rows["handled"]["alloc_objects"] + top["coverage"]["bypassed"], int(done.stdout))
        self.assertGreater(top["coverage"]["bypassed"], 10)
        self.assertEqual(sum(row["inuse_objects"] for row in top["rows"]
                             if row["function"] in ("handled", "give_one", "attach_in_steps")), 0)
        self.assertEqual(top["coverage"]["missed_frees"], 0)

    def test_stacks_of_eight_kib(self):
        _, top, rows = self.hazard("small-stacks")
        self.assertEqual(rows["deeper"]["alloc_objects"], 700)
        self.assertEqual(top["coverage"]["stacks_complete_pct"], 100)

    def test_stacks_beside_the_threads_own_that_end_further_in_than_before(self):
        for where in ("above", "below"):
            _, _, rows = self.hazard("stacks-beside", where)
            self.assertEqual(rows["at_level"]["alloc_objects"], 24)

    def test_stacks_through_what_is_no_file(self):
        dump, _, rows = self.hazard("vdso")  # no warning of a file that is not here
        self.assertGreaterEqual(rows["handled"]["alloc_objects"], 3000)
        modules = {row["module"] for row in self.read(dump, "--cum")["rows"]}
        self.assertIn("[vdso]", modules)

    def test_java(self):
        java = shutil.which("java")
        if not java:
            self.need("/usr/bin/java")
        done = self.heapring("run", "-q", "--", java, "-version")
        self.assertEqual(done.returncode, 0, done)
        with open(self.path("Churn.java"), "w", encoding="utf-8") as stream:
            stream.write(JAVA)
        done, dump = self.profile([java, "-Xmx256m", self.path("Churn.java")])
        self.assertEqual((done.returncode, done.stdout), (0, b"done\n"), done)
        self.assertGreater(self.read(dump)["total"]["alloc_objects"], 10000)

    # limits and sandboxes

    def test_the_budget_is_used_up(self):
        """Stacks are lost, no block is: 16,384 stacks, of whose blocks a thread frees most."""
        _, top, rows = self.hazard("many-stacks", env={"HEAPRING_BUDGET": "1MiB"})
        whole = self.hazard("many-stacks")[1]
        self.assertEqual({name: top["total"][name] for name in top["total"] if name != "peak_space"},
                         {name: whole["total"][name] for name in whole["total"] if name != "peak_space"})
        self.assertGreater(top["coverage"]["overflow"], 0)
        self.assertGreater(rows["[overflow]"]["alloc_objects"], 0)
        self.assertEqual(whole["coverage"]["overflow"], 0)

    def test_no_descriptor_is_left(self):
        _, _, rows = self.hazard("no-descriptors")
        self.assertEqual(rows["parent_only"]["alloc_objects"], 3000)

    def check_truth(self, under, env=None):
        """The whole truth of a C program, wherever it runs."""
        dump = self.path("dump")
        done = self.heapring_under(under, "run", "-q", "-o", dump, "--", TRUTH, "portable", env=env)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        rows = {row["function"]: row for row in self.read(dump)["rows"]}
        for name, figures in json.loads(done.stdout)["functions"].items():
            for sample in ("alloc_objects", "alloc_space", "inuse_objects", "inuse_space"):
                self.assertEqual(rows[name][sample] if name in rows else 0, figures[sample], name)

    def test_a_limit_on_address_space(self):
        if not shutil.which("prlimit"):
            self.skipTest("prlimit is missing")
        self.check_truth(["prlimit", "--as=%d" % (1 << 30)])

    def test_a_limit_on_address_space_is_the_programs(self):
        if not shutil.which("prlimit"):
            self.skipTest("prlimit is missing")
        for limit in (512 << 20, 1 << 30):
            done = self.execute(["prlimit", "--as=%d" % limit, *self.preloaded(), HAZARDS, "half-the-space"])
            self.assertEqual((done.returncode, done.stderr), (0, b""), done)
            segment, = glob.glob(self.segments + "/heapring.*")
            rows = {row["function"]: row["alloc_objects"] for row in self.read(segment)["rows"]}
            self.assertEqual(rows["parent_only"], 1000)
            os.unlink(segment)

    def test_no_proc(self):
        under = self.in_mounts("mount -t tmpfs none /proc")
        done = self.execute([*under, *self.preloaded(), HAZARDS, "vfork"])
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        segment, = glob.glob(self.segments + "/heapring.*")
        rows = {row["function"]: row["alloc_objects"] for row in self.read(segment)["rows"]}
        self.assertEqual(rows["parent_only"], 2000)

    def test_a_read_only_file_system(self):
        under = self.in_mounts("mount --bind %s %s && mount -o remount,bind,ro %s" %
                               ((self.segments,) * 3))
        done = self.execute([*under, *self.preloaded(), HAZARDS, "vfork"])
        self.assertEqual((done.returncode, done.stdout), (0, b""), done)
        self.assertRegex(done.stderr, b"unprofiled.*[Rr]ead-only")

    def test_no_dev_shm(self):
        under = self.in_mounts("mount -t tmpfs none /dev")
        done = self.execute([*under, "env", "LD_PRELOAD=" + shim(), HAZARDS, "vfork"])
        self.assertEqual((done.returncode, done.stdout), (0, b""), done)
        self.assertRegex(done.stderr, b"^heapring: [^\n]*/dev/shm[^\n]*\n$")

    def test_a_small_memory_cgroup(self):
        group = "/sys/fs/cgroup/memory/heapring-test-%d" % os.getpid()
        limit = os.path.join(group, "memory.limit_in_bytes")
        if not os.path.isdir("/sys/fs/cgroup/memory"):
            group = "/sys/fs/cgroup/heapring-test-%d" % os.getpid()
            limit = os.path.join(group, "memory.max")
        try:
            os.mkdir(group)
            self.addCleanup(os.rmdir, group)
            with open(limit, "w", encoding="ascii") as stream:
                stream.write(str(64 << 20))
        except OSError as error:
            self.skipTest("no memory cgroup of ours: %s" % error)
        self.check_truth(["sh", "-c", "echo $$ > %s/cgroup.procs && exec \"$@\"" % group, "sh"])

    def test_a_chroot(self):
        self.root("chroot")
        jail = self.path("jail")
        needed = subprocess.run(["ldd", HAZARDS, shim()], capture_output=True, text=True, check=True)
        files = {word for word in needed.stdout.split() if word.startswith("/") and word[-1] != ":"}
        for path in files | {os.path.abspath(HAZARDS), os.path.abspath(shim())}:
            os.makedirs(jail + os.path.dirname(path), exist_ok=True)
            shutil.copy(path, jail + path)
        os.makedirs(jail + "/dev/shm")
        shutil.copy(shutil.which("env"), jail + "/env")
        done = self.execute(["chroot", jail, "/env", "LD_PRELOAD=" + os.path.abspath(shim()),
                             os.path.abspath(HAZARDS), "vfork"])
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        segment, = glob.glob(jail + "/dev/shm/heapring.*")
        rows = {row["function"]: row["alloc_objects"] for row in self.read(segment)["rows"]}
        self.assertEqual(rows["parent_only"], 2000)

    def as_nobody(self, *argv):
        return self.execute(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *argv])

    def test_another_users_segment_is_that_users(self):
        self.root("setpriv")
        os.chmod(self.folder, 0o755)
        os.chmod(self.segments, 0o1777)
        copy = self.path("hazards")
        shutil.copy(HAZARDS, copy)
        library = self.path("libheapring.so")
        shutil.copy(shim(), library)
        profiled = self.preloaded(library)
        self.assertEqual(self.as_nobody(*profiled, copy, "vfork").returncode, 0)
        segment, = glob.glob(self.segments + "/heapring.*")
        mode = os.stat(segment)
        self.assertEqual((mode.st_uid, mode.st_mode & 0o777), (65534, 0o600))
        self.assertEqual(self.read(segment)["total"]["alloc_objects"], 2000)
        with self.subTest("set-uid"):
            os.unlink(segment)
            os.chmod(copy, 0o4755)
            self.assertEqual(self.as_nobody(*profiled, copy, "vfork").returncode, 0)
            self.assertEqual(os.listdir(self.segments), [])

    def test_another_pid_namespace(self):
        """Its number is that of its own namespace; from outside it is found by its file."""
        self.root("unshare")
        if self.execute(["unshare", "-pf", "--mount-proc", "true"]).returncode:
            self.skipTest("no PID namespaces here")
        program = subprocess.Popen(
            ["unshare", "-pf", "--mount-proc", *self.preloaded(), HAZARDS, "live"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
        self.addCleanup(program.communicate)
        self.assertEqual(program.stdout.readline(), b"ready\n")
        segment, = glob.glob(self.segments + "/heapring.1.*")
        top = self.read(segment)
        self.assertEqual((top["process"]["pid"], top["process"]["state"]), (1, "live"))
        rows = {row["function"]: row["alloc_objects"] for row in top["rows"]}
        self.assertEqual(rows["parent_only"], 1000)
        ps = json.loads(self.heapring("ps", "--format", "json").stdout)["rows"]
        self.assertEqual([row["process"]["state"] for row in ps], ["live"])


if __name__ == "__main__":
    main()
