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
# Its name tells of which source it was built, so that one left over from an earlier source is not used.
SOURCE = "apps/sandbox/native/forkserver.c"
DIGEST = hashlib.sha256(Path(SOURCE).read_bytes()).hexdigest()[:16]
FORK_SERVER = Extension(
    f"apps.sandbox.native._forkserver_{DIGEST}", [SOURCE], extra_compile_args=["-O2"], optional=True
)

setup(cmdclass={"build_py": BuildWithPages}, ext_modules=[FORK_SERVER])
