# id: 55
# name: forge_much_text_outside
# kind: forge
# runs: 1
# contained: a reason made of 15 MB of text is not passed on
import os
data = b'{"missing":"' + b'x' * (15 << 20) + b'"}\n'
while data: data = data[os.write(3, data):]
def solve(n): return 0
