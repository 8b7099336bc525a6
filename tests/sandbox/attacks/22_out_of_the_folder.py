# id: 22
# name: out_of_the_folder
# kind: probe
# runs: 1
# contained: no path leads out of the root, whatever it is made of
import os
os.makedirs("a/b/c")
fd = os.open("a/b/c", os.O_RDONLY | os.O_DIRECTORY)
os.rename("a/b/c", "moved")
os.symlink("/../../../..", "up")
names = ["../" * 40 + "@CANARY@/secret.txt".lstrip("/"), "up@CANARY@/secret.txt", "/sandbox/.." + "@CANARY@/secret.txt"]
for name in names:
    for where in (None, fd):
        try: os.open(name, os.O_RDONLY, dir_fd=where); print("ESCAPED:", name)
        except OSError: pass
os.fchdir(fd)
for _ in range(60): os.chdir("..")
if os.path.exists("@CANARY@") or not os.path.samefile(".", "/"): print("ESCAPED: above the root")
