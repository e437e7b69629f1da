"""The addresses in _config.yml, of the repository and of the site, in the one form that works."""

from __future__ import annotations

import re

# What people copy from a browser or from `git remote -v`. A shell reads the names: no other signs.
_GITHUB = re.compile(
    r"(?:https?://|ssh://git@|git@)?(?:www\.)?github\.com[/:]"
    r"(?P<owner>[A-Za-z0-9-]+)/(?P<name>[A-Za-z0-9._-]+?)(?:\.git)?(?:/(?:tree/[^\s\"';]*)?)?"
)
_SITE = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~%-]+)*/?")


def repository_address(given: object) -> str:
    """``https://github.com/owner/name`` for what was ``given`` as the repository; "" for nothing.

    Raises ValueError if it is no repository on GitHub.
    """
    if given in (None, ""):
        return ""
    found = _GITHUB.fullmatch(str(given).strip())
    if not found or found["name"] in (".", "..", ".git"):
        raise ValueError(
            'expected `url` of `repository` to be "" or the address of a repository on GitHub, '
            f"such as https://github.com/someone/book, got {given!r}"
        )
    return f"https://github.com/{found['owner']}/{found['name']}"


def site_address(given: object, repository: str) -> str:
    """The site's address with a slash at its end; "" if nobody knows it.

    Where none is ``given``, it is the one that GitHub Pages gives to the ``repository``.
    Raises ValueError if it is no address of a site.
    """
    if given not in (None, ""):
        if not _SITE.fullmatch(str(given).strip()):
            raise ValueError(
                'expected `baseurl` of `html` to be "" or the address of the site, '
                f"such as https://someone.github.io/book/, got {given!r}"
            )
        return str(given).strip().rstrip("/") + "/"
    if not repository:
        return ""
    owner, name = repository.split("/")[-2:]
    host = f"{owner}.github.io".lower()
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"
