"""Where a Hugo site looks for its files, as far as its configuration can be read without Hugo.

TOML and JSON are read. YAML is not: there is no reader for it here, so a YAML file that speaks of folders is named.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import BadInput

FOLDERS = ("content", "data", "assets", "layouts", "static")  # what is written goes to these
SETTINGS = {
    "content": "contentdir", "data": "datadir", "assets": "assetdir", "layouts": "layoutdir", "static": "staticdir",
}  # fmt: skip
YAML_FOLDERS = re.compile(r"^\s*[\"']?(contentDir|dataDir|assetDir|layoutDir|staticDir|mounts)[\"']?\s*:", re.I | re.M)
Settings = dict[str, Any]


@dataclass(frozen=True)
class Places:
    """content: the folder for pages. notes: what the author should know of it, in sentences."""

    content: str = "content"
    notes: tuple[str, ...] = ()


def places(site: Path) -> Places:
    """Return where the pages of a site go: the content folder of its default language. BadInput for a broken file."""
    settings: Settings = {}
    notes = []
    for path, under in _files(site):
        if path.suffix in (".yaml", ".yml"):
            word = YAML_FOLDERS.search(_text(path))
            if word:
                notes.append(
                    f"{path.relative_to(site)} sets {word[1]}, and YAML cannot be read here: "
                    "the pages went to content/, move them if Hugo looks elsewhere"
                )
            continue
        _merge(settings, _under(under, _read(path)))
    language = str(settings.get("defaultcontentlanguage") or "en").lower()
    content, why = _content(settings, language)
    if why:
        notes.append(f"the pages go to {content}/, {why}")
    return Places(content, (*notes, *_elsewhere(settings)))


def _content(settings: Settings, language: str) -> tuple[str, str]:
    """Return the content folder of the default language, and why where there is something to say of it."""
    own = _table(_table(settings, "languages"), language).get("contentdir")
    mounted, all_mounted = _mounts(settings, "content", language), _mounts(settings, "content")
    if mounted:
        chosen, why = mounted[0], "which the site mounts as its content"
    elif own:
        chosen, why = str(own), f"the content folder of the site's default language ({language})"
    else:
        chosen, why = str(settings.get("contentdir") or "content"), "the site's content folder"
    chosen = chosen.strip("/") if not chosen.startswith("/") else chosen
    if chosen.startswith("/") or ".." in Path(chosen).parts:
        return "content", f"for {chosen}, {why}, is outside the site: move them there"
    if all_mounted and not mounted and chosen not in all_mounted:
        return chosen, f"but the site mounts only {', '.join(all_mounted)} as its content: move them there"
    return chosen, why if chosen != "content" else ""


def _elsewhere(settings: Settings) -> Iterator[str]:
    """Yield a sentence for every folder that is written and that Hugo does not read."""
    for folder in FOLDERS[1:]:
        mounted = _mounts(settings, folder)
        said = settings.get(SETTINGS[folder])
        looked = mounted or (said if isinstance(said, list) else [said or folder])
        if folder not in [str(one).strip("/") for one in looked]:
            shown = ", ".join(map(str, looked))
            yield f"the site's {folder} are in {shown}: Hugo does not read {folder}/deltas without a mount for it"


def _mounts(settings: Settings, target: str, language: str | None = None) -> list[str]:
    """Return the folders that are mounted as a whole component, those of one language where one is given."""
    mounts = _table(settings, "module").get("mounts")
    return [
        str(mount.get("source")).strip("/")
        for mount in (mounts if isinstance(mounts, list) else [])
        if isinstance(mount, dict)
        and str(mount.get("target")).strip("/") == target
        and (language is None or _speaks(mount, language))
    ]


def _speaks(mount: Settings, language: str) -> bool:
    """Return whether a mount is of this language; one that names none is of all."""
    named = _table(_table(mount, "sites"), "matrix").get("languages") or mount.get("lang")
    names = named if isinstance(named, list) else [named] if named else []
    return not names or language in [str(name).lower() for name in names]


def _files(site: Path) -> Iterator[tuple[Path, str]]:
    """Yield the configuration files, each with the setting that it holds ("" for a whole configuration).

    Hugo reads the first of its root files; config/_default/NAME holds the settings below NAME.
    """
    endings = ("toml", "yaml", "yml", "json")
    roots = [site / f"{name}.{ending}" for name in ("hugo", "config") for ending in endings]
    yield from ((path, "") for path in [path for path in roots if path.is_file()][:1])
    for path in sorted((site / "config" / "_default").glob("*.*")):
        if path.is_file() and path.suffix[1:] in endings:
            yield path, "" if path.stem in ("hugo", "config") else path.stem.lower()


def _under(name: str, settings: Settings) -> Settings:
    """Return the settings of a file below the name that the file has: `languages`, or `languages.en`."""
    for part in reversed(name.split(".") if name else []):
        settings = {part: settings}
    return settings


def _read(path: Path) -> Settings:
    """Return a file's settings; Hugo does not tell large from small letters in their names."""
    try:
        table = json.loads(_text(path)) if path.suffix == ".json" else tomllib.loads(_text(path))
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path}: {error}", "a configuration that Hugo can read; nothing was written") from error
    return _lowered(table) if isinstance(table, dict) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 at byte {error.start}", "a configuration that Hugo can read") from error


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key).lower(): _lowered(item) for key, item in value.items()}
    return [_lowered(item) for item in value] if isinstance(value, list) else value


def _merge(settings: Settings, more: Settings) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(settings.get(key), dict):
            _merge(settings[key], value)
        else:
            settings[key] = value


def _table(settings: Settings, key: str) -> Settings:
    value = settings.get(key)
    return value if isinstance(value, dict) else {}
