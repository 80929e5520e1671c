# program: curl
# packages: curl python3
# version: curl --version
# does: 100 requests on loopback, parallel, with a redirect and a refused connection
# counts: ^curl$
run() {
	lines 3000 >a.txt
	/usr/bin/python3 -c '
import http.server, os
class H(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H); open("port.new", "w").write(str(s.server_port)); os.rename("port.new", "port"); s.serve_forever()' &
	wait_for test -s port
	curl -s --no-progress-meter --parallel --parallel-max 8 "http://127.0.0.1:$(cat port)/a.txt?[1-100]" -o 'out.#1' && cat out.* | cksum
	curl -s "http://127.0.0.1:$(cat port)/none" | wc -l
	kill $! ; wait $! 2>/dev/null
	curl -sS http://127.0.0.1:1/
}
