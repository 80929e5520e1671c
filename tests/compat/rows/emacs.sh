# program: emacs
# packages: emacs-nox
# version: emacs --version
# does: batch: font-lock of a C file, org export, byte-compile
run() {
	emacs -Q --batch --eval '(progn (with-temp-buffer (dotimes (i 2000) (insert (format "int f%d(int a) { return a * %d; }\n" i i))) (c-mode) (font-lock-ensure) (indent-region (point-min) (point-max)) (princ (format "%d\n" (buffer-size))))
	(with-temp-buffer (dotimes (i 100) (insert (format "* Head %d\ntext *bold* %d\n" i i))) (org-mode) (princ (format "%d\n" (length (org-export-as (quote ascii))))))
	(error "enough"))' 2>&1 | grep -v '^Loading\|^Indenting'
}
