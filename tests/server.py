"""A `heapring serve` for a test: started on a free port, ended with the test."""
import http.client
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request

from profiled import HEAPRING, environment


class Server:
    def __init__(self, test, *args, folder=None, cwd=None, **env):
        if folder:
            env["HEAPRING_DIR"] = folder
        self.process = subprocess.Popen(
            [HEAPRING, "serve", "--listen", "127.0.0.1:0", *args], stderr=subprocess.PIPE,
            text=True, env=environment(**env), cwd=cwd)
        test.addCleanup(self.end)
        line = self.process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:([0-9]+)/", line)
        test.assertTrue(found, line)
        self.port = int(found.group(1))
        self.url = "http://127.0.0.1:%d" % self.port

    def end(self):
        """Ends it as a service manager would; returns its status and what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=100)[1]
        return self.process.returncode, said

    def get(self, path, method="GET", data=None, timeout=100, **headers):
        """Status, headers and body, whatever the status is."""
        request = urllib.request.Request(self.url + path, data=data, method=method, headers={
            name.replace("_", "-"): value for name, value in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def text(self, path, **kw):
        status, _, body = self.get(path, **kw)
        if status != 200:
            raise AssertionError("%s: %d %r" % (path, status, body))
        return body.decode()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=100)

    def status_field(self, name):
        """A number of /proc/PID/status, such as VmHWM in kB."""
        with open("/proc/%d/status" % self.process.pid) as stream:
            for line in stream:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        return None

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))
