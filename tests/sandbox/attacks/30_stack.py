# id: 30
# name: stack
# kind: host
# runs: 1
# contained: a crash of the stack is the end of the run only
import sys
sys.setrecursionlimit(1 << 30)
def deeper(): return [deeper()]
class Deep:
    def __repr__(self): return repr(self)
try: repr(Deep())
except RecursionError: pass
deeper()
