"""The broker restarts in the middle of a run: exactly what was produced arrives."""
from harness import *

survives_restart(need_kafka(), f"restart-{os.getpid()}", int(100000 * SCALE), slow=50)
done()
