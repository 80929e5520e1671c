# program: ImageMagick (convert)
# packages: imagemagick
# version: convert-im6.q16 --version
# does: a plasma picture, blur, resize, montage, PNG, JPEG and GIF with OpenMP threads
run() {
	convert-im6.q16 -seed 1 -size 400x300 plasma:red-blue -blur 0x3 -resize 150% -define png:exclude-chunks=date,time a.png
	convert-im6.q16 a.png -rotate 30 -quality 80 b.jpg
	convert-im6.q16 -delay 10 a.png b.jpg -resize 100x100 c.gif
	convert-im6.q16 a.png b.jpg c.gif -format '%m %w %h %#\n' info:
	convert-im6.q16 none.png out.png
}
