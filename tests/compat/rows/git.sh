# program: git
# packages: git
# version: git --version
# does: init, 150 commits, branch, merge with threads, gc, clone, log -p, blame, fsck
# counts: ^git
prepare() {
	export GIT_CONFIG_GLOBAL=$WORK/config
	git config --file "$GIT_CONFIG_GLOBAL" user.name A
	git config --file "$GIT_CONFIG_GLOBAL" user.email a@example.org
	git config --file "$GIT_CONFIG_GLOBAL" init.defaultBranch main
}
run() {
	export GIT_CONFIG_GLOBAL=$WORK/config GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
	git init -q a && cd a || return
	for i in $(seq 150); do
		lines $((i % 40 + 5)) >file$((i % 10))
		git add . && git commit -qm "commit $i"
	done
	git checkout -q -b other HEAD~20 && echo other >other && git add other && git commit -qm other
	git checkout -q main && git merge -q --no-edit other
	git -c pack.threads=4 gc -q
	git clone -q . ../b && cd ../b || return
	git log -p --stat | sha256sum
	git blame file3 | sha256sum
	git fsck --full 2>&1 | tail -1
	git rev-parse HEAD
	git show nonsense
}
