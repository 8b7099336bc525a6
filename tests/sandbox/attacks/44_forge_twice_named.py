# id: 44
# name: forge_twice_named
# kind: forge
# runs: 1
# contained: a line that names a key twice is no line
import os
def solve(n):
    os.write(3, b'{"index":0,"ok":1,"ok":2,"index":0}\n')
    return 0
