# id: 33
# name: forge_leave_while_loading
# kind: forge
# runs: 1
# contained: leaving early is no value
import os
os._exit(0)
def solve(n): return 0
