# program: vim
# packages: vim
# version: vim --version
# does: 20,000 lines: substitute, sort, undo, macros, write, in batch mode
run() {
	lines 20000 >a.txt
	vim -N -u NONE -i NONE -n -es -c '%s/fox/cat/g' -c 'sort! n' -c 'normal qqdwjq500@q' -c 'undo' -c 'redo' -c 'w b.txt' -c 'cquit 4' a.txt
	echo "vim $?"
	sha256sum <b.txt
}
