# program: postgres
# packages: postgresql
# version: /usr/lib/postgresql/15/bin/postgres --version
# does: initdb, pgbench -i and 4 clients for 2,000 transactions, a parallel query, stop; as another user
# counts: ^(postgres|initdb|pgbench|psql|pg_ctl)$
# timeout: 500
prepare() { mkdir data run && { [ "$(id -u)" != 0 ] || chown postgres data run; }; }
run() {
	local bin=/usr/lib/postgresql/15/bin
	cd run || return
	export PGHOST=$PWD PGUSER=postgres PGDATABASE=postgres
	as_other $bin/initdb -D ../data -U postgres -A trust --no-sync >init && tail -1 ../run/init >/dev/null
	as_other $bin/pg_ctl -s -w -D ../data -l log -o "-k $PWD -c listen_addresses= -c fsync=off" start
	as_other $bin/pgbench -q -i -s 2 2>/dev/null
	as_other $bin/pgbench -c 4 -j 2 -t 500 2>/dev/null | grep -o 'transactions actually processed: .*'
	as_other $bin/psql -At -c 'set parallel_setup_cost=0' -c 'set parallel_tuple_cost=0' \
		-c 'set min_parallel_table_scan_size=0' -c 'select count(*), sum(aid) from pgbench_accounts' \
		-c 'select string_agg(x::text, chr(44)) from generate_series(1,5) x' -c 'select 1/0'
	echo "psql $?"
	as_other $bin/pg_ctl -s -w -D ../data -m fast stop
}
