# id: 47
# name: forge_patched_frames
# kind: forge
# runs: 1
# contained: functions of the runner replaced through its frames change values only
import sys
frame = sys._getframe()
while frame:
    for name in ('_dumps', '_quote', '_put', '_call', '_describe'):
        if name in frame.f_globals: frame.f_globals[name] = lambda *a: '1'
    frame = frame.f_back
def solve(n): return 0
