# id: 24
# name: disk_in_many_ways
# kind: probe
# runs: 1
# contained: files, holes, links and names are bounded
import os
def count(action, most):
    for number in range(most):
        try: action(number)
        except OSError: return number
    return most
fd = os.open("big", os.O_RDWR | os.O_CREAT)
written = count(lambda n: os.posix_fallocate(fd, n << 20, 1 << 20), 99)
written += sum(count(lambda n: os.write(file, bytes(1 << 20)), 99) for file in [os.open(f"f{i}", os.O_RDWR | os.O_CREAT) for i in range(4)])
os.close(fd)
names = count(lambda n: os.link("big", f"l{n}"), 9000) + count(lambda n: os.symlink("x" * 4000, f"s{n}"), 9000) + count(lambda n: os.mkdir(f"d{n}"), 9000)
print("ESCAPED:" if written > 40 or names > 2100 else "held", written, names)
