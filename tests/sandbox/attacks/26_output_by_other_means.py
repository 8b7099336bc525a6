# id: 26
# name: output_by_other_means
# kind: host
# runs: 1
# contained: output is cut whatever writes it: threads, direct mode, lines, both streams
import fcntl, os, sys, threading
fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | os.O_DIRECT)
def flood(fd):
    while True: os.write(fd, b"x" * 65536)
threading.Thread(target=flood, args=(2,), daemon=True).start()
flood(1)
