"""The conversation between bench/ and a PyTorch twin: one JSON line in, one JSON line out.

At the start  -> {"ready": true, "torch": "1.13.0", "threads": 2, "peakBytes": 1}
{"run": 3}    -> {"seconds": [0.1, 0.1, 0.1], "cpuSeconds": [0.2, 0.2, 0.2], "peakBytes": 2, ...}   what the work itself returns is merged in
The end of the input ends the script. peakBytes is the process's largest resident size so far.
"""

import json
import os
import resource
import sys
import time

THREADS = 2
os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))

import torch  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../scripts/fixtures"))


def serve(work):
    """Calls `work()` as often as asked; it may return a dict to be sent along."""
    torch.set_num_threads(THREADS)
    # Answers go where stdout went; whatever a library prints goes to stderr and cannot break the conversation.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(message):
        message["peakBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps(message), file=answers, flush=True)

    answer({"ready": True, "torch": torch.__version__, "threads": torch.get_num_threads()})
    for line in sys.stdin:
        seconds, cpu_seconds, extra = [], [], {}
        for _ in range(json.loads(line)["run"]):
            start, cpu_start = time.perf_counter(), time.process_time()
            extra = work() or {}
            seconds.append(time.perf_counter() - start)
            cpu_seconds.append(time.process_time() - cpu_start)
        answer({"seconds": seconds, "cpuSeconds": cpu_seconds, **extra})
