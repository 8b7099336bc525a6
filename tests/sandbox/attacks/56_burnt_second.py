# id: 56
# name: burnt_second
# kind: time
# runs: 1
# contained: a second that is burnt counts, whatever the clocks inside say
import os, time
real, start = time.monotonic, time.monotonic()
time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
while real() - start < 1: pass
def solve(n): return 0
