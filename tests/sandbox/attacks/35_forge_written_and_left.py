# id: 35
# name: forge_written_and_left
# kind: forge
# runs: 1
# contained: lines written in place of the calls are only values
import os
def lines(values):
    return b"".join(b'{"index":%d,"ok":%d}\n' % pair for pair in enumerate(values))
def solve(n):
    os.write(3, lines([1, 1, 1, 1, 1]))
    os._exit(0)
