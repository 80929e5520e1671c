# program: sbcl
# packages: sbcl
# version: sbcl --version
# does: compiles and runs functions, conses, collects garbage
run() {
	sbcl --noinform --non-interactive --no-sysinit --no-userinit --eval '(defun f (n) (if (< n 2) n (+ (f (- n 1)) (f (- n 2)))))' \
		--eval '(compile (quote f))' --eval '(print (f 22))' --eval '(print (length (loop for i below 300000 collect (format nil "~a" i))))' --eval '(gc :full t)' --eval '(sb-ext:exit :code 5)'
}
