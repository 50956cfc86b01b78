"""Distribution packages that the private servers need, installed without leaving a service behind.

Debian and Ubuntu start and enable a service as soon as its package is installed. While apt runs, a
policy-rc.d forbids that (one that exists is left alone), and what got enabled is disabled again.
A service that was there before is somebody's own and stays as it is.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.errors import FailedPrecondition

# $1: space-separated packages, $2: space-separated units which they would start.
INSTALL = """
set -eu
fresh=
for unit in $2; do
    if ! systemctl cat "$unit" >/dev/null 2>&1 && [ ! -e "/etc/init.d/$unit" ]; then
        fresh="$fresh $unit"
    fi
done
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > "$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q || echo "going on with the package lists that are there" >&2
apt-get install -o DPkg::Lock::Timeout=300 -q -y --no-install-recommends $1
for unit in $fresh; do
    if [ -d /run/systemd/system ]; then
        systemctl disable --now "$unit" 2>/dev/null || true
    elif [ -x "/etc/init.d/$unit" ]; then
        "/etc/init.d/$unit" stop >/dev/null 2>&1 || true
        update-rc.d "$unit" disable 2>/dev/null || true
    fi
done
"""
APT_SECONDS = 600


def install(packages: list[str], *, units: list[str], why: str) -> None:
    """Install from the distribution, as root or through sudo; says so first."""
    wanted = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise FailedPrecondition("APT_MISSING", f"{why} This system has no apt: see compose.yaml.")
    command = [*_privilege(why, wanted), "sh", "-c", INSTALL, "sh", wanted, " ".join(units)]
    print(
        f"{why}\nInstalling {wanted} with apt; no service is started or left enabled.",
        file=sys.stderr,
    )
    try:
        with _alone():
            subprocess.run(  # noqa: S603
                command, check=True, timeout=APT_SECONDS, stdout=sys.stderr
            )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise FailedPrecondition(
            "INSTALL_FAILED", f"apt could not install {wanted}; install it by hand and try again."
        ) from error


def need_library(binary: Path, *, library: str, package: str) -> None:
    """Install the package of a shared library that a binary misses on minimal systems."""
    linked = subprocess.run(  # noqa: S603
        ["/usr/bin/ldd", str(binary)], capture_output=True, text=True, check=False, timeout=30
    )
    if f"{library} => not found" in linked.stdout:
        install([package], units=[], why=f"{binary.name} needs {library}.")


@contextmanager
def _alone() -> Iterator[None]:
    """One apt at a time: servers, and test runs, start side by side, and apt refuses the second.

    Locks this file, which all of them share: one in a public folder could be planted. The wait ends
    because each holder has APT_SECONDS, and the system takes the lock from the dead.
    """
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _privilege(why: str, wanted: str) -> list[str]:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        raise FailedPrecondition(
            "INSTALL_NOT_ALLOWED",
            f"{why} As root: apt-get install --no-install-recommends {wanted}",
        )
    return [sudo]
