# id: 18
# name: leases_and_notices
# kind: probe
# runs: 1
# contained: files of the host are not leased, locked by flock, or watched
import fcntl, os
file, folder = os.open("/usr/bin/env", os.O_RDONLY), os.open("/usr/bin", os.O_RDONLY)
for title, action in {
    "flock": lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB), "lease": lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK),
    "write lease": lambda: fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK), "notice": lambda: fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS),
    "larger pipe": lambda: fcntl.fcntl(os.pipe()[1], 1031, 1 << 20), "exclusive lock": lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB),
}.items():
    try: action(); print("ESCAPED:", title)
    except OSError: pass
