"""Real programs with an input that is the same every time.

Each function makes the input below a folder and returns a Workload. The tests
profile them (run_programs.py) and scripts/bench-overhead times them, larger by
`scale`.
"""
import os
import shutil
import subprocess

PYTHON = "/usr/bin/python3"  # the first on PATH may be a script that execs another


class Workload:
    """argv with an absolute program; env is added to the environment."""

    def __init__(self, argv, stdin=None, env=None, cwd=None):
        self.argv = [shutil.which(argv[0]) or argv[0], *argv[1:]]
        self.stdin = stdin
        self.env = dict({"LC_ALL": "C", "TZ": "UTC"}, **(env or {}))
        self.cwd = cwd


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


SQL = """
create table t(a integer, b text);
with recursive c(n) as (select 1 union all select n+1 from c where n < %d)
  insert into t select n, 'row ' || (n * 7919 %% 400000) from c;
create index i on t(b);
select count(*), max(b) from t;
"""


def sqlite(folder, scale=1):
    """An in-memory insert of 400,000 rows and an index."""
    return Workload(["sqlite3", "-init", "/dev/null", ":memory:"],
                    stdin=write(folder, "in.sql", SQL % (400000 * scale)))


PY = """
import json
rows = [{"id": i, "name": "name %d" % i, "tags": [str(j) for j in range(i % 7)]}
        for i in range(ROWS)]
text = json.dumps(rows)
back = json.loads(text)
words = {}
for row in back:
    for tag in row["tags"]:
        words.setdefault(tag + row["name"], []).append(row["id"])
print(len(text), len(words), sum(len(ids) for ids in words.values()))
"""


def python(folder, scale=1):
    """CPython with every object from malloc: lists, dicts and JSON of 20,000 rows."""
    return Workload([PYTHON, "-s", "-B", write(
        folder, "churn.py", PY.replace("ROWS", str(20000 * scale)))],
                    env={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"})


def jq(folder, scale=1):
    """A group over 20 MB of JSON."""
    path = os.path.join(folder, "in.json")
    with open(path, "w") as stream:
        stream.write("[")
        for i in range(160000 * scale):
            stream.write('%s{"id":%d,"key":"group %d","name":"%s","values":[%d,%d,%d]}\n' % (
                "," if i else "", i, i % 97, "n" * (i % 60 + 20), i, i * 3, i * 7))
        stream.write("]")
    return Workload(["jq", "-c", "group_by(.key) | map({k: .[0].key, n: length, "
                     "s: (map(.values[1]) | add)})", path])


C_FUNCTION = """
struct node%(n)d { struct node%(n)d *next; int key; double weight[%(w)d]; };
static int walk%(n)d(const struct node%(n)d *node, int depth)
{
	int sum = 0;
	for (; node != 0 && depth > 0; node = node->next, depth--) {
		switch (node->key %% 5) {
		case 0: sum += node->key * %(n)d; break;
		case 1: sum -= (int)node->weight[depth %% %(w)d]; break;
		case 2: sum ^= walk%(n)d(node->next, depth - 1); break;
		default: sum += depth * (node->key >> 2);
		}
	}
	return sum;
}
int entry%(n)d(struct node%(n)d *list)
{
	return walk%(n)d(list, %(n)d) + walk%(n)d(list->next, %(w)d);
}
"""


def c_file(folder, scale=1):
    return write(folder, "large.c", "".join(
        C_FUNCTION % {"n": n, "w": n % 13 + 3} for n in range(600 * scale)))


def gcc(folder):
    """The driver; the compiler proper is its child."""
    return Workload(["gcc", "-O1", "-c", c_file(folder), "-o", "/dev/null"], cwd=folder)


def cc1(folder, scale=1):
    """gcc -O1 of 600 functions: the compiler proper."""
    path = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True, text=True,
                          check=True).stdout.strip()
    return Workload([path, "-quiet", "-O1", c_file(folder, scale), "-o", os.devnull], cwd=folder)


PERL = """
my %count; my @lines;
for my $i (1 .. COUNT) {
    my $key = "key " . ($i * 7919 % 30011);
    $count{$key}{n}++; push @{$count{$key}{at}}, $i;
    push @lines, join(",", $i, $key, "x" x ($i % 50));
}
my @sorted = sort { $count{$b}{n} <=> $count{$a}{n} || $a cmp $b } keys %count;
my $bytes = 0; $bytes += length for map { s/key/k/r } @lines;
print scalar(@sorted), " $sorted[0] $bytes\\n";
"""


def perl(folder, scale=1):
    """A hash of 30,000 hashes and 120,000 strings."""
    return Workload(["perl", write(
        folder, "in.pl", PERL.replace("COUNT", str(120000 * scale)))],
                    env={"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"})


def git(folder, scale=1):
    """The log with patches of 400 commits."""
    repository = os.path.join(folder, "repository")
    env = dict(os.environ, LC_ALL="C", GIT_CONFIG_GLOBAL="/dev/null", HOME=folder)
    stream = []
    for i in range(1, 400 * scale + 1):
        text = "".join("line %d of %d\n" % (j * j % i, i // (1 + j % 3)) for j in range(120))
        stream.append("commit refs/heads/main\ncommitter A <a@example.org> %d +0000\n"
                      "data <<E\ncommit %d\nE\nM 644 inline file%d\ndata %d\n%s\n" % (
                          1700000000 + i, i, i % 10, len(text), text))
    subprocess.run(["git", "init", "-q", "-b", "main", repository], check=True, env=env)
    subprocess.run(["git", "-C", repository, "fast-import", "--quiet"], check=True, env=env,
                   input="".join(stream).encode())
    return Workload(["git", "--no-pager", "log", "-p", "--stat", "main"], cwd=repository,
                    env={"GIT_CONFIG_GLOBAL": "/dev/null", "HOME": folder})


SHELL = """
for i in 1 2 3 4 5 6 7 8; do
  echo "line $i" | sort -r | tr a-z A-Z
  x=$(printf '%s-' $i $i | cut -c1-3); y="$y$x"
done
ls / >/dev/null; seq 1 2000 | sort -n | tail -1; echo "$y"; (exit 3); echo $?
false
"""


def bash(folder):
    """A script of coreutils, pipes and subshells that ends with status 1."""
    return Workload(["bash", "--norc", write(folder, "in.sh", SHELL)])
