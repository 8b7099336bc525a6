"""The folders and files of a repository as the cells of a treemap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Area = Literal["minutes", "interest"]


@dataclass(frozen=True)
class Weight:
    """One file: its debt, its code, how often it changed of late."""

    path: str
    minutes: int
    code_lines: int
    touches: int

    def area(self, area: Area) -> int:
        """Return the size of the cell: minutes, or minutes times changes (a file that rests still counts once)."""
        return self.minutes * max(self.touches, 1) if area == "interest" else self.minutes


@dataclass(frozen=True)
class Cell:
    """A folder (which holds its files' sums) or a file."""

    id: str
    parent: str
    label: str
    area: int
    minutes: int
    code_lines: int
    is_file: bool


ROOT = "/"


def treemap_cells(weights: Iterable[Weight], area: Area = "minutes") -> list[Cell]:
    """
    Return the cells of all files that owe something, and of the folders above them; the root comes first.

    The area of a folder is the sum of what it holds, so the cells can be drawn with ``branchvalues="total"``.
    """
    owing = [weight for weight in weights if weight.minutes > 0]
    folders: dict[str, list[int]] = {}
    above: dict[str, list[str]] = {}
    files: list[Cell] = []
    for weight in owing:
        size = weight.area(area)
        place, _, name = weight.path.rpartition("/")
        if place not in above:
            above[place] = [_folder_id(parent) for parent in PurePosixPath(weight.path).parents]
        parents = above[place]
        for folder in parents:
            sums = folders.setdefault(folder, [0, 0, 0])
            for index, value in enumerate((size, weight.minutes, weight.code_lines)):
                sums[index] += value
        files.append(Cell(weight.path, parents[0], name, size, weight.minutes, weight.code_lines, is_file=True))
    branches = [
        Cell(
            folder,
            "" if folder == ROOT else _folder_id(PurePosixPath(folder).parent),
            "all files" if folder == ROOT else PurePosixPath(folder).name,
            size,
            minutes,
            lines,
            is_file=False,
        )
        for folder, (size, minutes, lines) in sorted(folders.items())
    ]
    return branches + sorted(files, key=lambda cell: (-cell.area, cell.id))


def _folder_id(folder: PurePosixPath) -> str:
    return ROOT if str(folder) == "." else f"{folder}/"
