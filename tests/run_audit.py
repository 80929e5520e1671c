#!/usr/bin/env python3
"""The commands `audit` and `check`: options, formats, exit status, bad input.

Usage: run_audit.py HEAPRING LEAKS BOUNDED WAVES CREWS SLABS ERRANDS DISGUISES KEPT
LEAKS to DISGUISES are scenario programs, KEPT is programs/kept.cc. About 40 s, most of them asleep.
"""
import http.server
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import xml.etree.ElementTree

from profiled import ARGS, HEAPRING, Profiled, environment, main, shim, wait_for_pid

LEAKS, BOUNDED, WAVES, CREWS, SLABS, ERRANDS, DISGUISES, KEPT = ARGS[:8]
PYTHON = "/usr/bin/python3"
REMEMBER = """
import time
seen, end = {}, time.time() + 3
while time.time() < end:
    seen[len(seen)] = "request %d" % len(seen)
    time.sleep(0.001)
"""
IDLE = """
import time
end = time.time() + 2
while time.time() < end:
    texts = ["text %d" % n for n in range(50)]
    time.sleep(0.01)
"""
STEPS = ["heap trend", "allocation rate", "allocator and page faults", "thread count",
         "queues and workers", "heap profile", "allocation profile", "thread dump", "category"]
METRICS = b"""# TYPE x_queue_messages gauge
x_queue_messages 40
x_workers 4
x_worker_busy_seconds_total{worker="a"} 12.5
x_lag{partition="0"} 7
x_lag{partition="1"} 5
"""


class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802, the name is the library's
        self.send_response(200 if self.path == "/metrics" else 404)
        self.end_headers()
        self.wfile.write(METRICS)

    def log_message(self, *_):
        pass


class Dumps(Profiled):
    """One leak and one healthy program are profiled once for all tests."""
    dumps = {}

    def dump(self, program, name, seconds="3"):
        key = (program, name, seconds)
        if key not in self.dumps:
            path = self.path("dump")
            done = self.heapring("run", "-q", "-o", path, "--", program, name, seconds,
                                 env={"HEAPRING_INTERVAL": "50ms"})
            self.assertEqual(done.returncode, 0, done)
            with open(path, "rb") as stream:
                self.dumps[key] = stream.read()
        path = self.path(name + ".dump")
        with open(path, "wb") as stream:
            stream.write(self.dumps[key])
        return path

    def leak(self):
        return self.dump(LEAKS, "plain")

    def healthy(self):
        return self.dump(BOUNDED, "queue-steady")

    def status(self, *args):
        done = self.heapring(*args)
        if done.returncode >= 2:
            self.assertEqual(len(done.stderr.splitlines()), 1, done)
        return done.returncode


def kibibytes(text):
    number, unit = re.fullmatch(r"([0-9.]+)(\w+)", text).groups()
    return float(number) * {"B": 1 / 1024, "KiB": 1, "MiB": 1024}[unit]


class Audit(Dumps):
    def test_json_has_what_the_contract_says(self):
        answer = self.read(self.leak(), view="audit")
        self.assertEqual((answer["schema"], answer["view"]), ("heapring/1", "audit"))
        self.assertEqual((answer["verdict"], answer["growth"]), ("leak", "linear"))
        self.assertTrue(0.5 <= answer["confidence"] <= 1)
        self.assertEqual(answer["site"]["function"], "forget")
        self.assertIn("plain", [frame["function"] for frame in answer["site"]["stack"]])
        self.assertAlmostEqual(answer["rate_bytes_per_s"], 12800, delta=4000)
        self.assertIsNone(answer["eta_to_limit_s"])
        self.assertTrue(answer["evidence"] and answer["advice"])
        self.assertEqual([step["step"] for step in answer["checklist"]], STEPS)

    def test_text_is_one_screen_and_says_the_verdict_first(self):
        lines = self.heapring("audit", self.leak()).stdout.decode().splitlines()
        self.assertTrue(lines[1].startswith("verdict: leak"), lines[:2])
        self.assertLess(len(lines), 50)
        order = [next(i for i, line in enumerate(lines) if line.startswith(part))
                 for part in ("culprit", "evidence", "advice", "check list")]
        self.assertEqual(order, sorted(order))

    def text(self, *target):
        return self.heapring("audit", *target).stdout.decode()

    def test_the_header_names_a_line_of_the_stack_below(self):
        for name in ("plain", "below-traffic", "error-path"):
            lines = self.text(self.dump(LEAKS, name)).splitlines()
            at = next(i for i, line in enumerate(lines) if line.startswith("culprit: "))
            stack = lines[at + 1:lines.index("", at)]
            self.assertIn(lines[at].replace("culprit: ", "    "), stack, name)

    def test_commands_can_be_copied_with_the_target(self):
        dump = self.leak()
        spaced = self.path("it's a leak")
        os.rename(dump, spaced)
        said = [line.split("- ", 1)[1] for line in self.text(spaced).splitlines()
                if line.startswith("  - heapring ")]
        self.assertEqual(len(said), 2, said)
        for line in said:
            command = line.replace("heapring", HEAPRING, 1)
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done)
            self.assertIn("forget", done.stdout)

    def test_a_share_of_what_is_live_is_of_the_same_moment(self):
        said = self.text(self.dump(LEAKS, "below-traffic"))
        total = re.search(r"live bytes: .* to (\S+) in ", said).group(1)
        part, share = re.search(r"holds the most: (\S+) in .*, (\S+)% of live", said).groups()
        self.assertAlmostEqual(kibibytes(part) / kibibytes(total), float(share) / 100, delta=0.02)

    def test_a_run_that_is_too_short_to_be_sure_says_for_how_long_it_was_watched(self):
        said = self.text(self.dump(LEAKS, "plain", "0.3"))
        self.assertRegex(said, r"\d+% sure: watched only 0\.\d+s, \d+ slices of 0.05s; a longer run would")
        self.assertNotIn("% sure", self.text(self.leak()))

    def pattern(self, name):
        done = self.heapring("audit", "--format", "json", self.dump(KEPT, name))
        return json.loads(done.stdout)["pattern"]

    def test_a_container_that_grows_beside_the_culprit_is_named(self):
        for name, container, function in (("queue", "deque", "produce"),
                                          ("vector", "vector", "collect")):
            said = self.text(self.dump(KEPT, name))
            self.assertRegex(said, r"culprit: make_job  kept\.cc:\d+")
            self.assertRegex(said, r"likely a queue or container that grows: std::%s<Job\*> in %s "
                             r"kept\.cc:\d+ grows at the same time" % (container, function))
            self.assertEqual(self.pattern(name), "queue or container that grows")

    def test_a_cache_further_out_is_none_that_keeps(self):
        said = self.text(self.dump(KEPT, "visits"))
        self.assertRegex(said, r"culprit: note_visit  kept\.cc:\d+")
        self.assertNotRegex(said, "cache without a limit|by its name")

    def test_a_vector_in_each_object_keeps_none_of_them(self):
        self.assertEqual(self.pattern("members"), "forgotten blocks")

    def test_a_cycle_of_references_is_no_missing_free(self):
        said = self.text(self.dump(KEPT, "cycle"))
        self.assertRegex(said, r"made for a std::shared_ptr; either .* cycle")
        self.assertIn("std::weak_ptr", said)
        self.assertNotRegex(said, "early return|nobody frees")

    def test_blocks_that_are_replaced_are_not_called_no_churn(self):
        said = self.text(self.dump(KEPT, "ring"))
        self.assertRegex(said, r"blocks a second come and go, and each lives about 0\.\d+s: a cache")
        self.assertNotIn("hardly any", said)

    def test_of_an_interpreter_the_next_step_is_the_languages_own_tool(self):
        if not os.path.exists(PYTHON):
            self.skipTest("no " + PYTHON)
        dump = self.path("script.dump")
        done = self.heapring("run", "-q", "-o", dump, "--", PYTHON, "-s", "-B", "-c", REMEMBER,
                             env={"HEAPRING_INTERVAL": "50ms", "PYTHONMALLOC": "malloc"})
        self.assertEqual(done.returncode, 0, done)
        said = self.text(dump)
        self.assertRegex(said, "verdict: (too short to tell; at a guess )?leak")
        self.assertRegex(said, "this is CPython's own native code; what keeps the memory is the Python script")
        self.assertIn("tracemalloc", said)
        self.assertNotRegex(said, "heapring list|early return|half of its blocks")

    def test_what_an_interpreter_keeps_in_arenas_of_its_own_is_no_certain_steady(self):
        if not os.path.exists(PYTHON):
            self.skipTest("no " + PYTHON)
        for malloc, hidden in ("pymalloc", True), ("malloc", False):
            dump = self.path(malloc + ".dump")
            done = self.heapring("run", "-q", "-o", dump, "--", PYTHON, "-s", "-B", "-c", IDLE,
                                 env={"HEAPRING_INTERVAL": "50ms", "PYTHONMALLOC": malloc})
            self.assertEqual(done.returncode, 0, done)
            said = self.text(dump)
            self.assertEqual("PYTHONMALLOC=malloc shows them" in said, hidden, said)
            confidence = float(re.search(r"confidence (\d\.\d+)", said).group(1))
            self.assertTrue(confidence <= 0.5 or not hidden, said)

    def test_a_reader_that_died_is_no_early_return(self):
        answer = self.read(self.dump(ERRANDS, "reader-dies", "4"), view="audit")
        self.assertEqual((answer["verdict"], answer["pattern"]), ("leak", "unbounded queue"))

    def test_figures_for_people_come_before_the_statistics(self):
        said = self.text(self.leak())
        self.assertRegex(said, r"new highs in \d+ of \d+ slices; the curve: ")
        self.assertRegex(said, r"blocks that \w+ allocated in that time (none was|only \d+ \w+) freed")
        self.assertNotRegex(said, r"half of its blocks|trend: Kendall|\de\+\d")
        evidence = said.split("evidence\n")[1].split("\n\n")[0].splitlines()
        self.assertIn("details: Kendall's tau", evidence[-1])

    def test_a_swing_is_no_bare_no_trend(self):
        for name in ("queue-steady", "queue-bursts", "requests"):
            said = self.text(self.dump(BOUNDED, name))
            self.assertNotRegex(said, r"short-lived blocks a second|\b1 \w+s\b")
            moved = re.search(r"live bytes: no trend \((\S+) to", said)
            self.assertTrue(moved is None or "swings between" not in said, said)

    def test_threads_that_pile_up_are_counted_as_threads(self):
        dump = self.dump(CREWS, "hung-handlers", "8")
        answer = self.read(dump, view="audit")
        self.assertEqual(answer["verdict"], "thread_leak")
        self.assertAlmostEqual(answer["threads_per_s"], 2, delta=1)
        self.assertGreater(answer["threads_alive"], 8)
        said = self.text(dump)
        verdict = said.splitlines()[1]
        self.assertRegex(verdict, r", \d+ threads a minute, \d+ alive$")
        self.assertEqual(answer["thread_routine"]["function"], "stay")
        self.assertRegex(said, r"- they run stay, crews\.c:\d+\n")
        self.assertIn("See what stay waits for first", said)
        self.assertRegex(said, r"4 thread count +\d+ threads created, \d+ of them ended; threads that")

    def test_mappings_that_were_recorded_may_leak_too(self):
        for mapped, verdict in (("mappings", "leak"), ("mappings-returned", "steady")):
            dump = self.path(mapped)
            done = self.heapring("run", "-q", "--mmap", "-o", dump, "--", SLABS, mapped, "4",
                                 env={"HEAPRING_INTERVAL": "50ms"})
            self.assertEqual(done.returncode, 0, done)
            answer = json.loads(self.heapring("audit", "--format", "json", dump).stdout)
            self.assertEqual(answer["verdict"], verdict, answer["evidence"])
            if verdict == "leak":
                self.assertEqual(answer["site"]["function"], "map_index")
                self.assertEqual(answer["kind"], "mappings")

    def test_markdown_has_a_heading_and_the_list(self):
        text = self.heapring("audit", "--format", "markdown", self.leak()).stdout.decode()
        self.assertTrue(text.startswith("## Memory audit: leak"))
        for step in STEPS:
            self.assertIn("| %s |" % step, text)

    def test_fail_on_exits_with_1_for_that_verdict_only(self):
        self.assertEqual(self.status("audit", "--fail-on", "leak,storm", self.leak()), 1)
        self.assertEqual(self.status("audit", "--fail-on", "storm", self.leak()), 0)
        self.assertEqual(self.status("audit", "--fail-on", "leak,storm", self.healthy()), 0)
        self.assertEqual(self.status("audit", "--fail-on", "leak", "--min-confidence", "1",
                                     self.leak()), 0)

    def test_what_the_base_had_too_fails_nothing(self):
        leak = self.leak()
        self.assertEqual(self.status("audit", "--fail-on", "leak", "--base", leak, leak), 0)
        self.assertEqual(self.status("audit", "--fail-on", "leak", "--base", self.healthy(),
                                     leak), 1)

    def test_wrong_options_are_usage_errors(self):
        for args in (["--fail-on", "Leak"], ["--fail-on", "leak,,"],
                     ["--format", "yaml"], ["--duration", "-1"], ["--duration", "1000d"],
                     ["--duration", "1s"], ["--min-confidence", "2"],
                     ["--min-confidence", "nan"]):
            self.assertEqual(self.status("audit", *args, self.leak()), 2, args)

    def test_a_live_process_is_watched(self):
        with subprocess.Popen([HEAPRING, "run", "-q", "--", LEAKS, "plain", "60"],
                              env=environment(HEAPRING_DIR=self.segments,
                                              HEAPRING_INTERVAL="50ms")) as program:
            pid = wait_for_pid(self.segments)
            done = self.heapring("audit", "--format", "json", "--duration", "2s", str(pid))
            os.kill(pid, signal.SIGTERM)
            program.wait(60)
        answer = json.loads(done.stdout)
        self.assertEqual(answer["verdict"], "leak")
        self.assertGreater(answer["eta_to_limit_s"], 0)
        self.assertIn("page faults a second", answer["checklist"][2]["finding"])

    def test_queues_are_read_from_an_endpoint(self):
        with http.server.HTTPServer(("127.0.0.1", 0), Metrics) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = "http://127.0.0.1:%d" % server.server_address[1]
            answer = self.read(self.leak(), "--metrics", url, view="audit")
            self.assertEqual(self.status("audit", "--metrics", url + "/none", self.leak()), 3)
            server.shutdown()
        self.assertIn("queues hold 40", answer["checklist"][4]["finding"])
        self.assertIn("lag 12", answer["checklist"][4]["finding"])
        self.assertEqual(self.status("audit", "--metrics", "http://127.0.0.1:1", self.leak()), 3)

    def test_damaged_dumps_give_an_answer_or_one_line(self):
        with open(self.leak(), "rb") as stream:
            whole = stream.read()
        path, chance = self.path("damaged"), random.Random(8)
        for run in range(60):
            data = bytearray(whole)
            if run % 3 == 0:
                del data[chance.randrange(len(data)):]
            for _ in range(chance.choice((1, 20, 400)) if data else 0):
                data[chance.randrange(len(data))] = chance.randrange(256)
            with open(path, "wb") as stream:
                stream.write(data)
            for args in (["audit"], ["check", "--max-leak", "1", "--baseline", path]):
                self.assertIn(self.heapring(*args, path).returncode, (0, 1, 3), run)

    def test_holes_are_known_from_dumps_too(self):
        """Of a process that lives, and of one that has ended."""
        path, alive = self.path("ended"), self.path("alive")
        with subprocess.Popen([HEAPRING, "run", "-q", "--interval", "50ms", "-o", path, "--",
                               WAVES, "holes", "5"],
                              env=environment(HEAPRING_DIR=self.segments)) as program:
            pid = wait_for_pid(self.segments)
            time.sleep(4)
            self.assertEqual(self.status("dump", str(pid), "-o", alive), 0)
            self.assertEqual(program.wait(20), 0)
        for dump in alive, path:
            self.assertEqual(self.read(dump, view="audit")["verdict"], "fragmentation", dump)

    def kill_with_holes(self, *command, **env):
        with subprocess.Popen([*command, WAVES, "holes", "6"],
                              env=environment(HEAPRING_DIR=self.segments, **env)) as program:
            pid = wait_for_pid(self.segments)
            time.sleep(5)
            os.kill(pid, signal.SIGKILL)
            program.wait(20)
        return pid

    def test_run_knows_what_was_resident_before_it_was_killed(self):
        dump = self.path("killed.dump")
        self.kill_with_holes(HEAPRING, "run", "-q", "--interval", "50ms", "-o", dump, "--")
        self.assertEqual(self.read(dump, view="audit")["verdict"], "fragmentation")

    def test_without_run_nobody_knows_what_was_resident_when_it_was_killed(self):
        pid = self.kill_with_holes(LD_PRELOAD=shim(), HEAPRING_INTERVAL="50ms")
        answer = self.read(str(pid), view="audit")
        self.assertEqual(answer["verdict"], "steady")
        self.assertLess(answer["confidence"], 0.5)
        self.assertTrue(any("nobody recorded when it was killed" in line
                            for line in answer["evidence"]), answer["evidence"])

    def test_a_run_too_short_to_tell_says_so(self):
        dump = self.dump(LEAKS, "plain", "0.3")
        answer = self.read(dump, view="audit")
        self.assertTrue(answer["too_short"])
        self.assertLess(answer["confidence"], 0.5)
        text = self.heapring("audit", dump).stdout.decode()
        self.assertIn("verdict: too short to tell; at a guess " + answer["verdict"], text)
        self.assertFalse(self.read(self.dump(LEAKS, "below-traffic"), view="audit")["too_short"])

    def test_a_history_that_is_full_is_told_from_a_run_that_is_short(self):
        dump = self.path("dump")
        done = self.heapring("run", "-q", "-o", dump, "--", DISGUISES, "trees", "4",
                             env={"HEAPRING_INTERVAL": "100ms", "HEAPRING_HISTORY": "64KiB"})
        self.assertEqual(done.returncode, 0, done)
        answer = self.read(dump, view="audit")
        self.assertTrue(answer["history_full"])
        self.assertLess(answer["confidence"], 0.5)
        text = self.heapring("audit", dump).stdout.decode()
        self.assertIn("verdict: history too small to tell; at a guess ", text)
        self.assertRegex(text, r"the history is full. Of 4.*s only the last .*s are left in slices of "
                         r"0.1s; .*HEAPRING_HISTORY=1MiB keeps more")
        self.assertNotIn("a longer run", text)

    def test_a_pprof_profile_has_rates_and_no_history(self):
        out = self.path("profile.pb.gz")
        self.assertEqual(self.status("export", "--to", "pprof", self.leak(), "-o", out), 0)
        answer = self.read(out, view="audit")
        self.assertLess(answer["confidence"], 0.5)
        self.assertEqual(self.status("check", "--max-growth", "1KiB/min", out), 3)


class Check(Dumps):
    def test_limits_pass_and_fail(self):
        leak = self.leak()
        for args, status in ((["--max-leak", "1KiB"], 1), (["--max-leak", "1MiB"], 0),
                             (["--max-peak", "1KiB"], 1), (["--max-peak", "1MiB"], 0),
                             (["--max-growth", "10KiB/min"], 1),
                             (["--max-growth", "1MiB/s"], 0)):
            self.assertEqual(self.status("check", *args, leak), status, args)
        self.assertEqual(self.status("check", "--max-growth", "1KiB/min", self.healthy()), 0)

    def test_the_stacks_responsible_are_named(self):
        rows = json.loads(self.heapring("check", "--format", "json", "--max-leak", "1",
                                        self.leak()).stdout)["rows"]
        self.assertFalse(rows[0]["passed"])
        self.assertTrue(any(frame.startswith("forget") for frame in rows[0]["stacks"][0]["stack"]))

    def test_a_baseline_has_a_tolerance(self):
        leak, other = self.leak(), self.healthy()
        self.assertEqual(self.status("check", "--baseline", leak, leak), 0)
        self.assertEqual(self.status("check", "--baseline", leak, other), 1)
        self.assertEqual(self.status("check", "--baseline", leak, "--tolerance", "9000000%",
                                     other), 0)

    def test_suppressions_are_leaksanitizers(self):
        path = self.path("suppressions")
        for pattern, status in (("leak:forget", 0), ("leak:^forget$", 0), ("leak:for*et", 0),
                                ("leak:^orget", 1), ("leak:scenario_leaks", 0),
                                ("leak:leaks.c", 0), ("race:forget", 1), ("# none\n", 1)):
            with open(path, "w", encoding="ascii") as stream:
                stream.write(pattern + "\n")
            self.assertEqual(self.status("check", "--max-leak", "100", "--suppressions", path,
                                         self.leak()), status, pattern)
        with open(path, "w", encoding="ascii") as stream:
            stream.write("leak:ok\nwhat is this\n")
        done = self.heapring("check", "--max-leak", "1", "--suppressions", path, self.leak())
        self.assertEqual(done.returncode, 3)
        self.assertIn(b":2:", done.stderr)

    def test_junit_and_markdown_are_written(self):
        junit, markdown = self.path("junit.xml"), self.path("check.md")
        self.assertEqual(self.status("check", "--max-leak", "1", "--max-peak", "1GiB", "--junit",
                                     junit, "--markdown", markdown, self.leak()), 1)
        suite = xml.etree.ElementTree.parse(junit).getroot()
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("2", "1"))
        self.assertIn("forget", suite.find("testcase/failure").text)
        with open(markdown, encoding="utf-8") as stream:
            self.assertIn("## Memory check: failed", stream.read())

    def test_usage_errors(self):
        leak = self.leak()
        for args in ([leak], ["--max-leak", "x", leak], ["--max-growth", "5/year", leak],
                     ["--tolerance", "5%", "--max-leak", "1", leak],
                     ["--max-allocs-per", "m", leak], ["--max-allocs-per", "m=x", leak],
                     ["--max-leak", "1"], ["--max-allocs-per", "m", "x", leak]):
            self.assertEqual(self.status("check", *args), 2, args)
        self.assertEqual(self.status("check", "--max-allocs-per", "m", "5", leak), 3)

    def test_allocations_between_marks_are_limited(self):
        marks = self.dump(BOUNDED, "marked", "2")
        for form in (["requests", "%d"], ["requests=%d"]):
            for limit, status in ((20, 0), (1, 1)):
                args = [part % limit if "%" in part else part for part in form]
                self.assertEqual(self.status("check", "--max-allocs-per", *args, marks),
                                 status, args)


if __name__ == "__main__":
    os.environ.pop("HEAPRING_DIR", None)
    main()
