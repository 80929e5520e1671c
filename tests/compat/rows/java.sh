# program: java (OpenJDK)
# packages: openjdk-17-jdk-headless
# version: java --version
# does: compiles and runs 60 threads of strings, streams, direct buffers and deflaters under the JIT
# counts: ^java
# complete: 10
# timeout: 400
# note: Compiled Java has no unwind information; the JVM's own stacks are complete.
run() {
	cat >In.java <<'J'
import java.util.*; import java.util.stream.*; import java.util.zip.*; import java.nio.*;
public class In {
  public static void main(String[] a) throws Exception {
    long[] sums = new long[60]; Thread[] ts = new Thread[60];
    for (int t = 0; t < 60; t++) { final int n = t; ts[t] = new Thread(() -> {
      for (int r = 0; r < 20; r++) {
        String s = IntStream.range(0, 500).mapToObj(i -> "w" + i * n).collect(Collectors.joining(","));
        Deflater d = new Deflater(); d.setInput(s.getBytes()); d.finish(); byte[] b = new byte[10000];
        sums[n] += s.length() + d.deflate(b); d.end();
        ByteBuffer.allocateDirect(4096 + n).putInt(r);
      } }); ts[t].start(); }
    for (Thread t : ts) t.join();
    System.gc(); System.out.println(Arrays.stream(sums).sum());
    System.exit(9);
  }
}
J
	java -Xmx256m In.java
}
