"""Programs that the tests need and that are not written in Python: from the environment, where set-up puts them."""

import os
import shutil
import sys
from pathlib import Path


def find(name: str) -> str | None:
    """Return the path of a program: the environment's own, else the one on the PATH."""
    beside_python = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join([beside_python, os.environ.get("PATH", os.defpath)]))


def missing(name: str) -> str:
    """Return the reason for skipping a test that needs this program."""
    return (
        f"{name} is neither in the environment nor on the PATH, so nobody looks: scripts/setup.sh installs it where it "
        f"has a wheel for the machine; elsewhere it has to be installed by hand"
    )
