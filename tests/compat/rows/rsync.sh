# program: rsync
# packages: rsync
# version: rsync --version
# does: 300 files to a copy with checksums, deltas, deletion
run() {
	mkdir a && for i in $(seq 300); do lines $((i % 50)) >a/f$i; done
	rsync -a --checksum a/ b/ && rm a/f7 && lines 200 >>a/f8
	# "./" is listed when the second changed meanwhile
	rsync -ai --delete --no-whole-file a/ b/ | sed 's/^[^ ]* //; /^\.\/$/d'
	diff -r a b && rsync -a none/ c/
}
