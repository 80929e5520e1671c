# program: node
# packages: nodejs
# version: node --version
# does: JSON, zlib, crypto in the thread pool, 4 worker threads, a child process
# complete: 8
# note: V8 makes code at run time that has no unwind information; stacks through it end there.
run() {
	cat >in.js <<'J'
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
if (!isMainThread) { let s = 0; for (let i = 0; i < 2e5; i++) s += JSON.stringify({ i, w: workerData }).length; parentPort.postMessage(s); }
else {
  const zlib = require('zlib'), crypto = require('crypto'), { execFileSync } = require('child_process');
  const rows = Array.from({ length: 50000 }, (_, i) => ({ id: i, name: 'name ' + i, tags: [i % 7, i % 11] }));
  const text = JSON.stringify(rows);
  console.log(JSON.parse(text).length, execFileSync('echo', ['child']).toString().trim());
  zlib.gzip(text, (e, z) => console.log('gzip', zlib.gunzipSync(z).length === text.length));
  crypto.pbkdf2('a', 'b', 20000, 32, 'sha256', (e, k) => console.error('key', k.toString('hex')));
  let left = 4, sum = 0;
  for (let w = 0; w < 4; w++) new Worker(__filename, { workerData: w }).on('message', s => { sum += s; if (--left === 0) { console.log('workers', sum); process.exitCode = 3; } });
}
J
	node in.js
}
same() { sort; }
