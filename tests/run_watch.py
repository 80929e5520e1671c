#!/usr/bin/env python3
"""`heapring watch` in a real terminal, which tmux is: its screens, keys and sizes.

Usage: run_watch.py HEAPRING CHURN
"""
import os
import re
import shlex
import shutil
import subprocess
import time

from profiled import ARGS, HEAPRING, REQUIRED, Profiled, environment, main, shim

CHURN = os.path.abspath(ARGS[0])
PATIENCE = 60


class Terminal:
    """A tmux server of its own with one window that runs a command."""

    def __init__(self, test, argv, columns=80, lines=24, **env):
        self.test = test
        self.socket = test.path("tmux%d" % len(os.listdir(test.folder)))
        self.env = environment(TERM="xterm", LC_ALL="C.UTF-8")
        env = dict(env, HEAPRING_DIR=test.segments)
        words = ["env", *("%s=%s" % pair for pair in env.items()), *argv]
        line = " ".join(map(shlex.quote, words))
        test.addCleanup(self.tmux, "kill-server", check=False)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "w", "-x", str(columns),
                  "-y", str(lines), "%s; echo status $?; sleep 1000" % line)

    def tmux(self, *args, check=True):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *args], check=check, env=self.env,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60,
                              text=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "w")

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "w", *keys)

    def resize(self, columns, lines):
        self.tmux("resize-window", "-t", "w", "-x", str(columns), "-y", str(lines))

    def wait(self, pattern, gone=False):
        """The first screen that has the pattern, or has it no more."""
        end = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if (re.search(pattern, screen, re.M) is None) == gone:
                return screen
            if time.monotonic() > end:
                self.test.fail("%s %r on:\n%s" % ("still" if gone else "no", pattern, screen))
            time.sleep(0.1)


class Watch(Profiled):
    def setUp(self):
        super().setUp()
        if not shutil.which("tmux"):
            if REQUIRED:
                self.fail("no tmux (scripts/setup installs it)")
            self.skipTest("no tmux")

    def start(self, *args):
        env = environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments)
        process = subprocess.Popen([CHURN, *(args or ("300",))], stdout=subprocess.PIPE, env=env)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def watch(self, *args, **kw):
        return Terminal(self, [HEAPRING, "watch", "-i", "0.2", *args], **kw)

    def test_from_the_list_to_a_stack_and_back(self):
        process = self.start()
        other = self.start("300", "idle")
        terminal = self.watch()
        screen = terminal.wait(r"%d .*churn" % other.pid)
        self.assertRegex(screen, r"2 processes")
        self.assertRegex(screen, r"%d .*live churn" % process.pid)
        first = re.search(r"STATE PROGRAM\n +(\d+)", screen).group(1)
        terminal.keys("Enter")
        terminal.wait(r"churn, pid %s, running, exact" % first)
        screen = terminal.wait(r"make_block < ")
        self.assertRegex(screen, r">LIVE +GROWTH/s +ALLOC/s +BLOCKS +AGE +TREND FUNCTION")
        terminal.keys("Enter")
        terminal.wait(r"^ +_start  \[churn\]$")
        terminal.keys("Enter")
        terminal.wait(r"^ +_start  \[churn\]$", gone=True)
        terminal.keys("Escape")
        terminal.wait(r"2 processes")
        terminal.keys("q")
        terminal.wait(r"status 0")

    def test_figures_are_those_of_top(self):
        process = self.start("300", "idle")
        screen = self.watch(str(process.pid)).wait(r"make_block < main")
        total = self.read(str(process.pid))["total"]
        self.assertRegex(screen, r"blocks %d " % total["inuse_objects"])
        self.assertRegex(screen, r"(?m)^ +100B +0B +0B +1 .*make_block < main")

    def test_orders_filter_freeze_mark_and_help(self):
        process = self.start()
        terminal = self.watch(str(process.pid))
        terminal.wait("make_block")
        for key, name in (("g", "GROWTH/s"), ("r", "ALLOC/s"), ("c", "BLOCKS"), ("a", "AGE"),
                          ("l", "LIVE")):
            terminal.keys(key)
            terminal.wait(">" + name)
        terminal.keys("<")
        terminal.wait(">AGE")
        terminal.keys("/")
        terminal.keys("doallocate(")
        terminal.wait(r"/doallocate\(_   \(no regular")
        terminal.keys("BSpace", "Enter")
        terminal.wait(r"exact  /doallocate$")
        terminal.wait("make_block", gone=True)
        terminal.keys("/", "Escape")
        terminal.wait("make_block")
        terminal.keys("m")
        terminal.wait(r"MARKED\n")
        terminal.wait("SINCE")
        terminal.keys("M")
        terminal.wait("GROWTH/s")
        terminal.keys("p")
        terminal.wait("FROZEN")
        screen = terminal.screen()
        time.sleep(1)
        self.assertEqual(terminal.screen(), screen)
        terminal.keys("p")
        terminal.wait("FROZEN", gone=True)
        terminal.keys("h")
        terminal.wait("any key goes on")
        terminal.keys("x")
        terminal.wait("any key goes on", gone=True)

    def test_every_size_and_back(self):
        process = self.start()
        terminal = self.watch(str(process.pid))
        terminal.wait("make_block")
        for columns, lines in ((200, 50), (60, 10), (40, 8), (20, 5)):
            terminal.resize(columns, lines)
            screen = terminal.wait(r"LIVE.*FUNCTION" if columns > 20 else r"LIVE")
            self.assertLessEqual(max(map(len, screen.splitlines())), columns)
        for columns, lines in ((19, 24), (80, 3), (5, 2), (2, 1)):
            terminal.resize(columns, lines)
            terminal.wait("too small"[:columns])
        terminal.resize(80, 24)
        terminal.wait(r"GROWTH/s +ALLOC/s +BLOCKS +AGE +TREND FUNCTION")
        self.assertRegex(terminal.wait("q quit"), "make_block")

    def test_locales(self):
        process = self.start()
        plain = self.watch(str(process.pid), LC_ALL="C").wait(r"[_.~=+*#-]{6,} make_block")
        self.assertTrue(plain.isascii())
        self.watch(str(process.pid), LC_ALL="C.UTF-8").wait("[▁▂▃▄▅▆▇█]{6,} make_block")

    def test_it_says_when_the_process_ended_and_keeps_its_figures(self):
        process = self.start()
        terminal = self.watch(str(process.pid))
        terminal.wait("running.*\n(.*\n)*.*make_block")
        process.kill()
        process.wait()
        self.assertIn("make_block", terminal.wait("killed"))
        terminal.keys("Escape")
        terminal.wait(r"killed churn")

    def test_without_a_terminal_or_a_target_it_is_one_line(self):
        done = self.heapring("watch")
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done)
        self.assertEqual(self.heapring("watch", "4194000").returncode, 4)
        self.assertEqual(self.heapring("watch", "-i", "0").returncode, 2)
        terminal = self.watch(TERM="no-such-terminal")
        self.assertRegex(terminal.wait("status 2"), "no-such-terminal")
        self.watch().wait("no process is profiled")


if __name__ == "__main__":
    main()
