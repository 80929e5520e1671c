#!/usr/bin/env python3
"""/metrics in front of Prometheus itself, and what docs/deploy and docs/grafana hold.

Usage: run_metrics.py HEAPRING CHURN SOURCE_ROOT
"""
import json
import os
import re
import shutil
import subprocess
import time
import unittest
import urllib.parse

from profiled import ARGS, REQUIRED, Profiled, environment, main, shim
from server import Server

CHURN = os.path.abspath(ARGS[0])
DOCS = os.path.join(os.path.abspath(ARGS[1]), "docs")
DEPLOY = os.path.join(DOCS, "deploy")


class Metrics(Profiled):
    def start(self, *args):
        env = environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments)
        process = subprocess.Popen([CHURN, *args], stdout=subprocess.PIPE, env=env)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def tool(self, name):
        path = shutil.which(name)
        if not path:
            if REQUIRED:
                self.fail("no %s (scripts/setup installs it)" % name)
            self.skipTest("no " + name)
        return path

    def promtool(self, *args, **kw):
        done = self.execute([self.tool("promtool"), *args], **kw)
        self.assertEqual(done.returncode, 0, done)
        return done

    def test_promtool_finds_nothing_to_mend(self):
        self.start("300")
        server = Server(self, folder=self.segments)
        done = self.promtool("check", "metrics", input=server.get("/metrics")[2])
        self.assertEqual(done.stderr + done.stdout, b"")

    def test_series_are_bounded_and_add_up(self):
        for sites in ("0", "1", "2"):
            self.start("300", "idle")
            server = Server(self, "--sites", sites, folder=self.segments)
            for _ in range(2):
                text = server.text("/metrics")
            live = dict(re.findall(r'^heapring_live_bytes\{pid="([0-9]+)".* ([0-9]+)$', text, re.M))
            shares = {}
            for pid, value in re.findall(
                    r'^heapring_site_live_bytes\{pid="([0-9]+)".* ([0-9]+)$', text, re.M):
                shares.setdefault(pid, []).append(int(value))
            self.assertEqual({pid: str(sum(share)) for pid, share in shares.items()}, live)
            self.assertEqual({len(share) for share in shares.values()}, {int(sites) + 1})

    def test_what_is_resident_adds_up(self):
        self.start("300", "idle")
        text = Server(self, folder=self.segments).text("/metrics")
        kinds = dict(re.findall(r'^heapring_rss_bytes\{pid=.*kind="(\w+)"\} (-?[0-9]+)$', text, re.M))
        self.assertGreater(int(kinds["live"]), 0)
        self.assertGreater(int(kinds["profiler"]), 0)
        resident = int(re.search(r"^heapring_resident_bytes\{.*\} ([0-9]+)$", text, re.M).group(1))
        # the kernel's quick counters lag behind smaps
        self.assertLess(abs(sum(map(int, kinds.values())) - resident), resident // 10)

    def test_a_stack_keeps_its_name_in_the_next_run(self):
        names = []
        for _ in range(2):
            process = self.start("300", "idle")
            text = Server(self, str(process.pid), folder=self.segments).text("/metrics")
            names.append(re.findall(r'function="make_block",caller="main"', text) and
                         re.findall(r'stack="([0-9a-f]{16})",function="make_block"', text))
        self.assertTrue(names[0])
        self.assertEqual(*names)

    def test_names_cannot_break_the_format(self):
        name = self.path('a"b\\c\nd\xff')
        os.symlink(CHURN, name)
        shutil.copy(CHURN, name + "2")
        env = environment(LD_PRELOAD=shim(), HEAPRING_DIR=self.segments)
        process = subprocess.Popen([name + "2", "300", "idle"], stdout=subprocess.PIPE, env=env)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdout.readline()
        server = Server(self, folder=self.segments)
        self.promtool("check", "metrics", input=server.get("/metrics")[2])

    def test_prometheus_scrapes_it(self):
        process = self.start("300", "idle")
        server = Server(self, folder=self.segments)
        with open(os.path.join(DEPLOY, "prometheus.yml")) as stream:
            config = stream.read()
        self.assertIn("127.0.0.1:6060", config)
        config = config.replace("127.0.0.1:6060", "127.0.0.1:%d" % server.port)
        config = config.replace("scrape_interval: 15s", "scrape_interval: 1s")
        with open(self.path("prometheus.yml"), "w") as stream:
            stream.write(config)
        shutil.copy(os.path.join(DEPLOY, "heapring-alerts.yml"), self.folder)
        prometheus = subprocess.Popen(
            [self.tool("prometheus"), "--config.file=" + self.path("prometheus.yml"),
             "--storage.tsdb.path=" + self.path("tsdb"), "--web.listen-address=127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True, env=environment())
        self.addCleanup(prometheus.communicate)
        self.addCleanup(prometheus.kill)
        there = Server.__new__(Server)
        for line in prometheus.stderr:
            found = re.search(r"address=127\.0\.0\.1:([1-9][0-9]*)", line)
            if found:
                there.url = "http://127.0.0.1:" + found.group(1)
                break
        value = self.ask(there, 'heapring_live_bytes{program="churn",job="heapring"}')
        self.assertEqual(int(value), self.read(str(process.pid))["total"]["inuse_space"])
        self.assertEqual(self.ask(there, 'up{job="heapring"}'), "1")
        rules = json.loads(there.text("/api/v1/rules"))["data"]["groups"][0]["rules"]
        self.assertEqual({rule["health"] for rule in rules} - {"unknown"} | {"ok"}, {"ok"})

    def ask(self, there, query):
        """The value of the only series, once Prometheus has scraped it."""
        for _ in range(300):
            try:
                text = there.text("/api/v1/query?" + urllib.parse.urlencode({"query": query}))
                result = json.loads(text)["data"]["result"]
                if result:
                    self.assertEqual(len(result), 1)
                    return result[0]["value"][1]
            except (OSError, AssertionError):
                pass
            time.sleep(0.2)
        self.fail("Prometheus never had " + query)

    def test_alert_rules(self):
        self.promtool("check", "rules", os.path.join(DEPLOY, "heapring-alerts.yml"))
        self.promtool("test", "rules", "heapring-alerts-test.yml", cwd=DEPLOY)
        self.promtool("check", "config", "--syntax-only", os.path.join(DEPLOY, "prometheus.yml"))

    def test_every_metric_of_rules_dashboard_and_documentation_is_served(self):
        self.start("300", "idle")
        text = Server(self, folder=self.segments).text("/metrics")
        served = set(re.findall(r"^# TYPE (heapring_\w+) ", text, re.M))
        with open(os.path.join(DOCS, "grafana", "heapring.json")) as stream:
            dashboard = json.load(stream)
        texts = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}),
                         len(dashboard["panels"]))
        for path in ("deploy/heapring-alerts.yml", "serve.md"):
            with open(os.path.join(DOCS, path)) as stream:
                texts.append(stream.read())
        used = {name for text in texts for name in re.findall(r"\bheapring_\w+", text)}
        self.assertGreaterEqual(served, used)
        with open(os.path.join(DOCS, "serve.md")) as stream:
            self.assertLessEqual(served, set(re.findall(r"\bheapring_\w+", stream.read())))

    def test_the_examples_are_what_their_programs_read(self):
        yaml = __import__("yaml") if self.has_yaml() else self.skipTest("no python3-yaml")
        for name in ("kubernetes.yaml", "parca.yaml", "prometheus.yml"):
            with open(os.path.join(DEPLOY, name)) as stream:
                document = yaml.safe_load(stream)
            if name == "kubernetes.yaml":
                self.check_pod(document["spec"]["template"]["spec"])

    @staticmethod
    def has_yaml():
        try:
            __import__("yaml")
        except ImportError:
            return False
        return True

    def check_pod(self, pod):
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"] + pod["initContainers"]:
            self.assertLessEqual({mount["name"] for mount in container["volumeMounts"]}, volumes)
        folders = [entry["value"] for container in pod["containers"] for entry in container["env"]
                   if entry["name"] == "HEAPRING_DIR"]
        self.assertEqual(folders, ["/heapring-segments"] * 2)
        served = pod["containers"][1]["args"]
        done = self.heapring(*served[1:-2])  # not without the token that it names
        self.assertEqual(done.returncode, 2, done)
        self.assertIn(b"--token-file", done.stderr)

    def test_systemd_understands_the_units(self):
        verify = shutil.which("systemd-analyze")
        if not verify:
            self.skipTest("no systemd-analyze")
        units = self.path("units")
        os.makedirs(units + "/x.service.d")
        with open(os.path.join(DEPLOY, "systemd", "heapring-serve.service")) as stream:
            unit = stream.read().replace("/usr/local/bin/heapring", "/bin/true")
        with open(units + "/heapring-serve.service", "w") as stream:
            stream.write(unit)
        with open(units + "/x.service", "w") as stream:
            stream.write("[Service]\nExecStart=/bin/true\n")
        shutil.copy(os.path.join(DEPLOY, "systemd", "heapring.conf"), units + "/x.service.d/")
        for name in ("heapring-serve.service", "x.service"):
            done = self.execute([verify, "verify", "--man=no", os.path.join(units, name)],
                                env={"SYSTEMD_UNIT_PATH": units + ":"})
            self.assertEqual((done.returncode, done.stderr), (0, b""), done)


if __name__ == "__main__":
    main()
