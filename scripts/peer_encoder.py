#!/usr/bin/env python3
"""Hidden states of one clip through Whisper's encoder, from samples, in milliseconds: what benches/encoder.rs does.

    peer_encoder.py FOLDER [--engine torch|torch-int8|ct2|ct2-int8] [--layers 4] [--threads 2] [--seconds 3.7] [--steps 20]

FOLDER is as Hugging Face has it; CTranslate2's own files lie in FOLDER/ct2. The clip is seen at its own length. PyTorch leaves
out the layers above the last one wanted; CTranslate2 always computes all of them. In 8 bits, weights are kept per row and the
numbers that meet them are rounded per token (CTranslate2) or per tensor (PyTorch's dynamic quantisation).
"""
import argparse
import json
import os
import resource
import tempfile
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--engine", default="torch", choices=["torch", "torch-int8", "ct2", "ct2-int8"])
    parser.add_argument("--layers", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.7)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warm-up", type=int, default=3)
    return parser.parse_args()


ARGUMENTS = arguments()
# Before the libraries are loaded, which read it once.
os.environ["OMP_NUM_THREADS"] = str(ARGUMENTS.threads)

import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors.torch import load_file  # noqa: E402


def with_torch(folder, layers, frames, int8):
    config = transformers.AutoConfig.from_pretrained(folder)
    config.encoder_layers = layers or config.encoder_layers
    # The model takes its input's length from here.
    config.max_source_positions = frames // 2
    model = transformers.models.whisper.modeling_whisper.WhisperEncoder(config).eval()
    weights = {k.split("encoder.", 1)[1]: v.float() for k, v in load_file(f"{folder}/model.safetensors").items()}
    weights["embed_positions.weight"] = weights["embed_positions.weight"][: config.max_source_positions]
    missing, _ = model.load_state_dict(weights, strict=False)
    assert not missing, missing
    if int8:
        model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    return lambda log: float(model(log[None], output_hidden_states=True).hidden_states[-1].sum())


def with_ctranslate2(folder, threads, int8):
    import ctranslate2

    model = f"{folder}/ct2"
    with tempfile.TemporaryDirectory() as work:
        if not any(name.startswith("vocabulary") for name in os.listdir(model)):
            # It wants the decoder's words, which encoding has no use for: as many as the decoder has rows.
            for name in ("model.bin", "config.json"):
                os.symlink(os.path.abspath(f"{model}/{name}"), f"{work}/{name}")
            words = transformers.AutoConfig.from_pretrained(folder).vocab_size
            with open(f"{work}/vocabulary.json", "w") as file:
                json.dump([f"word{i}" for i in range(words)], file)
            model = work
        model = ctranslate2.models.Whisper(
            model, device="cpu", compute_type="int8" if int8 else "float32", inter_threads=1, intra_threads=threads
        )
    return lambda log: float(
        np.asarray(model.encode(ctranslate2.StorageView.from_array(log[None].contiguous().numpy()))).sum()
    )


def main():
    torch.set_num_threads(ARGUMENTS.threads)
    samples = int(ARGUMENTS.seconds * 16000)
    # Whole pairs of frames, as the models want them.
    samples -= samples % 320
    folder, int8 = ARGUMENTS.folder, ARGUMENTS.engine.endswith("int8")
    if ARGUMENTS.engine.startswith("ct2"):
        forward = with_ctranslate2(folder, ARGUMENTS.threads, int8)
    else:
        forward = with_torch(folder, ARGUMENTS.layers, samples // 160, int8)
    bands = transformers.AutoConfig.from_pretrained(folder).num_mel_bins
    mel = transformers.WhisperFeatureExtractor(feature_size=bands).mel_filters
    mel = torch.tensor(np.asarray(mel).T, dtype=torch.float32)
    window = torch.hann_window(400)
    i = torch.arange(samples)
    clip = 0.3 * torch.sin(i * 0.05) + 0.05 * torch.sin(i * 1.7)
    times = []
    with torch.inference_mode():
        for step in range(ARGUMENTS.warm_up + ARGUMENTS.steps):
            if step == ARGUMENTS.warm_up:
                before = time.process_time()
            start = time.perf_counter()
            power = torch.stft(clip, 400, 160, window=window, return_complex=True)[..., :-1].abs() ** 2
            log = torch.clamp(mel @ power, min=1e-10).log10()
            log = (torch.maximum(log, log.max() - 8.0) + 4.0) / 4.0
            forward(log)
            if step >= ARGUMENTS.warm_up:
                times.append((time.perf_counter() - start) * 1e3)
    spent = (time.process_time() - before) / ARGUMENTS.steps * 1e3
    times.sort()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{ARGUMENTS.engine} ms: min {times[0]:.3f} median {times[len(times) // 2]:.3f} processor {spent:.3f} peak-MB {memory:.0f}")


if __name__ == "__main__":
    main()
