# program: guile
# packages: guile-3.0
# version: guile --version
# does: big numbers, closures, garbage collection, call/cc
# note: Guile makes code at run time; what its own collector holds comes from mmap.
run() {
	guile --no-auto-compile -c '(define (f n) (if (= n 0) 1 (* n (f (- n 1)))))
	(display (string-length (number->string (f 2000)))) (newline)
	(display (length (let loop ((i 0) (l (list))) (if (= i 200000) l (loop (+ i 1) (cons (number->string i) l)))))) (newline)
	(display (call/cc (lambda (k) (for-each (lambda (i) (if (> i 50) (k i))) (iota 100)) 0))) (newline) (gc) (exit 4)'
}
