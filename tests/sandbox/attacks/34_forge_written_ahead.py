# id: 34
# name: forge_written_ahead
# kind: forge
# runs: 1
# contained: lines written before the calls add no value
import os
def lines(values):
    return b"".join(b'{"index":%d,"ok":%d}\n' % pair for pair in enumerate(values))
os.write(3, lines([0, 1, 2, 3, 4]))
def solve(n): return 0
