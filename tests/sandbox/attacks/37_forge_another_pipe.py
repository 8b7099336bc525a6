# id: 37
# name: forge_another_pipe
# kind: forge
# runs: 1
# contained: values sent elsewhere do not arrive
import os
read, write = os.pipe()
os.dup2(write, 3)
def solve(n): return 0
