# id: 21
# name: special_files
# kind: probe
# runs: 1
# contained: no device, fifo, set-user-id program or labelled file is made
import os, stat
open("own", "w").close()
for title, action in {
    "device": lambda: os.mknod("d", stat.S_IFCHR | 0o666, os.makedev(1, 1)), "disk": lambda: os.mknod("b", stat.S_IFBLK | 0o666, os.makedev(8, 0)),
    "fifo": lambda: os.mkfifo("f"), "socket": lambda: os.mknod("s", stat.S_IFSOCK | 0o666), "capability": lambda: os.setxattr("own", "security.capability", bytes(20)),
    "trusted": lambda: os.setxattr("own", "trusted.x", b"x"), "owner": lambda: os.chown("own", 0, 0), "execution": lambda: os.execv("own", ["own"]),
}.items():
    try: action(); print("ESCAPED:", title)
    except OSError: pass
