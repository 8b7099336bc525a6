# id: 17
# name: memory_of_another_run
# kind: probe
# runs: 3
# contained: the memory of a run holds nothing of another one
import ctypes, os
write_memory = ctypes.CDLL(None).write
mark = bytes(byte ^ 0x20 for byte in b"nofx\x0dleft\x0dover\x0dmark")
read, write = os.pipe()
anchors = {id(object()), id(os), ctypes.addressof(ctypes.create_string_buffer(9)), ctypes.addressof(ctypes.create_string_buffer(1 << 20))}
for anchor in anchors:
    for page in range(anchor - anchor % 4096 - (8 << 20), anchor + (8 << 20), 4096):
        if page > 0 and write_memory(write, ctypes.c_void_p(page), ctypes.c_size_t(4096)) == 4096:
            found = os.read(read, 4096)
            if found.count(mark) > 9: print("ESCAPED: found the mark"); raise SystemExit
keep = [mark * 2000 for _ in range(500)]
