# id: 50
# name: forge_numbers_overwritten
# kind: forge
# runs: 1
# contained: numbers overwritten in memory are overwritten in this process only
import ctypes
for number in range(2, 200):
    ctypes.c_uint32.from_address(id(number) + 24).value = 1
def solve(n): return 3
