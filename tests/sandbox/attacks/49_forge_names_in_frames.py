# id: 49
# name: forge_names_in_frames
# kind: forge
# runs: 1
# contained: no frame holds an answer
import sys
def solve(n):
    frame = sys._getframe()
    while frame:
        for name in ('expected', 'truth', 'want', 'answer', 'result', 'verdict'):
            if name in frame.f_locals: return frame.f_locals[name]
        frame = frame.f_back
    return 0
