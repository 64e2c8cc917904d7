"""Where Hugo looks for a site's pages, read off its configuration; what cannot be read is said."""

import json

import pytest

from deltas.core.errors import BadInput
from deltas.pages import hugo_config

TWO = '[languages.en]\ncontentDir = "content/en"\n[languages.de]\ncontentDir = "content/de"\n'
MOUNTS = '[[module.mounts]]\nsource = "pages/{0}"\ntarget = "content"\nlang = "{0}"\n'
SITES = {
    "no configuration": ({}, "content"),
    "one language": ({"hugo.toml": 'title = "x"'}, "content"),
    "a folder for each language": ({"hugo.toml": TWO}, "content/en"),
    "the default language is another": ({"hugo.toml": f'defaultContentLanguage = "de"\n{TWO}'}, "content/de"),
    "names of settings in small letters": ({"config.toml": TWO.lower()}, "content/en"),
    "JSON": ({"hugo.json": json.dumps({"languages": {"en": {"contentDir": "inhalt"}}})}, "inhalt"),
    "the other language alone has a folder": ({"hugo.toml": '[languages.de]\ncontentDir = "de"'}, "content"),
    "one folder for all": ({"hugo.toml": 'contentDir = "pages/"'}, "pages"),
    "hugo.toml before config.toml": ({"hugo.toml": 'contentDir = "a"', "config.toml": 'contentDir = "b"'}, "a"),
    "a folder of configuration": ({"config/_default/hugo.toml": TWO}, "content/en"),
    "languages in a file of their own": (
        {"config/_default/hugo.toml": 'defaultContentLanguage = "de"',
         "config/_default/languages.toml": '[en]\ncontentDir = "e"\n[de]\ncontentDir = "d"'}, "d",
    ),
    "a language in a file of its own": ({"config/_default/languages.en.toml": 'contentDir = "e"'}, "e"),
    "mounts": ({"hugo.toml": MOUNTS.format("de") + MOUNTS.format("en")}, "pages/en"),
    "mounts in a file of their own": (
        {"config/_default/module.toml": '[[mounts]]\nsource = "p"\ntarget = "content"'}, "p",
    ),
    "mounts of newer Hugos": (
        {"hugo.toml": "".join(
            f'[[module.mounts]]\nsource = "{one}"\ntarget = "content"\nsites.matrix.languages = ["{one}"]\n'
            for one in ("de", "en"))}, "en",
    ),
}  # fmt: skip


def site(folder, files: dict[str, str]):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("name", SITES)
def test_pages_go_to_the_folder_of_the_default_language(tmp_path, name):
    files, content = SITES[name]
    places = hugo_config.places(site(tmp_path, files))
    assert places.content == content
    assert bool(places.notes) == (content != "content")  # a folder that nobody expects is named
    assert all(content in note for note in places.notes)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"hugo.yaml": "languages:\n  en:\n    contentDir: content/en\n"}, ["hugo.yaml sets contentDir", "YAML"]),
        ({"config/_default/module.yml": "mounts:\n - source: x\n   target: content\n"}, ["module.yml sets mounts"]),
        ({"hugo.toml": 'contentDir = "../shared"'}, ["../shared", "outside the site"]),
        ({"hugo.toml": 'contentDir = "/srv/shared"'}, ["/srv/shared", "outside the site"]),
        ({"hugo.toml": MOUNTS.format("de")}, ["mounts only pages/de"]),
        ({"hugo.toml": 'staticDir = ["public", "static2"]'}, ["static are in public, static2", "static/deltas"]),
        ({"hugo.toml": 'dataDir = "facts"'}, ["data are in facts"]),
        ({"hugo.toml": '[[module.mounts]]\nsource = "x/assets"\ntarget = "assets"'}, ["assets are in x/assets"]),
    ],
)  # fmt: skip
def test_what_hugo_does_not_find_is_said(tmp_path, files, said):
    places = hugo_config.places(site(tmp_path, files))
    assert places.content == "content"
    (note,) = places.notes
    assert all(word in note for word in said), note


@pytest.mark.parametrize(
    "files",
    [
        {"hugo.yaml": "title: x\nparams:\n  text: my contentDir\n"},
        {"hugo.toml": 'staticDir = ["static", "more"]\ndataDir = "data"'},
        {"hugo.toml": '[[module.mounts]]\nsource = "assets"\ntarget = "assets"'},
        {"hugo.toml": '[module]\nmounts = "x"\n[[module.imports]]\npath = "y"\nlanguages = 3'},
        {"hugo.toml": "languages = 3"},
        {"hugo.json": "[1]"},
        {"config/_default/notes.txt": "contentDir = 3"},
    ],
)
def test_where_there_is_nothing_to_say_nothing_is_said(tmp_path, files):
    assert hugo_config.places(site(tmp_path, files)) == hugo_config.Places()


@pytest.mark.parametrize(
    ("name", "content"),
    [("hugo.toml", b"[languages"), ("hugo.json", b"{"), ("config/_default/hugo.toml", b"a = '\xe9'")],
)
def test_a_broken_file_is_refused_by_name(tmp_path, name, content):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        hugo_config.places(tmp_path)
    assert str(path) in refused.value.found
