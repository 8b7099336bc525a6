# id: 54
# name: forge_slow_to_read
# kind: forge
# runs: 1
# contained: keys of equal hashes and huge lines hold nobody up
import os
def send(data):
    while data: data = data[os.write(3, data):]
def solve(n):
    send(b'{"index":0,"ok":{"$t":"set","v":[' + b','.join(b'%d' % (i * (2**61 - 1)) for i in range(60_000)) + b']}}\n')
    send(b'{"index":0,"ok":[' + b'[],' * 2_000_000 + b'0]}\n')
    os._exit(0)
