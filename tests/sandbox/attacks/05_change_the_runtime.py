# id: 05
# name: change_the_runtime
# kind: probe
# runs: 1
# contained: neither contents nor modes nor times of the runtime and the devices change
import os, sys, json
targets = [sys.executable, os.__file__, json.__file__, "/etc/passwd", "/dev/null", "/dev/zero", "/dev/urandom", "/usr/bin/env", "/", 0]
for target in targets:
    for title, action in {
        "time": lambda t: os.utime(t), "mode": lambda t: os.chmod(t, 0o777), "size": lambda t: os.truncate(t, 0),
        "owner": lambda t: os.chown(t, 1000, 1000), "attribute": lambda t: os.setxattr(t, "user.x", b"x"),
        "name": lambda t: os.rename(t, "mine"), "link": lambda t: os.link(t, "mine"), "removal": lambda t: os.unlink(t),
    }.items():
        try: action(target)
        except (OSError, TypeError): continue
        if target != 0: print("ESCAPED: changed", title, "of", target)
