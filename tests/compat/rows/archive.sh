# program: tar, xz, zstd, gzip, bzip2
# packages: tar xz-utils zstd gzip bzip2
# version: tar --version
# does: archives of 300 files with threads, and back
# counts: ^(tar|xz|zstd|gzip|bzip2)$
# quick: yes
run() {
	mkdir a && for i in $(seq 300); do lines $((i % 90)) >a/f$i; done
	tar cf a.tar --sort=name --mtime=@0 --owner=0 --group=0 a
	xz -T2 -k a.tar && zstd -q -T2 -k a.tar && gzip -kn a.tar && bzip2 -k a.tar
	for f in a.tar.*; do tar xOf $f | sha256sum; done
	xz -d <a.tar
}
