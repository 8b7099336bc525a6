# id: 36
# name: forge_thread_that_writes
# kind: forge
# runs: 1
# contained: a thread that writes between the calls is not believed
import os
def lines(values):
    return b"".join(b'{"index":%d,"ok":%d}\n' % pair for pair in enumerate(values))
import threading
def write():
    while True: os.write(3, lines([1]))
threading.Thread(target=write, daemon=True).start()
def solve(n): return 0
