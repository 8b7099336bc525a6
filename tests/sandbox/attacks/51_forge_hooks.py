# id: 51
# name: forge_hooks
# kind: forge
# runs: 1
# contained: hooks on calls and exits find nothing to change
import atexit, os, sys
sys.settrace(lambda *a: None)
sys.setprofile(lambda *a: None)
sys.addaudithook(lambda *a: None)
sys.excepthook = sys.unraisablehook = lambda *a: os._exit(0)
atexit.register(os._exit, 0)
def solve(n): raise AssertionError
