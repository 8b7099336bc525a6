# id: 02
# name: files_of_the_host
# kind: probe
# runs: 1
# contained: nothing of the host but its runtime can be opened, by whatever name
import glob, os, sys
names = ["@CANARY@/secret.txt", "/etc/shadow", "/etc/hosts", "/etc/hostname", "/proc/self/environ", "/proc/1/root/etc/shadow",
         "/sys/kernel/notes", "/dev/mem", "/dev/kmsg", "/dev/tty", "/dev/sda", "/run/secrets", "/root/.bash_history",
         "/../../..@CANARY@/secret.txt", "/tmp/../..@CANARY@/secret.txt", "/sandbox/../..@CANARY@/secret.txt"]
for name in names + glob.glob("/home/*") + glob.glob("/root/*") + glob.glob("/var/*") + glob.glob("/mnt/*"):
    if (sys.base_prefix + "/").startswith(name + "/"): continue
    try:
        os.close(os.open(name, os.O_RDONLY))
        print("ESCAPED: opened", name)
    except OSError: pass
