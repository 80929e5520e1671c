# program: lua
# packages: lua5.4
# version: lua5.4 -v
# does: tables, strings, 2,000 coroutines, an error
run() {
	lua5.4 -e 'local t = {} for i = 1, 100000 do t[i] = ("x"):rep(i % 50) .. i end table.sort(t)
	local n = 0 for i = 1, 2000 do local c = coroutine.wrap(function() for k = 1, 5 do coroutine.yield(("y"):rep(k)) end end) for k = 1, 5 do n = n + #c() end end
	print(#t, t[1], n) error("enough")' 2>&1
}
