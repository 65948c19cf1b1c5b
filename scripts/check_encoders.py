#!/usr/bin/env python3
"""Checks hidden states against Hugging Face's transformers, on whole models: every state of clips of 0.1 to 30 s, alone and in
a padded batch, within 1e-3 relative.

    check_encoders.py SER_DATA FOLDER... [--random] [--seconds 0.1 0.5 3.7 30] [--reference DIR]

SER_DATA     the program (target/release/ser-data)
FOLDER       models as Hugging Face has them; Whisper's, wav2vec 2.0's, HuBERT's, WavLM's
--random     also wav2vec 2.0, HuBERT and WavLM of the base layout, and wav2vec 2.0 and WavLM of the large one, with random weights
--reference  states made elsewhere: DIR/clipN_wav16k.npy and DIR/clipN_states.npy, for the one FOLDER given

Needs torch, transformers, safetensors, numpy. The relative error of a state is the norm of the difference over the norm of the
state. Exit status: 0 all within the bound, 1 not.
"""
import argparse
import glob
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch
import transformers
from transformers import AutoConfig, AutoModel, WhisperFeatureExtractor

BOUND = 1e-3


def write_wav(path, samples):
    """16 kHz, mono, 32-bit float."""
    data = np.asarray(samples, "<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, 16000, 64000, 4, 32)
    with open(path, "wb") as f:
        f.write(b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + form)
        f.write(b"data" + struct.pack("<I", len(data)) + data)


def voice(seconds, seed):
    """Something like a voice: harmonics that glide, noise, a pause."""
    rng = np.random.default_rng(seed)
    n = int(seconds * 16000)
    t = np.arange(n) / 16000
    phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(2 * np.pi * 1.3 * t)) / 16000
    x = sum(np.sin(k * phase) / k for k in range(1, 20)) * (0.1 + 0.1 * np.sin(2 * np.pi * 2.1 * t) ** 2)
    x += 0.01 * rng.standard_normal(n)
    x[n // 3 : n // 3 + n // 10] *= 0.001
    return x.astype(np.float32)


def load(folder):
    config = AutoConfig.from_pretrained(folder)
    config._attn_implementation = "eager"
    if config.model_type == "whisper":
        # The folder may hold the encoder alone.
        config.decoder_layers, config.decoder_attention_heads, config.decoder_ffn_dim = 1, 1, 8
        model = transformers.WhisperModel(config).encoder
        from safetensors.torch import load_file

        weights = {k.split("encoder.", 1)[1]: v.float() for k, v in load_file(f"{folder}/model.safetensors").items() if "encoder." in k}
        model.load_state_dict(weights)
    else:
        model = AutoModel.from_pretrained(folder)
    return config, model.float().eval()


def states(config, model, folder, samples):
    """[layers + 1, frames, dims], at the clip's own length."""
    with torch.inference_mode():
        if config.model_type == "whisper":
            extractor = WhisperFeatureExtractor(feature_size=config.num_mel_bins)
            mel = extractor(samples, sampling_rate=16000, padding="do_not_pad", truncation=False, return_tensors="pt")
            mel = mel.input_features[:, :, : len(samples) // 160]
            frames = (mel.shape[-1] + 1) // 2
            whole = model.embed_positions
            model.embed_positions = torch.nn.Embedding.from_pretrained(whole.weight[:frames])
            # The model wants its own idea of the length: twice the positions, odd or not.
            model.config.max_source_positions = mel.shape[-1] / 2
            hidden = model(mel, output_hidden_states=True).hidden_states
            model.embed_positions = whole
        else:
            path = f"{folder}/preprocessor_config.json"
            x = samples.astype(np.float64)
            if json.load(open(path)).get("do_normalize", True):
                x = (x - x.mean()) / np.sqrt(x.var() + 1e-7)
            hidden = model(torch.tensor(x[None], dtype=torch.float32), output_hidden_states=True).hidden_states
    return torch.stack([state[0] for state in hidden]).numpy()


def random_models(work):
    torch.manual_seed(0)
    large = dict(feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True, hidden_size=256, num_attention_heads=4,
                 intermediate_size=512, num_hidden_layers=6)
    made = []
    for name, kind, options in [
        ("wav2vec2-base", "Wav2Vec2", {}),
        ("hubert-base", "Hubert", {}),
        ("wavlm-base", "WavLM", {}),
        ("wav2vec2-large-layout", "Wav2Vec2", large),
        ("wavlm-large-layout", "WavLM", large),
    ]:
        config = getattr(transformers, f"{kind}Config")(**options)
        model = getattr(transformers, f"{kind}Model")(config)
        with torch.no_grad():  # biases and scales start as zeros and ones, which would hide mistakes
            for parameter in model.parameters():
                if parameter.ndim < 2 or parameter.shape[0] == 1:
                    parameter.add_(0.1 * torch.randn_like(parameter))
        folder = f"{work}/{name}"
        model.save_pretrained(folder)
        json.dump({"do_normalize": kind != "WavLM"}, open(f"{folder}/preprocessor_config.json", "w"))
        made.append(folder)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--random", action="store_true")
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.1, 0.5, 3.7, 30])
    parser.add_argument("--reference")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    worst = 0.0
    with tempfile.TemporaryDirectory() as work:
        os.makedirs(f"{work}/clips")
        clips, expected = {}, {}
        if arguments.reference:
            for path in sorted(glob.glob(f"{arguments.reference}/*_wav16k.npy")):
                name = os.path.basename(path).removesuffix("_wav16k.npy")
                clips[name] = np.load(path)
                expected[name] = np.load(path.replace("_wav16k", "_states"))
        else:
            clips = {f"clip{i}": voice(seconds, i) for i, seconds in enumerate(arguments.seconds)}
        for name, samples in clips.items():
            write_wav(f"{work}/clips/{name}.wav", samples)
        wavs = sorted(glob.glob(f"{work}/clips/*.wav"))
        for folder in arguments.folders + (random_models(work) if arguments.random else []):
            encoder = f"{work}/imported/{os.path.basename(folder.rstrip('/'))}"
            subprocess.run([arguments.program, "encoder", "import", folder, "--out", encoder], check=True, stdout=subprocess.DEVNULL)
            config, model = (None, None) if arguments.reference else load(folder)
            if config is not None:
                expected = {name: states(config, model, folder, samples) for name, samples in clips.items()}
            count = len(next(iter(expected.values())))
            layers = ",".join(map(str, range(count)))
            for batch in (1, len(clips)):
                out = f"{work}/states"
                subprocess.run([arguments.program, "encoder", "states", *wavs, "--encoder", encoder, "--layers", layers,
                                "--batch", str(batch), "--out", out], check=True, stderr=subprocess.DEVNULL)
                for name, theirs in expected.items():
                    ours = np.load(f"{out}/{name}.npy")
                    if ours.shape != theirs.shape:
                        sys.exit(f"{folder} {name}: {ours.shape}, and transformers gives {theirs.shape}")
                    errors = [np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(ours, theirs)]
                    worst = max(worst, *errors)
                    print(f"{os.path.basename(folder)} {name} batch {batch}, {ours.shape[1]} frames: "
                          f"worst of {len(errors)} states {max(errors):.1e}")
    print(f"worst: {worst:.1e}, bound {BOUND:.0e}")
    sys.exit(worst > BOUND)


if __name__ == "__main__":
    main()
