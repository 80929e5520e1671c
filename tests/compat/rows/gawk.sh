# program: gawk
# packages: gawk
# version: gawk --version
# does: arrays, sorting, regular expressions, a pipe to sort
run() {
	lines 60000 | gawk '{ n[$1 % 997] += $1; s[length($0)]++; gsub(/o/, "0"); t = t substr($0, 1, 1) } END { PROCINFO["sorted_in"] = "@ind_num_asc"; for (i in s) print i, s[i] | "sort -n"; close("sort -n"); print length(n), length(t); exit 6 }'
}
