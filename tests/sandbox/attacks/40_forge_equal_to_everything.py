# id: 40
# name: forge_equal_to_everything
# kind: forge
# runs: 1
# contained: objects equal to everything have no representation
class Any(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
def solve(n): return Any(n)
