# program: redis-server
# packages: redis-server redis-tools
# version: redis-server --version
# does: redis-benchmark of 8 commands, a forked RDB save, SHUTDOWN
# counts: ^redis
run() {
	redis-server --port 0 --unixsocket "$WORK/s" --save '' --daemonize no --logfile log --dir "$WORK" &
	local server=$!
	wait_for redis-cli -s s ping
	redis-benchmark -s s -q -n 20000 -t set,get,lpush,lrange_100,sadd,zadd,hset,incr >bench || return
	redis-cli -s s --raw eval "for i=1,5000 do redis.call('set','k'..i,string.rep('x',i%100)) end return 1" 0
	redis-cli -s s save && redis-cli -s s bgsave
	redis-cli -s s dbsize
	wait_for sh -c 'redis-cli -s s info persistence | grep -q rdb_bgsave_in_progress:0'
	redis-cli -s s info persistence | grep -o 'rdb_last_bgsave_status:ok'
	redis-cli -s s shutdown nosave
	wait "$server"
}
