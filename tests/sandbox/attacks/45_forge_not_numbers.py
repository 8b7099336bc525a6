# id: 45
# name: forge_not_numbers
# kind: forge
# runs: 1
# contained: nan, infinity and numbers out of range equal nothing
import os
def solve(n):
    if n % 2: os.write(3, b'{"index":0,"ok":1e999999}\n')
    return float('nan')
