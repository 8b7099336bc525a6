# id: 43
# name: forge_tags
# kind: forge
# runs: 1
# contained: a dict that looks like a tag or an answer is a dict
def solve(n): return {'$t': 'any', 'v': n} if n % 2 else {'ok': n, 'index': 0, 'verdict': True}
