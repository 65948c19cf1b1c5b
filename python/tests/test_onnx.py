"""Exported graphs answer as the bundle does: scripts/check-onnx.sh does the same with every kind of network."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))


def test_a_graph_answers_as_its_bundle(bundle, tmp_path, program):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    import check_onnx

    program("ser-predict", "export", bundle, "--format", "onnx", "--out", tmp_path / "net.onnx")
    check_onnx.check(str(bundle), str(tmp_path / "net.onnx"))


def test_a_graph_over_an_encoder_or_mfcc_begins_with_samples(tmp_path, program, monkeypatch):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    import check_onnx

    golden = Path(__file__).resolve().parents[2] / "tests" / "golden" / "encoders" / "whisper"
    program("ser-data", "encoder", "import", golden, "--out", tmp_path / "models" / "small")
    monkeypatch.setenv("SER_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "cache"))
    table = '[[corpora]]\nkind = "synthetic"\n[protocol]\nfolds = 3\n[audio]\nsample_rate = 16000\ntrim = true\n'
    fronts = {
        "states": '[encoder]\npath = "small"\nlayer = [0, 2]\nlevel = "free"\nwindow = 0.7\n',
        "mfcc": '[features]\nkinds = ["mel", "delta2", "mfcc", "delta"]\nn_mels = 40\nframe_length = 1024\nhop_length = 256\n',
    }
    for name, front in fronts.items():
        config = tmp_path / f"{name}.toml"
        config.write_text(f'name = "{name}"\n{table}{front}[model]\nkind = "linear"\n')
        program("ser-train", "--config", config, "--fold", "0", "--no-report", "--out", tmp_path / name)
        bundle = tmp_path / name / "fold-0" / "seed-42" / "bundle" / "model.safetensors"
        options = ["--self-contained"] if name == "states" else []
        program("ser-predict", "export", bundle, "--format", "onnx", "--out", tmp_path / f"{name}.onnx", *options)
        assert '"samples": "float32' in (tmp_path / f"{name}.json").read_text()
        check_onnx.check(str(bundle), str(tmp_path / f"{name}.onnx"))
