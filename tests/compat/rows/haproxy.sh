# program: haproxy
# packages: haproxy curl
# version: haproxy -v
# does: 4 threads before a static answer, 100 requests, soft stop
# counts: ^haproxy$
run() {
	cat >conf <<C
global
 nbthread 4
defaults
 mode http
 timeout client 5s
 timeout connect 5s
 timeout server 5s
frontend f
 bind unix@$WORK/s
 http-request return status 200 content-type text/plain string "hello"
C
	haproxy -db -q -f conf &
	wait_for test -S s
	for i in $(seq 50); do curl -s --unix-socket s http://x/ http://x/b; done | cksum
	kill -USR1 $! ; wait $!
}
