# id: 16
# name: left_by_another_run
# kind: probe
# runs: 2
# contained: a run finds nothing that another one left
import builtins, os, random, resource, signal, sys
marks = [hasattr(sys, "mark"), hasattr(builtins, "mark"), "MARK" in os.environ, bool(os.listdir("/tmp")), bool(os.listdir("/dev/shm")),
         os.getcwd() != "/sandbox/work", os.umask(0o22) not in (0o22, 0o77, 0o27, 0o02), signal.getsignal(signal.SIGTERM) != signal.SIG_DFL,
         hasattr(os.path.join, "mark"), os.fstat(0).st_mtime < os.fstat(1).st_mtime - 3600]
for number, mark in enumerate(marks):
    if mark: print("ESCAPED: mark", number)
sys.mark = builtins.mark = os.path.join.mark = 1
os.environ["MARK"] = "1"
open("/tmp/mark", "w").close()
os.mkdir("sub"); os.chdir("sub"); os.umask(0o111)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
