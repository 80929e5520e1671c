"""What is compared: each tool turns a command into the command that it profiles."""
import glob
import os

HEAPTRACK = "/usr/lib/heaptrack/libheaptrack_preload.so"


class Tool:
    """note: what the tool was asked to do; slow: one round only; floor: the tool that does
    all but the profiling."""

    def __init__(self, name, note, preload=None, env=None, wrap=None, slow=False, floor="noop"):
        self.name, self.note, self.slow, self.floor = name, note, slow, floor
        self.preload, self.env, self.wrap = preload, env or {}, wrap

    def missing(self):
        needed = self.preload or (self.wrap and self.wrap[0])
        return needed and not os.path.exists(needed)

    def command(self, argv, folder):
        """argv and the environment's additions; folder is for the tool's output."""
        env = {name: value.replace("DIR", folder) for name, value in self.env.items()}
        if self.preload:
            env["LD_PRELOAD"] = self.preload
        wrap = [part.replace("DIR", folder) for part in self.wrap or []]
        return wrap + argv, env


def library(name):
    found = glob.glob("/usr/lib/*/" + name)
    return found[0] if found else "/usr/lib/" + name


def all_tools(build):
    bench = os.path.join(build, "tests", "bench")
    ours = os.path.join(build, "preload", "libheapring.so")
    je, tc = library("libjemalloc.so.2"), library("libtcmalloc.so.4")

    def heapring(name, rate, note):
        return Tool(name, note, ours, {"HEAPRING_DIR": "DIR", "HEAPRING_RATE": rate})

    def jemalloc(name, lg, note, slow=False):
        return Tool(name, note, je, {"MALLOC_CONF": "prof:true,prof_active:true,prof_final:true,"
                                     "lg_prof_sample:%d,prof_prefix:DIR/je" % lg}, slow=slow,
                    floor="jemalloc")

    return [
        Tool("none", "the program alone"),
        Tool("noop", "a preloaded library that only forwards: the floor",
             os.path.join(bench, "noop_shim.so")),
        Tool("unw", "libunwind's unw_backtrace on every allocation, dropped",
             os.path.join(bench, "unw_shim.so")),
        heapring("exact", "exact", "heapring, every allocation"),
        heapring("sampled", "512KiB", "heapring, one sample per 512 KiB"),
        heapring("dormant", "off", "heapring, loaded and off"),
        Tool("ht-raw", "heaptrack's recorder alone, to a file (--raw)", HEAPTRACK,
             {"DUMP_HEAPTRACK_OUTPUT": "DIR/heaptrack.raw"}),
        Tool("heaptrack", "heaptrack -o FILE; its interpreter takes a second processor",
             wrap=["/usr/bin/heaptrack", "-o", "DIR/heaptrack"]),
        Tool("jemalloc", "jemalloc 5.3 alone", je, floor="jemalloc"),
        jemalloc("je-sampled", 19, "jemalloc 5.3 with its profiler, 512 KiB"),
        jemalloc("je-exact", 0, "jemalloc 5.3 with its profiler, every allocation", slow=True),
        Tool("tcmalloc", "tcmalloc (gperftools) alone", tc, floor="tcmalloc"),
        Tool("tc-sampled", "tcmalloc (gperftools) sampling 512 KiB", tc,
             {"TCMALLOC_SAMPLE_PARAMETER": "524288"}, floor="tcmalloc"),
        Tool("tc-exact", "tcmalloc (gperftools) HEAPPROFILE, every allocation", tc,
             {"HEAPPROFILE": "DIR/tc"}, slow=True, floor="tcmalloc"),
    ]
