# program: memcached
# packages: memcached
# version: memcached --version
# does: 4 threads, 20,000 sets and gets over a socket, SIGTERM
# counts: ^memcached$
run() {
	as_user=(); [ "$(id -u)" = 0 ] && as_user=(-u root)
	memcached "${as_user[@]}" -s "$WORK/s" -t 4 -m 32 &
	wait_for test -S s
	/usr/bin/python3 - <<'P'
import socket
s = socket.socket(socket.AF_UNIX); s.connect("s"); f = s.makefile("rb")
n = 0
for i in range(10000):
    v = b"x" * (i % 300)
    s.sendall(b"set k%d 0 0 %d\r\n%s\r\nget k%d\r\n" % (i, len(v), v, i))
    assert f.readline() == b"STORED\r\n"
    f.readline(); n += len(f.readline()); f.readline()
print(n)
P
	kill $! ; wait $!
}
