# program: openssl
# packages: openssl
# version: openssl version
# does: keys, a certificate, a signature, speed of 3 algorithms, a TLS handshake on loopback
run() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=x 2>/dev/null
	openssl verify -CAfile cert.pem cert.pem
	echo text | openssl dgst -sha256 -sign key.pem | wc -c
	openssl speed -seconds 1 -evp sha256 2>/dev/null | wc -l
	openssl s_server -quiet -accept 127.0.0.1:0 -key key.pem -cert cert.pem -www >server 2>&1 &
	wait_for sh -c "ss -ltnp | grep -q pid=$!,"
	local port
	port=$(ss -ltnp | sed -n "s/.*127.0.0.1:\([0-9]*\) .*pid=$!,.*/\1/p")
	echo | openssl s_client -connect "127.0.0.1:$port" -CAfile cert.pem 2>/dev/null | grep -o 'Verify return code: 0 (ok)' | head -1
	kill $!
	wait $! 
}
same() { grep -v Terminated; }
