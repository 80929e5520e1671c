#!/usr/bin/env python3
"""What a person sees: names are made to fit the terminal, and only a terminal.

Usage: run_terminal.py HEAPRING LONG_NAMES
"""
import fcntl
import os
import pty
import struct
import subprocess
import termios

from profiled import ARGS, HEAPRING, Profiled, environment, main

PROGRAM = ARGS[0]
VIEWS = (["top"], ["top", "--cum"], ["top", "--lines", "-n", "60"], ["tree"], ["traces"],
         ["peek", "put"], ["lifetimes"], ["sizes"], ["foreign"], ["slack"], ["trend"])


class Terminal(Profiled):
    def setUp(self):
        super().setUp()
        done, self.dump = self.profile([PROGRAM])
        self.assertEqual(done.returncode, 0, done)

    def on_terminal(self, columns, *args, **env):
        """The lines that the command writes on a terminal so wide."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        env = environment(**{"HEAPRING_PAGER": "cat", "NO_COLOR": "1", "TERM": "xterm",
                             "HEAPRING_DIR": self.segments, **env})
        with subprocess.Popen([HEAPRING, *args], stdin=theirs, stdout=theirs,
                              stderr=subprocess.PIPE, env=env) as process:
            os.close(theirs)
            text = b""
            while True:
                try:
                    more = os.read(ours, 65536)
                except OSError:
                    break  # EIO: nobody holds the other end
                text += more
            os.close(ours)
            self.assertEqual(process.wait(), 0, process.stderr.read())
        return text.decode().replace("\r\n", "\n").splitlines()

    def piped(self, *args):
        done = self.heapring(*args)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.decode()

    def test_rows_are_as_wide_as_the_terminal_at_most(self):
        for columns in (80, 120):
            for view in VIEWS:
                lines = self.on_terminal(columns, *view, self.dump)
                wide = [line for line in lines if len(line) > columns]
                self.assertEqual(wide, [], view)
                self.assertTrue(any("…" in line for line in lines) or view == ["foreign"] or
                                columns > 80, (view, lines))

    def test_the_outer_name_and_the_end_stay(self):
        lines = self.on_terminal(80, "top", "--cum", self.dump)
        self.assertTrue(any(line.endswith("warehouse::detail::Catalogue<…>::put")
                            for line in lines), lines)

    def test_prose_breaks_between_words(self):
        for columns in (80, 120):
            for words in (["audit", self.dump], ["doctor", PROGRAM]):
                lines = self.on_terminal(columns, *words)
                self.assertEqual([line for line in lines if len(line) > columns
                                  and "heapring " not in line], [], words)
        flat = lambda text: " ".join(text.split())  # noqa: E731
        piped = self.piped("audit", "--format", "markdown", self.dump)
        self.assertEqual(self.on_terminal(80, "audit", "--format", "markdown", self.dump),
                         piped.splitlines())
        self.assertEqual(flat("\n".join(self.on_terminal(80, "doctor", PROGRAM))),
                         flat(self.piped("doctor", PROGRAM)))

    def test_whole_where_nobody_looks(self):
        whole = "warehouse::detail::Catalogue<std::string, std::map<int, std::string, "
        for view in VIEWS:
            text = self.piped(*view, self.dump)
            self.assertNotIn("…", text)
            if view[0] not in ("foreign", "trend"):
                self.assertIn(whole if "--cum" in view or view[0] in ("tree", "traces", "peek")
                              else "std::allocator<std::pair<", text, view)

    def test_one_line_about_a_stack_begins_with_who_is_responsible(self):
        rows = [line.split("  ")[-1] for line in self.piped("trend", self.dump).splitlines()
                if line.lstrip().startswith("+") and "█" in line]
        self.assertGreater(len(rows), 3)
        self.assertTrue(any(row.startswith("warehouse::detail::Catalogue<") for row in rows), rows)
        for row in rows:
            self.assertRegex(row, r"^(warehouse::|main|lib)", rows)
            self.assertNotRegex(row, r"< std::")

    def test_json_on_a_terminal_keeps_whole_names(self):
        text = "\n".join(self.on_terminal(80, "top", "--format", "json", self.dump))
        self.assertNotIn("…", text)
        self.assertIn("std::allocator<std::pair<", text)

    def test_a_pager_gets_what_fits_the_terminal_behind_it(self):
        lines = self.on_terminal(80, "top", self.dump, HEAPRING_PAGER="sed s/^/./")
        self.assertTrue(all(line.startswith(".") and len(line) <= 81 for line in lines), lines)
        self.assertTrue(any("…" in line for line in lines))

    def test_a_wide_terminal_shortens_nothing(self):
        self.assertEqual(self.on_terminal(4000, "top", "--cum", self.dump),
                         self.piped("top", "--cum", self.dump).splitlines())


if __name__ == "__main__":
    main()
