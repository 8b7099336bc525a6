# id: 41
# name: forge_claimed_type
# kind: forge
# runs: 1
# contained: a class that claims to be int is not one
class Meta(type):
    __name__ = 'int'
    def __instancecheck__(cls, other): return True
    def __eq__(cls, other): return True
    __hash__ = type.__hash__
class Claim(metaclass=Meta):
    __class__ = int
    def __eq__(self, other): return True
    def __reduce__(self): return (eval, ('42',))
    def __index__(self): return 1
    __int__ = __index__
def solve(n): return Claim()
