# id: 23
# name: memory_in_many_ways
# kind: probe
# runs: 1
# contained: a run cannot hold much more memory than its limit
import mmap, threading
held, size = [], 16 << 20
def take():
    for flags in (mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, 0x4000 | 0x22, 0x8000 | 0x22):
        try:
            while len(held) * size < 2 << 30:
                block = mmap.mmap(-1, size, flags=flags); block[::4096] = b"x" * len(block[::4096]); held.append(block)
        except (OSError, MemoryError, ValueError): pass
take()
total = len(held) * size >> 20
print("ESCAPED: held" if total > 600 else "held", total, "MB")
