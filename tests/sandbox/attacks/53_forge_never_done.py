# id: 53
# name: forge_never_done
# kind: forge
# runs: 1
# contained: coroutines and generators are no numbers
async def later(n): return n
def solve(n): return later(n) if n % 2 else (i for i in [n])
