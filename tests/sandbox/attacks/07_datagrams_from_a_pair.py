# id: 07
# name: datagrams_from_a_pair
# kind: probe
# runs: 1
# contained: a pair of sockets sends nothing to an address
import socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
    one, other = socket.socketpair(socket.AF_UNIX, kind)
    for address in ("@CANARY@/db.sock", "\0nofx_canary", "/run/systemd/journal/socket", "/dev/log"):
        for send in (lambda: one.sendto(b"x", address), lambda: one.sendmsg([b"x"], [], 0, address), lambda: one.connect(address)):
            try:
                send()
                if kind == socket.SOCK_DGRAM: print("ESCAPED: sent to", address)
            except OSError: pass
