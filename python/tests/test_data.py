"""Corpora and splits: what the programs say, from tables in memory."""

from __future__ import annotations

import csv
import json
import shutil

import pytest

import serkit
from conftest import REPOSITORY, sound, write_wav

QUICKSTART = REPOSITORY / "configs" / "quickstart.toml"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """RAVDESS's names: two actors, two emotions, and one file that is no clip."""
    root = tmp_path_factory.mktemp("ravdess")
    for actor in [1, 2]:
        (root / f"Actor_{actor:02}").mkdir()
        for emotion in [3, 5]:
            name = f"03-01-{emotion:02}-01-01-01-{actor:02}.wav"
            write_wav(root / f"Actor_{actor:02}" / name, sound(10 * actor + emotion))
    write_wav(root / "Actor_01" / "other.wav", sound(0))
    return root


def test_a_scan_is_the_programs(corpus, program):
    theirs = json.loads(program("ser-data", "scan", corpus, "--kind", "ravdess", "--format", "json"))
    ours = serkit.scan(corpus, kind="ravdess")
    assert ours.clips == theirs["clips"] and len(ours) == 4
    assert ours.excluded == theirs["excluded"] and len(ours.excluded) == 1
    columns = ours.columns()
    assert columns["speaker"] == ["01", "01", "02", "02"] and list(columns["repetition"]) == [1.0] * 4
    assert len(ours.to_pandas()) == 4
    with pytest.raises(serkit.ConfigError, match="ravdes"):
        serkit.scan(corpus, kind="ravdes")


def test_a_split_is_the_programs(program, tmp_path):
    program("ser-data", "split", "--config", QUICKSTART, "--out", tmp_path / "split.csv")
    with open(tmp_path / "split.csv", newline="") as file:
        theirs = list(csv.DictReader(file))
    ours = serkit.split(QUICKSTART).columns()
    assert list(ours) == list(theirs[0])
    assert [list(row.values()) for row in theirs] == [list(row) for row in zip(*ours.values())]
    fold = theirs[0]["fold"]
    assert set(serkit.split(QUICKSTART, fold=fold).columns()["fold"]) == {fold}
    with pytest.raises(serkit.ConfigError, match="fold nine"):
        serkit.split(QUICKSTART, fold="nine")


def test_a_split_in_memory_is_audited_as_its_file_is(corpus, program, tmp_path):
    pandas, polars, pyarrow = map(pytest.importorskip, ["pandas", "polars", "pyarrow"])
    files = sorted(path.relative_to(corpus) for path in corpus.rglob("03*.wav"))
    shutil.copy(corpus / files[0], corpus / "copy.wav")
    table = {
        "path": [*map(str, files), "copy.wav"],
        "side": ["train", "train", "test", "test", "test"],
        "speaker": ["1", "1", "2", "2", None],
    }
    frame = pandas.DataFrame(table)
    frame.to_csv(tmp_path / "split.csv", index=False)
    theirs = json.loads(program("ser-data", "audit", "--split", tmp_path / "split.csv", "--root", corpus, "--format", "json", fails=True))
    for given in [table, frame, polars.DataFrame(table), pyarrow.table(table), tmp_path / "split.csv"]:
        ours = serkit.audit(given, root=corpus)
        assert not ours.passes and "LEAK" in str(ours).upper()
        assert {**ours.findings, "split": ""} == {**theirs, "split": ""}
    clean = serkit.audit(frame[:4], root=corpus)
    assert clean.passes, str(clean)
    assert not serkit.audit(frame[:4], root=tmp_path).passes, "files that are not there do not pass"
    assert serkit.audit(frame[:4], names_only=True).passes
    with pytest.raises(serkit.FileError, match='row 2 is on the side "tset"'):
        serkit.audit({"path": ["a", "b", "c"], "side": ["train", "train", "tset"]}, names_only=True)
    with pytest.raises(serkit.FileError, match="no column side"):
        serkit.audit({"path": ["a"]})
    with pytest.raises(ValueError, match="different lengths"):
        serkit.audit({"path": ["a"], "side": []})
    with pytest.raises(TypeError):
        serkit.audit(3)


def test_an_experiments_folds_are_audited(program):
    theirs = json.loads(program("ser-data", "audit", "--config", QUICKSTART, "--format", "json"))
    ours = serkit.audit(config=QUICKSTART)
    assert ours.passes and ours.findings == theirs
    with pytest.raises(TypeError, match="either"):
        serkit.audit()
