"""Odoo 19: the one that ODOO_PATH names, else Debian's package in the cache.

Debian's package is fetched through apt with a private state (no root needed):
apt verifies the signature of the index, and the SHA-256 that stands in that
index is compared here with every file before it is unpacked.
"""

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

from .common import CACHE, Stop, one_at_a_time, output_of, require_space, run, say

ODOO_VERSION = os.environ.get("ODOO_DEBIAN_VERSION", "19.0.0+dfsg-1")
SERIES = (19, 0)
TREE = CACHE / f"odoo-{ODOO_VERSION}"
MARKER = TREE / ".complete"
SPACE_GIGABYTES = 2.5
APT_STATE = CACHE / "apt"
KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
# The package links to these fonts and scripts; they are unpacked beside it.
# Two come from bookworm because sid's versions have other file names.
COMPANIONS = (
    "fonts-font-awesome/bookworm",
    "fonts-inconsolata/bookworm",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
# Dropped from Debian's package; without it the web client logs an error.
MISSING_ASSET = Path("mail/static/lib/selfie_segmentation/selfie_segmentation.js")
USE_OWN = "or set ODOO_PATH to an Odoo 19 that you have"


def ensure():
    """Return the folder that holds the package `odoo`, fetching it if needed."""
    if own := os.environ.get("ODOO_PATH"):
        return _own(Path(own).expanduser().resolve())
    if not MARKER.exists():
        require_space(CACHE, SPACE_GIGABYTES, "Odoo")
        with one_at_a_time("download", CACHE):
            _build()
    return TREE / "usr/lib/python3/dist-packages"


def _series(path):
    """Return the version that an Odoo tree declares, as two numbers."""
    release = (path / "odoo/release.py").read_text()
    found = re.search(r"^version_info = \((\d+), (\d+)", release, re.M)
    return (int(found[1]), int(found[2])) if found else None


def _own(path):
    """Return `path` when it holds Odoo of the right series."""
    if not (path / "odoo/release.py").exists():
        raise Stop(
            f"ODOO_PATH={path} holds no Odoo: odoo/release.py is not in it.",
            "name the folder that contains the folder odoo (in a source checkout "
            "its root, in an installed package dist-packages)",
        )
    if _series(path) != SERIES:
        raise Stop(
            f"ODOO_PATH={path} is not Odoo {'.'.join(map(str, SERIES))}.",
            "name an Odoo 19.0, or unset ODOO_PATH to use Debian's package",
        )
    return path


def _build():
    """Fetch, verify and unpack Debian's package; the marker is written last."""
    if MARKER.exists():
        return
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Stop(
            "This system has no apt, so Debian's Odoo cannot be fetched.",
            "set ODOO_PATH to an Odoo 19 that you have",
        )
    for left_over in CACHE.glob("new-*"):
        shutil.rmtree(left_over)
    work = Path(tempfile.mkdtemp(prefix="new-", dir=CACHE))
    try:
        debs = _download(work)
        say(f"unpacking Odoo {ODOO_VERSION} to {TREE} (10 s, 1.2 GB)")
        tree = work / "tree"
        for deb in debs:
            run(
                ["dpkg-deb", "-x", deb, tree],
                "unpack",
                f"{deb.name} could not be unpacked.",
            )
        _complete(tree)
        shutil.rmtree(TREE, ignore_errors=True)
        tree.rename(TREE)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _complete(tree):
    """Add what Debian left out, check that no link dangles, write the marker."""
    asset = tree / "usr/lib/python3/dist-packages/odoo/addons" / MISSING_ASSET
    asset.parent.mkdir(parents=True, exist_ok=True)
    asset.write_text("/* not part of the Debian package */\n")
    dangling = [
        path
        for folder, folders, files in os.walk(tree)
        for name in folders + files
        if (path := Path(folder, name)).is_symlink() and not path.exists()
    ]
    if dangling:
        raise Stop(
            f"The unpacked Odoo lacks {dangling[0]}.",
            f"use the tested version (unset ODOO_DEBIAN_VERSION) {USE_OWN}",
        )
    (tree / MARKER.name).touch()


def _download(work):
    """Fetch the packages into `work` and return the verified files."""
    config = _private_apt()
    say(f"fetching Debian's package index and Odoo {ODOO_VERSION} (about 150 MB)")
    network = f"check the network and the proxy settings of apt {USE_OWN}"
    run(
        ["apt-get", "-q", "-c", config, "update"],
        "odoo-index",
        "Debian's package index could not be fetched or verified.",
        network,
    )
    wanted = [f"odoo-19={ODOO_VERSION}", *COMPANIONS]
    debs = []
    for name in wanted:
        file, checksum = _signed_checksum(config, name)
        run(
            ["apt-get", "-q", "-c", config, "download", name],
            "odoo-download",
            f"{name} could not be downloaded.",
            network,
            cwd=work,
        )
        _verify(work / file, checksum)
        debs.append(work / file)
    return debs


def _signed_checksum(config, name):
    """Return file name and SHA-256 of a package from the signed index."""
    line = output_of(["apt-get", "-q", "-c", config, "download", "--print-uris", name])
    found = re.search(r"^'\S+' (\S+) \d+ SHA256:([0-9a-f]{64})", line, re.M)
    if found:
        return found[1], found[2]
    policy = output_of(["apt-cache", "-c", config, "policy", "odoo-19"])
    newest = re.search(r"Candidate: (\S+)", policy)
    if not name.startswith("odoo-19=") or newest is None:
        raise Stop(f"Debian does not offer {name}.", f"try again later {USE_OWN}")
    raise Stop(
        f"Debian does not offer {name} any more; it has version {newest[1]}.",
        f"try `ODOO_DEBIAN_VERSION={newest[1]} make setup` {USE_OWN}",
    )


def _verify(file, checksum):
    """Raise Stop unless the file has the SHA-256 of the signed index."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != checksum:
        raise Stop(
            f"{file.name} is not the file that Debian signed (SHA-256 differs).",
            "try again; if it stays so, the proxy or mirror alters files",
        )


def _private_apt():
    """Write an apt configuration with its own state and return its path."""
    keyring = next((path for path in KEYRINGS if path.exists()), None)
    if keyring is None:
        raise Stop(
            "Debian's signing keys are not on this system.",
            f"install the package debian-archive-keyring {USE_OWN}",
        )
    for folder in ("state/lists/partial", "cache/archives/partial", "sources"):
        (APT_STATE / folder).mkdir(parents=True, exist_ok=True)
    (APT_STATE / "status").touch()
    (APT_STATE / "sources/odoo.sources").write_text(
        f"Types: deb\nURIs: {_mirror()}\nSuites: sid bookworm\n"
        f"Components: main\nSigned-By: {keyring}\n"
    )
    config = APT_STATE / "apt.conf"
    config.write_text(_APT_CONFIG.format(state=APT_STATE, user=_user()))
    return config


# The cleared hooks of container images would delete the system's own archives.
_APT_CONFIG = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "{state}/state";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{state}/sources";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Sandbox::User "{user}";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Update::Error-Mode "any";
Acquire::Retries "3";
"""


def _user():
    return output_of(["id", "-un"]).strip()


def _mirror():
    """Return the address of the Debian mirror that this machine's apt uses."""
    if mirror := os.environ.get("ODOO_DEBIAN_MIRROR"):
        return mirror
    targets = output_of(
        ["apt-get", "indextargets", "--format", "$(LABEL)|$(COMPONENT)|$(REPO_URI)"]
    )
    for line in targets.splitlines():
        if line.startswith("Debian|main|"):
            return line.split("|")[2]
    sources = [
        Path("/etc/apt/sources.list"),
        *Path("/etc/apt/sources.list.d").glob("*"),
    ]
    for source in filter(Path.is_file, sources):
        found = re.search(
            r"^(?:URIs:|deb\s)[^#\n]*?(\w+://\S+/debian/?)(?:\s|$)",
            source.read_text(errors="replace"),
            re.M,
        )
        if found:
            return found[1]
    raise Stop(
        "No Debian mirror stands in this machine's apt configuration.",
        f"set ODOO_DEBIAN_MIRROR to the address of one {USE_OWN}",
    )
