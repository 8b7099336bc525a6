# id: 25
# name: threads
# kind: probe
# runs: 1
# contained: threads are bounded
import threading, time
started = 0
threading.stack_size(65536)
try:
    while started < 150: threading.Thread(target=time.sleep, args=(9,), daemon=True).start(); started += 1
except RuntimeError: pass
print("ESCAPED:" if started >= 60 else "held", started)
import os; os._exit(0)
