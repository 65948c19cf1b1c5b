#!/usr/bin/env python3
"""Hidden states of one clip through Whisper's encoder in PyTorch, from samples, in milliseconds: what benches/encoder.rs does.

    peer_encoder.py FOLDER --layers 3 --threads 2 [--seconds 3.7] [--steps 20]

FOLDER is as Hugging Face has it. The clip is seen at its own length; layers above the last one wanted are left out.
"""
import argparse
import time

import numpy as np
import torch
import transformers
from safetensors.torch import load_file

WARM_UP = 3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.7)
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    config = transformers.AutoConfig.from_pretrained(arguments.folder)
    config.encoder_layers = arguments.layers
    samples = int(arguments.seconds * 16000)
    frames = samples // 160
    # Even for an odd number of frames the model takes its input's length from here.
    config.decoder_layers, config.max_source_positions = 1, (frames + 1) // 2
    model = transformers.WhisperModel(config).encoder.eval()
    weights = {k.split("encoder.", 1)[1]: v.float() for k, v in load_file(f"{arguments.folder}/model.safetensors").items()}
    weights["embed_positions.weight"] = weights["embed_positions.weight"][: config.max_source_positions]
    model.load_state_dict(weights, strict=False)
    model.config.max_source_positions = frames / 2
    mel = transformers.WhisperFeatureExtractor(feature_size=config.num_mel_bins).mel_filters
    mel = torch.tensor(np.asarray(mel).T, dtype=torch.float32)
    window = torch.hann_window(400)
    i = torch.arange(samples)
    clip = 0.3 * torch.sin(i * 0.05) + 0.05 * torch.sin(i * 1.7)
    times = []
    with torch.inference_mode():
        for step in range(WARM_UP + arguments.steps):
            start = time.perf_counter()
            power = torch.stft(clip, 400, 160, window=window, return_complex=True)[..., :-1].abs() ** 2
            log = torch.clamp(mel @ power, min=1e-10).log10()
            log = (torch.maximum(log, log.max() - 8.0) + 4.0) / 4.0
            float(model(log[None], output_hidden_states=True).hidden_states[-1].sum())
            if step >= WARM_UP:
                times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    print(f"states ms: min {times[0]:.3f} median {times[len(times) // 2]:.3f}")


if __name__ == "__main__":
    main()
