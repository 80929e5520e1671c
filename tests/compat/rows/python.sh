# program: python3
# packages: python3
# version: /usr/bin/python3 --version
# does: 4 threads of JSON, regular expressions, sqlite3, zlib and ctypes with every object from malloc
# quick: yes
run() {
	PYTHONMALLOC=malloc PYTHONHASHSEED=0 /usr/bin/python3 -s -B - <<'P'
import ctypes, json, re, sqlite3, threading, zlib, hashlib
out = {}
def work(n):
    rows = [{"id": i, "name": "name %d" % (i * n), "tags": [str(j) for j in range(i % 7)]} for i in range(8000)]
    text = json.dumps(rows)
    words = re.findall(r"name (\d+)", text)
    base = sqlite3.connect(":memory:")
    base.execute("create table t(a, b)")
    base.executemany("insert into t values (?, ?)", [(r["id"], r["name"]) for r in json.loads(text)])
    count = base.execute("select count(*), max(b) from t").fetchone()
    out[n] = (hashlib.sha256(zlib.compress(text.encode())).hexdigest(), len(words), count)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
libc = ctypes.CDLL(None)
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
array = (ctypes.c_int * 2000)(*[i * 7919 % 2003 for i in range(2000)])
libc.qsort(array, 2000, 4, compare(lambda a, b: a[0] - b[0]))
print(sorted(out.items()), list(array[:5]))
raise SystemExit(5)
P
}
