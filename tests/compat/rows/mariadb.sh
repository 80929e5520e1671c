# program: mariadbd
# packages: mariadb-server mariadb-client
# version: mariadbd --version
# does: bootstrap of a data folder, a server, tables, joins, JSON, shutdown
# counts: ^maria
# timeout: 400
prepare() { mkdir data; }
run() {
	u=(); [ "$(id -u)" = 0 ] && u=(--user=root)
	mariadb-install-db --no-defaults "${u[@]}" --datadir="$WORK/data" --auth-root-authentication-method=normal --skip-test-db >install.log 2>&1
	echo "install $?"
	mariadbd --no-defaults "${u[@]}" --datadir="$WORK/data" --socket="$WORK/s" --skip-networking --innodb-buffer-pool-size=32M >server.log 2>&1 &
	wait_for mariadb-admin --no-defaults -S s -u root ping
	mariadb --no-defaults -S s -u root -N -e "create database d; use d; create table t(a int primary key, b varchar(40), key(b)) engine=innodb;
	insert into t select seq, concat('row ', seq * 7919 % 4000) from seq_1_to_20000;
	select count(*), max(b) from t; select count(*) from t x join t y using(b); select json_arrayagg(a) from t where a < 9; select nonsense;" 2>&1
	mariadb-admin --no-defaults -S s -u root shutdown
	wait $!
}
