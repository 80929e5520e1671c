# program: octave
# packages: octave
# version: octave --version
# does: linear algebra with BLAS threads, cells, an FFT, regular expressions
run() {
	octave-cli --norc --eval 'a = reshape(mod((1:40000) * 7919, 1009), 200, 200); b = a \ ones(200, 1); printf("%.4f\n", norm(a * b - 1) < 1e-6); c = cell(1, 3000); for i = 1:3000, c{i} = sprintf("x%d", i); end; printf("%d %d\n", numel(strjoin(c, ",")), round(abs(fft(1:1024)(1)))); exit(3)'
}
