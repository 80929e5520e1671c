# program: ruby
# packages: ruby
# version: ruby --version
# does: strings, hashes, fibers, threads, GC.compact, an exception at the end
run() {
	ruby -e '
	h = Hash.new { |hash, k| hash[k] = [] }
	60_000.times { |i| h["k#{i % 3000}"] << "v#{i}" * 3 }
	f = Fiber.new { 1000.times { |i| Fiber.yield("f" * i) } ; "end" }
	n = 0; n += f.resume.size while f.alive?
	t = 8.times.map { |i| Thread.new { (1..4000).map { |x| (x * i).to_s }.sort.join.hash; i } }
	GC.start; GC.compact rescue nil
	puts h.size, n, t.map(&:value).sum, h.values.flatten.size
	raise ArgumentError, "enough"'
}
