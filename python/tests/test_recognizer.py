"""Answers: the programs' bits, Python's manners."""

from __future__ import annotations

import json
import multiprocessing
import pickle
import shutil
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import serkit
from conftest import RATE, sound, write_wav


@pytest.fixture(scope="module")
def recognizer(bundle):
    return serkit.Recognizer(bundle)


def predicted(program, *arguments):
    return json.loads(program("ser-predict", *arguments, "--format", "json"))["results"]


def bits(probabilities):
    return [np.float32(p).tobytes() for p in probabilities.values()]


def test_answers_have_the_bits_of_the_program(recognizer, bundle, clips, program):
    # An answer keeps the likeliest emotion where the program would say that it is uncertain.
    rows = predicted(program, bundle, *clips, "--threshold", "0")
    for row, answer, clip in zip(rows, recognizer.files(clips), clips):
        assert bits(row["probabilities"]) == bits(answer.probabilities)
        assert (row["emotion"], row["seconds"]) == (answer.emotion, answer.seconds)
        assert recognizer.file(clip) == answer
        assert answer.ranked()[0] == (answer.emotion, answer.confidence)
    raw = serkit.Recognizer(bundle, calibrated=False)
    rows = predicted(program, bundle, "--uncalibrated", clips[0])
    assert bits(rows[0]["probabilities"]) == bits(raw.file(clips[0]).probabilities)
    assert bits(raw.file(clips[0]).probabilities) != bits(recognizer.file(clips[0]).probabilities)


def test_samples_of_any_type_are_the_file(recognizer, clips):
    samples = sound(0, 1.0)
    answer = recognizer.file(clips[0])
    as_float = samples / np.float32(32768)
    for given in [
        samples,
        as_float,
        as_float.astype(np.float64),
        samples.astype(np.int32) << 16,
        list(as_float),
        np.stack([as_float, as_float])[:, ::1][0],
        np.repeat(as_float, 2)[::2],
    ]:
        assert recognizer.samples(given, RATE) == answer


def test_a_timeline_and_a_stream_have_the_bits_of_the_program(recognizer, bundle, program, tmp_path):
    path = write_wav(tmp_path / "long.wav", np.concatenate([sound(1, 4.0), np.zeros(4 * RATE, np.int16), sound(2, 3.3)]))
    rows = predicted(program, bundle, path, "--timeline", "--threshold", "0")
    windows = recognizer.timeline(path)
    assert [(row["start"], row["end"], row["emotion"]) for row in rows] == [(w.start, w.end, w.emotion) for w in windows]
    assert "silence" in {w.emotion for w in windows} and windows[0].answer is not None
    for row, window in zip(rows, windows):
        if window.answer is not None:
            assert bits(row["probabilities"]) == bits(window.answer.probabilities)
    samples = np.concatenate([sound(1, 4.0), np.zeros(4 * RATE, np.int16), sound(2, 3.3)])
    stream = recognizer.stream(RATE, hop=1.0, growing=False)
    heard = [window for at in range(0, len(samples), 777) for window in stream.push(samples[at : at + 777])]
    heard += stream.finish()
    assert heard == list(windows)
    with pytest.raises(serkit.DataError, match="has ended"):
        stream.push(samples)
    live = recognizer.stream(RATE)
    # The conversion of the rate holds back a little.
    first = live.push(samples[: RATE // 2 + int(live.latency * RATE) + 1])
    assert len(first) == 1 and (first[0].start, first[0].end) == (0.0, 0.5)
    columns = windows.columns()
    assert list(columns)[:4] == ["start", "end", "emotion", "confidence"] and len(columns["p_sad"]) == len(windows)


def test_folders_stand_for_their_files_and_failures_are_kept_or_raised(recognizer, clips, tmp_path, bundle, program):
    folder = tmp_path / "folder"
    folder.mkdir()
    for clip in clips[:3]:
        shutil.copy(clip, folder)
    (folder / "damaged.wav").write_bytes(b"RIFF0000")
    write_wav(folder / "silent.wav", np.zeros(RATE, np.int16))
    kept = recognizer.files(folder, errors="keep")
    assert [Path(path).name for path in kept.paths] == ["00.wav", "01.wav", "02.wav", "damaged.wav", "silent.wav"]
    assert len(kept.failed) == 2 and all(isinstance(e, serkit.FileError) for e in kept.failed.values())
    assert kept.failed[str(folder / "silent.wav")].path == folder / "silent.wav"
    with pytest.raises(serkit.FileError, match="damaged.wav"):
        recognizer.files(folder)
    # The table is the program's.
    import csv
    import io

    table = list(csv.DictReader(io.StringIO(program("ser-predict", bundle, folder, "--format", "csv", fails=True))))
    columns = kept.columns()
    assert list(columns) == list(table[0])
    assert columns["error"] == [row["error"] or None for row in table]
    assert [np.float32(row["p_sad"]) for row in table[:3]] == list(columns["p_sad"][:3])
    assert np.isnan(kept.probabilities()[3:]).all() and kept[1:3].paths == kept.paths[1:3]


def test_tables_go_to_pandas_polars_and_arrow(recognizer, clips):
    pandas, polars, pyarrow = map(pytest.importorskip, ["pandas", "polars", "pyarrow"])
    answers = recognizer.files([*clips[:2], "/nowhere.wav"], errors="keep")
    frame = answers.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and frame["emotion"].tolist()[:2] == answers[:2].columns()["emotion"]
    lazy = answers.to_polars()
    assert isinstance(lazy, polars.DataFrame) and lazy.schema["error"] == polars.String
    table = answers.to_arrow()
    assert table.column("confidence").null_count == 1
    # Arrow's own protocol, without a copy of the numbers.
    assert pyarrow.table(answers).equals(table)
    assert polars.DataFrame(answers).shape == (3, 11)
    good = recognizer.files(clips[:2])
    column = good.columns()["p_sad"]
    assert pyarrow.array(column).buffers()[1].address == column.__array_interface__["data"][0]
    assert good.to_arrow().schema.field("error").type == pyarrow.string()


def test_errors_are_of_the_types_that_python_expects(recognizer, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        recognizer.file(tmp_path / "nowhere.wav")
    assert caught.value.filename == str(tmp_path / "nowhere.wav") and "cannot read" in str(caught.value)
    with pytest.raises(FileNotFoundError):
        serkit.Recognizer(tmp_path / "nowhere")
    (tmp_path / "text.wav").write_text("no audio")
    with pytest.raises(ValueError, match="text.wav: ") as caught:
        recognizer.file(tmp_path / "text.wav")
    assert isinstance(caught.value, serkit.SerError)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), copy.path) == (serkit.FileError, str(caught.value), tmp_path / "text.wav")
    with pytest.raises(serkit.FileError, match="not a bundle|no bundle|safetensors|cannot be read|damaged"):
        serkit.Recognizer(tmp_path / "text.wav")
    with pytest.raises(serkit.ConfigError, match="holds no bundle"):
        serkit.Recognizer(tmp_path)
    with pytest.raises(serkit.ConfigError, match="window = 0"):
        recognizer.timeline(tmp_path / "text.wav", window=0.0, hop=0.0)
    for wrong, kind in [(np.zeros((2, 9)), ValueError), (["a"], TypeError), ([True], TypeError), ([0.1, np.nan], serkit.FileError),
                        (None, TypeError), ("a.wav", TypeError), (np.zeros((9, 1)), ValueError), ([], ValueError)]:
        with pytest.raises(kind, match="samples"):
            recognizer.samples(wrong, RATE)
    for wrong in [0, -1, 22_050.5]:
        with pytest.raises(ValueError, match="sample rate"):
            recognizer.samples(sound(1), wrong)
    for wrong in ["16k", None]:
        with pytest.raises(TypeError, match="sample rate"):
            recognizer.samples(sound(1), wrong)
    with pytest.raises(ValueError, match="sample rate"):
        recognizer.samples(sound(1), float("nan"))
    with pytest.raises(TypeError, match="path = None"):
        serkit.Recognizer(None)
    write_wav(tmp_path / "a.wav", sound(1))
    assert recognizer.file(str(tmp_path / "a.wav").encode()) == recognizer.file(tmp_path / "a.wav")
    with pytest.raises(ValueError, match="raise or keep"):
        recognizer.files([], errors="ignore")
    with pytest.raises(TypeError):
        recognizer.file(3)


def answer_of(task):
    recognizer, path = task
    return recognizer.file(path)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_recognisers_are_shipped_to_processes(recognizer, clips, method):
    """Forked children have none of their parent's threads: they must make their own."""
    here = [answer_of((recognizer, clip)) for clip in clips[:3]]
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(answer_of, [(recognizer, clip) for clip in clips[:3]])) == here


def test_a_pickle_knows_a_changed_bundle(bundle, tmp_path, monkeypatch, clips):
    copy = shutil.copy(bundle, tmp_path / "model.safetensors")
    monkeypatch.chdir(tmp_path)
    recognizer = serkit.Recognizer("model.safetensors", calibrated=False)
    pickled = pickle.dumps(recognizer)
    assert len(pickled) < 1000
    monkeypatch.chdir("/")
    assert pickle.loads(pickled).file(clips[0]) == recognizer.file(clips[0])
    with open(copy, "ab") as file:
        file.write(b"\0")
    with pytest.raises((serkit.ChangedError, serkit.FileError)):
        pickle.loads(pickled)


def test_threads_work_at_once_with_the_interpreter_free(recognizer, clips):
    """A thread that counts goes on while another recognises."""
    counted, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1
            time.sleep(0.001)

    counter = threading.Thread(target=count)
    counter.start()
    try:
        before = counted[0]
        began = time.monotonic()
        recognizer.files(clips * 3)
        took = time.monotonic() - began
        assert counted[0] - before > 0.1 * took / 0.001
    finally:
        stop.set()
        counter.join()


def test_progress_is_told_and_its_exceptions_end_the_work(recognizer, clips):
    told = []
    recognizer.files(clips, progress=lambda done, total: told.append((done, total)))
    assert told == [(i + 1, len(clips)) for i in range(len(clips))]

    def enough(done, total):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        recognizer.files(clips, progress=enough)


def test_ctrl_c_ends_long_work(bundle, clips, python):
    import signal

    process = python(
        f"import serkit\nr = serkit.Recognizer({str(bundle)!r})\n"
        f"try:\n    r.files([{str(clips[0])!r}] * 100_000, progress=lambda d, t: d == 1 and print('began', flush=True))\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
    )
    assert process.stdout.readline() == "began\n"
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert out == "interrupted\n", errors


def test_the_model_in_the_package_has_a_name_and_a_path_is_a_path(tmp_path, monkeypatch, bundle):
    monkeypatch.chdir(tmp_path)
    try:
        there = serkit.Recognizer()
    except serkit.ConfigError as missing:
        # This build was made without a model in it.
        assert "there is no model box in this program" in str(missing)
    else:
        assert there.paths == ["box"] and pickle.loads(pickle.dumps(there)).digest == there.digest
    with pytest.raises(FileNotFoundError):
        serkit.Recognizer("./box")
    shutil.copy(bundle, tmp_path / "other")
    assert serkit.Recognizer("other").paths == [str(tmp_path / "other")]


def test_what_is_not_certain_is_said_as_the_programs_say_it():
    sure = serkit.Answer("happy", 0.6, {"happy": 0.6, "sad": 0.4}, 1.0)
    unsure = serkit.Answer("happy", 0.6, {"happy": 0.6, "sad": 0.4}, 1.0, (), False)
    answers = serkit.Answers(["happy", "sad"], ["a.wav", "b.wav"], [sure, unsure])
    assert answers.columns()["emotion"] == ["happy", "uncertain"]
    assert [answer.emotion for answer in answers] == ["happy", "happy"]


def test_a_session_adapts_to_its_speaker_as_the_program_does(clips, program, tmp_path):
    if not serkit._serkit.is_built_in("box"):
        pytest.skip("this build was made without a model in it")
    recognizer = serkit.Recognizer("box")
    enrolment = write_wav(tmp_path / "person.wav", np.concatenate([sound(seed, 3.0) for seed in range(7, 12)]))
    session = recognizer.session()
    assert session.adapted == serkit.Adapted(0.0, 0.0, "no speech of this speaker was heard yet")
    before = session.file(clips[0])
    assert before.probabilities == recognizer.file(clips[0]).probabilities and before.adapted.off
    assert session.enrol(enrolment) == pytest.approx(15.0, abs=0.01)
    answer = session.file(clips[0])
    assert answer.adapted == session.adapted and answer.adapted.seconds == pytest.approx(15.0, abs=0.01)
    # The program's bits, and the columns of its table.
    row = predicted(program, "box", clips[0], "--enrol", enrolment)[0]
    assert bits(row["probabilities"]) == bits(answer.probabilities)
    assert row["adapted"]["heard_seconds"] == answer.adapted.seconds
    assert bits(session.samples(sound(0, 1.0), RATE).probabilities) == bits(answer.probabilities)
    # What was heard goes with it, and goes on.
    again = pickle.loads(pickle.dumps(session))
    assert again.file(clips[0]) == answer and again.recognizer.digest == recognizer.digest
    again.enrol_samples(sound(12, 3.0), RATE)
    assert again.adapted.seconds > session.adapted.seconds
    # A stream learns as it goes on, a timeline where it is asked to.
    samples = np.concatenate([sound(seed, 3.0) for seed in range(3)])
    path = write_wav(tmp_path / "long.wav", samples)
    one, other = recognizer.session(), recognizer.session()
    heard = one.timeline(path, running=True)
    stream = other.stream(RATE, hop=1.0, growing=False)
    assert [*stream.push(samples), *stream.finish()] == list(heard)
    assert one.adapted == other.adapted and one.adapted.seconds > 0.0
    assert {"heard_seconds", "adapted", "not_adapted_because"} < set(heard.columns())
    assert "adapted" not in recognizer.timeline(path).columns()
    with pytest.raises(serkit.FileError, match="no sound"):
        session.enrol_samples(np.zeros(RATE, np.int16), RATE)
    with pytest.raises(FileNotFoundError):
        session.enrol(tmp_path / "nowhere.wav")


def numbers_bundle(folder, program, kind):
    """A small bundle that has learnt how strong an emotion is, alone or beside the emotion."""
    program("ser-data", "synth", "--out", folder / "corpus")
    table = folder / "corpus" / "manifest.csv"
    head, *lines = table.read_text().splitlines()
    strong = {"angry": 8, "happy": 7, "sad": 2, "neutral": 3}
    rated = [f"{line},{next((s for e, s in strong.items() if f',{e},' in line), 5) + i * 37 % 11 / 10}" for i, line in enumerate(lines)]
    table.write_text("\n".join([f"{head},strength", *rated, ""]))
    config = folder / f"{kind}.toml"
    weights = "weights = { emotion = 1.0, strength = 0.5 }\n" if kind == "multi-task" else ""
    config.write_text(
        f'name = "{kind}"\nseed = 42\n[[corpora]]\nkind = "manifest"\npath = "{table}"\n[protocol]\nfolds = 3\n'
        f'[task]\nkind = "{kind}"\ntargets = ["strength"]\nrange = [0, 10]\n{weights}'
        '[features]\nkinds = ["mfcc"]\n[model]\nkind = "mlp"\n[train]\nepochs = 2\n'
    )
    program("ser-train", "--config", config, "--fold", 0, "--no-report", "--out", folder / kind)
    return folder / kind / "fold-0" / "seed-42"


@pytest.mark.parametrize("kind", ["multi-task", "regression"])
def test_numbers_stand_beside_emotions_or_alone(kind, tmp_path, program, clips, monkeypatch):
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "cache"))
    run = numbers_bundle(tmp_path, program, kind)
    recognizer = serkit.Recognizer(run)
    assert recognizer.targets == {"strength": (0.0, 10.0)}
    assert bool(recognizer.classes) == (kind == "multi-task")
    rows = predicted(program, run, *clips)
    answers = recognizer.files([*clips, tmp_path / "gone.wav"], errors="keep")
    for row, answer in zip(rows, answers):
        assert bits(row["values"]) == bits(answer.values)
        assert answer.emotion == row.get("emotion", "") and 0 <= answer.values["strength"] <= 10
    columns = answers.columns()
    judged = ["emotion", "confidence", *(f"p_{name}" for name in recognizer.classes)] if recognizer.classes else []
    assert list(columns) == ["path", "seconds", *judged, "strength", "error"]
    assert np.isnan(columns["strength"][-1]) and not np.isnan(columns["strength"][:-1]).any()
    assert pickle.loads(pickle.dumps(recognizer)).file(clips[0]) == answers[0]
    windows = recognizer.timeline(write_wav(tmp_path / "long.wav", sound(1, 5.0)))
    assert len(windows.columns()["strength"]) == len(windows) > 1
