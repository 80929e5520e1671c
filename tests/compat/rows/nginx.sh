# program: nginx
# packages: nginx-light curl
# version: nginx -v
# does: a master and 2 workers, 400 requests, a reload, a new binary's worth of signals, quit
# counts: ^nginx$
prepare() {
	mkdir html && chmod 755 . html && lines 2000 >html/a.txt && echo hello >html/index.html
	cat >nginx.conf <<C
worker_processes 2; pid $WORK/pid; error_log $WORK/error.log; daemon off;
events { worker_connections 64; }
http { access_log off; client_body_temp_path $WORK/t1; proxy_temp_path $WORK/t2; fastcgi_temp_path $WORK/t3;
 uwsgi_temp_path $WORK/t4; scgi_temp_path $WORK/t5; gzip on; gzip_types text/plain;
 server { listen unix:$WORK/s; root $WORK/html; location /p/ { proxy_pass http://unix:$WORK/s:/; } } }
C
}
run() {
	nginx -e error.log -c "$WORK/nginx.conf" &
	local server=$!
	wait_for curl -s --unix-socket s http://x/
	for i in $(seq 100); do
		curl -s --compressed --unix-socket s http://x/a.txt http://x/p/index.html http://x/none http://x/ | cksum
	done | sort | uniq -c
	nginx -e error.log -c "$WORK/nginx.conf" -s reload
	sleep 0.5
	curl -s --unix-socket s http://x/
	nginx -e error.log -c "$WORK/nginx.conf" -s quit
	wait "$server"
}
