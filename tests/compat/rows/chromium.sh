# program: chromium --headless
# packages: chromium
# version: chromium --version
# does: renders a local page with script, canvas and SVG to a DOM dump and a picture
# counts: ^chrom
# timeout: 300
# cannot: chromium exports a malloc of its own (PartitionAlloc), which comes before any preloaded one
run() {
	cat >page.html <<'H'
<!doctype html><title>t</title><body><canvas id=c width=200 height=100></canvas><svg width=50 height=50><circle r=20 cx=25 cy=25 /></svg><p id=p></p>
<script>const x = document.getElementById('c').getContext('2d'); for (let i = 0; i < 200; i++) x.fillRect(i, i % 90, 5, 5);
let s = 0; for (let i = 0; i < 300000; i++) s += JSON.stringify({i}).length; document.getElementById('p').textContent = 'sum ' + s;</script>
H
	chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$WORK/profile" --dump-dom "file://$WORK/page.html" 2>/dev/null
	chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$WORK/profile" --screenshot="$WORK/page.png" "file://$WORK/page.html" 2>/dev/null
	file page.png
}
