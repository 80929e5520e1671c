#!/usr/bin/env python3
"""The command line on synthetic dumps: exit statuses, error lines, JSON keys.

Usage: run_cli.py HEAPRING MAKE_SEGMENT
Needs no shim: programs that are really profiled are other tests' business.
"""
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HEAPRING, MAKE_SEGMENT = (os.path.abspath(path) for path in sys.argv[1:3])
COMPLETION = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                          "analyzer", "completion", "heapring.bash")


class Cli(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dump = self.make("example")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def make(self, kind, *args, name=None):
        path = self.path(name or kind)
        subprocess.run([MAKE_SEGMENT, kind, path, *args], check=True)
        return path

    def run_it(self, *args, **kw):
        env = {**os.environ, "HEAPRING_DIR": self.folder.name, **kw.pop("env", {})}
        return subprocess.run([HEAPRING, *args], capture_output=True, text=True, env=env,
                              timeout=60, **kw)

    def fails(self, status, *args, saying=""):
        done = self.run_it(*args)
        self.assertEqual(done.returncode, status, done)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("heapring: "), done.stderr)
        self.assertIn(saying, done.stderr)
        self.assertEqual(done.stdout, "")

    def json(self, *args):
        done = self.run_it(*args, "--format", "json")
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)

    def test_output_that_cannot_be_written_is_a_failure(self):
        for view in (["top"], ["top", "--format", "json"], ["audit"], ["export", "--to", "csv",
                                                                       "-o", "-"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([HEAPRING, *view, self.dump], stdout=full, text=True,
                                      stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertEqual(done.returncode, 3, (view, done))
            said = [line for line in done.stderr.splitlines() if "warning" not in line]
            self.assertEqual(len(said), 1, (view, done))
            self.assertIn("No space left on device", said[0])

    def test_alone_it_prints_an_overview_of_one_screen(self):
        done = self.run_it()
        self.assertEqual(done.returncode, 0)
        self.assertLess(done.stdout.count("\n"), 56)
        for command in ("run", "ps", "dump", "clean", "top", "traces", "on", "off", "rate",
                        "version"):
            self.assertIn("  %s " % command, done.stdout)
            self.assertEqual(self.run_it(command, "--help").returncode, 0)
            self.assertIn("Usage: heapring %s" % command,
                          self.run_it(command, "--help").stdout)

    def test_help_fits_a_terminal_of_80_columns(self):
        for command in self.commands():
            for line in self.run_it(command, "--help").stdout.splitlines():
                self.assertLessEqual(len(line), 88 if line[0:1].isalpha() else 80, line)

    def commands(self):
        listed = self.run_it("options").stdout.splitlines()
        return [line.split("\t")[0] for line in listed]

    def test_every_command_has_a_manual_page_with_all_its_options(self):
        self.assertIn("heapring", self.run_it("man").stdout)
        for command in self.commands():
            page = self.run_it("man", command).stdout
            self.assertTrue(page.startswith(".TH heapring\\-" + command), page)
            for line in self.run_it("options", command).stdout.splitlines():
                name, letter, value, text = line.split("\t")
                wanted = name.replace("-", "\\-") if len(name) > 1 else letter
                self.assertIn(wanted, page)
                self.assertIn(text.split()[0], self.run_it(command, "--help").stdout)
        if shutil.which("groff"):
            for command in self.commands():
                page = self.run_it("man", command).stdout
                done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page,
                                      capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), command)

    def complete(self, *words):
        script = ('source "%s"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _heapring; '
                  'printf "%%s\\n" "${COMPREPLY[@]}"' % COMPLETION)
        env = dict(os.environ, PATH=os.path.dirname(HEAPRING) + ":" + os.environ["PATH"],
                   HEAPRING_DIR=self.folder.name)
        return subprocess.run(["bash", "-c", script, "bash", *words], env=env, check=True,
                              capture_output=True, text=True).stdout.split()

    def test_bash_completes_commands_options_values_and_pids(self):
        self.assertIn("top", self.complete("heapring", "t"))
        self.assertIn("--focus", self.complete("heapring", "top", "--fo"))
        self.assertEqual(self.complete("heapring", "top", "--sample", "inuse_o"),
                         ["inuse_objects"])
        self.make("example", name="heapring.4000007.1")
        self.assertIn("4000007", self.complete("heapring", "top", "40"))

    def test_the_pager_is_used_on_a_terminal_only(self):
        script = "exec 3>&1; script -qec '%s top %s' /dev/null" % (HEAPRING, self.dump)
        env = dict(os.environ, HEAPRING_PAGER="sed s/^/paged:/", TERM="xterm")
        if shutil.which("script") is None:
            self.skipTest("no script(1) to make a terminal")
        done = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        self.assertIn("paged:example", done.stdout)
        self.assertIn("\033[1m", done.stdout)
        self.assertNotIn("paged:", self.run_it("top", self.dump, env=env).stdout)

    def test_wrong_usage_is_one_line_and_status_2(self):
        self.fails(2, "nonsense", saying="nonsense")
        self.fails(2, "top", saying="missing")
        self.fails(2, "top", "a", "b", saying="too many")
        self.fails(2, "top", "--bogus", self.dump, saying="--bogus")
        self.fails(2, "top", "--sample", "heap", self.dump, saying="inuse_space")
        self.fails(2, "top", "--focus", "(", self.dump, saying="focus")
        self.fails(2, "top", "-n", "many", self.dump, saying="many")
        self.fails(2, "top", "-n", saying="value")
        self.fails(2, "dump", self.dump, saying="-o")
        self.fails(2, "run", saying="missing")
        self.fails(2, "run", "--rate", "fast", "true", saying="rate")
        self.fails(2, "clean", "--older", "soon", saying="older")
        self.fails(2, "version", "now", saying="too many")

    def test_bad_input_is_one_line_and_status_3(self):
        for command in ("top", "traces"):
            self.fails(3, command, self.path("absent"), saying="No such file")
            self.fails(3, command, "/etc/passwd", saying="not a heapring")
            self.fails(3, command, self.folder.name, saying="not a regular file")
            self.fails(3, command, "/dev/zero", saying="not a regular file")
        open(self.path("empty"), "w").close()
        self.fails(3, "top", self.path("empty"), saying="empty")

    def test_a_dump_cut_at_every_page_says_how_much_is_missing(self):
        with open(self.dump, "rb") as stream:
            whole = stream.read()
        pages = len(whole) // 4096
        for kept in range(1, pages):
            with open(self.path("cut"), "wb") as stream:
                stream.write(whole[:kept * 4096])
            self.fails(3, "top", self.path("cut"),
                       saying="%d of its %d pages are missing" % (pages - kept, pages))

    def test_a_pid_that_is_not_profiled_is_status_4(self):
        self.fails(4, "top", str(os.getpid()), saying="is not profiled")
        self.fails(4, "top", "999999999", saying="no process")
        for command in ("on", "off", "rate"):
            self.fails(4, command, str(os.getpid()), saying="is not profiled")
        self.fails(4, "off", self.dump, saying="not of a running process")
        self.fails(2, "rate", "1", "fast", saying="512KiB")

    def test_a_segment_of_another_user_is_refused(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        path = self.make("example", name="heapring.4000001.1")
        os.chmod(path, 0o644)
        os.chmod(self.folder.name, 0o755)
        done = subprocess.run([HEAPRING, "top", "4000001"], capture_output=True, text=True,
                              env=dict(os.environ, HEAPRING_DIR=self.folder.name),
                              user=65534, cwd="/")
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("belongs to user 0", done.stderr)

    def test_a_symbolic_link_in_the_segment_folder_is_refused(self):
        os.symlink(self.dump, self.path("heapring.4000002.1"))
        self.fails(3, "top", "4000002", saying="symbolic link")

    def test_json_of_top_has_every_key_and_integer_counts(self):
        top = self.json("top", self.dump)
        self.assertEqual((top["schema"], top["view"]), ("heapring/1", "top"))
        self.assertEqual(top["process"],
                         {"pid": 4000000, "exe": "/usr/bin/example",
                          "command": ["example", "-v"],
                          "start_unix_ns": 1700000000000000000, "state": "exited",
                          "exit": 0, "signal": None})
        self.assertEqual(top["mode"], {"kind": "exact", "rate_bytes": 1})
        self.assertEqual(top["coverage"],
                         {"stacks_complete_pct": 75.0, "truncated": 5, "overflow": 0,
                          "missed_frees": 0, "untracked_frees": 0, "bypassed": 0,
                          "dropped": 0})
        self.assertEqual(top["total"],
                         {"inuse_space": 650, "inuse_objects": 11, "alloc_space": 6050,
                          "alloc_objects": 20, "peak_space": 5600})
        self.assertEqual((top["sample"], top["unit"]), ("inuse_space", "bytes"))
        keys = {"function", "file", "line", "module", "flat", "flat_pct", "cum", "cum_pct",
                "inuse_space", "inuse_objects", "alloc_space", "alloc_objects", "stderr"}
        for row in top["rows"]:
            self.assertEqual(set(row), keys)
            self.assertIsInstance(row["flat"], int)
            self.assertIsInstance(row["stderr"], int)
        self.assertEqual(top["rows"][0]["function"], "example+0x2001")
        self.assertEqual(top["rows"][0]["flat"], 600)

    def test_json_with_cum_is_ordered_by_cum_and_has_the_figures_beside(self):
        top = self.json("top", "--cum", "--sample", "alloc_objects", self.dump)
        self.assertEqual(top["unit"], "count")
        cums = [row["cum"] for row in top["rows"]]
        self.assertEqual(cums, sorted(cums, reverse=True))
        for row in top["rows"]:
            self.assertEqual(row["cum"], row["cum_alloc_objects"])
            self.assertIn("cum_inuse_space", row)

    def test_json_has_all_rows_unless_n_is_given(self):
        dump = self.make("large", "300")
        self.assertGreater(len(self.json("top", dump)["rows"]), 100)
        self.assertEqual(len(self.json("top", "-n", "3", dump)["rows"]), 3)
        self.assertEqual(len(self.json("top", dump, "-n", "0")["rows"]), 0)

    def test_flat_adds_up_to_the_totals_in_every_view(self):
        dump = self.make("large", "500")
        for sample in ("inuse_space", "inuse_objects", "alloc_space", "alloc_objects"):
            for view in (["top"], ["top", "--lines"], ["top", "--modules"], ["traces"]):
                shown = self.json(*view, "--sample", sample, dump)
                self.assertEqual(sum(row["flat"] for row in shown["rows"]),
                                 shown["total"][sample])

    def test_json_of_traces_has_stacks_innermost_first(self):
        traces = self.json("traces", self.dump)
        self.assertEqual(traces["view"], "traces")
        names = [frame["function"] for frame in traces["rows"][0]["stack"]]
        self.assertEqual(names, ["example+0x2001", "example+0x1001"])

    def test_sampled_figures_carry_their_error(self):
        top = self.json("top", "--sample", "alloc_space", self.make("sampled"))
        self.assertEqual(top["mode"], {"kind": "sampled", "rate_bytes": 524288})
        self.assertEqual(top["rows"][0]["stderr"], 10)

    def test_text_is_aligned_without_trailing_blanks_or_colour(self):
        done = self.run_it("top", self.dump, env={"TERM": "xterm"})
        self.assertNotIn("\033", done.stdout)
        for line in done.stdout.splitlines():
            self.assertEqual(line, line.rstrip())
        self.assertIn("coverage: 75.00%", done.stdout)

    def test_a_dump_of_a_dump_has_the_same_figures(self):
        copy = self.path("copy")
        done = self.run_it("dump", self.dump, "-o", copy)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.json("top", copy), self.json("top", self.dump))

    def test_a_dump_that_cannot_be_written_leaves_nothing(self):
        before = sorted(os.listdir(self.folder.name))
        self.fails(3, "dump", self.dump, "-o", self.path("no/such/folder"), saying="cannot write")
        self.assertEqual(sorted(os.listdir(self.folder.name)), before)
        os.mkdir(self.path("folder"))
        self.fails(3, "dump", self.dump, "-o", self.path("folder"), saying="cannot write")
        self.assertEqual(sorted(os.listdir(self.folder.name)), sorted(before + ["folder"]))

    def test_ps_lists_segments_and_clean_removes_them(self):
        path = self.make("example", name="heapring.4000000.1700000000000000000")
        rows = self.json("ps")["rows"]
        self.assertEqual(len(rows), 1)
        self.assertEqual(rows[0]["process"]["state"], "exited")
        self.assertEqual(rows[0]["inuse_space"], 650)
        self.assertEqual(rows[0]["file"], path)
        self.assertIn("4000000", self.run_it("ps").stdout)
        self.assertNotIn("FILE", self.run_it("ps").stdout)
        self.assertEqual(self.run_it("clean", "--older", "1h").returncode, 0)
        self.assertTrue(os.path.exists(path))
        self.assertEqual(self.run_it("clean", "--dry-run").stdout, path + "\n")
        self.assertTrue(os.path.exists(path))
        self.assertEqual(self.run_it("clean").returncode, 0)
        self.assertFalse(os.path.exists(path))
        self.assertTrue(os.path.exists(self.dump), "only segments are removed")

    def test_ps_reports_what_it_could_not_read_and_goes_on(self):
        self.make("example", name="heapring.4000000.1")
        with open(self.path("heapring.4000003.1"), "w") as stream:
            stream.write("rubbish")
        done = self.run_it("ps")
        self.assertEqual(done.returncode, 0)
        self.assertIn("4000000", done.stdout)
        self.assertIn("1 left out", done.stderr)

    def test_run_refuses_before_it_runs_anything(self):
        mark = self.path("ran")
        for args in (["--interval", "0"], ["--interval", "25h"], ["--budget", "1B"],
                     ["--budget", "65GiB"], ["--depth", "0"], ["--depth", "513"],
                     ["--depth", "10 "], ["--follow", "sometimes"]):
            self.fails(2, "run", *args, "--", "touch", mark, saying="is no value for " + args[0])
        self.fails(3, "run", "-o", self.path("none") + "/dump", "--", "touch", mark,
                   saying="cannot write")
        self.assertFalse(os.path.exists(mark))

    def test_a_compressed_dump_is_told_from_a_damaged_profile(self):
        path = self.path("dump.gz")
        with open(self.dump, "rb") as dump, gzip.open(path, "wb") as packed:
            packed.write(dump.read())
        self.fails(3, "top", path, saying="it is a compressed dump; gunzip it first")

    def test_filters_that_leave_nothing_say_so(self):
        for args in (["top", "--focus", "zzz"], ["tree", "--show-from", "zzz"],
                     ["traces", "--focus", "zzz"], ["diff", "--focus", "zzz", self.dump]):
            self.assertIn("no stack passes the filters", self.run_it(*args, self.dump).stdout)
        self.assertNotIn("passes", self.run_it("top", "--focus", ".", self.dump).stdout)

    def test_a_mistyped_command_names_the_one_that_was_meant(self):
        for typed, meant in (("tpo", "top"), ("lits", "list"), ("dif", "diff"), ("flaem", "flame")):
            self.fails(2, typed, saying="did you mean `%s`?" % meant)
        for typed in ("xyzzy", "", "--versoin"):
            self.fails(2, typed, saying="`heapring` alone lists them")
        self.assertIn("Usage: heapring top", self.run_it("help", "top").stdout)
        self.assertTrue(self.run_it("--version").stdout.startswith("heapring "))

    def test_a_profile_in_place_of_a_command_is_told_the_command(self):
        self.fails(2, self.dump, saying="is a profile, not a command: try `heapring audit "
                                        + self.dump)

    def test_alone_it_begins_with_what_a_newcomer_needs(self):
        said = self.run_it().stdout
        at = [said.index(text) for text in ("run -o f.dump -- PROG", "audit f.dump",
                                            "report f.dump -o f.html", "\nProfile:")]
        self.assertEqual(at, sorted(at))

    def test_top_of_a_dump_says_what_to_ask_next(self):
        said = self.run_it("top", self.dump).stdout
        self.assertIn("heapring top --at peak " + self.dump, said)  # 650 of 6050 bytes
        self.assertIn("who is responsible: heapring audit " + self.dump, said)
        for args in (("--at", "peak"), ("--sample", "alloc_space"), ("--base", self.dump)):
            self.assertNotIn("heapring audit", self.run_it("top", *args, self.dump).stdout)

    def test_hostile_text_is_printable_and_valid_json(self):
        with open(self.dump, "r+b") as stream:
            data = bytearray(stream.read())
            at = data.find(b"/usr/bin/example\0")
            while at >= 0:
                data[at:at + 16] = b"/\x1b[31m\xff\xfe/\nname.."
                at = data.find(b"/usr/bin/example\0")
            stream.seek(0)
            stream.write(data)
        self.assertNotIn("\033", self.run_it("top", self.dump).stdout)
        self.assertNotIn("\033", self.run_it("traces", self.dump).stdout)
        self.json("top", self.dump)
        empty = self.make("empty", name="empty")
        with open(empty, "r+b") as stream:
            stream.seek(312)  # `preceding` of docs/format.md
            stream.write(b"lib\x1b[31m.so\0")
        top = self.run_it("top", empty).stdout
        self.assertIn("malloc of lib?[31m.so comes before", top)
        named = self.make("example", name="named")  # this time in the file's own name
        with open(named, "r+b") as stream:
            data = stream.read().replace(b"/usr/bin/example\0", b"/usr/bin/ex\x1b[3\nl\0")
            stream.seek(0)
            stream.write(data)
        for view in (["top"], ["traces"], ["tree"], ["sizes"], ["peek", "."], ["list", "."]):
            self.assertNotIn("\033", self.run_it(*view, named).stdout, view)

    def test_symbols_have_names_files_and_lines(self):
        dump = self.make("elf", MAKE_SEGMENT, "300")
        rows = self.json("top", "--lines", dump)["rows"]
        named = {row["function"]: row for row in rows}
        self.assertIn("segment_builder_new", named)
        self.assertIn("main", named)
        if named["main"]["file"]:  # not in a build without debug information
            self.assertTrue(named["main"]["file"].endswith("tests/make_segment.c"))
            self.assertIsInstance(named["main"]["line"], int)

    def test_a_module_of_another_build_is_not_used_and_named_once(self):
        dump = self.make("elf", MAKE_SEGMENT, "300")
        with open(dump, "r+b") as stream:
            at = stream.read().rfind(MAKE_SEGMENT.encode() + b"\0") - 40
            stream.seek(at)  # the build-id stands 40 bytes before the path
            stream.write(b"\xee" * 8)
        done = self.run_it("top", dump)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("another build-id", done.stderr)
        self.assertIn("make_segment+0x", done.stdout)
        self.assertNotIn("segment_builder_new", done.stdout)

    def test_run_tells_a_missing_program_from_one_that_cannot_be_run(self):
        plain = self.path("plain")
        with open(plain, "w") as stream:
            stream.write("text")
        done = self.run_it("run", "/no/such/program")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (127, 1), done)
        done = self.run_it("run", plain)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (126, 1), done)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
