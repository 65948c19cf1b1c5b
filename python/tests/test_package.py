"""The package as a whole: its stubs, its docstrings, its notebook."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import serkit
from conftest import sound, write_wav
from serkit import _serkit

PACKAGE = Path(serkit.__file__).parent
README = Path(__file__).resolve().parents[1] / "README.md"
NOTEBOOK = Path(__file__).resolve().parents[1] / "examples" / "serkit.ipynb"


def parameters(node: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in node.args.args if argument.arg not in ("self", "cls")]


def test_the_stub_has_everything_that_the_compiled_half_has():
    stub = ast.parse((PACKAGE / "_serkit.pyi").read_text())
    functions = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
    classes = {node.name: node for node in stub.body if isinstance(node, ast.ClassDef)}
    public = {name for name in dir(_serkit) if not name.startswith("_")}
    assert public == set(functions) | set(classes)
    for name, node in functions.items():
        assert parameters(node) == list(inspect.signature(getattr(_serkit, name)).parameters), name
    for name, node in classes.items():
        kind = getattr(_serkit, name)
        declared = {member.name: member for member in node.body if isinstance(member, ast.FunctionDef)}
        assert {m for m in dir(kind) if not m.startswith("_")} == {m for m in declared if not m.startswith("_")}, name
        for method, member in declared.items():
            if method != "__new__" and not member.decorator_list:
                found = list(inspect.signature(getattr(kind, method)).parameters)
                assert parameters(member) == [one for one in found if one != "self"], (name, method)


def test_everything_public_is_documented_and_typed():
    for name in serkit.__all__:
        thing = getattr(serkit, name)
        if not callable(thing):
            continue
        assert inspect.getdoc(thing), name
        members = vars(thing).items() if inspect.isclass(thing) else [(name, thing)]
        for member, value in members:
            function = value.fget if isinstance(value, property) else value
            if not inspect.isfunction(function) or (member.startswith("_") and member != "__init__"):
                continue
            if function.__module__.startswith("serkit"):
                assert "return" in function.__annotations__, f"{name}.{member}"
                if not member.startswith("_") and not issubclass(thing if inspect.isclass(thing) else object, Exception):
                    assert inspect.getdoc(getattr(thing, member, thing)), f"{name}.{member}"


def test_the_notebook_runs(tmp_path, monkeypatch, clips, bundle):
    """Its cells, one after the other, in a process's own names; what it shows is checked at its end."""
    pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "cache"))
    notebook = json.loads(NOTEBOOK.read_text())
    assert notebook["nbformat"] == 4
    names: dict = {"__name__": "__main__"}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(code) >= 8 and all(not cell["outputs"] for cell in code), "kept without outputs"
    for cell in code:
        exec(compile("".join(cell["source"]), "serkit.ipynb", "exec"), names)  # noqa: S102
    assert (tmp_path / "experiments" / "notebook" / "report" / "report.html").is_file()
    assert names["training"].evaluation.uar > 1 / len(names["training"].evaluation.classes)
    assert os.path.exists(names["page"])


def test_the_readme_runs_as_it_is_written(tmp_path, monkeypatch, clips):
    """Its Python, in a folder that holds what it names."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("polars")
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "cache"))
    actors = [tmp_path / "datasets" / "ravdess" / f"Actor_{actor:02}" for actor in (1, 2)]
    for folder in (tmp_path / "recordings", tmp_path / "configs", *actors):
        folder.mkdir(parents=True)
    for name in ("clip.wav", "recordings/a.wav"):
        shutil.copy(clips[0], name)
    speech = np.tile(sound(3, 4.0), 4)
    for name in ("call.wav", "minute-of-the-person.wav"):
        write_wav(tmp_path / name, speech)
    for actor, folder in enumerate(actors, 1):
        write_wav(folder / f"03-01-05-01-01-01-{actor:02}.wav", sound(actor))
    # Training on RAVDESS is no test's: a config of the same name, on the embedded corpus.
    (tmp_path / "configs" / "ravdess.toml").write_text(
        'name = "short"\n[[corpora]]\nkind = "synthetic"\n[protocol]\nfolds = 2\n[features]\nkinds = ["rms"]\n[model]\nkind = "linear"\n'
    )
    paths = [str(path.relative_to(tmp_path / "datasets" / "ravdess")) for path in sorted(tmp_path.rglob("03*.wav"))]
    names = {
        "samples": sound(1, 2.0, 16_000),
        "frame": pandas.DataFrame({"path": paths, "side": ["train", "test"], "speaker": ["1", "2"]}),
        "truth": ["a", "b", "a"],
        "probabilities": [[0.9, 0.1], [0.3, 0.7], [0.4, 0.6]],
        "classes": ["a", "b"],
        "speakers": ["x", "y", "z"],
        "make_pipeline": make_pipeline,
        "StandardScaler": StandardScaler,
        "LogisticRegression": LogisticRegression,
    }
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102
    assert (tmp_path / "report" / "report.html").is_file() and names["training"].page.is_file()
    assert names["answer"].emotion in names["recognizer"].classes and len(names["table"]) == 1
