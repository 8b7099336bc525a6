"""
Puts the pages' templates and static files into the wheel, and builds the sandbox's C part where there is a compiler.

Everything else is said in pyproject.toml.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py


class BuildWithPages(build_py):
    """In the wheel ``templates`` and ``static`` lie inside the package, where an installed server finds them."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for name in ("templates", "static"):
            shutil.copytree(name, Path(self.build_lib) / "nofx" / "pages" / name, dirs_exist_ok=True)


# Loaded with ctypes: a shared library, no Python module. Without a compiler the sandbox works the same, slower.
# Its name tells of which sources it was built, so that one left over from earlier ones is not used.
SOURCES = sorted(str(path) for path in Path("apps/sandbox/native").glob("*.c"))
DIGEST = hashlib.sha256(b"".join(Path(source).read_bytes() for source in SOURCES)).hexdigest()[:16]
SANDBOX = Extension(f"apps.sandbox.native._sandbox_{DIGEST}", SOURCES, extra_compile_args=["-O2"], optional=True)

setup(cmdclass={"build_py": BuildWithPages}, ext_modules=[SANDBOX])
