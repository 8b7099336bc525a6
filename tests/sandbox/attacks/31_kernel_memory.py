# id: 31
# name: kernel_memory
# kind: host
# runs: 1
# contained: sockets, pipes and messages in flight are bounded by open files
import array, socket
one, other = socket.socketpair()
kept, sent = [], 0
try:
    while sent < 100_000:
        pair = socket.socketpair(); pair[0].setblocking(False)
        try:
            while True: pair[0].send(b"x" * 65536)
        except BlockingIOError: pass
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [s.fileno() for s in pair]))]); sent += 1
except OSError: pass
print("ESCAPED:" if sent > 1000 else "held", sent)
