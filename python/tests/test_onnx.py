"""Exported graphs answer as the bundle does: scripts/check_onnx.py compares them."""

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
