# id: 42
# name: forge_almost_equal
# kind: forge
# runs: 1
# contained: True, 1.0 and '1' are not 1
def solve(n): return [True, float(n), str(n), complex(n), (n,)][n % 5]
