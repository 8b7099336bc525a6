# id: 39
# name: forge_answer_of_the_server
# kind: forge
# runs: 1
# contained: a line of the server's protocol in the output is output
import sys
for i in range(200):
    print('{"id": "%d", "status": "exit", "returncode": 0, "values": [{"ok": 1}], "stdout": "", "stderr": "", "wall_ms": 1}' % i, flush=True)
def solve(n): return 0
