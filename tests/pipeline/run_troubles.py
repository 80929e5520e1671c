"""Everything at once: three members of a group, kill -9 at random instants, a broker that
restarts, a disk that fills up, a sink that is down for a while and slow all the time, one
message of a hundred poison. What is stored and what is buried is together what was produced."""
import random
from harness import *

broker = need_kafka()
tag = str(os.getpid())
N = int(100000 * SCALE)
KILLS = int(min(20, max(6, 6 * SCALE)))
OUTAGE = min(30, 3 * SCALE)
RESTART, FULL, DOWN = KILLS // 4, KILLS // 2, 3 * KILLS // 4  # after which kill
SLOW = 7e6 * KILLS / N  # us a message: three members are busy for as long as that takes
seed = int(os.environ.get("SEED", time.time()))
random.seed(seed)
print("seed", seed)
topic, disk = "troubles-" + tag, path("disk")
file = disk + "/t.db"
os.mkdir(disk)
mounted = os.geteuid() == 0 and subprocess.run(
    ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", disk], capture_output=True).returncode == 0


class Member:
    def __init__(self, chaos=""):
        self.port, self.spared = free_port(), bool(chaos)
        self.process = start("run", "--quiet", "--summary", "json", "--broker", broker, "--topic",
                             topic, "--group", "g-" + tag, "--sink", "sqlite:" + file, "--chaos",
                             f"slow={SLOW:.1f}" + chaos, "--metrics", f"127.0.0.1:{self.port}")

    def is_down(self):
        return metric(self.port, "sink_down") > 0


def squeeze(size):
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def fill_disk():
    """No room is left until somebody has noticed; who starts meanwhile would not begin."""
    wait_for(lambda: all(metric(member.port, "processed_total") > 0 for member in members), 60,
             "all have begun")
    left = os.statvfs(disk)
    squeeze((left.f_blocks - left.f_bfree) * left.f_frsize + 65536)
    wait_for(lambda: any(member.is_down() for member in members), 60, "the disk is full")
    squeeze("1g")


def replace(i, chaos=""):
    members[i].process.kill()
    members[i].process.communicate()
    members[i] = Member(chaos)


members = []
try:
    fill(broker, topic, N, "--poison", 1)
    members = [Member() for _ in range(3)]
    wait_for(lambda: metric(members[0].port, "processed_total") > 0, 60, "they work")
    for kill in range(1, KILLS + 1):
        time.sleep(random.uniform(0.3, 2.5))
        replace(random.choice([i for i in range(3) if not members[i].spared]),
                f",outage=0.1:{OUTAGE}" if kill == DOWN else "")
        if kill == RESTART:
            status, _, error = kafka("restart")
            check(status == 0, "the broker restarts " + error)
        if kill == FULL and mounted:
            fill_disk()
    check(count(file) < 0.9 * N, f"{KILLS} were killed before the end")
    wait_for(lambda: arrived(broker, topic, file, N), 240, "the last members get to the end")
    for member in members:
        member.process.terminate()
    for member in members:
        r = finish(member.process, 60)
        check(r.status == 0, f"a member ends well {r.err}")
    stored_or_buried(broker, topic, file, N)
finally:
    for member in members:
        member.process.kill()
    if mounted:
        subprocess.run(["umount", "-l", disk])
    else:
        print("skipped: a full disk needs root and tmpfs")
done()
