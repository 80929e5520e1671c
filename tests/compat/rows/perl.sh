# program: perl
# packages: perl
# version: perl -e 'print $^V'
# does: hashes, sorts and regular expressions; 20 forked children with pipes
# quick: yes
run() {
	PERL_HASH_SEED=0 perl -e '
	my %c; for my $i (1 .. 60000) { my $k = "key " . ($i * 7919 % 30011); $c{$k}{n}++; push @{$c{$k}{at}}, $i }
	my @s = sort { $c{$b}{n} <=> $c{$a}{n} || $a cmp $b } keys %c;
	print scalar(@s), " $s[0]\n";
	for my $n (1 .. 20) { my $p = open(my $f, "-|") // die; if (!$p) { print join(",", map { $_ * $n } 1 .. 500), "\n"; exit 0 } my $l = <$f>; print length $l, "\n"; close $f }
	die "enough\n"'
}
