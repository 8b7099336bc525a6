# id: 03
# name: handles_and_trees
# kind: probe
# runs: 1
# contained: no file is reached by handle, by a detached tree or by a new mount
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    return libc.syscall(ctypes.c_long(number), *[a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments])

buffer = ctypes.create_string_buffer(256)
ctypes.memmove(buffer, (128).to_bytes(4, "little"), 4)
fd = ctypes.c_int()
attacks = {
    "name_to_handle_at": call(303, -100, b"/", ctypes.addressof(buffer), ctypes.addressof(fd), 0),
    "open_by_handle_at": call(304, -100, ctypes.addressof(buffer), 0),
    "open_tree": call(428, -100, b"/", 1), "fsopen": call(430, b"proc", 0), "move_mount": call(429, 0, b"", -100, b"/", 4),
    "fspick": call(433, -100, b"/", 0), "mount_setattr": call(442, -100, b"/", 0, 0, 0), "mount": call(165, b"proc", b".", b"proc", 0, 0),
    "umount": call(166, b"/sandbox/work", 2), "pivot_root": call(155, b".", b"."), "chroot": call(161, b"."),
    "statmount": call(457, 0, 0, 0, 0), "listmount": call(458, 0, 0, 0, 0), "openat2": call(437, -100, b"/", 0, 24),
}
for name, result in attacks.items():
    if result >= 0: print("ESCAPED:", name)
