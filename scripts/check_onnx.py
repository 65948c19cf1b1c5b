#!/usr/bin/env python3
"""Bundles beside their ONNX graphs, probabilities and numbers within their ranges: python scripts/check_onnx.py BUNDLE GRAPH.onnx [BUNDLE GRAPH.onnx …]

Needs serkit, numpy, onnx and onnxruntime. 100 clips of made-up voices from 0.1 to 6 s, every third with silence at its ends; each
alone, and all in batches of 7 and of 100, padded with what is not a number. A graph that begins with samples is given them, any
other features. Where tract is installed (PyPI), it reads the graph, too, and has to give the same.
"""
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import serkit

MOST = 1e-5
RATE = 16_000


def voice(number, rate=RATE):
    rng = np.random.default_rng(number)
    t = np.arange(int(rate * (0.1 + 5.9 * (number / 99) ** 2))) / rate
    pitch = rng.uniform(90, 250) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(1, 4) * t))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    sound = sum(np.sin(k * phase) * np.exp(-(((k * pitch - rng.uniform(400, 900)) / 900) ** 2)) for k in range(1, 20))
    sound = sound * (0.2 + np.abs(np.sin(2 * np.pi * rng.uniform(2, 5) * t))) + 0.01 * rng.standard_normal(len(t))
    sound = (0.3 * sound / np.abs(sound).max()).astype(np.float32)
    quiet = 1e-5 * rng.standard_normal((2, rate // 2)).astype(np.float32)
    return np.concatenate([quiet[0], sound, quiet[1]]) if number % 3 == 2 else sound


def batched(clips):
    """Clips as one batch and their lengths: rows of samples [n], or of features [n, columns]."""
    lengths = np.array([len(clip) for clip in clips], np.int64)
    batch = np.full((len(clips), lengths.max(), *clips[0].shape[1:]), np.nan, np.float32)
    for row, clip in zip(batch, clips):
        row[: len(clip)] = clip
    return batch, lengths


def together(clips, session):
    """Probabilities of clips as one batch, and behind them what numbers there are."""
    batch, lengths = batched(clips)
    name = next(each.name for each in session.get_inputs() if each.name != "lengths")
    outputs = [each.name for each in session.get_outputs() if each.name != "logits"]
    return np.concatenate(session.run(sorted(outputs), {name: batch, "lengths": lengths}), axis=1)


def by_tract(graph, clips, session):
    """What tract says of the same batch."""
    import tract

    batch, lengths = batched(clips)
    model = tract.onnx().load(graph)
    for number, (values, kind) in enumerate(((batch, "f32"), (lengths, "i64"))):
        model.set_input_fact(number, ",".join(map(str, values.shape)) + f",{kind}")
    model.analyse()
    found = model.into_model().into_runnable().run([batch, lengths])
    names = [each.name for each in session.get_outputs()]
    return np.concatenate([found[names.index(name)].to_numpy() for name in ("probabilities", "values") if name in names], 1)


def with_our_frames(graph, recipe, clips):
    """Which of the clips have in the graph, number for number, the frames that the bundle sees: those that a graph rounds to 16 bits."""
    model = onnx.load(graph)
    halves = {node.output[0] for node in model.graph.node if node.op_type == "Cast" and node.attribute[0].i == onnx.TensorProto.FLOAT16}
    (rounded,) = (node.output[0] for node in model.graph.node if node.input and node.input[0] in halves)
    model.graph.output.append(onnx.helper.make_tensor_value_info(rounded, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    extractor = serkit.Extractor(recipe["config"])

    def same(clip):
        ours = extractor.samples(clip, recipe["sample_rate"])
        batch, lengths = batched([clip])
        return np.array_equal(session.run([rounded], {"samples": batch, "lengths": lengths})[0][0][: len(ours)], ours)

    return np.array([same(clip) for clip in clips])


def check(bundle, graph, with_tract=False):
    """Compares, and says so; returns what went wrong."""
    onnx.checker.check_model(onnx.load(graph), full_check=True)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    recipe = json.loads(Path(graph).with_suffix(".json").read_text())
    recognizer = serkit.Recognizer(bundle)
    assert list(recognizer.classes) == recipe["classes"]
    rate = recipe["sample_rate"] if "samples" in recipe["inputs"] else RATE
    voices = [voice(number, rate) for number in range(100)]
    answers = [recognizer.samples(v, rate) for v in voices]
    ours = np.array([[*answer.probabilities.values(), *answer.values.values()] for answer in answers])
    if "samples" in recipe["inputs"]:
        clips = voices
    else:
        extractor = serkit.Extractor(recipe["config"])
        assert len(extractor.columns) == recipe["columns"]
        clips = [extractor.samples(v, rate) for v in voices]
    if recipe["window_frames"] is not None:
        usable = [i for i, clip in enumerate(clips) if len(clip) <= recipe["window_frames"]]
        ours, clips = ours[usable], [clips[i] for i in usable]
    worst = 0.0
    alike = None
    for size in (1, 7, 100):
        theirs = np.concatenate([together(clips[i : i + size], session) for i in range(0, len(clips), size)])
        assert np.isfinite(theirs).all() and theirs.shape == ours.shape
        if size == 1 and recipe["note"] and recipe["config"].get("encoder", {}).get("pool") == "none":
            same = with_our_frames(graph, recipe, clips)
            alike = float(np.abs(theirs - ours)[same].max(initial=0.0))
            rounded = f"{same.sum()} clips whose frames are the same to the last bit: largest difference {alike:.1e}"
        worst = max(worst, float(np.abs(theirs - ours).max()))
    lengths = sorted(len(clip) for clip in clips)
    path = Path(bundle)
    name = "/".join(path.parts[-5:-3]) if path.name == "model.safetensors" and len(path.parts) > 5 else path.name
    spread = float(ours.std(0).max())
    unit = next(name for name in recipe["inputs"] if name != "lengths")
    print(f"{name:<28} from {unit}, {len(clips)} clips of {lengths[0]} to {lengths[-1]}: largest difference {worst:.1e} "
          f"(answers vary by {spread:.1e}"
          f"{'; it rounds: ' + str(recipe['within']) if recipe['note'] else ''})")
    wrong = []
    if alike is not None:
        print(f"{'':<28} {rounded}")
        if same.sum() < 10 or not alike <= MOST:
            wrong.append(f"{name}, where no frame is rounded otherwise: {alike} on {same.sum()} clips")
    # Where a graph rounds as its bundle does, the last bit decides now and then: it says so.
    most = max(MOST, recipe["within"]) if recipe["note"] else MOST
    if with_tract:
        try:
            difference = float(np.abs(by_tract(graph, clips[40:47], session) - ours[40:47]).max())
            print(f"{'':<28} tract, on 7 of them: largest difference {difference:.1e}")
            if not difference <= most:
                wrong.append(f"{name}, by tract: {difference}")
        except Exception as error:
            # Its message has the operator in its first lines, and then a stack.
            words = " ".join(str(error).split("Stack backtrace")[0].split())
            print(f"{'':<28} tract: {words}")
            wrong.append(f"{name}, by tract: {words}")
    if not worst <= most:
        wrong.append(f"{name}: {worst}")
    if spread <= 10 * MOST:
        wrong.append(f"{name}: all clips are answered alike: nothing was compared")
    return wrong


if __name__ == "__main__":
    if len(sys.argv) < 3 or len(sys.argv) % 2 == 0:
        raise SystemExit(__doc__)
    has_tract = importlib.util.find_spec("tract") is not None
    if not has_tract:
        print("tract is left out: pip install tract")
    wrong = [each for pair in zip(sys.argv[1::2], sys.argv[2::2]) for each in check(*pair, with_tract=has_tract)]
    if wrong:
        raise SystemExit("\n".join(["wrong:", *wrong]))
    print(f"{len(sys.argv) // 2} graphs: none differs by more than {MOST}, or what its file says")
