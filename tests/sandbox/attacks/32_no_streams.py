# id: 32
# name: no_streams
# kind: host
# runs: 1
# contained: closing everything harms nobody else
import os
os.closerange(0, 4096)
while True: os.getpid() and None
