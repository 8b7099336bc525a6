# id: 57
# name: answers_before_the_work
# kind: time
# runs: 1
# contained: a second that is burnt after the answers were written counts
import os, time
os.write(3, b"".join(b'{"index":%d,"ok":0}\n' % i for i in range(5)))
os.close(3)
start = time.monotonic()
while time.monotonic() - start < 1: pass
def solve(n): return 0
