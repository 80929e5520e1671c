# program: ghostscript
# packages: ghostscript
# version: gs --version
# does: 20 pages of PostScript to PDF, then to pictures
run() {
	for i in $(seq 20); do echo "/Helvetica findfont 20 scalefont setfont 72 $((i * 30)) moveto (page $i) show 100 100 50 0 360 arc stroke showpage"; done >a.ps
	gs -q -dSAFER -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=a.pdf a.ps
	gs -q -dSAFER -dNOPAUSE -dBATCH -sDEVICE=pnggray -r50 -sOutputFile=- a.pdf | sha256sum
	gs -q -dNOPAUSE -dBATCH -sDEVICE=nullpage none.ps 2>&1 | tail -1
}
