# program: coreutils
# packages: coreutils
# version: sort --version
# does: sort, uniq, join, comm, tac, split, sha256sum, od, fmt, shuf over 200,000 lines
# quick: yes
# counts: ^(sort|uniq|join|comm|tac|split|sha256sum|od|fmt|shuf|tr|cut|ls|wc|du|cp)$
prepare() { lines 200000 >in; }
run() {
	sort -r in | uniq -c | sort -n -k1,1 --parallel=2 | tail -3
	shuf --random-source=in in | sort | comm -12 - <(sort in) | wc -l
	split -l 9000 in part. && ls part.* | wc -l
	tac in | cut -d' ' -f1-3 | tr a-z A-Z | sha256sum
	head -c 100000 in | od -x | fmt -w 60 | sha256sum
	join <(seq 1000 | sort) <(sort in | head -2000) | wc -l
	cp -r . ../copy && du -s --apparent-size ../copy | cut -f1 | wc -l && rm -r ../copy
	ls /nonexistent
}
