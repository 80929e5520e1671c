# program: ffmpeg
# packages: ffmpeg
# version: ffmpeg -version
# does: a test picture through filters to H.264 in threads and back, checksums of all frames
# timeout: 400
run() {
	ffmpeg -v error -nostdin -threads 4 -f lavfi -i testsrc2=d=3:s=320x240 -f lavfi -i sine=d=3 -vf 'hflip,scale=240:180,drawgrid' \
		-c:v libx264 -preset fast -c:a aac -flags +bitexact -fflags +bitexact -y a.mkv
	ffmpeg -v error -nostdin -threads 4 -i a.mkv -map 0:v -f framemd5 - | sha256sum
	ffprobe -v error -show_entries stream=codec_name,width,nb_read_frames -count_frames a.mkv
	ffmpeg -v error -nostdin -i none.mkv -f null -
}
