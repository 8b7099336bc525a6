# id: 09
# name: signal_everybody
# kind: host
# runs: 1
# contained: nobody else is signalled, not even by a descriptor
import os, signal
for pid in (-1, 0, *range(2, 400), os.getppid(), @CANARYPID@):
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
        try: os.kill(pid, number)
        except OSError: continue
        if pid > 1: print("ESCAPED: signalled", pid)
try: os.pidfd_open(@CANARYPID@); print("ESCAPED: pidfd")
except OSError: pass
