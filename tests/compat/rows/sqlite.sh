# program: sqlite3
# packages: sqlite3
# version: sqlite3 --version
# does: 100,000 rows, an index, full-text search, JSON, a recursive query, vacuum
# quick: yes
run() {
	sqlite3 -init /dev/null base.db "
	create table t(a integer, b text);
	with recursive c(n) as (select 1 union all select n+1 from c where n < 100000) insert into t select n, 'row ' || (n * 7919 % 40000) from c;
	create index i on t(b);
	create virtual table f using fts5(x); insert into f select b from t limit 5000;
	select count(*) from f where f match 'row'; select json_group_array(a) from (select a from t where a < 20);
	select count(*), max(b) from t; delete from t where a % 3 = 0; vacuum; select count(*) from t; select nonsense;"
}
